"""On a full disk the command line says so, and what was taken before stays."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import companies
import pytest
from servers import missing

pytestmark = pytest.mark.thorough

ROOMS = (0, 40, 100, 200, 300, 400, 20_000)


@pytest.fixture(scope="module")
def small_disks():
    """How to run a program that may mount disks of its own."""
    if sys.platform != "linux":
        pytest.skip("only Linux mounts a tmpfs for a test")
    for way in (["unshare", "-m"], ["unshare", "-Urm"]):
        if shutil.which("unshare"):
            tried = [*way, "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
            if subprocess.run(tried, capture_output=True, check=False).returncode == 0:
                return way
    return missing("right to mount a tmpfs", "be root, or allow user namespaces")


@pytest.fixture(scope="module")
def outcomes(small_disks, tmp_path_factory):
    """What takes with less and less room said and left."""
    root = tmp_path_factory.mktemp("full")
    company = companies.larger(root)
    more = companies.larger(root / "more", [*companies.log(), *companies.log(seed=2, each=800)])
    (root / "disk").mkdir()
    done = subprocess.run(
        [
            *small_disks, sys.executable, Path(__file__).with_name("small_disk.py"), root / "disk",
            company.folder / "sources.yml", more.folder / "sources.yml", *map(str, ROOMS),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["first"][0] == 0, found["first"]
    return found


@pytest.fixture
def too_small(outcomes):
    """The takes that did not fit."""
    return [each for each in outcomes["rounds"] if each["code"]]


def test_some_rooms_are_too_small_at_different_places_and_one_is_large_enough(outcomes, too_small):
    places = {re.sub(r"[\w.-]+\.tmp|[0-9a-f]{12}|\.taking-\w+|\d+", "", each["said"]) for each in too_small}
    assert len(too_small) >= 3
    assert len(places) >= 2
    assert outcomes["rounds"][-1]["code"] == 0


def test_one_sentence_says_that_the_disk_is_full_and_what_to_do(too_small):
    for each in too_small:
        assert each["code"] == 1, each
        assert re.fullmatch(
            r"error: the disk is full: [^\n]+; make room in data/snapshots and take the snapshot again\n",
            each["said"],
        ), each


def test_the_earlier_snapshot_stays_and_no_half_one_is_left(outcomes, too_small):
    for each in too_small:
        assert each["names"] == [outcomes["earlier"], "LATEST"], each
        assert each["latest"] == outcomes["earlier"]
        assert each["intact"] == [True]


def test_with_room_again_the_snapshot_is_taken(outcomes):
    assert outcomes["rounds"][0]["code"] == 1
    assert outcomes["rounds"][0]["again"][0] == 0, outcomes["rounds"][0]["again"]
