"""List the snapshots of a workbook, compare two of them, and delete old ones."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cs_helpers import paths
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import SnapshotError
from cs_helpers.snapshot import LATEST, Snapshot
from cs_helpers.snapshot.lock import snapshot_lock
from cs_helpers.snapshot.retention import expired


def snapshots(folder: Path | None = None) -> list[Snapshot]:
    """All snapshots that can be opened, in the order in which they were taken."""
    root = folder or paths.snapshots()
    dated = []
    for manifest in root.glob("[0-9]*/manifest.json"):
        try:
            dated.append((manifest.stat().st_mtime_ns, Snapshot.open(manifest.parent.name, folder=root)))
        except SnapshotError:  # damaged; opening it by its id reports that
            continue
    return [snapshot for _, snapshot in sorted(dated, key=lambda each: (each[0], each[1].id))]


def latest_id(folder: Path | None = None) -> str:
    """The id that `latest` refers to; '' where there is none."""
    try:
        return ((folder or paths.snapshots()) / LATEST).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def size(snapshot: Snapshot) -> int:
    """The size on disk in bytes; a file that several snapshots share counts in each of them."""
    return sum(p.stat().st_size for p in snapshot.folder.rglob("*") if p.is_file())


@dataclass(frozen=True)
class Difference:
    """One difference between two snapshots: what differs, with its old and new value."""

    name: str
    before: str
    after: str


def differences(before: Snapshot, after: Snapshot) -> Iterator[Difference]:
    """The differences between two snapshots: dates, rows, added and removed keys, findings, products."""
    old, new = before.manifest, after.manifest
    yield from _difference("as of", old["as_of"], new["as_of"])
    for name in dict.fromkeys([*old["tables"], *new["tables"]]):
        yield from _difference(
            f"{name}: rows", _number(old["rows_frozen"].get(name)), _number(new["rows_frozen"].get(name))
        )
        yield from _partition_differences(name, old["files"], new["files"])
        yield from _key_differences(name, before, after)
    for name in dict.fromkeys([*old["rows_read"], *new["rows_read"]]):
        for label, count in (("rows left out", "rows_rejected"), ("rows filtered by where", "rows_filtered")):
            yield from _difference(
                f"{name}: {label}",
                *(_number(m[count][name]) if name in m["rows_read"] else "–" for m in (old, new)),
            )
    counts = [{(f.table, f.column, f.rule): f.count for f in s.findings} for s in (before, after)]
    for key in dict.fromkeys([*counts[0], *counts[1]]):
        yield from _difference(
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


def _difference(name: str, before: Any, after: Any) -> Iterator[Difference]:
    if before != after:
        yield Difference(name, str(before), str(after))


def _partition_differences(name: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Difference]:
    partitions = [{f: h for f, h in files.items() if f.startswith(f"{name}/")} for files in (old, new)]
    unchanged = sum(partitions[0].get(file) == digest for file, digest in partitions[1].items())
    if unchanged < len(partitions[1]) or len(partitions[0]) != len(partitions[1]):
        yield Difference(
            f"{name}: files", str(len(partitions[0])), f"{len(partitions[1])}, {unchanged} of them unchanged"
        )


def _key_differences(name: str, before: Snapshot, after: Snapshot) -> Iterator[Difference]:
    key = TABLES[name].key if name in TABLES else ()
    if not key:
        return
    keys = [
        {row for p in s.manifest["products"] for row in s.table(name, p)[list(key)].itertuples(index=False)}
        for s in (before, after)
    ]
    removed, added = sorted(keys[0] - keys[1], key=str), sorted(keys[1] - keys[0], key=str)
    if removed or added:
        yield Difference(f"{name}: keys", _summary("gone", removed), _summary("new", added))


def _summary(word: str, keys: list[Any]) -> str:
    examples = ", ".join(" ".join(str(v) for v in key) for key in keys[:3])
    further = f" and {len(keys) - 3:,} more" if len(keys) > 3 else ""
    return f"{len(keys):,} {word}{': ' if examples else ''}{examples}{further}"


def _number(count: int | None) -> str:
    return "–" if count is None else f"{count:,}"


def prune(keep: int, folder: Path | None = None, reports: Path | None = None) -> list[str]:
    """Delete all snapshots except the last `keep`, the latest, and those that published reports use.

    Returns the ids of the deleted ones. Raises `SnapshotError` while a snapshot is being taken.
    """
    root = folder or paths.snapshots()
    if not root.exists():
        return []
    with snapshot_lock(root):
        existing = snapshots(root)
        kept_ids = (
            {s.id for s in existing[max(len(existing) - keep, 0) :]}
            | {latest_id(root)}
            | _reported_ids(reports)
        )
        removed = [s for s in existing if s.id not in kept_ids]
        _delete(removed)
    return [s.id for s in removed]


def delete_expired(folder: Path | None = None) -> list[str]:
    """Delete all snapshots with rows whose last day is over but the latest, also those that published reports use.

    Returns the ids of the deleted ones. Raises `SnapshotError` while a snapshot is being taken.
    """
    root = folder or paths.snapshots()
    if not root.exists():
        return []
    with snapshot_lock(root):
        removed = [s for s in snapshots(root) if expired(s.manifest) and s.id != latest_id(root)]
        _delete(removed)
    return [s.id for s in removed]


def _delete(removed: Iterable[Snapshot]) -> None:
    for snapshot in removed:
        # renamed first, so that a process killed in between leaves no incomplete snapshot
        staging = snapshot.folder.parent / f".taking-{snapshot.id}"
        snapshot.folder.rename(staging)
        shutil.rmtree(staging)


def _reported_ids(reports: Path | None) -> set[str]:
    """The ids of the snapshots that published reports use."""
    ids = set()
    root = reports or paths.reports()
    for file in (*root.glob("*/run.json"), *root.glob("team/*/run.json")):
        try:
            manifest = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        ids.add(str(manifest.get("snapshot")))
        ids |= {str(r.get("parameters", {}).get("snapshot")) for r in manifest.get("reports", {}).values()}
    return ids
