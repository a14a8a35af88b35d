"""Make a report of what a notebook shows: `data/saved/<name>.yml`, which the batch runs with the others."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from cs_helpers import durable, paths
from cs_helpers.contract.saved_report import check_name, check_saved_report, load_saved_report
from cs_helpers.errors import ParameterError, SettingError

_ANALYSED = re.compile(r"\banalyse\(\s*[\"'](\w+)[\"']")


def save(
    name: str,
    title: str | Mapping[str, str],
    *,
    notebook: str,
    product: str,
    quarter: str = "latest",
    languages: Sequence[str] = ("en",),
    segment: str = "all",
    audience: str = "team",
    options: Mapping[str, Mapping[str, Any]] | None = None,
    replace: bool = False,
) -> Path:
    """Saves a report as `data/saved/<name>.yml`, which is on the disk when this returns.

    title: in each of the languages, or one for all. options: analysis -> option -> value. Raises `ParameterError` for a
    name that cannot be, `SettingError` for what the batch could not run, and where another report has the name: it is
    written over only with `replace`.
    """
    titles = dict(title) if isinstance(title, Mapping) else dict.fromkeys(languages, title)
    content: dict[str, Any] = {
        "title": titles,
        "notebook": notebook,
        "product": product,
        "quarter": quarter,
        "languages": list(languages),
        "segment": segment,
        "audience": audience,
    }
    if given := {analysis: _plain(of_it) for analysis, of_it in (options or {}).items() if of_it}:
        content["options"] = given
    check_name(name)
    folder = paths.saved_reports()
    file = folder / f"{unicodedata.normalize('NFC', name)}.yml"
    saved = check_saved_report(file, content)
    folder.mkdir(parents=True, exist_ok=True)
    from filelock import FileLock

    with FileLock(folder / ".lock"):  # two analysts on one share may choose the same name at once
        if file.exists() and not replace:
            if load_saved_report(file) == saved:
                return file
            raise SettingError(
                file, "another report is saved under this name; choose another name, or replace it"
            )
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=1000)
        durable.write(file, text.encode())
    return file


def save_report(
    parameters: Mapping[str, str],
    options: Mapping[str, Mapping[str, Any]],
    title: str,
    notebook: str = "",
) -> Path:
    """Saves what a notebook shows under a name made of its title; gives the file.

    parameters: of the notebook; the snapshot is that of each batch. notebook: '' for the one that this kernel belongs to.
    The same report is not saved twice; another one of the same title gets the next free name.
    """
    about: dict[str, Any] = {
        key: parameters[key] for key in ("product", "quarter", "segment", "audience") if key in parameters
    }
    notebook = notebook or this_notebook(*options)
    name, number = name_of(title), 1
    while True:
        try:
            return save(
                name if number == 1 else f"{name[:36]}-{number}", title, notebook=notebook,
                languages=[parameters.get("language", "en")], options=options, **about,
            )  # fmt: skip
        except SettingError as error:
            if "under this name" not in error.problem:
                raise
            number += 1


def name_of(title: str) -> str:
    """The name of a file for a title: its letters and digits, in small letters, with `-` between the words."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", title).lower())
    return "-".join(words)[:40].rstrip("-") or "report"


def this_notebook(*shown: str) -> str:
    """The notebook that this kernel belongs to, without its number; else the first that shows these analyses.

    JupyterLab tells a kernel the path of its notebook. Raises `ParameterError` where neither leads to a notebook of the
    workbook.
    """
    files = {re.sub(r"^\d+_", "", file.stem): file for file in notebook_files()}
    opened = re.sub(r"^\d+_", "", Path(os.environ.get("JPY_SESSION_NAME", "")).stem)
    if opened in files:
        return opened
    for name, file in files.items():
        if shown and set(shown) <= analyses_shown(file):
            return name
    raise ParameterError(
        "notebook", "it cannot be told which notebook this is; name it", allowed=", ".join(files)
    )


def notebook_files() -> list[Path]:
    """The notebooks of the workbook, in the order of their numbers."""
    return sorted(paths.notebooks().glob("[0-9]*.ipynb"))


def analyses_shown(notebook: Path) -> set[str]:
    """The names of the analyses that a notebook asks for: only those can be given options."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    code = ("".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code")
    return {name for source in code for name in _ANALYSED.findall(source)}


def _plain(value: Any) -> Any:
    """The value of an option as YAML and JSON write it alike."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value
