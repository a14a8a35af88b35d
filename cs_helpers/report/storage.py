"""Snapshots on storage that several machines share: a worker fetches the one it needs, once."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from cs_helpers import paths
from cs_helpers.errors import SnapshotError
from cs_helpers.snapshot import Snapshot

MANIFEST = "manifest.json"


def shared(snapshot: Snapshot, where: str) -> str:
    """Puts a snapshot on shared storage, unless it is there; gives the place to fetch it from.

    where: a folder or an fsspec URL; '' for the folder that the snapshot lies in. Raises
    `SnapshotError` where it cannot be written.
    """
    if not where or Path(where) == snapshot.folder.parent:
        return str(snapshot.folder.parent)
    try:
        files, root = _opened(where)
        target = f"{root}/{snapshot.id}"
        if not files.exists(f"{target}/{MANIFEST}"):
            for name in (*snapshot.manifest["files"], MANIFEST):  # the manifest last: then all is there
                files.makedirs(f"{target}/{name}".rpartition("/")[0], exist_ok=True)
                files.pipe_file(f"{target}/{name}", (snapshot.folder / name).read_bytes())
    except (OSError, ValueError, ImportError) as error:
        raise SnapshotError(f"the snapshot cannot be put to {where}: {error}") from None
    return where


def fetched(where: str, name: str) -> Path:
    """The local folder that holds a snapshot of shared storage; a folder is read where it is.

    Raises `SnapshotError` where it is not there. Its files are held against its manifest by
    whoever reads them.
    """
    if "://" not in where:
        return Path(where)
    root = paths.private_folder("cs-snapshots")
    if not (root / name / MANIFEST).exists():
        arriving = Path(tempfile.mkdtemp(prefix=".arriving-", dir=root))
        try:
            files, place = _opened(where)
            files.get(f"{place}/{name}/", f"{arriving}/", recursive=True)
            if not (root / name).exists():
                arriving.rename(root / name)
        except (OSError, ValueError, ImportError) as error:
            if not (root / name / MANIFEST).exists():  # another worker may have been quicker
                raise SnapshotError(f"there is no snapshot '{name}' in {where} ({error})") from None
        finally:
            shutil.rmtree(arriving, ignore_errors=True)
    return root


def _opened(where: str) -> tuple[Any, str]:
    import fsspec

    files, root = fsspec.core.url_to_fs(where)
    return files, str(root).rstrip("/")
