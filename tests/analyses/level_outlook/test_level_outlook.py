"""The outlook of the sample, what it says where little is known, and that past forecasts know nothing of what came."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product, product_data, use
from level_histories import level_history_of

from cs_helpers.analyses import level_outlook
from cs_helpers.analyses.level_outlook.ahead import MIN_CUSTOMERS, quick_metrics
from cs_helpers.analyses.level_outlook.backtest import accuracy, past_forecasts
from cs_helpers.analyses.level_outlook.counted import step_counts
from cs_helpers.analyses.level_outlook.forecast import customer_table, forecast
from cs_helpers.analyses.level_outlook.verdicts import backtest_verdict, outlook_verdict, what_if_verdict
from cs_helpers.analyses.level_outlook.what_if import what_if
from cs_helpers.charts import level_outlook as charts
from cs_helpers.charts import theme
from cs_helpers.contract.quarters import Quarter
from cs_helpers.tables import level_outlook as tables
from cs_helpers.tables.notes import sentence
from cs_helpers.text import Text

LEVELS = [[{"value": "events", "event": "*", "at_least": n, "months": 1}] for n in (1, 2, 3, 4)]
Q2 = Quarter(2026, 2)


def desk(customers=12, months=24, *, contracts=True, ends=None, again=(), events=lambda n, month: 1 + n % 4):
    """Customers who use the product each month until June 2026: at Lv.1 to Lv.4, unless `events` says otherwise."""
    names = [f"A{n:02}" for n in range(customers)]
    days = [f"{month:%Y-%m}-10" for month in pd.period_range(end="2026-06", periods=months, freq="M")]
    used = [
        use(name, day, f"e{k}")
        for n, name in enumerate(names) for month, day in enumerate(days) for k in range(events(n, month))
    ]  # fmt: skip
    ends = ends or {}
    tables = (
        {"contracts": [*(contract(a, "2023-01-01", ends.get(a)) for a in names), *again]} if contracts else {}
    )
    return product_data(product(levels=LEVELS), accounts=[account(a) for a in names], usage=used, **tables)


def about(result, question):
    return [note.code for note in result.notes if note.about == question]


def test_the_losses_planted_at_year_ends_are_forecast_for_the_next_one(result_of):
    result = result_of("level_outlook", "paper_to_web", "2026Q3")
    lost = result.tables["outlook"].query("part == 'lost' and ahead > 0").set_index("quarter")["customers"]
    # the ends of March took 23 and 33 customers, other quarters 1 to 3
    assert lost.idxmax() == "2027Q1"
    assert 15 < lost["2027Q1"] < 35
    assert lost.drop("2027Q1").max() < 6
    found = {finding.code: finding for finding in result.findings}["losses_ahead"]
    assert found.fields["quarter"] == "2027Q1"
    assert found.mrr > 0


def test_all_parts_of_the_future_add_up(result_of):
    table = result_of("level_outlook", "paper_to_web", "2026Q3").tables["outlook"]
    means = table.pivot_table(index="quarter", columns="part", values="customers")
    levels = [part for part in means if part.startswith("level_")]
    assert means[levels].sum(axis=1).to_numpy() == pytest.approx(means["all"].to_numpy())
    ahead = sorted(table.loc[table["ahead"] > 0, "quarter"].unique())
    for before, after in zip(["2026Q3", *ahead], ahead, strict=False):
        moved = means.loc[before, "all"] + means.loc[after, "joined"] - means.loc[after, "lost"]
        assert means.loc[after, "all"] == pytest.approx(moved)


def test_intervals_lie_around_the_mean_and_each_within_the_wider(result_of):
    table = result_of("level_outlook", "helpdesk", "2026Q3").tables["outlook"].query("ahead > 0")
    assert (table["low"] <= table["inner_low"]).all()
    assert (table["inner_low"] <= table["inner_high"]).all()
    assert (table["inner_high"] <= table["high"]).all()
    assert ((table["low"] <= table["customers"]) & (table["customers"] <= table["high"])).all()


def test_the_same_data_gives_the_same_outlook_and_quick_metrics(of_product, result_of):
    result = result_of("level_outlook", "helpdesk", "2026Q3")
    again = quick_metrics(of_product("helpdesk"), Quarter.parse("2026Q3"))
    assert dict(again) == dict(result.metrics)


def test_a_past_forecast_knows_nothing_of_what_came():
    """Two histories that part after the origin: what is forecast from it is the same, what came is not."""
    signs = {f"A{n}": "0" * (6 + n % 7) + "1" * (12 - n % 7) for n in range(12)}
    grew = {name: history + "111" for name, history in signs.items()}
    shrank = {name: history + ("..." if int(name[1:]) < 6 else "000") for name, history in signs.items()}
    then = level_history_of(signs, top=2, last=Quarter(2026, 1))
    one, other = (past_forecasts([then], level_history_of(h, top=2), 2) for h in (grew, shrank))
    forecasts = ["part", "customers", "low", "high", "before"]
    assert one[forecasts].equals(other[forecasts])
    assert one.set_index("part")["actual"].to_dict() == {
        "all": 12, "upper": 0, "level_0": 0, "level_1": 12, "level_2": 0,
    }  # fmt: skip
    assert other.set_index("part")["actual"]["all"] == 6


def test_errors_of_past_forecasts_are_counted_by_how_far_ahead_they_were():
    past = pd.DataFrame(
        {
            "origin": ["2025Q1"] * 3, "part": ["all", "level_0", "upper"], "ahead": [1, 1, 1], "customers": [10.0, 4.0, 1.0],
            "actual": [12.0, 4.0, 9.0], "before": [13.0, 6.0, 1.0], "held": [False, True, False],
        }
    )  # fmt: skip
    row = accuracy(past).iloc[0]
    assert (row["forecasts"], row["held"], row["share"]) == (2, 1, 0.5)
    assert (row["error"], row["unchanged_error"]) == (1.0, 1.5)


def test_nobody_ever_lost_and_nobody_new_are_said():
    result = level_outlook.analyse(desk(), Q2)
    assert "nobody_joined" in about(result, "outlook")
    table = result.tables["outlook"].query("ahead == 4").set_index("part")
    assert table.loc["joined", "high"] == 0
    assert 9 <= table.loc["all", "low"] < table.loc["all", "high"] == 12  # none lost so far is no promise
    assert result.verdicts["outlook"].code == "unclear"


def test_all_customers_lost_is_no_forecast():
    data = desk(ends={f"A{n:02}": "2026-05-31" for n in range(12)})
    result = level_outlook.analyse(data, Q2)
    assert not result.tables
    assert {code for question in level_outlook.QUESTIONS for code in about(result, question)} == {
        "no_customers"
    }


@pytest.mark.parametrize(("months", "code"), [(12, "too_few_quarters"), (3, "too_few_quarters")])
def test_less_than_a_year_of_moves_is_no_forecast(months, code):
    result = level_outlook.analyse(desk(months=months), Q2)
    assert not result.tables
    assert not result.metrics
    assert about(result, "outlook") == [code]
    assert about(result, "what_if") == [code]


def test_a_year_of_moves_is_a_forecast_without_a_past_one():
    result = level_outlook.analyse(desk(months=15), Q2)
    assert "one_year" in about(result, "outlook")
    assert about(result, "backtest") == about(result, "accuracy") == ["too_few_quarters"]


def test_few_customers_are_no_forecast():
    result = level_outlook.analyse(desk(customers=MIN_CUSTOMERS - 1), Q2)
    assert about(result, "outlook") == ["too_few_customers"]
    assert result.n == MIN_CUSTOMERS - 1


def test_without_contracts_nobody_is_lost_and_no_money_is_spoken_of():
    result = level_outlook.analyse(desk(contracts=False), Q2)
    assert "losses_unknown" in about(result, "outlook")
    assert about(result, "mrr") == ["missing_table"]
    assert "lost" not in set(result.tables["outlook"]["part"])
    assert set(result.metrics) == {"customers_ahead", "upper_ahead"}
    assert not {"kept", "mrr"} & set(result.tables["what_if"])
    assert result.verdicts["what_if"].code == "rises"
    ahead = result.tables["outlook"].query("part == 'all' and ahead > 0")
    assert (ahead["low"] >= 12).all()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_of_accounts_no_sentence_speaks_of_money_or_of_who_left(language, monkeypatch):
    monkeypatch.setattr(theme, "pixels", lambda figure: np.full((60, 80, 4), 255, np.uint8))
    data = desk(contracts=False)
    result = replace(level_outlook.analyse(data, Q2), settings={"currency": ""})
    text = Text(language, data.product, accounts=True)
    pictures = [getattr(charts, name)(result, text) for name in ("outlook", "backtest", "what_if")]
    listings = [getattr(tables, name)(result, text) for name in ("outlook", "accuracy", "what_if")]
    notes = [sentence(note, text, "level_outlook", "") for note in result.notes if note.about != "mrr"]
    said = " ".join(
        [*(p.message + p.alt for p in pictures), *(listing.as_html() for listing in listings), *notes]
    )
    assert not re.search(r"MRR|¥|\blost\b|\bcustomer|顧客|解約|{", said)
    assert "Lv.1" in said


def test_customers_whose_level_is_not_known_any_more_are_in_the_total():
    signs = {f"A{n}": "0" * 6 + "1" * 6 + ("???" if n < 4 else "111") + "111" for n in range(11)}
    signs |= {f"B{n}": "1" * 15 + "???" for n in range(3)}
    history = level_history_of(signs, top=2)
    table = customer_table(history, forecast(step_counts(history), 2), 9)
    now = table.query("quarter == '2026Q2'").set_index("part")["customers"]
    assert (now["all"], now["level_1"], now["unknown"]) == (14, 11, 3)
    ahead = table.query("ahead == 4").set_index("part")["customers"]
    assert ahead[["level_0", "level_1", "level_2", "unknown"]].sum() == pytest.approx(ahead["all"])
    assert ahead["unknown"] > 0


def outlook_of(now, low, high, upper=(5, 3, 7)):
    rows = [("2026Q2", "all", now, np.nan, np.nan, 0), ("2026Q2", "upper", upper[0], np.nan, np.nan, 0)]
    rows += [("2027Q2", "all", (low + high) / 2, low, high, 4), ("2027Q2", "upper", upper[0], *upper[1:], 4)]
    return pd.DataFrame(rows, columns=["quarter", "part", "customers", "low", "high", "ahead"])


@pytest.mark.parametrize(
    ("low", "high", "code"), [(11, 20, "more"), (2, 9, "fewer"), (8, 12, "unclear"), (10, 15, "unclear")]
)
def test_the_verdict_goes_by_whether_todays_number_lies_within(low, high, code):
    verdict = outlook_verdict(outlook_of(10, low, high), 3)
    assert verdict.code == code
    assert verdict.fields["now"] == 10


@pytest.mark.parametrize(
    ("held", "origins", "code"),
    [(20, 5, "counted"), (19, 12, "as_said"), (20, 12, "as_said"), (12, 12, "too_narrow")],
)
def test_intervals_are_called_too_narrow_only_with_enough_past_quarters(held, origins, code):
    rows = [(f"q{o}", "all", n < held - o % 2) for o in range(origins) for n in range(20)]
    verdict = backtest_verdict(pd.DataFrame(rows, columns=["origin", "part", "held"]))
    assert verdict.code == code


@pytest.mark.parametrize(
    ("low", "high", "code"), [(0.5, 3, "keeps"), (-1, 2, "unclear"), (-3, -0.5, "loses")]
)
def test_fewer_losses_are_claimed_only_beyond_chance(low, high, code):
    row = {
        "rising": 1, "more": 0.1, "above": 5.0, "above_low": 4.0, "above_high": 6.0, "kept": (low + high) / 2,
        "kept_low": low, "kept_high": high,
    }  # fmt: skip
    assert what_if_verdict(pd.DataFrame([row]), 1, 0.1, "2027Q2").code == code


@pytest.fixture(scope="module")
def scenarios():
    signs = {f"A{n}": "".join(str(min(n % 3 + (month > 3 * n), 2)) for month in range(18)) for n in range(14)}
    counted = step_counts(level_history_of(signs, top=3))
    return what_if(forecast(counted, 2), 3, losses=True, pays=False)


def test_nobody_more_who_rises_changes_nothing_and_more_move_more_above(scenarios):
    gains, _ = scenarios
    for _, rows in gains.groupby("rising"):
        assert rows.loc[rows["more"] == 0, ["above", "kept"]].to_numpy().tolist() == [[0, 0]]
        assert (rows["above"].diff().dropna() >= -1e-9).all()


def test_the_expected_customers_differ_between_scenarios_only_by_those_kept(scenarios):
    gains, levels = scenarios
    total = levels.groupby(["rising", "more"])["customers"].sum()
    kept = gains.set_index(["rising", "more"])["kept"]
    assert (total - total.xs(0.0, level="more").iloc[0]).to_numpy() == pytest.approx(
        kept.to_numpy(), abs=1e-9
    )


def test_the_table_of_customers_begins_with_what_was():
    signs = {f"A{n}": "0" * 9 + "1" * 9 for n in range(11)}
    history = level_history_of(signs, top=2)
    table = customer_table(history, forecast(step_counts(history), 2), 9)
    was = table.query("ahead == 0 and part == 'level_1'").set_index("quarter")["customers"]
    assert was.to_dict() == {
        "2025Q1": 0, "2025Q2": 0, "2025Q3": 0, "2025Q4": 11, "2026Q1": 11, "2026Q2": 11,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["paper_to_web", "helpdesk", "expense_desk"])
def test_a_forecast_that_does_no_better_than_no_change_says_so_and_calls_nothing_clear(result_of, name):
    result = result_of("level_outlook", name, "2026Q3")
    furthest = result.tables["accuracy"].iloc[-1]
    is_beaten = furthest["error"] >= furthest["unchanged_error"]
    assert is_beaten == any(note.code == "no_better_than_unchanged" for note in result.notes)
    ahead = [f for f in result.findings if f.code != "losses_ahead"]
    assert {f.certainty for f in ahead} <= {"unclear" if is_beaten else "clear"}


def test_a_renewal_that_is_recorded_late_is_neither_a_fall_nor_a_rise_of_mrr():
    late = desk(20, ends={"A00": "2025-06-20"}, again=[contract("A00", "2025-07-05")])
    table = level_outlook.analyse(late, Q2).tables["mrr"]
    assert set(table.query("part == 'all' and ahead == 0")["mrr"]) == {2000.0}
    steady = level_outlook.analyse(desk(20), Q2).tables["mrr"]
    assert table.query("ahead > 0")["mrr"].tolist() == steady.query("ahead > 0")["mrr"].tolist()
