"""What customers had asked of a product on a day, what had become of it by then, and whether they had been told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from cs_helpers.contract.spells import CustomerTime
from cs_helpers.contract.vocabulary import UNDECIDED_STATUSES, UNKNOWN
from cs_helpers.customers.segments import with_segments
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.snapshot import ProductData

#: states of requests: not yet decided; not yet in the product; answered
UNDECIDED, WAITING = UNDECIDED_STATUSES, (*UNDECIDED_STATUSES, "planned")
ANSWERED = ("planned", "declined", "released", "exists")


@dataclass(frozen=True, eq=False)
class Asked:
    """The requests to a product and who had asked for them, as known on `day`.

    requests: request_id, title, code, kind (`''` where missing), status on that day, raised_on, answered_on (the first day on
    which it was decided or released; NaT: not answered, or not recorded), since (the day from which the status holds), link.
    asked: one row a request and account: request_id, account_id, asked_on (first), heard_in (then), status and since of the
    request, first_told (the day on which it was first told an answer; NaT: not told), is_customer (on the day), is_told (of what
    holds on that day), is_later (asked for what the product did already).
    customers: name, csm, size, mrr of the customers of that day, by account_id. knows_told: whether it had been recorded of anybody
    by then that it was told; if not, nobody knows who was.
    """

    day: date
    time: CustomerTime
    requests: pd.DataFrame
    asked: pd.DataFrame
    customers: pd.DataFrame
    knows_told: bool

    @classmethod
    def on(cls, data: ProductData, day: date) -> Asked:
        """What the tables say of a day."""
        time = customer_time_as_of(data, day)
        mrr = time.mrr(day)
        accounts = with_segments(data["accounts"]).set_index("account_id")[["name", "csm", "size"]]
        customers = accounts.reindex(mrr.index).assign(mrr=mrr)
        customers["size"] = customers["size"].fillna(UNKNOWN)
        requests = requests_on(data["requests"], day)
        asked = _asked_on(data["request_accounts"], requests, day)
        asked = asked.assign(is_customer=asked["account_id"].isin(mrr.index))
        knows_told = bool((data["request_accounts"]["told_on"] <= pd.Timestamp(day)).any())
        return cls(day, time, requests, asked, customers, knows_told)

    @cached_property
    def of_customers(self) -> pd.DataFrame:
        """The rows of `asked` of those who are customers on the day, with their name, csm, size and mrr, and the request."""
        rows = self.asked[self.asked["is_customer"]].join(self.customers, on="account_id")
        return rows.merge(self.requests[["request_id", "title", "code"]], on="request_id")

    @cached_property
    def owed(self) -> pd.DataFrame:
        """The rows of `of_customers` whose request is answered, so that the customer is owed word of it."""
        rows = self.of_customers
        return rows[rows["status"].isin(ANSWERED)]


def requests_on(requests: pd.DataFrame, day: date) -> pd.DataFrame:
    """The requests that had been raised by a day, with the status that they had then: see `Asked.requests`.

    The table holds the status of today. One that was decided or released later than the day was open then, or planned
    between the two; the day of an answer that is not recorded is taken to be past.
    """
    at = pd.Timestamp(day)
    rows = requests[requests["raised_on"] <= at].reset_index(drop=True)
    decided, released = rows["decided_on"], rows["released_on"].where(rows["status"] == "released")
    is_decided = rows["status"].isin(ANSWERED) & ~(decided > at)
    is_released = (rows["status"] == "released") & ~(released > at)
    # a release is an answer, too: without a day of its own the decision is not known to be past before it
    is_decided &= ~((rows["status"] == "released") & decided.isna() & (released > at))
    status = np.select(
        [
            is_released,
            (rows["status"] == "released") & is_decided,
            rows["status"].isin(ANSWERED) & ~is_decided,
        ],
        ["released", "planned", "open"],
        rows["status"],
    )
    first = pd.concat([decided.where(is_decided), released.where(is_released)], axis=1).min(axis=1)
    since = released.where(is_released).fillna(decided.where(is_decided))
    texts = {column: rows[column].astype("object").fillna("") for column in ("title", "code", "kind", "link")}
    return rows.assign(status=status, answered_on=first, since=since, **texts)[
        ["request_id", "title", "code", "kind", "status", "raised_on", "answered_on", "since", "link"]
    ]


def _asked_on(request_accounts: pd.DataFrame, requests: pd.DataFrame, day: date) -> pd.DataFrame:
    at = pd.Timestamp(day)
    rows = request_accounts[request_accounts["asked_on"] <= at].sort_values("asked_on", kind="stable")
    rows = rows.merge(requests[["request_id", "status", "answered_on", "since"]], on="request_id")
    is_answered = rows["status"].isin(ANSWERED)
    told = rows["told_on"].where((rows["told_on"] <= at) & is_answered)
    rows = rows.assign(
        # what was said before the answer was no answer, and what was said before the release is not what holds now
        first_told=told.mask((told < rows["answered_on"]).fillna(False)),
        last_told=told.mask((told < rows["since"]).fillna(False)),
    )
    asked = rows.groupby(["request_id", "account_id"], sort=True, as_index=False).agg(
        asked_on=("asked_on", "min"), heard_in=("heard_in", "first"), first_told=("first_told", "min"),
        last_told=("last_told", "max"), status=("status", "first"), since=("since", "first"),
    )  # fmt: skip
    is_later = (asked["status"] == "exists") | (
        (asked["status"] == "released") & (asked["asked_on"] > asked["since"]).fillna(False)
    )
    return asked.assign(
        heard_in=asked["heard_in"].astype("object").fillna(""),
        is_told=asked["last_told"].notna().astype(bool),
        is_later=is_later.astype(bool),
    )
