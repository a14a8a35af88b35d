"""The words of notes: key words of segments and their context, co-occurrence, and words without a theme."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
from scipy.special import ndtr

from cs_helpers.statistics.keyness import Z_95, co_occurrence, log_odds_and_errors
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg
from cs_helpers.words.masking import blank_pseudonyms
from cs_helpers.words.tokens import extract_terms

#: the companies of a segment that must use a word, so that the habit of one company is no key word
MIN_COMPANIES = 2
#: the most key words per segment and script, and the most pairs per script
MAX_WORDS, MAX_PAIRS = 30, 60
#: the most words among which pairs are looked for: those of most companies
MAX_PAIRED_WORDS = 400
#: letters of context on each side of a key word
CONTEXT = 36
#: the places shown for each key word
MAX_PLACES = 2


def count_terms(notes: pd.DataFrame) -> pd.DataFrame:
    """The distinct terms of each note.

    notes: note_id, account_id, script, text, one row per note. Columns: note_id, account_id, script, term (its
    normalized form), written (its most frequent spelling in the script), start, end (of its first occurrence in the
    note, in code points).
    """
    rows = []
    for note in notes[["note_id", "account_id", "script", "text"]].itertuples(index=False):
        first_places = {term.form: term for term in reversed(extract_terms(blank_pseudonyms(note.text)))}
        rows += [
            (note.note_id, note.account_id, note.script, t.form, t.written, t.start, t.end)
            for t in first_places.values()
        ]
    columns = ["note_id", "account_id", "script", "term", "written", "start", "end"]
    table = pd.DataFrame(rows, columns=columns)
    spelling_of: dict[tuple[str, str], str] = {}
    spellings = Counter(zip(table["script"], table["term"], table["written"], strict=True))
    for (script, term, spelling), _ in spellings.most_common():
        spelling_of.setdefault((script, term), spelling)
    table["written"] = [spelling_of[key] for key in zip(table["script"], table["term"], strict=True)]
    return table


def key_words(words: pd.DataFrame, segment: pd.Series) -> pd.DataFrame:
    """The words that a segment uses more than all others, by log-odds within each script.

    words: see `count_terms`; a word counts once per company. segment: by account_id. Columns: script, segment, term,
    written, companies, of (companies of the segment with notes in the script), others, of_others (the same for the
    other segments), log_odds, low, high (95 %), z, sure (significant by Benjamini-Hochberg over all words of the
    segment). Only words with z > 0 that `MIN_COMPANIES` of the segment use; sorted by z, descending, at most
    `MAX_WORDS` per segment.
    """
    segment_words = words.assign(segment=words["account_id"].map(segment)).dropna(subset=["segment"])
    rows: list[tuple[object, ...]] = []
    for script, script_words in segment_words.groupby("script", sort=False):
        companies = script_words.drop_duplicates("account_id")["segment"].value_counts()
        if len(companies) < 2:
            continue
        company_words = script_words.drop_duplicates(["account_id", "term"])
        term, names = pd.factorize(company_words["term"])
        group, segments = pd.factorize(company_words["segment"], sort=True)
        spellings = company_words["written"].to_numpy()[np.unique(term, return_index=True)[1]]
        counts = np.bincount(term * len(segments) + group, minlength=len(names) * len(segments))
        inside = counts.reshape(len(names), len(segments)).astype(float)
        outside = inside.sum(axis=1, keepdims=True) - inside
        delta, error = log_odds_and_errors(inside, outside)
        low, high, z = delta - Z_95 * error, delta + Z_95 * error, delta / error
        for column, name in enumerate(segments):
            significant = benjamini_hochberg(2 * ndtr(-np.abs(z[:, column])), q=FALSE_DISCOVERY)
            chosen = np.flatnonzero((z[:, column] > 0) & (inside[:, column] >= MIN_COMPANIES))
            chosen = chosen[np.argsort(-z[chosen, column], kind="stable")][:MAX_WORDS]
            rows += [
                (
                    script, name, names[n], spellings[n],
                    int(inside[n, column]), int(companies[name]), int(outside[n, column]), int(companies.sum() - companies[name]),
                    delta[n, column], low[n, column], high[n, column], z[n, column], significant[n],
                )
                for n in chosen
            ]  # fmt: skip
    columns = [
        "script", "segment", "term", "written", "companies", "of", "others", "of_others", "log_odds", "low", "high", "z", "sure",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def can_compare(words: pd.DataFrame, segment: pd.Series) -> bool:
    """Whether the notes of any script come from companies of two segments, so that `key_words` has a comparison."""
    segments = words["account_id"].map(segment)
    return bool((segments.groupby(words["script"]).nunique() >= 2).any())


def pairs(words: pd.DataFrame) -> pd.DataFrame:
    """Pairs of words that occur together in notes of several companies, within each script.

    Columns: script, first, second (spellings), both (notes), companies, jaccard; highest index first.
    """
    parts = []
    for script, inside in words.groupby("script", sort=False):
        companies = inside.drop_duplicates(["account_id", "term"])["term"].value_counts()
        frequent = inside[inside["term"].isin(companies[companies >= MIN_COMPANIES].index[:MAX_PAIRED_WORDS])]
        spellings = frequent.drop_duplicates("term").set_index("term")["written"]
        company = frequent.drop_duplicates("note_id").set_index("note_id")["account_id"]
        table = co_occurrence(frequent["note_id"], frequent["term"], company)
        table = table[table["companies"] >= MIN_COMPANIES].head(MAX_PAIRS)
        written = {side: table[side].map(spellings) for side in ("first", "second")}
        parts.append(table.assign(script=script, **written))
    columns = ["script", "first", "second", "both", "companies", "jaccard"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def words_without_theme(words: pd.DataFrame, theme_notes: frozenset[str]) -> tuple[int, int, pd.DataFrame]:
    """The words of several companies that occur in no note of a theme.

    theme_notes: the ids of the notes of all themes. Returns the number of words of several companies that occur in
    one of these notes, the number of all words of several companies, and a table of the others: script, term,
    companies, written, notes, note_id (of one note); most companies first.
    """
    key = ["script", "term"]
    by_company = words.drop_duplicates([*key, "account_id"]).groupby(key, sort=False)
    words_used = by_company.agg(companies=("account_id", "size"), written=("written", "first"))
    notes_by_word = words.groupby(key, sort=False)["note_id"]
    words_used = words_used.assign(notes=notes_by_word.size(), note_id=notes_by_word.first())
    words_used = words_used[words_used["companies"] >= MIN_COMPANIES]
    in_theme_notes = words.loc[words["note_id"].isin(theme_notes), key].drop_duplicates()
    is_reached = words_used.index.isin(pd.MultiIndex.from_frame(in_theme_notes))
    missed = words_used[~is_reached].reset_index()
    missed = missed.sort_values(
        ["companies", "notes", "term"], ascending=[False, False, True], ignore_index=True
    )
    return int(is_reached.sum()), len(words_used), missed


def filter_script(rows: pd.DataFrame, script: str) -> pd.DataFrame:
    """The rows in a script, or all rows if there are none."""
    in_script = rows[rows["script"] == script]
    return (rows if in_script.empty else in_script).reset_index(drop=True)


def key_word_contexts(
    key_words: pd.DataFrame, words: pd.DataFrame, notes: pd.DataFrame, segment: pd.Series
) -> pd.DataFrame:
    """The latest occurrences of each key word in notes of its segment, of different companies, with their context.

    key_words: see `key_words`. notes: note_id, account_id, name, held_on, text. Columns: script, segment, term, left,
    hit, right, name, note_id.
    """
    segment_words = words.assign(segment=words["account_id"].map(segment))
    places = (
        key_words[["script", "segment", "term"]]
        .assign(rank=np.arange(len(key_words)))
        .merge(segment_words, on=["script", "segment", "term"])
    )
    places = places.merge(notes[["note_id", "name", "held_on", "text"]], on="note_id")
    places = places.sort_values(["rank", "held_on", "note_id"], ascending=[True, False, True], kind="stable")
    places = places.drop_duplicates(["rank", "account_id"]).groupby("rank").head(MAX_PLACES)
    texts = [text.translate({10: " ", 13: " "}) for text in places["text"]]
    spans = list(zip(texts, places["start"], places["end"], strict=True))
    places["left"] = [text[max(start - CONTEXT, 0) : start] for text, start, _ in spans]
    places["hit"] = [text[start:end] for text, start, end in spans]
    places["right"] = [text[end : end + CONTEXT] for text, _, end in spans]
    columns = ["script", "segment", "term", "left", "hit", "right", "name", "note_id"]
    return places[columns].reset_index(drop=True)
