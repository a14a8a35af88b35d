"""The result of interviews for leadership: small counts suppressed, and no rows about single companies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from cs_helpers.analyses.interviews.findings import interview_findings
from cs_helpers.analyses.interviews.verdicts import verdicts
from cs_helpers.editions.anonymity import MIN_COMPANIES, rows_to_suppress
from cs_helpers.result import Metric, Note, Result

#: tables with one row per company or note, from which suppressed numbers could be counted
TEAM_ONLY = ("sources", "disputed", "depth", "hypotheses")


def for_leadership(result: Result) -> Result:
    """The result without `TEAM_ONLY` tables and with small counts missing; its verdicts use what remains.

    A row of counts with a count of 1 to `MIN_COMPANIES` - 1 is suppressed as a whole, with the numbers derived from
    it. Quotes, themes and words of fewer companies are removed, and so are note ids, which would connect statements
    of the same company.
    """
    suppress: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
        "coverage": _grid,
        "crossing": _crossing,
        "next": _next,
        "framework": _framework,
        "themes": _themes,
        "varies": _varies,
        "key_words": _words,
        "pairs": _several,
        "out_of_reach": lambda table: _several(table).assign(note_id=""),
        "reasons": _reasons,
        "frozen": _frozen,
        "code_agreement": _several,
        "ledger": _ledger,
        "meter": _meter,
        "saturation": _saturation,
    }
    tables = {
        name: suppress[name](table) if name in suppress and len(table) else table
        for name, table in result.tables.items()
        if name not in TEAM_ONLY
    }
    if "context" in tables and "key_words" in tables:
        shown_words = tables["key_words"][["script", "segment", "term"]].drop_duplicates()
        context = tables["context"].merge(shown_words, on=["script", "segment", "term"])
        tables["context"] = context.assign(name="", note_id="")
    notes = [Note("for_leadership", "coverage", {"least": MIN_COMPANIES})]
    notes += [Note("team_only", name, {}) for name in TEAM_ONLY if name in result.tables]
    empty_tables = [name for name, table in tables.items() if table.empty and not result.tables[name].empty]
    for name in empty_tables:
        del tables[name]
        notes.append(Note("few_tell", name, {"least": MIN_COMPANIES}))
    metrics = {name: metric for name, metric in result.metrics.items() if not _reveals_small_count(metric)}
    new_verdicts = verdicts(tables, metrics)
    return replace(
        result,
        tables=tables,
        metrics=metrics,
        notes=(*result.notes, *notes),
        verdicts=new_verdicts,
        findings=interview_findings(tables, new_verdicts),
    )


def _reveals_small_count(metric: Metric) -> bool:
    """Whether a metric would reveal a count of fewer than `MIN_COMPANIES` companies."""
    if metric.name != "understood" or metric.value is None:
        return False
    count = round(metric.value * metric.n)
    return 0 < count < MIN_COMPANIES or 0 < metric.n - count < MIN_COMPANIES


def _large_totals(table: pd.DataFrame) -> pd.Series:
    """The column `of`, missing where it is below `MIN_COMPANIES`."""
    return table["of"].mask(table["of"] < MIN_COMPANIES)


def _in_suppressed_row(table: pd.DataFrame, rows: list[str], *columns: str) -> pd.Series:
    """Which rows of a long table belong to a row of counts (given by the columns `rows`) that must be suppressed."""
    is_small = pd.Series(rows_to_suppress(table[list(columns)].to_numpy()), table.index)
    return is_small.groupby([table[row] for row in rows], sort=False).transform("any")


def _grid(table: pd.DataFrame) -> pd.DataFrame:
    hidden = _in_suppressed_row(table, ["dimension", "viewpoint"], "companies") & (table["companies"] > 0)
    return table.assign(companies=table["companies"].mask(hidden))


def _crossing(table: pd.DataFrame) -> pd.DataFrame:
    # the question is where nobody was interviewed, so only empty crossings are shown
    is_covered = table["companies"] > 0
    suppressed = {c: table[c].mask(is_covered) for c in ("companies", "viewpoints")}
    return table.assign(
        **suppressed, customers=table["customers"].mask(is_covered & (table["customers"] < MIN_COMPANIES))
    )


def _next(table: pd.DataFrame) -> pd.DataFrame:
    # leadership reads the kind of company to interview next, but not its name
    is_small = table["companies"].between(1, MIN_COMPANIES - 1)
    return table.assign(account_id="", name="", companies=table["companies"].mask(is_small))


def _framework(table: pd.DataFrame) -> pd.DataFrame:
    is_small = table["companies"] < MIN_COMPANIES
    enough = [
        tuple((code, n) for code, n in codes if n >= MIN_COMPANIES) if not is_hidden else ()
        for codes, is_hidden in zip(table["codes"], is_small, strict=True)
    ]
    quotes = [
        tuple((code, script, "", *rest) for code, script, _, *rest in cell_quotes if code in dict(codes))
        for cell_quotes, codes in zip(table["quotes"], enough, strict=True)
    ]
    return _grid(table).assign(codes=enough, quotes=quotes, of=_large_totals(table))


def _themes(table: pd.DataFrame) -> pd.DataFrame:
    table = _several(table)
    return table.assign(note_ids=[()] * len(table))


def _varies(table: pd.DataFrame) -> pd.DataFrame:
    counts_by_code = [np.array(list(counts.values())) for counts in table["mentioned"]]
    table = table[[row.sum() >= MIN_COMPANIES for row in counts_by_code]].reset_index(drop=True)
    hidden = np.array([bool(rows_to_suppress(np.array(list(c.values())))) for c in table["mentioned"]], bool)
    mentioned = [
        {s: None if is_hidden or of[s] < MIN_COMPANIES else n for s, n in counts.items()}
        for counts, of, is_hidden in zip(table["mentioned"], table["of"], hidden, strict=True)
    ]
    of = [{s: None if n < MIN_COMPANIES else n for s, n in counts.items()} for counts in table["of"]]
    return table.assign(mentioned=mentioned, of=of, p=table["p"].mask(hidden), v=table["v"].mask(hidden))


def _words(table: pd.DataFrame) -> pd.DataFrame:
    table = table[(table["companies"] >= MIN_COMPANIES) & (table["of"] >= MIN_COMPANIES)].reset_index(
        drop=True
    )
    is_small = table["others"].between(1, MIN_COMPANIES - 1)
    return table.assign(others=table["others"].mask(is_small), of_others=table["of_others"].mask(is_small))


def _reasons(table: pd.DataFrame) -> pd.DataFrame:
    rows = ["dimension", "reason"]
    given = _in_suppressed_row(table, rows, "given")
    # a status suppressed in one dimension must not be derivable from the others
    statuses = (
        (given | _in_suppressed_row(table, rows, "supported", "open"))
        .groupby(table["reason"])
        .transform("any")
    )
    suppressed = {
        "given": given,
        "refuted": _in_suppressed_row(table, rows, "refuted"),
        "open": statuses,
        "supported": statuses,
    }
    return table.assign(**{c: table[c].mask(mask) for c, mask in suppressed.items()}, of=_large_totals(table))


def _frozen(table: pd.DataFrame) -> pd.DataFrame:
    # counts before and after add up to those of other tables, and sizes to all, so only verdicts remain
    table = table[table["segment"].eq("all") | table["kind"].eq("only")]
    counts = ("before", "of_before", "after", "of_after", "refuted", "low", "high", "p")
    return table.assign(**dict.fromkeys(counts, np.nan)).reset_index(drop=True)


def _ledger(table: pd.DataFrame) -> pd.DataFrame:
    counts = [c for c in table.columns if c not in ("code", "roles")]
    return table[~rows_to_suppress(table[counts].fillna(0).to_numpy())].reset_index(drop=True)


def _meter(table: pd.DataFrame) -> pd.DataFrame:
    segments = table["dimension"].isin(["size", "quadrant", "industry"])
    return table[segments & (table["companies"] >= MIN_COMPANIES)].reset_index(drop=True)


def _saturation(curves: pd.DataFrame) -> pd.DataFrame:
    # curves end at the number of companies of a segment, which could be derived as the rest of all
    companies = curves.groupby("segment")["companies"].max()
    return curves[curves["segment"] == "all"] if (companies < MIN_COMPANIES).any() else curves


def _several(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["companies"] >= MIN_COMPANIES].reset_index(drop=True)
