"""The snapshots of a workbook over time: which there are, how two differ, which may go."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cs_helpers import paths
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import SnapshotError
from cs_helpers.snapshot import LATEST, Snapshot
from cs_helpers.snapshot.lock import alone


def snapshots(folder: Path | None = None) -> list[Snapshot]:
    """All that can be opened, the one taken last at the end."""
    root = folder or paths.snapshots()
    found = []
    for manifest in root.glob("[0-9]*/manifest.json"):
        try:
            found.append((manifest.stat().st_mtime_ns, Snapshot.open(manifest.parent.name, folder=root)))
        except SnapshotError:  # damaged: `open` says so to who asks for it
            continue
    return [snapshot for _, snapshot in sorted(found, key=lambda each: (each[0], each[1].id))]


def latest_id(folder: Path | None = None) -> str:
    """The id that `latest` stands for; '' where there is none."""
    try:
        return ((folder or paths.snapshots()) / LATEST).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def size(snapshot: Snapshot) -> int:
    """Bytes on disk; a file that several snapshots share counts in each."""
    return sum(p.stat().st_size for p in snapshot.folder.rglob("*") if p.is_file())


@dataclass(frozen=True)
class Difference:
    """How one thing differs between two snapshots: its name, before and after."""

    what: str
    before: str
    after: str


def differences(before: Snapshot, after: Snapshot) -> Iterator[Difference]:
    """What changed between two snapshots: dates, rows, keys that came and went, findings, products."""
    old, new = before.manifest, after.manifest
    yield from _changed("as of", old["as_of"], new["as_of"])
    for name in dict.fromkeys([*old["tables"], *new["tables"]]):
        yield from _changed(
            f"{name}: rows", _number(old["rows_frozen"].get(name)), _number(new["rows_frozen"].get(name))
        )
        yield from _partitions(name, old["files"], new["files"])
        yield from _keys(name, before, after)
    for name in dict.fromkeys([*old["rows_read"], *new["rows_read"]]):
        for what, count in (("rows left out", "rows_rejected"), ("rows filtered by where", "rows_filtered")):
            yield from _changed(
                f"{name}: {what}",
                *(_number(m[count][name]) if name in m["rows_read"] else "–" for m in (old, new)),
            )
    counts = [{(f.table, f.column, f.rule): f.count for f in s.findings} for s in (before, after)]
    for key in dict.fromkeys([*counts[0], *counts[1]]):
        yield from _changed(
            " ".join(part for part in ("rule", ".".join(key[:2]).rstrip("."), key[2])),
            _number(counts[0].get(key, 0)),
            _number(counts[1].get(key, 0)),
        )
    for name in sorted({*old["products"], *new["products"]}):
        if old["products"].get(name) != new["products"].get(name):
            states = ["–" if name not in m["products"] else "there" for m in (old, new)]
            yield Difference(
                f"product {name}", states[0], "changed" if states == ["there", "there"] else states[1]
            )


def _changed(what: str, before: Any, after: Any) -> Iterator[Difference]:
    if before != after:
        yield Difference(what, str(before), str(after))


def _partitions(name: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Difference]:
    inside = [{f: h for f, h in files.items() if f.startswith(f"{name}/")} for files in (old, new)]
    same = sum(inside[0].get(file) == digest for file, digest in inside[1].items())
    if same < len(inside[1]) or len(inside[0]) != len(inside[1]):
        yield Difference(f"{name}: files", str(len(inside[0])), f"{len(inside[1])}, {same} of them unchanged")


def _keys(name: str, before: Snapshot, after: Snapshot) -> Iterator[Difference]:
    key = TABLES[name].key if name in TABLES else ()
    if not key:
        return
    found = [
        {row for p in s.manifest["products"] for row in s.table(name, p)[list(key)].itertuples(index=False)}
        for s in (before, after)
    ]
    gone, come = sorted(found[0] - found[1], key=str), sorted(found[1] - found[0], key=str)
    if gone or come:
        yield Difference(f"{name}: keys", _some("gone", gone), _some("new", come))


def _some(word: str, keys: list[Any]) -> str:
    shown = ", ".join(" ".join(str(v) for v in key) for key in keys[:3])
    more = f" and {len(keys) - 3:,} more" if len(keys) > 3 else ""
    return f"{len(keys):,} {word}{': ' if shown else ''}{shown}{more}"


def _number(count: int | None) -> str:
    return "–" if count is None else f"{count:,}"


def prune(keep: int, folder: Path | None = None, reports: Path | None = None) -> list[str]:
    """Deletes all snapshots but the `keep` last ones, the latest, and those that reports stand on.

    Gives the ids of those that went. Raises `SnapshotError` while a snapshot is being taken.
    """
    root = folder or paths.snapshots()
    if not root.exists():
        return []
    with alone(root):
        known = snapshots(root)
        spared = {s.id for s in known[max(len(known) - keep, 0) :]} | {latest_id(root)} | _reported(reports)
        gone = [s for s in known if s.id not in spared]
        for snapshot in gone:
            # renamed first: a kill in between leaves no snapshot that half exists
            away = root / f".taking-{snapshot.id}"
            snapshot.folder.rename(away)
            shutil.rmtree(away)
    return [s.id for s in gone]


def _reported(reports: Path | None) -> set[str]:
    """The snapshots that published reports name."""
    found = set()
    root = reports or paths.reports()
    for file in (*root.glob("*/run.json"), *root.glob("team/*/run.json")):
        try:
            said = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        found.add(str(said.get("snapshot")))
        found |= {str(r.get("parameters", {}).get("snapshot")) for r in said.get("reports", {}).values()}
    return found
