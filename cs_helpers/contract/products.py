"""The models of a product file, the operations map of one product (YAML, in `data/products/`).

It holds names in English and Japanese, the levels of maturity, the steps of the journey, the measures
of health, the baselines to watch, the touch mix and plan, the playbook, the organisation with its means, and the team. The moves of its
project score stand in files of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from cs_helpers.contract.baselines import Alerts, Baseline, Calendar
from cs_helpers.contract.handover import HandoverRules
from cs_helpers.contract.health import Health
from cs_helpers.contract.maturity import Maturity
from cs_helpers.contract.means import Means, check_means
from cs_helpers.contract.organisation import Organisation, same_department
from cs_helpers.contract.playbook import Play, Rule, check_playbook
from cs_helpers.contract.principles import Principles
from cs_helpers.contract.product_parts import AnswerName as AnswerName
from cs_helpers.contract.product_parts import Condition as Condition
from cs_helpers.contract.product_parts import Measure as Measure
from cs_helpers.contract.product_parts import MetricName as MetricName
from cs_helpers.contract.product_parts import SettingsModel
from cs_helpers.contract.product_parts import Sign as Sign
from cs_helpers.contract.product_parts import Slug as Slug
from cs_helpers.contract.product_parts import Words as Words
from cs_helpers.contract.product_parts import as_regex as as_regex
from cs_helpers.contract.project_score import FOLDER as SCORES_FOLDER
from cs_helpers.contract.project_score import ProjectScore, check_scores, load_scores
from cs_helpers.contract.revenue import RevenueRules
from cs_helpers.contract.settings_file import read_yaml, setting_error
from cs_helpers.contract.team import Team
from cs_helpers.contract.to_be import ToBe, check_to_be
from cs_helpers.contract.touch import TouchModel, TouchPlan
from cs_helpers.contract.vocabulary import TOUCH_MODELS
from cs_helpers.errors import SettingError, did_you_mean

Mode = Literal["milestones", "ordered", "strict", "unordered"]
Entry = Literal["first_entry", "latest_entry"]
Effect = Literal["drop_unit", "void_attempt"]


class StepRule(SettingsModel):
    """When a step counts as reached: exactly one of three rules.

    `contract: started` - the account's first contract starts; `milestone: NAME` - recorded in the
    table milestones; `event: PATTERN` - the running total of `value` reaches `at_least`.
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
    def repeatable_event(self) -> str | None:
        """The pattern of the events that each count as the step; `None` for a step that is reached once."""
        return self.event if self.value == "events" and self.at_least <= 1 else None


class Step(SettingsModel):
    """A step of the journey, with the contents and tools that support it and the signs of their use."""

    step: Slug
    name: Words
    rule: StepRule
    contents: Words | None = None
    contents_seen: Sign | None = None
    tools: Words | None = None
    tools_seen: Sign | None = None

    @model_validator(mode="after")
    def _signs_have_a_name(self) -> Step:
        for kind in ("contents", "tools"):
            if getattr(self, f"{kind}_seen") and not getattr(self, kind):
                raise ValueError(f"'{kind}_seen' needs '{kind}', what they are called")
        return self


class ExclusionRule(SettingsModel):
    """What must not happen between two steps: exactly one of a recorded milestone and a usage event.

    `drop_unit`: accounts or users that do so are not counted at all; `void_attempt`: only that attempt is not.
    """

    milestone: str | None = None
    event: str | None = None
    after: Slug
    before: Slug
    effect: Effect = "drop_unit"

    @model_validator(mode="after")
    def _exactly_one(self) -> ExclusionRule:
        if (self.milestone is None) == (self.event is None):
            raise ValueError("needs exactly one of 'milestone', 'event'")
        return self

    @property
    def milestone_name(self) -> str:
        """The name under which it is stored in the snapshot's table milestones."""
        return self.milestone or f"event {self.event}"

    def is_step(self, step: Step) -> bool:
        """Whether a step is reached by exactly this milestone or event."""
        return (self.milestone, self.event) == (step.rule.milestone, step.rule.repeatable_event)

    def covers(self, step: Step) -> bool:
        """Whether it, or one of its events, is a step."""
        event = step.rule.repeatable_event
        return self.is_step(step) or bool(
            self.event
            and event
            and (re.fullmatch(as_regex(self.event), event) or re.fullmatch(as_regex(event), self.event))
        )


