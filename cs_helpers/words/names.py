"""The lists of `names.yml`, which distinguish names from words."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import yaml

#: a pseudonym in a text, with its brackets
PSEUDONYM = re.compile("〔[^〔〕\n]{1,40}〕")


@cache
def name_lists() -> dict[str, frozenset[str]]:
    """The lists by name: given, surnames, also_words, short, abbreviations, roles, teams, first_words."""
    file = Path(__file__).with_name("names.yml")
    return {
        kind: frozenset(names.split())
        for kind, names in yaml.safe_load(file.read_text(encoding="utf-8")).items()
    }


def is_team(name: str) -> bool:
    """Whether a value of a column of people is a team and not a person: 営業, CS, sales."""
    return name in name_lists()["teams"] or (
        name.isascii() and name.isalpha() and name.islower() and is_word(name)
    )


@cache
def is_word(word: str) -> bool:
    """Whether a word is in the English dictionary."""
    import simplemma  # rarely needed, and unpacking its dictionary takes 0.2 s

    return bool(simplemma.is_known(word.lower(), lang="en"))
