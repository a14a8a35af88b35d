"""Health by level: medians and bands counted by hand, and whether the red customers stand at one level."""

from __future__ import annotations

from typing import Any

import pytest
from builders import account, contract, health_measure, product, product_data, use
from scipy.stats import fisher_exact

from cs_helpers.analyses import health
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import UNKNOWN
from cs_helpers.result import Result
from cs_helpers.tables.health import levels as table_of
from cs_helpers.tables.notes import sentence
from cs_helpers.text import Text

Q2 = Quarter(2026, 2)
NUMBERS = health_measure(
    "numbers", red=0, green=10, measure={"event": "sent", "value": "events", "months": 1}
)
VIEW = health_measure(
    "view", red=0, green=10, measure={"source": "surveys", "value": "nps", "months": 1}, kind="qualitative"
)
#: one level for each further month of the quarter in which a customer did anything
LEVELS: list[list[dict[str, Any]]] = [
    [{"event": "log*", "value": "events", "at_least": n, "months": 1}] for n in (1, 2, 3, 4)
]


def analysed(
    customers: list[tuple[str, int, int, int | None]],
    *,
    measures: list[dict[str, Any]] | None = None,
    **tables: Any,
) -> Result:
    """customers: name, level, events `sent` in June (10 points each), answer to the survey (10 points each; None: not asked)."""
    usage = [use("nobody", "2025-01-01", "sent"), use("nobody", "2026-06-30", "log")]
    answers = []
    for name, level, sent, said in customers:
        usage += [use(name, "2026-06-05", "log")] * level + [use(name, "2026-06-10", "sent")] * sent
        answers += (
            [{"account_id": name, "answered_on": "2026-06-10", "nps": said}] if said is not None else []
        )
    data = product_data(
        product(levels=LEVELS, measures=measures or [NUMBERS, VIEW]),
        accounts=[account(name) for name, *_ in customers],
        contracts=[contract(name, "2025-02-01") for name, *_ in customers],
        surveys=answers,
        **({"usage": usage} | tables),
    )
    return health.analyse(data, Q2)


def test_medians_of_the_score_and_of_its_two_parts_are_those_of_the_customers_at_the_level() -> None:
    """Lv.1: A 20 and 40, so 30 and red; B 60 and not asked, so 60, yellow; C 100 and 80, so 90, green. Lv.2: D 50 and 100, so 75."""
    result = analysed([("A", 1, 2, 4), ("B", 1, 6, None), ("C", 1, 10, 8), ("D", 2, 5, 10)])
    rows = result.tables["levels"].set_index("level")
    assert list(rows.index) == [0, 1, 2, 3, 4]
    first = rows.loc[1]
    assert first[["customers", "red", "yellow", "green", "unscored"]].tolist() == [3, 1, 1, 1, 0]
    assert first[["median", "quantitative", "qualitative"]].tolist() == [60, 60, 60]
    assert first["share"] == pytest.approx(1 / 3)
    assert rows.loc[2, ["median", "quantitative", "qualitative", "green"]].tolist() == [75, 50, 100, 1]
    empty = rows.loc[4]
    assert empty["customers"] == 0
    assert empty[["median", "quantitative", "qualitative", "share", "low"]].isna().all()


def test_the_level_whose_share_of_red_stands_out_is_named_with_its_exact_difference() -> None:
    """8 of 8 at Lv.0 are red, none of 8 at Lv.1 and 8 at Lv.2."""
    at = [(f"{level}{n}", level, 0 if level == 0 else 8, None) for level in (0, 1, 2) for n in range(8)]
    said = analysed(at, measures=[NUMBERS]).verdicts["levels"]
    assert said.code == "worse"
    assert [said.fields[name] for name in ("level", "share", "n", "other_share", "other_n")] == [
        0,
        1.0,
        8,
        0.0,
        16,
    ]
    assert fisher_exact([[8, 0], [0, 16]]).pvalue < 0.05
    turned = [(name, level, 8 - sent, said) for name, level, sent, said in at]
    better = analysed(turned, measures=[NUMBERS]).verdicts["levels"]
    assert (better.code, better.fields["level"], better.fields["share"]) == ("better", 0, 0.0)


