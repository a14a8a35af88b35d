"""What was left out stands at the head of every page whose numbers rest on it, and beside them on the landing page."""

from __future__ import annotations

import html
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from cs_helpers import outputs as outputs_module
from cs_helpers.contract.refused import LeftOut
from cs_helpers.report.run import _answer
from cs_helpers.snapshot.take import take_snapshot
from cs_helpers.tables.facts import left_out
from cs_helpers.text import Text
from cs_helpers.workbook import Workbook

PRODUCTS = Path(__file__).resolve().parents[2] / "data" / "products"

TABLES = ("accounts", "contracts", "usage")


def said(language="en", tables=TABLES, **refused):
    return left_out(Text(language), refused, tables, "JPY")


def test_nothing_is_said_where_nothing_was_left_out():
    assert said() == ""


def test_rows_and_mrr_are_said_with_their_shares():
    refused = {"contracts": LeftOut(40, 3, 480_000, 36_000), "accounts": LeftOut(20, 1)}
    assert (
        said(**refused)
        == "3 of 40 rows of contracts (7.5%; MRR ¥36,000 of ¥480,000), 1 of 20 rows of accounts (5%)"
    )
    assert (
        said("ja", **refused)
        == "contracts 40行中3行（7.5%、MRRで￥480,000のうち￥36,000）、accounts 20行中1行（5%）"
    )


def test_only_the_tables_that_the_page_rests_on_are_said():
    assert said(tables=("accounts",), contracts=LeftOut(40, 3), usage=LeftOut(9, 9)) == ""


@pytest.mark.parametrize(
    ("each", "mrr", "in_japanese"),
    [
        (LeftOut(40, 3, 480_000, 0, 3), "their MRR cannot be read", "、MRRは読み取れず不明"),
        (
            LeftOut(40, 3, 480_000, 12_000, 2),
            "MRR at least ¥12,000 of at least ¥480,000, as 2 amounts cannot be read",
            "、MRRで少なくとも￥480,000のうち￥12,000以上。金額を読み取れない行が2行",
        ),
        (LeftOut(40, 3, 480_000, 0, 0), "MRR ¥0 of ¥480,000", "、MRRで￥480,000のうち￥0"),
        (LeftOut(40, 3, 0, 0, 0), "MRR ¥0 of ¥0", "、MRRで￥0のうち￥0"),
    ],
)
def test_an_amount_that_cannot_be_read_is_not_said_to_be_none(each, mrr, in_japanese):
    assert said(contracts=each) == f"3 of 40 rows of contracts (7.5%; {mrr})"
    assert said("ja", contracts=each) == f"contracts 40行中3行（7.5%{in_japanese}）"


@pytest.mark.parametrize(
    ("rows", "refused", "share"),
    [
        (1_000_000, 3, "<0.1%"),
        (3, 1, "33.3%"),
        (4, 1, "25%"),
        (3, 3, "100%"),
        (1_000_000, 999_999, ">99.9%"),
        (1000, 1, "0.1%"),
    ],
)
def test_little_is_not_nothing_and_nearly_all_is_not_all(rows, refused, share):
    assert f"({share})" in said(usage=LeftOut(rows, refused))


def shows(*about):
    outputs = [
        SimpleNamespace(output_type="display_data", data={}, metadata={"cs_workbook": each}) for each in about
    ]
    return SimpleNamespace(cells=[{"outputs": outputs}], metadata={})


def test_the_card_of_a_report_says_it_beside_its_message():
    head, figure = (
        {"shows": ["public"], "left_out": " (left out: 5 of 6 rows of accounts (83.3%))"},
        {"message": "0% left"},
    )
    assert _answer(shows(head, figure))[1] == "0% left (left out: 5 of 6 rows of accounts (83.3%))"
    assert _answer(shows({"shows": ["public"]}, figure))[1] == "0% left"


def test_where_there_is_little_room_customers_come_first_and_the_rest_is_counted():
    refused = {"usage": LeftOut(9, 9), "contracts": LeftOut(4, 1, 100, 25), "notes": LeftOut(100, 1)}
    for language, expected in (
        (
            "en",
            "1 of 4 rows of contracts (25%; MRR ¥25 of ¥100), 9 of 9 rows of usage (100%), and rows of one more table",
        ),
        ("ja", "contracts 4行中1行（25%、MRRで￥100のうち￥25）、usage 9行中9行（100%）、ほか1テーブルの行"),
    ):
        assert left_out(Text(language), refused, (*TABLES, "notes"), "JPY", brief=True) == expected


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    """One of two customers whose account has no key, so that its contract and ticket go, too."""
    folder = tmp_path_factory.mktemp("left_out")
    tables = {
        "accounts": "account_id\nA1\n,\n".replace(",", '""'),
        "contracts": "contract_id,account_id,product,started_on,mrr,currency\n"
        "C1,A1,helpdesk,2025-01-01,300,JPY\nC2,A2,helpdesk,2025-01-01,100,JPY\n",
        "tickets": "ticket_id,account_id,product,opened_at\nT1,A1,helpdesk,2026-08-01 09:00:00\nT2,A2,helpdesk,2026-08-01 09:00:00\n",
    }
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    said = {"files": {n: f"{n}.csv" for n in tables}, "tables": {n: {"from": n} for n in tables}}
    (folder / "sources.yml").write_text("as_of: 2026-09-30\n" + yaml.safe_dump(said), encoding="utf-8")
    return take_snapshot(folder / "sources.yml", folder=folder / "snapshots", products=PRODUCTS)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_header_says_what_the_page_rests_on(snapshot, monkeypatch, language):
    shown = []
    monkeypatch.setattr(
        outputs_module, "display", lambda data, *, metadata=None, raw: shown.append((data, metadata))
    )
    data = snapshot.read("helpdesk")
    page = Workbook(snapshot, data, snapshot.check_quarter("latest"), "all", Text(language, data.product))
    accounts = {"en": "1 of 2 rows of accounts (50%)", "ja": "accounts 2行中1行（50%）"}[language]
    contracts = {
        "en": "1 of 2 rows of contracts (50%; MRR ¥100 of ¥400)",
        "ja": "contracts 2行中1行（50%、MRRで￥400のうち￥100）",
    }[language]
    tickets = {"en": "1 of 2 rows of tickets (50%)", "ja": "tickets 2行中1行（50%）"}[language]
    for analyses, of_tickets in ((("baselines",), True), (("interviews",), False), ((), True)):
        page.header(*analyses)
        data_, about = shown.pop()
        head = html.unescape(data_["text/html"])
        assert page.text.join_list([accounts, contracts, *([tickets] if of_tickets else [])]) + "<" in head
        assert contracts in about["cs_workbook"]["left_out"]
        assert about["cs_workbook"]["shows"] == ["public"]
