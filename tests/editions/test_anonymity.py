"""What leaves the team names nobody, and no hidden number can be worked out from the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product_data

from cs_helpers.editions.anonymity import (
    MIN_COMPANIES,
    Pseudonymization,
    create_masker,
    mask_tables,
    rows_to_suppress,
)
from cs_helpers.snapshot import ProductData


@pytest.mark.parametrize(
    ("row", "hidden"),
    [
        ((5, 0, 7), False),
        ((5, 1, 7), True),
        ((0, 2), True),
        ((0, 0), False),
        ((MIN_COMPANIES, MIN_COMPANIES), False),
    ],
)
def test_a_row_with_a_count_of_one_or_two_is_hidden_whole(row, hidden) -> None:
    assert rows_to_suppress(np.array([row])).tolist() == [hidden]


def pseudonym(kind: str, number: int) -> str:
    return f"<{kind}{number or ''}>"


def interviewed_product() -> ProductData:
    return product_data(
        accounts=[account("A-2", csm="Ishibashi"), account("A-1")],
        contracts=[contract("A-1", "2026-01-01"), contract("A-2", "2026-01-01")],
        interviews=[{"interview_id": "I-1", "account_id": "A-2", "held_on": "2026-06-10", "interviewer": "csm-03"}],
        notes=[
            {"note_id": "N-2", "interview_id": "I-1", "evidence": "words", "text": "Ishibashi helped us, csm-03 did not"},
            {"note_id": "N-1", "interview_id": "I-1", "evidence": "words", "text": "田中さん (taro@example.com)"},
        ],
        codings=[{"note_id": "N-1", "coder": "a", "viewpoint": "problem", "code": "asked 田中"}],
    )  # fmt: skip


def test_no_notes_can_be_masked() -> None:
    data = interviewed_product()
    empty = data.of_accounts(pd.Series(["A-1"]))
    result = mask_tables(empty, create_masker(empty, Pseudonymization(pseudonym)), pseudonym)
    assert result["notes"]["text"].dtype == data["notes"]["text"].dtype


def test_tables_are_masked_and_the_others_stay() -> None:
    masker = create_masker(interviewed_product(), Pseudonymization(pseudonym))
    result = mask_tables(interviewed_product(), masker, pseudonym)
    staff = masker.numbers.staff
    assert sorted(result["accounts"]["name"]) == ["<company1>", "<company2>"]
    of_code, of_note = (masker.numbers.persons[masker.product][f"{account}\n田中"] for account in ("", "A-2"))
    assert result["codings"]["code"].tolist() == [f"asked <person{of_code}>"]
    assert result["notes"].set_index("note_id")["text"].to_dict() == {
        "N-1": f"<person{of_note}>さん (<mail>)", "N-2": f"<staff{staff['Ishibashi']}> helped us, <staff{staff['csm-03']}> did not",
    }  # fmt: skip
    assert result["notes"]["note_id"].tolist() == ["N-2", "N-1"]  # in the order they came
    assert result["contracts"].equals(interviewed_product()["contracts"])
    assert not result.missing("notes")
