"""All products on one sheet, from their published summaries: what the landing page, the digest and the slides rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from cs_helpers.comparison import Change, compare, total
from cs_helpers.report.manifest import Report, of_whole_products
from cs_helpers.report.plan import SUMMARY
from cs_helpers.result import ComparedWith, Metric
from cs_helpers.tables.metric_json import read_metric
from cs_helpers.text import Text


@dataclass(frozen=True)
class Number:
    """A headline number of a summary, or of all products together. key: as in run.json."""

    key: str
    label: str
    metric: Metric
    changes: tuple[Change, ...]
    currency: str
    trend: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Found:
    """A finding of a product's summary, as run.json holds it."""

    product: str
    content: Mapping[str, Any]

    def mrr(self, text: Text) -> str:
        """The MRR at stake in words."""
        mrr = self.content.get("mrr")
        return (
            text("findings.not_known") if mrr is None else text.money(mrr, self.content.get("currency", ""))
        )

    def who(self, text: Text) -> str:
        """Who has to act, in words."""
        return str(self.content.get("who") or text("summary.nobody"))

    def by(self, text: Text) -> str:
        """By when, in words."""
        by = self.content.get("by")
        return text.day(date.fromisoformat(by)) if by else text("summary.no_date")


def summaries(reports: Mapping[str, Report], language: str) -> dict[str, Report]:
    """The published summaries in a language, by product."""
    mine = sorted(
        (r for r in of_whole_products(reports).values() if r.language == language), key=lambda r: r.product
    )
    return {r.product: r for r in mine if r.analysis == SUMMARY and r.good}


def numbers(summary: Report | None) -> list[Number]:
    """The headline numbers of a product."""
    found = []
    for key, content in summary.good.metrics.items() if summary and summary.good else ():
        metric, others = read_metric(key, content)
        changes = _changes(metric, others, content)
        found.append(_number(key, content, metric, changes, tuple(content.get("trend", ()))))
    return found


def totals(found: Sequence[Report], products: int) -> list[Number]:
    """The headline numbers over all products: those that each product has and that can be added up.

    found: the summaries; none is returned where one of the `products` has no summary, or where there is only one.
    """
    goods = [r.good for r in found if r.good]
    if len(goods) < 2 or len(goods) < products:
        return []
    added = []
    for key, first in goods[0].metrics.items():
        contents = [good.metrics.get(key) for good in goods]
        if any(c is None or c.get("currency") != first.get("currency") for c in contents):
            continue
        read = [read_metric(key, content) for content in contents if content is not None]
        together = total([metric for metric, _ in read])
        if together is None:
            continue
        befores: dict[ComparedWith, Metric] = {}
        for compared_with in ("previous_quarter", "previous_year"):
            others = [others[compared_with] for _, others in read if compared_with in others]
            before = total(others) if len(others) == len(read) else None
            befores |= {compared_with: before} if before else {}
        added.append(_number(key, first, together, _changes(together, befores, first)))
    return added


def decisions(found: Mapping[str, Report]) -> list[Found]:
    """What needs a decision over all products, the largest amounts first; of several currencies, by customers."""
    parts = _parts(found, "decisions")
    currencies = {part.content.get("currency") for part in parts}

    def stake(part: Found) -> tuple[bool, float, int]:
        mrr = part.content.get("mrr") or 0.0 if len(currencies) == 1 else 0.0
        return not part.content.get("who"), -mrr, -(part.content.get("customers") or 0)

    return sorted(parts, key=stake)


def changed(found: Mapping[str, Report]) -> list[Found]:
    """What changed over all products, furthest beyond chance first."""
    return sorted(_parts(found, "changed"), key=lambda part: -float(part.content.get("surprise", 0)))


def first_gap(summary: Report | None) -> Found | None:
    """The first gap of a product's gap plan; None where it has none."""
    found = _parts({summary.product: summary}, "gaps") if summary else []
    return found[0] if found else None


def unknown(found: Mapping[str, Report]) -> list[Found]:
    """What cannot be known yet, product by product."""
    return _parts(found, "unknown")


def _parts(found: Mapping[str, Report], part: str) -> list[Found]:
    return [
        Found(product, finding)
        for product, report in found.items()
        for finding in (report.good.findings if report.good else ())
        if finding.get("part") == part
    ]


def _changes(
    metric: Metric, others: Mapping[ComparedWith, Metric], content: Mapping[str, Any]
) -> tuple[Change, ...]:
    better = content.get("better", "neither")
    changes = (compare(metric, other, better, compared_with) for compared_with, other in others.items())
    return tuple(change for change in changes if change)


def _number(
    key: str,
    content: Mapping[str, Any],
    metric: Metric,
    changes: tuple[Change, ...],
    trend: tuple[float | None, ...] = (),
) -> Number:
    label, currency = str(content.get("label", key)), str(content.get("currency", ""))
    return Number(key, label, metric, changes, currency, trend)
