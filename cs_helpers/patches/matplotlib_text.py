"""matplotlib without looking up how high a font is for each text: each font is asked once.

`Text` finds the font's files and reads three of its tables whenever it is laid out, 3.5 times a text on average, unless the
renderer answers instead: a fifth of the time of all figures, 3.9 % of a batch of 12 reports. matplotlib asks a renderer that
has a method of this name, which it calls temporary and internal.

Upstream: matplotlib's pull request 32120 ("PERF: Text rendering speedups", merged, not in 3.11.2) caches what texts cost;
needless where that has made it cheap. A version that does not ask for the method never calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import matplotlib
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font

#: versions of matplotlib whose `Text` asks as is expected here; with any other it looks up itself
TESTED = frozenset({"3.11.2"})

HOOK = "_get_font_height_metrics"
#: the tables of a font that say so, in matplotlib's order: name, gap between lines, above the line, below it
_TABLES = (
    ("OS/2", "sTypoLineGap", "sTypoAscender", "sTypoDescender"),
    ("hhea", "lineGap", "ascent", "descent"),
)


def remember_heights(renderer: type[RendererAgg], face: Callable[[FontProperties], FT2Font]) -> bool:
    """Has a class of renderers answer how high fonts are; whether that is done with this version of matplotlib.

    face: the first of the fonts that stand behind these properties.
    """
    if matplotlib.__version__ not in TESTED:
        return False

    @lru_cache(64)
    def heights(font: FontProperties, dpi: float) -> tuple[float | None, float | None, float | None]:
        opened = face(font)
        head = opened.get_sfnt_table("head")
        for name, gap, above, below in _TABLES:
            table = opened.get_sfnt_table(name)  # type: ignore[call-overload]
            if table is not None and head is not None:
                scale = 1 / head["unitsPerEm"] * font.get_size_in_points() * dpi / 72
                return table[above] * scale, -table[below] * scale, table[gap] * scale
        return None, None, None  # then matplotlib measures letters

    setattr(renderer, HOOK, lambda self, prop: heights(prop, self.dpi))
    return True
