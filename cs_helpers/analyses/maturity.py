"""How mature each customer is: levels over time, by segment, transitions, and what a fall foretells."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd

from cs_helpers.contract.disclosure import columns
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import NOT_RECORDED, CustomerTime
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customers import measures
from cs_helpers.customers.segments import count_unknown, mask_unknown, segments_present, sort_segments
from cs_helpers.customers.time import customer_time_as_of, missing_contracts
from cs_helpers.declaration import Declaration, Question, findings, notes
from cs_helpers.result import Metric, Note, Result, Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.proportions import rate_ratio, wilson

LEVELS = (0, 1, 2, 3, 4)
#: what stands where a level would: not known; in `after`, lost, and no customer any more whose renewal may
#: still be recorded
UNKNOWN, LOST, NOT_THERE = -2, -1, -3
#: a fall counts as a warning for so many quarters
FALL_LASTS = 2
#: a number of customers that falls by this share within a quarter is remarked on
LARGE_FALL = 0.1
#: so many quarters back the level of today is compared with that of then
YEAR = 4

DECLARES = Declaration(
    questions={
        "by_quarter": Question(figure=True, findings=findings("none now year")),
        "by_size": Question(figure=True, findings=findings("message alike one none")),
        "transitions": Question(figure=True, findings=findings("message message_one unknown unknown_one")),
        "levels": Question(table=True),
        "falls": Question(
            figure=True,
            findings=findings(
                "more fewer same more_shares fewer_shares same_shares none_lost nobody_fell unknown"
            ),
        ),
    },
    metrics=("level_3_or_more", "rose", "fell", "fall_ratio"),
    notes=notes(
        warns=(
            "customers_fell levels_unknown missing_table moves_unknown no_accounts no_customers "
            "no_known_levels too_few_quarters"
        ),
        explains=("leaving_stays recounted segment_not_recorded segment_unknown"),
    ),
    reads=("accounts", "contracts", "usage"),
    discloses=columns(
        public="size mrr level at_least at_most previous quarter customers share n before after low high fell lost",
        company="account_id name",
    ),
    reads_of_product=lambda product: [
        c.source for level in product.maturity.levels for c in level.conditions
    ],
)


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """Levels by the product's rules at each quarter's end (`current_state`: they may fall).

    Where the tables do not tell of all days of a rule, and what they tell does not decide it, the level is not
    known (`UNKNOWN`); it lies between `at_least` and `at_most`.

    Tables: `levels` (account_id, name, size, mrr (not without contracts), level, at_least, at_most, previous) of the customers at the end of
    the quarter; `by_quarter` (quarter, level, customers, share); `by_size` (size, level, customers, share, n), with
    `UNKNOWN` among the levels; `transitions` (before, after, customers, share, n, low, high) over the last four quarters (of fewer, of all), `after`
    `LOST`, `UNKNOWN` or `NOT_THERE` too (without contracts nobody is known to be lost); `falls` (fell, customers, lost, share, low, high): customers lost in a quarter,
    of those whose level fell in the two quarters before it, and of the others; each customer counts once a quarter.
    """
    missing = data.missing(*_tables_needed(data))
    time = customer_time_as_of(data, quarter.end)
    active = time.customers(quarter.end)
    asked = ("by_quarter", "by_size", "transitions", "falls")
    if missing or active.empty:
        nobody = "no_customers" if time.by_contracts else "no_accounts"
        code, fields = (
            ("missing_table", {"tables": missing}) if missing else (nobody, {"quarter": str(quarter)})
        )
        unsaid = tuple(Note(code, about, fields) for about in asked)
        name = data.product.product
        return Result("maturity", name, quarter, quarter.start, data.as_of, len(active), {}, {}, unsaid)
    quarters = _first_quarter(data, quarter).upto(quarter)
    low, high = levels_between(data, [q.end for q in quarters], time)
    states = low.where(low.isna() | (low == high), float(UNKNOWN))
    states.columns = pd.Index(quarters)
    # before anything was known there is nothing to show
    while len(quarters) > 1 and not (states[quarters[0]] >= 0).any():
        quarters = quarters[1:]
    states = states[quarters]
    first = quarters[0]
    notes = _unknown(data, states[quarter], quarter) + _counts(time, quarters)
    if not time.by_contracts:
        notes += [Note("leaving_stays", about, {}) for about in ("by_quarter", "transitions")]
        notes.append(Note("missing_table", "falls", {"tables": missing_contracts(data)}))
    tables = {
        "levels": _levels(data, time, states, low.iloc[:, -1], high.iloc[:, -1], quarter),
        "by_quarter": _by_quarter(states),
        "by_size": _by_size(data, states[quarter]),
    }
    there = data["accounts"][data["accounts"]["account_id"].isin(states.index[states[quarter].notna()])]
    some, none = count_unknown(there, "size")
    if some:
        notes.append(Note("segment_unknown", "by_size", {"segments": some, "of": len(there)}))
    if none:
        del tables["by_size"]
        notes.append(Note("segment_not_recorded", "by_size", {"dimensions": none}))
    if len(quarters) > 1:
        moves = _transitions(time, states, quarters[-YEAR - 1 :])
        if moves["n"].any():
            tables["transitions"] = moves
        else:
            notes.append(Note("no_known_levels", "transitions", {}))
    if len(quarters) > 2 and time.by_contracts:
        falls = _falls(time, states, quarters)
        if falls["customers"].any():
            tables["falls"] = falls
        else:
            notes.append(Note("no_known_levels", "falls", {}))
    notes += _moves_unknown(tables["levels"], time.customers(quarter.back(1).end))
    quarters_needed = {"transitions": 2, "falls": 3}
    notes += [
        Note("too_few_quarters", about, {"quarters": len(quarters), "needed": needed})
        for about, needed in quarters_needed.items()
        if len(quarters) < needed and (time.by_contracts or about != "falls")
    ]
    metrics = _metrics(states[quarter], tables)
    return Result(
        "maturity",
        data.product.product,
        quarter,
        first.start,
        data.as_of,
        len(active),
        tables,
        metrics,
        tuple(notes),
        verdicts=_verdicts(tables, metrics, quarters),
    )


def levels_between(
    data: ProductData, days: list[date], time: CustomerTime
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The least and the highest level that each account may have at the end of the month of each day.

    Rows: account_id. Columns: `days`. Values 0 (not yet Lv.1) to 4; NaN: no customer. They differ where what decides is not
    known: a bound below may be met by what is recorded, though more days are not known; that a bound above is
    kept can then not be said.
    """
    months = pd.DatetimeIndex([pd.Timestamp(d).replace(day=1) for d in days]).as_unit("us")
    span = pd.date_range(months[0], months[-1], freq="MS").as_unit("us")
    accounts = pd.Index(data["accounts"]["account_id"], name="account_id")
    shape = (len(accounts), len(days))
    least, most = np.zeros(shape), np.zeros(shape)
    sure, may = np.full(shape, True), np.full(shape, True)
    values: dict[str, tuple[np.ndarray, np.ndarray]] = {}  # a level repeats the measures of those below it
    for rule in data.product.maturity.levels:
        for condition in rule.conditions:
            measure = condition.model_dump_json(exclude={"at_least", "at_most"})
            if measure not in values:
                value = measures.monthly_values(data, condition, span)[months].to_numpy()
                values[measure] = value, measures.known_months(data, condition, months) & ~np.isnan(value)
            value, known = values[measure]
            if condition.at_least is not None:
                met = value >= condition.at_least
                sure &= met
                may &= met | ~known
            if condition.at_most is not None:
                kept = ~(value > condition.at_most)
                sure &= kept & known
                may &= kept
        least[sure], most[may] = rule.level, rule.level
    there = np.column_stack([accounts.isin(time.customers(d)) for d in days])
    return (
        pd.DataFrame(least, index=accounts, columns=days).where(there),
        pd.DataFrame(most, index=accounts, columns=days).where(there),
    )


