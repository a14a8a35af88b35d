"""Words of notes that may name somebody: hidden from leadership until a person says that they are words.

The list is `data/names/to-confirm.yml`; whoever knows the customers writes `word` or `name` behind `is:`.
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
    """What was said of words that may be names, each as it was written."""

    words: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


def read_confirmed() -> Confirmed:
    """What the list says; raises `SettingError` where it cannot be read, with the place."""
    entries = _entries()
    said = {kind: frozenset(e["text"] for e in entries if e["is"] == kind) for kind in ("word", "name")}
    return Confirmed(said["word"], said["name"])


def add_doubts(product: str, found: Mapping[str, str]) -> list[str]:
    """Adds words to the list (word -> where it stood) that are not in it, and gives those still to be confirmed.

    product: that of the notes. What somebody wrote into the list stays.
    """
    folder = paths.names()
    folder.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder / ".lock", timeout=60):
        entries = _entries()
        known = {e["text"] for e in entries}
        new = [
            {"text": word, "is": None, "product": product, "in": context}
            for word, context in sorted(found.items())
            if word not in known
        ]
        if new:
            durable.write(folder / FILE, _written([*entries, *new]).encode())
        return [e["text"] for e in [*entries, *new] if e["is"] is None and e["text"] in found]


def _entries() -> list[dict[str, Any]]:
    file = paths.names() / FILE
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8-sig")) or []
    except FileNotFoundError:
        return []
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        at = f" at line {mark.line + 1}" if mark else ""
        raise SettingError(
            file, f"this is not valid YAML{at}; mend it, what you confirmed is in it"
        ) from None
    if not isinstance(content, list):
        raise SettingError(file, "a list of words is needed here, each entry after '- '")
    return [_entry(each, number) for number, each in enumerate(content, 1)]


def _entry(each: Any, number: int) -> dict[str, Any]:
    file = paths.names() / FILE
    if not isinstance(each, dict) or not isinstance(each.get("text"), str) or not each["text"]:
        raise SettingError(file, f"entry {number} has no text", key=f"{number}.text")
    if each.get("is") not in (None, "word", "name"):
        raise SettingError(
            file, f"{each['is']!r} is not allowed for {each['text']!r}", key=f"{number}.is",
            allowed="word, name, or nothing as long as it is not confirmed",
        )  # fmt: skip
    return {"is": None, **each}


def _written(entries: Iterable[Mapping[str, Any]]) -> str:
    lines = yaml.safe_dump(
        [dict(each) for each in entries], allow_unicode=True, sort_keys=False, width=10_000
    )
    lines = re.sub(r"(?m)^  is: null$", "  is:", lines)
    return _HEAD + re.sub(r"(?m)^- ", "\n- ", lines)
