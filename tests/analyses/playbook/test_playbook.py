"""The playbook of the sample finds what was planted; findings and notes are what the numbers say, however few there are."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pandas as pd
import pytest
from builders import account, contract, play, product, product_data, use

from cs_helpers.analyses import playbook
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.sample.truths import AS_OF, QUIET_COHORT, REGRESSIONS, STALL
from cs_helpers.snapshot import ProductData

Q2 = Quarter(2026, 2)


@pytest.fixture(scope="module")
def sql(sample_folder):
    """Answers a query over the delivered files of the sample, whose contracts end on the day after their last one."""
    connection = duckdb.connect()
    for table in ("accounts", "contracts", "milestones", "tickets"):
        connection.execute(f"create view {table} as from '{sample_folder}/{table}.csv'")
    connection.execute(f"create view usage as from '{sample_folder}/usage.parquet'")
    return lambda query: connection.execute(query).df()


def listed(result: Result, entry: str) -> pd.DataFrame:
    rows = result.tables["matches"]
    return rows[rows["entry"] == entry].set_index("account_id").sort_index()


def entry(result: Result, name: str) -> pd.Series:
    return result.tables["entries"].set_index("entry").loc[name]


#: customers of paper_to_web on the last day who started since the records begin, and when each took which step
JOURNEYS = """
with steps as (
    select account_id, min(reached_at) filter (step = 'kickoff') as kickoff,
           min(reached_at) filter (step = 'recipients_registered') as registered
    from milestones where product = 'paper_to_web' group by account_id
), names as (
    select account_id, event, min(occurred_at)::date as first_day from usage
    where product = 'paper_to_web' and event like 'web.%' group by account_id, event
), used as (
    select account_id, list_sort(list(first_day)) as days from names group by account_id
), began as (
    select greatest((select min(reached_at) from milestones where product = 'paper_to_web'),
                    (select min(occurred_at) from usage where product = 'paper_to_web' and event like 'web.%'))::date as day
)
select c.account_id, a.size, c.started_on, c.mrr, kickoff, registered, days[1] as document, days[3] as department
from (select account_id, min(started_on) as started_on, max_by(mrr, started_on) as mrr,
             bool_or(ended_on is null or ended_on > '2026-09-30') as there
      from contracts where product = 'paper_to_web' group by account_id) c
