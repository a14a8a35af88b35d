"""The filter bar redraws for what was chosen."""

from __future__ import annotations

import pytest

from cs_helpers.errors import SnapshotError
from cs_helpers.widgets.filter_bar import Choice, FilterBar


@pytest.fixture
def drawn():
    return []


@pytest.fixture
def bar(drawn):
    segments = {"a": [("All", "all"), ("Small", "size:small")], "b": [("All", "all"), ("Mid", "size:mid")]}
    return FilterBar(
        labels={"product": "Product", "quarter": "Quarter", "segment": "Segment"},
        products=[("A", "a"), ("B", "b")],
        quarters=[("Q3", "2026Q3"), ("Q2", "2026Q2")],
        segments_of=lambda product: segments[product],
        draw=lambda *chosen: drawn.append(chosen) or f"<p>{chosen}</p>",
        chosen=("a", "2026Q3", "all"),
    )


def test_it_draws_once_when_shown(bar, drawn):
    bar.show()
    assert drawn == [("a", "2026Q3", "all")]


def test_another_quarter_redraws_for_it(bar, drawn):
    bar.quarter.value = "2026Q2"
    assert drawn == [("a", "2026Q2", "all")]


def test_another_product_offers_its_own_segments(bar, drawn):
    bar.segment.value = "size:small"
    bar.product.value = "b"
    assert [v for _, v in bar.segment.options] == ["all", "size:mid"]
    assert drawn[-1] == ("b", "2026Q3", "all")
    assert len(drawn) == 2


def test_a_segment_that_both_products_have_is_kept(bar, drawn):
    bar.product.value = "b"
    bar.segment.value = "all"
    bar.product.value = "a"
    assert bar.segment.value == "all"


def test_what_was_drawn_stands_below_the_bar(bar):
    bar.quarter.value = "2026Q2"
    assert bar.page.value == "<p>('a', '2026Q2', 'all')</p>"


def test_what_cannot_be_drawn_is_said_as_text_and_nothing_breaks(bar):
    def refuse(*chosen):
        raise SnapshotError("quarter <b>2026Q2</b> is not covered")

    bar._draw = refuse
    bar.redraw()
    assert bar.page.value == "<p>quarter &lt;b&gt;2026Q2&lt;/b&gt; is not covered</p>"


@pytest.fixture
def richer(drawn):
    return FilterBar(
        labels={"product": "Product", "quarter": "Quarter", "segment": "Segment"},
        products=[("A", "a"), ("B", "b")],
        quarters=[("Q3", "2026Q3")],
        segments_of=lambda product: [("All", "all")],
        draw=lambda *chosen, **more: drawn.append((*chosen, more)) or "",
        chosen=("a", "2026Q3", "all"),
        more_of=lambda product: {
            "days": Choice("Days", [("30", 30), ("90", 90)], 30 if product == "a" else 90)
        },
    )


def test_what_else_can_be_chosen_is_drawn_for(richer, drawn):
    richer.more["days"].value = 90
    assert drawn == [("a", "2026Q3", "all", {"days": 90})]


def test_another_product_begins_with_its_own_choices_and_draws_once(richer, drawn):
    richer.product.value = "b"
    assert drawn == [("b", "2026Q3", "all", {"days": 90})]
    richer.more["days"].value = 30
    assert drawn[-1] == ("b", "2026Q3", "all", {"days": 30})
