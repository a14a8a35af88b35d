"""Reports that analysts saved: made by the batch with the others, for their audience only."""

from __future__ import annotations

import html
import json

import nbformat
import pytest
import small
import yaml
from links import assert_no_link_is_dead

from cs_helpers import paths
from cs_helpers.errors import ParameterError, SettingError
from cs_helpers.report.metrics import metric_rows
from cs_helpers.report.quarterly import quarterly_report
from cs_helpers.saved_reports import name_of, save
from cs_helpers.snapshot import Snapshot
from cs_helpers.workbook import Workbook

PRODUCT = "paper_to_web"
OPTIONS = {"journeys": {"mode": "ordered", "window_days": 30, "entry": "latest_entry"}}
#: shows the funnel as a table, which the page holds and a test can read
SHOWS = """
from cs_helpers import Workbook
workbook = Workbook.open(product=product, quarter=quarter, language=language, segment=segment, snapshot=snapshot, options=options, audience=audience)
workbook.header("journeys")
journeys = workbook.analyse("journeys")
workbook.headlines(journeys, "value_within_180_days")
from cs_helpers.outputs import display_html
shown = ";".join(f"{row.step}={row.units}/{row.share:.6f}" for row in journeys.tables["funnel"].itertuples())
display_html(f"<p>funnel[{shown}]</p>", {"shows": ["public"], "analysis": "journeys", "table": "funnel", "rows": 1})
"""
pytestmark = pytest.mark.usefixtures("one_zygote")


@pytest.fixture
def folder(at_home):
    return at_home(journeys=small.notebook(small.GOOD, SHOWS), dot=small.notebook(small.GOOD))


def saved(name="small-customers", title="Small customers, 30 days", **more):
    about = {"notebook": "journeys", "product": PRODUCT, "segment": "size:small", "options": OPTIONS, **more}
    return save(name, title, **about)


def batch(**more):
    return quarterly_report(Snapshot.open(), products=[PRODUCT], audience="team", jobs=2, **more)


def page_of(batch, name):
    return html.unescape(batch.store.content(str(batch.quarter), name).decode())


def test_the_batch_makes_the_numbers_that_the_notebook_showed(folder):
    workbook = Workbook.open(product=PRODUCT, segment="size:small")
    seen = workbook.analyse("journeys", **OPTIONS["journeys"]).tables["funnel"]
    as_declared = workbook.analyse("journeys").tables["funnel"]
    assert list(seen["share"]) != list(as_declared["share"])
    saved()
    made = batch()
    assert not made.failed
    file = f"{PRODUCT}/journeys.small-customers.en.html"
    shown = ";".join(f"{row.step}={row.units}/{row.share:.6f}" for row in seen.itertuples())
    page = page_of(made, file)
    assert f"funnel[{shown}]" in page
    whole = Workbook.open(product=PRODUCT).analyse("journeys").tables["funnel"]
    shown = ";".join(f"{row.step}={row.units}/{row.share:.6f}" for row in whole.itertuples())
    assert f"funnel[{shown}]" in page_of(made, f"{PRODUCT}/journeys.en.html")
    # the head of the page says which customers, and how they are counted
    assert "Company size: Small" in page or "small" in page.lower()
    for words in (
        "Counting: steps in order",
        "Within: 30 days",
        "Of several attempts: the one that came furthest",
    ):
        assert words in page
    assert "Settings" not in page_of(made, f"{PRODUCT}/journeys.en.html")


def test_navigation_landing_page_and_manifest_lead_to_it_by_its_title(folder):
    saved(title="Kleine <b>& feine</b>")
    made = batch()
    file = f"{PRODUCT}/journeys.small-customers.en.html"
    landing = made.store.content(str(made.quarter), "index.html").decode()
    assert f'<a href="{file}">Kleine &lt;b&gt;&amp; feine&lt;/b&gt;</a>' in landing
    for page in ("journeys", "dot"):
        beside = made.store.content(str(made.quarter), f"{PRODUCT}/{page}.en.html").decode()
        assert '<a href="journeys.small-customers.en.html">Kleine &lt;b&gt;' in beside
    page = made.store.content(str(made.quarter), file).decode()
    assert "<title>[Team edition] Kleine &lt;b&gt;&amp; feine&lt;/b&gt; –" in page
    assert ">Kleine &lt;b&gt;&amp; feine&lt;/b&gt;</h1>" in page
    assert "made of “A small report”" in page
    report = made.manifest().reports[file]
    assert (report.saved, report.title, report.parameters["segment"]) == (
        "small-customers", "Kleine <b>& feine</b>", "size:small",
    )  # fmt: skip
    assert json.loads(report.parameters["options"]) == OPTIONS
    assert_no_link_is_dead(folder)


