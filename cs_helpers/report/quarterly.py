"""The main job: a quarter's reports from a snapshot, those that need it made anew, and published."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cs_helpers import hashes
from cs_helpers.contract.parameters import LANGUAGES, Audience
from cs_helpers.contract.quarters import Quarter
from cs_helpers.report.covers import covering, files_for, remembered
from cs_helpers.report.fingerprint import fingerprint, inputs
from cs_helpers.report.manifest import COUNTED, NAME, Good, Manifest, Problem, Report, not_ours
from cs_helpers.report.plan import Run, plan_runs
from cs_helpers.report.publish import Place, failed_name, place
from cs_helpers.snapshot import Snapshot

if TYPE_CHECKING:  # what runs notebooks is imported when one is due
    from cs_helpers.report.run import Outcome

#: packages whose versions run.json names
_PACKAGES = ("cs-workbook", "ipykernel", "matplotlib", "nbconvert", "numpy", "pandas", "papermill", "pyarrow")


@dataclass(frozen=True)
class Watch:
    """Who wants to know how a batch goes on; each is called in the batch's own thread.

    planned: runs, reasons (file -> why it runs, '' where it is up to date), seconds (file -> what it
    took the last time). started: a run begins. ended: a run's outcome.
    """

    planned: Callable[[Sequence[Run], Mapping[str, str], Mapping[str, float]], None] = lambda *_: None
    started: Callable[[Run], None] = lambda run: None
    ended: Callable[[Outcome], None] = lambda outcome: None
    unconfirmed: Callable[[Sequence[str]], None] = lambda words: None


@dataclass(frozen=True)
class Batch:
    """What a batch did.

    outcomes: of the runs that were due. unchanged: how many were up to date. resumed: how many were
    made by a batch that was stopped before it published them.
    """

    place: Place
    quarter: Quarter
    outcomes: tuple[Outcome, ...] = ()
    unchanged: int = 0
    resumed: int = 0
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The outcomes that are not published."""
        return tuple(o for o in self.outcomes if o.status == "failed")

    def manifest(self) -> Manifest:
        """The quarter's manifest as it is published now."""
        return self.place.manifest(str(self.quarter))

    def shown(self, name: str) -> str:
        """Where a file of the quarter is published."""
        return self.place.shown(str(self.quarter), name)


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
    longest: int | None = None,
    executor: str | Executor | None = None,
    reports: str | Path | None = None,
    shared: str = "",
    watch: Watch | None = None,
) -> Batch:
    """Makes and publishes a quarter's reports.

    A run that depends on nothing that changed and whose files are as they were published is not run
    again unless `force`; `only_failed` runs those that failed the last time and nothing else. A
    failed run keeps its last good report. kernel: `warm`, `cold` or the address of a zygote. longest:
    seconds that a cell may take. executor: see `spread.hired`. reports: a folder or an fsspec URL.
    shared: where workers of a cluster find the snapshot. Raises `ParameterError`, `SnapshotError` or
    `ReportError` before anything runs.
    """
    watch = watch or Watch()
    runs = plan_runs(
        snapshot,
        quarter=quarter,
        products=products,
        notebooks=notebooks,
        language=language,
        audience=audience,
    )
    when = Quarter.parse(runs[0].parameters.quarter)
    target = place(reports, audience)
    known = target.manifest(str(when))
    if only_failed:
        runs = [r for r in runs if r.file in known.reports and known.reports[r.file].status == "failed"]
    covers = covering(snapshot, snapshot.manifest["products"]) if audience == "leadership" else {}
    parts = inputs(runs, snapshot.manifest, covers)
    reasons = {run.file: _why(run, known, parts[run.file], target, str(when), force) for run in runs}
    took = {file: report.seconds for file, report in known.reports.items()}
    watch.planned(runs, reasons, took)
    due = [run for run in runs if reasons[run.file]]
    outcomes: list[Outcome] = []
    resumed = 0
    if due:
        from cs_helpers.report.landing import landing_pages

        # what would fail at the end fails now, and is ready then: kernels come up in the meantime
        landing_pages(when, known.reports, snapshot, language, audience)
        outcomes, resumed = _made(
            snapshot, due, parts, took, watch, force=force, jobs=jobs, kernel=kernel, longest=longest,
            executor=executor, shared=shared,
        )  # fmt: skip
        if audience == "leadership":
            outcomes, unconfirmed = remembered(outcomes)
            if unconfirmed:
                watch.unconfirmed(unconfirmed)
    if outcomes or target.content(str(when), "index.html") is None:
        _publish(target, when, outcomes, parts, snapshot, language, covers)
    return Batch(target, when, tuple(outcomes), len(runs) - len(due), resumed, reasons)


