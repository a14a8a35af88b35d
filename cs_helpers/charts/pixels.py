"""A figure's pixels as a PNG of 256 colours: less than half the bytes of one of all colours, in half the time."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
from PIL import Image

#: those of a figure that cover most; as many more are chosen for what would else look most different
_COMMON = 128


def png(pixels: np.ndarray, *, an_inch: int) -> bytes:
    """The picture; exact where there are at most 256 colours.

    pixels: height x width x 4 bytes (red, green, blue, opacity, which is not kept). A figure has a few
    colours in its areas and thousands on the edges of its letters: the areas keep theirs, an edge
    takes the nearest.
    """
    height, width, _ = pixels.shape
    line = np.ascontiguousarray(pixels).view(np.uint32).ravel()
    # neighbours mostly have the same colour: all else is done once a run of them
    starts = np.flatnonzero(np.concatenate(([True], line[1:] != line[:-1])))
    lengths = np.diff(starts, append=line.size)
    which, found = pd.factorize(line[starts])  # np.unique would sort them
    colours = found.view(np.uint8).reshape(-1, 4)[:, :3]
    if len(colours) > 2 * _COMMON:
        chosen, nearest = _palette(colours, np.bincount(which, weights=lengths))
        colours, which = colours[chosen], nearest[which]
    image = Image.fromarray(np.repeat(which.astype(np.uint8), lengths).reshape(height, width))
    image.putpalette(colours.tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "png", compress_level=3, dpi=(an_inch, an_inch))
    return buffer.getvalue()


def _palette(colours: np.ndarray, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of 256 of the colours, and for each colour which of them is nearest; pixels: how many have it."""
    points = colours.astype(np.float32)
    squares = (points**2).sum(axis=1)

    def apart(chosen: np.ndarray) -> np.ndarray:
        squared: np.ndarray = squares[:, None] + squares[chosen] - 2 * (points @ points[chosen].T)
        return squared

    common = np.argpartition(pixels, -_COMMON)[-_COMMON:]
    distance = apart(common)
    missed = distance.min(axis=1) * np.sqrt(pixels)
    rare = np.argpartition(missed, -_COMMON)[-_COMMON:]
    return np.concatenate((common, rare)), np.hstack((distance, apart(rare))).argmin(axis=1)
