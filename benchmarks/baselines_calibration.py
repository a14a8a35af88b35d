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
from cs_helpers.statistics.alert_budget import alerts, weekly_tests
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


@dataclass(frozen=True)
class Judged:
    """Our p-values of the quarter and ratios to the usual level, of one number: by day, and of its weekly sums."""

    p: np.ndarray
    ratio: np.ndarray
    week_p: np.ndarray
    week_ratio: np.ndarray


def _judged(values: np.ndarray) -> Judged:
    days = usual_levels(pd.Series(values, DAYS), START)
    weeks = pd.Series(
        values[-len(values) // 7 * 7 :].reshape(-1, 7).sum(axis=1), DAYS[-len(values) // 7 * 7 :: 7]
    )
    sums = usual_levels(weeks, START, every="week")
    return Judged(
        *(
            x
            for f in (days, sums)
            for x in (f["p"].to_numpy(), ((f["value"] + 0.5) / (f["usual"] + 0.5)).to_numpy())
        )
    )


@dataclass(frozen=True)
class Ours:
    """A way of ours: its rules, and whether each number is watched by week as well as by day."""

    rules: Alerts
    by_week: bool = False

    def calls(self, scan: list[Judged]) -> tuple[np.ndarray, np.ndarray]:
        """1, -1 or 0 for each number and day, and for each number and week."""
        p, ratio = np.array([one.p for one in scan]), np.array([one.ratio for one in scan])
        days = p.shape[1]
        if self.by_week:
            p = np.hstack([p, [one.week_p for one in scan]])
            ratio = np.hstack([ratio, [one.week_ratio for one in scan]])
        is_large = (ratio >= self.rules.min_ratio) | (ratio <= 1 / self.rules.min_ratio)
        tests = weekly_tests(["day", "week"][: 1 + self.by_week] * len(scan))
        week = np.concatenate([np.arange(days) // 7, np.arange(p.shape[1] - days)])
        weeks = np.broadcast_to(week, p.shape).ravel()
        called = alerts(p.ravel(), is_large.ravel(), tests, self.rules, weeks).reshape(p.shape)
        signed = np.where(called, np.where(ratio > 1, 1, -1), 0)
        return signed[:, :days], signed[:, days:]


OURS: dict[str, Ours] = {
    "**ours**": Ours(Alerts()),
    "**ours, by day and by week**": Ours(Alerts(), by_week=True),
    "ours without a least ratio": Ours(Alerts(min_ratio=1 + 1e-9)),
}
WAYS = [*OURS, *PEERS]


def false_alerts(series: list[np.ndarray]) -> dict[str, int]:
    """How many days (and weeks) each way calls in the quarters of ordinary series."""
    judged = [_judged(one) for one in series]
    scans = [judged[i : i + NUMBERS] for i in range(0, len(judged), NUMBERS)]
    counts = {
        name: sum(np.count_nonzero(part) for scan in scans for part in way.calls(scan))
        for name, way in OURS.items()
    }
    values = [pd.Series(one, DAYS) for one in series]
    return counts | {
        way: sum(np.count_nonzero(peer(one, START)) for one in values) for way, peer in PEERS.items()
    }


def found_after(ordinary: list[Judged], changed: list[np.ndarray], anomaly: Anomaly) -> dict[str, np.ndarray]:
    """For each way and changed series the day after the onset on which the anomaly is called; NaN: not called.

    A series is one of ten in a scan whose nine others are ordinary. A call counts in the anomaly's direction, while it
    lasts; that of a week on its Sunday.
    """
    days: dict[str, list[float]] = {way: [] for way in WAYS}
    for number, one in enumerate(changed):
        scan, place = ordinary[number // NUMBERS * NUMBERS :][:NUMBERS], number % NUMBERS
        scan = [*scan[:place], _judged(one), *scan[place + 1 :]]
        for name, way in OURS.items():
            by_day, by_week = way.calls(scan)
            days[name].append(
                min(_first_call(by_day[place], anomaly), _first_call(by_week[place], anomaly, 7))
            )
        for name, peer in PEERS.items():
            days[name].append(_first_call(peer(pd.Series(one, DAYS), START), anomaly))
    return {way: np.where(np.isfinite(after), after, np.nan) for way, after in days.items()}


def _first_call(calls: np.ndarray, anomaly: Anomaly, step: int = 1) -> float:
    """The day (1: that of the onset) of the first call in the anomaly's direction; infinite without one."""
    hits = np.flatnonzero(calls[ONSET // step : -(-(ONSET + anomaly.days) // step)] == anomaly.direction)
    return float((hits[0] + 1) * step) if len(hits) else np.inf


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

    rows: dict[str, list[str]] = {way: [] for way in WAYS}
    for seed, draw in enumerate(ORDINARY.values()):
        rng = np.random.default_rng([21, seed])
        for way, count in false_alerts([draw(rng) for _ in range(scans * NUMBERS)]).items():
            rows[way].append(f"{count / weeks:.2f}")
    print(f"False alerts a week of ten numbers, over {weeks:.0f} weeks\n\n{_table(list(ORDINARY), rows)}\n")

    rng = np.random.default_rng([21, 99])
    ordinary = [_judged(_negative_binomial(rng, _weekly(100))) for _ in range(scans * NUMBERS)]
    rows = {way: [] for way in WAYS}
    for anomaly in ANOMALIES.values():
        rate = _weekly(100)
        rate[HISTORY:] *= anomaly.factor
        changed = [_negative_binomial(rng, rate) for _ in ordinary]
        for way, days in found_after(ordinary, changed, anomaly).items():
            found = days[np.isfinite(days)]
            rows[way].append(
                f"{len(found) / len(days):.0%}" + (f", day {np.median(found):.0f}" if len(found) else "")
            )
    print(f"Share of {len(ordinary)} anomalies found, and when (median)\n\n{_table(list(ANOMALIES), rows)}")
    print(f"\n{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
