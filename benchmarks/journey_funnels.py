"""A funnel of five steps over many milestone events: ours, hand-written SQL, pandas and others, side by side.

    python benchmarks/journey_funnels.py [--millions 100] [--ways ours,joins,lists,pandas] [--rounds 2]

The events are in one Parquet file, in order of time: ten per unit on average, of five steps and one other event. The
funnel is ordered, with a window of 90 days from the first entry. Each way runs in a process of its own, its start
included; prints wall seconds, peak memory, the counts, and ratios. DuckDB may use 2 GB.

Ways: `scan`, which only reads the file; `ours` (and `ours-latest`, `ours-strict`, `ours-unordered`, `ours-open`: without a window); `joins` and `lists`,
hand-written SQL; `pandas`, a merge and a group per step; `pandas-by-unit`, a loop over the units' events;
`retentioneering` (5.2, no window), which needs another DuckDB: `--python` names the interpreter that has it.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

STEPS = ("contract", "kickoff", "first_use", "value", "renewal")
WINDOW = 90

#: the first event of each step after the step before, with one join and one group per step
JOINS = f"""
WITH s1 AS (SELECT unit, min(occurred_at) AS t1, min(occurred_at) AS t FROM e WHERE event = '{
    STEPS[0]
}' GROUP BY unit),
{
    ", ".join(
        f"s{k} AS (SELECT e.unit, any_value(t1) AS t1, min(e.occurred_at) AS t FROM e JOIN s{k - 1} s USING (unit)"
        f" WHERE event = '{name}' AND e.occurred_at BETWEEN s.t AND s.t1 + INTERVAL {WINDOW} DAY GROUP BY e.unit)"
        for k, name in enumerate(STEPS[1:], 2)
    )
}
{" UNION ALL ".join(f"SELECT {k}, count(*) FROM s{k}" for k in range(1, 6))} ORDER BY 1
"""

#: sorted lists of the times of each step per unit, then the first time in each list that is late enough
LISTS = f"""
WITH lists AS (SELECT unit, min(occurred_at) FILTER (event = '{STEPS[0]}') AS t1,
{
    ", ".join(
        f"list(occurred_at ORDER BY occurred_at) FILTER (event = '{name}') AS l{k}"
        for k, name in enumerate(STEPS[1:], 2)
    )
} FROM e WHERE event <> 'other' GROUP BY unit),
{
    ", ".join(
        f"c{k} AS (SELECT *, list_filter(l{k}, lambda x: x >= t{k - 1} AND x <= t1 + INTERVAL {WINDOW} DAY)[1] AS t{k}"
        f" FROM {'lists' if k == 2 else f'c{k - 1}'})"
        for k in range(2, 6)
    )
}
SELECT {", ".join(f"count(t{k})" for k in range(1, 6))} FROM c5
"""


def write(file: Path, millions: float) -> None:
    """Writes the events; the number per unit varies."""
    import duckdb

    rows = int(millions * 1e6)
    names = ", ".join(f"'{name}'" for name in (*STEPS, "other"))
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '4GB'")
        connection.execute(
            f"COPY (SELECT (hash(i * 2 + 1) % {rows // 10})::INTEGER AS unit,"
            f" ([{names}])[1 + (hash(i * 3 + 2) % 6)::INTEGER] AS event,"
            f" TIMESTAMP '2025-01-01' + to_microseconds((i * {365 * 86_400_000_000 / rows:.6f})::BIGINT) AS occurred_at"
            f" FROM range({rows}) t(i)) TO '{file}' (FORMAT parquet, COMPRESSION zstd)"
        )


def by_unit(file: Path) -> list[int]:
    """The counts by the obvious code: a loop over each unit's events in order."""
    import pandas as pd

    events = pd.read_parquet(file)
    events = events[events["event"].isin(STEPS)].sort_values("occurred_at", kind="stable")
    window, counts = pd.Timedelta(days=WINDOW), [0] * len(STEPS)
    for _, unit_events in events.groupby("unit", sort=False):
        reached, entry = 0, None
        for event, at in zip(unit_events["event"], unit_events["occurred_at"], strict=True):
            if reached < len(STEPS) and event == STEPS[reached] and (entry is None or at <= entry + window):
                entry = at if entry is None else entry
                reached += 1
        for k in range(reached):
            counts[k] += 1
    return counts


