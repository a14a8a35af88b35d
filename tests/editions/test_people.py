"""Leadership reads nothing of single people but what the product file opens, and of candidates nothing at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pandas as pd
import pytest
from builders import ANALYSES, account, product_data

from cs_helpers import analyses
from cs_helpers.contract.disclosure import COLUMNS, columns
from cs_helpers.contract.products import Leadership
from cs_helpers.contract.quarters import Quarter
from cs_helpers.declaration import Analysis, Declaration, Question, notes
from cs_helpers.editions.leadership import leadership_result
from cs_helpers.editions.people import guard_people, without_candidates
from cs_helpers.errors import DisclosureError, SettingError
from cs_helpers.result import Finding, Metric, Note, Result, Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.summary import check_people
from cs_helpers.tables import facts
from cs_helpers.text import Text
from cs_helpers.workbook import Workbook

Q3 = Quarter.parse("2026Q3")
DECLARES = Declaration(
    questions={
        "agreement": Question(figure=True),
        "coaching": Question(figure=True, table=True, about_people=True),
        "interviews": Question(table=True, about_candidates=True),
    },
    metrics={},
    notes=notes(warns="few"),
    reads=("staff", "candidate_scores"),
    discloses=columns(public="n score", person="person", candidate="candidate"),
)
PEOPLE = [{"person": "csm-01", "role": "csm"}, {"person": "csm-02", "role": "csm"}]
SCORES = [
    {
        "candidate": who,
        "question": "hardest",
        "interviewer": "csm-01",
        "interviewed_on": "2026-08-20",
        "score": score,
        "keep_until": "2027-02-28",
    }
    for who, score in (("C-012", 4), ("C-007", 2), ("C-012", 5))
]


def team_data(**changes) -> ProductData:
    data = product_data(accounts=[account("A-1", csm="csm-01")], staff=PEOPLE, candidate_scores=SCORES)
    return replace(data, product=data.product.model_copy(update={"leadership": Leadership(**changes)}))


def told(data: ProductData, quarter: Quarter) -> Result:
    """What a careless analysis says: everything, of everybody."""
    people = data["staff"][["person"]].assign(score=1.0)
    candidates = data["candidate_scores"][["candidate", "score"]]
    return Result(
        "team", data.product.product, quarter, quarter.start, quarter.end, 1,
        {
            "agreement": pd.DataFrame({"n": [len(candidates)]}),
            "coaching": people,
            "coaching.steps": pd.DataFrame({"n": [1, 2]}),
            "ratings": people,
            "interviews": candidates,
            "agreement.raw": candidates,
        },
        {"team_size": Metric("team_size", 2.0, "count", 2)},
        notes=(Note("few", "coaching", {"who": people["person"].iloc[0]}), Note("few", "agreement")),
        verdicts={
            "coaching": Verdict("low", {"who": people["person"].iloc[0]}),
            "coaching.rows": Verdict("nothing_apart"),
            "agreement": Verdict("agree"),
            "interviews": Verdict("best", {"who": candidates["candidate"].iloc[0]}),
        },
        findings=(
            Finding("low", "coaching", "worse", "clear", 9),
            Finding("agree", "agreement", "neither", "counted", 9),
        ),
        by_segment=(
            Metric("conversion", 0.5, "share", 9, segment="person=csm-01"),
            Metric("conversion", 0.5, "share", 9, segment="size=small"),
        ),
    )  # fmt: skip


def of_leadership(data: ProductData, function=told, declares: Declaration = DECLARES, **more) -> Result:
    analysis = Analysis("team", declares, function, more.pop("analysis_of", analyses.analysis))
    result, _ = leadership_result(
        analysis, None, data, Q3, lambda kind, number: f"〔{kind} {number}〕", more.get("results", {})
    )
    return result


def test_leadership_gets_what_is_about_all_of_them_and_nothing_of_single_people() -> None:
    result = of_leadership(team_data())
    assert set(result.tables) == {"agreement"}
    assert set(result.verdicts) == {"agreement"}
    assert [finding.about for finding in result.findings] == ["agreement"]
    assert [metric.segment for metric in result.by_segment] == ["size=small"]
    assert set(result.metrics) == {"team_size"}
    assert [(note.code, note.about) for note in result.notes] == [
        ("few", "agreement"),
        ("people_left_out", "coaching"),
        ("people_left_out", "interviews"),
    ]
    assert result.shows == {"public"}


def test_the_product_file_opens_a_table_and_its_names_stay_hidden() -> None:
    result = of_leadership(team_data(people=["team.coaching", "other.ratings"]))
    assert set(result.tables) == {"agreement", "coaching", "coaching.steps"}
    assert result.tables["coaching"]["person"].str.fullmatch(r"〔staff \d+〕").all()
    assert set(result.verdicts) == {"agreement", "coaching", "coaching.rows"}
    assert [finding.about for finding in result.findings] == ["coaching", "agreement"]
    assert "csm-0" not in repr((result.tables, result.verdicts, result.notes, result.findings))
    named = of_leadership(team_data(people=["team.coaching"], show_staff=True))
    assert list(named.tables["coaching"]["person"]) == ["csm-01", "csm-02"]
    assert "person" in named.shows


@pytest.mark.parametrize("show_staff", [False, True])
def test_no_setting_shows_a_candidate(show_staff) -> None:
    result = of_leadership(
        team_data(people=["team.coaching", "team.interviews", "team.agreement"], show_staff=show_staff)
    )
    assert not {"interviews", "agreement.raw"} & set(result.tables)
    assert "interviews" not in result.verdicts
    assert "C-0" not in repr(result)


def test_an_analysis_for_leadership_tells_candidates_apart_and_knows_none() -> None:
    scores = without_candidates(team_data())["candidate_scores"]
    assert list(scores["candidate"]) == ["1", "2", "1"]
    assert scores["candidate"].dtype == team_data()["candidate_scores"]["candidate"].dtype


def test_the_team_reads_everything() -> None:
    assert set(told(team_data(), Q3).tables) > {"coaching", "interviews"}


def test_a_column_of_candidates_that_the_guard_lets_pass_is_refused() -> None:
    """A table of another analysis: it is removed as well, although that declares no question about people."""
    declares = replace(DECLARES, questions={"agreement": Question(figure=True)})
    result = guard_people(told(team_data(), Q3), declares, ())
    assert set(result.tables) == {"agreement", "coaching", "coaching.steps", "ratings"}
    with pytest.raises(DisclosureError, match="person without a pseudonym"):
        of_leadership(team_data(), lambda data, quarter: told(team_data(), quarter), declares)


def test_a_result_made_of_answers_about_people_is_made_before_they_are_removed() -> None:
    """Totals of what must not be shown of each may be shown: they are worked out on hidden names."""

    def total(data: ProductData, quarter: Quarter, results: Mapping[str, Result]) -> Result:
        of_team = results["team"].tables["coaching"]
        assert of_team["person"].str.startswith("〔").all()
        assert not results["team"].metrics  # what leadership does not read of it cannot be named here either
        counted = {"awards": pd.DataFrame({"n": [len(of_team)]})}
        return Result("awards", data.product.product, quarter, quarter.start, quarter.end, 1, counted, {})

    team = Analysis("team", DECLARES, told, analyses.analysis)
    declares = replace(
        DECLARES, questions={"awards": Question(table=True)}, builds_on=lambda product: ("team",)
    )
    shown = replace(of_leadership(team_data()), metrics={})
    result = of_leadership(
        team_data(), total, declares, analysis_of={"team": team}.__getitem__, results={"team": shown}
    )
    assert list(result.tables["awards"]["n"]) == [2]


@pytest.fixture
def known(monkeypatch):
    """The analyses, with one more that has questions about people."""
    team = Analysis("team", DECLARES, told, analyses.analysis)
    of = {**ANALYSES, "team": team}
    monkeypatch.setattr(analyses, "names", lambda: tuple(sorted(of)))
    monkeypatch.setattr(analyses, "analysis", of.__getitem__)


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        ("team.coachin", "no report has the answer 'team.coachin' about .*Did you mean 'team.coaching'"),
        ("tem.coaching", "no report has the answer 'tem.coaching' about"),
        ("team.interviews", "'team.interviews' is about candidates, it is for the team only"),
        ("team.agreement", "'team.agreement' is not about single members of the team"),
        ("journeys.waiting", "'journeys.waiting' is not about single members of the team"),
    ],
)
def test_what_cannot_be_opened_is_refused_in_a_sentence(known, named, problem) -> None:
    with pytest.raises(SettingError, match=problem) as refused:
        check_people(team_data(people=["team.coaching", named]).product)
    assert "leadership.people" in str(refused.value)
    assert str(refused.value).count("\n") == 0


def test_what_can_be_opened_is_not_refused(known) -> None:
    check_people(team_data(people=["team.coaching"]).product)
    check_people(team_data().product)


def test_a_report_for_leadership_refuses_it_too(home, monkeypatch, of_product) -> None:
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(home))
    wrong = of_product("helpdesk").product.model_copy(
        update={"leadership": Leadership(people=("health.scores",))}
    )
    data = replace(of_product("helpdesk"), product=wrong)
    monkeypatch.setattr("cs_helpers.snapshot.Snapshot.read", lambda self, product: data)
    with pytest.raises(SettingError, match="only such answers are opened here"):
        Workbook.open(product="helpdesk", quarter="2026Q3", audience="leadership")
    assert Workbook.open(product="helpdesk", quarter="2026Q3")


def test_the_head_of_the_page_says_what_is_left_out(known, of_product) -> None:
    text = Text("en")
    assert facts.people(text, team_data().product, ("health",)) == ""
    closed = facts.people(text, team_data().product, ("health", "team"))
    assert closed == "Answers about single members of the team are in the team's edition only"
    opened = facts.people(text, team_data(people=["team.coaching"]).product, ("team",))
    assert "that the product file opens" in opened


@pytest.mark.parametrize("name", ANALYSES)
def test_a_column_of_candidates_is_declared_as_such(name) -> None:
    """Whatever an analysis calls them: what it takes from the contract keeps its class."""
    of_contract = {c for declared in COLUMNS.values() for c, kind in declared.items() if kind == "candidate"}
    declares = ANALYSES[name].declares
    for column, kind in declares.discloses.items():
        if column.rpartition(".")[2] in of_contract:
            assert kind == "candidate", column


#: analyses that say of customers who looks after them, and how customers fare by CSM: leadership reads them with pseudonyms
ON_CUSTOMERS = MappingProxyType(
    {name: analysis for name, analysis in ANALYSES.items() if not analysis.declares.is_about_people}
)


@pytest.mark.parametrize("product", ["expense_desk", "helpdesk", "paper_to_web"])
@pytest.mark.parametrize("name", [name for name in ANALYSES if name not in ON_CUSTOMERS])
def test_no_table_for_leadership_has_rows_of_people(home, monkeypatch, product, name) -> None:
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(home))
    declares = ANALYSES[name].declares
    result = Workbook.open(product=product, quarter="2026Q3", audience="leadership").analyse(name)
    kinds = {c for c, kind in declares.discloses.items() if kind in ("person", "candidate")}
    assert not {column for table in result.tables.values() for column in table} & kinds
    assert not declares.guarded() & set(result.tables)
    assert not {"person", "candidate"} & result.shows


@pytest.mark.parametrize("name", ON_CUSTOMERS)
def test_only_analyses_with_questions_about_people_read_what_is_known_of_the_team(name, of_product) -> None:
    """One that reads ratings, trainings or scores of candidates has to say which of its questions are about people."""
    about_people = {"competency_ratings", "training_records", "candidate_scores"}
    analysis = ANALYSES[name]
    assert not about_people & set(analysis.declares.reads)
    assert not about_people & set(analysis.declares.reads_of_product(of_product("helpdesk").product))
