"""What varies by segment: themes told by some companies and not by others, counted in companies."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import gammaln
from scipy.stats import chi2_contingency

from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg, newcombe

#: an exact test looks at so many tables at most
MOST_TABLES = 5e6

#: shares that differ by less than this, and surely so, are called alike
NO_MATTER = 0.3


def varying(told: pd.DataFrame, segment: pd.Series) -> pd.DataFrame:
    """Each theme by segment: does it vary, does it not, or can nobody tell?

    told: account_id, code, a row a mention. segment: of each company that was asked, by account_id; those
    without one are left out. Columns: code, told and of (companies by segment), p (exact test over all
    segments), v (Cramer's), verdict (`varies`: Benjamini-Hochberg over the themes; `alike`: the 95 %
    interval of the largest difference of two shares, Newcombe's, ends below .3; else `unknown`). The
    least likely by chance first. Empty with fewer than two segments.
    """
    segment = segment.dropna()
    of = segment.value_counts().sort_index()
    columns = ["code", "told", "of", "p", "v", "verdict"]
    if len(of) < 2:
        return pd.DataFrame(columns=columns)
    own = told[["account_id", "code"]].dropna().drop_duplicates()
    own = own.assign(segment=own["account_id"].map(segment)).dropna(subset=["segment"])
    counts = (
        own.groupby(["code", "segment"]).size().unstack(fill_value=0).reindex(columns=of.index, fill_value=0)
    )
    rows = []
    for code, row in counts.iterrows():
        tells, asked = row.to_numpy(int), of.to_numpy(int)
        rows.append(
            {
                "code": code, "told": row.astype(int).to_dict(), "of": of.astype(int).to_dict(),
                "p": exact_p(tells, asked), "v": cramers_v(tells, asked),
                "verdict": "alike" if _widest(tells, asked) < NO_MATTER else "unknown",
            }
        )  # fmt: skip
    found = pd.DataFrame(rows, columns=columns)
    sure = benjamini_hochberg(found["p"].to_list(), q=FALSE_DISCOVERY)
    found["verdict"] = found["verdict"].mask(sure, "varies")
    return found.sort_values(["p", "code"], ignore_index=True)


def exact_p(told: Sequence[int], of: Sequence[int]) -> float:
    """The exact test of equal shares in all segments (Fisher; Freeman, Halton 1951): p.

    The chance of all tables with these margins that are as rare as this one or rarer; with more than
    5 million tables that of chi-squared, which then comes to the same.
    """
    total = int(sum(told))
    if total > sum(of) - total:  # the same tables, told of those that did not: fewer to look at
        told, total = [n - k for k, n in zip(told, of, strict=True)], int(sum(of)) - total
    if np.prod(np.minimum(np.asarray(of, float), total) + 1) > MOST_TABLES:
        others = np.asarray(of) - np.asarray(told)
        return (
            float(chi2_contingency([told, others], correction=False).pvalue)
            if total and others.sum()
            else 1.0
        )
    # tables are made a segment at a time: the companies that have told it so far, and the log of the ways
    sums, logs = np.zeros(1, dtype=int), np.zeros(1)
    for n in of:
        k = np.arange(min(int(n), total) + 1)
        sums = (sums[:, None] + k).ravel()
        logs = (logs[:, None] + _choose(int(n), k)).ravel()
        sums, logs = sums[sums <= total], logs[sums <= total]
    logs = logs[sums == total]
    here = sum(float(_choose(int(n), np.array([k]))[0]) for k, n in zip(told, of, strict=True))
    weight = np.exp(logs - logs.max())
    return float(min(1.0, weight[logs <= here + 1e-7].sum() / weight.sum()))


def _choose(n: int, k: np.ndarray) -> np.ndarray:
    found: np.ndarray = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return found


def cramers_v(told: Sequence[int], of: Sequence[int]) -> float:
    """How strongly a share hangs together with the segment, 0 to 1 (Cramer 1946)."""
    tells, asked = np.asarray(told, float), np.asarray(of, float)
    share = tells.sum() / asked.sum()
    if share in (0, 1):
        return 0.0
    return float(np.sqrt(((tells - asked * share) ** 2 / (asked * share * (1 - share))).sum() / asked.sum()))


def never_heard(n: int) -> float:
    """The share of companies of which a theme may still be true that none of `n` told (one-sided 95 %)."""
    return float(1 - 0.05 ** (1 / n)) if n else 1.0


def _widest(told: Sequence[int], of: Sequence[int]) -> float:
    """The upper end of the interval of the largest difference between two segments."""
    ends = []
    for (a, n), (b, m) in combinations(zip(told, of, strict=True), 2):
        low, high = newcombe(a, n, b, m)
        ends.append(max(abs(low), abs(high)))
    return float(max(ends))
