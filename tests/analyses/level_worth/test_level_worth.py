"""The worth of a level end to end: planted truths in tables, NRR by hand and by SQL, and the sentences of unusual data."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product, product_data, use
from planted_levels import ENDS, LAST, Planted, planted

from cs_helpers.analyses import level_worth
from cs_helpers.charts import level_worth as charts
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData
from cs_helpers.tables import level_worth as tables
from cs_helpers.tables.findings import sentence as finding_sentence
from cs_helpers.tables.notes import sentence as note_sentence
from cs_helpers.text import Text

#: a level for each unit of use in a month
LEVELS = [[{"value": "quantity", "at_least": n, "months": 1}] for n in (1, 2, 3, 4)]


def tables_of(of: Planted) -> ProductData:
    """What a company records of planted histories: each month, use in the amount of the level."""
    rows, months = np.nonzero(of.levels > 0)
    usage = pd.DataFrame(
        {
            "account_id": of.accounts["account_id"].to_numpy()[rows],
            "day": ENDS[months],
            "event": "done",
            "quantity": of.levels[rows, months],
        }
    )
    contracts = of.contracts.drop(columns="currency").assign(currency="JPY")
    return product_data(
        product(levels=LEVELS), usage=usage, accounts=of.accounts.assign(name=of.accounts["account_id"]),
        contracts=contracts,
    )  # fmt: skip


def drawn(result: Result) -> list[str]:
    """Every sentence, figure and table of a result, in both languages."""
    said = []
    result = Result(**{**result.__dict__, "settings": {**result.settings, "currency": "JPY"}})
    for language in ("en", "ja"):
        text = Text(language, product(levels=LEVELS))
        for question, declared in level_worth.DECLARES.questions.items():
            if question not in result.tables:
                assert result.about(question), f"neither an answer to {question} nor a note"
                continue
            if declared.figure:
                picture = getattr(charts, question)(result, text)
                said += [picture.message, picture.alt, picture.source]
            if declared.table:
                listing = getattr(tables, question)(result, text)
                said += [listing.message, *listing.page.to_numpy().ravel().tolist()]
        said += [note_sentence(note, text, "level_worth", "JPY") for note in result.notes]
        said += [finding_sentence(finding, text, "level_worth", "JPY") for finding in result.findings]
    assert not [s for s in said if "nan" in s.lower() or "{" in s]
    return said


def customers(n: int, level: int, **terms: Any) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """So many customers since 2024 that use the product for a level each month until they end."""
    end = terms.get("ended_on")
    months = pd.date_range("2024-10-31", end or "2026-09-30", freq="ME")
    return [
        (
            contract(f"L{level}N{k}{end or ''}", "2024-10-01", end, mrr=terms.get("mrr", 100)),
            [use(f"L{level}N{k}{end or ''}", str(m.date()), quantity=level) for m in months if level],
        )
        for k in range(n)
    ]


def desk(*groups: list[tuple[dict[str, Any], list[dict[str, Any]]]]) -> ProductData:
    every = [one for group in groups for one in group]
    return product_data(
        product(levels=LEVELS),
        accounts=[account(c["account_id"]) for c, _ in every],
        contracts=[c for c, _ in every],
        usage=[u for _, used in every for u in used],
    )


@pytest.mark.parametrize(("effect", "code"), [(1.0, "unclear"), (0.6, "fewer")])
def test_what_was_planted_in_the_tables_is_found_and_nothing_more(effect: float, code: str) -> None:
    of = planted(11, effect=effect)
    result = level_worth.analyse(tables_of(of), LAST)
    verdict = result.verdicts["steps"]
    assert verdict.code == code
    assert verdict.fields["low"] < effect < verdict.fields["high"]
    assert [f.code for f in result.findings if f.about == "steps"] == (
        ["fewer_lost"] if code == "fewer" else []
    )
    assert result.n == int((~np.isnan(of.levels[:, -1])).sum())
    if code == "fewer":
        (finding,) = (f for f in result.findings if f.about == "steps")
        assert finding.customers == int((of.levels[:, -1] < 4).sum())
        assert finding.mrr == 100 * finding.customers
    drawn(result)


def test_nrr_by_level_is_that_of_a_query() -> None:
    of = planted(7)
    mrr = np.random.default_rng(7).integers(1, 9, len(of.contracts)) * 50.0
    data = tables_of(Planted(of.accounts, of.contracts.assign(mrr=mrr), of.levels))
    table = level_worth.analyse(data, LAST).tables["nrr"]
    database = duckdb.connect()
    database.register("contracts", data["contracts"])
    database.register("usage", data["usage_monthly"])
    expected = database.sql(
        """
        with start as (
            select account_id, mrr, ended_on from contracts
            where started_on <= date '2025-09-30' and (ended_on is null or ended_on >= date '2025-09-30')
        ), used as (
            select account_id, quantity from usage where event is null and month = date '2025-09-01'
        )
        select coalesce(quantity, 0)::int as level, count(*) as customers, sum(mrr) as mrr,
            sum(case when ended_on is null or ended_on >= date '2026-09-30' then mrr else 0 end) / sum(mrr) as nrr
        from start left join used using (account_id) group by 1 order by 1
        """
    ).df()
    year = table[table["period"] == "year"].reset_index(drop=True)
    assert year["level"].tolist() == expected["level"].tolist()
    assert year["customers"].tolist() == expected["customers"].tolist()
    assert year["mrr"].to_numpy() == pytest.approx(expected["mrr"].to_numpy(float))
    assert year["nrr"].to_numpy() == pytest.approx(expected["nrr"].to_numpy(float))


def test_where_nobody_was_lost_it_is_said_and_nothing_is_compared() -> None:
    result = level_worth.analyse(desk(customers(12, 1), customers(12, 4)), LAST)
    codes = {question: verdict.code for question, verdict in result.verdicts.items()}
    assert codes == {
        "lifetime": "unclear", "staying": "none_lost", "nrr": "alike", "steps": "none_lost", "associations": "not_known",
    }  # fmt: skip
    assert [note.code for note in result.about("steps")] == ["no_losses_recorded"]
    assert result.findings == ()
    assert "loss_ratio_a_level" not in result.metrics
    said = drawn(result)
    assert any("Nobody was lost" in s for s in said)


def test_where_all_of_a_level_were_lost_it_is_worth_nothing_after_it() -> None:
    result = level_worth.analyse(
        desk(customers(14, 1, ended_on="2026-02-28"), customers(14, 4), customers(2, 1)), LAST
    )
    assert result.verdicts["staying"].code == "more"
    assert result.verdicts["steps"].code in ("fewer", "fewer_late")
    table = result.tables["nrr"].set_index(["period", "level"])
    assert table["nrr"]["year", 1] == pytest.approx(2 / 16)
    assert table["nrr"]["year", 4] == 1
    assert result.verdicts["nrr"].code == "more"
    drawn(result)


def test_customers_all_of_one_level_are_compared_with_nobody() -> None:
    result = level_worth.analyse(desk(customers(12, 2), customers(3, 2, ended_on="2026-02-28")), LAST)
    codes = {question: verdict.code for question, verdict in result.verdicts.items()}
    assert codes == {
        "lifetime": "one_half", "staying": "one_half", "nrr": "one_half", "steps": "nobody_compared",
        "associations": "not_known",
    }  # fmt: skip
    assert result.findings == ()
    drawn(result)


def test_a_few_customers_get_no_verdict() -> None:
    result = level_worth.analyse(desk(customers(3, 1), customers(3, 4, ended_on="2026-05-31")), LAST)
    assert {note.code for note in result.about("lifetime")} == {"not_a_year"}
    assert result.verdicts["nrr"].code == "small"
    assert result.findings == ()
    drawn(result)


def test_who_does_not_pay_has_no_value_but_stays() -> None:
    result = level_worth.analyse(desk(customers(12, 1, mrr=0), customers(12, 4, mrr=0)), LAST)
    assert result.verdicts["lifetime"].code == "unpaid"
    assert result.verdicts["nrr"].code == "unpaid"
    assert "year_value_upper" not in result.metrics
    drawn(result)


@pytest.mark.parametrize("quarter", [Quarter(2024, 4), Quarter(2025, 1), Quarter(2025, 2)])
def test_the_first_quarters_say_what_is_not_known_yet(quarter: Quarter) -> None:
    result = level_worth.analyse(desk(customers(12, 1), customers(12, 4)), quarter)
    assert {note.code for note in result.about("lifetime")} == {"not_a_year"}
    if quarter == Quarter(2024, 4):
        assert {note.code for note in result.about("steps")} == {"not_followed"}
    assert result.findings == ()
    drawn(result)


def test_without_contracts_or_customers_or_use_every_question_has_a_reason() -> None:
    use_alone = product_data(product(levels=LEVELS), accounts=[account("A")], usage=[use("A", "2026-07-01")])
    nobody = product_data(
        product(levels=LEVELS), accounts=[account("A")], contracts=[], usage=[use("A", "2026-07-01")]
    )
    unused = product_data(
        product(levels=LEVELS), accounts=[account("A")], contracts=[contract("A", "2025-01-01")]
    )
    for data, code in ((use_alone, "missing_table"), (nobody, "no_customers"), (unused, "missing_table")):
        result = level_worth.analyse(data, LAST)
        assert {note.code for note in result.notes} == {code}
        assert dict(result.tables) == {}
        drawn(result)


def test_the_log_that_ended_makes_nobody_fall_to_the_lowest_level() -> None:
    # use is recorded up to March; from April on levels are not known, and customers go on
    stops = [(c, [u for u in used if u["day"] < "2026-04-01"]) for c, used in customers(12, 3)]
    data = desk(stops, customers(2, 1, ended_on="2026-01-31"))
    known = {
        part: {
            name: replace(period, last=date(2026, 3, 31), silent_since=date(2026, 4, 1))
            for name, period in getattr(data.coverage, part).items()
        }
        for part in ("tables", "parts")
    }
    result = level_worth.analyse(replace(data, coverage=replace(data.coverage, **known)), LAST)
    assert "levels_left_out" in {note.code for note in result.about("nrr")}
    assert set(result.tables["nrr"]["level"]) == {1, 3}
    assert set(result.tables["nrr"]["period"]) == {"year"}
    drawn(result)


def test_margin_is_that_of_revenue(result_of) -> None:
    for name in ("paper_to_web", "helpdesk", "expense_desk"):
        of_revenue = (
            result_of("revenue", name, "2026Q3").tables["profitability"].set_index("measure")["value"]
        )
        table = result_of("level_worth", name, "2026Q3").tables["lifetime"]
        paid = table.dropna(subset=["margin"])
        mrr = float(result_of("revenue", name, "2026Q3").metrics["mrr"].value or 0)
        known = float((paid["margin"] * paid["paying"]).sum())
        assert known <= mrr * of_revenue["gross_margin"] * (1 + 1e-9)
        assert known > 0.8 * mrr * of_revenue["gross_margin"]
