"""The lists of `names.yml`: what tells a name from a word."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml


@cache
def listed() -> dict[str, frozenset[str]]:
    """Each list by its name: given, surnames, also_words, short, abbreviations, roles, teams, first_words."""
    file = Path(__file__).with_name("names.yml")
    return {
        kind: frozenset(names.split())
        for kind, names in yaml.safe_load(file.read_text(encoding="utf-8")).items()
    }
