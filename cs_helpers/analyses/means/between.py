"""What lies between departments: steps, entries and KPIs that no department answers for, or several do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.contract.organisation import JobRole, Organisation, same_department
from cs_helpers.contract.product_parts import Words
from cs_helpers.contract.products import Product
from cs_helpers.result import Verdict

#: how many departments answer for an item; of borrowed means: the department that lends them is measured by no KPI here
NOBODYS, ONE, SEVERAL, NO_KPI = "nobodys", "one", "several", "no_kpi"

COLUMNS = ("kind", "item", "departments", "state", "demand", "mrr")


def kpis_of(product: Product) -> Sequence[str]:
    """The numbers that somebody has to answer for: headlines, those with a target or of a goal, and those of the roles."""
    named = [names for section, names in product.metrics_named.items() if section != "scores"]
    return list(dict.fromkeys(chain.from_iterable(named)))


def between_table(product: Product, needs: pd.DataFrame) -> pd.DataFrame:
    """The steps, entries, KPIs and borrowed means of a product, and the departments that answer for them.

    needs: see `served.need_table`. Columns: kind (`step`, `entry`, `kpi`, `means`), item, departments (tuple of English
    names), state (`nobodys`, `one`, `several`; of borrowed means `no_kpi` or `one`), demand, mrr (of steps and entries). A
    kind of which the organisation says nothing has no rows.
    """
    organisation = product.organisation
    assert organisation is not None
    rows: list[dict[str, Any]] = []
    for need in needs.to_dict("records"):
        key = "steps" if need["kind"] == "step" else "plays"
        if _says(organisation, key):
            rows.append(
                _item(product, need["kind"], need["need"], key)
                | {"demand": need["demand"], "mrr": need["mrr"]}
            )
    if _says(organisation, "kpis"):
        rows += [_item(product, "kpi", kpi, "kpis") for kpi in kpis_of(product)]
        measured = {same_department(r.department) for r in organisation.roles if r.kpis}
        rows += [
            {
                "kind": "means",
                "item": one.id,
                "departments": _names(product, [same_department(one.department)]),
                "state": ONE if same_department(one.department) in measured else NO_KPI,
            }
            for one in product.means
            if one.owned == "borrowed"
        ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"demand": "float64", "mrr": "float64"})


def _says(organisation: Organisation, key: str) -> bool:
    """Whether any role names something under a key; else nothing is known of it."""
    return any(getattr(role, key) for role in organisation.roles)


def _item(product: Product, kind: str, item: str, key: str) -> dict[str, Any]:
    roles = product.organisation.roles if product.organisation else ()
    found = _names(product, [same_department(r.department) for r in roles if item in getattr(r, key)])
    state = NOBODYS if not found else ONE if len(found) == 1 else SEVERAL
    return {
        "kind": kind, "item": item, "departments": found, "state": state, "demand": np.nan, "mrr": np.nan,
    }  # fmt: skip


def _names(product: Product, departments: Iterable[str]) -> tuple[str, ...]:
    """The English names of departments, each once, as the product file writes them first."""
    written: Mapping[str, str] = {same_department(d): d.en for d in product.departments}
    return tuple(dict.fromkeys(written[d] for d in departments))


def roles_without_tasks(organisation: Organisation) -> tuple[tuple[JobRole, Words], ...]:
    """The roles, each with its department, that have neither a step nor an entry, where any role has one."""
    tasks = [bool(role.steps or role.plays) for role in organisation.roles]
    without = [role for role, has_task in zip(organisation.roles, tasks, strict=True) if not has_task]
    return tuple((role.role, role.department) for role in without) if any(tasks) else ()


def between_verdict(table: pd.DataFrame) -> Verdict:
    """`gaps` (nobodys, several, of), `nobodys` (nobodys, of), `several` (several, of) or `clear` (of): steps, entries, KPIs."""
    items = table[table["kind"] != "means"]
    counts = {state: int((items["state"] == state).sum()) for state in (NOBODYS, SEVERAL)}
    code = (
        "gaps"
        if all(counts.values())
        else NOBODYS
        if counts[NOBODYS]
        else SEVERAL
        if counts[SEVERAL]
        else "clear"
    )
    return Verdict(code, {**counts, "of": len(items)})
