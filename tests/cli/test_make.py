"""`make` lists its commands and refuses what it does not know."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(*arguments):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, env=clean, capture_output=True, text=True, check=False
    )


def test_a_misspelt_variable_is_named_with_those_there_are():
    done = make("-n", "quarterly-report", "QUARTR=2026Q3")
    assert done.returncode != 0
    assert "there is no variable QUARTR" in done.stderr
    assert "QUARTER" in done.stderr


def test_a_bare_make_lists_the_commands():
    done = make()
    assert done.returncode == 0
    for target in (
        "quarterly-report",
        "test",
        "check",
        "lab",
        "dashboard",
        "snapshot",
        "sample",
        "dictionary",
        "clean",
        "bundle",
        "digest",
        "slides",
    ):
        assert f"make {target}" in done.stdout


def test_what_make_is_told_becomes_the_options_of_the_command():
    done = make(
        "-n", "quarterly-report", "QUARTER=2026Q3", "PRODUCTS=a,b", "LANGUAGE=ja", "NOTEBOOKS=x", "JOBS=2", "FORCE=1",
        "DATA=own.yml",
    )  # fmt: skip
    line = next(row for row in done.stdout.splitlines() if "cs-workbook report" in row)
    assert line.split("cs-workbook report ")[1].split() == [
        "--data='own.yml'", "--quarter='2026Q3'", "--product='a,b'", "--language='ja'", "--notebook='x'",
        "--jobs='2'", "--force",
    ]  # fmt: skip


def test_deliveries_take_the_quarter_the_edition_and_the_language():
    asked = ("QUARTER=2026Q3", "AUDIENCE=team", "LANGUAGE=ja", "OUTPUT=x.zip")
    for target, more, options in (
        ("bundle", (), ()),
        ("slides", (), ()),
        ("digest", ("SEND=1",), ("--send",)),
    ):
        done = make("-n", target, *asked, *more)
        line = next(row for row in done.stdout.splitlines() if f"cs-workbook {target}" in row)
        assert line.split(f"cs-workbook {target} ")[1].split() == [
            "--quarter='2026Q3'", "--audience='team'", "--language='ja'", "--output='x.zip'", *options,
        ]  # fmt: skip


def test_pdf_is_an_option_of_the_reports():
    assert " --pdf" in make("-n", "quarterly-report", "DATA=own.yml", "PDF=1").stdout
    assert " --pdf" not in make("-n", "quarterly-report", "DATA=own.yml", "PDF=0").stdout


def test_a_quote_in_a_value_stays_inside_the_value():
    done = make("-n", "quarterly-report", "DATA=own.yml", "QUARTER=2026Q3'; touch hacked; '")
    assert r"--quarter='2026Q3'\''; touch hacked; '\'''" in done.stdout


def test_the_language_of_the_desktop_is_not_the_language_of_the_reports(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "en_US:en")
    assert "--language" not in make("-n", "quarterly-report", "DATA=own.yml").stdout
