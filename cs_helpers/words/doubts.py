"""The list of words in notes that may be names; they are hidden from leadership until a person confirms them.

The list is `data/names/to-confirm.yml`; a person who knows the customers writes `word` or `name` after `is:`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import filelock
import yaml

from cs_helpers import durable, paths
from cs_helpers.errors import SettingError

FILE = "to-confirm.yml"
_HEAD = """\
# Words in interview notes of which nobody but you can tell whether they name somebody. Leadership does not read them
# until you say so: write `is: word` for one that may be read, `is: name` for one that stays hidden, and publish again.
# 社内の人にしか固有名かどうか分からない言葉の一覧です。確認が済むまで経営層版では伏せます。
# 一般の言葉なら `is: word`(表示)、人名・社名なら `is: name`(伏せたまま)と書き、もう一度レポートを発行してください。
"""


@dataclass(frozen=True)
class Confirmed:
    """The words that a person confirmed as words and as names, each as written in the notes."""

    words: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


def read_confirmed() -> Confirmed:
    """Read the confirmed words. Raises `SettingError`, with the place, where the list is invalid."""
    entries = _entries()
    texts = {kind: frozenset(e["text"] for e in entries if e["is"] == kind) for kind in ("word", "name")}
    return Confirmed(texts["word"], texts["name"])


def add_doubts(product: str, contexts: Mapping[str, str]) -> list[str]:
    """Add words to the list unless it has them, and return those of them that are still to be confirmed.

    contexts: word -> text around it. product: the product of the notes. Existing entries are kept.
    """
    folder = paths.names()
    folder.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder / ".lock", timeout=60):
        entries = _entries()
        listed = {e["text"] for e in entries}
        new = [
            {"text": word, "is": None, "product": product, "in": context}
            for word, context in sorted(contexts.items())
            if word not in listed
        ]
        if new:
            durable.write(folder / FILE, _to_yaml([*entries, *new]).encode())
        return [e["text"] for e in [*entries, *new] if e["is"] is None and e["text"] in contexts]


def _entries() -> list[dict[str, Any]]:
    file = paths.names() / FILE
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8-sig")) or []
    except FileNotFoundError:
        return []
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        position = f" at line {mark.line + 1}" if mark else ""
        raise SettingError(
            file,
            f"this is not valid YAML{position}; fix it without deleting it, as it holds what you confirmed",
        ) from None
    if not isinstance(content, list):
        raise SettingError(file, "a list of words is needed here, each entry after '- '")
    return [_entry(each, number) for number, each in enumerate(content, 1)]


def _entry(entry: Any, number: int) -> dict[str, Any]:
    file = paths.names() / FILE
    if not isinstance(entry, dict) or not isinstance(entry.get("text"), str) or not entry["text"]:
        raise SettingError(file, f"entry {number} has no text", key=f"{number}.text")
    if entry.get("is") not in (None, "word", "name"):
        raise SettingError(
            file, f"{entry['is']!r} is not allowed for {entry['text']!r}", key=f"{number}.is",
            allowed="word, name, or nothing as long as it is not confirmed",
        )  # fmt: skip
    return {"is": None, **entry}


def _to_yaml(entries: Iterable[Mapping[str, Any]]) -> str:
    lines = yaml.safe_dump(
        [dict(entry) for entry in entries], allow_unicode=True, sort_keys=False, width=10_000
    )
    lines = re.sub(r"(?m)^  is: null$", "  is:", lines)
    return _HEAD + re.sub(r"(?m)^- ", "\n- ", lines)
