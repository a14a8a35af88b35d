"""The keys of the panel that codes interviews, in a real browser: they never fire at the wrong time."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from cs_helpers.sources.coding_log import read

NOTE = ".cs-coding-note [data-note]"


@pytest.fixture
def panel(lab):
    """The panel in the notebook, on its first note."""
    lab.open("15_as_is_notes.ipynb")
    found = started(lab, "aiko")
    expect(found.locator(NOTE)).to_be_visible()
    yield found
    lab.shut_down()


def started(lab, who):
    """The panel of a notebook that runs, once `who` has started to code."""
    lab.run_all()
    assert lab.errors() == []
    found = lab.cell("explore").locator(".cs-coding")
    found.get_by_label("Your name:").fill(who)
    found.get_by_label("Notes that another has read").select_option(label="all")
    found.locator(".cs-coding-start").click()
    return found


def cells(lab):
    return lab.page.evaluate("() => globalThis.jupyterapp.shell.currentWidget.content.model.cells.length")


@pytest.mark.thorough
def test_keys_code_notes_and_rest_while_somebody_types(lab, lab_home, panel):
    page, note = lab.page, panel.locator(NOTE)
    first = note.get_attribute("data-note")
    before = cells(lab)

    def log():
        return read(lab_home / "data" / "codings").decisions

    # the focus went from the start button to the panel; in command mode "d d" would delete the cell
    page.keyboard.press("d")
    page.keyboard.press("d")
    page.keyboard.press("x")
    assert cells(lab) == before

    page.keyboard.press("1")
    pressed = panel.locator(".cs-coding-viewpoint button[aria-pressed=true]")
    expect(pressed).to_have_count(1)
    expect(pressed).to_contain_text("1 ·")
    expect(
        panel.locator(".cs-coding-viewpoint [role=group], .cs-coding-viewpoint[role=group]")
    ).to_have_count(1)

    # letters typed into the field are letters; Enter adds, Enter in the empty field leaves it
    page.keyboard.press("c")
    field = panel.locator(".cs-coding-field input")
    expect(field).to_be_focused()
    page.keyboard.type("skunks")
    expect(field).to_have_value("skunks")
    page.keyboard.press("Enter")
    expect(panel.locator(".cs-coding-themes button")).to_have_text(["skunks (new) ✕"])
    expect(field).to_have_value("")
    page.keyboard.press("Enter")
    expect(field).not_to_be_focused()
    assert log() == ()
    assert note.get_attribute("data-note") == first

    # while a Japanese word is being converted, a key belongs to the input method
    for given in (
        '{ key: "s", isComposing: true }',
        '{ key: "s", keyCode: 229 }',
        '{ key: "s", ctrlKey: true }',
        '{ key: "s", repeat: true }',
    ):
        panel.evaluate(
            f"panel => panel.dispatchEvent(new KeyboardEvent('keydown', {{ bubbles: true, ...{given} }}))"
        )
    page.wait_for_timeout(500)
    assert log() == ()

    lab.screenshot("before-saving")
    page.keyboard.press("s")
    expect(panel.locator(".cs-coding-progress [data-decided='1']")).to_be_visible()
    assert [(d.note_id, d.viewpoint, d.codes) for d in log()] == [(first, "problem", ("skunks",))]
    second = note.get_attribute("data-note")
    assert second != first

    # a double click decides on one note
    panel.locator(".cs-coding-skip").dblclick()
    expect(panel.locator(".cs-coding-progress [data-decided='2']")).to_be_visible()
    page.wait_for_timeout(500)
    assert [d.note_id for d in log()] == [first, second]

    # and back again by keys alone
    page.keyboard.press("u")
    page.keyboard.press("u")
    expect(panel.locator(f"[data-note='{first}']")).to_be_visible()
    expect(panel.locator(".cs-coding-themes button")).to_have_text(["skunks ✕"])
    lab.screenshot("correcting")
    assert cells(lab) == before


@pytest.mark.thorough
def test_what_was_coded_is_there_when_the_kernel_was_killed(lab, lab_home):
    lab.open("15_as_is_notes.ipynb")
    panel = started(lab, "kenta")
    coded = []
    for n in (1, 2, 3):
        expect(panel.locator(NOTE)).to_be_visible()
        coded.append(panel.locator(NOTE).get_attribute("data-note"))
        lab.page.keyboard.press(str(n))
        expect(panel.locator(".cs-coding-viewpoint button[aria-pressed=true]")).to_contain_text(f"{n} ·")
        lab.page.keyboard.press("s")
        expect(panel.locator(f".cs-coding-progress [data-decided='{n}']")).to_be_visible()
    lab.kill_kernel()
    kept = [d for d in read(lab_home / "data" / "codings").decisions if d.who == "kenta"]
    assert [d.note_id for d in kept] == coded
    panel = started(lab, "kenta")
    expect(panel.locator(".cs-coding-progress [data-decided='3']")).to_be_visible()
    assert panel.locator(NOTE).get_attribute("data-note") not in coded
    lab.screenshot("after")
    lab.shut_down()
