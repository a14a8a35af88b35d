"""What customers do and say: coverage of viewpoints and segments, behaviour against words, quotes."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from cs_helpers.analyses.agreement import agreement, disputed, ledger, pairs
from cs_helpers.analyses.customers import QUADRANT_ORDER, SIZE_ORDER, active_on, with_segments
from cs_helpers.analyses.proportions import FALSE_DISCOVERY, benjamini_hochberg, wilson
from cs_helpers.analyses.result import Metric, Note, Result
from cs_helpers.analyses.saturation import heard
from cs_helpers.analyses.variation import exact_p, varying
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.vocabulary import REASONS, VIEWPOINTS, WHY_LEVELS
from cs_helpers.snapshot import ProductData

#: interviews of so many quarters, the reported one included, are read together
QUARTERS = 4
#: the method asks for at least 20 to 30 companies
LEAST_COMPANIES = 20
#: behaviour to words, 6 : 4
BEHAVIOUR_TARGET = 0.6
#: a code is compared between segments when so many companies told it
LEAST_TOLD = 5
QUOTES = 2
#: a code is a theme with so many notes, seen or said, from so many companies: nothing is abstracted from less
THEME_NOTES, THEME_COMPANIES = 3, 2
#: industries beyond the largest so many are not listed one by one
MOST_INDUSTRIES = 8
_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """As-Is from the interviews of the last four quarters; companies are counted, not mentions.

    A note's viewpoints and codes are those of one coder (`_told`).

    Tables: `coverage` (dimension size, quadrant or industry, segment, viewpoint, companies); `next` (name,
    size, quadrant, viewpoints): companies whose interview would fill empty cells; `evidence`
    (viewpoint or `all`, behaviour, words, inference, share, low, high): behaviour among behaviour
    and words; `quotes` (viewpoint, size, code, companies, script, account_id, note_id, evidence, text): for
    each viewpoint and size the codes that most companies told, with a verbatim note of each script; `segment_facts`
    (code, size, companies, of, other_of, p, script, text): codes that vary by size, and one size alone tells;
    `themes`: see `_themes`; `depth`: see `_depth`; `meter`: see `_meter`; `varies` (dimension size or
    quadrant, then see `variation.varying`); `reasons` (reason, size, companies, of); `saturation`: see
    `saturation.heard`, by size; `agreement`, `pairs` (of roles) and `ledger`: see `agreement`; `disputed`: the same with name, size, evidence
    and text of each note.
    """
    asked = ("coverage", "evidence", "quotes", "reasons", "saturation", "agreement")
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
    tables = {"evidence": _evidence(told), "meter": _meter(notes_told)}
    if companies < LEAST_COMPANIES:
        found.append(Note("few_companies", "coverage", {"companies": companies, "needed": LEAST_COMPANIES}))
    if data.missing("codings"):
        found += [
            Note("missing_table", about, {"tables": ("codings",)})
            for about in ("coverage", "quotes", "reasons", "saturation", "agreement")
        ]
    else:
        coded = told.dropna(subset=["viewpoint"])  # of a company that nobody coded nothing is known
        segments = coded.drop_duplicates("account_id").set_index("account_id")[["size", "quadrant"]]
        varies = _varies(coded, segments)
        tables |= {
            "coverage": _coverage(told),
            "quotes": _quotes(told),
            "reasons": _reasons(told),
            "themes": _themes(told),
            "varies": varies,
            "depth": _depth(told),
        }
        tables["segment_facts"] = _segment_facts(told, varies)
        tables["next"] = _next_companies(data, told, tables["coverage"], quarter)
        tables["saturation"] = heard(coded, segments["size"])
        shared = _shared(data["codings"], told)
        tables |= shared
        if not shared:
            found.append(Note("one_coder", "agreement", {}))
    all_notes = tables["evidence"].set_index("viewpoint").loc["all"]
    seen = int(all_notes["behaviour"] + all_notes["words"])
    metrics = {
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
    if "depth" in tables:
        whole = int((tables["depth"]["known"] == len(WHY_LEVELS)).sum())
        low, high = wilson(whole, companies)
        metrics["understood"] = Metric("understood", whole / companies, "share", companies, low, high)
    if "coverage" in tables:
        by_size = tables["coverage"][tables["coverage"]["dimension"] == "size"]
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
    )


def _told(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """One row a reading of a note: its company and segments, its evidence, viewpoint and code.

    The readings of a note are those of one coder: of those that coded it, who coded most notes of the
    period. A note that nobody coded has one row, without a reading. `script` is `ja` where a note holds
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
    told["script"] = np.where(told["text"].str.contains(_JAPANESE), "ja", "latin")
    columns = ["note_id", "viewpoint", "polarity", "code", "why_level", "reason", "reason_status"]
    codings = data["codings"][data["codings"]["note_id"].isin(told["note_id"])]
    coders = codings.groupby("coder").size().sort_values(ascending=False, kind="stable")
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
        "pairs": pairs(codings, "coder_role"),
        "disputed": apart,
    }
    seen = ledger(codings, notes["account_id"])
    return found | ({"ledger": seen} if seen.shape[1] > 4 else {})  # of two roles or more


