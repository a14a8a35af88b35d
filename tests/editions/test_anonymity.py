"""What leaves the team names nobody, and no hidden number can be worked out from the others."""

from __future__ import annotations

from collections import defaultdict
from itertools import product as combinations

import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product_data
from hypothesis import given
from hypothesis import strategies as st

from cs_helpers.editions.anonymity import (
    MIN_COMPANIES,
    MIN_PEOPLE,
    Pseudonymization,
    create_masker,
    hide_small_groups,
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


def shown_groups(counts) -> tuple[tuple[int | None, ...], int | None]:
    """The counts and the total as a reader gets them."""
    hidden, total = hide_small_groups(np.array(counts, dtype=int))
    return tuple(None if h else c for c, h in zip(counts, hidden, strict=True)), None if total else sum(
        counts
    )


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ((5, 0, 7), ((5, 0, 7), 12)),
        # 1 is hidden, and 5 with it, or 13 - 7 - 5 would tell it
        ((5, 1, 7), ((None, None, 7), 13)),
        # two small groups hide each other ...
        ((1, 2, 7), ((None, None, 7), 10)),
        # ... unless their sum says that both are of one person, or both of two
        ((1, 1, 7), ((None, None, None), 9)),
        ((2, 2, 7), ((None, None, None), 11)),
        # of two groups of the same size none is told rather than which came first
        ((4, 1, 4), ((None, None, None), 9)),
        ((2,), ((None,), None)),
        ((2, 0), ((None, 0), None)),
        ((1, 1, 1), ((None, None, None), None)),
        ((), ((), 0)),
        ((MIN_PEOPLE,), ((MIN_PEOPLE,), MIN_PEOPLE)),
    ],
)
def test_a_small_group_is_hidden_and_cannot_be_derived_from_the_total(counts, shown) -> None:
    assert shown_groups(counts) == shown


@given(st.lists(st.integers(0, 40), max_size=12))
def test_hidden_groups_hide_at_least_three_people_together(counts) -> None:
    shown, total = shown_groups(counts)
    assert all(one is None or one == 0 or one >= MIN_PEOPLE for one in shown)
    assert all(one is None for one, count in zip(shown, counts, strict=True) if 0 < count < MIN_PEOPLE)
    if total is not None and None in shown:
        assert shown.count(None) > 1
        assert total - sum(one or 0 for one in shown) >= MIN_PEOPLE
    if all(not 0 < count < MIN_PEOPLE for count in counts):
        assert (shown, total) == (tuple(counts), sum(counts))


@pytest.mark.parametrize(("groups", "most"), [(2, 9), (3, 8), (4, 6)])
def test_whoever_knows_the_rule_cannot_derive_a_hidden_group(groups, most) -> None:
    looks_alike = defaultdict(list)
    for counts in combinations(range(most + 1), repeat=groups):
        looks_alike[shown_groups(counts)].append(counts)
    for (shown, _), possible in looks_alike.items():
        for place, one in enumerate(shown):
            assert one is not None or len({counts[place] for counts in possible}) > 1, possible


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
