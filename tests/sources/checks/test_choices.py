"""What only a person can choose is named with examples and the line to write, and the line does what it says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import ibis
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_helpers.contract.normal import FORMS, normalize, normalize_text
from cs_helpers.contract.policies import Policies
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import SettingError, SourceError
from cs_helpers.report.data_check import advice, describe
from cs_helpers.snapshot.take import check_tables
from cs_helpers.sources.checks import choices
from cs_helpers.sources.engines import open_engines
from cs_helpers.sources.intake import take_in
from cs_helpers.sources.mapping import Sources
from cs_helpers.sources.sources_file import load_sources
from cs_helpers.text import Text

PRODUCTS = Path(__file__).resolve().parents[3] / "data" / "products"
ACCOUNTS = (
    "account_id,name,size,industry\n001,Kita,mid,retail\n002,Minami,small,Retail\n003,Higashi,mid,retail\n"
)
CONTRACTS = "contract_id,account_id,product,started_on,mrr,currency\n" + "".join(
    f"C{i},00{i},helpdesk,2024-01-01,100,JPY\n" for i in (1, 2, 3)
)


@pytest.fixture
def intake(tmp_path):
    """What is taken in of files (name -> CSV): counts, findings, stops, what was kept.

    tables: what the sources file says of each beside `from`; `prepare` gets the engine of the files before.
    """

    def run(files, tables=None, prepare=None, **more):
        contents = {"accounts": ACCOUNTS, "contracts": CONTRACTS, **files}
        for name, text in contents.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        entry = {n: {"from": n, **(tables or {}).get(n, {})} for n in contents}
        content = {"as_of": date(2026, 9, 30), "files": {n: f"{n}.csv" for n in contents}, "tables": entry}
        (tmp_path / "sources.yml").write_text(
            yaml.safe_dump(content | more, allow_unicode=True), encoding="utf-8"
        )
        (tmp_path / "scratch").mkdir(exist_ok=True)
        sources = load_sources(tmp_path / "sources.yml")
        with open_engines(sources, tmp_path, tmp_path / "scratch") as engines:
            if prepare:
                prepare(engines.hub)
            result = take_in(engines, sources, today=date(2026, 12, 31), reductions=tmp_path / "reduced")
            rows = {n: t.execute() for n, t in result.kept.items()}
            if result.usage is not None:
                rows["usage"] = result.usage.table("usage_daily").execute()
            refused = {n: list(t.order_by("source_row").execute().rules) for n, t in result.rejected.items()}
            return result, rows, refused

    return run


def of(result, rule):
    """The findings of a rule."""
    return [f for f in result.findings if f.rule == rule]


# --- rows that repeat another --------------------------------------------------------------------


def test_identical_rows_of_a_public_kind_of_export_are_named_with_their_count(shared_data, tmp_path):
    file = shared_data / "exports" / "43_keyless_duplicates" / "sources.yml"
    checked = check_tables(file, folder=tmp_path, products=PRODUCTS, today=date(2026, 12, 31))
    result = of(checked, "identical_rows")
    assert {f.table: (f.policy, f.count) for f in result} == {
        "surveys": ("warn", 2), "touches": ("warn", 1), "usage": ("warn", 2)
    }  # fmt: skip
    surveys = next(f for f in result if f.table == "surveys")
    assert surveys.examples == ((2, "A001", "A001"), (3, "A001", "A001"))
    assert (checked.rows_read, checked.stops) == (checked.rows_kept, ())
    assert surveys.write.splitlines() == [
        "tables.surveys.duplicates: drop",
        "tables.surveys.duplicates: keep",
    ]
    assert "tables.surveys.duplicates: drop" in advice(surveys, Text("ja"))
    assert (
        describe(surveys, Text("en"))
        == "Rows of surveys that repeat another row in every column that is read: 2"
    )


SURVEYS = "account_id,product,answered_on,nps,comment\n" + "".join(
    f"{a},helpdesk,2026-08-01,{nps},{comment}\n"
    for a, nps, comment in [
        ("001", 2, ""),
        ("001", 2, ""),
        ("001", 3, ""),
        ("001", 2, "x"),
        ("001", "", ""),
        ("001", "", ""),
    ]
)
TOUCHES = "account_id,product,occurred_at,kind\n" + "001,helpdesk,2026-08-01 10:00:00,meeting\n" * 2
USAGE = "account_id,product,occurred_at,event\n" + "".join(
    f"{a},helpdesk,2026-08-0{day} 10:00:00,{event}\n"
    for a, day, event in [
        ("001", 1, "reply"),
        ("001", 1, "reply"),
        ("001", 1, "reply"),
        ("002", 1, "reply"),
        ("002", 2, ""),
        ("002", 2, ""),
    ]
)


def test_what_is_said_of_repeats_is_done_and_the_books_balance(intake):
    files = {"surveys": SURVEYS, "touches": TOUCHES, "usage": USAGE}
    entry = {
        "surveys": {"duplicates": "drop"},
        "touches": {"duplicates": "keep"},
        "usage": {"duplicates": "drop"},
    }
    result, rows, refused = intake(files, entry)
    assert {f.table: (f.policy, f.count, f.write) for f in of(result, "identical_rows")} == {
        "surveys": ("reject", 2, ""), "usage": ("reject", 3, "")
    }  # fmt: skip
    assert len(rows["surveys"]) == 4
    assert len(rows["touches"]) == 2
    assert rows["usage"].events.sum() == result.rows_kept["usage"] == 2
    assert refused["surveys"] == ["surveys:identical_rows"] * 2
    assert refused["usage"] == [
        "usage:identical_rows", "usage:identical_rows", "event:missing_value", "event:missing_value usage:identical_rows"
    ]  # fmt: skip
    for name in files:
        assert result.rows_read[name] == result.rows_kept[name] + len(refused.get(name, []))
    # what was reduced under another choice is not used again
    result, rows, _ = intake(files, {n: {"duplicates": "keep"} for n in files})
    assert of(result, "identical_rows") == []
    assert rows["usage"].events.sum() == result.rows_kept["usage"] == 4


def test_a_large_log_is_not_looked_through_unless_it_is_asked_for(intake, monkeypatch):
    monkeypatch.setattr(choices, "MAX_COMPARED_ROWS", 5)
    assert of(intake({"usage": USAGE})[0], "identical_rows") == []
    result, rows, _ = intake({"usage": USAGE}, {"usage": {"duplicates": "drop"}})
    assert [f.count for f in of(result, "identical_rows")] == [3]
    assert rows["usage"].events.sum() == 2


def test_duplicates_are_said_of_tables_without_a_key_only(intake):
    with pytest.raises(SettingError, match=r"duplicates is for tables without a key.*contract_id"):
        intake({}, {"contracts": {"duplicates": "drop"}})
    with pytest.raises(SourceError, match="rows that share a usage_id the first is kept"):
        intake(
            {"usage": USAGE.replace("account_id", "usage_id,account_id").replace("\n00", "\nE1,00")},
            {"usage": {"duplicates": "drop"}},
        )


@pytest.mark.parametrize(
    ("entry", "stops"), [({}, True), ({"duplicates": "drop"}, False), ({"duplicates": "keep"}, False)]
)
def test_files_of_one_pattern_that_overlap_stop_with_two_of_their_names(intake, tmp_path, entry, stops):
    head, *lines = SURVEYS.splitlines()
    parts = tmp_path / "parts"
    parts.mkdir()
    for name, some in (("june.csv", lines[2:4]), ("july.csv", lines[2:5]), ("may.csv", lines[:2])):
        (parts / name).write_text("\n".join([head, *some]) + "\n")

    def prepare(hub):  # the view that is written as it stands, with the file of each row
        hub.raw_sql(
            'CREATE OR REPLACE VIEW "surveys as written" AS SELECT * EXCLUDE filename, filename AS source_file FROM'
            f" read_csv('{parts}/*.csv', all_varchar=true, filename=true)"
        ).fetchall()

    result, rows, _ = intake({"surveys": SURVEYS}, {"surveys": entry}, prepare)
    assert [s.sentence for s in result.stops] == [
        "table 'surveys': 2 rows stand in more than one of its files, for instance in july.csv and june.csv; write"
        " 'tables.surveys.duplicates: drop' in the sources file if the files overlap, 'tables.surveys.duplicates: keep' if each of these rows counts"
    ][: int(stops)]
    assert len(rows["surveys"]) == (4 if entry == {"duplicates": "drop"} else 7)


# --- names in two spellings ----------------------------------------------------------------------


def test_names_that_differ_in_case_width_or_blanks_are_named_with_the_line_to_write(intake):
    steps = ["kickoff", "kickoff", "Kickoff", "kick off", "ｋｉｃｋｏｆｆ", "value"]
    milestones = "account_id,product,step,reached_at\n" + "".join(
        f"001,helpdesk,{step},2026-05-0{i} 10:00:00\n" for i, step in enumerate(steps, 1)
    )
    usage = USAGE.replace("002,helpdesk,2026-08-01 10:00:00,reply", "002,helpdesk,2026-08-01 10:00:00,Reply")
    result, _, _ = intake(
        {"milestones": milestones, "usage": usage},
        {"milestones": {"columns": {"step": {"column": "step", "values": {"x": "Kickoff"}}}}},
    )
    spelled = {f.table: f for f in of(result, "differ_in_case")}
    assert {n: (f.column, f.policy, f.count) for n, f in spelled.items()} == {
        "milestones": ("step", "warn", 3), "usage": ("event", "warn", 1)
    }  # fmt: skip
    line = yaml.safe_load(spelled["milestones"].write)["tables.milestones.columns.step"]
    assert line["values"] == {
        "x": "kickoff",
        "Kickoff": "kickoff",
        "kick off": "kickoff",
        "ｋｉｃｋｏｆｆ": "kickoff",
    }
    again, rows, _ = intake({"milestones": milestones}, {"milestones": {"columns": {"step": line}}})
    assert not [f for f in of(again, "differ_in_case") if f.table == "milestones"]
    assert sorted(rows["milestones"].step.unique()) == ["kickoff", "value"]


# --- keys that would match if they were written alike --------------------------------------------


KEYS = [
    ("A001\u00a0", "A001", ["trim"]),
    ("\u3000A001", "A001", ["trim"]),
    ("Ａ００１", "A001", ["width"]),
    ("ｶﾞ1", "ガ1", ["width"]),
    ("a001", "A001", ["case"]),
    ("123.0", "123", ["point_zero"]),
    ("00123", "123", ["zeros"]),
    ("00123.0", "123", ["point_zero", "zeros"]),
    ("001A000001abcDE", "001A000001abcDEIAY", ["salesforce"]),
]


@pytest.mark.parametrize(("strange", "known", "forms"), KEYS)
def test_a_key_that_is_written_otherwise_is_named_with_the_fewest_forms(strange, known, forms):
    sources = Sources.model_validate(
        {"tables": {"tickets": {"from": "t", "columns": {"account_id": "Konto Nr"}}}}
    )
    result = choices.unmatched_key_finding(
        {strange: (7, 3), "other": (9, 1)}, [known, "Z9"], TABLES["tickets"], "reject", sources
    )
    assert (result.rule, result.column, result.count, result.detail) == (
        "would_match",
        "account_id",
        7,
        "accounts",
    )
    assert result.write == (
        f"tables.tickets.columns.account_id: {{column: Konto Nr, normalize: [{', '.join(forms)}]}}"
    )
    assert normalize_text(strange, forms) == known
    row, key, other = result.examples[0]
    assert (row, other) == (3, f"accounts {known}")
    assert key == {"A001\u00a0": "A001\\u00a0", "\u3000A001": "\\u3000A001"}.get(strange, strange)


def test_the_example_of_salesforce_is_the_published_one():
    """https://help.salesforce.com: 15 letters, case-sensitive, and the 18 that any program may compare."""
    assert normalize_text("001A0000006Vm9r", ["salesforce"]) == "001A0000006Vm9rIAC"
    assert normalize_text("001A0000006Vm9rIAC", ["salesforce"]) == "001A0000006Vm9rIAC"


