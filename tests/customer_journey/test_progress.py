"""The funnel that a product declares: each mode, entry rule, unit and exclusion on customers worked out by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from builders import account, contract, product, product_data, use
from pydantic import ValidationError

from cs_helpers.analyses import journeys
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customer_journey.progress import reached_steps, step_transitions
from cs_helpers.snapshot import ProductData

Q2 = Quarter(2026, 2)
BEGAN, END = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-07-01")
USE = {"rules": {"use": {"event": "web.*"}}}


def milestone_rows(rows: str) -> list[dict[str, Any]]:
    """Milestones from lines of account, step, day of 2026 as in 01-31 and maybe a user."""
    result = []
    for line in rows.strip().splitlines():
        name, step, day, *user = line.split()
        result.append(
            {
                "account_id": name,
                "step": step,
                "reached_at": f"2026-{day}",
                "user_id": user[0] if user else None,
            }
        )
    return result


def data_of(rows: str, *, usage: list[dict[str, Any]] | None = None, **journey: Any) -> ProductData:
    milestones = milestone_rows(rows)
    names = sorted({m["account_id"] for m in milestones})
    return product_data(
        product(steps=["kickoff", "use"], window_days=journey.pop("window_days", 90), journey=journey),
        accounts=[account(name) for name in names],
        contracts=[contract(name, "2026-01-01") for name in names],
        milestones=milestones,
        usage=usage,
    )


def reached(data: ProductData) -> dict[Any, list[str]]:
    """Unit -> the days of its steps as in 01-31, up to the one that it came to."""
    steps = ["contract", "kickoff", "use"]
    result = reached_steps(data, data.product.journey, steps, BEGAN, END)
    assert list(result.columns) == steps
    return {unit: [f"{t:%m-%d}" for t in row.dropna()] for unit, row in result.iterrows()}


BACK_AND_FORTH = """
    A contract 01-05
    A use      01-10
    A kickoff  01-20
    B contract 01-05
    B kickoff  01-10
    B other    01-12
    B use      01-20
    C contract 01-05
    C kickoff  01-10
    C use      05-20
"""


def test_a_milestone_once_reached_stays_reached() -> None:
    assert reached(data_of(BACK_AND_FORTH)) == {
        "A": ["01-05", "01-20", "01-20"], "B": ["01-05", "01-10", "01-20"], "C": ["01-05", "01-10", "05-20"]
    }  # fmt: skip


def test_in_order_a_step_before_its_turn_is_none_and_the_window_closes() -> None:
    assert reached(data_of(BACK_AND_FORTH, mode="ordered")) == {
        "A": ["01-05", "01-20"], "B": ["01-05", "01-10", "01-20"], "C": ["01-05", "01-10"]
    }  # fmt: skip


def test_strictly_what_else_is_recorded_ends_the_attempt() -> None:
    assert reached(data_of(BACK_AND_FORTH, mode="strict")) == {
        "A": ["01-05"], "B": ["01-05", "01-10"], "C": ["01-05", "01-10"]
    }  # fmt: skip


def test_without_an_order_the_different_steps_are_counted() -> None:
    assert reached(data_of(BACK_AND_FORTH, mode="unordered")) == {
        "A": ["01-05", "01-10", "01-20"], "B": ["01-05", "01-10", "01-20"], "C": ["01-05", "01-10"]
    }  # fmt: skip


AGAIN = """
    A contract 01-05
    A contract 04-05
    A kickoff  05-01
    A use      05-10
"""


@pytest.mark.parametrize(
    ("entry", "days"), [("first_entry", ["01-05"]), ("latest_entry", ["04-05", "05-01", "05-10"])]
)
def test_the_entry_rule_says_which_attempt_counts(entry: str, days: list[str]) -> None:
    assert reached(data_of(AGAIN, mode="ordered", entry=entry)) == {"A": days}


@pytest.mark.parametrize(
    ("effect", "others"), [("drop_unit", {}), ("void_attempt", {"A": ["04-05", "05-01", "05-10"]})]
)
def test_an_excluded_milestone_drops_the_customer_or_voids_the_attempt(
    effect: str, others: dict[str, list[str]]
) -> None:
    paused = {"milestone": "paused", "after": "contract", "before": "kickoff", "effect": effect}
    rows = AGAIN + "A paused 02-01\nB contract 01-05\nB kickoff 01-10\nB paused 01-11\n"
    result = reached(data_of(rows, mode="ordered", exclusions=[paused]))
    assert result == {"B": ["01-05", "01-10"], **others}


def test_each_day_of_use_is_a_step_and_days_are_compared() -> None:
    # used before and after the kick-off, and on its day: the day has no order of its own
    rows = "A contract 01-05\nA use 01-06\nA kickoff 01-20\nB contract 01-05\nB use 01-06\nB kickoff 01-20T15:00\n"
    usage = [use("A", "2026-01-06", "web.a"), use("A", "2026-02-01", "web.b"), use("A", "2026-01-21", "paper"),
             use("B", "2026-01-06", "web.a"), use("B", "2026-01-20", "web.a")]  # fmt: skip
    data = data_of(rows, usage=usage, mode="ordered", **USE)
    assert reached(data) == {"A": ["01-05", "01-20", "02-01"], "B": ["01-05", "01-20", "01-20"]}


def test_excluded_use_is_looked_for_in_the_log() -> None:
    exported = {"event": "export*", "after": "contract", "before": "kickoff"}
    rows = "A contract 01-05\nA kickoff 01-20\nB contract 01-05\nB kickoff 01-20\n"
    usage = [use("A", "2026-01-10", "export.all"), use("B", "2026-01-21", "export.all")]
    data = data_of(rows, usage=usage, mode="ordered", exclusions=[exported])
    assert reached(data) == {"B": ["01-05", "01-20"]}


#: of a customer that never entered: since then steps are known
LOG = "Z kickoff 01-01"

USERS = """
    A contract 01-05
    A kickoff  01-10
    A use      01-08 u
    A use      01-12 u
    A use      01-09 v
    B contract 01-05
    B use      01-12 w
