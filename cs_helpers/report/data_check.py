"""The findings of checking the tables, in words: for the landing page, and as a page of their own."""

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

if TYPE_CHECKING:  # landing pages do not need the engine
    from cs_helpers.snapshot.take import CheckResult


def describe(finding: Finding, text: Text, audience: Audience = "team") -> str:
    """A finding as a sentence with its count; for leadership without the text of a filter, which may hold names."""
    column = f"{finding.table}.{finding.column}" if finding.column else finding.table
    rule = _rule_key(finding)
    if rule == "filter_unknown" and audience == "leadership":
        rule = "filter_unknown_told"
    return text(
        f"rules.{rule}",
        count=text.number(finding.count),
        column=column,
        table=finding.table,
        detail=finding.detail,
    )


def _rule_key(finding: Finding) -> str:
    """The catalogue key of a finding's rule; values of the wrong type have one per expected type."""
    if finding.rule != "wrong_type":
        return finding.rule
    if ": {" in finding.detail:
        return "wrong_type_written"
    suffixes = {"date": "_date", "time": "_date", "number": "_number", "integer": "_number"}
    return finding.rule + suffixes.get(finding.detail, "")


def advice(finding: Finding, text: Text) -> str:
    """The line of the sources file that resolves a finding, in a sentence; '' where there is none."""
    if not finding.write:
        return ""
    first_line, *others = finding.write.splitlines()
    return text(f"advice.{finding.rule}", write=first_line, other="".join(others))


def examples(finding: Finding, text: Text, audience: Audience = "team") -> list[str]:
    """The first rows that break the rule: key, value, and row number where the table has them.

    Of rows that may not be kept for long (`Table.keep_until`) the row number alone. For leadership there are none where a key or value may name a customer or person, or quote an interview
    (`contract.disclosure`).
    """
    if audience == "leadership" and not _is_public(finding):
        return []
    return [
        text("rules.example_row", row=text.number(row))
        if row and not (key or value)
        else text(
            "rules.example" if row else "rules.example_without_row",
            row=text.number(row), key=key or "–", value=value or "–",
        )
        for row, key, value in finding.examples
    ]  # fmt: skip


def _is_public(finding: Finding) -> bool:
    """Whether neither the keys nor the values in the examples of a finding can name anybody."""
    declared = COLUMNS.get(finding.table, {})
    name_columns = {c for c, kind in declared.items() if kind in ("company", "person")}
    return bool(declared) and not name_columns and declared.get(finding.column) == "public"


def describe_filters(filters: Mapping[str, str], rows: Mapping[str, int], text: Text) -> list[str]:
    """A sentence per filter on what it left out. filters: table -> its text; rows: table -> number of rows."""
    return [
        text("landing.filter", table=name, filter=condition, count=text.number(rows[name]))
        for name, condition in filters.items()
    ]


def data_check_page(source: Path, checked: CheckResult, language: str) -> str:
    """The page of `cs-workbook check`: self-contained HTML without scripts, findings that stop a snapshot first."""
    text = Text(language)
    order = ("stop", "reject", "warn")
    filtered = checked.rows_filtered
    left_out = {
        name: read - checked.rows_kept[name] - filtered[name] for name, read in checked.rows_read.items()
    }
    return page_template("check", "check.html.j2").render(
        text=text,
        language=language,
        edition=text("page.edition.team"),
        source=paths.display_path(source),
        as_of=text.day(checked.as_of),
        stopped=[describe(f, text) for f in checked.findings if f.policy == "stop"],
        left_out=text.number(sum(left_out.values())),
        read=text.number(sum(checked.rows_read.values())),
        anything=bool(checked.findings),
        tables=[
            (name, *map(text.number, (count, checked.rows_kept[name], left_out[name], filtered[name])))
            for name, count in checked.rows_read.items()
        ],
        filters=describe_filters(checked.filters, filtered, text),
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
            for f in sorted(checked.findings, key=lambda f: order.index(f.policy))
        ],
    )
