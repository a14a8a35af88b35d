"""The main job against the stock commands: the same four notebooks of one product, side by side.

Prints wall seconds and ratios. Each way runs in turn within one call, the order rotating, so that a
drifting machine is fair to all. `make benchmark`, or `python benchmarks/main_job.py [rounds]`.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = Path(sys.executable).parent
PRODUCT, QUARTER = "paper_to_web", "2026Q3"
TEMPLATE = ROOT / "templates" / "executive" / "executive.html.j2"


def call(*command: object, home: Path) -> None:
    """Runs a command in a workbook's home, quietly; raises when it fails."""
    environment = {**os.environ, "CS_WORKBOOK_HOME": str(home), "JUPYTER_PREFER_ENV_PATH": "1"}
    subprocess.run([str(c) for c in command], cwd=home, env=environment, check=True, capture_output=True)


def ours(home: Path, *, jobs: int) -> None:
    """Everything: snapshot, four runs, gate, landing page."""
    sources = home / "data" / "sample" / "sources.yml"
    call(
        COMMANDS / "cs-workbook", "report", "--data", sources, "--product", PRODUCT, "--jobs", jobs, home=home
    )


def stock(home: Path) -> None:
    """A shell loop of the papermill and nbconvert commands, on a snapshot that is there already."""
    for notebook in sorted((home / "notebooks").glob("[0-9]*.ipynb")):
        out = home / notebook.name
        call(
            COMMANDS / "papermill",
            notebook,
            out,
            "-p",
            "product",
            PRODUCT,
            "-p",
            "quarter",
            QUARTER,
            home=home,
        )
        call(COMMANDS / "jupyter", "nbconvert", "--to", "html", "--template-file", TEMPLATE, out, home=home)


def timed(work: Callable[[Path], None], before: Callable[[Path], None], home: Path) -> float:
    """Wall seconds of one way, after `before` put the home into its starting state."""
    before(home)
    began = time.perf_counter()
    work(home)
    return time.perf_counter() - began


def main(rounds: int) -> None:
    """Runs every way `rounds` times and prints medians and ratios."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "data").mkdir()
        for name in ("notebooks", "templates", "data/products"):
            (home / name).symlink_to(ROOT / name)
        call(COMMANDS / "cs-workbook", "sample", home=home)
        call(COMMANDS / "cs-workbook", "snapshot", home=home)

        def cold(at: Path) -> None:
            shutil.rmtree(at / "reports", ignore_errors=True)

        def as_it_is(at: Path) -> None:
            pass

        ways: dict[str, tuple[Callable[[Path], None], Callable[[Path], None]]] = {
            "cs-workbook report, JOBS=2, snapshot included": (lambda at: ours(at, jobs=2), cold),
            "cs-workbook report, JOBS=1, snapshot included": (lambda at: ours(at, jobs=1), cold),
            "cs-workbook report again, nothing changed": (lambda at: ours(at, jobs=2), as_it_is),
            "papermill + jupyter nbconvert in a loop": (stock, as_it_is),
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, (work, before) in ways.items():
                seconds[name].append(timed(work, before, home))
        medians = {name: statistics.median(found) for name, found in seconds.items()}
        base = medians["papermill + jupyter nbconvert in a loop"]
        print(f"{PRODUCT}, four notebooks, {rounds} rounds, {os.cpu_count()} cores\n")
        print("| way | median s | min - max | stock / it |\n|---|---|---|---|")
        for name, found in seconds.items():
            ratio = base / medians[name]
            print(f"| {name} | {medians[name]:.1f} | {min(found):.1f} - {max(found):.1f} | {ratio:.2f} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
