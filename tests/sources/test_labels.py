"""Nobody is removed for a label: sizes, industries and other classes that are not known, and own classes of size."""

from __future__ import annotations

from datetime import date

import pytest
import yaml

from cs_helpers.contract.labels import UNKNOWN_SPELLINGS, fold, read_sizes
from cs_helpers.errors import SettingError
from cs_helpers.snapshot.take import take_snapshot
from cs_helpers.sources.sources_file import load_sources


def of(taken, column, table="accounts"):
    return taken.kept[table][column].tolist()


def finding_of(taken, column, rule):
    return next(f for f in taken.findings if (f.column, f.rule) == (column, rule))


def companies(*sizes, column="size"):
    rows = "".join(f"A{n},K{n},{size},retail\n" for n, size in enumerate(sizes, 1))
    return f"account_id,name,{column},industry\n{rows}"


def test_only_the_key_of_an_account_is_needed(take):
    taken = take({"accounts.csv": "account_id\nA1\nA2\n"})
    assert of(taken, "name") == ["A1", "A2"]
    assert of(taken, "size") == of(taken, "industry") == ["unknown", "unknown"]
    assert taken.findings == ()  # that no size was given is no fault of a row
    assert taken.rows_kept["contracts"] == 2


def test_case_width_and_blanks_make_no_other_size(take):
    written = ("Mid", "mid ", "ＭＩＤ", " MID", "　mid", "m\N{FULLWIDTH LATIN SMALL LETTER I}d")
    taken = take({"accounts.csv": companies(*written, "small")})
    assert (of(taken, "size"), taken.findings) == ([*["mid"] * len(written), "small"], ())


def test_what_says_that_nothing_is_known_is_unknown_and_counted(take):
    written = ("N/A", "NA", "-", "未設定", "不明", "unknown", "Unknown ", "", "ｎ／ａ")
    taken = take({"accounts.csv": companies(*written, "small")})
    assert of(taken, "size") == [*["unknown"] * len(written), "small"]
    assert taken.counts() == {("accounts", "size", "label_unknown"): len(written)}
    assert finding_of(taken, "size", "label_unknown").examples == tuple(
        (n, f"A{n}", value.strip()) for n, value in enumerate(written, 1)
    )
    assert taken.rows_kept == {"accounts": len(written) + 1, "contracts": 2}


def test_a_size_that_is_not_known_keeps_its_customer_and_is_named_with_the_line_to_write(take):
    taken = take({"accounts.csv": companies("Gross", "small")})
    assert of(taken, "size") == ["unknown", "small"]
    assert taken.rows_kept == {"accounts": 2, "contracts": 2}
    named = finding_of(taken, "size", "not_allowed")
    assert (named.policy, named.count, named.detail) == ("warn", 1, "small, mid, enterprise")
    assert named.examples == ((1, "A1", "Gross"),)
    assert named.write == "tables.accounts.columns.size: {column: size, values: {Gross: small}}"


def test_the_line_to_write_can_be_read_and_mends_it(take):
    entries = {"accounts": {"columns": {"size": {"column": "klasse", "values": {"S": "small"}}}}}
    files = {"accounts.csv": companies('"a ""b"": c"', "S", column="klasse")}
    key, _, line = finding_of(take(files, entries), "size", "not_allowed").write.partition(": ")
    assert key == "tables.accounts.columns.size"
    entries["accounts"]["columns"]["size"] = yaml.safe_load(line)
    taken = take(files, entries)
    assert (of(taken, "size"), taken.findings) == (["small", "small"], ())


ATTRIBUTES = "account_id,name,size,industry,motivation,literacy,touch_model,churned\n"


