"""What a figure is drawn on, against matplotlib's own."""

import io
from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from cs_helpers.charts import sheet
from cs_helpers.charts.theme import canvas, label_above, style
from cs_helpers.text import Text


def _of_matplotlib(figure):
    stock = FigureCanvasAgg(figure)
    stock.draw()
    return np.asarray(stock.buffer_rgba())


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("angle", [0, 90])
@pytest.mark.parametrize("size", [8, 9, 12.5])
@pytest.mark.parametrize("words", ["Hxgjpq", "0%", "n = 34 customers", "–", "j", "顧客の声 Ag", "“あ” 1,234"])
def test_a_line_at_a_whole_pixel_is_matplotlibs(words, size, angle, language):
    """To the pixel, but for a pixel where two letters touch."""
    with style(language):
        figure = Figure(figsize=(3, 3), dpi=100)
        figure.text(0.4, 0.5, words, fontsize=size, rotation=angle, alpha=0.8)
        ours, stock = sheet.pixels(figure).astype(int), _of_matplotlib(figure).astype(int)
    other = (ours != stock).any(axis=2)
    assert (stock < 255).any()
    assert other.sum() <= 1
    assert np.abs(ours - stock).max() < 30


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("size", [8, 9, 12.5])
@pytest.mark.parametrize("linespacing", [1.0, 1.35, "normal"])
def test_lines_are_as_far_apart_as_matplotlib_has_them(linespacing, size, language):
    with style(language):
        figure = Figure(dpi=130)
        for words in ("one line", "two g\n二行", "three\n\nof them"):
            text = figure.text(0.4, 0.5, words, fontsize=size, linespacing=linespacing)
            stock, ours = FigureCanvasAgg(figure).get_renderer(), sheet._Sheet(figure).get_renderer()
            assert text.get_window_extent(ours).bounds == text.get_window_extent(stock).bounds


def test_fonts_are_read_from_memory_and_still_say_what_they_lack():
    with style("en"):
        assert isinstance(sheet._face(FontProperties(size=9), 130).fname, io.BytesIO)
        figure = Figure(figsize=(1, 1))
        figure.text(0.1, 0.5, "ཧ")
        with pytest.warns(UserWarning, match="missing from font"):
            sheet.pixels(figure)


def test_a_line_between_pixels_begins_at_the_nearest():
    with style("en"):
        at, between = (Figure(figsize=(3, 1), dpi=100) for _ in range(2))
        at.text(30 / 300, 0.5, "Second department")
        between.text(30.4 / 300, 0.5, "Second department")
        assert np.array_equal(sheet.pixels(at), sheet.pixels(between))


@given(
    st.text("AVTWYLPjfy.,–’”0123456789%() ()社件年月日「」、。ー", min_size=1, max_size=6).filter(str.strip),
    st.sampled_from(["en", "ja"]),
    st.sampled_from([8, 9, 12.5]),
)
def test_a_line_is_as_wide_and_high_as_matplotlib_says(words, language, size):
    with style(language):
        font, figure = FontProperties(size=size), Figure(dpi=130)
        stock = FigureCanvasAgg(figure).get_renderer()
        expected = stock.get_text_width_height_descent(words, font, False)
        assert (
            sheet._Sheet(figure).get_renderer().get_text_width_height_descent(words, font, False) == expected
        )


def test_a_letter_that_no_font_has_is_told():
    sheet._line.cache_clear()
    figure = Figure()
    figure.text(0, 0, "\U0001f9ff")
    with pytest.warns(UserWarning, match="missing from font"):
        sheet.pixels(figure)


def test_words_that_are_laid_out_once_stand_where_matplotlib_puts_them(monkeypatch):
    """Wrapped, turned, in two lines, and as labels that only the drawing writes: the same pixels."""

    def picture():
        with canvas(Text("ja"), 1, 2, height=3.0) as (figure, (left, right)):
            left.plot([0, 1e6], [0, 1])
            left.set_ylabel("上へ\n二行")
            left.text(0.2, 0.5, "a long line that is wrapped " * 3, wrap=True)
            right.bar(["x", "y"], [1, 2])
            right.tick_params(axis="x", rotation=30)
            label_above(right, 0, 1, "1,234")
            figure.suptitle("顧客 " * 40)
            return sheet.pixels(figure)

    once = picture()
    monkeypatch.setattr(sheet, "_laid_out_once", nullcontext)
    assert np.array_equal(picture(), once)
