"""What a figure is drawn on: its words are set once, and a line of words is drawn as one."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import Any, NamedTuple, cast

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg, get_hinting_flag
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text


def pixels(figure: Figure) -> np.ndarray:
    """The figure, drawn once: height x width x 4 bytes.

    `savefig` would draw it twice, once for the layout alone.
    """
    sheet = _Sheet(figure)
    with _laid_out_once():
        sheet.draw()  # type: ignore[no-untyped-call]
    return np.asarray(sheet.buffer_rgba())  # type: ignore[no-untyped-call]


class _Line(NamedTuple):
    """Words as they are drawn: their size in pixels, how far letters reach below the line, and their ink.

    above: rows of the ink above the line. ink: None where the letters must be drawn one by one.
    """

    width: float
    height: float
    descent: float
    above: int
    ink: np.ndarray | None


@lru_cache(1024)  # the ticks of many figures say the same
def _line(words: str, font: FontProperties, dpi: float) -> _Line:
    face, flags = _face(font, dpi), get_hinting_flag()
    # letters are put at whole pixels from where the ink begins: with a space, at whole pixels of the line
    face.set_text(f"{words} ", 0.0, flags=flags)
    (width, height), descent = face.get_width_height(), face.get_descent()
    above, ink = 0, None
    if face.get_bitmap_offset()[0] == 0:
        face.draw_glyphs_to_bitmap()
        above, ink = (height - descent) // 64 + 1, np.array(face.get_image())
    if descent == 0:  # the space reaches down to the line, the words perhaps do not
        face.set_text(words, 0.0, flags=flags)
        height, descent = face.get_width_height()[1], face.get_descent()
    return _Line((width - _space(font, dpi)) / 64, height / 64, descent / 64, above, ink)


@lru_cache(64)
def _space(font: FontProperties, dpi: float) -> int:
    face = _face(font, dpi)
    face.set_text(" ", 0.0, flags=get_hinting_flag())
    return face.get_width_height()[0]


@lru_cache(64)
def _heights(font: FontProperties, dpi: float) -> tuple[float | None, float | None, float | None]:
    """How far a font reaches above and below its line and how far lines are apart, in pixels; None where it does not say.

    As matplotlib has it in `Text._get_layout`, which looks the font and its tables up for each text.
    """
    face = _opened(_files(font), threading.get_ident())
    for name, gap, above, below in (
        ("OS/2", "sTypoLineGap", "sTypoAscender", "sTypoDescender"),
        ("hhea", "lineGap", "ascent", "descent"),
    ):
        table: dict[str, Any] | None = face.get_sfnt_table(name)  # type: ignore[call-overload]
        head = face.get_sfnt_table("head")
        if table is not None and head is not None:
            scale = 1 / head["unitsPerEm"] * font.get_size_in_points() * dpi / 72
            return table[above] * scale, -table[below] * scale, table[gap] * scale
    return None, None, None


@lru_cache(64)
def _files(font: FontProperties) -> tuple[Any, ...]:
    """The files of a font and of those that stand in for it: found anew they take 25 microseconds, a tenth of a word."""
    return tuple(fontManager._find_fonts_by_props(font))


@lru_cache(16)
def _opened(files: tuple[Any, ...], thread: int) -> FT2Font:
    """A font that is read from memory; one a thread, as matplotlib has them.

    FreeType reads a letter in several small steps, and matplotlib goes to the file with each: two thirds of the time that
    words take. This is what its own `get_font` calls, but with fonts that are opened otherwise.
    """
    try:
        own = font_manager._get_font.__wrapped__  # type: ignore[attr-defined]
        other = FunctionType(
            own.__code__, {**vars(font_manager), "ft2font": SimpleNamespace(FT2Font=_from_memory)}
        )
        other.__kwdefaults__ = own.__kwdefaults__
        return cast(
            FT2Font,
            other(
                tuple((file.path, file.face_index) for file in files),
                _kerning_factor=matplotlib.rcParams["text.kerning_factor"],
                thread_id=thread,
                enable_last_resort=matplotlib.rcParams["font.enable_last_resort"],
            ),
        )
    except (AttributeError, TypeError, KeyError):  # another version of matplotlib
        return get_font(files)


def _from_memory(file: Any, **options: Any) -> FT2Font:
    return FT2Font(io.BytesIO(Path(file).read_bytes()), **options)


def _face(font: FontProperties, dpi: float) -> FT2Font:
    face = _opened(_files(font), threading.get_ident())
    face.clear()
    face.set_size(font.get_size_in_points(), dpi)
    return face


class _Renderer(RendererAgg):
    """Draws a line of words in one step, where matplotlib takes several a letter, and sets it no second time.

    The line begins at a whole pixel; its letters stand in it where matplotlib has them.
    """

    def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> tuple[float, float, float]:
        if ismath:
            return super().get_text_width_height_descent(s, prop, ismath)  # type: ignore[no-untyped-call,no-any-return]
        return _line(s, prop, self.dpi)[:3]

    def _get_font_height_metrics(
        self, prop: FontProperties
    ) -> tuple[float | None, float | None, float | None]:
        """Asked by matplotlib 3.11; a version that does not ask looks it up itself."""
        return _heights(prop, self.dpi)

    def draw_text(
        self,
        gc: Any,
        x: float,
        y: float,
        s: str,
        prop: Any,
        angle: float,
        ismath: Any = False,
        mtext: Any = None,
    ) -> None:
        line = None if ismath or angle else _line(s, prop, self.dpi)
        if line is None or line.ink is None:
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)  # type: ignore[no-untyped-call]
        else:
            self._renderer.draw_text_image(line.ink, round(x), round(y) - line.above + len(line.ink), 0, gc)


class _Sheet(FigureCanvasAgg):
    def get_renderer(self) -> RendererAgg:
        if not hasattr(self, "renderer"):
            self.renderer = _Renderer(*self.figure.bbox.size, self.figure.dpi)  # type: ignore[no-untyped-call]
        return cast(RendererAgg, self.renderer)


@contextmanager
def _laid_out_once() -> Iterator[None]:
    """While a figure is drawn its words are laid out once: matplotlib does it twice to lay out and again to draw."""
    stock = getattr(Text, "_get_layout", None)
    if stock is None:  # it has no other name for it that other versions keep
        yield
        return

    def layout(words: Text, renderer: Any) -> Any:
        if words.get_wrap():  # at the edge of its axes, which the layout moves
            return stock(words, renderer)
        looks = (
            words.get_text(), hash(words.get_fontproperties()), words.get_rotation(), words.get_rotation_mode(),
            words.get_horizontalalignment(), words.get_verticalalignment(),
        )  # fmt: skip
        before, found = kept.get(words, (None, None))
        if before != looks:
            found = stock(words, renderer)
            kept[words] = looks, found
        return found

    kept: dict[Text, tuple[Any, Any]] = {}
    Text._get_layout = layout  # type: ignore[attr-defined]
    try:
        yield
    finally:
        Text._get_layout = stock  # type: ignore[attr-defined]
