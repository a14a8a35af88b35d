"""The slides, opened again: native text that fits, pictures with alt text, notes with the source, the same bytes."""

from __future__ import annotations

import base64
import io
import re
import zipfile

import pytest

from cs_helpers.delivery.edition import open_edition
from cs_helpers.delivery.figures import figure_at
from cs_helpers.delivery.slides import make_slides
from cs_helpers.errors import ReportError

from .conftest import DO, NOT_KNOWN, PRODUCTS, ROSE, STALL, WORDS, png, publish

pptx = pytest.importorskip("pptx")
util = pytest.importorskip("pptx.util")
deck_module = pytest.importorskip("cs_helpers.delivery.deck")


def made(folder, language="en", summaries=PRODUCTS, audience="leadership", **options):
    publish(folder, audience, summaries=summaries, **options)
    return make_slides(open_edition(audience=audience, reports=folder), language)


@pytest.fixture(scope="module")
def bytes_of(tmp_path_factory):
    """The deck of each language, made once."""
    folder = tmp_path_factory.mktemp("slides")
    return {language: made(folder / language, language) for language in ("en", "ja")}


@pytest.fixture(params=["en", "ja"])
def language(request):
    return request.param


@pytest.fixture
def deck(bytes_of, language):
    return pptx.Presentation(io.BytesIO(bytes_of[language]))


def texts(slide):
    """All text of a slide: of shapes and of cells of tables."""
    for shape in slide.shapes:
        if shape.has_text_frame:
            yield shape.text_frame.text
        if shape.has_table:
            yield from (cell.text_frame.text for row in shape.table.rows for cell in row.cells)


def said(slide):
    return " ".join(" ".join(texts(slide)).split())


def facts(slide):
    """Label -> value of the table of a finding."""
    table = next(shape.table for shape in slide.shapes if shape.has_table)
    return {row.cells[0].text_frame.text: row.cells[1].text_frame.text for row in table.rows}


def test_first_the_numbers_then_decisions_by_mrr_then_changes_then_what_is_not_known(deck, language):
    titles = [slide.shapes.title.text for slide in deck.slides]
    assert (
        titles[0]
        == {"en": "Customer success: Q3 2026", "ja": "カスタマーサクセス 2026年7〜9月期 レポート"}[language]
    )
    assert titles[2:6] == [STALL[language], STALL[language], ROSE[language], ROSE[language]]
    assert titles[1] == {"en": "How are we doing?", "ja": "現在の状況"}[language]
    assert titles[6:] == [{"en": "What cannot be known yet", "ja": "まだ分からないこと"}[language]]
    mrr = {"en": ["¥640,000", "¥250,000"], "ja": ["￥640,000", "￥250,000"]}[language]
    label = {"en": "MRR at stake", "ja": "対象のMRR"}[language]
    assert [facts(slide)[label] for slide in list(deck.slides)[2:4]] == mrr
    assert said(deck.slides[6]).count(NOT_KNOWN[language]) == 2


def test_the_numbers_of_all_products_are_added_up(bytes_of):
    slide = pptx.Presentation(io.BytesIO(bytes_of["en"])).slides[1]
    table = next(shape.table for shape in slide.shapes if shape.has_table)
    rows = [[cell.text_frame.text.split("\n") for cell in row.cells] for row in table.rows]
    assert [r[0] for r in rows] == [[""], ["All products"], ["Expense Desk"], ["Help Desk"]]
    assert [cell[0] for cell in rows[0][1:]] == ["Customers", "MRR", "NRR"]
    # by hand, as in the digest: 40 + 10 customers, as before; 4.0 + 1.0 against 4.1 + 0.9 millions
    assert rows[1][1:3] == [
        ["50", "Last quarter", "±0, unchanged"],
        ["¥5,000,000", "Last quarter", "±¥0, unchanged"],
    ]
    assert rows[2][2] == ["¥4,000,000", "Last quarter", "−¥100,000, worse"]
    assert rows[2][3] == ["99.0%", "95%: 95.0% – 100.0%", "Last quarter", "+2.0 points, may be chance"]


