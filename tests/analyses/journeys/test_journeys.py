"""A journey of five customers worked out by hand, and the planted stall."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product, product_data, random

from cs_helpers.analyses import journeys
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.sample import truths
from cs_helpers.snapshot import ProductData

Q2 = Quarter(2026, 2)
ASKED = {
    "funnel", "ways", "steps", "value_curve", "ages", "cohort", "stalls", "waiting", "moves", "adherence", "csms",
    "touch_models",
}  # fmt: skip
STARTS = {
    "converts": "2026-01-10",
    "waits": "2026-04-01",
    "leaves": "2026-01-20",
    "older": "2025-12-31",
    "early": "2026-02-01",
}
LATER = [
    ("older", "kickoff", "2026-01-02"),
    ("converts", "kickoff", "2026-01-20"),
    ("converts", "value", "2026-03-11"),
    ("leaves", "kickoff", "2026-01-30"),
    ("early", "value", "2026-01-25"),
    ("early", "kickoff", "2026-02-11"),
]


def milestones(rows: list[tuple[str, str, str]]) -> list[dict[str, Any]]:
    return [{"account_id": a, "step": step, "reached_at": at} for a, step, at in rows]


@pytest.fixture(scope="module")
def small() -> ProductData:
    """Five customers; the log of steps begins on 2026-01-02, after `older` has started."""
    entries = [(name, "contract", start) for name, start in STARTS.items()]
    ends = {"leaves": "2026-05-10"}
    return product_data(
        product(steps=["kickoff", "value"], window_days=90),
        accounts=[account(name, "mid" if name == "waits" else "small") for name in STARTS],
        contracts=[contract(name, start, ends.get(name)) for name, start in STARTS.items()],
        milestones=milestones(entries + LATER),
    )


@pytest.fixture(scope="module")
def result(small: ProductData) -> Result:
    return journeys.analyse(small, Q2)


@pytest.fixture(scope="module")
def steps(result: Result) -> pd.DataFrame:
    return result.tables["steps"].set_index(["size", "step"])


def test_customers_older_than_the_log_are_left_out(result: Result) -> None:
    assert result.n == 4
    assert result.since == pd.Timestamp("2026-01-02").date()
    assert [n.fields for n in result.notes if n.code == "older"] == [{"customers": 1, "since": result.since}]


def test_who_started_before_both_kinds_of_steps_were_recorded_is_left_out() -> None:
    # kick-offs are recorded since 2025, use is known since March 2026
    names = {"old": "2025-01-10", "new": "2026-03-05"}
    rows = [(n, "contract", day) for n, day in names.items()]
    rows += [("old", "kickoff", "2025-01-20"), ("new", "kickoff", "2026-03-10")]
    rows += [("old", "use", "2026-03-01"), ("new", "use", "2026-03-12")]
    data = product_data(
        product(steps=["kickoff", "use"], journey={"rules": {"use": {"event": "web.*"}}}),
        accounts=[account(n) for n in names],
        contracts=[contract(n, day) for n, day in names.items()],
        milestones=milestones(rows),
    )
    result = journeys.analyse(data, Q2)
    assert result.since == pd.Timestamp("2026-03-01").date()
    assert result.tables["funnel"]["units"].tolist() == [1, 1, 1]
    # with `old` the first use would seem to take 14 months
    assert result.tables["steps"].set_index(["size", "step"]).at[("all", "use"), "median"] == 2


def test_the_funnel_counts_who_came_to_each_step(result: Result) -> None:
    funnel = result.tables["funnel"]
    assert funnel["step"].tolist() == ["contract", "kickoff", "value"]
    assert funnel["units"].tolist() == [4, 3, 2]
    assert funnel["share"].tolist() == [1, 0.75, 0.5]


def test_a_step_recorded_before_the_one_it_follows_counts_from_that_one(result: Result) -> None:
    # `early` has its value recorded before the contract and the kick-off: it is there with the kick-off
    assert [n.fields for n in result.notes if n.code == "before_entry"] == [{"customers": 1, "of": 4}]


def test_each_wait_ends_as_reached_left_or_still_waiting(steps: pd.DataFrame) -> None:
    outcome = ["n", "reached", "left", "waiting"]
    assert steps.loc[("all", "kickoff"), outcome].tolist() == [4, 3, 0, 1]
    assert steps.loc[("all", "value"), outcome].tolist() == [3, 2, 1, 0]


def test_waits_are_measured_from_the_step_before(steps: pd.DataFrame) -> None:
    # three kick-offs after 10 days each; of three then, one has value the same day, one after 50 days,
    # and one left after 100
    assert steps.at[("all", "kickoff"), "median"] == 10
    assert steps.at[("all", "value"), "median"] == 50


def test_conversion_lets_leaving_compete_and_waiting_be_open(steps: pd.DataFrame) -> None:
    # kick-off: three of four at risk on day 10, `waits` is at risk until the end of June
    assert steps.at[("all", "kickoff"), "share"] == 0.75
    assert steps.at[("all", "value"), "share"] == pytest.approx(2 / 3)


def test_a_step_taken_after_the_window_does_not_count_as_converted(small: ProductData) -> None:
    short = product_data(
        product(steps=["kickoff", "value"], window_days=49),
        **{name: small[name] for name in ("accounts", "contracts", "milestones")},
    )
    table = journeys.analyse(short, Q2).tables["steps"].set_index(["size", "step"])
    # the step after 50 days lies outside a window of 49
    assert table.at[("all", "value"), "share"] == pytest.approx(1 / 3)


def test_the_window_includes_its_last_day(small: ProductData) -> None:
    just = product_data(
        product(steps=["kickoff", "value"], window_days=50),
        **{name: small[name] for name in ("accounts", "contracts", "milestones")},
    )
    table = journeys.analyse(just, Q2).tables["steps"].set_index(["size", "step"])
    assert table.at[("all", "value"), "share"] == pytest.approx(2 / 3)


def test_each_size_is_counted_alone(steps: pd.DataFrame) -> None:
    assert steps.loc[("mid", "kickoff"), ["n", "reached", "waiting"]].tolist() == [1, 0, 1]
    assert steps.loc[("small", "kickoff"), ["n", "reached"]].tolist() == [3, 3]


def test_nobody_in_a_segment_gives_no_share(steps: pd.DataFrame) -> None:
    assert steps.at[("mid", "value"), "n"] == 0
    assert np.isnan(steps.at[("mid", "value"), "share"])


def test_what_happens_after_the_quarter_is_not_known_in_it(small: ProductData) -> None:
    first = journeys.analyse(small, Quarter(2026, 1))
    assert first.tables["funnel"]["units"].tolist() == [3, 3, 2]
    table = first.tables["steps"].set_index(["size", "step"])
    # `leaves` leaves in May: at the end of March it waits
    assert table.loc[("all", "value"), ["left", "waiting"]].tolist() == [0, 1]


def test_a_step_taken_after_the_end_of_the_contract_is_not_a_conversion(small: ProductData) -> None:
    rows = small["milestones"]
    late = milestones([("leaves", "value", "2026-05-20")])
    data = product_data(
        small.product,
        accounts=small["accounts"],
        contracts=small["contracts"],
        milestones=pd.concat([rows, pd.DataFrame(late).astype({"reached_at": "datetime64[us]"})]),
    )
    table = journeys.analyse(data, Q2).tables["steps"].set_index(["size", "step"])
    assert table.loc[("all", "value"), ["reached", "left"]].tolist() == [2, 1]


@pytest.fixture(scope="module")
def queue() -> dict[str, Any]:
    """Five kick-offs after 10 to 50 days; `slow` waits since March 1, `new` since June 20."""
    names = ["a", "b", "c", "d", "e", "slow", "new"]
    starts = dict.fromkeys(names, "2026-03-01") | {"new": "2026-06-20"}
    days = {"a": 10, "b": 20, "c": 30, "d": 40, "e": 50}
    reached = [
        (a, "kickoff", str(pd.Timestamp("2026-03-01") + pd.Timedelta(days=d))) for a, d in days.items()
    ]
    return {
        "accounts": [account(a) for a in names],
        "contracts": [contract(a, start, mrr=9 if a == "new" else 7) for a, start in starts.items()],
        # `z` is recorded before the contracts begin, so that the log begins with them
        "milestones": milestones([(a, "contract", s) for a, s in starts.items()] + reached)
        + milestones([("z", "kickoff", "2026-02-01")]),
    }


def waiting(**tables: Any) -> pd.DataFrame:
    return journeys.analyse(product_data(**tables), Q2).tables["waiting"].set_index("account_id")


def test_who_waits_longer_than_three_in_four_took_comes_first(queue: dict[str, Any]) -> None:
    # the shares by day 10 to 50 are 1/7, then 6/7 falls by a fifth of itself, a quarter ...: .829 at last,
    # three quarters of it by day 40; March 1 to the end of June is 122 days
    result = waiting(**queue)
    assert result.index.tolist() == ["slow", "new"]
    assert result["late"].tolist() == [True, False]
    assert result["days"].tolist() == [122, 11]
    assert result["usual"].tolist() == [40, 40]
    assert result["mrr"].tolist() == [7, 9]


def test_the_next_date_is_when_half_of_those_that_waited_as_long_had_taken_it(queue: dict[str, Any]) -> None:
    # of those that still waited on day 11 half of who took it had by day 30; nobody took it after day 122
    result = waiting(**queue)
    assert result.at["new", "expected_on"] == pd.Timestamp("2026-07-20")
    assert pd.isna(result.at["slow", "expected_on"])


def test_stalls_are_counted_by_size_and_industry(queue: dict[str, Any]) -> None:
    accounts = [
        a | ({"size": "mid", "industry": "retail"} if a["account_id"] in ("a", "new") else {})
        for a in queue["accounts"]
    ]
    result = journeys.analyse(product_data(**queue | {"accounts": accounts}), Q2).tables["stalls"]
    rows = result.set_index(["dimension", "segment"]).drop(columns="step")
    # `slow` is one of five small companies that came to the contract, and one of five in trade
    assert rows.loc[("size", "small")].to_dict() == {
        "waits": 5,
        "waiting": 1,
        "late": 1,
        "share": 0.2,
        "mrr": 7,
    }
    assert rows.loc[("size", "mid")].to_dict() == {"waits": 2, "waiting": 1, "late": 0, "share": 0, "mrr": 0}
    assert rows.loc[("industry", "trade"), "late"] == 1
    assert rows.loc[("industry", "retail"), "late"] == 0


def touch(name: str, at: str, kind: str = "meeting") -> dict[str, Any]:
    return {"account_id": name, "occurred_at": at, "kind": kind, "content": "set-up", "csm": "csm-1"}


def test_it_is_our_turn_unless_we_spoke_last_and_lately(queue: dict[str, Any]) -> None:
    def turn(*touches: dict[str, Any], tickets: tuple[dict[str, Any], ...] = ()) -> str:
        return str(waiting(**queue, touches=list(touches), tickets=list(tickets)).at["slow", "turn"])

    other = touch("new", "2026-06-25")
    ticket = {"account_id": "slow", "opened_at": "2026-06-22", "ticket_id": "T1"}
    assert turn(other) == "ours"
    assert turn(other, touch("slow", "2026-06-20")) == "theirs"
    assert turn(other, touch("slow", "2026-04-20")) == "ours"
    assert turn(other, touch("slow", "2026-06-20"), tickets=(ticket,)) == "ours"
    assert turn(other, touch("slow", "2026-06-20"), touch("slow", "2026-06-21", "churn_notice")) == "ours"


def test_the_last_touch_stands_beside_who_waits(queue: dict[str, Any]) -> None:
    result = waiting(
        **queue,
        touches=[touch("slow", "2026-05-01"), touch("slow", "2026-06-20"), touch("slow", "2026-07-02")],
    )
    assert result.at["slow", "touched_on"] == pd.Timestamp("2026-06-20")
    assert pd.isna(result.at["new", "touched_on"])


def test_a_touch_belongs_to_who_made_it_and_to_nobody_where_that_is_not_known(queue: dict[str, Any]) -> None:
    result = waiting(
        **queue, touches=[touch("slow", "2026-05-01"), touch("slow", "2026-06-20") | {"csm": None}]
    )
    assert result.at["slow", "touched_on"] == pd.Timestamp("2026-06-20")
    assert pd.isna(result.at["slow", "touched_by"])


def test_an_expected_time_within_a_day_is_that_day(queue: dict[str, Any]) -> None:
    rows = pd.DataFrame(queue["milestones"])
    kickoff = rows["step"] == "kickoff"
    rows.loc[kickoff & (rows["account_id"] != "z"), "reached_at"] = "2026-03-31 10:00"
    result = waiting(**queue | {"milestones": rows.to_dict("records")})
    # everybody took 30 days and 10 hours; `new` waits since June 20
    assert result.at["new", "expected_on"] == pd.Timestamp("2026-07-20")


def test_who_comes_back_later_had_left(queue: dict[str, Any]) -> None:
    contracts = [
        c if c["account_id"] != "slow" else contract("slow", "2026-03-01", "2026-05-01")
        for c in queue["contracts"]
    ]
    gone = waiting(**queue | {"contracts": contracts})
    assert "slow" not in gone.index
    back = waiting(**queue | {"contracts": [*contracts, contract("slow", "2026-09-01")]})
    assert "slow" not in back.index


def test_a_step_that_is_recorded_for_the_first_time_later_changes_nothing_of_before(
    small: ProductData,
) -> None:
    def funnel(*more: tuple[str, str, str]) -> list[int]:
        data = product_data(
            product(steps=["kickoff", "training", "value"]),
            accounts=small["accounts"],
            contracts=small["contracts"],
            milestones=milestones([(n, "contract", s) for n, s in STARTS.items()] + LATER + list(more)),
        )
        return [int(n) for n in journeys.analyse(data, Q2).tables["funnel"]["units"]]

    assert funnel() == funnel(("converts", "training", "2026-09-01")) == [4, 3, 2]


def test_the_reason_is_the_last_that_was_not_refuted(queue: dict[str, Any]) -> None:
    held = [("I1", "2026-04-01"), ("I2", "2026-05-01"), ("I3", "2026-06-01")]
    said = [("I1", "guidance", "open"), ("I2", "timing", "supported"), ("I3", "bias", "refuted")]
    result = waiting(
        **queue,
        interviews=[{"interview_id": i, "account_id": "slow", "held_on": on} for i, on in held],
        notes=[{"note_id": f"N{i}", "interview_id": i, "position": 1} for i, _, _ in said],
        codings=[{"note_id": f"N{i}", "coder": "c", "reason": r, "reason_status": s} for i, r, s in said],
    )
    assert result.at["slow", "reason"] == "timing"
    assert pd.isna(result.at["new", "reason"])


def test_a_step_that_nobody_recorded_is_said_and_left_out(small: ProductData) -> None:
    data = product_data(
        product(steps=["kickoff", "review", "value"]),
        **{name: small[name] for name in ("accounts", "contracts", "milestones")},
    )
    result = journeys.analyse(data, Q2)
    assert result.tables["funnel"]["step"].tolist() == ["contract", "kickoff", "value"]
    assert [n.fields["steps"] for n in result.notes if n.code == "steps_unknown"] == [("review",)]


def test_without_milestones_every_question_says_so() -> None:
    data = product_data(accounts=[account("A")], contracts=[contract("A", "2026-01-01")])
    result = journeys.analyse(data, Q2)
    assert not result.tables
    assert {n.code for n in result.notes} == {"missing_table"}
    assert {n.about for n in result.notes} == ASKED


def test_before_anybody_entered_every_question_says_so(small: ProductData) -> None:
    result = journeys.analyse(small, Quarter(2025, 4))
    assert not result.tables
    assert {n.code for n in result.notes} == {"nothing_recorded"}


def test_a_share_of_everybody_in_a_handful_is_not_certain() -> None:
    # two of two kick-offs; Wilson's interval of 2 of 2 begins at 1 / (1 + 1.96 ** 2 / 2)
    data = product_data(
        accounts=[account("a"), account("b")],
        contracts=[contract(name, "2026-01-10") for name in "ab"],
        milestones=milestones(
            [(name, "contract", "2026-01-10") for name in "ab"]
            + [("a", "kickoff", "2026-02-10"), ("b", "kickoff", "2026-03-10"), ("z", "kickoff", "2026-01-01")]
        ),
    )
    row = journeys.analyse(data, Q2).tables["steps"].iloc[0]
    assert (row["share"], row["high"]) == (1, 1)
    assert row["low"] == pytest.approx(1 / (1 + 1.96**2 / 2), abs=1e-4)


def test_a_share_of_nobody_within_the_window_is_not_certain() -> None:
    # the only one of four took 81 days: 0 of 4 in a window of 60, of which Wilson says up to 49 %
    names = ["a", "b", "c", "d"]
    data = product_data(
        product(window_days=60),
        accounts=[account(name) for name in names],
        contracts=[contract(name, "2026-01-10") for name in names],
        milestones=milestones(
            [(name, "contract", "2026-01-10") for name in names]
            + [("a", "kickoff", "2026-04-01"), ("z", "kickoff", "2026-01-01")]
        ),
    )
    row = journeys.analyse(data, Q2).tables["steps"].iloc[0]
    assert (row["share"], row["low"]) == (0, 0)
    assert row["high"] == pytest.approx(1.96**2 / (4 + 1.96**2), abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_changes_nothing(small: ProductData, result: Result, seed: int) -> None:
    mixed = {
        name: small[name].iloc[random(seed).permutation(len(small[name]))].reset_index(drop=True)
        for name in ("accounts", "contracts", "milestones")
    }
    again = journeys.analyse(product_data(small.product, **mixed), Q2)
    for name in ("funnel", "steps", "value_curve", "ages", "differences"):
        pd.testing.assert_frame_equal(again.tables[name], result.tables[name])


def cohorts(new: int) -> ProductData:
    """Ten customers of March with their kick-off after 40 days, and some of the first of May, after 10."""
    days = {f"old{n}": ("2026-03-01", 40) for n in range(10)} | {
        f"new{n}": ("2026-05-01", 10) for n in range(new)
    }
    return product_data(
        accounts=[account(a) for a in days],
        contracts=[contract(a, start) for a, (start, _) in days.items()],
        milestones=milestones(
            [(a, "contract", start) for a, (start, _) in days.items()]
            + [
                (a, "kickoff", str((pd.Timestamp(start) + pd.Timedelta(days=wait)).date()))
                for a, (start, wait) in days.items()
            ]
            + [("z", "kickoff", "2026-02-01")]
        ),
    )


def test_new_customers_are_held_against_earlier_ones_of_the_same_age() -> None:
    result = journeys.analyse(cohorts(6), Q2).tables["cohort"].set_index("step").loc["kickoff"]
    # the new ones were watched for 61 days, so both are judged by day 60
    assert result[["age", "n", "share", "n_before", "share_before"]].tolist() == [60, 6, 1, 10, 1]
    assert result["verdict"] == "faster"
    assert result["p"] < 0.001


def test_a_handful_of_new_customers_is_not_compared() -> None:
    result = journeys.analyse(cohorts(4), Q2)
    assert "cohort" not in result.tables
    assert [n.fields for n in result.notes if n.code == "few_new"] == [
        {"customers": 4, "earlier": 10, "needed": 5}
    ]


def test_a_wait_belongs_to_who_was_in_charge_when_it_began(small: ProductData) -> None:
    touches = [
        touch("converts", "2026-01-05") | {"csm": "first"},
        touch("converts", "2026-01-15") | {"csm": "second"},
    ]
    accounts = [account(name) | {"csm": "now"} for name in STARTS]
    data = product_data(
        small.product,
        accounts=accounts,
        contracts=small["contracts"],
        milestones=small["milestones"],
        touches=touches,
    )
    result = journeys.analyse(data, Q2).tables["csms"].set_index("csm")
    # `converts` waited for the kick-off from January 10 and for value from January 20
    assert result["waits"].to_dict() == {"first": 1, "second": 1, "now": 5}
    assert result["reached"].to_dict() == {"first": 1, "second": 1, "now": 3}


def test_nobody_on_the_way_is_compared_with_nobody(small: ProductData) -> None:
    entries = small["milestones"].query("step == 'contract' or account_id == 'older'")
    data = product_data(
        product(steps=["kickoff"]),
        accounts=[account("older")],
        contracts=[contract("older", "2026-01-02")],
        milestones=entries[entries["account_id"] == "older"].assign(reached_at=pd.Timestamp("2026-01-02")),
    )
    result = journeys.analyse(data, Q2)
    assert not {"csms", "touch_models"} & set(result.tables)
    alone = {n.about: n.code for n in result.notes if n.about in ("csms", "touch_models")}
    assert alone == {"csms": "one_csm", "touch_models": "one_touch_model"}


def test_the_share_with_value_by_an_age_names_who_is_still_watched(result: Result) -> None:
    ages = result.tables["ages"].set_index(["size", "age"])
    # four entered: value after 20 days (`early`) and 60, `leaves` left after 110, `waits` is watched for 91
    assert ages.loc[("all", 30), ["n", "at_risk"]].tolist() == [4, 3]
    assert ages.loc[("all", 90), ["n", "at_risk"]].tolist() == [4, 2]
    assert ages.at[("all", 30), "share"] == pytest.approx(1 / 4)
    assert ages.at[("all", 90), "share"] == pytest.approx(1 / 2)


def test_the_planted_stall_is_the_only_difference_between_sizes(result_of: Callable[..., Result]) -> None:
    result = result_of("journeys", truths.STALL.product, "2026Q3").tables["differences"].set_index("step")
    assert result.index[result["differs"]].tolist() == [truths.STALL.to_step]


@pytest.mark.parametrize("name", ["paper_to_web", "helpdesk", "expense_desk"])
@pytest.mark.parametrize("quarter", ["2024Q3", "2025Q2", "2026Q3"])
def test_the_funnel_never_rises(result_of: Callable[..., Result], name: str, quarter: str) -> None:
    funnel = result_of("journeys", name, quarter).tables["funnel"]
    assert funnel["units"].is_monotonic_decreasing
    assert funnel["units"].iloc[0] == result_of("journeys", name, quarter).n


@pytest.mark.parametrize("name", ["paper_to_web", "helpdesk", "expense_desk"])
def test_as_many_wait_for_a_step_as_reached_the_one_before(
    result_of: Callable[..., Result], name: str
) -> None:
    table = result_of("journeys", name, "2026Q3").tables["steps"]
    for _, part in table.groupby("size"):
        assert part["n"].tolist()[1:] == part["reached"].tolist()[:-1]
        assert part["n"].tolist() == (part["reached"] + part["left"] + part["waiting"]).tolist()


def test_the_sizes_add_up_to_all(result_of: Callable[..., Result]) -> None:
    table = result_of("journeys", "paper_to_web", "2026Q3").tables["steps"]
    counts = table.groupby([table["size"] == "all", "step"])[["n", "reached", "left", "waiting"]].sum()
    pd.testing.assert_frame_equal(counts.loc[True], counts.loc[False])


@pytest.fixture(scope="module")
def planted(result_of: Callable[..., Result]) -> pd.DataFrame:
    return result_of("journeys", truths.STALL.product, "2026Q3").tables["steps"].set_index(["step", "size"])


@pytest.fixture(scope="module")
def stall_of_others(of_product: Callable[[str], ProductData]) -> pd.Series:
    """The step of the planted stall, of the larger companies together."""
    data = of_product(truths.STALL.product)
    larger = data["accounts"].query("size != @truths.STALL.size")["account_id"]
    table = journeys.analyse(data.of_accounts(larger), Quarter(2026, 3)).tables["steps"]
    return table.set_index(["step", "size"]).loc[(truths.STALL.to_step, "all")]


def test_the_planted_stall_is_found_in_small_companies(
    planted: pd.DataFrame, stall_of_others: pd.Series
) -> None:
    small = planted.loc[(truths.STALL.to_step, truths.STALL.size)]
    assert small["share"] < stall_of_others["share"] / 2
    assert small["high"] < stall_of_others["low"]


def test_the_shares_of_the_planted_stall_lie_in_their_intervals(
    planted: pd.DataFrame, stall_of_others: pd.Series
) -> None:
    small = planted.loc[(truths.STALL.to_step, truths.STALL.size)]
    assert small["low"] <= truths.STALL.share <= small["high"]
    assert stall_of_others["low"] <= truths.STALL.share_of_others <= stall_of_others["high"]


def test_at_no_other_step_do_small_companies_differ(planted: pd.DataFrame) -> None:
    for step in planted.index.unique("step").drop(truths.STALL.to_step):
        part = planted.loc[step].query("n >= 5 and share == share")
        if "small" in part.index:
            others = part.drop(["all", "small"])
            assert (others["low"] <= part.at["small", "high"]).all()
            assert (others["high"] >= part.at["small", "low"]).all()


def test_the_planted_stall_is_the_hardest_step(result_of: Callable[..., Result]) -> None:
    metrics = result_of("journeys", truths.STALL.product, "2026Q3").metrics
    assert f"hardest_step:{truths.STALL.to_step}" in metrics


def test_the_sample_plants_nothing_that_moves_customers_on(result_of: Callable[..., Result]) -> None:
    for name in ("paper_to_web", "helpdesk", "expense_desk"):
        result = result_of("journeys", name, "2026Q3").tables["moves"]
        assert len(result) > 5
        assert (result["verdict"] == "alike").all()
        # as counted nearly all seem to hold customers up: who waits longer is written to more often
        assert result["odds"].median() < 0.6


def test_the_map_shows_the_planted_stall(result_of: Callable[..., Result]) -> None:
    result = result_of("journeys", truths.STALL.product, "2026Q3").tables["stalls"]
    sizes = result[result["dimension"] == "size"].set_index(["step", "segment"])
    assert sizes["late"].idxmax() == (truths.STALL.to_step, truths.STALL.size)
