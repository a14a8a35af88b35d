"""Hand-overs: a small company by hand, what was planted in the sample, and what another implementation finds."""

from __future__ import annotations

import importlib
import re
from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product, product_data
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.duration.hazard_regression import PHReg

from cs_helpers import analyses
from cs_helpers.analyses import handover
from cs_helpers.analyses.handover.associations import (
    association_verdict,
    associations,
    none_verdict,
    value_verdict,
)
from cs_helpers.analyses.handover.completeness import field_verdict, is_stricter, role_table, role_verdict
from cs_helpers.analyses.handover.expectations import expectation_verdict
from cs_helpers.analyses.handover.followed import periods
from cs_helpers.analyses.handover.leadership import for_leadership
from cs_helpers.contract.quarters import Quarter
from cs_helpers.editions.leadership import leadership_result
from cs_helpers.result import Result
from cs_helpers.sample.truths import HANDOVERS
from cs_helpers.snapshot import ProductData
from cs_helpers.tables.findings import sentence as finding_sentence
from cs_helpers.tables.notes import sentence
from cs_helpers.text import Text

Q2 = Quarter(2026, 2)
DECLARES = handover.DECLARES
#: hand-computed: five customers, three fields that count
OLDER = "Z"  # started before any hand-over was recorded, and reached the steps since when they are
STARTS = {
    OLDER: "2025-01-10",
    "A": "2026-04-10",
    "B": "2026-04-20",
    "C": "2026-02-10",
    "D": "2025-08-10",
    "E": "2026-03-01",
}
HANDED = [
    {"account_id": "A", "handed_over_on": "2026-04-01", "problem": "x", "promised": "y", "deadline": "2026-05-01", "from_role": "inside_sales"},
    {"account_id": "C", "handed_over_on": "2026-02-20", "problem": "x", "deadline": "2026-04-15", "from_role": "partner", "from_person": "P"},
    {"account_id": "D", "handed_over_on": "2025-08-01", "problem": "x", "promised": "TBD", "deadline": "2026-06-01"},
    {"account_id": "E", "handed_over_on": "2026-02-20", "problem": "x", "promised": "y", "deadline": "2026-06-15"},
]  # fmt: skip
VALUE = {OLDER: "2025-02-01", "A": "2026-05-01 15:00", "C": "2026-04-20", "D": None, "E": None}
MILESTONES = [
    {"account_id": a, "step": step, "reached_at": at}
    for a, day in STARTS.items()
    for step, at in (("contract", day), ("kickoff", VALUE.get(a)))
    if at
]


def company(contracts: Any = None, **tables: Any) -> ProductData:
    made = {
        "accounts": [account(a) for a in STARTS],
        "contracts": [contract(a, day, "2026-06-01" if a == "E" else None) for a, day in STARTS.items()],
        "milestones": MILESTONES,
        "handovers": HANDED,
        **tables,
    }
    return product_data(
        product(), as_of=Q2.end, **{name: rows for name, rows in made.items() if rows is not None}
    )


@pytest.fixture(scope="module")
def by_hand() -> Result:
    return handover.analyse(company(), Q2)


def test_starts_are_counted_by_hand(by_hand: Result) -> None:
    # C was handed over ten days after its start; D says "TBD" of what was promised
    counts = by_hand.tables["starts"].set_index("quarter")[["started", "complete", "partial", "late", "none"]]
    assert counts.T.to_dict("list") == {
        "2025Q3": [1, 0, 1, 0, 0], "2025Q4": [0, 0, 0, 0, 0], "2026Q1": [2, 1, 0, 1, 0], "2026Q2": [2, 1, 0, 0, 1],
    }  # fmt: skip
    assert by_hand.verdicts["starts"].fields == {"none": 1, "of": 5, "late": 1}
    assert by_hand.metrics["with_handover"].value == pytest.approx(4 / 5)
    # A 3/3, C 2/3, D 2/3, E 3/3
    assert by_hand.metrics["completeness"].value == pytest.approx((1 + 2 / 3 + 2 / 3 + 1) / 4)
    assert by_hand.metrics["completeness"].low is None  # of four


