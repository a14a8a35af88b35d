"""A new analysis is files of its name, and all that lists analyses knows it."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cs_helpers.report.notebook_list import notebooks_page, welcome_notebook

ROOT = Path(__file__).resolve().parents[1]
FILES = {
    "cs_helpers/analyses/renewals.py", "cs_helpers/charts/renewals.py", "cs_helpers/tables/renewals.py",
    "cs_helpers/text/en/renewals.yml", "cs_helpers/text/ja/renewals.yml", "notebooks/35_renewals.ipynb",
    "tests/analyses/test_renewals.py",
}  # fmt: skip
#: what lists all notebooks
LISTS = {"notebooks/README.md", "notebooks/welcome.ipynb"}
LINT_IMPORTS = ["-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"]


def copy_checkout(folder: Path) -> Path:
    """What is committed, in a folder of its own, as a repository of its own."""
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in tracked.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A module (or with -c code) of this environment, run in a checkout with that one's package."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "CS_WORKBOOK_HOME": str(folder)}
    environment = {k: v for k, v in environment.items() if not k.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, *(arguments if arguments[0] == "-c" else ("-m", *arguments))],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and not {".git", "__pycache__"} & set(file.parts)
    }


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout with the analysis `renewals`, and its files before."""
    folder = copy_checkout(tmp_path_factory.mktemp("checkout"))
    before = files_of(folder)
    done = run(
        folder, "cs_helpers.cli", "new-analysis", "renewals", "--title", "Renewals", "--title-ja", "更新"
    )
    assert done.returncode == 0, done.stderr
    return folder, before, done.stdout


def test_it_writes_files_of_its_name_and_the_list_of_notebooks(checkout):
    folder, before, said = checkout
    after = files_of(folder)
    assert set(after) - set(before) == FILES
    assert {name for name in before if before[name] != after[name]} == LISTS
    assert set(said.split()) == FILES | LISTS
    assert "| `35_renewals` | Renewals: who are the customers? | `renewals` | `renewals` |" in (
        folder / "notebooks" / "README.md"
    ).read_text(encoding="utf-8")


def test_the_welcome_notebook_leads_to_it(checkout):
    folder, _, _ = checkout
    welcome = json.loads((folder / "notebooks" / "welcome.ipynb").read_text(encoding="utf-8"))
    assert "- [Renewals: who are the customers?](35_renewals.ipynb)\n" in welcome["cells"][2]["source"]


def test_the_committed_welcome_notebook_is_what_the_notebooks_say():
    committed = (ROOT / "notebooks" / "welcome.ipynb").read_text(encoding="utf-8")
    assert committed == welcome_notebook(ROOT / "notebooks")


def test_the_committed_list_of_notebooks_is_what_the_notebooks_say():
    assert (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8") == notebooks_page(
        ROOT / "notebooks"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Renewals"], "this is no name for an analysis"),
        (["class"], "this is no name for an analysis"),
        (["health"], "there is an analysis of that name already"),
        (["renewals"], "there is an analysis of that name already"),
        (["theme"], "another file has that name"),
        (["concordance"], "another file has that name"),
        (["retention", "--title", 'a """ b'], "it must be one line, without quotation marks or backslashes"),
        (["retention", "--number", "40"], "it is taken, or none from 10 to 99"),
    ],
)
def test_a_name_or_number_that_cannot_be_is_refused_and_nothing_is_written(checkout, arguments, said):
    folder, _, _ = checkout
    before = files_of(folder)
    done = run(folder, "cs_helpers.cli", "new-analysis", *arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert files_of(folder) == before


def test_where_the_package_lies_elsewhere_nothing_is_written(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "cs_helpers.cli", "new-analysis", "renewals"],
        cwd=ROOT, env={**os.environ, "CS_WORKBOOK_HOME": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "an analysis is written into a checkout" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_all_that_lists_analyses_knows_it(checkout):
    """Names, questions that tests draw, the independence of analyses, and reports that a batch would make."""
    folder, _, _ = checkout
    code = (
        "import json, sys; sys.path[:0] = ['tests', 'tests/charts']\n"
        "from cs_helpers import analyses\n"
        "from builders import ANALYSES\n"
        "import test_charts\n"
        "print(json.dumps([analyses.names(), list(ANALYSES), test_charts.CHARTS, test_charts.TABLES]))"
    )
    done = run(folder, "-c", code)
    assert done.returncode == 0, done.stderr
    names, built, charts, tables = json.loads(done.stdout.splitlines()[-1])
    assert "renewals" in names
    assert "renewals" in built
    assert ["renewals", "by_size"] in charts
    assert ["renewals", "by_size"] in tables
    # an analysis that imports another one breaks the contract, and nobody wrote that down for it
    own = folder / "cs_helpers" / "analyses" / "renewals.py"
    kept = own.read_text(encoding="utf-8")
    own.write_text(
        kept.replace(
            "import pandas as pd\n", "import pandas as pd\n\nfrom cs_helpers.analyses import health\n"
        )
    )
    done = run(folder, *LINT_IMPORTS)
    own.write_text(kept, encoding="utf-8")
    assert "Analyses do not import each other BROKEN" in done.stdout


@pytest.mark.thorough
def test_it_passes_every_check_as_it_is_written(checkout, sample_folder):
    folder, _, _ = checkout
    for name in sorted(FILES):
        file = folder / name
        if file.suffix == ".py":
            ast.parse(file.read_text(encoding="utf-8"))
    written = [name for name in FILES if name.endswith(".py")]
    if (ROOT / ".mypy_cache").is_dir():  # else all modules are typed anew
        shutil.copytree(ROOT / ".mypy_cache", folder / ".mypy_cache")
    for command in (
        ["ruff", "check", *written],
        ["ruff", "format", "--check", *written],
        ["mypy"],
        LINT_IMPORTS,
        ["nbstripout", "--verify", "--keep-id", "notebooks/35_renewals.ipynb"],
    ):
        done = run(folder, *command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    tests = [
        "tests/analyses/test_renewals.py", "tests/analyses/test_declarations.py", "tests/charts/test_charts.py",
        "tests/notebooks/test_notebooks.py", "tests/notebooks/test_notes.py", "tests/editions/test_disclosure.py",
    ]  # fmt: skip
    chosen = "renewals and not stock and not widgets"
    done = run(folder, "pytest", "-q", "-p", "no:cacheprovider", *tests, "-k", chosen)
    assert done.returncode == 0, done.stdout[-4000:]
    shutil.copytree(sample_folder, folder / "data" / "sample")
    for language in ("en", "ja"):
        done = run(
            folder, "cs_helpers.cli", "report", "--data", "data/sample/sources.yml", "--product", "helpdesk",
            "--notebook", "renewals", "--language", language,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        [page] = folder.glob(f"reports/*/helpdesk/renewals.{language}.html")
        assert "<img " in page.read_text(encoding="utf-8")
