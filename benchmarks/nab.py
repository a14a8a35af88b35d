"""Labelled anomalies of the Numenta Anomaly Benchmark: our usual levels beside the published detectors.

    python benchmarks/nab.py --data FOLDER

The folder holds the benchmark's `combined_windows.json` and as many of its data files as there are. Our own way and the
windowed Gaussian are run; the published results of the other detectors on the same files (`nab_published.csv`, from the
repository's `results/`) are normalised in the same way. Each threshold is the best on all files, as the benchmark does it
(of the published ones: on all of its 58 files). Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from nab_score import PROFILES, Series, best_threshold, normalised, probation_points, score, window_positions
from scipy.special import erfc
from scipy.stats import median_abs_deviation

from cs_helpers.statistics.rolling import earlier_median
from cs_helpers.statistics.student_errors import error_distribution

PUBLISHED = Path(__file__).with_name("nab_published.csv")

#: the points of the quick forecast: an hour of the benchmark's usual five minutes
RECENT = 12
#: the past errors that count: a week's
REMEMBERED_DAYS = 7


def our_scores(values: pd.Series) -> np.ndarray:
    """How odd each point is, by the parts of usual levels: -log10 of its two-sided p-value, 0 where not judged.

    A day is to these series what a week is to a customer's. Forecasts: the median of the last day, the same with the effect
    of the hour, and the median of the last hour; the one whose past out-of-sample errors are smallest is taken, and a
    Student t fitted to those errors gives the p-value; anew each half day. Once a point is called, only an odder one is
    called again within a day, as the days of an episode are one line of a report.
    """
    times, y = pd.DatetimeIndex(values.index), values.to_numpy(float)
    day = points_a_day(times)
    around = pd.Series(y).rolling(day, min_periods=day // 2).mean().shift(1)
    hours = (pd.Series(y) - around).groupby(np.asarray(times.hour), group_keys=False)
    of_hour = max(day // 24, 1)
    effect = hours.apply(lambda part: part.rolling(7 * of_hour, min_periods=of_hour).median().shift(1))
    effect = np.nan_to_num(effect.sort_index().to_numpy())
    ways = [
        earlier_median(y, day, day // 2),
        earlier_median(y - effect, day, day // 2) + effect,
        earlier_median(y, RECENT, RECENT // 2),
    ]
    p = np.ones(len(y))
    for first in range(day, len(y), day // 2):
        past, now = slice(max(0, first - REMEMBERED_DAYS * day), first), slice(first, first + day // 2)
        errors = min((y - way for way in ways), key=lambda e: np.nanmean(np.abs(e[past])))
        known = errors[past][np.isfinite(errors[past])]
        # a line that is mostly flat: odd is what is further off than ever before
        if median_abs_deviation(known) < 1e-9:
            p[now] = np.where(np.abs(errors[now]) > np.abs(known).max() + 1e-9, 0.0, 1.0)
        else:
            p[now] = np.nan_to_num(error_distribution(known).p_values(errors[now]), nan=1.0)
    scores = -np.log10(np.maximum(p, 1e-300))
    odder_before = pd.Series(scores).rolling(day, min_periods=1).max().shift(1).fillna(0.0)
    return np.where(scores > odder_before, scores, 0.0)


def points_a_day(times: pd.DatetimeIndex) -> int:
    """How many points make a day, by the usual time between two."""
    return max(round(pd.Timedelta(days=1) / pd.Series(times).diff().median()), 2)


def windowed_gaussian(values: np.ndarray, window: int = 6400, step: int = 100) -> np.ndarray:
    """NAB's detector of this name: one less the normal tail of each value among those before it.

    Mean and standard deviation are those of all values before; once there are `window` of them, those of a window that
    moves on by `step` at a time. To twelve digits, with which NAB writes and reads its scores.
    """
    scores = np.zeros(len(values))
    for point in range(1, len(values)):
        end = point if point < window else point - (point - window) % step
        past = values[max(end - window, 0) : end]
        z = abs(values[point] - past.mean()) / (past.std() or 1e-6)
        scores[point] = 1 - 0.5 * erfc(z / np.sqrt(2))
    return np.round(scores, 12)


def read_values(folder: Path) -> dict[str, tuple[pd.Series, list[list[str]]]]:
    """The benchmark's files that are there: name -> values by time, and the windows (first and last time of each)."""
    labels = json.loads((folder / "combined_windows.json").read_text(encoding="utf-8"))
    files = {}
    for name, windows in labels.items():
        if (folder / name).is_file():
            frame = pd.read_csv(folder / name, parse_dates=["timestamp"])
            values = pd.Series(frame["value"].to_numpy(float), pd.DatetimeIndex(frame["timestamp"]))
            files[name] = values, windows
    return files


