"""The last look at a page for leadership: from the declaration alone, and closed on doubt.

Each output says what it tells of (`Result.shows`); one that does not is not shown. Where anything on a page
was told, none of its customers' names and keys may stand on it; names of our own people may stand nowhere,
unless the product file allows them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache, lru_cache

import regex
from nbformat import NotebookNode

from cs_helpers.contract.disclosure import COLUMNS
from cs_helpers.report.covers import staff_names
from cs_helpers.report.gate import shown_outputs
from cs_helpers.report.manifest import Problem
from cs_helpers.report.name_finder import JAPANESE_LETTER, finder, folded, plain
from cs_helpers.snapshot import Snapshot
from cs_helpers.text import catalogue
from cs_helpers.words.names import PSEUDONYM, is_word

#: a date in English, where a month is no CSM called May
_DATE = re.compile(r"\b\d{1,2}\s+[A-Z][a-z]{2,8}\b|\b[A-Z][a-z]{2,8}\s+\d{4}\b")
#: the one column whose values are names in words; those of the others are keys
_NAME = ("accounts", "name")
#: what a page draws of an output, or puts beside it
_DRAWN = {"image/png", "text/html", "text/csv"}
#: a word that may be a key
_KEY = re.compile(r"\w(?:[\w./#-]*\w)?")
#: a key that is shorter, or only digits, cannot be told from a number of the page
_LEAST_KEY = 4


def check_disclosure(
    notebook: NotebookNode, snapshot: Snapshot, product: str, text: str, downloads: Mapping[str, str]
) -> list[Problem]:
    """What leadership may not read of an exported page and its downloads (file name -> content).

    text: what the page shows (`gate.PageReader`).
    The detail of `masked_name` says where, and which names, for who mends it; what is published counts them.
    Raises `SnapshotError` where the snapshot is damaged.
    """
    problems, shows = [], set()
    for output in shown_outputs(notebook):
        tells = output.metadata.get("cs_workbook", {}).get("shows")
        if tells is None and _DRAWN & set(output.data):
            problems.append(Problem(code="undeclared", detail="an output does not say what it tells of"))
        shows |= set(tells or ())
    texts = {"page": text, "messages": "\n".join(_messages(notebook)), **downloads}
    own = f"{_own_words(notebook, snapshot, product)}\n{_catalogue()}"
    companies, keys = company_names(snapshot, product), _folded_keys(snapshot, product)
    staff = frozenset() if snapshot.product(product).leadership.show_staff else staff_names(snapshot)
    told = companies if "told" in shows else frozenset()
    unsure: set[str] = set()
    for where, said in texts.items():
        holds = finder(said)
        found = {name for name in told if holds(name)}
        found |= (
            {keys[key] for key in keys.keys() & set(_KEY.findall(folded(said)))} if "told" in shows else set()
        )
        persons = {name for name in staff if holds(name)}
        if persons and "told" not in shows:
            holds = finder(_without(said, companies, persons))
            persons = set(filter(holds, persons))
        unsure |= (words := {name for name in found | persons if _is_a_word(name, own)})
        if sure := (found | persons) - words:
            problems.append(_names_in(where, sure))
    short = {name for name in told | staff if _is_short(name)}
    cells = list(_cells(texts)) if unsure or short else []
    known = unsure | {name for name in short if any(name in cell for cell in cells)}
    if left := {name for name in known for cell in cells if _unexplained(cell, name, own)}:
        problems.append(_names_in("cells", left))
    return problems


def _names_in(where: str, names: Collection[str]) -> Problem:
    return Problem(code="masked_name", detail=f"{where}: {'; '.join(sorted(names))}")


@lru_cache(maxsize=8)
def company_names(snapshot: Snapshot, product: str) -> frozenset[str]:
    """What names a customer of any product (a note may speak of any), and keys that are written like no others'."""
    odd = {key for key in _keys(snapshot, product) if not _KEY.fullmatch(folded(key))}
    return snapshot.distinct_texts_of_all(*_NAME) | odd


