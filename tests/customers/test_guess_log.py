"""Guesses are kept: each line once written stays, and one that is broken spoils no other."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from cs_helpers.customers.guess_log import Guess, read, record, table

GUESS = Guess(
    "2026-11-30T09:00:00+00:00", "mori", "desk", "opened", "day", "2026-09-29", 80.0, 120.0, 95.0, 100.0, 85.0, 118.0
)  # fmt: skip


def test_what_is_recorded_is_read_in_its_order(tmp_path):
    file = tmp_path / "quiz" / "guesses.jsonl"
    guesses = [replace(GUESS, who=who) for who in ("mori", "森", "mori")]
    for guess in guesses:
        record(file, guess)
    assert read(file).guesses == tuple(guesses)
    assert read(file).broken == ()
    assert [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] == [
        asdict(g) for g in guesses
    ]


def test_without_a_file_there_is_no_guess(tmp_path):
    assert read(tmp_path / "guesses.jsonl").guesses == ()


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"[]",
        b'{"who": "mori"}',
        json.dumps(asdict(GUESS) | {"more": 1}).encode(),
        json.dumps(asdict(GUESS) | {"low": "80"}).encode(),
        json.dumps(asdict(GUESS) | {"low": 130}).encode(),
        json.dumps(asdict(GUESS) | {"usual_high": 85.0}).encode(),
        json.dumps(asdict(GUESS) | {"value": float("nan")}).encode(),
        json.dumps(asdict(GUESS) | {"at": "yesterday"}).encode(),
        b"\xff\xfe",
    ],
)
def test_a_broken_line_is_named_by_its_number_and_stays_in_the_file(tmp_path, line):
    file = tmp_path / "guesses.jsonl"
    record(file, GUESS)
    with file.open("ab") as out:
        out.write(line + b"\n")
    record(file, GUESS)
    assert read(file).broken == (2,)
    assert len(read(file).guesses) == 2
    assert line in file.read_bytes()


def test_a_line_that_a_power_cut_left_without_an_end_does_not_swallow_the_next_one(tmp_path):
    file = tmp_path / "guesses.jsonl"
    record(file, GUESS)
    with file.open("ab") as out:
        out.write(b'{"at": "2026-11')
    record(file, GUESS)
    assert read(file).broken == (2,)
    assert read(file).guesses == (GUESS, GUESS)


def test_only_the_first_guess_on_a_number_and_period_counts(tmp_path):
    file = tmp_path / "guesses.jsonl"
    later = [replace(GUESS, low=90.0), replace(GUESS, period="2026-09-30"), replace(GUESS, who="sato")]
    for guess in (GUESS, *later):
        record(file, guess)
    assert read(file).of("mori") == (GUESS, later[1])
    assert read(file).of("nobody") == ()


def test_an_empty_table_of_guesses_has_its_columns():
    assert list(table([]).columns) == list(asdict(GUESS))
