"""Operations maps that were worked out by hand, with and without each of their parts."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import play
from small_maps import PLAYBOOK, Q2, desk, mapped, means, role

from cs_helpers import paths
from cs_helpers.analyses.operations_map.rows import touches_by_level
from cs_helpers.analyses.operations_map.stations import NOT_KNOWN, STATIONS
from cs_helpers.analyses.operations_map.verdicts import map_verdict
from cs_helpers.contract.organisation import JOB_ROLES
from cs_helpers.contract.products import load_product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData
from cs_helpers.tables import operations_map as tables
from cs_helpers.tables.findings import sentence as finding_sentence
from cs_helpers.tables.notes import sentence
from cs_helpers.text import Text

HOURS = {
    "by_touch_model": {"low": 1},
    "hours_per_touch": {"high": 2.0, "low": 1.0, "tech": 0.5, "community": 0.25},
}


def stations(result: Result) -> dict[str, tuple[str, list[str]]]:
    return {r.station: (r.state, r.lacks.split()) for r in result.tables["stations"].itertuples()}


def words_of(result: Result, data: ProductData, language: str) -> str:
    """All that the tables, notes and findings of a map say."""
    text = Text(language, data.product, accounts=not result.settings.get("by_contracts", True))
    shown = replace(result, settings={**result.settings, "currency": "JPY"})
    said = [sentence(n, text, "operations_map", "JPY") for n in result.notes]
    said += [finding_sentence(f, text, "operations_map", "JPY") for f in result.findings]
    for question in ("stations", "levels", "touches", "roles"):
        if question in result.tables:
            listing = getattr(tables, question)(shown, text)
            said += [text(f"operations_map.{question}.title"), listing.message, *listing.page.columns]
            said += [str(cell) for row in listing.page.to_numpy() for cell in row]
    return "\n".join(said)


def test_levels_hold_their_customers_and_what_these_pay() -> None:
    """A Lv.0, B Lv.1, C Lv.2, D Lv.4."""
    rows = mapped(desk()).tables["levels"].set_index("level")
    assert rows["customers"].to_dict() == {0: 1, 1: 1, 2: 1, 3: 0, 4: 1}
    assert rows["mrr"].to_dict() == {0: 100, 1: 200, 2: 400, 3: 0, 4: 800}
    assert rows["share"].tolist() == [0.25, 0.25, 0.25, 0, 0.25]


@pytest.mark.parametrize(
    ("language", "shown"),
    [("en", ["Lv.0", "Lv.1 (One department)"]), ("ja", ["Lv.0", "Lv.1（1部署で利用）"])],
)
def test_the_table_of_levels_has_their_names(language: str, shown: list[str]) -> None:
    result = mapped(desk())
    result = replace(result, settings={**result.settings, "currency": "JPY"})
    named = Text(language, load_product(paths.products() / "paper_to_web.yml"))
    assert tables.levels(result, named).page.iloc[:2, 0].tolist() == shown
    # a name that says no more than the label does not stand beside it
    assert tables.levels(result, Text(language, desk().product)).page.iloc[:2, 0].tolist() == ["Lv.0", "Lv.1"]


def test_health_by_level_keeps_numbers_and_what_people_say_apart() -> None:
    """Points of the numbers: events / 4; of the view: answer / 10; the score is their mean."""
    rows = mapped(desk()).tables["health"].set_index("level")
    assert rows["quantitative"].dropna().to_dict() == {0: 0, 1: 25, 2: 50, 4: 100}
    assert rows["qualitative"].dropna().to_dict() == {0: 40, 1: 40, 2: 90, 4: 90}
    assert rows["score"].dropna().to_dict() == {0: 20, 1: 32.5, 2: 70, 4: 95}
    assert rows[["red", "yellow", "green"]].loc[[0, 1, 2, 4]].to_numpy().tolist() == [
        [1, 0, 0],
        [1, 0, 0],
        [0, 0, 1],
        [0, 0, 1],
    ]


def test_touch_models_hold_their_declared_and_their_actual_share_hours_and_actions() -> None:
    """Of five touches of customers in four quarters four were high; in the quarter all four were."""
    mix = {"high": 0.5, "low": 0.3, "tech": 0.2, "community": 0.0}
    rows = mapped(desk(touch_mix=mix, touch_plan=HOURS)).tables["touches"].set_index("touch_model")
    assert rows["customers"].to_dict() == {"high": 1, "low": 2, "tech": 0, "community": 0}
    assert rows["declared"].to_dict() == mix
    assert rows["actual"].to_dict() == pytest.approx({"high": 0.8, "low": 0.2, "tech": 0, "community": 0})
    assert rows["hours"].to_dict() == {"high": 8, "low": 0, "tech": 0, "community": 0}
    assert rows.at["high", "actions"] == "usage review"  # the other subject is of one customer alone


def test_a_role_is_due_for_each_customer_once_whatever_number_of_its_entries_is() -> None:
    """`low` is due for A and B, `red` for A and B, too: together for two customers who pay 300."""
    data = desk(
        roles=[
            role("adoption", "low", "red", people=1.5),
            role("support", "by_hand"),
            role("renewal", department="Sales"),
        ],
        served=[means("call", "low", "red"), means("none", "by_hand", capacity=0)],
    )
    result = mapped(data)
    rows = result.tables["roles"].set_index("role")
    assert list(rows.index) == list(JOB_ROLES)
    assert rows.loc["adoption", ["plays", "due", "mrr", "people", "obstacles", "carried_out"]].tolist() == [
        2,
        2,
        300,
        1.5,
        "",
        True,
    ]
    # no rule tells for whom it is due; its means have no capacity
    support = rows.loc["support"]
    assert np.isnan(support["due"])
    assert np.isnan(support["mrr"])
    assert np.isnan(support["people"])
    assert (support["obstacles"], support["carried_out"]) == ("no_capacity", False)
    assert (rows.at["renewal", "department_en"], rows.at["renewal", "carried_out"]) == ("Sales", True)
    assert (rows.at["onboarding", "department_en"], rows.at["onboarding", "carried_out"]) == ("", False)
    assert result.verdicts["roles"].code == "stuck"
    assert result.verdicts["roles"].fields == {"stuck": 1, "roles": 2}
    assert stations(result)["organisation"] == ("partly", ["roles_not_filled", "no_people_stated"])


def test_each_entry_stands_at_its_role_with_the_customers_for_whom_it_is_due() -> None:
    """`low` is due for A and B, and so is `red`; no rule says for whom `by_hand` is. No role has `red`."""
    data = desk(roles=[role("adoption", "low"), role("support", "by_hand", "low")])
    result = mapped(data)
    roles, plays = result.tables["roles"], result.tables["plays"]
    found = [(roles.at[p.at, "role"], p.entry, p.customers, p.of) for p in plays.itertuples()]
    assert found == [
        ("adoption", "low", 2, 4),
        ("support", "by_hand", pytest.approx(np.nan, nan_ok=True), 0),
        ("support", "low", 2, 4),
        ("nobody", "red", 2, 4),
    ]
    numbers = result.tables["numbers"].set_index("key")
    assert numbers.loc["organisation.support.low.customers", ["value", "n", "place"]].tolist() == [
        2,
        4,
        "playbook-entries",
    ]
    assert "organisation.support.by_hand.customers" not in numbers.index


def test_the_parts_of_the_score_are_named_where_anybody_is_measured() -> None:
    measures = mapped(desk()).tables["measures"]
    assert measures.to_dict("list") == {
        "measure": ["numbers", "view"],
        "kind": ["quantitative", "qualitative"],
    }
    assert mapped(desk(without=("surveys",))).tables["measures"]["measure"].tolist() == ["numbers"]


def test_fields_of_hand_overs_and_what_became_of_requests_are_counted() -> None:
    """One hand-over of two says what was promised; of three requests one is open, two were released."""
    handed = {"handed_over_on": "2025-01-20", "problem": "paper"}
    released = {
        "raised_on": "2025-03-01",
        "status": "released",
        "decided_on": "2025-04-01",
        "released_on": "2025-05-01",
    }
    data = desk(
        more={
            "handovers": [{"account_id": "A", **handed}, {"account_id": "B", **handed, "promised": "in May"}],
            "requests": [
                {"request_id": "r1", "status": "open", "raised_on": "2025-03-01"},
                {"request_id": "r2", **released},
                {"request_id": "r3", **released},
            ],
        }
    )  # fmt: skip
    result = mapped(data, Quarter(2025, 4))
    fields = result.tables["fields"].set_index("field")
    assert fields[["share", "of"]].to_dict("index") == {
        "promised": {"share": 0.5, "of": 2},
        "problem": {"share": 1, "of": 2},
    }
    statuses = result.tables["statuses"].set_index("status")
    assert statuses["requests"][statuses["requests"] > 0].to_dict() == {"open": 1, "released": 2}
    numbers = result.tables["numbers"].set_index("key")
    assert numbers.loc["handover.promised.share", ["value", "n", "place"]].tolist() == [
        0.5,
        2,
        "handover-fields",
    ]
    assert numbers.loc["feedback.released.requests", ["value", "n", "place"]].tolist() == [
        2,
        3,
        "product_feedback-status",
    ]


def test_entries_that_no_role_carries_out_stand_in_a_row_of_their_own() -> None:
    result = mapped(desk(roles=[role("adoption", "red")], served=[means("call", "low", "red", "by_hand")]))
    last = result.tables["roles"].iloc[-1]
    assert last[["role", "plays", "due", "mrr", "obstacles"]].tolist() == ["nobody", 2, 2, 300, "no_role"]
    assert (result.verdicts["roles"].code, result.verdicts["roles"].fields) == (
        "left",
        {"left": 2, "plays": 3},
    )
    page = tables.roles(
        replace(result, settings={**result.settings, "currency": "JPY"}), Text("en", desk().product)
    ).page
    assert page.iloc[-1, 0] == "No role"


def test_a_role_of_two_departments_has_a_row_in_each() -> None:
    result = mapped(desk(roles=[role("support", "low"), role("support", "red", department="Helpdesk")]))
    rows = result.tables["roles"]
    assert rows.loc[rows["role"] == "support", "department_en"].tolist() == ["CS", "Helpdesk"]
    keys = result.tables["numbers"]["key"]
    assert {"organisation.support.due", "organisation.support.2.due"} <= set(keys)
    assert keys.is_unique


FULL: dict[str, Any] = {
    "roles": [
        role(name, *plays, people=1)
        for name, plays in zip(JOB_ROLES, [("low", "red", "by_hand"), *[()] * 5], strict=True)
    ],
    "touch_plan": HOURS,
}


def test_what_is_there_is_known_and_what_is_not_is_missing_with_what_to_add() -> None:
    """No year lies behind the landmarks of these customers, so no lifetime value is known."""
    found = stations(mapped(desk(**FULL)))
    assert list(found) == list(STATIONS)
    assert found["handover"] == ("missing", ["no_handovers"])
    assert found["feedback"] == ("missing", ["no_requests"])
    assert found["levels"][0] == "partly"
    assert found["health"] == ("known", [])
    assert found["touches"] == ("known", [])
    assert found["organisation"] == ("known", [])


@pytest.mark.parametrize(
    ("without", "said", "station", "state", "code"),
    [
        (("touches",), {}, "touches", "missing", "no_touches"),
        (("contracts",), {}, "levels", "partly", "no_contracts"),
        (("usage",), {}, "levels", "missing", "no_levels"),
        (("usage",), {}, "health", "partly", "no_health_by_level"),
        (("usage",), {}, "health", "partly", "no_quantitative"),
        (("surveys",), {}, "health", "partly", "no_qualitative"),
        (("usage", "surveys"), {}, "health", "missing", "no_scores"),
        ((), {"touch_plan": None}, "touches", "partly", "no_hours"),
        ((), {"roles": None}, "organisation", "partly", "no_roles"),
        ((), {"roles": None, "playbook": []}, "organisation", "missing", "no_organisation"),
        ((), {"playbook": [], "roles": [role("support")]}, "organisation", "partly", "no_playbook"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_lacks_is_said(
    without: tuple[str, ...], said: dict[str, Any], station: str, state: str, code: str, language: str
) -> None:
    data = desk(without=without, **{**FULL, **said})
    result = mapped(data)
    found = stations(result)[station]
    assert found[0] == state
    assert code in found[1]
    assert (code == NOT_KNOWN[station]) == (state == "missing")
    assert Text(language)(f"operations_map.lacks.{code}")[:20] in words_of(result, data, language)
    # an arrow to or from what is missing is missing, too
    links = result.tables["links"]
    assert links["source"].tolist() == list(STATIONS[:-1])
    assert links["target"].tolist() == list(STATIONS[1:])
    if state == "missing":
        of_station = links[(links["source"] == station) | (links["target"] == station)]
        assert (of_station["state"] == "missing").all()
        assert (of_station["reason"] != "").all()


def test_an_arrow_is_missing_where_nothing_says_how_one_leads_to_the_other() -> None:
    found = mapped(desk(**{**FULL, "roles": None})).tables["links"].set_index(["source", "target"])
    assert found.loc[("touches", "organisation")].tolist() == ["missing", "no_roles"]
    assert found.loc[("health", "touches")].tolist() == ["known", ""]
    data = desk(**FULL)
    data["accounts"]["touch_model"] = None
    result = mapped(data)
    found = result.tables["links"].set_index(["source", "target"])
    assert found.loc[("health", "touches")].tolist() == ["missing", "no_touch_models"]
    assert "no_touch_models" in stations(result)["touches"][1]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_of_accounts_nothing_is_said_of_what_they_pay(language: str) -> None:
    """A map without contracts: amounts are unknown, and no word of MRR or of a value of customers stands on it."""
    data = desk(without=("contracts",), **FULL)
    result = mapped(data)
    assert not result.settings["by_contracts"]
    for name, column in (("levels", "mrr"), ("levels", "ltv"), ("roles", "mrr")):
        assert result.tables[name][column].isna().all()
    assert result.tables["levels"]["customers"].sum() == result.n
    numbers = result.tables["numbers"]
    assert not numbers["unit"].eq("currency").any()
    said = words_of(result, data, language)
    assert not re.search(r"MRR|LTV|[Ll]ifetime|lost|解約|customer|顧客数", said)


def test_nobody_is_drawn_as_nobody() -> None:
    data = desk()
    result = mapped(data, Quarter(2024, 4))
    assert (result.n, result.tables, result.metrics) == (0, {}, {})
    assert {(n.code, n.about) for n in result.notes} == {
        ("no_customers", q) for q in ("operations", "stations", "levels", "touches", "roles")
    }


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_the_map_says_first(language: str) -> None:
    result = mapped(desk(**FULL))
    verdict = result.verdicts["operations"]
    assert verdict.code == "incomplete"
    assert verdict.fields == {
        "known": 3, "of": 6, "in_part": ("levels",), "stations": ("handover", "feedback"), "level": 0, "share": 0.25, "unknown": 0.0,
    }  # fmt: skip
    assert result.metrics["stations_known"].value == 3  # a station that is known in part is not counted
    assert [f.fields["stations"] for f in result.findings] == [("handover", "feedback")]
    nothing = mapped(desk(without=("usage",), **FULL)).verdicts["operations"]
    assert nothing.code == "no_levels"
    assert nothing.fields["stations"] == ("handover", "levels", "feedback")


def station_states(**states: str) -> pd.DataFrame:
    return pd.DataFrame([{"station": s, "state": states.get(s, "known")} for s in STATIONS])


def test_a_map_with_stations_known_in_part_is_not_all_known() -> None:
    levels = pd.DataFrame({"level": [0, 1, -2], "customers": [1, 2, 7]})
    whole = map_verdict(station_states(), levels)
    assert (whole.code, whole.fields["known"]) == ("whole", 6)
    partly = map_verdict(station_states(levels="partly", handover="partly"), levels)
    assert (partly.code, partly.fields["known"], partly.fields["in_part"]) == (
        "partly",
        4,
        ("handover", "levels"),
    )
    # the largest group is that of those whose level is known: 2 of 3, while nobody knows the level of 7 of 10
    assert partly.fields["level"] == 1
    assert partly.fields["share"] == pytest.approx(2 / 3)
    assert partly.fields["unknown"] == pytest.approx(0.7)


def test_an_entry_of_two_roles_is_one_entry_of_the_playbook() -> None:
    entries = ("low", "red", "by_hand")
    data = desk(
        roles=[role("adoption", *entries), role("support", *entries)], served=[means("call", *entries)]
    )
    said = mapped(data).verdicts["roles"]
    assert (said.code, said.fields) == ("carried_out", {"plays": 3})
    left = mapped(
        desk(roles=[role("adoption", "low"), role("support", "low")], served=[means("call", *entries)])
    )
    assert left.verdicts["roles"].fields == {"left": 2, "plays": 3}


def test_nobody_due_is_no_amount_where_nobody_knows_what_customers_pay() -> None:
    nobody = [play("fallen", {"level_dropped": True, "months": 1})]
    for without, mrr in (((), 0.0), (("contracts",), np.nan)):
        data = desk(without=without, playbook=nobody, roles=[role("adoption", "fallen")])
        row = mapped(data).tables["roles"].set_index("role").loc["adoption"]
        assert row["due"] == 0
        assert row["mrr"] == mrr or (np.isnan(row["mrr"]) and np.isnan(mrr))


def test_a_level_has_its_most_frequent_touch_model_where_enough_customers_tell() -> None:
    mix = pd.DataFrame(
        [
            ("year", "1", "high", 0.2, 0.1, 0.3, 50), ("year", "1", "tech", 0.8, 0.7, 0.9, 50),
            ("year", "2", "high", 1.0, np.nan, np.nan, 2), ("year", "2", "tech", 0.0, np.nan, np.nan, 2),
            ("year", "all", "high", 0.3, 0.2, 0.4, 52), ("quarter", "1", "high", 0.9, 0.8, 1.0, 10),
            ("year", "unknown", "high", 0.9, 0.8, 1.0, 10),
        ],
        columns=["period", "level", "touch_model", "share", "low", "high", "touches"],
    )  # fmt: skip
    found = touches_by_level({"touch_mix": replace(mapped(desk()), tables={"mix": mix})})
    assert found.to_dict("records") == [
        {"level": 1, "touch_model": "tech", "share": 0.8, "low": 0.7, "high": 0.9, "of": 50}
    ]


def test_unknown_is_never_zero() -> None:
    """Entries whose rule the data tells of nobody are due for nobody knows how many."""
    data = desk(without=("usage", "surveys"), playbook=[*PLAYBOOK, play("no_step", {"waits_for": "kickoff", "days": 3})], roles=[role("adoption", "no_step")])  # fmt: skip
    row = mapped(data).tables["roles"].set_index("role").loc["adoption"]
    assert np.isnan(row["due"])
    assert Q2.end >= data["contracts"]["started_on"].max().date()
