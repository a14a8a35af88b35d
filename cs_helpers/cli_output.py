"""The consoles of the command line: stdout, and stderr for errors."""

from __future__ import annotations

import sys

from rich.console import Console

# without a terminal, tables need not fit into a window
console = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 200)
error_console = Console(stderr=True, soft_wrap=True)


def escape_markup(text: str) -> str:
    """The text with brackets escaped, so that rich prints them as they are."""
    return text.replace("[", r"\[")
