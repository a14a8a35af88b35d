"""Health scores of customers: what they are made of, who moved and why, who differs, and where numbers and CSMs disagree."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cs_helpers.analyses.health import notes as said
from cs_helpers.analyses.health.declared import DECLARES as DECLARES
from cs_helpers.analyses.health.explanation import drivers, explained
from cs_helpers.analyses.health.findings import health_findings
from cs_helpers.analyses.health.levels import by_level, counted_twice, level_of, level_verdict
from cs_helpers.analyses.health.movers import between_bands, by_measure, direction, fallen, movers, risen
from cs_helpers.analyses.health.scored import Scored
from cs_helpers.analyses.health.segments import (
    by_csm,
    by_segment,
    people,
    rows_apart,
    segment_metrics,
    segment_verdict,
)
from cs_helpers.analyses.health.views import both_views, crossed, disagreements, views_verdict
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.health_score import BANDS, shares_of_weight
from cs_helpers.result import Note, Result, Verdict
from cs_helpers.snapshot import ProductData


@dataclass
class _Answers:
    """What the questions are answered with, as it is collected."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """The health score of each customer at the end of the quarter, as the product file defines it.

    A measure gives 0 points at `red` or worse and 100 at `green` or better, linear between; the score is the weighted
    mean of the known measures (`customers.health_score`). A measure is not known where the data does not cover its days, for customers who
    started after its first day, and where the answer is stale. `previous` is the score at the end of the quarter before, by
    today's definition, missing for accounts that were no customers then. Columns of MRR are left out without contracts.

    Tables: `scores` (account_id, name, size, mrr, score, previous, band, quantitative,
    qualitative, unknown (names of measures that are not known), and `driver`, `driver_kind`, `driver_points`:
    `explanation.drivers`); `bands` (band, customers, share, n); `tens` (points_from, customers); `measures` (measure, kind, weight, known, stale, mean
    (points), and contribution and lost: means over the customers with a score, which add up to the mean score and to what is lacking
    to 100); `explained`: see `explanation`; `moved` (`movers.by_measure`), `flows` (`movers.between_bands`), `fallen` and
    `risen`; `levels` (`levels.by_level`); `segments` (`segments.by_segment`), `csms` (`segments.by_csm`); `views` (`views.crossed`), `disagree`.
    """
    scored = Scored.at_end_of(data, quarter)
    answers = _Answers(notes=said.missing_tables(scored))
    if not scored.is_scored.any():
        answers.notes += said.nobody_scored(scored, quarter)
        return Result(
            "health", data.product.product, quarter, quarter.start, data.as_of, 0, {}, {}, tuple(answers.notes)
        )  # fmt: skip
    health = data.product.health
    answers.notes += [*said.unscored(scored), *said.unknown_measures(scored), *said.unused_rules(scored)]
    scores = _scores(scored)
    _answer_scores(scored, scores, answers)
    _answer_moves(scored, answers)
    customers = people(scored)
    _answer_segments(customers, data.sizes, answers)
    _answer_views(scored, answers)
    _answer_levels(scored, quarter, answers)
    if not scored.time.by_contracts:
        answers.notes.append(Note("no_mrr", "red_mrr", {}))
        answers.tables = {name: t.drop(columns="mrr", errors="ignore") for name, t in answers.tables.items()}
    return Result(
        "health",
        data.product.product,
        quarter,
        quarter.start,
        data.as_of,
        len(scores),
        answers.tables,
        scored.metrics(),
        tuple(answers.notes),
        {"yellow_from": health.yellow_from, "green_from": health.green_from},
        verdicts=answers.verdicts,
        by_segment=segment_metrics(customers, data.sizes),
        findings=health_findings(answers.tables, answers.verdicts, health.yellow_from),
    )


def _scores(scored: Scored) -> pd.DataFrame:
    """The customers with a score, lowest first."""
    names = np.array(list(scored.weights), dtype=object)
    not_known = (scored.now.isna() & (scored.weights > 0)).to_numpy()
    frame = scored.accounts[["name", "size"]].assign(
        mrr=scored.mrr,
        score=scored.score,
        previous=scored.previous,
        band=scored.band,
        quantitative=scored.part("quantitative"),
        qualitative=scored.part("qualitative"),
        unknown=[tuple(names[row]) for row in not_known],
    )
    frame = frame.join(drivers(scored)).dropna(subset=["score"]).reset_index()
    return frame.sort_values(["score", "mrr"], ascending=[True, False], ignore_index=True)


def _answer_scores(scored: Scored, scores: pd.DataFrame, answers: _Answers) -> None:
    red = int((scores["band"] == "red").sum())
    fields = {"share": red / len(scores), "median": float(scores["score"].median())}
    answers.verdicts["bands"] = Verdict("message" if red else "none_red", fields)
    by_stake = scores.assign(worse=scores["band"] != "red").sort_values(
        ["worse", "mrr", "score"], ascending=[True, False, True], kind="stable"
    )
    counts = scores["band"].value_counts().reindex(BANDS, fill_value=0)
    answers.tables |= {
        "scores": scores,
        "bands": pd.DataFrame(
            {"band": BANDS, "customers": counts.to_numpy(), "share": counts.to_numpy() / len(scores), "n": len(scores)}
        ),
        "tens": _by_tens(scores["score"]),
        "measures": _measures(scored),
        "explained": explained(scored, by_stake["account_id"].tolist()),
    }  # fmt: skip


def _by_tens(scores: pd.Series) -> pd.DataFrame:
    """Customers by tens of the score, 100 with the last: points_from, customers."""
    edges = np.arange(0, 101, 10)
    counts, _ = np.histogram(scores, edges)
    return pd.DataFrame({"points_from": edges[:-1], "customers": counts})


def _measures(scored: Scored) -> pd.DataFrame:
    now = scored.now[scored.is_scored]
    weight = shares_of_weight(now, scored.weights)
    stale = said.stale_values(scored)[scored.is_scored]
    return pd.DataFrame(
        [
            {
                "measure": m.id,
                "kind": m.kind,
                "weight": m.weight,
                "known": int(now[m.id].notna().sum()),
                "stale": int(stale[m.id].sum()),
                "mean": float(now[m.id].mean()),
                "contribution": float((weight[m.id] * now[m.id]).fillna(0.0).mean()),
                "lost": float((weight[m.id] * (100 - now[m.id])).fillna(0.0).mean()),
            }
            for m in scored.data.product.health.measures
        ]
    )


def _answer_moves(scored: Scored, answers: _Answers) -> None:
    moved = movers(scored)
    if moved.empty:
        answers.notes += [Note("nobody_before", about, {}) for about in ("moved", "fallen", "risen")]
        return
    measures = by_measure(scored, moved)
    answers.tables |= {
        "moved": measures,
        "flows": between_bands(moved),
        "fallen": fallen(moved),
        "risen": risen(moved),
    }
    answers.verdicts["moved"] = direction(moved, measures)


def _answer_segments(customers: pd.DataFrame, sizes: tuple[str, ...], answers: _Answers) -> None:
    answers.notes += said.segments_not_known(customers)
    table = by_segment(customers, sizes)
    if len(table):
        answers.tables["segments"] = table
        answers.verdicts["segments"] = segment_verdict(customers, table)
        if alone := tuple(dict.fromkeys(table.loc[table["verdict"] == "one", "dimension"])):
            answers.notes.append(Note("one_segment", "segments", {"dimensions": alone}))
    known = customers["csm"].notna()
    if not known.any():
        answers.notes.append(Note("no_csm", "csms", {}))
        return
    if not known.all():
        answers.notes.append(
            Note("csm_unknown", "csms", {"customers": int((~known).sum()), "of": len(known)})
        )
    if customers.loc[known, "csm"].nunique() == 1:
        answers.notes.append(Note("one_csm", "csms", {}))
    elif not (customers.loc[known, "band"] == "red").any():
        answers.notes.append(Note("no_comparison", "csms", {}))
    else:
        csms = by_csm(customers)
        answers.tables["csms"] = csms
        answers.verdicts |= rows_apart(csms)


def _answer_views(scored: Scored, answers: _Answers) -> None:
    kinds = {m.kind for m in scored.data.product.health.measures}
    views = both_views(scored)
    if len(kinds) == 1:
        answers.notes += [Note("one_kind", about, {}) for about in ("views", "disagree")]
    elif views.empty:
        answers.notes += [Note("one_view", about, {}) for about in ("views", "disagree")]
    else:
        answers.tables |= {"views": crossed(views), "disagree": disagreements(views)}
        answers.verdicts["views"] = views_verdict(views)


def _answer_levels(scored: Scored, quarter: Quarter, answers: _Answers) -> None:
    data = scored.data
    if missing := data.missing(*data.product.maturity.tables):
        answers.notes.append(Note("missing_table", "levels", {"tables": missing}))
        return
    level = level_of(scored, quarter)
    if not (scored.is_scored & (level >= 0)).any():
        answers.notes.append(Note("no_known_levels", "levels", {}))
        return
    answers.tables["levels"] = by_level(scored, level, data.product.maturity.numbers)
    answers.verdicts["levels"] = level_verdict(scored, level)
    if twice := counted_twice(data.product):
        answers.notes.append(Note("counted_twice", "levels", {"measures": twice}))
