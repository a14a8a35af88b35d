"""Each question of each report is drawn and set in both languages, with every letter."""

from __future__ import annotations

import importlib
import io
import re
import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from builders import ANALYSES
from PIL import Image

from cs_helpers.charts import interviews, journeys, theme
from cs_helpers.charts.drawing import Drawing, faults, has_text
from cs_helpers.customer_journey.progress import transitions_verdict
from cs_helpers.errors import ParameterError
from cs_helpers.snapshot import Snapshot
from cs_helpers.tables import journeys as tables_of_journeys
from cs_helpers.text import Text
from cs_helpers.workbook import Workbook

PACKAGE = Path(__file__).resolve().parents[2] / "cs_helpers"
CHARTS = [(name, question) for name, analysis in ANALYSES.items() for question in analysis.declares.figures]
TABLES = [(name, question) for name, analysis in ANALYSES.items() for question in analysis.declares.tables]


@pytest.fixture(scope="module", params=["en", "ja"])
def workbook(request, home):
    snapshot = Snapshot.open(folder=home / "data" / "snapshots")
    data = snapshot.read("paper_to_web")
    quarter = snapshot.check_quarter("latest")
    return Workbook(snapshot, data, quarter, "all", Text(request.param, data.product))


class Results(dict):
    """The results of analyses by name, each worked out when it is first asked for: the same in every language."""

    workbook: Workbook

    def __missing__(self, name):
        self[name] = self.workbook.analyse(name)
        return self[name]


RESULTS = Results()


@pytest.fixture(scope="module")
def results(workbook):
    RESULTS.workbook = workbook
    return RESULTS


@pytest.fixture(scope="module")
def picture_of(workbook, results):
    """The picture of a question, drawn once, and only with letters that its fonts have."""

    @cache
    def picture(analysis, question):
        charts = importlib.import_module(f"cs_helpers.charts.{analysis}")
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="Glyph .* missing")
            return getattr(charts, question)(results[analysis], workbook.text)

    return picture


@pytest.mark.parametrize(("analysis", "question"), CHARTS)
def test_a_chart_has_ink_a_message_and_every_glyph(picture_of, results, analysis, question):
    if question not in results[analysis].tables:  # as the ways of customers that go straight
        assert results[analysis].about(question)
        return
    picture = picture_of(analysis, question)
    if isinstance(picture, Drawing):
        assert not any(map(faults, picture.sizes.values()))
        assert all(map(has_text, picture.sizes.values()))
    else:
        pixels = np.asarray(Image.open(io.BytesIO(picture.png)).convert("L"))
        assert (pixels < 200).mean() > 0.005
    assert picture.message in picture.alt
    assert "nan" not in picture.alt.lower()


WAYS = [
    ("contract", "kickoff", 80, 1), ("contract", "first_document", 14, 2), ("first_document", "kickoff", 9, -1),
    ("all_outgoing", "contract", 1, -5),
]  # fmt: skip


def test_the_ways_that_customers_go_are_drawn(workbook, results):
    went = pd.DataFrame(WAYS, columns=["before", "step", "customers", "ahead"])
    result = replace(
        results["journeys"],
        tables={**results["journeys"].tables, "ways": went},
        verdicts={**results["journeys"].verdicts, "ways": transitions_verdict(went)},
    )
    picture = journeys.ways(result, workbook.text)
    image = np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGB")).astype(int)
    # straight on in blue, ahead in green, back in orange
    for colour in (theme.BLUE, theme.GREEN, theme.ORANGE):
        asked = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        assert (np.abs(image - asked).sum(axis=2) < 12).sum() > 300
    assert "77%" in picture.message  # 80 of 104
    assert "14" in picture.message


