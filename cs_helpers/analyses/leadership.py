"""The interviews for leadership: no number so small that it points at a company, no list of verbatim notes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from cs_helpers.analyses.anonymity import LEAST, suppressed
from cs_helpers.analyses.result import Note, Result

#: a row a company or a note, from which every hidden number could be counted again: the team's own
TEAM_ONLY = ("sources", "disputed", "depth", "hypotheses")


def for_leadership(result: Result) -> Result:
    """The same result with small numbers hidden (missing in the tables) and without what is the team's own.

    Of numbers whose sums are known as many more are hidden as it takes that none can be worked out; quotes and
    words of fewer than `LEAST` companies are left out.
    """
    hide: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
        "coverage": _grid,
        "crossing": _crossing,
        "framework": _framework,
        "varies": _varies,
        "reasons": _reasons,
        "frozen": _frozen,
        "ledger": _ledger,
        "meter": lambda found: found[found["dimension"] != "company"],
        **dict.fromkeys(("themes", "key_words", "pairs", "out_of_reach"), _several),
    }
    tables = {
        name: hide[name](found) if name in hide and len(found) else found
        for name, found in result.tables.items()
        if name not in TEAM_ONLY
    }
    if "context" in tables:
        kept = tables["key_words"][["script", "segment", "term"]].drop_duplicates()
        tables["context"] = tables["context"].merge(kept, on=["script", "segment", "term"])
    notes = [Note("for_leadership", "coverage", {"least": LEAST})]
    notes += [Note("team_only", name, {}) for name in TEAM_ONLY if name in result.tables]
    return replace(result, tables=tables, notes=(*result.notes, *notes))


def _hidden(
    found: pd.DataFrame, row: list[str], column: str, counts: str, *, down: bool = False
) -> np.ndarray:
    """Which rows of a long table are hidden, of the grid that their keys make."""
    grid = found.pivot(index=row, columns=column, values=counts)
    cover = pd.DataFrame(suppressed(grid.fillna(0).to_numpy(int), down=down), grid.index, grid.columns)
    keys = zip(found[row].itertuples(index=False, name=None), found[column], strict=True)
    of: dict[object, bool] = cover.stack().to_dict()
    return np.array([of[(*key, segment)] for key, segment in keys], bool)


def _grid(found: pd.DataFrame) -> pd.DataFrame:
    # a viewpoint's companies are the same in sum by size, by quadrant and by industry
    parts = [
        part.assign(companies=part["companies"].mask(_hidden(part, ["viewpoint"], "segment", "companies")))
        for _, part in found.groupby("dimension", sort=False)
    ]
    return pd.concat(parts)


def _crossing(found: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for _, part in found.groupby(["first", "second"], sort=False):
        cover = _hidden(part, ["first_segment"], "second_segment", "companies", down=True)
        hidden = {c: part[c].mask(cover) for c in ("companies", "viewpoints")}
        parts.append(part.assign(**hidden))
    return pd.concat(parts)


def _framework(found: pd.DataFrame) -> pd.DataFrame:
    found = _grid(found)
    enough = [
        tuple((code, n) for code, n in codes if n >= LEAST) if companies == companies else ()
        for codes, companies in zip(found["codes"], found["companies"], strict=True)
    ]
    quotes = [
        tuple(quote for quote in all_ if quote[0] in dict(codes))
        for all_, codes in zip(found["quotes"], enough, strict=True)
    ]
    return found.assign(codes=enough, quotes=quotes)


def _varies(found: pd.DataFrame) -> pd.DataFrame:
    told = []
    for counts in found["told"]:
        cover = suppressed(np.array([list(counts.values())]))[0]
        told.append({s: None if hide else n for (s, n), hide in zip(counts.items(), cover, strict=True)})
    return found.assign(told=told)


def _reasons(found: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for _, part in found.groupby("dimension", sort=False):
        given, supported, refuted = (
            _hidden(part, ["reason"], "segment", status) for status in ("given", "supported", "refuted")
        )
        # what is open is what was given less what is supported
        either = given | supported | part["open"].between(1, LEAST - 1).to_numpy()
        cover = {"given": given, "supported": either, "open": either, "refuted": refuted}
        parts.append(part.assign(**{status: part[status].mask(hide) for status, hide in cover.items()}))
    return pd.concat(parts)


def _frozen(found: pd.DataFrame) -> pd.DataFrame:
    few = (found["after"] > 0) & (found["after"] < LEAST)
    return found.assign(**{c: found[c].mask(few) for c in ("after", "low", "high", "p")})


def _ledger(found: pd.DataFrame) -> pd.DataFrame:
    counts = [c for c in found.columns if c not in ("code", "roles")]
    return found.assign(**{c: found[c].mask((found[c] > 0) & (found[c] < LEAST)) for c in counts})


def _several(found: pd.DataFrame) -> pd.DataFrame:
    return found[found["companies"] >= LEAST].reset_index(drop=True)
