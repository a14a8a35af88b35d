"""A small published quarter, made by hand: what deliveries read is run.json and the pages, not the notebooks."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from cs_helpers import hashes
from cs_helpers.report.manifest import Manifest, PublishedPage, Report
from cs_helpers.report.publish import report_store

ROOT = Path(__file__).resolve().parents[2]
QUARTER = "2026Q3"
PRODUCTS = ("expense_desk", "helpdesk")
STALL = {
    "en": "9 customers wait for “First journey” for longer than usual; 1 in 3 has waited twice as long",
    "ja": "9社が「最初の自動化」を通常より長く待っており、3社に1社は通常の2倍を超えています",
}
ROSE = {
    "en": "The share of customers at Lv.3 or more rose from 44% to 52%",
    "ja": "レベル3以上の顧客の割合が44%から52%に上がりました",
}
NOT_KNOWN = {
    "en": "Not known: only two quarters are recorded, so no season can be told",
    "ja": "記録が2四半期分しかないため、季節性は判断できません",
}
WORDS = {
    "en": (
        "Journey: where do customers stall?",
        "Where they wait",
        "Time to value",
        "All reports",
        "All rows",
    ),
    "ja": (
        "ジャーニー：顧客はどこで止まるか",
        "待っている顧客",
        "価値を実感するまで",
        "レポート一覧",
        "全行",
    ),
}


def png(colour: str = "#1f6fb2") -> bytes:
    """A picture of a chart: bars on white."""
    picture = Image.new("RGB", (864, 400), "white")
    draw = ImageDraw.Draw(picture)
    for place in range(6):
        draw.rectangle((60 + 130 * place, 380 - 50 * (place + 1), 140 + 130 * place, 380), fill=colour)
    target = io.BytesIO()
    picture.save(target, "png")
    return target.getvalue()


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100" width="200" height="100" role="img"'
    ' aria-label="Half of the customers within 72 days"><rect width="200" height="100" fill="#ffffff"/>'
    '<rect x="20" y="20" width="100" height="60" fill="#d1495b"/></svg>'
)


def page(language: str, product: str, body: str = "") -> str:
    """A report's page as the template writes it."""
    title, wait, value, back, rows = WORDS[language]
    figure = base64.b64encode(png()).decode()
    return f"""<!DOCTYPE html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title} – {product} {QUARTER}</title>
<style>body {{ font-family: sans-serif }} img {{ max-width: 100% }}</style></head>
<body><main><nav><a href="../index.{language}.html">{back}</a> <a href="#journeys-value_curve">{value}</a>
<a href="maturity.{language}.html#top">{ROSE[language]}</a> <a href="../../2026Q2/{product}/journey.{language}.html">2026Q2</a></nav>
<h1>{title}</h1>
<section><h2>{wait}</h2><p>{STALL[language]}</p>
<figure id="journeys-stalls"><img src="data:image/png;base64,{figure}" alt="Bars: {STALL[language]}" width="864"></figure>
<p><a href="journey.{language}.waiting.csv" download>{rows}</a></p></section>
<section><h2 id="journeys-value_curve" style="break-before: page">{value}</h2><figure>{SVG}</figure></section>
<section>{body}</section>
</main></body></html>
"""


def landing(language: str) -> str:
    """A landing page that leads to every report, to a failed one, to the other language and out of the quarter."""
    links = "".join(
        f'<li><a href="{p}/{n}.{language}.html">{p} {n}</a></li>'
        for p in PRODUCTS
        for n in ("journey", "maturity")
    )
    return f"""<!DOCTYPE html>
<html lang="{language}"><head><meta charset="utf-8"><title>{QUARTER}</title></head><body>
<p><a href="index.en.html">English</a> <a href="index.ja.html">日本語</a></p><h1>{QUARTER}</h1><ul>{links}</ul>
<a href="helpdesk/interviews.{language}.failed.html">why</a> <a class="old" href='../2026Q2/index.html'>2026Q2</a>
<a href="run.json">run</a> <a href="../team/2026Q3/index.html">team</a>
</body></html>
"""


def finding(language: str, **changes) -> dict:
    """The finding of the journey that needs a decision."""
    return {
        "analysis": "journeys", "code": "late", "about": "stalls", "anchor": "journeys-stalls",
        "sentence": STALL[language], "direction": "worse", "certainty": "clear", "n": 38, "value": 0.33,
        "compared": 0.2, "compared_with": "usual", "size": 0.13, "low": 0.04, "high": 0.22, "unit": "share",
        "size_unit": "share", "customers": 9, "mrr": 640000.0, **changes,
    }  # fmt: skip


def rose(language: str) -> dict:
    """The finding of the maturity that is good news, and may be noise."""
    return finding(
        language, analysis="maturity", code="rose", about="levels", anchor="maturity-levels", sentence=ROSE[language],
        direction="better", certainty="unclear", n=56, value=0.52, compared=0.44, compared_with="previous_quarter",
        size=0.08, low=-0.02, high=0.18, customers=None, mrr=None,
    )  # fmt: skip


def metric(value, unit="share", n=56, **more) -> dict:
    """A headline metric as run.json holds it."""
    return {"value": value, "low": None, "high": None, "n": n, "unit": unit, **more}


#: of each product: customers and MRR now and in the quarter before, NRR with its interval
NUMBERS = {"expense_desk": (40, 38, 4_000_000, 4_100_000), "helpdesk": (10, 12, 1_000_000, 900_000)}
DO = {
    "en": "Deliver the first journey together <in one session>",
    "ja": "初期設定ミーティングで最初の1件を一緒に自動化する",
}


