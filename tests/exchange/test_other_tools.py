"""Projects as other coding tools write them, and what is read from them, by hand."""

from __future__ import annotations

from datetime import date

import pytest

from cs_helpers.errors import ExchangeError
from cs_helpers.exchange.qdpx_read import read_project

from .cases import archive, rows


def g(number: int) -> str:
    """A GUID."""
    return f"{number:08x}-0000-4000-8000-000000000000"


#: as QualCoder writes: a selection of each coding, named by its text; GUIDs in lower case, `Sources/`
QUALCODER = f"""<?xml version="1.0" encoding="utf-8"?>
<Project xmlns="urn:QDA-XML:project:1.0" name="desk" origin="QualCoder-3.6" creationDateTime="2026-06-10T09:00:00Z">
<Users><User guid="{g(1)}" name="Aiko"/><User guid="{g(2)}" name="Ben"/></Users>
<CodeBook><Codes>
<Code guid="{g(10)}" name="Viewpoint" isCodable="false">
 <Code guid="{g(11)}" name="problem" isCodable="true">
  <Code guid="{g(12)}" name="month end" isCodable="true"><Code guid="{g(13)}" name="folding" isCodable="true"/></Code>
 </Code>
 <Code guid="{g(14)}" name=" 要望 " isCodable="true"/>
</Code>
<Code guid="{g(15)}" name="EVIDENCE" isCodable="false"><Code guid="{g(16)}" name="行動" isCodable="true"/></Code>
<Code guid="{g(17)}" name="Tone" isCodable="false"><Code guid="{g(18)}" name="negative" isCodable="true"/></Code>
<Code guid="{g(19)}" name="Speaker" isCodable="false"><Code guid="{g(20)}" name="accounting lead" isCodable="true"/></Code>
</Codes></CodeBook>
<Variables><Variable guid="{g(30)}" name="size" typeOfVariable="Text"/>
<Variable guid="{g(31)}" name="motivation" typeOfVariable="Text"/></Variables>
<Cases><Case guid="{g(40)}" name="Kita">
<VariableValue><VariableRef targetGUID="{g(30)}"/><TextValue>中堅企業</TextValue></VariableValue>
<VariableValue><VariableRef targetGUID="{g(31)}"/><TextValue>4</TextValue></VariableValue>
<SourceRef targetGUID="{g(50)}"/></Case></Cases>
<Sources><TextSource guid="{g(50)}" name="kita.txt" plainTextPath="internal://kita.txt" creatingUser="{g(1)}">
<PlainTextSelection guid="{g(60)}" startPosition="16" endPosition="34" name="Please print less." creatingUser="{g(2)}">
 <Coding guid="{g(70)}" creatingUser="{g(2)}"><CodeRef targetGUID="{g(14)}"/></Coding></PlainTextSelection>
<PlainTextSelection guid="{g(61)}" startPosition="0" endPosition="14" name="😀 We fold 640..." creatingUser="{g(1)}">
 <Coding guid="{g(71)}" creatingUser="{g(1)}"><CodeRef targetGUID="{g(13)}"/></Coding></PlainTextSelection>
<PlainTextSelection guid="{g(62)}" startPosition="0" endPosition="14" name="😀 We fold 640..." creatingUser="{g(1)}">
 <Coding guid="{g(72)}" creatingUser="{g(1)}"><CodeRef targetGUID="{g(13)}"/></Coding></PlainTextSelection>
<PlainTextSelection guid="{g(63)}" startPosition="0" endPosition="14" name="😀 We fold 640..." creatingUser="{g(1)}">
 <Coding guid="{g(73)}" creatingUser="{g(1)}"><CodeRef targetGUID="{g(18)}"/></Coding></PlainTextSelection>
<PlainTextSelection guid="{g(64)}" startPosition="0" endPosition="14" name="😀 We fold 640..." creatingUser="{g(2)}">
 <Coding guid="{g(74)}" creatingUser="{g(2)}"><CodeRef targetGUID="{g(16)}"/></Coding></PlainTextSelection>
<PlainTextSelection guid="{g(65)}" startPosition="0" endPosition="14" name="😀 We fold 640..." creatingUser="{g(2)}">
 <Coding guid="{g(75)}" creatingUser="{g(2)}"><CodeRef targetGUID="{g(20)}"/></Coding></PlainTextSelection>
</TextSource>
<PictureSource guid="{g(51)}" name="desk.png" path="internal://desk.png"/>
<PDFSource guid="{g(52)}" name="a.pdf" path="internal://a.pdf"/><PDFSource guid="{g(53)}" name="b.pdf" path="internal://b.pdf"/>
</Sources></Project>"""
KITA = "😀 We fold 640.  Please print less. Bye."


