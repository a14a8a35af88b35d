"""Ten principles: customers of each size counted by hand, and the verdicts on them."""

from __future__ import annotations

import pytest
from builders import account, contract, product, product_data

from cs_helpers.analyses import ten_principles
from cs_helpers.contract.quarters import Quarter
from cs_helpers.snapshot import ProductData

Q3 = Quarter(2026, 3)


def customers(*sizes: str) -> ProductData:
    """One customer since January for each size given."""
    names = [f"A{n}" for n in range(len(sizes))]
    return product_data(
        product(),
        accounts=[account(name, size) for name, size in zip(names, sizes, strict=True)],
        contracts=[contract(name, "2026-01-01") for name in names],
    )


def test_customers_are_counted_by_size_in_the_order_of_sizes() -> None:
    result = ten_principles.analyse(customers("small", "mid", "small", "enterprise"), Q3)
    table = result.tables["by_size"].set_index("size")
    assert table["customers"].to_dict() == {"enterprise": 1, "mid": 1, "small": 2}
    assert list(table.index) == ["enterprise", "mid", "small"]
    assert table["share"].to_dict() == {"enterprise": 0.25, "mid": 0.25, "small": 0.5}
    assert result.metrics["customers"].value == 4


@pytest.mark.parametrize(
    ("sizes", "code", "share"),
    [
        (("small", "small", "mid"), "largest", 2 / 3),
        (("small", "mid"), "tied", 0.5),
        (("small", "small"), "one_size", 1.0),
    ],
)
def test_the_verdict_follows_from_the_counts(sizes: tuple[str, ...], code: str, share: float) -> None:
    verdict = ten_principles.analyse(customers(*sizes), Q3).verdicts["by_size"]
    assert verdict.code == code
    assert verdict.fields["share"] == pytest.approx(share)


def test_customers_who_left_are_not_counted_and_without_customers_there_is_a_note() -> None:
    data = product_data(
        product(), accounts=[account("A")], contracts=[contract("A", "2026-01-01", "2026-06-30")]
    )
    result = ten_principles.analyse(data, Q3)
    assert dict(result.tables) == {}
    assert [(note.code, note.about) for note in result.notes] == [("no_customers", "by_size")]


def test_all_customers_of_the_sample_are_counted_once(result_of, of_product) -> None:
    result = result_of("ten_principles", "helpdesk", "2026Q3")
    assert result.tables["by_size"]["customers"].sum() == result.n > 0
    assert result.tables["by_size"]["share"].sum() == pytest.approx(1)
