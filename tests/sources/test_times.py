"""Times are read by one rule on all engines, which Python's zoneinfo tells independently."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cs_helpers.contract.casts import RAW, ROW, cast_columns
from cs_helpers.contract.clocks import Clock
from cs_helpers.contract.schema import Table, column, table
from cs_helpers.sources.engines import open_engines
from cs_helpers.sources.intake import take_in
from cs_helpers.sources.sources_file import load_sources

ZONES = ["UTC", "Asia/Tokyo", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"]
#: the zone at the top of the sources file, and the table's own
DECLARED = [
    (None, None), ("Asia/Tokyo", None), (None, "America/New_York"), ("Asia/Tokyo", "UTC"), ("UTC", "Europe/Berlin"),
    ("Europe/Berlin", "America/New_York"), ("Asia/Kathmandu", "Australia/Lord_Howe"),
    ("America/New_York", "Asia/Kathmandu"), ("Australia/Lord_Howe", "UTC"), ("Asia/Tokyo", "Asia/Tokyo"),
]  # fmt: skip
PROBE: Table = table(
    "probe", "times", "時刻",
    {
        "at": column("time", "a time in text", "", ""),
        "day": column("date", "its day", "", ""),
        "clock": column("time", "a time that the engine holds as one, without a zone", "", ""),
    },
    key=(), parent=None,
)  # fmt: skip


def changes(zone, first=2019, last=2027):
    """The moments (UTC, without a zone) at which the clocks of a zone change."""
    at, place = datetime(first, 1, 1, tzinfo=UTC), ZoneInfo(zone)
    found = []
    while at.year < last:
        after = at + timedelta(days=1)
        if at.astimezone(place).utcoffset() != after.astimezone(place).utcoffset():
            hour = next(
                h for h in range(49)
                if (at + h * timedelta(minutes=30)).astimezone(place).utcoffset()
                == after.astimezone(place).utcoffset()
            )  # fmt: skip
            found.append((at + hour * timedelta(minutes=30)).replace(tzinfo=None))
        at = after
    return found


def near_a_change(zone):
    """Clocks of a zone within three hours of a change, before and after it."""
    place = ZoneInfo(zone)
    return st.builds(
        lambda at, off: (
            at.replace(tzinfo=UTC).astimezone(place).replace(tzinfo=None) + timedelta(minutes=off)
        ),
        st.sampled_from(changes(zone)),
        st.integers(-12, 12).map(lambda quarter: quarter * 15),
    )


CHANGING = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe"]
clocks = st.one_of(
    st.datetimes(datetime(1985, 1, 1), datetime(2036, 12, 31)).map(lambda t: t.replace(microsecond=0)),
    *(near_a_change(zone) for zone in CHANGING),
    st.builds(  # the ends of months, and so of quarters
        lambda year, month, seconds: datetime(year, month, 1) + timedelta(seconds=seconds),
        st.integers(2024, 2027),
        st.integers(1, 12),
        st.sampled_from([-32400, -32401, -1, 0, 1, 3600, 20700, 32399, 32400]),
    ),
)
OFFSETS = ["Z", "+00:00", "+09:00", "+0900", "+09", "-05:00", "-04", "+05:45", "+10:30", "-1100", "+14:00"]
written = st.one_of(
    st.tuples(st.just("plain"), clocks, st.just("")),
    st.tuples(st.just("moment"), clocks, st.sampled_from(OFFSETS)),
    st.tuples(st.just("day"), clocks, st.just("")),
)


def offset_of(text):
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def as_text(kind, clock, offset, slash):
    if kind == "day":
        return f"{clock:%Y-%m-%d}" if not slash else f"{clock.year}/{clock.month}/{clock.day}"
    return f"{clock:%Y/%m/%d %H:%M:%S}{offset}" if slash else f"{clock:%Y-%m-%dT%H:%M:%S}{offset}"


def brought(clock, zone, read):
    """A clock of a zone in another one, by zoneinfo, the earlier hour of two."""
    if read == zone:
        return clock
    return clock.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(ZoneInfo(read)).replace(tzinfo=None)


def expected(kind, clock, offset, top, table_zone):
    if kind == "day":
        return datetime(clock.year, clock.month, clock.day)
    read = top or table_zone
    if read is None:
        return clock
    if kind == "moment":
        return clock.replace(tzinfo=offset_of(offset)).astimezone(ZoneInfo(read)).replace(tzinfo=None)
    return brought(clock, table_zone or top, read)


class Place:
    """An engine, and how a table is put into it."""

    def __init__(self, backend, put):
        self.backend, self.put = backend, put

    def read(self, rows, *zones, table=PROBE):
        """The typed rows in their order, as many times as there are zones: at the top and of the table."""
        ways = [Clock.of_table(self.backend.name, *z) for z in zones or [(None, None)]]
        out = ibis.union(*(cast_columns(rows, table, clock).mutate(way=i) for i, clock in enumerate(ways)))
        out = out.order_by("way", ROW)
        if self.backend.name == "pyspark":
            found = self.backend._session.sql(self.backend.compile(out)).toArrow().to_pylist()
            # Spark's times are moments of UTC
            return [
                {k: v.replace(tzinfo=None) if isinstance(v, datetime) else v for k, v in r.items()}
                for r in found
            ]
        return out.to_pyarrow().to_pylist()


@pytest.fixture(params=["duckdb", "postgres", "pyspark"])
def place(request):
    """Each engine in turn, with its clock in UTC as `engines.opened` sets it."""
    if request.param == "duckdb":
        backend = ibis.duckdb.connect()
        backend.raw_sql("SET TimeZone = 'UTC'").fetchall()
        yield Place(backend, lambda rows: backend.create_table(ibis.util.gen_name("t"), rows, temp=True))
        backend.disconnect()
    elif request.param == "postgres":
        backend = request.getfixturevalue("postgres").connect()
        backend.con.autocommit = True
        backend.raw_sql("SET TIME ZONE 'UTC'").close()
        yield Place(backend, lambda rows: backend.create_table(ibis.util.gen_name("t"), rows, temp=True))
        backend.disconnect()
    else:
        session = request.getfixturevalue("spark")
        backend = ibis.pyspark.connect(session)

        def put(rows):
            name = ibis.util.gen_name("t")
            session.createDataFrame(rows).createOrReplaceTempView(name)
            return backend.table(name)

        yield Place(backend, put)


def probe(texts, clocks=None):
    clocks = clocks or [None] * len(texts)
    return pa.table(
        {
            ROW: pa.array(range(1, len(texts) + 1), pa.int64()),
            "at": pa.array(texts, pa.string()),
            "day": pa.array(texts, pa.string()),
            "clock": pa.array(clocks, pa.timestamp("us")),
        }
    )


@settings(
    max_examples=2,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(rows=st.lists(st.tuples(written, st.booleans()), min_size=120, max_size=200))
def test_times_are_what_zoneinfo_says(place, rows):
    texts = [as_text(*parts, slash) for parts, slash in rows]
    raw = place.put(probe(texts, [parts[1] for parts, _ in rows]))
    wrong = []
    for ((top, table_zone), (parts, _)), row in zip(
        itertools.product(DECLARED, rows), place.read(raw, *DECLARED), strict=True
    ):
        want, clock = expected(*parts, top, table_zone), expected("plain", parts[1], "", top, table_zone)
        if (row["at"], row["day"], row["clock"]) != (want, want.date(), clock):
            wrong.append((row[RAW + "at"], top, table_zone, row["at"], row["day"], want, row["clock"], clock))
    assert wrong[:3] == []


@pytest.mark.parametrize("zone", CHANGING)
def test_each_half_hour_around_each_change_of_the_clocks(place, zone):
    steps = [timedelta(minutes=15 * i) for i in range(-14, 15)]
    around = [
        at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) + step
        for at, step in itertools.product(changes(zone, 2025, 2027), steps)
    ]
    assert len(around) == 4 * len(steps)
    raw = place.put(probe([None] * len(around), around))
    rows = place.read(raw, ("UTC", zone), ("Asia/Tokyo", zone))
    assert [row["clock"] for row in rows] == [
        brought(at, zone, read) for read in ("UTC", "Asia/Tokyo") for at in around
    ]


# New York, 1 November 2026: 01:30 comes at 05:30 and at 06:30 UTC. 8 March: 02:30 does not come.
# Lord Howe, 5 April 2026: 01:45 comes at 14:45 and 15:15 UTC of the 4th (half an hour).
@pytest.mark.parametrize(
    ("zone", "clock", "utc"),
    [
        ("America/New_York", "2026-11-01 01:30:00", "2026-11-01 05:30"),
        ("America/New_York", "2026-11-01 02:00:00", "2026-11-01 07:00"),
        ("America/New_York", "2026-03-08 02:30:00", "2026-03-08 07:30"),
        ("Australia/Lord_Howe", "2026-04-05 01:45:00", "2026-04-04 14:45"),
        ("Australia/Lord_Howe", "2026-10-04 02:15:00", "2026-10-03 15:45"),
    ],
)
def test_an_hour_that_comes_twice_is_the_earlier_one_and_a_skipped_one_goes_on(place, zone, clock, utc):
    [row] = place.read(place.put(probe([clock])), ("UTC", zone))
    assert str(row["at"])[:16] == utc


GOOD = {
    "2026-07-01T08:00:00+09:00": "2026-07-01 08:00", "2026/7/1 8:00": "2026-07-01 08:00",
    "2026-07-01 08:00:00Z": "2026-07-01 08:00", "2026-07-01": "2026-07-01 00:00",
    "２０２６－０７－０１　０８：００": "2026-07-01 08:00", "\u00a02026-07-01 ": "2026-07-01 00:00",
}  # fmt: skip
BAD = [
    "03-04-2024 00:00:00", "03-04-2026 9:00:00 AM", "01/02/2026", "2026-02-30", "2026-07-01 08:00+99:00",
    "2026-07-01T25:00:00", "46113", "NA", "None", "null", "n/a", "0000-00-00", "26-07-01", "2026-07-01 9:00 AM",
]  # fmt: skip


def test_only_what_is_written_year_first_is_a_time(place):
    rows = place.read(place.put(probe([*GOOD, *BAD, " ", "\u3000", None])))
    assert [str(r["at"])[:16] for r in rows[: len(GOOD)]] == list(GOOD.values())
    assert [r["at"] for r in rows[len(GOOD) :]] == [None] * (len(BAD) + 3)
    assert [r["misfit_at"] for r in rows] == [False] * len(GOOD) + [True] * len(BAD) + [False] * 3
    assert rows[len(GOOD)][RAW + "at"] == BAD[0]


AMOUNTS: Table = table(
    "amounts", "numbers", "数",
    {"amount": column("number", "a number in text", "", ""), "score": column("integer", "a whole one", "", ""),
     "flag": column("flag", "yes or no", "", "")},
    key=(), parent=None,
)  # fmt: skip
#: text -> what it is as a number and as a whole one
PLAIN_NUMBERS = {
    "1200": (1200, 1200), "1.5": (1.5, None), "-3.0": (-3, -3), "1e3": (1000, 1000), ".5": (0.5, None), "１２": (12, 12),
    "\u00a07 ": (7, 7), "1_000": (None, None), "1d": (None, None), "0x1F": (None, None), "NA": (None, None),
    "NaN": (None, None), "inf": (None, None), "1,200": (None, None), "9" * 400: (None, None), "-": (None, None),
}  # fmt: skip


def test_only_plain_numbers_are_numbers_on_every_engine(place):
    texts = [*PLAIN_NUMBERS, " ", None]
    flags = [" TRUE ", "no", "Yes", "F", "0", "maybe", *[None] * (len(texts) - 6)]
    rows = place.put(
        pa.table(
            {ROW: pa.array(range(len(texts)), pa.int64())}
            | {name: pa.array(texts, pa.string()) for name in ("amount", "score")}
            | {"flag": pa.array(flags, pa.string())}
        )
    )
    read = place.read(rows, table=AMOUNTS)
    assert [(r["amount"], r["score"]) for r in read] == [*PLAIN_NUMBERS.values(), (None, None), (None, None)]
    assert [r["misfit_amount"] for r in read] == [n is None for n, _ in PLAIN_NUMBERS.values()] + [
        False,
        False,
    ]
    assert [r["flag"] for r in read[:6]] == [True, False, True, False, False, None]
    assert [r["misfit_flag"] for r in read[:7]] == [False] * 5 + [True, False]


# --- through the sources file ---------------------------------------------------------------------

ACCOUNTS = "account_id,name,size,industry\nA1,Kita,mid,retail\n"
CONTRACTS = "contract_id,account_id,product,started_on,mrr,currency\nC1,A1,helpdesk,2026-07-01T00:00:00+09:00,100,JPY\n"
MIXED = """\
ticket_id,account_id,product,opened_at
T1,A1,helpdesk,2026-07-01T08:00:00+09:00
T2,A1,helpdesk,2026-06-30 23:30:00
T3,A1,helpdesk,2026-06-30T20:00:00Z
T4,A1,helpdesk,2026-07-02
"""


@pytest.fixture
def tickets(tmp_path):
    """The tickets as taken in, by a `timezone` at the top and one of the tables; and the first day of C1."""

    def run(top, table_zone, content=MIXED):
        names = {"accounts": ACCOUNTS, "contracts": CONTRACTS}
        files = {name: f"{name}.csv" for name in names}
        for name, text in names.items():
            (tmp_path / f"{name}.csv").write_text(text)
        files["tickets"] = "tickets.csv" if isinstance(content, str) else "tickets.parquet"
        if isinstance(content, str):
            (tmp_path / "tickets.csv").write_text(content)
        else:
            pq.write_table(content, tmp_path / "tickets.parquet")
        tables = {name: {"from": name, **({"timezone": table_zone} if table_zone else {})} for name in files}
        said = {
            "as_of": date(2026, 9, 30),
            "files": files,
            "tables": tables,
            **({"timezone": top} if top else {}),
        }
        (tmp_path / "sources.yml").write_text(yaml.safe_dump(said))
        (tmp_path / "scratch").mkdir(exist_ok=True)
        sources = load_sources(tmp_path / "sources.yml")
        with open_engines(sources, tmp_path, tmp_path / "scratch") as engines:
            intake = take_in(engines, sources, today=date(2026, 12, 31), reductions=tmp_path / "reduced")
            kept = intake.kept["tickets"].order_by("ticket_id").execute()
            first = intake.kept["contracts"].execute()["started_on"][0]
        return [str(at)[:16] for at in kept["opened_at"]], str(first)[:10]

    return run


@pytest.mark.parametrize(
    ("top", "table_zone", "read", "first"),
    [
        (None, None, ["07-01 08:00", "06-30 23:30", "06-30 20:00", "07-02 00:00"], "2026-07-01"),
        ("Asia/Tokyo", None, ["07-01 08:00", "06-30 23:30", "07-01 05:00", "07-02 00:00"], "2026-07-01"),
        (None, "Asia/Tokyo", ["07-01 08:00", "06-30 23:30", "07-01 05:00", "07-02 00:00"], "2026-07-01"),
        ("Asia/Tokyo", "UTC", ["07-01 08:00", "07-01 08:30", "07-01 05:00", "07-02 00:00"], "2026-07-01"),
        ("UTC", None, ["06-30 23:00", "06-30 23:30", "06-30 20:00", "07-02 00:00"], "2026-06-30"),
        (
            None,
            "America/New_York",
            ["06-30 19:00", "06-30 23:30", "06-30 16:00", "07-02 00:00"],
            "2026-06-30",
        ),
    ],
)
def test_a_column_that_mixes_offsets_and_plain_times_is_read_value_by_value(
    tickets, top, table_zone, read, first
):
    assert tickets(top, table_zone) == ([f"2026-{at}" for at in read], first)


def test_moments_of_parquet_are_utc_where_no_zone_is_declared(tickets):
    moment = pd.Timestamp("2026-06-30 23:00:00", tz="UTC")
    content = pa.table(
        {"ticket_id": ["T1"], "account_id": ["A1"], "product": ["helpdesk"],
         "opened_at": pa.array([moment], pa.timestamp("us", tz="Asia/Tokyo"))}
    )  # fmt: skip
    assert tickets(None, None, content)[0] == ["2026-06-30 23:00"]
    assert tickets("Asia/Tokyo", None, content)[0] == ["2026-07-01 08:00"]
    assert tickets(None, "Asia/Tokyo", content)[0] == ["2026-07-01 08:00"]
