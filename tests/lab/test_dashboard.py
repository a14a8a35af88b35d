"""The notebooks as dashboards: what leadership sees in a browser, and what no viewer gets at."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
from jupyter import FOREIGN, ROOT, Tab, environment, started
from playwright.sync_api import expect
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from cs_helpers import dashboard
from cs_helpers.contract.parameters import Parameters
from cs_helpers.errors import ParameterError, ReportError
from cs_helpers.report.name_finder import finder
from cs_helpers.snapshot import Snapshot
from cs_helpers.text import Text
from cs_helpers.workbook import Workbook

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
FOREIGN[r"failed: .*/voila/(static|labextensions|api/shutdown)/\S+ net::ERR_ABORTED"] = (
    "a page that is left waits for nothing more, nor for the end of its kernel"
)
#: pages that show what was told in interviews, and pages with explorers
PAGES = (
    "10_as_is_interviews",
    "15_as_is_notes",
    "22_health_score",
    "30_maturity_distribution",
    "40_journey_funnels",
)


@pytest.fixture(scope="module")
def served(lab_home, tmp_path_factory):
    """The dashboards, by the command of the workbook."""
    folder = tmp_path_factory.mktemp("dashboard")
    command = [
        sys.executable, "-m", "cs_helpers.cli", "dashboard", "--no-browser", "--port={port}", "--token={token}",
        "--product=paper_to_web", "--ip=127.0.0.1",
        # what somebody may loosen
        "--VoilaConfiguration.file_allowlist", ".*",
    ]  # fmt: skip
    with started(command, folder, environment(lab_home, folder), "/voila/api/contents/") as server:
        yield server


@pytest.fixture
def viewer(browser, served, request):
    """A tab that has the token; in the end its console must have said no error, and no other server have been asked."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    tab = Tab(context.new_page(), request.node.name.removeprefix("test_").split("[")[0])
    foreign: list[str] = []

    def note(asked):
        if not asked.url.startswith((served.url, "data:", "blob:")):
            foreign.append(asked.url)

    tab.page.on("request", note)
    tab.page.goto(f"{served.url}/?token={served.token}")
    expect(tab.page).to_have_url(re.compile("/voila/render/en/start.ipynb"), timeout=60_000)
    tab.page.locator("#rendered_cells").wait_for(state="visible", timeout=60_000)
    yield tab
    tab.screenshot("end")
    context.close()
    assert tab.said == []
    assert foreign == []


def show(tab, served, page: str) -> str:
    """Opens a page and waits until it was drawn; returns what it says, the names of its figures included."""
    tab.page.goto(f"{served.url}/voila/render/{page}.ipynb")
    tab.page.locator("#rendered_cells").wait_for(state="visible", timeout=120_000)
    assert "There was an error" not in tab.page.locator("#rendered_cells").inner_text(), (
        served.log.read_text()[-3000:]
    )
    # each cell that shows something follows the bar, and is a widget, which the browser draws after the page is there
    tab.page.wait_for_function(
        """() => { const count = document.querySelectorAll(".cs-call").length, now = performance.now();
            if (count !== window.counted) [window.counted, window.since] = [count, now];
            return count > 0 && now - window.since > 1500; }""",
        timeout=120_000,
    )
    return tab.page.evaluate(
        "() => document.body.innerText + [...document.querySelectorAll('[alt]')].map(i => i.alt).join('\\n')"
    )


def test_viewers_see_the_figures_and_no_name_beside_what_was_told(viewer, served, home):
    names = Snapshot.open(folder=home / "data" / "snapshots").distinct_texts(
        "accounts", "name", "paper_to_web"
    )
    assert names
    for page in PAGES:
        said = show(viewer, served, f"en/{page}")
        viewer.screenshot(page)
        assert viewer.page.locator("img, svg[role]").count() >= 1, page
        assert "Error" not in said, page
        assert viewer.page.locator(".jp-CodeMirrorEditor, .jp-InputArea-editor").count() == 0
        contains = finder(said)
        if page[:2] in ("10", "15"):
            assert [name for name in names if contains(name)] == [], page


def test_a_viewer_moves_a_slider_and_reads_japanese(viewer, served):
    said = show(viewer, served, "ja/34_level_outlook")
    assert "1年後、顧客はどこにいるか" in said
    assert "where will the customers stand" not in said
    handle = viewer.page.locator(".widget-slider .noUi-handle, .widget-slider [role=slider]").first
    handle.wait_for(timeout=30_000)
    answers = viewer.page.locator(".widget-html-content", has_text="10%")
    answer = answers.filter(has_not=viewer.page.locator(".cs-call")).first
    before = answer.inner_text()
    handle.focus()
    for _ in range(3):
        viewer.page.keyboard.press("ArrowRight")
    viewer.page.wait_for_function(
        "said => !document.body.innerText.includes(said)", arg=before.splitlines()[0]
    )
    viewer.screenshot("moved")


def test_the_page_follows_the_filter_bar(viewer, served):
    show(viewer, served, "en/34_level_outlook")
    assert viewer.page.locator(".cs-bar-language").count() == 0  # the page is of one language
    viewer.page.locator(".cs-bar-quarter select").select_option(label="Q2 2026")
    viewer.page.wait_for_function("() => document.body.innerText.includes('30 Jun 2026')", timeout=60_000)
    expect(viewer.page.locator(".cs-stale")).to_have_count(0, timeout=60_000)
    viewer.screenshot("another-quarter")
    viewer.page.get_by_role("link", name="日本語").click()
    viewer.page.wait_for_function("() => document.body.innerText.includes('1年後')", timeout=60_000)


def test_no_file_is_served_and_nothing_without_the_token(served):
    status = {
        path: served.get(path)[0]
        for path in (
            "/voila/files/en/start.ipynb", "/voila/files/../results/x", "/voila/files/%2e%2e/%2e%2e/etc/passwd",
            "/voila/render/../../etc/passwd", "/api/contents", "/api/terminals", "/lab", "/tree",
        )
    }  # fmt: skip
    assert set(status.values()) <= {403, 404, 500}
    listed = json.loads(served.get("/voila/api/contents/en")[1])["content"]
    assert {one["name"] for one in listed} == {"start.ipynb", *(file.name for file in NOTEBOOKS)}
    assert json.loads(served.get("/voila/api/contents/en/start.ipynb")[1])["content"] is None
    stranger = type(served)(served.url, "wrong", served.process, served.log)
    for path in ("/voila/api/contents/en", "/voila/render/en/34_level_outlook.ipynb"):
        assert b"jp-OutputArea" not in (answer := stranger.get(path))[1]
        assert answer[0] in (200, 403), path  # the page that asks for the token, or a refusal


@pytest.mark.parametrize("protocol", ["", "v1.kernel.websocket.jupyter.org"])
def test_no_viewer_runs_code(served, viewer, protocol):
    viewer.page.goto(f"{served.url}/voila/render/en/start.ipynb")
    viewer.page.locator("#rendered_cells").wait_for(state="visible", timeout=60_000)
    config = json.loads(viewer.page.evaluate("document.getElementById('jupyter-config-data').textContent"))
    with ThreadPoolExecutor() as apart:  # Playwright keeps an event loop running in this thread
        asked = apart.submit(lambda: asyncio.run(_answers(served, config["kernelId"], protocol)))
        assert asked.result() == {"kernel_info_reply"}


async def _answers(served, kernel: str, protocol: str) -> set[str]:
    """What a kernel replies to a question about itself, after it was asked to run code."""
    address = (
        f"{served.url.replace('http', 'ws')}/api/kernels/{kernel}/channels?session_id={uuid.uuid4().hex}"
    )
    connection = await websocket_connect(
        HTTPRequest(address, headers={"Authorization": f"token {served.token}"}),
        subprotocols=[protocol] if protocol else None,
    )
    for channel in ("shell", "control"):
        for kind, content in (
            ("execute_request", {"code": "1 + 1", "silent": False}),
            ("debug_request", {"type": "request", "seq": 1, "command": "evaluate", "arguments": {"expression": "1"}}),
            ("complete_request", {"code": "imp", "cursor_pos": 3}),
        ):  # fmt: skip
            await connection.write_message(*_message(kind, content, channel, protocol))
    await connection.write_message(*_message("kernel_info_request", {}, "shell", protocol))
    replies = set()
    while "kernel_info_reply" not in replies:
        message = await asyncio.wait_for(connection.read_message(), 20)
        assert message is not None
        raw = message if isinstance(message, bytes) else message.encode()
        replies |= {
            found.decode() for found in re.findall(rb'"msg_type": ?"(\w+_reply|execute_result|error)"', raw)
        }
    connection.close()
    return replies


def _message(kind: str, content: dict, channel: str, protocol: str) -> tuple[bytes | str, bool]:
    header = {
        "msg_id": uuid.uuid4().hex, "msg_type": kind, "username": "x", "session": uuid.uuid4().hex, "version": "5.3",
        "date": "2026-10-01T00:00:00Z",
    }  # fmt: skip
    if not protocol:
        whole = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "buffers": []}
        return json.dumps(whole | {"channel": channel}), False
    parts = [channel.encode(), *(json.dumps(one).encode() for one in (header, {}, {}, content))]
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    head = b"".join(n.to_bytes(8, "little") for n in (len(offsets), *offsets))
    return head + b"".join(parts), True


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_page_is_of_one_language_for_leadership_and_holds_nothing_of_the_team(language):
    other = {"en": "ja", "ja": "en"}[language]
    parameters = Parameters.check({"language": language, "audience": "leadership"})
    for file in NOTEBOOKS:
        page = dashboard.page_of(nbformat.read(file, as_version=4), parameters, Text(language), file.name)
        tags = [tag for cell in page.cells for tag in cell.metadata["tags"]]
        assert not {f"lang-{other}", "team"} & set(tags)
        injected = [c.source for c in page.cells if "injected-parameters" in c.metadata["tags"]]
        assert len(injected) == 1
        assert 'audience = "leadership"' in injected[0]
        after = page.cells[[c.source for c in page.cells].index(injected[0]) + 1 :]
        assert not any(
            re.search(r"^\s*audience\s*=(?!audience,)", c.source, re.M)
            for c in after
            if c.cell_type == "code"
        )


