"""Publishes a quarter's reports atomically: readers see the old quarter or the new one.

Each edition has a store of its own: leadership's quarters lie in `reports/`, the team's in `reports/team/`.
Neither store touches the other's files.

In a local folder the new quarter is written to a staging folder, synced to disk and swapped in, so that even a
power cut leaves one of the two. Other file systems that fsspec reaches cannot rename a folder: there each file
is written whole, reports first, then the landing pages that link to them, the manifest last.
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
from cs_helpers.contract.quarters import is_quarter
from cs_helpers.errors import ReportError
from cs_helpers.report.manifest import FILE_NAME, Manifest, read_manifest

#: seconds to wait for another batch that is publishing the same quarter
_LOCK_TIMEOUT = 120
#: seconds after which a lock file counts as left behind by a batch that ended without removing it
_STALE_LOCK_AGE = 600
#: seconds to wait after writing a lock file, so that two batches that write it at once both see who won
_LOCK_SETTLE_TIME = 0.3
#: the folder of the team's edition inside the reports
TEAM_FOLDER = "team"


class ReportStore(ABC):
    """Where the reports of an edition are published, one folder per quarter."""

    audience: Audience = "leadership"

    @abstractmethod
    def content(self, quarter: str, name: str) -> bytes | None:
        """A published file; None where there is none."""

    @abstractmethod
    def publish(
        self, quarter: str, files: Mapping[str, bytes], removed: Sequence[str], manifest: Manifest
    ) -> None:
        """Writes files (name inside the quarter's folder -> content) and the manifest, and deletes `removed`."""

    @abstractmethod
    def lock(self, quarter: str) -> AbstractContextManager[None]:
        """Locks the quarter against other batches; raises `ReportError` where one holds it too long."""

    @abstractmethod
    def location(self, quarter: str, name: str) -> str:
        """The path or URL at which a person opens a published file."""

    @abstractmethod
    def quarters(self) -> list[str]:
        """The quarters that are published, newest first."""

    def manifest(self, quarter: str) -> Manifest:
        """The quarter's manifest; an empty one where there is none."""
        return read_manifest(self.content(quarter, FILE_NAME), quarter, self.audience)


def report_store(where: str | Path | None = None, audience: Audience = "leadership") -> ReportStore:
    """The store of an edition in a folder or at an fsspec URL; default: the workbook's `reports/`.

    Raises `ReportError` for a URL with an unknown protocol.
    """
    subfolder = (TEAM_FOLDER,) if audience == "team" else ()
    store: ReportStore
    if isinstance(where, str) and "://" in where and not where.startswith(("file://", "local://")):
        store = RemoteStore("/".join((where.rstrip("/"), *subfolder)))
    else:
        root = paths.reports() if where is None else Path(str(where).rpartition("://")[2])
        store = FolderStore(root.joinpath(*subfolder))
    store.audience = audience
    return store


class FolderStore(ReportStore):
    """A local folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def content(self, quarter: str, name: str) -> bytes | None:
        """A published file; None where there is none."""
        try:
            return (self.root / quarter / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def quarters(self) -> list[str]:
        """The quarters that are published, newest first."""
        found = [file.parent.name for file in self.root.glob("*/index.html")]
        return sorted(filter(is_quarter, found), reverse=True)

    def location(self, quarter: str, name: str) -> str:
        """The file's path."""
        return paths.display_path(self.root / quarter / name)

    @contextmanager
    def lock(self, quarter: str) -> Iterator[None]:
        """Holds a lock of the operating system, which releases it when the process ends."""
        import filelock

        self.root.mkdir(parents=True, exist_ok=True)
        try:
            with filelock.FileLock(self.root / f".{quarter}.lock", timeout=_LOCK_TIMEOUT):
                self.recover(quarter)
                yield
        except filelock.Timeout:
            raise ReportError(
                f"another batch is publishing {paths.display_path(self.root / quarter)} and has not ended in"
                f" {_LOCK_TIMEOUT} seconds; run this one again when it has"
            ) from None

    def publish(
        self, quarter: str, files: Mapping[str, bytes], removed: Sequence[str], manifest: Manifest
    ) -> None:
        """Writes the quarter to a staging folder, links the files that stay, and swaps the folder in."""
        folder = self.root / quarter
        self.root.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".publishing-{quarter}-", dir=self.root))
        try:
            staging.chmod(0o755)
            new = {**files, FILE_NAME: manifest.text().encode()}
            if folder.exists():
                _link_files(folder, staging, without={*new, *removed})
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
        """Restores the last good quarter after an interrupted publication, and deletes its leftovers."""
        folder, retired = self.root / quarter, _retired_path(self.root / quarter)
        if retired.exists() and not folder.exists():
            retired.replace(folder)
        for leftover in (retired, *self.root.glob(f".publishing-{quarter}-*")):
            shutil.rmtree(leftover, ignore_errors=True)


