"""Draw the tables `tickets`, `surveys` and `assessments`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from cs_helpers.sample.contracts import Terms
from cs_helpers.sample.days import (
    AS_OF,
    LOG_DAYS,
    LOG_START,
    Floats,
    Ints,
    day,
    office_day,
    office_times,
    weekday,
)
from cs_helpers.sample.truths import LEAVING, QUIET_COHORT, QUIET_WEEK

#: mean number of tickets of a customer on an office day
_TICKETS_A_DAY = {"paper_to_web": 0.03, "expense_desk": 0.035, "helpdesk": 0.25}
_TICKET_KINDS = ("how_to", "setting", "defect", "request", "billing")
_QUARTER_ENDS = pd.date_range("2024-06-30", "2026-09-30", freq="QE")
_SURVEYS = tuple(
    day(date(year, month, 14)) for year, month in ((2024, 5), (2024, 11), (2025, 5), (2025, 11), (2026, 5))
)
#: the qualitative measures of health, which all product files share
MEASURES = ("sponsor", "plan")

_COMMENTS = {
    "ja": {
        "low": (
            "担当が代わってから使い方が分かる人がいません。",
            "結局、紙と二重に作業しています。",
            "問い合わせの返事に時間がかかりました。",
            "他部署に広げる余裕がありません。",
        ),
        "middle": (
            "便利ですが、まだ一部の業務でしか使えていません。",
            "設定に少し手間取りました。",
            "もう少し手引きがあると助かります。",
            "慣れれば問題ありません。",
        ),
        "high": (
            "月末の残業が目に見えて減りました。",
            "もう前のやり方には戻れません。",
            "担当者の説明が具体的で助かりました。",
            "他部署からも使いたいと言われています。",
        ),
    },
    "en": {
        "low": (
            "Nobody here knows how to use it since our administrator left.",
            "We still do everything twice, once on paper.",
            "It took too long to get an answer.",
            "We have no time to bring in other departments.",
        ),
        "middle": (
            "Handy, but we use it for only part of the work.",
            "Setting it up took a while.",
            "A little more guidance would help.",
            "Fine once you are used to it.",
        ),
        "high": (
            "Overtime at month end has visibly gone down.",
            "We would not go back to the old way.",
            "Our contact explained things very concretely.",
            "Other departments are asking for it.",
        ),
    },
}


def tickets_table(terms: Sequence[Terms], accounts: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The table `tickets`: fixed totals in the first days of paper_to_web's cohorts, else a constant rate."""
    frames = []
    for each in terms:
        rows, days = _even_tickets(each, rng)
        if each.product == QUIET_COHORT.product:
            who_first, days_first = _first_tickets(each, rng)
            rows, days = np.concatenate([rows, who_first]), np.concatenate([days, days_first])
        account_id = accounts["account_id"].to_numpy()[each.account[rows]]
        opened = office_times(days, rng)
        frame = {"account_id": account_id, "product": each.product, "opened_at": opened}
        frames.append(pd.DataFrame(frame))
    tickets = pd.concat(frames, ignore_index=True).sort_values(
        ["opened_at", "account_id", "product"], ignore_index=True
    )
    minutes = rng.exponential(26 * 60, len(tickets)).astype("timedelta64[m]")
    closed = tickets["opened_at"] + minutes
    tickets["closed_at"] = closed.where(closed < pd.Timestamp("2026-10-01"))
    tickets["kind"] = rng.choice(_TICKET_KINDS, len(tickets), p=(0.45, 0.2, 0.12, 0.15, 0.08))
    # drawn last, so that no other column depends on it
    answer = tickets["opened_at"] + rng.exponential(4 * 60, len(tickets)).astype("timedelta64[m]")
    answered = answer.where(answer < closed, closed)
    tickets.insert(3, "answered_at", answered.where(answered < pd.Timestamp("2026-10-01")))
    tickets.insert(0, "ticket_id", [f"T-{n:05d}" for n in range(1, len(tickets) + 1)])
    return tickets


def _even_tickets(terms: Terms, rng: np.random.Generator) -> tuple[Ints, Ints]:
    first = terms.started
    if terms.product == QUIET_COHORT.product:
        first = first + QUIET_COHORT.first_days
    rate = _TICKETS_A_DAY[terms.product] * np.where(weekday(LOG_DAYS) < 5, 1.0, 0.06)
    active = (first[:, None] <= LOG_DAYS) & (terms.ended[:, None] > LOG_DAYS)
    counts = rng.poisson(active * rate * rng.gamma(6, 1 / 6, len(first))[:, None])
    rows, when = np.nonzero(counts)
    repeats = counts[rows, when]
    rows, days = np.repeat(rows, repeats), np.repeat(LOG_DAYS[when], repeats)
    if terms.product != QUIET_WEEK.product:
        return rows, days
    quiet = (days >= day(QUIET_WEEK.first_day)) & (days <= day(QUIET_WEEK.last_day))
    in_week = np.flatnonzero(quiet)
    dropped = rng.permutation(in_week)[round(len(in_week) * QUIET_WEEK.ratio) :]
    return np.delete(rows, dropped), np.delete(days, dropped)


