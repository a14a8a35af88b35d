"""Where each number stands: one plain sentence for its latest value, its quarter and new customers, whatever is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import account, baseline, contract, product, product_data, random, usage_of

from cs_helpers.analyses import baselines
from cs_helpers.charts import baselines as charts
from cs_helpers.contract.baselines import Alerts, Calendar
from cs_helpers.contract.products import Product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Finding, Result
from cs_helpers.statistics.past_years import expect_from_years
from cs_helpers.tables import baselines as tables
from cs_helpers.tables.findings import sentence
from cs_helpers.tables.notes import sentence as note_sentence
from cs_helpers.text import Text

Q3 = Quarter(2026, 3)
DAYS = pd.date_range("2025-09-01", "2026-09-29", freq="D")  # until a Tuesday
YEARS = pd.date_range("2022-07-01", "2026-09-30", freq="D")


def of(*numbers: dict[str, Any], **settings: Any) -> Product:
    return product(baselines=list(numbers)).model_copy(update=settings)


def done(**other: Any) -> dict[str, Any]:
    unit = {"en": "users", "ja": "人"}
    return baseline("done", source="usage", value="quantity", event="done") | {"unit": unit} | other


def analysed(
    values: pd.Series, watched: Product | None = None, quarter: Quarter = Q3, **other: Any
) -> Result:
    """One customer whose daily quantity of the event `done` is `values`; `other` tables too."""
    given: dict[str, Any] = {
        "accounts": [account("A")], "contracts": [contract("A", "2022-01-01")], "usage": usage_of(values), **other,
    }  # fmt: skip
    data = product_data(watched or of(done()), as_of=values.index[-1].date(), **given)
    return replace(baselines.analyse(data, quarter), settings={"currency": "JPY"})


def poisson(mean: float, days: pd.DatetimeIndex = DAYS, seed: int = 0) -> pd.Series:
    return pd.Series(random(seed).poisson(mean, len(days)).astype(float), days)


def said(result: Result, language: str = "en", row: int = 0) -> dict[str, str]:
    """The row of the page's table, by the keys of its columns."""
    text = Text(language, of(done()))
    page = tables.normal(result, text).page
    headings = text.headings("baselines.normal", "what", "last", "quarter", "new")
    return {key: page[heading].iloc[row] for key, heading in headings.items() if heading in page}


def found(result: Result, code: str) -> Finding:
    [finding] = [f for f in result.findings if f.code == code]
    return finding


# --- the latest value ---------------------------------------------------------------------------


def test_five_hundred_users_on_a_tuesday_are_said_beside_what_is_usual_on_tuesdays() -> None:
    values = poisson(100)
    values.iloc[-1] = 500
    result = analysed(values)
    row = result.tables["normal"].iloc[0]
    low, high, n = round(row["low"]), round(row["high"]), row["n"]
    assert said(result)["last"] == (
        f"Higher than usual: 500 users on Tuesday, 29 Sep 2026; {low}–{high} is usual on Tuesdays (n={n})"
    )
    assert said(result, "ja")["last"] == (
        f"いつもより高い：2026年9月29日（火曜日）は500人（火曜日はいつも{low}〜{high}、n={n}）"
    )
    # about two deviations of 10 around 100, and the error of the level
    assert 70 < low < 90
    assert 110 < high < 130
    assert result.verdicts["normal"].fields == {"odd": 1, "of": 1}


def test_a_hundred_users_where_a_hundred_are_usual_are_usual() -> None:
    values = poisson(100)
    values.iloc[-1] = 100
    result = analysed(values)
    assert said(result)["last"].startswith("Usual: 100 users on Tuesday, 29 Sep 2026; ")
    assert result.verdicts["normal"].code == "all_usual"


def test_fewer_are_as_odd_as_more() -> None:
    values = poisson(100)
    values.iloc[-1] = 33
    assert said(analysed(values))["last"].startswith("Lower than usual: 33 users")


