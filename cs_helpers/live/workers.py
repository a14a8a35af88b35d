"""A process that draws what a notebook shows, so that the notebook's own stays free and long work can be stopped."""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cs_helpers import shared_results
from cs_helpers.errors import ReportError
from cs_helpers.live.calls import Behind, Call, File
from cs_helpers.outputs import Output

#: what is said where a worker ended by itself
ENDED = str(ReportError("the process that draws has ended, perhaps for want of memory; choose again"))


@dataclass(frozen=True)
class Job:
    """What a worker shall draw: some calls for some parameters, in this order.

    number: of the job, by which its answers are known; a worker that gets another job drops what is left of this one.
    file: the kind of file wanted of the only call, instead of its outputs. point: the key of a point of its figure: the
    customers behind it are wanted.
    """

    number: int
    parameters: tuple[tuple[str, str], ...]
    calls: tuple[Call, ...]
    file: str = ""
    point: str = ""


@dataclass(frozen=True)
class Answer:
    """One call of a job: its outputs, its file or the customers behind a point, or the sentence of what is wrong.

    call None: the job has ended.
    """

    job: Job
    call: Call | None
    outputs: Sequence[Output] = ()
    file: File | None = None
    behind: Behind | None = None
    problem: str = ""


class Worker:
    """A process for jobs, started with the first one; each answer is handed to `answered`, from a thread.

    results: the folder that workers share their results in (`shared_results`). low: yields to everything else.
    """

    def __init__(self, answered: Callable[[Answer], None], results: Path, *, low: bool = False) -> None:
        self._answered, self._results, self._low = answered, results, low
        self._process: subprocess.Popen[bytes] | None = None
        self._job: Job | None = None

    def start(self) -> None:
        """Starts the process, which then imports what it needs; nothing where it runs."""
        if self._process is not None and self._process.poll() is None:
            return
        environment = {**os.environ, shared_results.VARIABLE: str(self._results)}
        low = ["--low"] if self._low else []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cs_helpers.live_worker", *low],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment,
            start_new_session=True,  # what interrupts the kernel does not interrupt it
        )  # fmt: skip
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()

    def ask(self, job: Job) -> None:
        """Hands a job over; it takes the place of the one before."""
        self.start()
        self._job = job
        assert self._process
        assert self._process.stdin
        try:
            pickle.dump(job, self._process.stdin)
            self._process.stdin.flush()
        except OSError:  # it was killed from outside: the next one is asked
            self.stop()
            self.start()
            pickle.dump(job, self._process.stdin)
            self._process.stdin.flush()

    def stop(self) -> None:
        """Ends the process, whatever it does."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    if pipe:
                        pipe.close()
            process.wait()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        while True:
            try:
                answer: Answer = pickle.load(process.stdout)
            except (EOFError, OSError, ValueError, pickle.UnpicklingError):  # it has ended or was stopped
                break
            self._answered(answer)
        self._ended(process)

    def _ended(self, process: subprocess.Popen[bytes]) -> None:
        if self._process is process:  # not stopped by us, as where memory ran out: who waits is told
            self._process = None
            if self._job is not None:
                self._answered(Answer(self._job, None, problem=ENDED))


class Answers:
    """The answers of workers in their order, to be taken by the thread that may draw."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Answer] = queue.SimpleQueue()

    def put(self, answer: Answer) -> None:
        """Adds an answer, from any thread."""
        self._queue.put(answer)

    def take(self, timeout: float | None = 0.0) -> Answer | None:
        """The next answer; None where there is none within the seconds."""
        try:
            return self._queue.get(timeout=timeout) if timeout else self._queue.get_nowait()
        except queue.Empty:
            return None


def cores() -> int:
    """The cores that this process may use."""
    with suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
