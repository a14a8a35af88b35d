"""The last check of a page for leadership: it looks for names by the declared columns alone, and fails when in doubt.

Each output declares the kinds of its data (`Result.shows`); a page with an undeclared output fails. A page that shows
anything told in interviews may hold no name or key of a customer. Names of staff may stand on no page, unless the
product file allows them; names and keys of candidates never.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache, lru_cache

import regex
from nbformat import NotebookNode

from cs_helpers.charts.drawing import MIME
from cs_helpers.contract.disclosure import COLUMNS
from cs_helpers.report.gate import PageReader, shown_outputs
from cs_helpers.report.manifest import Problem
from cs_helpers.report.name_finder import JAPANESE_LETTER, finder, fold, is_short, normalise
from cs_helpers.report.name_masking import candidate_names, staff_names
from cs_helpers.snapshot import Snapshot
from cs_helpers.text import catalogue
from cs_helpers.words.names import PSEUDONYM, is_word

#: a date in English: its month is not a person called May
_DATE = re.compile(r"\b\d{1,2}\s+[A-Z][a-z]{2,8}\b|\b[A-Z][a-z]{2,8}\s+\d{4}\b")
#: the one column of companies whose values are names; the others hold keys
_COMPANY_NAME = ("accounts", "name")
#: the types of data of an output that reach the page or its downloads
_PUBLISHED_TYPES = {"image/png", MIME, "text/html", "text/csv"}
#: a word that may be a key
_KEY = re.compile(r"\w(?:[\w./#-]*\w)?")
#: shorter keys, and keys of digits only, cannot be told from the numbers of a page
_MIN_KEY_LENGTH = 4


def check_disclosure(
    notebook: NotebookNode, snapshot: Snapshot, product: str, text: str, downloads: Mapping[str, str]
) -> list[Problem]:
    """Problems of an exported page for leadership and its downloads (file name -> content): names and undeclared outputs.

    text: what the page shows (`gate.PageReader`). The detail of `masked_name` says where the names are and which,
    for whoever fixes it; the published manifest only counts them. Raises `SnapshotError` where the snapshot is
    damaged.
    """
    problems, shows = [], set()
    for output in shown_outputs(notebook):
        declared = output.metadata.get("cs_workbook", {}).get("shows")
        if declared is None and _PUBLISHED_TYPES & set(output.data):
            problems.append(Problem(code="undeclared", detail="an output does not say what it tells of"))
        shows |= set(declared or ())
    texts = {"page": text, "messages": "\n".join(_messages(notebook)), **_words(downloads)}
    # a product file may name a member of the team in its free words, so that these tell only companies from words
    words_for_persons = f"{_prose(notebook)}\n{_catalogue()}"
    words_for_companies = f"{words_for_persons}\n{_file_words(snapshot, product)}"
    companies, keys = company_names(snapshot, product), _folded_keys(snapshot, product)
    staff, people = staff_names(snapshot), candidate_names(snapshot)
    if snapshot.product(product).leadership.show_staff:  # somebody who applied may have joined
        staff, people = frozenset(), people - staff
    departments = _departments(snapshot, product)
    people = frozenset(name for name in people | staff if fold(name) not in departments)
    masked_companies = companies if "told" in shows else frozenset()
    ambiguous: set[str] = set()
    for where, content in texts.items():
        contains = finder(content)
        names = {name for name in masked_companies if contains(name)}
        if "told" in shows:
            names |= {keys[key] for key in keys.keys() & set(_KEY.findall(fold(content)))}
        persons = {name for name in people if contains(name)}
        if persons and "told" not in shows:
            contains = finder(_without_companies(content, companies, persons))
            persons = set(filter(contains, persons))
        words = {name for name in names if _is_ordinary_word(name, words_for_companies)}
        words |= {name for name in persons if _is_ordinary_word(name, words_for_persons)}
        ambiguous |= words
        if certain := (names | persons) - words:
            problems.append(_name_problem(where, certain))
    short = {name for name in masked_companies | people if is_short(name)}
    cells = list(_cells(texts)) if ambiguous or short else []
    candidates = ambiguous | {name for name in short if any(name in cell for cell in cells)}
    shown = {
        name
        for name in candidates
        for cell in cells
        if _shows_as_name(cell, name, words_for_persons if name in people else words_for_companies)
    }
    if shown:
        problems.append(_name_problem("cells", shown))
    return problems


def holds_a_name(text: str, snapshot: Snapshot, product: str) -> bool:
    """Whether a text that stands outside of pages, as a title in a list of them, holds a name or key that leadership may not read.

    Any customer counts, for the list stands beside what was told in interviews. Names that are words are left to the page's own check.
    """
    names = company_names(snapshot, product) | frozenset(_folded_keys(snapshot, product))
    people = candidate_names(snapshot)
    if not snapshot.product(product).leadership.show_staff:
        people |= staff_names(snapshot)
    words = f"{_catalogue()}\n{_file_words(snapshot, product)}"
    return any(not _is_ordinary_word(name, words) for name in filter(finder(text), names | people))


def _name_problem(where: str, names: Collection[str]) -> Problem:
    return Problem(code="masked_name", detail=f"{where}: {'; '.join(sorted(names))}")


@lru_cache(maxsize=8)
def company_names(snapshot: Snapshot, product: str) -> frozenset[str]:
    """Names of the customers of all products, for a note may mention any, and keys that `_KEY` does not match."""
    unusual_keys = {key for key in _keys(snapshot, product) if not _KEY.fullmatch(fold(key))}
    return snapshot.distinct_texts_of_all(*_COMPANY_NAME) | unusual_keys


@lru_cache(maxsize=8)
def _folded_keys(snapshot: Snapshot, product: str) -> dict[str, str]:
    """The keys that identify a customer: folded -> as written, so that one look-up serves thousands of keys."""
    return {fold(key): key for key in _keys(snapshot, product)}


def _keys(snapshot: Snapshot, product: str) -> Iterator[str]:
    """The values of all columns that the contract declares to identify a company, without names."""
    for table, declared in COLUMNS.items():
        for column in (
            c for c, kind in declared.items() if kind == "company" and (table, c) != _COMPANY_NAME
        ):
            if table == "accounts":
                yield from filter(_is_key, snapshot.distinct_texts_of_all(table, column))
            elif table in snapshot.manifest["tables"]:
                yield from filter(_is_key, snapshot.distinct_texts(table, column, product))


def _is_ordinary_word(name: str, report_words: str) -> bool:
    """Whether a name is also a word of the report or of English, so that only its spelling can tell them apart."""
    return " " not in name and (_cached_finder(report_words)(name) or (name.isascii() and is_word(name)))


def _is_key(value: str) -> bool:
    return len(value) >= _MIN_KEY_LENGTH and any(map(str.isalpha, value))


def _messages(notebook: NotebookNode) -> Iterator[str]:
    """Texts that the manifest and the landing page take from a report."""
    for output in shown_outputs(notebook):
        yield str(output.metadata.get("cs_workbook", {}).get("message", ""))
        for kind in ("image/png", MIME):
            yield str(output.metadata.get(kind, {}).get("alt", ""))
        for published in ("drawn", "findings", "metrics", "segments"):
            yield from _strings(output.metadata.get("cs_workbook", {}).get(published, {}))


def _without_companies(text: str, companies: Collection[str], persons: Collection[str]) -> str:
    """The text without names of companies that contain a person's name: Mori Transport is not Mori."""
    for company in sorted(companies, key=len, reverse=True):
        if any(map(finder(company), persons)):
            text = re.sub(re.escape(company), "\n", text, flags=re.IGNORECASE)
    return text


