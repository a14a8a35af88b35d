"""Saturation as its source tells it, and over orders that chance might have given."""

from __future__ import annotations

from itertools import permutations

import pandas as pd
import pytest

from cs_helpers.statistics import saturation as module
from cs_helpers.statistics.saturation import new_codes, saturation, saturation_curves

NEW = [15, 8, 7, 7, 3, 1, 2, 0, 1, 1, 0, 0]


def test_new_information_is_as_published() -> None:
    result = saturation(NEW, base=4, run=2)
    assert result.ratios == pytest.approx((0.1081, 0.0811, 0.0541, 0.0270), abs=5e-5)
    assert str(result) == "7+2"
    assert str(saturation(NEW, base=5, run=2)) == "6+2"


def test_without_a_run_that_is_low_enough_nothing_is_saturated() -> None:
    assert saturation([5, 4, 3, 2, 2, 2]).at is None
    assert str(saturation([5, 4, 3, 2, 2, 2])) == ""
    assert saturation([0, 0, 0, 0, 0, 0]).ratios == ()
    assert saturation([5, 4, 3]).ratios == ()


def test_codes_that_an_earlier_interview_had_are_not_new() -> None:
    assert new_codes([frozenset("ab"), frozenset("bc"), frozenset("a"), frozenset("d")]) == [2, 1, 0, 1]


def mentions(**codes: str) -> pd.DataFrame:
    """Company -> its codes, a letter each; held one day after the other."""
    rows = [
        {"account_id": name, "held_on": pd.Timestamp("2026-01-01") + pd.Timedelta(days=n), "code": code}
        for n, (name, own) in enumerate(codes.items())
        for code in own
    ]
    return pd.DataFrame(rows)


def test_themes_by_companies_are_the_mean_over_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    companies = {"A": "ab", "B": "bc", "C": "d"}
    known = [
        [len(set("".join(companies[name] for name in order[: n + 1]))) for n in range(3)]
        for order in permutations(companies)
    ]
    expected = [sum(column) / 6 for column in zip(*known, strict=True)]
    monkeypatch.setattr(module, "_ORDERS", 6000)
    result = saturation_curves(mentions(**companies))
    assert result["themes"].tolist() == pytest.approx(expected, abs=0.03)
    assert result["new"].sum() == pytest.approx(4)


def test_each_segment_is_told_alone() -> None:
    many = {f"S{n:02}": "abc" for n in range(12)} | {f"L{n:02}": chr(97 + n) * 2 for n in range(12)}
    segments = pd.Series({name: "small" if name[0] == "S" else "large" for name in many})
    result = saturation_curves(mentions(**many), segments).groupby("segment").last()
    # every small company tells the same: after the base nothing is new; each large one tells something new
    assert result.loc["small", ["companies", "themes", "saturated", "reached"]].tolist() == [12, 3, "4+2", 1]
    assert result.loc["large", ["companies", "themes", "saturated", "reached"]].tolist() == [12, 12, "", 0]


def test_a_company_that_tells_nothing_new_or_nothing_at_all_counts() -> None:
    rows = mentions(A="ab", B="cd", C="ef", D="gh")
    quiet = [
        {"account_id": f"Q{n}", "held_on": pd.Timestamp("2026-02-01") + pd.Timedelta(days=n), "code": None}
        for n in range(12)
    ]
    last = saturation_curves(pd.concat([rows, pd.DataFrame(quiet)], ignore_index=True)).iloc[-1]
    assert (last["companies"], round(last["themes"], 9), last["saturated"]) == (16, 8, "4+2")


def test_nobody_heard_is_nothing_known() -> None:
    assert saturation_curves(mentions()[[]].reindex(columns=["account_id", "held_on", "code"])).empty
