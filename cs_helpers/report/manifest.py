"""run.json, the manifest of a quarter's folder: its reports, and the runs that made them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass

from cs_helpers.contract.parameters import LANGUAGES, Audience

FILE_NAME = "run.json"
FORMAT = 3

Status = Literal["published", "silent", "failed"]


#: codes of problems whose detail may be published: a name from the notebook, or a count. Other details may quote the data
PUBLIC_DETAIL_CODES = frozenset(
    {
        "missing_figure", "missing_table", "empty_table", "missing_metric", "not_a_number", "blank_figure", "no_alt",
        "too_large",
    }
)  # fmt: skip


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


@dataclass(frozen=True)
class Problem:
    """Why a report could not be published."""

    code: str = Field(description="its kind; the catalogue has the sentence, as report.problem.<code>")
    detail: str = Field(
        "",
        description="what whoever fixes it needs to know, never on a page; in leadership's edition only the type of an error",
    )


class CellTime(_Model):
    """How long one cell of the notebook took."""

    cell: str = Field(description="the cell's id in the notebook")
    seconds: float = Field(description="wall time from sending it to its last output")


class PublishedPage(_Model):
    """The page that is published."""

    status: Status = Field(
        description="published, or silent: the page has notes only, no figure and no table"
    )
    sha256: str = Field(description="of the page")
    links: str = Field("", description="sha256 of the links at its top, to other pages that are published")
    downloads: dict[str, str] = Field(
        default_factory=dict,
        description="file beside the page -> sha256: the long tables with all rows as CSV, and tables and figures for other programs",
    )
    title: str = Field(description="the page's heading")
    message: str = Field(
        description="the message of its headline figure, or its first note, and what was left out"
    )
    metrics: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="headline metrics by `<analysis>.<name>`: value, low, high (95 %), n, unit, label, better, currency of an amount, and the change from previous_quarter, previous_year and target where they are known",
    )
    segments: tuple[dict[str, Any], ...] = Field(
        (), description="further metrics, of segments: metric, segment, value, low, high, n, unit, better"
    )
    findings: tuple[dict[str, Any], ...] = Field(
        (),
        description="what was found, most important first: analysis, code, about (question), anchor (its place on the page), sentence, direction, certainty, value, compared, compared_with, size, low, high (95 %), unit, size_unit, n, customers and mrr at stake, currency; in a summary also part (changed, decisions, or unknown, which has a sentence only), key (the same finding in another quarter has the same), do, who and by",
    )
    drawn: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="what a figure that is an SVG shows, by `<analysis>.<question>`: its labels and numbers, of which the page over all products is drawn",
    )
    anchors: tuple[str, ...] = Field(
        (), description="ids on the page that other pages may link to: `<analysis>-<question>`"
    )
    pdf: str = Field(
        "", description="sha256 of the PDF beside the page; empty where none was made of this page"
    )
    fingerprint: str = Field(
        description="one hash of `inputs`; while it and the files are unchanged, the report is not run again"
    )
    inputs: dict[str, str] = Field(default_factory=dict, description="what the page depends on: part -> hash")
    keep_until: str = Field(
        "",
        description="the first of the last days of rows about candidates that the page may show; after it the page is to be made again or deleted. Empty where it shows none",
    )
    snapshot: str = Field(description="the snapshot it was made from")
    made_at: str = Field(description="when its run ended, UTC")


class Report(_Model):
    """One run: one notebook for one product in one language."""

    status: Status = Field(description="how the last run ended")
    analysis: str = Field(description="the notebook's name without its number")
    notebook: str = Field(description="the notebook's name")
    parameters: dict[str, Any] = Field(description="all parameters, resolved")
    saved: str = Field("", description="the name of a report that an analyst saved; empty for the others")
    title: str = Field("", description="the heading, in the report's language")
    problems: tuple[Problem, ...] = Field((), description="why the last run failed")
    seconds: float = Field(description="wall time of the last run, page and checks included")
    cells: tuple[CellTime, ...] = Field((), description="of the last run")
    made_at: str = Field(description="when the last run ended, UTC")
    good: PublishedPage | None = Field(
        None, description="the published page; of a failed run the last good one"
    )

    @property
    def product(self) -> str:
        """The product of the report."""
        return str(self.parameters["product"])

    @property
    def language(self) -> str:
        """The language of the report."""
        return str(self.parameters["language"])


def of_whole_products(reports: Mapping[str, Report]) -> dict[str, Report]:
    """The reports without the saved ones, which are of some customers, or count in another way."""
    return {file: report for file, report in reports.items() if not report.saved}


def in_order(reports: Mapping[str, Report]) -> list[tuple[str, Report]]:
    """The reports of each product in the order of the notebooks, and behind them the saved ones."""
    return sorted(
        reports.items(), key=lambda item: (item[1].product, bool(item[1].saved), item[1].notebook, item[0])
    )


class Manifest(_Model):
    """A quarter's folder of one edition: its reports by file name."""

    format: int = Field(FORMAT, description="version of this format; files of another version are not read")
    quarter: str = Field(description="as in 2026Q3")
    audience: Audience = Field("leadership", description="the edition")
    snapshot: str = Field("", description="the snapshot of the last batch")
    as_of: str = Field("", description="the last day of that snapshot's data")
    published_at: str = Field("", description="when the folder was last published, UTC")
    versions: dict[str, str] = Field(
        default_factory=dict, description="package -> version, of the last batch; python too"
    )
    reports: dict[str, Report] = Field(
        default_factory=dict, description="file inside the folder -> its last run"
    )
    pdfs: dict[str, str] = Field(
        default_factory=dict,
        description="PDF of all reports in one language -> sha256; only while it is up to date",
    )

    def text(self) -> str:
        """The manifest as JSON."""
        return self.model_dump_json(indent=1) + "\n"


