"""A workbook's home that a test may break, with a report that must stay."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from cs_helpers import cli

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = "<!doctype html><p>the last good report</p>"
FILES = {
    "accounts.csv": "account_id,name,size,industry\nA1,Kita,mid,retail\nA2,Minami,small,logistics\n",
    "contracts.csv": (
        "contract_id,account_id,product,started_on,ended_on,mrr,currency\n"
        "C1,A1,helpdesk,2026-01-01,,100,JPY\n"
        "C2,A2,helpdesk,2026-02-01,,200,JPY\n"
    ),
    "sources.yml": (
        "as_of: 2026-09-30\n"
        "files: {accounts: accounts.csv, contracts: contracts.csv}\n"
        "tables: {accounts: {from: accounts}, contracts: {from: contracts}}\n"
    ),
}


@dataclass(frozen=True)
class CommandResult:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Home:
    """A workbook's folder."""

    folder: Path

    @property
    def data(self) -> Path:
        """Where its tables and products lie."""
        return self.folder / "data"

    def text(self, name: str) -> str:
        """The content of one of its tables, or of its sources file."""
        return (self.data / name).read_text(encoding="utf-8")

    def process(self, *arguments: str) -> CommandResult:
        """The command in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "cs_helpers.cli", *arguments],
            cwd=self.folder,
            env={
                **os.environ,
                "CS_WORKBOOK_HOME": str(self.folder),
                "CS_WORKBOOK_CODINGS": str(self.data / "codings"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        return CommandResult(done.returncode, done.stdout, done.stderr)


def home_in(folder):
    """A home with two customers of one product, and a published quarter."""
    for name in ("notebooks", "templates"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "data" / "products").mkdir(parents=True)
    for name in ("expense_desk.yml", "helpdesk.yml"):
        text = (ROOT / "data" / "products" / name).read_text(encoding="utf-8")
        declared = text.replace("# zero_mrr: customer #", "zero_mrr: customer #")  # else it is asked
        assert declared != text
        (folder / "data" / "products" / name).write_text(declared, encoding="utf-8")
    for name, content in FILES.items():
        (folder / "data" / name).write_text(content, encoding="utf-8")
    quarter = folder / "reports" / "2026Q3"
    quarter.mkdir(parents=True)
    (quarter / "index.html").write_text(PUBLISHED, encoding="utf-8")
    return Home(folder)


@pytest.fixture
def workbook(tmp_path):
    """A home with two customers of one product, and a published quarter."""
    return home_in(tmp_path)


@pytest.fixture(scope="session")
def home_once(made_once):
    """Makes a home once for all tests: `home_once(name, fill)`, where `fill` gets the new home."""
    return lambda name, fill: Home(made_once(name, lambda folder: fill(home_in(folder))))


@pytest.fixture
def as_in(workbook):
    """Gives this test's home the tables and snapshots of another one."""

    def copied(other):
        shutil.rmtree(workbook.data)
        shutil.copytree(other.data, workbook.data)

    return copied


@pytest.fixture
def command(workbook, monkeypatch, capsys):
    """The command as `python -m cs_helpers.cli` runs it, without the start of a process.

    An exception that would be a traceback there fails the test here.
    """

    def run(*arguments):
        monkeypatch.setenv("CS_WORKBOOK_HOME", str(workbook.folder))
        monkeypatch.setenv("CS_WORKBOOK_CODINGS", str(workbook.data / "codings"))
        monkeypatch.chdir(workbook.folder)
        monkeypatch.setattr(sys, "argv", ["cs-workbook", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        captured = capsys.readouterr()
        return CommandResult(code, captured.out, captured.err)

    return run


@pytest.fixture
def untouched(workbook):
    """Whether nothing but the quarter that was published before lies in `reports`."""

    def check():
        found = {p.relative_to(workbook.folder).as_posix() for p in (workbook.folder / "reports").rglob("*")}
        assert found == {"reports/2026Q3", "reports/2026Q3/index.html"}
        page = workbook.folder / "reports" / "2026Q3" / "index.html"
        assert page.read_text(encoding="utf-8") == PUBLISHED
        return True

    return check
