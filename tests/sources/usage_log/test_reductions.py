"""The reductions against SQL written by hand over the sample's files, and the rules of steps."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import ibis
import pandas as pd
import pytest
import yaml
from builders import with_journey
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_helpers.snapshot import matches_pattern
from cs_helpers.snapshot.take import take_snapshot
from cs_helpers.sources.usage_log import reductions as reduce

PRODUCTS = Path(__file__).resolve().parents[3] / "data" / "products"
SAMPLED = ("expense_desk", "helpdesk", "paper_to_web")

DAILY = """
select account_id, product, cast(occurred_at as date) as day, event,
       count(*) as events, sum(case when quantity is null then 1 else quantity end) as quantity,
       count(distinct user_id) as users
from '{folder}/usage.parquet' where product = '{product}' group by all
"""
MONTHLY = """
with dated as (
    select *, cast(occurred_at as date) as day,
           make_date(year(occurred_at), month(occurred_at), 1) as month
    from '{folder}/usage.parquet' where product = '{product}'
)
select account_id, product, month, event, count(*) as events,
       sum(case when quantity is null then 1 else quantity end) as quantity,
       count(distinct user_id) as users, count(distinct day) as days, min(occurred_at) as first_at
from dated group by grouping sets ((account_id, product, month, event), (account_id, product, month))
"""
ACTIVE = """
select account_id, product, cast(occurred_at as date) as day, count(*) as events,
       sum(case when quantity is null then 1 else quantity end) as quantity,
       count(distinct user_id) as users
