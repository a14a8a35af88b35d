"""What a batch publishes: the manifest, the pages with their links, the landing page, and the metrics."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence, Set
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from cs_helpers import hashes
from cs_helpers.contract.parameters import LANGUAGES, Audience
from cs_helpers.contract.quarters import Quarter
from cs_helpers.report.fingerprint import fingerprint
from cs_helpers.report.last_days import last_day_of_page
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
from cs_helpers.report.publish import ReportStore, failed_page_name
from cs_helpers.snapshot import Snapshot

if TYPE_CHECKING:
    from cs_helpers.report.run import Outcome

#: earlier quarters that the landing page leads to
EARLIER = 8
#: packages whose versions run.json names
_PACKAGES = ("cs-workbook", "ipykernel", "matplotlib", "nbconvert", "numpy", "pandas", "papermill", "pyarrow")


def publish_outcomes(
    store: ReportStore,
    quarter: Quarter,
    outcomes: Sequence[Outcome],
    parts: Mapping[str, Mapping[str, str]],
    snapshot: Snapshot,
    language: str,
    name_parts: Mapping[str, Mapping[str, str]],
    gone: Set[str] = frozenset(),
) -> None:
    """Adds the outcomes to what is published, including what another batch published in the meantime.

    gone: files of reports that are no longer saved, or for others: they are withdrawn.

    For leadership, reports of the quarter that were made by other rules for names are withdrawn.
    """
    from cs_helpers.report.failed import failed_page
    from cs_helpers.report.finished_runs import FinishedRuns
    from cs_helpers.report.landing import landing_pages
    from cs_helpers.report.metrics import metric_files
    from cs_helpers.report.navigation import link_pages
    from cs_helpers.report.operations_page import operations_pages

    folder = str(quarter)
    with store.lock(folder):
        files: dict[str, str] = {}
        removed = foreign_files(store.content(folder, FILE_NAME), store.audience)
        before = store.manifest(folder)
        reports, withdrawn = _withdraw_outdated(before.reports, name_parts)
        removed += withdrawn
        for file in gone & reports.keys():
            old = reports.pop(file)
            removed += [failed_page_name(file), *(page_files(file, old.good) if old.good else ())]
        for outcome in outcomes:
            run = outcome.run
            previous = reports.get(run.file)
            reports[run.file] = report = _report(outcome, parts[run.file], previous, snapshot)
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
        files |= operations_pages(quarter, manifest.reports, snapshot, store.audience)
        # those of languages without reports, or without maps, which are not made
        removed += [
            f"{page}.{code}.html" for page in ("index", "data", "operations-map") for code in LANGUAGES
        ]
        store.publish(
            folder,
            {
                **{name: content.encode() for name, content in files.items()},
                **metric_files(folder, manifest.reports),
            },
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


def _report(
    outcome: Outcome, parts: Mapping[str, str], previous: Report | None, snapshot: Snapshot
) -> Report:
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
            title=_title(outcome),
            message=outcome.message,
            metrics=dict(outcome.metrics),
            segments=tuple(dict(metric) for metric in outcome.segments),
            findings=tuple(dict(finding) for finding in outcome.findings),
            drawn={name: dict(content) for name, content in outcome.drawn.items()},
            anchors=outcome.anchors,
            fingerprint=fingerprint(parts),
            inputs=dict(parts),
            keep_until=last_day_of_page(snapshot, run.parameters.product, _shown(outcome)),
            snapshot=run.parameters.snapshot,
            made_at=now,
        )
    return Report(
        status=outcome.status,
        analysis=run.analysis,
        notebook=run.notebook.stem,
        parameters=run.parameters.model_dump(mode="json"),
        saved=run.saved,
        title=_title(outcome) or (previous.title if previous else ""),
        problems=_published_problems(outcome.problems, run.parameters.audience),
        seconds=round(outcome.seconds, 2),
        cells=outcome.cells,
        made_at=now,
        good=good,
    )


def _title(outcome: Outcome) -> str:
    """The title in lists of reports; that of the notebook where the gate found a name on a page, which may be in the title."""
    named = any(problem.code == "masked_name" for problem in outcome.problems)
    return outcome.title if named else outcome.run.title or outcome.title


def _shown(outcome: Outcome) -> set[str]:
    """The names of the analyses whose results are on a page."""
    return {
        *(anchor.partition("-")[0] for anchor in outcome.anchors),
        *(name.partition(".")[0] for name in outcome.metrics),
        *(str(finding["analysis"]) for finding in outcome.findings),
    }


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
