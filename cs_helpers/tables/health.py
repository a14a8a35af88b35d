"""Tables of health: red customers, why each has its score, who moved and why, CSMs, and what to talk about."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cs_helpers.contract.health import HealthMeasure, MeasureRule
from cs_helpers.contract.products import Product
from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.text import Text

#: so many of the measures that moved a customer stand on the page; all are in the download
MOVED_BY = 3


def scores(result: Result, text: Text) -> Listing:
    """Red customers by MRR (by score without MRR), with the measure that changed each score most and its missing measures."""
    scored = result.tables["scores"]
    mrr_columns = ("mrr",) if "mrr" in scored else ()
    red = scored[scored["band"] == "red"].sort_values(
        [*mrr_columns, "score"], ascending=[*(False for _ in mrr_columns), True]
    )
    unknown_for_all = (
        set.intersection(*(set(unknown) for unknown in scored["unknown"])) if len(scored) else set()
    )
    all_rows = red.assign(
        size=[text.label("size", s) for s in red["size"]],
        change=[
            text("health.scores.new", score=text.number(row.score))
            if row.previous != row.previous
            else f"{text.number(row.previous)} → {text.number(row.score)}"
            for row in red.itertuples()
        ],
        without=[
            text.join_list([text.label("measure", m) for m in unknown if m not in unknown_for_all]) or "–"
            for unknown in red["unknown"]
        ],
        why=[_driver(row.driver, row.driver_kind, row.driver_points, text) for row in red.itertuples()],
    )
    frame = _with_money(all_rows.head(MAX_ROWS), result, text)
    headings = text.headings("health.scores", "name", "size", *mrr_columns, "change", "why", "without")
    return table(
        frame, headings, name="scores", right=("mrr", "change"), all_rows=all_rows, units={"mrr": result.settings["currency"]},
        title="title" if mrr_columns else "title_unpaid",
    )  # fmt: skip


def explained(result: Result, text: Text) -> Listing:
    """What each measure contributes to the score of each customer, red ones with the highest MRR first."""
    rows = result.tables["explained"]
    measures = list(dict.fromkeys(rows["measure"]))
    headings = text.headings("health.explained", "name", "mrr", "score")
    names = {m: text.label("measure", m) for m in measures}
    wide = rows.groupby("account_id", sort=False)[[c for c in ("name", "mrr", "score") if c in rows]].first()
    page = wide[["name", "score"]].head(MAX_ROWS).copy()
    page["score"] = [text.number(v, 1) for v in page["score"]]
    currency = result.settings["currency"]
    with_unit = {"mrr": f"{headings['mrr']} ({currency})"} if currency else {}
    all_rows = wide.rename(columns={**headings, **with_unit})
    for measure in measures:
        part = rows[rows["measure"] == measure].set_index("account_id").reindex(wide.index)
        page[measure] = [_contribution(row, text) for row in part.head(MAX_ROWS).itertuples()]
        for column in ("value", "points", "weight", "contribution", "change"):
            heading = text(
                "health.explained.download",
                measure=names[measure],
                what=text(f"health.explained.what.{column}"),
            )
            all_rows[heading] = part[column].round(3)  # fmt: skip
    page = page.astype("str").rename(columns=headings | names)
    # cells of measures wrap, as those of numbers do not
    return Listing(
        "explained", page, frozenset({headings["score"]}), all_rows, message=text("health.explained.said")
    )


def _contribution(row: Any, text: Text) -> str:
    """A cell: what a measure is, what it gives to the score, and the most that it could give."""
    if row.kind != row.kind:  # left out by the rule of the customer's segment
        return text("health.explained.left_out")
    if row.contribution != row.contribution:
        return "–"
    fields = {
        "part": text.number(row.contribution, 1),
        "whole": text.number(row.contribution + row.lost, 1),
        "value": text("health.explained.not_known")
        if row.value != row.value
        else text.number(row.value, 0 if float(row.value).is_integer() else 1),
    }
    return text("health.explained.cell", **fields)


def levels(result: Result, text: Text) -> Listing:
    """The health of the customers at each level: the score, its two parts apart, and who is red."""
    known, said = result.tables["levels"], result.verdicts["levels"]
    named = known.assign(
        level=[
            text.label("level", level) if level >= 0 else text("health.levels.unknown")
            for level in known["level"]
        ]
    )
    counts = ("customers", "red", "yellow", "green", "unscored")
    page = named.assign(
        median=[text.number_within(r.median, r.median_low, r.median_high) for r in known.itertuples()],
        share=[text.share_within(r.share, r.low, r.high) for r in known.itertuples()],
        **{c: [text.number(v) for v in known[c]] for c in (*counts, "quantitative", "qualitative")},
    )
    shown = (
        "customers",
        "median",
        "quantitative",
        "qualitative",
        "red",
        "share",
        "yellow",
        "green",
        "unscored",
    )
    fields = {
        name: text.share(value) if "share" in name else text.number(value)
        for name, value in said.fields.items()
    }
    if "level" in said.fields:
        fields["level"] = text.label("level", said.fields["level"])
    message = text(f"health.levels.{said.code}", **fields)
    headings = text.headings("health.levels", "level", *shown)
    return table(page, headings, name="health-levels", right=shown, all_rows=named, message=message)


def fallen(result: Result, text: Text) -> Listing:
    """Customers whose score fell most since the quarter before, and the measures that pulled it down."""
    return _movers(result, text, "fallen")


def risen(result: Result, text: Text) -> Listing:
    """Customers whose score rose most since the quarter before, and the measures that raised it."""
    return _movers(result, text, "risen")


def _movers(result: Result, text: Text, question: str) -> Listing:
    rows = result.tables[question]
    mrr_columns = ("mrr",) if "mrr" in rows else ()

    def why(row: Any, most: int) -> str:
        parts = [
            text("health.fallen.by", measure=text.label("measure", m), points=_signed(p))
            for m, p in list(zip(row.measures, row.by_measure, strict=True))[:most]
        ]
        return text.join_list(parts)

    all_rows = rows.assign(
        size=[text.label("size", s) for s in rows["size"]],
        moved=[f"{text.number(r.previous)} → {text.number(r.score)}" for r in rows.itertuples()],
        bands=[
            text.label("band", r.band)
            if r.band == r.band_before
            else f"{text.label('band', r.band_before)} → {text.label('band', r.band)}"
            for r in rows.itertuples()
        ],
        why=[why(row, len(row.measures)) for row in rows.itertuples()],
    )
    frame = _with_money(all_rows.head(MAX_ROWS), result, text)
    frame["why"] = [why(row, MOVED_BY) for row in rows.head(MAX_ROWS).itertuples()]
    headings = text.headings("health.fallen", "name", "size", *mrr_columns, "moved", "bands", "why")
    return table(
        frame, headings, name=question, right=("mrr", "moved"), all_rows=all_rows,
        units={"mrr": result.settings["currency"]}, title="title" if mrr_columns else "title_unpaid",
    )  # fmt: skip


def csms(result: Result, text: Text) -> Listing:
    """The red customers of each CSM against those that its mix of customers leads to expect."""
    rows = result.tables["csms"]
    all_rows = rows.assign(
        who=[text.label("csm", who) for who in rows["csm"]],
        expected=rows["expected"].round(1),
        share=rows["share"].round(3),
        verdict=[text(f"health.csms.{verdict}") for verdict in rows["verdict"]],
    )
    frame = all_rows.head(MAX_ROWS).copy()
    for column, digits in (("customers", 0), ("red", 0), ("expected", 1)):
        frame[column] = [text.number(v, digits) for v in frame[column]]
    frame["share"] = [text.share_within(r.share, r.low, r.high) for r in rows.head(MAX_ROWS).itertuples()]
    headings = text.headings("health.csms", "who", "customers", "red", "share", "expected", "verdict")
    return table(
        frame, headings, name="csms", right=("customers", "red", "share", "expected"), all_rows=all_rows
    )


def disagree(result: Result, text: Text) -> Listing:
    """Customers on whom the quantitative and the qualitative measures disagree: what to talk about with their CSM."""
    rows = result.tables["disagree"]
    all_rows = rows.assign(
        size=[text.label("size", s) for s in rows["size"]],
        who=["–" if who != who else text.label("csm", who) for who in rows["csm"]],
        side=[text(f"health.disagree.{side}") for side in rows["side"]],
        quantitative=rows["quantitative"].round(1),
        qualitative=rows["qualitative"].round(1),
    )
    frame = _with_money(all_rows.head(MAX_ROWS), result, text)
    for column in ("quantitative", "qualitative"):
        frame[column] = [text.number(v) for v in frame[column]]
    mrr_columns = ("mrr",) if "mrr" in rows else ()
    headings = text.headings(
        "health.disagree", "name", "size", *mrr_columns, "who", "quantitative", "qualitative", "side"
    )
    return table(
        frame, headings, name="disagree", right=("mrr", "quantitative", "qualitative"), all_rows=all_rows,
        units={"mrr": result.settings["currency"]},
    )  # fmt: skip


def definitions(product: Product, text: Text) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """How the score is made: the measures and the rules of segments, in the order of the product file."""
    health = product.health
    rows = [_definition(item, None, text) for item in health.measures]
    by_id = {m.id: m for m in health.measures}
    for rule in health.segments:
        for name, change in rule.measures.items():
            measure, *others = _definition(by_id[name], change, text)
            heading = text(
                "health.definitions.in_segment", segment=text.segment(rule.segment), measure=measure
            )
            rows.append((heading, *others))
    bounds = text(
        "health.definitions.bounds",
        yellow=text.number(health.yellow_from),
        green=text.number(health.green_from),
        version=text.number(health.version),
    )
    rows.append((bounds, *("" for _ in rows[0][1:])))
    return ("measure", "kind", "red_to_green", "weight", "missing", "stale"), rows


def _definition(item: HealthMeasure, change: MeasureRule | None, text: Text) -> tuple[str, ...]:
    """A measure as it counts, with what a rule changes of it."""

    def setting(what: str) -> Any:
        own = getattr(change, what, None)
        return getattr(item, what) if own is None else own

    weight = setting("weight")
    return (
        item.name.in_language(text.language),
        text(f"health.kind.{item.kind}"),
        f"{text.number(setting('red'), _digits(setting('red')))} → {text.number(setting('green'), _digits(setting('green')))}",
        text.number(weight, _digits(weight)) if weight else text("health.explained.left_out"),
        text(f"health.definitions.{setting('missing')}"),
        text("health.definitions.days", n=text.number(item.stale_after_days))
        if item.stale_after_days
        else "–",
    )


def _digits(value: float) -> int:
    return 0 if float(value).is_integer() else 1


def _driver(driver: str, kind: str, points: float, text: Text) -> str:
    if driver != driver:
        return "–"
    return text(f"health.scores.driver.{kind}", measure=text.label("measure", driver), points=_signed(points))


def _signed(points: float) -> str:
    return f"{points:+.0f}".replace("-", "−")


def _with_money(rows: pd.DataFrame, result: Result, text: Text) -> pd.DataFrame:
    """A copy with MRR as amounts, where there is any."""
    frame = rows.copy()
    if "mrr" in frame:
        frame["mrr"] = [text.money(v, result.settings["currency"]) for v in frame["mrr"]]
    return frame
