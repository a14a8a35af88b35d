"""Tables of requests to the product: what is waited for, by whom, what became of it, and who has not been told."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.text import Text
from cs_helpers.text.request_words import loop_label

_NAME = "product_feedback"


def ranking(result: Result, text: Text) -> Listing:
    """The requests that are not in the product yet, those of most customers first."""
    against = _against_the_first(result.tables["ranking"], text)
    known = _named(result.tables["ranking"], text).assign(
        status=lambda t: [text(f"{_NAME}.statuses.{status}") for status in t["status"]],
        verdict=[text.join_list(orders) for orders in against],
        raised=result.tables["ranking"]["raised_on"],
    )
    page = known.head(MAX_ROWS)
    page = page.assign(
        companies=[text.number(v) for v in page["companies"]],
        share=[text.share_within(r.share, r.low, r.high) for r in page.itertuples()],
        mrr=_money(page["mrr"], result, text),
        lost=[text.companies(v) for v in page["lost"]],
        raised=[text.day(day) for day in page["raised"]],
        verdict=["\n".join(orders) for orders in against[: len(page)]],
    )
    amounts = _amounts(result)
    shown = ("request", "status", "companies", "share", *amounts, "lost", "raised", "verdict")
    return table(
        page, text.headings(f"{_NAME}.ranking", *shown), name="requests", right=("companies", "share", *amounts, "lost"),
        all_rows=known, units=_units(amounts, result),
    )  # fmt: skip


def _against_the_first(ranking: pd.DataFrame, text: Text) -> list[list[str]]:
    """The verdicts on each request: by number and, where the first by MRR is known, by MRR."""
    numbers = [
        text(f"{_NAME}.ranking.row.{'fewer' if fewer else 'first' if n == 0 else 'near'}")
        for n, fewer in enumerate(ranking["fewer"])
    ]
    if not ((ranking["by_mrr"] == 1) & (ranking["mrr"] > 0)).any():
        return [[number] for number in numbers]
    amounts = [
        text(f"{_NAME}.ranking.row_mrr.{'less' if less else 'first' if place == 1 else 'near'}")
        for place, less in zip(ranking["by_mrr"], ranking["less"], strict=True)
    ]
    return [
        [number, text(f"{_NAME}.ranking.by_mrr", verdict=amount)]
        for number, amount in zip(numbers, amounts, strict=True)
    ]


def by_size(result: Result, text: Text) -> Listing:
    """Whether companies of some size ask for a request more than others, what is least likely chance first."""
    known = _named(result.tables["by_size"], text)
    known = known.assign(
        told=[_by_size(m, of, text) for m, of in zip(known["mentioned"], known["of"], strict=True)],
        verdict=[text(f"{_NAME}.by_size.{verdict}") for verdict in known["verdict"]],
        sure=known["p"],
    )
    page = known.head(MAX_ROWS)
    page = page.assign(sure=[_p_value(p, text) for p in page["sure"]])
    shown = ("request", "told", "sure", "verdict")
    return table(
        page,
        text.headings(f"{_NAME}.by_size", *shown),
        name="requests-by-size",
        right=("sure",),
        all_rows=known,
    )


def _p_value(p: float, text: Text) -> str:
    return (
        text("page.hidden") if p != p else f"< {text.number(0.001, 3)}" if p < 0.0005 else text.number(p, 3)
    )


def _by_size(mentioned: dict[str, int | None], of: dict[str, int | None], text: Text) -> str:
    return text.join_list(
        [
            text(f"{_NAME}.by_size.some", segment=text.label("size", size), told=text.companies(n), of=text.companies(of[size]))
            for size, n in mentioned.items()
        ]
    )  # fmt: skip


def status(result: Result, text: Text) -> Listing:
    """What has become of all requests."""
    known = result.tables["status"]
    named = known.assign(status=[text(f"{_NAME}.statuses.{status}") for status in known["status"]])
    page = named.assign(
        requests=[text.number(v) for v in known["requests"]],
        companies=[text.companies(v) for v in known["companies"]],
        mrr=_money(known["mrr"], result, text),
        oldest=["–" if day is pd.NaT else text.day(day) for day in known["oldest"]],
    )
    amounts = _amounts(result) if result.settings["has_askers"] else ()
    who = ("companies", *amounts) if result.settings["has_askers"] else ()
    shown = ("status", "requests", *who, "oldest")
    return table(
        page, text.headings(f"{_NAME}.status", *shown), name="request-status", right=("requests", *who),
        all_rows=named, units=_units(amounts, result),
    )  # fmt: skip


def answers(result: Result, text: Text) -> Listing:
    """How long requests wait for an answer, and customers for word of it."""
    known = result.tables["waits"]
    named = known.assign(wait=[text(f"{_NAME}.answers.{wait}") for wait in known["wait"]])
    within = ("within_30", "within_90", "within_180")
    page = named.assign(
        **{c: [text.number(v) for v in known[c]] for c in ("n", "over")},
        median=[
            text.number_within(r.median, r.low, r.high) if r.median == r.median else text(f"{_NAME}.answers.not_reached")
            for r in known.itertuples()
        ],
        **{c: [text.share(v) for v in known[c]] for c in within},
    )  # fmt: skip
    shown = ("wait", "n", "over", "median", *within)
    return table(
        page, text.headings(f"{_NAME}.answers", *shown), name="answers", right=shown[1:], all_rows=named
    )


def closed_loop(result: Result, text: Text) -> Listing:
    """The share of customers that were told what has become of what they asked for, by size and where it was heard."""
    known = result.tables["closed_loop"]
    named = known.assign(
        segment=[loop_label(d, s, text) for d, s in zip(known["dimension"], known["segment"], strict=True)],
        verdict=["" if v == "all" else text(f"{_NAME}.closed_loop.row.{v}") for v in known["verdict"]],
    )
    page = named.assign(
        owed=[text.number(v) for v in known["owed"]],
        told=[text.number(v) for v in known["told"]],
        companies=[text.number(v) for v in known["companies"]],
        share=[text.share_within(r.share, r.low, r.high) for r in known.itertuples()],
    )
    shown = ("segment", "owed", "told", "companies", "share", "verdict")
    return table(
        page,
        text.headings(f"{_NAME}.closed_loop", *shown),
        name="closed-loop",
        right=shown[1:5],
        all_rows=named,
    )


def not_told(result: Result, text: Text) -> Listing:
    """The answered requests whose customers have not been told."""
    return _untold(result, "not_told", "requests-not-told", text)


def already_there(result: Result, text: Text) -> Listing:
    """What customers ask for although the product does it already."""
    return _untold(result, "already_there", "requests-already-there", text)


def _untold(result: Result, question: str, name: str, text: Text) -> Listing:
    known = _named(result.tables[question], text)
    known = known.assign(status=[text(f"{_NAME}.statuses.{status}") for status in known["status"]])
    page = known.head(MAX_ROWS)
    page = page.assign(
        since=_days(page["since"], text),
        companies=[text.number(v) for v in page["companies"]],
        of=[text.number(v) for v in page["of"]],
        mrr=_money(page["mrr"], result, text),
    )
    amounts = _amounts(result)
    shown = ("request", "status", "since", "of", "companies", *amounts)
    return table(
        page, text.headings(f"{_NAME}.{question}", *shown), name=name, right=("of", "companies", *amounts), all_rows=known,
        units=_units(amounts, result),
    )  # fmt: skip


def to_tell(result: Result, text: Text) -> Listing:
    """The customers that are owed word of a request, those with most MRR first."""
    known = _named(result.tables["to_tell"], text)
    known = known.assign(
        status=[
            text(f"{_NAME}.to_tell.already") if later else text(f"{_NAME}.statuses.{status}")
            for status, later in zip(known["status"], known["is_later"], strict=True)
        ]
    )
    page = known.head(MAX_ROWS)
    page = page.assign(
        mrr=_money(page["mrr"], result, text),
        asked_on=_days(page["asked_on"], text),
        days=[text.number(v) for v in page["days"]],
    )
    amounts = _amounts(result)
    shown = ("name", "csm", *amounts, "request", "status", "asked_on", "days")
    all_rows = known.assign(name=known["name"].fillna(known["account_id"]))
    return table(
        page.assign(name=page["name"].fillna(page["account_id"])), text.headings(f"{_NAME}.to_tell", *shown), name="to-tell",
        right=(*amounts, "days"), all_rows=all_rows, units=_units(amounts, result),
    )  # fmt: skip


def not_handed(result: Result, text: Text) -> Listing:
    """Themes of interviews, against the requests with that theme."""
    known = result.tables["not_handed"]
    named = known.assign(
        theme=[text.theme(code) for code in known["code"]],
        state=[text(f"{_NAME}.not_handed.{state}") for state in known["state"]],
    )
    counts = ("companies", "request", "solution", "handed", "missing")
    page = named.head(MAX_ROWS)
    page = page.assign(
        **{c: [text.companies(v) for v in page[c]] for c in counts},
        requests=[text.number(v) for v in page["requests"]],
        mrr=_money(page["mrr"], result, text),
    )
    amounts = _amounts(result)
    shown = ("theme", *counts, *amounts, "requests", "state")
    return table(
        page, text.headings(f"{_NAME}.not_handed", *shown), name="not-handed", right=shown[1:-1], all_rows=named,
        units=_units(amounts, result),
    )  # fmt: skip


def not_handed_companies(result: Result, text: Text) -> Listing:
    """The companies that told a theme and have no request of it in their name; themes without any request first."""
    known = result.tables["not_handed_companies"]
    known = known.assign(
        theme=[text.theme(code) for code in known["code"]],
        name=known["name"].fillna(known["account_id"]),
        viewpoint=[text.label("viewpoint", v) for v in known["viewpoint"]],
        act=[text(f"{_NAME}.not_handed_companies.{'add' if n else 'write'}") for n in known["requests"]],
    )
    page = known.head(MAX_ROWS)
    page = page.assign(held_on=_days(page["held_on"], text), mrr=_money(page["mrr"], result, text))
    amounts = _amounts(result)
    shown = ("theme", "name", "csm", *amounts, "viewpoint", "held_on", "act")
    return table(
        page, text.headings(f"{_NAME}.not_handed_companies", *shown), name="not-handed-companies", right=amounts,
        all_rows=known, units=_units(amounts, result),
    )  # fmt: skip


def _named(frame: pd.DataFrame, text: Text) -> pd.DataFrame:
    """The rows with the name of the request."""
    if not {"title", "code"} <= set(frame):  # left out where names of customers are shown
        return frame.assign(request=frame["request_id"])
    names = zip(frame["title"], frame["code"], frame["request_id"], strict=True)
    return frame.assign(request=[text.request(*name) for name in names])


def _money(values: pd.Series, result: Result, text: Text) -> list[str]:
    return [text.money(v, result.settings["currency"]) for v in values]


def _days(values: pd.Series, text: Text) -> list[str]:
    return ["–" if day is pd.NaT else text.day(day) for day in values]


def _amounts(result: Result) -> tuple[str, ...]:
    return ("mrr",) if result.settings["by_contracts"] else ()


def _units(amounts: Sequence[str], result: Result) -> dict[str, str]:
    return dict.fromkeys(amounts, result.settings["currency"])
