"""The list of notebooks: notebooks/README.md, with the parameters that all take, and the welcome notebook, which leads to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from cs_helpers.contract.parameters import LANGUAGES, Parameters
from cs_helpers.text import Text

_PAGE = """\
# Notebooks

{notebooks}

All take the same parameters, one a line in the second cell:

{parameters}

`make lab` opens JupyterLab on `welcome.ipynb`, which leads to them. Cells tagged `interactive` hold a filter bar and, in the interviews, a box to look for words; reports leave
them out. Narrative cells are tagged `lang-en` or `lang-ja`; a report keeps one language, and leadership's leaves out cells tagged
`team`. They are committed without outputs (`nbstripout`), with stable cell ids, and hold no function, class or loop: what
computes lies in `cs_helpers/`. This page and
`welcome.ipynb` are written by `make dictionary`.
"""


#: the notebook that `make lab` opens on; without a number, since it is no report
WELCOME = "welcome.ipynb"


def notebooks_page(folder: Path) -> str:
    """The README of a folder of notebooks, in Markdown."""
    notebooks = ["| notebook | about | analysis | report |", "|---|---|---|---|"]
    for file, book in _notebooks(folder).items():
        analysis = book["metadata"]["cs_workbook"]["analysis"]
        report = file.partition("_")[2]
        notebooks.append(f"| `{file}` | {_title(book, 'en')} | `{analysis}` | `{report}` |")
    parameters = ["| parameter | default | meaning |", "|---|---|---|"]
    parameters += [
        f"| `{name}` | `{field.default}` | {field.description} |"
        for name, field in Parameters.model_fields.items()
    ]
    return _PAGE.format(notebooks="\n".join(notebooks), parameters="\n".join(parameters))


def welcome_notebook(folder: Path) -> str:
    """The welcome notebook of a folder of notebooks, as JSON: what the workbook is for, links in both languages, the snapshot."""
    books = _notebooks(folder)
    cells: list[dict[str, Any]] = []
    for part in ("about", "notebooks", "data"):
        for language in LANGUAGES:
            prose = {"about": _about, "notebooks": _links, "data": _data}[part](Text(language), books)
            tags = {"tags": [f"lang-{language}"]}
            cells.append(
                {
                    "cell_type": "markdown",
                    "id": f"{part}-{language}",
                    "metadata": tags,
                    "source": _lines(prose),
                }
            )
    code = "from cs_helpers import show_snapshot\n\nshow_snapshot()"
    cells.append(
        {"cell_type": "code", "execution_count": None, "id": "snapshot", "metadata": {}, "outputs": [], "source": _lines(code)}
    )  # fmt: skip
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _about(text: Text, _: Mapping[str, Any]) -> str:
    return f"# {text('welcome.title')}\n\n{text('welcome.about')}"


def _links(text: Text, books: Mapping[str, Any]) -> str:
    """A heading for each first digit of the notebooks' numbers, and a link to each notebook by its title."""
    parts = [f"## {text('welcome.notebooks')}"]
    for digit, files in groupby(books, key=lambda file: file[0]):
        links = [f"- [{_title(books[file], text.language)}]({file}.ipynb)" for file in files]
        parts.append(f"**{text(f'welcome.group.{digit}')}**\n\n" + "\n".join(links))
    return "\n\n".join(parts)


def _data(text: Text, _: Mapping[str, Any]) -> str:
    return f"## {text('welcome.data')}\n\n{text('welcome.about_data')}"


def _notebooks(folder: Path) -> dict[str, Any]:
    """The notebooks by their names without suffix, in the order of their numbers."""
    files = sorted(folder.glob("[0-9]*.ipynb"))
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}


def _title(book: Mapping[str, Any], language: str) -> str:
    return next(
        "".join(cell["source"]).partition("\n")[0].removeprefix("# ")
        for cell in book["cells"]
        if f"lang-{language}" in cell["metadata"].get("tags", [])
    )


def _lines(source: str) -> list[str]:
    return source.splitlines(keepends=True)