def test_scores_touch_models_and_flags_that_are_not_known_remove_nobody(take):
    taken = take(
        {
            "accounts.csv": ATTRIBUTES
            + "A1,K,mid,retail,high,9,Hoch,vielleicht\n"
            + "A2,M,small,retail,４,N/A,ＬＯＷ ,Ｎｏ\n"
        }
    )
    kept = taken.kept["accounts"]
    assert kept["motivation"].isna().tolist() == [True, False]
    assert kept["motivation"].iloc[1] == 4
    assert kept["literacy"].isna().all()
    assert kept["touch_model"].isna().tolist() == [True, False]
    assert kept["touch_model"].iloc[1] == "low"
    assert [kept["churned"].isna().iloc[0], bool(kept["churned"].iloc[1])] == [True, False]
    assert taken.counts() == {
        ("accounts", "motivation", "wrong_type"): 1,
        ("accounts", "literacy", "out_of_range"): 1,
        ("accounts", "literacy", "label_unknown"): 1,
        ("accounts", "touch_model", "not_allowed"): 1,
        ("accounts", "churned", "wrong_type"): 1,
    }
    assert {f.policy for f in taken.findings} == {"warn"}


def test_labels_of_other_tables_remove_no_row_either(take, contracts):
    touches = "account_id,product,occurred_at,kind,touch_model\n"
    touches += "A1,helpdesk,2026-03-01 10:00:00,mail,High\nA1,helpdesk,2026-03-02 10:00:00,mail,besuch\n"
    ended = contracts.replace("currency", "currency,ended_how").replace(",JPY", ",JPY,Kündigung", 1)
    taken = take(
        {"touches.csv": touches, "contracts.csv": ended.replace(",200,JPY", ",200,JPY,ＮＯＴＩＣＥ")},
        {"touches": {}},
    )
    assert of(taken, "touch_model", "touches")[0] == "high"
    assert taken.kept["touches"]["touch_model"].isna().tolist() == [False, True]
    assert of(taken, "ended_how", "contracts")[1] == "notice"
    assert taken.rows_kept == taken.rows_read
    assert taken.counts() == {
        ("contracts", "ended_how", "not_allowed"): 1,
        ("touches", "touch_model", "not_allowed"): 1,
    }


def test_a_reading_without_a_known_viewpoint_is_still_refused(take):
    files = {
        "interviews.csv": "interview_id,account_id,product,held_on\nI1,A1,helpdesk,2026-06-10\n",
        "notes.csv": "note_id,interview_id,evidence,text\nN1,I1,Words,x\nN2,I1,rumour,y\n",
    }
    taken = take(files, {"interviews": {}, "notes": {}})
    assert of(taken, "evidence", "notes") == ["words"]
    assert finding_of(taken, "evidence", "not_allowed").policy == "reject"


def test_industries_are_spelled_as_most_rows_spell_them(take):
    rows = ("A1,K,mid,Retail", "A2,L,mid,retail ", "A3,M,mid,ＲＥＴＡＩＬ", "A4,N,mid,retail", "A5,O,mid,-")
    taken = take({"accounts.csv": "account_id,name,size,industry\n" + "\n".join(rows) + "\n"})
    assert of(taken, "industry") == ["retail"] * 4 + ["unknown"]
    assert taken.counts() == {("accounts", "industry", "label_unknown"): 1}


def test_whoever_wants_such_rows_left_out_says_so(shared_file):
    snapshot = shared_file(companies("Gross", "small"), policies={"accounts.size.not_allowed": "reject"})
    assert snapshot.manifest["rows_kept"]["accounts"] == 1


# --- own classes -------------------------------------------------------------------------------------


@pytest.fixture
def shared_file(tmp_path, contracts):
    """A snapshot of accounts under a sources file with more keys."""

    def run(accounts, columns=None, **more):
        (tmp_path / "accounts.csv").write_text(accounts, encoding="utf-8")
        (tmp_path / "contracts.csv").write_text(contracts, encoding="utf-8")
        entries = {
            "as_of": date(2026, 9, 30),
            "files": {"accounts": "accounts.csv", "contracts": "contracts.csv"},
            "tables": {
                "accounts": {"from": "accounts", "columns": columns or {}},
                "contracts": {"from": "contracts"},
            },
            **more,
        }
        file = tmp_path / "sources.yml"
        file.write_text(yaml.safe_dump(entries, allow_unicode=True, sort_keys=False), encoding="utf-8")
        return take_snapshot(file, folder=tmp_path / "snapshots")

    return run


