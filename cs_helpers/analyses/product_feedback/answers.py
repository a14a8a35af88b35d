"""How long requests wait for an answer and customers for word of it, and how many have been told."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from cs_helpers.analyses.product_feedback.asked import Asked
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customers.segments import segments_present
from cs_helpers.statistics.clustered_incidence import ClusteredIncidence
from cs_helpers.statistics.clustered_shares import ClusteredShare, clustered_share
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg, fisher
from cs_helpers.statistics.steady_conversion import SteadyConversion
from cs_helpers.statistics.survival import CENSORED, LEFT, REACHED, Conversion

#: requests raised, and asked for, in this many quarters up to the reported one are followed
QUARTERS = 8
DECIDED, TOLD = "decided", "told"
CURVE = ("wait", "day", "share", "low", "high", "at_risk")
_DAY = pd.Timedelta(days=1)


def decision_waits(found: Asked, quarter: Quarter) -> pd.DataFrame:
    """The wait of each request raised in the last `QUARTERS` quarters: days from raised_on to its answer, or until now.

    Columns: request_id, days, outcome (`REACHED` or `CENSORED`). A request whose answer has no day is left out.
    """
    start = pd.Timestamp(quarter.back(QUARTERS - 1).start)
    rows = found.requests[found.requests["raised_on"] >= start]
    rows = rows[~without_day(rows)]
    is_over = rows["answered_on"].notna().to_numpy()
    until = rows["answered_on"].fillna(pd.Timestamp(found.day))
    days = ((until - rows["raised_on"]) / _DAY).clip(lower=0)
    return pd.DataFrame(
        {"request_id": rows["request_id"], "days": days, "outcome": np.where(is_over, REACHED, CENSORED)}
    ).reset_index(drop=True)


def without_day(requests: pd.DataFrame) -> pd.Series:
    """Which requests are answered on a day that is not recorded."""
    return requests["answered_on"].isna() & ~requests["status"].isin(("open", "considering"))


def told_waits(found: Asked, quarter: Quarter) -> pd.DataFrame:
    """The wait of each customer for word of each request that it asked for in the last `QUARTERS` quarters.

    Columns: account_id, request_id, days (from the first asking), outcome: `REACHED` where it was told an answer, `LEFT`
    where it was lost before, `CENSORED` where it waits on the day.
    """
    start, at = pd.Timestamp(quarter.back(QUARTERS - 1).start), pd.Timestamp(found.day)
    rows = found.asked[found.asked["asked_on"] >= start].reset_index(drop=True)
    told, lost = rows["first_told"], _first_loss(found.time, rows)
    is_told = (told.notna() & ~(lost < told).fillna(False)).to_numpy()
    is_lost = (lost.notna() & (lost <= at)).to_numpy() & ~is_told
    until = told.where(is_told).fillna(lost.where(is_lost)).fillna(at)
    return pd.DataFrame(
        {
            "account_id": rows["account_id"],
            "request_id": rows["request_id"],
            "days": ((until - rows["asked_on"]) / _DAY).clip(lower=0),
            "outcome": np.select([is_told, is_lost], [REACHED, LEFT], CENSORED),
        }
    )


def _first_loss(time: CustomerTime, asked: pd.DataFrame) -> pd.Series:
    """The day of the first loss of each account after it asked; NaT without one. Index: that of `asked`."""
    spells = time.spells[time.spells["ended"].isin(ENDINGS)]
    losses = (
        asked[["account_id", "asked_on"]]
        .reset_index()
        .merge(spells[["account_id", "last_day"]], on="account_id")
    )
    losses = losses[losses["last_day"] >= losses["asked_on"]]
    return (losses.groupby("index")["last_day"].min() + _DAY).reindex(asked.index)


def answer_curves(decisions: pd.DataFrame, told: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The shares answered (of requests) and told (of askings) by day, and a summary of both waits.

    Curves: wait (`decided`, `told`), day, share, low, high, at_risk. The interval of requests is that of the curve
    (Kaplan, Meier 1958; log-log); that of askings is from resampled companies, since several waits are of one company; NaN
    for fewer than `bootstrap.MIN_CUSTOMERS` of them.
    Summary: wait, n (waits), over (answered or told), left, companies (of `told`), median with low and high, within_30,
    within_90, within_180 (share answered by then); NaN where not known, or where it rests on too few (`SteadyConversion`).
    """
    decided = Conversion(decisions["days"], decisions["outcome"])
    heard = ClusteredIncidence(told["days"], told["outcome"], told["account_id"])
    curves = [decided.curve.assign(wait=DECIDED), heard.curve.assign(wait=TOLD)]
    summary = [
        _summary(DECIDED, decisions, decided.median()),
        _summary(TOLD, told, heard.median()),
    ]
    known = [curve for curve in curves if len(curve)]
    curve = pd.concat(known, ignore_index=True)[list(CURVE)] if known else pd.DataFrame(columns=list(CURVE))
    return curve, pd.DataFrame([row for row in summary if row["n"]], columns=list(summary[0]))


def _summary(wait: str, rows: pd.DataFrame, median: tuple[float, float, float]) -> dict[str, object]:
    conversion = SteadyConversion(rows["days"], rows["outcome"])
    return {
        "wait": wait,
        "n": len(rows),
        "over": int((rows["outcome"] == REACHED).sum()),
        "left": int((rows["outcome"] == LEFT).sum()),
        "companies": rows["account_id"].nunique() if "account_id" in rows else np.nan,
        **dict(zip(("median", "low", "high"), median, strict=True)),
        **{f"within_{days}": conversion.share_within(days)[0] for days in (30, 90, 180)},
    }


