"""Uses once, before kernels are forked, what libraries set up at first use: fonts, dictionaries, a figure, a table."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from PIL import Image
from statsmodels.tsa.seasonal import STL

from cs_helpers.charts.theme import BLUE, canvas, finish_figure, heatmap, label_above, percent_axis
from cs_helpers.contract.baselines import Calendar
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.working_days import closed_days
from cs_helpers.result import Result
from cs_helpers.statistics.proportions import benjamini_hochberg, rate_ratio, wilson
from cs_helpers.statistics.survival import CENSORED, REACHED, Conversion
from cs_helpers.statistics.usual_level import usual_levels
from cs_helpers.tables.theme import table
from cs_helpers.text import Text
from cs_helpers.words.tokens import extract_terms


def warm_up(languages: Sequence[str]) -> None:
    """Draws a figure in each language, and makes a table and small fits; starts no thread."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for language in languages:
            _draw_figure(Text(language))
        frame = pd.DataFrame({"a": ["1", "2"], "b": ["x", "y"]})
        table(frame, {"a": "A", "b": "B"}, name="warm").as_html()
        Image.preinit()
        STL(pd.Series(np.sin(np.arange(70.0))), period=7, robust=True).fit()
        closed_days(
            Calendar(country="JP"), date(2026, 1, 1), date(2026, 1, 31)
        )  # imports the holidays of all countries
        daily = pd.Series(np.arange(150.0) % 9 + 20, pd.date_range("2026-01-01", periods=150))
        usual_levels(daily, daily.index[120])
        Conversion(pd.Series([1.0, 2.0, 3.0]), pd.Series([REACHED, REACHED, CENSORED])).median()
        for note in (
            "請求書を送った",
            "The clerks fold invoices",
        ):  # loads the dictionaries of both languages
            extract_terms(note)
        wilson(1, 3)
        rate_ratio(3, 10.0, 4, 10.0)
        benjamini_hochberg([0.1, 0.2], q=0.05)
        by_day = pd.DataFrame(
            {"day": pd.date_range("2026-01-01", periods=9), "key": list("aabbccddd"), "n": 1.0}
        )
        by_day.groupby("key")["n"].sum()
        by_day.merge(by_day, on="key").pivot_table(index="key", columns="day_x", values="n_x", aggfunc="sum")


def _draw_figure(text: Text) -> None:
    quarter = Quarter(2026, 1)
    result = Result("warm", "warm", quarter, quarter.start, date(2026, 3, 31), 1, {}, {})
    words = f"{text.wrap(text('page.as_of'), 20)} × 1,234 – 顧客 {text.money(1.5, 'JPY')} {text.share_within(0.2, 0.1, 0.3)}"
    with canvas(text, 1, 3, height=2.0) as (figure, (left, middle, right)):
        left.bar([0, 1, 2], [0.2, 0.5, 0.4], color=BLUE, label="n")
        for size in (8, 8.5, 9, 10, 11, 12.5):  # fonts are looked up per size
            left.text(0, 0.2, words, fontsize=size)
        label_above(left, 0, 0.2, words)
        left.legend()
        left.set_title(words)
        percent_axis(left)
        days = pd.date_range("2026-01-01", periods=90, freq="D")
        middle.plot(days, np.arange(90.0))
        middle.fill_between(days, np.arange(90.0), np.arange(90.0) + 1)
        middle.scatter(days[:3], [1.0, 2.0, 3.0])
        middle.hlines(3, days[0], days[9])
        heatmap(right, np.array([[0.2, 0.8]]), np.array([[1, 2]]), fontsize=9)
        finish_figure(figure, text, result, message=words, alt="", n=words)