def test_own_classes_are_held_in_their_order(shared_file):
    classes = ["SMB", "Mid-Market", "Enterprise"]
    snapshot = shared_file(companies("mid-market", "ＳＭＢ"), sizes=classes)
    assert snapshot.findings == ()
    data = snapshot.read("helpdesk")
    assert sorted(data["accounts"]["size"]) == ["Mid-Market", "SMB"]
    assert data.sizes == ("Enterprise", "Mid-Market", "SMB")
    assert [each["size"] for each in snapshot.manifest["sizes"]] == classes


def test_own_classes_may_be_written_by_any_of_their_names(shared_file):
    classes = {"smb": {"en": "SMB", "ja": "中小"}, "ent": {"en": "Enterprise", "ja": "大手"}}
    snapshot = shared_file(companies("大手", "Smb"), sizes=classes)
    assert sorted(snapshot.read("helpdesk")["accounts"]["size"]) == ["ent", "smb"]
    other = shared_file(companies("大手", "mid"), sizes=classes)
    assert [(f.rule, f.count, f.detail) for f in other.findings] == [("not_allowed", 1, "smb, ent")]


BOUNDS = {"small": 1, "mid": 50, "enterprise": 300}


def test_a_number_of_employees_makes_a_size(take):
    counts = ("1", "49", "50", "299.5", "300", "100000", "0", "-3", "viele", "", "n/a", "nan", "inf")
    entries = {"accounts": {"columns": {"size": {"column": "employees", "bounds": BOUNDS}}}}
    taken = take({"accounts.csv": companies(*counts, column="employees")}, entries)
    assert of(taken, "size") == ["small", "small", "mid", "mid", "enterprise", "enterprise"] + ["unknown"] * 7
    below = finding_of(taken, "size", "not_allowed")
    assert (below.count, below.detail, below.write) == (
        5,
        "small from 1, mid from 50, enterprise from 300",
        "",
    )
    assert [value for _, _, value in below.examples] == ["0", "-3", "viele", "nan", "inf"]
    assert finding_of(taken, "size", "label_unknown").count == 2
    assert taken.rows_kept["accounts"] == len(counts)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (["SMB"], "needs 2 to 6 classes"),
        (list("abcdefg"), "these are 7"),
        ("SMB", "needs a list of classes, smallest first"),
        (["Mid", "ＭＩＤ"], "'Mid' and 'ＭＩＤ' cannot be told apart: 'mid' is both"),
        ({"a": {"en": "A", "ja": "大"}, "b": {"en": "B", "ja": "大"}}, "'大' is both"),
        ({"a": {"en": "A"}, "b": {"en": "B", "ja": "大"}}, "class 'a' needs a name in both languages"),
        (["small", "unknown"], "'unknown' says that nothing is known"),
        (["small", True], "put True in quotes"),
        (["small", "<b>"], "without < and >"),
    ],
)
def test_classes_that_cannot_be_told_apart_are_refused(sizes, message):
    with pytest.raises(ValueError, match=r".") as caught:
        read_sizes(sizes)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("column", "size", "message"),
    [
        ("size", {"column": "n", "bounds": {"big": 1}}, "'big' is not one of the sizes"),
        (
            "size",
            {"column": "n", "bounds": {"small": 50, "mid": 50}},
            "larger than that of the one before: small, mid",
        ),
        ("size", {"column": "n", "bounds": {"mid": 1, "small": 50}}, "small, mid is their order"),
        ("size", {"constant": 5, "bounds": {"small": 1}}, "bounds are for a column or an sql expression"),
        ("industry", {"column": "n", "bounds": {"small": 1}}, "bounds are for the size of a company"),
        ("size", {"column": "n", "bounds": {"small": "few"}}, "tables.accounts.columns.size.bounds.small"),
    ],
)
def test_bounds_that_make_no_order_are_refused(tmp_path, column, size, message):
    content = {
        "files": {"a": "a.csv"},
        "tables": {"accounts": {"from": "a", "columns": {column: size}}, "contracts": {"from": "a"}},
    }
    (tmp_path / "sources.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(SettingError) as caught:
        load_sources(tmp_path / "sources.yml")
    assert message in str(caught.value)


def test_the_words_for_not_known_are_held_as_they_are_compared():
    assert all(fold(word) == word for word in UNKNOWN_SPELLINGS)