class Journey(SettingsModel):
    """The steps in order. The first is the entry; at `value_step` the customer gets value.

    mode `milestones`: a step once reached stays reached, and a customer's progress is the last step up to
    which all steps are reached. The other modes (`statistics.funnels`) look for an attempt that is completed
    within `window_days` of its entry. unit `user`: the funnel counts users; a step of the account (its
    contract, a milestone without a user) counts for each of its users.
    """

    steps: tuple[Step, ...] = Field(min_length=2)
    value_step: Slug
    window_days: int = Field(default=365, ge=1, le=36_500, strict=True)
    mode: Mode = "milestones"
    entry: Entry = "first_entry"
    unit: Literal["account", "user"] = "account"
    exclusions: tuple[ExclusionRule, ...] = ()

    @model_validator(mode="after")
    def _step_names_are_valid(self) -> Journey:
        names = [s.step for s in self.steps]
        if len(set(names)) < len(names):
            raise ValueError("a step is named twice")
        if "all" in names:
            raise ValueError("a step cannot be called 'all', which stands for all of them on pages")
        if self.value_step not in names[1:]:
            raise ValueError(f"value_step must be one of {', '.join(names[1:])}")
        return self

    @model_validator(mode="after")
    def _exclusions_are_consistent(self) -> Journey:
        names = [s.step for s in self.steps]
        if self.mode == "milestones" and (self.exclusions or self.entry != "first_entry"):
            raise ValueError(
                "mode 'milestones' supports neither exclusions nor another entry; set mode to 'ordered'"
            )
        for exclusion in self.exclusions:
            for step in (exclusion.after, exclusion.before):
                if step not in names:
                    raise ValueError(f"an exclusion names the step '{step}', journey has {', '.join(names)}")
            places = names.index(exclusion.after), names.index(exclusion.before)
            if places[0] >= places[1]:
                raise ValueError(
                    f"an exclusion's 'before', '{exclusion.before}', must come later than its 'after', '{exclusion.after}'"
                )
            if self.mode == "unordered" and places != (0, len(names) - 1):
                raise ValueError("mode 'unordered': exclusions can only hold from the first step to the last")
            if any(exclusion.covers(s) for s in self.steps[places[0] : places[1] + 1]):
                raise ValueError(
                    f"the exclusion '{exclusion.milestone_name}' is a step that it would exclude"
                )
        return self


class Leadership(SettingsModel):
    """What the leadership edition may show of a product in addition to what it always shows."""

    show_staff: bool = False
    """Whether CSMs, interviewers and coders are shown by name instead of by pseudonym."""
    people: tuple[AnswerName, ...] = ()
    """The answers about single members of the team that leadership reads too, as `<analysis>.<question>`; of them too
    it reads names only with `show_staff`. Answers about candidates cannot be opened (`summary.check_people`)."""

    def opened(self, analysis: str) -> frozenset[str]:
        """The questions of an analysis that it opens."""
        named = (name.partition(".") for name in self.people)
        return frozenset(question for of, _, question in named if of == analysis)


class CustomerRules(SettingsModel):
    """Who counts as a customer, and which period the amounts of contracts cover (`contract.spells`).

    A customer who returns within `return_gap_days` days without a contract never left. A paid term that
    ended no more than `renewal_grace_days` days ago is shown separately: its renewal may still be recorded.
    `zero_mrr`: whether a contract with an MRR of 0 makes a customer; if missing, it is asked where it matters.
    `recorded_within_days`: without a table of contracts, an account counts up to this many days after each of its rows,
    as in a survey that asks others each year; if missing, it counts from its first row on without an end.
    """

    return_gap_days: int = Field(default=30, ge=0, le=3_660, strict=True)
    renewal_grace_days: int = Field(default=30, ge=0, le=3_660, strict=True)
    zero_mrr: Literal["customer", "not_customer"] | None = None
    amount_per: Literal["month", "quarter", "year", "term"] = "month"
    recorded_within_days: int | None = Field(default=None, ge=1, le=3_660, strict=True)


#: the headline numbers of a product's summary, where its file does not choose
HEADLINES = (
    "revenue.customers",
    "revenue.mrr",
    "revenue.nrr_year",
    "revenue.logo_churn_year",
    "health.red_mrr",
    "journeys.days_to_value",
)


