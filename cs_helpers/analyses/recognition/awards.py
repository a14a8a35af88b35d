"""Awards: how often luck alone gives them, how often the truly best would win, and what the last period's data says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from cs_helpers.contract.team import Award
from cs_helpers.editions.anonymity import MIN_PEOPLE
from cs_helpers.result import Finding, Verdict
from cs_helpers.statistics.award_luck import (
    MIN_EVENTS,
    RULES,
    Contest,
    Standing,
    drawn_spreads,
    spread_interval,
    spread_weights,
    third_of,
)
from cs_helpers.statistics.case_mix import by_name, shrunk_ratios

#: the quarters over which it is worked out how often the best would win: ten years
QUARTERS = (1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 32, 40)
#: the best are to win at least so often
AIM = 0.8

#: what can be said of who won
DECIDED, BY_LUCK, TOO_FEW, ALL_WIN, NOBODY, NOT_KNOWN = (
    "decided", "by_luck", "too_few", "all_win", "nobody", "not_known",
)  # fmt: skip

_DRAWS = 2_000


@dataclass(frozen=True, eq=False)
class Contested:
    """An award with the counts (`indicators.Indicators.counts`) of those who can get it; None where the data has none."""

    award: Award
    counts: pd.DataFrame | None

    @property
    def members(self) -> int:
        """Those with customers of whom events were expected."""
        return 0 if self.counts is None else len(self.counts)

    @property
    def is_simulated(self) -> bool:
        """Whether luck and chances of it are worked out: for enough members, not all of whom win."""
        return self.members >= max(MIN_PEOPLE, self.award.winners + 1)

    @cached_property
    def contest(self) -> Contest:
        """The contest, of whom there are at least two."""
        return contest_of(self.award, self.counts, self.award.winners)

    @cached_property
    def events(self) -> np.ndarray:
        """Events of each member."""
        assert self.counts is not None
        return np.asarray(self.counts["events"], dtype=np.int64)

    @cached_property
    def weights(self) -> np.ndarray:
        """The posterior of the spread of true ratios."""
        return np.asarray(spread_weights(self.events[None, :], self.contest.expected)[0])

    @cached_property
    def standing(self) -> Standing:
        """Who won, and whether beyond luck; only in the state `decided` or `by_luck`."""
        return self.contest.standing(self.events)

    @property
    def others(self) -> int:
        """How many who did not win, or did by lot, cannot be told from those who won; only where `standing` is known."""
        return int((self.standing.rivals | (self.standing.won > 0)).sum()) - self.award.winners

    @cached_property
    def state(self) -> str:
        """What can be said of who won."""
        if self.counts is None:
            return NOT_KNOWN
        if not self.members:
            return NOBODY
        if self.award.winners >= self.members:
            return ALL_WIN
        if self.events.sum() < MIN_EVENTS:
            return TOO_FEW
        return DECIDED if self.standing.is_decided else BY_LUCK


def by_caseload(counts: pd.DataFrame) -> pd.DataFrame:
    """The counts of members by caseload, so that what is drawn for them does not depend on their names or pseudonyms."""
    return counts.sort_values(["expected", "units", "events", "csm"], ignore_index=True)


def contest_of(award: Award, counts: pd.DataFrame | None, winners: int) -> Contest:
    """The contest of an award's indicator. counts: csm, units, events, expected."""
    assert counts is not None
    units, expected = (counts[name].to_numpy(float) for name in ("units", "expected"))
    return Contest(units, expected, winners, more_is_better=award.indicator.kind == "conversion")


