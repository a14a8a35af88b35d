"""The browser's side of a notebook: what is in view, what was clicked, prose of the other language folded away."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from cs_helpers.live.calls import File


class Link(anywidget.AnyWidget):
    """A widget without a face: `link.js` finds the notebook that it stands in.

    language: of the prose that is shown. waiting: the numbers of the calls that are not drawn yet. in_view: of those whose
    outputs are in view. `clicked(kind, message)` is called for `ready` (the page stands in a browser), `download` and
    `point`.
    """

    _esm = Path(__file__).parent / "link.js"

    language = traitlets.Unicode("en").tag(sync=True)
    waiting = traitlets.List(traitlets.Int()).tag(sync=True)
    in_view = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(self, language: str, clicked: Callable[[str, Mapping[str, Any]], None]) -> None:
        super().__init__(language=language)
        self.on_msg(lambda _widget, message, _buffers: clicked(str(message.get("kind", "")), message))

    def hand_over(self, file: File) -> None:
        """Has the browser save a file."""
        content = base64.b64encode(file.content).decode()
        self.send({"kind": "file", "name": file.name, "mime": file.mime, "content": content})
