"""How the ends of contracts are to be read is proposed from what the rows show, or asked."""

from __future__ import annotations

import duckdb
import pytest

from cs_helpers.sources.inspect.proposal import inspect, propose

#: the days on which a year's contract begins, ends, and on which the next begins and ends, by what its end means
LAST_DAY = ("2025-10-01", "2026-09-30", "2026-10-01", "2027-09-30")
DAY_AFTER = ("2025-10-01", "2026-10-01", "2026-10-01", "2027-10-01")


def renewed(days, accounts=4, header="contract_id,account_id,product,started_on,ended_on,mrr,currency"):
    """Contracts of accounts that each have one and then the next."""
    rows = [
        f"C{i}{n},A{i},helpdesk,{days[2 * n]},{days[2 * n + 1]},100,JPY"
        for i in range(accounts)
        for n in (0, 1)
    ]
    return "\n".join([header, *rows]) + "\n"


def listed(ends, header="contract_id,account_id,start_date,end_date,mrr", start="2024-01-15"):
    """Contracts of an account each, that all begin on one day."""
    rows = [f'C{i},A{i},{start},"{end}",100' for i, end in enumerate(ends)]
    return "\n".join([header, *rows]) + "\n"


@pytest.fixture
def contracts(folder, proposed):
    """The proposal for a file of contracts: its text, and what it says of their columns."""

    def run(content, name="contracts.csv"):
        text, mapping = proposed(folder({name: content}))
        return text, mapping["tables"]["contracts"]["columns"]

    return run


def to_check(text):
    """The columns that a person is asked to look at."""
    line = next((line for line in text.splitlines() if line.startswith("# To check: ")), "# To check: ")
    return line.removeprefix("# To check: ").split(", ")


# --- the last day, or the day after ------------------------------------------------------------


def test_contracts_that_begin_the_day_after_an_end_show_a_last_day(contracts):
    text, mapping = contracts(renewed(LAST_DAY))
    assert mapping["ended_on"] == {"column": "ended_on", "means": "last_day"}
    assert "4 contracts begin the day after an earlier one of their account ends, 0 on that day" in text
    assert "contracts.ended_on" not in to_check(text)


def test_contracts_that_begin_on_an_end_show_the_day_after(contracts):
    text, mapping = contracts(renewed(DAY_AFTER))
    assert mapping["ended_on"] == {"column": "ended_on", "means": "day_after"}
    assert "0 contracts begin the day after an earlier one of their account ends, 4 on that day" in text


def test_contracts_that_follow_in_both_ways_are_asked_about_with_both_counts(contracts):
    more = renewed(DAY_AFTER, 3).replace("A", "B").replace("C", "D").split("\n", 1)[1]
    text, mapping = contracts(renewed(LAST_DAY, 3) + more)
    assert mapping["ended_on"] == "ended_on"
    assert (
        "ended_on: ended_on # check: say whether it is the last day of the contract or the day after: "
        in text
    )
    assert "{ column: ended_on, means: last_day } or { column: ended_on, means: day_after }" in text
    assert "3 contracts begin the day after an earlier one of their account ends, 3 on that day" in text
    assert "contracts.ended_on" in to_check(text)


def test_the_contracts_of_another_product_or_account_do_not_follow(contracts):
    rows = renewed(DAY_AFTER).splitlines()
    other = [row.replace("helpdesk", "expense_desk") if i % 2 == 0 else row for i, row in enumerate(rows)]
    other[0] = rows[0]
    text, _ = contracts("\n".join(other) + "\n")
    assert "on that day" not in text  # only that the ends are the first of a month is left
    assert "8 the first" in text


def test_a_contract_that_runs_on_beside_an_end_makes_the_next_one_no_evidence(contracts):
    beside = "".join(f"D{i},A{i},helpdesk,2025-01-01,,100,JPY\n" for i in range(4))
    text, mapping = contracts(renewed(("2025-10-09", "2026-09-15", "2026-09-16", "2027-09-15")) + beside)
    assert mapping["ended_on"] == "ended_on"
    assert "0 contracts begin the day after an earlier one of their account ends, 0 on that day" in text


def test_ends_at_the_last_minute_of_a_day_are_last_days_whatever_follows(contracts):
    late = renewed(("2025-10-01", "2026-09-30 23:59:59", "2026-09-30", "2027-09-30 23:59:59"))
    text, mapping = contracts(late)
    assert mapping["ended_on"] == {"column": "ended_on", "means": "last_day"}
    assert "8 of 8 values are at 23:59" in text


@pytest.mark.parametrize(
    ("ends", "means"),
    [
        (["2024-03-31", "2024-06-30", "2025-02-28", "2024-02-29"], "last_day"),
        (["2024-04-01", "2024-07-01", "2025-03-01", "2024-03-01"], "day_after"),
    ],
)
def test_ends_that_nothing_follows_are_told_by_the_days_of_the_month(contracts, ends, means):
    text, mapping = contracts(listed(ends))
    assert mapping["ended_on"] == {"column": "end_date", "means": means}
    assert ("4 of 4 are the last of a month" in text) == (means == "last_day")


