"""The landing page names the gap of each product to close first, and says where that is not decided."""

from __future__ import annotations

from typing import Any

import pytest

from cs_helpers.report.landing import _first_gap
from cs_helpers.report.manifest import PublishedPage, Report
from cs_helpers.report.overall import first_gap
from cs_helpers.text import Text

GAP = {"part": "gaps", "sentence": "Second gap: 20.0%", "anchor": "gap_plan-gaps", "decided": True}


def summary(*findings: dict[str, Any]) -> Report:
    good = PublishedPage(
        status="published",
        sha256="",
        title="",
        fingerprint="",
        message="",
        made_at="",
        snapshot="",
        findings=findings,
    )  # type: ignore[call-arg]
    return Report(
        status="published", analysis="executive_summary", notebook="90_executive_summary", title="", seconds=0, made_at="",
        parameters={"product": "desk", "language": "en"}, good=good,
    )  # type: ignore[call-arg]  # fmt: skip


def test_the_first_gap_is_the_first_of_the_summary() -> None:
    other = {**GAP, "sentence": "Third gap"}
    found = first_gap(summary({"part": "changed", "sentence": "x"}, GAP, other))
    assert found is not None
    assert found.content["sentence"] == "Second gap: 20.0%"


@pytest.mark.parametrize("report", [None, summary(), summary({"part": "decisions", "sentence": "x"})])
def test_without_a_gap_plan_there_is_none(report: Report | None) -> None:
    assert first_gap(report) is None
    assert _first_gap(report, Text("en"), {}) is None


@pytest.mark.parametrize(
    ("decided", "language", "label"),
    [(True, "en", "Gap to close first"), (False, "en", "Candidate for the gap to close first (not decided)"),
     (True, "ja", "最初に埋めるべきギャップ"), (False, "ja", "最初に埋めるギャップの候補（未確定）")],
)  # fmt: skip
def test_an_open_order_is_said_to_be_open(decided: bool, language: str, label: str) -> None:
    shown = _first_gap(summary({**GAP, "decided": decided}), Text(language), {})
    assert shown is not None
    assert (shown["label"], shown["sentence"]) == (label, "Second gap: 20.0%")
