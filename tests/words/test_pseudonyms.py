"""A pseudonym stands for one company or person, for good."""

from __future__ import annotations

import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_helpers import paths
from cs_helpers.errors import SettingError
from cs_helpers.words import pseudonyms
from cs_helpers.words.pseudonyms import Pseudonyms, assign_pseudonyms, read_pseudonyms, store_persons


@pytest.fixture(autouse=True)
def own_register(tmp_path, monkeypatch):
    monkeypatch.setenv("CS_WORKBOOK_NAMES", str(tmp_path / "names"))


def test_a_new_customer_gets_a_number_that_was_never_used() -> None:
    first = assign_pseudonyms(["A-2", "A-1"], ["Mori"])
    later = assign_pseudonyms(["A-0", "A-3"], ["Mori", "Abe"])  # have gone
    assert first.companies.items() <= later.companies.items()
    assert sorted(later.companies.values()) == [1, 2, 3, 4]
    assert later.staff["Mori"] == first.staff["Mori"]
    assert assign_pseudonyms([], []) == later


def test_the_order_of_numbers_depends_on_the_secret_key() -> None:
    accounts = [f"A-{n:03}" for n in range(40)]
    orders = {
        tuple(sorted(accounts, key=Pseudonyms(key).with_accounts(accounts).companies.__getitem__))
        for key in "abc"
    }
    assert len(orders) == 3
    assert tuple(accounts) not in orders
    assert len(read_pseudonyms().key) == 32


@given(st.lists(st.sets(st.text(max_size=3), max_size=6), max_size=6))
def test_numbers_never_change_and_are_never_shared(batches) -> None:
    known = Pseudonyms("k")
    for batch in batches:
        later = known.with_accounts(batch)
        assert known.companies.items() <= later.companies.items()
        assert batch <= set(later.companies)
        assert sorted(later.companies.values()) == list(range(1, len(later.companies) + 1))
        known = later


def test_persons_keep_their_numbers_and_a_fuller_name_is_the_same_person() -> None:
    first = Pseudonyms("k").with_persons("p", {"A\nJane": ("A\nJane",), "A\nSmith": ("A\nSmith",)})
    number = first.persons["p"]["A\nJane"]
    both = ("A\nDoe", "A\nJane", "A\nJane Doe")
    later = first.with_persons("p", {"A\nJane Doe": both})
    assert {later.persons["p"][s] for s in both} == {number}
    assert later.persons["p"]["A\nSmith"] == first.persons["p"]["A\nSmith"]


def test_the_numbers_of_a_run_are_kept_unless_another_batch_gave_some_meanwhile() -> None:
    assign_pseudonyms([], [])
    assert store_persons("p", {"A\nJane": 1})
    assert store_persons("p", {"A\nJane": 1, "A\nJoe": 2})
    assert not store_persons("p", {"A\nJane": 1, "B\nAnn": 2})  # it did not know of Joe
    assert read_pseudonyms().persons["p"] == {"A\nJane": 1, "A\nJoe": 2}


def test_two_batches_at_once_give_no_number_twice() -> None:
    threads = [threading.Thread(target=assign_pseudonyms, args=([f"A-{n}", f"B-{n}"], [])) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(read_pseudonyms().companies.values()) == list(range(1, 17))


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[]", "{}", '{"key": "k", "companies": {"A": 1, "B": 1}}', '{"key": "k", "companies": {"A": "1"}}',
        '{"key": "k", "companies": {"A": 0}}', '{"key": "k", "companies": []}', '{"key": 3}',
    ],
)  # fmt: skip
def test_a_damaged_register_is_reported_and_stays(content) -> None:
    assign_pseudonyms(["A-1"], [])
    file = paths.names() / "pseudonyms.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SettingError, match=r"pseudonyms\.json: this cannot be read .*put a copy of it back"):
        assign_pseudonyms(["A-2"], [])
    assert file.read_text(encoding="utf-8") == content


def test_the_register_is_written_whole_and_read_again() -> None:
    known = assign_pseudonyms(["A-1", "顧客2"], ["森"])
    text = (paths.names() / "pseudonyms.json").read_text(encoding="utf-8")
    assert Pseudonyms.parse(text) == known
    assert "do not pass it on" in json.loads(text)["about"]


def test_a_complete_register_is_not_written_again(monkeypatch) -> None:
    assign_pseudonyms(["A-1"], [])
    monkeypatch.setattr(pseudonyms.durable, "write", None)
    assign_pseudonyms(["A-1"], [])
