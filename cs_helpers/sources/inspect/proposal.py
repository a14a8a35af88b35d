"""Proposes a sources file for the tables that `inspect` found.

Columns are matched by name and values. What cannot be inferred is left for a person, and no guess is silent: a line
with `# needed: ...` at its end is refused until it is completed; one with `# check: ...` works, and says what it is
based on. A commented line with such an end is a suggestion.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from cs_helpers import paths
from cs_helpers.contract.schema import Table
from cs_helpers.contract.tables import TABLES
from cs_helpers.sources.inspect.amounts import add_amount_mapping
from cs_helpers.sources.inspect.column_lines import MAX_LISTED, allowed_values, yaml_scalar
from cs_helpers.sources.inspect.ends import add_end_mappings
from cs_helpers.sources.inspect.inspection import (
    CandidateColumn,
    CandidateTable,
    inspect,
    one_line,
    without_password,
)
from cs_helpers.sources.inspect.matching import Fit, choose_tables, fit_table, same_columned
from cs_helpers.sources.inspect.names import name_list, normalize_name
from cs_helpers.sources.inspect.relations import accounts_query, relate_tables, sql_identifier
from cs_helpers.sources.inspect.synonyms import ALTERNATIVE_READINGS
from cs_helpers.sources.inspect.value_words import STATE_NAMES
from cs_helpers.sources.mapping import FileSource

__all__ = ["CandidateColumn", "CandidateTable", "inspect", "propose", "without_password"]

#: a time with a UTC offset
_INSTANT = re.compile(r"\d{1,2}:\d{2}.*(Z|[+-]\d{2}:?\d{2}| UTC)$")
_ZONE = re.compile(r"[(\[](UTC|GMT|[A-Z][a-z]+/[A-Z]\w+)[)\]]")


def propose(candidates: Sequence[CandidateTable], folder: Path | None = None) -> str:
    """Propose a sources file in YAML for candidates.

    folder: where the file will be, as its paths are relative to it; default: the workbook's `data`. Each table of the
    contract gets the best fitting candidate. A required column without a match has no value, so that `load_sources`
    refuses the file and names the column until a person completes it.
    """
    folder = (folder or paths.home() / "data").resolve()
    fits = choose_tables(candidates)
    if contracts := fits.get("contracts"):
        fits["contracts"] = add_amount_mapping(add_end_mappings(contracts))
    fits = relate_tables(fits, candidates)
    used = [candidate for candidate in candidates if _is_used(candidate, fits)]
    files = [
        candidate
        for candidate in (used or candidates)
        if candidate.file is not None and not candidate.problem
    ]
    databases = _database_names(used)
    tables = [line for name in TABLES for line in _table_block(name, fits, candidates, databases)]
    head = [
        "# A sources file to start from. A line that ends with 'needed' is yours to fill in; one with 'check' runs as it",
        "# stands, also where it is a comment: look whether it says what you mean.",
        *(f"#   {line}" for candidate in candidates for line in _describe(candidate, fits)),
        *_summarize_marks(tables),
        "",
    ]
    lines = [
        *head,
        *_file_lines(files, [candidate for candidate in candidates if candidate not in files], folder),
    ]
    if databases:
        lines.append("databases:")
        for path, name in databases.items():
            lines.append(
                f"  {name}: {yaml_scalar(path if '://' in path else _relative_path(Path(path), folder))}"
            )
    lines += [*_global_lines(fits), "", "tables:", *tables]
    return "\n".join(lines).rstrip() + "\n"


# --- the head ----------------------------------------------------------------------------------


def _is_used(candidate: CandidateTable, fits: dict[str, Fit]) -> bool:
    return any(
        fit.candidate is candidate or (fit.account_source is not None and fit.account_source[0] is candidate)
        for fit in fits.values()
    )


def _describe(candidate: CandidateTable, fits: dict[str, Fit]) -> Iterator[str]:
    """Comment lines about a candidate: which table it is, or why it is none."""
    rows = "" if candidate.rows is None else f" ({candidate.rows:,} rows)"
    prefix = f"{one_line(candidate.name)}{rows}{', on a hidden sheet' if candidate.hidden else ''}: "
    own_fits = [fit for fit in fits.values() if fit.candidate is candidate]
    if candidate.problem or own_fits:
        yield prefix + (one_line(candidate.problem) or ", ".join(_short_description(fit) for fit in own_fits))
    elif _is_used(candidate, fits):
        yield f"{prefix}no table of its own; it tells whose the rows of another are"
    else:
        same_fit = next((fit for fit in fits.values() if candidate in same_columned(fit, [candidate])), None)
        possible_fits = [fit_table(table, candidate) for table in TABLES.values()]
        best = max(
            (fit for fit in possible_fits if fit.is_identified and fit.table.name in fits),
            key=lambda fit: fit.score,
            default=None,
        )
        if same_fit is not None:
            yield f"{prefix}no table; it has the same columns as '{one_line(same_fit.candidate.name)}' ({same_fit.table.name})"
        elif best is not None:
            other = one_line(fits[best.table.name].candidate.name)
            yield f"{prefix}no table; it could be {best.table.name}, which '{other}' fits better"
        else:
            yield f"{prefix}no table"
    for fit in own_fits:
        if fit.table.name in ALTERNATIVE_READINGS and _has_alternative_reading(fit):
            yield f"  {fit.table.name}: {ALTERNATIVE_READINGS[fit.table.name]}"


def _has_alternative_reading(fit: Fit) -> bool:
    """Whether the candidate fits another table as well (`ALTERNATIVE_READINGS`)."""
    name, account = fit.table.name, fit.matches.get("account_id")
    by_case = account is not None and "case" in account.check
    return (
        by_case
        if name == "milestones"
        else "kind" in fit.constants or (name == "surveys" and "nps" not in fit.matches)
    )


def _short_description(fit: Fit) -> str:
    missing = ", ".join(column for column in fit.missing if column not in ("product", "currency"))
    if not fit.nearest and not missing:
        return fit.table.name
    return f"{fit.table.name}{', the nearest table' if fit.nearest else ''}" + (
        f"; missing: {missing}" if missing else ""
    )


def _summarize_marks(tables: Sequence[str]) -> list[str]:
    """Two comment lines that list the columns to complete and to check."""
    marked: dict[str, list[str]] = {"needed": [], "check": []}
    table = ""
    for line in tables:
        if header := re.match(r"  (\w+):", line):
            table = header[1]
        if mark := re.match(r" +(?:# )?(\w+):.* # (needed|check): ", line):
            marked[mark[2]].append(table if line.startswith(f"  {table}:") else f"{table}.{mark[1]}")
    summaries = (("Still needed", marked["needed"]), ("To check", marked["check"]))
    return [f"# {what}: {', '.join(dict.fromkeys(names))}" for what, names in summaries if names]


def _global_lines(fits: dict[str, Fit]) -> Iterator[str]:
    """The settings for all tables: the last day, the time zone, the source's own size classes."""
    yield "# as_of: YYYY-MM-DD # check: the last day that the data know; without this line it is the latest dated row"
    instant_columns = [
        f"{fit.table.name}.{column} ('{one_line(match.source.name)}')"
        for fit in fits.values()
        for column, match in fit.matches.items()
        if fit.table.kind(column) in ("date", "time") and _is_instant(match.source, match.mapping)
    ]
    if instant_columns:
        yield (
            "# timezone: Asia/Tokyo # check: say in which zone days are counted, for these are moments:"
            f" {', '.join(instant_columns)}"
        )
    for fit in fits.values():
        if fit.sizes:
            yield f"sizes: [{', '.join(yaml_scalar(size) for size in fit.sizes)}] # check: own classes, smallest first"


