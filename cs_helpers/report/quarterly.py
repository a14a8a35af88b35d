"""The main job: runs the reports of a quarter that are due, and publishes them."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cs_helpers import hashes
from cs_helpers.contract.parameters import LANGUAGES, Audience
from cs_helpers.contract.quarters import Quarter
from cs_helpers.report.fingerprint import fingerprint, inputs
from cs_helpers.report.links import resolve_links
from cs_helpers.report.manifest import (
    FILE_NAME,
    PUBLIC_DETAIL_CODES,
    Manifest,
    Problem,
    PublishedPage,
    Report,
    foreign_files,
    page_files,
    pdf_name,
)
from cs_helpers.report.name_masking import name_files, name_inputs, save_name_findings
from cs_helpers.report.plan import Run, plan_runs
from cs_helpers.report.publish import ReportStore, failed_page_name, report_store
from cs_helpers.snapshot import Snapshot

if TYPE_CHECKING:  # what runs notebooks is imported only when a report is due
    from cs_helpers.report.run import Outcome

#: earlier quarters that the landing page leads to
EARLIER = 8
#: packages whose versions run.json names
_PACKAGES = ("cs-workbook", "ipykernel", "matplotlib", "nbconvert", "numpy", "pandas", "papermill", "pyarrow")


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
    callbacks: Callbacks | None = None,
) -> Batch:
    """Runs the reports of a quarter that are due, and publishes them.

    A report is due where something that it depends on changed, or its files are not as they were published; `force`
    makes every report due. `only_failed` takes only the reports whose last run failed. While a run fails, its last
    good report stays published. jobs: number of runs at a time. kernel: `warm`, `cold` or the address of a zygote.
    cell_timeout: seconds that a cell may take. executor: see `executors.workers_factory`. reports: a folder or an
    fsspec URL. shared: a folder or fsspec URL where workers of a cluster find the snapshot. Raises `ParameterError`,
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
    )
    reported_quarter = Quarter.parse(runs[0].parameters.quarter)
    store = report_store(reports, audience)
    manifest = store.manifest(str(reported_quarter))
    if only_failed:
        runs = [r for r in runs if r.file in manifest.reports and manifest.reports[r.file].status == "failed"]
    name_parts = name_inputs(snapshot, snapshot.manifest["products"]) if audience == "leadership" else {}
    parts = inputs(runs, snapshot.manifest, name_parts)
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
            snapshot, due, parts, durations, callbacks, force=force, jobs=jobs, kernel=kernel,
            cell_timeout=cell_timeout, executor=executor, shared=shared,
        )  # fmt: skip
        if audience == "leadership":
            outcomes, unconfirmed = save_name_findings(outcomes)
            if unconfirmed:
                callbacks.unconfirmed(unconfirmed)
    if outcomes or store.content(str(reported_quarter), "index.html") is None:
        _publish(store, reported_quarter, outcomes, parts, snapshot, language, name_parts)
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


def _publish(
    store: ReportStore,
    quarter: Quarter,
    outcomes: Sequence[Outcome],
    parts: Mapping[str, Mapping[str, str]],
    snapshot: Snapshot,
    language: str,
    name_parts: Mapping[str, Mapping[str, str]],
) -> None:
    """Adds the outcomes to what is published, including what another batch published in the meantime.

    For leadership, reports of the quarter that were made by other rules for names are withdrawn.
    """
    from cs_helpers.report.failed import failed_page
    from cs_helpers.report.finished_runs import FinishedRuns
    from cs_helpers.report.landing import landing_pages
    from cs_helpers.report.navigation import link_pages

    folder = str(quarter)
    with store.lock(folder):
        files: dict[str, str] = {}
        removed = foreign_files(store.content(folder, FILE_NAME), store.audience)
        before = store.manifest(folder)
        reports, withdrawn = _withdraw_outdated(before.reports, name_parts)
        removed += withdrawn
        for outcome in outcomes:
            run = outcome.run
            previous = reports.get(run.file)
            reports[run.file] = report = _report(outcome, parts[run.file], previous)
            files |= outcome.files
            failed_file = failed_page_name(run.file)
            if outcome.status == "failed":
                files[failed_file] = failed_page(
                    run, outcome.problems, title=report.title,
                    product_name=snapshot.product(run.parameters.product).name.in_language(
                        run.parameters.language
                    ),
                    last_good=datetime.fromisoformat(report.good.made_at).date() if report.good else None,
                )  # fmt: skip
            else:
                removed.append(failed_file)
                removed += page_files(run.file, previous.good) if previous and previous.good else ()
        for outcome in outcomes:
            if outcome.status != "failed":
                file = outcome.run.file
                files[file] = resolve_links(outcome.page, reports[file], reports)
        reports, linked = link_pages(
            reports,
            files,
            partial(store.content, folder),
            store.manifest(str(quarter.back(1))),
            snapshot.products,
        )
        files |= linked
        reports, outdated = _without_outdated_pdfs(reports, before)
        removed += [*outdated, *before.pdfs]
        manifest = Manifest(
            quarter=folder,
            audience=store.audience,
            snapshot=snapshot.id,
            as_of=snapshot.as_of.isoformat(),
            published_at=datetime.now(UTC).isoformat(timespec="seconds"),
            versions=_versions(),
            reports=dict(sorted(reports.items())),
        )
        earlier = [q for name in store.quarters() if (q := Quarter.parse(name)) < quarter]
        files |= landing_pages(
            quarter, manifest.reports, snapshot, language, store.audience, earlier[:EARLIER]
        )
        # those of languages without reports, which `landing_pages` does not return
        removed += [f"{page}.{code}.html" for page in ("index", "data") for code in LANGUAGES]
        store.publish(
            folder,
            {name: content.encode() for name, content in files.items()},
            [name for name in removed if name not in files],
            manifest,
        )
    # a run whose pseudonyms another batch gave away must not be resumed either
    done = [o for o in outcomes if o.status != "failed" or any(p.code == "pseudonyms" for p in o.problems)]
    FinishedRuns().delete([fingerprint(parts[o.run.file]) for o in done])


