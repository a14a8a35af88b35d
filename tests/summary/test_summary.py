"""The summary ranks what analyses found: changes beyond noise first, decisions by what is at stake, and says what is not known."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from builders import product

from cs_helpers import analyses
from cs_helpers.contract.products import HEADLINES
from cs_helpers.contract.quarters import Quarter
from cs_helpers.errors import SettingError
from cs_helpers.result import Finding, Metric, Note, Result
from cs_helpers.sample import truths
from cs_helpers.summary import MIN_CHANGE, Summary, check_metrics, summarise, surprise
from cs_helpers.workbook import Workbook

QUARTER = "2026Q3"


def finding(code: str = "x", **values) -> Finding:
    return Finding(
        **{"code": code, "about": code, "direction": "worse", "certainty": "clear", "n": 100, **values}
    )


def result(*found: Finding, notes: tuple[Note, ...] = (), tables=None, metrics=None) -> Result:
    parts = {"tables": tables or {}, "metrics": metrics or {}, "notes": notes, "findings": found}
    return Result("health", "desk", None, None, None, 0, **parts)  # type: ignore[arg-type]


def of(*results: Result, mrr: float = 1000.0) -> Summary:
    """The summary of results, as of different analyses, without a headline number."""
    nothing_before = SimpleNamespace(quarter=Quarter(2026, 3))
    named = dict(zip(("health", "journeys", "maturity"), results, strict=False))
    return summarise(named, nothing_before, (), mrr=mrr)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def summary_of(home):
    """The summaries of the sample's products, for the team and in English."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CS_WORKBOOK_HOME", str(home))
        return {
            product: Workbook.open(product=product, quarter=QUARTER).summary().summary
            for product in ("paper_to_web", "helpdesk", "expense_desk")
        }


@pytest.mark.parametrize(
    ("size", "low", "high", "unit", "expected"),
    [
        (0.4, 0.2, 0.6, "", 2.0),  # twice as far from 0 as the near end is from it
        (-0.4, -0.6, -0.2, "", 2.0),
        (4.0, 2.0, 8.0, "ratio", 2.0),  # log 4 / log 2
        (0.25, 0.125, 0.5, "ratio", 2.0),
        (2.0, None, None, "ratio", 1.0),  # without an interval it is only known to be beyond chance
    ],
)
def test_the_surprise_of_an_estimate_is_its_distance_in_widths_of_its_interval(
    size, low, high, unit, expected
) -> None:
    assert surprise(finding(size=size, low=low, high=high, size_unit=unit), 0.0) == pytest.approx(expected)


def test_what_chance_may_explain_is_no_surprise() -> None:
    assert surprise(finding(certainty="unclear", size=9.0, low=-1.0, high=19.0), 0.0) == 0


def test_what_is_counted_surprises_by_its_share_of_customers_or_revenue() -> None:
    counted = {"certainty": "counted"}
    assert surprise(finding(customers=5, **counted), 0.0) == pytest.approx(1.0)
    of_money = finding(unit="currency", value=900.0, compared=1000.0, **counted)
    assert surprise(of_money, 1000.0) == pytest.approx(2.0)
    assert surprise(of_money, float("nan")) == 0
    # three customers who left are few of a hundred, however many more than none they are
    few = finding(customers=3, value=3.0, compared=0.0, size=3.0, **counted)
    assert surprise(few, 0.0) < 1


def test_changes_stand_in_the_order_of_their_surprise_and_states_are_none() -> None:
    before = {"compared_with": "previous_quarter"}
    small = finding("small", size=0.3, low=0.1, high=0.5, **before)
    large = finding("large", size=0.4, low=0.3, high=0.5, **before)
    noise = finding("noise", certainty="unclear", size=9.0, **before)
    state = finding("state", size=0.9, low=0.8, high=1.0, compared_with="other_customers")
    summary = of(result(noise, small, state), result(large))
    assert [(r.analysis, r.finding.code) for r in summary.changed] == [
        ("journeys", "large"),
        ("health", "small"),
    ]


def test_of_one_question_the_largest_change_is_named() -> None:
    before = {"compared_with": "usual", "about": "one"}
    first, second = (
        finding("a", size=0.3, low=0.2, high=0.4, **before),
        finding("b", size=0.9, low=0.8, high=1, **before),
    )
    assert [r.finding.code for r in of(result(first, second)).changed] == ["b"]


