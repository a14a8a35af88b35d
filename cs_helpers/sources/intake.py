"""Takes the tables in: maps them, gives them the contract's types, checks every row.

What comes out stays in the engine of the files: the rows that were kept, the rows that were
refused, what usage was reduced to, and the findings. For every table, rows read = rows kept + rows
refused + rows filtered out.
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
    column_rules,
    contract_rules,
    cross_table_rules,
    join_contracts,
    key_rule,
    relation_rules,
    repeat_rule,
    total_rule,
)
from cs_helpers.contract.findings import Finding, Policy, Stop
from cs_helpers.contract.policies import VALUE_RULES, Policies
from cs_helpers.contract.products import Product
from cs_helpers.contract.schema import Table
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import SourceError, raise_together
from cs_helpers.sources import contracts, labels
from cs_helpers.sources.checks import balance, choices, refused
from cs_helpers.sources.checks import contract_questions as questions
from cs_helpers.sources.checks.examples import broken_rules, finding, worded
from cs_helpers.sources.checks.reasons_to_stop import stopped, two_currencies, without_rows
from cs_helpers.sources.checks.totals import with_totals
from cs_helpers.sources.checks.unclear import hinted, point_counts, unclear_points
from cs_helpers.sources.columns import given, landed, typed_table
from cs_helpers.sources.engines import Engines, reading
from cs_helpers.sources.mapping import Sources
from cs_helpers.sources.usage_log.log import USAGE, UsageLog, contracts_matter, survey, usage_log
from cs_helpers.sources.usage_log.reduce_cells import Reduced, reduced


@dataclass(frozen=True)
class Intake:
    """What was taken in.

    kept: table -> its rows in the engine of the files, with the contract's columns; all but usage.
    rejected: table -> the refused rows (`source_row`, `rules` and the raw columns as text).
    rows_read, rows_kept, rows_filtered: table -> count; what is left are the refused rows. filters: table -> its
    filter, where it has one. usage: what the rows of known accounts in the log were reduced to; log: its rows.
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
    rows_filtered: Mapping[str, int]
    filters: Mapping[str, str]
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
    (a table without rows, a required table with none left, two currencies in one product, files that
    overlap, a rule whose policy says so, a question that only a person can answer) stands in `stops`.
    """
    return _Taking(engines, sources, today, products).intake(reductions)


class _Taking:
    """One taking in: the tables in the order in which parents come before their children."""

    def __init__(
        self,
        engines: Engines,
        sources: Sources,
        today: date,
        products: Mapping[str, Product],
    ) -> None:
        #: the sources as they are written, and as they are read
        self.said = sources
        counted, self.filters, self.errors = balance.filtered(engines, sources)
        self.sources = landed(engines, counted)
        self.engines, self.today, self.products = engines, today, products
        self.policies = Policies(sources.policies)
        self.kept: dict[str, ir.Table] = {}
        self.rejected: dict[str, ir.Table] = {}
        self.rows_read: dict[str, int] = {}
        self.rows_kept: dict[str, int] = {}
        self.findings: list[Finding] = []
        #: what a person has to say first: how numbers are written, which files overlap
        self.stops: list[Stop] = []
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
                self.rows_read[name] += self._filtered(name)
            elif name == "usage" and parts is not None:
                engine = self.engines.of(self.sources.tables["usage"].in_)
                repeats = choices.of_repeats(self.said, name, self.policies)
                if repeats == "warn" and parts["rows"].sum() > choices.FEW:
                    repeats = None
                with reading("usage"):
                    log = usage_log(
                        engine, self.sources, self.policies, as_of, self.kept.get("contracts"), repeats
                    )
                everything = reduced(
                    self.engines.hub, log, parts, self.policies, as_of, self.kept.get("contracts"), reductions
                )
                usage = everything.only(self.kept["accounts"])
                with reading("usage"):
                    self._check_usage(log, everything)
        self.findings = [hinted(found, self.said) for found in self.findings]
        self.findings += balance.findings(self.filters, self.engines, self.said, self.policies)
        self.findings += choices.spellings(self.engines.hub, self.kept, usage, self.said, self.policies)
        stops = without_rows(self.rows_read, self.rows_kept, self.filters, self.findings, self.said)
        if not stops:
            for name, rows, rule in cross_table_rules(self.kept, as_of, self.policies):
                broken = rows.filter(rule.broken.fill_null(False))
                if count := int(broken.count().execute()):
                    self.findings.append(finding(rule, count, TABLES[name], broken))
            stops += self._asked(as_of)
        for name, amount in (("contracts", "mrr"), ("costs", "amount")):
            if name in self.kept:
                stops += two_currencies(self.kept[name], name, amount)
        stops += self.stops
        stops += refused.too_much(self.counts, self.sources.refused_at_most, self.products)
        stops += [Stop(stopped(f), None) for f in self.findings if f.policy == "stop"]
        return Intake(
            self.kept, self.rejected, self.rows_read, self.rows_kept, tuple(self.findings), tuple(stops),
            as_of, self.counts, {n: self._filtered(n) for n in self.rows_read},
            {n: f.text for n, f in self.filters.items()}, usage, log,
        )  # fmt: skip

    def _filtered(self, name: str) -> int:
        """How many rows of a table its filter left out."""
        return self.filters[name].false if name in self.filters else 0

    def _read(self) -> tuple[dict[str, ir.Table], pd.DataFrame | None]:
        """Every table but usage, typed, in the engine of the files; and the parts of usage.

        All tables are tried before one error is raised: who mends a file wants to know of all.
        """
        raw: dict[str, ir.Table] = {}
        parts = None
        errors: list[SourceError] = list(self.errors)
        failed = {error.table for error in errors}
        for name in (n for n in TABLES if n in self.sources.tables and n not in failed):
            try:
                engine = self.engines.of(self.sources.tables[name].in_)
                if name == "usage":
                    parts = survey(engine, self.sources, self.today)
                    self.stops += unclear_points(USAGE, self.said, _over_all(parts))
                    continue
                rows = typed_table(engine, self.sources, TABLES[name])
                with reading(name):
                    raw[name] = engine.into(self.engines.hub, f"typed_{name}", rows)
                    if counts := point_counts(raw[name], TABLES[name]):
                        told = raw[name].aggregate(**counts).to_pyarrow().to_pylist()[0]
                        self.stops += unclear_points(TABLES[name], self.said, told)
            except SourceError as error:
                errors.append(error)
        raise_together(errors)
        return raw, parts

    def _check(self, rows: ir.Table, table: Table, as_of: date) -> None:
        hub, name = self.engines.hub, table.name
        rows = self._with_totals(rows, table)
        engine = self.engines.of(self.sources.tables[name].in_)
        with reading(name):
            rows = labels.read(rows, table, self.sources)
            there = given(engine, self.sources, table)
        if name == "tickets" and "contracts" in self.kept:
            rows = join_contracts(rows, self.kept["contracts"])
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
        rules += repeat_rule(rows, table, choices.of_repeats(self.said, name, self.policies))
        totals = list(total_rule(rows, table, self.policies))
        if totals and totals[0].refuses:  # no record, so that no other rule looks at it
            record = ~totals[0].broken
            rules = [replace(rule, broken=rule.broken.fill_null(False) & record) for rule in rules]
        rules = [*totals, *rules]
        marks = {f"broken_{i}": rule.broken.fill_null(False) for i, rule in enumerate(rules)}
        with reading(name):
            flagged = hub.create_table(f"flagged_{name}", rows.mutate(**marks))
        broken = [(rule, flagged[f"broken_{i}"]) for i, rule in enumerate(rules)]
        counts = flagged.aggregate(
            total=flagged.count(), **{f"n{i}": b.sum() for i, (_, b) in enumerate(broken)}
        ).to_pyarrow().to_pylist()[0]  # fmt: skip
        for i, (rule, hit) in enumerate(broken):
            if counts[f"n{i}"]:
                self._found(rule, int(counts[f"n{i}"]), table, flagged.filter(hit))
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
        self.rows_read[name] = int(counts["total"]) + self._filtered(name)
        self.rows_kept[name] = int(self.kept[name].count().execute())

    def _with_line(self, found: Finding, table: Table) -> Finding:
        """A finding on values that are no class, with the line that says which class they are."""
        choice = labels.classes(table, self.sources)[found.column]
        values = [value for _, _, value in found.examples]
        return replace(found, write=labels.line(self.sources, table, found.column, values, choice))

    def _with_totals(self, rows: ir.Table, table: Table) -> ir.Table:
        """The rows with `total` beside them where some are one: looked at in columns, not in constants."""
        source = self.said.tables[table.name]
        taken = [c for c in table.columns if (said := source.column(c)) is None or said.column is not None]
        with reading(table.name):
            return with_totals(self.engines.hub, rows, table, taken)

    def _found(
        self, rule: Rule, count: int, table: Table, broken: ir.Table, key: tuple[str, ...] = ()
    ) -> None:
        """A finding on rows that break a rule, and what a person has to choose there."""
        source = self.sources.tables[table.name]
        if rule.name == "total_row":
            broken = worded(broken, table)
        found = finding(rule, count, table, broken, key)
        if rule.name == "not_allowed":
            found = self._with_line(found, table)
        if rule.name == "identical_rows" and self.said.tables[table.name].duplicates is None:
            found = replace(found, write=choices.drop_or_keep(table.name))
            overlap = choices.of_files(self.engines.of(source.in_), self.sources, table)
            if overlap is not None:
                self.stops.append(overlap)
        self.findings.append(found)
        if rule.name == "orphan" and table.parent and table.parent[0] in self.kept:
            self._near(table, rule.policy, choices.counted(broken, rule.column, ROW))

    def _near(self, table: Table, policy: Policy, strange: Mapping[str, tuple[int, int]]) -> None:
        parent, key = table.parent or ("", "")
        known = self.kept[parent].select(key).to_pyarrow()[key].to_pylist()
        found = choices.would_match(strange, known, table, policy, self.said)
        if found is not None:
            self.findings.append(found)

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
        self.rows_read["usage"] = int(totals["read"]) + self._filtered("usage")
        self.rows_kept["usage"] = int(totals["kept"])
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
                self._found(rule, counts[rule.label], USAGE, hit, key)
        if totals["strange"]:
            self.findings.append(finding(orphan, int(totals["strange"]), USAGE, out.filter(out.strange), key))
            of_strange = days.filter(strangers).group_by("account_id").aggregate(rows=days.rows.sum())
            self._near(USAGE, orphan.policy, choices.merged(of_strange.to_pyarrow().to_pylist()))
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
        beside = join_contracts(days, self.kept["contracts"])
        rules = list(contract_rules("usage", "occurred_at", beside.day, beside, self.policies))
        counts = beside.aggregate(
            **{r.name: r.broken.ifelse(beside.rows, 0).sum().fill_null(0) for r in rules}
        ).to_pyarrow().to_pylist()[0]  # fmt: skip
        if not any(counts.values()):
            return
        whole = join_contracts(log.whole, log.engine.brought("kept_contracts", self.kept["contracts"]))
        for shown in contract_rules("usage", "occurred_at", whole.day, whole, self.policies):
            if counts[shown.name]:
                hit = whole.filter(shown.broken.fill_null(False))
                self.findings.append(finding(shown, int(counts[shown.name]), USAGE, hit, key))


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


def _over_all(parts: pd.DataFrame) -> dict[str, Any]:
    """What the points of a log's quantities tell, over all of its parts."""
    told = parts.drop(columns=["product", "month", "rows", "checksum", "last_day", "known_day"]).dropna(
        how="all"
    )
    return {
        name: min(told[name].dropna(), default="") if name.endswith("_example") else told[name].sum()
        for name in told
    }
