"""The customers behind a point of a figure, as a table below it."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from cs_helpers import analyses
from cs_helpers.customers.maturity_levels import UNKNOWN, level_bounds
from cs_helpers.customers.time import currency, customer_time_as_of
from cs_helpers.errors import ParameterError
from cs_helpers.tables.theme import scrolling, table

if TYPE_CHECKING:
    from cs_helpers.widgets.explorer import OpenWorkbook

_COLUMNS = ("name", "size", "industry", "csm", "mrr", "level", "score")


def accounts_behind(
    workbook: OpenWorkbook,
    analysis: str,
    question: str,
    key: str,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> str:
    """The customers behind a point as HTML: by MRR, with size, industry, CSM, level and health at the end of the quarter.

    key: of the point (`charts.points`); options: of the analysis. Leadership reads their number only, and not even that
    where the analysis hides small numbers. Raises `ParameterError` for a key that no point has.
    """
    members = analyses.members(analysis).get(question)
    values = _values(key)
    if members is None or set(values) != set(members.keys):
        raise ParameterError("point", "this figure has no such point", value=key)
    text, is_for_team = workbook.text, workbook.audience == "team"
    selected = analyses.analysis(analysis)
    if not is_for_team and selected.declares.for_leadership is not None:
        return _said(text("page.behind.for_team"))
    given = {**workbook.options.get(analysis, {}), **options}
    found = members.find(selected.with_options(workbook.data, given), workbook.quarter)
    for name, value in values.items():
        found = found[found[name] == value]
    accounts = found["account_id"].unique()
    number = text("page.behind.count", n=text.number(len(accounts)))
    if not is_for_team:
        return _said(f"{number} {text('page.behind.for_team')}")
    if not len(accounts):
        return _said(number)
    listing = table(
        *_rows(workbook, accounts), name="behind", right=("mrr", "score"), title=text("page.behind.title")
    )
    return f'<div class="table behind">{_said(number)}{scrolling(listing.as_html(), number)}</div>'


def _values(key: str) -> dict[str, Any]:
    try:
        values = json.loads(key)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise ParameterError("point", "this figure has no such point", value=key)
    return values


def _said(sentence: str) -> str:
    return f'<p class="said" role="status">{html.escape(sentence)}</p>'


def _rows(workbook: OpenWorkbook, accounts: Any) -> tuple[pd.DataFrame, dict[str, str]]:
    """The cells of the customers, and the headings of the columns of which anything is known."""
    data, text, day = workbook.data, workbook.text, workbook.quarter.end
    rows = data["accounts"].set_index("account_id").loc[accounts]
    time = customer_time_as_of(data, day)
    mrr = time.mrr(day).reindex(accounts) if time.by_contracts else pd.Series(float("nan"), rows.index)
    scores = workbook.analyse("health").tables.get(
        "scores", pd.DataFrame(columns=["account_id", "score", "band"])
    )
    health = scores.set_index("account_id").reindex(accounts)
    if data.missing(*data.product.maturity.tables):
        level = pd.Series(float("nan"), rows.index)
    else:
        low, high = (bound[day].reindex(accounts) for bound in level_bounds(data, [day], time))
        level = low.where(low.isna() | (low == high), float(UNKNOWN))
    cells = pd.DataFrame(
        {
            "name": rows["name"].fillna(pd.Series(accounts, rows.index)),
            **{c: [text.label(c, v) if isinstance(v, str) else "–" for v in rows[c]] for c in ("size", "industry")},
            "csm": rows["csm"].fillna("–"),
            "mrr": ["–" if m != m else text.money(m, currency(data)) for m in mrr],
            "level": [
                "–" if n != n else text("maturity.unknown") if n == UNKNOWN else text.label("level", int(n)) for n in level
            ],
            "score": [
                "–" if s != s else text("page.behind.score", score=text.number(s), band=text.label("band", b))
                for s, b in zip(health["score"], health["band"], strict=True)
            ],
        },
        index=rows.index,
    ).assign(order=mrr)  # fmt: skip
    cells = cells.sort_values(["order", "name"], ascending=[False, True], kind="stable")
    shown = [c for c in _COLUMNS if (cells[c] != "–").any()]
    return cells[shown], text.headings("page.behind", *shown)
