"""Other bounds of the rules of maturity: the levels are those of a product file that says so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import account, contract, product, product_data, use
from pydantic import ValidationError

from cs_helpers.analyses.maturity.tried import RuleTest, with_bounds
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import UNKNOWN, level_history

Q3 = Quarter(2026, 3)


@pytest.mark.parametrize("name", ["helpdesk", "paper_to_web", "expense_desk"])
def test_levels_are_those_that_a_product_file_with_these_bounds_gives(of_product, name):
    data = of_product(name)
    maturity, test = data.product.maturity, RuleTest(data, Q3)
    before = level_history(data, Q3).states[Q3.end].dropna()
    moved = 0
    for key, condition in maturity.conditions_by_key.items():
        if condition.at_least is None:
            continue
        try:
            changed = with_bounds(maturity, {key: (condition.at_least * 2, condition.at_most)})
        except ValidationError:
            continue  # cannot be reached any more
        edited = replace(data, product=data.product.model_copy(update={"maturity": changed}))
        after = level_history(edited, Q3).states[Q3.end].dropna()
        found = test.levels(changed)
        expected = {a: (int(before[a]), int(after[a])) for a in after.index if before[a] != after[a]}
        assert {r.account_id: (r.before, r.after) for r in found.moves.itertuples()} == expected
        counts = found.counts.set_index("level")
        assert counts["before"].to_dict() == {level: int((before == level).sum()) for level in counts.index}
        assert counts["after"].to_dict() == {level: int((after == level).sum()) for level in counts.index}
        moved += len(expected)
    assert moved


#: use a month in the last three months of the quarter: levels from 1, 2, 4 and 5 events on
USES = {"a": 1, "b": 2, "c": 4, "d": 5, "idle": 0}


@pytest.fixture(scope="module")
def desk():
    return product_data(
        product(levels=[[{"value": "events", "at_least": n}] for n in (1, 2, 4, 5)]),
        as_of=Q3.end,
        accounts=[account(name) for name in USES],
        contracts=[contract(name, "2025-01-01", mrr=10 * n) for n, name in enumerate(USES, 1)],
        usage=[use(name, f"2026-09-{day + 1:02d}") for name, days in USES.items() for day in range(days)]
        + [use("idle", "2025-01-02")],
    )


def test_who_moves_is_counted_by_hand(desk):
    test = RuleTest(desk, Q3)
    key = "2.1"
    found = test.levels(with_bounds(desk.product.maturity, {key: (3, None)}))
    # b with two events falls from Lv.2 to Lv.1
    assert found.n == 5
    assert found.moves[["account_id", "before", "after", "way", "mrr"]].to_numpy().tolist() == [
        ["b", 2, 1, "down", 20]
    ]
    assert found.counts[["level", "before", "after"]].to_numpy().tolist() == [
        [0, 1, 1], [1, 1, 2], [2, 1, 0], [3, 1, 1], [4, 1, 1],
    ]  # fmt: skip
    assert found.counts["mrr_after"].tolist() == [50, 30, 0, 30, 40]
    assert UNKNOWN not in found.counts["level"].tolist()


def test_a_bound_that_a_product_file_may_not_have_is_refused(desk):
    with pytest.raises(ValidationError, match="asks for nothing beyond"):
        with_bounds(desk.product.maturity, {"2.1": (1, None)})