@pytest.mark.parametrize(
    ("customers", "code"),
    [
        ([("A", 1, 0, None), ("B", 1, 9, None), ("C", 2, 9, None)], "alike"),
        ([("A", 1, 0, None), ("B", 1, 9, None)], "alone"),
        ([("A", 1, 9, None), ("B", 2, 9, None)], "none_red"),
        ([("A", 1, 0, None), ("B", 2, 1, None)], "all_red"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_cannot_be_told_apart_is_said(customers: list[Any], code: str, language: str) -> None:
    result = analysed(customers, measures=[NUMBERS])
    assert result.verdicts["levels"].code == code
    listing = table_of(result, Text(language, product(levels=LEVELS)))
    assert listing.message
    assert listing.shown_rows == 5


def test_measures_that_count_the_events_of_the_levels_are_named() -> None:
    logs = health_measure("logs", red=0, green=10, measure={"event": "login", "value": "events", "months": 1})
    every = health_measure("every", red=0, green=10, measure={"value": "days", "months": 1})
    result = analysed([("A", 1, 5, 5)], measures=[NUMBERS, logs, every, VIEW])
    (note,) = [n for n in result.notes if n.code == "counted_twice"]
    assert (note.about, note.fields["measures"]) == ("levels", ("logs", "every"))
    assert not [n for n in analysed([("A", 1, 5, 5)]).notes if n.code == "counted_twice"]


def test_a_customer_whose_level_is_not_known_stands_apart_and_is_not_compared() -> None:
    """Nothing is recorded of April, so of B, who did nothing since, it is not known whether three months hold two events."""
    usage = [use("A", "2026-06-21", "log")] * 2
    of_quarter = [[{**rule, "months": 3} for rule in rules] for rules in LEVELS[:2]]
    answers = [{"account_id": name, "answered_on": "2026-06-10", "nps": 9} for name in "AB"]
    data = product_data(
        product(levels=of_quarter, measures=[VIEW]),
        accounts=[account("A"), account("B")],
        contracts=[contract("A", "2025-02-01"), contract("B", "2025-02-01")],
        surveys=answers,
        usage=usage,
    )
    result = health.analyse(data, Q2)
    rows = result.tables["levels"].set_index("level")
    assert rows["customers"].to_dict() == {0: 0, 1: 0, 2: 1, UNKNOWN: 1}
    assert rows.loc[UNKNOWN, "median"] == 90
    assert result.verdicts["levels"].fields == {"n": 1}
    listing = table_of(result, Text("en", data.product))
    assert listing.page.iloc[-1, 0] == "Level not known"


def test_without_the_tables_of_the_levels_or_a_known_level_it_is_said_what_is_missing() -> None:
    answers = [{"account_id": "A", "answered_on": "2026-06-10", "nps": 9}]
    about_a = {"accounts": [account("A")], "contracts": [contract("A", "2025-02-01")], "surveys": answers}
    of = product(levels=LEVELS, measures=[VIEW])
    missing = health.analyse(product_data(of, **about_a), Q2)
    assert "levels" not in missing.tables
    (note,) = missing.about("levels")
    assert sentence(note, Text("en", of), "health", "JPY").count("usage") == 1
    early = health.analyse(product_data(of, **about_a, usage=[use("A", "2026-09-05", "log")]), Q2)
    assert [n.code for n in early.about("levels")] == ["no_known_levels"]


def test_the_levels_of_the_sample_add_up_to_its_bands(result_of, of_product) -> None:
    for product_name in ("paper_to_web", "helpdesk", "expense_desk"):
        result = result_of("health", product_name, "2026Q3")
        bands = result.tables["bands"].set_index("band")["customers"]
        rows = result.tables["levels"]
        assert rows[["red", "yellow", "green"]].sum().to_dict() == bands[["red", "yellow", "green"]].to_dict()
        standing = result_of("maturity", product_name, "2026Q3").tables["standing"]
        now = standing[(standing["basis"] == "current_state") & (standing["level"] >= 0)]
        assert rows.set_index("level")["customers"].to_dict() == now.set_index("level")["customers"].to_dict()
