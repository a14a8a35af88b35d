"""Process logs in XES: each event a row, with what its tool wrote, and nothing that a hostile file asks for."""

from __future__ import annotations

import gzip
import io
import resource
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from xml.etree import ElementTree

import pyarrow as pa
import pytest
import yaml
from builders import with_journey

from cs_helpers.errors import SourceError
from cs_helpers.snapshot.take import take_snapshot
from cs_helpers.sources.files.xes import read_events, read_table

HEAD = '<?xml version="1.0" encoding="UTF-8" ?>\n'

#: as ProM's library writes it: a namespace, extensions, globals, classifiers, nested attributes of the log
OPENXES = f"""{HEAD}<!-- This file has been generated with the OpenXES library. -->
<log xes.version="1.0" xes.features="nested-attributes" openxes.version="1.0RC7" xmlns="http://www.xes-standard.org/">
	<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
	<global scope="trace">
		<string key="concept:name" value="__INVALID__"/>
		<string key="channel" value="web"/>
	</global>
	<global scope="event">
		<date key="time:timestamp" value="1970-01-01T00:00:00.000+01:00"/>
		<string key="concept:name" value="__INVALID__"/>
		<string key="lifecycle:transition" value="complete"/>
		<string key="org:resource" value="UNKNOWN"/>
	</global>
	<classifier name="Activity classifier" keys="concept:name lifecycle:transition"/>
	<float key="meta:deviation" value="19.944"><float key="10609" value="2.538"/></float>
	<string key="concept:name" value="loans"/>
	<trace>
		<string key="concept:name" value="00173"/>
		<int key="AMOUNT" value="20000"/>
		<event>
			<string key="org:resource" value="112"/>
			<string key="lifecycle:transition" value="start"/>
			<string key="concept:name" value="kickoff &amp; plan"/>
			<date key="time:timestamp" value="2026-07-01T00:38:44.546+02:00"/>
			<boolean key="online" value="true"/>
			<float key="hours" value="1.50"/>
		</event>
		<event>
			<string key="concept:name" value="初回設定"/>
			<date key="time:timestamp" value="2026-07-03T09:00:00Z"/>
			<boolean key="online" value="false"/>
			<int key="hours" value="2"/>
			<string key="cost" value="total"><float key="licence" value="3.5"/></string>
			<list key="tags"><values><string key="tag" value="a"/><string key="tag" value="b"/></values></list>
			<id key="identity:id" value="8b0a5f9e-0000-4000-8000-000000000001"/>
		</event>
	</trace>
	<trace>
		<string key="concept:name" value="174"/>
		<string key="channel" value="phone"/>
	</trace>
	<trace>
		<event><string key="concept:name" value="kickoff &amp; plan"/></event>
		<string key="concept:name" value="175"/>
	</trace>
</log>
"""

#: as mining tools export it: no namespace, all on a line, an event that belongs to no case
PLAIN = (
    f"{HEAD}<log xes.version='2.0'><trace><string key='concept:name' value='1'/>"
    "<event><string key='Activity' value='Sign up'/><date key='time:timestamp' value='2026-01-05T08:00:00'/></event>"
    "</trace><event><string key='Activity' value='Outage'/></event></log>"
)


def written(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode())


def test_a_row_is_an_event_with_what_stands_in_it_and_in_its_trace():
    first, second, third = read_events(written(OPENXES))
    assert first == {
        "case:concept:name": "00173", "case:AMOUNT": 20000, "case:channel": "web", "org:resource": "112",
        "lifecycle:transition": "start", "concept:name": "kickoff & plan",
        "time:timestamp": "2026-07-01T00:38:44.546+02:00", "online": True, "hours": 1.5,
    }  # fmt: skip
    assert second["concept:name"] == "初回設定"
    assert second["hours"] == 2
    assert second["cost"] == "total"
    assert second["cost.licence"] == 3.5
    assert (second["tags.tag"], second["tags.tag [2]"]) == ("a", "b")
    assert second["identity:id"] == "8b0a5f9e-0000-4000-8000-000000000001"
    # attributes of a trace that stand behind its events are its own all the same; a trace without events has no row
    assert third["case:concept:name"] == "175"


def test_a_default_of_the_log_stands_in_only_where_it_says_something():
    _, second, third = read_events(written(OPENXES))
    assert second["lifecycle:transition"] == third["lifecycle:transition"] == "complete"
    assert third["case:channel"] == "web"
    # nobody works as UNKNOWN, and nothing happened in 1970
    assert "org:resource" not in second
    assert "time:timestamp" not in third


def test_a_log_without_a_namespace_and_an_event_without_a_case():
    assert list(read_events(written(PLAIN))) == [
        {"case:concept:name": "1", "Activity": "Sign up", "time:timestamp": "2026-01-05T08:00:00"},
        {"Activity": "Outage"},
    ]


