"""Reads the tables of a sources file: maps them, converts them to the contract's types, and checks every row.

The results stay in the hub, the engine of the files: the kept rows, the refused rows, the reductions of usage, and the
findings. For every table, rows read = rows kept + rows refused + rows filtered out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from cs_helpers.contract.checks import cross_table_rules
from cs_helpers.contract.findings import Finding, Stop
from cs_helpers.contract.products import Product
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import SourceError, raise_together
from cs_helpers.sources import contracts
from cs_helpers.sources.check_table import check_table
from cs_helpers.sources.checks import balance, choices, refused
from cs_helpers.sources.checks.contract_questions import contract_questions
from cs_helpers.sources.checks.examples import finding
from cs_helpers.sources.checks.reasons_to_stop import empty_table_stops, mixed_currency_stops, stop_sentence
from cs_helpers.sources.checks.unclear import add_format_hint, ambiguous_point_stops, point_counts
from cs_helpers.sources.coding_log import CodingLogs
from cs_helpers.sources.columns import typed_table
from cs_helpers.sources.engines import Engines, source_errors
from cs_helpers.sources.intake_run import IntakeRun
from cs_helpers.sources.mapping import Sources
from cs_helpers.sources.notebook_codings import add_decisions, with_codings
from cs_helpers.sources.usage_log.check_usage import check_usage
from cs_helpers.sources.usage_log.log import USAGE, UsageLog, open_usage_log, survey_usage
from cs_helpers.sources.usage_log.reduce_cells import ReducedUsage, reduce_usage


@dataclass(frozen=True)
class Intake:
    """The checked tables of a sources file.

    kept: table -> its kept rows in the hub, with the contract's columns; all tables but usage. rejected: table -> the
    refused rows (`source_row`, `rules` and the raw columns as text). rows_read, rows_kept, rows_filtered: table ->
    number of rows; the remaining ones were refused. findings: broken rules. stops: reasons why no snapshot can be taken.
    counts: table -> rows by product and whether they were refused (`refused.count_by_product`). filters: table -> its
    filter, where it has one. usage: the reductions of the log for known accounts; log: its rows.
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
    usage: ReducedUsage | None = None
    log: UsageLog | None = None


def take_in(
    engines: Engines,
    sources: Sources,
    *,
    today: date,
    reductions: Path,
    products: Mapping[str, Product] = MappingProxyType({}),
    coded: CodingLogs | None = None,
) -> Intake:
    """Read and check the tables of `sources`.

    reductions: the folder that caches reductions of usage (`usage_log.cell_store`). products: the known products, for
    their rules about contracts. coded: what was coded in the notebook, which comes to the table codings.

    Raises `SourceError` where a table or column cannot be read, `SourcesError` where several cannot. Whatever else
    prevents a snapshot (a table without rows, a required table without accepted ones, two currencies in one product,
    overlapping files, a rule with the policy `stop`, a question that only a person can answer) is in `stops`.
    """
    coded = coded or CodingLogs()
    sources = with_codings(engines, sources, coded)
    run = IntakeRun(engines, sources, today, products)
    raw, usage_summary = _read_tables(run)
    as_of = run.sources.as_of or _latest_date(raw, usage_summary, today)
    usage, log = None, None
    accepted: dict[str, ir.Table] = {}
    for name, table in TABLES.items():
        if name in raw:
            if name == "codings":
                raw[name] = add_decisions(run, raw[name], coded)
            accepted[name] = check_table(run, raw[name], table, as_of)
        elif name == "usage" and usage_summary is not None:
            if len(usage_summary):
                usage, log = _take_in_usage(run, usage_summary, as_of, reductions)
            else:
                run.rows_read[name], run.rows_kept[name] = run.rows_filtered(name), 0
    run.findings = [add_format_hint(found, sources) for found in run.findings]
    run.findings += balance.filter_findings(run.filters, engines, sources, run.policies)
    run.findings += choices.spelling_findings(engines.hub, run.kept, usage, sources, run.policies)
    stops = empty_table_stops(run.rows_read, run.rows_kept, run.filters, run.findings, sources)
    if not stops:
        for name, rows, rule in cross_table_rules(run.kept, as_of, run.policies):
            broken = rows.filter(rule.broken.fill_null(False))
            if count := int(broken.count().execute()):
                run.findings.append(finding(rule, count, TABLES[name], broken))
        if "contracts" in accepted:
            stops += _contract_questions(run, accepted["contracts"], as_of)
    for name, amount in (("contracts", "mrr"), ("costs", "amount")):
        if name in run.kept:
            stops += mixed_currency_stops(run.kept[name], name, amount, products)
    stops += run.stops
    stops += refused.excess_stops(run.counts, sources.refused_at_most, products)
    stops += [Stop(stop_sentence(f), None) for f in run.findings if f.policy == "stop"]
    return Intake(
        run.kept, run.rejected, run.rows_read, run.rows_kept, tuple(run.findings), tuple(stops),
        as_of, run.counts, {n: run.rows_filtered(n) for n in run.rows_read},
        {n: f.text for n, f in run.filters.items()}, usage, log,
    )  # fmt: skip


