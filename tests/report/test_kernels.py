"""Kernels that are forked behave as kernels that are started, and leave nothing behind."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from processes import command, descendants

from cs_helpers.contract.parameters import LANGUAGES
from cs_helpers.report import kernels
from cs_helpers.report import zygote as forking
from cs_helpers.report.kernels import KERNEL, manager_for
from cs_helpers.report.zygote import batch_zygote

pytestmark = pytest.mark.skipif(not forking.can_fork(), reason="kernels are not forked on this system")
COMMANDS = Path(sys.executable).parent

FAITHFUL = [
    "import sys, os, time, asyncio, warnings\nfrom IPython.display import display, HTML, Markdown, JSON, update_display, clear_output",
    "1 + 1",
    "print('one'); print('two', file=sys.stderr); print('three'); sys.stdout.flush()",
    "os.system('echo from a child; sleep 0.2; echo to its stderr >&2; sleep 0.2')",
    "os.write(1, b'past Python\\n'); None",
    "display(HTML('<b>x</b>'), metadata={'a': {'b': 1}}); display(Markdown('*y*')); display(JSON({'z': [1, None]}))",
    "handle = display('first', display_id='here'); display('another')",
    "update_display('second', display_id='here')",
    "print('gone'); clear_output(); print('stays')",
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nfig, ax = plt.subplots(figsize=(3, 2)); ax.plot([1, 2, 3]); ax.set_title('x')",
    "import matplotlib.pyplot as plt\nplt.bar([1, 2], [3, 4]); plt.show()\nplt.figure(); plt.scatter([1], [2]); plt.show()",
    "import seaborn as sns, pandas as pd\nsns.barplot(pd.DataFrame({'a': [1, 2], 'b': [3, 4]}), x='a', y='b')",
    "pd.DataFrame({'a': [1.5, None], 'b': ['x', '顧客']})",
    "warnings.warn('careful')",
    "%%capture caught\nprint('quiet')",
    "caught.stdout",
    "await asyncio.sleep(0.01); 'awaited'",
    "class Odd:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n        return {'text/plain': 'odd', 'application/x-odd+json': {'n': 1}}, {'application/x-odd+json': {'m': 2}}\nOdd()",
    "import ipywidgets\nslider = ipywidgets.IntSlider(value=3); slider",
    "get_ipython().history_manager is not None, __name__, sys.argv[1:2], 'ipykernel_launcher' in sys.argv[0]",
    "import matplotlib; matplotlib.get_backend()",
    "import logging; logging.getLogger('x').warning('logged'); len(logging.getLogger().handlers)",
    "sorted(m for m in ('polars', 'numpy.random') if m in sys.modules and m != 'numpy.random')",
    "import threading; type(threading.main_thread()).__name__, os.getsid(0) == os.getpid(), sys.stdin is not None",
    "_ = 5\nprint(repr(In[2]), Out.get(2))",
    "def inner():\n    return 1 / 0\ndef outer():\n    inner()\nouter()",
    "raise SystemExit(3)",
    "input('?')",
    "'and on'",
]  # fmt: skip


@pytest.fixture(scope="module")
def zygote():
    """A zygote for the tests of this module: its address."""
    with batch_zygote(LANGUAGES) as address:
        yield address


def executed(how, *code, folder="/tmp", environment=None, **options):
    """A notebook of these cells, run by stock papermill in a kernel of that kind."""
    from nbclient import NotebookClient

    notebook = new_notebook(cells=[new_code_cell(source) for source in code])
    client = NotebookClient(
        notebook, kernel_name=KERNEL, allow_errors=True, timeout=60,
        kernel_manager_class=manager_for(Path(folder), how, environment or {}), **options,
    )  # fmt: skip
    # under pytest ipykernel leaves out what is written past Python, and that is what may differ
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTEST_CURRENT_TEST", raising=False)
        client.execute()
    return notebook


def cell_messages(cell):
    """What a cell's outputs say, without what differs from run to run."""
    messages = []
    for output in cell.outputs:
        text = re.sub(r"0x[0-9a-f]+|ipykernel_\d+|/\d{6,}\.py|[0-9a-f]{32}", "…", nbformat.writes(
            new_notebook(cells=[new_code_cell("", outputs=[output], id="x")])))  # fmt: skip
        messages.append(text)
    return messages


