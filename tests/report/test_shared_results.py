"""What an analysis found is worked out once for all reports of a batch, and by nobody else."""

from __future__ import annotations

import json
from contextlib import suppress

import pandas as pd
import pytest
from small import GOOD, notebook

from cs_helpers import paths, shared_results
from cs_helpers.editions.leadership import NameFindings
from cs_helpers.report.quarterly import quarterly_report
from cs_helpers.shared_results import VARIABLE, shared
from cs_helpers.snapshot import Snapshot
from cs_helpers.workbook import Workbook

pytestmark = pytest.mark.usefixtures("one_zygote")

#: analyses what builds on others, and writes down each analysis that it works out
COUNTED = """
from pathlib import Path
from cs_helpers import Workbook
from cs_helpers.declaration import Analysis
_kept = Analysis.analyse
def _counted(self, data, quarter, results=None):
    with Path({log!r}).open("a") as out:
        out.write(f"{{self.name}} {{quarter}}\\n")
    return _kept(self, data, quarter, results)
Analysis.analyse = _counted
_workbook = Workbook.open(product=product, quarter=quarter, language=language, snapshot=snapshot, audience=audience)
_result = _workbook.analyse("means")
with Path({log!r} + ".found").open("a") as out:
    out.write(repr(sorted(_result.tables)) + repr(_result.verdicts) + repr(_result.findings) + "\\n")
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "shared").mkdir()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "shared"))
    return tmp_path / "shared"


def test_a_batch_works_an_analysis_out_once_for_all_its_reports(at_home, tmp_path):
    log = tmp_path / "log"
    counted = COUNTED.format(log=str(log))
    at_home(alpha=notebook(GOOD, counted), beta=notebook(GOOD, counted))
    batch = quarterly_report(Snapshot.open(), products=["helpdesk"], jobs=1)
    assert batch.failed == ()
    lines = log.read_text("utf-8").splitlines()
    assert "means 2026Q3" in lines
    assert "playbook 2026Q3" in lines
    assert len(lines) == len(set(lines))
    first, second = log.with_suffix(".found").read_text("utf-8").splitlines()
    assert first == second


def test_another_batch_works_it_out_anew(at_home, tmp_path):
    log = tmp_path / "log"
    at_home(alpha=notebook(GOOD, COUNTED.replace("means", "revenue").format(log=str(log))))
    for _ in range(2):
        assert quarterly_report(Snapshot.open(), products=["helpdesk"], jobs=1, force=True).failed == ()
    lines = log.read_text("utf-8").splitlines()
    assert lines.count("revenue 2026Q3") == 2


def test_each_key_has_its_own_value_and_what_was_found_is_not_worked_out_again(folder):
    table = pd.DataFrame({"n": [1, 2], "who": ["a", None]})
    assert shared(["health", "desk"], lambda: table) is table
    pd.testing.assert_frame_equal(shared(["health", "desk"], lambda: pd.DataFrame()), table)
    assert shared(["health", "other desk"], lambda: 3) == 3
    assert sorted(len(file.name) for file in folder.iterdir()) == [64, 64]  # nothing unfinished


def test_what_fails_is_not_kept(folder):
    def fails():
        raise ValueError("no")

    with suppress(ValueError):
        shared(["a"], fails)
    assert shared(["a"], lambda: 1) == 1


def test_on_a_full_disk_it_is_worked_out_each_time(folder, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shared_results.pickle, "dump", full)
    assert shared(["a"], lambda: 1) == 1
    assert shared(["a"], lambda: 2) == 2


def test_outside_of_a_batch_nothing_is_shared(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert [shared(["a"], lambda n=n: n) for n in (1, 2)] == [1, 2]


def test_a_run_that_takes_over_a_result_hands_on_the_names_that_were_found_for_it(
    home, folder, tmp_path, monkeypatch
):
    """So that a person keeps the number of the pseudonym although the run that found the name fails."""
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(home))
    names = {"persons": {"A-1\n田中": 7}, "doubts": {"Tanaka": "asked Tanaka"}}
    worked_out = []

    def masked(analysis, _, data, quarter, *__):
        worked_out.append(analysis.name)
        return analysis.analyse(data, quarter), NameFindings(**names)

    monkeypatch.setattr("cs_helpers.workbook.leadership_result", masked)
    for n in (1, 2):
        file = tmp_path / f"{n}.json"
        monkeypatch.setenv(paths.HANDOVER_VARIABLE, str(file))
        Workbook.open(product="paper_to_web", quarter="2026Q3", audience="leadership").analyse("revenue")
        assert json.loads(file.read_text("utf-8")) == names
    assert worked_out == ["revenue"]
