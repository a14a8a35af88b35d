"""Publishes a quarter's reports: all new files at once, the last good ones until then.

A folder of this machine is made anew beside its place and swapped in: readers see the old quarter
or the new one. On any other file system that fsspec reaches, which has no rename of folders, each
file is put whole: reports first, then the landing pages that lead to them, the manifest last.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from cs_helpers import paths
from cs_helpers.errors import ReportError
from cs_helpers.report.manifest import NAME, Manifest, read_manifest

#: seconds to wait for another batch that is publishing the same quarter
_PATIENCE = 120


class Place(ABC):
    """Where reports are published, a folder a quarter."""

    @abstractmethod
    def content(self, quarter: str, name: str) -> bytes | None:
        """A published file; None where there is none."""

    @abstractmethod
    def publish(
        self, quarter: str, files: Mapping[str, bytes], gone: Sequence[str], manifest: Manifest
    ) -> None:
        """Puts files (name inside the quarter's folder -> content) and the manifest, takes away `gone`."""

    @abstractmethod
    def alone(self, quarter: str) -> AbstractContextManager[None]:
        """Holds off other batches of the quarter; raises `ReportError` where one does not end."""

    @abstractmethod
    def shown(self, quarter: str, name: str) -> str:
        """Where a file is published, as a person would open it."""

    def manifest(self, quarter: str) -> Manifest:
        """The quarter's manifest; an empty one where there is none."""
        return read_manifest(self.content(quarter, NAME), quarter)


def place(where: str | Path | None = None) -> Place:
    """The place of a folder or an fsspec URL; default: the workbook's `reports/`.

    Raises `ReportError` for a URL of an unknown kind.
    """
    if where is None:
        return Folder(paths.reports())
    if isinstance(where, Path) or "://" not in where:
        return Folder(Path(where))
    if where.startswith(("file://", "local://")):
        return Folder(Path(where.partition("://")[2]))
    return Remote(where)


class Folder(Place):
    """A folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def content(self, quarter: str, name: str) -> bytes | None:
        """A published file; None where there is none."""
        try:
            return (self.root / quarter / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def shown(self, quarter: str, name: str) -> str:
        """The file's path."""
        return paths.shown(self.root / quarter / name)

    @contextmanager
    def alone(self, quarter: str) -> Iterator[None]:
        """Holds the quarter's lock, which is the operating system's: it goes with its process."""
        import filelock

        self.root.mkdir(parents=True, exist_ok=True)
        try:
            with filelock.FileLock(self.root / f".{quarter}.lock", timeout=_PATIENCE):
                self.recover(quarter)
                yield
        except filelock.Timeout:
            raise ReportError(
                f"another batch is publishing {paths.shown(self.root / quarter)} and has not ended in"
                f" {_PATIENCE} seconds; run this one again when it has"
            ) from None

    def publish(
        self, quarter: str, files: Mapping[str, bytes], gone: Sequence[str], manifest: Manifest
    ) -> None:
        """Makes the quarter's folder anew, with what is not replaced, and swaps it in."""
        folder = self.root / quarter
        self.root.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".publishing-{quarter}-", dir=self.root))
        try:
            staging.chmod(0o755)
            new = {**files, NAME: manifest.text().encode()}
            if folder.exists():
                _linked(folder, staging, without={*new, *gone})
            for name, content in new.items():
                target = staging / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            _swap(staging, folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def recover(self, quarter: str) -> None:
        """Puts back the last good quarter where a publication was cut off, and clears what it left."""
        folder, retired = self.root / quarter, _retired(self.root / quarter)
        if retired.exists() and not folder.exists():
            retired.replace(folder)
        for left in (retired, *self.root.glob(f".publishing-{quarter}-*")):
            shutil.rmtree(left, ignore_errors=True)


class Remote(Place):
    """A folder that fsspec reaches by its URL."""

    def __init__(self, url: str) -> None:
        import fsspec

        self.url = url.rstrip("/")
        try:
            self.files, self.root = fsspec.core.url_to_fs(self.url)
        except (ValueError, ImportError) as error:
            raise ReportError(f"reports cannot be published to {self.url}: {error}") from None

    def content(self, quarter: str, name: str) -> bytes | None:
        """A published file; None where there is none."""
        try:
            return bytes(self.files.cat_file(f"{self.root}/{quarter}/{name}"))
        except FileNotFoundError:
            return None

    def shown(self, quarter: str, name: str) -> str:
        """The file's URL."""
        return f"{self.url}/{quarter}/{name}"

    def alone(self, quarter: str) -> AbstractContextManager[None]:
        """Nothing: such file systems have no locks, and each file is put whole."""
        return nullcontext()

    def publish(
        self, quarter: str, files: Mapping[str, bytes], gone: Sequence[str], manifest: Manifest
    ) -> None:
        """Puts each file whole, those that lead to others after them, and the manifest last."""
        for name in sorted(files, key=lambda n: ("/" not in n, n)):
            self._put(f"{quarter}/{name}", files[name])
        self._put(f"{quarter}/{NAME}", manifest.text().encode())
        for name in gone:
            if self.files.exists(f"{self.root}/{quarter}/{name}"):
                self.files.rm_file(f"{self.root}/{quarter}/{name}")

    def _put(self, name: str, content: bytes) -> None:
        path = f"{self.root}/{name}"
        try:
            self.files.makedirs(path.rpartition("/")[0], exist_ok=True)
            self.files.pipe_file(path, content)
        except OSError as error:
            raise ReportError(f"{self.url}/{name} cannot be written: {error}") from None


def failed_name(file: str) -> str:
    """Where the page lies that says why a report failed: the report's own place keeps the last good one."""
    return f"{file.removesuffix('.html')}.failed.html"


def _linked(source: Path, target: Path, without: set[str]) -> None:
    """Gives `target` the files of `source`, as links to the same content where the system has them."""
    for file in source.rglob("*"):
        name = file.relative_to(source).as_posix()
        if name in without or not file.is_file():
            continue
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(file, copy)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
            shutil.copy2(file, copy)


def _swap(new: Path, folder: Path) -> None:
    """Puts `new` in the place of `folder`; afterwards what was there lies at `new`, or is gone."""
    if not folder.exists():
        new.replace(folder)
    elif not _exchanged(new, folder):  # for a moment there is neither: `recover` knows of it
        retired = _retired(folder)
        shutil.rmtree(retired, ignore_errors=True)
        folder.replace(retired)
        new.replace(folder)
        shutil.rmtree(retired, ignore_errors=True)


def _retired(folder: Path) -> Path:
    return folder.with_name(f".retired-{folder.name}")


def _exchanged(one: Path, other: Path) -> bool:
    """Whether the system could exchange two folders in one step, as Linux does."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        exchange: Any = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    here, both = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return bool(exchange(here, os.fsencode(one), here, os.fsencode(other), both) == 0)
