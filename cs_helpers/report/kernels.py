"""Kernels that start warm: forked from a zygote, each with its own sockets.

The kernelspec `cs-workbook` names the provisioner below, so every Jupyter client uses it unchanged: papermill,
nbclient, JupyterLab. TCP ports race when several kernels start at once and are open to all users of a machine, and
the default ipc path is shared in the working folder. So each kernel has its sockets and its connection file in a
folder that only its user can read.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from cs_helpers import hashes, paths
from cs_helpers.contract.parameters import LANGUAGES
from cs_helpers.installation import installed_versions, package_code
from cs_helpers.report.zygote import NO_HISTORY, can_fork, send_request, start_zygote

KERNEL = "cs-workbook"

#: `warm`, `cold`, or the address of a zygote
KERNEL_VARIABLE = "CS_WORKBOOK_KERNEL"

#: seconds after which a zygote that belongs to no batch ends without a kernel
IDLE_SECONDS = 300
#: seconds to wait for a forked kernel to listen
_START_TIMEOUT = 60

#: environment variables that a process reads only when it starts: a zygote serves requests with the same values
_READ_AT_START = ("PYTHON", "MPL", "LD_", "OPENBLAS", "OMP_", "MKL_", "LANG", "LC_", "TZ", "HOME")


class WarmProvisioner(LocalProvisioner):
    """Forks a kernel from a zygote, or starts an ordinary process where a fork is impossible.

    `CS_WORKBOOK_KERNEL` in the environment of the manager decides: an address names the zygote of a batch, `cold`
    asks for ordinary processes. Without it the kernels of a user share one zygote, which ends when it is idle.
    """

    _connection: socket.socket | None = None
    _folder: Path | None = None
    _received = b""
    _exit: int | None = None

    @property
    def has_process(self) -> bool:
        """Whether a kernel was started and not yet waited for."""
        return self._connection is not None or super().has_process

    async def pre_launch(self, **options: Any) -> dict[str, Any]:
        """Creates the folder of the kernel's sockets and connection file."""
        manager = self.parent
        if manager is not None and hasattr(socket, "AF_UNIX") and self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="cs-kernel-", dir=paths.temporary()))
            manager.transport, manager.ip = "ipc", str(self._folder / "socket")
            manager.cache_ports = False
            manager.connection_file = str(self._folder / "connection.json")
        return await super().pre_launch(**options)

    async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
        """Starts the kernel; returns its connection info once it listens."""
        kernel = (options.get("env") or os.environ).get(KERNEL_VARIABLE, "warm")
        if kernel != "cold" and can_fork() and "-m" in cmd:
            try:
                await self._fork(kernel, cmd, options)
                return self.connection_info
            except _RefusedError as error:
                self.log.warning("the kernel starts cold: %s", error)
        return await super().launch_kernel(cmd, **options)

    async def _fork(self, kernel: str, cmd: list[str], options: dict[str, Any]) -> None:
        environment = {**(options.get("env") or os.environ)}
        environment.pop(KERNEL_VARIABLE, None)
        request = {
            "argv": cmd[cmd.index("-m") + 2 :],
            "env": environment,
            "cwd": str(options.get("cwd") or Path.cwd()),
        }
        connection = await asyncio.to_thread(_connect, kernel, environment)
        outputs = [_descriptor(options.get(name), n) for name, n in (("stdout", 1), ("stderr", 2))]
        try:
            send_request(connection, request, *outputs)
        except OSError as error:
            connection.close()
            raise _RefusedError(f"its zygote is gone ({error})") from None
        finally:
            for descriptor in outputs:
                os.close(descriptor)
        connection.setblocking(False)
        self._connection, self._received, self._exit = connection, b"", None
        deadline = time.monotonic() + _START_TIMEOUT
        ready = False
        while not ready and self._exit is None and time.monotonic() < deadline:
            ready = await self._receive(deadline - time.monotonic())
        if not ready:
            self._close_connection()
            raise _RefusedError(getattr(self, "_refusal", "") or "its zygote did not answer")

    async def _receive(self, seconds: float | None) -> bool:
        """Waits for the zygote's next message; whether the kernel is ready."""
        if self._connection is None:
            return False
        loop = asyncio.get_running_loop()
        try:
            part = await asyncio.wait_for(loop.sock_recv(self._connection, 4096), seconds)
        except TimeoutError:
            return False
        except OSError:
            part = b""
        return self._parse(part)

    def _parse(self, part: bytes) -> bool:
        if not part and self._exit is None:
            self._exit = -signal.SIGKILL  # the zygote died, and its kernels with it
        *lines, self._received = (self._received + part).split(b"\n")
        ready = False
        for line in lines:
            message = json.loads(line)
            self.pid = self.pgid = message.get("pid", self.pid)
            self._exit = message.get("exit", self._exit)
            self._refusal = message.get("refused", "")
            ready = ready or "ready" in message
        return ready

    async def poll(self) -> int | None:
        """The kernel's return code; None while it runs."""
        if self._connection is None:
            return await super().poll()
        while self._exit is None:
            try:
                part = self._connection.recv(4096)
            except BlockingIOError:
                return None
            except OSError:
                part = b""
            self._parse(part)
        return self._exit

    async def wait(self) -> int | None:
        """Waits for the kernel's end and returns its return code."""
        if self._connection is None:
            return await super().wait()
        while await self.poll() is None:
            await self._receive(None)
        code = self._exit
        self._close_connection()
        return code

    async def send_signal(self, signum: int) -> None:
        """Has the zygote send a signal to the kernel's process group, unless it has ended."""
        if self._connection is None:
            await super().send_signal(signum)
        elif self._exit is None:
            with contextlib.suppress(OSError):
                self._connection.send(bytes([signum]))

    async def kill(self, restart: bool = False) -> None:
        """Kills the kernel."""
        if self._connection is None:
            await super().kill(restart)
        else:
            await self.send_signal(signal.SIGKILL)
            while await self.poll() is None:  # the manager alone would poll every 0.1 s
                await self._receive(None)

    async def terminate(self, restart: bool = False) -> None:
        """Sends SIGTERM to the kernel's process group."""
        if self._connection is None:
            await super().terminate(restart)
        else:
            await self.send_signal(signal.SIGTERM)

    async def cleanup(self, restart: bool = False) -> None:
        """Closes the connection to the zygote and deletes the kernel's folder."""
        await super().cleanup(restart)
        if not restart:
            self._close_connection()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)

    def _close_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


