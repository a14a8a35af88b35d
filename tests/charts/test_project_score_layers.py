"""The order and the places of boxes in layers: few crossings, nothing overlaps, links as level as can be."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_helpers.charts.project_score.layers import count_crossings, order_layers, places


def test_links_cross_where_their_ends_are_in_opposite_order():
    links = [("a", "y"), ("b", "x")]
    assert count_crossings([["a", "b"], ["x", "y"]], links) == 1
    assert count_crossings([["a", "b"], ["y", "x"]], links) == 0
    assert count_crossings([["a", "b"], ["x"]], [("a", "x"), ("b", "x")]) == 0


def test_crossings_of_all_layers_are_counted():
    # K(2,2) has one crossing whatever its order, and it stands here twice
    links = [(a, b) for a in "ab" for b in "xy"] + [(a, b) for a in "xy" for b in "mn"]
    assert count_crossings([["a", "b"], ["x", "y"], ["m", "n"]], links) == 2


@pytest.mark.parametrize(
    ("layers", "links", "fewest"),
    [
        # two chains that cross as written
        ([["a", "b"], ["x", "y"]], ["ay", "bx"], 0),
        # six measures of three purposes, written in turn
        ([[*"abcdef"], [*"xyz"], ["w"]], ["ax", "by", "cz", "dx", "ey", "fz", "xw", "yw", "zw"], 0),
        # one measure serves all three purposes: beside the one of the middle purpose it crosses that one's link only
        ([[*"abcm"], [*"xyz"]], ["ax", "by", "cz", "mx", "my", "mz"], 1),
        # K(3,3): choose(3,2)² pairs of pairs, each crosses once
        ([[*"abc"], [*"xyz"]], [a + b for a in "abc" for b in "xyz"], 9),
    ],
)
def test_the_order_has_as_few_crossings_as_there_can_be(layers, links, fewest):
    pairs = [tuple(link) for link in links]
    ordered = order_layers(layers, pairs)
    assert [sorted(layer) for layer in ordered] == [sorted(layer) for layer in layers]
    assert count_crossings(ordered, pairs) == fewest
    # and no order has fewer
    orders = itertools.product(*(itertools.permutations(layer) for layer in layers))
    assert min(count_crossings(order, pairs) for order in orders) == fewest


def test_the_order_of_the_file_stays_where_nothing_crosses():
    layers = [["b", "a", "c"], ["y", "x"]]
    assert order_layers(layers, [("b", "y"), ("a", "y"), ("c", "x")]) == layers


@st.composite
def graphs(draw):
    sizes = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
    layers = [[f"{n}-{m}" for m in range(size)] for n, size in enumerate(sizes)]
    possible = [(a, b) for one, two in itertools.pairwise(layers) for a in one for b in two]
    links = draw(st.lists(st.sampled_from(possible), unique=True, max_size=40)) if possible else []
    heights = {box: draw(st.floats(10, 400)) for layer in layers for box in layer}
    return layers, links, heights


@given(graphs())
def test_an_order_never_has_more_crossings_than_the_file(graph):
    layers, links, _ = graph
    ordered = order_layers(layers, links)
    assert [sorted(layer) for layer in ordered] == [sorted(layer) for layer in layers]
    assert count_crossings(ordered, links) <= count_crossings(layers, links)
    assert order_layers(ordered, links) is not None


@given(graphs())
def test_boxes_of_a_layer_keep_their_order_and_distance_inside_of_the_highest_layer(graph):
    layers, links, heights = graph
    tops = places(layers, links, heights, 10)
    room = max(sum(heights[b] for b in layer) + 10 * (len(layer) - 1) for layer in layers)
    for layer in layers:
        assert tops[layer[0]] >= -1e-6
        assert tops[layer[-1]] + heights[layer[-1]] <= room + 1e-6
        for above, below in itertools.pairwise(layer):
            assert tops[below] >= tops[above] + heights[above] + 10 - 1e-6


def test_a_box_stands_level_with_the_middle_of_what_it_is_linked_with():
    heights = dict.fromkeys("abcx", 20.0)
    tops = places([["a", "b", "c"], ["x"]], [("a", "x"), ("b", "x")], heights, 10)
    assert (tops["a"], tops["b"], tops["c"]) == (0, 30, 60)
    assert tops["x"] == pytest.approx(15)


def test_a_chain_is_a_straight_line():
    heights = {"a": 40.0, "b": 70.0, "c": 90.0, "x": 50.0, "w": 60.0, "g": 20.0}
    links = [("a", "x"), ("b", "x"), ("c", "x"), ("x", "w"), ("w", "g")]
    tops = places([["a", "b", "c"], ["x"], ["w"], ["g"]], links, heights, 10)
    middles = {box: tops[box] + heights[box] / 2 for box in heights}
    # a, b and c stand at 0, 50 and 130, so their middles are 20, 85 and 175
    assert (middles["x"], middles["w"], middles["g"]) == pytest.approx((280 / 3, 280 / 3, 280 / 3))
