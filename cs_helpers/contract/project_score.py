"""The model of a project score (プ譜): how a project is meant to be won, one file a move, and the files' loading."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from pydantic import Field, ValidationError, model_validator

from cs_helpers.contract.product_parts import MetricName, SettingsModel, Slug, Words
from cs_helpers.contract.settings_file import read_yaml, setting_error
from cs_helpers.errors import SettingError, did_you_mean

#: the eight given resources (廟算八要素): people, money, time, quality, business model (who pays whom), environment, rivals,
#: and enemies outside
Resource = Literal[
    "members", "budget", "deadline", "quality", "business_model", "environment", "rivals", "outside"
]
RESOURCES: tuple[Resource, ...] = get_args(Resource)
Kind = Literal["goal", "winning_condition", "purpose", "measure", "given"]
#: the folder of all scores, beside the product files
FOLDER = "scores"

#: what stands for words that are still missing, as in a file of `cs-workbook new-score`
MISSING = "?"
#: ids of the parts that a score has once
GOAL, WINNING_CONDITION = "goal", "winning_condition"
_TAKEN = (GOAL, WINNING_CONDITION, *RESOURCES)
_FILE_NAME = re.compile(r"\d{4}-\d{2}-\d{2}\.yml")


class MeasuredBy(SettingsModel):
    """The quantitative wording: a headline number, `<analysis>.<metric>`, the value it should have, and by which day."""

    metric: MetricName
    target: float = Field(allow_inf_nan=False)
    by: date | None = None

    @model_validator(mode="after")
    def _is_of_another_report(self) -> MeasuredBy:
        if self.metric.startswith("project_score."):
            raise ValueError("a project score cannot be measured by a number of the project score itself")
        return self


class WinningCondition(SettingsModel):
    """What must hold for the project to be won (勝利条件)."""

    words: Words
    measured_by: MeasuredBy | None = None


class Purpose(SettingsModel):
    """A state on the way, without which the winning condition does not hold (中間目的)."""

    id: Slug
    words: Words
    measured_by: MeasuredBy | None = None


class ScoreMeasure(SettingsModel):
    """What is done (施策). purposes: ids of those that it serves. means: the entry of the section `means` that it uses."""

    id: Slug
    words: Words
    purposes: tuple[Slug, ...] = Field(min_length=1)
    means: Slug | None = None
    measured_by: MeasuredBy | None = None


class Stakeholder(SettingsModel):
    """What a role, not a named person, takes for winning, and for the purposes on the way, as said before the start."""

    role: Words
    words: Words
    measured_by: MeasuredBy | None = None
    purposes: tuple[Words, ...] = ()


class Element(NamedTuple):
    """A part of the picture. to: ids of what it leads to. means: of a measure."""

    kind: Kind
    id: str
    words: Words
    measured_by: MeasuredBy | None = None
    to: tuple[str, ...] = ()
    means: str | None = None


class ProjectScore(SettingsModel):
    """One move: the whole picture as it was drawn on a day. why: what made this move. given: the eight resources."""

    moved_on: date
    why: Words
    goal: Words
    winning_condition: WinningCondition
    purposes: tuple[Purpose, ...] = Field(min_length=1)
    measures: tuple[ScoreMeasure, ...] = Field(min_length=1)
    given: dict[Resource, Words] = Field(default_factory=dict)
    stakeholders: tuple[Stakeholder, ...] = ()

    @property
    def elements(self) -> tuple[Element, ...]:
        """All parts of the picture, from the goal to what is given, each kind in the order of the file."""
        won = self.winning_condition
        return (
            Element("goal", GOAL, self.goal),
            Element("winning_condition", WINNING_CONDITION, won.words, won.measured_by, (GOAL,)),
            *(Element("purpose", p.id, p.words, p.measured_by, (WINNING_CONDITION,)) for p in self.purposes),
            *(Element("measure", m.id, m.words, m.measured_by, m.purposes, m.means) for m in self.measures),
            *(Element("given", name, self.given[name]) for name in RESOURCES if name in self.given),
        )

    @property
    def metrics(self) -> tuple[str, ...]:
        """The headline numbers that it names, `<analysis>.<metric>`, each once."""
        bound = (*(e.measured_by for e in self.elements), *(s.measured_by for s in self.stakeholders))
        return tuple(dict.fromkeys(one.metric for one in bound if one))

    @model_validator(mode="after")
    def _ids_differ(self) -> ProjectScore:
        ids = [*(one.id for one in self.purposes), *(one.id for one in self.measures)]
        if repeated := [name for n, name in enumerate(ids) if name in ids[:n]]:
            raise ValueError(
                f"two purposes or measures have the id '{repeated[0]}', give each one of its own"
            )
        if taken := [name for name in ids if name in _TAKEN]:
            raise ValueError(f"'{taken[0]}' is the name of another part of the score, choose another id")
        roles = [one.role.en.casefold() for one in self.stakeholders]
        if twice := [one.role.en for n, one in enumerate(self.stakeholders) if roles[n] in roles[:n]]:
            raise ValueError(f"the stakeholder '{twice[0]}' is named twice, write what it says once")
        return self

    @model_validator(mode="after")
    def _purposes_and_measures_belong_together(self) -> ProjectScore:
        purposes = [one.id for one in self.purposes]
        for measure in self.measures:
            for n, name in enumerate(measure.purposes):
                if name not in purposes:
                    hint = did_you_mean(name, purposes)
                    raise ValueError(
                        f"the measure '{measure.id}' serves the purpose '{name}', there is none with this id.{hint}".rstrip(
                            "."
                        )
                    )
                if name in measure.purposes[:n]:
                    raise ValueError(f"the measure '{measure.id}' serves the purpose '{name}' twice")
        served = {name for measure in self.measures for name in measure.purposes}
        if idle := [name for name in purposes if name not in served]:
            raise ValueError(
                f"no measure serves the purpose '{idle[0]}', name it in the 'purposes' of a measure"
            )
        return self


def check_scores(scores: Sequence[ProjectScore], means: Sequence[str]) -> None:
    """Raises `ValueError` where the newest move uses means that the product file does not have.

    means: ids of the section `means`. Earlier moves may use means that have gone since.
    """
    for measure in scores[-1].measures if scores else ():
        if measure.means and measure.means not in means:
            hint = did_you_mean(measure.means, means)
            raise ValueError(
                f"the measure '{measure.id}' of the project score uses the means '{measure.means}', the section means"
                f" has none with this id.{hint}".rstrip(".")
            )


def load_scores(folder: Path) -> tuple[ProjectScore, ...]:
    """The moves of a product, oldest first. folder: with a file `YYYY-MM-DD.yml` for each; it may be missing.

    Raises `SettingError` (file, key) where a file is invalid, is not named after a day, or after one that is still to come.
    """
    if not folder.is_dir():
        return ()
    files = (f for f in folder.iterdir() if f.suffix.lower() in (".yml", ".yaml") and f.name[0] != ".")
    return tuple(_load_score(file) for file in sorted(files))


def _load_score(file: Path) -> ProjectScore:
    day = _day_of(file)
    content = read_yaml(file)
    if not isinstance(content, dict):
        raise SettingError(file, "a project score is a list of keys with values")
    if "moved_on" in content:
        raise SettingError(
            file, "the day of a move is the name of its file, leave this key out", key="moved_on"
        )
    if missing := next(_missing_words(content), None):
        raise SettingError(file, f"'{MISSING}' stands for words that are missing, write them", key=missing)
    try:
        return ProjectScore.model_validate({**content, "moved_on": day})
    except ValidationError as error:
        raise setting_error(file, error, ProjectScore) from None


def _missing_words(content: Any, key: str = "") -> Iterator[str]:
    """The keys of words that are still missing."""
    if isinstance(content, str) and content.strip() == MISSING:
        yield key
    parts: Iterable[tuple[Any, Any]] = ()
    if isinstance(content, dict):
        parts = content.items()
    elif isinstance(content, list):
        parts = enumerate(content)
    for name, part in parts:
        yield from _missing_words(part, f"{key}.{name}" if key else str(name))


def _day_of(file: Path) -> date:
    """The day that a file is named after. Two moves of one day cannot be: they would have the same name."""
    try:
        day = date.fromisoformat(file.stem) if _FILE_NAME.fullmatch(file.name) else None
    except ValueError:  # as of 2026-02-30
        day = None
    if day is None:
        raise SettingError(file, "a move is named after its day, as in 2026-07-01.yml")
    if day > date.today():
        raise SettingError(
            file, f"the day {day} is still to come; a move is written on the day on which it is made"
        )
    return day
