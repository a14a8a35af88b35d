"""Tables of the journey: steps, value by age, new customers, uses, CSMs, and waiting customers."""

from __future__ import annotations

import pandas as pd

from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.text import Text


def steps(result: Result, text: Text) -> Listing:
    """Each step for all customers: waiting, left, conversion and median time."""
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
    if not result.settings["by_contracts"]:  # leaving is unknown then, so 0 would be wrong
        del headings["left"]
    return table(
        frame, headings, name="steps", right=("n", "reached", "waiting", "left", "conversion", "days")
    )


def ages(result: Result, text: Text) -> Listing:
    """The share of customers with value by age and size, with the number still at risk."""
    known = result.tables["ages"]
    rows = []
    for size, part in known.groupby("size", sort=False):
        cells = {"who": text("charts.all") if size == "all" else text.label("size", str(size))}
        cells["n"] = text.number(part["n"].iloc[0])
        for row in part.itertuples():
            cells[f"age_{row.age:g}"] = (
                text("journeys.ages.unknown")
                if row.share != row.share
                else text(
                    "journeys.ages.cell",
                    share=text.share_within(row.share, row.low, row.high),
                    at_risk=text.number(row.at_risk),
                )
            )
        rows.append(cells)
    headings = text.headings("journeys.ages", "who", "n")
    for age in known["age"].unique():
        headings[f"age_{age:g}"] = text("journeys.ages.within", days=text.number(age))
    return table(pd.DataFrame(rows), headings, name="ages", right=("n",))


def cohort(result: Result, text: Text) -> Listing:
    """New customers of the quarter compared with earlier ones at the same age."""
    rows = result.tables["cohort"]
    frame = pd.DataFrame(
        {
            "what": [text.label("step", s) for s in rows["step"]],
            "now": [text.share_within(r.share, r.low, r.high) for r in rows.itertuples()],
            "before": [
                text.share_within(r.share_before, r.low_before, r.high_before) for r in rows.itertuples()
            ],
            "verdict": [text(f"journeys.cohort.{v}") for v in rows["verdict"]],
        }
    )
    headings = text.headings("journeys.cohort", "what", "now", "before", "verdict")
    first = rows.iloc[0]
    for column, n in (("now", first["n"]), ("before", first["n_before"])):
        headings[column] = headings[column].format(days=text.number(first["age"]), n=text.number(n))
    return table(frame, headings, name="cohort", right=("now", "before"))


def moves(result: Result, text: Text) -> Listing:
    """Contents, tools and touches of each step, with the hazard ratio after their use."""
    rows = result.tables["moves"]
    rows = rows.assign(alike=rows["verdict"] == "alike").sort_values(["alike", "p"], kind="stable")
    all_rows = rows.assign(
        step_name=[text.label("step", s) for s in rows["step"]],
        aid=[
            text.subject(r.what) if r.kind == "touch" else text.label(r.kind, r.step)
            for r in rows.itertuples()
        ],
        kind=[text(f"journeys.moves.{kind}") for kind in rows["kind"]],
        ratio=rows["ratio"].round(2),
        odds=rows["odds"].round(2),
        verdict=[text(f"journeys.moves.{verdict}") for verdict in rows["verdict"]],
    )
    frame = all_rows.head(MAX_ROWS).copy()
    shown = rows.head(MAX_ROWS)
    frame["used"] = [
        text("journeys.moves.of", used=text.number(r.used), waits=text.number(r.waits))
        for r in shown.itertuples()
    ]
    frame["ratio"] = [text.number_within(r.ratio, r.low, r.high, 2) for r in shown.itertuples()]
    frame["odds"] = [text.number(v, 2) for v in shown["odds"]]
    headings = text.headings("journeys.moves", "step_name", "aid", "kind", "used", "ratio", "odds", "verdict")
    return table(frame, headings, name="moves", right=("used", "ratio", "odds"), all_rows=all_rows)


