"""Tables of the team: steps and losses of the customers of each CSM, whom to coach, and trainings."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.text import Text


def spread(result: Result, text: Text) -> Listing:
    """How far CSMs differ at each step, against chance."""
    rows = result.tables["spread"]
    frame = pd.DataFrame(
        {
            "step": [step_name(step, text) for step in rows["step"]],
            "csms": [text.number(n) for n in rows["csms"]],
            "reached": [text.number(n) for n in rows["reached"]],
            "distance": [text.share(value) for value in rows["distance"]],
            "chance": [
                text("team.spread.up_to", chance=text.share(r.chance), high=text.share(r.chance_high))
                for r in rows.itertuples()
            ],
            "verdict": [text(f"team.spread.row.{v}") for v in rows["verdict"]],
        }
    )
    names = ("step", "csms", "reached", "distance", "chance", "verdict")
    return table(frame, text.headings("team.spread", *names), name="team-spread", right=names[1:-1])


def conversions(result: Result, text: Text) -> Listing:
    """Steps reached by the customers of each CSM against expected ones: all steps on the page, each step in the download."""
    rows = result.tables["conversions"]
    all_rows = _ratios(rows, text, "conversions").assign(
        step=[step_name(step, text) for step in rows["step"]],
        expected=rows["expected"].round(1),
    )
    shown = rows[rows["step"] == "all"].head(MAX_ROWS)
    page = all_rows.loc[shown.index].assign(
        **{c: [text.number(n) for n in shown[c]] for c in ("customers", "waits", "reached")},
        expected=[text.number(n, 1) for n in shown["expected"]],
        ratio=[text.number_within(r.ratio, r.low, r.high, 2) for r in shown.itertuples()],
    )
    names = ("who", "step", "customers", "waits", "reached", "expected", "ratio", "verdict")
    headings = text.headings("team.conversions", *names)
    return table(page, headings, name="team-conversions", right=names[2:-1], all_rows=all_rows)


def retention(result: Result, text: Text) -> Listing:
    """Losses of the customers of each CSM against expected ones."""
    rows = result.tables["retention"]
    all_rows = _ratios(rows, text, "retention").assign(
        exposed=rows["exposed"].round(1), expected_lost=rows["expected_lost"].round(1)
    )
    shown = rows.head(MAX_ROWS)
    page = all_rows.head(MAX_ROWS).assign(
        **{c: [text.number(n) for n in shown[c]] for c in ("customers", "lost")},
        **{c: [text.number(n, 1) for n in shown[c]] for c in ("exposed", "expected_lost")},
        ratio=[text.number_within(r.ratio, r.low, r.high, 2) for r in shown.itertuples()],
    )
    names = ("who", "customers", "exposed", "lost", "expected_lost", "ratio", "verdict")
    headings = text.headings("team.retention", *names)
    return table(page, headings, name="team-retention", right=names[1:-1], all_rows=all_rows)


def coaching(result: Result, text: Text) -> Listing:
    """Which step to look at with whom, with the customers who wait there, and who may show how."""
    rows = result.tables["coaching"]
    none = text("team.coaching.none")

    def used(row: Any, prefix: str = "") -> str:
        counts = {name: text.number(getattr(row, f"{prefix}{name}")) for name in ("used", "due")}
        return text("team.coaching.used_of", **counts) if counts["due"] != "0" else "–"

    frame = pd.DataFrame(
        {
            "step": [text.label("step", step) for step in rows["step"]],
            "who": [text.label("csm", csm) for csm in rows["csm"]],
            "ratio": [text.number_within(r.ratio, r.low, r.high, 2) for r in rows.itertuples()],
            "waiting": [text.join_list(list(names)) if names else none for names in rows["names"]],
            "used": [used(r) for r in rows.itertuples()],
            "others": [used(r, "other_") for r in rows.itertuples()],
            "learn": [
                text.join_list([text.label("csm", csm) for csm in csms]) if csms else none
                for csms in rows["learn_from"]
            ],
        }
    )
    names = ("step", "who", "ratio", "waiting", "used", "others", "learn")
    headings = text.headings("team.coaching", *names)
    right = ("ratio", "used", "others")
    return table(frame.head(MAX_ROWS), headings, name="team-coaching", right=right, all_rows=frame)


def trainings(result: Result, text: Text) -> Listing:
    """How far each training has been taken."""
    rows = result.tables["trainings"]
    frame = pd.DataFrame(
        {
            "training": [text.label("training", one) for one in rows["training"]],
            "step": [text.label("step", step) for step in rows["step"]],
            **{c: [_count(n, text) for n in rows[c]] for c in ("assigned", "completed", "open", "days")},
        }
    )
    names = ("training", "step", "assigned", "completed", "open", "days")
    headings = text.headings("team.trainings", *names)
    return table(frame, headings, name="team-trainings", right=names[2:])


def training_people(result: Result, text: Text) -> Listing:
    """Each person's trainings."""
    rows = result.tables["training_people"]
    all_rows = pd.DataFrame(
        {
            "who": [text.label("csm", person) for person in rows["person"]],
            "training": [text.label("training", one) for one in rows["training"]],
            "assigned": rows["assigned_on"],
            "completed": rows["completed_on"],
            "days": rows["days"],
        }
    )
    page = all_rows.head(MAX_ROWS).assign(
        **{
            c: [
                text("team.training_people.open") if d != d else text.day(d.date())
                for d in all_rows[c].head(MAX_ROWS)
            ]
            for c in ("assigned", "completed")
        },
        days=[_count(n, text) for n in rows["days"].head(MAX_ROWS)],
    )
    names = ("who", "training", "assigned", "completed", "days")
    headings = text.headings("team.training_people", *names)
    right = ("assigned", "completed", "days")
    return table(page, headings, name="team-training-people", right=right, all_rows=all_rows)


