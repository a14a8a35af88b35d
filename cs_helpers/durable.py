"""Write files that survive a power cut: their content reaches the disk before their name does.

A rename alone is atomic for other processes, but after a power cut the name may lead to an empty file
unless file and folder were synced first.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write(file: Path, content: bytes) -> None:
    """Replace a file atomically with one that holds `content`, which is on the disk when this returns."""
    handle, new_file = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(new_file).chmod(0o644)
        Path(new_file).replace(file)
    except BaseException:
        Path(new_file).unlink(missing_ok=True)
        raise
    sync(file.parent)


def sync(path: Path) -> None:
    """Flush a file's content, or a folder's list of names, to the disk.

    Folders are skipped on file systems that cannot sync them (some network and Windows ones).
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
    """Flush a folder, its subfolders and their files to the disk, deepest first.

    files: paths below `folder` of the files with new content; default: all. The others are links to
    content that is already on the disk.
    """
    for subfolder, _, names in os.walk(folder, topdown=False):
        for name in names:
            file = Path(subfolder, name)
            if files is None or file.relative_to(folder).as_posix() in files:
                sync(file)
        sync(Path(subfolder))


def append_line(file: Path, line: bytes) -> None:
    """Append a line to a file, which is created with its folder where it is missing; it is on the disk when this returns.

    A last line without an end, which a power cut leaves, is ended first, so that it spoils no other one.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    is_new = not file.exists()
    with file.open("ab+") as out:
        if out.tell():
            out.seek(-1, os.SEEK_END)
            line = line if out.read(1) == b"\n" else b"\n" + line
        out.write(line + b"\n")
        out.flush()
        os.fsync(out.fileno())
    if is_new:
        sync(file.parent)
