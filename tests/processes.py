"""The processes of this machine, as tests look for those that were left behind."""

from __future__ import annotations

import os
from pathlib import Path


def descendants(pid: int | None = None) -> dict[int, str]:
    """The processes below one (default: this one), and their command lines."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                after = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if after[0] != "Z":
                parents.setdefault(int(after[1]), []).append(int(entry.name))
    found: dict[int, str] = {}
    waiting = [pid or os.getpid()]
    while waiting:
        for child in parents.get(waiting.pop(), []):
            waiting.append(child)
            found[child] = command(child)
    return found


def command(pid: int) -> str:
    """The command line of a process; '' where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""
