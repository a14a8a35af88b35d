"""A text file gives the cells that were written, all of them, or a sentence that says which line does not."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_helpers.errors import SourceError
from cs_helpers.sources.files.opening import open_file, raw_view_name
from cs_helpers.sources.mapping import FileSource


@pytest.fixture
def read(hub, tmp_path):
    """Writes a file and opens it; gives its columns and rows as they are written, or typed."""

    def run(content, name="t.csv", *, typed=False, **options):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        (tmp_path / "scratch").mkdir(exist_ok=True)
        path = options.pop("path", name)
        open_file(hub, "t", str(tmp_path / path), FileSource(path=path, **options), tmp_path / "scratch")
        result = hub.con.execute(f'FROM "{"t" if typed else raw_view_name("t")}"')
        columns = [(c[0], str(c[1])) if typed else c[0] for c in result.description]
        return columns, result.fetchall()

    return run


def refused(read, content, name="t.csv", **options):
    with pytest.raises(SourceError) as error:
        read(content, name, **options)
    return str(error.value)


# --- what is written comes back ------------------------------------------------------------------

CELLS = st.text(st.sampled_from("ab#0.1,;\t|\"'\\\n é株\u00a0"), max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 4).flatmap(
        lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=8)
    ),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_cells_come_back_as_they_were_written(hub, rows, delimiter, end, quoting):
    names = [f"c{i}" for i in range(len(rows[0]))]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([names, *rows])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(text.getvalue().encode())
        open_file(hub, "h", str(path), FileSource(path="t.csv"), Path(folder))
        result = hub.con.execute(f'FROM "{raw_view_name("h")}"').fetchall()
    assert result == [tuple(cell or None for cell in row) for row in rows]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("id,x\n#1,a\n#2,b\n3,c\n", [("#1", "a"), ("#2", "b"), ("3", "c")]),
        ('id,x\n5" pipe,a\n2,"b ""q"""\n', [('5" pipe', "a"), ("2", 'b "q"')]),
        ("id,x\nNA,None\nnull,n/a\n-,NULL\n", [("NA", "None"), ("null", "n/a"), ("-", "NULL")]),
        ("id;x\n1.200;0,5\n", [("1.200", "0,5")]),
        ("id\tx\r\n007\t 1 \r\n", [("007", " 1 ")]),
        ("id,x\n1,a\n\n2,b\n\n", [("1", "a"), ("2", "b")]),
        ("id,x\r\n1,a\n2,b\r\n", [("1", "a"), ("2", "b")]),  # two kinds of ends of lines
        ("id,x\r1,a\r2,b\r", [("1", "a"), ("2", "b")]),
        ('id,x\r\n1,"a\nb"\r\n2,c', [("1", "a\nb"), ("2", "c")]),
        ("sep=;\nid;x\n1,5;a\n", [("1,5", "a")]),
        ("\ufeffid,x\n1,a\n", [("1", "a")]),
        ("id,x\n1,a,\n2,b,\n", [("1", "a"), ("2", "b")]),  # a delimiter at the end of each row
        ("id,x\n1,\n,\n", [("1", None), (None, None)]),
        ("id\n1\n\n2\n", [("1",), (None,), ("2",)]),
        ('"id\nlong",x\n1,a\n2,b\n', [("1", "a"), ("2", "b")]),
        ("id,x\n12345678901234567890123,1e5\n", [("12345678901234567890123", "1e5")]),
        ("id,x\n2026-07-01,03-04-2026 9:00:00 AM\n", [("2026-07-01", "03-04-2026 9:00:00 AM")]),
    ],
)  # fmt: skip
def test_nothing_is_taken_for_something_else(read, text, rows):
    assert read(text)[1] == rows


