"""Files are read as they are: ids stay text, and what cannot be read is named."""

from __future__ import annotations

import gzip
import io
import random

import pandas as pd
import pytest

from cs_helpers.errors import SourceError

ZEROS = {"A1": "00123", "A2": "07"}


def renamed(text, names):
    for old, new in names.items():
        text = text.replace(old, new)
    return text


def saved(text, kind, **types):
    """The bytes of a CSV text saved as Excel or Parquet, columns of `types` as said."""
    buffer = io.BytesIO()
    frame = pd.read_csv(io.StringIO(text), dtype=types or None)
    frame.to_excel(buffer, index=False) if kind == "xlsx" else frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def ids(taken, table="accounts"):
    return list(taken.kept[table]["account_id"])


def test_a_csv_with_a_byte_order_mark_is_read(take, accounts):
    assert ids(take({"accounts.csv": b"\xef\xbb\xbf" + accounts.encode()})) == ["A1", "A2"]


def test_a_csv_with_windows_line_ends_is_read(take, accounts):
    taken = take({"accounts.csv": accounts.replace("\n", "\r\n")})
    assert list(taken.kept["accounts"]["industry"]) == ["retail", "logistics"]


def test_a_csv_with_semicolons_is_read(take, accounts):
    assert ids(take({"accounts.csv": accounts.replace(",", ";")})) == ["A1", "A2"]


def test_a_compressed_csv_is_read(take, accounts):
    files = {"accounts.csv": None, "accounts.csv.gz": gzip.compress(accounts.encode())}
    assert ids(take(files)) == ["A1", "A2"]


def test_japanese_names_are_read(take, accounts):
    taken = take({"accounts.csv": accounts.replace("Kita", "北浜包装㈱")})
    assert list(taken.kept["accounts"]["name"]) == ["北浜包装㈱", "Minami"]


def test_several_files_of_one_pattern_are_one_table(take, accounts):
    head, first, second = accounts.splitlines()
    files = {"accounts.csv": None, "part1.csv": f"{head}\n{first}\n", "part2.csv": f"{head}\n{second}\n"}
    assert sorted(ids(take(files, accounts="part*.csv"))) == ["A1", "A2"]


def test_a_folder_with_quotes_and_braces_in_its_name_is_read(take, accounts):
    taken = take({"accounts.csv": None, "it's {a} 100%.csv": accounts}, accounts="it's {a} 100%.csv")
    assert ids(taken) == ["A1", "A2"]


def test_leading_zeros_of_ids_are_kept_in_a_csv(take, accounts, contracts):
    taken = take({"accounts.csv": renamed(accounts, ZEROS), "contracts.csv": renamed(contracts, ZEROS)})
    assert ids(taken) == ["00123", "07"]
    assert ids(taken, "contracts") == ["00123", "07"]


def test_a_leading_zero_in_the_last_of_many_rows_is_kept(take, accounts):
    rows = "".join(f"{i},x,mid,retail\n" for i in range(30_000))
    taken = take({"accounts.csv": accounts.replace("A2", "0042").replace("A1,", rows + "A1,")})
    assert "0042" in ids(taken)


def test_leading_zeros_of_ids_are_kept_in_excel(take, accounts, contracts):
    files = {
        "accounts.csv": None,
        "accounts.xlsx": saved(renamed(accounts, ZEROS), "xlsx", account_id="str"),
        "contracts.csv": renamed(contracts, ZEROS),
    }
    assert ids(take(files)) == ["00123", "07"]


def test_ids_of_more_digits_than_a_number_holds_are_kept(take, accounts, contracts):
    long = {"A1": "12345678901234567890123", "A2": "12345678901234567890124"}
    taken = take({"accounts.csv": renamed(accounts, long), "contracts.csv": renamed(contracts, long)})
    assert ids(taken) == list(long.values())
    assert ids(taken, "contracts") == list(long.values())


def test_ids_that_are_numbers_are_the_same_text_in_csv_excel_and_parquet(take, accounts, contracts):
    numbers = {"A1": "7", "A2": "1234567"}
    plain = renamed(accounts, numbers)
    for kind in ("xlsx", "parquet"):
        taken = take(
            {
                "accounts.csv": None,
                f"accounts.{kind}": saved(plain, kind),
                "contracts.csv": renamed(contracts, numbers),
            },
            accounts=f"accounts.{kind}",
        )
        assert ids(taken) == ids(taken, "contracts") == ["7", "1234567"]