def _prose(notebook: NotebookNode) -> str:
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def _file_words(snapshot: Snapshot, product: str) -> str:
    return "\n".join(_strings(snapshot.manifest["products"][product]))


def _departments(snapshot: Snapshot, product: str) -> frozenset[str]:
    """The departments that the product file has, folded: where a column of people has one, it names nobody."""
    return frozenset(fold(w) for each in snapshot.product(product).departments for w in (each.en, each.ja))


@lru_cache(maxsize=4)
def _cached_finder(text: str) -> Callable[[str], bool]:
    """`finder(text)`, made once for the words of a report."""
    return finder(text)


@cache
def _catalogue() -> str:
    return "\n".join([*catalogue("en").values(), *catalogue("ja").values()])


def _strings(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        for value in content.values():
            yield from _strings(value)
    elif isinstance(content, list):
        for value in content:
            yield from _strings(value)


def _words(downloads: Mapping[str, str]) -> dict[str, str]:
    """What readers of the downloads see: of an SVG its words, not the names of its fonts and colours."""
    return {
        name: "".join(PageReader(content).text) if name.endswith(".svg") else content
        for name, content in downloads.items()
    }


def _cells(texts: Mapping[str, str]) -> Iterator[str]:
    """The cells of downloads and the lines of a page and its messages."""
    for where, text in texts.items():
        if where.endswith(".csv"):
            for row in csv.reader(io.StringIO(text)):
                yield from map(normalise, row)
        else:
            yield from map(normalise, text.splitlines())


def _shows_as_name(cell: str, name: str, report_words: str) -> bool:
    """Whether a cell shows a name that is also a word (a customer called Target) other than in the report's own sentences."""
    # a kanji next to another one is part of a longer word
    around = r"\p{Han}々" if JAPANESE_LETTER.search(name) else r"\p{Latin}\p{N}_"
    written = regex.compile(
        rf"(?<![{around}])(?:{regex.escape(name)}|{regex.escape(name.upper())})(?![{around}])"
    )
    if not written.search(cell):
        return False
    remainder = _DATE.sub(" ", PSEUDONYM.sub(" ", cell)).strip()
    for sentence in re.split(r"\n|\{[^}]*\}", report_words):
        sentence = sentence.strip(" #*|")
        if written.search(sentence) and (len(sentence) > len(name) or sentence == remainder):
            remainder = remainder.replace(sentence, " ")
    return bool(written.search(remainder))
