"""The picture of a project score: every box and link is there, nothing overlaps, no state is told by colour alone."""

from __future__ import annotations

import itertools
import re
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import project_scores as scores
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_helpers.charts import sheet
from cs_helpers.charts.drawing import SIZES, faults, has_text
from cs_helpers.charts.project_score import box as boxes
from cs_helpers.charts.project_score import picture
from cs_helpers.charts.project_score.content import content_of
from cs_helpers.charts.project_score.layout import plan
from cs_helpers.charts.sheet import width_of
from cs_helpers.text import Text

LANGUAGES = ("en", "ja")
SVG = "{http://www.w3.org/2000/svg}"
CSS = Path(__file__).resolve().parents[2] / "templates" / "executive" / "executive.css"
CASES = {
    "small": scores.project_score(3, 2),
    "large": scores.project_score(12, 4),
    "long words": scores.project_score(5, 3, words=(scores.LONG, scores.LONG_JA)),
    "hostile words": scores.project_score(5, 3, words=(scores.HOSTILE, scores.HOSTILE)),
    "one purpose, nothing given or measured": scores.project_score(2, 1, given=False, measured=False, moves=1),
}  # fmt: skip


def texts(svg):
    """The text elements of an SVG as words, whatever their lines."""
    return ["".join(t.itertext()).strip() for t in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def drawn(result, language="en"):
    return picture(result, Text(language))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_a_picture_has_a_message_and_holds_only_what_a_page_may_hold(case, language):
    made = drawn(CASES[case], language)
    assert made.message in made.alt
    assert list(made.sizes) == list(SIZES)
    for svg in (*made.sizes.values(), made.files["svg"]):
        assert faults(svg) == []
        assert has_text(svg)
        assert not {"nan", "None", "NaT"} & set(re.findall(r"\w+", " ".join(texts(svg))))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_each_size_says_every_word_of_every_box(case, language):
    content = content_of(CASES[case], Text(language))
    for svg in drawn(CASES[case], language).sizes.values():
        # a line ends without the blank that it broke at
        said = [re.sub(r"\s", "", t) for t in texts(svg)]
        for one in content.all:
            assert said.count(re.sub(r"\s", "", one.words)) >= 1


def overlaps(a, b):
    return a.x < b.right - 0.1 and b.x < a.right - 0.1 and a.y < b.bottom - 0.1 and b.y < a.bottom - 0.1


def check_plan(content, size, text):
    """Nothing overlaps, everything is inside of the picture, and each link ends at the edges of its boxes."""
    made = plan(content, size, text)
    assert set(made.rects) == {one.id for one in content.all}
    for a, b in itertools.combinations([*made.rects.values(), *made.headings.values()], 2):
        assert not overlaps(a, b)
    for rect in (*made.rects.values(), *made.headings.values()):
        assert rect.x >= -0.1
        assert rect.right <= made.width + 0.1
        assert rect.y >= -0.1
        assert rect.bottom <= made.height + 0.1
    assert sorted((r.start, r.end) for r in made.routes) == sorted(content.links)
    for route in made.routes:
        for (x, y), name in ((route.points[0], route.start), (route.points[-1], route.end)):
            rect = made.rects[name]
            assert x == pytest.approx(rect.x) or x == pytest.approx(rect.right)
            assert rect.y < y < rect.bottom
        for x, _ in route.points:
            assert -0.1 <= x <= made.width + 0.1
        # no line runs over a box: what lies between the ends of a link is beside all boxes
        for x, _ in route.points[1:-1]:
            assert not any(rect.x + 0.1 < x < rect.right - 0.1 for rect in made.rects.values() if rect.y >= 0 and _is_linked(rect, made, content))  # fmt: skip
    return made


def _is_linked(rect, made, content):
    """Whether a rectangle is that of a box of the layers, not of what is given, which may stand above or beside."""
    return next(name for name, r in made.rects.items() if r == rect) not in {
        b.id for b in content.boxes["given"]
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("case", CASES)
def test_nothing_overlaps_and_each_link_ends_at_its_boxes(case, size, language):
    text = Text(language)
    check_plan(content_of(CASES[case], text), size, text)


@st.composite
def random_scores(draw):
    purposes = draw(st.integers(1, 14))
    measures = draw(st.integers(1, 40 - 2 - purposes))
    said = draw(
        st.sampled_from(
            [None, (scores.LONG, scores.LONG_JA), ("W" * 90, "画" * 90), ("a", "あ"), (scores.HOSTILE, "。")]
        )
    )
    made = scores.project_score(measures, purposes, given=draw(st.booleans()), words=said)
    links = [(f"purpose_{n}", "winning_condition") for n in range(purposes)] + [("winning_condition", "goal")]
    for n in range(measures):
        served = draw(st.sets(st.integers(0, purposes - 1), min_size=1, max_size=3))
        links += [(f"measure_{n}", f"purpose_{one}") for one in served]
    return scores.of_tables(made.tables["picture"], links)


@settings(max_examples=40, deadline=None)
@given(random_scores(), st.sampled_from(SIZES), st.sampled_from(LANGUAGES))
def test_nothing_overlaps_in_any_score(result, size, language):
    text = Text(language)
    check_plan(content_of(result, text), size, text)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("case", CASES)
def test_every_line_of_a_box_fits_into_it(case, size):
    for language in LANGUAGES:
        text = Text(language)
        content = content_of(CASES[case], text)
        made = plan(content, size, text)
        for one in content.all:
            one_sheet = sheet.Sheet(text)
            rect = made.rects[one.id]
            boxes.draw_box(one, rect, one_sheet, str)
            root = ElementTree.fromstring(one_sheet.svg(made.width, made.height, "x"))
            for element in root.iter(f"{SVG}text"):
                size_of = float(element.get("font-size"))
                for line in element.findall(f"{SVG}tspan") or [element]:
                    x, y = float(line.get("x")), float(line.get("y"))
                    bold = element.get("font-weight") == "700"
                    assert x + width_of(line.text or "", size_of, bold=bold) <= rect.right + 0.1
                    assert rect.y < y - 0.7 * size_of
                    assert y + 0.2 * size_of < rect.bottom


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_box_says_its_number_with_its_interval_its_target_and_the_day(language):
    said = texts(drawn(CASES["large"], language).svg)
    value, target = {
        "en": ("Met: 62.0% (51.0%–72.0%)", "→ 60.0% or more by 31 Mar 2027"),
        "ja": ("達成：62.0%（51.0%〜72.0%）", "→ 60.0%以上（2027年3月31日まで）"),
    }[language]
    assert value in said
    assert target in said
    assert Text(language).kpi("revenue.nrr_year") in said


def one_measure(**more):
    picture = scores.project_score(1, 1, given=False).tables["picture"]
    row = picture["kind"] == "measure"
    for column, value in more.items():
        picture.loc[row, column] = value
    links = [("measure_0", "purpose_0"), ("purpose_0", "winning_condition"), ("winning_condition", "goal")]
    text = Text("en")
    return next(b for b in content_of(scores.of_tables(picture, links), text).all if b.kind == "measure")


@pytest.mark.parametrize(
    ("more", "value", "target"),
    [
        # what is counted is its own interval
        ({"unit": "count", "value": 31.0, "low": 31.0, "high": 31.0, "target": 20.0, "better": "lower", "by": None}, "31", "→ 20 or less"),
        ({"unit": "days", "value": 118.0, "low": 90.0, "high": float("inf"), "target": 90.0, "better": "lower", "by": date(2026, 9, 30)}, "118 days (90 days or more)", "→ 90 days or less by 30 Sep 2026"),
        ({"value": float("nan"), "low": float("nan"), "high": float("nan"), "state": "not_measured"}, "", "→ 60.0% or more by 31 Mar 2027"),
        ({"low": None, "high": None, "target": None}, "62.0%", ""),
        ({"better": "neither", "by": pd.NaT}, "62.0% (51.0%–72.0%)", "→ 60.0%"),
    ],
)  # fmt: skip
def test_a_number_is_written_as_what_is_known_of_it(more, value, target):
    made = one_measure(**more)
    assert (made.value, made.target) == (value, target)


def test_what_is_given_and_a_goal_say_nothing_of_states_while_nobody_measures_them():
    content = content_of(CASES["small"], Text("en"))
    assert {b.state for b in content.boxes["given"]} == {""}
    assert [b.state for b in content.boxes["goal"]] == [""]
    nothing = content_of(CASES["one purpose, nothing given or measured"], Text("en"))
    assert {b.state for b in nothing.boxes["measure"]} == {"not_measured"}


def test_each_state_has_a_colour_a_sign_and_a_word_of_its_own():
    text = Text("en")
    drawings = set()
    for state in ("met", "on_the_way", "away", "not_measured"):
        one = sheet.Sheet(text)
        boxes.draw_sign(state, 0, 0, one)
        # without the colours
        drawings.add(re.sub(r' (?:fill|stroke|class)="[^"]*"', "", "".join(one.elements)))
    assert len(drawings) == 4
    assert len({boxes.COLOURS[s] for s in boxes.COLOURS}) == 5
    assert len({text(f"project_score.state.{s}") for s in boxes.COLOURS if s}) == 4


def test_what_the_last_move_added_or_changed_is_marked_and_explained():
    said = texts(drawn(CASES["large"]).svg)
    assert said.count("New") == said.count("Changed") == 2  # in its box, and in the legend
    assert not {"New", "Changed"} & set(texts(drawn(CASES["one purpose, nothing given or measured"]).svg))


def luminance(colour):
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * p for weight, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def colours(is_dark):
    """The colours of a page by their name on a sheet, from its style sheet."""
    css = CSS.read_text(encoding="utf-8")
    roots = re.findall(r":root \{(.*?)\}", css, re.S)
    known = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", roots[0]))
    if is_dark:
        known |= dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", roots[1]))
    found = dict(sheet.COLOURS)
    found |= {
        c: known[v] for c, v in re.findall(r"\.f-([a-z-]+) \{ fill: var\(--([a-z-]+)\)", css) if v in known
    }
    if is_dark:
        of_drawings = re.search(r"scheme: dark\) \{\n  \.drawn(.*?)\n\}", css, re.S)[1]
        found |= dict(re.findall(r"(?<!rect)\.f-([a-z-]+) \{ fill: (#[0-9a-f]{6})", of_drawings))
    return found


@pytest.mark.parametrize("is_dark", [False, True])
def test_words_can_be_read_on_the_colour_of_their_box(is_dark):
    of = colours(is_dark)
    for sign, area in boxes.COLOURS.values():
        for ink in ("ink", "quiet", "other", "accent"):  # links are in the accent
            assert contrast(of[ink], of[area]) >= 4.5, (ink, area)
        if sign != "rule":
            assert contrast(of[sign], of[area]) >= 3, (sign, area)  # of signs and edges
            assert contrast(of[sign], of["paper"]) >= 3
    assert contrast(of["on-head"], of["head"]) >= 4.5


def test_the_picture_by_itself_has_its_message_its_source_and_no_links():
    made = drawn(CASES["large"])
    said = texts(made.files["svg"])
    assert said[0] == made.message
    assert said[-1] == made.source
    assert "href" not in made.files["svg"]
    assert "href" in made.svg


def test_a_number_leads_to_the_report_of_its_analysis():
    links = [a.get("href") for a in ElementTree.fromstring(drawn(CASES["small"]).svg).iter(f"{SVG}a")]
    assert set(links) == {"#place:revenue-"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_alt_text_counts_the_states_of_each_kind(language):
    counted = {
        "en": "Measures: 3 Met, 3 On the way, 3 Off target, 3 Not measured; Intermediate purposes: 1 Met",
        "ja": "施策は達成3件、前進中3件、未達3件、未測定3件、中間目的は達成1件",
    }
    assert counted[language] in drawn(CASES["large"], language).alt
