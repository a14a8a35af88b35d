"""The model of a saved report: what an analyst found in a notebook, as a file that the batch runs (YAML, in `data/saved/`)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from cs_helpers.contract.parameters import Audience, Parameters, options_text, split_segment
from cs_helpers.contract.product_parts import SettingsModel, Slug
from cs_helpers.contract.settings_file import read_yaml, setting_error
from cs_helpers.errors import ParameterError, SettingError

#: letters of any script, digits, `-` and `_`: it becomes a part of the names of files and of addresses
_NAME = re.compile(r"\w[\w-]{0,39}")

Language = Literal["en", "ja"]


def _one_line(title: str) -> str:
    if not title.strip() or not title.isprintable():
        raise ValueError("a title on one line is needed")
    return title.strip()


Title = Annotated[str, Field(max_length=120), AfterValidator(_one_line)]


class SavedReport(SettingsModel):
    """A notebook with its parameters, and how its analyses count. quarter: `latest` is that of each batch.

    options: analysis -> option -> value, as `Workbook.analyse` takes them.
    """

    title: dict[Language, Title] = Field(min_length=1)
    notebook: str = Field(min_length=1)
    product: Slug
    quarter: str = "latest"
    languages: tuple[Language, ...] = Field(min_length=1)
    segment: str = "all"
    audience: Audience = "team"
    options: dict[Slug, dict[str, Any]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_a_title_in_each_language(self) -> SavedReport:
        if without := [language for language in self.languages if language not in self.title]:
            raise ValueError(f"'languages' has {without[0]}, and 'title' no title for it")
        return self

    def parameters(self, quarter: str, language: str, snapshot: str = "latest") -> Parameters:
        """The parameters of its run for a quarter, in a language. Raises `ParameterError`."""
        return Parameters.check(
            {
                "product": self.product,
                "quarter": quarter,
                "language": language,
                "segment": self.segment,
                "snapshot": snapshot,
                "options": options_text(self.options),
                "audience": self.audience,
            }
        )

    def is_for(self, quarter: str, audience: Audience) -> bool:
        """Whether it belongs to the reports of a quarter for an audience."""
        return self.audience == audience and self.quarter in ("latest", quarter)


def check_name(name: str) -> None:
    """Raises `ParameterError` for a name that a file and an address cannot have."""
    if not _NAME.fullmatch(name):
        raise ParameterError(
            "name", "a saved report cannot have this name", value=name,
            allowed="1 to 40 letters of any language, digits, - and _",
        )  # fmt: skip


def check_saved_report(file: Path, content: Any) -> SavedReport:
    """The saved report in the content of a file. Raises `SettingError`."""
    if not isinstance(content, dict):
        raise SettingError(file, "a saved report is a list of keys with values")
    check_name(saved_name(file))
    try:
        saved = SavedReport.model_validate(content)
    except ValidationError as error:
        raise setting_error(file, error, SavedReport) from None
    try:
        saved.parameters(saved.quarter, saved.languages[0])
    except ParameterError as error:
        raise SettingError(
            file, f"{error.value!r} is not allowed", key=error.name, allowed=error.allowed
        ) from None
    if saved.audience == "leadership" and "csm" in dict(split_segment(saved.segment)):
        raise SettingError(file, "the customers of one CSM are shown to the team only", key="segment")
    return saved


def load_saved_report(file: Path) -> SavedReport:
    """The saved report of a file. Raises `SettingError`."""
    return check_saved_report(file, read_yaml(file))


def load_saved_reports(folder: Path) -> Mapping[str, SavedReport]:
    """The saved reports of the files in a folder, by name. Raises `SettingError`."""
    files = sorted(f for f in folder.glob("*.y*ml") if f.name[0] != ".")
    for file in files:
        if file.suffix != ".yml":
            raise SettingError(file, "the name of the file must end with .yml")
    return {saved_name(file): load_saved_report(file) for file in files}


def saved_name(file: Path) -> str:
    """The name of the report that is saved in a file; some systems take letters apart in the names of files."""
    return unicodedata.normalize("NFC", file.stem)
