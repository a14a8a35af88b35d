"""Labels as the workbook holds them: one spelling for each class, nothing where nothing is known.

It works on the rows in the engine of the files, by the different values that stand there: so it comes to the same
from every engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from cs_helpers.contract.casts import MISFIT, RAW
from cs_helpers.contract.labels import UNKNOWN_SPELLINGS, fold, spellings
from cs_helpers.contract.schema import Table
from cs_helpers.contract.vocabulary import UNKNOWN
from cs_helpers.sources.mapping import Sources
from cs_helpers.sources.mapping_lines import placed_line

_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

#: so many values are written into the line for the sources file
_WRITTEN = 4


def classes(table: Table, sources: Sources) -> dict[str, tuple[str, ...]]:
    """What each column of a table may hold whose words are given; sizes as the sources file declares them."""
    found = {
        name: tuple(str(v) for v in check.statistics["allowed_values"])
        for name, column in table.columns.items()
        for check in column.checks
        if check.name == "isin"
    }
    if table.name == "accounts":
        found["size"] = tuple(each.size for each in sources.sizes)
    return found


def details(table: Table, sources: Sources) -> dict[str, str]:
    """What a finding says is allowed in a column, where that is not its classes."""
    return {
        name: ", ".join(
            f"{size} from {least:g}" for size, least in sorted(said.bounds.items(), key=lambda b: b[1])
        )
        for name, said in sources.tables[table.name].columns.items()
        if said.bounds
    }


def read(rows: ir.Table, table: Table, sources: Sources) -> ir.Table:
    """Typed rows with each label in its one spelling: case, width and blanks around it do not count.

    What says that nothing is known (N/A, -, 不明 ...) is empty in a label. A size that is given by bounds becomes
    its class; below the first bound, and where no number stands, it does not fit (`misfit_size`). Industries, whose
    words are anybody's, are spelled as most rows spell them.
    """
    given = classes(table, sources)
    changed: dict[str, ir.Value] = {}
    for column in {**dict.fromkeys(table.labels), **given}:
        said = sources.tables[table.name].columns.get(column)
        raw, fits = rows[RAW + column], rows[column]
        counts = _counts(rows, column)
        unknown = {v for v in counts if fold(v) in UNKNOWN_SPELLINGS} if column in table.labels else set()
        if said is not None and said.bounds:
            size = _by_bounds(raw, said.bounds)
            changed[column] = size
            changed[MISFIT + column] = size.isnull() & raw.notnull() & raw.notin(sorted(unknown) or [""])
            continue
        meant = dict.fromkeys(unknown) | _meant(table, column, counts, unknown, given, sources)
        if not meant:
            continue
        empty = ibis.null(fits.type())
        changed[column] = raw.cases(
            *((v, empty if to is None else ibis.literal(to, fits.type())) for v, to in meant.items()),
            else_=fits,
        )
        changed[MISFIT + column] = rows[MISFIT + column] & raw.notin(list(meant))
    return rows.mutate(**changed) if changed else rows


def filled(kept: ir.Table, table: Table) -> ir.Table:
    """Kept rows with something in place of what is not known: `unknown` segments, the key for a name."""
    if table.name != "accounts":
        return kept
    return kept.mutate(
        name=ibis.coalesce(kept["name"], kept.account_id),
        **{column: ibis.coalesce(kept[column], UNKNOWN) for column in ("size", "industry")},
    )


def line(sources: Sources, table: Table, column: str, values: Sequence[str], choice: Sequence[str]) -> str:
    """The line for the sources file that says what values of a column mean; '' where no column is mapped by name."""
    said = sources.tables[table.name].columns.get(column)
    if said is not None and (said.column is None or said.bounds):
        return ""
    written = list(dict.fromkeys(v for v in values if v))[:_WRITTEN]
    known = {} if said is None else said.values
    return placed_line(sources, table.name, column, values={**known, **dict.fromkeys(written, choice[0])})


def _counts(rows: ir.Table, column: str) -> dict[str, int]:
    """How often each value stands in a column, as it is written; of a column with a type those that do not fit."""
    raw = rows[RAW + column]
    wanted = rows.filter(raw.notnull() & (rows[MISFIT + column] | rows[column].type().is_string()))
    found = wanted.group_by(value=wanted[RAW + column]).aggregate(n=wanted.count()).to_pyarrow().to_pylist()
    return {r["value"]: r["n"] for r in sorted(found, key=lambda r: (-r["n"], r["value"]))}


def _meant(
    table: Table,
    column: str,
    counts: Mapping[str, int],
    unknown: set[str],
    given: Mapping[str, Sequence[str]],
    sources: Sources,
) -> dict[str, str | int | bool]:
    """What values mean that are not written as the workbook writes them."""
    kind = table.kind(column)
    if kind == "integer":
        return {v: int(fold(v)) for v in counts if fold(v).isdecimal()}
    if kind == "flag":
        return {v: _FLAGS[fold(v)] for v in counts if fold(v) in _FLAGS}
    if column in given:
        known = (
            spellings(sources.sizes)
            if (table.name, column) == ("accounts", "size")
            else {fold(word): word for word in given[column]}
        )
    else:
        known = {}
        for value in counts:  # the most frequent first
            known.setdefault(fold(value), value)
    return {
        v: known[fold(v)] for v in counts if v not in unknown and fold(v) in known and known[fold(v)] != v
    }


def _by_bounds(raw: ir.StringValue, bounds: Mapping[str, float]) -> ir.StringValue:
    """The class of a number: the last whose least number it comes to."""
    number = raw.try_cast("float64")
    number = ibis.ifelse(number.abs() <= 1e300, number, ibis.null("float64"))
    steps = sorted(bounds.items(), key=lambda each: -each[1])
    return ibis.cases(*((number >= least, size) for size, least in steps), else_=ibis.null("string"))
