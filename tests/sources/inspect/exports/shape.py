"""What an export is, and what a person counts in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Export:
    """The files of an export as the tool writes them, what is answered, and what a person counts in them.

    files: name -> text, bytes, or what writes it to a path. answers: key of a marked line of the draft -> what is
    written there. product: the section `customers` of the product file. as_of: the last day of the data.
    kept: table -> rows that are kept. customers, mrr: at the end of the third quarter of 2026. closed: table -> rows
    with an end. answered: table -> rows with a first answer. first: column -> its earliest day. columns: column of accounts -> key of the account -> value.
    """

    name: str
    files: dict[str, str | bytes | Callable[[Path], None]]
    answers: dict[str, str] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    customers: int | None = None
    mrr: float | None = None
    product: dict[str, Any] = field(default_factory=dict)
    closed: dict[str, int] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)


def yen(amount: str) -> str:
    """An amount as Japanese tools write it in CSV."""
    return f'"¥{amount}"'


def euro(amount: str) -> str:
    """An amount as German spreadsheets write it."""
    return f"{amount} €"
