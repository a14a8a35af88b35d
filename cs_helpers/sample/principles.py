"""Draw the table `principle_assessments`: what two of the team say of each product, twice."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.contract.principles import PRINCIPLES
from cs_helpers.contract.vocabulary import PRINCIPLE_LEVELS
from cs_helpers.sample.staff import LEAD, PRODUCTS
from cs_helpers.sample.truths import PRINCIPLE_JUDGEMENTS, PRINCIPLE_ROSE, PRINCIPLE_UNBACKED

_DAYS = pd.to_datetime(["2026-03-31", "2026-09-30"])
_ASSESSORS = (LEAD, "csm-02")
_WHY = {
    "none": "Each of us does it in their own way",
    "repeatable": "We do it for most customers, nobody wrote it down",
    "defined": "It stands in the product file",
    "measured": "We have a number for it and look at it each quarter",
    "optimised": "The number is better than a year ago",
}


def principle_table(rng: np.random.Generator) -> pd.DataFrame:
    """The table `principle_assessments`.

    The lead says what `truths.PRINCIPLE_JUDGEMENTS` has; the other assessor says the same, or one level less of every fourth
    principle or so, and never less where a truth rests on both.
    """
    rows = []
    for product in PRODUCTS:
        for principle, level in zip(PRINCIPLES, PRINCIPLE_JUDGEMENTS[product], strict=True):
            agree = (product, principle) in (PRINCIPLE_ROSE, PRINCIPLE_UNBACKED)
            less = int(rng.random() < 0.25) and not agree
            for day in _DAYS:
                rose = (product, principle) == PRINCIPLE_ROSE and day == _DAYS[0]
                for who in _ASSESSORS:
                    rank = PRINCIPLE_LEVELS.index(level) - rose - (bool(less) and who != LEAD)
                    said = PRINCIPLE_LEVELS[max(rank, 0)]
                    rows.append((product, principle, day, said, _WHY[said], who))
    columns = ["product", "principle", "assessed_on", "level", "why", "assessed_by"]
    return pd.DataFrame(rows, columns=columns)
