"""A batch as it goes on: a live table on a terminal, plain lines anywhere else."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cs_helpers import paths
from cs_helpers.report.manifest import Problem
from cs_helpers.report.plan import Run
from cs_helpers.report.quarterly import Watch
from cs_helpers.report.run import Outcome
from cs_helpers.text import Text as Words
from cs_helpers.text.errors import in_language
from cs_helpers.words.doubts import FILE

#: so many words that may be names are named; all of them are in the list
_WORDS = 8


class Progress:
    """What runs, what is done, how long is left, and failures as they happen.

    explain: also say of each run why it runs, or that it is up to date. text: in whose words, default: English.
    """

    def __init__(
        self, console: Console, *, jobs: int, explain: bool = False, text: Words | None = None
    ) -> None:
        self.console, self.jobs, self.explain, self.text = console, jobs, explain, text or Words("en")
        self.began = time.monotonic()
        self.running: dict[str, tuple[str, float]] = {}
        self.left: dict[str, float | None] = {}
        self.took: list[float] = []
        self.failed = self.due = 0
        self.live = Live(
            console=console, get_renderable=self._drawn, refresh_per_second=4, transient=True
        ) if console.is_terminal else None  # fmt: skip

    def __enter__(self) -> Watch:
        return Watch(
            planned=self.planned, started=self.started, ended=self.ended, unconfirmed=self.unconfirmed
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live is not None and self.live.is_started:
            self.live.stop()

    def planned(self, runs: Sequence[Run], reasons: Mapping[str, str], took: Mapping[str, float]) -> None:
        """Says what is up to date, and why the others are not if that was asked for."""
        due = [run for run in runs if reasons[run.file]]
        self.due = len(due)
        self.left = {run.file: took.get(run.file) for run in due}
        if self.explain:
            for run in runs:
                why = in_language(reasons[run.file], self.text.language)
                line = "console.due" if why else "console.not_due"
                self.console.print(escape(self.text(line, run=run.label, why=why)))
        if self.due < len(runs):
            self.console.print(self.text("console.up_to_date", count=len(runs) - self.due, total=len(runs)))
        if self.due and self.live is not None:
            self.live.start()

    def started(self, run: Run) -> None:
        """A run begins."""
        self.running[run.file] = (run.label, time.monotonic())

    def ended(self, outcome: Outcome) -> None:
        """A run ended: a line for it, and what went wrong."""
        run = outcome.run
        self.running.pop(run.file, None)
        self.left.pop(run.file, None)
        self.took.append(outcome.seconds)
        self.failed += outcome.status == "failed"
        done = self.due - len(self.left)
        state = self.text(f"console.state.{outcome.status}")
        state = f"[bold red]{state}[/]" if outcome.status == "failed" else state
        seconds = self.text.number(outcome.seconds, 1)
        self.console.print(
            self.text("console.ended", done=done, due=self.due, run=run.label, state=state, seconds=seconds)
        )
        for problem in outcome.problems:
            self.console.print(f"  {escape(self._problem(problem))}", style="red")

    def _problem(self, problem: Problem) -> str:
        """What went wrong: in English its code, else the sentence that the page of the run has."""
        kind, language = problem.code, self.text.language
        if language != "en":
            kind = self.text(
                key if self.text.has(key := f"report.problem.{kind}") else "report.problem.error"
            )
        error, _, message = problem.detail.partition(": ")
        known = in_language(message, language) if error.isidentifier() else message
        detail = known if known != message else in_language(problem.detail, language)
        return self.text("console.problem", kind=kind, detail=detail)

    def unconfirmed(self, words: Sequence[str]) -> None:
        """Words that leadership does not read until somebody says that they are no names."""
        text, shown = self.text, self.text.join_list(list(words[:_WORDS]))
        if len(words) > _WORDS:
            shown = text("console.unconfirmed_more", words=shown, count=len(words) - _WORDS)
        file = paths.display_path(paths.names() / FILE)
        sentence = text("console.unconfirmed", count=len(words), words=shown, file=file)
        self.console.print(escape(sentence), style="yellow")

    def seconds_left(self) -> float | None:
        """What is still to do, by what each run took the last time, or else by those of this batch."""
        usual = statistics.fmean(self.took) if self.took else None
        if not self.left:
            return 0.0
        each = [usual if took is None else took for took in self.left.values()]
        if any(e is None for e in each):
            return None
        now = time.monotonic()
        spent = sum(now - since for _, since in self.running.values())
        return max(sum(e for e in each if e is not None) - spent, 0.0) / self.jobs

    def _drawn(self) -> RenderableType:
        done = self.due - len(self.left)
        left = self.seconds_left()
        text, gone = self.text, _clock(time.monotonic() - self.began)
        words = [text("console.done", done=done, due=self.due), text("console.gone", time=gone)]
        words += [text("console.left", time=_clock(left))] if left is not None else []
        words += [text("console.so_many_failed", count=self.failed)] if self.failed else []
        rows = Table.grid(padding=(0, 2))
        for label, since in self.running.values():
            rows.add_row(Text("…"), Text(label), Text(_clock(time.monotonic() - since), style="dim"))
        bar = ProgressBar(total=max(self.due, 1), completed=done, width=40)
        state = Table.grid(padding=(0, 2))
        state.add_row(bar, Text(text.join_list(words), style="bold red" if self.failed else "bold"))
        return Group(rows, state)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
