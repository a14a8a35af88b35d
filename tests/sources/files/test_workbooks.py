"""A workbook, JSON and a zip archive give the cells that were written, or a sentence why they do not."""

from __future__ import annotations

import io
import itertools
import json
import struct
import zipfile
from datetime import date, datetime, time

import openpyxl
import pytest

from cs_helpers.errors import SourceError
from cs_helpers.sources.files.opening import open_file
from cs_helpers.sources.mapping import FileSource

HEAD = ["contract_id", "account_id", "mrr"]


@pytest.fixture
def read(hub, tmp_path):
    """Writes a file and opens it; gives its columns with their types, and its rows."""

    def run(content, name, **options):
        (tmp_path / name).write_bytes(content)
        (tmp_path / "scratch").mkdir(exist_ok=True)
        hub.con.execute("DROP SCHEMA IF EXISTS s CASCADE; CREATE SCHEMA s; USE s")
        open_file(hub, "t", str(tmp_path / name), FileSource(path=name, **options), tmp_path / "scratch")
        result = hub.con.execute('FROM "t"')
        return {c[0]: str(c[1]) for c in result.description}, result.fetchall()

    return run


def book(*sheets, hidden=(), **cells):
    """The bytes of a workbook: name and rows of each sheet; single cells of the first by their place."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets:
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
    for place, value in cells.items():
        made.worksheets[0][place] = value
    made.active = next(i for i, (name, _) in enumerate(sheets) if name not in hidden)
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


def ods(*sheets):
    """The bytes of a sheet of LibreOffice, in its plainest form; every cell is text or a number."""

    def cell(value):
        if isinstance(value, str):
            return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'

    tables = "".join(
        f'<table:table table:name="{name}">'
        + "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in sheets
    )
    names = " ".join(
        f'xmlns:{p}="urn:oasis:names:tc:opendocument:xmlns:{p}:1.0"' for p in ("office", "table", "text")
    )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        kind = "application/vnd.oasis.opendocument.spreadsheet"
        archive.writestr("mimetype", kind)
        manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
        entry = f'<m:file-entry m:full-path="/" m:media-type="{kind}"/>'
        archive.writestr("META-INF/manifest.xml", f'<m:manifest xmlns:m="{manifest}">{entry}</m:manifest>')
        xml = f"<office:document-content {names}><office:body><office:spreadsheet>{tables}"
        archive.writestr("content.xml", xml + "</office:spreadsheet></office:body></office:document-content>")
    return content.getvalue()


def xls(*sheets, hidden=()):
    """The bytes of an old workbook: a compound file whose one stream holds records of BIFF8."""

    def record(kind, data):
        return struct.pack("<HH", kind, len(data)) + data

    def text(value, length):
        return struct.pack(length, len(value)) + b"\x01" + value.encode("utf-16-le")

    def begin(kind):
        return record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 0, 0, 0))

    def cell(row, column, value):
        place = struct.pack("<HHH", row, column, 0)
        if isinstance(value, str):
            return record(0x204, place + text(value, "<H"))
        return record(0x203, place + struct.pack("<d", value))

    def first(places):
        bounds = (
            record(0x85, struct.pack("<IBB", place, name in hidden, 0) + text(name, "<B"))
            for (name, _), place in zip(sheets, places, strict=True)
        )
        return begin(5) + b"".join(bounds) + end

    end = record(0x0A, b"")
    bodies = [
        begin(0x10)
        + b"".join(cell(r, c, v) for r, row in enumerate(rows) for c, v in enumerate(row) if v is not None)
        + end
        for _, rows in sheets
    ]
    sizes = [len(first([0] * len(sheets))), *map(len, bodies)]
    stream = first(list(itertools.accumulate(sizes))[:-1]) + b"".join(bodies)
    stream = stream.ljust(4096, b"\0")
    stream += b"\0" * (-len(stream) % 512)
    count = len(stream) // 512
    table = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, count + 2), 0xFFFFFFFE]
    table += [0xFFFFFFFF] * (128 - len(table))

    def entry(name, kind, start, length, child):
        raw = name.encode("utf-16-le") + b"\0\0"
        place = struct.pack("<HBBiii", len(raw), kind, 1, -1, -1, child) + b"\0" * 36
        return raw.ljust(64, b"\0") + place + struct.pack("<IQ", start, length)

    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    numbers = (0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack("<HHHHH6xIIIIIIIII", *numbers) + struct.pack("<I", 0) + b"\xff" * 4 * 108
    folder = entry("Root Entry", 5, 0xFFFFFFFE, 0, 1) + entry("Workbook", 2, 2, len(stream), -1) + b"\0" * 256
    return head + struct.pack("<128I", *table) + folder + stream


def refused(read, content, name, **options):
    with pytest.raises(SourceError) as error:
        read(content, name, **options)
    return str(error.value)


# --- cells ---------------------------------------------------------------------------------------


def test_texts_for_nothing_stay_texts_and_keys_keep_their_zeros(read):
    rows = [["NA", "00123", 7], ["None", "n/a", 8.5], ["null", None, None]]
    columns, result = read(book(("s", [HEAD, *rows])), "t.xlsx")
    assert result == [("NA", "00123", 7.0), ("None", "n/a", 8.5), ("null", None, None)]
    assert columns == {"contract_id": "VARCHAR", "account_id": "VARCHAR", "mrr": "DOUBLE"}


def test_a_column_of_one_kind_has_its_type_and_a_mixed_one_loses_nothing(read):
    day, at = date(2026, 7, 1), datetime(2026, 7, 1, 9, 30)
    rows = [
        ["whole", "number", "day", "flag", "mixed"],
        [1, 1.234, day, True, 1.234],
        [2, 2, day, False, "x"],
        [3, 3, day, True, at],
        [4, 4, day, True, True],
        [5, 5, day, True, time(9)],
        [6, 6, day, True, 12],
    ]
    columns, result = read(book(("s", rows)), "t.xlsx")
    assert list(columns.values()) == ["BIGINT", "DOUBLE", "TIMESTAMP", "BOOLEAN", "VARCHAR"]
    # 1.234 among texts does not look like a thousand
    assert [row[4] for row in result] == ["1.2340", "x", "2026-07-01 09:30:00", "true", "09:00:00", "12"]
    assert result[0][2] == datetime(2026, 7, 1)


def test_an_error_in_a_cell_stays_there_to_be_named(read):
    assert read(book(("s", [HEAD, ["C1", "#N/A", "#DIV/0!"]])), "t.xlsx")[1] == [("C1", "#N/A", "#DIV/0!")]


def test_a_formula_that_was_never_calculated_is_refused(read):
    problem = refused(read, book(("s", [HEAD, ["C1", "A1", None]]), C2="=1+1"), "t.xlsx")
    assert "cell C2 of sheet 's' holds a formula (=1+1) that was never calculated" in problem


def test_empty_rows_and_columns_are_none(read):
    rows = [[*HEAD, None], ["C1", "A1", 1], [None, " ", None], [], ["C2", "A2", 2]]
    columns, result = read(book(("s", rows)), "t.xlsx")
    assert list(columns) == HEAD
    assert result == [("C1", "A1", 1), ("C2", "A2", 2)]


def test_a_doubled_header_with_merged_cells(read):
    rows = [["Q3", None, None], ["契約", None, "顧客"], ["ID", "月額", "ID"], ["C1", 5, "A1"]]
    columns, result = read(book(("s", rows)), "t.xlsx", header_row=2, header_rows=2)
    assert (list(columns), result) == (["契約 ID", "契約 月額", "顧客 ID"], [("C1", 5, "A1")])


# --- which sheet ---------------------------------------------------------------------------------

ONE, TWO = [HEAD, ["C1", "A1", 1]], [HEAD, ["C2", "A2", 2]]


@pytest.mark.parametrize("hidden", [(), ("two",), ("one",)])
def test_of_two_sheets_with_the_same_columns_a_person_says_which(read, hidden):
    content = book(("one", ONE), ("two", TWO), hidden=hidden)
    problem = refused(read, content, "t.xlsx")
    first, other = ("two", "one") if hidden == ("one",) else ("one", "two")
    hidden_too = " (hidden)" if hidden else ""
    assert f"the sheets '{first}' and '{other}'{hidden_too} have the same columns" in problem
    assert f"{{path: t.xlsx, sheet: {first}}}" in problem
    assert read(content, "t.xlsx", sheet=first)[1] == [("C1", "A1", 1) if first == "one" else ("C2", "A2", 2)]
    assert read(content, "t.xlsx", sheet=1)[1] == [("C2", "A2", 2)]


def test_a_hidden_sheet_with_other_columns_is_passed_over(read):
    assert read(book(("lists", [["a"], ["b"]]), ("two", TWO), hidden=("lists",)), "t.xlsx")[1] == [
        ("C2", "A2", 2)
    ]


def test_a_sheet_of_libreoffice_is_read(read):
    content = ods(("one", [HEAD, ["C1", "NA", 1.5], ["C2", "0042", 2]]), ("two", [["x"], ["y"]]))
    columns, result = read(content, "t.ods")
    assert result == [("C1", "NA", 1.5), ("C2", "0042", 2.0)]
    assert columns["mrr"] == "DOUBLE"
    assert read(content, "t.ods", sheet="two")[1] == [("y",)]
    assert read(book(("one", ONE)), "t.xls")[1] == [("C1", "A1", 1)]  # one under the old name


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            b"\xd0\xcf\x11\xe0" + b"x" * 600 + "EncryptedPackage".encode("utf-16-le"),
            ("encrypted with a password",),
        ),
        (b"contract_id,mrr\nC1,5\n", ("not an Excel workbook", "save it again as .xlsx or as CSV")),
        (b"<html><table></table></html>", ("not an Excel workbook but an HTML page",)),
        (b"PK\x03\x04 cut off", ("not an Excel workbook",)),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, ("not an Excel workbook",)),
    ],
)
@pytest.mark.parametrize("ending", ["xlsx", "xls", "ods"])
def test_what_is_no_workbook_is_said(read, content, words, ending):
    problem = refused(read, content, f"t.{ending}")
    for word in words:
        assert word in problem


# --- JSON ----------------------------------------------------------------------------------------


def test_json_lines_as_mixpanel_writes_them(read):
    lines = [
        {
            "event": "Signed up",
            "properties": {"time": 1783000000, "distinct_id": "0042", "$tags": ["a", "b"]},
        },
        {"event": "開いた", "properties": {"time": 1783000001, "distinct_id": "7", "plan": None}},
    ]
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    columns, result = read(text.encode(), "t.jsonl")
    assert columns["properties.time"] == "BIGINT"
    assert result == [
        ("Signed up", 1783000000, "0042", '["a", "b"]', None),
        ("開いた", 1783000001, "7", None, None),
    ]


@pytest.mark.parametrize(
    "text", ['[{"a": 1}, {"a": 2}]', '{"count": 2, "data": [{"a": 1}, {"a": 2}]}', '{"a": 1}\n{"a": 2}\n']
)
def test_json_in_any_of_its_forms(read, text):
    assert read(text.encode(), "t.json") == ({"a": "BIGINT"}, [(1,), (2,)])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1}\n{"a": }\n', "line 2 is not JSON"),
        ('{"a": 1}\n[2]\n', "line 2 holds [2], not an object"),
        ("", "the file is empty"),
        ("[]", "the file holds no row"),
    ],
)
def test_what_is_no_row_of_json_is_said(read, text, words):
    assert words in refused(read, text.encode(), "t.jsonl")


# --- archives ------------------------------------------------------------------------------------


def archive(**files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        for name, text in files.items():
            made.writestr(name.replace("__", "/").replace("_csv", ".csv"), text)
    return content.getvalue()


def test_the_one_file_of_an_archive_is_read_and_of_several_the_one_that_is_said(read):
    assert read(archive(a_csv="id,x\n1,a\n", MACOSX="", notes=""), "t.zip")[1] == [(1, "a")]
    two = archive(a_csv="id,x\n1,a\n", in__b_csv="id,x\n2,b\n")
    problem = refused(read, two, "t.zip")
    assert (
        "the archive holds 2 files; say which: {path: t.zip, member: a.csv}. There are: a.csv, in/b.csv"
        in problem
    )
    assert read(two, "t.zip", member="in/b.csv")[1] == [(2, "b")]
    assert "has no file 'c.csv'" in refused(read, two, "t.zip", member="c.csv")
    assert "holds no file that can be read" in refused(read, archive(notes=""), "t.zip")
    assert "not a zip archive" in refused(read, b"PK\x03\x04", "t.zip")
