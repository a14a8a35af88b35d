"""Tables of awards and promotions: luck, chances, what the last period says, criteria, and the numbers of members."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.text import Text
from cs_helpers.text.recognition_words import criterion_name, promotion_name

THIRDS = ("small", "mid", "large")


def luck(result: Result, text: Text) -> Listing:
    """The part of the awards that luck alone gives to each third of the caseloads, by rule."""
    rows = result.tables["luck"]
    keys = ["award", "rule"]
    wins = rows.groupby(keys, sort=False)["luck"].sum()
    thirds = rows.groupby([*keys, "third"], sort=False)["luck"].sum().unstack().reindex(columns=THIRDS)
    shares = thirds.div(wins, axis=0).reindex(wins.index)
    small = rows[rows["third"] == "small"].groupby(keys, sort=False).size()
    all_rows = shares.assign(fair=small / rows.groupby(keys, sort=False).size()).reset_index()
    names = _named(all_rows, text)
    page = names.assign(**{c: [text.share(share) for share in names[c]] for c in (*THIRDS, "fair")})
    return _listing("luck", page, names, text, right=(*THIRDS, "fair"))


def chances(result: Result, text: Text) -> Listing:
    """How often the truly best is among the winners, and how many winners are of the truly best third, by rule."""
    rows = _named(result.tables["chances"], text)
    page = rows.assign(
        best=[text.share_within(r.best, r.best_low, r.best_high) for r in rows.itertuples()],
        **{c: [text.share(share) for share in rows[c]] for c in ("fair", "of_third", "of_third_fair")},
    )
    verdict = result.verdicts["chances"]
    message = text(
        f"recognition.chances.{verdict.code}",
        award=text.label("award", verdict.fields["award"]),
        **{name: text.share(value) for name, value in verdict.fields.items() if name != "award"},
    )
    columns = ("best", "fair", "of_third", "of_third_fair")
    return _listing("chances", page, rows, text, right=columns, message=message)


def decided(result: Result, text: Text) -> Listing:
    """What the data of each award's last period says of who won."""
    rows = _named(result.tables["decided"], text)
    page = rows.assign(
        quarters=[text("recognition.decided.period", n=text.number(n)) for n in rows["quarters"]],
        **{c: [text.number(n) for n in rows[c]] for c in ("members", "customers", "events")},
        state=[
            text(f"recognition.decided.{_said(r)}", rivals=text.number(r.rivals), sure=_sure(r.sure, text))
            for r in rows.itertuples()
        ],
    )
    return _listing("decided", page, rows, text, right=("members", "customers", "events"))


def members(result: Result, text: Text) -> Listing:
    """The numbers of each member, a column for each award; sorted by name."""
    rows = result.tables["members"]
    page = pd.DataFrame({"csm": sorted(set(rows["csm"]))})
    headings = text.headings("recognition.members", "csm")
    for award, of_award in rows.groupby("award", sort=False):
        cells = {row.csm: _numbers(row, text) for row in of_award.itertuples()}
        page[str(award)] = [cells.get(csm, "–") for csm in page["csm"]]
        headings[str(award)] = text.label("award", award)
    return replace(
        table(page.head(MAX_ROWS), headings, name="recognition-members", all_rows=page), is_stacked=True
    )


def _numbers(row: Any, text: Text) -> str:
    return text(
        "recognition.members.numbers",
        ratio=text.number_within(row.ratio, row.low, row.high, 2),
        events=text.number(row.events),
        expected=text.amount(row.expected),
        luck=text.share(row.luck),
        standing=text(f"recognition.members.{row.standing}"),
    )


def reach(result: Result, text: Text) -> Listing:
    """The customers that it takes to meet a criterion beyond chance, and how many members have them."""
    rows = result.tables["reach"]
    page = rows.assign(
        promotion=_promotions(result, rows, text),
        criterion=_criteria(rows, text),
        customers=[_customers(r.customers, text) for r in rows.itertuples()],
        able=[text("recognition.criteria.not_shown") if pd.isna(n) else text.number(n) for n in rows["able"]],
        state=[_said_of_reach(r, text) for r in rows.itertuples()],
    )
    return _listing("reach", page, page, text, right=("customers", "able"))


