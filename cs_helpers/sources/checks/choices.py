"""What only a person can choose: whether rows that repeat another count, which spelling is meant, which keys are one.

Nothing is joined or left out by a guess: each finding shows examples and the line of the sources file that settles it.
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
from cs_helpers.sources.columns import columns_of, mapped
from cs_helpers.sources.engines import Engine, reading
from cs_helpers.sources.mapping import Sources
from cs_helpers.sources.mapping_lines import placed_line
from cs_helpers.sources.usage_log.cell_store import parquet
from cs_helpers.sources.usage_log.reduce_cells import Reduced

#: the column in which a pattern of files says which of them a row comes from
PART = "source_file"

#: up to so many rows of the log are looked at for some that repeat another where nothing was said of them
FEW = 5_000_000

#: columns whose values are names that a person may write in two ways; industries have one spelling by now (`labels`)
_NAMES = (
    ("milestones", "step"), ("touches", "kind"), ("touches", "step"),
    ("tickets", "kind"), ("assessments", "measure"), ("codings", "code"), ("usage", "event"),
)  # fmt: skip


# --- rows that repeat another --------------------------------------------------------------------


def of_repeats(sources: Sources, table: str, policies: Policies) -> Policy | None:
    """What becomes of rows of a table without a key that repeat another; `None`: each of them counts."""
    said = sources.tables[table].duplicates
    policy = policies.of(table, "", "identical_rows")
    if said is None:
        return policy
    return None if said == "keep" else "stop" if policy == "stop" else "reject"


def drop_or_keep(table: str) -> str:
    """The two lines of the sources file that say what rows are that repeat another."""
    return "\n".join(f"tables.{table}.duplicates: {choice}" for choice in ("drop", "keep"))


def of_files(engine: Engine, sources: Sources, table: Table) -> Stop | None:
    """That files of one pattern overlap: rows of one stand in another, too. Asked where rows repeat each other."""
    source = sources.tables[table.name]
    if source.duplicates is not None or PART not in columns_of(engine, sources, table):
        return None
    rows = mapped(engine, sources, table, numbered=False, beside={PART: engine.quoted(PART)})
    rows = rows.select(*(rows[c].cast("string").name(c) for c in table.columns), PART)
    twice = rows.group_by(list(table.columns)).aggregate(
        n=rows.count(), files=rows[PART].nunique(), first=rows[PART].min(), last=rows[PART].max()
    )
    twice = twice.filter(twice.files > 1)
    total = twice.aggregate(rows=(twice.n - 1).sum(), first=twice.first.min())
    with reading(table.name):
        found = engine.few(total)[0]
        if not found["rows"]:
            return None
        pair = engine.few(twice.filter(twice.first == found["first"]).order_by("last").limit(1))[0]
    first, last = (PurePosixPath(str(pair[end])).name for end in ("first", "last"))
    if first == last:  # of two folders
        first, last = str(pair["first"]), str(pair["last"])
    count = int(found["rows"])
    lines = drop_or_keep(table.name)
    drop, keep = lines.splitlines()
    return Stop(
        f"table '{table.name}': {count:,} rows stand in more than one of its files, for instance in {first} and {last};"
        f" write '{drop}' in the sources file if the files overlap, '{keep}' if each of these rows counts",
        Finding(table.name, "", "overlapping_files", "stop", count, detail=f"{first}, {last}", write=lines),
    )


# --- names in two spellings ----------------------------------------------------------------------


def spellings(
    hub: Backend, kept: Mapping[str, ir.Table], usage: Reduced | None, sources: Sources, policies: Policies
) -> Iterator[Finding]:
    """The names that differ in capitals, width or blanks only. kept: the tables that the hub has; usage: the log."""
    for table, column in _NAMES:
        if table == "usage" and usage is not None:
            rows, count = parquet(c.file("usage_daily") for c in usage.cells), "sum(events)"
        elif table in kept:
            rows, count = f'"{kept[table].op().name}"', "count(*)"
        else:
            continue
        counts = f"SELECT {column}, {count} FROM {rows} WHERE {column} IS NOT NULL GROUP BY ALL"
        seen = {name: int(n) for name, n in hub.con.execute(counts).fetchall()}
        yield from _spelled(seen, table, column, sources, policies)


def _spelled(
    seen: Mapping[str, int], table: str, column: str, sources: Sources, policies: Policies
) -> Iterator[Finding]:
    groups: dict[str, list[str]] = {}
    for name in sorted(seen, key=lambda n: (-seen[n], n)):
        groups.setdefault(comparison_key(name), []).append(name)
    pairs = {rare: names[0] for names in groups.values() for rare in names[1:]}
    if not pairs:
        return
    said = sources.tables[table].column(column)
    before: Mapping[Any, Any] = {} if said is None else said.values
    values = {old: pairs.get(new, new) for old, new in before.items()} | pairs
    examples = tuple(
        (0, f"{written(rare)} | {written(usual)}"[:80], f"{seen[rare]:,} | {seen[usual]:,}")
        for rare, usual in list(pairs.items())[:EXAMPLES]
    )
    yield Finding(
        table, column, "differ_in_case", policies.of(table, column, "differ_in_case"),
        sum(seen[rare] for rare in pairs), examples, write=placed_line(sources, table, column, values=values),
    )  # fmt: skip


# --- keys that would match if they were written alike --------------------------------------------


def would_match(
    strange: Mapping[str, tuple[int, int]],
    known: Iterable[str],
    table: Table,
    policy: Policy,
    sources: Sources,
) -> Finding | None:
    """The rows without a parent whose key meets a parent's once both are written alike.

    strange: key -> rows with it, number of the first (0 where rows have none). known: the keys of the parents.
    """
    parent, column = table.parent or ("", "")
    parents = list(known)
    met = _met(strange, parents)
    if not met:
        return None
    forms = [f for f in FORMS if any(f in used for _, used in met.values())]
    joined = {key: normalize_text(key, forms) for key in parents}
    lines = []
    if len(set(joined.values())) == len(joined):  # else two parents would become one
        # where the parents' keys change, too, so do those of every table that names them
        alone = all(key == form for key, form in joined.items())
        lines = [
            placed_line(sources, name, column, normalize=forms)
            for name, other in TABLES.items()
            if name == table.name
            or (name in sources.tables and not alone and (name == parent or other.parent == table.parent))
        ]
    first = sorted(met, key=lambda key: (strange[key][1], key))[:EXAMPLES]
    examples = tuple(
        (strange[key][1], written(key)[:80], f"{parent} {written(met[key][0])}"[:80]) for key in first
    )
    count = sum(strange[key][0] for key in met)
    return Finding(table.name, column, "would_match", policy, count, examples, parent, "; ".join(lines))


def _met(strange: Iterable[str], known: Iterable[str]) -> dict[str, tuple[str, Sequence[str]]]:
    """Key -> the known key that it meets, and the fewest forms by which it does; not where it meets several."""
    wanted = {key: normalize_text(key, FORMS) for key in strange}
    near: dict[str, list[str]] = {form: [] for form in wanted.values()}
    for key in known:
        form = normalize_text(key, FORMS)
        if form in near:
            near[form].append(key)
    met: dict[str, tuple[str, Sequence[str]]] = {}
    for key, form in wanted.items():
        for forms in (f for n in range(1, len(FORMS) + 1) for f in combinations(FORMS, n)):
            same = [
                other for other in near[form] if normalize_text(other, forms) == normalize_text(key, forms)
            ]
            if same:
                if len(same) == 1:
                    met[key] = (same[0], forms)
                break
    return met


# --- lines of the sources file -------------------------------------------------------------------


def written(text: str) -> str:
    """A key as a person sees it, blanks too that look like others or like nothing."""
    return "".join(f"\\u{ord(c):04x}" if c in BLANKS and c != " " else c for c in text)


def counted(rows: ir.Table, column: str, number: str) -> dict[str, tuple[int, int]]:
    """Key -> rows with it and the number of the first. rows: those without a parent."""
    groups = rows.group_by(key=rows[column]).aggregate(n=rows.count(), first=rows[number].min())
    return {r["key"]: (int(r["n"]), int(r["first"])) for r in groups.to_pyarrow().to_pylist()}


def merged(days: Iterable[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """The same of the reduced log, whose rows have no number. days: account_id, rows."""
    counts: Counter[str] = Counter()
    for day in days:
        counts[day["account_id"]] += int(day["rows"])
    return {key: (n, 0) for key, n in counts.items()}
