"""Tables of the worth of a level: lifetime values, NRR, and what one level more is associated with."""

from __future__ import annotations

import math
from typing import Any

from cs_helpers.result import Result
from cs_helpers.tables.theme import Listing, table
from cs_helpers.text import Text
from cs_helpers.text.level_worth_verdict import level_worth_verdict, points

#: an interval whose upper end is so many times its lower one says nothing
WIDEST = 10


def lifetime(result: Result, text: Text) -> Listing:
    """The lifetime value of a customer of each level by two methods, and what it is made of."""
    rows, currency = result.tables["lifetime"], result.settings["currency"]

    def money(value: float) -> str:
        return "∞" if math.isinf(value) else text.money(value, currency)

    def within(value: float, low: float, high: float) -> str:
        if math.isnan(value) or math.isnan(low):
            return money(value)
        if math.isinf(value):
            return text("level_worth.lifetime.at_least", low=money(low))
        return text("charts.interval", value=money(value), low=money(low), high=money(high))

    def for_ever(row: Any) -> str:
        too_wide = not row.steady_high <= WIDEST * row.steady_low
        return "–" if too_wide else within(row.steady, row.steady_low, row.steady_high)

    frame = rows.assign(
        which=[text.label("level", at) for at in rows["level"]],
        customers=[text.number(v) for v in rows["now"]],
        followed=[text.number(v) for v in rows["followed"]],
        month=[money(v) for v in rows["margin"]],
        stays=[text.share_within(r.stay, r.stay_low, r.stay_high) for r in rows.itertuples()],
        worth=[within(r.value, r.value_low, r.value_high) for r in rows.itertuples()],
        forever=[for_ever(r) for r in rows.itertuples()],
    )
    columns = ("which", "customers", "month", "followed", "stays", "worth", "forever")
    headings = text.headings("level_worth.lifetime", *columns)
    months = text("page.months", n=text.number(int(rows["months"].iloc[0])))
    message = text(
        "level_worth.lifetime.message", months=months, discount=text.share(result.settings["discount_rate"])
    )
    return table(frame, headings, name="level_lifetime", right=columns[1:], message=message)


def nrr(result: Result, text: Text) -> Listing:
    """NRR, GRR and logo churn of both periods by the level at their start."""
    rows, currency = result.tables["nrr"], result.settings["currency"]
    frame = rows.assign(
        when=[text(f"level_worth.period.{p}") for p in rows["period"]],
        which=[text.label("level", at) for at in rows["level"]],
        start=[text.number(v) for v in rows["customers"]],
        money=[text.money(v, currency) for v in rows["mrr"]],
        **{
            name: [
                text.share_within(*values)
                for values in rows[[name, f"{name}_low", f"{name}_high"]].itertuples(index=False, name=None)
            ]
            for name in ("nrr", "grr", "logo_churn")
        },
    )
    columns = ("when", "which", "start", "money", "nrr", "grr", "logo_churn")
    headings = text.headings("level_worth.nrr", *columns)
    return table(frame, headings, name="level_nrr", right=columns[2:])


def associations(result: Result, text: Text) -> Listing:
    """What one level more is associated with, by what the customers that are compared have in common."""
    rows = result.tables["associations"]
    is_loss = rows["outcome"] == "loss"

    def value(outcome: str, number: float, low: float, high: float) -> str:
        if outcome == "loss":
            return text.number_within(number, low, high, 2)
        if math.isnan(low):
            return points(number, text)
        return text(
            "charts.interval", value=points(number, text), low=points(low, text), high=points(high, text)
        )

    frame = rows.assign(
        what=[text(f"level_worth.outcome.{o}") for o in rows["outcome"]],
        common=[text(f"level_worth.common.{c}") for c in rows["common"]],
        size=[value(r.outcome, r.value, r.low, r.high) for r in rows.itertuples()],
        compared=[
            text(f"level_worth.associations.{'losses' if loss else 'customers'}", n=text.number(n))
            for loss, n in zip(is_loss, rows["compared"], strict=True)
        ],
        used=[text("level_worth.associations.chosen") if c else "" for c in rows["chosen"]],
    )
    columns = ("what", "common", "size", "compared", "used")
    headings = text.headings("level_worth.associations", *columns)
    verdict = result.verdicts["associations"]
    message = level_worth_verdict(text, "associations", verdict.code, verdict.fields, "")
    return table(frame, headings, name="level_associations", right=("size", "compared"), message=message)