def test_fields_and_the_list_are_counted_by_hand(by_hand: Result) -> None:
    filled = by_hand.tables["fields"].set_index("field")["filled"].to_dict()
    assert filled == {"promised": 2, "problem": 4, "deadline": 4}
    assert by_hand.verdicts["fields"].fields == {"field": "promised", "missing": 2, "of": 4}
    rows = by_hand.tables["customers"]
    assert rows["account_id"].tolist() == ["B", "C", "D"]  # E is lost
    assert rows["missing"].tolist()[1:] == [("promised",), ("promised",)]


def test_promises_are_held_against_value_by_hand(by_hand: Result) -> None:
    # A reached value on the day, C five days after it, D not yet, E was lost before
    found = by_hand.tables["promises"].set_index("status")["customers"].to_dict()
    assert found == {"kept": 1, "late": 1, "open": 1, "lost": 1}
    overdue = by_hand.tables["overdue"]
    assert overdue[["account_id", "days"]].to_numpy().tolist() == [["D", 29]]
    assert by_hand.metrics["promises_kept"].value == 0.25


def test_few_are_not_compared(by_hand: Result) -> None:
    assert by_hand.verdicts["roles"].code == "few"
    assert set(by_hand.tables["associations"]["verdict"]) == {"too_few"}
    assert by_hand.verdicts["associations"].code == "few"


def test_fields_that_are_missing_equally_often_are_all_named() -> None:
    table = pd.DataFrame(
        {"field": ["a", "b", "c"], "filled": [2, 2, 3], "of": 3, "share": 0.0, "low": 0.0, "high": 0.0}
    )
    assert field_verdict(table).fields == {"fields": ("a", "b"), "missing": 1, "of": 3}
    assert field_verdict(table.assign(filled=3)).code == "nothing_missing"


def test_an_interval_without_0_that_may_be_chance_is_explained() -> None:
    table = pd.DataFrame(
        {"difference_low": [-0.22, -0.1], "difference_high": [-0.01, 0.1], "verdict": ["chance", "chance"]}
    )
    assert is_stricter(table)
    assert not is_stricter(table.iloc[1:])
    assert not is_stricter(table.assign(verdict="fewer"))


# --- roles -------------------------------------------------------------------------------------


def role_rows(role: list[str | None], size: list[str], completeness: list[float]) -> pd.DataFrame:
    n = len(role)
    rows = {"from_role": role, "size": size, "completeness": completeness, "problem": ["x"] * n}
    return pd.DataFrame(rows, index=[f"A{i}" for i in range(n)])


def test_a_role_is_compared_in_companies_of_the_same_size() -> None:
    """Inside sales sell to small companies, all of which are handed over badly: no difference is its own."""
    noise = np.tile([-0.05, 0.05], 10)
    small = role_rows(["inside"] * 14 + ["field"] * 6, ["small"] * 20, list(0.4 + noise))
    large = role_rows(["inside"] * 6 + ["field"] * 14, ["large"] * 20, list(0.8 + noise))
    rows = pd.concat([small, large.rename(index=lambda name: f"L{name}")])
    table = role_table(rows, ("problem",)).set_index("role")
    assert table.at["inside", "completeness"] == pytest.approx(0.52, abs=0.01)
    assert table.at["field", "completeness"] == pytest.approx(0.68, abs=0.01)
    assert table.at["inside", "difference"] == pytest.approx(0, abs=0.02)
    assert set(table["verdict"]) == {"chance"}
    assert role_verdict(table.reset_index()).code == "alike"


