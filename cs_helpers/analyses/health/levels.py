"""Health by level of maturity: the numbers and what people say apart, and whether the red customers stand at one level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

from cs_helpers.analyses.health.scored import Scored
from cs_helpers.contract.products import Product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.health_score import BANDS
from cs_helpers.customers.maturity_levels import UNKNOWN, level_bounds
from cs_helpers.customers.segment_shares import stands_out
from cs_helpers.result import Verdict
from cs_helpers.statistics.medians import median_interval
from cs_helpers.statistics.proportions import wilson
from cs_helpers.statistics.variation import exact_p

#: an exact p-value of at most this is a difference between levels; it is one test, so nothing is corrected for
LEVEL = 0.05


def level_of(scored: Scored, quarter: Quarter) -> pd.Series:
    """The level of each customer at the end of the quarter, or `UNKNOWN`; index that of `scored.accounts`."""
    low, high = (
        bounds[quarter.end].reindex(scored.accounts.index)
        for bounds in level_bounds(scored.data, [quarter.end], scored.time)
    )
    return low.where(low == high, float(UNKNOWN)).astype("int64")


def by_level(scored: Scored, level: pd.Series, levels: Sequence[int]) -> pd.DataFrame:
    """The health of the customers at each level.

    level: of `level_of`; levels: of the product. Columns: level (`UNKNOWN` last, where there are such customers), customers, green,
    yellow, red and unscored (customers), share (red, of those with a score), low, high (Wilson, 95 %), median (score, 0 to 100),
    median_low, median_high (`statistics.medians.median_interval`; NaN for fewer than 6), quantitative and qualitative (medians
    of the score of these measures alone, over the customers of whom any is known). NaN where nobody has a score.
    """
    parts = {kind: scored.part(kind) for kind in ("quantitative", "qualitative")}
    shown = [*levels, *([UNKNOWN] if (level == UNKNOWN).any() else [])]
    rows = []
    for at in shown:
        here = level.index[level == at]
        score, band = scored.score[here].dropna(), scored.band[here]
        counts = {name: int((band == name).sum()) for name in BANDS}
        low, high = wilson(counts["red"], len(score)) if len(score) else (np.nan, np.nan)
        median_low, median_high = median_interval(score.to_numpy("float64"))
        rows.append(
            {
                "level": at, "customers": len(here), **counts, "unscored": len(here) - len(score),
                "share": counts["red"] / len(score) if len(score) else np.nan, "low": low, "high": high,
                "median": score.median(), "median_low": median_low, "median_high": median_high,
                **{kind: part[here].median() for kind, part in parts.items()},
            }
        )  # fmt: skip
    numbers = ["median", "median_low", "median_high", "quantitative", "qualitative"]
    return pd.DataFrame(rows).astype(dict.fromkeys(numbers, "float64"))


def level_verdict(scored: Scored, level: pd.Series) -> Verdict:
    """The level whose share of red customers stands out from that of all other levels, if the levels differ at all.

    Whether they do: exact test over the levels (Freeman, Halton). `worse` or `better` (level, share, n, other_share, other_n,
    low and high of the difference), `alike` (n), `alone` (level: all stand at one), `none_red`, `all_red` (n).
    """
    is_known = scored.is_scored & (level >= 0)
    is_red, at = (scored.band == "red")[is_known], level[is_known]
    if is_red.sum() in (0, len(is_red)):
        return Verdict("all_red" if is_red.any() else "none_red", {"n": len(is_red)})
    counts = is_red.groupby(at).agg(["sum", "size"])
    if len(counts) == 1:
        return Verdict("alone", {"level": int(counts.index[0]), "n": len(is_red)})
    if exact_p(counts["sum"].tolist(), counts["size"].tolist()) > LEVEL:
        return Verdict("alike", {"n": len(is_red)})
    found = stands_out(is_red, pd.DataFrame({"level": at.astype("str")}), ["level"], first="more")
    assert found is not None  # of two levels at least, each can be held against the others
    fields = asdict(found)
    code, at_level = "worse" if fields.pop("side") == "more" else "better", fields.pop("segment")
    return Verdict(code, {"level": int(at_level.partition(":")[2]), **fields})


def counted_twice(product: Product) -> tuple[str, ...]:
    """The measures of the score that count the same events of use as a rule of the levels, so that the two rise together."""
    of_rules = {p for c in product.maturity.conditions if c.source == "usage" for p in c.patterns}

    def overlaps(pattern: str) -> bool:
        return any(fnmatchcase(pattern, other) or fnmatchcase(other, pattern) for other in of_rules)

    measures = [m for m in product.health.measures if m.measure.source == "usage"]
    return tuple(m.id for m in measures if any(map(overlaps, m.measure.patterns)))
