"""Names in figures and tables of requests to the product."""

from __future__ import annotations

from cs_helpers.text import Text


def loop_label(dimension: str, segment: str, text: Text) -> str:
    """The name of a row of the closed loop: all, a size, or where requests are heard (as recorded, if it has no name)."""
    if dimension == "all":
        return text("product_feedback.closed_loop.all")
    if dimension == "size":
        return text.label("size", segment)
    key = f"product_feedback.heard_in.{segment}"
    return text(key) if text.has(key) else segment
