"""Draw the table `usage`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.sample.contracts import Terms
from cs_helpers.sample.days import (
    AS_OF,
    LOG_DAYS,
    LOG_START,
    NEVER,
    Flags,
    Floats,
    Ints,
    day,
    month_number,
    office_times,
    weekday,
)
from cs_helpers.sample.rollouts import Rollouts
from cs_helpers.sample.truths import LEAVING, ODD_WEEK

#: each department has exactly two documents, so a third event name shows a second department
DEPARTMENTS = (
    ("accounting", ("invoice", "payment_notice")),
    ("hr", ("payslip", "tax_certificate")),
    ("sales", ("quotation", "delivery_note")),
    ("general_affairs", ("notice", "contract")),
)
_WEB_EVENTS = np.array([f"web.{d}.{doc}" for d, documents in DEPARTMENTS for doc in documents])
_POOL = {"small": 4, "mid": 8, "enterprise": 16}
_WEEKDAYS = np.array([1.05, 1.02, 1.0, 0.98, 0.95, 0.08, 0.05])
#: slightly above the ratio, since the factor does not apply to users of letters only
_ODD_FACTOR = ODD_WEEK.ratio * 1.08
_EVENTS = {
    "expense_desk": np.array(["claim.submitted", "claim.approved"]),
    "helpdesk": np.array(["ticket.created", "template.used", "article.viewed"]),
}


def late_in_month(days: Ints) -> Flags:
    """Whether each day is one of the last three office days of its month."""
    office = weekday(days) < 5
    last = np.zeros(len(days), dtype=bool)
    months = month_number(days)
    for month in np.unique(months):
        last[np.flatnonzero((months == month) & office)[-3:]] = True
    return last


def _day_factor(rng: np.random.Generator) -> Floats:
    noise = np.exp(rng.normal(0, 0.04, len(LOG_DAYS)))
    return np.asarray(_WEEKDAYS[weekday(LOG_DAYS)] * noise)


def _user_days(
    terms: Terms,
    sizes: np.ndarray,
    begun: Ints,
    factor: Floats,
    rng: np.random.Generator,
) -> tuple[Ints, Ints, Ints]:
    """The row of `terms`, the number of the user, and the day, for each active day of a user.

    Activity drops in the last days of a contract that ends (`truths.LEAVING`).
    """
    pool = np.array([_POOL[size] for size in sizes]) + rng.integers(-1, 2, len(sizes))
    owner = np.repeat(np.arange(len(pool)), pool)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(pool) - pool, pool) + 1
    chance = np.repeat(rng.uniform(0.19, 0.31, len(pool)), pool)[:, None] * factor
    open_days = (begun[owner, None] <= LOG_DAYS) & (terms.ended[owner, None] > LOG_DAYS)
    fading = terms.ended[owner, None] - LEAVING.usage_days <= LOG_DAYS
    chance = np.where(fading, chance * LEAVING.usage_ratio, chance) * open_days
    rows, when = np.nonzero(rng.random(chance.shape) < chance)
    return owner[rows], number[rows], LOG_DAYS[when]


def _rows(
    terms: Terms, rows: Ints, user: Ints, days: Ints, event: np.ndarray, quantity: Ints
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "account": terms.account[rows],
            "product": terms.product,
            "user": user,
            "day": days,
            "event": event,
            "quantity": quantity,
        }
    )


def paper_to_web_usage(
    terms: Terms, rollouts: Rollouts, sizes: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Documents delivered by web, and letters out and in until the customer stops using (or resumes) them."""
    factor = _day_factor(rng)
    late = late_in_month(LOG_DAYS)
    odd = (day(ODD_WEEK.first_day) <= LOG_DAYS) & (day(ODD_WEEK.last_day) >= LOG_DAYS)
    factor = factor * np.where(odd, _ODD_FACTOR, 1.0) * np.where(late, 1.08, 1.0)
    begun = rollouts.first_document
    rows, user, days = _user_days(terms, sizes, begun, factor, rng)
    repeats = 1 + (rng.random(len(rows)) < 0.40)
    rows, user, days = (np.repeat(column, repeats) for column in (rows, user, days))
    # the first document of a department is delivered on the day of its step
    first_use_rows, first_use_departments = np.nonzero(
        (rollouts.departments >= LOG_START)
        & (rollouts.departments < np.minimum(terms.ended, AS_OF + 1)[:, None])
    )
    rows = np.concatenate([rows, first_use_rows])
    user = np.concatenate([user, np.ones(len(first_use_rows), dtype=np.int64)])
    days = np.concatenate([days, rollouts.departments[first_use_rows, first_use_departments]])

    departments_in_use = (rollouts.departments[rows] <= days[:, None]).sum(axis=1)
    paper_free = rollouts.no_outgoing < terms.fell
    has_fallen = (terms.fell[rows] <= days) & (days < terms.recovered[rows])
    departments_in_use = np.where(has_fallen & ~paper_free[rows], 1, departments_in_use)
    pick = (rng.random(len(rows)) * departments_in_use).astype(np.int64)
    pick[len(pick) - len(first_use_rows) :] = first_use_departments
    order = np.argsort(rng.random((len(sizes), len(DEPARTMENTS))), axis=1)
    event = _WEB_EVENTS[order[rows, pick] * 2 + rng.integers(0, 2, len(rows))]
    scale = np.array([{"small": 6, "mid": 14, "enterprise": 35}[size] for size in sizes])
    peak = np.where(late[days - LOG_START], 1.5, 1.0)
    web = _rows(terms, rows, user, days, event, 1 + rng.poisson(scale[rows] * peak))
    paper_again = (terms.fell, np.where(paper_free, terms.recovered, terms.fell))
    never = np.full(len(sizes), NEVER)
    letters = [
        _letters("paper.out", rollouts.no_outgoing, paper_again, terms, scale, rng),
        _letters("paper.in", rollouts.no_incoming, (never, never), terms, scale, rng),
    ]
    return pd.concat([web, *letters], ignore_index=True)