def adherence(result: Result, text: Text) -> Listing:
    """The share of waits in which each CSM used the content or tool planned for the step."""
    all_rows = result.tables["adherence"]
    frame = all_rows.head(MAX_ROWS).copy()
    frame["who"] = [text.label("csm", who) for who in frame["csm"]]
    frame["often"] = [text.share_within(r.share, r.low, r.high) for r in frame.itertuples()]
    for column in ("due", "used"):
        frame[column] = [text.number(v) for v in frame[column]]
    headings = text.headings("journeys.adherence", "who", "due", "used", "often")
    return table(
        frame, headings, name="adherence", right=("due", "used", "often"),
        all_rows=all_rows.assign(who=all_rows["csm"], often=all_rows["share"].round(3)),
    )  # fmt: skip


def csms(result: Result, text: Text) -> Listing:
    """Observed and expected steps of each CSM, adjusted for the customers in charge."""
    return _in_charge(result, text, "csms", "csm")


def touch_models(result: Result, text: Text) -> Listing:
    """Observed and expected steps of each touch model."""
    return _in_charge(result, text, "touch_models", "touch_model")


def _in_charge(result: Result, text: Text, question: str, by: str) -> Listing:
    rows = result.tables[question]
    all_rows = rows.assign(
        who=[text.label(by, who) for who in rows[by]],
        expected=rows["expected"].round(1),
        ratio=rows["ratio"].round(2),
        verdict=[text(f"journeys.csms.{verdict}") for verdict in rows["verdict"]],
    )
    frame = all_rows.head(MAX_ROWS).copy()
    for column, digits in (("waits", 0), ("reached", 0), ("expected", 1)):
        frame[column] = [text.number(v, digits) for v in frame[column]]
    frame["ratio"] = [text.number_within(r.ratio, r.low, r.high, 2) for r in rows.head(MAX_ROWS).itertuples()]
    headings = text.headings(
        f"journeys.{question}", "who", "waits", "reached", "expected", "ratio", "verdict"
    )
    return table(
        frame, headings, name=question, right=("waits", "reached", "expected", "ratio"), all_rows=all_rows
    )


def waiting(result: Result, text: Text) -> Listing:
    """Customers waiting for a step: those waiting longer than usual first, by MRR where it is known."""
    rows = result.tables["waiting"]
    all_rows = rows.assign(
        step=[text.label("step", s) for s in rows["step"]],
        turn=[text(f"journeys.waiting.{turn}") for turn in rows["turn"]],
        days=rows["days"].round(1),
        usual=rows["usual"].round(1),
        expected=rows["expected_on"],
        touched=rows["touched_on"],
    )
    # reasons are removed for leadership, which reads none next to a name
    reason_columns = ("reason",) if "reason" in rows else ()
    if reason_columns:
        all_rows["reason"] = ["" if r != r else text.label("reason", r) for r in rows["reason"]]
    frame = all_rows.head(MAX_ROWS).copy()
    currency = result.settings["currency"]
    mrr_columns = ("mrr",) if "mrr" in rows else ()
    if mrr_columns:
        frame["mrr"] = [text.money(v, currency) for v in rows["mrr"].head(MAX_ROWS)]
    for column in ("days", "usual"):
        frame[column] = [text.number(v) for v in rows[column].head(MAX_ROWS)]
    for column, of in (("expected", "expected_on"), ("touched", "touched_on")):
        frame[column] = ["–" if d != d else text.day(d.date()) for d in rows[of].head(MAX_ROWS)]
    columns = ("name", "step", "days", "usual", "expected", "turn", "touched", *reason_columns, *mrr_columns)
    headings = text.headings("journeys.waiting", *columns)
    return table(
        frame, headings, name="waiting", right=("days", "usual", "expected", "touched", "mrr"), all_rows=all_rows,
        units={"mrr": currency}, title="title" if mrr_columns else "title_unpaid",
    )  # fmt: skip
