"""The language of the command line's messages: `--language`, else the environment variable LANGUAGE.

The language of reports depends on `--language` alone.
"""

from __future__ import annotations

import os
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a command that prints nothing does not load the catalogue
    from cs_helpers.text import Text

_LANGUAGES = ("en", "ja")
_chosen: ContextVar[str | None] = ContextVar("language", default=None)


def set_language(language: str | None) -> str | None:
    """Sets the language where the option names a known one; returns the option's value unchanged, to be checked."""
    _chosen.set(language if language in _LANGUAGES else None)
    return language


def current_language() -> str:
    """The language: `en` or `ja`. LANGUAGE is a list of locales, as in `ja_JP:en`; the first one decides."""
    first = os.environ.get("LANGUAGE", "").partition(":")[0].partition(".")[0].partition("_")[0]
    return _chosen.get() or (first if first in _LANGUAGES else "en")


def current_text() -> Text:
    """The catalogue in the current language."""
    from cs_helpers.text import Text

    return Text(current_language())


def translate_error(message: str) -> str:
    """The message of an error in the current language; in English where it has no translation."""
    if current_language() == "en":
        return message
    from cs_helpers.text.errors import in_language

    return in_language(message, current_language())