@pytest.fixture
def qualcoder(tmp_path):
    return read_project(archive(tmp_path / "desk.qdpx", QUALCODER, kita_txt=KITA), product="helpdesk")


def test_a_project_of_qualcoder_gives_its_notes_in_the_order_of_the_text(qualcoder):
    assert rows(qualcoder.material, "notes") == [
        {"note_id": "kita.txt-1", "interview_id": "kita.txt", "position": 1, "evidence": "behaviour",
         "speaker": "accounting lead", "text": "😀 We fold 640."},
        {"note_id": "kita.txt-2", "interview_id": "kita.txt", "position": 2, "evidence": "words",
         "text": "Please print less."},
    ]  # fmt: skip


def test_its_readings_lie_under_the_viewpoint_with_the_path_as_theme_and_twice_is_once(qualcoder):
    assert rows(qualcoder.material, "codings") == [
        {"note_id": "kita.txt-1", "coder": "Aiko", "viewpoint": "problem", "code": "month end / folding",
         "polarity": "negative"},
        {"note_id": "kita.txt-2", "coder": "Ben", "viewpoint": "request"},
    ]  # fmt: skip


def test_its_cases_are_companies_and_the_project_dates_its_interviews(qualcoder):
    assert rows(qualcoder.material, "accounts") == [
        {"account_id": "Kita", "name": "Kita", "size": "mid", "motivation": 4}
    ]
    assert rows(qualcoder.material, "interviews") == [
        {
            "interview_id": "kita.txt",
            "account_id": "Kita",
            "product": "helpdesk",
            "held_on": date(2026, 6, 10),
        }
    ]


def test_sources_that_are_not_text_are_counted(qualcoder):
    assert qualcoder.remarks == ("left out, as they are not text: 2 PDF, 1 picture sources",)


def up(number: int) -> str:
    """A GUID as tools on Windows write it."""
    return f"{{{g(number).upper()}}}"


