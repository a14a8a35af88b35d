"""Tables of the journey: the steps in numbers, value by age, new customers, and who has waited too long."""

from __future__ import annotations

import pandas as pd

from cs_helpers.result import Result
from cs_helpers.tables.theme import LONGEST, Listing, table
from cs_helpers.text import Text


def steps(result: Result, text: Text) -> Listing:
    """Each step for all customers: who waits, who left, conversion and median time."""
    frame = result.tables["steps"]
    frame = frame[frame["size"] == "all"].copy()
    frame["what"] = [text.label("step", s) for s in frame["step"]]
    for column in ("n", "reached", "waiting", "left"):
        frame[column] = [text.number(v) for v in frame[column]]
    frame["conversion"] = [text.share_within(r.share, r.low, r.high) for r in frame.itertuples()]
    frame["days"] = [
        text("journeys.steps.not_reached")
        if r.half == "not_reached"
        else text.number_within(r.median, r.median_low, r.median_high)
        for r in frame.itertuples()
    ]
    headings = text.headings(
        "journeys.steps", "what", "n", "reached", "waiting", "left", "conversion", "days"
    )
    headings["conversion"] = headings["conversion"].format(window=result.settings["window_days"])
    if not result.settings["by_contracts"]:  # who left is not known: no 0
        del headings["left"]
    return table(
        frame, headings, name="steps", right=("n", "reached", "waiting", "left", "conversion", "days")
    )


def ages(result: Result, text: Text) -> Listing:
    """The share with value by some ages, by size, and how many are still watched and waiting then."""
    known = result.tables["ages"]
    rows = []
    for size, part in known.groupby("size", sort=False):
        row = {"who": text("charts.all") if size == "all" else text.label("size", str(size))}
        row["n"] = text.number(part["n"].iloc[0])
        for found in part.itertuples():
            row[f"age_{found.age:g}"] = (
                text("journeys.ages.unknown")
                if found.share != found.share
                else text(
                    "journeys.ages.cell",
                    share=text.share_within(found.share, found.low, found.high),
                    at_risk=text.number(found.at_risk),
                )
            )
        rows.append(row)
    headings = text.headings("journeys.ages", "who", "n")
    for age in known["age"].unique():
        headings[f"age_{age:g}"] = text("journeys.ages.within", days=text.number(age))
    return table(pd.DataFrame(rows), headings, name="ages", right=("n",))


def cohort(result: Result, text: Text) -> Listing:
    """The quarter's new customers against the earlier ones at the same age."""
    found = result.tables["cohort"]
    frame = pd.DataFrame(
        {
            "what": [text.label("step", s) for s in found["step"]],
            "now": [text.share_within(r.share, r.low, r.high) for r in found.itertuples()],
            "before": [
                text.share_within(r.share_before, r.low_before, r.high_before) for r in found.itertuples()
            ],
            "verdict": [text(f"journeys.cohort.{v}") for v in found["verdict"]],
        }
    )
    headings = text.headings("journeys.cohort", "what", "now", "before", "verdict")
    first = found.iloc[0]
    for column, n in (("now", first["n"]), ("before", first["n_before"])):
        headings[column] = headings[column].format(days=text.number(first["age"]), n=text.number(n))
    return table(frame, headings, name="cohort", right=("now", "before"))


def moves(result: Result, text: Text) -> Listing:
    """Contents and tools of each step, and the pace once they were used."""
    found = result.tables["moves"]
    found = found.assign(told=found["verdict"] == "alike").sort_values(["told", "p"], kind="stable")
    whole = found.assign(
        step_name=[text.label("step", s) for s in found["step"]],
        aid=[
            text.subject(r.what) if r.kind == "touch" else text.label(r.kind, r.step)
            for r in found.itertuples()
        ],
        kind=[text(f"journeys.moves.{kind}") for kind in found["kind"]],
        ratio=found["ratio"].round(2),
        odds=found["odds"].round(2),
        verdict=[text(f"journeys.moves.{verdict}") for verdict in found["verdict"]],
    )
    frame = whole.head(LONGEST).copy()
    shown = found.head(LONGEST)
    frame["used"] = [
        text("journeys.moves.of", used=text.number(r.used), waits=text.number(r.waits))
        for r in shown.itertuples()
    ]
    frame["ratio"] = [text.number_within(r.ratio, r.low, r.high, 2) for r in shown.itertuples()]
    frame["odds"] = [text.number(v, 2) for v in shown["odds"]]
    headings = text.headings("journeys.moves", "step_name", "aid", "kind", "used", "ratio", "odds", "verdict")
    return table(frame, headings, name="moves", right=("used", "ratio", "odds"), whole=whole)


