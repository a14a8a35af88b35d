"""The landing page of a quarter: all products on one page, from the summaries that were published.

Headline numbers with their change, what needs a decision, what changed most, the reports with their failures, and
earlier quarters. It reads the manifest only; the tables of the snapshot have a page of their own (`data_page`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from cs_helpers.contract.parameters import LANGUAGES, Audience
from cs_helpers.contract.quarters import Quarter
from cs_helpers.report import overall
from cs_helpers.report.data_page import data_page
from cs_helpers.report.links import address
from cs_helpers.report.manifest import Report, in_order
from cs_helpers.report.operations_page import operations_name, published_maps
from cs_helpers.report.overall import Number
from cs_helpers.report.pages import page_template
from cs_helpers.report.plan import SUMMARY
from cs_helpers.report.publish import failed_page_name
from cs_helpers.snapshot import Snapshot
from cs_helpers.summary import CHANGES, DECISIONS
from cs_helpers.tables.cards import card
from cs_helpers.text import Text


def landing_pages(
    quarter: Quarter,
    reports: Mapping[str, Report],
    snapshot: Snapshot,
    language: str,
    audience: Audience,
    earlier: Sequence[Quarter] = (),
) -> dict[str, str]:
    """`index.<language>.html` and `data.<language>.html` for each language that has reports, and `index.html` in `language`.

    earlier: the quarters that are published beside this one, newest first.
    """
    languages = [
        code for code in LANGUAGES
        if code == language or any(r.language == code for r in reports.values())
    ]  # fmt: skip
    pages = {}
    for code in languages:
        pages[f"index.{code}.html"] = _page(quarter, reports, snapshot, code, languages, audience, earlier)
        pages[f"data.{code}.html"] = data_page(quarter, snapshot, code, languages, audience)
    return {**pages, "index.html": pages[f"index.{language}.html"]}


def _page(
    quarter: Quarter,
    reports: Mapping[str, Report],
    snapshot: Snapshot,
    language: str,
    languages: list[str],
    audience: Audience,
    earlier: Sequence[Quarter],
) -> str:
    text = Text(language)
    names = {name: product.name.in_language(language) for name, product in snapshot.products.items()}
    mine = {file: r for file, r in reports.items() if r.language == language}
    by_product = {
        name: {file: r for file, r in mine.items() if r.product == name}
        for name in sorted({r.product for r in mine.values()})
    }
    summaries = overall.summaries(reports, language)
    products = []
    for name, of_product in by_product.items():
        product = snapshot.products.get(name)
        summary_file = next(
            (f for f, r in of_product.items() if r.analysis == SUMMARY and r.good and not r.saved), ""
        )
        entries = [(report.saved, _entry(file, report, text)) for file, report in in_order(of_product)]
        products.append(
            {
                "name": names.get(name, name),
                "about": product.about.in_language(language) if product else "",
                "summary": summary_file,
                "cards": _cards(summaries.get(name), text, reports),
                "gap": _first_gap(summaries.get(name), text, reports),
                "reports": [
                    e for saved, e in entries if not saved and (e["file"] != summary_file or e["state"])
                ],
                "saved": [e for saved, e in entries if saved],
            }
        )
    return page_template("landing", "index.html.j2").render(
        text=text,
        language=language,
        edition=text("page.edition.team") if audience == "team" else "",
        languages=[(code, Text(code)("page.language")) for code in languages],
        quarter=text.quarter(quarter),
        period=text.span(quarter.start, quarter.end),
        as_of=text.day(snapshot.as_of),
        snapshot=snapshot.id,
        failed=sum(r.status == "failed" for r in mine.values()),
        reports=len(mine),
        totals=[_card(n, text) for n in overall.totals(list(summaries.values()), len(by_product))],
        decisions=_decisions(summaries, names, text, reports),
        changed=_changed(summaries, names, text, reports),
        summaries=len(summaries),
        products=products,
        maps=operations_name(language) if published_maps(reports, language) else "",
        earlier=[(str(q), text.quarter(q)) for q in earlier],
    )


def _card(number: Number, text: Text, link: str = "") -> str:
    """A headline number as HTML."""
    return card(
        number.metric, number.label, number.changes, text, number.currency, link=link, trend=number.trend
    )


def _cards(summary: Report | None, text: Text, reports: Mapping[str, Report]) -> list[str]:
    """The headline numbers of a product, as HTML."""
    if summary is None:
        return []
    return [
        _card(
            n, text, address(f"{n.key.partition('.')[0]}-headlines", summary.product, text.language, reports)
        )
        for n in overall.numbers(summary)
    ]


def _first_gap(summary: Report | None, text: Text, reports: Mapping[str, Report]) -> dict[str, str] | None:
    """The gap of a product to close first, and whether it is decided that it is the first."""
    found = overall.first_gap(summary)
    if found is None:
        return None
    return {
        "label": text("landing.first_gap" if found.content.get("decided") else "landing.open_gap"),
        "sentence": found.content["sentence"],
        "link": address(found.content["anchor"], found.product, text.language, reports),
    }


def _decisions(
    summaries: Mapping[str, Report], names: Mapping[str, str], text: Text, reports: Mapping[str, Report]
) -> list[dict[str, str]]:
    """The first decisions over all products."""
    return [
        {
            "product": names.get(found.product, found.product),
            "what": found.content["sentence"],
            "do": found.content.get("do", ""),
            "obstacle": found.content.get("obstacle", ""),
            "link": address(found.content["anchor"], found.product, text.language, reports),
            "customers": text.number(found.content.get("customers")),
            "mrr": found.mrr(text),
            "who": found.who(text),
            "by": found.by(text),
        }
        for found in overall.decisions(summaries)[:DECISIONS]
    ]


def _changed(
    summaries: Mapping[str, Report], names: Mapping[str, str], text: Text, reports: Mapping[str, Report]
) -> list[dict[str, str]]:
    """What changed most over all products."""
    return [
        {
            "product": names.get(found.product, found.product),
            "sentence": found.content["sentence"],
            "direction": found.content["direction"],
            "link": address(found.content["anchor"], found.product, text.language, reports),
        }
        for found in overall.changed(summaries)[:CHANGES]
    ]


def _entry(file: str, report: Report, text: Text) -> dict[str, str]:
    """The entry for a report: its file and title, its state, and why there is no page."""
    failed, good = report.status == "failed", report.good
    codes = dict.fromkeys(p.code for p in report.problems)
    return {
        "state": "failed" if failed else "silent" if report.status == "silent" else "",
        "file": file if good else "",
        "title": report.title or report.analysis,
        "message": text.join_list([text(f"report.problem.{code}") for code in codes])
        if failed
        else good.message
        if good and report.status == "silent"
        else "",
        "why": failed_page_name(file) if failed else "",
        "last_good": text("landing.last_good", made_at=text.day(datetime.fromisoformat(good.made_at).date()))
        if failed and good
        else "",
    }
