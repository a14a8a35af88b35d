"""Tables of touches: their mix, what each level and CSM has, who gets less than planned, and hours of other mixes."""

from __future__ import annotations

import pandas as pd

from cs_helpers.result import Result
from cs_helpers.rounding import rounded
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.text import Text


def mix(result: Result, text: Text) -> Listing:
    """The share of each touch model, of four quarters and of this one: of all customers, and of levels not as declared."""
    by_period = dict(tuple(result.tables["mix"].groupby("period", sort=False)))
    quarter = by_period["quarter"].set_index(["level", "touch_model"])[["share", "low", "high"]]
    known = by_period["year"].join(quarter.add_prefix("quarter_"), on=["level", "touch_model"])
    known = known[known["touches"] > 0].rename(columns={"count": "made"})
    said = known[(known["level"] == "all") | known["verdict"].isin(["more", "fewer"])].head(MAX_ROWS)

    def named(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(
            level=[text.label("level", level) for level in rows["level"]],
            touch_model=[text.label("touch_model", model) for model in rows["touch_model"]],
            count=rows["made"],
            quarter=rows["quarter_share"],
            verdict=[text(f"touch_mix.mix.row.{verdict}") for verdict in rows["verdict"]],
        )

    page = named(said).assign(
        count=[
            text("touch_mix.mix.count", count=text.number(row.made), touches=text.number(row.touches))
            for row in said.itertuples()
        ],
        share=[text.share_within(row.share, row.low, row.high) for row in said.itertuples()],
        quarter=[
            text.share_within(row.quarter_share, row.quarter_low, row.quarter_high)
            for row in said.itertuples()
        ],
        declared=[text.share(value) for value in said["declared"]],
    )
    headings = text.headings(
        "touch_mix.mix", "level", "touch_model", "count", "share", "quarter", "declared", "verdict"
    )
    right = ("count", "share", "quarter", "declared")
    return table(page, headings, name="touch-mix", right=right, all_rows=named(known))


def models(result: Result, text: Text) -> Listing:
    """The touch models: the customers of each, the touches and hours of the quarter, and what most touches were about."""
    known = result.tables["models"]
    hours = ("hours",) if result.settings["has_hours"] else ()
    named = known.assign(
        touch_model=[text.label("touch_model", model) for model in known["touch_model"]],
        subjects=[
            text.join_list([text.subject(one) for one in subjects.splitlines()]) or "–"
            for subjects in known["subjects"]
        ],
    )
    page = named.assign(
        customers=[text.number(v) for v in known["customers"]],
        touches=[text.number(v) for v in known["touches"]],
        hours=[text.number(v, 1) for v in known["hours"]],
    )
    right = ("customers", "touches", *hours)
    headings = text.headings("touch_mix.models", "touch_model", *right, "subjects")
    return table(page, headings, name="touch-models", right=right, all_rows=named)


def levels(result: Result, text: Text) -> Listing:
    """Touches in the quarter by level: per customer, and the hours where they are declared."""
    known = result.tables["levels"]
    hours = ("hours", "plan_hours") if result.settings["has_hours"] else ()
    named = known.assign(level=[text.label("level", level) for level in known["level"]])
    page = named.assign(
        customers=[text.number(v) for v in known["customers"]],
        touches=[text.number(v) for v in known["touches"]],
        rate=[text.number_within(r.rate, r.low, r.high, 1) for r in known.itertuples()],
        **{column: [text.number(v) for v in known[column]] for column in hours},
    )
    headings = text.headings("touch_mix.levels", "level", "customers", "touches", "rate", *hours)
    right = ("customers", "touches", "rate", *hours)
    return table(page, headings, name="touch-levels", right=right, all_rows=named)


def below_plan(result: Result, text: Text) -> Listing:
    """How many customers got fewer touches than planned, or none at all, by level or touch model."""
    known = result.tables["below_plan"]
    counts = ["planned", "below", "missing", "beyond"] if result.settings["has_plan"] else ["customers"]
    amount = ("below_mrr",) if result.settings["has_plan"] else ("untouched_mrr",)
    amounts = amount if result.settings["by_contracts"] else ()
    currency = result.settings["currency"]
    named = known.assign(group=[text.label(result.settings["by"], group) for group in known["group"]])
    columns = [*counts, "untouched"]
    page = named.assign(
        **{column: [text.number(v) for v in known[column]] for column in columns},
        **{column: [text.money(v, currency) for v in known[column]] for column in amounts},
    )
    shown = ("group", *columns, *amounts)
    return table(
        page, text.headings("touch_mix.below_plan", *shown), name="below-plan", right=(*columns, *amounts),
        all_rows=named, units=dict.fromkeys(amounts, currency),
    )  # fmt: skip


def below_plan_customers(result: Result, text: Text) -> Listing:
    """The customers who got fewer touches than planned (without a plan: none), with the highest MRR first."""
    known = result.tables["below_plan_customers"]
    has_plan, currency = result.settings["has_plan"], result.settings["currency"]
    amounts = ("mrr",) if result.settings["by_contracts"] else ()
    all_rows = known.assign(group=[text.label(result.settings["by"], group) for group in known["group"]])
    counts = ("got", "due") if has_plan else ()
    page = all_rows.head(MAX_ROWS)
    page = page.assign(
        **{column: [text.number(v) for v in page[column]] for column in (*counts, "quarters")},
        **{column: [text.money(v, currency) for v in page[column]] for column in amounts},
        last_touch=["–" if day is pd.NaT else text.day(day) for day in page["last_touch"]],
    )
    shown = ("name", "group", "csm", *amounts, *counts, "quarters", "last_touch")
    return table(
        page, text.headings("touch_mix.below_plan_customers", *shown), name="below-plan-customers",
        right=(*amounts, *counts, "quarters"), all_rows=all_rows, units=dict.fromkeys(amounts, currency),
    )  # fmt: skip


def csms(result: Result, text: Text) -> Listing:
    """The touches and hours of each CSM in the quarter, and what the plan needs for the customers in their charge."""
    known = result.tables["csms"]
    hours = ("hours", "plan_hours") if result.settings["has_hours"] else ()
    currency = result.settings["currency"]
    amounts = ("mrr",) if result.settings["by_contracts"] else ()
    named = known.assign(csm=[csm or text("touch_mix.csms.none") for csm in known["csm"]])
    page = named.head(MAX_ROWS)
    page = page.assign(
        customers=[text.number(v) for v in page["customers"]],
        touches=[text.number(v) for v in page["touches"]],
        **{column: [text.money(v, currency) for v in page[column]] for column in amounts},
        **{column: [text.number(v, 1) for v in page[column]] for column in hours},
    )
    shown = ("csm", "customers", *amounts, "touches", *hours)
    return table(
        page, text.headings("touch_mix.csms", *shown), name="touch-csms", right=shown[1:], all_rows=named,
        units=dict.fromkeys(amounts, currency),
    )  # fmt: skip


def changed_mix(result: Result, text: Text) -> Listing:
    """The hours of the quarter's touches, and of what the plan and other mixes would need."""
    known = result.tables["changed_mix"]
    named = known.assign(change=[text(f"touch_mix.changed_mix.{change}") for change in known["change"]])
    now = rounded(known.loc[known["change"] == "now", "hours"].iloc[0])
    page = named.assign(
        touches=[text.number(v) for v in known["touches"]],
        hours=[text.number(v) for v in known["hours"]],
        difference=["–" if c == "now" else _signed(int(rounded(h) - now), text) for c, h in zip(known["change"], known["hours"], strict=True)],
    )  # fmt: skip
    right = ("touches", "hours", "difference")
    return table(
        page, text.headings("touch_mix.changed_mix", "change", *right), name="changed-mix", right=right, all_rows=named
    )  # fmt: skip


def _signed(value: int, text: Text) -> str:
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    return f"{sign}{text.number(abs(value))}"
