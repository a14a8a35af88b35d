"""What several parts of a product file are made of: texts in both languages, measures, conditions, and signs of use."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


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


class Measure(SettingsModel):
    """A number for each account at the end of a month, over the last `months` months.

    source usage: `quantity` and `events` are summed, `days` counts active days, `users` is the largest
    number of distinct users in a month, `distinct_events` counts event names; `event` is a name or a
    pattern with `*`. source tickets and touches: `count`. source surveys: `nps`, the mean answer.
    source assessments: `score`, the latest score of `name`.
    """

    source: Literal["usage", "tickets", "touches", "surveys", "assessments"] = "usage"
    value: Literal["quantity", "events", "days", "users", "distinct_events", "count", "nps", "score"]
    event: str = "*"
    name: str = ""
    months: int = Field(default=3, ge=1, le=24)

    @model_validator(mode="after")
    def _value_fits_source(self) -> Measure:
        allowed = {
            "usage": ("quantity", "events", "days", "users", "distinct_events"),
            "tickets": ("count",),
            "touches": ("count",),
            "surveys": ("nps",),
            "assessments": ("score",),
        }[self.source]
        if self.value not in allowed:
            raise ValueError(f"source '{self.source}' has the values {', '.join(allowed)}")
        if self.source == "assessments" and not self.name:
            raise ValueError("source 'assessments' needs 'name', the measure that was assessed")
        return self


class Condition(Measure):
    """A measure with bounds that must be met."""

    at_least: float | None = None
    at_most: float | None = None

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
