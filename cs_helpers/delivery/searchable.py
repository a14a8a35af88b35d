"""Japanese text of PDFs as it was written, so that it can be searched and copied.

Japanese fonts draw 自 and the radical ⾃ with one shape. Chromium's PDFs name for each shape the lowest of its
characters, which is the radical: who then searches for 自動化 finds nothing.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pypdf

#: characters of one shape in fonts for Japanese: the one that Chromium names, and the one that is written
_PAIRS = (
    "⺎兀⺒巳⺟母⺠民⻄西⻅见⻉贝⻋车⻑長⻒镸⻓长⻘青⻙韦⻚页⻛风⻜飞⻟飠⻢马⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻫斉⻬齐⻭歯⻮齿⻯竜⻰龙⻲亀⻳龟"
    "\u02bb\u2018\u2003\u3000\u2012\u2013\u2027\u30fb\u2215\uff0f\u2329\u3008\u232a\u3009"
)
_KANGXI = range(0x2F00, 0x2FD6)
_WRITTEN = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True)) | {
    chr(code): unicodedata.normalize("NFKC", chr(code)) for code in _KANGXI
}
_SINGLE = re.compile(r"(<[0-9A-Fa-f]+> )<([0-9A-Fa-f]{4})>(?=\n)")
_RANGE = re.compile(r"(<([0-9A-Fa-f]+)> <([0-9A-Fa-f]+)> )<([0-9A-Fa-f]{4})>(?=\n)")
_SECTION = re.compile(r"beginbf(char|range)\n(.*?)endbf", re.DOTALL)


def make_searchable(writer: pypdf.PdfWriter) -> None:
    """Corrects which character each shape of the fonts of a PDF stands for."""
    done = set()
    for page in writer.pages:
        resources: Any = page["/Resources"]
        for reference in resources.get("/Font", {}).values():
            font = reference.get_object()
            if "/ToUnicode" in font and id(font) not in done:
                done.add(id(font))
                stream = font["/ToUnicode"].get_object()
                stream.set_data(corrected(stream.get_data().decode("latin-1")).encode("latin-1"))


def corrected(cmap: str) -> str:
    """A ToUnicode map with the characters that are written, in place of those that Chromium names."""
    return _SECTION.sub(
        lambda section: (_SINGLE if section[1] == "char" else _RANGE).sub(
            _single if section[1] == "char" else _range, section[0]
        ),
        cmap,
    )


def _single(line: re.Match[str]) -> str:
    return f"{line[1]}<{_written(int(line[2], 16))}>"


def _range(line: re.Match[str]) -> str:
    """A range of shapes; as a list where one of its characters is another than Chromium names."""
    first, count = int(line[4], 16), int(line[3], 16) - int(line[2], 16) + 1
    characters = [_written(code) for code in range(first, first + count)]
    if characters == [f"{code:04X}" for code in range(first, first + count)]:
        return line[0]
    return f"{line[1]}[{' '.join(f'<{character}>' for character in characters)}]"


def _written(code: int) -> str:
    return f"{ord(_WRITTEN.get(chr(code), chr(code))):04X}"