def test_a_value_just_outside_of_the_usual_range_is_high_without_an_alert() -> None:
    values = poisson(100)
    values.iloc[-1] = 1.02 * analysed(values).tables["normal"]["high"].iloc[0] + 1
    result = analysed(values.round())
    assert result.tables["normal"]["verdict"].tolist() == ["above"]
    assert said(result)["last"].startswith("High, but it may be chance: ")
    assert result.verdicts["normal"].code == "all_usual"
    assert result.findings == ()


def test_a_number_that_never_changed_is_not_judged() -> None:
    values = pd.Series(40.0, DAYS)
    values.iloc[-1] = 500
    assert said(analysed(values))["last"] == (
        "Not judged: 500 users on Tuesday, 29 Sep 2026; before the quarter always 40"
    )


def test_a_number_born_last_week_is_said_to_have_too_little_history() -> None:
    result = analysed(poisson(5, pd.date_range("2026-09-24", "2026-09-29")))
    assert said(result)["last"].startswith("Too little history: ")
    assert said(result)["quarter"] == "Too little of the quarter is known to compare it"
    assert result.verdicts["normal"].code == "none_judged"


def test_on_a_closed_day_that_cannot_be_compared_yet_it_is_said_to_be_closed() -> None:
    days = pd.date_range("2026-03-02", "2026-09-22")
    values = poisson(100, days)
    values.iloc[-1] = 5
    closed = Calendar(closed=[{"first": "09-22", "last": "09-22"}])
    result = analysed(values, of(done(), calendar=closed))
    assert said(result)["last"] == "Closed day, not compared: 5 users on Tuesday, 22 Sep 2026"
    assert pd.Timestamp("2026-09-22") not in set(result.tables["departures"]["starts_on"])
    drawn = result.tables["series"].set_index("day")["closed"]
    assert drawn[drawn].index.tolist() == [pd.Timestamp("2026-09-22")]
    # the same without a calendar is called
    assert said(analysed(values))["last"].startswith("Lower than usual: 5 users")


def test_a_week_with_several_closed_days_is_no_alarm_against_ordinary_weeks() -> None:
    values = poisson(100, pd.date_range("2025-09-01", "2026-09-27"))
    values["2026-09-21":"2026-09-23"] = 5
    weekly = done(every="week")
    closed = Calendar(closed=[{"first": "09-21", "last": "09-23"}])
    result = analysed(values, of(weekly, calendar=closed))
    assert result.tables["departures"].empty
    assert said(result)["last"].startswith("Week with closed days, not compared: ")
    assert said(result, "ja")["last"].startswith("休業日の多い週のため比較していません：")
    # the same without a calendar is called
    assert said(analysed(values, of(weekly)))["last"].startswith("Lower than usual: ")


def test_a_number_that_fell_to_nothing_while_the_log_goes_on_is_silent() -> None:
    rows = usage_of(poisson(60)[:"2026-09-01"])
    more = usage_of(poisson(60)).assign(event="more")
    result = analysed(poisson(60), of(done(better="higher")), usage=pd.concat([rows, more]))
    assert said(result)["last"] == "Silent: nothing is recorded since 2 Sep 2026, though the log goes on"
    assert result.verdicts["normal"].code == "some_odd"
    silent = found(result, "silent")
    assert (silent.direction, silent.value) == ("worse", 0)
    assert silent.compared == pytest.approx(60, rel=0.1)
    words = sentence(silent, Text("en", of(done())), "baselines", "JPY")
    assert (
        words
        == f"done: nothing since 2 Sep 2026, usually {silent.compared:.0f} a day, though the log goes on"
    )


def test_a_log_that_ended_is_no_alarm() -> None:
    ended = usage_of(poisson(60)[:"2026-09-01"])
    tickets = [{"ticket_id": "1", "account_id": "A", "opened_at": "2026-09-29"}]
    result = analysed(poisson(60), usage=ended, tickets=tickets)
    assert {"silent_log", "silent_few"} & {n.code for n in result.notes}
    assert not [f for f in result.findings if f.code == "silent"]


# --- weeks, months, levels, segments ------------------------------------------------------------


