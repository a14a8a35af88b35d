"""Names that people really write into tables: leadership reads none of them, and pseudonyms stay."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from cs_helpers import paths
from cs_helpers.report.quarterly import quarterly_report
from cs_helpers.snapshot.take import take_snapshot
from cs_helpers.words.doubts import FILE

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = "paper_to_web"
pytestmark = pytest.mark.usefixtures("one_zygote")
#: put before notes; what leadership must not read of each
NAMES_IN_SENTENCES = {
    "Okonkwo told us no.": "Okonkwo",
    "The lead (Wójcik) said no.": "Wójcik",
    "TARGET refused.": "TARGET",
    "オコンクォは断った。": "オコンクォ",
    "ひなたも使っている。": "ひなた",  # a customer of another product
    "rosamund keeling agreed.": "rosamund keeling",  # an interviewer of another product
    "Agreed with May last week.": "with May",
    "担当の森が言った。": "担当の森",
}


class Company:
    """A workbook with the sample's tables, which a test may change before it publishes."""

    def __init__(self, folder: Path, sample: Path) -> None:
        self.home, self.data = folder / "home", folder / "sample"
        shutil.copytree(sample, self.data)
        (self.home / "data").mkdir(parents=True)
        for name in ("notebooks", "templates", "data/products"):
            (self.home / name).symlink_to(ROOT / name)

    def change(self, table: str, change) -> None:
        frame = pd.read_csv(self.data / f"{table}.csv", dtype="str", keep_default_na=False)
        change(frame).to_csv(self.data / f"{table}.csv", index=False)

    def publish(
        self, *languages: str, notebooks=("as_is_interviews", "as_is_notes", "journey_waiting"), **options
    ) -> None:
        snapshot = take_snapshot(self.data / "sources.yml")
        for language in languages:
            batch = quarterly_report(
                snapshot, products=[PRODUCT], notebooks=notebooks, language=language, jobs=2, **options
            )
            problems = [(o.run.file, p.code, p.detail) for o in batch.failed for p in o.problems]
            assert problems == []

    def texts(self) -> dict[str, str]:
        folder = self.home / "reports" / "2026Q3"
        return {
            f.relative_to(folder).as_posix(): f.read_text(encoding="utf-8", errors="replace")
            for f in folder.rglob("*")
            if f.is_file()
        }


@pytest.fixture
def company(tmp_path, sample_folder, monkeypatch):
    company_home = Company(tmp_path, sample_folder)
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(company_home.home))
    monkeypatch.setenv("CS_WORKBOOK_NAMES", str(company_home.home / "data" / "names"))
    return company_home


def with_names(company: Company) -> str:
    """Customers, staff, roles, touches and notes with names in them; the key of a ticket that a note names."""
    contracts = pd.read_csv(company.data / "contracts.csv")
    product_accounts = sorted(contracts.loc[contracts["product"] == PRODUCT, "account_id"].unique())
    other_accounts = sorted(set(contracts["account_id"]) - set(product_accounts))
    renamed = {product_accounts[0]: "Target", other_accounts[0]: "株式会社ひなた"}
    staff = {"csm-05": "May", "csm-03": "森", "csm-01": "Jane Millerova", "csm-02": "営業", "csm-04": "sales"}

    def accounts(frame):
        return frame.assign(
            name=[renamed.get(a, n) for a, n in zip(frame["account_id"], frame["name"], strict=True)],
            csm=frame["csm"].replace(staff),
        )

    def interviews(frame):
        other = (frame["product"] != PRODUCT).to_numpy()
        frame = frame.assign(interviewer=frame["interviewer"].replace(staff))
        frame.loc[frame.index[other][:1], "interviewer"] = "Rosamund Keeling"
        return frame

    def touches(frame):
        contents = sorted(set(frame["content"]) - {""})
        return frame.assign(
            csm=frame["csm"].replace(staff),
            content=frame["content"].replace({c: f"{c} with Ms Kellerova" for c in contents}),
        )

    company.change("accounts", accounts)
    company.change("interviews", interviews)
    company.change("touches", touches)
    company.change(
        "codings", lambda f: f.assign(coder_role=f["coder_role"].replace("marketing", "Jana Novotna"))
    )
    tickets = pd.read_csv(company.data / "tickets.csv")
    own = str(tickets.loc[tickets["product"] == PRODUCT, "ticket_id"].iloc[0])
    sentences = [*NAMES_IN_SENTENCES, f"See ticket {own}."]
    company.change(
        "notes",
        lambda f: f.assign(text=[f"{sentences[i % len(sentences)]} {t}" for i, t in enumerate(f["text"])]),
    )
    return own


