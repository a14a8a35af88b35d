"""Infers the period and currency of the amounts of contracts from their names and values."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from cs_helpers.sources.inspect.column_lines import mapping_line, misfit_reason, yaml_scalar
from cs_helpers.sources.inspect.inspection import CandidateColumn, one_line
from cs_helpers.sources.inspect.matching import Fit, Match
from cs_helpers.sources.inspect.names import POSSIBLE, name_list, normalize_name
from cs_helpers.sources.inspect.synonyms import INTERVAL_MONTHS, INTERVAL_NAMES, PERIOD_WORDS
from cs_helpers.sources.inspect.value_forms import currency_of, number_examples
from cs_helpers.sources.sql_quoting import quote_identifier, sql_text

_MONTHLY_WORDS = ("month", "monthly", "月額", "月次", "月間")
_NOT_AMOUNTS = re.compile(
    r"seat|user|licen|count|qty|quantity|hour|day|discount|percent|pct|人数|席|回|日|件|率|割引"
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")


def add_amount_mapping(fit: Fit) -> Fit:
    """Add the mappings of `mrr` and `currency` to the contracts, and questions about the amount's period."""
    match = fit.matches.get("mrr") or _amount_of_other_period(fit)
    if match is None:
        return fit
    questions, name = list(fit.questions.get("mrr", ())), one_line(match.source.name)
    period = amount_period(match.source.name)
    if period is not None:
        questions.append(
            f"'{name}' is the amount for a {period} by its name: then write"
            f" customers: {{ amount_per: {period} }} in the product file"
        )
    elif by_interval := _per_month(fit, match):
        match = by_interval
    amounts = [text for text in match.source.cells if any(c.isdigit() for c in text)]
    zero_count = sum(not any(c.isdigit() and c != "0" for c in text) for text in amounts)
    if 0 < zero_count < len(amounts):
        questions.append(
            f"0 in {zero_count:,} of {len(amounts):,} rows looked at: write customers: {{ zero_mrr: customer }}"
            " or { zero_mrr: not_customer } in the product file"
        )
    fit = replace(fit, matches=fit.matches | {"mrr": match})
    if questions:
        fit = replace(fit, questions=fit.questions | {"mrr": tuple(questions)})
    signs = {currency_of(form) for form in number_examples(match.source.values) or ()} - {""}
    if "currency" not in fit.matches and len(signs) == 1:
        fit = replace(
            fit,
            constants=fit.constants | {"currency": next(iter(signs))},
            questions=fit.questions | {"currency": (f"by how '{name}' is written",)},
        )
    return fit


def _per_month(fit: Fit, match: Match) -> Match | None:
    """The amount per month, by a column with its payment interval; `None` without such a column."""
    used = {one.source.name for one in fit.matches.values()}
    interval_columns = [
        c
        for c in fit.candidate.columns
        if normalize_name(c.name) in name_list(INTERVAL_NAMES) and c.name not in used
    ]
    # an amount that is monthly by its name is left as it is
    if not interval_columns or match.certainty > POSSIBLE or match.mapping != yaml_scalar(match.source.name):
        return None
    months = {
        value: next(
            (n for n, words in INTERVAL_MONTHS.items() if normalize_name(value) in name_list(words)), None
        )
        for value in interval_columns[0].values
    }
    if not months or None in months.values() or set(months.values()) == {1}:
        return None
    amount, interval = (quote_identifier(c.name) for c in (match.source, interval_columns[0]))
    cases = " ".join(f"when {sql_text(value)} then {n}" for value, n in months.items())
    check = f"'{one_line(match.source.name)}' is brought to a month by '{one_line(interval_columns[0].name)}'; look whether it is for one unit"
    return replace(
        match, mapping=f"{{ sql: {yaml_scalar(f'{amount} / case {interval} {cases} end')} }}", check=check
    )


def amount_period(name: str) -> str | None:
    """`year`, `quarter` or `term`, by the name of an amount; `None` where it names none of them."""
    parts = _WORD.findall(unicodedata.normalize("NFKC", name))
    name_words = {part.lower() for part in parts}
    if any(_contains_word(name_words, word) for word in _MONTHLY_WORDS):
        return None
    return next(
        (
            p
            for p, words in PERIOD_WORDS.items()
            if any(_contains_word(name_words, w.strip()) for w in words.split(","))
        ),
        None,
    )


def _contains_word(parts: set[str], word: str) -> bool:
    """Whether a word is among the words of a name; a Japanese word may be a part of one, as there are no spaces."""
    return word in parts if word.isascii() else any(word in part for part in parts)


def _amount_of_other_period(fit: Fit) -> Match | None:
    """The match of an amount for another period than a month; `None` without one."""
    used = {match.source.name for match in fit.matches.values()}
    candidates = [c for c in fit.candidate.columns if c.name not in used and _is_amount(fit, c)]
    order = list(PERIOD_WORDS)
    candidates.sort(key=lambda c: order.index(str(amount_period(c.name))))
    if not candidates:
        return None
    line = mapping_line(fit.table, "mrr", candidates[0], in_file=fit.candidate.file is not None)
    return Match(candidates[0], 2.0, line.mapping, line.check, line.needed)


def _is_amount(fit: Fit, column: CandidateColumn) -> bool:
    return (
        amount_period(column.name) is not None
        and not _NOT_AMOUNTS.search(column.name.lower())
        and bool(column.values)
        and not misfit_reason(fit.table, "mrr", column)
    )
