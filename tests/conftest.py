"""What several tests share, made once a session."""

from __future__ import annotations

from pathlib import Path

import pytest
from servers import started_postgres, started_spark

from cs_helpers.sample import write_sample
from cs_helpers.snapshot import Snapshot
from cs_helpers.snapshot.take import take_snapshot

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory):
    """The sample data, written once."""
    return write_sample(tmp_path_factory.mktemp("data") / "sample").parent


@pytest.fixture(scope="session")
def home(tmp_path_factory, sample_folder):
    """A workbook's home: this checkout's notebooks, templates and products, a snapshot of the sample."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "data").mkdir()
    for name in ("notebooks", "templates", "data/products"):
        (folder / name).symlink_to(ROOT / name)
    take_snapshot(sample_folder / "sources.yml", folder=folder / "data" / "snapshots")
    return folder


@pytest.fixture(scope="session")
def sample_snapshot(home):
    """The snapshot of the sample data that lies in `home`."""
    return Snapshot.open(folder=home / "data" / "snapshots")


@pytest.fixture(scope="session")
def shared_data():
    """Public data sets beside the checkout; what needs them is skipped elsewhere."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the public data sets do not lie beside this checkout (../shared/data)")
    return folder


@pytest.fixture(scope="session")
def ravenstack_snapshot(shared_data, tmp_path_factory):
    """A snapshot of RavenStack, through the example of a sources file."""
    return take_snapshot(
        ROOT / "data" / "sources.example.yml",
        folder=tmp_path_factory.mktemp("ravenstack"),
        products=ROOT / "data" / "products",
    )


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