def test_a_role_is_the_same_as_a_regression_finds() -> None:
    rng = np.random.default_rng(5)
    size, role = rng.choice(["small", "mid"], 60), rng.choice(["a", "b", "c"], 60)
    score = rng.normal(0.6, 0.1, 60) + 0.1 * (size == "mid") - 0.2 * (role == "b")
    table = role_table(role_rows(list(role), list(size), list(score)), ("problem",)).set_index("role")
    design = np.column_stack([role == "b", size == "mid", size == "small"]).astype(float)
    assert table.at["b", "difference"] == pytest.approx(np.linalg.lstsq(design, score, rcond=None)[0][0])
    assert table.at["b", "verdict"] == "fewer"


def test_hand_overs_without_a_role_are_shown_and_not_compared() -> None:
    table = role_table(role_rows(["a"] * 6 + [None] * 2, ["small"] * 8, [0.5] * 8), ("problem",))
    assert table.set_index("role")["verdict"].to_dict() == {"a": "not_compared", "unknown": "not_compared"}
    assert role_verdict(table).code == "one"


# --- what came after ---------------------------------------------------------------------------


def risk_rows(rng: np.random.Generator, n: int, ratio: float) -> pd.DataFrame:
    group = rng.choice(["complete", "partial", "none"], n)
    size, year = rng.choice(["small", "mid"], n), rng.choice([2024, 2025], n)
    days = np.ceil(rng.exponential(np.where(group == "complete", 60 / ratio, 60)))
    seen = rng.uniform(20, 150, n)
    entered = np.where(rng.random(n) < 0.2, 4.5, 0.0)
    rows = pd.DataFrame(
        {
            "account_id": [f"A{i}" for i in range(n)], "group": group, "entered": entered, "days": np.minimum(days, np.ceil(seen)),
            "outcome": (days <= np.ceil(seen)).astype(int), "size": size, "year": year,
        }
    )  # fmt: skip
    return rows[rows["days"] > rows["entered"]]


@pytest.mark.parametrize("seed", range(4))
def test_ratios_are_those_of_statsmodels(seed: int) -> None:
    """Cox's model with late entry, strata of size and year, and ties as Efron, from another implementation."""
    risk = risk_rows(np.random.default_rng(seed), 160, 2.0)
    row = associations(risk, None).set_index("comparison").loc["complete"]
    assert row["adjusted"] == "size_year"
    rows = risk[risk["group"] != "none"]
    fitted = PHReg(
        rows["days"], (rows["group"] == "complete").astype(float), status=rows["outcome"], entry=rows["entered"],
        strata=rows["size"] + rows["year"].astype(str), ties="efron",
    ).fit()  # fmt: skip
    assert row["ratio"] == pytest.approx(float(np.exp(fitted.params[0])), rel=1e-3)
    low, high = np.exp(fitted.conf_int()[0])  # Wald's: near that of the likelihood
    assert row["low"] == pytest.approx(low, rel=0.06)
    assert row["high"] == pytest.approx(high, rel=0.06)


def test_no_association_is_said_to_be_one_where_there_is_none() -> None:
    """Of 40 companies in which hand-overs make no difference, few show any at a false discovery rate of 5 %."""
    clear = sum(
        associations(risk_rows(np.random.default_rng(100 + seed), 90, 1.0), None)["verdict"]
        .ne("chance")
        .any()
        for seed in range(40)
    )
    assert clear <= 6


WAIT = st.tuples(
    st.sampled_from(["complete", "partial", "none"]),
    st.integers(0, 200),
    st.integers(0, 2),
    st.integers(-30, 250),
)


