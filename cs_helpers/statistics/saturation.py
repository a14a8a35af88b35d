"""Have we heard it all? New themes from one interview to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

#: of the codes of the first so many interviews new ones are a share (Guest, Namey, Chen 2020)
BASE = 4
#: new ones of so many interviews in a row
RUN = 2
#: and saturation is said where they are this share at most
THRESHOLD = 0.05

_ORDERS = 200


@dataclass(frozen=True)
class Saturation:
    """Where new themes became few.

    ratios: of each run the new codes by those of the base. at: the number of interviews before the
    first run that is low enough, None where there is none. run: how many that run has.
    """

    ratios: tuple[float, ...]
    at: int | None
    run: int

    def __str__(self) -> str:
        """As the source writes it: 7+2, seven interviews and a run of two."""
        return "" if self.at is None else f"{self.at}+{self.run}"


def saturation(
    new: Sequence[int], base: int = BASE, run: int = RUN, threshold: float = THRESHOLD
) -> Saturation:
    """Saturation from the new codes of each interview, in their order.

    Runs overlap: the first follows the base, each next one begins an interview later, until one has
    new codes of `threshold` of the base's at most. Source: Guest, Namey, Chen 2020, "A simple method to
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


def new_codes(codes: Sequence[frozenset[str]]) -> list[int]:
    """How many codes each interview has that none before it had."""
    known: set[str] = set()
    found = []
    for own in codes:
        found.append(len(own - known))
        known |= own
    return found


def heard(told: pd.DataFrame, segments: pd.Series | None = None) -> pd.DataFrame:
    """How many themes were known after each company, and where saturation lies, by segment.

    told: account_id, held_on, code (missing where a note has none: a company from which nothing new came
    counts). segments: of each account, by account_id; without one only `all`.
    Themes by number of companies are the mean over shuffled orders, because which came first is chance;
    saturation is that of the order in which they were held, and the share of orders that reach it.
    Columns: segment, companies, themes, new (of the next company, mean over orders), and of each segment
    saturated (as 7+2, or ''), reached (share of orders).
    """
    told = told.sort_values(["held_on", "account_id"], kind="stable")
    groups = {"all": told}
    if segments is not None:
        own = told["account_id"].map(segments)
        groups |= {str(s): told[own == s] for s in sorted(own.dropna().unique())}
    draw = np.random.default_rng(0)
    parts = []
    for segment, inside in groups.items():
        of_company: dict[str, set[str]] = {}
        for account, code, missing in zip(
            inside["account_id"], inside["code"], inside["code"].isna(), strict=True
        ):
            of_company.setdefault(account, set()).update(() if missing else (code,))
        order = [frozenset(codes) for codes in of_company.values()]
        if not order:
            continue
        names = {code: n for n, code in enumerate(sorted(frozenset().union(*order)))}
        has = np.zeros((len(order), len(names)), dtype=bool)
        for row, codes in enumerate(order):
            has[row, [names[c] for c in codes]] = True
        orders = np.array([draw.permutation(len(order)) for _ in range(_ORDERS)])
        known = np.logical_or.accumulate(has[orders], axis=1).sum(axis=2)
        new = np.diff(known, axis=1, prepend=0)
        reached = sum(saturation(each).at is not None for each in new.tolist())
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