def test_its_numbers_are_not_taken_for_those_of_the_whole_product(folder):
    saved()
    made = batch()
    rows = metric_rows(str(made.quarter), made.manifest().reports)
    [row] = [r for r in rows if r["metric"] == "value_within_180_days" and r["segment"] == "all"]
    whole = made.manifest().reports[f"{PRODUCT}/journeys.en.html"].good
    assert row["n"] == whole.metrics["journeys.value_within_180_days"]["n"]


def test_names_may_have_japanese_letters_and_it_is_made_in_each_of_its_languages(folder):
    saved("小規模のお客さま", {"en": "Small ones", "ja": "小規模のお客さま"}, languages=["en", "ja"])
    made = batch(language="ja")
    page = page_of(made, f"{PRODUCT}/journeys.小規模のお客さま.ja.html")
    assert "小規模のお客さま</h1>" in page
    assert "数え方：順序どおり" in page
    assert f"{PRODUCT}/journeys.小規模のお客さま.en.html" not in made.manifest().reports
    again = batch(language="en")
    assert f"{PRODUCT}/journeys.小規模のお客さま.en.html" in again.manifest().reports
    assert_no_link_is_dead(folder)


def test_one_can_be_made_alone_in_all_of_its_languages(folder):
    saved("one", {"en": "One", "ja": "一つ"}, languages=["en", "ja"])
    saved("two", "Two")
    made = quarterly_report(Snapshot.open(), audience="team", jobs=2, saved=["one"])
    assert sorted(o.run.file for o in made.outcomes) == [
        f"{PRODUCT}/journeys.one.{x}.html" for x in ("en", "ja")
    ]


def test_what_is_saved_for_the_team_never_stands_in_leaderships_edition(folder):
    saved()
    made = quarterly_report(Snapshot.open(), products=[PRODUCT], audience="leadership", jobs=2)
    assert not [file for file in made.manifest().reports if "small-customers" in file]
    with pytest.raises(SettingError, match="it is saved for the audience team"):
        quarterly_report(Snapshot.open(), audience="leadership", saved=["small-customers"])


def test_one_for_leadership_passes_the_gate_that_looks_for_names_in_its_title_too(folder):
    saved("fine", "Small customers", audience="leadership", options={})
    [name] = Snapshot.open().read(PRODUCT)["accounts"]["csm"].dropna().unique()[:1]
    made = quarterly_report(Snapshot.open(), products=[PRODUCT], audience="leadership", jobs=2)
    reports = made.manifest().reports
    assert reports[f"{PRODUCT}/journeys.fine.en.html"].status == "published"
    company = Snapshot.open().read(PRODUCT)["accounts"]["name"].iloc[0]
    for title in (f"Customers of {name}", f"Why {company} waits"):
        for key in ("fine", name_of(title)):
            about = {"audience": "leadership", "options": {}, "replace": True}
            saved(key, title if key == "fine" else "Fine", **about)
            with pytest.raises(SettingError, match="leadership must not read"):
                quarterly_report(Snapshot.open(), products=[PRODUCT], audience="leadership")
            saved(key, "Small customers", audience="team", options={}, replace=True)
    made = quarterly_report(Snapshot.open(), products=[PRODUCT], audience="leadership", jobs=2)
    assert f"{PRODUCT}/journeys.fine.en.html" not in made.manifest().reports