join accounts a using (account_id) left join steps using (account_id) left join used using (account_id), began
where there and c.started_on >= began.day
"""


def test_the_customers_who_wait_at_the_planted_stall_are_those_of_sql_over_the_files(result_of, sql) -> None:
    rows = sql(
        f"""select account_id, greatest(started_on, kickoff, document, registered)::date + 90 as since, mrr
        from ({JOURNEYS}) where registered is not null and kickoff is not null and document is not null
        and department is null and since <= '2026-09-30'"""
    ).set_index("account_id")
    result = result_of("playbook", STALL.product, "2026Q3")
    found = listed(result, "one_department")
    assert found["since"].to_dict() == pd.to_datetime(rows["since"]).sort_index().to_dict()
    assert len(rows) > 20
    assert entry(result, "one_department")["mrr"] == rows["mrr"].sum()
    [decision] = [f for f in result.findings if f.fields["entry"] == "one_department"]
    assert (decision.customers, decision.mrr) == (len(rows), rows["mrr"].sum())
    assert (decision.fields["who"], decision.fields["by"]) == ("csm", date(2026, 11, 29))


def test_it_is_small_companies_that_the_stall_holds_up(result_of, sql) -> None:
    rows = sql(f"from ({JOURNEYS}) where registered < date '{AS_OF}' - {STALL.days}")
    due = set(listed(result_of("playbook", STALL.product, "2026Q3"), "one_department").index)
    is_small = rows["size"] == STALL.size
    waiting = rows["account_id"].isin(due)
    assert waiting[is_small].mean() == pytest.approx(1 - STALL.share, abs=0.2)
    assert waiting[~is_small].mean() < 0.5


def test_those_without_a_document_are_those_of_sql_over_the_files(result_of, sql) -> None:
    rows = sql(
        f"""select account_id, started_on::date + 45 as since from ({JOURNEYS})
        where document is null and since <= '2026-09-30'"""
    ).set_index("account_id")
    found = listed(result_of("playbook", "paper_to_web", "2026Q3"), "no_document")
    assert found["since"].to_dict() == pd.to_datetime(rows["since"]).sort_index().to_dict()
    assert len(rows)


@pytest.mark.parametrize("year_end", REGRESSIONS)
def test_the_planted_falls_of_level_are_on_the_lists_before_the_year_end(result_of, year_end: date) -> None:
    last = Quarter.containing(year_end)
    lists = [
        listed(result_of("playbook", "paper_to_web", str(q)), "level_dropped") for q in (last.back(1), last)
    ]
    result = result_of("playbook", "paper_to_web", str(last))
    row = result.tables["last_list"].set_index("entry").loc["level_dropped"]
    assert row["listed"] == len(lists[0])
    planted = REGRESSIONS[year_end]
    # who falls within the last quarter and leaves at its end is on no list: all others are
    on_no_list = planted.fell - len(set(lists[0].index) | set(lists[1].index))
    assert on_no_list == planted.ended - row["lost"] <= 1
    assert row["lost"] > row["listed"] / 3


def test_new_customers_of_the_quiet_cohort_who_asked_nothing_are_those_of_sql(result_of, sql) -> None:
    rows = sql(
        """select account_id, min(started_on)::date + 29 as since from contracts c
        where product = 'paper_to_web' group by account_id
        having min(started_on) between date '2026-09-30' - 90 and date '2026-09-01'
        and not exists (select 1 from tickets t where t.account_id = c.account_id and t.product = 'paper_to_web'
                        and t.opened_at >= min(started_on))"""
    ).set_index("account_id")
    found = listed(result_of("playbook", QUIET_COHORT.product, "2026Q3"), "no_questions")
    assert found["since"].to_dict() == pd.to_datetime(rows["since"]).sort_index().to_dict()
    assert len(rows)


def test_the_red_customers_are_those_of_the_health_score(result_of) -> None:
    for product_name, quarter in (("paper_to_web", "2026Q3"), ("paper_to_web", "2025Q4")):
        scores = result_of("health", product_name, quarter).tables["scores"]
        red = set(scores.loc[scores["band"] == "red", "account_id"])
        assert set(listed(result_of("playbook", product_name, quarter), "health_red").index) == red


@pytest.mark.parametrize("product_name", ["paper_to_web", "helpdesk", "expense_desk"])
def test_the_tables_the_metrics_and_the_findings_of_the_sample_agree(result_of, product_name: str) -> None:
    for quarter in ("2025Q2", "2026Q1", "2026Q3"):
        result = result_of("playbook", product_name, quarter)
        matches, entries = result.tables["matches"], result.tables["entries"]
        assert (entries["state"] == "no_rule").sum() == 1
        counts = matches.groupby("entry").size()
        known = entries[entries["state"] == "known"].set_index("entry")
        assert counts.to_dict() == {e: n for e, n in known["customers"].items() if n}
        assert matches.groupby("entry")["mrr"].sum().to_dict() == pytest.approx(
            known.loc[known["customers"] > 0, "mrr"].to_dict()
        )
        assert result.metrics["due"].value == matches["account_id"].nunique()
        assert result.metrics["due_mrr"].value == matches.drop_duplicates("account_id")["mrr"].sum()
        assert [f.mrr for f in result.findings] == sorted((f.mrr for f in result.findings), reverse=True)
        assert {f.fields["entry"]: f.customers for f in result.findings} == counts.to_dict()
        assert matches["mrr"].is_monotonic_decreasing
        assert (matches["since"] <= pd.Timestamp(result.quarter.end)).all()


def test_a_list_is_what_the_next_quarter_says_of_it(result_of) -> None:
    for quarter in (Quarter(2025, 4), Quarter(2026, 2)):
        first, second = (result_of("playbook", "paper_to_web", str(q)) for q in (quarter, quarter.back(-1)))
        then = first.tables["entries"].set_index("entry")["customers"]
        assert second.tables["entries"].set_index("entry")["previous"].equals(then)


# few customers


def data_of(
    *plays: dict[str, Any], contracts: list[dict[str, Any]], used: dict[str, str] | None = None
) -> ProductData:
    days = [str(day.date()) for day in pd.date_range("2025-10-01", "2026-06-30")]
    usage = [use("Z", day) for day in days] + [use(name, day) for name, day in (used or {}).items()]
    return product_data(
        product(playbook=list(plays)),
        accounts=[account(name) for name in sorted({c["account_id"] for c in contracts})],
        contracts=contracts,
        usage=usage,
    )


SILENT = {"silence": {"source": "usage", "days": 30}}


def codes(result: Result) -> set[tuple[str, str]]:
    return {(note.code, note.about) for note in result.notes}


def test_a_product_without_a_playbook_says_so() -> None:
    result = playbook.analyse(data_of(contracts=[contract("A", "2026-01-01")]), Q2)
    assert codes(result) == {("no_playbook", about) for about in ("entries", "last_list", "matches")}
    assert not result.metrics
    assert not result.findings


def test_without_customers_there_is_nobody_to_list() -> None:
    result = playbook.analyse(data_of(play("silent", SILENT), contracts=[contract("A", "2026-07-01")]), Q2)
    assert codes(result) == {("no_customers", about) for about in ("entries", "last_list", "matches")}


def test_a_playbook_without_rules_lists_its_entries_and_nobody() -> None:
    result = playbook.analyse(data_of(play("angry"), contracts=[contract("A", "2026-01-01")]), Q2)
    assert result.tables["entries"]["state"].tolist() == ["no_rule"]
    assert ("no_rules", "entries") in codes(result)
    assert not result.metrics
    assert not result.verdicts


def test_where_nobody_is_due_it_is_counted_as_nobody() -> None:
    data = data_of(play("silent", SILENT), contracts=[contract("A", "2026-01-01")], used={"A": "2026-06-29"})
    result = playbook.analyse(data, Q2)
    assert (result.metrics["due"].value, result.metrics["due_mrr"].value) == (0, 0)
    assert result.verdicts["entries"].code == "none"
    assert not result.findings


def test_in_the_first_quarter_there_was_no_list_before() -> None:
    data = data_of(play("silent", SILENT), contracts=[contract("A", "2026-04-10")])
    result = playbook.analyse(data, Q2)
    assert pd.isna(entry(result, "silent")["previous"])
    assert ("no_list", "last_list") in codes(result)
    [finding] = result.findings
    assert (finding.compared_with, finding.compared, finding.size, finding.direction) == (
        "nothing", None, None, "neither",
    )  # fmt: skip


def test_more_customers_than_last_quarter_is_worse_and_fewer_is_better() -> None:
    rows = [contract("A", "2026-01-01"), contract("B", "2026-01-01", mrr=300), contract("C", "2026-01-01")]
    silent = play("silent", SILENT, who="manager", within=7)
    for used, direction, change in (
        ({"A": "2026-03-20", "B": "2026-03-20"}, "worse", 2.0),  # C alone was silent in March
        ({"A": "2026-06-20", "B": "2026-06-20"}, "better", -2.0),
        ({}, "neither", 0.0),
    ):
        [finding] = playbook.analyse(data_of(silent, contracts=rows, used=used), Q2).findings
        assert (finding.direction, finding.size) == (direction, change)
    assert (finding.customers, finding.mrr, finding.certainty) == (3, 500, "counted")
    assert (finding.fields["who"], finding.fields["by"]) == ("manager", date(2026, 7, 7))


def test_oldest_and_median_are_days_on_which_it_was_due() -> None:
    rows = [
        contract(name, day) for name, day in (("A", "2026-01-01"), ("B", "2026-02-01"), ("C", "2026-04-01"))
    ]
    row = entry(playbook.analyse(data_of(play("silent", SILENT), contracts=rows), Q2), "silent")
    assert (str(row["oldest"].date()), str(row["median"].date())) == ("2026-01-30", "2026-03-02")


def test_customers_of_whom_a_rule_is_not_known_are_counted_beside_the_list() -> None:
    fall = play("fell", {"fall": {"value": "days", "to": 0.5}})
    data = data_of(fall, contracts=[contract("A", "2026-01-01"), contract("New", "2026-05-01")])
    result = playbook.analyse(data, Q2)
    assert entry(result, "fell")["unknown"] == 1
    [note] = [n for n in result.notes if n.code == "due_unknown"]
    assert [(when.en, n) for when, n in note.fields["entries"]] == [("fell", 1)]


def test_a_rule_that_the_data_tells_of_nobody_gives_no_zero() -> None:
    data = data_of(play("renewal", {"renewal_within": 60}), contracts=[contract("A", "2026-01-01")])
    row = entry(playbook.analyse(data, Q2), "renewal")
    assert row["state"] == "unknown"
    assert row[["customers", "mrr", "previous"]].isna().all()


def test_without_contracts_accounts_are_listed_and_no_revenue() -> None:
    days = [str(day.date()) for day in pd.date_range("2025-10-01", "2026-06-30")]
    data = product_data(
        product(playbook=[play("silent", SILENT), play("renewal", {"renewal_within": 30})]),
        accounts=[account("A"), account("Z")],
        usage=[*(use("Z", day) for day in days), use("A", "2026-03-01")],
    )
    result = playbook.analyse(data, Q2)
    assert result.tables["matches"][["account_id", "entry"]].to_numpy().tolist() == [["A", "silent"]]
    assert not {"mrr"} & (set(result.tables["matches"]) | set(result.tables["entries"]))
    assert set(result.metrics) == {"due"}
    assert entry(result, "renewal")["state"] == "unknown"
    assert ("no_mrr", "due_mrr") in codes(result)
    assert result.findings[0].mrr is None
