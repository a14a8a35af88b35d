"""What serves each need, and what each means is asked for: demand against capacity, who can, and for how long it helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cs_helpers.analyses.means.demand import Need, counted, customers_of
from cs_helpers.analyses.means.pools import Pool, pools, working_ids
from cs_helpers.contract.means import Means, obstacles, working_means
from cs_helpers.contract.products import Product
from cs_helpers.contract.vocabulary import REASONS
from cs_helpers.customers.pools import overfull

#: of a need: nobody can do it; more customers than the means by which it is done can take together; they have room; no
#: customer needs it now; the demand, or the capacity, is not known; the product file names no means for any need of the kind
NOBODY, EXCEEDED, ENOUGH, IDLE, UNKNOWN, UNSTATED, UNSAID = (
    "nobody", "exceeded", "enough", "idle", "unknown", "unstated", "unsaid",
)  # fmt: skip
#: of means: their capacity is 0; they serve neither a step nor an entry; nobody can do what they serve, as no role has
#: people for it; whether they suffice depends on others that serve the same, of which the capacity is not stated
SPENT, UNCOUNTED, IN_VAIN, SHARED = "spent", "uncounted", "in_vain", "shared"

_COUNTS = ("measures", "resources", "short_term", "root_cause", "own", "borrowed")


def inventory_table(product: Product, needs: Sequence[Need], mrr: pd.Series) -> pd.DataFrame:
    """The means of the product file in its order, with the customers who need them now.

    Columns: means (id), kind, horizon ('': not stated, or a resource), department (its English name), owned, serves
    (tuple of pairs: `step`, `entry` or `reason`, and its name), demand (customers with any of the steps and entries that
    it serves, each once; NaN: not known of any of them), mrr, capacity (customers a quarter; NaN: not stated), quarters
    (of exceeded ones: how long they take, together with those that stand in for them, for the customers of today), state
    (`exceeded`, `enough`, `spent`, `unknown`, `unstated`, `shared`, `in_vain`, `uncounted`).
    """
    found = pools(product, needs)
    full = overfull(found.values())
    rows = []
    for one in product.means:
        served = [need for need in needs if need.name in getattr(one, need.of)]
        demand = counted(customers_of(served), mrr)
        capacity = np.nan if one.capacity is None else one.capacity
        rows.append(
            {
                "means": one.id,
                "kind": one.kind,
                "horizon": one.horizon or "",
                "department": one.department.en,
                "owned": one.owned,
                "serves": (
                    *(("step", name) for name in one.steps),
                    *(("entry", name) for name in one.plays),
                    *(("reason", name) for name in one.reasons),
                ),
                **demand,
                "capacity": capacity,
                "quarters": max(
                    (len(pool.customers) / pool.capacity for pool in full if one.id in pool.means),
                    default=np.nan,
                ),
                "state": _state_of_means(product, one, served, demand["demand"], list(found.values()), full),
            }
        )
    columns = [
        "means", "kind", "horizon", "department", "owned", "serves", "demand", "mrr", "capacity", "quarters", "state",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).astype(
        dict.fromkeys(("demand", "mrr", "capacity", "quarters"), "float64")
    )


def _state_of_means(
    product: Product,
    one: Means,
    served: Sequence[Need],
    demand: float,
    found: Sequence[Pool],
    full: Sequence[Pool],
) -> str:
    if one.capacity == 0:
        return SPENT
    if not served:
        return UNCOUNTED
    if demand != demand:
        return UNKNOWN
    asked = [need for need in served if need.customers]
    if asked and all(obstacles(n.name, product.means, product.organisation, n.of) for n in asked):
        return IN_VAIN
    if one.capacity is None:
        return UNSTATED
    if any(one.id in pool.means for pool in full):
        return EXCEEDED
    is_open = any(one.id in pool.means and not pool.is_stated and not pool.has_room for pool in found)
    return SHARED if is_open and demand > one.capacity else ENOUGH


def need_table(product: Product, needs: Sequence[Need], mrr: pd.Series) -> pd.DataFrame:
    """The needs in their order, with what serves each of them.

    Columns: kind (`step`, `entry`), need (the step, or the id of the entry), demand (customers; NaN: not known), mrr,
    means (tuple of ids of all that serve it), the numbers of its measures, resources, short_term, root_cause, own and
    borrowed means, capacity (customers a quarter of the means by which it is done: `contract.means.working_means`; the sum
    of those that are stated, NaN where none is), unstated (how many of these state none), obstacles (tuple of `contract.means.Obstacle`), state (`nobody`, `exceeded`,
    `enough`, `idle`, `unknown`, `unstated`, `unsaid`).
    """
    found = pools(product, needs)
    full = overfull(found.values())
    rows = []
    for need in needs:
        serving = [one for one in product.means if need.name in getattr(one, need.of)]
        working = working_means(need.name, product.means, need.of)
        stated = [one.capacity for one in working if one.capacity is not None]
        in_the_way = obstacles(need.name, product.means, product.organisation, need.of)
        is_said = any(getattr(one, need.of) for one in product.means)
        rows.append(
            {
                "kind": need.kind,
                "need": need.name,
                **counted(need.customers, mrr),
                "means": tuple(one.id for one in serving),
                **_counts(serving),
                "capacity": sum(stated) if stated else np.nan,
                "unstated": len(working) - len(stated),
                "obstacles": in_the_way,
                "state": NOBODY
                if in_the_way
                else UNSAID
                if not is_said
                else _state_of_need(working_ids(working), need.customers, found, full),
            }
        )
    columns = [
        "kind",
        "need",
        "demand",
        "mrr",
        "means",
        *_COUNTS,
        "capacity",
        "unstated",
        "obstacles",
        "state",
    ]
    return pd.DataFrame(rows, columns=columns).astype(
        dict.fromkeys(("demand", "mrr", "capacity"), "float64")
        | dict.fromkeys((*_COUNTS, "unstated"), "int64")
    )


def _state_of_need(
    ids: frozenset[str],
    customers: frozenset[str] | None,
    found: Mapping[frozenset[str], Pool],
    full: Sequence[Pool],
) -> str:
    """The state of a need by the means by which it is done, without those that are spent."""
    if customers is None:
        return UNKNOWN
    if not customers:
        return IDLE
    if any(ids <= set(pool.means) for pool in full):
        return EXCEEDED
    return ENOUGH if found[ids].is_stated or found[ids].has_room else UNSTATED


def _counts(means: Sequence[Means]) -> dict[str, int]:
    """How many of the means are measures, resources, short_term, root_cause, own, and borrowed."""
    return {
        "measures": sum(one.kind == "measure" for one in means),
        "resources": sum(one.kind == "resource" for one in means),
        "short_term": sum(one.horizon == "short_term" for one in means),
        "root_cause": sum(one.horizon == "root_cause" for one in means),
        "own": sum(one.owned == "own" for one in means),
        "borrowed": sum(one.owned == "borrowed" for one in means),
    }


def nobody_table(needs: pd.DataFrame) -> pd.DataFrame:
    """The needs that nobody can do anything about, by MRR, then by customers: kind, need, obstacles, demand, mrr."""
    rows = needs[needs["state"] == NOBODY].sort_values(
        ["mrr", "demand"], ascending=False, na_position="last", kind="stable", ignore_index=True
    )
    return rows[["kind", "need", "obstacles", "demand", "mrr"]]


def nobody_customers(
    needs: Sequence[Need], table: pd.DataFrame, accounts: pd.DataFrame, mrr: pd.Series
) -> pd.DataFrame:
    """The customers of these needs, by MRR, then by days: account_id, name, csm, size, kind, need, since, mrr."""
    listed = set(zip(table["kind"], table["need"], strict=True))
    parts = [
        need.since.rename_axis("account_id").reset_index().assign(kind=need.kind, need=need.name)
        for need in needs
        if need.since is not None and (need.kind, need.name) in listed
    ]
    columns = ["account_id", "name", "csm", "size", "kind", "need", "since", "mrr"]
    if not parts:
        return pd.DataFrame(columns=columns)
    rows = pd.concat(parts, ignore_index=True).merge(
        accounts[["account_id", "name", "csm", "size"]], on="account_id", how="left"
    )
    rows["mrr"] = rows["account_id"].map(mrr).astype("float64")
    return rows.sort_values(
        ["mrr", "since", "account_id", "kind", "need"],
        ascending=[False, True, True, True, True],
        ignore_index=True,
    )[columns]


def root_cause_table(needs: pd.DataFrame, inventory: pd.DataFrame) -> pd.DataFrame:
    """For each step that customers are late for: whether anything takes the cause of the stall away.

    Columns: need (the step), demand (late customers), mrr, measures, short_term, root_cause, resources (numbers), means
    (ids), state: `root_cause` (a measure is one), `root_spent` (those that are have the capacity 0), `short_only` (all
    measures help at once only), `unstated` (of a measure it is not said, and none is known to be one), `resources_only`
    (no measure), `none` (no means). Most customers first.
    """
    horizon = inventory.set_index("means")["horizon"].where(
        inventory.set_index("means")["state"] != SPENT, ""
    )
    takes_cause_away = set(horizon.index[horizon == "root_cause"])
    rows = needs[(needs["kind"] == "step") & (needs["demand"] > 0)].copy()
    rows["state"] = np.select(
        [
            np.array([bool(takes_cause_away & set(ids)) for ids in rows["means"]], bool),
            rows["root_cause"] > 0,
            (rows["measures"] == 0) & (rows["resources"] == 0),
            rows["measures"] == 0,
            rows["short_term"] == rows["measures"],
        ],
        ["root_cause", "root_spent", "none", "resources_only", "short_only"],
        "unstated",
    )
    columns = [
        "need", "demand", "mrr", "measures", "short_term", "root_cause", "resources", "means", "state",
    ]  # fmt: skip
    return rows.sort_values("demand", ascending=False, kind="stable", ignore_index=True)[columns]


def reason_table(product: Product, given: pd.DataFrame) -> pd.DataFrame:
    """The reasons for not acting, as often as companies gave them, with what serves each.

    given: the table `reasons` of the interviews. Columns: reason, companies (that gave it and did not refute it; NaN:
    hidden, as they are few), of (interviewed companies), means (ids), short_term, root_cause, own, borrowed (numbers),
    state: `none` (no means), `short_only`, `root_cause`, `other` (resources, or measures of which the horizon is not said).
    """
    rows = given[given["dimension"] == "all"].set_index("reason")
    found = []
    for reason in REASONS:
        serving = [one for one in product.means if reason in one.reasons]
        counts: Mapping[str, int] = _counts(serving)
        measures = counts["measures"]
        found.append(
            {
                "reason": reason,
                "companies": float(rows["given"].get(reason, np.nan)),
                "of": float(rows["of"].get(reason, np.nan)),
                "means": tuple(one.id for one in serving),
                **{name: counts[name] for name in ("short_term", "root_cause", "own", "borrowed")},
                "state": "none"
                if not serving
                else "root_cause"
                if counts["root_cause"]
                else "short_only"
                if measures and counts["short_term"] == measures
                else "other",
            }
        )
    return pd.DataFrame(found).sort_values(
        "companies", ascending=False, kind="stable", na_position="last", ignore_index=True
    )
