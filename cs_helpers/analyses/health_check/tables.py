"""The tables of the check of the health score."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.analyses.health_check.alarms import DAYS_BEFORE
from cs_helpers.analyses.health_check.headlines import Evidence
from cs_helpers.analyses.health_check.learned import OutOfTime, declared_weights, weighted_score
from cs_helpers.analyses.health_check.panel import Panel
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.health_score import BANDS, health_bands
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.discrimination import Auc, auc, lift
from cs_helpers.statistics.probabilities import brier, calibration, clustered_share
from cs_helpers.statistics.proportions import wilson

#: parts of equal size that the customers of a quarter end are divided into, by score
PARTS = 5


def apart_table(panel: Panel) -> pd.DataFrame:
    """Lost customers by score: each quarter end's customers in `PARTS` parts of equal size, the lowest scores first.

    Columns: part (from 1), lowest, highest (score), n (customers at quarter ends), lost, share, low, high (95 %).
    """
    place = rank_within_cut(panel)
    part = np.clip(np.ceil(place * PARTS), 1, PARTS).astype(int)
    rows = []
    for number in range(1, PARTS + 1):
        inside = part == number
        share, low, high = clustered_share(panel.lost[inside], panel.account[inside])
        scores = panel.score[inside]
        lowest, highest = (scores.min(), scores.max()) if len(scores) else (np.nan, np.nan)
        rows.append(
            (number, lowest, highest, int(inside.sum()), int(panel.lost[inside].sum()), share, low, high)
        )
    return pd.DataFrame(rows, columns=["part", "lowest", "highest", "n", "lost", "share", "low", "high"])


def rank_within_cut(panel: Panel) -> np.ndarray:
    """The share of the quarter end's customers whose score is not higher, ties in the middle: (rows,), above 0 to 1."""
    return np.asarray(pd.Series(panel.score).groupby(panel.cut).rank(pct=True))


def reached_table(panel: Panel) -> pd.DataFrame:
    """What part of the lost customers those with the lowest scores hold: share_of_customers, share_of_lost (0 to 1)."""
    lost = np.sort(rank_within_cut(panel)[panel.lost])
    steps = np.linspace(0, 1, 41)
    reached = np.searchsorted(lost, steps, "right") / len(lost)
    return pd.DataFrame({"share_of_customers": steps, "share_of_lost": reached})


def band_table(panel: Panel, data: ProductData) -> pd.DataFrame:
    """Customers at quarter ends by band, and who was lost within the horizon.

    Columns: band, n, customers (different ones), lost, share, low, high (95 %, allowing for customers seen several times).
    """
    band = health_bands(pd.Series(panel.score), data.product.health).to_numpy(object)
    rows = []
    for name in BANDS:
        inside = band == name
        share, low, high = clustered_share(panel.lost[inside], panel.account[inside])
        customers = len(set(panel.account[inside]))
        rows.append((name, int(inside.sum()), customers, int(panel.lost[inside].sum()), share, low, high))
    return pd.DataFrame(rows, columns=["band", "n", "customers", "lost", "share", "low", "high"])


def quality_table(panel: Panel, area: Auc, tried: OutOfTime) -> pd.DataFrame:
    """The numbers of the check: measure, value, low, high (95 %), reference (a score that says nothing, or the best), n.

    measure: `auc`, `lift`; and of probabilities learned from earlier quarter ends, where there are any, `brier`, `skill`,
    `slope` and `intercept`.
    """
    rows: list[tuple[str, float, float, float, float, int]] = [
        ("auc", area.value, area.low, area.high, 0.5, len(panel.score)),
        ("lift", *lift(panel.lost, -panel.score, panel.account, panel.cut), 1.0, len(panel.score)),
    ]
    known = tried.known
    n = int(known.sum())
    if panel.lost[known].any():
        lost, account = panel.lost[known], panel.account[known]
        error = brier(lost, tried.p[known], tried.base[known], account)
        rows += [
            ("brier", error.score, np.nan, np.nan, error.reference, n),
            ("skill", error.skill, error.low, error.high, 0.0, n),
        ]
        if (fit := calibration(lost, tried.p[known], account)) is not None:
            rows += [
                ("slope", fit.slope, fit.slope_low, fit.slope_high, 1.0, n),
                ("intercept", fit.intercept, fit.intercept_low, fit.intercept_high, 0.0, n),
            ]
    return pd.DataFrame(rows, columns=["measure", "value", "low", "high", "reference", "n"])


