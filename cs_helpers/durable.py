"""Files that survive a power cut: their content is on the disk before a name leads to it.

A rename alone is atomic for whoever reads the running system; after a power cut the name may lead to an
empty file unless file and folder were synced before.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write(file: Path, content: bytes) -> None:
    """Replaces a file by one with `content`, whole or not at all, and on the disk when this returns."""
    handle, fresh = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(fresh).chmod(0o644)
        Path(fresh).replace(file)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise
    sync(file.parent)


def sync(path: Path) -> None:
    """Puts a file's content, or a folder's list of names, on the disk.

    A file system that cannot sync a folder (some network and Windows ones) is left to its own ways.
    """
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        if path.is_dir():
            return
        raise
    try:
        os.fsync(handle)
    except OSError:
        if not path.is_dir():
            raise
    finally:
        os.close(handle)


def sync_tree(folder: Path, files: set[str] | None = None) -> None:
    """Puts a folder on the disk, with the folders inside it and their files, deepest first.

    files: names inside `folder` of those whose content is new; default: all. The others are links to
    what is on the disk already.
    """
    for inside, _, names in os.walk(folder, topdown=False):
        for name in names:
            file = Path(inside, name)
            if files is None or file.relative_to(folder).as_posix() in files:
                sync(file)
        sync(Path(inside))
