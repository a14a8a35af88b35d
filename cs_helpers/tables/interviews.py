"""Tables of the interviews: quotes by segment, facts of one segment, whom to talk to next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from cs_helpers.contract.labels import DEFAULT_ORDER
from cs_helpers.contract.vocabulary import REASONS, VIEWPOINTS, WHY_LEVELS
from cs_helpers.customers.segments import sort_segments
from cs_helpers.result import Result
from cs_helpers.statistics.variation import zero_count_bound
from cs_helpers.tables.coders import agreement as agreement
from cs_helpers.tables.coders import code_agreement as code_agreement
from cs_helpers.tables.coders import company
from cs_helpers.tables.coders import disputed as disputed
from cs_helpers.tables.coders import ledger as ledger
from cs_helpers.tables.theme import LONGEST, Listing, table
from cs_helpers.tables.words import context as context
from cs_helpers.tables.words import key_words as key_words
from cs_helpers.tables.words import out_of_reach as out_of_reach
from cs_helpers.tables.words import pairs as pairs
from cs_helpers.text import Text

#: so many notes are named beside a theme; all of them in the spreadsheet
SOURCES = 6
#: letters of a quote in a cell of the matrix; the whole note stands in the spreadsheet
QUOTED = {"en": 190, "ja": 110}
#: so many notes are shown with what they were read as; all in the spreadsheet
NOTES = 5


def framework(result: Result, text: Text) -> Listing:
    """Viewpoints by company size: how many companies, their themes, and a note in the customer's words for each."""
    found = result.tables["framework"]
    whole = found.assign(
        by=[text.label("segment", d) for d in found["dimension"]],
        who=[text.label(d, s) for d, s in zip(found["dimension"], found["segment"], strict=True)],
        where=[text.label("viewpoint", v) for v in found["viewpoint"]],
        told=[
            f"{text.companies(n)}/{text.companies(of)}"
            for n, of in zip(found["companies"], found["of"], strict=True)
        ],
        codes=[_codes(codes, text) for codes in found["codes"]],
        quotes=["\n".join(_quote(q, text, len(q[4])) for q in quotes) for quotes in found["quotes"]],
    )
    by_size = found[found["dimension"] == "size"]
    cells = {(r.viewpoint, r.segment): r for r in by_size.itertuples()}
    sizes = sort_segments((segment for _, segment in cells), _sizes(result))
    frame = pd.DataFrame({"where": [text.label("viewpoint", v) for v in VIEWPOINTS]})
    for size in sizes:
        frame[size] = [_cell(cells[v, size], text) for v in VIEWPOINTS]
    headings = text.headings("interviews.framework", "where") | {s: text.label("size", s) for s in sizes}
    page = table(frame, headings, name="framework")
    every = text.headings("interviews.framework", "by", "who", "where", "told", "codes", "quotes")
    return replace(page, whole=whole[list(every)].rename(columns=every))


def _sizes(result: Result) -> Sequence[str]:
    """The classes of company size, the largest first."""
    sizes: Sequence[str] = result.settings.get("sizes", DEFAULT_ORDER)
    return sizes


def _cell(cell: Any, text: Text) -> str:
    """What a cell of the matrix says: companies, themes, and the words of the first in the page's script."""
    lines = [
        text(
            "interviews.framework.companies", told=text.companies(cell.companies), of=text.companies(cell.of)
        )
    ]
    if cell.codes:
        lines.append(_codes(cell.codes, text))
    for code, _ in cell.codes:
        own = [q for q in cell.quotes if q[0] == code]
        quote = min(own, key=lambda q: q[1] != text.script)
        lines.append(_quote(quote, text, QUOTED[text.language]))
    return "\n".join(lines)


def _codes(codes: Sequence[tuple[str, int]], text: Text) -> str:
    return text.joined([text("interviews.framework.code", code=text.theme(code), n=n) for code, n in codes])


def _quote(quote: tuple[str, ...], text: Text, longest: int) -> str:
    _, _, note_id, evidence, words = quote
    short = words if len(words) <= longest else words[:longest].rstrip() + "…"
    key = "quote" if note_id else "unnamed"
    return text(
        f"interviews.framework.{key}", text=short, note_id=note_id, seen=text.label("evidence", evidence)
    )


def sources(result: Result, text: Text) -> Listing:
    """Each note with what it was read as."""
    found = result.tables["sources"]
    whole = found.assign(
        when=found["held_on"].dt.date,
        where=[company(n, s, text) for n, s in zip(found["name"], found["size"], strict=True)],
        seen=[text.label("evidence", e) for e in found["evidence"]],
        readings=[_read_as(readings, text) for readings in found["readings"]],
    )
    frame = whole.head(NOTES).copy()
    frame["when"] = [text.day(day) for day in frame["when"]]
    headings = text.headings("interviews.sources", "when", "where", "seen", "text", "readings", "note_id")
    return table(frame, headings, name="sources", whole=whole)


