"""The results of checking the tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Policy = Literal["reject", "warn", "stop"]


@dataclass(frozen=True)
class Finding:
    """A rule that is broken by `count` rows.

    examples: the first of these rows: source row (counted from 1), key and value as text. detail: further
    information, for instance what is allowed. write: the line to add to the sources file to resolve it, followed by
    the alternative where there are two.
    """

    table: str
    column: str
    rule: str
    policy: Policy
    count: int
    examples: tuple[tuple[int, str, str], ...] = ()
    detail: str = ""
    write: str = ""


@dataclass(frozen=True)
class Stop:
    """A reason why no snapshot can be taken: a sentence, and a finding where no row rule reports it."""

    sentence: str
    finding: Finding | None
