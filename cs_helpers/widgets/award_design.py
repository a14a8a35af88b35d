"""Sliders on the design of an award: its indicator, winners and period, and how far it would then go by luck."""

from __future__ import annotations

import html
from typing import Any

import ipywidgets as widgets
import numpy as np

from cs_helpers.charts.theme import BLUE, INK, QUIET
from cs_helpers.result import Result
from cs_helpers.statistics.award_luck import RULES, Contest, drawn_spreads, spread_weights, third_of
from cs_helpers.text import Text

_DRAWS = 1_500


class AwardDesign:
    """Choices of an indicator, winners and quarters; below, for each rule, how often the truly best would win, and luck.

    Worked out at once from the numbers of each member (`members.counts` of `recognition`), which leadership does not get. Draws
    into an HTML widget, as the filter bar does (nbclient issue 312).
    """

    def __init__(self, result: Result, text: Text) -> None:
        self._text = text
        self.answer = widgets.HTML()
        self.widget = widgets.VBox([self.answer])
        counts = result.tables.get("members.counts")
        if counts is None or counts.empty:
            self.answer.value = f"<p>{html.escape(text('recognition.design.nothing'))}</p>"
            return
        self._counts = counts
        wide = {"description_width": "initial"}
        kinds = list(dict.fromkeys(zip(counts["indicator"], counts["step"], strict=True)))
        self.indicator = widgets.Dropdown(
            options=[(self._named(*kind), kind) for kind in kinds], description=text("recognition.design.award"), style=wide
        )  # fmt: skip
        self.winners = widgets.IntSlider(
            value=1, min=1, max=5, description=text("recognition.design.winners"), style=wide
        )
        periods = sorted(set(counts["quarters"]))
        self.quarters = widgets.SelectionSlider(
            options=periods, value=4 if 4 in periods else periods[0], description=text("recognition.design.quarters"), style=wide
        )  # fmt: skip
        chosen = (self.indicator, self.winners, self.quarters)
        for one in chosen:
            one.observe(self._draw, names="value")
        wrapped = widgets.Layout(flex_flow="row wrap", align_items="center")
        self.widget.children = (widgets.HBox(list(chosen), layout=wrapped), self.answer)
        self._draw()

    def _named(self, kind: str, step: str) -> str:
        key = f"recognition.design.{kind}_{'step' if step else 'all'}"
        return self._text(key, what=self._text.label("step", step))

    def _draw(self, _: Any = None) -> None:
        kind, step = self.indicator.value
        counts = self._counts
        rows = counts[
            (counts["indicator"] == kind)
            & (counts["step"] == step)
            & (counts["quarters"] == self.quarters.value)
        ]
        if len(rows) < 3 or self.winners.value >= len(rows):
            self.answer.value = f"<p>{html.escape(self._text('recognition.design.few'))}</p>"
            return
        rows = rows.sort_values("expected", kind="stable")
        units, expected = (rows[name].to_numpy(float) for name in ("units", "expected"))
        contest = Contest(units, expected, self.winners.value, more_is_better=kind == "conversion")
        events = rows["events"].to_numpy(np.int64)
        spreads = drawn_spreads(spread_weights(events[None, :], expected)[0], _DRAWS)
        text, members = self._text, len(rows)
        about = text(
            "recognition.design.about", members=text.number(members), events=text.number(events.sum()),
            quarters=text.number(self.quarters.value),
        )  # fmt: skip
        lines = [f"<p style='color:{QUIET};margin:.2em 0'>{html.escape(about)}</p>"]
        for rule in RULES:
            best = float(contest.found(spreads, rule)[0, 0])
            small = float(contest.luck(rule)[: third_of(members)].sum()) / contest.winners
            said = text(
                "recognition.design.result", rule=text(f"recognition.rule.{rule}"), best=text.share(best),
                fair=text.share(contest.winners / members), small=text.share(small),
                third=text.share(third_of(members) / members),
            )  # fmt: skip
            lines.append(
                f"<p style='margin:.4em 0 0;color:{INK}'>{html.escape(said)}</p><div style='max-width:30em;background:#e8edf1;"
                f"height:8px'><div style='width:{100 * best:.0f}%;height:8px;background:{BLUE}'></div></div>"
            )
        self.answer.value = "".join(lines)
