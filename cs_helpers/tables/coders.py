"""Tables of inter-coder agreement: overall, by code, disputed notes, and which roles see which theme."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from cs_helpers.result import Result, Verdict
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.text import Text


def agreement(result: Result, text: Text) -> Listing:
    """The agreement of coders on the themes and viewpoints of a note."""
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
    sentence = text(
        f"interviews.agreement.said_{verdict.code}", notes=text.number(fields["notes"]), alpha=alpha
    )  # fmt: skip
    if "code" not in fields:
        return sentence
    lowest = text(
        "interviews.agreement.least",
        theme=text.theme(fields["code"]),
        alpha=text.number(fields["code_alpha"], 2),
    )
    return text("interviews.agreement.and_least", said=sentence, least=lowest)


def code_agreement(result: Result, text: Text) -> Listing:
    """The agreement of coders on the presence of each theme, lowest first."""
    rows = result.tables["code_agreement"]
    all_rows = rows.assign(
        theme=[text.theme(code) for code in rows["code"]],
        n=rows["notes"],
        seen=rows["present"],
        alike=rows["same"],
        verdict=[text(f"interviews.agreement.{v}") for v in rows["verdict"]],
    )
    frame = all_rows.head(MAX_ROWS).copy()
    frame["n"] = [text.number(n) for n in frame["notes"]]
    for column in ("seen", "alike"):
        frame[column] = [text.share(share) for share in frame[column]]
    frame["kappa"] = [text.number(kappa, 2) for kappa in frame["kappa"]]
    frame["how"] = [text.number_within(r.alpha, r.low, r.high, 2) for r in frame.itertuples()]
    columns = ("theme", "n", "seen", "alike", "kappa", "how", "verdict")
    headings = text.headings("interviews.code_agreement", *columns)
    page = table(frame, headings, name="code_agreement", right=("n", "seen", "alike", "kappa", "how"))
    download = [
        "theme",
        "companies",
        "n",
        "coders",
        "seen",
        "alike",
        "kappa",
        "alpha",
        "low",
        "high",
        "verdict",
    ]
    csv_headings = text.headings("interviews.code_agreement", *download)
    return replace(page, all_rows=all_rows[download].rename(columns=csv_headings))


def disputed(result: Result, text: Text) -> Listing:
    """Notes that coders read differently, with the readings of each coder."""
    rows = result.tables["disputed"]
    all_rows = rows.assign(
        where=[company_label(n, s, text) for n, s in zip(rows["name"], rows["size"], strict=True)],
        readings=[_readings(r, text) for r in rows["readings"]],
    )
    frame = all_rows.head(MAX_ROWS).copy()
    headings = text.headings("interviews.disputed", "where", "text", "readings", "note_id")
    return table(frame, headings, name="disputed", all_rows=all_rows)


def _readings(readings: Iterable[tuple[str, str, str | None]], text: Text) -> str:
    """One line per coder: each viewpoint with its themes."""
    lines = []
    for coder, coder_readings in groupby(readings, key=lambda reading: reading[0]):
        viewpoints = [
            text(
                "interviews.disputed.set", viewpoint=text.label("viewpoint", viewpoint),
                codes=text.join_list([text.theme(code) if code else text("interviews.disputed.none") for _, _, code in viewpoint_readings]),
            )
            for viewpoint, viewpoint_readings in groupby(coder_readings, key=lambda reading: reading[1])
        ]  # fmt: skip
        lines.append(
            text(
                "interviews.disputed.reading",
                coder=coder,
                sets=text("interviews.disputed.between").join(viewpoints),
            )
        )
    return "\n".join(lines)


def company_label(name: str, size: str, text: Text) -> str:
    """The name of a company with its size."""
    return text("interviews.disputed.of", name=name, size=text.label("size", size))


def ledger(result: Result, text: Text) -> Listing:
    """The number of companies by theme and role of the coders who coded it."""
    rows = result.tables["ledger"]
    roles = [c for c in rows.columns if c not in ("code", "companies", "roles")]
    all_rows = rows.assign(code=[text.theme(code) for code in rows["code"]])
    frame = all_rows.head(MAX_ROWS).copy()
    headings = text.headings("interviews.ledger", "code") | {r: text.label("role", r) for r in roles}
    headings |= text.headings("interviews.ledger", "companies")
    for column in (*roles, "companies"):
        frame[column] = [text.companies(v) for v in frame[column]]
    return table(frame, headings, name="ledger", right=(*roles, "companies"), all_rows=all_rows)
