"""Whether a share of customers, as of red ones, differs between segments beyond chance, and which one stands out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from cs_helpers.contract.vocabulary import TOUCH_MODELS, UNKNOWN
from cs_helpers.customers.segments import mask_unknown, segments_present, with_segments
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg, fisher, newcombe
from cs_helpers.statistics.variation import exact_p

#: what customers are compared by, in the order of pages
DIMENSIONS = ("size", "touch_model", "industry")


def customers_by_dimension(accounts: pd.DataFrame) -> pd.DataFrame:
    """The columns of `DIMENSIONS` (`unknown` where missing) and csm of each account. Index: account_id."""
    table = with_segments(accounts).set_index("account_id")
    return table.assign(touch_model=table["touch_model"].fillna(UNKNOWN))[[*DIMENSIONS, "csm"]]


def segments_in_order(segment: pd.Series, dimension: str, sizes: Sequence[str]) -> list[str]:
    """The segments of a dimension that customers have, in the order of pages; empty where none is known."""
    present = segments_present(segment, sizes)
    return sorted(present, key=[*TOUCH_MODELS, *present].index) if dimension == "touch_model" else present


def differences(holds: pd.Series, segments: pd.DataFrame) -> pd.DataFrame:
    """Whether the share of customers of whom something holds is the same in all known segments of each dimension.

    holds: bool by account_id; segments: the columns of `DIMENSIONS`, same index. Index: dimension. Columns: p (exact test;
    NaN where there are fewer than two segments), verdict (`differs` by Benjamini-Hochberg over the dimensions, `alike`:
    cannot be told apart, `one`: nothing to compare).
    """
    tests = {}
    for dimension in DIMENSIONS:
        counts = _counts(holds, segments[dimension])
        several = len(counts) > 1
        tests[dimension] = exact_p(counts["holds"].tolist(), counts["n"].tolist()) if several else np.nan
    p = pd.Series(tests, dtype="float64", name="p")
    differs = benjamini_hochberg(p.tolist(), q=FALSE_DISCOVERY)
    return pd.DataFrame({"p": p, "verdict": np.select([p.isna(), differs], ["one", "differs"], "alike")})


@dataclass(frozen=True)
class StandsOut:
    """A segment (as in `size:small`) in which the share differs from that of the others of its dimension.

    share of its n customers, other_share of the other_n others; low, high: of the difference (Newcombe, 95 %).
    """

    segment: str
    side: Literal["more", "fewer"]
    share: float
    n: int
    other_share: float
    other_n: int
    low: float
    high: float


def stands_out(
    holds: pd.Series, segments: pd.DataFrame, dimensions: Sequence[str], *, first: Literal["more", "fewer"]
) -> StandsOut | None:
    """The segment whose share differs most clearly (Fisher's exact test) from that of the others; None without any.

    dimensions: those that differ, see `differences`. first: which side is named of two segments that are each other's
    opposite.
    """
    best: tuple[tuple[float, bool], StandsOut] | None = None
    for dimension in dimensions:
        counts = _counts(holds, segments[dimension])
        total, of = int(counts["holds"].sum()), int(counts["n"].sum())
        for segment, row in counts.iterrows():
            here, n = int(row["holds"]), int(row["n"])
            others, m = total - here, of - n
            low, high = newcombe(here, n, others, m)
            side: Literal["more", "fewer"] = "more" if here / n >= others / m else "fewer"
            rank = round(fisher(here, n, others, m), 12), side != first
            if best is None or rank < best[0]:
                found = StandsOut(f"{dimension}:{segment}", side, here / n, n, others / m, m, low, high)
                best = rank, found
    return best[1] if best else None


def _counts(holds: pd.Series, segment: pd.Series) -> pd.DataFrame:
    """Of whom it holds, and all, by known segment: columns holds, n."""
    known = pd.DataFrame({"holds": holds, "segment": mask_unknown(segment)}).dropna(subset=["segment"])
    return known.groupby("segment")["holds"].agg(holds="sum", n="size")
