"""Where the command line writes: to the reader, and of errors to stderr."""

from __future__ import annotations

import sys

from rich.console import Console

# where nobody looks at a window, tables may be as wide as they are
console = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 200)
alert = Console(stderr=True, soft_wrap=True)


def plain(text: str) -> str:
    """The text as it is: what rich would take for its marks stays."""
    return text.replace("[", r"\[")
