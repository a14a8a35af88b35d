"""Tables of the interviews: quotes by segment, facts of one segment, whom to talk to next."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cs_helpers.analyses.customers import QUADRANT_ORDER, SIZE_ORDER
from cs_helpers.analyses.result import Result
from cs_helpers.analyses.variation import never_heard
from cs_helpers.contract.vocabulary import WHY_LEVELS
from cs_helpers.tables.theme import LONGEST, Listing, table
from cs_helpers.text import Text

#: so many notes are named beside a theme; all of them in the spreadsheet
SOURCES = 6


def quotes(result: Result, text: Text) -> Listing:
    """The most told theme of each viewpoint and size, with a note in the customer's words."""
    frame = _in_script(result.tables["quotes"], ["viewpoint", "size"], text)
    frame["where"] = [text.label("viewpoint", v) for v in frame["viewpoint"]]
    frame["who"] = [text.label("size", s) for s in frame["size"]]
    frame["seen"] = [text.label("evidence", e) for e in frame["evidence"]]
    frame["told"] = frame["companies"].astype("str")
    headings = text.headings("interviews.quotes", "where", "who", "seen", "text", "told", "note_id")
    return table(frame, headings, name="quotes", right=("told",))


def segment_facts(result: Result, text: Text) -> Listing:
    """Themes that companies of one size tell and none of the others."""
    frame = _in_script(result.tables["segment_facts"], ["code"], text)
    frame["who"] = [text.label("size", s) for s in frame["size"]]
    frame["told"] = [f"{r.companies}/{r.of}" for r in frame.itertuples()]
    frame["others"] = [f"0/{n}" for n in frame["other_of"]]
    frame["sure"] = ["< 0.001" if p < 0.001 else f"{p:.3f}" for p in frame["p"]]
    headings = text.headings("interviews.segment_facts", "who", "told", "others", "sure", "text")
    return table(frame, headings, name="facts", right=("told", "others", "sure"))


def meter(result: Result, text: Text) -> Listing:
    """Behaviour against words by size and interviewer, and who guesses; companies in the spreadsheet."""
    found = result.tables["meter"]
    whole = found.assign(
        who=[text.label("size", r.group) if r.dimension == "size" else r.group for r in found.itertuples()],
        seen=found["share"].round(3),
        n=found["notes"],
        guess=found["guessed"].round(3),
        verdict=[text("interviews.meter.drifts") if drifts else "" for drifts in found["drifts"]],
    )
    shown = found[found["dimension"] != "company"].head(LONGEST + 3)
    frame = whole.loc[shown.index].copy()
    frame["n"] = [text.number(n) for n in shown["notes"]]
    frame["seen"] = [text.share_within(r.share, r.low, r.high) for r in shown.itertuples()]
    frame["guess"] = [text.share_within(r.guessed, r.guessed_low, r.guessed_high) for r in shown.itertuples()]
    headings = text.headings("interviews.meter", "who", "n", "seen", "guess", "verdict")
    return table(frame, headings, name="meter", right=("n", "seen", "guess"), whole=whole)


def depth(result: Result, text: Text) -> Listing:
    """How deep each company's problem is understood, and the question to ask next."""
    found = result.tables["depth"]
    levels = list(WHY_LEVELS)
    whole = found.assign(
        next=["" if not ask else text(f"interviews.depth.ask_{ask}") for ask in found["ask"]],
        who=[text("interviews.disputed.of", name=n, size=text.label("size", s)) for n, s in zip(found["name"], found["size"], strict=True)],
    )  # fmt: skip
    frame = whole.head(LONGEST).copy()
    for level in levels:
        frame[level] = [
            text("interviews.depth.known") if known else "–" for known in found[level].head(LONGEST)
        ]
    headings = text.headings("interviews.depth", "who", *levels, "next")
    return table(frame, headings, name="depth", whole=whole)


def themes(result: Result, text: Text) -> Listing:
    """Each theme with the notes that it rests on."""
    found = result.tables["themes"]
    whole = found.assign(
        sources=[text.joined(list(ids)) for ids in found["note_ids"]],
        verdict=[
            text("interviews.themes.theme" if ok else "interviews.themes.early") for ok in found["theme"]
        ],
    )
    frame = whole.head(LONGEST).copy()
    frame["sources"] = [
        text.joined([*ids[:SOURCES], *(["…"] if len(ids) > SOURCES else [])])
        for ids in found["note_ids"].head(LONGEST)
    ]
    for column in ("companies", "notes"):
        frame[column] = [text.number(v) for v in frame[column]]
    headings = text.headings("interviews.themes", "code", "companies", "notes", "sources", "verdict")
    return table(frame, headings, name="themes", right=("companies", "notes"), whole=whole)


