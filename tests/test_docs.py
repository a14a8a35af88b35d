"""The guides: what one language says, the other says too, and what they name is there."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from pydantic import ValidationError

from cs_helpers import analyses
from cs_helpers.contract.baselines import VALUES, Alerts, Baseline, Calendar
from cs_helpers.contract.health import Health
from cs_helpers.contract.maturity import Maturity
from cs_helpers.contract.playbook import Play
from cs_helpers.contract.product_parts import VALUES as MEASURED
from cs_helpers.contract.products import Product
from cs_helpers.contract.project_score import RESOURCES, ProjectScore
from cs_helpers.product_draft.copied_product import new_product_text
from cs_helpers.sources.inspect import proposal
from cs_helpers.sources.mapping import ColumnSource, Sources

ROOT = Path(__file__).resolve().parents[1]
PAIRS = {
    "README.md": "README.ja.md",
    "docs/quick-start.md": "docs/ja/quick-start.md",
    "docs/explore.md": "docs/ja/explore.md",
    "docs/bring-your-own-data.md": "docs/ja/bring-your-own-data.md",
    "docs/deliver.md": "docs/ja/deliver.md",
    "docs/baselines.md": "docs/ja/baselines.md",
    "docs/health.md": "docs/ja/health.md",
    "docs/maturity.md": "docs/ja/maturity.md",
    "docs/handover.md": "docs/ja/handover.md",
    "docs/team.md": "docs/ja/team.md",
    "docs/product-feedback.md": "docs/ja/product-feedback.md",
    "docs/means.md": "docs/ja/means.md",
    "docs/gap-plan.md": "docs/ja/gap-plan.md",
    "docs/competency.md": "docs/ja/competency.md",
    "docs/project-score.md": "docs/ja/project-score.md",
    "docs/ten-principles.md": "docs/ja/ten-principles.md",
    "docs/people.md": "docs/ja/people.md",
    "docs/recognition.md": "docs/ja/recognition.md",
    "docs/dashboard.md": "docs/ja/dashboard.md",
    "docs/interview-coding.md": "docs/ja/interview-coding.md",
}
PAGES = [*PAIRS, *PAIRS.values(), *(f"docs/{p.name}" for p in sorted((ROOT / "docs").glob("*.md")))]
EXPORTS = ROOT / "docs" / "quick-start" / "exports"


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[tuple[str, str]]:
    """The code blocks: their language and content."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text(page), flags=re.MULTILINE | re.DOTALL)


def prose(page: str) -> str:
    return re.sub(r"^```.*?^```$", "", text(page), flags=re.MULTILINE | re.DOTALL)


def headings(page: str) -> list[int]:
    return [len(found) for found in re.findall(r"^(#+) ", prose(page), flags=re.MULTILINE)]


def tables(page: str) -> list[int]:
    """The number of rows of each table."""
    found, rows = [], 0
    for line in [*prose(page).splitlines(), ""]:
        if line.startswith("|"):
            rows += 1
        elif rows:
            found.append(rows)
            rows = 0
    return found


def content(language: str, code: str) -> object:
    """What a block says, without comments; of what a command prints, how many lines and which numbers."""
    if language == "yaml":
        return yaml.safe_load(code)
    if language == "text":
        return sorted(re.findall(r"\d[\d,.:-]*\d|\d", code))
    return [re.sub(r"\s+#.*", "", line) for line in code.splitlines()]


@pytest.mark.parametrize(("english", "japanese"), PAIRS.items())
def test_both_languages_have_the_same_sections(english, japanese):
    assert headings(english) == headings(japanese)
    assert tables(english) == tables(japanese)


@pytest.mark.parametrize(("english", "japanese"), PAIRS.items())
def test_what_is_typed_is_the_same_in_both_languages(english, japanese):
    assert [language for language, _ in blocks(english)] == [language for language, _ in blocks(japanese)]
    for ours, theirs in zip(blocks(english), blocks(japanese), strict=True):
        assert content(*ours) == content(*theirs)


@pytest.mark.parametrize("page", PAIRS)
def test_every_block_says_what_it_is(page):
    assert {language for language, _ in blocks(page)} <= {"sh", "yaml", "text"}


@pytest.mark.parametrize(("english", "japanese"), PAIRS.items())
def test_each_language_leads_to_the_other(english, japanese):
    for page, other in ((english, japanese), (japanese, english)):
        links = re.findall(r"\]\(([^)#]+)", text(page))
        assert (ROOT / other).resolve() in {((ROOT / page).parent / link).resolve() for link in links}


@pytest.mark.parametrize("page", dict.fromkeys(PAGES))
def test_links_lead_to_files_that_are_there(page):
    links = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    inside = [unquote(link.partition("#")[0]) for link in links if not re.match(r"https?:|#", link)]
    assert [link for link in inside if not ((ROOT / page).parent / link).exists()] == []