def test_a_path_may_be_compressed(tmp_path):
    (tmp_path / "log.xes").write_text(PLAIN, encoding="utf-8")
    (tmp_path / "log.xes.gz").write_bytes(gzip.compress(PLAIN.encode()))
    assert (
        list(read_events(tmp_path / "log.xes"))
        == list(read_events(tmp_path / "log.xes.gz"))
        == list(read_events(written(PLAIN)))
    )


def test_columns_have_a_type_where_all_their_values_have_it():
    table = read_table("log", written(OPENXES), "log.xes")
    assert {f.name: f.type for f in table.schema} == {
        "case:concept:name": pa.string(), "case:AMOUNT": pa.int64(), "case:channel": pa.string(),
        "org:resource": pa.string(), "lifecycle:transition": pa.string(), "concept:name": pa.string(),
        "time:timestamp": pa.string(), "online": pa.bool_(), "hours": pa.float64(), "cost": pa.string(),
        "cost.licence": pa.float64(), "tags.tag": pa.string(), "tags.tag [2]": pa.string(),
        "identity:id": pa.string(),
    }  # fmt: skip
    assert table["hours"].to_pylist() == [1.5, 2.0, None]
    assert table["case:AMOUNT"].to_pylist() == [20000, 20000, None]
    assert table["online"].to_pylist() == [True, False, None]
    assert table["case:concept:name"].to_pylist() == ["00173", "00173", "175"]


@pytest.mark.parametrize(
    ("attributes", "type_", "values"),
    [
        ('<int key="k" value="7"/>|<string key="k" value="x"/>', pa.string(), ["7", "x"]),
        ('<float key="k" value="1.50"/>|<string key="k" value="n/a"/>', pa.string(), ["1.50", "n/a"]),
        ('<int key="k" value="007"/>|<int key="k" value="8"/>', pa.int64(), [7, 8]),
        ('<int key="k" value=""/>|<int key="k" value="8"/>', pa.string(), ["", "8"]),
        ('<int key="k" value="99999999999999999999"/>|<int key="k" value="8"/>', pa.string(),
         ["99999999999999999999", "8"]),
        ('<int key="k" value="9007199254740993"/>|<float key="k" value="0.5"/>', pa.string(),
         ["9007199254740993", "0.5"]),
        ('<boolean key="k" value="1"/>|<boolean key="k" value="FALSE"/>', pa.bool_(), [True, False]),
        ('<boolean key="k" value="ja"/>|<boolean key="k" value="true"/>', pa.string(), ["ja", "true"]),
        ('<float key="k" value="1e-3"/>|<float key="k" value="INF"/>', pa.float64(), [0.001, float("inf")]),
        ('<float key="k" value="1_0"/>|<float key="k" value="2"/>', pa.string(), ["1_0", "2"]),
        ('<string key="k"/>|<string key="k" value=" 1 "/>', pa.string(), [None, " 1 "]),
        ('<date key="k" value="UNKNOWN"/>|<date key="k" value="2026-01-01"/>', pa.string(), ["UNKNOWN", "2026-01-01"]),
    ],
)  # fmt: skip
def test_a_value_that_is_not_what_it_says_it_is_stays_as_it_is_written(attributes, type_, values):
    inside = "".join(f"<event>{a}</event>" for a in attributes.split("|"))
    table = read_table("log", written(f"<log><trace>{inside}</trace></log>"), "log.xes")
    assert table.schema.field("k").type == type_
    assert table["k"].to_pylist() == values


def test_a_column_that_begins_late_is_empty_before(monkeypatch):
    monkeypatch.setattr("cs_helpers.sources.files.xes._CHUNK_ROWS", 3)
    inside = "".join(
        f'<event><string key="n" value="{n}"/>{"<int key=" + chr(34) + "late" + chr(34) + " value=" + chr(34) + "1" + chr(34) + "/>" if n > 6 else ""}</event>'
        for n in range(8)
    )
    table = read_table("log", written(f"<log><trace>{inside}</trace></log>"), "log.xes")
    assert table["n"].to_pylist() == [str(n) for n in range(8)]
    assert table["late"].to_pylist() == [None] * 7 + [1]


BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<log>\n<trace>\n<event>\n</trace></log>", "line 4 is not valid XML"),
        (PLAIN[: PLAIN.index("<event>") + 30], "the file ends before its log does"),
        ("", "the file holds no XML"),
        ("case,activity\n1,a\n", "line 1 is not valid XML"),
        ("<html><body/></html>", "the file is not an event log in XES: it begins with <html>, not with <log>"),
        ("<log><trace/></log>", "the log holds no event"),
        (f'<!DOCTYPE log [<!ENTITY a0 "ha">{BOMB}]><log><trace><event><string key="k" value="&a11;"/></event></trace></log>',
         "declares a document type"),
        ('<!DOCTYPE log [<!ENTITY x SYSTEM "file:///etc/passwd">]><log><string key="k">&x;</string></log>',
         "declares a document type"),
        ('<!DOCTYPE log SYSTEM "http://localhost:1/x.dtd"><log/>', "declares a document type"),
        ("<log>" + "<string key='k' value='v'>" * 5000 + "</log>", "is not valid XML"),
    ],
    ids=["unclosed", "cut", "empty", "csv", "html", "no events", "laughs", "external", "dtd", "deep"],
)  # fmt: skip
def test_a_file_that_is_no_log_is_refused_in_one_sentence(text, message):
    with pytest.raises(SourceError) as caught:
        read_table("log", written(text), "log.xes")
    assert message in str(caught.value)
    assert str(caught.value).startswith("table 'log': ")
    assert str(caught.value).endswith("(in log.xes).")
    assert "\n" not in str(caught.value)


def test_a_compressed_file_that_was_cut_off_is_named(tmp_path):
    whole = gzip.compress(OPENXES.encode())
    (tmp_path / "log.xes.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="the file is not whole, or not compressed with gzip"):
        list(read_events(tmp_path / "log.xes.gz"))


def test_a_log_with_a_key_for_every_event_is_refused():
    inside = "".join(f'<event><string key="k{n}" value="v"/></event>' for n in range(5001))
    with pytest.raises(SourceError, match="more than 5,000 different attributes"):
        read_table("log", written(f"<log><trace>{inside}</trace></log>"), "log.xes")


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="tells how much memory is held on Linux alone"
)
def test_what_was_read_is_let_go():
    def held() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    trace = "<trace>" + '<event><string key="concept:name" value="a"/></event>' * 50 + "</trace>"
    content = written("<log>" + trace * 1000 + "</log>")
    assert sum(1 for _ in read_events(content)) == 50_000  # what is allocated once is
    before = held()
    assert sum(1 for _ in read_events(content)) == 50_000
    assert held() - before < 5_000_000  # the elements of the log together hold 25 MB


COLUMNS = (
    "case:concept:name", "case:AMOUNT_REQ", "concept:name", "time:timestamp", "lifecycle:transition", "org:resource",
)  # fmt: skip


def by_hand(text: str) -> Counter[tuple[str | None, ...]]:
    """What Python's own reader finds in a real log."""
    space, found = "{http://www.xes-standard.org/}", Counter[tuple[str | None, ...]]()
    for trace in ElementTree.fromstring(text).iter(f"{space}trace"):
        case = {c.get("key"): c.get("value") for c in trace}
        for event in trace.iter(f"{space}event"):
            message = {c.get("key"): c.get("value") for c in event}
            found[(case["concept:name"], case["AMOUNT_REQ"], *(message.get(c) for c in COLUMNS[2:]))] += 1
    return found


def test_a_real_log_has_the_events_that_another_reader_finds(shared_data):
    with gzip.open(shared_data / "journeys_bpic2012" / "bpic2012.xes.gz") as content:
        table = read_table("loans", content, "bpic2012.xes.gz")
        content.seek(0)
        begin = content.read()[:8_000_000].decode()
    assert table.num_rows == 262_200
    assert len(table["case:concept:name"].unique()) == 13_087
    begin = begin[: begin.rindex("</trace>")] + "</trace></log>"
    expected = by_hand(begin)
    head = table.slice(0, expected.total())
    assert expected.total() > 5_000
    assert Counter(zip(*(head[c].to_pylist() for c in COLUMNS), strict=True)) == expected


# --- from the file to a journey, by a mapping alone

