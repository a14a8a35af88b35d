"""A page says until when the rows of people on it may be kept."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

from cs_helpers import analyses
from cs_helpers.report.last_days import last_day_of_page
from cs_helpers.snapshot import Snapshot, retention

DAYS = {"helpdesk": {"candidate_scores": {"2026-12-31": 2, "2027-03-31": 1}}}


@pytest.fixture
def snapshot(sample_snapshot, monkeypatch):
    """A snapshot with scores of candidates, and an analysis `hiring` that reads them."""
    real = analyses.analysis
    hiring = SimpleNamespace(tables_read=lambda product: ("candidate_scores",))
    monkeypatch.setattr(analyses, "analysis", lambda name: hiring if name == "hiring" else real(name))
    return Snapshot(sample_snapshot.folder, {**sample_snapshot.manifest, "last_days": DAYS})


@pytest.mark.parametrize(
    ("today", "shown", "expected"),
    [
        (date(2026, 12, 31), {"hiring", "journeys"}, "2026-12-31"),
        (date(2027, 1, 1), {"hiring"}, "2027-03-31"),
        (date(2027, 4, 1), {"hiring"}, ""),
        (date(2026, 12, 31), {"journeys"}, ""),
        (date(2026, 12, 31), set(), ""),
    ],
)
def test_it_is_the_first_last_day_of_rows_that_its_analyses_read(
    snapshot, monkeypatch, today, shown, expected
):
    monkeypatch.setattr(retention, "today", lambda: today)
    assert last_day_of_page(snapshot, "helpdesk", shown) == expected
    assert last_day_of_page(snapshot, "paper_to_web", shown) == ""
