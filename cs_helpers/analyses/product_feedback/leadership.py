"""The result on requests for leadership: small counts suppressed, and no rows about single companies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from cs_helpers.analyses.product_feedback.verdicts import verdicts
from cs_helpers.editions.anonymity import MIN_COMPANIES, rows_to_suppress
from cs_helpers.result import Note, Result

#: tables with one row a company
TEAM_ONLY = ("to_tell", "not_handed_companies")


def for_leadership(result: Result) -> Result:
    """The result without `TEAM_ONLY` tables, and without rows and numbers behind which fewer than `MIN_COMPANIES` stand.

    A request that one or two customers asked for is left out as a whole, with its MRR: what a single customer asked of the
    product is not to be told apart from who it is. Verdicts and findings use what remains.
    """
    suppress: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
        "ranking": _ranking, "by_size": _by_size, "status": _status, "closed_loop": _closed_loop,
        "not_told": _several, "already_there": _already_there, "not_handed": _not_handed,
    }  # fmt: skip
    if "waits" in result.tables:
        waits = _waits(result.tables["waits"])
        suppress |= {
            "waits": _waits,
            "answers": lambda t: t[t["wait"].isin(waits["wait"])].reset_index(drop=True),
        }
    tables = {
        name: suppress[name](table) if name in suppress and len(table) else table
        for name, table in result.tables.items()
        if name not in TEAM_ONLY
    }
    notes = [Note("for_leadership", "ranking", {"least": MIN_COMPANIES})]
    for name in [n for n, t in tables.items() if t.empty and not result.tables[n].empty]:
        del tables[name]
        notes.append(Note("few_tell", name, {"least": MIN_COMPANIES}))
    metrics = {
        name: metric
        for name, metric in result.metrics.items()
        if not (name == "unaware" and metric.value is not None and 0 < metric.value < MIN_COMPANIES)
        and not (name == "closed_loop" and _is_small(round((metric.value or 0) * metric.n), metric.n))
        and not (
            name in ("undecided_mrr", "untold")
            and 0 < _companies(name, metric.n, metric.value) < MIN_COMPANIES
        )
    }
    said = verdicts(tables)
    findings = tuple(
        f for f in result.findings if (f.customers or 0) >= MIN_COMPANIES and f.about in tables and _still(f.about, f.fields, tables)
    )  # fmt: skip
    return replace(
        result,
        tables=tables,
        metrics=metrics,
        notes=(*result.notes, *notes),
        verdicts=said,
        findings=findings,
    )


def _companies(name: str, n: int, value: float | None) -> int:
    """The number of companies behind a metric: of an amount those that it adds up, of a count the count itself."""
    return n if name == "undecided_mrr" else int(value or 0)


def _is_small(count: int, of: int) -> bool:
    return 0 < count < MIN_COMPANIES or 0 < of - count < MIN_COMPANIES


def _still(about: str, fields: object, tables: dict[str, pd.DataFrame]) -> bool:
    """Whether what a finding names is still in its table."""
    table = tables[about]
    if about == "ranking":
        return bool(table["request_id"].eq(fields["request"][2]).any())  # type: ignore[index]
    return about != "not_handed" or bool(table["code"].eq(fields["theme"]).any())  # type: ignore[index]


def _several(table: pd.DataFrame) -> pd.DataFrame:
    few = rows_to_suppress(table[["companies"]].to_numpy()) | (table["of"] < MIN_COMPANIES).to_numpy()
    few |= (table["of"] - table["companies"]).between(1, MIN_COMPANIES - 1).to_numpy()
    return table[~few].reset_index(drop=True)


def _already_there(table: pd.DataFrame) -> pd.DataFrame:
    return _several(table)


def _ranking(table: pd.DataFrame) -> pd.DataFrame:
    table = table[~rows_to_suppress(table[["companies"]].to_numpy())].reset_index(drop=True)
    return table.assign(
        lost=table["lost"].mask(table["lost"].between(1, MIN_COMPANIES - 1)).astype("float64")
    )


def _by_size(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of enough companies; where a size has one or two of them, the counts of the row are left out, as are p and V."""
    counts = [np.array(list(mentioned.values())) for mentioned in table["mentioned"]]
    table = table[[row.sum() >= MIN_COMPANIES for row in counts]].reset_index(drop=True)
    hidden = np.array(
        [bool(rows_to_suppress(np.array(list(m.values())))) for m in table["mentioned"]], dtype=bool
    )
    mentioned = [
        {s: None if is_hidden or of[s] < MIN_COMPANIES else n for s, n in m.items()}
        for m, of, is_hidden in zip(table["mentioned"], table["of"], hidden, strict=True)
    ]
    of = [{s: None if n < MIN_COMPANIES else n for s, n in counts.items()} for counts in table["of"]]
    return table.assign(mentioned=mentioned, of=of, p=table["p"].mask(hidden), v=table["v"].mask(hidden))


def _status(table: pd.DataFrame) -> pd.DataFrame:
    few = rows_to_suppress(table[["companies"]].to_numpy())
    return table.assign(companies=table["companies"].mask(few).astype("float64"), mrr=table["mrr"].mask(few))


def _closed_loop(table: pd.DataFrame) -> pd.DataFrame:
    small = [_is_small(told, owed) or n < MIN_COMPANIES for told, owed, n in zip(table["told"], table["owed"], table["companies"], strict=True)]  # fmt: skip
    shown = ~np.array(small)
    # one hidden row of a dimension could be worked out from the others and the total
    for dimension in ("size", "heard_in"):
        of_dimension = (table["dimension"] == dimension).to_numpy()
        if (of_dimension & ~shown).any():
            shown &= ~of_dimension
    # without the share of all the others say nothing
    return table[shown & shown[:1].any()].reset_index(drop=True)


def _waits(table: pd.DataFrame) -> pd.DataFrame:
    return table[~(table["companies"] < MIN_COMPANIES)].reset_index(drop=True)


def _not_handed(table: pd.DataFrame) -> pd.DataFrame:
    """Themes of enough companies; of two numbers that add up to a third neither is shown where one of them is small."""
    table = table[table["companies"] >= MIN_COMPANIES].reset_index(drop=True)
    both = table["request"] + table["solution"] - table["companies"]  # told in both viewpoints
    counts = table.assign(
        both=both, request_only=table["request"] - both, solution_only=table["solution"] - both
    )
    hidden = {
        ("request", "solution"): ("request", "solution", "both", "request_only", "solution_only"),
        ("handed", "missing", "mrr"): ("handed", "missing"),
    }
    for columns, by in hidden.items():
        few = rows_to_suppress(counts[list(by)].to_numpy())
        table = table.assign(**{c: table[c].mask(few).astype("float64") for c in columns})
    return table
