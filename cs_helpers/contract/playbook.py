"""The models of a playbook: in which situation who does what, and within how many days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, model_validator

from cs_helpers import hashes
from cs_helpers.contract.maturity import MAX_LEVELS
from cs_helpers.contract.product_parts import Condition, Measure, SettingsModel, Sign, Slug, Words
from cs_helpers.errors import did_you_mean

Role = Literal["csm", "account_manager", "support", "product", "manager"]

#: how many months a rule looks back at most
MAX_MONTHS_BACK = 12


class Silence(SettingsModel):
    """Nothing was recorded of a customer for `days` days.

    event: a name or a pattern with `*`, of usage only. since_start: nothing was recorded since it became a customer,
    which is at least `days` days ago.
    """

    source: Literal["usage", "tickets", "touches"]
    days: int = Field(ge=1, le=3_660, strict=True)
    event: str = "*"
    since_start: bool = False

    @model_validator(mode="after")
    def _event_is_of_usage(self) -> Silence:
        if self.event != "*" and self.source != "usage":
            raise ValueError(f"only source 'usage' has an 'event', '{self.source}' has none")
        return self


class Fall(Measure):
    """A measure of its months that is at most the share `to` of its value over as many months before.

    With `{source: usage, value: days, months: 3, to: 0.5}` the days of use fell by half within a quarter.
    """

    months: int = Field(default=3, ge=1, le=MAX_MONTHS_BACK)
    to: float = Field(ge=0, lt=1)

    @model_validator(mode="after")
    def _is_counted(self) -> Fall:
        if self.source not in ("usage", "tickets", "touches"):
            raise ValueError("only what is counted can fall: source usage, tickets or touches")
        return self


class CustomerDays(SettingsModel):
    """For how many days a customer has been one, first and last number inclusive."""

    at_least: int = Field(default=0, ge=0, strict=True)
    at_most: int | None = Field(default=None, ge=0, strict=True)


_KINDS = (
    "waits_for", "level_dropped", "level_below", "band", "silence", "renewal_within", "measure", "fall",
)  # fmt: skip


class Rule(SettingsModel):
    """When an entry of the playbook is due for a customer: exactly one of these, by what is known on a day.

    `waits_for: STEP` with `days` - a step of the journey was not reached so many days after the step `after` (if missing,
    the step before); `level_dropped: true` - the level of maturity is lower than `months` months ago (3 if missing);
    `level_below: LEVEL`; `band: red` (or `yellow`) - of the health score; `silence`; `renewal_within: DAYS` - a paid term
    ends within so many days; `measure` - a condition on a measure; `fall` - of a measure.

    `reached` and `customer_days` narrow it down to customers who reached a step, or have been one for some days.
    """

    waits_for: Slug | None = None
    after: Slug | None = None
    days: int | None = Field(default=None, ge=0, le=3_660, strict=True)
    level_dropped: Literal[True] | None = None
    months: int | None = Field(default=None, ge=1, le=MAX_MONTHS_BACK, strict=True)
    level_below: int | None = Field(default=None, ge=1, le=MAX_LEVELS, strict=True)
    band: Literal["red", "yellow"] | None = None
    silence: Silence | None = None
    renewal_within: int | None = Field(default=None, ge=0, le=3_660, strict=True)
    measure: Condition | None = None
    fall: Fall | None = None
    reached: Slug | None = None
    customer_days: CustomerDays = CustomerDays()

    @property
    def kind(self) -> str:
        """Which of the kinds of rules it is: the name of its key."""
        return next(kind for kind in _KINDS if getattr(self, kind) is not None)

    @property
    def compares(self) -> bool:
        """Whether it compares a customer with itself some months before."""
        return self.level_dropped is not None or self.fall is not None

    @model_validator(mode="after")
    def _exactly_one(self) -> Rule:
        if sum(getattr(self, kind) is not None for kind in _KINDS) != 1:
            raise ValueError(
                "needs exactly one of 'waits_for', 'level_dropped', 'level_below', 'band', 'silence', 'renewal_within', "
                "'measure', 'fall'"
            )
        if self.waits_for and self.days is None:
            raise ValueError("'waits_for' needs 'days', the days after which the step is waited for too long")
        for key, of in (("days", "waits_for"), ("after", "waits_for"), ("months", "level_dropped")):
            if getattr(self, key) is not None and getattr(self, of) is None:
                raise ValueError(f"'{key}' belongs to '{of}', which is missing")
        return self


class Play(SettingsModel):
    """An entry of the playbook: what whoever has the role `who` does within `within` days of the list.

    rule: when it is due; without one, people have to see it themselves. done: how it shows that it was done. id: its
    name over the quarters; if missing, one is made from the English words of `when`.
    """

    when: Words
    do: Words
    step: Slug | None = None
    id: Slug | None = None
    rule: Rule | None = None
    who: Role = "csm"
    within: int = Field(default=30, ge=1, le=366, strict=True)
    done: Sign | None = None

    @property
    def key(self) -> str:
        """Its id, or the one made from its words, which stays the same where entries are added or moved."""
        return self.id or f"when-{hashes.of(self.when.en)[:8]}"

    @model_validator(mode="after")
    def _done_needs_a_rule(self) -> Play:
        if self.done and not self.rule:
            raise ValueError("'done' needs 'rule', without which nobody is known to be due")
        return self


def check_playbook(plays: Sequence[Play], steps: Sequence[str], top: int) -> None:
    """Raises `ValueError` where entries name what the product does not have, or share an id.

    steps: of the journey, in order. top: the highest level of maturity.
    """
    for play in plays:
        if play.step and play.step not in steps:
            raise ValueError(f"playbook names the step '{play.step}', journey has no such step")
        if play.rule:
            check_rule("playbook", play.rule, steps, top)
    keys = [play.key for play in plays]
    if repeated := [key for n, key in enumerate(keys) if key in keys[:n]]:
        raise ValueError(f"two entries of the playbook have the id '{repeated[0]}', give each one of its own")


def check_rule(section: str, rule: Rule, steps: Sequence[str], top: int) -> None:
    """Raises `ValueError` where a rule of a section of the product file names what the product does not have.

    section: its key, as `playbook`, or whatever part of it has the rule. steps: of the journey, in order. top: the highest level
    of maturity.
    """
    for step in filter(None, (rule.waits_for, rule.after, rule.reached)):
        if step not in steps:
            hint = did_you_mean(step, steps)
            raise ValueError(
                f"{section} names the step '{step}', journey has no such step.{hint}".rstrip(".")
            )
    if rule.level_below and rule.level_below > top:
        raise ValueError(
            f"{section} asks for customers below level {rule.level_below}, the highest level is {top}"
        )
    if rule.waits_for:
        after = rule.after or steps[0]
        if steps.index(after) >= steps.index(rule.waits_for):
            raise ValueError(
                f"{section} waits for the step '{rule.waits_for}', which must come later than '{after}'"
            )