@pytest.mark.parametrize("page", PAIRS.values())
def test_japanese_prose_holds_no_english_sentence(page):
    bare = re.sub(r"`[^`]*`|\[[^\]]*\]|\([^)]*\)", " ", prose(page))
    assert re.findall(r"\b[a-z]{2,}(?: [a-z]{2,}){3,}", bare) == []


def test_what_is_drafted_in_the_quick_start_runs_once_the_lines_of_the_guide_are_filled_in(tmp_path):
    """`inspect` marks the lines that the guide fills in, no others, and `check` then finds nothing wrong."""
    from cs_helpers.snapshot.take import check_tables

    sources = tmp_path / "data" / "sources.yml"
    sources.parent.mkdir()
    draft = proposal.propose(proposal.inspect(str(EXPORTS)), sources.parent)
    head, lines = (yaml.safe_load(code) for language, code in blocks("docs/quick-start.md")[2:4])
    assert head is None
    said = blocks("docs/quick-start.md")[2][1].strip()
    assert said in draft
    needed = re.search(r"# Still needed: (.*)", said)[1].split(", ")
    filled = {f"{table}.{c}" for table, part in lines["tables"].items() for c in part["columns"]}
    assert filled == set(needed)
    whole = yaml.safe_load(draft)
    for table, part in lines["tables"].items():
        whole["tables"][table]["columns"] |= part["columns"]
    sources.write_text(yaml.safe_dump(whole, allow_unicode=True), encoding="utf-8")
    products = tmp_path / "data" / "products"
    products.mkdir()
    model = (ROOT / "data" / "products" / "expense_desk.yml").read_text(encoding="utf-8")
    (products / "desk.yml").write_text(new_product_text(model, "desk"), encoding="utf-8")
    found = check_tables(sources, folder=tmp_path / "snapshots", products=products)
    rows = dict(re.findall(r"^(\w+) +([\d,]+) ", blocks("docs/quick-start.md")[5][1], flags=re.MULTILINE))
    assert {name: f"{count:,}" for name, count in found.rows_read.items()} == rows
    assert found.rows_kept == found.rows_read
    assert [f.rule for f in found.findings] == []


def test_the_steps_of_the_quick_start_are_counted():
    numbers = [int(n) for n in re.findall(r"^## (\d)\.", text("docs/quick-start.md"), flags=re.MULTILINE)]
    assert all(b == a + 1 for a, b in pairwise(numbers))


@pytest.mark.parametrize("page", PAIRS.values())
def test_a_japanese_paragraph_is_one_line(page):
    """Else its readers see a blank where the line was broken."""
    lines = prose(page).splitlines()
    special = ("#", "|", "<!--", "![", "- ")
    broken = [
        b for a, b in pairwise(lines) if a and b and not a.startswith(special) and not b.startswith(special)
    ]
    assert broken == []


def as_sources(said: dict) -> dict | None:
    """A part of a sources file as a whole one; `None` for what is part of a product file or a project score."""
    if set(said) & {*Product.model_fields, *ProjectScore.model_fields}:
        return None
    if not set(said) & {*Sources.model_fields, "columns"}:
        said = {"tables": said}
    if "columns" in said:
        said = {"tables": {"contracts": {"from": "x", **said}}}
    tables = {name: table if {"from", "sql"} & set(table) else {"from": "x", **table}
              for name, table in said.get("tables", {}).items()}  # fmt: skip
    return {"files": {"x": "x.csv"}, **said, "tables": {"accounts": {"from": "x"}, **tables}}


@pytest.mark.parametrize("page", [p for p in PAIRS if p not in ("README.md", "docs/deliver.md")])
@pytest.mark.skipif(
    not {"sizes", "refused_at_most"} <= set(Sources.model_fields)
    or not {"normalize", "number"} <= set(ColumnSource.model_fields),
    reason="the guide is about a sources file that knows more",
)
def test_what_the_guides_write_in_a_sources_file_can_stand_there(page):
    for language, code in blocks(page):
        said = yaml.safe_load(code) if language == "yaml" else None
        if isinstance(said, dict) and set(said) <= {"ended_on", "ended_how"}:
            said = {"columns": said}
        if isinstance(said, dict) and (whole := as_sources(said)) is not None:
            Sources.model_validate(whole)


