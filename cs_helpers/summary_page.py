"""The page that sums up a product, part by part, as the summary notebook shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cs_helpers.outputs import display_html
from cs_helpers.summary import Ranked, Summary
from cs_helpers.tables import summary as tables
from cs_helpers.tables.metric_json import plain
from cs_helpers.text import Text


@dataclass(frozen=True)
class SummaryPage:
    """A summary that a notebook shows in a language."""

    summary: Summary
    text: Text
    currency: str

    def headline_numbers(self) -> None:
        """Shows the headline numbers of the product as cards, each with its changes."""
        metrics = {
            f"{h.analysis}.{h.metric.name}": {
                **plain(
                    h.metric,
                    label=tables.metric_label(h, self.text),
                    better=h.better,
                    changes=h.changes,
                    currency=self.currency,
                ),
                "trend": [None if value is None else float(value) for value in h.trend],
            }
            for h in self.summary.headlines
        }
        page = tables.headlines(self.summary, self.text, self.currency)
        self._show("headlines", page, len(metrics), {"metrics": metrics})

    def changed(self) -> None:
        """Shows what changed most, and whether for better or worse."""
        page = tables.changed(self.summary, self.text, self.currency)
        found = [self._published(r, "changed") for r in self.summary.changed]
        self._show("changed", page, len(found), {"findings": found})

    def decisions(self) -> None:
        """Shows what needs a decision: for how many customers and how much MRR, who, and by when."""
        page = tables.decisions(self.summary, self.text, self.currency)
        found = [self._published(r, "decisions") for r in self.summary.decisions]
        self._show("decisions", page, len(found), {"findings": found})

    def gaps(self) -> None:
        """Shows the first gaps of the gap plan: their size, what closing them would do, and whether their order is decided."""
        page = tables.gaps(self.summary, self.text, self.currency)
        first = self.summary.gaps
        found = [tables.published_gap(gap, first.is_decided, self.text, self.currency) for gap in first.gaps]
        self._show("gaps", page, len(found), {"findings": found})

    def not_known(self) -> None:
        """Shows what cannot be known yet."""
        page = tables.unknown(self.summary, self.text, self.currency)
        found = [
            tables.published_note(name, note, self.text, self.currency) for name, note in self.summary.unknown
        ]
        self._show("not_known", page, len(found), {"findings": found})

    def trust(self) -> None:
        """Shows how far the numbers can be trusted."""
        page = tables.trust(self.summary, self.text, self.currency)
        self._show("trust", page, 1, {})

    def _published(self, ranked: Ranked, part: str) -> dict[str, Any]:
        return tables.published_part(ranked, part, self.text, self.currency)

    def _show(self, part: str, page: str, rows: int, about: Mapping[str, Any]) -> None:
        shown = [result.shows for result in self.summary.results.values()]
        known = [kinds for kinds in shown if kinds is not None]
        disclosures = {"shows": sorted(frozenset().union(*known))} if len(known) == len(shown) else {}
        display_html(page, {"analysis": "summary", "table": part, "rows": rows, **disclosures, **about})
