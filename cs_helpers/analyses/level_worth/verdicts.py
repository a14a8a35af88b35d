"""The verdicts on the questions of the worth of a level, and what of them is a finding."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.analyses.level_worth.lifetime import YEAR, Stay
from cs_helpers.result import Finding, Verdict
from cs_helpers.statistics.bootstrap import MIN_CUSTOMERS, interval


def _beside(low: float, high: float, equal: float) -> str:
    """`more`, `less` or `unclear`: on which side of a value the whole interval lies."""
    return "more" if low > equal else "less" if high < equal else "unclear"


def _difference(
    a: float, a_low: float, a_high: float, b: float, b_low: float, b_high: float
) -> tuple[float, float]:
    """The interval of a - b from those of both (MOVER; Newcombe 1998), where resamples of one of them saw no loss."""
    return a - b - math.hypot(a - a_low, b_high - b), a - b + math.hypot(a_high - a, b - b_low)


def lifetime_verdict(halves: Mapping[str, Stay], horizon: int, discount_rate: float, level: int) -> Verdict:
    """The lifetime value of the upper levels against that of the lower ones.

    `more`, `less` or `unclear` by the interval of the ratio; `small`: too few customers for one; `no_margin`: a month brings none, so there is no ratio; `one_half`: only in one half does
    anybody pay whose stay is known for a year; `unpaid`: in none. Fields: level (the first of the upper ones), months, upper, lower, ratio,
    low, high.
    """
    known = {name: stay for name, stay in halves.items() if stay.known >= YEAR and stay.paying}
    values = {name: stay.value(horizon, discount_rate) for name, stay in known.items()}
    fields: dict[str, Any] = {"level": level, "months": horizon, **{name: v[0] for name, v in values.items()}}
    if len(values) < 2:
        fields["half"] = next(iter(values), "")
        fields["value"] = next(iter(values.values()), (0.0,))[0]
        return Verdict("one_half" if values else "unpaid", fields)
    if min(v[0] for v in values.values()) <= 0:  # the margin is of the product: of both halves, or of neither
        return Verdict("no_margin", fields)
    if any(math.isnan(v[1]) for v in values.values()):
        return Verdict("small", fields)
    upper, lower = known["upper"], known["lower"]
    if upper.lost and lower.lost:
        draws = [stay.value_draws(horizon, discount_rate) for stay in (upper, lower)]
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = interval(draws[0] / draws[1])
    else:
        (a, a_low, a_high), (b, b_low, b_high) = (np.log(values[name]) for name in ("upper", "lower"))
        low, high = (float(np.exp(end)) for end in _difference(a, a_low, a_high, b, b_low, b_high))
    fields |= {"ratio": values["upper"][0] / values["lower"][0], "low": low, "high": high}
    return Verdict("small" if math.isnan(low) else _beside(low, high, 1.0), fields)


def staying_verdict(halves: Mapping[str, Stay], level: int) -> Verdict:
    """The share of the customers of the upper levels that is still there after a year, against the lower ones.

    `none_lost`: nobody was lost within the year; `one_half`: only one half is known for a year. Fields: level, upper, lower, difference, low, high.
    """
    known = {name: stay for name, stay in halves.items() if stay.known >= YEAR}
    fields: dict[str, Any] = {"level": level, **{name: stay.share(YEAR)[0] for name, stay in known.items()}}
    if len(known) < 2:
        fields["half"] = next(iter(known))
        fields["value"] = known[fields["half"]].share(YEAR)[0]
        return Verdict("one_half", fields)
    if all(stay.survival[YEAR] == 1.0 for stay in known.values()):
        return Verdict("none_lost", fields)
    upper, lower = known["upper"], known["lower"]
    difference = float(upper.survival[YEAR] - lower.survival[YEAR])
    if max(upper.survival[YEAR], lower.survival[YEAR]) < 1.0:
        low, high = interval(upper.draws[YEAR] - lower.draws[YEAR])
    else:
        low, high = _difference(*upper.share(YEAR), *lower.share(YEAR))
    fields |= {"difference": difference, "low": low, "high": high}
    return Verdict(_beside(low, high, 0.0), fields)


def nrr_verdict(halves: Mapping[str, float], period: str, level: int) -> Verdict:
    """NRR of the upper levels against that of the lower ones, over the longer period that is known.

    halves: `retained.halves_differ`. `small`: fewer than ten who pay in a half; `alike`: the same NRR in all resamples;
    `one_half`: all who pay stand in one half; `unpaid`: nobody pays.
    """
    fields: dict[str, Any] = {**halves, "level": level, "period": period}
    paying = {name: halves[f"paying_{name}"] for name in ("upper", "lower")}
    if not all(paying.values()):
        fields["half"] = next((name for name, n in paying.items() if n), "")
        fields["value"] = halves[fields["half"]] if fields["half"] else 0.0
        return Verdict("one_half" if fields["half"] else "unpaid", fields)
    if min(paying.values()) < MIN_CUSTOMERS:
        return Verdict("small", fields)
    if math.isnan(halves["low"]):
        return Verdict("alike", fields)
    return Verdict(_beside(halves["low"], halves["high"], 0.0), fields)


def _is_late(ratio: float, earlier: float, low: float, high: float) -> bool:
    """Whether less than half of a clear ratio (on the scale of logarithms) is left by the level of a quarter before."""
    if _beside(low, high, 1.0) == ("less" if ratio < 1 else "more"):
        return False
    with np.errstate(divide="ignore"):
        left, all_of_it = np.log([earlier, ratio])
    return not left * np.sign(all_of_it) > abs(all_of_it) / 2


def steps_verdict(table: pd.DataFrame, steps: pd.DataFrame, lost: int, quarters: int) -> Verdict:
    """The rate of loss of one level more.

    `fewer` or `more` losses by the interval of the chosen row; `fewer_late`, `more_late`: little of it is left by the level of a quarter
    before, so that what customers do when they are already leaving may be all there is to it; `one_step`, `one_step_late`: unclear over the whole curve, but
    one step differs; `unclear`; `none_lost`; `nobody_compared`.

    table: `steps.associations`. steps: `steps.step_table`. Fields: ratio, low, high, compared (losses), common (a key of `steps.STRATA`);
    quarters (customer-quarters at risk), lost; of `one_step` below, step, step_ratio, step_low, step_high.
    """
    by_loss = table[table["outcome"] == "loss"].set_index("common")
    common = str(by_loss.index[by_loss["chosen"]][0])
    row, earlier = by_loss.loc[common], by_loss.loc["earlier"]
    fields: dict[str, Any] = {"quarters": quarters, "lost": lost, "common": common}
    if not lost:
        return Verdict("none_lost", fields)
    if not row["compared"]:
        return Verdict("nobody_compared", fields)
    ratio, low, high = (float(row[c]) for c in ("value", "low", "high"))
    fields |= {"ratio": ratio, "low": low, "high": high, "compared": int(row["compared"])}
    code = {"more": "more", "less": "fewer", "unclear": "unclear"}[_beside(low, high, 1.0)]
    if code != "unclear":
        return Verdict(
            f"{code}_late" if _is_late(ratio, *earlier[["value", "low", "high"]]) else code, fields
        )
    clear = steps[steps["verdict"] != "unclear"].sort_values("p")
    if len(clear):
        best = clear.iloc[0]
        fields |= {"below": int(best["below"]), "step": int(best["level"])}
        fields |= {f"step_{name}": float(best[name]) for name in ("ratio", "low", "high")}
        late = _is_late(best["ratio"], *best[["earlier", "earlier_low", "earlier_high"]])
        return Verdict("one_step_late" if late else "one_step", fields)
    return Verdict("unclear", fields)


def associations_verdict(table: pd.DataFrame) -> Verdict:
    """The NRR of a year for one level more: `more`, `less` or `unclear` by the interval of the chosen row; else `not_known`.

    Fields: difference, low, high, customers, common.
    """
    row = table[(table["outcome"] == "nrr") & table["chosen"]].iloc[0]
    fields = {"customers": int(row["compared"]), "common": str(row["common"])}
    if math.isnan(row["low"]):
        return Verdict("not_known", fields)
    difference, low, high = (float(row[c]) for c in ("value", "low", "high"))
    return Verdict(_beside(low, high, 0.0), {**fields, "difference": difference, "low": low, "high": high})


def worth_findings(verdicts: Mapping[str, Verdict], below_top: pd.Series) -> tuple[Finding, ...]:
    """What is clear of the rate of loss and of NRR, among customers who are alike. below_top: the MRR of who can still climb."""
    found = []
    at_stake: dict[str, Any] = {"customers": len(below_top), "mrr": float(below_top.fillna(0).sum())}
    steps, nrr = verdicts.get("steps"), verdicts.get("associations")
    if steps is not None and steps.code in ("fewer", "more") and 0 < steps.fields["ratio"] < math.inf:
        f = steps.fields
        low, high = (f[name] if math.isfinite(f[name]) else None for name in ("low", "high"))
        found.append(
            Finding(
                f"{steps.code}_lost", "steps", "neither", "clear", n=f["compared"], compared_with="other_customers",
                size=f["ratio"], size_unit="ratio", unit="ratio", low=low, high=high, **at_stake,
            )
        )  # fmt: skip
    if nrr is not None and nrr.code in ("more", "less"):
        f = nrr.fields
        found.append(
            Finding(
                "nrr_higher" if nrr.code == "more" else "nrr_lower", "associations", "neither", "clear", n=f["customers"],
                compared_with="other_customers", size=f["difference"], low=f["low"], high=f["high"], unit="share",
                **at_stake,
            )
        )  # fmt: skip
    return tuple(found)
