"""The lock that lets only one process at a time take or delete snapshots in a folder."""

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
def snapshot_lock(root: Path) -> Iterator[None]:
    """Hold the lock of a folder of snapshots. Raises `SnapshotError`, naming the holder, where it is taken.

    It is a lock of the operating system, which releases it when the process ends for any reason.
    """
    root.mkdir(parents=True, exist_ok=True)
    holder = root / ".lock.json"
    lock = filelock.FileLock(root / ".lock", timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise SnapshotError(
            f"another snapshot is being taken in {paths.display_path(root)}{_holder_text(holder)}; wait until it is done"
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


def _holder_text(holder: Path) -> str:
    try:
        content = json.loads(holder.read_text(encoding="utf-8"))
        return f" by process {content['process']} on {content['machine']}, since {content['since']}"
    except (OSError, ValueError, KeyError):  # the holder has not written the file yet
        return ""
