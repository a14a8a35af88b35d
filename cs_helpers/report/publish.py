"""Publishes a quarter's reports: all new files at once, the last good ones until then.

Each edition has a place of its own: leadership's quarters lie in `reports/`, the team's in
`reports/team/`. Neither knows of the other's files.

A folder of this machine is made anew beside its place, put on the disk, and swapped in: readers see
the old quarter or the new one, also after a power cut. On any other file system that fsspec reaches,
which has no rename of folders, each file is put whole: reports first, then the landing pages that
lead to them, the manifest last.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import secrets
import shutil
import socket
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from cs_helpers import durable, paths
from cs_helpers.contract.parameters import Audience
from cs_helpers.errors import ReportError
from cs_helpers.report.manifest import NAME, Manifest, read_manifest

#: seconds to wait for another batch that is publishing the same quarter
_PATIENCE = 120
#: seconds after which the lock of a file system without locks was left by a batch that is gone
_LEFT = 600
#: seconds in which two batches that take such a lock at once see each other
_SETTLE = 0.3
#: where the team's edition lies inside the reports
TEAM = "team"


class Place(ABC):
    """Where the reports of an edition are published, a folder a quarter."""

    audience: Audience = "leadership"

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
        return read_manifest(self.content(quarter, NAME), quarter, self.audience)


def place(where: str | Path | None = None, audience: Audience = "leadership") -> Place:
    """The place of an edition in a folder or at an fsspec URL; default: in the workbook's `reports/`.

    Raises `ReportError` for a URL of an unknown kind.
    """
    inside = (TEAM,) if audience == "team" else ()
    found: Place
    if isinstance(where, str) and "://" in where and not where.startswith(("file://", "local://")):
        found = Remote("/".join((where.rstrip("/"), *inside)))
    else:
        root = paths.reports() if where is None else Path(str(where).rpartition("://")[2])
        found = Folder(root.joinpath(*inside))
    found.audience = audience
    return found


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
        return paths.display_path(self.root / quarter / name)

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
                f"another batch is publishing {paths.display_path(self.root / quarter)} and has not ended in"
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
            durable.sync_tree(staging, set(new))
            _swap(staging, folder)
            durable.sync(self.root)
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
        self._token = secrets.token_hex(8)  # by which its lock is known
        self._began: dict[str, bytes | None] = {}  # quarter -> the manifest when its lock was taken
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

    @contextmanager
    def alone(self, quarter: str) -> Iterator[None]:
        """Holds a lock file: such file systems have no locks of their own.

        It is put where there is none and read again a moment later, so that of two batches at once one
        finds the other's; and `publish` looks once more before it replaces anything that readers are led by.
        """
        lock = f"{self.root}/.{quarter}.lock"
        patient_until = time.monotonic() + _PATIENCE
        while not self._taken(lock):
            if time.monotonic() > patient_until:
                held = self._holder(lock) or {}
                raise ReportError(
                    f"another batch is publishing {self.url}/{quarter} (process {held.get('process')} on"
                    f" {held.get('machine')}) and has not ended in {_PATIENCE} seconds; run this one again when"
                    f" it has, or delete {self.url}/.{quarter}.lock if it was stopped"
                )
            time.sleep(min(1.0, _PATIENCE / 4))
        self._began[quarter] = self.content(quarter, NAME)
        try:
            yield
        finally:
            del self._began[quarter]
            with suppress(OSError):
                if (self._holder(lock) or {}).get("token") == self._token:
                    self.files.rm_file(lock)

    def _taken(self, lock: str) -> bool:
        """Whether the lock is this place's now."""
        mine = {
            "token": self._token, "process": os.getpid(), "machine": socket.gethostname(), "since": time.time(),
        }  # fmt: skip
        held = self._holder(lock)
        # what cannot be read is being written at this moment
        if held is not None and time.time() - float(held.get("since", time.time())) < _LEFT:
            return False
        try:
            self.files.makedirs(self.root, exist_ok=True)
            self.files.pipe_file(lock, json.dumps(mine).encode(), mode="overwrite" if held else "create")
        except FileExistsError:
            return False
        except OSError as error:
            raise ReportError(f"{self.url} cannot be written: {error}") from None
        time.sleep(_SETTLE)
        return (self._holder(lock) or {}).get("token") == self._token

    def _holder(self, lock: str) -> dict[str, Any] | None:
        """What a lock says of who holds it; None where there is no lock."""
        try:
            found = json.loads(self.files.cat_file(lock))
            return found if isinstance(found, dict) else {}
        except FileNotFoundError:
            return None
        except ValueError:
            return {}

    def publish(
        self, quarter: str, files: Mapping[str, bytes], gone: Sequence[str], manifest: Manifest
    ) -> None:
        """Puts each file whole, those that lead to others after them, and the manifest last."""
        self._check_alone(quarter)
        pages, landing = [sorted(n for n in files if ("/" in n) == inside) for inside in (True, False)]
        for name in pages:
            self._put(f"{quarter}/{name}", files[name])
        self._check_alone(quarter)
        for name in landing:
            self._put(f"{quarter}/{name}", files[name])
        self._put(f"{quarter}/{NAME}", manifest.text().encode())
        for name in gone:
            if self.files.exists(f"{self.root}/{quarter}/{name}"):
                self.files.rm_file(f"{self.root}/{quarter}/{name}")

    def _check_alone(self, quarter: str) -> None:
        """Raises `ReportError` where another batch took the lock or replaced the manifest."""
        if quarter not in self._began:
            return
        held = self._holder(f"{self.root}/.{quarter}.lock") or {}
        if held.get("token") != self._token or self.content(quarter, NAME) != self._began[quarter]:
            raise ReportError(
                f"another batch published {self.url}/{quarter} at the same time; nothing leads to what this one"
                " made: run it again"
            )

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
