"""Tables of the interviews: framework matrix, sources, reasons, replication, differences by segment, next companies."""

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
from cs_helpers.tables.coders import company_label
from cs_helpers.tables.coders import disputed as disputed
from cs_helpers.tables.coders import ledger as ledger
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.tables.words import context as context
from cs_helpers.tables.words import key_words as key_words
from cs_helpers.tables.words import out_of_reach as out_of_reach
from cs_helpers.tables.words import pairs as pairs
from cs_helpers.text import Text

#: the notes named for each theme on the page; the download has all
MAX_SOURCES = 6
#: letters of a quote in a cell of the matrix, by language; the download has whole notes
QUOTE_LENGTH = {"en": 190, "ja": 110}
#: the notes shown with their readings; the download has all
MAX_NOTES = 5


def framework(result: Result, text: Text) -> Listing:
    """Viewpoints by company size: the number of companies, their themes, and a quote for each theme."""
    rows = result.tables["framework"]
    all_rows = rows.assign(
        by=[text.label("segment", d) for d in rows["dimension"]],
        who=[text.label(d, s) for d, s in zip(rows["dimension"], rows["segment"], strict=True)],
        where=[text.label("viewpoint", v) for v in rows["viewpoint"]],
        told=[
            f"{text.companies(n)}/{text.companies(of)}"
            for n, of in zip(rows["companies"], rows["of"], strict=True)
        ],
        codes=[_codes(codes, text) for codes in rows["codes"]],
        quotes=["\n".join(_quote(q, text, len(q[4])) for q in quotes) for quotes in rows["quotes"]],
    )
    by_size = rows[rows["dimension"] == "size"]
    cells = {(r.viewpoint, r.segment): r for r in by_size.itertuples()}
    sizes = sort_segments((segment for _, segment in cells), _sizes(result))
    frame = pd.DataFrame({"where": [text.label("viewpoint", v) for v in VIEWPOINTS]})
    for size in sizes:
        frame[size] = [_cell(cells[v, size], text) for v in VIEWPOINTS]
    headings = text.headings("interviews.framework", "where") | {s: text.label("size", s) for s in sizes}
    page = table(frame, headings, name="framework")
    csv_headings = text.headings("interviews.framework", "by", "who", "where", "told", "codes", "quotes")
    return replace(page, all_rows=all_rows[list(csv_headings)].rename(columns=csv_headings))


def _sizes(result: Result) -> Sequence[str]:
    """The classes of company size, largest first."""
    sizes: Sequence[str] = result.settings.get("sizes", DEFAULT_ORDER)
    return sizes


def _cell(cell: Any, text: Text) -> str:
    """A cell of the matrix: companies, themes, and for each theme a quote, in the script of the page if possible."""
    lines = [
        text(
            "interviews.framework.companies", told=text.companies(cell.companies), of=text.companies(cell.of)
        )
    ]
    if cell.codes:
        lines.append(_codes(cell.codes, text))
    for code, _ in cell.codes:
        code_quotes = [q for q in cell.quotes if q[0] == code]
        quote = min(code_quotes, key=lambda q: q[1] != text.script)
        lines.append(_quote(quote, text, QUOTE_LENGTH[text.language]))
    return "\n".join(lines)


def _codes(codes: Sequence[tuple[str, int]], text: Text) -> str:
    return text.join_list(
        [text("interviews.framework.code", code=text.theme(code), n=n) for code, n in codes]
    )


def _quote(quote: tuple[str, ...], text: Text, max_length: int) -> str:
    _, _, note_id, evidence, words = quote
    short = words if len(words) <= max_length else words[:max_length].rstrip() + "…"
    key = "quote" if note_id else "unnamed"
    return text(
        f"interviews.framework.{key}", text=short, note_id=note_id, seen=text.label("evidence", evidence)
    )


