"""The findings of maturity: customers whose level fell, and losses after a fall."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.result import Finding, Metric


def maturity_findings(
    tables: Mapping[str, pd.DataFrame], metrics: Mapping[str, Metric]
) -> tuple[Finding, ...]:
    """`falls_warn`, `fell`, `rose`, most important first.

    tables and metrics: of the result. `falls_warn`: customers whose level fell are lost more often than others; at
    stake are those whose level fell since the previous quarter. `fell` and `rose`: how many moved since then.
    """
    levels = tables["levels"][lambda t: (t["previous"] >= 0) & (t["level"] >= 0)]
    has_fallen, has_risen = levels["level"] < levels["previous"], levels["level"] > levels["previous"]
    found = []
    ratio = metrics.get("fall_ratio")
    if ratio is not None and ratio.low is not None and ratio.low > 1:
        found.append(
            Finding(
                "falls_warn",
                "falls",
                "worse" if has_fallen.any() else "neither",
                "clear",
                ratio.n,
                compared_with="other_customers",
                size=ratio.value,
                low=ratio.low,
                high=ratio.high,
                size_unit="ratio",
                customers=int(has_fallen.sum()),
                mrr=_mrr(levels, has_fallen),
            )
        )
    for code, moved, direction in (("fell", has_fallen, "worse"), ("rose", has_risen, "better")):
        if moved.any():
            found.append(
                Finding(
                    code,
                    "transitions",
                    direction,  # type: ignore[arg-type]
                    "counted",
                    len(levels),
                    value=float(moved.sum()),
                    compared_with="previous_quarter",
                    customers=int(moved.sum()),
                    mrr=_mrr(levels, moved),
                )
            )
    return tuple(found)


def _mrr(levels: pd.DataFrame, selected: pd.Series) -> float | None:
    return float(levels.loc[selected, "mrr"].sum()) if "mrr" in levels else None