def read_manifest(content: bytes | None, quarter: str, audience: Audience = "leadership") -> Manifest:
    """The manifest in `content`; an empty one where it cannot be read, or is of another format or edition."""
    empty = Manifest(quarter=quarter, audience=audience)
    try:
        manifest = Manifest.model_validate_json(content or b"")
    except ValidationError:
        return empty
    return manifest if manifest.format == FORMAT and manifest.audience == audience else empty


def foreign_files(content: bytes | None, audience: Audience = "leadership") -> list[str]:
    """The files of a manifest of another format or edition, which must not stay in this folder.

    Before format 3 both editions were published to one folder, so these files may show names.
    """
    try:
        manifest = json.loads(content or b"{}")
        if manifest.get("format") == FORMAT and manifest.get("audience") == audience:
            return []
        files: list[str] = []
        for file, report in manifest.get("reports", {}).items():
            downloads = (report.get("good") or {}).get("downloads", {})
            folder = file.rpartition("/")[0]
            files += [
                file,
                f"{file.removesuffix('.html')}.failed.html",
                *(f"{folder}/{n}" for n in downloads),
            ]
        return [*files, *(f"index.{language}.html" for language in LANGUAGES)]
    except (ValueError, AttributeError, TypeError):
        return []


def pdf_name(page: str) -> str:
    """The file of the PDF beside a page."""
    return f"{page.removesuffix('.html')}.pdf"


def page_files(file: str, good: PublishedPage) -> dict[str, str]:
    """The files of a published page, inside the quarter's folder -> sha256: the page, its downloads and its PDF."""
    folder = file.rpartition("/")[0]
    downloads = {f"{folder}/{name}": digest for name, digest in good.downloads.items()}
    return {file: good.sha256, **downloads, **({pdf_name(file): good.pdf} if good.pdf else {})}


def manifest_page() -> str:
    """`docs/run-manifest.md`: every field of run.json and what it means."""
    lines = [
        "# run.json",
        "",
        "<!-- written by `make dictionary` from cs_helpers/report/manifest.py -->",
        "",
        "`run.json` lies beside the reports of a quarter: what was run, from what, how it ended, and the headline",
        "metrics. It is written last, so every file that it names exists. The next batch reads it to find out",
        "which reports are up to date.",
    ]
    for model in (Manifest, Report, PublishedPage, CellTime, Problem):
        lines += ["", f"## {model.__name__}", "", str(model.__doc__), "", "| field | type | meaning |"]
        lines += ["|---|---|---|"]
        lines += [
            f"| `{name}` | {_type(field.annotation)} | {field.description} |"
            for name, field in getattr(model, "__pydantic_fields__").items()  # noqa: B009 - models and dataclasses have it
        ]
    return "\n".join(lines) + "\n"


def _type(annotation: Any) -> str:
    name = annotation.__name__ if isinstance(annotation, type) and not hasattr(annotation, "__args__") else ""
    text = name or str(annotation).replace("typing.", "").replace(f"{__name__}.", "")
    return text.replace("NoneType", "None").replace("|", "or").replace("Literal", "one of ")