class RemoteStore(ReportStore):
    """A folder at an fsspec URL."""

    def __init__(self, url: str) -> None:
        import fsspec

        self.url = url.rstrip("/")
        self._token = secrets.token_hex(8)  # identifies the lock files that this store wrote
        self._manifest_when_locked: dict[str, bytes | None] = {}  # quarter -> run.json
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

    def quarters(self) -> list[str]:
        """The quarters that are published, newest first."""
        found = [name.split("/")[-2] for name in self.files.glob(f"{self.root}/*/index.html")]
        return sorted(filter(is_quarter, found), reverse=True)

    def location(self, quarter: str, name: str) -> str:
        """The file's URL."""
        return f"{self.url}/{quarter}/{name}"

    @contextmanager
    def lock(self, quarter: str) -> Iterator[None]:
        """Holds a lock file, for object stores have no locks.

        The file is written where there is none and read again a moment later, so that of two batches at once
        one finds the other's; `publish` checks it again before it replaces the landing pages or the manifest.
        """
        lock_file = f"{self.root}/.{quarter}.lock"
        deadline = time.monotonic() + _LOCK_TIMEOUT
        while not self._try_lock(lock_file):
            if time.monotonic() > deadline:
                holder = self._read_lock(lock_file) or {}
                raise ReportError(
                    f"another batch is publishing {self.url}/{quarter} (process {holder.get('process')} on"
                    f" {holder.get('machine')}) and has not ended in {_LOCK_TIMEOUT} seconds; run this one again when"
                    f" it has, or delete {self.url}/.{quarter}.lock if it was stopped"
                )
            time.sleep(min(1.0, _LOCK_TIMEOUT / 4))
        self._manifest_when_locked[quarter] = self.content(quarter, FILE_NAME)
        try:
            yield
        finally:
            del self._manifest_when_locked[quarter]
            with suppress(OSError):
                if (self._read_lock(lock_file) or {}).get("token") == self._token:
                    self.files.rm_file(lock_file)

    def _try_lock(self, lock_file: str) -> bool:
        """Tries once to take the lock; whether this store holds it now."""
        content = {
            "token": self._token, "process": os.getpid(), "machine": socket.gethostname(), "since": time.time(),
        }  # fmt: skip
        holder = self._read_lock(lock_file)
        # a lock file that cannot be parsed is being written at this moment, so it counts as new
        if holder is not None and time.time() - float(holder.get("since", time.time())) < _STALE_LOCK_AGE:
            return False
        try:
            self.files.makedirs(self.root, exist_ok=True)
            mode = "overwrite" if holder else "create"
            self.files.pipe_file(lock_file, json.dumps(content).encode(), mode=mode)
        except FileExistsError:
            return False
        except OSError as error:
            raise ReportError(f"{self.url} cannot be written: {error}") from None
        time.sleep(_LOCK_SETTLE_TIME)
        return (self._read_lock(lock_file) or {}).get("token") == self._token

    def _read_lock(self, lock_file: str) -> dict[str, Any] | None:
        """The content of a lock file: who holds it; {} where it cannot be parsed, None where there is none."""
        try:
            content = json.loads(self.files.cat_file(lock_file))
            return content if isinstance(content, dict) else {}
        except FileNotFoundError:
            return None
        except ValueError:
            return {}

    def publish(
        self, quarter: str, files: Mapping[str, bytes], removed: Sequence[str], manifest: Manifest
    ) -> None:
        """Writes each file whole: reports, then the landing pages that link to them, the manifest last."""
        self._check_lock(quarter)
        pages, landing = [sorted(n for n in files if ("/" in n) == nested) for nested in (True, False)]
        for name in pages:
            self._put(f"{quarter}/{name}", files[name])
        self._check_lock(quarter)
        for name in landing:
            self._put(f"{quarter}/{name}", files[name])
        self._put(f"{quarter}/{FILE_NAME}", manifest.text().encode())
        for name in removed:
            if self.files.exists(f"{self.root}/{quarter}/{name}"):
                self.files.rm_file(f"{self.root}/{quarter}/{name}")

    def _check_lock(self, quarter: str) -> None:
        """Raises `ReportError` where another batch took the lock or replaced the manifest."""
        if quarter not in self._manifest_when_locked:
            return
        holder = self._read_lock(f"{self.root}/.{quarter}.lock") or {}
        if (
            holder.get("token") != self._token
            or self.content(quarter, FILE_NAME) != self._manifest_when_locked[quarter]
        ):
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


def failed_page_name(file: str) -> str:
    """The file of the page that explains why a report failed; the report's own file keeps the last good one."""
    return f"{file.removesuffix('.html')}.failed.html"


def _link_files(source: Path, target: Path, without: set[str]) -> None:
    """Hard-links the files of `source` into `target`, or copies them where the file system has no links."""
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
    """Replaces `folder` by `new`; the old content then lies at `new`, or is deleted."""
    if not folder.exists():
        new.replace(folder)
    elif not _exchange(new, folder):  # two renames: between them there is no folder, which `recover` repairs
        retired = _retired_path(folder)
        shutil.rmtree(retired, ignore_errors=True)
        folder.replace(retired)
        new.replace(folder)
        shutil.rmtree(retired, ignore_errors=True)


def _retired_path(folder: Path) -> Path:
    return folder.with_name(f".retired-{folder.name}")


def _exchange(first: Path, second: Path) -> bool:
    """Exchanges two folders in one step, as Linux can; returns whether it did."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        rename: Any = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    at_fdcwd, rename_exchange = -100, 2
    return bool(rename(at_fdcwd, os.fsencode(first), at_fdcwd, os.fsencode(second), rename_exchange) == 0)