def _read_as(readings: Sequence[tuple[str, str]], text: Text) -> str:
    return "\n".join(
        text(
            "interviews.sources.reading",
            viewpoint=text.label("viewpoint", v),
            code=text.theme(code) if code else "–",
        )
        for v, code in readings
    )


def hypotheses(result: Result, text: Text) -> Listing:
    """Each reason that a company gave at the step it waits for, with what speaks for and against it."""
    found = result.tables["hypotheses"]
    whole = found.assign(
        who=[company(n, s, text) for n, s in zip(found["name"], found["size"], strict=True)],
        at=[_waits(r, text) for r in found.itertuples()],
        why=[text.label("reason", r) for r in found["reason"]],
        predicts=[text(f"interviews.hypotheses.predicts_{r}") for r in found["reason"]],
        record=[text(f"interviews.hypotheses.records_{r}") for r in found["records"]],
        pro=[text.joined(list(ids)) for ids in found["notes_for"]],
        contra=[text.joined(list(ids)) for ids in found["notes_against"]],
        status=[text(f"interviews.hypotheses.{s}") for s in found["status"]],
    )
    columns = ("who", "at", "why", "predicts", "record", "pro", "contra", "status")
    headings = text.headings("interviews.hypotheses", *columns)
    return table(whole.head(LONGEST), headings, name="hypotheses", whole=whole)


def _waits(row: Any, text: Text) -> str:
    if not row.step:
        return text("interviews.hypotheses.no_step")
    return text(
        f"interviews.hypotheses.{row.state}", step=text.label("step", row.step), days=text.number(row.days)
    )


def reasons(result: Result, text: Text) -> Listing:
    """The four reasons by segment: companies for which each is supported, open or refuted."""
    found = result.tables["reasons"]
    found = found[found["dimension"] != "all"]
    rows = found.drop_duplicates(["dimension", "segment"])
    frame = pd.DataFrame(
        {
            "who": [text.label(d, s) for d, s in zip(rows["dimension"], rows["segment"], strict=True)],
            "of": [text.companies(n) for n in rows["of"]],
        }
    )
    cells = {(r.dimension, r.segment, r.reason): r for r in found.itertuples()}
    keys = list(zip(rows["dimension"], rows["segment"], strict=True))
    for reason in REASONS:
        frame[reason] = [_counted(cells[(*key, reason)], text) for key in keys]
    headings = text.headings("interviews.reasons", "who", "of")
    headings |= {reason: text.label("reason", reason) for reason in REASONS}
    return table(frame, headings, name="reasons", right=("of",))


def _counted(row: Any, text: Text) -> str:
    # which of those given are supported may be hidden
    known = ("supported", "open", "refuted") if row.supported == row.supported else ("given", "refuted")
    said = [text(f"interviews.reasons.{s}", n=text.companies(n)) for s in known if (n := getattr(row, s))]
    return text.joined(said) or "–"


def frozen(result: Result, text: Text) -> Listing:
    """Facts of earlier interviews, held against the companies heard since."""
    found = result.tables["frozen"]
    whole = found.assign(
        fact=[_fact(r, text) for r in found.itertuples()],
        who=[
            text("interviews.frozen.all") if s == "all" else text.label("size", s) for s in found["segment"]
        ],
        earlier=[_earlier(r, text) for r in found.itertuples()],
        later=[_later(r, text) for r in found.itertuples()],
        verdict=[text(f"interviews.frozen.{v}") for v in found["verdict"]],
    )
    shown = pd.concat([found[found["verdict"] != "replicated"], found[found["verdict"] == "replicated"]])
    headings = text.headings("interviews.frozen", "fact", "who", "earlier", "later", "verdict")
    frame = whole.loc[shown.index[:LONGEST]]
    return table(frame, headings, name="frozen", right=("earlier", "later"), whole=whole)


def _fact(row: Any, text: Text) -> str:
    what = text.label("reason", row.what) if row.kind == "reason" else text.theme(row.what)
    return text(f"interviews.frozen.{row.kind}", what=what)


def _earlier(row: Any, text: Text) -> str:
    return text.companies(None) if row.before != row.before else f"{row.before:.0f}/{row.of_before:.0f}"


