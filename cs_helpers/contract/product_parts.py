"""What several parts of a product file are made of: texts in both languages, measures, conditions, and signs of use."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator


def _metric_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*", name):
        raise ValueError("a headline number is needed as in docs/metrics.md, such as revenue.nrr_year")
    return name


def _slug(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", name):
        raise ValueError("up to 40 small letters, digits, '-' and '_' are needed, a letter or digit first")
    return name


def _answer_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*", name):
        raise ValueError("the name of a report and of its answer is needed, as <report>.<answer>")
    return name


#: an answer of a report, `<analysis>.<question>`
AnswerName = Annotated[str, AfterValidator(_answer_name)]
#: a headline number of a report, `<analysis>.<metric>`
MetricName = Annotated[str, AfterValidator(_metric_name)]
Slug = Annotated[str, AfterValidator(_slug)]


def as_regex(pattern: str) -> str:
    """A regular expression for full names that match a pattern, in which `*` stands for any text."""
    return ".*".join(re.escape(part) for part in pattern.split("*"))


class SettingsModel(BaseModel):
    """A part of a product file: unknown keys are refused, and nothing changes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(SettingsModel):
    """A text in both languages of the reports."""

    en: str = Field(min_length=1)
    ja: str = Field(min_length=1)

    def in_language(self, language: str) -> str:
        """The text in `language` (`en` or `ja`)."""
        return self.ja if language == "ja" else self.en


#: the values of each source; the sources are names of tables of the contract
VALUES = {
    "usage": (
        "quantity", "events", "days", "users", "distinct_events", "distinct_parts", "active_months",
    ),
    "tickets": ("count",),
    "touches": ("count",),
    "milestones": ("reached",),
    "contracts": ("mrr", "count"),
    "surveys": ("nps",),
    "assessments": ("score",),
}  # fmt: skip

#: sources with values of the end of a month, which no window of months can change
OF_THE_MONTH_END = ("milestones", "contracts")

#: keys of a measure that only some values have, by what they are for
_ONLY_FOR = {
    "event": ("usage", tuple(VALUES["usage"])),
    "part": ("usage", ("distinct_parts",)),
    "separator": ("usage", ("distinct_parts",)),
    "kind": ("tickets or touches", ("count",)),
    "name": ("assessments or milestones", ("score", "reached")),
}


def _pattern(value: Any) -> Any:
    """One name or pattern, or a list of at least one."""
    patterns = [value] if isinstance(value, str) else value
    if not isinstance(patterns, list | tuple) or not patterns:
        raise ValueError("needs a name, a pattern with '*', or a list of them")
    if not all(isinstance(pattern, str) and pattern for pattern in patterns):
        raise ValueError("needs a name, a pattern with '*', or a list of them")
    return value if isinstance(value, str) else tuple(value)


#: a name, a pattern with `*`, or several of them, of which any fits
Patterns = Annotated[str | tuple[str, ...], BeforeValidator(_pattern)]


class Amount(SettingsModel):
    """What is counted or summed up of an account, without the months over which it is."""

    source: Literal["usage", "tickets", "touches", "milestones", "contracts", "surveys", "assessments"] = (
        "usage"
    )
    value: Literal[
        "quantity", "events", "days", "users", "distinct_events", "distinct_parts", "active_months",
        "count", "reached", "mrr", "nps", "score",
    ]  # fmt: skip
    event: Patterns = "*"
    part: int | None = Field(default=None, ge=1, le=9, strict=True)
    separator: str = Field(default=".", min_length=1, max_length=1)
    kind: Patterns = "*"
    name: str = ""

    @property
    def patterns(self) -> tuple[str, ...]:
        """The patterns of events, of which any fits."""
        return (self.event,) if isinstance(self.event, str) else self.event

    @property
    def counts_every_event(self) -> bool:
        """Whether every event of use fits."""
        return "*" in self.patterns

    @model_validator(mode="after")
    def _value_fits_source(self) -> Self:
        if self.value not in VALUES[self.source]:
            raise ValueError(f"source '{self.source}' has the values {', '.join(VALUES[self.source])}")
        if self.source == "assessments" and not self.name:
            raise ValueError("source 'assessments' needs 'name', the measure that was assessed")
        if self.source == "milestones" and not self.name:
            raise ValueError("source 'milestones' needs 'name', the milestone, or a pattern with '*'")
        if self.value == "distinct_parts" and self.part is None:
            raise ValueError(
                "'distinct_parts' needs 'part', which part of the events' names it counts: 2 in 'web.sales.invoice' is 'sales'"
            )
        for key, (sources, values) in _ONLY_FOR.items():
            is_said = getattr(self, key) != type(self).model_fields[key].default
            fits = self.value in values and self.source in sources
            if is_said and not fits:
                raise ValueError(f"'{key}' is for {', '.join(values)} of {sources}, not for '{self.value}'")
        return self


