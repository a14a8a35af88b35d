"""Matches candidate tables and their columns with those of the contract, by names and values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cs_helpers.contract.schema import Table
from cs_helpers.contract.tables import TABLES
from cs_helpers.sources.inspect.column_lines import (
    column_date_formats,
    holds_industries,
    mapping_line,
    misfit_reason,
    yaml_scalar,
)
from cs_helpers.sources.inspect.inspection import CandidateColumn, CandidateTable
from cs_helpers.sources.inspect.names import POSSIBLE, match_name, name_list, normalize_name
from cs_helpers.sources.inspect.synonyms import (
    CHURN_NOTICE_DATES,
    DEFAULT_VALUES,
    IDENTIFYING,
    IMPLIED_VALUES,
    POSSIBLE_NAMES,
)

#: a name with a higher certainty leaves no doubt
CERTAIN = 1.55
#: tables that a candidate may be nearest to; exports rarely contain the others by chance
_FALLBACK_TABLES = ("accounts", "contracts", "usage", "milestones", "touches", "tickets", "surveys")


@dataclass(frozen=True)
class Match:
    """A source column for a column of the contract.

    certainty: see `names.match_name`. mapping: in YAML; empty where a person has to complete it, as `needed` says.
    check: what to verify. suggestion: a mapping to write as a comment.
    """

    source: CandidateColumn
    certainty: float
    mapping: str
    check: str = ""
    needed: str = ""
    suggestion: str = ""


@dataclass(frozen=True)
class Fit:
    """A table of the contract and a candidate table for it.

    rejections: column -> why a source column of that name does not fit. constants: column -> its value for all rows.
    evidence: column -> what in the data decides its mapping. questions: column -> what a person has to decide.
    query: the lines of the SQL that joins rows with their accounts; account_source: the column that these come from.
    normalize: the forms in which its keys match those of the accounts. sizes: its own size classes, smallest first.
    nearest: whether columns that identify the table are missing, so that this is only the nearest one.
    """

    table: Table
    candidate: CandidateTable
    matches: dict[str, Match]
    rejections: dict[str, str]
    constants: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)
    questions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    query: tuple[str, ...] = ()
    account_source: tuple[CandidateTable, CandidateColumn] | None = None
    normalize: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    nearest: bool = False

    @property
    def is_identified(self) -> bool:
        """Whether the candidate has the columns that identify the table."""
        return any(
            all(map(self._has_column, columns.split()))
            for columns in IDENTIFYING[self.table.name][0].split("|")
        )

    @property
    def score(self) -> float:
        """How well the candidate fits; higher is better."""
        _, _, column_pattern = IDENTIFYING[self.table.name]
        required = self.table.required_columns()
        score = sum(match.certainty * (2 if c in required else 1) for c, match in self.matches.items())
        names = " ".join(column.name for column in self.candidate.columns)
        score += 2 * self._named_like_table + 2 * bool(re.search(column_pattern, names, re.IGNORECASE))
        # one customer with its name per row: a list of customers
        if self.table.name == "accounts" and {"account_id", "name"} <= set(self.matches):
            certainty = self.matches["account_id"].certainty
            score += 5 if certainty > CERTAIN else 3 if certainty >= 1.4 else 0
        return score

    @property
    def are_churn_notices(self) -> bool:
        """Whether each row is a customer's notice of cancellation."""
        date_match = self.matches.get("occurred_at")
        return (
            self.table.name == "touches"
            and "kind" not in self.matches
            and date_match is not None
            and normalize_name(date_match.source.name) in name_list(CHURN_NOTICE_DATES)
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """The required columns without a source column or constant."""
        provided = {*self.matches, *self.constants, *(("kind",) if self.are_churn_notices else ())}
        provided |= {"account_id"} if self.query else set()
        return tuple(column for column in self.table.required_columns() if column not in provided)

    @property
    def _named_like_table(self) -> bool:
        return any(word in self.candidate.name.lower() for word in IDENTIFYING[self.table.name][1].split())

    def _has_column(self, requirement: str) -> bool:
        column = requirement.rstrip("!")
        if column in self.constants or (column == "kind" and self.are_churn_notices):
            return True
        match = self.matches.get(column)
        is_certain = match is not None and (
            match.certainty > CERTAIN or (match.certainty >= 1.4 and self._named_like_table)
        )
        return match is not None and (is_certain or not requirement.endswith("!"))


# --- which table -------------------------------------------------------------------------------


def choose_tables(candidates: Sequence[CandidateTable]) -> dict[str, Fit]:
    """Table -> its best fit. A candidate serves one table; only a list of paying customers is accounts and contracts.

    A candidate that no table is identified by becomes the nearest table that is still free.
    """
    fits = [fit for candidate in candidates if not candidate.problem for fit in _possible_fits(candidate)]
    identified = [fit for fit in fits if fit.is_identified]
    chosen: dict[str, Fit] = {}
    for fit in sorted(identified, key=_priority, reverse=True):
        name, other_tables = fit.table.name, {n for n, f in chosen.items() if f.candidate is fit.candidate}
        if name not in chosen and (not other_tables or {*other_tables, name} == {"accounts", "contracts"}):
            chosen[name] = fit
    for candidate in candidates:
        if candidate.problem or any(fit.candidate is candidate for fit in identified):
            continue
        if (nearest := _nearest_fit(candidate, chosen)) is not None:
            chosen[nearest.table.name] = nearest
    return {name: chosen[name] for name in TABLES if name in chosen}


def _possible_fits(candidate: CandidateTable) -> list[Fit]:
    """The fits of a candidate to each table, without accounts where it is contracts with a separate account column."""
    fits = {name: fit_table(table, candidate) for name, table in TABLES.items()}
    as_accounts, as_contracts = (fits[name].matches.get("account_id") for name in ("accounts", "contracts"))
    if (
        fits["contracts"].is_identified
        and as_accounts
        and as_contracts
        and as_accounts.source is not as_contracts.source
    ):
        del fits["accounts"]
    return list(fits.values())


def same_columned(fit: Fit, candidates: Sequence[CandidateTable]) -> list[CandidateTable]:
    """The other candidates with the same columns: it is unknown which of them holds the rows."""
    own_columns = {column.name for column in fit.candidate.columns}
    return [
        other
        for other in candidates
        if other is not fit.candidate
        and not other.problem
        and {column.name for column in other.columns} == own_columns
    ]


def _priority(fit: Fit) -> tuple[bool, float, int]:
    return (not fit.candidate.hidden, fit.score, fit.candidate.rows or 0)


def _nearest_fit(candidate: CandidateTable, chosen: dict[str, Fit]) -> Fit | None:
    """The fit to the nearest of the tables that are still free; `None` where none is near."""
    fits = [
        _with_only_date(fit_table(TABLES[name], candidate)) for name in _FALLBACK_TABLES if name not in chosen
    ]
    nearest: list[tuple[float, Fit]] = []
    for fit in fits:
        identifying_columns = set(IDENTIFYING[fit.table.name][0].replace("!", "").replace("|", " ").split())
        certainties = [m.certainty for column, m in fit.matches.items() if column in identifying_columns]
        if fit.table.name == "accounts" and not {"account_id", "name"} <= set(fit.matches):
            continue
        if fit.table.time is not None and fit.table.time not in fit.matches:
            continue  # rows without a date belong to no quarter
        if fit.table.name == "contracts" and not {"started_on", "mrr"} & set(fit.matches):
            continue
        if any(certainty > 1.0 for certainty in certainties):
            nearest.append((sum(certainties) / len(identifying_columns) + fit.score / 10, fit))
    if not nearest:
        dated = next((f for f in fits if f.table.name == "touches" and "occurred_at" in f.matches), None)
        return None if dated is None else replace(dated, nearest=True)
    return replace(max(nearest, key=lambda pair: pair[0])[1], nearest=True)


def _with_only_date(fit: Fit) -> Fit:
    """A fit that takes the only unused date column, where the table's own date has no match."""
    date_column = fit.table.time or next(
        (c for c in fit.table.required_columns() if fit.table.kind(c) == "date"), None
    )
    if date_column is None or date_column in fit.matches:
        return fit
    used = {match.source.name for match in fit.matches.values()}
    date_sources = [
        column
        for column in fit.candidate.columns
        if column.name not in used
        and column.values
        and (
            column.kind in ("date", "time")
            or (column.kind == "text" and not misfit_reason(fit.table, date_column, column))
        )
    ]
    if len(date_sources) != 1:
        return fit
    line = mapping_line(fit.table, date_column, date_sources[0], in_file=fit.candidate.file is not None)
    check = line.check or "it is the only column of dates"
    return replace(
        fit,
        matches=fit.matches | {date_column: Match(date_sources[0], 1.0, line.mapping, check, line.needed)},
    )


# --- which column ------------------------------------------------------------------------------


def fit_table(table: Table, candidate: CandidateTable) -> Fit:
    """Match the columns of a candidate with those of a table."""
    pairs = [
        (certainty, check_, column, source)
        for column in table.columns
        for source in candidate.columns
        for certainty, check_ in [_match_column(table, column, source)]
        if certainty
    ]
    matches: dict[str, Match] = {}
    rejections: dict[str, str] = {}
    sizes: tuple[str, ...] = ()
    for certainty, check_, column, source in sorted(pairs, key=lambda p: -p[0]):
        if column in matches or source in [match.source for match in matches.values()]:
            continue
        # the key of the row is not the customer's, where a column with the customer's name was rejected
        if column in rejections and column in table.key and certainty <= 1.5:
            continue
        if table.name == "accounts" and column == "size" and holds_industries(source):
            continue
        if problem := misfit_reason(table, column, source):
            rejections.setdefault(column, problem)
            continue
        line = mapping_line(table, column, source, in_file=candidate.file is not None)
        sizes = line.sizes or sizes
        check = "; ".join(filter(None, (check_, line.check)))
        matches[column] = Match(source, certainty, line.mapping, check, line.needed, line.suggestion)
    return _with_implied_columns(Fit(table, candidate, matches, rejections, sizes=sizes))


def _match_column(table: Table, column: str, source: CandidateColumn) -> tuple[float, str]:
    """The certainty of a match by the column's name, or a little less by a part of it, and what to check."""
    best = match_name(table, column, source.name)
    for part in source.name_parts:
        certainty, check = match_name(table, column, part)
        if certainty - 0.02 > best[0]:
            best = (certainty - 0.02, check)
    return best


def _with_settled_date_formats(fit: Fit, matches: dict[str, Match]) -> dict[str, Match]:
    """The matches of ambiguous date columns that take the order of day and month from another column."""
    if fit.candidate.file is None:
        return {}
    settled_columns = {
        forms[0].split()[0].rstrip(","): column
        for column in fit.candidate.columns
        if column.kind == "text" and (forms := column_date_formats(column)) is not None and len(forms) == 1
    }
    settled = {}
    for name, match in matches.items():
        forms = (
            column_date_formats(match.source)
            if match.needed and fit.table.kind(name) in ("date", "time")
            else None
        )
        same_day_forms = [form for form in forms or () if form.split()[0].rstrip(",") in settled_columns]
        if len(same_day_forms) == 1:
            settled_column = settled_columns[same_day_forms[0].split()[0].rstrip(",")]
            mapping = f'{{ column: {yaml_scalar(match.source.name)}, format: "{same_day_forms[0]}" }}'
            settled[name] = replace(
                match, mapping=mapping, needed="", check=f"as '{settled_column.name}' is written"
            )
    return settled


def _with_implied_columns(fit: Fit) -> Fit:
    """A fit with implied columns: a name as key, industries in a segment column, constants for all rows."""
    matches, constants, questions = dict(fit.matches), dict(fit.constants), dict(fit.questions)
    used = [match.source for match in matches.values()]
    if fit.table.name == "accounts":
        name, considered = matches.get("name"), {*matches, *fit.rejections}
        if (
            name is not None
            and "account_id" not in considered
            and not misfit_reason(fit.table, "account_id", name.source)
        ):
            (_, check), *_ = POSSIBLE_NAMES["account_id"]
            matches["account_id"] = Match(name.source, POSSIBLE, yaml_scalar(name.source.name), check)
        segment = next((c for c in fit.candidate.columns if c not in used and holds_industries(c)), None)
        if "industry" not in matches and segment is not None and _match_column(fit.table, "size", segment)[0]:
            mapping = yaml_scalar(segment.name)
            matches["industry"] = Match(
                segment, POSSIBLE, mapping, f"'{segment.name}' holds industries, as it seems"
            )
    matches |= _with_settled_date_formats(fit, matches)
    for key, alternatives in IMPLIED_VALUES.items():
        table, column = key.split(".")
        if table != fit.table.name or column in matches or fit.are_churn_notices:
            continue
        names = [fit.candidate.name, *(c.name for c in fit.candidate.columns)]
        normalized_names = " ".join(normalize_name(name) for name in names)
        value = next(
            (
                implied_value
                for implying_words, implied_value in alternatives
                if any(word in normalized_names for word in name_list(implying_words))
            ),
            DEFAULT_VALUES.get(key),
        )
        if value is not None:
            constants[column] = value
            questions[column] = (f"no column says it: each row is taken for '{value}'",)
    return replace(fit, matches=matches, constants=constants, questions=questions)
