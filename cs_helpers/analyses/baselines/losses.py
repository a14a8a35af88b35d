"""Customers lost in each of the last four quarters, compared with the same quarter of past years."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import NOT_RECORDED, CustomerTime
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customers.time import missing_contracts
from cs_helpers.result import Metric, Note, Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.past_years import MIN_YEARS
from cs_helpers.statistics.proportions import rate_ratio, wilson

#: the expected losses below which a normal interval is too narrow
MIN_EXPECTED = 5
#: the quarters that are compared, that of the report and those before it
QUARTERS = 4
#: verdicts on a quarter with losses beyond the interval
ODD = ("more", "more_than_none", "fewer")

COLUMNS = (
    "quarter",
    "year",
    "customers",
    "lost",
    "not_recorded",
    "share",
    "usual",
    "low",
    "high",
    "p",
    "odd",
)


@dataclass
class Losses:
    """The answer on losses.

    table: of `losses_by_year` for each of the last `QUARTERS` quarters, that of the report last; None where it cannot be had.
    """

    table: pd.DataFrame | None = None
    verdict: Verdict | None = None
    metrics: dict[str, Metric] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


def compare_losses(data: ProductData, time: CustomerTime, quarter: Quarter) -> Losses:
    """The losses of the last four quarters, each against the same quarter of past years, with the notes on them.

    Each quarter is judged by its own 95 % interval. They are not corrected for there being four: each was, or is, the
    one comparison of its own report, and the figure says how often chance alone names one of four.
    """
    if missing := missing_contracts(data):
        return Losses(notes=[Note("missing_table", "same_quarter", {"tables": missing})])
    now = losses_by_year(time, quarter)
    if now.empty:
        return Losses(notes=[Note("no_start_customers", "same_quarter", {"quarter": str(quarter)})])
    earlier = [losses_by_year(time, quarter.back(k)) for k in range(QUARTERS - 1, 0, -1)]
    table = pd.concat([t for t in (*earlier, now) if len(t)], ignore_index=True)
    answer = Losses(table, four_quarters_verdict(table), notes=_notes(time, quarter, now))
    judged = int(table["p"].notna().sum())
    if judged > 1:
        answer.notes.append(
            Note("judged_alone", "same_quarter", {"quarters": judged, "share": 1 - 0.95**judged})
        )
    latest, years = now.iloc[-1], len(now) - 1
    n, lost, share = int(latest["customers"]), int(latest["lost"]), float(latest["share"])
    answer.metrics["lost_share"] = Metric("lost_share", share, "share", n, *wilson(lost, n))
    if years >= MIN_YEARS and latest["usual"] > 0:
        answer.metrics["lost_ratio"] = Metric("lost_ratio", share / float(latest["usual"]), "ratio", n)
    return answer


def losses_by_year(time: CustomerTime, quarter: Quarter) -> pd.DataFrame:
    """The customers at the start of the same quarter of each year, and those of them lost in it.

    Columns: quarter (text, that of all rows), year, customers, lost, not_recorded (a renewal may still be recorded), share
    (lost), and in the last row, with `MIN_YEARS` past years: usual (their share), low, high (95 %), p (two-sided), odd
    (p below .05). Empty where there was no customer on the day before the quarter.

    The interval is a prediction from past years with binomial variance, the error of their mean and their
    over-dispersion (Pearson chi-square divided by its degrees of freedom, at least 1). Below `MIN_EXPECTED` expected
    losses an exact interval replaces it.
    """
    rows = []
    past_quarter = quarter
    first = time.spells["first_day"].min()
    while pd.Timestamp(past_quarter.start) > first:
        outcome = time.status_after(past_quarter.back(1).end, past_quarter.end)
        if len(outcome):
            lost, not_recorded = int(outcome.isin(ENDINGS).sum()), int((outcome == NOT_RECORDED).sum())
            share = lost / len(outcome)
            rows.append((str(quarter), past_quarter.year, len(outcome), lost, not_recorded, share))
        past_quarter = past_quarter.back(4)
    table = pd.DataFrame(rows[::-1], columns=list(COLUMNS[:6]))
    table[["usual", "low", "high", "p"]] = np.nan
    table["odd"] = False
    if table.empty or table["year"].iloc[-1] != quarter.year:
        return table.iloc[:0]
    past, latest = table.iloc[:-1], table.iloc[-1]
    if len(past) < MIN_YEARS:
        return table
    n, lost, total = int(latest["customers"]), int(past["lost"].sum()), int(past["customers"].sum())
    usual = lost / total
    fit = past["customers"] * usual * (1 - usual)
    chi_squared = (
        float((((past["lost"] - past["customers"] * usual) ** 2) / fit).sum()) if 0 < usual < 1 else 0.0
    )
    dispersion = max(1.0, chi_squared / (len(past) - 1))
    if usual * n < MIN_EXPECTED:
        low, high = _exact_interval(n, lost, total, dispersion)
        p = rate_ratio(int(latest["lost"]), n, lost, total, dispersion=dispersion)[3]
    else:
        error = np.sqrt(dispersion * max(usual * (1 - usual), 1e-6) * (1 / n + 1 / total))
        errors = stats.norm() if dispersion == 1.0 else stats.t(len(past) - 1)
        reach = float(errors.ppf(0.975))
        low, high = max(0.0, usual - reach * error), min(1.0, usual + reach * error)
        p = 2 * float(errors.sf(abs(float(latest["share"]) - usual) / error))
    last = table.index[-1]
    table.loc[last, ["usual", "low", "high", "p"]] = [usual, low, high, p]
    table.loc[last, "odd"] = bool(latest["share"] < low or latest["share"] > high)
    return table


def past_years_verdict(table: pd.DataFrame) -> Verdict:
    """The verdict on the losses of a quarter.

    table: of `losses_by_year`, not empty. Codes: `first` (too few past years), `more`, `fewer`, `more_than_none`,
    `as_usual`, `few_after_none` (not significantly more than none), `none_as_usual`.
    """
    latest = table.iloc[-1]
    share, usual = float(latest["share"]), float(latest["usual"])
    if usual != usual:
        return Verdict("first", {"share": share})
    fields = {"share": share, "usual": usual, "years": len(table) - 1}
    if not latest["odd"]:
        code = "as_usual" if usual > 0 else "none_as_usual" if share == 0 else "few_after_none"
        return Verdict(code, fields)
    if usual == 0:
        return Verdict("more_than_none", fields)
    return Verdict("more" if share > usual else "fewer", {**fields, "ratio": share / usual})


def quarter_verdicts(table: pd.DataFrame) -> dict[str, Verdict]:
    """Quarter -> the verdict on it, oldest first. table: of `Losses`."""
    return {str(q): past_years_verdict(rows) for q, rows in table.groupby("quarter", sort=False)}


def four_quarters_verdict(table: pd.DataFrame) -> Verdict:
    """The verdict on the losses of the last quarters: that on the latest one, unless only an earlier one is odd.

    table: of `Losses`. Codes: those of `past_years_verdict`, and `earlier_more`, `earlier_more_than_none`,
    `earlier_fewer` with the quarter and its numbers; of several the one with the smallest p. `now` is the latest share.
    """
    by_quarter = quarter_verdicts(table)
    *earlier, latest = by_quarter
    odd = [q for q in earlier if by_quarter[q].code in ODD]
    if by_quarter[latest].code in ODD or not odd:
        return by_quarter[latest]
    p = table.dropna(subset=["p"]).set_index("quarter")["p"]
    worst = min(odd, key=lambda quarter: float(p[quarter]))
    verdict = by_quarter[worst]
    fields = {**verdict.fields, "quarter": worst, "now": by_quarter[latest].fields["share"]}
    return Verdict(f"earlier_{verdict.code}", fields)


def _exact_interval(n: int, lost: int, total: int, dispersion: float) -> tuple[float, float]:
    """The lowest and highest share of `n` customers that do not differ significantly (95 %, exact) from `lost` of `total`."""

    def is_compatible(count: int) -> bool:
        return rate_ratio(count, n, lost, total, dispersion=dispersion)[3] >= 0.05

    low = high = lost * n // total
    while low > 0 and is_compatible(low - 1):
        low -= 1
    while high < n and is_compatible(high + 1):
        high += 1
    return low / n, high / n


def _notes(time: CustomerTime, quarter: Quarter, table: pd.DataFrame) -> list[Note]:
    """What must be known of the numbers of the quarter. table: of `losses_by_year`."""
    notes, latest, years = [], table.iloc[-1], len(table) - 1
    if unrecorded := int(latest["not_recorded"]):
        notes.append(Note("not_recorded", "same_quarter", {"customers": unrecorded}))
    movement = time.movement(quarter.back(1).end, quarter.end)
    if movement["lost"] > int(latest["lost"]):
        joined = movement["lost"] - int(latest["lost"])
        notes.append(Note("lost_new", "same_quarter", {"lost": movement["lost"], "joined": joined}))
    if years:
        notes += _first_loss_notes(time, quarter)
    openings = [Quarter(year, quarter.number).back(1).end for year in table["year"]]
    if recounted := len(time.recounted_customers(openings)):
        notes.append(Note("recounted", "same_quarter", {"customers": recounted}))
    if years < MIN_YEARS:
        notes.append(Note("too_few_years", "same_quarter", {"years": years, "needed": MIN_YEARS}))
    return notes


def _first_loss_notes(time: CustomerTime, quarter: Quarter) -> list[Note]:
    """A note where the contracts have no losses before the quarter, as lists of running contracts do."""
    ended = time.spells.loc[time.spells["ended"].isin(ENDINGS), "last_day"].min()
    if ended != ended:
        return [Note("no_losses_recorded", "same_quarter", {})]
    since = (ended + pd.Timedelta(days=1)).date()
    return [Note("first_losses", "same_quarter", {"since": since})] if since >= quarter.start else []