def _withdraw_outdated(
    reports: Mapping[str, Report], name_parts: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, Report], list[str]]:
    """The reports that may stay published, and the files of those made by other rules for names.

    name_parts: product -> `name_masking.name_inputs` of today; reports of products without one stay.
    """
    remaining: dict[str, Report] = {}
    withdrawn: list[str] = []
    for file, report in reports.items():
        today = name_parts.get(report.product, {}).get("names")
        if today and report.good and report.good.inputs.get("names") != today:
            withdrawn += page_files(file, report.good)
            report = report.model_copy(update={"good": None})
        if report.good or report.status == "failed":
            remaining[file] = report
    return remaining, withdrawn


def _without_outdated_pdfs(
    reports: Mapping[str, Report], before: Manifest
) -> tuple[dict[str, Report], list[str]]:
    """The reports without the PDFs of pages that are no longer as in the manifest `before`; the files of those PDFs."""
    current, outdated = dict(reports), []
    for file, old in before.reports.items():
        if old.good and old.good.pdf:
            report = reports.get(file)
            if report is None or report.good is None or report.good.sha256 != old.good.sha256:
                outdated.append(pdf_name(file))
                if report and report.good:
                    good = report.good.model_copy(update={"pdf": ""})
                    current[file] = report.model_copy(update={"good": good})
    return current, outdated


def _report(outcome: Outcome, parts: Mapping[str, str], previous: Report | None) -> Report:
    """The manifest's entry for a run; that of a failed run keeps the last good page of the previous entry."""
    run = outcome.run
    now = datetime.now(UTC).isoformat(timespec="seconds")
    good = previous.good if previous else None
    if outcome.status != "failed":
        downloads = {n: c for n, c in outcome.files.items() if n != run.file}
        good = PublishedPage(
            status=outcome.status,
            sha256=hashes.of(outcome.page),
            downloads={name.rpartition("/")[2]: hashes.of(content) for name, content in downloads.items()},
            title=outcome.title,
            message=outcome.message,
            metrics=dict(outcome.metrics),
            findings=tuple(dict(finding) for finding in outcome.findings),
            anchors=outcome.anchors,
            fingerprint=fingerprint(parts),
            inputs=dict(parts),
            snapshot=run.parameters.snapshot,
            made_at=now,
        )
    return Report(
        status=outcome.status,
        analysis=run.analysis,
        notebook=run.notebook.stem,
        parameters=run.parameters.model_dump(mode="json"),
        title=outcome.title or (previous.title if previous else ""),
        problems=_published_problems(outcome.problems, run.parameters.audience),
        seconds=round(outcome.seconds, 2),
        cells=outcome.cells,
        made_at=now,
        good=good,
    )


def _published_problems(problems: Sequence[Problem], audience: Audience) -> tuple[Problem, ...]:
    """The problems as the manifest of an edition may hold them; for leadership without details that may hold names."""
    if audience == "team":
        return tuple(problems)
    published = []
    for problem in problems:
        where, _, names = problem.detail.partition(": ")
        if problem.code == "masked_name":
            problem = Problem(problem.code, f"{where}: {len(names.split('; '))}")
        elif problem.code not in PUBLIC_DETAIL_CODES:
            problem = Problem(problem.code, where)
        published.append(problem)
    return tuple(published)


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}