def _later(row: Any, text: Text) -> str:
    if row.of_after != row.of_after:
        return text.companies(None)
    if not row.of_after:
        return "–"
    said = text(
        f"interviews.frozen.{'some' if row.after else 'none'}", told=int(row.after), of=int(row.of_after),
        low=text.share(row.low), high=text.share(row.high),
    )  # fmt: skip
    if not row.refuted:
        return said
    return "\n".join([said, text(f"interviews.frozen.against_{row.kind}", n=int(row.refuted))])


def _p(p: float, text: Text) -> str:
    return text.companies(None) if p != p else "< 0.001" if p < 0.001 else f"{p:.3f}"


def segment_facts(result: Result, text: Text) -> Listing:
    """Themes that companies of one size tell and none of the others."""
    frame = _in_script(result.tables["segment_facts"], ["code"], text)
    frame["theme"] = [text.theme(code) for code in frame["code"]]
    frame["who"] = [text.label("size", s) for s in frame["size"]]
    frame["told"] = [f"{r.companies}/{r.of}" for r in frame.itertuples()]
    frame["others"] = [f"0/{n}" for n in frame["other_of"]]
    frame["sure"] = ["< 0.001" if p < 0.001 else f"{p:.3f}" for p in frame["p"]]
    headings = text.headings("interviews.segment_facts", "theme", "who", "told", "others", "sure", "text")
    return table(frame, headings, name="facts", right=("told", "others", "sure"))


def meter(result: Result, text: Text) -> Listing:
    """Behaviour against words by size and interviewer, and who guesses; other segments and companies in the spreadsheet."""
    found = result.tables["meter"]
    whole = found.assign(
        who=[text.label(r.dimension, r.group) for r in found.itertuples()],
        seen=found["share"].round(3),
        n=found["notes"],
        guess=found["guessed"].round(3),
        verdict=[text("interviews.meter.drifts") if drifts else "" for drifts in found["drifts"]],
    )
    shown = found[found["dimension"].isin(["size", "interviewer"])].head(LONGEST + 3)
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
        who=[company(n, s, text) for n, s in zip(found["name"], found["size"], strict=True)],
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
        code=[text.theme(code) for code in found["code"]],
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
        what=[text.theme(code) for code in found["code"]],
        by=[text.label("segment", d) for d in found["dimension"]],
        told=[_by_segment(r, text, _sizes(result)) for r in found.itertuples()],
        sure=found["p"].round(4),
        strength=found["v"].round(2),
        verdict=[text(f"interviews.varies.{v}") for v in found["verdict"]],
    )
    frame = whole.head(LONGEST).copy()
    frame["sure"] = [_p(p, text) for p in found["p"].head(LONGEST)]
    frame["strength"] = [text.number(v, 2) for v in found["v"].head(LONGEST)]
    headings = text.headings("interviews.varies", "what", "by", "told", "sure", "strength", "verdict")
    return table(frame, headings, name="varies", right=("sure", "strength"), whole=whole)


def _by_segment(row: Any, text: Text, sizes: Sequence[str]) -> str:
    """Companies that told it of those asked, a line a segment; where none did, of how many it may still be true."""
    lines = []
    for segment in sort_segments(row.of, sizes):
        told, of = row.told[segment], row.of[segment]
        key = "none" if told == 0 and of else "some"
        lines.append(
            text(
                f"interviews.varies.{key}", segment=text.label(row.dimension, segment), told=text.companies(told), of=text.companies(of),
                share=text.share(zero_count_bound(of or 0)),
            )
        )  # fmt: skip
    return "\n".join(lines)


def _in_script(quotes: pd.DataFrame, keys: list[str], text: Text) -> pd.DataFrame:
    """One quote for each key, in the script of the page where there is one."""
    other = quotes["script"] != text.script
    chosen = quotes.assign(other=other).sort_values("other", kind="stable").drop_duplicates(keys)
    return chosen.sort_index()


def next(result: Result, text: Text) -> Listing:
    """Companies to talk to next, with the empty or thin cell each would fill."""
    found = result.tables["next"]
    frame = found.assign(
        size=[text.label("size", s) for s in found["size"]],
        cell=[
            " × ".join(
                [text.label(*part) for part in r.cell]
                + ([text.label("viewpoint", r.viewpoint)] if r.viewpoint else [])
            )
            for r in found.itertuples()
        ],
        fills=[text.number(n) if n else "–" for n in found["fills"]],
        heard=[text.companies(n) for n in found["companies"]],
    )
    named = ("name",) if found["name"].any() else ()  # leadership is told which kind of company
    headings = text.headings("interviews.next", *named, "size", "cell", "fills", "heard")
    return table(frame, headings, name="next", right=("fills", "heard"))
