"""What leadership needs to know of a product: headline numbers, changes, decisions, first gaps, what is not known.

It ranks the findings and metrics of all analyses; it computes none of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cs_helpers import analyses, paths
from cs_helpers.comparison import COMPARED_WITH, Change
from cs_helpers.contract.products import Product
from cs_helpers.declaration import Better
from cs_helpers.errors import SettingError, did_you_mean
from cs_helpers.result import ComparedWith, Finding, Metric, Note, Result
from cs_helpers.summary.earlier import EarlierQuarters
from cs_helpers.summary.gaps import GAP_PLAN, GAP_SIZES, FirstGaps, first_gaps
from cs_helpers.summary.restated import Comparison, compare_with_published

#: a page names so many changes, decisions, and questions that cannot be answered
CHANGES, DECISIONS, UNKNOWN = 3, 3, 5
#: a counted number that changed by less than this share is not worth a line
MIN_CHANGE = 0.05
#: what a change is compared with; other comparisons (with a target, with other customers) say how things are
_BEFORE = frozenset({"previous_quarter", "previous_year", "usual"})


@dataclass(frozen=True)
class Headline:
    """A headline number: its metric, its changes, and its values in the last quarters, oldest first.

    trend: None for a quarter in which it is not known.
    """

    analysis: str
    metric: Metric
    better: Better
    changes: tuple[Change, ...]
    trend: tuple[float | None, ...]


@dataclass(frozen=True)
class Tally:
    """The headline numbers that are better and worse than one thing that they are compared with, and how many are compared."""

    compared: int
    better: tuple[Headline, ...]
    worse: tuple[Headline, ...]


@dataclass(frozen=True)
class Ranked:
    """A finding with its analysis. surprise: see `surprise`."""

    analysis: str
    finding: Finding
    surprise: float = 0.0


@dataclass(frozen=True)
class Summary:
    """The summary of a product and quarter.

    unknown: analysis and note of questions that cannot be answered or are answered in part; more_unknown: how many
    further ones there are. tallies: of the headline numbers, by what they are compared with. before: the quarter
    before as published and as it is today. results: of all analyses, by name. gaps: the first gaps of the gap plan, a part
    of its own, so that neither its findings nor its notes are among the decisions and what is not known.
    """

    headlines: tuple[Headline, ...]
    changed: tuple[Ranked, ...]
    decisions: tuple[Ranked, ...]
    unknown: tuple[tuple[str, Note], ...]
    more_unknown: int
    tallies: Mapping[ComparedWith, Tally]
    before: Comparison
    results: Mapping[str, Result]
    gaps: FirstGaps = field(default_factory=FirstGaps)


def summarise(
    results: Mapping[str, Result],
    earlier: EarlierQuarters,
    headlines: Sequence[str],
    *,
    mrr: float,
    published: Mapping[str, Any] | None = None,
) -> Summary:
    """The summary of the results of all analyses.

    mrr: of all customers at the end of the quarter, NaN where it is not known. published: what the quarter before said
    when it was published (`restated.compare_with_published`).
    headlines: the headline numbers as `<analysis>.<metric>`, of declared metrics (`check_metrics`).
    """
    decisions = _decisions(results)
    unknown = _unknown(results)
    known = tuple(
        _headline(results[analysis], metric, earlier)
        for analysis, _, name in (headline.partition(".") for headline in headlines)
        if (metric := results[analysis].metrics.get(name)) is not None and metric.is_known
    )
    tallies = {key: tally for key in COMPARED_WITH if (tally := _tally(known, key)) is not None}
    return Summary(
        known,
        tuple(_changed(results, mrr)[:CHANGES]),
        tuple(decisions[:DECISIONS]),
        tuple(unknown[:UNKNOWN]),
        max(0, len(unknown) - UNKNOWN),
        tallies,
        compare_with_published(published, earlier, headlines),
        results,
        first_gaps(results),
    )


def surprise(finding: Finding, mrr: float) -> float:
    """How far a change lies beyond noise; 1 at its border, 0 where chance may explain it.

    Of an estimate: its distance from no effect, divided by that of the near end of its interval from the estimate (of
    ratios, on the scale of logarithms). Of what is counted: the share of customers concerned (of a number of
    customers against an earlier one, of those by which it changed; of an amount, its share of the MRR of all customers, `mrr`), divided by `MIN_CHANGE`: nothing small is worth a line, however large its
    relative change.
    """
    if finding.certainty == "unclear":
        return 0.0
    size, low, high = finding.size, finding.low, finding.high
    if finding.certainty == "counted":
        if finding.unit == "currency":
            share = abs((finding.value or 0.0) - (finding.compared or 0.0)) / mrr if mrr > 0 else 0.0
        elif (
            finding.size_unit == "count" and size is not None
        ):  # a number of customers that was another before
            share = abs(size) / finding.n
        elif finding.customers is not None:
            share = finding.customers / finding.n
        else:
            share = abs(size or 0.0) / finding.n
        return share / MIN_CHANGE
    if size is None or size != size:
        return 1.0
    effect, ends = size, [end for end in (low, high) if end is not None and math.isfinite(end)]
    if finding.size_unit == "ratio":
        if size <= 0 or any(end <= 0 for end in ends):
            return 1.0
        effect, ends = math.log(size), [math.log(end) for end in ends]
    near = min(ends, key=abs, default=0.0)
    reach = abs(effect - near)
    return max(1.0, abs(effect) / reach) if reach else 1.0


def finding_key(ranked: Ranked) -> str:
    """What tells a finding from others of a product over the quarters: its analysis and code, and its playbook entry."""
    entry = ranked.finding.fields.get("entry")
    code = ranked.finding.code
    if asks_decision(ranked.finding):  # whether somebody can carry an entry out makes no other decision of it
        code = "decide"
    elif (
        ranked.analysis == GAP_PLAN and code in GAP_SIZES
    ):  # nor do more customers of whom it is known another gap
        code = "gap"
    return f"{ranked.analysis}.{code}{f':{entry}' if entry else ''}"


def asks_decision(finding: Finding) -> bool:
    """Whether a finding names what is to be done and by whom: an entry of the playbook that is due."""
    return {"who", "do"} <= finding.fields.keys()


def check_metrics(product: Product) -> None:
    """Checks that the metrics that sections of the product file name are declared; raises `SettingError`."""
    for section, names in product.metrics_named.items():
        for name in (name for name in names if not _is_declared(name)):
            declared = [
                f"{of}.{m}" for of in analyses.names() for m in analyses.analysis(of).declares.metrics
            ]
            raise SettingError(
                paths.products() / f"{product.product}.yml",
                f"no report has the headline number '{name}', docs/metrics.md lists all of them."
                f"{did_you_mean(name, declared)}".rstrip("."),
                key=section,
            )


def check_people(product: Product) -> None:
    """Checks that the answers about people that the product file opens for leadership may be opened; raises `SettingError`."""
    for answer in product.leadership.people:
        analysis, _, question = answer.partition(".")
        questions = analyses.analysis(analysis).declares.questions if analysis in analyses.names() else {}
        asked, file = questions.get(question), paths.products() / f"{product.product}.yml"
        if asked is None:
            about_people = [
                f"{of}.{q}"
                for of in analyses.names()
                for q, one in analyses.analysis(of).declares.questions.items()
                if one.about_people
            ]
            raise SettingError(
                file,
                f"no report has the answer '{answer}' about single members of the team."
                f"{did_you_mean(answer, about_people)}".rstrip("."),
                key="leadership.people",
            )
        if asked.about_candidates:
            raise SettingError(
                file, f"'{answer}' is about candidates, it is for the team only", key="leadership.people"
            )
        if not asked.about_people:
            raise SettingError(
                file,
                f"'{answer}' is not about single members of the team, only such answers are opened here",
                key="leadership.people",
            )


def _is_declared(metric: str) -> bool:
    """Whether an analysis declares a metric; only that one is imported, which takes time for all of them."""
    analysis, _, name = metric.partition(".")
    return analysis in analyses.names() and name in analyses.analysis(analysis).declares.metrics


def _headline(result: Result, metric: Metric, earlier: EarlierQuarters) -> Headline:
    name = metric.name
    better = analyses.analysis(result.analysis).declares.metrics[name]
    before = [metrics.get(name) for metrics in earlier.recent(result.analysis)]
    trend = (*(None if m is None else m.value for m in before), metric.value)
    return Headline(result.analysis, metric, better, earlier.changes(result, [name])[name], trend)


def _tally(headlines: Sequence[Headline], compared_with: ComparedWith) -> Tally | None:
    """The headline numbers that are better and worse; None where none is compared with it."""
    compared = [(h, c.direction) for h in headlines for c in h.changes if c.compared_with == compared_with]
    if not compared:
        return None
    better, worse = (tuple(h for h, d in compared if d == direction) for direction in ("better", "worse"))
    return Tally(len(compared), better, worse)


def _changed(results: Mapping[str, Result], mrr: float) -> list[Ranked]:
    """What analyses found to have changed beyond noise, most surprising first: one entry a question."""
    candidates = [
        Ranked(name, finding, surprise(finding, mrr))
        for name, result in results.items()
        for finding in result.findings
        if finding.compared_with in _BEFORE and not asks_decision(finding)
    ]
    candidates = sorted((c for c in candidates if c.surprise >= 1), key=lambda c: -c.surprise)
    return list({(c.analysis, c.finding.about): c for c in reversed(candidates)}.values())[::-1]


def _decisions(results: Mapping[str, Result]) -> list[Ranked]:
    """The findings that ask for a decision, by MRR and customers at stake; then others that are worse."""
    found = [
        Ranked(name, finding)
        for name, result in results.items()
        if name != GAP_PLAN
        for finding in result.findings
    ]

    def by_stake(ranked: Ranked) -> tuple[float, int]:
        return -(ranked.finding.mrr or 0.0), -(ranked.finding.customers or 0)

    asked = sorted((r for r in found if asks_decision(r.finding)), key=by_stake)
    others = sorted(
        (
            r
            for r in found
            if not asks_decision(r.finding)
            and r.finding.direction == "worse"
            and r.finding.certainty != "unclear"
            and r.finding.customers
        ),
        key=by_stake,
    )
    # of each analysis one: its findings overlap (those who turned red are red)
    first_of_each = list({r.analysis: r for r in reversed(others)}.values())
    return [*asked, *sorted(first_of_each, key=by_stake)]


def _unknown(results: Mapping[str, Result]) -> list[tuple[str, Note]]:
    """The notes that warn, of each code and text once; first those of questions without any answer."""
    notes: dict[tuple[str, str], tuple[bool, str, Note]] = {}
    for name, result in results.items():
        if name == GAP_PLAN:
            continue
        declares = analyses.analysis(name).declares
        for note in result.notes:
            if declares.warns(note.code):
                unanswered = note.about not in result.tables and note.about not in result.metrics
                key = (note.code, str(sorted(note.fields.items(), key=str)))
                previous = notes.get(key)
                if previous is None or (unanswered and not previous[0]):
                    notes[key] = (unanswered, name, note)
    ordered = sorted(notes.values(), key=lambda entry: not entry[0])
    return [(name, note) for _, name, note in ordered]
