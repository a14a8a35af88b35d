"""Tables of hand-overs: what was handed over and what not, what goes with it, and promises and expectations."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.text import Text
from cs_helpers.text.handover_words import association_name, role_name, signed_points, verdict_sentence


def starts(result: Result, text: Text) -> Listing:
    """New customers by quarter of the start, and how complete their hand-overs are."""
    known = result.tables["starts"]
    counts = ["started", "complete", "partial", "late", "none"]
    frame = pd.DataFrame(
        {
            "when": [text.quarter(Quarter.parse(q)) for q in known["quarter"]],
            **{c: [text.number(n) for n in known[c]] for c in counts},
            "mean": [text.share_within(r.completeness, r.low, r.high) for r in known.itertuples()],
        }
    )
    headings = text.headings("handover.starts", "when", *counts, "mean")
    return table(frame, headings, name="starts", right=(*counts, "mean"))


def fields(result: Result, text: Text) -> Listing:
    """How often each field is filled in."""
    known = result.tables["fields"]
    frame = pd.DataFrame(
        {
            "field": [text.label("handover_field", f) for f in known["field"]],
            "filled": [text.number(n) for n in known["filled"]],
            "of": [text.number(n) for n in known["of"]],
            "share": [text.share_within(r.share, r.low, r.high) for r in known.itertuples()],
        }
    )
    headings = text.headings("handover.fields", "field", "filled", "of", "share")
    return table(frame, headings, name="fields", right=("filled", "of", "share"))


def customers(result: Result, text: Text) -> Listing:
    """The new customers whose hand-over is missing or incomplete, and what is missing."""
    known = result.tables["customers"]
    all_rows = known.assign(
        started=known["started_on"],
        handed=known["handed_over_on"],
        who=[_by(row, text) for row in known.itertuples()],
        missing=[_missing(row, result, text) for row in known.itertuples()],
    )
    frame = all_rows.head(MAX_ROWS).copy()
    frame["started"] = [text.day(day) for day in frame["started"]]
    frame["handed"] = [_handed(row, text) for row in frame.itertuples()]
    frame["completeness"] = [text.share(v) for v in frame["completeness"]]
    mrr = _mrr(frame, result, text)
    headings = text.headings(
        "handover.customers", "name", "csm", "started", "handed", "who", "completeness", "missing", *mrr
    )
    units = {"mrr": result.settings["currency"]}
    return table(
        frame, headings, name="customers", right=("completeness", "mrr"), all_rows=all_rows, units=units
    )


def _said(result: Result, question: str, text: Text) -> str:
    verdict = result.verdicts[question]
    return verdict_sentence(question, verdict.code, verdict.fields, text)


def _handed(row: Any, text: Text) -> str:
    if row.handed_over_on is pd.NaT:
        return text("handover.customers.none")
    day = text.day(row.handed_over_on)
    return (
        text("handover.customers.late", day=day, days=text.number(row.days_late))
        if row.days_late > 0
        else day
    )


def _missing(row: Any, result: Result, text: Text) -> str:
    if len(row.missing) == len(result.settings["fields"]):
        return text("handover.customers.all_missing")
    return text("handover.separator").join(text.label("handover_field_short", f) for f in row.missing)


def _by(row: Any, text: Text) -> str:
    """Who handed over: the person, else the role, as far as either is given."""
    if isinstance(row.from_person, str):
        return row.from_person
    return text.label("role", row.from_role) if isinstance(row.from_role, str) else ""


def _mrr(frame: pd.DataFrame, result: Result, text: Text) -> tuple[str, ...]:
    """Formats the MRR of a table, where it has any; the column's name, or nothing."""
    if "mrr" not in frame:
        return ()
    frame["mrr"] = [text.money(v, result.settings["currency"]) for v in frame["mrr"]]
    return ("mrr",)


def roles(result: Result, text: Text) -> Listing:
    """The completeness of each role's hand-overs, against the others in companies of the same size."""
    known = result.tables["roles"]
    frame = pd.DataFrame(
        {
            "who": [role_name(r, text) for r in known["role"]],
            "n": [text.number(n) for n in known["n"]],
            "mean": [text.share_within(r.completeness, r.low, r.high) for r in known.itertuples()],
            "difference": [_difference(r, text) for r in known.itertuples()],
            "least": [
                text(
                    "handover.roles.least",
                    field=text.label("handover_field", r.least),
                    share=text.share(r.least_share),
                )
                for r in known.itertuples()
            ],
            "verdict": [text(f"handover.roles.row.{v}") for v in known["verdict"]],
        }
    )
    headings = text.headings("handover.roles", "who", "n", "mean", "difference", "least", "verdict")
    return table(frame, headings, name="roles", right=("n", "mean", "difference"))


