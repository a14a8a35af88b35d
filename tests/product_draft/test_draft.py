"""A first product file says what the data has: the planted journeys come out, and each number in it is true."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
import yaml
from builders import ANALYSES, results_of
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cs_helpers.contract.products import Product, load_product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.editions.disclosure import apply_disclosure
from cs_helpers.product_draft.data import DraftData, load_draft_data
from cs_helpers.product_draft.draft import draft
from cs_helpers.product_draft.steps import common_path, make_slugs, order_by_time
from cs_helpers.snapshot.take import take_snapshot

ROOT = Path(__file__).resolve().parents[2]


def load_text(text: str) -> Product:
    return Product.model_validate(yaml.safe_load(text))


def write_and_load(text: str, folder: Path, name: str) -> Product:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return load_product(folder / f"{name}.yml")


def guess(text: str, line: str) -> str:
    """What is said beside the one line that begins so."""
    result = [row for row in text.splitlines() if row.strip().startswith(line)]
    assert len(result) == 1, result
    return result[0].partition("# guess: ")[2]


def rule_guess(text: str, step: str) -> str:
    return re.search(rf"step: {step}\n.*\n.*# guess: (.*)", text)[1]


# --- the sample data, whose journeys were planted


@pytest.fixture(scope="module")
def sample_drafts(home, sample_folder, tmp_path_factory):
    folder, sources = tmp_path_factory.mktemp("asked"), sample_folder / "sources.yml"
    shutil.copytree(
        home / "data" / "snapshots" / ".reduced", folder / ".reduced"
    )  # the log is reduced already
    return {
        name: draft(
            load_draft_data(sources, name, folder=folder, products=ROOT / "data" / "products"), "sources.yml"
        )
        for name in ("paper_to_web", "helpdesk")
    }


@pytest.mark.parametrize(
    ("name", "planted"),
    [
        ("paper_to_web", ["contract", "kickoff", "web", "recipients_registered", "web_3", "all_outgoing"]),
        ("helpdesk", ["contract", "kickoff", "ticket_created", "template_used", "article_viewed"]),
    ],
)
def test_the_order_of_a_planted_journey_is_found(sample_drafts, name, planted):
    steps = [step.step for step in load_text(sample_drafts[name]).journey.steps]
    # letters are sent before anybody kicks off, and the sample's own journey has no step of them
    assert [step for step in steps if step != "paper"] == planted


def test_the_numbers_beside_a_step_are_those_of_the_tables(sample_drafts, sample_folder):
    """Counted with plain pandas from the files: who began in the log, kicked off, and the days between."""
    contracts = pd.read_csv(sample_folder / "contracts.csv", parse_dates=["started_on"])
    milestones = pd.read_csv(sample_folder / "milestones.csv", parse_dates=["reached_at"])
    usage = pd.read_parquet(
        sample_folder / "usage.parquet", columns=["account_id", "product", "event", "occurred_at"]
    )
    usage = usage[usage["product"] == "helpdesk"]
    started = contracts[contracts["product"] == "helpdesk"].groupby("account_id")["started_on"].min()
    kicked = milestones[(milestones["product"] == "helpdesk") & (milestones["step"] == "kickoff")]
    kicked = kicked.groupby("account_id")["reached_at"].min()
    since = max(
        usage["occurred_at"].min(), milestones[milestones["product"] == "helpdesk"]["reached_at"].min()
    )
    watched = started[started >= since.normalize()]
    both = (kicked - watched).dropna()
    text = sample_drafts["helpdesk"]
    assert rule_guess(text, "kickoff") == (
        f"reached by {len(both)} of {len(watched)} accounts; with or after Contract in {len(both)} of the {len(both)}"
        f" that reached both, by a median of {both.median() / timedelta(days=1):.1f} days"
    )
    assert f"# Of {len(started)} accounts, the {len(watched)} were looked at" in text


@pytest.mark.parametrize("name", ["paper_to_web", "helpdesk"])
def test_the_customers_of_each_level_are_as_many_as_the_report_finds(sample_drafts, sample_snapshot, name):
    data = replace(sample_snapshot.read(name), product=load_text(sample_drafts[name]))
    result = ANALYSES["maturity"].analyse(data, Quarter(2026, 3)).tables["levels"]["level"]
    comments = [int(n) for n in re.findall(r"guess: (\d+) of \d+ customers meet this", sample_drafts[name])]
    assert comments == [(result >= level).sum() for level in (1, 2, 3, 4)]
    assert f"{comments[0]} of {len(result)} customers" in sample_drafts[name]


def test_numbers_of_a_week_and_a_month_are_drafted_with_what_speaks_for_them(sample_drafts, sample_folder):
    text, product = sample_drafts["helpdesk"], load_text(sample_drafts["helpdesk"])
    tickets = pd.read_csv(sample_folder / "tickets.csv")
    year = tickets[(tickets["product"] == "helpdesk") & (tickets["opened_at"] >= "2025-10-01")]
    assert guess(text, "- id: tickets_per_account") == f"{len(year)} tickets in a year"
    for id_, column, what in (
        ("first_answer", "answered_at", "a first answer"),
        ("time_to_resolve", "closed_at", "an end"),
    ):
        known = year[column].notna().sum()
        assert (
            guess(text, f"- id: {id_}") == f"{known} of {len(year)} tickets of a year have the time of {what}"
        )
    assert {b.id: b.every for b in product.baselines if b.every != "day"} == {
        "tickets_per_account": "week", "first_answer": "week", "time_to_resolve": "week", "touches": "week",
        "customers_lost": "month", "mrr_lost": "month",
    }  # fmt: skip
    assert [b.by for b in product.baselines if b.id == "daily_active_users"] == ["size"]
    assert product.calendar.country == "JP"
    assert guess(text, "country: JP") == "all amounts are in yen"


# --- the order of steps, by hand

DAY = datetime(2026, 1, 1)


def times(**steps: dict[str, float]) -> dict[str, pd.Series]:
    """step -> account -> day."""
    return {
        step: pd.Series(
            {account: DAY + timedelta(days=day) for account, day in by.items()}, dtype="datetime64[us]"
        )
        for step, by in steps.items()
    }


def test_a_step_that_comes_first_more_often_stands_first():
    # three of four take a before b; c is reached by one account, before both of theirs
    result = order_by_time(
        times(b={"w": 2, "x": 2, "y": 2, "z": 1}, a={"w": 1, "x": 1, "y": 1, "z": 2}, c={"w": 0})
    )
    assert result == ["c", "a", "b"]


def test_steps_that_always_come_together_stand_as_more_accounts_reach_them():
    assert order_by_time(times(a={"x": 1, "y": 1}, b={"x": 1, "y": 1, "z": 1})) == ["b", "a"]


def test_steps_in_a_cycle_have_an_order():
    # a before b (2 of 3), b before c (2 of 3), c before a (2 of 3): nothing but the names tells them apart
    round_ = times(
        a={"x": 1, "y": 3, "z": 2},
        b={"x": 2, "y": 1, "z": 3},
        c={"x": 3, "y": 2, "z": 1},
    )
    assert order_by_time(round_) == ["a", "b", "c"]
    # one more account that takes c, a, b: c and a are first more often than b
    more = times(
        a={"x": 1, "y": 3, "z": 2, "u": 2},
        b={"x": 2, "y": 1, "z": 3, "u": 3},
        c={"x": 3, "y": 2, "z": 1, "u": 1},
    )
    assert order_by_time(more) == ["c", "a", "b"]


def test_steps_that_nobody_reached_both_of_stand_as_more_reached_them():
    assert order_by_time(times(a={"x": 1}, b={"y": 5, "z": 5})) == ["b", "a"]


def reached(*accounts: str) -> pd.Series:
    return pd.Series(DAY, index=list(accounts))


def test_an_end_that_most_accounts_reach_on_another_path_is_not_a_step():
    # four are refused; of those only one had an offer, and everybody asked
    ask, offer, accept, refuse = reached(*"abcdef"), reached(*"abc"), reached(*"ab"), reached(*"cdef")
    assert common_path([ask, offer, accept, refuse], 1) == [0, 1, 2]


def test_a_detour_of_few_accounts_is_not_a_step():
    # one goes by a call, and all by the rest: not those are beside the way
    assert common_path([reached("a"), reached(*"abcd"), reached(*"abc")], 1) == [1, 2]


def test_a_step_that_half_of_those_after_it_took_stays():
    assert common_path([reached(*"ab"), reached(*"abcd")], 1) == [0, 1]
    assert common_path([reached("a"), reached(*"abc")], 1) == [1]
    assert common_path([reached("a"), reached(*"abc")], 2) == [0, 1]


def test_steps_beside_the_common_path_are_named(company):
    rows = "".join(
        f"A{n},desk,{step},2026-0{month}-10 00:00:00\n"
        for step, month, who in (
            ("asked", 2, "12345"),
            ("offer", 3, "123"),
            ("paid", 4, "12"),
            ("refused", 5, "345"),
        )
        for n in who
    )
    text, _ = company(milestones="account_id,product,step,reached_at\n" + rows)
    assert [s.step for s in load_text(text).journey.steps] == ["contract", "asked", "offer", "paid"]
    assert "# Left out: 'refused', reached by 3 of 5 accounts, beside the way that most go." in text


@settings(max_examples=40, deadline=None)
@given(
    order=st.permutations(list("abcde")),
    reached=st.lists(st.integers(1, 5), min_size=1, max_size=12).map(lambda counts: [5, *counts]),
    given_as=st.permutations(list("abcde")),
)
def test_a_common_order_is_found_wherever_accounts_stop(order, reached, given_as):
    by = {
        step: {
            f"A{n}": n * 0.1 + order.index(step)
            for n, count in enumerate(reached)
            if order.index(step) < count
        }
        for step in given_as
    }
    assert order_by_time(times(**by)) == list(order)


def test_names_become_unique_keys():
    assert make_slugs(["go live", "go_live", "Go-Live!", "初回設定", "x" * 50]) == [
        "go_live_2", "go_live", "go_live_3", "step_4", "x" * 36,
    ]  # fmt: skip


# --- small companies, by hand

ACCOUNTS = "account_id,name,size,industry\n" + "".join(f"A{n},C{n},mid,retail\n" for n in range(1, 6))
CONTRACTS = "contract_id,account_id,product,started_on,ended_on,mrr,currency\n" + "".join(
    f"K{n},A{n},desk,2026-01-0{n},,{100 * (n - 1)},JPY\n" for n in range(1, 6)
)
#: kick-off, then training, then go-live; A2 trains twice, A3 goes live first of all, one is a one-off
MILESTONES = """account_id,product,step,reached_at
A1,desk,kickoff,2026-01-11 00:00:00
A1,desk,研修: "基本",2026-01-21 00:00:00
A1,desk,go live,2026-02-10 00:00:00
A2,desk,kickoff,2026-01-12 00:00:00
A2,desk,研修: "基本",2026-01-16 00:00:00
A2,desk,研修: "基本",2026-03-01 00:00:00
A2,desk,go live,2026-02-20 00:00:00
A3,desk,go live,2026-01-05 00:00:00
A3,desk,kickoff,2026-01-23 00:00:00
A4,desk,kickoff,2026-01-24 00:00:00
""".replace('研修: "基本"', '"研修: ""基本"""')


