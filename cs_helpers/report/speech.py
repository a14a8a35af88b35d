"""In which language the command line speaks: as `--language` says, else as the environment's LANGUAGE does.

What reports are written in is another question: that only `--language` decides.
"""

from __future__ import annotations

import os
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a command that has nothing to say loads no words
    from cs_helpers.text import Text

_LANGUAGES = ("en", "ja")
_chosen: ContextVar[str | None] = ContextVar("language", default=None)


def choose(language: str | None) -> str | None:
    """Speak the language that an option names, if it is one; gives back what was said, to be checked."""
    _chosen.set(language if language in _LANGUAGES else None)
    return language


def spoken() -> str:
    """The language: `en` or `ja`. LANGUAGE is a list of locales, as in `ja_JP:en`; the first one counts."""
    first = os.environ.get("LANGUAGE", "").partition(":")[0].partition(".")[0].partition("_")[0]
    return _chosen.get() or (first if first in _LANGUAGES else "en")


def words() -> Text:
    """The catalogue in that language."""
    from cs_helpers.text import Text

    return Text(spoken())


def in_words(message: str) -> str:
    """The message of an error in that language; in English where it is not known in it."""
    if spoken() == "en":
        return message
    from cs_helpers.text.errors import in_language

    return in_language(message, spoken())
