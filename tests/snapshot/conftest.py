"""A small company that a test may change, and its snapshots."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from cs_helpers.snapshot import Snapshot
from cs_helpers.snapshot.take import take_snapshot

PRODUCTS = Path(__file__).resolve().parents[2] / "data" / "products"
FILES = {
    "accounts.csv": "account_id,name,size,industry\nA1,Kita,mid,retail\nA2,Minami,small,logistics\nA3,Higashi,mid,retail\n",
    "contracts.csv": (
        "contract_id,account_id,product,started_on,ended_on,mrr,currency\n"
        "C1,A1,helpdesk,2025-11-01,,100,JPY\n"
        "C2,A2,expense_desk,2026-02-01,2026-08-31,200,JPY\n"
    ),
    "usage.csv": (
        "account_id,product,occurred_at,event,quantity\n"
        "A1,helpdesk,2025-12-05 10:00:00,reply,2\n"
        "A1,helpdesk,2026-08-05 10:00:00,reply,3\n"
    ),
    "sources.yml": (
        "as_of: 2026-08-31\n"
        "files: {accounts: accounts.csv, contracts: contracts.csv, usage: usage.csv}\n"
        "tables: {accounts: {from: accounts}, contracts: {from: contracts}, usage: {from: usage}}\n"
    ),
}


@dataclass(frozen=True)
class Company:
    """A folder with the files of a company and the folder of its snapshots."""

    folder: Path
    snapshots: Path

    def write(self, **files: str | bytes) -> None:
        """Writes files; `accounts="..."` is accounts.csv, `sources` is sources.yml."""
        for name, content in files.items():
            target = self.folder / (f"{name}.yml" if name == "sources" else f"{name}.csv")
            target.write_bytes(content if isinstance(content, bytes) else content.encode())

    def text(self, name: str) -> str:
        """The content of one of its files."""
        return (self.folder / name).read_text(encoding="utf-8")

    def take(self, **other) -> Snapshot:
        """A snapshot of it."""
        return take_snapshot(
            self.folder / "sources.yml",
            **{
                "folder": self.snapshots,
                "products": self.folder / "products",
                "today": date(2026, 12, 31),
                **other,
            },
        )


def _company(root: Path) -> Company:
    folder = root / "company"
    (folder / "products").mkdir(parents=True)
    for name in ("expense_desk.yml", "helpdesk.yml"):
        shutil.copy(PRODUCTS / name, folder / "products")
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    return Company(folder, root / "snapshots")


@pytest.fixture
def company(tmp_path):
    """A company of the test's own."""
    return _company(tmp_path)


@pytest.fixture(scope="session")
def taken(tmp_path_factory):
    """A snapshot of the company, to be read only."""
    return _company(tmp_path_factory.mktemp("read_only")).take()


@pytest.fixture
def own(taken, tmp_path):
    """The same snapshot in a folder of the test's own, to be damaged."""
    shutil.copytree(taken.folder.parent, tmp_path / "snapshots")
    return Snapshot.open(folder=tmp_path / "snapshots")
