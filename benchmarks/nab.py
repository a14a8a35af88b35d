"""Labelled anomalies of the Numenta Anomaly Benchmark: our usual levels beside the published detectors.

    python benchmarks/nab.py --data FOLDER

The folder holds the benchmark's `combined_windows.json` and as many of its data files as there are; the published
results of the same files (`nab_published.csv`, from the repository's `results/`) are normalised in the same way.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from nab_score import Series, probation_points, window_positions
from scipy.special import erfc

PUBLISHED = Path(__file__).with_name("nab_published.csv")


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
