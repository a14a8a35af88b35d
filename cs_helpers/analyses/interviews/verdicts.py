"""What the page says of each question of the interviews, decided from the very numbers that stand there.

For leadership small numbers are missing in the tables: the same functions then say what can still be said, and
name no number that is hidden.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.analyses.interviews.key_words import of_script
from cs_helpers.contract.vocabulary import UNKNOWN
from cs_helpers.result import Metric, Verdict

#: behaviour to words, 6 : 4
BEHAVIOUR_TARGET = 0.6
#: a share is called near its target where its whole interval is
NEAR = 0.1
#: below so many interviews (base and run of Guest et al.) nothing is said of saturation
ENOUGH = 7
#: saturation is believed where so many orders reach it
MOSTLY = 0.8
#: what the last company added is a number above 0.0 where it is more than this
ADDED = 0.05
#: the words of notes in each script are compared apart, and so is what is said of them: `key_words.ja`
SCRIPTS = ("latin", "ja")


def verdicts(tables: Mapping[str, pd.DataFrame], metrics: Mapping[str, Metric]) -> dict[str, Verdict]:
    """The verdict on each question that has a table with rows; of the key words one for each script of a page's readers."""
    found = {
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
        found |= {
            f"key_words.{script}": key_words(of_script(tables["key_words"], script)) for script in SCRIPTS
        }
    if len(tables.get("agreement", ())):
        found["agreement"] = agreement(tables["agreement"], tables.get("code_agreement", pd.DataFrame()))
    if "behaviour_share" in metrics:
        found["evidence"] = evidence(metrics["behaviour_share"])
    return found


def coverage(found: pd.DataFrame) -> Verdict:
    """Whether somebody was heard on each viewpoint in each company size: `full`, `hidden` (so, without a number), `empty`."""
    by_size = found[(found["dimension"] == "size") & (found["segment"] != UNKNOWN)]
    if by_size.empty:
        return Verdict("no_size")
    nobody = by_size[by_size["companies"] == 0]
    if len(nobody):
        first = nobody.iloc[0]
        cell = {"viewpoint": first["viewpoint"], "segment": first["segment"]}
        return Verdict("empty", {"empty": len(nobody), "cells": len(by_size), **cell})
    if by_size["companies"].isna().any():  # the thinnest may be one of those that are hidden
        return Verdict("hidden")
    thin = by_size.sort_values("companies", kind="stable").iloc[0]
    return Verdict(
        "full",
        {"viewpoint": thin["viewpoint"], "segment": thin["segment"], "companies": int(thin["companies"])},
    )


def crossing(found: pd.DataFrame) -> Verdict:
    """Whether somebody was heard wherever segments cross and there are customers.

    `empty`, `full` or `nobody` (there are none); where it is hidden how many customers some crossings have, `some_empty`
    and `all_heard` without the number of crossings.
    """
    empty = int(((found["companies"] == 0) & (found["customers"] > 0)).sum())
    served = int((found["customers"] > 0).sum())
    if found["customers"].isna().any():
        return Verdict("some_empty", {"empty": empty}) if empty else Verdict("all_heard")
    if not served:
        return Verdict("nobody")
    return (
        Verdict("empty", {"empty": empty, "cells": served}) if empty else Verdict("full", {"cells": served})
    )


def key_words(found: pd.DataFrame) -> Verdict:
    """Whether a word surely belongs to one segment (`sure`, how many) or none does (`leaning`), and the first of them."""
    dimension = compared_by(found)
    inside = found[found["dimension"] == dimension]
    sure = inside[inside["sure"].astype(bool)]
    first = (sure if len(sure) else inside).sort_values("z", ascending=False, kind="stable").iloc[0]
    fields = {
        "word": first["written"], "dimension": dimension, "segment": first["segment"],
        "companies": int(first["companies"]), "of": int(first["of"]),
    }  # fmt: skip
    return Verdict("sure", {"n": len(sure), **fields}) if len(sure) else Verdict("leaning", fields)


def agreement(found: pd.DataFrame, of_codes: pd.DataFrame) -> Verdict:
    """How far coders agree on the themes of a note, or on its viewpoints where no theme was given.

    `codes_` or `viewpoints_` and `reliable`, `tentative`, `unreliable` or `unknown`; with the theme least agreed on, where it is
    known and not agreed on by all.
    """
    by_set = found[found["measure"] == "masi"].set_index("what")
    what = "codes" if "codes" in by_set.index else "viewpoints"
    row = by_set.loc[what]
    fields = {"notes": int(row["notes"]), **{name: float(row[name]) for name in ("alpha", "low", "high")}}
    known = of_codes[of_codes["alpha"] < 1] if len(of_codes) else of_codes
    if len(known) and what == "codes":
        least = known.sort_values(["alpha", "code"]).iloc[0]
        fields |= {"code": least["code"], "code_alpha": float(least["alpha"])}
    return Verdict(f"{what}_{row['verdict']}", fields)


def compared_by(found: pd.DataFrame) -> str:
    """The dimension of which key words are drawn: the first that has any."""
    return next(d for d in ("size", "quadrant", "industry") if (found["dimension"] == d).any())


def evidence(share: Metric) -> Verdict:
    """How the share of behaviour stands to its target: `below`, `above`, `near`, `unsure`, `unknown`."""
    if share.value is None or share.low is None or share.high is None:
        return Verdict("unknown")
    code = (
        "below" if share.high < BEHAVIOUR_TARGET
        else "above" if share.low > BEHAVIOUR_TARGET
        else "near" if share.low >= BEHAVIOUR_TARGET - NEAR and share.high <= BEHAVIOUR_TARGET + NEAR
        else "unsure"
    )  # fmt: skip
    return Verdict(code, {"share": share.value, "low": share.low, "high": share.high})


def reasons(found: pd.DataFrame) -> Verdict:
    """The reason that most companies gave: `message`, `tied` (several), `none` (all are refuted), `hidden`."""
    whole = found[found["dimension"] == "all"].set_index("reason")
    shown = whole["given"].dropna()
    if not len(shown) or not shown.max():
        return Verdict("hidden" if whole["given"].isna().any() else "none")
    most = whole[whole["given"] == shown.max()]
    return Verdict(
        "message" if len(most) == 1 else "tied",
        {"reasons": tuple(most.index), "companies": int(shown.max()), "of": int(most["of"].iloc[0])},
    )


def saturation(found: pd.DataFrame) -> Verdict:
    """Whether all has been heard: `reached`, `open`, `unsure`, `as_held`, `few` (companies), `none` (no code yet).

    `unsure`: too few shuffled orders reach it; `as_held`: most do, but not the one in which the interviews were held.
    """
    last = found[found["segment"] == "all"].iloc[-1]
    companies, themes = int(last["companies"]), round(float(last["themes"]))
    if not themes:
        return Verdict("none")
    counts = {"companies": companies, "themes": themes}
    if companies < ENOUGH:
        return Verdict("few", counts)
    share, new = float(last["reached"]), float(last["new"])
    at = str(last["saturated"]).partition("+")[0]
    if at and share >= MOSTLY:
        return Verdict("reached", {**counts, "at": int(at), "share": share})
    if new > ADDED:
        return Verdict("open", {**counts, "new": new})
    return Verdict("unsure" if share < MOSTLY else "as_held", {**counts, "share": share})