from '{folder}/usage.parquet' where product = '{product}' group by all
"""
STEPS = """
with web as (
    select account_id, event, min(occurred_at) as first_at
    from '{folder}/usage.parquet'
    where product = 'paper_to_web' and substr(event, 1, 4) = 'web.' group by all
),
third as (
    select account_id, first_at, row_number() over (partition by account_id order by first_at) as place from web
)
select account_id, 'contract' as step, min(cast(started_on as timestamp)) as reached_at
from '{folder}/contracts.csv' where product = 'paper_to_web' group by all
union all
select account_id, step, min(reached_at) from '{folder}/milestones.csv'
where product = 'paper_to_web' and step in ('kickoff', 'recipients_registered', 'all_outgoing') group by all
union all
select account_id, 'first_document', min(first_at) from web group by all
union all
select account_id, 'second_department', first_at from third where place = 3
"""


def by_hand(query, folder, product="paper_to_web"):
    return duckdb.sql(query.format(folder=folder, product=product)).df()


def same(table, expected, keys):
    """Both frames hold the same rows, whatever their order and types of columns."""
    expected = expected[list(table.columns)].astype(table.dtypes.to_dict()).set_axis(table.columns, axis=1)
    left, right = (f.sort_values(keys, ignore_index=True) for f in (table, expected))
    pd.testing.assert_frame_equal(left, right)


@pytest.mark.parametrize("product", SAMPLED)
@pytest.mark.parametrize(
    ("table_name", "query", "keys"),
    [
        ("usage_daily", DAILY, ["account_id", "day", "event"]),
        ("usage_monthly", MONTHLY, ["account_id", "month", "event"]),
        ("active_daily", ACTIVE, ["account_id", "day"]),
    ],
)
def test_usage_is_reduced_as_sql_by_hand_reduces_it(
    sample_snapshot, sample_folder, product, table_name, query, keys
):
    table = sample_snapshot.read(product)[table_name]
    assert len(table) > 100
    same(table, by_hand(query, sample_folder, product), keys)


def test_steps_are_reached_when_sql_by_hand_says_so(sample_snapshot, sample_folder):
    table = sample_snapshot.read("paper_to_web")["milestones"]
    first = table.groupby(["account_id", "step"], as_index=False)["reached_at"].min()
    same(first, by_hand(STEPS, sample_folder), ["account_id", "step"])


@pytest.fixture(scope="module")
def connection():
    opened = ibis.duckdb.connect()
    yield opened
    opened.disconnect()


def log_of(*rows):
    """A usage log of (account, day of May 2026, event, quantity, user), as CSV."""
    lines = [
        f"{account},paper_to_web,2026-05-{day:02},{event},{'' if quantity is None else quantity},{user or ''}"
        for account, day, event, quantity, user in rows
    ]
    return "\n".join(["account_id,product,occurred_at,event,quantity,user_id", *lines]) + "\n"


@pytest.fixture
def reduced(tmp_path):
    """Writes a company whose customers A, B and C use one product, and reads its snapshot."""

    def take(*rows, product=None, contracts=("A", "B", "C"), signed="2026-01-01", files=None):
        files = {
            "accounts": "account_id,name,size,industry\n" + "".join(f"{a},{a},mid,retail\n" for a in "ABC"),
            "contracts": "contract_id,account_id,product,started_on,mrr,currency\n"
            + "".join(f"C{a},{a},paper_to_web,{signed},1,JPY\n" for a in contracts),
            **({"usage": log_of(*rows)} if rows else {}),
            **(files or {}),
        }
        for name, text in files.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        content = {
            "as_of": date(2026, 9, 30),
            "files": {name: f"{name}.csv" for name in files},
            "tables": {name: {"from": name} for name in files},
        }
        (tmp_path / "sources.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
        products = tmp_path / "products"
        products.mkdir(exist_ok=True)
        content = yaml.safe_load((PRODUCTS / "paper_to_web.yml").read_text(encoding="utf-8"))
        if product:
            content = with_journey(content, product)
        (products / "paper_to_web.yml").write_text(
            yaml.safe_dump(content, allow_unicode=True), encoding="utf-8"
        )
        snapshot = take_snapshot(
            tmp_path / "sources.yml",
            folder=tmp_path / "snapshots",
            products=products,
            today=date(2026, 12, 31),
        )
        return snapshot.read("paper_to_web")

    return take


def test_an_event_without_a_quantity_counts_as_one(reduced):
    table = reduced(("A", 1, "e", None, "u"), ("A", 1, "e", 2.5, "u"))["usage_daily"]
    assert table[["events", "quantity", "users"]].values.tolist() == [[2, 3.5, 1]]


def test_a_user_of_two_events_is_one_active_user(reduced):
    table = reduced(("A", 1, "e", 1, "u"), ("A", 1, "f", 1, "u"), ("A", 1, "f", 1, "v"))["active_daily"]
    assert table["users"].tolist() == [2]


def test_events_without_a_user_have_no_users(reduced):
    data = reduced(("A", 1, "e", 1, None))
    assert data["active_daily"]["users"].tolist() == [0]
    assert data["usage_monthly"]["users"].tolist() == [0, 0]


def test_a_month_counts_each_user_and_day_once(reduced):
    rows = (("A", 1, "e", 1, "u"), ("A", 2, "e", 1, "u"), ("A", 2, "f", 1, "v"), ("A", 31, "f", 1, "u"))
    table = reduced(*rows)["usage_monthly"]
    overall = table[table["event"].isna()].iloc[0]
    assert (overall["events"], overall["users"], overall["days"]) == (4, 2, 3)
    assert set(table["month"].astype(str).str[:10]) == {"2026-05-01"}


def test_a_user_of_two_contracts_is_one_user(reduced):
    head = "account_id,product,occurred_at,event,user_id,contract_id\n"
    rows = "".join(f"A,paper_to_web,2026-05-01,e,u,{c}\n" for c in ("CA", "CA", "other"))
    data = reduced(files={"usage": head + rows})
    for table in ("usage_daily", "active_daily"):
        assert data[table][["events", "users"]].values.tolist() == [[3, 1]]
    assert data["usage_monthly"][["events", "users", "days"]].values.tolist() == [[3, 1, 1], [3, 1, 1]]


def test_sums_of_fractions_are_exact_in_any_order(reduced):
    rows = [("A", 1, "e", q, "u") for q in (0.1, 0.2, 0.3, 1e9, 0.4)]
    assert reduced(*rows)["usage_daily"]["quantity"].tolist() == [1000000001.0]


def journey_of(rule):
    """A journey whose second step, `asked`, has that rule."""
    steps = [
        {"step": "entry", "name": {"en": "Entry", "ja": "開始"}, "rule": {"milestone": "entry"}},
        {"step": "asked", "name": {"en": "Asked", "ja": "対象"}, "rule": rule},
    ]
    return {"steps": steps, "value_step": "asked"}


def reached(reduced, rule, *rows, **other):
    """Account -> day of May 2026 on which the step of that rule is reached."""
    table = reduced(*rows, product=journey_of(rule), **other)["milestones"]
    step_rows = table[table["step"] == "asked"]
    assert step_rows["account_id"].is_unique
    return {a: t.day for a, t in zip(step_rows["account_id"], step_rows["reached_at"], strict=True)}


def test_a_step_is_reached_with_the_event_that_makes_the_number_full(reduced):
    rows = (
        ("A", 1, "e", 9, "u"), ("A", 3, "e", 9, "u"), ("A", 5, "e", 9, "u"), ("A", 2, "x", 9, "u"), ("B", 1, "e", 9, "u")
    )  # fmt: skip
    assert reached(reduced, {"event": "e", "at_least": 2}, *rows) == {"A": 3}


def test_a_step_by_quantity_is_reached_when_the_running_total_is(reduced):
    rows = (
        ("A", 4, "e", 1, "u"), ("A", 1, "e", 4, "u"), ("A", 2, "e", 5, "u"), ("B", 1, "e", 9.5, "u"), ("C", 2, "e", 10, "u")
    )  # fmt: skip
    assert reached(reduced, {"event": "e", "value": "quantity", "at_least": 10}, *rows) == {"A": 4, "C": 2}


def test_an_empty_quantity_adds_one_to_the_running_total(reduced):
    rows = (("A", 1, "e", None, "u"), ("A", 2, "e", None, "u"), ("A", 3, "e", None, "u"))
    assert reached(reduced, {"event": "e", "value": "quantity", "at_least": 2}, *rows) == {"A": 2}


def test_a_step_by_distinct_events_is_reached_with_the_first_of_the_last_kind(reduced):
    rows = (
        ("A", 1, "web.a", 1, "u"), ("A", 2, "web.a", 1, "u"), ("A", 6, "web.b", 1, "u"), ("A", 7, "web.c", 1, "u"),
        ("A", 3, "paper", 1, "u"), ("B", 1, "web.a", 1, "u"), ("B", 2, "web.a", 1, "u"),
    )  # fmt: skip
    assert reached(reduced, {"event": "web.*", "value": "distinct_events", "at_least": 2}, *rows) == {"A": 6}


def test_every_record_of_a_step_is_kept_and_what_else_is_recorded_keeps_its_name(reduced):
    recorded = (
        "account_id,product,step,reached_at,user_id\nA,paper_to_web,kickoff,2026-05-09,\n"
        "A,paper_to_web,kickoff,2026-05-04,U1\nB,paper_to_web,other,2026-05-01,\nC,helpdesk,kickoff,2026-05-01,\n"
        # named as a step whose rule names something else: it is not that step
        "B,paper_to_web,asked,2026-05-02,\n"
    )
    journey = journey_of({"milestone": "kickoff"})
    table = reduced(product=journey, files={"milestones": recorded})["milestones"].fillna({"user_id": ""})
    assert sorted(
        (r.account_id, r.step, r.reached_at.day, r.user_id) for r in table.itertuples()
    ) == [("A", "asked", 4, "U1"), ("A", "asked", 9, ""), ("B", "other", 1, "")]  # fmt: skip


def test_a_step_by_contract_is_reached_with_the_first_one_and_a_renewal_is_none(reduced):
    signed = "contract_id,account_id,product,started_on,ended_on,mrr,currency\n" + "".join(
        f"C{day},A,paper_to_web,2026-05-{day},2026-05-{day + 1},1,JPY\n" for day in (10, 20)
    )
    table = reduced(product=journey_of({"contract": "started"}), files={"contracts": signed})["milestones"]
    step_rows = table[table["step"] == "asked"]
    assert [(a, at.day) for a, at in zip(step_rows["account_id"], step_rows["reached_at"], strict=True)] == [
        ("A", 10)
    ]


def test_a_product_that_counts_users_keeps_each_use_of_each(reduced):
    rows = (
        "account_id,product,occurred_at,event,user_id\n"
        "A,paper_to_web,2026-05-03 12:00,web.a,u\nA,paper_to_web,2026-05-03 09:00,web.b,u\n"
        "A,paper_to_web,2026-05-03 10:00,web.b,v\nA,paper_to_web,2026-05-04 08:00,web.a,u\n"
        "A,paper_to_web,2026-05-05 08:00,paper,u\nA,paper_to_web,2026-05-05 08:00,web.a,\n"
        "stranger,paper_to_web,2026-05-05 08:00,web.a,w\n"
    )
    journey = journey_of({"event": "web.*"}) | {"unit": "user"}
    table = reduced(product=journey, files={"usage": rows})["milestones"]
    assert sorted((r.user_id, str(r.reached_at)) for r in table.itertuples()) == [
        ("u", "2026-05-03 09:00:00"), ("u", "2026-05-03 12:00:00"), ("u", "2026-05-04 08:00:00"),
        ("v", "2026-05-03 10:00:00"),
    ]  # fmt: skip


def test_without_any_table_that_a_rule_reads_there_are_no_milestones(reduced):
    assert reached(reduced, {"milestone": "kickoff"}) == {}


@pytest.mark.parametrize(
    ("pattern", "fitting"),
    [
        ("*", {"web.a", "web.a_b", "web.aXb", "web.100%", "web.100x", "WEB.A", "paper", "a.web.b"}),
        ("web.*", {"web.a", "web.a_b", "web.aXb", "web.100%", "web.100x"}),
        ("web.a", {"web.a"}),
        ("web.a_b", {"web.a_b"}),
        ("web.a_*", {"web.a_b"}),
        ("web.100%", {"web.100%"}),
        ("web.100%*", {"web.100%"}),
        ("*.a", {"web.a"}),
        ("*web*b", {"web.a_b", "web.aXb", "a.web.b"}),
        ("w?b.a", set()),
        ("web.(a|b)", set()),
    ],
)
def test_only_the_star_of_a_pattern_stands_for_any_text(connection, pattern, fitting):
    names = ["web.a", "web.a_b", "web.aXb", "web.100%", "web.100x", "WEB.A", "paper", "a.web.b"]
    table = connection.create_table(ibis.util.gen_name("names"), pd.DataFrame({"event": names}))
    assert set(table.filter(reduce.matches(table.event, pattern)).event.execute()) == fitting


texts = st.text(alphabet="ab.*_%+[(\\", max_size=6)


@settings(max_examples=40, deadline=None)
@given(pattern=texts.filter(bool), names=st.lists(texts.filter(bool), min_size=1, max_size=8))
def test_the_engine_and_pandas_read_a_pattern_alike(connection, pattern, names):
    table = ibis.memtable(pd.DataFrame({"event": names}))
    table = connection.execute(table.select(fits=reduce.matches(table.event, pattern)))["fits"]
    assert table.tolist() == matches_pattern(pd.Series(names, dtype="str"), pattern).tolist()
