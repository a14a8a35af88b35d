"""Customers whose size, industry or scores are not known stand in every total, in a segment of their own, compared with nobody."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest
from builders import ANALYSES

from cs_helpers.analyses.interviews.coverage import coverage_by_segment, next_companies, segment_orders
from cs_helpers.analyses.journeys.conversions import stall_verdict
from cs_helpers.contract.labels import SizeClass
from cs_helpers.contract.products import Words
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData
from cs_helpers.tables.notes import sentence
from cs_helpers.text import Text

Q3 = Quarter(2026, 3)
#: the outputs that go by segment
CHARTS = {
    "health": ("bands", "moved", "segments", "views"), "maturity": ("by_quarter", "standing", "bridge", "by_segment"), "journeys": ("steps", "stalls", "value_curve"),
    "interviews": ("coverage", "crossing", "key_words", "reasons", "saturation"),
}  # fmt: skip
TABLES = {
    "health": ("scores", "explained", "fallen", "risen", "csms", "disagree"), "maturity": ("levels", "changes", "csms"), "journeys": ("steps", "ages", "waiting"),
    "interviews": ("framework", "next", "meter", "varies", "reasons", "segment_facts", "frozen", "key_words", "context"),
}  # fmt: skip
OWN = tuple(
    SizeClass(size=size, name=Words(en=f"{size} firms", ja=f"{size}級"))
    for size in ("XS", "S", "M", "L", "XL", "XXL")
)


def changed(data: ProductData, known: str) -> ProductData:
    """The data with every third customer's segments unknown (`some`), all (`none`), or six own classes (`own`)."""
    accounts = data["accounts"].reset_index(drop=True).copy()
    place = pd.Series(range(len(accounts)))
    if known == "own":
        accounts["size"] = place.map(lambda n: "unknown" if n % 7 == 6 else OWN[n % 7].size)
        return replace(data.with_tables({"accounts": accounts}), sizes=tuple(c.size for c in reversed(OWN)))
    lost = place % 3 == 0 if known == "some" else place >= 0
    for column in ("size", "industry"):
        accounts[column] = accounts[column].mask(lost, "unknown")
    for column in ("motivation", "literacy"):
        accounts[column] = accounts[column].mask(lost)
    return data.with_tables({"accounts": accounts})


@pytest.fixture(scope="module")
def result(of_product: Callable[[str], ProductData]) -> Callable[[str, str], Result]:
    @cache
    def answer(analysis: str, known: str) -> Result:
        data = changed(of_product("paper_to_web"), known)
        result: Result = ANALYSES[analysis].analyse(data, Q3)
        return replace(result, settings={**result.settings, "currency": "JPY", "sizes": data.sizes})

    return answer


@pytest.mark.parametrize("known", ["some", "own"])
def test_the_segments_add_up_to_all(result: Callable[[str, str], Result], known: str) -> None:
    health = result("health", known)
    segments = health.tables["segments"]
    assert set(segments.groupby("dimension")["n"].sum()) == {health.n}
    assert segments.set_index(["dimension", "segment"]).at[("size", "unknown"), "n"] > 0
    maturity = result("maturity", known)
    counts = maturity.tables["by_segment"].groupby("dimension")["customers"].sum()
    assert set(counts) == {maturity.n}
    assert set(maturity.tables["by_segment"].groupby("dimension")["mrr"].sum().round(6)) == {
        round(maturity.tables["levels"]["mrr"].sum(), 6)
    }
    journeys = result("journeys", known).tables
    each = journeys["steps"].groupby(["step", journeys["steps"]["size"] == "all"])["n"].sum().unstack()
    assert (each[True] == each[False]).all()
    ages = journeys["ages"].groupby(["age", journeys["ages"]["size"] == "all"])["n"].sum().unstack()
    assert (ages[True] == ages[False]).all()
    stalls = journeys["stalls"].groupby(["dimension", "step"])[["waits", "late", "mrr"]].sum()
    assert stalls.loc["size"].round(6).equals(stalls.loc["industry"].round(6))
    heard = result("interviews", known)
    counts = heard.tables["meter"].groupby("dimension")["notes"].sum()
    assert counts["size"] == counts["company"] == counts["industry"]
    given = heard.tables["reasons"].groupby(["dimension", "reason"])["given"].sum().unstack()
    assert given.loc["size"].tolist() == given.loc["all"].tolist()


@pytest.mark.parametrize("known", ["some", "own", "none"])
@pytest.mark.parametrize("analysis", CHARTS)
def test_every_output_is_drawn_and_set_whatever_is_known(
    result: Callable[[str, str], Result], analysis: str, known: str
) -> None:
    language = "ja" if known == "some" else "en"
    found, text = result(analysis, known), Text(language, None, OWN)
    for question in CHARTS[analysis]:
        if question in found.tables and len(found.tables[question]):
            picture = getattr(importlib.import_module(f"cs_helpers.charts.{analysis}"), question)(found, text)
            assert picture.png
            assert "unknown" not in picture.message.lower().replace("unknown size", "")
        else:
            assert found.about(question), question
    for question in TABLES[analysis]:
        if question in found.tables and len(found.tables[question]):
            listing = getattr(importlib.import_module(f"cs_helpers.tables.{analysis}"), question)(found, text)
            cells = listing.all_rows.astype(str).to_numpy().ravel().tolist()
            assert not {"unknown", *(c.size for c in OWN)} & set(cells)  # each is called by its name