def _letters(
    event: str,
    until: Ints,
    paper_again: tuple[Ints, Ints],
    terms: Terms,
    scale: Ints,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Letters on about every fourth office day before `until`, and again between the days of `paper_again`."""
    first, last = terms.started[:, None], np.minimum(terms.ended, AS_OF + 1)[:, None]
    on_paper = (until[:, None] > LOG_DAYS) | (
        (paper_again[0][:, None] <= LOG_DAYS) & (paper_again[1][:, None] > LOG_DAYS)
    )
    open_days = (first <= LOG_DAYS) & (last > LOG_DAYS) & (weekday(LOG_DAYS) < 5)
    sends = rng.random(on_paper.shape) < 0.25
    # a customer that resumes paper sends letters on the first day
    sends |= paper_again[0][:, None] == LOG_DAYS
    rows, when = np.nonzero(on_paper & open_days & sends)
    quantity = 1 + rng.poisson(scale[rows] * 2)
    users = np.ones(len(rows), dtype=np.int64)
    return _rows(terms, rows, users, LOG_DAYS[when], np.repeat(event, len(rows)), quantity)


def other_usage(terms: Terms, stages: Ints, sizes: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """The usage of expense_desk and helpdesk; each stage enables one more event."""
    begun = stages[:, 1]
    rows, user, days = _user_days(terms, sizes, begun, _day_factor(rng), rng)
    repeats = 1 + (rng.random(len(rows)) < 0.2)
    rows, user, days = (np.repeat(column, repeats) for column in (rows, user, days))
    events = _EVENTS[terms.product]
    opened = (stages[rows, 1 : 1 + len(events)] <= days[:, None]).sum(axis=1)
    pick = (rng.random(len(rows)) * np.maximum(opened, 1)).astype(np.int64)
    usage = _rows(terms, rows, user, days, events[pick], 1 + rng.poisson(1.2, len(rows)))
    if terms.product == "helpdesk":
        return usage
    extra = [usage]
    closing = np.flatnonzero(late_in_month(LOG_DAYS))[2::3]
    for event, from_day, until, chance, day_positions in (
        ("closing.done", stages[:, 3], np.full(len(stages), NEVER), 0.97, closing),
        ("receipt.paper", terms.started, stages[:, 4], 0.2, np.flatnonzero(weekday(LOG_DAYS) < 5)),
    ):
        dates = LOG_DAYS[day_positions]
        happens = (
            (dates >= from_day[:, None])
            & (dates < np.minimum(until, terms.ended)[:, None])
            & (rng.random((len(stages), len(dates))) < chance)
        )
        row, when = np.nonzero(happens)
        quantity = (
            np.ones(len(row), dtype=np.int64) if event == "closing.done" else 1 + rng.poisson(6, len(row))
        )
        first_user = np.ones(len(row), dtype=np.int64)
        extra.append(_rows(terms, row, first_user, dates[when], np.repeat(event, len(row)), quantity))
    return pd.concat(extra, ignore_index=True)


def usage_table(
    parts: list[pd.DataFrame],
    accounts: pd.DataFrame,
    contracts: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The table `usage`, sorted by time, with the contract of each row."""
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.iloc[np.argsort(rows["day"].to_numpy(), kind="stable")].reset_index(drop=True)
    times = office_times(rows["day"].to_numpy(), rng)
    account_id = accounts["account_id"].to_numpy()[rows["account"]]
    in_time = pd.DataFrame(
        {
            "account_id": account_id,
            "product": rows["product"],
            "user_id": [f"U-{a:04d}-{u:02d}" for a, u in zip(rows["account"] + 1, rows["user"], strict=True)],
            "occurred_at": times.astype("datetime64[us]"),
            "event": rows["event"],
            "quantity": rows["quantity"].astype(float),
        }
    ).sort_values("occurred_at", kind="stable", ignore_index=True)
    starts = contracts[["account_id", "product", "started_on", "contract_id"]].assign(
        started_on=contracts["started_on"].astype("datetime64[us]")
    )
    return pd.merge_asof(
        in_time,
        starts.sort_values("started_on", kind="stable"),
        left_on="occurred_at",
        right_on="started_on",
        by=["account_id", "product"],
    ).drop(columns="started_on")
