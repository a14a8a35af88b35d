"""What checking the tables found, in words: for the landing page, and as a page of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from cs_helpers import paths
from cs_helpers.contract.disclosure import COLUMNS
from cs_helpers.contract.findings import Finding
from cs_helpers.contract.parameters import Audience
from cs_helpers.report.pages import page_template
from cs_helpers.text import Text


def describe(finding: Finding, text: Text) -> str:
    """A finding as a sentence, with its count."""
    column = f"{finding.table}.{finding.column}" if finding.column else finding.table
    return text(
        f"rules.{_sentence(finding)}",
        count=text.number(finding.count),
        column=column,
        table=finding.table,
        detail=finding.detail,
    )


def _sentence(finding: Finding) -> str:
    """The rule; of values of the wrong type what they would have to be, or the line that would read them."""
    if finding.rule != "wrong_type":
        return finding.rule
    if ": {" in finding.detail:
        return "wrong_type_written"
    kinds = {"date": "_date", "time": "_date", "number": "_number", "integer": "_number"}
    return finding.rule + kinds.get(finding.detail, "")


def examples(finding: Finding, text: Text, audience: Audience = "team") -> list[str]:
    """The first rows that break the rule: number, key and value; the number only where rows have one.

    For leadership none, where the key or the value may name anybody or tell what was told (`disclosure`).
    """
    if audience == "leadership" and not _is_public(finding):
        return []
    return [
        text(
            "rules.example" if row else "rules.example_without_row",
            row=text.number(row), key=key or "–", value=value or "–",
        )
        for row, key, value in finding.examples
    ]  # fmt: skip


def _is_public(finding: Finding) -> bool:
    """Whether nothing in the examples of a finding may name anybody: neither a row's key nor the value."""
    declared = COLUMNS.get(finding.table, {})
    key = {c for c, kind in declared.items() if kind in ("company", "person")}
    return bool(declared) and not key and declared.get(finding.column) == "public"


def check_page(
    source: Path,
    rows_read: Mapping[str, int],
    rows_kept: Mapping[str, int],
    findings: Sequence[Finding],
    as_of: date,
    language: str,
) -> str:
    """The page of `cs-workbook check`: self-contained HTML without scripts.

    rows_read, rows_kept: table -> count. findings: what stops comes first.
    """
    text = Text(language)
    order = ("stop", "reject", "warn")
    read, kept = sum(rows_read.values()), sum(rows_kept.values())
    return page_template("check", "check.html.j2").render(
        text=text,
        language=language,
        edition=text("page.edition.team"),
        source=paths.shown(source),
        as_of=text.day(as_of),
        stopped=[describe(f, text) for f in findings if f.policy == "stop"],
        left_out=text.number(read - kept),
        read=text.number(read),
        anything=bool(findings),
        tables=[
            (
                name,
                text.number(count),
                text.number(rows_kept[name]),
                text.number(count - rows_kept[name]),
            )
            for name, count in rows_read.items()
        ],
        findings=[
            {
                "policy": f.policy,
                "treated": text(f"rules.policy.{f.policy}"),
                "sentence": describe(f, text),
                "examples": examples(f, text),
                "more": text.number(f.count - len(f.examples))
                if f.examples and f.count > len(f.examples)
                else "",
            }
            for f in sorted(findings, key=lambda f: order.index(f.policy))
        ],
    )
