"""Read untrusted REFI-QDA files: the project, and the texts that it names.

Nothing is unpacked to disk, no path of the archive is followed, no entity is expanded, nothing is fetched
from the network, and the number of bytes that are read is limited.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lxml import etree

from cs_helpers.errors import ExchangeError
from cs_helpers.exchange.refi import NAMESPACE, describe, guid, kind, tag
from cs_helpers.paths import display_path as shown_path

#: most bytes of a project that are read, unpacked
MAX_BYTES = 256 * 2**20
_INTERNAL = "internal://"
_BROKEN = "the file is not a whole .qdpx file; copy it or export it again"


def read_archive(file: Path, limit: int = MAX_BYTES) -> tuple[Any, dict[str, str]]:
    """The project of a file, and the text of each text source by its GUID, with its original line ends.

    Raises `ExchangeError` where the file cannot be read or is not a REFI-QDA project.
    """
    where = shown_path(file)
    with report_unreadable(where, _BROKEN), zipfile.ZipFile(file) as archive:
        members = _Members(archive, where, limit)
        project = _parse_project(members.read(members.project_name()), where)
        sources = project.iterfind(f"{tag('Sources')}/{tag('TextSource')}")
        return project, {guid(s.get("guid")): _read_text(s, members, where) for s in sources}


@contextmanager
def report_unreadable(file: str, broken: str, *errors: type[Exception]) -> Iterator[None]:
    """Turn errors of reading an archive into `ExchangeError`. errors: further exceptions of its reader."""
    unreadable: tuple[type[Exception], ...] = (
        zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, OSError, *errors
    )  # fmt: skip
    try:
        yield
    except FileNotFoundError:
        raise ExchangeError(file, "there is no such file") from None
    except IsADirectoryError:
        raise ExchangeError(file, "this is a folder") from None
    except (ExchangeError, PermissionError):
        raise
    except unreadable:
        raise ExchangeError(file, broken) from None


class _Members:
    """The files in the archive, which are accessed by name only."""

    def __init__(self, archive: zipfile.ZipFile, file: str, bytes_left: int) -> None:
        self.archive, self.file, self.bytes_left = archive, file, bytes_left
        self.files: dict[str, zipfile.ZipInfo] = {}
        for info in archive.infolist():
            name = info.filename.replace("\\", "/").lower()
            if name in self.files:
                raise ExchangeError(file, f"the archive holds {info.filename!r} twice; export it again")
            self.files[name] = info

    def project_name(self) -> str:
        names = [name for name in self.files if name.endswith(".qde") and "/" not in name]
        if len(names) != 1:
            raise ExchangeError(
                self.file, f"it holds {len(names) or 'no'} project.qde, so it is not a REFI-QDA project"
            )
        return names[0]

    def read(self, name: str) -> bytes:
        info = self.files[name]
        with self.archive.open(info) as content:
            # the sizes that the archive declares cannot be trusted
            data = content.read(self.bytes_left + 1) if info.file_size <= self.bytes_left else None
        if data is None or len(data) > self.bytes_left:
            raise ExchangeError(
                self.file, "unpacked it is larger than a project of texts can be; split the project"
            )
        self.bytes_left -= len(data)
        return data


def _parse_project(content: bytes, file: str) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        project = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise ExchangeError(file, f"its project is not valid XML: {error.msg}") from None
    if project.getroottree().docinfo.doctype or project.getroottree().docinfo.internalDTD is not None:
        raise ExchangeError(file, "its project declares a document type, which no coding tool does")
    if project.tag != tag("Project"):
        raise ExchangeError(
            file,
            f"its project is not REFI-QDA 1.0: it begins with {kind(project)}, not Project of {NAMESPACE}",
        )
    return project


def _read_text(source: Any, members: _Members, file: str) -> str:
    path = source.get("plainTextPath")
    if path is None:
        inline = source.find(tag("PlainTextContent"))
        if inline is None:
            raise ExchangeError(file, f"{describe(source)} has no plain text; export it again with its text")
        return inline.text or ""
    if not path.lower().startswith(_INTERNAL):
        raise ExchangeError(
            file,
            f"{describe(source)}: its text lies outside of the file ({path}); export it again with its sources",
        )
    name = path[len(_INTERNAL) :].replace("\\", "/").lstrip("/").lower().removeprefix("sources/")
    if f"sources/{name}" not in members.files:
        raise ExchangeError(file, f"{describe(source)}: its text {path} is not in the file; export it again")
    data = members.read(f"sources/{name}")
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise ExchangeError(
            file, f"{describe(source)}: its text {path} is not UTF-8; export it again"
        ) from None
