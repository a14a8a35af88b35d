"""What cannot be done is refused with one message that names it, and publishes nothing."""

from __future__ import annotations

import random
import re

import pytest
from processes import descendants


@pytest.fixture
def refused(command, untouched):
    """The message with which a report is refused; it is one, and no traceback."""

    def run(*arguments, code=1, call=None):
        before = set(descendants())
        ran = (call or command)("report", *arguments)
        assert ran.code == code
        assert set(descendants()) <= before
        assert "Traceback" not in ran.out + ran.err
        assert len(re.findall(r"\berror\b", ran.err, re.I)) == 1
        assert untouched()
        return ran.err

    return run


def test_an_unknown_product_is_named_with_the_one_that_was_meant(refused):
    message = refused("--product", "helpdsk")
    assert "product 'helpdsk'" in message
    assert "Did you mean 'helpdesk'?" in message
    assert "It has: helpdesk." in message


def test_one_unknown_product_among_known_ones_is_refused(refused):
    assert "product 'nothing'" in refused("--product", "helpdesk,nothing")


def test_a_path_is_not_a_product(refused):
    assert "product '../x'" in refused("--product", "../x")


def test_a_quarter_that_the_data_does_not_cover_is_told_which_it_does(refused):
    message = refused("--quarter", "2031Q1")
    assert "quarter 2031Q1" in message
    assert "2026Q1 to 2026Q3" in message


@pytest.mark.parametrize("quarter", ["nonsense", "2026Q5", "2026Q3'; import os", "[bold]"])
def test_what_is_no_quarter_is_refused_before_the_data_is_read(refused, workbook, quarter):
    (workbook.data / "sources.yml").unlink()
    message = refused("--quarter", quarter)
    assert f"parameter quarter={quarter!r}" in message
    assert "as in 2026Q3" in message


def test_a_language_that_is_not_spoken_is_refused_before_the_data_is_read(refused, workbook):
    (workbook.data / "sources.yml").unlink()
    assert "parameter language='fr': this value is not allowed. Allowed: en or ja." in refused(
        "--language", "fr"
    )


@pytest.mark.parametrize("jobs", ["0", "-1", "two", "257", "1.5", "²"])
def test_what_is_no_number_of_runs_is_refused(refused, jobs):
    message = refused(f"--jobs={jobs}")
    assert f"parameter jobs='{jobs}'" in message
    assert "1 to 256" in message


def test_an_unknown_notebook_is_named_with_the_one_that_was_meant(refused):
    message = refused("--notebook", "jurney_funnels")
    assert "parameter notebooks='jurney_funnels'" in message
    assert "Did you mean 'journey_funnels'?" in message
    assert "as_is_interviews" in message


def test_a_misspelt_option_is_named_with_the_one_that_was_meant(refused):
    message = refused("--quater", "2026Q3", code=2)
    assert "--quater" in message
    assert "--quarter" in message


def test_a_missing_sources_file_is_named_and_told_what_to_copy(refused):
    message = refused("--data", "nowhere.yml")
    assert "nowhere.yml: there is no such sources file" in message
    assert "data/sources.example.yml" in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("files: [", "not valid YAML at line 1, column 9"),
        ("files: {a: b.csv}\nas_of: ]", "not valid YAML at line 2, column 8"),
        ("- a list\n", "a list of keys with values"),
        ("files: {a: \x00}", "special characters are not allowed"),
        ("fils: {a: b.csv}\ntables: {}", "key 'fils': there is no such key"),
    ],
)
def test_a_sources_file_that_cannot_be_understood_is_named_with_the_place(refused, workbook, text, expected):
    (workbook.data / "sources.yml").write_text(text, encoding="utf-8")
    message = refused()
    assert "data/sources.yml" in message
    assert expected in message


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [("--kernel", "hot", "warm, cold"), ("--executor", "ray://x:1", "dask://host:port")],
)
def test_an_unknown_way_to_run_is_refused(refused, option, value, allowed):
    message = refused(option, value)
    assert f"parameter {option[2:]}={value!r}" in message
    assert f"Allowed: {allowed}." in message


