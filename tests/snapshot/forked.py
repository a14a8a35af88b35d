"""Takes snapshots in processes that are killed or halted: `Forks` for tests, the driver when it is run.

The driver imports everything once and forks a child for each take, so that a kill falls into the
take and not into the start of Python. It opens no DuckDB connection itself: DuckDB's threads would
not survive the fork.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from cs_helpers.sources.usage_log import reduce_cells as reduced

_CHANGES = ("os.rename", "os.link", "os.remove", "os.rmdir", "shutil.rmtree")
TODAY = "2026-12-31"


class Forks:
    """A driver, to be told what to do with the next take."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )

    def take(self, company: Any, **when: Any) -> dict[str, Any]:
        """Takes a snapshot of a company and says how that ended: id or error, signal, seconds, changes.

        kill_after: seconds. kill_at, stop_at: before the n-th change of files, counted from 1.
        """
        return self._ask(
            sources=str(company.folder / "sources.yml"),
            products=str(company.folder / "products"),
            folder=str(company.snapshots),
            code=reduced._code_hash(),
            **when,
        )

    def resume(self, number: int) -> dict[str, Any]:
        """Sends a signal to the take that stopped, and says how it ended."""
        return self._ask(resume=number)

    def _ask(self, **asked: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        """Ends the driver; it ends when its input does."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)


def _child(asked: dict[str, Any], said: int) -> None:
    from cs_helpers.errors import WorkbookError
    from cs_helpers.snapshot.take import take_snapshot

    # who edits the package while tests run must not make the children's code another one
    reduced._code_hash = lambda: asked["code"]
    changes = []

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(arguments[1], str) and arguments[1][:1] in ("w", "x", "a")
        if not (event in _CHANGES or writes) or asked["folder"] not in str(arguments[0]):
            return
        changes.append(event)
        if len(changes) == asked.get("kill_at"):
            os.kill(os.getpid(), signal.SIGKILL)
        if len(changes) == asked.get("stop_at"):
            os.kill(os.getpid(), signal.SIGSTOP)

    sys.addaudithook(watch)
    found: dict[str, Any] = {}
    try:
        found["id"] = take_snapshot(
            Path(asked["sources"]),
            folder=Path(asked["folder"]),
            products=Path(asked["products"]),
            today=date.fromisoformat(TODAY),
        ).id
    except WorkbookError as error:
        found["error"] = str(error)
    found["changes"] = len(changes)
    if asked.get("modules"):
        found["modules"] = sorted(sys.modules)
    os.write(said, json.dumps(found).encode())


class _Take:
    """A child of the driver."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.asked, self.begun = asked, time.monotonic()
        self.said, other = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            code = 1
            try:
                _child(asked, other)
                code = 0
            finally:
                os._exit(code)
        os.close(other)

    def ended(self) -> dict[str, Any]:
        after = self.asked.get("kill_after")
        if after is not None:
            # a child that ended before is not reaped yet, so that its number is no other's
            time.sleep(after)
            os.kill(self.pid, signal.SIGKILL)
        status = os.waitpid(self.pid, os.WUNTRACED)[1]
        if os.WIFSTOPPED(status):
            return {"stopped": self.pid}
        with os.fdopen(self.said) as text:
            said = json.loads(text.read() or "{}")
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        return {**said, "signal": number, "seconds": time.monotonic() - self.begun}


def _drive() -> None:
    import cs_helpers.snapshot.take  # noqa: F401

    take = None
    for line in sys.stdin:
        asked = json.loads(line)
        if "resume" in asked:
            os.kill(take.pid, asked["resume"])
        else:
            take = _Take(asked)
        found = take.ended()
        for name in found.pop("modules", ()):  # what the first take imported, the others need not
            with suppress(Exception):
                importlib.import_module(name)
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _drive()
