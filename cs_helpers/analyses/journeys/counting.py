"""Options for counting the funnel of a journey differently from the product file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from cs_helpers.contract.products import ExclusionRule, Journey
from cs_helpers.errors import ParameterError
from cs_helpers.snapshot import ProductData


def with_funnel_options(data: ProductData, **funnel: Any) -> ProductData:
    """The data with other settings for the funnel of its journey: any of mode, entry, unit, window_days, exclusions, steps.

    steps: names of at least two steps of the product file, whose order stays: the first of them is then the entry, value comes
    with the last where the step of value is not among them, and exclusions between other steps do not count. Other
    settings stay as in the product file, but mode `milestones` allows one entry rule and no exclusions. Raises
    `ParameterError` for settings that a journey cannot have.
    """
    product = data.product
    if unknown := set(funnel) - set(Journey.model_fields):
        raise ParameterError(min(unknown), "a journey has nothing of that name")
    settings = product.journey.model_dump() | funnel
    if "steps" in funnel:
        settings |= _of_steps(product.journey, tuple(funnel["steps"]), settings)
    if settings["mode"] == "milestones":
        settings |= {"entry": "first_entry", "exclusions": ()}
    try:
        journey = Journey.model_validate(settings)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "journey"
        message = first["msg"].removeprefix("Value error, ")
        raise ParameterError(name, message, value=funnel.get(name)) from None
    if journey.unit == "user":
        has_users = product.journey.unit == "user"
        events = {x.event for x in journey.exclusions} - {x.event for x in product.journey.exclusions}
        if not has_users or events - {None}:
            what = "users" if not has_users else "what users did of the excluded events"
            raise ParameterError(
                "unit", f"this snapshot does not hold {what}; say it in the product file and take it anew",
                value="user",
            )  # fmt: skip
    return replace(data, product=product.model_copy(update={"journey": journey}))


def _of_steps(journey: Journey, chosen: tuple[str, ...], settings: dict[str, Any]) -> dict[str, Any]:
    """The settings that depend on the steps, for some of them."""
    names = [step.step for step in journey.steps]
    if unknown := [name for name in chosen if name not in names]:
        raise ParameterError(
            "steps", "the journey has no such step", value=unknown[0], allowed=", ".join(names)
        )
    steps = [step for step in journey.steps if step.step in chosen]
    if len(steps) < 2:
        raise ParameterError("steps", "a funnel needs two or more steps")
    kept = [step.step for step in steps]
    exclusions = [ExclusionRule.model_validate(x) for x in settings["exclusions"]]
    return {
        "steps": steps,
        "value_step": journey.value_step if journey.value_step in kept[1:] else kept[-1],
        "exclusions": tuple(x for x in exclusions if {x.after, x.before} <= set(kept)),
    }
