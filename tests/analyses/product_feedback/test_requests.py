"""Requests to a product: a case worked out by hand, the sample's planted truths, and the same numbers by SQL and statsmodels."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product_data
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.stats.contingency_tables import mcnemar as mcnemar_reference

from cs_helpers.analyses import product_feedback
from cs_helpers.analyses.product_feedback.asked import requests_on
from cs_helpers.analyses.product_feedback.leadership import for_leadership
from cs_helpers.analyses.product_feedback.ranking import ranking
from cs_helpers.analyses.product_feedback.verdicts import by_mrr, verdicts
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.sample import truths
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.proportions import mcnemar, wilson
from cs_helpers.statistics.survival import CENSORED, LEFT, REACHED

Q3 = Quarter(2026, 3)
PLANTED = truths.FEEDBACK


def request(key: str, status: str, raised: str, decided: str | None = None, released: str | None = None, code: str | None = None, **other: str) -> dict[str, object]:  # fmt: skip
    return {"request_id": key, "status": status, "raised_on": raised, "decided_on": decided, "released_on": released, "code": code, **other}  # fmt: skip


def asked(
    who: str, key: str, day: str, told: str | None = None, heard_in: str = "touch"
) -> dict[str, object]:
    return {"account_id": who, "request_id": key, "asked_on": day, "told_on": told, "heard_in": heard_in}


def note(
    who: str, n: int, viewpoint: str, code: str, evidence: str = "words"
) -> tuple[dict[str, object], ...]:
    return (
        {"interview_id": f"I{n}", "account_id": who, "held_on": "2026-08-03"},
        {"note_id": f"N{n}", "interview_id": f"I{n}", "evidence": evidence, "text": "x"},
        {"note_id": f"N{n}", "coder": "c", "viewpoint": viewpoint, "code": code},
    )


def interviews(*notes: tuple[dict[str, object], ...]) -> dict[str, list[dict[str, object]]]:
    return {name: [n[i] for n in notes] for i, name in enumerate(("interviews", "notes", "codings"))}


def desk(**tables: object) -> ProductData:
    """Four customers of MRR 100 to 400, one of 500 lost on 2026-08-31, one of 600 of this year."""
    names = "ABCDEF"
    ended = {"E": "2026-08-31"}
    return product_data(
        accounts=[account(n, "mid" if n in "CD" else "small", csm="x") for n in names],
        contracts=[contract(n, "2024-01-01", ended.get(n), 100.0 * (i + 1)) for i, n in enumerate(names)],
        **tables,
    )


#: R1 open, R2 considering, R3 planned on 1 June, R4 released in two steps, R5 exists, R6 declined on a day unknown
REQUESTS = [
    request("R1", "open", "2026-07-01", code="paper"),
    request("R2", "considering", "2026-06-01"),
    request("R3", "planned", "2026-05-02", "2026-06-01", code="paper"),
    request("R4", "released", "2026-01-01", "2026-02-10", "2026-08-01", code="files"),
    request("R5", "exists", "2026-03-01", "2026-03-11"),
    request("R6", "declined", "2026-03-01"),
    request("R7", "open", "2026-10-01"),
]
ASKED = [
    asked("A", "R1", "2026-06-20"), asked("A", "R1", "2026-08-20"), asked("B", "R1", "2026-07-02"), asked("C", "R1", "2026-07-03"),
    asked("E", "R1", "2026-07-04"), asked("D", "R2", "2026-06-01"), asked("F", "R2", "2026-06-01"),
    asked("A", "R3", "2026-05-01", "2026-05-20"),  # told before anything was decided: not told
    asked("B", "R4", "2025-12-20", "2026-02-20"),  # told of the plan, not of the release
    asked("C", "R4", "2025-12-20", "2026-02-20"), asked("C", "R4", "2025-12-20", "2026-08-10"),  # told of both
    asked("D", "R4", "2026-09-01"),  # asked for what was there
    asked("A", "R5", "2026-02-20", "2026-03-12"), asked("B", "R5", "2026-04-01"),
    asked("E", "R5", "2026-04-01"),  # lost since: nobody is owed an answer
    asked("A", "R6", "2026-03-05", "2026-03-09"),
]  # fmt: skip


@pytest.fixture(scope="module")
def by_hand() -> Result:
    told = interviews(
        note("A", 1, "request", "paper"), note("D", 2, "solution", "paper"), note("B", 3, "request", "login"),
        note("B", 4, "problem", "noise"), note("C", 5, "request", "login", "inference"), note("E", 6, "request", "login"),
        note("C", 7, "request", "files"),
    )  # fmt: skip
    return product_feedback.analyse(desk(requests=REQUESTS, request_accounts=ASKED, **told), Q3)


def test_companies_are_counted_and_not_mentions(by_hand: Result) -> None:
    table = by_hand.tables["ranking"].set_index("request_id")
    assert list(table.index) == ["R1", "R2", "R3"]  # R7 is raised later
    assert list(table["companies"]) == [3, 2, 1]
    assert list(table["mrr"]) == [600, 1000, 100]
    assert list(table["lost"]) == [1, 0, 0]
    assert list(table["by_mrr"]) == [2, 1, 3]
    assert not table["less"].any()  # R2: 400 and 600 against 100, 200 and 300, or against 100 (p = 4/8)
    assert (table["of"] == 5).all()
    assert tuple(table.loc["R1", ["low", "high"]]) == wilson(3, 5)
    assert not table["fewer"].any()
    assert by_hand.verdicts["ranking"].code == "together"
    assert by_hand.verdicts["ranking"].fields["others"] == 2
    most = by_hand.verdicts["ranking.mrr"]
    assert most.code == "other_by_mrr_together"
    assert (most.fields["request"][2], most.fields["mrr"], most.fields["others"]) == ("R2", 1000, 2)
    assert by_hand.metrics["undecided_mrr"].value == 1600


def test_the_status_and_who_waits(by_hand: Result) -> None:
    table = by_hand.tables["status"].set_index("status")
    assert table["requests"].to_dict() == {
        "open": 1, "considering": 1, "planned": 1, "declined": 1, "released": 1, "exists": 1,
    }  # fmt: skip
    assert table["companies"].to_dict() == {
        "open": 3, "considering": 2, "planned": 1, "declined": 1, "released": 3, "exists": 2,
    }  # fmt: skip
    assert by_hand.metrics["open_requests"].value == 2
    assert by_hand.metrics["open_requests"].n == 6


def test_only_word_of_what_holds_now_closes_the_loop(by_hand: Result) -> None:
    # owed: A R3, B C D R4, A B R5, A R6; told: C of the release, A of R5 and R6
    whole = by_hand.tables["closed_loop"].iloc[0]
    assert tuple(whole[["owed", "told", "companies"]]) == (7, 3, 4)
    assert by_hand.metrics["closed_loop"].value == pytest.approx(3 / 7)
    assert by_hand.metrics["closed_loop"].low is None  # four customers give no interval
    missing = by_hand.tables["not_told"].set_index("request_id")
    assert missing["companies"].to_dict() == {"R4": 2, "R5": 1, "R3": 1}
    assert missing["mrr"].to_dict() == {"R4": 600, "R5": 200, "R3": 100}
    assert missing["of"].to_dict() == {"R4": 3, "R5": 2, "R3": 1}
    assert by_hand.metrics["untold"].value == 3  # A, B, D


def test_what_was_there_when_customers_asked(by_hand: Result) -> None:
    table = by_hand.tables["already_there"].set_index("request_id")
    assert table["companies"].to_dict() == {"R4": 1, "R5": 1}
    assert table["of"].to_dict() == {"R4": 1, "R5": 2}
    assert by_hand.metrics["unaware"].value == 2  # D and B
    rows = by_hand.tables["to_tell"]
    assert list(zip(rows["account_id"], rows["request_id"], strict=True)) == [("D", "R4"), ("B", "R5"), ("B", "R4"), ("A", "R3")]  # fmt: skip
    assert list(rows["days"]) == [29, 182, 60, 121]
    assert list(rows["is_later"]) == [True, True, False, False]


def test_waits_are_censored_and_end_with_a_loss() -> None:
    data = desk(requests=REQUESTS, request_accounts=ASKED)
    found = product_feedback.Asked.on(data, Q3.end)
    waits = product_feedback.decision_waits(found, Q3).set_index("request_id")
    assert waits["days"].to_dict() == {"R1": 91, "R2": 121, "R3": 30, "R4": 40, "R5": 10}  # R6: no day
    assert set(waits.index[waits["outcome"] == CENSORED]) == {"R1", "R2"}
    told = product_feedback.told_waits(found, Q3).set_index(["account_id", "request_id"])
    # first told of the plan; lost on 1 September before any answer
    assert told.loc[("C", "R4")].tolist() == [62, REACHED]
    assert told.loc[("E", "R1")].tolist() == [59, LEFT]
    assert told.loc[("A", "R1")].tolist() == [102, CENSORED]
    assert told.loc[("A", "R3")].tolist() == [152, CENSORED]
    assert told.loc[("A", "R6")].tolist() == [4, REACHED]


def test_an_earlier_day_knows_what_was_known_then() -> None:
    table = desk(requests=REQUESTS)["requests"]
    by_day = {day: requests_on(table, day).set_index("request_id")["status"] for day in (date(2026, 2, 1), date(2026, 3, 31), date(2026, 7, 31))}  # fmt: skip
    assert by_day[date(2026, 2, 1)].to_dict() == {"R4": "open"}
    assert by_day[date(2026, 3, 31)].to_dict() == {"R4": "planned", "R5": "exists", "R6": "declined"}
    assert by_day[date(2026, 7, 31)]["R4"] == "planned"
    assert by_day[date(2026, 7, 31)]["R3"] == "planned"


def test_themes_of_interviews_without_a_request(by_hand: Result) -> None:
    table = by_hand.tables["not_handed"].set_index("code")
    assert table["state"].to_dict() == {"login": "no_request", "paper": "not_linked", "files": "handed"}
    # a guess does not count, and the lost company has no MRR
    assert table["companies"].to_dict() == {"login": 2, "paper": 2, "files": 1}
    assert table["missing"].to_dict() == {"login": 2, "paper": 1, "files": 0}
    assert table["mrr"].to_dict() == {"login": 200, "paper": 400, "files": 0}
    assert by_hand.metrics["not_handed"].value == 1
    team = by_hand.tables["not_handed_companies"]
    assert set(zip(team["code"], team["account_id"], strict=True)) == {
        ("login", "B"),
        ("login", "E"),
        ("paper", "D"),
    }
    assert by_hand.verdicts["not_handed"].code == "themes"
    linked = by_hand.tables["not_handed"].query("state != 'no_request'")
    assert verdicts({"not_handed": linked})["not_handed"].code == "companies"


def test_of_two_and_none_the_first_cannot_be_told_apart() -> None:
    requests = [request("R1", "open", "2026-07-01"), request("R2", "open", "2026-07-01")]
    votes = [asked("A", "R1", "2026-07-02"), asked("B", "R1", "2026-07-02")]
    result = product_feedback.analyse(desk(requests=requests, request_accounts=votes), Q3)
    assert result.tables["ranking"]["companies"].tolist() == [2, 0]
    assert result.verdicts["ranking"].code == "together"
    assert result.verdicts["ranking"].fields["others"] == 1


def waiting_for(chances: dict[str, tuple[float, float]], customers: int, seed: int) -> pd.DataFrame:
    """Customers of which every fourth pays ten times what others do, and two chances to ask for each request: of others and of them."""
    draw = np.random.default_rng([9, seed])
    pays_more = np.arange(customers) % 4 == 0
    mrr = draw.lognormal(11, 0.4, customers) * np.where(pays_more, 10, 1)
    votes = [
        asked(f"c{n}", key, "2026-07-02")
        for key, chance in chances.items()
        for n in np.flatnonzero(draw.random(customers) < np.where(pays_more, *chance[::-1]))
    ]
    data = product_data(
        accounts=[account(f"c{n}") for n in range(customers)],
        contracts=[contract(f"c{n}", "2024-01-01", None, float(mrr[n])) for n in range(customers)],
        requests=[request(key, "open", "2026-07-01") for key in chances],
        request_accounts=votes,
    )
    return ranking(product_feedback.Asked.on(data, Q3.end))


def test_the_order_by_mrr_of_equal_requests_is_undecided() -> None:
    """Planted null: of three requests that everybody asks for with the same chance none comes first by MRR."""
    chances = dict.fromkeys(("R1", "R2", "R3"), (0.3, 0.3))
    firsts = 0
    for seed in range(40):
        table = waiting_for(chances, 60, seed)
        is_first = bool(table.loc[table["by_mrr"] != 1, "less"].all())
        said = by_mrr(table)
        if table["by_mrr"].iloc[0] == 1:
            assert said is None
        else:
            assert said.code == ("other_by_mrr" if is_first else "other_by_mrr_together")
        firsts += is_first
    assert firsts <= 5  # of 40 at 5 %: more are as rare as 1 in 100


def test_the_request_of_those_who_pay_most_comes_first_by_mrr() -> None:
    """Planted truth: most customers ask for one thing, and those who pay ten times as much for another."""
    chances = {"many": (0.6, 0.0), "large": (0.05, 0.8), "few": (0.1, 0.1)}
    for seed in range(10):
        table = waiting_for(chances, 120, seed)
        assert table["request_id"].iloc[0] == "many"
        said = by_mrr(table)
        assert (said.code, said.fields["request"][2]) == ("other_by_mrr", "large")
        assert table.set_index("request_id")["less"].to_dict() == {"many": True, "large": False, "few": True}


def twenty_customers(*who: range) -> Result:
    """Twenty customers, of which the first two pay most; those of `who` asked for each of as many requests."""
    return product_feedback.analyse(
        product_data(
            accounts=[account(f"c{n}") for n in range(20)],
            contracts=[contract(f"c{n}", "2024-01-01", None, 1e6 if n < 2 else 100.0 + n) for n in range(20)],
            requests=[request(f"R{n}", "open", "2026-07-01") for n in range(len(who))],
            request_accounts=[asked(f"c{n}", f"R{k}", "2026-07-02") for k, of in enumerate(who) for n in of],
        ),
        Q3,
    )


def test_leadership_reads_no_order_by_mrr_whose_first_is_hidden() -> None:
    result = twenty_customers(range(4, 14), range(2), range(2, 8))
    assert result.verdicts["ranking.mrr"].fields["request"][2] == "R1"
    shown = for_leadership(result)
    assert list(shown.tables["ranking"]["request_id"]) == ["R0", "R2"]
    assert shown.tables["ranking"]["by_mrr"].isna().all()
    assert not shown.tables["ranking"]["less"].any()
    assert "ranking.mrr" not in shown.verdicts


def test_leadership_reads_the_order_among_all_requests() -> None:
    """What is left out still cannot be told apart from the first, and a request beside it is not the only one."""
    near = for_leadership(twenty_customers(range(4, 8), range(2, 4)))
    assert list(near.tables["ranking"]["request_id"]) == ["R0"]
    assert (near.verdicts["ranking"].code, near.verdicts["ranking"].fields["others"]) == ("together", 1)
    ahead = for_leadership(twenty_customers(range(2, 20), range(2, 4), range(0)))
    assert list(ahead.tables["ranking"]["request_id"]) == ["R0", "R2"]
    assert ahead.verdicts["ranking"].code == "first_of_all"  # the next, of two customers, is hidden
    assert "next" not in ahead.verdicts["ranking"].fields
    few = for_leadership(twenty_customers(range(2), range(0)))
    assert "ranking" not in few.tables
    assert "ranking" not in few.verdicts
    assert "few_tell" in {note.code for note in few.about("ranking")}


def test_no_share_of_three_requests_is_told() -> None:
    requests = [
        request("R1", "declined", "2026-01-01", "2026-01-08"), request("R2", "declined", "2026-01-01", "2026-02-20"),
        request("R3", "open", "2026-09-25"),
    ]  # fmt: skip
    result = product_feedback.analyse(desk(requests=requests, request_accounts=[]), Q3)
    waits = result.tables["waits"].iloc[0]
    assert waits[["within_30", "within_90", "within_180"]].isna().all()


def test_leadership_reads_no_number_of_one_company() -> None:
    """One company with eight answers: neither its table nor the headline of it is shown."""
    requests = [request(f"R{n}", "declined", "2026-01-01", "2026-01-20") for n in range(8)]
    votes = [
        asked("A", f"R{n}", "2026-01-02", "2026-03-01" if n < 5 else None) for n in range(8)
    ] + [asked("E", "R0", "2026-01-03")]  # fmt: skip
    result = product_feedback.analyse(desk(requests=requests, request_accounts=votes), Q3)
    assert {"closed_loop", "days_to_told", "untold"} <= set(result.metrics)
    assert [n.fields["customers"] for n in result.notes if n.code == "lost_askers"] == [1]
    shown = for_leadership(result)
    assert "closed_loop" not in shown.tables
    assert not {"closed_loop", "days_to_told", "untold", "unaware"} & set(shown.metrics)
    assert "lost_askers" not in {note.code for note in shown.notes}


def test_leadership_reads_one_number_of_themes_everywhere() -> None:
    told = interviews(
        *(note(who, n, "request", "login") for n, who in enumerate("ABCD")), note("A", 9, "request", "paper"),
    )  # fmt: skip
    requests = [request("R1", "open", "2026-07-01", code="files")]
    result = product_feedback.analyse(
        desk(requests=requests, request_accounts=[asked("A", "R1", "2026-07-02")], **told), Q3
    )
    assert result.metrics["not_handed"].value == 2
    shown = for_leadership(result)
    assert shown.metrics["not_handed"].value == shown.verdicts["not_handed"].fields["number"] == 1
    assert shown.metrics["not_handed"].n == 1
    assert [f.fields["themes"] for f in shown.findings if f.code == "theme_not_handed"] == [1]
    assert "few_themes" in {note.code for note in shown.about("not_handed")}


# --- the sample ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found(result_of) -> Result:
    return result_of("product_feedback", PLANTED.product, "2026Q3")


def row_of(table: pd.DataFrame, title: str) -> pd.Series:
    return table[table["title"] == title].iloc[0]


def test_the_request_of_most_customers_is_first_and_another_by_mrr(found: Result) -> None:
    assert found.verdicts["ranking"].code == "first"
    assert found.verdicts["ranking"].fields["request"][0] == PLANTED.most_asked
    assert found.verdicts["ranking.mrr"].fields["request"][0] == PLANTED.most_mrr


def test_requests_of_one_size_are_told_and_no_others(found: Result) -> None:
    varies = found.tables["by_size"].query("verdict == 'varies'")
    assert set(varies["title"]) == {PLANTED.most_mrr, PLANTED.small_only}


def test_the_planted_time_to_an_answer_lies_in_the_interval(found: Result) -> None:
    median = found.metrics["days_to_answer"]
    assert median.low < PLANTED.days_to_answer < median.high
    assert median.value == pytest.approx(PLANTED.days_to_answer, abs=15)


def test_who_asked_for_what_exists_and_was_not_told(found: Result) -> None:
    exists = row_of(found.tables["already_there"], PLANTED.exists)
    asked_for_it = sum(PLANTED.exists_asked)
    assert (exists["of"], exists["companies"]) == (
        asked_for_it,
        round(asked_for_it * (1 - PLANTED.told_exists)),
    )
    later = row_of(found.tables["already_there"], PLANTED.asked_after)
    assert (later["of"], later["companies"]) == (sum(PLANTED.later), sum(PLANTED.later))


def test_who_asked_in_tickets_is_told_more_rarely(found: Result) -> None:
    table = found.tables["closed_loop"].set_index("segment")
    assert table.loc["ticket", "verdict"] == "fewer"
    assert (table.loc[["small", "mid", "enterprise"], "verdict"] == "chance").all()
    assert found.verdicts["closed_loop"].fields["segment"] == "ticket"


def test_the_planted_themes_are_not_handed_over(found: Result) -> None:
    table = found.tables["not_handed"]
    assert set(table.loc[table["state"] == "no_request", "code"]) == set(PLANTED.not_handed)


# --- the same by other means --------------------------------------------------------------------


@pytest.mark.parametrize("product", ["paper_to_web", "expense_desk", "helpdesk"])
def test_counts_are_those_of_sql(sample_folder: Path, result_of, product: str) -> None:
    day = "DATE '2026-09-30'"
    sql = duckdb.connect()
    for name in ("contracts", "requests", "request_accounts"):
        sql.execute(
            f"CREATE VIEW {name} AS SELECT * FROM read_csv('{sample_folder / name}.csv') WHERE product = '{product}'"
        )
    sql.execute(f"""
        CREATE VIEW now AS SELECT account_id, sum(mrr) AS mrr FROM contracts
        WHERE started_on <= {day} AND (ended_on IS NULL OR ended_on > {day}) GROUP BY account_id""")
    sql.execute(f"""
        CREATE VIEW pairs AS
        SELECT request_id, account_id, min(asked_on) AS asked_on, max(told_on) AS told_on, any_value(mrr) AS mrr
        FROM request_accounts JOIN now USING (account_id) WHERE asked_on <= {day} GROUP BY ALL""")
    sql.execute("""
        CREATE VIEW owed AS
        SELECT *, coalesce(told_on >= coalesce(released_on, decided_on), false) AS is_told,
               status = 'exists' OR (status = 'released' AND asked_on > released_on) AS is_later
        FROM pairs JOIN requests USING (request_id) WHERE status IN ('planned', 'declined', 'released', 'exists')""")
    result = result_of("product_feedback", product, "2026Q3")

    def rows(query: str) -> list[tuple]:
        return sql.execute(query).fetchall()

    ranked = {(r.request_id, r.companies, round(r.mrr)) for r in result.tables["ranking"].itertuples()}
    assert ranked == set(
        rows("""SELECT request_id, count(account_id), coalesce(sum(mrr), 0)::BIGINT FROM requests LEFT JOIN pairs USING (request_id)
                WHERE status IN ('open', 'considering', 'planned') GROUP BY request_id""")
    )
    told, owed = rows("SELECT count(*) FILTER (is_told), count(*) FROM owed")[0]
    whole = result.tables["closed_loop"].iloc[0]
    assert (whole["told"], whole["owed"]) == (told, owed)
    untold, unaware = rows("""SELECT count(DISTINCT account_id) FILTER (NOT is_told),
                                     count(DISTINCT account_id) FILTER (NOT is_told AND is_later) FROM owed""")[
        0
    ]
    assert (result.metrics["untold"].value, result.metrics["unaware"].value) == (untold, unaware)
    waiting = rows("""SELECT sum(mrr) FROM now WHERE account_id IN
        (SELECT account_id FROM pairs JOIN requests USING (request_id) WHERE status IN ('open', 'considering'))""")[
        0
    ][0]
    assert result.metrics["undecided_mrr"].value == pytest.approx(float(waiting))


def test_the_time_to_an_answer_is_that_of_statsmodels(sample_folder: Path, found: Result) -> None:
    rows = pd.read_csv(sample_folder / "requests.csv", parse_dates=["raised_on", "decided_on", "released_on"])
    rows = rows[rows["product"] == PLANTED.product]
    until = rows["decided_on"].fillna(pd.Timestamp("2026-09-30"))
    curve = SurvfuncRight((until - rows["raised_on"]).dt.days, rows["decided_on"].notna())
    low, high = curve.quantile_ci(0.5, method="cloglog")
    median = found.metrics["days_to_answer"]
    assert (median.value, median.low, median.high) == (curve.quantile(0.5), low, high)
    answered = (rows["decided_on"] - rows["raised_on"]).dt.days.dropna()
    assert answered.median() < median.value  # what the open ones would hide


@pytest.mark.parametrize("counts", [(0, 0), (3, 1), (0, 6), (12, 30), (7, 7)])
def test_the_test_of_two_requests_is_that_of_statsmodels(counts: tuple[int, int]) -> None:
    table = np.array([[5, counts[0]], [counts[1], 9]])
    expected = mcnemar_reference(table, exact=True).pvalue if sum(counts) else 1.0
    assert mcnemar(*counts) == pytest.approx(expected)
