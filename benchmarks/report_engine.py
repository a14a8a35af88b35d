"""The report engine against what a user would type instead: the same notebooks, side by side in one run.

    python benchmarks/report_engine.py [--products 6] [--rounds 1] [--grow 60] [--only a,limit] [--memory]
        [--ploomber FOLDER]

Ways: `cs-workbook report` with nothing made before, a shell loop of the papermill and nbconvert commands, the
same loop with `xargs -P`, papermill's and nbconvert's Python API in one process, ploomber-engine where a folder
holds it (`pip install --no-deps --target FOLDER ploomber-engine`; installed beside papermill it would slow every
start of it), and the limit: the code of the notebooks called straight, in one warm process per core. All of them
read the same snapshot, which is there already. Prints wall seconds and ratios, each against ours right before and
after it, for a machine's speed drifts (the loop's product by product, and their sum); with `--memory` the peak
memory instead (PSS of all processes).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import pandas as pd
import psutil

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = Path(sys.executable).parent
#: what every way is told besides the product: what ours makes when it is told nothing
TOLD = {"quarter": "2026Q3", "audience": "leadership"}
CORES = os.cpu_count() or 1
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
TEMPLATE = ROOT / "templates" / "executive" / "executive.html.j2"
#: columns that name a row, made different in each copy of a product
KEYS = ("contract_id", "usage_id", "ticket_id", "interview_id", "note_id")


def home_of(folder: Path, products: int) -> tuple[Path, list[str]]:
    """A workbook with so many products, copies of those of the sample, and a snapshot of it."""
    home = folder / f"home{products}"
    (home / "data" / "products").mkdir(parents=True)
    (home / "templates").symlink_to(ROOT / "templates")
    (home / "notebooks").mkdir()
    for file in NOTEBOOKS:  # the batch leaves out cells for a person: here nobody runs them
        book = json.loads(file.read_text(encoding="utf-8"))
        book["cells"] = [c for c in book["cells"] if "interactive" not in c["metadata"].get("tags", [])]
        (home / "notebooks" / file.name).write_text(json.dumps(book), encoding="utf-8")
    environment = {"CS_WORKBOOK_HOME": str(home)}
    run([COMMANDS / "cs-workbook", "sample"], environment)
    sample = home / "data" / "sample"
    originals = [p.stem for p in sorted((ROOT / "data" / "products").glob("*.yml"))]
    originals = [p for p in originals if p in set(pd.read_csv(sample / "contracts.csv")["product"])]
    names = {f"{p}{n or ''}": p for n in range(-(-products // len(originals))) for p in originals}
    names = dict(list(names.items())[:products])
    for name, original in names.items():
        text = (ROOT / "data" / "products" / f"{original}.yml").read_text(encoding="utf-8")
        (home / "data" / "products" / f"{name}.yml").write_text(
            "\n".join(f"product: {name}" if s.startswith("product:") else s for s in text.splitlines())
            + "\n",
            encoding="utf-8",
        )
    interviews = pd.read_csv(sample / "interviews.csv").set_index("interview_id")["product"]
    notes = pd.read_csv(sample / "notes.csv").set_index("note_id")["interview_id"].map(interviews)
    for file in sample.iterdir():
        if file.suffix not in (".csv", ".parquet") or file.stem == "accounts":
            continue
        whole = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file, dtype=str)
        of = whole.get("product")
        if of is None:
            of = (
                whole["interview_id"].map(interviews) if file.stem == "notes" else whole["note_id"].map(notes)
            )
        parts = []
        for name, original in names.items():
            part = whole[of == original].copy()
            if "product" in part:
                part["product"] = name
            if name != original:
                for key in set(KEYS) & set(part):
                    part[key] = part[key] + name
            parts.append(part)
        made = pd.concat(parts)
        made.to_parquet(file) if file.suffix == ".parquet" else made.to_csv(file, index=False)
    run([COMMANDS / "cs-workbook", "snapshot", "--data", sample / "sources.yml"], environment)
    return home, list(names)


def surroundings() -> dict[str, str]:
    """The environment of every way: as a user has it, who keeps the bytecode of what was imported."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {
        "OPENBLAS_NUM_THREADS": "1"
    }


