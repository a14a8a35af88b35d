"""A headless Chromium that prints pages and draws pictures of them.

One process serves all pages. It is driven through a pair of pipes (Chrome DevTools Protocol, `--remote-debugging-pipe`),
so no port is open through which other users of the machine could read the pages. It reads no file and reaches no
network: each page is handed to it, every other request is refused, and scripts do not run.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from cs_helpers.errors import ReportError

#: environment variable with the path of Chromium, or a command line that starts it
VARIABLE = "CS_WORKBOOK_CHROMIUM"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
#: where the pages seem to lie; a name that no network can know
ORIGIN = "https://report.invalid/"
#: seconds that Chromium may take to start, and to load or print a page
_PATIENCE = 120
_OPTIONS = (
    "--headless", "--remote-debugging-pipe", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
)  # fmt: skip
#: gives the process the two pipes as the file descriptors 3 and 4, where Chromium expects them
_LAUNCHER = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
for end, place in zip(ends, (3, 4)):
    os.dup2(end, place)
    os.close(end)
os.execvp(sys.argv[3], sys.argv[3:])
"""


def chromium_command() -> list[str]:
    """The command that starts Chromium. Raises `ReportError` where there is none."""
    named = os.environ.get(VARIABLE, "")
    if named:
        command = [named] if Path(named).is_file() else shlex.split(named)
        if command and shutil.which(command[0]):
            return command
        raise ReportError(
            f"{VARIABLE} names no program that can be started: {named}; set it to the path of Chromium or Chrome"
        )
    found = next((path for name in (*_NAMES, _MAC) if (path := shutil.which(name))), None)
    if found is None:
        raise ReportError(
            f"there is no Chromium on this machine, which PDFs and pictures need; install Chromium or Chrome, or"
            f" set {VARIABLE} to its path"
        )
    return [found]


class Browser:
    """A headless Chromium; use it in a `with` statement.

    Raises `ReportError` where it is missing, does not start, ends or does not answer.
    """

    def __init__(self) -> None:
        self._command = chromium_command()
        self._number = 0
        self._unread = b""

    def __enter__(self) -> Browser:
        self._profile = tempfile.TemporaryDirectory(
            prefix="cs-workbook-chromium-", ignore_cleanup_errors=True
        )
        self._errors = tempfile.TemporaryFile()
        its_input, self._to = os.pipe()
        self._from, its_output = os.pipe()
        # a process of root has no sandbox; the pages are our own and their scripts do not run
        sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        self._process = subprocess.Popen(
            [
                sys.executable, "-I", "-S", "-c", _LAUNCHER, str(its_input), str(its_output), *self._command, *_OPTIONS,
                *sandbox, f"--user-data-dir={self._profile.name}", "about:blank",
            ],
            pass_fds=(its_input, its_output),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            start_new_session=True,
        )  # fmt: skip
        os.close(its_input)
        os.close(its_output)
        try:
            self._call("Browser.getVersion")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            with suppress(ReportError, subprocess.TimeoutExpired):
                self._send("Browser.close", {}, "")
                self._process.wait(10)
        self._end()

    def _end(self) -> None:
        """Ends the process and what it started, and deletes its profile."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for end in (self._to, self._from):
            os.close(end)
        self._errors.close()
        self._profile.cleanup()

    def pdf(self, page: str, name: str, **options: Any) -> bytes:
        """A page as a PDF on A4 with tags and an outline; `name`: where it lies, for its relative links.

        Links that lead out of the page lead to `ORIGIN`. options: of the protocol's Page.printToPDF.
        """
        session = self._open(page, name)
        printed = self._call(
            "Page.printToPDF",
            {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True, **options},
            session.id,
        )
        self._call("Target.closeTarget", {"targetId": session.target})
        return base64.b64decode(printed["data"])

    def picture(self, page: str, width: int, height: int, scale: float = 2.0) -> bytes:
        """The upper left of a page as a PNG, `width` x `height` CSS pixels, `scale` pixels to each."""
        session = self._open(page, "picture.html")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": scale}
        shot = self._call(
            "Page.captureScreenshot",
            {"format": "png", "clip": clip, "captureBeyondViewport": True},
            session.id,
        )
        self._call("Target.closeTarget", {"targetId": session.target})
        return base64.b64decode(shot["data"])

    def _open(self, page: str, name: str) -> _Session:
        """Shows a page in a new tab, and waits until it is loaded."""
        target = self._call("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self._call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        self._call("Page.enable", {}, session)
        self._call("Emulation.setScriptExecutionDisabled", {"value": True}, session)
        self._call("Fetch.enable", {"patterns": [{"urlPattern": "*"}]}, session)
        address = f"{ORIGIN}{name}"
        self._send("Page.navigate", {"url": address}, session)
        deadline = time.monotonic() + _PATIENCE
        while (message := self._receive(deadline)).get("method") != "Page.loadEventFired":
            if message.get("method") == "Fetch.requestPaused":
                asked = message["params"]
                if asked["request"]["url"] == address:
                    answer = {
                        "responseCode": 200,
                        "responseHeaders": [{"name": "Content-Type", "value": "text/html; charset=utf-8"}],
                        "body": base64.b64encode(page.encode()).decode(),
                    }
                    self._send("Fetch.fulfillRequest", {"requestId": asked["requestId"], **answer}, session)
                else:
                    refused = {"requestId": asked["requestId"], "errorReason": "BlockedByClient"}
                    self._send("Fetch.failRequest", refused, session)
        return _Session(target, session)

    def _call(self, method: str, parameters: Mapping[str, Any] | None = None, session: str = "") -> Any:
        """The result of a command of the protocol."""
        number = self._send(method, parameters or {}, session)
        deadline = time.monotonic() + _PATIENCE
        while (answer := self._receive(deadline)).get("id") != number:
            pass
        if "error" in answer:
            raise ReportError(f"Chromium refused to print a page: {answer['error'].get('message', '')}")
        return answer["result"]

    def _send(self, method: str, parameters: Mapping[str, Any], session: str) -> int:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        content = json.dumps({**message, **({"sessionId": session} if session else {})}).encode() + b"\0"
        try:
            while content:
                content = content[os.write(self._to, content) :]
        except OSError:
            self._raise_ended()
        return self._number

    def _receive(self, deadline: float) -> dict[str, Any]:
        """The next message of Chromium."""
        parts = [self._unread]
        while b"\0" not in parts[-1]:
            ready, _, _ = select.select([self._from], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise ReportError(
                    f"Chromium did not answer within {_PATIENCE} seconds; close other programs and try again"
                )
            part = os.read(self._from, 1 << 20)
            if not part:
                self._raise_ended()
            parts.append(part)
        message, _, self._unread = b"".join(parts).partition(b"\0")
        return dict(json.loads(message))

    def _raise_ended(self) -> None:
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        last = lines[-1] if lines else "it said nothing"
        raise ReportError(
            f"Chromium ended before it was done ({last}); start {self._command[0]} by hand to see why"
        )


class _Session:
    """A tab: the ids of its target and of the session with it."""

    def __init__(self, target: str, session: str) -> None:
        self.target, self.id = target, session
