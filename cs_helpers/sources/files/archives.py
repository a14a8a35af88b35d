"""Files within zip archives."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from cs_helpers.errors import SourceError
from cs_helpers.sources.files.file_types import READABLE, extension
from cs_helpers.sources.mapping import FileSource


def readable_members(archive: zipfile.ZipFile) -> list[str]:
    """The names of the files of an archive that can be read, in the archive's order."""
    return [
        info.filename
        for info in archive.infolist()
        if not info.is_dir()
        and not info.filename.startswith("__MACOSX/")
        and extension(info.filename) in READABLE
    ]


def unzip(name: str, path: str, file: FileSource, scratch: Path, where: str) -> str:
    """Unpack the member of an archive that `file` names, or its only one; returns the path of the copy.

    Raises `SourceError` where it is not known which member is meant, or the archive cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            member = _select_member(name, readable_members(archive), file, where)
            folder = scratch / f"zip-{name}"
            target = folder / Path(member).name  # never a path that leads out of the folder
            folder.mkdir(exist_ok=True)
            with archive.open(member) as content, target.open("wb") as out:
                while chunk := content.read(1 << 20):
                    out.write(chunk)
            return str(target)
    except RuntimeError:
        raise SourceError(name, "the archive has a password; unpack it first", where=where) from None
    except (zipfile.BadZipFile, NotImplementedError, zlib.error):
        raise SourceError(
            name, "the file is not a zip archive, or not whole; export or copy it again", where=where
        ) from None


def _select_member(name: str, members: list[str], file: FileSource, where: str) -> str:
    if file.member is None and len(members) == 1:
        return members[0]
    if file.member in members:
        return str(file.member)
    there = f" There are: {', '.join(members[:20])}" if members else ""
    problem = (
        f"the archive has no file '{file.member}'.{there}" if file.member else
        f"the archive holds {len(members)} files; say which: {{path: {file.path}, member: {members[0]}}}.{there}"
        if members else "the archive holds no file that can be read (CSV, Excel, JSON, Parquet)"
    )  # fmt: skip
    raise SourceError(name, problem, where=where)