def sources(result: Result, text: Text) -> Listing:
    """Notes with their readings."""
    rows = result.tables["sources"]
    all_rows = rows.assign(
        when=rows["held_on"].dt.date,
        where=[company_label(n, s, text) for n, s in zip(rows["name"], rows["size"], strict=True)],
        seen=[text.label("evidence", e) for e in rows["evidence"]],
        readings=[_readings(readings, text) for readings in rows["readings"]],
    )
    frame = all_rows.head(MAX_NOTES).copy()
    frame["when"] = [text.day(day) for day in frame["when"]]
    headings = text.headings("interviews.sources", "when", "where", "seen", "text", "readings", "note_id")
    return table(frame, headings, name="sources", all_rows=all_rows)


def _readings(readings: Sequence[tuple[str, str]], text: Text) -> str:
    return "\n".join(
        text(
            "interviews.sources.reading",
            viewpoint=text.label("viewpoint", v),
            code=text.theme(code) if code else "–",
        )
        for v, code in readings
    )


def hypotheses(result: Result, text: Text) -> Listing:
    """The reasons that companies gave for not taking the step they wait for, with the evidence for and against each."""
    rows = result.tables["hypotheses"]
    all_rows = rows.assign(
        who=[company_label(n, s, text) for n, s in zip(rows["name"], rows["size"], strict=True)],
        at=[_waiting_at(r, text) for r in rows.itertuples()],
        why=[text.label("reason", r) for r in rows["reason"]],
        predicts=[text(f"interviews.hypotheses.predicts_{r}") for r in rows["reason"]],
        record=[text(f"interviews.hypotheses.records_{r}") for r in rows["records"]],
        pro=[text.join_list(list(ids)) for ids in rows["notes_for"]],
        contra=[text.join_list(list(ids)) for ids in rows["notes_against"]],
        status=[text(f"interviews.hypotheses.{s}") for s in rows["status"]],
    )
    columns = ("who", "at", "why", "predicts", "record", "pro", "contra", "status")
    headings = text.headings("interviews.hypotheses", *columns)
    return table(all_rows.head(MAX_ROWS), headings, name="hypotheses", all_rows=all_rows)


def _waiting_at(row: Any, text: Text) -> str:
    if not row.step:
        return text("interviews.hypotheses.no_step")
    return text(
        f"interviews.hypotheses.{row.state}", step=text.label("step", row.step), days=text.number(row.days)
    )


def reasons(result: Result, text: Text) -> Listing:
    """The four reasons by segment: the number of companies for which each is supported, open or refuted."""
    rows = result.tables["reasons"]
    rows = rows[rows["dimension"] != "all"]
    segments = rows.drop_duplicates(["dimension", "segment"])
    frame = pd.DataFrame(
        {
            "who": [
                text.label(d, s) for d, s in zip(segments["dimension"], segments["segment"], strict=True)
            ],
            "of": [text.companies(n) for n in segments["of"]],
        }
    )
    cells = {(r.dimension, r.segment, r.reason): r for r in rows.itertuples()}
    keys = list(zip(segments["dimension"], segments["segment"], strict=True))
    for reason in REASONS:
        frame[reason] = [_status_counts(cells[(*key, reason)], text) for key in keys]
    headings = text.headings("interviews.reasons", "who", "of")
    headings |= {reason: text.label("reason", reason) for reason in REASONS}
    return table(frame, headings, name="reasons", right=("of",))


def _status_counts(row: Any, text: Text) -> str:
    # supported may be suppressed for leadership
    shown = ("supported", "open", "refuted") if row.supported == row.supported else ("given", "refuted")
    parts = [text(f"interviews.reasons.{s}", n=text.companies(n)) for s in shown if (n := getattr(row, s))]
    return text.join_list(parts) or "–"