"""


@pytest.mark.parametrize(
    ("mode", "others"),
    [("milestones", ["01-05", "01-10", "01-10"]), ("ordered", ["01-05", "01-10"])],
)
def test_what_the_account_did_holds_for_each_of_its_users(mode: str, others: list[str]) -> None:
    result = reached(data_of(USERS, mode=mode, unit="user", **USE))
    first = ["01-05", "01-10", "01-10" if mode == "milestones" else "01-12"]
    assert result == {("A", "u"): first, ("A", "v"): others, ("B", "w"): ["01-05"]}


def test_a_funnel_of_users_counts_users_and_all_else_customers() -> None:
    result = journeys.analyse(
        data_of(LOG + "\nZ use 01-01 z" + USERS, mode="ordered", unit="user", **USE), Q2
    )
    assert result.tables["funnel"]["units"].tolist() == [3, 2, 1]
    assert result.n == 2
    codes = {n.code for n in result.about("funnel")} - {"before_entry"}
    assert codes == {"funnel_ordered", "funnel_users", "funnel_below"}


def test_a_product_that_counts_users_where_nobody_names_one_says_so() -> None:
    result = journeys.analyse(data_of(LOG + AGAIN, unit="user"), Q2)
    assert "funnel" not in result.tables
    assert "no_users" in {n.code for n in result.about("funnel")}
    assert result.n == 1


def test_how_many_an_exclusion_leaves_out_is_said_and_what_was_never_recorded() -> None:
    def noted(**excluded: str) -> dict[str, Any]:
        exclusion = {"after": "contract", "before": "kickoff", **excluded}
        rows = LOG + AGAIN + "A paused 02-01\nB contract 01-05\nB kickoff 01-10\n"
        result = journeys.analyse(data_of(rows, mode="ordered", exclusions=[exclusion]), Q2)
        return {n.code: n.fields for n in result.about("funnel")}

    assert noted(milestone="paused")["funnel_excluded"] == {"units": 1, "of": 2}
    assert "never_recorded" not in noted(milestone="paused")
    assert noted(milestone="pausd")["never_recorded"] == {"names": "pausd"}
    assert noted(event="no.such")["never_recorded"] == {"names": "no.such"}


@pytest.mark.parametrize("mode", ["ordered", "strict", "unordered"])
def test_however_the_funnel_counts_who_did_a_step_does_not_wait_for_it(mode: str) -> None:
    result = journeys.analyse(data_of(LOG + BACK_AND_FORTH, mode=mode), Q2)
    # A did them in another order, C took longer than the window
    assert result.tables["funnel"]["units"].tolist()[-1] < 3
    assert result.tables["waiting"].empty
    steps = result.tables["steps"].set_index(["size", "step"])
    assert steps.loc[("all", "use"), ["n", "reached"]].tolist() == [3, 3]


@pytest.mark.parametrize(
    ("journey", "sentence"),
    [
        ({"entry": "latest_entry"}, "mode 'milestones' supports neither exclusions nor another entry"),
        ({"exclusions": [{"event": "x", "after": "contract", "before": "use"}]}, "set mode to 'ordered'"),
        ({"mode": "ordered", "exclusions": [{"event": "x", "after": "use", "before": "kickoff"}]}, "must come later than"),
        ({"mode": "ordered", "exclusions": [{"event": "x", "after": "gone", "before": "use"}]},
         "journey has contract, kickoff, use"),
        ({"mode": "ordered", "exclusions": [{"milestone": "kickoff", "after": "contract", "before": "use"}]},
         "the exclusion 'kickoff' is a step that it would exclude"),
        ({"mode": "unordered", "exclusions": [{"event": "x", "after": "kickoff", "before": "use"}]},
         "from the first step to the last"),
        ({"mode": "ordered", "exclusions": [{"after": "kickoff", "before": "use"}]}, "exactly one of"),
        ({"mode": "any"}, "mode"),
        ({"window_days": True}, "valid integer"),
        ({"window_days": 10**9}, "less than or equal to 36500"),
        ({"mode": "ordered", "rules": {"use": {"event": "web.invoice"}},
          "exclusions": [{"event": "web.*", "after": "contract", "before": "use"}]}, "is a step that it would exclude"),
    ],
)  # fmt: skip
def test_a_funnel_that_makes_no_sense_is_refused(journey: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        product(steps=["kickoff", "use"], journey=journey)


def test_ways_are_where_customers_went_next_each_counted_once() -> None:
    rows = """
        A contract 01-05
        A use      01-10
        A kickoff  01-20
        A use      02-01
        A kickoff  02-10
        A other    02-11
        A use      02-20
        B contract 01-05
        B kickoff  01-05
        B kickoff  01-09
        B use      07-02
    """
    data = data_of(rows)
    result = step_transitions(data, pd.Index(["A", "B"]), ["contract", "kickoff", "use"], END)
    assert result.to_dict("split")["data"] == [
        ["contract", "kickoff", 1, 1], ["contract", "use", 1, 2], ["kickoff", "use", 1, 1], ["use", "kickoff", 1, -1],
    ]  # fmt: skip
    # each use is a step: only the first one is looked at
    counted = data_of(rows, **USE)
    result = step_transitions(counted, pd.Index(["A", "B"]), ["contract", "kickoff", "use"], END)
    assert result.to_dict("split")["data"] == [
        ["contract", "kickoff", 1, 1], ["contract", "use", 1, 2], ["use", "kickoff", 1, -1],
    ]  # fmt: skip
