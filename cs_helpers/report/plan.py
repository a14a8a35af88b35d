"""Plans a batch: one run per product and notebook."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cs_helpers import paths
from cs_helpers.contract.parameters import Audience, Parameters
from cs_helpers.errors import ParameterError, ReportError, did_you_mean
from cs_helpers.snapshot import Snapshot

#: the notebook whose reports sum up a product
SUMMARY = "executive_summary"


@dataclass(frozen=True)
class Run:
    """One notebook with its resolved parameters."""

    notebook: Path
    parameters: Parameters

    @property
    def analysis(self) -> str:
        """The notebook's name without its number: `journey_funnels`."""
        return re.sub(r"^\d+_", "", self.notebook.stem)

    @property
    def file(self) -> str:
        """The report's file inside the quarter's folder."""
        return f"{self.parameters.product}/{self.analysis}.{self.parameters.language}.html"

    @property
    def label(self) -> str:
        """The run's name on a terminal."""
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
    """The runs of the products and notebooks named; of all where none are named.

    Raises `ParameterError` or `SnapshotError` for an unknown product, notebook, language,
    audience or quarter, before anything runs.
    """
    selected = [snapshot.check_product(p) for p in products] or list(snapshot.manifest["products"])
    checked_quarter = str(snapshot.check_quarter(quarter))
    files = _notebook_files(notebooks)
    return [
        Run(
            file,
            Parameters.check(
                {
                    "product": product,
                    "quarter": checked_quarter,
                    "language": language,
                    "snapshot": snapshot.id,
                    "audience": audience,
                }
            ),
        )
        for product in dict.fromkeys(selected)
        for file in files
    ]


def _notebook_files(names: Sequence[str]) -> list[Path]:
    by_stem = {file.stem: file for file in sorted(paths.notebooks().glob("[0-9]*.ipynb"))}
    if not by_stem:
        raise ReportError(f"there are no notebooks in {paths.display_path(paths.notebooks())}")
    short_names = {re.sub(r"^\d+_", "", stem): stem for stem in by_stem}
    selected = []
    for name in names:
        stem = name.removesuffix(".ipynb")
        stem = short_names.get(stem, stem)
        if stem not in by_stem:
            raise ParameterError(
                "notebooks",
                f"there is no such notebook.{did_you_mean(name, [*by_stem, *short_names])}".rstrip("."),
                value=name,
                allowed=", ".join(short_names),
            )
        selected.append(by_stem[stem])
    return list(dict.fromkeys(selected)) or list(by_stem.values())
