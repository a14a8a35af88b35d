"""210 real dialogues in Japanese, loaded by a mapping alone: key words and concordance against plain text search."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from cs_helpers.analyses import interviews
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData
from cs_helpers.snapshot.take import take_snapshot
from cs_helpers.words.concordance import Concordance, Count

ROOT = Path(__file__).parents[3]
FOLDER = ROOT.parent / "shared" / "data" / "interviews_asdc_ja"


@pytest.fixture(scope="module")
def said() -> list[dict[str, str]]:
    """What customers said, as it was written."""
    if not FOLDER.exists():
        pytest.skip(f"the data is not beside this checkout: {FOLDER}")
    with (FOLDER / "dialog_act.tsv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file, delimiter="\t") if row["speaker"] == "user"]


@pytest.fixture(scope="module")
def data(said: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> ProductData:
    folder = tmp_path_factory.mktemp("asdc")
    mapping = (ROOT / "tests" / "sources" / "mappings" / "asdc.yml").read_text(encoding="utf-8")
    (folder / "sources.yml").write_text(re.sub(r"\bASDC\b", str(FOLDER), mapping), encoding="utf-8")
    return take_snapshot(
        folder / "sources.yml", folder=folder / "snapshots", products=ROOT / "data" / "products"
    ).read("helpdesk")


@pytest.fixture(scope="module")
def result(data: ProductData) -> Result:
    return interviews.analyse(data, Quarter(2026, 3))


def test_each_dialogue_is_a_company_and_each_thing_a_customer_said_a_note(
    result: Result, said: list[dict[str, str]]
) -> None:
    assert result.metrics["companies"].value == len({row["src_file_id"] for row in said}) == 210
    assert result.metrics["notes"].value == len(said)
    acts = {row["speech_act"] for row in said if row["speech_act"]}
    assert set(result.tables["themes"]["code"]) == acts


def test_what_each_act_was_said_by_is_counted_in_dialogues(
    result: Result, said: list[dict[str, str]]
) -> None:
    companies = result.tables["themes"].set_index("code")["companies"].to_dict()
    by_hand = {code: len({r["src_file_id"] for r in said if r["speech_act"] == code}) for code in companies}
    assert companies == by_hand


def test_who_travels_with_children_speaks_of_children(result: Result) -> None:
    words = result.tables["key_words"]
    own = words[(words["segment"] == "with children") & words["sure"]]
    assert own["written"].iloc[0] in ("子供", "子ども", "お子様", "娘", "息子")
    assert {"子供", "娘", "息子"} & set(own["written"].head(6))
    other = words[(words["segment"] == "without children") & words["sure"]]
    assert not other["written"].str.contains("子供|娘|息子").any()


def test_a_word_is_found_wherever_it_stands_in_the_raw_text(said: list[dict[str, str]]) -> None:
    texts = [row["utterance"] for row in said]
    index = Concordance(texts)
    for word in ("温泉", "露天風呂", "駐車場", "ツイン"):
        result = index.find(word, as_written=True, lines=0)
        assert result.total == sum(text.count(word) for text in texts)
        assert result.as_word is not None
        assert result.as_word.places <= result.total
    # 夫 stands in 大丈夫 (95), 夫婦 (31) and 丈夫 (1) besides
    husbands = index.find("夫", lines=0)
    assert husbands.as_word == Count(21, is_capped=False)
    assert husbands.as_letters == Count(148, is_capped=False)
    result = index.find("子供", lines=10_000).lines
    assert {"子供", "子ども", "こども"} <= set(result["hit"])
    assert index.find(r"[0-9０-９一二三]+泊", pattern=True, lines=0).total == sum(
        len(re.findall(r"[0-9０-９一二三]+泊", text)) for text in texts
    )


def test_most_words_are_reached_from_the_acts_as_nearly_all_is_coded(result: Result) -> None:
    assert (result.metrics["words_in_reach"].value or 0) > 0.95
