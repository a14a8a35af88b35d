"""A sources file to start from, for what `inspect` found.

Columns are matched by their names and by what they hold. What cannot be known is left for a person to
fill in, with a comment: nothing is guessed in silence.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from cs_helpers import paths
from cs_helpers.contract.schema import Table
from cs_helpers.contract.tables import TABLES
from cs_helpers.sources.amounts import with_amounts
from cs_helpers.sources.ends import with_ends
from cs_helpers.sources.inspection import Found, FoundColumn, inspect, one_line, without_password
from cs_helpers.sources.mapping import FileSource
from cs_helpers.sources.matching import Fit, allowed_values, chosen_tables, in_yaml

__all__ = ["Found", "FoundColumn", "inspect", "propose", "without_password"]


def propose(found: Sequence[Found], beside: Path | None = None) -> str:
    """A sources file for what was found, in YAML, that is to lie in the folder `beside`.

    `beside` is the workbook's `data` where none is named. Each table of the contract gets the best
    fitting of `found`, or none. A needed column that nothing fits stands without a value, so that
    `load_sources` refuses the file by the column's name until a person has filled it in.
    """
    beside = (beside or paths.home() / "data").resolve()
    fits = chosen_tables(found)
    if contracts := fits.get("contracts"):
        fits["contracts"] = with_amounts(with_ends(contracts))
    used = [one for one in found if any(fit.found is one for fit in fits.values())]
    files = [(one.name, one.file) for one in used if one.file is not None]
    lines = ["# A sources file to start from. Check each line; what is marked 'needed' is yours to fill in."]
    for one in found:
        tables = ", ".join(name for name, fit in fits.items() if fit.found is one) or "no table"
        rows = "" if one.rows is None else f" ({one.rows:,} rows)"
        lines.append(f"#   {one_line(one.name)}{rows}: {one_line(one.problem) or tables}")
    lines += [*_left_to_do(fits), ""]
    if files:
        folder = Path(os.path.commonpath([_folder(file) for _, file in files]))
        near = _relative(folder.resolve(), beside)
        lines += [f"folder: {in_yaml(near)} # relative to this file", "files:"]
        lines += [f"  {in_yaml(name)}: {_file(file, folder)}" for name, file in files]
    databases = _databases(used)
    if databases:
        lines.append("databases:")
        for path, name in databases.items():
            lines.append(f"  {name}: {in_yaml(path if '://' in path else _relative(Path(path), beside))}")
    lines += ["", "tables:" if fits else "tables: {}"]
    for table in TABLES.values():
        if table.name in fits:
            lines += [*_table(fits[table.name], fits.get("contracts"), databases), ""]
        elif table.required:
            lines += [*_absent(table, fits.get("contracts"), databases), ""]
    return "\n".join(lines).rstrip() + "\n"


def _left_to_do(fits: dict[str, Fit]) -> list[str]:
    """What a person has to fill in and to look at, in one line each."""
    needed = [name for name, table in TABLES.items() if table.required and name not in fits]
    needed += [f"{n}.{column}" for n, fit in fits.items() for column in _open(fit, fits.get("contracts"))]
    look = [
        f"{n}.{c}"
        for n, fit in fits.items()
        for c in fit.table.columns
        if c in fit.asks or (c in fit.matches and fit.matches[c].note)
    ]
    said = (("Still needed", needed), ("To check", [name for name in look if name not in needed]))
    return [f"# {words}: {', '.join(names)}" for words, names in said if names]


def _open(fit: Fit, contracts: Fit | None) -> list[str]:
    """The required columns of a table for which nothing was found."""
    known = {column for column, match in fit.matches.items() if match.said}
    known |= {"kind"} if fit.notices else set()
    known |= {"account_id"} if _joined(fit, contracts) else set()
    return [column for column in fit.table.required_columns() if column not in known]


def _table(fit: Fit, contracts: Fit | None, databases: dict[str, str]) -> list[str]:
    """What the sources file says of a table, line by line."""
    table, joined, needed = fit.table, _joined(fit, contracts), _open(fit, contracts)
    lines = [f"  {table.name}: # {table.meaning['en']}", *_database(fit.found, databases)]
    lines += joined or [f"    from: {in_yaml(fit.found.name)}"]
    lines.append("    columns:")
    for column in table.columns:
        match = fit.matches.get(column)
        note = match.note if match else fit.notes.get(column, "")
        said = (note, fit.evidence.get(column, ""), *fit.asks.get(column, ()))
        lines += [f"      # {words}" for words in said if words]
        if match and match.said:
            lines.append(f"      {column}: {match.said}")
        elif column in needed:
            lines.append(f"      {column}: {_needed(table, column)}")
        elif column == "account_id" and joined:
            lines.append("      account_id: account_id # of the contract")
        elif column in fit.constants:
            lines.append(f"      {column}: {{ constant: {fit.constants[column]} }}")
        elif column == "kind" and fit.notices:
            lines.append("      kind: { constant: churn_notice } # each row is a customer who gave notice")
    used = {match.source.name for match in fit.matches.values()}
    rest = [one_line(c.name) for c in fit.found.columns if c.name not in used]
    return [*lines, *([f"    # not used: {', '.join(rest)}"] if rest else [])]


def _needed(table: Table, column: str) -> str:
    """A value that is refused, by the name of the column, until a person gives one."""
    allowed = allowed_values(table, column)
    words = f"; one of {', '.join(allowed)}" if allowed else ""
    if column == "product":
        words = "; the name of a file in data/products, or a column that holds such names"
    source = "constant" if column in ("product", "currency") else "column"
    return f"{{ {source}: }} # needed: {table.columns[column].metadata['en']}{words}"


def _absent(table: Table, contracts: Fit | None, databases: dict[str, str]) -> list[str]:
    """What is said of a required table that nothing fits; without it the file is refused."""
    lines = [f"  # needed: the table {table.name}. {table.meaning['en']} Nothing that was found fits."]
    key = contracts.matches.get("account_id") if contracts is not None else None
    if contracts is None or key is None:
        return lines
    lines.append("  # If there is no such list, its customers can come from the contracts:")
    account = one_line(_identifier(key.source.name))
    lines.append(f"  # {table.name}:")
    lines += [f"  # {line[2:]}" for line in _database(contracts.found, databases)]
    lines.append(
        f"  #   sql: select distinct {account} as account_id from {_identifier(contracts.found.name)}"
    )
    lines.append("  #   columns:")
    columns = [c for c in table.required_columns() if c != "account_id"]
    return lines + [f"  #     {column}: {_needed(table, column)}" for column in columns]


def _joined(fit: Fit, contracts: Fit | None) -> list[str]:
    """The query, over files, that brings rows that know only their contract to the customer of it."""
    if contracts is None or fit is contracts or "account_id" in fit.matches:
        return []
    mine, key = fit.matches.get("contract_id"), contracts.matches.get("contract_id")
    account, in_files = contracts.matches.get("account_id"), fit.found.file and contracts.found.file
    if mine is None or key is None or account is None or not in_files:
        return []
    return [
        "    sql: | # its rows know their contract, not their customer: the contracts know it",
        f"      select t.*, c.{_identifier(account.source.name)} as account_id",
        f"      from {_identifier(fit.found.name)} t left join {_identifier(contracts.found.name)} c",
        f"      on t.{_identifier(mine.source.name)} = c.{_identifier(key.source.name)}",
    ]


def _databases(used: Sequence[Found]) -> dict[str, str]:
    """Address -> name, of the databases that are used."""
    found = dict.fromkeys(one.path for one in used if one.file is None)
    return {path: "warehouse" if i == 0 else f"warehouse_{i + 1}" for i, path in enumerate(found)}


def _database(found: Found, databases: dict[str, str]) -> list[str]:
    return [f"    in: {databases[found.path]}"] if found.file is None else []


def _file(file: FileSource, folder: Path) -> str:
    path = in_yaml(_relative(Path(file.path), folder))
    more = [
        f"{key}: {in_yaml(value)}"
        for key in ("encoding", "sheet")
        if (value := getattr(file, key)) is not None
    ]
    return f"{{ {', '.join([f'path: {path}', *more])} }}" if more else path


def _folder(file: FileSource) -> Path:
    """The folder of a file; of a pattern, the one before its first `*`."""
    path = Path(os.path.normpath(Path(file.path).absolute()))
    return next(p for p in path.parents if not any(c in str(p) for c in "*?["))


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _identifier(name: str) -> str:
    """A name in SQL."""
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'
