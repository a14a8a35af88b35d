"""Searches in many notes with the words around each match: our concordance, pandas and a loop, side by side.

    python benchmarks/concordance.py [--notes 100000] [--rounds 5]

The notes are drawn from the sample's statements, one to three per note, in one language. Prints for each query and way
the median in milliseconds over the rounds, the number of matches, and ratios. Pandas and the loop find only what is
written, without inflected forms. The limit is one search over all notes as one text, without the words around.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import regex
import yaml

import cs_helpers.sample
from cs_helpers.words.concordance import Concordance

#: query, whether it is a pattern, and the pattern that finds it as written
QUERIES = (
    ("振り込む", False, "振り込"),
    ("請求書", False, "請求書"),
    ("2部署目", False, "2部署目"),
    ("invoice", False, "invoice"),
    ("(?:封筒|封入).{0,12}手", True, "(?:封筒|封入).{0,12}手"),
    (r"\bpost(?:ed|age)?\b", True, r"\bpost(?:ed|age)?\b"),
    ("の", False, "の"),
)


def draw_notes(count: int) -> list[str]:
    """`count` notes of one to three statements each."""
    file = Path(cs_helpers.sample.__file__).with_name("statements.yml")
    statements = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    rng = np.random.default_rng(7)
    languages, lengths = rng.choice(["en", "ja"], count), rng.integers(1, 4, count)
    picks = rng.integers(0, len(statements), (count, 3))
    return [
        " ".join(statements[i][language] for i in row[:n])
        for language, n, row in zip(languages, lengths, picks, strict=True)
    ]


def time_search(search: Callable[[], int], rounds: int) -> tuple[float, int]:
    """The median seconds over some rounds, and the number of matches."""
    durations = []
    for _ in range(rounds):
        start = time.perf_counter()
        matches = search()
        durations.append(time.perf_counter() - start)
    return median(durations), matches


def main() -> None:
    """Runs each query each way and prints the times."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--notes", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    texts = draw_notes(arguments.notes)
    all_text = "\n".join(texts)
    start = time.perf_counter()
    index = Concordance(texts)
    print(f"{len(texts):,} notes, {len(all_text):,} letters; index {time.perf_counter() - start:.1f} s")
    column = pd.Series(texts)
    print(
        f"{'':24}{'ours':>10}{'found':>9}{'pandas':>11}{'loop':>11}{'limit':>10}   ours/limit, pandas/ours, loop/ours"
    )
    for query, pattern, written in QUERIES:
        fast = regex.compile(written if pattern else regex.escape(written), regex.IGNORECASE)
        compiled = re.compile(written if pattern else re.escape(written), re.IGNORECASE)

        def in_context(compiled: re.Pattern[str] = compiled) -> int:
            matches = [
                (text[max(m.start() - 40, 0) : m.start()], m.group(), text[m.end() : m.end() + 40])
                for text in texts
                for m in compiled.finditer(text)
            ]
            return len(matches)

        def by_pandas(compiled: re.Pattern[str] = compiled) -> int:
            return len(
                column[column.str.contains(compiled)].str.extract(
                    f"(.{{0,40}})({compiled.pattern})(.{{0,40}})", flags=re.I
                )
            )

        ways: dict[str, Callable[[], int]] = {
            "ours": lambda q=query, p=pattern: index.find(q, pattern=p).total,  # type: ignore[misc]
            "pandas": by_pandas,
            "loop": in_context,
            "limit": lambda w=fast: sum(1 for _ in w.finditer(all_text)),  # type: ignore[misc]
        }
        seconds = {name: time_search(search, arguments.rounds) for name, search in ways.items()}
        ours, pandas, loop, limit = (seconds[name][0] for name in ("ours", "pandas", "loop", "limit"))
        print(
            f"{query:<24}{ours * 1000:>8.1f}ms{seconds['ours'][1]:>9,}{pandas * 1000:>9.1f}ms{loop * 1000:>9.1f}ms"
            f"{limit * 1000:>8.1f}ms   {ours / limit:5.2f}{pandas / ours:9.1f}{loop / ours:9.1f}"
        )


if __name__ == "__main__":
    main()
