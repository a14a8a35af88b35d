"""Kernels that share nothing with each other.

TCP ports race when several kernels start at once, and the default ipc path is shared in the
working folder: each kernel has its sockets and its connection file in a folder of its own that
only its user can read.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager


class PrivateKernelManager(AsyncKernelManager):
    """A kernel manager whose sockets lie in a folder of mode 0700."""

    def __init__(self, **options: Any) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cs-kernel-"))
        if sys.platform != "win32":  # Windows has no ipc sockets: a local port there
            options |= {"transport": "ipc", "ip": str(self._folder / "socket")}
        super().__init__(connection_file=str(self._folder / "connection.json"), **options)

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        # what a notebook says travels as messages; a kernel's own log is not the terminal's
        options.setdefault("stderr", subprocess.DEVNULL)
        await super()._async_launch_kernel(kernel_cmd, **options)

    _launch_kernel = _async_launch_kernel

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if not restart:
            shutil.rmtree(self._folder, ignore_errors=True)

    cleanup_resources = _async_cleanup_resources
