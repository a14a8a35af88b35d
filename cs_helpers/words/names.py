"""The lists of `names.yml`: what tells a name from a word."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import yaml

#: a pseudonym in a text, by its brackets: it is no word of whoever spoke
COVER = re.compile("〔[^〔〕\n]{1,40}〕")


@cache
def listed() -> dict[str, frozenset[str]]:
    """Each list by its name: given, surnames, also_words, short, abbreviations, roles, teams, first_words."""
    file = Path(__file__).with_name("names.yml")
    return {
        kind: frozenset(names.split())
        for kind, names in yaml.safe_load(file.read_text(encoding="utf-8")).items()
    }


def is_team(name: str) -> bool:
    """Whether what stands in a column of people is no person: 営業, CS, sales."""
    return name in listed()["teams"] or (
        name.isascii() and name.isalpha() and name.islower() and is_word(name)
    )


@cache
def is_word(word: str) -> bool:
    """Whether an English dictionary has a word."""
    import simplemma  # which most who look for names never need: it unpacks its dictionary for 0.2 s

    return bool(simplemma.is_known(word.lower(), lang="en"))
