"""Create a move of a project score: a first one to fill in, or a copy of the newest one."""

from __future__ import annotations

import re
from datetime import date

from cs_helpers import paths
from cs_helpers.contract.products import load_product
from cs_helpers.contract.project_score import FOLDER, MISSING, RESOURCES
from cs_helpers.errors import ParameterError, did_you_mean
from cs_helpers.text import Text

_WORDS = f'{{en: "{MISSING}", ja: "{MISSING}"}}'
_COMMENTS = (
    "about", "why", "goal", "winning_condition", "measured_by", "purposes", "measures", "serves", "means", "given_eight",
    "stakeholders", "their_condition",
)  # fmt: skip
_WHY = re.compile(r"^why:.*\n(?:[ \t]+.*\n)*", re.MULTILINE)


def start_score(product: str, text: Text, today: date | None = None) -> str:
    """Write `data/products/scores/<product>/<today>.yml`, and return a sentence that describes it.

    Without an earlier move it has comments in the language of `text` and '?' for the words that are missing, which is refused
    until it is filled in; else it is a copy of the newest move, in which what made the move is missing. Raises
    `ParameterError` where there is no such product or a move of today, and `SettingError` where the files are invalid; then
    nothing is written.
    """
    folder = paths.products()
    known = sorted(file.stem for file in folder.glob("*.yml"))
    if product not in known:
        raise ParameterError(
            "product",
            f"there is no product file of that name.{did_you_mean(product, known)}".rstrip("."),
            value=product,
            allowed=", ".join(known),
        )
    target = folder / FOLDER / product / f"{today or date.today()}.yml"
    if target.exists():
        raise ParameterError(
            "product", f"the file {paths.display_path(target)} is there already", value=product
        )
    moves = load_product(folder / f"{product}.yml").scores
    target.parent.mkdir(parents=True, exist_ok=True)
    if not moves:
        target.write_text(first_score_text(text), encoding="utf-8")
        return f"{paths.display_path(target)} is the first move: write words in place of each '{MISSING}'"
    newest = target.parent / f"{moves[-1].moved_on}.yml"
    target.write_text(next_score_text(newest.read_text(encoding="utf-8-sig"), text), encoding="utf-8")
    return (
        f"{paths.display_path(target)} is a copy of {newest.name}: write below 'why' what made this move, and change what it"
        " changes"
    )


def next_score_text(newest: str, text: Text) -> str:
    """The text of the next move: that of the newest one, in which what made the move is missing."""
    why = f"why: {_WORDS} # {text('draft.score.why')}\n"
    return _WHY.sub(why, newest, count=1) if _WHY.search(newest) else why + newest


def first_score_text(text: Text) -> str:
    """The text of a first move, with comments; '?' stands for words that are missing."""
    said = {name: text(f"draft.score.{name}") for name in _COMMENTS}
    number = "# measured_by: {metric: revenue.nrr_year, target: 0.9, by: 2027-03-31}"
    given = "".join(f"  # {name}: {_WORDS} # {text(f'draft.score.given.{name}')}\n" for name in RESOURCES[1:])
    return f"""\
# {said["about"]}
why: {_WORDS} # {said["why"]}

goal: {_WORDS} # {said["goal"]}

winning_condition: # {said["winning_condition"]}
  words: {_WORDS}
  {number} # {said["measured_by"]}

purposes: # {said["purposes"]}
  - id: purpose_1
    words: {_WORDS}
    {number}
  - id: purpose_2
    words: {_WORDS}

measures: # {said["measures"]}
  - id: measure_1
    words: {_WORDS}
    purposes: [purpose_1] # {said["serves"]}
    # means: {said["means"]}
  - id: measure_2
    words: {_WORDS}
    purposes: [purpose_2]

given: # {said["given_eight"]}
  members: {_WORDS} # {text("draft.score.given.members")}
{given}
stakeholders: # {said["stakeholders"]}
  - role: {_WORDS}
    words: {_WORDS} # {said["their_condition"]}
    {number}
"""
