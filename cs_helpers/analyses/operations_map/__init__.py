"""The operations map: the product's customers on one picture, from the hand-over to the feedback, in the numbers of the reports."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.analyses.operations_map.declared import DECLARES as DECLARES
from cs_helpers.analyses.operations_map.numbers import known_headlines, number_table
from cs_helpers.analyses.operations_map.roles import play_table, role_table
from cs_helpers.analyses.operations_map.rows import (
    field_rows,
    health_rows,
    level_rows,
    measure_rows,
    status_rows,
    touch_rows,
    touches_by_level,
)
from cs_helpers.analyses.operations_map.stations import link_table, station_table
from cs_helpers.analyses.operations_map.verdicts import (
    map_verdict,
    missing_stations,
    role_verdict,
)
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.result import Metric, Note, Result
from cs_helpers.snapshot import ProductData


def analyse(data: ProductData, quarter: Quarter, results: Mapping[str, Result]) -> Result:
    """The operations map of a product at the end of a quarter.

    results: of the analyses that it builds on; one that is not there is a part of the map that is missing. Nothing is estimated
    here: each number is that of the report which `numbers` names as its place, or adds up customers who are counted there.

    Tables: `stations` and `links`: see `stations.station_table` and `stations.link_table`; `operations`: the stations, for the
    figure; `levels`, `health`, `touches`, `level_touches`: see `rows.level_rows`, `rows.health_rows`, `rows.touch_rows`,
    `rows.touches_by_level`; `fields`, `measures`, `statuses`: see `rows.field_rows`, `rows.measure_rows`, `rows.status_rows`;
    `roles`, `plays`: see `roles.role_table`, `roles.play_table` (`levels`, `touches` and `roles` are left out where nothing is known); `numbers`: see `numbers.number_table`. Amounts in the currency of
    the contracts; without contracts they are NaN. Settings: by_contracts; months and is_margin of the lifetime value; told_apart: the verdict
    on it of `level_worth` ('' where there is none); quarters: over which the shares of touches are taken (0: no touches).
    """
    time = customer_time_as_of(data, quarter.end)
    n, name = len(time.customers(quarter.end)), data.product.product
    if not n:
        code = "no_customers" if time.by_contracts else "no_accounts"
        notes = tuple(Note(code, about, {"quarter": str(quarter)}) for about in DECLARES.questions)
        return Result("operations_map", name, quarter, quarter.start, data.as_of, 0, {}, {}, notes)
    levels = level_rows(results)
    health = health_rows(results)
    touches = touch_rows(results)
    by_level = touches_by_level(results)
    fields, statuses = field_rows(results), status_rows(results)
    roles = role_table(data, quarter)
    plays = play_table(roles, results)
    headlines = known_headlines(results)
    stations = station_table(data, results, levels, health, touches, roles, headlines)
    tables = {
        "operations": stations,
        "stations": stations,
        "links": link_table(stations, data),
        "levels": levels,
        "health": health,
        "measures": measure_rows(results),
        "touches": touches,
        "level_touches": by_level,
        "roles": roles,
        "plays": plays,
        "fields": fields,
        "statuses": statuses,
        "numbers": number_table(levels, health, touches, by_level, roles, plays, fields, statuses, headlines),
    }
    known = int((stations["state"] == "known").sum())
    verdicts = {"operations": map_verdict(stations, levels)}
    if len(roles):
        verdicts["roles"] = role_verdict(roles, data.product)
    found = _notes(results, tables)
    tables = {name: table for name, table in tables.items() if len(table) or name not in _STATIONS}
    return Result(
        "operations_map",
        name,
        quarter,
        quarter.start,
        data.as_of,
        n,
        tables,
        {"stations_known": Metric("stations_known", known, "count", n, exact=True)},
        tuple(found),
        {"by_contracts": time.by_contracts, **_value_of(results), "quarters": _quarters_of_touches(results)},
        verdicts=verdicts,
        findings=missing_stations(stations),
    )


def _value_of(results: Mapping[str, Result]) -> dict[str, object]:
    """What a lifetime value is.

    Over how many months it adds up, whether margin or, without costs, all of the revenue, and whether levels are told apart by it.
    """
    worth = results["level_worth"]
    if "lifetime" not in worth.tables:
        return {"months": 0, "is_margin": False, "told_apart": ""}
    is_margin = all(note.code != "value_of_revenue" for note in worth.about("lifetime"))
    months = int(worth.tables["lifetime"]["months"].iloc[0])
    return {"months": months, "is_margin": is_margin, "told_apart": worth.verdicts["lifetime"].code}


def _quarters_of_touches(results: Mapping[str, Result]) -> int:
    """Over how many quarters the shares of touches are taken: the last four, as far as these are covered."""
    touches = results["touch_mix"]
    if "mix" not in touches.tables:
        return 0
    return len(Quarter.containing(touches.since).upto(touches.quarter))


#: questions that have no answer where their station is missing
_STATIONS = {"levels": "levels", "touches": "touches", "roles": "organisation"}


def _notes(results: Mapping[str, Result], tables: Mapping[str, pd.DataFrame]) -> list[Note]:
    """Why a question has no answer, and what a lifetime value is."""
    notes = [
        Note("not_on_map", about, {"station": station})
        for about, station in _STATIONS.items()
        if tables[about].empty
    ]
    if len(tables["levels"]) and tables["levels"]["ltv"].notna().any():
        value = _value_of(results)
        code = "value_of_margin" if value["is_margin"] else "value_of_revenue"
        notes.append(Note(code, "levels", {"months": value["months"]}))
    return notes