def _first_tickets(terms: Terms, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Tickets of the first days: the total of each cohort is fixed, its customers and days are random."""
    quiet = terms.started >= day(QUIET_COHORT.first_start)
    earlier = (terms.started >= LOG_START) & ~quiet
    rows = np.concatenate(
        [
            rng.choice(np.flatnonzero(cohort), round(cohort.sum() * a_customer))
            for cohort, a_customer in (
                (quiet, QUIET_COHORT.tickets_a_customer),
                (earlier, QUIET_COHORT.earlier_tickets_a_customer),
            )
        ]
    )
    last = QUIET_COHORT.first_days - 3
    return rows, office_day(terms.started[rows] + rng.integers(0, last + 1, len(rows)))


def mood(terms: Terms, progress: Ints) -> Floats:
    """The satisfaction of each customer, around 0: higher with progress, lower if leaving.

    `progress` is the day on which the customer made good progress, `NEVER` if it did not.
    """
    under_way = progress < np.minimum(terms.ended, AS_OF)
    usual = np.where(under_way, LEAVING.mood_with_progress, LEAVING.mood_without)
    return np.asarray(usual - np.where(terms.leaving, LEAVING.mood_drop, 0.0))


def _mood_at(today: int, within: int, terms: Terms, moods: Floats) -> Floats:
    """The mood on a day: that of leaving only for customers who leave within so many days."""
    leaves_later = terms.leaving & (terms.ended >= today + within)
    return np.where(leaves_later, moods + LEAVING.mood_drop, moods)


def surveys_table(
    parts: Sequence[tuple[Terms, Ints]],
    accounts: pd.DataFrame,
    language: Sequence[str],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The table `surveys`: answers of somewhat more than half of the customers to the half-yearly survey."""
    frames = []
    for terms, progress in parts:
        moods = mood(terms, progress)
        for opens in _SURVEYS:
            is_surveyed = (terms.started < opens - 60) & (terms.ended > opens + 20)
            rows = np.flatnonzero(is_surveyed & (rng.random(len(is_surveyed)) < 0.58))
            current_mood = _mood_at(opens, LEAVING.surveyed_days, terms, moods)[rows]
            nps = np.clip(np.round(7.2 + 1.3 * current_mood + rng.normal(0, 1.6, len(rows))), 0, 10)
            frames.append(
                pd.DataFrame(
                    {
                        "account": terms.account[rows],
                        "product": terms.product,
                        "answered_on": _dates(office_day(opens + rng.integers(0, 16, len(rows)))),
                        "nps": nps.astype(int),
                    }
                )
            )
    surveys = pd.concat(frames, ignore_index=True)
    comments = [
        str(rng.choice(_COMMENTS[language[account]][_band(nps)])) if has_comment else None
        for account, nps, has_comment in zip(
            surveys["account"], surveys["nps"], rng.random(len(surveys)) < 0.6, strict=True
        )
    ]
    surveys.insert(0, "account_id", accounts["account_id"].to_numpy()[surveys["account"]])
    return (
        surveys.drop(columns="account")
        .assign(comment=pd.Series(comments, dtype="str"))
        .sort_values(["answered_on", "account_id", "product"], ignore_index=True)
    )


def _band(nps: int) -> str:
    return "low" if nps <= 6 else "middle" if nps <= 8 else "high"


def assessments_table(
    parts: Sequence[tuple[Terms, Ints]], accounts: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """The table `assessments`: the CSM's scores of each customer in the last two weeks of each quarter."""
    frames = []
    for terms, progress in parts:
        moods = mood(terms, progress)
        account_bias = rng.normal(0, LEAVING.account_spread, len(moods))
        for quarter_end in (day(stamp.date()) for stamp in _QUARTER_ENDS):
            is_assessed = (terms.started < quarter_end - 30) & (terms.ended > quarter_end)
            rows = np.flatnonzero(is_assessed)
            current_mood = _mood_at(quarter_end, LEAVING.assessed_days, terms, moods)[rows]
            days = quarter_end - rng.integers(0, 12, len(rows))
            assessed = accounts.iloc[terms.account[rows]]
            for measure in MEASURES:
                noise = rng.normal(0, LEAVING.score_spread, len(rows))
                seen = LEAVING.score_at_0 + LEAVING.score_a_mood * current_mood + account_bias[rows]
                score = np.clip(np.round(seen + noise), 1, 5)
                frames.append(
                    pd.DataFrame(
                        {
                            "account_id": assessed["account_id"].to_numpy(),
                            "product": terms.product,
                            "assessed_on": _dates(days),
                            "measure": measure,
                            "score": score.astype(int),
                            "assessed_by": assessed["csm"].to_numpy(),
                        }
                    )
                )
    columns = ["assessed_on", "account_id", "product", "measure"]
    return pd.concat(frames, ignore_index=True).sort_values(columns, ignore_index=True)


def _dates(days: Ints) -> np.ndarray:
    """The days as dates, at most `AS_OF`."""
    return np.minimum(days, AS_OF).astype("datetime64[D]")