def _is_instant(column: CandidateColumn, mapping: str) -> bool:
    zoned = "TIME ZONE" in column.type.upper() or "epoch" in mapping or _ZONE.search(column.name) is not None
    return zoned or any(_INSTANT.search(value) for value in column.values[:MAX_LISTED])


# --- a table -----------------------------------------------------------------------------------


def _table_block(
    name: str, fits: dict[str, Fit], candidates: Sequence[CandidateTable], databases: dict[str, str]
) -> list[str]:
    if name in fits:
        return [*_table_lines(fits[name], candidates, databases), ""]
    if name == "accounts":
        return [*_accounts_lines(fits, databases), ""]
    if TABLES[name].required:
        meaning = TABLES[name].meaning["en"]
        return [f"  # needed: the table {name}. {meaning} Nothing that was found fits.", ""]
    return []


def _table_lines(fit: Fit, candidates: Sequence[CandidateTable], databases: dict[str, str]) -> list[str]:
    """The lines of a table in the sources file."""
    table = fit.table
    lines = [f"  {table.name}: # {table.meaning['en']}", *_database_line(fit.candidate, databases)]
    lines += fit.query or [_from_line(fit, candidates)]
    lines += [*_filter_lines(fit), *_timezone_line(fit), "    columns:"]
    for column in table.columns:
        lines += _column_lines(fit, column)
    used = {match.source.name for match in fit.matches.values()}
    unused = [one_line(c.name) for c in fit.candidate.columns if c.name not in used]
    return [*lines, *([f"    # not used: {', '.join(unused)}"] if unused else [])]


