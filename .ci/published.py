"""Asserts on what the main job published: all pages there, whole, and about the planted truths."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd

from cs_helpers.report.gate import check_page
from cs_helpers.sample.truths import COMPETENCY, FIRST_GAP, TRAINING

ROOT = Path(__file__).resolve().parents[1]
#: what the sample has contracts of, and every notebook
PRODUCTS = sorted(set(pd.read_csv(ROOT / "data" / "sample" / "contracts.csv")["product"]))
REPORTS = sorted(f.stem.partition("_")[2] for f in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
#: without a picture as PNG: the summary has none, and the operations map and the project score are drawings
WITHOUT_PICTURES = {"executive_summary", "operations_map", "project_score"}
assert PRODUCTS
assert REPORTS

folder, edition = Path(sys.argv[1]), sys.argv[2]
manifest = json.loads((folder / "run.json").read_text(encoding="utf-8"))
reports = manifest["reports"]
assert manifest["audience"] == edition
expected = {f"{p}/{a}.{lang}.html" for p in PRODUCTS for a in REPORTS for lang in ("en", "ja")}
assert set(reports) == expected, set(reports) ^ expected
for name, report in reports.items():
    assert report["status"] == "published", (name, report)
    page = (folder / name).read_text(encoding="utf-8")
    assert check_page(page) == [], name
    assert ("<img " in page) == (report["analysis"] not in WITHOUT_PICTURES), name
    assert ('class="edition"' in page) == (edition == "team"), name
    assert report["parameters"]["audience"] == edition, name
for name in ("index.html", "index.en.html", "index.ja.html"):
    page = (folder / name).read_text(encoding="utf-8")
    assert check_page(page) == [], name
    language = "en" if name == "index.en.html" else "ja"
    for report in expected:
        assert (f'href="{report}"' in page) == report.endswith(f".{language}.html"), (name, report)

stall = reports["paper_to_web/journey_funnels.en.html"]["good"]["message"]
assert "Second department" in stall, stall
odd_week = reports["paper_to_web/health_baselines.en.html"]["good"]["message"]
assert "17 Aug 2026" in odd_week, odd_week
summary = reports["paper_to_web/executive_summary.en.html"]["good"]["findings"]
said = " ".join(finding["sentence"] for finding in summary)
for planted in ("17 Aug 2026", "still only one department", "New customers ask less"):
    assert planted in said, (planted, said)
planted_product, planted_goal = FIRST_GAP
for language in ("en", "ja"):
    summary = reports[f"{planted_product}/executive_summary.{language}.html"]["good"]["findings"]
    first = next(finding for finding in summary if finding["part"] == "gaps")
    assert (first["goal"], first["decided"]) == (planted_goal, True), (language, first)
    for tracker in ("jira", "github"):
        file = folder / planted_product / f"gap_plan.{language}.tracker_{tracker}.csv"
        assert len(pd.read_csv(file)) >= 1, file
for language in ("en", "ja"):
    page = (folder / f"index.{language}.html").read_text(encoding="utf-8")
    assert page.count('class="card"') >= 6 * len(PRODUCTS), language
assert (folder / "metrics.parquet").stat().st_size
for (
    product
) in PRODUCTS:  # one element of competency sets high performers apart in one product, and none elsewhere
    told = reports[f"{product}/competency.en.html"]["good"]["message"]
    assert ("Forms a hypothesis" in told) == (product == COMPETENCY.product), told
helped = reports[f"{TRAINING.product}/team.en.html"]["good"]["findings"]
assert any(finding["code"] == "training_faster" for finding in helped), helped
staff = [*(f"csm-{n:02}" for n in range(1, 13)), "lead-01", *(f"C-{n:02}" for n in range(1, 10))]
shown = [n for n in reports if any(who in (folder / n).read_text(encoding="utf-8") for who in staff)]
assert bool(shown) == (edition == "team"), shown
print(f"{len(reports)} reports of {manifest['quarter']} for {edition} are published and whole")
