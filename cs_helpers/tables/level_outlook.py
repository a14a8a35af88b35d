"""Tables of level_outlook."""

from __future__ import annotations

from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.text import Text


def by_size(result: Result, text: Text) -> Listing:
    """The number of customers of each size, and their share of all customers.

    The page shows the first rows, formatted; all rows, with plain numbers, lie beside the report as CSV.
    """
    rows = result.tables["by_size"]
    all_rows = rows.assign(size=[text.label("size", size) for size in rows["size"]])
    page = all_rows.head(MAX_ROWS)
    page = page.assign(
        customers=[text.number(n) for n in page["customers"]],
        share=[text.share(share) for share in page["share"]],
    )
    headings = text.headings("level_outlook.by_size", "size", "customers", "share")
    return table(
        page,
        headings,
        name="level-outlook-by-size",
        right=("customers", "share"),
        all_rows=all_rows,
    )
