"""A product file to start from: a copy of another product's, under a new name."""

from __future__ import annotations

import re

#: who counts as a customer, with the defaults: not taken over from another product, whose contracts can be written otherwise
CUSTOMERS = """\
customers: # who counts as a customer: docs/bring-your-own-data.md
  return_gap_days: 30 # a customer who returns within so many days never left
  renewal_grace_days: 30 # a paid term that ended within so many days may still be renewed: counted apart
  # zero_mrr: customer # or not_customer: what a contract with an MRR of 0 makes; asked where it matters
  amount_per: month # what an amount in contracts.mrr is for: month, quarter, year or term
"""


def started_from(model: str, name: str) -> str:
    """The text of a product file for the product `name`, from that of another product.

    What stands before the other's name goes, as it is about that product. The section `customers` is written
    anew, with the defaults, each with what it does.
    """
    lines = model.splitlines(keepends=True)
    start = next(i for i, line in enumerate(lines) if line.startswith("product:"))
    rest = "".join(lines[start + 1 :])
    rest = re.sub(r"^customers:.*\n?(?:(?:[ \t].*|[ \t]*)(?:\n|\Z))*", "", rest, flags=re.MULTILINE)
    return f'product: "{name}"\n{rest.rstrip()}\n\n{CUSTOMERS}'
