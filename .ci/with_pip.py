"""Runs install.py as make does, with another pip than this Python brings: python3 .ci/with_pip.py 22.3 install.py FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import install

version, _, *arguments = sys.argv[1:]
as_it_is = install.commands


def commands(folder: str, lock: str, uv: str | None) -> list[list[str]]:
    """The same, and after the environment is made its pip is replaced."""
    assert not uv, "uv would install, not pip"
    found = as_it_is(folder, lock, uv)
    wanted = ["--upgrade", "pip"] if version == "newest" else [f"pip=={version}"]
    pip = [f"{folder}/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
    return [found[0], pip, *found[1:]] if lock == install.LOCK else found


install.commands = commands
sys.exit(install.main(arguments))
