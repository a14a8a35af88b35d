"""Baselines: what is normal for each watched number, and what departs from it.

Three comparisons, all two-sided: each day, week and month with its usual level (`scan`), the quarter with the same quarter of
past years (`years`, and of churn `losses`), and new customers with earlier ones at the same age (`cohorts`).
"""

from __future__ import annotations

from collections.abc import Mapping

from cs_helpers.analyses.baselines.cohorts import (
    COHORTS,
    MIN_COHORT,
    compare_first_months,
    compare_first_tickets,
)
from cs_helpers.analyses.baselines.findings import baseline_findings
from cs_helpers.analyses.baselines.losses import compare_losses
from cs_helpers.analyses.baselines.normal import normal_table, normal_verdict
from cs_helpers.analyses.baselines.scan import scan_quarter
from cs_helpers.analyses.baselines.years import compare_years
from cs_helpers.contract.disclosure import columns
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts
from cs_helpers.result import Metric, Note, Result
from cs_helpers.snapshot import ProductData

__all__ = ["COHORTS", "DECLARES", "MIN_COHORT", "analyse"]


def _quick_metrics(data: ProductData, quarter: Quarter) -> Mapping[str, Metric]:
    """The headline metrics without the other comparisons, which take half of the time."""
    time = customer_time_as_of(data, quarter.end)
    losses, cohorts = compare_losses(data, time, quarter), compare_first_tickets(data, time, quarter)
    return {**scan_quarter(data, quarter).metrics, **losses.metrics, **cohorts.metrics}


DECLARES = Declaration(
    questions={
        "normal": Question(table=True, verdicts=verdicts("all_usual some_odd none_judged")),
        "series": Question(figure=True, verdicts=verdicts("usual odd odd_from_none odd_level not_judged")),
        "departures": Question(table=True),
        "same_quarter": Question(
            figure=True,
            verdicts=verdicts(
                "first more fewer more_than_none as_usual few_after_none none_as_usual"
                " earlier_more earlier_fewer earlier_more_than_none"
            ),
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
            "nothing_recorded_of nothing_to_say nothing_watched short_history silent_event silent_few silent_log "
            "silent_product small_cohort too_few_years"
        ),
        explains="begins_late budget budget_rare first_month_open judged_alone judged_since lost_new no_first_months not_recorded "
        "recounted",
    ),
    findings=(
        "lost_more", "lost_fewer", "lost_more_in", "lost_fewer_in", "silent", "odd_more", "odd_fewer", "odd_more_in",
        "odd_fewer_in", "asks_less", "asks_more", "starts_less", "starts_more", "year_more", "year_fewer",
    ),
    reads=("accounts", "contracts", "usage", "tickets"),
    reads_of_product=lambda product: tuple(
        dict.fromkeys(number.source for b in product.baselines for number in (b, b.per) if number is not None)
    ),
    explored=("number_years", "number_ages"),
    quick_metrics=_quick_metrics,
    discloses=columns(
        public="day value usual low high p n basis closed baseline segment series every summed_over unit odd starts_on ends_on periods ratio"
        " change quarter year customers lost not_recorded share cohort tickets each verdict quarter_value year_usual year_low"
        " year_high year_p years year_verdict earlier earlier_each age_ratio age_low age_high age_p age_verdict"
    ),
)  # fmt: skip


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """What is usual for the watched numbers, churn and new customers, and what departed from it in the quarter.

    Tables: `normal` (`normal.normal_table`), `series` and `departures` (`scan.scan_quarter`), `same_quarter`
    (`losses.losses_by_year` of the quarter), `last_quarters` (the same of each of the last four), `cohorts` (cohort, customers, tickets, each: tickets per customer in the first
    30 days, by quarter of start).
    """
    time = customer_time_as_of(data, quarter.end)
    scan = scan_quarter(data, quarter)
    losses = compare_losses(data, time, quarter)
    cohorts = compare_first_tickets(data, time, quarter)
    tables, answers = dict(scan.tables), {"series": scan.verdict}
    notes = [*scan.notes, *losses.notes, *cohorts.notes]
    if scan.watched:
        years = compare_years(data, time, quarter, scan.watched)
        first_months = compare_first_months(data, time, quarter)
        tables["normal"] = normal_table(scan, years, first_months, quarter)
        answers["normal"] = normal_verdict(tables["normal"])
    else:
        notes.append(Note("nothing_to_say", "normal", {}))
    if losses.table is not None:
        tables["last_quarters"] = losses.table
        of_quarter = losses.table["quarter"] == str(quarter)
        tables["same_quarter"] = losses.table[of_quarter].reset_index(drop=True)
        answers["same_quarter"] = losses.verdict
    if cohorts.table is not None:
        tables["cohorts"] = cohorts.table
        answers["cohorts"] = cohorts.verdict
    verdicts = {question: verdict for question, verdict in answers.items() if verdict is not None}
    return Result(
        "baselines",
        data.product.product,
        quarter,
        quarter.start,
        data.as_of,
        len(time.customers(quarter.end)),
        tables,
        {**scan.metrics, **losses.metrics, **cohorts.metrics},
        tuple(notes),
        verdicts=verdicts,
        findings=baseline_findings(scan, tables, verdicts, data.product),
    )
