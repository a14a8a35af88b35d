"""The process that draws for a notebook: jobs come in at standard input, answers go out at standard output.

It opens each product, quarter and segment as the notebook would (`Workbook.open`), so what it draws is what a report shows.
It ends when its standard input is closed, that is with the kernel.
"""

from __future__ import annotations

import gc
import os
import pickle
import queue
import sys
import threading
from datetime import date
from functools import lru_cache
from typing import BinaryIO

from cs_helpers.contract.parameters import Parameters
from cs_helpers.errors import WorkbookError
from cs_helpers.live.calls import Behind, Call, file_of, outputs_of
from cs_helpers.live.workers import Answer, Job
from cs_helpers.snapshot import ProductData, Snapshot
from cs_helpers.widgets.accounts_behind import accounts_behind
from cs_helpers.workbook import Workbook

#: workbooks that stay open, with the results that they have worked out
_OPEN = 24


@lru_cache(_OPEN)
def _open(parameters: tuple[tuple[str, str], ...]) -> Workbook:
    checked = Parameters.check(dict(parameters))
    snapshot = Snapshot.open(checked.snapshot)
    return Workbook.of(checked, snapshot, _read(snapshot, checked.product, date.today()))


@lru_cache(8)
def _read(snapshot: Snapshot, product: str, _today: date) -> ProductData:
    """The tables of a product, read once a day: which rows may be kept depends on the day."""
    return snapshot.read(product)


def answer(job: Job, call: Call) -> Answer:
    """What a job asks of one call; a problem is said as a sentence."""
    try:
        workbook = _open(job.parameters)
        if job.point:
            found = accounts_behind(workbook, call.analysis, call.names[0], job.point, dict(call.options))
            return Answer(job, call, behind=Behind(job.point, found))
        if job.file:
            parameters = Parameters.check(dict(job.parameters))
            return Answer(job, call, file=file_of(workbook, call, job.file, parameters))
        return Answer(job, call, outputs_of(workbook, call))
    except WorkbookError as error:
        return Answer(job, call, problem=str(error))
    except Exception as error:  # of our own making: the page says so, the other outputs are still drawn
        return Answer(job, call, problem=f"{type(error).__name__}: {error}")


def serve(jobs: BinaryIO, answers: BinaryIO) -> None:
    """Answers jobs until there are no more; a newer job takes the place of what is left of the one before."""
    waiting: queue.SimpleQueue[Job | None] = queue.SimpleQueue()

    def read() -> None:
        while True:
            try:
                waiting.put(pickle.load(jobs))
            except (EOFError, OSError, pickle.UnpicklingError):
                waiting.put(None)
                return

    def send(answered: Answer) -> None:
        pickle.dump(answered, answers, protocol=pickle.HIGHEST_PROTOCOL)
        answers.flush()

    threading.Thread(target=read, daemon=True).start()
    while (job := waiting.get()) is not None:
        for call in job.calls:
            if not (waiting.empty() or job.file or job.point):
                break
            send(answer(job, call))
        send(Answer(job, None))


def main(arguments: list[str]) -> None:
    """Serves standard input and output; `--low` yields to everything else on the machine."""
    if "--low" in arguments and hasattr(os, "nice"):
        os.nice(10)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    gc.freeze()
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main(sys.argv[1:])