class Measure(Amount):
    """A number for each account at the end of a month, over the last `months` months.

    source usage: `quantity` and `events` are summed, `days` counts days of use, `users` is the largest number of
    distinct users in a month, `distinct_events` counts the names of events and `distinct_parts` what stands in one
    `part` of them (in `web.sales.invoice` the second is `sales`, where the `separator` is a full stop), `active_months`
    counts months with any such event; `event` is a name or a pattern with `*`, or several. source tickets and touches:
    `count`, of those of a `kind`. source surveys: `nps`, the mean answer. source assessments: `score`, the latest score
    of `name`.

    At the end of the month, without a window: source milestones, `reached`: how many milestones of a `name` (or a
    pattern) were ever reached; source contracts, `mrr` and `count` of the contracts that run on that day.

    per: what the number is divided by, over the same months; divided by nothing, it has no value.
    """

    months: int = Field(default=3, ge=1, le=24)
    per: Amount | None = None

    @property
    def is_of_month_end(self) -> bool:
        """Whether it is a value of the end of a month, without a window."""
        return self.source in OF_THE_MONTH_END

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that it reads."""
        return tuple(dict.fromkeys((self.source, self.per.source if self.per else self.source)))

    @property
    def numerator(self) -> Self:
        """The number that is divided, without `per`."""
        return self.model_copy(update={"per": None})

    @property
    def divisor(self) -> Measure | None:
        """What the number is divided by, over the same months."""
        if self.per is None:
            return None
        months = {} if self.per.source in OF_THE_MONTH_END else {"months": self.months}
        return Measure(**dict(self.per), **months)

    @model_validator(mode="after")
    def _has_a_window(self) -> Self:
        if self.is_of_month_end and self.months != Measure.model_fields["months"].default:
            raise ValueError(f"source '{self.source}' is of the end of the month, it has no 'months'")
        return self

    @model_validator(mode="after")
    def _is_divisible(self) -> Self:
        if self.per is not None:
            for amount in (self, self.per):
                if amount.source in ("surveys", "assessments"):
                    raise ValueError(
                        f"'per' is for what is counted, not for the answers of '{amount.source}'"
                    )
        return self


class Condition(Measure):
    """A measure with bounds that must be met."""

    at_least: float | None = Field(default=None, allow_inf_nan=False)
    at_most: float | None = Field(default=None, allow_inf_nan=False)

    @model_validator(mode="after")
    def _has_a_bound(self) -> Condition:
        if self.at_least is None and self.at_most is None:
            raise ValueError("needs 'at_least' or 'at_most'")
        return self


class Sign(SettingsModel):
    """How the use of contents or tools is recognised: exactly one of two signs.

    `touch: PATTERN` - the `content` of a row of the table touches; `event: PATTERN` - a usage event.
    """

    touch: str | None = None
    event: str | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Sign:
        if (self.touch is None) == (self.event is None):
            raise ValueError("needs exactly one of 'touch', 'event'")
        return self