@lru_cache(maxsize=8)
def _folded_keys(snapshot: Snapshot, product: str) -> dict[str, str]:
    """What leads to a customer, as it is looked for, and as it is written: one look-up for thousands of keys."""
    return {folded(key): key for key in _keys(snapshot, product)}


def _keys(snapshot: Snapshot, product: str) -> Iterator[str]:
    """The values of all columns that the contract declares to lead to a company, but for the names."""
    for table, declared in COLUMNS.items():
        for column in (c for c, kind in declared.items() if kind == "company" and (table, c) != _NAME):
            if table == "accounts":
                yield from filter(_is_key, snapshot.distinct_texts_of_all(table, column))
            elif table in snapshot.manifest["tables"]:
                yield from filter(_is_key, snapshot.distinct_texts(table, column, product))


def _is_a_word(name: str, own: str) -> bool:
    """Whether a name is a word of the report, or of English: then only how it is written tells it from that."""
    return " " not in name and (finder_of(own)(name) or (name.isascii() and is_word(name)))


def _is_short(name: str) -> bool:
    """Whether a name is too short to be looked for in whatever form: GE, 光."""
    return len(name) < (2 if JAPANESE_LETTER.search(name) else 3)


def _is_key(value: str) -> bool:
    return len(value) >= _LEAST_KEY and any(map(str.isalpha, value))


def _messages(notebook: NotebookNode) -> Iterator[str]:
    """What the manifest and the landing page say of a report besides the page."""
    for output in shown_outputs(notebook):
        yield str(output.metadata.get("cs_workbook", {}).get("message", ""))
        yield str(output.metadata.get("image/png", {}).get("alt", ""))


def _without(text: str, companies: Collection[str], persons: Collection[str]) -> str:
    """A text without the customers' names that hold a person's: Mori Transport is not Mori."""
    for company in sorted(companies, key=len, reverse=True):
        if any(map(finder(company), persons)):
            text = re.sub(re.escape(company), "\n", text, flags=re.IGNORECASE)
    return text


def _own_words(notebook: NotebookNode, snapshot: Snapshot, product: str) -> str:
    """What stands on the page whatever the data, besides the catalogue: prose, and what the product file says."""
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return "\n".join([*prose, *_texts(snapshot.manifest["products"][product])])


@lru_cache(maxsize=4)
def finder_of(text: str) -> Callable[[str], bool]:
    """What says whether a text holds a name; made once for the words of a report."""
    return finder(text)


@cache
def _catalogue() -> str:
    return "\n".join([*catalogue("en").values(), *catalogue("ja").values()])


def _texts(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        for value in content.values():
            yield from _texts(value)
    elif isinstance(content, list):
        for value in content:
            yield from _texts(value)


def _cells(texts: Mapping[str, str]) -> Iterator[str]:
    """What a page and its downloads show, in the smallest parts: cells, lines, sentences."""
    for where, text in texts.items():
        if where.endswith(".csv"):
            for row in csv.reader(io.StringIO(text)):
                yield from map(plain, row)
        else:
            yield from map(plain, text.splitlines())


def _unexplained(cell: str, name: str, own: str) -> bool:
    """Whether a part shows a name that is a word too (a customer called Target), and not as that word."""
    # one kanji is part of a word where another stands beside it
    around = r"\p{Han}々" if JAPANESE_LETTER.search(name) else r"\p{Latin}\p{N}_"
    written = regex.compile(
        rf"(?<![{around}])(?:{regex.escape(name)}|{regex.escape(name.upper())})(?![{around}])"
    )
    if not written.search(cell):
        return False
    left = _DATE.sub(" ", PSEUDONYM.sub(" ", cell)).strip()
    for sentence in re.split(r"\n|\{[^}]*\}", own):
        sentence = sentence.strip(" #*|")
        if written.search(sentence) and (len(sentence) > len(name) or sentence == left):
            left = left.replace(sentence, " ")
    return bool(written.search(left))
