"""Every number of the map, with its interval and the place in the reports that shows it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from cs_helpers.result import Metric, Result

#: headline numbers of other reports that each station shows, most important first
HEADLINES: Mapping[str, tuple[str, ...]] = {
    "handover": (
        "handover.with_handover", "handover.completeness", "handover.promises_kept", "handover.expectation_met",
        "journeys.days_to_value",
    ),
    "levels": ("maturity.upper_levels", "revenue.mrr", "revenue.nrr_year", "revenue.logo_churn_year"),
    "health": ("health.median_score", "health.red_share", "health.red_mrr"),
    "touches": (
        "touch_mix.touches_per_customer", "touch_mix.hours", "touch_mix.plan_hours", "touch_mix.below_plan",
    ),
    "organisation": (
        "playbook.due", "playbook.due_mrr", "playbook.done_share", "means.left", "means.exceeded",
    ),
    "feedback": (
        "product_feedback.open_requests", "product_feedback.not_handed", "product_feedback.days_to_answer",
        "product_feedback.closed_loop",
    ),
}  # fmt: skip
#: the report that a station is the picture of, where it is one report's alone
OF_STATION: Mapping[str, tuple[str, ...]] = {"handover": ("handover",), "feedback": ("product_feedback",)}

COLUMNS = ("key", "station", "metric", "value", "low", "high", "unit", "n", "place")


def known_headlines(results: Mapping[str, Result]) -> dict[str, Metric]:
    """The headline numbers of `HEADLINES` that the reports have, as `<analysis>.<metric>` -> metric."""
    known = {}
    for names in HEADLINES.values():
        for name in names:
            analysis, _, metric = name.partition(".")
            found = results[analysis].metrics.get(metric) if analysis in results else None
            if found is not None and found.is_known:
                known[name] = found
    return known


def number_table(
    levels: pd.DataFrame,
    health: pd.DataFrame,
    touches: pd.DataFrame,
    by_level: pd.DataFrame,
    roles: pd.DataFrame,
    plays: pd.DataFrame,
    fields: pd.DataFrame,
    statuses: pd.DataFrame,
    headlines: Mapping[str, Metric],
) -> pd.DataFrame:
    """The numbers of all stations, in the order of the map.

    Columns: key (`<station>.<metric>` or `<station>.<row>.<column>`, as `levels.2.customers`; of an entry of the
    playbook `organisation.<role>.<entry>.customers`), station, metric (the headline
    number of a report, as `revenue.nrr_year`; '' for others), value, low, high (95 %; NaN without an interval), unit (as of a
    `Metric`), n (observations behind it), place (`<analysis>-<question>` of the report that shows it). Numbers that are not
    known are left out.
    """
    rows = [
        *_headline_rows(headlines),
        *_field_numbers(fields),
        *_level_numbers(levels),
        *_health_numbers(health),
    ]
    rows += [
        *_touch_numbers(touches),
        *_level_touches(by_level),
        *_role_numbers(roles, plays),
        *_status_numbers(statuses),
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table = table[table["value"].notna()].astype(
        dict.fromkeys(("value", "low", "high"), "float64") | {"n": "int64"}
    )
    order = table["station"].map(list(HEADLINES).index)
    return table.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)


_Row = dict[str, object]


def _headline_rows(headlines: Mapping[str, Metric]) -> Iterator[_Row]:
    for station, names in HEADLINES.items():
        for name in names:
            if name in headlines:
                m = headlines[name]
                analysis, _, metric = name.partition(".")
                place = f"{analysis}-headlines"
                yield _row(f"{station}.{metric}", m.value, m.low, m.high, m.unit, m.n, place) | {
                    "metric": name
                }


def _field_numbers(fields: pd.DataFrame) -> Iterator[_Row]:
    for row in fields.itertuples():
        key = f"handover.{row.field}.share"
        yield _row(key, row.share, row.low, row.high, "share", row.of, "handover-fields")


def _status_numbers(statuses: pd.DataFrame) -> Iterator[_Row]:
    for row in statuses.itertuples():
        key = f"feedback.{row.status}.requests"
        yield _row(key, row.requests, None, None, "count", row.of, "product_feedback-status")


def _level_numbers(levels: pd.DataFrame) -> Iterator[_Row]:
    of = int(levels["customers"].sum())
    for row in levels.itertuples():
        key, n = f"levels.{row.level}", row.customers
        yield _row(f"{key}.customers", n, None, None, "count", of, "maturity-standing")
        yield _row(f"{key}.share", row.share, row.low, row.high, "share", of, "maturity-standing")
        yield _row(f"{key}.mrr", row.mrr, None, None, "currency", n, "maturity-standing")
        yield _row(
            f"{key}.ltv", row.ltv, row.ltv_low, row.ltv_high, "currency", row.followed, "level_worth-lifetime"
        )


def _health_numbers(health: pd.DataFrame) -> Iterator[_Row]:
    for row in health.itertuples():
        scored = row.red + row.yellow + row.green
        yield _row(
            f"health.{row.level}.score", row.score, row.low, row.high, "points", scored, "health-levels"
        )
        for column in ("quantitative", "qualitative"):
            value = getattr(row, column)
            yield _row(f"health.{row.level}.{column}", value, None, None, "points", scored, "health-levels")
        for column in ("red", "yellow", "green", "unscored"):
            n, of = getattr(row, column), scored + row.unscored
            yield _row(f"health.{row.level}.{column}", n, None, None, "count", of, "health-levels")


def _touch_numbers(touches: pd.DataFrame) -> Iterator[_Row]:
    of = int(touches["customers"].sum())
    for row in touches.itertuples():
        key = f"touches.{row.touch_model}"
        yield _row(f"{key}.customers", row.customers, None, None, "count", of, "touch_mix-models")
        yield _row(f"{key}.declared", row.declared, None, None, "share", row.of, "touch_mix-mix")
        yield _row(f"{key}.actual", row.actual, row.low, row.high, "share", row.of, "touch_mix-mix")
        yield _row(f"{key}.touches", row.touches, None, None, "count", row.touches, "touch_mix-models")
        yield _row(f"{key}.hours", row.hours, None, None, "hours", row.touches, "touch_mix-models")


def _level_touches(by_level: pd.DataFrame) -> Iterator[_Row]:
    for row in by_level.itertuples():
        yield _row(
            f"touches.{row.level}.share", row.share, row.low, row.high, "share", row.of, "touch_mix-mix"
        )


def _role_numbers(roles: pd.DataFrame, plays: pd.DataFrame) -> Iterator[_Row]:
    counts: dict[str, int] = {}
    for at, row in enumerate(roles.itertuples()):
        counts[row.role] = counts.get(row.role, 0) + 1
        again = f".{counts[row.role]}" if counts[row.role] > 1 else ""
        key, place = f"organisation.{row.role}{again}", "operations_map-roles"
        yield _row(f"{key}.people", row.people, None, None, "people", 1, place)
        yield _row(f"{key}.plays", row.plays, None, None, "count", row.plays, "playbook-entries")
        yield _row(f"{key}.due", row.due, None, None, "count", row.plays, place)
        yield _row(
            f"{key}.mrr", row.mrr, None, None, "currency", 0 if math.isnan(row.due) else int(row.due), place
        )
        for play in plays[plays["at"] == at].itertuples():
            number = f"{key}.{play.entry}.customers"
            yield _row(number, play.customers, None, None, "count", play.of, "playbook-entries")


def _row(key: str, value: object, low: object, high: object, unit: str, n: object, place: str) -> _Row:
    return {
        "key": key, "station": key.partition(".")[0], "metric": "", "value": value, "low": low, "high": high, "unit": unit,
        "n": n, "place": place,
    }  # fmt: skip
