"""Text encodings: which one a file has, and a copy in UTF-8 of a file in another one."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cs_helpers.errors import SourceError
from cs_helpers.sources.files.streams import display_path, open_bytes
from cs_helpers.sources.mapping import FileSource

_UTF8 = ("utf-8", "utf8", "utf-8-sig")
_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
#: single-byte encodings, which decode any byte, so that a wrong one raises no error
_SINGLE_BYTE = ("latin-1", "latin1", "iso-8859-1", "iso8859-1", "cp1252", "windows-1252", "iso-8859-15")
#: control characters of Latin-1, which no text contains
_CONTROLS = re.compile("[\x80-\x9f]")


def bom_encoding(content: BinaryIO) -> str | None:
    """`utf-16` where a file starts with its byte order mark, else `None`."""
    return _BOMS.get(content.read(2))


def is_utf8(path: Path) -> bool:
    """Whether a file is UTF-8 text; true, too, where it cannot be read."""
    try:
        with open_bytes(str(path), {}) as content:
            for _ in io.TextIOWrapper(content, encoding="utf-8"):
                pass
    except UnicodeDecodeError:
        return False
    except (OSError, EOFError):
        return True
    return True


def detect_encoding(path: Path) -> str | None:
    """`utf-16`, `cp932` (Japanese) or `cp1252` (Western Europe); `None` for UTF-8 and for what cannot be read."""
    with contextlib.suppress(OSError, EOFError, zlib.error):
        with open_bytes(str(path), {}) as content:
            if encoding := bom_encoding(content):
                return encoding
        for encoding in ("utf-8", "cp932", "cp1252"):
            with contextlib.suppress(UnicodeError), open_bytes(str(path), {}) as content:
                lines = io.TextIOWrapper(content, encoding=encoding)
                if encoding != "cp932" or _is_japanese(lines):
                    for _ in lines:
                        pass
                    return None if encoding == "utf-8" else encoding
    return None


def _is_japanese(lines: Iterator[str]) -> bool:
    """Whether lines decoded as cp932 are Japanese: accented Latin letters decode to rare characters."""
    other, japanese = 0, 0
    for line in lines:
        for c in line:
            if c > "\x7f":
                wide = "\u3000" <= c <= "\u30ff" or "\u4e00" <= c <= "\u9fff" or "\uff01" <= c <= "\uff5e"
                japanese += wide
                other += not wide and not "\uff61" <= c <= "\uff9f"
                other += "\ue000" <= c <= "\uf8ff"
    return japanese > 3 * other


def utf8_copy(name: str, path: str, file: FileSource, scratch: Path, number: int) -> str:
    """The path of a text file in UTF-8: `path` itself where it is, else a copy in `scratch`.

    Raises `SourceError` where the file is not in the encoding that `file` names.
    """
    if "://" in path and file.encoding is None:
        return path
    with open_bytes(path, file.options) as content:
        bom = bom_encoding(content)
    if bom is None and (file.encoding is None or file.encoding.lower() in _UTF8):
        return path
    encoding = bom or str(file.encoding)
    copy = scratch / f"utf8-{name}-{number}.csv"
    where = display_path(path)
    try:
        with open_bytes(path, file.options) as raw, copy.open("w", encoding="utf-8", newline="") as out:
            shutil.copyfileobj(io.TextIOWrapper(raw, encoding=encoding, newline=""), out, 1 << 20)
    except LookupError:
        raise SourceError(
            name, f"there is no encoding '{encoding}'; cp932, utf-8 and utf-16 are usual", where=where
        ) from None
    except (UnicodeDecodeError, UnicodeError):
        raise SourceError(name, f"the file is not {encoding} text; check 'encoding'", where=where) from None
    if bom is None and (actual := _actual_encoding(path, file, copy)):
        raise SourceError(
            name, f"the file is not {encoding} text but {actual}; check 'encoding'", where=where
        )
    return str(copy)


def _actual_encoding(path: str, file: FileSource, copy: Path) -> str:
    """The encoding of a file that was decoded by a wrong single-byte one; empty where that one may be right."""
    if str(file.encoding).lower().replace("_", "-") not in _SINGLE_BYTE:
        return ""
    for candidate in ("utf-8", "cp932"):
        ascii_only = True
        try:
            with open_bytes(path, file.options) as raw:
                for line in io.TextIOWrapper(raw, encoding=candidate):
                    ascii_only = ascii_only and line.isascii()
        except UnicodeError:
            continue
        if ascii_only:
            return ""
        if candidate == "utf-8":
            return "UTF-8"
        with copy.open(
            encoding="utf-8"
        ) as content:  # Japanese decoded as Latin-1 contains control characters
            if any(_CONTROLS.search(line) for line in content):
                return "cp932 (Japanese)"
    return ""
