"""What the tests of files share."""

from __future__ import annotations

import ibis
import pytest


@pytest.fixture(scope="module")
def hub():
    """The engine that files are opened in."""
    connection = ibis.duckdb.connect()
    yield connection
    connection.disconnect()
