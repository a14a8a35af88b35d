"""Anonymization for readers outside the team: pseudonyms for names, and no count small enough to identify a company."""

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

#: counts of fewer companies are not shown to leadership
MIN_COMPANIES = 3
#: nor groups of fewer people, whose number, mean or share would tell of one of them
MIN_PEOPLE = 3


#: the columns of keys that people may write in notes; accounts are masked by name
KEYS = (
    ("contracts", "contract_id"),
    ("tickets", "ticket_id"),
    ("interviews", "interview_id"),
    ("notes", "note_id"),
)


@dataclass(frozen=True)
class Pseudonymization:
    """Pseudonyms: their text by kind and number, the numbers already assigned, and the confirmed names and words.

    complete: whether a batch has already assigned numbers to all staff, so that no table needs to be read for them.
    """

    pseudonym: Pseudonym
    numbers: Pseudonyms = field(default_factory=Pseudonyms)
    confirmed: Confirmed = field(default_factory=Confirmed)
    complete: bool = False

    def staff(self, data: ProductData) -> Pseudonyms:
        """The numbers, with one for each member of staff in a product's tables."""
        return self.numbers if self.complete else self.numbers.with_staff(staff_names(data))


def staff_names(data: ProductData) -> list[str]:
    """The names of staff (CSMs, interviewers, coders) in a product's tables, sorted."""
    tables = [name for name, columns in STAFF.items() if columns and name in data.tables]
    return sorted(
        {str(person) for name in tables for c in STAFF[name] for person in data[name][c].dropna().unique()}
    )


def pseudonymize_staff(data: ProductData, pseudonymization: Pseudonymization) -> ProductData:
    """The tables with pseudonyms for staff; they are still read lazily."""
    numbers: list[Mapping[str, int]] = []

    def pseudonymize(name: str, table: pd.DataFrame) -> pd.DataFrame:
        if not numbers:
            numbers.append(pseudonymization.staff(data).staff)
        return table.assign(
            **{
                column: table[column]
                .map(
                    {
                        person: pseudonymization.pseudonym("staff", numbers[0][person])
                        for person in table[column].dropna().unique()
                    }
                )
                .astype(table[column].dtype)
                for column in STAFF[name]
            }
        )

    return data.map_tables([name for name, columns in STAFF.items() if columns], pseudonymize)


def create_masker(
    data: ProductData, pseudonymization: Pseudonymization, companies: Mapping[str, str] | None = None
) -> Masker:
    """The masker of the names in texts of a product.

    companies: the names of the customers of all products, by account_id; default: those of this product.
    """
    accounts, product = data["accounts"], data.product
    names = companies or dict(zip(accounts["account_id"], accounts["name"], strict=True))
    product_words = {word for w in (product.name.en, product.name.ja) for word in (w, *w.split())}
    confirmed = replace(pseudonymization.confirmed, words=pseudonymization.confirmed.words | product_words)
    keys = {str(key) for t, c in KEYS for key in data[t][c].dropna().unique()}
    return Masker(
        names, sorted(pseudonymization.staff(data).staff), keys=keys, product=product.product, numbers=pseudonymization.numbers,
        confirmed=confirmed,
    )  # fmt: skip


