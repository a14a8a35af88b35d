"""Eight years of daily views of a quarterback's Wikipedia page: what is called is what happened to him.

The data is Prophet's example (2007-12-10 to 2016-01-20, 59 days missing); the dates are known from outside.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import poisson

from cs_helpers.contract.baselines import Alerts
from cs_helpers.statistics.alert_budget import alerts, weekly_tests
from cs_helpers.statistics.usual_level import usual_levels

#: of one number alone; with that of ten, which is the default, its peaks of a hundred times the usual hide what is ten times
RULES = Alerts(false_discovery=0.05)


@pytest.fixture(scope="module")
def judged(shared_data):
    """Every day from July 2008 on, and whether it raises an alert in the scan of its week."""
    log = pd.read_csv(
        shared_data / "baselines_wiki" / "example_wp_log_peyton_manning.csv", parse_dates=["ds"]
    )
    views = np.exp(log.set_index("ds")["y"]).round().asfreq("D")
    days = usual_levels(views, pd.Timestamp("2008-07-01"))
    ratio = (days["value"] + 0.5) / (days["usual"] + 0.5)
    is_large = ((ratio >= RULES.min_ratio) | (ratio <= 1 / RULES.min_ratio)).to_numpy()
    week = pd.DatetimeIndex(days.index).to_period("W").to_numpy()
    called = alerts(days["p"].to_numpy(), is_large, weekly_tests(["day"]), RULES, week)
    return days.assign(called=called)


@pytest.mark.parametrize(
    ("day", "event"),
    [
        ("2010-02-07", "Super Bowl XLIV"),
        ("2011-09-08", "an operation; the season is over before it begins"),
        ("2012-03-07", "Indianapolis lets him go"),
        ("2012-03-20", "signs with Denver"),
        ("2013-09-05", "seven touchdown passes in the opening game"),
        ("2014-02-02", "Super Bowl XLVIII"),
        ("2014-10-19", "most touchdown passes of all quarterbacks"),
        ("2016-01-17", "wins the divisional playoff"),
    ],
)
def test_the_day_of_an_event_or_the_day_after_is_called(judged, day, event):
    after = judged.loc[pd.Timestamp(day) : pd.Timestamp(day) + pd.Timedelta(days=1)]
    assert after["called"].any(), event
    assert (after["value"] > after["usual"])[after["called"]].all()


def test_weeks_without_football_are_called_within_the_budget(judged):
    summer = judged[judged.index.month.isin([5, 6, 7]) & judged["p"].notna()]
    assert summer["called"].sum() <= poisson.ppf(0.999, RULES.false_alerts_a_week * len(summer) / 7)


def test_an_ordinary_sunday_of_the_season_is_not_called(judged):
    sundays = judged[judged.index.month.isin([10, 11, 12]) & (judged.index.day_of_week == 6)]
    assert sundays["called"].mean() < 0.05


def test_most_of_what_is_called_is_in_the_half_year_of_the_season_and_the_contracts(judged):
    called = judged[judged["called"]]
    assert len(called) >= 20
    assert called.index.month.isin([9, 10, 11, 12, 1, 2, 3]).mean() > 0.9


def test_missing_days_are_neither_judged_nor_called(judged):
    missing = judged[judged["value"].isna()]
    assert len(missing) > 30
    assert missing["p"].isna().all()
    assert not missing["called"].any()
