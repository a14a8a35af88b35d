"""The register of pseudonyms: a permanent number for each customer and person.

A reader of two quarters must not mistake one customer for another, so numbers never change: new entries get
the next free numbers, and numbers of former customers are never reused.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import filelock

from cs_helpers import durable, paths
from cs_helpers.errors import SettingError

#: explanation at the top of the file
_ABOUT = (
    "Which number stands for which customer and person in what leadership reads. Keep this file with the snapshots,"
    " and do not pass it on: without it everybody gets another number, with it anybody can undo them."
)


@dataclass(frozen=True)
class Pseudonyms:
    """Numbers of companies, staff and persons.

    key: a secret that shuffles entries which are new at the same time, so that their numbers reveal no order.
    companies: account_id -> number. staff: name -> number. persons: product -> person named in its notes -> number;
    a person is `account_id`, a line feed and the name as written, and several spellings may share a number.
    """

    key: str = ""
    companies: Mapping[str, int] = field(default_factory=dict)
    staff: Mapping[str, int] = field(default_factory=dict)
    persons: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def with_accounts(self, account_ids: Iterable[str]) -> Pseudonyms:
        """A copy with a number for each account."""
        return replace(self, companies=self._with_new(self.companies, account_ids))

    def with_staff(self, names: Iterable[str]) -> Pseudonyms:
        """A copy with a number for each member of staff."""
        return replace(self, staff=self._with_new(self.staff, names))

    def with_persons(self, product: str, spellings_of: Mapping[str, tuple[str, ...]]) -> Pseudonyms:
        """A copy with a number for each person in a product's notes.

        spellings_of: key -> the keys of all spellings of that person, of which one may already have a number.
        """
        numbers = dict(self.persons.get(product, {}))
        new = []
        for spellings in dict.fromkeys(spellings_of.values()):
            existing = [numbers[s] for s in spellings if s in numbers]
            if existing:
                numbers |= {s: numbers.get(s, min(existing)) for s in spellings}
            else:
                new.append(spellings)
        last = max(numbers.values(), default=0)
        for number, spellings in enumerate(sorted(new, key=lambda each: self._order_key(each[0])), last + 1):
            numbers |= dict.fromkeys(spellings, number)
        return replace(self, persons={**self.persons, product: numbers})

    def for_product(self, product: str) -> Pseudonyms:
        """A copy for a run of one product: with the persons of that product only."""
        return replace(self, persons={product: self.persons.get(product, {})})

    def text(self) -> str:
        """The register as JSON, with a line for each number."""
        content = {
            "about": _ABOUT, "key": self.key, "companies": self.companies, "staff": self.staff,
            "persons": self.persons,
        }  # fmt: skip
        return json.dumps(content, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def parse(cls, text: str) -> Pseudonyms:
        """Parse the output of `text`. Raises `ValueError` where it is not valid."""
        content = json.loads(text)
        if not isinstance(content, dict) or not isinstance(content.get("key"), str):
            raise ValueError("it is not the file that the workbook writes")
        parts = [content.get(name, {}) for name in ("companies", "staff")]
        persons = content.get("persons", {})
        for numbers in (*parts, *persons.values()):
            if not all(type(n) is int and n > 0 for n in numbers.values()):
                raise ValueError("one of its numbers is not a positive whole number")
        for numbers in parts:
            if len(set(numbers.values())) < len(numbers):
                raise ValueError("two entries have the same number")
        return cls(content["key"], parts[0], parts[1], persons)

    def _with_new(self, numbers: Mapping[str, int], names: Iterable[str]) -> Mapping[str, int]:
        new = sorted(set(names) - set(numbers), key=self._order_key)
        last = max(numbers.values(), default=0)
        return {**numbers, **{name: number for number, name in enumerate(new, last + 1)}} if new else numbers

    def _order_key(self, name: str) -> bytes:
        return hashlib.sha256(f"{self.key}\n{name}".encode()).digest()


def read_pseudonyms() -> Pseudonyms:
    """Read the register; an empty one with a new key where there is no file yet.

    Raises `SettingError` where the file is damaged, since a new register would assign numbers twice.
    """
    file = paths.names() / "pseudonyms.json"
    try:
        return Pseudonyms.parse(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Pseudonyms(secrets.token_hex(16))
    except (ValueError, AttributeError, TypeError) as error:
        raise SettingError(
            file,
            f"this cannot be read ({error}); put a copy of it back, or delete it, then everybody gets another number",
        ) from None


def assign_pseudonyms(account_ids: Iterable[str], staff: Iterable[str]) -> Pseudonyms:
    """Assign numbers to accounts and staff without one, store them, and return the whole register."""
    with _lock():
        stored = read_pseudonyms()
        extended = stored.with_accounts(account_ids).with_staff(staff)
        _store(extended, stored)
        return extended


def store_persons(product: str, numbers: Mapping[str, int]) -> bool:
    """Store the numbers of persons that a run used.

    Returns False, and stores nothing, if they contradict numbers that were stored in the meantime.
    """
    with _lock():
        stored = read_pseudonyms()
        stored_numbers = stored.persons.get(product, {})
        if any(numbers.get(person) != number for person, number in stored_numbers.items()):
            return False
        _store(replace(stored, persons={**stored.persons, product: dict(numbers)}), stored)
        return True


def _lock() -> filelock.BaseFileLock:
    folder = paths.names()
    folder.mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(folder / ".lock", timeout=60)


def _store(pseudonyms: Pseudonyms, stored: Pseudonyms) -> None:
    file = paths.names() / "pseudonyms.json"
    if pseudonyms != stored or not file.exists():
        durable.write(file, pseudonyms.text().encode())
