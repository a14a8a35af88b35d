"""The process that kernels are forked from: it imports what notebooks import once, and waits.

`python -m cs_helpers.report.zygote ADDRESS LANGUAGES [IDLE]` listens on a Unix socket. A client sends one request
(a JSON object behind its length, and two file descriptors for stdout and stderr) and keeps the
connection: it is told when the kernel listens (`ready`), and how it ended (`exit`, a return code
as `subprocess` has them). What it sends later are signals for the kernel's process group. A kernel
whose client is gone is killed, so nothing outlives who asked for it.

Only a process with a single thread may be forked; what a library's threads hold would stay locked
in the child for ever. So nothing is read or queried here before a fork, and a fork is refused when
there is a thread that does not belong (`jemalloc_bg_thd` is pyarrow's and survives).
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from cs_helpers import paths
from cs_helpers.report.preload import preload

#: for glibc: what a figure gave back is kept for the next one, in place of a page fault for each page of it
_MEMORY = {
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "MALLOC_MMAP_THRESHOLD_": str(2**25),
    "MALLOC_TOP_PAD_": str(2**24),
}

#: new objects after which a kernel or a worker looks for garbage: those of some figures. At Python's own number, 700, a
#: kernel looked 40 to 110 times in a report, and hardly found any
GARBAGE = 50_000

#: what a batch tells its kernels besides: all would write to the user's history, one database, at once
NO_HISTORY = "--HistoryManager.enabled=False"

#: threads that a fork does not harm
_HARMLESS = frozenset({"jemalloc_bg_thd"})
_LENGTH = struct.Struct("!I")


def main(address: str, languages: Sequence[str], idle: float | None) -> None:
    """Listens on `address` until standard input ends, or for `idle` seconds without a kernel.

    languages: those that the kernels' reports are in.
    """
    gc.disable()  # imports make no garbage worth looking for
    for name, value in (
        ("OPENBLAS_NUM_THREADS", "1"),
        ("MPLBACKEND", "module://matplotlib_inline.backend_inline"),
    ):
        os.environ.setdefault(name, value)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever asked for the kernels
    with socket.socket(socket.AF_UNIX) as listener:
        Path(address).unlink(missing_ok=True)
        listener.bind(address)
        listener.listen(64)  # who connects now waits until the libraries are there
        place = Path(address).stat()
        try:
            preload(batch=idle is None)
            _warm(languages)
            _Server(listener, idle).serve()
        finally:
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(Path(address).stat(), place):
                    Path(address).unlink()


def _warm(languages: Sequence[str]) -> None:
    from cs_helpers.report.warmup import warm_up

    warm_up(languages)
    # a collection in a child would copy every page it looks at; to collect first takes a tenth of a second
    gc.freeze()


class _Server:
    """One loop over the listener, the clients, ended children and the lifeline."""

    def __init__(self, listener: socket.socket, idle: float | None) -> None:
        self.listener, self.idle = listener, idle
        self.clients: dict[int, socket.socket] = {}  # by the process of the kernel they asked for
        self.selector = selectors.DefaultSelector()
        woken, waking = socket.socketpair()
        for end in (woken, waking, listener):
            end.setblocking(False)
        self.woken, self.waking = woken, waking
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self.end)
        signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
        self.selector.register(listener, selectors.EVENT_READ, self.accept)
        self.selector.register(woken, selectors.EVENT_READ, self.reap)
        self.over = False
        if idle is None:
            self.selector.register(0, selectors.EVENT_READ, self.lifeline)

    def serve(self) -> None:
        """Serves until there is nobody to serve; then no kernel is left."""
        try:
            while not self.over:
                events = self.selector.select(self.idle)
                if not events and not self.clients:
                    return
                for key, _ in events:
                    key.data()
        finally:
            for pid in self.clients:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)

    def end(self, *_: object) -> None:
        """Whoever started this has no more use for it."""
        self.over = True

    def lifeline(self) -> None:
        """Standard input ended: whoever started this is gone."""
        self.over = not os.read(0, 4096)

    def accept(self) -> None:
        """A client asks for a kernel."""
        connection, _ = self.listener.accept()
        connection.settimeout(10)
        try:
            request, descriptors = _request(connection)
        except (OSError, ValueError):
            connection.close()
            return
        try:
            if threads := _threads():
                _say(connection, refused=f"there are threads: {', '.join(threads)}")
                connection.close()
                return
            pid = os.fork()
            if pid == 0:
                self._become_kernel(connection, request, descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        connection.setblocking(False)
        self.clients[pid] = connection
        self.selector.register(connection, selectors.EVENT_READ, partial(self.listen, pid))
        _say(connection, pid=pid)

    def listen(self, pid: int) -> None:
        """A client sends signals for its kernel, a byte each, or is gone."""
        connection = self.clients.get(pid)
        if connection is None:  # its kernel has just been reaped
            return
        try:
            signals = connection.recv(64)
        except BlockingIOError:
            return
        except OSError:
            signals = b""
        with contextlib.suppress(ProcessLookupError):
            for number in signals or bytes([signal.SIGKILL]):
                os.killpg(pid, number)
        if not signals:
            self.selector.unregister(connection)

    def reap(self) -> None:
        """Children ended: tells their clients how."""
        with contextlib.suppress(BlockingIOError):
            self.woken.recv(4096)
        while self.clients:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            client = self.clients.pop(pid)
            with contextlib.suppress(KeyError, ValueError):
                self.selector.unregister(client)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)  # what the kernel started goes with it
            _say(client, exit=os.waitstatus_to_exitcode(status))
            client.close()

    def _become_kernel(
        self, connection: socket.socket, request: dict[str, Any], descriptors: list[int]
    ) -> NoReturn:
        """In the child: a process like one that was started for this kernel alone."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.setsid()
            nothing = os.open(os.devnull, os.O_RDONLY)
            for target, source in enumerate((nothing, *descriptors)):
                os.dup2(source, target)
            self.selector.close()
            told = connection.fileno()
            keep = os.dup(told)
            os.closerange(3, keep)
            os.closerange(keep + 1, max(keep + 1, _highest_descriptor()))
            os.set_inheritable(keep, False)
            os.environ.clear()
            os.environ.update(request["env"])
            os.chdir(request["cwd"])
            _run_kernel(request["argv"], keep)
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)
        raise AssertionError  # never reached


