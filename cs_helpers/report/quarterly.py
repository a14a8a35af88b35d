"""The main job: runs the reports of a quarter that are due, and publishes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cs_helpers import hashes
from cs_helpers.contract.parameters import Audience
from cs_helpers.contract.quarters import Quarter
from cs_helpers.report.fingerprint import fingerprint, inputs
from cs_helpers.report.manifest import Manifest, page_files
from cs_helpers.report.name_masking import name_files, name_inputs, save_name_findings
from cs_helpers.report.plan import Run, plan_runs, saved_files
from cs_helpers.report.publish import ReportStore, report_store
from cs_helpers.report.published_before import published_before
from cs_helpers.snapshot import Snapshot

if TYPE_CHECKING:  # what runs notebooks is imported only when a report is due
    from cs_helpers.report.run import Outcome


@dataclass(frozen=True)
class Callbacks:
    """Functions that a batch calls as it proceeds, in its own thread.

    planned: runs, reasons (file -> why it is due, '' where it is up to date), durations (file -> seconds of its
    last run). started: a run begins. ended: the outcome of a run. unconfirmed: words that may be names, which
    leadership does not read until somebody confirms that they are none.
    """

    planned: Callable[[Sequence[Run], Mapping[str, str], Mapping[str, float]], None] = lambda *_: None
    started: Callable[[Run], None] = lambda run: None
    ended: Callable[[Outcome], None] = lambda outcome: None
    unconfirmed: Callable[[Sequence[str]], None] = lambda words: None


@dataclass(frozen=True)
class Batch:
    """The result of a batch.

    outcomes: of the runs that were due. unchanged: number of reports that were up to date. resumed: number of runs
    that an earlier batch had finished before it was interrupted. reasons: file -> why it was due, '' where not.
    """

    store: ReportStore
    quarter: Quarter
    outcomes: tuple[Outcome, ...] = ()
    unchanged: int = 0
    resumed: int = 0
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The outcomes of failed runs, which are not published."""
        return tuple(o for o in self.outcomes if o.status == "failed")

    def manifest(self) -> Manifest:
        """The quarter's manifest as it is published now."""
        return self.store.manifest(str(self.quarter))

    def location(self, name: str) -> str:
        """The path or URL of a published file of the quarter."""
        return self.store.location(str(self.quarter), name)


def quarterly_report(
    snapshot: Snapshot,
    *,
    quarter: str = "latest",
    products: Sequence[str] = (),
    notebooks: Sequence[str] = (),
    language: str = "en",
    audience: Audience = "leadership",
    jobs: int = 1,
    force: bool = False,
    only_failed: bool = False,
    kernel: str = "warm",
    cell_timeout: int | None = None,
    executor: str | Executor | None = None,
    reports: str | Path | None = None,
    shared: str = "",
    saved: Sequence[str] = (),
    callbacks: Callbacks | None = None,
) -> Batch:
    """Runs the reports of a quarter that are due, and publishes them.

    A report is due where something that it depends on changed, or its files are not as they were published; `force`
    makes every report due. `only_failed` takes only the reports whose last run failed. While a run fails, its last
    good report stays published. jobs: number of runs at a time. kernel: `warm`, `cold` or the address of a zygote.
    cell_timeout: seconds that a cell may take. executor: see `executors.workers_factory`. reports: a folder or an
    fsspec URL. shared: a folder or fsspec URL where workers of a cluster find the snapshot. saved: only
    the saved reports of these names. Raises `ParameterError`,
    `SnapshotError` or `ReportError` before anything runs.
    """
    callbacks = callbacks or Callbacks()
    runs = plan_runs(
        snapshot,
        quarter=quarter,
        products=products,
        notebooks=notebooks,
        language=language,
        audience=audience,
        saved=saved,
    )
    reported_quarter = Quarter.parse(runs[0].parameters.quarter)
    store = report_store(reports, audience)
    manifest = store.manifest(str(reported_quarter))
    # what an analyst deleted, or saved for others, does not stay published
    gone = {f for f, r in manifest.reports.items() if r.saved} - saved_files(manifest.quarter, audience)
    if only_failed:
        runs = [r for r in runs if r.file in manifest.reports and manifest.reports[r.file].status == "failed"]
    name_parts = name_inputs(snapshot, snapshot.manifest["products"]) if audience == "leadership" else {}
    parts = inputs(runs, snapshot.manifest, name_parts)
    before = published_before(store, reported_quarter, runs, parts)
    for file, content in before.items():
        parts[file]["published_before"] = hashes.of_json(content)
    reasons = {run.file: _due_reason(run, manifest, parts[run.file], store, force) for run in runs}
    durations = {file: report.seconds for file, report in manifest.reports.items()}
    callbacks.planned(runs, reasons, durations)
    due = [run for run in runs if reasons[run.file]]
    outcomes: list[Outcome] = []
    resumed = 0
    if due:
        from cs_helpers.report.landing import landing_pages

        # renders the pages once before the runs: an error in them shows at once, and the templates are compiled
        # while the kernels start
        landing_pages(reported_quarter, manifest.reports, snapshot, language, audience)
        outcomes, resumed = _run_due(
            snapshot, due, parts, before, durations, callbacks, force=force, jobs=jobs, kernel=kernel,
            cell_timeout=cell_timeout, executor=executor, shared=shared,
        )  # fmt: skip
        if audience == "leadership":
            outcomes, unconfirmed = save_name_findings(outcomes)
            if unconfirmed:
                callbacks.unconfirmed(unconfirmed)
    if outcomes or gone or store.content(str(reported_quarter), "index.html") is None:
        from cs_helpers.report.publication import publish_outcomes

        publish_outcomes(store, reported_quarter, outcomes, parts, snapshot, language, name_parts, gone)
    return Batch(store, reported_quarter, tuple(outcomes), len(runs) - len(due), resumed, reasons)