def test_a_finding_has_its_numbers_its_interval_and_its_certainty(bytes_of):
    slides = pptx.Presentation(io.BytesIO(bytes_of["en"])).slides
    assert facts(slides[2]) == {
        "Customers": "9", "MRR at stake": "¥640,000", "Who": "CSM", "By": "29 Nov 2026",
        "Usually": "20.0% (+13.0 points · 95%: +4.0 points – +22.0 points)", "Observations (n)": "38", "Certainty": "beyond chance",
    }  # fmt: skip
    assert DO["en"] in said(slides[2])
    assert facts(slides[4]) == {
        "Value": "52.0%", "Last quarter": "44.0% (+8.0 points · 95%: −2.0 points – +18.0 points)", "Observations (n)": "56",
        "Certainty": "may be chance",
    }  # fmt: skip


def test_the_picture_is_the_figure_of_the_question_with_its_alt_text(deck, language):
    (picture,) = [shape for shape in deck.slides[2].shapes if shape.shape_type == 13]
    assert picture.image.blob == png()
    assert picture._element.nvPicPr.cNvPr.get("descr") == f"Bars: {STALL[language]}"


def test_without_a_figure_there_is_a_chart_that_can_be_edited(deck, language):
    (frame,) = [shape for shape in deck.slides[4].shapes if shape.has_chart]
    assert list(frame.chart.plots[0].series[0].values) == [0.44, 0.52]
    assert "0.44" in frame._element.nvGraphicFramePr.cNvPr.get("descr")


def test_each_slide_names_its_source_in_its_notes(deck, language):
    for slide in deck.slides:
        assert "2026-09-30-0123456789ab" in slide.notes_slide.notes_text_frame.text
    notes = deck.slides[2].notes_slide.notes_text_frame.text
    assert f"helpdesk/journey.{language}.html#journeys-stalls" in notes
    assert WORDS[language][0] in notes


def test_nothing_lies_outside_of_its_slide_and_all_text_fits(deck):
    for number, slide in enumerate(deck.slides, 1):
        for shape in slide.shapes:
            assert shape.left >= 0, (number, shape.name)
            assert shape.top >= 0, (number, shape.name)
            assert shape.left + shape.width <= deck.slide_width, (number, shape.name)
            assert shape.top + shape.height <= deck.slide_height, (number, shape.name)
            if shape.has_text_frame:
                assert needed(shape.text_frame, shape.width) <= shape.height, (number, shape.text_frame.text)
            if shape.has_table:
                for row in shape.table.rows:
                    for cell, column in zip(row.cells, shape.table.columns, strict=True):
                        assert needed(cell.text_frame, column.width - util.Inches(0.15)) <= row.height, (
                            cell.text_frame.text
                        )


def needed(frame, width):
    """The height that the lines of a text need, by the widths of full and half letters."""
    height = 0
    for paragraph in frame.paragraphs:
        size = max([run.font.size.pt for run in paragraph.runs] or [0])
        height += deck_module.lines_needed(paragraph.text, size or 1, width / util.Inches(1)) * size * 1.2
    return util.Pt(height)


def test_a_long_sentence_becomes_smaller_and_still_fits(tmp_path, language):
    long = {
        "en": "A sentence that says what happened to whom and why. " * 5,
        "ja": "誰に何が起きたかを述べる長い文です。" * 9,
    }
    content = made(tmp_path, language, sentence=long[language].strip())
    slides = pptx.Presentation(io.BytesIO(content)).slides
    title = slides[2].shapes.title
    assert title.text == long[language].strip()
    assert needed(title.text_frame, title.width) <= title.height
    assert title.text_frame.paragraphs[0].runs[0].font.size < util.Pt(30)


def test_every_product_has_its_share_of_what_is_not_known_and_the_rest_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr("cs_helpers.delivery.slides._UNKNOWN", 2)
    store = publish(tmp_path, languages=("en",), summaries=PRODUCTS)
    manifest = store.manifest("2026Q3")
    reports = dict(manifest.reports)
    file = "expense_desk/executive_summary.en.html"
    more = [{"part": "unknown", "sentence": f"Remark {n}.", "anchor": "a-b"} for n in range(3)]
    good = reports[file].good.model_copy(update={"findings": (*more, *reports[file].good.findings)})
    reports[file] = reports[file].model_copy(update={"good": good})
    store.publish("2026Q3", {}, [], manifest.model_copy(update={"reports": reports}))
    last = list(pptx.Presentation(io.BytesIO(make_slides(open_edition(reports=tmp_path), "en"))).slides)[-1]
    assert "Expense Desk • Remark 0. Help Desk • Not known" in said(last)
    assert "3 more such remarks" in said(last)


