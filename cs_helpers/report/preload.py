"""Imports of the zygote, which all kernels forked from it share."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

#: modules that notebooks import, and those that a kernel imports while it starts and answers
_MODULES = (
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.subshell_manager",
    "ipykernel.debugger", "IPython.core.completerlib", "IPython.core.debugger", "IPython.core.magics",
    "IPython.core.oinspect", "IPython.extensions.storemagic",
    "matplotlib.pyplot", "matplotlib.backends.backend_agg", "pyarrow.parquet",
    "cs_helpers.workbook", "sqlite3", "tornado.platform.asyncio", "zmq.utils.garbage",
)  # fmt: skip
#: packages whose modules are all imported: notebooks name them by analysis
_PACKAGES = ("cs_helpers.analyses", "cs_helpers.charts", "cs_helpers.tables")

#: modules that only interactive notebooks use
_INTERACTIVE = ("seaborn", "ipywidgets")

#: statsmodels imports it where it is installed, and it starts threads: kernels that need it import it themselves
_EXCLUDED = "polars"


def preload(*, batch: bool) -> None:
    """Imports what notebooks and kernels import; without `batch` also what interactive notebooks use."""
    modules = _MODULES if batch else (*_MODULES, *_INTERACTIVE)
    with _hidden(_EXCLUDED):
        _import(modules)


def _import(modules: Sequence[str]) -> None:
    import matplotlib

    settings = dict(matplotlib.rcParams)  # imports must not change what a notebook finds
    for name in modules:
        importlib.import_module(name)
    for name in _PACKAGES:
        for module in pkgutil.iter_modules(importlib.import_module(name).__path__):
            importlib.import_module(f"{name}.{module.name}")
    matplotlib.rcParams.update(settings)


@contextmanager
def _hidden(library: str) -> Iterator[None]:
    """Makes imports of a library fail, as if it were not installed, for code that uses it only where it is."""
    known = library in sys.modules
    sys.modules.setdefault(library, None)  # type: ignore[arg-type]  # how Python is told that it is not there
    try:
        yield
    finally:
        if not known:
            del sys.modules[library]
