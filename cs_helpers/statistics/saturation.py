"""Thematic saturation: how many new themes each further interview brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

#: base size: the interviews whose codes new ones are compared with (Guest, Namey, Chen 2020)
BASE = 4
#: run length: the consecutive interviews whose new codes are counted together
RUN = 2
#: saturation is reached where a run brings at most this share of new codes
THRESHOLD = 0.05

_ORDERS = 200


@dataclass(frozen=True)
class Saturation:
    """The point at which interviews stop bringing new themes.

    ratios: the new codes of each run divided by the codes of the base. at: the number of interviews before the
    first run at or below the threshold, None without one. run: the interviews per run.
    """

    ratios: tuple[float, ...]
    at: int | None
    run: int

    def __str__(self) -> str:
        """The notation of the source: 7+2 for seven interviews and a run of two; empty where saturation is not reached."""
        return "" if self.at is None else f"{self.at}+{self.run}"


def saturation(
    new: Sequence[int], base: int = BASE, run: int = RUN, threshold: float = THRESHOLD
) -> Saturation:
    """Saturation from the number of new codes of each interview, in interview order.

    Runs overlap: the first follows the base, and each next one begins one interview later, until the new codes of
    one are at most `threshold` of the codes of the base. Source: Guest, Namey, Chen 2020, "A simple method to
    assess and report thematic saturation in qualitative research".
    """
    first = sum(new[:base])
    ratios: list[float] = []
    if not first:
        return Saturation((), None, run)
    for start in range(base, len(new) - run + 1):
        ratios.append(sum(new[start : start + run]) / first)
        if ratios[-1] <= threshold:
            return Saturation(tuple(ratios), start, run)
    return Saturation(tuple(ratios), None, run)


def new_codes(codes_by_interview: Sequence[frozenset[str]]) -> list[int]:
    """The number of codes in each interview that no earlier interview had."""
    seen: set[str] = set()
    counts = []
    for interview_codes in codes_by_interview:
        counts.append(len(interview_codes - seen))
        seen |= interview_codes
    return counts


def saturation_curves(mentions: pd.DataFrame, segments: pd.Series | None = None) -> pd.DataFrame:
    """The number of themes by number of companies interviewed, and saturation, for all companies and by segment.

    mentions: account_id, held_on, code (missing for a note without a code, so that a company without codes
    counts). segments: the segment of each account, by account_id; without it only `all`.
    Themes are the mean over shuffled orders of companies, because the order of interviews is arbitrary; saturation is
    given for the actual order, and as the share of shuffled orders that reach it.
    Columns: segment, companies, themes, new (themes added by the last company, mean over orders); constant within a
    segment: saturated (such as 7+2, or ''), reached (share of orders).
    """
    mentions = mentions.sort_values(["held_on", "account_id"], kind="stable")
    groups = {"all": mentions}
    if segments is not None:
        segment_of_mention = mentions["account_id"].map(segments)
        groups |= {
            str(s): mentions[segment_of_mention == s] for s in sorted(segment_of_mention.dropna().unique())
        }
    rng = np.random.default_rng(0)
    parts = []
    for segment, segment_mentions in groups.items():
        codes_by_company: dict[str, set[str]] = {}
        for account, code, is_missing in zip(
            segment_mentions["account_id"],
            segment_mentions["code"],
            segment_mentions["code"].isna(),
            strict=True,
        ):
            codes_by_company.setdefault(account, set()).update(() if is_missing else (code,))
        order = [frozenset(codes) for codes in codes_by_company.values()]
        if not order:
            continue
        names = {code: n for n, code in enumerate(sorted(frozenset().union(*order)))}
        has = np.zeros((len(order), len(names)), dtype=bool)
        for row, codes in enumerate(order):
            has[row, [names[c] for c in codes]] = True
        orders = np.array([rng.permutation(len(order)) for _ in range(_ORDERS)])
        known = np.logical_or.accumulate(has[orders], axis=1).sum(axis=2)
        new = np.diff(known, axis=1, prepend=0)
        reached = sum(saturation(order_counts).at is not None for order_counts in new.tolist())
        mean = new.mean(axis=0)
        parts.append(
            pd.DataFrame(
                {
                    "segment": segment,
                    "companies": np.arange(1, len(order) + 1),
                    "themes": mean.cumsum(),
                    "new": mean,
                    "saturated": str(saturation(new_codes(order))),
                    "reached": reached / _ORDERS,
                }
            )
        )
    columns = ["segment", "companies", "themes", "new", "saturated", "reached"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
