"""Hand-made products and tables, so that a test can show all the data that it speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from cs_helpers import analyses
from cs_helpers.contract.products import Product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import recorded_spells
from cs_helpers.contract.tables import ACCOUNT_TABLES, TABLES
from cs_helpers.contract.vocabulary import DTYPES
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData
from cs_helpers.snapshot.coverage import coverage_by_product, rows_by_day, usage_by_day
from cs_helpers.snapshot.take import REDUCED

Rows = Iterable[Mapping[str, Any]] | pd.DataFrame

#: all analyses by name
ANALYSES = {name: analyses.analysis(name) for name in analyses.names()}


def results_of(data: ProductData, quarter: Quarter) -> dict[str, Result]:
    """The results of all analyses, each worked out once."""
    found: dict[str, Result] = {}
    for name in sorted(ANALYSES, key=lambda n: ANALYSES[n].declares.builds_on is not None):
        found[name] = ANALYSES[name].analyse(data, quarter, found)
    return found


#: one name for the product of every hand-made table
NAME = "desk"


def words(text: str) -> dict[str, str]:
    return {"en": text, "ja": text}


def with_journey(content: Mapping[str, Any], journey: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a product file with another journey, without the sections that name its steps."""
    naming_steps = ("playbook", "organisation", "means", "to_be", "scores", "team")
    return {name: part for name, part in content.items() if name not in naming_steps} | {"journey": journey}


def product(
    *,
    levels: list[list[dict[str, Any]]] | None = None,
    steps: list[str] | None = None,
    value_step: str | None = None,
    window_days: int = 365,
    measures: list[dict[str, Any]] | None = None,
    baselines: list[dict[str, Any]] | None = None,
    yellow_from: float = 40,
    green_from: float = 70,
    journey: dict[str, Any] | None = None,
    playbook: list[dict[str, Any]] | None = None,
    health: dict[str, Any] | None = None,
    touch_mix: dict[str, float] | None = None,
    touch_plan: dict[str, Any] | None = None,
    organisation: list[dict[str, Any]] | None = None,
    means: list[dict[str, Any]] | None = None,
    to_be: dict[str, Any] | None = None,
    team: dict[str, Any] | None = None,
) -> Product:
    """A product; what a test does not speak of is filled with the plainest thing allowed.

    `levels` are the conditions of Lv.1 to Lv.4; `steps` follow the step `contract`; `journey` holds
    what else the journey says, `rules` there the rules of steps that are no milestones and `seen` what
    else steps say of their contents and tools; `health` what else the health score says.
    """
    levels = levels or [[{"value": "events", "at_least": n}] for n in (1, 2, 3, 4)]
    later = steps or ["kickoff"]
    said = dict(journey or {})
    rules = {s: {"milestone": s} for s in later} | said.pop("rules", {})
    seen = {
        step: {key: words(value) if isinstance(value, str) else value for key, value in aids.items()}
        for step, aids in said.pop("seen", {}).items()
    }
    measures = measures or [health_measure("days", red=0, green=10, measure={"value": "days", "months": 1})]
    return Product.model_validate(
        {
            "product": NAME,
            "name": words("Desk"),
            "about": words("A desk."),
            "maturity": {
                "levels": [
                    {"level": n, "name": words(f"Lv.{n}"), "meaning": words("."), "conditions": conditions}
                    for n, conditions in enumerate(levels, start=1)
                ]
            },
            "journey": {
                "value_step": value_step or later[-1],
                "window_days": window_days,
                "steps": [
                    {"step": "contract", "name": words("Contract"), "rule": {"contract": "started"}},
                    *({"step": s, "name": words(s), "rule": rules[s], **seen.get(s, {})} for s in later),
                ],
                **said,
            },
            "health": {
                "version": 1,
                "yellow_from": yellow_from,
                "green_from": green_from,
                "measures": measures,
                **(health or {}),
            },
            "baselines": baselines or [baseline("opened", source="tickets", value="count")],
            "touch_mix": touch_mix or {"high": 0.25, "low": 0.25, "tech": 0.25, "community": 0.25},
            "touch_plan": touch_plan,
            "playbook": playbook or [],
            "organisation": {"roles": organisation} if organisation else None,
            "means": means or [],
            "to_be": to_be,
            "team": {"agreed_on": "2026-04-01", **team} if team is not None else None,
        }
    )


def play(when: str, rule: dict[str, Any] | None = None, **other: Any) -> dict[str, Any]:
    """An entry of a playbook, whose id is its situation."""
    return {"when": words(when), "do": words(f"do {when}"), "id": when, "rule": rule, **other}


def role(name: str, department: str = "CS", **other: Any) -> dict[str, Any]:
    """A role of an organisation."""
    return {"role": name, "department": words(department), **other}


def means(name: str, kind: str = "measure", department: str = "CS", **other: Any) -> dict[str, Any]:
    """A measure or resource of the means."""
    return {"id": name, "name": words(name), "kind": kind, "department": words(department), **other}


def goal(name: str, customers: dict[str, Any] | None = None, **other: Any) -> dict[str, Any]:
    """A goal of the gap plan; with a rule at most a tenth of the customers may be in the gap."""
    said = {"by": "2027-03-31", "confidence": 0.5, "effort": 2, **other}
    if customers and "metric" not in said:
        said.setdefault("at_most", 0.1)
    return {"id": name, "name": words(name), "customers": customers, **said}


