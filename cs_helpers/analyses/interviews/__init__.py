"""What customers do and say: coverage of viewpoints and segments, behaviour against words, quotes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.analyses.interviews.coders import agreement, code_agreement, disputed, ledger, read_by_one
from cs_helpers.analyses.interviews.coders import pairs as role_pairs
from cs_helpers.analyses.interviews.coverage import crossing, customers_of, grid, next_companies
from cs_helpers.analyses.interviews.declared import DECLARES as DECLARES
from cs_helpers.analyses.interviews.framework import matrix, sources, themes
from cs_helpers.analyses.interviews.key_words import (
    compared,
    counted,
    in_context,
    key_words,
    out_of_reach,
    pairs,
)
from cs_helpers.analyses.interviews.reasons import counted as counted_reasons
from cs_helpers.analyses.interviews.reasons import hypotheses
from cs_helpers.analyses.interviews.verdicts import verdicts
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.vocabulary import UNKNOWN, VIEWPOINTS, WHY_LEVELS
from cs_helpers.customers.segments import (
    SEGMENTS,
    count_unknown,
    mask_unknown,
    segments_present,
    with_segments,
)
from cs_helpers.customers.time import missing_contracts
from cs_helpers.result import Metric, Note, Result
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg, wilson
from cs_helpers.statistics.replication import replicate_facts
from cs_helpers.statistics.saturation import saturation_curves
from cs_helpers.statistics.variation import compare_segments, exact_p
from cs_helpers.words.masking import uncovered
from cs_helpers.words.tokens import JAPANESE

#: interviews of so many quarters, the reported one included, are read together
QUARTERS = 4
#: the method asks for at least 20 to 30 companies
LEAST_COMPANIES = 20
#: a code is compared between segments when so many companies told it
LEAST_TOLD = 5
#: so many key words of a segment are shown in context
IN_CONTEXT = 3


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """As-Is from the interviews of the last four quarters; companies are counted, not mentions.

    A note's viewpoints and codes are those of one coder (`_told`).

    Tables: `coverage` and `crossing`: see `coverage.grid` and `.crossing`; `next`: see
    `coverage.next_companies`; `evidence` (viewpoint or `all`, behaviour, words, inference, share, low, high): behaviour
    among behaviour and words; `meter`: see `_meter`; `framework`, `themes` and `sources`: see `framework`;
    `segment_facts` (code, size, companies, of, other_of, p, script, text): codes that vary by size, and one
    size alone tells; `depth`: see `_depth`; `varies` (dimension size or quadrant, then see
    `variation.varying`); `key_words` (dimension size, quadrant or industry, then see `key_words.key_words`), `context`,
    `pairs` and `out_of_reach`: see `key_words`; `hypotheses` and `reasons`: see
    `reasons.hypotheses` and `.counted`; `frozen`: see `replication.frozen_facts`, tested on the reported quarter;
    `saturation`: see `saturation.heard`, by size; `agreement`, `code_agreement`, `role_pairs` and `ledger`: see `coders`;
    `disputed`: the same with name, size, evidence and text of each note.
    """
    asked = (
        "coverage", "crossing", "next", "evidence", "framework", "key_words", "hypotheses", "frozen", "reasons", "saturation",
        "agreement", "depth", "varies",
    )  # fmt: skip
    missing = data.missing("interviews", "notes")
    first = quarter.back(QUARTERS - 1)
    if missing:
        notes = tuple(Note("missing_table", about, {"tables": missing}) for about in asked)
        return Result("interviews", data.product.product, quarter, first.start, data.as_of, 0, {}, {}, notes)
    told = _told(data, quarter)
    companies = int(told["account_id"].nunique())
    if not companies:
        notes = tuple(Note("no_interviews", about, {"quarters": QUARTERS}) for about in asked)
        return Result("interviews", data.product.product, quarter, first.start, data.as_of, 0, {}, {}, notes)
    found: list[Note] = []
    notes_told = told.drop_duplicates("note_id")
    words = counted(notes_told[notes_told["evidence"] != "inference"])
    customers = customers_of(data, quarter)
    tables = {
        "evidence": _evidence(told), "meter": _meter(notes_told), "crossing": crossing(told, customers, data.sizes),
        "sources": sources(told), **_words(words, notes_told),
    }  # fmt: skip
    metrics: dict[str, Metric] = {}
    if companies < LEAST_COMPANIES:
        found.append(Note("few_companies", "coverage", {"companies": companies, "needed": LEAST_COMPANIES}))
    if data.missing("codings"):
        found += [
            Note("missing_table", about, {"tables": ("codings",)})
            for about in asked
            if about not in ("crossing", "evidence", "key_words")
        ]
    else:
        tables |= _coded(data, told, quarter, customers, tables["crossing"])
        if not any(name in tables for name in ("agreement", "ledger")):
            found.append(Note("one_coder", "agreement", {}))
        elif alone := read_by_one(data["codings"][data["codings"]["note_id"].isin(told["note_id"])]):
            found.append(Note("read_by_one", "agreement", {"notes": alone}))
        if tables["saturation"].empty:
            found.append(Note("nothing_coded", "saturation", {}))
        found += [Note("no_segments", name, {}) for name in ("coverage", "framework") if tables[name].empty]
        in_reach, of_words, tables["out_of_reach"] = out_of_reach(
            words, frozenset(tables["themes"].loc[tables["themes"]["theme"], "note_ids"].explode())
        )
        if of_words:
            low, high = wilson(in_reach, of_words)
            metrics["words_in_reach"] = Metric(
                "words_in_reach", in_reach / of_words, "share", of_words, low, high
            )
        if tables["hypotheses"].empty:
            del tables["reasons"]
            found.append(Note("no_reasons", "reasons", {}))
        if tables["next"].empty and not customers["account_id"].isin(told["account_id"]).all():
            del tables["next"]
            found.append(Note("no_segments", "next", {}))
        elif customers.empty:
            del tables["next"]
            found.append(Note("no_customers", "next", {"quarter": str(quarter)}))
        elif tables["next"].empty and missing_contracts(data):
            del tables["next"]
            found.append(Note("next_unknown", "next", {}))
    some, none = count_unknown(customers, "size", "industry", "quadrant")
    if some:
        found.append(Note("segment_unknown", "coverage", {"segments": some, "of": len(customers)}))
    if none:
        found.append(Note("segment_not_recorded", "coverage", {"dimensions": none}))
    if tables["crossing"].empty:
        found.append(Note("no_crossing", "crossing", {}))
    elif missing_contracts(data):
        found.append(Note("accounts_only", "crossing", {}))
    if tables["key_words"].empty:
        del tables["key_words"]
        among = (compared(words, segment) for segment in _segments(notes_told).values())
        found.append(Note("no_leaning_word" if any(among) else "no_key_words", "key_words", {}))
    all_notes = tables["evidence"].set_index("viewpoint").loc["all"]
    seen = int(all_notes["behaviour"] + all_notes["words"])
    metrics |= {
        "companies": Metric("companies", float(companies), "count", companies),
        "notes": Metric("notes", float(len(notes_told)), "count", len(notes_told)),
        "behaviour_share": Metric(
            "behaviour_share",
            float(all_notes["share"]) if seen else None,
            "share",
            seen,
            float(all_notes["low"]) if seen else None,
            float(all_notes["high"]) if seen else None,
        ),
    }
    if len(tables.get("depth", ())):
        whole, of = int((tables["depth"]["known"] == len(WHY_LEVELS)).sum()), len(tables["depth"])
        low, high = wilson(whole, of)
        metrics["understood"] = Metric("understood", whole / of, "share", of, low, high)
    if "coverage" in tables:
        by_size = tables["coverage"][tables["coverage"]["dimension"] == "size"]
        by_size = by_size[mask_unknown(by_size["segment"]).notna()]
        if len(by_size):
            metrics["covered_cells"] = Metric(
                "covered_cells", float((by_size["companies"] > 0).mean()), "share", len(by_size)
            )
    return Result(
        "interviews",
        data.product.product,
        quarter,
        first.start,
        data.as_of,
        companies,
        tables,
        metrics,
        tuple(found),
        verdicts=verdicts(tables, metrics),
    )


def _coded(
    data: ProductData, told: pd.DataFrame, quarter: Quarter, customers: pd.DataFrame, crossed: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """What rests on how notes were read: of a company that nobody coded yet nothing is known."""
    coded = told.dropna(subset=["viewpoint"])
    guessed = coded["evidence"] == "inference"
    # what was only inferred is nobody's theme and nobody's reason
    said = coded.assign(
        **{column: coded[column].mask(guessed) for column in ("code", "reason", "reason_status")}
    )
    segments = coded.drop_duplicates("account_id").set_index("account_id")[["size", "quadrant"]]
    heard_in, asked_why, varies = (
        grid(told, customers, data.sizes),
        hypotheses(data, said, quarter),
        _varies(said, segments),
    )
    return {
        "coverage": heard_in,
        "next": next_companies(customers, told, heard_in, crossed),
        "framework": matrix(coded, data.sizes),
        "themes": themes(coded),
        "hypotheses": asked_why,
        "reasons": counted_reasons(asked_why, coded, data.sizes),
        "frozen": replicate_facts(said, pd.Timestamp(quarter.start)),
        "varies": varies,
        "depth": _depth(coded),
        "segment_facts": _segment_facts(said, varies),
        "saturation": saturation_curves(
            said, segments["size"] if segments_present(segments["size"]) else None
        ),
        **_shared(data["codings"], told),
    }


def _words(words: pd.DataFrame, notes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Key words by size, quadrant and industry, the first of each size in context, and what comes together."""
    of_company = _segments(notes)
    parts = [key_words(words, segment).assign(dimension=d) for d, segment in of_company.items()]
    found = pd.concat(parts, ignore_index=True)
    first = parts[0].groupby(["script", "segment"]).head(IN_CONTEXT)
    return {
        "key_words": found,
        "context": in_context(first, words, notes, of_company["size"]),
        "pairs": pairs(words),
    }


