"""Codes the notes of interviews: one after the other, each decision on the disk before the next note appears."""

from __future__ import annotations

import errno
import getpass
import html
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd

from cs_helpers import paths
from cs_helpers.analyses.interviews.coders import agreement
from cs_helpers.charts.theme import QUIET
from cs_helpers.contract.vocabulary import (
    EVIDENCE,
    POLARITIES,
    REASON_STATUSES,
    REASONS,
    ROLES,
    VIEWPOINTS,
    WHY_LEVELS,
)
from cs_helpers.customers.coding_work import (
    AGREEMENT_STEP,
    CodingWork,
    coding_work,
    read_twice,
    seconds_per_note,
)
from cs_helpers.sources.coding_log import CodingLogs, Decision, file_of, person, read, record, text_hash
from cs_helpers.widgets.explorer import OpenWorkbook
from cs_helpers.widgets.shortcuts import Shortcuts
from cs_helpers.widgets.theme_picker import ThemePicker

#: the class of the panel; those of its parts begin with it
PANEL = "cs-coding"
#: group -> its values, the key of each, and whether a note may be saved without a choice
_GROUPS = {
    "viewpoint": (VIEWPOINTS, "12345", False),
    "evidence": (EVIDENCE, "bwi", False),
    "polarity": (POLARITIES, "pno", True),
    "why_level": (WHY_LEVELS, "6789", True),
    "reason": (REASONS, "qety", True),
    "reason_status": (REASON_STATUSES, "", False),
}
_ACTIONS = {"s": "save", "k": "skip", "u": "back", "f": "forward"}
_SHARES = {"none": 0.0, "fifth": 0.2, "half": 0.5, "all": 1.0}
#: what an analyst chose last in this kernel: the filter bar opens a workbook anew, and with it the panel, which goes on
_last_choice: dict[str, Any] = {}


