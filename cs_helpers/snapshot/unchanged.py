"""Whether the tables are as they were when a snapshot was taken of them, without reading them.

A file is unchanged if its size, times and inode are: no program can set the time of the last change
of an inode. A file changed within two seconds before it was looked at could change again unseen, so
its content is remembered as well. What lies in a database or on another machine cannot be known.
"""

from __future__ import annotations

import glob
import json
import re
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from cs_helpers import hashes, paths
from cs_helpers.errors import SnapshotError
from cs_helpers.installation import installed_versions, package_code
from cs_helpers.snapshot import Snapshot

_MEMORY = ".seen"
_TICK = 2_000_000_000

#: what an expression of the sources file may read besides its files: other files, the clock, chance
_ELSEWHERE = re.compile(
    r"read_\w+\s*\(|_scan\s*\(|\b(?:attach|glob|now|today|random|uuid|getenv)\b|\bcurrent_|from\s+'",
    re.IGNORECASE,
)


class Look:
    """What a sources file and the files it names look like before a snapshot is taken."""

    def __init__(
        self, sources_file: Path, *, folder: Path | None = None, products: Path | None = None
    ) -> None:
        self.root = folder or paths.snapshots()
        self.sources_file = sources_file
        name = hashes.name_of(sources_file)
        self._memory = self.root / _MEMORY / f"{name}.json"
        self._around = {
            "sources": hashes.of_file(sources_file),
            "products": hashes.of_files(sorted((products or paths.products()).glob("*.yml"))),
            "code": package_code(),
            "versions": installed_versions(),
            "today": date.today().isoformat(),
        }

    def snapshot(self) -> Snapshot | None:
        """The snapshot that would be taken now; None where only taking it tells."""
        try:
            said = json.loads(self._memory.read_text(encoding="utf-8"))
            if said["around"] != self._around or said["files"] != _seen(said["patterns"], said["files"]):
                return None
            snapshot = Snapshot.open(said["snapshot"], folder=self.root)
        except (OSError, ValueError, KeyError, TypeError, SnapshotError):
            return None
        return snapshot if snapshot.intact() else None

    def remember(self, snapshot: Snapshot, before: dict[str, Any] | None) -> None:
        """Notes that this snapshot was taken of what `look` saw before."""
        self._memory.unlink(missing_ok=True)
        if before is None or before["files"] != _seen(before["patterns"], before["files"]):
            return
        self._memory.parent.mkdir(parents=True, exist_ok=True)
        content = {"around": self._around, **before, "snapshot": snapshot.id}
        new = self._memory.with_suffix(".new")
        new.write_text(json.dumps(content, indent=1), encoding="utf-8")
        new.replace(self._memory)

    def look(self) -> dict[str, Any] | None:
        """The files that the sources file names, as they are; None where some are not of this machine."""
        from cs_helpers.sources.sources_file import load_sources

        sources = load_sources(self.sources_file)
        elsewhere = _ELSEWHERE.search(self.sources_file.read_text(encoding="utf-8"))
        if elsewhere or sources.databases or any("://" in file.path for file in sources.files.values()):
            return None
        base = self.sources_file.resolve().parent / sources.folder
        patterns = [str(base / file.path) for file in sources.files.values()]
        return {"patterns": patterns, "files": _seen(patterns, None)}


def _seen(patterns: list[str], before: dict[str, Any] | None) -> dict[str, Any]:
    """File -> size, times and inode, and the hash of its content where those may not tell."""
    now = time.time_ns()
    found: dict[str, Any] = {}
    for file in sorted({file for pattern in patterns for file in _files(pattern)}):
        about = file.stat()
        said: list[Any] = [about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino, ""]
        fresh = max(about.st_mtime_ns, about.st_ctime_ns) > now - _TICK
        if fresh if before is None else (before.get(str(file)) or [""])[-1]:
            said[-1] = hashes.of_file(file)
        found[str(file)] = said
    return found


def _files(pattern: str) -> Iterator[Path]:
    named = [pattern] if Path(pattern).exists() else glob.glob(pattern, recursive=True)  # noqa: PTH207 - of a whole path
    for name in named:
        path = Path(name)
        yield from (p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