def test_a_large_file_with_quotes_over_chunks_is_counted(read, monkeypatch):
    monkeypatch.setattr("cs_helpers.sources.files.text_files._CHUNK", 7)
    rows = [(str(i), f'a "{i}"\r\n,b' if i % 3 else "x" * i) for i in range(1, 40)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([("id", "x"), *rows])
    assert read(text.getvalue())[1] == rows


def test_titles_above_the_names_are_passed_over(read):
    text = 'Report,"as of\n30 Sep"\n\nid,x\n1,a\n'
    assert read(text, header_row=4) == (["id", "x"], [("1", "a")])


def test_a_header_of_two_rows_is_joined(read):
    text = "契約,,顧客,\nID,開始日,ID,名称\nC1,2026-01-01,A1,北浜\n"
    columns = ["契約 ID", "契約 開始日", "顧客 ID", "顧客 名称"]
    assert read(text, header_rows=2) == (columns, [("C1", "2026-01-01", "A1", "北浜")])


def test_names_that_stand_twice_or_not_at_all_are_told_apart(read):
    assert read("id,mrr,MRR,,x\n1,2,3,4,5\n")[0] == ["id", "mrr [1]", "MRR [2]", "column 4", "x"]


def test_another_delimiter_quote_and_escape_can_be_said(read):
    assert read("id:x\n1:a,b\n", delimiter=":")[1] == [("1", "a,b")]
    assert read('id\tx\n"Best" pen\ta\n', quote="")[1] == [('"Best" pen', "a")]
    assert read('id,x\n1,"a \\"b\\", c"\n', escape="\\")[1] == [("1", 'a "b", c')]
    assert read("id,x\n1,'a,b'\n", quote="'")[1] == [("1", "a,b")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-8"])
def test_a_mark_at_the_start_tells_the_encoding(read, encoding):
    assert read("会社\tx\n北浜\t1\n".encode(encoding)) == (["会社", "x"], [("北浜", "1")])


def test_encodings_that_are_said_hold_for_all_files_of_a_pattern(read, tmp_path):
    (tmp_path / "p1.csv").write_bytes("id,x\n1,髙橋\n".encode("cp932"))
    columns, rows = read("x,id\n北浜,2\n".encode("cp932"), "p2.csv", path="p*.csv", encoding="cp932")
    assert columns == ["id", "x", "source_file"]
    assert {row[:2] for row in rows} == {("1", "髙橋"), ("2", "北浜")}


def test_parts_of_a_pattern_may_have_other_columns_and_say_where_rows_are_from(read, tmp_path):
    (tmp_path / "a1.csv").write_text("id,x\n1,a\n")
    columns, rows = read("id;y\n2;b\n", "a2.csv", path="a?.csv")
    assert columns == ["id", "x", "source_file", "y"]
    assert [(r[0], r[1], Path(r[2]).name, r[3]) for r in rows] == [
        ("1", "a", "a1.csv", None), ("2", None, "a2.csv", "b"),
    ]  # fmt: skip


def test_a_compressed_file_is_read_whole(read):
    assert read(gzip.compress(b'id,x\n1,"a\nb"\n'), "t.csv.gz")[1] == [("1", "a\nb")]


def test_what_a_report_writes_below_its_rows_is_a_row_with_one_cell(read):
    below = '"Grand Totals (2 records)"\n"Copyright (c) 2026 a, b"\n\n"Confidential"\n'
    rows = read('"id","x","y"\n"1","a","b"\n"2","c","d"\n\n\n' + below)[1]
    assert rows[:2] == [("1", "a", "b"), ("2", "c", "d")]
    assert rows[2:] == [
        (options, None, None)
        for options in ("Grand Totals (2 records)", "Copyright (c) 2026 a, b", "Confidential")
    ]


# --- types that expressions see ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "type_"),
    [
        (["1", "-20", ""], "BIGINT"),
        (["1", "007"], "VARCHAR"),
        (["1", "+2"], "VARCHAR"),
        (["1", "¥1,000"], "VARCHAR"),
        (["12345678901234567890"], "VARCHAR"),
        (["123456789012345678"], "BIGINT"),
        (["1.5", "20", "-0.25"], "DOUBLE"),
        (["100.00", "20.50"], "DOUBLE"),
        (["123", "123.0"], "VARCHAR"),  # one key, written in two ways
        (["123.0", "124.0"], "DOUBLE"),
        (["1.200", "12.000"], "VARCHAR"),  # thousands?
        (["1.200", "12.5"], "DOUBLE"),
        (["0.125", "1.200"], "DOUBLE"),
        (["1234.567", "1.200"], "DOUBLE"),
        (["1.2345678901234567"], "VARCHAR"),
        (["2026-07-01", "2026-02-28"], "DATE"),
        (["2026-02-30"], "VARCHAR"),
        (["2026/07/01"], "VARCHAR"),
        (["2026-07-01 09:00", "2026-07-01T09:00:00.5"], "TIMESTAMP"),
        (["2026-07-01T09:00:00+09:00"], "VARCHAR"),
        (["03-04-2024 00:00:00"], "VARCHAR"),
        (["True", "FALSE"], "BOOLEAN"),
        (["yes"], "VARCHAR"),
        (["1", "NA"], "VARCHAR"),
        ([""], "VARCHAR"),
    ],
)  # fmt: skip
def test_a_column_has_a_type_only_if_its_text_can_be_had_back(read, cells, type_):
    text = "k,c\n" + "".join(f'{i},"{cell}"\n' for i, cell in enumerate(cells))
    assert read(text, typed=True)[0][1] == ("c", type_)


def test_types_are_held_against_all_rows(read, monkeypatch):
    monkeypatch.setattr("cs_helpers.sources.files.column_types._HEAD", 2)
    assert read("a,b,c\n1,,2026-01-01\n2,,2026-01-02\nx,5,\n", typed=True)[0] == [
        ("a", "VARCHAR"), ("b", "BIGINT"), ("c", "DATE"),
    ]  # fmt: skip


# --- the line that does not fit ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('id,x\n1,a\n"Acme "Best" Co",b\n', ("line 3", "inside a cell in quotes", "write it twice")),
        ('id,x\n1,"a\n2,b\n', ("line 2", "opens a quote", "does not end")),
        ("id,x\n1,a\n2,b,c\n", ("line 3, which begins with '2', has 3 cells", "has 2")),
        ("id,x\n1,a\n2\n", ("line 3, which begins with '2', has 1 cells",)),
        ("id,x\n1,a\n\n2\n3,b\n", ("line 4, which begins with '2', has 1 cells",)),
        ("id,x,y\n1,a,b\n\n2,c\n", ("line 4, which begins with '2', has 2 cells",)),
        ("会社,x\n北浜,1\n".encode("cp932"), ("not UTF-8 text", "encoding: cp932")),
        (b"PK\x03\x04....[Content_Types].xml", ("not text but an Excel workbook", ".xlsx")),
        (b"\xd0\xcf\x11\xe0" + b"0" * 600, ("not text but an old Excel workbook",)),
        ("<html><table><tr><td>1</td></tr></table></html>", ("an HTML page", "save it as .xlsx")),
        (gzip.compress(b"id,x\n1,a\n", mtime=0), ("compressed with gzip", ".gz")),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(read, content, words):
    problem = refused(read, content)
    for word in words:
        assert word in problem


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "iso-8859-15"])
def test_an_alphabet_that_takes_any_byte_is_held_against_the_others(read, encoding):
    assert "not " + encoding + " text but UTF-8" in refused(read, "id,x\n1,Müller\n", encoding=encoding)
    assert read("id,x\n1,Müller\n".encode(encoding), encoding=encoding)[1] == [("1", "Müller")]
    assert read("id,x\n1,a\n", encoding=encoding)[1] == [("1", "a")]


def test_japanese_read_as_latin_is_refused(read):
    assert "not latin-1 text but cp932" in refused(
        read, "id,x\n1,株式会社ア\n".encode("cp932"), encoding="latin-1"
    )


def test_a_file_declared_cp932_that_is_not_is_refused(read):
    assert "not cp932 text" in refused(read, "id,x\n1,Müllerß\n", encoding="cp932")
