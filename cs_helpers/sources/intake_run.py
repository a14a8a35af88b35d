"""The state of one intake: what its checks read, and the rows, counts and findings they add."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import ibis.expr.types as ir
import pandas as pd

from cs_helpers.contract.casts import ROW
from cs_helpers.contract.checks import Rule
from cs_helpers.contract.findings import Finding, Policy, Stop
from cs_helpers.contract.policies import Policies
from cs_helpers.contract.products import Product
from cs_helpers.contract.schema import Table
from cs_helpers.sources import labels
from cs_helpers.sources.checks import balance, choices
from cs_helpers.sources.checks.examples import finding, with_total_text
from cs_helpers.sources.columns import copy_unsupported_tables
from cs_helpers.sources.combining import combine_files
from cs_helpers.sources.engines import Engines
from cs_helpers.sources.mapping import Sources


class IntakeRun:
    """The inputs and intermediate results of an intake.

    declared: the sources as written; sources: as they are read, with relaxed filters and copied tables. kept, rejected,
    rows_read, rows_kept, counts: see `intake.Intake`. stops: questions that came up while reading: ambiguous number
    formats, overlapping files. filter_errors: filters that cannot run.
    """

    def __init__(
        self, engines: Engines, declared: Sources, today: date, products: Mapping[str, Product]
    ) -> None:
        self.declared = declared
        combine_files(engines.files, declared)
        relaxed, self.filters, self.filter_errors = balance.relax_filters(engines, declared)
        self.sources = copy_unsupported_tables(engines, relaxed)
        self.engines, self.today, self.products = engines, today, products
        self.policies = Policies(declared.policies)
        self.kept: dict[str, ir.Table] = {}
        self.rejected: dict[str, ir.Table] = {}
        self.rows_read: dict[str, int] = {}
        self.rows_kept: dict[str, int] = {}
        self.findings: list[Finding] = []
        self.stops: list[Stop] = []
        self.counts: dict[str, pd.DataFrame] = {}

    def rows_filtered(self, name: str) -> int:
        """The number of rows that the filter of a table excludes."""
        return self.filters[name].excluded if name in self.filters else 0

    def add_finding(
        self, rule: Rule, count: int, table: Table, broken: ir.Table, key: tuple[str, ...] = ()
    ) -> None:
        """Add a finding on rows that break a rule, with the choices and suggested lines that belong to it.

        count: number of these rows. key: the columns that identify a row in the examples; default: the table's key.
        """
        if rule.name == "total_row":
            broken = with_total_text(broken, table)
        new = finding(rule, count, table, broken, key)
        if rule.name == "not_allowed":
            allowed = labels.allowed_classes(table, self.sources)[new.column]
            values = [value for _, _, value in new.examples]
            new = replace(new, write=labels.values_line(self.sources, table, new.column, values, allowed))
        if rule.name == "identical_rows" and self.declared.tables[table.name].duplicates is None:
            new = replace(new, write=choices.duplicates_lines(table.name))
            engine = self.engines.of(self.sources.tables[table.name].in_)
            overlap = choices.overlapping_files(engine, self.sources, table)
            if overlap is not None:
                self.stops.append(overlap)
        self.findings.append(new)
        for parent in table.parents if rule.name == "orphan" else ():
            if parent[1] == rule.column and parent[0] in self.kept:
                unmatched = choices.count_keys(broken, rule.column, ROW)
                self.add_key_finding(table, rule.policy, unmatched, parent)

    def add_key_finding(
        self,
        table: Table,
        policy: Policy,
        unmatched: Mapping[str, tuple[int, int]],
        parent: tuple[str, str] | None = None,
    ) -> None:
        """Add a finding on keys without a parent that would match one in another form (`choices.unmatched_key_finding`).

        parent: the table, and its key column, that the keys refer to; default: the first of the table.
        """
        name, key = parent or table.parents[0]
        parent_keys = self.kept[name].select(key).to_pyarrow()[key].to_pylist()
        new = choices.unmatched_key_finding(unmatched, parent_keys, table, policy, self.declared, (name, key))
        if new is not None:
            self.findings.append(new)
