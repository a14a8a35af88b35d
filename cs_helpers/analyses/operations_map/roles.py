"""Who does what for the customers: the roles of the organisation, their plays, and the customers for whom these are due."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cs_helpers.contract.means import obstacles
from cs_helpers.contract.organisation import JOB_ROLES
from cs_helpers.contract.products import Product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customer_journey.due import Situation
from cs_helpers.customers.time import missing_contracts
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData

#: the role of entries of the playbook that no role carries out
NOBODY = "nobody"

COLUMNS = (
    "role", "department_en", "department_ja", "people", "plays", "entries", "due", "mrr", "obstacles", "carried_out",
)  # fmt: skip
PLAY_COLUMNS = ("at", "entry", "customers", "of")


def role_table(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The six roles, each in its departments, and the entries of the playbook that they carry out.

    Columns: role (of `JOB_ROLES`; `NOBODY` last, for entries that no role carries out, where there are any), department_en,
    department_ja ('' where no department has the role), people (full-time equivalents; NaN where not stated), plays (entries of
    the playbook), entries (their ids, with line breaks between them), due (customers for whom any of them is due at the end of the quarter, each once; NaN where the role has none,
    or the data tells it of none), mrr (theirs; NaN without contracts), obstacles (why an entry of the role cannot be carried
    out, `contract.means.Obstacle`, with line breaks between them), carried_out (whether a department has the role, and each of
    its entries can be carried out). Empty where the product file has no organisation.
    """
    product = data.product
    if product.organisation is None:
        return pd.DataFrame(columns=list(COLUMNS))
    due = _due(data, quarter)
    rows = []
    for role in JOB_ROLES:
        entries = [r for r in product.organisation.roles if r.role == role]
        for entry in entries:
            people = np.nan if entry.people is None else entry.people
            department = entry.department.en, entry.department.ja
            rows.append(_row(product, due, role, department, people, entry.plays, is_filled=True))
        if not entries:
            rows.append(_row(product, due, role, ("", ""), np.nan, (), is_filled=False))
    carried_out = {play for entry in product.organisation.roles for play in entry.plays}
    if left := tuple(play.key for play in product.playbook if play.key not in carried_out):
        rows.append(_row(product, due, NOBODY, ("", ""), np.nan, left, is_filled=False))
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(
        {"people": "float64", "due": "float64", "mrr": "float64"}
    )
    # of nobody the sum is 0 even where nobody knows what customers pay
    return table.assign(mrr=np.nan) if missing_contracts(data) else table


def play_table(roles: pd.DataFrame, results: Mapping[str, Result]) -> pd.DataFrame:
    """The entries of the playbook at each role: at (the row of `roles`), entry (its id), customers, of.

    customers: for whom the entry is due by the report on the playbook, of: of so many of whom that is known; NaN and 0 where the entry
    has no rule, or the data tells it of nobody.
    """
    of_report = results["playbook"]
    entries = of_report.tables.get("entries", pd.DataFrame(columns=["entry", "customers", "unknown"]))
    by_entry = entries.set_index("entry")
    rows = []
    for at, keys in enumerate(roles["entries"]):
        for key in keys.splitlines():
            customers, unknown = by_entry.loc[key, ["customers", "unknown"]]
            of = 0 if customers != customers else of_report.n - int(unknown)
            rows.append({"at": at, "entry": key, "customers": customers, "of": of})
    return pd.DataFrame(rows, columns=list(PLAY_COLUMNS)).astype(
        {"at": "int64", "customers": "float64", "of": "int64"}
    )


def _due(data: ProductData, quarter: Quarter) -> dict[str, pd.Series]:
    """The MRR of the customers for whom each entry with a rule is due, by its key; without those of which the data tells nothing."""
    (now,) = Situation.on(data, quarter.end)
    mrr = now.time.mrr(quarter.end).astype("float64")
    mrr = mrr if now.time.by_contracts else mrr * np.nan
    found = {play.key: now.due(play.rule) for play in data.product.playbook if play.rule is not None}
    return {key: mrr.reindex(due.customers) for key, due in found.items() if due.is_known(len(now.customers))}


def _row(
    product: Product,
    due: dict[str, pd.Series],
    role: str,
    department: tuple[str, str],
    people: float,
    plays: tuple[str, ...],
    *,
    is_filled: bool,
) -> dict[str, object]:
    known = [due[play] for play in plays if play in due]
    customers = pd.concat(known) if known else pd.Series(dtype="float64")
    customers = customers[~customers.index.duplicated()]
    found = [o for play in plays for o in obstacles(play, product.means, product.organisation)]
    return {
        "role": role, "department_en": department[0], "department_ja": department[1], "people": people, "plays": len(plays),
        "entries": "\n".join(plays),
        "due": len(customers) if known else np.nan,
        "mrr": np.nan if not known or (len(customers) and customers.isna().all()) else float(customers.sum()),
        "obstacles": "\n".join(dict.fromkeys(found)), "carried_out": is_filled and not found,
    }  # fmt: skip
