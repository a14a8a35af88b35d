"""The PDFs of a quarter, made by a real Chromium: what is on them, where their links lead, when they are made again."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from servers import missing

from cs_helpers import hashes
from cs_helpers.delivery import browser, pdf
from cs_helpers.delivery.browser import Browser, chromium_command
from cs_helpers.delivery.bundle import bundle
from cs_helpers.delivery.edition import Edition, open_edition
from cs_helpers.delivery.pdf import publish_pdfs
from cs_helpers.delivery.searchable import corrected
from cs_helpers.errors import ReportError
from cs_helpers.report.publish import report_store

from .conftest import PRODUCTS, QUARTER, STALL, WORDS, publish
from .test_bundle import unzipped

pypdf = pytest.importorskip("pypdf")
PAGES = [f"{p}/{n}.ja.html" for p in PRODUCTS for n in ("maturity", "journey")]
WHOLE = f"customer-success-{QUARTER}.ja.pdf"


@pytest.fixture(scope="session")
def chromium():
    try:
        chromium_command()
    except ReportError:
        missing("Chromium")


@pytest.fixture(scope="session")
def printed_once(made_once, chromium):
    """The folder of a quarter whose Japanese pages were printed."""

    def make(folder):
        publish(folder / "reports")
        printed = []
        publish_pdfs(report_store(folder / "reports"), QUARTER, "ja", printed.append)
        (folder / "printed.json").write_text(json.dumps(printed), encoding="utf-8")

    return made_once("pdfs", make)


@pytest.fixture
def printed(printed_once, tmp_path):
    """A copy of it that a test may change."""
    return Path(shutil.copytree(printed_once / "reports", tmp_path / "reports"))


@pytest.fixture(scope="session")
def read(printed_once):
    return lambda name: pypdf.PdfReader(printed_once / "reports" / QUARTER / name)


def fonts(reader):
    """The fonts of all sheets; of a composed font the one that it is made of."""
    for page in reader.pages:
        for reference in page["/Resources"]["/Font"].values():
            font = reference.get_object()
            yield font["/DescendantFonts"][0].get_object() if font["/Subtype"] == "/Type0" else font


def embedded(font):
    """Whether a PDF brings the shapes of a font with it: as a file of a font, or drawn (Type 3)."""
    if font["/Subtype"] == "/Type3":
        return bool(font["/CharProcs"])
    return bool({"/FontFile", "/FontFile2", "/FontFile3"} & set(font["/FontDescriptor"]))


def outline(reader, items=None, depth=0):
    """(depth, heading, sheet) of each entry."""
    found = []
    for item in reader.outline if items is None else items:
        if isinstance(item, list):
            found += outline(reader, item, depth + 1)
        else:
            found.append((depth, item.title, reader.get_destination_page_number(item)))
    return found


def links(reader):
    return [
        note.get_object()
        for page in reader.pages
        for note in page.get("/Annots", [])
        if note.get_object()["/Subtype"] == "/Link"
    ]


def test_each_page_has_a_pdf_beside_it_and_there_is_one_of_all(printed_once):
    assert json.loads((printed_once / "printed.json").read_text(encoding="utf-8")) == [*PAGES, WHOLE]
    manifest = report_store(printed_once / "reports").manifest(QUARTER)
    folder = printed_once / "reports" / QUARTER
    for file in PAGES:
        content = (folder / file.replace(".html", ".pdf")).read_bytes()
        assert manifest.reports[file].good.pdf == hashes.of(content)
    assert manifest.pdfs == {WHOLE: hashes.of((folder / WHOLE).read_bytes())}
    assert not list(folder.rglob("*.en.pdf"))


def test_sheets_are_numbered_and_hold_the_text_of_the_page(read):
    reader = read("helpdesk/journey.ja.pdf")
    assert len(reader.pages) == 2  # the second question begins a new sheet
    text = [re.sub(r"\s", "", page.extract_text()) for page in reader.pages]
    assert STALL["ja"] in text[0]
    assert [part[-3:] for part in text] == ["1/2", "2/2"]
    assert reader.trailer["/Root"]["/Lang"] == "ja"
    assert "/StructTreeRoot" in reader.trailer["/Root"]  # for screen readers


@pytest.mark.parametrize("name", ["helpdesk/journey.ja.pdf", WHOLE])
def test_all_fonts_are_embedded(read, name):
    found = list(fonts(read(name)))
    assert found
    assert [font for font in found if not embedded(font)] == []


def test_the_outline_is_the_headings(read):
    title, wait, value, *_ = WORDS["ja"]
    assert outline(read("helpdesk/journey.ja.pdf")) == [(0, title, 0), (1, wait, 0), (1, value, 1)]


def test_a_heading_that_breaks_into_lines_keeps_its_blanks_in_the_outline(chromium, tmp_path):
    long = "Which customers have waited for longer than usual, " * 4 + "and what would move them on?"
    store = publish(tmp_path, languages=("en",))
    store.publish(
        QUARTER,
        {"index.en.html": f"<h1>{long}<a class='anchor-link'>¶</a></h1>".encode()},
        [],
        store.manifest(QUARTER),
    )
    edition = Edition(store, store.manifest(QUARTER))
    with Browser() as chrome:
        made = pdf._Printer(chrome, edition, "en").printed(
            "index.en.html", edition.content("index.en.html"), "x"
        )
    assert [title for _, title, _ in outline(pypdf.PdfReader(io.BytesIO(made)))] == [long]


def test_links_lead_to_the_pdf_beside_it_and_none_to_where_nothing_is(read):
    found = links(read("helpdesk/journey.ja.pdf"))
    files = {str(n["/A"]["/F"]): n["/A"]["/D"] for n in found if "/A" in n}
    assert set(files) == {"maturity.ja.pdf", f"../{WHOLE}"}
    assert files["maturity.ja.pdf"] == "/top"
    inside = [str(n["/Dest"]) for n in found if "/Dest" in n]
    assert [name.lstrip("/") for name in inside] == ["journeys-value_curve"]
    assert inside[0].lstrip("/") in {
        n.lstrip("/") for n in read("helpdesk/journey.ja.pdf").named_destinations
    }


def test_no_pdf_names_a_file_or_a_folder_of_this_machine(read, printed_once):
    for name in ("helpdesk/journey.ja.pdf", WHOLE):
        content = b"".join(bytes(str(o.get_object()), "utf-8") for o in links(read(name)))
        assert b"://" not in content
        assert str(printed_once).encode() not in content


def test_the_whole_is_the_landing_page_and_all_pages_numbered_through(read):
    reader = read(WHOLE)
    assert len(reader.pages) == 1 + 2 * len(PAGES)
    for number, page in enumerate(reader.pages, 1):
        assert f"{number}/{len(reader.pages)}" in re.sub(r"\s", "", page.extract_text())
    title, wait, value, *_ = WORDS["ja"]
    assert outline(reader) == [
        (0, QUARTER, 0),
        (0, "経費精算デスク", 1), *[e for first in (1, 3) for e in ((1, title, first), (2, wait, first), (2, value, first + 1))],
        (0, "ヘルプデスク", 5), *[e for first in (5, 7) for e in ((1, title, first), (2, wait, first), (2, value, first + 1))],
    ]  # fmt: skip


def test_links_of_the_whole_lead_to_sheets_of_it(read):
    """Also those to a question of another product's page, whose place has the same name there."""
    reader = read(WHOLE)
    sheets = [
        [
            reader.get_page_number(note.get_object()["/Dest"][0].get_object())
            for note in page.get("/Annots", [])
        ]
        for page in reader.pages
    ]
    assert sheets == [
        [3, 1, 7, 5],  # the landing page: journey and maturity of each product
        [0, 2, 1], [], [0, 4, 1], [],  # maturity, then journey: the landing page, its second question, the maturity
        [0, 6, 5], [], [0, 8, 5], [],
    ]  # fmt: skip


