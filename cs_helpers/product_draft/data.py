"""Load the rows of a product that has no product file yet, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import ibis.expr.types as ir
import pandas as pd

from cs_helpers.contract.products import CustomerRules, load_products
from cs_helpers.contract.spells import customer_time
from cs_helpers.snapshot.take import read_tables
from cs_helpers.sources.intake import Intake

#: the tables that are read besides usage, with the columns that are needed
_COLUMNS_READ = {
    "accounts": ("account_id", "size", "touch_model"),
    "milestones": ("account_id", "product", "step", "reached_at"),
    "touches": ("account_id", "product", "occurred_at", "touch_model", "kind", "content"),
    "tickets": ("account_id", "product", "opened_at", "answered_at", "closed_at"),
    "surveys": ("account_id", "product", "answered_on", "nps"),
    "assessments": ("account_id", "product", "assessed_on", "measure", "score"),
    "contracts": ("account_id", "product", "started_on", "ended_on", "ended_how", "mrr", "currency"),
}
_TIMES = (
    "reached_at", "occurred_at", "opened_at", "answered_at", "closed_at", "answered_on", "assessed_on", "started_on", "ended_on",
)  # fmt: skip


@dataclass(frozen=True)
class DraftData:
    """The rows of one product, or of all products where no row names it.

    is_named: whether any row names the product. named_products: the products that rows name. tables: table -> rows of
    the product, for the tables that the company provided. usage: account_id, month, event (NA: all events), events,
    quantity, users, days, first_at. usage_by_day: day, event (NA: all events), events, users. code_counts: theme code ->
    number of notes with it.
    """

    product: str
    is_named: bool
    named_products: tuple[str, ...]
    as_of: date
    tables: Mapping[str, pd.DataFrame]
    usage: pd.DataFrame | None = None
    usage_by_day: pd.DataFrame | None = None
    code_counts: Mapping[str, int] = field(default_factory=dict)

    def table(self, name: str) -> pd.DataFrame | None:
        """The rows of a table; `None` where there are none."""
        rows = self.tables.get(name)
        return None if rows is None or rows.empty else rows

    @property
    def free_contracts(self) -> int:
        """The number of contracts with an MRR of 0."""
        contracts = self.table("contracts")
        return 0 if contracts is None or "mrr" not in contracts else int((contracts["mrr"] == 0).sum())

    def accounts(self) -> pd.Index:
        """The accounts with a contract; without contracts, those in any row of the product. Sorted."""
        contracts = self.table("contracts")
        if contracts is not None:
            return pd.Index(sorted(contracts["account_id"].unique()))
        account_ids = [t["account_id"] for n, t in self.tables.items() if n != "accounts" and not t.empty]
        account_ids += [] if self.usage is None else [self.usage["account_id"]]
        return pd.Index(sorted(pd.concat(account_ids).dropna().unique())) if account_ids else pd.Index([])

    def customers(self, day: date) -> pd.Index:
        """The accounts that are customers on a day; without contracts, all accounts."""
        contracts = self.table("contracts")
        if contracts is None:
            return self.accounts()
        rules = CustomerRules(zero_mrr="customer")
        return pd.Index(customer_time(contracts, rules, self.as_of).customers(day))


def load_draft_data(
    sources_file: Path, product: str, *, folder: Path | None = None, products: Path, today: date | None = None
) -> DraftData:
    """Load the rows of a product from the tables of a sources file.

    folder: the folder of the snapshots, where the reductions of usage are cached. products: the folder of the product
    files. Raises `SettingError`, `SourceError` or `SourcesError` where the tables cannot be read.
    """
    with read_tables(sources_file, load_products(products), folder=folder, today=today) as intake:
        products_in_rows = _products_in_rows(intake)
        selected = (product,) if product in products_in_rows else products_in_rows
        tables = {
            name: _read_rows(intake.kept[name], columns, selected)
            for name, columns in _COLUMNS_READ.items()
            if name in intake.kept
        }
        usage, by_day = _read_usage(intake, selected)
        return DraftData(
            product,
            product in products_in_rows,
            products_in_rows,
            intake.as_of,
            tables,
            usage,
            by_day,
            _count_codes(intake, selected),
        )


def _products_in_rows(intake: Intake) -> tuple[str, ...]:
    """The products that rows name, sorted."""
    names: set[str] = set()
    tables = [rows for rows in intake.kept.values() if "product" in rows.columns]
    tables += [] if intake.usage is None else [intake.usage.table("active_daily")]
    for rows in tables:
        names |= set(rows.select("product").distinct().to_pyarrow()["product"].to_pylist())
    return tuple(sorted(names - {None}))


def _read_rows(table: ir.Table, columns: tuple[str, ...], selected: tuple[str, ...]) -> pd.DataFrame:
    if "product" in columns:
        table = table.filter(table["product"].isin(selected))
    frame: pd.DataFrame = table.select(*(c for c in columns if c in table.columns)).execute()
    for column in (c for c in _TIMES if c in frame):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
    return frame


def _read_usage(intake: Intake, selected: tuple[str, ...]) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    if intake.usage is None:
        return None, None
    monthly, daily, active = (
        intake.usage.table(name) for name in ("usage_monthly", "usage_daily", "active_daily")
    )
    usage = monthly.filter(monthly["product"].isin(selected)).drop("product").execute()
    days = []
    for rows, keys in ((daily, ["day", "event"]), (active, ["day"])):
        product_rows = rows.filter(rows["product"].isin(selected))
        days.append(
            product_rows.group_by(keys)
            .aggregate(events=product_rows.events.sum(), users=product_rows.users.sum())
            .execute()
        )
    by_day = pd.concat([days[0], days[1].assign(event=pd.Series(pd.NA, days[1].index, dtype="object"))])
    for frame, columns in ((usage, ("month", "first_at")), (by_day, ("day",))):
        for column in columns:
            frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
    return (None, None) if usage.empty else (usage, by_day)


def _count_codes(intake: Intake, selected: tuple[str, ...]) -> dict[str, int]:
    """Theme code -> number of notes with it, the most frequent first."""
    if not {"interviews", "notes", "codings"} <= set(intake.kept):
        return {}
    interviews, notes, codings = (intake.kept[n] for n in ("interviews", "notes", "codings"))
    product_rows = notes.semi_join(interviews.filter(interviews["product"].isin(selected)), "interview_id")
    rows = codings.semi_join(product_rows, "note_id").filter(codings.code.notnull())
    counts = rows.group_by("code").aggregate(n=rows.note_id.nunique()).execute()
    counts = counts.sort_values(["n", "code"], ascending=[False, True])
    return dict(zip(counts["code"], (int(n) for n in counts["n"]), strict=True))
