"""The model of what a hand-over from sales is to hold, in a product file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cs_helpers.contract.product_parts import SettingsModel

HandoverField = Literal[
    "problem", "promised", "expected_outcome", "expectation", "deadline", "decision_maker", "stakeholders"
]


class HandoverRules(SettingsModel):
    """What a hand-over is to hold.

    fields: the columns of the table `handovers` that count; without them all that any hand-over of the product has filled in,
    because a column that is always empty may not be on the sheet at all. complete_from: the share of these fields from
    which a hand-over counts as complete.
    """

    fields: Annotated[tuple[HandoverField, ...], Field(min_length=1)] | None = None
    complete_from: float = Field(default=0.8, gt=0, le=1, allow_inf_nan=False)

    @model_validator(mode="after")
    def _names_each_field_once(self) -> HandoverRules:
        if self.fields and len(set(self.fields)) < len(self.fields):
            raise ValueError("a field of the hand-over is named twice")
        return self
