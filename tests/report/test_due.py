"""What is run again and what is not, and that the reason is said."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest
import small
from small import GOOD, notebook, write

from cs_helpers import hashes
from cs_helpers.contract.parameters import Parameters
from cs_helpers.report import fingerprint as fingerprints
from cs_helpers.report.fingerprint import fingerprint, inputs
from cs_helpers.report.plan import Run
from cs_helpers.report.publish import report_store
from cs_helpers.report.quarterly import quarterly_report
from cs_helpers.snapshot import Snapshot
from cs_helpers.snapshot.take import take_snapshot

PRODUCTS = ("expense_desk", "helpdesk", "paper_to_web")


pytestmark = pytest.mark.usefixtures("one_zygote")


@pytest.fixture(scope="session")
def finished(tmp_path_factory, home, zygote):
    """A home whose one notebook was run for all products, to be copied."""
    folder = small.workbook(tmp_path_factory.mktemp("finished") / "home", home, alpha=notebook(GOOD))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CS_WORKBOOK_HOME", str(folder))
        first = quarterly_report(Snapshot.open(), jobs=2, kernel=zygote)
    assert len(first.outcomes) == 3
    assert first.failed == ()
    assert set(first.reasons.values()) == {"it was not made before"}
    return folder


@pytest.fixture
def finished_home(at_home, finished):
    """A home of the test's own whose one notebook was run for all products."""
    folder = at_home()
    for name in ("notebooks", "reports"):  # the cells of another notebook would have other ids
        shutil.copytree(finished / name, folder / name, dirs_exist_ok=True)
    return folder


def again(snapshot=None, **options):
    """What the next batch runs, and why."""
    batch = quarterly_report(snapshot or Snapshot.open(), **options)
    return {file.partition("/")[0]: why for file, why in batch.reasons.items() if why}


def test_nothing_is_run_where_nothing_changed(finished_home, monkeypatch):
    monkeypatch.setattr("cs_helpers.report.executors.run_all", None)  # nothing may start
    batch = quarterly_report(Snapshot.open())
    assert (batch.outcomes, batch.unchanged) == ((), 3)


def test_a_changed_notebook_is_run(finished_home):
    write(finished_home, "10_alpha", notebook(GOOD, "1"))
    assert again() == dict.fromkeys(PRODUCTS, "changed: notebook")


def test_changed_code_or_versions_run_everything(finished_home, monkeypatch):
    monkeypatch.setattr(fingerprints, "package_code", lambda: "other")
    assert again() == dict.fromkeys(PRODUCTS, "changed: code")
    monkeypatch.setattr(fingerprints, "installed_versions", lambda: "other")
    assert again() == dict.fromkeys(PRODUCTS, "changed: versions")


def test_a_changed_template_runs_everything(finished_home):
    templates = finished_home / "templates"
    source = templates.resolve()
    templates.unlink()
    shutil.copytree(source, templates)
    assert again() == {}
    with (templates / "executive" / "executive.css").open("a") as style:
        style.write("p { color: red }")
    assert again() == dict.fromkeys(PRODUCTS, "changed: templates")


def test_a_page_or_a_download_that_is_gone_or_spoilt_is_made_again(finished_home):
    quarter = finished_home / "reports" / "2026Q3"
    (quarter / "helpdesk" / "alpha.en.html").unlink()
    (quarter / "expense_desk" / "alpha.en.html").write_text("spoilt")
    assert again() == {
        "helpdesk": "helpdesk/alpha.en.html is gone",
        "expense_desk": "expense_desk/alpha.en.html is not as it was published",
    }
    assert again() == {}


def test_the_pdf_of_an_old_page_goes_with_it_and_so_does_that_of_all_pages(finished_home):
    store, quarter = report_store(finished_home / "reports"), "2026Q3"
    manifest = store.manifest(quarter)
    pdf = {file.replace(".html", ".pdf"): b"%PDF" for file in manifest.reports}
    with_pdf = {
        file: report.model_copy(update={"good": report.good.model_copy(update={"pdf": hashes.of(b"%PDF")})})
        for file, report in manifest.reports.items()
    }
    recorded = manifest.model_copy(update={"reports": with_pdf, "pdfs": {"all.en.pdf": hashes.of(b"%PDF")}})
    store.publish(quarter, {**pdf, "all.en.pdf": b"%PDF"}, [], recorded)
    assert again() == {}
    (finished_home / "reports" / quarter / "helpdesk" / "alpha.en.html").unlink()
    assert set(again()) == {"helpdesk"}
    folder = finished_home / "reports" / quarter
    left = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.pdf"))
    assert left == ["expense_desk/alpha.en.pdf", "paper_to_web/alpha.en.pdf"]
    assert store.manifest(quarter).pdfs == {}
    assert store.manifest(quarter).reports["helpdesk/alpha.en.html"].good.pdf == ""


def test_a_spoilt_manifest_makes_everything_again(finished_home):
    manifest = finished_home / "reports" / "2026Q3" / "run.json"
    manifest.write_text(manifest.read_text()[:-40])
    assert set(again()) == set(PRODUCTS)
    assert again() == {}