def series_of(name: str, values: pd.Series, windows: list[list[str]], scores: np.ndarray) -> Series:
    """A file with a detector's scores."""
    positions = window_positions(pd.DatetimeIndex(values.index), windows)
    return Series(name, scores, positions, probation_points(len(values)))


def _row(name: str, corpus: Sequence[Series]) -> str:
    """A line of the table for a detector that was run."""
    windows, scores = sum(len(series.windows) for series in corpus), []
    for profile in PROFILES.values():
        threshold = best_threshold(corpus, profile)
        scores.append(normalised(sum(score(s, threshold, profile).score for s in corpus), windows, profile))
    threshold = best_threshold(corpus, PROFILES["standard"])
    results = [score(series, threshold, PROFILES["standard"]) for series in corpus]
    hits, false = sum(r.hits for r in results), sum(r.false_alerts for r in results)
    found = sum(r.found for r in results)
    cells = [
        f"{found} of {windows}",
        f"{hits / max(hits + false, 1):.0%}",
        str(false),
        *(f"{x:.1f}" for x in scores),
    ]
    return f"| {name} | {' | '.join(cells)} |"


def _published_row(name: str, published: pd.DataFrame, windows: pd.Series) -> str:
    """A line for a published detector: of its windows found only bounds follow from the scores of its files.

    A found window earns 0 to 1 and a missed one -1; a false alert costs up to 0.11.
    """
    of_file = windows.reindex(published.index)
    least = np.ceil((published["score"] + of_file) / 2 - 1e-6).clip(lower=0)
    most = np.floor(published["score"] + 0.11 * published["false_alerts"] + of_file + 1e-6)
    most = np.minimum(np.minimum(most, of_file), published["hits"])
    total = normalised(published["score"].sum(), int(windows.sum()), PROFILES["standard"])
    hits, false = published["hits"].sum(), published["false_alerts"].sum()
    found = f"{int(least.sum())} to {int(most.sum())} of {int(windows.sum())}"
    return f"| {name} (published) | {found} | {hits / (hits + false):.0%} | {false} | {total:.1f} |  |  |"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder with combined_windows.json")
    files = read_values(parser.parse_args().data)
    windows = pd.Series({name: len(of_file) for name, (_, of_file) in files.items()})
    run: dict[str, Callable[[pd.Series], np.ndarray]] = {
        "**ours**": our_scores,
        "windowed Gaussian, run again": lambda values: windowed_gaussian(values.to_numpy()),
    }
    print(
        f"{len(files)} series, {sum(len(v) for v, _ in files.values()):,} points, {windows.sum()} windows\n"
    )
    print(
        "|  | windows found | alerts in a window | false alerts | NAB score | low false positives | low false negatives |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, detector in run.items():
        print(_row(name, [series_of(file, v, w, detector(v)) for file, (v, w) in files.items()]), flush=True)
    published = pd.read_csv(PUBLISHED)
    published = published[published["file"].isin(list(files))].set_index("file")
    order = published.groupby("detector")["score"].sum().sort_values(ascending=False)
    for name in order.index:
        print(_published_row(str(name), published[published["detector"] == name], windows))
    print(f"| null (by definition) | 0 of {windows.sum()} |  | 0 | 0.0 | 0.0 | 0.0 |")


if __name__ == "__main__":
    main()
