"""Whose snapshot the notebooks read: what the welcome notebook shows."""

from __future__ import annotations

import html

from cs_helpers import paths
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.outputs import display_html
from cs_helpers.report.language import current_text
from cs_helpers.snapshot import Snapshot
from cs_helpers.text import Text


def show_snapshot(name: str = "latest") -> None:
    """Shows a snapshot's id, last day and rows left out, and for each product its quarters and customers.

    name: id of a snapshot, or latest. In the language of the environment, as the messages of commands are.
    """
    text, snapshot = current_text(), Snapshot.open(name)
    about = {
        "id": snapshot.id,
        "as_of": text.day(snapshot.as_of),
        "left_out": text.number(sum(snapshot.manifest["rows_rejected"].values())),
    }
    facts = "".join(
        f"<div><dt>{html.escape(text(f'welcome.snapshot.{key}'))}</dt><dd>{html.escape(value)}</dd></div>"
        for key, value in about.items()
    )
    style = (paths.templates() / "executive" / "lab.css").read_text(encoding="utf-8")
    page = f'<style>{style}</style><dl class="facts">{facts}</dl>{_products(snapshot, text)}'
    display_html(page, {"shows": ["public"]})


def _products(snapshot: Snapshot, text: Text) -> str:
    """A table of the products; '' before the first quarter is complete."""
    quarters = snapshot.quarters
    if not quarters:
        return ""
    first, last = (text.quarter(quarter) for quarter in (quarters[0], quarters[-1]))
    span = text("welcome.snapshot.span", first=first, last=last)
    heads = "".join(
        f'<th scope="col"{align}>{html.escape(text(f"welcome.snapshot.{key}", day=text.day(quarters[-1].end)))}</th>'
        for key, align in (("product", ' class="left"'), ("quarters", ' class="left"'), ("customers", ""))
    )
    rows = ""
    for key, product in snapshot.products.items():
        known = customer_time_as_of(snapshot.read(key), quarters[-1].end).customers(quarters[-1].end)
        name = html.escape(product.name.in_language(text.language))
        cells = f'<td class="left">{name}</td><td class="left">{html.escape(span)}</td>'
        rows += f"<tr>{cells}<td>{text.number(len(known))}</td></tr>"
    return f'<div class="table"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
