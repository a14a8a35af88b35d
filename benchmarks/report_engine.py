"""The report engine against its alternatives: the same notebooks, side by side in one run.

    python benchmarks/report_engine.py [--products 6] [--rounds 1] [--grow 60] [--only a,limit] [--memory]
        [--ploomber FOLDER]

Ways: `cs-workbook report` without earlier reports, a shell loop of the papermill and nbconvert commands, the same loop
with `xargs -P`, the Python API of papermill and nbconvert in one process, ploomber-engine where a folder holds it
(`pip install --no-deps --target FOLDER ploomber-engine`; installed beside papermill it would slow down every start of
papermill), and the limit: the notebooks' code executed directly, in one warm process per core. All ways read the same
existing snapshot. Prints wall seconds and ratios, each against runs of ours directly before and after it, for the
machine's speed drifts (the shell loop product by product, and the sum); with `--memory` the peak memory instead (PSS
of all processes).
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
#: the parameters of every way besides the product, which are the defaults of ours
PARAMETERS = {"quarter": "2026Q3", "audience": "leadership"}
CORES = os.cpu_count() or 1
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
TEMPLATE = ROOT / "templates" / "executive" / "executive.html.j2"
#: key columns, whose values are changed in each copy of a product
KEYS = ("contract_id", "usage_id", "ticket_id", "interview_id", "note_id")


def create_home(folder: Path, products: int) -> tuple[Path, list[str]]:
    """Creates a workbook with copies of the sample's products and takes its snapshot; its folder and the products."""
    home = folder / f"home{products}"
    (home / "data" / "products").mkdir(parents=True)
    (home / "templates").symlink_to(ROOT / "templates")
    (home / "notebooks").mkdir()
    for file in NOTEBOOKS:  # without the interactive cells, which the batch leaves out
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
        table = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file, dtype=str)
        of = table.get("product")
        if of is None:
            of = (
                table["interview_id"].map(interviews) if file.stem == "notes" else table["note_id"].map(notes)
            )
        parts = []
        for name, original in names.items():
            part = table[of == original].copy()
            if "product" in part:
                part["product"] = name
            if name != original:
                for key in set(KEYS) & set(part):
                    part[key] = part[key] + name
            parts.append(part)
        copies = pd.concat(parts)
        copies.to_parquet(file) if file.suffix == ".parquet" else copies.to_csv(file, index=False)
    run([COMMANDS / "cs-workbook", "snapshot", "--data", sample / "sources.yml"], environment)
    return home, list(names)


