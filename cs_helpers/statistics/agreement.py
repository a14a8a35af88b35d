"""Inter-coder agreement: Krippendorff's alpha of values and of sets, with its interval, and Cohen's kappa."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import numpy as np
import pandas as pd

#: the distance between two values; `masi` and `jaccard` compare sets
Level = Literal["nominal", "ordinal", "interval", "ratio", "masi", "jaccard"]

_DRAWS = 1000


def alpha(ratings: pd.DataFrame, level: Level = "nominal") -> float:
    """Krippendorff's alpha: 1 minus the observed disagreement divided by the disagreement expected by chance.

    ratings: one row per unit, one column per coder, missing where a coder did not code the unit. `nominal` takes any
    labels, `masi` and `jaccard` frozensets (an empty set is a reading without codes), the other levels numbers. Units
    coded by a single coder are ignored. NaN where no unit has two readings, or all readings have the same value.
    Source: Krippendorff 2011, "Computing Krippendorff's alpha-reliability".
    """
    counts, values = _count_values(ratings, level)
    distances = _distances(values, counts, level)
    return float(_alpha(counts.sum(axis=0), _unit_disagreement(counts, distances).sum(), distances))


def alpha_interval(
    ratings: pd.DataFrame, groups: pd.Series, level: Level = "nominal"
) -> tuple[float, float, float]:
    """Alpha and its 95 % bootstrap interval, resampling whole groups of units.

    groups: the group of each unit, such as the company of a note. Units of a group resemble each other, so resampling
    single units would make the interval too narrow. NaN bounds with fewer than two groups.
    """
    counts, values = _count_values(ratings, level)
    distances = _distances(values, counts, level)
    disagreement = _unit_disagreement(counts, distances)
    estimate = float(_alpha(counts.sum(axis=0), disagreement.sum(), distances))
    codes, names = pd.factorize(groups.reindex(ratings.index))
    if len(names) < 2 or estimate != estimate:
        return estimate, np.nan, np.nan
    # a unit's contribution depends on its own readings only, so contributions are summed per group once
    weights = _bootstrap_weights(len(names))
    resampled = _alpha(
        weights @ _sum_by_group(counts, codes), weights @ _sum_by_group(disagreement, codes), distances
    )
    low, high = _quantile_interval(resampled[:, None])
    return estimate, float(low[0]), float(high[0])


def binary_alphas(answers: Any, unit: Any, groups: Any) -> Any:
    """Alpha of several yes-or-no questions with the bounds of its interval: 3 x questions.

    answers: readings x questions, True for yes; unit: the unit of each reading (0 to units - 1), each with two or more
    readings; groups: the group number of each unit. Equals `alpha_interval` of each question.
    """
    readers = np.bincount(unit, minlength=len(groups))
    yes = _sum_by_group(answers.astype(float), unit, len(groups))
    no = readers[:, None] - yes
    disagreement = 2 * yes * no / (readers - 1)[:, None]
    group_count = len(np.unique(groups))

    def alphas(yes: Any, no: Any, disagreement: Any) -> Any:
        n = yes + no
        expected = 2 * yes * no / np.maximum(n - 1, 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(expected > 0, 1 - disagreement / expected, np.nan)

    estimate = alphas(yes.sum(axis=0), no.sum(axis=0), disagreement.sum(axis=0))
    if group_count < 2:
        return np.stack([estimate, np.full_like(estimate, np.nan), np.full_like(estimate, np.nan)])
    weights = _bootstrap_weights(group_count)
    resampled = alphas(*(weights @ _sum_by_group(part, groups) for part in (yes, no, disagreement)))
    low, high = _quantile_interval(resampled)
    undefined = np.isnan(estimate)
    return np.stack([estimate, np.where(undefined, np.nan, low), np.where(undefined, np.nan, high)])


@lru_cache(2)  # all viewpoints resample the same companies
def _bootstrap_weights(groups: int) -> np.ndarray:
    """How often each group is drawn in each bootstrap sample: draws x groups."""
    return np.random.default_rng(0).multinomial(groups, np.full(groups, 1 / groups), size=_DRAWS)


def kappa(first: pd.Series, second: pd.Series) -> float:
    """Cohen's kappa of two coders over the units coded by both; NaN where the expected agreement is 1 (Cohen 1960)."""
    rated = first.notna() & second.notna()
    table = pd.crosstab(first[rated], second[rated])
    labels = table.index.union(table.columns)
    table = table.reindex(index=labels, columns=labels, fill_value=0).to_numpy(float)
    n = table.sum()
    if not n:
        return np.nan
    by_chance = float(table.sum(axis=0) @ table.sum(axis=1)) / n**2
    return float((np.trace(table) / n - by_chance) / (1 - by_chance)) if by_chance < 1 else np.nan