def varies(result: Result, text: Text) -> Listing:
    """Themes by segment: companies that tell them, and whether they vary."""
    found = result.tables["varies"]
    whole = found.assign(
        what=found["code"],
        by=[text.label("segment", d) for d in found["dimension"]],
        told=[_by_segment(r, text) for r in found.itertuples()],
        sure=found["p"].round(4),
        strength=found["v"].round(2),
        verdict=[text(f"interviews.varies.{v}") for v in found["verdict"]],
    )
    frame = whole.head(LONGEST).copy()
    frame["sure"] = ["< 0.001" if p < 0.001 else f"{p:.3f}" for p in found["p"].head(LONGEST)]
    frame["strength"] = [text.number(v, 2) for v in found["v"].head(LONGEST)]
    headings = text.headings("interviews.varies", "what", "by", "told", "sure", "strength", "verdict")
    return table(frame, headings, name="varies", right=("sure", "strength"), whole=whole)


def _by_segment(row: Any, text: Text) -> str:
    """Companies that told it of those asked, a line a segment; where none did, of how many it may still be true."""
    order: dict[str, tuple[str, ...]] = {"size": SIZE_ORDER, "quadrant": QUADRANT_ORDER}
    lines = []
    for segment in (s for s in order[row.dimension] if s in row.of):
        told, of = row.told[segment], row.of[segment]
        key = "some" if told else "none"
        lines.append(
            text(
                f"interviews.varies.{key}", segment=text.label(row.dimension, segment), told=told, of=of,
                share=text.share(never_heard(of)),
            )
        )  # fmt: skip
    return "\n".join(lines)


def _in_script(quotes: pd.DataFrame, keys: list[str], text: Text) -> pd.DataFrame:
    """One quote for each key, in the script of the page where there is one."""
    other = quotes["script"] != ("ja" if text.language == "ja" else "latin")
    chosen = quotes.assign(other=other).sort_values("other", kind="stable").drop_duplicates(keys)
    return chosen.sort_index()


def next(result: Result, text: Text) -> Listing:
    """Companies to talk to next, with the thin cell each would fill."""
    frame = result.tables["next"].copy()
    frame["cell"] = [
        f"{text.label('size', s) if s in ('enterprise', 'mid', 'small') else text.label('quadrant', s)} × {text.label('viewpoint', v)}"
        for s, v in zip(frame["segment"], frame["viewpoint"], strict=True)
    ]
    frame["size"] = [text.label("size", s) for s in frame["size"]]
    frame["heard"] = frame["companies"].astype("str")
    headings = text.headings("interviews.next", "name", "size", "cell", "heard")
    return table(frame, headings, name="next", right=("heard",))


def agreement(result: Result, text: Text) -> Listing:
    """How far coders agree on each viewpoint."""
    frame = result.tables["agreement"].copy()
    frame["what"] = [
        text("interviews.agreement.all") if v == "all" else text.label("viewpoint", v)
        for v in frame["viewpoint"]
    ]
    frame["n"] = [text.number(n) for n in frame["notes"]]
    frame["how"] = [text.number_within(r.alpha, r.low, r.high, 2) for r in frame.itertuples()]
    frame["verdict"] = [text(f"interviews.agreement.{v}") for v in frame["verdict"]]
    headings = text.headings("interviews.agreement", "what", "n", "how", "verdict")
    return table(frame, headings, name="agreement", right=("n", "how"))


def disputed(result: Result, text: Text) -> Listing:
    """Notes that are read differently, with each coder's reading."""
    found = result.tables["disputed"]
    whole = found.assign(
        where=[
            text("interviews.disputed.of", name=name, size=text.label("size", size))
            for name, size in zip(found["name"], found["size"], strict=True)
        ],
        readings=[_readings(r, text) for r in found["readings"]],
    )
    frame = whole.head(LONGEST).copy()
    headings = text.headings("interviews.disputed", "where", "text", "readings", "note_id")
    return table(frame, headings, name="disputed", whole=whole)


def _readings(readings: tuple[tuple[str, str, str | None], ...], text: Text) -> str:
    return "\n".join(
        text(
            "interviews.disputed.reading",
            coder=coder,
            viewpoint=text.label("viewpoint", viewpoint),
            code=code or "–",
        )
        for coder, viewpoint, code in readings
    )


def ledger(result: Result, text: Text) -> Listing:
    """Which roles see a theme: companies in whose notes coders of each role found it."""
    found = result.tables["ledger"]
    roles = [c for c in found.columns if c not in ("code", "companies", "roles")]
    frame = found.head(LONGEST).copy()
    headings = text.headings("interviews.ledger", "code") | {r: text.label("role", r) for r in roles}
    headings |= text.headings("interviews.ledger", "companies")
    for column in (*roles, "companies"):
        frame[column] = [text.number(v) for v in frame[column]]
    return table(frame, headings, name="ledger", right=(*roles, "companies"), whole=found)
