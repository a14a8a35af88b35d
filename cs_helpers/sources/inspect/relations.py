"""Relates candidate tables to each other: the customer of each row, and the list of customers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace

from cs_helpers.contract.tables import TABLES
from cs_helpers.sources.inspect.column_lines import open_mapping, yaml_scalar
from cs_helpers.sources.inspect.inspection import CandidateColumn, CandidateTable, one_line
from cs_helpers.sources.inspect.matching import Fit, Match
from cs_helpers.sources.inspect.names import POSSIBLE, match_name
from cs_helpers.sources.sql_quoting import quote_identifier

#: reserved words of SQL that may be column names
_RESERVED_WORDS = frozenset(("all", "and", "any", "as", "asc", "both", "case", "cast", "check", "collate", "column", "constraint", "create", "default", "desc", "distinct", "do", "else", "end", "except", "false", "fetch", "for", "foreign", "from", "grant", "group", "having", "in", "initially", "intersect", "into", "lateral", "leading", "limit", "not", "null", "offset", "on", "only", "or", "order", "placing", "primary", "references", "returning", "select", "some", "table", "then", "to", "trailing", "true", "union", "unique", "user", "using", "variadic", "when", "where", "window", "with"))  # fmt: skip
#: a query that joins rows with their customers, and the column that the customers come from
AccountQuery = tuple[tuple[str, ...], tuple[CandidateTable, CandidateColumn]]
#: the least share of the values of a column that occur in another one for both to be the same key
_MIN_SHARED = 0.5
_USER_AS_ACCOUNT = "no customer stands in it: each user is taken for one"
#: normalizations of keys, the most likely first
_NORMALIZERS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("trim", lambda key: key.strip()),
    ("width", lambda key: unicodedata.normalize("NFKC", key)),
    ("case", str.casefold),
    ("point_zero", lambda key: re.sub(r"\.0+$", "", key)),
    ("zeros", lambda key: key.lstrip("0") or "0"),
    ("salesforce", lambda key: key[:15] if re.fullmatch(r"[A-Za-z0-9]{18}", key) else key),
)


def relate_tables(fits: dict[str, Fit], candidates: Sequence[CandidateTable]) -> dict[str, Fit]:
    """Add to each fit how its rows get their customer: by contract, name or user, or by keys in another form."""
    related_fits = {name: _relate_to_accounts(fit, fits, candidates) for name, fit in fits.items()}
    accounts = related_fits.get("accounts")
    normalized_fits = {name: fit.normalize for name, fit in related_fits.items() if fit.normalize}
    if accounts is None or not normalized_fits:
        return related_fits
    match = accounts.matches["account_id"]
    forms = dict.fromkeys(form for of_table in normalized_fits.values() for form in of_table)
    question = (
        f"{', '.join(normalized_fits)} write customers otherwise: to join them write"
        f" {open_mapping(match.mapping)}, normalize: [{', '.join(forms)}] }} here, too"
    )
    questions = accounts.questions | {"account_id": (*accounts.questions.get("account_id", ()), question)}
    return related_fits | {"accounts": replace(accounts, questions=questions)}


def _relate_to_accounts(fit: Fit, fits: dict[str, Fit], candidates: Sequence[CandidateTable]) -> Fit:
    accounts, contracts = fits.get("accounts"), fits.get("contracts")
    if fit is accounts or "account_id" not in fit.table.columns:
        return fit
    match = fit.matches.get("account_id")
    if match is None or (accounts is not None and match.certainty <= POSSIBLE):
        queries = (
            _query_by_contract(fit, contracts),
            _query_by_name(fit, accounts, match),
            _query_by_user(fit, candidates, accounts),
        )
        for query in filter(None, queries):
            other_matches = {column: m for column, m in fit.matches.items() if column != "account_id"}
            return replace(fit, matches=other_matches, query=query[0], account_source=query[1])
    user = fit.matches.get("user_id")
    if match is None and user is not None and accounts is None and fit.table.name in ("usage", "milestones"):
        user_match = Match(user.source, POSSIBLE, yaml_scalar(user.source.name), _USER_AS_ACCOUNT)
        return replace(fit, matches=fit.matches | {"account_id": user_match})
    if match is None or accounts is None or "account_id" not in accounts.matches:
        return fit
    return _compare_keys(fit, match, accounts.matches["account_id"])


# --- rows without a key of their customer ------------------------------------------------------


def _query_by_contract(fit: Fit, contracts: Fit | None) -> AccountQuery | None:
    """The query over files for rows that have only a contract; `None` where it cannot be joined."""
    if contracts is None or fit is contracts or "account_id" in fit.matches:
        return None
    contract_match, contract_key = fit.matches.get("contract_id"), contracts.matches.get("contract_id")
    account = contracts.matches.get("account_id")
    if contract_match is None or contract_key is None or account is None:
        return None
    return _join_query(
        fit.candidate, contract_match.source, contracts.candidate, contract_key.source, account.source,
        "its rows know their contract, not their customer: the contracts know it",
    )  # fmt: skip


def _query_by_name(fit: Fit, accounts: Fit | None, match: Match | None) -> AccountQuery | None:
    """The query for rows that have the name of a customer instead of its key; `None` where names do not match."""
    if accounts is None or match is None:
        return None
    name, key = accounts.matches.get("name"), accounts.matches.get("account_id")
    if name is None or key is None or name.source.name == key.source.name:
        return None
    account_names = set(match.source.values)
    if len(account_names & set(name.source.values)) < _MIN_SHARED * len(account_names) or account_names & set(
        key.source.values
    ):
        return None
    return _join_query(
        fit.candidate, match.source, accounts.candidate, name.source, key.source,
        "its rows know their customer by the name: the list of customers knows the number",
    )  # fmt: skip


def _query_by_user(
    fit: Fit, candidates: Sequence[CandidateTable], accounts: Fit | None
) -> AccountQuery | None:
    """The query for rows that have only a user, where another table has the customers of users; else `None`."""
    user = fit.matches.get("user_id")
    if user is None or "account_id" in fit.matches:
        return None
    for other in candidates:
        if other is fit.candidate or other.problem or (accounts is not None and other is accounts.candidate):
            continue
        user_column = _best_column(other, "usage", "user_id", fallback_name="id")
        account_column = _best_column(other, "usage", "account_id")
        if (
            user_column is None
            or account_column is None
            or user_column is account_column
            or user_column.distinct_share < 1.0
        ):
            continue
        if len(set(user.source.values) & set(user_column.values)) >= _MIN_SHARED * len(
            set(user.source.values)
        ):
            comment = f"its rows know their user: '{one_line(other.name)}' knows whose users they are"
            return _join_query(fit.candidate, user.source, other, user_column, account_column, comment)
    return None


def _best_column(
    candidate: CandidateTable, table: str, column: str, fallback_name: str = ""
) -> CandidateColumn | None:
    """The column of a candidate that matches a contract column with the highest certainty; `None` without one."""
    certainties = [(match_name(TABLES[table], column, c.name)[0], c) for c in candidate.columns]
    best = max(certainties, key=lambda pair: pair[0], default=(0.0, None))
    if best[0] > 1.0:
        return best[1]
    return next((c for c in candidate.columns if fallback_name and c.name.lower() == fallback_name), None)


def _join_query(
    candidate: CandidateTable,
    column: CandidateColumn,
    other: CandidateTable,
    key: CandidateColumn,
    account: CandidateColumn,
    comment: str,
) -> AccountQuery | None:
    if candidate.file is None or other.file is None:
        return None
    left, right = f"t.{sql_identifier(column.name)}", f"c.{sql_identifier(key.name)}"
    if column.kind != key.kind:  # 7 and '7' are one key
        left, right = f"cast({left} as varchar)", f"cast({right} as varchar)"
    query = (
        f"    sql: | # {comment}",
        f"      select t.*, c.{sql_identifier(account.name)} as account_id",
        f"      from {sql_identifier(candidate.name)} t left join {sql_identifier(other.name)} c",
        f"      on {left} = {right}",
    )
    return query, (other, account)


# --- keys that differ --------------------------------------------------------------------------


def _compare_keys(fit: Fit, match: Match, key: Match) -> Fit:
    """A fit with the normalization that its keys need to match those of the accounts.

    Where all keys match, a mapping by name needs no check any more.
    """
    values, key_values = set(match.source.values), set(key.source.values)
    if not values or not key_values or not match.mapping or not key.mapping:
        return fit
    unmatched = values - key_values
    if not unmatched and not match.source.padded_value:
        check = "" if match.certainty <= POSSIBLE else match.check
        return replace(fit, matches=fit.matches | {"account_id": replace(match, check=check)})
    forms: list[str] = []
    normalize: Callable[[str], str] = str
    padded_value = match.source.padded_value or key.source.padded_value
    for form_name, normalizer in _NORMALIZERS:
        matched_before = {normalize(value): value for value in key_values}
        matched_after = {normalizer(normalize(value)): value for value in key_values}
        matches_more = sum(normalizer(normalize(value)) in matched_after for value in unmatched) > sum(
            normalize(value) in matched_before for value in unmatched
        )
        if matches_more or (form_name == "trim" and padded_value):
            forms.append(form_name)
            normalize = _compose(normalize, normalizer)
    if not forms:
        return fit
    normalized_keys = {normalize(value): value for value in key_values}
    example = next(
        (
            (value, normalized_keys[normalize(value)])
            for value in sorted(unmatched)
            if normalize(value) in normalized_keys
        ),
        None,
    )
    example_text = (
        f"'{example[0]}' here is '{example[1]}' there"
        if example
        else f"'{one_line(padded_value)}' has a blank around it"
    )
    check = (
        f"{len(unmatched):,} of {len(values):,} customers are not in accounts as they are written: {example_text}; to join them write"
        f" {open_mapping(match.mapping)}, normalize: [{', '.join(forms)}] }} here and in accounts"
    )
    return replace(
        fit, matches=fit.matches | {"account_id": replace(match, check=check)}, normalize=tuple(forms)
    )


def _compose(first: Callable[[str], str], second: Callable[[str], str]) -> Callable[[str], str]:
    return lambda key: second(first(key))


# --- the list of customers ---------------------------------------------------------------------


def accounts_query(fits: dict[str, Fit]) -> tuple[tuple[str, ...], CandidateTable | None]:
    """The lines of a query for the customers in all tables, for where there is no list of them; empty without any.

    The second value is the first table of the query, which decides where it runs.
    """
    parts = [
        (f.candidate, f.matches["account_id"].source, _name_column(f))
        for name_column, f in sorted(fits.items(), key=lambda pair: pair[0] != "contracts")
        if "account_id" in f.matches and f.matches["account_id"].mapping
    ]
    parts += [(*f.account_source, None) for f in fits.values() if f.account_source is not None]
    # a query runs in one engine: that of the files, or the database of the first table
    parts = [p for p in parts if (p[0].file is None) == (parts[0][0].file is None)]
    parts = [p for p in parts if p[0].file is not None or p[0].path == parts[0][0].path]
    parts = [p for i, p in enumerate(parts) if p[:2] not in [other[:2] for other in parts[:i]]]
    if not parts:
        return (), None
    if len(parts) == 1:
        candidate, account_column, name_column = parts[0]
        account_sql, table_sql = sql_identifier(account_column.name), sql_identifier(candidate.name)
        if name_column is None or name_column is account_column:
            named = f", {account_sql} as name" if name_column is account_column else ""
            return (
                f"select distinct {account_sql} as account_id{named} from {table_sql} where {account_sql} is not null",
            ), candidate
        return (
            f"select {account_sql} as account_id, min({sql_identifier(name_column.name)}) as name from {table_sql}",
            f"where {account_sql} is not null group by {account_sql}",
        ), candidate
    lines: list[str] = []
    for i, (candidate, account_column, name_column) in enumerate(parts):
        named = "null" if name_column is None else sql_identifier(name_column.name)
        prefix = "  " if i == 0 else "  union all "
        lines.append(
            f"{prefix}select cast({sql_identifier(account_column.name)} as varchar) as account_id, cast({named} as varchar) as name"
            f" from {sql_identifier(candidate.name)}"
        )
    prefix, end = (
        "select account_id, min(name) as name from (",
        ") where account_id is not null group by account_id",
    )
    return (prefix, *lines, end), parts[0][0]


def _name_column(fit: Fit) -> CandidateColumn | None:
    """The column with the names of a table's customers; `None` without one."""
    account = fit.matches["account_id"].source
    if (
        fit.matches["account_id"].certainty <= POSSIBLE
    ):  # the name itself is the key, except in usage, where it is a user's
        return account if fit.table.name != "usage" else None
    certainties = [
        (match_name(TABLES["accounts"], "name", c.name)[0], c)
        for c in fit.candidate.columns
        if c is not account
    ]
    used = {m.source.name for column, m in fit.matches.items() if column != "account_id"}
    best = max(
        (s for s in certainties if s[0] > 1.5 and s[1].name not in used), key=lambda s: s[0], default=None
    )
    return None if best is None else best[1]


def sql_identifier(name: str) -> str:
    """A name in SQL, quoted where it has to be."""
    plain = re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name not in _RESERVED_WORDS
    return name if plain else quote_identifier(name)
