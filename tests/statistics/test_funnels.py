"""Funnels: the field's fixtures, and the same answers as a plain reference whatever the stream."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import funnel_reference as reference
import pandas as pd
import pytest
from funnel_cases import CASES, Case
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_helpers.errors import ParameterError
from cs_helpers.statistics.funnels import Exclusion, Funnel, attempts, count_units

START = datetime(2026, 7, 1)
HOUR = timedelta(hours=1)


def stream(rows: Any) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["unit", "event", "occurred_at"])
    return frame.astype({"occurred_at": "datetime64[us]"})


def times(frame: pd.DataFrame) -> dict[Any, list[datetime]]:
    columns = [c for c in frame if c.startswith("at_")]
    result = {row.unit: [getattr(row, c) for c in columns] for row in frame.itertuples()}
    return {unit: [t.to_pydatetime() for t in listed if t == t] for unit, listed in result.items()}


SMALL = st.lists(st.tuples(st.integers(1, 2), st.sampled_from("ABCDX"), st.integers(0, 9)), max_size=14)
STEPS = st.sampled_from(
    [("A",), ("A", "B"), ("A", "B", "C"), ("A", "B", "A"), ("A", "A", "B"), ("A", "B", "C", "D")]
)


@st.composite
def funnels(draw: st.DrawFn) -> Funnel:
    steps = draw(STEPS)
    distinct = len(set(steps)) == len(steps)
    mode = draw(st.sampled_from(["ordered", "strict", *(["unordered"] if distinct else [])]))
    exclusions = []
    if len(steps) > 1:
        for _ in range(draw(st.integers(0, 2))):
            whole = mode == "unordered"
            after = 1 if whole else draw(st.integers(1, len(steps) - 1))
            before = len(steps) if whole else draw(st.integers(after + 1, len(steps)))
            effect = draw(st.sampled_from(["drop_unit", "void_attempt"]))
            exclusions.append(Exclusion("X", after, before, effect))
    return Funnel(
        steps, draw(st.integers(0, 9)) * HOUR, mode, draw(st.sampled_from(["first_entry", "latest_entry"])),
        tuple(exclusions),
    )  # fmt: skip


@pytest.mark.thorough
@settings(max_examples=400, deadline=None)
@given(SMALL, funnels())
def test_the_same_answers_as_the_reference(rows: list[tuple[int, str, int]], funnel: Funnel) -> None:
    events = [(unit, event, START + hour * HOUR) for unit, event, hour in rows]
    result = attempts(stream(events), funnel)
    assert times(result) == reference.attempts(events, funnel)
    assert result["reached"].tolist() == [len(t) for t in times(result).values()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_numbers_that_posthog_publishes(case: Case) -> None:
    """Their engine starts anew with each entry, and an exclusion wipes an attempt.

    Where the furthest attempt was wiped, an earlier clean one does not count with them: dropped.
    """
    effect: Any = "drop_unit" if case.name == "excluded completion" else "void_attempt"
    exclusions = tuple(Exclusion(x, a + 1, b + 1, effect) for x, a, b in case.exclusions)
    funnel = Funnel(case.steps, case.window, case.mode, "latest_entry", exclusions)  # type: ignore[arg-type]
    result = count_units(stream(case.events), funnel)
    assert tuple(result["units"]) == case.counts
    taken = attempts(stream(case.events), funnel)
    assert times(taken) == reference.attempts(case.events, funnel)
    waits = taken[[f"at_{k}" for k in range(1, len(case.steps) + 1)]].diff(axis=1) / timedelta(seconds=1)
    for published, ours in ((case.mean, waits.mean()), (case.median, waits.median())):
        for number, answer in zip(published, ours.iloc[1:], strict=False):
            assert number is None or answer == pytest.approx(number)


def test_the_entry_rule_decides_from_when_the_window_counts() -> None:
    # FIELD: A 13:00, A 13:30, B 13:45, C 14:15, window 1 h
    day = datetime(2026, 7, 1, 13)
    rows = [
        ("u", "A", day),
        ("u", "A", day + HOUR / 2),
        ("u", "B", day + 0.75 * HOUR),
        ("u", "C", day + 1.25 * HOUR),
    ]
    first = attempts(stream(rows), Funnel(("A", "B", "C"), HOUR, entry="first_entry"))
    assert first["reached"].tolist() == [2]
    latest = attempts(stream(rows), Funnel(("A", "B", "C"), HOUR, entry="latest_entry"))
    assert latest["reached"].tolist() == [3]
    minutes = latest[["at_1", "at_2", "at_3"]].iloc[0].diff().dropna() / timedelta(minutes=1)
    assert minutes.tolist() == [15, 30]


@pytest.mark.parametrize("entry", ["first_entry", "latest_entry"])
@pytest.mark.parametrize("mode", ["ordered", "strict", "unordered"])
def test_a_breakdown_is_what_the_entry_said(mode: Any, entry: Any) -> None:
    rows = stream([("u", "A", START), ("u", "B", START + HOUR), ("v", "A", START + 2 * HOUR)])
    rows["csm"] = ["Sato", "Suzuki", "Suzuki"]
    result = count_units(rows, Funnel(("A", "B"), 2 * HOUR, mode, entry), by="csm")
    assert list(zip(result["csm"], result["step"], result["units"], strict=True)) == [
        ("Sato", 1, 1), ("Sato", 2, 1), ("Suzuki", 1, 1), ("Suzuki", 2, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("entry", ["first_entry", "latest_entry"])
@pytest.mark.parametrize("mode", ["ordered", "strict", "unordered"])
@pytest.mark.parametrize("effect", ["drop_unit", "void_attempt"])
def test_a_stream_of_many_units_has_the_same_answers(mode: Any, entry: Any, effect: Any) -> None:
    """DuckDB joins larger tables in other ways than small ones."""
    draw = random.Random(7)
    rows = [
        (draw.randrange(700), draw.choice("ABCDX"), START + draw.randrange(2000) * HOUR) for _ in range(9000)
    ]
    exclusions = (Exclusion("X", 1, 3, effect),)
    for funnel in (
        Funnel(tuple("ABC"), 300 * HOUR, mode, entry),
        Funnel(tuple("ABC"), 300 * HOUR, mode, entry, exclusions),
    ):
        assert times(attempts(stream(rows), funnel)) == reference.attempts(rows, funnel)


def test_the_end_of_the_window_is_inside_it() -> None:
    rows = stream(
        [("u", "A", START), ("u", "B", START + HOUR), ("v", "A", START), ("v", "B", START + HOUR * 1.0001)]
    )
    assert count_units(rows, Funnel(("A", "B"), HOUR))["units"].tolist() == [2, 1]


@pytest.mark.parametrize("entry", ["first_entry", "latest_entry"])
def test_a_breakdown_that_the_entry_does_not_know_is_not_taken_from_later(entry: Any) -> None:
    rows = stream([("u", "A", START), ("u", "B", START + HOUR), ("u", "A", START + 2 * HOUR)])
    rows["csm"] = [None, "Suzuki", "Suzuki"]
    result = attempts(rows, Funnel(("A", "B"), HOUR, entry=entry), by="csm")
    assert result["csm"].isna().tolist() == [True]


def test_events_without_a_unit_or_a_time_are_left_out() -> None:
    rows = stream([("u", "A", START), (None, "A", START), ("v", "A", None)])
    assert count_units(rows, Funnel(("A",)))["units"].tolist() == [1]


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(ParameterError, match=r"no column 'csm'.*unit, event, occurred_at"):
        count_units(stream([]), Funnel(("A",)), by="csm")


def test_a_stream_may_lie_in_files(tmp_path: Path) -> None:
    rows = [("u", "A", START), ("u", "B", START + HOUR), ("v", "A", START)]
    for n, row in enumerate(rows):
        stream([row]).to_parquet(tmp_path / f"{n}.parquet")
    assert count_units(tmp_path, Funnel(("A", "B")))["units"].tolist() == [2, 1]
    assert count_units(tmp_path / "0.parquet", Funnel(("A", "B")))["units"].tolist() == [1, 0]


def test_nothing_in_a_stream_is_nobody() -> None:
    result = count_units(stream([]), Funnel(("A", "B"), HOUR))
    assert result["units"].tolist() == [0, 0]
    assert attempts(stream([]), Funnel(("A", "B"), HOUR)).empty


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"steps": ()}, "needs a step"),
        ({"steps": ("A",), "window": -HOUR}, "negative"),
        ({"steps": ("A", "B", "A"), "mode": "unordered"}, "each event once"),
        (
            {"steps": ("A", "B", "C"), "mode": "unordered", "exclusions": (Exclusion("X", 1, 2),)},
            "whole funnel",
        ),
        ({"steps": ("A", "B"), "exclusions": (Exclusion("X", 2, 2),)}, "1 to 2"),
        ({"steps": ("A", "B"), "exclusions": (Exclusion("B", 1, 2),)}, "one of the steps"),
    ],
)
def test_a_funnel_that_makes_no_sense_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        Funnel(**wrong)


@pytest.mark.parametrize("mode", ["ordered", "strict", "unordered"])
@pytest.mark.parametrize("entry", ["first_entry", "latest_entry"])
@pytest.mark.parametrize(
    "column", ["format_1", "entered", "times", "starts", "met", "run", "time_1", 'a "b"']
)
def test_a_breakdown_may_have_any_name(mode: str, entry: str, column: str) -> None:
    """Those that the counting itself uses, too, and those that hold one of them."""
    rows = stream([(1, "A", START), (1, "B", START + HOUR), (2, "A", START)])
    rows[column] = ["x", "x", "y"]
    funnel = Funnel(("A", "B"), 2 * HOUR, mode, entry)
    assert count_units(rows, funnel, by=column)[[column, "units"]].to_numpy().tolist() == [
        ["x", 1], ["x", 1], ["y", 1], ["y", 0],
    ]  # fmt: skip
    assert attempts(rows, funnel, by=column)[column].tolist() == ["x", "y"]


@pytest.mark.parametrize("column", ["unit", "reached", "at_2"])
def test_a_breakdown_that_is_called_as_another_column_of_the_answer_is_refused(column: str) -> None:
    rows = stream([(1, "A", START)])
    with pytest.raises(ParameterError, match="another column of that name"):
        attempts(rows.assign(**{column: "x"}), Funnel(("A", "B")), by=column)