def _from_line(fit: Fit, candidates: Sequence[CandidateTable]) -> str:
    """The `from` of a table; a question where other candidates have the same columns."""
    name, same_tables = yaml_scalar(fit.candidate.name), same_columned(fit, candidates)
    visible = [candidate for candidate in same_tables if not candidate.hidden]
    if visible and not fit.candidate.hidden:
        names = ", ".join(f"'{one_line(candidate.name)}'" for candidate in (fit.candidate, *visible))
        union = " union all by name ".join(
            f"select * from {sql_identifier(candidate.name)}" for candidate in (fit.candidate, *visible)
        )
        question = f"{names} have the same columns: say which holds the rows, from: {name}, or all of them, sql: {union}"
        return f"    from: # needed: {question}"
    if same_tables:
        others = ", ".join(f"'{one_line(candidate.name)}'" for candidate in same_tables)
        return f"    from: {name} # check: {others}, on a hidden sheet, has the same columns"
    return f"    from: {name}"


def _filter_lines(fit: Fit) -> Iterator[str]:
    """A suggested `where` for a status column: which rows count is not guessed."""
    if fit.table.name not in ("accounts", "contracts"):
        return
    for column in fit.candidate.columns:
        match = next((m for m in fit.matches.values() if m.source is column), None)
        if normalize_name(column.name) not in name_list(STATE_NAMES) or (match is not None and match.mapping):
            continue
        if 1 < len(column.values) <= MAX_LISTED:
            where = yaml_scalar(
                f"{sql_identifier(column.name)} in ('{column.values[0].replace(chr(39), chr(39) * 2)}')"
            )
            contents = ", ".join(f"'{one_line(value)}'" for value in column.values)
            yield (
                f"    # where: {where} # check: '{one_line(column.name)}' holds {contents}; where not all of these are"
                f" {fit.table.name}, say which"
            )
            return


def _timezone_line(fit: Fit) -> Iterator[str]:
    times = [m.source.name for c, m in fit.matches.items() if fit.table.kind(c) in ("date", "time")]
    zones = {zone[1] for name in times for zone in [_ZONE.search(name)] if zone}
    if times and len(zones) == 1 and all(_ZONE.search(name) for name in times):
        yield f"    timezone: {next(iter(zones))} # the names of its times say so"


def _column_lines(fit: Fit, column: str) -> Iterator[str]:
    """The lines of a column: the evidence for its mapping as comments, then the mapping with its mark."""
    table, match = fit.table, fit.matches.get(column)
    evidence = [fit.evidence.get(column, "")]
    if match is None or not match.mapping:
        evidence.append(fit.rejections.get(column, "").removeprefix(f"{column}: "))
    yield from (f"      # {column}: {line}" for line in evidence if line)
    checks = [*([match.check] if match else []), *fit.questions.get(column, ())]
    check = "; ".join(filter(None, checks))
    mark = f" # check: {check}" if check else ""
    if match is not None and match.needed:
        yield f"      {column}: {{ column: }} # needed: {'; '.join(filter(None, (match.needed, check)))}"
    elif match is not None and match.mapping:
        yield f"      {column}: {match.mapping}{mark}"
    elif match is not None and match.suggestion and column not in table.required_columns():
        yield f"      # {column}: {match.suggestion}{mark}"
    elif fit.query and column == "account_id":
        yield "      account_id: account_id # of the query"
    elif column in fit.constants:
        yield f"      {column}: {{ constant: {fit.constants[column]} }}{mark}"
    elif column == "kind" and fit.are_churn_notices:
        yield "      kind: { constant: churn_notice } # each row is a customer who gave notice"
    elif column in table.required_columns():
        yield f"      {column}: {_needed_value(table, column, check or (match.check if match else ''))}"
    elif check:
        yield f"      # {column}: {{ constant: }}{mark}"
    elif (table.name, column) == ("contracts", "ended_on"):
        yield from _missing_end_line(fit)


