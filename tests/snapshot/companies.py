"""Companies that a test may change: a small one, and one with a usage log of several months."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

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

NAMES = ("expense_desk", "helpdesk", "paper_to_web")
#: the months of the larger log: one of a quarter, three of the next, two of the last
MONTHS = tuple(date(2025 + i // 12, i % 12 + 1, 1) for i in range(11, 17))
EVENTS = ("ticket.created", "template.used", "web.invoice")
COLUMNS = ("usage_id", "account_id", "product", "occurred_at", "event", "quantity", "user_id")
LARGER = {
    "accounts.csv": "account_id,name,size,industry\n" + "".join(f"A{i},Name {i},mid,retail\n" for i in range(1, 5)),
    "contracts.csv": "contract_id,account_id,product,started_on,ended_on,mrr,currency\n" + "".join(
        f"C{a}{p},A{a},{product},2025-10-0{a},,100,JPY\n"
        for a in range(1, 5) for p, product in enumerate(NAMES)
    ),
    "sources.yml": (
        "as_of: 2026-05-20\n"
        "files: {accounts: accounts.csv, contracts: contracts.csv, usage: usage.csv}\n"
        "tables:\n  accounts: {from: accounts}\n  contracts: {from: contracts}\n  usage: {from: usage}\n"
    ),
}  # fmt: skip


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

    def change(self, name: str, old: str, new: str) -> None:
        """Puts one text for another in one of its files."""
        text = self.text(name)
        assert old in text
        (self.folder / name).write_text(text.replace(old, new), encoding="utf-8")

    def add(self, name: str, *rows: str) -> None:
        """Adds rows to one of its files."""
        (self.folder / name).write_text(
            self.text(name) + "".join(row + "\n" for row in rows), encoding="utf-8"
        )

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


def small(root: Path) -> Company:
    """Three accounts, two contracts, two days of use."""
    return _write_company(root, FILES)


def larger(root: Path, rows: Iterable[Iterable[str]] | None = None) -> Company:
    """Three products, each used by four accounts in six months."""
    return _write_company(root, {**LARGER, "usage.csv": written(log() if rows is None else rows)})


def _write_company(root: Path, files: dict[str, str]) -> Company:
    folder = root / "company"
    (folder / "products").mkdir(parents=True)
    for name in NAMES:
        if name in files["contracts.csv"]:
            shutil.copy(PRODUCTS / f"{name}.yml", folder / "products")
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return Company(folder, root / "snapshots")


def log(seed: int = 1, each: int = 12) -> list[list[str]]:
    """The rows of a usage log: so many of each product and month, the last month up to its 20th."""
    rnd = random.Random(seed)
    rows = []
    for product in NAMES:
        for month in MONTHS:
            for _ in range(each):
                day = rnd.randint(1, 20)
                rows.append([
                    f"U{len(rows)}", f"A{rnd.randint(1, 4)}", product,
                    f"{month:%Y-%m}-{day:02} {rnd.randint(0, 23):02}:{rnd.randint(0, 59):02}:00",
                    rnd.choice(EVENTS), rnd.choice(["1", "2", "0.1", "0.2", ""]), f"P{rnd.randint(1, 3)}",
                ])  # fmt: skip
    return rows


def written(rows: Iterable[Iterable[str]], columns: Iterable[str] = COLUMNS) -> str:
    """Rows as CSV."""
    return "".join(",".join(row) + "\n" for row in (columns, *rows))


def content(folder: Path) -> dict[str, bytes]:
    """What lies in a folder and is not hidden: file -> bytes."""
    files = [p.relative_to(folder) for p in folder.rglob("*") if p.is_file()]
    return {
        p.as_posix(): (folder / p).read_bytes() for p in sorted(files) if not p.as_posix().startswith(".")
    }


def leftovers(folder: Path) -> list[str]:
    """What a take that did not come to its end left behind."""
    return sorted(p.name for pattern in (".taking-*", ".scratch-*") for p in folder.glob(pattern))
