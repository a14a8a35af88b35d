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
from functools import cache

from nbformat import NotebookNode

from cs_helpers.contract.disclosure import COLUMNS, STAFF
from cs_helpers.report.gate import PageReader, shown_outputs
from cs_helpers.report.manifest import Problem
from cs_helpers.report.name_finder import finder
from cs_helpers.snapshot import Snapshot
from cs_helpers.text import catalogue

#: the one column whose values are names in words; those of the others are keys
_NAME = ("accounts", "name")
#: a key that is shorter, or only digits, cannot be told from a number of the page
_LEAST_KEY = 4


def check_disclosure(
    notebook: NotebookNode, snapshot: Snapshot, product: str, page: str, downloads: Mapping[str, str]
) -> list[Problem]:
    """What leadership may not read of an exported page and its downloads (file name -> content).

    What was found is counted in the detail and not repeated: details are published. Raises `SnapshotError`
    where the snapshot is damaged.
    """
    problems, shows = [], set()
    for output in shown_outputs(notebook):
        tells = output.metadata.get("cs_workbook", {}).get("shows")
        if tells is None:
            problems.append(Problem(code="undeclared", detail="an output does not say what it tells of"))
        shows |= set(tells or ())
    texts = {"page": "".join(PageReader(page).text), "messages": "\n".join(_messages(notebook)), **downloads}
    companies = company_names(snapshot, product)
    staff = frozenset() if snapshot.product(product).leadership.show_staff else staff_names(snapshot, product)
    own = _own_words(notebook, snapshot, product)
    said, always = finder(own), _in_catalogue()
    unsure = {name for name in companies if always(name) or said(name)}
    for where, text in texts.items():
        holds = finder(text)
        count = sum(map(holds, companies - unsure)) if "told" in shows else 0
        found = {name for name in staff if holds(name) and not (always(name) or said(name))}
        count += sum(map(finder(_without(text, companies, found)), found)) if found else 0
        if count:
            problems.append(Problem(code="masked_name", detail=f"{where}: {count}"))
    if unsure and "told" in shows:
        count = sum(_unexplained(cell, unsure, f"{own}\n{_catalogue()}") for cell in _told_cells(notebook))
        if count:
            problems.append(Problem(code="masked_name", detail=f"cells: {count}"))
    return problems


def company_names(snapshot: Snapshot, product: str) -> frozenset[str]:
    """What names a customer of a product, or leads to one: the values of all columns that the contract declares so."""
    found: set[str] = set()
    for table, declared in COLUMNS.items():
        if table in snapshot.manifest["tables"]:
            for column in (c for c, kind in declared.items() if kind == "company"):
                values = snapshot.texts(table, column, product)
                found |= values if (table, column) == _NAME else set(filter(_is_key, values))
    return frozenset(found)


def staff_names(snapshot: Snapshot, product: str) -> frozenset[str]:
    """Our own people, as the tables of a product name them: CSMs, interviewers, coders."""
    return frozenset(
        name
        for table, columns in STAFF.items()
        if table in snapshot.manifest["tables"]
        for column in columns
        for name in snapshot.texts(table, column, product)
    )


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


@cache
def _in_catalogue() -> Callable[[str], bool]:
    """What says whether a name is a word of the catalogue."""
    return finder(_catalogue())


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


def _told_cells(notebook: NotebookNode) -> Iterator[str]:
    """What each output that tells of interviews shows, in the smallest parts: cells, lines, sentences."""
    for output in shown_outputs(notebook):
        if "told" in output.metadata.get("cs_workbook", {}).get("shows", ()):
            yield from "".join(PageReader(output.data.get("text/html", "")).text).splitlines()
            for row in csv.reader(io.StringIO(output.data.get("text/csv", ""))):
                yield from row
            yield str(output.metadata.get("image/png", {}).get("alt", ""))


def _unexplained(cell: str, names: Collection[str], own: str) -> bool:
    """Whether a part shows a name that is a word of the report too (a customer called Target), and not as that word."""
    for name in names:
        written = re.compile(rf"(?<!\w)(?:{re.escape(name)}|{re.escape(name.upper())})(?!\w)")
        if not written.search(cell):
            continue
        left = cell.strip()
        for sentence in re.split(r"\n|\{[^}]*\}", own):
            sentence = sentence.strip(" #*|")
            if written.search(sentence) and (len(sentence) > len(name) or sentence == left):
                left = left.replace(sentence, " ")
        if written.search(left):
            return True
    return False
