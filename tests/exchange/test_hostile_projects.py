"""Project files that want to be more than a project: bombs, entities, paths, half files."""

from __future__ import annotations

import io
import time
import zipfile
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from cs_helpers.errors import ExchangeError
from cs_helpers.exchange import archive as opening
from cs_helpers.exchange.qdpx import project_bytes
from cs_helpers.exchange.qdpx_read import read_project
from cs_helpers.text import Text

from .cases import archive, one_note

PROJECT = '<Project xmlns="urn:QDA-XML:project:1.0" name="%s"/>'
LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))


def refusal(file):
    with pytest.raises(ExchangeError) as refused:
        read_project(file, product="helpdesk")
    return str(refused.value)


@pytest.mark.parametrize("inside", ["&a9;", "&secret;"])
@pytest.mark.parametrize("where", ["name", "text"])
def test_no_entity_is_expanded(tmp_path, inside, where):
    (tmp_path / "secret.txt").write_text("secret")
    declared = (
        f'<!DOCTYPE x [<!ENTITY a0 "ha">{LAUGHS}<!ENTITY secret SYSTEM "file://{tmp_path}/secret.txt">]>'
    )
    project = PROJECT % (inside if where == "name" and inside == "&a9;" else "x")
    if where == "text":
        project = project.replace("/>", f"><Description>{inside}</Description></Project>")
    began = time.monotonic()
    said = refusal(archive(tmp_path / "x.qdpx", declared + project))
    assert "document type" in said or "not valid XML" in said
    assert time.monotonic() - began < 5


def test_a_project_above_the_size_limit_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(opening.read_archive, "__defaults__", (10_000,))
    with zipfile.ZipFile(tmp_path / "x.qdpx", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("project.qde", PROJECT % ("x" * 1_000_000))
    assert "larger than a project of texts can be" in refusal(tmp_path / "x.qdpx")


def test_an_archive_that_lies_about_its_sizes_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(opening.read_archive, "__defaults__", (10_000,))
    file = tmp_path / "x.qdpx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("project.qde", PROJECT % ("x" * 1_000_000))
    true = (1_000_000 + len(PROJECT) - 2).to_bytes(4, "little")
    assert true in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(true, (100).to_bytes(4, "little")))
    assert refusal(file)


def test_a_file_that_is_cut_off_anywhere_is_refused_in_one_sentence(tmp_path):
    whole = project_bytes(one_note(), "x", Text("en"))
    for end in range(0, len(whole), 97):
        file = tmp_path / "x.qdpx"
        file.write_bytes(whole[:end])
        assert "not a whole .qdpx file" in refusal(file)


def test_a_file_with_any_byte_changed_is_read_or_refused(tmp_path):
    whole = project_bytes(one_note(), "x", Text("en"))
    file = tmp_path / "x.qdpx"
    for place in range(0, len(whole), 13):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with suppress(ExchangeError):
            read_project(file)


@pytest.mark.parametrize("name", ["a.txt", "other.qde/project"])
def test_an_archive_without_a_project_is_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "x.qdpx", "w") as out:
        out.writestr(name, "x")
    assert "it holds no project.qde" in refusal(tmp_path / "x.qdpx")


def test_a_file_that_is_not_there_and_a_folder_are_named(tmp_path):
    assert "there is no such file" in refusal(tmp_path / "x.qdpx")
    assert "this is a folder" in refusal(tmp_path)


def test_a_text_in_another_encoding_is_named(tmp_path):
    project = (
        '<Project xmlns="urn:QDA-XML:project:1.0" name="x"><Sources>'
        '<TextSource guid="1" name="I" plainTextPath="internal://a.txt"/></Sources></Project>'
    )
    said = refusal(archive(tmp_path / "x.qdpx", project, a_txt="北浜".encode("cp932")))
    assert "TextSource 'I': its text internal://a.txt is not UTF-8" in said


def test_nothing_is_unpacked_beside_the_file(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.qdpx", "w") as out:
        out.writestr("project.qde", PROJECT % "x")
        out.writestr("../outside.txt", "x")
    read_project(tmp_path / "x.qdpx")
    assert [p.name for p in tmp_path.iterdir()] == ["x.qdpx"]
    assert not (tmp_path.parent / "outside.txt").exists()


def test_variables_in_the_wrong_place_are_read(tmp_path):
    file = tmp_path / "x.qdpx"
    file.write_bytes(project_bytes(one_note(), "x", Text("en")))
    with zipfile.ZipFile(file) as whole:
        files = {name: whole.read(name) for name in whole.namelist()}
    moved = files["project.qde"].replace(b"Variables>", b"Elsewhere>")
    assert moved != files["project.qde"]
    with zipfile.ZipFile(file, "w") as out:
        for name, content in {**files, "project.qde": moved}.items():
            out.writestr(name, content)
    assert read_project(file).material.interviews["product"].tolist() == ["helpdesk"]


@pytest.mark.thorough
@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_project_with_missing_or_changed_parts_is_read_or_refused(tmp_path_factory, data):
    content = project_bytes(one_note(polarity="negative", reason="bias"), "x", Text("en"))
    file = tmp_path_factory.getbasetemp() / "wrong.qdpx"
    with zipfile.ZipFile(io.BytesIO(content)) as whole:
        files = {name: whole.read(name) for name in whole.namelist()}
    project = etree.fromstring(files.pop("project.qde"))
    elements = list(project.iter())
    for _ in range(data.draw(st.integers(1, 3))):
        element = data.draw(st.sampled_from(elements))
        how = data.draw(st.sampled_from(["drop", "attribute", "other", "rename", "text"]))
        if how == "drop" and element.getparent() is not None:
            element.getparent().remove(element)
        elif how == "text":
            element.text = data.draw(st.sampled_from(["", "x", "-1", "99999999999999999999", "2026-99-99"]))
        elif how == "rename" and element is not project:
            element.tag = data.draw(st.sampled_from(elements)).tag
        elif element.attrib:
            name = data.draw(st.sampled_from(sorted(element.attrib)))
            if how == "attribute":
                del element.attrib[name]
            else:
                element.set(
                    name, data.draw(st.sampled_from(["", "x", "-1", "9" * 30, "{}", "2026-99-99T00:00:00Z"]))
                )
    with zipfile.ZipFile(file, "w") as out:
        for name, text in {**files, "project.qde": etree.tostring(project)}.items():
            out.writestr(name, text)
    with suppress(ExchangeError):
        read_project(file, viewpoint="problem", product="helpdesk")
