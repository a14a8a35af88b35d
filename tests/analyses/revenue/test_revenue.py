"""Retention, costs and lifetime value by hand and by published numbers, and the sentences of unusual data."""

from __future__ import annotations

import math
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product, product_data
from statsmodels.duration.survfunc import SurvfuncRight

from cs_helpers.analyses import revenue
from cs_helpers.analyses.revenue.lifetime import DAYS_A_MONTH, lifetimes
from cs_helpers.charts import revenue as charts
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.revenue import RevenueRules
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.proportions import wilson
from cs_helpers.tables import revenue as tables
from cs_helpers.tables.notes import sentence as note_sentence
from cs_helpers.text import Text

Q3 = Quarter(2026, 3)
COSTS = {
    "cost_of_goods": ("hosting",),
    "general_and_administrative": ("office",),
    "research_and_development": ("research",),
    "sales_and_marketing": ("growth",),
}


def data_of(
    *contracts: dict[str, Any], costs: list[dict[str, Any]] | None = None, kinds: Any = None, **rules: Any
) -> ProductData:
    of = product().model_copy(update={"revenue": RevenueRules(costs=kinds or {}, **rules)})
    names = sorted({c["account_id"] for c in contracts})
    given = {} if costs is None else {"costs": costs}
    return product_data(of, accounts=[account(name) for name in names], contracts=contracts, **given)


def costs_of(year: dict[str, float]) -> list[dict[str, Any]]:
    """The costs of October 2025 to September 2026, each category in twelve equal parts."""
    months = pd.date_range("2025-10-01", "2026-09-01", freq="MS")
    return [
        {"month": m, "category": category, "amount": amount / 12, "currency": "JPY"}
        for category, amount in year.items()
        for m in months
    ]


def codes(result: Result, question: str) -> list[str]:
    return [note.code for note in result.about(question)]


def value(result: Result, name: str) -> float:
    found = result.metrics[name].value
    assert found is not None
    return found


#: five customers of the start with 100 each: one grows to 130, one shrinks to 60, one leaves; a new one never counts
FIVE = [
    contract("A", "2024-01-01", "2026-07-31", 100), contract("A", "2026-08-01", mrr=130),
    contract("B", "2024-01-01", "2026-07-31", 100), contract("B", "2026-08-01", mrr=60),
    contract("C", "2024-01-01", "2026-08-31", 100),
    contract("D", "2024-01-01", mrr=100),
    contract("E", "2024-01-01", mrr=100),
    contract("N", "2026-08-01", mrr=500),
]  # fmt: skip


def test_retention_of_five_customers_counted_by_hand() -> None:
    result = revenue.analyse(data_of(*FIVE), Q3)
    assert value(result, "nrr") == (130 + 60 + 0 + 100 + 100) / 500
    assert value(result, "grr") == (100 + 60 + 0 + 100 + 100) / 500
    assert value(result, "logo_churn") == 1 / 5
    assert (result.metrics["logo_churn"].low, result.metrics["logo_churn"].high) == wilson(1, 5)
    assert value(result, "quick_ratio") == (500 + 30) / (40 + 100)
    assert value(result, "customers") == 5
    assert value(result, "mrr") == 130 + 60 + 100 + 100 + 500
    assert (result.metrics["nrr"].n, result.metrics["nrr"].low) == (5, None)  # too few for an interval
    assert result.verdicts["retention"].code == "small"


def test_a_customer_who_returns_within_the_period_was_lost_and_one_whose_renewal_is_open_was_not() -> None:
    result = revenue.analyse(
        data_of(
            contract("A", "2024-01-01", "2026-07-05", 100), contract("A", "2026-09-01", mrr=100),
            contract("B", "2024-01-01", "2026-09-20", 300) | {"ended_how": "term"},
            contract("C", "2024-01-01", mrr=100),
        ),
        Q3,
    )  # fmt: skip
    assert value(result, "nrr") == (0 + 300 + 100) / 500
    assert value(result, "logo_churn") == 1 / 3
    assert value(result, "mrr") == 200
    assert codes(result, "bridge") == ["not_recorded"]


