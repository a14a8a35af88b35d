"""Figures of requests to the product: what is waited for, what became of it, how long it took, who was told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from cs_helpers.charts.points import mark
from cs_helpers.charts.theme import (
    BLUE,
    INK,
    ORANGE,
    QUIET,
    RULE,
    SAND,
    SKY,
    Picture,
    bars,
    canvas,
    finish_figure,
    percent_axis,
)
from cs_helpers.result import Result, Verdict
from cs_helpers.text import Text
from cs_helpers.text.request_words import loop_label

_NAME = "product_feedback"
#: the most bars of a figure; the table beside it lists the others
_BARS = 12


def ranking(result: Result, text: Text) -> Picture:
    """The requests that are not in the product yet: customers that asked, with intervals, and their MRR."""
    table = result.tables["ranking"].head(_BARS).iloc[::-1].reset_index(drop=True)
    behind = {"companies": table["fewer"], "mrr": table["less"]}
    panels = ["companies", "mrr"] if result.settings["by_contracts"] else ["companies"]
    with canvas(text, 1, len(panels), height=1.3 + 0.44 * len(table), squeeze=False, sharey=True) as (
        figure,
        axes,
    ):
        places = np.arange(len(table))
        for axis, panel in zip(axes[0], panels, strict=True):
            values = table[panel].to_numpy(float)
            colours = [SKY if is_behind else BLUE for is_behind in behind[panel]]
            bars(axis, places, values, width=0.58, color=colours, lying=True)
            ends = values
            if panel == "companies":
                low, high = (table[c] * table["of"] for c in ("low", "high"))
                axis.hlines(places, low, high, color=INK, linewidth=1.3)
                ends = np.fmax(values, high)
            _beside(axis, places, ends, [_value(v, panel, result, text) for v in values])
            for place, row, value in zip(places, table.itertuples(), values, strict=True):
                words = [text.request(row.title, row.code, row.request_id)]
                length = (0, float(np.nan_to_num(value)))
                mark(
                    axis, text, {"request_id": row.request_id}, words, row.companies, length, (place - 0.29, place + 0.29)
                )  # fmt: skip
            axis.set_title(text(f"{_NAME}.ranking.axis_{panel}"))
        names = zip(table["title"], table["code"], table["request_id"], strict=True)
        axes[0][0].set_yticks(places, [text.wrap(text.request(*name), 34) for name in names])
        axes[0][0].set_ylim(-0.6, len(table) - 0.4)
        said = [
            _message(result, key, "ranking", text)
            for key in ("ranking", "ranking.mrr")
            if key in result.verdicts
        ]
        message = text(f"{_NAME}.between").join(said)
        return _finish(
            figure, result, "ranking", message, text("charts.n_customers", n=text.number(result.n)), text
        )


def status(result: Result, text: Text) -> Picture:
    """The requests by what has become of them, and the customers that asked for them."""
    table = result.tables["status"].iloc[::-1].reset_index(drop=True)
    colours = [ORANGE if s in ("open", "considering") else BLUE for s in table["status"]]
    panels = ["requests", "companies"] if result.settings["has_askers"] else ["requests"]
    with canvas(text, 1, len(panels), height=1.2 + 0.36 * len(table), squeeze=False, sharey=True) as (
        figure,
        axes,
    ):
        places = np.arange(len(table))
        for axis, panel in zip(axes[0], panels, strict=True):
            values = table[panel].to_numpy(float)
            bars(axis, places, values, width=0.58, color=colours, lying=True)
            labels = [text.companies(v) if panel == "companies" else text.number(v) for v in values]
            _beside(axis, places, np.nan_to_num(values), labels)
            axis.set_title(text(f"{_NAME}.status.axis_{panel}"))
        axes[0][0].set_yticks(places, [text(f"{_NAME}.statuses.{s}") for s in table["status"]])
        axes[0][0].set_ylim(-0.6, len(table) - 0.4)
        message = _message(result, "status", "status", text)
        n = text(f"{_NAME}.n_requests", n=text.number(table["requests"].sum()))
        return _finish(figure, result, "status", message, n, text)


def answers(result: Result, text: Text) -> Picture:
    """The share of requests that are answered, and of customers that are told, by the days since."""
    curves, waits = result.tables["answers"], result.tables["waits"]
    with canvas(text, height=3.7) as (figure, axis):
        last = float(curves["day"].max())
        for wait, colour in (("decided", BLUE), ("told", ORANGE)):
            curve = curves[curves["wait"] == wait]
            if curve.empty:
                continue
            day, share = np.r_[0.0, curve["day"]], np.r_[0.0, curve["share"]]
            axis.step(day, share, where="post", color=colour, linewidth=2)
            if curve["low"].notna().any():
                low, high = np.r_[0.0, curve["low"]], np.r_[0.0, curve["high"]]
                axis.fill_between(day, low, high, step="post", color=colour, alpha=0.15, linewidth=0)
        rows = waits.set_index("wait")
        handles = [
            Patch(
                color=colour, label=text(f"{_NAME}.answers.legend_{wait}", n=text.number(rows.at[wait, "n"]))
            )
            for wait, colour in (("decided", BLUE), ("told", ORANGE))
            if wait in rows.index
        ]
        percent_axis(axis)
        axis.axhline(0.5, color=QUIET, linewidth=0.8, linestyle=(0, (2, 2)))
        axis.set_xlim(0, max(last, 1.0))
        axis.set_xlabel(text(f"{_NAME}.answers.axis"))
        figure.legend(handles=handles, loc="outside upper left", ncols=len(handles), fontsize=9)
        said = [_message(result, f"answers.{w}", "answers", text) for w in ("decided", "told") if f"answers.{w}" in result.verdicts]  # fmt: skip
        message = text(f"{_NAME}.between").join(said)
        n = text(f"{_NAME}.n_requests", n=text.number(rows["n"].get("decided", 0)))
        return _finish(figure, result, "answers", message, n, text)


def closed_loop(result: Result, text: Text) -> Picture:
    """The share that was told what became of their request, with intervals: all, by size and by where it was heard."""
    table = result.tables["closed_loop"].iloc[::-1].reset_index(drop=True)
    with canvas(text, height=1.2 + 0.36 * max(len(table), 2)) as (figure, axis):
        places = np.arange(len(table))
        colours = [
            INK if v == "all" else ORANGE if v in ("more", "fewer") else BLUE for v in table["verdict"]
        ]
        axis.hlines(places, table["low"], table["high"], color=colours, linewidth=2)
        axis.scatter(table["share"], places, color=colours, s=46, zorder=3)
        percent_axis(axis, which="x")
        axis.set_xlim(-0.02, 1.02)
        axis.set_yticks(
            places,
            [
                text(f"{_NAME}.closed_loop.label", name=loop_label(r.dimension, r.segment, text), told=text.number(r.told), owed=text.number(r.owed))
                for r in table.itertuples()
            ],
        )  # fmt: skip
        axis.set_ylim(-0.6, len(table) - 0.4)
        axis.grid(axis="y", visible=False)
        axis.set_xlabel(text(f"{_NAME}.closed_loop.axis"))
        message = _message(result, "closed_loop", "closed_loop", text)
        owed = table.loc[table["dimension"] == "all", "owed"].sum()
        return _finish(
            figure, result, "closed_loop", message, text(f"{_NAME}.n_owed", n=text.number(owed)), text
        )


def not_handed(result: Result, text: Text) -> Picture:
    """Companies that told a theme in interviews: with a request of it in their name, and without."""
    table: pd.DataFrame = result.tables["not_handed"].head(_BARS).iloc[::-1].reset_index(drop=True)
    with canvas(text, height=1.5 + 0.38 * max(len(table), 2)) as (figure, axis):
        places = np.arange(len(table))
        is_hidden = table["handed"].isna()
        handed = table["handed"].fillna(0).to_numpy(float)
        companies = table["companies"].to_numpy(float)
        colours = [
            RULE if hidden else ORANGE if state == "no_request" else SAND
            for state, hidden in zip(table["state"], is_hidden, strict=True)
        ]
        bars(axis, places, handed, width=0.58, color=BLUE, lying=True)
        bars(axis, places, companies - handed, width=0.58, color=colours, start=handed, lying=True)
        labels = [
            text.companies(row.companies)
            if row.handed != row.handed
            else text(
                f"{_NAME}.not_handed.of", handed=text.number(row.handed), companies=text.number(row.companies)
            )
            for row in table.itertuples()
        ]
        _beside(axis, places, companies, labels)
        axis.set_yticks(places, [text.wrap(text.theme(code), 34) for code in table["code"]])
        axis.set_ylim(-0.6, len(table) - 0.4)
        states = [("handed", BLUE), ("not_linked", SAND), ("no_request", ORANGE)]
        states += [("hidden", RULE)] if is_hidden.any() else []
        handles = [
            Patch(color=colour, label=text(f"{_NAME}.not_handed.legend_{state}")) for state, colour in states
        ]
        figure.legend(handles=handles, loc="outside upper left", ncols=len(states), fontsize=9)
        message = _message(result, "not_handed", "not_handed", text)
        n = text(f"{_NAME}.n_themes", n=text.number(len(result.tables["not_handed"])))
        return _finish(figure, result, "not_handed", message, n, text)


def _finish(figure: Any, result: Result, question: str, message: str, n: str, text: Text) -> Picture:
    alt = text(f"{_NAME}.{question}.alt", message=message)
    return finish_figure(figure, text, result, message=message, alt=alt, n=n)


def _message(result: Result, key: str, question: str, text: Text) -> str:
    """The sentence of a verdict, with its fields formatted in the language."""
    verdict: Verdict = result.verdicts[key]
    fields = dict(verdict.fields)
    shown: dict[str, str] = {}
    for name, value in fields.items():
        if name in ("share", "segment_share") or (question == "closed_loop" and name in ("low", "high")):
            shown[name] = text.share(value)
        elif name == "request":
            shown[name] = text.request(*value)
        elif name == "mrr":
            shown[name] = text.money(value, result.settings["currency"])
        elif name == "theme":
            shown[name] = text.theme(value)
        elif name == "segment":
            shown[name] = loop_label(str(fields["dimension"]), str(value), text)
        elif name == "median":
            shown |= {name: text.number(value), "interval": _interval(fields, text)}
        elif name != "dimension":
            shown[name] = text.number(value)
    return text(f"{_NAME}.{question}.{verdict.code}", **shown)


def _interval(fields: Mapping[str, Any], text: Text) -> str:
    """The interval of a median in days, of which the upper end may not be known."""
    low, high = float(fields["low"]), float(fields["high"])
    code = "no_interval" if low != low else "interval" if high == high else "interval_open"
    return text(f"{_NAME}.answers.{code}", low=text.number(low), high=text.number(high))


def _value(value: float, panel: str, result: Result, text: Text) -> str:
    return text.money(value, result.settings["currency"]) if panel == "mrr" else text.number(value)


def _beside(axis: Axes, places: np.ndarray, ends: Any, labels: list[str]) -> None:
    """Writes a label beside the end of each bar, without a scale."""
    reach = float(np.nanmax(np.asarray(ends, float), initial=0)) or 1.0
    for place, end, label in zip(places, np.asarray(ends, float), labels, strict=True):
        axis.text(end + reach * 0.02, place, label, va="center", fontsize=9, color=QUIET, in_layout=False)
    axis.set_xlim(0, reach * 1.3)
    axis.set_xticks([])
    axis.spines["bottom"].set_visible(False)
