"""The keys of a panel of widgets, while it has the focus and nobody types in a field of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets


class Shortcuts(anywidget.AnyWidget):
    """Stands somewhere in the panel, the box with the class `panel`; a key that is pressed calls `press`.

    active_keys: those that do something. field_key: puts the focus into the field in the box of the class `<panel>-field`. turn: what
    the panel shows now; a key that was pressed on an earlier turn does nothing, as it was meant for what is gone, but for those of
    `moves`, which only move back and forth and may be pressed in quick succession. Buttons with
    the class `once` answer to the first click of a double click alone.
    """

    _esm = Path(__file__).with_suffix(".js")
    panel = traitlets.Unicode().tag(sync=True)
    active_keys = traitlets.List(traitlets.Unicode()).tag(sync=True)
    field_key = traitlets.Unicode().tag(sync=True)
    turn = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        panel: str,
        active_keys: list[str],
        field_key: str,
        press: Callable[[str], None],
        moves: str = "",
    ) -> None:
        super().__init__(panel=panel, active_keys=active_keys, field_key=field_key)
        self._press, self._moves = press, moves
        self.on_msg(self._on_key)

    def _on_key(self, _: Any, content: dict[str, Any], __: Any) -> None:
        key = content.get("key")
        if key in self.active_keys and (content.get("turn") == self.turn or key in self._moves):
            self._press(key)
