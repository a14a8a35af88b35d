"""The notebook's facade: opens a snapshot, runs analyses, shows their figures, tables and notes."""

from __future__ import annotations

import html
import importlib
import json
from collections.abc import Callable, Mapping
from contextlib import ContextDecorator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial, wraps
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from cs_helpers import analyses, paths
from cs_helpers.charts.drawing import Drawing
from cs_helpers.charts.theme import Picture
from cs_helpers.contract.parameters import Parameters, split_segment
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.segments import filter_segment, list_segments
from cs_helpers.customers.time import currency, customer_time_as_of
from cs_helpers.declaration import Analysis
from cs_helpers.editions.leadership import NameFindings, leadership_result, record_name_findings
from cs_helpers.errors import ParameterError
from cs_helpers.exploring import Explores
from cs_helpers.injected_parameters import check_injected_parameters
from cs_helpers.live.calls import Call, FollowedSummary
from cs_helpers.outputs import caption_html, display_figure, display_file, display_html, figure_html
from cs_helpers.result import Note, Result
from cs_helpers.shared_results import shared
from cs_helpers.snapshot import ProductData, Snapshot
from cs_helpers.summary import check_metrics, check_people, summarise
from cs_helpers.summary.earlier import EarlierQuarters
from cs_helpers.summary_page import SummaryPage
from cs_helpers.tables import facts
from cs_helpers.tables.cards import cards
from cs_helpers.tables.findings import listed, published
from cs_helpers.tables.metric_json import plain
from cs_helpers.tables.notes import sentence
from cs_helpers.tables.options import options_in_words
from cs_helpers.tables.spreadsheet import spreadsheet
from cs_helpers.tables.theme import TableFunction, scrolling
from cs_helpers.text import Text

if TYPE_CHECKING:  # reports have no filter bar, and ipywidgets takes 0.1 s to import
    from cs_helpers.live.page import LivePage

#: small tables hold Python strings (`snapshot.SMALL_TABLE`); results that do so too take a third less time
_python_strings: ContextDecorator = pd.option_context("mode.string_storage", "python")


def _followed(show: Callable[..., None]) -> Callable[..., None]:
    """A method that displays something: where the notebook has a filter bar, what it displays follows that."""

    @wraps(show)
    def shown(self: Workbook, *arguments: Any) -> None:
        page: LivePage | None = self.__dict__.get("_page")
        if page is None:
            show(self, *arguments)
        else:
            page.show(Call.of(show.__name__, arguments))

    return shown


