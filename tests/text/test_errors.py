"""Every message of an error is known in Japanese, and one that is not stays English as a whole."""

from __future__ import annotations

import copy
import functools
import operator
import re
import string
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from messages import PACKAGE, Messages, skeleton
from pydantic import ValidationError
from pydantic_core._pydantic_core import list_all_errors

from cs_helpers.contract.products import Product
from cs_helpers.contract.settings_file import setting_error
from cs_helpers.sources.mapping import Sources
from cs_helpers.text.errors import FILE, in_language, templates, to_japanese, translate_line

ENTRIES: dict[str, str] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
#: messages that reach a reader through a list or a dictionary, which the reading of the code does not follow:
#: the words -> the module that says them
BEYOND = {
    " (MRR ": "sources/checks/contract_questions.py",
    "the sources file": "sources/mapping.py",
    "snapshot ": "cli_codings.py",
    "at its start": "sources/checks/contract_questions.py",
    "new": "sources/checks/contract_questions.py",
    "came back": "sources/checks/contract_questions.py",
    "lost": "sources/checks/contract_questions.py",
    "whose renewal is not recorded": "sources/checks/contract_questions.py",
}
#: part of `{problem:part}, not {value}{more:more}`, where the problem may be one of pydantic
WITHIN = {", not {}"}
#: what stands for a message where a test needs one
MESSAGE, IN_JAPANESE = "the file is empty", "ファイルが空です"


@pytest.fixture(scope="module")
def messages() -> Messages:
    return Messages()


def words(template: str) -> str:
    return "".join(literal for literal, *_ in string.Formatter().parse(template)).strip(" ,.:'()")


def kinds(template: str) -> list[str]:
    return [kind or "" for _, name, kind, _ in string.Formatter().parse(template) if name is not None]


def sample(template: str) -> tuple[str, list[str]]:
    """The template with values in its fields, and the values."""
    text, values = "", []
    for number, (literal, name, kind, _) in enumerate(string.Formatter().parse(template)):
        text += literal
        if name is None:
            continue
        value = {"number": f"{number + 3}", "part": MESSAGE, "more": MESSAGE}.get(kind or "", f"v{number}w")
        values.append(IN_JAPANESE if value == MESSAGE else value)
        text += value
    return text, values


def test_every_message_of_the_code_has_its_japanese(messages):
    known = {skeleton(entry) for entry in ENTRIES}
    missing = {
        m.template.rstrip("."): m.place for key, m in messages.found.items() if key not in known | WITHIN
    }
    lines = [f"# {place}\n{yaml.dump({t: '???'}, width=10**6).strip()}" for t, place in missing.items()]
    assert not missing, f"write the Japanese of these in {FILE.name}:\n" + "\n".join(lines)


def test_no_japanese_is_left_of_a_message_that_the_code_no_longer_has(messages):
    of_pydantic = [
        re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(e["message_template_python"])), re.IGNORECASE)
        for e in list_all_errors()
    ]
    left = [
        entry
        for entry in ENTRIES
        if skeleton(entry) not in messages.found
        and re.search("[A-Za-z]", words(entry).replace("not", "").replace("and", "").replace("more", ""))
        and not any(p.fullmatch(sample(entry)[0]) for p in of_pydantic)
        and not any(
            said.strip() in entry and said in (PACKAGE / module).read_text(encoding="utf-8")
            for said, module in BEYOND.items()
        )
    ]
    assert not left, f"take these out of {FILE.name}"


def test_what_is_a_message_in_the_code_is_one_in_the_file(messages):
    """Else the sentence around it would be Japanese, and what it holds English."""
    entries = {skeleton(entry): entry for entry in ENTRIES}
    wrong = []
    for key, message in messages.found.items():
        if key not in entries or not words(message.template):
            continue
        for said, needed in zip(kinds(entries[key]), kinds(message.template), strict=True):
            if needed and said not in {"part": ("part", "more")}.get(needed, (needed,)):
                wrong.append((entries[key], message.template))
    assert wrong == []


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_message_is_written_in_japanese_with_all_its_values(entry):
    english, values = sample(entry)
    said = translate_line(english, part="place" not in kinds(entry))
    assert said is not None
    assert [v for v in values if v not in said] == []
    bare = re.sub(
        r"'[^']*'|「[^」]*」|" + "|".join(map(re.escape, values)) if values else r"'[^']*'", " ", said
    )
    assert not re.search(r"\b[a-z]{2,}(?: [a-z]{2,}){2,}\b", bare), said
    assert re.search("[぀-ヿ一-鿿（）、〜]", said) or not re.search(r"[a-z]{2,} [a-z]{2,}", english)