def child(way: str, file: Path) -> list[int]:
    """The number of units at each step, by one way."""
    if way.startswith("ours"):
        from cs_helpers.statistics.funnels import Funnel, count_units

        mode = way.partition("-")[2] or "ordered"
        entry = "latest_entry" if mode == "latest" else "first_entry"
        days = 36_500 if mode == "open" else WINDOW
        funnel = Funnel(STEPS, timedelta(days=days), "ordered" if mode in ("latest", "open") else mode, entry)
        return [int(n) for n in count_units(file, funnel)["units"]]
    if way == "retentioneering":
        import pandas as pd
        from retentioneering.eventstream import Eventstream

        stream = Eventstream(
            pd.read_parquet(file),
            {"path_cols": ["unit"], "event_col": "event", "timestamp_col": "occurred_at"},
        )
        return [int(step["unique_paths"]) for step in stream.funnel_data(list(STEPS))["steps"]]
    if way == "pandas-by-unit":
        return by_unit(file)
    if way == "pandas":
        import pandas as pd

        events = pd.read_parquet(file)
        reached = (
            events[events["event"] == STEPS[0]]
            .groupby("unit")["occurred_at"]
            .min()
            .rename("t1")
            .reset_index()
        )
        reached["t"] = reached["t1"]
        counts = [len(reached)]
        for name in STEPS[1:]:
            later = events[events["event"] == name][["unit", "occurred_at"]].merge(reached, on="unit")
            later = later[
                (later["occurred_at"] >= later["t"])
                & (later["occurred_at"] <= later["t1"] + pd.Timedelta(days=WINDOW))
            ]
            reached = later.groupby("unit").agg(t1=("t1", "first"), t=("occurred_at", "min")).reset_index()
            counts.append(len(reached))
        return counts
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '2GB'")
        connection.read_parquet(str(file)).create_view("e")
        if way == "scan":
            return list(
                connection.sql(
                    "SELECT max(unit), max(length(event)), max(epoch_us(occurred_at)) FROM e"
                ).fetchone()
            )
        rows = connection.sql(JOINS if way == "joins" else LISTS).fetchall()
    return [int(row[1]) for row in rows] if way == "joins" else [int(n) for n in rows[0]]


def main() -> None:
    """Measures the ways and prints a table in Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--millions", type=float, default=100)
    parser.add_argument("--ways", default="ours,joins,lists,pandas")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--child", default="")
    arguments = parser.parse_args()
    if arguments.child:
        counts = child(arguments.child, arguments.folder)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(json.dumps([counts, peak]))
        return
    with tempfile.TemporaryDirectory(prefix="bench-", dir=arguments.folder) as folder:
        file = Path(folder) / "events.parquet"
        write(file, arguments.millions)
        print(
            f"{arguments.millions:g} million events, {file.stat().st_size / 1e9:.2f} GB of Parquet",
            flush=True,
        )
        seconds: dict[str, list[float]] = {}
        for _ in range(arguments.rounds):
            for way in arguments.ways.split(","):
                start = time.perf_counter()
                python = arguments.python if way == "retentioneering" else sys.executable
                done = subprocess.run(
                    [python, __file__, "--child", way, "--folder", str(file)],
                    capture_output=True, text=True,
                )  # fmt: skip
                taken = time.perf_counter() - start
                if done.returncode:
                    print(f"{way}: failed after {taken:.1f} s: {done.stderr[-300:]}", flush=True)
                    continue
                counts, peak = json.loads(done.stdout.splitlines()[-1])
                seconds.setdefault(way, []).append(taken)
                print(f"{way}: {taken:.1f} s, {peak:.2f} GB, {counts}", flush=True)
    ours = median(seconds["ours" if "ours" in seconds else next(iter(seconds))])
    print("\n| way | seconds | it / ours |\n|---|---|---|")
    for way, taken in seconds.items():
        print(f"| {way} | {median(taken):.1f} | {median(taken) / ours:.2f} |")


if __name__ == "__main__":
    main()
