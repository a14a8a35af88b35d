"""Leadership's edition names no customer; the team's does."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from cs_helpers.report.quarterly import quarterly_report
from cs_helpers.snapshot import Snapshot

REPORT = "helpdesk/as_is_interviews"


@pytest.fixture
def published(home, tmp_path):
    """Publishes the As-Is report for an audience: text of the page, and of all files beside it."""
    snapshot = Snapshot.open(folder=home / "data" / "snapshots")

    def publish(audience: str, language: str) -> tuple[str, str]:
        batch = quarterly_report(
            snapshot, quarter="2026Q3", products=["helpdesk"], notebooks=["as_is_interviews"], jobs=1,
            reports=str(tmp_path), audience=audience, language=language,
        )  # fmt: skip
        assert batch.failed == ()
        folder = tmp_path / ("team" if audience == "team" else ".") / "2026Q3"
        page = (folder / f"{REPORT}.{language}.html").read_text(encoding="utf-8")
        beside = "".join(
            file.read_text(encoding="utf-8-sig") for file in sorted(folder.glob("helpdesk/*.csv"))
        )
        return BeautifulSoup(page, "html.parser").get_text(), beside

    return publish


def test_leadership_reads_no_customers_name_and_the_team_does(published, home):
    names = Snapshot.open(folder=home / "data" / "snapshots").distinct_texts("accounts", "name", "helpdesk")
    page, beside = published("leadership", "ja")
    assert [name for name in names if name in page + beside] == []
    page, _ = published("team", "en")
    assert any(name in page for name in names)
