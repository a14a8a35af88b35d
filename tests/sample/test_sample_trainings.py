"""The training records of the sample, and the one training that helps, found again with plain pandas."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from cs_helpers.contract.products import load_product
from cs_helpers.sample.truths import AS_OF, TRAINING, TRAININGS

PRODUCTS = Path(__file__).parents[2] / "data" / "products"


@pytest.fixture(scope="module")
def tables(sample_folder: Path) -> dict[str, pd.DataFrame]:
    dates = {
        "milestones": ["reached_at"], "touches": ["occurred_at"], "contracts": ["started_on"], "staff": ["joined_on"],
        "training_records": ["assigned_on", "completed_on"], "accounts": [],
    }  # fmt: skip
    return {
        name: pd.read_csv(sample_folder / f"{name}.csv", parse_dates=days) for name, days in dates.items()
    }


def test_the_trainings_are_those_of_the_product_files() -> None:
    for name, trainings in TRAININGS.items():
        team = load_product(PRODUCTS / f"{name}.yml").team
        assert tuple(one.id for one in team.trainings) == trainings


def test_records_follow_from_joining_to_assignment_to_completion(tables: dict[str, pd.DataFrame]) -> None:
    records = tables["training_records"]
    joined = tables["staff"].drop_duplicates("person").set_index("person")["joined_on"]
    assert (records["assigned_on"] >= records["person"].map(joined)).all()
    done = records.dropna(subset=["completed_on"])
    assert (done["completed_on"] > done["assigned_on"]).all()
    assert (records[["assigned_on", "completed_on"]].max() <= pd.Timestamp(AS_OF)).all()
    assert records.groupby(["product", "training"])["completed_on"].count().eq(10).all()


def test_customers_come_to_the_kickoff_in_a_third_of_the_days_once_their_csm_is_trained(
    tables: dict[str, pd.DataFrame],
) -> None:
    steps = (
        tables["milestones"]
        .query("product == @TRAINING.product and step == @TRAINING.step")
        .set_index("account_id")
    )
    contracts = tables["contracts"][tables["contracts"]["product"] == TRAINING.product]
    started = contracts.groupby("account_id")["started_on"].min().reindex(steps.index)
    records = tables["training_records"].query(
        "product == @TRAINING.product and training == @TRAINING.training"
    )
    csm = tables["accounts"].set_index("account_id")["csm"].reindex(steps.index)
    completed = csm.map(records.set_index("person")["completed_on"])
    days = (steps["reached_at"].dt.normalize() - started).dt.days
    after, before = days[completed < started], days[~(completed < steps["reached_at"])]
    assert len(after) >= 15
    assert after.median() / before.median() == pytest.approx(1 / TRAINING.pace, abs=0.17)
    # the meeting is on the day of the step, for all
    touches = (
        tables["touches"].query("product == @TRAINING.product and kind == 'kickoff'").set_index("account_id")
    )
    met = touches["occurred_at"].dt.normalize().reindex(steps.index)
    assert (met == steps["reached_at"].dt.normalize()).all()
