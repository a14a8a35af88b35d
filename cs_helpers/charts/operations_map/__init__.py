"""The operations map as a picture: from the hand-over on the left to the feedback on the right, each number a link.

`operations` draws one product's map for a page; `draw` lays several products under each other, and two over each other.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

from cs_helpers.charts.drawing import SIZES, Drawing
from cs_helpers.charts.operations_map import content as contents_of_maps
from cs_helpers.charts.operations_map.content import FORMAT, Content
from cs_helpers.charts.operations_map.lane import Lane
from cs_helpers.charts.operations_map.layout import lay_out
from cs_helpers.charts.sheet import Sheet
from cs_helpers.result import PLACE, Result
from cs_helpers.text import Text

__all__ = ["FORMAT", "draw", "lay_over", "operations"]


def operations(result: Result, text: Text) -> Drawing:
    """The map of one product."""
    content = contents_of_maps.content_of(result, text)
    sizes = draw([content], text.language, lambda _, place: f"{PLACE}{place}")[0]
    return Drawing(sizes, content["message"], content["alt"], content["source"], content)


def lay_over(drawn: Sequence[tuple[Result, Text, str]]) -> str:
    """The maps of a product, or of two over each other, as HTML outside of a page, where links lead nowhere.

    drawn: result, words and name of each product. A product without customers has its notes in place of a map.
    """
    contents = [
        {**contents_of_maps.content_of(r, text), "product": name}
        for r, text, name in drawn
        if "operations" in r.tables
    ]
    lanes = draw(contents, drawn[0][1].language, over=True) if contents else []
    missing = [
        f"<p>{html.escape(text('operations_picture.no_map', product=name))}</p>"
        for r, text, name in drawn
        if "operations" not in r.tables
    ]
    return "".join([*missing, *(lane["wide"] for lane in lanes)])


def draw(
    contents: Sequence[Content],
    language: str,
    address: Callable[[int, str], str] = lambda number, place: "",
    *,
    over: bool = False,
) -> list[dict[str, str]]:
    """The maps of products in all sizes (`SIZES`), a lane each, with one scale of LTV where they share a currency.

    contents: see `content.content_of`. address: where a place of the product with a number (as in `contents`) leads to, '' for
    nowhere. over: a lane has its product's name,
    and with two products the other one over it.
    """
    shares_currency = len({content["currency"] for content in contents}) == 1
    tops = list(map(_top, contents))
    lanes = []
    for number, content in enumerate(contents):
        top = max(tops) if shares_currency else tops[number]
        against = contents[1 - number] if over and len(contents) == 2 else None
        text = Text(language, accounts=content["accounts"])
        sizes = {}
        for size in SIZES:
            lane = Lane(
                content, text, Sheet(text), lambda place, number=number: address(number, place),  # type: ignore[misc]
                against, top, title=content["product"] if over else "",
            )  # fmt: skip
            width, height = lay_out(lane, size)
            sizes[size] = lane.sheet.svg(width, height, content["alt"])
        lanes.append(sizes)
    return lanes


def _top(content: Content) -> float:
    """Where the scale of LTV ends: with the intervals, unless one of them is much longer than the values are large."""
    values = [row["ltv"] for row in content["levels"] if row.get("ltv") is not None]
    ends = [row["ltv_high"] for row in content["levels"] if row.get("ltv_high") is not None]
    return float(min(max([*values, *ends]), 2 * max(values))) if values else 0.0
