"""The product and the language that a person chose last: the next notebook opens on them.

They lie in the person's own folder for Jupyter, by workbook, so that people on one share do not disturb each other.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir

from cs_helpers import durable, paths

#: what is remembered
REMEMBERED = ("product", "language")


def _file() -> Path:
    return Path(jupyter_data_dir()) / "cs-workbook" / "last_choice.json"


def _read() -> dict[str, dict[str, str]]:
    try:
        content = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def last_choice() -> dict[str, str]:
    """What was chosen last in this workbook, of `REMEMBERED`; {} at first and where the file cannot be read."""
    found = _read().get(str(paths.home()))
    return {n: str(found[n]) for n in REMEMBERED if n in found} if isinstance(found, dict) else {}


def remember(chosen: dict[str, str]) -> None:
    """Keeps what was chosen; does nothing where the file cannot be written, since no work hangs on it."""
    kept = {name: chosen[name] for name in REMEMBERED}
    if kept == last_choice():
        return
    with suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        content = json.dumps({**_read(), str(paths.home()): kept}, ensure_ascii=False, indent=1)
        durable.write(_file(), content.encode())
