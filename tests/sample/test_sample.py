"""The sample's planted truths, found again in the written files with plain pandas and scipy."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cs_helpers.contract.products import load_product, load_products
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import ParameterError
from cs_helpers.sample import truths, write_sample

DATES = {c for table in TABLES.values() for c in table.columns if table.kind(c) in ("date", "time")}
PAPER = "paper_to_web"
LOG_START, AS_OF = pd.Timestamp(truths.LOG_START), pd.Timestamp(truths.AS_OF)
PRODUCTS = Path(__file__).parents[2] / "data" / "products"


@pytest.fixture(scope="session")
def folder(sample_folder: Path) -> Path:
    return sample_folder


@pytest.fixture(scope="session")
def tables(folder: Path) -> dict[str, pd.DataFrame]:
    read = {"usage": pd.read_parquet(folder / "usage.parquet")}
    for file in folder.glob("*.csv"):
        header = pd.read_csv(file, nrows=0).columns
        read[file.stem] = pd.read_csv(file, parse_dates=sorted(DATES & set(header)))
    return read


def of(tables: dict[str, pd.DataFrame], name: str, product: str = PAPER) -> pd.DataFrame:
    table = tables[name]
    return table[table["product"] == product]


def size_of(tables: dict[str, pd.DataFrame]) -> pd.Series:
    return tables["accounts"].set_index("account_id")["size"]


def levels(tables: dict[str, pd.DataFrame], month_end: pd.Timestamp) -> pd.Series:
    """The maturity level of each active account of paper_to_web, over the last three months."""
    contracts = of(tables, "contracts")
    active = contracts[
        (contracts["started_on"] <= month_end)
        & (contracts["ended_on"].isna() | (contracts["ended_on"] >= month_end))
    ]["account_id"]
    usage = of(tables, "usage")
    first = month_end - pd.offsets.MonthEnd(3) + pd.Timedelta(days=1)
    window = usage[
        (usage["occurred_at"] >= first) & (usage["occurred_at"] < month_end + pd.Timedelta(days=1))
    ]
    web = window[window["event"].str.startswith("web.")]
    names = web.groupby("account_id")["event"].nunique().reindex(active, fill_value=0)
    sent = active.isin(window.loc[window["event"] == "paper.out", "account_id"]).to_numpy()
    got = active.isin(window.loc[window["event"] == "paper.in", "account_id"]).to_numpy()
    level = np.select([names < 1, names < 4, sent, got], [0, 1, 2, 3], 4)
    return pd.Series(level, index=names.index)


def third_event(tables: dict[str, pd.DataFrame]) -> pd.Series:
    usage = of(tables, "usage")
    web = usage[usage["event"].str.startswith("web.")]
    first_seen = web.groupby(["account_id", "event"])["occurred_at"].min().sort_values()
    return first_seen.groupby("account_id").nth(2).droplevel("event")


def step_counts(tables: dict[str, pd.DataFrame], step: str, next_step: str) -> pd.DataFrame:
    """Who entered a step a year ago or more, by small or not, and who took the next in a year."""
    steps = of(tables, "milestones").pivot(index="account_id", columns="step", values="reached_at")
    steps["second_department"] = third_event(tables).reindex(steps.index)
    contracts = of(tables, "contracts").set_index("account_id")
    started = contracts.loc[contracts["started_on"] >= LOG_START, "started_on"]
    steps = steps.reindex(started.index).assign(contract=started)
    entered = steps[steps[step] <= AS_OF - pd.Timedelta(days=365)]
    took = (entered[next_step] - entered[step]) <= pd.Timedelta(days=365)
    small = size_of(tables).reindex(entered.index) == "small"
    return pd.DataFrame({"small": small, "took": took})


def daily(frame: pd.DataFrame, time: str, column: str) -> pd.Series:
    days = pd.date_range(LOG_START, AS_OF)
    return frame.groupby(frame[time].dt.normalize())[column].nunique().reindex(days, fill_value=0)


def weekly_ratio(numbers: pd.Series, week: truths.OddWeek) -> pd.Series:
    """Each whole week of 2026Q3 against the median of the ten weeks before the odd one."""
    weeks = numbers.resample("W-SUN").sum()
    before = weeks[: pd.Timestamp(week.first_day)].iloc[-10:]
    return weeks["2026-07-12":"2026-09-27"] / before.median()


def test_the_same_seed_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = write_sample(tmp_path / "again").parent
    digests = [
        {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(at.iterdir())}
        for at in (folder, again)
    ]
    assert digests[0] == digests[1]


def test_another_seed_writes_other_bytes(folder: Path, tmp_path: Path) -> None:
    other = write_sample(tmp_path / "other", seed=1).parent
    assert (other / "touches.csv").read_bytes() != (folder / "touches.csv").read_bytes()


def test_a_folder_with_other_content_is_not_changed(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ParameterError, match="thesis"):
        write_sample(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_sample_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    write_sample(tmp_path / "sample")
    write_sample(tmp_path / "sample")
    assert [p.name for p in tmp_path.iterdir()] == ["sample"]


@pytest.mark.parametrize("name", sorted(TABLES))
def test_each_table_has_columns_keys_and_values_of_the_contract(
    tables: dict[str, pd.DataFrame], name: str
) -> None:
    table, contract = tables[name], TABLES[name]
    assert set(contract.required_columns()) <= set(table.columns) <= set(contract.columns)
    key = [column for column in contract.key if column in table.columns]
    assert not key or not table.duplicated(key).any()
    for column in table.columns:
        for check in contract.columns[column].checks:
            assert np.all(check(table[column].dropna()).check_passed), column
    if contract.parent:
        parent, parent_key = contract.parent
        assert table[parent_key].isin(tables[parent][parent_key]).all()
    if contract.time:
        # hand-overs are of customers from an earlier day on, and come before their start
        first = (
            pd.Timestamp(truths.HANDOVERS_START) - pd.Timedelta(days=30) if name == "handovers" else LOG_START
        )
        assert table[contract.time].min() >= first
        assert table[contract.time].max() < AS_OF + pd.Timedelta(days=1)


def test_no_contracts_of_an_account_and_product_overlap(tables: dict[str, pd.DataFrame]) -> None:
    contracts = tables["contracts"].sort_values(["account_id", "product", "started_on"])
    ended = contracts.groupby(["account_id", "product"])["ended_on"].shift()
    first = ~contracts.duplicated(["account_id", "product"])
    assert (first | (ended <= contracts["started_on"])).all()


def test_usage_lies_within_the_contract_it_names(tables: dict[str, pd.DataFrame]) -> None:
    rows = tables["usage"].merge(
        tables["contracts"], on=["contract_id", "account_id", "product"], validate="many_to_one"
    )
    assert len(rows) == len(tables["usage"])
    assert (rows["occurred_at"] >= rows["started_on"]).all()
    assert (rows["ended_on"].isna() | (rows["occurred_at"] < rows["ended_on"])).all()


def test_notice_is_given_30_to_90_days_before_each_end(tables: dict[str, pd.DataFrame]) -> None:
    touches = of(tables, "touches")
    notices = touches[touches["kind"] == "churn_notice"].set_index("account_id")["occurred_at"]
    ended = of(tables, "contracts").set_index("account_id")["ended_on"].dropna()
    ended = ended[ended > LOG_START + pd.Timedelta(days=90)]
    days = (ended - notices.reindex(ended.index)).dt.days
    assert days.between(30, 90).all()


def test_small_companies_stall_before_the_second_department(
    tables: dict[str, pd.DataFrame],
) -> None:
    planted = truths.STALL
    counts = step_counts(tables, planted.from_step, planted.to_step)
    taken = counts.groupby("small")["took"].agg(["sum", "size", "mean"])
    assert taken.loc[True, "mean"] == pytest.approx(planted.share, abs=0.06)
    assert taken.loc[False, "mean"] == pytest.approx(planted.share_of_others, abs=0.10)
    table = pd.crosstab(counts["small"], counts["took"])
    assert stats.fisher_exact(table).pvalue < 0.001


def test_at_least_40_small_companies_reach_the_step_where_they_stall(
    tables: dict[str, pd.DataFrame],
) -> None:
    milestones = of(tables, "milestones")
    entered = milestones.loc[milestones["step"] == truths.STALL.from_step, "account_id"]
    assert (size_of(tables)[entered] == "small").sum() >= 40


@pytest.mark.parametrize(
    ("step", "next_step"),
    [
        ("contract", "kickoff"),
        ("kickoff", "recipients_registered"),
        ("second_department", "all_outgoing"),
    ],
)
def test_the_other_steps_do_not_differ_by_size(
    tables: dict[str, pd.DataFrame], step: str, next_step: str
) -> None:
    counts = step_counts(tables, step, next_step)
    assert counts["took"].mean() > 0.7
    assert stats.fisher_exact(pd.crosstab(counts["small"], counts["took"])).pvalue > 0.1


def test_only_the_odd_week_has_more_users_than_normal(tables: dict[str, pd.DataFrame]) -> None:
    planted = truths.ODD_WEEK
    ratios = weekly_ratio(daily(of(tables, "usage"), "occurred_at", "user_id"), planted)
    odd = pd.Timestamp(planted.last_day)
    assert ratios[odd] == pytest.approx(planted.ratio, rel=0.08)
    assert ratios.drop(odd).between(0.85, 1.2).all()


def test_the_users_of_the_odd_week_are_spread_over_accounts(
    tables: dict[str, pd.DataFrame],
) -> None:
    usage = of(tables, "usage")
    last = pd.Timestamp(truths.ODD_WEEK.last_day) + pd.Timedelta(days=1)
    week = usage[usage["occurred_at"].between(pd.Timestamp(truths.ODD_WEEK.first_day), last)]
    users = week.groupby("account_id")["user_id"].nunique()
    assert len(users) > 80
    assert users.max() / users.sum() < 0.05


def test_a_ticket_is_answered_after_it_opens_and_before_it_closes(tables: dict[str, pd.DataFrame]) -> None:
    tickets = tables["tickets"]
    waits = (tickets["answered_at"] - tickets["opened_at"]) / pd.Timedelta(hours=1)
    assert waits.min() >= 0
    closed = tickets[tickets["closed_at"].notna()]
    assert (closed["answered_at"] <= closed["closed_at"]).all()
    # the first of an answer after 4 hours and a closing after 26 hours, on average
    assert waits.mean() == pytest.approx(1 / (1 / 4 + 1 / 26), rel=0.03)


def test_only_the_quiet_week_of_helpdesk_has_fewer_tickets(
    tables: dict[str, pd.DataFrame],
) -> None:
    planted = truths.QUIET_WEEK
    numbers = daily(of(tables, "tickets", planted.product), "opened_at", "ticket_id")
    ratios = weekly_ratio(numbers, planted)
    odd = pd.Timestamp(planted.last_day)
    assert ratios[odd] == pytest.approx(planted.ratio, abs=0.15)
    assert ratios.drop(odd).between(0.6, 1.5).all()
    office_days = numbers["2026-07-01":"2026-09-04"]
    assert office_days[office_days.index.day_of_week < 5].mean() >= 8


@pytest.mark.parametrize("year_end", truths.YEAR_ENDS)
def test_the_planted_number_of_contracts_ends_at_each_year_end(
    tables: dict[str, pd.DataFrame], year_end: pd.Timestamp
) -> None:
    contracts, day = of(tables, "contracts"), pd.Timestamp(year_end)
    active = (contracts["started_on"] < day) & ~(contracts["ended_on"] < day)
    planted = truths.YEAR_ENDS[year_end]
    assert (active.sum(), (contracts["ended_on"] == day).sum()) == (planted.active, planted.ended)


def test_the_last_year_end_lost_one_and_a_half_times_the_usual_share() -> None:
    shares = [each.ended / each.active for each in truths.YEAR_ENDS.values()]
    assert shares[:-1] == pytest.approx([0.15] * 4)
    assert shares[-1] / 0.15 == pytest.approx(truths.YEAR_END_RATIO, abs=0.01)


def test_at_most_one_contract_ends_in_other_months(tables: dict[str, pd.DataFrame]) -> None:
    ends = of(tables, "contracts")["ended_on"].dropna()
    assert ends[ends.dt.month != 3].dt.to_period("M").value_counts().max() == 1
    assert (ends[ends.dt.month == 3].dt.day == 31).all()


def test_customers_of_the_last_quarter_ask_a_third_of_what_earlier_ones_asked(
    tables: dict[str, pd.DataFrame],
) -> None:
    planted = truths.QUIET_COHORT
    contracts = of(tables, "contracts").set_index("account_id")["started_on"]
    started = contracts[contracts >= LOG_START]
    tickets = of(tables, "tickets").join(started, on="account_id", how="inner")
    age = tickets["opened_at"] - tickets["started_on"]
    early = tickets[age < pd.Timedelta(days=planted.first_days)].groupby("account_id").size()
    asked = early.reindex(started.index, fill_value=0)
    quiet = started >= pd.Timestamp(planted.first_start)
    assert quiet.sum() == planted.customers
    assert started[quiet].max() <= pd.Timestamp(planted.last_start)
    assert asked[~quiet].mean() == pytest.approx(planted.earlier_tickets_a_customer, rel=0.05)
    assert asked[quiet].mean() == pytest.approx(planted.tickets_a_customer, rel=0.05)
    share = quiet.mean()
    assert stats.binomtest(int(asked[quiet].sum()), int(asked.sum()), share).pvalue < 0.001


@pytest.mark.parametrize("year_end", truths.REGRESSIONS)
def test_accounts_whose_level_fell_end_far_more_often(
    tables: dict[str, pd.DataFrame], year_end: pd.Timestamp
) -> None:
    planted, last = truths.REGRESSIONS[year_end], pd.Timestamp(year_end)
    ends = [last - pd.offsets.MonthEnd(n) for n in (6, 3, 0)]
    at = pd.concat([levels(tables, end) for end in ends], axis=1).dropna()
    fell = (at.diff(axis=1) < 0).any(axis=1)
    contracts = of(tables, "contracts").set_index("account_id")
    ended = contracts["ended_on"].reindex(at.index) == last
    assert (fell.sum(), ended[fell].sum()) == (planted.fell, planted.ended)
    assert 0.09 < ended[~fell].mean() < 0.16
    assert stats.fisher_exact(pd.crosstab(fell, ended)).pvalue < 0.01


def test_every_maturity_level_occurs_in_the_last_quarter(
    tables: dict[str, pd.DataFrame],
) -> None:
    counts = levels(tables, AS_OF).value_counts().reindex(range(5), fill_value=0)
    assert (counts >= 5).all()


def test_the_level_rises_with_age(tables: dict[str, pd.DataFrame]) -> None:
    level = levels(tables, AS_OF)
    started = of(tables, "contracts").set_index("account_id")["started_on"].reindex(level.index)
    assert stats.spearmanr((AS_OF - started).dt.days, level).statistic > 0.2


@pytest.mark.parametrize(
    ("code", "companies"),
    [(truths.SMALL_ONLY, 6), (truths.SECOND_DEPARTMENT_WAITS, 5)],
)
def test_only_small_companies_have_the_planted_codes(
    tables: dict[str, pd.DataFrame], code: str, companies: int
) -> None:
    told = (
        tables["codings"].merge(tables["notes"], on="note_id").merge(tables["interviews"], on="interview_id")
    )
    tellers = told.loc[told["code"] == code, ["account_id", "product"]].drop_duplicates()
    assert set(tellers["product"]) == {PAPER}
    assert set(size_of(tables)[tellers["account_id"]]) == {"small"}
    assert len(tellers) >= companies


def test_the_interviews_reach_the_gate_for_two_products_only(
    tables: dict[str, pd.DataFrame],
) -> None:
    companies = tables["interviews"].groupby("product")["account_id"].nunique()
    assert companies.to_dict() == {PAPER: 36, "expense_desk": 22, "helpdesk": 12}
    small = size_of(tables)[of(tables, "interviews")["account_id"]] == "small"
    assert small.sum() >= 14


def test_no_statement_is_repeated_in_an_interview(tables: dict[str, pd.DataFrame]) -> None:
    notes = tables["notes"]
    assert not notes.duplicated(["interview_id", "text"]).any()
    assert notes.groupby("interview_id").size().between(8, 14).all()


@pytest.mark.parametrize("column", ["viewpoint", "code"])
def test_the_two_coders_mostly_agree(tables: dict[str, pd.DataFrame], column: str) -> None:
    both = tables["codings"].pivot(index="note_id", columns="coder", values=column)
    assert (both["coder-a"] == both["coder-b"]).mean() == pytest.approx(0.85, abs=0.04)


@pytest.mark.parametrize("file", sorted(PRODUCTS.glob("*.yml")), ids=lambda file: file.stem)
def test_every_product_file_loads(file: Path) -> None:
    assert load_product(file).product == file.stem


def test_what_the_sample_records_is_named_in_the_product_files(
    tables: dict[str, pd.DataFrame],
) -> None:
    products = load_products(PRODUCTS)
    for name, product in products.items():
        if name == "ravenstack":
            continue
        named = {s.rule.milestone for s in product.journey.steps} - {None}
        assert set(of(tables, "milestones", name)["step"]) == named
        judged = {m.measure.name for m in product.health.measures} - {""}
        assert set(of(tables, "assessments", name)["measure"]) == judged
