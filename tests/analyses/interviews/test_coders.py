"""Coders who give a note several codes: sets compared as published, from a hand-made table and from a study's file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_helpers.analyses import interviews
from cs_helpers.analyses.interviews.coders import (
    agreement,
    code_agreement,
    codes_by_role,
    disputed_notes,
    values_by_coder,
)
from cs_helpers.analyses.interviews.verdicts import agreement as verdict_of
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.snapshot import Snapshot
from cs_helpers.snapshot.take import take_snapshot
from cs_helpers.statistics.agreement import alpha, alpha_interval, kappa, masi
from cs_helpers.tables.coders import agreement as agreement_table
from cs_helpers.tables.coders import code_agreement as code_table
from cs_helpers.tables.coders import disputed as disputed_table
from cs_helpers.tables.notes import sentence
from cs_helpers.text import Text

ROOT = Path(__file__).parents[3]
Set = frozenset[str]
Distance = Callable[[Set, Set], float]


def of(letters: str) -> Set:
    """`AC` is a set of two codes, `-` the empty one."""
    return frozenset(letters.replace("-", ""))


# ---- an oracle, by the words of the papers


def masi_by_hand(a: Set, b: Set) -> float:
    """Passonneau 2006: Jaccard times 1 (the same), 2/3 (one holds the other), 1/3 (they overlap) or 0."""
    if a == b:
        return 0.0
    jaccard = len(a & b) / len(a | b)
    lie = 2 / 3 if a < b or b < a else 1 / 3 if a & b else 0
    return 1 - jaccard * lie


def jaccard_by_hand(a: Set, b: Set) -> float:
    return 0.0 if a == b else 1 - len(a & b) / len(a | b)


def partial_match(a: Set, b: Set) -> float:
    """Passonneau 2004: 0, 1/3, 2/3 or 1."""
    return 0.0 if a == b else 1 / 3 if a < b or b < a else 2 / 3 if a & b else 1.0


def alpha_by_hand(units: list[list[Set | None]], distance: Distance) -> float:
    """Pairs of readings within units against those among all."""
    read = [[s for s in unit if s is not None] for unit in units]
    read = [unit for unit in read if len(unit) > 1]
    every = [s for unit in read for s in unit]
    if len(every) < 2:
        return float("nan")
    within = sum(
        sum(distance(a, b) for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in read
    ) / len(every)
    counts = Counter(every)
    among = sum(n * m * distance(a, b) for a, n in counts.items() for b, m in counts.items())
    among /= len(every) * (len(every) - 1)
    return 1 - within / among if among else float("nan")


#: the example of DKPro Statistics (Meyer et al. 2014) for sets: two coders, nine units, one of them empty for both
NINE = "-/- A/- A/A A/B AB/A AB/AC ABC/ABC C/AC C/AC"
#: the example of Crowd-Kit for sets: dog, cat, and a mouse that one saw
THREE = "D/D C/C C/CM"


def units_of(study: str) -> list[list[Set | None]]:
    return [[of(side) for side in pair.split("/")] for pair in study.split()]


def test_the_oracle_gives_what_others_publish() -> None:
    assert alpha_by_hand(units_of(NINE), partial_match) == pytest.approx(0.186, abs=5e-4)
    # their MASI is Jaccard's distance times that of the partial match
    assert alpha_by_hand(
        units_of(NINE), lambda a, b: jaccard_by_hand(a, b) * partial_match(a, b)
    ) == pytest.approx(0.252, abs=1e-3)
    assert alpha_by_hand(units_of(THREE), lambda a, b: float(a != b)) == pytest.approx(0.5454545454545454)
    # nltk writes .67 for two thirds
    rough = alpha_by_hand(
        units_of(THREE),
        lambda a, b: masi_by_hand(a, b) and 1 - round(1.5 * (1 - masi_by_hand(a, b)), 9) * 0.67,
    )
    assert rough == pytest.approx(0.6673336668334168, abs=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [
        ("ABC", "ABC", 0), ("AB", "A", 1 - 1 / 2 * 2 / 3), ("AB", "ABCD", 1 - 2 / 4 * 2 / 3), ("AB", "BC", 1 - 1 / 3 * 1 / 3),
        ("ABC", "BCD", 1 - 2 / 4 * 1 / 3), ("A", "B", 1), ("-", "A", 1), ("-", "-", 0),
    ],
)  # fmt: skip
def test_masi_is_what_passonneau_says(first: str, second: str, apart: float) -> None:
    assert masi(of(first), of(second)) == masi(of(second), of(first)) == pytest.approx(apart)
    assert masi_by_hand(of(first), of(second)) == pytest.approx(apart)


readings = st.one_of(st.none(), st.sets(st.sampled_from("ABC"), max_size=3).map(frozenset))
studies = st.lists(st.lists(readings, min_size=3, max_size=3), min_size=1, max_size=10)


def frame(units: list[list[Set | None]]) -> pd.DataFrame:
    result = pd.DataFrame(index=range(len(units)))
    for coder in range(len(units[0])):
        result[f"c{coder}"] = pd.Series([unit[coder] for unit in units], dtype=object)
    return result


@settings(max_examples=40, deadline=None)
@given(studies)
def test_alpha_of_sets_is_what_its_words_say(units: list[list[Set | None]]) -> None:
    assert alpha(frame(units), "masi") == pytest.approx(alpha_by_hand(units, masi_by_hand), nan_ok=True)
    assert alpha(frame(units), "jaccard") == pytest.approx(alpha_by_hand(units, jaccard_by_hand), nan_ok=True)


def codings(units: list[list[Set | None]]) -> pd.DataFrame:
    """The table `codings`: a row a code, one without a code for an empty set, none for who did not read a note."""
    rows = [
        {"note_id": f"N{n:03}", "coder": f"c{c}", "coder_role": "cs", "viewpoint": "problem", "code": code}
        for n, unit in enumerate(units)
        for c, own in enumerate(unit)
        if own is not None
        for code in (sorted(own) or [None])
    ]
    return pd.DataFrame(rows, columns=["note_id", "coder", "coder_role", "viewpoint", "code"])


def companies(units: list[list[Set | None]], of_each: int = 2) -> pd.Series:
    return pd.Series({f"N{n:03}": n // of_each for n in range(len(units))})


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.sampled_from("ABCD"), min_size=2, max_size=2), min_size=2, max_size=14))
def test_where_each_reading_is_one_code_sets_are_compared_like_labels(pairs: list[list[str]]) -> None:
    units: list[list[Set | None]] = [[frozenset(code) for code in pair] for pair in pairs]
    result = agreement(codings(units), companies(units)).set_index(["what", "measure"])
    labels = pd.DataFrame(pairs, index=companies(units).index)
    expected = alpha_interval(labels, companies(units))
    for measure in ("masi", "jaccard"):
        row = result.loc[("codes", measure), ["alpha", "low", "high"]].astype(float)
        assert row.tolist() == pytest.approx(expected, nan_ok=True)


@settings(max_examples=15, deadline=None)
@given(studies)
def test_each_code_is_judged_as_there_or_not(units: list[list[Set | None]]) -> None:
    rows = codings(units)
    result = code_agreement(rows, companies(units)).set_index("code")
    read = [n for n, unit in enumerate(units) if sum(s is not None for s in unit) > 1]
    assert set(result.index) == {code for n in read for own in units[n] for code in own or ()}
    for code, row in result.iterrows():
        has = pd.DataFrame(
            [[np.nan if s is None else float(code in s) for s in units[n]] for n in read],
            index=[f"N{n:03}" for n in read],
        )
        expected = alpha_interval(has, companies(units))
        assert row[["alpha", "low", "high"]].tolist() == pytest.approx(list(expected), nan_ok=True)
        each = [kappa(has[a], has[b]) for a, b in combinations(has.columns, 2)]
        each = [k for k in each if k == k]
        assert row["kappa"] == pytest.approx(np.mean(each) if each else np.nan, nan_ok=True)
        assert row["present"] == pytest.approx(np.nanmean(has.to_numpy()))
        assert row["notes"] == len(read)


def test_who_found_nothing_is_not_who_did_not_read() -> None:
    nothing = [[of("A"), of("-")], [of("A"), of("A")], [of("B"), of("B")]]
    unread = [[of("A"), None], [of("A"), of("A")], [of("B"), of("B")]]
    result = agreement(codings(nothing), companies(nothing)).set_index(["what", "measure"])
    assert result.loc[("codes", "masi"), ["notes", "same"]].tolist() == [3, pytest.approx(2 / 3)]
    assert result.loc[("codes", "masi"), "alpha"] == pytest.approx(alpha_by_hand(nothing, masi_by_hand))
    other = agreement(codings(unread), companies(unread)).set_index(["what", "measure"])
    assert other.loc[("codes", "masi"), ["notes", "same", "alpha"]].tolist() == [2, 1, 1]
    assert values_by_coder(codings(nothing), "code").loc["N000"].tolist() == [of("A"), of("-")]
    # a row without a code adds nothing to those with one
    more = pd.concat([codings(unread), codings(unread).assign(code=None)])
    assert values_by_coder(more, "code").equals(values_by_coder(codings(unread), "code"))


def test_without_any_code_nothing_is_said_of_codes() -> None:
    bare = codings([[of("-"), of("-")], [of("-"), of("-")]])
    assert "codes" not in set(agreement(bare, companies([[None], [None]]))["what"])
    assert code_agreement(bare, pd.Series({"N000": 1, "N001": 2})).empty


def test_several_viewpoints_of_a_note_are_a_set_too() -> None:
    readings = pd.DataFrame(
        [("N1", "a", "problem"), ("N1", "a", "request"), ("N1", "b", "problem"), ("N2", "a", "request"), ("N2", "b", "request")],
        columns=["note_id", "coder", "viewpoint"],
    ).assign(code="x", coder_role="cs")  # fmt: skip
    result = agreement(readings, pd.Series({"N1": 1, "N2": 2})).set_index(["what", "measure"])
    units: list[list[Set | None]] = [[of("PR"), of("P")], [of("R"), of("R")]]
    assert result.loc[("viewpoints", "masi"), "alpha"] == pytest.approx(alpha_by_hand(units, masi_by_hand))
    # b does not see the request of N1, a does not lack the problem
    assert result.loc[("problem", "present"), "alpha"] == 1
    assert result.loc[("request", "present"), "same"] == 0.5
    assert disputed_notes(readings)["differ"].tolist() == [pytest.approx(2 / 3)]


def test_notes_to_talk_about_show_whole_sets_and_what_differs_most_first() -> None:
    units = [
        [of("AB"), of("AB")],
        [of("AB"), of("A")],
        [of("AB"), of("BC")],
        [of("A"), of("B")],
        [of("A"), of("-")],
    ]
    result = disputed_notes(codings(units)).set_index("note_id")
    assert result["differ"].to_dict() == pytest.approx(
        {"N003": 0.5, "N004": 0.5, "N002": (1 - 1 / 9) / 2, "N001": (1 - 1 / 3) / 2}
    )
    assert result["readings"]["N001"] == (
        ("c0", "problem", "A"), ("c0", "problem", "B"), ("c1", "problem", "A"),
    )  # fmt: skip
    assert result["readings"]["N004"] == (("c0", "problem", "A"), ("c1", "problem", None))
    assert codes_by_role(codings(units), companies(units)).set_index("code")["companies"].to_dict() == {
        "A": 3,
        "B": 2,
        "C": 1,
    }


@pytest.mark.parametrize(
    ("units", "verdict", "least"),
    [
        (["A/A", "B/B", "AB/AB", "-/-"], "codes_reliable", None),
        (["A/B", "B/A", "AB/A", "A/-"], "codes_unreliable", "A"),
        (["A/A", "A/A"], "codes_unknown", None),
        (["-/-", "-/-"], "viewpoints_unknown", None),
    ],
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_is_said_of_agreement_holds_of_the_table(
    units: list[str], verdict: str, least: str | None, language: str
) -> None:
    read = units_of(" ".join(units))
    readings, company, text = codings(read), companies(read), Text(language)
    tables = {"agreement": agreement(readings, company), "code_agreement": code_agreement(readings, company)}
    decided = verdict_of(tables["agreement"], tables["code_agreement"])
    assert (decided.code, decided.fields.get("code")) == (verdict, least)
    quarter = Quarter(2026, 3)
    result = Result(
        "interviews", "x", quarter, quarter.start, quarter.end, 2, tables, {}, verdicts={"agreement": decided}
    )
    listing = agreement_table(result, text)
    assert "nan" not in listing.message.lower()
    assert str(len(units)) in listing.message
    row = tables["agreement"].set_index("what").loc[verdict.partition("_")[0]]
    first = row.iloc[0] if isinstance(row, pd.DataFrame) else row
    assert verdict.endswith("unknown") or text.number(first["alpha"], 2) in listing.message
    assert (("「" if language == "ja" else "“") in listing.message) == (least is not None)
    if len(tables["code_agreement"]):
        assert len(code_table(result, text).page) == len(tables["code_agreement"])


def test_a_set_is_shown_as_one_line_for_each_coder() -> None:
    readings = disputed_notes(codings([[of("AB"), of("-")]])).assign(
        name="Kita", size="small", evidence="words", text="?"
    )
    quarter = Quarter(2026, 3)
    result = Result("interviews", "x", quarter, quarter.start, quarter.end, 1, {"disputed": readings}, {})
    shown = {lang: disputed_table(result, Text(lang)).page.iloc[0, 2] for lang in ("en", "ja")}
    assert shown["en"] == "c0: Problem and background (A, B)\nc1: Problem and background (no theme)"
    assert shown["ja"].split("\n")[1] == "c1：課題とその背景（テーマなし）"


# ---- studies of two coders, from their file to the page

#: how often two coders of the University of Toronto gave a passage these of four codes: ThirdspaceUofT/intercoder-agreement-calculation,
#: 762 passages (its `3-multilabel/data.csv`; all others neither gave any)
TORONTO = {
    "A/A": 153, "A/AB": 7, "-/AB": 2, "D/-": 1, "-/C": 9, "C/C": 7, "-/A": 48, "AC/A": 4, "A/ACD": 1, "C/AC": 6, "A/AC": 7, "AC/AC": 29,
    "D/A": 1, "-/AC": 3, "A/AD": 3, "C/-": 5, "C/A": 1, "A/-": 17, "AC/-": 1, "AD/ACD": 1, "A/C": 3, "AB/AD": 1, "A/ABC": 2, "AB/A": 9,
    "-/D": 1, "ABC/AC": 3, "ABC/ABC": 3, "AD/C": 1, "ACD/ACD": 3, "-/AD": 1, "AC/C": 1, "ABC/AB": 1, "ABCD/ABD": 1, "AB/AB": 18,
    "AD/AD": 6, "AD/A": 1, "B/A": 1, "AC/ACD": 1, "B/AB": 1, "AB/ABC": 1, "AB/AC": 1, "-/-": 396,
}  # fmt: skip
#: two coders, whether a grant is given (a published table of Cohen's kappa, .40), and Krippendorff's two coders of ten units (2011, .095)
YES_OR_NO = {"G/G": 20, "G/-": 5, "-/G": 10, "-/-": 15}
BINARY = ("0100000010", "1110010000")
STUDIES: dict[str, list[str]] = {
    "paper_to_web": [pair for pair, n in TORONTO.items() for _ in range(n)],
    "expense_desk": NINE.split(),
    "helpdesk": [pair for pair, n in YES_OR_NO.items() for _ in range(n)],
}
SOURCES = """\
as_of: 2026-09-30
folder: .
files: {study: study.csv}
tables:
  accounts:
    sql: select distinct company as account_id, company as name from study
    columns: {size: {constant: small}, industry: {constant: research}}
  contracts:
    sql: select distinct company as account_id, product from study
    columns:
      contract_id: account_id
      started_on: {constant: 2025-10-01}
      mrr: {constant: 100}
      currency: {constant: JPY}
  interviews:
    sql: select distinct company as account_id, company as interview_id, product from study
    columns: {held_on: {constant: 2026-07-01}, interviewer: {constant: us}}
  notes:
    sql: select unit as note_id, company as interview_id, unit as text, row_number() over () as position from study
    columns: {evidence: {constant: words}}
  codings:
    # several codes in a cell; a coder who found nothing keeps a row without a code
    sql: |
      select unit as note_id, 'first' as coder,
             unnest(case when codes_first is null then [null] else string_split(codes_first, ';') end) as code from study
      union all
      select unit, 'second',
             unnest(case when codes_second is null then [null] else string_split(codes_second, ';') end) from study
    columns: {viewpoint: {constant: problem}}
