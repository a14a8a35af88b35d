"""What the page says of requests is whole and true in both languages and editions, however little is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product, product_data, random

from cs_helpers.analyses import product_feedback
from cs_helpers.analyses.product_feedback.leadership import for_leadership
from cs_helpers.charts import product_feedback as charts
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.vocabulary import REQUEST_STATUSES
from cs_helpers.editions.anonymity import MIN_COMPANIES
from cs_helpers.result import Result
from cs_helpers.tables import product_feedback as tables
from cs_helpers.tables.findings import sentence as finding_sentence
from cs_helpers.tables.notes import sentence
from cs_helpers.tables.product_feedback import status as status_table
from cs_helpers.text import Text

Q3 = Quarter(2026, 3)
SEEDS = range(24)
DECLARES = product_feedback.DECLARES


@cache
def history(seed: int) -> Result:
    """None to forty customers, lost or kept, of several sizes or one; no request to many, with or without titles, themes, dates and
    askers; recent or years old; with or without interviews and contracts."""
    draw = random(seed)
    end = pd.Timestamp(Q3.end)
    sizes = ("small", "mid", "enterprise")[: draw.integers(1, 4)]
    of_everybody = draw.choice(["lost", "kept", ""], p=[0.1, 0.3, 0.6])
    told_share, codes = float(draw.choice([0, 0.5, 1])), ("a_b", "c_d", "e_f")[: draw.integers(0, 4)]
    statuses = [
        str(s) for s in (REQUEST_STATUSES if draw.random() < 0.7 else [draw.choice(REQUEST_STATUSES)])
    ]
    oldest = int(draw.choice([100, 700, 1400]))

    def day(before: float) -> str:
        return str((end - pd.Timedelta(days=int(before))).date())

    def some(value: Any, share: float = 0.7) -> Any:
        return value if draw.random() < share else None

    accounts, contracts, requests, asked, told = [], [], [], [], []
    for n in range(draw.choice([0, 1, 3, 14, 30], p=[0.05, 0.1, 0.2, 0.35, 0.3])):
        accounts.append(account(f"c{n}", str(draw.choice(sizes)), csm=some("x")))
        lost = of_everybody == "lost" or (of_everybody == "" and draw.random() < 0.3)
        contracts.append(contract(f"c{n}", day(1500), day(draw.integers(1, 400)) if lost else None))
    for n in range(draw.choice([0, 1, 2, 15])):
        raised = int(draw.integers(0, oldest))
        status = str(draw.choice(statuses))
        decided = some(day(draw.integers(0, raised + 1))) if status not in ("open", "considering") else None
        released = some(day(draw.integers(0, raised + 1))) if status == "released" else None
        requests.append(
            {
                "request_id": f"R{n}",
                "status": status,
                "raised_on": day(raised),
                "decided_on": decided,
                "released_on": released,
            }
            | {"title": some(f"Title {n}"), "code": some(str(draw.choice(codes))) if codes else None}
        )
        for who in draw.permutation(len(accounts))[: draw.integers(0, len(accounts) + 1)]:
            when = int(draw.integers(0, raised + 30))
            was_told = day(draw.integers(0, when + 1)) if draw.random() < told_share else None
            heard = some(str(draw.choice(["ticket", "touch"])))
            asked.append(
                {
                    "account_id": f"c{who}",
                    "request_id": f"R{n}",
                    "asked_on": day(when),
                    "told_on": was_told,
                    "heard_in": heard,
                }
            )
    for n in range(min(len(accounts), int(draw.choice([0, 5, 20])))):
        interview = {"interview_id": f"I{n}", "account_id": f"c{n}", "held_on": day(draw.integers(0, 300))}
        read = {
            "note_id": f"N{n}",
            "coder": "x",
            "viewpoint": str(draw.choice(["request", "solution", "problem"])),
        }
        note = {"note_id": f"N{n}", "interview_id": f"I{n}", "evidence": "words", "text": "."}
        told.append((interview, note, read | {"code": str(draw.choice(["a_b", "c_d", "x_y"]))}))
    given = {"contracts": contracts, "requests": requests, "request_accounts": asked}
    given |= {name: [t[i] for t in told] for i, name in enumerate(("interviews", "notes", "codings"))}
    kept = {name: rows for name, rows in given.items() if draw.random() < 0.88}
    data = product_data(accounts=accounts, **kept)
    result = product_feedback.analyse(data, Q3)
    return replace(result, settings={**result.settings, "currency": "JPY"})


def both_editions(seed: int) -> Iterator[Result]:
    yield history(seed)
    yield for_leadership(history(seed))


def said(result: Result) -> Iterator[str]:
    """Every sentence and cell of the pages in both languages."""
    for language in ("en", "ja"):
        text = Text(language, product(), accounts=not result.settings["by_contracts"])
        yield from (charts._message(result, key, key.partition(".")[0], text) for key in result.verdicts if not key.endswith(".rows"))  # fmt: skip
        yield from (sentence(note, text, "product_feedback", "JPY") for note in result.notes)
        yield from (finding_sentence(f, text, "product_feedback", "JPY") for f in result.findings)
        for question in DECLARES.tables:
            if question in result.tables:
                listing = getattr(tables, question)(result, text)
                yield from map(str, listing.page.to_numpy().ravel())


@pytest.mark.parametrize("seed", SEEDS)
def test_sentences_are_whole_and_every_question_is_answered_or_noted(seed: int) -> None:
    for result in both_editions(seed):
        for words in said(result):
            assert "nan" not in words.lower()
            assert "{" not in words
        for question, declared in DECLARES.questions.items():
            assert question in result.tables or result.about(question) or declared.for_team, question
        assert {key.partition(".")[0] for key in result.verdicts} <= set(result.tables)
        assert {note.code for note in result.notes} <= set(DECLARES.notes)
        assert {(k.partition(".")[0], v.code) for k, v in result.verdicts.items()} <= {
            (q, code) for q, declared in DECLARES.questions.items() for code in declared.verdicts
        }


@pytest.mark.parametrize("seed", SEEDS)
def test_verdicts_follow_from_the_tables(seed: int) -> None:
    result = history(seed)
    if "ranking" in result.tables:
        table, verdict = result.tables["ranking"], result.verdicts["ranking"]
        assert table["companies"].is_monotonic_decreasing
        assert (verdict.code == "nobody") == (table["companies"].iloc[0] == 0)
        if verdict.code == "first":
            assert table["fewer"].iloc[1:].all()
    if "closed_loop" in result.tables:
        whole = result.tables["closed_loop"].iloc[0]
        assert (
            result.tables["not_told"]["companies"].sum()
            == whole["owed"] - whole["told"]
            == len(result.tables["to_tell"])
        )
    if "status" in result.tables:
        undecided = result.tables["status"].set_index("status").loc[["open", "considering"], "requests"].sum()
        assert result.metrics["open_requests"].value == undecided
        assert (result.verdicts["status"].code == "none") == (undecided == 0)
    if "not_handed" in result.tables:
        table = result.tables["not_handed"]
        assert (table["handed"] + table["missing"] == table["companies"]).all()
        assert (table["missing"] == 0)[table["state"] == "handed"].all()
        assert table["missing"].sum() == len(result.tables["not_handed_companies"])
    if not result.settings["by_contracts"]:
        assert not {"undecided_mrr"} & set(result.metrics)
        assert all(finding.mrr is None for finding in result.findings)


@pytest.mark.parametrize("seed", SEEDS)
def test_leadership_sees_no_count_of_one_or_two_customers(seed: int) -> None:
    result = for_leadership(history(seed))
    few = {1, 2} & set(range(1, MIN_COMPANIES))
    for name, columns in {
        "ranking": ("companies", "lost"), "status": ("companies",), "not_told": ("companies", "of"), "already_there": ("companies", "of"),
        "not_handed": ("companies", "request", "solution", "handed", "missing"), "closed_loop": ("companies",),
    }.items():  # fmt: skip
        for column in columns if name in result.tables else ():
            assert not set(result.tables[name][column].dropna()) & few, (name, column)
    for row in result.tables.get("by_size", pd.DataFrame()).itertuples():
        assert not {n for n in row.mentioned.values() if n is not None} & few
    for finding in result.findings:
        assert finding.customers not in few
    assert not {"to_tell", "not_handed_companies"} & set(result.tables)
    if "closed_loop" in result.tables:
        loop = result.tables["closed_loop"]
        assert not (loop["told"].isin(few) | (loop["owed"] - loop["told"]).isin(few)).any()


def test_the_histories_reach_every_note_and_most_verdicts() -> None:
    results = [r for seed in SEEDS for r in both_editions(seed)]
    notes = {note.code for r in results for note in r.notes}
    assert set(DECLARES.notes) - notes <= {
        "log_ended",
        "no_accounts",
        "no_waits",
        "told_unknown",
        "few_themes",
    }
    codes = {f"{key}.{v.code}" for r in results for key, v in r.verdicts.items()}
    assert {"ranking.together", "ranking.nobody", "ranking.one", "status.none", "closed_loop.few", "not_handed.themes"} <= codes  # fmt: skip


@pytest.mark.parametrize("seed", [3, 8, 21])
def test_figures_are_drawn_of_little(seed: int) -> None:
    for result in both_editions(seed):
        for question in DECLARES.figures:
            if question in result.tables:
                picture = getattr(charts, question)(result, Text("ja", product()))
                assert picture.message in picture.alt
                assert "nan" not in picture.alt
    assert np.isfinite(result.n)


def test_what_is_not_recorded_is_not_nought() -> None:
    """Nobody is told where told_on is never filled in, and nobody asked where there is no table of who asked."""
    tables = {
        "accounts": [account("A"), account("B")],
        "contracts": [contract("A", "2024-01-01"), contract("B", "2024-01-01")],
        "requests": [
            {"request_id": "R", "status": "declined", "raised_on": "2026-01-10", "decided_on": "2026-02-01"}
        ],
    }
    asked = [{"account_id": "A", "request_id": "R", "asked_on": "2026-01-01"}]
    result = product_feedback.analyse(product_data(**tables, request_accounts=asked), Q3)
    assert {n.code for n in result.about("closed_loop")} == {"told_unknown"}
    assert not {"closed_loop", "untold", "unaware", "days_to_told"} & set(result.metrics)
    assert {"untold", "unaware"}.isdisjoint(f.code for f in result.findings)
    result = product_feedback.analyse(product_data(**tables), Q3)
    assert result.tables["status"]["companies"].isna().all()
    listing = status_table(
        replace(result, settings={**result.settings, "currency": "JPY"}), Text("en", product())
    )
    assert list(listing.page) == ["Status", "Requests", "Oldest raised on"]


def test_requests_of_more_than_two_years_ago_are_followed_no_more() -> None:
    old = [{"request_id": "R", "status": "open", "raised_on": "2024-01-10"}]
    tables = {"accounts": [account("A")], "contracts": [contract("A", "2024-01-01")], "requests": old}
    result = product_feedback.analyse(product_data(**tables), Q3)
    assert [n.code for n in result.about("answers")] == ["no_waits"]
    assert result.metrics["open_requests"].value == 1


def test_requests_that_stopped_being_recorded_are_told() -> None:
    days = pd.date_range("2025-01-01", "2026-03-01", freq="D")
    requests = [
        {"request_id": f"R{n}", "status": "open", "raised_on": str(d.date())} for n, d in enumerate(days)
    ]
    result = product_feedback.analyse(
        product_data(accounts=[account("A")], contracts=[contract("A", "2024-01-01")], requests=requests), Q3
    )
    assert [n.fields["tables"] for n in result.notes if n.code == "log_ended"] == [("requests",)]
