"""Tables of the gap plan: each gap, the order, its pairs, effects, earlier targets, and the issues for a tracker."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from cs_helpers.result import Result
from cs_helpers.tables import issues
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.tables.units import format_value
from cs_helpers.text import Text
from cs_helpers.text.gap_plan_verdict import gap_plan_verdict

#: what only the download of the gaps has of each, where there are contracts
_AMOUNTS = (
    "mrr", "lost_share_in", "lost_share_out", "kept", "kept_low", "kept_high", "lost_in", "years_in", "lost_out", "years_out",
    "impact", "impact_low", "impact_high",
)  # fmt: skip


def gaps(result: Result, text: Text) -> Listing:
    """Each goal: As-Is against To-Be, the gap, the customers to move and their MRR, and what that is worth in a year."""
    known, currency = result.tables["gaps"], result.settings["currency"]
    amounts = ("losses", "impact") if result.settings["by_contracts"] else ()
    named = known.assign(
        goal=[text.label("goal", goal) for goal in known["goal"]],
        unit=[text(f"gap_plan.units.{unit}") if unit else "" for unit in known["unit"]],
        state=[_state(row, text) for row in known.itertuples()],
    )
    page = named.assign(
        as_is=[_as_is(r, text, currency) for r in known.itertuples()],
        target=[_target(r, text, currency) for r in known.itertuples()],
        customers=[_customers(row, result, text) for row in known.itertuples()],
        losses=[_losses(row, text) for row in known.itertuples()],
        impact=[
            within(r.impact, r.impact_low, r.impact_high, "currency", text, currency)
            for r in known.itertuples()
        ],
    )
    shown = ("goal", "as_is", "target", "customers", *amounts, "state")
    listing = table(page.head(MAX_ROWS), text.headings("gap_plan.gaps", *shown), name="gaps")
    columns = (
        "goal", "unit", "as_is", "low", "high", "target", "by", "gap", "gap_low", "gap_high", "in_gap", "n", "unknown", "customers",
        "customers_low", "customers_high", *(_AMOUNTS if amounts else ()), "state",
    )  # fmt: skip
    return replace(listing, all_rows=_renamed(named, "gaps", columns, text))


def _as_is(row: Any, text: Text, currency: str) -> str:
    """A number with its interval; of a share of customers also how many that are, and of how many it is not known."""
    said = within(row.as_is, row.low, row.high, row.unit, text, currency)
    if row.kind != "customers" or said == "–":
        return said
    counts = {"inside": row.in_gap, "n": row.n, "unknown": row.unknown}
    key = "partly_known" if row.unknown else "counted"
    return text(
        f"gap_plan.gaps.{key}", value=said, **{name: text.number(count) for name, count in counts.items()}
    )


def _losses(row: Any, text: Text) -> str:
    """The share of customers lost in a year in the gap and outside, and whether they differ beyond chance."""
    if row.kept != row.kept:
        return "–"
    shares = {"inside": text.share(row.lost_share_in), "outside": text.share(row.lost_share_out)}
    return text(f"gap_plan.losses.{row.losses}", **shares)


def _customers(row: Any, result: Result, text: Text) -> str:
    """The customers to move, and about their MRR, which is that of all in the gap in proportion."""
    customers = text.number(row.customers)
    if not result.settings["by_contracts"] or not row.customers > 0 or row.mrr != row.mrr:
        return customers
    mrr = text.money(issues.about(row.mrr), result.settings["currency"])
    return text("gap_plan.gaps.with_mrr", customers=customers, mrr=mrr)


def _target(row: Any, text: Text, currency: str) -> str:
    value = format_value(row.target, row.unit, text, currency) if row.unit else "–"
    return text("gap_plan.gaps.by", target=value, by=text.day(row.by))


def _state(row: Any, text: Text) -> str:
    """The state of a goal, and why it or what it is worth is not known."""
    may_be_chance = row.certainty == "unclear" and row.state != "unknown"
    state = text(f"gap_plan.states.{row.state}{'_unclear' if may_be_chance else ''}")
    if not row.reason:
        return state
    return text("gap_plan.states.because", state=state, reason=text(f"gap_plan.reasons.{row.reason}"))


def priorities(result: Result, text: Text) -> Listing:
    """The gaps in order: score with interval, what it is made of, and how often each is among the first."""
    known, currency = result.tables["priorities"], result.settings["currency"]
    named = known.assign(
        goal=[text.label("goal", goal) for goal in known["goal"]],
        priority=[text(f"gap_plan.priority.{code}") for code in known["priority"]],
    )
    page = named.assign(
        goal=[f"{rank}. {goal}" for rank, goal in zip(known["rank"], named["goal"], strict=True)],
        score=[within(r.score, r.low, r.high, "currency", text, currency) for r in known.itertuples()],
        impact=[
            within(r.impact, r.impact_low, r.impact_high, "currency", text, currency)
            for r in known.itertuples()
        ],
        confidence=[text.share(v) for v in known["confidence"]],
        effort=[issues.months(v, text) for v in known["effort"]],
        first=[text.share(v) for v in known["first"]],
        first_three=[text.share(v) for v in known["first_three"]],
    )
    shown = ("goal", "score", "impact", "confidence", "effort", "first", "first_three", "priority")
    listing = table(
        page.head(MAX_ROWS), text.headings("gap_plan.priorities", *shown), name="priorities",
        right=("confidence", "effort", "first", "first_three"),
    )  # fmt: skip
    columns = (
        "rank", "goal", "score", "low", "high", "impact", "impact_low", "impact_high", "confidence", "effort", "first",
        "first_three", "priority",
    )  # fmt: skip
    return replace(listing, all_rows=_renamed(named, "priorities", columns, text))


def pairs(result: Result, text: Text) -> Listing:
    """Neighbours in the order: how often the first comes first, and what leaves their order open."""
    known = result.tables["pairs"]
    named = known.assign(
        goal=[text.label("goal", goal) for goal in known["goal"]],
        other=[text.label("goal", goal) for goal in known["other"]],
        verdict=[text(f"gap_plan.pairs.row.{row.open_by or row.verdict}") for row in known.itertuples()],
    )
    shares = ("chance", "by_data", "by_weights")
    page = named.head(MAX_ROWS).assign(
        **{column: [text.share(v) for v in known[column].head(MAX_ROWS)] for column in shares}
    )
    headings = text.headings("gap_plan.pairs", "goal", "other", *shares, "verdict")
    listing = table(page, headings, name="pairs", right=shares, all_rows=named)
    return replace(listing, message=_said(result, "pairs", text))


def _said(result: Result, question: str, text: Text) -> str:
    verdict = result.verdicts.get(question)
    if verdict is None:
        return ""
    return gap_plan_verdict(text, question, verdict.code, verdict.fields, result.settings["currency"])


def effects(result: Result, text: Text) -> Listing:
    """What closing each gap would do to the numbers of revenue, before and after, and what is assumed for that."""
    known, currency = result.tables["effects"], result.settings["currency"]
    named = known.assign(
        goal=[text.label("goal", goal) for goal in known["goal"]],
        measure=[text(f"revenue.metrics.{measure}") for measure in known["measure"]],
        verdict=[text(f"gap_plan.effects.verdict.{code}") for code in known["verdict"]],
        unit=[text(f"gap_plan.units.{unit}") for unit in known["unit"]],
        assumption=[
            text(f"gap_plan.effects.{row.assumption}", confidence=text.share(row.confidence))
            for row in known.itertuples()
        ],
    )
    page = named.assign(
        before=[format_value(r.before, r.unit, text, currency) for r in known.itertuples()],
        after=[within(r.after, r.low, r.high, r.unit, text, currency) for r in known.itertuples()],
    )
    # what rows of a gap share is said once
    repeated = known["goal"].eq(known["goal"].shift())
    page["goal"] = page["goal"].mask(repeated, "")
    page["assumption"] = page["assumption"].mask(
        repeated & known["assumption"].eq(known["assumption"].shift()), ""
    )
    shown = ("goal", "measure", "before", "after", "verdict", "assumption")
    listing = table(
        page.head(MAX_ROWS),
        text.headings("gap_plan.effects", *shown),
        name="effects",
        right=("before",),
    )
    columns = (
        "goal",
        "measure",
        "unit",
        "before",
        "after",
        "low",
        "high",
        "verdict",
        "confidence",
        "assumption",
    )
    return replace(listing, all_rows=_renamed(named, "effects", columns, text))


def history(result: Result, text: Text) -> Listing:
    """All targets of the goals that had an earlier one: how it stood when each was agreed, and what was reached."""
    known, currency = result.tables["history"], result.settings["currency"]
    named = known.assign(
        goal=[text.label("goal", goal) for goal in known["goal"]],
        unit=[text(f"gap_plan.units.{unit}") if unit else "" for unit in known["unit"]],
        outcome=[text(f"gap_plan.outcomes.{code}") for code in known["outcome"]],
    )
    page = named.assign(
        agreed_on=[text.day(day) for day in known["agreed_on"]],
        until=[text.day(day) for day in known["until"]],
        **{
            column: [format_value(r[column], r["unit"], text, currency) for _, r in known.iterrows()]
            for column in ("target", "began", "value")
        },
    )
    page["began"] = _dated(page["began"], known["began_on"], text)
    page["value"] = _dated(page["value"], known["judged_on"], text)
    shown = ("goal", "agreed_on", "target", "began", "until", "value", "outcome")
    listing = table(
        page.head(MAX_ROWS), text.headings("gap_plan.history", *shown), name="history", right=("target",),
    )  # fmt: skip
    columns = (
        "goal", "agreed_on", "target", "unit", "began_on", "began", "until", "judged_on", "value", "n", "outcome",
    )  # fmt: skip
    return replace(listing, all_rows=_renamed(named, "history", columns, text))


def _dated(values: pd.Series, days: pd.Series, text: Text) -> list[str]:
    """Values with the days that they are of; an en dash alone where a value is not known."""
    return [
        value if value == "–" else text("gap_plan.history.dated", value=value, day=text.day(day))
        for value, day in zip(values, days, strict=True)
    ]


def tracker(result: Result, text: Text) -> Listing:
    """The gaps as issues, with a file for Jira and one for GitHub."""
    known = result.tables["tracker"]
    named = known.assign(
        summary=[issues.title(row, text) for row in known.itertuples()],
        priority=[text(f"gap_plan.priority.{code or 'none'}") for code in known["priority"]],
        means=[issues.means(row, text) or text("gap_plan.tracker.no_means") for row in known.itertuples()],
    )
    page = named.assign(
        by=[text.day(day) for day in known["by"]],
        effort=[issues.months(v, text) for v in known["effort"]],
        means=[_means(row, text) for row in named.itertuples()],
    )
    headings = text.headings("gap_plan.tracker", "summary", "priority", "by", "effort", "means")
    listing = table(page.head(MAX_ROWS), headings, name="tracker", right=("effort",), all_rows=named)
    return replace(
        listing, files={"jira": issues.for_jira(result, text), "github": issues.for_github(result, text)}
    )


def _means(row: Any, text: Text) -> str:
    """The means of an issue, and how many of the customers to move they can serve, where that is too few."""
    if not row.capacity < row.customers:
        return str(row.means)
    numbers = {name: text.number(getattr(row, name)) for name in ("capacity", "customers")}
    return text("gap_plan.tracker.capacity", means=row.means, **numbers)


def within(value: float, low: float, high: float, unit: str, text: Text, currency: str) -> str:
    """A value with its 95 % interval; without it where it is not known or has no width."""
    said = format_value(value, unit, text, currency)
    if said == "–" or low != low or high != high or low == high:
        return said
    if unit in ("share", "currency"):
        ends = [format_value(end, unit, text, currency) for end in (low, high)]
    else:
        ends = [text.number(end, 1 if unit in ("ratio", "months") else 0) for end in (low, high)]
    return text("gap_plan.within", value=said, low=ends[0], high=ends[1])


def _renamed(rows: pd.DataFrame, question: str, columns: tuple[str, ...], text: Text) -> pd.DataFrame:
    """All rows under the headings of the download: those of the page, and of the columns that only it has."""

    def heading(column: str) -> str:
        own = f"gap_plan.{question}.columns.{column}"
        return text(own if text.has(own) else f"gap_plan.columns.{column}")

    return rows[list(columns)].rename(columns={column: heading(column) for column in columns})