def _coverage(told: pd.DataFrame) -> pd.DataFrame:
    industries = told.groupby("industry")["account_id"].nunique().sort_values(ascending=False, kind="stable")
    rows = []
    for dimension, segments in (
        ("size", SIZE_ORDER),
        ("quadrant", QUADRANT_ORDER),
        ("industry", tuple(industries.index[:MOST_INDUSTRIES])),
    ):
        if told[dimension].isna().all():
            continue
        heard = told.groupby([dimension, "viewpoint"])["account_id"].nunique()
        rows += [
            {
                "dimension": dimension,
                "segment": segment,
                "viewpoint": viewpoint,
                "companies": int(heard.get((segment, viewpoint), 0)),
            }
            for segment in segments
            for viewpoint in VIEWPOINTS
        ]
    return pd.DataFrame(rows)


def _next_companies(
    data: ProductData, told: pd.DataFrame, coverage: pd.DataFrame, quarter: Quarter
) -> pd.DataFrame:
    """The customers not yet talked with whose segments have the thinnest cells, at most five."""
    running = active_on(data["contracts"], quarter.end)
    accounts = with_segments(data["accounts"])
    free = accounts[
        accounts["account_id"].isin(running["account_id"]) & ~accounts["account_id"].isin(told["account_id"])
    ].copy()
    thin = coverage.sort_values("companies").groupby(["dimension", "segment"]).head(1)
    least = {(r.dimension, r.segment): (r.companies, r.viewpoint) for r in thin.itertuples()}
    columns = ["name", "size", "quadrant", "segment", "viewpoint", "companies"]
    rows = []
    for account in free[["name", "size", "quadrant"]].itertuples():
        cells = [
            (least[(d, getattr(account, d))], getattr(account, d))
            for d in ("size", "quadrant")
            if (d, getattr(account, d)) in least
        ]
        if cells:
            (companies, viewpoint), segment = min(cells, key=lambda cell: cell[0][0])
            rows.append([account.name, account.size, account.quadrant, segment, viewpoint, companies])
    found = pd.DataFrame(rows, columns=columns).sort_values(["companies", "name"])
    # one from each thin cell before a second from the same
    found["turn"] = found.groupby("segment").cumcount()
    return (
        found.sort_values(["turn", "companies", "name"]).head(5).drop(columns="turn").reset_index(drop=True)
    )


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
    """Behaviour against words by size, interviewer and company, and who guesses.

    Columns: dimension, group, notes, behaviour, words, inference, share, low, high (of behaviour among
    behaviour and words), guessed, guessed_low, guessed_high (share of notes only inferred; all Wilson, 95 %),
    drifts (an interviewer who guesses more often than all others together: exact test,
    Benjamini-Hochberg over the interviewers). In each dimension who guesses most comes first.
    """
    rows = []
    guesses, notes = int((told["evidence"] == "inference").sum()), len(told)
    for dimension, column in (("size", "size"), ("interviewer", "interviewer"), ("company", "name")):
        counts = told.groupby(column)["evidence"].value_counts().unstack(fill_value=0)
        counts = counts.reindex(columns=["behaviour", "words", "inference"], fill_value=0)
        for group, own in counts.iterrows():
            seen, n = int(own["behaviour"] + own["words"]), int(own.sum())
            low, high = wilson(int(own["behaviour"]), seen)
            guessed_low, guessed_high = wilson(int(own["inference"]), n)
            of_others = [int(own["inference"]), guesses - int(own["inference"])], [n, notes - n]
            rows.append(
                {
                    "dimension": dimension, "group": group, "notes": n, **own.astype(int).to_dict(),
                    "share": own["behaviour"] / seen if seen else np.nan, "low": low, "high": high,
                    "guessed": own["inference"] / n, "guessed_low": guessed_low, "guessed_high": guessed_high,
                    "p": exact_p(*of_others) if own["inference"] / n > guesses / notes else 1.0,
                }
            )  # fmt: skip
    found = pd.DataFrame(rows)
    asking = (found["dimension"] == "interviewer").to_numpy()
    found["drifts"] = False
    found.loc[asking, "drifts"] = benjamini_hochberg(found.loc[asking, "p"].to_list(), q=FALSE_DISCOVERY)
    order = found["dimension"].map({"size": 0, "interviewer": 1, "company": 2})
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