def adherence(result: Result, text: Text) -> Listing:
    """How often each CSM used what is planned for a step."""
    whole = result.tables["adherence"]
    frame = whole.head(LONGEST).copy()
    frame["who"] = [text.label("csm", who) for who in frame["csm"]]
    frame["often"] = [text.share_within(r.share, r.low, r.high) for r in frame.itertuples()]
    for column in ("due", "used"):
        frame[column] = [text.number(v) for v in frame[column]]
    headings = text.headings("journeys.adherence", "who", "due", "used", "often")
    return table(
        frame, headings, name="adherence", right=("due", "used", "often"),
        whole=whole.assign(who=whole["csm"], often=whole["share"].round(3)),
    )  # fmt: skip


def csms(result: Result, text: Text) -> Listing:
    """Each CSM's steps against those expected of such customers."""
    return _in_charge(result, text, "csms", "csm")


def touch_models(result: Result, text: Text) -> Listing:
    """The same by touch model."""
    return _in_charge(result, text, "touch_models", "touch_model")


def _in_charge(result: Result, text: Text, question: str, by: str) -> Listing:
    found = result.tables[question]
    whole = found.assign(
        who=[text.label(by, who) for who in found[by]],
        expected=found["expected"].round(1),
        ratio=found["ratio"].round(2),
        verdict=[text(f"journeys.csms.{verdict}") for verdict in found["verdict"]],
    )
    frame = whole.head(LONGEST).copy()
    for column, digits in (("waits", 0), ("reached", 0), ("expected", 1)):
        frame[column] = [text.number(v, digits) for v in frame[column]]
    frame["ratio"] = [text.number_within(r.ratio, r.low, r.high, 2) for r in found.head(LONGEST).itertuples()]
    headings = text.headings(
        f"journeys.{question}", "who", "waits", "reached", "expected", "ratio", "verdict"
    )
    return table(frame, headings, name=question, right=("waits", "reached", "expected", "ratio"), whole=whole)


def waiting(result: Result, text: Text) -> Listing:
    """Every customer that waits for a step: who waits longer than usual first, by revenue where that is known."""
    found = result.tables["waiting"]
    whole = found.assign(
        step=[text.label("step", s) for s in found["step"]],
        turn=[text(f"journeys.waiting.{turn}") for turn in found["turn"]],
        days=found["days"].round(1),
        usual=found["usual"].round(1),
        expected=found["expected_on"],
        touched=found["touched_on"],
    )
    told = ("reason",) if "reason" in found else ()  # leadership reads no reason beside a name
    if told:
        whole["reason"] = ["" if r != r else text.label("reason", r) for r in found["reason"]]
    frame = whole.head(LONGEST).copy()
    currency = result.settings["currency"]
    paid = ("mrr",) if "mrr" in found else ()
    if paid:
        frame["mrr"] = [text.money(v, currency) for v in found["mrr"].head(LONGEST)]
    for column in ("days", "usual"):
        frame[column] = [text.number(v) for v in found[column].head(LONGEST)]
    for column, of in (("expected", "expected_on"), ("touched", "touched_on")):
        frame[column] = ["–" if d != d else text.day(d.date()) for d in found[of].head(LONGEST)]
    headings = text.headings(
        "journeys.waiting", "name", "step", "days", "usual", "expected", "turn", "touched", *told, *paid
    )
    return table(
        frame, headings, name="waiting", right=("days", "usual", "expected", "touched", "mrr"), whole=whole,
        units={"mrr": currency}, title="title" if paid else "title_unpaid",
    )  # fmt: skip
