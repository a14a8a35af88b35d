"""What is set up at its first use is used once before kernels are forked: fonts, texts, a figure, a table."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from PIL import Image
from statsmodels.tsa.seasonal import STL

from cs_helpers.charts.theme import canvas, percent_axis
from cs_helpers.contract.parameters import LANGUAGES
from cs_helpers.tables.theme import table
from cs_helpers.text import Text


def warm_up() -> None:
    """Draws, sets and fits something small of each kind, in each language; starts no thread."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for language in LANGUAGES:
            text = Text(language)
            words = f"{text.wrapped(text('page.as_of'), 20)} × 1,234 – 顧客"
            with canvas(text, 1, 2, height=3.0) as (figure, (left, right)):
                left.bar([0, 1, 2], [0.2, 0.5, 0.4], color="#1f6fb2")
                left.text(0, 0.2, words)
                left.legend(["n"])
                percent_axis(left)
                days = pd.date_range("2026-01-01", periods=90, freq="D")
                right.plot(days, np.arange(90.0))
                right.fill_between(days, np.arange(90.0), np.arange(90.0) + 1)
                right.scatter(days[:3], [1.0, 2.0, 3.0])
                right.set_title(words)
                figure.suptitle(words, fontweight="bold")
                figure.canvas.draw()
        frame = pd.DataFrame({"a": ["1", "2"], "b": ["x", "y"]})
        table(frame, {"a": "A", "b": "B"}, name="warm").as_raw_html()
        Image.preinit()
        STL(pd.Series(np.sin(np.arange(70.0))), period=7, robust=True).fit()
