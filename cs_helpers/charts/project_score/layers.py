"""Where the boxes of a layered picture stand: in an order with few crossings, near to what they are linked with.

The layers are given, and links lead from one layer to the next, so two steps of the method of Sugiyama, Tagawa and Toda (1981)
are enough: the order within layers by barycentres, then the places. General engines bring a binary (Graphviz) or work out
layers, which a project score has already.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from scipy.optimize import isotonic_regression

#: boxes in layers, and links between them from a layer to the next
Layers = Sequence[Sequence[str]]
Links = Collection[tuple[str, str]]

#: more of them change the order of no score that was tried
_SWEEPS = 8


def count_crossings(layers: Layers, links: Links) -> int:
    """How many pairs of links cross each other."""
    return sum(_crossings(*pair, links) for pair in itertools.pairwise(layers))


def order_layers(layers: Layers, links: Links) -> list[list[str]]:
    """The layers in an order with few crossings; the order given where none is better."""
    best = current = [list(layer) for layer in layers]
    fewest = count_crossings(best, links)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        numbers = range(len(current)) if sweep % 2 else range(len(current) - 1, -1, -1)
        for number in numbers:
            current = _by_barycentre(current, links, number)
            current = _swapped(current, links, number)
        if (crossings := count_crossings(current, links)) < fewest:
            best, fewest = current, crossings
    return best


def places(layers: Layers, links: Links, heights: Mapping[str, float], gap: float) -> dict[str, float]:
    """The top of each box, from 0: none overlaps another, `gap` apart in a layer, the links as level as can be.

    The highest layer has no room to move, and the others arrange themselves around it.
    """
    needs = [sum(heights[box] for box in layer) + gap * max(len(layer) - 1, 0) for layer in layers]
    total = max(needs, default=0.0)
    tops: dict[str, float] = {}
    for layer, need in zip(layers, needs, strict=True):
        top = (total - need) / 2
        for box in layer:
            tops[box] = top
            top += heights[box] + gap
    linked, numbers = _neighbours(links), range(len(layers))
    before: dict[str, list[str]] = {}
    for a, b in links:
        before.setdefault(b, []).append(a)
    # at last only by what leads to a box, so that a chain is a straight line
    sweeps = [(n, linked) for n in (*numbers, *reversed(numbers), *numbers)] + [(n, before) for n in numbers]
    for number, by in sweeps:
        layer = layers[number]
        wished = [
            sum(tops[b] + heights[b] / 2 for b in near) / len(near) - heights[box] / 2
            if (near := [b for b in by.get(box, ()) if b in tops])
            else tops[box]
            for box in layer
        ]
        # boxes above a box move it down by what they take, so without it the places only have to rise
        above = np.cumsum([0.0, *(heights[box] + gap for box in layer)])[: len(layer)]
        if len(layer):
            risen = isotonic_regression(np.subtract(wished, above)).x
            risen = np.clip(risen, 0.0, total - needs[number])
            tops |= {box: float(top) for box, top in zip(layer, risen + above, strict=True)}
    return tops


def _crossings(upper: Sequence[str], lower: Sequence[str], links: Links) -> int:
    starts, ends = ({box: n for n, box in enumerate(layer)} for layer in (upper, lower))
    between = [(starts[a], ends[b]) for a, b in links if a in starts and b in ends]
    return sum((a - c) * (b - d) < 0 for (a, b), (c, d) in itertools.combinations(between, 2))


def _by_barycentre(layers: list[list[str]], links: Links, number: int) -> list[list[str]]:
    """The layers with one of them sorted by the middle of what its boxes are linked with."""
    at = {box: (n + 0.5) / len(layer) for layer in layers for n, box in enumerate(layer)}
    linked = _neighbours(links)

    def middle(box: str) -> float:
        near = [at[b] for b in linked.get(box, ()) if b in at]
        return sum(near) / len(near) if near else at[box]

    return [sorted(layer, key=middle) if n == number else layer for n, layer in enumerate(layers)]


def _swapped(layers: list[list[str]], links: Links, number: int) -> list[list[str]]:
    """The layers with neighbours in one of them swapped as long as that takes crossings away."""
    layer = list(layers[number])
    around = [layers[n] for n in (number - 1, number + 1) if 0 <= n < len(layers)]
    linked = _neighbours(links)
    at = {box: n for other in around for n, box in enumerate(other)}
    of = {box: n for n, other in enumerate(around) for box in other}

    def crossings(first: str, second: str) -> int:
        """Those between the links of two boxes, the first above the second."""
        return sum(
            of[a] == of[b] and at[a] > at[b]
            for a in linked.get(first, ())
            for b in linked.get(second, ())
            if a in at and b in at
        )

    is_better = True
    while is_better:
        is_better = False
        for n, (first, second) in enumerate(itertools.pairwise(layer)):
            if crossings(second, first) < crossings(first, second):
                layer[n : n + 2] = [second, first]
                is_better = True
                break
    return [layer if n == number else other for n, other in enumerate(layers)]


def _neighbours(links: Links) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for a, b in links:
        found.setdefault(a, []).append(b)
        found.setdefault(b, []).append(a)
    return found
