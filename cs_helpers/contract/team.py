"""The models of the team of a product: what its members are to be able to do, how they are interviewed, trained, honoured, promoted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from cs_helpers.contract.product_parts import SettingsModel, Slug, Words
from cs_helpers.errors import did_you_mean

_Score = Annotated[float, Field(ge=1, le=5, allow_inf_nan=False)]


class Element(SettingsModel):
    """An element of competency, on which members of the team are rated from 1 to 5 and candidates are asked.

    weight: how much it counts in an interview, against the other elements; 0: it is rated, and nobody is asked for it.
    """

    id: Slug
    name: Words
    meaning: Words | None = None
    weight: float = Field(default=1, ge=0, allow_inf_nan=False)


class InterviewQuestion(SettingsModel):
    """A question that every candidate is asked in the same words.

    elements: those that its answer tells of. minutes: how long it takes. low, high: what an answer of score 1, and of
    score 5, sounds like.
    """

    id: Slug
    asks: Words
    elements: tuple[Slug, ...] = Field(min_length=1)
    minutes: float = Field(default=10, gt=0, allow_inf_nan=False)
    low: Words | None = None
    high: Words | None = None


class Training(SettingsModel):
    """A training, and the step of the journey that it is to help customers to."""

    id: Slug
    name: Words
    step: Slug


class Indicator(SettingsModel):
    """A number of a member of the team, fair between them: what their customers did against what comparable customers do.

    kind: `conversion`, customers who reached a step in its usual time (step; without one: all steps after the first), or
    `retention`, customers who stayed.
    """

    kind: Literal["conversion", "retention"]
    step: Slug | None = None

    @model_validator(mode="after")
    def _step_is_of_conversion(self) -> Indicator:
        if self.step and self.kind != "conversion":
            raise ValueError("'step' is for the indicator 'conversion'")
        return self


class Award(SettingsModel):
    """An award by an indicator, over the customers of so many last quarters, to the `winners` highest."""

    id: Slug
    name: Words
    indicator: Indicator
    winners: int = Field(default=1, ge=1, le=100, strict=True)
    quarters: int = Field(default=4, ge=1, le=40, strict=True)


class Criterion(SettingsModel):
    """One thing that a promotion asks for: exactly one of an indicator, a training, and an element of competency.

    indicator with at_least: observed against expected, 1 is as comparable customers do. training: completed. element with
    at_least: mean score of the ratings by others.
    """

    indicator: Indicator | None = None
    training: Slug | None = None
    element: Slug | None = None
    at_least: float | None = Field(default=None, gt=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _exactly_one(self) -> Criterion:
        if sum(x is not None for x in (self.indicator, self.training, self.element)) != 1:
            raise ValueError("needs exactly one of 'indicator', 'training', 'element'")
        if (self.at_least is None) != (self.training is not None):
            raise ValueError("'at_least' belongs to 'indicator' and 'element', and 'training' has none")
        if self.element and self.at_least is not None and not 1 <= self.at_least <= 5:
            raise ValueError("'at_least' of an element is a score from 1 to 5")
        return self


class Promotion(SettingsModel):
    """From one grade to the next: all criteria must be met. months: in the team at least so long."""

    id: Slug
    from_grade: str = Field(min_length=1)
    to_grade: str = Field(min_length=1)
    months: int = Field(default=0, ge=0, le=600, strict=True)
    criteria: tuple[Criterion, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _criteria_differ(self) -> Promotion:
        asked = [(one.indicator, one.training, one.element) for one in self.criteria]
        if any(one in asked[:n] for n, one in enumerate(asked)):
            raise ValueError("a promotion asks for the same thing twice, once is enough")
        return self

    @model_validator(mode="after")
    def _grades_differ(self) -> Promotion:
        if self.from_grade == self.to_grade:
            raise ValueError(f"a promotion goes from one grade to another, both are '{self.to_grade}'")
        return self


class Team(SettingsModel):
    """How the team of a product is made up and led.

    high_performers: by what the company says who is one (`staff.high_performer`). grades: what grades are called on pages.
    """

    agreed_on: date
    high_performers: Words | None = None
    elements: tuple[Element, ...] = ()
    questions: tuple[InterviewQuestion, ...] = ()
    trainings: tuple[Training, ...] = ()
    awards: tuple[Award, ...] = ()
    grades: dict[str, Words] = Field(default_factory=dict)
    promotions: tuple[Promotion, ...] = ()

    @model_validator(mode="after")
    def _ids_differ(self) -> Team:
        for section in ("elements", "questions", "trainings", "awards", "promotions"):
            ids = [one.id for one in getattr(self, section)]
            if repeated := [key for n, key in enumerate(ids) if key in ids[:n]]:
                raise ValueError(f"team.{section} has '{repeated[0]}' twice, give each an id of its own")
            if "all" in ids and section in ("elements", "questions"):
                raise ValueError(f"team.{section}: 'all' stands for all of them on pages, give it another id")
        return self

    @model_validator(mode="after")
    def _references_are_valid(self) -> Team:
        elements, trainings = [e.id for e in self.elements], [t.id for t in self.trainings]
        for question in self.questions:
            _check(f"team.questions.{question.id}", "element", question.elements, elements)
        for promotion in self.promotions:
            key = f"team.promotions.{promotion.id}"
            named = [c.element for c in promotion.criteria if c.element]
            _check(key, "element", named, elements)
            _check(key, "training", [c.training for c in promotion.criteria if c.training], trainings)
        return self

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """The indicators that awards and promotions go by, each once."""
        criteria = [c.indicator for promotion in self.promotions for c in promotion.criteria if c.indicator]
        return tuple(dict.fromkeys((*(award.indicator for award in self.awards), *criteria)))

    def check(self, steps: Sequence[str]) -> None:
        """Raises `ValueError` where it names a step that the product does not have, or the first one, which none waits for."""
        trainings = [training.step for training in self.trainings]
        for key, named in (
            ("team.trainings", trainings),
            ("team", [i.step for i in self.indicators if i.step]),
        ):
            _check(key, "step", named, steps)
            if steps[0] in named:
                raise ValueError(f"{key} names the step '{steps[0]}', the first one, which nobody waits for")


def _check(key: str, what: str, named: Iterable[str], known: Sequence[str]) -> None:
    for name in named:
        if name not in known:
            hint = did_you_mean(name, known)
            raise ValueError(
                f"{key} names the {what} '{name}', there is none of this name.{hint}".rstrip(".")
            )
