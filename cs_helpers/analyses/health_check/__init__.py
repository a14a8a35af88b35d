"""The health score held against what happened: who left, and what the score had said before."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.analyses.health_check.declared import DECLARES as DECLARES
from cs_helpers.analyses.health_check.findings import check_findings
from cs_helpers.analyses.health_check.headlines import Evidence, gather, headline_metrics
from cs_helpers.analyses.health_check.learned import learn_weights, out_of_time
from cs_helpers.analyses.health_check.panel import NEEDED, Panel
from cs_helpers.analyses.health_check.tables import (
    apart_table,
    band_table,
    changes_table,
    losses_table,
    part_table,
    quality_table,
    reached_table,
    warning_table,
    weights_table,
)
from cs_helpers.analyses.health_check.verdicts import (
    apart_verdict,
    bands_verdict,
    parts_verdict,
    warning_verdict,
    weights_verdict,
)
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.time import missing_contracts
from cs_helpers.result import Note, Result, Verdict
from cs_helpers.snapshot import ProductData

#: the questions that need lost customers and others to compare them with
_COMPARING = ("apart", "quality", "parts", "weights", "changes")
#: and those that need losses, or customers at a quarter end whose horizon is over
_QUESTIONS = (*_COMPARING, "bands", "warning", "losses")


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """Scores at the quarter ends of the last years, and who was lost within the horizon after each (`health.check`).

    Scores are worked out by today's product file from what is dated up to each quarter end; losses are those known at the
    end of the quarter. Quarter ends whose horizon is not over by then are left out.

    Tables: `apart`: see `tables.apart_table`; `reached`: see `tables.reached_table`; `quality`: see
    `tables.quality_table`; `bands`: see `tables.band_table`; `warning`: see `tables.warning_table`; `losses`: see
    `tables.losses_table`; `parts`: see `tables.part_table`; `weights`: see `tables.weights_table`; `changes`: see
    `tables.changes_table`.
    """
    evidence = gather(data, quarter)
    if evidence is None or not len(evidence.panel.score):
        return _unanswered(data, quarter, evidence)
    panel, check = evidence.panel, data.product.health.check
    tables = {"bands": band_table(panel, data)}
    verdicts = {"bands": bands_verdict(tables["bands"], panel)}
    notes = _notes_on_rows(panel)
    lead_days = evidence.warnings.losses["lead_days"].to_numpy()
    if len(lead_days):
        tables |= {"warning": warning_table(lead_days), "losses": losses_table(evidence, data)}
        verdicts["warning"] = warning_verdict(tables["warning"], evidence.warnings)
        notes += _notes_on_warnings(evidence)
    else:
        notes += [Note("none_left", about, {"days": check.horizon_days}) for about in ("warning", "losses")]
    if evidence.area is None:
        notes += _too_few(panel)
    else:
        more, said, doubts = _comparisons(data, quarter, evidence)
        tables |= more
        verdicts |= said
        notes += doubts
    metrics = headline_metrics(evidence)
    return Result(
        "health_check",
        data.product.product,
        quarter,
        panel.cuts[0].astype(object),
        data.as_of,
        len(set(panel.account)),
        tables,
        metrics,
        tuple(notes),
        {
            "horizon_days": check.horizon_days,
            "sustained_months": check.sustained_months,
            "rows": len(panel.score),
            "quarter_ends": len(panel.cuts),
        },
        verdicts=verdicts,
        findings=check_findings(evidence, verdicts, metrics, quarter),
    )


def _unanswered(data: ProductData, quarter: Quarter, evidence: Evidence | None) -> Result:
    """The result where no quarter end has both scores and a horizon that is over."""
    horizon = data.product.health.check.horizon_days
    fields: dict[str, Any]
    if missing := missing_contracts(data):
        code, fields = "missing_table", {"tables": missing}
    elif evidence is None or np.isnan(evidence.history.scores).all():
        missing = data.missing(
            *sorted({table for m in data.product.health.measures for table in m.measure.tables})
        )
        given = evidence is not None or not missing
        code, fields = (
            ("no_scores", {"quarter": str(quarter)}) if given else ("missing_table", {"tables": missing})
        )
    else:
        scored = ~np.isnan(evidence.history.scores).all(axis=0)
        first: date = evidence.history.month_ends[scored][0].astype(object)
        code, fields = "too_short", {"since": first, "days": horizon, "last": quarter.end}
    notes = tuple(Note(code, about, fields) for about in _QUESTIONS)
    return Result(
        "health_check", data.product.product, quarter, quarter.start, data.as_of, 0, {}, {}, notes,
        {"horizon_days": horizon},
    )  # fmt: skip


def _comparisons(
    data: ProductData, quarter: Quarter, evidence: Evidence
) -> tuple[dict[str, pd.DataFrame], dict[str, Verdict], list[Note]]:
    """Tables, verdicts and notes of the questions that compare those who left with those who stayed."""
    panel, area = evidence.panel, evidence.area
    assert area is not None
    tried = out_of_time(panel, data.product.health.check.horizon_days)
    learned = learn_weights(panel)
    reached = reached_table(panel)
    tables = {
        "apart": apart_table(panel),
        "reached": reached,
        "quality": quality_table(panel, area, tried),
        "weights": weights_table(panel, learned, data),
        "changes": changes_table(evidence, learned, data, quarter),
    }
    verdicts = {"apart": apart_verdict(area, reached), "weights": weights_verdict(panel, tried)}
    changed = tables["changes"]
    change = {
        "customers": len(changed),
        "of": _customers_with_score(evidence),
        "mrr": float(changed["mrr"].sum()),
    }
    notes = [Note("band_changes", "weights", change)]
    if not tried.known.any():
        notes.append(Note("not_yet", "quality", {"needed": NEEDED}))
    parts, areas = part_table(panel)
    whole = areas["whole"]
    if whole.events >= NEEDED and whole.others >= NEEDED:
        tables["parts"], verdicts["parts"] = parts, parts_verdict(areas)
    else:
        notes.append(Note("one_part", "parts", {"lost": whole.events, "needed": NEEDED}))
    return tables, verdicts, notes


def _customers_with_score(evidence: Evidence) -> int:
    """The customers with a score at the end of the quarter."""
    history = evidence.history
    return int((history.present[:, -1] & ~np.isnan(history.scores[:, -1])).sum())


def _notes_on_rows(panel: Panel) -> list[Note]:
    """Notes on customers at quarter ends who had no score, and on losses among them."""
    notes = []
    if panel.unscored:
        rows = {"customers": panel.unscored, "of": len(panel.score) + panel.unscored}
        notes.append(Note("not_scored", "bands", rows))
    if panel.unscored_lost:
        lost = int(panel.lost.sum()) + panel.unscored_lost
        notes.append(Note("unscored_losses", "bands", {"lost": panel.unscored_lost, "of": lost}))
    return notes


def _notes_on_warnings(evidence: Evidence) -> list[Note]:
    """Notes on how lead times and false alarms are counted here."""
    warnings = evidence.warnings
    without = int((~warnings.losses["noticed"]).sum())
    notes = []
    if without:
        notes.append(Note("no_notices", "warning", {"customers": without, "of": len(warnings.losses)}))
    if not warnings.customer_months:
        notes.append(Note("no_alarms", "warning", {}))
    if warnings.unscored:
        notes.append(Note("left_unscored", "warning", {"customers": warnings.unscored}))
    return notes


def _too_few(panel: Panel) -> list[Note]:
    """Notes that too few customers were lost, or stayed, to be compared."""
    lost, customers = panel.lost_customers, len(set(panel.account))
    if lost < NEEDED:
        return [
            Note("few_losses", q, {"lost": lost, "customers": customers, "needed": NEEDED})
            for q in _COMPARING
        ]
    stayed = len(set(panel.account[~panel.lost]))
    return [
        Note("few_others", q, {"stayed": stayed, "customers": customers, "needed": NEEDED})
        for q in _COMPARING
    ]
