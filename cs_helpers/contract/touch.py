"""The model of a touch plan in a product file: what each customer is to get in a quarter, and the team's hours for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from cs_helpers.contract.product_parts import SettingsModel
from cs_helpers.contract.vocabulary import TOUCH_MODELS

TouchModel = Literal["high", "low", "tech", "community"]
#: touch model -> share of touches; any text may be asked for
Mix = Mapping[Any, float]


def _touches(value: Any) -> Any:
    """A number of touches, or one for each touch model; raises `ValueError` for anything else."""
    counts = list(value.values()) if isinstance(value, dict) else [value]
    names = value if isinstance(value, dict) else ()
    if any(type(n) is not int or n < 0 for n in counts) or not counts or set(names) - set(TOUCH_MODELS):
        raise ValueError(
            f"a whole number of touches is needed, or one for each touch model ({', '.join(TOUCH_MODELS)})"
        )
    return value


#: the touches that a customer is to get in a quarter: of any model, or so many of each
Touches = Annotated[int | Mapping[str, int], BeforeValidator(_touches)]


class TouchPlan(SettingsModel):
    """The touches that each customer is to get in a quarter.

    by_touch_model, by_level: by the touch model of the customer, or by its level of maturity; one of the two. A number
    counts touches of any model, `{high: 2, tech: 1}` so many of each. Customers of a touch model or level that is not
    named have no plan. hours_per_touch: the hours of the team that one touch of a model takes on average, with what is
    done before and after it.
    """

    by_touch_model: dict[TouchModel, Touches] = Field(default_factory=dict)
    by_level: dict[int, Touches] = Field(default_factory=dict)
    hours_per_touch: dict[TouchModel, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _says_something_once(self) -> TouchPlan:
        if self.by_touch_model and self.by_level:
            raise ValueError("needs one of 'by_touch_model' and 'by_level', not both")
        if not (self.by_touch_model or self.by_level or self.hours_per_touch):
            raise ValueError("needs 'by_touch_model' or 'by_level', 'hours_per_touch', or both")
        return self

    @property
    def counts_touches(self) -> bool:
        """Whether it says how many touches customers are to get."""
        return bool(self.by_touch_model or self.by_level)

    def check(self, top: int, touch_mix: Mix) -> None:
        """Raises `ValueError` for a level above the product's highest, `top`, and for planned touches without hours."""
        for level in self.by_level:
            if not 0 <= level <= top:
                raise ValueError(f"touch_plan names the level {level}, the product has the levels 0 to {top}")
        mixes = [touch_mix, *(self.mix_of(group, touch_mix) for group in self._planned)]
        for model in TOUCH_MODELS:
            if (
                self.hours_per_touch
                and model not in self.hours_per_touch
                and any(mix.get(model) for mix in mixes)
            ):
                raise ValueError(f"touch_plan needs the hours_per_touch of '{model}', which is planned")

    @property
    def _planned(self) -> Mapping[str, Touches]:
        """The touches by level (its number as text) or touch model."""
        return {
            str(group): touches
            for by in (self.by_level, self.by_touch_model)
            for group, touches in by.items()
        }

    def touches_of(self, group: str) -> Touches | None:
        """The touches that a customer of a level (its number as text) or touch model is to get; None: nothing is planned."""
        return self._planned.get(group)

    def mix_of(self, group: str, touch_mix: Mix) -> Mix:
        """The planned share of each touch model among the touches of a level or of a touch model of customers.

        A plan that names the models of touches says it itself. Where it only counts touches, those of a touch model's
        customers are of that model, and those of a level are shared out as the product's `touch_mix`.
        """
        touches = self.touches_of(group)
        total = sum(touches.values()) if isinstance(touches, Mapping) else 0
        if isinstance(touches, Mapping) and total:
            return {model: touches.get(model, 0) / total for model in TOUCH_MODELS}
        if group in TOUCH_MODELS:
            return {model: float(model == group) for model in TOUCH_MODELS}
        return {model: touch_mix.get(model, 0.0) for model in TOUCH_MODELS}
