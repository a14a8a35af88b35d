"""Where customers stand: worked out by hand, and against SQL, statsmodels and scipy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product, product_data, random, use
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from cs_helpers.analyses import maturity
from cs_helpers.analyses.maturity.standing import by_csm, mrr_intervals, upper_by_segment
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import UNKNOWN
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData

#: Lv.n from n uses in the month on
LEVELS = [[{"value": "events", "at_least": n, "months": 1}] for n in (1, 2, 3, 4)]
Q2 = Quarter(2026, 2)


def uses(name: str, month: str, times: int) -> list[dict[str, object]]:
    return [use(name, f"{month}-{day:02}") for day in range(1, times + 1)]


def desk(*used: list[dict[str, object]], names: str, mrr: float = 10, **accounts: object) -> ProductData:
    return product_data(
        product(levels=LEVELS),
        as_of=Q2.end,
        accounts=[account(n) | accounts for n in names],
        contracts=[contract(n, "2025-12-01", mrr=mrr) for n in names],
        usage=[row for rows in used for row in rows],
    )


def shares(result: Result, basis: str, column: str) -> dict[int, float]:
    rows = result.tables["standing"].query("basis == @basis", local_dict={"basis": basis})
    return {level: value for level, value in zip(rows["level"], rows[column], strict=True) if value}


def test_the_highest_level_so_far_stands_beside_that_of_now() -> None:
    # A had Lv.4 in a month that ends no quarter; B has its highest level now; C was never above Lv.0
    data = desk(uses("A", "2026-02", 4), uses("A", "2026-06", 1), uses("B", "2026-06", 3), names="ABC")
    result = maturity.analyse(data, Q2)
    assert shares(result, "current_state", "customers") == {1: 1, 3: 1, 0: 1}
    assert shares(result, "ratchet", "customers") == {4: 1, 3: 1, 0: 1}
    assert shares(result, "ratchet", "mrr") == {4: 10, 3: 10, 0: 10}
    said = result.verdicts["standing"]
    assert said.code == "slipped"
    assert (said.fields["below"], said.fields["n"]) == (1, 3)
    assert (said.fields["share"], said.fields["ever"]) == pytest.approx((1 / 3, 2 / 3))


def test_where_nobody_stands_lower_the_two_are_the_same() -> None:
    result = maturity.analyse(desk(uses("A", "2026-06", 4), uses("B", "2026-06", 1), names="AB"), Q2)
    assert result.verdicts["standing"].code == "kept"
    assert shares(result, "ratchet", "share") == shares(result, "current_state", "share")


def test_a_customer_of_whom_no_month_tells_a_level_has_no_highest_one() -> None:
    levels = [[{"source": "surveys", "value": "nps", "at_least": n, "months": 3}] for n in (3, 5, 7, 9)]
    data = product_data(
        product(levels=levels),
        as_of=Q2.end,
        accounts=[account("A"), account("B")],
        contracts=[contract(n, "2025-12-01", mrr=10) for n in "AB"],
        usage=[use("A", "2025-12-01")],
        surveys=[{"account_id": "A", "answered_on": "2026-02-01", "nps": 7}],
    )
    result = maturity.analyse(data, Q2)
    # A answered in February: its Lv.3 is too old to be known at the end of June, but it had it
    assert shares(result, "current_state", "customers") == {UNKNOWN: 2}
    assert shares(result, "ratchet", "customers") == {3: 1, UNKNOWN: 1}
    assert result.verdicts["standing"].code == "none"


@pytest.mark.parametrize("name", ["paper_to_web", "helpdesk", "expense_desk"])
def test_customers_and_mrr_by_level_are_those_that_sql_counts(
    result_of: Callable[..., Result], name: str
) -> None:
    result = result_of("maturity", name, "2026Q3")
    levels = result.tables["levels"]  # its MRR is that of the contracts which run on the day
    assert len(levels) == result.n
    counted = duckdb.sql(
        "select level, count(*) as customers, sum(mrr) as mrr, sum(mrr) / sum(sum(mrr)) over () as mrr_share"
        " from levels group by level order by level"
    ).df()
    now = result.tables["by_quarter"].query("quarter == '2026Q3' and customers > 0").sort_values("level")
    for column in ("level", "customers", "mrr", "mrr_share"):
        assert now[column].to_numpy() == pytest.approx(counted[column].to_numpy())
    low, high = proportion_confint(now["customers"], now["n"], method="wilson")
    assert now["low"].to_numpy() == pytest.approx(np.asarray(low))
    assert now["high"].to_numpy() == pytest.approx(np.asarray(high))


def test_the_interval_of_a_share_of_mrr_is_that_of_the_bootstrap_of_scipy() -> None:
    draw = random(5)
    states, mrr = pd.Series(draw.integers(0, 3, 60).astype(float)), pd.Series(draw.gamma(2, 100, 60))
    ours = mrr_intervals(states.to_numpy()[None, :] == np.arange(3)[:, None], mrr)

    def share(at_level: np.ndarray, paid: np.ndarray, axis: int) -> np.ndarray:
        return (at_level * paid).sum(axis=axis) / paid.sum(axis=axis)

    for level in range(3):
        at_level = (states == level).to_numpy(float)
        found = stats.bootstrap(
            (at_level, mrr.to_numpy()), share, paired=True, method="percentile", n_resamples=4000,
            random_state=np.random.default_rng(1),
        ).confidence_interval  # fmt: skip
        assert ours[level] == pytest.approx((found.low, found.high), abs=0.025)


def people(**columns: list[object]) -> pd.DataFrame:
    n = len(columns["state"])
    filled = {
        "mrr": [1.0] * n,
        "size": ["small"] * n,
        "touch_model": ["unknown"] * n,
        "industry": ["unknown"] * n,
    }
    index = pd.Index([f"c{k}" for k in range(n)], name="account_id")
    return pd.DataFrame(filled | {"csm": [None] * n} | columns, index=index)


def test_two_segments_are_told_apart_by_fishers_exact_test() -> None:
    states = [3.0] * 9 + [1.0] * 11 + [3.0] * 1 + [0.0] * 19 + [float(UNKNOWN)] * 4
    customers = people(state=states, size=["small"] * 20 + ["mid"] * 24)
    table = upper_by_segment(customers, ("mid", "small"), 3).query("dimension == 'size'").set_index("segment")
    assert table.loc["small", ["known", "upper"]].tolist() == [20, 9]
    assert table.loc["mid", ["known", "upper"]].tolist() == [20, 1]
    assert table["p"].to_numpy() == pytest.approx(stats.fisher_exact([[9, 11], [1, 19]]).pvalue)
    assert set(table["verdict"]) == {"differs"}


def test_segments_that_differ_no_more_than_by_chance_are_not_told_apart() -> None:
    customers = people(state=[3.0, 1.0] * 10 + [3.0, 1.0, 1.0] * 6, size=["small"] * 20 + ["mid"] * 18)
    table = upper_by_segment(customers, ("mid", "small"), 3)
    assert set(table["verdict"]) == {"alike"}


def test_a_csm_is_compared_with_what_its_mix_of_customers_leads_to_expect() -> None:
    # large customers are at Lv.3, small ones at Lv.1: each CSM has what its mix leads to expect
    state = [3.0] * 8 + [1.0] * 8
    customers = people(
        state=state, size=["enterprise"] * 8 + ["small"] * 8, csm=["a"] * 7 + ["b"] + ["a"] + ["b"] * 7
    )
    table = by_csm(customers, 3).set_index("csm")
    assert table["expected"].to_dict() == pytest.approx({"a": 7, "b": 1})
    assert table["upper"].to_dict() == {"a": 7, "b": 1}
    assert table["upper_mrr"].to_dict() == {"a": 7, "b": 1}
    assert set(table["verdict"]) == {"alike"}


def test_one_csm_none_and_some_are_told() -> None:
    for csm, code in ((None, "no_csm"), ("x", "one_csm")):
        result = maturity.analyse(desk(uses("A", "2026-06", 3), names="AB", csm=csm), Q2)
        assert "csms" not in result.tables
        assert {n.code for n in result.about("csms")} == {code}


def test_customers_who_pay_nothing_have_no_share_of_mrr() -> None:
    result = maturity.analyse(desk(uses("A", "2026-06", 3), names="AB", mrr=0), Q2)
    now = result.tables["by_quarter"].query("quarter == '2026Q2'")
    assert now["mrr"].sum() == 0
    assert now["mrr_share"].isna().all()
    assert now["share"].sum() == pytest.approx(1)


def test_without_contracts_no_table_speaks_of_mrr() -> None:
    data = product_data(
        product(levels=LEVELS), as_of=Q2.end, accounts=[account("A")], usage=uses("A", "2026-06", 1)
    )
    result = maturity.analyse(data, Q2)
    assert not [(t, c) for t, frame in result.tables.items() for c in frame if "mrr" in c]


def test_a_small_segment_that_is_behind_is_a_finding(result_of: Callable[..., Result]) -> None:
    result = result_of("maturity", "paper_to_web", "2026Q3")
    (found,) = [f for f in result.findings if f.code.startswith("segment_")]
    assert found.fields["segment"] == "size:small"
    assert found.direction == "worse"
    assert found.low < found.value - found.compared < found.high < 0


def test_the_levels_of_a_quarter_do_not_depend_on_what_comes_later() -> None:
    late = desk(uses("A", "2026-03", 2), uses("A", "2026-06", 4), names="A")
    early = desk(uses("A", "2026-03", 2), names="A")
    before = Quarter(2026, 1)
    assert date(2026, 3, 31) == before.end
    for one, other in zip(
        (maturity.analyse(late, before).tables[t] for t in ("by_quarter", "standing")),
        (maturity.analyse(early, before).tables[t] for t in ("by_quarter", "standing")),
        strict=True,
    ):
        pd.testing.assert_frame_equal(one, other)


def test_the_change_of_the_share_is_split_into_who_moved_came_and_left() -> None:
    # a year ago A at Lv.3, B C D at Lv.1; now A and B at Lv.3, C and D gone, E F G new, F of them at Lv.3
    before = {"A": 3, "B": 1, "C": 1, "D": 1}
    now = {"A": 3, "B": 3, "E": 1, "F": 3, "G": 1}
    used = [row for n, times in before.items() for row in uses(n, "2025-06", times)]
    used += [row for n, times in now.items() for row in uses(n, "2026-06", times)]
    data = product_data(
        product(levels=LEVELS),
        as_of=Q2.end,
        accounts=[account(n) for n in "ABCDEFG"],
        contracts=[
            *(contract(n, "2025-05-01") for n in "AB"), *(contract(n, "2025-05-01", "2026-01-31") for n in "CD"),
            *(contract(n, "2026-02-01") for n in "EFG"),
        ],
        usage=used,
    )  # fmt: skip
    result = maturity.analyse(data, Q2)
    said = result.verdicts["by_quarter"]
    assert (said.code, said.fields["before"], said.fields["share"]) == ("year", 1 / 4, 3 / 5)
    (note,) = [n for n in result.about("by_quarter") if n.code == "share_split"]
    # of A and B a half was at Lv.3, now both; with E, F and G it is 3 of 5; C and D pulled the share down before
    parts = {"points_moved": 0.5, "points_came": -0.4, "points_left": 0.25}
    assert {name: note.fields[name] for name in parts} == pytest.approx(parts)
    assert note.fields["points"] == pytest.approx(sum(parts.values()))


@pytest.mark.parametrize("name", ["paper_to_web", "helpdesk", "expense_desk"])
def test_the_parts_of_the_change_add_up(result_of: Callable[..., Result], name: str) -> None:
    result = result_of("maturity", name, "2026Q3")
    said = result.verdicts["by_quarter"].fields
    (note,) = [n for n in result.about("by_quarter") if n.code == "share_split"]
    parts = [note.fields[f"points_{part}"] for part in ("moved", "came", "left")]
    assert sum(parts) == pytest.approx(said["share"] - said["before"])


def test_the_change_is_not_split_where_levels_are_not_known() -> None:
    result = maturity.analyse(desk(uses("A", "2026-06", 4), names="A"), Q2)
    assert "share_split" not in {n.code for n in result.notes}
