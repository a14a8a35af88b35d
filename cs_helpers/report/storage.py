"""Snapshots on storage that several machines share; each worker fetches the one it needs once."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from cs_helpers import paths
from cs_helpers.errors import SnapshotError
from cs_helpers.snapshot import Snapshot

MANIFEST = "manifest.json"


def share_snapshot(snapshot: Snapshot, where: str) -> str:
    """Copies a snapshot to shared storage unless it is there already; returns where workers can fetch it.

    where: a folder or an fsspec URL; '' for the folder that the snapshot lies in. Raises `SnapshotError` where it
    cannot be written.
    """
    if not where or Path(where) == snapshot.folder.parent:
        return str(snapshot.folder.parent)
    try:
        files, root = _open_filesystem(where)
        target = f"{root}/{snapshot.id}"
        if not files.exists(f"{target}/{MANIFEST}"):
            for name in (
                *snapshot.manifest["files"],
                MANIFEST,
            ):  # the manifest last: it tells that the copy is complete
                files.makedirs(f"{target}/{name}".rpartition("/")[0], exist_ok=True)
                files.pipe_file(f"{target}/{name}", (snapshot.folder / name).read_bytes())
    except (OSError, ValueError, ImportError) as error:
        raise SnapshotError(f"the snapshot cannot be put to {where}: {error}") from None
    return where


def fetch_snapshot(where: str, name: str) -> Path:
    """The local folder that holds a snapshot of shared storage, fetched where `where` is a URL.

    Raises `SnapshotError` where there is no such snapshot. The files are checked against the manifest when they
    are read.
    """
    if "://" not in where:
        return Path(where)
    root = paths.private_folder("cs-snapshots")
    if not (root / name / MANIFEST).exists():
        incoming = Path(tempfile.mkdtemp(prefix=".incoming-", dir=root))
        try:
            files, remote_root = _open_filesystem(where)
            files.get(f"{remote_root}/{name}/", f"{incoming}/", recursive=True)
            if not (root / name).exists():
                incoming.rename(root / name)
        except (OSError, ValueError, ImportError) as error:
            if not (root / name / MANIFEST).exists():  # another worker may have fetched it first
                raise SnapshotError(f"there is no snapshot '{name}' in {where} ({error})") from None
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
    return root


def _open_filesystem(where: str) -> tuple[Any, str]:
    import fsspec

    files, root = fsspec.core.url_to_fs(where)
    return files, str(root).rstrip("/")
