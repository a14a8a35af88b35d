"""Outlook of maturity: customers and MRR by level in the next four quarters, and what if more customers rose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cs_helpers.analyses.level_outlook.ahead import Ahead, look_ahead
from cs_helpers.analyses.level_outlook.backtest import (
    accuracy,
    earlier_histories,
    is_beaten_by_no_change,
    past_forecasts,
)
from cs_helpers.analyses.level_outlook.counted import LEARNED, NEEDED
from cs_helpers.analyses.level_outlook.declared import DECLARES as DECLARES
from cs_helpers.analyses.level_outlook.findings import findings_ahead
from cs_helpers.analyses.level_outlook.forecast import customer_table, mrr_table
from cs_helpers.analyses.level_outlook.verdicts import (
    backtest_verdict,
    mrr_verdict,
    outlook_verdict,
    what_if_verdict,
)
from cs_helpers.analyses.level_outlook.what_if import SHOWN, level_asked, what_if
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.time import customer_time_as_of, missing_contracts
from cs_helpers.result import Note, Result
from cs_helpers.snapshot import ProductData

QUESTIONS = tuple(DECLARES.questions)


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """The next four quarters, by the moves between levels of the last two years.

    Tables: `outlook`: see `forecast.customer_table`; `mrr`: see `forecast.mrr_table`; `backtest`: see
    `backtest.past_forecasts`; `accuracy`: see `backtest.accuracy`; `what_if` and `what_if_levels`: see `what_if.what_if`.
    """
    name = data.product.product
    ahead = look_ahead(data, quarter)
    if isinstance(ahead, Note):
        customers = customer_time_as_of(data, quarter.end).customers(quarter.end)
        reasons = tuple(replace(ahead, about=question) for question in QUESTIONS)
        return Result(
            "level_outlook", name, quarter, quarter.start, data.as_of, len(customers), {}, {}, reasons
        )
    history, made, losses = ahead.history, ahead.made, ahead.losses
    maturity = data.product.maturity
    notes = _notes(data, ahead)
    tables = {"outlook": customer_table(history, made, LEARNED + 1)}
    verdicts = {"outlook": outlook_verdict(tables["outlook"], maturity.upper_from)}
    if ahead.pays:
        tables["mrr"] = mrr_table(history, made, LEARNED + 1)
        verdicts["mrr"] = mrr_verdict(tables["mrr"])
    trusted = True
    past = past_forecasts(earlier_histories(data, history), history, maturity.upper_from)
    if past.empty:
        fields = {"quarters": len(history.quarters), "needed": NEEDED + 2}
        notes += [Note("too_few_quarters", about, fields) for about in ("backtest", "accuracy")]
    else:
        tables |= {"backtest": past, "accuracy": accuracy(past)}
        verdicts["backtest"] = backtest_verdict(past)
        furthest = tables["accuracy"].iloc[-1]
        trusted = not is_beaten_by_no_change(furthest)
        if not trusted:
            missed: dict[str, float] = {
                "ahead": int(furthest["ahead"]), "error": float(furthest["error"]),
                "unchanged": float(furthest["unchanged_error"]),
            }  # fmt: skip
            notes.append(Note("no_better_than_unchanged", "accuracy", missed))
    tables["what_if"], tables["what_if_levels"] = what_if(made, maturity.top, losses=losses, pays=ahead.pays)
    asked, last = level_asked(made, maturity.top), str(made.quarters[-1])
    verdicts["what_if"] = what_if_verdict(tables["what_if"], asked, SHOWN[1], last)
    return Result(
        "level_outlook", name, quarter, made.counted.quarters[0].start, data.as_of, len(made.counted.level), tables,
        ahead.metrics(), tuple(notes), verdicts=verdicts,
        findings=findings_ahead(made, tables, losses=losses, trusted=trusted),
    )  # fmt: skip


def _notes(data: ProductData, ahead: Ahead) -> list[Note]:
    """What a reader must know about a forecast."""
    history, counted = ahead.history, ahead.made.counted
    learned = {"quarters": len(counted.quarters), "since": counted.quarters[0].start}
    notes = [Note("learned_from", "outlook", learned), Note("associated", "what_if", {})]
    if len(counted.quarters) < LEARNED:
        notes.append(Note("one_year", "outlook", {}))
    if not counted.past.came.any():
        notes.append(Note("nobody_joined", "outlook", {}))
    if counted.unseen:
        customers = int(np.isin(counted.level, counted.unseen).sum())
        notes.append(Note("unseen_levels", "outlook", {"customers": customers}))
    if waiting := len(history.time.renewals_not_recorded()):
        notes.append(Note("renewals_open", "outlook", {"customers": waiting}))
    if not ahead.losses:
        notes.append(Note("losses_unknown", "outlook", {}))
        notes.append(Note("missing_table", "mrr", {"tables": missing_contracts(data)}))
    elif not ahead.pays:
        notes.append(Note("no_paying", "mrr", {}))
    elif unknown := int(np.isnan(counted.mrr).sum()):
        notes.append(Note("mrr_not_known", "mrr", {"customers": unknown}))
    return notes
