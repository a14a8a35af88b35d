"""The landing page of a quarter: the message of each report, failures, and the tables of the snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cs_helpers.contract.parameters import LANGUAGES, Audience
from cs_helpers.contract.quarters import Quarter
from cs_helpers.report.data_check import advice, describe, describe_filters, examples
from cs_helpers.report.manifest import Report
from cs_helpers.report.pages import page_template
from cs_helpers.report.publish import failed_page_name
from cs_helpers.snapshot import Snapshot
from cs_helpers.text import Text


def landing_pages(
    quarter: Quarter, reports: Mapping[str, Report], snapshot: Snapshot, language: str, audience: Audience
) -> dict[str, str]:
    """`index.<language>.html` for each language that has reports, and `index.html` in `language`.

    Filters and rows that break a rule are shown to the team only, where they may name customers.
    """
    languages = [
        code for code in LANGUAGES
        if code == language or any(r.language == code for r in reports.values())
    ]  # fmt: skip
    pages = {
        f"index.{code}.html": _page(quarter, reports, snapshot, code, languages, audience)
        for code in languages
    }
    return {**pages, "index.html": pages[f"index.{language}.html"]}


def _page(
    quarter: Quarter,
    reports: Mapping[str, Report],
    snapshot: Snapshot,
    language: str,
    languages: list[str],
    audience: Audience,
) -> str:
    text = Text(language)
    products = snapshot.products
    groups = []
    for name in sorted({r.product for r in reports.values()}):
        entries = [
            _entry(file, report, text)
            for file, report in sorted(reports.items(), key=lambda item: item[1].notebook)
            if report.product == name and report.language == language
        ]
        product = products.get(name)
        if entries:
            groups.append(
                {
                    "name": product.name.in_language(language) if product else name,
                    "about": product.about.in_language(language) if product else "",
                    "reports": entries,
                }
            )
    manifest = snapshot.manifest
    return page_template("landing", "index.html.j2").render(
        text=text,
        language=language,
        edition=text("page.edition.team") if audience == "team" else "",
        languages=[(code, Text(code)("page.language")) for code in languages],
        quarter=text.quarter(quarter),
        period=text.span(quarter.start, quarter.end),
        as_of=text.day(snapshot.as_of),
        snapshot=snapshot.id,
        groups=groups,
        tables=[
            (
                name,
                *(text.number(manifest[f"rows_{k}"][name]) for k in ("read", "kept", "rejected", "filtered")),
            )
            for name in manifest["rows_read"]
        ],
        # the text of a filter may hold names
        filters=describe_filters(manifest["filters"], manifest["rows_filtered"], text)
        if audience == "team"
        else [],
        findings=[
            (
                describe(f, text, audience),
                advice(f, text) if audience == "team" else "",
                text(f"rules.policy.{f.policy}"),
                next(iter(examples(f, text, audience)), ""),
            )
            for f in snapshot.findings
        ],
    )


def _entry(file: str, report: Report, text: Text) -> dict[str, str]:
    """The landing page's entry for a report: its file, and its message or why there is no page."""
    failed, good = report.status == "failed", report.good
    codes = dict.fromkeys(p.code for p in report.problems)
    return {
        "status": report.status,
        "file": file if good else "",
        "title": report.title or report.analysis,
        "message": text.join_list([text(f"report.problem.{code}") for code in codes])
        if failed or good is None
        else good.message,
        "why": failed_page_name(file) if failed else "",
        "last_good": text("landing.last_good", made_at=text.day(datetime.fromisoformat(good.made_at).date()))
        if failed and good
        else "",
    }
