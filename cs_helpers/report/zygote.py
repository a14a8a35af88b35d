"""The process that kernels are forked from: it imports once what notebooks import, then serves requests.

`python -m cs_helpers.report.zygote ADDRESS LANGUAGES [IDLE]` listens on a Unix socket. A client sends one request
(a JSON object preceded by its length, and two file descriptors for stdout and stderr) and keeps the connection open. The
zygote answers when the kernel listens (`ready`) and when it ended (`exit`, a return code as in `subprocess`). Bytes
that the client sends later are signals for the kernel's process group. A kernel is killed when its client
disconnects, so no kernel outlives the process that asked for it.

Only a process with a single thread can be forked safely: locks that other threads hold would stay locked in the
child. So nothing is read or queried here before a fork, and a fork is refused while an unexpected thread exists
(`jemalloc_bg_thd` is pyarrow's and harmless).
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

#: glibc keeps memory that a figure freed for the next one, which saves a page fault per page
_MALLOC_SETTINGS = {
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "MALLOC_MMAP_THRESHOLD_": str(2**25),
    "MALLOC_TOP_PAD_": str(2**24),
}

#: new objects after which a kernel or worker collects garbage: about those of a few figures. With Python's default, 700,
#: a kernel collected 40 to 110 times per report and freed hardly anything
GC_THRESHOLD = 50_000

#: kernels of a batch keep no history: all would write to one database of the user at once
NO_HISTORY = "--HistoryManager.enabled=False"

#: threads that a fork does not harm
_HARMLESS_THREADS = frozenset({"jemalloc_bg_thd"})
_LENGTH = struct.Struct("!I")


def main(address: str, languages: Sequence[str], idle: float | None) -> None:
    """Listens on `address` until standard input ends, or for `idle` seconds without a kernel.

    languages: of the kernels' reports.
    """
    gc.disable()  # imports create hardly any garbage
    for name, value in (
        ("OPENBLAS_NUM_THREADS", "1"),
        ("MPLBACKEND", "module://matplotlib_inline.backend_inline"),
    ):
        os.environ.setdefault(name, value)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the client handles Ctrl-C
    with socket.socket(socket.AF_UNIX) as listener:
        Path(address).unlink(missing_ok=True)
        listener.bind(address)
        listener.listen(64)  # clients may connect now; they wait until the imports are done
        socket_stat = Path(address).stat()
        try:
            preload(batch=idle is None)
            _warm_up(languages)
            _Server(listener, idle).serve()
        finally:
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(Path(address).stat(), socket_stat):
                    Path(address).unlink()


def _warm_up(languages: Sequence[str]) -> None:
    from cs_helpers.report.warmup import warm_up

    warm_up(languages)
    # a collection in a child would write to, and so copy, every shared page. No collection before: it takes 0.1 s
    gc.freeze()


class _Server:
    """The event loop: new clients, signals from clients, ended children, and standard input."""

    def __init__(self, listener: socket.socket, idle: float | None) -> None:
        self.listener, self.idle = listener, idle
        self.clients: dict[int, socket.socket] = {}  # by the process id of their kernel
        self.selector = selectors.DefaultSelector()
        wakeup_reader, wakeup_writer = socket.socketpair()
        for end in (wakeup_reader, wakeup_writer, listener):
            end.setblocking(False)
        self.wakeup_reader, self.wakeup_writer = wakeup_reader, wakeup_writer
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self.stop)
        signal.set_wakeup_fd(wakeup_writer.fileno(), warn_on_full_buffer=False)
        self.selector.register(listener, selectors.EVENT_READ, self.accept)
        self.selector.register(wakeup_reader, selectors.EVENT_READ, self.reap)
        self.stopped = False
        if idle is None:
            self.selector.register(0, selectors.EVENT_READ, self.read_stdin)

    def serve(self) -> None:
        """Serves until it is stopped or idle, then kills the kernels that are left."""
        try:
            while not self.stopped:
                events = self.selector.select(self.idle)
                if not events and not self.clients:
                    return
                for key, _ in events:
                    key.data()
        finally:
            for pid in self.clients:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)

    def stop(self, *_: object) -> None:
        """Stops the loop, on SIGTERM."""
        self.stopped = True

    def read_stdin(self) -> None:
        """Stops the loop where standard input has ended: the process that started this one is gone."""
        self.stopped = not os.read(0, 4096)

    def accept(self) -> None:
        """Accepts a client and forks its kernel."""
        connection, _ = self.listener.accept()
        connection.settimeout(10)
        try:
            request, descriptors = _receive_request(connection)
        except (OSError, ValueError):
            connection.close()
            return
        try:
            if threads := _other_threads():
                _send(connection, refused=f"there are threads: {', '.join(threads)}")
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
        _send(connection, pid=pid)

    def listen(self, pid: int) -> None:
        """Passes on a client's signals for its kernel, a byte each; kills the kernel where the client is gone."""
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
        """Tells the clients of ended children their return codes."""
        with contextlib.suppress(BlockingIOError):
            self.wakeup_reader.recv(4096)
        while self.clients:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            client = self.clients.pop(pid)
            with contextlib.suppress(KeyError, ValueError):
                self.selector.unregister(client)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)  # processes that the kernel started end with it
            _send(client, exit=os.waitstatus_to_exitcode(status))
            client.close()

    def _become_kernel(
        self, connection: socket.socket, request: dict[str, Any], descriptors: list[int]
    ) -> NoReturn:
        """Turns the forked child into a process like one started for this kernel; never returns."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.setsid()
            null = os.open(os.devnull, os.O_RDONLY)
            for target, source in enumerate((null, *descriptors)):
                os.dup2(source, target)
            self.selector.close()
            ready_fd = os.dup(connection.fileno())  # the one descriptor that stays open
            os.closerange(3, ready_fd)
            os.closerange(ready_fd + 1, max(ready_fd + 1, _highest_descriptor()))
            os.set_inheritable(ready_fd, False)
            os.environ.clear()
            os.environ.update(request["env"])
            os.chdir(request["cwd"])
            _run_kernel(request["argv"], ready_fd)
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


def _run_kernel(argv: list[str], ready_fd: int) -> None:
    """Runs an ipykernel in this process; writes `ready` to the descriptor once its sockets are bound."""
    import atexit
    import logging

    import matplotlib
    import numpy as np
    from ipykernel.kernelapp import IPKernelApp

    gc.enable()
    gc.set_threshold(GC_THRESHOLD)
    np.random.seed()
    matplotlib.rcParams["backend"] = os.environ.get("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    logging.getLogger().handlers.clear()
    sys.argv = [importlib.util.find_spec("ipykernel_launcher").origin or "", *argv]  # type: ignore[union-attr]
    app = IPKernelApp.instance(parent_handle=os.getppid())
    app.initialize(argv)
    os.write(ready_fd, b'{"ready": true}\n')
    os.close(ready_fd)
    app.start()
    # stopped before ipykernel ends the thread that sends printed output: else it may wait ten seconds per stream for it
    app.control_thread.stop()
    app.control_thread.join(10)
    atexit._run_exitfuncs()


def _highest_descriptor() -> int:
    try:
        return max(int(entry.name) for entry in Path("/proc/self/fd").iterdir()) + 1
    except OSError:
        return 4096


def _other_threads() -> list[str]:
    """The names of threads that forbid a fork of this process."""
    try:
        tasks = list(Path("/proc/self/task").iterdir())
    except OSError:  # no /proc: only Python's own threads are known
        return [t.name for t in threading.enumerate() if t is not threading.main_thread()]
    names = [(t / "comm").read_text().strip() for t in tasks if t.name != str(os.getpid())]
    return [n for n in names if n not in _HARMLESS_THREADS]


def _receive_request(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """A client's request and its two file descriptors; raises `ValueError` where it is malformed."""
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


