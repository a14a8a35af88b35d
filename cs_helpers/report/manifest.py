"""run.json: what a quarter's folder holds, and how each report in it came to be."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass

from cs_helpers.contract.parameters import LANGUAGES, Audience

NAME = "run.json"
FORMAT = 3

Status = Literal["published", "silent", "failed"]


#: problems whose detail is a name of the notebook's or a count; those of the others may hold what stood in the data
COUNTED = frozenset(
    {
        "missing_figure", "missing_table", "empty_table", "missing_metric", "not_a_number", "blank_figure", "no_alt",
        "too_large",
    }
)  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


@dataclass(frozen=True)
class Problem:
    """Why a report could not be published."""

    code: str = Field(description="the kind; its sentence stands in the catalogue as report.problem.<code>")
    detail: str = Field(
        "",
        description="what a person who mends it needs, never on a page; of an error in leadership's edition only its kind",
    )


class CellTime(_Part):
    """How long one cell of the notebook took."""

    cell: str = Field(description="the cell's id in the notebook")
    seconds: float = Field(description="wall time from sending it to its last output")


class Good(_Part):
    """What is published at the report's place."""

    status: Status = Field(description="published, or silent: the page only says what could not be said")
    sha256: str = Field(description="of the page")
    downloads: dict[str, str] = Field(
        default_factory=dict, description="file beside the page -> sha256: long tables whole, as CSV"
    )
    title: str = Field(description="the page's heading")
    message: str = Field(
        description="what its headline figure says, or its first note, and what was left out"
    )
    metrics: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="headline metrics by `<analysis>.<name>`: value, low, high (95 %), n, unit",
    )
    fingerprint: str = Field(description="one hash of `inputs`; the same one and intact files: not run again")
    inputs: dict[str, str] = Field(
        default_factory=dict, description="what the page depends on, part by part, as hashes"
    )
    snapshot: str = Field(description="the snapshot it was made from")
    made_at: str = Field(description="when its run ended, UTC")


class Report(_Part):
    """One run: one notebook for one product in one language."""

    status: Status = Field(description="how the last run ended")
    analysis: str = Field(description="the notebook's name without its number")
    notebook: str = Field(description="the notebook's name")
    parameters: dict[str, Any] = Field(description="all parameters, resolved")
    title: str = Field("", description="the heading, in the report's language")
    problems: tuple[Problem, ...] = Field((), description="of a failed run")
    seconds: float = Field(description="wall time of the last run, page and checks included")
    cells: tuple[CellTime, ...] = Field((), description="of the last run")
    made_at: str = Field(description="when the last run ended, UTC")
    good: Good | None = Field(None, description="the published page; of a failed run the last good one")

    @property
    def product(self) -> str:
        """The product it is about."""
        return str(self.parameters["product"])

    @property
    def language(self) -> str:
        """The language it is written in."""
        return str(self.parameters["language"])


class Manifest(_Part):
    """A quarter's folder of one edition: its reports by file name."""

    format: int = Field(FORMAT, description="this description's number; another one is not read")
    quarter: str = Field(description="as in 2026Q3")
    audience: Audience = Field("leadership", description="whose edition the folder is")
    snapshot: str = Field("", description="the snapshot of the last batch")
    as_of: str = Field("", description="the last day that snapshot knows of")
    published_at: str = Field("", description="when the folder was last published, UTC")
    versions: dict[str, str] = Field(
        default_factory=dict, description="package -> version, of the last batch; python too"
    )
    reports: dict[str, Report] = Field(default_factory=dict, description="file inside the folder -> its run")

    def text(self) -> str:
        """The manifest as JSON."""
        return self.model_dump_json(indent=1) + "\n"


def read_manifest(content: bytes | None, quarter: str, audience: Audience = "leadership") -> Manifest:
    """The manifest in `content`; an empty one where there is none that can be read, or it is another edition's."""
    nothing = Manifest(quarter=quarter, audience=audience)
    try:
        found = Manifest.model_validate_json(content or b"")
    except ValidationError:
        return nothing
    return found if found.format == FORMAT and found.audience == audience else nothing


def not_ours(content: bytes | None, audience: Audience = "leadership") -> list[str]:
    """The files that a manifest of another format or edition names: they do not belong into this folder any more.

    Before format 3 both editions were published to one folder, so nothing tells whether they hold names.
    """
    try:
        said = json.loads(content or b"{}")
        if said.get("format") == FORMAT and said.get("audience") == audience:
            return []
        named: list[str] = []
        for file, report in said.get("reports", {}).items():
            beside = (report.get("good") or {}).get("downloads", {})
            folder = file.rpartition("/")[0]
            named += [file, f"{file.removesuffix('.html')}.failed.html", *(f"{folder}/{n}" for n in beside)]
        return [*named, *(f"index.{language}.html" for language in LANGUAGES)]
    except (ValueError, AttributeError, TypeError):
        return []


def manifest_page() -> str:
    """`docs/run-manifest.md`: every field of run.json and what it means."""
    lines = [
        "# run.json",
        "",
        "<!-- written by `make dictionary` from cs_helpers/report/manifest.py -->",
        "",
        "Beside the reports of a quarter lies `run.json`: what was run, from what, how it ended and what the",
        "headline metrics are. It is written last, so all that it names is there. The next batch reads it to know",
        "what is up to date.",
    ]
    for model in (Manifest, Report, Good, CellTime, Problem):
        lines += ["", f"## {model.__name__}", "", str(model.__doc__), "", "| field | type | meaning |"]
        lines += ["|---|---|---|"]
        lines += [
            f"| `{name}` | {_type(field.annotation)} | {field.description} |"
            for name, field in getattr(model, "__pydantic_fields__").items()  # noqa: B009 - of both kinds
        ]
    return "\n".join(lines) + "\n"


def _type(annotation: Any) -> str:
    name = annotation.__name__ if isinstance(annotation, type) and not hasattr(annotation, "__args__") else ""
    text = name or str(annotation).replace("typing.", "").replace(f"{__name__}.", "")
    return text.replace("NoneType", "None").replace("|", "or").replace("Literal", "one of ")
