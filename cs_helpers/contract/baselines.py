"""The numbers of a product that are watched, how often they may raise a false alert, and the days that are no working days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from cs_helpers.contract.product_parts import SettingsModel, Slug, Words

Every = Literal["day", "week", "month"]
#: how the numbers of a series vary: `count` (whole numbers from 0, the larger the more), `amount` (from 0, by factors),
#: `level` (any number, by differences)
Scale = Literal["count", "amount", "level"]

#: source -> its values -> how they vary
VALUES: Mapping[str, Mapping[str, Scale]] = {
    "usage": {"users": "count", "events": "count", "quantity": "count", "accounts": "count"},
    "tickets": {"count": "count", "first_answer_hours": "amount", "resolve_hours": "amount"},
    "touches": {"count": "count"},
    "surveys": {"nps": "level", "answers": "count"},
    "contracts": {"customers": "count", "lost": "count", "new": "count", "mrr_lost": "amount"},
}


class Number(SettingsModel):
    """A number of all customers, or of those of a segment, for each day, week or month.

    Its value on a period with a day that the data does not cover is not known.

    usage: `users` are distinct per account and added up over the accounts: those of the day, those of the month, and for
    a week the sum of its days (a user who came on three days counts three times: the log is kept by day and month);
    `accounts` with any use, distinct in any period; `events`; `quantity`. `event` is a name or a pattern with `*`; of a
    user of several matching events an account's largest number counts.

    tickets: `count` by the day of opening. `first_answer_hours` and `resolve_hours`: the median hours on the clock, nights
    and weekends included, of the tickets that were answered or closed in the period. Tickets that are still waiting have
    no value yet: where a queue is left lying the median does not rise before it is worked off, so watch `count` too.
    In the first weeks of a log only tickets opened in it can be closed, which takes the medians below what they will be.

    touches: `count` without notices of churn. surveys: `answers`; `nps`, the share of 9 and 10 minus that of 0 to 6, times
    100, of the answers in the period.

    contracts: `customers` at the start of the period; `new`, on the first day of an account's first contract; `lost` and
    `mrr_lost`, on the day after the last day as a customer, with the MRR of that last day. Losses are known from the first
    one on, and not in a period in which a paid term ended whose renewal may still be recorded.
    """

    source: Literal["usage", "tickets", "touches", "surveys", "contracts"]
    value: str
    event: str = "*"

    @model_validator(mode="after")
    def _value_fits_source(self) -> Number:
        allowed = VALUES[self.source]
        if self.value not in allowed:
            raise ValueError(f"source '{self.source}' has the values {', '.join(allowed)}")
        if self.event != "*" and self.source != "usage":
            raise ValueError(f"source '{self.source}' has no 'event'")
        return self

    @property
    def scale(self) -> Scale:
        """How its values vary."""
        return VALUES[self.source][self.value]


class Baseline(Number):
    """A number that is watched for unusual days, weeks or months.

    per: the number is divided by this one. by: it is also watched in each segment. better: the direction that is good for
    the business. min_ratio: the least ratio to the usual level that is worth an alert; without it that of `Alerts`.
    """

    id: Slug
    name: Words
    unit: Words
    every: Every = "day"
    by: Literal["size", "industry", "touch_model"] | None = None
    per: Number | None = None
    better: Literal["higher", "lower", "neither"] = "neither"
    min_ratio: Annotated[float, Field(gt=1)] | None = None

    @model_validator(mode="after")
    def _has_ratio(self) -> Baseline:
        if self.per is not None and "level" in (Number.scale.fget(self), self.per.scale):  # type: ignore[attr-defined]
            raise ValueError("'per' cannot divide a number that may be negative, as nps")
        return self

    @property
    def scale(self) -> Scale:
        """How its values vary; a ratio of two numbers varies by factors."""
        return "amount" if self.per is not None else VALUES[self.source][self.value]


class Alerts(SettingsModel):
    """When a departure from the usual level is reported.

    false_alerts_a_week: at most so many are expected by chance in a week, over all watched numbers of the product.
    false_discovery: the share of the alerts of a week that may be due to chance (Benjamini, Hochberg 1995); where nothing
    is odd, the share of weeks with an alert, so that .01 calls one ordinary quarter in eight at most. min_ratio: a
    smaller departure is not worth an alert, however certain; of numbers that vary by differences, as nps, min_change.
    """

    false_alerts_a_week: float = Field(default=0.2, gt=0, le=50)
    false_discovery: float = Field(default=0.01, gt=0, le=0.5)
    min_ratio: float = Field(default=1.3, gt=1)
    min_change: float = Field(default=10, gt=0)


_Day = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class ClosedDays(SettingsModel):
    """Days of each year on which the customers' offices are closed, first and last inclusive, as `12-29` and `01-03`."""

    first: _Day
    last: _Day

    @field_validator("first", "last")
    @classmethod
    def _exists(cls, day: str) -> str:
        try:
            date(2024, int(day[:2]), int(day[3:]))  # a leap year
        except ValueError:
            raise ValueError(f"there is no day '{day}' in any year") from None
        return day


#: countries that need no look-up of whether their holidays are known: importing `holidays` takes as long as reading a
#: snapshot
KNOWN_COUNTRIES = frozenset(
    [
        "AU",
        "BR",
        "CA",
        "CH",
        "CN",
        "DE",
        "ES",
        "FR",
        "GB",
        "HK",
        "ID",
        "IN",
        "IT",
        "JP",
        "KR",
        "MY",
        "NL",
        "NZ",
        "PH",
        "SE",
        "SG",
        "TH",
        "TW",
        "US",
        "VN",
    ]
)


class Calendar(SettingsModel):
    """Days that are no working days although they are not at a weekend.

    country: the code of the country whose public holidays count (`JP`). closed: further days, as the year end.
    """

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    closed: tuple[ClosedDays, ...] = ()

    @field_validator("country")
    @classmethod
    def _is_known(cls, country: str | None) -> str | None:
        if country is None or country in KNOWN_COUNTRIES:
            return country
        from holidays import list_supported_countries

        if country not in list_supported_countries(include_aliases=False):
            raise ValueError(
                f"no public holidays are known of the country '{country}'; write its code by ISO 3166, as JP, or leave"
                " 'country' out and list its days in 'closed'"
            )
        return country
