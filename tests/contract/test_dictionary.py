"""The data dictionary is the contract, in words."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from cs_helpers.contract.dictionary import data_dictionary
from cs_helpers.contract.policies import RULES
from cs_helpers.contract.tables import TABLES
from cs_helpers.text import catalogue

ROOT = Path(__file__).resolve().parents[2]


def test_the_committed_dictionary_matches_the_contract():
    written = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    assert written == data_dictionary(), "write it anew with 'make dictionary'"


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_every_column_has_a_line_with_its_meaning_in_both_languages(table):
    section = data_dictionary().split(f"## {table.name} (")[1].split("\n## ")[0]
    for name, column in table.columns.items():
        line = next(row for row in section.splitlines() if row.startswith(f"| `{name}` |"))
        assert column.metadata["en"] in line
        assert column.metadata["ja"] in line


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_the_example_of_a_column_has_its_type(table):
    for name, column in table.columns.items():
        example = pd.Series([column.metadata["example"]])
        kind = table.kind(name)
        if kind in ("date", "time"):
            assert pd.to_datetime(example).notna().all()
        elif kind in ("integer", "number"):
            assert pd.to_numeric(example).notna().all()
        elif kind == "flag":
            assert example[0] in ("true", "false")


def test_a_parent_stands_before_its_children():
    seen = set()
    for table in TABLES.values():
        assert table.parent is None or table.parent[0] in seen
        seen.add(table.name)


def test_the_key_the_time_and_the_parent_of_a_table_are_columns_of_it():
    for table in TABLES.values():
        named = {
            *table.key,
            *([table.time] if table.time else []),
            *([table.parent[1]] if table.parent else []),
        }
        assert named <= set(table.columns)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_rule_has_texts_in_the_catalogue(language):
    words = catalogue(language)
    assert {f"rules.{rule}" for rule in RULES} <= set(words)