class QuickClient(AsyncKernelClient):
    """A client that is ready as soon as the kernel is: the stock client waits another 0.2 s for silence."""

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        deadline = time.monotonic() + (timeout or float("inf"))
        while time.monotonic() < deadline:
            request_id = self.kernel_info()
            with contextlib.suppress(Empty):
                reply = await self.shell_channel.get_msg(timeout=1)
                if reply["msg_type"] == "kernel_info_reply":
                    self._handle_kernel_info_reply(reply)
                    # once idle after this request, iopub is connected and no message is left to read
                    while not _idle_after(request_id, await self.iopub_channel.get_msg(timeout=0.2)):
                        pass
                    return
            if not await self._async_is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
        raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")

    wait_for_ready = _async_wait_for_ready


class QuickManager(AsyncKernelManager):
    """The stock manager with `QuickClient`; the kernel's log is discarded, and it keeps no history.

    All kernels of a user would write their history to one database at once.
    """

    folder: Path | None = None
    environment: Mapping[str, str] = {}

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.client_class = f"{__name__}.QuickClient"

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        for name in ("stdout", "stderr"):
            options.setdefault(name, subprocess.DEVNULL)
        options["env"] = {**(options.get("env") or os.environ), **self.environment}
        if self.folder is not None:
            options["cwd"] = str(self.folder)
        await super()._async_launch_kernel([*kernel_cmd, NO_HISTORY], **options)

    _launch_kernel = _async_launch_kernel


def manager_for(folder: Path, kernel: str, environment: Mapping[str, str]) -> type[QuickManager]:
    """A manager class whose kernel starts in `folder` with these environment variables.

    nbclient takes a class. The folder and environment of this process are left alone, for runs in threads share
    them. kernel: `warm`, `cold`, or the address of a zygote.
    """
    return type(
        "RunManager",
        (QuickManager,),
        {"folder": folder, "environment": {**environment, KERNEL_VARIABLE: kernel}},
    )


def _idle_after(request_id: str, message: dict[str, Any]) -> bool:
    parent = message["parent_header"].get("msg_id")
    return bool(parent == request_id and message["content"].get("execution_state") == "idle")


class _RefusedError(Exception):
    """A kernel cannot be forked."""


def _connect(kernel: str, environment: dict[str, str]) -> socket.socket:
    """A connection to the zygote at an address, or for `warm` to the user's zygote, which is started if need be."""
    shared = kernel == "warm"
    address = _user_address(environment) if shared else Path(kernel)
    started: subprocess.Popen[bytes] | None = None
    deadline = time.monotonic() + 10
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(address))
            return connection
        except OSError as error:
            connection.close()
            if time.monotonic() > deadline or (started is not None and started.poll() is not None):
                raise _RefusedError(f"its zygote does not answer ({error})") from None
            if shared and started is None:
                with _try_lock(address.with_suffix(".lock")) as locked:
                    if locked:
                        started = start_zygote(
                            address,
                            LANGUAGES,
                            IDLE_SECONDS,
                            stdin=subprocess.DEVNULL,
                            env=environment,
                            cwd="/",
                        )
                        while not address.exists() and started.poll() is None:
                            time.sleep(0.01)
        time.sleep(0.02)


@contextmanager
def _try_lock(lock: Path) -> Iterator[bool]:
    """Whether the lock was free; where it is not, another process is starting the same zygote."""
    import filelock

    try:
        with filelock.FileLock(lock, timeout=0):
            yield True
    except filelock.Timeout:
        yield False


def _user_address(environment: dict[str, str]) -> Path:
    """The address of the user's zygote for exactly this code, these packages and these settings."""
    try:
        folder = paths.private_folder("cs-workbook")
    except OSError as error:
        raise _RefusedError(str(error)) from None
    settings = sorted((k, v) for k, v in environment.items() if k.startswith(_READ_AT_START))
    identity = [sys.executable, sys.prefix, package_code(), installed_versions(), settings]
    return folder / hashes.of_json(identity)[:16]


def _descriptor(output: Any, default: int) -> int:
    """A new file descriptor for an output as `subprocess` takes it: None (then `default`), DEVNULL or a file."""
    if output is None:
        try:
            return os.dup(default)
        except OSError:
            output = subprocess.DEVNULL
    if output == subprocess.DEVNULL:
        return os.open(os.devnull, os.O_WRONLY)
    if output in (subprocess.PIPE, subprocess.STDOUT):
        raise _RefusedError("its output is wanted in a pipe")
    return os.dup(output if isinstance(output, int) else output.fileno())
