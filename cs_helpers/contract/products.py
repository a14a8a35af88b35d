"""A product as data: its operations map, one YAML file in `data/products/`.

Names in English and Japanese, four levels of maturity, the steps of the journey, the measures of
health, the baselines to watch, the touch mix and the playbook.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cs_helpers.contract.settings_file import read_yaml, setting_error
from cs_helpers.contract.vocabulary import TOUCH_MODELS
from cs_helpers.errors import SettingError

Mode = Literal["milestones", "ordered", "strict", "unordered"]
Entry = Literal["first_entry", "latest_entry"]
Effect = Literal["drop_unit", "void_attempt"]

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Part):
    """A text in each language of the reports."""

    en: str = Field(min_length=1)
    ja: str = Field(min_length=1)

    def in_language(self, language: str) -> str:
        """The text in `language` (`en` or `ja`)."""
        return self.ja if language == "ja" else self.en


class Measure(_Part):
    """A number for each account at the end of a month, over the `months` up to it.

    source usage: `quantity` and `events` are summed, `days` are active days, `users` the most
    distinct users of one month, `distinct_events` how many event names were used; `event` is a
    name or a pattern with `*`. source tickets and touches: `count`. source surveys: `nps`, the
    mean answer. source assessments: `score`, the latest of `name`.
    """

    source: Literal["usage", "tickets", "touches", "surveys", "assessments"] = "usage"
    value: Literal["quantity", "events", "days", "users", "distinct_events", "count", "nps", "score"]
    event: str = "*"
    name: str = ""
    months: int = Field(default=3, ge=1, le=24)

    @model_validator(mode="after")
    def _value_fits_source(self) -> Measure:
        fits = {
            "usage": ("quantity", "events", "days", "users", "distinct_events"),
            "tickets": ("count",),
            "touches": ("count",),
            "surveys": ("nps",),
            "assessments": ("score",),
        }[self.source]
        if self.value not in fits:
            raise ValueError(f"source '{self.source}' has the values {', '.join(fits)}")
        if self.source == "assessments" and not self.name:
            raise ValueError("source 'assessments' needs 'name', the measure that was assessed")
        return self


class Condition(Measure):
    """A measure with a bound that must be met."""

    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _has_a_bound(self) -> Condition:
        if self.at_least is None and self.at_most is None:
            raise ValueError("needs 'at_least' or 'at_most'")
        return self


class Level(_Part):
    """A level of maturity: reached when all its conditions hold."""

    level: Literal[1, 2, 3, 4]
    name: Words
    meaning: Words
    conditions: tuple[Condition, ...] = ()


class Maturity(_Part):
    """The four levels. A level counts only when those below it hold too; below Lv.1 is 0."""

    levels: tuple[Level, Level, Level, Level]

    @model_validator(mode="after")
    def _in_order(self) -> Maturity:
        if [level.level for level in self.levels] != [1, 2, 3, 4]:
            raise ValueError("levels must be 1, 2, 3, 4 in this order")
        return self


class StepRule(_Part):
    """When a step counts as reached: exactly one of the three.

    `contract: started` - the account's first contract; `milestone: NAME` - as recorded in the
    table milestones; `event: PATTERN` - when the running total of `value` reaches `at_least`.
    """

    contract: Literal["started"] | None = None
    milestone: str | None = None
    event: str | None = None
    value: Literal["quantity", "events", "distinct_events"] = "events"
    at_least: float = Field(default=1, gt=0)

    @model_validator(mode="after")
    def _exactly_one(self) -> StepRule:
        if sum(x is not None for x in (self.contract, self.milestone, self.event)) != 1:
            raise ValueError("needs exactly one of 'contract', 'milestone', 'event'")
        return self

    @property
    def each_use(self) -> str | None:
        """The pattern of the events of which each one is the step; `None` for a step that is reached once."""
        return self.event if self.value == "events" and self.at_least <= 1 else None


class Sign(_Part):
    """How it shows that something was used: exactly one of the two.

    `touch: PATTERN` - the `content` of a row of the table touches; `event: PATTERN` - an event of usage.
    """

    touch: str | None = None
    event: str | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Sign:
        if (self.touch is None) == (self.event is None):
            raise ValueError("needs exactly one of 'touch', 'event'")
        return self


class Step(_Part):
    """A step of the journey, with what helps a customer to take it, and how it shows that it was used."""

    step: Slug
    name: Words
    rule: StepRule
    contents: Words | None = None
    contents_seen: Sign | None = None
    tools: Words | None = None
    tools_seen: Sign | None = None

    @model_validator(mode="after")
    def _seen_is_named(self) -> Step:
        for what in ("contents", "tools"):
            if getattr(self, f"{what}_seen") and not getattr(self, what):
                raise ValueError(f"'{what}_seen' needs '{what}', what they are called")
        return self


def as_regex(pattern: str) -> str:
    """A pattern, in which `*` stands for any text, as a regular expression of the whole name."""
    return ".*".join(re.escape(part) for part in pattern.split("*"))


class Excluded(_Part):
    """What may not happen between two steps: a recorded milestone or an event of usage, exactly one.

    `drop_unit`: who does so is not counted at all; `void_attempt`: that attempt is not.
    """

    milestone: str | None = None
    event: str | None = None
    after: Slug
    before: Slug
    effect: Effect = "drop_unit"

    @model_validator(mode="after")
    def _exactly_one(self) -> Excluded:
        if (self.milestone is None) == (self.event is None):
            raise ValueError("needs exactly one of 'milestone', 'event'")
        return self

    @property
    def recorded(self) -> str:
        """What it is called among the recorded milestones."""
        return self.milestone or f"event {self.event}"

    def is_step(self, step: Step) -> bool:
        """Whether it is what a step is reached by."""
        return (self.milestone, self.event) == (step.rule.milestone, step.rule.each_use)

    def covers(self, step: Step) -> bool:
        """Whether it is a step, or some of its events are."""
        use = step.rule.each_use
        return self.is_step(step) or bool(
            self.event
            and use
            and (re.fullmatch(as_regex(self.event), use) or re.fullmatch(as_regex(use), self.event))
        )


class Journey(_Part):
    """The steps in order. The first is the entry; `value_step` is where the customer has value.

    mode `milestones`: a step once reached stays reached, and a customer has come as far as the last
    of which it has all before; the others (`analyses.funnels`) look for an attempt, all of it within
    `window_days` of its entry. unit `user`: the funnel counts users; a step of the account (its
    contract, a milestone that names nobody) is one of each of them.
    """

    steps: tuple[Step, ...] = Field(min_length=2)
    value_step: Slug
    window_days: int = Field(default=365, ge=1, le=36_500, strict=True)
    mode: Mode = "milestones"
    entry: Entry = "first_entry"
    unit: Literal["account", "user"] = "account"
    exclusions: tuple[Excluded, ...] = ()

    @model_validator(mode="after")
    def _steps_are_known(self) -> Journey:
        names = [s.step for s in self.steps]
        if len(set(names)) < len(names):
            raise ValueError("a step is named twice")
        if self.value_step not in names[1:]:
            raise ValueError(f"value_step must be one of {', '.join(names[1:])}")
        return self

    @model_validator(mode="after")
    def _funnel_makes_sense(self) -> Journey:
        names = [s.step for s in self.steps]
        if self.mode == "milestones" and (self.exclusions or self.entry != "first_entry"):
            raise ValueError("mode 'milestones' knows no exclusions and one entry; set mode to 'ordered'")
        for found in self.exclusions:
            for step in (found.after, found.before):
                if step not in names:
                    raise ValueError(f"an exclusion names the step '{step}', journey has {', '.join(names)}")
            between = names.index(found.after), names.index(found.before)
            if between[0] >= between[1]:
                raise ValueError(
                    f"an exclusion's 'before', '{found.before}', must come later than its 'after', '{found.after}'"
                )
            if self.mode == "unordered" and between != (0, len(names) - 1):
                raise ValueError("mode 'unordered': exclusions can only hold from the first step to the last")
            if any(found.covers(s) for s in self.steps[between[0] : between[1] + 1]):
                raise ValueError(f"the exclusion '{found.recorded}' is a step that it would exclude")
        return self


class HealthMeasure(_Part):
    """A measure of health: `red` and worse scores 0, `green` and better 100, between is linear."""

    id: Slug
    name: Words
    kind: Literal["quantitative", "qualitative"]
    measure: Measure
    red: float
    green: float
    weight: float = Field(gt=0)
    missing: Literal["skip", "worst"] = "skip"

    @model_validator(mode="after")
    def _bands_differ(self) -> HealthMeasure:
        if self.red == self.green:
            raise ValueError("'red' and 'green' must differ (red above green: less is better)")
        return self


class Health(_Part):
    """The health score: the weighted mean of its measures, 0 to 100."""

    version: int = Field(ge=1)
    yellow_from: float = Field(default=40, ge=0, le=100)
    green_from: float = Field(default=70, ge=0, le=100)
    measures: tuple[HealthMeasure, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _bands_in_order(self) -> Health:
        if self.yellow_from >= self.green_from:
            raise ValueError("yellow_from must be below green_from")
        if len({m.id for m in self.measures}) < len(self.measures):
            raise ValueError("a measure is named twice")
        return self


class Baseline(_Part):
    """A daily number of the whole product to be watched."""

    id: Slug
    name: Words
    unit: Words
    source: Literal["usage", "tickets"]
    value: Literal["users", "events", "quantity", "count"]
    event: str = "*"

    @model_validator(mode="after")
    def _value_fits_source(self) -> Baseline:
        fits = ("users", "events", "quantity") if self.source == "usage" else ("count",)
        if self.value not in fits:
            raise ValueError(f"source '{self.source}' has the values {', '.join(fits)}")
        return self


class Play(_Part):
    """What a CSM does when something is seen: one line of the playbook."""

    when: Words
    do: Words
    step: Slug | None = None


class Leadership(_Part):
    """What leadership's edition may show of a product, beyond what it always may."""

    show_staff: bool = False
    """Whether CSMs, interviewers and coders stand there by name; else each has a pseudonym."""


