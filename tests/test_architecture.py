"""The shape of the project: what lies where, and what stays out."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
TRACKED = subprocess.run(
    ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.splitlines()


def test_environment_yml_names_what_pyproject_names():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    packages = next(part["pip"] for part in conda if isinstance(part, dict))
    assert f"python{project['requires-python']}" in conda
    assert packages == [*project["dependencies"], "-e ."]


def test_the_layers_of_the_architecture_are_kept_by_import_linter():
    from importlinter.cli import lint_imports

    assert lint_imports(config_filename=str(ROOT / "pyproject.toml")) == 0


@pytest.mark.parametrize("folder", ["data/sample", "data/snapshots", "data/codings", "data/names", ".venv"])
def test_what_the_commands_make_is_not_committed(folder):
    assert not [f for f in TRACKED if f.startswith(folder + "/")]


def test_no_file_names_a_path_of_a_machine():
    texts = [f for f in TRACKED if Path(f).suffix in (".py", ".md", ".yml", ".toml", ".j2", ".ipynb", "")]
    pattern = re.compile(r"/work/|/root/|/home/[a-z]+/|C:\\Users")
    found = [
        f
        for f in texts
        if f != "tests/test_architecture.py"
        and (ROOT / f).is_file()
        and pattern.search((ROOT / f).read_text(encoding="utf-8", errors="ignore"))
    ]
    assert found == []


def test_every_module_is_of_one_idea_and_short_enough_to_read():
    long = {
        f: n
        for f in TRACKED
        if f.startswith("cs_helpers/") and f.endswith(".py") and (ROOT / f).is_file()
        for n in [len((ROOT / f).read_text(encoding="utf-8").splitlines())]
        if n > 450
    }
    assert long == {}


def test_customer_time_is_read_in_one_place():
    """No analysis has its own idea of who is a customer on a day."""
    layers = ("analyses", "charts", "customers", "editions", "journey", "statistics", "tables", "widgets")
    readers = {
        f
        for f in TRACKED
        if f.startswith(tuple(f"cs_helpers/{layer}/" for layer in layers))
        and f.endswith(".py")
        and re.search(r"""(\[|missing\()["']contracts["']""", (ROOT / f).read_text(encoding="utf-8"))
    }
    assert readers == {"cs_helpers/customers/time.py"}
