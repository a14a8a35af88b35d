"""What leaves the team: names under cover, and no number small enough to point at a company."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from cs_helpers.contract.disclosure import STAFF
from cs_helpers.contract.vocabulary import ROLES
from cs_helpers.snapshot import ProductData
from cs_helpers.words.doubts import Confirmed
from cs_helpers.words.masking import Masker, Pseudonym
from cs_helpers.words.pseudonyms import Pseudonyms

#: a number of fewer companies is not shown to leadership
LEAST = 3


#: the columns with keys that people may write into notes; those of accounts are known by their names
KEYS = (
    ("contracts", "contract_id"),
    ("tickets", "ticket_id"),
    ("interviews", "interview_id"),
    ("notes", "note_id"),
)


@dataclass(frozen=True)
class Cover:
    """What names are covered with: a text for each kind and number, the numbers, and what was confirmed.

    complete: the numbers are those of a batch, which gave one to all of our own people; no table need be read
    to find them.
    """

    pseudonym: Pseudonym
    numbers: Pseudonyms = field(default_factory=Pseudonyms)
    confirmed: Confirmed = field(default_factory=Confirmed)
    complete: bool = False

    def staff(self, data: ProductData) -> Pseudonyms:
        """The numbers, with one for each of our own people in a product's tables."""
        return self.numbers if self.complete else self.numbers.with_staff(staff_of(data))


def staff_of(data: ProductData) -> list[str]:
    """The names of our own people in a product's tables: CSMs, interviewers, coders."""
    tables = [name for name, columns in STAFF.items() if columns and name in data.tables]
    return sorted(
        {str(who) for name in tables for c in STAFF[name] for who in data[name][c].dropna().unique()}
    )


def with_staff_covered(data: ProductData, cover: Cover) -> ProductData:
    """The same tables, and a pseudonym for each of our own people; a table is read when it is asked for, as before."""
    numbers: list[Mapping[str, int]] = []

    def covered(name: str, table: pd.DataFrame) -> pd.DataFrame:
        if not STAFF.get(name):
            return table
        if not numbers:
            numbers.append(cover.staff(data).staff)
        return table.assign(
            **{
                column: table[column]
                .map(
                    {
                        who: cover.pseudonym("staff", numbers[0][who])
                        for who in table[column].dropna().unique()
                    }
                )
                .astype(table[column].dtype)
                for column in STAFF[name]
            }
        )

    return data.map_tables(covered)


def masker_of(data: ProductData, cover: Cover, companies: Mapping[str, str] | None = None) -> Masker:
    """What hides names in texts of a product.

    companies: name of each customer of any product by account_id; default: those of this one.
    """
    accounts, product = data["accounts"], data.product
    known = companies or dict(zip(accounts["account_id"], accounts["name"], strict=True))
    ours = {word for w in (product.name.en, product.name.ja) for word in (w, *w.split())}
    confirmed = replace(cover.confirmed, words=cover.confirmed.words | ours)
    keys = {str(key) for t, c in KEYS for key in data[t][c].dropna().unique()}
    return Masker(
        known, sorted(cover.staff(data).staff), keys=keys, product=product.product, numbers=cover.numbers,
        confirmed=confirmed,
    )  # fmt: skip


def masked(data: ProductData, masker: Masker, pseudonym: Pseudonym) -> ProductData:
    """The same tables with customers' names replaced, and names, addresses and numbers in notes and codes too.

    The masker says afterwards who has which number, and which words were hidden because they may be names. A
    role of a coder or interviewer that is none we know may be a name, and has a pseudonym of our own people.
    """
    accounts = data["accounts"]
    company = data["interviews"].set_index("interview_id")["account_id"]
    notes = data["notes"].sort_values("note_id")
    of = notes["interview_id"].map(company)
    texts = masker.mask(notes["text"].tolist(), of.tolist(), pseudonym)
    codings = data["codings"]
    codes = sorted(codings["code"].dropna().unique())
    # month_end_folding is words, and so may Okonkwo_refuses be
    spoken = [code.replace("_", " ") for code in codes]
    hidden = zip(codes, spoken, masker.mask(spoken, [""] * len(codes), pseudonym), strict=True)
    covered = {code: code if said == words else said for code, words, said in hidden}
    number = masker.numbers.companies
    changed = {
        "accounts": accounts.assign(
            name=pd.Series(
                [pseudonym("company", number[account]) for account in accounts["account_id"]],
                accounts.index, dtype=accounts["name"].dtype,
            )
        ),
        "notes": notes.assign(text=pd.Series(texts, notes.index, dtype=notes["text"].dtype)).sort_index(),
        "codings": codings.assign(
            code=codings["code"].map(covered).astype(codings["code"].dtype),
            coder_role=_known_roles(codings["coder_role"], masker, pseudonym),
        ),
        "interviews": data["interviews"].assign(
            interviewer_role=_known_roles(data["interviews"]["interviewer_role"], masker, pseudonym)
        ),
    }  # fmt: skip
    return data.with_tables(changed)


def _known_roles(roles: pd.Series, masker: Masker, pseudonym: Pseudonym) -> pd.Series:
    unknown = [role for role in roles.dropna().unique() if role not in ROLES]
    masker.numbers = masker.numbers.with_staff(unknown)
    said = {role: pseudonym("staff", masker.numbers.staff[role]) for role in unknown}
    return roles.map({**{role: role for role in ROLES}, **said}).astype(roles.dtype)


def whole_rows(counts: np.ndarray) -> np.ndarray:
    """Which rows of a table of counts are not shown: those with a cell of 1 to `LEAST` - 1.

    The sum of a row is often known from elsewhere, and with p, V or the number of companies asked so is what is
    missing of it; so a row is shown whole or not at all.
    """
    counts = np.asarray(counts)
    return np.asarray(((counts > 0) & (counts < LEAST)).any(axis=-1))
