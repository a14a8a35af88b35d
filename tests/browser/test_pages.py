"""What a reader's browser makes of a page."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from servers import missing

from cs_helpers.contract.parameters import Parameters
from cs_helpers.report.plan import Run
from cs_helpers.report.run import execute
from cs_helpers.snapshot import Snapshot
from cs_helpers.snapshot.take import take_snapshot

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = (
    "<script>document.title='pwned'</script>",
    "<img src=x onerror=\"document.title='pwned'\">",
    '[click](javascript:document.title="pwned")',
    "**bold** &lt;b&gt; <b>tag</b> # heading",
    "=HYPERLINK(1)",
)


@pytest.fixture(scope="session")
def chromium():
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        missing("Chromium")

    def run(page: Path, *options: str) -> bytes:
        command = [found, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        command += ["--hide-scrollbars", f"--user-data-dir={page.parent / 'profile'}", *options]
        done = subprocess.run([*command, page.as_uri()], capture_output=True, timeout=120, check=True)
        return done.stdout

    return run


@pytest.fixture(scope="session")
def hostile_page(sample_folder, tmp_path_factory):
    """The As-Is report of interviews whose notes hold script, markdown and entities."""
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copytree(sample_folder, folder / "sample")
    notes = pd.read_csv(folder / "sample" / "notes.csv")
    notes["text"] = [HOSTILE[i % len(HOSTILE)] for i in range(len(notes))]
    notes.to_csv(folder / "sample" / "notes.csv", index=False)
    accounts = pd.read_csv(folder / "sample" / "accounts.csv")
    accounts["name"] = "<script>document.title='pwned'</script>" + accounts["account_id"]
    accounts.to_csv(folder / "sample" / "accounts.csv", index=False)
    home = folder / "home"
    (home / "data").mkdir(parents=True)
    for name in ("notebooks", "templates", "data/products"):
        (home / name).symlink_to(ROOT / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CS_WORKBOOK_HOME", str(home))
        taken = take_snapshot(folder / "sample" / "sources.yml")
        parameters = {"product": "paper_to_web", "quarter": "2026Q3", "snapshot": taken.id}
        run = Run(home / "notebooks" / "10_as_is_interviews.ipynb", Parameters.check(parameters))
        outcome = execute(run)
        assert Snapshot.open().id == taken.id
    assert outcome.problems == ()
    page = folder / "page.html"
    page.write_text(outcome.page, encoding="utf-8")
    return page


def test_hostile_notes_and_names_are_shown_as_text(chromium, hostile_page):
    dom = chromium(hostile_page, "--dump-dom").decode()
    title = re.search(r"<title>(.*?)</title>", dom)[1]
    assert "As-Is" in title
    assert "pwned" not in title
    assert "&lt;script&gt;document.title='pwned'&lt;/script&gt;" in dom
    assert "[click](javascript:" in dom
    assert "<script" not in dom


def test_a_page_is_drawn_in_light_and_in_dark(chromium, hostile_page, tmp_path):
    papers = []
    for scheme in ("0", "1"):  # Blink's numbers: 0 dark, 1 light
        target = tmp_path / f"{scheme}.png"
        chromium(
            hostile_page,
            f"--screenshot={target}",
            "--window-size=1060,1400",
            f"--blink-settings=preferredColorScheme={scheme}",
        )
        with Image.open(io.BytesIO(target.read_bytes())) as image:
            papers.append(image.convert("L").getpixel((530, 6)))
    assert papers[0] < 80
    assert papers[1] > 200


def test_a_page_is_no_wider_than_a_phone_allows(chromium, hostile_page, tmp_path):
    # without script in the page the browser's own layout must tell: a table scrolls inside its box
    page = tmp_path / "framed.html"
    text = hostile_page.read_text(encoding="utf-8")
    text = re.sub(r"<meta[^>]*Content-Security-Policy[^>]*>", "", text)
    text = text.replace(
        "</body>",
        "<script>document.title = document.documentElement.scrollWidth + ' ' + innerWidth</script></body>",
    )
    page.write_text(text, encoding="utf-8")
    dom = chromium(page, "--dump-dom", "--window-size=500,900").decode()
    width, inner = re.search(r"<title>(\d+) (\d+)</title>", dom).groups()
    assert int(width) <= int(inner)
