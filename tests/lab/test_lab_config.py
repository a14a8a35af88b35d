"""What the workbook's widgets need of JupyterLab is installed with it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile

import pytest
from jupyter import ROOT, environment, started


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target=wheel", f"--directory={folder}"], cwd=ROOT,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as packed:
        packed.extractall(folder / "files")
    return next((folder / "files").glob("*.data")) / "data"


def test_a_jupyterlab_of_the_environment_tells_widgets_of_its_cells(wheel, tmp_path):
    """Also one that was started without `cs-workbook lab`."""
    env = environment(tmp_path, tmp_path) | {"JUPYTER_CONFIG_PATH": str(wheel / "etc" / "jupyter")}
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.port={port}",
        "--IdentityProvider.token={token}",
    ]  # fmt: skip
    with started(command, tmp_path, env, "/api/status") as server:
        status, page = server.get("/lab")
    assert status == 200
    config = re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', page.decode(), re.DOTALL)
    assert json.loads(config[1])["exposeAppInBrowser"] is True
