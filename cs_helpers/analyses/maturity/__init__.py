"""Maturity of customers: where they stand on the curve of the product file, and how they move."""

from __future__ import annotations

from cs_helpers.analyses.maturity.declared import DECLARES as DECLARES
from cs_helpers.analyses.maturity.distribution import distribution
from cs_helpers.analyses.maturity.movement import movement
from cs_helpers.analyses.maturity.next_level import next_level
from cs_helpers.analyses.maturity.parts import joined
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import level_history
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.result import Note, Result
from cs_helpers.snapshot import ProductData


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """Levels by the rules of the product file at the end of each quarter (`current_state`: they may fall).

    Where the data does not cover a rule and what is recorded does not decide it, the level is `UNKNOWN`; it lies
    between `at_least` and `at_most`. Tables: see `distribution.distribution` and `movement.movement`.
    """
    missing = data.missing(*data.product.maturity.tables)
    time = customer_time_as_of(data, quarter.end)
    customers = time.customers(quarter.end)
    name = data.product.product
    if missing or customers.empty:
        no_customers = "no_customers" if time.by_contracts else "no_accounts"
        code, fields = (
            ("missing_table", {"tables": missing}) if missing else (no_customers, {"quarter": str(quarter)})
        )
        reasons = tuple(Note(code, about, fields) for about in DECLARES.questions)
        return Result("maturity", name, quarter, quarter.start, data.as_of, len(customers), {}, {}, reasons)
    history = level_history(data, quarter)
    part = joined(distribution(data, history), movement(data, history), next_level(data, history))
    return Result(
        "maturity", name, quarter, history.quarters[0].start, data.as_of, len(customers), part.tables, part.metrics,
        part.notes, verdicts=part.verdicts, findings=part.findings,
    )  # fmt: skip
