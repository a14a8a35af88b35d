"""The operations map: every number is a link, nothing overlaps, what is missing is drawn as missing."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import operations_maps as maps
import pandas as pd
import pytest
from servers import missing

from cs_helpers.charts.drawing import SIZES, faults, has_text
from cs_helpers.charts.operations_map import draw, operations
from cs_helpers.charts.operations_map.content import content_of
from cs_helpers.charts.operations_map.lane import Lane
from cs_helpers.charts.sheet import Sheet, lines_of, width_of
from cs_helpers.contract.products import load_product
from cs_helpers.result import PLACE
from cs_helpers.text import Text

LANGUAGES = ("en", "ja")
PRODUCTS = Path(__file__).resolve().parents[2] / "data" / "products"
SVG = "{http://www.w3.org/2000/svg}"
CASES = {
    "full": maps.operations_map(),
    "two levels, half of it missing": maps.operations_map(
        2, missing=("handover", "organisation", "feedback")
    ),
    "six levels, long names, large amounts": maps.operations_map(
        6, department=maps.LONG, mrr=999_900_000.0, unknown_level=True
    ),
    "nothing known": maps.operations_map(2, missing=maps.STATIONS),
    "numbers not known": maps.operations_map(3, is_known=False),
    "hostile names": maps.operations_map(3, department={"en": maps.HOSTILE, "ja": maps.HOSTILE}),
    "accounts": maps.operations_map(
        4, is_known=False, accounts=True, department={"en": "Service", "ja": "サービス部"}
    ),
}


def drawn(result, language="en"):
    return operations(result, Text(language, accounts=not result.settings.get("by_contracts", True)))


def texts(svg):
    """The text elements of an SVG as words, whatever their lines."""
    return ["".join(t.itertext()).strip() for t in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_a_map_has_a_message_and_holds_only_what_a_page_may_hold(case, language):
    picture = drawn(CASES[case], language)
    assert picture.message in picture.alt
    assert list(picture.sizes) == list(SIZES)
    for svg in picture.sizes.values():
        assert faults(svg) == []
        assert has_text(svg)
        assert f'aria-label="{picture.alt}"' in svg
        assert "nan" not in "".join(texts(svg)).lower()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("case", CASES)
def test_each_number_is_a_link_to_its_place_once(case, size):
    result = CASES[case]
    links = [a.get("href") for a in ElementTree.fromstring(drawn(result).sizes[size]).iter(f"{SVG}a")]
    numbers = result.tables["numbers"]
    assert sorted(links) == sorted(f"{PLACE}{place}" for place in numbers["place"])


@pytest.mark.parametrize("size", SIZES)
def test_no_number_stands_without_a_link_but_intervals_scales_and_names(size):
    root = ElementTree.fromstring(drawn(CASES["full"]).sizes[size])
    linked = {t for a in root.iter(f"{SVG}a") for t in a.iter(f"{SVG}text")}
    bare = [
        w
        for t in root.iter(f"{SVG}text")
        if t not in linked and re.search(r"\d", w := "".join(t.itertext()).strip())
    ]
    allowed = r"Lv\.\d|[1-6] .*|\S+( days)? to \S+( days)?|n = 132|¥[\d.]+[KM]?|Lifetime value over 18 months \(margin\)"
    assert [w for w in bare if not re.fullmatch(allowed, w)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_sizes_say_the_same(language):
    said = [sorted(texts(svg)) for svg in drawn(CASES["full"], language).sizes.values()]
    assert said[0] == said[1] == said[2]


def test_a_missing_station_is_dashed_and_says_what_to_add_and_so_are_its_arrows():
    whole, half = (drawn(CASES[case]).svg for case in ("full", "two levels, half of it missing"))
    text = Text("en")
    for station in ("handover", "organisation", "feedback"):
        sentence = text(f"operations_map.lacks.{maps.LACKS[station]}")
        assert texts(half).count(sentence) == 1
        assert sentence not in texts(whole)
    # head and frame of three stations, and four arrows; of the whole map, the role that cannot carry out its plays
    assert half.count("stroke-dasharray") == 3 * 2 + 3
    assert whole.count("stroke-dasharray") == 1


@pytest.mark.parametrize(("language", "name"), [("en", "helpdesk"), ("ja", "paper_to_web")])
def test_levels_measures_and_entries_have_the_names_of_the_product_file(language, name):
    of = load_product(PRODUCTS / f"{name}.yml")
    text = Text(language, of)
    roles = pd.DataFrame(
        [{**maps.operations_map().tables["roles"].iloc[0], "role": "adoption", "entries": of.playbook[0].key}]
    )
    plays = pd.DataFrame([{"at": 0, "entry": of.playbook[0].key, "customers": 12.0, "of": 20}])
    measures = pd.DataFrame([{"measure": m.id, "kind": m.kind} for m in of.health.measures])
    result = maps.operations_map()
    tables = {**result.tables, "roles": roles, "plays": plays, "measures": measures}
    said = texts(operations(replace(result, tables=tables), text).svg)
    for level in of.maturity.levels:
        assert level.name.in_language(language) in said
    assert of.playbook[0].when.in_language(language) in said
    assert {"en": "12", "ja": "12社"}[language] in said
    for kind, part in (
        ("quantitative", {"en": "Quant.", "ja": "定量"}),
        ("qualitative", {"en": "Qual.", "ja": "定性"}),
    ):
        names = [m.name.in_language(language) for m in of.health.measures if m.kind == kind]
        assert f"{part[language]}: {text.join_list(names)}" in said


def test_hand_over_and_feedback_list_what_they_are_made_of():
    said = texts(drawn(CASES["full"]).svg)
    assert {"Filled in, by field", "Known stakeholders", "40%", "80%"} <= set(said)
    assert {"All requests", "Open", "Under consideration", "Exists already"} <= set(said)
    missing_both = texts(drawn(CASES["two levels, half of it missing"]).svg)
    assert not {"Filled in, by field", "All requests"} & set(missing_both)


def test_what_is_in_the_way_of_a_role_is_said_by_itself():
    assert "No means serves an entry, the role has no people" in texts(drawn(CASES["full"]).svg)


def test_an_arrow_that_is_missing_between_known_stations_says_why():
    result = maps.operations_map()
    links = result.tables["links"].copy()
    links.loc[links["source"] == "health", ["state", "reason"]] = ["missing", "no_touch_models"]
    picture = drawn(replace(result, tables={**result.tables, "links": links}))
    sentence = Text("en")("operations_map.lacks.no_touch_models")
    for svg in picture.sizes.values():
        assert sentence in texts(svg)
        assert svg.count("stroke-dasharray") == 2


def test_names_are_shown_letter_by_letter():
    svg = drawn(CASES["hostile names"]).svg
    assert any(w.replace(" ", "") == maps.HOSTILE.replace(" ", "") for w in texts(svg))
    assert "<script" not in svg


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_accounts_are_counted_there_is_no_word_of_money_or_customers(language):
    picture = drawn(CASES["accounts"], language)
    said = " ".join([picture.alt, picture.source, *texts(picture.svg)])
    assert not re.search(r"(?i)MRR|LTV|lifetime|customer|顧客", said)


def test_levels_without_a_known_value_are_drawn_as_bars_of_customers():
    svg = drawn(CASES["numbers not known"]).svg
    assert "Share of customers" in texts(svg)
    assert "LTV not known" in texts(svg)
    assert "Lifetime value over 18 months (margin)" in texts(drawn(CASES["full"]).svg)


def test_the_curve_joins_known_values_by_straight_lines_and_starts_at_the_first():
    svg = drawn(CASES["full"]).svg
    (curve,) = re.findall(r'<path d="(M[^"]*)"[^>]*class="s-accent"', svg) or re.findall(
        r'<path d="(M[^"]*)"[^>]*s-accent', svg
    )
    assert "C" not in curve
    assert len(re.findall("[ML]", curve)) == 5  # Lv.0 to Lv.4


def test_a_value_without_an_interval_is_a_hollow_dot_and_says_so():
    result = maps.operations_map()
    levels = result.tables["levels"].copy()
    levels.loc[levels["level"] == 2, ["ltv_low", "ltv_high"]] = float("nan")
    svg = drawn(replace(result, tables={**result.tables, "levels": levels})).svg
    hollow = r'<circle [^>]*r="6"[^>]*fill="#ffffff"'
    assert len(re.findall(hollow, svg)) == 1
    assert not re.findall(hollow, drawn(result).svg)
    assert "Hollow: too few customers for an interval" in texts(svg)


@pytest.mark.parametrize(("verdict", "said"), [("unclear", True), ("more", False)])
def test_levels_that_are_not_told_apart_are_said_not_to_be(verdict, said):
    result = maps.operations_map()
    svg = drawn(replace(result, settings={**result.settings, "told_apart": verdict})).svg
    assert ("Levels cannot be told apart by it" in texts(svg)) == said


def test_touches_say_what_their_numbers_are_of_and_what_is_beyond_chance():
    said = texts(drawn(CASES["full"]).svg)
    assert "touches: actual 40% (last 4 quarters)" in said
    assert said.count("more than declared") == 1
    assert sum(words.endswith("h this quarter") for words in said) == 4
    assert "Lv.3 High touch 40%" in said


@pytest.mark.parametrize(
    ("language", "amounts"),
    [("en", ["¥0", "¥898K", "¥1M", "¥21.8M"]), ("ja", ["0円", "89.8万円", "100万円", "2184万円"])],
)
def test_amounts_have_one_form(language, amounts):
    text = Text(language)
    lane = Lane(content_of(CASES["full"], text), text, Sheet(text), lambda place: "")
    assert [lane.money(v) for v in (0, 897_503, 999_800, 21_843_000)] == amounts


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "52% of the customers whose level is known"), ("ja", "レベルの分かる顧客で最も多いのは")],
)
def test_the_largest_group_is_that_of_those_whose_level_is_known(language, said):
    assert said in drawn(CASES["six levels, long names, large amounts"], language).message
    assert said not in drawn(CASES["full"], language).message


def test_an_interval_that_leaves_the_scale_runs_out_of_the_figure():
    result = maps.operations_map()
    levels = result.tables["levels"].copy()
    levels.loc[levels["level"] == 1, "ltv_high"] = 1e12
    content = content_of(replace(result, tables={**result.tables, "levels": levels}), Text("en"))
    svg = draw([content], "en")[0]["wide"]
    assert max(float(x) for x in re.findall(r'<path d="M[\d.]+ [\d.]+L([\d.]+) ', svg)) < 1330


def products(count):
    return [
        {**content_of(maps.operations_map(2 + n, mrr=1e6 * (n + 1)), Text("en")), "product": f"Product {n}"}
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_products_are_lanes_with_one_scale_of_value(count):
    lanes = draw(products(count), "en", lambda number, place: f"p{number}.html#{place}")
    assert len(lanes) == count
    scales = {re.findall(r"¥[\d.]+M", " ".join(texts(lane["wide"])))[0] for lane in lanes}
    ends = [t for lane in lanes for t in texts(lane["wide"]) if t == texts(lanes[-1]["wide"])[0]]
    assert scales
    for number, lane in enumerate(lanes):
        assert set(re.findall(r'href="(p\d)', lane["wide"])) == {f"p{number}"}
        assert "Product" not in texts(lane["wide"])[0]  # the page has it in a heading
    assert ends
    tops = {max(amounts(lane["wide"]), key=float) for lane in lanes}
    assert len(tops) == 1  # the largest amount is the end of the scale


def amounts(svg):
    return [w.removeprefix("¥").removesuffix("M") for w in texts(svg) if re.fullmatch(r"¥[\d.]+M", w)]


def test_amounts_of_other_currencies_have_scales_of_their_own():
    two = products(2)
    two[1]["currency"] = "USD"
    lanes = draw(two, "en", over=True)
    assert max(amounts(lanes[0]["wide"]), key=float) != max(
        w.removeprefix("$").removesuffix("M") for w in texts(lanes[1]["wide"]) if w.startswith("$")
    )


def test_a_second_product_is_laid_over_the_first_in_a_colour_of_its_own():
    alone, over = draw(products(2), "en"), draw(products(2), "en", over=True)
    assert "s-other" not in alone[0]["wide"]
    for lane, other in zip(over, ("Product 1", "Product 0"), strict=True):
        assert texts(lane["wide"])[0] == ("Product 0" if other == "Product 1" else "Product 1")
        assert f"Purple: {other}" in texts(lane["wide"])
        # its curve, its two parts of health at each level, its four touch models, and its mark
        assert lane["wide"].count("s-other") >= 1 + 2 + 4 + 1


def test_a_line_of_words_fits_and_loses_no_letter():
    for language, words in (
        ("en", maps.LONG["en"]),
        ("ja", maps.LONG["ja"]),
        ("en", "x" * 90),
        ("ja", "長" * 60),
    ):
        lines = lines_of(words, 120, 10, Text(language))
        assert all(width_of(line.rstrip(), 10) <= 120 for line in lines)
        assert "".join(lines).rstrip() == words


@pytest.fixture(scope="module")
def tab():
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not chromium:
        missing("Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser.new_page()


BOXES = """() => [...document.querySelectorAll('svg text')].flatMap(text => {
  const lines = text.children.length ? [...text.children] : [text];
  return lines.map(line => {
    const box = line.getBoundingClientRect();
    return [line.textContent, box.left, box.top, box.right, box.bottom];
  });
})"""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("case", CASES)
def test_no_words_overlap_and_none_leave_the_figure(tab, case, size, language):
    svg = drawn(CASES[case], language).sizes[size]
    tab.set_content(f'<!DOCTYPE html><body style="margin:0">{svg}')
    boxes = tab.evaluate(BOXES)
    width, height = (float(re.search(rf' {side}="([\d.]+)"', svg)[1]) for side in ("width", "height"))
    assert len(boxes) > 5
    assert [b for b in boxes if b[1] < 0 or b[3] > width or b[2] < 0 or b[4] > height] == []
    overlaps = []
    for n, (one, left, top, right, bottom) in enumerate(boxes):
        for other, left2, top2, right2, bottom2 in boxes[n + 1 :]:
            across, down = min(right, right2) - max(left, left2), min(bottom, bottom2) - max(top, top2)
            # a line's box is taller than its letters
            if across > 0.5 and down > 4:
                overlaps.append((one, other, across, down))
    assert overlaps == []


def test_stations_without_rows_have_no_numbers():
    result = maps.operations_map()
    empty = {name: table.iloc[:0] for name, table in result.tables.items() if name != "stations"}
    picture = drawn(replace(result, tables={**empty, "stations": result.tables["stations"]}))
    assert "<a " not in picture.svg
