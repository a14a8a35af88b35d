"""Material made up by hand and by hypothesis, and project files written as other tools write them."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import pandas as pd
from hypothesis import strategies as st

from cs_helpers.contract.tables import TABLES
from cs_helpers.contract.vocabulary import (
    EVIDENCE,
    POLARITIES,
    REASON_STATUSES,
    REASONS,
    SIZES,
    TOUCH_MODELS,
    VIEWPOINTS,
    WHY_LEVELS,
)
from cs_helpers.exchange.material import NAMES, Material, contract_frame, sorted_rows

#: what XML, Excel, CSV and the words of the coding trip over
NASTY = (
    "problem", "Behaviour and hurdles", "evidence", "視点", "根拠", "a / b", "0123", "1e5", "true", "NULL", "nan",
    "2026-01-02", "=1+1", "+81", "-x", "@a", "<b>&amp;]]>", '"q", \'r\'', "a;b,c\td", "a\nb", "é e\u0301", "👩‍👩‍👧 𠮷野家",
    "x\u2028y\u0085z", "\ufeffmark", "_x0041_", "\\n", "..", "position: 3", "{braces}", "#N/A", "'quoted'",
)  # fmt: skip
_PLAIN = st.characters(blacklist_categories=("Cs", "Cc", "Cn"), whitelist_characters="\n\t")


def words(alphabet: st.SearchStrategy[str] = _PLAIN) -> st.SearchStrategy[str]:
    """Texts as the contract keeps them: not empty, no blanks around them."""
    free = st.text(alphabet, min_size=1, max_size=12)
    return (st.sampled_from(NASTY) | free).map(str.strip).filter(bool)


def assert_equal(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """The same rows and kinds of values; texts may be held by Arrow or by Python."""
    one, other = (
        t.set_axis(list(t.columns), axis=1).astype(
            {c: object for c, kind in t.dtypes.items() if isinstance(kind, pd.StringDtype)}
        )
        for t in (one, other)
    )
    pd.testing.assert_frame_equal(one, other)


def material(**tables: list[dict[str, object]]) -> Material:
    """Material of rows; a table that is not given has none."""
    return Material(**{n: sorted_rows(n, contract_frame(n, tables.get(n, []))) for n in NAMES})


@st.composite
def materials(draw: st.DrawFn, texts: st.SearchStrategy[str] | None = None) -> Material:
    """Material as a snapshot may hold it."""
    some = words()
    maybe = st.none() | some
    keys = draw(st.lists(some, min_size=1, max_size=3, unique=True))
    accounts = [
        {
            "account_id": key, "name": draw(some), "size": draw(st.sampled_from(SIZES)), "industry": draw(some),
            "motivation": draw(st.none() | st.integers(1, 5)), "literacy": draw(st.none() | st.integers(1, 5)),
            "csm": draw(maybe), "touch_model": draw(st.none() | st.sampled_from(TOUCH_MODELS)),
            "churned": draw(st.none() | st.booleans()),
        }
        for key in keys
    ]  # fmt: skip
    held = draw(st.lists(some, min_size=len(keys), max_size=4, unique=True))
    interviews = [
        {
            "interview_id": key, "account_id": (keys * 4)[n], "product": draw(some),
            "held_on": draw(st.dates(date(1900, 1, 1), date(2100, 1, 1))),
            "interviewer": draw(maybe), "interviewer_role": draw(maybe),
        }
        for n, key in enumerate(held)
    ]  # fmt: skip
    named = draw(st.lists(some, max_size=5, unique=True))
    notes = [
        {
            "note_id": key, "interview_id": draw(st.sampled_from(held)), "speaker": draw(maybe),
            "position": draw(st.none() | st.integers(-1, 6)), "evidence": draw(st.sampled_from(EVIDENCE)),
            "text": draw(texts if texts is not None else words(st.characters(blacklist_categories=("Cs",)))
                         .map(lambda t: t.replace("\r", "")).filter(str.strip)),
        }
        for key in named
    ]  # fmt: skip
    read = (
        st.tuples(st.sampled_from(named), some, st.sampled_from(VIEWPOINTS), maybe) if named else st.nothing()
    )
    codings = [
        {
            "note_id": note, "coder": coder, "viewpoint": viewpoint, "code": code, "coder_role": draw(maybe),
            "polarity": draw(st.none() | st.sampled_from(POLARITIES)),
            "why_level": draw(st.none() | st.sampled_from(WHY_LEVELS)),
            "reason": draw(st.none() | st.sampled_from(REASONS)),
            "reason_status": draw(st.none() | st.sampled_from(REASON_STATUSES)),
        }
        for note, coder, viewpoint, code in draw(st.lists(read, max_size=8, unique=True) if named else st.just([]))
    ]  # fmt: skip
    return material(accounts=accounts, interviews=interviews, notes=notes, codings=codings)


def one_note(text: str = "They fold until nine.", **also: object) -> Material:
    """Material of one note, which one coder read."""
    reading = {
        "note_id": "N-1",
        "coder": "ann",
        "coder_role": "cs",
        "viewpoint": "problem",
        "code": "folding",
    }
    return material(
        accounts=[{"account_id": "A-1", "name": "Kita", "size": "mid", "industry": "retail"}],
        interviews=[{"interview_id": "I-1", "account_id": "A-1", "product": "helpdesk", "held_on": date(2026, 5, 4)}],
        notes=[{"note_id": "N-1", "interview_id": "I-1", "position": 1, "evidence": "words", "text": text}],
        codings=[{**reading, **also}],
    )  # fmt: skip


def rows(material: Material, table: str) -> list[dict[str, object]]:
    """The rows of a table, without what is missing in them."""
    found = getattr(material, table).astype(object)
    kinds = TABLES[table]
    return [
        {c: v.date() if kinds.kind(c) == "date" else v for c, v in row.items() if v == v and v is not None}
        for row in found.where(found.notna(), None).to_dict("records")
    ]


def archive(file: Path, project: str | bytes, **texts: str | bytes) -> Path:
    """A .qdpx file; a text `a_txt` lies in `Sources/a.txt`."""
    with zipfile.ZipFile(file, "w") as out:
        out.writestr("project.qde", project)
        for name, text in texts.items():
            out.writestr(f"Sources/{name.replace('_', '.')}", text)
    return file
