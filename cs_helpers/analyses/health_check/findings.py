"""The findings of the check of the health score."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.analyses.health_check.headlines import EARLY_DAYS, Evidence
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Certainty, Direction, Finding, Metric, Verdict


def check_findings(
    evidence: Evidence, verdicts: Mapping[str, Verdict], metrics: Mapping[str, Metric], quarter: Quarter
) -> tuple[Finding, ...]:
    """`score_misleads`, `left_unwarned` or `late_warning`, `score_tells_apart` or `score_cannot_tell`, `parts_help`, `other_weights`.

    `left_unwarned`: most customers who left had not been warned of in time; at stake are those of them who left in the
    quarter (`late_warning` without any). The others are about the score, with no customer at stake.
    """
    found: list[Finding] = []
    area, apart = metrics.get("auc"), verdicts.get("apart")
    warning = verdicts.get("warning")
    if warning is not None and warning.code in ("rarely", "never"):
        found.append(_late_warning(evidence, metrics["warned"], quarter))
    if area is not None and apart is not None:
        codes: dict[str, tuple[str, Direction, Certainty]] = {
            "better": ("score_tells_apart", "better", "clear"),
            "worse": ("score_misleads", "worse", "clear"),
            "cannot_tell": ("score_cannot_tell", "neither", "unclear"),
        }
        code, direction, certainty = codes[apart.code]
        found.insert(
            0 if code == "score_misleads" else len(found),
            Finding(
                code, "apart", direction, certainty, area.n, value=area.value, size=area.value, low=area.low,
                high=area.high, unit="share", size_unit="share",
            ),
        )  # fmt: skip
    found += [
        Finding(
            code, question, "neither", "clear", area.n, value=float(verdict.fields[new]),
            compared=float(verdict.fields[old]), size=float(verdict.fields["difference"]),
            low=float(verdict.fields["low"]), high=float(verdict.fields["high"]), unit="share",
        )
        for code, question, wanted, new, old in (
            ("parts_help", "parts", "helps", "whole", "without"),
            ("other_weights", "weights", "better", "learned", "declared"),
        )
        if area is not None and (verdict := verdicts.get(question)) is not None and verdict.code == wanted
    ]  # fmt: skip
    return tuple(found)


def _late_warning(evidence: Evidence, share: Metric, quarter: Quarter) -> Finding:
    """That most customers were not warned of in time; with those who left so in the quarter, where there are any."""
    late = _late(evidence, quarter)
    return Finding(
        "left_unwarned" if late else "late_warning",
        "warning",
        "worse",
        "clear",
        share.n,
        value=share.value,
        size=share.value,
        low=share.low,
        high=share.high,
        unit="share",
        size_unit="share",
        customers=len(late) or None,
        mrr=evidence.time.last_mrr(pd.Index(late)) if late else None,
        fields={"days": EARLY_DAYS},
    )


def _late(evidence: Evidence, quarter: Quarter) -> list[str]:
    """The customers who left in the quarter and had not been warned of in time."""
    losses = evidence.warnings.losses
    start, end = pd.Timestamp(quarter.start), pd.Timestamp(quarter.end)
    late = losses[losses["left_on"].between(start, end) & (losses["lead_days"] < EARLY_DAYS)]
    return list(late["account_id"])
