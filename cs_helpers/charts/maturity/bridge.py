"""The figure of what changed the number of customers and their MRR from quarter to quarter."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cs_helpers.charts.maturity.distribution import MAX_QUARTERS
from cs_helpers.charts.maturity.words import quarter_ticks, quarters_with_customers, verdict_sentence
from cs_helpers.charts.points import asked, mark
from cs_helpers.charts.theme import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    RED,
    SAND,
    SKY,
    Picture,
    bars,
    canvas,
    finish_figure,
)
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.text import Text

#: the colour of each step, the ones that add before those that take away
_COLOURS = {
    "new": BLUE, "back": SKY, "rose": GREEN, "became_known": "#c9b18a", "expansion": "#a3c9a8", "lost": ORANGE,
    "not_recorded": "#9aa5b1", "fell": RED, "became_unknown": "#8a7350", "contraction": SAND,
}  # fmt: skip


def bridge(result: Result, text: Text) -> Picture:
    """What came, went, rose and fell in each quarter: of all customers and of the upper levels, in number and MRR."""
    table = result.tables["bridge"]
    quarters = quarters_with_customers(table[table["of"] == "all"], MAX_QUARTERS - 1)
    table = table[table["quarter"].isin(quarters)]
    columns = ["customers", *(["mrr"] if "mrr" in table else [])]
    level = result.verdicts["bridge"].fields["level"]
    upper = text.label("level", level)
    with canvas(text, 2, len(columns), height=5.4, squeeze=False, sharex=True) as (figure, axes):
        drawn: dict[str, str] = {}
        for row, of in enumerate(("all", "upper")):
            for axis, column in zip(axes[row], columns, strict=True):
                drawn |= _diverging(axis, table[table["of"] == of], quarters, column, text, level)
                axis.set_title(text(f"maturity.bridge.{of}.{column}", level=upper))
                axis.yaxis.set_major_locator(MaxNLocator(5, integer=column == "customers"))
                unit = result.settings["currency"] if column == "mrr" else None
                axis.yaxis.set_major_formatter(lambda value, _, unit=unit: _signed(value, unit, text))
        names = [step for step in _COLOURS if step in drawn]
        handles = [axes[0, 0].scatter([], [], marker="s", s=40, color=_COLOURS[step]) for step in names]
        handles.append(axes[0, 0].scatter([], [], marker="D", s=20, color=INK))
        labels = [text(f"maturity.bridge.steps.{step}", level=upper) for step in (*names, "net")]
        figure.legend(
            handles, labels, loc="outside lower center", ncols=5, fontsize=9, columnspacing=1.2,
            handletextpad=0.3,
        )  # fmt: skip
        message = verdict_sentence(result, "bridge", text)
        return finish_figure(
            figure, text, result, message=message, alt=text("maturity.bridge.alt", message=message),
            n=text("charts.n_customers", n=text.number(result.n)),
            period=text("maturity.by_quarter.period", quarters=text.number(len(quarters))),
        )  # fmt: skip


def _diverging(
    axis: Axes, table: pd.DataFrame, quarters: list[str], column: str, text: Text, upper: int
) -> dict[str, str]:
    """Bars of the steps of each quarter, up and down, with the net change as a mark; returns the steps drawn."""
    values = table.pivot(index="step", columns="quarter", values=column).reindex(columns=quarters)
    customers, of = table.pivot(index="step", columns="quarter", values="customers"), table["of"].iloc[0]
    up, down = np.zeros(len(quarters)), np.zeros(len(quarters))
    drawn = {}
    for step, colour in _COLOURS.items():
        if step not in values.index or not values.loc[step].any():
            continue
        amounts, drawn[step] = values.loc[step].to_numpy(float), colour
        for side, ends in ((amounts.clip(min=0), up), (amounts.clip(max=0), down)):
            bars(axis, range(len(quarters)), side, start=ends.copy(), color=colour, width=0.72)
            for x, (quarter, low, size) in enumerate(
                zip(quarters if asked() else (), ends, side, strict=False)
            ):
                if size and step not in ("expansion", "contraction"):
                    key, level = {"quarter": quarter, "of": of, "step": step}, text.label("level", upper)
                    said = [text(f"maturity.bridge.{k}", level=level) for k in (f"of.{of}", f"steps.{step}")]
                    mark(
                        axis, text, key, [text.quarter(Quarter.parse(quarter)), *said], abs(customers.loc[step, quarter]),
                        (x - 0.36, x + 0.36), (low, low + size),
                    )  # fmt: skip
            ends += side
    net = (values.loc["closing"] - values.loc["opening"]).to_numpy(float)
    axis.scatter(range(len(quarters)), net, marker="D", s=16, color=INK, zorder=3)
    axis.axhline(0, color=INK, linewidth=0.9)
    room = max(float(up.max()), -float(down.min()), 1e-9)
    if column == "customers":
        for x, (high, low, change) in enumerate(zip(up, down, net, strict=True)):
            place, side = (high, 1) if change >= 0 else (low, -1)
            axis.annotate(
                f"{'+' if change > 0 else ''}{_signed(change, None, text)}", (x, place), xytext=(0, 4.5 * side), textcoords="offset points", ha="center",
                va="bottom" if side > 0 else "top", fontsize=8.5, in_layout=False,
            )  # fmt: skip
    axis.set_ylim(float(down.min()) - 0.24 * room, float(up.max()) + 0.24 * room)
    axis.set_xlim(-0.6, len(quarters) - 0.4)
    axis.set_xticks(range(len(quarters)), quarter_ticks(quarters), fontsize=8.5)
    axis.grid(axis="y")
    axis.spines["bottom"].set_visible(False)
    return drawn


def _signed(value: float, currency: str | None, text: Text) -> str:
    """A number, or with a currency an amount, with a minus where it is negative."""
    amount = text.number(abs(value)) if currency is None else text.money(abs(value), currency)
    return f"{'−' if value < 0 else ''}{amount}"
