"""Scores of candidates have a last day: after it no snapshot takes them, none gives them, and nothing of them is kept."""

from __future__ import annotations

from datetime import date

import pytest

from cs_helpers.contract.policies import Policies, allowed, policy_problem
from cs_helpers.errors import ContractError
from cs_helpers.report.data_check import describe, examples
from cs_helpers.report.fingerprint import inputs
from cs_helpers.report.plan import plan_runs
from cs_helpers.snapshot import retention
from cs_helpers.snapshot.history import differences
from cs_helpers.snapshot.take import check_tables
from cs_helpers.text import Text

TABLE = "candidate_scores"
HEAD = "product,candidate,question,interviewer,interviewed_on,score,keep_until\n"
SECRET = "C-SECRET"


def row(candidate: str, until: str, *, score: str = "4", question: str = "hardest_customer") -> str:
    return f"helpdesk,{candidate},{question},csm-03,2026-05-20,{score},{until}"


def with_scores(company, *rows: str, policies: str = "") -> None:
    company.write(
        candidate_scores=HEAD + "".join(f"{r}\n" for r in rows),
        sources=(
            "as_of: 2026-08-31\n"
            "files: {accounts: accounts.csv, contracts: contracts.csv, usage: usage.csv, scores: candidate_scores.csv}\n"
            "tables:\n  accounts: {from: accounts}\n  contracts: {from: contracts}\n  usage: {from: usage}\n"
            "  candidate_scores: {from: scores}\n" + policies
        ),
    )


@pytest.fixture
def on(monkeypatch):
    """Lets it be another day."""

    def set_day(day: date) -> date:
        monkeypatch.setattr(retention, "today", lambda: day)
        return day

    return set_day


def every_byte(snapshot) -> bytes:
    return b"".join(f.read_bytes() for f in snapshot.folder.parent.rglob("*") if f.is_file())


def test_a_row_is_kept_up_to_its_last_day_and_refused_after_it(company, on):
    with_scores(company, row("C-1", "2026-12-31"), row("C-2", "2026-12-30"))
    taken = company.take(today=on(date(2026, 12, 31)))
    assert list(taken.read("helpdesk")[TABLE]["candidate"]) == ["C-1"]
    assert taken.manifest["rows_rejected"][TABLE] == 1
    assert taken.manifest["last_days"] == {"helpdesk": {TABLE: {"2026-12-31": 1}}}


def test_nothing_of_a_refused_row_is_kept_but_its_number_and_the_rule(company, on):
    """Neither of a row past its day, nor of one with another mistake, whose day comes while the file is still there."""
    with_scores(
        company,
        row("C-1", "2027-01-31"),
        row(SECRET, "2026-12-01", score="5"),
        row(f"{SECRET}-2", "2027-01-31", score="77"),
        row(f"{SECRET}-3", ""),
        row(f"{SECRET}-4", "soon"),
        row(f"{SECRET}-5", "2026-11-30", score="88"),
    )
    taken = company.take(today=on(date(2026, 12, 31)))
    left = every_byte(taken)
    for secret in (SECRET, '"77"', '"88"', "soon"):
        assert secret.encode() not in left
    rejected = (taken.folder / "rejected" / f"{TABLE}.csv").read_text(encoding="utf-8").splitlines()
    assert rejected == [
        "source_row,rules",
        "2,keep_until:past_keep_until",
        "3,score:out_of_range",
        "4,keep_until:missing_value",
        "5,keep_until:wrong_type",
        "6,score:out_of_range keep_until:past_keep_until",
    ]
    found = {f.rule: f for f in taken.findings}
    assert found["past_keep_until"].examples == ((2, "", ""), (6, "", ""))
    assert examples(found["past_keep_until"], Text("en")) == ["row 2", "row 6"]
    assert examples(found["past_keep_until"], Text("ja")) == ["2行目", "6行目"]
    assert examples(found["past_keep_until"], Text("en"), "leadership") == []
    assert describe(found["past_keep_until"], Text("en")) == (
        "Rows of candidate_scores whose last day (candidate_scores.keep_until) is before 2026-12-31,"
        " of which nothing is kept: 2"
    )


def test_a_row_past_its_day_does_not_take_the_place_of_one_with_the_same_key(company, on):
    with_scores(company, row("C-1", "2026-01-01", score="1"), row("C-1", "2027-01-01", score="5"))
    taken = company.take(today=on(date(2026, 12, 31)))
    assert list(taken.read("helpdesk")[TABLE]["score"]) == [5]
    assert taken.manifest["rows_rejected"][TABLE] == 1


