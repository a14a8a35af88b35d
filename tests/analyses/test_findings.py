"""Findings: planted truths are found with the customers and MRR at stake, nothing is found where nothing is, and the
numbers of a finding are those of its tables."""

from __future__ import annotations

import math

import pytest
from builders import ANALYSES, account, contract, product, product_data

from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Finding, Result
from cs_helpers.sample import truths
from cs_helpers.tables.findings import published, sentence
from cs_helpers.text import Text

QUARTERS = ("2025Q2", "2026Q1", "2026Q3")


def found(result: Result, code: str) -> Finding:
    return next(f for f in result.findings if f.code == code)


def codes(result: Result) -> set[str]:
    return {f.code for f in result.findings}


def test_the_planted_stall_is_found_with_those_who_wait_there(result_of) -> None:
    result = result_of("journeys", truths.STALL.product, "2026Q3")
    stall = found(result, "stall")
    assert stall.fields["step"] == truths.STALL.to_step
    assert stall.fields["company_size"] == truths.STALL.size
    assert stall.value is not None
    assert stall.low is not None
    assert stall.high is not None
    planted = truths.STALL.share - truths.STALL.share_of_others
    assert stall.low < planted < stall.high < 0
    assert (stall.certainty, stall.direction) == ("clear", "worse")
    waiting = result.tables["waiting"]
    late = waiting[
        waiting["late"] & (waiting["step"] == truths.STALL.to_step) & (waiting["size"] == truths.STALL.size)
    ]
    assert (stall.customers, stall.mrr) == (len(late), late["mrr"].sum())
    assert "stall" not in codes(result_of("journeys", "expense_desk", "2026Q3"))


def test_the_planted_odd_week_is_found_and_an_ordinary_quarter_has_none(result_of) -> None:
    odd = found(result_of("baselines", truths.ODD_WEEK.product, "2026Q3"), "odd_more")
    assert odd.fields["period"] == (truths.ODD_WEEK.first_day, truths.ODD_WEEK.last_day)
    assert odd.size == pytest.approx(truths.ODD_WEEK.ratio, rel=0.15)
    assert odd.low is not None
    assert odd.low > 1
    assert found(result_of("baselines", truths.QUIET_WEEK.product, "2026Q3"), "odd_fewer").size < 1  # type: ignore[operator]
    ordinary = result_of("baselines", "expense_desk", "2026Q3")
    assert not codes(ordinary)


def test_the_planted_quiet_cohort_is_found(result_of) -> None:
    cohort = truths.QUIET_COHORT
    quiet = found(result_of("baselines", cohort.product, "2026Q3"), "asks_less")
    planted = cohort.tickets_a_customer / cohort.earlier_tickets_a_customer
    assert quiet.low < planted < quiet.high < 1  # type: ignore[operator]
    assert quiet.customers == cohort.customers


def test_the_planted_year_end_and_the_falls_before_it_are_found(result_of) -> None:
    lost = found(result_of("baselines", truths.YEAR_END_PRODUCT, "2026Q1"), "lost_more")
    assert lost.size == pytest.approx(truths.YEAR_END_RATIO, rel=0.15)
    assert (lost.direction, lost.certainty) == ("worse", "clear")
    before = result_of("maturity", truths.YEAR_END_PRODUCT, "2026Q1")
    assert found(before, "falls_warn").low > 1  # type: ignore[operator]


def test_what_only_small_companies_tell_is_found(result_of) -> None:
    varies = found(result_of("interviews", truths.STALL.product, "2026Q3"), "varies")
    assert varies.fields == {"theme": truths.SMALL_ONLY, "company_size": "small"}


def test_health_findings_count_the_customers_and_mrr_of_the_scores(result_of) -> None:
    for name in ("paper_to_web", "helpdesk", "expense_desk"):
        result = result_of("health", name, "2026Q3")
        scores, yellow = result.tables["scores"], result.settings["yellow_from"]
        red = scores[scores["band"] == "red"]
        assert found(result, "red").customers == len(red)
        assert found(result, "red").mrr == red["mrr"].sum()
        turned = red[red["previous"] >= yellow]
        if len(turned):
            assert found(result, "turned_red").customers == len(turned)
        else:
            assert "turned_red" not in codes(result)


@pytest.mark.parametrize("name", ANALYSES)
def test_each_finding_is_whole_and_has_a_sentence_in_both_languages(name, result_of, sample_snapshot) -> None:
    for product_name, sample_product in sample_snapshot.products.items():
        for quarter in QUARTERS:
            for finding in result_of(name, product_name, quarter).findings:
                if finding.low is not None and finding.high is not None and finding.size is not None:
                    assert finding.low <= finding.size <= finding.high
                assert finding.n > 0
                for language in ("en", "ja"):
                    text = Text(language, sample_product, sample_snapshot.sizes)
                    said = sentence(finding, text, name, "JPY")
                    assert "{" not in said
                    assert "nan" not in said.lower()
                numbers = published(finding, text, name, "JPY").values()
                assert all(math.isfinite(v) for v in numbers if isinstance(v, float))


@pytest.mark.parametrize("name", ANALYSES)
def test_without_customers_nothing_is_found(name) -> None:
    data = product_data(product(), accounts=[account("A")], contracts=[])
    assert ANALYSES[name].analyse(data, Quarter(2026, 3)).findings == ()


@pytest.mark.parametrize("name", [n for n, a in ANALYSES.items() if a.declares.quick_metrics])
def test_quick_metrics_are_those_of_the_whole_analysis(name, of_product, sample_snapshot, result_of) -> None:
    compared = 0
    for product_name in sample_snapshot.products:
        for quarter in QUARTERS:
            whole = result_of(name, product_name, quarter).metrics
            for metric_name, metric in (
                ANALYSES[name]
                .declares.quick_metrics(of_product(product_name), Quarter.parse(quarter))
                .items()
            ):
                assert metric == whole[metric_name]
                compared += 1
    # what depends on who happens to be in the team is not compared with earlier quarters
    assert bool(compared) == (name != "recognition")


def test_a_customer_who_stays_as_healthy_is_no_finding() -> None:
    data = product_data(
        product(),
        accounts=[account("A")],
        contracts=[contract("A", "2026-01-01")],
    )
    assert codes(ANALYSES["health"].analyse(data, Quarter(2026, 3))) <= {"red"}
