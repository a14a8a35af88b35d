"""An analyst's session in JupyterLab, as a real browser sees it."""

from __future__ import annotations

import pytest
from jupyter import ROOT

NOTEBOOKS = sorted(file.name for file in (ROOT / "notebooks").glob("[0-9]*.ipynb"))


@pytest.mark.thorough
def test_every_notebook_runs_without_an_error(lab):
    for name in NOTEBOOKS:
        lab.open(name)
        lab.run_all()
        assert lab.errors() == [], name
        assert lab.said == [], name
        lab.screenshot(name.removesuffix(".ipynb"))
        lab.shut_down()
