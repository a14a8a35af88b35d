"""What the scores say that leadership and the team should know, most important first."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.result import Direction, Finding, Verdict

#: a measure that moved so large a share of those who could move is worth a word
MANY = 0.1


def health_findings(
    tables: Mapping[str, pd.DataFrame], verdicts: Mapping[str, Verdict], yellow_from: float
) -> tuple[Finding, ...]:
    """The findings that there are, in the order of `declared.DECLARES`.

    `turned_red` and `recovered` are since the previous quarter; `measure_down` and `measure_up` the measure that moved
    most customers, where more went its way than chance explains.
    """
    turned, red, recovered = _reds(tables["scores"], yellow_from)
    found = [
        turned,
        red,
        _by_measure(tables, verdicts.get("moved")),
        _segment(verdicts.get("segments")),
        _disagreement(tables),
        recovered,
    ]
    return tuple(finding for finding in found if finding is not None)


def _counted(
    code: str, about: str, direction: Direction, n: int, rows: pd.DataFrame, **fields: object
) -> Finding | None:
    """A finding that counts the customers of `rows`; None without any."""
    if rows.empty:
        return None
    mrr = float(rows["mrr"].sum()) if rows.get("mrr", pd.Series()).notna().any() else None
    return Finding(
        code, about, direction, "counted", n, value=float(len(rows)), customers=len(rows), mrr=mrr, fields=fields
    )  # fmt: skip


def _reds(scores: pd.DataFrame, yellow_from: float) -> list[Finding | None]:
    is_red, was_red = scores["band"] == "red", scores["previous"] < yellow_from
    known_before = scores["previous"].notna()
    before = int(known_before.sum())
    return [
        _counted("turned_red", "bands", "worse", before, scores[is_red & known_before & ~was_red]),
        _counted("red", "bands", "worse", len(scores), scores[is_red]),
        _counted("recovered", "bands", "better", before, scores[~is_red & was_red]),
    ]


def _by_measure(tables: Mapping[str, pd.DataFrame], verdict: Verdict | None) -> Finding | None:
    """The measure that moved most customers, where more moved in its direction than chance explains."""
    if verdict is None or verdict.code not in ("down", "up"):
        return None
    fields, down = verdict.fields, verdict.code == "down"
    if fields["moved_by"] < MANY * fields["n"]:
        return None
    rows = tables["fallen" if down else "risen"]
    rows = rows[rows["measures"].str[0] == fields["measure"]]
    code, direction = ("measure_down", "worse") if down else ("measure_up", "better")
    return _counted(code, "moved", direction, fields["n"], rows, measure=fields["measure"])  # type: ignore[arg-type]


def _segment(verdict: Verdict | None) -> Finding | None:
    """The segment that is red more or less often than the others."""
    if verdict is None or verdict.code not in ("worse", "better"):
        return None
    said, worse = verdict.fields, verdict.code == "worse"
    return Finding(
        "segment_worse" if worse else "segment_better",
        "segments",
        "worse" if worse else "better",
        "clear",  # the analysis decided by an exact test, corrected for the number of dimensions
        said["n"] + said["other_n"],
        value=said["share"],
        compared=said["other_share"],
        compared_with="other_customers",
        size=said["share"] - said["other_share"],
        low=said["low"],
        high=said["high"],
        unit="share",
        customers=said["n"],
        fields={"segment": said["segment"]},
    )


def _disagreement(tables: Mapping[str, pd.DataFrame]) -> Finding | None:
    """Customers who are green by the numbers and red in the view of their CSM."""
    rows = tables.get("disagree", pd.DataFrame({"side": []}))
    n = int(tables["views"]["customers"].sum()) if "views" in tables else 0
    return _counted("disagree", "views", "worse", n, rows[rows["side"] == "numbers"])
