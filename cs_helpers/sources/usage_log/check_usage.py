"""Findings on the usage log: counted on its reductions, with examples from its rows."""

from __future__ import annotations

import ibis.expr.types as ir

from cs_helpers.contract.casts import RAW, ROW
from cs_helpers.contract.checks import Rule, contract_rules, join_contracts
from cs_helpers.sources.checks import choices, refused
from cs_helpers.sources.checks.examples import broken_rules, finding
from cs_helpers.sources.intake_run import IntakeRun
from cs_helpers.sources.usage_log.log import USAGE, UsageLog, needs_contracts
from cs_helpers.sources.usage_log.reduce_cells import ReducedUsage


def check_usage(run: IntakeRun, log: UsageLog, usage: ReducedUsage) -> None:
    """Check the log; adds refused rows, counts and findings to `run`.

    usage: the reductions of all accounts, known or not. The log is read again only where a rule is broken.
    """
    days = usage.days()
    is_unknown = days.account_id.notnull() & days.account_id.notin(run.kept["accounts"].account_id)
    totals = days.aggregate(
        read=days.rows.sum().fill_null(0), unknown=is_unknown.ifelse(days.rows, 0).sum().fill_null(0),
        kept=is_unknown.ifelse(0, days.good).sum().fill_null(0),
    ).to_pyarrow().to_pylist()[0]  # fmt: skip
    run.rows_read["usage"] = int(totals["read"]) + run.rows_filtered("usage")
    run.rows_kept["usage"] = int(totals["kept"])
    run.counts["usage"] = refused.count_use_by_product(days, is_unknown)
    policy = run.policies.of("usage", "account_id", "orphan")
    orphan = Rule("usage", "account_id", "orphan", policy, is_unknown, "accounts")
    counts = usage.broken()
    refused_rows = _refused_rows(run, log, orphan) if totals["read"] > totals["kept"] else log.numbered_rows
    key = ("usage_id",) if "usage_id" in log.provided_columns else ("account_id",)
    for i, rule in enumerate(log.rules):
        if rule.label in counts:
            rows = refused_rows if rule.refuses else log.numbered_rows
            broken = rows.filter((rows.mask & (1 << i)) != 0)
            run.add_finding(rule, counts[rule.label], USAGE, broken, key)
    if totals["unknown"]:
        orphan_rows = refused_rows.filter(refused_rows.is_unknown)
        run.findings.append(finding(orphan, int(totals["unknown"]), USAGE, orphan_rows, key))
        unknown_accounts = days.filter(is_unknown).group_by("account_id").aggregate(rows=days.rows.sum())
        run.add_key_finding(
            USAGE, orphan.policy, choices.count_use_keys(unknown_accounts.to_pyarrow().to_pylist())
        )
    if "contracts" in run.kept and not needs_contracts(run.policies):
        _add_contract_findings(run, log, days, key)


def _refused_rows(run: IntakeRun, log: UsageLog, orphan: Rule) -> ir.Table:
    """The refused rows of the log with all columns, in the hub."""
    rows = log.numbered_rows
    accounts = log.engine.upload("kept_accounts", run.kept["accounts"].select("account_id"))
    rows = rows.mutate(is_unknown=rows.account_id.notnull() & rows.account_id.notin(accounts.account_id))
    rows = rows.filter(((rows.mask & log.refusing_mask) != 0) | rows.is_unknown)
    rows = rows.select(ROW, "mask", "is_unknown", *USAGE.columns, *(RAW + c for c in USAGE.columns))
    refused_rows = log.engine.copy_to_hub(run.engines.hub, "refused_usage", rows)
    broken = [(rule, (refused_rows.mask & (1 << i)) != 0) for i, rule in enumerate(log.rules)]
    run.rejected["usage"] = refused_rows.select(
        ROW,
        rules=broken_rules([*broken, (orphan, refused_rows.is_unknown)]),
        **{c: refused_rows[RAW + c] for c in USAGE.columns},
    )
    return refused_rows


def _add_contract_findings(run: IntakeRun, log: UsageLog, days: ir.Table, key: tuple[str, ...]) -> None:
    """Add findings on use without or outside a contract, where these rules only warn."""
    with_contracts = join_contracts(days, run.kept["contracts"])
    rules = list(contract_rules("usage", "occurred_at", with_contracts.day, with_contracts, run.policies))
    counts = with_contracts.aggregate(
        **{r.name: r.broken.ifelse(with_contracts.rows, 0).sum().fill_null(0) for r in rules}
    ).to_pyarrow().to_pylist()[0]  # fmt: skip
    if not any(counts.values()):
        return
    contracts = log.engine.upload("kept_contracts", run.kept["contracts"])
    rows = join_contracts(log.numbered_rows, contracts)
    for rule in contract_rules("usage", "occurred_at", rows.day, rows, run.policies):
        if counts[rule.name]:
            broken = rows.filter(rule.broken.fill_null(False))
            run.findings.append(finding(rule, int(counts[rule.name]), USAGE, broken, key))
