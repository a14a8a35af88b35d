"""Which requests most customers wait for, by number and MRR; whether either order is more than chance; and what sizes ask."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from cs_helpers.analyses.product_feedback.asked import WAITING, Asked
from cs_helpers.contract.vocabulary import REQUEST_STATUSES
from cs_helpers.customers.segments import mask_unknown
from cs_helpers.statistics.paired_amounts import p_of_signs
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg, mcnemar, wilson
from cs_helpers.statistics.variation import compare_segments

#: columns that identify a request
REQUEST = ("request_id", "title", "code")
RANKING = (
    *REQUEST,
    "status",
    "raised_on",
    "companies",
    "of",
    "share",
    "low",
    "high",
    "mrr",
    "lost",
    "fewer",
    "by_mrr",
    "less",
)


def ranking(found: Asked) -> pd.DataFrame:
    """The requests that are not in the product yet, those of most customers first.

    Columns: request_id, title, code, status, raised_on, companies (customers of the day that asked), of (customers), share
    with its 95 % Wilson interval low to high, mrr (theirs), lost (others that asked, and are no customers any more or not
    yet), fewer (bool: fewer customers than of the first, beyond chance: exact McNemar test over the customers,
    Benjamini-Hochberg over the requests), by_mrr (place by MRR, from 1, equal ones in the order of the table; NaN where no MRR
    is known), less (bool: less MRR than of the first by MRR, beyond chance: the same test with the MRR of each customer,
    `statistics.paired_amounts`).
    """
    waiting = found.requests[found.requests["status"].isin(WAITING)].reset_index(drop=True)
    request = pd.Index(waiting["request_id"]).get_indexer(found.asked["request_id"])
    customer = found.customers.index.get_indexer(found.asked["account_id"])
    customers, mrr = len(found.customers), found.customers["mrr"].to_numpy("float64")
    asking = np.zeros((len(waiting), customers))
    asking[tuple(np.array([request, customer])[:, (request >= 0) & (customer >= 0)])] = 1.0
    amounts = asking * np.nan_to_num(mrr)
    companies = asking.sum(axis=1).astype(int)
    is_known = found.time.by_contracts & ((companies == 0) | (asking[:, ~np.isnan(mrr)].sum(axis=1) > 0))
    bounds = [wilson(count, customers) for count in companies]
    table = waiting[[*REQUEST, "status", "raised_on"]].assign(
        companies=companies,
        of=customers,
        share=companies / customers if customers else np.nan,
        low=[low for low, _ in bounds],
        high=[high for _, high in bounds],
        mrr=np.where(is_known, amounts.sum(axis=1), np.nan),
        lost=np.bincount(request[request >= 0], minlength=len(waiting)) - companies,
    )
    table = table.sort_values(["companies", "mrr", "request_id"], ascending=[False, False, True])
    order = table.index
    table = table.reset_index(drop=True)
    table["by_mrr"] = table["mrr"].rank(ascending=False, method="first")
    by_mrr = np.flatnonzero(table["by_mrr"] == 1)
    table["fewer"] = _behind(asking[order], 0, _p_of_numbers)
    table["less"] = (
        _behind(amounts[order], by_mrr[0], p_of_signs) if len(by_mrr) else np.zeros(len(table), bool)
    )
    return table[list(RANKING)]


def _behind(asking: np.ndarray, first: int, p_of_differences: Callable[[np.ndarray], float]) -> np.ndarray:
    """Which requests are behind the first beyond chance (Benjamini-Hochberg).

    asking: what each customer (columns) counts for each request (rows); `first` is the row of the largest sum.
    """
    if not len(asking):
        return np.zeros(0, dtype=bool)
    p = [p_of_differences(asking[first] - other) for other in np.delete(asking, first, axis=0)]
    return np.insert(benjamini_hochberg(p, q=FALSE_DISCOVERY), first, False)


def _p_of_numbers(differences: np.ndarray) -> float:
    return mcnemar(int((differences > 0).sum()), int((differences < 0).sum()))


def by_size(found: Asked) -> pd.DataFrame:
    """Whether companies of some size ask for a request more than others, for the requests that are not in the product yet.

    Columns: request_id, title, code, then those of `variation.compare_segments` but its code, over customers of known size.
    """
    waiting = found.requests[found.requests["status"].isin(WAITING)]
    asked = found.asked[found.asked["is_customer"] & found.asked["request_id"].isin(waiting["request_id"])]
    compared = compare_segments(
        asked.rename(columns={"request_id": "code"})[["account_id", "code"]],
        mask_unknown(found.customers["size"]),
    ).rename(columns={"code": "request_id"})
    table = compared.merge(waiting[list(REQUEST)], on="request_id", how="left")
    return table[[*REQUEST, "mentioned", "of", "p", "v", "verdict"]]


def status_table(found: Asked) -> pd.DataFrame:
    """What has become of all requests, a row for each status in the order of `REQUEST_STATUSES`.

    Columns: status, requests, companies (customers that asked for any of them), mrr (theirs), unasked (requests of which
    nobody is recorded who asked), oldest (raised_on of the oldest; NaT without any).
    """
    rows = []
    for status in REQUEST_STATUSES:
        requests = found.requests[found.requests["status"] == status]
        asked = found.asked[found.asked["request_id"].isin(requests["request_id"])]
        companies = asked.loc[asked["is_customer"], "account_id"].unique()
        rows.append(
            {
                "status": status,
                "requests": len(requests),
                "companies": len(companies),
                "mrr": float(found.customers.loc[companies, "mrr"].sum())
                if found.time.by_contracts
                else np.nan,
                "unasked": int((~requests["request_id"].isin(asked["request_id"])).sum()),
                "oldest": requests["raised_on"].min(),
            }
        )
    return pd.DataFrame(rows).astype({"oldest": "datetime64[us]"})