"""


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """One file with three studies, a product each, as two people would fill it: a row a passage, codes divided by semicolons."""
    folder = tmp_path_factory.mktemp("studies")
    lines = ["unit,company,product,codes_first,codes_second"]
    for product, pairs in STUDIES.items():
        for n, pair in enumerate(pairs):
            first, second = (";".join(f"code {c}" for c in sorted(of(side))) for side in pair.split("/"))
            lines.append(f"{product}-{n},{product} {n % 12},{product},{first},{second}")
    (folder / "study.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "sources.yml").write_text(SOURCES, encoding="utf-8")
    return take_snapshot(
        folder / "sources.yml", folder=folder / "snapshots", products=ROOT / "data" / "products"
    )


def figures(snapshot: Snapshot, product: str) -> tuple[Mapping[str, pd.Series], pd.DataFrame, Result]:
    result = interviews.analyse(snapshot.read(product), Quarter(2026, 3))
    overall = result.tables["agreement"]
    rows = {row["measure"]: row for _, row in overall[overall["what"] == "codes"].iterrows()}
    return rows, result.tables["code_agreement"].set_index("code"), result


def test_a_published_study_of_two_coders_comes_out_as_published(snapshot: Snapshot) -> None:
    overall, each, result = figures(snapshot, "paper_to_web")
    # published: kappa weighted by how many of the four codes are the same, .945209973753 observed, .801857937049 by chance
    assert each["same"].mean() == pytest.approx(0.945209973753, abs=1e-12)
    by_chance = 1 - (1 - each["same"]) / (1 - each["kappa"])
    assert by_chance.mean() == pytest.approx(0.801857937049, abs=1e-12)
    weighted = 1 - (1 - each["same"]).sum() / (1 - by_chance).sum()
    assert weighted == pytest.approx(0.723481095176, abs=1e-12)
    assert overall["masi"]["notes"] == 762
    units = units_of(" ".join(STUDIES["paper_to_web"]))
    assert overall["masi"]["alpha"] == pytest.approx(alpha_by_hand(units, masi_by_hand))
    assert overall["jaccard"]["alpha"] == pytest.approx(alpha_by_hand(units, jaccard_by_hand))
    assert overall["masi"]["low"] < overall["masi"]["alpha"] < overall["masi"]["high"]
    for language in ("en", "ja"):
        text = Text(language)
        kappas = code_table(result, text).page.iloc[:, 4].tolist()
        assert sorted(kappas) == ["0.64", "0.64", "0.69", "0.76"]
        assert text.number(overall["masi"]["alpha"], 2) in agreement_table(result, text).message
    assert "762" in agreement_table(result, Text("en")).message
    whole = code_table(result, Text("en")).all_rows.set_index("Theme")
    assert whole.loc["code A", ["Companies that told it", "Coders"]].tolist() == [12, 2]
    assert whole["Krippendorff's alpha"].between(whole["95% from"], whole["95% to"]).all()


def test_a_study_with_empty_sets_comes_out_as_published(snapshot: Snapshot) -> None:
    overall, each, _ = figures(snapshot, "expense_desk")
    assert overall["masi"]["notes"] == 9
    assert overall["masi"]["same"] == pytest.approx(1 / 3)  # published: percentage agreement .333
    assert overall["masi"]["alpha"] == pytest.approx(alpha_by_hand(units_of(NINE), masi_by_hand))
    assert overall["masi"]["alpha"] < overall["jaccard"]["alpha"]
    # A: both give it to 4 of 9, one of them to 4 more; B: both to 1, one to 3
    assert each.loc["code A", ["present", "same"]].tolist() == pytest.approx([12 / 18, 5 / 9])
    assert each.loc["code B", ["present", "same"]].tolist() == pytest.approx([5 / 18, 6 / 9])


def test_a_study_of_one_code_gives_the_published_kappa(snapshot: Snapshot) -> None:
    _, each, result = figures(snapshot, "helpdesk")
    assert each.loc["code G", "kappa"] == pytest.approx(0.40)
    assert each.loc["code G", ["notes", "present", "same"]].tolist() == pytest.approx([50, 0.55, 0.7])
    assert result.verdicts["agreement"].code == "codes_unreliable"


def test_what_one_coder_alone_has_read_is_counted(snapshot: Snapshot) -> None:
    data = snapshot.read("expense_desk")
    assert "read_by_one" not in {note.code for note in interviews.analyse(data, Quarter(2026, 3)).notes}
    readings = data.tables["codings"]
    gone = (readings["coder"] == "second") & readings["note_id"].isin(["expense_desk-1", "expense_desk-2"])
    result = interviews.analyse(
        replace(data, tables={**data.tables, "codings": readings[~gone]}), Quarter(2026, 3)
    )
    [note] = [note for note in result.notes if note.code == "read_by_one"]
    assert (note.about, note.fields) == ("agreement", {"notes": 2})
    assert result.tables["agreement"]["notes"].iloc[0] == 7
    assert ": 2." in sentence(note, Text("en"), "interviews", "")
    assert "2件" in sentence(note, Text("ja"), "interviews", "")


def test_krippendorffs_two_coders_of_ten_units_are_one_code_found_or_not() -> None:
    units = [[of("Y" if v == "1" else "-") for v in pair] for pair in zip(*BINARY, strict=True)]
    result = code_agreement(codings(units), companies(units))
    assert result["alpha"].iloc[0] == pytest.approx(0.095, abs=5e-4)
    whole = agreement(codings(units), companies(units)).set_index(["what", "measure"])
    assert whole.loc[("codes", "masi"), "alpha"] == pytest.approx(0.095, abs=5e-4)
