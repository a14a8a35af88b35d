"""How the funnel of a journey is counted: other than the product file says, where a notebook asks for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from cs_helpers.contract.products import Journey
from cs_helpers.errors import ParameterError
from cs_helpers.snapshot import ProductData


def counted_as(data: ProductData, **funnel: Any) -> ProductData:
    """The same data, with the funnel of its journey counted otherwise: any of mode, entry, unit, window_days, exclusions.

    What the product file says of the others stays, but mode `milestones` knows one entry and no
    exclusions. Raises `ParameterError` for what no journey can have.
    """
    product = data.product
    if unknown := set(funnel) - set(Journey.model_fields):
        raise ParameterError(min(unknown), "a journey has nothing of that name")
    asked = product.journey.model_dump() | funnel
    if asked["mode"] == "milestones":
        asked |= {"entry": "first_entry", "exclusions": ()}
    try:
        journey = Journey.model_validate(asked)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "journey"
        message = first["msg"].removeprefix("Value error, ")
        raise ParameterError(name, message, value=funnel.get(name)) from None
    if journey.unit == "user":
        known = product.journey.unit == "user"
        events = {x.event for x in journey.exclusions} - {x.event for x in product.journey.exclusions}
        if not known or events - {None}:
            what = "users" if not known else "what users did of the excluded events"
            raise ParameterError(
                "unit", f"this snapshot does not hold {what}; say it in the product file and take it anew",
                value="user",
            )  # fmt: skip
    return replace(data, product=product.model_copy(update={"journey": journey}))