@pytest.fixture
def company(tmp_path):
    """Asks a small company: `company(milestones=..., usage=...)` gives (text, sources file)."""

    def make(name="desk", **files):
        tables = {"accounts": ACCOUNTS, "contracts": CONTRACTS} | files
        for table, text in tables.items():
            (tmp_path / f"{table}.csv").write_text(text, encoding="utf-8")
        comments = {
            "as_of": date(2026, 6, 30),
            "files": {table: f"{table}.csv" for table in tables},
            "tables": {table: {"from": table} for table in tables},
        }
        sources = tmp_path / "sources.yml"
        sources.write_text(yaml.safe_dump(comments), encoding="utf-8")
        (tmp_path / "products").mkdir(exist_ok=True)
        result = load_draft_data(sources, name, folder=tmp_path / "snapshots", products=tmp_path / "products")
        return draft(result, "sources.yml"), sources

    return make


def reports(text: str, sources: Path) -> None:
    """The draft is taken as it is, and every page's analysis runs on it."""
    folder = sources.parent
    product = write_and_load(text, folder / "products", "desk")
    taken = take_snapshot(sources, folder=folder / "snapshots", products=folder / "products")
    data = taken.read("desk")
    assert data.product == product
    for name, result in results_of(data, Quarter(2026, 2)).items():
        shown = apply_disclosure(result, ANALYSES[name].declares.discloses, show_staff=True)
        assert shown.shows is not None


