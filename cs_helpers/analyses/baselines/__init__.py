"""What is normal, so that the odd is felt: usual levels, this quarter's departures, past periods, cohorts.

Three comparisons, each two-sided: a day against its usual level, the quarter's churn against the
same quarter of past years, and new customers' questions against those of earlier new customers.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from cs_helpers.analyses.baselines.losses import LEAST_YEARS, against_past, by_year
from cs_helpers.contract.disclosure import columns
from cs_helpers.contract.known import Period
from cs_helpers.contract.products import Baseline
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customers.measures import covered_period, matches_pattern
from cs_helpers.customers.time import customer_time_as_of, missing_contracts
from cs_helpers.declaration import Declaration, Question, findings, notes
from cs_helpers.result import Metric, Note, Result, Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg, rate_ratio
from cs_helpers.statistics.usual_level import MIN_HISTORY_DAYS, usual_levels

#: a departure below this ratio (or above its inverse) is not worth an alert, however sure
LEAST_EFFECT = 1.3
#: a customer's first month, in days
FIRST_MONTH = 30
#: so many quarters of starts are shown, that of the report among them
COHORTS = 9
#: cohorts smaller than this are not compared
LEAST_COHORT = 8
#: so many customers do not stop on one day: where they fall silent together, the export ended
MANY = 10

DECLARES = Declaration(
    questions={
        "series": Question(figure=True, findings=findings("usual odd odd_from_none")),
        "departures": Question(table=True),
        "same_quarter": Question(
            figure=True,
            findings=findings("first more fewer more_than_none as_usual few_after_none none_as_usual"),
        ),
        "cohorts": Question(
            figure=True,
            findings=findings("unknown none_asked more_than_none hardly_any less more as_usual"),
        ),
    },
    metrics=("odd_days", "lost_share", "lost_ratio", "cohort_ratio"),
    notes=notes(
        warns=(
            "constant_series first_losses gap lost_more_lately missing_table no_losses_recorded "
            "no_new_customers no_recent_customers no_spread no_start_customers no_tickets "
            "nothing_recorded_of nothing_watched short_history silent_event silent_few silent_log "
            "silent_product small_cohort too_few_years"
        ),
        explains=("begins_late first_month_open lost_new not_recorded recounted"),
    ),
    reads=("accounts", "contracts", "usage", "tickets"),
    discloses=columns(
        public="day value usual low high p baseline odd weekday starts_on ends_on days ratio year customers lost not_recorded share cohort"
        " tickets each"
    ),
)


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """Usual levels and what departed from them in the quarter.

    Tables: `series` (baseline, day, value, usual, low, high, odd) for the quarter's days of which the log tells;
    `usual` (baseline, weekday 0-6, usual, low, high) at the quarter's end; `departures` (baseline,
    starts_on, ends_on, days, value, usual, ratio, p) episodes of odd days, means a day;
    `same_quarter` (year, customers, lost, not_recorded, share, usual, low, high, odd) the customers at the start of
    the quarter and those of them that were lost in it, or whose renewal may still be recorded, against past
    years; `cohorts` (cohort, customers, tickets, each) tickets in the first 30 days by quarter of start.
    """
    notes: list[Note] = []
    tables: dict[str, pd.DataFrame] = {}
    metrics: dict[str, Metric] = {}
    verdicts: dict[str, Verdict] = {}
    for part in (_days, _past_years, _first_months):
        part(data, quarter, tables, metrics, notes, verdicts)
    n = len(customer_time_as_of(data, quarter.end).customers(quarter.end))
    return Result(
        "baselines",
        data.product.product,
        quarter,
        quarter.start,
        data.as_of,
        n,
        tables,
        metrics,
        tuple(notes),
        verdicts=verdicts,
    )


def daily(data: ProductData, baseline: Baseline, until: pd.Timestamp) -> pd.Series:
    """The baseline's number on each day of which its log tells, from the first row to the last of them; NaN in a gap.

    Days without rows are 0. Index: day.
    """
    if baseline.source == "tickets":
        days = data["tickets"]["opened_at"].dt.normalize()
        counts = days.value_counts().astype("float64")
    else:
        whole = baseline.event == "*"
        rows = data["active_daily" if whole else "usage_daily"]
        if not whole:
            rows = rows.loc[matches_pattern(rows["event"], baseline.event), ["day", baseline.value]]
        counts = rows.groupby("day")[baseline.value].sum().astype("float64")
    period = covered_period(data, baseline.source, baseline.event)
    if period is None or counts.empty or pd.Timestamp(period.first) > until:
        return counts.iloc[:0]
    last = min(until, pd.Timestamp(period.last))
    values = counts.reindex(pd.date_range(counts.index.min(), last, freq="D"), fill_value=0.0)
    return values.where(period.days(pd.DatetimeIndex(values.index)))


def _days(
    data: ProductData,
    quarter: Quarter,
    tables: dict[str, pd.DataFrame],
    metrics: dict[str, Metric],
    notes: list[Note],
    verdicts: dict[str, Verdict],
) -> None:
    start, end = pd.Timestamp(quarter.start), pd.Timestamp(quarter.end)
    series, usual = [], []
    for baseline in data.product.baselines:
        if missing := data.missing(baseline.source):
            notes.append(Note("missing_table", "series", {"tables": missing}))
            continue
        period = covered_period(data, baseline.source, baseline.event)
        if period is None:
            notes.append(Note("nothing_recorded_of", "series", {"baseline": baseline.name}))
            continue
        silent, no_day = _silence(data, baseline, period, quarter)
        notes += silent
        if no_day:
            continue
        values = daily(data, baseline, end)
        before = values[values.index < start].dropna()
        if len(before) < MIN_HISTORY_DAYS:
            notes.append(
                Note(
                    "short_history",
                    "series",
                    {"baseline": baseline.name, "days": len(before), "needed": MIN_HISTORY_DAYS},
                )
            )
            continue
        if before.std() == 0:
            notes.append(Note("constant_series", "series", {"baseline": baseline.name}))
            continue
        known = usual_levels(values, start)
        inside = known[(known.index >= start) & known["value"].notna()]
        if inside["p"].isna().all():
            notes.append(Note("no_spread", "series", {"baseline": baseline.name}))
            continue
        series.append(inside.reset_index(names="day").assign(baseline=baseline.id))
        last = inside[["usual", "low", "high"]].iloc[-28:]
        by_day = last.groupby(last.index.dayofweek).median().reset_index(names="weekday")
        usual.append(by_day.assign(baseline=baseline.id))
    if not series:
        notes += [Note("nothing_watched", about, {}) for about in ("series", "departures")]
        return
    table = pd.concat(series, ignore_index=True)
    ratio = (table["value"] + 0.5) / (table["usual"] + 0.5)
    large = (ratio >= LEAST_EFFECT) | (ratio <= 1 / LEAST_EFFECT)
    sure = benjamini_hochberg(table["p"].to_list(), q=FALSE_DISCOVERY)
    table["odd"] = large & sure
    tables["series"] = table
    tables["usual"] = pd.concat(usual, ignore_index=True)
    tables["departures"] = _episodes(table)
    verdicts["series"] = _worst(tables["departures"], table["baseline"].nunique())
    days = int(table.loc[table["odd"], "day"].nunique())
    metrics["odd_days"] = Metric("odd_days", float(days), "count", int(table["day"].nunique()))


def _silence(
    data: ProductData, baseline: Baseline, period: Period, quarter: Quarter
) -> tuple[list[Note], bool]:
    """What is to be said of days of the quarter of which nothing is known; and whether that is all of them.

    Whether an export ended or the customers stopped: rows of other products, or other events, go on after the silence
    began; or many customers fell silent on one day.
    """
    notes, (start, end) = [], (quarter.start, quarter.end)
    for first, last in period.gaps:
        if first <= end and last >= start:
            notes.append(Note("gap", "series", {"baseline": baseline.name, "first": first, "last": last}))
    since = period.silent_since
    if since is not None and since <= end:
        lately = _lately(data, baseline.source, since)
        end_of_log = data.known.tables[baseline.source].silent_since
        if end_of_log is None or since < end_of_log:
            code = "silent_event"
        elif baseline.source in data.known.elsewhere:
            code = "silent_product"
        else:
            code = "silent_log" if lately >= MANY else "silent_few"
        fields = {"baseline": baseline.name, "since": since, "customers": lately}
        notes.append(Note(code, "series", fields))
    if period.first > start:
        notes.append(Note("begins_late", "series", {"baseline": baseline.name, "since": period.first}))
    return notes, period.first > end or (since is not None and since <= start)


def _lately(data: ProductData, source: str, since: date) -> int:
    """How many customers were in the rows of a table in the two weeks before it went silent."""
    rows, time = (data["active_daily"], "day") if source == "usage" else (data[source], "opened_at")
    end = pd.Timestamp(since)
    inside = (rows[time] < end) & (rows[time] >= end - pd.Timedelta(days=14))
    return int(rows.loc[inside, "account_id"].nunique())


def _worst(departures: pd.DataFrame, baselines: int) -> Verdict:
    if departures.empty:
        return Verdict("usual", {"baselines": baselines})
    worst = departures.iloc[0]
    code = "odd" if np.isfinite(worst["ratio"]) else "odd_from_none"
    return Verdict(code, {**worst.to_dict(), "episodes": len(departures)})


def _episodes(series: pd.DataFrame) -> pd.DataFrame:
    """Odd days of a baseline that lie at most three days apart and go the same way, as one row."""
    columns = ["baseline", "starts_on", "ends_on", "days", "value", "usual", "ratio", "p"]
    rows = []
    for name, part in series[series["odd"]].groupby("baseline", sort=False):
        up = part["value"] > part["usual"]
        apart = (part["day"].diff() > timedelta(days=3)) | (up != up.shift())
        for _, episode in part.groupby(apart.cumsum()):
            value, usual = episode["value"].mean(), episode["usual"].mean()
            rows.append(
                {
                    "baseline": name,
                    "starts_on": episode["day"].min(),
                    "ends_on": episode["day"].max(),
                    "days": len(episode),
                    "value": value,
                    "usual": usual,
                    "ratio": value / usual if usual else np.inf,
                    "p": episode["p"].min(),
                }
            )
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values(["days", "p"], ascending=[False, True], ignore_index=True)


def _past_years(
    data: ProductData,
    quarter: Quarter,
    tables: dict[str, pd.DataFrame],
    metrics: dict[str, Metric],
    notes: list[Note],
    verdicts: dict[str, Verdict],
) -> None:
    """Customers lost in the quarter against the same quarter of past years, and earlier quarters of the year that were odd."""
    if missing := missing_contracts(data):
        notes.append(Note("missing_table", "same_quarter", {"tables": missing}))
        return
    time = customer_time_as_of(data, quarter.end)
    table = by_year(time, quarter)
    if table.empty:
        notes.append(Note("no_start_customers", "same_quarter", {"quarter": str(quarter)}))
        return
    tables["same_quarter"] = table
    now = table.iloc[-1]
    n, share, years = int(now["customers"]), float(now["share"]), len(table) - 1
    if open_now := int(now["not_recorded"]):
        notes.append(Note("not_recorded", "same_quarter", {"customers": open_now}))
    moved = time.movement(quarter.back(1).end, quarter.end)
    if moved["lost"] > int(now["lost"]):
        joined = moved["lost"] - int(now["lost"])
        notes.append(Note("lost_new", "same_quarter", {"lost": moved["lost"], "joined": joined}))
    if years:
        notes += _first_losses(time, quarter)
    openings = [Quarter(year, quarter.number).back(1).end for year in table["year"]]
    if again := len(time.recounted(openings)):
        notes.append(Note("recounted", "same_quarter", {"customers": again}))
    metrics["lost_share"] = Metric("lost_share", share, "share", n)
    verdicts["same_quarter"] = against_past(table)
    if years < LEAST_YEARS:
        notes.append(Note("too_few_years", "same_quarter", {"years": years, "needed": LEAST_YEARS}))
    elif now["usual"] > 0:
        metrics["lost_ratio"] = Metric("lost_ratio", share / float(now["usual"]), "ratio", n)
    for earlier in (quarter.back(k) for k in (1, 2, 3)):
        then = by_year(time, earlier)
        if len(then) and against_past(then).code in ("more", "more_than_none"):
            last = then.iloc[-1]
            fields = {
                "quarter": str(earlier), "share": float(last["share"]), "lost": int(last["lost"]),
                "customers": int(last["customers"]), "usual_share": float(last["usual"]),
            }  # fmt: skip
            notes.append(Note("lost_more_lately", "same_quarter", fields))


def _first_losses(time: CustomerTime, quarter: Quarter) -> list[Note]:
    """Whether the contracts tell of losses before the quarter at all: who lists only those that run knows of none."""
    ended = time.spells.loc[time.spells["ended"].isin(ENDINGS), "last_day"].min()
    if ended != ended:
        return [Note("no_losses_recorded", "same_quarter", {})]
    since = (ended + pd.Timedelta(days=1)).date()
    return [Note("first_losses", "same_quarter", {"since": since})] if since >= quarter.start else []


def _first_months(
    data: ProductData,
    quarter: Quarter,
    tables: dict[str, pd.DataFrame],
    metrics: dict[str, Metric],
    notes: list[Note],
    verdicts: dict[str, Verdict],
) -> None:
    # without contracts nobody knows when an account began: its first ticket may be the first row of it
    if missing := (*missing_contracts(data), *data.missing("tickets")):
        notes.append(Note("missing_table", "cohorts", {"tables": missing}))
        return
    tickets = data["tickets"]
    begun = customer_time_as_of(data, quarter.end).first_days()
    period = covered_period(data, "tickets")
    if period is None:
        notes.append(Note("no_tickets", "cohorts", {}))
        return
    month = pd.Timedelta(days=FIRST_MONTH - 1)
    until = min(pd.Timestamp(quarter.end), pd.Timestamp(period.last)) - month
    started = begun[(begun >= pd.Timestamp(period.first)) & (begun <= until)]
    whole = [period.covers(day.date(), (day + month).date()) for day in started]
    started = started[np.array(whole, dtype=bool)]
    if started.empty:
        notes.append(Note("no_new_customers", "cohorts", {"quarter": str(quarter)}))
        return
    if started.max() < pd.Timestamp(quarter.back(COHORTS - 1).start):
        notes.append(Note("no_recent_customers", "cohorts", {"quarters": COHORTS}))
        return
    opened = tickets[["account_id", "opened_at"]].assign(started=tickets["account_id"].map(started))
    age = (opened["opened_at"] - opened["started"]).dt.days
    first = opened[(age >= 0) & (age < FIRST_MONTH)]
    each = first.groupby("account_id").size().reindex(started.index, fill_value=0)
    cohort = started.map(lambda day: str(Quarter.holding(day.date())))
    table = each.groupby(cohort).agg(customers="size", tickets="sum").rename_axis("cohort").reset_index()
    table["each"] = table["tickets"] / table["customers"]
    tables["cohorts"] = table
    new, earlier = each[cohort == str(quarter)], each[cohort != str(quarter)]
    if open_ := int((begun >= pd.Timestamp(quarter.start)).sum()) - len(new):
        notes.append(Note("first_month_open", "cohorts", {"customers": open_, "of": open_ + len(new)}))
    if len(new) < LEAST_COHORT or len(earlier) < LEAST_COHORT:
        notes.append(
            Note(
                "small_cohort",
                "cohorts",
                {"customers": len(new), "earlier": len(earlier), "needed": LEAST_COHORT},
            )
        )
        verdicts["cohorts"] = Verdict("unknown")
        return
    dispersion = float(earlier.var() / earlier.mean()) if earlier.mean() > 0 else 1.0
    ratio, low, high, p = rate_ratio(
        int(new.sum()), len(new), int(earlier.sum()), len(earlier), dispersion=dispersion
    )
    if not np.isnan(ratio):  # nobody of either asked anything
        metrics["cohort_ratio"] = Metric("cohort_ratio", ratio, "ratio", len(new), low, high)
    metrics["cohort_p"] = Metric("cohort_p", p, "p", len(new))
    code = "none_asked" if np.isnan(ratio) else ("less" if ratio < 1 else "more") if p < 0.05 else "as_usual"
    if not np.isfinite(ratio):
        code = {"more": "more_than_none", "as_usual": "hardly_any"}.get(code, code)
    verdicts["cohorts"] = Verdict(code, {"ratio": ratio, "low": low, "high": high})
