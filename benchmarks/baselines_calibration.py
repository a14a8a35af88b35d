"""False alerts on ordinary series, and anomalies found: our usual levels beside what users would pick instead.

    python benchmarks/baselines_calibration.py [--scans 20]

A product watches ten daily numbers. Each has 910 days of history; what is called in the quarter after it (91 days) is
counted. Ordinary quarters: the calls are false alerts. Anomalous quarters: one of the ten numbers has an anomaly from
its 29th day on; found, if it is called in the right direction while it lasts, and after how many days. Every way is
given the same series. Prints tables in Markdown; the seeds are fixed.

Ways: `peers` below; ours as in a product file without an `alerts` block.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from baselines_peers import PEERS

from cs_helpers.contract.baselines import Alerts
from cs_helpers.statistics.alert_budget import alerts
from cs_helpers.statistics.usual_level import usual_levels

HISTORY, QUARTER, NUMBERS = 910, 91, 10
#: the first day of a quarter, a Monday
START = pd.Timestamp("2026-06-01")
DAYS = pd.date_range(START - pd.Timedelta(days=HISTORY), periods=HISTORY + QUARTER)
#: the day of the quarter on which an anomaly begins, a Monday
ONSET = 28
WEEKDAYS = np.array([1.1, 1.05, 1.0, 1.0, 0.9, 0.3, 0.25])

Rng = np.random.Generator
Rate = np.ndarray


def _weekly(level: float) -> Rate:
    return level * WEEKDAYS[DAYS.day_of_week]


def _negative_binomial(rng: Rng, rate: Rate, size: float = 20) -> np.ndarray:
    """Counts with the variance rate + rate² / size."""
    return rng.poisson(rate * rng.gamma(size, 1 / size, len(rate))).astype(float)


def _yearly(level: float) -> Rate:
    return _weekly(level) * (1 + 0.25 * np.sin(2 * np.pi * DAYS.day_of_year / 365.25))


def _with_gaps(rng: Rng) -> np.ndarray:
    values = _negative_binomial(rng, _weekly(100))
    values[rng.random(len(values)) < 0.1] = np.nan
    gap = rng.integers(300, HISTORY - 60)
    values[gap : gap + 14] = np.nan
    return values


ORDINARY: dict[str, Callable[[Rng], np.ndarray]] = {
    "Poisson, 100 a day": lambda rng: rng.poisson(_weekly(100)).astype(float),
    "negative binomial, 100 a day, variance 600": lambda rng: _negative_binomial(rng, _weekly(100)),
    "the same with a yearly season of ± 25 %": lambda rng: _negative_binomial(rng, _yearly(100)),
    "Student t noise with 5 degrees of freedom": lambda rng: np.maximum(
        0, np.round(_weekly(200) + 15 * rng.standard_t(5, len(DAYS)))
    ),
    "level x 1.6 nine months before": lambda rng: _negative_binomial(
        rng, _weekly(100) * np.where(np.arange(len(DAYS)) < HISTORY - 274, 1.0, 1.6)
    ),
    "a tenth of the days and two weeks missing": _with_gaps,
    "0 to 5 a day": lambda rng: rng.poisson(_weekly(1.8)).astype(float),
}


@dataclass(frozen=True)
class Anomaly:
    """What multiplies the rate of each day of the quarter from the onset on, for how many days, and in which direction."""

    factor: np.ndarray
    days: int
    direction: int


def _lasting(factor: float | np.ndarray, days: int) -> Anomaly:
    factors = np.ones(QUARTER)
    factors[ONSET : ONSET + days] = factor
    return Anomaly(factors, days, 1 if factors.max() > 1 else -1)


_SINCE_ONSET = np.arange(QUARTER - ONSET)
ANOMALIES: dict[str, Anomaly] = {
    "spike: one day x 2": _lasting(2.0, 1),
    "drop: one day x 0.4": _lasting(0.4, 1),
    "level x 1.5 from a day on": _lasting(1.5, 28),
    "level x 2/3 from a day on": _lasting(2 / 3, 28),
    "drift, x 1.6 after eight weeks": _lasting(1 + 0.6 * np.minimum(_SINCE_ONSET / 56, 1), QUARTER - ONSET),
    "weekends become as busy as weekdays": _lasting(
        np.where(DAYS[HISTORY + ONSET : HISTORY + ONSET + 28].day_of_week >= 5, 3.5, 1.0), 28
    ),
}


def _ours(values: pd.Series) -> pd.DataFrame:
    """Our p-values of the quarter, and the ratio to the usual level."""
    judged = usual_levels(values, START)
    judged = judged[judged.index >= START]
    return pd.DataFrame({"p": judged["p"], "ratio": (judged["value"] + 0.5) / (judged["usual"] + 0.5)})


def _called(scan: list[pd.DataFrame], rules: Alerts) -> np.ndarray:
    """1, -1 or 0 for each number and day of a scan of ours."""
    p, ratio = (np.array([number[column] for number in scan]) for column in ("p", "ratio"))
    is_large = (ratio >= rules.min_ratio) | (ratio <= 1 / rules.min_ratio)
    called = alerts(p.ravel(), is_large.ravel(), 7 * len(scan), rules).reshape(p.shape)
    return np.where(called, np.where(ratio > 1, 1, -1), 0)


#: ours with the default rules, and without a least effect
OURS = {"**ours**": Alerts(), "ours without a least ratio": Alerts(min_ratio=1 + 1e-9)}


def all_calls(series: list[np.ndarray]) -> dict[str, np.ndarray]:
    """The calls of each way in the quarter: series x days."""
    values = [pd.Series(one, DAYS) for one in series]
    judged = [_ours(one) for one in values]
    scans = [judged[i : i + NUMBERS] for i in range(0, len(judged), NUMBERS)]
    ours = {way: np.vstack([_called(scan, rules) for scan in scans]) for way, rules in OURS.items()}
    return ours | {way: np.array([peer(one, START) for one in values]) for way, peer in PEERS.items()}


def anomalous_calls(ordinary: list[np.ndarray], anomaly: Anomaly, rng: Rng) -> dict[str, np.ndarray]:
    """The calls on each series with the anomaly, in a scan whose nine other numbers are ordinary."""
    changed = []
    for _ in ordinary:
        rate = _weekly(100)
        rate[HISTORY:] *= anomaly.factor
        changed.append(pd.Series(_negative_binomial(rng, rate), DAYS))
    judged = [_ours(pd.Series(one, DAYS)) for one in ordinary]
    odd = [_ours(one) for one in changed]
    calls: dict[str, list[np.ndarray]] = {way: [] for way in OURS}
    for number, one in enumerate(odd):
        scan = judged[number // NUMBERS * NUMBERS :][:NUMBERS]
        scan[number % NUMBERS] = one
        for way, rules in OURS.items():
            calls[way].append(_called(scan, rules)[number % NUMBERS])
    ours = {way: np.array(of_way) for way, of_way in calls.items()}
    return ours | {way: np.array([peer(one, START) for one in changed]) for way, peer in PEERS.items()}


def found_after(calls: np.ndarray, anomaly: Anomaly) -> tuple[float, float]:
    """The share of anomalies called in their direction while they last, and the median days until then (1: on the first day)."""
    hits = calls[:, ONSET : ONSET + anomaly.days] == anomaly.direction
    found = hits.any(axis=1)
    return float(found.mean()), float(np.median(hits[found].argmax(axis=1) + 1)) if found.any() else np.nan


def _table(head: list[str], rows: dict[str, list[str]]) -> str:
    lines = [["", *head], ["---"] + ["---:"] * len(head), *([way, *cells] for way, cells in rows.items())]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--scans", type=int, default=20, help="quarters of ten numbers for each kind of series"
    )
    scans = parser.parse_args().scans
    weeks, began = scans * QUARTER / 7, time.perf_counter()
    ways = [*OURS, *PEERS]

    rows: dict[str, list[str]] = {}
    for seed, (kind, draw) in enumerate(ORDINARY.items()):
        rng = np.random.default_rng([21, seed])
        calls = all_calls([draw(rng) for _ in range(scans * NUMBERS)])
        rows[kind] = [f"{np.count_nonzero(calls[way]) / weeks:.2f}" for way in ways]
    print(f"False alerts a week of ten numbers ({weeks:.0f} weeks each; the budget of ours is 0.2)\n")
    print(_table(ways, rows), "\n")

    rng = np.random.default_rng([21, 99])
    ordinary = [_negative_binomial(rng, _weekly(100)) for _ in range(scans * NUMBERS)]
    rows = {}
    for name, anomaly in ANOMALIES.items():
        calls = anomalous_calls(ordinary, anomaly, rng)
        found = {way: found_after(calls[way], anomaly) for way in ways}
        rows[name] = [f"{share:.0%}, day {day:.0f}" if share else "0 %" for share, day in found.values()]
    print(f"Anomalies found (of {scans * NUMBERS}), and the day on which (median of those found)\n")
    print(_table(ways, rows), f"\n\n{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
