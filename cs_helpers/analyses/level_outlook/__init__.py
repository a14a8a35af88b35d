"""Outlook of maturity: customers and MRR by level in the next four quarters, and what if more customers rose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from cs_helpers.analyses.level_outlook.backtest import accuracy, origins, past_forecasts
from cs_helpers.analyses.level_outlook.counted import LEARNED, NEEDED, Counted, step_counts
from cs_helpers.analyses.level_outlook.declared import DECLARES as DECLARES
from cs_helpers.analyses.level_outlook.findings import findings_ahead, metrics_ahead
from cs_helpers.analyses.level_outlook.forecast import Forecast, customer_table, forecast, mrr_table
from cs_helpers.analyses.level_outlook.verdicts import (
    backtest_verdict,
    mrr_verdict,
    outlook_verdict,
    what_if_verdict,
)
from cs_helpers.analyses.level_outlook.what_if import SHOWN, level_asked, what_if
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import LevelHistory, level_history
from cs_helpers.customers.time import missing_contracts
from cs_helpers.result import Metric, Note, Result
from cs_helpers.snapshot import ProductData

#: below so many customers, a forecast says nothing
MIN_CUSTOMERS = 10
QUESTIONS = tuple(DECLARES.questions)


@dataclass(frozen=True)
class _Ahead:
    """A forecast with the history that it rests on, or the reason why there is none."""

    history: LevelHistory | None = None
    made: Forecast | None = None
    note: Note | None = None


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """The next four quarters, by the moves between levels of the last two years.

    Tables: `outlook`: see `forecast.customer_table`; `mrr`: see `forecast.mrr_table`; `backtest`: see
    `backtest.past_forecasts`; `accuracy`: see `backtest.accuracy`; `what_if` and `what_if_levels`: see `what_if.what_if`.
    """
    name = data.product.product
    ahead = _ahead(data, quarter)
    if ahead.history is None or ahead.made is None:
        n = 0 if ahead.history is None else len(ahead.history.time.customers(quarter.end))
        reasons = (
            tuple(Note(ahead.note.code, about, ahead.note.fields) for about in QUESTIONS)
            if ahead.note
            else ()
        )
        return Result(
            "level_outlook", name, quarter, quarter.start, data.as_of, n, {}, {}, reasons
        )
    history, made = ahead.history, ahead.made
    losses, maturity = history.time.by_contracts, data.product.maturity
    pays = losses and bool(made.counted.mrr.sum() > 0)
    notes = _notes(data, history, made.counted, pays=pays)
    tables = {"outlook": customer_table(history, made, LEARNED + 1)}
    verdicts = {"outlook": outlook_verdict(tables["outlook"], maturity.upper_from)}
    if pays:
        tables["mrr"] = mrr_table(history, made, LEARNED + 1)
        verdicts["mrr"] = mrr_verdict(tables["mrr"])
    past = past_forecasts([level_history(data, q) for q in origins(history)], history, maturity.upper_from)
    if past.empty:
        fields = {"quarters": len(history.quarters), "needed": NEEDED + 2}
        notes += [Note("too_few_quarters", about, fields) for about in ("backtest", "accuracy")]
    else:
        tables |= {"backtest": past, "accuracy": accuracy(past)}
        verdicts["backtest"] = backtest_verdict(past)
    tables["what_if"], tables["what_if_levels"] = what_if(made, maturity.top, losses=losses)
    if not pays and "mrr" in tables["what_if"]:
        tables["what_if"] = tables["what_if"].drop(columns=["mrr", "mrr_low", "mrr_high"])
    asked, last = level_asked(made, maturity.top), str(made.quarters[-1])
    verdicts["what_if"] = what_if_verdict(tables["what_if"], asked, SHOWN[1], last)
    return Result(
        "level_outlook", name, quarter, made.counted.quarters[0].start, data.as_of, len(made.counted.level), tables,
        metrics_ahead(made, losses=losses, pays=pays), tuple(notes), verdicts=verdicts,
        findings=findings_ahead(made, tables, losses=losses),
    )  # fmt: skip


def quick_metrics(data: ProductData, quarter: Quarter) -> Mapping[str, Metric]:
    """The headlines of a quarter without the forecasts of the past."""
    ahead = _ahead(data, quarter)
    if ahead.made is None or ahead.history is None:
        return {}
    losses = ahead.history.time.by_contracts
    return metrics_ahead(ahead.made, losses=losses, pays=losses and bool(ahead.made.counted.mrr.sum() > 0))


def _ahead(data: ProductData, quarter: Quarter) -> _Ahead:
    """The forecast from the end of a quarter."""
    missing = data.missing(*sorted({table for c in data.product.maturity.conditions for table in c.tables}))
    if missing:
        return _Ahead(note=Note("missing_table", "outlook", {"tables": missing}))
    history = level_history(data, quarter)
    customers = len(history.time.customers(quarter.end))
    if not customers:
        code = "no_customers" if history.time.by_contracts else "no_accounts"
        return _Ahead(history, note=Note(code, "outlook", {"quarter": str(quarter)}))
    counted = step_counts(history)
    if counted is None:
        fields = {"quarters": len(history.quarters), "needed": NEEDED + 1}
        return _Ahead(history, note=Note("too_few_quarters", "outlook", fields))
    if customers < MIN_CUSTOMERS:
        fields = {"customers": customers, "needed": MIN_CUSTOMERS}
        return _Ahead(history, note=Note("too_few_customers", "outlook", fields))
    upper_from = data.product.maturity.upper_from
    return _Ahead(history, forecast(counted, upper_from, losses=history.time.by_contracts))


def _notes(data: ProductData, history: LevelHistory, counted: Counted, *, pays: bool) -> list[Note]:
    """What a reader must know about a forecast."""
    learned = {"quarters": len(counted.quarters), "since": counted.quarters[0].start}
    notes = [Note("learned_from", "outlook", learned), Note("associated", "what_if", {})]
    if len(counted.quarters) < LEARNED:
        notes.append(Note("one_year", "outlook", {}))
    if not counted.past.came.any():
        notes.append(Note("nobody_joined", "outlook", {}))
    if counted.unseen:
        fields = {"customers": int(counted.level.isin(counted.unseen).sum())}
        notes.append(Note("unseen_levels", "outlook", fields))
    if waiting := len(history.time.renewals_not_recorded()):
        notes.append(Note("renewals_open", "outlook", {"customers": waiting}))
    if not history.time.by_contracts:
        notes.append(Note("losses_unknown", "outlook", {}))
        notes.append(Note("missing_table", "mrr", {"tables": missing_contracts(data)}))
    elif not pays:
        notes.append(Note("no_paying", "mrr", {}))
    elif unknown := int(counted.mrr.isna().sum()):
        notes.append(Note("mrr_not_known", "mrr", {"customers": unknown}))
    return notes
