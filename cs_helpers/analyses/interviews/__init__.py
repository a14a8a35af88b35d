"""Interviews: coverage of viewpoints and segments, evidence, quotes and themes, reasons, and agreement of coders."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from cs_helpers.analyses.interviews.coders import (
    agreement,
    code_agreement,
    codes_by_role,
    count_single_readings,
    disputed_notes,
    pairwise_kappa,
)
from cs_helpers.analyses.interviews.coverage import (
    coverage_by_segment,
    crossed_coverage,
    current_customers,
    next_companies,
)
from cs_helpers.analyses.interviews.declared import DECLARES as DECLARES
from cs_helpers.analyses.interviews.differences import exclusive_codes, segments_by_dimension, varying_codes
from cs_helpers.analyses.interviews.evidence import evidence_by_group, evidence_by_viewpoint, problem_depth
from cs_helpers.analyses.interviews.findings import interview_findings
from cs_helpers.analyses.interviews.framework import matrix, sources, themes
from cs_helpers.analyses.interviews.headlines import count_metrics
from cs_helpers.analyses.interviews.key_words import (
    can_compare,
    count_terms,
    key_word_contexts,
    key_words,
    pairs,
    words_without_theme,
)
from cs_helpers.analyses.interviews.readings import QUARTERS, note_readings
from cs_helpers.analyses.interviews.reasons import count_reasons, hypotheses
from cs_helpers.analyses.interviews.verdicts import verdicts
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.vocabulary import WHY_LEVELS
from cs_helpers.customers.segments import count_unknown, mask_unknown, segments_present
from cs_helpers.customers.time import missing_contracts
from cs_helpers.result import Metric, Note, Result
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.proportions import wilson
from cs_helpers.statistics.replication import replicate_facts
from cs_helpers.statistics.saturation import saturation_curves

#: the method asks for at least 20 to 30 companies
MIN_COMPANIES = 20
#: the key words of a segment that are shown in context
IN_CONTEXT = 3


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """As-Is from the interviews of the last four quarters; companies are counted, not mentions.

    The viewpoints and codes of a note are those of one coder (`readings.note_readings`).

    Tables: `coverage`, `crossing` and `next`: see `coverage`; `evidence`, `meter` (by group) and `depth`: see
    `evidence`; `framework`, `themes` and `sources`: see `framework`; `varies` and `segment_facts`: see `differences`;
    `key_words` (dimension size, quadrant or industry, then see `key_words.key_words`), `context`, `pairs` and
    `out_of_reach`: see `key_words`; `hypotheses` and `reasons`: see `reasons`; `frozen`: see
    `replication.replicate_facts`, tested on the reported quarter; `saturation`: see `saturation.saturation_curves`, by
    size; `agreement`, `code_agreement`, `role_pairs` and `ledger`: see `coders`; `disputed`: see
    `coders.disputed_notes`, with name, size, evidence and text of each note.
    """
    questions = (
        "coverage", "crossing", "next", "evidence", "framework", "key_words", "hypotheses", "frozen", "reasons", "saturation",
        "agreement", "depth", "varies",
    )  # fmt: skip
    missing = data.missing("interviews", "notes")
    first = quarter.back(QUARTERS - 1)
    if missing:
        unanswered = tuple(Note("missing_table", about, {"tables": missing}) for about in questions)
        return _empty_result(data, quarter, first, unanswered)
    readings = note_readings(data, quarter)
    companies = int(readings["account_id"].nunique())
    if not companies:
        unanswered = tuple(Note("no_interviews", about, {"quarters": QUARTERS}) for about in questions)
        return _empty_result(data, quarter, first, unanswered)
    notes: list[Note] = []
    interview_notes = readings.drop_duplicates("note_id")
    words = count_terms(interview_notes[interview_notes["evidence"] != "inference"])
    customers = current_customers(data, quarter)
    tables = {
        "evidence": evidence_by_viewpoint(readings), "meter": evidence_by_group(interview_notes),
        "crossing": crossed_coverage(readings, customers, data.sizes),
        "sources": sources(readings), **_word_tables(words, interview_notes),
    }  # fmt: skip
    metrics: dict[str, Metric] = {}
    if companies < MIN_COMPANIES:
        notes.append(Note("few_companies", "coverage", {"companies": companies, "needed": MIN_COMPANIES}))
    if data.missing("codings"):
        notes += [
            Note("missing_table", about, {"tables": ("codings",)})
            for about in questions
            if about not in ("crossing", "evidence", "key_words")
        ]
    else:
        tables |= _coding_tables(data, readings, quarter, customers, tables["crossing"])
        if not any(name in tables for name in ("agreement", "ledger")):
            notes.append(Note("one_coder", "agreement", {}))
        elif single := count_single_readings(_codings_of(data, readings)):
            notes.append(Note("read_by_one", "agreement", {"notes": single}))
        if tables["saturation"].empty:
            notes.append(Note("nothing_coded", "saturation", {}))
        notes += [Note("no_segments", name, {}) for name in ("coverage", "framework") if tables[name].empty]
        in_reach, all_words, tables["out_of_reach"] = words_without_theme(
            words, _theme_notes(tables["themes"])
        )
        if all_words:
            low, high = wilson(in_reach, all_words)
            metrics["words_in_reach"] = Metric(
                "words_in_reach", in_reach / all_words, "share", all_words, low, high
            )
        if tables["hypotheses"].empty:
            del tables["reasons"]
            notes.append(Note("no_reasons", "reasons", {}))
        if tables["next"].empty and not customers["account_id"].isin(readings["account_id"]).all():
            del tables["next"]
            notes.append(Note("no_segments", "next", {}))
        elif customers.empty:
            del tables["next"]
            notes.append(Note("no_customers", "next", {"quarter": str(quarter)}))
        elif tables["next"].empty and missing_contracts(data):
            del tables["next"]
            notes.append(Note("next_unknown", "next", {}))
    partly_unknown, all_unknown = count_unknown(customers, "size", "industry", "quadrant")
    if partly_unknown:
        notes.append(Note("segment_unknown", "coverage", {"segments": partly_unknown, "of": len(customers)}))
    if all_unknown:
        notes.append(Note("segment_not_recorded", "coverage", {"dimensions": all_unknown}))
    if tables["crossing"].empty:
        notes.append(Note("no_crossing", "crossing", {}))
    elif missing_contracts(data):
        notes.append(Note("accounts_only", "crossing", {}))
    if tables["key_words"].empty:
        del tables["key_words"]
        was_compared = any(
            can_compare(words, segment) for segment in segments_by_dimension(interview_notes).values()
        )
        notes.append(Note("no_leaning_word" if was_compared else "no_key_words", "key_words", {}))
    metrics |= count_metrics(readings, tables["evidence"])
    if len(tables.get("depth", ())):
        understood, total = int((tables["depth"]["known"] == len(WHY_LEVELS)).sum()), len(tables["depth"])
        low, high = wilson(understood, total)
        metrics["understood"] = Metric("understood", understood / total, "share", total, low, high)
    if "coverage" in tables:
        by_size = tables["coverage"][tables["coverage"]["dimension"] == "size"]
        by_size = by_size[mask_unknown(by_size["segment"]).notna()]
        if len(by_size):
            metrics["covered_cells"] = Metric(
                "covered_cells", float((by_size["companies"] > 0).mean()), "share", len(by_size), exact=True
            )
    said = verdicts(tables, metrics)
    return Result(
        "interviews",
        data.product.product,
        quarter,
        first.start,
        data.as_of,
        companies,
        tables,
        metrics,
        tuple(notes),
        verdicts=said,
        findings=interview_findings(tables, said),
    )


def _empty_result(data: ProductData, quarter: Quarter, first: Quarter, notes: Iterable[Note]) -> Result:
    product = data.product.product
    return Result("interviews", product, quarter, first.start, data.as_of, 0, {}, {}, tuple(notes))


def _coding_tables(
    data: ProductData,
    readings: pd.DataFrame,
    quarter: Quarter,
    customers: pd.DataFrame,
    crossing: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """The tables that need codings, over the companies with a coded note."""
    coded = readings.dropna(subset=["viewpoint"])
    # inferences count neither as mentions of a theme nor as a reason given
    is_inference = coded["evidence"] == "inference"
    mentions = coded.assign(
        **{column: coded[column].mask(is_inference) for column in ("code", "reason", "reason_status")}
    )
    segments = coded.drop_duplicates("account_id").set_index("account_id")[["size", "quadrant"]]
    coverage = coverage_by_segment(readings, customers, data.sizes)
    given_reasons = hypotheses(data, mentions, quarter)
    varies = varying_codes(mentions, segments)
    return {
        "coverage": coverage,
        "next": next_companies(customers, readings, coverage, crossing),
        "framework": matrix(coded, data.sizes),
        "themes": themes(coded),
        "hypotheses": given_reasons,
        "reasons": count_reasons(given_reasons, coded, data.sizes),
        "frozen": replicate_facts(mentions, pd.Timestamp(quarter.start)),
        "varies": varies,
        "depth": problem_depth(coded),
        "segment_facts": exclusive_codes(mentions, varies),
        "saturation": saturation_curves(
            mentions, segments["size"] if segments_present(segments["size"]) else None
        ),
        **_coder_tables(_codings_of(data, readings), readings),
    }


def _word_tables(words: pd.DataFrame, notes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Key words by size, quadrant and industry, those of sizes in context, and pairs of words."""
    segments = segments_by_dimension(notes)
    parts = [key_words(words, segment).assign(dimension=d) for d, segment in segments.items()]
    first_of_sizes = parts[0].groupby(["script", "segment"]).head(IN_CONTEXT)
    return {
        "key_words": pd.concat(parts, ignore_index=True),
        "context": key_word_contexts(first_of_sizes, words, notes, segments["size"]),
        "pairs": pairs(words),
    }


def _coder_tables(codings: pd.DataFrame, readings: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The agreement of coders and roles; empty where no note has two coders."""
    if not (codings.groupby("note_id")["coder"].nunique() >= 2).any():
        return {}
    notes = readings.drop_duplicates("note_id").set_index("note_id")
    tables = {
        "agreement": agreement(codings, notes["account_id"]),
        "code_agreement": code_agreement(codings, notes["account_id"]),
        "role_pairs": pairwise_kappa(codings, "coder_role"),
        "disputed": disputed_notes(codings).merge(
            notes[["name", "size", "evidence", "text"]], left_on="note_id", right_index=True
        ),
    }
    ledger = codes_by_role(codings, notes["account_id"])
    return tables | ({"ledger": ledger} if ledger.shape[1] > 4 else {})  # with two roles or more


def _codings_of(data: ProductData, readings: pd.DataFrame) -> pd.DataFrame:
    """All codings, of all coders, of the notes of the period."""
    return data["codings"][data["codings"]["note_id"].isin(readings["note_id"])]


def _theme_notes(themes: pd.DataFrame) -> frozenset[str]:
    """The ids of the notes of all themes."""
    return frozenset(themes.loc[themes["theme"], "note_ids"].explode())
