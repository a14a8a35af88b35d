"""Touches: their mix by level against the declared one, who gets less than planned, and the team's hours."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.touch_mix.declared import DECLARES as DECLARES
from cs_helpers.analyses.touch_mix.findings import headline_metrics, touch_findings
from cs_helpers.analyses.touch_mix.hours import (
    changed_mix,
    csm_table,
    hours_of,
    hours_verdict,
    level_table,
    level_verdict,
    plan_hours,
)
from cs_helpers.analyses.touch_mix.mix import is_stricter, mix_table, mix_verdict
from cs_helpers.analyses.touch_mix.models import model_table
from cs_helpers.analyses.touch_mix.planned import (
    below_table,
    below_verdict,
    customer_table,
    received,
)
from cs_helpers.analyses.touch_mix.touched import NO_LEVEL, Touched, of_quarter, touched
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.contract.vocabulary import TOUCH_MODELS
from cs_helpers.contract.vocabulary import UNKNOWN as NO_MODEL
from cs_helpers.customers.measures import covered_period
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.result import Note, Result
from cs_helpers.snapshot import ProductData

#: quarters over which the mix is taken
YEAR = 4


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """The touches of the last four quarters, or of those of them that the data covers, up to this one.

    Tables: `mix`: see `mix.mix_table`; `models`: see `models.model_table`; `levels` and `csms`, of the quarter: see `hours.level_table` and `hours.csm_table`
    (hours are left out where the product file has none, and amounts without contracts); `below_plan` and
    `below_plan_customers` (for the team): see `planned.below_table` and `planned.customer_table`; `changed_mix`: see
    `hours.changed_mix`. Settings: by_contracts; by (`level` or `touch_model`: what `group` holds); has_plan; has_hours.
    """
    covered = _covered_quarters(data, quarter)
    time = customer_time_as_of(data, quarter.end)
    customers = time.customers(quarter.end)
    if not covered or customers.empty:
        notes = [_unanswered(data, time, quarter, about) for about in DECLARES.questions]
        name = data.product.product
        return Result(
            "touch_mix", name, quarter, quarter.start, data.as_of, len(customers), {}, {}, tuple(notes)
        )
    found = touched(data, covered)
    by_contracts, plan = time.by_contracts, data.product.touch_plan
    has_plan = plan is not None and plan.counts_touches
    has_hours = plan is not None and bool(plan.hours_per_touch)
    mrr = time.mrr(quarter.end)
    needs = plan_hours(data, found.level_at(quarter.end))
    tables = {
        "mix": mix_table(found, data.product),
        "models": model_table(data, found),
        "levels": level_table(data, found, needs),
        "csms": csm_table(data, found, needs, mrr),
    }
    if not has_hours:
        tables["levels"] = tables["levels"].drop(columns=["hours", "plan_hours"])
        tables["csms"] = tables["csms"].drop(columns=["hours", "plan_hours"])
    else:
        tables["changed_mix"] = changed_mix(data, found, needs)
    by_touch_model = plan is not None and bool(plan.by_touch_model)
    groups = (
        [*TOUCH_MODELS, NO_MODEL] if by_touch_model else [*map(str, data.product.maturity.numbers), NO_LEVEL]
    )
    by_quarter = {q: received(data, found, q) for q in covered}
    if len(by_quarter[quarter]):
        tables["below_plan"] = below_table(by_quarter[quarter], mrr, plan, groups)
        tables["below_plan_customers"] = customer_table(data, found, by_quarter, mrr)
    if not tables["csms"]["csm"].any():
        del tables["csms"]
    if not by_contracts:
        tables = {name: t.drop(columns=[c for c in t if "mrr" in c]) for name, t in tables.items()}
    metrics = headline_metrics(tables, by_contracts)
    verdicts = {"mix": mix_verdict(tables["mix"]), "levels": level_verdict(tables["levels"])}
    if "below_plan" in tables:
        verdicts["below_plan"] = below_verdict(tables["below_plan"], by_contracts)
    if "changed_mix" in tables:
        verdicts["changed_mix"] = hours_verdict(tables["changed_mix"])
    return Result(
        "touch_mix",
        data.product.product,
        quarter,
        covered[0].start,
        data.as_of,
        len(customers),
        tables,
        metrics,
        _notes(data, found, tables, len(customers)),
        {
            "by_contracts": by_contracts,
            "by": "touch_model" if by_touch_model else "level",
            "has_plan": has_plan,
            "has_hours": has_hours,
        },
        verdicts=verdicts,
        findings=touch_findings(tables, by_contracts),
    )


def _covered_quarters(data: ProductData, quarter: Quarter) -> list[Quarter]:
    """The last quarters, up to this one and four at most, that the table of touches covers without interruption."""
    period = covered_period(data, "touches")
    covered: list[Quarter] = []
    for back in range(YEAR):
        earlier = quarter.back(back)
        if period is None or not period.covers(earlier.start, earlier.end):
            break
        covered.insert(0, earlier)
    return covered


def _unanswered(data: ProductData, time: CustomerTime, quarter: Quarter, about: str) -> Note:
    """Why a question has no answer: no table of touches, no customers, or a quarter that the touches do not cover."""
    if missing := data.missing("touches"):
        return Note("missing_table", about, {"tables": missing})
    if time.customers(quarter.end).empty:
        code = "no_customers" if time.by_contracts else "no_accounts"
        return Note(code, about, {"quarter": str(quarter)})
    return Note("touches_not_covered", about, {"quarter": str(quarter)})


def _notes(
    data: ProductData, found: Touched, tables: dict[str, pd.DataFrame], customers: int
) -> tuple[Note, ...]:
    """What a reader must know about the answers."""
    quarter, plan = found.quarters[-1], data.product.touch_plan
    notes = []
    if len(found.quarters) < YEAR:
        notes.append(Note("few_quarters", "mix", {"quarters": len(found.quarters)}))
    if found.of_customer:
        notes.append(
            Note("model_of_customer", "mix", {"touches": found.of_customer, "of": len(found.touches)})
        )
    if unknown := int((found.touches["touch_model"] == NO_MODEL).sum()):
        notes.append(Note("model_unknown", "mix", {"touches": unknown, "of": len(found.touches)}))
    if found.outside:
        notes.append(Note("outside", "mix", {"touches": found.outside}))
    if is_stricter(tables["mix"]):
        notes.append(Note("several_shares", "mix", {}))
    levels = found.level_at(quarter.end)
    if unknown := int((levels == NO_LEVEL).sum()):
        notes += [
            Note("levels_unknown", about, {"customers": unknown, "of": customers})
            for about in ("mix", "levels")
        ]
    if "csms" not in tables:
        notes.append(Note("no_csm", "csms", {}))
    if "changed_mix" not in tables:
        notes += [Note("no_hours", about, {}) for about in ("levels", "changed_mix")]
    else:
        in_quarter = of_quarter(found.touches, quarter)
        if unknown := int(hours_of(in_quarter, data.product).isna().sum()):
            notes += [
                Note("hours_unknown", about, {"touches": unknown, "of": len(in_quarter)})
                for about in ("levels", "changed_mix")
            ]
    if "below_plan" not in tables:
        notes += [Note("no_whole_quarter", about, {}) for about in ("below_plan", "below_plan_customers")]
        return tuple(notes)
    if plan is None or not plan.counts_touches:
        notes.append(Note("no_plan", "below_plan", {}))
    else:
        row = tables["below_plan"].iloc[0]
        if unknown := int(row["customers"] - row["planned"]):
            notes.append(
                Note("plan_unknown", "below_plan", {"customers": unknown, "of": int(row["customers"])})
            )
    if new := customers - int(tables["below_plan"].iloc[0]["customers"]):
        notes.append(Note("new_customers", "below_plan", {"customers": new, "of": customers}))
    return tuple(notes)