def test_it_is_made_again_when_its_file_says_something_else(folder):
    file = saved()
    assert len(batch().outcomes) == 3
    assert batch().outcomes == ()
    file.write_text("# a remark changes nothing\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert batch().outcomes == ()
    saved(title="Another title", replace=True)
    made = batch()
    assert [o.run.saved for o in made.outcomes] == ["small-customers"]
    assert made.reasons[f"{PRODUCT}/journeys.small-customers.en.html"] == "changed: title"
    saved(options={"journeys": {"window_days": 60}}, replace=True)
    assert batch().reasons[f"{PRODUCT}/journeys.small-customers.en.html"] == "changed: parameters, title"


def test_one_that_fails_keeps_its_last_good_page_and_stops_no_other(folder):
    saved("mine", "Mine", notebook="dot", segment="all", options={})
    first = batch()
    file = f"{PRODUCT}/dot.mine.en.html"
    good = page_of(first, file)
    broken = small.notebook(small.GOOD, "if segment != 'all': raise ValueError('nothing')")
    nbformat.write(broken, folder / "notebooks" / "20_dot.ipynb")
    saved("mine", "Mine", notebook="dot", segment="size:small", options={}, replace=True)
    made = batch()
    assert {o.run.file: o.status for o in made.outcomes} == {
        file: "failed", f"{PRODUCT}/dot.en.html": "published",
    }  # fmt: skip
    assert page_of(made, file).partition("<main")[2] == good.partition("<main")[2]
    assert f'href="{file}">Mine</a>' in page_of(made, "index.html")
    assert 'href="./dot.mine.en.html"' in page_of(made, f"{PRODUCT}/dot.mine.en.failed.html")


def test_what_is_deleted_or_saved_for_others_is_withdrawn(folder):
    file = saved("mine", "Mine", notebook="dot", options={})
    page = f"{PRODUCT}/dot.mine.en.html"
    assert page in batch().manifest().reports
    file.unlink()
    made = batch()
    assert page not in made.manifest().reports
    assert made.store.content(str(made.quarter), page) is None
    assert "Mine" not in page_of(made, "index.html")


def test_a_quarter_that_is_fixed_is_made_in_the_batch_of_that_quarter(folder):
    quarters = Snapshot.open().quarters
    saved("then", "Then", notebook="dot", options={}, quarter=str(quarters[-2]))
    assert not [o for o in batch().outcomes if o.run.saved]
    assert [o.run.saved for o in batch(quarter=str(quarters[-2])).outcomes if o.run.saved] == ["then"]
    with pytest.raises(SettingError, match="it is saved for"):
        batch(saved=["then"])


@pytest.mark.parametrize(
    ("change", "key", "problem"),
    [
        ({"options": {"journeys": {"mode": "sideways"}}}, "options.journeys.mode", "milestones"),
        ({"options": {"journeys": {"modus": "ordered"}}}, "options.journeys.modus", "nothing of that name"),
        ({"options": {"health": {"x": 1}}}, "options.health", "shows no such analysis"),
        ({"notebook": "jorneys"}, "notebook", "Did you mean 'journeys'"),
        ({"product": "paper_to_wep"}, "product", "is not in snapshot"),
        ({"quarter": "Q3"}, "quarter", "'Q3' is not allowed"),
        ({"segment": "country:jp"}, "segment", "'country:jp' is not allowed"),
        ({"audience": "all"}, "audience", "'all' is not allowed"),
        ({"audience": "leadership", "segment": "csm:x"}, "segment", "shown to the team only"),
        ({"languages": ["en", "ja"]}, "", "no title for it"),
        ({"languages": []}, "languages", "1 or more entries"),
        ({"titel": {"en": "x"}}, "titel", "Did you mean 'title'"),
        ({"title": {"en": "two\nlines"}}, "title.en", "a title on one line is needed"),
        ({"options": {"journeys": 30}}, "options.journeys", "keys with values are needed"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_one_sentence_before_anything_runs(folder, change, key, problem):
    file = saved()
    content = yaml.safe_load(file.read_text(encoding="utf-8")) | change
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(SettingError) as caught:
        quarterly_report(Snapshot.open(), audience="team")
    assert (caught.value.file, caught.value.key) == (paths.saved_reports() / "small-customers.yml", key)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value).replace("two\nlines", "")
    assert not (folder / "reports").exists()


def test_a_name_that_does_not_exist_is_said_with_those_that_do(folder):
    saved()
    with pytest.raises(ParameterError, match="Did you mean 'small-customers'"):
        batch(saved=["small-customer"])


def test_a_saved_report_of_a_product_without_data_waits_for_it(folder, tmp_path):
    content = yaml.safe_load(saved().read_text(encoding="utf-8")) | {"product": "ghost"}
    (paths.saved_reports() / "small-customers.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    products = folder / "data" / "products"
    originals = products.resolve()
    products.unlink()
    products.mkdir()
    for file in originals.iterdir():
        (products / file.name).symlink_to(file)
    (products / "ghost.yml").write_text("product: ghost\n", encoding="utf-8")
    made = quarterly_report(Snapshot.open(), notebooks=["dot"], audience="team", products=[], jobs=2)
    assert not made.failed
