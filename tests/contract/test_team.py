"""The section `team` of a product file: what cannot be is refused in a sentence."""

from __future__ import annotations

from typing import Any

import pytest
from builders import product, words

TALK = {"id": "talk", "name": words("A talk"), "step": "kickoff"}
FIRST = {"kind": "conversion", "step": "contract"}


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"elements": [{"id": "all", "name": words("All")}]}, "team.elements: 'all' stands for all of them"),
        ({"trainings": [TALK | {"step": "contract"}]}, "names the step 'contract', the first one"),
        ({"trainings": [TALK | {"step": "kickof"}]}, "there is none of this name. Did you mean 'kickoff'?"),
        ({"awards": [{"id": "a", "name": words("A"), "indicator": FIRST}]}, "the first one, which nobody waits"),
        (
            {
                "trainings": [TALK],
                "promotions": [
                    {
                        "id": "up", "from_grade": "a", "to_grade": "b",
                        "criteria": [{"training": "talk"}, {"training": "talk"}],
                    }
                ],
            },
            "a promotion asks for the same thing twice",
        ),
    ],
)  # fmt: skip
def test_what_a_team_cannot_be_is_refused_in_a_sentence(section: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - by pydantic or by a check of its own
        product(team={"agreed_on": "2026-01-01", **section})
    assert said in str(caught.value)
