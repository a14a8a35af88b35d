"""Which notebooks run for which products: one run per product and analysis."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cs_helpers import paths
from cs_helpers.contract.parameters import Audience, Parameters
from cs_helpers.errors import ParameterError, ReportError, did_you_mean
from cs_helpers.snapshot import Snapshot


@dataclass(frozen=True)
class Run:
    """One notebook with its parameters, all of them resolved, and the file it publishes."""

    notebook: Path
    parameters: Parameters

    @property
    def analysis(self) -> str:
        """The notebook's name without its number: `journey_funnels`."""
        return re.sub(r"^\d+_", "", self.notebook.stem)

    @property
    def file(self) -> str:
        """The report's place inside the quarter's folder."""
        return f"{self.parameters.product}/{self.analysis}.{self.parameters.language}.html"

    @property
    def label(self) -> str:
        """What the run is called on a terminal."""
        return f"{self.parameters.product} / {self.analysis}"


def plan_runs(
    snapshot: Snapshot,
    *,
    quarter: str = "latest",
    products: Sequence[str] = (),
    notebooks: Sequence[str] = (),
    language: str = "en",
    audience: Audience = "leadership",
) -> list[Run]:
    """The runs that were asked for; none named means all.

    Raises `ParameterError` or `SnapshotError` for an unknown product, notebook, language,
    audience or quarter, before anything runs.
    """
    chosen = [snapshot.check_product(p) for p in products] or list(snapshot.manifest["products"])
    when = str(snapshot.check_quarter(quarter))
    files = _notebooks(notebooks)
    return [
        Run(
            file,
            Parameters.check(
                {
                    "product": product,
                    "quarter": when,
                    "language": language,
                    "snapshot": snapshot.id,
                    "audience": audience,
                }
            ),
        )
        for product in dict.fromkeys(chosen)
        for file in files
    ]


def _notebooks(names: Sequence[str]) -> list[Path]:
    found = {file.stem: file for file in sorted(paths.notebooks().glob("[0-9]*.ipynb"))}
    if not found:
        raise ReportError(f"there are no notebooks in {paths.display_path(paths.notebooks())}")
    short = {re.sub(r"^\d+_", "", stem): stem for stem in found}
    chosen = []
    for name in names:
        stem = name.removesuffix(".ipynb")
        stem = short.get(stem, stem)
        if stem not in found:
            raise ParameterError(
                "notebooks",
                f"there is no such notebook.{did_you_mean(name, [*found, *short])}".rstrip("."),
                value=name,
                allowed=", ".join(short),
            )
        chosen.append(found[stem])
    return list(dict.fromkeys(chosen)) or list(found.values())
