"""What checking the tables found, in words: for the landing page, and as a page of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cs_helpers import paths
from cs_helpers.contract.disclosure import COLUMNS
from cs_helpers.contract.findings import Finding
from cs_helpers.contract.parameters import Audience
from cs_helpers.report.pages import page_template
from cs_helpers.text import Text

if TYPE_CHECKING:  # a landing page needs no engine
    from cs_helpers.snapshot.take import CheckResult


def describe(finding: Finding, text: Text, audience: Audience = "team") -> str:
    """A finding as a sentence, with its count; for leadership without the text of a filter, which may name anybody."""
    column = f"{finding.table}.{finding.column}" if finding.column else finding.table
    rule = _sentence(finding)
    if rule == "filter_unknown" and audience == "leadership":
        rule = "filter_unknown_told"
    return text(
        f"rules.{rule}",
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


def advice(finding: Finding, text: Text) -> str:
    """The line of the sources file that settles a finding, in a sentence; '' where there is none."""
    if not finding.write:
        return ""
    first, *other = finding.write.splitlines()
    return text(f"advice.{finding.rule}", write=first, other="".join(other))


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


def filters_of(filters: Mapping[str, str], rows: Mapping[str, int], text: Text) -> list[str]:
    """What each filter left out, as sentences. filters: table -> its text; rows: table -> how many."""
    return [
        text("landing.filter", table=name, filter=said, count=text.number(rows[name]))
        for name, said in filters.items()
    ]


def check_page(source: Path, found: CheckResult, language: str) -> str:
    """The page of `cs-workbook check`: self-contained HTML without scripts; what stops comes first."""
    text = Text(language)
    order = ("stop", "reject", "warn")
    filtered = found.rows_filtered
    left_out = {name: read - found.rows_kept[name] - filtered[name] for name, read in found.rows_read.items()}
    return page_template("check", "check.html.j2").render(
        text=text,
        language=language,
        edition=text("page.edition.team"),
        source=paths.display_path(source),
        as_of=text.day(found.as_of),
        stopped=[describe(f, text) for f in found.findings if f.policy == "stop"],
        left_out=text.number(sum(left_out.values())),
        read=text.number(sum(found.rows_read.values())),
        anything=bool(found.findings),
        tables=[
            (name, *map(text.number, (count, found.rows_kept[name], left_out[name], filtered[name])))
            for name, count in found.rows_read.items()
        ],
        filters=filters_of(found.filters, filtered, text),
        findings=[
            {
                "policy": f.policy,
                "treated": text(f"rules.policy.{f.policy}"),
                "sentence": describe(f, text),
                "advice": advice(f, text),
                "examples": examples(f, text),
                "more": text.number(f.count - len(f.examples))
                if f.examples and f.count > len(f.examples)
                else "",
            }
            for f in sorted(found.findings, key=lambda f: order.index(f.policy))
        ],
    )
