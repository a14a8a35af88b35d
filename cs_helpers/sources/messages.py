"""Error messages of engines in one line."""

from __future__ import annotations

_PREFIXES = (
    "Invalid Input Error: ",
    "IO Error: ",
    "Binder Error: ",
    "Parser Error: ",
    "Conversion Error: ",
    "Catalog Error: ",
    "Out of Memory Error: ",
)


def first_line(error: Exception) -> str:
    """The first line of an engine's message, without its error class and advice."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    if "CSV Error on Line" in text and len(lines) > 2:  # the second line quotes the row
        text = f"{text}: {lines[2]}"
    for prefix in _PREFIXES:
        text = text.removeprefix(prefix)
    return text.rstrip(".!")
