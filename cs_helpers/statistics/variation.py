"""Differences between segments: the shares of companies that mention a theme, compared exactly."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import gammaln
from scipy.stats import chi2_contingency

from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg, newcombe

#: an exact test enumerates at most so many tables
MAX_TABLES = 5e6

#: shares are called alike where the interval of their difference lies within this margin
EQUIVALENCE_MARGIN = 0.3


def compare_segments(mentions: pd.DataFrame, segment: pd.Series) -> pd.DataFrame:
    """Whether the share of companies that mention a theme varies between segments, for each theme.

    mentions: account_id, code, one row per mention. segment: the segment of each interviewed company, by account_id;
    companies without one are left out. Columns: code, mentioned and of (dictionaries by segment: companies that
    mention it, companies interviewed), p (exact test over all segments), v (Cramer's V), verdict (`varies`: significant by
    Benjamini-Hochberg over the themes; `alike`: the 95 % Newcombe interval of the largest difference between two
    segments ends below `EQUIVALENCE_MARGIN`; else `unknown`). Sorted by p. Empty with fewer than two segments.
    """
    segment = segment.dropna()
    totals = segment.value_counts().sort_index()
    columns = ["code", "mentioned", "of", "p", "v", "verdict"]
    if len(totals) < 2:
        return pd.DataFrame(columns=columns)
    companies = mentions[["account_id", "code"]].dropna().drop_duplicates()
    companies = companies.assign(segment=companies["account_id"].map(segment)).dropna(subset=["segment"])
    counts = (
        companies.groupby(["code", "segment"])
        .size()
        .unstack(fill_value=0)
        .reindex(columns=totals.index, fill_value=0)
    )
    rows = []
    for code, row in counts.iterrows():
        row_counts, row_totals = row.to_numpy(int), totals.to_numpy(int)
        rows.append(
            {
                "code": code, "mentioned": row.astype(int).to_dict(), "of": totals.astype(int).to_dict(),
                "p": exact_p(row_counts, row_totals), "v": cramers_v(row_counts, row_totals),
                "verdict": "alike" if _largest_difference(row_counts, row_totals) < EQUIVALENCE_MARGIN else "unknown",
            }
        )  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    significant = benjamini_hochberg(table["p"].to_list(), q=FALSE_DISCOVERY)
    table["verdict"] = table["verdict"].mask(significant, "varies")
    return table.sort_values(["p", "code"], ignore_index=True)


def exact_p(counts: Sequence[int], totals: Sequence[int]) -> float:
    """The p-value of the exact test of equal shares in all segments (Fisher; Freeman, Halton 1951).

    counts: by segment, of `totals`. The probability of all tables with these margins that are at most as likely as
    this one; above `MAX_TABLES` tables the p-value of the chi-squared test, which is then as good.
    """
    total = int(sum(counts))
    if total > sum(totals) - total:  # count the complement: the same p from fewer tables
        counts, total = [n - k for k, n in zip(counts, totals, strict=True)], int(sum(totals)) - total
    if np.prod(np.minimum(np.asarray(totals, float), total) + 1) > MAX_TABLES:
        rest = np.asarray(totals) - np.asarray(counts)
        return (
            float(chi2_contingency([counts, rest], correction=False).pvalue) if total and rest.sum() else 1.0
        )
    # enumerate tables one segment at a time: the count so far, and the log of its number of combinations
    sums, logs = np.zeros(1, dtype=int), np.zeros(1)
    for n in totals:
        k = np.arange(min(int(n), total) + 1)
        sums = (sums[:, None] + k).ravel()
        logs = (logs[:, None] + _log_binomial(int(n), k)).ravel()
        sums, logs = sums[sums <= total], logs[sums <= total]
    logs = logs[sums == total]
    log_probability = sum(
        float(_log_binomial(int(n), np.array([k]))[0]) for k, n in zip(counts, totals, strict=True)
    )
    weight = np.exp(logs - logs.max())
    return float(min(1.0, weight[logs <= log_probability + 1e-7].sum() / weight.sum()))


def _log_binomial(n: int, k: np.ndarray) -> np.ndarray:
    """The log of the binomial coefficients n over k."""
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


def cramers_v(counts: Sequence[int], totals: Sequence[int]) -> float:
    """Cramer's V: the association of a share with the segment, 0 to 1 (Cramer 1946)."""
    observed, sizes = np.asarray(counts, float), np.asarray(totals, float)
    share = observed.sum() / sizes.sum()
    if share in (0, 1):
        return 0.0
    return float(
        np.sqrt(((observed - sizes * share) ** 2 / (sizes * share * (1 - share))).sum() / sizes.sum())
    )


def zero_count_bound(n: int) -> float:
    """The largest share compatible with a count of 0 in `n` (one-sided 95 %)."""
    return float(1 - 0.05 ** (1 / n)) if n else 1.0


def _largest_difference(counts: Sequence[int], totals: Sequence[int]) -> float:
    """The furthest bound from 0 of the intervals of the differences between segments."""
    bounds = []
    for (a, n), (b, m) in combinations(zip(counts, totals, strict=True), 2):
        low, high = newcombe(a, n, b, m)
        bounds.append(max(abs(low), abs(high)))
    return float(max(bounds))
