"""A text that is to be pasted elsewhere, as a section of a product file."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

from cs_helpers.text import Text


class CopiedText(anywidget.AnyWidget):
    """`value` behind a heading, with a button that copies it; nothing while it is empty."""

    _esm = Path(__file__).with_suffix(".js")
    value = traitlets.Unicode("").tag(sync=True)
    words = traitlets.Dict().tag(sync=True)

    def __init__(self, text: Text) -> None:
        keys = ("title", "copy", "copied", "selected")
        super().__init__(words={key: text(f"explorers.yaml.{key}") for key in keys})
