"""Plans a batch: one run per product and notebook, and the reports that analysts saved."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cs_helpers import analyses, paths
from cs_helpers.contract.parameters import Audience, Parameters
from cs_helpers.contract.saved_report import SavedReport, load_saved_reports
from cs_helpers.errors import ParameterError, ReportError, SettingError, SnapshotError, did_you_mean
from cs_helpers.saved_reports import analyses_shown, notebook_files
from cs_helpers.snapshot import Snapshot

#: the notebook whose reports sum up a product
SUMMARY = "executive_summary"


@dataclass(frozen=True)
class Run:
    """One notebook with its resolved parameters. saved, title: the name and title of a saved report; else ''."""

    notebook: Path
    parameters: Parameters
    saved: str = ""
    title: str = ""

    @property
    def analysis(self) -> str:
        """The notebook's name without its number: `journey_funnels`."""
        return _short_name(self.notebook.stem)

    @property
    def file(self) -> str:
        """The report's file inside the quarter's folder."""
        name = f"{self.analysis}.{self.saved}" if self.saved else self.analysis
        return f"{self.parameters.product}/{name}.{self.parameters.language}.html"

    @property
    def label(self) -> str:
        """The run's name on a terminal."""
        return " / ".join(filter(None, (self.parameters.product, self.analysis, self.saved)))


def plan_runs(
    snapshot: Snapshot,
    *,
    quarter: str = "latest",
    products: Sequence[str] = (),
    notebooks: Sequence[str] = (),
    language: str = "en",
    audience: Audience = "leadership",
    saved: Sequence[str] = (),
) -> list[Run]:
    """The runs of the products and notebooks named, of all where none are named; saved reports of them come last.

    saved: only the saved reports of these names, in all of their languages. Raises `ParameterError` or `SnapshotError` for
    an unknown product, notebook, language, audience or quarter, and `SettingError` for a saved report that cannot be made,
    before anything runs.
    """
    selected = [snapshot.check_product(p) for p in products] or list(snapshot.manifest["products"])
    checked_quarter = str(snapshot.check_quarter(quarter))
    files = _notebook_files(notebooks)
    on_disk = load_saved_reports(paths.saved_reports())
    if saved:
        return _named_runs(snapshot, on_disk, saved, checked_quarter, audience)
    mine = {name: s for name, s in on_disk.items() if s.is_for(checked_quarter, audience)}
    saved_runs = [
        run
        for name, report in mine.items()
        if language in report.languages
        and (report.product in selected if products else _has_data(report.product, snapshot))
        for run in _runs_of(name, report, snapshot, checked_quarter, [language])
        if run.notebook in files
    ]
    return [
        Run(
            file,
            Parameters.check(
                {
                    "product": product,
                    "quarter": checked_quarter,
                    "language": language,
                    "snapshot": snapshot.id,
                    "audience": audience,
                }
            ),
        )
        for product in dict.fromkeys(selected)
        for file in files
    ] + saved_runs


def _has_data(product: str, snapshot: Snapshot) -> bool:
    """Whether a saved report is for this snapshot: a product that has a file may be without data, as other ones."""
    return product in snapshot.manifest["products"] or not (paths.products() / f"{product}.yml").exists()


def load_named(names: Sequence[str], found: Mapping[str, SavedReport] | None = None) -> list[SavedReport]:
    """The saved reports of these names. Raises `ParameterError` where there is none."""
    found = load_saved_reports(paths.saved_reports()) if found is None else found
    for name in names:
        if name not in found:
            raise ParameterError(
                "saved", f"there is no saved report of that name.{did_you_mean(name, found)}".rstrip("."),
                value=name, allowed=", ".join(found) or "none",
            )  # fmt: skip
    return [found[name] for name in names]


def saved_files(quarter: str, audience: Audience) -> frozenset[str]:
    """The files of the reports that are saved for a quarter and an audience; other ones are withdrawn."""
    return frozenset(
        f"{saved.product}/{_short_name(saved.notebook)}.{name}.{language}.html"
        for name, saved in load_saved_reports(paths.saved_reports()).items()
        if saved.is_for(quarter, audience)
        for language in saved.languages
    )


def _named_runs(
    snapshot: Snapshot,
    found: Mapping[str, SavedReport],
    names: Sequence[str],
    quarter: str,
    audience: Audience,
) -> list[Run]:
    runs = []
    for name, report in zip(names, load_named(names, found), strict=True):
        if report.audience != audience:
            raise _cannot_be_made(name, f"it is saved for the audience {report.audience}", "audience")
        if not report.is_for(quarter, audience):
            raise _cannot_be_made(name, f"it is saved for {report.quarter}; ask for that quarter", "quarter")
        runs += _runs_of(name, report, snapshot, quarter, report.languages)
    return runs


def _runs_of(
    name: str, report: SavedReport, snapshot: Snapshot, quarter: str, languages: Collection[str]
) -> list[Run]:
    """The runs of a saved report. Raises `SettingError` where its product, notebook or options do not exist."""
    try:
        product = snapshot.check_product(report.product)
        [file] = _notebook_files([report.notebook])
    except SnapshotError as error:
        raise _cannot_be_made(name, str(error), "product") from None
    except ParameterError as error:
        raise _cannot_be_made(name, error.problem, "notebook", error.allowed) from None
    shown = analyses_shown(file)
    for analysis, options in report.options.items():
        if analysis not in shown:
            problem = (
                f"the notebook '{_short_name(report.notebook)}' shows no such analysis that takes options"
            )
            raise _cannot_be_made(name, problem, f"options.{analysis}", ", ".join(sorted(shown)))
        try:
            analyses.check_options(snapshot.read(product), {analysis: options})
        except ParameterError as error:
            key = f"options.{analysis}.{error.name}"
            raise _cannot_be_made(name, error.problem, key, error.allowed) from None
    if report.audience == "leadership":
        from cs_helpers.report.disclosure_gate import holds_a_name

        if holds_a_name("\n".join([name, *report.title.values()]), snapshot, product):
            problem = "its title or its name holds the name of somebody or of a customer, which leadership must not read there"
            raise _cannot_be_made(name, problem, "title")
    return [
        Run(file, report.parameters(quarter, language, snapshot.id), name, report.title[language])
        for language in report.languages
        if language in languages
    ]


def _cannot_be_made(name: str, problem: str, key: str, allowed: str = "") -> SettingError:
    return SettingError(paths.saved_reports() / f"{name}.yml", problem, key=key, allowed=allowed)


def _short_name(notebook: str) -> str:
    """The name of a notebook without its number: `journey_funnels`."""
    return re.sub(r"^\d+_", "", notebook.removesuffix(".ipynb"))


def _notebook_files(names: Sequence[str]) -> list[Path]:
    by_stem = {file.stem: file for file in notebook_files()}
    if not by_stem:
        raise ReportError(f"there are no notebooks in {paths.display_path(paths.notebooks())}")
    short_names = {_short_name(stem): stem for stem in by_stem}
    selected = []
    for name in names:
        stem = name.removesuffix(".ipynb")
        stem = short_names.get(stem, stem)
        if stem not in by_stem:
            raise ParameterError(
                "notebooks",
                f"there is no such notebook.{did_you_mean(name, [*by_stem, *short_names])}".rstrip("."),
                value=name,
                allowed=", ".join(short_names),
            )
        selected.append(by_stem[stem])
    return list(dict.fromkeys(selected)) or list(by_stem.values())