def frozen(result: Result, text: Text) -> Listing:
    """Facts of earlier interviews tested on companies interviewed since."""
    rows = result.tables["frozen"]
    all_rows = rows.assign(
        fact=[_fact(r, text) for r in rows.itertuples()],
        who=[text("interviews.frozen.all") if s == "all" else text.label("size", s) for s in rows["segment"]],
        earlier=[_earlier(r, text) for r in rows.itertuples()],
        later=[_later(r, text) for r in rows.itertuples()],
        verdict=[text(f"interviews.frozen.{v}") for v in rows["verdict"]],
    )
    shown = pd.concat([rows[rows["verdict"] != "replicated"], rows[rows["verdict"] == "replicated"]])
    # leadership reads none of the counts
    counts = ("earlier", "later") if rows[["before", "after"]].notna().any(axis=None) else ()
    headings = text.headings("interviews.frozen", "fact", "who", *counts, "verdict")
    frame = all_rows.loc[shown.index[:MAX_ROWS]]
    return table(frame, headings, name="frozen", right=("earlier", "later"), all_rows=all_rows)


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
    sentence = text(
        f"interviews.frozen.{'some' if row.after else 'none'}", told=int(row.after), of=int(row.of_after),
        low=text.share(row.low), high=text.share(row.high),
    )  # fmt: skip
    if not row.refuted:
        return sentence
    return "\n".join([sentence, text(f"interviews.frozen.against_{row.kind}", n=int(row.refuted))])


def _p(p: float, text: Text) -> str:
    return text.companies(None) if p != p else "< 0.001" if p < 0.001 else f"{p:.3f}"


def segment_facts(result: Result, text: Text) -> Listing:
    """Themes mentioned by companies of one size only."""
    frame = _in_script(result.tables["segment_facts"], ["code"], text)
    frame["theme"] = [text.theme(code) for code in frame["code"]]
    frame["who"] = [text.label("size", s) for s in frame["size"]]
    frame["told"] = [f"{r.companies}/{r.of}" for r in frame.itertuples()]
    frame["others"] = [f"0/{n}" for n in frame["other_of"]]
    frame["sure"] = ["< 0.001" if p < 0.001 else f"{p:.3f}" for p in frame["p"]]
    headings = text.headings("interviews.segment_facts", "theme", "who", "told", "others", "sure", "text")
    return table(frame, headings, name="facts", right=("told", "others", "sure"))


def meter(result: Result, text: Text) -> Listing:
    """The share of behaviour, and of guesses, by size and interviewer; the download has other segments and companies."""
    rows = result.tables["meter"]
    all_rows = rows.assign(
        who=[text.label(r.dimension, r.group) for r in rows.itertuples()],
        seen=rows["share"].round(3),
        n=rows["notes"],
        guess=rows["guessed"].round(3),
        verdict=[text("interviews.meter.drifts") if drifts else "" for drifts in rows["drifts"]],
    )
    shown = rows[rows["dimension"].isin(["size", "interviewer"])].head(MAX_ROWS + 3)
    frame = all_rows.loc[shown.index].copy()
    frame["n"] = [text.number(n) for n in shown["notes"]]
    frame["seen"] = [text.share_within(r.share, r.low, r.high) for r in shown.itertuples()]
    frame["guess"] = [text.share_within(r.guessed, r.guessed_low, r.guessed_high) for r in shown.itertuples()]
    headings = text.headings("interviews.meter", "who", "n", "seen", "guess", "verdict")
    return table(frame, headings, name="meter", right=("n", "seen", "guess"), all_rows=all_rows)


def depth(result: Result, text: Text) -> Listing:
    """The depth to which the problem of each company is understood, and the question to ask next."""
    rows = result.tables["depth"]
    levels = list(WHY_LEVELS)
    all_rows = rows.assign(
        next=["" if not ask else text(f"interviews.depth.ask_{ask}") for ask in rows["ask"]],
        who=[company_label(n, s, text) for n, s in zip(rows["name"], rows["size"], strict=True)],
    )  # fmt: skip
    frame = all_rows.head(MAX_ROWS).copy()
    for level in levels:
        frame[level] = [
            text("interviews.depth.known") if known else "–" for known in rows[level].head(MAX_ROWS)
        ]
    headings = text.headings("interviews.depth", "who", *levels, "next")
    return table(frame, headings, name="depth", all_rows=all_rows)