def test_a_free_customer_that_begins_to_pay_is_new_and_no_part_of_nrr() -> None:
    rows = [contract("F", "2024-01-01", "2026-07-31", 0), contract("F", "2026-08-01", mrr=900)]
    result = revenue.analyse(data_of(*rows, contract("A", "2024-01-01", mrr=100)), Q3)
    assert (value(result, "nrr"), result.metrics["nrr"].n) == (1.0, 1)
    assert (value(result, "logo_churn"), result.metrics["logo_churn"].n) == (0.0, 2)
    bridge = result.tables["bridge"].set_index("step")["amount"]
    assert (bridge["new"], bridge["expansion"]) == (900, 0)


def test_nrr_and_grr_of_the_sample_agree_with_sql(of_product, result_of) -> None:
    data = of_product("expense_desk")
    contracts = data["contracts"].assign(mrr=lambda t: t["mrr"].astype("float64"))
    opening = "2025-09-30"
    rows = duckdb.sql(f"""
        WITH levels AS (
            SELECT account_id,
                sum(mrr) FILTER (started_on <= DATE '{opening}' AND coalesce(ended_on >= DATE '{opening}', true)) AS s,
                coalesce(sum(mrr) FILTER (started_on <= DATE '2026-09-30'
                    AND coalesce(ended_on >= DATE '2026-09-30', true)), 0) AS e
            FROM contracts GROUP BY account_id)
        SELECT sum(e) / sum(s), sum(least(s, e)) / sum(s), avg((e = 0)::INT), count(*) FROM levels WHERE s > 0
    """).fetchone()
    assert len(contracts) > 100
    metrics = result_of("revenue", "expense_desk", "2026Q3").metrics
    found = [metrics[n].value for n in ("nrr_year", "grr_year", "logo_churn_year")]
    assert [*found, metrics["nrr_year"].n] == pytest.approx(list(rows))


def test_logo_churn_is_the_share_of_lost_customers_that_baselines_report(result_of) -> None:
    for quarter in ("2025Q1", "2026Q1", "2026Q3"):
        of_baselines = result_of("baselines", "paper_to_web", quarter).metrics["lost_share"]
        of_revenue = result_of("revenue", "paper_to_web", quarter).metrics["logo_churn"]
        assert (of_revenue.value, of_revenue.n) == (of_baselines.value, of_baselines.n)


def test_the_planted_year_end_is_worse_than_a_quarter_without_one(result_of) -> None:
    year_end = result_of("revenue", "paper_to_web", "2026Q1").metrics["nrr"]
    summer = result_of("revenue", "paper_to_web", "2026Q3").metrics["nrr"]
    assert year_end.high < summer.low


# ARR 1,200, of which 120 are lost; new ARR 480; a tenth of the published case's scale in MRR
PUBLISHED = [
    contract("A", "2024-01-01", mrr=90),
    contract("B", "2024-01-01", "2026-03-31", 10),
    contract("C", "2026-05-01", mrr=40),
]
YEAR = {"hosting": 240.0, "office": 120.0, "research": 240.0, "growth": 480.0}


def test_margin_and_growth_efficiency_are_those_of_the_published_case() -> None:
    result = revenue.analyse(data_of(*PUBLISHED, costs=costs_of(YEAR), kinds=COSTS), Q3)
    assert value(result, "profit_margin") == pytest.approx(0.40)
    assert value(result, "growth_efficiency") == pytest.approx(1.00)
    assert value(result, "growth_efficiency_net") == pytest.approx(480 / 360)
    assert value(result, "mrr") * 12 == 1560
    assert result.verdicts["profitability"].code == "costs_more"
    # 480 to win an MRR of 40; of the revenue of the year, 1,090 + 40 x 5, the cost of goods leaves the rest
    months = [100] * 6 + [90] + [130] * 5
    gross_margin = 1 - 240 / sum(months)
    assert value(result, "cac_payback") == pytest.approx(480 / (40 * gross_margin))