MAPS = """<!DOCTYPE html><html lang="ja"><head><meta charset="utf-8"><title>x</title></head><body><h1>オペレーションマップ</h1>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100" width="200" height="100" role="group" aria-label="マップ">
<a href="helpdesk/journey.ja.html#journeys-value_curve"><text x="20" y="40">13社</text></a></svg></body></html>"""


def test_the_operations_maps_follow_the_landing_page_and_their_numbers_stay_links(printed):
    folder = printed / QUARTER
    landing = (folder / "index.ja.html").read_text(encoding="utf-8")
    (folder / "index.ja.html").write_text(
        landing.replace("</h1>", '</h1><a href="operations-map.ja.html">maps</a>'), encoding="utf-8"
    )
    (folder / "operations-map.ja.html").write_text(MAPS, encoding="utf-8")
    (folder / WHOLE).unlink()
    publish_pdfs(report_store(printed), QUARTER, "ja")
    reader = pypdf.PdfReader(folder / WHOLE)
    assert len(reader.pages) == 2 + 2 * len(PAGES)
    assert "13社" in reader.pages[1].extract_text()
    assert outline(reader)[1] == (0, "オペレーションマップ", 1)
    sheets = [
        [reader.get_page_number(n.get_object()["/Dest"][0].get_object()) for n in page.get("/Annots", [])]
        for page in reader.pages
    ]
    assert sheets[0][0] == 1
    assert sheets[1] == [9]  # the second question of the last page, the journey of the help desk


def test_a_pdf_is_made_again_only_where_its_page_changed_or_it_is_gone_or_damaged(printed):
    store = report_store(printed)
    made = []
    publish_pdfs(store, QUARTER, "ja", made.append)
    assert made == []
    manifest = store.manifest(QUARTER)
    file = "helpdesk/maturity.ja.html"
    good = manifest.reports[file].good
    new = good.model_copy(update={"sha256": hashes.of("<p>new</p>"), "pdf": ""})
    changed = manifest.reports[file].model_copy(update={"good": new})
    store.publish(
        QUARTER,
        {file: b"<p>new</p>"},
        [],
        manifest.model_copy(update={"reports": {**manifest.reports, file: changed}}),
    )
    (printed / QUARTER / "helpdesk/journey.ja.pdf").unlink()
    (printed / QUARTER / "expense_desk/journey.ja.pdf").write_bytes(b"%PDF")
    publish_pdfs(store, QUARTER, "ja", made.append)
    assert made == ["expense_desk/journey.ja.html", file, "helpdesk/journey.ja.html", WHOLE]
    assert "new" in pypdf.PdfReader(printed / QUARTER / "helpdesk/maturity.ja.pdf").pages[0].extract_text()


