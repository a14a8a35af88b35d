"""Why a customer does not take a step: each reason is a hypothesis, predicts something, and is tested.

The four reasons (benefit, timing, guidance, bias) predict different things that the records show, between the
interview and the end of the quarter:

- guidance was lacking: nothing that the product file plans for the step had been used before the interview;
- the benefit was not conveyed: once its contents are used, the step follows within `DUE` days;
- the timing is not now: the step follows by itself, within `LATER` days;
- the bias of no need was not confronted: they go on using what they have and still wait.

A record may speak for or against a reason; people decide: the status is what the notes say last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.contract.labels import DEFAULT_ORDER
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.vocabulary import REASONS
from cs_helpers.customers.segments import QUADRANT_ORDER, segments_present, sort_segments
from cs_helpers.journey.history import waits_and_uses
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.survival import CENSORED, REACHED

#: days within which a step follows its contents, if they were what was lacking
DUE = 90
#: days after which a step that has not come is no question of timing
LATER = 180
#: who used the product in so many days before the end still uses it
ACTIVE = 28

COLUMNS = (
    "account_id", "name", "size", "quadrant", "step", "days", "state", "reason", "told", "notes_for", "notes_against",
    "records", "status",
)  # fmt: skip


def hypotheses(data: ProductData, told: pd.DataFrame, quarter: Quarter) -> pd.DataFrame:
    """Each reason that each company gave, at the step it waited for, with what speaks for and against it.

    told: a row a reading: account_id, name, size, quadrant, held_on, note_id, evidence, reason, reason_status.
    Columns: account_id, name, size, quadrant, step (that the company waited for when it said so; '' where no step
    is known), days (of that wait so far), state (`stalled`: it still waits, longer than usual; `waiting`, `moved`: it took
    the step since; `left`; '' without a step), reason, told (day of the first note), notes_for and notes_against
    (tuples of note_ids; against: those that refute it), records (`for`, `against`, or `unknown`: see above),
    status (`supported` or `refuted` by the latest note that decides it, else `open`). Stalled ones come first.
    """
    given = told.dropna(subset=["reason"]).sort_values(["held_on", "note_id"], kind="stable")
    if given.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    end = pd.Timestamp(quarter.end) + pd.Timedelta(days=1)
    places = _places(data, given, end)
    given = given.merge(places, on=["account_id", "held_on"], how="left").astype({"step": "object"})
    given["step"] = given["step"].where(given["step"].notna(), "")
    records = _Records(data, end)
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for note in given.drop_duplicates(["note_id", "reason", "reason_status"]).to_dict("records"):
        groups.setdefault((note["account_id"], note["step"], note["reason"]), []).append(note)
    rows = []
    for (_, step, reason), notes in groups.items():
        first = notes[0]
        decided = [n["reason_status"] for n in notes if n["reason_status"] in ("supported", "refuted")]
        against = [n["reason_status"] == "refuted" for n in notes]
        rows.append(
            {
                **{column: first[column] for column in ("account_id", "name", "size", "quadrant", "step", "days")},
                "state": first["state"] if step else "", "reason": reason, "told": first["held_on"],
                "notes_for": tuple(n["note_id"] for n, no in zip(notes, against, strict=True) if not no),
                "notes_against": tuple(n["note_id"] for n, no in zip(notes, against, strict=True) if no),
                "records": records.say(first, reason) if step else "unknown",
                "status": decided[-1] if decided else "open",
            }
        )  # fmt: skip
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    order = found["state"].map({"stalled": 0, "waiting": 1, "moved": 2, "left": 3}).fillna(4)
    place = {step.step: n for n, step in enumerate(data.product.journey.steps)}
    return (
        found.assign(order=order, place=found["step"].map(place))
        .sort_values(["order", "place", "reason", "name"], ignore_index=True)
        .drop(columns=["order", "place"])
    )


def _places(data: ProductData, given: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """What each company waited for on the day of each interview, and what came of it.

    Columns: account_id, held_on, state, and those of `journey.history.waits_and_uses`. No row where no step is known.
    """
    talks = given[["account_id", "held_on"]].drop_duplicates()
    waits = waits_and_uses(data, end, pd.Index(talks["account_id"]))
    if waits.empty:
        return pd.DataFrame(columns=["held_on", *waits, "state"])
    found = talks.merge(waits, on="account_id")
    until = found["began"] + pd.to_timedelta(found["days"], unit="D")
    # who took the step on the day of the interview had not taken it before it
    found = found[(found["began"].dt.normalize() <= found["held_on"]) & (until >= found["held_on"])]
    found = found.drop_duplicates(["account_id", "held_on"], keep="last")
    late = found["days"].to_numpy(float) > found["usual_days"].to_numpy(float)
    state = np.select(
        [found["outcome"] == REACHED, found["outcome"] != CENSORED, late],
        ["moved", "left", "stalled"],
        "waiting",
    )
    return found.assign(state=state)


#: a reason of a company with the wait it belongs to
Wait = Mapping[str, Any]


class _Records:
    """What was used, touched and reached, as it bears on a reason."""

    def __init__(self, data: ProductData, end: pd.Timestamp) -> None:
        days = data["active_daily"]
        recent = days[(days["day"] < end) & (days["day"] >= end - pd.Timedelta(days=ACTIVE))]
        self._active = frozenset(recent["account_id"])
        period = data.known.tables.get("usage")
        last = (end - pd.Timedelta(days=1)).date()
        since = (end - pd.Timedelta(days=ACTIVE)).date()
        self._log = period is not None and period.covers(since, last)
        self._touches = not data.missing("touches")

    def say(self, wait: Wait, reason: str) -> str:
        """Whether the records speak for a reason of one wait: `for`, `against` or `unknown`."""
        said = {
            "guidance": self._guidance, "benefit": self._benefit, "timing": self._timing, "bias": self._bias,
        }[reason](wait)  # fmt: skip
        return "unknown" if said is None else "for" if said else "against"

    def _guidance(self, wait: Wait) -> bool | None:
        known = wait["uses_known_from"] <= wait["held_on"] <= wait["uses_known_until"]
        if not wait["planned"] or not known:
            return None
        return not any(since <= self._told(wait) for since in self._seen(wait))

    def _benefit(self, wait: Wait) -> bool | None:
        since = [since for since in self._seen(wait, "contents") if since > self._told(wait)]
        if not since:
            return None  # it was not conveyed since, so nobody can tell
        after = wait["days"] - min(since)
        if wait["outcome"] == REACHED:
            return bool(after <= DUE)
        return False if after > DUE else None

    def _timing(self, wait: Wait) -> bool | None:
        after = wait["days"] - self._told(wait)
        if wait["outcome"] == REACHED:
            # with help it came, so nobody knows whether it would have come by itself
            helped = any(since > self._told(wait) for since in self._seen(wait))
            return None if helped or not self._all_known(wait) else bool(after <= LATER)
        return False if after > LATER else None

    def _bias(self, wait: Wait) -> bool | None:
        if wait["outcome"] == REACHED:  # if nobody confronted it, it was none
            silent = not any(
                since > self._told(wait) for since in self._seen(wait, "touch", "contents", "tools")
            )
            known = self._touches and wait["held_on"] >= wait["uses_known_from"] and self._all_known(wait)
            return False if silent and known else None
        if wait["outcome"] != CENSORED or not self._log:
            return None
        return wait["account_id"] in self._active

    def _all_known(self, wait: Wait) -> bool:
        """Whether uses are known up to the end of a wait."""
        return bool(wait["began"] + pd.Timedelta(days=wait["days"]) <= wait["uses_known_until"])

    def _told(self, wait: Wait) -> float:
        """The day of the wait on which the reason was told."""
        return float((wait["held_on"] - wait["began"]) / pd.Timedelta(days=1))

    def _seen(self, wait: Wait, *kinds: str) -> list[float]:
        """The days of the wait from which something counts as used; without kinds what is planned for the step."""
        return [since for kind, since in wait["uses"] if kind in (kinds or ("contents", "tools"))]


def counted(found: pd.DataFrame, heard: pd.DataFrame, sizes: Sequence[str] = DEFAULT_ORDER) -> pd.DataFrame:
    """Companies of each segment by reason and status.

    found: see `hypotheses`; heard: the companies heard, with size and quadrant. Columns: dimension (`all`, size or
    quadrant), segment, reason, given (not refuted), of these supported and open, refuted (companies; one that
    gave a reason at several steps counts once, by what is best known), of.
    """
    rows = []
    rank = {"refuted": 0, "open": 1, "supported": 2}
    best = found.assign(rank=found["status"].map(rank), all="all").sort_values("rank", kind="stable")
    best = best.drop_duplicates(["account_id", "reason"], keep="last")
    companies = heard.drop_duplicates("account_id").assign(all="all")
    all_of = {"size": sizes, "quadrant": QUADRANT_ORDER}
    for dimension in ("all", "size", "quadrant"):
        there = segments_present(companies[dimension], sizes)
        order = sort_segments({*all_of.get(dimension, ()), *there}, sizes) if there else []
        of = companies[dimension].value_counts()
        counts = best.groupby([dimension, "reason", "status"]).size()
        for segment, reason in product(order, REASONS):
            said = {s: int(counts.get((segment, reason, s), 0)) for s in ("supported", "open", "refuted")}
            given = said["supported"] + said["open"]
            rows.append(
                {
                    "dimension": dimension, "segment": segment, "reason": reason, "given": given, **said,
                    "of": int(of.get(segment, 0)),
                }
            )  # fmt: skip
    columns = ["dimension", "segment", "reason", "given", "supported", "open", "refuted", "of"]
    return pd.DataFrame(rows, columns=columns)
