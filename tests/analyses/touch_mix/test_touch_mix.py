"""Touches counted by hand, by SQL over the sample, and by draws from a mix that was planted."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product, product_data, random, touch, use

from cs_helpers.analyses import touch_mix
from cs_helpers.analyses.touch_mix.mix import is_stricter
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.vocabulary import TOUCH_MODELS
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData

Q3 = Quarter(2026, 3)
LEVELS: list[list[dict[str, Any]]] = [[{"value": "events", "at_least": n, "months": 1}] for n in (1, 2, 3, 4)]
HOURS = {"high": 2.0, "low": 1.0, "tech": 0.5, "community": 0.25}


def analysed(
    rows: list[dict[str, Any]], accounts: list[dict[str, Any]], contracts: list[dict[str, Any]], **said: Any
) -> Result:
    """The analysis of 2026Q3; customers use the product as `use` in `said` says, on the first day of months."""
    usage = said.pop("usage", [use("nobody", "2025-01-01")])
    return touch_mix.analyse(
        product_data(
            product(levels=LEVELS, **said), accounts=accounts, contracts=contracts, touches=rows, usage=usage
        ),
        Q3,
    )


#: a touch of one who is no customer any more, so that the table covers the quarters since
BEGIN = touch("gone", "2025-09-20", "tech")


def counts(result: Result, period: str = "quarter") -> dict[tuple[str, str], int]:
    rows = result.tables["mix"]
    rows = rows[(rows["period"] == period) & (rows["count"] > 0)]
    return dict(zip(zip(rows["level"], rows["touch_model"], strict=True), rows["count"], strict=True))


def test_a_touch_counts_at_the_level_that_its_customer_had_at_the_end_of_the_month_before() -> None:
    result = analysed(
        [
            BEGIN,
            touch("A", "2026-07-10", "high"),  # Lv.1 at the end of June
            touch("A", "2026-08-10", "low"),  # Lv.2 at the end of July
            touch("A", "2026-09-30", "low"),  # Lv.0 at the end of August
            touch("B", "2026-08-20", "tech"),  # came in August, and is at Lv.1 at its end
            touch("B", "2026-08-04", "tech"),  # no customer yet
            touch("C", "2026-07-20", "tech"),  # Lv.0
            touch("C", "2026-08-02", "tech"),  # no customer any more
            touch("A", "2026-07-11", kind="churn_notice"),
        ],
        [account("A"), account("B"), account("C"), account("gone")],
        [
            contract("A", "2025-01-01"),
            contract("B", "2026-08-05"),
            contract("C", "2025-01-01", "2026-07-31"),
        ],
        usage=[
            use("A", "2026-06-01"),
            *(use("A", "2026-07-01", event) for event in ("done", "sent")),
            use("B", "2026-08-06"),
            use("gone", "2026-09-01"),
        ],
    )
    assert counts(result) == {
        ("all", "high"): 1, ("all", "low"): 2, ("all", "tech"): 2,
        ("1", "high"): 1, ("2", "low"): 1, ("0", "low"): 1, ("1", "tech"): 1, ("0", "tech"): 1,
    }  # fmt: skip
    levels = result.tables["levels"].set_index("level")
    # A July, B August and September; A August; C July, A September: of the 92 days of the quarter
    expected = {"0": 31 + 30, "1": 31 + 27 + 30, "2": 31, "3": 0, "4": 0, "all": 92 + 57 + 31}
    assert (92 * levels["customer_quarters"]).to_dict() == pytest.approx(expected)
    assert levels.at["all", "rate"] == pytest.approx(5 / ((92 + 57 + 31) / 92))
    assert levels["customers"].to_dict() == {"all": 2, "0": 2, "1": 0, "2": 0, "3": 0, "4": 0}
    assert [n.fields for n in result.notes if n.code == "outside"] == [{"touches": 2}]


def test_a_touch_without_a_model_counts_with_that_of_the_customer_and_says_so() -> None:
    result = analysed(
        [BEGIN, touch("A", "2026-07-10"), touch("A", "2026-07-11", "tech"), touch("B", "2026-07-12")],
        [account("A", touch_model="high"), account("B"), account("gone")],
        [contract("A", "2025-01-01"), contract("B", "2025-01-01")],
    )
    assert counts(result) == {("all", "high"): 1, ("all", "tech"): 1, ("0", "high"): 1, ("0", "tech"): 1}
    notes = {n.code: n.fields for n in result.notes}
    assert notes["model_of_customer"] == {"touches": 1, "of": 3}
    assert notes["model_unknown"] == {"touches": 1, "of": 3}


PEOPLE = [
    account("A", touch_model="high", csm="x"),
    account("B", touch_model="low", csm="y"),
    account("C", touch_model="tech", csm="y"),
    account("D", csm="y"),
    account("new", touch_model="high", csm="x"),
    account("gone"),
]
SINCE = [
    contract(name, "2025-01-01", mrr=mrr) for name, mrr in (("A", 100), ("B", 200), ("C", 50), ("D", 10))
]
CONTACTS = [
    BEGIN,
    touch("A", "2026-07-10", "high"),
    touch("A", "2026-07-11", "tech", csm="y"),
    touch("A", "2026-07-12", "tech"),
    touch("B", "2026-05-05", "low"),
    touch("C", "2026-08-01", "tech"),
    touch("new", "2026-09-20", "high"),
]


def planned(**plan: Any) -> Result:
    contracts = [*SINCE, contract("new", "2026-09-01", mrr=70)]
    return analysed(CONTACTS, PEOPLE, contracts, touch_plan=plan)


def test_who_gets_less_than_planned_is_listed_with_what_is_missing_and_the_newcomer_is_not_judged() -> None:
    result = planned(by_touch_model={"high": 3, "low": 2, "tech": 1}, hours_per_touch=HOURS)
    table = result.tables["below_plan_customers"].set_index("account_id")
    assert table.index.tolist() == ["B"]
    assert table.loc["B", ["got", "due", "missing", "mrr", "csm"]].tolist() == [0, 2, 2, 200, "y"]
    assert str(table.at["B", "last_touch"].date()) == "2026-05-05"
    every = result.tables["below_plan"].set_index("group").loc["all"]
    assert every.to_dict() == {
        "customers": 4, "untouched": 2, "untouched_mrr": 210, "planned": 3, "below": 1, "below_mrr": 200,
        "due": 6, "got": 4, "missing": 2, "beyond": 0,
    }  # fmt: skip
    assert result.verdicts["below_plan"].code == "below"
    assert result.verdicts["below_plan"].fields == {"customers": 1, "of": 3, "none": 2, "mrr": 200}
    notes = {n.code: n.fields for n in result.notes if n.about == "below_plan"}
    assert notes == {"plan_unknown": {"customers": 1, "of": 4}, "new_customers": {"customers": 1, "of": 5}}


def test_a_plan_that_names_the_models_is_not_met_by_touches_of_others() -> None:
    result = planned(by_touch_model={"high": {"high": 2, "tech": 1}, "tech": {"tech": 1}})
    table = result.tables["below_plan_customers"].set_index("account_id")
    assert table.loc["A", ["got", "due", "missing"]].tolist() == [3, 3, 1]
    assert table.index.tolist() == ["A"]


def test_a_plan_by_level_goes_by_the_level_at_the_beginning_of_the_quarter() -> None:
    result = analysed(
        CONTACTS, PEOPLE, SINCE,
        usage=[use("A", "2026-06-01"), *(use("C", "2026-07-01", e) for e in "ab"), use("gone", "2026-09-01")],
        touch_plan={"by_level": {0: 0, 1: 4, 2: 9}},
    )  # fmt: skip
    table = result.tables["below_plan_customers"].set_index("account_id")
    assert table.index.tolist() == ["A"]  # C rose to Lv.2 in July only
    assert table.loc["A", ["group", "got", "due", "missing"]].tolist() == ["1", 3, 4, 1]


def test_in_how_many_quarters_in_a_row_a_customer_got_less_is_counted() -> None:
    result = planned(by_touch_model={"high": 3, "low": 1, "tech": 2})
    quarters = result.tables["below_plan_customers"].set_index("account_id")["quarters"]
    # B got its touch in the quarter before; C none before; the touches are covered for the last four quarters
    assert quarters.to_dict() == {"B": 1, "C": 4}


def test_hours_are_those_of_the_models_and_the_plan_needs_those_of_the_customers_at_the_end() -> None:
    result = planned(
        by_touch_model={"high": 3, "low": {"low": 1, "tech": 2}, "tech": 1}, hours_per_touch=HOURS
    )
    hours = result.tables["changed_mix"].set_index("change")["hours"]
    # now: high 2 x 2, tech 3 x .5; declared: 5 touches of (2 + 1 + .5 + .25) / 4
    assert hours["now"] == 5.5
    assert hours["declared"] == pytest.approx(5 * 3.75 / 4)
    # A and new: 3 high touches each; B: 1 low, 2 tech; C: 1 tech
    assert hours["plan"] == pytest.approx(2 * 6 + 2 + 0.5)
    assert hours["high_tech"] == pytest.approx(5.5 - 0.5 * 1.5)
    assert hours["tech_high"] == pytest.approx(5.5 + 0.5 * 1.5)
    assert "low_tech" not in hours  # there is no low touch to move
    csms = result.tables["csms"].set_index("csm")
    assert csms.loc["x"].to_dict() == {
        "customers": 2,
        "mrr": 170,
        "touches": 3,
        "hours": 4.5,
        "plan_hours": 12,
    }
    assert csms.loc["y"].to_dict() == {
        "customers": 3,
        "mrr": 260,
        "touches": 2,
        "hours": 1,
        "plan_hours": 2.5,
    }
    verdict = result.verdicts["changed_mix"]
    assert (verdict.code, verdict.fields["difference"]) == ("plan_more", 9)  # of the shown 15 and 6 hours
    assert [f.size for f in result.findings if f.code == "plan_needs_hours"] == [pytest.approx(14.5 / 5.5)]


def test_a_plan_by_level_that_only_counts_touches_needs_the_hours_of_the_declared_mix() -> None:
    mix = {"high": 0.5, "tech": 0.5}
    result = analysed(
        CONTACTS, PEOPLE, SINCE, touch_mix=mix, touch_plan={"by_level": {0: 2}, "hours_per_touch": HOURS}
    )
    assert result.tables["changed_mix"].set_index("change").at["plan", "hours"] == 4 * 2 * (1 + 0.25)


def test_the_sample_is_counted_as_by_sql(result_of, sample_folder) -> None:
    connection = duckdb.connect()
    for table in ("accounts", "contracts", "touches"):
        connection.execute(f"create view {table} as from '{sample_folder}/{table}.csv'")
    result = result_of("touch_mix", "paper_to_web", "2026Q3")
    mix = (
        connection.execute("""
        select touch_model, count(*) as touches, count(*) filter (occurred_at >= '2026-07-01') as in_quarter from touches t
        where product = 'paper_to_web' and kind <> 'churn_notice' and occurred_at >= '2025-10-01'
          and exists (from contracts c where c.account_id = t.account_id and c.product = t.product
                      and started_on <= occurred_at::date and (ended_on is null or ended_on > occurred_at::date))
        group by all""")
        .df()
        .set_index("touch_model")
    )
    rows = result.tables["mix"].set_index(["period", "level", "touch_model"])["count"]
    assert rows["year"]["all"].to_dict() == mix["touches"].to_dict()
    assert rows["quarter"]["all"].to_dict() == mix["in_quarter"].to_dict()
    below = (
        connection.execute("""
        with whole as (
            select account_id, any_value(a.touch_model) as model, sum(mrr) filter (ended_on is null or ended_on > '2026-09-30') as mrr
            from contracts c join accounts a using (account_id)
            where product = 'paper_to_web' and started_on <= '2026-09-30' and (ended_on is null or ended_on > '2026-06-30')
            group by account_id
            having min(started_on) <= '2026-06-30' and bool_or(ended_on is null or ended_on > '2026-09-30')
        ), counted as (
            select w.*, (select count(*) from touches t where t.account_id = w.account_id and product = 'paper_to_web'
                         and kind <> 'churn_notice' and occurred_at >= '2026-07-01') as got,
                   case model when 'high' then 3 when 'community' then 1 else 2 end as due
            from whole w)
        select count(*) as customers, count(*) filter (got < due) as below, sum(mrr) filter (got < due) as below_mrr,
               count(*) filter (got = 0) as untouched, sum(greatest(due - got, 0)) as missing from counted""")
        .df()
        .iloc[0]
    )
    every = result.tables["below_plan"].iloc[0]
    assert {name: every[name] for name in below.index} == below.to_dict()


def everybody(seed: int, shares: dict[str, float], *, customers: int = 60) -> ProductData:
    """Customers at Lv.1 who get touches of one model each, drawn by shares."""
    draw = random(seed)
    names = [f"c{n:02d}" for n in range(customers)]
    models = draw.choice(list(shares), customers, p=list(shares.values()))
    days = pd.date_range("2025-09-21", "2026-09-30", freq="D").strftime("%Y-%m-%d")
    rows = [
        touch(name, str(day), str(model))
        for name, model in zip(names, models, strict=True)
        for day in draw.choice(days, draw.poisson(8) + 1)
    ]
    return product_data(
        product(levels=LEVELS, touch_mix={"high": 0.2, "low": 0.3, "tech": 0.3, "community": 0.2}),
        accounts=[*(account(name) for name in names), account("gone")],
        contracts=[contract(name, "2025-01-01") for name in names],
        touches=[BEGIN, *rows, touch("gone", "2026-09-30", "tech")],
        usage=[use(name, str(day.date())) for name in names for day in pd.date_range("2025-09-01", "2026-09-30", freq="MS")],
    )  # fmt: skip


def test_a_planted_mix_is_told_from_the_declared_one_within_its_interval() -> None:
    shares = {"high": 0.55, "low": 0.15, "tech": 0.15, "community": 0.15}
    results = [touch_mix.analyse(everybody(seed, shares), Q3) for seed in range(8)]
    found = [r.verdicts["mix"].fields for r in results if r.verdicts["mix"].code == "more"]
    assert len(found) >= 7
    assert {f["touch_model"] for f in found} == {"high"}
    assert sum(f["low"] <= 0.55 <= f["high"] for f in found) >= 6
    assert all(r.findings[-1].code == "mix_apart" for r in results if r.verdicts["mix"].code == "more")


def test_the_declared_mix_itself_is_hardly_ever_called_another() -> None:
    shares = {"high": 0.2, "low": 0.3, "tech": 0.3, "community": 0.2}
    codes = [touch_mix.analyse(everybody(seed, shares), Q3).verdicts["mix"].code for seed in range(12)]
    assert codes.count("chance") >= 11  # a false discovery rate of 5 %


def test_a_certain_difference_of_two_points_is_called_small_and_not_chance() -> None:
    """Each of thirty customers gets 54 touches of 200 by high touch, where a quarter is declared: the share is sure to be 27 %."""
    models = ["high"] * 54 + ["low"] * 50 + ["tech"] * 50 + ["community"] * 46
    names = [f"c{n:02d}" for n in range(30)]
    result = analysed(
        [BEGIN, *(touch(n, "2026-08-10", m) for n in names for m in models), touch("gone", "2026-09-30", "tech")],
        [*(account(n) for n in names), account("gone")],
        [contract(n, "2025-01-01") for n in names],
    )  # fmt: skip
    rows = result.tables["mix"].query("period == 'year' and level == 'all'").set_index("touch_model")
    assert rows["verdict"].to_dict() == {
        "high": "small",
        "low": "chance",
        "tech": "chance",
        "community": "small",
    }
    assert result.verdicts["mix"].code == "small"
    assert not [f for f in result.findings if f.code == "mix_apart"]
    assert "several_shares" not in {note.code for note in result.about("mix")}


def test_an_interval_without_the_declared_share_that_may_be_chance_is_explained(result_of) -> None:
    table = pd.DataFrame(
        {"period": "year", "declared": 0.3, "low": [0.35, 0.1], "high": [0.6, 0.4], "verdict": "chance"}
    )
    assert is_stricter(table)
    assert not is_stricter(table.iloc[1:])
    assert not is_stricter(table.assign(verdict="more"))
    assert not is_stricter(table.assign(period="quarter"))  # of the quarter the page has no verdicts
    # of all customers of expense_desk high touch is 27 % to 48 % against the 25 % declared, one of 24 shares
    assert "several_shares" in {
        note.code for note in result_of("touch_mix", "expense_desk", "2026Q3").about("mix")
    }


@pytest.mark.parametrize("name", ["paper_to_web", "helpdesk", "expense_desk"])
def test_levels_add_up_to_all_and_shares_to_one(result_of, name: str) -> None:
    result = result_of("touch_mix", name, "2026Q3")
    mix, levels = result.tables["mix"], result.tables["levels"]
    for _, period in mix.groupby("period"):
        every = period[period["level"] == "all"].set_index("touch_model")["count"]
        of_levels = period[period["level"] != "all"].groupby("touch_model")["count"].sum()
        assert of_levels.to_dict() == every.to_dict()
    assert np.allclose(mix[mix["touches"] > 0].groupby(["period", "level"])["share"].sum(), 1)
    for column in ("customers", "customer_quarters", "touches", "hours", "plan_hours"):
        assert levels[column].iloc[1:].sum() == pytest.approx(levels[column].iloc[0])
        if column in result.tables["csms"]:
            assert result.tables["csms"][column].sum() == pytest.approx(levels[column].iloc[0])
    below = result.tables["below_plan"]
    assert below.iloc[1:].sum(numeric_only=True).to_dict() == pytest.approx(
        below.iloc[0].drop("group").to_dict()
    )
    assert len(result.tables["below_plan_customers"]) == below.iloc[0]["below"]
    assert set(mix["touch_model"]) == set(TOUCH_MODELS)


def test_a_plan_does_not_stand_beside_hours_of_other_touches() -> None:
    of_some = planned(by_touch_model={"high": 3}, hours_per_touch=HOURS)
    assert "plan" not in set(
        of_some.tables["changed_mix"]["change"]
    )  # 4 of the 5.5 hours now are of its customers
    assert of_some.verdicts["changed_mix"].code.startswith("declared")
    nameless = [{**each, "touch_model": None} for each in PEOPLE]
    without_model = [{**each, "touch_model": None} if n % 2 else each for n, each in enumerate(CONTACTS)]
    of_few = analysed(
        without_model, nameless, SINCE,
        touch_plan={"by_level": {0: 1, 1: 1, 2: 1}, "hours_per_touch": {**HOURS, "low": 1, "community": 1}},
    )  # fmt: skip
    assert "hours_unknown" in {note.code for note in of_few.notes}
    assert "plan" not in set(of_few.tables["changed_mix"]["change"])
