"""Changes in words: of the numbers as they are shown, better or worse, met or missed, noise or not assessed."""

from __future__ import annotations

import json

import pytest

from cs_helpers.comparison import against_target, compare
from cs_helpers.result import Metric
from cs_helpers.tables.cards import card, change_sentence, sparkline
from cs_helpers.tables.metric_json import plain, read_metric
from cs_helpers.text import Text

EN, JA = Text("en"), Text("ja")


def said(now: Metric, before: Metric, better="higher", text: Text = EN) -> str:
    change = compare(now, before, better, "previous_quarter")
    assert change is not None
    return change_sentence(change, text, "JPY").replace("\u2060", "")


def share(value: float, low: float, high: float) -> Metric:
    return Metric("nrr", value, "share", 115, low, high)


@pytest.mark.parametrize(
    ("now", "before", "better", "expected"),
    [
        (Metric("m", 21_843_000, "currency", 132), Metric("m", 18_566_000, "currency", 115), "higher",
         "Last quarter ¥18,566,000: +¥3,277,000 (+18%), better"),
        (Metric("m", 10_078_000, "currency", 95), Metric("m", 10_056_000, "currency", 96), "higher",
         "Last quarter ¥10,056,000: +¥22,000 (+0.2%), about the same"),
        (Metric("m", 95, "count", 95), Metric("m", 96, "count", 96), "higher", "Last quarter 96: −1, about the same"),
        (Metric("m", 0, "count", 9), Metric("m", 0, "count", 9), "lower", "Last quarter 0: ±0, unchanged"),
        (Metric("m", 7, "count", 92), Metric("m", 0, "count", 91), "neither", "Last quarter 0: +7, changed"),
        (share(0.24, 0.17, 0.33), share(0.02, 0.01, 0.06), "lower", "Last quarter 2.0%: +22.0 points, worse"),
        (share(0.993, 0.978, 1.0), share(0.990, 0.97, 1.0), "higher", "Last quarter 99.0%: +0.3 points, may be chance"),
        # 76.4 and 70.9 are shown as 76 and 71: the difference is that of what is shown
        (Metric("d", 76.4, "days", 99, 70, 81), Metric("d", 70.9, "days", 99, 66, 80), "lower",
         "Last quarter 71 days: +5 days, may be chance"),
        (Metric("d", 172.2, "days", 9, 150, 200), Metric("d", 172.4, "days", 9, 150, 200), "lower",
         "Last quarter 172 days: ±0 days, unchanged"),
        (Metric("r", 0.5, "ratio", 9), Metric("r", 1.2, "ratio", 9), "lower", "Last quarter × 1.2: −0.7, chance not assessed"),
        (Metric("r", 0.5, "ratio", 9, exact=True), Metric("r", 1.2, "ratio", 9, exact=True), "lower",
         "Last quarter × 1.2: −0.7, better"),
    ],
)  # fmt: skip
def test_a_change_is_that_of_the_numbers_shown(now, before, better, expected) -> None:
    assert said(now, before, better) == expected


def test_a_change_in_japanese() -> None:
    now, before = Metric("m", 2_645_000, "currency", 132), Metric("m", 1_459_000, "currency", 115)
    assert said(now, before, "lower", JA) == "前四半期 ￥1,459,000、\u200b+￥1,186,000（+81%）、悪化"


@pytest.mark.parametrize(
    ("metric", "target", "better", "expected"),
    [
        (share(0.80, 0.71, 0.87), 0.95, "higher", "Target 95.0%: −15.0 points, missed"),
        (share(0.99, 0.97, 1.0), 0.95, "higher", "Target 95.0%: +4.0 points, met"),
        (share(0.93, 0.87, 0.97), 0.95, "higher", "Target 95.0%: −2.0 points, not clear"),
        (Metric("d", 76, "days", 99, 70, 81), 90, "lower", "Target 90 days: −14 days, met"),
        (Metric("m", 95, "count", 95), 120, "higher", "Target 120: −25, missed"),
    ],
)
def test_a_target_is_met_missed_or_not_clear(metric, target, better, expected) -> None:
    change = against_target(metric, target, better)
    assert change is not None
    assert change_sentence(change, EN, "JPY").replace("\u2060", "") == expected


def test_a_trend_is_drawn_from_three_known_values_on_and_leaves_gaps() -> None:
    assert sparkline([1.0, None, 2.0], ["1", "–", "2"], EN) == ""
    line = sparkline([1.0, 2.0, None, 3.0, 3.0], ["1", "2", "–", "3", "3"], EN)
    assert line.count("<polyline") == 2
    assert EN.join_list(["1", "2", "–", "3", "3"]) in line
    flat = sparkline([5.0, 5.0, 5.0], ["5", "5", "5"], EN)
    assert len(set(flat.split('points="')[1].split('"')[0].split())) == 3
    assert {point.split(",")[1] for point in flat.split('points="')[1].split('"')[0].split()} == {"11.0"}


def test_what_a_card_says_is_escaped() -> None:
    html = card(Metric("m", 1, "count", 1), "<b>", (), EN, "JPY", link='x"y')
    assert "&lt;b&gt;" in html
    assert 'href="x&quot;y"' in html


def test_a_metric_survives_as_json_with_what_it_was_compared_with() -> None:
    now = Metric("nrr", 0.98, "share", 115, 0.97, 1.0, base=100.0)
    before = Metric("nrr", 0.9, "share", 110, 0.8, 0.95, base=90.0)
    target = against_target(now, 1.0, "higher")
    change = compare(now, before, "higher", "previous_year")
    assert change is not None
    assert target is not None
    content = json.loads(
        json.dumps(plain(now, label="NRR", better="higher", changes=(change, target)), allow_nan=False)
    )
    again, others = read_metric("nrr", content)
    assert again == now
    assert others["previous_year"] == before
    assert others["target"].value == 1.0
    exact = Metric("margin", float("inf"), "ratio", 3, exact=True)
    assert read_metric("margin", json.loads(json.dumps(plain(exact), allow_nan=False)))[0] == exact