def test_a_week_of_one_and_a_half_times_the_usual_is_called() -> None:
    days = pd.date_range("2024-09-02", "2026-09-27")
    values = poisson(100, days)
    values["2026-08-17":"2026-08-23"] *= 1.5
    result = analysed(values, of(done(every="week", better="lower")))
    [episode] = result.tables["departures"].itertuples()
    assert (episode.starts_on, episode.ends_on) == (pd.Timestamp("2026-08-17"), pd.Timestamp("2026-08-23"))
    assert episode.ratio == pytest.approx(1.5, rel=0.1)
    odd = found(result, "odd_more")
    assert odd.direction == "worse"
    assert " a week, usually " in sentence(odd, Text("en", of(done())), "baselines", "JPY")
    assert result.metrics["odd_days"].value == 7
    assert said(result)["last"].split(";")[0].endswith("users in the week from 21 Sep 2026")


@pytest.mark.parametrize(
    ("better", "direction"), [("higher", "better"), ("lower", "worse"), ("neither", "neither")]
)
def test_whether_more_is_good_follows_from_the_product_file(better: str, direction: str) -> None:
    values = poisson(100)
    values["2026-08-12"] = 500
    assert found(analysed(values, of(done(better=better))), "odd_more").direction == direction


def test_a_number_per_another_is_a_ratio_and_its_mean_is_of_no_day() -> None:
    values = poisson(100)
    values["2026-08-12"] = 500
    per = {"source": "usage", "value": "quantity", "event": "more"}
    more = usage_of(pd.Series(10.0, DAYS)).assign(event="more")
    result = analysed(values, of(done(per=per)), usage=pd.concat([usage_of(values), more]))
    odd = found(result, "odd_more")
    assert odd.value == pytest.approx(50)
    assert ": 50, usually 10" in sentence(odd, Text("en", of(done())), "baselines", "JPY")


def nps(score: dict[str, int]) -> Result:
    """Forty answers a month of two years: half promoters, a quarter detractors; in August 2026 so many of each."""
    rows, months = [], pd.date_range("2024-07-01", "2026-09-30", freq="MS")
    draw = random(1)
    for month in months:
        promoters = (
            20 + int(draw.integers(-3, 4)) if month != pd.Timestamp("2026-08-01") else score["promoters"]
        )
        for k in range(40):
            value = 10 if k < promoters else 7 if k < 30 else 2
            rows.append(
                {
                    "account_id": f"c{k}",
                    "answered_on": str((month + timedelta(days=k % 28)).date()),
                    "nps": value,
                }
            )
    watched = of(baseline("nps", source="surveys", value="nps") | {"every": "month", "better": "higher"})
    names = [f"c{k}" for k in range(40)]
    data = product_data(
        watched,
        accounts=[account(n) for n in names],
        contracts=[contract(n, "2022-01-01") for n in names],
        surveys=rows,
    )
    return baselines.analyse(data, Q3)


def test_an_nps_that_falls_is_called_by_its_difference_and_has_no_ratio() -> None:
    result = nps({"promoters": 0})
    [episode] = result.tables["departures"].itertuples()
    assert (episode.starts_on, episode.ends_on) == (pd.Timestamp("2026-08-01"), pd.Timestamp("2026-08-31"))
    assert np.isnan(episode.ratio)
    fell = found(result, "odd_fewer")
    assert (fell.direction, fell.size_unit) == ("worse", "")
    assert fell.low <= fell.size <= fell.high < 0  # type: ignore[operator]
    assert result.verdicts["series"].code == "odd_level"
    for language in ("en", "ja"):
        picture = charts.series(result, Text(language, of(done())))
        assert "nan" not in picture.message
    assert nps({"promoters": 20}).tables["departures"].empty


