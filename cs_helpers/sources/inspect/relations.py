"""How tables that were found lead to each other: to the customer of a row, and to the list of customers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace

from cs_helpers.contract.tables import TABLES
from cs_helpers.sources.inspect.column_lines import said_for_name
from cs_helpers.sources.inspect.inspection import Found, FoundColumn, one_line
from cs_helpers.sources.inspect.matching import Fit, Match
from cs_helpers.sources.inspect.names import NEARLY, meaning

#: words that are no names in SQL, and may be those of columns
_RESERVED = frozenset(("all", "and", "any", "as", "asc", "both", "case", "cast", "check", "collate", "column", "constraint", "create", "default", "desc", "distinct", "do", "else", "end", "except", "false", "fetch", "for", "foreign", "from", "grant", "group", "having", "in", "initially", "intersect", "into", "lateral", "leading", "limit", "not", "null", "offset", "on", "only", "or", "order", "placing", "primary", "references", "returning", "select", "some", "table", "then", "to", "trailing", "true", "union", "unique", "user", "using", "variadic", "when", "where", "window", "with"))  # fmt: skip
#: a query that brings rows to their customers, and the column that these are from
Way = tuple[tuple[str, ...], tuple[Found, FoundColumn]]
#: of the values of a key, so many are those of another to be the same
_SAME = 0.5
_USER = "no customer stands in it: each user is taken for one"
#: what a normalisation does to a key, the likeliest first
_NORMAL: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("trim", lambda key: key.strip()),
    ("width", lambda key: unicodedata.normalize("NFKC", key)),
    ("case", str.casefold),
    ("point_zero", lambda key: re.sub(r"\.0+$", "", key)),
    ("zeros", lambda key: key.lstrip("0") or "0"),
    ("salesforce", lambda key: key[:15] if re.fullmatch(r"[A-Za-z0-9]{18}", key) else key),
)


def related(fits: dict[str, Fit], found: Sequence[Found]) -> dict[str, Fit]:
    """The fits with how their rows come to a customer: by a contract, a name or a user, or by keys that differ."""
    done = {name: _related(fit, fits, found) for name, fit in fits.items()}
    accounts = done.get("accounts")
    apart = {name: fit.normal for name, fit in done.items() if fit.normal}
    if accounts is None or not apart:
        return done
    match = accounts.matches["account_id"]
    words = dict.fromkeys(word for said in apart.values() for word in said)
    ask = (
        f"{', '.join(apart)} write customers otherwise: to join them write"
        f" {_inside(match.said)}, normalize: [{', '.join(words)}] }} here, too"
    )
    asks = accounts.asks | {"account_id": (*accounts.asks.get("account_id", ()), ask)}
    return done | {"accounts": replace(accounts, asks=asks)}


def _related(fit: Fit, fits: dict[str, Fit], found: Sequence[Found]) -> Fit:
    accounts, contracts = fits.get("accounts"), fits.get("contracts")
    if fit is accounts or "account_id" not in fit.table.columns:
        return fit
    match = fit.matches.get("account_id")
    if match is None or (accounts is not None and match.quality <= NEARLY):
        ways = (_by_contract(fit, contracts), _by_name(fit, accounts, match), _by_user(fit, found, accounts))
        for way in filter(None, ways):
            rest = {column: m for column, m in fit.matches.items() if column != "account_id"}
            return replace(fit, matches=rest, query=way[0], whose=way[1])
    user = fit.matches.get("user_id")
    if match is None and user is not None and accounts is None and fit.table.name in ("usage", "milestones"):
        mine = Match(user.source, NEARLY, said_for_name(user.source.name), _USER)
        return replace(fit, matches=fit.matches | {"account_id": mine})
    if match is None or accounts is None or "account_id" not in accounts.matches:
        return fit
    return _compared(fit, match, accounts.matches["account_id"])


# --- rows that do not know their customer ------------------------------------------------------


def _by_contract(fit: Fit, contracts: Fit | None) -> Way | None:
    """The query, over files, that brings rows that know only their contract to the customer of it."""
    if contracts is None or fit is contracts or "account_id" in fit.matches:
        return None
    mine, key = fit.matches.get("contract_id"), contracts.matches.get("contract_id")
    account = contracts.matches.get("account_id")
    if mine is None or key is None or account is None:
        return None
    return _joined(
        fit.found, mine.source, contracts.found, key.source, account.source,
        "its rows know their contract, not their customer: the contracts know it",
    )  # fmt: skip


def _by_name(fit: Fit, accounts: Fit | None, match: Match | None) -> Way | None:
    """The query for rows that know their customer by the name, where the list of customers knows its number."""
    if accounts is None or match is None:
        return None
    name, key = accounts.matches.get("name"), accounts.matches.get("account_id")
    if name is None or key is None or name.source.name == key.source.name:
        return None
    mine = set(match.source.seen)
    if len(mine & set(name.source.seen)) < _SAME * len(mine) or mine & set(key.source.seen):
        return None
    return _joined(
        fit.found, match.source, accounts.found, name.source, key.source,
        "its rows know their customer by the name: the list of customers knows the number",
    )  # fmt: skip


def _by_user(fit: Fit, found: Sequence[Found], accounts: Fit | None) -> Way | None:
    """The query for rows that know only their user, where another table knows whose users they are."""
    user = fit.matches.get("user_id")
    if user is None or "account_id" in fit.matches:
        return None
    for other in found:
        if other is fit.found or other.problem or (accounts is not None and other is accounts.found):
            continue
        users = _first(other, "usage", "user_id", also="id")
        whose = _first(other, "usage", "account_id")
        if users is None or whose is None or users is whose or users.distinct < 1.0:
            continue
        if len(set(user.source.seen) & set(users.seen)) >= _SAME * len(set(user.source.seen)):
            why = f"its rows know their user: '{one_line(other.name)}' knows whose users they are"
            return _joined(fit.found, user.source, other, users, whose, why)
    return None


def _first(found: Found, table: str, column: str, also: str = "") -> FoundColumn | None:
    """The column of something that is surest to be one of the contract."""
    sure = [(meaning(TABLES[table], column, c.name)[0], c) for c in found.columns]
    best = max(sure, key=lambda pair: pair[0], default=(0.0, None))
    if best[0] > 1.0:
        return best[1]
    return next((c for c in found.columns if also and c.name.lower() == also), None)


def _joined(
    rows: Found, mine: FoundColumn, other: Found, key: FoundColumn, account: FoundColumn, why: str
) -> Way | None:
    if rows.file is None or other.file is None:
        return None
    left, right = f"t.{identifier(mine.name)}", f"c.{identifier(key.name)}"
    if mine.kind != key.kind:  # 7 and '7' are one key
        left, right = f"cast({left} as varchar)", f"cast({right} as varchar)"
    query = (
        f"    sql: | # {why}",
        f"      select t.*, c.{identifier(account.name)} as account_id",
        f"      from {identifier(rows.name)} t left join {identifier(other.name)} c",
        f"      on {left} = {right}",
    )
    return query, (other, account)


# --- keys that differ --------------------------------------------------------------------------


def _compared(fit: Fit, match: Match, key: Match) -> Fit:
    """A fit, with what to write where its keys are those of the customers in another form; a name that is one is sure."""
    mine, theirs = set(match.source.seen), set(key.source.seen)
    if not mine or not theirs or not match.said or not key.said:
        return fit
    apart = mine - theirs
    if not apart and not match.source.padded:
        check = "" if match.quality <= NEARLY else match.check
        return replace(fit, matches=fit.matches | {"account_id": replace(match, check=check)})
    done: list[str] = []
    form: Callable[[str], str] = str
    padded = match.source.padded or key.source.padded
    for word, normal in _NORMAL:
        before = {form(one): one for one in theirs}
        after = {normal(form(one)): one for one in theirs}
        more = sum(normal(form(one)) in after for one in apart) > sum(form(one) in before for one in apart)
        if more or (word == "trim" and padded):
            done.append(word)
            form = _then(form, normal)
    if not done:
        return fit
    there = {form(one): one for one in theirs}
    pair = next(((one, there[form(one)]) for one in sorted(apart) if form(one) in there), None)
    forms = (
        f"'{pair[0]}' here is '{pair[1]}' there" if pair else f"'{one_line(padded)}' has a blank around it"
    )
    check = (
        f"{len(apart):,} of {len(mine):,} customers are not in accounts as they are written: {forms}; to join them write"
        f" {_inside(match.said)}, normalize: [{', '.join(done)}] }} here and in accounts"
    )
    return replace(fit, matches=fit.matches | {"account_id": replace(match, check=check)}, normal=tuple(done))


def _then(first: Callable[[str], str], second: Callable[[str], str]) -> Callable[[str], str]:
    return lambda key: second(first(key))


def _inside(said: str) -> str:
    """A mapping in YAML up to its closing brace."""
    return said.removesuffix(" }") if said.startswith("{ ") else f"{{ column: {said}"


# --- the list of customers ---------------------------------------------------------------------


def accounts_query(fits: dict[str, Fit]) -> tuple[tuple[str, ...], Found | None]:
    """The SQL of a list of customers, where there is none: those of the tables that know theirs; none without one.

    With it what its first customers are from, which tells where it runs.
    """
    parts = [
        (f.found, f.matches["account_id"].source, _name(f))
        for name, f in sorted(fits.items(), key=lambda pair: pair[0] != "contracts")
        if "account_id" in f.matches and f.matches["account_id"].said
    ]
    parts += [(*f.whose, None) for f in fits.values() if f.whose is not None]
    # a query runs in one place: over files, or in the database of the first
    parts = [p for p in parts if (p[0].file is None) == (parts[0][0].file is None)]
    parts = [p for p in parts if p[0].file is not None or p[0].path == parts[0][0].path]
    parts = [p for i, p in enumerate(parts) if p[:2] not in [other[:2] for other in parts[:i]]]
    if not parts:
        return (), None
    if len(parts) == 1:
        found, account, name = parts[0]
        mine, of = identifier(account.name), identifier(found.name)
        if name is None or name is account:
            named = f", {mine} as name" if name is account else ""
            return (f"select distinct {mine} as account_id{named} from {of} where {mine} is not null",), found
        return (
            f"select {mine} as account_id, min({identifier(name.name)}) as name from {of}",
            f"where {mine} is not null group by {mine}",
        ), found
    lines: list[str] = []
    for i, (found, account, name) in enumerate(parts):
        named = "null" if name is None else identifier(name.name)
        begin = "  " if i == 0 else "  union all "
        lines.append(
            f"{begin}select cast({identifier(account.name)} as varchar) as account_id, cast({named} as varchar) as name"
            f" from {identifier(found.name)}"
        )
    begin, end = (
        "select account_id, min(name) as name from (",
        ") where account_id is not null group by account_id",
    )
    return (begin, *lines, end), parts[0][0]


def _name(fit: Fit) -> FoundColumn | None:
    """The column of a table that names its customers."""
    account = fit.matches["account_id"].source
    if fit.matches["account_id"].quality <= NEARLY:  # its name stands for it, but for that of a user
        return account if fit.table.name != "usage" else None
    sure = [
        (meaning(TABLES["accounts"], "name", c.name)[0], c) for c in fit.found.columns if c is not account
    ]
    used = {m.source.name for column, m in fit.matches.items() if column != "account_id"}
    best = max((s for s in sure if s[0] > 1.5 and s[1].name not in used), key=lambda s: s[0], default=None)
    return None if best is None else best[1]


def identifier(name: str) -> str:
    """A name in SQL."""
    plain = re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name not in _RESERVED
    return name if plain else '"' + name.replace('"', '""') + '"'
