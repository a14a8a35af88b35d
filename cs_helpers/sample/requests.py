"""Draw the tables `requests` and `request_accounts`: what customers asked of each product, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.sample.contracts import Terms
from cs_helpers.sample.days import AS_OF, NEVER, Floats, as_dates, day, office_day
from cs_helpers.sample.truths import FEEDBACK

_CHANNELS = ("ticket", "touch", "interview", "survey")
_ANSWERED = ("planned", "declined", "released", "exists")
_SIZES = ("small", "mid", "enterprise")


#: a row of a table, by column
_Row = dict[str, Any]


@dataclass(frozen=True)
class _Request:
    """A request: what became of it, and how many customers of each size (small, mid, enterprise) asked for it.

    rank: of its wait among those of the product, from the shortest; where the answer lies after the last day, it is open.
    later: customers who ask after the release. lost: who asked and have left since.
    """

    title: str
    code: str
    kind: str
    status: str
    raised: date
    rank: int
    asked: tuple[int, int, int]
    released: date | None = None
    later: tuple[int, int, int] = (0, 0, 0)
    lost: int = 0


_PAPER = (
    _Request(FEEDBACK.most_asked, "core_system_csv", "function", "considering", date(2026, 5, 11), 17, (14, 10, 6)),
    _Request(FEEDBACK.most_mrr, "internal_roll_out", "function", "open", date(2026, 8, 3), 11, (0, 1, 14)),
    _Request(FEEDBACK.small_only, "login_holder_left", "function", "planned", date(2026, 2, 2), 10, (12, 0, 0)),
    _Request("Consent by text message", "recipient_consent", "function", "open", date(2026, 7, 13), 13, (5, 4, 2)),
    _Request("Read receipts by page", "read_receipt", "function", "considering", date(2026, 6, 8), 15, (5, 3, 2)),
    _Request(FEEDBACK.exists, "it_security_review", "documentation", "exists", date(2026, 3, 9), 2, FEEDBACK.exists_asked),
    _Request(
        FEEDBACK.asked_after, "incoming_paper", "function", "released", date(2025, 6, 2), 12, (4, 4, 2), date(2026, 2, 16),
        FEEDBACK.later,
    ),
    _Request("List of what was not opened", "read_receipt", "function", "released", date(2025, 9, 1), 5, (6, 5, 3), date(2026, 5, 18)),
    _Request("Calculator of saved postage", "postage_cost", "documentation", "released", date(2025, 11, 10), 0, (4, 3, 1), date(2026, 1, 12)),
    _Request("Folding service for what stays on paper", "month_end_folding", "function", "declined", date(2025, 12, 1), 9, (3, 3, 1)),
    _Request("Letter to recipients who want paper", "recipient_pushback", "documentation", "released", date(2026, 1, 19), 3, (5, 3, 1), date(2026, 3, 30)),
    _Request("Slides for the second department", "internal_roll_out", "documentation", "exists", date(2026, 4, 6), 1, (3, 2, 0)),
    _Request("Errors of imported files by line", "core_system_csv", "fix", "released", date(2026, 1, 26), 4, (4, 3, 2), date(2026, 4, 6)),
    _Request("Longer sessions before signing in again", "login_holder_left", "fix", "declined", date(2025, 10, 6), 14, (3, 1, 0), lost=2),
    _Request("Consent forms in three languages", "recipient_consent", "function", "planned", date(2025, 8, 18), 16, (4, 3, 2), lost=2),
    _Request("Sorting of scanned post", "incoming_paper", "function", "open", date(2025, 11, 17), 19, (3, 2, 1)),
    _Request("Sending at a set hour", "month_end_folding", "function", "planned", date(2026, 3, 23), 8, (3, 2, 1)),
    _Request("Postage of all departments on one bill", "postage_cost", "function", "declined", date(2026, 4, 20), 6, (2, 1, 0)),
    _Request("Answers to the security questionnaire", "it_security_review", "documentation", "open", date(2026, 1, 12), 18, (2, 2, 2)),
    _Request("Reminder to recipients", "recipient_pushback", "function", "planned", date(2026, 5, 25), 7, (2, 2, 0)),
)  # fmt: skip
_EXPENSE = (
    _Request("Several receipts in one photo", "receipt_photo", "function", "planned", date(2026, 1, 13), 4, (5, 4, 2)),
    _Request("Approval by mail", "approval_delay", "function", "released", date(2025, 9, 8), 2, (6, 3, 2), date(2026, 3, 2)),
    _Request("Account code from the shop's name", "account_codes", "function", "considering", date(2026, 6, 15), 6, (5, 5, 3)),
    _Request("Rules by grade", "policy_rules", "function", "open", date(2026, 8, 24), 7, (1, 3, 3)),
    _Request("Reminder before closing", "closing_rush", "function", "exists", date(2026, 4, 13), 0, (4, 2, 1)),
    _Request("Paper receipts kept by us", "paper_receipt_storage", "function", "declined", date(2025, 12, 8), 3, (2, 2, 0)),
    _Request("Second check of claims", "claim_errors", "fix", "released", date(2026, 2, 9), 1, (3, 2, 1), date(2026, 5, 11)),
    _Request("Claims on the way without a signal", "field_staff_phone", "function", "open", date(2026, 7, 6), 5, (3, 1, 0)),
)  # fmt: skip
_HELPDESK = (
    _Request("Categories by department", "category_chaos", "function", "open", date(2026, 7, 20), 2, (2, 1, 1)),
    _Request("Greeting outside of office hours", "after_hours", "function", "exists", date(2026, 5, 18), 0, (2, 0, 0)),
    _Request("Drafts of replies", "template_use", "function", "released", date(2026, 1, 26), 1, (3, 2, 1), date(2026, 6, 22)),
)  # fmt: skip
_REQUESTS = {"paper_to_web": _PAPER, "expense_desk": _EXPENSE, "helpdesk": _HELPDESK}


def request_tables(
    terms: Sequence[Terms], accounts: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables `requests` and `request_accounts` of all products."""
    requests: list[_Row] = []
    asked: list[_Row] = []
    for product in terms:
        specs = _REQUESTS[product.product]
        rows = _requests(product.product, specs, len(requests))
        requests += rows
        of_product = [
            asking | {"product": product.product, "request_id": row["request_id"]}
            for spec, row in zip(specs, rows, strict=True)
            for asking in _asked(spec, row, product, accounts, rng)
        ]
        asked += _told(of_product, rng)
    days = ["raised_on", "decided_on", "released_on"]
    table = pd.DataFrame(requests)
    table[days] = table[days].apply(lambda column: as_dates(column.to_numpy()))
    who = pd.DataFrame(asked).drop(columns=["answered", "share"])
    who = who.assign(
        asked_on=as_dates(who["asked_on"].to_numpy()), told_on=as_dates(who["told_on"].to_numpy())
    )
    who = who[["account_id", "product", "request_id", "asked_on", "told_on", "heard_in"]]
    return table, who.sort_values(["asked_on", "account_id", "request_id"], ignore_index=True)


