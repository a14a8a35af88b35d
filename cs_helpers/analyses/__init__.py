"""The analyses: a module or package each, and it is one of them by lying here.

Each has `DECLARES` (`declaration.Declaration`) and `analyse(data, quarter) -> Result`: tables in, a frozen result out, no
words, no pixels, no files. They do not import each other.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from cs_helpers.declaration import Analysis, Declaration
from cs_helpers.errors import DisclosureError, ParameterError, did_you_mean


@cache
def names() -> tuple[str, ...]:
    """The names of all analyses, in order of the alphabet."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(__path__)))


@cache
def analysis(name: str) -> Analysis:
    """The analysis of a name.

    Raises `ParameterError` where there is none, and `DisclosureError` for one that declares nothing.
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
    return Analysis(name, declares, module.analyse)