class Explorer:
    """A note, what it says, and on to the next one; who reads a note does not see how others have read it."""

    def __init__(self, workbook: OpenWorkbook, folder: Path | None = None) -> None:
        self._workbook, self._text = workbook, workbook.text
        self._folder = folder or paths.codings()
        self._logs, self._work = (
            CodingLogs(),
            CodingWork(pd.DataFrame(), frozenset(), frozenset(), frozenset()),
        )
        self._who, self._note, self._correcting = "", "", False
        self._drafts: dict[str, dict[str, Any]] = {}
        self._agreement = (-1, "")
        if workbook.audience == "leadership":
            self.widget: widgets.Widget = widgets.HTML(_paragraph(self._text("coding.leadership")))
            return
        self._build()
        if _last_choice:
            self._on_start(None)

    def press(self, key: str) -> None:
        """Does what a key stands for: chooses a value, or takes the choice back, or saves, skips, goes back or on."""
        if not self._note:
            return
        if action := _ACTIONS.get(key):
            button = getattr(self, action)
            if button.layout.display != "none":
                button.click()
            return
        for name, (values, keys, is_optional) in _GROUPS.items():
            if key in keys and self.choices[name].layout.display != "none":
                value = values[keys.index(key)]
                chosen = self.choices[name].value
                self.choices[name].value = "" if is_optional and chosen == value else value

    # --- the parts -------------------------------------------------------------------------------

    def _build(self) -> None:
        text, last = self._text, _last_choice
        self.who = widgets.Text(
            value=last.get("who", _user()), description=text("coding.who"), layout={"width": "18em"}, style=_LABEL
        )  # fmt: skip
        self.role = widgets.Dropdown(
            options=[(text.label("role", role), role) for role in ROLES], value=last.get("role", "cs"),
            description=text("coding.role"), layout={"width": "16em"}, style=_LABEL,
        )  # fmt: skip
        self.share = widgets.Dropdown(
            options=[(text(f"coding.shares.{name}"), share) for name, share in _SHARES.items()],
            value=last.get("share", 0.2), description=text("coding.share"),
            layout={"width": "auto"}, style=_LABEL,
        )  # fmt: skip
        self.start = _button(text("coding.start"), "start", self._on_start, "primary")
        self.progress, self.note, self.said = (
            _classed(widgets.HTML(), part) for part in ("progress", "note", "said")
        )
        self.agreement = _classed(widgets.HTML(), "agreement")
        self.choices = {name: self._group(name) for name in _GROUPS}
        self.codes = ThemePicker(text, PANEL, self._say)
        self.save = _button(text("coding.save"), "save", self._on_save, "primary")
        self.skip = _button(text("coding.skip"), "skip", self._on_skip)
        self.back = _button(text("coding.back"), "back", self._on_back)
        self.forward = _button(text("coding.forward"), "forward", self._on_forward)
        all_keys = [*"".join(keys for _, keys, _ in _GROUPS.values()), *_ACTIONS]
        self.keys = Shortcuts(PANEL, all_keys, "c", self.press, moves="uf")
        for name in ("viewpoint", "reason"):
            self.choices[name].observe(lambda _: self._show_parts(), "value")
        buttons = widgets.HBox([self.save, self.skip, self.back, self.forward], layout=_WRAPPED)
        groups = self.choices
        self.form = widgets.VBox([
            self.note, groups["viewpoint"], groups["evidence"], groups["polarity"], self.codes.widget,
            groups["why_level"], groups["reason"], groups["reason_status"], buttons,
            widgets.HTML(_quiet(text("coding.keys"))),
        ])  # fmt: skip
        _show(self.form, False)
        setup = widgets.HBox([self.who, self.role, self.share, self.start], layout=_WRAPPED)
        about = widgets.HTML(_STYLE + _paragraph(text("coding.about")))
        parts = [about, setup, self.progress, self.form, self.said, self.agreement, self.keys]
        self.widget = widgets.VBox(parts)
        self.widget.add_class(PANEL)

    def _group(self, name: str) -> widgets.ToggleButtons:
        """The values of a column as buttons, each with its key."""
        text, (values, keys, is_optional) = self._text, _GROUPS[name]
        labels = [text.label(name, value) for value in values]
        if keys:
            labels = [
                text("coding.key", key=key.upper(), label=label)
                for key, label in zip(keys, labels, strict=True)
            ]
        options = list(zip(labels, values, strict=True))
        if is_optional:
            options.append((text("coding.none"), ""))
        group = widgets.ToggleButtons(
            options=options, value=None, description=text(f"coding.{name}"), style=_LABEL | {"button_width": "auto"},
        )  # fmt: skip
        return _classed(group, name.replace("_", "-"))

    def _show_parts(self) -> None:
        """Shows the depth for problems, the state of a reason where there is one, and what fits to a correction."""
        _show(self.choices["why_level"], self.choices["viewpoint"].value == "problem")
        _show(self.choices["reason_status"], bool(self.choices["reason"].value))
        _show(self.forward, self._correcting)

    # --- what is clicked -------------------------------------------------------------------------

    def _on_start(self, _: Any) -> None:
        self._who = person(self.who.value)
        if not self._who:
            self._say(self._text("coding.no_name"))
            return
        _last_choice.update(who=self._who, role=self.role.value, share=self.share.value)
        self._drafts.clear()
        self._say("")
        self._open_next()

    def _on_save(self, _: Any) -> None:
        values = {name: group.value or "" for name, group in self.choices.items()}
        for needed in ("viewpoint", "evidence"):
            if not values[needed]:
                self._say(self._text(f"coding.no_{needed}"))
                return
        if values["viewpoint"] != "problem":
            values["why_level"] = ""
        if not values["reason"]:
            values["reason_status"] = ""
        self._keep(
            self._text("coding.saved", viewpoint=self._text.label("viewpoint", values["viewpoint"])),
            **values, codes=self.codes.chosen,
        )  # fmt: skip

    def _on_skip(self, _: Any) -> None:
        self._keep(self._text("coding.skipped"))

    def _on_back(self, _: Any) -> None:
        """Shows the decision before the one that is shown; the choices for the open note wait."""
        before = self._own_notes()
        if self._note in before:
            before = before[: before.index(self._note)]
        if not before:
            self._say(self._text("coding.no_before"))
            return
        self._put_aside()
        self._say("")
        self._show_note(before[-1], correcting=True)

    def _on_forward(self, _: Any) -> None:
        """Shows the decision after the one that is shown, or the open note."""
        notes = self._own_notes()
        later = notes[notes.index(self._note) + 1 :] if self._note in notes else []
        self._say("")
        if later:
            self._show_note(later[0], correcting=True)
        else:
            self._open_next()

    def _keep(self, said: str, **values: Any) -> None:
        """Records a decision on the note; where that fails, the note and the choices stay as they are."""
        note = self._row(self._note)
        decision = Decision(
            datetime.now(UTC).isoformat(timespec="milliseconds"), self._who, self.role.value,
            self._workbook.data.product.product, note["interview_id"], note["note_id"], text_hash(note["text"]), **values,
        )  # fmt: skip
        try:
            record(self._folder, decision)
        except OSError as error:
            self._say(self._problem(error))
            return
        self._drafts.pop(self._note, None)
        self._say(said)
        self._open_next()

    # --- what is shown ---------------------------------------------------------------------------

    def _open_next(self) -> None:
        """Reads what has been decided by now, by whomever, and shows the first note that is open."""
        try:
            self._logs = read(self._folder)
        except OSError as error:
            where = paths.display_path(self._folder)
            self._say(self._text("coding.error.unread", file=where, problem=error.strerror or str(error)))
            return
        data = self._workbook.data
        self._work = coding_work(data, self._who, self._logs, float(self.share.value))
        self.codes.offer(self._known_codes())
        self._show_progress()
        self._show_agreement()
        if self._work.open:
            self._show_note(self._work.open[0])
            return
        self._note = ""
        _show(self.form, False)
        self._say(self._text("coding.done" if len(self._work.notes) else "coding.nothing"))

    def _show_note(self, note: str, *, correcting: bool = False) -> None:
        self._note, self._correcting = note, correcting
        row = self._row(note)
        before = self._decision(note) if correcting else None
        values = before or self._drafts.pop(note, None) or {"evidence": row["evidence"]}
        for name, (_, _, is_optional) in _GROUPS.items():
            self.choices[name].value = values.get(name) or ("" if is_optional else None)
        self.choices["reason_status"].value = values.get("reason_status") or "open"
        self.codes.choose(values.get("codes", ()))
        self.note.value = self._note_html(row, before)
        self._show_parts()
        _show(self.form, True)
        self.keys.turn += 1

    def _note_html(self, row: dict[str, Any], before: dict[str, Any] | None) -> str:
        """The words of a note below where they were said; nothing of what anybody else made of them."""
        text = self._text
        where = [text("coding.where", company=row["name"] or row["account_id"], day=text.day(row["held_on"]))]
        if row["interviewer_role"]:
            role = text.label("role", row["interviewer_role"])
            where.append(text("coding.asked_by", role=role))
        if row["speaker"]:
            where.append(text("coding.speaker", speaker=row["speaker"]))
        number, of = text.number(row["number"]), text.number(row["of"])
        where.append(text("coding.number", number=number, of=of))
        where.append(text("coding.noted_as", evidence=text.label("evidence", row["evidence"])))
        remarks = []
        if before is not None:
            remarks.append(text("coding.correcting"))
            if before["skipped"]:
                remarks.append(text("coding.was_skipped"))
            if before["text_hash"] not in ("", text_hash(row["text"])):
                remarks.append(text("coding.changed"))
        return (
            f"<div role='region' aria-label='{html.escape(text('coding.note'))}' data-note='{html.escape(row['note_id'])}'>"
            f"{''.join(_paragraph(remark) for remark in remarks)}{_quiet(' · '.join(where))}"
            f"<blockquote>{html.escape(row['text'])}</blockquote></div>"
        )

    def _show_progress(self) -> None:
        text, work = self._text, self._work
        total, decided = len(work.notes), len(work.decided)
        if not total:
            self.progress.value = ""
            return
        sentences = [
            text(
                "coding.progress", who=self._who, n=text.number(decided), total=text.number(total),
                share=text.share(decided / total), skipped=text.number(len(work.skipped)),
            )
        ]  # fmt: skip
        if twice := len((work.decided - work.skipped) & work.twice):
            sentences.append(text("coding.twice", n=text.number(twice)))
        pace = seconds_per_note([each for each in self._logs.decisions if each.who == self._who])
        if pace is not None and work.open:
            left = text.number(max(1, pace * len(work.open) / 60))
            sentences.append(text("coding.pace", seconds=text.number(max(1, pace)), minutes=left))
        bar = f"<progress max='{total}' value='{decided}' aria-label='{html.escape(text('coding.bar'))}'></progress>"
        self.progress.value = f"<div data-decided='{decided}' data-total='{total}'>{bar}{_paragraph(text.join_sentences(sentences))}</div>"

    def _show_agreement(self) -> None:
        """Shows the agreement with others; never how a note was read, nor the change that a single note makes."""
        text = self._text
        rows, both = read_twice(self._workbook.data, self._who, self._logs)
        counted = both // AGREEMENT_STEP * AGREEMENT_STEP
        if not counted:
            waits = text("coding.agreement.waits", needed=text.number(AGREEMENT_STEP), n=text.number(both))
            self.agreement.value = _quiet(waits) if both else ""
            return
        if self._agreement[0] != counted:
            notes = self._workbook.data["notes"].merge(self._workbook.data["interviews"], on="interview_id")
            found = agreement(rows, notes.set_index("note_id")["account_id"])
            found = found[found["measure"] == "masi"]
            values = {}
            for what in ("viewpoints", "codes"):
                values[what] = text("coding.agreement.unknown")
                for row in found[found["what"] == what].dropna(subset=["alpha"]).itertuples():
                    values[what] = text.number_within(row.alpha, row.low, row.high, 2)
            number, step = text.number(counted), text.number(AGREEMENT_STEP)
            sentence = text("coding.agreement.counted", n=number, step=step, **values)
            self._agreement = (counted, _paragraph(sentence))
        self.agreement.value = self._agreement[1]

    def _say(self, sentence: str) -> None:
        """Shows a sentence below the form, and what of the logs cannot be read."""
        text = self._text
        broken: dict[Path, list[str]] = {}
        for file, line in self._logs.broken:
            broken.setdefault(file, []).append(str(line))
        lines = [
            text("coding.broken", file=paths.display_path(file), lines=text.join_list(numbers))
            for file, numbers in broken.items()
        ]
        self.said.value = "".join(_paragraph(each) for each in (sentence, *lines) if each)

    def _problem(self, error: OSError) -> str:
        """Why a decision is not kept, in a sentence."""
        kind = (
            "busy" if isinstance(error, TimeoutError)
            else "full" if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
            else "denied" if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM)
            else "other"
        )  # fmt: skip
        file = paths.display_path(file_of(self._folder, self._who))
        return self._text(f"coding.error.{kind}", file=file, problem=error.strerror or str(error))

    # --- what is known ---------------------------------------------------------------------------

    def _row(self, note: str) -> dict[str, Any]:
        row = self._work.notes.set_index("note_id", drop=False).loc[note]
        return {column: "" if pd.isna(value) else value for column, value in row.items()}

    def _own_notes(self) -> list[str]:
        """The notes that this analyst has decided on in the notebook, in the order of the last decisions."""
        shown = set(self._work.notes["note_id"])
        made = [d.note_id for d in self._logs.decisions if d.who == self._who and d.note_id in shown]
        return list(dict.fromkeys(reversed(made)))[::-1]

    def _decision(self, note: str) -> dict[str, Any]:
        decision = self._logs.current()[self._who, note]
        values = {name: getattr(decision, name) for name in _GROUPS}
        return {
            **values,
            "codes": decision.codes,
            "skipped": decision.skipped,
            "text_hash": decision.text_hash,
        }

    def _put_aside(self) -> None:
        if not self._correcting:
            values = {name: group.value for name, group in self.choices.items()}
            self._drafts[self._note] = {**values, "codes": self.codes.chosen}

    def _known_codes(self) -> Iterable[str]:
        """The themes of the product: named in its file, or given to any of its notes by anybody."""
        data = self._workbook.data
        product = data.product.product
        coded = [code for d in self._logs.decisions if d.product == product for code in d.codes]
        return {*data.product.themes, *data["codings"]["code"].dropna(), *coded}