def _difference(row: Any, text: Text) -> str:
    if row.difference != row.difference:
        return "–"
    parts = {"value": row.difference, "low": row.difference_low, "high": row.difference_high}
    return text("handover.points_within", **{name: signed_points(v, text) for name, v in parts.items()})


def value(result: Result, text: Text) -> Listing:
    """What became of the customers by what was handed over of them."""
    known = result.tables["groups"]
    frame = pd.DataFrame(
        {
            "group": [text(f"handover.group.{g}") for g in known["group"]],
            "n": [text.number(n) for n in known["n"]],
            "half_year": [
                text.share_within(r.half_year, r.half_year_low, r.half_year_high) for r in known.itertuples()
            ],
            "median": [text.number_within(r.median, r.median_low, r.median_high) for r in known.itertuples()],
        }
    )
    losses = ["losses"] if "lost" in known else []
    if losses:
        frame["losses"] = [
            text("handover.value.losses", lost=text.number(r.lost), years=text.number(r.years))
            for r in known.itertuples()
        ]
    headings = text.headings("handover.value", "group", "n", "half_year", "median", *losses)
    return table(frame, headings, name="value", right=("n", "half_year", "median", "losses"))


def associations(result: Result, text: Text) -> Listing:
    """What hand-overs go with: ratios of rates with intervals and verdicts."""
    known = result.tables["associations"]
    frame = pd.DataFrame(
        {
            "label": [association_name(r.outcome, r.comparison, text) for r in known.itertuples()],
            "sides": [
                text("handover.associations.sides", n=text.number(r.n), of=text.number(r.of))
                for r in known.itertuples()
            ],
            "events": [text.number(n) for n in known["compared"]],
            "ratio": [text.number_within(r.ratio, r.low, r.high, 2) for r in known.itertuples()],
            "common": [text(f"handover.associations.common.{c}") for c in known["adjusted"]],
            "verdict": [text(f"handover.associations.row.{v}") for v in known["verdict"]],
        }
    )
    headings = text.headings(
        "handover.associations", "label", "sides", "events", "ratio", "common", "verdict"
    )
    return table(frame, headings, name="associations", right=("sides", "events", "ratio"))


def expectations(result: Result, text: Text) -> Listing:
    """How often the expectation of hand-overs was named again in interviews."""
    known = result.tables["expectations"]
    counts = ["same", "other", "not_spoken"]
    all_rows = known.assign(theme=[text.theme(code) for code in known["code"]])
    frame = all_rows.head(MAX_ROWS).assign(
        **{c: [text.number(n) for n in known[c].head(MAX_ROWS)] for c in counts}
    )
    headings = text.headings("handover.expectations", "theme", *counts)
    message = _said(result, "expectations", text)
    return table(
        frame, headings, name="expectations", right=tuple(counts), all_rows=all_rows, message=message
    )


def expectation_customers(result: Result, text: Text) -> Listing:
    """What the hand-over says and what the customer says, customer by customer."""
    known = result.tables["expectation_customers"]
    all_rows = known.assign(
        expected=[text.theme(code) for code in known["expected"]],
        words=known["expected_outcome"],
        heard=[text("handover.separator").join(map(text.theme, codes)) for codes in known["heard"]],
        held=known["held_on"],
        agrees=[text(f"handover.agrees.{a}") for a in known["agrees"]],
    )
    frame = all_rows.head(MAX_ROWS).copy()
    frame["held"] = [text.day(day) for day in frame["held"]]
    headings = text.headings(
        "handover.expectation_customers", "name", "csm", "expected", "words", "heard", "held", "agrees"
    )
    return table(frame, headings, name="expectation-customers", all_rows=all_rows)


def promises(result: Result, text: Text) -> Listing:
    """What became of the promises whose day has passed."""
    known = result.tables["promises"]
    frame = pd.DataFrame(
        {
            "status": [text(f"handover.status.{s}") for s in known["status"]],
            "customers": [text.number(n) for n in known["customers"]],
            "share": [text.share(v) for v in known["share"]],
        }
    )
    headings = text.headings("handover.promises", "status", "customers", "share")
    message = _said(result, "promises", text)
    return table(frame, headings, name="promises", right=("customers", "share"), message=message)


def overdue(result: Result, text: Text) -> Listing:
    """The promises whose day has passed and that still wait."""
    known = result.tables["overdue"]
    all_rows = known.assign(who=[_by(row, text) for row in known.itertuples()])
    frame = all_rows.head(MAX_ROWS).copy()
    frame["deadline"] = [text.day(day) for day in frame["deadline"]]
    frame["days"] = [text.number(n) for n in frame["days"]]
    mrr = _mrr(frame, result, text)
    headings = text.headings("handover.overdue", "name", "csm", "deadline", "days", "promised", "who", *mrr)
    units = {"mrr": result.settings["currency"]}
    return table(frame, headings, name="overdue", right=("days", "mrr"), all_rows=all_rows, units=units)
