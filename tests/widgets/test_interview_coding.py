"""Notes are coded one after the other; what is decided is on the disk, and nobody sees how others have read."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from builders import account, contract, product, product_data

from cs_helpers.contract.quarters import Quarter
from cs_helpers.snapshot import Snapshot
from cs_helpers.sources.coding_log import Decision, read, record, text_hash
from cs_helpers.text import Text
from cs_helpers.widgets import interview_coding as module
from cs_helpers.widgets.interview_coding import Explorer
from cs_helpers.workbook import Workbook

TEXTS = {n: f"Note <{n}>" for n in range(12)}


def data_of(read_by_ken=()):
    """Twelve notes of four companies, three each; ken, whose theme is `secret_theme`, has read some."""
    return product_data(
        product(),
        accounts=[account(f"A{i}") | {"name": f"Kita & {i}"} for i in range(4)],
        contracts=[contract(f"A{i}", "2024-01-01") for i in range(4)],
        interviews=[
            {"interview_id": f"I-{i}", "account_id": f"A{i}", "product": "desk", "held_on": "2026-05-01",
             "interviewer_role": "cs"}
            for i in range(4)
        ],
        notes=[
            {"note_id": f"N-{n:02d}", "interview_id": f"I-{n // 3}", "position": n % 3, "speaker": "Accounting",
             "evidence": "words" if n % 2 else "behaviour", "text": TEXTS[n]}
            for n in range(12)
        ],
        codings=[
            {"note_id": f"N-{n:02d}", "coder": "ken", "viewpoint": "proposal", "code": "secret_theme"}
            for n in read_by_ken
        ],
    )  # fmt: skip


def opened(folder, data=None, language="en", who="aiko", share=1.0, audience="team"):
    data = data or data_of()
    workbook = SimpleNamespace(
        data=data, text=Text(language, data.product), audience=audience, quarter=Quarter(2026, 3)
    )
    explorer = Explorer(workbook, folder)
    if audience == "team":
        explorer.who.value, explorer.share.value = who, share
    return explorer


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "codings"


@pytest.fixture(autouse=True)
def nothing_chosen_before(monkeypatch):
    monkeypatch.setattr(module, "_last_choice", {})


@pytest.fixture
def begun(folder):
    explorer = opened(folder)
    explorer.start.click()
    return explorer


def shown(explorer):
    """The id of the note on the page; '' without one."""
    if explorer.form.layout.display == "none":
        return ""
    return explorer.note.value.split("data-note='")[1].split("'")[0]


def press(explorer, keys):
    for key in keys:
        explorer.press(key)


def test_nothing_is_read_before_the_first_click(folder, monkeypatch):
    monkeypatch.setattr(module, "read", lambda *_: pytest.fail("read"))
    monkeypatch.setattr(module, "coding_work", lambda *_: pytest.fail("worked out"))
    explorer = opened(folder)
    press(explorer, "1s")
    assert shown(explorer) == ""
    assert not folder.exists()


def test_a_note_stands_in_its_context_as_text(begun):
    page = begun.note.value
    note = int(shown(begun)[2:])
    assert f"Note &lt;{note}&gt;" in page
    assert f"Kita &amp; {note // 3}" in page
    for said in (
        "1 May 2026",
        "asked by CS",
        "said by Accounting",
        f"note {note % 3 + 1} of 3",
        "Noted as: ",
    ):
        assert said in page


def test_each_decision_is_on_the_disk_before_the_next_note_appears(begun, folder, monkeypatch):
    kept = []
    monkeypatch.setattr(module, "record", lambda f, d: (kept.append((d.note_id, shown(begun))), record(f, d)))
    first = shown(begun)
    begun.press("1")
    begun.codes.field.value = "Postage"
    press(begun, "bn7qs")
    assert kept == [(first, first)]
    assert shown(begun) not in ("", first)
    line = json.loads((folder / "aiko.jsonl").read_text(encoding="utf-8"))
    at = line.pop("at")
    assert at.endswith("+00:00")
    assert line == {
        "who": "aiko", "role": "cs", "product": "desk", "interview_id": f"I-{int(first[2:]) // 3}", "note_id": first,
        "text_hash": text_hash(TEXTS[int(first[2:])]), "viewpoint": "problem", "evidence": "behaviour",
        "polarity": "negative", "codes": ["Postage"], "why_level": "why", "reason": "benefit", "reason_status": "open",
    }  # fmt: skip


def test_the_evidence_is_as_noted_until_it_is_changed_and_the_rest_is_empty(begun):
    noted = "words" if int(shown(begun)[2:]) % 2 else "behaviour"
    assert begun.choices["evidence"].value == noted
    assert begun.choices["viewpoint"].value is None
    assert (begun.choices["polarity"].value, begun.codes.chosen) == ("", ())


def test_a_note_without_a_viewpoint_stays_and_says_what_is_missing(begun, folder):
    first = shown(begun)
    begun.press("s")
    assert "Choose a viewpoint first" in begun.said.value
    assert shown(begun) == first
    assert not folder.exists()


def test_depth_belongs_to_problems_and_a_state_to_a_reason(begun, folder):
    press(begun, "16q")
    begun.choices["reason_status"].value = "refuted"
    press(begun, "2qs")  # another viewpoint, and no reason after all
    decision = read(folder).decisions[0]
    assert (decision.viewpoint, decision.why_level) == ("solution", "")
    assert (decision.reason, decision.reason_status) == ("", "")
    begun.press("6")
    assert begun.choices["why_level"].value == ""  # it is not on the page before a problem is chosen


def test_what_is_optional_is_taken_back_by_the_same_key_and_what_is_needed_is_not(begun):
    press(begun, "pp11bb")
    assert begun.choices["polarity"].value == ""
    assert (begun.choices["viewpoint"].value, begun.choices["evidence"].value) == ("problem", "behaviour")


def test_a_key_meant_for_a_note_that_is_gone_does_nothing(begun):
    turn = begun.keys.turn
    for key in ("1", "s", "s", "k", "5"):  # pressed at once, all while the first note is shown
        begun.keys._on_key(begun.keys, {"key": key, "turn": turn}, [])
    assert begun.choices["viewpoint"].value is None
    assert len(read(begun._folder).decisions) == 1


def test_keys_stand_on_the_buttons(begun):
    labels = [label for group in begun.choices.values() for label in group._options_labels]
    assert "1 · Problem and background" in labels
    assert "W · Said" in labels
    for button, key in ((begun.save, "S"), (begun.skip, "K"), (begun.back, "U"), (begun.forward, "F")):
        assert button.description.endswith(f"({key})")
    keys = begun.keys.active_keys
    assert len(keys) == len(set(keys))
    assert begun.keys.field_key not in keys


def test_themes_are_completed_and_known_ones_recognised_in_any_form(begun):
    begun.codes.offer(["postage_cost", "month_end_folding"])
    assert begun.codes.field.options == ("Month end folding", "Postage cost")
    for written in ("POSTAGE COST", "month_end_folding", " ", "Postage  cost", "Lost mail", "Ｌｏｓｔ mail"):
        begun.codes.field.value = written
    assert begun.codes.chosen == ("postage_cost", "month_end_folding", "Lost mail")
    assert [b.description for b in begun.codes.themes.children] == [
        "Postage cost ✕", "Month end folding ✕", "Lost mail (new) ✕",
    ]  # fmt: skip
    begun.codes.themes.children[0].click()
    assert begun.codes.chosen == ("month_end_folding", "Lost mail")


def test_a_new_theme_close_to_a_known_one_is_asked_about(begun):
    begun.codes.offer(["postage_cost"])
    begun.codes.field.value = "Postage costs"
    assert "Is it meant to be “Postage cost”?" in begun.said.value
    assert begun.codes.chosen == ("Postage costs",)


def test_a_decision_is_corrected_and_the_open_note_waits_with_its_choices(begun, folder):
    first = shown(begun)
    press(begun, "1s")
    second = shown(begun)
    press(begun, "3p")
    begun.press("u")
    assert shown(begun) == first
    assert begun.choices["viewpoint"].value == "problem"
    assert "You correct a decision" in begun.note.value
    press(begun, "5s")
    assert shown(begun) == second
    assert (begun.choices["viewpoint"].value, begun.choices["polarity"].value) == ("proposal", "positive")
    logs = read(folder)
    assert [d.viewpoint for d in logs.decisions] == ["problem", "request"]
    assert logs.current()["aiko", first].viewpoint == "request"


def test_one_goes_back_as_far_as_one_likes_and_on_again(begun):
    notes = []
    for _ in range(3):
        notes.append(shown(begun))
        press(begun, "1s")
    open_note = shown(begun)
    press(begun, "uuu")
    assert shown(begun) == notes[0]
    begun.press("u")
    assert "no earlier decision" in begun.said.value
    seen = []
    for _ in range(3):
        begun.press("f")
        seen.append(shown(begun))
    assert seen == [notes[1], notes[2], open_note]
    begun.press("f")  # there is nothing to go on to
    assert shown(begun) == open_note


def test_a_skipped_note_is_no_longer_open_and_may_be_read_later(begun, folder):
    first = shown(begun)
    begun.press("k")
    assert "1 of 12 notes decided (8%), 1 of them skipped" in begun.progress.value
    begun.press("u")
    assert "You skipped this note" in begun.note.value
    press(begun, "1bs")
    assert "1 of 12 notes decided (8%), 0 of them skipped" in begun.progress.value
    assert read(folder).current()["aiko", first].viewpoint == "problem"


def test_after_a_killed_kernel_it_goes_on_where_it_stood(begun, folder):
    for _ in range(3):
        press(begun, "1s")
    note = shown(begun)
    again = opened(folder)
    again.start.click()
    assert shown(again) == note
    assert "3 of 12 notes decided" in again.progress.value
    again.press("u")
    assert again.choices["viewpoint"].value == "problem"


def test_the_panel_of_the_next_workbook_goes_on_for_who_codes(begun, folder):
    press(begun, "1s")
    again = Explorer(begun._workbook, folder)
    assert (again.who.value, again.share.value) == ("aiko", 1.0)
    assert shown(again) == shown(begun)


def test_how_another_one_has_read_is_on_the_page_at_no_time(folder):
    explorer = opened(folder, data_of(range(12)))
    explorer.start.click()
    offered = explorer.codes.field.options
    for _ in range(12):
        press(explorer, "1s")
        page = explorer.note.value + explorer.said.value + explorer.progress.value + explorer.agreement.value
        assert "ken" not in page
        assert "ecret" not in page
        assert explorer.codes.chosen == ()
        assert explorer.codes.field.options == offered
    assert shown(explorer) == ""
    assert "All notes that are yours are decided" in explorer.said.value


def test_without_double_coding_the_notes_of_others_are_left_out(folder):
    explorer = opened(folder, data_of(range(12)), share=0.0)
    explorer.start.click()
    assert shown(explorer) == ""
    assert "no interview notes" in explorer.said.value or "All notes" in explorer.said.value


def test_agreement_is_shown_from_ten_notes_that_both_have_read_as_a_number_with_its_interval(folder):
    """Ten notes: ken reads `proposal` in all, aiko in the last five alone.

    By hand: of 20 readings 15 are proposal and 5 problem; observed disagreement 5 * 2 / 20 = .5, expected
    2 * 15 * 5 / (20 * 19) = 150 / 380; alpha = 1 - .5 / (150 / 380) = -.2667.
    """
    explorer = opened(folder, data_of(range(12)))
    explorer.start.click()
    for n in range(9):
        press(explorer, "1s" if n < 5 else "3s")
    assert "shown from 10 notes that you and another have read; so far 9" in explorer.agreement.value
    press(explorer, "3s")
    assert "Agreement on 10 notes" in explorer.agreement.value
    assert "viewpoints -0.27 (" in explorer.agreement.value
    before = explorer.agreement.value
    press(explorer, "3s")  # a single note does not move it
    assert explorer.agreement.value == before


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (PermissionError(errno.EACCES, "Permission denied"), "cannot be written (read-only, or no permission)"),
        (OSError(errno.EROFS, "Read-only file system"), "cannot be written (read-only, or no permission)"),
        (TimeoutError("aiko.jsonl"), "another notebook under your name"),
        (OSError(errno.EIO, "Input/output error"), "cannot be written (Input/output error)"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_said_in_a_sentence_and_the_note_stays(
    begun, folder, monkeypatch, error, said
):
    first = shown(begun)
    begun.codes.field.value = "Postage"

    def fail(*_):
        raise error

    monkeypatch.setattr(module, "record", fail)
    press(begun, "1s")
    assert said in begun.said.value
    assert begun.said.value.count("<p>") == 1
    assert (shown(begun), begun.choices["viewpoint"].value, begun.codes.chosen) == (
        first,
        "problem",
        ("Postage",),
    )
    monkeypatch.undo()
    begun.press("s")
    assert read(folder).decisions[0].codes == ("Postage",)


def test_broken_lines_are_named(folder):
    folder.mkdir()
    (folder / "ken.jsonl").write_text('{"at": "2026-1', encoding="utf-8")
    explorer = opened(folder)
    explorer.start.click()
    press(explorer, "1s")
    assert "ken.jsonl that cannot be read and do not count: 1." in explorer.said.value


def test_a_note_that_has_changed_since_is_said_to_have(folder):
    stamp = Decision(
        "2026-12-01T09:00:00+00:00", "aiko", "cs", "desk", "I-0", "N-00", text_hash("before"), "problem"
    )
    record(folder, stamp)
    record(folder, replace(stamp, note_id="N-01", text_hash=text_hash(TEXTS[1])))
    explorer = opened(folder)
    explorer.start.click()
    explorer.press("u")
    assert "has changed" not in explorer.note.value
    explorer.press("u")
    assert "has changed" in explorer.note.value


def test_without_a_name_nothing_begins(folder):
    explorer = opened(folder, who="　 ")
    explorer.start.click()
    assert "Write your name first" in explorer.said.value
    assert shown(explorer) == ""


def test_leadership_sees_no_note(folder):
    explorer = opened(folder, audience="leadership")
    assert "for the team" in explorer.widget.value
    assert not hasattr(explorer, "note")


def test_the_panel_speaks_japanese(folder):
    explorer = opened(folder, language="ja", who="森 愛子")
    explorer.start.click()
    press(explorer, "1s")
    assert "森 愛子：12件中1件を判断済み（8%）" in explorer.progress.value
    assert next(f.name for f in folder.glob("*.jsonl")).startswith("森_愛子-")


def test_what_is_coded_in_the_notebook_is_in_the_next_snapshot_and_its_analysis(
    sample_folder, home, tmp_path, monkeypatch
):
    """The sample, coded by two: a third one reads 30 notes; her readings are counted, and compared with theirs."""
    from cs_helpers.snapshot.take import take_snapshot

    codings = tmp_path / "codings"
    monkeypatch.setenv("CS_WORKBOOK_CODINGS", str(codings))
    monkeypatch.setenv("CS_WORKBOOK_SNAPSHOTS", str(tmp_path / "snapshots"))
    take_snapshot(sample_folder / "sources.yml")
    workbook = Workbook.open(product="helpdesk", quarter="2026Q3")
    before = workbook.analyse("interviews").tables["agreement"]["coders"].max()
    explorer = Explorer(workbook)
    explorer.who.value, explorer.role.value, explorer.share.value = "aiko", "sales", 1.0
    explorer.start.click()
    for _ in range(30):
        explorer.press("5")
        explorer.codes.field.value = "An idea of hers"
        explorer.press("s")
    taken = take_snapshot(sample_folder / "sources.yml")
    after = Workbook.open(product="helpdesk", quarter="2026Q3", snapshot=taken.id)
    rows = after.data["codings"][after.data["codings"]["coder"] == "aiko"]
    assert len(rows) == 30
    assert set(rows["coder_role"]) == {"sales"}
    assert Snapshot.open(taken.id).id == taken.id
    result = after.analyse("interviews")
    assert result.tables["agreement"]["coders"].max() == before + 1
    assert "An idea of hers" in set(result.tables["code_agreement"]["code"])
    # the snapshot holds what the log holds: the panel goes on, with or without its file
    again = Explorer(after)
    again.who.value, again.share.value = "aiko", 1.0
    (codings / "aiko.jsonl").unlink()
    again.start.click()
    assert "30 of " in again.progress.value
