"""A word in the context of many notes: our concordance, pandas and a loop over the notes, side by side.

    python benchmarks/concordance.py [--notes 100000] [--rounds 5]

Notes are the sample's statements, one to three of them in one language, drawn anew. Each question is asked of each
way; prints the median in milliseconds over the rounds, what was found, and ratios. Pandas and the loop know no forms of
words: they find what is written. The limit is one search over all notes as one text, without the words around.
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

#: what is asked, whether it is a pattern, and what finds it as it is written
QUESTIONS = (
    ("振り込む", False, "振り込"),
    ("請求書", False, "請求書"),
    ("2部署目", False, "2部署目"),
    ("invoice", False, "invoice"),
    ("(?:封筒|封入).{0,12}手", True, "(?:封筒|封入).{0,12}手"),
    (r"\bpost(?:ed|age)?\b", True, r"\bpost(?:ed|age)?\b"),
    ("の", False, "の"),
)


def notes(many: int) -> list[str]:
    """So many notes of one to three statements each."""
    file = Path(cs_helpers.sample.__file__).with_name("statements.yml")
    said = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    rng = np.random.default_rng(7)
    languages, lengths = rng.choice(["en", "ja"], many), rng.integers(1, 4, many)
    picks = rng.integers(0, len(said), (many, 3))
    return [
        " ".join(said[i][language] for i in row[:n])
        for language, n, row in zip(languages, lengths, picks, strict=True)
    ]


def timed(ask: Callable[[], int], rounds: int) -> tuple[float, int]:
    """The median of some rounds in seconds, and what was found."""
    spent = []
    for _ in range(rounds):
        start = time.perf_counter()
        found = ask()
        spent.append(time.perf_counter() - start)
    return median(spent), found


def main() -> None:
    """Asks each question each way and prints what it took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--notes", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    texts = notes(asked.notes)
    whole = "\n".join(texts)
    start = time.perf_counter()
    index = Concordance(texts)
    print(f"{len(texts):,} notes, {len(whole):,} letters; index {time.perf_counter() - start:.1f} s")
    column = pd.Series(texts)
    print(
        f"{'':24}{'ours':>10}{'found':>9}{'pandas':>11}{'loop':>11}{'limit':>10}   ours/limit, pandas/ours, loop/ours"
    )
    for question, pattern, written in QUESTIONS:
        fast = regex.compile(written if pattern else regex.escape(written), regex.IGNORECASE)
        compiled = re.compile(written if pattern else re.escape(written), re.IGNORECASE)

        def in_context(compiled: re.Pattern[str] = compiled) -> int:
            found = [
                (text[max(m.start() - 40, 0) : m.start()], m.group(), text[m.end() : m.end() + 40])
                for text in texts
                for m in compiled.finditer(text)
            ]
            return len(found)

        def by_pandas(compiled: re.Pattern[str] = compiled) -> int:
            return len(
                column[column.str.contains(compiled)].str.extract(
                    f"(.{{0,40}})({compiled.pattern})(.{{0,40}})", flags=re.I
                )
            )

        ways: dict[str, Callable[[], int]] = {
            "ours": lambda q=question, p=pattern: index.find(q, pattern=p).total,  # type: ignore[misc]
            "pandas": by_pandas,
            "loop": in_context,
            "limit": lambda w=fast: sum(1 for _ in w.finditer(whole)),  # type: ignore[misc]
        }
        seconds = {name: timed(ask, asked.rounds) for name, ask in ways.items()}
        ours, pandas, loop, limit = (seconds[name][0] for name in ("ours", "pandas", "loop", "limit"))
        print(
            f"{question:<24}{ours * 1000:>8.1f}ms{seconds['ours'][1]:>9,}{pandas * 1000:>9.1f}ms{loop * 1000:>9.1f}ms"
            f"{limit * 1000:>8.1f}ms   {ours / limit:5.2f}{pandas / ours:9.1f}{loop / ours:9.1f}"
        )


if __name__ == "__main__":
    main()
