"""The means: what serves each step and entry of the playbook, what nobody can carry out, and what lies between departments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from cs_helpers.analyses.means.between import between_table, between_verdict, roles_without_tasks
from cs_helpers.analyses.means.declared import DECLARES as DECLARES
from cs_helpers.analyses.means.demand import Need, needs_now
from cs_helpers.analyses.means.findings import headline_metrics, means_findings, need_verdict
from cs_helpers.analyses.means.pools import Pool, pools
from cs_helpers.analyses.means.served import (
    UNSAID,
    inventory_table,
    need_table,
    nobody_customers,
    nobody_table,
    reason_table,
    root_cause_table,
)
from cs_helpers.contract.means import is_said
from cs_helpers.contract.products import Product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customer_journey.due import Situation
from cs_helpers.customers.pools import overfull
from cs_helpers.result import Answers, Finding, Note, Result
from cs_helpers.snapshot import ProductData


def analyse(data: ProductData, quarter: Quarter, results: Mapping[str, Result]) -> Result:
    """The sections `organisation` and `means` of the product file, held against what customers need at the quarter's end.

    A need is a step that customers wait for longer than usual (as in the results of `journeys`), or an entry of the
    playbook that is due for them. A customer counts once for means that serve several needs of it.

    Tables: `needs`, `nobody`, `nobody_customers` (for the team), `inventory`, `root_causes` and `reasons` (from the
    results of `interviews`): see `served`; `between`: see `between.between_table`. mrr is left out without contracts.
    Metrics: see `findings.headline_metrics`. Settings: by_contracts; has_organisation.
    """
    product = data.product
    (situation,) = Situation.on(data, quarter.end)
    time, customers = situation.time, len(situation.customers)
    by_contracts = time.by_contracts
    answers = Answers()
    if not customers:
        code = "no_customers" if by_contracts else "no_accounts"
        answers.notes += [Note(code, about, {"quarter": str(quarter)}) for about in DECLARES.questions]
        findings: tuple[Finding, ...] = ()
    else:
        mrr = time.mrr(quarter.end)
        needs = needs_now(data, quarter, results, situation)
        inventory = inventory_table(product, needs, mrr)
        table = need_table(product, needs, mrr)
        full = overfull(pools(product, needs).values())
        _means(answers, product, table, inventory, full)
        _nobody(answers, product, needs, table, data["accounts"], mrr)
        _reasons(answers, product, results["interviews"].tables.get("reasons"))
        _between(answers, product, table)
        if not by_contracts:
            answers.tables = {
                name: t.drop(columns="mrr", errors="ignore") for name, t in answers.tables.items()
            }
            answers.notes.append(Note("no_mrr", "left_mrr", {}))
        for metric in headline_metrics(product, answers.tables, needs, mrr, customers, by_contracts):
            answers.add(metric)
        findings = means_findings(product, answers.tables, customers, full, mrr if by_contracts else None)
    return Result(
        "means", product.product, quarter, quarter.end, data.as_of, customers,
        answers.tables, answers.metrics, tuple(answers.notes),
        {"by_contracts": by_contracts, "has_organisation": product.organisation is not None},
        verdicts=answers.verdicts, findings=findings,
    )  # fmt: skip


def _means(
    answers: Answers, product: Product, table: pd.DataFrame, inventory: pd.DataFrame, full: Sequence[Pool]
) -> None:
    """The questions `needs`, `inventory` and `root_causes`."""
    if not product.means:
        answers.notes += [Note("no_means", about, {}) for about in ("needs", "inventory", "root_causes")]
        return
    answers.tables["inventory"] = inventory
    said = table[table["state"] != UNSAID]
    says_of_steps = any(one.steps for one in product.means)
    if not says_of_steps and not any(one.plays for one in product.means):
        answers.notes += [Note("nothing_said", about, {}) for about in ("needs", "root_causes")]
        return
    answers.tables["needs"] = table
    answers.verdicts["needs"] = need_verdict(said, full)
    if len(said) < len(table):
        answers.notes.append(Note("served_unsaid", "needs", {}))
    unknown = set(table.loc[table["demand"].isna(), "need"])
    if entries := tuple(play.when for play in product.playbook if play.key in unknown):
        answers.notes.append(Note("not_counted", "needs", {"entries": entries}))
    if steps := tuple(step.step for step in product.journey.steps if step.step in unknown):
        answers.notes.append(Note("steps_not_counted", "needs", {"steps": steps}))
    if not says_of_steps:
        answers.notes.append(Note("nothing_said", "root_causes", {}))
    elif table.loc[table["kind"] == "step", "demand"].isna().all():
        answers.notes.append(Note("nobody_told", "root_causes", {}))
    else:
        answers.tables["root_causes"] = root_cause_table(table, inventory)


def _nobody(
    answers: Answers,
    product: Product,
    needs: Sequence[Need],
    table: pd.DataFrame,
    accounts: pd.DataFrame,
    mrr: pd.Series,
) -> None:
    """The questions `nobody` and `nobody_customers`."""
    if not any(is_said(product.means, product.organisation, need.of) for need in needs):
        answers.notes += [Note("nothing_said", about, {}) for about in ("nobody", "nobody_customers")]
        return
    answers.tables["nobody"] = nobody_table(table)
    answers.tables["nobody_customers"] = nobody_customers(needs, answers.tables["nobody"], accounts, mrr)


def _reasons(answers: Answers, product: Product, given: pd.DataFrame | None) -> None:
    """The question `reasons`."""
    if not product.means:
        answers.notes.append(Note("no_means", "reasons", {}))
    elif not any(one.reasons for one in product.means):
        answers.notes.append(Note("nothing_said", "reasons", {}))
    elif given is None or given.empty:
        answers.notes.append(Note("no_reasons", "reasons", {}))
    else:
        answers.tables["reasons"] = reason_table(product, given)
        if answers.tables["reasons"]["companies"].isna().any():
            answers.notes.append(Note("reasons_hidden", "reasons", {}))


def _between(answers: Answers, product: Product, table: pd.DataFrame) -> None:
    """The question `between`."""
    if product.organisation is None:
        answers.notes.append(Note("no_organisation", "between", {}))
        return
    between = between_table(product, table)
    items = between[between["kind"] != "means"]
    if items.empty:
        answers.notes.append(Note("nothing_said", "between", {}))
        return
    answers.tables["between"] = between
    answers.verdicts["between"] = between_verdict(between)
    if len(items["kind"].unique()) < 2 + bool(product.playbook):
        answers.notes.append(Note("responsibility_unsaid", "between", {}))
    if idle := roles_without_tasks(product.organisation):
        answers.notes.append(Note("roles_without_tasks", "between", {"job_roles": idle}))