@settings(max_examples=40)
@given(waits=st.lists(WAIT, min_size=1, max_size=12))
def test_the_time_of_a_customer_is_split_at_its_hand_over_and_none_is_lost(waits: list[Any]) -> None:
    names = [f"A{n}" for n in range(len(waits))]
    standing, days, outcome, late = (pd.Series(list(part), names) for part in zip(*waits, strict=True))
    rows = pd.DataFrame({"standing": standing, "size": "small", "started_on": pd.Timestamp("2026-01-01")})
    found = periods(rows, days.astype(float), outcome, late.astype(float).where(standing != "none"))
    time = (found["days"] - found["entered"]).groupby(found["account_id"]).sum()
    assert time.to_dict() == pytest.approx(np.maximum(days, 0.5).to_dict())
    assert (found["days"] > found["entered"]).all()
    assert found.groupby("account_id")["outcome"].last().to_dict() == outcome.to_dict()
    without = found[found["group"] == "none"].set_index("account_id")
    late_ones = (standing != "none") & (late > 0)
    assert set(without.index) == set(names) & (
        set(rows.index[standing == "none"]) | set(rows.index[late_ones])
    )


def groups_of(**half_year: float) -> pd.DataFrame:
    return pd.DataFrame({"group": list(half_year), "half_year": half_year.values(), "n": 20})


def test_shares_are_told_of_the_groups_that_there_are() -> None:
    risk = risk_rows(np.random.default_rng(2), 240, 4.0)
    ratios = associations(risk, None)
    groups = groups_of(complete=0.9, partial=0.6, none=0.5)
    assert value_verdict(groups, ratios).code == "shares"
    assert none_verdict(groups, ratios).fields == {"customers": 20}
    without_partial = associations(risk[risk["group"] != "partial"], None)
    found = value_verdict(groups_of(complete=0.9, none=0.5), without_partial)
    assert found.code == "with_none"
    assert found.fields == {"group": "complete", "share": 0.9, "none": 0.5}
    assert none_verdict(groups_of(complete=0.9, none=0.5), without_partial) is None
    assert value_verdict(groups_of(none=0.5), ratios).fields == {"group": "none"}
    assert none_verdict(groups, ratios.assign(verdict="chance")).code == "none_unclear"


def test_losses_alone_have_a_verdict_of_their_own() -> None:
    table = associations(None, risk_rows(np.random.default_rng(1), 200, 3.0))
    assert association_verdict(table).code == "more"
    assert association_verdict(table.assign(verdict="chance")).code == "unclear_losses"
    assert association_verdict(table.assign(verdict="too_few")).code == "few_losses"


# --- the sample --------------------------------------------------------------------------------


def test_the_planted_ratio_is_found_and_the_losses_are_not_told_apart(result_of: Any) -> None:
    found = result_of("handover", HANDOVERS.product, "2026Q3")
    rows = found.tables["associations"].set_index(["outcome", "comparison"])
    value = rows.loc[("value", "complete")]
    assert value["low"] < HANDOVERS.ratio < value["high"]
    assert value["low"] > 1
    assert value["verdict"] == "faster"
    assert found.verdicts["associations"].code == "faster"
    assert found.verdicts["value"].code == "shares"
    assert set(rows.drop(("value", "complete"))["verdict"]) == {"chance"}


@pytest.mark.parametrize("name", ["expense_desk", "helpdesk"])
def test_where_none_was_planted_nothing_is_told_apart(result_of: Any, name: str) -> None:
    found = result_of("handover", name, "2026Q3")
    assert not set(found.tables["associations"]["verdict"]) & {"faster", "slower", "fewer", "more"}
    assert found.verdicts["associations"].code == "unclear"
    assert found.verdicts["value"].code == "shares_unclear"


def test_the_careless_role_is_found(result_of: Any) -> None:
    found = result_of("handover", HANDOVERS.product, "2026Q3")
    assert found.verdicts["roles"].code == "fewer"
    assert found.verdicts["roles"].fields["role"] == HANDOVERS.careless
    table = found.tables["roles"].set_index("role")
    assert table.index[table["verdict"] == "fewer"].tolist() == [HANDOVERS.careless]
    assert table.at[HANDOVERS.careless, "least"] == "stakeholders"