def test_decisions_of_the_playbook_come_first_then_what_is_worse_by_its_stake() -> None:
    due = finding("due", fields={"who": "csm", "do": "call"}, mrr=10.0, customers=1, certainty="counted")
    larger = finding(
        "larger", fields={"who": "csm", "do": "call"}, mrr=20.0, customers=1, certainty="counted"
    )
    worse = finding("worse", mrr=900.0, customers=9, certainty="counted")
    better = finding("better", direction="better", mrr=999.0, customers=9)
    chance = finding("chance", certainty="unclear", mrr=999.0, customers=9)
    summary = of(result(due, larger), result(better, chance, worse))
    assert [r.finding.code for r in summary.decisions] == ["larger", "due", "worse"]
    assert summary.changed == ()


def test_notes_that_warn_are_what_is_not_known_and_those_that_explain_or_tell_are_not() -> None:
    warns = Note("missing_table", "scores", {"tables": ("usage",)})
    again = Note("missing_table", "bands", {"tables": ("usage",)})
    partly = Note("not_scored", "bands", {"customers": 1, "of": 2})
    explains = Note("partly_known", "bands", {"measures": (), "of": 2})
    summary = of(result(notes=(explains, partly, warns, again), tables={"bands": None}))
    assert [(note.code, note.about) for _, note in summary.unknown] == [
        ("missing_table", "scores"),
        ("not_scored", "bands"),
    ]
    many = tuple(Note("not_scored", "bands", {"customers": n, "of": 9}) for n in range(7))
    assert (len(of(result(notes=many)).unknown), of(result(notes=many)).more_unknown) == (5, 2)


def test_a_standing_number_of_customers_is_a_change_by_those_who_came_or_went() -> None:
    standing = Finding(
        "untold",
        "not_told",
        "better",
        "counted",
        100,
        value=37,
        compared=40,
        customers=37,
        size=-3,
        size_unit="count",
    )
    assert surprise(standing, 0.0) == pytest.approx(0.03 / MIN_CHANGE)


def test_a_headline_that_no_analysis_has_is_refused_with_the_nearest_name() -> None:
    named = product().model_copy(update={"headlines": ("health.red_mr",)})
    with pytest.raises(SettingError, match=r"'headlines'.*'health\.red_mr'.*Did you mean 'health\.red_mrr'"):
        check_metrics(named)


def test_a_target_of_a_metric_that_no_analysis_has_is_refused(home, monkeypatch) -> None:
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(home))
    book = Workbook.open(product="helpdesk", quarter=QUARTER)
    book.data.product.targets["revenue.nnr"] = 1.0
    try:
        with pytest.raises(SettingError, match=r"'targets'.*'revenue\.nnr'.*Did you mean"):
            book.summary()
    finally:
        del book.data.product.targets["revenue.nnr"]


def test_the_headlines_that_products_have_by_default_are_declared() -> None:
    for name in HEADLINES:
        analysis, _, metric = name.partition(".")
        assert metric in analyses.analysis(analysis).declares.metrics


def test_the_summary_names_what_is_planted_and_a_product_with_nothing_new_says_so(summary_of) -> None:
    changed = {
        name: {(r.analysis, r.finding.code) for r in summary.changed} for name, summary in summary_of.items()
    }
    odd, quiet, stalled = truths.ODD_WEEK.product, truths.QUIET_WEEK.product, truths.STALL
    assert {("baselines", "odd_more"), ("baselines", "asks_less")} <= changed[odd]
    assert ("baselines", "odd_fewer") in changed[quiet]
    assert changed["expense_desk"] == set()
    waits = [r.finding for r in summary_of[stalled.product].decisions if r.analysis == "playbook"]
    assert any("department" in f.fields["when"].en for f in waits)
    assert all(f.customers and f.fields["by"] > truths.AS_OF for f in waits)


def test_each_headline_number_has_its_earlier_values_and_their_trend_ends_with_it(summary_of) -> None:
    for summary in summary_of.values():
        assert 4 <= len(summary.headlines) <= 6
        for headline in summary.headlines:
            assert [c.compared_with for c in headline.changes][:2] == ["previous_quarter", "previous_year"]
            assert headline.trend[-1] == headline.metric.value
            assert headline.trend[-2] == headline.changes[0].compared.value
            assert headline.trend[0] == headline.changes[1].compared.value
            assert isinstance(headline.metric, Metric)


def test_headline_numbers_are_named_as_better_and_worse(summary_of) -> None:
    for summary in summary_of.values():
        for compared_with in ("previous_quarter", "previous_year"):
            tally = summary.tallies[compared_with]
            for direction, named in (("better", tally.better), ("worse", tally.worse)):
                assert [h.metric.name for h in named] == [
                    h.metric.name
                    for h in summary.headlines
                    for c in h.changes
                    if (c.compared_with, c.direction) == (compared_with, direction)
                ]
    assert "target" not in summary_of["expense_desk"].tallies
    assert summary_of["paper_to_web"].tallies["target"].compared == 2


def test_without_an_earlier_quarter_nothing_is_counted() -> None:
    assert of(result(finding())).tallies == {}
