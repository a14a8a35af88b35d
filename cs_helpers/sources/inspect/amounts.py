"""What the amounts of contracts are for, as far as their names and values tell."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from cs_helpers.sources.inspect.column_lines import in_yaml, line_of, unfit
from cs_helpers.sources.inspect.inspection import FoundColumn, one_line
from cs_helpers.sources.inspect.matching import Fit, Match
from cs_helpers.sources.inspect.names import NEARLY, plain, words
from cs_helpers.sources.inspect.synonyms import INTERVAL, INTERVALS, PERIODS
from cs_helpers.sources.inspect.value_forms import currency_of, number_forms

_MONTHLY = ("month", "monthly", "月額", "月次", "月間")
_COUNTS = re.compile(
    r"seat|user|licen|count|qty|quantity|hour|day|discount|percent|pct|人数|席|回|日|件|率|割引"
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")


def with_amounts(fit: Fit) -> Fit:
    """The contracts with the amount that can be their MRR, its currency, and what the product file has to say of it."""
    match = fit.matches.get("mrr") or _other_amount(fit)
    if match is None:
        return fit
    asks, name = list(fit.asks.get("mrr", ())), one_line(match.source.name)
    period = amount_period(match.source.name)
    if period is not None:
        asks.append(
            f"'{name}' is the amount for a {period} by its name: then write"
            f" customers: {{ amount_per: {period} }} in the product file"
        )
    elif by_interval := _by_interval(fit, match):
        match = by_interval
    amounts = [text for text in match.source.cells if any(c.isdigit() for c in text)]
    free = sum(not any(c.isdigit() and c != "0" for c in text) for text in amounts)
    if 0 < free < len(amounts):
        asks.append(
            f"0 in {free:,} of {len(amounts):,} rows looked at: write customers: {{ zero_mrr: customer }}"
            " or { zero_mrr: not_customer } in the product file"
        )
    fit = replace(fit, matches=fit.matches | {"mrr": match})
    if asks:
        fit = replace(fit, asks=fit.asks | {"mrr": tuple(asks)})
    signs = {currency_of(form) for form in number_forms(match.source.seen) or ()} - {""}
    if "currency" not in fit.matches and len(signs) == 1:
        fit = replace(
            fit,
            constants=fit.constants | {"currency": next(iter(signs))},
            asks=fit.asks | {"currency": (f"by how '{name}' is written",)},
        )
    return fit


def _by_interval(fit: Fit, match: Match) -> Match | None:
    """The amount a month, where a column beside it says for how long it is; `None` where none does."""
    used = {one.source.name for one in fit.matches.values()}
    beside = [c for c in fit.found.columns if plain(c.name) in words(INTERVAL) and c.name not in used]
    # what is called a month's is one
    if not beside or match.quality > NEARLY or match.said != in_yaml(match.source.name):
        return None
    months = {
        value: next((n for n, said in INTERVALS.items() if plain(value) in words(said)), None)
        for value in beside[0].seen
    }
    if not months or None in months.values() or set(months.values()) == {1}:
        return None
    amount, interval = (_quoted(c.name) for c in (match.source, beside[0]))
    cases = " ".join(f"when {_text(value)} then {n}" for value, n in months.items())
    check = f"'{one_line(match.source.name)}' is brought to a month by '{one_line(beside[0].name)}'; look whether it is for one unit"
    return replace(
        match, said=f"{{ sql: {in_yaml(f'{amount} / case {interval} {cases} end')} }}", check=check
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


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
    if not found:
        return None
    line = line_of(fit.table, "mrr", found[0], in_file=fit.found.file is not None)
    return Match(found[0], 2.0, line.said, line.check, line.needed)


def _is_amount(fit: Fit, column: FoundColumn) -> bool:
    return (
        amount_period(column.name) is not None
        and not _COUNTS.search(column.name.lower())
        and bool(column.seen)
        and not unfit(fit.table, "mrr", column)
    )
