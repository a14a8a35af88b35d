"""Options for counting the funnel of a journey differently from the product file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from cs_helpers.contract.products import Journey
from cs_helpers.errors import ParameterError
from cs_helpers.snapshot import ProductData


def with_funnel_options(data: ProductData, **funnel: Any) -> ProductData:
    """The data with other settings for the funnel of its journey: any of mode, entry, unit, window_days, exclusions.

    Other settings stay as in the product file, but mode `milestones` allows one entry rule and no exclusions. Raises
    `ParameterError` for settings that a journey cannot have.
    """
    product = data.product
    if unknown := set(funnel) - set(Journey.model_fields):
        raise ParameterError(min(unknown), "a journey has nothing of that name")
    settings = product.journey.model_dump() | funnel
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
