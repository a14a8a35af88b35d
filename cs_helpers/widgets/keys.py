"""Keys for the controls of an explorer, which JupyterLab would take for its own commands."""

from __future__ import annotations

from pathlib import Path

import anywidget


class Keys(anywidget.AnyWidget):
    """Nothing to see: among the children of a box it keeps the keys of the controls beside it from JupyterLab."""

    _esm = Path(__file__).with_suffix(".js")
