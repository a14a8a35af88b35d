"""Conversion of few customers: a curve that ends before single customers move it far."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cs_helpers.statistics.survival import MIN_AT_RISK, Conversion, incidence

#: where fewer than `MIN_AT_RISK` are at risk, no step of a curve may be higher than this
MAX_STEP = 0.1


@dataclass(frozen=True, eq=False)
class SteadyConversion(Conversion):
    """A `Conversion` that is known only as long as its steps rest on enough.

    It ends before the first step of more than `MAX_STEP` with fewer than `MIN_AT_RISK` at risk: where most were censored, as by a
    hand-over that came later, the last few would else take the share to 100 %. Of ten or more of whom nobody is censored it
    never ends early.
    """

    @cached_property
    def known_until(self) -> float:
        """As of `Conversion`, or the last day before the curve would rest on too few."""
        until = Conversion(self.days, self.outcome, self.entered).known_until
        curve = incidence(self.days, self.outcome, self.entered)
        steps = np.diff(curve["share"].to_numpy(float), prepend=0.0)
        rests_on_few = (curve["at_risk"].to_numpy(float) < MIN_AT_RISK) & (steps > MAX_STEP + 1e-9)
        if not rests_on_few.any():
            return until
        first = int(np.argmax(rests_on_few))
        return min(until, float(curve["day"].iloc[first - 1]) if first else 0.0)
