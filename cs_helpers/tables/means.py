"""Tables of the means: what serves what, what nobody can carry out, and what lies between departments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.text import Text


def needs(result: Result, text: Text) -> Listing:
    """Each step and entry: the customers who need it now, what serves it, whose that is, and whether it suffices."""
    known = result.tables["needs"]
    all_rows = known.assign(
        need=_items(known["kind"], known["need"], text),
        means=_names(known["means"], text),
        owned=[_counts(text, own=row.own, borrowed=row.borrowed) for row in known.itertuples()],
        capacity=[_capacity(row, text) for row in known.itertuples()],
        state=[
            _obstacles(row.obstacles, text) if row.obstacles else text(f"means.needs.state_{row.state}")
            for row in known.itertuples()
        ],
    )
    columns = ("need", "demand", "mrr", "means", "owned", "capacity", "state")
    return _listing(result, "needs", all_rows, columns, text)


def nobody(result: Result, text: Text) -> Listing:
    """What customers need and nobody can do, and why."""
    known = result.tables["nobody"]
    all_rows = known.assign(
        need=_items(known["kind"], known["need"], text),
        why=[_obstacles(codes, text) for codes in known["obstacles"]],
    )
    return _listing(result, "nobody", all_rows, ("need", "why", "demand", "mrr"), text)


def nobody_customers(result: Result, text: Text) -> Listing:
    """The customers of these needs, with the highest MRR first."""
    known = result.tables["nobody_customers"]
    all_rows = known.assign(need=_items(known["kind"], known["need"], text))
    return _listing(result, "nobody_customers", all_rows, ("name", "need", "csm", "since", "mrr"), text)


def inventory(result: Result, text: Text) -> Listing:
    """Each measure and resource: whose it is, what it serves, and the customers who need it against its capacity."""
    known = result.tables["inventory"]
    all_rows = known.assign(
        means=[text.label("means", one) for one in known["means"]],
        kind=[text(f"means.kind.{row.horizon or row.kind}") for row in known.itertuples()],
        department=[
            text(f"means.owned.{row.owned}", department=text.label("department", row.department))
            for row in known.itertuples()
        ],
        serves=[
            text.join_list([_item(kind, name, text) for kind, name in served]) for served in known["serves"]
        ],
        state=[
            text(f"means.inventory.state_{row.state}", quarters=text.amount(row.quarters))
            for row in known.itertuples()
        ],
    )
    columns = ("means", "kind", "department", "serves", "demand", "capacity", "state")
    return _listing(result, "inventory", all_rows, columns, text)


def root_causes(result: Result, text: Text) -> Listing:
    """Each step that customers are late for: what helps at once, and what takes the cause away."""
    known = result.tables["root_causes"]
    all_rows = known.assign(
        need=[text.label("step", step) for step in known["need"]],
        means=_names(known["means"], text),
        state=[text(f"means.root_causes.state_{state}") for state in known["state"]],
    )
    columns = ("need", "demand", "mrr", "means", "short_term", "root_cause", "state")
    return _listing(result, "root_causes", all_rows, columns, text)


def reasons(result: Result, text: Text) -> Listing:
    """Each reason for not acting, by the companies that gave it, and what serves it."""
    known = result.tables["reasons"]
    companies = (
        [
            text("means.reasons.of", companies=text.companies(row.companies), of=text.companies(row.of))
            for row in known.itertuples()
        ]
        if "companies" in known
        else None
    )
    all_rows = known.assign(
        reason=[text.label("reason", reason) for reason in known["reason"]],
        means=_names(known["means"], text),
        owned=[_counts(text, own=row.own, borrowed=row.borrowed) for row in known.itertuples()],
        state=[text(f"means.reasons.state_{state}") for state in known["state"]],
        **({"companies": companies} if companies is not None else {}),
    )
    return _listing(result, "reasons", all_rows, ("reason", "companies", "means", "owned", "state"), text)


def between(result: Result, text: Text) -> Listing:
    """The steps, entries and KPIs that no department answers for or several do, and means borrowed without a KPI."""
    known = result.tables["between"]
    known = known[known["state"] != "one"]
    all_rows = known.assign(
        item=_items(known["kind"], known["item"], text),
        departments=[
            text.join_list([text.label("department", name) for name in names]) or "–"
            for names in known["departments"]
        ],
        state=[text(f"means.between.state_{state}") for state in known["state"]],
    )
    return _listing(result, "between", all_rows, ("item", "departments", "state", "demand", "mrr"), text)


def _listing(
    result: Result, question: str, all_rows: pd.DataFrame, columns: Iterable[str], text: Text
) -> Listing:
    """The listing of a question: numbers, amounts and days formatted, amounts only where they are known."""
    currency = result.settings["currency"]
    shown = [column for column in columns if column in all_rows]
    frame = all_rows.copy()
    for column in shown:
        if column == "mrr":
            frame[column] = [text.money(v, currency) for v in all_rows[column]]
        elif column == "since":
            frame[column] = [text.day(v) for v in all_rows[column]]
        elif pd.api.types.is_numeric_dtype(all_rows[column]):
            frame[column] = [text.number(v) for v in all_rows[column]]
    right = ("demand", "mrr", "capacity", "short_term", "root_cause")
    return table(
        frame.head(MAX_ROWS), text.headings(f"means.{question}", *shown), name=question.replace("_", "-"),
        right=tuple(c for c in right if c in shown), all_rows=all_rows, units={"mrr": currency},
    )  # fmt: skip


def _items(kinds: Iterable[str], names: Iterable[str], text: Text) -> list[str]:
    return [_item(kind, name, text) for kind, name in zip(kinds, names, strict=True)]


def _item(kind: str, name: str, text: Text) -> str:
    """A name with what it is the name of."""
    return text(f"means.item.{kind}", name=text.named(kind, name))


def _names(means: Iterable[Iterable[str]], text: Text) -> list[str]:
    """The names of the means of each row; an en dash for none."""
    return [text.join_list([text.label("means", one) for one in ids]) or "–" for ids in means]


def _obstacles(codes: Iterable[str], text: Text) -> str:
    return text("means.nobody.why", why=text.join_list([text(f"means.obstacles.{code}") for code in codes]))


def _capacity(row: Any, text: Text) -> str:
    """The capacity of what serves a need: the stated part, and that another part is not; an en dash where nothing serves."""
    if not row.unstated:
        return text.number(row.capacity)
    if row.capacity != row.capacity:
        return text("means.needs.not_stated")
    return text("means.needs.partly", stated=text.number(row.capacity))


def _counts(text: Text, **counts: int) -> str:
    """How many means are own and how many borrowed; an en dash for none."""
    parts = [text(f"means.owned.{kind}s", n=text.number(n)) for kind, n in counts.items() if n]
    return text.join_list(parts) or "–"
