"""What an analyst has to code: which notes, in which order, how far it is, how fast it goes, and what two have coded."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

import pandas as pd

from cs_helpers.snapshot import ProductData
from cs_helpers.sources.coding_log import CodingLogs, Decision, with_decisions

#: a longer time between two decisions is a break
_BREAK = timedelta(minutes=10)
#: the pace is that of the latest times between two decisions, of which there must be some
_LATEST, _FEWEST = 30, 5
#: agreement is worked out of so many notes, or twice, three times as many: the difference that a single note makes to it would
#: tell how the other one has read this note
AGREEMENT_STEP = 10


@dataclass(frozen=True)
class CodingWork:
    """The notes that an analyst is to read, in this analyst's order.

    notes: note_id, interview_id, position, speaker, evidence, text, account_id, name, held_on, interviewer_role, number (of the
    note in its interview), of (notes of the interview). decided: the notes read or skipped by the analyst. skipped: those of
    them without a reading. twice: those that another one has read.
    """

    notes: pd.DataFrame
    decided: frozenset[str]
    skipped: frozenset[str]
    twice: frozenset[str]

    @property
    def open(self) -> tuple[str, ...]:
        """The notes that are still to be read."""
        return tuple(note for note in self.notes["note_id"] if note not in self.decided)


def coding_work(data: ProductData, who: str, logs: CodingLogs, share: float) -> CodingWork:
    """The notes of a product for an analyst: those that nobody has read, a share of those that another one has, and the own.

    share: of the notes of others, 0 to 1, to be read a second time without seeing their reading; chance picks them, always
    alike for an analyst. Interviews come in an order by chance of the analyst's own, so that two who work at the same time
    rarely meet on a note; the notes of an interview come in their order.
    """
    codings = with_decisions(data["codings"], logs)
    own, of_others = codings["coder"] == who, codings["coder"] != who
    mine = {note: decision for (name, note), decision in logs.current().items() if name == who}
    decided = {*codings.loc[own, "note_id"], *mine}
    others = set(codings.loc[of_others, "note_id"])
    notes = _notes(data)
    picked = [
        note in decided or note not in others or _chance(who, note) < share for note in notes["note_id"]
    ]
    notes = notes[picked]
    order = notes["interview_id"].map({i: _chance(who, i) for i in notes["interview_id"].unique()})
    notes = notes.assign(order=order).sort_values(["order", "interview_id", "number"], ignore_index=True)
    all_notes = set(notes["note_id"])
    return CodingWork(
        notes.drop(columns="order"),
        frozenset(decided & all_notes),
        frozenset(note for note, decision in mine.items() if decision.skipped and note in all_notes),
        frozenset(others & all_notes),
    )


def _notes(data: ProductData) -> pd.DataFrame:
    interviews = data["interviews"][["interview_id", "account_id", "held_on", "interviewer_role"]]
    accounts = data["accounts"][["account_id", "name"]]
    notes = data["notes"].merge(interviews, on="interview_id").merge(accounts, on="account_id")
    notes = notes.sort_values(["interview_id", "position", "note_id"], ignore_index=True)
    within = notes.groupby("interview_id")["note_id"]
    return notes.assign(number=within.cumcount() + 1, of=within.transform("size"))


def _chance(who: str, what: str) -> float:
    """A number from 0 to 1 that depends on an analyst and a note or interview alone."""
    digest = hashlib.sha256(f"{who}\0{what}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def seconds_per_note(decisions: Sequence[Decision]) -> float | None:
    """The median time between two decisions of an analyst without breaks, of the latest ones; None where there are few."""
    times = sorted(datetime.fromisoformat(decision.at) for decision in decisions)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    working = [gap.total_seconds() for gap in gaps if gap <= _BREAK][-_LATEST:]
    return median(working) if len(working) >= _FEWEST else None


def read_twice(data: ProductData, who: str, logs: CodingLogs) -> tuple[pd.DataFrame, int]:
    """The readings of the notes that an analyst and another one have read, and the number of all such notes.

    The readings are those of a multiple of `AGREEMENT_STEP` notes, the first ones that the analyst has read. Columns as in
    codings.
    """
    codings = with_decisions(data["codings"], logs)
    codings = codings[codings["note_id"].isin(set(data["notes"]["note_id"]))]
    mine = set(codings.loc[codings["coder"] == who, "note_id"])
    both = mine & set(codings.loc[codings["coder"] != who, "note_id"])
    first_at = {
        decision.note_id: n
        for n, decision in reversed(list(enumerate(logs.decisions)))
        if decision.who == who
    }
    ordered = sorted(both, key=lambda note: (first_at.get(note, -1), note))
    counted = ordered[: len(ordered) // AGREEMENT_STEP * AGREEMENT_STEP]
    return codings[codings["note_id"].isin(counted)], len(both)
