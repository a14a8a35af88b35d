"""What a reader's browser makes of a page."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from PIL import Image
from servers import missing

from cs_helpers.report.quarterly import quarterly_report
from cs_helpers.snapshot.take import take_snapshot

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = "<script>document.title='pwned'</script>"
HOSTILE = (
    SCRIPT,
    "<img src=x onerror=\"document.title='pwned'\">",
    '[click](javascript:document.title="pwned")',
    "**bold** &lt;b&gt; <b>tag</b> # heading",
    "&amp;lt;script&amp;gt; `code` <svg onload=\"document.title='pwned'\">",
    "=HYPERLINK(1)",
)
PAGES = [
    "helpdesk/as_is_interviews.en.html",
    "helpdesk/as_is_notes.en.html",
    "helpdesk/health_baselines.en.html",
    "helpdesk/maturity_distribution.en.html",
    "helpdesk/journey_funnels.en.html",
    "helpdesk/journey_waiting.en.html",
    "index.en.html",
]


@pytest.fixture(scope="session")
def chromium():
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        missing("Chromium")

    def run(page: Path, *options: str) -> bytes:
        command = [found, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
            command += ["--hide-scrollbars", f"--user-data-dir={profile}", *options]
            done = subprocess.run([*command, page.as_uri()], capture_output=True, timeout=120, check=True)
        return done.stdout

    return run


@pytest.fixture(scope="session")
def hostile_folder(sample_folder, tmp_path_factory):
    """A quarter of one product whose notes, customers' names and broken rows hold script and markup."""
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copytree(sample_folder, folder / "sample")
    notes = pd.read_csv(folder / "sample" / "notes.csv")
    turns = [" ".join(HOSTILE[i:] + HOSTILE[:i]) for i in range(len(HOSTILE))]  # each of them comes first
    notes["text"] = [turns[i % len(turns)] for i in range(len(notes))]
    notes.to_csv(folder / "sample" / "notes.csv", index=False)
    accounts = pd.read_csv(folder / "sample" / "accounts.csv")
    accounts["name"] = SCRIPT + accounts["account_id"]
    broken = accounts.tail(1).assign(account_id="a-broken", size=SCRIPT)  # an example on the landing page
    pd.concat([accounts, broken]).to_csv(folder / "sample" / "accounts.csv", index=False)
    home = folder / "home"
    (home / "data").mkdir(parents=True)
    for name in ("notebooks", "templates", "data/products"):
        (home / name).symlink_to(ROOT / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CS_WORKBOOK_HOME", str(home))
        snapshot = take_snapshot(folder / "sample" / "sources.yml")
        batch = quarterly_report(snapshot, quarter="2026Q3", products=["helpdesk"], jobs=2, audience="team")
    assert batch.failed == ()
    return home / "reports" / "team" / "2026Q3"


@pytest.fixture(scope="session")
def hostile_page(hostile_folder):
    """The As-Is report, which quotes the notes."""
    return hostile_folder / PAGES[0]


@pytest.fixture(scope="session")
def drawn(chromium, hostile_folder):
    """What Chromium makes of each page: its DOM after whatever ran."""
    with ThreadPoolExecutor(2) as pool:
        files = [hostile_folder / name for name in PAGES]
        doms = pool.map(lambda file: chromium(file, "--dump-dom").decode(), files)
        return dict(zip(PAGES, doms, strict=True))


@pytest.mark.parametrize("name", PAGES)
def test_nothing_runs_on_a_page_of_hostile_data(hostile_folder, drawn, name):
    written = BeautifulSoup((hostile_folder / name).read_text(encoding="utf-8"), "html.parser")
    dom = BeautifulSoup(drawn[name], "html.parser")
    assert dom.title.text == written.title.text
    assert "pwned" not in dom.title.text
    policy = dom.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert not dom.find_all(["script", "iframe", "object", "embed", "svg", "base", "form"])
    for element in dom.find_all(True):
        assert not [a for a in element.attrs if a.lower().startswith("on")]
        assert "javascript:" not in element.get("href", "").lower()


@pytest.mark.parametrize("name", [page for page in PAGES if "journey_funnels" not in page])  # it lists nobody
def test_hostile_names_and_values_are_shown_as_text(drawn, name):
    assert SCRIPT in BeautifulSoup(drawn[name], "html.parser").get_text()


def test_hostile_notes_are_shown_letter_by_letter(drawn):
    shown = BeautifulSoup(drawn[PAGES[0]], "html.parser").get_text()
    missed = [note for note in HOSTILE if note not in shown]
    assert missed == []


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