def _segments(notes: pd.DataFrame) -> dict[str, pd.Series]:
    """Of each dimension the segment of each company heard, by account_id; missing where it is not known."""
    of_company = notes.drop_duplicates("account_id").set_index("account_id")
    return {dimension: mask_unknown(of_company[dimension]) for dimension in ("size", "quadrant", "industry")}


def _told(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """One row a reading of a note: its company and segments, its evidence, viewpoint and code.

    The readings of a note are those of one coder: of those that coded it, who coded most notes of the
    period (of equals, who stands first in the table). A note that nobody coded has one row, without a reading. `script` is `ja` where a note holds
    Japanese letters, else `latin`.
    """
    interviews = data["interviews"]
    held = interviews["held_on"].between(
        pd.Timestamp(quarter.back(QUARTERS - 1).start), pd.Timestamp(quarter.end), inclusive="both"
    )
    accounts = with_segments(data["accounts"])[["account_id", "name", "size", "industry", "quadrant"]]
    told = data["notes"].merge(
        interviews[held][["interview_id", "account_id", "held_on", "interviewer"]], on="interview_id"
    )
    told = told.merge(accounts, on="account_id")
    told["script"] = np.where(told["text"].map(uncovered).str.contains(JAPANESE), "ja", "latin")
    columns = ["note_id", "viewpoint", "polarity", "code", "why_level", "reason", "reason_status"]
    codings = data["codings"][data["codings"]["note_id"].isin(told["note_id"])]
    # of coders with as many notes the first in the table: by name, the edition for leadership would have another
    coders = codings.groupby("coder", sort=False).size().sort_values(ascending=False, kind="stable")
    place = codings["coder"].map({coder: n for n, coder in enumerate(coders.index)})
    codings = codings[place == place.groupby(codings["note_id"]).transform("min")]
    codings = codings.sort_values(["note_id", "viewpoint", "code"], kind="stable")
    return told.merge(codings[columns], on="note_id", how="left")


def _shared(codings: pd.DataFrame, told: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """What coders and roles make of the same notes; nothing where each note has one coder."""
    codings = codings[codings["note_id"].isin(told["note_id"])]
    if not (codings.groupby("note_id")["coder"].nunique() >= 2).any():
        return {}
    notes = told.drop_duplicates("note_id").set_index("note_id")
    apart = disputed(codings).merge(
        notes[["name", "size", "evidence", "text"]], left_on="note_id", right_index=True
    )
    found = {
        "agreement": agreement(codings, notes["account_id"]),
        "code_agreement": code_agreement(codings, notes["account_id"]),
        "role_pairs": role_pairs(codings, "coder_role"),
        "disputed": apart,
    }
    seen = ledger(codings, notes["account_id"])
    return found | ({"ledger": seen} if seen.shape[1] > 4 else {})  # of two roles or more


def _evidence(told: pd.DataFrame) -> pd.DataFrame:
    rows = []
    of_all = told.drop_duplicates("note_id")["evidence"].value_counts()
    of_viewpoint = told.drop_duplicates(["note_id", "viewpoint"]).value_counts(["viewpoint", "evidence"])
    for viewpoint in ("all", *VIEWPOINTS):
        count = {
            kind: int(of_all.get(kind, 0) if viewpoint == "all" else of_viewpoint.get((viewpoint, kind), 0))
            for kind in ("behaviour", "words", "inference")
        }
        seen = count["behaviour"] + count["words"]
        low, high = wilson(count["behaviour"], seen)
        rows.append(
            {
                "viewpoint": viewpoint,
                **count,
                "share": count["behaviour"] / seen if seen else np.nan,
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(rows)


def _meter(told: pd.DataFrame) -> pd.DataFrame:
    """Behaviour against words by segment, interviewer and company, and who guesses.

    Columns: dimension, group, companies, notes, behaviour, words, inference, share, low, high (of behaviour among
    behaviour and words), guessed, guessed_low, guessed_high (share of notes only inferred; all Wilson, 95 %),
    drifts (an interviewer who guesses more often than all others together: exact test,
    Benjamini-Hochberg over the interviewers). In each dimension who guesses most comes first.
    """
    rows = []
    guesses, notes = int((told["evidence"] == "inference").sum()), len(told)
    groups = {
        "size": "size",
        "quadrant": "quadrant",
        "industry": "industry",
        "interviewer": "interviewer",
        "company": "name",
    }
    for dimension, column in groups.items():
        if dimension in SEGMENTS and not segments_present(told[column]):
            continue
        counts = (
            told.groupby(["account_id", column] if dimension == "company" else column)["evidence"]
            .value_counts()
            .unstack(fill_value=0)
        )
        counts = counts.reindex(columns=["behaviour", "words", "inference"], fill_value=0)
        asked = {} if dimension == "company" else told.groupby(column)["account_id"].nunique().to_dict()
        for key, (behaviour, words, inference) in zip(counts.index, counts.to_numpy().tolist(), strict=True):
            group = key[1] if dimension == "company" else key  # two companies may have one name
            seen, n = behaviour + words, behaviour + words + inference
            low, high = wilson(behaviour, seen)
            guessed_low, guessed_high = wilson(inference, n)
            rows.append(
                {
                    "dimension": dimension, "group": group, "companies": int(asked.get(key, 1)), "notes": n,
                    "behaviour": behaviour, "words": words, "inference": inference,
                    "share": behaviour / seen if seen else np.nan, "low": low, "high": high,
                    "guessed": inference / n, "guessed_low": guessed_low, "guessed_high": guessed_high,
                    "p": exact_p([inference, guesses - inference], [n, notes - n]) if inference / n > guesses / notes else 1.0,
                }
            )  # fmt: skip
    found = pd.DataFrame(rows)
    asking = (found["dimension"] == "interviewer").to_numpy()
    found["drifts"] = False
    found.loc[asking, "drifts"] = benjamini_hochberg(found.loc[asking, "p"].to_list(), q=FALSE_DISCOVERY)
    order = found["dimension"].map({dimension: n for n, dimension in enumerate(groups)})
    return (
        found.assign(order=order)
        .sort_values(["order", "guessed_low", "group"], ascending=[True, False, True], ignore_index=True)
        .drop(columns=["order", "p"])
    )


def _depth(told: pd.DataFrame) -> pd.DataFrame:
    """How deep each company's problem is understood, and what to ask next.

    Columns: account_id, name, size, what, why, core, expectation (whether a note that is no guess says
    so), known (how many of the four), ask (the first that is missing, '' where none is). Who is understood
    least comes first.
    """
    solid = told[(told["viewpoint"] == "problem") & (told["evidence"] != "inference")]
    companies = told.drop_duplicates("account_id")[["account_id", "name", "size"]]
    levels = solid.groupby("account_id")["why_level"].agg(set).reindex(companies["account_id"])
    sets = [own if isinstance(own, set) else set() for own in levels]
    found = companies.assign(**{level: [level in own for own in sets] for level in WHY_LEVELS})
    found["known"] = found[list(WHY_LEVELS)].sum(axis=1)
    found["ask"] = [next((level for level in WHY_LEVELS if level not in own), "") for own in sets]
    return found.sort_values(["known", "account_id"], ignore_index=True)


def _varies(coded: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """Each code by size and by quadrant: whether it varies."""
    parts = [compare_segments(coded, mask_unknown(segments[d])).assign(dimension=d) for d in segments]
    return pd.concat(parts, ignore_index=True).sort_values(["p", "code"], kind="stable", ignore_index=True)


def _segment_facts(told: pd.DataFrame, varies: pd.DataFrame) -> pd.DataFrame:
    """Codes that vary by size, and that companies of one size tell and none of the others."""
    rows = []
    sure = varies[(varies["dimension"] == "size") & (varies["verdict"] == "varies")]
    for found in sure.itertuples():
        told_by = {size: n for size, n in found.told.items() if n}
        elsewhere = (told["code"] == found.code) & (told["size"] == UNKNOWN)  # perhaps of another size
        if len(told_by) > 1 or sum(told_by.values()) < LEAST_TOLD or elsewhere.any():
            continue
        [(size, companies)] = told_by.items()
        of = found.of[size]
        inside = told[told["code"] == found.code].sort_values(["held_on", "note_id"])
        latest = inside.drop_duplicates("script", keep="last")
        other = sum(found.of.values()) - of
        rows += [
            [found.code, size, companies, of, other, found.p, q.script, q.text] for q in latest.itertuples()
        ]
    return pd.DataFrame(rows, columns=["code", "size", "companies", "of", "other_of", "p", "script", "text"])
