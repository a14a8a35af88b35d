"""What several tests share, made once a session."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from functools import cache
from pathlib import Path

import filelock
import pandas as pd
import pytest
from builders import ANALYSES
from hypothesis import settings
from servers import started_postgres, started_spark

from cs_helpers.contract.parameters import LANGUAGES
from cs_helpers.contract.quarters import Quarter
from cs_helpers.report.quarterly import quarterly_report
from cs_helpers.report.zygote import batch_zygote, can_fork
from cs_helpers.result import Result
from cs_helpers.sample import write_sample
from cs_helpers.snapshot import ProductData, Snapshot
from cs_helpers.snapshot.take import take_snapshot

ROOT = Path(__file__).resolve().parents[1]

# a busy machine is no reason to fail
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_collection_finish():
    """Python looks for garbage among what tests leave, not again and again among thousands of collected tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """Makes a folder once for all processes that share the tests between them: `made_once(name, make)`."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base

    def made(name, make):
        folder = shared / f"shared-{name}"
        with filelock.FileLock(shared / f".{name}.lock"):
            if not (folder / ".made").exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                (folder / ".made").touch()
        return folder

    return made


@pytest.fixture(scope="session", autouse=True)
def the_language_of_the_tests():
    """Messages are English, whatever the desktop speaks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("LANGUAGE", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def names_of_the_tests(tmp_path_factory):
    """A register of pseudonyms of the tests' own: none of them writes to the one of this checkout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CS_WORKBOOK_NAMES", str(tmp_path_factory.mktemp("names")))
        yield


@pytest.fixture(scope="session", autouse=True)
def codings_of_the_tests(tmp_path_factory):
    """No snapshot of the tests takes in what was coded in the notebooks of this checkout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CS_WORKBOOK_CODINGS", str(tmp_path_factory.mktemp("codings")))
        yield


@pytest.fixture(scope="session")
def sample_folder(made_once):
    """The sample data, written once."""
    return made_once("data", lambda folder: write_sample(folder / "sample")) / "sample"


def _home(folder, sample_folder):
    (folder / "data").mkdir()
    for name in ("notebooks", "templates", "data/products"):
        (folder / name).symlink_to(ROOT / name)
    take_snapshot(sample_folder / "sources.yml", folder=folder / "data" / "snapshots")


@pytest.fixture(scope="session")
def home(made_once, sample_folder):
    """A workbook's home: this checkout's notebooks, templates and products, a snapshot of the sample."""
    return made_once("home", lambda folder: _home(folder, sample_folder))


@pytest.fixture(scope="session")
def sample_snapshot(home):
    """The snapshot of the sample data that lies in `home`."""
    return Snapshot.open(folder=home / "data" / "snapshots")


def _publish(folder: Path, home: Path) -> None:
    for name in ("notebooks", "templates"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "data").mkdir()
    for name in ("products", "snapshots"):
        (folder / "data" / name).symlink_to((home / "data" / name).resolve())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CS_WORKBOOK_HOME", str(folder))
        patch.setenv("CS_WORKBOOK_NAMES", str(folder / "data" / "names"))
        with batch_zygote(LANGUAGES) if can_fork() else nullcontext("cold") as kernel:
            for language in LANGUAGES:
                batch = quarterly_report(
                    Snapshot.open(), products=["paper_to_web"], jobs=2, language=language, kernel=kernel
                )
                assert batch.failed == ()


@pytest.fixture(scope="session")
def published(made_once, home) -> Path:
    """A home with all reports of one product for leadership, English and then Japanese: to be read, or copied.

    Its register of pseudonyms is its own (data/names).
    """
    return made_once("published", lambda folder: _publish(folder, home))


@pytest.fixture(scope="session")
def of_product(sample_snapshot: Snapshot) -> Callable[[str], ProductData]:
    """The snapshot's tables of a product of the sample."""
    return cache(sample_snapshot.read)


@pytest.fixture(scope="session")
def result_of(of_product: Callable[[str], ProductData]) -> Callable[[str, str, str], Result]:
    """An analysis of the sample, each worked out once: `result_of("health", product, "2026Q3")`."""

    @cache
    def answer(analysis: str, product: str, quarter: str) -> Result:
        selected, data = ANALYSES[analysis], of_product(product)
        results = {name: answer(name, product, quarter) for name in selected.built_on(data.product)}
        return selected.analyse(data, Quarter.parse(quarter), results)

    return answer


@pytest.fixture(scope="session")
def sample_usage(sample_folder: Path) -> pd.DataFrame:
    """The sample's events of use, as they were delivered."""
    return pd.read_parquet(sample_folder / "usage.parquet")


@pytest.fixture(scope="session")
def shared_data():
    """Public data sets beside the checkout; what needs them is skipped elsewhere."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the public data sets do not lie beside this checkout (../shared/data)")
    return folder


@pytest.fixture(scope="session")
def ravenstack_snapshot(shared_data, made_once):
    """A snapshot of RavenStack, through the example of a sources file."""
    folder = made_once(
        "ravenstack",
        lambda folder: take_snapshot(
            ROOT / "data" / "sources.example.yml", folder=folder, products=ROOT / "data" / "products"
        ),
    )
    return Snapshot.open(folder=folder)


@pytest.fixture(scope="session")
def postgres():
    """A started PostgreSQL server: host, port, database, user, password, url and connect()."""
    with started_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def spark():
    """A SparkSession on this machine, for `ibis.pyspark.connect(spark)`."""
    with started_spark() as session:
        yield session