def test_a_folder_in_the_place_of_the_sources_file_is_named_as_one(refused):
    assert "this is a folder" in refused("--data", "data")


def test_a_missing_table_is_named_with_its_file(refused, workbook):
    (workbook.data / "accounts.csv").unlink()
    message = refused()
    assert "table 'accounts': there is no such file" in message
    assert "data/accounts.csv" in message


def test_a_folder_in_the_place_of_a_table_is_named_as_one(refused, workbook):
    (workbook.data / "accounts.csv").unlink()
    (workbook.data / "accounts.csv").mkdir()
    message = refused()
    assert "table 'accounts': this is a folder" in message
    assert "data/accounts.csv" in message


def test_a_missing_column_is_named_with_what_the_source_has(refused, workbook):
    (workbook.data / "accounts.csv").write_text(workbook.text("accounts.csv").replace("account_id", "number"))
    message = refused()
    assert "table 'accounts', column 'account_id'" in message
    assert "tables.accounts.columns" in message
    assert "number, name, size, industry" in message


def test_a_table_without_rows_is_named(refused, workbook):
    (workbook.data / "accounts.csv").write_text("account_id,name,size,industry\n")
    assert "table 'accounts' has no rows" in refused()


def test_an_empty_file_is_named(refused, workbook):
    (workbook.data / "accounts.csv").write_text("")
    assert "table 'accounts': the file is empty" in refused()


def test_two_currencies_are_named_with_the_product(refused, workbook):
    (workbook.data / "contracts.csv").write_text(workbook.text("contracts.csv").replace("200,JPY", "200,USD"))
    message = refused()
    assert "table 'contracts', column 'currency': product 'helpdesk' is paid in JPY, USD" in message
    assert "convert mrr to one currency" in message


def test_a_product_without_a_product_file_is_told_how_to_write_one(refused, workbook):
    (workbook.data / "contracts.csv").write_text(
        workbook.text("contracts.csv").replace("helpdesk", "payroll")
    )
    message = refused()
    assert "'payroll' has no product file data/products/payroll.yml" in message
    assert "cs-workbook new-product payroll" in message


def test_a_product_file_that_is_wrong_is_named_with_its_key(refused, workbook):
    file = workbook.data / "products" / "helpdesk.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("playbook:", "playbok:"), encoding="utf-8")
    message = refused()
    assert "helpdesk.yml: key 'playbok'" in message
    assert "Did you mean 'playbook'?" in message


def test_binary_garbage_in_the_place_of_a_table_is_named(refused, workbook):
    (workbook.data / "accounts.csv").write_bytes(random.Random(3).randbytes(4000))
    message = refused()
    assert "table 'accounts': the file is not UTF-8 text" in message
    assert "data/accounts.csv" in message


@pytest.mark.parametrize("what", ["Kita", "name"])
def test_a_table_in_the_encoding_of_japanese_windows_is_told_to_be_saved_as_utf8(refused, workbook, what):
    text = workbook.text("accounts.csv").replace(what, "北浜包装株式会社")
    (workbook.data / "accounts.csv").write_bytes(text.encode("cp932"))
    message = refused()
    assert "table 'accounts'" in message
    assert "save it as UTF-8" in message
    assert "data/accounts.csv" in message


def test_a_misspelt_command_is_named_with_the_one_that_was_meant(command):
    ran = command("reprot")
    assert ran.code == 2
    assert "Did you mean 'report'?" in ran.err


@pytest.mark.parametrize(
    ("arguments", "file", "content", "expected"),
    [
        (["--quater", "2026Q3"], None, None, "--quater"),
        (["--quarter", "nonsense"], None, None, "as in 2026Q3"),
        (
            [],
            "accounts.csv",
            "account_id,name,size,industry\nA1,北浜,mid,x\n".encode("cp932"),
            "save it as UTF-8",
        ),
    ],
    ids=["option", "quarter", "cp932"],
)
def test_a_process_of_its_own_refuses_in_the_same_way(refused, workbook, arguments, file, content, expected):
    if file:
        (workbook.data / file).write_bytes(content)
    code = 2 if "--quater" in arguments else 1
    assert expected in refused(*arguments, code=code, call=workbook.process)
