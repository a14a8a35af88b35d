"""What is left out is counted by product, with its MRR, and above a declared share nothing is frozen."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
import yaml

from cs_helpers.contract.refused import LeftOut
from cs_helpers.errors import ContractError, SettingError
from cs_helpers.snapshot.take import take_snapshot
from cs_helpers.sources.sources_file import load_sources

ACCOUNTS = (
    "account_id,name,size,industry\nA1,Kita,mid,retail\nA2,Minami,small,retail\nA3,Higashi,small,retail\n"
)
CONTRACTS = """\
contract_id,account_id,product,started_on,ended_on,mrr,currency
C1,A1,helpdesk,2026-01-01,,100,JPY
C2,A2,helpdesk,2026-02-01,,200,JPY
C3,A3,paper_to_web,2026-02-01,,1000,USD
"""


@pytest.fixture
def frozen(tmp_path):
    """A snapshot of these tables under a sources file with more keys."""

    def run(accounts=ACCOUNTS, contracts=CONTRACTS, more=None, **files):
        written = {"accounts": accounts, "contracts": contracts, **files}
        for name, text in written.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        entry = {
            "as_of": date(2026, 9, 30),
            "files": {name: f"{name}.csv" for name in written},
            "tables": {name: {"from": name} for name in written},
            **(more or {}),
        }
        (tmp_path / "sources.yml").write_text(yaml.safe_dump(entry), encoding="utf-8")
        return take_snapshot(tmp_path / "sources.yml", folder=tmp_path / "snapshots")

    return run


def test_nothing_is_said_of_tables_that_are_whole(frozen):
    snapshot = frozen()
    assert snapshot.left_out("helpdesk") == snapshot.left_out("paper_to_web") == {}


def test_contracts_of_a_refused_account_are_left_out_with_their_mrr(frozen):
    snapshot = frozen(ACCOUNTS.replace("A2,", ","))
    assert snapshot.left_out("helpdesk") == {
        "accounts": LeftOut(3, 1),
        "contracts": LeftOut(2, 1, 300.0, 200.0, 0),
    }
    # the account may be of any product; the contract is not
    assert snapshot.left_out("paper_to_web") == {"accounts": LeftOut(3, 1)}


def test_a_row_that_names_no_product_may_be_of_each(frozen):
    rows = CONTRACTS + "C4,A1,,2026-03-01,,50,JPY\nC5,A1,helpdesk,soon,,60,JPY\n"
    snapshot = frozen(contracts=rows)
    assert snapshot.left_out("helpdesk")["contracts"] == LeftOut(4, 2, 410.0, 110.0, 0)
    # an amount in yen tells nothing where contracts are in dollars
    assert snapshot.left_out("paper_to_web")["contracts"] == LeftOut(2, 1, 1000.0, 0.0, 1)


@pytest.mark.parametrize(
    ("mrr", "currency", "left_out"),
    [
        ("much", "JPY", LeftOut(3, 1, 300.0, 0.0, 1)),
        ("", "JPY", LeftOut(3, 1, 300.0, 0.0, 1)),
        ("-5", "JPY", LeftOut(3, 1, 300.0, 0.0, 1)),
        ("70", "", LeftOut(3, 1, 300.0, 0.0, 1)),
        ("0", "JPY", LeftOut(3, 1, 300.0, 0.0, 0)),
    ],
)
def test_an_amount_that_cannot_be_read_is_counted_and_not_guessed(frozen, mrr, currency, left_out):
    snapshot = frozen(contracts=f"{CONTRACTS}C4,A9,helpdesk,2026-03-01,,{mrr},{currency}\n")
    assert snapshot.left_out("helpdesk") == {"contracts": left_out}


def test_rows_of_a_log_are_counted_by_product(frozen):
    head = "account_id,product,occurred_at,event\n"
    rows = "A1,helpdesk,2026-05-01 10:00:00,reply\nA9,helpdesk,2026-05-01 10:00:00,reply\nA1,helpdesk,soon,reply\n"
    snapshot = frozen(usage=head + rows + "A3,paper_to_web,2026-05-01 10:00:00,read\n")
    assert snapshot.left_out("helpdesk") == {"usage": LeftOut(3, 2)}
    assert snapshot.left_out("paper_to_web") == {}


def test_left_out_rows_and_kept_rows_are_the_rows_that_were_read(frozen):
    rows = (
        CONTRACTS
        + "C4,A1,,2026-03-01,,50,JPY\nC5,A9,helpdesk,2026-03-01,,60,JPY\nC5,A1,helpdesk,2026-03-01,,60,JPY\n"
    )
    snapshot = frozen(contracts=rows)
    manifest = snapshot.manifest
    of_nobody = 1
    out = sum(snapshot.left_out(p)["contracts"].refused for p in ("helpdesk", "paper_to_web")) - of_nobody
    assert manifest["rows_read"]["contracts"] == manifest["rows_kept"]["contracts"] + out
    kept = pd.concat([snapshot.table("contracts", p) for p in snapshot.products])
    assert len(kept) == manifest["rows_kept"]["contracts"]


# --- where it is too much ------------------------------------------------------------------------------


BROKEN = ACCOUNTS.replace("A2,", ",")


def test_no_limit_is_none(frozen):
    assert frozen(BROKEN).manifest["rows_kept"]["accounts"] == 2


def test_more_rows_than_allowed_stop_the_snapshot_with_both_numbers(frozen):
    with pytest.raises(ContractError) as caught:
        frozen(BROKEN, more={"refused_at_most": {"rows": 0.2}})
    first, second = caught.value.failures
    assert first.startswith(
        "table 'accounts': 1 of 3 rows (33.3%) were left out, more than the 20.0% that refused_at_most.rows allows"
    )
    assert second.startswith("table 'contracts': 1 of 3 rows (33.3%)")
    assert frozen(BROKEN, more={"refused_at_most": {"rows": 1 / 3}}).id


def test_more_mrr_than_allowed_stops_the_snapshot_with_both_numbers(frozen):
    with pytest.raises(ContractError) as caught:
        frozen(BROKEN, more={"refused_at_most": {"mrr": 0.05}})
    (only,) = caught.value.failures
    assert only.startswith(
        "table 'contracts', product 'helpdesk': MRR 200 of 300 (66.7%) was left out, more than the 5.0% that"
        " refused_at_most.mrr allows"
    )
    assert frozen(BROKEN, more={"refused_at_most": {"mrr": 0.67, "rows": 0.5}}).id


def test_mrr_that_cannot_be_read_is_not_taken_for_none(frozen):
    rows = CONTRACTS + "C4,A1,helpdesk,2026-03-01,,much,JPY\n"
    with pytest.raises(ContractError) as caught:
        frozen(contracts=rows, more={"refused_at_most": {"mrr": 0.05}})
    (only,) = caught.value.failures
    assert "the amounts of 1 of the 1 rows that were left out cannot be read" in only
    assert "not known whether that is more than the 5.0% of MRR" in only


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ({"rows": 20}, "refused_at_most.rows"),
        ({"mrr": -0.1}, "refused_at_most.mrr"),
        ({"row": 0.1}, "refused_at_most.row"),
    ],
)
def test_a_limit_is_a_share(tmp_path, entry, key):
    content = {"files": {"a": "a.csv"}, "tables": {"accounts": {"from": "a"}, "contracts": {"from": "a"}}}
    (tmp_path / "sources.yml").write_text(
        yaml.safe_dump({**content, "refused_at_most": entry}), encoding="utf-8"
    )
    with pytest.raises(SettingError) as caught:
        load_sources(tmp_path / "sources.yml")
    assert caught.value.key == key
