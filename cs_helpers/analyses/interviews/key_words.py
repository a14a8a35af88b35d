"""The words of the notes: which are a segment's own, which come together, and which no theme leads to."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
from scipy.special import ndtr

from cs_helpers.statistics.keyness import Z_95, co_occurrence, log_odds_and_errors
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg
from cs_helpers.words.masking import uncovered
from cs_helpers.words.tokens import terms

#: a key word is one with so many companies of the segment behind it: one company's habit is nobody's word
LEAST_COMPANIES = 2
#: so many key words of a segment are kept, and so many pairs
MOST_WORDS, MOST_PAIRS = 30, 60
#: words that most companies say are held against each other, so many
MOST_COMPARED = 400
#: letters of context beside a key word
CONTEXT = 36
#: lines of context for a key word
LINES = 2


def counted(notes: pd.DataFrame) -> pd.DataFrame:
    """Each term of each note, once.

    notes: note_id, account_id, script, text, one row a note. Columns: note_id, account_id, script, term (its
    form), written (as it is written most often in its script), start, end (of the first place in the note, code
    points).
    """
    rows = []
    for note in notes[["note_id", "account_id", "script", "text"]].itertuples(index=False):
        first = {term.form: term for term in reversed(terms(uncovered(note.text)))}
        rows += [
            (note.note_id, note.account_id, note.script, t.form, t.written, t.start, t.end)
            for t in first.values()
        ]
    columns = ["note_id", "account_id", "script", "term", "written", "start", "end"]
    found = pd.DataFrame(rows, columns=columns)
    spelled: dict[tuple[str, str], str] = {}
    spellings = Counter(zip(found["script"], found["term"], found["written"], strict=True))
    for (script, term, spelling), _ in spellings.most_common():
        spelled.setdefault((script, term), spelling)
    found["written"] = [spelled[key] for key in zip(found["script"], found["term"], strict=True)]
    return found


def key_words(words: pd.DataFrame, segment: pd.Series) -> pd.DataFrame:
    """The words of each segment against those of all others, by log-odds, within each script.

    words: see `counted`; a company counts a word once, however often it says it. segment: by account_id. Columns:
    script, segment, term, written, companies, of (companies of the segment with notes of the script), others,
    of_others (the same of the other segments), log_odds, low, high (95 %), z, sure (Benjamini-Hochberg over all
    words of the segment); only words that lean to the segment, told by `LEAST_COMPANIES` of it, the surest first.
    """
    own = words.assign(segment=words["account_id"].map(segment)).dropna(subset=["segment"])
    rows: list[tuple[object, ...]] = []
    for script, whole in own.groupby("script", sort=False):
        of = whole.drop_duplicates("account_id")["segment"].value_counts()
        if len(of) < 2:
            continue
        own_words = whole.drop_duplicates(["account_id", "term"])
        term, names = pd.factorize(own_words["term"])
        group, segments = pd.factorize(own_words["segment"], sort=True)
        spelled = own_words["written"].to_numpy()[np.unique(term, return_index=True)[1]]
        counts = np.bincount(term * len(segments) + group, minlength=len(names) * len(segments))
        inside = counts.reshape(len(names), len(segments)).astype(float)
        outside = inside.sum(axis=1, keepdims=True) - inside
        delta, error = log_odds_and_errors(inside, outside)
        low, high, z = delta - Z_95 * error, delta + Z_95 * error, delta / error
        for place, name in enumerate(segments):
            sure = benjamini_hochberg(2 * ndtr(-np.abs(z[:, place])), q=FALSE_DISCOVERY)
            best = np.flatnonzero((z[:, place] > 0) & (inside[:, place] >= LEAST_COMPANIES))
            best = best[np.argsort(-z[best, place], kind="stable")][:MOST_WORDS]
            rows += [
                (
                    script, name, names[n], spelled[n],
                    int(inside[n, place]), int(of[name]), int(outside[n, place]), int(of.sum() - of[name]),
                    delta[n, place], low[n, place], high[n, place], z[n, place], sure[n],
                )
                for n in best
            ]  # fmt: skip
    columns = [
        "script", "segment", "term", "written", "companies", "of", "others", "of_others", "log_odds", "low", "high", "z", "sure",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def compared(words: pd.DataFrame, segment: pd.Series) -> bool:
    """Whether notes of one script come from companies of two segments, so that `key_words` compares any."""
    known = words["account_id"].map(segment)
    return bool((known.groupby(words["script"]).nunique() >= 2).any())


def pairs(words: pd.DataFrame) -> pd.DataFrame:
    """Words that come together in notes of several companies, within each script.

    Columns: script, first, second (as they are written), both (notes), companies, jaccard; closest first.
    """
    parts = []
    for script, inside in words.groupby("script", sort=False):
        spread = inside.drop_duplicates(["account_id", "term"])["term"].value_counts()
        known = inside[inside["term"].isin(spread[spread >= LEAST_COMPANIES].index[:MOST_COMPARED])]
        spelled = known.drop_duplicates("term").set_index("term")["written"]
        company = known.drop_duplicates("note_id").set_index("note_id")["account_id"]
        found = co_occurrence(known["note_id"], known["term"], company)
        found = found[found["companies"] >= LEAST_COMPANIES].head(MOST_PAIRS)
        sides = {side: found[side].map(spelled) for side in ("first", "second")}
        parts.append(found.assign(script=script, **sides))
    columns = ["script", "first", "second", "both", "companies", "jaccard"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def out_of_reach(words: pd.DataFrame, themed: frozenset[str]) -> tuple[int, int, pd.DataFrame]:
    """How many words of several companies are found by going from themes to their notes, and which are not.

    themed: the notes that a theme leads to. Returns how many are in reach, of how many, and those that are
    not: script, term, companies, written, notes, note_id (one of them); what most companies say first.
    """
    key = ["script", "term"]
    one_each = words.drop_duplicates([*key, "account_id"]).groupby(key, sort=False)
    told = one_each.agg(companies=("account_id", "size"), written=("written", "first"))
    grouped = words.groupby(key, sort=False)["note_id"]
    told = told.assign(notes=grouped.size(), note_id=grouped.first())
    told = told[told["companies"] >= LEAST_COMPANIES]
    within = words.loc[words["note_id"].isin(themed), key].drop_duplicates()
    reached = told.index.isin(pd.MultiIndex.from_frame(within))
    lost = told[~reached].reset_index()
    lost = lost.sort_values(["companies", "notes", "term"], ascending=[False, False, True], ignore_index=True)
    return int(reached.sum()), len(told), lost


def of_script(found: pd.DataFrame, script: str) -> pd.DataFrame:
    """The rows of a script, or all where there are none."""
    own = found[found["script"] == script]
    return (found if own.empty else own).reset_index(drop=True)


def in_context(
    found: pd.DataFrame, words: pd.DataFrame, notes: pd.DataFrame, segment: pd.Series
) -> pd.DataFrame:
    """Places of each key word in notes of its segment, of different companies, the latest first.

    found: see `key_words`. notes: note_id, account_id, name, held_on, text. Columns: script, segment, written,
    left, hit, right, name, note_id.
    """
    own = words.assign(segment=words["account_id"].map(segment))
    places = (
        found[["script", "segment", "term"]]
        .assign(rank=np.arange(len(found)))
        .merge(own, on=["script", "segment", "term"])
    )
    places = places.merge(notes[["note_id", "name", "held_on", "text"]], on="note_id")
    places = places.sort_values(["rank", "held_on", "note_id"], ascending=[True, False, True], kind="stable")
    places = places.drop_duplicates(["rank", "account_id"]).groupby("rank").head(LINES)
    texts = [text.translate({10: " ", 13: " "}) for text in places["text"]]
    spans = list(zip(texts, places["start"], places["end"], strict=True))
    places["left"] = [text[max(start - CONTEXT, 0) : start] for text, start, _ in spans]
    places["hit"] = [text[start:end] for text, start, end in spans]
    places["right"] = [text[end : end + CONTEXT] for text, _, end in spans]
    columns = ["script", "segment", "term", "left", "hit", "right", "name", "note_id"]
    return places[columns].reset_index(drop=True)