def _why(
    run: Run, known: Manifest, parts: Mapping[str, str], target: Place, quarter: str, force: bool
) -> str:
    """Why a run is due, in words for an analyst; '' where it is not."""
    said = known.reports.get(run.file)
    if said is None:
        return "it was not made before"
    if said.status == "failed":
        return "it failed the last time"
    if said.good is None:
        return "its report is not known"
    changed = [part for part in parts if said.good.inputs.get(part) != parts[part]]
    if changed:
        return f"changed: {', '.join(changed)}"
    beside = {f"{run.parameters.product}/{name}": h for name, h in said.good.downloads.items()}
    for name, digest in {run.file: said.good.sha256, **beside}.items():
        content = target.content(quarter, name)
        if content is None:
            return f"{name} is gone"
        if hashes.of(content) != digest:
            return f"{name} is not as it was published"
    return "it was asked for (force)" if force else ""


def _made(
    snapshot: Snapshot,
    due: Sequence[Run],
    parts: Mapping[str, Mapping[str, str]],
    took: Mapping[str, float],
    watch: Watch,
    *,
    force: bool,
    jobs: int,
    kernel: str,
    longest: int | None,
    executor: str | Executor | None,
    shared: str,
) -> tuple[list[Outcome], int]:
    """The outcomes of the runs that are due, and how many of them were there already."""
    from cs_helpers.report.made import Made
    from cs_helpers.report.pages import report_template
    from cs_helpers.report.run import LONGEST_SECONDS, Task
    from cs_helpers.report.spread import hired, run_all
    from cs_helpers.report.storage import shared as put

    made = Made()
    marks = {run.file: fingerprint(parts[run.file]) for run in due}
    outcomes = [
        found for run in due if not force and (found := made.outcome(marks[run.file], run)) is not None
    ]
    for outcome in outcomes:
        watch.ended(outcome)
    there = {outcome.run.file for outcome in outcomes}
    waiting = [run for run in due if run.file not in there]
    hire = hired(
        executor, jobs=min(jobs, len(waiting)) if executor is None else jobs, kernel=kernel,
        languages=sorted({run.parameters.language for run in waiting}),
    )  # fmt: skip
    where = put(snapshot, shared) if waiting else ""
    template = report_template()
    names = files_for(snapshot, [r for r in waiting if r.parameters.audience == "leadership"])
    tasks = [
        Task(
            run,
            run.notebook.read_text(encoding="utf-8"),
            template,
            where,
            names.get(run.parameters.product, {}),
            kernel,
            longest or LONGEST_SECONDS,
        )
        for run in waiting
    ]
    for outcome in run_all(tasks, hire, took=took, started=watch.started):
        if outcome.status != "failed":
            made.keep(marks[outcome.run.file], outcome)
        outcomes.append(outcome)
        watch.ended(outcome)
    return outcomes, len(there)


