"""The models of the maturity curve in a product file: two to six levels, each a named rule over tables of the contract."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from cs_helpers.contract.level_rules import check_levels, is_share
from cs_helpers.contract.product_parts import Condition, SettingsModel, Words

#: what values are written as: a share from 0 to 1, an amount of money, or a plain number
Unit = Literal["share", "currency", "number"]
#: the fewest and the most levels of a curve; level 0, below the first, is not declared
MIN_LEVELS, MAX_LEVELS = 2, 6


class LevelCondition(Condition):
    """A condition of a level. label: what its measure is called on pages, as "Departments"."""

    label: Words | None = None

    @property
    def unit(self) -> Unit:
        """What its values and bounds are written as."""
        if is_share(self):
            return "share"
        return "currency" if self.value == "mrr" and self.per is None else "number"


class Level(SettingsModel):
    """A level of maturity, which is reached when all its conditions hold, and those of all lower levels."""

    level: int = Field(ge=1, strict=True)
    name: Words
    meaning: Words
    conditions: tuple[LevelCondition, ...] = ()


def _day(value: Any) -> Any:
    """A day, as YAML reads it or as text (in the manifest of a snapshot)."""
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("needs a day, as 2026-04-01") from None


class Maturity(SettingsModel):
    """The levels of a product, from the first on. A level counts only if all lower levels hold too.

    agreed_on: the day on which these rules were agreed on; pages say it, because levels of before were worked out by
    them, too.
    """

    levels: tuple[Level, ...]
    agreed_on: Annotated[date | None, BeforeValidator(_day)] = None

    @model_validator(mode="after")
    def _in_order(self) -> Maturity:
        if not MIN_LEVELS <= len(self.levels) <= MAX_LEVELS:
            raise ValueError(
                f"a product has {MIN_LEVELS} to {MAX_LEVELS} levels, these are {len(self.levels)}"
            )
        numbers = list(range(1, len(self.levels) + 1))
        if [level.level for level in self.levels] != numbers:
            raise ValueError(f"levels must be {', '.join(map(str, numbers))} in this order")
        return self

    @model_validator(mode="after")
    def _can_be_reached(self) -> Maturity:
        check_levels([(level.level, level.conditions) for level in self.levels])
        return self

    @property
    def conditions(self) -> tuple[LevelCondition, ...]:
        """The conditions of all levels, lowest level first."""
        return tuple(self.conditions_by_key.values())

    @property
    def conditions_by_key(self) -> dict[str, LevelCondition]:
        """The conditions of all levels by `<level>.<place in the level>`, lowest level first."""
        return {
            f"{level.level}.{place}": condition
            for level in self.levels
            for place, condition in enumerate(level.conditions, 1)
        }

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables of the contract that the rules read, sorted."""
        return tuple(sorted({table for condition in self.conditions for table in condition.tables}))

    @property
    def top(self) -> int:
        """The highest level."""
        return len(self.levels)

    @property
    def numbers(self) -> tuple[int, ...]:
        """All levels from 0, below the first, to the highest."""
        return tuple(range(self.top + 1))

    @property
    def upper_from(self) -> int:
        """The first level of the upper half: Lv.3 of four."""
        return self.top // 2 + 1
