"""What is usual is known before, ordinary noise is called as seldom as p-values say, and what is odd is called."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pytest
from builders import random
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from series import DAYS, ORDINARY, QUARTER, ordinary, slow_drift, spike, turned_week

from cs_helpers.statistics.alert_budget import alerts
from cs_helpers.statistics.usual_level import usual_levels

ODD_DAY = pd.Timestamp("2026-08-12")  # a Wednesday
COLUMNS = ["value", "usual", "low", "high", "p", "n", "basis"]


@dataclass(frozen=True)
class Budget:
    false_alerts_a_week: float = 0.2
    false_discovery: float = 0.05


def called(values: pd.Series, scale: str = "count") -> pd.DatetimeIndex:
    """The days of the quarter that raise an alert if the series is the only one that is watched."""
    levels = usual_levels(values, QUARTER, scale=scale)
    ratio = (levels["value"] + 0.5) / (levels["usual"] + 0.5)
    large = (ratio >= 1.3) | (ratio <= 1 / 1.3)
    return pd.DatetimeIndex(levels.index[alerts(levels["p"].to_numpy(), large.to_numpy(), 7, Budget())])


# --- calibration ------------------------------------------------------------------------------


@cache
def judged_year(name: str, seed: int) -> pd.DataFrame:
    """The last year of an ordinary series, each day forecast from the days before it."""
    return usual_levels(ordinary(name, seed), pd.Timestamp("2025-10-01"), scale=ORDINARY[name][0])


def p_values(name: str, seeds: int) -> np.ndarray:
    return np.concatenate([judged_year(name, seed)["p"].dropna().to_numpy() for seed in range(seeds)])


@pytest.mark.parametrize("name", ORDINARY)
def test_of_ordinary_days_no_more_than_a_share_have_so_small_a_p_value(name: str) -> None:
    p = p_values(name, 8)
    assert len(p) > 2000
    for share in (0.01, 0.001):
        assert (p <= share).sum() <= stats.binom.ppf(0.999, len(p), share)


def test_of_ordinary_quarters_no_more_than_the_discovery_rate_have_an_alert() -> None:
    quarters = [
        quarter["p"].to_numpy()
        for name in ORDINARY
        for seed in range(8)
        for _, quarter in judged_year(name, seed).groupby(lambda day: day.to_period("Q"))
    ]
    # without a least effect, which would hide false alerts
    odd = sum(alerts(p, np.ones(len(p), dtype=bool), 7, Budget()).any() for p in quarters)
    assert odd <= stats.binom.ppf(0.999, len(quarters), 0.05)


@pytest.mark.parametrize("name", ORDINARY)
def test_about_19_in_20_ordinary_days_lie_within_the_bounds(name: str) -> None:
    years = pd.concat([judged_year(name, seed) for seed in range(8)]).dropna(subset=["value", "low"])
    inside = years["value"].between(years["low"], years["high"]).mean()
    # of counts the bounds are whole numbers, which hold more
    assert inside >= 0.935
    assert inside <= (0.97 if years["usual"].median() > 10 else 1)


@pytest.mark.thorough
@pytest.mark.parametrize("days", [215, 290, 460])
def test_a_short_past_makes_no_more_false_alerts(days: int) -> None:
    names = ("poisson 1", "poisson 100", "negative binomial 5", "negative binomial 100", "t5 of logs")
    for name in names:
        found = [
            usual_levels(ordinary(name, seed, DAYS[-days:]), QUARTER, scale=ORDINARY[name][0])["p"].dropna()
            for seed in range(40)
        ]
        p = np.concatenate(found)
        for share in (0.01, 0.001):
            assert (p <= share).sum() <= stats.binom.ppf(0.999, len(p), share), (name, share)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("every", "periods", "cycle"), [("week", 60, 52.18), ("week", 170, 52.18), ("month", 48, 12)]
)
def test_of_ordinary_weeks_and_months_no_more_than_a_share_have_so_small_a_p_value(
    every: str, periods: int, cycle: float
) -> None:
    index = pd.date_range("2020-01-06", periods=periods, freq="W-MON" if every == "week" else "MS")
    time = np.arange(periods)
    draws = {
        "few": ("count", lambda r: r.poisson(3, periods)),
        "many": ("count", lambda r: r.negative_binomial(10, 0.1, periods)),
        "season": (
            "count",
            lambda r: r.poisson(300 * (1 + 0.3 * np.sin(2 * np.pi * (time / cycle + r.random())))),
        ),
        "growth": ("count", lambda r: r.poisson(100 * 1.5 ** (time / cycle))),
        "hours": ("amount", lambda r: 8 * np.exp(0.25 * r.standard_t(5, periods))),
        "nps": ("level", lambda r: 20 + 12 * r.standard_normal(periods)),
    }
    for name, (scale, draw) in draws.items():
        found = []
        for seed in range(40):
            values = pd.Series(np.asarray(draw(random(seed)), dtype=float), index)
            found.append(usual_levels(values, index[-12], every=every, scale=scale)["p"].to_numpy())
        p = np.concatenate(found)
        assert np.isfinite(p).all()
        # months of one series share their errors, so the bound is that of half as many
        assert (p <= 0.01).sum() <= 2 * stats.binom.ppf(0.999, len(p) // 2, 0.01), name


# --- what is odd is called --------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("factor", [5, 1 / 3], ids=["100 to 500", "a third"])
@pytest.mark.parametrize(
    "name", ["poisson 100", "weekly poisson 200", "weekly and yearly 100", "shifted long ago"]
)
def test_an_odd_day_is_called(name: str, factor: float, seed: int) -> None:
    assert ODD_DAY in called(spike(ordinary(name, seed), ODD_DAY, factor))


@pytest.mark.parametrize("seed", range(3))
def test_a_week_at_one_and_a_half_times_a_hundred_is_called(seed: int) -> None:
    days = called(spike(ordinary("poisson 100", seed), ODD_DAY, 1.5, days=7))
    inside = (days >= ODD_DAY) & (days < ODD_DAY + pd.Timedelta(days=7))
    assert inside.sum() >= 4
    # beside so many that are odd, one in twenty may be called by chance
    assert (~inside).sum() <= 1


def test_of_few_a_day_only_what_chance_hardly_does_is_called() -> None:
    # P(Poisson(5) >= 18) = 5.4e-6 and P(Poisson(5) = 0) = .0067
    many, none = (ordinary("poisson 5", 1) for _ in range(2))
    many[ODD_DAY], none[ODD_DAY] = 18, 0
    assert ODD_DAY in called(many)
    assert ODD_DAY not in called(none)


def test_a_silence_of_few_a_day_is_called_in_its_weeks() -> None:
    weeks = ordinary("poisson 5", 1).resample("W-MON", label="left", closed="left").sum().iloc[1:-1]
    weeks["2026-08-10"] = 0
    assert usual_levels(weeks, QUARTER, every="week")["p"]["2026-08-10"] < 1e-4


def test_a_lasting_change_is_called_on_its_first_days_and_becomes_usual_within_eight_weeks() -> None:
    values = ordinary("poisson 100", 0)
    values[QUARTER:] = random(100).poisson(150, 92)
    days = called(values)
    assert days[0] <= QUARTER + pd.Timedelta(days=1)
    assert (days < QUARTER + pd.Timedelta(days=28)).sum() > 20
    assert (days >= QUARTER + pd.Timedelta(days=56)).sum() <= 2


def test_a_slow_drift_is_called_within_five_weeks() -> None:
    days = called(slow_drift(ordinary("poisson 100", 0), QUARTER, 0.1))
    assert QUARTER + pd.Timedelta(days=7) < days[0] <= QUARTER + pd.Timedelta(days=35)


def test_a_week_turned_around_is_called_on_the_days_that_changed() -> None:
    days = called(turned_week(ordinary("weekly poisson 200", 0), ODD_DAY))
    assert set(days.day_of_week) <= {0, 1, 5, 6}
    assert (days >= ODD_DAY).all()
    assert len(days) >= 8


def test_an_odd_week_a_year_ago_and_a_change_of_level_long_ago_hide_nothing_now() -> None:
    values = spike(ordinary("shifted long ago", 2), pd.Timestamp("2025-12-03"), 2, days=7)
    assert ODD_DAY in called(spike(values, ODD_DAY, 1.6))


# --- what is usual ----------------------------------------------------------------------------


def test_the_usual_value_is_that_of_the_weekday_and_the_season() -> None:
    days = judged_year("weekly poisson 200", 0)
    usual = days["usual"].groupby(pd.DatetimeIndex(days.index).day_of_week).mean()
    assert usual.to_numpy() == pytest.approx(200 * np.array([1.0, 1.1, 1.05, 1.0, 0.9, 0.4, 0.25]), rel=0.03)
    assert set(days["basis"]) == {"weekday"}


def test_the_season_of_the_year_is_used_where_past_years_show_it() -> None:
    months = pd.date_range("2021-01-01", periods=60, freq="MS")
    season = np.where(months.month == 12, 2.0, 1.0)
    levels = usual_levels(
        pd.Series(random(1).poisson(400 * season).astype(float), months), months[48], every="month"
    )
    assert set(levels["basis"]) == {"season"}
    assert levels["usual"].to_numpy() == pytest.approx(400 * season[48:], rel=0.12)
    assert levels["p"].min() > 0.001
    assert levels["n"].tolist() == list(range(48, 60))


def test_without_a_season_the_level_alone_is_used() -> None:
    months = pd.date_range("2021-01-01", periods=60, freq="MS")
    levels = usual_levels(
        pd.Series(random(2).poisson(400, 60).astype(float), months), months[48], every="month"
    )
    assert set(levels["basis"]) == {"level"}
    assert set(levels["n"]) == {12}


def test_amounts_depart_by_factors_and_levels_by_differences() -> None:
    hours = 8 * np.exp(0.2 * random(3).standard_normal(len(DAYS)))
    amount = usual_levels(pd.Series(hours, DAYS), QUARTER, scale="amount")
    upper, lower = amount["high"] / amount["usual"], amount["usual"] / amount["low"]
    # a tenth of the median is added for zeros, so that the lower bound is a little further off
    assert upper.median() == pytest.approx(np.exp(0.2 * 1.96), rel=0.05)
    assert lower.median() == pytest.approx(np.exp(0.2 * 1.96), rel=0.08)
    nps = pd.Series(-20 + 10 * random(4).standard_normal(len(DAYS)), DAYS)
    level = usual_levels(nps, QUARTER, scale="level")
    assert (level["high"] - level["usual"]).median() == pytest.approx(19.6, rel=0.15)
    assert level["usual"].median() == pytest.approx(-20, abs=2)


# --- little or nothing to go by ---------------------------------------------------------------


def test_a_short_past_gives_the_t_interval_of_the_next_value_and_no_verdict() -> None:
    values = pd.Series(random(5).normal(50, 10, 60), DAYS[:60])
    levels = usual_levels(values, scale="level")
    assert levels["basis"].tolist() == ["none"] * 14 + ["short"] * 46
    assert levels["p"].isna().all()
    past = values.iloc[:40]
    reach = stats.t.ppf(0.975, 39) * past.std() * np.sqrt(1 + 1 / 40)
    row = levels.iloc[40]
    assert (row["usual"], row["low"], row["high"], row["n"]) == pytest.approx(
        (past.mean(), past.mean() - reach, past.mean() + reach, 40)
    )


@pytest.mark.parametrize(("history", "is_judged"), [(112, True), (90, False)])
def test_days_are_judged_after_sixteen_weeks(history: int, is_judged: bool) -> None:
    days = pd.date_range(QUARTER - pd.Timedelta(days=history), periods=history + 20)
    levels = usual_levels(pd.Series(random(7).poisson(50, len(days)).astype(float), days), QUARTER)
    assert (levels["basis"] == ("weekday" if is_judged else "short")).all()
    assert (levels["p"].notna() == is_judged).all()


@pytest.mark.parametrize(("every", "frequency", "short"), [("week", "W-MON", 6), ("month", "MS", 6)])
def test_six_weeks_or_months_give_a_usual_value(every: str, frequency: str, short: int) -> None:
    index = pd.date_range("2026-01-05" if every == "week" else "2026-01-01", periods=10, freq=frequency)
    levels = usual_levels(pd.Series(random(6).poisson(30, 10).astype(float), index), every=every)
    assert levels["basis"].tolist() == ["none"] * short + ["short"] * (10 - short)


@pytest.mark.parametrize("every", ["day", "week", "month"])
@pytest.mark.parametrize("scale", ["count", "amount", "level"])
@pytest.mark.parametrize("constant", [0.0, 40.0])
def test_a_past_that_never_varied_gives_no_verdict(constant: float, scale: str, every: str) -> None:
    index = pd.date_range("2018-01-01", periods=300, freq={"day": "D", "week": "W-MON", "month": "MS"}[every])
    values = pd.Series(constant, index)
    values.iloc[-1] = 500
    last = usual_levels(values, index[-1], every=every, scale=scale).iloc[0]
    assert last["usual"] == pytest.approx(constant)
    assert last[["low", "high", "p"]].isna().all()
    assert last["basis"] == "none"


def test_what_is_not_known_has_no_rows_or_no_verdict() -> None:
    assert usual_levels(pd.Series([], index=pd.DatetimeIndex([]), dtype=float)).columns.tolist() == COLUMNS
    unknown = usual_levels(pd.Series(np.nan, DAYS[:300]))
    assert len(unknown) == 300
    assert unknown[["usual", "low", "high", "p"]].isna().all(axis=None)
    assert set(unknown["basis"]) == {"none"}


def test_a_scale_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="none of count, amount, level"):
        usual_levels(pd.Series(1.0, DAYS[:20]), scale="share")


# --- closed days ------------------------------------------------------------------------------

#: sixteen days a year, as public holidays and a year end of six days
CLOSED = pd.DatetimeIndex(
    [
        day
        for day in DAYS
        if day.strftime("%m-%d")
        in [
            "01-01",
            "01-02",
            "01-03",
            "02-11",
            "02-23",
            "03-20",
            "04-29",
            "05-04",
            "05-05",
            "07-20",
            "08-11",
            "09-21",
            "11-03",
            "11-23",
            "12-30",
            "12-31",
        ]
    ]
)


def with_holidays(seed: int, share: float = 0.15) -> pd.Series:
    """Weekly Poisson counts of which a share remains on closed days."""
    mean = ordinary("weekly poisson 200", 0) * 0 + 200
    mean *= np.array([1.0, 1.1, 1.05, 1.0, 0.9, 0.4, 0.25])[DAYS.day_of_week]
    mean[DAYS.isin(CLOSED)] = 200 * share
    return pd.Series(random(seed).poisson(mean).astype(float), DAYS)


def test_closed_days_are_compared_with_earlier_closed_days() -> None:
    values = with_holidays(1)
    levels = usual_levels(values, pd.Timestamp("2025-10-01"), closed=CLOSED)
    closed = levels[levels.index.isin(CLOSED)]
    assert set(closed["basis"]) == {"closed_day"}
    assert closed["usual"].to_numpy() == pytest.approx(np.full(len(closed), 30), rel=0.25)
    assert closed["p"].min() > 0.001
    # an ordinary Tuesday on a holiday is odd, and a holiday's level on a Tuesday
    holiday, tuesday = pd.Timestamp("2026-08-11"), pd.Timestamp("2026-08-18")
    values[holiday], values[tuesday] = 220, 30
    odd = usual_levels(values, QUARTER, closed=CLOSED)
    assert odd["p"][holiday] < 1e-6
    assert odd["p"][tuesday] < 1e-6


def test_ordinary_closed_days_and_the_days_between_are_called_as_seldom_as_p_values_say() -> None:
    levels = pd.concat(
        usual_levels(with_holidays(seed), pd.Timestamp("2024-10-01"), closed=CLOSED) for seed in range(8)
    )
    for days in (levels[levels.index.isin(CLOSED)], levels[~levels.index.isin(CLOSED)]):
        p = days["p"].dropna()
        for share in (0.01, 0.001):
            assert (p <= share).sum() <= stats.binom.ppf(0.999, len(p), share)


def test_closed_days_change_nothing_of_what_is_usual_on_ordinary_ones() -> None:
    closed = usual_levels(with_holidays(2), QUARTER, closed=CLOSED)
    unknown = usual_levels(with_holidays(2).where(~DAYS.isin(CLOSED)), QUARTER)
    is_open = ~closed.index.isin(CLOSED)
    pd.testing.assert_frame_equal(closed[is_open], unknown[is_open])


def test_fewer_than_six_closed_days_give_no_verdict_on_the_next() -> None:
    first = DAYS[500:]
    values = with_holidays(3)[first[0] :]
    levels = usual_levels(values, closed=CLOSED)
    closed = levels[levels.index.isin(CLOSED)]
    before_level = (closed.index < first[0] + pd.Timedelta(days=70)).sum()
    assert closed["p"].isna().sum() == 6 + before_level
    assert closed["p"].notna().iloc[-1]
    assert closed["n"].iloc[-1] == len(closed) - 1 - before_level


def test_a_week_with_two_closed_working_days_is_no_ordinary_week() -> None:
    weeks = pd.date_range("2023-10-02", periods=150, freq="W-MON")
    values = pd.Series(random(4).poisson(500, 150).astype(float), weeks)
    closed = pd.DatetimeIndex(["2026-01-01", "2026-01-02", "2026-02-11"])  # Thursday, Friday; one Wednesday
    values["2025-12-29"] = 200
    levels = usual_levels(values, pd.Timestamp("2025-10-06"), every="week", closed=closed)
    assert levels.at[pd.Timestamp("2025-12-29"), "basis"] == "closed_day"
    assert np.isnan(levels.at[pd.Timestamp("2025-12-29"), "p"])
    assert levels.at[pd.Timestamp("2026-02-09"), "basis"] == "level"


# --- laws -------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    every=st.sampled_from(["day", "day", "week", "month"]),
    scale=st.sampled_from(["count", "amount", "level"]),
    periods=st.integers(20, 200),
    mean=st.sampled_from([0.3, 4, 12, 300]),
    data=st.data(),
)
def test_what_is_usual_does_not_depend_on_that_period_or_later(
    seed: int, every: str, scale: str, periods: int, mean: float, data: st.DataObject
) -> None:
    frequency = {"day": "D", "week": "W-MON", "month": "MS"}[every]
    index = pd.date_range("2015-06-01", periods=periods, freq=frequency)
    chance = random(seed)
    values = pd.Series(chance.poisson(mean, periods).astype(float), index)
    values[chance.random(periods) < 0.05] = np.nan
    closed = index[chance.random(periods) < 0.06]
    changed = data.draw(st.integers(1, periods - 1))
    other = values.copy()
    other.iloc[changed:] = chance.choice([0.0, 3.0, 1e6, np.nan], periods - changed)
    before, after = (usual_levels(v, every=every, scale=scale, closed=closed) for v in (values, other))
    pd.testing.assert_frame_equal(before.iloc[:changed], after.iloc[:changed])
    known_before = ["usual", "low", "high", "n", "basis"]
    pd.testing.assert_series_equal(before[known_before].iloc[changed], after[known_before].iloc[changed])
    for levels in (before, after):
        said = levels.dropna(subset=["low", "high"])
        assert (said["low"] <= said["usual"]).all()
        assert (said["usual"] <= said["high"]).all()
        assert levels.loc[levels["value"].isna(), "p"].isna().all()
        assert levels["p"].dropna().between(0, 1).all()
        assert levels.columns.tolist() == COLUMNS


def test_amounts_that_begin_with_nothing_have_a_range_of_their_own_size() -> None:
    # "187 to 143,185,738 is usual" was once said of months of 0 to 5 million after a year of none
    amounts = random(0).choice([0, 50_000, 200_000, 1_000_000], 42, p=[0.25, 0.25, 0.3, 0.2]).astype(float)
    values = pd.Series([0.0] * 12 + list(amounts), pd.date_range("2022-04-01", periods=54, freq="MS"))
    last = usual_levels(values, every="month", scale="amount").iloc[-1]
    assert last["low"] == 0
    assert last["high"] < 100 * amounts.max()


def test_a_large_count_leaves_the_range_of_the_small_ones_before_it_alone() -> None:
    # both lie in the same quarter, of which the errors are estimated once; the mean passes the bound of small counts
    index, chance = pd.date_range("2015-06-01", periods=34, freq="W-MON"), random(367)
    values = pd.Series(chance.poisson(12, 34).astype(float), index)
    values[chance.random(34) < 0.05] = np.nan
    other = values.copy()
    other.iloc[31:] = 1e6
    before, after = (usual_levels(v, every="week").iloc[31] for v in (values, other))
    columns = ["usual", "low", "high", "n", "basis"]
    assert before[columns].tolist() == after[columns].tolist()


def test_what_is_usual_does_not_depend_on_where_the_judged_part_begins() -> None:
    values = ordinary("days missing", 3)
    every_day = usual_levels(values)
    pd.testing.assert_frame_equal(usual_levels(values, QUARTER), every_day[every_day.index >= QUARTER])
    weeks = values.resample("W-MON", label="left", closed="left").sum()
    every_week = usual_levels(weeks, every="week")
    pd.testing.assert_frame_equal(
        usual_levels(weeks, QUARTER, every="week"), every_week[every_week.index >= QUARTER]
    )