def training_effects(result: Result, text: Text) -> Listing:
    """What completed trainings go with."""
    rows = result.tables["training_effects"]

    def side(row: Any, prefix: str = "") -> str:
        counts = [getattr(row, f"{prefix}{name}") for name in ("reached", "customers", "days")]
        if counts[1] != counts[1]:
            return "–"
        reached, customers, days = (_count(n, text) for n in counts)
        return text("team.training_effects.side", reached=reached, customers=customers, days=days)

    frame = pd.DataFrame(
        {
            "training": [text.label("training", one) for one in rows["training"]],
            "step": [text.label("step", step) for step in rows["step"]],
            "trained": [_count(n, text) for n in rows["trained"]],
            "with": [side(row) for row in rows.itertuples()],
            "without": [side(row, "other_") for row in rows.itertuples()],
            "ratio": [
                "–" if r.ratio != r.ratio else text.number_within(r.ratio, r.low, r.high, 2)
                for r in rows.itertuples()
            ],
            "verdict": [text(f"team.training_effects.row.{v}") for v in rows["verdict"]],
        }
    )
    names = ("training", "step", "trained", "with", "without", "ratio", "verdict")
    headings = text.headings("team.training_effects", *names)
    return table(frame, headings, name="team-training-effects", right=("trained", "ratio"))


def step_name(step: str, text: Text) -> str:
    """The name of a step, or the words for all of them."""
    return text("team.all_steps") if step == "all" else text.label("step", step)


def _count(value: Any, text: Text) -> str:
    return "–" if pd.isna(value) else text.number(value)


def _ratios(rows: pd.DataFrame, text: Text, question: str) -> pd.DataFrame:
    return rows.assign(
        who=[text.label("csm", csm) for csm in rows["csm"]],
        ratio=rows["ratio"].round(2),
        verdict=[text(f"team.{question}.row.{v}") for v in rows["verdict"]],
    )
