"""What a batch says of itself while it goes on."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from cs_helpers.contract.parameters import Parameters
from cs_helpers.paths import display_path, names
from cs_helpers.report import terminal_progress
from cs_helpers.report.manifest import Problem
from cs_helpers.report.plan import Run
from cs_helpers.report.run import Outcome
from cs_helpers.report.terminal_progress import Progress
from cs_helpers.text import Text
from cs_helpers.words.doubts import FILE


def run(product, notebook="10_alpha"):
    return Run(Path(f"{notebook}.ipynb"), Parameters.check({"product": product, "quarter": "2026Q3"}))


RUNS = [run(p) for p in ("a", "b", "c", "d")]


@pytest.fixture
def clock(monkeypatch):
    """A clock that is moved by hand."""
    now = [100.0]
    monkeypatch.setattr(terminal_progress.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=400)


def lines(console):
    return console.file.getvalue().splitlines()


def test_without_a_terminal_there_are_plain_lines(console):
    with Progress(console, jobs=2) as watch:
        watch.planned(
            RUNS,
            dict.fromkeys([r.file for r in RUNS[:2]], "it was not made before")
            | {r.file: "" for r in RUNS[2:]},
            {},
        )
        watch.started(RUNS[0])
        watch.ended(Outcome(RUNS[0], "published", seconds=1.23))
        watch.ended(Outcome(RUNS[1], "failed", problems=(Problem("error", "ValueError: [no]"),), seconds=0.5))
    assert lines(console) == [
        "2 of 4 reports are up to date",
        "1/2 a / alpha: done (1.2 s)",
        "2/2 b / alpha: failed (0.5 s)",
        "  error: ValueError: [no]",
    ]


def test_all_of_it_is_said_in_japanese_where_that_is_spoken(console):
    failures = (
        Problem("error", "ParameterError: parameter quarter='x': this is not a quarter."),
        Problem("snapshot", "snapshot 1: the file a is gone or damaged; delete the folder b and take the snapshot again"),
        Problem("too_large", "3 > 2 bytes"),
        Problem("error", "ValueError: [no]"),
    )  # fmt: skip
    with Progress(console, jobs=2, explain=True, text=Text("ja")) as watch:
        watch.planned(RUNS[:2], {RUNS[0].file: "it failed the last time", RUNS[1].file: ""}, {})
        watch.ended(Outcome(RUNS[0], "failed", problems=failures, seconds=1.23))
        watch.unconfirmed(["Kita", "Minami"])
    assert lines(console) == [
        "a / alpha：作成します（前回作成できませんでした）",
        "b / alpha：最新です",
        "2件中1件のレポートは最新です",
        "1/1 a / alpha：作成できませんでした（1.2秒）",
        "  ノートブックがエラーで停止しました。パラメータ quarter='x': 四半期ではありません。",
        "  元データのスナップショットが破損しているか、失われています。取り直しが必要です。スナップショット 1: ファイル a が"
        "ないか、壊れています。フォルダー b を削除し、スナップショットを作成し直してください",
        "  ページが大きすぎます。3 > 2 バイト",
        "  ノートブックがエラーで停止しました。ValueError: [no]",
        "メモの中に名前かもしれない語が2語あり、経営層向けでは伏せています：Kita、Minami。"
        f"{display_path(names() / FILE)} で名前かどうかを確認し、もう一度公開してください。",
    ]


def test_it_says_of_each_run_why_it_runs_or_not(console):
    with Progress(console, jobs=1, explain=True) as watch:
        watch.planned(RUNS[:2], {RUNS[0].file: "changed: code", RUNS[1].file: ""}, {})
    assert lines(console)[:2] == ["a / alpha: runs: changed: code", "b / alpha: up to date"]


def test_how_long_is_left_follows_from_what_runs_took_the_last_time(console, clock):
    progress = Progress(console, jobs=2)
    progress.planned(
        RUNS, {r.file: "x" for r in RUNS}, {RUNS[0].file: 10.0, RUNS[1].file: 4.0, RUNS[2].file: 4.0}
    )
    assert progress.seconds_left() is None  # nothing is known of the last one yet
    progress.started(RUNS[1])
    clock[0] += 2
    assert progress.seconds_left() is None
    progress.ended(Outcome(RUNS[1], "published", seconds=2.0))
    # 10 and 4 as the last time, the new one as those of this batch; two at a time
    assert progress.seconds_left() == pytest.approx((10 + 4 + 2) / 2)
    progress.started(RUNS[0])
    clock[0] += 3
    assert progress.seconds_left() == pytest.approx((10 + 4 + 2 - 3) / 2)
    for r in (RUNS[0], RUNS[2], RUNS[3]):
        progress.ended(Outcome(r, "published", seconds=1.0))
    assert progress.seconds_left() == 0


def test_a_terminal_shows_what_runs_what_is_done_and_how_long_is_left(clock):
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None)
    progress = Progress(console, jobs=2)
    progress.planned(RUNS, {r.file: "x" for r in RUNS}, {})
    progress.started(RUNS[0])
    progress.started(RUNS[1])
    clock[0] += 65
    progress.ended(Outcome(RUNS[0], "failed", problems=(Problem("timeout", "too long"),), seconds=65.0))
    progress.live.stop()
    shown = Console(file=io.StringIO(), width=100)
    shown.print(progress._render())
    text = shown.file.getvalue()
    assert "b / alpha  1:05" in text
    assert "1 of 4 done, 1:05 gone, about 1:05 left, 1 failed" in text
    assert "a / alpha: failed" in console.file.getvalue()
