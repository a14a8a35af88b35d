"""What is written as REFI-QDA: valid, read alike by another reader, the same bytes, and back without loss."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from pyrefiqda import RefiProject

from cs_helpers.errors import ExchangeError
from cs_helpers.exchange.material import NAMES, Material
from cs_helpers.exchange.qdpx import project_bytes
from cs_helpers.exchange.qdpx_read import read_project
from cs_helpers.text import Text

from .cases import assert_equal, materials, one_note, rows

XSD = Path(__file__).with_name("refi_qda.xsd")
SCHEMAS = [XSD, *(Path(p) for p in [os.environ.get("CS_WORKBOOK_REFI_XSD", "")] if p)]
NS = "{urn:QDA-XML:project:1.0}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("qdpx")


def round_trip(material: Material, folder: Path, language: str = "en") -> Material:
    file = folder / "coding.qdpx"
    file.write_bytes(project_bytes(material, "coding", Text(language)))
    imported = read_project(file)
    assert imported.remarks == ()
    return imported.material


def assert_same(one: Material, other: Material) -> None:
    for table in NAMES:
        assert_equal(getattr(one, table), getattr(other, table))


def project(content: bytes):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return etree.fromstring(archive.read("project.qde"))


@pytest.mark.thorough
@given(materials(), st.sampled_from(["en", "ja"]))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_all_of_the_material_comes_back_equal(folder, material, language):
    assert_same(material, round_trip(material, folder, language))


@given(materials())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_written_is_valid(material):
    written = project(project_bytes(material, "x", Text("en")))
    for schema in SCHEMAS:
        etree.XMLSchema(etree.parse(schema)).assertValid(written)


@pytest.mark.parametrize("product", ["helpdesk", "expense_desk", "paper_to_web"])
def test_the_sample_comes_back_equal_and_is_valid(sample_snapshot, folder, product):
    material = Material.of(sample_snapshot.read(product))
    assert len(material.codings) > 100
    assert_same(material, round_trip(material, folder, "ja"))
    for schema in SCHEMAS:
        etree.XMLSchema(etree.parse(schema)).assertValid(project(project_bytes(material, "x", Text("ja"))))


def test_the_same_material_gives_the_same_bytes_in_whatever_order_its_rows_lie(sample_snapshot):
    material = Material.of(sample_snapshot.read("helpdesk"))
    turned = Material(**{t: getattr(material, t).iloc[::-1] for t in NAMES})
    assert project_bytes(material, "x", Text("en")) == project_bytes(turned, "x", Text("en"))


def test_another_reader_sees_the_same_users_codes_cases_sources_and_selections(sample_snapshot, tmp_path):
    material = Material.of(sample_snapshot.read("helpdesk"))
    file = tmp_path / "x.qdpx"
    file.write_bytes(project_bytes(material, "x", Text("en")))
    imported = RefiProject.load(file, str(tmp_path / "out"))
    coders = material.codings[["coder", "coder_role"]].drop_duplicates()
    assert {(u.name, u.id) for u in imported.users.user} == set(coders.itertuples(index=False, name=None))
    codes = {c.name: {inner.name for inner in c.code} for c in imported.code_book.codes.code}
    problems = material.codings[material.codings["viewpoint"] == "problem"]
    assert codes["Problem and background"] == set(problems["code"].dropna())
    assert codes["Evidence"] == {"Seen", "Said", "Inferred"}
    assert codes["Speaker"] == set(material.notes["speaker"].dropna())
    assert {c.name for c in imported.cases.case} == set(material.accounts["name"])
    assert {s.name for s in imported.sources.text_source} == set(material.interviews["interview_id"])
    texts = material.notes.set_index("note_id")["text"]
    seen = 0
    for source in imported.sources.text_source:
        path = RefiProject.resolve_source_path(source.plain_text_path, tmp_path / "out")
        words = path.read_text(encoding="utf-8")
        for selection in source.plain_text_selection:
            assert words[selection.start_position : selection.end_position] == texts[selection.name]
            seen += 1
    assert seen == len(material.notes) + len(material.codings)


@pytest.mark.parametrize(
    "text",
    ["👩‍👩‍👧 said 𠮷野家", "e\u0301 and é", "two\nlines\n\nand more", "<b>&amp; ]]> &", "a\x00b\x01\x1f\ufffe", "\ufeffx", "x\u2028y"],
)  # fmt: skip
def test_every_character_of_a_note_survives(folder, text):
    assert rows(round_trip(one_note(text), folder), "notes")[0]["text"] == text


@pytest.mark.parametrize("text", ["one\r\ntwo", "one\rtwo"])
def test_line_ends_become_lf(folder, text):
    assert rows(round_trip(one_note(text), folder), "notes")[0]["text"] == "one\ntwo"


@pytest.mark.parametrize("code", ["a\x00b", "a\x1bb", "a\uffffb"])
def test_a_name_that_xml_cannot_hold_is_refused_by_table_and_column(code):
    with pytest.raises(ExchangeError, match=r"^coding\.qdpx: codings\.code 'a.*holds the character"):
        project_bytes(one_note(code=code), "coding", Text("en"))


def test_a_file_names_no_time_but_the_day_of_an_interview():
    content = project_bytes(one_note(), "x", Text("en"))
    dates = {a for e in project(content).iter() for k, a in e.attrib.items() if "DateTime" in k}
    assert dates == {"2026-05-04T00:00:00Z"}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_reading_without_a_theme_is_coded_with_its_viewpoint(folder):
    material = one_note(code=None)
    written = project(project_bytes(material, "x", Text("ja")))
    viewpoint = next(c for c in written.iter(f"{NS}Code") if c.get("name") == "課題とその背景")
    assert viewpoint.get("guid") in {r.get("targetGUID") for r in written.iter(f"{NS}CodeRef")}
    assert_same(material, round_trip(material, folder, "ja"))


def test_the_readings_of_one_coder_are_those_of_their_role():
    material = one_note()
    assert len(material.of_coder("ann").codings) == 1
    assert len(material.of_coder("ann", "cs").codings) == 1
    assert len(material.of_coder("ann", "sales").codings) == 0
    assert len(material.of_coder("bob").codings) == 0
