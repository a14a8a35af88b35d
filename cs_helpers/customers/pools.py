"""Means that stand in for each other, and those of them that cannot take all customers whom nothing else can take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

#: unions of the means of several needs are looked at up to so many
MAX_POOLS = 2000


class _Pool(Protocol):
    @property
    def parts(self) -> tuple[str, ...]:
        """What it is made of, by which one pool holds another."""

    @property
    def excess(self) -> float:
        """By how many customers they are too many; 0 or less where there is, or may be, room."""


Pool = TypeVar("Pool", bound=_Pool)


def unions(asked: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """Sets of means that are asked for, each once, and the unions of those that share some.

    By Hall's theorem (1935, on representatives of subsets) all customers can be taken where for each of these unions the
    customers whom only its means can take are not more than they take together.
    """
    found = dict.fromkeys(asked)
    waiting, asks = list(found), list(found)
    while waiting and len(found) < MAX_POOLS:
        ids = waiting.pop()
        for other in asks:
            together = ids | other
            if ids & other and together not in found:
                found[together] = None
                waiting.append(together)
    return list(found)


def overfull(pools: Iterable[Pool]) -> list[Pool]:
    """The pools with more customers than they can take, without those that only hold another that is as much too full."""
    full = sorted((pool for pool in pools if pool.excess > 0), key=lambda pool: len(pool.parts))
    return [
        pool
        for n, pool in enumerate(full)
        if not any(set(less.parts) < set(pool.parts) and less.excess >= pool.excess for less in full[:n])
    ]
