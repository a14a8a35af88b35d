"""Customers with scores as a test wants them: each point of the score is an event of the month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from builders import account, contract, health_measure, product, product_data, use

from cs_helpers.contract.quarters import Quarter
from cs_helpers.snapshot import ProductData

Q2 = Quarter(2026, 2)
NUMBERS = health_measure("numbers", red=0, green=10, measure={"value": "events", "months": 1})
VIEW = health_measure(
    "view",
    red=0,
    green=10,
    measure={"source": "surveys", "value": "nps", "months": 1},
    kind="qualitative",
)


def customer(
    name: str,
    now: int,
    before: int | None = None,
    said: int | None = None,
    said_before: int | None = None,
    **about: Any,
) -> dict[str, Any]:
    """A customer with so many events in June and in March (None: it came in April), and answers of 0 to 10 in these months."""  # fmt: skip
    return {"name": name, "now": now, "before": before, "said": said, "said_before": said_before, **about}


def desk(
    *customers: Mapping[str, Any],
    measures: list[dict[str, Any]] | None = None,
    contracts: bool = True,
    **health: Any,
) -> ProductData:
    """A product with these customers, scored by NUMBERS and VIEW unless other measures are named."""  # fmt: skip
    accounts, terms, usage, answers = [], [], [use("Z", "2025-01-01"), use("Z", "2026-06-30")], []
    for who in customers:
        about = {
            k: v for k, v in who.items() if k not in ("now", "before", "said", "said_before", "mrr", "name")
        }
        accounts.append(account(who["name"], about.pop("size", "small"), **about))
        came = "2025-02-01" if who["before"] is not None else "2026-04-01"
        terms.append(contract(who["name"], came, mrr=who.get("mrr", 100)))
        usage += [use(who["name"], "2025-02-02")] * (who["before"] is not None)
        usage += [use(who["name"], "2026-06-10")] * who["now"]
        usage += [use(who["name"], "2026-03-10")] * (who["before"] or 0)
        answers += [
            {"account_id": who["name"], "answered_on": day, "nps": nps}
            for day, nps in (("2026-06-10", who["said"]), ("2026-03-10", who["said_before"]))
            if nps is not None
        ]
    return product_data(
        product(measures=measures or [NUMBERS, VIEW], health=health),
        accounts=accounts,
        usage=usage,
        surveys=answers,
        **({"contracts": terms} if contracts else {}),
    )
