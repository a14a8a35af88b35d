"""Words that may be names are listed for a person to confirm; what was confirmed stays confirmed."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cs_helpers import paths
from cs_helpers.errors import SettingError
from cs_helpers.words.doubts import FILE, Confirmed, add_doubts, read_confirmed


@pytest.fixture(autouse=True)
def own_list(tmp_path, monkeypatch):
    monkeypatch.setenv("CS_WORKBOOK_NAMES", str(tmp_path / "names"))
    return tmp_path / "names" / FILE


def confirm(file, word, kind):
    text = file.read_text(encoding="utf-8")
    entry = f"- text: {word}\n  is:"
    assert entry in text
    file.write_text(text.replace(entry, f"{entry} {kind}"), encoding="utf-8")


def test_nothing_is_confirmed_where_there_is_no_list() -> None:
    assert read_confirmed() == Confirmed()


def test_new_words_are_added_and_existing_entries_stay(own_list) -> None:
    assert add_doubts("helpdesk", {"Okonkwo": "Okonkwo told us no", "Kanban": "on a Kanban"}) == [
        "Kanban",
        "Okonkwo",
    ]
    confirm(own_list, "Okonkwo", "name")
    confirm(own_list, "Kanban", "word")
    assert read_confirmed() == Confirmed(frozenset({"Kanban"}), frozenset({"Okonkwo"}))
    assert add_doubts("helpdesk", {"Kanban": "Kanban again", "Wójcik": "(Wójcik)"}) == ["Wójcik"]
    assert read_confirmed() == Confirmed(frozenset({"Kanban"}), frozenset({"Okonkwo"}))
    assert add_doubts("helpdesk", {"Wójcik": "(Wójcik)"}) == ["Wójcik"]
    entries = yaml.safe_load(own_list.read_text(encoding="utf-8"))
    assert [e["text"] for e in entries] == ["Kanban", "Okonkwo", "Wójcik"]
    assert entries[1]["in"] == "Okonkwo told us no"


def test_the_list_says_in_both_languages_what_to_write(own_list) -> None:
    add_doubts("helpdesk", {"Okonkwo": "…"})
    head = own_list.read_text(encoding="utf-8").split("- text")[0]
    assert "is: word" in head
    assert "経営層版" in head


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("- text: A\n  is: person\n", r"key '1.is': 'person' is not allowed for 'A'.* Allowed: word, name"),
        ("- is: word\n", "entry 1 has no text"),
        ("- text: 3\n", "entry 1 has no text"),
        ("text: A\n", "a list of words is needed"),
        ("- text: [\n", "not valid YAML at line"),
    ],
)
def test_an_invalid_list_is_reported_and_stays(own_list, content, said) -> None:
    own_list.parent.mkdir()
    own_list.write_text(content, encoding="utf-8")
    for use in (read_confirmed, lambda: add_doubts("p", {"B": ""})):
        with pytest.raises(SettingError, match=said):
            use()
    assert own_list.read_text(encoding="utf-8") == content


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=30), max_size=4))
def test_any_words_survive_a_round_trip(found) -> None:
    (paths.names() / FILE).unlink(missing_ok=True)
    assert sorted(add_doubts("p", found)) == sorted(found)
    assert sorted(add_doubts("p", found)) == sorted(found)