def test_what_is_odd_of_one_size_only_is_named_with_the_size() -> None:
    big, small = poisson(300), poisson(20, seed=1)
    small["2026-08-12"] = 70
    both = pd.concat([usage_of(big).assign(account_id="B"), usage_of(small)])
    result = analysed(
        big, of(done(by="size")), usage=both, accounts=[account("A"), account("B", "enterprise")],
        contracts=[contract("A", "2022-01-01"), contract("B", "2022-01-01")],
    )  # fmt: skip
    assert result.tables["departures"]["series"].tolist() == ["done/size:small"]
    odd = found(result, "odd_more_in")
    assert odd.fields["segment"] == "size:small"
    assert "done (Size: Small)" in sentence(odd, Text("en", of(done())), "baselines", "JPY")
    assert set(result.tables["normal"]["segment"]) == {"all", "size:small", "size:enterprise"}
    text = Text("en", of(done()))
    page = tables.normal(result, text)
    assert len(page.page) == 1  # what is usual in a segment stands in the download
    assert len(page.all_rows) == 3


def test_the_budget_is_said_in_words_and_kept_by_all_series_together() -> None:
    result = analysed(poisson(100), of(done(), alerts=Alerts(false_alerts_a_week=0.2)))
    [note] = [n for n in result.notes if n.code == "budget_rare"]
    words = note_sentence(note, Text("en", of(done())), "baselines", "JPY")
    assert "at most one false alert in 5 weeks" in words
    often = analysed(poisson(100), of(done(), alerts=Alerts(false_alerts_a_week=3)))
    [note] = [n for n in often.notes if n.code == "budget"]
    assert "at most 3 false alerts a week" in note_sentence(note, Text("en", of(done())), "baselines", "JPY")


def test_a_smaller_departure_than_the_product_file_asks_for_is_no_alert() -> None:
    values = poisson(1000)
    values["2026-08-12"] = 1500
    assert len(analysed(values, of(done())).tables["departures"]) == 1
    assert analysed(values, of(done(), alerts=Alerts(min_ratio=2))).tables["departures"].empty
    assert (
        len(analysed(values, of(done(min_ratio=1.2), alerts=Alerts(min_ratio=2))).tables["departures"]) == 1
    )


def test_a_stricter_budget_calls_less() -> None:
    values = poisson(100)
    values["2026-08-12"] = 160
    p = analysed(values).tables["departures"]["p"].iloc[0]
    # seven tests a week: a budget of seven times the p-value is just enough
    for factor, called in ((1.01, 1), (0.99, 0)):
        budget = of(done(), alerts=Alerts(false_alerts_a_week=7 * p * factor, false_discovery=0.5))
        assert len(analysed(values, budget).tables["departures"]) == called


# --- the same quarter of past years -------------------------------------------------------------


def yearly(rates: dict[int, float], customers: dict[int, int] | None = None) -> Result:
    """So many a day in the third quarter of each year, 50 in the others; `customers` of the year."""
    values = pd.Series(50.0, YEARS)
    for year, rate in rates.items():
        values[f"{year}-07-01" : f"{year}-09-30"] = rate
    values += random(3).integers(-3, 4, len(values))
    rows = [contract("A", "2022-01-01")]
    for year, number in (customers or {}).items():
        rows += [contract(f"{year}-{n}", f"{year}-01-01", f"{year}-12-31") for n in range(number - 1)]
    return analysed(values, contracts=rows)


def test_a_quarter_like_those_of_past_years_is_usual_and_one_of_five_times_is_not() -> None:
    past = {2022: 100, 2023: 104, 2024: 98, 2025: 101}
    usual = yearly(past | {2026: 102}).tables["normal"].iloc[0]
    assert (usual["year_verdict"], usual["years"]) == ("as_usual", 4)
    for rate, verdict in ((500, "more"), (150, "more"), (33, "fewer")):
        result = yearly(past | {2026: rate})
        row = result.tables["normal"].iloc[0]
        assert row["year_verdict"] == verdict
        assert row["quarter_value"] == pytest.approx(rate, rel=0.02)
        assert row["year_usual"] == pytest.approx(101, rel=0.02)
        finding = found(result, f"year_{verdict}")
        assert finding.fields["years"] == 4
        assert finding.size == pytest.approx(rate / 101, rel=0.03)


