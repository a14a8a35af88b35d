"""How alike coders judge the same units: Krippendorff's alpha, also of sets, with its interval, and Cohen's kappa."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import numpy as np
import pandas as pd

#: how far two values are apart; `masi` and `jaccard` are of sets
Level = Literal["nominal", "ordinal", "interval", "ratio", "masi", "jaccard"]

_DRAWS = 1000


def alpha(ratings: pd.DataFrame, level: Level = "nominal") -> float:
    """Krippendorff's alpha, 1 less the disagreement observed over that expected by chance.

    ratings: a row a unit, a column a coder, missing where one did not code it; of `nominal` any labels, of `masi` and
    `jaccard` frozensets (an empty one is a reading: nothing was found), else numbers. Units that one coder alone has
    coded say nothing. NaN where nothing can be compared or where all readings are the same value. Source:
    Krippendorff 2011, "Computing Krippendorff's alpha-reliability".
    """
    counts, values = _counted(ratings, level)
    distances = _distances(values, counts, level)
    return float(_alpha(counts.sum(axis=0), _apart(counts, distances).sum(), distances))


def alpha_interval(
    ratings: pd.DataFrame, groups: pd.Series, level: Level = "nominal"
) -> tuple[float, float, float]:
    """Alpha and its 95 % interval, by drawing whole groups of units again.

    groups: what units belong together, as the notes of one company: those are alike, and drawn one by
    one they would look like more evidence than they are. NaN bounds with fewer than two groups.
    """
    counts, values = _counted(ratings, level)
    distances = _distances(values, counts, level)
    apart = _apart(counts, distances)
    found = float(_alpha(counts.sum(axis=0), apart.sum(), distances))
    codes, names = pd.factorize(groups.reindex(ratings.index))
    if len(names) < 2 or found != found:
        return found, np.nan, np.nan
    # what a unit adds to alpha depends on its own readings alone, so groups are added up once
    draws = _drawn(len(names))
    drawn = _alpha(draws @ _by_group(counts, codes), draws @ _by_group(apart, codes), distances)
    low, high = _middle(drawn[:, None])
    return found, float(low[0]), float(high[0])


def alpha_of_each(has: Any, unit: Any, groups: Any) -> Any:
    """Alpha, and the ends of its interval, of each of several yes-or-no questions: 3 x questions.

    has: readings x questions, whether a reading says so; unit: of each reading the place of its unit (0 to units - 1),
    each read twice or more; groups: of each unit the number of its group. The same as `alpha_interval` of each question.
    """
    readers = np.bincount(unit, minlength=len(groups))
    yes = _by_group(has.astype(float), unit, len(groups))
    no = readers[:, None] - yes
    apart = 2 * yes * no / (readers - 1)[:, None]
    names = len(np.unique(groups))

    def of(yes: Any, no: Any, apart: Any) -> Any:
        n = yes + no
        expected = 2 * yes * no / np.maximum(n - 1, 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(expected > 0, 1 - apart / expected, np.nan)

    found = of(yes.sum(axis=0), no.sum(axis=0), apart.sum(axis=0))
    if names < 2:
        return np.stack([found, np.full_like(found, np.nan), np.full_like(found, np.nan)])
    draws = _drawn(names)
    drawn = of(*(draws @ _by_group(part, groups) for part in (yes, no, apart)))
    low, high = _middle(drawn)
    unknown = np.isnan(found)
    return np.stack([found, np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)])


@lru_cache(2)  # each viewpoint asks for those of the same companies
def _drawn(groups: int) -> np.ndarray:
    """How often each group is drawn: draws x groups."""
    return np.random.default_rng(0).multinomial(groups, np.full(groups, 1 / groups), size=_DRAWS)


def kappa(first: pd.Series, second: pd.Series) -> float:
    """Cohen's kappa of two coders over the units that both have coded; NaN where chance explains all (Cohen 1960)."""
    both = first.notna() & second.notna()
    table = pd.crosstab(first[both], second[both])
    labels = table.index.union(table.columns)
    table = table.reindex(index=labels, columns=labels, fill_value=0).to_numpy(float)
    n = table.sum()
    if not n:
        return np.nan
    by_chance = float(table.sum(axis=0) @ table.sum(axis=1)) / n**2
    return float((np.trace(table) / n - by_chance) / (1 - by_chance)) if by_chance < 1 else np.nan