@dataclass(frozen=True)
class Workbook(Explores):
    """One product and quarter of a snapshot, in a language."""

    snapshot: Snapshot
    data: ProductData
    quarter: Quarter
    segment: str
    text: Text
    audience: str = "team"
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def open(cls, **parameters: Any) -> Workbook:
        """Opens the workbook for the parameters of a notebook.

        parameters: as in `contract.parameters.Parameters`. Raises `ParameterError` for a wrong name or value, and
        `SnapshotError` for what the snapshot does not hold.
        """
        check_injected_parameters()
        checked = Parameters.check(parameters)
        snapshot = Snapshot.open(checked.snapshot)
        return cls.of(checked, snapshot, snapshot.read(checked.product))

    @classmethod
    def of(cls, checked: Parameters, snapshot: Snapshot, data: ProductData) -> Workbook:
        """The workbook for parameters, of tables that are read already; `data`: of all customers of the product."""
        if checked.audience == "leadership":
            check_people(data.product)
            if "csm" in dict(split_segment(checked.segment)):
                problem = "the customers of one CSM are shown to the team only"
                raise ParameterError(
                    "segment", problem, value=checked.segment, allowed="size, industry, quadrant"
                )
        if checked.segment != "all":
            accounts = filter_segment(data["accounts"], checked.segment)
            if accounts.empty:
                raise ParameterError(
                    "segment",
                    "no customer of this product belongs to it",
                    value=checked.segment,
                    allowed=", ".join(list_segments(data)),
                )
            data = replace(data.of_accounts(accounts["account_id"]), segment=checked.segment)
        quarter = snapshot.check_quarter(checked.quarter)
        text = Text(checked.language, data.product, snapshot.sizes, accounts=bool(data.missing("contracts")))
        analyses.check_options(data, options := checked.analysis_options)
        return cls(snapshot, data, quarter, checked.segment, text, checked.audience, options)

    def analyse(self, analysis: str, **options: Any) -> Result:
        """The result of an analysis (`cs_helpers.analyses.<analysis>`) for this product and quarter.

        options: of the analysis, before those of the parameters; the journeys take how their funnel is counted. For leadership, staff have
        pseudonyms, analyses of interviews work on masked names and suppress small numbers, and
        `editions.disclosure` removes what may not be shown together. `settings` of the result hold the currency of
        the product's contracts and the size classes, largest first.
        """
        page: LivePage | None = self.__dict__.get("_page")
        if (
            page is not None and page.workbook is not self
        ):  # what a cell asks now is about what the bar shows now
            return page.workbook.analyse(analysis, **options)
        return self._analyse_here(analysis, options)

    @_python_strings
    def _analyse_here(self, analysis: str, options: Mapping[str, Any]) -> Result:
        options = {**self.options.get(analysis, {}), **options}
        key = f"{analysis} {sorted(options.items())}"
        if key not in self._results:
            self._results[key] = self._analyse(analyses.analysis(analysis), options)
        return self._results[key]

    def _analyse(self, selected: Analysis, options: Mapping[str, Any]) -> Result:
        if selected.declares.builds_on:  # the product file may name numbers of any analysis
            check_metrics(self.data.product)
        basis = self.options if selected.declares.builds_on else {}  # the options of what it is made of
        key = (
            selected.name,
            f"{sorted(options.items())} {sorted(basis.items())}",
            self.data.product.product,
            self.segment,
            str(self.quarter),
        )
        result, found = shared(key, partial(self._work_out, selected, options))
        record_name_findings(found)
        known = {"currency": self._currency(), "sizes": self.data.sizes, "options": options}
        return replace(result, settings={**result.settings, **known})

    def _work_out(self, selected: Analysis, options: Mapping[str, Any]) -> tuple[Result, NameFindings | None]:
        data = selected.with_options(self.data, options)
        results = {name: self.analyse(name) for name in selected.built_on(data.product)}
        if self.audience == "team":
            return selected.analyse(data, self.quarter, results), None
        return leadership_result(selected, self.snapshot, data, self.quarter, self.text.pseudonym, results)

    @_followed
    def header(self, *shown: str) -> None:
        """Shows the page's product, quarter, customers and last day, and the rows that were left out.

        shown: names of the analyses on the page: rows left out are shown for the tables that they read; without
        names, for all tables.
        """
        text, product = self.text, self.data.product
        refused, currency = self.snapshot.left_out(product.product), self._currency()
        tables = {t for a in shown for t in analyses.analysis(a).tables_read(product)} or set(refused)
        left_out, brief = (facts.left_out(text, refused, tables, currency, brief=b) for b in (False, True))
        people = facts.people(text, product, shown) if self.audience == "leadership" else ""
        time, as_of = customer_time_as_of(self.data, self.quarter.end), self.snapshot.as_of
        asked = options_in_words(text, self.options)
        header = text, product, self.segment, time, self.quarter, as_of, currency, left_out, people, asked
        style = (paths.templates() / "executive" / "lab.css").read_text(encoding="utf-8")
        display_html(f"<style>{style}</style>", {"shows": ["public"], "lab": True})
        said = {"left_out": text("page.left_out.beside", said=brief)} if left_out else {}
        about = {"shows": ["public"], **said, **({"message": people} if people else {})}
        display_html(facts.header(*header), about)

    @_followed
    @_python_strings
    def headlines(self, result: Result, *names: str) -> None:
        """Shows headline metrics of a result as cards: value, interval, n, and the change from earlier quarters.

        A metric without a value has no card; the notes on it are shown instead. The output's metadata holds all
        metrics, for the gate and for `run.json`.
        """
        changes = self._earlier.changes(result, names)
        better = analyses.analysis(result.analysis).declares.metrics
        about = {
            "analysis": result.analysis,
            "metrics": {
                name: plain(
                    result.metrics.get(name),
                    label=self.text(f"{result.analysis}.metrics.{name}"),
                    better=better[name],
                    changes=changes.get(name, ()),
                    currency=self._currency(),
                )
                for name in names
            },
            "segments": [
                {
                    "metric": f"{result.analysis}.{metric.name}",
                    "segment": metric.segment,
                    **plain(metric, currency=self._currency()),
                    "better": better.get(metric.name, "neither"),
                }
                for metric in result.by_segment
            ],
            **_disclosure_metadata(result),
        }
        display_html(cards(result, names, changes, self.text, self._currency()), about)
        for name in names:
            self._show_notes(result, name)

    @_followed
    def findings(self, result: Result, *questions: str) -> None:
        """Shows the most important findings of a result; the output's metadata holds all of them, for `run.json`.

        questions: those of the page, where it does not answer all questions of the analysis.
        """
        currency = self._currency()
        found = [f for f in result.findings if not questions or f.about in questions]
        about = {
            "analysis": result.analysis,
            "findings": [published(f, self.text, result.analysis, currency) for f in found],
            **_disclosure_metadata(result),
        }
        display_html(listed(found, self.text, result.analysis, currency), about)

    def summary(self) -> SummaryPage:
        """The summary of the product: headline numbers, changes, decisions, and what is not known, of all analyses."""
        page: LivePage | None = self.__dict__.get("_page")
        return self._summary_page if page is None else cast("SummaryPage", FollowedSummary(page))

    @cached_property
    @_python_strings
    def _summary_page(self) -> SummaryPage:
        check_metrics(self.data.product)
        results = {name: self.analyse(name) for name in analyses.names()}
        time = customer_time_as_of(self.data, self.quarter.end)
        mrr = float(time.mrr(self.quarter.end).sum(skipna=False))
        file = paths.published_before()
        summary = summarise(
            results,
            self._earlier,
            self.data.product.headlines,
            mrr=mrr,
            published=json.loads(file.read_text(encoding="utf-8")) if file.exists() else None,
        )
        return SummaryPage(summary, self.text, self._currency())

    @_followed
    def chart(self, result: Result, question: str) -> None:
        """Shows the figure of a question, and the notes on it."""
        picture = self._picture(result, question)
        if picture:
            display_html(caption_html(picture), {**_disclosure_metadata(result), "lab": True})
            display_figure(
                picture,
                {
                    "analysis": result.analysis,
                    "answers": question,
                    "message": picture.message,
                    "source": picture.source,
                    **_answer_metadata(result, question),
                },
            )
        self._show_notes(result, question)

    @_followed
    @_python_strings
    def table(self, result: Result, question: str) -> None:
        """Shows the table of a question, and the notes on it; a sentence where the table is empty.

        Of a long table only the first rows are shown; the output also holds all rows as CSV. Files for other programs
        are outputs of their own. The sentence stands alone where the page has no row beside it, and for leadership where
        nothing in the table can be told apart.
        """
        if question not in result.tables:
            self._show_notes(result, question)
            return
        name = f"{result.analysis}.{question}"
        about: dict[str, Any] = {
            "analysis": result.analysis, "table": question, **_answer_metadata(result, question),
        }  # fmt: skip
        create_table: TableFunction = getattr(
            importlib.import_module(f"cs_helpers.tables.{result.analysis}"), question
        )
        listing = None if result.tables[question].empty else create_table(result, self.text)
        if listing is None or listing.all_rows.empty:
            sentence = html.escape(self.text(f"{name}.nothing"))
            display_html(f'<p class="nothing">{sentence}</p>', {**about, "rows": 0})
            self._show_notes(result, question)
            return
        rows = len(listing.all_rows)
        verdict = self._rows_sentence(result, question)
        said = listing.message or verdict
        if listing.page.empty or (verdict and self.audience == "leadership"):
            sentence = said if listing.page.empty else verdict
            display_html(f'<p class="nothing">{html.escape(sentence)}</p>', {**about, "rows": rows})
            self._show_notes(result, question)
            return
        more = ""
        if listing.is_truncated:
            row_count = self.text(
                "page.rows_shown", shown=self.text.number(listing.shown_rows), rows=self.text.number(rows)
            )
            more = f'<p class="more">{html.escape(row_count)}</p>'
        title = self.text(f"{name}.{listing.title}")
        message = f'<p class="said">{html.escape(said)}</p>' if said else ""
        display_html(
            f'<div class="table"><h3>{html.escape(title)}</h3>{message}{scrolling(listing.as_html(), title)}</div>{more}',
            {**about, "rows": rows, "title": title},
            csv=spreadsheet(listing.all_rows) if listing.is_truncated else "",
        )
        for file, frame in listing.files.items():
            words = self.text(f"{name}.{file}", rows=self.text.number(len(frame)))
            of_result = {"analysis": result.analysis, **_disclosure_metadata(result)}
            display_file(f"{question}_{file}", words, frame, of_result)
        self._show_notes(result, question)

    @_followed
    def definitions(self, analysis: str) -> None:
        """Shows the definitions in the product file for an analysis: `tables.<analysis>.definitions(product, text)`."""
        tables = importlib.import_module(f"cs_helpers.tables.{analyses.analysis(analysis).name}")
        if not hasattr(tables, "definitions"):
            raise ParameterError("analysis", "the product file defines nothing for it", value=analysis)
        headings, rows = tables.definitions(self.data.product, self.text)
        heads = "".join(f'<th scope="col">{html.escape(self.text(f"page.{key}"))}</th>' for key in headings)
        lines = "".join(
            f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows
        )
        rows_html = f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"
        title = self.text("page.definitions")
        page = f'<div class="table">{scrolling(rows_html, title)}</div>'
        display_html(page, {"shows": ["public"], "title": title})

    def show(self, call: Call) -> None:
        """Shows what a call shows, once and for all: it follows no filter bar."""
        arguments = (self._analyse_here(call.analysis, dict(call.options)),) if call.analysis else ()
        if call.method.startswith("summary."):
            getattr(self._summary_page, call.method.removeprefix("summary."))()
        else:
            getattr(Workbook, call.method).__wrapped__(self, *arguments, *call.names)

    @_python_strings
    def _picture(self, result: Result, question: str) -> Picture | Drawing | None:
        if question not in result.tables or not len(result.tables[question]):
            return None
        charts = importlib.import_module(f"cs_helpers.charts.{result.analysis}")
        return cast("Picture | Drawing", getattr(charts, question)(result, self.text))

    def answer_html(self, result: Result, question: str) -> str:
        """The figure and the notes of a question, as HTML."""
        notes = "".join(self._note_html(result, note) for note in result.about(question))
        picture = self._picture(result, question)
        if picture is None:
            return notes
        return f"{caption_html(picture)}{figure_html(picture)}{notes}"

    def _show_notes(self, result: Result, question: str) -> None:
        for note in result.about(question):
            about = {
                "analysis": result.analysis,
                "answers": question,
                "message": self._sentence(result, note),
                "note": note.code,
            }
            display_html(self._note_html(result, note), about | _answer_metadata(result, question))

    def _note_html(self, result: Result, note: Note) -> str:
        explains = analyses.analysis(result.analysis).declares.explains(note.code)
        kind = "note hint" if explains else "note"
        return f'<p class="{kind}">{html.escape(self._sentence(result, note))}</p>'

    def _sentence(self, result: Result, note: Note) -> str:
        return sentence(note, self.text, result.analysis, self._currency())

    def _rows_sentence(self, result: Result, question: str) -> str:
        """The sentence of the verdict on the rows of a table; '' without one."""
        verdict = result.verdicts.get(f"{question}.rows")
        if verdict is None:
            return ""
        fields = {
            name: self.text.share(value) if name == "share" else self.text.number(value)
            for name, value in verdict.fields.items()
        }
        return self.text(f"{result.analysis}.{question}.{verdict.code}", **fields)

    @cached_property
    def _results(self) -> dict[str, Result]:
        """The results by analysis and options, each computed once: others build on them, and a page asks for some twice."""
        return {}

    @cached_property
    def _earlier(self) -> EarlierQuarters:
        return EarlierQuarters(
            self.snapshot, self.data, self.quarter, leadership=self.audience == "leadership"
        )

    def _currency(self) -> str:
        return currency(self.data)


def _answer_metadata(result: Result, question: str) -> dict[str, list[str]]:
    """Metadata of an output on a question, for the gate: its disclosures and the notes that the page must show."""
    return _disclosure_metadata(result) | {"notes": [note.code for note in result.about(question)]}


def _disclosure_metadata(result: Result) -> dict[str, list[str]]:
    """Metadata of an output, for the gate: the disclosures of its result; {} where they were not determined."""
    return {} if result.shows is None else {"shows": sorted(result.shows)}