def test_milestones_alone_give_a_journey_with_its_numbers(company):
    text, sources = company(milestones=MILESTONES)
    product = load_text(text)
    assert [s.step for s in product.journey.steps] == ["contract", "kickoff", "step_3", "go_live"]
    assert [s.name.ja for s in product.journey.steps] == ["契約", "キックオフ", '研修: "基本"', "本番稼働"]
    assert product.journey.steps[2].rule.milestone == '研修: "基本"'
    assert rule_guess(text, "contract") == "reached by 5 of 5 accounts"
    # waits from the contract: 10, 10, 20 and 20 days
    assert rule_guess(text, "kickoff") == (
        "reached by 4 of 5 accounts; with or after Contract in 4 of the 4 that reached both, by a median of 15 days"
    )
    # the first training counts: 10 and 4 days after the kick-off
    assert rule_guess(text, "step_3").endswith(
        "reached by 2 of 5 accounts; with or after Kick-off in 2 of the 2 that reached both, by a median of 7 days"
    )
    # three go live, two of them trained: 20 and 35 days after that
    assert rule_guess(text, "go_live") == (
        'reached by 3 of 5 accounts; with or after 研修: "基本" in 2 of the 2 that reached both, by a median of 27.5 days'
    )
    assert product.journey.value_step == "go_live"
    assert guess(text, "value_step").endswith("within 180 days of the entry (3 of 5)")
    assert "Nothing was found in: usage, touches, tickets." in text
    reports(text, sources)


