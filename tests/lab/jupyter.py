"""JupyterLab and Voila as the tests start them, and a browser's tab that works in them as an analyst does."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page
from servers import free_port

ROOT = Path(__file__).resolve().parents[2]
#: the folder for screenshots, which CI keeps
SCREENSHOTS = Path(os.environ.get("CS_WORKBOOK_SCREENSHOTS") or ROOT / "tests" / "lab" / "screenshots")
#: longer than the slowest notebook takes on a busy machine with two cores
PATIENCE = 180
#: what a console may say that is no fault of the workbook: pattern -> why
FOREIGN = {
    r"failed: .*/api/(sessions|kernels)\?\d+ net::ERR_ABORTED": "JupyterLab asked for news of kernels when its page was left",
}


def copy_home(folder: Path, home: Path) -> Path:
    """A workbook's home whose notebooks, codings and guesses a session may write to; the snapshot is that of `home`."""
    (folder / "data").mkdir(parents=True)
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".*"))
    shutil.copytree(ROOT / "data" / "products", folder / "data" / "products")
    (folder / "templates").symlink_to(ROOT / "templates")
    (folder / "data" / "snapshots").symlink_to((home / "data" / "snapshots").resolve())
    return folder


def environment(home: Path, folder: Path, **more: str) -> dict[str, str]:
    """The variables of a server: the home, and settings and run-time files of its own below `folder`."""
    own = {
        name: str(folder / name.lower())
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    # the checkout under test, not the one that the environment was installed from
    python = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    own |= {"CS_WORKBOOK_HOME": str(home), "CS_WORKBOOK_CODINGS": str(home / "data" / "codings")}
    return {**os.environ, **own, "PYTHONPATH": python} | more


@dataclass(frozen=True)
class Server:
    """A started server: where it listens, and the token that it asks for."""

    url: str
    token: str = field(repr=False)
    process: subprocess.Popen[bytes]
    log: Path

    def get(self, path: str, *, method: str = "GET") -> tuple[int, bytes]:
        """The status and the body of a request, with the token."""
        request = urllib.request.Request(self.url + path, method=method)
        request.add_header("Authorization", f"token {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()


@contextmanager
def started(command: list[str], folder: Path, env: dict[str, str], ready: str) -> Iterator[Server]:
    """Runs a Jupyter server on a free port until the end of the block; its kernels end with it.

    command: with `{port}` and `{token}` in it; ready: the path that answers once it listens.
    """
    port, token, log = free_port(), secrets.token_urlsafe(16), folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [part.format(port=port, token=token) for part in command], cwd=folder, env=env, stdin=subprocess.DEVNULL,
            stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    server = Server(f"http://127.0.0.1:{port}", token, process, log)
    try:
        deadline = time.monotonic() + 90
        while True:
            assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")[-3000:]
            try:
                if server.get(ready)[0] == 200:
                    break
            except OSError:
                pass
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8", errors="replace")[-3000:]
            time.sleep(0.2)
        yield server
    finally:
        process.terminate()  # it ends its kernels
        try:
            process.wait(20)
        finally:
            with suppress(ProcessLookupError):  # whatever is left
                os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def started_lab(home: Path, folder: Path, **variables: str) -> Iterator[Server]:
    """JupyterLab, by the command of the workbook."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", "cs_helpers.cli", "lab", "--no-browser", "--ip=127.0.0.1", "--ServerApp.port={port}",
        "--ServerApp.port_retries=0", "--IdentityProvider.token={token}",
    ]  # fmt: skip
    settings = folder / "jupyter_config_dir" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    # the tests ask nobody on the internet for news
    (settings / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}', encoding="utf-8"
    )
    with started(command, folder, environment(home, folder, **variables), "/api/status") as server:
        yield server


class Tab:
    """A tab of the browser: what it says on its console is collected, and its pictures are kept."""

    def __init__(self, page: Page, name: str) -> None:
        self.page, self._name = page, name
        self.said: list[str] = []
        page.set_default_timeout(30_000)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._say(f"page error: {error}"))
        page.on(
            "response", lambda answer: answer.status >= 400 and self._say(f"{answer.status} {answer.url}")
        )
        page.on("requestfailed", lambda asked: self._say(f"failed: {asked.url} {asked.failure}"))

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self._say(f"{message.text} ({message.location.get('url', '')})")

    def _say(self, text: str) -> None:
        if not any(re.search(pattern, text) for pattern in FOREIGN):
            self.said.append(text)

    def screenshot(self, name: str = "", height: int = 0) -> Path:
        """A picture of what the tab shows now; height: of the window meanwhile, to see more of a page."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        file = SCREENSHOTS / f"{self._name}{name and '-'}{name}.png"
        usual = self.page.viewport_size
        if height:
            self.page.set_viewport_size({"width": usual["width"], "height": height})
            self.page.wait_for_timeout(300)
        self.page.screenshot(path=file)
        if height:
            self.page.set_viewport_size(usual)
        return file

    def close(self) -> None:
        """Closes the tab."""
        self.page.close()


class Lab(Tab):
    """A tab with JupyterLab in it."""

    def __init__(self, page: Page, server: Server, name: str) -> None:
        super().__init__(page, name)
        self.server = server

    def open(self, path: str) -> Lab:
        """Opens a notebook (`34_level_outlook.ipynb`) and waits for its kernel."""
        if self.page.url.startswith(self.server.url):
            self.command("docmanager:open", path=path)
        else:
            # a workspace of its own, in which nothing else is open
            place = f"{self.server.url}/lab/workspaces/{self._name}/tree/{path}"
            self.page.goto(f"{place}?token={self.server.token}&reset")
        self.wait_for_kernel()
        return self

    def wait_for_kernel(self) -> None:
        """Waits until the kernel of the notebook in front is idle."""
        self.page.wait_for_function(
            """() => {
                const shown = globalThis.jupyterapp?.shell.currentWidget;
                return shown?.sessionContext?.isReady && shown.sessionContext.session?.kernel?.status === "idle";
            }""",
            timeout=PATIENCE * 1000,
        )

    def run_all(self) -> None:
        """Runs all cells, as the menu does, and waits until the kernel is idle."""
        self.command("notebook:run-all-cells")
        self.wait_for_kernel()

    def command(self, name: str, **arguments: Any) -> Any:
        """Runs a command of JupyterLab, and waits for its end."""
        return self.page.evaluate(
            """async ([name, given]) => { const made = await globalThis.jupyterapp.commands.execute(name, given);
                return ["boolean", "string", "number"].includes(typeof made) ? made : null; }""",
            [name, arguments],
        )

    def outputs(self) -> list[dict[str, Any]]:
        """The outputs of all code cells of the notebook in front, with the cell's `id`."""
        return self.page.evaluate(
            """() => [...globalThis.jupyterapp.shell.currentWidget.content.model.cells]
                .filter(cell => cell.type === "code")
                .flatMap(cell => cell.outputs.toJSON().map(output => ({ ...output, id: cell.id })))"""
        )

    def errors(self) -> list[str]:
        """The errors among the outputs, and what cells wrote to stderr."""
        return [
            f"{o['id']}: {o.get('ename')}: {o.get('evalue')}"
            if o["output_type"] == "error"
            else f"{o['id']}: {o['text']}"
            for o in self.outputs()
            if o["output_type"] == "error" or o.get("name") == "stderr"
        ]

    def cell(self, cell_id: str) -> Locator:
        """A cell of the notebook in front by its id, scrolled into view."""
        index = self.page.evaluate(
            """async id => {
                const notebook = globalThis.jupyterapp.shell.currentWidget.content;
                const index = notebook.widgets.findIndex(cell => cell.model.id === id);
                if (index >= 0) {
                    notebook.activeCellIndex = index;
                    await notebook.scrollToItem(index, "start");
                }
                return index;
            }""",
            cell_id,
        )
        assert index >= 0, f"there is no cell {cell_id}"
        return self.page.locator(
            f'.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell[data-windowed-list-index="{index}"]'
        )

    def dropdown(self, label: str, within: Locator | None = None) -> Locator:
        """The drop-down with this label."""
        return (
            (within or self.page).locator(".widget-dropdown").filter(has_text=label).locator("select").first
        )

    def choose(self, label: str, option: str, within: Locator | None = None) -> None:
        """Chooses an option, by its words, of the drop-down with this label."""
        self.dropdown(label, within).select_option(label=option)

    def slider(self, within: Locator | None = None) -> Locator:
        """The handle of the first slider: focus it and press arrow keys."""
        return (
            (within or self.page).locator(".widget-slider [role=slider], .widget-slider .noUi-handle").first
        )

    def restart_kernel(self) -> None:
        """Starts the kernel again, as the menu does, without asking."""
        self.page.evaluate("() => globalThis.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
        self.wait_for_kernel()

    def kill_kernel(self) -> None:
        """Ends the kernel's process at once, by SIGKILL, and waits until the server has started it again."""
        process = self.page.evaluate(
            """async () => {
                const kernel = globalThis.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const future = kernel.requestExecute({ code: "import os; print(os.getpid())", store_history: false });
                let said = "";
                future.onIOPub = message => { said += message.content.text ?? ""; };
                await future.done;
                kernel.statusChanged.connect((_, status) => { globalThis.csDied ||= status.endsWith("restarting"); });
                return said;
            }"""
        )
        os.kill(int(process), signal.SIGKILL)
        self.page.wait_for_function("() => globalThis.csDied", timeout=PATIENCE * 1000)
        dismiss = self.page.locator(".jp-Dialog button").filter(has_text="Ok")
        self.page.add_locator_handler(dismiss, lambda button: button.click())
        self.wait_for_kernel()

    def shut_down(self) -> None:
        """Ends the kernel of the notebook in front, and closes the notebook without saving."""
        self.page.evaluate(
            """async () => {
                const shown = globalThis.jupyterapp.shell.currentWidget;
                await shown.sessionContext.shutdown();
                shown.dispose();
            }"""
        )