class Product(SettingsModel):
    """The operations map of one product."""

    product: Slug
    name: Words
    about: Words
    maturity: Maturity
    journey: Journey
    health: Health
    baselines: tuple[Baseline, ...] = Field(min_length=1)
    alerts: Alerts = Alerts()
    calendar: Calendar = Calendar()
    touch_mix: dict[TouchModel, float]
    """The share of each touch model among the touches of the product, as it is meant to be."""
    touch_plan: TouchPlan | None = None
    playbook: tuple[Play, ...] = ()
    organisation: Organisation | None = None
    means: tuple[Means, ...] = ()
    themes: dict[str, Words] = Field(default_factory=dict)
    """Names of the theme codes on pages."""
    subjects: dict[str, Words] = Field(default_factory=dict)
    """Names of the contents of touches on pages, for contents that the journey does not plan."""
    leadership: Leadership = Leadership()
    customers: CustomerRules = CustomerRules()
    handover: HandoverRules = HandoverRules()
    revenue: RevenueRules = RevenueRules()
    headlines: Annotated[tuple[MetricName, ...], Field(min_length=1, max_length=6)] = HEADLINES
    """The headline numbers of the summary, as `<analysis>.<metric>`; those that the data cannot give are left out."""
    targets: dict[MetricName, float] = Field(default_factory=dict)
    """Targets of headline metrics: `<analysis>.<metric>` -> value, a share as 0.95."""
    to_be: ToBe | None = None
    """What is meant to be by when, and what closing each gap takes (`contract.to_be`)."""
    team: Team | None = None
    """How the team is made up, trained and led (`contract.team`)."""
    scores: tuple[ProjectScore, ...] = ()
    """The moves of its project score, oldest first, each from a file of its own (`contract.project_score`)."""
    principles: Principles | None = None
    """The phase of the business, and which of the ten principles come first in it (`contract.principles`)."""

    @property
    def metrics_named(self) -> Mapping[str, tuple[str, ...]]:
        """The headline numbers that its sections name: section -> `<analysis>.<metric>`, of any report."""
        return {
            "headlines": self.headlines,
            "targets": tuple(self.targets),
            "organisation": self.organisation.kpis if self.organisation else (),
            "to_be": self.to_be.metrics if self.to_be else (),
            "scores": tuple(dict.fromkeys(name for score in self.scores for name in score.metrics)),
        }

    @property
    def departments(self) -> tuple[Words, ...]:
        """The departments of the organisation and of the means, each once, as first written."""
        roles = self.organisation.roles if self.organisation else ()
        named: dict[str, Words] = {}
        for department in (*(role.department for role in roles), *(one.department for one in self.means)):
            named.setdefault(same_department(department), department)
        return tuple(named.values())

    @model_validator(mode="after")
    def _references_are_valid(self) -> Product:
        if abs(sum(self.touch_mix.values()) - 1) > 0.005:
            raise ValueError(f"touch_mix ({', '.join(TOUCH_MODELS)}) must add up to 1")
        if self.touch_plan:
            self.touch_plan.check(self.maturity.top, self.touch_mix)
        if len({b.id for b in self.baselines}) < len(self.baselines):
            raise ValueError("a baseline is named twice")
        steps, plays = [s.step for s in self.journey.steps], [play.key for play in self.playbook]
        check_playbook(self.playbook, steps, self.maturity.top)
        if self.organisation:
            self.organisation.check(steps, plays)
        check_means(self.means, steps, plays)
        if self.to_be:
            check_to_be(self.to_be, steps, self.maturity.top, [one.id for one in self.means])
        if self.team:
            self.team.check(steps)
        check_scores(self.scores, [one.id for one in self.means])
        return self


def tables_of_rules(product: Product, rules: Iterable[Rule]) -> list[str]:
    """The tables of the contract that rules, as those of the playbook, are about; some more than once."""
    tables: list[str] = []
    for rule in rules:
        if rule.waits_for or rule.reached:
            tables.append("milestones")
            events = [s.rule.event for s in product.journey.steps if s.step == rule.waits_for]
            tables += ["usage" for event in events if event]
        if rule.level_dropped or rule.level_below:
            tables += product.maturity.tables
        if rule.band:
            tables += [table for m in product.health.measures for table in m.measure.tables]
        tables += [rule.silence.source] if rule.silence else []
        tables += [table for measure in (rule.measure, rule.fall) if measure for table in measure.tables]
    return tables


def load_product(file: Path) -> Product:
    """Load a product file, with the moves of its project score in the folder `scores/<product>` beside it.

    Raises `SettingError` (file, key, allowed values) where one of the files is invalid.
    """
    content = read_yaml(file)
    if not isinstance(content, dict):
        raise SettingError(file, "a product file is a list of keys with values")
    if content.get("scores"):
        raise SettingError(
            file,
            f"each move has a file of its own, as in {SCORES_FOLDER}/{file.stem}/2026-07-01.yml",
            key="scores",
        )
    scores = load_scores(file.parent / SCORES_FOLDER / file.stem)
    try:
        product = Product.model_validate({**content, "scores": scores} if scores else content)
    except ValidationError as error:
        raise setting_error(file, error, Product) from None
    if product.product != file.stem:
        raise SettingError(
            file, f"the file is named '{file.stem}', it must be named after its product", key="product"
        )
    return product


def load_products(folder: Path) -> dict[str, Product]:
    """All products of the product files in `folder`, by name. Raises `SettingError` also for scores of no product."""
    products = {p.stem: load_product(p) for p in sorted(folder.glob("*.yml"))}
    for scores in sorted(f for f in (folder / SCORES_FOLDER).glob("*") if f.is_dir() and f.name[0] != "."):
        if scores.name not in products:
            hint = did_you_mean(scores.name, products)
            raise SettingError(
                scores,
                f"there is no product file named '{scores.name}.yml' for this folder.{hint}".rstrip("."),
            )
    return products


def product_files(folder: Path) -> list[Path]:
    """The files that `load_products` reads."""
    return sorted((*folder.glob("*.yml"), *(folder / SCORES_FOLDER).glob("*/*.y*ml")))
