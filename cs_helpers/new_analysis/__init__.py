"""`cs-workbook new-analysis`: writes the files of a working analysis, to be changed into your own."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from cs_helpers import analyses, paths
from cs_helpers.contract.parameters import Parameters
from cs_helpers.errors import ParameterError
from cs_helpers.report.notebook_list import WELCOME, notebooks_page, welcome_notebook

_SKELETON = Path(__file__).parent / "skeleton"


def write_analysis(
    name: str, *, title: str = "", title_ja: str = "", number: int | None = None
) -> list[Path]:
    """Writes the files of an analysis into this checkout and updates the lists of notebooks; returns the paths written.

    name: of its module, as in `renewals`. title, title_ja: of its report; default: the name as words. number: the
    first two digits of its notebook's name; default: the first multiple of ten that is free, then of five, then any.
    Raises `ParameterError`, and writes nothing, for a name or number that is invalid or taken, and where this package
    does not lie in the workbook's folder.
    """
    home = paths.home()
    package = Path(__file__).resolve().parents[1]
    if package.parent != home.resolve():
        raise ParameterError(
            "name", f"an analysis is written into a checkout, and this package lies in {package}", value=name
        )
    _check_name(name)
    for option, text in (("title", title), ("title_ja", title_ja)):
        if re.search(r'[\n\r\\"]', text):  # it is written into docstrings
            raise ParameterError(
                option, "it must be one line, without quotation marks or backslashes", value=text
            )
    numbers = {int(f.name[:2]) for f in paths.notebooks().glob("[0-9][0-9]_*.ipynb")}
    if number is None:
        number = next((n for step in (10, 5, 1) for n in range(10, 100, step) if n not in numbers), 100)
    if number in numbers or not 10 <= number <= 99:
        raise ParameterError("number", "it is taken, or none from 10 to 99", value=number)
    variables = {
        "name": name,
        "title": title or name.replace("_", " ").capitalize(),
        "title_ja": title_ja or title or name.replace("_", " ").capitalize(),
    }
    files = {
        package / "analyses" / f"{name}.py": _render("analysis.py", variables),
        package / "charts" / f"{name}.py": _render("charts.py", variables),
        package / "tables" / f"{name}.py": _render("tables.py", variables),
        package / "text" / "en" / f"{name}.yml": _render("en.yml", variables),
        package / "text" / "ja" / f"{name}.yml": _render("ja.yml", variables),
        paths.notebooks() / f"{number}_{name}.ipynb": _notebook(variables),
        home / "tests" / "analyses" / f"test_{name}.py": _render("test.py", variables),
    }
    if existing := [file for file in files if file.exists()]:
        raise ParameterError(
            "name", f"the file {paths.display_path(existing[0])} is there already", value=name
        )
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    folder = paths.notebooks()
    lists = {"README.md": notebooks_page(folder), WELCOME: welcome_notebook(folder)}
    for page, content in lists.items():
        (folder / page).write_text(content, encoding="utf-8")
    return [*files, *(folder / page for page in lists)]


def _check_name(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", name) or keyword.iskeyword(name):
        raise ParameterError(
            "name",
            "this is no name for an analysis",
            value=name,
            allowed="a-z, 0-9 and _, at most 40, a letter first",
        )
    if name in analyses.names():
        raise ParameterError("name", "there is an analysis of that name already", value=name)
    if name in _other_names():
        raise ParameterError("name", "another file has that name", value=name)


def _other_names() -> frozenset[str]:
    """The names of files where an analysis has its own (charts, tables, widgets, texts) that belong to no analysis."""
    package = Path(__file__).resolve().parents[1]
    files = [file for folder in ("charts", "tables", "widgets") for file in (package / folder).glob("*.py")]
    return frozenset(f.stem for f in (*files, *(package / "text" / "en").glob("*.yml"))) - {*analyses.names()}


def _render(template: str, variables: Mapping[str, str]) -> str:
    """A rendered file of the skeleton; its variables are `name`, `title` and `title_ja`."""
    loader = jinja2.FileSystemLoader(_SKELETON)
    environment = jinja2.Environment(
        loader=loader, undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False
    )
    return environment.get_template(f"{template}.j2").render(**variables)


def _notebook(variables: Mapping[str, str]) -> str:
    """The notebook as JSON: title, parameters, filter bar, the question with its figure and table, what to do next."""
    name = variables["name"]
    parameters = "\n".join(
        f'{field}: str = "{about.default}"  # {about.description}'
        for field, about in Parameters.model_fields.items()
    )
    open_cell = (
        "from cs_helpers import Workbook\n\nworkbook = Workbook.open(\n"
        "    product=product, quarter=quarter, language=language, segment=segment, snapshot=snapshot,\n"
        "    options=options, audience=audience,\n)"
    )
    analyse_cell = f'{name} = workbook.analyse("{name}")\nworkbook.headlines({name}, "customers")'
    answer_cell = f'workbook.chart({name}, "by_size")\nworkbook.table({name}, "by_size")'
    cells = [
        *_prose("title", f"# {variables['title']}: who are the customers?\n\nCustomers at the end of the quarter.",
                f"# {variables['title_ja']}：顧客はどのような企業か\n\n四半期末の顧客を対象とします。"),
        _code("parameters", parameters, "parameters"),
        _code("open", open_cell),
        _code("filter-bar", "workbook.filter_bar()", "interactive"),
        _code("header", f'workbook.header("{name}")'),
        _code("analyse", analyse_cell),
        *_prose("about-by-size", "## How large are the customers?\n\nWho is looked after in the same way should be alike.",
                "## 顧客の企業規模はどうか\n\n同じ対応をする顧客は、似た企業であるべきです。"),
        _code("by-size", answer_cell),
        *_prose("about-next", "## What to do next\n\nWho acts and by when stands in the report on the playbook.",
                "## 次の一手\n\n誰がいつまでに動くかは、プレイブックのレポートにあります。"),
    ]  # fmt: skip
    about = {
        "analysis": name,
        "figures": ["by_size"],
        "headline": "by_size",
        "metrics": ["customers"],
        "tables": ["by_size"],
    }
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"cs_workbook": about, "kernelspec": kernel, "language_info": {"name": "python"}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _prose(name: str, english: str, japanese: str, *tags: str) -> list[dict[str, Any]]:
    return [
        {
            "cell_type": "markdown",
            "id": f"{name}-{language}",
            "metadata": {"tags": [f"lang-{language}", *tags]},
            "source": text.splitlines(keepends=True),
        }
        for language, text in (("en", english), ("ja", japanese))
    ]


def _code(name: str, source: str, *tags: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {"tags": list(tags)} if tags else {},
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }
