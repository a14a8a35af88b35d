"""A sources file to start from, for what `inspect` found.

Columns are matched by their names and by what they hold. What cannot be known is left for a person to fill in, and
nothing is guessed in silence: a line that ends with `# needed: ...` is refused as it stands, one that ends with
`# check: ...` runs, and says what it rests on. A line that begins with `#` and ends so may be made one of the file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from cs_helpers import paths
from cs_helpers.contract.schema import Table
from cs_helpers.contract.tables import TABLES
from cs_helpers.sources.inspect.amounts import with_amounts
from cs_helpers.sources.inspect.column_lines import LISTED, allowed_values, in_yaml
from cs_helpers.sources.inspect.ends import with_ends
from cs_helpers.sources.inspect.inspection import Found, FoundColumn, inspect, one_line, without_password
from cs_helpers.sources.inspect.matching import Fit, alternatives, chosen_tables, fit
from cs_helpers.sources.inspect.names import plain, words
from cs_helpers.sources.inspect.relations import accounts_query, identifier, related
from cs_helpers.sources.inspect.synonyms import OTHERWISE
from cs_helpers.sources.inspect.value_words import STATES
from cs_helpers.sources.mapping import FileSource

__all__ = ["Found", "FoundColumn", "inspect", "propose", "without_password"]

#: a time that says from where it is, or is one of the whole world
_MOMENT = re.compile(r"\d{1,2}:\d{2}.*(Z|[+-]\d{2}:?\d{2}| UTC)$")
_ZONE = re.compile(r"[(\[](UTC|GMT|[A-Z][a-z]+/[A-Z]\w+)[)\]]")


def propose(found: Sequence[Found], beside: Path | None = None) -> str:
    """A sources file for what was found, in YAML, that is to lie in the folder `beside`.

    `beside` is the workbook's `data` where none is named. Each table of the contract gets the best
    fitting of `found`, or none; what is none for sure, the nearest. A needed column that nothing fits stands without
    a value, so that `load_sources` refuses the file by the column's name until a person has filled it in.
    """
    beside = (beside or paths.home() / "data").resolve()
    fits = chosen_tables(found)
    if contracts := fits.get("contracts"):
        fits["contracts"] = with_amounts(with_ends(contracts))
    fits = related(fits, found)
    used = [one for one in found if _is_used(one, fits)]
    files = [one for one in (used or found) if one.file is not None and not one.problem]
    databases = _databases(used)
    tables = [line for name in TABLES for line in _proposed(name, fits, found, databases)]
    head = [
        "# A sources file to start from. A line that ends with 'needed' is yours to fill in; one with 'check' runs as it",
        "# stands, also where it is a comment: look whether it says what you mean.",
        *(f"#   {line}" for one in found for line in _told(one, fits)),
        *_left_to_do(tables),
        "",
    ]
    lines = [*head, *_where(files, [one for one in found if one not in files], beside)]
    if databases:
        lines.append("databases:")
        for path, name in databases.items():
            lines.append(f"  {name}: {in_yaml(path if '://' in path else _relative(Path(path), beside))}")
    lines += [*_top(fits), "", "tables:", *tables]
    return "\n".join(lines).rstrip() + "\n"


# --- the head ----------------------------------------------------------------------------------


def _is_used(one: Found, fits: dict[str, Fit]) -> bool:
    return any(f.found is one or (f.whose is not None and f.whose[0] is one) for f in fits.values())


def _told(one: Found, fits: dict[str, Fit]) -> Iterator[str]:
    """What is said of something that was found: which table it is, or why none."""
    rows = "" if one.rows is None else f" ({one.rows:,} rows)"
    begin = f"{one_line(one.name)}{rows}{', on a hidden sheet' if one.hidden else ''}: "
    mine = [f for f in fits.values() if f.found is one]
    if one.problem or mine:
        yield begin + (one_line(one.problem) or ", ".join(_short(f) for f in mine))
    elif _is_used(one, fits):
        yield f"{begin}no table of its own; it tells whose the rows of another are"
    else:
        same = next((f for f in fits.values() if one in alternatives(f, [one])), None)
        like = [fit(table, one) for table in TABLES.values()]
        best = max(
            (f for f in like if f.telling and f.table.name in fits), key=lambda f: f.score, default=None
        )
        if same is not None:
            yield f"{begin}no table; it has the same columns as '{one_line(same.found.name)}' ({same.table.name})"
        elif best is not None:
            other = one_line(fits[best.table.name].found.name)
            yield f"{begin}no table; it could be {best.table.name}, which '{other}' fits better"
        else:
            yield f"{begin}no table"
    for f in mine:
        if f.table.name in OTHERWISE and _otherwise(f):
            yield f"  {f.table.name}: {OTHERWISE[f.table.name]}"


def _otherwise(fit_: Fit) -> bool:
    """Whether what was found can as well be another table."""
    name, account = fit_.table.name, fit_.matches.get("account_id")
    by_case = account is not None and "case" in account.check
    return (
        by_case
        if name == "milestones"
        else "kind" in fit_.constants or (name == "surveys" and "nps" not in fit_.matches)
    )


def _short(fit_: Fit) -> str:
    missing = ", ".join(column for column in fit_.missing if column not in ("product", "currency"))
    if not fit_.near and not missing:
        return fit_.table.name
    return f"{fit_.table.name}{', the nearest table' if fit_.near else ''}" + (
        f"; missing: {missing}" if missing else ""
    )


def _left_to_do(tables: Sequence[str]) -> list[str]:
    """What a person has to fill in and to look at, in one line each."""
    marked: dict[str, list[str]] = {"needed": [], "check": []}
    table = ""
    for line in tables:
        if opened := re.match(r"  (\w+):", line):
            table = opened[1]
        if found := re.match(r" +(?:# )?(\w+):.* # (needed|check): ", line):
            marked[found[2]].append(table if line.startswith(f"  {table}:") else f"{table}.{found[1]}")
    said = (("Still needed", marked["needed"]), ("To check", marked["check"]))
    return [f"# {what}: {', '.join(dict.fromkeys(names))}" for what, names in said if names]


def _top(fits: dict[str, Fit]) -> Iterator[str]:
    """What holds for all tables: the last day, the zone in which days are counted, own classes of size."""
    yield "# as_of: YYYY-MM-DD # check: the last day that the data know; without this line it is the latest dated row"
    moments = [
        f"{f.table.name}.{column} ('{one_line(match.source.name)}')"
        for f in fits.values()
        for column, match in f.matches.items()
        if f.table.kind(column) in ("date", "time") and _is_moment(match.source, match.said)
    ]
    if moments:
        yield (
            "# timezone: Asia/Tokyo # check: say in which zone days are counted, for these are moments:"
            f" {', '.join(moments)}"
        )
    for f in fits.values():
        if f.sizes:
            yield f"sizes: [{', '.join(in_yaml(size) for size in f.sizes)}] # check: own classes, smallest first"


def _is_moment(column: FoundColumn, said: str) -> bool:
    zoned = "TIME ZONE" in column.type.upper() or "epoch" in said or _ZONE.search(column.name) is not None
    return zoned or any(_MOMENT.search(value) for value in column.seen[:LISTED])


# --- a table -----------------------------------------------------------------------------------


def _proposed(
    name: str, fits: dict[str, Fit], found: Sequence[Found], databases: dict[str, str]
) -> list[str]:
    if name in fits:
        return [*_table(fits[name], found, databases), ""]
    if name == "accounts":
        return [*_customers(fits, databases), ""]
    if TABLES[name].required:
        meaning = TABLES[name].meaning["en"]
        return [f"  # needed: the table {name}. {meaning} Nothing that was found fits.", ""]
    return []


def _table(fit_: Fit, found: Sequence[Found], databases: dict[str, str]) -> list[str]:
    """What the sources file says of a table, line by line."""
    table = fit_.table
    lines = [f"  {table.name}: # {table.meaning['en']}", *_database(fit_.found, databases)]
    lines += fit_.query or [_from(fit_, found)]
    lines += [*_filter(fit_), *_zone(fit_), "    columns:"]
    for column in table.columns:
        lines += _column(fit_, column)
    used = {match.source.name for match in fit_.matches.values()}
    rest = [one_line(c.name) for c in fit_.found.columns if c.name not in used]
    return [*lines, *([f"    # not used: {', '.join(rest)}"] if rest else [])]


def _from(fit_: Fit, found: Sequence[Found]) -> str:
    """Where the rows of a table are; what has the same columns is asked about."""
    name, same = in_yaml(fit_.found.name), alternatives(fit_, found)
    shown = [one for one in same if not one.hidden]
    if shown and not fit_.found.hidden:
        several = ", ".join(f"'{one_line(one.name)}'" for one in (fit_.found, *shown))
        union = " union all by name ".join(
            f"select * from {identifier(one.name)}" for one in (fit_.found, *shown)
        )
        said = f"{several} have the same columns: say which holds the rows, from: {name}, or all of them, sql: {union}"
        return f"    from: # needed: {said}"
    if same:
        others = ", ".join(f"'{one_line(one.name)}'" for one in same)
        return f"    from: {name} # check: {others}, on a hidden sheet, has the same columns"
    return f"    from: {name}"


def _filter(fit_: Fit) -> Iterator[str]:
    """Which rows count is never guessed: what a column of states holds is shown."""
    if fit_.table.name not in ("accounts", "contracts"):
        return
    for column in fit_.found.columns:
        match = next((m for m in fit_.matches.values() if m.source is column), None)
        if plain(column.name) not in words(STATES) or (match is not None and match.said):
            continue
        if 1 < len(column.seen) <= LISTED:
            where = in_yaml(
                f"{identifier(column.name)} in ('{column.seen[0].replace(chr(39), chr(39) * 2)}')"
            )
            held = ", ".join(f"'{one_line(value)}'" for value in column.seen)
            yield (
                f"    # where: {where} # check: '{one_line(column.name)}' holds {held}; where not all of these are"
                f" {fit_.table.name}, say which"
            )
            return


def _zone(fit_: Fit) -> Iterator[str]:
    times = [m.source.name for c, m in fit_.matches.items() if fit_.table.kind(c) in ("date", "time")]
    zones = {zone[1] for name in times for zone in [_ZONE.search(name)] if zone}
    if times and len(zones) == 1 and all(_ZONE.search(name) for name in times):
        yield f"    timezone: {next(iter(zones))} # the names of its times say so"


def _column(fit_: Fit, column: str) -> Iterator[str]:
    """The lines of a column: what shows how it is meant, then its mapping with its mark."""
    table, match = fit_.table, fit_.matches.get(column)
    said = [fit_.evidence.get(column, "")]
    if match is None or not match.said:
        said.append(fit_.notes.get(column, "").removeprefix(f"{column}: "))
    yield from (f"      # {column}: {line}" for line in said if line)
    asks = [*([match.check] if match else []), *fit_.asks.get(column, ())]
    check = "; ".join(filter(None, asks))
    mark = f" # check: {check}" if check else ""
    if match is not None and match.needed:
        yield f"      {column}: {{ column: }} # needed: {'; '.join(filter(None, (match.needed, check)))}"
    elif match is not None and match.said:
        yield f"      {column}: {match.said}{mark}"
    elif match is not None and match.offered and column not in table.required_columns():
        yield f"      # {column}: {match.offered}{mark}"
    elif fit_.query and column == "account_id":
        yield "      account_id: account_id # of the query"
    elif column in fit_.constants:
        yield f"      {column}: {{ constant: {fit_.constants[column]} }}{mark}"
    elif column == "kind" and fit_.notices:
        yield "      kind: { constant: churn_notice } # each row is a customer who gave notice"
    elif column in table.required_columns():
        yield f"      {column}: {_needed(table, column, check or (match.check if match else ''))}"
    elif check:
        yield f"      # {column}: {{ constant: }}{mark}"
    elif (table.name, column) == ("contracts", "ended_on"):
        yield from _without_end(fit_)


def _without_end(fit_: Fit) -> Iterator[str]:
    """What is said where no end of a contract was found: then nobody is ever lost."""
    begins = fit_.matches.get("started_on")
    form = None if begins is None else re.search(r'format: "(.+?)"', begins.said)
    if begins is None or (form is None and "format:" in begins.said):
        return
    name = identifier(begins.source.name)
    sql = f"last_day(strptime({name}, '{form[1]}'))" if form else f"last_day(cast({name} as date))"
    yield (
        f"      # ended_on: {{ sql: {in_yaml(sql)}, means: last_day }} # check: no end was found, and without one every contract"
        " runs on; so written, each is for the month in which it begins"
    )


def _needed(table: Table, column: str, check: str = "") -> str:
    """A value that is refused, by the name of the column, until a person gives one."""
    allowed = allowed_values(table, column)
    said = f"; one of {', '.join(allowed)}" if allowed else ""
    if column == "product":
        said = "; the name of a file in data/products, or a column that holds such names"
    elif (column,) == table.key and table.name != "accounts":
        said = "; where rows have none, { sql: row_number() over () }"
    source = "constant" if column in ("product", "currency") else "column"
    more = f"; {check}" if check else ""
    return f"{{ {source}: }} # needed: {table.columns[column].metadata['en']}{said}{more}"


def _customers(fits: dict[str, Fit], databases: dict[str, str]) -> list[str]:
    """The table of customers where no list of them was found: those that the other tables name."""
    lines = [f"  accounts: # {TABLES['accounts'].meaning['en']} No list was found."]
    query, found = accounts_query(fits)
    if not query or found is None:
        first = next((f.found.name for f in fits.values()), "FILE")
        return [
            *lines,
            "    sql: # needed: the list of customers, as in: select distinct COLUMN as account_id from"
            f" {identifier(first)}",
        ]
    lines += _database(found, databases)
    if len(query) == 1 and in_yaml(query[0]) == query[0]:
        lines.append(f"    sql: {query[0]} # check: the customers that the other tables name")
    else:
        lines += [
            "    sql: | # check: the customers that the other tables name",
            *(f"      {line}" for line in query),
        ]
    columns = [c for c in TABLES["accounts"].required_columns() if c not in ("account_id", "name")]
    if "name" in TABLES["accounts"].required_columns() and not any(" as name" in line for line in query):
        columns.insert(0, "name")
    return (
        lines
        + ["    columns:"] * bool(columns)
        + [f"      {c}: {_needed(TABLES['accounts'], c)}" for c in columns]
    )


# --- files and databases -----------------------------------------------------------------------


def _where(files: Sequence[Found], rest: Sequence[Found], beside: Path) -> list[str]:
    if not files:
        return []
    sources = [(one.name, one.file) for one in files if one.file is not None]
    folder = Path(os.path.commonpath([_folder(file) for _, file in sources]))
    lines = [f"folder: {in_yaml(_relative(folder.resolve(), beside))} # relative to this file", "files:"]
    lines += [f"  {in_yaml(name)}: {_file(file, folder)}" for name, file in sources]
    for one in rest:
        if one.file is not None and not one.problem:
            lines.append(f"  # {in_yaml(one.name)}: {_file(one.file, folder)} # not used")
    return lines


def _databases(used: Sequence[Found]) -> dict[str, str]:
    """Address -> name, of the databases that are used."""
    found = dict.fromkeys(one.path for one in used if one.file is None)
    return {path: "warehouse" if i == 0 else f"warehouse_{i + 1}" for i, path in enumerate(found)}


def _database(found: Found, databases: dict[str, str]) -> list[str]:
    return [f"    in: {databases[found.path]}"] if found.file is None else []


def _file(file: FileSource, folder: Path) -> str:
    """A file as the sources file says it: its path, and what it does not say of itself."""
    path = in_yaml(_relative(Path(file.path), folder))
    said = file.model_dump(exclude={"path", "options"}, exclude_defaults=True)
    more = [f"{key}: {in_yaml(value)}" for key, value in said.items()]
    return f"{{ {', '.join([f'path: {path}', *more])} }}" if more else path


def _folder(file: FileSource) -> Path:
    """The folder of a file; of a pattern, the one before its first `*`."""
    path = Path(os.path.normpath(Path(file.path).absolute()))
    return next(p for p in path.parents if not any(c in str(p) for c in "*?["))


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()
