"""Tables of the words in notes: key words of segments, their context, co-occurrence, and words without a theme."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from cs_helpers.analyses.interviews.key_words import filter_script
from cs_helpers.contract.labels import DEFAULT_ORDER
from cs_helpers.customers.segments import sort_segments
from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.text import Text

#: letters of context on each side of a key word, by language
CONTEXT = {"en": 34, "ja": 18}
#: the key words shown for each segment
WORDS = 8


def key_words(result: Result, text: Text) -> Listing:
    """The key words of each segment, with the number of companies that use them."""
    rows = filter_script(result.tables["key_words"], text.script)
    all_rows = rows.assign(
        by=[text.label("segment", d) for d in rows["dimension"]],
        who=[text.label(d, s) for d, s in zip(rows["dimension"], rows["segment"], strict=True)],
        told=[f"{n}/{of}" for n, of in zip(rows["companies"], rows["of"], strict=True)],
        elsewhere=[
            f"{text.companies(n)}/{text.companies(of)}"
            for n, of in zip(rows["others"], rows["of_others"], strict=True)
        ],
        verdict=[text(f"interviews.key_words.{'surely' if sure else 'perhaps'}") for sure in rows["sure"]],
    )
    groups = dict(list(rows.groupby(["dimension", "segment"], sort=False)))
    sizes = result.settings.get("sizes", DEFAULT_ORDER)
    position = {
        segment: n for n, segment in enumerate(sort_segments((segment for _, segment in groups), sizes))
    }
    keys = sorted(groups, key=lambda key: position[key[1]])
    frame = pd.DataFrame(
        {
            "who": [text.label(*key) for key in keys],
            "n": [text.number(groups[key]["of"].iloc[0]) for key in keys],
            "words": [
                text.join_list(
                    [
                        text(
                            "interviews.key_words.word",
                            word=w.written,
                            n=w.companies,
                            sign="*" if w.sure else "",
                        )
                        for w in groups[key].head(WORDS).itertuples()
                    ]
                )
                for key in keys
            ],
        }
    )
    page = table(
        frame, text.headings("interviews.key_words", "who", "n", "words"), name="key-words", right=("n",)
    )
    columns = ("by", "who", "written", "told", "elsewhere", "log_odds", "low", "high", "verdict")
    csv_headings = text.headings("interviews.key_words", *columns)
    return replace(page, all_rows=all_rows[list(csv_headings)].rename(columns=csv_headings))


def context(result: Result, text: Text) -> Listing:
    """Key words of each company size in their context in the notes."""
    rows = filter_script(result.tables["context"], text.script)
    sizes = result.settings.get("sizes", DEFAULT_ORDER)
    rows = rows.sort_values("segment", key=lambda s: s.map(sort_segments(s, sizes).index), kind="stable")
    sides = CONTEXT[text.language]
    frame = rows.assign(
        who=[text.label("size", s) for s in rows["segment"]],
        before=[left if len(left) <= sides else "…" + left[-sides:] for left in rows["left"]],
        after=[right if len(right) <= sides else right[:sides] + "…" for right in rows["right"]],
        where=[f"{name} {note}".strip() for name, note in zip(rows["name"], rows["note_id"], strict=True)],
    )
    # sources are empty for leadership, which does not read who said it
    source_columns = ("where",) if frame["where"].any() else ()
    headings = text.headings("interviews.context", "who", "before", "hit", "after", *source_columns)
    return table(frame, headings, name="context", right=("before",))


def pairs(result: Result, text: Text) -> Listing:
    """Pairs of words that occur together in notes of several companies."""
    rows = filter_script(result.tables["pairs"], text.script)
    all_rows = rows.assign(share=rows["jaccard"].round(3))
    frame = all_rows.head(MAX_ROWS).copy()
    frame["share"] = [text.number(v, 2) for v in frame["jaccard"]]
    for column in ("both", "companies"):
        frame[column] = [text.number(v) for v in frame[column]]
    headings = text.headings("interviews.pairs", "first", "second", "both", "companies", "share")
    return table(frame, headings, name="pairs", right=("both", "companies", "share"), all_rows=all_rows)


def out_of_reach(result: Result, text: Text) -> Listing:
    """Words of several companies in notes without a theme."""
    all_rows = result.tables["out_of_reach"]
    frame = filter_script(all_rows, text.script).head(MAX_ROWS).copy()
    for column in ("companies", "notes"):
        frame[column] = [text.number(v) for v in frame[column]]
    headings = text.headings("interviews.out_of_reach", "written", "companies", "notes", "note_id")
    return table(frame, headings, name="out-of-reach", right=("companies", "notes"), all_rows=all_rows)
