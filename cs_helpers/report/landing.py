"""The landing page of a quarter: all products on one page, from the summaries that were published.

Headline numbers with their change, what needs a decision, what changed most, the reports with their failures, and
earlier quarters. It reads the manifest only; the tables of the snapshot have a page of their own (`data_page`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from cs_helpers.comparison import compare, total
from cs_helpers.contract.parameters import LANGUAGES, Audience
from cs_helpers.contract.quarters import Quarter
from cs_helpers.report.data_page import data_page
from cs_helpers.report.links import address
from cs_helpers.report.manifest import Report
from cs_helpers.report.pages import page_template
from cs_helpers.report.publish import failed_page_name
from cs_helpers.snapshot import Snapshot
from cs_helpers.summary import CHANGES, DECISIONS
from cs_helpers.tables.cards import card
from cs_helpers.tables.metric_json import read_metric
from cs_helpers.text import Text

#: the notebook whose reports sum up a product
SUMMARY = "executive_summary"


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
    summaries = {
        name: report
        for name, of_product in by_product.items()
        for report in of_product.values()
        if report.analysis == SUMMARY and report.good
    }
    products = []
    for name, of_product in by_product.items():
        product = snapshot.products.get(name)
        summary_file = next((f for f, r in of_product.items() if r.analysis == SUMMARY and r.good), "")
        entries = [
            _entry(file, report, text)
            for file, report in sorted(of_product.items(), key=lambda item: item[1].notebook)
        ]
        products.append(
            {
                "name": names.get(name, name),
                "about": product.about.in_language(language) if product else "",
                "summary": summary_file,
                "cards": _cards(summaries.get(name), text, reports),
                "reports": [e for e in entries if e["file"] != summary_file or e["state"]],
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
        totals=_totals(list(summaries.values()), len(by_product), text),
        decisions=_decisions(summaries, names, text, reports),
        changed=_changed(summaries, names, reports),
        summaries=len(summaries),
        products=products,
        earlier=[(str(q), text.quarter(q)) for q in earlier],
    )


def _cards(summary: Report | None, text: Text, reports: Mapping[str, Report]) -> list[str]:
    """The headline numbers of a product, as HTML."""
    if summary is None or summary.good is None:
        return []
    cards = []
    for key, content in summary.good.metrics.items():
        metric, others = read_metric(key, content)
        changes = [
            c
            for k, other in others.items()
            if (c := compare(metric, other, content.get("better", "neither"), k))
        ]
        link = address(f"{key.partition('.')[0]}-headlines", summary.product, text.language, reports)
        cards.append(
            card(
                metric, str(content.get("label", key)), changes, text, str(content.get("currency", "")),
                link=link, trend=content.get("trend", ()),
            )
        )  # fmt: skip
    return cards


def _totals(summaries: Sequence[Report], products: int, text: Text) -> list[str]:
    """The headline numbers over all products, as HTML: those that each product has and that can be added up."""
    goods = [r.good for r in summaries if r.good]
    if len(goods) < 2 or len(goods) < products:
        return []
    cards = []
    for key, first in goods[0].metrics.items():
        contents = [good.metrics.get(key) for good in goods]
        if any(c is None or c.get("currency") != first.get("currency") for c in contents):
            continue
        read = [read_metric(key, content) for content in contents if content is not None]
        together = total([metric for metric, _ in read])
        if together is None:
            continue
        changes = []
        for compared_with in ("previous_quarter", "previous_year"):
            others = [others[compared_with] for _, others in read if compared_with in others]
            before = total(others) if len(others) == len(read) else None
            change = before and compare(together, before, first.get("better", "neither"), compared_with)
            changes += [change] if change else []
        cards.append(
            card(together, str(first.get("label", key)), changes, text, str(first.get("currency", "")))
        )
    return cards


def _found(summaries: Mapping[str, Report], part: str) -> Iterable[tuple[str, Report, dict[str, Any]]]:
    for name, report in summaries.items():
        for finding in report.good.findings if report.good else ():
            if finding.get("part") == part:
                yield name, report, finding


def _decisions(
    summaries: Mapping[str, Report], names: Mapping[str, str], text: Text, reports: Mapping[str, Report]
) -> list[dict[str, str]]:
    """What needs a decision over all products, the largest amounts first; of several currencies, by customers."""
    found = list(_found(summaries, "decisions"))
    currencies = {finding.get("currency") for _, _, finding in found}

    def stake(entry: tuple[str, Report, dict[str, Any]]) -> tuple[bool, float, int]:
        finding = entry[2]
        mrr = finding.get("mrr") or 0.0 if len(currencies) == 1 else 0.0
        return not finding.get("who"), -mrr, -(finding.get("customers") or 0)

    rows = []
    for name, report, finding in sorted(found, key=stake)[:DECISIONS]:
        mrr = finding.get("mrr")
        rows.append(
            {
                "product": names.get(name, name),
                "what": finding["sentence"],
                "do": finding.get("do", ""),
                "link": address(finding["anchor"], name, report.language, reports),
                "customers": text.number(finding.get("customers")),
                "mrr": text("findings.not_known")
                if mrr is None
                else text.money(mrr, finding.get("currency", "")),
                "who": finding.get("who") or text("summary.nobody"),
                "by": text.day(date.fromisoformat(finding["by"]))
                if finding.get("by")
                else text("summary.no_date"),
            }
        )
    return rows


def _changed(
    summaries: Mapping[str, Report], names: Mapping[str, str], reports: Mapping[str, Report]
) -> list[dict[str, str]]:
    """What changed most over all products, furthest beyond chance first."""
    found = sorted(_found(summaries, "changed"), key=lambda entry: -float(entry[2].get("surprise", 0)))
    return [
        {
            "product": names.get(name, name),
            "sentence": finding["sentence"],
            "direction": finding["direction"],
            "link": address(finding["anchor"], name, report.language, reports),
        }
        for name, report, finding in found[:CHANGES]
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
