"""What the revenue is set against: recurring profit margin, growth efficiency index, and CAC payback, over twelve months.

    recurring profit margin = (ARR - churn - cost of goods - G&A - R&D) / ARR
    growth efficiency index = sales and marketing / new ARR        (gross)
                            = sales and marketing / (new ARR - churn)    (net; both lower is better)
    CAC payback in months   = sales and marketing / (new MRR x gross margin)

ARR is 12 x MRR, in the margin that of the start of the twelve months. `churn` is all ARR that fell away (churn and
contraction), `new ARR` all that came (new, expansion, reactivation), so that ARR - churn + new ARR is the ARR at the end.
CAC payback counts new customers only. Gross margin = 1 - cost of goods / revenue, where the revenue is the sum of the MRR
at the ends of the twelve months. (The margin and the index follow Tien Tzuo's three metrics of a subscription business.)
"""

from __future__ import annotations

import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.revenue import RevenueRules
from cs_helpers.customers.costs import YEAR, YearOfCosts, known_months, rows_of_year, year_of_costs
from cs_helpers.customers.movements import Ledger
from cs_helpers.customers.time import currency
from cs_helpers.result import Note
from cs_helpers.snapshot import ProductData

_MARGIN_KINDS = ("cost_of_goods", "general_and_administrative", "research_and_development")


def costs_with_notes(data: ProductData, quarter: Quarter) -> tuple[YearOfCosts | None, list[Note]]:
    """The costs of the twelve months that end with the quarter; None, with a note, where they are not known."""
    rules, about = data.product.revenue, "profitability"
    if missing := data.missing("costs"):
        return None, [Note("missing_table", about, {"tables": missing})]
    if data.segment != "all":
        return None, [Note("costs_of_all", about, {})]
    if not rules.costs:
        names = sorted(data["costs"]["category"].dropna().unique())
        return None, [Note("costs_undeclared", about, {"names": names})]
    rows = rows_of_year(data, quarter)
    costs = year_of_costs(data, quarter)
    if costs is None:
        return None, [Note("costs_incomplete", about, {"months": known_months(rows), "needed": YEAR})]
    notes = _notes_on(rows, rules, currency(data))
    if unknown := [kind for kind in (*_MARGIN_KINDS, "sales_and_marketing") if kind not in costs.by_kind]:
        notes.append(Note("costs_kind_unknown", about, {"kinds": tuple(unknown)}))
    return costs, notes


def _notes_on(rows: pd.DataFrame, rules: RevenueRules, main: str) -> list[Note]:
    """Notes on categories without a kind, and on currencies without a rate."""
    notes = []
    mapped = {category for names in rules.costs.values() for category in names}
    if unmapped := sorted(set(rows["category"].dropna()) - mapped):
        notes.append(Note("costs_unmapped", "profitability", {"names": unmapped}))
    apart = rules.without_rate(rows["currency"], main)
    if apart.any():
        names = sorted(rows.loc[apart, "currency"].unique())
        notes.append(Note("costs_without_rate", "profitability", {"names": names, "rows": int(apart.sum())}))
    return notes


def profitability(ledger: Ledger, costs: YearOfCosts) -> dict[str, float]:
    """The ratios of the module, as far as costs and revenue allow.

    Keys: gross_margin, profit_margin, growth_efficiency, growth_efficiency_net, cac_payback (months), and the amounts
    behind them: opening_arr, churned_arr, new_arr, and each kind of cost. A ratio whose denominator is not above 0 is
    left out.
    """
    came, went = (
        YEAR * sum(ledger.total(kind, YEAR) for kind in kinds)
        for kinds in (("new", "expansion", "reactivation"), ("contraction", "churn"))
    )
    opening, revenue = YEAR * float(ledger.mrr(YEAR).sum()), float(ledger.at.mrr[:, -YEAR:].sum())
    found: dict[str, float | None] = {
        "opening_arr": opening, "churned_arr": -went, "new_arr": came, **costs.by_kind
    }  # fmt: skip
    growth, gross_margin = costs.total("sales_and_marketing"), costs.gross_margin(revenue)
    spent = costs.total(*_MARGIN_KINDS)
    found |= {
        "gross_margin": gross_margin,
        "profit_margin": _ratio(None if spent is None else opening + went - spent, opening),
        "growth_efficiency": _ratio(growth, came),
        "growth_efficiency_net": _ratio(growth, came + went),
        "cac_payback": _ratio(growth, ledger.total("new", YEAR) * (gross_margin or 0.0)),
    }
    return {name: value for name, value in found.items() if value is not None}


def _ratio(top: float | None, bottom: float) -> float | None:
    return None if top is None or bottom <= 0 else top / bottom
