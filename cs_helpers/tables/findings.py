"""The sentences of findings, and the list of the most important ones as HTML."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from cs_helpers.result import PLACE as PLACE
from cs_helpers.result import Finding
from cs_helpers.tables.notes import format_fields
from cs_helpers.tables.units import format_difference, format_interval, format_value
from cs_helpers.text import Text

#: the findings that a report begins with
SHOWN = 3


def sentence(finding: Finding, text: Text, analysis: str, currency: str) -> str:
    """The sentence of a finding: `<analysis>.findings.<code>`.

    Fields: value and compared in `unit`; size, with its sign where it is a difference, and `interval` in `size_unit`;
    n, customers and mrr, and `stake` (the analysis's own words, if it has any), which is '' where the MRR is not known; and the finding's own fields, formatted as those of notes.
    """
    size_unit = finding.size_unit or finding.unit
    is_difference = not finding.size_unit
    format_size = format_difference if is_difference else format_value
    fields = {
        "value": format_value(finding.value, finding.unit, text, currency),
        "compared": format_value(finding.compared, finding.unit, text, currency),
        "size": format_size(finding.size, size_unit, text, currency),
        "interval": format_interval(
            finding.low, finding.high, size_unit, text, currency, difference=is_difference
        ),
        "n": text.number(finding.n),
        "customers": text("findings.not_known")
        if finding.customers is None
        else text.number(finding.customers),
        "mrr": text("findings.not_known") if finding.mrr is None else text.money(finding.mrr, currency),
    }
    own = f"{analysis}.stake"
    stake = own if text.has(own) else "findings.stake"
    fields["stake"] = "" if finding.mrr is None else text(stake, mrr=fields["mrr"])
    own_fields = format_fields(finding.fields, text, currency)
    return text(f"{analysis}.findings.{finding.code}", **{**fields, **own_fields})


def certainty(finding: Finding, text: Text) -> str:
    """How certain a finding is, in words."""
    return text(f"findings.certainty.{finding.certainty}")


def anchor(analysis: str, question: str) -> str:
    """The id of a question's answer on its page."""
    return f"{analysis}-{question}"


def published(finding: Finding, text: Text, analysis: str, currency: str) -> dict[str, Any]:
    """A finding as `run.json` holds it, with its sentence and the id of the place that shows it."""
    numbers = ("value", "compared", "size", "low", "high", "mrr")
    return {
        "analysis": analysis,
        "code": finding.code,
        "about": finding.about,
        "anchor": anchor(analysis, finding.about),
        "sentence": sentence(finding, text, analysis, currency),
        "direction": finding.direction,
        "certainty": finding.certainty,
        "n": finding.n,
        "customers": finding.customers,
        "compared_with": finding.compared_with,
        "unit": finding.unit,
        "size_unit": finding.size_unit or finding.unit,
        "currency": currency,
        **{name: _json_number(getattr(finding, name)) for name in numbers},
    }


def listed(findings: Sequence[Finding], text: Text, analysis: str, currency: str) -> str:
    """The first findings as an HTML list; '' without any."""
    items = []
    for finding in findings[:SHOWN]:
        target = html.escape(anchor(analysis, finding.about), quote=True)
        items.append(
            f'<li class="{finding.direction}"><a href="#{target}">'
            f"{html.escape(sentence(finding, text, analysis, currency))}</a>"
            f' <span class="certainty">{html.escape(certainty(finding, text))}</span></li>'
        )
    return f'<ul class="findings">{"".join(items)}</ul>' if items else ""


def _json_number(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)