def test_contracts_alone_give_a_file_that_says_what_it_could_not_guess(company):
    text, sources = company()
    product = load_text(text)
    assert [s.step for s in product.journey.steps] == ["contract", "first_use"]
    assert rule_guess(text, "first_use") == "nothing: the data has no use; this waits for a usage table"
    assert "Nothing was found in: usage, milestones, touches, tickets." in text
    assert text.count("nothing: no use in the data, so the bounds are examples") == 4
    assert guess(text, "touch_mix").startswith("nothing: no row has a touch model")
    # K1 has an MRR of 0, and a question about it would stop the first report
    assert product.customers.zero_mrr == "customer"
    assert guess(text, "zero_mrr") == "1 of 5 contracts have an MRR of 0; say not_customer if those are none"
    reports(text, sources)


def usage(*rows: tuple[str, str, str]) -> str:
    return "account_id,product,occurred_at,event\n" + "".join(f"{a},desk,{t},{e}\n" for a, t, e in rows)


def test_one_event_gives_levels_by_how_much_it_is_used(company):
    # in the second quarter A1 does it once, A2 twice, A3 four times and A4 eight times; A5 never
    rows = [
        (account, f"2026-0{4 + n % 3}-1{n} 10:00:00", "=export, all*")
        for account, count in (("A1", 1), ("A2", 2), ("A3", 4), ("A4", 8))
        for n in range(count)
    ]
    text, sources = company(usage=usage(*rows).replace("=export, all*", '"=export, all*"'))
    product = load_text(text)
    assert [s.step for s in product.journey.steps] == ["contract", "export_all"]
    assert product.journey.steps[1].rule.event == "=export, all*"
    # quartiles of 1, 2, 4, 8: 1.75, 3 and 5; and 4 of 5 customers use it
    bounds = [level.conditions[0].at_least for level in product.maturity.levels]
    assert bounds == [1, 2, 3, 5]
    comments = re.findall(r"guess: (\d of 5) customers meet this", text)
    assert comments == ["4 of 5", "3 of 5", "2 of 5", "1 of 5"]
    days = next(m for m in product.health.measures if m.id == "active_days")
    # days of use in three months 0, 1, 2, 4, 8: the 10th percentile is 0.4, the 75th 4
    assert (days.red, days.green, days.measure.months) == (0, 4, 3)
    # the entry of the playbook waits for the step as long as it says; the last one is for people to see
    waits, looks = product.playbook
    assert waits.rule is not None
    assert (waits.rule.waits_for, f" {waits.rule.days} days" in waits.when.en) == ("export_all", True)
    assert looks.rule is None
    # who does what no data tells: it stands there as comments, which are a valid file once they are taken for true
    assert (product.organisation, product.means) == (None, ())
    lines = re.sub(r"(?m)^# (?=organisation:|means:| )", "", text)
    filled = load_text(lines)
    assert filled.organisation is not None
    [answers] = filled.organisation.roles
    assert (answers.steps, answers.plays) == (("export_all",), ("export_all",))
    [session] = filled.means
    assert (session.steps, session.plays, session.capacity) == (("export_all",), ("export_all",), 10)
    reports(text, sources)