#: as NVivo and ATLAS.ti write: GUIDs in braces and upper case, several codes to a selection, text with BOM and CRLF
#: or inline, memos and sets, passages coded with their case
NVIVO = f"""\ufeff<?xml version="1.0" encoding="utf-8"?>
<Project xmlns="urn:QDA-XML:project:1.0" name="desk" origin="NVivo 14" creatingUserGUID="{up(161)}">
<Users><User guid="{up(161)}" name="Chie" id="CH"/></Users>
<CodeBook><Codes>
<Code guid="{up(171)}" name="Requests" isCodable="true" color="#FF0000"><Description>What they ask for.</Description>
 <NoteRef targetGUID="{up(250)}"/><Code guid="{up(172)}" name="Fewer letters" isCodable="true"/></Code>
<Code guid="{up(173)}" name="why_level" isCodable="true"><Code guid="{up(174)}" name="なぜ" isCodable="true"/></Code>
<Code guid="{up(175)}" name="Cases" isCodable="true"/>
</Codes></CodeBook>
<Variables><Variable guid="{up(180)}" name="held_on" typeOfVariable="DateTime"/>
<Variable guid="{up(181)}" name="Account_ID" typeOfVariable="Text"/>
<Variable guid="{up(182)}" name="product" typeOfVariable="Text"/></Variables>
<Cases>
<Case guid="{up(190)}" name="Minami"><CodeRef targetGUID="{up(175)}"/>
 <VariableValue><VariableRef targetGUID="{up(181)}"/><TextValue>A-2</TextValue></VariableValue></Case>
<Case guid="{up(191)}" name="Nishi"><SelectionRef targetGUID="{g(221)}"/></Case>
<Case guid="{up(192)}" name="Higashi"/>
</Cases>
<Sources>
<TextSource guid="{up(200)}" name="Minami talk" plainTextPath="internal://MINAMI.txt" richTextPath="internal://MINAMI.docx" creationDateTime="2026-01-05T10:00:00Z">
 <Description/>
 <PlainTextSelection guid="{up(210)}" name="m1" startPosition="7" endPosition="26">
  <Description>said twice</Description>
  <Coding guid="{up(230)}"><CodeRef targetGUID="{up(172)}"/><NoteRef targetGUID="{up(250)}"/></Coding>
  <Coding guid="{up(231)}"><CodeRef targetGUID="{up(171)}"/></Coding>
  <Coding guid="{up(232)}"><CodeRef targetGUID="{up(174)}"/></Coding>
  <NoteRef targetGUID="{up(250)}"/></PlainTextSelection>
 <PlainTextSelection guid="{up(211)}" name="" startPosition="0" endPosition="26">
  <Coding guid="{up(233)}"><CodeRef targetGUID="{up(175)}"/></Coding></PlainTextSelection>
 <Coding guid="{up(234)}"><CodeRef targetGUID="{up(175)}"/></Coding>
 <VariableValue><VariableRef targetGUID="{up(180)}"/><DateTimeValue>2026-01-04T23:00:00Z</DateTimeValue></VariableValue>
 <VariableValue><VariableRef targetGUID="{up(182)}"/><TextValue>helpdesk</TextValue></VariableValue>
</TextSource>
<TextSource guid="{up(201)}" name="Nishi talk" creationDateTime="2026-02-05T10:00:00Z">
 <PlainTextContent>&lt;Nishi&gt; &amp; co:
all well</PlainTextContent>
 <PlainTextSelection guid="{up(221)}" name="m1" startPosition="0" endPosition="12"/>
 <PlainTextSelection guid="{up(222)}" name="m2" startPosition="13" endPosition="13"/>
 <VariableValue><VariableRef targetGUID="{up(182)}"/><TextValue>helpdesk</TextValue></VariableValue>
</TextSource>
</Sources>
<Notes><Note guid="{up(250)}" name="Memo" plainTextPath="internal://memo.txt" creatingUser="{up(161)}"/></Notes>
<Sets><Set guid="{up(251)}" name="All"><MemberCode targetGUID="{up(171)}"/><MemberSource targetGUID="{up(200)}"/>
<MemberNote targetGUID="{up(250)}"/></Set></Sets>
</Project>"""
MINAMI = "\ufeffIntro\r\nfewer letters\r\nnow\r\nend"


@pytest.fixture
def nvivo(tmp_path):
    file = archive(tmp_path / "desk.qdpx", NVIVO.encode(), minami_txt=MINAMI.encode(), memo_txt="hm")
    return read_project(file)


def test_a_project_of_nvivo_gives_its_notes_with_line_ends_as_lf(nvivo):
    assert rows(nvivo.material, "notes") == [
        {"note_id": "Minami talk-1", "interview_id": "Minami talk", "position": 1, "evidence": "words",
         "text": "Intro\nfewer letters\nnow\n"},
        {"note_id": "Minami talk-2", "interview_id": "Minami talk", "position": 2, "evidence": "words",
         "text": "fewer letters\nnow\n"},
        {"note_id": "Nishi talk-1", "interview_id": "Nishi talk", "position": 1, "evidence": "words",
         "text": "<Nishi> & co"},
    ]  # fmt: skip


def test_each_code_of_a_selection_is_a_reading_with_what_else_was_said_of_it(nvivo):
    said = {"note_id": "Minami talk-2", "coder": "Chie", "viewpoint": "request", "why_level": "why"}
    assert rows(nvivo.material, "codings") == [{**said, "code": "Fewer letters"}, said]


