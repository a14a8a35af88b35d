"""The stations of the map, from the hand-over to the feedback, the arrows between them, and what each lacks."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pandas as pd

from cs_helpers.analyses.operations_map.numbers import HEADLINES, OF_STATION
from cs_helpers.contract.organisation import JOB_ROLES
from cs_helpers.customers.maturity_levels import UNKNOWN
from cs_helpers.customers.time import missing_contracts
from cs_helpers.result import Metric, Result
from cs_helpers.snapshot import ProductData

#: the stations in the order of the map; the hand-over and the feedback are what such maps forget
STATIONS = ("handover", "levels", "health", "touches", "organisation", "feedback")

#: what makes a station missing; all else that a station lacks makes it known in part
NOT_KNOWN = {
    "handover": "no_handovers",
    "levels": "no_levels",
    "health": "no_scores",
    "touches": "no_touches",
    "organisation": "no_organisation",
    "feedback": "no_requests",
}


def station_table(
    data: ProductData,
    results: Mapping[str, Result],
    levels: pd.DataFrame,
    health: pd.DataFrame,
    touches: pd.DataFrame,
    roles: pd.DataFrame,
    headlines: Mapping[str, Metric],
) -> pd.DataFrame:
    """What is known of each station.

    levels, health, touches, roles: of `rows` and `roles`; headlines: of `numbers.known_headlines`. Columns: station, state (`known`;
    `missing`: nothing is known; `partly`), reason (what it lacks first of all: a code, '' of a known one), lacks (all that it lacks,
    with line breaks between the codes). Each code is a sentence of the catalogue that says what to add (`operations_map.lacks.<code>`).
    """
    found = {
        "handover": _of_report("handover", headlines),
        "levels": _levels(data, levels),
        "health": _health(results, health, headlines),
        "touches": _touches(data, touches),
        "organisation": _organisation(data, roles),
        "feedback": _of_report("feedback", headlines),
    }
    rows = []
    for station in STATIONS:
        lacks = found[station]
        state = "missing" if NOT_KNOWN[station] in lacks else "partly" if lacks else "known"
        rows.append(
            {
                "station": station,
                "state": state,
                "reason": lacks[0] if lacks else "",
                "lacks": "\n".join(lacks),
            }
        )
    return pd.DataFrame(rows)


def link_table(stations: pd.DataFrame, data: ProductData) -> pd.DataFrame:
    """The arrows from each station to the next.

    Columns: source, target, state (`known`, or `missing` where either end is, or where nothing says how one leads to the other:
    which touch model customers have, who carries out the playbook), reason (the code of what is missing, else '').
    """
    by_station = stations.set_index("station")
    rows = []
    for source, target in itertools.pairwise(STATIONS):
        ends = by_station.loc[[source, target]]
        missing = ends.loc[ends["state"] == "missing", "reason"].tolist()
        if not missing and target == "touches" and not data["accounts"]["touch_model"].notna().any():
            missing = ["no_touch_models"]
        if not missing and target == "organisation" and data.product.organisation is None:
            missing = ["no_roles"]
        state, reason = ("missing", missing[0]) if missing else ("known", "")
        rows.append({"source": source, "target": target, "state": state, "reason": reason})
    return pd.DataFrame(rows)


def _of_report(station: str, headlines: Mapping[str, Metric]) -> list[str]:
    """A station that is a report of its own: the hand-over, the feedback."""
    of_station = [name for name in HEADLINES[station] if name.split(".")[0] in OF_STATION[station]]
    known = [name for name in of_station if name in headlines]
    if not known:
        return [NOT_KNOWN[station]]
    return [] if len(known) == len(of_station) else [f"{station}_in_part"]


def _levels(data: ProductData, levels: pd.DataFrame) -> list[str]:
    if levels.empty:
        return ["no_levels"]
    there = levels[(levels["customers"] > 0) & (levels["level"] >= 0)]
    found = []
    if missing_contracts(data):
        found.append("no_contracts")
    elif there["ltv"].isna().all():
        found.append("no_value")
    elif there["ltv"].isna().any():
        found.append("value_in_part")
    if (levels["level"] == UNKNOWN).any():
        found.append("levels_unknown")
    return found


def _health(
    results: Mapping[str, Result], health: pd.DataFrame, headlines: Mapping[str, Metric]
) -> list[str]:
    if "health.median_score" not in headlines:
        return ["no_scores"]
    found = []
    if health.empty:
        found.append("no_health_by_level")
    measures = results["health"].tables["measures"]
    known = set(measures.loc[measures["known"] > 0, "kind"])
    found += [f"no_{kind}" for kind in ("quantitative", "qualitative") if kind not in known]
    if health["unscored"].sum():
        found.append("unscored")
    return found


def _touches(data: ProductData, touches: pd.DataFrame) -> list[str]:
    if touches.empty:
        return ["no_touches"]
    found = []
    if touches["hours"].isna().any():
        found.append("no_hours")
    if not touches["customers"].sum():
        found.append("no_touch_models")
    if not touches["actions"].any():
        found.append("no_actions")
    return found


def _organisation(data: ProductData, roles: pd.DataFrame) -> list[str]:
    product = data.product
    if product.organisation is None:
        return ["no_roles"] if product.playbook else ["no_organisation"]
    found = [] if product.playbook else ["no_playbook"]
    if set(JOB_ROLES) - {r.role for r in product.organisation.roles}:
        found.append("roles_not_filled")
    if any(r.people is None for r in product.organisation.roles):
        found.append("no_people_stated")
    return found