def test_force_runs_everything(finished_home):
    assert again(force=True) == dict.fromkeys(PRODUCTS, "it was asked for (force)")


def test_another_language_is_another_report(finished_home):
    assert again(language="ja") == dict.fromkeys(PRODUCTS, "it was not made before")


@pytest.mark.thorough
def test_a_failed_run_is_tried_again_each_time(finished_home):
    write(finished_home, "10_alpha", notebook("1 / 0"))
    assert set(again()) == set(PRODUCTS)
    assert again() == dict.fromkeys(PRODUCTS, "it failed the last time")


@pytest.fixture
def changed(finished_home, sample_folder, tmp_path):
    """Changes one table of the sample and gives the snapshot of it, in the home's own folder."""
    own = finished_home / "data" / "snapshots"
    original = own.resolve()
    own.unlink()
    shutil.copytree(original, own)
    copy = tmp_path / "sample"
    shutil.copytree(sample_folder, copy)

    def change(table, how):
        log, file = copy / f"{table}.parquet", copy / f"{table}.csv"
        if log.exists():
            how(pd.read_parquet(log)).to_parquet(log)
        else:
            how(pd.read_csv(file, dtype=str)).to_csv(file, index=False)
        return take_snapshot(copy / "sources.yml")

    return change


@pytest.mark.thorough
def test_a_changed_log_of_a_product_runs_only_that(changed):
    def increase_quantity(frame):
        place = frame.index[frame["product"] == "helpdesk"][0]
        frame.loc[place, "quantity"] += 1
        return frame

    reasons = again(changed("usage", increase_quantity))
    assert set(reasons) == {"helpdesk"}
    assert "data.usage_monthly" in reasons["helpdesk"]


@pytest.mark.thorough
def test_a_changed_contract_of_a_product_runs_only_that(changed):
    def dearer(frame):
        place = frame.index[frame["product"] == "paper_to_web"][0]
        frame.loc[place, "mrr"] = str(float(frame.loc[place, "mrr"]) + 1)
        return frame

    assert again(changed("contracts", dearer)) == {"paper_to_web": "changed: data.contracts"}


@pytest.mark.thorough
@pytest.mark.parametrize(("table", "column"), [("notes", "text"), ("codings", "code")])
def test_a_note_on_a_product_runs_only_that(changed, sample_folder, table, column):
    held = pd.read_csv(sample_folder / "interviews.csv").query("product == 'helpdesk'")["interview_id"]
    notes = pd.read_csv(sample_folder / "notes.csv")
    mine = set(notes[notes["interview_id"].isin(held)]["note_id"])

    def other(frame):
        frame.loc[frame.index[frame["note_id"].isin(mine)][0], column] = "changed"
        return frame

    assert again(changed(table, other)) == {"helpdesk": f"changed: data.{table}"}


@pytest.mark.thorough
def test_a_changed_account_runs_the_products_it_has(changed, sample_folder):
    contracts = pd.read_csv(sample_folder / "contracts.csv")
    products = contracts.groupby("account_id")["product"].unique()
    account = next(a for a, found in products.items() if len(found) == 2)

    def renamed(frame):
        frame.loc[frame["account_id"] == account, "name"] = "Another name"
        return frame

    assert again(changed("accounts", renamed)) == dict.fromkeys(products[account], "changed: data.accounts")


def test_the_fingerprint_holds_every_parameter_but_the_snapshots_name(sample_snapshot, at_home):
    folder = at_home(alpha=notebook(GOOD))
    told = {
        "product": "helpdesk",
        "quarter": "2026Q3",
        "language": "en",
        "segment": "all",
        "snapshot": sample_snapshot.id,
    }

    def mark(**more):
        run = Run(folder / "notebooks" / "10_alpha.ipynb", Parameters.check({**told, **more}))
        return fingerprint(inputs([run], sample_snapshot.manifest)[run.file])

    assert mark() == mark()
    assert mark() == mark(snapshot="2020-01-01-000000000000")
    others = [
        mark(**{k: v})
        for k, v in (
            ("product", "paper_to_web"),
            ("quarter", "2026Q2"),
            ("language", "ja"),
            ("segment", "size:small"),
        )
    ]
    assert len({mark(), *others}) == 5


def test_the_fingerprint_depends_on_every_file_that_the_product_is_read_from(sample_snapshot, at_home):
    folder = at_home(alpha=notebook(GOOD))
    run = Run(
        folder / "notebooks" / "10_alpha.ipynb",
        Parameters.check({"product": "helpdesk", "quarter": "2026Q3"}),
    )
    manifest = json.loads(json.dumps(dict(sample_snapshot.manifest)))
    before = fingerprint(inputs([run], manifest)[run.file])
    for file in sample_snapshot.manifest["files"]:
        spoilt = {**manifest, "files": {**manifest["files"], file: "other"}}
        mine = "product=helpdesk" in file
        assert (fingerprint(inputs([run], spoilt)[run.file]) != before) == mine, file
    for table in ("accounts", "notes", "codings"):
        shared = {**manifest["shared"], table: {**manifest["shared"][table], "helpdesk": "other"}}
        assert fingerprint(inputs([run], {**manifest, "shared": shared})[run.file]) != before
