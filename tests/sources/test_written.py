"""Numbers and dates as people export them are read exactly as declared, and what is not so written is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_helpers.contract.findings import Finding
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import ContractError, SettingError
from cs_helpers.sources.checks.unclear import add_format_hint
from cs_helpers.sources.mapping import ColumnSource, Sources
from cs_helpers.sources.mapping_lines import column_line
from cs_helpers.sources.written import NumberForm, anonymous_example, date_sql


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def evaluate(engine, expression, texts):
    """What an expression over `x` makes of each text."""
    query = f"SELECT {expression} FROM (SELECT unnest($1) AS x, generate_subscripts($1, 1) AS i) ORDER BY i"
    return [row[0] for row in engine.execute(query, [list(texts)]).fetchall()]


# --- numbers --------------------------------------------------------------------------------------

#: example -> text -> the number, as text, or nothing where it is not so written
NUMBERS = {
    "1,234.5": {
        "1,234.5": "1234.5", "12": "12", "1234.50": "1234.50", "1,234,567": "1234567", " 1,200 ": "1200", "0.1": "0.1",
        "-1,200": "-1200", "−1,200": "-1200", "△1,200": "-1200", "▲ 1,200": "-1200", "1,200-": "-1200",
        "(1,200.50)": "-1200.50", "+5": "5", "１，２００": "1200", "１２０": "120", "\u00a01,200\u3000": "1200",
        ".5": ".5", "1.2M": "1200000", "950K": "950000", "1.5万": "15000", "3億": "300000000",
        "1,23": None, "12,3456": None, "1.234,5": None, "1200,5": None, ",200": None, "0,123": None, "1 200": None,
        "¥1,200": None, "$5": None, "12%": None, "--5": None, "(-5)": None, "(5": None, "5)": None, "-": None,
        "": None, "NA": None, "1e3": None, "1,200 per month": None, "1'200": None,
    },
    "1.234,5": {"1.234,5": "1234.5", "1.200": "1200", "12,5": "12.5", "1.234.567,89": "1234567.89", "1,200": "1.200",
                "1.2": None, "12.5": None, "1.23.456": None},
    "1 234,5": {"1 234,5": "1234.5", "1\u00a0234": "1234", "1\u202f234\u202f567": "1234567", "12 34": None},
    "1'234.5": {"1'234.50": "1234.50", "1’234": "1234", "1,234": None},
    "1234,5": {"1234,5": "1234.5", "0,25": "0.25", "1.234,5": None, "1,2,3": None},
    "1234.5": {"1.200": "1.200", "1200": "1200", "1,200": None},
    "¥1,234": {"¥1,234": "1234", "￥１２０，０００": "120000", "1,234円": "1234", "JPY 500": "500", "500": "500",
               "-¥500": "-500", "¥-500": "-500", "(¥500)": "-500", "¥(500)": "-500", "500円-": "-500", "△500円": "-500",
               "$500": None, "500 USD": None, "500元": None, "€1": None},
    "1,234円": {"98,000円": "98000", "¥98,000": "98000", "9,8000円": None},
    "120千円": {"120千円": "120000", "1,200千円": "1200000", "1.5百万円": "1500000", "12万円": "120000", "120": "120",
                "0.5億円": "050000000", "120千": "120000", "120千ドル": None},
    "1.2M": {"1.2M": "1200000", "0.1234567M": "0123456.7", "12k": "12000", "1.2m": "1200000", "800": "800",
             "1.2MM": None, "$1.2M": None},
    "$1.2M": {"$1.2M": "1200000", "USD 3K": "3000", "US$7": "7", "A$7": None},
    "€1.234,50": {"€1.234,50": "1234.50", "1.234,50 €": "1234.50", "EUR 7": "7", "£7": None},
    "12 %": {"12 %": "12", "12%": "12", "１２％": "12", "0.5 %": "0.5", "-3 %": "-3", "12": "12", "12‰": None},
}  # fmt: skip


@pytest.mark.parametrize("example", NUMBERS)
def test_numbers_are_read_as_an_example_is_written(engine, example):
    form, cases = NumberForm.of(example), NUMBERS[example]
    assert {text: form.read(text) for text in cases} == cases
    results = dict(zip(cases, evaluate(engine, form.sql("x"), cases), strict=True))
    assert results == {text: text if number is None else number for text, number in cases.items()}


def test_what_the_engine_holds_as_a_number_is_not_read_a_second_time(engine):
    form = NumberForm.of("1.234,5")
    assert engine.execute(f"SELECT {form.sql('x')} FROM (SELECT 1.234::DOUBLE AS x)").fetchall() == [
        ("1.234",)
    ]
    assert engine.execute(f"SELECT {form.sql('x')} FROM (SELECT NULL::VARCHAR AS x)").fetchall() == [(None,)]


STYLES = {
    "1,234.5": (",", "."),
    "1.234,5": (".", ","),
    "1 234,5": (" ", ","),
    "1'234.5": ("'", "."),
    "1234,5": ("", ","),
}


@settings(max_examples=40, deadline=None)
@given(
    number=st.decimals(min_value=-(10**12), max_value=10**12, places=3),
    example=st.sampled_from(list(STYLES)),
    unit=st.sampled_from([("", 1), ("千", 10**3), ("百万", 10**6), ("K", 10**3), ("億", 10**8)]),
    sign=st.sampled_from(["-{}", "△{}", "({})", "{}-"]),
)
def test_any_number_comes_back_exactly(number, example, unit, sign):
    thousand, point = STYLES[example]
    text = f"{abs(number):,}".replace(".", "·").replace(",", thousand).replace("·", point) + unit[0]
    text = sign.format(text) if number < 0 else text
    assert Decimal(NumberForm.of(example).read(text)) == number * unit[1]


@pytest.mark.parametrize(
    ("texts", "example"),
    [
        (["¥120,000", "¥98,000"], "¥123,456"),
        (["98", "1.200,50", "1.000"], "1.234,56"),
        (["(1,200.50)", "15"], "(1,234.56)"),
        (["１２０，０００"], "123,456"),
        (["1.200", "2.500"], None),
        (["¥100", "$100"], None),
        (["much"], None),
        ([], None),
    ],
)
def test_texts_tell_how_their_numbers_are_written(texts, example):
    assert anonymous_example(texts) == example


@pytest.mark.parametrize(
    ("example", "says"),
    [
        ("1.234", "may be a thousand and a fraction"),
        ("12,34,5", "do not part thousands"),
        ("thousands", "is no example of a number"),
        ("", "is no example of a number"),
        ("$1,5€", "names two currencies"),
        ("(5", "is no example of a number"),
    ],
)
def test_an_example_that_is_none_is_refused_with_what_is_allowed(take, example, says):
    entry = {"contracts": {"columns": {"mrr": {"column": "mrr", "number": example}}}}
    with pytest.raises(SettingError) as caught:
        take(tables=entry)
    assert caught.value.key == "tables.contracts.columns.mrr.number"
    assert says in caught.value.problem
    assert "120千円" in caught.value.allowed


def test_a_number_is_for_numbers(take):
    with pytest.raises(SettingError, match="a number is for numbers"):
        take(tables={"contracts": {"columns": {"started_on": {"column": "started_on", "number": "1,5"}}}})


def mrr(*values):
    rows = "".join(f'C{i},A{1 + i % 2},helpdesk,2026-01-01,"{v}",JPY\n' for i, v in enumerate(values, 1))
    return {"contracts.csv": f"contract_id,account_id,product,started_on,mrr,currency\n{rows}"}


@pytest.mark.parametrize(
    ("example", "values", "amounts"),
    [
        ("¥1,234", ["¥120,000", "98,000円", "（1,000）", "￥０"], [120_000, 98_000, -1_000, 0]),
        ("1.2M", ["1.2M", "0.1", "300K"], [1_200_000, 0.1, 300_000]),
    ],
)
def test_amounts_of_contracts_are_read_as_declared(take, example, values, amounts):
    entry = {"contracts": {"columns": {"mrr": {"column": "mrr", "number": example}}}}
    taken = take(mrr(*values), entry)
    kept = dict(zip(taken.kept["contracts"]["contract_id"], taken.kept["contracts"]["mrr"], strict=True))
    negative = [f"C{i}" for i, amount in enumerate(amounts, 1) if amount < 0]
    assert kept == {f"C{i}": amount for i, amount in enumerate(amounts, 1) if amount >= 0}
    assert taken.counts().get(("contracts", "mrr", "out_of_range"), 0) == len(negative)


def test_whole_numbers_are_read_so_too(take):
    rows = "account_id,name,size,industry,motivation\nA1,Kita,mid,retail,５\nA2,Minami,small,logistics,△３\nA3,Nishi,mid,retail,４点\n"
    entry = {"accounts": {"columns": {"motivation": {"column": "motivation", "number": "1"}}}}
    taken = take({"accounts.csv": rows}, entry)
    assert taken.kept["accounts"]["motivation"].dropna().tolist() == [5]
    assert taken.counts()[("accounts", "motivation", "wrong_type")] == 1
    assert taken.counts()[("accounts", "motivation", "out_of_range")] == 1


def test_another_currency_is_never_read(take):
    entry = {"contracts": {"columns": {"mrr": {"column": "mrr", "number": "¥1,234"}}}}
    taken = take(mrr("¥1,200", "$1,200"), entry)
    assert taken.counts() == {("contracts", "mrr", "wrong_type"): 1}
    assert taken.findings[0].examples == ((2, "C2", "$1,200"),)


# --- dates ----------------------------------------------------------------------------------------

DATES = {
    "era": {
        "令和8年4月1日": "2026-04-01", "令和元年5月1日": "2019-05-01", "R8.4.1": "2026-04-01", "R8/4/1": "2026-04-01",
        "r8-04-01": "2026-04-01", "H31.4.30": "2019-04-30", "平成31年4月30日": "2019-04-30", "S64.1.7": "1989-01-07",
        "昭和64年1月7日": "1989-01-07", "平成元年1月8日": "1989-01-08", "Ｒ８．４．１": "2026-04-01",
        "令和８年４月１日": "2026-04-01", "令和 8年 4月 1日": "2026-04-01", "R8.4.1 9:30": "2026-04-01 9:30",
        "2026-04-01": None, "R1.4.30": None, "令和元年4月30日": None, "H31.5.1": None, "S64.1.8": None, "R8.2.30": None,
        "R0.5.1": None, "X8.4.1": None, "令和8年4月": None, "令和": None, "": None,
    },
    # 46113 days after 30 December 1899 is 1 April 2026: 45658 is 1 January 2025, and 365 + 90 more
    "excel": {
        "46113": "2026-04-01", "46113.0": "2026-04-01", "46113.5": "2026-04-01 12:00:00",
        "46113.3958333333": "2026-04-01 09:30:00", "46113.39583": "2026-04-01 09:30:00",
        "46113.9999999": "2026-04-01 23:59:59", " ４６１１３ ": "2026-04-01", "61": "1900-03-01",
        "60": None, "0": None, "-1": None, "2026-04-01": None, "99999999": None, "4.6e4": None, "": None,
    },
    # 1782864000 is 1 July 2026 in UTC: 20635 days since 1970
    "epoch": {
        "1782864000": "2026-07-01 00:00:00Z", "1782864000.5": "2026-07-01 00:00:00.5Z", "0": None, "-1": None,
        "1782864000000": None, "2026-07-01": None, "": None,
    },
    "epoch_ms": {"1782864000000": "2026-07-01 00:00:00Z", "1782864000123": "2026-07-01 00:00:00.123Z", "1782864000": None},
    "%Y年%m月%d日": {"2026年4月1日": "2026-04-01", "２０２６年４月１日": "2026-04-01", " 2026年04月01日": "2026-04-01",
                     "2026年2月30日": None, "2026/4/1": None},
    "%d/%m/%Y %H:%M %z": {
        "01/07/2026 08:00 +0900": "2026-07-01 08:00:00+0900", "01/07/2026 08:00 Z": "2026-07-01 08:00:00Z",
        "01/07/2026 08:00+09:00": "2026-07-01 08:00:00+09:00", "01/07/2026 08:00": "2026-07-01 08:00:00",
        "13/13/2026 08:00": None,
    },
    "%a %b %d %H:%M:%S %z %Y": {"Wed Jul 01 08:00:00 +0900 2026": "2026-07-01 08:00:00+0900"},
}  # fmt: skip


@pytest.mark.parametrize("format_", DATES)
def test_dates_are_read_as_the_format_says(engine, format_):
    cases = DATES[format_]
    assert date(1899, 12, 30).toordinal() + 46113 == date(2026, 4, 1).toordinal()
    assert date(1970, 1, 1).toordinal() + 1782864000 // 86400 == date(2026, 7, 1).toordinal()
    results = dict(zip(cases, evaluate(engine, date_sql(format_, "x"), cases), strict=True))
    assert results == {text: text if day is None else day for text, day in cases.items()}


def test_serial_numbers_that_are_numbers_are_read(engine):
    query = f"SELECT {date_sql('excel', 'x')}, {date_sql('excel', 'y')} FROM (SELECT 46113 AS x, 46113.25::DOUBLE AS y)"
    assert engine.execute(query).fetchall() == [("2026-04-01", "2026-04-01 06:00:00")]


def started(texts, format_):
    rows = "".join(f'C{i},A1,helpdesk,"{t}",100,JPY\n' for i, t in enumerate(texts, 1))
    return {"contracts.csv": f"contract_id,account_id,product,started_on,mrr,currency\n{rows}"}, {
        "contracts": {"columns": {"started_on": {"column": "started_on", "format": format_}}}
    }


@pytest.mark.parametrize(
    ("format_", "texts", "kept", "misfits"),
    [
        ("era", ["令和8年4月1日", "H31.4.30", "R1.4.30"], ["2026-04-01", "2019-04-30"], 1),
        ("excel", ["46113", "46113.5", "7", "2026-05-01"], ["2026-04-01", "2026-04-01", "2026-05-01"], 1),
        (
            "%d/%m/%Y %H:%M %z",
            ["01/07/2026 00:30 +0900", "30/06/2026 23:00"],
            ["2026-07-01", "2026-06-30"],
            0,
        ),
    ],
)
def test_dates_of_contracts_are_read_as_declared(take, format_, texts, kept, misfits):
    taken = take(*started(texts, format_))
    assert [str(d)[:10] for d in taken.kept["contracts"]["started_on"]] == kept
    assert taken.counts().get(("contracts", "started_on", "wrong_type"), 0) == misfits


@pytest.mark.parametrize(
    ("format_", "says"),
    [
        ("dmy", "no way to write a date"),
        ("%d/%m/%Y %Z", "names of time zones"),
        ("%H:%M%z %d/%m/%Y", "at the end"),
    ],
)
def test_a_format_that_cannot_be_read_is_refused(take, format_, says):
    with pytest.raises(SettingError, match=says):
        take(*started(["2026-01-01"], format_))
    with pytest.raises(SettingError, match="a format is for dates and times"):
        take(tables={"contracts": {"columns": {"mrr": {"column": "mrr", "format": "excel"}}}})


# --- keys of values, flags ------------------------------------------------------------------------


def test_a_key_that_yaml_reads_as_a_truth_value_is_that_text_in_whatever_case(take):
    rows = "account_id,name,size,industry,churned\n" + "".join(
        f"A{i},Kita,mid,retail,{text}\n"
        for i, text in enumerate(("True", "TRUE", " yes ", "no", "False", "x"), 1)
    )
    entry = {
        "accounts": {
            "columns": {"churned": {"column": "churned", "values": {True: False, False: True, "x": None}}}
        }
    }
    taken = take({"accounts.csv": rows}, entry)
    kept = taken.kept["accounts"].set_index("account_id")["churned"]
    assert kept.dropna().to_dict() == {"A1": False, "A2": False, "A3": False, "A4": True, "A5": True}
    assert kept.isna().to_dict()["A6"]
    assert taken.findings == ()


def test_what_is_no_number_is_named_and_never_silently_empty(take):
    words = ["much", "NA", "None", "null", "n/a", "NaN", "inf", "1_000", "0x1F"]
    rows = "".join(f"C{i},A1,p{i},2026-01-01,{word},JPY\n" for i, word in enumerate(["100", *words], 1))
    taken = take({"contracts.csv": f"contract_id,account_id,product,started_on,mrr,currency\n{rows}"})
    assert taken.counts() == {("contracts", "mrr", "wrong_type"): len(words)}
    assert [value for _, _, value in taken.findings[0].examples] == words


def test_blanks_and_case_do_not_matter_to_flags_and_numbers(take):
    rows = "account_id,name,size,industry,churned,motivation\nA1,Kita,mid,retail, FALSE ,\u00a05\u3000\nA2,Minami,small,logistics,No,４\n"
    taken = take({"accounts.csv": rows})
    kept = taken.kept["accounts"]
    assert (kept["churned"].tolist(), kept["motivation"].tolist()) == ([False, False], [5, 4])
    assert taken.findings == ()


# --- points that may stand before a fraction or between thousands -----------------------------------

GERMAN = "contract_id;account_id;product;started_on;mrr;currency\n"


def german(*values):
    rows = "".join(f"C{i};A{1 + i % 2};p{i};2026-01-01;{v};EUR\n" for i, v in enumerate(values, 1))
    return {"contracts.csv": GERMAN + rows}


def test_a_point_that_no_value_explains_is_asked_about_with_both_sums(take):
    with pytest.raises(ContractError) as caught:
        take(german("1.200", "2.500", "12.000", "x"))
    [sentence] = [s for s in caught.value.failures if "is '" in s]
    assert "table 'contracts', column 'mrr': is '1.200' 1.2 or 1,200?" in sentence
    assert (
        "they add up to 15.7 if a point stands before a fraction, to 15,700 if it stands between thousands"
        in sentence
    )
    assert """Say 'mrr: {column: mrr, number: "1.234,5"}'""" in sentence


@pytest.mark.parametrize(
    ("number", "amounts"), [("1.234,5", [1_200, 2_500, 12_000]), ("1234.5", [1.2, 2.5, 12.0])]
)
def test_what_was_said_is_read_and_not_asked_again(take, number, amounts):
    entry = {"contracts": {"columns": {"mrr": {"column": "mrr", "number": number}}}}
    taken = take(german("1.200", "2.500", "12.000", "x"), entry)
    assert sorted(taken.kept["contracts"]["mrr"]) == amounts


@pytest.mark.parametrize("clear_value", ["1.5", "1200.500", "0.250"])
def test_one_value_that_tells_makes_all_points_fractions(take, clear_value):
    taken = take(german("1.200", clear_value, "x"))
    assert sorted(taken.kept["contracts"]["mrr"]) == sorted([1.2, float(clear_value)])


@pytest.mark.parametrize("value", ["1.200,50", "1200"])
def test_a_value_that_is_no_plain_number_or_has_no_point_tells_nothing(take, value):
    with pytest.raises(ContractError, match=r"is '1\.200' 1\.2 or 1,200"):
        take(german("1.200", value, "x"))


def test_a_judgement_of_five_at_most_is_no_thousand(take):
    rows = "account_id,name,size,industry,motivation\nA1,Kita,mid,retail,4.000\nA2,Minami,small,logistics,x\n"
    taken = take({"accounts.csv": rows})
    assert taken.kept["accounts"]["motivation"].dropna().tolist() == [4]


LOG = "account_id,product,occurred_at,event,quantity\n"


def test_quantities_of_a_log_are_asked_about_too(take):
    log = LOG + "".join(
        f"A{1 + i % 2},helpdesk,2026-0{1 + i}-01 10:00:00,reply,{q}\n"
        for i, q in enumerate(("1.500", "2.250", "3", "x"))
    )
    with pytest.raises(ContractError) as caught:
        take({"usage.csv": log}, {"usage": {}})
    assert "table 'usage', column 'quantity': is '1.500' 1.5 or 1,500?" in str(caught.value)
    assert "add up to 6.75 if a point stands before a fraction, to 3,753 if" in str(caught.value)
    taken = take({"usage.csv": log.replace("2.250", "2.25")}, {"usage": {}})
    assert taken.kept["usage"]["quantity"].tolist() == [1.5, 2.25, 3.0]


@pytest.mark.parametrize(
    ("column", "values", "line"),
    [
        ("mrr", ["¥1,200", "¥98,000"], 'number: "¥1,234"'),
        ("mrr", ["1,200", "98,000", "much"], 'number: "1,234"'),
        ("mrr", ["120千円", "80千円"], "number: 123千円"),
        ("mrr", ["much", "more"], None),
        ("mrr", ["1,200.5", "1.200,5"], None),
        ("started_on", ["令和8年4月1日", "Ｒ８．４．１"], "format: era"),
        ("started_on", ["46113", "46113.5"], "format: excel"),
        ("ended_on", ["1782864000"], "format: epoch"),
        ("ended_on", ["1782864000123"], "format: epoch_ms"),
        ("started_on", ["31/01/2026", "01/02/2026"], 'format: "%d/%m/%Y"'),
        ("started_on", ["01/02/2026"], None),
        ("started_on", ["soon", "46113"], None),
    ],
)
def test_refused_values_lead_to_the_line_that_would_read_them(column, values, line):
    kind = TABLES["contracts"].kind(column)
    examples = tuple((i, f"C{i}", value) for i, value in enumerate(values, 1))
    results = Finding("contracts", column, "wrong_type", "reject", len(values), examples, kind)
    for where, hint in (({"from": "f"}, line), ({"in": "db", "from": "t"}, None)):
        sources = Sources.model_validate({"tables": {"contracts": where}})
        detail = kind if hint is None else f"{column}: {{column: {column}, {hint}}}"
        assert add_format_hint(results, sources).detail == detail


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (["¥1,200", "¥98,000"],
         "no plain number; if they are meant as they stand, say 'mrr: {column: mrr, number: \"¥1,234\"}' under"
         " tables.contracts.columns of the sources file"),
        (["much", "more"],
         "number; another way of writing is said by 'number' under tables.contracts.columns.mrr of the sources file"),
    ],
)  # fmt: skip
def test_the_sentence_of_a_table_that_was_refused_whole_says_what_to_write(take, values, says):
    with pytest.raises(ContractError) as caught:
        take(mrr(*values))
    assert f"({says})" in str(caught.value)


def test_the_line_to_write_keeps_what_is_said_already():
    entry = {"from": "f", "columns": {"mrr": {"column": "月額 (税抜)", "values": {True: 5, "x": None}}}}
    sources = Sources.model_validate({"tables": {"contracts": entry}})
    text = column_line(sources, "contracts", "mrr", number="1.234,5")
    assert text == 'mrr: {column: 月額 (税抜), values: {true: 5, x: null}, number: "1.234,5"}'
    again = ColumnSource.model_validate(yaml.safe_load(text)["mrr"])
    assert again == sources.tables["contracts"].columns["mrr"].model_copy(update={"number": "1.234,5"})
