"""The parts of a summary as people read them, in both languages, and what they say where there is nothing to say."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import date

import pytest

from cs_helpers.contract.product_parts import Words
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Finding, Metric, Note
from cs_helpers.summary import Headline, Ranked, Summary, Tally, finding_key
from cs_helpers.summary.restated import Comparison, Restated
from cs_helpers.tables import summary as tables
from cs_helpers.text import Text

EN, JA = Text("en"), Text("ja")
Q2 = Quarter(2026, 2)
NOTHING = Summary((), (), (), (), 0, {}, Comparison("not_published", Q2), {})
DUE = Finding(
    "decide", "entries", "worse", "counted", 132, customers=31, mrr=3_352_000.0,
    fields={
        "when": Words(en="Still <one> department", ja="1部署のまま"), "do": Words(en="Meet the next", ja="次の部署と面談する"),
        "who": "csm", "by": date(2026, 11, 29), "number": 2, "entry": "one",
    },
)  # fmt: skip
RED = Finding("red", "bands", "worse", "counted", 56, customers=13, mrr=910_000.0)


def summary(**parts) -> Summary:
    return Summary(**{**vars(NOTHING), **parts})


@pytest.mark.parametrize("text", [EN, JA], ids=["en", "ja"])
def test_with_nothing_to_say_each_part_says_so(text) -> None:
    for part in (tables.headlines, tables.changed, tables.decisions, tables.unknown):
        assert 'class="nothing"' in part(NOTHING, text, "JPY")
    assert text.quarter(Q2) in tables.trust(NOTHING, text, "JPY")


def test_headlines_begin_with_how_many_are_better_and_worse() -> None:
    headline = Headline("revenue", Metric("nrr", 0.98, "share", 9, 0.9, 1.0), "higher", (), (0.9, 0.95, 0.98))
    red = Headline("health", Metric("red_mrr", 9.0, "currency", 9), "lower", (), (9.0,))
    tallies = {
        "previous_quarter": Tally(6, (headline, red), ()),
        "previous_year": Tally(6, (), ()),
        "target": Tally(2, (), (red,)),
    }
    page = tables.headlines(summary(headlines=(headline,), tallies=tallies), EN, "JPY")
    assert (
        "Better than last quarter: NRR in the quarter, MRR of red customers."
        " None differs from a year ago beyond chance. Target missed: MRR of red customers."
        in html.unescape(page)
    )
    assert 'href="#place:revenue-headlines"' in page
    page = tables.headlines(summary(headlines=(headline,), tallies=tallies), JA, "JPY")
    assert "前四半期より改善：NRR（四半期）、赤の顧客のMRR。前年同期から" in page
    assert "目標未達：赤の顧客のMRR。" in page


def test_a_decision_names_what_who_and_by_when_and_one_without_an_entry_asks_for_them() -> None:
    page = tables.decisions(summary(decisions=(Ranked("playbook", DUE), Ranked("health", RED))), EN, "JPY")
    due, red = page.split("<tr>")[2:]
    for words in ("Still &lt;one&gt; department", "Meet the next", "31", "¥3,352,000", "CSM", "29 Nov 2026"):
        assert words in due
    for words in (
        "Red customers: 13 of 56",
        "name who does what by when",
        "¥910,000",
        "to be named",
        "to be set",
    ):
        assert words in red
    published = tables.published_part(Ranked("playbook", DUE), "decisions", JA, "JPY")
    assert (published["sentence"], published["do"], published["by"], published["part"]) == (
        "1部署のまま", "次の部署と面談する", "2026-11-29", "decisions",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "en", "ja"),
    [
        ({"obstacles": ("no_means",)}, "Nobody can carry it out: no measure", "対応できません：施策もリソースも"),
        ({"takes": 10.0}, "Its means take 10 customers a quarter.", "四半期に対応できるのは10社です（要判断）。"),
    ],
)  # fmt: skip
def test_a_decision_that_cannot_be_carried_out_says_so_beside_who_and_by_when(fields, en, ja) -> None:
    ranked = Ranked("playbook", replace(DUE, fields={**DUE.fields, **fields}))
    for text, said in ((EN, en), (JA, ja)):
        page = tables.decisions(summary(decisions=(ranked,)), text, "JPY")
        assert said in page
        assert "CSM" in page
        assert tables.published_part(ranked, "decisions", text, "JPY")["obstacle"].startswith(said)
    assert finding_key(ranked) == finding_key(Ranked("playbook", DUE))
    assert tables.published_part(Ranked("playbook", DUE), "decisions", EN, "JPY")["obstacle"] == ""


def test_an_amount_that_is_not_known_is_not_zero() -> None:
    finding = Finding("red", "bands", "worse", "counted", 6, customers=4)
    assert "not known" in tables.decisions(summary(decisions=(Ranked("health", finding),)), EN, "JPY")


def test_numbers_that_differ_from_those_published_are_named_with_what_changed_since() -> None:
    restated = Restated("revenue", Metric("nrr", 0.97, "share", 9), 0.98)
    before = Comparison("restated", Q2, 6, (restated,), ("data", "rules"))
    page = tables.trust(summary(before=before), EN, "JPY")
    assert "98.0% as published, 97.0% today" in page
    assert EN.join_list(["the data", "the product file"]) in page
    same = tables.trust(summary(before=Comparison("same", Q2, 6)), EN, "JPY")
    assert "All 6 headline numbers" in same


def test_what_is_not_known_leads_to_the_report_and_the_rest_is_counted() -> None:
    note = Note("no_customers", "scores", {"quarter": "2026Q3"})
    page = tables.unknown(summary(unknown=(("health", note),), more_unknown=4), EN, "JPY")
    assert 'href="#place:health-scores"' in page
    assert "More such remarks stand in the reports: 4." in page


def test_a_finding_was_there_last_quarter_or_not_and_without_a_summary_of_it_nothing_is_said() -> None:
    changed = (Ranked("health", RED),)
    there, not_there = " · also in last quarter's summary", " · not in last quarter's summary"
    for known, expected in ((frozenset({"health.red"}), [there]), (frozenset(), [not_there]), (None, [])):
        before = Comparison("same", Q2, 6, findings=known)
        page = html.unescape(tables.changed(summary(changed=changed, before=before), EN, "JPY"))
        assert [words for words in (there, not_there) if words in page] == expected
    due = summary(
        decisions=(Ranked("playbook", DUE),),
        before=Comparison("same", Q2, 6, findings=frozenset({"playbook.decide:one"})),
    )
    assert "前四半期のサマリーにもあり" in tables.decisions(due, JA, "JPY")
    assert (
        tables.published_part(Ranked("playbook", DUE), "decisions", EN, "JPY")["key"] == "playbook.decide:one"
    )