def test_completeness_and_promises_are_those_of_a_query(result_of: Any, sample_folder: Any) -> None:
    """Hand-written SQL over the delivered files, for the customers who started in the four quarters up to 2026Q3."""
    found = result_of("handover", "helpdesk", "2026Q3")
    names = [
        "problem",
        "promised",
        "expected_outcome",
        "expectation",
        "deadline",
        "decision_maker",
        "stakeholders",
    ]
    filled = " + ".join(f"({name} is not null)::int" for name in names)
    query = f"""
        with start as (
            select account_id, min(started_on) as day from '{sample_folder}/contracts.csv' where product = 'helpdesk' group by 1),
        handed as (
            select account_id, ({filled}) / 7.0 as part, row_number() over (
                partition by account_id order by h.handed_over_on > s.day, abs(h.handed_over_on - s.day)) as place
            from '{sample_folder}/handovers.csv' h join start s using (account_id) where h.product = 'helpdesk')
        select count(*) as started, count(part) as handed, avg(part) as part
        from start left join (from handed where place = 1) using (account_id)
        where day between '2025-10-01' and '2026-09-30'
    """
    row = duckdb.sql(query).df().iloc[0]
    assert found.metrics["with_handover"].n == row["started"]
    assert found.metrics["completeness"].n == row["handed"]
    assert found.metrics["completeness"].value == pytest.approx(row["part"])


def test_the_quick_metrics_are_those_of_the_analysis(of_product: Any, result_of: Any) -> None:
    quick = DECLARES.quick_metrics(of_product("expense_desk"), Quarter(2026, 2))
    assert quick == result_of("handover", "expense_desk", "2026Q2").metrics


# --- what pages say ----------------------------------------------------------------------------


def words(result: Result, language: str, data: ProductData) -> str:
    """All that figures, tables, notes and findings of a result say."""
    result = replace(result, settings={**result.settings, "currency": "JPY"})
    text = Text(language, data.product, accounts=not result.settings.get("by_contracts", True))
    said = [sentence(note, text, "handover", "JPY") for note in result.notes]
    said += [finding_sentence(f, text, "handover", "JPY") for f in result.findings]
    for module, names in (("charts", DECLARES.figures), ("tables", DECLARES.tables)):
        functions = importlib.import_module(f"cs_helpers.{module}.handover")
        for name in names:
            if name in result.tables and not result.tables[name].empty:
                made = getattr(functions, name)(result, text)
                said.append(made.alt if module == "charts" else made.as_html() + made.message)
    return re.sub(r"<[^>]+>", " ", "\n".join(said))


def everybody_lost() -> ProductData:
    return company(contracts=[contract(a, day, "2026-05-20") for a, day in STARTS.items()])


INTERVIEWS = {
    "interviews": [{"interview_id": f"I{a}", "account_id": a, "held_on": "2026-05-05"} for a in "ABCD"],
    "notes": [{"note_id": f"N{a}", "interview_id": f"I{a}", "evidence": "words", "text": "x"} for a in "ABCD"],
    "codings": [
        {"note_id": f"N{a}", "coder": "c", "viewpoint": "problem", "why_level": level, "code": code}
        for a, level, code in (("A", "expectation", "folding"), ("C", "expectation", "postage"), ("D", "core", "postage"))
    ],
}  # fmt: skip
EXPECTED = [{**row, "expectation": "folding"} for row in HANDED]
CASES = {
    "by hand": lambda: company(),
    "everybody lost": everybody_lost,
    "no hand-overs": lambda: company(handovers=None),
    "no rows": lambda: company(handovers=[{"account_id": "Y", "handed_over_on": "2026-01-01", "problem": "x"}]),
    "only dates": lambda: company(handovers=[{"account_id": "A", "handed_over_on": "2026-04-01"}]),
    "no milestones": lambda: company(milestones=None),
    "no contracts": lambda: company(contracts=None, **INTERVIEWS, handovers=EXPECTED),
    "interviews": lambda: company(**INTERVIEWS, handovers=EXPECTED),
    "one customer": lambda: company(accounts=[account("A")], contracts=[contract("A", "2026-04-10")], handovers=HANDED[:1], milestones=MILESTONES[2:4]),
    "long ago": lambda: company(
        contracts=[contract(a, "2024-05-01") for a in STARTS],
        handovers=[{**row, "handed_over_on": "2024-04-01", "deadline": "2024-07-01"} for row in HANDED],
    ),
    "all complete": lambda: company(handovers=[{"account_id": a, "handed_over_on": day, "problem": "x"} for a, day in STARTS.items()]),
}  # fmt: skip