def test_the_interval_of_a_quarter_is_that_of_the_sums_of_past_quarters() -> None:
    rates = {2022: 100, 2023: 104, 2024: 98, 2025: 101, 2026: 102}
    row = yearly(rates).tables["normal"].iloc[0]
    noise = pd.Series(random(3).integers(-3, 4, len(YEARS)), YEARS)
    *past, now = [92 * rate + noise[f"{year}-07-01" : f"{year}-09-30"].sum() for year, rate in rates.items()]
    expected = expect_from_years(now, past, scale="count", exposure=92, past_exposure=[92.0] * 4)
    assert expected is not None
    assert row["quarter_value"] == pytest.approx(now / 92)
    assert (row["year_low"], row["year_high"]) == pytest.approx((expected.low / 92, expected.high / 92))


def test_twice_as_many_of_twice_as_many_customers_are_usual() -> None:
    customers = {2022: 10, 2023: 11, 2024: 10, 2025: 10, 2026: 20}
    rates = {2022: 100, 2023: 110, 2024: 101, 2025: 99, 2026: 200}
    assert yearly(rates, customers).tables["normal"]["year_verdict"].tolist() == ["as_usual"]
    assert yearly(rates).tables["normal"]["year_verdict"].tolist() == ["more"]


def test_two_past_years_that_differ_do_not_say_what_is_usual() -> None:
    values = pd.Series(50.0, YEARS[YEARS >= "2024-01-01"])
    values += random(3).integers(-3, 4, len(values))
    values["2024-07-01":"2024-09-30"] *= 2
    row = analysed(values).tables["normal"].iloc[0]
    assert (row["year_verdict"], row["years"]) == ("wide", 2)
    assert "too uncertain to call it usual or not" in said(analysed(values))["quarter"]


def test_one_past_year_is_too_few() -> None:
    result = analysed(poisson(100, pd.date_range("2025-07-01", "2026-09-29")))
    assert result.tables["normal"]["year_verdict"].tolist() == ["first"]
    assert said(result)["quarter"].endswith("too few past years to compare (1)")


# --- the first month of new customers -----------------------------------------------------------


def starts(each: dict[str, int]) -> Result:
    """Ten customers of April and ten of July, who do so many of the event on each of their first days."""
    rows, contracts = [], []
    for month, number in each.items():
        for n in range(10):
            name, first = f"{month}-{n}", date.fromisoformat(f"2026-{month}-06")
            contracts.append(contract(name, str(first)))
            rows += [
                {"account_id": name, "day": str(first + timedelta(days=d)), "event": "done", "quantity": 1.0}
                for d in range(number + n % 3)
            ]
    rows.append({"account_id": "old", "day": "2026-03-01", "event": "done", "quantity": 1.0})
    rows += [
        {"account_id": "old", "day": str(d.date()), "event": "done", "quantity": 1.0}
        for d in pd.date_range("2026-03-01", "2026-09-30")
    ]
    names = [c["account_id"] for c in contracts]
    data = product_data(
        of(done(better="higher")), accounts=[account(n) for n in (*names, "old")],
        contracts=[*contracts, contract("old", "2022-01-01")], usage=rows,
    )  # fmt: skip
    return baselines.analyse(data, Q3)


def test_new_customers_who_use_a_third_of_what_earlier_ones_used_are_called() -> None:
    result = starts({"04": 21, "07": 6})
    row = result.tables["normal"].iloc[0]
    # 6 + 0.9 and 21 + 0.9 a customer: a ratio of 6.9 / 21.9
    assert (row["each"], row["earlier_each"]) == (pytest.approx(6.9), pytest.approx(21.9))
    assert row["age_ratio"] == pytest.approx(6.9 / 21.9)
    finding = found(result, "starts_less")
    assert (finding.direction, finding.customers) == ("worse", 10)
    assert said(result)["new"].startswith("Less: 6.9 each, earlier ones 22: 0.32 × (")


def test_new_customers_who_use_as_much_are_not_called() -> None:
    result = starts({"04": 15, "07": 15})
    assert result.tables["normal"]["age_verdict"].tolist() == ["as_usual"]
    assert said(result)["new"].startswith("No clear difference: ")
    assert not [f for f in result.findings if f.code.startswith("starts_")]


def test_a_cohort_that_is_too_small_leaves_the_column_out() -> None:
    assert "new" not in said(analysed(poisson(100)))