def test_a_column_of_numbers_in_excel_with_an_empty_cell_stays_whole_numbers(take, accounts):
    frame = pd.read_csv(io.StringIO(accounts)).assign(csm=[7, None], motivation=[4, None])
    buffer = io.BytesIO()
    frame.to_excel(buffer, index=False)
    kept = take({"accounts.csv": None, "accounts.xlsx": buffer.getvalue()}).kept["accounts"]
    assert kept["csm"][0] == "7"
    assert kept["csm"].isna().tolist() == [False, True]
    assert kept["motivation"][0] == 4


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_dates_of_excel_and_parquet_are_dates(take, contracts, kind):
    frame = pd.read_csv(io.StringIO(contracts), parse_dates=["started_on", "ended_on"])
    buffer = io.BytesIO()
    frame.to_excel(buffer, index=False) if kind == "xlsx" else frame.to_parquet(buffer, index=False)
    taken = take({"contracts.csv": None, f"contracts.{kind}": buffer.getvalue()})
    kept = taken.kept["contracts"]
    assert [str(d)[:10] for d in kept["started_on"]] == ["2026-01-01", "2026-02-01"]
    assert kept["ended_on"].isna().tolist() == [True, False]
    assert taken.findings == ()


def test_an_excel_column_of_numbers_and_words_is_text_whose_words_are_named(take, contracts):
    frame = pd.read_csv(io.StringIO(contracts)).astype({"mrr": "object"})
    frame.loc[1, "mrr"] = "much"
    buffer = io.BytesIO()
    frame.to_excel(buffer, index=False)
    taken = take({"contracts.csv": None, "contracts.xlsx": buffer.getvalue()})
    assert taken.counts() == {("contracts", "mrr", "wrong_type"): 1}
    assert taken.findings[0].examples == ((2, "C2", "much"),)


def test_times_with_an_offset_stay_as_written_where_no_zone_is_declared(take):
    usage = "account_id,product,occurred_at,event\nA1,helpdesk,2026-05-01 08:00:00+09:00,reply\n"
    taken = take({"usage.csv": usage}, {"usage": {}})
    assert list(taken.kept["usage"]["occurred_at"]) == [pd.Timestamp("2026-05-01 08:00:00")]


def refused(take, files, **names):
    with pytest.raises(SourceError) as caught:
        take(files, **names)
    assert caught.value.table == "accounts"
    assert "accounts" in caught.value.where
    return caught.value.problem


def test_a_missing_file_is_named(take):
    assert "no such file" in refused(take, {"accounts.csv": None}, accounts="accounts.csv")


def test_a_pattern_that_fits_no_file_is_named(take):
    assert "accounts-*.csv" in refused(take, {"accounts.csv": None}, accounts="accounts-*.csv")


def test_a_folder_in_the_place_of_a_file_is_named_as_one(take, tmp_path):
    (tmp_path / "accounts.csv").mkdir()
    assert "this is a folder" in refused(take, {"accounts.csv": None}, accounts="accounts.csv")


def test_an_empty_file_is_named_as_one(take):
    assert "the file is empty" in refused(take, {"accounts.csv": ""})


def test_a_file_of_another_kind_is_told_what_can_be_read(take, accounts):
    problem = refused(take, {"accounts.csv": None, "accounts.ods": accounts})
    assert "'.ods'" in problem
    assert "CSV, Excel or Parquet" in problem


@pytest.mark.parametrize("encoding", ["cp932", "utf-16"])
def test_a_csv_that_is_not_utf8_is_told_to_be_saved_so(take, accounts, encoding):
    text = accounts.replace("Kita", "北浜包装株式会社")
    assert "save it as UTF-8" in refused(take, {"accounts.csv": text.encode(encoding)})


def test_a_compressed_csv_that_is_not_utf8_is_told_to_be_saved_so(take, accounts):
    text = accounts.replace("Kita", "北浜包装株式会社")
    files = {"accounts.csv": None, "accounts.csv.gz": gzip.compress(text.encode("cp932"))}
    assert "save it as UTF-8" in refused(take, files)


def test_one_name_in_another_encoding_after_many_rows_is_told_too(take, accounts):
    rows = "".join(f"B{i},x,mid,retail\n" for i in range(30_000))
    content = (accounts + rows).encode() + "A3,北浜包装株式会社,mid,retail\n".encode("cp932")
    assert "save it as UTF-8" in refused(take, {"accounts.csv": content})


def test_binary_garbage_is_refused_as_not_being_text(take):
    garbage = random.Random(7).randbytes(5000)
    assert "not UTF-8 text" in refused(take, {"accounts.csv": garbage})


@pytest.mark.parametrize("kind", ["xlsx", "parquet", "csv.gz"])
def test_garbage_of_any_other_kind_is_refused(take, kind):
    problem = refused(take, {"accounts.csv": None, f"accounts.{kind}": b"PK\x03\x04 no such thing"})
    assert "the file" in problem
    assert "Traceback" not in problem


def test_an_excel_file_that_was_cut_off_is_refused(take, accounts):
    files = {"accounts.csv": None, "accounts.xlsx": saved(accounts, "xlsx")[:2000]}
    assert "not an Excel workbook" in refused(take, files)
