"""What kernels import, before they are forked; a batch's kernels without what no report needs."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

#: what notebooks import, and what a kernel imports while it starts and answers
_PRELOADED = (
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.subshell_manager",
    "ipykernel.debugger", "IPython.core.completerlib", "IPython.core.debugger", "IPython.core.magics",
    "IPython.core.oinspect", "IPython.extensions.storemagic",
    "matplotlib.pyplot", "matplotlib.backends.backend_agg", "seaborn", "pyarrow.parquet",
    "cs_helpers.workbook", "sqlite3", "tornado.platform.asyncio", "zmq.utils.garbage",
)  # fmt: skip
#: each of these packages whole: notebooks name what is in them
_ANSWERS = ("cs_helpers.analyses", "cs_helpers.charts", "cs_helpers.tables")

#: what a person before a notebook uses besides
_INTERACTIVE = ("ipywidgets",)

#: imported by a library where it is installed, for its own use, and starts threads: left to who needs it
_LEFT_OUT = ("polars",)
#: and what no report needs: nobody looks for a mistake in one step by step, and seaborn offers widgets where it can
_LEFT_OUT_OF_BATCH = ("debugpy", "ipywidgets")


def preload(*, batch: bool) -> None:
    """Imports what notebooks import, and what a kernel does.

    A batch has no reader of docstrings and no debugger. Who shares a user's own zygote may be a person in
    JupyterLab: there all is as libraries have it.
    """
    if batch:
        with docstrings_as_written():
            _import(_PRELOADED, _LEFT_OUT + _LEFT_OUT_OF_BATCH)
        vars(importlib.import_module("ipykernel.ipkernel"))["sys"] = _NoModules()
    else:
        _import(_PRELOADED + _INTERACTIVE, _LEFT_OUT)


def _import(modules: Sequence[str], left_out: Sequence[str]) -> None:
    sys.meta_path.insert(0, _Absent(left_out))
    import matplotlib

    settings = dict(matplotlib.rcParams)  # as they are when a notebook imports it first
    for name in modules:
        importlib.import_module(name)
    for name in _ANSWERS:
        for found in pkgutil.iter_modules(importlib.import_module(name).__path__):
            importlib.import_module(f"{name}.{found.name}")
    matplotlib.rcParams.update(settings)
    del sys.meta_path[0]


@contextmanager
def docstrings_as_written() -> Iterator[None]:
    """Imports without what scipy, matplotlib and pyarrow do to docstrings: half a second, and no report reads them.

    scipy takes those of a thousand functions apart to add a note on other kinds of arrays to each, and looks at
    all that numpy has, even its compiler of Fortran, which numpy then loads; matplotlib lists in those of 120
    classes all that can be set, pyarrow those of each function's options.
    """
    instead = {
        "scipy._lib._docscrape": ("FunctionDoc", _AsWritten),
        "pyarrow.vendored.docscrape": ("NumpyDocString", _AsWritten),
        "matplotlib.artist": ("kwdoc", lambda artist: ""),
    }
    stock = []
    for module, (name, plain) in instead.items():
        with contextlib.suppress(ImportError, KeyError):  # another version may not have it
            known = vars(importlib.import_module(module))
            stock.append((known, name, known[name]))
            known[name] = plain
    numpy = vars(importlib.import_module("numpy"))
    numpy.setdefault("f2py", None)
    try:
        yield
    finally:
        for known, name, before in stock:
            known[name] = before
        if numpy["f2py"] is None:
            del numpy["f2py"]  # numpy has it again for who asks


class _AsWritten(defaultdict[str, list[Any]]):
    """A docstring that nothing is added to, for who would take it apart and put it together."""

    def __init__(self, function: Any) -> None:
        super().__init__(list)
        self._text = function.__doc__ or ""

    def __str__(self) -> str:
        return f"\n{self._text}"  # who asks drops the first line, a signature


class _NoModules:
    """`sys` for ipykernel, which lists the file of every module for a debugger: 3,000 pages to copy for each kernel."""

    modules: ClassVar[Mapping[str, Any]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)


class _Absent:
    """Finds that a library is not installed, so that who would only look for it goes on without."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = frozenset(names)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(name)
