"""Whether amounts of the same units, such as the MRR of those who ask for one thing or for another, differ beyond chance.

Units that count for both, or for neither, say nothing. Each other unit could as well count for the other side, with its amount:
the p-value is the share of all these outcomes that lie at least as far from 0 as the one that was seen (Fisher 1935; Pitman
1937). With equal amounts this is McNemar's exact test (`proportions.mcnemar`). Where sixty customers ask for either of two
things by chance and a few pay many times what others do, 5 of 100 pairs are told apart, and 10 by resampled customers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: all outcomes are counted up to so many units, which are fewer than the draws above it
_EXACT = 12
_DRAWS = 4_999
_SEED = 21
#: signs held in memory at once
_CELLS = 4_000_000
#: sums that differ by rounding alone are equal
_ROUNDING = 1e-9


def p_of_signs(differences: Sequence[float] | np.ndarray) -> float:
    """The two-sided p-value that the signs of `differences` are chance, so that their sum would be 0; 1 where all are 0."""
    # in one order, so that the draws do not depend on that of the units
    amounts = np.sort(np.abs(np.asarray(differences, dtype="float64")))
    amounts = amounts[amounts > 0]
    if not len(amounts):
        return 1.0
    least = abs(float(np.sum(differences))) - _ROUNDING * float(amounts.sum())
    if len(amounts) <= _EXACT:
        signs = (np.arange(2 ** len(amounts))[:, None] >> np.arange(len(amounts)) & 1) * 2.0 - 1.0
        return float((np.abs(signs @ amounts) >= least).mean())
    draw, block = np.random.default_rng(_SEED), max(1, _CELLS // len(amounts))
    far = 1  # what was seen is one of the outcomes
    for at in range(0, _DRAWS, block):
        shape = min(block, _DRAWS - at), len(amounts)
        bits = np.frombuffer(draw.bytes(-(-shape[0] * shape[1] // 8)), dtype=np.uint8)
        signs = np.unpackbits(bits, count=shape[0] * shape[1]).reshape(shape) * 2.0 - 1.0
        far += int((np.abs(signs @ amounts) >= least).sum())
    return far / (_DRAWS + 1)