@pytest.mark.parametrize("counted", [{"mode": "strict"}, {"mode": "unordered", "window_days": 90}])
def test_a_funnel_that_is_counted_otherwise_says_how(workbook, counted):
    result = workbook.analyse("journeys", **counted)
    picture = workbook._picture(result, "funnel")
    usual = workbook._picture(workbook.analyse("journeys"), "funnel")
    assert picture.message != usual.message
    # how it counts, that days are compared, and that all below counts as usual
    codes = {note.code for note in result.about("funnel")}
    assert len(codes) == 3
    assert codes >= {"funnel_days", "funnel_below"}
    # and who counts there stands below, too
    assert "who_counts" in {note.code for note in result.about("steps")}


@pytest.mark.parametrize(
    ("counted", "sentence"),
    [
        ({"mode": "anyhow"}, "'milestones', 'ordered', 'strict' or 'unordered'"),
        ({"window_days": 0}, "greater than or equal to 1"),
        ({"mode": "ordered", "exclusions": [{"event": "x", "after": "gone", "before": "kickoff"}]}, "the step 'gone', journey has"),
        ({"unit": "user"}, "does not hold users"),
        ({"windw": 3}, "nothing of that name"),
    ],
)  # fmt: skip
def test_a_funnel_that_no_journey_can_have_is_refused_in_a_sentence(workbook, counted, sentence):
    with pytest.raises(ParameterError, match=sentence):
        workbook.analyse("journeys", **counted)


def test_drawing_leaves_no_figure_open_and_no_setting_changed(workbook, results):
    before = dict(matplotlib.rcParams)
    interviews.coverage(results["interviews"], workbook.text)
    assert plt.get_fignums() == []
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(("analysis", "question"), TABLES)
def test_a_table_is_set_with_headings_of_the_language(workbook, results, analysis, question):
    tables = importlib.import_module(f"cs_helpers.tables.{analysis}")
    listing = getattr(tables, question)(results[analysis], workbook.text)
    page = listing.as_html()
    if results[analysis].tables[question].empty:  # as the words without a theme: a sentence says so
        assert workbook.text(f"{analysis}.{question}.nothing")
    elif listing.page.empty:  # as changes of which there are none: the sentence stands alone
        assert listing.message
    else:
        assert page.count("<tr") >= 2
    assert ">nan<" not in page
    assert "{" not in page.partition("<table")[2]


def test_a_curve_ends_where_nobody_is_watched_any_more(workbook, results):
    rows = pd.DataFrame(
        {"day": [10.0, 30], "share": 0.3, "low": 0.1, "high": 0.6, "at_risk": [10, 7], "size": "all"}
    )

    def ink(until):
        curve = {**results["journeys"].tables, "value_curve": rows.assign(until=until)}
        picture = journeys.value_curve(replace(results["journeys"], tables=curve), workbook.text)
        image = np.asarray(Image.open(io.BytesIO(picture.png)).convert("L"))
        height, width = image.shape
        # of 90 days those from about 40 to 75, without the words above and below
        inside = image[int(0.25 * height) : int(0.8 * height), int(0.45 * width) : int(0.7 * width)]
        return (inside < 120).sum()

    assert ink(float("inf")) > 100
    assert ink(30.0) == 0


def test_touch_models_are_called_as_the_language_calls_them(workbook, results):
    names = tables_of_journeys.touch_models(results["journeys"], workbook.text).page.iloc[:, 0]
    words = {
        "en": {"High touch", "Low touch", "Tech touch", "Community"},
        "ja": {"ハイタッチ", "ロータッチ", "テックタッチ", "コミュニティタッチ"},
    }
    assert set(names) == words[workbook.text.language]


@pytest.mark.parametrize("analysis", ANALYSES)
def test_the_first_quarter_of_the_log_gives_figures_or_notes(home, analysis):
    snapshot = Snapshot.open(folder=home / "data" / "snapshots")
    data = snapshot.read("paper_to_web")
    workbook = Workbook(snapshot, data, snapshot.quarters[0], "all", Text("en", data.product))
    result = workbook.analyse(analysis)
    for name, question in CHARTS:
        if name == analysis:
            assert workbook._picture(result, question) or result.about(question)