@pytest.fixture(scope="module")
def both(zygote, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return [executed(how, *FAITHFUL, folder=folder) for how in (zygote, "cold")]


@pytest.mark.parametrize("place", range(len(FAITHFUL)), ids=lambda n: f"{n}: {FAITHFUL[n][:30]!r}")
def test_a_forked_kernel_says_what_a_started_one_says(both, place):
    warm, cold = (book.cells[place] for book in both)
    assert cell_messages(warm) == cell_messages(cold)
    assert warm.execution_count == cold.execution_count


def test_the_cells_of_that_test_say_something(both):
    kinds = [o.output_type for c in both[0].cells for o in c.outputs]
    assert kinds.count("error") == 3
    images = [o for c in both[0].cells for o in c.outputs if "image/png" in o.get("data", {})]
    assert len(images) == 4
    streams = [o.text for c in both[0].cells for o in c.outputs if o.output_type == "stream"]
    assert any("from a child" in text for text in streams)
    assert any("past Python" in text for text in streams)


def parent(how, **options):
    """The parent process of a kernel: number and command line."""
    book = executed(
        how,
        "import os; os.getppid()",
        "from pathlib import Path; Path(f'/proc/{os.getppid()}/cmdline').read_text()",
        **options,
    )
    return int(book.cells[0].outputs[0].data["text/plain"]), book.cells[1].outputs[0].data["text/plain"]


def test_a_warm_kernel_is_forked_and_a_cold_one_is_started(zygote):
    assert "cs_helpers.report.zygote" in parent(zygote)[1]
    assert parent("cold")[0] == os.getpid()


def test_it_has_the_folder_and_the_environment_of_who_asked(zygote, tmp_path):
    code = "import os; print(os.getcwd(), os.environ['ASKED'], 'CS_WORKBOOK_KERNEL' in os.environ)"
    book = executed(zygote, code, folder=tmp_path, environment={"ASKED": "yes"})
    assert book.cells[0].outputs[0].text == f"{tmp_path} yes False\n"


def test_kernels_draw_different_random_numbers(zygote):
    code = "import numpy as np, random; (np.random.random(), random.random())"
    first, second = (executed(zygote, code).cells[0].outputs[0].data["text/plain"] for _ in range(2))
    assert first.split(",")[0] != second.split(",")[0]
    assert first.split(",")[1] != second.split(",")[1]


def test_a_kernel_knows_nothing_of_the_one_before(zygote):
    executed(zygote, "import json; json.spoilt = secret = 1")
    book = executed(zygote, "import json; hasattr(json, 'spoilt'), 'secret' in globals()")
    assert book.cells[0].outputs[0].data["text/plain"] == "(False, False)"


@pytest.mark.parametrize("how", ["warm", "cold"])
def test_its_sockets_lie_in_a_folder_of_its_own_that_other_users_cannot_enter(how, zygote):
    code = "from ipykernel.kernelapp import IPKernelApp; a = IPKernelApp.instance(); a.transport + ' ' + a.ip + ' ' + a.connection_file"
    book = executed(
        zygote if how == "warm" else "cold",
        code,
        "import os, stat; os.stat(os.path.dirname(a.ip)).st_mode & (stat.S_IRWXG | stat.S_IRWXO)",
    )
    transport, ip, file = book.cells[0].outputs[0].data["text/plain"].strip("'").split(" ")
    assert transport == "ipc"
    assert Path(ip).parent == Path(file).parent
    assert book.cells[1].outputs[0].data["text/plain"] == "0"
    assert not Path(ip).parent.exists()


def test_the_zygotes_socket_lies_in_a_folder_that_other_users_cannot_enter(zygote):
    assert stat.S_IMODE(Path(zygote).parent.stat().st_mode) == 0o700


@asynccontextmanager
async def talking(zygote):
    """A kernel's manager and a client that is ready; the kernel is gone afterwards."""
    manager = manager_for(Path("/tmp"), zygote, {})(kernel_name=KERNEL)
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=30)
        yield manager, client
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


def test_an_interrupt_ends_a_cell_and_not_the_kernel(zygote):
    async def talk():
        async with talking(zygote) as (manager, client):
            # else what is asked within a moment of the error may be aborted with it
            waiting = client.execute("import time; time.sleep(60)", stop_on_error=False)
            await asyncio.sleep(0.3)
            await manager.interrupt_kernel()
            reply = await client._async_recv_reply(waiting, timeout=20)
            after = await client._async_recv_reply(client.execute("1 + 1"), timeout=20)
            return reply["content"], after["content"]

    ended, after = asyncio.run(talk())
    assert ended["ename"] == "KeyboardInterrupt"
    assert after["status"] == "ok"


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (lambda client: client.execute("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"), -9),
        (lambda client: client.execute("import os; os._exit(7)"), 7),
        (lambda client: client.shutdown(), 0),
    ],
    ids=["killed", "exits", "shut down"],
)
def test_how_a_kernel_ended_is_seen(zygote, end, expected):
    async def talk():
        async with talking(zygote) as (manager, client):
            end(client)
            return await asyncio.wait_for(manager.provisioner.wait(), 20)

    assert asyncio.run(talk()) == expected


def test_what_a_kernel_started_goes_with_it(zygote):
    book = executed(
        zygote, "import subprocess; subprocess.Popen(['sleep', '300']).pid", shutdown_kernel="immediate"
    )
    pid = int(book.cells[0].outputs[0].data["text/plain"])
    wait_until_gone(pid)


def wait_until_gone(pid, seconds=10):
    until = time.monotonic() + seconds
    while command(pid):
        assert time.monotonic() < until, command(pid)
        time.sleep(0.05)