def _publish(
    target: Place,
    when: Quarter,
    outcomes: Sequence[Outcome],
    parts: Mapping[str, Mapping[str, str]],
    snapshot: Snapshot,
    language: str,
    covers: Mapping[str, Mapping[str, str]],
) -> None:
    """Adds the outcomes to what is published, whatever another batch published in the meantime.

    For leadership, reports of the quarter that were made when less was hidden are withdrawn.
    """
    from cs_helpers.report.failed import failed_page
    from cs_helpers.report.landing import landing_pages
    from cs_helpers.report.made import Made

    quarter = str(when)
    with target.alone(quarter):
        known = target.manifest(quarter)
        files: dict[str, str] = {}
        gone = not_ours(target.content(quarter, NAME), target.audience)
        reports, withdrawn = _still_good(known.reports, covers)
        gone += withdrawn
        for outcome in outcomes:
            run = outcome.run
            before = reports.get(run.file)
            reports[run.file] = report = _report(outcome, parts[run.file], before)
            files |= outcome.files
            sorry = failed_name(run.file)
            if outcome.status == "failed":
                files[sorry] = failed_page(
                    run, outcome.problems, title=report.title,
                    product_name=snapshot.product(run.parameters.product).name.in_language(
                        run.parameters.language
                    ),
                    last_good=datetime.fromisoformat(report.good.made_at).date() if report.good else None,
                )  # fmt: skip
            else:
                gone.append(sorry)
                beside = before.good.downloads if before and before.good else {}
                gone += [f"{report.product}/{name}" for name in beside]
        manifest = Manifest(
            quarter=quarter,
            audience=target.audience,
            snapshot=snapshot.id,
            as_of=snapshot.as_of.isoformat(),
            published_at=datetime.now(UTC).isoformat(timespec="seconds"),
            versions=_versions(),
            reports=dict(sorted(reports.items())),
        )
        files |= landing_pages(when, manifest.reports, snapshot, language, target.audience)
        gone += [f"index.{code}.html" for code in LANGUAGES]  # of a language that has no report any more
        target.publish(
            quarter,
            {name: content.encode() for name, content in files.items()},
            [name for name in gone if name not in files],
            manifest,
        )
    # a run that used numbers which others have now is of no use either
    done = [o for o in outcomes if o.status != "failed" or any(p.code == "pseudonyms" for p in o.problems)]
    Made().forget([fingerprint(parts[o.run.file]) for o in done])


def _still_good(
    reports: Mapping[str, Report], covers: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, Report], list[str]]:
    """The reports without those that were made when less was hidden from leadership, and the files of those.

    covers: product -> `covers.covering` of today; of other products (and of the team) nothing is known.
    """
    kept, gone = {}, []
    for file, report in reports.items():
        today = covers.get(report.product, {}).get("names")
        if today and report.good and report.good.inputs.get("names") != today:
            gone += [file, *(f"{report.product}/{name}" for name in report.good.downloads)]
            report = report.model_copy(update={"good": None})
        if report.good or report.status == "failed":
            kept[file] = report
    return kept, gone


def _report(outcome: Outcome, parts: Mapping[str, str], before: Report | None) -> Report:
    """What the manifest says of a run; a failed one keeps what it knew of the last good report."""
    run = outcome.run
    now = datetime.now(UTC).isoformat(timespec="seconds")
    good = before.good if before else None
    if outcome.status != "failed":
        beside = {n: c for n, c in outcome.files.items() if n != run.file}
        good = Good(
            status=outcome.status,
            sha256=hashes.of(outcome.page),
            downloads={name.rpartition("/")[2]: hashes.of(content) for name, content in beside.items()},
            title=outcome.title,
            message=outcome.message,
            metrics=dict(outcome.metrics),
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
        title=outcome.title or (before.title if before else ""),
        problems=_published(outcome.problems, run.parameters.audience),
        seconds=round(outcome.seconds, 2),
        cells=outcome.cells,
        made_at=now,
        good=good,
    )


def _published(problems: Sequence[Problem], audience: Audience) -> tuple[Problem, ...]:
    """Problems as the manifest of an edition may hold them: what an error says may name customers."""
    if audience == "team":
        return tuple(problems)
    found = []
    for problem in problems:
        where, _, names = problem.detail.partition(": ")
        if problem.code == "masked_name":
            problem = Problem(problem.code, f"{where}: {len(names.split('; '))}")
        elif problem.code not in COUNTED:
            problem = Problem(problem.code, where)
        found.append(problem)
    return tuple(found)


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}