def test_no_template_is_without_words():
    """It would take any message, and itself."""
    assert [t for t in templates() if not "".join(t.words).strip()] == []


@pytest.mark.parametrize(
    ("english", "expected"),
    [
        (
            "data/sources.yml: key 'tables.contract': the contract has no such table. Did you mean 'contracts'?"
            " Allowed: accounts, contracts.",
            "data/sources.yml: キー「tables.contract」: そのようなテーブルはデータの取り決めにありません。"
            "「contracts」のことですか？使える値: accounts, contracts。",
        ),
        (
            "table 'accounts', column 'industry': it is mapped to 'branche', which the source does not have."
            " Did you mean 'branch'? The source has: id, branch (in accounts (1).csv).",
            "テーブル「accounts」、列「industry」: マッピング先の列「branche」が元データにありません。"
            "「branch」のことですか？元データにある列: id, branch（場所: accounts (1).csv）。",
        ),
        (
            "2 tables cannot be read:\n  - table 'usage': the file is empty (in log.csv).\n"
            "  - table 'accounts': the rows cannot be read: out of memory.",
            "2個のテーブルを読み取れません:\n  - テーブル「usage」: ファイルが空です（場所: log.csv）。\n"
            "  - テーブル「accounts」: 行を読み取れません: out of memory。",
        ),
        (
            "parameter quarter='2026': this is not a quarter. Allowed: a year and a quarter, as in 2026Q3.",
            "パラメータ quarter='2026': 四半期ではありません。使える値: 2026Q3 のような年と四半期。",
        ),
        (
            "data/products/a.yml: key 'handover.fields.0': 'problm' is not allowed (and 1 more). Allowed: 'problem'.",
            "data/products/a.yml: キー「handover.fields.0」: 'problm' は使えません（ほか1件）。使える値: 'problem'。",
        ),
        (
            "data/products/a.yml: key 'health.green_from': input should be less than or equal to 100, not 120"
            " (and 2 more).",
            "data/products/a.yml: キー「health.green_from」: 100 以下の値が必要です（指定: 120）（ほか2件）。",
        ),
    ],
)
def test_messages_within_messages_are_translated_each(english, expected):
    assert to_japanese(english) == expected


@pytest.mark.parametrize(
    "english",
    [
        "table 'usage': nobody has written this one yet.",
        "2 tables cannot be read:\n  - table 'usage': the file is empty.\n  - table 'a': nobody wrote this.",
        "table 'usage', column 'day': nobody wrote this (in log.csv).",
        "data/a.yml: key 'x': nobody wrote this. Allowed: rule, table.rule or table.column.rule.",
        "",
        "data/a.yml: nobody wrote this: the file is empty.",
    ],
)
def test_a_message_with_an_unknown_part_stays_english_as_a_whole(english):
    assert in_language(english, "ja") == english


def places(node, path=()):
    """The ways to all that a settings file holds."""
    for key, value in (
        node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    ):
        yield (*path, key)
        yield from places(value, (*path, key))


@pytest.mark.parametrize(
    ("model", "file"), [(Product, "data/products/helpdesk.yml"), (Sources, "data/sources.example.yml")]
)
@pytest.mark.parametrize("wrong", ["x", -5, {"x": 1}], ids=str)
def test_every_error_of_a_settings_file_has_a_japanese_translation(model, file, wrong):
    """What pydantic says, too: a wrong value is put to each place of a file."""
    content = yaml.safe_load((PACKAGE.parent / file).read_text(encoding="utf-8"))
    english = []
    for *above, last in places(content):
        changed = copy.deepcopy(content)
        functools.reduce(operator.getitem, above, changed)[last] = wrong
        try:
            model.model_validate(changed)
        except ValidationError as error:
            message = str(setting_error(Path(file), error, model))
            said = to_japanese(message) or message
            if re.search(r"\b[A-Za-z]{2,}(?: [a-z]{2,}){2,}", re.sub(r"'[^']*'|「[^」]*」", "", said)):
                english.append(message)
    assert english == []


def test_english_messages_are_unchanged():
    assert in_language("the file is empty.", "en") == "the file is empty."


def test_the_command_line_starts_without_the_file():
    code = "import sys, cs_helpers.cli; print([m for m in sys.modules if m.startswith('cs_helpers.text')])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
