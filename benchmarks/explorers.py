"""How long an explorer takes from a change of a control to the new page: python benchmarks/explorers.py.

Of the sample, or of `--product` of the snapshot at hand. For each explorer its first answer (which reads what it needs), and then p50 and
p95 of the redraws: from the change of the trait, as the browser sends it, to the HTML that goes back. Of the three comparisons of a
watched number, the first stands on the page before the next is worked out: both times are given. The time of the browser is not in it.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import os
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

# a core a process, as a notebook's kernel has on a shared machine
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from cs_helpers.workbook import Workbook


class Redraws(NamedTuple):
    """Milliseconds of an explorer: its first answer, and each redraw, to the first part of the page and to all of it."""

    name: str
    first: float
    parts: list[float]
    whole: list[float]


def _set(control: Any, values: Any, name: str = "value") -> Iterator[Callable[[], None]]:
    for value in values:
        yield lambda value=value: setattr(control, name, value)


def _health_weights(explorer: Any) -> Iterator[Callable[[], None]]:
    weights = explorer.sliders.values
    steps = ({**weights, name: weights[name] * part} for part in (0.5, 0.75, 1.25, 1.5) for name in weights)
    yield from _set(explorer.sliders, steps, "values")


def _gap_weights(explorer: Any) -> Iterator[Callable[[], None]]:
    steps = (
        {"worth": a, "confidence": b, "effort": c} for a, b, c in itertools.product((0.4, 1.1, 1.8), repeat=3)
    )
    yield from _set(explorer.sliders, steps, "values")


def _maturity_rules(explorer: Any) -> Iterator[Callable[[], None]]:
    for _, key in explorer.condition.options:
        explorer.condition.value = key
        declared = float(explorer.at_least.value or 1)
        yield from _set(explorer.at_least, (f"{declared * part:.3g}" for part in (1.1, 1.2, 1.3)))


def _funnel_builder(explorer: Any) -> Iterator[Callable[[], None]]:
    dimensions = [value for _, value in explorer.by.options]
    steps = explorer.steps.value
    for mode in ("ordered", "strict", "unordered"):
        yield from _set(explorer.mode, [mode])
        yield from _set(explorer.window, (30, 60, 90, 180))
        yield from _set(explorer.by, [*dimensions[1:], dimensions[0]])
        yield from _set(explorer.steps, (steps[:3], steps[1:], steps))
    yield from _set(explorer.mode, ["milestones"])


def _baseline_explorer(explorer: Any) -> Iterator[Callable[[], None]]:
    for _, segment in explorer.segment.options[:3]:
        yield from _set(explorer.segment, [segment])
        yield from _set(explorer.number, [value for _, value in explorer.number.options[1:]])


CHANGES: dict[str, Callable[[Any], Iterator[Callable[[], None]]]] = {
    "health_weights": _health_weights, "gap_weights": _gap_weights, "maturity_rules": _maturity_rules,
    "funnel_builder": _funnel_builder, "baseline_explorer": _baseline_explorer,
}  # fmt: skip


def redraws(workbook: Any) -> list[Redraws]:
    """The times of all explorers of a workbook."""
    return [_measured(name, workbook) for name in CHANGES]


def _measured(name: str, workbook: Any) -> Redraws:
    explorer = importlib.import_module(f"cs_helpers.widgets.{name}").Explorer(workbook)
    first_part: list[float] = []
    explorer.answer.pages[0].observe(lambda _: first_part.append(time.perf_counter()), names="value")

    def timed(change: Callable[[], None]) -> tuple[float, float]:
        first_part.clear()
        start = time.perf_counter()
        change()
        end = time.perf_counter()
        return 1000 * ((first_part or [end])[-1] - start), 1000 * (end - start)

    first = timed(explorer.answer.begin.click)[1]
    times = [timed(change) for change in CHANGES[name](explorer)]
    return Redraws(name, first, [part for part, _ in times], [whole for _, whole in times])


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--product", default="helpdesk")
    workbook = Workbook.open(product=parser.parse_args().product)
    print(f"{'explorer':20}{'changes':>8}{'first':>8}{'p50':>8}{'p95':>8}{'all p50':>9}{'all p95':>9}  ms")
    for found in redraws(workbook):
        numbers = [*np.percentile(found.parts, (50, 95)), *np.percentile(found.whole, (50, 95))]
        print(
            f"{found.name:20}{len(found.whole):8}{found.first:8.0f}"
            + "".join(f"{number:{width}.0f}" for number, width in zip(numbers, (8, 8, 9, 9), strict=True))
        )


if __name__ == "__main__":
    main()
