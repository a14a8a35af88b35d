"""The parameters of a notebook: one schema for the command line, the widgets and the pages.

Parameters are data, never code: an invalid value is rejected before anything runs.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cs_helpers.contract.products import Slug
from cs_helpers.contract.quarters import Quarter
from cs_helpers.errors import ParameterError, did_you_mean

LANGUAGES = ("en", "ja")
Audience = Literal["team", "leadership"]


class Parameters(BaseModel):
    """The parameters of a notebook run; the defaults are those of the notebooks."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    product: Slug = Field("first", description="a product of the snapshot, or first")
    quarter: str = Field("latest", description="as in 2026Q3, or latest: the last complete one")
    language: Literal["en", "ja"] = Field("en", description="en or ja")
    segment: str = Field(
        "all",
        pattern=r"^(all|(size|industry|quadrant):[^\x00-\x1f<>]{1,60})$",
        description="all, or one segment as in size:small",
    )
    snapshot: str = Field(
        "latest",
        pattern=r"^(latest|[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9a-f]{12})$",
        description="id of a snapshot, or latest: the newest",
    )

    audience: Audience = Field(
        "team", description="team, or leadership: what was told in interviews never stands beside a name"
    )

    @field_validator("quarter")
    @classmethod
    def _is_a_quarter(cls, value: str) -> str:
        if value != "latest":
            Quarter.parse(value)
        return value

    @classmethod
    def check(cls, values: dict[str, Any]) -> Parameters:
        """Validate `values`. Raises `ParameterError` (name, value, allowed) for the first invalid one."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
        name = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            hint = did_you_mean(name, cls.model_fields)
            raise ParameterError(
                name, f"there is no such parameter.{hint}".rstrip("."), allowed=", ".join(cls.model_fields)
            )
        if first["type"].endswith("_type"):
            problem = f"must be a text, not {type(first['input']).__name__}"
        else:
            problem = "this value is not allowed"
        help_ = cls.model_fields[name].description or ""
        raise ParameterError(name, problem, value=first["input"], allowed=help_)
