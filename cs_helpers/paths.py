"""Where the parts of a workbook lie.

A workbook is the folder that holds `notebooks/`, `data/`, `templates/` and `reports/`: by default
the checkout this package is installed from, or the folder named by `CS_WORKBOOK_HOME`.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def home() -> Path:
    """The workbook's folder."""
    named = os.environ.get("CS_WORKBOOK_HOME")
    return Path(named).resolve() if named else Path(__file__).resolve().parents[1]


def notebooks() -> Path:
    """The folder of the committed notebooks."""
    return home() / "notebooks"


def products() -> Path:
    """The folder of the product files, one operations map a product."""
    return home() / "data" / "products"


def snapshots() -> Path:
    """The folder of the frozen snapshots; `CS_WORKBOOK_SNAPSHOTS` names another one."""
    named = os.environ.get("CS_WORKBOOK_SNAPSHOTS")
    return Path(named).resolve() if named else home() / "data" / "snapshots"


def codings() -> Path:
    """The folder that codings from other tools are written to."""
    return home() / "data" / "codings"


def names() -> Path:
    """Where is said which pseudonym stands for whom, and what was confirmed; `CS_WORKBOOK_NAMES` names another folder."""
    named = os.environ.get("CS_WORKBOOK_NAMES")
    return Path(named).resolve() if named else home() / "data" / "names"


#: names the file to which a run of a batch writes what the batch must know, and nobody else
FOUND = "CS_WORKBOOK_FOUND"


def found() -> Path | None:
    """The file for what a run found; None where no batch is waiting for it."""
    named = os.environ.get(FOUND)
    return Path(named) if named else None


def sample() -> Path:
    """The folder that the sample data is written to."""
    return home() / "data" / "sample"


def templates() -> Path:
    """The folder of the report templates."""
    return home() / "templates"


def reports() -> Path:
    """The folder that reports are published to, one folder a quarter."""
    return home() / "reports"


def temporary() -> Path:
    """The folder for temporary files, unless the path of a socket would grow too long in it."""
    folder = Path(tempfile.gettempdir())
    return folder if len(str(folder)) < 60 else Path("/tmp")


def private(name: str) -> Path:
    """A temporary folder that stays, of this user alone; raises `PermissionError` where it is not."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = temporary() / f"{name}-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if hasattr(os, "getuid") and (
        not stat.S_ISDIR(found.st_mode) or found.st_uid != user or found.st_mode & 0o077
    ):
        raise PermissionError(1, "other users could write to this folder", str(folder))
    return folder


def shown(path: Path) -> str:
    """`path` as a person would type it: relative to the working folder where it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
