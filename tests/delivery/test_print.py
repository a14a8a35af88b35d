"""What the style sheets keep together on paper, printed by a real Chromium."""

from __future__ import annotations

import io

import pytest
from servers import missing

from cs_helpers import paths
from cs_helpers.delivery.browser import Browser, chromium_command
from cs_helpers.errors import ReportError

pypdf = pytest.importorskip("pypdf")
DRAWING = (
    '<figure class="drawing"><figcaption>Message</figcaption><div class="drawn wide">'
    '<svg viewBox="0 0 1326 760" width="1326" height="760"><text x="9" y="20">Drawn</text></svg></div></figure>'
)
CARD = '<div class="card"><p class="label">{0}</p><p class="value">1</p>' + "<p>x</p>" * 4 + "</div>"


@pytest.fixture(scope="module")
def sheets():
    """The words on each sheet of a page with the style of the landing page."""
    try:
        chromium_command()
    except ReportError:
        missing("Chromium")
    styles = [
        (paths.templates() / name).read_text(encoding="utf-8")
        for name in ("executive/executive.css", "landing/landing.css")
    ]
    with Browser() as browser:
        yield lambda body: [
            sheet.extract_text()
            for sheet in pypdf.PdfReader(
                io.BytesIO(
                    browser.pdf(
                        f"<!DOCTYPE html><style>{''.join(styles)}</style><main>{body}</main>",
                        "page",
                        preferCSSPageSize=True,
                    )
                )
            ).pages
        ]


@pytest.mark.parametrize("lines", [1, 30])
def test_a_heading_stands_on_the_sheet_of_its_drawing(sheets, lines):
    first, second = sheets("<p>Before</p>" * lines + f"<section><h2>Heading</h2>{DRAWING}</section>")
    assert "Before" in first
    assert "Heading" not in first
    assert "Heading" in second
    assert "Drawn" in second


@pytest.mark.parametrize("lines", [20, 32, 35])
def test_what_is_said_of_a_product_is_not_split(sheets, lines):
    cards = "".join(CARD.format(f"Card {n}") for n in range(6))
    product = f'<h2 class="product">Product</h2><div class="cards six">{cards}</div><ul class="findings"><li>Gap</li></ul>'
    found = sheets("<p>Before</p>" * lines + product)
    (sheet,) = [words for words in found if "Product" in words]
    assert all(words in sheet for words in ("Card 0", "Card 5", "Gap"))
