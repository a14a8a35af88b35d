"""The evidence of notes (behaviour, words or inference), and the depth to which problems are understood."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.contract.vocabulary import VIEWPOINTS, WHY_LEVELS
from cs_helpers.customers.segments import SEGMENTS, segments_present
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg, wilson
from cs_helpers.statistics.variation import exact_p

#: dimension of `evidence_by_group` -> column of the notes
GROUPS = {
    "size": "size",
    "quadrant": "quadrant",
    "industry": "industry",
    "interviewer": "interviewer",
    "company": "name",
}


def evidence_by_viewpoint(readings: pd.DataFrame) -> pd.DataFrame:
    """The number of notes by viewpoint and evidence, and the share of behaviour.

    Columns: viewpoint (or `all`), behaviour, words, inference, share, low, high (of behaviour among behaviour and
    words; Wilson, 95 %).
    """
    rows = []
    overall = readings.drop_duplicates("note_id")["evidence"].value_counts()
    by_viewpoint = readings.drop_duplicates(["note_id", "viewpoint"]).value_counts(["viewpoint", "evidence"])
    for viewpoint in ("all", *VIEWPOINTS):
        counts = {
            kind: int(overall.get(kind, 0) if viewpoint == "all" else by_viewpoint.get((viewpoint, kind), 0))
            for kind in ("behaviour", "words", "inference")
        }
        n = counts["behaviour"] + counts["words"]
        low, high = wilson(counts["behaviour"], n)
        rows.append(
            {
                "viewpoint": viewpoint,
                **counts,
                "share": counts["behaviour"] / n if n else np.nan,
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(rows)


def evidence_by_group(notes: pd.DataFrame) -> pd.DataFrame:
    """The share of behaviour and of guesses by segment, interviewer and company.

    notes: one row per note, see `readings.note_readings`. Columns: dimension, group, companies, notes, behaviour,
    words, inference, share, low, high (of behaviour among behaviour and words), guessed, guessed_low, guessed_high
    (share of notes that are inference; all intervals Wilson, 95 %), drifts (an interviewer who guesses more often
    than all others together: exact test, Benjamini-Hochberg over the interviewers). Within a dimension sorted by the
    lower bound of the share of guesses, descending.
    """
    rows = []
    all_guesses, all_notes = int((notes["evidence"] == "inference").sum()), len(notes)
    for dimension, column in GROUPS.items():
        if dimension in SEGMENTS and not segments_present(notes[column]):
            continue
        # companies are grouped by account, because two may have the same name
        counts = (
            notes.groupby(["account_id", column] if dimension == "company" else column)["evidence"]
            .value_counts()
            .unstack(fill_value=0)
        )
        counts = counts.reindex(columns=["behaviour", "words", "inference"], fill_value=0)
        companies = {} if dimension == "company" else notes.groupby(column)["account_id"].nunique().to_dict()
        for key, (behaviour, words, inference) in zip(counts.index, counts.to_numpy().tolist(), strict=True):
            group = key[1] if dimension == "company" else key
            certain, n = behaviour + words, behaviour + words + inference
            low, high = wilson(behaviour, certain)
            guessed_low, guessed_high = wilson(inference, n)
            guesses_more = inference / n > all_guesses / all_notes
            rows.append(
                {
                    "dimension": dimension, "group": group, "companies": int(companies.get(key, 1)), "notes": n,
                    "behaviour": behaviour, "words": words, "inference": inference,
                    "share": behaviour / certain if certain else np.nan, "low": low, "high": high,
                    "guessed": inference / n, "guessed_low": guessed_low, "guessed_high": guessed_high,
                    "p": exact_p([inference, all_guesses - inference], [n, all_notes - n]) if guesses_more else 1.0,
                }
            )  # fmt: skip
    table = pd.DataFrame(rows)
    is_interviewer = (table["dimension"] == "interviewer").to_numpy()
    table["drifts"] = False
    table.loc[is_interviewer, "drifts"] = benjamini_hochberg(
        table.loc[is_interviewer, "p"].to_list(), q=FALSE_DISCOVERY
    )
    order = table["dimension"].map({dimension: n for n, dimension in enumerate(GROUPS)})
    return (
        table.assign(order=order)
        .sort_values(["order", "guessed_low", "group"], ascending=[True, False, True], ignore_index=True)
        .drop(columns=["order", "p"])
    )


def problem_depth(readings: pd.DataFrame) -> pd.DataFrame:
    """The depth to which the problem of each company is understood, and the question to ask next.

    Columns: account_id, name, size, what, why, core, expectation (whether a note that is no inference has it), known
    (how many of the four), ask (the first that is missing, '' if none is). Sorted by `known`.
    """
    problems = readings[(readings["viewpoint"] == "problem") & (readings["evidence"] != "inference")]
    companies = readings.drop_duplicates("account_id")[["account_id", "name", "size"]]
    grouped = problems.groupby("account_id")["why_level"].agg(set).reindex(companies["account_id"])
    known_levels = [levels if isinstance(levels, set) else set() for levels in grouped]
    table = companies.assign(**{level: [level in known for known in known_levels] for level in WHY_LEVELS})
    table["known"] = table[list(WHY_LEVELS)].sum(axis=1)
    table["ask"] = [next((level for level in WHY_LEVELS if level not in known), "") for known in known_levels]
    return table.sort_values(["known", "account_id"], ignore_index=True)
