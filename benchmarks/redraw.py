"""From a change of the filter bar to the new picture: every notebook on the sample, and a journey of a million events.

    python benchmarks/redraw.py [--changes 40] [--pause 2.0] [--millions 1] [--only sample,events] [--notebooks 50_revenue]

Each notebook is opened as JupyterLab would, with its first figure in view, and one drop-down after the other is changed at random
(seeded), by one step as a person does it, `--pause` seconds after the picture before. Measured is the time from the change of
the control to the new HTML of the first figure in view, in the kernel: what a browser adds is stated by a test with a real one.
`at once` counts the changes whose picture was worked out ahead. With `--pause 0` nothing is worked out ahead: that is the time
that the analysis and the figure take.

The events: `--millions` of milestones of 2,000 customers with 100 users each, a funnel of five steps by user and by customer.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

#: seconds in which a person looks at a page before the first change
LOOKS = 6.0
#: seconds below which a picture was worked out ahead
AT_ONCE = 0.05
STEPS = ("contract", "kickoff", "first_use", "value", "renewal")
ROOT = Path(__file__).resolve().parents[1]


def write_events(millions: float, unit: str, home: Path) -> None:
    """Writes a workbook with one product whose milestones are that many, and takes its snapshot."""
    import numpy as np
    import pandas as pd
    import yaml

    rng = np.random.default_rng(7)
    rows, accounts = int(millions * 1e6), 2000
    ids = np.array([f"A-{n:04}" for n in range(accounts)])
    sizes, industries = ("small", "mid", "enterprise"), ("retail", "finance", "education")
    started = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 1000, accounts), unit="D")
    folder = home / "data" / "events"
    folder.mkdir(parents=True)
    pd.DataFrame(
        {
            "account_id": ids, "name": ids, "size": rng.choice(sizes, accounts), "industry": rng.choice(industries, accounts),
            "motivation": rng.integers(1, 6, accounts), "literacy": rng.integers(1, 6, accounts),
            "csm": [f"csm-{n % 12:02}" for n in range(accounts)],
        }
    ).to_csv(folder / "accounts.csv", index=False)  # fmt: skip
    pd.DataFrame(
        {
            "contract_id": ids, "account_id": ids, "product": "events", "started_on": started.date,
            "mrr": 1000, "currency": "JPY",
        }
    ).to_csv(folder / "contracts.csv", index=False)  # fmt: skip
    who = rng.integers(0, accounts * 100, rows)
    step = np.minimum(rng.geometric(0.35, rows) - 1, 4)
    at = started.to_numpy()[who // 100] + (step * 40 + rng.exponential(30, rows)) * np.timedelta64(86400, "s")
    reached = pd.DataFrame(
        {
            "account_id": ids[who // 100], "product": "events", "step": np.array(STEPS)[step], "reached_at": at,
            "user_id": np.char.add("U-", who.astype(str)),
        }
    )  # fmt: skip
    reached[reached["reached_at"] < "2026-09-30"].drop_duplicates().to_parquet(folder / "milestones.parquet")
    tables = "".join(f"  {t}: {{from: {t}}}\n" for t in ("accounts", "contracts", "milestones"))
    (folder / "sources.yml").write_text(
        "as_of: 2026-09-30\nfiles: {accounts: accounts.csv, contracts: contracts.csv, milestones: milestones.parquet}\n"
        f"tables:\n{tables}"
    )
    # the sample's help desk with another journey, without the sections that name its steps
    product = yaml.safe_load((ROOT / "data" / "products" / "helpdesk.yml").read_text(encoding="utf-8"))
    naming_steps = ("playbook", "organisation", "means", "to_be", "scores", "team")
    product = {name: part for name, part in product.items() if name not in naming_steps}
    steps = [{"step": s, "name": {"en": s, "ja": s}, "rule": {"milestone": s}} for s in STEPS]
    journey = {"steps": steps, "value_step": "value", "window_days": 365, "unit": unit}
    (home / "data" / "products").mkdir()
    (home / "data" / "products" / "events.yml").write_text(
        yaml.safe_dump({**product, "product": "events", "journey": journey}, allow_unicode=True),
        encoding="utf-8",
    )
    (home / "templates").symlink_to(ROOT / "templates")
    run = [sys.executable, "-m", "cs_helpers.cli", "snapshot", "--data", str(folder / "sources.yml")]
    subprocess.run(
        run, check=True, env={**os.environ, "CS_WORKBOOK_HOME": str(home)}, stdout=subprocess.DEVNULL
    )


def open_notebook(file: Path):
    """The bar of a notebook whose cells have run, with its first figure in view (its first output where it has none)."""
    import nbformat

    from cs_helpers.live import page as pages
    from cs_helpers.live.bar import FilterBar

    drawn: dict[str, float] = {}
    pages.replace_output = lambda where, html: drawn.__setitem__(where, time.perf_counter())
    names: dict[str, object] = {}
    for cell in nbformat.read(file, 4).cells:
        bar_or_shown = "interactive" not in cell.metadata.get("tags", []) or "filter_bar" in cell.source
        if cell.cell_type == "code" and bar_or_shown:
            exec(compile(cell.source, file.name, "exec"), names)
    bar = FilterBar._last
    assert bar
    figures = [n for n, place in enumerate(bar.page.places) if place.call.method == "chart"]
    bar.page.in_view = [(figures or [0])[0]]
    bar._on_browser("ready", {})
    return bar, drawn


def wait(page, seconds: float) -> None:
    """Takes answers for that long, as the kernel does while a person looks."""
    until = time.perf_counter() + seconds
    while (left := until - time.perf_counter()) > 0:
        page.take_answers(min(left, 0.05))


def measure(file: Path, changes: int, pause: float, seed: int) -> list[float]:
    """Seconds from a change to the new first figure, for random changes of one control at a time."""
    bar, drawn = open_notebook(file)
    page, rng, seconds = bar.page, random.Random(seed), []
    where = page.places[page.in_view[0]].display_ids[0]
    wait(page, LOOKS if pause else 0.0)
    for _ in range(changes):
        control = rng.choice([c for c in bar.controls.values() if len(c.options) > 1])
        values = [value for _, value in control.options]
        now = values.index(control.value)
        step = 1 if now == 0 else -1 if now == len(values) - 1 else rng.choice((-1, 1))
        drawn.clear()
        begun = time.perf_counter()
        control.value = values[now + step]
        while where not in drawn and page.waiting and not bar.said.value:
            page.take_answers(0.02)
        if where in drawn:  # else no customer is like that, which the bar says
            seconds.append(drawn[where] - begun)
        page.wait()
        wait(page, pause)
    page.close()
    return seconds


def told(seconds: list[float]) -> str:
    """Median, 95th percentile and longest of the seconds, and how many pictures were there at once."""
    ordered = sorted(seconds)
    p95 = ordered[max(0, -(-95 * len(ordered) // 100) - 1)]
    at_once = sum(s < AT_ONCE for s in ordered)
    return f"{median(ordered) * 1000:7.0f} {p95 * 1000:7.0f} {ordered[-1] * 1000:7.0f}  {at_once:3}/{len(ordered)}"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--changes", type=int, default=40)
    parser.add_argument("--pause", type=float, default=2.0)
    parser.add_argument("--millions", type=float, default=1.0)
    parser.add_argument("--only", default="sample,events")
    parser.add_argument("--notebooks", default="")
    parser.add_argument("--seed", type=int, default=25)
    given = parser.parse_args()
    from cs_helpers import outputs
    from cs_helpers.live import bar

    outputs.display = bar.display = lambda *_, **__: None
    print("notebook                        p50 ms  p95 ms  max ms  at once")
    if "sample" in given.only:
        names = [name for name in given.notebooks.split(",") if name]
        everything: list[float] = []
        for file in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
            if not names or file.stem in names:
                seconds = measure(file, given.changes, given.pause, given.seed)
                everything += seconds
                print(f"{file.stem:30}{told(seconds)}", flush=True)
        print(f"{'all':30}{told(everything)}")
    if "events" in given.only:
        for unit in ("user", "account"):
            with tempfile.TemporaryDirectory() as folder:
                write_events(given.millions, unit, Path(folder))
                os.environ["CS_WORKBOOK_HOME"] = folder
                file = ROOT / "notebooks" / "40_journey_funnels.ipynb"
                seconds = measure(file, given.changes, given.pause, given.seed)
                print(f"{given.millions:g} million events, by {unit:9}{told(seconds)}", flush=True)


if __name__ == "__main__":
    main()
