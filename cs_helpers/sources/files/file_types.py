"""The types of files that can be read: by the ending of the name, and by the first bytes."""

from __future__ import annotations

TEXT = ("csv", "tsv", "txt")
PARQUET = ("parquet", "pq")
WORKBOOK = ("xlsx", "xlsm", "xls", "xlsb", "ods")
JSON = ("jsonl", "ndjson", "json")
XES = ("xes",)
#: the endings of names of all files that can be read
READABLE = (*TEXT, *PARQUET, *WORKBOOK, *JSON, *XES)
#: the magic number of the compound file format of old Office documents
COMPOUND_FILE = b"\xd0\xcf\x11\xe0"
_MAGIC_NUMBERS = (
    (b"\x1f\x8b", "gz"),
    (b"PAR1", "parquet"),
    (b"%PDF", "pdf"),
    (b"SQLite format 3", "sqlite"),
    (COMPOUND_FILE, "xls"),
)

#: file type -> what messages call it, and what to do with it
DESCRIPTIONS = {
    "xlsx": "an Excel workbook; give it the ending .xlsx, and say so in 'files'",
    "xls": "an old Excel workbook (.xls) or another document of Office; give it the ending .xls, and say so in 'files'",
    "ods": "a sheet of LibreOffice; give it the ending .ods, and say so in 'files'",
    "zip": "a zip archive; give it the ending .zip, and say so in 'files'",
    "gz": "compressed with gzip; give it an ending with .gz, and say so in 'files'",
    "parquet": "a Parquet file; give it the ending .parquet, and say so in 'files'",
    "html": "an HTML page, which some tools call .xls or .csv; open it in Excel and save it as .xlsx",
    "xml": "an XML file; open it in the program it is of and save it as .xlsx or as CSV",
    "pdf": "a PDF document; export the table as CSV or Excel",
    "sqlite": "a database of SQLite; export its table as CSV",
}


def extension(path: str) -> str:
    """The ending of a file's name in lower case and without its point, and without that of gzip; '' where it has none."""
    last = path.rstrip("/").rsplit("/", 1)[-1]
    return last.removesuffix(".gz").rsplit(".", 1)[-1].lower() if "." in last else ""


def sniff_type(start: bytes) -> str:
    """The type of a file by its first bytes (a key of `DESCRIPTIONS`); empty where it may be text."""
    if start.startswith(b"PK\x03\x04"):
        if b"mimetypeapplication/vnd.oasis" in start:
            return "ods"
        return (
            "xlsx" if b"[Content_Types].xml" in start or b"xl/" in start or b"docProps/" in start else "zip"
        )
    if type_ := next((type_ for magic, type_ in _MAGIC_NUMBERS if start.startswith(magic)), ""):
        return type_
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html", b"<table", b"<meta", b"<style")):
        return "html"
    return "xml" if text.startswith((b"<?xml", b"<workbook")) else ""