def _said_of_reach(row: Any, text: Text) -> str:
    if row.state == "some" and pd.isna(row.able):
        return text("recognition.reach.said_some_few", members=text.number(row.members))
    able = "" if pd.isna(row.able) else text.number(row.able)
    return text(f"recognition.reach.said_{row.state}", able=able, members=text.number(row.members))


def promotions(result: Result, text: Text) -> Listing:
    """Each member before a promotion: whether all criteria are met, and what is missing; sorted by name."""
    rows = result.tables["promotions"]
    rows = rows.assign(criterion=_criteria(rows, text), promotion_name=_promotions(result, rows, text))
    said = []
    for (_, person), own in rows.groupby(["promotion", "person"], sort=False):
        states = list(own["state"])
        worst = next((s for s in ("not_met", "cannot_be_told", "not_known") if s in states), "met")
        missing = [
            text("recognition.promotions.missing", criterion=r.criterion, state=_state(r, text))
            for r in own.itertuples()
            if r.state != "met"
        ]
        said.append(
            {
                "promotion": own["promotion_name"].iloc[0],
                "person": person,
                "state": text(f"recognition.state.{worst}"),
                "missing": "\n".join(missing) or "–",
            }
        )
    page = pd.DataFrame(said, columns=["promotion", "person", "state", "missing"])
    return _listing("promotions", page, page, text)


def _state(row: Any, text: Text) -> str:
    state = text(f"recognition.state.{row.state}")
    if row.value != row.value:
        return state
    digits = 0 if row.kind == "months" else 1 if row.kind == "element" else 2
    value = text.number_within(row.value, row.low, row.high, digits)
    return text("recognition.promotions.value", state=state, value=value)


def _customers(number: float, text: Text) -> str:
    if np.isinf(number):
        return text("recognition.reach.no_number")
    return text.number(np.ceil(number)) if number else text("recognition.reach.none")


def _said(row: Any) -> str:
    """The sentence on an award; leadership is not told how many one or two are."""
    return "said_by_luck_few" if row.state == "by_luck" and row.rivals != row.rivals else f"said_{row.state}"


def _sure(share: float, text: Text) -> str:
    """A probability; what rounds to all or nothing is not called so."""
    return "–" if share != share else text.share(min(max(share, 0.01), 0.99))


def _named(rows: pd.DataFrame, text: Text) -> pd.DataFrame:
    """The rows with the names of awards and rules."""
    named = rows.assign(award=[text.label("award", award) for award in rows["award"]])
    if "rule" in named:
        named["rule"] = [text(f"recognition.rule.{rule}") for rule in rows["rule"]]
    return named


def _criteria(rows: pd.DataFrame, text: Text) -> list[str]:
    return [criterion_name(r.kind, r.what, r.at_least, text) for r in rows.itertuples()]


def _promotions(result: Result, rows: pd.DataFrame, text: Text) -> list[str]:
    return [promotion_name(name, result.settings["grades"], text) for name in rows["promotion"]]


def _listing(
    question: str,
    page: pd.DataFrame,
    all_rows: pd.DataFrame,
    text: Text,
    *,
    right: tuple[str, ...] = (),
    message: str = "",
) -> Listing:
    key = f"recognition.{question}"
    names = [column for column in page if text.has(f"{key}.columns.{column}")]
    ordered = [c for c in dict.fromkeys((*_ORDER, *names)) if c in names]
    headings = text.headings(key, *ordered)
    listing = table(
        page.head(MAX_ROWS),
        headings,
        name=f"recognition-{question}",
        right=right,
        all_rows=all_rows,
        message=message,
    )
    return replace(listing, is_stacked=question in _SENTENCES)


#: tables with a column of sentences, which on a phone would scroll out of sight
_SENTENCES = ("decided", "reach", "promotions")


_ORDER = (
    "award", "promotion", "rule", "csm", "person", "criterion", "quarters", "members", "small", "mid", "large", "best", "customers",
    "events", "expected", "ratio", "luck", "standing", "able", "fair", "of_third", "of_third_fair", "state", "missing",
)  # fmt: skip