def luck_table(contested: Sequence[Contested]) -> pd.DataFrame:
    """The probability of each member to win if all are alike, by award and rule, without names.

    Columns: award, rule (`award_luck.Rule`), customers (their number), expected (events, by which the size of a caseload is
    measured; ascending within an award and rule), luck, fair (the same probability for everybody), third (`small`, `mid`,
    `large`: of the caseloads).
    """
    parts = []
    for one in contested:
        assert one.counts is not None
        order = np.argsort(one.contest.expected, kind="stable")
        of_third = third_of(one.members)
        place = np.arange(one.members)
        third = np.select([place < of_third, place >= one.members - of_third], ["small", "large"], "mid")
        for rule in RULES:
            parts.append(
                pd.DataFrame(
                    {
                        "award": one.award.id,
                        "rule": rule,
                        "customers": one.counts["customers"].to_numpy()[order],
                        "expected": one.contest.expected[order],
                        "luck": one.contest.luck(rule)[order],
                        "fair": one.award.winners / one.members,
                        "third": third,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def chances_table(contested: Sequence[Contested]) -> pd.DataFrame:
    """How often the truly best would win, with the spread between members that the data supports, by award and rule.

    Columns: award, rule, members, winners, fair (by lot), best (the probability that the truly best is among the winners),
    best_low, best_high (with a spread at the ends of its 95 % interval), of_third (the part of the winners who are of the
    truly best third), of_third_fair (by lot), spread, spread_low, spread_high (of true ratios; median, 95 %).
    """
    rows = []
    for one in contested:
        spread, low, high = spread_interval(one.weights)
        spreads = drawn_spreads(one.weights, _DRAWS)
        for rule in RULES:
            ends = (float(one.contest.found(np.full(_DRAWS, s), rule)[0, 0]) for s in (low, high))
            best, of_third = one.contest.found(spreads, rule)[0]
            # by chance of the draws the mean may lie a little outside of the ends
            best_low, best_high = sorted((*ends, float(best)))[::2]
            rows.append(
                {
                    "award": one.award.id, "rule": rule, "members": one.members, "winners": one.award.winners,
                    "fair": one.award.winners / one.members, "best": float(best), "best_low": best_low,
                    "best_high": best_high, "of_third": float(of_third),
                    "of_third_fair": third_of(one.members) / one.members, "spread": spread, "spread_low": low,
                    "spread_high": high,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def needed_table(contested: Sequence[Contested]) -> pd.DataFrame:
    """How often the truly best would be among the winners by observed against expected, over so many quarters.

    The same members with as many customers a quarter as in the period of the award, whose true ratios stay. Columns: award,
    quarters, best, low, high (as `best_low`, `best_high` of `chances_table`), customers (of all members over that time).
    """
    parts = []
    for one in contested:
        _, low, high = spread_interval(one.weights)
        terms = [quarters / one.award.quarters for quarters in QUARTERS]
        found = [
            one.contest.found(spreads, "ratio", terms)[:, 0]
            for spreads in (drawn_spreads(one.weights, _DRAWS), np.full(_DRAWS, low), np.full(_DRAWS, high))
        ]
        ordered = np.sort(found, axis=0)
        assert one.counts is not None
        parts.append(
            pd.DataFrame(
                {
                    "award": one.award.id,
                    "quarters": QUARTERS,
                    "best": found[0],
                    "low": ordered[0],
                    "high": ordered[2],
                    "customers": [one.counts["customers"].sum() * term for term in terms],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def decided_table(contested: Sequence[Contested]) -> pd.DataFrame:
    """What the data of the award's period says of who won, without names, of teams of at least `MIN_PEOPLE`.

    Columns: award, quarters, winners, members, customers, events, state (`decided`: the winners are truly better than all
    others with a probability of at least 97.5 %; `by_luck`: that cannot be told; `too_few`: fewer than `MIN_EVENTS` events;
    `all_win`: as many win as there are members; `nobody`: nobody has customers; `not_known`: the data does not hold it), sure
    (that probability), rivals (the others who cannot be told from a winner; NaN where not worked out).
    """
    rows = []
    for one in contested:
        judged = one.state in (DECIDED, BY_LUCK)
        rows.append(
            {
                "award": one.award.id,
                "quarters": one.award.quarters,
                "winners": one.award.winners,
                "members": one.members,
                "customers": int(one.counts["customers"].sum()) if one.counts is not None else 0,
                "events": int(one.events.sum()) if one.counts is not None else 0,
                "state": one.state,
                "sure": one.standing.sure if judged else np.nan,
                "rivals": float(one.others) if judged else np.nan,
            }
        )
    return pd.DataFrame(rows)


def members_table(contested: Sequence[Contested]) -> pd.DataFrame:
    """The numbers of each member by award, sorted by name.

    Columns: award, csm, customers, units, events, expected, ratio (above 1 is better; drawn to 1 as
    `case_mix.compare_groups`), low, high (95 %), luck (probability to win by observed against expected if all are alike; NaN
    where all win), standing (`first`: has won beyond luck; `among_first`: cannot be told from who has; `behind`; `unclear`: too
    little is known, or all win).
    """
    parts = [_of_members(one) for one in contested if one.members]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _of_members(one: Contested) -> pd.DataFrame:
    assert one.counts is not None
    all_win = one.award.winners >= one.members
    standing = np.full(one.members, "unclear", dtype=object)
    if one.state in (DECIDED, BY_LUCK):
        won = one.standing.won > 0
        standing = np.select(
            [won & (one.state == DECIDED), won | one.standing.rivals], ["first", "among_first"], "behind"
        )
    members = better_above_one(one.counts, one.award.indicator.kind).assign(
        award=one.award.id,
        luck=np.full(one.members, np.nan) if all_win else one.contest.luck("ratio"),
        standing=standing,
    )
    return by_name(members.drop(columns="verdict"), "csm")[
        [
            "award", "csm", "customers", "units", "events", "expected", "ratio", "low", "high", "luck", "standing",
        ]
    ]  # fmt: skip


def better_above_one(counts: pd.DataFrame, kind: str) -> pd.DataFrame:
    """The counts with ratio, low and high, of which more is better: of losses, expected against observed."""
    rated = shrunk_ratios(counts.rename(columns={"events": "reached"})).rename(columns={"reached": "events"})
    if kind == "conversion":
        return rated
    return rated.assign(ratio=1 / rated["ratio"], low=1 / rated["high"], high=1 / rated["low"])


def luck_verdict(table: pd.DataFrame) -> Verdict:
    """Who wins by observed against expected if all are alike, of the award of which that is furthest from fair.

    `small`: the smallest third of the caseloads more often than is fair, `large`: less often, `even`: by less than 5 points.
    Fields: award, share (of the wins that go to the smallest third), fair.
    """
    ratio = table[table["rule"] == "ratio"]
    wins = ratio.groupby("award", sort=False)["luck"].sum()
    small = ratio[ratio["third"] == "small"].groupby("award", sort=False)
    share, fair = small["luck"].sum() / wins, small.size() / ratio.groupby("award", sort=False).size()
    award = str((share - fair).abs().idxmax())
    gap = share[award] - fair[award]
    code = "even" if abs(gap) < 0.05 else "small" if gap > 0 else "large"
    return Verdict(code, {"award": award, "share": float(share[award]), "fair": float(fair[award])})


def chances_verdict(table: pd.DataFrame) -> Verdict:
    """How often the truly best would win by observed against expected, of the award of which that is least often.

    `mostly`: in `AIM` of the cases or more; `seldom`: in less than half; `sometimes`. Fields: award, best, best_low, best_high,
    fair.
    """
    row = table[table["rule"] == "ratio"].nsmallest(1, "best").iloc[0]
    code = "mostly" if row["best"] >= AIM else "seldom" if row["best"] < 0.5 else "sometimes"
    return Verdict(code, {name: row[name] for name in ("award", "best", "best_low", "best_high", "fair")})


def needed_verdict(table: pd.DataFrame) -> Verdict:
    """After how many quarters the truly best would win as often as `AIM`, of the award that takes longest.

    `within`, or `not_within` ten years. Fields: award, aim, quarters (the first ones with it; else the last), customers, best.
    """
    enough = table[table["best"] >= AIM].groupby("award", sort=False).first()
    missing = [award for award in dict.fromkeys(table["award"]) if award not in enough.index]
    if missing:
        row = table[table["award"] == missing[0]].iloc[-1]
    else:
        row = enough.reset_index().nlargest(1, "quarters").iloc[0]
    fields = {"award": row["award"], "aim": AIM, "quarters": int(row["quarters"])}
    fields |= {"customers": float(row["customers"]), "best": float(row["best"])}
    return Verdict("not_within" if missing else "within", fields)


def award_findings(contested: Sequence[Contested]) -> list[Finding]:
    """`award_by_luck` (awards, members): so many others (value) cannot be told from those who won."""
    return [
        Finding(
            "award_by_luck", "decided", "neither", "counted", one.members,
            value=float(one.others),
            fields={"awards": (one.award.name,), "members": one.members},
        )
        for one in contested
        if one.state == BY_LUCK
    ]  # fmt: skip