_LABEL = {"description_width": "initial"}
_WRAPPED = widgets.Layout(flex_flow="row wrap", align_items="center")
#: choices go on in the next line where the page is narrow, and a focus of the keyboard can be seen
_STYLE = f"""<style>
.{PANEL} .widget-toggle-buttons {{ flex-flow: row wrap; height: auto; width: auto; }}
.{PANEL} .widget-toggle-buttons > div {{ display: flex; flex-flow: row wrap; }}
.{PANEL} .widget-toggle-button, .{PANEL} .widget-button {{ width: auto; height: auto; min-height: 28px; white-space: normal; }}
.{PANEL} blockquote {{ margin: .4em 0; padding: .4em .8em; border-left: 4px solid #d9dee4; font-size: 1.15em; line-height: 1.6;
  white-space: pre-wrap; max-width: 46em; }}
.{PANEL} p {{ margin: .3em 0; }}
.{PANEL}-note {{ scroll-margin-top: 9em; }}
.{PANEL} progress {{ width: 100%; max-width: 46em; }}
.{PANEL}:focus-visible {{ outline: 2px solid currentColor; outline-offset: 2px; }}
.{PANEL} .widget-html-content {{ white-space: normal; line-height: 1.5; }}
</style>"""


def _classed(part: Any, name: str) -> Any:
    part.add_class(f"{PANEL}-{name}")
    return part


def _button(label: str, name: str, clicked: Any, style: str = "") -> widgets.Button:
    button = widgets.Button(description=label, button_style=style, layout={"width": "auto"})
    button.add_class("once")
    button.on_click(clicked)
    return _classed(button, name)


def _show(part: widgets.Widget, shown: bool) -> None:
    part.layout.display = None if shown else "none"


def _paragraph(sentence: str) -> str:
    return f"<p>{html.escape(sentence)}</p>"


def _quiet(sentence: str) -> str:
    return f"<p style='color:{QUIET}'>{html.escape(sentence)}</p>"


def _user() -> str:
    """The name of the account on this computer; '' where it has none, as in some containers."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
