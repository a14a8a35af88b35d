"""The check of the health score, on customers that can be counted by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from builders import account, contract, health_measure, product, product_data, use
from scored_companies import FIRST, MEASURES, MONTHS, Q4, Scores, company, group, steady

from cs_helpers.analyses import health_check
from cs_helpers.analyses.health_check.headlines import gather
from cs_helpers.analyses.health_check.panel import NEEDED
from cs_helpers.charts import health_check as charts
from cs_helpers.contract.spells import NOT_RECORDED
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData
from cs_helpers.tables import health_check as tables
from cs_helpers.tables.notes import sentence
from cs_helpers.text import Text


def codes(result: Result, about: str) -> set[str]:
    return {note.code for note in result.notes if note.about == about}


def pages(result: Result, data: ProductData) -> list[str]:
    """Everything that the pages say, in both languages; drawn as on the page."""
    said = []
    for language in ("en", "ja"):
        text = Text(language, data.product)
        shown = Result(
            **{**result.__dict__, "settings": {**result.settings, "currency": "JPY", "sizes": data.sizes}}
        )
        for question, declared in health_check.DECLARES.questions.items():
            if question in shown.tables and declared.figure:
                said.append(getattr(charts, question)(shown, text).message)
            if question in shown.tables and declared.table:
                getattr(tables, question)(shown, text).as_html()
        said += [sentence(note, text, "health_check", "JPY") for note in shown.notes]
    assert not any("{" in words for words in said)
    return said


LEAVERS = group("L", 15, steady(1, 1), "2026-03-10")
STAYERS = group("S", 15, steady(5, 5))


def test_losses_are_those_within_the_horizon_after_a_quarter_end() -> None:
    # 180 days after 2025-09-30 are over on 2026-03-29: the leavers of 2026-03-10 are lost then, and not after 2025-06-30
    result = health_check.analyse(company(LEAVERS | STAYERS), Q4)
    panel = gather(company(LEAVERS | STAYERS), Q4).panel
    ends = pd.to_datetime(panel.cuts)
    assert [str(end.date()) for end in ends] == [
        "2025-03-31", "2025-06-30", "2025-09-30", "2025-12-31", "2026-03-31", "2026-06-30"
    ]  # fmt: skip
    lost = pd.Series(panel.lost).groupby(panel.cut).sum()
    assert lost.tolist() == [0, 0, 15, 15, 0, 0]
    assert (pd.Series(panel.lost).groupby(panel.cut).size() == [30, 30, 30, 30, 15, 15]).all()
    assert result.n == 30


@pytest.mark.parametrize(("last_day", "is_lost"), [("2026-03-28", True), ("2026-03-29", False)])
def test_the_last_day_of_the_horizon(last_day: str, is_lost: bool) -> None:
    # lost is who is no customer on day 180 any more, 2026-03-29
    panel = gather(company({"A": (steady(3, 3), last_day), **STAYERS}), Q4).panel
    at = (panel.cut == np.datetime64("2025-09-30")) & (panel.account == "A")
    assert panel.lost[at].tolist() == [is_lost]


def test_a_score_that_tells_all_apart() -> None:
    data = company(LEAVERS | STAYERS)
    result = health_check.analyse(data, Q4)
    assert result.metrics["auc"].value == 1
    assert result.verdicts["apart"].code == "better"
    assert result.verdicts["bands"].code == "ordered"
    assert result.verdicts["bands"].fields["share"] == pytest.approx(30 / 60)
    assert result.verdicts["bands"].fields["other"] == 0
    assert [f.code for f in result.findings] == ["score_tells_apart"]
    pages(result, data)


def test_a_score_that_is_the_wrong_way_round_misleads() -> None:
    data = company(group("L", 15, steady(5, 5), "2026-03-10") | group("S", 15, steady(1, 1)))
    result = health_check.analyse(data, Q4)
    assert result.verdicts["apart"].code == "worse"
    assert result.verdicts["bands"].code == "reversed"
    assert result.findings[0].code == "score_misleads"
    assert result.findings[0].direction == "worse"
    pages(result, data)


def test_a_score_that_is_the_same_for_all_cannot_tell() -> None:
    data = company(group("L", 15, steady(3, 3), "2026-03-10") | group("S", 15, steady(3, 3)))
    result = health_check.analyse(data, Q4)
    assert result.verdicts["apart"].code == "cannot_tell"
    assert result.verdicts["bands"].code == "one_band"
    assert result.findings[-1].code == "score_cannot_tell"
    assert result.findings[-1].certainty == "unclear"
    pages(result, data)


def test_the_qualitative_part_that_alone_tells_helps() -> None:
    def of(n: int, leaves: bool) -> Scores:
        return steady(1 + n % 5, 1 if leaves else 5)

    leavers = {f"L{n:02d}": (of(n, True), "2026-03-10") for n in range(15)}
    stayers = {f"S{n:02d}": (of(n, False), None) for n in range(15)}
    data = company(leavers | stayers)
    result = health_check.analyse(data, Q4)
    assert result.verdicts["parts"].code == "helps"
    parts = result.tables["parts"].set_index("part")["auc"]
    assert parts["quantitative"] == pytest.approx(0.5)
    assert parts["qualitative"] == 1
    weights = result.tables["weights"].set_index("measure")["learned"]
    assert weights["plan"] > 0.8
    # who has plan 5 and little use is better off with the learned weights, none is worse off
    changes = result.tables["changes"]
    assert set(changes["account_id"]) < set(stayers)
    assert (changes["learned_score"] > changes["score"]).all()
    note = next(n for n in result.notes if n.code == "band_changes")
    assert note.fields == {"customers": len(changes), "of": 15, "mrr": 100.0 * len(changes)}
    pages(result, data)


def test_with_few_losses_there_are_counts_and_no_auc() -> None:
    data = company(group("L", NEEDED - 1, steady(1, 1), "2026-03-10") | STAYERS)
    result = health_check.analyse(data, Q4)
    assert "auc" not in result.metrics
    assert "warned" not in result.metrics
    assert result.verdicts["bands"].code == "few"
    assert result.verdicts["bands"].fields["lost"] == NEEDED - 1
    assert result.verdicts["warning"].code == "few"
    assert all(
        codes(result, q) == {"few_losses"} for q in ("apart", "quality", "parts", "weights", "changes")
    )
    assert not result.findings
    assert any("9" in words for words in pages(result, data))


def test_without_any_loss_it_says_so() -> None:
    data = company(STAYERS)
    result = health_check.analyse(data, Q4)
    assert result.verdicts["bands"].code == "none_lost"
    assert codes(result, "warning") == {"none_left"}
    assert set(result.metrics) <= {"false_alarms"}
    pages(result, data)


def test_where_all_were_lost_there_is_nobody_to_compare_with() -> None:
    data = company(group("L", 15, steady(1, 1), "2025-05-10"))
    result = health_check.analyse(data, Q4)
    assert codes(result, "apart") == {"few_others"}
    assert "auc" not in result.metrics
    assert result.verdicts["bands"].code == "one_band"
    pages(result, data)


def test_with_one_quarter_end_other_weights_are_not_tried() -> None:
    # scores begin in 2026, so that 2026-03-31 and 2026-06-30 alone are over
    late = lambda month: (1, 1) if month >= pd.Timestamp("2026-04-30") else (None, None)  # noqa: E731
    good = lambda month: (5, 5) if month >= pd.Timestamp("2026-04-30") else (None, None)  # noqa: E731
    data = company(group("L", 15, late, "2026-08-10") | group("S", 15, good))
    result = health_check.analyse(data, Q4)
    assert result.settings["quarter_ends"] == 1
    assert result.verdicts["apart"].code == "better"
    assert result.verdicts["weights"].code == "untried"
    assert codes(result, "quality") == {"not_yet"}
    pages(result, data)


def test_a_log_shorter_than_the_horizon_is_too_short() -> None:
    late = lambda month: (3, 3) if month >= pd.Timestamp("2026-09-30") else (None, None)  # noqa: E731
    data = company(group("S", 15, late))
    result = health_check.analyse(data, Q4)
    assert not result.tables
    assert all(codes(result, q) == {"too_short"} for q in health_check.DECLARES.questions)
    assert result.notes[0].fields["since"] == date(2026, 9, 30)
    pages(result, data)


def test_without_contracts_nothing_is_said() -> None:
    data = company(STAYERS)
    data = product_data(
        data.product, as_of=Q4.end, accounts=data["accounts"], assessments=data["assessments"]
    )
    result = health_check.analyse(data, Q4)
    assert all(codes(result, q) == {"missing_table"} for q in health_check.DECLARES.questions)
    assert not result.metrics
    assert health_check.DECLARES.quick_metrics is not None
    assert not health_check.DECLARES.quick_metrics(data, Q4)


def test_without_any_measure_nothing_is_said() -> None:
    data = product_data(
        product(measures=MEASURES),
        as_of=Q4.end,
        accounts=[account("A")],
        contracts=[contract("A", "2024-01-01")],
    )
    result = health_check.analyse(data, Q4)
    assert all(codes(result, q) == {"missing_table"} for q in health_check.DECLARES.questions)
    assert result.notes[0].fields["tables"] == ("assessments",)


def test_without_assessments_the_other_part_is_checked_alone() -> None:
    data = company(
        {name: (steady(scores(MONTHS[0])[0]), ended) for name, (scores, ended) in (LEAVERS | STAYERS).items()}
    )
    result = health_check.analyse(data, Q4)
    assert result.verdicts["apart"].code == "better"
    assert codes(result, "parts") == {"one_part"}
    assert "parts" not in result.tables
    pages(result, data)


def test_a_renewal_that_is_not_recorded_is_no_outcome() -> None:
    terms = [
        {**contract(name, "2024-01-01", "2026-12-20" if name == "S00" else ended), "ended_how": "term" if name == "S00" else None}
        for name, (_, ended) in (LEAVERS | STAYERS).items()
    ]  # fmt: skip
    data = company(LEAVERS | STAYERS, contracts=terms)
    time = customer_time_as_of(data, Q4.end)
    assert (time.spells.set_index("account_id")["ended"] == NOT_RECORDED)["S00"]
    panel = gather(data, Q4).panel
    seen = panel.cut[panel.account == "S00"]
    assert np.datetime64("2026-03-31") in seen
    assert np.datetime64("2026-06-30") not in seen  # its horizon ends on 2026-12-27


def test_customers_are_those_known_at_the_quarter_end() -> None:
    # a gap of 20 days over a quarter end: nobody knew that the customer would come back
    rows = [contract("G", "2024-01-01", "2025-09-20"), contract("G", "2025-10-10")]
    rows += [contract(name, "2024-01-01") for name in STAYERS]
    data = company({"G": (steady(5, 5), None), **STAYERS}, contracts=rows)
    panel = gather(data, Q4).panel
    assert np.datetime64("2025-09-30") not in panel.cut[panel.account == "G"]
    for cut in panel.cuts:
        day = cut.astype(date)
        assert set(panel.account[panel.cut == cut]) == set(customer_time_as_of(data, day).customers(day))


def test_what_is_dated_after_a_quarter_end_changes_no_score_of_it() -> None:
    rng = np.random.default_rng(5)

    def until(last: pd.Timestamp, seed: int) -> ProductData:
        """Scores up to a day, and other ones after it."""
        drawn = np.random.default_rng(seed)

        def scores(month: pd.Timestamp) -> tuple[int, int]:
            return (3, 2) if month <= last else (int(drawn.integers(1, 6)), int(drawn.integers(1, 6)))

        return company(group("S", 15, scores))

    for cut in (pd.Timestamp("2025-06-30"), pd.Timestamp("2026-03-31")):
        one, other = (gather(until(cut, int(rng.integers(1000))), Q4) for _ in range(2))
        months = one.history.month_ends <= np.datetime64(cut, "D")
        assert np.array_equal(one.history.scores[:, months], other.history.scores[:, months], equal_nan=True)
        assert (one.history.scores[:, ~months] != other.history.scores[:, ~months]).any()


def falls(months: list[str]) -> Scores:
    """Red at these month ends, else green."""
    return lambda month: (1, 1) if month.strftime("%Y-%m") in months else (5, 5)


@pytest.mark.parametrize(
    ("red", "lead", "why"),
    [
        (["2025-12", "2026-01"], 29, "flagged at the second month's end, 2026-01-31"),
        (["2025-11", "2025-12", "2026-01"], 60, "flagged on 2025-12-31"),
        (["2025-10", "2025-12"], 0, "never two in a row"),
        (["2025-12"], 0, "once is not enough"),
        (["2026-02", "2026-03"], 0, "too late: after the notice"),
        (["2025-05", "2025-06"], 0, "older than the horizon"),
        (["2025-05", "2025-06", "2026-01", "2025-12"], 29, "the older one is no warning of this"),
        ([], 0, "never red"),
    ],
    ids=str,
)
def test_lead_time_by_hand(red: list[str], lead: float, why: str) -> None:
    # notice on 2026-03-01, the contract ends on 2026-03-31
    data = company({"A": (falls(red), "2026-03-31")} | STAYERS, notices={"A": "2026-03-01 10:00"})
    losses = health_check.analyse(data, Q4).tables["losses"].set_index("account_id")
    assert losses.loc["A", "lead_days"] == lead, why
    assert losses.loc["A", "left_on"] == pd.Timestamp("2026-03-01")
    assert losses.loc["A", "noticed"]
    assert losses.loc["A", "mrr"] == 100


def test_without_a_notice_the_lead_time_ends_with_the_contract_and_that_is_said() -> None:
    data = company({"A": (falls(["2025-12", "2026-01"]), "2026-03-31")} | STAYERS)
    result = health_check.analyse(data, Q4)
    assert result.tables["losses"]["lead_days"].tolist() == [59]
    assert codes(result, "warning") == {"no_notices"}
    pages(result, data)


def test_sustained_is_what_the_product_file_says() -> None:
    customers = {"A": (falls(["2025-11", "2025-12", "2026-01"]), "2026-03-01")} | STAYERS
    for months, lead in ((1, 91), (2, 60), (3, 29), (4, 0)):
        result = health_check.analyse(company(customers, check={"sustained_months": months}), Q4)
        assert result.tables["losses"]["lead_days"].tolist() == [lead]


def test_false_alarms_are_counted_once_a_horizon_and_for_each_csm() -> None:
    # A stays red from March 2025 on: flagged on 2025-04-30, again when 180 days are over, and so on
    red = falls([month.strftime("%Y-%m") for month in MONTHS if month >= pd.Timestamp("2025-03-01")])
    once = falls(["2025-05", "2025-06", "2025-07"])
    data = company(
        {"A": (red, None), "B": (once, None), "C": (steady(5, 5), "2026-03-10")},
        csm={"A": "x", "B": "y", "C": "y"},
    )
    warnings = gather(data, Q4).warnings
    # A: 2025-04-30, 2025-10-31, 2026-04-30 (2026-10-31 is not over); B: 2025-06-30
    assert (warnings.alarms, warnings.false_alarms) == (4, 4)
    # two CSMs at each month end up to 2026-06-30 (2026-07-04 is 180 days before the end): 18 months
    assert warnings.csm_months == 2 * 18
    # A and B 18 months each, C while it was a customer: 14
    assert warnings.customer_months == 2 * 18 + 14
    fields = health_check.analyse(data, Q4).verdicts["warning"].fields
    assert fields["per_csm"] == pytest.approx(4 / 36)


def test_a_flag_before_a_loss_is_no_false_one() -> None:
    data = company({"A": (falls(["2025-12", "2026-01"]), "2026-03-31")} | STAYERS)
    warnings = gather(data, Q4).warnings
    assert (warnings.alarms, warnings.false_alarms) == (1, 0)


def test_without_csms_false_alarms_are_said_of_100_customers() -> None:
    data = company({"A": (falls(["2025-05", "2025-06"]), None), "B": (steady(5, 5), "2026-03-10")})
    result = health_check.analyse(data, Q4)
    fields = result.verdicts["warning"].fields
    assert fields["per_customers"] == pytest.approx(100 * 1 / (18 + 14))
    assert "per_csm" not in fields
    assert any("100" in words for words in pages(result, data))


def test_a_customer_who_gave_notice_and_still_runs_is_no_false_alarm() -> None:
    data = company({"A": (falls(["2026-04", "2026-05"]), None)} | STAYERS, notices={"A": "2026-08-01 10:00"})
    warnings = gather(data, Q4).warnings
    assert (warnings.alarms, warnings.false_alarms) == (0, 0)


def test_losses_of_customers_without_a_score_are_said() -> None:
    data = company(LEAVERS | STAYERS | group("N", 3, steady(None, None), "2026-03-10"))
    result = health_check.analyse(data, Q4)
    note = next(n for n in result.notes if n.code == "unscored_losses")
    assert note.fields == {"lost": 6, "of": 36}  # 3 and 15 customers at two quarter ends each
    assert {"unscored_losses", "not_scored"} <= codes(result, "bands")
    pages(result, data)


def test_most_warned_late_is_a_finding_with_those_of_the_quarter_at_stake() -> None:
    early = group("E", 14, steady(5, 5), "2026-03-10")
    data = company(early | group("L", 2, steady(5, 5), "2026-11-10") | STAYERS)
    result = health_check.analyse(data, Q4)
    finding = next(f for f in result.findings if f.code == "left_unwarned")
    assert (finding.value, finding.customers, finding.mrr) == (0, 2, 200)
    assert result.metrics["lead_days"].value == 0
    assert result.verdicts["warning"].code == "never"
    pages(result, data)
    # nobody left in the quarter before, and nobody is at stake
    before = health_check.analyse(company(early | STAYERS), Q4)
    finding = next(f for f in before.findings if f.about == "warning")
    assert (finding.code, finding.customers, finding.mrr) == ("late_warning", None, None)


def test_usage_that_began_after_the_contracts_is_no_score_before() -> None:
    days = health_measure("days", red=0, green=10, measure={"value": "days", "months": 1})
    data = product_data(
        product(measures=[days]),
        as_of=Q4.end,
        accounts=[account(n) for n in "AB"],
        contracts=[contract(n, "2024-01-01") for n in "AB"],
        usage=[use("A", str(FIRST + timedelta(days=7 * k))) for k in range(100)],
    )
    panel = gather(data, Q4).panel
    assert panel.cuts[0] == np.datetime64("2025-03-31")
    assert panel.unscored == 0
