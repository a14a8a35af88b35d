"""The page on the data behind the reports: how many rows were read, left out and kept, and what was wrong with them."""

from __future__ import annotations

from cs_helpers.contract.parameters import Audience
from cs_helpers.contract.quarters import Quarter
from cs_helpers.report.data_check import advice, describe, describe_filters, examples
from cs_helpers.report.pages import page_template
from cs_helpers.snapshot import Snapshot
from cs_helpers.text import Text


def data_page(
    quarter: Quarter, snapshot: Snapshot, language: str, languages: list[str], audience: Audience
) -> str:
    """`data.<language>.html`: filters and examples of rows are shown to the team only, where they may name customers."""
    text, manifest, is_team = Text(language), snapshot.manifest, audience == "team"
    return page_template("landing", "data.html.j2").render(
        text=text,
        language=language,
        edition=text("page.edition.team") if is_team else "",
        languages=[(code, Text(code)("page.language")) for code in languages],
        quarter=text.quarter(quarter),
        as_of=text.day(snapshot.as_of),
        snapshot=snapshot.id,
        tables=[
            (
                name,
                *(text.number(manifest[f"rows_{k}"][name]) for k in ("read", "kept", "rejected", "filtered")),
            )
            for name in manifest["rows_read"]
        ],
        filters=describe_filters(manifest["filters"], manifest["rows_filtered"], text) if is_team else [],
        findings=[
            (
                describe(f, text, audience),
                advice(f, text) if is_team else "",
                text(f"rules.policy.{f.policy}"),
                next(iter(examples(f, text, audience)), ""),
            )
            for f in snapshot.findings
        ],
    )