def _unknown(data: ProductData, now: pd.Series, quarter: Quarter) -> list[Note]:
    """How many customers' level is not known, and which measures are not."""
    many = int((now == UNKNOWN).sum())
    if not many:
        return []
    month = pd.DatetimeIndex([pd.Timestamp(quarter.end).replace(day=1)]).as_unit("us")
    here = now.index[now.notna()]
    unknown = []
    for condition in (c for level in data.product.maturity.levels for c in level.conditions):
        value = measures.monthly_values(data, condition, month).loc[here].to_numpy()
        if not measures.known_months(data, condition, month)[0] or np.isnan(value).any():
            event = condition.event if condition.source == "usage" and condition.event != "*" else None
            unknown.append(condition.name or event or condition.source)
    fields = {"customers": many, "of": len(here), "names": tuple(dict.fromkeys(unknown))}
    return [Note("levels_unknown", about, fields) for about in ("by_quarter", "by_size")]


def _moves_unknown(levels: pd.DataFrame, before: pd.Index) -> list[Note]:
    """Of how many of those who were customers a quarter ago, too, it is not known whether their level changed."""
    both = levels[levels["account_id"].isin(before)]
    unknown = int((~((both["level"] >= 0) & (both["previous"] >= 0))).sum())
    return [Note("moves_unknown", "levels", {"customers": unknown, "of": len(both)})] if unknown else []


