"""Trainings: what is planted in the sample is found, what is not is not, and few persons are not told of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product, product_data

from cs_helpers.analyses import team
from cs_helpers.analyses.team.trainings import effect_table, known_records
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.team import Team
from cs_helpers.sample.truths import TRAINING, TRAININGS
from cs_helpers.snapshot import ProductData

Q3 = Quarter(2026, 3)
WORDS = {"en": "A talk", "ja": "講座"}
SECTION = Team.model_validate(
    {"agreed_on": "2026-01-01", "trainings": [{"id": "talk", "name": WORDS, "step": "kickoff"}]}
)


def with_records(*records: tuple[str, str, str | None], training: str = "talk") -> ProductData:
    """Customers of four CSMs, and records: person, assigned on, completed on."""
    csms = ("ann", "bo", "cy", "di")
    accounts = [account("old"), *(account(f"{csm}{n}", csm=csm) for csm in csms for n in range(3))]
    rows = [
        {"person": person, "training": training, "assigned_on": assigned, "completed_on": completed}
        for person, assigned, completed in records
    ]
    return product_data(
        product().model_copy(update={"team": SECTION}),
        accounts=accounts,
        contracts=[contract(a["account_id"], "2026-01-05") for a in accounts],
        milestones=[
            {"account_id": a["account_id"], "step": step, "reached_at": f"{month}-01 10:00:00"}
            for n, a in enumerate(accounts)
            for step, month in (
                # the records begin with the step of a customer in nobody's charge
                (("contract", "2025-11"), ("kickoff", "2025-12"))
                if a["account_id"] == "old"
                else (("contract", "2026-01"), ("kickoff", f"2026-0{2 + n % 3}"))
            )
        ],
        training_records=rows,
    )


def test_completion_is_counted_as_known_at_the_end_of_the_quarter() -> None:
    records = (
        ("ann", "2026-01-10", "2026-01-20"), ("bo", "2026-01-10", "2026-02-09"), ("cy", "2026-02-01", "2026-02-21"),
        ("di", "2026-03-01", "2026-10-01"), ("later", "2026-10-05", None),
    )  # fmt: skip
    result = team.analyse(with_records(*records), Q3)
    row = result.tables["trainings"].iloc[0]
    assert row[["training", "step", "assigned", "completed", "open"]].tolist() == ["talk", "kickoff", 4, 3, 1]
    assert row["days"] == 20  # 10, 20, 30
    assert result.metrics["training_completed"].value == 0.75
    people = result.tables["training_people"]
    assert people["person"].tolist() == ["ann", "bo", "cy", "di"]
    assert people["completed_on"].isna().tolist() == [False, False, False, True]


def test_a_training_taken_twice_counts_once_from_its_first_completion() -> None:
    data = with_records(
        ("ann", "2026-01-10", None), ("ann", "2026-02-10", "2026-03-01"), ("ann", "2026-04-01", "2026-05-01")
    )
    known = known_records(data["training_records"], pd.Timestamp("2026-10-01"))
    assert known[["assigned_on", "completed_on"]].astype("str").to_numpy().tolist() == [
        ["2026-01-10", "2026-03-01"]
    ]


def for_leadership(data: ProductData) -> Any:
    declared = team.DECLARES.for_leadership
    assert declared is not None
    return declared(team.analyse(data, Q3))


def test_leadership_reads_of_two_persons_nothing_at_all() -> None:
    data = with_records(("ann", "2026-01-10", "2026-01-20"), ("bo", "2026-01-10", None))
    row = team.analyse(data, Q3).tables["trainings"].iloc[0]
    assert row[["assigned", "completed", "open", "days"]].tolist() == [2, 1, 1, 10]
    result = for_leadership(data)
    row = result.tables["trainings"].iloc[0]
    assert row[["assigned", "completed", "open", "days"]].isna().all()
    effect = result.tables["training_effects"].iloc[0]
    assert effect["verdict"] == "too_few"
    assert effect[["customers", "reached", "other_reached"]].isna().all()
    assert "training_completed" not in result.metrics
    assert result.verdicts["training_effects"].code == "too_few"


@pytest.mark.parametrize(
    ("done", "still_open", "shown"),
    [
        (10, 2, (12, None, None)),  # 10 of 12 would tell of the two
        (3, 3, (6, 3, 3)),
        (12, 0, (12, 12, 0)),
        (1, 11, (12, None, None)),
    ],
)
def test_no_count_of_one_or_two_persons_can_be_derived(
    done: int, still_open: int, shown: tuple[int | None, ...]
) -> None:
    records = [
        (f"p{n:02}", "2026-01-10", "2026-02-10" if n < done else None) for n in range(done + still_open)
    ]
    result = for_leadership(with_records(*records))
    row = result.tables["trainings"].iloc[0]
    assert tuple(None if pd.isna(row[c]) else row[c] for c in ("assigned", "completed", "open")) == shown
    is_hidden = None in shown
    assert pd.isna(row["days"]) == is_hidden
    assert ("training_completed" in result.metrics) != is_hidden
    assert ("counts_hidden" in [note.code for note in result.notes]) == is_hidden


def test_who_left_without_it_is_not_given_away_by_the_total() -> None:
    staff = [
        {"person": f"p{n:02}", "role": "csm", "left_on": "2026-06-01" if n == 11 else None} for n in range(12)
    ]
    records = [(f"p{n:02}", "2026-01-10", "2026-02-10" if n < 8 else None) for n in range(12)]
    data = with_records(*records)
    tables = {n: data[n] for n in ("accounts", "contracts", "milestones", "training_records")}
    row = for_leadership(product_data(data.product, **tables, staff=staff)).tables["trainings"].iloc[0]
    assert (row["assigned"], row["completed"]) == (12, 8)
    assert pd.isna(row["open"])  # three of four: one has left


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("section", "no_trainings"),
        ("table", "missing_table"),
        ("later", "none_assigned"),
        ("names", "none_assigned"),
    ],
)
def test_without_a_section_records_or_known_names_there_is_a_sentence(change: str, code: str) -> None:
    records: Any = (("ann", "2026-12-01" if change == "later" else "2026-01-10", None),)
    data = with_records(*records, training="other" if change == "names" else "talk")
    if change == "section":
        data = product_data(
            product(), **{n: data[n] for n in ("accounts", "contracts", "milestones", "training_records")}
        )
    if change == "table":
        plain = {n: data[n] for n in ("accounts", "contracts", "milestones")}
        data = product_data(data.product, **plain)
    result = team.analyse(data, Q3)
    for about in ("trainings", "training_people", "training_effects"):
        assert code in [note.code for note in result.about(about)]
    assert ("trainings_unknown" in [n.code for n in result.notes]) == (change == "names")


def test_the_training_that_helps_is_found_and_no_other(result_of) -> None:
    called = {}
    for name, trainings in TRAININGS.items():
        table = result_of("team", name, "2026Q3").tables["training_effects"].set_index("training")
        assert tuple(table.index) == trainings
        called |= {(name, training): row["verdict"] for training, row in table.iterrows()}
    assert {key for key, verdict in called.items() if verdict != "cannot_be_told"} == {
        (TRAINING.product, TRAINING.training)
    }
    assert called[TRAINING.product, TRAINING.training] == "faster"
    result = result_of("team", TRAINING.product, "2026Q3")
    row = result.tables["training_effects"].set_index("training").loc[TRAINING.training]
    assert row["low"] > 1
    assert row["days"] < row["other_days"]
    assert [finding.code for finding in result.findings] == ["training_faster"]
    assert result.verdicts["training_effects"].fields["training"] == TRAINING.training


def test_days_of_completion_dealt_at_random_are_rarely_called_an_effect(of_product) -> None:
    """The null: who completed when is shuffled among the CSMs of a product in which no training helps."""
    data = of_product("paper_to_web")
    end = pd.Timestamp(Q3.end) + pd.Timedelta(days=1)
    time = team.customer_time_as_of(data, Q3.end)
    assert time.by_contracts
    _, waits = team._waits(data, Q3, end, team.Answers())
    known = known_records(data["training_records"], end)
    steps = {one.id: one.step for one in data.product.team.trainings}
    rng = np.random.default_rng(3)
    called = 0
    for _ in range(15):
        shuffled = known.assign(
            person=known.groupby("training")["person"].transform(lambda p: rng.permutation(p))
        )
        called += int(effect_table(waits, shuffled, steps, 365.0)["verdict"].isin(("faster", "slower")).any())
    assert called <= 3
