"""The seasonal decomposition that usual levels of weeks and months rest on: the table published with statsmodels.

`stl_co2.csv` holds the monthly CO2 of Cleveland and others (1990), 348 values; `stl_published.csv` every 23rd month of
what their Fortran program gives for it (statsmodels, tsa/stl/tests/results/stl_test_results.csv), in seven settings.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cs_helpers.statistics.level_forecasts import STL, seasonal_effects

FOLDER = Path(__file__).parent
CO2 = pd.read_csv(FOLDER / "stl_co2.csv")["co2"].to_numpy()
PUBLISHED = pd.read_csv(FOLDER / "stl_published.csv")

#: setting -> months, window of the trend, jumps of trend and low pass, iterations (outer: of robustness)
SETTINGS = {
    "baseline": (348, 19, 2, 2, 2, 1),
    "nljump-1": (348, 19, 2, 1, 2, 1),
    "ntjump-1": (348, 19, 1, 2, 2, 1),
    "nljump-1-ntjump-1": (348, 19, 1, 1, 2, 1),
    "short": (347, 19, 2, 2, 2, 1),
    "stlez": (348, 19, 2, 2, 0, 2),
    "stlez-robust": (348, 19, 2, 2, 2, 1),
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_decomposition_is_the_published_one(setting):
    months, trend, trend_jump, low_pass_jump, outer, inner = SETTINGS[setting]
    published = PUBLISHED[PUBLISHED["scenario"] == setting]
    ours = STL(
        CO2[:months],
        period=12,
        seasonal=35,
        trend=trend,
        low_pass=13,
        seasonal_jump=4,
        trend_jump=trend_jump,
        low_pass_jump=low_pass_jump,
    ).fit(outer_iter=outer, inner_iter=inner)
    at = published["month"].to_numpy()
    assert len(at) == 16
    assert ours.seasonal[at] == pytest.approx(published["season"], abs=1e-9)
    assert ours.trend[at] == pytest.approx(published["trend"], abs=1e-9)
    if setting != "stlez":
        assert ours.weights[at] == pytest.approx(published["weight"], abs=1e-9)


def test_every_setting_of_the_table_is_tried():
    assert set(PUBLISHED["scenario"]) == set(SETTINGS)


def test_the_season_that_is_forecast_is_near_the_published_one():
    """Known a quarter before: its error is a tenth of the season's swing, although the published one knows all years."""
    published = PUBLISHED[(PUBLISHED["scenario"] == "stlez-robust") & (PUBLISHED["month"] >= 60)]
    forecast = np.full(len(CO2), np.nan)
    for first, last, effect in seasonal_effects(CO2, "month", 0):
        forecast[first:last] = effect[first:last]
    error = forecast[published["month"]] - published["season"]
    swing = PUBLISHED["season"].max() - PUBLISHED["season"].min()
    assert np.abs(error).max() < swing / 4
    assert np.sqrt(np.mean(error**2)) < swing / 10