def _missing_end_line(fit: Fit) -> Iterator[str]:
    """The suggestion for contracts without an end, since without one no customer is ever lost."""
    start_match = fit.matches.get("started_on")
    format_match = None if start_match is None else re.search(r'format: "(.+?)"', start_match.mapping)
    if start_match is None or (format_match is None and "format:" in start_match.mapping):
        return
    name = sql_identifier(start_match.source.name)
    sql = (
        f"last_day(strptime({name}, '{format_match[1]}'))"
        if format_match
        else f"last_day(cast({name} as date))"
    )
    yield (
        f"      # ended_on: {{ sql: {yaml_scalar(sql)}, means: last_day }} # check: no end was found, and without one every contract"
        " runs on; so written, each is for the month in which it begins"
    )


def _needed_value(table: Table, column: str, check: str = "") -> str:
    """An incomplete mapping, which is refused until a person completes it."""
    allowed = allowed_values(table, column)
    hint = f"; one of {', '.join(allowed)}" if allowed else ""
    if column == "product":
        hint = "; the name of a file in data/products, or a column that holds such names"
    elif (column,) == table.key and table.name != "accounts":
        hint = "; where rows have none, { sql: row_number() over () }"
    source = "constant" if column in ("product", "currency") else "column"
    check_part = f"; {check}" if check else ""
    return f"{{ {source}: }} # needed: {table.columns[column].metadata['en']}{hint}{check_part}"


def _accounts_lines(fits: dict[str, Fit], databases: dict[str, str]) -> list[str]:
    """The lines of accounts where no list of customers was found: a query for those in the other tables."""
    lines = [f"  accounts: # {TABLES['accounts'].meaning['en']} No list was found."]
    query, candidate = accounts_query(fits)
    if not query or candidate is None:
        first = next((f.candidate.name for f in fits.values()), "FILE")
        return [
            *lines,
            "    sql: # needed: the list of customers, as in: select distinct COLUMN as account_id from"
            f" {sql_identifier(first)}",
        ]
    lines += _database_line(candidate, databases)
    if len(query) == 1 and yaml_scalar(query[0]) == query[0]:
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
        + [f"      {c}: {_needed_value(TABLES['accounts'], c)}" for c in columns]
    )


# --- files and databases -----------------------------------------------------------------------


def _file_lines(used: Sequence[CandidateTable], unused: Sequence[CandidateTable], folder_: Path) -> list[str]:
    if not used:
        return []
    sources = [(candidate.name, candidate.file) for candidate in used if candidate.file is not None]
    folder = Path(os.path.commonpath([_folder_of(file) for _, file in sources]))
    lines = [
        f"folder: {yaml_scalar(_relative_path(folder.resolve(), folder_))} # relative to this file",
        "files:",
    ]
    lines += [f"  {yaml_scalar(name)}: {_file_entry(file, folder)}" for name, file in sources]
    for candidate in unused:
        if candidate.file is not None and not candidate.problem:
            lines.append(
                f"  # {yaml_scalar(candidate.name)}: {_file_entry(candidate.file, folder)} # not used"
            )
    return lines


def _database_names(candidates: Sequence[CandidateTable]) -> dict[str, str]:
    """Address -> name of each database in use."""
    paths_ = dict.fromkeys(candidate.path for candidate in candidates if candidate.file is None)
    return {path: "warehouse" if i == 0 else f"warehouse_{i + 1}" for i, path in enumerate(paths_)}


def _database_line(candidate: CandidateTable, databases: dict[str, str]) -> list[str]:
    return [f"    in: {databases[candidate.path]}"] if candidate.file is None else []


def _file_entry(file: FileSource, folder: Path) -> str:
    """The entry of a file in the sources file: its path and its options."""
    path = yaml_scalar(_relative_path(Path(file.path), folder))
    options = file.model_dump(exclude={"path", "options"}, exclude_defaults=True)
    entries = [f"{key}: {yaml_scalar(value)}" for key, value in options.items()]
    return f"{{ {', '.join([f'path: {path}', *entries])} }}" if entries else path


def _folder_of(file: FileSource) -> Path:
    """The folder of a file; for a pattern, the last folder without a wildcard."""
    path = Path(os.path.normpath(Path(file.path).absolute()))
    return next(p for p in path.parents if not any(c in str(p) for c in "*?["))


def _relative_path(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()
