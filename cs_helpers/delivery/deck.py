"""The look of the slides: layouts, native text and tables, pictures with alt text, fonts for Japanese.

16:9, three layouts with real placeholders, so that the deck can be edited and restyled like any other.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Sequence
from typing import Any

from lxml.etree import SubElement
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE
from pptx.enum.lang import MSO_LANGUAGE_ID
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from cs_helpers.delivery.figures import Figure

WIDTH, HEIGHT = 13.333, 7.5  # inches
MARGIN = 0.6
INK, QUIET, ACCENT = RGBColor(0x1F, 0x29, 0x33), RGBColor(0x52, 0x60, 0x6D), RGBColor(0x1F, 0x6F, 0xB2)
COLOURS = {"better": RGBColor(0x17, 0x66, 0x3C), "worse": RGBColor(0xA3, 0x24, 0x1A), "neither": QUIET}
#: the fonts of the theme: Latin, and Japanese as Office and as LibreOffice have it
_LATIN, _JAPANESE = "Segoe UI", "Yu Gothic"
_THEME = re.compile(
    r"(<a:(?:major|minor)Font>\s*<a:latin typeface=\")[^\"]*(\"[^>]*/>\s*<a:ea typeface=\")[^\"]*(\")"
)
_JAPANESE_SCRIPT = re.compile(r'(<a:font script="Jpan" typeface=")[^"]*(")')
_LAYOUTS = {"Title Slide": 0, "Title Only": 5}
#: all files of the deck have this date, so that the same content is the same deck
_DATE = (1980, 1, 1, 0, 0, 0)
#: the id of "No Style, No Grid", which Office and LibreOffice know
_NO_STYLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"
#: sizes of a title in points, from the largest: the first that fits is taken
_TITLE_SIZES = (30, 26, 22, 19, 16)


#: keeps a sign with its number on a page; fonts of mail programs and presentations may lack it
WORD_JOINER = "\u2060"
#: words, size in points, colour, bold
Line = tuple[str, float, RGBColor, bool]


class Deck:
    """A deck that is being made, in a language."""

    def __init__(self, language: str, title: str) -> None:
        self.language = language
        self._deck: Any = Presentation()
        self._deck.slide_width, self._deck.slide_height = Inches(WIDTH), Inches(HEIGHT)
        properties = self._deck.core_properties
        properties.title, properties.author, properties.language = title, "", language
        properties.last_modified_by = ""
        layouts = self._deck.slide_layouts
        kept = {name: layouts[place] for name, place in _LAYOUTS.items()}
        for layout in list(layouts):
            if layout not in kept.values():
                layouts.remove(layout)
        self._layouts = kept
        for sheet in (self._deck.slide_master, *kept.values()):
            for shape in list(sheet.placeholders):
                self._place(shape, sheet is kept["Title Slide"])

    def title_slide(self, title: str, subtitle: str, notes: str) -> None:
        """The first slide."""
        slide = self._deck.slides.add_slide(self._layouts["Title Slide"])
        self._fill_title(slide, title, 2.0)
        frame = slide.placeholders[1].text_frame
        frame.text = subtitle
        for paragraph in frame.paragraphs:
            paragraph.alignment = PP_ALIGN.LEFT
            self._set(paragraph, 20, QUIET)
        slide.notes_slide.notes_text_frame.text = notes

    def slide(self, title: str, footer: str, notes: str) -> Any:
        """A new slide with a title, a footer and its number."""
        slide = self._deck.slides.add_slide(self._layouts["Title Only"])
        self._fill_title(slide, title, 1.15)
        number = str(len(self._deck.slides))
        self.text(slide, [(footer, 11, QUIET, False)], MARGIN, 6.95, 10.5, 0.35)
        self.text(slide, [(number, 11, QUIET, False)], WIDTH - MARGIN - 1, 6.95, 1, 0.35, right=True)
        slide.notes_slide.notes_text_frame.text = notes
        return slide

    def text(
        self,
        slide: Any,
        lines: Sequence[Line],
        left: float,
        top: float,
        width: float,
        height: float,
        *,
        right: bool = False,
    ) -> None:
        """A text box; lines: words, size in points, colour, bold."""
        frame = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(width), Inches(height)).text_frame
        frame.word_wrap = True
        frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
        for place, (words, size, colour, bold) in enumerate(lines):
            paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
            paragraph.text = words.replace(WORD_JOINER, "")
            paragraph.space_after = Pt(4)
            if right:
                paragraph.alignment = PP_ALIGN.RIGHT
            self._set(paragraph, size, colour, bold)

    def table(
        self,
        slide: Any,
        rows: Sequence[Sequence[Sequence[Line]]],
        widths: Sequence[float],
        left: float,
        top: float,
        heights: Sequence[float],
        *,
        heading: bool,
    ) -> None:
        """A native table; rows: of cells, each with its lines as those of `text`. widths, heights: in inches."""
        shape = slide.shapes.add_table(
            len(rows), len(widths), Inches(left), Inches(top), Inches(sum(widths)), Inches(sum(heights))
        )
        table = shape.table
        table.first_row, table.horz_banding = heading, False
        style = next(shape.element.iter(qn("a:tableStyleId")))
        style.text = _NO_STYLE
        for place, width in enumerate(widths):
            table.columns[place].width = Inches(width)
        for row, cells in enumerate(rows):
            table.rows[row].height = Inches(heights[row])
            for column, lines in enumerate(cells):
                cell = table.cell(row, column)
                cell.margin_left, cell.margin_right = Inches(0.05), Inches(0.1)
                cell.margin_top = cell.margin_bottom = Inches(0.05)
                cell.vertical_anchor = MSO_ANCHOR.TOP
                for number, (words, size, colour, bold) in enumerate(lines):
                    frame = cell.text_frame
                    paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
                    paragraph.text = words.replace(WORD_JOINER, "")
                    self._set(paragraph, size, colour, bold)
                _underline(cell)

    def bars(
        self,
        slide: Any,
        values: Sequence[tuple[str, float]],
        number_format: str,
        left: float,
        top: float,
        width: float,
        height: float,
    ) -> None:
        """A native bar chart of a few values (label, value) from zero, with its values written on it."""
        data = CategoryChartData(number_format=number_format)
        data.categories = [label for label, _ in values]
        data.add_series("", [value for _, value in values])
        box = (Inches(left), Inches(top), Inches(width), Inches(height))
        frame = slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, *box, data)
        chart = frame.chart
        chart.has_legend = chart.has_title = False
        chart.font.size, chart.font.color.rgb = Pt(14), INK
        chart.value_axis.visible = chart.value_axis.has_major_gridlines = False
        numbers = [0.0, *(value for _, value in values)]
        chart.value_axis.minimum_scale = min(numbers)
        chart.value_axis.maximum_scale = (1.25 * max(numbers)) or 1.0  # room for the values on the bars
        chart.category_axis.reverse_order = True
        chart.category_axis.format.line.color.rgb = QUIET
        plot = chart.plots[0]
        plot.gap_width, plot.has_data_labels = 80, True
        plot.data_labels.number_format, plot.data_labels.number_format_is_linked = number_format, False
        plot.series[0].format.fill.solid()
        plot.series[0].format.fill.fore_color.rgb = ACCENT
        alt = "; ".join(f"{label}: {value:,.6g}" for label, value in values)
        next(frame.element.iter(qn("p:cNvPr"))).set("descr", alt)

    def picture(
        self, slide: Any, figure: Figure, left: float, top: float, width: float, height: float
    ) -> None:
        """A picture inside of a box, with its alt text."""
        shape = slide.shapes.add_picture(io.BytesIO(figure.png), Inches(left), Inches(top))
        scale = min(Inches(width) / shape.width, Inches(height) / shape.height)
        shape.width, shape.height = Emu(int(shape.width * scale)), Emu(int(shape.height * scale))
        shape.left = Emu(int(Inches(left) + (Inches(width) - shape.width) / 2))
        shape.name = "Figure"
        next(shape.element.iter(qn("p:cNvPr"))).set("descr", figure.alt)

    def content(self) -> bytes:
        """The deck as .pptx; the same slides give the same bytes."""
        saved = io.BytesIO()
        self._deck.save(saved)
        return _rewritten(saved.getvalue())

    def _fill_title(self, slide: Any, title: str, height: float) -> None:
        slide.shapes.title.text = title.replace(WORD_JOINER, "")
        paragraph = slide.shapes.title.text_frame.paragraphs[0]
        paragraph.alignment = PP_ALIGN.LEFT
        self._set(paragraph, title_size(title, height), INK, True)

    def _set(self, paragraph: Any, size: float, colour: RGBColor, bold: bool = False) -> None:
        paragraph.font.size, paragraph.font.bold = Pt(size), bold
        for run in paragraph.runs:
            run.font.size, run.font.bold, run.font.color.rgb = Pt(size), bold, colour
            run.font.language_id = (
                MSO_LANGUAGE_ID.JAPANESE if self.language == "ja" else MSO_LANGUAGE_ID.ENGLISH_UK
            )

    def _place(self, shape: Any, of_title_slide: bool) -> None:
        """Moves a placeholder of a layout to where it belongs on a wide slide; removes the small ones at the bottom."""
        kind = shape.placeholder_format.idx
        if kind >= 10:  # date, footer and number: the slides have a footer of their own
            shape.element.getparent().remove(shape.element)
            return
        top, height = (2.2, 2.0) if of_title_slide else (0.45, 1.15)
        if kind == 1:
            top, height = (4.4, 1.5) if of_title_slide else (1.8, 4.9)
        shape.left, shape.top = Inches(MARGIN), Inches(top)
        shape.width, shape.height = Inches(WIDTH - 2 * MARGIN), Inches(height)
        frame = shape.text_frame
        frame.vertical_anchor = MSO_ANCHOR.BOTTOM if of_title_slide and kind == 0 else MSO_ANCHOR.TOP
        frame.margin_left = frame.margin_right = 0
        for paragraph in frame.paragraphs:
            paragraph.alignment = PP_ALIGN.LEFT


def _underline(cell: Any) -> None:
    """A thin line below a cell of a table, for which python-pptx has no call."""
    properties = cell._tc.get_or_add_tcPr()
    line = SubElement(properties, qn("a:lnB"), w=str(Pt(0.75)))
    SubElement(SubElement(line, qn("a:solidFill")), qn("a:srgbClr"), val="D9DEE4")


def title_size(title: str, height: float, width: float = WIDTH - 2 * MARGIN) -> int:
    """The size in points at which a title fits into a box, in inches."""
    return next(
        (s for s in _TITLE_SIZES if lines_needed(title, s, width) * s * 1.25 <= height * 72), _TITLE_SIZES[-1]
    )


def lines_needed(text: str, size: float, width: float) -> int:
    """About how many lines a text takes at a size in points in a box of a width in inches."""
    wide = sum(1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.56 for c in text) * size
    return max(1, -int(-wide // (width * 72 * 0.97)))


def _rewritten(package: bytes) -> bytes:
    """A file of Office with the fonts of `_with_fonts`, without the time at which it and its parts were made."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            part = source.read(name)
            if name.startswith("ppt/theme/"):
                part = _with_fonts(part.decode("utf-8")).encode()
            elif name.endswith(".xlsx"):  # the numbers of a chart
                part = _rewritten(part)
            elif name == "docProps/core.xml":
                part = re.sub(
                    rb"(<dcterms:(created|modified)[^>]*>)[^<]*", rb"\g<1>1980-01-01T00:00:00Z", part
                )
            copy.writestr(zipfile.ZipInfo(name, _DATE), part, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _with_fonts(theme: str) -> str:
    with_latin = _THEME.sub(rf"\g<1>{_LATIN}\g<2>{_JAPANESE}\g<3>", theme)
    return _JAPANESE_SCRIPT.sub(rf"\g<1>{_JAPANESE}\g<2>", with_latin)
