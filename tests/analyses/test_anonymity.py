"""What leaves the team names nobody, and no hidden number can be worked out from the others."""

from __future__ import annotations

from itertools import product as every

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cs_helpers.analyses.anonymity import LEAST, masked, suppressed
from cs_helpers.snapshot import ProductData

from .builders import account, contract, product_data


def hides(*line: int) -> list[bool]:
    return suppressed(np.array([line]))[0].tolist()


@pytest.mark.parametrize(
    ("line", "hidden"),
    [
        ((5, 0, 7), (False, False, False)),
        ((5, 1, 7), (True, True, False)),  # 1 alone is the sum less the rest
        ((0, 1, 7), (False, True, True)),
        ((0, 0, 2), (True, False, True)),  # nobody else is there to hide it behind
        ((1, 2, 7), (True, True, False)),  # 3 of two cells is 1 + 2 or 2 + 1
        ((1, 1, 7), (True, True, True)),  # 2 of two cells is 1 + 1
        ((2, 2, 7), (True, True, True)),
    ],
)
def test_small_numbers_are_hidden_and_what_they_could_be_worked_out_from(line, hidden) -> None:
    assert hides(*line) == list(hidden)


def test_one_cell_alone_is_hidden_by_itself() -> None:
    assert suppressed(np.array([[1]])).tolist() == [[True]]


@given(
    arrays(np.int64, st.tuples(st.integers(1, 3), st.integers(2, 4)), elements=st.integers(0, 6)),
    st.booleans(),
)
def test_no_hidden_small_number_is_known_from_the_sums(counts: np.ndarray, down: bool) -> None:
    hidden = suppressed(counts, down=down)
    assert hidden[(counts > 0) & (counts < LEAST)].all()
    lines = [(counts[r], hidden[r]) for r in range(len(counts))]
    if down and len(counts) > 1:
        lines += [(counts[:, c], hidden[:, c]) for c in range(counts.shape[1])]
    for line, cover in lines:
        small = cover & (line > 0) & (line < LEAST)
        if not small.any() or (cover.all() and line.sum() <= 2 * LEAST):
            continue
        # all ways to fill the hidden cells to the same sum: none of them may be fixed
        total = int(line[cover].sum())
        fits = [fill for fill in every(range(total + 1), repeat=int(cover.sum())) if sum(fill) == total]
        for place in range(int(cover.sum())):
            assert len({fill[place] for fill in fits}) > 1


def told() -> ProductData:
    return product_data(
        accounts=[account("A-2", csm="Ishibashi"), account("A-1")],
        contracts=[contract("A-1", "2026-01-01"), contract("A-2", "2026-01-01")],
        interviews=[{"interview_id": "I-1", "account_id": "A-2", "held_on": "2026-06-10", "interviewer": "csm-03"}],
        notes=[
            {"note_id": "N-2", "interview_id": "I-1", "evidence": "words", "text": "Ishibashi helped us, csm-03 did not"},
            {"note_id": "N-1", "interview_id": "I-1", "evidence": "words", "text": "田中さん (taro@example.com)"},
        ],
    )  # fmt: skip


def test_tables_are_masked_and_the_others_stay() -> None:
    found = masked(told(), lambda kind, n: f"<{kind}{n or ''}>")
    assert dict(zip(found["accounts"]["account_id"], found["accounts"]["name"], strict=True)) == {"A-1": "<company1>", "A-2": "<company2>"}  # fmt: skip
    assert found["notes"].set_index("note_id")["text"].to_dict() == {
        "N-1": "<person1>さん (<mail>)", "N-2": "<person2> helped us, csm-03 did not",
    }  # fmt: skip
    assert found["notes"]["note_id"].tolist() == ["N-2", "N-1"]  # in the order they came
    assert found["contracts"].equals(told()["contracts"])
    assert not found.missing("notes")