def _quotes(told: pd.DataFrame) -> pd.DataFrame:
    """The most told codes of each viewpoint and size, with the latest note seen or said in each script."""
    cell, code = ["viewpoint", "size"], ["viewpoint", "size", "code"]
    solid = told[told["evidence"] != "inference"].sort_values(["held_on", "note_id"])
    companies = solid.groupby(code)["account_id"].nunique().rename("companies").reset_index()
    most = companies.sort_values([*cell, "companies"], ascending=[True, True, False], kind="stable")
    latest = solid[[*code, "script", "account_id", "note_id", "evidence", "text"]].drop_duplicates(
        [*code, "script"], keep="last"
    )
    found = most.groupby(cell).head(QUOTES).merge(latest, on=code)
    order = {v: i for i, v in enumerate(VIEWPOINTS)} | {v: i for i, v in enumerate(SIZE_ORDER)}
    return found.sort_values(cell, key=lambda c: c.map(order), kind="stable", ignore_index=True)


def _themes(told: pd.DataFrame) -> pd.DataFrame:
    """Each code with its notes: a theme only with enough of them, seen or said, from enough companies.

    Columns: code, companies, notes, note_ids (of notes that are no guess, the latest first), theme. What
    most companies told comes first.
    """
    solid = told[told["evidence"] != "inference"].dropna(subset=["code"]).drop_duplicates(["note_id", "code"])
    solid = solid.sort_values(["held_on", "note_id"], ascending=[False, True])
    found = solid.groupby("code").agg(
        companies=("account_id", "nunique"), notes=("note_id", "size"), note_ids=("note_id", tuple)
    )
    found["theme"] = (found["notes"] >= THEME_NOTES) & (found["companies"] >= THEME_COMPANIES)
    return found.reset_index().sort_values(
        ["companies", "notes", "code"], ascending=[False, False, True], ignore_index=True
    )


def _varies(coded: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """Each code by size and by quadrant: whether it varies."""
    parts = [varying(coded, segments[d]).assign(dimension=d) for d in segments]
    return pd.concat(parts, ignore_index=True).sort_values(["p", "code"], kind="stable", ignore_index=True)


def _segment_facts(told: pd.DataFrame, varies: pd.DataFrame) -> pd.DataFrame:
    """Codes that vary by size, and that companies of one size tell and none of the others."""
    rows = []
    sure = varies[(varies["dimension"] == "size") & (varies["verdict"] == "varies")]
    for found in sure.itertuples():
        told_by = {size: n for size, n in found.told.items() if n}
        if len(told_by) > 1 or sum(told_by.values()) < LEAST_TOLD:
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


def _reasons(told: pd.DataFrame) -> pd.DataFrame:
    of = told.groupby("size")["account_id"].nunique()
    rows = []
    # a refuted reason is no longer one
    open_ = told[told["reason_status"] != "refuted"]
    supported = open_[open_["reason_status"] == "supported"]
    given, backed = (
        notes.groupby(["reason", "size"])["account_id"].nunique() for notes in (open_, supported)
    )
    for reason in REASONS:
        for size in SIZE_ORDER:
            rows.append(
                {
                    "reason": reason,
                    "size": size,
                    "companies": int(given.get((reason, size), 0)),
                    "supported": int(backed.get((reason, size), 0)),
                    "of": int(of.get(size, 0)),
                }
            )
    return pd.DataFrame(rows)