def mask_tables(data: ProductData, masker: Masker, pseudonym: Pseudonym) -> ProductData:
    """The tables with pseudonyms for customers, and names, addresses and numbers masked in notes, codes and titles of requests.

    The themes of hand-overs and requests are those of codings, and are masked alike, so that all agree. Afterwards the
    masker holds the numbers it assigned, and the words it masked because they may be names. Roles of coders, interviewers
    and of who hands over that are not in `ROLES` may be names, so they get pseudonyms of staff.
    """
    accounts = data["accounts"]
    company = data["interviews"].set_index("interview_id")["account_id"]
    notes = data["notes"].sort_values("note_id")
    accounts_of_notes = notes["interview_id"].map(company)
    texts = masker.mask(notes["text"].tolist(), accounts_of_notes.tolist(), pseudonym)
    codings, handovers, requests = data["codings"], data["handovers"], data["requests"]
    themes = (codings["code"], handovers["expectation"], requests["code"])
    codes = sorted(set().union(*(theme.dropna().unique() for theme in themes)))
    # codes such as month_end_folding are words joined by underscores, and one of them may be a name
    code_texts = [code.replace("_", " ") for code in codes]
    masked = zip(codes, code_texts, masker.mask(code_texts, [""] * len(codes), pseudonym), strict=True)
    code_names = {code: code if original == words else original for code, words, original in masked}
    titles = sorted(requests["title"].dropna().unique())
    title_names = dict(zip(titles, masker.mask(titles, [""] * len(titles), pseudonym), strict=True))
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
            code=codings["code"].map(code_names).astype(codings["code"].dtype),
            coder_role=_mask_unknown_roles(codings["coder_role"], masker, pseudonym),
        ),
        "handovers": handovers.assign(
            expectation=handovers["expectation"].map(code_names).astype(handovers["expectation"].dtype),
            from_role=_mask_unknown_roles(handovers["from_role"], masker, pseudonym),
        ),
        "requests": requests.assign(
            title=requests["title"].map(title_names).astype(requests["title"].dtype),
            code=requests["code"].map(code_names).astype(requests["code"].dtype),
        ),
        "interviews": data["interviews"].assign(
            interviewer_role=_mask_unknown_roles(data["interviews"]["interviewer_role"], masker, pseudonym)
        ),
    }  # fmt: skip
    return data.with_tables(changed)


def _mask_unknown_roles(roles: pd.Series, masker: Masker, pseudonym: Pseudonym) -> pd.Series:
    unknown_roles = [role for role in roles.dropna().unique() if role not in ROLES]
    masker.numbers = masker.numbers.with_staff(unknown_roles)
    pseudonyms = {role: pseudonym("staff", masker.numbers.staff[role]) for role in unknown_roles}
    return roles.map({**{role: role for role in ROLES}, **pseudonyms}).astype(roles.dtype)


def rows_to_suppress(counts: np.ndarray) -> np.ndarray:
    """Whether each row of a table of counts must be suppressed: it has a count of 1 to `MIN_COMPANIES` - 1.

    Whole rows are suppressed rather than single counts, which could be derived from the total of the row, from p, from
    V or from the number of companies interviewed.
    """
    counts = np.asarray(counts)
    return np.asarray(((counts > 0) & (counts < MIN_COMPANIES)).any(axis=-1))


def hide_small_groups(counts: np.ndarray) -> tuple[np.ndarray, bool]:
    """Which groups of people must be hidden from leadership, and whether their total must be too.

    counts: how many people are in each group, each of them in one. A group of 1 to `MIN_PEOPLE` - 1 is hidden with all
    that is told of it (count, mean, share). Where the total less the groups that are shown would give it away, the
    smallest shown ones (all of the same size) are hidden with it, and the total where none is left: nobody can derive
    how many are in a hidden group, even knowing this rule. Empty groups are shown: nobody is in them.
    """
    counts = np.asarray(counts)
    if counts.ndim != 1 or (counts < 0).any():
        raise ValueError("counts of people are one row of numbers of 0 or more")
    hidden = (counts > 0) & (counts < MIN_PEOPLE)
    while _gives_away(counts[hidden]) and (shown := counts[~hidden & (counts > 0)]).size:
        hidden |= counts == shown.min()
    return hidden, _gives_away(counts[hidden])


def _gives_away(hidden: np.ndarray) -> bool:
    """Whether the sum of hidden counts tells what each is: of one, of few people, or of small groups all as small or as large as can be."""
    total, groups = hidden.sum(), len(hidden)
    if not groups:
        return False
    alike = (hidden < MIN_PEOPLE).all() and total in (groups, groups * (MIN_PEOPLE - 1))
    return bool(total < MIN_PEOPLE or groups == 1 or alike)