def test_what_another_batch_publishes_meanwhile_is_printed_too_or_nothing_is_published(printed, monkeypatch):
    store = report_store(printed)
    (printed / QUARTER / WHOLE).unlink()
    monkeypatch.setattr(pdf._Printer, "joined", lambda self, pdfs: b"joined")
    monkeypatch.setattr(pdf, "Browser", contextlib.nullcontext)
    times = iter(range(100))

    def publish_meanwhile(file):
        if next(times) < meanwhile:
            store.publish(
                QUARTER, {}, [], store.manifest(QUARTER).model_copy(update={"published_at": str(next(times))})
            )

    meanwhile = 1
    publish_pdfs(store, QUARTER, "ja", publish_meanwhile)
    assert (printed / QUARTER / WHOLE).read_bytes() == b"joined"
    (printed / QUARTER / WHOLE).unlink()
    meanwhile = 100
    with pytest.raises(ReportError, match="published anew by other batches"):
        publish_pdfs(store, QUARTER, "ja", publish_meanwhile)
    assert not (printed / QUARTER / WHOLE).exists()


def test_the_bundle_holds_the_pdfs(printed):
    files = unzipped(bundle(open_edition(reports=printed), "ja"))
    assert files[WHOLE].startswith(b"%PDF")
    assert {name for name in files if name.endswith(".pdf")} == {
        WHOLE,
        *(f.replace(".html", ".pdf") for f in PAGES),
    }


def test_shapes_stand_for_the_characters_that_were_written():
    """Single ones and ranges, by hand: U+2F83 is the radical of 自, U+2F8F of 行, U+2ED1 of 長; A stays A."""
    cmap = (
        "2 beginbfchar\n<01> <2F83>\n<02> <0041>\nendbfchar\n2 beginbfrange\n<03> <04> <2F8F>\n<05> <06> <0041>\n"
        "endbfrange\n1 beginbfchar\n<07> <2ED1>\nendbfchar\n"
    )
    assert corrected(cmap) == (
        "2 beginbfchar\n<01> <81EA>\n<02> <0041>\nendbfchar\n2 beginbfrange\n<03> <04> [<884C> <8863>]\n<05> <06> <0041>\n"
        "endbfrange\n1 beginbfchar\n<07> <9577>\nendbfchar\n"
    )


def test_a_page_reaches_nothing_and_runs_nothing(chromium, tmp_path):
    secret = tmp_path / "secret.html"
    secret.write_text("<p>SECRET</p>", encoding="utf-8")
    page = (
        f'<iframe src="file://{secret}"></iframe><img src="http://127.0.0.1:9/x.png"><iframe src="other.html"></iframe>'
        '<p id="a">before</p><script>document.getElementById("a").textContent = "SCRIPT"</script>'
    )
    with Browser() as chrome:
        text = pypdf.PdfReader(io.BytesIO(chrome.pdf(page, "x/page.html"))).pages[0].extract_text()
    assert "before" in text
    assert "SECRET" not in text
    assert "SCRIPT" not in text


def test_without_chromium_it_is_said_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CS_WORKBOOK_CHROMIUM", raising=False)
    monkeypatch.setattr(browser, "_MAC", "/nowhere")
    with pytest.raises(ReportError, match=r"no Chromium on this machine.*set CS_WORKBOOK_CHROMIUM"):
        pdf.check_pdf_tools()
    monkeypatch.setenv("CS_WORKBOOK_CHROMIUM", "/nowhere/chrome --x")
    with pytest.raises(
        ReportError, match="CS_WORKBOOK_CHROMIUM names no program that can be started: /nowhere/chrome"
    ):
        pdf.check_pdf_tools()


def fake_chromium(folder, monkeypatch, *lines):
    program = folder / "chrome"
    program.write_text("\n".join(("#!/bin/sh", *lines)), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("CS_WORKBOOK_CHROMIUM", str(program))


def test_a_chromium_that_ends_is_named_with_its_last_words(monkeypatch, tmp_path):
    fake_chromium(tmp_path, monkeypatch, "echo first >&2", "echo no usable display >&2", "exit 3")
    with pytest.raises(ReportError, match=r"ended before it was done \(no usable display\)"), Browser():
        pass


def test_a_chromium_that_never_answers_is_given_up_and_ended(monkeypatch, tmp_path):
    fake_chromium(tmp_path, monkeypatch, f"echo $$ > {tmp_path}/pid", "sleep 300")
    monkeypatch.setattr(browser, "_PATIENCE", 1)
    with pytest.raises(ReportError, match="did not answer within 1 seconds"), Browser():
        pass
    process = int((tmp_path / "pid").read_text(encoding="utf-8"))
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