def warning_table(lead_days: np.ndarray) -> pd.DataFrame:
    """How many lost customers had been warned of so many days before: days, warned, share, low, high (Wilson), n."""
    n = len(lead_days)
    counts = [(days, int((lead_days >= days).sum())) for days in DAYS_BEFORE]
    rows = [(days, count, count / n, *wilson(count, n), n) for days, count in counts]
    return pd.DataFrame(rows, columns=["days", "warned", "share", "low", "high", "n"])


def losses_table(evidence: Evidence, data: ProductData) -> pd.DataFrame:
    """The customers who left, latest first.

    Columns: account_id, name, size, mrr (on the last day), left_on, noticed, warned_on (NaT: never), lead_days.
    """
    losses = evidence.warnings.losses
    accounts = data["accounts"][["account_id", "name", "size"]]
    paid = evidence.time.contracts[["account_id", "started_on", "ended_on", "mrr"]]
    then = losses[["account_id", "last_day"]].reset_index().merge(paid, on="account_id")
    then = then[(then["started_on"] <= then["last_day"]) & ~(then["ended_on"] < then["last_day"])]
    mrr = then.groupby("index")["mrr"].sum(min_count=1)
    rows = losses.assign(mrr=mrr.reindex(losses.index).astype("float64")).merge(accounts, on="account_id")
    columns = ["account_id", "name", "size", "mrr", "left_on", "noticed", "warned_on", "lead_days"]
    return rows.sort_values(["left_on", "account_id"], ascending=[False, True], ignore_index=True)[columns]


def part_table(panel: Panel) -> tuple[pd.DataFrame, dict[str, Auc]]:
    """How well the score tells apart as a whole and each part alone, where both parts are known.

    Columns: part (`whole`, `quantitative`, `qualitative`), auc, low, high (95 %), n; and the AUC of each part.
    """
    both = ~np.isnan(panel.quantitative) & ~np.isnan(panel.qualitative)
    scores = {"whole": panel.score, "quantitative": panel.quantitative, "qualitative": panel.qualitative}
    areas = {
        name: auc(panel.lost[both], -score[both], panel.account[both], panel.cut[both])
        for name, score in scores.items()
    }
    rows = [(name, a.value, a.low, a.high, int(both.sum())) for name, a in areas.items()]
    return pd.DataFrame(rows, columns=["part", "auc", "low", "high", "n"]), areas


def weights_table(panel: Panel, learned: np.ndarray, data: ProductData) -> pd.DataFrame:
    """Declared and learned weights, as shares of all, and how well each measure alone tells apart where it is known.

    Columns: measure, kind, declared, learned, auc, low, high (95 %), known (rows).
    """
    declared, rows = declared_weights(panel), []
    for n, measure in enumerate(data.product.health.measures):
        known = ~np.isnan(panel.points[:, n])
        area = auc(panel.lost[known], -panel.points[known, n], panel.account[known], panel.cut[known])
        rows.append(
            (
                measure.id,
                measure.kind,
                declared[n],
                learned[n],
                area.value,
                area.low,
                area.high,
                int(known.sum()),
            )
        )
    columns = ["measure", "kind", "declared", "learned", "auc", "low", "high", "known"]
    return pd.DataFrame(rows, columns=columns)


def changes_table(
    evidence: Evidence, learned: np.ndarray, data: ProductData, quarter: Quarter
) -> pd.DataFrame:
    """The customers at the end of the quarter who would be in another band with learned weights, by MRR.

    Columns: account_id, name, size, mrr, score, band, learned_score, learned_band.
    """
    history, health = evidence.history, data.product.health
    present = history.present[:, -1] & ~np.isnan(history.scores[:, -1])
    points = np.stack([p[present, -1] for p in history.points.values()], axis=1)
    score = weighted_score(points, history.weights[present], learned, declared_weights(evidence.panel))
    frame = pd.DataFrame(
        {
            "account_id": history.spells["account_id"].to_numpy(object)[present],
            "score": history.scores[present, -1],
            "learned_score": score,
        }
    ).astype({"account_id": "str"})
    frame["band"] = health_bands(frame["score"], health)
    # with no measure known that has a learned weight, nothing can be said of a change
    frame["learned_band"] = health_bands(frame["learned_score"], health).where(frame["learned_score"].notna())
    frame = frame[frame["learned_band"].notna() & (frame["band"] != frame["learned_band"])]
    frame = frame.merge(data["accounts"][["account_id", "name", "size"]], on="account_id")
    frame["mrr"] = evidence.time.mrr(quarter.end).reindex(frame["account_id"]).to_numpy("float64")
    columns = ["account_id", "name", "size", "mrr", "score", "band", "learned_score", "learned_band"]
    return frame.sort_values(["mrr", "account_id"], ascending=[False, True], ignore_index=True)[columns]
