"""What the page says of touches agrees with the numbers and is whole in both languages, however little is known."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pandas as pd
import pytest
from builders import account, contract, product, product_data, random, touch, use

from cs_helpers.analyses import touch_mix
from cs_helpers.charts import touch_mix as charts
from cs_helpers.contract.products import Product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.vocabulary import TOUCH_MODELS
from cs_helpers.result import Result
from cs_helpers.rounding import rounded
from cs_helpers.tables import touch_mix as tables
from cs_helpers.tables.findings import sentence as finding_sentence
from cs_helpers.tables.notes import sentence
from cs_helpers.text import Text

Q3 = Quarter(2026, 3)
HOURS = {"high": 1.5, "low": 0.75, "tech": 0.1, "community": 0.25}
PLANS: list[dict[str, Any] | None] = [
    None,
    {"hours_per_touch": HOURS},
    {"by_touch_model": {"high": 3, "low": {"low": 1, "tech": 1}}, "hours_per_touch": HOURS},
    {"by_level": {0: 2, 1: 1}},
    {"by_level": {0: 0, 2: {"high": 1}}, "hours_per_touch": HOURS},
]
SEEDS = range(70)


@cache
def of_product(plan: int) -> Product:
    levels = [[{"value": "events", "at_least": n, "months": 1}] for n in (1, 3)]
    return product(levels=levels, touch_plan=PLANS[plan])


@cache
def history(seed: int) -> Result:
    """None to forty customers, lost or kept, old or of this quarter; touches by all models, one, or none, over years, weeks,
    or ended; accounts with and without a touch model and a CSM; with or without contracts, use, and a plan."""
    draw = random(seed)
    end = pd.Timestamp(Q3.end)
    begins, ends = (int(draw.choice(d)) for d in ([900, 900, 300, 100, 20], [0, 0, 0, 0, 100]))
    models = [str(m) for m in TOUCH_MODELS[: draw.integers(1, 5)]] if draw.random() < 0.8 else [None]
    rate, age_at_most = float(draw.choice([0, 0.02, 0.02, 0.3])), int(draw.choice([60, 1000]))
    of_everybody = draw.choice(["lost", "kept", ""], p=[0.1, 0.2, 0.7])

    def day(before_the_end: int) -> str:
        return str((end - pd.Timedelta(days=before_the_end)).date())

    accounts, contracts, touches, usage = [], [], [], []
    for n in range(draw.choice([0, 1, 3, 12, 40], p=[0.05, 0.1, 0.2, 0.25, 0.4])):
        name, age = f"c{n}", int(draw.integers(0, age_at_most))
        has = {"touch_model": str(draw.choice(TOUCH_MODELS))} if draw.random() < 0.5 else {}
        accounts.append(account(name, **has, **({"csm": "x"} if draw.random() < 0.5 else {})))
        lost = of_everybody == "lost" or (of_everybody == "" and draw.random() < 0.3)
        contracts.append(contract(name, day(age), day(int(draw.integers(1, age + 2))) if lost else None))
        touches += [
            touch(name, day(d), draw.choice(models))
            for d in range(begins, ends - 1, -1)
            if draw.random() < rate
        ]
        usage += [use(name, day(d)) for d in range(min(age, 400), -1, -1) if draw.random() < 0.03]
    given = {"contracts": contracts, "touches": touches, "usage": usage}
    of = of_product(int(draw.integers(len(PLANS))))
    kept = {name: rows for name, rows in given.items() if draw.random() < 0.9}
    return touch_mix.analyse(product_data(of, accounts=accounts, **kept), Q3)


def said(result: Result, of: Product) -> Iterator[str]:
    """Every sentence and cell of the pages in both languages."""
    for language in ("en", "ja"):
        text = Text(language, of)
        settings = {**result.settings, "currency": "JPY"}
        shown = Result(**{**vars(result), "settings": settings})
        yield from (charts._message(shown, question, text) for question in result.verdicts)
        yield from (sentence(note, text, "touch_mix", "JPY") for note in result.notes)
        yield from (finding_sentence(f, text, "touch_mix", "JPY") for f in result.findings)
        for question in result.tables:
            listing = getattr(tables, question)(shown, text)
            yield from map(str, listing.page.to_numpy().ravel())


@pytest.mark.parametrize("seed", SEEDS)
def test_sentences_are_whole_and_every_question_is_answered_or_noted(seed: int) -> None:
    result = history(seed)
    for words in said(result, of_product(2)):
        assert "nan" not in words.lower()
        assert "{" not in words
    for question in touch_mix.DECLARES.questions:
        assert question in result.tables or result.about(question), question
    assert not set(result.verdicts) - set(result.tables)


@pytest.mark.parametrize("seed", SEEDS)
def test_verdicts_follow_from_the_tables(seed: int) -> None:
    result = history(seed)
    if "mix" in result.verdicts:
        verdict, rows = result.verdicts["mix"], result.tables["mix"]
        every = rows[(rows["period"] == "year") & (rows["level"] == "all")]
        customers = every["customers"].iloc[0]
        assert (verdict.code == "none") == (customers == 0)
        assert (verdict.code == "too_few") == (0 < customers < 10)
        if verdict.code in ("more", "level_more", "fewer", "level_fewer"):
            f = verdict.fields
            assert (
                (f["low"] > f["declared"]) if verdict.code.endswith("more") else (f["high"] < f["declared"])
            )
    if "below_plan" in result.verdicts:
        verdict, every = result.verdicts["below_plan"], result.tables["below_plan"].iloc[0]
        kind = "below" if "below" in every else "untouched"
        if "planned" in every and not every["planned"]:
            assert verdict.code == "nobody_planned"
        else:
            assert verdict.code.startswith("no_") == (every[kind] == 0)
            listed = result.tables["below_plan_customers"]
            assert verdict.fields["customers"] == every[kind] == len(listed)
            assert (listed["quarters"] >= 1).all()
    if "changed_mix" in result.verdicts and result.verdicts["changed_mix"].code != "no_touches":
        fields = result.verdicts["changed_mix"].fields
        more = result.verdicts["changed_mix"].code.endswith("more")
        assert more == (rounded(fields["hours"]) > rounded(fields["now"]))


def test_the_histories_reach_every_verdict_and_note_that_a_little_data_makes() -> None:
    results = [history(seed) for seed in SEEDS]
    codes = {f"{q}.{v.code}" for r in results for q, v in r.verdicts.items()}
    assert {"mix.none", "mix.too_few", "mix.chance", "levels.none", "below_plan.untouched"} <= codes
    notes = {n.code for r in results for n in r.notes}
    assert {
        "touches_not_covered", "no_plan", "no_hours", "plan_unknown", "model_unknown", "model_of_customer",
        "few_quarters", "new_customers", "missing_table", "levels_unknown", "outside", "no_whole_quarter",
    } <= notes  # fmt: skip


def few(*rows: dict[str, Any], plan: int = 2, **other: Any) -> Result:
    """Three customers of years, one with each of the first touch models, and touches."""
    names = {"A": "high", "B": "low", "C": "tech"}
    given = {
        "accounts": [*(account(n, touch_model=m) for n, m in names.items()), account("gone")],
        "contracts": [contract(n, "2024-01-01", mrr=50) for n in names],
        "usage": [use("gone", "2024-01-01")],
    }
    begin = touch("gone", "2025-09-20", "tech")
    return touch_mix.analyse(product_data(of_product(plan), **{**given, **other}, touches=[begin, *rows]), Q3)


def test_nobody_touched_is_said_of_a_covered_quarter_only() -> None:
    rows = [
        touch("A", str(day.date()), "high") for day in pd.date_range("2025-10-01", "2026-03-31", freq="D")
    ]
    silent = few(*rows)  # touched every day, and then no more: the log ended
    assert {n.code for n in silent.notes} == {"touches_not_covered"}
    assert not silent.tables
    assert not silent.verdicts
    # a touch of others shows that the log goes on
    covered = few(touch("A", "2026-01-05", "high"), touch("gone", "2026-09-30", "tech"), plan=0)
    assert covered.verdicts["levels"].code == "none"
    assert covered.verdicts["below_plan"].fields == {"customers": 3, "of": 3, "none": 3, "mrr": 150}


def test_without_contracts_no_amount_is_shown() -> None:
    data = product_data(
        of_product(2),
        accounts=[account("A", touch_model="high"), account("B", touch_model="low")],
        usage=[use(n, "2025-01-01") for n in "AB"],
        touches=[touch("A", "2025-09-01", "high"), touch("B", "2026-09-30", "low"), touch("B", "2026-08-30", "tech")],
    )  # fmt: skip
    result = touch_mix.analyse(data, Q3)
    assert result.verdicts["below_plan"].code == "below_count"
    assert not [c for t in result.tables.values() for c in t if "mrr" in c]
    assert not [m for m in result.metrics if "mrr" in m]
    assert result.findings
    assert {f.mrr for f in result.findings} == {None}
    assert not any("MRR" in words for words in said(result, of_product(2)))


def test_a_touch_plan_for_models_that_no_customer_has_judges_nobody() -> None:
    result = few(touch("gone", "2026-09-30", "tech"), accounts=[account(n) for n in "ABC"])
    assert result.verdicts["below_plan"].code == "nobody_planned"
    assert "below_plan" not in result.metrics
    assert result.tables["below_plan_customers"].empty
    assert "plan" not in set(result.tables["changed_mix"]["change"])


def test_renamed_customers_change_no_number() -> None:
    rows = [
        touch(n, f"2026-0{m}-1{d}", model)
        for d, n in enumerate("AB")
        for m, model in ((7, "high"), (9, "tech"))
    ]
    other = {"A": "Z", "B": "Y", "C": "X"}
    one = few(*rows)
    renamed = few(
        *(r | {"account_id": other[r["account_id"]]} for r in rows),
        accounts=[*(account(other[n], touch_model=m) for n, m in (("A", "high"), ("B", "low"), ("C", "tech"))), account("gone")],
        contracts=[contract(n, "2024-01-01", mrr=50) for n in other.values()],
    )  # fmt: skip
    assert renamed.metrics == one.metrics
    assert renamed.verdicts == one.verdicts
    for name in ("mix", "levels", "below_plan", "changed_mix"):
        pd.testing.assert_frame_equal(renamed.tables[name], one.tables[name])
    listed = [set(r.tables["below_plan_customers"]["account_id"]) for r in (one, renamed)]
    assert listed[1] == {other[name] for name in listed[0]} != set()
