"""A sheet of SVG to draw on: words of known width, shapes with colours that pages can change, links.

Words are measured by the widest letters that a reader's system is likely to have (DejaVu Sans; wide Japanese letters are a
square), so that nothing overlaps where the page's font is narrower.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass, field

from cs_helpers.text import Text

#: advance of the letters from space to tilde in hundredths of the size: of plain words, of bold ones
_PLAIN = (
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84,
    84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39,
    34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59,
    52, 64, 34, 64, 84,
)  # fmt: skip
_BOLD = (
    35, 46, 52, 84, 70, 100, 87, 31, 46, 46, 52, 84, 38, 42, 38, 37, 70, 70, 70, 70, 70, 70, 70, 70, 70, 70, 40, 40, 84, 84,
    84, 58, 100, 77, 76, 73, 83, 68, 68, 82, 84, 37, 37, 77, 64, 100, 84, 85, 73, 85, 77, 72, 68, 81, 77, 110, 77, 72, 73, 46,
    37, 46, 84, 50, 50, 67, 72, 59, 72, 68, 44, 72, 71, 34, 34, 67, 34, 104, 71, 69, 72, 72, 49, 60, 48, 71, 65, 92, 65, 65,
    58, 71, 37, 71, 84,
)  # fmt: skip
#: colours by name, as they are without a style sheet; pages give them others by class (`f-ink`, `s-ink`)
COLOURS = {
    "ink": "#1f2933", "quiet": "#616e7c", "rule": "#d9dee4", "paper": "#ffffff", "hint": "#f1f5f9", "accent": "#1f6fb2",
    "head": "#1b4f7d", "on-head": "#ffffff", "other": "#7a4fb0", "red": "#c0392b", "yellow": "#b98a00", "green": "#2a8c6e",
    "gap": "#8a4b00", "green-tint": "#e4f4ec", "accent-tint": "#e6f0fa", "red-tint": "#fdeeeb",
}  # fmt: skip
FONTS = (
    'system-ui, -apple-system, "Segoe UI", Roboto, "Hiragino Sans", "Yu Gothic UI", Meiryo, "Noto Sans CJK JP",'
    ' "Noto Sans JP", sans-serif'
)
#: a line's height in sizes of its letters
LEADING = 1.32
DASHES = "5 4"


def width_of(words: str, size: float, *, bold: bool = False) -> float:
    """How wide words are at most, in the units of the sheet."""
    table = _BOLD if bold else _PLAIN
    hundredths = 0
    for letter in words:
        code = ord(letter)
        if 32 <= code < 127:
            hundredths += table[code - 32]
        elif unicodedata.combining(letter) or letter in "\u2060\u200b":
            continue
        elif unicodedata.east_asian_width(letter) in "WFA":
            hundredths += 104
        else:
            hundredths += 85
    return hundredths * size / 100


def lines_of(words: str, room: float, size: float, text: Text, *, bold: bool = False) -> list[str]:
    """Words in lines that fit into `room`, broken by the rules of the language; a longer piece is broken anywhere."""
    lines, line = [], ""
    for phrase in text.phrases(" ".join(words.split())):
        for piece in _pieces(phrase, room, size, bold):
            if line and width_of((line + piece).rstrip(), size, bold=bold) > room:
                lines.append(line)
                line = ""
            line += piece
    lines.append(line)
    return [line for line in lines if line.strip()] or [""]


def _pieces(phrase: str, room: float, size: float, bold: bool) -> list[str]:
    if width_of(phrase.rstrip(), size, bold=bold) <= room:
        return [phrase]
    # a long word of Latin letters may break after a hyphen or slash, before it breaks anywhere
    pieces, piece = [], ""
    for part in re.split(r"(?<=[-/])", phrase):
        for letter in [part] if width_of(part.rstrip(), size, bold=bold) <= room else part:
            if piece and width_of((piece + letter).rstrip(), size, bold=bold) > room:
                pieces.append(piece)
                piece = ""
            piece += letter
    return [*pieces, piece]


@dataclass
class Sheet:
    """Elements of an SVG in the order in which they are drawn, later ones on top."""

    text: Text
    elements: list[str] = field(default_factory=list)

    def words(
        self, x: float, y: float, words: str, *, size: float = 12, colour: str = "ink", bold: bool = False,
        anchor: str = "start", link: str = "",
    ) -> float:  # fmt: skip
        """Writes one line with its base line at `y`; returns the end of its words (of those that start at `x`).

        link: the address that the words lead to; '' for none.
        """
        look = self._look(size, colour, bold) + (f' text-anchor="{anchor}"' if anchor != "start" else "")
        self._put(f'<text x="{_n(x)}" y="{_n(y)}"{look}>{html.escape(words)}</text>', link)
        return x + width_of(words, size, bold=bold)

    def paragraph(
        self, x: float, y: float, words: str, room: float, *, size: float = 12, colour: str = "ink", bold: bool = False,
        link: str = "",
    ) -> float:  # fmt: skip
        """Writes words in as many lines as they need, the first base line at `y`; returns the base line of the last.

        The lines are one element, so that a search finds words across their ends.
        """
        lines = lines_of(words, room, size, self.text, bold=bold)
        step = size * LEADING
        spans = "".join(
            f'<tspan x="{_n(x)}" y="{_n(y + step * number)}">{html.escape(line)}</tspan>'
            for number, line in enumerate(lines)
        )
        self._put(f"<text{self._look(size, colour, bold)}>{spans}</text>", link)
        return y + step * (len(lines) - 1)

    def box(
        self, x: float, y: float, width: float, height: float, *, fill: str = "", edge: str = "", dashed: bool = False,
        radius: float = 4, strength: float = 1,
    ) -> None:  # fmt: skip
        """Draws a rectangle; fill, edge: names of `COLOURS`, or a colour of its own; '' for none."""
        look = self._paints(fill, edge)
        look += f' stroke-width="{_n(strength)}"' if edge else ""
        look += f' stroke-dasharray="{DASHES}"' if dashed else ""
        self._put(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(max(width, 0))}" height="{_n(max(height, 0))}" rx="{_n(radius)}"{look}/>'
        )

    def path(
        self, steps: str, *, edge: str = "", fill: str = "", dashed: bool = False, strength: float = 1.5,
        opacity: float = 1,
    ) -> None:  # fmt: skip
        """Draws a path; steps: as in the attribute `d`."""
        look = self._paints(fill, edge)
        look += f' stroke-width="{_n(strength)}" stroke-linejoin="round"' if edge else ""
        look += f' stroke-dasharray="{DASHES}"' if dashed else ""
        look += f' fill-opacity="{_n(opacity)}"' if opacity < 1 else ""
        self._put(f'<path d="{steps}"{look}/>')

    def line(
        self, x1: float, y1: float, x2: float, y2: float, *, edge: str = "rule", dashed: bool = False, strength: float = 1
    ) -> None:  # fmt: skip
        """Draws a straight line."""
        self.path(f"M{_n(x1)} {_n(y1)}L{_n(x2)} {_n(y2)}", edge=edge, dashed=dashed, strength=strength)

    def dot(
        self, x: float, y: float, radius: float, *, fill: str = "paper", edge: str = "", strength: float = 1.5
    ) -> None:
        """Draws a circle."""
        look = self._paints(fill, edge) + (f' stroke-width="{_n(strength)}"' if edge else "")
        self._put(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"{look}/>')

    def svg(self, width: float, height: float, label: str) -> str:
        """The sheet as an SVG with its alt text. It is a group, not an image: its links can be reached by keyboard."""
        fonts = html.escape(FONTS, quote=True)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 {_n(width + 2)} {_n(height + 2)}" width="{_n(width + 2)}"'
            f' height="{_n(height + 2)}" role="group" aria-label="{html.escape(label, quote=True)}" font-family="{fonts}">'
            f"{''.join(self.elements)}</svg>"
        )

    def _put(self, element: str, link: str = "") -> None:
        self.elements.append(f'<a href="{html.escape(link, quote=True)}">{element}</a>' if link else element)

    def _look(self, size: float, colour: str, bold: bool) -> str:
        weight = ' font-weight="700"' if bold else ""
        return f' font-size="{_n(size)}"{self._paints(colour, "")}{weight}'

    @staticmethod
    def _paints(fill: str, edge: str) -> str:
        """The attributes of a shape's colours, and the classes by which pages change them."""
        look, classes = "", []
        for attribute, colour in (("fill", fill or "none"), ("stroke", edge)):
            if colour:
                look += f' {attribute}="{html.escape(COLOURS.get(colour, colour), quote=True)}"'
                classes += [f"{attribute[0]}-{colour}"] if colour in COLOURS else []
        return look + (f' class="{" ".join(classes)}"' if classes else "")


def _n(value: float) -> str:
    """A number of an attribute, to a tenth."""
    return f"{value:.1f}".removesuffix(".0")