@pytest.mark.parametrize("folder", ["docs", "docs/ja"])
def test_what_the_guide_writes_of_watched_numbers_can_stand_there_and_names_all_of_them(folder):
    page = f"{folder}/bring-your-own-data.md"
    written = [yaml.safe_load(code) for language, code in blocks(page) if language == "yaml"]
    (numbers,) = [said["baselines"] for said in written if isinstance(said, dict) and "baselines" in said]
    assert [Baseline.model_validate(number).by for number in numbers] == ["size"]
    (settings,) = [said for said in written if isinstance(said, dict) and "alerts" in said]
    assert Alerts.model_validate(settings["alerts"]) == Alerts()
    assert Calendar.model_validate(settings["calendar"]).country == "JP"
    for value in {value for values in VALUES.values() for value in values}:
        assert f"`{value}`" in text(page)


@pytest.mark.parametrize("folder", ["docs", "docs/ja"])
def test_what_the_guide_writes_in_a_playbook_can_stand_there(folder):
    said = [
        yaml.safe_load(code)
        for language, code in blocks(f"{folder}/bring-your-own-data.md")
        if language == "yaml"
    ]
    plays = [play for part in said if isinstance(part, dict) for play in part.get("playbook", ())]
    assert [Play.model_validate(play).rule is None for play in plays] == [False]


@pytest.mark.parametrize("page", ["docs/health.md", "docs/ja/health.md"])
def test_the_health_score_that_the_guide_writes_can_stand_in_a_product_file(page):
    said = [yaml.safe_load(code)["health"] for language, code in blocks(page) if language == "yaml"]
    whole, *parts = [
        Health.model_validate(part if "measures" in part else {**said[0], **part}) for part in said
    ]
    assert [rule.segment for rule in whole.segments] == ["touch_model:tech", "size:small"]
    assert parts


@pytest.mark.parametrize("page", ["docs/maturity.md", "docs/ja/maturity.md"])
def test_the_levels_that_the_guide_writes_can_stand_in_a_product_file_and_every_measure_is_told(page):
    said = [yaml.safe_load(code) for language, code in blocks(page) if language == "yaml"]
    levels = [Maturity.model_validate(part["maturity"]) for part in said if "maturity" in part]
    assert [curve.top for curve in levels] == [3]
    for name in (*MEASURED, *(value for values in MEASURED.values() for value in values)):
        assert f"`{name}`" in text(page)


@pytest.mark.parametrize("page", ["docs/project-score.md", "docs/ja/project-score.md"])
def test_the_project_score_that_the_guide_writes_can_stand_in_a_file_and_all_that_is_given_is_named(page):
    (said,) = [yaml.safe_load(code) for language, code in blocks(page) if language == "yaml"]
    assert len(ProjectScore.model_validate({**said, "moved_on": "2026-07-06"}).purposes) == 2
    assert [name for name in RESOURCES if f"`{name}`" not in text(page)] == []


@pytest.mark.parametrize("folder", ["docs", "docs/ja"])
def test_the_headlines_and_targets_that_the_guide_writes_are_metrics_of_analyses(folder):
    said = [
        yaml.safe_load(code)
        for language, code in blocks(f"{folder}/bring-your-own-data.md")
        if language == "yaml"
    ]
    part = next(part for part in said if "headlines" in part)
    declared = {f"{name}.{m}" for name in analyses.names() for m in analyses.analysis(name).declares.metrics}
    assert set(part["headlines"]) | set(part["targets"]) <= declared
    with pytest.raises(ValidationError) as errors:
        Product.model_validate(part)
    assert {error["type"] for error in errors.value.errors()} == {
        "missing"
    }  # of what a product file has besides


@pytest.mark.parametrize("page", ["docs/baselines.md", "docs/ja/baselines.md"])
def test_what_the_guide_to_baselines_writes_can_stand_in_a_product_file(page):
    said = [yaml.safe_load(code) for language, code in blocks(page) if language == "yaml"]
    assert [list(part) for part in said] == [["baselines"], ["alerts"], ["calendar"]]
    for part in said:
        with pytest.raises(ValidationError) as errors:
            Product.model_validate(part)
        # of what a product file has besides
        assert {error["type"] for error in errors.value.errors()} == {"missing"}
    assert Alerts.model_validate(said[1]["alerts"]) == Alerts()


@pytest.mark.parametrize("page", ["docs/baselines.md", "docs/ja/baselines.md"])
def test_the_guide_to_baselines_names_all_that_can_be_watched(page):
    said = prose(page)
    for source, values in VALUES.items():
        assert f"`{source}`" in said
        assert [value for value in values if f"`{value}`" not in said] == []


def test_the_mail_settings_of_the_guide_can_stand_in_their_file(monkeypatch, tmp_path):
    from cs_helpers.delivery.mail_settings import mail_settings

    monkeypatch.setenv("CS_WORKBOOK_HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    (code,) = (code for language, code in blocks("docs/deliver.md") if language == "yaml")
    (tmp_path / "data" / "mail.yml").write_text(code, encoding="utf-8")
    assert mail_settings().to == ("board@example.com", "Sales <sales@example.com>")