def _due_reason(
    run: Run, manifest: Manifest, parts: Mapping[str, str], store: ReportStore, force: bool
) -> str:
    """Why a run is due, in words for an analyst; '' where it is not."""
    report = manifest.reports.get(run.file)
    if report is None:
        return "it was not made before"
    if report.status == "failed":
        return "it failed the last time"
    if report.good is None:
        return "its report is not known"
    changed = [part for part in parts if report.good.inputs.get(part) != parts[part]]
    if changed:
        return f"changed: {', '.join(changed)}"
    for name, digest in page_files(run.file, report.good.model_copy(update={"pdf": ""})).items():
        content = store.content(manifest.quarter, name)
        if content is None:
            return f"{name} is gone"
        if hashes.of(content) != digest:
            return f"{name} is not as it was published"
    return "it was asked for (force)" if force else ""


def _run_due(
    snapshot: Snapshot,
    due: Sequence[Run],
    parts: Mapping[str, Mapping[str, str]],
    before: Mapping[str, Mapping[str, Any]],
    durations: Mapping[str, float],
    callbacks: Callbacks,
    *,
    force: bool,
    jobs: int,
    kernel: str,
    cell_timeout: int | None,
    executor: str | Executor | None,
    shared: str,
) -> tuple[list[Outcome], int]:
    """The outcomes of the runs that are due, and the number of those that an earlier batch had finished."""
    from cs_helpers.report.executors import run_all, workers_factory
    from cs_helpers.report.finished_runs import FinishedRuns
    from cs_helpers.report.pages import report_template
    from cs_helpers.report.run import CELL_TIMEOUT, Task
    from cs_helpers.report.storage import share_snapshot

    finished = FinishedRuns()
    fingerprints = {run.file: fingerprint(parts[run.file]) for run in due}
    outcomes = [
        outcome
        for run in due
        if not force and (outcome := finished.load(fingerprints[run.file], run)) is not None
    ]
    for outcome in outcomes:
        callbacks.ended(outcome)
    resumed = {outcome.run.file for outcome in outcomes}
    waiting = [run for run in due if run.file not in resumed]
    open_workers = workers_factory(
        executor, jobs=min(jobs, len(waiting)) if executor is None else jobs, kernel=kernel,
        languages=sorted({run.parameters.language for run in waiting}),
    )  # fmt: skip
    snapshots = share_snapshot(snapshot, shared) if waiting else ""
    template = report_template()
    names = name_files(snapshot, [r for r in waiting if r.parameters.audience == "leadership"])
    tasks = [
        Task(
            run,
            run.notebook.read_text(encoding="utf-8"),
            template,
            snapshots,
            names.get(run.parameters.product, {}),
            before.get(run.file),
            kernel,
            cell_timeout or CELL_TIMEOUT,
        )
        for run in waiting
    ]
    for outcome in run_all(tasks, open_workers, durations=durations, started=callbacks.started):
        if outcome.status != "failed":
            finished.save(fingerprints[outcome.run.file], outcome)
        outcomes.append(outcome)
        callbacks.ended(outcome)
    return outcomes, len(resumed)