def test_an_event_before_the_contract_is_described_as_such(company):
    text, _ = company(usage=usage(*((f"A{n}", "2025-12-01 10:00:00", "trial") for n in range(1, 5))))
    assert (
        rule_guess(text, "trial")
        == "reached by 4 of 5 accounts; before Contract in 4 of the 4 that reached both"
    )


def test_of_many_steps_the_distant_ones_and_the_last_are_kept():
    waits = (0, 5, 1, 5, 5, 0.5, 5, 5, 5, 0.1)  # days after the step before
    days = [sum(waits[: n + 1]) for n in range(10)]
    rows = pd.DataFrame(
        [
            (f"A{a:02}", "desk", f"step {n}", DAY + timedelta(days=a + days[n]))
            for a in range(20)
            for n in range(10)
        ]
        + [("A07", "desk", "odd", DAY)],
        columns=["account_id", "product", "step", "reached_at"],
    )
    text = draft(DraftData("desk", True, ("desk",), date(2026, 6, 30), {"milestones": rows}), "log.yml")
    # the last is close behind the ninth, which goes, and the sixth behind the fifth
    assert [s.name.en for s in load_text(text).journey.steps] == [
        f"step {n}" for n in (0, 1, 2, 3, 4, 6, 7, 9)
    ]
    assert "# Left out: 'step 5', reached by 20 of 20 accounts, close to another step." in text
    assert "# Left out: 'step 8', reached by 20 of 20 accounts, close to another step." in text
    assert "# Left out: 'odd', reached by 1 of 20 accounts.\n" in text


def test_a_product_that_no_row_names_is_drafted_from_all_and_says_so(company):
    text, _ = company("payroll", milestones=MILESTONES)
    assert load_text(text).product == "payroll"
    assert "# No row names the product 'payroll': all numbers are of the rows that name desk." in text
    assert [s.step for s in load_text(text).journey.steps] == ["contract", "kickoff", "step_3", "go_live"]