def base_environment() -> dict[str, str]:
    """The environment of every way, with bytecode caches, as users have them."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {
        "OPENBLAS_NUM_THREADS": "1"
    }


def run(command: list[object], environment: dict[str, str] | None = None, cwd: Path | None = None) -> None:
    """Runs a command; raises `RuntimeError` with its output where it fails."""
    variables = {**base_environment(), "JUPYTER_PREFER_ENV_PATH": "1", **(environment or {})}
    done = subprocess.run([str(c) for c in command], cwd=cwd, env=variables, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def measure(work: Callable[[], object], *, memory: bool) -> tuple[float, float]:
    """Wall seconds, and the peak memory of all child processes in GB.

    With `memory` the seconds are not comparable: counting the pages of a process stops it for a moment.
    """
    peak, done = [0.0], threading.Event()

    def sample_memory() -> None:
        while not done.wait(1.0):
            total = 0
            for process in psutil.Process().children(recursive=True):
                try:
                    total += process.memory_full_info().pss
                except (psutil.Error, OSError):
                    continue
            peak[0] = max(peak[0], total / 1e9)

    sampler = threading.Thread(target=sample_memory)
    if memory:
        sampler.start()
    start = time.perf_counter()
    try:
        work()
    finally:
        seconds = time.perf_counter() - start
        done.set()
        if memory:
            sampler.join()
    return seconds, peak[0]


class Ways:
    """The ways to make a report of each notebook and product."""

    def __init__(self, home: Path, products: list[str], ploomber: str = "") -> None:
        self.home, self.products, self.ploomber = home, products, ploomber
        self.environment = {"CS_WORKBOOK_HOME": str(home)}
        self.out = home / "out"

    def report(self, *options: object, fresh: bool = True) -> None:
        """`cs-workbook report`; `fresh` deletes earlier reports first."""
        if fresh:
            shutil.rmtree(self.home / "reports", ignore_errors=True)
        sources = self.home / "data" / "sample" / "sources.yml"
        run([COMMANDS / "cs-workbook", "report", "--data", sources, *options], self.environment, self.home)

    def ours(self) -> None:
        """The whole command with an existing snapshot: start, runs, checks, pages, publication."""
        self.report("--jobs", CORES)

    def ours_cold(self) -> None:
        """The same with ordinary kernels."""
        self.report("--jobs", CORES, "--kernel", "cold")

    def again(self) -> None:
        """The same command again, with nothing changed."""
        self.report("--jobs", CORES, fresh=False)

    def lines(self, products: list[str], kernel: str = "") -> list[str]:
        """The command line of each report."""
        self.out.mkdir(exist_ok=True)
        options = " ".join(f"-p {name} {value}" for name, value in PARAMETERS.items())
        return [
            f"{COMMANDS}/papermill {self.home}/notebooks/{n.name} {self.out}/{p}-{n.name} -p product {p} {options} {kernel} && "
            f"{COMMANDS}/jupyter nbconvert --to html --template-file {TEMPLATE} {self.out}/{p}-{n.name}"
            for p in products
            for n in NOTEBOOKS
        ]

    def shell(self, product: str, kernel: str = "") -> None:
        """(a) A loop over the commands of one product."""
        run(["sh", "-ec", "\n".join(self.lines([product], kernel))], self.environment, self.home)

    def xargs(self) -> None:
        """(b) The same commands, one per core at a time."""
        jobs = self.home / "lines"
        jobs.write_text("\n".join(self.lines(self.products)) + "\n")
        run(
            ["sh", "-ec", f"tr '\\n' '\\0' < {jobs} | xargs -0 -P {CORES} -I LINE sh -ec LINE"],
            self.environment, self.home,
        )  # fmt: skip

    def python(self, engine: str) -> None:
        """(c) and (d): all reports in one process, by the API of papermill or ploomber-engine, and nbconvert."""
        self.out.mkdir(exist_ok=True)
        run(
            [sys.executable, __file__, "--child", engine, "--list", ",".join(self.products)],
            {**self.environment, **({"PYTHONPATH": self.ploomber} if engine == "ploomber" else {})},
            self.home,
        )

    def limit(self, passes: int) -> list[float]:
        """Seconds of each pass over all reports, the notebooks' code executed directly in one process per core."""
        shares = [self.products[core::CORES] for core in range(CORES)]
        start = time.perf_counter()
        processes = [
            subprocess.Popen(
                [sys.executable, __file__, "--child", "direct", "--list", ",".join(part), "--rounds", str(passes)],
                env={**base_environment(), **self.environment}, stdout=subprocess.PIPE, text=True,
            )
            for part in shares
        ]  # fmt: skip
        times_by_process = [json.loads(p.communicate()[0].splitlines()[-1]) for p in processes]
        assert all(p.returncode == 0 for p in processes)
        total = time.perf_counter() - start
        warm = [max(times) for times in zip(*times_by_process, strict=True)]
        return [total - sum(warm[1:]), *warm[1:]]


def child(engine: str, products: list[str], passes: int) -> None:
    """Makes the reports of some products in this process."""
    import nbformat

    if engine == "direct":
        execute_directly(products, passes)
        return
    from nbconvert.exporters import HTMLExporter

    exporter = HTMLExporter(template_file=str(TEMPLATE))
    for product in products:
        for file in NOTEBOOKS:
            out = f"out/{product}-{engine}-{file.name}"
            parameters = {"product": product, **PARAMETERS}
            if engine == "papermill":
                import papermill

                papermill.execute_notebook(
                    f"notebooks/{file.name}", out, parameters=parameters, progress_bar=False
                )
            else:
                from ploomber_engine import execute_notebook

                execute_notebook(f"notebooks/{file.name}", out, parameters=parameters, progress_bar=False)
            page, _ = exporter.from_notebook_node(nbformat.read(out, as_version=4))
            Path(out).with_suffix(".html").write_text(page, encoding="utf-8")


