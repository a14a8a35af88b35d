"""False alerts on ordinary series, and anomalies found: our usual levels beside what users would pick instead.

    python benchmarks/baselines_calibration.py [--scans 10]

A product watches ten daily numbers. Each has 910 days of history; what is called in the quarter after it (91 days) is
counted. Ordinary quarters: the calls are false alerts. Anomalous quarters: one of the ten numbers has an anomaly from
its 29th day on; found, if it is called in the right direction while it lasts, and after how many days. Every way is
given the same series. A third table gives each way the threshold that makes 0.2 false alerts a week, so that what they find
can be compared. Prints Markdown; the seeds are fixed. Takes about two minutes of one core.

Ways: those of `baselines_peers`, and ours as in a product file without an `alerts` block.
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
        """For each number and day, and for each number and week: 2 (called, above), -2 (below), less where not.

        What is not called is ordered by its p-value, from 1 to 0; so are the calls, from 3 to 2.
        """
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
        excess = np.where(called, 2.0, 0.0) + is_large * (1 - np.nan_to_num(p, nan=1.0))
        signed = np.where(ratio > 1, excess, -excess)
        return signed[:, :days], signed[:, days:]


#: the last one ranks as the one before, and calls more of it
OURS: dict[str, Ours] = {
    "**ours**": Ours(Alerts()),
    "**ours, by day and by week**": Ours(Alerts(), by_week=True),
    "the same with false_discovery 0.05": Ours(Alerts(false_discovery=0.05), by_week=True),
    "the same with false_discovery 0.2": Ours(Alerts(false_discovery=0.2), by_week=True),
}
WAYS = [*OURS, *PEERS]


@dataclass(frozen=True)
class Calls:
    """How far days (and weeks) of each number lie beyond what a way allows: called above 1 and below -1."""

    days: np.ndarray
    weeks: np.ndarray

    def threshold(self, false_alerts: float) -> float:
        """That which so many calls of ordinary series reach."""
        excess = np.sort(np.abs(np.concatenate([self.days.ravel(), self.weeks.ravel()])))[::-1]
        return float(excess[round(false_alerts)])

    def count(self) -> int:
        """The number of calls."""
        return int((np.abs(self.days) > 1).sum() + (np.abs(self.weeks) > 1).sum())

    def found_after(self, anomaly: Anomaly, threshold: float = 1.0) -> np.ndarray:
        """For each number the day on which the anomaly is called (1: that of the onset); NaN: it is not.

        A call counts in the anomaly's direction while it lasts; that of a week on its Sunday.
        """
        first = np.full(len(self.days), np.inf)
        for calls, step in ((self.days, 1), (self.weeks, 7)):
            lasts = calls[:, ONSET // step : -(-(ONSET + anomaly.days) // step)]
            hits = lasts * anomaly.direction > threshold
            if hits.shape[1]:
                first = np.where(hits.any(axis=1), np.minimum(first, (hits.argmax(axis=1) + 1) * step), first)
        return np.where(np.isfinite(first), first, np.nan)


NO_WEEKS = np.zeros((0, 0))


def all_calls(series: list[np.ndarray], others: list[Judged] | None = None) -> dict[str, Calls]:
    """The calls of each way. others: ordinary series; each of ours is then in a scan with nine of them."""
    judged = [_judged(one) for one in series]
    calls = {}
    for name, way in OURS.items():
        rows: list[tuple[np.ndarray, np.ndarray]] = []
        for number in range(0, len(judged), 1 if others else NUMBERS):
            if others is None:
                rows.append(way.calls(judged[number : number + NUMBERS]))
            else:
                place, scan = number % NUMBERS, others[number // NUMBERS * NUMBERS :][:NUMBERS]
                called = way.calls([*scan[:place], judged[number], *scan[place + 1 :]])
                rows.append((called[0][[place]], called[1][[place]]))
        calls[name] = Calls(*(np.vstack(part) for part in zip(*rows, strict=True)))
    values = [pd.Series(one, DAYS) for one in series]
    return calls | {
        name: Calls(np.array([peer(one, START) for one in values]), NO_WEEKS) for name, peer in PEERS.items()
    }


def _table(head: list[str], rows: dict[str, list[str]]) -> str:
    lines = [["", *head], ["---"] + ["---:"] * len(head), *([way, *cells] for way, cells in rows.items())]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--scans", type=int, default=10, help="quarters of ten numbers for each kind of series"
    )
    scans = parser.parse_args().scans
    weeks, began = scans * QUARTER / 7, time.perf_counter()

    rows: dict[str, list[str]] = {way: [] for way in WAYS}
    for seed, draw in enumerate(ORDINARY.values()):
        rng = np.random.default_rng([21, seed])
        for way, calls in all_calls([draw(rng) for _ in range(scans * NUMBERS)]).items():
            rows[way].append(f"{calls.count() / weeks:.2f}")
    print(
        f"False alerts a week of ten numbers, over {weeks:.0f} weeks\n\n{_table(list(ORDINARY), rows)}\n",
        flush=True,
    )

    rng = np.random.default_rng([21, 99])
    ordinary = [_negative_binomial(rng, _weekly(100)) for _ in range(scans * NUMBERS)]
    of_ordinary, judged = all_calls(ordinary), [_judged(one) for one in ordinary]
    alike = {way: calls.threshold(Alerts().false_alerts_a_week * weeks) for way, calls in of_ordinary.items()}
    rows, rows_alike = {way: [] for way in WAYS}, {way: [] for way in WAYS if "false_discovery" not in way}
    for anomaly in ANOMALIES.values():
        rate = _weekly(100)
        rate[HISTORY:] *= anomaly.factor
        changed = [_negative_binomial(rng, rate) for _ in ordinary]
        for way, calls in all_calls(changed, judged).items():
            rows[way].append(_share(calls.found_after(anomaly)))
            if way in rows_alike:
                rows_alike[way].append(_share(calls.found_after(anomaly, alike[way])))
    print(f"Share of {len(ordinary)} anomalies found, and when (median)\n\n{_table(list(ANOMALIES), rows)}\n")
    print(
        "The same, with each way's threshold set to 0.2 false alerts a week on ordinary series of this kind\n"
    )
    print(_table(list(ANOMALIES), rows_alike), f"\n\n{time.perf_counter() - began:.0f} s")


def _share(days: np.ndarray) -> str:
    found = days[np.isfinite(days)]
    return f"{len(found) / len(days):.0%}" + (f", day {np.median(found):.0f}" if len(found) else "")


if __name__ == "__main__":
    main()
