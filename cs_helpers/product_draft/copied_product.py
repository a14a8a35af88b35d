"""Create a product file as a copy of another product's."""

from __future__ import annotations

import re

#: the section `customers` with the defaults; not copied, since contracts of another product may be recorded differently
CUSTOMERS = """\
customers: # who counts as a customer: docs/bring-your-own-data.md
  return_gap_days: 30 # a customer who returns within so many days never left
  renewal_grace_days: 30 # a paid term that ended within so many days may still be renewed: counted apart
  # zero_mrr: customer # or not_customer: what a contract with an MRR of 0 makes; asked where it matters
  amount_per: month # what an amount in contracts.mrr is for: month, quarter, year or term
"""
#: the section `revenue` with the defaults; not copied, since currency and categories of cost are those of a company
REVENUE = """\
revenue: # what revenue is set against: docs/revenue.md
  # currency: JPY # where contracts have several: others count by exchange_rates: {USD: {rate: 150, on: 2026-09-30}}
  # costs: {cost_of_goods: [], sales_and_marketing: [], general_and_administrative: [], research_and_development: []}
  term_months: 12 # between two decisions of a customer to renew
  horizon_months: 60 # over which a lifetime value is added up
  discount_rate: 0.10 # a year, of amounts that lie ahead
"""
#: the section `alerts` with the defaults
ALERTS = """\
alerts: # when a departure from the usual level is reported
  false_alerts_a_week: 0.2 # expected by chance, over all numbers above: about one in five weeks
  false_discovery: 0.01 # the share of reported departures that may be due to chance
  min_ratio: 1.3 # a smaller departure is not worth an alert; a number above may have its own
  min_change: 10 # the same for numbers that may be negative, as nps: points instead of a ratio
"""


def new_product_text(model: str, name: str) -> str:
    """The text of a product file for the product `name`, copied from `model`, the text of another one.

    Comments before the other product's name are dropped, as they are about that product. The sections
    `customers` and `revenue` are replaced by the defaults with their comments.
    """
    lines = model.splitlines(keepends=True)
    start = next(i for i, line in enumerate(lines) if line.startswith("product:"))
    rest = "".join(lines[start + 1 :])
    rest = re.sub(
        r"^(?:customers|revenue):.*\n?(?:(?:[ \t].*|[ \t]*)(?:\n|\Z))*", "", rest, flags=re.MULTILINE
    )
    return f'product: "{name}"\n{rest.rstrip()}\n\n{CUSTOMERS}\n{REVENUE}'
