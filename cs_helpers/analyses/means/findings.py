"""What the means come to: the headline numbers, the verdict on the needs, and the findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from cs_helpers.analyses.means.between import NOBODYS, SEVERAL
from cs_helpers.analyses.means.demand import Need, customers_of
from cs_helpers.analyses.means.pools import Pool
from cs_helpers.analyses.means.served import ENOUGH, EXCEEDED, NOBODY, UNKNOWN, UNSTATED
from cs_helpers.contract.means import is_said
from cs_helpers.contract.products import Product
from cs_helpers.result import Finding, Metric, Verdict


def headline_metrics(
    product: Product,
    tables: Mapping[str, pd.DataFrame],
    needs: Sequence[Need],
    mrr: pd.Series,
    customers: int,
    by_contracts: bool,
) -> Iterator[Metric]:
    """The headline numbers; those that the product file says nothing of are left out.

    `carried_out`: the share of the entries of the playbook that somebody can carry out; `left` and `left_mrr`: customers
    with a need that nobody can do anything about, each once, and their MRR; `exceeded`: means that more customers need
    than they can take in a quarter; `between`: steps, entries and KPIs that no department answers for, or several do.
    """
    if "nobody" in tables:
        nobody = set(zip(tables["nobody"]["kind"], tables["nobody"]["need"], strict=True))
        entries = len(product.playbook)
        if entries and is_said(product.means, product.organisation, "plays"):
            can = entries - sum(kind == "entry" for kind, _ in nobody)
            yield Metric("carried_out", can / entries, "share", entries, exact=True)
        of_nobody = [need for need in needs if (need.kind, need.name) in nobody]
        left = customers_of(of_nobody) if of_nobody else frozenset()
        if left is not None:
            yield Metric("left", float(len(left)), "count", customers)
            if by_contracts:
                yield Metric("left_mrr", float(mrr.reindex(sorted(left)).sum()), "currency", customers)
    if "inventory" in tables:
        states = tables["inventory"]["state"]
        if known := int(states.isin((EXCEEDED, ENOUGH)).sum()):
            yield Metric("exceeded", float((states == EXCEEDED).sum()), "count", known)
    if "between" in tables:
        items = tables["between"].query("kind != 'means'")
        yield Metric("between", float(items["state"].isin((NOBODYS, SEVERAL)).sum()), "count", len(items))


def need_verdict(needs: pd.DataFrame, full: Sequence[Pool]) -> Verdict:
    """The verdict on the needs of which the product file says something.

    full: of `pools.overfull`. `nobody` (nobody: needs that nobody can do anything about, of), `exceeded` (means: a tuple of
    ids, demand, capacity: of those that are needed most beyond their capacity), `both`; else `untold` (of: the demand of
    none is known), `nothing_due` (of: no customer needs any), `none_known` (of, unknown: of so many the demand is not
    known, and of the others there is none), `served` (of), `open` (of, unstated, unknown: so many have a capacity, and a
    demand, that is not known).
    """
    of, demand = len(needs), needs["demand"]
    nobody = int((needs["state"] == NOBODY).sum())
    fields: dict[str, object] = {"of": of, "nobody": nobody}
    if full:
        first = max(full, key=lambda pool: len(pool.customers) / pool.capacity)
        fields |= {"means": first.means, "demand": float(len(first.customers)), "capacity": first.capacity}
        return Verdict("both" if nobody else "exceeded", fields)
    if nobody:
        return Verdict("nobody", fields)
    if demand.isna().all():
        return Verdict("untold", fields)
    unknown, unstated = (int((needs["state"] == state).sum()) for state in (UNKNOWN, UNSTATED))
    if not demand.sum():
        return Verdict("none_known" if unknown else "nothing_due", fields | {"unknown": unknown})
    if unknown or unstated:
        return Verdict("open", fields | {"unknown": unknown, "unstated": unstated})
    return Verdict("served", fields)


def means_findings(
    product: Product,
    tables: Mapping[str, pd.DataFrame],
    customers: int,
    full: Sequence[Pool],
    mrr: pd.Series | None,
) -> tuple[Finding, ...]:
    """The findings, by MRR and customers at stake; what nobody answers for comes last.

    `nobody_entry` (when, obstacles) and `nobody_step` (step, obstacles): due for customers, and nobody can do it;
    `exceeded` (means, capacity): more customers need these means, which stand in for each other, than they can take; `short_only` (step): customers are late, and no measure takes
    the cause away; `unowned` (kpis): no role is measured by them.
    """
    found = [
        *_nobody(product, tables, customers),
        *_exceeded(product, customers, full, mrr),
        *_short_only(tables, customers),
    ]
    found.sort(key=lambda f: (f.mrr or 0.0, f.customers or 0), reverse=True)
    return (*found, *_unowned(tables))


def _at_stake(code: str, about: str, row: Mapping[str, object], customers: int, **fields: object) -> Finding:
    """A finding on the customers of a row (demand, mrr)."""
    demand = int(row["demand"])  # type: ignore[call-overload]
    return Finding(
        code, about, "worse", "counted", customers,
        value=float(demand), customers=demand, mrr=float(row["mrr"]) if "mrr" in row else None, fields=fields,  # type: ignore[arg-type]
    )  # fmt: skip


def _rows(tables: Mapping[str, pd.DataFrame], name: str) -> Iterator[dict[str, object]]:
    """The rows of a table that concern customers."""
    table = tables.get(name)
    if table is not None:
        yield from table[table["demand"] > 0].to_dict("records")


def _nobody(product: Product, tables: Mapping[str, pd.DataFrame], customers: int) -> Iterator[Finding]:
    when = {play.key: play.when for play in product.playbook}
    for row in _rows(tables, "nobody"):
        need, why = str(row["need"]), row["obstacles"]
        if row["kind"] == "entry":
            yield _at_stake(
                "nobody_entry", "nobody", row, customers, entry=need, when=when[need], obstacles=why
            )
        else:
            yield _at_stake("nobody_step", "nobody", row, customers, entry=need, step=need, obstacles=why)


def _exceeded(
    product: Product, customers: int, full: Sequence[Pool], mrr: pd.Series | None
) -> Iterator[Finding]:
    names = {one.id: one.name for one in product.means}
    for pool in full:
        row: dict[str, object] = {"demand": len(pool.customers)}
        if mrr is not None:
            row["mrr"] = float(mrr.reindex(sorted(pool.customers)).sum())
        means = tuple(names[one] for one in pool.means)
        yield _at_stake(
            "exceeded", "inventory", row, customers,
            entry=",".join(pool.means), means=means, capacity=pool.capacity,
        )  # fmt: skip


def _short_only(tables: Mapping[str, pd.DataFrame], customers: int) -> Iterator[Finding]:
    for row in _rows(tables, "root_causes"):
        if row["state"] == "short_only":
            yield _at_stake("short_only", "root_causes", row, customers, entry=row["need"], step=row["need"])


def _unowned(tables: Mapping[str, pd.DataFrame]) -> Iterator[Finding]:
    if "between" not in tables:
        return
    kpis = tables["between"].query("kind == 'kpi'")
    if len(unowned := kpis.loc[kpis["state"] == NOBODYS, "item"]):
        yield Finding(
            "unowned", "between", "worse", "counted", len(kpis),
            value=float(len(unowned)), fields={"kpis": tuple(unowned)},
        )  # fmt: skip
