"""What an analysis declares of itself. Notebooks, charts, tables, the facade, the editions and the tests go by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from cs_helpers.contract.disclosure import ColumnDisclosures
from cs_helpers.contract.products import Product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.errors import ParameterError
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData

#: a note that `warns` says what is missing or wrong; one that `explains` only helps to read
NoteKind = Literal["warns", "explains"]

#: notes that the edition for leadership adds to a result of any analysis (`editions.disclosure`)
EDITION_NOTES: Mapping[str, NoteKind] = MappingProxyType({"told_left_out": "explains"})


@dataclass(frozen=True)
class Question:
    """A question of a report: whether a figure or a table answers it, and what its verdict may be.

    figure: `charts.<analysis>` has a function of the question's name. table: `tables.<analysis>` has one.
    findings: codes of the question's `Verdict`, each a sentence of the catalogue (`<analysis>.<question>.<code>`).
    """

    figure: bool = False
    table: bool = False
    findings: tuple[str, ...] = ()


def findings(codes: str) -> tuple[str, ...]:
    """The codes of findings, from their names with blanks between."""
    return tuple(codes.split())


def notes(*, warns: str = "", explains: str = "") -> dict[str, NoteKind]:
    """A declaration of notes, from the names of each kind with blanks between."""
    kinds: tuple[tuple[NoteKind, str], ...] = (("warns", warns), ("explains", explains))
    return {code: kind for kind, names in kinds for code in names.split()}


@dataclass(frozen=True)
class Declaration:
    """What a module of `analyses` holds as `DECLARES`.

    questions: by name. metrics: names of headline metrics that a report may show. notes: code -> kind. reads: tables of
    the contract that the numbers rest on; reads_of_product: those that a product file adds. discloses: what each
    column of the result's tables tells of (`contract.disclosure`). free_text: columns (table, column) with texts
    that anybody wrote, in which names are masked for leadership. for_leadership: hides small numbers, for an analysis of
    what customers told; it works on masked names then. with_options: the data as the options of a notebook would have
    it; raises `ParameterError` for an option that it does not have.
    """

    questions: Mapping[str, Question]
    metrics: tuple[str, ...]
    notes: Mapping[str, NoteKind]
    reads: tuple[str, ...]
    discloses: ColumnDisclosures
    reads_of_product: Callable[[Product], Sequence[str]] = lambda product: ()
    free_text: tuple[tuple[str, str], ...] = ()
    for_leadership: Callable[[Result], Result] | None = None
    with_options: Callable[..., ProductData] | None = None

    def tables_read(self, product: Product) -> tuple[str, ...]:
        """The tables of the contract that the numbers of a product rest on."""
        return tuple(dict.fromkeys((*self.reads, *self.reads_of_product(product))))

    def explains(self, code: str) -> bool:
        """Whether a note only helps to read, and is no warning."""
        return {**EDITION_NOTES, **self.notes}.get(code) == "explains"

    @property
    def figures(self) -> tuple[str, ...]:
        """The questions that a figure answers."""
        return tuple(name for name, question in self.questions.items() if question.figure)

    @property
    def tables(self) -> tuple[str, ...]:
        """The questions that a table answers."""
        return tuple(name for name, question in self.questions.items() if question.table)


@dataclass(frozen=True)
class Analysis:
    """An analysis: its name, what it declares, and the function that answers.

    analyse: data of a product and a quarter -> `Result`.
    """

    name: str
    declares: Declaration
    analyse: Callable[[ProductData, Quarter], Result] = field(repr=False)

    def with_options(self, data: ProductData, options: Mapping[str, Any]) -> ProductData:
        """The data as the options would have it; without options the same."""
        if not options:
            return data
        if self.declares.with_options is None:
            raise ParameterError(min(options), f"the analysis '{self.name}' has no options")
        return self.declares.with_options(data, **options)