LIFECYCLE = f"""{HEAD}<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
<trace><string key="concept:name" value="acme"/>
 <event><string key="concept:name" value="kickoff"/><string key="lifecycle:transition" value="start"/><string key="org:resource" value="yuki"/><date key="time:timestamp" value="2026-01-05T09:00:00+09:00"/></event>
 <event><string key="concept:name" value="kickoff"/><string key="lifecycle:transition" value="complete"/><string key="org:resource" value="yuki"/><date key="time:timestamp" value="2026-01-06T09:00:00+09:00"/></event>
 <event><string key="concept:name" value="go live"/><string key="lifecycle:transition" value="complete"/><string key="org:resource" value="ken"/><date key="time:timestamp" value="2026-02-01T08:30:00.250+09:00"/></event>
</trace>
<trace><string key="concept:name" value="bolt"/>
 <event><string key="concept:name" value="kickoff"/><string key="lifecycle:transition" value="complete"/><date key="time:timestamp" value="2026-01-10T10:00:00+09:00"/></event>
</trace></log>
"""  # fmt: skip
BPIC = (
    "case:concept:name,concept:name,time:timestamp,org:resource,lifecycle:transition\n"
    "acme,kickoff,2026-01-05 09:00:00+09:00,yuki,start\n"
    "acme,kickoff,2026-01-06 09:00:00+09:00,yuki,complete\n"
    "acme,go live,2026-02-01 08:30:00.250+09:00,ken,complete\n"
    "bolt,kickoff,2026-01-10 10:00:00+09:00,,complete\n"
)
DISCO = (
    "Case ID,Activity,Resource,Complete Timestamp\n"
    "acme,kickoff,yuki,2026/01/06 09:00:00.000\n"
    "acme,go live,ken,2026/02/01 08:30:00.250\n"
    "bolt,kickoff,,2026/01/10 10:00:00.000\n"
)
XES_COLUMNS = {
    "account_id": "case:concept:name", "step": "concept:name", "reached_at": "time:timestamp", "user_id": "org:resource",
}  # fmt: skip
COMPLETE = "\"lifecycle:transition\" = 'complete'"


def sources_of(file: str, columns: dict[str, object], where: str | None) -> dict[str, object]:
    case = columns["account_id"]
    constants = {"name": {"sql": "account_id"}, "size": {"constant": "mid"}, "industry": {"constant": "any"}}
    first = f"select \"{case}\" as account_id, date '2026-01-01' as began from log group by 1"
    milestones: dict[str, object] = {
        "from": "log", "columns": {**columns, "product": {"constant": "desk"}}, **({"where": where} if where else {}),
    }  # fmt: skip
    return {
        "as_of": date(2026, 3, 31),
        "timezone": "Asia/Tokyo",
        "files": {"log": file},
        "tables": {
            "accounts": {"sql": f'select distinct "{case}" as account_id from log', "columns": constants},
            "contracts": {
                "sql": first,
                "columns": {
                    "contract_id": "account_id", "product": {"constant": "desk"}, "started_on": "began",
                    "mrr": {"constant": 1}, "currency": {"constant": "EUR"},
                },
            },
            "milestones": milestones,
        },
    }  # fmt: skip


PRODUCT = Path(__file__).resolve().parents[3] / "data" / "products" / "helpdesk.yml"


@pytest.fixture
def products(tmp_path):
    journey = {
        "value_step": "live",
        "steps": [
            {"step": step, "name": {"en": step, "ja": step}, "rule": {"milestone": milestone}}
            for step, milestone in (("kickoff", "kickoff"), ("live", "go live"))
        ],
    }
    message = with_journey(yaml.safe_load(PRODUCT.read_text(encoding="utf-8")), journey)
    message["product"] = "desk"
    (tmp_path / "products").mkdir()
    (tmp_path / "products" / "desk.yml").write_text(yaml.safe_dump(message), encoding="utf-8")
    return tmp_path / "products"


@pytest.mark.parametrize(
    ("file", "text", "columns", "where"),
    [
        ("log.xes", LIFECYCLE, XES_COLUMNS, COMPLETE),
        ("log.xes.gz", LIFECYCLE, XES_COLUMNS, COMPLETE),
        ("log.csv", BPIC, XES_COLUMNS, COMPLETE),
        ("log.csv", DISCO, {
            "account_id": "Case ID", "step": "Activity", "user_id": "Resource",
            "reached_at": {"column": "Complete Timestamp", "format": "%Y/%m/%d %H:%M:%S.%f"},
        }, None),
    ],
    ids=["xes", "xes.gz", "bpic", "disco"],
)  # fmt: skip
def test_a_log_becomes_milestones_by_a_mapping_alone(tmp_path, products, file, text, columns, where):
    content = text.encode()
    (tmp_path / file).write_bytes(gzip.compress(content) if file.endswith(".gz") else content)
    sources = tmp_path / "sources.yml"
    sources.write_text(yaml.safe_dump(sources_of(file, columns, where)), encoding="utf-8")
    taken = take_snapshot(sources, folder=tmp_path, products=products)
    # the two ways of a journey, by hand: acme kicks off and goes live, bolt kicks off
    rows = taken.read("desk")["milestones"].sort_values(["account_id", "reached_at"])
    assert list(rows[["account_id", "step", "reached_at"]].itertuples(index=False, name=None)) == [
        ("acme", "kickoff", datetime(2026, 1, 6, 9)),
        ("acme", "live", datetime(2026, 2, 1, 8, 30, 0, 250_000)),
        ("bolt", "kickoff", datetime(2026, 1, 10, 10)),
    ]
    assert rows["user_id"].fillna("").tolist() == ["yuki", "ken", ""]
    assert taken.manifest["rows_kept"]["milestones"] == 3
