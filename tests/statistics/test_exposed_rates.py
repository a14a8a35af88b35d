"""The ratio of rates with and without an exposure: by hand, against statsmodels, and the coverage of its interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from cs_helpers.statistics.exposed_rates import ExposedRate, exposed_rate


def of(rows: pd.DataFrame) -> ExposedRate:
    columns = (rows[c].to_numpy() for c in ("events", "time", "exposed", "group"))
    return exposed_rate(*columns, [rows["half"].to_numpy()])


def drawn(
    rng: np.random.Generator, *, ratio: float, groups: int = 12, a_group: float = 15, drift: float = 0.0
) -> pd.DataFrame:
    """Groups of different levels in five half-years with a trend; nine complete at different times. drift: of each group."""
    done = np.full(groups, 99)
    done[rng.permutation(groups)[3:]] = rng.integers(1, 5, groups - 3)
    level, trend = rng.normal(0, 0.3, groups), rng.normal(0, 0.2, 5)
    rows = []
    for group in range(groups):
        for half in range(5):
            time, exposed = float(rng.poisson(a_group / 5)), half >= done[group]
            own = rng.normal(0, drift) if drift else 0.0
            rate = np.exp(level[group] + trend[half] + np.log(ratio) * exposed + own)
            rows.append((float(rng.poisson(time * rate)), time, exposed, group, half))
    return pd.DataFrame(rows, columns=["events", "time", "exposed", "group", "half"])


def test_the_ratio_of_groups_that_do_the_same_is_that_of_their_rates() -> None:
    # each group: 10 events in 100 days before, 30 in 100 after; levels of groups and the trend are the same
    rows = pd.DataFrame(
        {
            "events": [10.0, 30, 10, 30, 10, 10, 10, 10],
            "time": [100.0] * 8,
            "exposed": [False, True] * 2 + [False] * 4,
            "group": np.repeat([0, 1, 2, 3], 2),
            "half": [0, 1] * 4,
        }
    )
    found = of(rows)
    assert found.ratio == pytest.approx(3.0)
    assert (found.events, found.other_events, found.groups, found.both) == (60, 60, 4, 2)
    assert found.low < 3 < found.high


def test_a_trend_of_all_is_no_effect_and_neither_is_a_strong_group() -> None:
    # all double in the second half-year, whether trained then or not; the trained groups are three times as fast throughout
    rows = pd.DataFrame(
        {
            "events": [30.0, 60, 30, 60, 10, 20, 10, 20],
            "time": [100.0] * 8,
            "exposed": [False, True] * 2 + [False] * 4,
            "group": np.repeat([0, 1, 2, 3], 2),
            "half": [0, 1] * 4,
        }
    )
    assert of(rows).ratio == pytest.approx(1.0)


def test_statsmodels_fits_the_same_ratio_with_fixed_effects() -> None:
    for seed in range(3):
        rows = drawn(np.random.default_rng(seed), ratio=1.7)
        rows = rows[rows["time"] > 0]
        informative = rows[rows.groupby("group")["events"].transform("sum") > 0]
        fitted = smf.glm(
            "events ~ exposed + C(group) + C(half)", informative,
            family=sm.families.Poisson(), offset=np.log(informative["time"]),
        ).fit(tol=1e-12)  # fmt: skip
        assert of(rows).ratio == pytest.approx(np.exp(fitted.params["exposed[T.True]"]), rel=1e-5)


def test_leaving_out_each_group_gives_the_error() -> None:
    rows = drawn(np.random.default_rng(5), ratio=1.7, drift=0.5)
    found = of(rows)
    others = [np.log(of(rows[rows["group"] != g]).ratio) for g in range(12)]
    jackknife = np.sqrt(11 / 12 * ((others - np.mean(others)) ** 2).sum())
    student = 2.200985  # of 11 degrees of freedom
    assert np.log(found.high / found.ratio) >= student * jackknife * (1 - 1e-5)


def test_cells_may_be_split() -> None:
    rows = drawn(np.random.default_rng(7), ratio=2.0)
    halves = pd.concat(
        [rows.assign(time=rows["time"] / 4, events=0.0), rows.assign(time=rows["time"] * 0.75)]
    )
    assert of(halves).ratio == pytest.approx(of(rows).ratio)


@pytest.mark.parametrize("side", [True, False])
def test_without_events_on_one_side_there_is_no_ratio(side: bool) -> None:
    rows = drawn(np.random.default_rng(1), ratio=1.0)
    found = of(rows.assign(events=np.where(rows["exposed"] == side, 0.0, rows["events"])))
    assert np.isnan([found.ratio, found.low, found.high, found.p]).all()


def test_one_group_that_changed_is_too_few() -> None:
    rows = drawn(np.random.default_rng(1), ratio=1.0)
    changed = rows[rows["exposed"]]["group"].iloc[0]
    assert np.isnan(of(rows[(rows["group"] == changed) | ~rows["exposed"]]).ratio)


@pytest.mark.parametrize(("ratio", "drift"), [(1.0, 0.0), (2.0, 0.4)])
def test_the_interval_of_twelve_groups_holds_the_truth_as_often_as_it_says(
    ratio: float, drift: float
) -> None:
    rng = np.random.default_rng(20)
    found = [of(drawn(rng, ratio=ratio, drift=drift)) for _ in range(100)]
    known = [one for one in found if one.ratio == one.ratio]
    assert len(known) > 93
    covered = np.mean([one.low <= ratio <= one.high for one in known])
    assert 0.91 <= covered <= 1.0
