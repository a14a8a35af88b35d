"""What sets high performers apart, how people rate themselves, and whether raters see the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.analyses.competency.ratings import Ratings
from cs_helpers.contract.team import Team
from cs_helpers.editions.anonymity import MIN_PEOPLE
from cs_helpers.result import Finding, Note, Verdict
from cs_helpers.statistics.agreement import alpha_interval
from cs_helpers.statistics.small_groups import difference_of_means, holm, mean_from_zero

APART, OTHER_WAY, NOT_APART, TOO_FEW = "distinguishes", "other_way", "cannot_be_told_apart", "too_few"
OVER, UNDER, ALIKE = "over", "under", "alike"
AGREE, DISAGREE, UNCLEAR, SAME = "agree", "disagree", "unclear", "same"

#: the level of errors over all elements together
LEVEL = 0.05
#: below this alpha no conclusion may rest on the scores (Krippendorff 2004)
RELIABLE = 0.667
_AGREEMENT = ["element", "people", "ratings", "alpha", "low", "high_end", "reliability", "verdict"]
#: with fewer people an interval over resampled people is none
MIN_RESAMPLED = 5


def profile_table(team: Team, ratings: Ratings) -> pd.DataFrame:
    """Each declared element, and how high performers are rated on it against the others.

    A person counts once, with the mean of those who rated them. Columns: element, n_high, n_others (people), high, others
    (means), difference, low, high_end (its 95 % interval), p (corrected for the number of elements, Holm), verdict. With
    fewer than three people in a group nothing is compared, and no mean is shown.
    """
    high, others = ratings.group(high=True), ratings.group(high=False)
    rows: list[dict[str, Any]] = []
    clear: list[bool] = []
    for element in team.elements:
        first, second = (_scores(ratings.means, element.id, group) for group in (high, others))
        row = {"element": element.id, "n_high": len(first), "n_others": len(second), "verdict": TOO_FEW}
        row |= dict.fromkeys(("high", "others", "difference", "low", "high_end", "p"), np.nan)
        if min(len(first), len(second)) >= MIN_PEOPLE:
            found = difference_of_means(first, second)
            row |= {"high": first.mean(), "others": second.mean(), "difference": found.value}
            row |= {"low": found.low, "high_end": found.high, "p": found.p, "verdict": NOT_APART}
            clear.append(found.excludes_zero)
        else:
            clear.append(False)
        rows.append(row)
    columns = (
        "element",
        "n_high",
        "n_others",
        "high",
        "others",
        "difference",
        "low",
        "high_end",
        "p",
        "verdict",
    )
    table = pd.DataFrame(rows, columns=list(columns))
    table["p"] = holm(table["p"].tolist())
    # both must say it: where one group varies more than the other, the test alone is wrong too often
    both = (table["p"] < LEVEL) & np.array(clear, bool)
    table.loc[both, "verdict"] = np.where(table.loc[both, "difference"] > 0, APART, OTHER_WAY)
    return table


def _scores(means: pd.DataFrame, element: str, people: Sequence[str]) -> np.ndarray:
    """The mean ratings of some people on an element, of those who were rated on it."""
    if element not in means:
        return np.zeros(0)
    return np.asarray(means[element].reindex(people).dropna(), float)


def profile_verdict(table: pd.DataFrame) -> Verdict:
    """The verdict on the profile, with of (the elements compared), n_high and n_others (the most people of any of them).

    `distinguishes` or `other_way` (elements), `both` (elements, lower), `nothing_apart` (reach: the largest difference that
    the intervals allow), `nothing_varies` (no group has people with different means, so there is no interval), or `too_few`
    without fields.
    """
    compared = table[table["verdict"] != TOO_FEW]
    if compared.empty:
        return Verdict("too_few")
    higher, lower = (tuple(table.loc[table["verdict"] == code, "element"]) for code in (APART, OTHER_WAY))
    fields: dict[str, Any] = {name: int(compared[name].max()) for name in ("n_high", "n_others")}
    fields["of"] = len(compared)
    if higher and lower:
        return Verdict("both", fields | {"elements": higher, "lower": lower})
    if higher or lower:
        return Verdict("distinguishes" if higher else "other_way", fields | {"elements": higher or lower})
    if compared["low"].isna().all():
        return Verdict("nothing_varies", fields)
    ends = np.abs(compared[["low", "high_end", "difference"]].to_numpy(float))
    return Verdict("nothing_apart", fields | {"reach": float(np.nanmax(ends))})


def self_table(team: Team, ratings: Ratings) -> pd.DataFrame:
    """Each declared element, and how people rate themselves on it against how others rate them, as a group.

    Columns: element, people (with both), self_mean, others_mean, difference, low, high_end, p (corrected, Holm), verdict
    (`over`, `under`, `alike`, `too_few`).
    """
    rows: list[dict[str, Any]] = []
    for element in team.elements:
        row: dict[str, Any] = {"element": element.id, "verdict": TOO_FEW}
        row |= dict.fromkeys(("self_mean", "others_mean", "difference", "low", "high_end", "p"), np.nan)
        both = _both(ratings, element.id)
        row["people"] = len(both)
        if len(both) >= MIN_PEOPLE:
            found = mean_from_zero((both["self"] - both["others"]).to_numpy(float))
            row |= {"self_mean": both["self"].mean(), "others_mean": both["others"].mean()}
            row |= {"difference": found.value, "low": found.low, "high_end": found.high, "p": found.p}
            row["verdict"] = ALIKE
        rows.append(row)
    columns = (
        "element",
        "people",
        "self_mean",
        "others_mean",
        "difference",
        "low",
        "high_end",
        "p",
        "verdict",
    )
    table = pd.DataFrame(rows, columns=list(columns))
    table["p"] = holm(table["p"].tolist())
    clear = table["p"] < LEVEL
    table.loc[clear, "verdict"] = np.where(table.loc[clear, "difference"] > 0, OVER, UNDER)
    return table


def _both(ratings: Ratings, element: str) -> pd.DataFrame:
    """The people with a rating of their own and one by others on an element: self, others."""
    if element not in ratings.means or element not in ratings.self_scores:
        return pd.DataFrame({"self": [], "others": []})
    return pd.DataFrame({"self": ratings.self_scores[element], "others": ratings.means[element]}).dropna()


def self_verdict(table: pd.DataFrame) -> Verdict:
    """`over` or `under` (elements, of), `both` (elements, lower, of), `alike` (of) or `too_few`."""
    compared = table[table["verdict"] != TOO_FEW]
    if compared.empty:
        return Verdict("too_few")
    over, under = (tuple(table.loc[table["verdict"] == code, "element"]) for code in (OVER, UNDER))
    fields: dict[str, Any] = {"of": len(compared)}
    if over and under:
        return Verdict("both", fields | {"elements": over, "lower": under})
    if over or under:
        return Verdict("over" if over else "under", fields | {"elements": over or under})
    return Verdict("alike", fields)


def rater_agreement_table(team: Team, ratings: Ratings) -> pd.DataFrame:
    """Whether those who rate the same person give similar scores, for each element and over all (element `all`).

    Columns: element, people (rated by two or more), ratings (of these), alpha (Krippendorff's, ordinal), low, high_end,
    reliability (of the mean of so many raters as a person has, by Spearman 1910 and Brown 1910), verdict (`agreement_verdict`).
    """
    rows = [_agreement(element.id, ratings.by_others, [element.id]) for element in team.elements]
    rows.append(_agreement("all", ratings.by_others, [element.id for element in team.elements]))
    return pd.DataFrame(rows, columns=_AGREEMENT)


def _agreement(name: str, rows: pd.DataFrame, elements: Sequence[str]) -> dict[str, Any]:
    given = rows[rows["element"].isin(elements)]
    people, scores, alpha, low, high = agreement(given, "element", "person")
    raters = given.groupby(["person", "element"]).size().mean() if len(given) else np.nan
    return {
        "element": name, "people": people, "ratings": scores, "alpha": alpha, "low": low, "high_end": high,
        "reliability": raters * alpha / (1 + (raters - 1) * alpha) if alpha > 0 else np.nan,
        "verdict": agreement_verdict(people, alpha, low, high),
    }  # fmt: skip


def agreement(rows: pd.DataFrame, item: str, group: str) -> tuple[int, int, float, float, float]:
    """Ordinal alpha of the scores of the same item (element, question) of the same group (person, candidate), with its interval.

    Returns the number of groups with two scores of an item, that of their scores, alpha, and its bounds over resampled
    groups; NaN with fewer than three, and five, such groups. It does not depend on who is called what: with pseudonyms,
    leadership reads the same numbers.
    """
    ordered = rows.sort_values([group, item, "score"])
    told = {
        name: [*zip(own[item], own["score"], strict=True)] for name, own in ordered.groupby(group, sort=False)
    }
    number = {name: place for place, name in enumerate(sorted(told, key=lambda name: told[name]))}
    ordered = ordered.assign(
        place=ordered.groupby([group, item]).cumcount(), number=ordered[group].map(number)
    )
    wide = ordered.pivot(index=["number", item], columns="place", values="score")
    wide = wide[wide.notna().sum(axis=1) >= 2]
    groups = pd.Series(wide.index.get_level_values("number"), wide.index)
    found, scores = int(groups.nunique()), int(wide.notna().to_numpy().sum())
    if found < MIN_PEOPLE:
        return found, scores, np.nan, np.nan, np.nan
    value, low, high = alpha_interval(wide, groups, "ordinal")
    return (
        (found, scores, value, low, high)
        if found >= MIN_RESAMPLED
        else (found, scores, value, np.nan, np.nan)
    )


def agreement_verdict(groups: int, alpha: float, low: float, high: float) -> str:
    """Whether raters agree: the interval of alpha lies at or above .667 (`agree`), below (`disagree`), or holds it (`unclear`).

    `too_few` groups; `same`: all scores are the same, so there is no alpha, and the scores tell nobody apart.
    """
    if groups < MIN_RESAMPLED:
        return TOO_FEW
    if alpha != alpha:
        return SAME
    return AGREE if low >= RELIABLE else DISAGREE if high < RELIABLE else UNCLEAR


def overall_agreement(table: pd.DataFrame, column: str) -> Verdict:
    """The verdict on the row `all` of a table of agreement (alpha, low, high_end, named: rows of which raters disagree)."""
    row = table[table[column] == "all"].iloc[0]
    named = tuple(table.loc[(table["verdict"] == DISAGREE) & (table[column] != "all"), column])
    fields = {"alpha": float(row["alpha"]), "low": float(row["low"]), "high": float(row["high_end"])}
    return Verdict(str(row["verdict"]), {**fields, "named": named, "people": int(row.iloc[1])})


def rater_table(ratings: Ratings) -> pd.DataFrame:
    """Who rated others, by name: rater, people, ratings, rated_high, rated_others (people), mean, alike.

    alike: every rating is the same, of three people or more.
    """
    high, others = set(ratings.group(high=True)), set(ratings.group(high=False))
    rows = [
        {
            "rater": rater,
            "people": given["person"].nunique(),
            "ratings": len(given),
            "rated_high": len(high & set(given["person"])),
            "rated_others": len(others & set(given["person"])),
            "mean": given["score"].mean(),
            "alike": is_alike(given),
        }
        for rater, given in ratings.by_others.groupby("rated_by", sort=True)
    ]
    columns = ["rater", "people", "ratings", "rated_high", "rated_others", "mean", "alike"]
    return pd.DataFrame(rows, columns=columns)


def is_alike(given: pd.DataFrame) -> bool:
    """Whether a rater told nobody apart: the same score for three people or more, on each element that they rated."""
    several = given.groupby("element")["person"].nunique() >= MIN_PEOPLE
    return bool(several.any() and (given.groupby("element")["score"].nunique()[several] == 1).all())


def rating_notes(ratings: Ratings) -> Iterator[Note]:
    """What a reader must know of the ratings before believing the profile."""
    raters = rater_table(ratings)
    groups = {"high": ratings.group(high=True), "others": ratings.group(high=False)}
    if ratings.rated:
        yield Note("raters_know", "profile", {})
    if groups["high"] and _raters_of(ratings, groups["high"]) == 1:
        yield Note("one_rater_high", "profile", {})
    if groups["others"] and _raters_of(ratings, groups["others"]) == 1:
        yield Note("one_rater_others", "profile", {})
    unknown = int(ratings.people[ratings.people.isna()].index.isin(ratings.means.index).sum())
    if unknown:
        yield Note("unknown_high", "profile", {"people": unknown})
    if ratings.strangers:
        yield Note("not_in_staff", "profile", {"people": ratings.strangers})
    if ratings.undeclared:
        yield Note("undeclared_elements", "profile", {"names": ratings.undeclared})
    if flat := int(raters["alike"].sum()):
        yield Note("flat_raters", "rater_agreement", {"raters": flat})


def _raters_of(ratings: Ratings, people: Sequence[str]) -> int:
    given = ratings.by_others
    return int(given.loc[given["person"].isin(people), "rated_by"].nunique())


def profile_findings(tables: Mapping[str, pd.DataFrame]) -> Iterator[Finding]:
    """The elements on which high performers are rated higher, or lower, beyond chance: the largest difference first."""
    table = tables.get("profile")
    if table is None:
        return
    clear = table[table["verdict"].isin((APART, OTHER_WAY))]
    for row in clear.reindex(clear["difference"].abs().sort_values(ascending=False).index).itertuples():
        yield Finding(
            "distinguishes" if row.verdict == APART else "other_way", "profile", "neither", "clear",
            int(row.n_high + row.n_others), value=row.high, compared=row.others, size=row.difference,
            low=row.low, high=row.high_end, unit="amount", fields={"element": row.element},
        )  # fmt: skip