def _run_kernel(argv: list[str], told: int) -> None:
    """A real ipykernel in this process; says that it is ready once its sockets are bound."""
    import atexit
    import logging

    import matplotlib
    import numpy as np
    from ipykernel.kernelapp import IPKernelApp

    gc.enable()
    gc.set_threshold(GARBAGE)
    np.random.seed()
    matplotlib.rcParams["backend"] = os.environ.get("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    logging.getLogger().handlers.clear()
    sys.argv = [importlib.util.find_spec("ipykernel_launcher").origin or "", *argv]  # type: ignore[union-attr]
    app = IPKernelApp.instance(parent_handle=os.getppid())
    app.initialize(argv)
    os.write(told, b'{"ready": true}\n')
    os.close(told)
    app.start()
    # before ipykernel ends the thread that sends what is printed, which this one may wait for, ten seconds a stream
    app.control_thread.stop()
    app.control_thread.join(10)
    atexit._run_exitfuncs()


def _highest_descriptor() -> int:
    try:
        return max(int(entry.name) for entry in Path("/proc/self/fd").iterdir()) + 1
    except OSError:
        return 4096


def _threads() -> list[str]:
    """The names of threads that must not be there when this process forks."""
    try:
        tasks = list(Path("/proc/self/task").iterdir())
    except OSError:  # no /proc: what Python knows of must do
        return [t.name for t in threading.enumerate() if t is not threading.main_thread()]
    names = [(t / "comm").read_text().strip() for t in tasks if t.name != str(os.getpid())]
    return [n for n in names if n not in _HARMLESS]


def _request(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """What a client asks for; raises `ValueError` where it is not one."""
    head, descriptors, _, _ = socket.recv_fds(connection, _LENGTH.size, 2)
    try:
        if len(head) != _LENGTH.size or len(descriptors) != 2:
            raise ValueError("this is no request")
        (missing,) = _LENGTH.unpack(head)
        parts = []
        while missing:
            part = connection.recv(missing)
            if not part:
                raise ValueError("the request ends early")
            parts.append(part)
            missing -= len(part)
        return json.loads(b"".join(parts)), descriptors
    except BaseException:
        for descriptor in descriptors:
            os.close(descriptor)
        raise


def ask(connection: socket.socket, request: dict[str, Any], stdout: int, stderr: int) -> None:
    """Sends a client's request: `argv` of the kernel, `env` and `cwd`."""
    body = json.dumps(request).encode()
    socket.send_fds(connection, [_LENGTH.pack(len(body))], [stdout, stderr])
    connection.sendall(body)


def can_fork() -> bool:
    """Whether a fork is safe on this system: not on Windows, and on macOS its own libraries forbid it."""
    return hasattr(os, "fork") and sys.platform != "darwin"


@contextmanager
def batch_zygote(languages: Sequence[str]) -> Iterator[str]:
    """A zygote that lives as long as this context; its address, for `CS_WORKBOOK_KERNEL`.

    languages: those of the reports.
    """
    with tempfile.TemporaryDirectory(
        prefix="cs-zygote-", dir=paths.temporary(), ignore_cleanup_errors=True
    ) as folder:
        address = Path(folder, "zygote")
        process = start(address, languages, stdin=subprocess.PIPE)
        try:
            yield str(address)
        finally:
            process.terminate()  # also while it imports, when nobody had a use for it
            process.stdin.close()  # type: ignore[union-attr]
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def start(
    address: Path,
    languages: Sequence[str],
    idle: float | None = None,
    *,
    env: Mapping[str, str] = os.environ,
    **more: Any,
) -> subprocess.Popen[bytes]:
    """Starts a zygote in an environment; see `main`."""
    told = [str(address), ",".join(languages), *([] if idle is None else [str(idle)])]
    # -P: the folder a batch was started in is no place to import from
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "cs_helpers.report.zygote", *told],
        start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**_MEMORY, **env}, **more,
    )  # fmt: skip


def _say(connection: socket.socket, **message: Any) -> None:
    with contextlib.suppress(OSError):
        connection.send(json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2].split(","), float(sys.argv[3]) if len(sys.argv) > 3 else None)
    os._exit(0)  # nothing is left to do, and to take all libraries down takes a tenth of a second