@pytest.mark.parametrize("ends", [["2024-03-31", "2024-07-01", "2024-05-17"], ["2024-03-31"]])
def test_ends_on_any_day_or_too_few_are_asked_about(contracts, ends):
    text, mapping = contracts(listed(ends))
    assert mapping["ended_on"] == "end_date"
    assert "contracts.ended_on" in to_check(text)


def test_contracts_without_any_end_are_asked_nothing(contracts):
    text, mapping = contracts(listed(["", "", ""]))
    assert mapping["ended_on"] == "end_date"
    assert "ended_how" not in mapping
    assert "means" not in text


def test_a_date_that_stands_for_no_end_is_no_end(contracts):
    text, _ = contracts(listed(["9999-12-31"] * 5 + ["2024-05-17", "2024-06-03", "2024-08-21"]))
    assert "3 of 8 rows have an end" in text


def test_a_format_and_the_meaning_stand_together(contracts):
    days = ("01/10/2025", "30/09/2026", "01/10/2026", "30/09/2027")
    _, mapping = contracts(renewed(days))
    assert mapping["ended_on"] == {"column": "ended_on", "format": "%d/%m/%Y", "means": "last_day"}


def test_a_format_that_only_a_person_knows_is_asked_with_the_meaning(contracts):
    text, mapping = contracts(listed(["01/02/2024", "03/04/2024", "05/06/2024"]))
    assert mapping["ended_on"] == {"column": None}
    assert "which can be %d/%m/%Y or %m/%d/%Y" in text
    assert "; add means: last_day, or means: day_after" in text


def test_japanese_contracts_that_follow_each_other_are_last_days_of_terms(contracts):
    header = "契約ID,顧客ID,製品,契約開始日,契約終了日,月額,通貨"
    days = ("2025年10月1日", "2026年9月30日", "2026年10月1日", "2027年9月30日")
    _, mapping = contracts(renewed(days, header=header).encode("cp932"), "契約.csv")
    assert mapping["ended_on"] == {"column": "契約終了日", "format": "%Y年%m月%d日", "means": "last_day"}
    assert mapping["ended_how"] == {"constant": "term"}


def test_a_database_is_read_for_the_same(tmp_path, folder, loaded):
    path = folder({"contracts.csv": renewed(DAY_AFTER)})
    with duckdb.connect(tmp_path / "crm.duckdb") as database:
        database.execute(f"CREATE TABLE contracts AS FROM read_csv('{path}/contracts.csv')")
        database.execute(
            "CREATE TABLE accounts AS SELECT 'A1' AS account_id, 'Kita' AS name, 'mid' AS size, 'x' AS industry"
        )
    sources = loaded(propose(inspect(str(tmp_path / "crm.duckdb")), tmp_path))
    assert sources.tables["contracts"].column("ended_on").means == "day_after"
    assert sources.tables["contracts"].column("ended_how").constant == "term"


# --- how a contract ended ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("Cancellation Date", "cancelled"), ("cancelled_at", "cancelled"), ("churn date", "cancelled"),
        ("解約日", "cancelled"), ("expiry_date", "term"), ("満了日", "term"), ("Term End", "term"),
        ("renewal date", "term"), ("契約更新日", "term"), ("notice date", "notice"), ("解約予告日", "notice"),
    ],
)  # fmt: skip
def test_the_name_of_an_end_says_how_contracts_ended(contracts, name, how):
    header = f"contract_id,account_id,start_date,{name},mrr"
    text, mapping = contracts(listed(["2024-05-17", "", ""], header=header))
    assert mapping["ended_how"] == {"constant": how}
    assert f"# ended_how: '{name}' is the name of such a date" in text
    assert mapping["ended_on"] == name


def test_a_japanese_date_of_renewal_may_be_the_day_of_the_last_change(contracts):
    header = "contract_id,account_id,start_date,更新日,mrr"
    text, mapping = contracts(listed(["2024-05-17"], header=header))
    assert mapping["ended_how"] == {"constant": "term"}
    assert "'更新日' can also be the day on which the row was last changed" in text
    assert "contracts.ended_on" in to_check(text)


def test_ends_ahead_and_contracts_that_follow_show_terms(contracts):
    text, mapping = contracts(renewed(LAST_DAY))
    assert mapping["ended_how"] == {"constant": "term"}
    assert "8 of 8 rows have an end; 4 of these lie ahead of the latest start, 4 are followed" in text
    assert "contracts.ended_how" not in to_check(text)


def test_few_ends_none_ahead_and_nothing_after_show_cancelled_contracts(contracts):
    rows = listed(["2024-05-17", "2024-06-03", "2024-08-21", *[""] * 7])
    text, mapping = contracts(rows + "C99,A99,2024-12-01,,100\n")
    assert mapping["ended_how"] == {"constant": "cancelled"}
    assert "3 of 11 rows have an end" in text


