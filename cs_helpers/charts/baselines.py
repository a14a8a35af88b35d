"""Figures of baselines: usual levels, the last four quarters against past years, first months of cohorts."""

from __future__ import annotations

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.ticker import MaxNLocator

from cs_helpers.analyses.baselines import COHORTS
from cs_helpers.charts.theme import (
    BLUE,
    INK,
    ORANGE,
    QUIET,
    RULE,
    SKY,
    Picture,
    bars,
    canvas,
    count_axis,
    finish_figure,
    label_above,
    percent_axis,
)
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.text import Text

#: bars of fewer customers are drawn pale
MIN_CUSTOMERS = 5
#: a figure of more series cannot be taken in; all are in the table
MAX_SERIES = 5
#: the years of a quarter that are drawn
MAX_YEARS = 5


def series(result: Result, text: Text) -> Picture:
    """The most notable numbers by day, week or month of the quarter, with usual bands, marks on odd ones and closed days."""
    table = result.tables["series"]
    keys = _notable(result)
    with canvas(text, len(keys), 1, height=0.7 + 1.55 * len(keys), sharex=True, squeeze=False) as (
        figure,
        axes,
    ):
        for axis, key in zip(axes[:, 0], keys, strict=True):
            _draw_series(axis, table[table["series"] == key], text)
        axes[-1, 0].xaxis.set_major_locator(mdates.MonthLocator())
        axes[-1, 0].xaxis.set_major_formatter(
            mdates.DateFormatter("%b" if text.language == "en" else "%-m月")
        )
        shown = table[table["series"].isin(keys)]
        legend = text("baselines.series.legend")
        if shown["closed"].any():
            legend += text("baselines.series.legend_closed")
        axes[0, 0].text(
            1.0, 1.04, legend, transform=axes[0, 0].transAxes, ha="right", fontsize=8.5, color=QUIET
        )
        message = _series_message(result, text)
        names = [text.watched(key) for key in keys]
        alt = text("baselines.series.alt", message=message, baselines=text.join_list(names))
        days = int(result.metrics["odd_days"].n)
        return finish_figure(
            figure, text, result, message=message, alt=alt, n=text("charts.n_days", n=text.number(days))
        )


def _notable(result: Result) -> list[str]:
    """The series that are drawn: of numbers with something odd that of all customers, or else a segment; then the others."""
    table = result.tables["series"]
    odd = result.tables["departures"].drop_duplicates("baseline")["series"]
    whole = table.loc[table["segment"] == "all", "series"]
    return list(dict.fromkeys([*odd, *whole, *table["series"]]))[:MAX_SERIES]


def _draw_series(axis: Axes, inside: pd.DataFrame, text: Text) -> None:
    every, key = inside["every"].iloc[0], inside["series"].iloc[0]
    marker = "" if every == "day" else "o"
    axis.fill_between(inside["day"], inside["low"], inside["high"], color=SKY, alpha=0.4, linewidth=0)
    axis.plot(inside["day"], inside["usual"], color=SKY, linewidth=1.2)
    axis.plot(inside["day"], inside["value"], color=BLUE, linewidth=1.4, marker=marker, markersize=3.5)
    odd = inside[inside["odd"]]
    axis.scatter(odd["day"], odd["value"], color=ORANGE, s=30, zorder=3)
    axis.margins(x=0.01)
    least = float(np.nanmin(inside[["value", "low"]].to_numpy(float)))
    if least < 0:
        axis.axhline(0, color=RULE, linewidth=1, zorder=0.5)
        axis.grid(axis="y")
    else:
        count_axis(axis, text)
    axis.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    top = max(abs(end) for end in axis.get_ylim())
    digits = 0 if top >= 4 else 1 if top >= 0.4 else 2  # ticks that are not whole numbers
    axis.yaxis.set_major_formatter(lambda value, _: text.number(value, digits))
    closed = inside.loc[inside["closed"], "day"]
    if len(closed):
        [marks] = axis.plot(
            closed, np.zeros(len(closed)), transform=axis.get_xaxis_transform(), color=QUIET, linewidth=0, marker="^",
            markersize=5, clip_on=False,
        )  # fmt: skip
        marks.set_in_layout(False)  # without it the layout would make room for what stands on the axis
    axis.set_title(text(f"baselines.series.panel_{every}", what=text.watched(key)))


def _series_message(result: Result, text: Text) -> str:
    verdict = result.verdicts["series"]
    fields = verdict.fields
    if verdict.code in ("usual", "not_judged"):
        return text(f"baselines.series.{verdict.code}", baselines=text.number(fields["baselines"]))
    return text(
        f"baselines.series.{verdict.code}", baseline=text.watched(fields["series"]),
        ratio=text.number(fields["ratio"], 1), value=text.amount(fields["value"]),
        usual=text.amount(fields["usual"]), every=text(f"baselines.every.{fields['summed_over']}"),
        period=text.span(fields["starts_on"].date(), fields["ends_on"].date()),
    )  # fmt: skip


