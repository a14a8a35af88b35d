"""What a level of maturity is worth: lifetime value and NRR by level, and what one level more is associated with."""

from __future__ import annotations

import math

import pandas as pd

from cs_helpers.analyses.level_worth.declared import DECLARES as DECLARES
from cs_helpers.analyses.level_worth.follow_up import follow_up
from cs_helpers.analyses.level_worth.lifetime import YEAR, horizon_of, lifetime_table, stays, survival_table
from cs_helpers.analyses.level_worth.retained import PERIODS, cohorts, halves_differ, nrr_table, years_after
from cs_helpers.analyses.level_worth.steps import STRATA, associations, quarters_at_risk, step_table
from cs_helpers.analyses.level_worth.verdicts import (
    associations_verdict,
    lifetime_verdict,
    nrr_verdict,
    staying_verdict,
    steps_verdict,
    worth_findings,
)
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customers.costs import year_of_costs
from cs_helpers.customers.maturity_levels import LevelHistory, level_history
from cs_helpers.customers.movements import Ledger, ledger, month_ends
from cs_helpers.customers.time import missing_contracts
from cs_helpers.result import Answers, Finding, Metric, Note, Result
from cs_helpers.snapshot import ProductData


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """What the customers of each level bring, and how long they stay, as known at the end of the quarter.

    Levels are those of the ends of quarters (landmarks), what they are compared with comes after them (`follow_up`), so that nobody
    counts as of a level in a time in which it was not reached yet. Amounts in the product's currency.

    Tables: `lifetime`: see `lifetime.lifetime_table`; `staying` (group: `lower` or `upper` levels): see
    `lifetime.survival_table`; `nrr`: see `retained.nrr_table`; `steps`: see `steps.step_table`; `associations`: see
    `steps.associations`.
    """
    answers, n = Answers(), 0
    missing = missing_contracts(data) or data.missing(*data.product.maturity.tables)
    findings: tuple[Finding, ...] = ()
    if missing:
        answers.notes += [Note("missing_table", about, {"tables": missing}) for about in DECLARES.questions]
    else:
        history = level_history(data, quarter)
        states = history.states[quarter.end].dropna()
        n = len(states)
        if not n:
            answers.notes += [
                Note("no_customers", about, {"quarter": str(quarter)}) for about in DECLARES.questions
            ]
        elif not (history.by_quarter >= 0).any(axis=None):
            answers.notes += [Note("no_known_levels", about, {}) for about in DECLARES.questions]
        else:
            months = 3 * len(history.quarters[:-1])
            book = ledger(history.time, month_ends(quarter, max(months, YEAR)))
            mrr = history.time.mrr(quarter.end).reindex(states.index)
            now = pd.DataFrame({"level": states, "mrr": mrr})
            answers.notes += _left_out(states)
            follow = follow_up(history)
            _add_lifetime(answers, data, history.quarter, follow, book, now)
            _add_nrr(answers, data, history, book)
            _add_steps(answers, data, history, follow, book)
            top = data.product.maturity.top
            findings = worth_findings(answers.verdicts, mrr[(states >= 0) & (states < top)])
    return Result(
        "level_worth",
        data.product.product,
        quarter,
        quarter.start,
        data.as_of,
        n,
        answers.tables,
        answers.metrics,
        tuple(answers.notes),
        {"discount_rate": data.product.revenue.discount_rate, "upper_from": data.product.maturity.upper_from},
        verdicts=answers.verdicts,
        findings=findings,
    )


def _left_out(states: pd.Series) -> list[Note]:
    """A note on customers whose level is not known, who are in no number of a level."""
    unknown = int((states < 0).sum())
    fields = {"customers": unknown, "of": len(states)}
    return [Note("levels_left_out", about, fields) for about in ("lifetime", "nrr")] if unknown else []


def _halves(data: ProductData) -> dict[str, tuple[int, ...]]:
    maturity = data.product.maturity
    return {
        "lower": tuple(level for level in maturity.numbers if level < maturity.upper_from),
        "upper": tuple(level for level in maturity.numbers if level >= maturity.upper_from),
    }


