"""The analyses: every module or package in this folder is one.

Each has `DECLARES` (`declaration.Declaration`) and `analyse(data, quarter) -> Result`: tables in, a frozen result out,
without texts, figures or files. Analyses do not import each other; one that builds on others (`builds_on`) gets their
results: `analyse(data, quarter, results)`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any

from cs_helpers.declaration import Analysis, Declaration, Members
from cs_helpers.errors import DisclosureError, ParameterError, did_you_mean
from cs_helpers.snapshot import ProductData


@cache
def names() -> tuple[str, ...]:
    """The names of all analyses, sorted."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


@cache
def analysis(name: str) -> Analysis:
    """The analysis with a name.

    Raises `ParameterError` where there is none, and `DisclosureError` where it has no `DECLARES`.
    """
    if name not in names():
        raise ParameterError(
            "analysis",
            f"there is no analysis of that name.{did_you_mean(name, names())}".rstrip("."),
            value=name,
            allowed=", ".join(names()),
        )
    module = importlib.import_module(f"{__name__}.{name}")
    declares = getattr(module, "DECLARES", None)
    if not isinstance(declares, Declaration):
        raise DisclosureError(name, "*", "*", "the analysis does not say what its columns tell of")
    return Analysis(name, declares, module.analyse, analysis)


@cache
def members(name: str) -> Mapping[str, Members]:
    """The questions of an analysis whose points can be followed to their customers, of `analyses.<name>.members`."""
    package = f"{__name__}.{analysis(name).name}"
    is_package = hasattr(importlib.import_module(package), "__path__")
    if not is_package or find_spec(f"{package}.members") is None:
        return {}
    return dict(importlib.import_module(f"{package}.members").MEMBERS)


def check_options(data: ProductData, options: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises `ParameterError` for an analysis that there is not, and for an option or a value that it does not take."""
    for name, of_it in options.items():
        analysis(name).with_options(data, of_it)