def closed_loop(found: Asked, sizes: tuple[str, ...]) -> pd.DataFrame:
    """Of the customers that asked for an answered request, the share that was told what has become of it.

    One row for all, each size and each place where requests are heard. Columns: dimension (`all`, `size`, `heard_in`), segment,
    owed (pairs of a customer and an answered request), told, companies (customers), share with its 95 % interval low to high
    (which counts customers, `statistics.clustered_shares`), p (against all other answers, `_p_of_difference`; NaN where fewer
    than `clustered_shares.MIN_CLUSTERS` customers are on a side) and verdict: `more`, `fewer` or `chance` (Benjamini-Hochberg
    over the rows), `few` or `all`.
    """
    owed = found.owed.assign(all="all")
    orders = {
        "all": ["all"],
        "size": segments_present(owed["size"], sizes),
        "heard_in": sorted(set(owed["heard_in"]) - {""}),
    }
    company, told = pd.factorize(owed["account_id"])[0], owed["is_told"].to_numpy(float)
    rows = [
        {"dimension": dimension, "segment": segment, **_loop_row(company, told, inside)}
        for dimension, order in orders.items()
        for segment in order
        if (inside := (owed[dimension] == segment).to_numpy(bool)).any()
    ]
    columns = ["dimension", "segment", "owed", "told", "companies", "share", "low", "high", "p"]
    table = pd.DataFrame(rows, columns=columns)
    differs = benjamini_hochberg(table["p"].tolist(), q=FALSE_DISCOVERY)
    overall = table.loc[table["dimension"] == "all", "share"].max()
    verdict = np.where(table["share"] > overall, "more", "fewer")
    table["verdict"] = np.select(
        [table["dimension"] == "all", table["p"].isna(), differs], ["all", "few", verdict], "chance"
    )
    return table


def _loop_row(company: np.ndarray, told: np.ndarray, inside: np.ndarray) -> dict[str, object]:
    """The numbers of a row of `closed_loop`. company: a number from 0 on; told: 0 or 1; inside: whether of the segment; an entry each answer."""
    share, others = (_told_share(company[side], told[side]) for side in (inside, ~inside))
    can_compare = min(share.effective, others.effective) > 0
    return {
        "owed": int(inside.sum()), "told": int(told[inside].sum()), "companies": len(np.unique(company[inside])),
        "share": share.share, "low": share.low, "high": share.high, "p": _p_of_difference(share, others) if can_compare else np.nan,
    }  # fmt: skip


def _told_share(company: np.ndarray, told: np.ndarray) -> ClusteredShare:
    owed = np.bincount(company)
    return clustered_share(np.bincount(company, told)[owed > 0], owed[owed > 0].astype(float))


def _p_of_difference(share: ClusteredShare, others: ClusteredShare) -> float:
    """Fisher's exact test of two shares, each of as many answers as would be as certain if they were independent."""
    counts = [
        n
        for part in (share, others)
        for n in (round(part.share * part.effective), max(round(part.effective), 1))
    ]
    return fisher(*counts)


def not_told(found: Asked) -> pd.DataFrame:
    """The answered requests with customers who have not been told, those with most MRR first.

    Columns: request_id, title, code, status, since, companies (not told), of (that asked), mrr (of those not told).
    """
    return _by_request(found.owed, found.time.by_contracts).query("companies > 0").reset_index(drop=True)


def already_there(found: Asked) -> pd.DataFrame:
    """The requests for what the product did already when customers asked: status `exists`, or asked after the release.

    Columns: as of `not_told`; companies are those that have not been told since, of those that asked then.
    """
    owed = found.owed
    return _by_request(owed[owed["is_later"]], found.time.by_contracts)


def _by_request(owed: pd.DataFrame, by_contracts: bool) -> pd.DataFrame:
    waits = ~owed["is_told"]
    amounts = owed["mrr"].where(waits) if by_contracts else np.nan
    keys = ["request_id", "title", "code", "status"]
    rows = owed.assign(waits=waits, amount=amounts).groupby(keys, as_index=False)
    table = rows.agg(
        since=("since", "first"), companies=("waits", "sum"), of=("waits", "size"), mrr=("amount", "sum")
    ).astype({"since": "datetime64[us]", "mrr": "float64"})
    if not by_contracts:
        table["mrr"] = np.nan
    order = ["mrr", "companies", "request_id"]
    return table.sort_values(order, ascending=[False, False, True], ignore_index=True)


def to_tell(found: Asked, day: date) -> pd.DataFrame:
    """The customers that are owed word of a request, by MRR, then by the days since which.

    Columns: account_id, name, csm, size, mrr, request_id, title, code, status, is_later (it was there when they asked), asked_on,
    since, days (since the later of both; NaN where the day of the answer is not recorded), link.
    """
    rows = found.owed[~found.owed["is_told"]].merge(found.requests[["request_id", "link"]], on="request_id")
    from_day = rows[["asked_on", "since"]].max(axis=1).where(rows["since"].notna())
    rows = rows.assign(days=(pd.Timestamp(day) - from_day) / _DAY)
    columns = [
        "account_id", "name", "csm", "size", "mrr", "request_id", "title", "code", "status", "is_later", "asked_on", "since", "days",
        "link",
    ]  # fmt: skip
    order = ["mrr", "days", "account_id", "request_id"]
    return rows[columns].sort_values(order, ascending=[False, False, True, True], ignore_index=True)
