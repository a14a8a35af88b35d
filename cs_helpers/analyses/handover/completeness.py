"""How complete hand-overs are: by quarter of the start, by field, by customer and by the role of who sold it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cs_helpers.analyses.handover.handed import Handed
from cs_helpers.contract.vocabulary import UNKNOWN
from cs_helpers.customers.handovers import COMPLETE, NONE, is_filled
from cs_helpers.result import Verdict
from cs_helpers.statistics.bootstrap import ratio_intervals
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg, wilson
from cs_helpers.statistics.stratified_slope import stratified_slope

#: the quarters of starts that are shown
QUARTERS = 8
#: hand-overs of a role that it takes to compare it
MIN_HANDOVERS = 5


def start_table(handed: Handed) -> pd.DataFrame:
    """The customers who started in each of the last quarters, by what was handed over of them, from the first with any.

    Columns: quarter (as in 2026Q3), started, complete, partial (handed over by the first day), late (after it), none, completeness
    (mean of those with a hand-over), low, high (95 %, bootstrap over customers; NaN for fewer than ten).
    """
    known = handed.known
    started, completeness = known["started_on"].to_numpy(), known["completeness"].to_numpy("float64")
    late = (known["days_late"] > 0).to_numpy(bool)
    none = (known["standing"] == NONE).to_numpy(bool)
    complete = (known["standing"] == COMPLETE).to_numpy(bool) & ~late
    rows: list[dict[str, object]] = []
    for back in reversed(range(QUARTERS)):
        quarter = handed.quarter.back(back)
        inside = (started >= np.datetime64(quarter.start)) & (started <= np.datetime64(quarter.end))
        if not inside.any() and not rows:
            continue
        mean, low, high = mean_completeness(completeness[inside])
        rows.append(
            {
                "quarter": str(quarter), "started": int(inside.sum()), "complete": int((inside & complete).sum()),
                "partial": int((inside & ~complete & ~late & ~none).sum()), "late": int((inside & late).sum()),
                "none": int((inside & none).sum()), "completeness": mean, "low": low, "high": high,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def mean_completeness(values: np.ndarray) -> tuple[float, float, float]:
    """The mean of the known values with its 95 % interval (bootstrap over customers; NaN for fewer than ten of them)."""
    known = values[~np.isnan(values)]
    if not len(known):
        return (np.nan,) * 3
    low, high = ratio_intervals(known[None, :], np.ones(len(known)))[0]
    return float(known.mean()), low, high


def start_verdict(new: pd.DataFrame) -> Verdict:
    """Those of the last four quarters without a hand-over, or with an incomplete one.

    `without` (none, of, late), `all_handed` (of, partial) or `all_complete` (of).
    """
    none, late = int((new["standing"] == NONE).sum()), int((new["days_late"] > 0).sum())
    if none:
        return Verdict("without", {"none": none, "of": len(new), "late": late})
    partial = int((new["standing"] != COMPLETE).sum())
    return (
        Verdict("all_handed", {"of": len(new), "partial": partial})
        if partial
        else Verdict("all_complete", {"of": len(new)})
    )


def field_table(rows: pd.DataFrame, fields: Sequence[str]) -> pd.DataFrame:
    """How often each field is filled in: field, filled, of (hand-overs), share, low, high (95 %, Wilson); least filled first."""
    of = len(rows)
    table = []
    for name in fields:
        filled = int(is_filled(rows[name]).sum())
        low, high = wilson(filled, of)
        table.append(
            {"field": name, "filled": filled, "of": of, "share": filled / of, "low": low, "high": high}
        )
    found = pd.DataFrame(table, columns=["field", "filled", "of", "share", "low", "high"])
    return found.sort_values("filled", kind="stable", ignore_index=True)


def field_verdict(table: pd.DataFrame) -> Verdict:
    """The field that is missing most: `most` (field, missing, of), `tied` (fields, missing, of), `nothing_missing` (of)."""
    of = int(table["of"].iloc[0])
    missing = of - int(table["filled"].min())
    if not missing:
        return Verdict("nothing_missing", {"of": of})
    least = table.loc[table["filled"] == table["filled"].min(), "field"].tolist()
    if len(least) == 1:
        return Verdict("most", {"field": least[0], "missing": missing, "of": of})
    return Verdict("tied", {"fields": tuple(least), "missing": missing, "of": of})


def customer_table(handed: Handed) -> pd.DataFrame:
    """The new customers of the last four quarters that are still there and whose hand-over is not complete.

    Those without a hand-over first, then the least complete, then by MRR. Columns: account_id, name, csm, size, started_on,
    handed_over_on, days_late, from_role, from_person, completeness, missing (tuple of fields), standing, mrr.
    """
    new = handed.new
    rows = (
        new[new.index.isin(handed.mrr.index) & (new["standing"] != COMPLETE)]
        .rename_axis("account_id")
        .reset_index()
    )
    rows["mrr"] = rows["account_id"].map(handed.mrr).astype("float64")
    rows["order"] = rows["completeness"].fillna(-1.0)
    rows = rows.sort_values(["order", "mrr", "account_id"], ascending=[True, False, True], ignore_index=True)
    return rows[
        ["account_id", "name", "csm", "size", "started_on", "handed_over_on", "days_late", "from_role", "from_person",
         "completeness", "missing", "standing", "mrr"]
    ]  # fmt: skip


def role_table(rows: pd.DataFrame, fields: Sequence[str]) -> pd.DataFrame:
    """The completeness of hand-overs by the role of who handed over, and against the others in companies of the same size.

    rows: hand-overs. Columns: role (`unknown` where none is given), n, completeness, low, high (95 %, bootstrap), difference (from
    all other known roles within the same size: least squares with a constant for each size) with difference_low, difference_high and p
    (`statistics.stratified_slope`), least (the field least often filled in), least_share, verdict: `fewer` or `more` (Benjamini-Hochberg over the roles),
    `chance`, `too_few` (fewer than `MIN_HANDOVERS`, or nobody of the same size to compare), `not_compared` (unknown, or the only role). Largest first.
    """
    role = rows["from_role"].fillna(UNKNOWN)
    known = rows[role != UNKNOWN]
    compares = known["from_role"].nunique() > 1
    filled = np.array([is_filled(rows[field]) for field in fields])
    completeness = rows["completeness"].to_numpy("float64")
    found = []
    for name in role.unique():
        inside = (role == name).to_numpy(bool)
        mean, low, high = mean_completeness(completeness[inside])
        shares = filled[:, inside].mean(axis=1)
        least = int(shares.argmin())
        row = {
            "role": name, "n": int(inside.sum()), "completeness": mean, "low": low, "high": high, "difference": np.nan,
            "difference_low": np.nan, "difference_high": np.nan, "p": np.nan, "least": fields[least],
            "least_share": float(shares[least]), "verdict": "not_compared",
        }  # fmt: skip
        if name != UNKNOWN and compares:
            row |= _against_others(known, str(name))
        found.append(row)
    table = pd.DataFrame(found).sort_values(["n", "role"], ascending=[False, True], ignore_index=True)
    tested = table["verdict"] == "chance"
    clear = benjamini_hochberg(table.loc[tested, "p"].to_list(), q=FALSE_DISCOVERY)
    direction = np.where(table.loc[tested, "difference"] < 0, "fewer", "more")
    table.loc[tested, "verdict"] = np.where(clear, direction, "chance")
    return table


def _against_others(known: pd.DataFrame, role: str) -> dict[str, object]:
    is_role = (known["from_role"] == role).to_numpy()
    if min(is_role.sum(), (~is_role).sum()) < MIN_HANDOVERS:
        return {"verdict": "too_few"}
    slope = stratified_slope(
        is_role.astype("float64"),
        known["completeness"].to_numpy("float64"),
        np.ones(len(known)),
        known["size"].to_numpy(object),
        known.index.to_numpy(object),
    )
    if slope.low != slope.low:
        return {"verdict": "too_few"}
    return {
        "difference": slope.value, "difference_low": slope.low, "difference_high": slope.high, "p": slope.p,
        "verdict": "chance",
    }  # fmt: skip


def is_stricter(table: pd.DataFrame) -> bool:
    """Whether a role that may differ by chance has an interval without 0: verdicts are for all roles together."""
    apart = (table["difference_low"] > 0) | (table["difference_high"] < 0)
    return bool((apart & (table["verdict"] == "chance")).any())


def role_verdict(table: pd.DataFrame) -> Verdict:
    """Which role leaves more empty than others: `fewer` or `more` (role, difference, low, high, n), `alike`, `few`, or `one`.

    Of several the one that lies furthest below the others; `more` where none lies below.
    """
    for code, order in (("fewer", 1), ("more", -1)):
        rows = table[table["verdict"] == code]
        if len(rows):
            row = rows.iloc[int((order * rows["difference"]).to_numpy().argmin())]
            fields = {"role": row["role"], "difference": float(row["difference"]), "n": int(row["n"])}
            return Verdict(
                code, {**fields, "low": float(row["difference_low"]), "high": float(row["difference_high"])}
            )
    if (table["verdict"] == "not_compared").all():
        return Verdict("one")
    return Verdict("alike" if (table["verdict"] == "chance").any() else "few")
