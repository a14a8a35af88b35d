"""The slides of a quarter: headline numbers, one slide for each headline finding, what cannot be known yet.

All text is native and can be edited; the picture of a finding is the figure of its question. The notes of each slide
name its source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import date
from typing import TYPE_CHECKING, Any

from cs_helpers.delivery.browser import Browser
from cs_helpers.delivery.edition import Edition
from cs_helpers.delivery.figures import Figure, figure_at
from cs_helpers.errors import ReportError
from cs_helpers.report import overall
from cs_helpers.report.links import address
from cs_helpers.report.overall import Found, Number
from cs_helpers.summary import CHANGES
from cs_helpers.tables.cards import shown_difference, verdict_words
from cs_helpers.tables.units import format_difference, format_interval, format_value
from cs_helpers.text import Text

if TYPE_CHECKING:
    from cs_helpers.delivery.deck import Deck, Line

#: slides for decisions
DECISIONS = 5
#: products on one slide of numbers, and numbers of each
_ROWS, _COLUMNS = 4, 6
#: remarks on the slide of what is not known
_UNKNOWN = 8


def check_slide_tools() -> None:
    """Raises `ReportError` where the extra `slides` is missing."""
    try:
        import pptx  # noqa: F401
    except ModuleNotFoundError:
        raise ReportError(
            "slides need the package python-pptx; install it with 'pip install \"cs-workbook[slides]\"'"
        ) from None


def make_slides(edition: Edition, language: str) -> bytes:
    """The slides of an edition as .pptx.

    Raises `ReportError` where nothing is published in the language, no summary is, or a page is not as it was published.
    """
    check_slide_tools()
    edition.check_language(language)
    return _Slides(edition, language).made()


class _Slides:
    def __init__(self, edition: Edition, language: str) -> None:
        self.edition, self.language, self.text = edition, language, Text(language)
        self.reports = edition.reports(language)
        self.summaries = overall.summaries(self.reports, language)
        if not self.summaries:
            raise ReportError(
                f"no summary of {edition.manifest.quarter} is published in the language {language}, which slides are made"
                " of; publish the notebook executive_summary"
            )
        self.products = list(dict.fromkeys(report.product for report in self.reports.values()))
        self.names = {p: edition.product_name(p, language) for p in self.products}
        self.quarter = self.text.quarter(edition.quarter)
        self.source = {
            "quarter": self.quarter,
            "snapshot": edition.manifest.snapshot,
            "as_of": self.text.day(date.fromisoformat(edition.manifest.as_of)),
        }

    def made(self) -> bytes:
        from cs_helpers.delivery.deck import Deck

        text, title = self.text, self.text("landing.title", quarter=self.quarter)
        marked = [text("page.edition.team")] if self.edition.manifest.audience == "team" else []
        deck = Deck(self.language, title)
        lines = [text.join_list(list(self.names.values())), text("slides.as_of", as_of=self.source["as_of"])]
        deck.title_slide(title, "\n".join([*lines, *marked]), text("slides.notes_numbers", **self.source))
        self._add_numbers(deck, title)
        with ExitStack() as stack:
            drawing = _Drawing(stack)
            found = [
                *overall.decisions(self.summaries)[:DECISIONS],
                *overall.changed(self.summaries)[:CHANGES],
            ]
            for finding in found:
                self._add_finding(deck, finding, drawing)
        self._add_unknown(deck, title)
        return deck.content()

    def _add_numbers(self, deck: Deck, footer: str) -> None:
        """The headline numbers of all products: a row for each product, the first for all of them."""
        from cs_helpers.delivery.deck import ACCENT, MARGIN, QUIET, WIDTH

        rows: list[tuple[str, list[Number]]] = [
            (self.names[p], overall.numbers(self.summaries[p])) for p in self.products if p in self.summaries
        ]
        if totals := overall.totals(list(self.summaries.values()), len(self.products)):
            rows.insert(0, (self.text("slides.all"), totals))
        labels: dict[str, str] = {n.key: n.label for _, numbers in rows for n in numbers}
        keys = list(labels)[:_COLUMNS]
        parts = [rows[start : start + _ROWS] for start in range(0, len(rows), _ROWS)]
        first = 1.7
        width = (WIDTH - 2 * MARGIN - first) / max(1, len(keys))
        for part, shown in enumerate(parts, 1):
            title = (
                self.text("slides.numbers")
                if len(parts) == 1
                else self.text("slides.numbers_part", part=part, parts=len(parts))
            )
            slide = deck.slide(title, footer, self.text("slides.notes_numbers", **self.source))
            heading: list[list[Line]] = [[("", 12, QUIET, False)]]
            heading += [[(labels[key], 12, QUIET, True)] for key in keys]
            table = [heading]
            for name, numbers in shown:
                by_key = {n.key: n for n in numbers}
                table.append(
                    [[(name, 14, ACCENT, True)], *[self._number_cell(by_key.get(key)) for key in keys]]
                )
            heights = [0.6, *[min(1.3, 4.4 / len(shown))] * len(shown)]
            deck.table(slide, table, [first, *[width] * len(keys)], MARGIN, 1.6, heights, heading=True)

    def _number_cell(self, number: Number | None) -> list[Line]:
        from cs_helpers.delivery.deck import COLOURS, INK, QUIET

        if number is None:
            return [("–", 16, QUIET, False)]
        metric, text = number.metric, self.text
        value = format_value(metric.value, metric.unit, text, number.currency)
        lines: list[Line] = [(value, 14, INK, True)]
        if interval := format_interval(metric.low, metric.high, metric.unit, text, number.currency):
            lines.append((interval, 8, QUIET, False))
        if number.changes:
            change = number.changes[0]
            words = text(
                "slides.change",
                size=format_difference(shown_difference(change), metric.unit, text, number.currency),
                verdict=verdict_words(change, text),
            )
            since = text(f"changes.since.{change.compared_with}")
            lines += [(since, 8, QUIET, False), (words, 8, COLOURS[change.direction], False)]
        return lines

    def _add_finding(self, deck: Deck, found: Found, drawing: _Drawing) -> None:
        """A slide for a finding: its sentence, its numbers, the figure of its question."""
        from cs_helpers.delivery.deck import INK, MARGIN, QUIET, WIDTH, lines_needed

        content, product = found.content, self.names[found.product]
        file, _, _ = address(content["anchor"], found.product, self.language, self.reports).partition("#")
        report = self.reports.get(file)
        title = report.title if report else self.text("landing.summary")
        source = {
            **self.source,
            "report": title,
            "product": product,
            "file": file,
            "anchor": content["anchor"],
        }
        footer = self.text("slides.source", product=product, report=title, quarter=self.quarter)
        slide = deck.slide(content["sentence"], footer, self.text("slides.notes", **source))
        figure = self._figure(file, content["anchor"], drawing)
        width, right = 4.4, MARGIN + 4.7
        rows: list[list[list[Line]]] = []
        heights = []
        for label, value in self._facts(found):
            size = 15 if lines_needed(value, 15, width - 1.8) == 1 else 12
            rows.append([[(label, 12, QUIET, False)], [(value, size, INK, True)]])
            heights.append(0.48 if size == 15 else 0.26 + 0.22 * lines_needed(value, size, width - 1.8))
        deck.table(slide, rows, [1.6, width - 1.6], MARGIN, 1.75, heights, heading=False)
        if content.get("do"):
            lines = [(self.text("slides.label.do"), 12, QUIET, False), (content["do"], 15, INK, False)]
            if content.get("obstacle"):
                lines.append((content["obstacle"], 13, INK, True))
            deck.text(slide, lines, MARGIN, 1.95 + sum(heights), width, 1.2)
        if figure:
            deck.picture(slide, figure, right, 1.75, WIDTH - MARGIN - right, 5.0)
        elif content.get("value") is not None and content.get("compared") is not None:
            values = [(self._since(content), content["compared"]), (self.quarter, content["value"])]
            number_format = "0%" if content["unit"] == "share" else "#,##0"
            deck.bars(slide, values, number_format, right, 1.75, WIDTH - MARGIN - right, 2.6)

    def _facts(self, found: Found) -> Iterator[tuple[str, str]]:
        """What a slide tells of a finding beside its sentence: label and value."""
        content, text = found.content, self.text
        unit, currency = content.get("unit", "count"), content.get("currency", "")

        def label(name: str) -> str:
            return text(f"slides.label.{name}")

        if content.get("customers") is not None:
            yield label("customers"), text.number(content["customers"])
        if content.get("mrr") is not None:
            yield label("mrr"), found.mrr(text)
        if content.get("who"):
            yield label("who"), found.who(text)
        if content.get("by"):
            yield label("by"), found.by(text)
        if content.get("part") != "decisions" and content.get("value") is not None:
            yield label("value"), format_value(content["value"], unit, text, currency)
        if content.get("compared") is not None:
            before = format_value(content["compared"], unit, text, currency)
            size = self._size(content)
            yield (
                self._since(content),
                text("slides.in_brackets", value=before, inner=size) if size else before,
            )
        yield label("n"), text.number(content["n"])
        yield label("certainty"), text(f"findings.certainty.{content['certainty']}")

    def _since(self, content: Mapping[str, Any]) -> str:
        """What a finding is compared with, in words."""
        compared_with = content["compared_with"]
        topic = "slides.since" if self.text.has(f"slides.since.{compared_with}") else "changes.since"
        return self.text(f"{topic}.{compared_with}")

    def _size(self, content: Mapping[str, Any]) -> str:
        """The difference, or the ratio, with its interval; '' where it is not known."""
        if content.get("size") is None:
            return ""
        unit, currency = content.get("size_unit") or content["unit"], content.get("currency", "")
        is_difference = unit == content["unit"]
        form = format_difference if is_difference else format_value
        size = form(content["size"], unit, self.text, currency)
        low, high = content.get("low"), content.get("high")
        interval = format_interval(low, high, unit, self.text, currency, difference=is_difference)
        return self.text("page.separator").join((size, interval)) if interval else size

    def _figure(self, file: str, anchor: str, drawing: _Drawing) -> Figure | None:
        report = self.reports.get(file)
        if report is None or report.good is None:
            return None
        page = self.edition.page_content(file, report.good.model_copy(update={"downloads": {}, "pdf": ""}))[
            file
        ]
        return figure_at(page, anchor, drawing.draw)

    def _add_unknown(self, deck: Deck, footer: str) -> None:
        """The last slide: what cannot be known yet."""
        from cs_helpers.delivery.deck import INK, MARGIN, QUIET, WIDTH, lines_needed

        unknown = overall.unknown(self.summaries)
        slide = deck.slide(
            self.text("slides.unknown"), footer, self.text("slides.notes_numbers", **self.source)
        )
        lines: list[Line] = []
        of_each = max(1, _UNKNOWN // len(self.summaries))
        said = {
            product: [f.content["sentence"] for f in unknown if f.product == product][:of_each]
            for product in dict.fromkeys(f.product for f in unknown)
        }
        width = WIDTH - 2 * MARGIN
        needed = sum(
            lines_needed(sentence, 15, width) for sentences in said.values() for sentence in sentences
        )
        size = 15 if needed + len(said) <= 15 else 12
        for product, sentences in said.items():
            lines.append((self.names[product], 12, QUIET, True))
            lines += [(f"• {sentence}", size, INK, False) for sentence in sentences]
        shown = sum(map(len, said.values()))
        if shown < len(unknown):
            lines.append((self.text("slides.more", n=len(unknown) - shown), 12, QUIET, False))
        nothing: list[Line] = [(self.text("slides.nothing_unknown"), 15, INK, False)]
        deck.text(slide, lines or nothing, MARGIN, 1.75, width, 5.0)


class _Drawing:
    """Draws SVGs; the browser is started for the first one."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._browser: Browser | None = None

    def draw(self, page: str, width: int, height: int) -> bytes:
        """A page as a PNG."""
        self._browser = self._browser or self._stack.enter_context(Browser())
        return self._browser.picture(page, width, height)