def test_keys_that_meet_two_or_none_are_not_joined():
    sources = Sources.model_validate({"tables": {"tickets": {"from": "t"}}})
    assert choices.unmatched_key_finding({"a1": (1, 1)}, ["A2"], TABLES["tickets"], "reject", sources) is None
    assert (
        choices.unmatched_key_finding({"01": (1, 1)}, ["1.0", "1.00"], TABLES["tickets"], "reject", sources)
        is None
    )
    # a line that would make one customer of two is not proposed
    result = choices.unmatched_key_finding(
        {"09": (1, 1)}, ["9", "1", "01"], TABLES["tickets"], "reject", sources
    )
    assert (result.count, result.write) == (1, "")
    assert advice(result, Text("en")) == ""


def test_keys_are_joined_where_the_lines_are_written_and_only_there(intake):
    tickets = "ticket_id,account_id,product,opened_at\nT1,1,helpdesk,2026-05-01\nT2,2.0,helpdesk,2026-05-01\nT3,9,helpdesk,2026-05-01\n"
    usage = USAGE.replace("001,", "1\u00a0,")
    result, _, _ = intake({"tickets": tickets, "usage": usage})
    near = {f.table: f for f in of(result, "would_match")}
    assert {n: (f.policy, f.count) for n, f in near.items()} == {
        "tickets": ("reject", 2),
        "usage": ("reject", 3),
    }
    assert near["tickets"].examples == ((1, "1", "accounts 001"), (2, "2.0", "accounts 002"))
    assert near["usage"].examples == ((0, "1\\u00a0", "accounts 001"),)
    assert (result.rows_kept["tickets"], result.rows_kept["usage"]) == (0, 1)
    assert any(
        "all 3 rows were refused" in s.sentence and "normalize: [point_zero, zeros]" in s.sentence
        for s in result.stops
    )
    forms = near["tickets"].write.split("; ")
    assert [line.split(".")[1] for line in forms] == [
        "accounts",
        "contracts",
        "usage",
        "tickets",
    ]  # all change
    line = {"column": "account_id", "normalize": ["zeros", "trim", "point_zero"]}
    entry = {n: {"columns": {"account_id": line}} for n in ("accounts", "contracts", "usage", "tickets")}
    result, rows, _ = intake({"tickets": tickets, "usage": usage}, entry)
    assert sorted(rows["accounts"].account_id) == ["1", "2", "3"]
    assert (result.rows_kept["tickets"], result.rows_kept["usage"]) == (2, 4)
    assert of(result, "would_match") == []


