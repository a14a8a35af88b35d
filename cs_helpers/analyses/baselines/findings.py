"""The findings of baselines: losses unlike past years, silence, unusual days and weeks, and new customers unlike earlier ones."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.analyses.baselines.losses import quarter_verdicts
from cs_helpers.analyses.baselines.scan import Scan, summed_over, unit_of
from cs_helpers.analyses.baselines.silence import ALARMS
from cs_helpers.contract.baselines import Baseline
from cs_helpers.contract.products import Product
from cs_helpers.result import Direction, Finding, Verdict

#: a page begins with at most so many unusual episodes, and so many numbers unlike past years
EPISODES, OF_YEARS = 2, 2
#: the weeks before a silence whose mean is what is missed
_WEEKS_BEFORE = 8


def baseline_findings(
    scan: Scan, tables: Mapping[str, pd.DataFrame], verdicts: Mapping[str, Verdict], product: Product
) -> tuple[Finding, ...]:
    """All findings, most important first.

    `lost_more`, `lost_fewer` of the quarter and `lost_more_in`, `lost_fewer_in` of the three before it; `silent`; `odd_more`,
    `odd_fewer` (the longest episodes; `_in` of a segment); `asks_less`, `asks_more`, `starts_less`, `starts_more` of new
    customers; `year_more`, `year_fewer`. The interval of an episode's ratio is that of its mean over the mean of the prediction
    intervals of its days; that of losses is the share over the interval expected from past years. Good and bad follow from
    `better` of the number.
    """
    baselines = {b.id: b for b in product.baselines}
    return (
        *_losses(tables),
        *_silences(scan, baselines),
        *_episodes(tables, baselines),
        *_new_customers(tables, verdicts),
        *_first_months(tables, baselines),
        *_years(tables, baselines),
    )


def _losses(tables: Mapping[str, pd.DataFrame]) -> list[Finding]:
    """Of each of the last four quarters, the latest first."""
    table = tables.get("last_quarters")
    if table is None:
        return []
    found = []
    verdicts = quarter_verdicts(table)
    latest = list(verdicts)[-1]
    for quarter, verdict in reversed(list(verdicts.items())):
        if verdict.code not in ("more", "fewer"):
            continue
        row = table[table["quarter"] == quarter].iloc[-1]
        share, low, high = (float(row[c]) for c in ("share", "low", "high"))
        fields: dict[str, object] = {"years": int(verdict.fields["years"])}
        found.append(
            Finding(
                f"lost_{verdict.code}" if quarter == latest else f"lost_{verdict.code}_in",
                "same_quarter",
                "worse" if verdict.code == "more" else "better",
                "clear",
                int(row["customers"]),
                value=share,
                compared=float(row["usual"]),
                compared_with="usual",
                size=float(verdict.fields["ratio"]),
                low=share / high if high else None,
                high=share / low if low else None,
                unit="share",
                size_unit="ratio",
                customers=int(row["lost"]),
                fields=fields if quarter == latest else {**fields, "quarter": quarter},
            )
        )
    return found


def _silences(scan: Scan, baselines: Mapping[str, Baseline]) -> list[Finding]:
    """Numbers that fell to nothing within the quarter while the log that would show them goes on."""
    names = {b.name: b for b in baselines.values()}
    whole = {w.baseline.id: w.values for w in scan.watched if w.segment == "all"}
    found = []
    for note in scan.notes:
        if note.code not in ALARMS:
            continue
        baseline = names[note.fields["baseline"]]
        values = whole.get(baseline.id, pd.Series(dtype="float64")).dropna()
        since = pd.Timestamp(note.fields["since"])
        before = values[(values.index < since) & (values.index >= since - pd.Timedelta(weeks=_WEEKS_BEFORE))]
        if before.empty or before.mean() == 0:
            continue
        found.append(
            Finding(
                "silent", "series", _direction(baseline, is_more=False), "clear", len(before),
                value=0.0, compared=float(before.mean()), compared_with="usual", unit=unit_of(baseline),
                customers=int(note.fields["customers"]) or None,
                fields={"baseline": baseline.name, "since": note.fields["since"], "every": summed_over(baseline)},
            )
        )  # fmt: skip
    return found


def _episodes(tables: Mapping[str, pd.DataFrame], baselines: Mapping[str, Baseline]) -> list[Finding]:
    """The longest episode of each number, of all customers before those of a segment; at most `EPISODES`."""
    departures = tables.get("departures")
    if departures is None:
        return []
    found = []
    for row in departures.drop_duplicates("baseline").head(EPISODES).itertuples():
        baseline = baselines[row.baseline]
        code = "odd_more" if row.value > row.usual else "odd_fewer"
        where = {} if row.segment == "all" else {"segment": row.segment}
        size, low, high = _sizes(row.value, row.usual, row.low, row.high, baseline)
        found.append(
            Finding(
                f"{code}_in" if where else code, "series", _direction(baseline, is_more=row.value > row.usual), "clear",
                int(row.periods), value=float(row.value), compared=float(row.usual), compared_with="usual",
                size=size, low=low, high=high, unit=unit_of(baseline), size_unit=_size_unit(baseline),
                fields={
                    "baseline": baseline.name, "period": (row.starts_on.date(), row.ends_on.date()),
                    "every": summed_over(baseline), **where,
                },
            )
        )  # fmt: skip
    return found


def _new_customers(tables: Mapping[str, pd.DataFrame], verdicts: Mapping[str, Verdict]) -> list[Finding]:
    verdict = verdicts.get("cohorts")
    if verdict is None or verdict.code not in ("less", "more"):
        return []
    cohorts = tables["cohorts"]
    latest, earlier = cohorts.iloc[-1], cohorts.iloc[:-1]
    ratio, low, high = (float(verdict.fields[name]) for name in ("ratio", "low", "high"))
    return [
        Finding(
            f"asks_{verdict.code}",
            "cohorts",
            "neither",  # silence may be contentment or a bad start: the analysis cannot tell which
            "clear",
            int(cohorts["customers"].sum()),
            value=float(latest["each"]),
            compared=float(earlier["tickets"].sum() / earlier["customers"].sum()),
            compared_with="usual",
            size=ratio,
            low=low,
            high=high,
            unit="ratio",
            size_unit="ratio",
            customers=int(latest["customers"]),
        )
    ]


def _first_months(tables: Mapping[str, pd.DataFrame], baselines: Mapping[str, Baseline]) -> list[Finding]:
    """Numbers besides tickets of which new customers have more or less in their first month than earlier ones had."""
    normal = tables.get("normal")
    if normal is None:
        return []
    found = []
    for row in normal[normal["age_verdict"].isin(("less", "more"))].itertuples():
        baseline = baselines[row.baseline]
        if baseline.source == "tickets":
            continue  # `asks_less`, `asks_more`
        found.append(
            Finding(
                f"starts_{row.age_verdict}", "normal", _direction(baseline, is_more=row.age_verdict == "more"), "clear",
                int(row.customers + row.earlier), value=float(row.each), compared=float(row.earlier_each),
                compared_with="usual", size=float(row.age_ratio), low=float(row.age_low), high=float(row.age_high),
                unit=unit_of(baseline), size_unit="ratio", customers=int(row.customers), fields={"baseline": baseline.name},
            )
        )  # fmt: skip
    return found


def _years(tables: Mapping[str, pd.DataFrame], baselines: Mapping[str, Baseline]) -> list[Finding]:
    """Numbers of the quarter unlike the same quarter of past years, those of all customers; at most `OF_YEARS`."""
    normal = tables.get("normal")
    if normal is None:
        return []
    odd = normal[(normal["segment"] == "all") & normal["year_verdict"].isin(("more", "fewer"))]
    found = []
    for row in odd.sort_values("year_p").head(OF_YEARS).itertuples():
        baseline = baselines[row.baseline]
        value, usual = float(row.quarter_value), float(row.year_usual)
        size, low, high = _sizes(value, usual, row.year_low, row.year_high, baseline)
        found.append(
            Finding(
                f"year_{row.year_verdict}", "normal", _direction(baseline, is_more=value > usual), "clear", int(row.years),
                value=value, compared=usual, compared_with="usual", size=size, low=low, high=high,
                unit=unit_of(baseline), size_unit=_size_unit(baseline),
                fields={"baseline": baseline.name, "years": int(row.years), "every": summed_over(baseline)},
            )
        )  # fmt: skip
    return found


def _sizes(
    value: float, usual: float, low: float, high: float, baseline: Baseline
) -> tuple[float | None, float | None, float | None]:
    """The size of a departure and its interval, from that of the usual value: a ratio, of a `level` the difference.

    None where nothing is usual, and for an end without a ratio.
    """
    if baseline.scale == "level":
        return value - usual, value - high, value - low
    if usual <= 0:
        return None, None, None
    return value / usual, value / high if high > 0 else None, value / low if low > 0 else None


def _size_unit(baseline: Baseline) -> str:
    return "" if baseline.scale == "level" else "ratio"


def _direction(baseline: Baseline, *, is_more: bool) -> Direction:
    """Whether more, or fewer, of a number is good for the business."""
    if baseline.better == "neither":
        return "neither"
    return "better" if is_more == (baseline.better == "higher") else "worse"
