"""Figures of baselines: usual levels, the same quarter of past years, first months of cohorts."""

from __future__ import annotations

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.colors import to_rgba
from matplotlib.ticker import MaxNLocator

from cs_helpers.analyses.baselines import COHORTS
from cs_helpers.charts.theme import (
    BLUE,
    INK,
    ORANGE,
    QUIET,
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


def series(result: Result, text: Text) -> Picture:
    """Each baseline by day of the quarter, with its usual band and marks on odd days."""
    table = result.tables["series"]
    names = list(dict.fromkeys(table["baseline"]))
    with canvas(text, len(names), 1, height=0.7 + 1.55 * len(names), sharex=True, squeeze=False) as (
        figure,
        axes,
    ):
        for axis, name in zip(axes[:, 0], names, strict=True):
            inside = table[table["baseline"] == name]
            axis.fill_between(inside["day"], inside["low"], inside["high"], color=SKY, alpha=0.4, linewidth=0)
            axis.plot(inside["day"], inside["usual"], color=SKY, linewidth=1.2)
            axis.plot(inside["day"], inside["value"], color=BLUE, linewidth=1.4)
            odd = inside[inside["odd"]]
            axis.scatter(odd["day"], odd["value"], color=ORANGE, s=30, zorder=3)
            axis.margins(x=0.01)
            count_axis(axis, text)
            axis.set_title(text.label("baseline", name))
        axes[-1, 0].xaxis.set_major_locator(mdates.MonthLocator())
        axes[-1, 0].xaxis.set_major_formatter(
            mdates.DateFormatter("%b" if text.language == "en" else "%-m月")
        )
        axes[0, 0].text(
            1.0,
            1.04,
            text("baselines.series.legend"),
            transform=axes[0, 0].transAxes,
            ha="right",
            fontsize=8.5,
            color=QUIET,
        )
        message = _series_message(result, text)
        days = int(table["day"].nunique())
        alt = text(
            "baselines.series.alt",
            message=message,
            baselines=text.join_list([text.label("baseline", n) for n in names]),
        )
        return finish_figure(
            figure, text, result, message=message, alt=alt, n=text("charts.n_days", n=text.number(days))
        )


def _series_message(result: Result, text: Text) -> str:
    verdict = result.verdicts["series"]
    if verdict.code == "usual":
        return text("baselines.series.usual", baselines=text.number(verdict.fields["baselines"]))
    fields = verdict.fields
    return text(
        f"baselines.series.{verdict.code}", baseline=text.label("baseline", fields["baseline"]),
        ratio=text.number(fields["ratio"], 1), value=text.number(fields["value"], 1),
        period=text.span(fields["starts_on"].date(), fields["ends_on"].date()),
    )  # fmt: skip


def same_quarter(result: Result, text: Text) -> Picture:
    """The share of customers lost in the same quarter of each year."""
    table = result.tables["same_quarter"]
    with canvas(text, height=2.75) as (figure, axis):
        places = np.arange(len(table))
        last = places[-1]
        colours = [SKY] * (len(table) - 1) + [ORANGE if bool(table["odd"].iloc[-1]) else BLUE]
        bars(axis, places, table["share"], color=colours, width=0.6)
        for place, row in zip(places, table.itertuples(), strict=True):
            label_above(
                axis,
                place,
                row.share,
                f"{text.share(row.share)}\n{text.number(row.lost)}/{text.number(row.customers)}",
            )
        latest = table.iloc[-1]
        top = float(table["share"].max())
        if latest["low"] == latest["low"]:
            axis.vlines(last + 0.42, latest["low"], latest["high"], color=INK, linewidth=2)
            axis.hlines(latest["usual"], last + 0.36, last + 0.48, color=INK, linewidth=2)
            axis.text(
                last + 0.52,
                max(latest["usual"], 0.05 * max(top, latest["high"])),  # not on the axis
                text("baselines.same_quarter.usual"),
                fontsize=8.5,
                va="center",
                color=QUIET,
            )
            top = max(top, float(latest["high"]))
        axis.set_xticks(places, [str(y) for y in table["year"]])
        axis.set_xlim(-0.6, last + 1.25)
        percent_axis(axis, top=max(top * 1.35, 0.02))
        axis.set_title(text("baselines.same_quarter.axis"))
        message = _same_quarter_message(result, text)
        alt = text("baselines.same_quarter.alt", message=message)
        return finish_figure(
            figure,
            text,
            result,
            message=message,
            alt=alt,
            n=text("charts.n_customers", n=text.number(int(latest["customers"]))),
            period=text("baselines.same_quarter.period", years=f"{table['year'].iloc[0]}–{latest['year']}"),
        )


def _same_quarter_message(result: Result, text: Text) -> str:
    verdict = result.verdicts["same_quarter"]
    fields = verdict.fields
    return text(
        f"baselines.same_quarter.{verdict.code}", share=text.share(fields["share"]), usual=text.share(fields.get("usual")),
        years=text.number(fields.get("years")), ratio=text.number(fields.get("ratio"), 1),
    )  # fmt: skip


def cohorts(result: Result, text: Text) -> Picture:
    """Tickets per new customer in its first 30 days, by quarter of start."""
    table = _consecutive(result.tables["cohorts"], result.quarter).iloc[-COHORTS:]
    with canvas(text, height=2.75) as (figure, axis):
        places = np.arange(len(table))
        colours = [
            to_rgba(
                BLUE if cohort == str(result.quarter) else SKY, 1.0 if customers >= MIN_CUSTOMERS else 0.45
            )
            for cohort, customers in zip(table["cohort"], table["customers"], strict=True)
        ]
        bars(axis, places, table["each"], color=colours, width=0.6)
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


def _consecutive(table: pd.DataFrame, last: Quarter) -> pd.DataFrame:
    """The cohorts with a row for each quarter; `each` is NaN in quarters without new customers."""
    quarters = Quarter.parse(table["cohort"].iloc[0]).upto(last)
    all_quarters = table.set_index("cohort").reindex([str(q) for q in quarters]).reset_index()
    return all_quarters.fillna({"customers": 0, "tickets": 0}).astype({"customers": int})
