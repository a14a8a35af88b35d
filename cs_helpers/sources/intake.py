"""Takes the tables in: maps them, gives them the contract's types, checks every row.

What comes out stays in the engine of the files: the rows that were kept, the rows that were
refused, what usage was reduced to, and the findings. For every table, rows read = rows kept + rows
refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from cs_helpers.contract.casts import RAW, ROW
from cs_helpers.contract.checks import (
    Rule,
    beside_contracts,
    column_rules,
    contract_rules,
    key_rule,
    relation_rules,
    whole_rules,
)
from cs_helpers.contract.findings import Finding, Stop
from cs_helpers.contract.policies import VALUE_RULES, Policies
from cs_helpers.contract.products import Product
from cs_helpers.contract.schema import Table
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import SourceError, raise_together
from cs_helpers.sources import contracts, labels, questions, refused
from cs_helpers.sources.columns import given, landed, typed_table
from cs_helpers.sources.engines import Engines, reading
from cs_helpers.sources.examples import broken_rules, finding
from cs_helpers.sources.mapping import Sources
from cs_helpers.sources.reduced import Reduced, reduced
from cs_helpers.sources.unclear import hinted, point_counts, unclear_points
from cs_helpers.sources.usage import USAGE, UsageLog, contracts_matter, survey, usage_log


@dataclass(frozen=True)
class Intake:
    """What was taken in.

    kept: table -> its rows in the engine of the files, with the contract's columns; all but usage.
    rejected: table -> the refused rows (`source_row`, `rules` and the raw columns as text).
    rows_read, rows_kept: table -> count. usage: what the rows of known accounts in the
    log were reduced to; log: its rows.
    stops: what stops a snapshot. counts: table -> its rows by product and whether they were refused (`refused.counted`).
    """

    kept: Mapping[str, ir.Table]
    rejected: Mapping[str, ir.Table]
    rows_read: Mapping[str, int]
    rows_kept: Mapping[str, int]
    findings: tuple[Finding, ...]
    stops: tuple[Stop, ...]
    as_of: date
    counts: Mapping[str, pd.DataFrame]
    usage: Reduced | None = None
    log: UsageLog | None = None


def taken_in(
    engines: Engines,
    sources: Sources,
    *,
    today: date,
    reductions: Path,
    products: Mapping[str, Product] = MappingProxyType({}),
) -> Intake:
    """The tables of `sources`, checked; `reductions` is the folder that remembers earlier ones.

    products: those that are known, for what they say of their contracts.

    Raises `SourceError` where a table or column cannot be read. What was read and stops a snapshot
    (a table without rows, a required table with none left, two currencies in one product, a rule
    whose policy says so, a question that only a person can answer) stands in `stops`.
    """
    return _Taking(engines, landed(engines, sources), sources, today, products).intake(reductions)


class _Taking:
    """One taking in: the tables in the order in which parents come before their children."""

    def __init__(
        self,
        engines: Engines,
        sources: Sources,
        said: Sources,
        today: date,
        products: Mapping[str, Product],
    ) -> None:
        self.engines, self.sources, self.today, self.products = engines, sources, today, products
        #: the sources file as it was written: some of its tables were landed
        self.said = said
        self.policies = Policies(sources.policies)
        self.kept: dict[str, ir.Table] = {}
        self.rejected: dict[str, ir.Table] = {}
        self.rows_read: dict[str, int] = {}
        self.rows_kept: dict[str, int] = {}
        self.findings: list[Finding] = []
        #: what a person has to say of how numbers are written
        self.unclear: list[Stop] = []
        self.counts: dict[str, pd.DataFrame] = {}
        #: the contracts that were kept, with the columns that questions are asked from
        self.asked: ir.Table

    def intake(self, reductions: Path) -> Intake:
        raw, parts = self._read()
        last_days = [] if parts is None else [d for d in parts["known_day"] if d is not None]
        as_of = self.sources.as_of or _latest_date(raw, last_days, self.today)
        usage, log = None, None
        for name, table in TABLES.items():
            if name in raw:
                self._check(raw[name], table, as_of)
            elif name == "usage" and parts is not None and not len(parts):
                self.rows_read[name] = self.rows_kept[name] = 0
            elif name == "usage" and parts is not None:
                engine = self.engines.of(self.sources.tables["usage"].in_)
                with reading("usage"):
                    log = usage_log(engine, self.sources, self.policies, as_of, self.kept.get("contracts"))
                everything = reduced(
                    self.engines.hub, log, parts, self.policies, as_of, self.kept.get("contracts"), reductions
                )
                usage = everything.only(self.kept["accounts"])
                with reading("usage"):
                    self._check_usage(log, everything)
        self.findings = [hinted(found, self.said) for found in self.findings]
        stops = self._without_rows()
        if not stops:
            for name, rows, rule in whole_rules(self.kept, as_of, self.policies):
                broken = rows.filter(rule.broken.fill_null(False))
                if count := int(broken.count().execute()):
                    self.findings.append(finding(rule, count, TABLES[name], broken))
            stops += self._asked(as_of)
        stops += self.unclear
        if "contracts" in self.kept:
            stops += _two_currencies(self.kept["contracts"])
        stops += refused.too_much(self.counts, self.sources.refused_at_most, self.products)
        stops += [Stop(_stopped(f), None) for f in self.findings if f.policy == "stop"]
        return Intake(
            self.kept, self.rejected, self.rows_read, self.rows_kept, tuple(self.findings), tuple(stops),
            as_of, self.counts, usage, log,
        )  # fmt: skip

    def _read(self) -> tuple[dict[str, ir.Table], pd.DataFrame | None]:
        """Every table but usage, typed, in the engine of the files; and the parts of usage.

        All tables are tried before one error is raised: who mends a file wants to know of all.
        """
        raw: dict[str, ir.Table] = {}
        parts = None
        errors: list[SourceError] = []
        for name in (n for n in TABLES if n in self.sources.tables):
            try:
                engine = self.engines.of(self.sources.tables[name].in_)
                if name == "usage":
                    parts = survey(engine, self.sources, self.today)
                    self.unclear += unclear_points(USAGE, self.said, _over_all(parts))
                    continue
                rows = typed_table(engine, self.sources, TABLES[name])
                with reading(name):
                    raw[name] = engine.into(self.engines.hub, f"typed_{name}", rows)
                    if counts := point_counts(raw[name], TABLES[name]):
                        told = raw[name].aggregate(**counts).to_pyarrow().to_pylist()[0]
                        self.unclear += unclear_points(TABLES[name], self.said, told)
            except SourceError as error:
                errors.append(error)
        raise_together(errors)
        return raw, parts

    def _check(self, rows: ir.Table, table: Table, as_of: date) -> None:
        hub, name = self.engines.hub, table.name
        engine = self.engines.of(self.sources.tables[name].in_)
        with reading(name):
            rows = labels.read(rows, table, self.sources)
            there = given(engine, self.sources, table)
        if name == "tickets" and "contracts" in self.kept:
            rows = beside_contracts(rows, self.kept["contracts"])
        if name == "contracts":
            rows = contracts.as_held(rows, self.sources, self.products)
        rules = [
            *column_rules(
                rows, table, self.policies, classes=labels.classes(table, self.sources),
                details=labels.details(table, self.sources), given=there,
            ),
            *relation_rules(rows, table, self.kept, as_of, self.policies),
        ]  # fmt: skip
        if name == "contracts":
            rules += contracts.rules(rows, self.sources, self.products, self.policies)
        rules += key_rule(rows, table, rules, self.policies)
        marks = {f"broken_{i}": rule.broken.fill_null(False) for i, rule in enumerate(rules)}
        with reading(name):
            flagged = hub.create_table(f"flagged_{name}", rows.mutate(**marks))
        broken = [(rule, flagged[f"broken_{i}"]) for i, rule in enumerate(rules)]
        counts = flagged.aggregate(
            total=flagged.count(), **{f"n{i}": b.sum() for i, (_, b) in enumerate(broken)}
        ).to_pyarrow().to_pylist()[0]  # fmt: skip
        for i, (rule, hit) in enumerate(broken):
            if counts[f"n{i}"]:
                found = finding(rule, int(counts[f"n{i}"]), table, flagged.filter(hit))
                if rule.name == "not_allowed":
                    found = self._with_line(found, table)
                self.findings.append(found)
        out = ibis.or_(ibis.literal(False), *(hit for rule, hit in broken if rule.refuses))
        with reading(name):
            self.counts[name] = refused.counted(flagged, out, table)
        blanked = {
            rule.column: hit.ifelse(ibis.null(), flagged[rule.column])
            for rule, hit in broken
            if rule.name in VALUE_RULES and not rule.refuses and counts[f"n{rules.index(rule)}"]
        }
        kept = flagged.filter(~out).mutate(**blanked)
        if name == "contracts":
            self.asked = kept
        kept = labels.filled(kept, table)
        self.kept[name] = hub.create_table(f"kept_{name}", kept.select(ROW, *table.columns))
        self.rejected[name] = flagged.filter(out).select(
            ROW, rules=broken_rules(broken), **{c: flagged[RAW + c] for c in table.columns}
        )
        self.rows_read[name] = int(counts["total"])
        self.rows_kept[name] = int(self.kept[name].count().execute())

    def _with_line(self, found: Finding, table: Table) -> Finding:
        """A finding on values that are no class, with the line that says which class they are."""
        choice = labels.classes(table, self.sources)[found.column]
        values = [value for _, _, value in found.examples]
        return replace(found, write=labels.line(self.sources, table, found.column, values, choice))

    def _asked(self, as_of: date) -> list[Stop]:
        """What a person has to say of the contracts; nothing where there are none."""
        if "contracts" not in self.kept:
            return []
        columns = ["account_id", "product", "started_on", "ended_on"]
        flagged = self.engines.hub.table("flagged_contracts")
        every = flagged.select(columns).execute()
        other = contracts.other_reading(flagged)
        kept = self.asked.select(*columns, "ended_how", "mrr", *other).execute()
        for frame in (every, kept):
            for column in (c for c in frame if c.endswith(("started_on", "ended_on"))):
                frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
        return list(questions.questions(kept, every, self.sources, self.products, as_of))

    def _check_usage(self, log: UsageLog, usage: Reduced) -> None:
        """The findings on the log: counted on what it was reduced to, shown from its rows."""
        days = usage.days()
        strangers = days.account_id.notnull() & days.account_id.notin(self.kept["accounts"].account_id)
        totals = days.aggregate(
            read=days.rows.sum().fill_null(0), strange=strangers.ifelse(days.rows, 0).sum().fill_null(0),
            kept=strangers.ifelse(0, days.good).sum().fill_null(0),
        ).to_pyarrow().to_pylist()[0]  # fmt: skip
        self.rows_read["usage"], self.rows_kept["usage"] = int(totals["read"]), int(totals["kept"])
        self.counts["usage"] = refused.of_use(days, strangers)
        orphan = Rule(
            "usage",
            "account_id",
            "orphan",
            self.policies.of("usage", "account_id", "orphan"),
            strangers,
            "accounts",
        )
        counts = usage.broken()
        out = self._refused_usage(log, orphan) if totals["read"] > totals["kept"] else log.whole
        key = ("usage_id",) if "usage_id" in log.mapped else ("account_id",)
        for i, rule in enumerate(log.rules):
            if rule.label in counts:
                rows = out if rule.refuses else log.whole
                hit = rows.filter((rows.mask & (1 << i)) != 0)
                self.findings.append(finding(rule, counts[rule.label], USAGE, hit, key))
        if totals["strange"]:
            self.findings.append(finding(orphan, int(totals["strange"]), USAGE, out.filter(out.strange), key))
        if "contracts" in self.kept and not contracts_matter(self.policies):
            self._outside_contracts(log, days, key)

    def _refused_usage(self, log: UsageLog, orphan: Rule) -> ir.Table:
        """The refused rows of the log, whole, in the engine of the files."""
        rows = log.whole
        accounts = log.engine.brought("kept_accounts", self.kept["accounts"].select("account_id"))
        strange = rows.account_id.notnull() & rows.account_id.notin(accounts.account_id)
        rows = rows.mutate(strange=strange)
        wanted = rows.filter(((rows.mask & log.refusing) != 0) | rows.strange)
        wanted = wanted.select(ROW, "mask", "strange", *USAGE.columns, *(RAW + c for c in USAGE.columns))
        out = log.engine.into(self.engines.hub, "refused_usage", wanted)
        broken = [(rule, (out.mask & (1 << i)) != 0) for i, rule in enumerate(log.rules)]
        self.rejected["usage"] = out.select(
            ROW,
            rules=broken_rules([*broken, (orphan, out.strange)]),
            **{c: out[RAW + c] for c in USAGE.columns},
        )
        return out

    def _outside_contracts(self, log: UsageLog, days: ir.Table, key: tuple[str, ...]) -> None:
        beside = beside_contracts(days, self.kept["contracts"])
        rules = list(contract_rules("usage", "occurred_at", beside.day, beside, self.policies))
        counts = beside.aggregate(
            **{r.name: r.broken.ifelse(beside.rows, 0).sum().fill_null(0) for r in rules}
        ).to_pyarrow().to_pylist()[0]  # fmt: skip
        if not any(counts.values()):
            return
        whole = beside_contracts(log.whole, log.engine.brought("kept_contracts", self.kept["contracts"]))
        for shown in contract_rules("usage", "occurred_at", whole.day, whole, self.policies):
            if counts[shown.name]:
                hit = whole.filter(shown.broken.fill_null(False))
                self.findings.append(finding(shown, int(counts[shown.name]), USAGE, hit, key))

    def _without_rows(self) -> list[Stop]:
        stops = []
        for name, count in self.rows_read.items():
            if count == 0:
                other = "" if TABLES[name].required else ", or leave it out of the sources file"
                stops.append(
                    Stop(
                        f"table '{name}' has no rows: check its file and filter{other}",
                        Finding(name, "", "no_rows", "stop", 0),
                    )
                )
            elif self.rows_kept[name] == 0:
                worst = max(
                    (f for f in self.findings if f.table == name and f.policy != "warn"),
                    key=lambda f: f.count,
                )
                stops.append(
                    Stop(
                        f"table '{name}': all {count:,} rows were refused, most for column '{worst.column}',"
                        f" rule {worst.rule} ({_cause(worst, self.said)}): {_shown(worst)}",
                        Finding(name, "", "all_refused", "stop", count),
                    )
                )
        return stops


def _latest_date(raw: Mapping[str, ir.Table], latest: list[date], today: date) -> date:
    """The latest dated row that is not in the future."""
    for name, rows in raw.items():
        column = "started_on" if name == "contracts" else TABLES[name].time
        if column:
            day = rows[column].cast("date")
            found = rows.filter(day <= today).aggregate(latest=day.max()).to_pyarrow()["latest"][0].as_py()
            if found is not None:
                latest.append(found)
    return max(latest, default=today)


def _shown(found: Finding) -> str:
    row, key, value = found.examples[0]
    return f"{f'row {row}, ' if row else ''}key {key}, value {value!r}"


def _cause(found: Finding, sources: Sources) -> str:
    """What the values would have to be; of the wrong type, how another way of writing is said (`hinted`)."""
    if found.rule != "wrong_type":
        return found.detail
    kind, place = TABLES[found.table].kind(found.column), f"tables.{found.table}.columns"
    if found.detail != kind:
        return f"no plain {kind}; if they are meant as they stand, say '{found.detail}' under {place} of the sources file"
    word = {"date": "format", "time": "format", "number": "number", "integer": "number"}.get(kind)
    if word is None:
        return kind
    how = f"'{word}'" if sources.tables[found.table].in_ is None else "an sql expression"
    return f"{kind}; another way of writing is said by {how} under {place}.{found.column} of the sources file"


def _over_all(parts: pd.DataFrame) -> dict[str, Any]:
    """What the points of a log's quantities tell, over all of its parts."""
    told = parts.drop(columns=["product", "month", "rows", "checksum", "last_day", "known_day"]).dropna(
        how="all"
    )
    return {
        name: min(told[name].dropna(), default="") if name.endswith("_example") else told[name].sum()
        for name in told
    }


def _stopped(found: Finding) -> str:
    return (
        f"table '{found.table}', column '{found.column}': {found.count:,} rows break the rule {found.rule},"
        f" whose policy is stop: {_shown(found)}"
    )


def _two_currencies(contracts: ir.Table) -> list[Stop]:
    per_product = contracts.group_by("product").aggregate(
        n=contracts.currency.nunique(),
        count=contracts.count(),
        seen=contracts.currency.collect(distinct=True),
    )
    mixed = per_product.filter(per_product.n > 1).order_by("product").to_pyarrow().to_pylist()
    return [
        Stop(
            f"table 'contracts', column 'currency': product '{r['product']}' is paid in"
            f" {', '.join(sorted(r['seen']))}; convert mrr to one currency",
            Finding(
                "contracts", "currency", "two_currencies", "stop", r["count"],
                detail=f"{r['product']}: {', '.join(sorted(r['seen']))}",
            ),
        )
        for r in mixed
    ]  # fmt: skip
