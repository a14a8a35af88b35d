"""The mix of touches by level, against the mix that the product file declares."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.analyses.touch_mix.touched import (
    ALL,
    NO_LEVEL,
    Touched,
    counts_by_model,
    level_rows,
    of_quarter,
)
from cs_helpers.contract.products import Product
from cs_helpers.contract.touch import Mix
from cs_helpers.contract.vocabulary import TOUCH_MODELS
from cs_helpers.contract.vocabulary import UNKNOWN as NO_MODEL
from cs_helpers.result import Verdict
from cs_helpers.statistics.clustered_shares import clustered_share
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg

#: a smaller difference from the declared mix is not remarked on, however certain it is
MIN_DIFFERENCE = 0.03
YEAR, QUARTER = "year", "quarter"

COLUMNS = (
    "period", "level", "touch_model", "count", "touches", "customers", "share", "low", "high", "declared", "p",
    "verdict",
)  # fmt: skip


def mix_table(touched: Touched, product: Product) -> pd.DataFrame:
    """The share of each touch model among the touches of customers at each level.

    Columns: period (`year`: the covered ones of the last four quarters, or `quarter`), level (a row's name), touch_model,
    count (touches of the model), touches (of any model; those of unknown model are left out), customers (who got them),
    share, low, high (95 %; customers are the clusters), declared (share), p, verdict (`more` or `fewer` than declared,
    `small`: off, but by less than `MIN_DIFFERENCE`, `chance`, `too_few` customers, `none`: no touches). The p-values of a period are held to a false discovery rate
    together.
    """
    rows = []
    for period in (YEAR, QUARTER):
        known = touched.touches[touched.touches["touch_model"] != NO_MODEL]
        if period == QUARTER:
            known = of_quarter(known, touched.quarters[-1])
        rows += [
            row | {"period": period}
            for level in level_rows(product, known["level"])
            for row in _of_level(known if level == ALL else known[known["level"] == level], level, product)
        ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    for period in (YEAR, QUARTER):
        part = table[table["period"] == period]
        apart = benjamini_hochberg(part["p"], q=FALSE_DISCOVERY)
        difference = (part["share"] - part["declared"]).to_numpy(float)
        found = np.where(difference > 0, "more", "fewer")
        found = np.where(np.abs(difference) < MIN_DIFFERENCE, "small", found)
        table.loc[part.index[apart], "verdict"] = found[apart]
    return table


def _of_level(touches: pd.DataFrame, level: str, product: Product) -> list[dict[str, object]]:
    counts = counts_by_model(touches, pd.Index(touches["account_id"].unique()))[:, : len(TOUCH_MODELS)]
    sizes = counts.sum(axis=1)
    plan = product.touch_plan
    declared: Mix = plan.mix_of(level, product.touch_mix) if plan else product.touch_mix
    rows = []
    for place, model in enumerate(TOUCH_MODELS):
        share = clustered_share(counts[:, place], sizes)
        expected = float(declared.get(model, 0.0))
        p = share.p_value(expected)
        rows.append(
            {
                "level": level, "touch_model": model, "count": int(counts[:, place].sum()), "touches": int(sizes.sum()),
                "customers": len(sizes), "share": share.share, "low": share.low, "high": share.high,
                "declared": expected, "p": p,
                "verdict": "none" if not len(sizes) else "too_few" if np.isnan(p) else "chance",
            }
        )  # fmt: skip
    return rows


def rows_apart(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the year that are not as declared: of all customers, or else of levels; the furthest first.

    Of each level the one that is furthest.
    """
    rows = table[(table["period"] == YEAR) & table["verdict"].isin(["more", "fewer"])]
    rows = rows.assign(difference=(rows["share"] - rows["declared"]).abs())
    rows = rows.sort_values("difference", ascending=False, kind="stable")
    of_all = rows[rows["level"] == ALL]
    return of_all if len(of_all) else rows[rows["level"] != NO_LEVEL].drop_duplicates("level")


def is_stricter(table: pd.DataFrame) -> bool:
    """Whether the interval of a share of the year that may be off by chance leaves out the declared one.

    Verdicts are for all shares of a period together.
    """
    rows = table[(table["period"] == YEAR) & (table["verdict"] == "chance")]
    return bool(((rows["declared"] < rows["low"]) | (rows["declared"] > rows["high"])).any())


def mix_verdict(table: pd.DataFrame) -> Verdict:
    """The model of touches that is furthest from the declared mix: over all customers and the year, or else at a level.

    `more`, `fewer`, `level_more`, `level_fewer`; `small` (over all customers some are off, by less than `MIN_DIFFERENCE`), `chance`,
    `too_few`, `none`.
    """
    first = table[(table["period"] == YEAR) & (table["level"] == ALL)].iloc[0]
    counts = {"touches": int(first["touches"]), "customers": int(first["customers"])}
    if first["verdict"] in ("none", "too_few"):
        return Verdict(str(first["verdict"]), counts)
    apart = rows_apart(table)
    if apart.empty:
        of_all = table[(table["period"] == YEAR) & (table["level"] == ALL)]
        return Verdict("small" if (of_all["verdict"] == "small").any() else "chance", counts)
    furthest = apart.iloc[0]
    of_level = {} if furthest["level"] == ALL else {"level": furthest["level"]}
    numbers = {name: float(furthest[name]) for name in ("share", "low", "high", "declared")}
    fields = {"touch_model": furthest["touch_model"], **numbers}
    code = f"level_{furthest['verdict']}" if of_level else str(furthest["verdict"])
    return Verdict(code, {**counts, **fields, **of_level})
