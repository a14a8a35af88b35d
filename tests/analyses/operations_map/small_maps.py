"""A desk with four customers, small enough to work out its operations map by hand."""

from __future__ import annotations

from typing import Any

from builders import (
    ANALYSES,
    account,
    contract,
    health_measure,
    play,
    product,
    product_data,
    touch,
    use,
    words,
)

from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData

Q2 = Quarter(2026, 2)
LEVELS: list[list[dict[str, Any]]] = [[{"value": "events", "at_least": n, "months": 1}] for n in (1, 2, 3, 4)]
MEASURES = [
    health_measure("numbers", red=0, green=4, measure={"value": "events", "months": 1}),
    health_measure(
        "view",
        red=0,
        green=10,
        measure={"source": "surveys", "value": "nps", "months": 1},
        kind="qualitative",
    ),
]
#: A and B are below Lv.2; the band of A (0 + 40) is red, that of B (25 + 40) too
PLAYBOOK = [play("low", {"level_below": 2}), play("red", {"band": "red"}), play("by_hand")]
#: customer -> events on 10 June (D has one more on the 30th), answer, touch model, MRR
CUSTOMERS = {
    "A": (0, 4, "low", 100.0),
    "B": (1, 4, "low", 200.0),
    "C": (2, 9, "high", 400.0),
    "D": (3, 9, None, 800.0),
}


def role(name: str, *plays: str, department: str = "CS", **other: Any) -> dict[str, Any]:
    return {"role": name, "department": words(department), "plays": list(plays), **other}


def means(name: str, *plays: str, **other: Any) -> dict[str, Any]:
    return {
        "id": name,
        "name": words(name),
        "kind": "measure",
        "department": words("CS"),
        "plays": list(plays),
        **other,
    }


def desk(
    *,
    roles: list[dict[str, Any]] | None = None,
    served: list[dict[str, Any]] | None = None,
    playbook: list[dict[str, Any]] | None = None,
    without: tuple[str, ...] = (),
    more: dict[str, list[dict[str, Any]]] | None = None,
    **said: Any,
) -> ProductData:
    """The desk with these roles and means; without: tables that the company does not have; more: others that it has."""
    of = product(
        levels=LEVELS, measures=MEASURES, playbook=PLAYBOOK if playbook is None else playbook, organisation=roles, means=served,
        **said,
    )  # fmt: skip
    usage = [use("A", "2025-02-02"), use("D", "2026-06-30")]
    usage += [use(name, "2026-06-10") for name, (events, *_) in CUSTOMERS.items() for _ in range(events)]
    tables: dict[str, Any] = {
        "accounts": [account(name, touch_model=model) for name, (_, _, model, _) in CUSTOMERS.items()],
        "contracts": [contract(name, "2025-02-01", mrr=mrr) for name, (*_, mrr) in CUSTOMERS.items()],
        "surveys": [
            {"account_id": name, "answered_on": "2026-06-10", "nps": nps}
            for name, (_, nps, *_) in CUSTOMERS.items()
        ],
        "touches": [
            touch("A", "2025-06-20", "tech"),
            *(touch(name, "2026-05-05", "high", content="usage review") for name in "ABC"),
            touch("A", "2026-05-06", "high", content="only of A"),
            touch("D", "2026-02-05", "low"),
        ],
        "usage": usage,
        **(more or {}),
    }
    return product_data(of, **{name: rows for name, rows in tables.items() if name not in without})


def mapped(data: ProductData, quarter: Quarter = Q2) -> Result:
    return ANALYSES["operations_map"].analyse(data, quarter)