def masi(first: frozenset[Any], second: frozenset[Any]) -> float:
    """How far two sets are apart, from 0 to 1: 1 less Jaccard's share of what both hold times how they lie (Passonneau 2006).

    Jaccard weighs 1 where the sets are the same, 2/3 where one holds the other, 1/3 where both hold what the other does not, 0
    where they share nothing. Two empty sets are the same.
    """
    both = len(first & second)
    if first == second:
        return 0.0
    weight = 2 / 3 if both == min(len(first), len(second)) else 1 / 3
    return 1 - weight * both / len(first | second)


def _counted(ratings: pd.DataFrame, level: Level) -> tuple[Any, Any]:
    """How many coders gave each unit each value, of units that two coders or more have read: units x values; and the values.

    Units that fewer have read have no readings. Numbers and labels are in order.
    """
    flat = ratings.to_numpy(object).ravel()
    known = ~pd.isna(flat)
    codes, values = pd.factorize(flat[known], sort=level not in ("masi", "jaccard"))
    counts = np.zeros((len(ratings), len(values)))
    np.add.at(counts, (np.repeat(np.arange(len(ratings)), ratings.shape[1])[known], codes), 1)
    counts[counts.sum(axis=1) < 2] = 0
    return counts, np.asarray(values)


def _apart(counts: Any, distances: Any) -> Any:
    """How far the readings of each unit are apart: the sum over pairs of coders, each reading weighing one."""
    others = counts.sum(axis=1) - 1
    within = ((counts @ distances) * counts).sum(axis=1)
    return np.divide(within, others, out=np.zeros_like(within), where=others > 0)


def _by_group(of_unit: Any, group: Any, groups: int | None = None) -> Any:
    """What units add, added up by their group (negative: of none)."""
    many = int(group.max(initial=-1)) + 1 if groups is None else groups
    found = np.zeros((many, *of_unit.shape[1:]))
    inside = group >= 0
    np.add.at(found, group[inside], of_unit[inside])
    return found


def _middle(drawn: Any) -> Any:
    """Between which values 95 % of the draws lie: 2 x questions; missing where no draw has a value."""
    lost = np.isnan(drawn).all(axis=0)
    found = np.nanquantile(np.where(lost, 0.0, drawn), [0.025, 0.975], axis=0)
    return np.where(lost, np.nan, found)


def _distances(values: Any, counts: Any, level: Level) -> Any:
    """How far each pair of values is apart; of numbers the squared difference."""
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
    # ordinal: how many readings lie between two values, each end counted half
    paired = counts.sum(axis=0)
    middle = np.cumsum(paired) - paired / 2
    return (middle[:, None] - middle[None, :]) ** 2


def _set_distances(sets: Any, level: Level) -> Any:
    """How far each pair of sets is apart: `masi`, or 1 less Jaccard's share of what both hold."""
    members = {member: place for place, member in enumerate({m for own in sets for m in own})}
    holds = np.zeros((len(sets), len(members)))
    for row, own in zip(holds, sets, strict=True):
        row[[members[member] for member in own]] = 1
    both = holds @ holds.T
    size = holds.sum(axis=1)
    either = size[:, None] + size[None, :] - both
    alike = np.divide(both, either, out=np.ones_like(both), where=either > 0)
    if level == "masi":
        smaller = np.minimum(size[:, None], size[None, :])
        alike *= np.where(both == either, 1.0, np.where(both == smaller, 2 / 3, 1 / 3))
    return 1 - alike


def _alpha(counts: Any, apart: Any, distances: Any) -> Any:
    """Alpha from how often each value was given (... x values) and how far readings are apart within units (...)."""
    n = counts.sum(axis=-1)
    expected = ((counts @ distances) * counts).sum(axis=-1) / np.maximum(n - 1, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((n > 1) & (expected > 0), 1 - apart / expected, np.nan)