def test_the_planted_shares_of_costs_are_found_again(result_of) -> None:
    # cost of goods and support are planted as 19 % and 9 % of the revenue, each month with noise of 6 %
    for name in ("paper_to_web", "expense_desk", "helpdesk"):
        table = result_of("revenue", name, "2026Q3").tables["profitability"].set_index("measure")["value"]
        assert table["gross_margin"] == pytest.approx(0.72, abs=0.02)
        spent = table[["general_and_administrative", "research_and_development", "sales_and_marketing"]]
        assert list(spent / spent.sum()) == pytest.approx([0.11 / 0.52, 0.17 / 0.52, 0.24 / 0.52], abs=0.03)


@pytest.mark.parametrize(
    ("year", "kinds", "notes", "metrics"),
    [
        (None, COSTS, ["missing_table"], set()),
        (YEAR, {}, ["costs_undeclared"], set()),
        ({**YEAR, "party": 5.0}, COSTS, ["costs_unmapped"], {"profit_margin", "growth_efficiency", "growth_efficiency_net", "cac_payback"}),
        ({"growth": 480.0}, COSTS, ["costs_kind_unknown"], {"growth_efficiency", "growth_efficiency_net"}),
        ({k: v for k, v in YEAR.items() if k != "growth"}, COSTS, ["costs_kind_unknown"], {"profit_margin"}),
    ],
)  # fmt: skip
def test_what_costs_do_not_say_is_left_out_with_a_note(
    year: Any, kinds: Any, notes: list[str], metrics: set[str]
) -> None:
    costs = None if year is None else costs_of(year)
    result = revenue.analyse(data_of(*PUBLISHED, costs=costs, kinds=kinds), Q3)
    assert codes(result, "profitability") == notes
    of_costs = {"profit_margin", "growth_efficiency", "growth_efficiency_net", "cac_payback"}
    assert of_costs & set(result.metrics) == metrics


def test_costs_of_less_than_a_year_and_of_a_segment_are_not_compared() -> None:
    data = data_of(*PUBLISHED, costs=costs_of(YEAR)[1:12], kinds=COSTS)
    assert codes(revenue.analyse(data, Q3), "profitability") == ["costs_incomplete"]
    whole = data_of(*PUBLISHED, costs=costs_of(YEAR), kinds=COSTS)
    part = revenue.analyse(ProductData(**{**vars(whole), "segment": "size:small"}), Q3)
    assert codes(part, "profitability") == ["costs_of_all"]


def dollars(**rules: Any) -> Result:
    rows = [contract("A", "2025-01-01", mrr=100), contract("B", "2025-01-01", mrr=7) | {"currency": "USD"}]
    costs = [row | {"currency": "USD"} for row in costs_of({"growth": 12.0})]
    return revenue.analyse(
        data_of(*rows, costs=[*costs, *costs_of({"hosting": 60.0})], kinds=COSTS, **rules), Q3
    )


def test_currencies_are_added_only_by_a_declared_rate() -> None:
    apart = dollars(currency="JPY")
    assert value(apart, "mrr") == 100
    assert value(apart, "customers") == 2
    note = next(n for n in apart.notes if n.code == "currency_apart")
    assert note.fields == {"names": "USD", "contracts": 1, "amount": 7}
    assert "costs_without_rate" in codes(apart, "profitability")
    converted = dollars(currency="JPY", exchange_rates={"USD": {"rate": 150, "on": "2026-09-30"}})
    assert value(converted, "mrr") == 100 + 7 * 150
    assert codes(converted, "bridge") == ["converted"]
    costs = converted.tables["profitability"].set_index("measure")["value"]
    assert costs["sales_and_marketing"] == pytest.approx(12 * 150)


