"""The result of hand-overs for leadership: nothing is told of so few interviewed companies that one could be recognised."""

from __future__ import annotations

from dataclasses import replace

from cs_helpers.analyses.handover.expectations import NOT_SPOKEN, OTHER, SAME, reveals_few
from cs_helpers.editions.anonymity import rows_to_suppress
from cs_helpers.result import Note, Result, Verdict


def for_leadership(result: Result) -> Result:
    """The result without the counts of expectations where any of them is small.

    All rows go with a small one, because what is hidden could be worked out from their sum. Where the sums themselves are small,
    so do the share, its verdict and its finding.
    """
    table = result.tables.get("expectations")
    if table is None or table.empty:
        return result
    few = reveals_few(table)
    if not few and not rows_to_suppress(table[[SAME, OTHER, NOT_SPOKEN]].to_numpy()).any():
        return result
    tables = {name: each for name, each in result.tables.items() if name != "expectations"}
    notes = (*result.notes, Note("few_tell", "expectations", {}))
    verdict = result.verdicts["expectations"]
    if not few and verdict.code == "met":
        told = Note(
            "met_of_all", "expectations", {"same": verdict.fields["same"], "of": verdict.fields["of"]}
        )
        return replace(result, tables=tables, notes=(*result.notes, told, notes[-1]))
    return replace(
        result,
        tables=tables,
        notes=notes,
        metrics={name: m for name, m in result.metrics.items() if name != "expectation_met"},
        verdicts=dict(result.verdicts) | {"expectations": Verdict("hidden")},
        findings=tuple(f for f in result.findings if f.code != "expects_other"),
    )