def test_where_nothing_is_recorded_the_page_says_so_in_place_of_one_segment(
    result: Callable[[str, str], Result],
) -> None:
    health, maturity, journeys = (result(a, "none") for a in ("health", "maturity", "journeys"))
    assert set(health.tables["segments"]["dimension"]) == {"touch_model"}
    assert set(maturity.tables["by_segment"]["dimension"]) == {"touch_model"}
    assert set(journeys.tables["steps"]["size"]) == {"all"}
    assert "stalls" not in journeys.tables
    for found, about in (
        (health, "segments"),
        (maturity, "by_segment"),
        (journeys, "steps"),
        (journeys, "stalls"),
    ):
        note = next(n for n in found.about(about) if n.code == "segment_not_recorded")
        assert "size" in note.fields["dimensions"]
    note = next(n for n in result("interviews", "none").notes if n.code == "segment_not_recorded")
    assert sentence(note, Text("en"), "interviews", "JPY").endswith(
        "so nothing is said by it: Size, Industry, Motivation and literacy."
    )
    assert sentence(note, Text("ja"), "interviews", "JPY").startswith(
        "企業規模、業種、意欲×リテラシーがどの企業についても記録されていない"
    )


def test_how_many_are_not_known_is_said(result: Callable[[str, str], Result]) -> None:
    found = result("health", "own")
    note = next(n for n in found.about("segments") if n.code == "segment_unknown")
    unknown = found.tables["segments"].set_index(["dimension", "segment"]).at[("size", "unknown"), "n"]
    assert note.fields == {"segments": (("size", unknown),), "of": found.n}
    said = sentence(note, Text("en"), "health", "JPY")
    assert said.startswith(f"Not known for some of the {found.n} customers (Size: {unknown}).")
    assert f"分からない企業があります（企業規模{unknown}社）" in sentence(note, Text("ja"), "health", "JPY")


def test_nothing_is_said_where_all_is_known(result_of: Callable[[str, str, str], Result]) -> None:
    codes = {n.code for a in CHARTS for n in result_of(a, "paper_to_web", "2026Q3").notes}
    assert not codes & {"segment_unknown", "segment_not_recorded"}


# --- what is not known is compared with nobody ----------------------------------------------------------


def test_what_is_not_known_stalls_nowhere() -> None:
    rows = [
        {"size": size, "step": "s", "n": 50, "share": share, "low": share - 0.05, "high": share + 0.05}
        for size, share in (("all", 0.5), ("mid", 0.8), ("small", 0.75), ("unknown", 0.1))
    ]
    differ = pd.DataFrame({"step": ["s"], "differs": [True]})
    assert stall_verdict(pd.DataFrame(rows), differ).code == "alike"
    rows[2] |= {"share": 0.2, "low": 0.15, "high": 0.25}
    assert stall_verdict(pd.DataFrame(rows), differ).fields["size"] == "small"


PEOPLE = pd.DataFrame(
    [
        ("a", "mid", "high-high", "retail"), ("b", "unknown", "unknown", "unknown"), ("c", "S", "low-low", "retail"),
        ("d", "unknown", "low-low", "retail"),
    ],
    columns=["account_id", "size", "quadrant", "industry"],
).assign(name=lambda f: f["account_id"])  # fmt: skip


def test_segments_that_are_not_known_come_last_and_are_no_gap_to_fill() -> None:
    assert segment_orders(PEOPLE, ("mid", "S")) == {
        "size": ("mid", "S", "unknown"),
        "quadrant": ("high-high", "low-low", "unknown"),
        "industry": ("retail", "unknown"),
    }
    told = PEOPLE.iloc[:1].assign(viewpoint="problem")
    crossed = pd.DataFrame(
        [("size", "unknown", "industry", "retail", 0, 0, 1), ("size", "S", "industry", "retail", 0, 0, 1)],
        columns=[
            "first",
            "first_segment",
            "second",
            "second_segment",
            "companies",
            "viewpoints",
            "customers",
        ],
    )
    heard = coverage_by_segment(told, PEOPLE, ("mid", "S"))
    assert heard.groupby("dimension")["companies"].sum().to_dict() == {
        "size": 1,
        "quadrant": 1,
        "industry": 1,
    }
    result = next_companies(PEOPLE, told, heard, crossed)
    assert result.iloc[0]["account_id"] == "c"
    assert not any("unknown" in segment for cell in result["cell"] for segment in cell)


# --- which tables a page rests on ------------------------------------------------------------------------


def test_an_analysis_declares_the_tables_that_it_reads(
    sample_snapshot, of_product: Callable[[str], ProductData], result_of: Callable[[str, str, str], Result]
) -> None:
    parent = {"usage_daily": "usage", "usage_monthly": "usage", "active_daily": "usage"}
    for name, analysis in ANALYSES.items():
        seen: dict[str, set[str]] = {}
        for product in sample_snapshot.products:
            data = of_product(product)
            seen[product] = set()

            def noted(table: str, rows: pd.DataFrame, to: set[str] = seen[product]) -> pd.DataFrame:
                to.add(parent.get(table, table))
                return rows

            others = {other: result_of(other, product, str(Q3)) for other in analysis.built_on(data.product)}
            analysis.analyse(data.map_tables(data.tables, noted), Q3, others)
            assert seen[product] <= set(analysis.tables_read(data.product)), (name, product)
        # who is a customer goes by accounts, and steps are found in the log too
        assert set(analysis.declares.reads) - set().union(*seen.values()) <= {"accounts", "usage"}, name
