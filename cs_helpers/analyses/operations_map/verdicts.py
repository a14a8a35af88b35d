"""What the map says: what of it is known, where most customers stand, and whether somebody carries out the playbook."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.operations_map.roles import NOBODY
from cs_helpers.contract.products import Product
from cs_helpers.result import Finding, Verdict


def map_verdict(stations: pd.DataFrame, levels: pd.DataFrame) -> Verdict:
    """What is known of the stations, and where most customers stand.

    `whole`: all are known; `partly`: all at least in part; `incomplete`: some are missing; `no_levels`: so is each level. Fields:
    known (number of stations), of, in_part and stations (those known in part, and those missing; left out where there are none);
    but of `no_levels` level (the one with most customers, the lower of two), share (theirs, of the customers whose level is
    known), unknown (share of all customers whose level is not known).
    """
    missing, in_part = _in_state(stations, "missing"), _in_state(stations, "partly")
    fields: dict[str, object] = {"known": len(stations) - len(missing) - len(in_part), "of": len(stations)}
    fields |= {name: found for name, found in (("in_part", in_part), ("stations", missing)) if found}
    known = levels[levels["level"] >= 0]
    if known.empty:
        return Verdict("no_levels", fields)
    most, customers = known.loc[known["customers"].idxmax()], int(known["customers"].sum())
    return Verdict(
        "incomplete" if missing else "partly" if in_part else "whole",
        {
            "level": int(most["level"]),
            "share": float(most["customers"] / customers),
            "unknown": float(1 - customers / levels["customers"].sum()),
            **fields,
        },
    )


def missing_stations(stations: pd.DataFrame) -> tuple[Finding, ...]:
    """The finding `missing` (stations): what the map cannot show; none where nothing is missing."""
    missing = _in_state(stations, "missing")
    if not missing:
        return ()
    return (
        Finding(
            "missing",
            "stations",
            "neither",
            "counted",
            len(stations),
            value=float(len(missing)),
            fields={"stations": missing},
        ),
    )


def role_verdict(roles: pd.DataFrame, product: Product) -> Verdict:
    """Whether the entries of the playbook can be carried out, by the roles that have them.

    `carried_out` (plays) and `no_plays`; else `stuck` (roles that have an entry with an obstacle, of those with entries),
    `left` (plays that no role carries out, of all), or `stuck_left` with both. plays: entries of the playbook, each once, however
    many roles have it.
    """
    plays = len(product.playbook)
    if not plays:
        return Verdict("no_plays")
    of_nobody = roles["role"] == NOBODY
    with_plays = roles[~of_nobody & (roles["plays"] > 0)]
    stuck, left = int((~with_plays["carried_out"]).sum()), int(roles.loc[of_nobody, "plays"].sum())
    if not stuck and not left:
        return Verdict("carried_out", {"plays": plays})
    fields = {"stuck": stuck, "roles": len(with_plays)} if stuck else {}
    fields |= {"left": left, "plays": plays} if left else {}
    return Verdict("stuck_left" if stuck and left else "stuck" if stuck else "left", fields)


def _in_state(stations: pd.DataFrame, state: str) -> tuple[str, ...]:
    return tuple(stations.loc[stations["state"] == state, "station"])
