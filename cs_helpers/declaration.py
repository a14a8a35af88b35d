"""What an analysis declares about itself, for notebooks, charts, tables, the facade, the editions and the tests."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from cs_helpers.contract.disclosure import ColumnDisclosures
from cs_helpers.contract.products import Product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.errors import ParameterError
from cs_helpers.result import Metric, Result
from cs_helpers.snapshot import ProductData

if TYPE_CHECKING:
    import pandas as pd

#: a note that `warns` says what is missing or wrong; one that `tells` has news on another quarter; one that `explains`
#: helps to read the answer
NoteKind = Literal["warns", "tells", "explains"]

#: the direction in which a metric is better for the business; `neither` where a change is not good or bad by itself
Better = Literal["higher", "lower", "neither"]

#: notes that the edition for leadership adds to a result of any analysis (`editions.disclosure`)
EDITION_NOTES: Mapping[str, NoteKind] = MappingProxyType(
    {"told_left_out": "explains", "people_left_out": "explains"}
)


@dataclass(frozen=True)
class Question:
    """A question of a report: whether a figure or a table answers it, and its possible verdicts.

    figure: `charts.<analysis>` has a function of the question's name. table: `tables.<analysis>` has one.
    for_team: leadership does not get the table, which lists customers to act on; the cells about it are tagged `team`.
    about_people: it is about single members of the team: leadership gets neither its tables nor its verdicts and
    findings, unless the product file opens it (`leadership.people`); its cells are tagged `team`, and stand on the page
    where it is opened. about_candidates: it is about those who apply to join: leadership never gets it.
    verdicts: codes of the question's `Verdict`, each a sentence of the catalogue (`<analysis>.<question>.<code>`).
    """

    figure: bool = False
    table: bool = False
    for_team: bool = False
    about_people: bool = False
    about_candidates: bool = False
    verdicts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Members:
    """The customers behind each point of the figure of a question, in `MEMBERS` of `analyses.<analysis>.members`.

    find: of data of a product and a quarter, a table with the columns of `keys`, which tell the points apart, and account_id; a
    row for each customer that a point counts. shown: of the tables of a result, those `keys` and `customers`, the number that
    the figure shows; tests hold one against the other.
    """

    find: Callable[[ProductData, Quarter], pd.DataFrame]
    keys: tuple[str, ...]
    shown: Callable[[Mapping[str, pd.DataFrame]], pd.DataFrame]


def verdicts(codes: str) -> tuple[str, ...]:
    """Codes of verdicts, from a text with blanks between them."""
    return tuple(codes.split())


def metrics(*, higher: str = "", lower: str = "", neither: str = "") -> dict[str, Better]:
    """Names of metrics -> which direction is better, from texts with blanks between the names."""
    better: tuple[tuple[Better, str], ...] = (("higher", higher), ("lower", lower), ("neither", neither))
    return {name: direction for direction, names in better for name in names.split()}


def notes(*, warns: str = "", tells: str = "", explains: str = "") -> dict[str, NoteKind]:
    """Codes of notes -> kind, from texts with blanks between the codes."""
    kinds: tuple[tuple[NoteKind, str], ...] = (
        ("warns", warns),
        ("tells", tells),
        ("explains", explains),
    )
    return {code: kind for kind, names in kinds for code in names.split()}


@dataclass(frozen=True)
class Declaration:
    """The declaration of an analysis, `DECLARES` in its module.

    questions: by name. metrics: headline metrics that a report may show -> which direction is better for the business
    (`metrics`). findings: codes of its `Finding`s, each a sentence of the catalogue (`<analysis>.findings.<code>`).
    explored: figures that explorers alone show (`charts.<analysis>` has a function of each name).
    notes: code -> kind. reads: tables of
    the contract that the analysis reads; reads_of_product: further ones that depend on the product file. discloses:
    the disclosure of each column of the result's tables (`contract.disclosure`). free_text: columns (table, column)
    of free text, in which names are masked for leadership. for_leadership: suppresses small numbers in a result; with columns
    of what was `told` in interviews the analysis then reads masked names. with_options: applies a notebook's options to the data;
    raises `ParameterError` for an unknown option.
    quick_metrics: the headline metrics of a quarter (or those that can be had so) without the rest of the analysis,
    for comparisons with earlier quarters; without it, all of `analyse` is run for them. builds_on: the names of the
    analyses whose results this one is made of, for a product; its `analyse(data, quarter, results)` gets them by name.
    It is compared with earlier quarters by `quick_metrics` only.
    """

    questions: Mapping[str, Question]
    metrics: Mapping[str, Better]
    notes: Mapping[str, NoteKind]
    reads: tuple[str, ...]
    discloses: ColumnDisclosures
    explored: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    reads_of_product: Callable[[Product], Sequence[str]] = lambda product: ()
    free_text: tuple[tuple[str, str], ...] = ()
    for_leadership: Callable[[Result], Result] | None = None
    with_options: Callable[..., ProductData] | None = None
    quick_metrics: Callable[[ProductData, Quarter], Mapping[str, Metric]] | None = None
    builds_on: Callable[[Product], Sequence[str]] | None = None

    def tables_read(self, product: Product) -> tuple[str, ...]:
        """The tables of the contract that the analysis reads for a product."""
        return tuple(dict.fromkeys((*self.reads, *self.reads_of_product(product))))

    @property
    def is_about_people(self) -> bool:
        """Whether a question is about single people."""
        return bool(self.guarded())

    def guarded(self, opened: Collection[str] = ()) -> frozenset[str]:
        """The questions about single people that leadership does not get. opened: those that the product file opens."""
        return frozenset(
            name
            for name, question in self.questions.items()
            if question.about_candidates or (question.about_people and name not in opened)
        )

    def explains(self, code: str) -> bool:
        """Whether a note explains, and so looks lighter."""
        return {**EDITION_NOTES, **self.notes}.get(code) == "explains"

    def warns(self, code: str) -> bool:
        """Whether a note says what is missing or wrong."""
        return {**EDITION_NOTES, **self.notes}.get(code, "warns") == "warns"

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of questions with a figure."""
        return tuple(name for name, question in self.questions.items() if question.figure)

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of questions with a table."""
        return tuple(name for name, question in self.questions.items() if question.table)


@dataclass(frozen=True)
class Analysis:
    """An analysis: its name, its declaration, and its function `analyse` of data of a product and a quarter.

    function: `analyse` of its module. analysis_of: an analysis by name, for those that it builds on.
    """

    name: str
    declares: Declaration
    function: Callable[..., Result] = field(repr=False)
    analysis_of: Callable[[str], Analysis] = field(repr=False)

    def analyse(
        self, data: ProductData, quarter: Quarter, results: Mapping[str, Result] | None = None
    ) -> Result:
        """The result for a product and quarter.

        results: of other analyses that are at hand, by name; those that it builds on and that are not among them are run.
        """
        if self.declares.builds_on is None:
            return self.function(data, quarter)
        known = dict(results or {})
        basis = {name: self.analysis_of(name) for name in self.built_on(data.product)}
        # those that build on nothing come first: the others may build on them too
        for name in sorted(basis, key=lambda n: basis[n].declares.builds_on is not None):
            if name not in known:
                known[name] = basis[name].analyse(data, quarter, known)
        return self.function(data, quarter, {name: known[name] for name in basis})

    def built_on(self, product: Product) -> tuple[str, ...]:
        """The names of the analyses that it builds on."""
        return tuple(self.declares.builds_on(product)) if self.declares.builds_on else ()

    def tables_read(self, product: Product) -> tuple[str, ...]:
        """The tables of the contract that it and the analyses that it builds on read for a product."""
        others = (self.analysis_of(name).tables_read(product) for name in self.built_on(product))
        return tuple(dict.fromkeys((*self.declares.tables_read(product), *chain.from_iterable(others))))

    def with_options(self, data: ProductData, options: Mapping[str, Any]) -> ProductData:
        """The data with a notebook's options applied. Raises `ParameterError` for an unknown option."""
        if not options:
            return data
        if self.declares.with_options is None:
            raise ParameterError(min(options), f"the analysis '{self.name}' has no options")
        known = inspect.signature(self.declares.with_options)
        try:
            known.bind(data, **options)
        except TypeError:
            allowed = ", ".join([*known.parameters][1:])
            problem = f"the analysis '{self.name}' has no such options"
            raise ParameterError(min(options), problem, allowed=allowed) from None
        return self.declares.with_options(data, **options)

    def metrics_of(
        self, data: ProductData, quarter: Quarter, *, leadership: bool = False
    ) -> Mapping[str, Metric]:
        """The headline metrics of an earlier quarter, to compare with; for leadership without suppressed ones."""
        quick, for_leadership = self.declares.quick_metrics, self.declares.for_leadership
        if quick is not None:
            metrics = quick(data, quarter)
            result = Result(
                self.name, data.product.product, quarter, quarter.start, data.as_of, 0, {}, metrics
            )
        elif self.declares.builds_on is not None:
            return {}
        else:
            result = self.analyse(data, quarter)
        if leadership and for_leadership is not None:
            result = for_leadership(result)
        return {name: metric for name, metric in result.metrics.items() if name in self.declares.metrics}
