"""jsonschema without its check of addresses with non-ASCII letters (IRI), which costs a worker more than all other imports.

jsonschema imports `rfc3987_syntax` where it is installed, which builds a parser of the whole grammar when it is imported: 1.0 s
of the CPU time of a batch (5.7 % of 12 reports, 3.2 % of 24). The schema of notebooks has no address of that kind.

Upstream: jsonschema issue 1428 asks for a lazy import (closed), its pull request 1521 for `rfc3987-syntax2`, which builds
its parser at the first use. Needless as soon as jsonschema does either.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import version

#: versions of jsonschema that do without `rfc3987_syntax` in the way that is expected here; any other is imported as it is
TESTED = frozenset({"4.26.0"})


def import_jsonschema() -> bool:
    """Imports jsonschema; whether that was done without `rfc3987_syntax`, which stays importable for others."""
    known = {"jsonschema", "rfc3987_syntax"} & sys.modules.keys()
    hidden = not known and version("jsonschema") in TESTED
    if hidden:
        sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # how Python is told that it is not there
    try:
        import_module("jsonschema")
    finally:
        if hidden:
            del sys.modules["rfc3987_syntax"]
    return hidden