def _tables_needed(data: ProductData) -> list[str]:
    conditions = [c for level in data.product.maturity.levels for c in level.conditions]
    return sorted({measures.SOURCE_TABLES[c.source] for c in conditions})


def _first_quarter(data: ProductData, quarter: Quarter) -> Quarter:
    days = data["active_daily"]["day"]
    first = Quarter.holding(days.min().date()) if len(days) else quarter
    return min(first, quarter)


def _counts(time: CustomerTime, quarters: list[Quarter]) -> list[Note]:
    """What explains the number of customers of the quarters: a fall of many, and who is counted otherwise than then."""
    notes = []
    for before, after in pairwise(quarters[-YEAR - 1 :]):
        moved = time.movement(before.end, after.end)
        if moved["opening"] - moved["closing"] >= LARGE_FALL * moved["opening"] > 0:
            fields = {
                "quarter": str(after), "opening": moved["opening"], "closing": moved["closing"],
                "lost": moved["lost"], "joined": moved["new"] + moved["back"],
            }  # fmt: skip
            notes.append(Note("customers_fell", "by_quarter", fields))
    if again := len(time.recounted([q.end for q in quarters[:-1]])):
        notes.append(Note("recounted", "by_quarter", {"customers": again}))
    return notes


def _levels(
    data: ProductData,
    time: CustomerTime,
    states: pd.DataFrame,
    low: pd.Series,
    high: pd.Series,
    quarter: Quarter,
) -> pd.DataFrame:
    frame = data["accounts"][["account_id", "name", "size"]].copy()
    frame["mrr"] = frame["account_id"].map(time.mrr(quarter.end)).astype("float64")
    frame["level"] = frame["account_id"].map(states[quarter])
    frame["at_least"], frame["at_most"] = frame["account_id"].map(low), frame["account_id"].map(high)
    before = quarter.back(1)
    frame["previous"] = frame["account_id"].map(states[before]) if before in states else np.nan
    frame = frame.dropna(subset=["level"]).astype({"level": int}).reset_index(drop=True)
    return frame if time.by_contracts else frame.drop(columns="mrr")


