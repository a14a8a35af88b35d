"""What kernels import, before they are forked."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

#: what notebooks import, and what a kernel imports while it starts and answers
_PRELOADED = (
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.subshell_manager",
    "ipykernel.debugger", "IPython.core.completerlib", "IPython.core.debugger", "IPython.core.magics",
    "IPython.core.oinspect", "IPython.extensions.storemagic",
    "matplotlib.pyplot", "matplotlib.backends.backend_agg", "pyarrow.parquet",
    "cs_helpers.workbook", "sqlite3", "tornado.platform.asyncio", "zmq.utils.garbage",
)  # fmt: skip
#: each of these packages whole: notebooks name what is in them
_ANSWERS = ("cs_helpers.analyses", "cs_helpers.charts", "cs_helpers.tables")

#: what a person before a notebook uses besides
_INTERACTIVE = ("seaborn", "ipywidgets")

#: statsmodels imports it where it is installed, for its own use, and it starts threads: left to who needs it
_LEFT_OUT = "polars"


def preload(*, batch: bool) -> None:
    """Imports what notebooks import, and what a kernel does; without `batch` also what a person uses in JupyterLab."""
    modules = _PRELOADED if batch else (*_PRELOADED, *_INTERACTIVE)
    with _hidden(_LEFT_OUT):
        _import(modules)


def _import(modules: Sequence[str]) -> None:
    import matplotlib

    settings = dict(matplotlib.rcParams)  # as they are when a notebook imports it first
    for name in modules:
        importlib.import_module(name)
    for name in _ANSWERS:
        for found in pkgutil.iter_modules(importlib.import_module(name).__path__):
            importlib.import_module(f"{name}.{found.name}")
    matplotlib.rcParams.update(settings)


@contextmanager
def _hidden(library: str) -> Iterator[None]:
    """Python finds that a library is not installed, so that who would only look for it goes on without."""
    sys.modules[library] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[library]
