"""The verdicts of the interviews, decided from the numbers in the tables of the result.

In the tables for leadership small numbers are missing; the same functions then use and name only numbers that are shown.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.analyses.interviews.key_words import filter_script
from cs_helpers.contract.vocabulary import UNKNOWN
from cs_helpers.result import NOTHING_APART, Metric, Verdict
from cs_helpers.rounding import rounded

#: the target share of behaviour: behaviour to words as 6 : 4
BEHAVIOUR_TARGET = 0.6
#: a share is near its target if its interval lies within this distance
NEAR = 0.1
#: the companies needed for a verdict on saturation (more than the base and run of Guest et al.)
MIN_COMPANIES = 7
#: the share of shuffled orders that must reach saturation
MIN_ORDERS = 0.8
#: more new themes than this are shown as more than 0.0
MIN_NEW = 0.05
#: key words are compared within each script, so each has a verdict, such as `key_words.ja`
SCRIPTS = ("latin", "ja")


def verdicts(tables: Mapping[str, pd.DataFrame], metrics: Mapping[str, Metric]) -> dict[str, Verdict]:
    """The verdict of each question that has a table with rows; for key words one per script.

    `varies.rows`: `NOTHING_APART` (rows, alike, unknown: of them) where no theme surely varies.
    """
    result = {
        question: decide(tables[question])
        for question, decide in (
            ("coverage", coverage),
            ("crossing", crossing),
            ("reasons", reasons),
            ("saturation", saturation),
        )
        if len(tables.get(question, ()))
    }
    if len(tables.get("key_words", ())):
        result |= {
            f"key_words.{script}": key_words(filter_script(tables["key_words"], script)) for script in SCRIPTS
        }
    if len(tables.get("varies", ())) and not (tables["varies"]["verdict"] == "varies").any():
        alike = int((tables["varies"]["verdict"] == "alike").sum())
        rows = len(tables["varies"])
        result["varies.rows"] = Verdict(
            NOTHING_APART, {"rows": rows, "alike": alike, "unknown": rows - alike}
        )
    if len(tables.get("agreement", ())):
        result["agreement"] = agreement(tables["agreement"], tables.get("code_agreement", pd.DataFrame()))
    if "behaviour_share" in metrics:
        result["evidence"] = evidence(metrics["behaviour_share"])
    return result


def coverage(table: pd.DataFrame) -> Verdict:
    """Whether each viewpoint has a company of each size: `full`, `hidden` (full, with a suppressed number), `empty`, `no_size`."""
    by_size = table[(table["dimension"] == "size") & (table["segment"] != UNKNOWN)]
    if by_size.empty:
        return Verdict("no_size")
    empty = by_size[by_size["companies"] == 0]
    if len(empty):
        first = empty.iloc[0]
        cell = {"viewpoint": first["viewpoint"], "segment": first["segment"]}
        return Verdict("empty", {"empty": len(empty), "cells": len(by_size), **cell})
    if by_size["companies"].isna().any():  # the thinnest cell may be suppressed
        return Verdict("hidden")
    thinnest = by_size.sort_values("companies", kind="stable").iloc[0]
    return Verdict(
        "full",
        {
            "viewpoint": thinnest["viewpoint"],
            "segment": thinnest["segment"],
            "companies": int(thinnest["companies"]),
        },
    )


def crossing(table: pd.DataFrame) -> Verdict:
    """Whether each crossing of segments that has customers has an interviewed company.

    `empty`, `full` or `nobody` (no customers); where the number of customers of some crossings is suppressed,
    `some_empty` and `all_heard` without the number of crossings.
    """
    empty = int(((table["companies"] == 0) & (table["customers"] > 0)).sum())
    served = int((table["customers"] > 0).sum())
    if table["customers"].isna().any():
        return Verdict("some_empty", {"empty": empty}) if empty else Verdict("all_heard")
    if not served:
        return Verdict("nobody")
    return (
        Verdict("empty", {"empty": empty, "cells": served}) if empty else Verdict("full", {"cells": served})
    )


def key_words(table: pd.DataFrame) -> Verdict:
    """The first key word: `sure` (significant, with the number of such words), or `leaning` if none is."""
    dimension = first_dimension(table)
    inside = table[table["dimension"] == dimension]
    significant = inside[inside["sure"].astype(bool)]
    first = (
        (significant if len(significant) else inside).sort_values("z", ascending=False, kind="stable").iloc[0]
    )
    fields = {
        "word": first["written"], "dimension": dimension, "segment": first["segment"],
        "companies": int(first["companies"]), "of": int(first["of"]),
    }  # fmt: skip
    return (
        Verdict("sure", {"n": len(significant), **fields}) if len(significant) else Verdict("leaning", fields)
    )


def agreement(table: pd.DataFrame, code_table: pd.DataFrame) -> Verdict:
    """The agreement of coders on the codes of notes, or on viewpoints if no code was given.

    `codes_` or `viewpoints_`, followed by `reliable`, `tentative`, `unreliable` or `unknown`; with the code of the
    lowest alpha below 1.
    """
    by_set = table[table["measure"] == "masi"].set_index("what")
    what = "codes" if "codes" in by_set.index else "viewpoints"
    row = by_set.loc[what]
    fields = {"notes": int(row["notes"]), **{name: float(row[name]) for name in ("alpha", "low", "high")}}
    disagreed = code_table[code_table["alpha"] < 1] if len(code_table) else code_table
    if len(disagreed) and what == "codes":
        lowest = disagreed.sort_values(["alpha", "code"]).iloc[0]
        fields |= {"code": lowest["code"], "code_alpha": float(lowest["alpha"])}
    return Verdict(f"{what}_{row['verdict']}", fields)


def first_dimension(table: pd.DataFrame) -> str:
    """The dimension whose key words are drawn: the first with any."""
    return next(d for d in ("size", "quadrant", "industry") if (table["dimension"] == d).any())


def evidence(share: Metric) -> Verdict:
    """The share of behaviour compared with its target: `below`, `above`, `near`, `unsure`, `unknown`."""
    if share.value is None or share.low is None or share.high is None:
        return Verdict("unknown")
    code = (
        "below" if share.high < BEHAVIOUR_TARGET
        else "above" if share.low > BEHAVIOUR_TARGET
        else "near" if share.low >= BEHAVIOUR_TARGET - NEAR and share.high <= BEHAVIOUR_TARGET + NEAR
        else "unsure"
    )  # fmt: skip
    return Verdict(code, {"share": share.value, "low": share.low, "high": share.high})


def reasons(table: pd.DataFrame) -> Verdict:
    """The reason given by most companies: `message`, `tied` (several), `none` (all refuted), `hidden`."""
    overall = table[table["dimension"] == "all"].set_index("reason")
    shown = overall["given"].dropna()
    if not len(shown) or not shown.max():
        return Verdict("hidden" if overall["given"].isna().any() else "none")
    most_given = overall[overall["given"] == shown.max()]
    return Verdict(
        "message" if len(most_given) == 1 else "tied",
        {
            "reasons": tuple(most_given.index),
            "companies": int(shown.max()),
            "of": int(most_given["of"].iloc[0]),
        },
    )


def saturation(curves: pd.DataFrame) -> Verdict:
    """Whether saturation is reached: `reached`, `open`, `unsure`, `as_held`, `few` (companies), `none` (no codes).

    `unsure`: too few shuffled orders reach it; `as_held`: enough do, but the actual order of interviews does not.
    """
    last = curves[curves["segment"] == "all"].iloc[-1]
    companies, themes = int(last["companies"]), int(rounded(float(last["themes"])))
    if not themes:
        return Verdict("none")
    counts = {"companies": companies, "themes": themes}
    if companies < MIN_COMPANIES:
        return Verdict("few", counts)
    share, new = float(last["reached"]), float(last["new"])
    at = str(last["saturated"]).partition("+")[0]
    if at and share >= MIN_ORDERS:
        return Verdict("reached", {**counts, "at": int(at), "share": share})
    if new > MIN_NEW:
        return Verdict("open", {**counts, "new": new})
    return Verdict("unsure" if share < MIN_ORDERS else "as_held", {**counts, "share": share})