def test_a_segment_without_some_answers_still_answers(home):
    from cs_helpers.customers.segments import filter_segment

    snapshot = Snapshot.open(folder=home / "data" / "snapshots")
    data = snapshot.read("helpdesk")
    small = data.of_accounts(filter_segment(data["accounts"], "size:enterprise")["account_id"])
    workbook = Workbook(snapshot, small, snapshot.quarters[-1], "size:enterprise", Text("ja", data.product))
    for analysis, question in CHARTS:
        result = workbook.analyse(analysis)
        assert workbook._picture(result, question) or result.about(question), (analysis, question)


#: an amount with the currency of the sample's contracts, as each language writes it
MONEY = re.compile(r"[¥￥]\d[\d,]*")


def test_no_amount_stands_without_its_currency(workbook, results, picture_of):
    """In a cell under MRR, in its spreadsheet's heading, and in a sentence that names an amount."""
    amounts = 0
    for analysis, question in TABLES:
        tables = importlib.import_module(f"cs_helpers.tables.{analysis}")
        listing = getattr(tables, question)(results[analysis], workbook.text)
        for heading in (h for h in listing.page if h == "MRR"):
            cells = [cell for cell in listing.page[heading] if cell != "–"]  # of an entry without a rule
            assert all(MONEY.fullmatch(cell) for cell in cells), (analysis, question)
            assert "MRR (JPY)" in listing.all_rows
            amounts += 1
    assert amounts == 26
    for analysis, question in CHARTS:
        table = results[analysis].tables.get(question, ())
        message = picture_of(analysis, question).message if len(table) else ""
        assert re.findall(r"(?<![\d,¥￥])\d{1,3}(?:,\d{3})+", message) == [], (analysis, question)
        if analysis not in (
            "revenue",
            "level_outlook",
            "product_feedback",
        ):  # whose sentences speak of the MRR itself, too
            assert message.count("MRR") == len(re.findall(f"MRR {MONEY.pattern}", message)), (
                analysis,
                question,
            )


def test_no_code_formats_an_amount_as_a_plain_number():
    for file in [*PACKAGE.glob("tables/*.py"), *PACKAGE.glob("charts/**/*.py")]:
        plain = re.findall(r"\.(?:number|companies)\([^()]*mrr[^()]*", file.read_text(encoding="utf-8"))
        assert plain == [], file.name


@pytest.mark.parametrize("named", [True, False])
def test_no_code_of_an_analyst_stands_on_a_page_as_it_is_stored(workbook, results, named):
    """A theme has the product file's name for it, or its code as words; so have the subjects of touches."""
    product = workbook.data.product
    text = workbook.text if named else Text(workbook.text.language, product.model_copy(update={"themes": {}}))
    for analysis, question in TABLES:
        tables = importlib.import_module(f"cs_helpers.tables.{analysis}")
        listing = getattr(tables, question)(results[analysis], text)
        for cell in [*listing.page.to_numpy().ravel(), *listing.all_rows.to_numpy().ravel()]:
            assert not re.search(r"\b[a-z0-9]+_[a-z0-9_]+\b", str(cell)), (analysis, question, cell)


def test_subjects_of_touches_are_named_in_the_language_of_the_page(workbook, results):
    """As the product file calls them: what it plans for a step, and what it names besides."""
    moves = importlib.import_module("cs_helpers.tables.journeys").moves(results["journeys"], workbook.text)
    if workbook.text.language == "ja":
        assert not [cell for cell in moves.all_rows.iloc[:, 1] if re.fullmatch(r"[A-Za-z -]+", cell)]


def test_labels_are_spread_within_their_room():
    assert theme.spread_labels([0.0, 0.02, 0.5], 0.15, top=0.97, bottom=0.07) == pytest.approx(
        [0.07, 0.22, 0.5]
    )
    assert theme.spread_labels([0.9, 0.95], 0.15, top=0.97) == pytest.approx([0.82, 0.97])
    # what does not fit between both stands below the top
    assert theme.spread_labels([0.4, 0.5], 0.6, top=0.8, bottom=0.3) == pytest.approx([0.2, 0.8])
