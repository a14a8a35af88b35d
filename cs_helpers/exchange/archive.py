"""Opens a REFI-QDA file that anybody may have made: its project, and the texts that it names.

Nothing is unpacked, no path of the archive is followed, no entity is expanded, nothing is fetched,
and what is read has an end.
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
from cs_helpers.exchange.refi import NAMESPACE, guid, kind, shown, tag
from cs_helpers.paths import display_path as shown_path

#: how many bytes of a project are read, unpacked
LIMIT = 256 * 2**20
_INSIDE = "internal://"
_BROKEN = "the file is not a whole .qdpx file; copy it or export it again"


def opened(file: Path, limit: int = LIMIT) -> tuple[Any, dict[str, str]]:
    """The project of a file and the text of each text source by its GUID, with line ends as they lie.

    Raises `ExchangeError`.
    """
    where = shown_path(file)
    with readable(where, _BROKEN), zipfile.ZipFile(file) as archive:
        members = _Members(archive, where, limit)
        project = _project(members.read(members.project()), where)
        sources = project.iterfind(f"{tag('Sources')}/{tag('TextSource')}")
        return project, {guid(s.get("guid")): _text(s, members, where) for s in sources}


@contextmanager
def readable(file: str, broken: str, *errors: type[Exception]) -> Iterator[None]:
    """Says in a sentence why an archive cannot be read; `errors` are what else a reader of it stumbles over."""
    odd: tuple[type[Exception], ...] = (
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
    except odd:
        raise ExchangeError(file, broken) from None


class _Members:
    """The files in the archive by their name, which is all that leads to them."""

    def __init__(self, archive: zipfile.ZipFile, file: str, left: int) -> None:
        self.archive, self.file, self.left = archive, file, left
        self.found: dict[str, zipfile.ZipInfo] = {}
        for info in archive.infolist():
            name = info.filename.replace("\\", "/").lower()
            if name in self.found:
                raise ExchangeError(file, f"the archive holds {info.filename!r} twice; export it again")
            self.found[name] = info

    def project(self) -> str:
        found = [name for name in self.found if name.endswith(".qde") and "/" not in name]
        if len(found) != 1:
            raise ExchangeError(
                self.file, f"it holds {len(found) or 'no'} project.qde, so it is not a REFI-QDA project"
            )
        return found[0]

    def read(self, name: str) -> bytes:
        info = self.found[name]
        with self.archive.open(info) as content:
            # what the archive says of its sizes is not relied upon
            data = content.read(self.left + 1) if info.file_size <= self.left else None
        if data is None or len(data) > self.left:
            raise ExchangeError(
                self.file, "unpacked it is larger than a project of texts can be; split the project"
            )
        self.left -= len(data)
        return data


def _project(content: bytes, file: str) -> Any:
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


def _text(source: Any, members: _Members, file: str) -> str:
    path = source.get("plainTextPath")
    if path is None:
        inline = source.find(tag("PlainTextContent"))
        if inline is None:
            raise ExchangeError(file, f"{shown(source)} has no plain text; export it again with its text")
        return inline.text or ""
    if not path.lower().startswith(_INSIDE):
        raise ExchangeError(
            file,
            f"{shown(source)}: its text lies outside of the file ({path}); export it again with its sources",
        )
    name = path[len(_INSIDE) :].replace("\\", "/").lstrip("/").lower().removeprefix("sources/")
    if f"sources/{name}" not in members.found:
        raise ExchangeError(file, f"{shown(source)}: its text {path} is not in the file; export it again")
    data = members.read(f"sources/{name}")
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise ExchangeError(file, f"{shown(source)}: its text {path} is not UTF-8; export it again") from None
