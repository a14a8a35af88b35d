"""Figures of the check of the health score."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cs_helpers.charts.theme import (
    BANDS,
    BLUE,
    INK,
    QUIET,
    RULE,
    SKY,
    Picture,
    bars,
    canvas,
    finish_figure,
    percent_axis,
)
from cs_helpers.result import Result
from cs_helpers.text import Text


def apart(result: Result, text: Text) -> Picture:
    """Losses by fifths of the score, and the share of losses that the lowest scores hold."""
    table, reached = result.tables["apart"], result.tables["reached"]
    with canvas(text, 1, 2, height=3.1, width_ratios=(1.25, 1)) as (figure, (left, right)):
        places = np.arange(len(table))
        bars(left, places, table["share"], width=0.62, color=BLUE)
        left.vlines(places, table["low"], table["high"], color=INK, linewidth=1.5)
        for place, row in zip(places, table.itertuples(), strict=True):
            if row.n:
                label = f"{text.share(row.share)}\n{row.lost}/{text.number(row.n)}"
                left.annotate(
                    label, (place, row.high), xytext=(0, 3), textcoords="offset points", ha="center",
                    va="bottom", fontsize=9, color=QUIET, in_layout=False,
                )  # fmt: skip
        names = [
            text("health_check.apart.lowest"),
            *[""] * (len(table) - 2),
            text("health_check.apart.highest"),
        ]
        left.set_xticks(places, names)
        percent_axis(left, top=min(1.0, float(np.nanmax(table["high"])) * 1.35))
        left.set_title(text("health_check.apart.left", days=_days(result, text)))
        right.plot([0, 1], [0, 1], color=RULE, linewidth=1.4)
        right.plot(reached["share_of_customers"], reached["share_of_lost"], color=BLUE, linewidth=2.2)
        right.text(
            0.62, 0.54, text("health_check.apart.chance"), color=QUIET, fontsize=9, ha="left", va="top"
        )
        percent_axis(right)
        percent_axis(right, which="x")
        right.set_xlabel(text("health_check.apart.across"))
        right.set_title(text("health_check.apart.right"))
        shares = _shares(result, "apart", text)
        message = _sentence(result, "apart", text, shares)
        alt = text(
            "health_check.apart.alt", message=message, days=_days(result, text), share=shares["share"],
            reached=shares["reached"],
        )  # fmt: skip
        return finish_figure(figure, text, result, message=message, alt=alt, n=_n(result, text))


def bands(result: Result, text: Text) -> Picture:
    """The share of customers lost within the horizon, by band."""
    table = result.tables["bands"][lambda t: t["n"] > 0]
    with canvas(text, height=0.9 + 0.5 * len(table)) as (figure, axis):
        _lying_bars(axis, table, [BANDS[band] for band in table["band"]], "lost", text)
        axis.set_yticks(range(len(table)), [text.label("band", band) for band in table["band"]])
        axis.set_title(text("health_check.bands.axis", days=_days(result, text)))
        fields = _shares(result, "bands", text)
        for name in ("band", "other_band"):
            if name in fields:
                fields[name] = text.label("band", fields[name]).lower()
        message = _sentence(result, "bands", text, fields)
        alt = text("health_check.bands.alt", message=message, days=_days(result, text))
        return finish_figure(figure, text, result, message=message, alt=alt, n=_n(result, text))


def warning(result: Result, text: Text) -> Picture:
    """The share of customers who left who had been flagged so many days before."""
    table = result.tables["warning"]
    with canvas(text, height=2.4) as (figure, axis):
        _lying_bars(axis, table, [BLUE] * len(table), "warned", text)
        names = [
            text("health_check.warning.day") if days == 1
            else text("health_check.warning.days", days=text.number(days)).replace("\n", " " * (text.language == "en"))
            for days in table["days"]
        ]  # fmt: skip
        axis.set_yticks(range(len(table)), names)
        months = text.number(result.settings["sustained_months"])
        axis.set_title(text("health_check.warning.axis", months=months))
        given = result.verdicts["warning"].fields
        alarms = next(
            (
                text(
                    f"health_check.warning.{name}",
                    rate=text.number(given[name], 1 if given[name] >= 1 else 2),
                )
                for name in ("per_csm", "per_customers")
                if name in given
            ),
            "",
        )
        message = _sentence(result, "warning", text, {**_shares(result, "warning", text), "alarms": alarms})
        alt = text("health_check.warning.alt", message=message)
        n = text("health_check.n_losses", n=text.number(int(table["n"].max())))
        return finish_figure(figure, text, result, message=message, alt=alt, n=n)


def parts(result: Result, text: Text) -> Picture:
    """How well the whole score and each of its parts tell apart."""
    table = result.tables["parts"]
    with canvas(text, height=1.9) as (figure, axis):
        _points(axis, table, text)
        axis.set_yticks(
            range(len(table)), [text(f"health_check.parts.part.{part}") for part in table["part"]]
        )
        axis.set_title(text("health_check.parts.axis"))
        message = _sentence(result, "parts", text, _shares(result, "parts", text))
        alt = text("health_check.parts.alt", message=message)
        return finish_figure(figure, text, result, message=message, alt=alt, n=_n(result, text))


def weights(result: Result, text: Text) -> Picture:
    """Declared and learned weights, and how well each measure alone tells apart."""
    table = result.tables["weights"]
    places = np.arange(len(table))
    with canvas(text, 1, 2, height=1.0 + 0.47 * len(table), width_ratios=(1.3, 1)) as (figure, (left, right)):
        for name, colour, shift in (("declared", SKY, -0.19), ("learned", BLUE, 0.19)):
            bars(
                left, places + shift, table[name], width=0.34, color=colour, lying=True,
                label=text(f"health_check.weights.{name}"),
            )  # fmt: skip
            for place, share in zip(places, table[name], strict=True):
                left.text(
                    share + 0.008, place + shift, text.share(share), va="center", fontsize=8.5, color=QUIET
                )
        left.set_yticks(places, [text.wrap(text.label("measure", m), 22) for m in table["measure"]])
        left.invert_yaxis()
        percent_axis(left, which="x", top=min(1.0, float(table[["declared", "learned"]].max().max()) * 1.2))
        left.set_title(text("health_check.weights.left"))
        left.legend(ncols=2, loc="upper center", bbox_to_anchor=(0.4, -0.06), fontsize=9)
        _points(right, table, text)
        right.set_yticks(places, [""] * len(table))
        right.set_title(text("health_check.weights.right"))
        message = _sentence(result, "weights", text, _shares(result, "weights", text))
        alt = text("health_check.weights.alt", message=message)
        return finish_figure(figure, text, result, message=message, alt=alt, n=_n(result, text))


def _lying_bars(axis: Axes, table: pd.DataFrame, colours: list[str], count: str, text: Text) -> None:
    """Bars of shares with intervals, first row on top, and count of n beside them."""
    places = np.arange(len(table))
    bars(axis, places, table["share"], width=0.56, color=colours, lying=True)
    axis.hlines(places, table["low"], table["high"], color=INK, linewidth=1.6)
    for place, row in zip(places, table.itertuples(), strict=True):
        label = (
            f"{text.share_within(row.share, row.low, row.high)}  {getattr(row, count)}/{text.number(row.n)}"
        )
        axis.annotate(
            label, (row.high, place), xytext=(6, 0), textcoords="offset points", va="center", fontsize=9,
            color=QUIET, in_layout=False,
        )  # fmt: skip
    axis.invert_yaxis()
    percent_axis(axis, which="x", top=min(1.3, float(np.nanmax(table["high"])) * 1.45))
    axis.set_xticks([tick for tick in axis.get_xticks() if tick <= 1])
    axis.grid(axis="y", visible=False)


def _points(axis: Axes, table: pd.DataFrame, text: Text) -> None:
    """AUCs as points with intervals, first row on top, and a line at one half, that of chance."""
    places = np.arange(len(table))
    axis.axvline(0.5, color=RULE, linewidth=1.6)
    axis.hlines(places, table["low"], table["high"], color=INK, linewidth=1.6)
    axis.plot(table["auc"], places, "o", color=BLUE, markersize=7)
    for place, row in zip(places, table.itertuples(), strict=True):
        if row.auc == row.auc:
            axis.annotate(
                text.share(row.auc), (row.auc, place), xytext=(0, 6), textcoords="offset points", ha="center",
                va="bottom", fontsize=8.5, color=QUIET, in_layout=False,
            )  # fmt: skip
    percent_axis(axis, which="x")
    # what lies far below chance is seldom seen, and leaves a phone nothing else to show
    axis.set_xlim(min(0.25, float(table["low"].min()) - 0.02), 1)
    axis.set_xticks([0.25, 0.5, 0.75, 1])
    axis.set_ylim(len(table) - 0.5, -0.7)


def _sentence(result: Result, question: str, text: Text, fields: dict[str, str]) -> str:
    """The sentence of a question's verdict."""
    return text(f"health_check.{question}.{result.verdicts[question].code}", **fields)


def _shares(result: Result, question: str, text: Text) -> dict[str, str]:
    """The fields of a verdict as texts, with the horizon as `days` unless the verdict has its own."""
    signed = {"difference", "low", "high"} if "difference" in result.verdicts[question].fields else set()
    fields = {"days": _days(result, text)}
    for name, value in result.verdicts[question].fields.items():
        fields[name] = _formatted(name, value, signed, text)
    return fields


def _formatted(name: str, value: Any, signed: set[str], text: Text) -> str:
    if isinstance(value, str):
        return value
    if name in ("lost", "customers", "needed", "warned", "days", "median"):
        return text.number(value)
    if name in signed:
        sign = "+" if value > 0 else "−" if value < 0 else "±"
        return f"{sign}\u2060{text('page.share_points', n=text.number(100 * abs(value)))}"
    return text.share(value)


def _days(result: Result, text: Text) -> str:
    """The horizon of the check in days."""
    return text.number(result.settings["horizon_days"])


def _n(result: Result, text: Text) -> str:
    ends = text.number(result.settings["quarter_ends"])
    return text("health_check.n", n=text.number(result.n), quarter_ends=ends)