def _add_lifetime(
    answers: Answers,
    data: ProductData,
    quarter: Quarter,
    follow: pd.DataFrame,
    book: Ledger,
    now: pd.DataFrame,
) -> None:
    """Adds lifetime values and how long customers stay, by level and of both halves of the curve."""
    rules, maturity = data.product.revenue, data.product.maturity
    costs = year_of_costs(data, quarter)
    margin = None if costs is None else costs.gross_margin(float(book.at.mrr[:, -YEAR:].sum()))
    groups = _halves(data) | {str(level): (level,) for level in maturity.numbers}
    months = max(YEAR, min(rules.horizon_months, 0 if follow.empty else int(follow["months"].max())))
    found = stays(follow, now, groups, share=1.0 if margin is None else margin, months=months)
    halves = {name: found.pop(name) for name in ("lower", "upper")}
    by_level = {int(name): stay for name, stay in found.items()}
    horizon = horizon_of([*by_level.values(), *halves.values()], rules)
    if not horizon:
        answers.notes += [Note("not_a_year", about, {"months": YEAR}) for about in ("lifetime", "staying")]
        return
    table = lifetime_table(follow, by_level, horizon, rules.discount_rate)
    answers.tables |= {"lifetime": table, "staying": survival_table(halves)}
    answers.verdicts["lifetime"] = lifetime_verdict(halves, horizon, rules.discount_rate, maturity.upper_from)
    answers.verdicts["staying"] = staying_verdict(halves, maturity.upper_from)
    if margin is None:
        answers.notes.append(Note("value_of_revenue", "lifetime", {}))
    if table["value"].isna().any():
        answers.notes.append(Note("not_all_levels", "lifetime", {"months": YEAR}))
    for name, stay in halves.items():
        if stay.known >= YEAR and stay.paying:
            # over a year, whatever the horizon: so it can be compared with that of earlier quarters
            value, low, high = stay.value(YEAR, rules.discount_rate)
            answers.add(_metric(f"year_value_{name}", value, "currency", stay.followed, low, high))


def _add_nrr(answers: Answers, data: ProductData, history: LevelHistory, book: Ledger) -> None:
    """Adds NRR by the level at the start of the quarter and of the year."""
    table = nrr_table(history, book, data.product.maturity.numbers)
    if table.empty:
        answers.notes.append(Note("no_start_levels", "nrr", {}))
        return
    answers.tables["nrr"] = table
    period = table["period"].iloc[-1]
    if period != "year":
        answers.notes.append(Note("no_year", "nrr", {}))
    found, level = cohorts(history, book, PERIODS[period])
    halves = _halves(data)
    answers.verdicts["nrr"] = nrr_verdict(
        halves_differ(found, level, halves), period, data.product.maturity.upper_from
    )
    if period == "year":
        for name, levels in halves.items():
            row = found.only(pd.Series(level).isin(levels).to_numpy()).measures()
            answers.add(
                _metric(
                    f"nrr_year_{name}", row["nrr"], "share", int(row["paying"]), row["nrr_low"], row["nrr_high"], row["mrr"]
                )
            )  # fmt: skip


def _add_steps(
    answers: Answers, data: ProductData, history: LevelHistory, follow: pd.DataFrame, book: Ledger
) -> None:
    """Adds what one level more is associated with, and each step of the curve."""
    rows = quarters_at_risk(follow, data["accounts"])
    if rows.empty:
        answers.notes += [Note("not_followed", about, {}) for about in ("steps", "associations")]
        return
    table = associations(rows, years_after(history, book, data["accounts"]))
    by_loss = table[table["outcome"] == "loss"].set_index("common")
    common = str(by_loss.index[by_loss["chosen"]][0])
    steps = step_table(rows, data.product.maturity.numbers, STRATA[common])
    answers.tables |= {"associations": table, "steps": steps}
    answers.verdicts["steps"] = steps_verdict(table, steps, int(rows["lost"].sum()), len(rows))
    answers.verdicts["associations"] = associations_verdict(table)
    if not history.time.spells["ended"].isin(ENDINGS).any():
        answers.notes.append(Note("no_losses_recorded", "steps", {}))
    elif common != "industry" and by_loss["compared"]["age"]:
        left_out = tuple(d for d in STRATA["industry"] if d not in STRATA[common])
        compared = {name: int(by_loss["compared"][name]) for name in ("industry", "age")}
        fields = {"dimensions": left_out, "losses": compared["industry"], "of": compared["age"]}
        answers.notes.append(Note("fewer_in_common", "steps", fields))
    value, low, high = (float(by_loss[c][common]) for c in ("value", "low", "high"))
    answers.add(_metric("loss_ratio_a_level", value, "ratio", int(by_loss["compared"][common]), low, high))


def _metric(
    name: str, value: float, unit: str, n: int, low: float, high: float, base: float | None = None
) -> Metric | None:
    """A metric with the ends of its interval that are finite; None where its value is not."""
    if not math.isfinite(value):
        return None
    bounds = [end if math.isfinite(end) else None for end in (low, high)]
    return Metric(name, value, unit, n, bounds[0], bounds[1], base=base)
