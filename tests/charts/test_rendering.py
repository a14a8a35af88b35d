"""What a figure is drawn on, against matplotlib's own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from cs_helpers.charts import rendering
from cs_helpers.charts.theme import style


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
        ours, stock = rendering.pixels(figure).astype(int), _of_matplotlib(figure).astype(int)
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
            stock, ours = FigureCanvasAgg(figure).get_renderer(), rendering._Sheet(figure).get_renderer()
            assert text.get_window_extent(ours).bounds == text.get_window_extent(stock).bounds


def test_a_line_between_pixels_begins_at_the_nearest():
    with style("en"):
        at, between = (Figure(figsize=(3, 1), dpi=100) for _ in range(2))
        at.text(30 / 300, 0.5, "Second department")
        between.text(30.4 / 300, 0.5, "Second department")
        assert np.array_equal(rendering.pixels(at), rendering.pixels(between))


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
            rendering._Sheet(figure).get_renderer().get_text_width_height_descent(words, font, False)
            == expected
        )


def test_a_letter_that_no_font_has_is_told():
    rendering._line.cache_clear()
    figure = Figure()
    figure.text(0, 0, "\U0001f9ff")
    with pytest.warns(UserWarning, match="missing from font"):
        rendering.pixels(figure)


@pytest.mark.parametrize(
    "look", [{"color": "#1f6fb2"}, {"color": (1, 0, 0, 0.5)}, {"color": "red", "alpha": 0.3}]
)
def test_a_line_has_the_colour_and_opacity_that_it_is_given(look):
    with style("en"):
        figure = Figure(figsize=(3, 1), dpi=100, facecolor="#d9dee4")
        figure.text(0.4, 0.5, "Second", fontsize=9, **look)
        assert np.array_equal(rendering.pixels(figure), _of_matplotlib(figure))


def test_fewer_steps_draw_a_line_than_its_letters(monkeypatch):
    """What this module is for: matplotlib's own way of drawing words is left to those that are turned."""
    drawn = []
    monkeypatch.setattr(RendererAgg, "draw_text", lambda self, gc, x, y, s, *more, **options: drawn.append(s))
    with style("en"):
        figure = Figure(figsize=(3, 3), dpi=100)
        figure.text(0.1, 0.5, "level")
        figure.text(0.5, 0.5, "turned", rotation=90)
        assert (rendering.pixels(figure) < 255).any()
    assert drawn == ["turned"]
