"""What holds of maturity whatever the data: sums, and that names and the order of rows mean nothing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product, product_data, use
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cs_helpers.analyses import maturity
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import LOST, NOT_THERE, UNKNOWN, level_history
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.snapshot import ProductData

#: Lv.1 any use in the month, Lv.2 three times, Lv.3 six times
LEVELS = [[{"value": "quantity", "at_least": least, "months": 1}] for least in (1, 3, 6)]
MONTHS = pd.date_range("2025-04-01", periods=18, freq="MS")
QUARTER = Quarter(2026, 3)
#: columns whose intervals are drawn, so that the order of customers changes which draw is whose
DRAWN = ("mrr_low", "mrr_high")
CHECKS = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Life:
    """One company: the months (from the first one) of its contract, and how much it was used in each month."""

    begins: int
    lasts: int | None
    size: str
    mrr: int
    used: tuple[int, ...]

    def ended_on(self) -> str | None:
        if self.lasts is None or self.begins + self.lasts >= len(MONTHS):
            return None
        return str((MONTHS[self.begins + self.lasts] - pd.Timedelta(1, "D")).date())


lives = st.lists(
    st.builds(
        Life,
        begins=st.integers(0, 14),
        lasts=st.none() | st.integers(1, 14),
        size=st.sampled_from(["small", "mid", "unknown"]),
        mrr=st.integers(1, 50),
        used=st.tuples(*[st.sampled_from([0, 0, 1, 2, 3, 5, 6, 9])] * len(MONTHS)),
    ),
    min_size=1,
    max_size=7,
)


#: first days of a log: before all, in a quarter, and after the first two of them, so that levels are not known
FIRST_DAYS = st.sampled_from(["2025-04-01", "2025-05-20", "2025-11-03"])


def tables_of(
    companies: list[Life], names: list[str], *, log_from: str = "2025-04-01", contracts: bool = True
) -> ProductData:
    tables = {"accounts": [account(n, c.size) for n, c in zip(names, companies, strict=True)]}
    if contracts:
        tables["contracts"] = [
            contract(n, str(MONTHS[c.begins].date()), c.ended_on(), mrr=c.mrr)
            for n, c in zip(names, companies, strict=True)
        ]
    usage = [
        use(n, str(month.replace(day=10).date()), quantity=float(often))
        for n, c in zip(names, companies, strict=True)
        for month, often in zip(MONTHS, c.used, strict=True)
        if often and month.replace(day=10) >= pd.Timestamp(log_from)
    ]
    # a log of all days, by a company that is no customer, so that a month without use is 0 and not unknown
    usage += [use("log", str(day.date())) for day in pd.date_range(log_from, QUARTER.end)]
    return product_data(product(levels=LEVELS), usage=usage, **tables)


def names_of(companies: list[Life]) -> list[str]:
    return [f"A{n}" for n in range(len(companies))]


@CHECKS
@given(lives, FIRST_DAYS)
def test_everything_adds_up(companies, log_from):
    data = tables_of(companies, names_of(companies), log_from=log_from)
    result = maturity.analyse(data, QUARTER)
    time = customer_time_as_of(data, QUARTER.end)
    assert result.n == len(time.customers(QUARTER.end))
    if not result.n:
        assert result.tables == {}
        return
    assert len(result.tables["levels"]) == result.n
    for name in ("by_quarter", "standing", "by_segment"):
        shares_sum_to_one(result.tables[name])
    totals_are_those_of_customer_time(result.tables["by_quarter"], time)
    assert set(result.tables["by_segment"].groupby("dimension")["customers"].sum()) == {result.n}
    assert set(result.tables["standing"].groupby("basis")["customers"].sum()) == {result.n}
    history = level_history(data, QUARTER)
    if len(history.quarters) > 1:
        steps_lead_from_one_total_to_the_next(result.tables["bridge"], time)
    if "transitions" in result.tables:
        rows_sum_to_one(result.tables["transitions"], history)


def shares_sum_to_one(table):
    for key, part in table.groupby([c for c in ("quarter", "basis", "dimension", "segment") if c in table]):
        assert (part["customers"].sum() == part["n"]).all(), key
        if part["n"].iloc[0]:
            assert part["share"].sum() == pytest.approx(1), key
        else:
            assert part["share"].isna().all(), key


def totals_are_those_of_customer_time(by_quarter, time):
    for quarter, row in by_quarter.groupby("quarter")[["customers", "mrr"]].sum().iterrows():
        day = Quarter.parse(quarter).end
        assert row["customers"] == len(time.customers(day))
        assert row["mrr"] == pytest.approx(time.mrr(day).sum())


def steps_lead_from_one_total_to_the_next(bridge, time):
    for (quarter, of), part in bridge.groupby(["quarter", "of"]):
        steps = part.set_index("step")[["customers", "mrr"]]
        between = steps.drop(index=["opening", "closing"]).sum()
        assert (steps.loc["opening"] + between).tolist() == pytest.approx(steps.loc["closing"].tolist())
        if of == "all":
            end = Quarter.parse(quarter).end
            assert steps.loc["closing"].tolist() == pytest.approx(
                [len(time.customers(end)), time.mrr(end).sum()]
            )


def rows_sum_to_one(transitions, history):
    spans = list(pairwise(history.quarters))[-4:]
    for level, row in transitions.groupby("before"):
        known = row[~row["after"].isin([UNKNOWN, NOT_THERE])]
        assert known["customers"].sum() == row["exposure"].iloc[0]
        if row["exposure"].iloc[0]:
            assert known["share"].sum() == pytest.approx(1)
            assert known["low"].between(0, 1).all()
            assert known["high"].between(0, 1).all()
            assert (known["low"] <= known["high"]).all()
        else:
            assert known["share"].isna().all()
        # nobody who was at the level at the start of a quarter is left out
        assert row["customers"].sum() == sum(int((history.states[q.end] == level).sum()) for q, _ in spans)


@CHECKS
@given(lives)
def test_what_became_of_a_customer_is_what_its_own_months_say(companies):
    names = names_of(companies)
    history = level_history(tables_of(companies, names), QUARTER)
    for quarter in history.quarters:
        expected = {}
        month = (quarter.end.year - 2025) * 12 + quarter.end.month - 4
        for name, company in zip(names, companies, strict=True):
            ends = len(MONTHS) if company.ended_on() is None else company.begins + company.lasts
            # a contract that ends on the last day of the quarter still runs on it
            if company.begins <= month < ends:
                expected[name] = sum(company.used[month] >= least for least in (1, 3, 6))
        assert history.by_quarter[quarter].dropna().astype(int).to_dict() == expected


@settings(CHECKS, max_examples=6)
@given(lives, FIRST_DAYS, st.randoms(use_true_random=False))
def test_other_names_of_the_accounts_change_nothing(companies, log_from, random):
    names = names_of(companies)
    others = [f"{letter}-{n}" for n, letter in enumerate("QWERTZU"[: len(names)])]
    random.shuffle(others)
    order = list(range(len(names)))
    random.shuffle(order)
    shuffled, names_then = [companies[n] for n in order], [others[n] for n in order]
    one = maturity.analyse(tables_of(companies, names, log_from=log_from), QUARTER)
    two = maturity.analyse(tables_of(shuffled, names_then, log_from=log_from), QUARTER)
    renamed = dict(zip(others, names, strict=True))
    assert one.metrics == two.metrics
    assert one.verdicts.keys() == two.verdicts.keys()
    assert {q: v.code for q, v in one.verdicts.items()} == {q: v.code for q, v in two.verdicts.items()}
    assert [(f.code, f.customers, f.value) for f in one.findings] == [
        (f.code, f.customers, f.value) for f in two.findings
    ]
    assert one.tables.keys() == two.tables.keys()
    for name, table in one.tables.items():
        pd.testing.assert_frame_equal(
            comparable(table), comparable(two.tables[name].replace(renamed)), obj=name
        )


def comparable(table: pd.DataFrame) -> pd.DataFrame:
    """A table without what is drawn; its customers in the order of their names."""
    kept = table.drop(columns=[c for c in DRAWN if c in table])
    if "account_id" in kept:
        kept = kept.sort_values("account_id", kind="stable")
    return kept.reset_index(drop=True)


@settings(CHECKS, max_examples=6)
@given(lives, FIRST_DAYS)
def test_accounts_without_contracts_only_come_and_never_leave(companies, log_from):
    data = tables_of(companies, names_of(companies), log_from=log_from, contracts=False)
    result = maturity.analyse(data, QUARTER)
    if not result.n:
        return
    totals = result.tables["by_quarter"].groupby("quarter", sort=False)["customers"].sum()
    assert (np.diff(totals) >= 0).all()
    assert not any("mrr" in column for table in result.tables.values() for column in table)
    if "transitions" in result.tables:
        assert not result.tables["transitions"]["after"].isin([LOST, NOT_THERE]).any()
