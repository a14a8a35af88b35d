"""Figures as pictures of 256 colours."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from cs_helpers.charts.pixels import png


def shown(packed: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(packed)) as image:
        assert image.mode == "P"
        return np.asarray(image.convert("RGB"))


def test_up_to_256_colours_are_exact():
    generator = np.random.default_rng(1)
    colours = generator.integers(0, 256, (256, 4), dtype=np.uint8)
    pixels = colours[generator.integers(0, 256, (60, 90))]
    assert (shown(png(pixels, an_inch=130)) == pixels[..., :3]).all()


def test_a_picture_of_one_colour_and_a_single_pixel():
    for shape in ((40, 30, 4), (1, 1, 4)):
        pixels = np.full(shape, 17, dtype=np.uint8)
        assert (shown(png(pixels, an_inch=130)) == 17).all()


def test_areas_keep_their_colour_and_edges_come_near_theirs():
    """5,000 colours on a picture's edges, three in its areas that differ by one step of 255."""
    generator = np.random.default_rng(2)
    pixels = np.full((500, 800, 4), 255, dtype=np.uint8)
    pixels[:, 100:300] = (236, 239, 242, 255)
    pixels[:, 300:500] = (236, 239, 243, 255)
    share = generator.random((50, 100, 1))
    pixels[200:250, 550:650, :3] = (
        share * (31, 111, 178) + (1 - share) * 255 + generator.integers(-3, 3, (50, 100, 3))
    ).clip(0, 255)
    made = shown(png(pixels, an_inch=130))
    edges = np.zeros((500, 800), dtype=bool)
    edges[200:250, 550:650] = True
    assert (made[~edges] == pixels[..., :3][~edges]).all()
    off = np.abs(made.astype(int) - pixels[..., :3])
    assert off.max() <= 8


def test_the_size_on_paper_is_kept():
    with Image.open(io.BytesIO(png(np.zeros((5, 5, 4), dtype=np.uint8), an_inch=130))) as image:
        assert [round(n) for n in image.info["dpi"]] == [130, 130]
