"""Without a table of contracts: what other tables tell is said of accounts, and what only contracts tell is not."""

from __future__ import annotations

import html
import re
from datetime import date
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
import yaml
from builders import ANALYSES, results_of
from nbformat.v4 import new_code_cell, new_notebook, new_output

from cs_helpers import outputs as outputs_module
from cs_helpers.charts import theme
from cs_helpers.errors import ContractError
from cs_helpers.report.gate import check_notebook
from cs_helpers.snapshot.take import check_tables, take_snapshot
from cs_helpers.text import catalogue
from cs_helpers.workbook import Workbook

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
LAST = date(2026, 6, 30)
#: in place of the pixels of a figure: one of two colours
DRAWN = np.zeros((60, 80, 4), dtype=np.uint8)
DRAWN[:30] = 255
#: when each account does anything first; A3 does nothing after March
BEGINS = {
    "A1": "2026-01-05",
    "A2": "2026-01-12",
    "A3": "2026-02-02",
    "A4": "2026-03-02",
    "A5": "2026-04-06",
    "A6": "2026-05-11",
}
SIZES = ("small", "small", "mid", "mid", "enterprise", "enterprise")


def weekdays(first, last=LAST):
    return [f"{day:%Y-%m-%d}" for day in pd.bdate_range(first, last)]


def log():
    """A ticket on each working day; A1 uses a template on each, A2 from 15 April on."""
    rows = [
        (a, day, "ticket.created")
        for a, first in BEGINS.items()
        for day in weekdays(first, "2026-03-31" if a == "A3" else LAST)
    ]
    rows += [
        (a, day, "template.used")
        for a, first in (("A1", BEGINS["A1"]), ("A2", "2026-04-15"))
        for day in weekdays(first)
    ]
    return "account_id,product,occurred_at,event\n" + "".join(
        f"{a},helpdesk,{day} {9 if event == 'ticket.created' else 10:02}:00:00,{event}\n"
        for a, day, event in rows
    )


TICKETS = "ticket_id,account_id,product,opened_at,closed_at\n" + "".join(
    f"T{a}{n},{a},helpdesk,{day} 09:00:00,\n"
    for a, first in BEGINS.items()
    for n, day in enumerate(weekdays(first)[::2])
)
INTERVIEWS = "interview_id,account_id,product,held_on\n" + "".join(
    f"I{a},{a},helpdesk,{day}\n" for a, day in BEGINS.items()
)
NOTES = "note_id,interview_id,evidence,text\n" + "".join(
    f"N{a}{n},I{a},{evidence},{text}\n"
    for a in BEGINS
    for n, (evidence, text) in enumerate(
        (("behaviour", "prints each letter"), ("words", "folding takes hours"))
    )
)
CODINGS = "note_id,coder,viewpoint,code,reason\n" + "".join(
    f"N{a}{n},ann,{'behaviour' if n == 0 else 'problem'},folding,{'guidance' if n else ''}\n"
    for a in BEGINS
    for n in (0, 1)
)
SURVEYS = "account_id,product,answered_on,nps,comment\n" + "".join(
    f"{a},helpdesk,{day},3,slow\n" for a, day in BEGINS.items()
)
#: the second step follows 14 days after the first, but for A5 and A6
MILESTONES = "account_id,product,step,reached_at\n" + "".join(
    f"{a},helpdesk,{step},{pd.Timestamp(first) + pd.Timedelta(days=days)}\n"
    for a, first in BEGINS.items()
    for step, days in (("kickoff", 0), ("trained", 14))
    if step == "kickoff" or a < "A5"
)
CASES = {
    "log": {"usage": log()},
    "tickets": {"tickets": TICKETS},
    "interviews": {"interviews": INTERVIEWS, "notes": NOTES, "codings": CODINGS},
    "surveys": {"surveys": SURVEYS},
    "process": {"milestones": MILESTONES},
}  # fmt: skip
CASES["together"] = {name: text for case in tuple(CASES.values()) for name, text in case.items()}


def product():
    """The help desk, with a step more that is recorded; its own names speak of nobody who is counted."""
    product_file = yaml.safe_load((ROOT / "data" / "products" / "helpdesk.yml").read_text(encoding="utf-8"))
    steps = {s["step"]: s for s in product_file["journey"]["steps"]}
    trained = {"step": "trained", "name": {"en": "Trained", "ja": "研修"}, "rule": {"milestone": "trained"}}
    product_file["journey"]["steps"] = [
        steps["contract"],
        steps["kickoff"],
        trained,
        steps["first_ticket"],
        steps["templates_used"],
    ]
    product_file["baselines"] = [
        b | {"name": {"en": f"Baseline {n}", "ja": f"基準{n}"}}
        for n, b in enumerate(product_file["baselines"])
    ]
    for play in product_file["playbook"]:
        play.pop("step", None)
    for entry in (*product_file["organisation"]["roles"], *product_file["means"]):
        entry["steps"] = [step for step in entry.get("steps", ()) if step != "self_service"]
        entry["department"] = {"en": "Department", "ja": "部署"}
    for kind, ja, entries in (
        ("Goal", "目標", product_file["to_be"]["goals"]),
        ("Means", "施策", product_file["means"]),
    ):
        for n, entry in enumerate(entries):
            entry["name"] = {"en": f"{kind} {n}", "ja": f"{ja}{n}"}
    team = product_file["team"]
    team["high_performers"] = {"en": "named by the lead", "ja": "リーダーが指名"}
    for n, question in enumerate(team["questions"]):
        question["asks"] = {"en": f"Question {n}?", "ja": f"質問{n}"}
    return yaml.safe_dump(product_file, allow_unicode=True)


