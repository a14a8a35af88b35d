"""Gaps as the gap plan sizes them, made by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from cs_helpers.statistics.priorities import DRAWS


def gap(goal: str, impact: float, **other: Any) -> dict[str, Any]:
    """A row of the gaps as `sizing` makes it, as far as the order depends on it."""
    known = {"state": "short", "gain": "clear", "confidence": 0.5, "effort": 2.0, "by": date(2027, 3, 31)}
    return {"goal": goal, "impact": impact, "impact_low": impact, "impact_high": impact} | known | other


def drawn(gaps: list[dict[str, Any]], spread: float = 1.0, seed: int = 0) -> dict[str, np.ndarray]:
    """Normal draws around each impact that is known."""
    rng = np.random.default_rng(seed)
    return {g["goal"]: rng.normal(g["impact"], spread, DRAWS) for g in gaps if g["impact"] == g["impact"]}