def test_the_mrr_of_a_day_converts_as_well_and_is_not_known_without_a_rate() -> None:
    rows = [contract("A", "2025-01-01", mrr=100), contract("B", "2025-01-01", mrr=7) | {"currency": "USD"}]
    mrr = customer_time_as_of(data_of(*rows, currency="JPY"), Q3.end).mrr(Q3.end)
    assert mrr["A"] == 100
    assert math.isnan(mrr["B"])


def test_who_stays_is_the_kaplan_meier_curve_of_statsmodels(of_product) -> None:
    spells = customer_time_as_of(of_product("paper_to_web"), Q3.end).spells
    last = spells["last_day"].fillna(pd.Timestamp(Q3.end))
    days = (last - spells["first_day"]).dt.days + 1
    fitted = SurvfuncRight(days, spells["last_day"].notna().astype(int))
    found = lifetimes(customer_time_as_of(of_product("paper_to_web"), Q3.end))
    for age in range(1, 48):
        at_age = fitted.surv_prob[fitted.surv_times <= age * DAYS_A_MONTH]
        assert found.survival(np.array([age]))[0][0] == pytest.approx(at_age[-1] if len(at_age) else 1.0)


def test_lifetime_values_of_customers_counted_by_hand() -> None:
    # ten customers of one start, of whom one leaves after a year and one after two: on the first day of the last twelve
    # months, in which 9 customers begin the first month and 8 the others
    rows = [contract(f"A{n}", "2023-10-01", mrr=100) for n in range(8)]
    rows += [contract("L1", "2023-10-01", "2024-09-30", 100), contract("L2", "2023-10-01", "2025-09-30", 100)]
    result = revenue.analyse(data_of(*rows, horizon_months=36, discount_rate=0.0), Q3)
    table = result.tables["lifetime"].set_index("method")
    assert table.loc["km_rmst", "value"] == pytest.approx(100 * (13 + 12 * 0.9 + 11 * 0.8), rel=0.02)
    assert table.loc["constant_hazard", "value"] == pytest.approx(100 * (9 + 11 * 8) / 1)
    assert table.loc["sbg", "value"] == pytest.approx(100 * 12 * (1 + 0.9 + 0.8), rel=0.02)
    assert value(result, "lifetime_value") == table.loc["km_rmst", "value"]


LOST = [contract(f"L{n}", "2024-01-01", "2026-08-31", 50) for n in range(12)]
KEPT = [contract(f"K{n}", "2024-01-01", mrr=50) for n in range(12)]
NEW = [contract(f"N{n}", "2026-07-10", mrr=50) for n in range(12)]
FREE = [contract(f"F{n}", "2024-01-01", mrr=0) for n in range(12)]
FREE_LOST = [contract(f"G{n}", "2024-01-01", "2026-08-31", 0) for n in range(12)]


def repriced(mrr: float) -> list[dict[str, Any]]:
    old = [contract(f"P{n}", "2024-01-01", "2026-07-31", 50) for n in range(12)]
    return old + [contract(f"P{n}", "2026-08-01", mrr=mrr) for n in range(12)]


RAISED, CUT = repriced(55), repriced(45)