def _read_tables(run: IntakeRun) -> tuple[dict[str, ir.Table], pd.DataFrame | None]:
    """Copy the typed rows of every table but usage into the hub, and summarize usage (`log.survey_usage`).

    All tables are tried before an error is raised, so that it names all of those that cannot be read.
    """
    raw: dict[str, ir.Table] = {}
    usage_summary = None
    errors: list[SourceError] = list(run.filter_errors)
    failed = {error.table for error in errors}
    for name in (n for n in TABLES if n in run.sources.tables and n not in failed):
        try:
            engine = run.engines.of(run.sources.tables[name].in_)
            if name == "usage":
                usage_summary = survey_usage(engine, run.sources, run.today)
                run.stops += ambiguous_point_stops(USAGE, run.declared, _total_point_counts(usage_summary))
                continue
            rows = typed_table(engine, run.sources, TABLES[name])
            with source_errors(name):
                raw[name] = engine.copy_to_hub(run.engines.hub, f"typed_{name}", rows)
                if aggregates := point_counts(raw[name], TABLES[name]):
                    counts = raw[name].aggregate(**aggregates).to_pyarrow().to_pylist()[0]
                    run.stops += ambiguous_point_stops(TABLES[name], run.declared, counts)
        except SourceError as error:
            errors.append(error)
    raise_together(errors)
    return raw, usage_summary


def _take_in_usage(
    run: IntakeRun, summary: pd.DataFrame, as_of: date, reductions: Path
) -> tuple[ReducedUsage, UsageLog]:
    """Reduce and check the log; returns the reductions for known accounts, and its rows."""
    engine = run.engines.of(run.sources.tables["usage"].in_)
    repeats = choices.repeat_policy(run.declared, "usage", run.policies)
    if repeats == "warn" and summary["rows"].sum() > choices.MAX_COMPARED_ROWS:
        repeats = None
    kept_contracts = run.kept.get("contracts")
    with source_errors("usage"):
        log = open_usage_log(engine, run.sources, run.policies, as_of, kept_contracts, repeats)
    all_usage = reduce_usage(run.engines.hub, log, summary, run.policies, as_of, kept_contracts, reductions)
    usage = all_usage.restricted_to(run.kept["accounts"])
    with source_errors("usage"):
        check_usage(run, log, all_usage)
    return usage, log


def _contract_questions(run: IntakeRun, accepted: ir.Table, as_of: date) -> list[Stop]:
    """The open questions about contracts; accepted: the accepted ones with the columns of the other reading."""
    columns = ["account_id", "product", "started_on", "ended_on"]
    flagged = run.engines.hub.table("flagged_contracts")
    all_contracts = flagged.select(columns).execute()
    other_reading = contracts.other_reading_columns(flagged)
    accepted_contracts = accepted.select(*columns, "ended_how", "mrr", *other_reading).execute()
    for frame in (all_contracts, accepted_contracts):
        for column in (c for c in frame if c.endswith(("started_on", "ended_on"))):
            frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
    return list(contract_questions(accepted_contracts, all_contracts, run.sources, run.products, as_of))


def _latest_date(raw: Mapping[str, ir.Table], usage_summary: pd.DataFrame | None, today: date) -> date:
    """The latest date of any row that is not in the future; `today` without any."""
    dates = [] if usage_summary is None else [d for d in usage_summary["last_past_day"] if d is not None]
    for name, rows in raw.items():
        column = "started_on" if name == "contracts" else TABLES[name].time
        if column:
            day = rows[column].cast("date")
            latest = rows.filter(day <= today).aggregate(latest=day.max()).to_pyarrow()["latest"][0].as_py()
            if latest is not None:
                dates.append(latest)
    return max(dates, default=today)


def _total_point_counts(summary: pd.DataFrame) -> dict[str, Any]:
    """The counts of `unclear.point_counts` over all parts of the log."""
    counts = summary.drop(
        columns=["product", "month", "rows", "checksum", "last_day", "last_past_day"]
    ).dropna(how="all")
    return {
        name: min(counts[name].dropna(), default="") if name.endswith("_example") else counts[name].sum()
        for name in counts
    }
