"""What checking the tables found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Policy = Literal["reject", "warn", "stop"]


@dataclass(frozen=True)
class Finding:
    """A rule that rows break.

    `examples` are the first of them: source row (counted from 1), key and value as text.
    `detail` says more where the rule needs it, for instance what is allowed. `write` is the line of the
    sources file that settles it, and below it the other way to settle it where there are two.
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
    """Why no snapshot can be taken: a sentence, and a finding where no rule of a row says it."""

    sentence: str
    finding: Finding | None
