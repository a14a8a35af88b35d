"""The main job: a quarter's reports from a snapshot, those that need it made anew, and published."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cs_helpers import paths
from cs_helpers.contract.quarters import Quarter
from cs_helpers.report.fingerprint import fingerprint
from cs_helpers.report.landing import landing_pages
from cs_helpers.report.plan import Run, plan_runs
from cs_helpers.report.publish import entries, entry, publish, recover
from cs_helpers.report.run import Outcome, run_all
from cs_helpers.snapshot import Snapshot


@dataclass(frozen=True)
class Batch:
    """What a batch did: the quarter's folder, outcomes of the runs, and how many were up to date."""

    folder: Path
    quarter: Quarter
    outcomes: tuple[Outcome, ...]
    unchanged: int

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The outcomes that are not published."""
        return tuple(o for o in self.outcomes if o.status == "failed")


def quarterly_report(
    snapshot: Snapshot,
    *,
    quarter: str = "latest",
    products: Sequence[str] = (),
    notebooks: Sequence[str] = (),
    language: str = "en",
    jobs: int = 1,
    force: bool = False,
    planned: Callable[[int, int], None] = lambda total, due: None,
    ended: Callable[[Outcome], None] = lambda outcome: None,
) -> Batch:
    """Makes and publishes a quarter's reports.

    A run whose fingerprint and published file are unchanged is not run again unless `force`.
    A failed run keeps its last good report. Raises `ParameterError`, `SnapshotError` or
    `ReportError` before anything runs.
    """
    runs = plan_runs(snapshot, quarter=quarter, products=products, notebooks=notebooks, language=language)
    when = Quarter.parse(runs[0].parameters.quarter)
    folder = paths.reports() / str(when)
    recover(folder)
    known = entries(folder)
    marks = {run.file: fingerprint(run) for run in runs}
    due = [run for run in runs if force or not _intact(folder, run, known, marks)]
    planned(len(runs), len(due))
    pages: dict[str, str] = {}
    reports = dict(known)
    outcomes = []
    for outcome in run_all(due, jobs=jobs):
        name = outcome.run.file
        reports[name] = entry(outcome, marks[name], known.get(name))
        if outcome.page:
            pages[name] = outcome.page
        outcomes.append(outcome)
        ended(outcome)
    if due or not (folder / "index.html").exists():
        pages |= landing_pages(when, reports, snapshot, language)
        about = {
            "quarter": str(when), "snapshot": snapshot.id, "as_of": snapshot.as_of.isoformat(),
            "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }  # fmt: skip
        publish(folder, pages, reports, about)
    return Batch(folder, when, tuple(outcomes), len(runs) - len(due))


def _intact(folder: Path, run: Run, known: dict[str, dict[str, object]], marks: dict[str, str]) -> bool:
    said = known.get(run.file)
    if not said or said["fingerprint"] != marks[run.file]:
        return False
    try:
        content = (folder / run.file).read_bytes()
    except FileNotFoundError:
        return False
    return hashlib.sha256(content).hexdigest() == said["sha256"]