def test_normalize_is_for_texts(intake):
    with pytest.raises(SettingError, match="normalize is for keys and other texts"):
        intake({}, {"contracts": {"columns": {"mrr": {"column": "mrr", "normalize": ["trim"]}}}})


def test_where_orphans_stop_so_do_keys_that_are_written_otherwise():
    sources = Sources.model_validate({"tables": {"tickets": {"from": "t"}}})
    result = choices.unmatched_key_finding(
        {"01": (1, 1)},
        ["1"],
        TABLES["tickets"],
        Policies({"orphan": "stop"}).of("tickets", "account_id", "orphan"),
        sources,
    )
    assert result.policy == "stop"


TEXTS = st.text(st.sampled_from("aAzZ019 .-\t\u00a0\u3000\u200bＡａ０ｶﾊﾞﾟガé"), max_size=8)


@settings(max_examples=5, deadline=None)
@given(
    texts=st.lists(TEXTS, min_size=30, max_size=60, unique=True),
    forms=st.sets(st.sampled_from(FORMS), min_size=1),
)
def test_an_engine_and_python_write_a_key_alike(texts, forms):
    agree(ibis.duckdb.connect(), [*texts, "001A0000006Vm9r", "000", "0", "+07.00", "ﾊﾞｯｸ ﾊﾟｽ"], forms)


@pytest.mark.thorough
@pytest.mark.parametrize("engine", ["postgres", "spark"])
def test_other_engines_write_a_key_alike(request, engine):
    server = request.getfixturevalue(engine)
    backend = server.connect() if engine == "postgres" else ibis.pyspark.connect(server)
    texts = [k for pair in KEYS for k in pair[:2]] + ["", " ", "000", "ﾊﾞｯｸ ﾊﾟｽ", "001A0000006Vm9r"]
    agree(backend, texts, *([form] for form in FORMS), FORMS)


def agree(backend, texts, *choices):
    """That the expression gives for each text, in each choice of forms, what Python does."""
    quoted = ", ".join("('" + t.replace("'", "''") + "')" for t in texts)
    rows = backend.sql(f"SELECT col1 AS text FROM (VALUES {quoted}) AS v(col1)")
    result = rows.select(
        "text", **{f"form_{i}": normalize(rows.text, forms, backend.name) for i, forms in enumerate(choices)}
    )
    entry = (
        result.execute()
        if backend.name != "pyspark"
        else backend._session.sql(backend.compile(result)).toPandas()
    )
    for i, forms in enumerate(choices):
        assert list(entry[f"form_{i}"]) == [normalize_text(t, forms) for t in entry.text]