def test_a_kernel_goes_when_who_asked_for_it_is_killed(zygote, tmp_path):
    script = f"""
import asyncio, os, sys
from pathlib import Path
from cs_helpers.report.kernels import manager_for
async def talk():
    manager = manager_for(Path("/tmp"), {zygote!r}, {{}})(kernel_name="cs-workbook")
    await manager.start_kernel()
    print(manager.provisioner.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(talk())
"""
    asking = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    pid = int(asking.stdout.readline())
    assert command(pid)
    asking.kill()
    asking.wait()
    wait_until_gone(pid)


def test_kernels_go_with_their_zygote():
    with batch_zygote(LANGUAGES) as address:
        number, _ = parent(address)
        assert number != os.getpid()  # its kernel was not forked: see the log

        async def talk():
            manager = manager_for(Path("/tmp"), address, {})(kernel_name=KERNEL)
            await manager.start_kernel()
            pid = manager.provisioner.pid
            os.kill(number, signal.SIGKILL)
            code = await asyncio.wait_for(manager.provisioner.wait(), 20)
            await manager.cleanup_resources()
            return pid, code

        pid, code = asyncio.run(talk())
        assert code == -9
        wait_until_gone(pid)


@pytest.mark.parametrize("how", ["warm", "cold"])
def test_kernels_of_a_batch_write_to_no_history(zygote, how, tmp_path):
    book = executed(
        zygote if how == "warm" else how,
        "secret_of_a_customer = 1",
        "get_ipython().history_manager.enabled",
        environment={"IPYTHONDIR": str(tmp_path)},
    )
    assert book.cells[1].outputs[0].data["text/plain"] == "False"
    assert not list(tmp_path.rglob("*.sqlite"))


def test_a_zygote_imports_no_library_that_starts_threads_and_leaves_it_to_others(tmp_path):
    """In a process of its own: polars is not there for who looks for it meanwhile, and is again afterwards."""
    (tmp_path / "polars.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(9,), daemon=True).start()"
    )
    script = """
import sys, threading
from cs_helpers.report.preload import preload
preload(batch=True)
print("polars" in sys.modules, threading.active_count(), "statsmodels.tools.data" in sys.modules)
import polars
print(threading.active_count())
"""
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
    ).stdout  # fmt: skip
    assert said.splitlines() == ["False 1 True", "2"]


@pytest.mark.thorough
def test_without_its_zygote_a_kernel_starts_cold(tmp_path):
    assert parent(str(tmp_path / "nobody"))[0] == os.getpid()


def test_a_process_with_threads_is_not_forked(tmp_path):
    script = """
import sys, threading, time
from cs_helpers.report import zygote
zygote._warm_up = lambda languages: None
zygote.preload = lambda **_: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
zygote.main(sys.argv[1], ["en"], None)
"""
    address = tmp_path / "z"
    with subprocess.Popen([sys.executable, "-c", script, str(address)], stdin=subprocess.PIPE) as process:
        while not address.exists():
            time.sleep(0.02)
        assert parent(str(address))[0] == os.getpid()
        process.stdin.close()


def papermill_command(folder, environment, *options):
    out = folder / "out.ipynb"
    nbformat.write(
        new_notebook(cells=[new_code_cell("import os; os.getppid()"), new_code_cell("import matplotlib.pyplot as plt; plt.plot([1]); plt.show()")]),
        folder / "in.ipynb",
    )  # fmt: skip
    done = subprocess.run(
        [COMMANDS / "papermill", folder / "in.ipynb", out, *options], cwd=folder, env={**os.environ, **environment},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return nbformat.read(out, as_version=4)


def test_stock_papermill_gains_a_zygote_that_serves_the_next_one_too(tmp_path):
    environment = {"TMPDIR": str(tmp_path)} if len(str(tmp_path)) < 60 else {}
    environment |= {"MPLCONFIGDIR": str(tmp_path / "mpl")}  # a zygote of this test's own
    first, second = (papermill_command(tmp_path, environment, "-k", KERNEL) for _ in range(2))
    number = int(first.cells[0].outputs[0].data["text/plain"])
    try:
        assert int(second.cells[0].outputs[0].data["text/plain"]) == number
        assert "cs_helpers.report.zygote" in command(number)
        assert "image/png" in second.cells[1].outputs[-1].data
    finally:
        os.kill(number, signal.SIGTERM)
    wait_until_gone(number)


def test_a_batchs_zygote_that_nobody_had_a_use_for_is_gone_at_once():
    with batch_zygote(["en"]) as address:
        while not Path(address).exists():  # it imports now
            time.sleep(0.01)
        pid = next(pid for pid, line in descendants().items() if address in line)
    assert pid not in descendants()
    assert not Path(address).parent.exists()


def test_a_users_own_zygote_ends_when_nobody_needs_it(tmp_path):
    address = tmp_path / "z"
    process = forking.start_zygote(address, ["en"], 0.5, stdin=subprocess.DEVNULL)
    assert process.wait(60) == 0
    assert not address.exists()


def test_a_folder_that_others_can_enter_is_not_trusted(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path) if len(str(tmp_path)) < 60 else "/tmp")
    monkeypatch.setattr(
        kernels.paths, "private_folder", lambda name: (_ for _ in ()).throw(PermissionError(1, "open", name))
    )
    assert parent("warm")[0] == os.getpid()