def company(folder, tables):
    """A home whose sources name accounts and these tables, and no contracts."""
    (folder / "data" / "products").mkdir(parents=True)
    for name in ("notebooks", "templates"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "data" / "products" / "helpdesk.yml").write_text(product(), encoding="utf-8")
    accounts = "account_id,name,size,industry\n" + "".join(
        f"{a},Name {a},{size},retail\n" for a, size in zip((*BEGINS, "Z9"), (*SIZES, "mid"), strict=True)
    )
    tables = {"accounts": accounts, **tables}
    for name, text in tables.items():
        (folder / "data" / f"{name}.csv").write_text(text, encoding="utf-8")
    sources = {
        "as_of": LAST, "files": {n: f"{n}.csv" for n in tables}, "tables": {n: {"from": n} for n in tables},
    }  # fmt: skip
    (folder / "data" / "sources.yml").write_text(yaml.safe_dump(sources), encoding="utf-8")
    return folder


def take(home):
    return take_snapshot(
        home / "data" / "sources.yml", folder=home / "data" / "snapshots", products=home / "data" / "products", today=LAST
    )  # fmt: skip


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory):
    """Case -> its snapshot, taken when it is first asked for."""

    @cache
    def snapshot(name):
        return take(company(tmp_path_factory.mktemp(name), CASES[name]))

    return snapshot


@pytest.fixture
def of_log(snapshots):
    return snapshots("log")


def code_of(notebook):
    cells = [c for c in nbformat.read(notebook, as_version=4).cells if c.cell_type == "code"]
    return [
        c
        for c in cells
        if "Workbook.open" not in c.source
        and not {"parameters", "interactive"} & set(c.metadata.get("tags", []))
    ]


def words_of(outputs):
    """What outputs say: sentences, tables, and what figures are described with."""
    pages = [o.data.get("text/html", "") + " " + o.data.get("image/svg+xml", "") for o in outputs]
    pages += [
        str(o.metadata.get(kind, {}).get("alt", ""))
        for o in outputs
        for kind in ("image/png", "image/svg+xml")
    ]
    return html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", "\n".join(pages), flags=re.S))


def shown_by(book, notebook, monkeypatch):
    outputs = []
    monkeypatch.setattr(
        outputs_module, "display",
        lambda data, *, metadata=None, raw: outputs.append(new_output("display_data", data=data, metadata=metadata or {})),
    )  # fmt: skip
    names = {"workbook": book}
    for cell in code_of(notebook):
        exec(cell.source, names)  # the committed notebook
    return outputs


