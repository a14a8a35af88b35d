"""The folders of a workbook.

A workbook is the folder that holds `notebooks/`, `data/`, `templates/` and `reports/`: by default
the checkout that this package is installed from, or the folder named by `CS_WORKBOOK_HOME`.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def home() -> Path:
    """The workbook's folder."""
    override = os.environ.get("CS_WORKBOOK_HOME")
    return Path(override).resolve() if override else Path(__file__).resolve().parents[1]


def notebooks() -> Path:
    """The folder of the committed notebooks."""
    return home() / "notebooks"


def products() -> Path:
    """The folder of the product files, one for each product."""
    return home() / "data" / "products"


def saved_reports() -> Path:
    """The folder of the reports that analysts saved, one file for each."""
    return home() / "data" / "saved"


def snapshots() -> Path:
    """The folder of the snapshots; `CS_WORKBOOK_SNAPSHOTS` overrides it."""
    override = os.environ.get("CS_WORKBOOK_SNAPSHOTS")
    return Path(override).resolve() if override else home() / "data" / "snapshots"


def codings() -> Path:
    """The folder of what was coded: the logs of the notebook, and what is imported from other tools.

    `CS_WORKBOOK_CODINGS` overrides it.
    """
    override = os.environ.get("CS_WORKBOOK_CODINGS")
    return Path(override).resolve() if override else home() / "data" / "codings"


def names() -> Path:
    """The folder of the pseudonym register and of the confirmed names; `CS_WORKBOOK_NAMES` overrides it."""
    override = os.environ.get("CS_WORKBOOK_NAMES")
    return Path(override).resolve() if override else home() / "data" / "names"


def quiz() -> Path:
    """The folder of the guesses of what is usual."""
    return home() / "data" / "quiz"


#: environment variable with the file through which a run hands results back to its batch
HANDOVER_VARIABLE = "CS_WORKBOOK_FOUND"


def handover_file() -> Path | None:
    """The file through which a run hands results back to its batch; None outside of a batch."""
    override = os.environ.get(HANDOVER_VARIABLE)
    return Path(override) if override else None


#: the file in which a batch tells a summary what the quarter before said when it was published
PUBLISHED_FILE = "published_before.json"


def published_before() -> Path:
    """The file `PUBLISHED_FILE` of a run; there is none outside of a batch."""
    return home() / PUBLISHED_FILE


def sample() -> Path:
    """The folder of the sample data."""
    return home() / "data" / "sample"


def templates() -> Path:
    """The folder of the report templates."""
    return home() / "templates"


def reports() -> Path:
    """The folder that reports are published to, with a subfolder for each quarter."""
    return home() / "reports"


def deliveries() -> Path:
    """The folder of what is made of published reports to be handed on: bundles, digests, slides."""
    return home() / "deliveries"


def temporary() -> Path:
    """The folder for temporary files, or `/tmp` where socket paths in it would be too long."""
    folder = Path(tempfile.gettempdir())
    return folder if len(str(folder)) < 60 else Path("/tmp")


def private_folder(name: str) -> Path:
    """A persistent temporary folder that only this user can access.

    Raises `PermissionError` where another user owns it or could write to it.
    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = temporary() / f"{name}-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if hasattr(os, "getuid") and (
        not stat.S_ISDIR(status.st_mode) or status.st_uid != user or status.st_mode & 0o077
    ):
        raise PermissionError(1, "other users could write to this folder", str(folder))
    return folder


def display_path(path: Path) -> str:
    """`path` as shown to users: relative to the working directory if it lies inside it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
