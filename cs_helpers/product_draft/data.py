"""What the data says of a product that has no product file yet: its rows, small enough to be looked at at once."""

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

#: what is looked at besides contracts and usage, and the columns that count
_LOOKED_AT = {
    "accounts": ("account_id", "touch_model"),
    "milestones": ("account_id", "product", "step", "reached_at"),
    "touches": ("account_id", "product", "occurred_at", "touch_model", "kind", "content"),
    "tickets": ("account_id", "product", "opened_at"),
    "surveys": ("account_id", "product", "answered_on", "nps"),
    "assessments": ("account_id", "product", "assessed_on", "measure", "score"),
    "contracts": ("account_id", "product", "started_on", "ended_on", "ended_how", "mrr"),
}
_TIMES = ("reached_at", "occurred_at", "opened_at", "answered_on", "assessed_on", "started_on", "ended_on")


@dataclass(frozen=True)
class Asked:
    """The rows of one product, or of all where no row names it.

    named: whether rows name it; others: the products that rows name. tables: those given, with rows of the product
    (columns of the contract). use: account_id, month, event (NA: all of them), events, quantity, users, days, first_at.
    by_day: day, event (NA: all of them), events, users. codes: code -> in how many notes it was told.
    """

    product: str
    named: bool
    others: tuple[str, ...]
    as_of: date
    tables: Mapping[str, pd.DataFrame]
    use: pd.DataFrame | None = None
    by_day: pd.DataFrame | None = None
    codes: Mapping[str, int] = field(default_factory=dict)

    def table(self, name: str) -> pd.DataFrame | None:
        """The rows of a table, `None` where there are none."""
        found = self.tables.get(name)
        return None if found is None or found.empty else found

    @property
    def free_contracts(self) -> int:
        """How many contracts have an MRR of 0."""
        contracts = self.table("contracts")
        return 0 if contracts is None or "mrr" not in contracts else int((contracts["mrr"] == 0).sum())

    def accounts(self) -> pd.Index:
        """The accounts that the product's rows name; where there are contracts, those that have one."""
        contracts = self.table("contracts")
        if contracts is not None:
            return pd.Index(sorted(contracts["account_id"].unique()))
        seen = [t["account_id"] for n, t in self.tables.items() if n != "accounts" and not t.empty]
        seen += [] if self.use is None else [self.use["account_id"]]
        return pd.Index(sorted(pd.concat(seen).dropna().unique())) if seen else pd.Index([])

    def customers(self, day: date) -> pd.Index:
        """The accounts that are customers on a day; without contracts, all that the rows name."""
        contracts = self.table("contracts")
        if contracts is None:
            return self.accounts()
        rules = CustomerRules(zero_mrr="customer")
        return pd.Index(customer_time(contracts, rules, self.as_of).customers(day))


def asked(
    sources_file: Path, product: str, *, folder: Path | None = None, products: Path, today: date | None = None
) -> Asked:
    """Asks the tables of a sources file for a product.

    folder: that of the snapshots, where the reductions of usage are remembered. products: that of the product files.
    Raises `SettingError`, `SourceError` or `SourcesError` where the tables cannot be read.
    """
    with read_tables(sources_file, load_products(products), folder=folder, today=today) as intake:
        named = _named(intake)
        wanted = (product,) if product in named else named
        tables = {
            name: _rows(intake.kept[name], columns, wanted)
            for name, columns in _LOOKED_AT.items()
            if name in intake.kept
        }
        use, by_day = _use(intake, wanted)
        return Asked(
            product, product in named, named, intake.as_of, tables, use, by_day, _codes(intake, wanted)
        )


def _named(intake: Intake) -> tuple[str, ...]:
    """The products that rows name."""
    found: set[str] = set()
    tables = [rows for rows in intake.kept.values() if "product" in rows.columns]
    tables += [] if intake.usage is None else [intake.usage.table("active_daily")]
    for rows in tables:
        found |= set(rows.select("product").distinct().to_pyarrow()["product"].to_pylist())
    return tuple(sorted(found - {None}))


def _rows(table: ir.Table, columns: tuple[str, ...], wanted: tuple[str, ...]) -> pd.DataFrame:
    if "product" in columns:
        table = table.filter(table["product"].isin(wanted))
    frame: pd.DataFrame = table.select(*(c for c in columns if c in table.columns)).execute()
    for column in (c for c in _TIMES if c in frame):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
    return frame


def _use(intake: Intake, wanted: tuple[str, ...]) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    if intake.usage is None:
        return None, None
    monthly, daily, active = (
        intake.usage.table(name) for name in ("usage_monthly", "usage_daily", "active_daily")
    )
    use = monthly.filter(monthly["product"].isin(wanted)).drop("product").execute()
    days = []
    for rows, keys in ((daily, ["day", "event"]), (active, ["day"])):
        own = rows.filter(rows["product"].isin(wanted))
        days.append(own.group_by(keys).aggregate(events=own.events.sum(), users=own.users.sum()).execute())
    by_day = pd.concat([days[0], days[1].assign(event=pd.Series(pd.NA, days[1].index, dtype="object"))])
    for frame, columns in ((use, ("month", "first_at")), (by_day, ("day",))):
        for column in columns:
            frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
    return (None, None) if use.empty else (use, by_day)


def _codes(intake: Intake, wanted: tuple[str, ...]) -> dict[str, int]:
    """In how many notes each theme was told."""
    if not {"interviews", "notes", "codings"} <= set(intake.kept):
        return {}
    interviews, notes, codings = (intake.kept[n] for n in ("interviews", "notes", "codings"))
    own = notes.semi_join(interviews.filter(interviews["product"].isin(wanted)), "interview_id")
    rows = codings.semi_join(own, "note_id").filter(codings.code.notnull())
    counts = rows.group_by("code").aggregate(n=rows.note_id.nunique()).execute()
    counts = counts.sort_values(["n", "code"], ascending=[False, True])
    return dict(zip(counts["code"], (int(n) for n in counts["n"]), strict=True))
