"""Whether means that can stand in for each other have room for all customers whom only they can take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cs_helpers.analyses.means.demand import Need
from cs_helpers.contract.means import Means
from cs_helpers.contract.products import Product
from cs_helpers.customers.pools import unions


@dataclass(frozen=True)
class Pool:
    """Means (ids) that can stand in for each other, and the customers whom nothing else can take, each once.

    capacity: the sum of the capacities that are stated (customers a quarter). is_stated: each of them is.
    """

    means: tuple[str, ...]
    customers: frozenset[str]
    capacity: float
    is_stated: bool

    @property
    def parts(self) -> tuple[str, ...]:
        """What it is made of: its means."""
        return self.means

    @property
    def excess(self) -> float:
        """By how many customers they are too many, whoever takes whom; 0 or less where there is, or may be, room."""
        return len(self.customers) - self.capacity if self.is_stated else 0.0

    @property
    def has_room(self) -> bool:
        """Whether the stated capacities alone are enough."""
        return len(self.customers) <= self.capacity


def working_ids(means: Iterable[Means]) -> frozenset[str]:
    """The ids of means that are not spent (capacity 0)."""
    return frozenset(one.id for one in means if one.capacity != 0)


def pools(product: Product, needs: Sequence[Need]) -> dict[frozenset[str], Pool]:
    """The pools of the needs of which the customers are known, by the ids of their means.

    The measures that serve a need stand in for each other, and so do its resources; a resource stands in for no measure.
    Means of several needs are one pool, too, where these share some (`customers.pools`). A customer with several needs
    counts once.
    """
    asks: dict[frozenset[str], frozenset[str]] = {}
    for need in needs:
        serving = [one for one in product.means if need.name in getattr(one, need.of)]
        for kind in ("measure", "resource"):
            ids = working_ids(one for one in serving if one.kind == kind)
            if ids and need.customers is not None:
                asks[ids] = asks.get(ids, frozenset()) | need.customers
    capacities = {one.id: one.capacity for one in product.means}
    return {
        ids: Pool(
            tuple(one for one in capacities if one in ids),
            frozenset().union(*(customers for asked, customers in asks.items() if asked <= ids)),
            sum(capacities[one] or 0.0 for one in ids),
            all(capacities[one] is not None for one in ids),
        )
        for ids in unions(asks)
    }
