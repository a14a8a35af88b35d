"""Choices that only a person can make: whether repeated rows count, which spelling is meant, which keys are equal.

Nothing is joined or dropped by a guess: each finding shows examples and the line of the sources file that decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import PurePosixPath
from typing import Any

import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from cs_helpers.contract.checks import EXAMPLES
from cs_helpers.contract.findings import Finding, Policy, Stop
from cs_helpers.contract.normal import BLANKS, FORMS, comparison_key, normalize_text
from cs_helpers.contract.policies import Policies
from cs_helpers.contract.schema import Table
from cs_helpers.contract.tables import TABLES
from cs_helpers.sources.columns import map_table, source_columns
from cs_helpers.sources.engines import Engine, source_errors
from cs_helpers.sources.mapping import Sources
from cs_helpers.sources.mapping_lines import placed_line
from cs_helpers.sources.usage_log.cell_store import read_parquet_sql
from cs_helpers.sources.usage_log.reduce_cells import ReducedUsage

#: the column with the file that a row comes from, in a pattern of files
SOURCE_FILE = "source_file"

#: a larger log is not searched for identical rows unless the sources file decides about them
MAX_COMPARED_ROWS = 5_000_000

#: columns of names that may be spelled in several ways; industries are normalized already (`labels`)
_NAME_COLUMNS = (
    ("milestones", "step"), ("touches", "kind"), ("touches", "step"),
    ("tickets", "kind"), ("assessments", "measure"), ("codings", "code"), ("usage", "event"),
)  # fmt: skip


# --- identical rows ------------------------------------------------------------------------------


def repeat_policy(sources: Sources, table: str, policies: Policies) -> Policy | None:
    """The policy for identical rows of a table without a key; `None` where each of them counts."""
    choice = sources.tables[table].duplicates
    policy = policies.of(table, "", "identical_rows")
    if choice is None:
        return policy
    return None if choice == "keep" else "stop" if policy == "stop" else "reject"


def duplicates_lines(table: str) -> str:
    """The two lines of the sources file to choose from for identical rows."""
    return "\n".join(f"tables.{table}.duplicates: {choice}" for choice in ("drop", "keep"))


def overlapping_files(engine: Engine, sources: Sources, table: Table) -> Stop | None:
    """A stop where files of one pattern contain the same rows; `None` where they do not, or the choice was made."""
    source = sources.tables[table.name]
    if source.duplicates is not None or SOURCE_FILE not in source_columns(engine, sources, table):
        return None
    rows = map_table(
        engine, sources, table, numbered=False, extra_columns={SOURCE_FILE: engine.quote(SOURCE_FILE)}
    )
    rows = rows.select(*(rows[c].cast("string").name(c) for c in table.columns), SOURCE_FILE)
    repeated = rows.group_by(list(table.columns)).aggregate(
        n=rows.count(),
        files=rows[SOURCE_FILE].nunique(),
        first=rows[SOURCE_FILE].min(),
        last=rows[SOURCE_FILE].max(),
    )
    repeated = repeated.filter(repeated.files > 1)
    totals = repeated.aggregate(rows=(repeated.n - 1).sum(), first=repeated.first.min())
    with source_errors(table.name):
        totals_row = engine.fetch_rows(totals)[0]
        if not totals_row["rows"]:
            return None
        example = engine.fetch_rows(
            repeated.filter(repeated.first == totals_row["first"]).order_by("last").limit(1)
        )[0]
    first, last = (PurePosixPath(str(example[end])).name for end in ("first", "last"))
    if first == last:  # files of the same name in two folders
        first, last = str(example["first"]), str(example["last"])
    count = int(totals_row["rows"])
    lines = duplicates_lines(table.name)
    drop, keep = lines.splitlines()
    return Stop(
        f"table '{table.name}': {count:,} rows stand in more than one of its files, for instance in {first} and {last};"
        f" write '{drop}' in the sources file if the files overlap, '{keep}' if each of these rows counts",
        Finding(table.name, "", "overlapping_files", "stop", count, detail=f"{first}, {last}", write=lines),
    )


# --- spellings of names --------------------------------------------------------------------------


def spelling_findings(
    hub: Backend,
    kept: Mapping[str, ir.Table],
    usage: ReducedUsage | None,
    sources: Sources,
    policies: Policies,
) -> Iterator[Finding]:
    """A finding for each column with names that differ only in case, character width or whitespace."""
    for table, column in _NAME_COLUMNS:
        if table == "usage" and usage is not None:
            rows, count = read_parquet_sql(c.file("usage_daily") for c in usage.cells), "sum(events)"
        elif table in kept:
            rows, count = f'"{kept[table].op().name}"', "count(*)"
        else:
            continue
        counts = f"SELECT {column}, {count} FROM {rows} WHERE {column} IS NOT NULL GROUP BY ALL"
        name_counts = {name: int(n) for name, n in hub.con.execute(counts).fetchall()}
        yield from _spelling_findings(name_counts, table, column, sources, policies)


def _spelling_findings(
    name_counts: Mapping[str, int], table: str, column: str, sources: Sources, policies: Policies
) -> Iterator[Finding]:
    groups: dict[str, list[str]] = {}
    for name in sorted(name_counts, key=lambda n: (-name_counts[n], n)):
        groups.setdefault(comparison_key(name), []).append(name)
    pairs = {rare_spelling: names[0] for names in groups.values() for rare_spelling in names[1:]}
    if not pairs:
        return
    column_source = sources.tables[table].column(column)
    mapped_values: Mapping[Any, Any] = {} if column_source is None else column_source.values
    values = {old: pairs.get(new, new) for old, new in mapped_values.items()} | pairs
    examples = tuple(
        (
            0,
            f"{visible_text(rare_spelling)} | {visible_text(usual_spelling)}"[:80],
            f"{name_counts[rare_spelling]:,} | {name_counts[usual_spelling]:,}",
        )
        for rare_spelling, usual_spelling in list(pairs.items())[:EXAMPLES]
    )
    yield Finding(
        table, column, "differ_in_case", policies.of(table, column, "differ_in_case"),
        sum(name_counts[rare_spelling] for rare_spelling in pairs), examples, write=placed_line(sources, table, column, values=values),
    )  # fmt: skip


# --- keys in another form ------------------------------------------------------------------------


def unmatched_key_finding(
    unmatched: Mapping[str, tuple[int, int]],
    parent_keys: Iterable[str],
    table: Table,
    policy: Policy,
    sources: Sources,
    of_parent: tuple[str, str] | None = None,
) -> Finding | None:
    """A finding of rows without a parent whose normalized key equals that of a parent; `None` without any.

    unmatched: key -> number of rows, row number of the first (0 where rows have none). parent_keys: keys of the parent
    table. of_parent: that table, and its key column; default: the first that the table refers to.
    """
    parent, column = of_parent = of_parent or table.parents[0]
    keys = list(parent_keys)
    matches = _match_keys(unmatched, keys)
    if not matches:
        return None
    forms = [f for f in FORMS if any(f in used for _, used in matches.values())]
    normalized = {key: normalize_text(key, forms) for key in keys}
    lines = []
    if len(set(normalized.values())) == len(normalized):  # else two parents would be merged
        # where keys of the parents change, too, all tables that refer to them have to be normalized
        parents_unchanged = all(key == form for key, form in normalized.items())
        lines = [
            placed_line(sources, name, column, normalize=forms)
            for name, other in TABLES.items()
            if name == table.name
            or (
                name in sources.tables
                and not parents_unchanged
                and (name == parent or of_parent in other.parents)
            )
        ]
    first_keys = sorted(matches, key=lambda key: (unmatched[key][1], key))[:EXAMPLES]
    examples = tuple(
        (unmatched[key][1], visible_text(key)[:80], f"{parent} {visible_text(matches[key][0])}"[:80])
        for key in first_keys
    )
    count = sum(unmatched[key][0] for key in matches)
    return Finding(table.name, column, "would_match", policy, count, examples, parent, "; ".join(lines))


def _match_keys(unmatched: Iterable[str], parent_keys: Iterable[str]) -> dict[str, tuple[str, Sequence[str]]]:
    """Key -> the parent key that it matches, and the fewest normal forms needed; keys with several matches are omitted."""
    normalized = {key: normalize_text(key, FORMS) for key in unmatched}
    candidates: dict[str, list[str]] = {form: [] for form in normalized.values()}
    for key in parent_keys:
        form = normalize_text(key, FORMS)
        if form in candidates:
            candidates[form].append(key)
    matches: dict[str, tuple[str, Sequence[str]]] = {}
    for key, form in normalized.items():
        for forms in (f for n in range(1, len(FORMS) + 1) for f in combinations(FORMS, n)):
            equal = [
                candidate
                for candidate in candidates[form]
                if normalize_text(candidate, forms) == normalize_text(key, forms)
            ]
            if equal:
                if len(equal) == 1:
                    matches[key] = (equal[0], forms)
                break
    return matches


# --- keys in messages ----------------------------------------------------------------------------


def visible_text(text: str) -> str:
    """A key with unusual whitespace as escape sequences, so that it is visible."""
    return "".join(f"\\u{ord(c):04x}" if c in BLANKS and c != " " else c for c in text)


def count_keys(rows: ir.Table, column: str, number: str) -> dict[str, tuple[int, int]]:
    """Key -> number of rows, and row number of the first. rows: rows without a parent."""
    groups = rows.group_by(key=rows[column]).aggregate(n=rows.count(), first=rows[number].min())
    return {r["key"]: (int(r["n"]), int(r["first"])) for r in groups.to_pyarrow().to_pylist()}


def count_use_keys(days: Iterable[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """Account -> number of rows, and 0, as the reduced log has no row numbers. days: account_id, rows."""
    counts: Counter[str] = Counter()
    for day in days:
        counts[day["account_id"]] += int(day["rows"])
    return {key: (n, 0) for key, n in counts.items()}