def _waits(count: int) -> Floats:
    """The days to an answer, from the shortest: evenly spaced quantiles of an exponential law."""
    return np.asarray(-np.log2(1 - (np.arange(count) + 0.5) / count) * FEEDBACK.days_to_answer)


def _requests(product: str, specs: Sequence[_Request], before: int) -> list[_Row]:
    waits = _waits(len(specs))
    rows = []
    for n, spec in enumerate(specs, start=before + 1):
        decided = day(spec.raised) + round(waits[spec.rank])
        answered = decided <= AS_OF
        assert answered == (spec.status in _ANSWERED), spec.title
        rows.append(
            {
                "request_id": f"R-{n:02d}", "product": product, "title": spec.title, "code": spec.code, "kind": spec.kind,
                "status": spec.status, "raised_on": day(spec.raised), "decided_on": decided if answered else NEVER,
                "released_on": day(spec.released) if spec.released else NEVER, "link": f"https://tracker.example/R-{n:02d}",
            }
        )  # fmt: skip
    return rows


def _asked(
    spec: _Request, row: _Row, terms: Terms, accounts: pd.DataFrame, rng: np.random.Generator
) -> Iterator[_Row]:
    """Who asked for a request: customers of today that started before it was raised, and some who have left since."""
    sizes = accounts["size"].to_numpy()[terms.account]
    raised, released, decided = day(spec.raised), row["released_on"], row["decided_on"]
    there = terms.started < raised - 30
    free = there & (terms.ended >= NEVER)
    left = np.flatnonzero(there & (terms.ended < AS_OF) & (terms.ended > raised + 60))
    groups = [
        (rng.choice(np.flatnonzero(free & (sizes == size)), before + after, replace=False), before)
        for size, before, after in zip(_SIZES, spec.asked, spec.later, strict=True)
    ]
    groups.append((rng.choice(left, spec.lost, replace=False), spec.lost))
    answered = released if released < NEVER else decided
    for who, before in groups:
        last = np.minimum(min(released - 5, raised + 150, AS_OF - 3), terms.ended[who] - 5)
        days = raised - 20 + rng.random(len(who)) * (last - raised + 20)
        days[before:] = rng.integers(released + 5, AS_OF - 5, len(who) - before) if released < NEVER else 0
        for n, (customer, asked) in enumerate(zip(who, office_day(days.astype(np.int64)), strict=True)):
            yield {
                "account_id": accounts["account_id"].to_numpy()[terms.account[customer]],
                "asked_on": int(min(asked, AS_OF)), "heard_in": "", "answered": answered,
                "share": FEEDBACK.told_later if n >= before else FEEDBACK.told_exists if spec.title == FEEDBACK.exists else None,
            }  # fmt: skip


def _told(asked: list[_Row], rng: np.random.Generator) -> list[_Row]:
    """The askings with where they were heard and when the customer was told: a fixed share of each of them."""
    channels = rng.permutation(np.resize(_CHANNELS, len(asked)))
    for asking, channel in zip(asked, channels, strict=True):
        asking |= {"heard_in": str(channel), "told_on": NEVER}
    answered = [a for a in asked if a["answered"] < NEVER]
    groups: dict[tuple[bool, float], list[_Row]] = {}
    for asking in answered:
        share = asking["share"]
        ordinary = FEEDBACK.told_tickets if asking["heard_in"] == "ticket" else FEEDBACK.told
        groups.setdefault((share is None, ordinary if share is None else share), []).append(asking)
    for (_, share), group in groups.items():
        for n in rng.permutation(len(group))[: round(len(group) * share)]:
            since = max(group[n]["answered"], group[n]["asked_on"])
            day_told = office_day(np.array([since + 1 + round(rng.exponential(30))]))
            group[n]["told_on"] = int(min(day_told[0], AS_OF))
    return asked