@pytest.mark.parametrize(
    ("rows", "verdicts", "notes"),
    [
        (KEPT, {"bridge": "unchanged", "trend": "unchanged", "retention": "all_kept", "segments": None, "survival": "none_lost"}, {"nothing_lost", "no_losses_recorded", "one_segment"}),
        (LOST, {"bridge": "all_lost", "trend": "all_lost", "retention": "all_lost", "survival": "all_lost"}, {"no_paying_customers"}),
        (NEW, {"bridge": "from_nothing", "trend": "short", "retention": None, "survival": "none_lost"}, {"no_start_customers", "no_year"}),
        (FREE, {"bridge": "unchanged", "trend": "unchanged", "retention": "unpaid"}, {"no_start_mrr", "no_paying_customers"}),
        ([*FREE, *NEW], {"bridge": "from_nothing", "trend": "from_nothing", "retention": "unpaid"}, {"no_start_mrr"}),
        ([*KEPT, *FREE_LOST], {"bridge": "unchanged", "retention": "free_left"}, set()),
        (RAISED, {"bridge": "grew", "retention": "all_kept"}, {"nothing_lost"}),
        (CUT, {"bridge": "shrank", "retention": "alike"}, set()),
        ([*KEPT, *LOST], {"bridge": "shrank", "retention": "below"}, set()),
        ([*KEPT, *NEW], {"bridge": "grew", "retention": "all_kept"}, {"nothing_lost"}),
        ([], {"bridge": None, "survival": None}, {"no_customers"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("year", [None, YEAR])
def test_unusual_data_is_said_in_whole_sentences(
    rows: list[dict[str, Any]], verdicts: dict[str, str | None], notes: set[str], year: Any
) -> None:
    costs = None if year is None else costs_of(year)
    result = revenue.analyse(data_of(*rows, costs=costs, kinds=COSTS), Q3)
    found = {name: v.code for name, v in result.verdicts.items()}
    assert {name: found.get(name) for name in verdicts} == verdicts
    assert notes <= {note.code for note in result.notes}
    for question, declared in revenue.DECLARES.questions.items():
        assert question in result.tables or result.about(question), question
        if question in found:
            assert found[question] in declared.verdicts
    for sentence in sentences(result):
        assert "nan" not in sentence.lower()
        assert "{" not in sentence
        assert "–%" not in sentence


def sentences(result: Result) -> list[str]:
    """All that a page says of a result, in both languages."""
    whole = Result(**{**vars(result), "settings": {**result.settings, "currency": "JPY"}})
    said = []
    for language in ("en", "ja"):
        text = Text(language, product())
        for question, declared in revenue.DECLARES.questions.items():
            if question in whole.tables and len(whole.tables[question]):
                if declared.figure:
                    picture = getattr(charts, question)(whole, text)
                    said += [picture.message, picture.alt]
                if declared.table:
                    listing = getattr(tables, question)(whole, text)
                    said += [listing.message, *listing.page.to_numpy().ravel()]
        said += [note_sentence(note, text, "revenue", "JPY") for note in whole.notes]
    return said


def test_without_contracts_every_question_says_so() -> None:
    data = product_data(product(), accounts=[account("A")], tickets=[])
    result = revenue.analyse(data, Q3)
    assert {note.about for note in result.notes if note.code == "missing_table"} == set(
        revenue.DECLARES.questions
    )
    assert (dict(result.tables), dict(result.metrics)) == ({}, {})


def test_a_segment_with_many_losses_is_named_and_noise_is_not() -> None:
    def of(size: str, count: int, lost: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        names = [f"{size}{n}" for n in range(count)]
        ends = ["2026-05-31" if n < lost else None for n in range(count)]
        return [account(n, size) for n in names], [
            contract(n, "2024-01-01", e) for n, e in zip(names, ends, strict=True)
        ]

    def analysed(*parts: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> Result:
        accounts, contracts = ([row for rows in lists for row in rows] for lists in zip(*parts, strict=True))
        return revenue.analyse(product_data(product(), accounts=accounts, contracts=contracts), Q3)

    result = analysed(of("small", 40, 16), of("mid", 40, 2), of("enterprise", 20, 1))
    finding = next(f for f in result.findings if f.code == "churn_in_segment")
    assert finding.fields == {"segment": "size:small"}
    assert (finding.value, finding.compared, finding.customers, finding.mrr) == (0.4, 3 / 60, 16, 1600)
    assert finding.low is not None
    assert finding.low > 0
    assert result.verdicts["segments"].code == "more"
    noise = analysed(of("small", 40, 4), of("mid", 40, 2), of("enterprise", 20, 1))
    assert noise.verdicts["segments"].code == "alike"
    assert "churn_in_segment" not in {f.code for f in noise.findings}
    assert noise.tables["clear_segments"].empty
