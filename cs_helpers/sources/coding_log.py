"""What analysts decided on notes of interviews: for each analyst a file of lines of JSON that is only ever appended to.

Two analysts write two files, so that a share may lie below them; two notebooks of one analyst wait for each other.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from heapq import merge
from itertools import accumulate
from pathlib import Path
from typing import Any

import filelock
import pandas as pd

from cs_helpers import durable, hashes
from cs_helpers.contract.tables import TABLES
from cs_helpers.contract.vocabulary import (
    DTYPES,
    EVIDENCE,
    POLARITIES,
    REASON_STATUSES,
    REASONS,
    VIEWPOINTS,
    WHY_LEVELS,
)

#: the files of the logs in their folder
PATTERN = "*.jsonl"
#: how long a notebook waits for another one of the same analyst
_WAIT_SECONDS = 5
#: names that Windows keeps for devices
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)")
_ALLOWED: Mapping[str, tuple[str, ...]] = {
    "viewpoint": VIEWPOINTS, "evidence": EVIDENCE, "polarity": POLARITIES, "why_level": WHY_LEVELS,
    "reason": REASONS, "reason_status": REASON_STATUSES,
}  # fmt: skip


@dataclass(frozen=True)
class Decision:
    """What an analyst decided on a note: a reading of it, or that it is skipped (`viewpoint` is empty).

    at: when, as ISO 8601 with the offset. who: as `person` writes a name. role: of the analyst. text_hash: of the note as it
    was read (`text_hash`). The rest is as in the table codings; "" where nothing was chosen. codes: none where no theme applies.
    """

    at: str
    who: str
    role: str
    product: str
    interview_id: str
    note_id: str
    text_hash: str
    viewpoint: str = ""
    evidence: str = ""
    polarity: str = ""
    codes: tuple[str, ...] = ()
    why_level: str = ""
    reason: str = ""
    reason_status: str = ""

    @property
    def skipped(self) -> bool:
        """Whether the note was left without a reading."""
        return not self.viewpoint


@dataclass(frozen=True)
class CodingLogs:
    """The decisions of all files, earliest first, and the lines that cannot be read: file and number."""

    decisions: tuple[Decision, ...] = ()
    broken: tuple[tuple[Path, int], ...] = ()

    def current(self) -> dict[tuple[str, str], Decision]:
        """(who, note_id) -> the last decision of this analyst on this note."""
        return {(decision.who, decision.note_id): decision for decision in self.decisions}


def person(name: str) -> str:
    """A name in the one form in which it is recorded: without doubled blanks, full-width letters as usual ones."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def text_hash(text: str) -> str:
    """A short hash of the text of a note, by which a later change of it is noticed."""
    return hashes.of(text)[:16]


def file_of(folder: Path, who: str) -> Path:
    """The file of an analyst: the name itself where every file system takes it apart from others, else a part and a hash."""
    name = person(who)
    plain = re.sub(r"[^\w-]+", "_", name.casefold())[:40]
    if plain != name or _RESERVED.fullmatch(plain):
        plain = f"{plain}-{hashes.of(name)[:8]}"
    return folder / f"{plain}.jsonl"


def record(folder: Path, decision: Decision) -> None:
    """Append a decision to the analyst's file; it is on the disk when this returns.

    Raises `OSError` where it cannot be written, after which the file is as before, and `TimeoutError` where another
    notebook of the analyst holds the file.
    """
    file = file_of(folder, decision.who)
    line = json.dumps(asdict(decision), ensure_ascii=False, allow_nan=False).encode()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(folder / f".{file.name}.lock", timeout=_WAIT_SECONDS):
            size = file.stat().st_size if file.exists() else None
            try:
                durable.append_line(file, line)
            except OSError:
                with contextlib.suppress(OSError):  # half a line on a full disk, which is not to count
                    if size is not None:
                        os.truncate(file, size)
                    else:
                        file.unlink(missing_ok=True)
                raise
    except filelock.Timeout:
        raise TimeoutError(str(file)) from None


def read(folder: Path) -> CodingLogs:
    """The decisions of all analysts; none where there is no folder.

    Of one file their order is that of its lines, whatever the clock did meanwhile.
    """
    timelines: list[list[tuple[datetime, Decision]]] = []
    broken: list[tuple[Path, int]] = []
    for file in sorted(folder.glob(PATTERN)):
        decisions = []
        for number, line in enumerate(file.read_bytes().split(b"\n"), start=1):
            if not line.strip():
                continue
            try:
                decisions.append(_decision(json.loads(line)))
            except (ValueError, TypeError):
                broken.append((file, number))
        times = accumulate((datetime.fromisoformat(d.at) for d in decisions), max)
        timelines.append(list(zip(times, decisions, strict=True)))
    merged = merge(*timelines, key=lambda each: each[0])
    return CodingLogs(tuple(decision for _, decision in merged), tuple(broken))


def readings(decisions: Iterable[Decision]) -> pd.DataFrame:
    """Decisions as rows of the table codings: one for each code, one without where no theme applies, none where skipped."""
    columns = TABLES["codings"].columns
    rows = [
        {
            "note_id": decision.note_id, "coder": decision.who, "coder_role": decision.role, "code": code,
            **{column: getattr(decision, column) for column in _ALLOWED},
        }
        for decision in decisions if not decision.skipped
        for code in decision.codes or ("",)
    ]  # fmt: skip
    table = pd.DataFrame([{c: row.get(c) or None for c in columns} for row in rows], columns=list(columns))
    return table.astype({c: DTYPES[TABLES["codings"].kind(c)] for c in columns})


def with_decisions(codings: pd.DataFrame, logs: CodingLogs) -> pd.DataFrame:
    """The table codings, with the decisions in place of what the same coder said of the same note before."""
    current = logs.current()
    decided = [key in current for key in zip(codings["coder"], codings["note_id"], strict=True)]
    kept = codings[[not each for each in decided]]
    return pd.concat([kept, readings(current.values())], ignore_index=True) if current else codings


def _decision(content: Any) -> Decision:
    """The decision of a line; raises `TypeError` or `ValueError` where it is none."""
    if not isinstance(content, dict):
        raise TypeError("a line")
    codes = content.get("codes", [])
    if not isinstance(codes, list) or not all(isinstance(code, str) and code.strip() for code in codes):
        raise TypeError("codes")
    decision = Decision(**{**content, "codes": tuple(dict.fromkeys(codes))})
    for field in fields(Decision):
        if field.name != "codes" and not isinstance(getattr(decision, field.name), str):
            raise TypeError(field.name)
    if not decision.who or not decision.note_id or datetime.fromisoformat(decision.at).tzinfo is None:
        raise ValueError
    for column, allowed in _ALLOWED.items():
        if (value := getattr(decision, column)) and value not in allowed:
            raise ValueError(column)
    return decision
