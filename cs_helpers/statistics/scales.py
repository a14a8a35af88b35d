"""The scales on which numbers vary: there, effects add up and the spread does not depend on the level."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

#: of Anscombe's transformation (1948): the square root of a count plus this has the variance 1/4
ANSCOMBE = 3 / 8

Transform = Callable[[np.ndarray], np.ndarray]


def scale_of(name: str, first_values: np.ndarray) -> tuple[Transform, Transform]:
    """From values to their scale, and back: the square root of `count`, the logarithm of `amount`, `level` as it is.

    first_values: those before any forecast that tells values apart; by them zeros are placed on the logarithmic scale: a tenth of their positive
    median is added to all values.
    """
    if name == "level":
        return (lambda y: y), (lambda z: z)
    if name == "amount":
        positive = first_values[first_values > 0]
        added = 0.1 * float(np.median(positive)) if len(positive) else 1.0
        return (
            lambda y: np.log(np.maximum(y, 0) + added),
            lambda z: np.maximum(np.exp(np.minimum(z, 700)) - added, 0),
        )
    if name == "count":
        return (
            lambda y: np.sqrt(np.maximum(y, 0) + ANSCOMBE),
            lambda z: np.maximum(np.maximum(z, 0) ** 2 - ANSCOMBE, 0),
        )
    raise ValueError(f"scale '{name}' is none of count, amount, level")
