"""Tables of the operations map: its stations and what they lack, levels, touch models, and who does what."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import pandas as pd

from cs_helpers.result import Result
from cs_helpers.tables.notes import format_fields, station_name
from cs_helpers.tables.theme import Listing, table
from cs_helpers.text import Text


def stations(result: Result, text: Text) -> Listing:
    """The stations of the map, whether each is known, and what to add to what is missing."""
    known = result.tables["stations"]
    named = known.assign(
        station=[station_name(station, text) for station in known["station"]],
        state=[text(f"operations_map.stations.state.{state}") for state in known["state"]],
        lacks=[
            text.join_sentences([text(f"operations_map.lacks.{code}") for code in codes.splitlines()])
            for codes in known["lacks"]
        ],
    )
    page = named.assign(lacks=[sentence or "–" for sentence in named["lacks"]])
    headings = text.headings("operations_map.stations", "station", "state", "lacks")
    return replace(table(page, headings, name="map-stations", all_rows=named), is_stacked=True)


def levels(result: Result, text: Text) -> Listing:
    """The levels: customers and MRR, what a customer is worth, and health with its two parts apart."""
    known, currency = _levels_with_health(result), result.settings["currency"]
    amounts = ("mrr", "ltv") if result.settings["by_contracts"] else ()
    named = known.assign(level=[_level(level, text) for level in known["level"]])
    page = named.assign(
        customers=[
            text("operations_map.levels.count", customers=text.number(r.customers), share=text.share(r.share))
            for r in known.itertuples()
        ],
        mrr=[text.money(v, currency) for v in known["mrr"]],
        ltv=[_money_within(r.ltv, r.ltv_low, r.ltv_high, currency, text) for r in known.itertuples()],
        score=[text.number_within(r.score, r.score_low, r.score_high) for r in known.itertuples()],
        **{c: [text.number(v) for v in known[c]] for c in ("quantitative", "qualitative", "red")},
    )
    shown = ("customers", *amounts, "score", "quantitative", "qualitative", "red")
    return table(
        page, text.headings("operations_map.levels", "level", *shown), name="map-levels", right=shown, all_rows=named,
        units=dict.fromkeys(amounts, currency),
    )  # fmt: skip


def touches(result: Result, text: Text) -> Listing:
    """The touch models: their customers, the share that is declared and that is so, hours, and what they are about."""
    known = result.tables["touches"]
    named = known.assign(
        touch_model=[text.label("touch_model", model) for model in known["touch_model"]],
        actions=[
            text.join_list([text.subject(one) for one in actions.splitlines()]) or "–"
            for actions in known["actions"]
        ],
        apart=[_apart(r.declared, r.verdict, text) for r in known.itertuples()],
    )
    page = named.assign(
        customers=[text.number(v) for v in known["customers"]],
        declared=[text.share(v) for v in known["declared"]],
        actual=[text.share_within(r.actual, r.low, r.high) for r in known.itertuples()],
        hours=[text.number(v) for v in known["hours"]],
    )
    right = ("customers", "declared", "actual", "hours")
    headings = text.headings(
        "operations_map.touches",
        "touch_model",
        "customers",
        "declared",
        "actual",
        "apart",
        "hours",
        "actions",
    )
    return table(page, headings, name="map-touches", right=right, all_rows=named)


def _apart(declared: float, verdict: str, text: Text) -> str:
    """Whether the actual share is off the declared one by more than chance."""
    return "–" if declared != declared else text(f"operations_map.touches.apart.{verdict}")


def roles(result: Result, text: Text) -> Listing:
    """The roles in their departments: people, entries of the playbook, for whom these are due, and whether they can be done."""
    known, currency, said = result.tables["roles"], result.settings["currency"], result.verdicts["roles"]
    amounts = ("mrr",) if result.settings["by_contracts"] else ()
    named = known.assign(
        role=[
            text("operations_map.roles.nobody") if role == "nobody" else text.label("job_role", role)
            for role in known["role"]
        ],
        department=[
            name or ("–" if role == "nobody" else text("operations_map.roles.not_filled"))
            for role, name in zip(known["role"], known[f"department_{text.language}"], strict=True)
        ],
        carried_out=[_carried_out(row, text) for row in known.to_dict("records")],
    )
    page = named.assign(
        people=[text.number(v, 0 if v != v or float(v).is_integer() else 1) for v in known["people"]],
        plays=[text.number(v) for v in known["plays"]],
        due=[text.number(v) for v in known["due"]],
        mrr=[text.money(v, currency) for v in known["mrr"]],
    )
    right = ("people", "plays", "due", *amounts)
    message = text(f"operations_map.roles.{said.code}", **format_fields(said.fields, text, currency))
    return table(
        page, text.headings("operations_map.roles", "role", "department", *right, "carried_out"), name="map-roles",
        right=right, all_rows=named, units=dict.fromkeys(amounts, currency), message=message,
    )  # fmt: skip


def _carried_out(row: dict[Hashable, Any], text: Text) -> str:
    """Whether the entries of a role can be carried out: what stands in the way, or that nothing does."""
    if not row["plays"]:
        return text("operations_map.roles.no_entry")
    if row["obstacles"]:
        return text.join_list(
            [text(f"operations_map.obstacles.{code}") for code in row["obstacles"].splitlines()]
        )
    return text("operations_map.roles.fine" if row["carried_out"] else "operations_map.obstacles.no_role")


def _levels_with_health(result: Result) -> pd.DataFrame:
    health = (
        result.tables["health"].rename(columns={"low": "score_low", "high": "score_high"}).set_index("level")
    )
    columns = ["score", "score_low", "score_high", "quantitative", "qualitative", "red"]
    return result.tables["levels"].join(health[columns].astype("float64"), on="level")


def _level(level: int, text: Text) -> str:
    """A level with its name in the product file; the one below the first has none."""
    if level < 0:
        return text("operations_picture.level_unknown")
    label, name = text.label("level", level), text.level_name(level)
    return text("operations_map.levels.named", level=label, name=name) if name else label


def _money_within(value: float, low: float, high: float, currency: str, text: Text) -> str:
    if low != low or high != high:
        return text.money(value, currency)
    ends = (text.money(end, currency) for end in (low, high))
    return text("charts.interval", value=text.money(value, currency), low=next(ends), high=next(ends))
