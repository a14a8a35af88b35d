"""Progress of a batch: a live table on a terminal, plain lines elsewhere."""

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
from cs_helpers.report.quarterly import Callbacks
from cs_helpers.report.run import Outcome
from cs_helpers.text import Text as Words
from cs_helpers.text.errors import in_language
from cs_helpers.words.doubts import FILE

#: number of unconfirmed words that are printed; the file lists all of them
_MAX_WORDS = 8


class Progress:
    """Shows what runs, what is done, the time left, and failures as they happen.

    jobs: number of runs at a time. explain: also print for each run why it runs, or that it is up to date. text:
    the catalogue of the messages' language, default English.
    """

    def __init__(
        self, console: Console, *, jobs: int, explain: bool = False, text: Words | None = None
    ) -> None:
        self.console, self.jobs, self.explain, self.text = console, jobs, explain, text or Words("en")
        self.started_at = time.monotonic()
        self.running: dict[str, tuple[str, float]] = {}  # file -> label, when it started
        self.remaining: dict[str, float | None] = {}  # file -> seconds of its last run, None where unknown
        self.durations: list[float] = []
        self.failed = self.due = 0
        self.live = Live(
            console=console, get_renderable=self._render, refresh_per_second=4, transient=True
        ) if console.is_terminal else None  # fmt: skip

    def __enter__(self) -> Callbacks:
        return Callbacks(
            planned=self.planned, started=self.started, ended=self.ended, unconfirmed=self.unconfirmed
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live is not None and self.live.is_started:
            self.live.stop()

    def planned(
        self, runs: Sequence[Run], reasons: Mapping[str, str], durations: Mapping[str, float]
    ) -> None:
        """Prints how many reports are up to date; with `explain` also why each run is due."""
        due = [run for run in runs if reasons[run.file]]
        self.due = len(due)
        self.remaining = {run.file: durations.get(run.file) for run in due}
        if self.explain:
            for run in runs:
                reason = in_language(reasons[run.file], self.text.language)
                key = "console.due" if reason else "console.not_due"
                self.console.print(escape(self.text(key, run=run.label, why=reason)))
        if self.due < len(runs):
            self.console.print(self.text("console.up_to_date", count=len(runs) - self.due, total=len(runs)))
        if self.due and self.live is not None:
            self.live.start()

    def started(self, run: Run) -> None:
        """Records the start of a run."""
        self.running[run.file] = (run.label, time.monotonic())

    def ended(self, outcome: Outcome) -> None:
        """Prints a line for a run that ended, and its problems."""
        run = outcome.run
        self.running.pop(run.file, None)
        self.remaining.pop(run.file, None)
        self.durations.append(outcome.seconds)
        self.failed += outcome.status == "failed"
        done = self.due - len(self.remaining)
        state = self.text(f"console.state.{outcome.status}")
        state = f"[bold red]{state}[/]" if outcome.status == "failed" else state
        seconds = self.text.number(outcome.seconds, 1)
        self.console.print(
            self.text("console.ended", done=done, due=self.due, run=run.label, state=state, seconds=seconds)
        )
        for problem in outcome.problems:
            self.console.print(f"  {escape(self._problem(problem))}", style="red")

    def _problem(self, problem: Problem) -> str:
        """A problem in words: its code in English, in other languages the sentence of the failed run's page."""
        kind, language = problem.code, self.text.language
        if language != "en":
            kind = self.text(
                key if self.text.has(key := f"report.problem.{kind}") else "report.problem.error"
            )
        error, _, message = problem.detail.partition(": ")
        translated = in_language(message, language) if error.isidentifier() else message
        detail = translated if translated != message else in_language(problem.detail, language)
        return self.text("console.problem", kind=kind, detail=detail)

    def unconfirmed(self, words: Sequence[str]) -> None:
        """Prints the words that are masked for leadership until somebody confirms that they are no names."""
        text, shown = self.text, self.text.join_list(list(words[:_MAX_WORDS]))
        if len(words) > _MAX_WORDS:
            shown = text("console.unconfirmed_more", words=shown, count=len(words) - _MAX_WORDS)
        file = paths.display_path(paths.names() / FILE)
        sentence = text("console.unconfirmed", count=len(words), words=shown, file=file)
        self.console.print(escape(sentence), style="yellow")

    def seconds_left(self) -> float | None:
        """Estimated seconds until the batch ends; None where nothing is known of some run.

        A run is taken to last as long as the last time, a new one as long as the mean of this batch.
        """
        mean = statistics.fmean(self.durations) if self.durations else None
        if not self.remaining:
            return 0.0
        expected = [mean if seconds is None else seconds for seconds in self.remaining.values()]
        if any(seconds is None for seconds in expected):
            return None
        now = time.monotonic()
        spent = sum(now - started for _, started in self.running.values())
        return max(sum(seconds for seconds in expected if seconds is not None) - spent, 0.0) / self.jobs

    def _render(self) -> RenderableType:
        done = self.due - len(self.remaining)
        left = self.seconds_left()
        text, elapsed = self.text, _clock(time.monotonic() - self.started_at)
        words = [text("console.done", done=done, due=self.due), text("console.gone", time=elapsed)]
        words += [text("console.left", time=_clock(left))] if left is not None else []
        words += [text("console.so_many_failed", count=self.failed)] if self.failed else []
        rows = Table.grid(padding=(0, 2))
        for label, started in self.running.values():
            rows.add_row(Text("…"), Text(label), Text(_clock(time.monotonic() - started), style="dim"))
        bar = ProgressBar(total=max(self.due, 1), completed=done, width=40)
        state = Table.grid(padding=(0, 2))
        state.add_row(bar, Text(text.join_list(words), style="bold red" if self.failed else "bold"))
        return Group(rows, state)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