def same_quarter(result: Result, text: Text) -> Picture:
    """The share of customers lost in each of the last four quarters, beside the same quarter of past years."""
    table = result.tables["last_quarters"]
    quarters = list(dict.fromkeys(table["quarter"]))
    with canvas(text, height=3.1) as (figure, axis):
        place, places, labels, top = 0.0, [], [], float(table["share"].max())
        for quarter in quarters:
            rows = table[table["quarter"] == quarter].iloc[-MAX_YEARS:]
            at = place + np.arange(len(rows))
            latest, last = rows.iloc[-1], float(at[-1])
            colours = [SKY] * (len(rows) - 1) + [ORANGE if latest["odd"] else BLUE]
            bars(axis, at, rows["share"], color=colours, width=0.7)
            if latest["low"] == latest["low"]:
                axis.vlines(last + 0.45, latest["low"], latest["high"], color=INK, linewidth=2)
                axis.hlines(latest["usual"], last + 0.37, last + 0.53, color=INK, linewidth=2)
                top = max(top, float(latest["high"]))
            label_above(
                axis,
                last,
                float(np.nanmax(latest[["share", "high"]].to_numpy(float))),
                f"{text.share(latest['share'])}\n{text.number(latest['lost'])}/{text.number(latest['customers'])}",
            )
            places += list(at)
            labels += [f"{year % 100:02d}" for year in rows["year"]]
            axis.annotate(
                text.quarter(Quarter.parse(quarter)), ((place + last) / 2, 0), xytext=(0, -21), xycoords=("data", "axes fraction"),
                textcoords="offset points", ha="center", va="top", fontsize=10, annotation_clip=False, color=INK,
            )  # fmt: skip
            place = last + 2.1
        axis.set_xticks(places, labels)
        axis.set_xlim(-0.8, place - 1.1)
        percent_axis(axis, top=max(top * 1.35, 0.02))
        axis.set_title(text("baselines.same_quarter.axis"))
        if table["low"].notna().any():
            axis.text(
                1.0,
                1.04,
                text("baselines.same_quarter.usual"),
                transform=axis.transAxes,
                ha="right",
                fontsize=8.5,
                color=QUIET,
            )
        message = _same_quarter_message(result, text)
        alt = text("baselines.same_quarter.alt", message=message)
        latest = table.iloc[-1]
        return finish_figure(
            figure,
            text,
            result,
            message=message,
            alt=alt,
            n=text("charts.n_customers", n=text.number(int(latest["customers"]))),
            period=text("baselines.same_quarter.period", years=f"{table['year'].min()}–{latest['year']}"),
        )


def _same_quarter_message(result: Result, text: Text) -> str:
    verdict = result.verdicts["same_quarter"]
    fields = verdict.fields
    quarter = text.quarter(Quarter.parse(fields["quarter"])) if "quarter" in fields else ""
    return text(
        f"baselines.same_quarter.{verdict.code}", share=text.share(fields["share"]), usual=text.share(fields.get("usual")),
        years=text.number(fields.get("years")), ratio=text.number(fields.get("ratio"), 1), quarter=quarter,
        now=text.share(fields.get("now")),
    )  # fmt: skip


def cohorts(result: Result, text: Text) -> Picture:
    """Tickets per new customer in its first 30 days, by quarter of start."""
    table = _consecutive(result.tables["cohorts"], result.quarter).iloc[-COHORTS:]
    with canvas(text, height=2.75) as (figure, axis):
        places = np.arange(len(table))
        _cohort_bars(axis, places, table, result)
        earlier = result.tables["cohorts"][lambda t: t["cohort"] != str(result.quarter)]
        if len(earlier):
            mean = earlier["tickets"].sum() / earlier["customers"].sum()
            axis.hlines(
                mean, -0.5, len(table) - 0.5, color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=0.5
            )
            axis.text(
                len(table) - 0.45,
                mean,
                text("baselines.cohorts.earlier", mean=text.number(mean, 1)),
                va="center",
                fontsize=8.5,
                color=QUIET,
            )
        for place, row in zip(places, table.itertuples(), strict=True):
            if row.customers:
                axis.annotate(
                    f"{text.number(row.each, 1)}\nn={row.customers}", (place, row.each), xytext=(0, 3),
                    textcoords="offset points", ha="center", va="bottom", fontsize=9, linespacing=1.35, in_layout=False,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
                )  # fmt: skip
        axis.set_xticks(places, [c.replace("Q", " Q") for c in table["cohort"]])
        count_axis(axis, text)
        axis.set_ylim(0, max(float(table["each"].max()) * 1.4, 0.5))
        axis.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))  # ticks that one decimal can show
        axis.yaxis.set_major_formatter(lambda value, _: text.number(value, 1))
        axis.set_xlim(-0.6, len(table) + 0.7)
        axis.set_title(text("baselines.cohorts.axis"))
        verdict = result.verdicts["cohorts"]
        numbers = {key: text.number(value, 2) for key, value in verdict.fields.items()}
        message = text(f"baselines.cohorts.{verdict.code}", **numbers)
        alt = text("baselines.cohorts.alt", message=message)
        return finish_figure(
            figure,
            text,
            result,
            message=message,
            alt=alt,
            n=text("charts.n_customers", n=text.number(int(table["customers"].sum()))),
            period=text(
                "baselines.cohorts.period", first=table["cohort"].iloc[0], last=table["cohort"].iloc[-1]
            ),
        )