def test_touches_tickets_surveys_and_judgements_are_counted(company):
    text, sources = company(
        touches="account_id,product,occurred_at,touch_model,kind,content\n"
        + "".join(f"A1,desk,2026-05-0{n} 10:00:00,{m},mail,news\n" for n, m in ((1, "high"), (2, "tech"), (3, "tech")))
        + "A2,desk,2026-05-04 10:00:00,,churn_notice,too expensive for us\n",
        tickets="ticket_id,account_id,product,opened_at\nT1,A1,desk,2026-05-01 10:00:00\nT2,A1,desk,2026-05-01 11:00:00\n",
        surveys="account_id,product,answered_on,nps\nA1,desk,2026-05-01,7\nA2,desk,2026-05-01,\n",
        assessments="account_id,product,assessed_on,measure,score\nA1,desk,2026-05-01,Champion?,4\nA2,desk,2026-05-01,Champion?,1\n",
    )  # fmt: skip
    product = load_text(text)
    assert product.touch_mix == {"high": 0.33, "low": 0.0, "tech": 0.67, "community": 0.0}
    assert guess(text, "touch_mix").startswith("the touch models of 3 touches")
    assert set(product.subjects) == {"news"}  # what a customer said stands in no product file
    assert {m.id for m in product.health.measures} == {"tickets", "champion", "nps"}
    assert product.health.measures[1].measure.name == "Champion?"
    assert "1 answers, the median is 7" in text
    assert "2 judgements of 2 accounts, the median is 2.5" in text
    # both tickets were opened on the first of the 61 days from then on
    assert guess(text, "- id: tickets_opened") == "rows on 1 of 61 days, from 0 to 2 a day, the median is 0"
    assert {b.id for b in product.baselines} == {"tickets_opened"}  # too few for numbers of a week
    reports(text, sources)


@pytest.mark.parametrize("name", ["true", "1e3", "2026"])
def test_a_name_that_yaml_reads_as_another_type_is_quoted(name):
    assert load_text(draft(DraftData(name, True, (name,), date(2026, 6, 30), {}), "log.yml")).product == name


@settings(max_examples=20, deadline=None)
@given(
    names=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50),
        min_size=1,
        max_size=6,
        unique=True,
    )
)
@example(names=[" ", "\x1f", "\x1e"])
@example(names=["a\n- b: c", "# not a comment", "{en: x}", "yes", " ", "*"])
def test_whatever_steps_are_called_the_file_loads_and_names_them(names):
    rows = pd.DataFrame(
        {"account_id": "A1", "product": "desk", "step": names, "reached_at": pd.Timestamp("2026-01-01")}
    )
    product = load_text(
        draft(DraftData("desk", True, ("desk",), date(2026, 6, 30), {"milestones": rows}), "log.yml")
    )
    recorded = [s.rule.milestone for s in product.journey.steps if s.rule.milestone]
    assert sorted(recorded) == sorted(names)


def test_without_contracts_the_first_milestone_is_the_entry():
    rows = pd.DataFrame(
        {
            "account_id": ["A1", "A1", "A2", "A2"], "product": "desk", "step": ["signed", "live", "signed", "live"],
            "reached_at": pd.to_datetime(["2026-01-01", "2026-01-03", "2026-01-02", "2026-01-08"]),
        }
    )  # fmt: skip
    text = draft(DraftData("desk", True, ("desk",), date(2026, 6, 30), {"milestones": rows}), "log.yml")
    product = load_text(text)
    assert [s.step for s in product.journey.steps] == ["signed", "live"]
    assert rule_guess(text, "live").endswith("by a median of 4 days")
    assert "zero_mrr" in text
    assert product.customers.zero_mrr is None


def test_a_draft_without_data_loads():
    text = draft(DraftData("desk", False, (), date(2026, 6, 30), {}), "log.yml")
    assert [s.step for s in load_text(text).journey.steps] == ["first_use", "uses_10"]
    assert "# Rows were found in: no table." in text
    assert "rows that name no product" in text
