"""Tables of revenue: movements by month, retention, segments, what growth costs, and lifetime values."""

from __future__ import annotations

import pandas as pd

from cs_helpers.customers.movements import MOVEMENTS
from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.tables.units import format_value
from cs_helpers.text import Text
from cs_helpers.text.revenue_verdict import revenue_verdict


def _message(result: Result, text: Text, question: str) -> str:
    verdict = result.verdicts[question]
    return revenue_verdict(text, question, verdict.code, verdict.fields, result.settings.get("currency", ""))


def movements(result: Result, text: Text) -> Listing:
    """The movements of each month, the latest first, from its opening to its closing MRR."""
    rows = result.tables["movements"].iloc[::-1].reset_index(drop=True)
    currency = result.settings["currency"]
    kinds = [kind for kind in MOVEMENTS if kind != "not_recorded" or rows[kind].any()]
    amounts = ["opening", *kinds, "closing"]
    all_rows = rows.assign(month=rows["month"].dt.strftime("%Y-%m"))
    frame = all_rows.copy()
    for column in amounts:
        frame[column] = [_signed(v, text, plain=column in ("opening", "closing")) for v in rows[column]]
    frame["customers"] = [text.number(v) for v in rows["customers"]]
    headings = text.headings("revenue.movements", "month", *amounts, "customers")
    return table(
        frame, headings, name="movements", right=(*amounts, "customers"), all_rows=all_rows,
        units=dict.fromkeys(amounts, currency), message=text("revenue.movements.message", currency=currency),
    )  # fmt: skip


def _signed(amount: float, text: Text, *, plain: bool) -> str:
    if not plain and not amount:
        return "–"
    sign = "" if plain else "+" if amount > 0 else "−"
    return f"{sign}{text.number(abs(amount))}"


def retention(result: Result, text: Text) -> Listing:
    """NRR, GRR, logo churn and quick ratio of the quarter and of twelve months."""
    rows, currency = result.tables["retention"], result.settings["currency"]
    frame = rows.assign(
        when=[text(f"revenue.periods.{p}") for p in rows["period"]],
        start=[text.number(v) for v in rows["customers"]],
        money=[text.money(v, currency) for v in rows["mrr"]],
        **{name: _within(rows, name, text) for name in ("nrr", "grr", "logo_churn")},
        quick=[
            text.number_within(r.quick_ratio, r.quick_ratio_low, r.quick_ratio_high, 1)
            for r in rows.itertuples()
        ],
    )
    columns = ("when", "start", "money", "nrr", "grr", "logo_churn", "quick")
    headings = text.headings("revenue.retention", *columns)
    return table(
        frame, headings, name="retention", right=columns[1:], message=_message(result, text, "retention")
    )


def clear_segments(result: Result, text: Text) -> Listing:
    """The segments that lost clearly more or fewer customers than the others."""
    rows = result.tables["clear_segments"]
    all_rows = rows.assign(
        by=[text.label("segment", d) for d in rows["dimension"]],
        what=[text.label(d, s) for d, s in zip(rows["dimension"], rows["segment"], strict=True)],
        start=rows["customers"],
        gone=rows["lost"],
        **{name: rows[name].round(4) for name in ("logo_churn", "others", "nrr", "grr")},
        differs=[text(f"revenue.differs.{v}") for v in rows["verdict"]],
    )
    frame = all_rows.head(MAX_ROWS).copy()
    for name in ("logo_churn", "nrr", "grr"):
        frame[name] = _within(rows.head(MAX_ROWS), name, text)
    frame["others"] = [text.share(v) for v in frame["others"]]
    for name in ("start", "gone"):
        frame[name] = [text.number(v) for v in frame[name]]
    columns = ("by", "what", "start", "gone", "logo_churn", "others", "differs", "nrr", "grr")
    headings = text.headings("revenue.clear_segments", *columns)
    right = ("start", "gone", "logo_churn", "others", "nrr", "grr")
    return table(frame, headings, name="clear_segments", right=right, all_rows=all_rows)


def _within(rows: pd.DataFrame, name: str, text: Text) -> list[str]:
    values = rows[[name, f"{name}_low", f"{name}_high"]].itertuples(index=False, name=None)
    return [text.share_within(*row) for row in values]


def profitability(result: Result, text: Text) -> Listing:
    """The ratios of revenue and costs over twelve months, and the amounts behind them."""
    rows, currency = result.tables["profitability"], result.settings["currency"]
    is_ratio = rows["unit"] != "currency"
    rows = pd.concat([rows[is_ratio], rows[~is_ratio]], ignore_index=True)
    frame = rows.assign(
        what=[text(f"revenue.measures.{m}") for m in rows["measure"]],
        amount=[
            text.number(v, 2) if unit == "ratio" else format_value(v, unit, text, currency)
            for v, unit in zip(rows["value"], rows["unit"], strict=True)
        ],
        how=[text(f"revenue.formulas.{m}") for m in rows["measure"]],
    )
    headings = text.headings("revenue.profitability", "what", "amount", "how")
    message = _message(result, text, "profitability")
    return table(frame, headings, name="profitability", right=("amount",), message=message)


def lifetime(result: Result, text: Text) -> Listing:
    """The lifetime value of a customer by each method."""
    rows, currency = result.tables["lifetime"], result.settings["currency"]
    frame = rows.assign(
        how=[text(f"revenue.methods.{m}") for m in rows["method"]],
        amount=[text.money(v, currency) for v in rows["value"]],
        interval=[
            "–" if low != low else text("page.interval", low=text.money(low, currency), high=text.money(high, currency))
            for low, high in zip(rows["low"], rows["high"], strict=True)
        ],
        horizon=[
            text("revenue.lifetime.for_ever") if m == float("inf") else text("page.months", n=text.number(m))
            for m in rows["months"]
        ],
        assumes=[
            text(f"revenue.assumes.{r.method}", alpha=text.number(r.alpha, 2), beta=text.number(r.beta, 2))
            for r in rows.itertuples()
        ],
    )  # fmt: skip
    columns = ("how", "amount", "interval", "horizon", "assumes")
    headings = text.headings("revenue.lifetime", *columns)
    return table(
        frame, headings, name="lifetime", right=("amount", "interval"),
        message=text("revenue.lifetime.message", discount=text.share(result.settings["discount_rate"])),
    )  # fmt: skip