def number_years(result: Result, text: Text) -> Picture:
    """A watched number in the quarter of the page and in the same quarter of past years."""
    table = result.tables["number_years"].iloc[-MAX_YEARS:]
    verdict, number = result.verdicts["number_years"], str(result.settings["baseline"])
    odd = verdict.code in ("more", "fewer")
    is_now = (table["year"] == result.quarter.year).to_numpy()
    with canvas(text, height=2.6) as (figure, axis):
        places = np.arange(len(table))
        colours = [(ORANGE if odd else BLUE) if now else SKY for now in is_now]
        bars(axis, places, table["value"], color=colours, width=0.6)
        for place, row in zip(places, table.itertuples(), strict=True):
            if row.low == row.low:
                axis.vlines(place + 0.38, row.low, row.high, color=INK, linewidth=2)
                axis.hlines(row.usual, place + 0.33, place + 0.43, color=INK, linewidth=2)
            label_above(axis, place, row.value, text.amount(row.value))
        axis.set_xticks(places, [str(year) for year in table["year"]])
        top, least = (
            float(f(table[["value", "low", "high"]].to_numpy(float))) for f in (np.nanmax, np.nanmin)
        )
        axis.set_ylim(min(0.0, 1.2 * least), max(1.3 * top, 0.5))
        axis.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axis.yaxis.set_major_formatter(lambda value, _: text.amount(value))
        axis.set_xlim(-0.6, len(table) - 0.2)
        axis.set_title(
            text("baselines.number_years.axis", what=text.watched(number), unit=text.label("unit", number),
                 quarter=text.quarter(result.quarter))
        )  # fmt: skip
        numbers = {name: text.amount(verdict.fields[name]) for name in ("value", "usual", "low", "high")}
        numbers |= {
            "years": text.number(verdict.fields["years"]),
            "every": text(f"baselines.every.{verdict.fields['every']}"),
        }
        message = text(f"baselines.number_years.{verdict.code}", **numbers)
        alt = text("baselines.number_years.alt", message=message)
        years = f"{table['year'].min()}–{table['year'].max()}"
        return finish_figure(
            figure, text, result, message=message, alt=alt, n=text("baselines.number_years.n", n=len(table)),
            period=text("baselines.same_quarter.period", years=years),
        )  # fmt: skip


def _cohort_bars(axis: Axes, places: np.ndarray, table: pd.DataFrame, result: Result) -> None:
    """A bar for each quarter of start: that of the page in blue, those of few customers pale."""
    colours = [
        to_rgba(BLUE if cohort == str(result.quarter) else SKY, 1.0 if customers >= MIN_CUSTOMERS else 0.45)
        for cohort, customers in zip(table["cohort"], table["customers"], strict=True)
    ]
    bars(axis, places, table["each"], color=colours, width=0.6)


def number_ages(result: Result, text: Text) -> Picture:
    """A watched number in the first 30 days of a customer, by quarter of start."""
    table = result.tables["number_ages"].assign(tickets=0)
    table = _consecutive(table, result.quarter).iloc[-COHORTS:]
    verdict, number = result.verdicts["number_ages"], str(result.settings["baseline"])
    with canvas(text, height=2.75) as (figure, axis):
        places = np.arange(len(table))
        _cohort_bars(axis, places, table, result)
        for place, row in zip(places, table.itertuples(), strict=True):
            if row.customers:
                label_above(axis, place, row.each, f"{text.amount(row.each)}\nn={row.customers}")
        axis.set_xticks(places, [c.replace("Q", " Q") for c in table["cohort"]])
        axis.set_ylim(0, max(float(table["each"].max()) * 1.4, 0.5))
        axis.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axis.yaxis.set_major_formatter(lambda value, _: text.amount(value))
        axis.set_xlim(-0.6, len(table) - 0.4)
        axis.set_title(
            text("baselines.number_ages.axis", what=text.watched(number), unit=text.label("unit", number))
        )
        numbers = {key: text.number(value, 2) for key, value in verdict.fields.items()}
        message = text(f"baselines.number_ages.{verdict.code}", **numbers)
        alt = text("baselines.number_ages.alt", message=message)
        period = text(
            "baselines.cohorts.period", first=table["cohort"].iloc[0], last=table["cohort"].iloc[-1]
        )
        return finish_figure(
            figure, text, result, message=message, alt=alt, period=period,
            n=text("charts.n_customers", n=text.number(int(table["customers"].sum()))),
        )  # fmt: skip


def _consecutive(table: pd.DataFrame, last: Quarter) -> pd.DataFrame:
    """The cohorts with a row for each quarter; `each` is NaN in quarters without new customers."""
    quarters = Quarter.parse(table["cohort"].iloc[0]).upto(last)
    all_quarters = table.set_index("cohort").reindex([str(q) for q in quarters]).reset_index()
    return all_quarters.fillna({"customers": 0, "tickets": 0}).astype({"customers": int})
