"""The sources file: what it may say, and what is said of it where it is wrong."""

from __future__ import annotations

from datetime import date

import pytest
import yaml

from cs_helpers.errors import SettingError
from cs_helpers.sources.sources_file import load_sources


@pytest.fixture
def content():
    return {
        "files": {"crm": "customers.csv", "billing": "billing.csv"},
        "tables": {"accounts": {"from": "crm"}, "contracts": {"from": "billing"}},
    }


@pytest.fixture
def refused(tmp_path, content):
    """The error that the content, as the test changed it, is refused with."""

    def load(text=None):
        file = tmp_path / "sources.yml"
        file.write_text(
            text if text is not None else yaml.safe_dump(content, sort_keys=False), encoding="utf-8"
        )
        with pytest.raises(SettingError) as caught:
            load_sources(file)
        assert caught.value.file == file
        return caught.value

    return load


def test_what_is_left_out_has_its_default(tmp_path, content):
    file = tmp_path / "sources.yml"
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    sources = load_sources(file)
    assert (sources.as_of, sources.folder) == (None, ".")
    assert sources.tables["accounts"].column("size") is None


def test_a_name_alone_is_a_column_of_the_source(tmp_path, content):
    content["as_of"] = date(2026, 9, 30)
    content["tables"]["accounts"]["columns"] = {"name": "company"}
    file = tmp_path / "sources.yml"
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    sources = load_sources(file)
    assert sources.as_of == date(2026, 9, 30)
    assert sources.tables["accounts"].column("name").column == "company"


def test_a_missing_sources_file_says_what_to_copy(tmp_path):
    with pytest.raises(SettingError, match=r"copy data/sources\.example\.yml"):
        load_sources(tmp_path / "nowhere.yml")


def test_a_file_that_is_not_yaml_is_told_where(refused):
    assert "not valid YAML at line 2, column 8" in refused("files: {a: b.csv}\nas_of: ]").problem


@pytest.mark.parametrize("text", ["", "- accounts\n", "accounts"])
def test_a_file_without_keys_is_refused(refused, text):
    assert "a list of keys with values" in refused(text).problem


def test_a_misspelt_key_comes_before_the_one_that_is_missing_because_of_it(refused, content):
    content["fiels"] = content.pop("files")
    error = refused()
    assert error.key == "fiels"
    assert "Did you mean 'files'?" in str(error)


def test_a_missing_key_is_named(refused, content):
    del content["tables"]
    error = refused()
    assert error.key == "tables"
    assert "missing" in error.problem


def test_without_files_and_databases_there_is_nothing_to_read(refused, content):
    del content["files"]
    error = refused()
    assert error.key == "files"
    assert "name the files, the databases or both" in error.problem


def test_a_table_that_the_contract_does_not_know_is_named_with_the_one_that_was_meant(refused, content):
    content["tables"]["acounts"] = {"from": "crm"}
    error = refused()
    assert error.key == "tables.acounts"
    assert "Did you mean 'accounts'?" in str(error)
    assert error.allowed.startswith("accounts, contracts, usage")


def test_a_required_table_must_be_mapped(refused, content):
    del content["tables"]["accounts"]
    error = refused()
    assert error.key == "tables"
    assert "'accounts'" in error.problem


def test_a_table_must_come_from_one_of_the_files(refused, content):
    content["tables"]["accounts"]["from"] = "crn"
    error = refused()
    assert error.key == "tables.accounts.from"
    assert "Did you mean 'crm'?" in str(error)
    assert error.allowed == "crm, billing"


def test_a_misspelt_key_of_a_table_is_named_with_the_one_that_was_meant(refused, content):
    content["tables"]["accounts"] = {"form": "crm"}
    error = refused()
    assert error.key == "tables.accounts.form"
    assert "Did you mean 'from'?" in str(error)
    assert error.allowed == "in, from, sql, where, timezone, duplicates, columns"


@pytest.mark.parametrize("source", [{}, {"from": "crm", "sql": "select 1"}])
def test_a_table_comes_from_a_file_or_a_query_and_not_both(refused, content, source):
    content["tables"]["accounts"] = source
    error = refused()
    assert error.key == "tables.accounts"
    assert "exactly one of 'from', 'sql'" in error.problem


def test_a_column_that_the_table_does_not_have_is_named_with_the_one_that_was_meant(refused, content):
    content["tables"]["accounts"]["columns"] = {"indusrty": "branch"}
    error = refused()
    assert error.key == "tables.accounts.columns.indusrty"
    assert "Did you mean 'industry'?" in str(error)


def test_a_misspelt_key_of_a_column_is_named_with_the_one_that_was_meant(refused, content):
    content["tables"]["accounts"]["columns"] = {"size": {"colunm": "seats"}}
    error = refused()
    assert error.key == "tables.accounts.columns.size.colunm"
    assert "Did you mean 'column'?" in str(error)
    assert error.allowed == "column, constant, sql, values, format, number, means, bounds, normalize"


@pytest.mark.parametrize("column", [{"values": {"R": "retail"}}, {"column": "a", "sql": "b"}, {}])
def test_a_column_comes_from_exactly_one_place(refused, content, column):
    content["tables"]["accounts"]["columns"] = {"industry": column}
    error = refused()
    assert error.key == "tables.accounts.columns.industry"
    assert "exactly one of 'column', 'constant', 'sql'" in error.problem


def test_a_last_day_that_is_no_date_is_refused(refused, content):
    content["as_of"] = "soon"
    error = refused()
    assert error.key == "as_of"
    assert "'soon'" in error.problem


@pytest.mark.parametrize("table", ["usage", "tickets", "interviews", "surveys", "milestones", "touches"])
def test_contracts_may_be_left_out_where_another_table_tells_of_a_product(tmp_path, content, table):
    content["tables"] = {"accounts": {"from": "crm"}, table: {"from": "billing"}}
    file = tmp_path / "sources.yml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert set(load_sources(file).tables) == {"accounts", table}


@pytest.mark.parametrize("tables", [("accounts",), ("accounts", "costs"), ("accounts", "notes")])
def test_one_table_has_to_tell_of_a_product(content, refused, tables):
    content["tables"] = {name: {"from": "crm"} for name in tables}
    assert "nothing tells of any product: map one more table" in str(refused())
    assert (
        "usage, milestones, touches, tickets, handovers, surveys, assessments, interviews, request_accounts"
        in str(refused())
    )
