"""The figures of the gap plan are laid out twice: for a screen, and for a phone, where nothing is cut off."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cs_helpers.charts import gap_plan
from cs_helpers.charts.theme import PHONE, WIDTH
from cs_helpers.text import Text

PRODUCTS = ("paper_to_web", "helpdesk", "expense_desk")


def grey(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


@pytest.mark.parametrize("question", ["gaps", "priorities", "effects"])
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("product", PRODUCTS)
def test_on_a_phone_a_figure_is_as_wide_as_the_page_and_nothing_is_cut_off(
    product, language, question, result_of, of_product
) -> None:
    result = result_of("gap_plan", product, "2026Q3")
    result = replace(result, settings={**result.settings, "currency": "JPY"})
    picture = getattr(gap_plan, question)(result, Text(language, of_product(product).product))
    wide, narrow = grey(picture.png), grey(picture.narrow)
    assert picture.width == WIDTH * 96
    assert narrow.shape[1] / wide.shape[1] == pytest.approx(1.5 * PHONE / WIDTH, abs=0.002)
    assert (narrow < 200).mean() > 0.005
    # the edges are white
    for edge in (narrow[:2], narrow[-2:], narrow[:, :2], narrow[:, -2:]):
        assert edge.min() > 200
