"""What the moves of a project score may say, how they are loaded, and the sentence where they may not be."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from builders import means, product, words

from cs_helpers.contract.products import Product, load_product, load_products, product_files
from cs_helpers.contract.project_score import RESOURCES, ProjectScore
from cs_helpers.errors import SettingError
from cs_helpers.summary import check_metrics

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "products"


def score(**parts: Any) -> dict[str, Any]:
    """The content of a file with two purposes and a measure for each."""
    return {
        "why": words("Because."),
        "goal": words("Win."),
        "winning_condition": {"words": words("They stay.")},
        "purposes": [purpose("early"), purpose("often")],
        "measures": [measure("call", "early"), measure("write", "often")],
        **parts,
    }


def purpose(name: str, **other: Any) -> dict[str, Any]:
    return {"id": name, "words": words(name), **other}


def measure(name: str, *purposes: str, **other: Any) -> dict[str, Any]:
    return {"id": name, "words": words(name), "purposes": list(purposes), **other}


@pytest.fixture
def products(tmp_path: Path) -> Path:
    """A folder with the file of one product that has no moves."""
    (tmp_path / "scores" / "helpdesk").mkdir(parents=True)
    (tmp_path / "helpdesk.yml").write_bytes((SHIPPED / "helpdesk.yml").read_bytes())
    return tmp_path


def write(products: Path, name: str, content: Any, of: str = "helpdesk") -> Path:
    file = products / "scores" / of / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return file


def refused(products: Path) -> str:
    with pytest.raises(SettingError) as caught:
        load_products(products)
    return str(caught.value)


def test_moves_are_loaded_oldest_first_and_are_a_part_of_the_product(products: Path) -> None:
    write(products, "2026-07-06.yml", score(goal=words("Second")))
    write(products, "2026-04-06.yml", score(goal=words("First")))
    loaded = load_product(products / "helpdesk.yml")
    assert [one.moved_on for one in loaded.scores] == [date(2026, 4, 6), date(2026, 7, 6)]
    assert [one.goal.en for one in loaded.scores] == ["First", "Second"]


def test_a_product_without_moves_has_none(products: Path) -> None:
    assert load_product(products / "helpdesk.yml").scores == ()


def test_what_a_snapshot_stores_of_a_product_loads_again(products: Path) -> None:
    bound = {"metric": "revenue.nrr_year", "target": 0.9, "by": "2027-03-31"}
    write(products, "2026-04-06.yml", score(given={"rivals": words("The post.")}, winning_condition={"words": words("x"), "measured_by": bound}))  # fmt: skip
    loaded = load_product(products / "helpdesk.yml")
    assert Product.model_validate(loaded.model_dump(mode="json")) == loaded


def test_the_elements_lead_from_measures_to_the_goal() -> None:
    made = ProjectScore.model_validate(score(moved_on=date(2026, 4, 6), given={"rivals": words("The post."), "members": words("Two.")}))  # fmt: skip
    assert [(e.kind, e.id, e.to) for e in made.elements] == [
        ("goal", "goal", ()),
        ("winning_condition", "winning_condition", ("goal",)),
        ("purpose", "early", ("winning_condition",)),
        ("purpose", "often", ("winning_condition",)),
        ("measure", "call", ("early",)),
        ("measure", "write", ("often",)),
        ("given", "members", ()),
        ("given", "rivals", ()),
    ]
    assert len(RESOURCES) == 8


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"measures": [measure("call", "early")]}, "no measure serves the purpose 'often', name it in the 'purposes' of a measure"),
        ({"measures": [measure("call")]}, "1 or more entries are needed here, not 0"),
        ({"measures": [measure("call", "early", "ofen")]}, "the measure 'call' serves the purpose 'ofen', there is none with this id. Did you mean 'often'?"),
        ({"measures": [measure("call", "early", "early", "often")]}, "the measure 'call' serves the purpose 'early' twice"),
        ({"purposes": [purpose("early"), purpose("early")]}, "two purposes or measures have the id 'early', give each one of its own"),
        ({"measures": [measure("early", "early", "often")]}, "two purposes or measures have the id 'early', give each one of its own"),
        ({"measures": [measure("quality", "early", "often")]}, "'quality' is the name of another part of the score, choose another id"),
        ({"given": {"weather": words("Rain.")}}, "'weather' is not allowed"),
        ({"winning_condition": {"words": words("x"), "measured_by": {"metric": "project_score.met", "target": 1}}}, "a project score cannot be measured by a number of the project score itself"),
        ({"stakeholders": [{"role": words("Sales"), "words": words("x")}, {"role": words("sales"), "words": words("y")}]}, "the stakeholder 'sales' is named twice, write what it says once"),
        ({"why": {"en": "?", "ja": "?"}}, "'?' stands for words that are missing, write them"),
        ({"moved_on": "2026-04-06"}, "the day of a move is the name of its file, leave this key out"),
        ({"gaol": words("Win.")}, "there is no such key"),
    ],
    ids=lambda value: str(value)[:50],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence(products: Path, parts: dict[str, Any], said: str) -> None:
    file = write(products, "2026-04-06.yml", score(**parts))
    assert said in (message := refused(products))
    assert file.name in message


def test_a_file_with_a_part_that_holds_itself_is_refused(products: Path) -> None:
    write(products, "2026-04-06.yml", score()).write_text("why: &a {en: x, ja: *a}\n", encoding="utf-8")
    assert "a part of it ('&' and '*') holds itself" in refused(products)


@pytest.mark.parametrize("name", ["2026-4-6.yml", "first.yml", "2026-02-30.yml", "2026-04-06.yaml", "2026-04-06 (1).yml", "2026-04-06.YML"])  # fmt: skip
def test_a_file_that_is_not_named_after_a_day_is_refused_so_that_no_day_has_two(
    products: Path, name: str
) -> None:
    write(products, "2026-04-06.yml", score())
    write(products, name, score())
    assert "a move is named after its day, as in 2026-07-01.yml" in refused(products)


def test_a_move_of_a_day_to_come_is_refused(products: Path) -> None:
    day = date.today() + timedelta(days=1)
    write(products, f"{day}.yml", score())
    assert f"the day {day} is still to come; a move is written on the day on which it is made" in refused(products)  # fmt: skip
    (products / "scores" / "helpdesk" / f"{day}.yml").rename(products / "scores" / "helpdesk" / f"{date.today()}.yml")  # fmt: skip
    assert len(load_products(products)["helpdesk"].scores) == 1


def test_moves_of_no_product_and_moves_inside_the_product_file_are_refused(products: Path) -> None:
    write(products, "2026-04-06.yml", score(), of="helpdsk")
    assert "there is no product file named 'helpdsk.yml' for this folder. Did you mean 'helpdesk'?" in refused(products)  # fmt: skip
    (products / "helpdesk.yml").write_text((SHIPPED / "helpdesk.yml").read_text(encoding="utf-8") + "\nscores: [{}]\n", encoding="utf-8")  # fmt: skip
    assert "each move has a file of its own, as in scores/helpdesk/2026-07-01.yml" in refused(products)


def test_the_newest_move_uses_only_means_that_there_are_and_an_earlier_one_may_use_what_is_gone() -> None:
    def made(*used: str) -> Product:
        moves = [
            score(moved_on=date(2026, 4, n), measures=[measure("call", "early", "often", means=name)])
            for n, name in enumerate(used, start=1)
        ]
        content = product(means=[means("phone")]).model_dump(mode="json")
        return Product.model_validate({**content, "scores": moves})

    assert made("letter", "phone").scores[0].measures[0].means == "letter"
    with pytest.raises(
        ValueError, match="the measure 'call' of the project score uses the means 'letter', the section means"
    ):
        made("phone", "letter")


def test_a_number_that_no_report_has_is_refused_with_the_nearest() -> None:
    bound = {"metric": "revenue.nr_year", "target": 0.9}
    moves = [score(moved_on=date(2026, 4, 1), winning_condition={"words": words("x"), "measured_by": bound})]
    made = Product.model_validate({**product().model_dump(mode="json"), "scores": moves})
    with pytest.raises(SettingError, match=r"no report has the headline number 'revenue.nr_year'.*Did you mean 'revenue.nrr_year'"):  # fmt: skip
        check_metrics(made)


def test_moves_are_among_the_files_that_a_snapshot_depends_on(products: Path) -> None:
    move = write(products, "2026-04-06.yml", score())
    assert product_files(products) == [products / "helpdesk.yml", move]


def test_the_shipped_scores_say_each_thing_in_both_languages() -> None:
    for shipped in load_products(SHIPPED).values():
        for move in shipped.scores:
            for element in move.elements:
                assert element.words.en != element.words.ja