def no_contracts() -> ProductData:
    tables: dict[str, Any] = {
        "accounts": [account(a) for a in STARTS],
        "milestones": MILESTONES,
        "handovers": EXPECTED,
        **INTERVIEWS,
    }
    return product_data(product(), as_of=Q2.end, **tables)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", CASES)
def test_each_question_is_answered_or_a_note_says_why_not(name: str, language: str) -> None:
    data = no_contracts() if name == "no contracts" else CASES[name]()
    result = handover.analyse(data, Q2)
    assert set(result.tables) | {n.about for n in result.notes} >= set(DECLARES.questions)
    page = words(result, language, data)
    assert "nan" not in page.lower().replace("finance", "")
    assert "{" not in page
    if name == "no contracts":
        assert "mrr" not in set().union(*result.tables.values())
        assert not any(word in page for word in ("解約", "customer", "顧客", " lost"))


def test_expectations_are_compared_by_hand() -> None:
    result = handover.analyse(CASES["interviews"](), Q2)
    rows = result.tables["expectation_customers"].set_index("account_id")
    assert rows["agrees"].to_dict() == {
        "A": "same",
        "C": "other",
        "D": "not_spoken",
    }  # B has no hand-over, E no interview
    assert result.tables["expectations"].to_dict("records") == [
        {"code": "folding", "same": 1, "other": 1, "not_spoken": 1}
    ]
    assert result.verdicts["expectations"].code == "few"
    assert "expectation_met" not in result.metrics


def test_leadership_reads_no_small_count_and_no_list() -> None:
    result = for_leadership(handover.analyse(CASES["interviews"](), Q2))
    assert "expectations" not in result.tables
    assert result.verdicts["expectations"].code == "hidden"
    assert "few_tell" in {n.code for n in result.notes if n.about == "expectations"}


def test_leadership_reads_the_sum_where_the_rows_are_too_small() -> None:
    rows = [
        {"code": "a", "same": 4, "other": 1, "not_spoken": 0},
        {"code": "b", "same": 0, "other": 4, "not_spoken": 3},
    ]
    result = handover.analyse(CASES["interviews"](), Q2)
    table = pd.DataFrame(rows)
    shown = for_leadership(
        replace(result, tables={**result.tables, "expectations": table}, verdicts={"expectations": expectation_verdict(table)})
    )  # fmt: skip
    assert "expectations" not in shown.tables
    assert [n.fields for n in shown.notes if n.code == "met_of_all"] == [{"same": 4, "of": 9}]


def test_leadership_reads_the_sample_without_lists_and_names(sample_snapshot: Any, of_product: Any) -> None:
    data = of_product("paper_to_web")
    found, _ = leadership_result(
        analyses.analysis("handover"),
        sample_snapshot,
        data,
        Quarter(2026, 3),
        lambda kind, n: f"〔{kind} {n}〕",
        {},
    )
    for_team = {name for name, question in DECLARES.questions.items() if question.for_team}
    assert not for_team & set(found.tables)
    page = "\n".join(table.to_csv() for table in found.tables.values())
    assert not any(name in page for name in data["accounts"]["name"])
    assert "expectation_met" in found.metrics  # twelve companies, five and seven
    assert {"starts", "fields", "roles", "value", "associations", "promises"} <= set(found.tables)
