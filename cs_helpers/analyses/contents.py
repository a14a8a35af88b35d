"""What moves customers on: contents and tools of each step, used or not, and how often the step follows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
import pandas as pd
from scipy import optimize, stats

from cs_helpers.analyses.measures import named
from cs_helpers.analyses.proportions import FALSE_DISCOVERY, benjamini_hochberg, wilson
from cs_helpers.analyses.survival import CENSORED, REACHED
from cs_helpers.analyses.waits import LEAST
from cs_helpers.contract.products import Sign, Step
from cs_helpers.snapshot import ProductData

#: the days of a wait within which a play is due
DUE = 30

#: of each step so many contents of touches at most are looked at, the most used ones
MOST = 8

#: ratios of paces beyond this and its inverse are not told apart from it
_FURTHEST = np.log(1e6)


def planned(data: ProductData, steps: Sequence[Step]) -> list[tuple[str, str, Sign]]:
    """What the product file plans for a step and the data can show: step, kind (`contents`, `tools`), its sign."""
    return [
        (step.step, kind, sign)
        for step in steps
        for kind, sign in (("contents", step.contents_seen), ("tools", step.tools_seen))
        if sign is not None and not data.missing("touches" if sign.touch else "usage")
    ]


def never_seen(data: ProductData, steps: Sequence[Step]) -> list[str]:
    """The signs of planned contents and tools that the data never shows: perhaps they are misspelt."""
    return [
        str(sign.touch or sign.event)
        for _, _, sign in planned(data, steps)
        if not (
            named(data["touches"]["content"].dropna(), sign.touch)
            if sign.touch
            else named(data["usage_daily"]["event"], str(sign.event))
        ).any()
    ]


def watched_since(data: ProductData, steps: Sequence[Step]) -> pd.Timestamp:
    """The day from which uses are known: a wait that began before may have had some that nobody recorded."""
    firsts = [data["touches"]["occurred_at"].min()]
    if any(sign.event for _, _, sign in planned(data, steps)):
        firsts.append(data["active_daily"]["day"].min())
    known = [first.normalize() for first in firsts if first == first]
    return max(known, default=pd.Timestamp.min)


def watched_until(data: ProductData, steps: Sequence[Step], end: pd.Timestamp) -> pd.Timestamp:
    """The moment up to which uses are known, at most `end`: after it nobody recorded what was used."""
    tables = ["touches", *(["usage"] if any(sign.event for _, _, sign in planned(data, steps)) else [])]
    known = [data.known.tables[t].last for t in tables if t in data.known.tables]
    return min([end, *(pd.Timestamp(last) + pd.Timedelta(days=1) for last in known)])


def watched(data: ProductData, waits: pd.DataFrame, steps: Sequence[Step], end: pd.Timestamp) -> pd.DataFrame:
    """The waits whose uses are known: those that began after `watched_since`, up to `watched_until`.

    waits: began, days, outcome (`survival`) and others, which stay. One that lasted longer counts as still going on then.
    """
    until = watched_until(data, steps, end)
    seen = waits[(waits["began"] >= watched_since(data, steps)) & (waits["began"] < until)]
    most = (until - seen["began"]) / pd.Timedelta(days=1)
    longer = seen["days"] > most
    return seen.assign(
        days=seen["days"].where(~longer, most), outcome=seen["outcome"].where(~longer, CENSORED)
    )


def used(data: ProductData, waits: pd.DataFrame, steps: Sequence[Step], end: pd.Timestamp) -> pd.DataFrame:
    """The first use of what may help with a step while somebody waited for it, before `end`.

    waits: account_id, step, began, days; each with an index of its own. Columns: wait (that index), step,
    kind (`contents` and `tools` as planned, `touch`: what else touches were about), what (of a touch
    its content, else ''), since (days of the wait after which it counts: from the day after, so that
    what belongs to the step itself is none). A touch that names another step is not counted, nor is a notice.
    """
    asked = waits[["account_id", "step", "began", "days"]].assign(wait=waits.index)
    touches = data["touches"].rename(columns={"occurred_at": "used_at", "content": "what", "step": "about"})
    touches = touches[(touches["used_at"] < end) & (touches["kind"] != "churn_notice")]
    touches = touches.dropna(subset=["what"])[["account_id", "used_at", "what", "about"]]
    seen = asked.merge(touches, on="account_id")
    seen = seen[seen["about"].isna() | (seen["about"] == seen["step"])].assign(kind="touch")
    parts = [seen]
    for step, kind, sign in planned(data, steps):
        if sign.touch:
            own = (seen["step"] == step).to_numpy() & named(seen["what"], sign.touch)
            seen["kind"], seen["what"] = seen["kind"].mask(own, kind), seen["what"].mask(own, "")
        else:
            daily = data["usage_daily"]
            days = daily.loc[
                named(daily["event"], str(sign.event)) & (daily["day"] < end), ["account_id", "day"]
            ]
            own = asked[asked["step"] == step].merge(days.rename(columns={"day": "used_at"}), on="account_id")
            parts.append(own.assign(kind=kind, what=""))
    each = pd.concat(parts, ignore_index=True)
    each = each[each["used_at"] >= each["began"]]
    since = (each["used_at"].dt.normalize() - each["began"]) / pd.Timedelta(days=1) + 1
    each = each.assign(since=since)[since < each["days"]]
    return each.groupby(["wait", "step", "kind", "what"], sort=True)["since"].min().reset_index()


def moved_on(waits: pd.DataFrame, uses: pd.DataFrame, window: float) -> pd.DataFrame:
    """How the pace of a step changes once something was used, of customers of the same size that waited as long.

    waits: step, size, days, outcome (`survival`). uses: as `used` gives them. A wait counts as without until
    the day after the first use in it, and as with from then on, up to `window` days: who waits longer
    has more time to be sent something, and that time is not held against it (immortal time bias; Suissa
    2008). Columns: step, kind, what, waits, used (waits with a use in time), ratio (of the hazards), low,
    high (95 %), p, odds (as counted: `odds_ratio`, which knows nothing of time), verdict (`faster`,
    `slower`, `alike`; Benjamini-Hochberg over all rows). Only what was used in five waits or more.
    """
    rows = []
    for step, inside in waits.groupby("step", sort=False):
        days = np.minimum(inside["days"].to_numpy(), window)
        reached = ((inside["outcome"] == REACHED) & (inside["days"] <= window)).to_numpy()
        size = inside["size"].to_numpy()
        of_step = uses[(uses["step"] == step) & (uses["since"] < window)]
        often = of_step.groupby(["kind", "what"]).size()
        often = often[often >= LEAST].sort_values(ascending=False, kind="stable")
        touched = [key for key in often.index if key[0] == "touch"][:MOST]
        for kind, what in [*(key for key in often.index if key[0] != "touch"), *touched]:
            each = of_step[(of_step["kind"] == kind) & (of_step["what"] == what)]
            exposed = np.full(len(inside), np.inf)
            exposed[inside.index.get_indexer(each["wait"])] = each["since"]
            ratio, low, high, p = pace_ratio(days, reached, exposed, size)
            with_ = exposed < days
            counts = [int((a & b).sum()) for a in (with_, ~with_) for b in (reached, ~reached)]
            rows.append(
                {
                    "step": step, "kind": kind, "what": what, "waits": len(inside), "used": int(with_.sum()),
                    "ratio": ratio, "low": low, "high": high, "p": p, "odds": odds_ratio(*counts),
                }
            )  # fmt: skip
    columns = ["step", "kind", "what", "waits", "used", "ratio", "low", "high", "p", "odds"]
    found = pd.DataFrame(rows, columns=columns)
    sure = benjamini_hochberg(found["p"].to_list(), q=FALSE_DISCOVERY)
    return found.assign(
        verdict=np.where(sure, np.where(found["ratio"].to_numpy() > 1, "faster", "slower"), "alike")
    )


def pace_ratio(
    days: np.ndarray, reached: np.ndarray, exposed: np.ndarray, stratum: np.ndarray
) -> tuple[float, float, float, float]:
    """Hazard after `exposed` days against before, within strata: ratio, low, high (95 %), p.

    Cox's partial likelihood with a covariate that changes with time, ties as Breslow; interval and p
    by the likelihood ratio, so that they hold with few events. NaN where nobody was at risk without.
    """
    steps, with_, at_risk, at_risk_with = (np.concatenate(part) for part in zip(
        *(_risk(days[s], reached[s], exposed[s]) for s in (stratum == one for one in np.unique(stratum))),
        strict=True,
    ))  # fmt: skip
    known = (at_risk_with > 0) & (at_risk_with < at_risk)
    if not known.any():
        return (np.nan,) * 4
    d, d1, n0, n1 = (x[known].astype(float) for x in (steps, with_, at_risk - at_risk_with, at_risk_with))

    def likelihood(log_ratio: float) -> float:
        return float((d1 * log_ratio - d * np.log(n0 + n1 * np.exp(log_ratio))).sum())

    def slope(log_ratio: float) -> float:
        return float((d1 - d * n1 / (n0 * np.exp(-log_ratio) + n1)).sum())

    best = _root(slope, -_FURTHEST, _FURTHEST)
    highest = likelihood(best)
    drop = float(stats.chi2.ppf(0.95, 1)) / 2

    def beyond(log_ratio: float) -> float:
        return likelihood(log_ratio) - highest + drop

    low = _root(beyond, best, -_FURTHEST) if best > -_FURTHEST else best
    high = _root(beyond, best, _FURTHEST) if best < _FURTHEST else best
    p = float(stats.chi2.sf(2 * (highest - likelihood(0.0)), 1))
    return _ratio(best), _ratio(low), _ratio(high), p


def _ratio(log_ratio: float) -> float:
    if abs(log_ratio) >= _FURTHEST:
        return 0.0 if log_ratio < 0 else np.inf
    return float(np.exp(log_ratio))


def _root(function: Callable[[float], float], start: float, end: float) -> float:
    """Where a falling function is 0 between two places; the end of it where it is nowhere."""
    at_start, at_end = function(start), function(end)
    if np.sign(at_start) == np.sign(at_end):
        return start if abs(at_start) < abs(at_end) else end
    return float(optimize.brentq(function, min(start, end), max(start, end), xtol=1e-8))


def _risk(
    days: np.ndarray, reached: np.ndarray, exposed: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """At each time that a step was taken: steps, of them with, at risk, of them with."""
    days = np.maximum(days, 0.5)  # as everywhere: a step on day 0 is one of the first half day
    at, taken = np.unique(days[reached], return_counts=True)
    later = exposed < days
    with_ = np.bincount(np.searchsorted(at, days[reached & later]), minlength=len(at))
    at_risk = len(days) - np.searchsorted(np.sort(days), at, side="left")
    at_risk_with = np.searchsorted(np.sort(exposed[later]), at, side="left") - np.searchsorted(
        np.sort(days[later]), at, side="left"
    )
    return taken, with_, at_risk, at_risk_with


def odds_ratio(with_reached: int, with_not: int, without_reached: int, without_not: int) -> float:
    """The odds of reaching a step with something against without, 1 added to each number (Haldane, PostHog)."""
    return float(((with_reached + 1) / (with_not + 1)) / ((without_reached + 1) / (without_not + 1)))


def adherence(
    waits: pd.DataFrame, uses: pd.DataFrame, steps: Collection[str], by: str = "csm"
) -> pd.DataFrame:
    """How often who is in charge used what is planned for a step, within 30 days.

    waits: those of `moved_on`, and `by`. steps: those that something is planned for, any of which
    counts. Waits that did not last so long are not counted: of a customer that went on by itself
    before, nothing was due. Columns: `by`, due, used, share, low, high (Wilson, 95 %); who used it most
    often first, by the lower end.
    """
    due = waits[waits["step"].isin(steps) & (waits["days"] >= DUE)]
    in_time = uses[(uses["kind"] != "touch") & (uses["since"] <= DUE + 1)]
    done = pd.Series(due.index.isin(in_time["wait"]), index=due.index)
    rows = []
    for who, each in done.groupby(due[by]):
        low, high = wilson(int(each.sum()), len(each))
        rows.append(
            {
                by: who,
                "due": len(each),
                "used": int(each.sum()),
                "share": each.mean(),
                "low": low,
                "high": high,
            }
        )
    found = pd.DataFrame(rows, columns=[by, "due", "used", "share", "low", "high"])
    return found.sort_values(["low", by], ascending=[False, True], ignore_index=True)
