"""The verdicts and the headline metrics of how customers move, from the tables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cs_helpers.analyses.maturity.falls import UNKNOWN_BEFORE, WARNED, WARNING_MONTHS
from cs_helpers.analyses.maturity.sojourn import OPEN, leaving
from cs_helpers.result import Metric, Verdict
from cs_helpers.rounding import rounded
from cs_helpers.statistics.medians import median_interval
from cs_helpers.statistics.proportions import rate_ratio, wilson
from cs_helpers.statistics.survival import log_rank


def movement_metrics(tables: Mapping[str, pd.DataFrame]) -> dict[str, Metric]:
    """`rose`, `fell`, `fall_ratio`, `stalled` and `fall_lead_days`, each only where it is known."""
    metrics = {}
    moved = _known_moves(tables["levels"])
    if len(moved):
        metrics["rose"] = _share("rose", int((moved["level"] > moved["previous"]).sum()), len(moved))
        metrics["fell"] = _share("fell", int((moved["level"] < moved["previous"]).sum()), len(moved))
    falls = tables.get("falls")
    if falls is not None and falls["lost"].gt(0).all():
        ratio, low, high, _ = _loss_ratio(falls)
        metrics["fall_ratio"] = Metric("fall_ratio", ratio, "ratio", int(falls["customers"].sum()), low, high)
    if "stalled" in tables:
        stays = tables["stays"][tables["stays"]["usual"].notna()]
        if standing := int(stays["standing"].sum()):
            metrics["stalled"] = _share("stalled", int(stays["late"].sum()), standing)
    warnings = tables.get("lead_time")
    if warnings is not None and (days := warnings["days"].dropna().to_numpy()).size:
        lead = float(np.median(days))
        metrics["fall_lead_days"] = Metric("fall_lead_days", lead, "days", len(days), *median_interval(days))
    return metrics


def _share(name: str, count: int, n: int) -> Metric:
    return Metric(name, count / n, "share", n, *wilson(count, n))


def _known_moves(levels: pd.DataFrame) -> pd.DataFrame:
    return levels[(levels["previous"] >= 0) & (levels["level"] >= 0)]


def transitions_verdict(levels: pd.DataFrame, summed_quarters: int) -> Verdict:
    """The shares that rose and fell in the quarter. levels: see `levels.level_table`."""
    moved = _known_moves(levels)
    rose, fell = (moved["level"] > moved["previous"]), (moved["level"] < moved["previous"])
    shares = {"rose": float(rose.mean()), "fell": float(fell.mean()), "n": len(moved)} if len(moved) else {}
    code = ("message" if shares else "unknown") + ("" if summed_quarters > 1 else "_one")
    return Verdict(code, {**shares, "quarters": summed_quarters})


def long_run_verdict(draws: np.ndarray, now: np.ndarray, upper_from: int) -> Verdict:
    """Whether the share of the upper levels grows or shrinks, where the 95 % interval does not hold that of now.

    draws: of `changes.long_run_draws`; now: customers by level.
    """
    upper = draws[:, upper_from:].sum(axis=1)
    low, high = np.quantile(upper[1:], [0.025, 0.975])
    share_now = float(now[upper_from:].sum() / now.sum())
    fields = {
        "level": upper_from,
        "now": share_now,
        "share": float(upper[0]),
        "from_share": float(low),
        "to_share": float(high),
    }
    return Verdict("more" if low > share_now else "fewer" if high < share_now else "same", fields)


def longest_stay(spells: pd.DataFrame, top: int) -> Verdict:
    """The level below the highest at which customers stay longest.

    spells: of `sojourn.level_spells`. `longest`: level, months until half have left; it differs from the level with the
    next longest stay (log-rank, 5 %). `range`: stays differ between levels (log-rank, 5 %), but which is the longest
    cannot be told: short, fewest, level, months. `single`: only one level was reached. `longest_open`, `range_open` and
    `single_open`: at that level fewer than half have left in the months that were observed. `alike`; `none`: no stay below the
    highest level has a known beginning.
    """
    known = spells[~spells["began_before"] & (spells["level"] < top)]
    stays = {int(level): leaving(inside) for level, inside in known.groupby("level")}
    if not stays:
        return Verdict("none")
    half = {level: stay.median()[0] for level, stay in stays.items()}
    by_length = sorted(half, key=lambda level: (np.isnan(half[level]), half[level], stays[level].known_until))
    slowest, is_open = by_length[-1], bool(np.isnan(half[by_length[-1]]))
    observed = known.loc[known["level"] == slowest, "months"].max()
    fields = {"level": slowest, "months": int(observed if is_open else half[slowest])}
    suffix = "_open" if is_open else ""
    if len(stays) == 1:
        return Verdict(f"single{suffix}", fields)
    if not _differ(known):
        return Verdict("alike")
    shortest, next_slowest = by_length[0], by_length[-2]
    if half[next_slowest] != half[slowest] and _differ(known[known["level"].isin((slowest, next_slowest))]):
        return Verdict(f"longest{suffix}", fields)
    if np.isnan(half[shortest]) or half[shortest] == half[slowest]:
        return Verdict("alike")
    return Verdict(f"range{suffix}", {**fields, "short": shortest, "fewest": int(half[shortest])})


def _differ(spells: pd.DataFrame) -> bool:
    """Whether the time to leaving differs between levels (log-rank, 5 %)."""
    left = (spells["outcome"] != OPEN).tolist()
    return bool(log_rank(spells["months"].tolist(), left, spells["level"].tolist())[1] < 0.05)


def fall_warning(falls: pd.DataFrame) -> Verdict:
    """Whether more customers are lost after a fall; where the ratio is not defined, by the two shares."""
    fell, held = falls.iloc[0], falls.iloc[1]
    if not fell["customers"] or not held["customers"]:
        return Verdict("nobody_fell" if held["customers"] else "unknown")
    if not fell["lost"] and not held["lost"]:
        return Verdict("none_lost", {"customers": int(falls["customers"].sum())})
    value, low, high, p = _loss_ratio(falls)
    if not fell["lost"] or not held["lost"]:  # no ratio, but perhaps a difference
        shares = {"share": float(fell["share"]), "other": float(held["share"])}
        return Verdict(
            ("more_shares" if fell["lost"] else "fewer_shares") if p < 0.05 else "same_shares", shares
        )
    fields = {"ratio": value, "low": low, "high": high}
    return Verdict("more" if low > 1 else "fewer" if high < 1 else "same", fields)


def _loss_ratio(falls: pd.DataFrame) -> tuple[float, float, float, float]:
    """The rate of losses after a fall divided by that without one: ratio, low, high (95 %), p."""
    fell, held = falls.iloc[0], falls.iloc[1]
    return rate_ratio(int(fell["lost"]), int(fell["customers"]), int(held["lost"]), int(held["customers"]))


def lead_time_verdict(warnings: pd.DataFrame, falls: int, followed: int) -> Verdict:
    """How many losses came after a fall, how long before, and how many falls came before a loss.

    warnings: of `falls.warnings_before_losses`; falls, followed: of `falls.falls_and_losses`. `warned`: n (losses before
    which levels are known), warned, days (median), months (looked back), falls, followed; `warned_only`: without falls
    that were observed long enough; `none_warned`.
    """
    n = int((warnings["outcome"] != UNKNOWN_BEFORE).sum())
    warned = int((warnings["outcome"] == WARNED).sum())
    fields = {"n": n, "warned": warned, "months": WARNING_MONTHS}
    if not warned:
        return Verdict("none_warned", fields)
    fields["days"] = int(rounded(float(warnings["days"].median())))
    if not falls:
        return Verdict("warned_only", fields)
    return Verdict("warned", {**fields, "falls": falls, "followed": followed})
