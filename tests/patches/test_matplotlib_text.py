"""Fonts are asked once how high they are: in effect on the locked version, and the same figures without it."""

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from cs_helpers.charts import rendering
from cs_helpers.charts.theme import canvas, label_above, style
from cs_helpers.patches import matplotlib_text
from cs_helpers.text import Text


def _picture(language="ja"):
    with canvas(Text(language), 1, 2, height=3.0) as (figure, (left, right)):
        left.plot([0, 1e6], [0, 1])
        left.set_ylabel("上へ\n二行")
        left.text(0.2, 0.5, "a long line that is wrapped " * 3, wrap=True)
        right.bar(["x", "y"], [1, 2])
        right.tick_params(axis="x", rotation=30)
        label_above(right, 0, 1, "1,234")
        figure.suptitle("顧客 " * 40)
        return rendering.pixels(figure)


def _renderer(face=rendering._opened):
    class Renderer(RendererAgg):
        pass

    return Renderer, matplotlib_text.remember_heights(Renderer, face)


def test_it_is_in_effect_on_the_locked_version():
    assert matplotlib.__version__ in matplotlib_text.TESTED
    assert hasattr(rendering._Renderer, matplotlib_text.HOOK)
    assert not hasattr(RendererAgg, matplotlib_text.HOOK)  # matplotlib's own figures are as they were


def test_matplotlib_asks_for_it_and_a_font_is_looked_up_once():
    looked_up = []

    def face(font):
        looked_up.append(font)
        return rendering._opened(font)

    renderer, _ = _renderer(face)
    with style("en"):
        figure = Figure(figsize=(3, 3), dpi=100)
        texts = [figure.text(0.1, n / 10, f"text {n}") for n in range(8)]
        there = renderer(300, 300, 100)
        for text in texts:
            text.get_window_extent(there)
    assert len(looked_up) == 1


def test_without_it_the_same_figure_comes_out(monkeypatch):
    once = {language: _picture(language) for language in ("en", "ja")}
    monkeypatch.delattr(rendering._Renderer, matplotlib_text.HOOK)
    for language, picture in once.items():
        assert np.array_equal(_picture(language), picture)


def test_another_version_is_left_alone(monkeypatch):
    monkeypatch.setattr(matplotlib, "__version__", "3.99.0")
    renderer, done = _renderer()
    assert not done
    assert not hasattr(renderer, matplotlib_text.HOOK)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("size", [8, 12.5])
def test_fonts_are_as_high_as_matplotlib_has_them(language, size):
    renderer, done = _renderer()
    assert done
    with style(language):
        figure = Figure(dpi=130)
        text = figure.text(
            0.4, 0.5, "two g\n二行", fontproperties=FontProperties(size=size), linespacing=1.35
        )
        stock = FigureCanvasAgg(figure).get_renderer()
        assert text.get_window_extent(renderer(10, 10, 130)).bounds == text.get_window_extent(stock).bounds
