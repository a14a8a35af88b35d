"""One taking at a time in a folder of snapshots."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import filelock

from cs_helpers import paths
from cs_helpers.errors import SnapshotError


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Holds the lock of a folder of snapshots; raises `SnapshotError` that says who holds it.

    The lock is the operating system's: it goes when its process goes, however that ends.
    """
    root.mkdir(parents=True, exist_ok=True)
    holder = root / ".lock.json"
    lock = filelock.FileLock(root / ".lock", timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise SnapshotError(
            f"another snapshot is being taken in {paths.shown(root)}{_said(holder)}; wait until it is done"
        ) from None
    try:
        holder.write_text(
            json.dumps(
                {
                    "process": os.getpid(),
                    "machine": socket.gethostname(),
                    "since": datetime.now().astimezone().isoformat(timespec="seconds"),
                }
            ),
            encoding="utf-8",
        )
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _said(holder: Path) -> str:
    try:
        said = json.loads(holder.read_text(encoding="utf-8"))
        return f" by process {said['process']} on {said['machine']}, since {said['since']}"
    except (OSError, ValueError, KeyError):  # it is just beginning
        return ""
