"""The sample and one snapshot of it, written once for all tests of the analyses."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import settings

from cs_helpers.analyses import baselines, health, interviews, journeys, maturity
from cs_helpers.analyses.result import Result
from cs_helpers.contract.quarters import Quarter
from cs_helpers.sample import write_sample
from cs_helpers.snapshot import ProductData, Snapshot
from cs_helpers.snapshot.take import take_snapshot

# a busy machine is no reason to fail
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

PRODUCTS = Path(__file__).parents[2] / "data" / "products"
ANALYSES = {
    "baselines": baselines,
    "health": health,
    "interviews": interviews,
    "journeys": journeys,
    "maturity": maturity,
}


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sample's source files."""
    return write_sample(tmp_path_factory.mktemp("sample") / "sample").parent


@pytest.fixture(scope="session")
def snapshot(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder = tmp_path_factory.mktemp("snapshots")
    return take_snapshot(sample / "sources.yml", folder=folder, products=PRODUCTS)


@pytest.fixture(scope="session")
def of_product(snapshot: Snapshot) -> Callable[[str], ProductData]:
    """The snapshot's tables of a product of the sample."""
    return cache(snapshot.read)


@pytest.fixture(scope="session")
def result_of(of_product: Callable[[str], ProductData]) -> Callable[[str, str, str], Result]:
    """An analysis of the sample, each worked out once: `result_of("health", product, "2026Q3")`."""

    @cache
    def answer(analysis: str, product: str, quarter: str) -> Result:
        return ANALYSES[analysis].analyse(of_product(product), Quarter.parse(quarter))

    return answer


@pytest.fixture(scope="session")
def usage(sample: Path) -> pd.DataFrame:
    """The sample's events of use, as they were delivered."""
    return pd.read_parquet(sample / "usage.parquet")
