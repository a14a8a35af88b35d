"""Reasons for not taking a step, treated as hypotheses whose predictions are tested on the records.

Each of the four reasons (benefit, timing, guidance, bias) predicts something about the records between the interview
and the end of the quarter:

- guidance is lacking: no content or tool that the product file plans for the step was used before the interview;
- the benefit was not conveyed: once a content is used, the step follows within `BENEFIT_DAYS`;
- the timing is wrong: the step follows without help within `TIMING_DAYS`;
- the bias of no need was not confronted: the customer keeps using the product and keeps waiting.

The records are evidence only; the status of a reason is what people decided in the latest note.
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
from cs_helpers.customer_journey.history import waits_and_uses
from cs_helpers.customers.segments import QUADRANT_ORDER, segments_present, sort_segments
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.survival import CENSORED, REACHED

#: days within which a step follows its contents if the benefit was not conveyed before
BENEFIT_DAYS = 90
#: days after which a step not taken speaks against a matter of timing
TIMING_DAYS = 180
#: a customer with usage in this many days before the end keeps using the product
ACTIVE_DAYS = 28

COLUMNS = (
    "account_id", "name", "size", "quadrant", "step", "days", "state", "reason", "first_given_on", "notes_for", "notes_against",
    "records", "status",
)  # fmt: skip


def hypotheses(data: ProductData, readings: pd.DataFrame, quarter: Quarter) -> pd.DataFrame:
    """The reasons that companies gave, by the step they waited for, with the evidence for and against each.

    readings: account_id, name, size, quadrant, held_on, note_id, evidence, reason, reason_status. Columns: account_id,
    name, size, quadrant, step (waited for at the interview; '' if not known), days (of that wait so far), state
    (`stalled`: waiting longer than usual; `waiting`; `moved`: took the step since; `left`; '' without a step), reason,
    first_given_on (day of the first note), notes_for and notes_against (tuples of note_ids; against: those that refute
    it), records (`for`, `against` or `unknown`: whether the prediction of the reason holds), status (`supported` or
    `refuted` by the latest note that decides, else `open`). Sorted by state, stalled first.
    """
    given = readings.dropna(subset=["reason"]).sort_values(["held_on", "note_id"], kind="stable")
    if given.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    end = pd.Timestamp(quarter.end) + pd.Timedelta(days=1)
    waits = _waits_at_interviews(data, given, end)
    given = given.merge(waits, on=["account_id", "held_on"], how="left").astype({"step": "object"})
    given["step"] = given["step"].where(given["step"].notna(), "")
    record_tests = _RecordTests(data, end)
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for note in given.drop_duplicates(["note_id", "reason", "reason_status"]).to_dict("records"):
        groups.setdefault((note["account_id"], note["step"], note["reason"]), []).append(note)
    rows = []
    for (_, step, reason), notes in groups.items():
        first = notes[0]
        decisions = [n["reason_status"] for n in notes if n["reason_status"] in ("supported", "refuted")]
        refutes = [n["reason_status"] == "refuted" for n in notes]
        rows.append(
            {
                **{column: first[column] for column in ("account_id", "name", "size", "quadrant", "step", "days")},
                "state": first["state"] if step else "", "reason": reason, "first_given_on": first["held_on"],
                "notes_for": tuple(n["note_id"] for n, refuting in zip(notes, refutes, strict=True) if not refuting),
                "notes_against": tuple(n["note_id"] for n, refuting in zip(notes, refutes, strict=True) if refuting),
                "records": record_tests.evidence(first, reason) if step else "unknown",
                "status": decisions[-1] if decisions else "open",
            }
        )  # fmt: skip
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    order = table["state"].map({"stalled": 0, "waiting": 1, "moved": 2, "left": 3}).fillna(4)
    step_order = {step.step: n for n, step in enumerate(data.product.journey.steps)}
    return (
        table.assign(order=order, step_order=table["step"].map(step_order))
        .sort_values(["order", "step_order", "reason", "name"], ignore_index=True)
        .drop(columns=["order", "step_order"])
    )


def _waits_at_interviews(data: ProductData, given: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """The wait of each company on the day of each interview, and its state at `end`.

    Columns: account_id, held_on, state, and those of `customer_journey.history.waits_and_uses`. No row where no wait is known.
    """
    interviews = given[["account_id", "held_on"]].drop_duplicates()
    waits = waits_and_uses(data, end, pd.Index(interviews["account_id"]))
    if waits.empty:
        return pd.DataFrame(columns=["held_on", *waits, "state"])
    interview_waits = interviews.merge(waits, on="account_id")
    until = interview_waits["began"] + pd.to_timedelta(interview_waits["days"], unit="D")
    # a step taken on the day of the interview was not taken before it
    interview_waits = interview_waits[
        (interview_waits["began"].dt.normalize() <= interview_waits["held_on"])
        & (until >= interview_waits["held_on"])
    ]
    interview_waits = interview_waits.drop_duplicates(["account_id", "held_on"], keep="last")
    is_late = interview_waits["days"].to_numpy(float) > interview_waits["usual_days"].to_numpy(float)
    state = np.select(
        [interview_waits["outcome"] == REACHED, interview_waits["outcome"] != CENSORED, is_late],
        ["moved", "left", "stalled"],
        "waiting",
    )
    return interview_waits.assign(state=state)


#: a reason of a company with the wait that it belongs to, by column
ReasonedWait = Mapping[str, Any]


class _RecordTests:
    """Tests the predictions of reasons on usage, touches and steps."""

    def __init__(self, data: ProductData, end: pd.Timestamp) -> None:
        days = data["active_daily"]
        recent = days[(days["day"] < end) & (days["day"] >= end - pd.Timedelta(days=ACTIVE_DAYS))]
        self._active_accounts = frozenset(recent["account_id"])
        period = data.coverage.tables.get("usage")
        last = (end - pd.Timedelta(days=1)).date()
        since = (end - pd.Timedelta(days=ACTIVE_DAYS)).date()
        self._usage_known = period is not None and period.covers(since, last)
        self._touches_given = not data.missing("touches")

    def evidence(self, wait: ReasonedWait, reason: str) -> str:
        """The evidence of the records on a reason of a wait: `for`, `against` or `unknown`."""
        holds = {
            "guidance": self._guidance, "benefit": self._benefit, "timing": self._timing, "bias": self._bias,
        }[reason](wait)  # fmt: skip
        return "unknown" if holds is None else "for" if holds else "against"

    def _guidance(self, wait: ReasonedWait) -> bool | None:
        is_known = wait["uses_known_from"] <= wait["held_on"] <= wait["uses_known_until"]
        if not wait["planned"] or not is_known:
            return None
        return not any(since <= self._interview_day(wait) for since in self._use_days(wait))

    def _benefit(self, wait: ReasonedWait) -> bool | None:
        first_uses = [day for day in self._use_days(wait, "contents") if day > self._interview_day(wait)]
        if not first_uses:
            return None  # no content was used since, so the prediction cannot be tested
        days_after = wait["days"] - min(first_uses)
        if wait["outcome"] == REACHED:
            return bool(days_after <= BENEFIT_DAYS)
        return False if days_after > BENEFIT_DAYS else None

    def _timing(self, wait: ReasonedWait) -> bool | None:
        days_after = wait["days"] - self._interview_day(wait)
        if wait["outcome"] == REACHED:
            # with help, nobody knows whether the step would have followed without
            was_helped = any(since > self._interview_day(wait) for since in self._use_days(wait))
            return None if was_helped or not self._uses_known(wait) else bool(days_after <= TIMING_DAYS)
        return False if days_after > TIMING_DAYS else None

    def _bias(self, wait: ReasonedWait) -> bool | None:
        if wait["outcome"] == REACHED:  # the step followed without confrontation, so there was no bias
            not_confronted = not any(
                since > self._interview_day(wait)
                for since in self._use_days(wait, "touch", "contents", "tools")
            )
            is_known = (
                self._touches_given and wait["held_on"] >= wait["uses_known_from"] and self._uses_known(wait)
            )
            return False if not_confronted and is_known else None
        if wait["outcome"] != CENSORED or not self._usage_known:
            return None
        return wait["account_id"] in self._active_accounts

    def _uses_known(self, wait: ReasonedWait) -> bool:
        """Whether uses are known until the end of a wait."""
        return bool(wait["began"] + pd.Timedelta(days=wait["days"]) <= wait["uses_known_until"])

    def _interview_day(self, wait: ReasonedWait) -> float:
        """The day of the wait on which the interview was held."""
        return float((wait["held_on"] - wait["began"]) / pd.Timedelta(days=1))

    def _use_days(self, wait: ReasonedWait, *kinds: str) -> list[float]:
        """The days of the wait from which uses of some kinds count; by default planned contents and tools."""
        return [since for kind, since in wait["uses"] if kind in (kinds or ("contents", "tools"))]


def count_reasons(
    given_reasons: pd.DataFrame, interviewed: pd.DataFrame, sizes: Sequence[str] = DEFAULT_ORDER
) -> pd.DataFrame:
    """The number of companies by segment, reason and status.

    given_reasons: see `hypotheses`; interviewed: the interviewed companies, with size and quadrant. Columns: dimension
    (`all`, size or quadrant), segment, reason, given (not refuted), of these supported and open, refuted (a company
    that gave a reason at several steps counts once, with the strongest status), of (interviewed companies).
    """
    rows = []
    rank = {"refuted": 0, "open": 1, "supported": 2}
    strongest = given_reasons.assign(rank=given_reasons["status"].map(rank), all="all").sort_values(
        "rank", kind="stable"
    )
    strongest = strongest.drop_duplicates(["account_id", "reason"], keep="last")
    companies = interviewed.drop_duplicates("account_id").assign(all="all")
    all_segments = {"size": sizes, "quadrant": QUADRANT_ORDER}
    for dimension in ("all", "size", "quadrant"):
        present = segments_present(companies[dimension], sizes)
        order = sort_segments({*all_segments.get(dimension, ()), *present}, sizes) if present else []
        totals = companies[dimension].value_counts()
        counts = strongest.groupby([dimension, "reason", "status"]).size()
        for segment, reason in product(order, REASONS):
            by_status = {
                s: int(counts.get((segment, reason, s), 0)) for s in ("supported", "open", "refuted")
            }
            given = by_status["supported"] + by_status["open"]
            rows.append(
                {
                    "dimension": dimension, "segment": segment, "reason": reason, "given": given, **by_status,
                    "of": int(totals.get(segment, 0)),
                }
            )  # fmt: skip
    columns = ["dimension", "segment", "reason", "given", "supported", "open", "refuted", "of"]
    return pd.DataFrame(rows, columns=columns)
