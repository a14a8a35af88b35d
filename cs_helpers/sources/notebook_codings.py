"""Takes what was coded in the notebook in beside the table codings of the sources file."""

from __future__ import annotations

import ibis.expr.types as ir
import pyarrow as pa

from cs_helpers.contract.casts import ROW, cast_columns
from cs_helpers.contract.checks import EXAMPLES
from cs_helpers.contract.findings import Finding
from cs_helpers.contract.tables import TABLES
from cs_helpers.sources.coding_log import CodingLogs, readings, text_hash
from cs_helpers.sources.engines import Engines
from cs_helpers.sources.intake_run import IntakeRun
from cs_helpers.sources.mapping import Sources, TableSource

_CODINGS = TABLES["codings"]
#: what stands for the table codings where the sources file maps none
_NO_TABLE = "landed_codings"


def with_codings(engines: Engines, sources: Sources, logs: CodingLogs) -> Sources:
    """The sources with an empty table codings where they map none and decisions have notes to belong to."""
    if not logs.decisions or "codings" in sources.tables or "notes" not in sources.tables:
        return sources
    empty = pa.table({c: pa.array([], pa.string()) for c in _CODINGS.columns})
    engines.hub.create_table(_NO_TABLE, empty, overwrite=True)
    source = TableSource.model_validate({"from": _NO_TABLE})
    return sources.model_copy(update={"tables": {**sources.tables, "codings": source}})


def add_decisions(run: IntakeRun, rows: ir.Table, logs: CodingLogs) -> ir.Table:
    """The typed rows of the table codings, and the decisions in place of what the same coder said of the same note.

    The decisions have no row number. Adds findings on rows that were replaced, on lines of the logs that cannot be read, and
    on notes whose text has changed since they were coded. Nothing changes where the sources have no notes.
    """
    if "notes" not in run.kept or not (logs.decisions or logs.broken):
        return rows
    hub, current = run.engines.hub, logs.current()
    decided = pa.table({
        "coder": pa.array([who for who, _ in current], pa.string()),
        "note_id": pa.array([note for _, note in current], pa.string()),
    })  # fmt: skip
    hub.create_table("decided_codings", decided, overwrite=True)
    replaced = rows.semi_join(hub.table("decided_codings"), ["coder", "note_id"])
    kept = rows.anti_join(hub.table("decided_codings"), ["coder", "note_id"])
    new = readings(current.values())
    columns = {c: pa.array([None if v != v else v for v in new[c].astype(object)], pa.string()) for c in new}
    numbers = {ROW: pa.array([0] * len(new), pa.int64())}
    hub.create_table("notebook_codings", pa.table({**numbers, **columns}), overwrite=True)
    typed = cast_columns(hub.table("notebook_codings"), _CODINGS)
    _add_replaced(run, replaced)
    _add_broken(run, logs)
    _add_changed(run, logs)
    both = kept.union(typed.select(*kept.columns).cast(kept.schema()))
    return hub.create_table("coded_notes", both, overwrite=True)


def _add_replaced(run: IntakeRun, replaced: ir.Table) -> None:
    count = int(replaced.count().execute())
    if count:
        rows = (
            replaced.order_by([ROW, "note_id"]).limit(EXAMPLES).select(ROW, "note_id", "coder").to_pyarrow()
        )
        _add(run, "coded_again", count, [(r[ROW], r["note_id"], r["coder"]) for r in rows.to_pylist()])


def _add_broken(run: IntakeRun, logs: CodingLogs) -> None:
    if logs.broken:
        _add(run, "line_unreadable", len(logs.broken), [(n, file.name, "") for file, n in logs.broken])


def _add_changed(run: IntakeRun, logs: CodingLogs) -> None:
    """Add a finding on the notes whose text is another one than the coder read."""
    notes = run.kept["notes"].select("note_id", "text").to_pyarrow().to_pydict()
    hashes = {note: text_hash(text) for note, text in zip(notes["note_id"], notes["text"], strict=True)}
    changed = [
        (0, decision.note_id, decision.who)
        for decision in logs.current().values()
        if not decision.skipped and hashes.get(decision.note_id, decision.text_hash) != decision.text_hash
    ]
    if changed:
        _add(run, "note_changed", len(changed), changed)


def _add(run: IntakeRun, rule: str, count: int, examples: list[tuple[int, str, str]]) -> None:
    policy = run.policies.of("codings", "", rule)
    run.findings.append(Finding("codings", "", rule, policy, count, tuple(sorted(examples)[:EXAMPLES])))