def test_many_products_are_shown_on_further_slides(tmp_path, monkeypatch):
    monkeypatch.setattr("cs_helpers.delivery.slides._ROWS", 2)
    slides = pptx.Presentation(io.BytesIO(made(tmp_path))).slides
    assert [s.shapes.title.text for s in slides][1:3] == [
        "How are we doing? (1 of 2)",
        "How are we doing? (2 of 2)",
    ]
    assert "Help Desk" in said(slides[2])


def test_the_theme_has_a_font_for_japanese_and_the_slides_are_wide(bytes_of):
    with zipfile.ZipFile(io.BytesIO(bytes_of["ja"])) as files:
        themes = [files.read(n).decode() for n in files.namelist() if n.startswith("ppt/theme/")]
    assert themes
    for theme in themes:
        assert re.findall(r'<a:ea typeface="([^"]*)"', theme) == ["Yu Gothic", "Yu Gothic"]
        assert set(re.findall(r'script="Jpan" typeface="([^"]*)"', theme)) == {"Yu Gothic"}
    deck = pptx.Presentation(io.BytesIO(bytes_of["ja"]))
    assert round(deck.slide_width / deck.slide_height, 2) == 1.78
    runs = [
        r
        for s in deck.slides
        for sh in s.shapes
        if sh.has_text_frame
        for p in sh.text_frame.paragraphs
        for r in p.runs
    ]
    assert {run.font.language_id for run in runs} == {1041}  # Japanese


def test_the_same_quarter_is_the_same_deck(tmp_path, bytes_of):
    again = made(tmp_path, "ja")
    assert again == bytes_of["ja"]


def test_the_team_s_slides_say_so(tmp_path):
    slides = pptx.Presentation(io.BytesIO(made(tmp_path, audience="team"))).slides
    assert "Team edition: holds names" in said(slides[0])


def test_without_a_summary_it_is_said_what_to_publish(tmp_path):
    with pytest.raises(
        ReportError, match=r"no summary of 2026Q3 is published in the language en.*executive_summary"
    ):
        made(tmp_path, summaries=())


PAGE = """<html><body><section><figure id="a-one"><svg viewBox="0 0 200 100" aria-label="One"><rect/></svg></figure></section>
<section><div id="a-table"><table></table></div><figure id="a-two"><img src="{png}" alt="Two"></figure></section>
<section><div id="a-three"><svg class="trend" width="10" height="5"></svg></div></section></body></html>"""


def test_of_a_drawing_in_several_sizes_the_widest_is_taken():
    sizes = {"wide": 1326, "medium": 758, "narrow": 350}
    boxes = "".join(
        f'<div class="drawn {size}"><svg viewBox="0 0 {width} 60" width="{width}" height="60" aria-label="Map"><a'
        f' href="#x"><text fill="#1f2933">{size}</text></a></svg></div>'
        for size, width in sizes.items()
    )
    drawn = []

    def draw(html, width, height):
        drawn.append((width, height, "narrow" in html))
        return b"drawn"

    page = f'<html><body><section><figure id="m-o" class="drawing">{boxes}</figure></section></body></html>'
    assert figure_at(page.encode(), "m-o", draw).alt == "Map"
    assert drawn == [(1326, 60, False)]


def test_the_figure_of_a_place_is_its_own_or_that_of_its_section():
    page = PAGE.format(png="data:image/png;base64," + base64.b64encode(png()).decode()).encode()
    drawn = []

    def draw(html, width, height):
        drawn.append((width, height))
        assert "<rect" in html
        return b"drawn"

    one = figure_at(page, "a-one", draw)
    assert (one.png, one.alt) == (b"drawn", "One")
    assert drawn == [(200, 100)]
    assert (figure_at(page, "a-table", draw).png, figure_at(page, "a-two", draw).alt) == (png(), "Two")
    assert figure_at(page, "a-three", draw) is None  # the small line of a card
    assert figure_at(page, "a-nowhere", draw) is None