def test_a_text_belongs_to_the_case_that_codes_it_or_names_its_selection(nvivo):
    assert rows(nvivo.material, "interviews") == [
        {"interview_id": "Minami talk", "account_id": "A-2", "product": "helpdesk", "held_on": date(2026, 1, 4)},
        {"interview_id": "Nishi talk", "account_id": "Nishi", "product": "helpdesk", "held_on": date(2026, 2, 5)},
    ]  # fmt: skip
    assert [a["name"] for a in rows(nvivo.material, "accounts")] == ["Minami", "Nishi"]


def test_selections_without_a_word_are_counted(nvivo):
    assert nvivo.remarks == ("1 selections without a word left out",)


def test_names_of_selections_that_are_their_text_tell_how_line_ends_are_counted(tmp_path):
    text = NVIVO.replace('name="m1" startPosition="7" endPosition="26"', 'name="fewer letters…" startPosition="6" endPosition="23"').replace('startPosition="0" endPosition="26"', 'startPosition="0" endPosition="24"')  # fmt: skip
    imported = read_project(archive(tmp_path / "x.qdpx", text.encode(), minami_txt=MINAMI.encode()))
    assert [n["text"] for n in rows(imported.material, "notes")][:2] == [
        "Intro\nfewer letters\nnow\n",
        "fewer letters\nnow",
    ]


def test_a_selection_name_that_is_unique_is_the_number_of_the_note(tmp_path):
    text = NVIVO.replace('name="m1" startPosition="7"', 'name="N-7" startPosition="7"')
    imported = read_project(archive(tmp_path / "x.qdpx", text.encode(), minami_txt=MINAMI.encode()))
    assert {n["note_id"] for n in rows(imported.material, "notes")} == {"Minami talk-1", "N-7", "m1"}


LOOSE = QUALCODER.replace('name="problem"', 'name="Trouble"')


def test_themes_without_a_viewpoint_are_named_with_what_to_do(tmp_path):
    file = archive(tmp_path / "desk.qdpx", LOOSE, kita_txt=KITA)
    with pytest.raises(
        ExchangeError, match=r"the codes 'Trouble / month end / folding' lie under no viewpoint.*--viewpoint"
    ):
        read_project(file, product="helpdesk")  # fmt: skip


def test_themes_without_a_viewpoint_get_the_given_one(tmp_path):
    file = archive(tmp_path / "desk.qdpx", LOOSE, kita_txt=KITA)
    imported = read_project(file, viewpoint="solution", product="helpdesk")
    assert {(c["coder"], c["viewpoint"], c.get("code")) for c in rows(imported.material, "codings")} == {
        ("Aiko", "solution", "Trouble / month end / folding"),
        ("Ben", "request", None),
    }


def test_codings_that_contradict_each_other_are_left_out_and_counted(tmp_path):
    both = QUALCODER.replace(f'<CodeRef targetGUID="{g(16)}"/>', f'<CodeRef targetGUID="{g(18)}"/>')
    imported = read_project(archive(tmp_path / "x.qdpx", both, kita_txt=KITA), product="helpdesk")
    assert "1 codings left out that belong to no reading, or contradict each other" in imported.remarks


def test_a_second_value_of_the_same_thing_is_left_out_and_counted(tmp_path):
    more = f'<Coding guid="{g(80)}"><CodeRef targetGUID="{g(21)}"/></Coding></PlainTextSelection>\n<PlainTextSelection guid="{g(63)}"'
    both = QUALCODER.replace(f'</PlainTextSelection>\n<PlainTextSelection guid="{g(63)}"', more)
    both = both.replace(
        f'guid="{g(16)}" name="行動" isCodable="true"/>',
        f'guid="{g(16)}" name="行動" isCodable="true"/><Code guid="{g(21)}" name="Said" isCodable="true"/>',
    )
    imported = read_project(archive(tmp_path / "x.qdpx", both, kita_txt=KITA), product="helpdesk")
    assert rows(imported.material, "notes")[0]["evidence"] == "words"  # the first in the file
    assert "1 codings left out that belong to no reading, or contradict each other" in imported.remarks


