"""A published quarter of one edition, as its PDFs, bundle, digest and slides read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cs_helpers import hashes, paths
from cs_helpers.contract.parameters import LANGUAGES, Parameters
from cs_helpers.contract.products import load_product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.errors import ReportError, SettingError
from cs_helpers.report.manifest import Manifest, PublishedPage, Report, in_order, page_files
from cs_helpers.report.publish import ReportStore, report_store


@dataclass(frozen=True)
class Edition:
    """A published quarter of one edition."""

    store: ReportStore
    manifest: Manifest

    @property
    def quarter(self) -> Quarter:
        """The quarter."""
        return Quarter.parse(self.manifest.quarter)

    @property
    def languages(self) -> list[str]:
        """The languages that have a published page."""
        published = {r.language for r in self.manifest.reports.values() if r.good}
        return [code for code in LANGUAGES if code in published]

    @property
    def name(self) -> str:
        """The name of files that are made of it, without an ending: customer-success-2026Q3."""
        team = "-team" if self.manifest.audience == "team" else ""
        return f"customer-success-{self.manifest.quarter}{team}"

    def reports(self, language: str) -> dict[str, Report]:
        """The reports in a language by file: by product, in the order of the notebooks, saved ones last."""
        return {file: r for file, r in in_order(self.manifest.reports) if r.language == language}

    def pages(self, language: str) -> Iterator[tuple[str, Report, PublishedPage]]:
        """The published pages in a language: file, report, page."""
        for file, report in self.reports(language).items():
            if report.good:
                yield file, report, report.good

    def content(self, file: str) -> bytes:
        """A published file. Raises `ReportError` where it is gone."""
        content, quarter = self.store.content(self.manifest.quarter, file), self.manifest.quarter
        if content is None:
            raise ReportError(f"{self.location(file)} is gone; publish the reports of {quarter} again")
        return content

    def page_content(self, file: str, good: PublishedPage) -> dict[str, bytes]:
        """The files of a page. Raises `ReportError` where one is gone or not as it was published."""
        contents = {}
        for name, digest in page_files(file, good).items():
            contents[name] = self.content(name)
            if hashes.of(contents[name]) != digest:
                raise ReportError(
                    f"{self.location(name)} is not as it was published; publish the reports of"
                    f" {self.manifest.quarter} again"
                )
        return contents

    def location(self, file: str) -> str:
        """The path or URL of a published file."""
        return self.store.location(self.manifest.quarter, file)

    def product_name(self, product: str, language: str) -> str:
        """The name of a product as its file gives it; the product itself where it has no valid file any more."""
        with suppress(SettingError):
            return load_product(paths.products() / f"{product}.yml").name.in_language(language)
        return product

    def check_language(self, language: str) -> None:
        """Raises `ReportError` where nothing is published in a language."""
        if language not in self.languages:
            raise ReportError(
                f"no report of {self.manifest.quarter} is published in the language {language};"
                f" there are reports in: {', '.join(self.languages)}"
            )


def open_edition(
    quarter: str = "latest", audience: str = "leadership", reports: str | Path | None = None
) -> Edition:
    """The edition of a published quarter; `latest`: the last one with a published report.

    reports: a folder or an fsspec URL; default: the workbook's `reports/`. Raises `ParameterError` for a quarter or an
    audience that cannot be, `ReportError` where nothing is published.
    """
    edition = Parameters.check({"quarter": quarter, "audience": audience}).audience
    store = report_store(reports or None, edition)
    wanted = store.quarters() if quarter == "latest" else [quarter]
    for name in wanted:
        manifest = store.manifest(name)
        if any(r.good for r in manifest.reports.values()):
            return Edition(store, manifest)
    place = str(reports) if reports else paths.display_path(paths.reports())
    if quarter == "latest":
        raise ReportError(
            f"no report is published for the {edition} in {place}; make some with make quarterly-report"
        )
    raise ReportError(
        f"no report of {quarter} is published for the {edition} in {place}; make them with make quarterly-report"
    )