def _by_quarter(states: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for quarter in states.columns:
        counts = states[quarter].value_counts()
        total = int(counts.sum())
        rows += [
            {
                "quarter": str(quarter),
                "level": level,
                "customers": int(counts.get(level, 0)),
                "share": counts.get(level, 0) / total if total else np.nan,
            }
            for level in (UNKNOWN, *LEVELS)
        ]
    return pd.DataFrame(rows)


def _by_size(data: ProductData, now: pd.Series) -> pd.DataFrame:
    size = data["accounts"].set_index("account_id")["size"].reindex(now.index)
    there = segments_present(size[now.notna()], data.sizes)
    rows = []
    for name in sort_segments({*data.sizes, *there}, data.sizes) if there else ():
        inside = now[size == name].dropna()
        rows += [
            {
                "size": name,
                "level": level,
                "customers": int((inside == level).sum()),
                "share": (inside == level).mean() if len(inside) else np.nan,
                "n": len(inside),
            }
            for level in (UNKNOWN, *LEVELS)
        ]
    return pd.DataFrame(rows)


def _transitions(time: CustomerTime, states: pd.DataFrame, quarters: list[Quarter]) -> pd.DataFrame:
    then, now = [], []
    for before, after in pairwise(quarters):
        here = states[before].dropna()
        became = time.after(before.end, after.end).reindex(here.index)
        level = states[after].reindex(here.index)
        there = level.where(level.notna(), float(NOT_THERE)).where(became != NOT_RECORDED, float(NOT_THERE))
        then.append(here.to_numpy())
        now.append(there.where(~became.isin(ENDINGS), float(LOST)).to_numpy())
    then_, now_ = np.concatenate(then), np.concatenate(now)
    rows = []
    for before_level in LEVELS:
        n = int((then_ == before_level).sum())
        for after_level in (NOT_THERE, UNKNOWN, LOST, *LEVELS) if time.by_contracts else (UNKNOWN, *LEVELS):
            count = int(((then_ == before_level) & (now_ == after_level)).sum())
            low, high = wilson(count, n)
            rows.append(
                {
                    "before": before_level,
                    "after": after_level,
                    "customers": count,
                    "share": count / n if n else np.nan,
                    "n": n,
                    "low": low,
                    "high": high,
                }
            )
    return pd.DataFrame(rows)


def _falls(time: CustomerTime, states: pd.DataFrame, quarters: list[Quarter]) -> pd.DataFrame:
    """Customer-quarters after a fall in the two quarters before, and after none; each loss counts once.

    Of a customer whose level or the one before it is not known, nothing is said.
    """
    customers, lost = {True: 0, False: 0}, {True: 0, False: 0}
    levels = states.where(states >= 0)
    for n in range(1, len(quarters) - 1):
        here, following = quarters[n], quarters[n + 1]
        falls = [
            levels[quarters[k]] < levels[quarters[k - 1]] for k in range(max(1, n + 1 - FALL_LASTS), n + 1)
        ]
        fell = np.logical_or.reduce([fall.to_numpy() for fall in falls])
        known = (levels[here].notna() & levels[quarters[n - 1]].notna()).to_numpy()
        became = time.after(here.end, following.end).reindex(states.index)
        known = known & (became != NOT_RECORDED).to_numpy()
        gone = became.isin(ENDINGS).to_numpy()
        for kind in (True, False):
            customers[kind] += int((known & (fell == kind)).sum())
            lost[kind] += int((known & (fell == kind) & gone).sum())
    rows = []
    for kind in (True, False):
        low, high = wilson(lost[kind], customers[kind])
        share = lost[kind] / customers[kind] if customers[kind] else np.nan
        rows.append((kind, customers[kind], lost[kind], share, low, high))
    return pd.DataFrame(rows, columns=["fell", "customers", "lost", "share", "low", "high"])


def _metrics(now: pd.Series, tables: dict[str, pd.DataFrame]) -> dict[str, Metric]:
    level = now[now >= 0]
    n = len(level)
    found = {}
    if n:
        high = int((level >= 3).sum())
        low_bound, high_bound = wilson(high, n)
        found["level_3_or_more"] = Metric("level_3_or_more", high / n, "share", n, low_bound, high_bound)
    levels = tables["levels"][lambda t: (t["previous"] >= 0) & (t["level"] >= 0)]
    if len(levels):
        for name, moved in (
            ("rose", levels["level"] > levels["previous"]),
            ("fell", levels["level"] < levels["previous"]),
        ):
            count = int(moved.sum())
            low_bound, high_bound = wilson(count, len(levels))
            found[name] = Metric(name, count / len(levels), "share", len(levels), low_bound, high_bound)
    falls = tables.get("falls")
    if falls is not None and len(falls) == 2 and falls["lost"].gt(0).all():
        fell, held = falls.iloc[0], falls.iloc[1]
        ratio, low_bound, high_bound, _ = rate_ratio(
            int(fell["lost"]), int(fell["customers"]), int(held["lost"]), int(held["customers"])
        )
        found["fall_ratio"] = Metric(
            "fall_ratio", ratio, "ratio", int(falls["customers"].sum()), low_bound, high_bound
        )
    return found


def _verdicts(
    tables: dict[str, pd.DataFrame], metrics: dict[str, Metric], quarters: list[Quarter]
) -> dict[str, Verdict]:
    found = {"by_quarter": _trend(tables["by_quarter"], quarters)}
    if "by_size" in tables:
        found["by_size"] = _between_sizes(tables["by_size"])
    if "transitions" in tables:
        rose, fell = metrics.get("rose"), metrics.get("fell")
        added_up = min(len(quarters) - 1, YEAR)
        known = {"rose": rose.value, "fell": fell.value, "n": rose.n} if rose and fell else {}
        code = ("message" if known else "unknown") + ("" if added_up > 1 else "_one")
        found["transitions"] = Verdict(code, {**known, "quarters": added_up})
    if "falls" in tables:
        found["falls"] = _warning(tables["falls"], metrics.get("fall_ratio"))
    return found


def _trend(by_quarter: pd.DataFrame, quarters: list[Quarter]) -> Verdict:
    """The share at Lv.3 or 4 of those whose level is known, and a year earlier where the report goes back so far."""
    known = by_quarter[by_quarter["level"] >= 0]
    of = known.groupby("quarter")["customers"].sum()
    high = known[known["level"] >= 3].groupby("quarter")["customers"].sum() / of.where(of > 0)
    now = float(high[str(quarters[-1])])
    if now != now:
        return Verdict("none")
    earlier = str(quarters[-1].back(YEAR))
    before = float(high.get(earlier, np.nan))
    return (
        Verdict("now", {"share": now})
        if before != before
        else Verdict("year", {"share": now, "before": before})
    )


def _between_sizes(by_size: pd.DataFrame) -> Verdict:
    known = by_size[(by_size["level"] >= 0) & mask_unknown(by_size["size"]).notna()]
    of = known.groupby("size", sort=False)["customers"].sum()
    high = known[known["level"] >= 3].groupby("size", sort=False)["customers"].sum() / of.where(of > 0)
    high = high.dropna()
    if len(high) < 2:
        return Verdict("one", {"share": float(high.iloc[0])}) if len(high) else Verdict("none")
    best, least = str(high.idxmax()), str(high.idxmin())
    if high[best] == high[least]:
        return Verdict("alike", {"share": float(high[best])})
    fields = {
        "best": best,
        "best_share": float(high[best]),
        "least": least,
        "least_share": float(high[least]),
    }
    return Verdict("message", fields)


def _warning(falls: pd.DataFrame, ratio: Metric | None) -> Verdict:
    """Whether more are lost after a fall; without a ratio (a zero in it) the two shares say what is known."""
    fell, held = falls.iloc[0], falls.iloc[1]
    if not fell["customers"] or not held["customers"]:
        return Verdict("nobody_fell" if held["customers"] else "unknown")
    if not fell["lost"] and not held["lost"]:
        return Verdict("none_lost", {"customers": int(falls["customers"].sum())})
    value, low, high, p = rate_ratio(
        int(fell["lost"]), int(fell["customers"]), int(held["lost"]), int(held["customers"])
    )
    if ratio is None:  # one of the two is zero, so there is no ratio, but there is a difference or none
        shares = {"share": float(fell["share"]), "other": float(held["share"])}
        return Verdict(
            ("more_shares" if fell["lost"] else "fewer_shares") if p < 0.05 else "same_shares", shares
        )
    fields = {"ratio": value, "low": low, "high": high}
    return Verdict("more" if low > 1 else "fewer" if high < 1 else "same", fields)
