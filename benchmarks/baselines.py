"""How long a scan of many daily series takes: usual levels of their last quarter, from three years of days.

python benchmarks/baselines.py: 1,000 weekly Poisson series of 1,096 days. Ways: ours on one core and on two; statsmodels'
robust STL in a loop, which is what one would write first and gives neither forecast, nor interval, nor p-value; and the
limit: the arithmetic of ours for these series (weekday, level and drift, Student t of three months) in numpy alone, without
frames, gaps, closed days, small counts and checks. All ways one after the other in one run; where other work shares the
machine, read the seconds of processor time.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import Pool

# a core a process, as a report has
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from scipy import special
from statsmodels.tsa.seasonal import STL

from cs_helpers.statistics.student_errors import FREEDOM, error_distribution
from cs_helpers.statistics.usual_level import usual_levels

DAYS = pd.date_range("2023-10-01", "2026-09-30", freq="D")
QUARTER = pd.Timestamp("2026-07-01")
WEEKDAYS = np.array([1.0, 1.1, 1.05, 1.0, 0.9, 0.4, 0.25])


def draw(series: int) -> np.ndarray:
    """Weekly Poisson counts of 40 to 4,000 a day, one row a series."""
    chance = np.random.default_rng(1)
    means = 40 * 100 ** chance.random(series)
    return chance.poisson(means[:, None] * WEEKDAYS[DAYS.day_of_week]).astype(float)


def ours(values: np.ndarray) -> float:
    """The smallest p-value of the quarter."""
    return float(usual_levels(pd.Series(values, DAYS), QUARTER)["p"].min())


def stl(values: np.ndarray) -> float:
    """The largest robust residual of the quarter."""
    fitted = STL(pd.Series(np.sqrt(values + 3 / 8), DAYS), period=7, robust=True).fit()
    return float(np.abs(fitted.resid[QUARTER:]).max())


def numpy_alone(values: np.ndarray) -> float:
    """The smallest p-value of the quarter."""
    roots = np.sqrt(values + 3 / 8)
    weeks = len(roots) // 7
    around = np.convolve(roots, np.full(7, 1 / 7), mode="same")
    table = (roots - around)[: weeks * 7].reshape(weeks, 7)
    padded = np.vstack([np.full((52, 7), np.nan), table])
    windows = np.sort(sliding_window_view(padded, 52, axis=0), axis=-1)
    known = np.minimum(np.arange(weeks + 1), 52)
    effect = np.take_along_axis(windows, np.maximum(known // 2, 0)[:, None, None].repeat(7, 1), -1)[..., 0]
    effect = np.nan_to_num(effect.ravel()[: len(roots)])
    level = roots - effect
    slow = np.median(sliding_window_view(level[:-1], 56), axis=1)[62:]
    quick = np.median(sliding_window_view(level[:-1], 28), axis=1)[90:]
    before = np.median(sliding_window_view(level[:-29], 28), axis=1)[62:]
    forecasts = (slow, quick, quick + 0.52 * (quick - before))
    errors = min((roots[118:] - effect[118:] - f for f in forecasts), key=lambda e: np.abs(e).mean())
    is_weekend = (np.asarray(DAYS.day_of_week) >= 5)[118:]
    smallest = 1.0
    for first, last in ((-92, -61), (-61, -30), (-30, len(errors))):
        past, weekend = errors[:first][-730:], is_weekend[:first][-730:]
        spread = [1.4826 * np.median(np.abs(e - np.median(e))) for e in (past[~weekend], past[weekend])]
        fitted = error_distribution(past / np.where(weekend, spread[1], spread[0]))
        now = errors[first:last] / np.where(is_weekend[first:last], spread[1], spread[0])
        standard = (now[:, None] - fitted.centre) / fitted.scale
        smallest = min(smallest, float((2 * special.stdtr(FREEDOM, -np.abs(standard)) @ fitted.weight).min()))
    return smallest


def processor_seconds(way: Callable[[np.ndarray], float], values: np.ndarray) -> float:
    """Seconds of processor time that one series takes."""
    start = time.process_time()
    way(values)
    return time.process_time() - start


def main() -> None:
    """Runs each way and prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--series", type=int, default=1000)
    all_values = draw(parser.parse_args().series)
    for way in (ours, stl, numpy_alone):
        way(all_values[0])
    one_core = {
        "usual levels, one core": ours,
        "statsmodels' robust STL in a loop, one core": stl,
        "the limit: the same arithmetic in numpy alone, one core": numpy_alone,
    }
    print(
        "| way | seconds | processor seconds | ms a series | it / ours on one core |\n|---|---|---|---|---|"
    )
    reference = 0.0
    for name, way in one_core.items():
        start = time.perf_counter()
        processor = sum(processor_seconds(way, values) for values in all_values)
        reference = reference or processor
        print(_row(name, time.perf_counter() - start, processor, len(all_values), processor / reference))
    with Pool(2) as pool:
        pool.map(ours, all_values[:2])
        start = time.perf_counter()
        processor = sum(pool.map(partial(processor_seconds, ours), all_values, chunksize=20))
        took = time.perf_counter() - start
    print(_row("**usual levels, two cores**", took, processor, len(all_values), processor / reference))


def _row(name: str, took: float, processor: float, series: int, ratio: float) -> str:
    return f"| {name} | {took:.1f} | {processor:.1f} | {1000 * processor / series:.1f} | {ratio:.2f} |"


if __name__ == "__main__":
    main()
