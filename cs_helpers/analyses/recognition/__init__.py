"""Recognition: how far awards are luck, and which criteria of a promotion members meet and can meet."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from cs_helpers.analyses.recognition.awards import (
    BY_LUCK,
    DECIDED,
    Contested,
    award_findings,
    better_above_one,
    by_caseload,
    chances_table,
    chances_verdict,
    decided_table,
    luck_table,
    luck_verdict,
    members_table,
    needed_table,
    needed_verdict,
)
from cs_helpers.analyses.recognition.declared import DECLARES as DECLARES
from cs_helpers.analyses.recognition.promotions import (
    criteria_table,
    criteria_verdict,
    overall,
    promotion_table,
)
from cs_helpers.analyses.recognition.reach import reach_findings, reach_table
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.team import Indicator, Team
from cs_helpers.customer_journey.indicators import Indicators
from cs_helpers.customers.staff import members_at
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.editions.anonymity import MIN_PEOPLE
from cs_helpers.result import Answers, Finding, Metric, Note, Result
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.case_mix import by_name

AWARDS = ("luck", "chances", "needed", "decided", "members")
PROMOTIONS = ("criteria", "reach", "promotions")
#: periods of an award, in quarters, that the widget offers
PERIODS = (1, 2, 4, 8, 12)


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """The awards and promotions of the section `team` of the product file, as known at the end of the quarter.

    Tables: `luck`, `chances`, `needed`, `decided`, `members`: see `awards`; `members.counts` (indicator: as the product file
    declares them, step, quarters: `PERIODS` and those of awards, and the columns of `Indicators.counts`), for the widget;
    `criteria` and `promotions`: see `promotions`; `reach`: see `reach.reach_table`. Luck and chances are worked out for teams
    of at least three members who have customers. Who left the team by then, or joined it later, gets no award.

    Metrics: `awards_decided`, of those of which it is known whether luck decided; `criteria_met`: the share of the members
    before a promotion who meet all of its criteria, of grades with at least three. Settings: grades (promotion -> from, to).
    """
    answers, findings = Answers(), list[Finding]()
    team = data.product.team
    if team is None:
        answers.notes += [Note("no_team", about, {}) for about in (*AWARDS, *PROMOTIONS)]
    else:
        known = Indicators(data, quarter)
        findings += _awards(answers, team, known, data, quarter)
        findings += _promotions(answers, team, known, data, quarter)
    customers = customer_time_as_of(data, quarter.end).customers(quarter.end)
    return Result(
        "recognition", data.product.product, quarter, quarter.back(3).start, data.as_of, len(customers), answers.tables,
        answers.metrics, tuple(answers.notes),
        {"grades": {p.id: (p.from_grade, p.to_grade) for p in team.promotions} if team else {}},
        verdicts=answers.verdicts, findings=tuple(findings),
    )  # fmt: skip


def _awards(
    answers: Answers, team: Team, known: Indicators, data: ProductData, quarter: Quarter
) -> list[Finding]:
    if not team.awards:
        answers.notes += [Note("no_awards", about, {}) for about in AWARDS]
        return []
    away = set(data["staff"]["person"]) - set(members_at(data, quarter.end)["person"])

    def counts(indicator: Indicator, quarters: int) -> pd.DataFrame | None:
        if not known.is_known(indicator):
            return None
        found = known.counts(indicator, quarters)
        return by_caseload(found[~found["csm"].isin(away)])

    contested = [Contested(award, counts(award.indicator, award.quarters)) for award in team.awards]
    if all(one.counts is None for one in contested):
        answers.notes += [_nothing_recorded(data, quarter, about, team) for about in AWARDS]
        return []
    members = members_table(contested)
    if members.empty:
        answers.notes += [Note("few_members", about, {"needed": MIN_PEOPLE}) for about in AWARDS]
        return []
    answers.tables["members"] = members
    answers.tables["members.counts"] = pd.concat(
        [
            by_name(found, "csm").assign(
                indicator=indicator.kind, step=indicator.step or "", quarters=quarters
            )
            for indicator in team.indicators
            for quarters in sorted({*PERIODS, *(award.quarters for award in team.awards)})
            if (found := counts(indicator, quarters)) is not None and len(found)
        ],
        ignore_index=True,
    ).loc[
        :,
        lambda table: [
            "indicator",
            "step",
            "quarters",
            *table.columns.drop(["indicator", "step", "quarters"]),
        ],
    ]
    large = [one for one in contested if one.members >= MIN_PEOPLE or one.counts is None]
    if any(one.counts is not None for one in large):
        answers.tables["decided"] = decided_table(large)
    else:
        answers.notes.append(Note("few_members", "decided", {"needed": MIN_PEOPLE}))
    _simulated(answers, contested)
    judged = [one for one in large if one.state in (DECIDED, BY_LUCK)]
    if judged:
        decided = sum(one.state == DECIDED for one in judged)
        answers.add(Metric("awards_decided", float(decided), "count", len(judged), exact=True))
    return award_findings(large)


def _simulated(answers: Answers, contested: list[Contested]) -> None:
    """The questions on awards in general: `luck`, `chances`, `needed`."""
    simulated = [one for one in contested if one.is_simulated]
    if not simulated:
        answers.notes += [
            Note("few_members", about, {"needed": MIN_PEOPLE}) for about in ("luck", "chances", "needed")
        ]
        return
    answers.tables |= {
        "luck": luck_table(simulated),
        "chances": chances_table(simulated),
        "needed": needed_table(simulated),
    }
    answers.verdicts |= {
        "luck": luck_verdict(answers.tables["luck"]),
        "chances": chances_verdict(answers.tables["chances"]),
        "needed": needed_verdict(answers.tables["needed"]),
    }
    answers.notes.append(Note("alike_assumed", "needed", {}))
    if left_out := tuple(one.award.name for one in contested if not one.is_simulated):
        answers.notes.append(Note("awards_left_out", "luck", {"awards": left_out, "needed": MIN_PEOPLE}))


def _nothing_recorded(data: ProductData, quarter: Quarter, about: str, team: Team) -> Note:
    """Why no award can be counted at all."""
    kinds = {award.indicator.kind for award in team.awards}
    wanted = [
        *(("contracts",) if "retention" in kinds else ()),
        *(("milestones",) if "conversion" in kinds else ()),
    ]
    if missing := data.missing(*wanted):
        return Note("missing_table", about, {"tables": missing})
    return Note("nothing_recorded", about, {"quarter": str(quarter)})


def _promotions(
    answers: Answers, team: Team, known: Indicators, data: ProductData, quarter: Quarter
) -> list[Finding]:
    if not team.promotions:
        answers.notes += [Note("no_promotions", about, {}) for about in PROMOTIONS]
        return []
    indicators = [c.indicator for p in team.promotions for c in p.criteria if c.indicator]
    counts = {one: known.counts(one) for one in indicators}
    reach = reach_table(team.promotions, counts)
    if len(reach):
        answers.tables["reach"] = reach
    elif not indicators:
        answers.notes.append(Note("no_indicators", "reach", {}))
    else:
        answers.notes.append(Note("few_members", "reach", {"needed": MIN_PEOPLE}))
    _members_and_criteria(answers, team, data, quarter, counts)
    return reach_findings(reach)


def _members_and_criteria(
    answers: Answers,
    team: Team,
    data: ProductData,
    quarter: Quarter,
    counts: dict[Indicator, pd.DataFrame],
) -> None:
    """The questions `promotions` and `criteria`."""
    there = members_at(data, quarter.end)
    if missing := data.missing("staff"):
        reason = Note("missing_table", "criteria", {"tables": missing})
    elif there.empty:
        reason = Note("nobody_in_team", "criteria", {"quarter": str(quarter)})
    elif there["grade"].isna().all():
        reason = Note("no_grades", "criteria", {})
    else:
        ratios = {
            one: better_above_one(found, one.kind) if len(found) else found for one, found in counts.items()
        }
        _criteria(answers, team, data, quarter, promotion_table(data, quarter, team.promotions, ratios))
        return
    answers.notes += [replace(reason, about=about) for about in ("criteria", "promotions")]


def _criteria(
    answers: Answers, team: Team, data: ProductData, quarter: Quarter, promotions: pd.DataFrame
) -> None:
    answers.tables["promotions"] = promotions
    there = members_at(data, quarter.end)
    people = promotions.groupby("promotion")["person"].nunique() if len(promotions) else pd.Series(dtype=int)
    of_grade = {p.id: int(people.get(p.id, 0)) for p in team.promotions}
    if empty := tuple(p.from_grade for p in team.promotions if not of_grade[p.id]):
        answers.notes += [
            Note("nobody_of_grade", about, {"grades": empty}) for about in ("criteria", "promotions")
        ]
    if few := tuple(p.from_grade for p in team.promotions if 0 < of_grade[p.id] < MIN_PEOPLE):
        answers.notes.append(Note("few_people", "criteria", {"grades": few, "needed": MIN_PEOPLE}))
    if unknown := int((there["grade"].isna() & there["person"].isin(_with_customers(data))).sum()):
        answers.notes.append(Note("grade_unknown", "promotions", {"people": unknown}))
    if quarter < Quarter.latest_complete(data.as_of):
        answers.notes += [Note("grades_today", about, {}) for about in ("criteria", "promotions")]
    wanted = {
        "training_records": any(c.training for p in team.promotions for c in p.criteria),
        "competency_ratings": any(c.element for p in team.promotions for c in p.criteria),
    }
    if missing := data.missing(*(name for name, is_wanted in wanted.items() if is_wanted)):
        answers.notes += [
            Note("not_recorded", about, {"tables": missing}) for about in ("criteria", "promotions")
        ]
    table = criteria_table(promotions, MIN_PEOPLE)
    if table.empty:
        return
    answers.tables["criteria"] = table
    answers.verdicts["criteria"] = criteria_verdict(table)
    together = promotions[promotions["promotion"].isin(table["promotion"])]
    states = together.groupby(["promotion", "person"])["state"].agg(lambda each: overall(list(each)))
    answers.add(Metric("criteria_met", float((states == "met").mean()), "share", len(states), exact=True))


def _with_customers(data: ProductData) -> set[str]:
    """Who is in charge of customers: a lead without a grade is not missing one."""
    return set(data["accounts"]["csm"].dropna())