def health_measure(
    name: str,
    *,
    red: float,
    green: float,
    measure: dict[str, Any],
    weight: float = 1,
    kind: str = "quantitative",
    missing: str = "skip",
) -> dict[str, Any]:
    return {
        "id": name,
        "name": words(name),
        "kind": kind,
        "measure": measure,
        "red": red,
        "green": green,
        "weight": weight,
        "missing": missing,
    }


def baseline(name: str, *, source: str, value: str, event: str = "*") -> dict[str, Any]:
    return {
        "id": name,
        "name": words(name),
        "unit": words("a day"),
        "source": source,
        "value": value,
        "event": event,
    }


def product_data(
    of: Product | None = None, *, as_of: date = date(2026, 9, 30), usage: Rows | None = None, **tables: Rows
) -> ProductData:
    """The tables of a product: those named are given, all others are empty and not given.

    `usage` rows (account_id, day, event; user_id and quantity where wanted) are reduced here, in
    pandas, to what a snapshot keeps of them.
    """
    filled = {name: frame(name, tables.get(name, ())) for name in TABLES if name != "usage"}
    reduced = _reduced(pd.DataFrame(usage if usage is not None else []))
    given = {*tables, *(("usage",) if usage is not None else ())}
    if "contracts" not in given:  # as a snapshot does: who was recorded when
        filled["recorded"] = _recorded(filled, reduced["active_daily"], of or product())
    days = rows_by_day(filled) | {"usage": usage_by_day(reduced["active_daily"], reduced["usage_daily"])}
    what = coverage_by_product(days, [NAME], as_of)[NAME]
    return ProductData(of or product(), as_of, filled | reduced, frozenset(given), what)


def _recorded(tables: Mapping[str, pd.DataFrame], active: pd.DataFrame, of: Product) -> pd.DataFrame:
    dated = [(tables[n], str(TABLES[n].time)) for n in ACCOUNT_TABLES if n in tables and TABLES[n].time]
    parts = [
        t[["account_id", "product"]].assign(day=t[when].dt.normalize())
        for t, when in (*dated, (active, "day"))
    ]
    days = pd.concat([part for part in parts if len(part)] or [_empty("active_daily")])
    return recorded_spells(days, {NAME: of.customers.recorded_within_days})


def frame(name: str, rows: Rows) -> pd.DataFrame:
    """Rows as a table of the contract (or a reduction of usage); columns left out are missing."""
    kinds = REDUCED.get(name) or {c: TABLES[name].kind(c) for c in TABLES[name].columns}
    made = (rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))).copy()
    if made.empty:
        return _empty(name).copy()
    if "product" in kinds:
        made["product"] = NAME
    return made.reindex(columns=list(kinds)).astype({c: DTYPES[k] for c, k in kinds.items()})


@cache
def _empty(name: str) -> pd.DataFrame:
    kinds = REDUCED.get(name) or {c: TABLES[name].kind(c) for c in TABLES[name].columns}
    return pd.DataFrame({c: pd.Series(dtype=DTYPES[k]) for c, k in kinds.items()})


def _reduced(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    if rows.empty:
        return {name: frame(name, ()) for name in REDUCED}
    every = rows.copy()
    every["day"] = pd.to_datetime(every["day"])
    every["month"] = every["day"].dt.to_period("M").dt.to_timestamp()
    every["quantity"] = every["quantity"].astype("float64").fillna(1.0) if "quantity" in every else 1.0
    if "user_id" not in every:
        every["user_id"] = "u"

    def by(*keys: str) -> pd.DataFrame:
        return (
            every.groupby(["account_id", *keys])
            .agg(
                events=("quantity", "size"),
                quantity=("quantity", "sum"),
                users=("user_id", "nunique"),
                days=("day", "nunique"),
                first_at=("day", "min"),
            )
            .reset_index()
        )

    monthly = pd.concat([by("month", "event"), by("month").assign(event=None)], ignore_index=True)
    return {
        "usage_daily": frame("usage_daily", by("day", "event")),
        "usage_monthly": frame("usage_monthly", monthly),
        "active_daily": frame("active_daily", by("day")),
    }


def account(name: str, size: str = "small", **other: Any) -> dict[str, Any]:
    return {"account_id": name, "name": name, "size": size, "industry": "trade", **other}


def contract(name: str, started_on: str, ended_on: str | None = None, mrr: float = 100) -> dict[str, Any]:
    return {
        "contract_id": f"{name}-{started_on}",
        "account_id": name,
        "started_on": started_on,
        "ended_on": ended_on,
        "mrr": mrr,
        "currency": "JPY",
    }


def touch(name: str, day: str, model: str | None = None, **other: Any) -> dict[str, Any]:
    return {
        "account_id": name,
        "occurred_at": f"{day} 10:00:00",
        "touch_model": model,
        "kind": "mail",
        **other,
    }


def use(name: str, day: str, event: str = "done", **other: Any) -> dict[str, Any]:
    return {"account_id": name, "day": day, "event": event, **other}


def tickets_of(series: pd.Series) -> pd.DataFrame:
    """Tickets of one customer, so many on each day of `series` as it says."""
    days = series.index.repeat(series.astype(int))
    return pd.DataFrame(
        {
            "ticket_id": [f"T-{n}" for n in range(len(days))],
            "account_id": "A",
            "opened_at": days + pd.Timedelta(hours=9),
        }
    )


def usage_of(series: pd.Series) -> pd.DataFrame:
    """One event of one customer on each day of `series`, with that quantity."""
    return pd.DataFrame(
        {"account_id": "A", "day": series.index, "event": "done", "quantity": series.to_numpy(float)}
    )


def random(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)
