"""Tables of what several coders made of the same notes: how alike, code by code, where not, and who sees what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from cs_helpers.result import Result, Verdict
from cs_helpers.tables.theme import LONGEST, Listing, table
from cs_helpers.text import Text


def agreement(result: Result, text: Text) -> Listing:
    """How far coders agree on the themes and the viewpoints of a note."""
    frame = result.tables["agreement"].copy()
    frame["what_of"] = [_what(r.what, r.measure, text) for r in frame.itertuples()]
    frame["n"] = [text.number(n) for n in frame["notes"]]
    frame["alike"] = [text.share(share) for share in frame["same"]]
    frame["how"] = [text.number_within(r.alpha, r.low, r.high, 2) for r in frame.itertuples()]
    frame["verdict"] = [
        text(f"interviews.agreement.{'reference' if measure == 'jaccard' else verdict}")
        for measure, verdict in zip(frame["measure"], frame["verdict"], strict=True)
    ]
    headings = {"what_of": text("interviews.agreement.columns.what")}
    headings |= text.headings("interviews.agreement", "n", "alike", "how", "verdict")
    message = _sentence(result.verdicts["agreement"], text) if "agreement" in result.verdicts else ""
    return table(frame, headings, name="agreement", right=("n", "alike", "how"), message=message)


def _what(what: str, measure: str, text: Text) -> str:
    if measure == "present":
        return text.label("viewpoint", what)
    return text(f"interviews.agreement.{what}_{measure}")


def _sentence(verdict: Verdict, text: Text) -> str:
    fields = dict(verdict.fields)
    alpha = text.number_within(fields["alpha"], fields["low"], fields["high"], 2)
    said = text(
        f"interviews.agreement.said_{verdict.code}", notes=text.number(fields["notes"]), alpha=alpha
    )  # fmt: skip
    if "code" not in fields:
        return said
    least = text(
        "interviews.agreement.least",
        theme=text.theme(fields["code"]),
        alpha=text.number(fields["code_alpha"], 2),
    )
    return text("interviews.agreement.and_least", said=said, least=least)


def code_agreement(result: Result, text: Text) -> Listing:
    """How far coders agree whether each theme is there, the least agreed first."""
    found = result.tables["code_agreement"]
    whole = found.assign(
        theme=[text.theme(code) for code in found["code"]],
        n=found["notes"],
        seen=found["found"],
        alike=found["same"],
        verdict=[text(f"interviews.agreement.{v}") for v in found["verdict"]],
    )
    frame = whole.head(LONGEST).copy()
    frame["n"] = [text.number(n) for n in frame["notes"]]
    for column in ("seen", "alike"):
        frame[column] = [text.share(share) for share in frame[column]]
    frame["kappa"] = [text.number(kappa, 2) for kappa in frame["kappa"]]
    frame["how"] = [text.number_within(r.alpha, r.low, r.high, 2) for r in frame.itertuples()]
    columns = ("theme", "n", "seen", "alike", "kappa", "how", "verdict")
    headings = text.headings("interviews.code_agreement", *columns)
    page = table(frame, headings, name="code_agreement", right=("n", "seen", "alike", "kappa", "how"))
    every = ("theme", "companies", "n", "coders", "seen", "alike", "kappa", "alpha", "low", "high", "verdict")
    spread = text.headings("interviews.code_agreement", *every)
    return replace(page, whole=whole[list(every)].rename(columns=spread))


def disputed(result: Result, text: Text) -> Listing:
    """Notes that are read differently, with all that each coder read in them."""
    found = result.tables["disputed"]
    whole = found.assign(
        where=[company(n, s, text) for n, s in zip(found["name"], found["size"], strict=True)],
        readings=[_readings(r, text) for r in found["readings"]],
    )
    frame = whole.head(LONGEST).copy()
    headings = text.headings("interviews.disputed", "where", "text", "readings", "note_id")
    return table(frame, headings, name="disputed", whole=whole)


def _readings(readings: Iterable[tuple[str, str, str | None]], text: Text) -> str:
    """A line a coder: each viewpoint with its themes."""
    lines = []
    for coder, own in groupby(readings, key=lambda reading: reading[0]):
        viewpoints = [
            text(
                "interviews.disputed.set", viewpoint=text.label("viewpoint", viewpoint),
                codes=text.join_list([text.theme(code) if code else text("interviews.disputed.none") for _, _, code in given]),
            )
            for viewpoint, given in groupby(own, key=lambda reading: reading[1])
        ]  # fmt: skip
        lines.append(
            text(
                "interviews.disputed.reading",
                coder=coder,
                sets=text("interviews.disputed.between").join(viewpoints),
            )
        )
    return "\n".join(lines)


def company(name: str, size: str, text: Text) -> str:
    """A company with its size."""
    return text("interviews.disputed.of", name=name, size=text.label("size", size))


def ledger(result: Result, text: Text) -> Listing:
    """Which roles see a theme: companies in whose notes coders of each role found it."""
    found = result.tables["ledger"]
    roles = [c for c in found.columns if c not in ("code", "companies", "roles")]
    whole = found.assign(code=[text.theme(code) for code in found["code"]])
    frame = whole.head(LONGEST).copy()
    headings = text.headings("interviews.ledger", "code") | {r: text.label("role", r) for r in roles}
    headings |= text.headings("interviews.ledger", "companies")
    for column in (*roles, "companies"):
        frame[column] = [text.companies(v) for v in frame[column]]
    return table(frame, headings, name="ledger", right=(*roles, "companies"), whole=whole)
