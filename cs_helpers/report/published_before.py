"""What the quarter before said when it was published, for the summary to compare with what today's data says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cs_helpers.contract.quarters import Quarter
from cs_helpers.report.plan import SUMMARY, Run
from cs_helpers.report.publish import ReportStore

#: what a number may have changed by besides the customers -> parts of `fingerprint.inputs`
_CAUSES = {"rules": ("data.product",), "version": ("code", "versions", "notebook")}


def published_before(
    store: ReportStore, quarter: Quarter, runs: list[Run], parts: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, Any]]:
    """For each run of a summary, what was published for its product of the quarter before: file -> content.

    The content is {} where nothing was, else `quarter`, `metrics` (`<analysis>.<name>` -> value), `findings` (keys of
    the changes and decisions of its summary) and `causes`: which of `data`, `rules` (the product file) and `version` (code, packages, notebook) are no longer as they were then.
    """
    summaries = [run for run in runs if run.analysis == SUMMARY]
    if not summaries:
        return {}
    before = store.manifest(str(quarter.back(1)))
    found: dict[str, dict[str, Any]] = {}
    for run in summaries:
        report = before.reports.get(run.file)
        if report is None or report.good is None:
            found[run.file] = {}
            continue
        then, today = report.good.inputs, parts[run.file]
        differs = {part for part in then.keys() | today.keys() if then.get(part) != today.get(part)}
        causes = [cause for cause, names in _CAUSES.items() if differs & set(names)]
        if any(part.startswith("data.") and part != "data.product" for part in differs):
            causes.insert(0, "data")
        metrics = {
            key: content["value"]
            for key, content in report.good.metrics.items()
            if isinstance(content.get("value"), int | float)
        }
        keys = [finding["key"] for finding in report.good.findings if finding.get("key")]
        found[run.file] = {
            "quarter": before.quarter,
            "metrics": metrics,
            "causes": causes,
            "findings": keys,
        }
    return found
