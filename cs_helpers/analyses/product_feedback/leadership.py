"""The result on requests for leadership: small counts suppressed, and no rows about single companies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from cs_helpers.analyses.product_feedback.answers import TOLD
from cs_helpers.analyses.product_feedback.handed import NO_REQUEST
from cs_helpers.analyses.product_feedback.verdicts import verdicts
from cs_helpers.editions.anonymity import MIN_COMPANIES, rows_to_suppress
from cs_helpers.result import Finding, Metric, Note, Result, Verdict

#: tables with one row a company
TEAM_ONLY = ("to_tell", "not_handed_companies")


def for_leadership(result: Result) -> Result:
    """The result without `TEAM_ONLY` tables, and without rows and numbers behind which fewer than `MIN_COMPANIES` stand.

    A request that one or two customers asked for is left out as a whole, with its MRR: what a single customer asked of the
    product is not to be told apart from who it is. Verdicts and findings use what remains, but the order of requests is that among
    all of them.
    """
    suppress: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
        "ranking": _ranking, "by_size": _by_size, "status": _status, "closed_loop": _closed_loop,
        "not_told": _several, "already_there": _several, "not_handed": _not_handed,
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
    notes = [
        n for n in result.notes if not (n.code == "lost_askers" and n.fields["customers"] < MIN_COMPANIES)
    ]
    notes.append(Note("for_leadership", "ranking", {"least": MIN_COMPANIES}))
    for name in [n for n, t in tables.items() if t.empty and not result.tables[n].empty]:
        del tables[name]
        if name != "waits":
            notes.append(Note("few_tell", name, {"least": MIN_COMPANIES}))
    if "by_size" in tables and (left_out := len(result.tables["by_size"]) - len(tables["by_size"])):
        notes.append(Note("few_sizes", "by_size", {"requests": left_out, "least": MIN_COMPANIES}))
    if "not_handed" in tables and len(tables["not_handed"]) < len(result.tables["not_handed"]):
        notes.append(Note("few_themes", "not_handed", {"least": MIN_COMPANIES}))
    metrics = _metrics(result.metrics, tables)
    findings = tuple(
        _of_shown(f, tables) for f in result.findings
        if (f.customers or 0) >= MIN_COMPANIES and f.about in tables and _still(f.about, f.fields, tables)
        and (f.code.split("_")[0] not in ("untold", "unaware") or f.code.split("_")[0] in metrics)
    )  # fmt: skip
    return replace(
        result,
        tables=tables,
        metrics=metrics,
        notes=tuple(notes),
        verdicts=verdicts(tables) | _orders(result, tables),
        findings=findings,
    )


def _orders(result: Result, tables: Mapping[str, pd.DataFrame]) -> dict[str, Verdict]:
    """The verdicts on the order of requests as of all of them, so that none comes first because others are left out."""
    if "ranking" not in tables:
        return {}
    shown, said = list(tables["ranking"]["request_id"]), dict(result.verdicts)
    orders: dict[str, Verdict] = {
        key: said[key]
        for key in ("ranking", "ranking.mrr")
        if key in said and (key == "ranking" or said[key].fields["request"][2] in shown)
    }
    first = orders["ranking"]
    if first.code == "first" and result.tables["ranking"]["request_id"].iloc[1] not in shown:
        fields = {name: value for name, value in first.fields.items() if name != "next"}
        orders["ranking"] = Verdict("first_of_all", fields)
    return orders


def _metrics(metrics: Mapping[str, Metric], tables: Mapping[str, pd.DataFrame]) -> dict[str, Metric]:
    """The headline numbers whose row or table is still shown; of themes without a request those that are shown."""
    kept = dict(metrics)
    if (amount := kept.get("undecided_mrr")) is not None and 0 < amount.n < MIN_COMPANIES:
        del kept["undecided_mrr"]
    for name in ("untold", "unaware"):
        metric = kept.get(name)
        if metric is not None and (metric.n < MIN_COMPANIES or _is_small(int(metric.value or 0), metric.n)):
            del kept[name]
    if "closed_loop" not in tables:
        kept.pop("closed_loop", None)
    if "waits" not in tables or not tables["waits"]["wait"].eq(TOLD).any():
        kept.pop("days_to_told", None)
    if (themes := kept.pop("not_handed", None)) is not None and (
        shown := tables.get("not_handed")
    ) is not None:
        without = float(shown["state"].eq(NO_REQUEST).sum())
        kept["not_handed"] = replace(themes, value=without, n=len(shown))
    return kept


def _of_shown(finding: Finding, tables: Mapping[str, pd.DataFrame]) -> Finding:
    """The finding without what leadership may not work out: themes that are left out, and a small count of the quarter before."""
    if finding.code.endswith("_changed") and 0 < (finding.compared or 0) < MIN_COMPANIES:
        code = finding.code.removesuffix("_changed")
        return replace(
            finding,
            code=code,
            direction="worse",
            compared=None,
            compared_with="nothing",
            size=None,
            size_unit="",
        )
    if finding.code != "theme_not_handed":
        return finding
    themes = int(tables["not_handed"]["state"].eq(NO_REQUEST).sum())
    return replace(finding, fields={**finding.fields, "themes": themes})


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


def _ranking(table: pd.DataFrame) -> pd.DataFrame:
    hidden = rows_to_suppress(table[["companies"]].to_numpy())
    if hidden[0]:  # only requests that nobody asked for would be left
        return table.iloc[:0]
    table = table[~hidden].reset_index(drop=True)
    if not (table["by_mrr"] == 1).any():  # without the first by MRR it is not told which have less
        table = table.assign(by_mrr=np.nan, less=False)
    return table.assign(
        lost=table["lost"].mask(table["lost"].between(1, MIN_COMPANIES - 1)).astype("float64")
    )


def _by_size(table: pd.DataFrame) -> pd.DataFrame:
    """The requests whose counts can be read: those with a size of one or two companies are left out as a whole."""
    shown = [
        sum(mentioned.values()) >= MIN_COMPANIES
        and not bool(rows_to_suppress(np.array(list(mentioned.values()))))
        and any(n >= MIN_COMPANIES for n in of.values())
        for mentioned, of in zip(table["mentioned"], table["of"], strict=True)
    ]
    table = table[shown].reset_index(drop=True)
    is_small = [{size: n < MIN_COMPANIES for size, n in of.items()} for of in table["of"]]
    for column in ("mentioned", "of"):
        counts = [
            {size: None if small[size] else n for size, n in row.items()}
            for row, small in zip(table[column], is_small, strict=True)
        ]
        table = table.assign(**{column: pd.Series(counts, table.index, dtype=object)})
    return table


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