def summary_metrics(language, product):
    """The headline numbers of a summary: customers and MRR are counted, NRR is estimated and may be noise."""
    customers, customers_before, mrr, mrr_before = NUMBERS[product]

    def change(value, direction, certainty="counted", **more):
        return {
            "value": value,
            "low": None,
            "high": None,
            "n": 12,
            "certainty": certainty,
            "direction": direction,
            **more,
        }

    return {
        "summary.revenue.customers": metric(
            customers, "count", customers, label={"en": "Customers", "ja": "顧客数"}[language], better="higher",
            previous_quarter=change(customers_before, "better"),
        ),
        "summary.revenue.mrr": metric(
            mrr, "currency", customers, label="MRR", better="higher", currency="JPY",
            previous_quarter=change(mrr_before, "better"),
        ),
        "summary.revenue.nrr": metric(
            0.99, "share", customers, low=0.95, high=1.0, base=mrr, label="NRR", better="higher",
            previous_quarter=change(0.97, "neither", "unclear", low=0.9, high=1.0, base=mrr_before),
        ),
    }  # fmt: skip


def summary_findings(language, product, **changes):
    """A decision (of the help desk a larger one), a change, and what is not known."""
    mrr = 640000.0 if product == "helpdesk" else 250000.0
    asked = {"part": "decisions", "currency": "JPY", "do": DO[language], "who": "CSM", "by": "2026-11-29"}
    due = {**finding(language), **asked, "mrr": mrr, **changes}
    return (
        {**rose(language), "part": "changed", "surprise": 3.0 if product == "helpdesk" else 2.0, "currency": "JPY"},
        due,
        {"analysis": "maturity", "code": "short", "about": "levels", "anchor": "maturity-levels",
         "sentence": NOT_KNOWN[language], "part": "unknown"},
    )  # fmt: skip


def publish(root, audience="leadership", languages=("en", "ja"), quarter=QUARTER, summaries=(), **changes):
    """Publishes the small quarter: two products, two reports each, and one that failed.

    summaries: the products that have a summary, too. changes: of each finding that needs a decision.
    """
    store = report_store(root, audience)
    files: dict[str, bytes] = {}
    reports: dict[str, Report] = {}

    def add(product, name, language, content, title, message, metrics, findings, downloads):
        file = f"{product}/{name}.{language}.html"
        files[file] = content.encode()
        for download, rows in downloads.items():
            files[f"{product}/{download}"] = rows
        good = PublishedPage(
            status="published", sha256=hashes.of(content), title=title, message=message, metrics=metrics,
            findings=findings, downloads={n: hashes.of(c) for n, c in downloads.items()}, fingerprint="f",
            anchors={"journey": ("journeys-stalls", "journeys-value_curve"), "maturity": ("maturity-levels",)}.get(name, ()),
            snapshot="2026-09-30-0123456789ab", made_at="2026-10-02T06:00:00+00:00",
        )  # fmt: skip
        reports[file] = entry(product, name, language, "published", title, good)

    def entry(product, name, language, status, title, good):
        number = {"journey": 40, "maturity": 30, "interviews": 10, "executive_summary": 90}[name]
        parameters = {"product": product, "language": language, "quarter": quarter, "audience": audience}
        return Report(
            status=status, analysis=name, notebook=f"{number}_{name}", parameters=parameters, title=title, seconds=2.0,
            made_at="2026-10-02T06:00:00+00:00", good=good,
        )  # fmt: skip

    for language in languages:
        files[f"index.{language}.html"] = landing(language).encode()
        for product in PRODUCTS:
            waits = {f"journey.{language}.waiting.csv": b"\xef\xbb\xbfaccount,days\r\nA1,90\r\n"}
            add(
                product, "journey", language, page(language, product), WORDS[language][0], STALL[language],
                {"journeys.days_to_value": metric(72.5, "days", 38, low=62.6, high=103.5)},
                (finding(language, **changes),) if product == "helpdesk" else (), waits,
            )  # fmt: skip
            add(
                product, "maturity", language, page(language, product, "<p id='maturity-levels'></p>"),
                ROSE[language], NOT_KNOWN[language],
                {"maturity.upper_levels": metric(0.52, low=0.39, high=0.64)}, (rose(language),), {},
            )  # fmt: skip
        for product in summaries:
            add(
                product, "executive_summary", language, page(language, product), "Summary", "",
                summary_metrics(language, product), summary_findings(language, product, **changes), {},
            )  # fmt: skip
        failed = f"helpdesk/interviews.{language}.html"
        files[failed.replace(".html", ".failed.html")] = (
            f'<a href="../index.{language}.html">back</a>'.encode()
        )
        reports[failed] = entry("helpdesk", "interviews", language, "failed", "Interviews", None)
    files["index.html"] = files[f"index.{languages[0]}.html"]
    manifest = Manifest(
        quarter=quarter, audience=audience, snapshot="2026-09-30-0123456789ab", as_of="2026-09-30",
        published_at="2026-10-02T06:00:00+00:00", versions={"python": "3.11"}, reports=reports,
    )  # fmt: skip
    store.publish(quarter, files, [], manifest)
    return store


@pytest.fixture
def reports(tmp_path):
    """The folder of a published quarter, with an earlier one and the team's edition of it."""
    publish(tmp_path / "reports")
    publish(tmp_path / "reports", quarter="2026Q2", languages=("en",))
    publish(tmp_path / "reports", "team", languages=("en",))
    return tmp_path / "reports"