def run(command: list[object], environment: dict[str, str] | None = None, cwd: Path | None = None) -> None:
    """Runs a command quietly; raises with what it said when it fails."""
    variables = {**surroundings(), "JUPYTER_PREFER_ENV_PATH": "1", **(environment or {})}
    done = subprocess.run([str(c) for c in command], cwd=cwd, env=variables, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def measured(work: Callable[[], object], *, memory: bool) -> tuple[float, float]:
    """Wall seconds, and the peak of the memory of all processes below this one, in GB.

    Who asks for the memory does not get a time to compare: to count its pages stops a process.
    """
    peak, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(1.0):
            total = 0
            for process in psutil.Process().children(recursive=True):
                try:
                    total += process.memory_full_info().pss
                except (psutil.Error, OSError):
                    continue
            peak[0] = max(peak[0], total / 1e9)

    watcher = threading.Thread(target=watch)
    if memory:
        watcher.start()
    began = time.perf_counter()
    try:
        work()
    finally:
        seconds = time.perf_counter() - began
        over.set()
        if memory:
            watcher.join()
    return seconds, peak[0]


class Ways:
    """The ways of making a report of each notebook and product."""

    def __init__(self, home: Path, products: list[str], ploomber: str = "") -> None:
        self.home, self.products, self.ploomber = home, products, ploomber
        self.environment = {"CS_WORKBOOK_HOME": str(home)}
        self.out = home / "out"

    def report(self, *options: object, anew: bool = True) -> None:
        """`cs-workbook report`."""
        if anew:
            shutil.rmtree(self.home / "reports", ignore_errors=True)
        sources = self.home / "data" / "sample" / "sources.yml"
        run([COMMANDS / "cs-workbook", "report", "--data", sources, *options], self.environment, self.home)

    def ours(self) -> None:
        """Everything: start, runs, checks, pages, publication; the snapshot is known."""
        self.report("--jobs", CORES)

    def ours_cold(self) -> None:
        """The same with ordinary kernels."""
        self.report("--jobs", CORES, "--kernel", "cold")

    def again(self) -> None:
        """The same once more, nothing changed."""
        self.report("--jobs", CORES, anew=False)

    def lines(self, products: list[str], kernel: str = "") -> list[str]:
        """A command line for each report."""
        self.out.mkdir(exist_ok=True)
        told = " ".join(f"-p {name} {value}" for name, value in TOLD.items())
        return [
            f"{COMMANDS}/papermill {self.home}/notebooks/{n.name} {self.out}/{p}-{n.name} -p product {p} {told} {kernel} && "
            f"{COMMANDS}/jupyter nbconvert --to html --template-file {TEMPLATE} {self.out}/{p}-{n.name}"
            for p in products
            for n in NOTEBOOKS
        ]

    def shell(self, product: str, kernel: str = "") -> None:
        """(a) A loop over the commands: the part of one product."""
        run(["sh", "-ec", "\n".join(self.lines([product], kernel))], self.environment, self.home)

    def xargs(self) -> None:
        """(b) The same commands, as many at once as there are cores."""
        jobs = self.home / "lines"
        jobs.write_text("\n".join(self.lines(self.products)) + "\n")
        run(
            ["sh", "-ec", f"tr '\\n' '\\0' < {jobs} | xargs -0 -P {CORES} -I LINE sh -ec LINE"],
            self.environment, self.home,
        )  # fmt: skip

    def python(self, engine: str) -> None:
        """(c) and (d): one process that runs all, by papermill's API or ploomber-engine's, and nbconvert's."""
        self.out.mkdir(exist_ok=True)
        run(
            [sys.executable, __file__, "--child", engine, "--list", ",".join(self.products)],
            {**self.environment, **({"PYTHONPATH": self.ploomber} if engine == "ploomber" else {})},
            self.home,
        )

    def limit(self, passes: int) -> list[float]:
        """Seconds of each pass over all reports, the notebooks' code called straight in a process a core."""
        each = [self.products[core::CORES] for core in range(CORES)]
        began = time.perf_counter()
        processes = [
            subprocess.Popen(
                [sys.executable, __file__, "--child", "straight", "--list", ",".join(part), "--rounds", str(passes)],
                env={**surroundings(), **self.environment}, stdout=subprocess.PIPE, text=True,
            )
            for part in each
        ]  # fmt: skip
        said = [json.loads(p.communicate()[0].splitlines()[-1]) for p in processes]
        assert all(p.returncode == 0 for p in processes)
        total = time.perf_counter() - began
        warm = [max(times) for times in zip(*said, strict=True)]
        return [total - sum(warm[1:]), *warm[1:]]


def child(engine: str, products: list[str], passes: int) -> None:
    """One process: all notebooks of some products."""
    import nbformat

    if engine == "straight":
        straight(products, passes)
        return
    from nbconvert.exporters import HTMLExporter

    exporter = HTMLExporter(template_file=str(TEMPLATE))
    for product in products:
        for file in NOTEBOOKS:
            out = f"out/{product}-{engine}-{file.name}"
            told = {"product": product, **TOLD}
            if engine == "papermill":
                import papermill

                papermill.execute_notebook(f"notebooks/{file.name}", out, parameters=told, progress_bar=False)
            else:
                from ploomber_engine import execute_notebook

                execute_notebook(f"notebooks/{file.name}", out, parameters=told, progress_bar=False)
            page, _ = exporter.from_notebook_node(nbformat.read(out, as_version=4))
            Path(out).with_suffix(".html").write_text(page, encoding="utf-8")


def straight(products: list[str], passes: int) -> None:
    """The code of the notebooks' cells, without a kernel, a page or a check."""
    import nbformat

    import cs_helpers.workbook as facade

    facade.display = lambda *arguments, **named: None  # type: ignore[attr-defined]
    books = []
    for file in NOTEBOOKS:
        cells = [c for c in nbformat.read(file, as_version=4).cells if c.cell_type == "code"]
        books.append(
            [
                compile(c.source, file.name, "exec")
                for c in cells
                if "interactive" not in c.metadata.get("tags", [])
            ]
        )
    seconds = []
    for _ in range(passes):
        began = time.perf_counter()
        for product in products:
            for cells in books:
                names: dict[str, object] = {}
                for place, code in enumerate(cells):
                    exec(code, names)
                    if place == 0:
                        names.update(product=product, **TOLD)
        seconds.append(time.perf_counter() - began)
    print(json.dumps(seconds))


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--products", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--grow", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--ploomber", default="")
    parser.add_argument("--child", default="")
    parser.add_argument("--list", default="")
    told = parser.parse_args()
    if told.child:
        child(told.child, told.list.split(","), told.rounds)
        return
    if find_spec("ploomber_engine"):
        sys.exit(
            "ploomber-engine is installed here, and papermill imports it at every start: say --ploomber FOLDER"
        )
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home, products = home_of(Path(folder), told.products)
        ways = Ways(home, products, str(Path(told.ploomber).resolve()) if told.ploomber else "")
        others: dict[str, list[Callable[[], object]]] = {
            "again": [ways.again],
            "limit": [],
            "ours, ordinary kernels": [ways.ours_cold],
            "a: loop of commands": [partial(ways.shell, p) for p in products],
            "a with our kernel": [partial(ways.shell, p, "-k cs-workbook") for p in products],
            "b: xargs -P": [ways.xargs],
            "c: Python API, one process": [lambda: ways.python("papermill")],
        }
        if told.ploomber:
            others["d: ploomber-engine"] = [lambda: ways.python("ploomber")]
        ways.report("--jobs", CORES)  # remembers what the files look like once their times are old enough
        chosen = {n: w for n, w in others.items() if not told.only or n.split(":")[0] in told.only.split(",")}
        seconds: dict[str, list[float]] = {}
        ratios: dict[str, list[float]] = {}
        peaks: dict[str, float] = {}

        def take(name: str, work: Callable[[], object]) -> float:
            taken, peak = measured(work, memory=told.memory)
            peaks[name] = max(peak, peaks.get(name, 0.0))
            print(f"{name}: {taken:.1f} s" + (f", {peak:.2f} GB" if told.memory else ""), flush=True)
            return taken

        def ours_now() -> float:
            taken = take("ours", ways.ours)
            seconds.setdefault("ours", []).append(taken)
            return taken

        for _ in range(told.rounds):
            before = ours_now()
            for name, pieces in chosen.items():
                if name == "limit":
                    parts = ways.limit(3)
                    print("limit", [round(part, 2) for part in parts], flush=True)
                    after = ours_now()
                    for part, value in ("limit, start counted", parts[0]), ("limit, warm", min(parts[1:])):
                        seconds.setdefault(part, []).append(value)
                        ratios.setdefault(part, []).append(2 * value / (before + after))
                    before = after
                    continue
                whole = ratio = 0.0
                for work in pieces:
                    taken = take(name, work)
                    after = ours_now()
                    whole, ratio, before = whole + taken, ratio + 2 * taken / (before + after), after
                seconds.setdefault(name, []).append(whole)
                ratios.setdefault(name, []).append(ratio)
        print(f"\n{len(products) * len(NOTEBOOKS)} reports, {CORES} cores\n")
        print("| way | seconds | a report | peak GB | it / ours |\n|---|---|---|---|---|")
        runs = len(products) * len(NOTEBOOKS)
        for name, taken in seconds.items():
            middle = median(taken)
            print(
                f"| {name} | {middle:.1f} | {middle / runs:.2f} | {peaks.get(name, 0):.2f} |"
                f" {median(ratios.get(name, [1.0])):.2f} |"
            )
        if told.grow:
            few, first = ours_now(), ways.limit(1)[0]
            home, products = home_of(Path(folder), told.grow)
            ways = Ways(home, products)
            many = take(f"ours, {told.grow} products", ways.ours)
            grown = ways.limit(1)[0]
            more = len(products) * len(NOTEBOOKS) - runs
            each, limit = (many - few) / more, (grown - first) / more
            print(
                f"{runs} reports {few:.1f} s, limit {first:.1f}; {runs + more}: {many:.1f} s, limit {grown:.1f}"
            )
            print(f"a further report: {each:.3f} s, limit {limit:.3f} s: {each / limit:.2f}")


if __name__ == "__main__":
    main()