#: what the pages of a case say, in English
SENTENCES = {
    "log": (
        "an account that left still counts",
        "Not available: the data holds no table for this (contracts).",
        "Not available: the data holds no table for this (contracts, tickets).",
    ),
    "tickets": ("Not available: the data holds no table for this (contracts).",),
    "interviews": (
        "Whom to ask next cannot be told: without a table of contracts only accounts with a row of this product are known",
        "Companies interviewed: 6.", "there may be more accounts of a segment",
    ),
    "surveys": ("MRR is not known: the data holds no table of contracts.", "100% of the accounts are red"),
    "process": (
        "Left out, as the data holds no record of these steps: Contract, First ticket, Templates in use.",
        "an account that left counts as one that still waits",
    ),
    "together": ("MRR is not known: the data holds no table of contracts.", "an account that left counts as one that still waits"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_every_page_says_what_can_be_said_and_of_whom(name, snapshots, monkeypatch):
    snapshot = snapshots(name)
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(snapshot.folder.parents[2]))
    quarters = snapshot.quarters
    assert [str(q) for q in quarters] == ["2026Q1", "2026Q2"]
    data = snapshot.read("helpdesk")
    assert sorted(data["accounts"]["account_id"]) == sorted(BEGINS)  # Z9 has no row of the product
    assert (
        dict(
            zip(
                data["recorded"]["account_id"],
                data["recorded"]["first_day"].dt.strftime("%Y-%m-%d"),
                strict=True,
            )
        )
        == BEGINS
    )
    for quarter in quarters:
        results_of(data, quarter)
    pages, audience = {}, "leadership" if name == "together" else "team"
    for language, counted, not_contracts, customer_word in (
        (
            "en",
            "6 accounts known at the end of the quarter",
            "not known, nor is MRR: there is no table of contracts",
            "customer",
        ),
        ("ja", "四半期末までに記録のある企業（6社）", "契約のテーブルがないため、契約数もMRRも不明", "顧客"),
    )[: 1 if name == "together" else 2]:  # its sentences were all seen in the others
        book = Workbook.open(product="helpdesk", quarter="2026Q2", language=language, audience=audience)
        outputs = []
        monkeypatch.setattr(
            outputs_module,
            "display",
            lambda data, *, metadata=None, raw, into=outputs: into.append(
                new_output("display_data", data=data)
            ),
        )
        book.header()
        head = words_of(outputs)
        assert counted in head
        assert not_contracts in head
        if (name, language) != (
            "log",
            "en",
        ):  # one case draws its figures: the others differ in what they say
            monkeypatch.setattr(theme, "pixels", lambda figure: DRAWN)
        for notebook in NOTEBOOKS:
            outputs = shown_by(book, notebook, monkeypatch)
            assert check_notebook(new_notebook(cells=[new_code_cell("", outputs=outputs)])) == []
            # the playbook and the levels are the product file's words
            page = words_of(
                [o for o in outputs if o.metadata.get("cs_workbook", {}).get("shows") != ["public"]]
            )
            for key, words in catalogue(language).items():  # what the ten principles are, whoever has them
                if key.startswith(
                    ("ten_principles.numbered.", "ten_principles.paraphrase.", "ten_principles.reasons.")
                ):
                    page = page.replace(words, "")
            assert customer_word not in page.lower().replace(
                "顧客側", ""
            )  # the customer's side, of a reason not to act
            assert not re.search(
                r"MRR (?!is not known)(?!は分かりません)\S|¥|\blost\b|\bleft in\b|解約",
                page.replace("MRRは", "MRR は"),
            )
            pages[language] = pages.get(language, "") + page
    for sentence in SENTENCES[name]:
        assert sentence in pages["en"]


def test_accounts_of_a_log_are_counted_by_hand(of_log):
    data, (first, second) = of_log.read("helpdesk"), of_log.quarters
    then, now = ANALYSES["maturity"].analyse(data, first), ANALYSES["maturity"].analyse(data, second)
    assert (then.n, now.n) == (4, 6)  # A3, silent since March, still counts: nobody knows that it left
    levels = now.tables["levels"].set_index("account_id")["level"].to_dict()
    assert levels == {"A1": 2, "A2": 2, "A3": 0, "A4": 1, "A5": 1, "A6": 1}
    assert "mrr" not in now.tables["levels"]
    moves = now.tables["transitions"].query("customers > 0")
    assert moves[["before", "after", "customers"]].to_numpy().tolist() == [
        [1, 0, 1],
        [1, 1, 1],
        [1, 2, 1],
        [2, 2, 1],
    ]
    assert set(now.tables["transitions"]["after"]) == {-2, 0, 1, 2, 3, 4}  # nobody can be lost
    assert "falls" not in now.tables
    found = ANALYSES["journeys"].analyse(data, second)
    row = found.tables["steps"].query("size == 'all'").iloc[0]
    assert (row["step"], row["n"], row["reached"], row["waiting"], row["left"]) == (
        "templates_used",
        6,
        2,
        4,
        0,
    )
    assert found.n == 6
    waiting = found.tables["waiting"].set_index("account_id")["days"].round().to_dict()
    assert waiting == {"A3": 149, "A4": 121, "A5": 86, "A6": 51}
    assert "mrr" not in found.tables["waiting"]
    assert "mrr" not in found.tables["stalls"]
    of_days = ANALYSES["baselines"].analyse(data, second)
    assert of_days.n == 6
    assert not {"lost_share", "lost_ratio", "cohort_ratio"} & set(of_days.metrics)
    scored = ANALYSES["health"].analyse(data, second)
    assert "red_mrr" not in scored.metrics
    assert "mrr" not in scored.tables["scores"]


def test_a_product_without_a_file_is_named_where_it_stands(tmp_path):
    tables = {
        "usage": "account_id,product,occurred_at,event\nA1,helpdsk,2026-05-01 09:00:00,x\n",
        "surveys": SURVEYS,
    }
    home = company(tmp_path, tables)
    with pytest.raises(
        ContractError,
        match=r"table 'usage', column 'product': 'helpdsk' has no product file .*Did you mean 'helpdesk'",
    ):
        take(home)


def test_rules_that_hold_rows_against_contracts_are_not_asked(tmp_path):
    home = company(
        tmp_path,
        CASES["tickets"]
        | {"usage": "account_id,product,occurred_at,event\nA1,helpdesk,2026-01-05 09:00:00,x\n"},
    )
    file = home / "data" / "sources.yml"
    file.write_text(
        file.read_text(encoding="utf-8")
        + "policies: {usage.without_contract: reject, tickets.before_contract: stop}\n"
    )
    checked = check_tables(file, folder=home / "data", products=home / "data" / "products", today=LAST)
    assert (checked.stops, checked.findings) == ((), ())
    assert checked.rows_read == checked.rows_kept
