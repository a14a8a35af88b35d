"""What the map says: where most customers stand, what is missing from it, and whether somebody carries out the playbook."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.operations_map.roles import NOBODY
from cs_helpers.result import Finding, Verdict


def map_verdict(stations: pd.DataFrame, levels: pd.DataFrame) -> Verdict:
    """Where most customers stand, and which stations are missing.

    `whole` or `incomplete` (level and share of the level with most customers, the lower of two; of the latter stations, those that
    are missing); `no_levels` (stations) where no level is known.
    """
    missing = _missing(stations)
    fields: dict[str, object] = {"stations": missing} if missing else {}
    known = levels[levels["level"] >= 0]
    if known.empty:
        return Verdict("no_levels", fields)
    most = known.loc[known["customers"].idxmax()]
    return Verdict(
        "incomplete" if missing else "whole",
        {"level": int(most["level"]), "share": float(most["share"]), **fields},
    )


def missing_stations(stations: pd.DataFrame) -> tuple[Finding, ...]:
    """The finding `missing` (stations): what the map cannot show; none where nothing is missing."""
    missing = _missing(stations)
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


def role_verdict(roles: pd.DataFrame) -> Verdict:
    """Whether the entries of the playbook can be carried out, by the roles that have them.

    `carried_out` (plays) and `no_plays`; else `stuck` (roles that have an entry with an obstacle, of those with entries),
    `left` (plays that no role carries out, of all), or `stuck_left` with both.
    """
    plays = int(roles["plays"].sum())
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


def _missing(stations: pd.DataFrame) -> tuple[str, ...]:
    return tuple(stations.loc[stations["state"] == "missing", "station"])