def themes(result: Result, text: Text) -> Listing:
    """Themes with their notes."""
    rows = result.tables["themes"]
    all_rows = rows.assign(
        code=[text.theme(code) for code in rows["code"]],
        sources=[text.join_list(list(ids)) for ids in rows["note_ids"]],
        verdict=[
            text("interviews.themes.theme" if ok else "interviews.themes.early") for ok in rows["theme"]
        ],
    )
    frame = all_rows.head(MAX_ROWS).copy()
    frame["sources"] = [
        text.join_list([*ids[:MAX_SOURCES], *(["…"] if len(ids) > MAX_SOURCES else [])])
        for ids in rows["note_ids"].head(MAX_ROWS)
    ]
    for column in ("companies", "notes"):
        frame[column] = [text.number(v) for v in frame[column]]
    headings = text.headings("interviews.themes", "code", "companies", "notes", "sources", "verdict")
    return table(frame, headings, name="themes", right=("companies", "notes"), all_rows=all_rows)


def varies(result: Result, text: Text) -> Listing:
    """Themes by segment: the companies that mention them, and whether their shares vary."""
    rows = result.tables["varies"]
    all_rows = rows.assign(
        what=[text.theme(code) for code in rows["code"]],
        by=[text.label("segment", d) for d in rows["dimension"]],
        told=[_by_segment(r, text, _sizes(result)) for r in rows.itertuples()],
        sure=rows["p"].round(4),
        strength=rows["v"].round(2),
        verdict=[text(f"interviews.varies.{v}") for v in rows["verdict"]],
    )
    frame = all_rows.head(MAX_ROWS).copy()
    frame["sure"] = [_p(p, text) for p in rows["p"].head(MAX_ROWS)]
    frame["strength"] = [text.number(v, 2) for v in rows["v"].head(MAX_ROWS)]
    headings = text.headings("interviews.varies", "what", "by", "told", "sure", "strength", "verdict")
    return table(frame, headings, name="varies", right=("sure", "strength"), all_rows=all_rows)


def _by_segment(row: Any, text: Text, sizes: Sequence[str]) -> str:
    """One line per segment: companies that mention the theme of those interviewed; for none, the largest compatible share."""
    lines = []
    for segment in sort_segments(row.of, sizes):
        companies, total = row.mentioned[segment], row.of[segment]
        key = "none" if companies == 0 and total else "some"
        lines.append(
            text(
                f"interviews.varies.{key}", segment=text.label(row.dimension, segment), told=text.companies(companies), of=text.companies(total),
                share=text.share(zero_count_bound(total or 0)),
            )
        )  # fmt: skip
    return "\n".join(lines)


def _in_script(quotes: pd.DataFrame, keys: list[str], text: Text) -> pd.DataFrame:
    """One quote for each key, in the script of the page if possible."""
    is_other_script = quotes["script"] != text.script
    chosen = quotes.assign(other=is_other_script).sort_values("other", kind="stable").drop_duplicates(keys)
    return chosen.sort_index()


def next(result: Result, text: Text) -> Listing:
    """Companies to interview next, with the empty or thin cell of the coverage that each would fill."""
    rows = result.tables["next"]
    frame = rows.assign(
        size=[text.label("size", s) for s in rows["size"]],
        cell=[
            " × ".join(
                [text.label(*part) for part in r.cell]
                + ([text.label("viewpoint", r.viewpoint)] if r.viewpoint else [])
            )
            for r in rows.itertuples()
        ],
        fills=[text.number(n) if n else "–" for n in rows["fills"]],
        heard=[text.companies(n) for n in rows["companies"]],
    )
    # names are empty for leadership, which reads the kind of company only
    name_columns = ("name",) if rows["name"].any() else ()
    headings = text.headings("interviews.next", *name_columns, "size", "cell", "fills", "heard")
    return table(frame, headings, name="next", right=("fills", "heard"))
