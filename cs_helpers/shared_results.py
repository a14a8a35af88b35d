"""What the runs of a batch work out once for all of them: an analysis that several notebooks show or build on.

The batch makes a folder for it, which only its user can read, and deletes it at its end: a result never outlives the data
and the code that it comes from. Outside of a batch nothing is shared.
"""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar, cast

from cs_helpers import hashes

Value = TypeVar("Value")

#: environment variable with the folder of a batch's shared results
VARIABLE = "CS_WORKBOOK_SHARED_RESULTS"


def shared(key: Sequence[str], work_out: Callable[[], Value]) -> Value:
    """What another run of the batch worked out under this key; else what `work_out` returns, which is kept for the others.

    key: all that the value depends on besides what the runs of a batch have in common: its snapshot, code and edition. Two
    runs that ask at the same time both work it out.
    """
    named = os.environ.get(VARIABLE)
    if not named:
        return work_out()
    file = Path(named, hashes.of_json(list(key)))
    try:
        return cast("Value", pickle.loads(file.read_bytes()))
    except FileNotFoundError:
        value = work_out()
    with suppress(OSError):  # on a full disk the others work it out again
        handle, unfinished = tempfile.mkstemp(dir=named)
        with os.fdopen(handle, "wb") as out:
            pickle.dump(value, out, protocol=pickle.HIGHEST_PROTOCOL)
        Path(unfinished).replace(file)  # no run reads half a file
    return value
