"""Tables of the words in notes: whose they are, where they stand, what comes with them, what is lost."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from cs_helpers.analyses.interviews.key_words import of_script
from cs_helpers.contract.labels import DEFAULT_ORDER
from cs_helpers.customers.segments import sort_segments
from cs_helpers.result import Result
from cs_helpers.tables.theme import LONGEST, Listing, table
from cs_helpers.text import Text

#: letters beside a key word
CONTEXT = {"en": 34, "ja": 18}
#: so many words are named of each segment
WORDS = 8


def key_words(result: Result, text: Text) -> Listing:
    """The words that lean most to each segment, with the companies that say them."""
    found = of_script(result.tables["key_words"], text.script)
    whole = found.assign(
        by=[text.label("segment", d) for d in found["dimension"]],
        who=[text.label(d, s) for d, s in zip(found["dimension"], found["segment"], strict=True)],
        told=[f"{n}/{of}" for n, of in zip(found["companies"], found["of"], strict=True)],
        elsewhere=[
            f"{text.companies(n)}/{text.companies(of)}"
            for n, of in zip(found["others"], found["of_others"], strict=True)
        ],
        verdict=[text(f"interviews.key_words.{'surely' if sure else 'perhaps'}") for sure in found["sure"]],
    )
    groups = dict(list(found.groupby(["dimension", "segment"], sort=False)))
    sizes = result.settings.get("sizes", DEFAULT_ORDER)
    place = {segment: n for n, segment in enumerate(sort_segments((segment for _, segment in groups), sizes))}
    rows = sorted(groups, key=lambda key: place[key[1]])
    frame = pd.DataFrame(
        {
            "who": [text.label(*key) for key in rows],
            "n": [text.number(groups[key]["of"].iloc[0]) for key in rows],
            "words": [
                text.joined(
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
                for key in rows
            ],
        }
    )
    page = table(
        frame, text.headings("interviews.key_words", "who", "n", "words"), name="key-words", right=("n",)
    )
    columns = ("by", "who", "written", "told", "elsewhere", "log_odds", "low", "high", "verdict")
    every = text.headings("interviews.key_words", *columns)
    return replace(page, whole=whole[list(every)].rename(columns=every))


def context(result: Result, text: Text) -> Listing:
    """Key words of each company size where they stand in the notes."""
    found = of_script(result.tables["context"], text.script)
    sizes = result.settings.get("sizes", DEFAULT_ORDER)
    found = found.sort_values("segment", key=lambda s: s.map(sort_segments(s, sizes).index), kind="stable")
    sides = CONTEXT[text.language]
    frame = found.assign(
        who=[text.label("size", s) for s in found["segment"]],
        before=[left if len(left) <= sides else "…" + left[-sides:] for left in found["left"]],
        after=[right if len(right) <= sides else right[:sides] + "…" for right in found["right"]],
        where=[f"{name} {note}".strip() for name, note in zip(found["name"], found["note_id"], strict=True)],
    )
    named = ("where",) if frame["where"].any() else ()  # leadership is not told who said it
    headings = text.headings("interviews.context", "who", "before", "hit", "after", *named)
    return table(frame, headings, name="context", right=("before",))


def pairs(result: Result, text: Text) -> Listing:
    """Words that come together in notes of several companies."""
    found = of_script(result.tables["pairs"], text.script)
    whole = found.assign(share=found["jaccard"].round(3))
    frame = whole.head(LONGEST).copy()
    frame["share"] = [text.number(v, 2) for v in frame["jaccard"]]
    for column in ("both", "companies"):
        frame[column] = [text.number(v) for v in frame[column]]
    headings = text.headings("interviews.pairs", "first", "second", "both", "companies", "share")
    return table(frame, headings, name="pairs", right=("both", "companies", "share"), whole=whole)


def out_of_reach(result: Result, text: Text) -> Listing:
    """Words of several companies that no theme leads to."""
    whole = result.tables["out_of_reach"]
    frame = of_script(whole, text.script).head(LONGEST).copy()
    for column in ("companies", "notes"):
        frame[column] = [text.number(v) for v in frame[column]]
    headings = text.headings("interviews.out_of_reach", "written", "companies", "notes", "note_id")
    return table(frame, headings, name="out-of-reach", right=("companies", "notes"), whole=whole)
