"""The models of a gap plan (To-Be): what is meant to be by which day, beside the facts, and what closing each gap takes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from cs_helpers.contract.playbook import Rule, check_rule
from cs_helpers.contract.product_parts import MetricName, SettingsModel, Slug, Words
from cs_helpers.errors import did_you_mean

_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class EarlierTarget(SettingsModel):
    """What was agreed for a goal on an earlier day: `at_most` of one about customers, else `target`."""

    agreed_on: date
    at_most: _Share | None = None
    target: _Finite | None = None

    @property
    def value(self) -> float:
        """The share or the value that was agreed."""
        return float(self.target if self.at_most is None else self.at_most)  # type: ignore[arg-type]

    @model_validator(mode="after")
    def _exactly_one(self) -> EarlierTarget:
        if (self.at_most is None) == (self.target is None):
            raise ValueError("an earlier target needs exactly one of 'at_most', 'target'")
        return self


class Goal(SettingsModel):
    """What is meant to be by a day, either of customers or of a headline number.

    customers: the rule of who is in the gap, as in the playbook; at_most: the share of customers that may be. Or metric: a
    headline number of a report, `<analysis>.<metric>`, and target: the value it should have; `customers` then says only
    who is concerned, by whose losses the gap is worth something. confidence: the share of the measured difference that is
    taken for an effect. effort: in person-months. means: ids of the section `means` that serve it. earlier: what was agreed
    before, oldest first.
    """

    id: Slug
    name: Words
    customers: Rule | None = None
    at_most: _Share | None = None
    metric: MetricName | None = None
    target: _Finite | None = None
    by: date
    earlier: tuple[EarlierTarget, ...] = ()
    confidence: _Share
    effort: float = Field(gt=0, allow_inf_nan=False)
    means: tuple[Slug, ...] = ()

    @property
    def is_about_customers(self) -> bool:
        """Whether it says which share of customers may be in the gap; else it is about a headline number."""
        return self.at_most is not None

    @property
    def value(self) -> float:
        """The target: a share of customers, or the value of the headline number."""
        return float(self.target if self.at_most is None else self.at_most)  # type: ignore[arg-type]

    @model_validator(mode="after")
    def _of_one_kind(self) -> Goal:
        if (self.at_most is None) == (self.metric is None):
            raise ValueError(
                "a goal needs exactly one of 'at_most' (with 'customers') and 'metric' (with 'target')"
            )
        if self.at_most is not None and self.customers is None:
            raise ValueError("'at_most' needs 'customers', the rule of who is in the gap")
        if (self.metric is None) != (self.target is None):
            raise ValueError("'metric' and 'target' belong together, one of them is missing")
        if self.metric and self.metric.startswith("gap_plan."):
            raise ValueError("a goal cannot be about a number of the gap plan itself")
        if self.metric and self.metric.startswith("project_score."):
            raise ValueError("a goal cannot be about the project score, which may be measured by the goals")
        if repeated := [name for n, name in enumerate(self.means) if name in self.means[:n]]:
            raise ValueError(f"the means '{repeated[0]}' is named twice, once is enough")
        return self

    @model_validator(mode="after")
    def _earlier_targets_are_of_its_kind(self) -> Goal:
        key = "at_most" if self.is_about_customers else "target"
        if any(getattr(earlier, key) is None for earlier in self.earlier):
            raise ValueError(f"the earlier targets of this goal need '{key}', as the goal itself has")
        days = [earlier.agreed_on for earlier in self.earlier]
        if any(first >= second for first, second in itertools.pairwise(days)):
            raise ValueError("earlier targets are written oldest first, each on a day of its own")
        return self


class ToBe(SettingsModel):
    """The goals of a product, and the day on which they were agreed."""

    agreed_on: date
    goals: tuple[Goal, ...] = Field(min_length=1)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The headline numbers that goals are about, `<analysis>.<metric>`, each once."""
        return tuple(dict.fromkeys(goal.metric for goal in self.goals if goal.metric))

    @model_validator(mode="after")
    def _goals_are_consistent(self) -> ToBe:
        ids = [goal.id for goal in self.goals]
        if repeated := [name for n, name in enumerate(ids) if name in ids[:n]]:
            raise ValueError(f"two goals have the id '{repeated[0]}', give each one of its own")
        for names in ([goal.name.en for goal in self.goals], [goal.name.ja for goal in self.goals]):
            if repeated := [name for n, name in enumerate(names) if name in names[:n]]:
                raise ValueError(
                    f"two goals are named '{repeated[0]}', give each a name by which pages can tell them apart"
                )
        if not any(goal.confidence for goal in self.goals):
            raise ValueError(
                "every goal has the confidence 0, so that no gap could come before another; write the share of the measured"
                " difference that is taken for an effect"
            )
        for goal in self.goals:
            if goal.by <= self.agreed_on:
                raise ValueError(
                    f"the goal '{goal.id}' is to be reached by {goal.by}, before or when it was agreed on"
                )
            if goal.earlier and goal.earlier[-1].agreed_on >= self.agreed_on:
                raise ValueError(
                    f"the goal '{goal.id}' has an earlier target of {goal.earlier[-1].agreed_on}, not before agreed_on"
                )
        return self


def check_to_be(to_be: ToBe, steps: Sequence[str], top: int, means: Sequence[str]) -> None:
    """Raises `ValueError` where goals name what the product does not have.

    steps: of the journey, in order. top: the highest level of maturity. means: ids of the section `means`.
    """
    for goal in to_be.goals:
        if goal.customers:
            check_rule(f"the goal '{goal.id}'", goal.customers, steps, top)
        for named in goal.means:
            if named not in means:
                hint = did_you_mean(named, means)
                raise ValueError(
                    f"the goal '{goal.id}' names the means '{named}', the section means has none with this id.{hint}".rstrip(
                        "."
                    )
                )