def test_leadership_reads_no_name_that_people_wrote_into_the_tables(company):
    ticket = with_names(company)
    company.publish("en", "ja")
    texts = company.texts()
    assert len(texts) > 10
    hidden = [*NAMES_IN_SENTENCES.values(), ticket, "Millerova", "Kellerova", "Novotna"]
    assert [(name, word) for name, text in texts.items() for word in hidden if word in text] == []
    page = texts[f"{PRODUCT}/as_is_interviews.ja.html"]
    assert "〔確認待ち〕" in page
    assert re.search(r"〔企業\d+〕", page)


@pytest.mark.thorough
def test_a_word_is_read_once_somebody_says_that_it_names_nobody(company):
    company.change("notes", lambda f: f.assign(text=["Kanban helps. " + t for t in f["text"]]))
    page = f"{PRODUCT}/as_is_interviews.en.html"
    company.publish("en", notebooks=["as_is_interviews"])
    assert "Kanban" not in company.texts()[page]
    file = paths.names() / FILE
    text = file.read_text(encoding="utf-8")
    assert "Kanban helps." in text
    file.write_text(text.replace("- text: Kanban\n  is:", "- text: Kanban\n  is: word"), encoding="utf-8")
    company.publish("en", notebooks=["as_is_interviews"])
    assert "Kanban helps." in company.texts()[page]


@pytest.mark.thorough
def test_a_customer_that_joins_takes_nobodys_pseudonym(company):
    names = paths.names() / "pseudonyms.json"
    company.publish("en", notebooks=["as_is_interviews"])
    before = names.read_text(encoding="utf-8")

    def one_more(frame):
        return pd.concat([frame.head(1).assign(account_id="A-0000", name="Aardvark Ltd"), frame])

    company.change("accounts", one_more)
    company.change(
        "contracts", lambda f: pd.concat([f.head(1).assign(contract_id="C-0", account_id="A-0000"), f])
    )
    pages = company.texts()
    company.publish("en", notebooks=["as_is_interviews"], force=True)
    old, new = json.loads(before)["companies"], json.loads(names.read_text(encoding="utf-8"))["companies"]
    assert old.items() <= new.items()
    assert new["A-0000"] == len(old) + 1
    seen = [
        set(re.findall(r"〔Company \d+〕", t[f"{PRODUCT}/as_is_interviews.en.html"]))
        for t in (pages, company.texts())
    ]
    assert seen[0] == seen[1]


@pytest.mark.thorough
def test_what_was_published_when_more_was_shown_is_withdrawn(company, tmp_path):
    company.change("accounts", lambda f: f.assign(csm=f["csm"].replace({"csm-01": "Jane Millerova"})))
    products = company.home / "data" / "products"
    products.unlink()
    shutil.copytree(ROOT / "data" / "products", products)
    file = products / f"{PRODUCT}.yml"
    plain = file.read_text(encoding="utf-8")
    file.write_text(plain + "\nleadership: {show_staff: true}\n", encoding="utf-8")
    company.publish("en", "ja", notebooks=["journey_waiting"])
    page = f"{PRODUCT}/journey_waiting.ja.html"
    # whether the page names anybody is not asked: that it was made when names were allowed is enough
    assert page in company.texts()
    file.write_text(plain, encoding="utf-8")
    company.publish("en", notebooks=["journey_waiting"])
    texts = company.texts()
    assert [name for name, text in texts.items() if "Millerova" in text] == []
    assert page not in texts
    assert [name for name, text in texts.items() if page in text] == []
    company.publish("ja", notebooks=["journey_waiting"])
    assert page in company.texts()


@pytest.mark.thorough
def test_a_run_whose_numbers_another_batch_gave_away_is_made_again_by_the_next(company, monkeypatch):
    company.change("notes", lambda f: f.assign(text=["Mr. Brown called. " + t for t in f["text"]]))
    snapshot = take_snapshot(company.data / "sources.yml")
    options = {"products": [PRODUCT], "notebooks": ["as_is_interviews"], "quarter": "2026Q3"}
    monkeypatch.setattr(
        "cs_helpers.report.name_masking.pseudonyms.store_persons", lambda product, persons: False
    )
    first = quarterly_report(snapshot, **options)
    assert [p.code for o in first.failed for p in o.problems] == ["pseudonyms"]
    monkeypatch.undo()
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(company.home))
    monkeypatch.setenv("CS_WORKBOOK_NAMES", str(company.home / "data" / "names"))
    second = quarterly_report(snapshot, **options)
    assert (second.resumed, second.failed) == (0, ())
