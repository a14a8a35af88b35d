"""The CI job that tries the newest releases of other libraries: what it runs, and how loudly it fails."""

import importlib.util
import json
import sys
from importlib.machinery import SourceFileLoader
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def newest(monkeypatch):
    """The script as a module; nothing of it is installed."""
    monkeypatch.setattr(
        sys, "dont_write_bytecode", True
    )  # it has no ending: Python would put a file beside it
    loader = SourceFileLoader("newest", str(ROOT / ".ci" / "newest"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("newest", loader))
    loader.exec_module(module)
    monkeypatch.setattr(module.install, "commands", lambda *_: [])
    monkeypatch.setattr(sys, "argv", ["newest"])
    return module


def test_it_knows_the_locked_versions(newest):
    assert newest.locked() == {name: version(name) for name in newest.LIBRARIES}


def test_the_tests_it_runs_are_there(newest):
    assert [test for test in newest.TESTS if not (ROOT / test).exists()] == []


def test_where_the_newest_releases_are_the_locked_ones_nothing_is_run(newest, monkeypatch, capsys):
    monkeypatch.setattr(newest, "newest", newest.locked)
    monkeypatch.setattr(newest, "failures", lambda *_: pytest.fail("ran tests"))
    assert newest.main() == 0
    assert "nothing to try" in capsys.readouterr().out


@pytest.mark.parametrize("fails", [[], ["tests.charts.test_rendering::test_a: wrong"]])
def test_both_tries_are_run_and_a_failure_is_the_last_thing_told(newest, monkeypatch, capsys, fails):
    lock = newest.locked()
    within, beyond = lock | {"pandas": "3.1.9"}, lock | {"pandas": "4.0.0"}
    there = iter([within, beyond])
    monkeypatch.setattr(newest, "newest", lambda: beyond)
    monkeypatch.setattr(newest, "installed", lambda _: next(there))
    monkeypatch.setattr(newest, "ran", lambda command, **_: "")
    monkeypatch.setattr(newest, "failures", lambda *_: fails)
    assert newest.main() == (1 if fails else 0)
    said = capsys.readouterr().out
    assert f"pandas {lock['pandas']} -> 3.1.9" in said
    assert f"pandas {lock['pandas']} -> 4.0.0" in said
    if fails:
        *_, title, first, second, rule = said.splitlines()
        assert title == "THE NEWEST RELEASES BREAK 2 TESTS"
        assert first == f"  pandas {lock['pandas']} -> 3.1.9: {fails[0]}"
        assert second == f"  pandas {lock['pandas']} -> 4.0.0: {fails[0]}"
        assert set(rule) == {"!"}


def test_a_package_index_that_does_not_answer_is_told_as_loudly(newest, monkeypatch, capsys):
    monkeypatch.setattr(newest, "newest", lambda: newest.ran([sys.executable, "-c", "exit('no index')"]))
    assert newest.main() == 2
    said = capsys.readouterr().out
    assert "COULD NOT BE RUN" in said
    assert "no index" in said


def test_a_failed_test_is_named_with_its_error(newest, monkeypatch, tmp_path):
    (tmp_path / "test_one.py").write_text("def test_good(): pass\ndef test_bad(): assert 1 == 2\n")
    monkeypatch.setattr(newest, "TESTS", (str(tmp_path / "test_one.py"),))
    (failed,) = newest.failures(sys.executable, tmp_path)
    assert "test_one::test_bad: assert 1 == 2" in failed


def test_the_newest_releases_are_read_from_pips_report(newest, monkeypatch):
    report = {"install": [{"metadata": {"name": n, "version": "9"}} for n in newest.LIBRARIES]}
    monkeypatch.setattr(newest, "ran", lambda command: json.dumps(report))
    assert newest.newest() == dict.fromkeys(newest.LIBRARIES, "9")