class CustomerRules(_Part):
    """Who counts as a customer, and what the amounts of contracts are for (`contract.spells`).

    A return within `return_gap_days` days without a contract is the same customer, who never left. A paid
    term that ended no more than `renewal_grace_days` days ago is shown apart: its renewal may still be
    recorded. `zero_mrr`: whether a contract with MRR 0 makes a customer; not said: asked where it matters.
    """

    return_gap_days: int = Field(default=30, ge=0, le=3_660, strict=True)
    renewal_grace_days: int = Field(default=30, ge=0, le=3_660, strict=True)
    zero_mrr: Literal["customer", "not_customer"] | None = None
    amount_per: Literal["month", "quarter", "year", "term"] = "month"


class Product(_Part):
    """The operations map of one product."""

    product: Slug
    name: Words
    about: Words
    maturity: Maturity
    journey: Journey
    health: Health
    baselines: tuple[Baseline, ...] = Field(min_length=1)
    touch_mix: dict[Literal["high", "low", "tech", "community"], float]
    playbook: tuple[Play, ...] = ()
    themes: dict[str, Words] = {}
    """What codes of themes are called on pages."""
    subjects: dict[str, Words] = {}
    """What the contents of touches are called on pages, where the journey does not plan them."""
    leadership: Leadership = Leadership()
    customers: CustomerRules = CustomerRules()

    @model_validator(mode="after")
    def _hangs_together(self) -> Product:
        if abs(sum(self.touch_mix.values()) - 1) > 0.005:
            raise ValueError(f"touch_mix ({', '.join(TOUCH_MODELS)}) must add up to 1")
        steps = {s.step for s in self.journey.steps}
        for play in self.playbook:
            if play.step and play.step not in steps:
                raise ValueError(f"playbook names the step '{play.step}', journey has no such step")
        return self


def load_product(file: Path) -> Product:
    """The product that a file describes; raises `SettingError` (file, key, what is allowed)."""
    content = read_yaml(file)
    if not isinstance(content, dict):
        raise SettingError(file, "a product file is a list of keys with values")
    try:
        product = Product.model_validate(content)
    except ValidationError as error:
        raise setting_error(file, error, Product) from None
    if product.product != file.stem:
        raise SettingError(
            file, f"the file is named '{file.stem}', it must be named after its product", key="product"
        )
    return product


def load_products(folder: Path) -> dict[str, Product]:
    """All products described in `folder`, by name."""
    return {p.stem: load_product(p) for p in sorted(folder.glob("*.yml"))}
