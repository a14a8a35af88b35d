"""Exports in the forms of common tools go from `inspect` to a right report with only the marked lines filled in."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import yaml
from exports import crm, support
from exports.shape import Export

from cs_helpers.analyses import baselines
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.snapshot.take import take_snapshot
from cs_helpers.sources.inspect.proposal import inspect, propose

PRODUCTS = Path(__file__).resolve().parents[3] / "data" / "products"
QUARTER = Quarter.parse("2026Q3")
EXPORTS = [*crm.EXPORTS, *support.EXPORTS]
#: exports of several kinds, held against an analysis
ANALYSED = (
    "salesforce objects", "kintone customers and contracts", "stripe subscriptions and customers", "a process log",
    "zendesk tickets and organizations", "a register in Excel, with eras and thousands of yen",
)  # fmt: skip
#: a line that a person fills in, or looks at: `needed` is refused as it stands, `check` runs as it stands
MARKED = re.compile(r"^(?P<indent> *)(?P<comment># )?(?P<key>\w+):(?P<said>.*) # (?P<mark>needed|check): .+$")


def marked(text: str) -> dict[str, tuple[int, str]]:
    """The marked lines of a draft: key -> number of the line and its mark."""
    found, table = {}, ""
    for number, line in enumerate(text.splitlines()):
        if opened := re.match(r"^  (\w+):", line):
            table = opened[1]
        if line.startswith("tables:"):
            table = ""
        if match := MARKED.match(line):
            top = len(match["indent"]) == 0 or (len(match["indent"]) == 2 and not match["comment"])
            found[match["key"] if top else f"{table}.{match['key']}"] = (number, match["mark"])
    return found


def filled(text: str, answers: dict[str, str]) -> str:
    """The draft with the marked lines of `answers` filled in, and no other line touched."""
    marks, lines = marked(text), text.splitlines()
    needed = [key for key, (_, mark) in marks.items() if mark == "needed"]
    products = {key: "{ constant: helpdesk }" for key in needed if key.endswith(".product")}
    answers = products | answers
    assert set(needed) <= set(answers), (needed, text)
    assert set(answers) <= {*marks}, (sorted(set(answers) - {*marks}), text)
    for key, said in answers.items():
        number, _ = marks[key]
        indent = len(lines[number]) - len(lines[number].lstrip())
        lines[number] = f"{' ' * indent}{key.rsplit('.')[-1]}: {said}"
    return "\n".join(lines) + "\n"


@pytest.fixture
def drafted(tmp_path):
    """Writes an export, and gives its draft with the answers filled in."""

    def draft(export: Export) -> str:
        folder = tmp_path / "exports"
        folder.mkdir()
        for name, content in export.files.items():
            if callable(content):
                content(folder / name)
            else:
                (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return filled(propose(inspect(str(folder)), tmp_path), {"as_of": "2026-09-30"} | export.answers)

    return draft


@pytest.fixture
def company(tmp_path, drafted):
    """Takes a snapshot of an export by its draft."""

    def take(export: Export):
        products = tmp_path / "products"
        products.mkdir()
        product = yaml.safe_load((PRODUCTS / "helpdesk.yml").read_text(encoding="utf-8"))
        if export.product:
            product["customers"] = export.product
        (products / "helpdesk.yml").write_text(yaml.safe_dump(product, allow_unicode=True), encoding="utf-8")
        (tmp_path / "sources.yml").write_text(drafted(export), encoding="utf-8")
        return take_snapshot(
            tmp_path / "sources.yml",
            folder=tmp_path / "snapshots",
            products=products,
            today=date(2026, 12, 31),
        )

    return take


@pytest.mark.parametrize("export", EXPORTS, ids=lambda e: e.name)
def test_an_export_gives_what_a_person_counts_with_only_the_marked_lines_filled_in(company, export):
    snapshot = company(export)
    kept = snapshot.manifest["rows_kept"]
    assert {table: kept.get(table) for table in export.kept} == export.kept
    assert {table for table, count in kept.items() if count} == set(export.kept)
    data = snapshot.read("helpdesk")
    if export.customers is not None:
        time = customer_time_as_of(data, QUARTER.end)
        assert len(time.customers(QUARTER.end)) == export.customers
        assert float(time.mrr(QUARTER.end).sum()) == pytest.approx(export.mrr)
    assert {table: int(data[table]["closed_at"].notna().sum()) for table in export.closed} == export.closed
    assert {
        table: int(data[table]["answered_at"].notna().sum()) for table in export.answered
    } == export.answered
    for column, day in export.first.items():
        table, name = column.split(".")
        rows = data["usage_daily" if table == "usage" else table]
        assert pd.Timestamp(rows[name].min()).date() == date.fromisoformat(day)
    for column, values in export.columns.items():
        accounts = data["accounts"].set_index("account_id")[column.split(".")[1]]
        assert accounts.loc[list(values)].to_dict() == values


@pytest.mark.parametrize("name", ANALYSED)
def test_an_analysis_counts_what_a_person_counts(company, name):
    export = next(e for e in EXPORTS if e.name == name)
    data = company(export).read("helpdesk")
    result = baselines.analyse(data, QUARTER)
    if export.customers is None:
        assert result.notes
        return
    row = result.tables["same_quarter"].set_index("year").loc[QUARTER.year]
    moved = customer_time_as_of(data, QUARTER.end).movement(QUARTER.back(1).end, QUARTER.end)
    assert moved["closing"] == export.customers
    assert (row["customers"], row["lost"]) == (moved["opening"], moved["lost"])


def test_there_are_thirty_and_each_tool_is_among_them():
    assert len(EXPORTS) >= 30
    names = " ".join(export.name for export in EXPORTS)
    tools = (
        "salesforce",
        "hubspot",
        "zendesk",
        "intercom",
        "stripe",
        "mixpanel",
        "gainsight",
        "kintone",
        "sansan",
    )
    assert [tool for tool in (*tools, "freee", "Excel") if tool not in names] == []