def test_of_interactive_cells_only_what_is_named_is_fit_for_viewers():
    kept = "workbook.filter_bar()\nworkbook.what_if(outlook)\nworkbook.explorer('gap_weights')"
    assert dashboard.for_viewers(kept) == kept
    for source in (
        "workbook.concordance()", "workbook.quiz()", "workbook.explorer('interview_coding')", "workbook.data", "print(1)",
        "workbook.explorer(name)", "other.what_if(outlook)", "x = workbook.what_if(outlook)", "import os",
    ):  # fmt: skip
        assert dashboard.for_viewers(source) == "", source
    assert dashboard.for_viewers("workbook.what_if(o)\nworkbook.concordance()") == "workbook.what_if(o)"


def test_the_bar_of_a_dashboard_writes_no_file_and_changes_no_language(home, monkeypatch, tmp_path):
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(home))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0")
    bar = Workbook.open(product="helpdesk", audience="leadership").filter_bar()
    try:
        assert bar.report is None  # a widget can be reached although it is not shown
        assert not {"language", "csm"} & set(bar.controls)
        bar.controls["product"].value = "paper_to_web"
        assert bar.parameters.product == "paper_to_web"
        assert list(tmp_path.iterdir()) == []
    finally:
        bar.page.close()


def test_without_voila_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "voila.app", None)
    with pytest.raises(ReportError, match=r"pip install \"cs-workbook\[dashboard\]\""):
        dashboard.serve()


def test_a_port_that_is_taken_is_named(home, monkeypatch):
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(home))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ParameterError, match="nothing can listen on it"):
            dashboard.serve(ip="127.0.0.1", port=taken.getsockname()[1], browser=False)
