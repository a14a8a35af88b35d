"""The interviews for leadership: no number so small that it points at a company, no row of a single one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from cs_helpers.analyses.interviews.verdicts import verdicts
from cs_helpers.editions.anonymity import MIN_COMPANIES, rows_to_suppress
from cs_helpers.result import Metric, Note, Result

#: a row a company, a note or an interviewer, from which every hidden number could be counted again: the team's own
TEAM_ONLY = ("sources", "disputed", "depth", "hypotheses")


def for_leadership(result: Result) -> Result:
    """The same result with small numbers hidden (missing in the tables) and without what is the team's own.

    The verdicts are those of what is still shown.

    A row of counts with one of 1 to `LEAST` - 1 in it is hidden whole, with what was worked out from it; quotes,
    themes and words of fewer companies are left out, and so are note ids, which tell what is of one company.
    """
    hide: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
        "coverage": _grid,
        "crossing": _crossing,
        "next": _next,
        "framework": _framework,
        "themes": _themes,
        "varies": _varies,
        "key_words": _words,
        "pairs": _several,
        "out_of_reach": lambda found: _several(found).assign(note_id=""),
        "reasons": _reasons,
        "frozen": _frozen,
        "code_agreement": _several,
        "ledger": _ledger,
        "meter": _meter,
        "saturation": _saturation,
    }
    tables = {
        name: hide[name](found) if name in hide and len(found) else found
        for name, found in result.tables.items()
        if name not in TEAM_ONLY
    }
    if "context" in tables and "key_words" in tables:
        kept = tables["key_words"][["script", "segment", "term"]].drop_duplicates()
        shown = tables["context"].merge(kept, on=["script", "segment", "term"])
        tables["context"] = shown.assign(name="", note_id="")
    notes = [Note("for_leadership", "coverage", {"least": MIN_COMPANIES})]
    notes += [Note("team_only", name, {}) for name in TEAM_ONLY if name in result.tables]
    emptied = [name for name, found in tables.items() if found.empty and not result.tables[name].empty]
    for name in emptied:
        del tables[name]
        notes.append(Note("few_tell", name, {"least": MIN_COMPANIES}))
    metrics = {name: metric for name, metric in result.metrics.items() if not _few(metric)}
    said = verdicts(tables, metrics)
    return replace(result, tables=tables, metrics=metrics, notes=(*result.notes, *notes), verdicts=said)


def _few(metric: Metric) -> bool:
    """Whether a share tells of one or two companies."""
    if metric.name != "understood" or metric.value is None:
        return False
    count = round(metric.value * metric.n)
    return 0 < count < MIN_COMPANIES or 0 < metric.n - count < MIN_COMPANIES


def _few_of(found: pd.DataFrame) -> pd.Series:
    """How many were asked, missing where so few that any number of them points at a company."""
    return found["of"].mask(found["of"] < MIN_COMPANIES)


def _hidden(found: pd.DataFrame, rows: list[str], *columns: str) -> pd.Series:
    """Which rows of a long table belong to a row of counts that is not shown."""
    few = pd.Series(rows_to_suppress(found[list(columns)].to_numpy()), found.index)
    return few.groupby([found[row] for row in rows], sort=False).transform("any")


def _grid(found: pd.DataFrame) -> pd.DataFrame:
    hidden = _hidden(found, ["dimension", "viewpoint"], "companies") & (found["companies"] > 0)
    return found.assign(companies=found["companies"].mask(hidden))


def _crossing(found: pd.DataFrame) -> pd.DataFrame:
    # what it asks is where nobody was heard: that is shown, and nothing else
    somebody = found["companies"] > 0
    hidden = {c: found[c].mask(somebody) for c in ("companies", "viewpoints")}
    return found.assign(
        **hidden, customers=found["customers"].mask(somebody & (found["customers"] < MIN_COMPANIES))
    )


def _next(found: pd.DataFrame) -> pd.DataFrame:
    # which kind of company to talk to next is for everybody, which one is the team's
    few = found["companies"].between(1, MIN_COMPANIES - 1)
    return found.assign(account_id="", name="", companies=found["companies"].mask(few))


def _framework(found: pd.DataFrame) -> pd.DataFrame:
    few = found["companies"] < MIN_COMPANIES
    enough = [
        tuple((code, n) for code, n in codes if n >= MIN_COMPANIES) if not hidden else ()
        for codes, hidden in zip(found["codes"], few, strict=True)
    ]
    quotes = [
        tuple((code, script, "", *rest) for code, script, _, *rest in every if code in dict(codes))
        for every, codes in zip(found["quotes"], enough, strict=True)
    ]
    return _grid(found).assign(codes=enough, quotes=quotes, of=_few_of(found))


def _themes(found: pd.DataFrame) -> pd.DataFrame:
    found = _several(found)
    return found.assign(note_ids=[()] * len(found))


def _varies(found: pd.DataFrame) -> pd.DataFrame:
    told = [np.array(list(counts.values())) for counts in found["told"]]
    found = found[[row.sum() >= MIN_COMPANIES for row in told]].reset_index(drop=True)
    hidden = np.array([bool(rows_to_suppress(np.array(list(c.values())))) for c in found["told"]], bool)
    asked = [
        {s: None if hide or of[s] < MIN_COMPANIES else n for s, n in counts.items()}
        for counts, of, hide in zip(found["told"], found["of"], hidden, strict=True)
    ]
    of = [{s: None if n < MIN_COMPANIES else n for s, n in counts.items()} for counts in found["of"]]
    return found.assign(told=asked, of=of, p=found["p"].mask(hidden), v=found["v"].mask(hidden))


def _words(found: pd.DataFrame) -> pd.DataFrame:
    found = found[(found["companies"] >= MIN_COMPANIES) & (found["of"] >= MIN_COMPANIES)].reset_index(
        drop=True
    )
    few = found["others"].between(1, MIN_COMPANIES - 1)
    return found.assign(others=found["others"].mask(few), of_others=found["of_others"].mask(few))


def _reasons(found: pd.DataFrame) -> pd.DataFrame:
    rows = ["dimension", "reason"]
    given = _hidden(found, rows, "given")
    # where one dimension hides how many of those given are supported, the others must not tell it
    parts = (given | _hidden(found, rows, "supported", "open")).groupby(found["reason"]).transform("any")
    cover = {"given": given, "refuted": _hidden(found, rows, "refuted"), "open": parts, "supported": parts}
    return found.assign(**{c: found[c].mask(hide) for c, hide in cover.items()}, of=_few_of(found))


def _frozen(found: pd.DataFrame) -> pd.DataFrame:
    # what was told before and since adds up to what the other tables say of both, and sizes to all: the verdict stays
    found = found[found["segment"].eq("all") | found["kind"].eq("only")]
    counts = ("before", "of_before", "after", "of_after", "refuted", "low", "high", "p")
    return found.assign(**dict.fromkeys(counts, np.nan)).reset_index(drop=True)


def _ledger(found: pd.DataFrame) -> pd.DataFrame:
    counts = [c for c in found.columns if c not in ("code", "roles")]
    return found[~rows_to_suppress(found[counts].fillna(0).to_numpy())].reset_index(drop=True)


def _meter(found: pd.DataFrame) -> pd.DataFrame:
    segments = found["dimension"].isin(["size", "quadrant", "industry"])
    return found[segments & (found["companies"] >= MIN_COMPANIES)].reset_index(drop=True)


def _saturation(found: pd.DataFrame) -> pd.DataFrame:
    # a curve ends with how many companies of the segment were heard, and those of all sizes add up to all
    heard = found.groupby("segment")["companies"].max()
    return found[found["segment"] == "all"] if (heard < MIN_COMPANIES).any() else found


def _several(found: pd.DataFrame) -> pd.DataFrame:
    return found[found["companies"] >= MIN_COMPANIES].reset_index(drop=True)