def send_request(connection: socket.socket, request: dict[str, Any], stdout: int, stderr: int) -> None:
    """Sends a client's request: `argv` of the kernel, `env` and `cwd`."""
    body = json.dumps(request).encode()
    socket.send_fds(connection, [_LENGTH.pack(len(body))], [stdout, stderr])
    connection.sendall(body)


def can_fork() -> bool:
    """Whether a fork is safe on this system: Windows has none, and the system libraries of macOS do not survive one."""
    return hasattr(os, "fork") and sys.platform != "darwin"


@contextmanager
def batch_zygote(languages: Sequence[str]) -> Iterator[str]:
    """Runs a zygote within this context; gives its address, for `CS_WORKBOOK_KERNEL`.

    languages: of the reports.
    """
    with tempfile.TemporaryDirectory(
        prefix="cs-zygote-", dir=paths.temporary(), ignore_cleanup_errors=True
    ) as folder:
        address = Path(folder, "zygote")
        process = start_zygote(address, languages, stdin=subprocess.PIPE)
        try:
            yield str(address)
        finally:
            process.terminate()  # also where it is still importing
            process.stdin.close()  # type: ignore[union-attr]
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def start_zygote(
    address: Path,
    languages: Sequence[str],
    idle: float | None = None,
    *,
    env: Mapping[str, str] = os.environ,
    **more: Any,
) -> subprocess.Popen[bytes]:
    """Starts a zygote process that listens on `address`; see `main` for `languages` and `idle`."""
    arguments = [str(address), ",".join(languages), *([] if idle is None else [str(idle)])]
    # -P: nothing is imported from the working folder
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "cs_helpers.report.zygote", *arguments],
        start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**_MALLOC_SETTINGS, **env}, **more,
    )  # fmt: skip


def _send(connection: socket.socket, **message: Any) -> None:
    with contextlib.suppress(OSError):
        connection.send(json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2].split(","), float(sys.argv[3]) if len(sys.argv) > 3 else None)
    os._exit(0)  # skips the shutdown of the libraries, which takes 0.1 s