def test_a_part_of_the_rows_does_not_show_that_nothing_followed(contracts):
    ends = ["2024-05-17", "2024-06-03", "2024-08-21"] + [""] * 4_998
    text, mapping = contracts("contract_id,account_id,start_date,end_date,mrr\nC99,A99,2024-12-01,,100\n"
                           + listed(ends).split("\n", 1)[1])  # fmt: skip
    assert "ended_how" not in mapping
    assert "contracts.ended_how" in to_check(text)


def test_ends_that_show_nothing_are_asked_about(contracts):
    text, mapping = contracts(listed(["2023-05-17"] * 3))
    assert "ended_how" not in mapping
    assert (
        "# ended_how: { constant: } # check: say { constant: term } (a paid term, which may be renewed), notice or"
        in text
    )
    assert "contracts.ended_how" in to_check(text)


def with_status(name, values, ends):
    rows = [f"C{i},A{i},2024-01-15,{e},100,{v}" for i, (v, e) in enumerate(zip(values, ends, strict=True))]
    return "\n".join([f"contract_id,account_id,start_date,end_date,mrr,{name}", *rows]) + "\n"


def test_a_status_that_tells_is_translated(contracts):
    ends = ["2024-05-17", "2024-06-30", ""]
    text, mapping = contracts(with_status("Contract Status", ["Cancelled", "expired", "Active"], ends))
    values = {"Cancelled": "cancelled", "expired": "term", "Active": None}
    assert mapping["ended_how"] == {"column": "Contract Status", "values": values}
    assert "contracts.ended_how" not in to_check(text)
    assert "# ended_how: by the values of 'Contract Status'" in text
    assert "not used: Contract Status" not in text


def test_a_japanese_status_is_translated_and_a_running_contract_ends_with_its_term(contracts):
    ends = ["2024-05-17", "2024-06-30", "2025-01-14", "2024-07-01"]
    _, mapping = contracts(with_status("契約状態", ["解約", "満了", "継続", "解約予告"], ends))
    values = {"解約": "cancelled", "満了": "term", "継続": "term", "解約予告": "notice"}
    assert mapping["ended_how"] == {"column": "契約状態", "values": values}


def test_a_status_that_tells_only_some_is_left_to_a_person(contracts):
    ends = ["2024-05-17", "2024-06-30", ""]
    text, mapping = contracts(with_status("status", ["cancelled", "ended", "trial"], ends))
    assert "ended_how" not in mapping
    line = "# ended_how: { column: status, values: { cancelled: cancelled, ended: ???, trial: null } }"
    assert f"{line} # check: say which is term, notice, cancelled, or null where the contract runs" in text
    assert "contracts.ended_how" in to_check(text)


def test_a_status_that_tells_nothing_of_ends_is_not_taken(contracts):
    text, mapping = contracts(
        with_status("status", ["paid", "unpaid", "paid"], ["2024-05-17", "", "2024-06-30"])
    )
    assert "ended_how" not in mapping
    assert "not used: status" in text


def test_the_status_goes_before_the_name_of_a_terms_end(contracts):
    rows = with_status("status", ["cancelled", "active"], ["2024-05-17", "2025-01-14"])
    _, mapping = contracts(rows.replace("end_date", "expiry_date"))
    assert mapping["ended_how"]["values"] == {"cancelled": "cancelled", "active": "term"}


def test_a_column_of_the_contracts_own_name_is_taken_as_it_is_and_other_values_translated(contracts):
    rows = with_status("ended_how", ["cancelled", "term"], ["2024-05-17", "2025-01-14"])
    _, mapping = contracts(rows)
    assert mapping["ended_how"] == "ended_how"
    _, mapping = contracts(rows.replace(",term", ",満了"))
    assert mapping["ended_how"] == {
        "column": "ended_how",
        "values": {"cancelled": "cancelled", "満了": "term"},
    }


def test_what_is_proposed_for_a_status_is_read_as_it_says(tmp_path, folder, loaded):
    from cs_helpers.snapshot.take import check_tables

    rows = with_status("status", ["cancelled", "満了", "active"], ["2024-05-17", "2024-06-30 23:59", ""])
    rows = rows.replace("mrr,", "mrr,product,currency,").replace(",100,", ",100,helpdesk,JPY,")
    accounts = "account_id,name,size,industry\n" + "".join(f"A{i},N{i},mid,retail\n" for i in range(3))
    folder({"accounts.csv": accounts, "contracts.csv": rows})
    text = propose(inspect(str(tmp_path / "exports")), tmp_path)
    loaded(text.replace("ended_on: end_date", "ended_on: { column: end_date, means: last_day }"))
    found = check_tables(tmp_path / "sources.yml")
    assert found.rows_kept["contracts"] == 3
    assert found.stops == ()


# --- a public case -----------------------------------------------------------------------------


def test_a_list_of_annual_contracts_is_read_without_a_question(shared_data, tmp_path, proposed, loaded):
    from cs_helpers.snapshot.take import check_tables

    text, _ = proposed(shared_data / "exports" / "01_annual_inclusive_end")
    sources = loaded(text)
    assert sources.tables["contracts"].column("ended_on").means == "last_day"
    assert sources.tables["contracts"].column("ended_how").constant == "term"
    assert check_tables(tmp_path / "sources.yml").stops == ()
