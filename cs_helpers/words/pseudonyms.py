"""Which number stands for whom: given once, kept beside the snapshots, never given again.

A reader of two quarters must not take one customer for another, so a number depends on nothing that
changes: who is new gets the next free ones, who has gone keeps the old one for good.
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

#: what each kind of number stands for, as the file says it too
_ABOUT = (
    "Which number stands for which customer and person in what leadership reads. Keep this file with the snapshots,"
    " and do not pass it on: without it everybody gets another number, with it anybody can undo them."
)


@dataclass(frozen=True)
class Pseudonyms:
    """Numbers by whom they stand for.

    key: a secret, by which those that are new at the same time are put in an order that tells nothing.
    companies: account_id -> number. staff: name -> number. persons: of each product, those that its notes
    name: `account_id`, a line feed, and the name as it was written -> number; several spellings may share one.
    """

    key: str = ""
    companies: Mapping[str, int] = field(default_factory=dict)
    staff: Mapping[str, int] = field(default_factory=dict)
    persons: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def with_accounts(self, account_ids: Iterable[str]) -> Pseudonyms:
        """The same, and a number for each account that has none."""
        return replace(self, companies=self._more(self.companies, account_ids))

    def with_staff(self, names: Iterable[str]) -> Pseudonyms:
        """The same, and a number for each of our people that has none."""
        return replace(self, staff=self._more(self.staff, names))

    def with_persons(self, product: str, found: Mapping[str, tuple[str, ...]]) -> Pseudonyms:
        """The same, and a number for each person of a product's notes that has none.

        found: key -> the keys of all spellings of that person, among them perhaps one that has its number.
        """
        known = dict(self.persons.get(product, {}))
        new = []
        for spellings in dict.fromkeys(found.values()):
            given = [known[s] for s in spellings if s in known]
            if given:
                known |= {s: known.get(s, min(given)) for s in spellings}
            else:
                new.append(spellings)
        last = max(known.values(), default=0)
        for number, spellings in enumerate(sorted(new, key=lambda each: self._mixed(each[0])), last + 1):
            known |= dict.fromkeys(spellings, number)
        return replace(self, persons={**self.persons, product: known})

    def of(self, product: str) -> Pseudonyms:
        """What a run of one product needs of them: its own persons, and everybody else's numbers."""
        return replace(self, persons={product: self.persons.get(product, {})})

    def text(self) -> str:
        """As JSON, one line a number."""
        content = {
            "about": _ABOUT, "key": self.key, "companies": self.companies, "staff": self.staff,
            "persons": self.persons,
        }  # fmt: skip
        return json.dumps(content, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def parse(cls, text: str) -> Pseudonyms:
        """What `text` wrote; raises `ValueError` where it is anything else."""
        said = json.loads(text)
        if not isinstance(said, dict) or not isinstance(said.get("key"), str):
            raise ValueError("it is not the file that the workbook writes")
        parts = [said.get(name, {}) for name in ("companies", "staff")]
        persons = said.get("persons", {})
        for numbers in (*parts, *persons.values()):
            if not all(type(n) is int and n > 0 for n in numbers.values()):
                raise ValueError("a number in it is none")
        for numbers in parts:
            if len(set(numbers.values())) < len(numbers):
                raise ValueError("two have the same number")
        return cls(said["key"], parts[0], parts[1], persons)

    def _more(self, known: Mapping[str, int], wanted: Iterable[str]) -> Mapping[str, int]:
        new = sorted(set(wanted) - set(known), key=self._mixed)
        last = max(known.values(), default=0)
        return {**known, **{who: number for number, who in enumerate(new, last + 1)}} if new else known

    def _mixed(self, who: str) -> bytes:
        return hashlib.sha256(f"{self.key}\n{who}".encode()).digest()


def read_pseudonyms() -> Pseudonyms:
    """Those that were given; none (and a new key) where nobody has one yet.

    Raises `SettingError` where the file is damaged: a number must not be given twice.
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


def give(account_ids: Iterable[str], staff: Iterable[str]) -> Pseudonyms:
    """All pseudonyms, after whoever has none among these was given one, and the file says so."""
    with _alone():
        known = read_pseudonyms()
        found = known.with_accounts(account_ids).with_staff(staff)
        _keep(found, known)
        return found


def give_persons(product: str, found: Mapping[str, int]) -> bool:
    """Keeps the numbers of persons that a run used; False, and nothing is kept, where it did not know all given by now."""
    with _alone():
        known = read_pseudonyms()
        now = known.persons.get(product, {})
        if any(found.get(who) != number for who, number in now.items()):
            return False
        _keep(replace(known, persons={**known.persons, product: dict(found)}), known)
        return True


def _alone() -> filelock.BaseFileLock:
    folder = paths.names()
    folder.mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(folder / ".lock", timeout=60)


def _keep(found: Pseudonyms, known: Pseudonyms) -> None:
    file = paths.names() / "pseudonyms.json"
    if found != known or not file.exists():
        durable.write(file, found.text().encode())