def masi(first: frozenset[Any], second: frozenset[Any]) -> float:
    """MASI distance of two sets, 0 to 1: 1 minus the Jaccard index times a monotonicity weight (Passonneau 2006).

    The weight is 1 for equal sets, 2/3 where one contains the other, 1/3 where they overlap and 0 where they are
    disjoint. Two empty sets are equal.
    """
    shared = len(first & second)
    if first == second:
        return 0.0
    weight = 2 / 3 if shared == min(len(first), len(second)) else 1 / 3
    return 1 - weight * shared / len(first | second)


def _count_values(ratings: pd.DataFrame, level: Level) -> tuple[Any, Any]:
    """The number of readings of each value per unit (units x values), and the values.

    Units with fewer than two readings count 0. Values other than sets are sorted.
    """
    flat = ratings.to_numpy(object).ravel()
    given = ~pd.isna(flat)
    codes, values = pd.factorize(flat[given], sort=level not in ("masi", "jaccard"))
    counts = np.zeros((len(ratings), len(values)))
    np.add.at(counts, (np.repeat(np.arange(len(ratings)), ratings.shape[1])[given], codes), 1)
    counts[counts.sum(axis=1) < 2] = 0
    return counts, np.asarray(values)


def _unit_disagreement(counts: Any, distances: Any) -> Any:
    """The disagreement within each unit: the sum of distances over pairs of readings, so that each reading weighs 1."""
    other_readings = counts.sum(axis=1) - 1
    within = ((counts @ distances) * counts).sum(axis=1)
    return np.divide(within, other_readings, out=np.zeros_like(within), where=other_readings > 0)


def _sum_by_group(values: Any, group: Any, groups: int | None = None) -> Any:
    """Sums of unit values per group; units with a negative group are left out."""
    size = int(group.max(initial=-1)) + 1 if groups is None else groups
    sums = np.zeros((size, *values.shape[1:]))
    inside = group >= 0
    np.add.at(sums, group[inside], values[inside])
    return sums


def _quantile_interval(draws: Any) -> Any:
    """The 2.5 % and 97.5 % quantiles of the draws: 2 x questions; NaN where no draw has a value."""
    undefined = np.isnan(draws).all(axis=0)
    bounds = np.nanquantile(np.where(undefined, 0.0, draws), [0.025, 0.975], axis=0)
    return np.where(undefined, np.nan, bounds)


def _distances(values: Any, counts: Any, level: Level) -> Any:
    """The distance of each pair of values: values x values."""
    if level in ("masi", "jaccard"):
        return _set_distances(values, level)
    if level == "nominal":
        return (values[:, None] != values[None, :]).astype(float)
    if level != "ordinal":
        values = values.astype(float)
    if level == "interval":
        return (values[:, None] - values[None, :]) ** 2
    if level == "ratio":
        total = values[:, None] + values[None, :]
        return (
            np.divide(values[:, None] - values[None, :], total, out=np.zeros_like(total), where=total != 0)
            ** 2
        )
    # ordinal: the number of readings between two values, those of the two values counted half
    paired = counts.sum(axis=0)
    middle = np.cumsum(paired) - paired / 2
    return (middle[:, None] - middle[None, :]) ** 2


def _set_distances(sets: Any, level: Level) -> Any:
    """The MASI or Jaccard distance of each pair of sets: sets x sets."""
    members = {
        member: place for place, member in enumerate({m for members_of_set in sets for m in members_of_set})
    }
    holds = np.zeros((len(sets), len(members)))
    for row, members_of_set in zip(holds, sets, strict=True):
        row[[members[member] for member in members_of_set]] = 1
    shared = holds @ holds.T
    size = holds.sum(axis=1)
    union = size[:, None] + size[None, :] - shared
    similarity = np.divide(shared, union, out=np.ones_like(shared), where=union > 0)
    if level == "masi":
        smaller = np.minimum(size[:, None], size[None, :])
        similarity *= np.where(shared == union, 1.0, np.where(shared == smaller, 2 / 3, 1 / 3))
    return 1 - similarity


def _alpha(counts: Any, disagreement: Any, distances: Any) -> Any:
    """Alpha from the counts of each value (... x values) and the summed disagreement within units (...)."""
    n = counts.sum(axis=-1)
    expected = ((counts @ distances) * counts).sum(axis=-1) / np.maximum(n - 1, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((n > 1) & (expected > 0), 1 - disagreement / expected, np.nan)
