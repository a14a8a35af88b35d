"""What is odd must be called, ordinary noise must not, and from nothing no verdict is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from builders import account, baseline, contract, product, product_data, random, usage_of
from scipy.stats import binom

from cs_helpers.analyses import baselines
from cs_helpers.contract.baselines import Alerts
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Note, Result
from cs_helpers.sample import truths
from cs_helpers.snapshot import ProductData

DAY = timedelta(days=1)
Q3 = Quarter(2026, 3)
DAYS = pd.date_range("2025-09-01", "2026-09-30", freq="D")
WEEKDAYS = np.where(DAYS.day_of_week >= 5, 0.3, 1.0)
DONE = product(baselines=[baseline("done", source="usage", value="quantity", event="done")])


def series(values: object, days: pd.DatetimeIndex = DAYS) -> pd.Series:
    return pd.Series(np.asarray(values, dtype=float), index=days)


def usual_hundred(seed: int) -> pd.Series:
    return series(random(seed).poisson(100, len(DAYS)))


def watched(values: pd.Series) -> Result:
    """The analysis of one customer whose daily quantity of one event is `values`."""
    data = product_data(
        DONE, accounts=[account("A")], contracts=[contract("A", "2024-01-01")], usage=usage_of(values)
    )
    return baselines.analyse(data, Q3)


def notes(result: Result) -> dict[str, Note]:
    return {n.code: n for n in result.notes if n.about in ("series", "departures")}


# --- a day against its usual level ------------------------------------------------------------


@pytest.mark.parametrize(("called", "ratio"), [(500, 5), (33, 1 / 3)], ids=["100 to 500", "x 1/3"])
@pytest.mark.parametrize("seed", range(3))
def test_an_odd_day_is_called(seed: int, called: float, ratio: float) -> None:
    values = usual_hundred(seed)
    values["2026-08-12"] = called
    departures = watched(values).tables["departures"]
    first = departures.iloc[0]
    assert (first["starts_on"], first["periods"]) == (pd.Timestamp("2026-08-12"), 1)
    assert first["ratio"] == pytest.approx(ratio, rel=0.1)


@pytest.mark.parametrize("factor", [5, 1 / 3])
def test_an_odd_day_is_called_against_its_own_weekday(factor: float) -> None:
    values = series(random(4).poisson(100 * WEEKDAYS))
    values["2026-08-15"] = round(30 * factor)  # a Saturday; 150 would be odd on no working day
    called = watched(values).tables["departures"]
    assert called["starts_on"].tolist() == [pd.Timestamp("2026-08-15")]


def test_ordinary_noise_is_called_at_most_at_the_false_discovery_level() -> None:
    drawn = [
        draw(random(seed))
        for seed in range(10)
        for draw in (
            lambda chance: chance.poisson(100, len(DAYS)),
            lambda chance: chance.negative_binomial(50, 1 / 3, len(DAYS)),
            lambda chance: chance.poisson(100 * WEEKDAYS),
        )
    ]
    weeks_called = weeks = 0
    for values in drawn:
        days = watched(series(values)).tables["series"]
        by_week = days.groupby(days["day"].dt.to_period("W"))["odd"].any()
        weeks_called, weeks = weeks_called + by_week.sum(), weeks + len(by_week)
    # each week is a scan of its own
    assert weeks_called <= binom.ppf(0.999, weeks, Alerts().false_discovery)


def test_what_comes_after_a_week_changes_nothing_that_was_called_in_it() -> None:
    for seed in range(5):
        values = series(random(seed).poisson(100, len(DAYS)))
        values["2026-07-08"] = 132
        alone = watched(values).tables["series"].query("day < '2026-08-01'")
        values["2026-08-03":] = 500
        followed = watched(values).tables["series"].query("day < '2026-08-01'")
        assert followed["odd"].tolist() == alone["odd"].tolist()


def test_a_slow_growth_is_not_odd() -> None:
    grown = random(1).poisson(np.linspace(80, 160, len(DAYS)))
    assert watched(series(grown)).metrics["odd_days"].value == 0


def test_a_certain_but_small_departure_is_not_worth_an_alert() -> None:
    # a tenth more than a usual 10,000 lies ten deviations away
    values = series(random(2).poisson(10_000, len(DAYS)))
    values["2026-08-12"] = 11_000
    assert watched(values).metrics["odd_days"].value == 0


def test_odd_days_up_to_three_days_apart_are_one_episode() -> None:
    values = usual_hundred(0)
    values[["2026-08-03", "2026-08-06", "2026-08-10"]] = 500
    result = watched(values).tables["departures"]
    assert result[["starts_on", "ends_on", "periods"]].values.tolist() == [
        [pd.Timestamp("2026-08-03"), pd.Timestamp("2026-08-06"), 2],
        [pd.Timestamp("2026-08-10"), pd.Timestamp("2026-08-10"), 1],
    ]


def test_days_that_depart_in_opposite_directions_are_two_episodes() -> None:
    values = usual_hundred(0)
    values[["2026-08-03", "2026-08-04"]] = [500, 10]
    result = watched(values).tables["departures"].sort_values("starts_on")
    assert result["periods"].tolist() == [1, 1]
    assert (result["ratio"] > 1).tolist() == [True, False]


def test_an_odd_day_does_not_move_what_is_usual_after_it() -> None:
    values = usual_hundred(3)
    odd = values.copy()
    odd["2026-08-12"] = 500
    usual = [watched(v).tables["series"].set_index("day")["usual"] for v in (values, odd)]
    assert usual[1].to_numpy() == pytest.approx(usual[0].to_numpy(), rel=0.05)


def test_the_usual_level_of_each_weekday_is_that_of_the_pattern() -> None:
    table = watched(series(random(5).poisson(100 * WEEKDAYS))).tables["series"].iloc[-28:]
    usual = table.groupby(table["day"].dt.dayofweek)["usual"].median()
    levels = pd.Series([100] * 5 + [30] * 2)
    # a median of eight Poisson numbers errs by 1.25 deviations over the root of 8
    error = 1.2533 * np.sqrt(levels / 8)
    assert ((usual - levels).abs() < 3 * error).all()


def test_bounds_hold_the_usual_and_about_19_in_20_of_ordinary_days() -> None:
    result = watched(usual_hundred(6)).tables["series"]
    assert result["low"].lt(result["usual"]).all()
    assert result["usual"].lt(result["high"]).all()
    inside = result["value"].between(result["low"], result["high"]).sum()
    assert inside >= binom.ppf(0.001, len(result), 0.95)


def test_a_gap_in_the_past_calls_nothing_now() -> None:
    values = usual_hundred(7)
    known = values.drop(values["2026-03-02":"2026-03-15"].index)
    assert watched(known).metrics["odd_days"].value == 0


def test_days_without_rows_are_days_of_none() -> None:
    values = usual_hundred(7)
    known = values.drop(values["2026-08-10":"2026-08-12"].index)
    first = watched(known).tables["departures"].iloc[0]
    assert (first["starts_on"], first["periods"]) == (pd.Timestamp("2026-08-10"), 3)
    assert first["value"] == 0


@pytest.mark.parametrize("constant", [40, 0], ids=["always 40", "always 0"])
def test_a_series_that_never_varies_gives_a_note_and_no_verdict(constant: float) -> None:
    values = series(np.full(len(DAYS), constant))
    values.iloc[-1] = 500
    result = watched(values)
    assert "series" not in result.tables
    assert set(notes(result)) == {"constant_series", "nothing_watched"}


def test_a_series_that_nearly_never_varies_gives_a_note_and_no_verdict() -> None:
    values = series(np.full(len(DAYS), 40))
    values.iloc[20] = 41
    result = watched(values)
    assert result.tables["departures"].empty
    assert result.verdicts["series"].code == "not_judged"
    assert result.tables["normal"]["verdict"].tolist() == ["no_spread"]
    assert set(notes(result)) == {"no_spread"}


@pytest.mark.parametrize("history", [0, 1, 10, 30])
def test_a_short_history_gives_the_usual_range_and_no_verdict(history: int) -> None:
    days = pd.date_range(Q3.start - timedelta(days=history), Q3.end, freq="D")
    values = series(random(8).poisson(100, len(days)), days)
    values["2026-09-30"] = 500
    result = watched(values)
    assert result.verdicts["series"].code == "not_judged"
    assert not result.tables["series"]["odd"].any()
    row = result.tables["normal"].iloc[0]
    assert row["verdict"] == "short"
    # about 100 +- 2 deviations of 10
    assert 70 < row["low"] < 90 < 110 < row["high"] < 130
    assert [name.en for name in notes(result)["short_history"].fields["baselines"]] == ["done"]


def test_the_part_of_a_quarter_before_which_too_little_was_known_is_named() -> None:
    days = pd.date_range(Q3.start - timedelta(days=60), Q3.end, freq="D")
    result = watched(series(random(8).poisson(100, len(days)), days))
    table = result.tables["series"].set_index("day")
    since = notes(result)["judged_since"].fields["since"]
    assert table["p"].notna().equals(pd.Series(table.index >= pd.Timestamp(since), table.index, name="p"))
    assert result.verdicts["series"].code == "usual"


def test_a_number_born_last_week_has_its_value_and_no_range() -> None:
    days = pd.date_range("2026-09-24", Q3.end, freq="D")
    row = watched(series([3, 5, 4, 0, 2, 6, 4], days)).tables["normal"].iloc[0]
    assert (row["verdict"], row["value"], row["year_verdict"]) == ("little", 4, "unknown")
    assert np.isnan(row["low"])


def test_just_enough_history_gives_a_verdict() -> None:
    days = pd.date_range(Q3.start - timedelta(days=112), Q3.end, freq="D")
    values = series(random(8).poisson(100, len(days)), days)
    values["2026-08-12"] = 500
    assert watched(values).tables["departures"]["starts_on"].tolist() == [pd.Timestamp("2026-08-12")]


def test_a_table_given_but_empty_gives_a_note() -> None:
    data = product_data(accounts=[account("A")], contracts=[contract("A", "2024-01-01")], tickets=[])
    assert "nothing_recorded_of" in notes(baselines.analyse(data, Q3))


def test_a_table_not_given_gives_a_note() -> None:
    data = product_data(accounts=[account("A")], contracts=[contract("A", "2024-01-01")])
    assert notes(baselines.analyse(data, Q3))["missing_table"].fields["tables"] == ("tickets",)


# --- the quarter's churn against past years ---------------------------------------------------


def lost_by_year(years: dict[int, tuple[int, int]]) -> Result:
    """The third quarters in which of so many customers so many were lost; each year has its own."""
    rows = []
    for year, (customers, lost) in years.items():
        for n in range(customers):
            ended = date(year, 8, 15) if n < lost else date(year, 12, 15)
            rows.append(contract(f"{year}-{n}", f"{year}-02-01", str(ended)))
    return baselines.analyse(product_data(accounts=[], contracts=rows), Q3)


def test_churn_of_one_and_a_half_times_past_years_is_called() -> None:
    result = lost_by_year({2023: (400, 60), 2024: (400, 60), 2025: (400, 60), 2026: (400, 90)})
    now = result.tables["same_quarter"].iloc[-1]
    assert now["odd"]
    assert result.metrics["lost_ratio"].value == pytest.approx(1.5)
    # 15 % with the error of 400 customers now and 1,200 then
    reach = 1.959964 * np.sqrt(0.15 * 0.85 * (1 / 400 + 1 / 1200))
    assert (now["usual"], now["low"], now["high"]) == pytest.approx((0.15, 0.15 - reach, 0.15 + reach))


def test_churn_of_a_third_of_past_years_is_called() -> None:
    result = lost_by_year({2023: (400, 60), 2024: (400, 60), 2025: (400, 60), 2026: (400, 20)})
    assert result.tables["same_quarter"]["odd"].iloc[-1]


def test_churn_like_one_of_years_that_vary_much_is_not_called() -> None:
    # 22.5 % is outside what 15 % allows, yet years of 5 to 25 % show that 15 % is no constant
    result = lost_by_year({2023: (400, 20), 2024: (400, 60), 2025: (400, 100), 2026: (400, 90)})
    assert not result.tables["same_quarter"]["odd"].iloc[-1]


@pytest.mark.parametrize(("customers", "chance"), [(100, 0.15), (40, 0.02)], ids=["many", "few"])
def test_ordinary_churn_is_mostly_not_called(customers: int, chance: float) -> None:
    seeds = 20
    called = 0
    for seed in range(seeds):
        lost = random(seed).binomial(customers, chance, 4)
        result = lost_by_year({2023 + n: (customers, int(k)) for n, k in enumerate(lost)})
        called += result.tables["same_quarter"]["odd"].iloc[-1]
    assert called <= binom.ppf(0.999, seeds, 0.05)


def test_one_customer_lost_after_years_of_none_is_not_odd() -> None:
    # if all 145 were alike, the one of them would be of this year in 56 of 145 cases
    result = lost_by_year({2024: (40, 0), 2025: (49, 0), 2026: (56, 1)})
    assert not result.tables["same_quarter"]["odd"].iloc[-1]


def test_many_customers_lost_after_years_of_none_are_odd() -> None:
    # (56 / 145) ** 12 = .00001
    result = lost_by_year({2024: (40, 0), 2025: (49, 0), 2026: (56, 12)})
    assert result.tables["same_quarter"]["odd"].iloc[-1]


def test_the_bounds_after_years_of_none_are_those_of_the_exact_test() -> None:
    # k lost, all of them this year, of two like halves: two-sided p 2 / 2 ** k, .0625 for 5, .03 for 6
    now = lost_by_year({2024: (25, 0), 2025: (25, 0), 2026: (50, 0)}).tables["same_quarter"].iloc[-1]
    assert (now["low"], now["high"]) == (0, 5 / 50)


def test_fewer_than_two_past_years_give_a_note_and_no_verdict() -> None:
    result = lost_by_year({2025: (100, 1), 2026: (100, 90)})
    assert not result.tables["same_quarter"]["odd"].any()
    assert [n.fields["years"] for n in result.notes if n.code == "too_few_years"] == [1]


def test_customers_lost_are_those_at_the_start_of_the_quarter() -> None:
    rows = [
        contract("long before", "2025-01-01", "2026-06-29"),
        contract("before", "2025-01-01", "2026-06-30"),  # lost on the day after
        contract("first day", "2025-01-01", "2026-07-01"),
        contract("last day", "2025-01-01", "2026-09-30"),  # lost in the next quarter
        contract("after", "2025-01-01", "2026-10-01"),
        contract("stays", "2025-01-01"),
        contract("new", "2026-07-01", "2026-08-31"),  # was no customer when the quarter began
    ]
    now = baselines.analyse(product_data(accounts=[], contracts=rows), Q3).tables["same_quarter"].iloc[-1]
    assert (now["customers"], now["lost"]) == (5, 2)


def test_no_customers_in_the_quarter_give_a_note() -> None:
    rows = [contract("A", "2024-01-01", "2025-01-01")]
    result = baselines.analyse(product_data(accounts=[], contracts=rows), Q3)
    assert "no_start_customers" in {n.code for n in result.notes}
    assert "same_quarter" not in result.tables


# --- new customers against earlier ones -------------------------------------------------------


def cohorts(starts: dict[str, str], opened: list[tuple[str, str]]) -> Result:
    return baselines.analyse(
        product_data(
            accounts=[account(name) for name in starts],
            contracts=[contract(name, start) for name, start in starts.items()],
            tickets=[
                {"ticket_id": str(n), "account_id": name, "opened_at": f"{day} 09:00"}
                for n, (name, day) in enumerate(opened)
            ],
        ),
        Q3,
    )


def asking(earlier: int, new: int, each: int) -> Result:
    """So many customers of April, who ask three times each, and of July, who ask `each` times."""
    starts = {f"e{n}": "2026-04-06" for n in range(earlier)} | {f"n{n}": "2026-07-06" for n in range(new)}
    opened = [(name, "2026-04-10") for name in starts if name[0] == "e" for _ in range(3)]
    opened += [(name, "2026-07-10") for name in starts if name[0] == "n" for _ in range(each)]
    return cohorts({**starts, "first": "2026-04-01"}, [("first", "2026-04-01"), *opened])


def test_new_customers_who_ask_a_third_are_called() -> None:
    ratio = asking(30, 18, 1).metrics["cohort_ratio"]
    # with the customer `first`, who asks once: 91 tickets of 31 earlier customers
    assert ratio.value == pytest.approx(1 / (91 / 31))
    assert ratio.high < 1


def test_new_customers_who_ask_as_much_are_not_called() -> None:
    ratio = asking(30, 18, 3).metrics["cohort_ratio"]
    assert ratio.low < 1 < ratio.high


def test_a_handful_of_new_customers_gives_a_note_and_no_verdict() -> None:
    result = asking(30, 7, 1)
    assert "cohort_ratio" not in result.metrics
    assert [n.fields["customers"] for n in result.notes if n.code == "small_cohort"] == [7]


def test_the_first_month_has_thirty_days() -> None:
    opened = [("A", day) for day in ("2026-07-01", "2026-07-30", "2026-07-31")]
    table = cohorts({"A": "2026-07-01"}, [("A", "2026-06-01"), *opened]).tables["cohorts"]
    assert table.values.tolist() == [["2026Q3", 1, 2, 2.0]]


def test_only_customers_whose_first_month_is_over_are_compared() -> None:
    starts = {"over": "2026-09-01", "not yet": "2026-09-02"}
    table = cohorts(starts, [("z", "2026-04-01")]).tables["cohorts"]
    assert table["customers"].tolist() == [1]


def test_a_customer_who_started_on_the_first_day_of_the_log_is_compared() -> None:
    table = cohorts({"A": "2026-04-01"}, [("A", "2026-04-01")]).tables["cohorts"]
    assert table[["cohort", "customers", "tickets"]].values.tolist() == [["2026Q2", 1, 1]]


# --- the planted truths of the sample ---------------------------------------------------------


#: an alert in an ordinary week is chance: of a scan a week, Benjamini and Hochberg's rate is that of scans with any
ORDINARY_WEEKS = binom.ppf(0.99, 12, Alerts().false_discovery)


def departures(result: Result, week: truths.OddWeek) -> tuple[pd.DataFrame, int]:
    """The departures of a planted week, and the number of other weeks in which anything is called."""
    table, series = result.tables["departures"], result.tables["series"]
    days = table["starts_on"].dt.date, table["ends_on"].dt.date
    odd = series.loc[series["odd"], "day"]
    others = odd[~odd.dt.date.between(week.first_day, week.last_day)]
    inside = (days[0] >= week.first_day) & (days[1] <= week.last_day)
    return table[inside], others.dt.to_period("W").nunique()


def test_the_planted_odd_week_is_the_first_departure(result_of: Callable[..., Result]) -> None:
    truth = truths.ODD_WEEK
    first = result_of("baselines", truth.product, "2026Q3").tables["departures"].iloc[0]
    assert first["baseline"] == "daily_active_users"
    assert (first["starts_on"].date(), first["ends_on"].date()) == (truth.first_day, truth.last_day)
    assert first["ratio"] == pytest.approx(truth.ratio, rel=0.1)


def test_beside_the_planted_odd_week_nothing_is_called_beyond_the_rate(
    result_of: Callable[..., Result],
) -> None:
    truth = truths.ODD_WEEK
    inside, others = departures(result_of("baselines", truth.product, "2026Q3"), truth)
    # one episode of all customers and of each size; the more users, the more documents
    assert set(inside["baseline"]) == {"daily_active_users", "documents_delivered"}
    assert not inside["series"].duplicated().any()
    assert others <= ORDINARY_WEEKS


def test_the_planted_quiet_week_is_found_and_nothing_else_beyond_the_rate(
    result_of: Callable[..., Result],
) -> None:
    truth = truths.QUIET_WEEK
    inside, others = departures(result_of("baselines", truth.product, "2026Q3"), truth)
    # the fewer tickets, the fewer of them per account; and of those that are closed more are old ones
    assert "tickets_opened" in set(inside["baseline"])
    assert set(inside["baseline"]) <= {"tickets_opened", "tickets_per_account", "time_to_resolve"}
    assert (inside.loc[inside["baseline"] != "time_to_resolve", "ratio"] < 0.5).all()
    assert others <= ORDINARY_WEEKS


#: quarters of products in which nothing is planted
ORDINARY = [("paper_to_web", "2026Q2"), ("paper_to_web", "2026Q1"), ("expense_desk", "2026Q3")]
MORE_ORDINARY = [
    (name, quarter)
    for name in ("paper_to_web", "helpdesk", "expense_desk")
    for quarter in ("2025Q1", "2025Q3", "2025Q4")
]


def odd_weeks(result_of: Callable[..., Result], quarters: list[tuple[str, str]]) -> int:
    """In how many weeks of quarters of products anything is called."""
    tables = [result_of("baselines", *quarter).tables["series"] for quarter in quarters]
    return sum(t.loc[t["odd"], "day"].dt.to_period("W").nunique() for t in tables)


def test_where_no_week_was_planted_no_more_is_called_than_the_rate_allows(
    result_of: Callable[..., Result],
) -> None:
    # where nothing is odd, Benjamini and Hochberg's rate is that of scans, of a week each, with any alert
    assert odd_weeks(result_of, ORDINARY) <= binom.ppf(0.99, 13 * len(ORDINARY), Alerts().false_discovery)


@pytest.mark.thorough
def test_of_more_ordinary_weeks_of_the_sample_no_more_are_called_than_the_rate_allows(
    result_of: Callable[..., Result],
) -> None:
    quarters = ORDINARY + MORE_ORDINARY
    assert odd_weeks(result_of, quarters) <= binom.ppf(0.99, 13 * len(quarters), Alerts().false_discovery)


def test_the_planted_year_end_is_called(result_of: Callable[..., Result]) -> None:
    result = result_of("baselines", truths.YEAR_END_PRODUCT, "2026Q1")
    assert result.tables["same_quarter"]["odd"].iloc[-1]
    # the quarter also holds the few that end before its last day
    assert result.metrics["lost_ratio"].value == pytest.approx(truths.YEAR_END_RATIO, abs=0.1)


@pytest.mark.parametrize(
    ("name", "quarter"),
    [("paper_to_web", q) for q in ("2024Q1", "2025Q1", "2025Q3", "2025Q4", "2026Q2", "2026Q3")]
    + [(name, q) for name in ("helpdesk", "expense_desk") for q in ("2026Q1", "2026Q2", "2026Q3")],
)
def test_no_other_quarter_is_called_for_its_churn(
    of_product: Callable[[str], ProductData], name: str, quarter: str
) -> None:
    # the contracts alone: the daily numbers take longer and say nothing of churn
    contracts_only = replace(of_product(name), given=frozenset({"accounts", "contracts"}))
    table = baselines.analyse(contracts_only, Quarter.parse(quarter)).tables["last_quarters"]
    planted = {"2026Q1"} if name == truths.YEAR_END_PRODUCT else set()
    assert set(table.loc[table["odd"], "quarter"]) == planted & set(table["quarter"])


@pytest.mark.parametrize("quarter", ["2026Q2", "2026Q3"])
def test_the_planted_year_end_is_named_in_the_quarters_after_it(
    result_of: Callable[..., Result], quarter: str
) -> None:
    result = result_of("baselines", truths.YEAR_END_PRODUCT, quarter)
    verdict = result.verdicts["same_quarter"]
    assert (verdict.code, verdict.fields["quarter"]) == ("earlier_more", "2026Q1")
    assert verdict.fields["ratio"] == pytest.approx(truths.YEAR_END_RATIO, abs=0.1)
    [named] = [f for f in result.findings if f.code == "lost_more_in"]
    assert (named.direction, named.fields["quarter"]) == ("worse", "2026Q1")
    assert named.customers == result_of("baselines", truths.YEAR_END_PRODUCT, "2026Q1").findings[0].customers


def test_the_planted_quiet_cohort_is_called(result_of: Callable[..., Result]) -> None:
    truth = truths.QUIET_COHORT
    result = result_of("baselines", truth.product, "2026Q3")
    ratio = result.metrics["cohort_ratio"]
    assert ratio.n == truth.customers
    assert ratio.value == pytest.approx(truth.tickets_a_customer / truth.earlier_tickets_a_customer, rel=0.1)
    assert ratio.high < 1
    table = result.tables["cohorts"].set_index("cohort")
    assert table.at["2026Q3", "tickets"] == truth.customers * truth.tickets_a_customer


def test_the_cohort_before_the_planted_one_is_not_called(result_of: Callable[..., Result]) -> None:
    ratio = result_of("baselines", truths.QUIET_COHORT.product, "2026Q2").metrics["cohort_ratio"]
    assert ratio.low < 1 < ratio.high


@pytest.mark.parametrize("name", ["helpdesk", "expense_desk"])
def test_products_with_few_new_customers_have_no_verdict_on_them(
    result_of: Callable[..., Result], name: str
) -> None:
    result = result_of("baselines", name, "2026Q3")
    assert "cohort_ratio" not in result.metrics
    assert "small_cohort" in {n.code for n in result.notes}
