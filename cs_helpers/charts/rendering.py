"""The canvas of a figure: a line of words is set once and drawn in one step.

matplotlib sets a line each time it is measured and again to draw it, and then draws it letter by letter. All that is
used here is public: a renderer and a canvas of our own, `FT2Font`, and `draw_image`; what is not is in `patches`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple, cast

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg, get_hinting_flag
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.ft2font import FT2Font

from cs_helpers.patches.matplotlib_text import remember_heights


def pixels(figure: Figure) -> np.ndarray:
    """The figure, drawn once: height x width x 4 bytes.

    `savefig` would draw it twice, once for the layout alone.
    """
    sheet = _Sheet(figure)
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


def _face(font: FontProperties, dpi: float) -> FT2Font:
    face = _opened(font)
    face.clear()
    face.set_size(font.get_size_in_points(), dpi)
    return face


def _opened(font: FontProperties) -> FT2Font:
    return get_font(_files(font))


@lru_cache(64)  # to find them takes as long as to set a short line
def _files(font: FontProperties) -> tuple[Any, ...]:
    """The files of the families that a font names; those after the first stand in for letters that it lacks."""
    files = []
    for family in font.get_family():
        one = font.copy()
        one.set_family(family)
        files.append(fontManager.findfont(one))
    return tuple(dict.fromkeys(files))


class _Renderer(RendererAgg):
    """Draws a line of words in one step, where matplotlib takes several a letter, and sets it no second time.

    The line begins at a whole pixel; its letters stand in it where matplotlib has them.
    """

    def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> tuple[float, float, float]:
        if ismath:
            return super().get_text_width_height_descent(s, prop, ismath)  # type: ignore[no-untyped-call,no-any-return]
        return _line(s, prop, self.dpi)[:3]

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
            return
        *colour, opacity = (np.multiply(gc.get_rgb(), 255) + 0.5).astype(np.uint16)  # as Agg rounds
        picture = np.empty((*line.ink.shape, 4), np.uint8)
        picture[..., :3] = colour
        picture[..., 3] = line.ink if opacity == 255 else (line.ink * opacity + 127) // 255
        bottom = round(y) - line.above + len(line.ink)
        self.draw_image(gc, round(x), int(self.height) - bottom, picture[::-1])


remember_heights(_Renderer, _opened)


class _Sheet(FigureCanvasAgg):
    def get_renderer(self) -> RendererAgg:
        if not hasattr(self, "renderer"):
            self.renderer = _Renderer(*self.figure.bbox.size, self.figure.dpi)  # type: ignore[no-untyped-call]
        return cast(RendererAgg, self.renderer)
