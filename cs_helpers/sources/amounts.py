"""What the amounts of contracts are for, as far as their names and values tell."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from cs_helpers.sources.inspection import FoundColumn, one_line
from cs_helpers.sources.matching import NUMBER, Fit, Match, in_yaml, unfit
from cs_helpers.sources.synonyms import PERIODS

_MONTHLY = ("month", "monthly", "月額", "月次", "月間")
_COUNTS = re.compile(
    r"seat|user|licen|count|qty|quantity|hour|day|discount|percent|pct|人数|席|回|日|件|率|割引"
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")


def with_amounts(fit: Fit) -> Fit:
    """The contracts with the amount that can be their MRR, and what the product file has to say of it."""
    match = fit.matches.get("mrr") or _other_amount(fit)
    if match is None:
        return fit
    asks, name = list(fit.asks.get("mrr", ())), one_line(match.source.name)
    period = amount_period(match.source.name)
    if period is not None:
        asks.append(
            f"mrr: '{name}' is the amount for a {period} by its name: then write"
            f" customers: {{ amount_per: {period} }} in the product file"
        )
    amounts = [float(text) for text in match.source.cells if NUMBER.fullmatch(text)]
    free = sum(amount == 0 for amount in amounts)
    if 0 < free < len(amounts):
        asks.append(
            f"mrr: 0 in {free:,} of {len(amounts):,} rows looked at: write customers: {{ zero_mrr: customer }}"
            " or { zero_mrr: not_customer } in the product file"
        )
    matches = fit.matches | {"mrr": match}
    return replace(fit, matches=matches, asks=fit.asks | ({"mrr": tuple(asks)} if asks else {}))


def amount_period(name: str) -> str | None:
    """`year`, `quarter` or `term`, where the name of an amount says that it is for one."""
    parts = _WORD.findall(unicodedata.normalize("NFKC", name))
    own = {part.lower() for part in parts}
    if any(_has(own, word) for word in _MONTHLY):
        return None
    return next(
        (p for p, said in PERIODS.items() if any(_has(own, w.strip()) for w in said.split(","))), None
    )


def _has(parts: set[str], word: str) -> bool:
    """Whether a word is one of a name's; of Japanese, which has no spaces, a part of one."""
    return word in parts if word.isascii() else any(word in part for part in parts)


def _other_amount(fit: Fit) -> Match | None:
    """The amount for another period, where there is none for a month."""
    used = {match.source.name for match in fit.matches.values()}
    found = [c for c in fit.found.columns if c.name not in used and _is_amount(fit, c)]
    order = list(PERIODS)
    found.sort(key=lambda c: order.index(str(amount_period(c.name))))
    return Match(found[0], 2.0, in_yaml(found[0].name)) if found else None


def _is_amount(fit: Fit, column: FoundColumn) -> bool:
    return (
        amount_period(column.name) is not None
        and not _COUNTS.search(column.name.lower())
        and bool(column.seen)
        and not unfit(fit.table, "mrr", column)
    )