def execute_directly(products: list[str], passes: int) -> None:
    """Executes the code of the notebooks' cells without kernels, pages or checks; prints seconds per pass."""
    import nbformat

    from cs_helpers import outputs

    outputs.display = lambda *arguments, **named: None  # type: ignore[attr-defined]
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
        start = time.perf_counter()
        for product in products:
            for cells in books:
                names: dict[str, object] = {}
                for place, code in enumerate(cells):
                    exec(code, names)
                    if place == 0:
                        names.update(product=product, **PARAMETERS)
        seconds.append(time.perf_counter() - start)
    print(json.dumps(seconds))


def main() -> None:
    """Measures the ways and prints a table in Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--products", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--grow", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--ploomber", default="")
    parser.add_argument("--child", default="")
    parser.add_argument("--list", default="")
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child, arguments.list.split(","), arguments.rounds)
        return
    if find_spec("ploomber_engine"):
        sys.exit(
            "ploomber-engine is installed here, and papermill imports it at every start: say --ploomber FOLDER"
        )
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home, products = create_home(Path(folder), arguments.products)
        ways = Ways(home, products, str(Path(arguments.ploomber).resolve()) if arguments.ploomber else "")
        others: dict[str, list[Callable[[], object]]] = {
            "again": [ways.again],
            "limit": [],
            "ours, ordinary kernels": [ways.ours_cold],
            "a: loop of commands": [partial(ways.shell, p) for p in products],
            "a with our kernel": [partial(ways.shell, p, "-k cs-workbook") for p in products],
            "b: xargs -P": [ways.xargs],
            "c: Python API, one process": [lambda: ways.python("papermill")],
        }
        if arguments.ploomber:
            others["d: ploomber-engine"] = [lambda: ways.python("ploomber")]
        ways.report(
            "--jobs", CORES
        )  # records the state of the files, which must be some seconds old for that
        chosen = {
            n: w
            for n, w in others.items()
            if not arguments.only or n.split(":")[0] in arguments.only.split(",")
        }
        seconds: dict[str, list[float]] = {}
        ratios: dict[str, list[float]] = {}
        peaks: dict[str, float] = {}

        def measure_way(name: str, work: Callable[[], object]) -> float:
            taken, peak = measure(work, memory=arguments.memory)
            peaks[name] = max(peak, peaks.get(name, 0.0))
            print(f"{name}: {taken:.1f} s" + (f", {peak:.2f} GB" if arguments.memory else ""), flush=True)
            return taken

        def measure_ours() -> float:
            taken = measure_way("ours", ways.ours)
            seconds.setdefault("ours", []).append(taken)
            return taken

        for _ in range(arguments.rounds):
            before = measure_ours()
            for name, pieces in chosen.items():
                if name == "limit":
                    parts = ways.limit(3)
                    print("limit", [round(part, 2) for part in parts], flush=True)
                    after = measure_ours()
                    for part, value in ("limit, start counted", parts[0]), ("limit, warm", min(parts[1:])):
                        seconds.setdefault(part, []).append(value)
                        ratios.setdefault(part, []).append(2 * value / (before + after))
                    before = after
                    continue
                total = ratio = 0.0
                for work in pieces:
                    taken = measure_way(name, work)
                    after = measure_ours()
                    total, ratio, before = total + taken, ratio + 2 * taken / (before + after), after
                seconds.setdefault(name, []).append(total)
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
        if arguments.grow:
            few, first_limit = measure_ours(), ways.limit(1)[0]
            home, products = create_home(Path(folder), arguments.grow)
            ways = Ways(home, products)
            many = measure_way(f"ours, {arguments.grow} products", ways.ours)
            grown_limit = ways.limit(1)[0]
            more = len(products) * len(NOTEBOOKS) - runs
            each, limit = (many - few) / more, (grown_limit - first_limit) / more
            print(
                f"{runs} reports {few:.1f} s, limit {first_limit:.1f}; {runs + more}: {many:.1f} s, limit {grown_limit:.1f}"
            )
            print(f"a further report: {each:.3f} s, limit {limit:.3f} s: {each / limit:.2f}")


if __name__ == "__main__":
    main()