def test_a_coding_with_the_name_of_a_group_alone_is_counted(tmp_path):
    bare = QUALCODER.replace(f'<CodeRef targetGUID="{g(18)}"/>', f'<CodeRef targetGUID="{g(17)}"/>')
    imported = read_project(archive(tmp_path / "x.qdpx", bare, kita_txt=KITA), product="helpdesk")
    assert "1 codings with nothing but the name of a group left out" in imported.remarks


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (f'<SourceRef targetGUID="{g(50)}"/>', "", "TextSource 'kita.txt' belongs to no case"),
        ('</Case></Cases>', f'</Case><Case guid="{g(41)}" name="Ost"><SourceRef targetGUID="{g(50)}"/></Case></Cases>',
         "TextSource 'kita.txt' belongs to several cases (Kita, Ost)"),
        (' creationDateTime="2026-06-10T09:00:00Z"', "", "TextSource 'kita.txt' does not say when it was held"),
        ('"2026-06-10T09:00:00Z"', '"2026-13-10T09:00:00Z"', "'2026-13-10T09:00:00Z' is not a date"),
        (f'<Users><User guid="{g(1)}" name="Aiko"/>', "<Users>", f"its creatingUser {g(1)} stands for no element"),
        ("<TextValue>4</TextValue>", "<TextValue>high</TextValue>", "Case 'Kita': motivation 'high' is not a whole number"),
        ('name="行動"', 'name="rumour"', "Code 'rumour' under evidence is none of behaviour, words, inference"),
        ('endPosition="34"', 'endPosition="2000"',
         f"TextSource 'kita.txt': selection {g(60)} runs from 16 to 2000, but the text has {len(KITA)} characters;"
         " export it again from the tool that made it."),
        ('startPosition="16"', 'startPosition="36"', f"selection {g(60)} runs from 36 to 34"),
        ('startPosition="16"', 'startPosition="-1"', f"selection {g(60)} runs from -1 to 34"),
        ('startPosition="16"', 'startPosition="x"', f"selection {g(60)} does not say from where to where"),
        (f'guid="{g(12)}"', f'guid="{g(1)}"', f"the GUID {g(1)} stands for two elements, User 'Aiko' and Code 'month end'"),
        (f'<CodeRef targetGUID="{g(14)}"/>', f'<CodeRef targetGUID="{g(99)}"/>',
         f"Coding {g(70)}, CodeRef: its targetGUID {g(99)} stands for no element"),
        (f'<CodeRef targetGUID="{g(14)}"/>', f'<CodeRef targetGUID="{g(2)}"/>', "stands for User 'Ben'"),
        (f'<SourceRef targetGUID="{g(50)}"/>', f'<SourceRef targetGUID="{g(10)}"/>',
         "Case 'Kita', SourceRef: its targetGUID " + g(10) + " stands for Code 'Viewpoint'"),
        ("internal://kita.txt", "internal://../../kita.txt", "its text internal://../../kita.txt is not in the file"),
        ("internal://kita.txt", "absolute:///etc/passwd", "its text lies outside of the file (absolute:///etc/passwd)"),
        ('plainTextPath="internal://kita.txt" ', "", "TextSource 'kita.txt' has no plain text"),
        ('name="kita.txt"', "name='kita.txt'<", "its project is not valid XML"),
        ("project:1.0", "project:2.0", "its project is not REFI-QDA 1.0"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_with_file_and_element(tmp_path, old, new, said):
    assert old in QUALCODER
    file = archive(tmp_path / "desk.qdpx", QUALCODER.replace(old, new), kita_txt=KITA)
    with pytest.raises(ExchangeError) as refused:
        read_project(file, product="helpdesk")
    assert "desk.qdpx: " in str(refused.value)
    assert said in str(refused.value)


def test_an_interview_without_a_product_asks_for_it(tmp_path):
    with pytest.raises(ExchangeError, match="does not say which product it is about; say it with --product"):
        read_project(archive(tmp_path / "desk.qdpx", QUALCODER, kita_txt=KITA))


def test_a_coding_without_a_user_is_refused(tmp_path):
    text = QUALCODER.replace(f' creatingUser="{g(1)}"', "").replace(f' creatingUser="{g(2)}"', "")
    with pytest.raises(ExchangeError, match="does not say who coded it"):
        read_project(archive(tmp_path / "desk.qdpx", text, kita_txt=KITA), product="helpdesk")
