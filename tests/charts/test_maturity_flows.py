"""The bands of the figure of flows: one customer is as high at both ends, and each kind has its colour."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cs_helpers.analyses.maturity.bridge import NEW
from cs_helpers.charts import maturity
from cs_helpers.charts.theme import GREEN, ORANGE, RED
from cs_helpers.customers.maturity_levels import LOST
from cs_helpers.result import Result
from cs_helpers.snapshot import Snapshot
from cs_helpers.text import Text
from cs_helpers.workbook import Workbook


@pytest.fixture(scope="module")
def workbook(home: Path) -> Workbook:
    snapshot = Snapshot.open(folder=home / "data" / "snapshots")
    data = snapshot.read("helpdesk")
    return Workbook(snapshot, data, snapshot.check_quarter("latest"), "all", Text("en", data.product))


@pytest.fixture(scope="module")
def result(workbook: Workbook) -> Result:
    return workbook.analyse("maturity")


def ink(workbook: Workbook, result: Result, moves: list[tuple[int, int, int]], colour: str) -> int:
    """The pixels near a colour (half transparent on white) in the figure of one quarter with these moves."""
    table = pd.DataFrame(moves, columns=["before", "after", "customers"]).assign(quarter=str(result.quarter))
    drawn = maturity.flows(replace(result, tables={**result.tables, "flows": table}), workbook.text)
    image = np.asarray(Image.open(io.BytesIO(drawn.png)).convert("RGB")).astype(int)
    asked = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    shades = [asked * part + 255 * (1 - part) for part in (0.55, 0.6)]
    return max(int((np.abs(image - shade).sum(axis=2) < 18).sum()) for shade in shades)


def test_who_was_lost_is_drawn_in_red_in_proportion(workbook: Workbook, result: Result) -> None:
    one = ink(workbook, result, [(1, 1, 60), (1, LOST, 10)], RED)
    two = ink(workbook, result, [(1, 1, 50), (1, LOST, 20)], RED)
    assert one > 300
    # the same customers in all, so the same scale but for the room below: about twice the area
    assert 1.5 < two / one < 2.6


def test_without_losses_falls_and_new_customers_their_colours_are_not_there(
    workbook: Workbook, result: Result
) -> None:
    stays = [(1, 1, 60), (2, 2, 20)]
    for colour, move in ((RED, (2, LOST, 9)), (ORANGE, (2, 1, 9)), (GREEN, (NEW, 1, 9))):
        assert ink(workbook, result, stays, colour) < 50
        assert ink(workbook, result, [*stays, move], colour) > 300
