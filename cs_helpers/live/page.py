"""What a notebook shows, kept as calls, and drawn anew for other parameters: what is in view first, the rest after it."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from cs_helpers.charts.points import with_points
from cs_helpers.contract.parameters import Parameters
from cs_helpers.live.calls import Behind, Call, File, Shows, page_of
from cs_helpers.live.workers import Answer, Answers, Job, Worker, cores
from cs_helpers.outputs import Output, display_html, recorded, replace_output
from cs_helpers.text import Text

#: letters of outputs that are kept, so that what was seen once is there at once; a figure has 100,000
KEPT = 150_000_000
#: environment variable: 0 works nothing out ahead
AHEAD_VARIABLE = "CS_WORKBOOK_AHEAD"

Key = tuple[tuple[tuple[str, str], ...], Call]


class Opened(Shows, Protocol):
    """The part of a workbook that a page needs."""

    @property
    def text(self) -> Text:
        """The words of the language."""


@dataclass
class Place:
    """Where a call stands in the notebook: its displays, for which parameters they were drawn, and the point followed.

    widget: that holds it where the page is a dashboard, in which displays cannot be replaced.
    """

    call: Call
    display_ids: list[str]
    shown_for: tuple[tuple[str, str], ...]
    point: str = ""
    widget: Any = None


@dataclass(frozen=True)
class Progress:
    """How far a redraw is: outputs drawn of all that are to be drawn; problem: what could not be drawn, '' for nothing."""

    done: int
    total: int
    is_running: bool
    problem: str = ""


@dataclass
class _Redraw:
    """A redraw that runs: its job, and the numbers of the places that wait."""

    number: int = 0
    waiting: list[int] = field(default_factory=list)
    total: int = 0
    problem: str = ""


class LivePage:
    """The outputs of a notebook's cells, which follow `change`.

    open_workbook: the workbook of parameters. progressed: is told how far a redraw is. neighbours: the parameters that a
    person may choose next, the likeliest first; they are worked out ahead where the machine has a second core.
    """

    def __init__(
        self,
        workbook: Opened,
        parameters: Parameters,
        open_workbook: Callable[[Parameters], Opened],
        *,
        progressed: Callable[[Progress], None] = lambda progress: None,
        neighbours: Callable[[], Iterable[Parameters]] = tuple,
        handed_over: Callable[[File], None] = lambda file: None,
    ) -> None:
        self.workbook, self.parameters = workbook, parameters
        self._opened_for = _values(parameters)
        self.places: list[Place] = []
        self.in_view: Sequence[int] = ()
        self._open, self._progressed = open_workbook, progressed
        self._neighbours, self._handed_over = neighbours, handed_over
        self._kept: OrderedDict[Key, list[Output]] = OrderedDict()
        self._letters = 0
        self._redraw = _Redraw()
        self._numbers = 0
        self._is_in_browser = False
        self._followers: list[Callable[[Opened], None]] = []
        self._loop = _running_loop()
        self._answers = Answers()
        results = Path(tempfile.mkdtemp(prefix="cs-workbook-live-"))
        self._front = Worker(self._answered, results)
        self._ahead = Worker(self._answered, results, low=True) if _works_ahead() else None
        self._ahead_jobs: list[Parameters] = []
        self._ahead_job: Job | None = None
        workers = [worker for worker in (self._front, self._ahead) if worker]
        self._finalizer = weakref.finalize(self, _end, workers, results)

    def close(self) -> None:
        """Ends the processes."""
        self._finalizer()

    def start(self) -> None:
        """Starts the processes, which take a second to import what they need."""
        for worker in (self._front, self._ahead):
            if worker:
                worker.start()

    def show(self, call: Call) -> None:
        """Displays a call for the parameters of the page, and keeps it."""
        if is_dashboard():
            self._show_in_widget(call)
            return
        with with_points(), recorded(displayed=True) as outputs:
            self.workbook.show(call)
            displayed = list(outputs)
            if not outputs:
                display_html("")
                displayed = [outputs.pop()]
        place = Place(call, [output.display_id for output in displayed], self._opened_for)
        self._keep((self._opened_for, call), outputs)
        self.places.append(place)
        if self._is_in_browser and self._opened_for == self._values:
            self._put(len(self.places) - 1)

    def _show_in_widget(self, call: Call) -> None:
        import ipywidgets as widgets
        from IPython.display import display

        with recorded(displayed=False) as outputs:
            self.workbook.show(call)
        place = Place(call, [], self._opened_for, widget=widgets.HTML(layout=widgets.Layout(width="100%")))
        self._keep((self._opened_for, call), outputs)
        self.places.append(place)
        text = _words(self.parameters.language)
        place.widget.value = page_of(outputs, call, len(self.places) - 1, self.parameters, text)
        display(place.widget)

    def follow(self, changed: Callable[[Opened], None]) -> None:
        """Has `changed` called with the workbook of each change, once the outputs are drawn."""
        self._followers.append(changed)

    def in_browser(self) -> None:
        """The page stands in a browser: outputs get what can be clicked."""
        self._is_in_browser = True
        for number in range(len(self.places)):
            self._put(number)
        self._progressed(self._progress(running=False))
        self._work_ahead()

    def change(self, **values: str) -> None:
        """Draws the page for other parameters."""
        self.parameters = Parameters.check({**self.parameters.model_dump(), **values})
        due = [n for n in self._in_order() if not self._put(n)]
        self._redraw = _Redraw(waiting=due, total=len(self.places))
        if not due:
            self._finished()
            return
        self._pause_ahead()
        self._ask_for_waiting()
        self._progressed(self._progress(running=True))

    def stop(self) -> None:
        """Stops a redraw; what is drawn stays."""
        if self._redraw.waiting:
            self._front.stop()
            self._front.start()
            self._redraw.number = -1
            self._progressed(self._progress(running=False))

    def ask_for_file(self, number: int, kind: str) -> None:
        """Has a file of a place made, which is handed over when it is there."""
        self._ask_beside(self.places[number], file=kind)

    def follow_point(self, number: int, point: str) -> None:
        """Has the customers behind a point of a figure shown below it; not any more where they are shown."""
        place = self.places[number]
        if place.point == point:
            self._put(number)
            return
        self._ask_beside(place, point=point)

    @property
    def waiting(self) -> list[int]:
        """The numbers of the places that are not drawn for the parameters of the page."""
        return list(self._redraw.waiting)

    def take_answers(self, timeout: float = 0.0) -> bool:
        """Draws what has been answered; whether there was anything. timeout: seconds to wait for the first answer."""
        answer = self._answers.take(timeout)
        found = answer is not None
        while answer is not None:
            self._take(answer)
            answer = self._answers.take()
        return found

    def wait(self, seconds: float = 60.0) -> bool:
        """Waits until a redraw has ended, where no event loop does; False where it takes longer."""
        while self._redraw.number > 0:
            if not self.take_answers(seconds):
                return False
        return True

    @property
    def _values(self) -> tuple[tuple[str, str], ...]:
        return _values(self.parameters)

    def _in_order(self) -> list[int]:
        """The numbers of the places: those in view, then the others."""
        seen = [n for n in self.in_view if n < len(self.places)]
        return [*seen, *(n for n in range(len(self.places)) if n not in set(seen))]

    def _put(self, number: int, behind: Behind | None = None) -> bool:
        """Shows what is kept of a place for the parameters of the page; whether anything is. behind: below its figure."""
        place = self.places[number]
        outputs = self._kept.get((self._values, place.call))
        if outputs is None:
            return False
        self._kept.move_to_end((self._values, place.call))
        text = _words(self.parameters.language)
        page = page_of(outputs, place.call, number, self.parameters, text, behind)
        if place.widget is not None:
            place.widget.value = page
        else:
            first, *others = place.display_ids
            replace_output(first, page)
            for other in others:
                replace_output(other, "")
            place.display_ids = [first]
        place.shown_for, place.point = self._values, behind.point if behind else ""
        return True

    def _keep(self, key: Key, outputs: Sequence[Output]) -> None:
        self._letters += _letters(outputs) - _letters(self._kept.pop(key, ()))
        self._kept[key] = list(outputs)
        while self._letters > KEPT and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._letters -= _letters(dropped)

    def _ask_for_waiting(self) -> None:
        self._redraw.number = self._next_number()
        calls = tuple(self.places[n].call for n in self._redraw.waiting)
        self._front.ask(Job(self._redraw.number, self._values, calls))

    def _ask_beside(self, place: Place, *, file: str = "", point: str = "") -> None:
        """Asks for a file, or the customers behind a point, of a place; a redraw that runs goes on after it."""
        self._pause_ahead()
        self._front.ask(Job(self._next_number(), self._values, (place.call,), file, point))
        if self._redraw.waiting and self._redraw.number > 0:
            self._ask_for_waiting()

    def _next_number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _answered(self, answer: Answer) -> None:
        """Called by the thread of a worker."""
        self._answers.put(answer)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.take_answers)

    def _take(self, answer: Answer) -> None:
        job, call = answer.job, answer.call
        if job is self._ahead_job or (self._ahead_job and job.number == self._ahead_job.number):
            self._take_ahead(answer)
            return
        if answer.file is not None:
            self._handed_over(answer.file)
        if answer.behind is not None and job.parameters == self._values:
            for number in [n for n, place in enumerate(self.places) if place.call == call]:
                self._put(number, answer.behind)
        is_drawn = not job.file and not job.point
        if call is not None and not answer.problem and is_drawn:
            self._keep((job.parameters, call), answer.outputs)
        if not is_drawn or job.number != self._redraw.number:
            return
        if answer.problem:
            self._redraw.problem = answer.problem
        elif call is not None:
            for number in [n for n in self._redraw.waiting if self.places[n].call == call]:
                self._put(number)
                self._redraw.waiting.remove(number)
        if call is None or not self._redraw.waiting:
            self._finished()
        else:
            self._progressed(self._progress(running=True))

    def _finished(self) -> None:
        """The redraw has ended: the workbook of the notebook and what follows it are those of the parameters."""
        self._progressed(self._progress(running=False))
        if not self._redraw.problem:
            self.workbook, self._opened_for = self._open(self.parameters), self._values
            for changed in self._followers:
                changed(self.workbook)
            if any(place.shown_for != self._values for place in self.places):  # shown while this was drawn
                self.change()
                return
        self._redraw.number = -1
        self._work_ahead()

    def _progress(self, *, running: bool) -> Progress:
        redraw = self._redraw
        return Progress(redraw.total - len(redraw.waiting), redraw.total, running, redraw.problem)

    def _work_ahead(self) -> None:
        if self._ahead is not None and self._is_in_browser:
            self._ahead_jobs = list(self._neighbours())
            self._next_ahead()

    def _next_ahead(self) -> None:
        assert self._ahead
        self._ahead_job = None
        while self._ahead_jobs and self._ahead_job is None:
            values = _values(self._ahead_jobs.pop(0))
            first = [n for n in self._in_order() if n in set(self.in_view)] or [0]
            calls = [self.places[n].call for n in first if n < len(self.places)]
            due = tuple(call for call in calls if (values, call) not in self._kept)
            if due:
                self._ahead_job = Job(self._next_number(), values, due)
                self._ahead.ask(self._ahead_job)

    def _take_ahead(self, answer: Answer) -> None:
        if answer.call is None:
            self._next_ahead()
        elif not answer.problem:
            self._keep((answer.job.parameters, answer.call), answer.outputs)

    def _pause_ahead(self) -> None:
        """Has the process that works ahead drop what it has not begun."""
        if self._ahead is not None and self._ahead_job is not None:
            self._ahead_jobs, self._ahead_job = [], None
            self._ahead.ask(Job(self._next_number(), self._values, ()))


def is_dashboard() -> bool:
    """Whether this kernel belongs to a page of Voila, which shows a display as it was first and replaces none."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("voila/")


def _values(parameters: Parameters) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(parameters.model_dump().items()))


@cache
def _words(language: str) -> Text:
    return Text(language)


def _letters(outputs: Iterable[Output]) -> int:
    return sum(len(output.html) + len(output.csv) for output in outputs)


def _works_ahead() -> bool:
    return cores() > 1 and os.environ.get(AHEAD_VARIABLE, "1") != "0"


def _running_loop() -> Any:
    """The event loop of the kernel; None outside of one."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _end(workers: Iterable[Worker], results: Path) -> None:
    for worker in workers:
        worker.stop()
    shutil.rmtree(results, ignore_errors=True)
