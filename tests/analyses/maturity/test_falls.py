"""Falls in level before losses: days counted by hand, misses counted, and the planted regressions with their lead time."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from level_histories import level_history_of

from cs_helpers.analyses.maturity.falls import falls_and_losses, warnings_before_losses
from cs_helpers.customers.maturity_levels import level_history
from cs_helpers.sample import truths
from cs_helpers.snapshot import ProductData, Snapshot


def outcomes(levels: dict[str, str], **options: str) -> dict[str, str]:
    found = warnings_before_losses(level_history_of(levels, **options))
    return dict(zip(found["account_id"], found["outcome"], strict=True))


def test_days_are_counted_from_the_month_end_of_the_fall_to_the_loss() -> None:
    # the last month is June 2026: A falls in January and is lost on the 16th of June
    found = warnings_before_losses(level_history_of({"A": "222221111."})).iloc[0]
    assert found["fell_on"].date() == date(2026, 2, 28)
    assert found["lost_on"].date() == date(2026, 6, 16)
    assert found["days"] == 108
    assert found["outcome"] == "warned"


def test_a_fall_that_was_made_good_is_no_warning() -> None:
    assert outcomes({"A": "222212222."}) == {"A": "missed"}


def test_the_last_fall_that_was_not_made_good_is_the_warning() -> None:
    found = warnings_before_losses(level_history_of({"A": "333323321."})).iloc[0]
    assert found["fell_on"].date() == date(2026, 4, 30)


def test_the_first_of_two_falls_in_a_row_is_the_warning() -> None:
    found = warnings_before_losses(level_history_of({"A": "333333210."})).iloc[0]
    assert found["fell_on"].date() == date(2026, 3, 31)
    assert found["days"] == 77


def test_who_stood_below_the_first_level_could_not_fall() -> None:
    assert outcomes({"A": "100000000.", "B": "000000011."}) == {"A": "lowest", "B": "missed"}


def test_a_fall_more_than_half_a_year_before_the_loss_is_no_warning_of_it() -> None:
    assert outcomes({"A": "211111111."}) == {"A": "missed"}


def test_without_two_known_levels_nothing_is_said_of_a_loss() -> None:
    assert outcomes({"A": "??????2??.", "B": "........2.", "C": "2222?1??1."}) == {
        "A": "unknown", "B": "unknown", "C": "warned",
    }  # fmt: skip


def test_losses_of_the_time_before_levels_are_known_are_not_counted() -> None:
    assert outcomes({"A": "??.......", "B": "???22221."}) == {"B": "warned"}
    assert outcomes({"A": "??......."}) == {"A": "unknown"}


def test_a_renewal_that_may_still_be_recorded_is_no_loss() -> None:
    assert outcomes({"A": "222221111.", "B": "222222222."}, ended_how="term") == {}


def test_a_customer_lost_twice_is_counted_twice() -> None:
    found = warnings_before_losses(level_history_of({"A": "2221...2221."}))
    assert found["outcome"].tolist() == ["warned", "warned"]
    assert found["days"].tolist() == [16, 16]


def test_falls_are_counted_with_the_losses_within_half_a_year() -> None:
    # A falls in October and is lost in January; B falls and stays; C falls too late to be judged; D falls twice within
    # half a year, which is one fall; E is lost without a fall. July 2025 to June 2026
    levels = {
        "A": "222111......",
        "B": "333222222222",
        "C": "333333333322",
        "D": "444321111111",
        "E": "222222......",
    }
    assert falls_and_losses(level_history_of(levels)) == (3, 1)


def test_no_fall_is_none() -> None:
    assert falls_and_losses(level_history_of({"A": "111111111111"})) == (0, 0)


@pytest.fixture(scope="module")
def sample(home) -> tuple[ProductData, Snapshot]:
    snapshot = Snapshot.open(folder=home / "data" / "snapshots")
    return snapshot.read(truths.YEAR_END_PRODUCT), snapshot


def test_the_planted_regressions_are_found_with_their_lead_time(
    sample: tuple[ProductData, Snapshot],
) -> None:
    data, snapshot = sample
    found = warnings_before_losses(level_history(data, snapshot.check_quarter("latest")))
    for year_end, planted in truths.REGRESSIONS.items():
        # the sample's contracts end on the last of March; the loss is that day or the day after
        lost = found[
            found["lost_on"].between(pd.Timestamp(year_end), pd.Timestamp(year_end) + pd.Timedelta("1D"))
        ]
        warned = lost[lost["outcome"] == "warned"]
        assert len(lost) == truths.YEAR_ENDS[year_end].ended
        # planted to fall between the 1st of October and the 8th of January: by the month end after it, the rules look back
        assert planted.ended * 0.9 <= len(warned) <= planted.ended * 1.1
        assert warned["days"].between(45, 160).all()
        assert (lost["outcome"] == "missed").sum() > 0
