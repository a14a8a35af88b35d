"""Whatever a run dies of, the others are published, what was good stays, and nothing is left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from processes import command, descendants
from servers import missing
from small import GOOD, notebook, write

from cs_helpers import paths
from cs_helpers.report.gate import check_page
from cs_helpers.report.quarterly import Callbacks, quarterly_report
from cs_helpers.snapshot import Snapshot

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(sys.platform == "win32", reason="signals and /proc"),
    pytest.mark.usefixtures("own_temporary_folder"),
]
COMMAND = Path(sys.executable).parent / "cs-workbook"
ONE = {"products": ["helpdesk"]}

OF_MEMORY = """
import re, resource
size = int(re.search(r"VmSize:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024 + (1 << 28)
resource.setrlimit(resource.RLIMIT_AS, (size, size))
import numpy as np
np.ones(1 << 34)
"""


def dies(code, cell_timeout=60, kernel="warm"):
    """A batch of a good notebook and one with this code; its outcomes by name."""
    batch = quarterly_report(Snapshot.open(), **ONE, jobs=2, cell_timeout=cell_timeout, kernel=kernel)
    return batch, {o.run.analysis: o for o in batch.outcomes}


@pytest.mark.usefixtures("one_zygote")
@pytest.mark.parametrize("kernel", ["warm", "cold"])
@pytest.mark.parametrize(
    ("code", "why", "longest"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "kernel_died", 60),
        ("import os; os._exit(3)", "kernel_died", 60),
        ("import ctypes; ctypes.string_at(0)", "kernel_died", 60),
        (OF_MEMORY, "memory", 60),
        ("while True: pass", "timeout", 1),
        ("import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True:\n  try: time.sleep(60)\n  except KeyboardInterrupt: pass", "timeout", 1),
        ("raise OSError(28, 'No space left on device', 'x.parquet')", "disk_full", 60),
        ("raise ValueError('no')", "error", 60),
        ("raise SystemExit(1)", "error", 60),
        ("def", "error", 60),
    ],
    ids=["killed", "exits", "segfault", "memory", "endless", "stubborn", "disk", "error", "exit", "syntax"],
)  # fmt: skip
def test_a_run_that_dies_has_a_page_that_says_so_and_the_others_are_published(
    at_home, kernel, code, why, longest
):
    folder = at_home(good=notebook(GOOD), bad=notebook("print('begun')", code))
    batch, ended = dies(code, longest, kernel)
    assert {name: o.status for name, o in ended.items()} == {"good": "published", "bad": "failed"}
    assert [p.code for p in ended["bad"].problems] == [why], ended["bad"].problems
    quarter = folder / "reports" / "2026Q3" / "helpdesk"
    assert sorted(p.name for p in quarter.iterdir()) == ["bad.en.failed.html", "good.en.html"]
    page = (quarter / "bad.en.failed.html").read_text(encoding="utf-8")
    assert check_page(page) == []
    for word in ("Traceback", "Error", "cs_helpers", str(folder), "tmp", "import "):
        assert word not in page
    assert 'href="helpdesk/bad.en.failed.html"' in (folder / "reports" / "2026Q3" / "index.html").read_text(
        encoding="utf-8"
    )
    assert batch.manifest().reports["helpdesk/bad.en.html"].problems[0].code == why


def leaves_nothing(before):
    until = time.monotonic() + 10
    while new := {
        p: c
        for p, c in descendants().items()
        if p not in before and "forkserver" not in c and "resource_tracker" not in c
    }:
        assert time.monotonic() < until, new
        time.sleep(0.05)


def temporary():
    return {p.name for p in paths.temporary().iterdir()}


def test_dead_kernels_leave_no_process_and_no_folder(at_home):
    at_home(
        good=notebook(GOOD),
        bad=notebook(
            "import subprocess; subprocess.Popen(['sleep', '1000'])", "import os; os.kill(os.getpid(), 9)"
        ),
    )
    before, folders = set(descendants()), temporary()
    dies("")
    leaves_nothing(before)
    assert temporary() <= folders


def test_a_worker_that_is_killed_takes_only_its_own_run_along(at_home):
    """The kernel kills the process that runs the notebook, each time it is tried."""
    at_home(
        first=notebook(GOOD), second=notebook(GOOD),
        bad=notebook("import os, signal\nos.kill(int(os.environ['JPY_PARENT_PID']), signal.SIGKILL)\nimport time; time.sleep(20)"),
        last=notebook(GOOD),
    )  # fmt: skip
    before = set(descendants())
    _, ended = dies("", kernel="cold")
    assert {n: o.status for n, o in ended.items()} == {
        "first": "published",
        "second": "published",
        "bad": "failed",
        "last": "published",
    }
    assert ended["bad"].problems[0].code == "kernel_died"
    leaves_nothing(before)


@pytest.mark.usefixtures("one_zygote")
def test_the_last_good_report_stays_and_the_next_good_one_takes_the_failed_page_away(at_home):
    folder = at_home(alpha=notebook(GOOD))
    quarter = folder / "reports" / "2026Q3" / "helpdesk"
    quarterly_report(Snapshot.open(), **ONE)
    good = (quarter / "alpha.en.html").read_bytes()
    write(folder, "10_alpha", notebook(GOOD, "1 / 0"))
    batch = quarterly_report(Snapshot.open(), **ONE)
    assert [o.status for o in batch.outcomes] == ["failed"]
    assert (quarter / "alpha.en.html").read_bytes() == good
    assert batch.manifest().reports["helpdesk/alpha.en.html"].good.status == "published"
    assert 'href="./alpha.en.html"' in (quarter / "alpha.en.failed.html").read_text(encoding="utf-8")
    write(folder, "10_alpha", notebook(GOOD, "1"))
    assert quarterly_report(Snapshot.open(), **ONE).failed == ()
    assert sorted(p.name for p in quarter.iterdir()) == ["alpha.en.html"]


@pytest.mark.usefixtures("one_zygote")
def test_only_those_that_failed_are_tried_again(at_home):
    folder = at_home(alpha=notebook(GOOD), beta=notebook("1 / 0"))
    quarterly_report(Snapshot.open(), **ONE)
    write(folder, "10_alpha", notebook(GOOD, "'changed'"))
    write(folder, "20_beta", notebook(GOOD))
    batch = quarterly_report(Snapshot.open(), **ONE, only_failed=True)
    assert [(o.run.analysis, o.status) for o in batch.outcomes] == [("beta", "published")]
    assert quarterly_report(Snapshot.open(), **ONE, only_failed=True).outcomes == ()


@pytest.mark.usefixtures("one_zygote")
def test_a_damaged_file_of_the_snapshot_fails_the_runs_that_read_it_and_no_others(at_home, own_snapshot):
    folder = at_home(
        reads=notebook(
            "from cs_helpers import Workbook\nWorkbook.open(product=product, snapshot=snapshot)", GOOD
        )
    )
    snapshot = own_snapshot(folder)
    file = snapshot.folder / "contracts" / "product=helpdesk.parquet"
    file.write_bytes(file.read_bytes()[:-200])
    batch = quarterly_report(snapshot, jobs=2)
    ended = {o.run.parameters.product: [p.code for p in o.problems] for o in batch.outcomes}
    assert ended == {"helpdesk": ["snapshot"], "paper_to_web": [], "expense_desk": []}
    detail = batch.failed[0].problems[0].detail
    assert "contracts/product=helpdesk.parquet is gone or damaged" in detail


@pytest.mark.usefixtures("one_zygote")
def test_what_is_kept_of_a_run_and_damaged_is_made_again(at_home):
    folder = at_home(alpha=notebook(GOOD), beta=notebook(GOOD))
    made = folder / "reports" / ".made"
    interrupted(folder, after=2)
    kept = sorted(made.iterdir())
    assert len(kept) == 2
    kept[0].write_text(
        kept[0].read_text(encoding="utf-8").replace("There is a dot", "There is a lie"), encoding="utf-8"
    )
    kept[1].write_bytes(b"\xff\x00")
    batch = quarterly_report(Snapshot.open(), **ONE)
    assert (batch.resumed, [o.status for o in batch.outcomes]) == (0, ["published"] * 2)
    assert "There is a dot" in (folder / "reports" / "2026Q3" / "run.json").read_text(encoding="utf-8")
    assert not made.exists()


class _Stopped(BaseException):
    pass


def interrupted(folder, after):
    """A batch that ends as by a signal once `after` runs have ended."""
    ended = []

    def stop(outcome):
        ended.append(outcome)
        if len(ended) == after:
            raise _Stopped

    with pytest.raises(_Stopped):
        quarterly_report(Snapshot.open(), **ONE, callbacks=Callbacks(ended=stop))


@pytest.mark.usefixtures("one_zygote")
def test_a_batch_that_was_stopped_goes_on_from_what_is_done(at_home):
    folder = at_home(alpha=notebook(GOOD), beta=notebook(GOOD), gamma=notebook(GOOD))
    interrupted(folder, after=2)
    assert not (folder / "reports" / "2026Q3").exists()
    batch = quarterly_report(Snapshot.open(), **ONE)
    assert batch.resumed == 2
    assert len(batch.outcomes) == 3
    assert len(list((folder / "reports" / "2026Q3" / "helpdesk").iterdir())) == 3
    assert not (folder / "reports" / ".made").exists()


@pytest.mark.parametrize("kernel", ["warm", "cold"])
def test_ctrl_c_stops_cleanly_and_the_next_call_goes_on(at_home, sample_folder, kernel):
    folder = at_home(alpha=notebook(GOOD), beta=notebook("import time; time.sleep(60)", GOOD))
    arguments = [
        COMMAND,
        "report",
        "--data",
        sample_folder / "sources.yml",
        "--product",
        "helpdesk",
        "--jobs",
        "2",
        "--kernel",
        kernel,
    ]
    process = subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        cwd=folder,
        # in the background of a shell a process is born deaf to it
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.default_int_handler),
    )
    said = []
    for line in process.stdout:
        said.append(line)
        if "alpha: done" in line:
            break
    children = descendants(process.pid)
    assert children
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of the group
    rest = process.stdout.read()
    assert process.wait(20) == 130, [*said, rest]
    assert "stopped" in rest
    assert "Traceback" not in "".join(said) + rest
    until = time.monotonic() + 10
    while left := {p: c for p in children if (c := command(p))}:
        assert time.monotonic() < until, left
        time.sleep(0.05)
    assert not (folder / "reports" / "2026Q3").exists()
    write(folder, "20_beta", notebook(GOOD))
    batch = quarterly_report(Snapshot.open(), **ONE)
    assert batch.resumed == 1
    assert batch.failed == ()


def test_a_batch_that_is_killed_leaves_no_process(at_home, sample_folder):
    folder = at_home(beta=notebook("import time; time.sleep(60)"))
    arguments = [COMMAND, "report", "--data", sample_folder / "sources.yml", "--product", "helpdesk"]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, start_new_session=True, cwd=folder)
    until = time.monotonic() + 60
    while len([c for c in descendants(process.pid).values() if "zygote" in c]) < 2:  # it and its kernel
        assert time.monotonic() < until
        time.sleep(0.1)
    children = set(descendants(process.pid))
    process.kill()
    process.wait()
    until = time.monotonic() + 15
    while left := {p: c for p in children if (c := command(p))}:
        assert time.monotonic() < until, left
        time.sleep(0.1)


def test_two_batches_at_once_both_publish(at_home, sample_folder):
    folder = at_home(alpha=notebook("import time; time.sleep(0.5)", GOOD), beta=notebook(GOOD))
    batches = [
        subprocess.Popen(
            [COMMAND, "report", "--data", sample_folder / "sources.yml", "--product", "helpdesk,expense_desk", "--language", language],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder,
        )
        for language in ("en", "ja", "en")
    ]  # fmt: skip
    said = [b.communicate(timeout=120)[0] for b in batches]
    assert [b.returncode for b in batches] == [0, 0, 0], said
    manifest = json.loads((folder / "reports" / "2026Q3" / "run.json").read_text(encoding="utf-8"))
    assert len(manifest["reports"]) == 8
    for name in ("index.en.html", "index.ja.html"):
        page = (folder / "reports" / "2026Q3" / name).read_text(encoding="utf-8")
        assert page.count('.html">') >= 4


def test_on_a_full_disk_the_last_good_reports_stay_and_it_is_said(at_home, sample_folder, tmp_path):
    tried = ["unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
    if not shutil.which("unshare") or subprocess.run(tried, capture_output=True, check=False).returncode:
        missing("right to mount a tmpfs", "be root, or allow user namespaces")
    folder = at_home(alpha=notebook(GOOD), beta=notebook(GOOD))
    call = f"{COMMAND} report --data {sample_folder / 'sources.yml'} --product helpdesk"
    script = f"""
set -e
mkdir -p reports && mount -t tmpfs -o size=800k tmpfs reports
{call} >/dev/null
cp -r reports/2026Q3 good
sed -i 's/There is a dot/There is a new dot/' notebooks/*.ipynb
dd if=/dev/zero of=reports/filler bs=1k count=$(($(df -k --output=avail reports | tail -1) - 4)) status=none
set +e
{call} >said 2>&1; echo $? >code
diff -r reports/2026Q3 good >difference; ls -A reports >left
rm reports/filler
{call} >again 2>&1; echo $? >>code
grep -c 'There is a new dot' reports/2026Q3/run.json >>code
"""
    subprocess.run(["unshare", "-m", "sh", "-c", script], cwd=folder, check=True)
    output = (folder / "said").read_text()
    assert (folder / "code").read_text().split() == ["1", "0", "2"], output + (folder / "again").read_text()
    assert "No space left on device" in output
    assert "Traceback" not in output
    assert (folder / "difference").read_text() == ""
    assert [n for n in (folder / "left").read_text().split() if "publishing" in n or "retired" in n] == []
