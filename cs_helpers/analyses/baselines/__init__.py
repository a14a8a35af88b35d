"""Baselines: days compared with their usual level, churn with past years, tickets of new customers with earlier ones.

All three comparisons are two-sided.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from cs_helpers.analyses.baselines.findings import baseline_findings
from cs_helpers.analyses.baselines.losses import MIN_YEARS, losses_by_year, past_years_verdict
from cs_helpers.contract.baselines import Baseline
from cs_helpers.contract.coverage import Period
from cs_helpers.contract.disclosure import columns
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customers.measures import covered_period
from cs_helpers.customers.time import customer_time_as_of, missing_contracts
from cs_helpers.customers.watched import watched_series
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts
from cs_helpers.result import Metric, Note, Result, Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg, rate_ratio, wilson
from cs_helpers.statistics.usual_level import MIN_HISTORY_DAYS, usual_levels

#: a significant departure is reported only from this ratio on (or below its inverse)
MIN_RATIO = 1.3
#: the days of the first month of a customer
FIRST_MONTH = 30
#: the quarters of start that are shown, including that of the report
COHORTS = 9
#: smaller cohorts are not compared
MIN_COHORT = 8
#: where at least this many customers fall silent on the same day, the export has ended
MIN_SILENT_CUSTOMERS = 10

DECLARES = Declaration(
    questions={
        "series": Question(figure=True, verdicts=verdicts("usual odd odd_from_none")),
        "departures": Question(table=True),
        "same_quarter": Question(
            figure=True,
            verdicts=verdicts("first more fewer more_than_none as_usual few_after_none none_as_usual"),
        ),
        "cohorts": Question(
            figure=True,
            verdicts=verdicts("unknown none_asked more_than_none hardly_any less more as_usual"),
        ),
    },
    metrics=metrics(lower="lost_share lost_ratio", neither="odd_days cohort_ratio"),
    notes=notes(
        warns=(
            "constant_series first_losses gap missing_table no_losses_recorded "
            "no_new_customers no_recent_customers no_spread no_start_customers no_tickets "
            "nothing_recorded_of nothing_watched short_history silent_event silent_few silent_log "
            "silent_product small_cohort too_few_years"
        ),
        tells="lost_more_lately",
        explains=("begins_late first_month_open lost_new not_recorded recounted"),
    ),
    findings=("lost_more", "lost_fewer", "odd_more", "odd_fewer", "asks_less", "asks_more"),
    reads=("accounts", "contracts", "usage", "tickets"),
    discloses=columns(
        public="day value usual low high p baseline odd weekday starts_on ends_on days ratio year customers lost not_recorded share cohort"
        " tickets each"
    ),
)


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """Usual levels of daily series, churn and first-month tickets, and departures from them in the quarter.

    Tables: `series` (baseline, day, value, usual, low, high, odd): the days of the quarter covered by the data;
    `usual` (baseline, weekday 0-6, usual, low, high): at the end of the quarter; `departures` (baseline, starts_on,
    ends_on, days, value, usual, ratio, p): episodes of odd days, with means per day; `same_quarter`: see
    `losses.losses_by_year`; `cohorts` (cohort, customers, tickets, each): tickets per customer in the first 30 days, by
    quarter of start.
    """
    notes: list[Note] = []
    tables: dict[str, pd.DataFrame] = {}
    metrics: dict[str, Metric] = {}
    verdicts: dict[str, Verdict] = {}
    for part in (_add_usual_levels, _add_same_quarter, _add_cohorts):
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
        findings=baseline_findings(tables, verdicts, data.product),
    )


def _add_usual_levels(
    data: ProductData,
    quarter: Quarter,
    tables: dict[str, pd.DataFrame],
    metrics: dict[str, Metric],
    notes: list[Note],
    verdicts: dict[str, Verdict],
) -> None:
    """Adds the usual levels of the daily series and the departures from them."""
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
        silence_notes, nothing_covered = _silence_notes(data, baseline, period, quarter)
        notes += silence_notes
        if nothing_covered:
            continue
        every_customer = watched_series(data, baseline, end)
        if not every_customer:
            notes.append(Note("nothing_recorded_of", "series", {"baseline": baseline.name}))
            continue
        values = every_customer[0].values
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
        levels = usual_levels(values, start)
        quarter_days = levels[(levels.index >= start) & levels["value"].notna()]
        if quarter_days["p"].isna().all():
            notes.append(Note("no_spread", "series", {"baseline": baseline.name}))
            continue
        series.append(quarter_days.reset_index(names="day").assign(baseline=baseline.id))
        last = quarter_days[["usual", "low", "high"]].iloc[-28:]
        by_day = last.groupby(last.index.dayofweek).median().reset_index(names="weekday")
        usual.append(by_day.assign(baseline=baseline.id))
    if not series:
        notes += [Note("nothing_watched", about, {}) for about in ("series", "departures")]
        return
    table = pd.concat(series, ignore_index=True)
    ratio = (table["value"] + 0.5) / (table["usual"] + 0.5)
    is_large = (ratio >= MIN_RATIO) | (ratio <= 1 / MIN_RATIO)
    is_significant = benjamini_hochberg(table["p"].to_list(), q=FALSE_DISCOVERY)
    table["odd"] = is_large & is_significant
    tables["series"] = table
    tables["usual"] = pd.concat(usual, ignore_index=True)
    tables["departures"] = _episodes(table)
    verdicts["series"] = _series_verdict(tables["departures"], table["baseline"].nunique())
    days = int(table.loc[table["odd"], "day"].nunique())
    metrics["odd_days"] = Metric("odd_days", float(days), "count", int(table["day"].nunique()))


def _silence_notes(
    data: ProductData, baseline: Baseline, period: Period, quarter: Quarter
) -> tuple[list[Note], bool]:
    """Notes on days of the quarter not covered by the data, and whether no day is covered.

    A silence is explained by the end of an export or by customers who stopped: by whether rows of other products or
    events continue after it began, and by how many customers fell silent on that day.
    """
    notes, (start, end) = [], (quarter.start, quarter.end)
    for first, last in period.gaps:
        if first <= end and last >= start:
            notes.append(Note("gap", "series", {"baseline": baseline.name, "first": first, "last": last}))
    since = period.silent_since
    if since is not None and since <= end:
        silent_customers = _count_recent_customers(data, baseline.source, since)
        end_of_log = data.coverage.tables[baseline.source].silent_since
        if end_of_log is None or since < end_of_log:
            code = "silent_event"
        elif baseline.source in data.coverage.active_elsewhere:
            code = "silent_product"
        else:
            code = "silent_log" if silent_customers >= MIN_SILENT_CUSTOMERS else "silent_few"
        fields = {"baseline": baseline.name, "since": since, "customers": silent_customers}
        notes.append(Note(code, "series", fields))
    if period.first > start:
        notes.append(Note("begins_late", "series", {"baseline": baseline.name, "since": period.first}))
    return notes, period.first > end or (since is not None and since <= start)


def _count_recent_customers(data: ProductData, source: str, since: date) -> int:
    """The number of customers with rows in a table in the two weeks before it fell silent."""
    rows, time = (data["active_daily"], "day") if source == "usage" else (data[source], "opened_at")
    end = pd.Timestamp(since)
    inside = (rows[time] < end) & (rows[time] >= end - pd.Timedelta(days=14))
    return int(rows.loc[inside, "account_id"].nunique())


def _series_verdict(departures: pd.DataFrame, baselines: int) -> Verdict:
    """The longest episode: `odd`, `odd_from_none` (usual level 0), or `usual` without episodes."""
    if departures.empty:
        return Verdict("usual", {"baselines": baselines})
    worst = departures.iloc[0]
    code = "odd" if np.isfinite(worst["ratio"]) else "odd_from_none"
    return Verdict(code, {**worst.to_dict(), "episodes": len(departures)})


def _episodes(series: pd.DataFrame) -> pd.DataFrame:
    """Episodes: odd days of a baseline in the same direction, at most three days apart, as one row."""
    columns = ["baseline", "starts_on", "ends_on", "days", "value", "usual", "ratio", "p"]
    rows = []
    for name, part in series[series["odd"]].groupby("baseline", sort=False):
        is_above = part["value"] > part["usual"]
        begins_episode = (part["day"].diff() > timedelta(days=3)) | (is_above != is_above.shift())
        for _, episode in part.groupby(begins_episode.cumsum()):
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
    episodes = pd.DataFrame(rows, columns=columns)
    return episodes.sort_values(["days", "p"], ascending=[False, True], ignore_index=True)


def _add_same_quarter(
    data: ProductData,
    quarter: Quarter,
    tables: dict[str, pd.DataFrame],
    metrics: dict[str, Metric],
    notes: list[Note],
    verdicts: dict[str, Verdict],
) -> None:
    """Adds the comparison of losses with the same quarter of past years, and notes on earlier quarters with more losses."""
    if missing := missing_contracts(data):
        notes.append(Note("missing_table", "same_quarter", {"tables": missing}))
        return
    time = customer_time_as_of(data, quarter.end)
    table = losses_by_year(time, quarter)
    if table.empty:
        notes.append(Note("no_start_customers", "same_quarter", {"quarter": str(quarter)}))
        return
    tables["same_quarter"] = table
    latest = table.iloc[-1]
    n, share, years = int(latest["customers"]), float(latest["share"]), len(table) - 1
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
    metrics["lost_share"] = Metric("lost_share", share, "share", n, *wilson(int(latest["lost"]), n))
    verdicts["same_quarter"] = past_years_verdict(table)
    if years < MIN_YEARS:
        notes.append(Note("too_few_years", "same_quarter", {"years": years, "needed": MIN_YEARS}))
    elif latest["usual"] > 0:
        metrics["lost_ratio"] = Metric("lost_ratio", share / float(latest["usual"]), "ratio", n)
    for earlier in (quarter.back(k) for k in (1, 2, 3)):
        earlier_table = losses_by_year(time, earlier)
        if len(earlier_table) and past_years_verdict(earlier_table).code in ("more", "more_than_none"):
            earlier_latest = earlier_table.iloc[-1]
            fields = {
                "quarter": str(earlier), "share": float(earlier_latest["share"]), "lost": int(earlier_latest["lost"]),
                "customers": int(earlier_latest["customers"]), "usual_share": float(earlier_latest["usual"]),
            }  # fmt: skip
            notes.append(Note("lost_more_lately", "same_quarter", fields))


def _first_loss_notes(time: CustomerTime, quarter: Quarter) -> list[Note]:
    """A note where the contracts have no losses before the quarter, as lists of running contracts do."""
    ended = time.spells.loc[time.spells["ended"].isin(ENDINGS), "last_day"].min()
    if ended != ended:
        return [Note("no_losses_recorded", "same_quarter", {})]
    since = (ended + pd.Timedelta(days=1)).date()
    return [Note("first_losses", "same_quarter", {"since": since})] if since >= quarter.start else []


def _add_cohorts(
    data: ProductData,
    quarter: Quarter,
    tables: dict[str, pd.DataFrame],
    metrics: dict[str, Metric],
    notes: list[Note],
    verdicts: dict[str, Verdict],
) -> None:
    """Adds the comparison of first-month tickets of new customers with those of earlier ones."""
    # without contracts the start of an account is not known, and its first ticket may be its first row
    if missing := (*missing_contracts(data), *data.missing("tickets")):
        notes.append(Note("missing_table", "cohorts", {"tables": missing}))
        return
    tickets = data["tickets"]
    first_days = customer_time_as_of(data, quarter.end).first_days()
    period = covered_period(data, "tickets")
    if period is None:
        notes.append(Note("no_tickets", "cohorts", {}))
        return
    month = pd.Timedelta(days=FIRST_MONTH - 1)
    until = min(pd.Timestamp(quarter.end), pd.Timestamp(period.last)) - month
    started = first_days[(first_days >= pd.Timestamp(period.first)) & (first_days <= until)]
    is_covered = [period.covers(day.date(), (day + month).date()) for day in started]
    started = started[np.array(is_covered, dtype=bool)]
    if started.empty:
        notes.append(Note("no_new_customers", "cohorts", {"quarter": str(quarter)}))
        return
    if started.max() < pd.Timestamp(quarter.back(COHORTS - 1).start):
        notes.append(Note("no_recent_customers", "cohorts", {"quarters": COHORTS}))
        return
    first_tickets = tickets[["account_id", "opened_at"]].assign(started=tickets["account_id"].map(started))
    age = (first_tickets["opened_at"] - first_tickets["started"]).dt.days
    in_first_month = first_tickets[(age >= 0) & (age < FIRST_MONTH)]
    tickets_per_customer = in_first_month.groupby("account_id").size().reindex(started.index, fill_value=0)
    cohort = started.map(lambda day: str(Quarter.containing(day.date())))
    table = (
        tickets_per_customer.groupby(cohort)
        .agg(customers="size", tickets="sum")
        .rename_axis("cohort")
        .reset_index()
    )
    table["each"] = table["tickets"] / table["customers"]
    tables["cohorts"] = table
    new_customers, earlier = (
        tickets_per_customer[cohort == str(quarter)],
        tickets_per_customer[cohort != str(quarter)],
    )
    if not_over := int((first_days >= pd.Timestamp(quarter.start)).sum()) - len(new_customers):
        notes.append(
            Note("first_month_open", "cohorts", {"customers": not_over, "of": not_over + len(new_customers)})
        )
    if len(new_customers) < MIN_COHORT or len(earlier) < MIN_COHORT:
        notes.append(
            Note(
                "small_cohort",
                "cohorts",
                {"customers": len(new_customers), "earlier": len(earlier), "needed": MIN_COHORT},
            )
        )
        verdicts["cohorts"] = Verdict("unknown")
        return
    dispersion = float(earlier.var() / earlier.mean()) if earlier.mean() > 0 else 1.0
    ratio, low, high, p = rate_ratio(
        int(new_customers.sum()), len(new_customers), int(earlier.sum()), len(earlier), dispersion=dispersion
    )
    if not np.isnan(ratio):  # NaN without any ticket
        metrics["cohort_ratio"] = Metric("cohort_ratio", ratio, "ratio", len(new_customers), low, high)
    metrics["cohort_p"] = Metric("cohort_p", p, "p", len(new_customers))
    code = "none_asked" if np.isnan(ratio) else ("less" if ratio < 1 else "more") if p < 0.05 else "as_usual"
    if not np.isfinite(ratio):
        code = {"more": "more_than_none", "as_usual": "hardly_any"}.get(code, code)
    verdicts["cohorts"] = Verdict(code, {"ratio": ratio, "low": low, "high": high})