def test_the_rule_cannot_be_turned_off():
    assert allowed(TABLE, "keep_until", "past_keep_until") == ("reject", "stop")
    assert policy_problem(f"{TABLE}.keep_until.past_keep_until", "warn") is not None
    assert Policies({"past_keep_until": "warn"}).of(TABLE, "keep_until", "past_keep_until") == "reject"


def test_a_table_of_which_all_days_are_over_stops_no_snapshot_and_counts_as_no_gap(company, on):
    with_scores(
        company, row("C-1", "2026-01-01"), row("C-2", "2026-01-01"), policies="refused_at_most: {rows: 0}\n"
    )
    taken = company.take(today=on(date(2026, 12, 31)))
    assert taken.read("helpdesk")[TABLE].empty
    assert TABLE in taken.manifest["given"]
    assert taken.left_out("helpdesk") == {}


def test_messages_of_a_stop_name_the_row_alone(company, on):
    with_scores(company, row(SECRET, "2026-01-01"), policies="policies: {past_keep_until: stop}\n")
    with pytest.raises(ContractError) as stopped:
        company.take(today=on(date(2026, 12, 31)))
    assert "rule past_keep_until, whose policy is stop: row 1" in str(stopped.value)
    with_scores(company, row(SECRET, "2027-01-01", score="77"))
    with pytest.raises(ContractError) as stopped:
        company.take(today=on(date(2026, 12, 31)))
    assert "all 1 rows were refused, most for column 'score', rule out_of_range (1 - 5): row 1" in str(
        stopped.value
    )
    checked = check_tables(
        company.folder / "sources.yml", folder=company.snapshots, products=company.folder / "products",
        today=date(2026, 12, 31),
    )  # fmt: skip
    assert SECRET not in str(checked) + str(stopped.value)


def test_a_snapshot_taken_before_gives_no_row_after_its_day(company, on):
    with_scores(company, row("C-1", "2026-12-31"), row("C-2", "2027-03-31"))
    old = company.take(today=on(date(2026, 12, 31)))
    data = old.read("helpdesk")
    assert len(data[TABLE]) == len(old.table(TABLE, "helpdesk")) == 2
    assert TABLE not in data.stored
    assert retention.expired(old.manifest) == {}
    on(date(2027, 1, 1))
    assert list(old.read("helpdesk")[TABLE]["candidate"]) == ["C-2"]
    assert old.distinct_texts(TABLE, "candidate", "helpdesk") == {"C-2"}
    assert old.distinct_texts_of_all(TABLE, "candidate") == {"C-2"}
    assert old.is_intact()
    assert retention.expired(old.manifest) == {TABLE: 1}
    on(date(2027, 4, 1))
    assert old.read("helpdesk")[TABLE].empty
    assert retention.expired(old.manifest) == {TABLE: 2}


def test_a_comparison_of_snapshots_names_nobody_whose_day_is_over(company, on):
    with_scores(company, row(SECRET, "2026-12-31"), row("C-2", "2027-03-31"))
    old = company.take(today=on(date(2026, 12, 31)))
    new = company.take(today=on(date(2027, 1, 1)))
    changes = list(differences(old, new))
    assert [c for c in changes if c.name == f"{TABLE}: rows"]
    assert SECRET not in str(changes)


def test_a_page_made_before_the_day_is_due_again_after_it(company, on):
    with_scores(company, row("C-1", "2026-12-31"), row("C-2", "2027-03-31"))
    old = company.take(today=on(date(2026, 12, 30)))
    runs = plan_runs(old, products=["helpdesk", "expense_desk"], notebooks=["journey_funnels"])

    def parts() -> dict[str, dict[str, str]]:
        return {file.partition("/")[0]: dict(found) for file, found in inputs(runs, old.manifest).items()}

    before = parts()
    on(date(2026, 12, 31))
    assert parts() == before
    on(date(2027, 1, 1))
    after = parts()
    assert {k for k in before["helpdesk"] if before["helpdesk"][k] != after["helpdesk"][k]} == {
        f"data.{TABLE}"
    }
    assert before["expense_desk"] == after["expense_desk"]


def test_a_company_without_such_tables_has_no_last_days(company_snapshot):
    assert company_snapshot.manifest["last_days"] == {}
