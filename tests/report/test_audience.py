"""Leadership's edition names no customer; the team's does."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from cs_helpers.report.quarterly import quarterly_report

PRODUCT, REPORT = "paper_to_web", "as_is_interviews"


def words_of(folder, language: str) -> tuple[str, str]:
    """The text of the As-Is report of an edition, and of its files beside it."""
    page = (folder / PRODUCT / f"{REPORT}.{language}.html").read_text(encoding="utf-8")
    beside = [file.read_text(encoding="utf-8-sig") for file in (folder / PRODUCT).glob(f"{REPORT}.*.csv")]
    return BeautifulSoup(page, "html.parser").get_text(), "".join(beside)


@pytest.mark.usefixtures("one_zygote")
def test_leadership_reads_no_customers_name_and_the_team_does(published, sample_snapshot, tmp_path):
    names = sample_snapshot.distinct_texts("accounts", "name", PRODUCT)
    page, beside = words_of(published / "reports" / "2026Q3", "ja")
    assert [name for name in names if name in page + beside] == []
    batch = quarterly_report(
        sample_snapshot, quarter="2026Q3", products=[PRODUCT], notebooks=[REPORT], jobs=1, reports=str(tmp_path),
        audience="team", language="en",
    )  # fmt: skip
    assert batch.failed == ()
    page, _ = words_of(tmp_path / "team" / "2026Q3", "en")
    assert any(name in page for name in names)
