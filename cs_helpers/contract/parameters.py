"""The parameters of a notebook: one schema for the command line, the widgets and the pages.

Parameters are data, never code: an invalid value is rejected before anything runs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cs_helpers.contract.products import Slug
from cs_helpers.contract.quarters import Quarter
from cs_helpers.errors import ParameterError, did_you_mean

LANGUAGES = ("en", "ja")
#: by which customers can be selected; a CSM's customers are shown to the team only
DIMENSIONS = ("size", "industry", "quadrant", "csm")
_ONE = rf"({'|'.join(DIMENSIONS)}):[^\x00-\x1f<>]{{1,60}}"
Audience = Literal["team", "leadership"]


def split_segment(segment: str) -> list[tuple[str, str]]:
    """The dimensions and values of a segment as in `size:small;csm:csm-03`; none for `all`."""
    if segment == "all":
        return []
    parts = re.split(rf";(?=(?:{'|'.join(DIMENSIONS)}):)", segment)
    return [(dimension, value) for dimension, _, value in (part.partition(":") for part in parts)]


def join_segment(values: Mapping[str, str]) -> str:
    """The segment with a value of each dimension, in the notation of `split_segment`; `all` without any."""
    return ";".join(f"{d}:{values[d]}" for d in DIMENSIONS if d in values) or "all"


def options_text(options: Mapping[str, Mapping[str, Any]]) -> str:
    """The options of analyses as the parameter of a notebook: `none`, or JSON."""
    given = {analysis: dict(of_it) for analysis, of_it in options.items() if of_it}
    return json.dumps(given, ensure_ascii=False, sort_keys=True, default=str) if given else "none"


def read_options(value: str) -> dict[str, dict[str, Any]]:
    """The options by analysis, from the parameter of a notebook. Raises `ValueError` where it is neither `none` nor such JSON."""
    options = {} if value == "none" else json.loads(value)
    if not isinstance(options, dict) or not all(isinstance(of_it, dict) for of_it in options.values()):
        raise ValueError(value)
    return options


class Parameters(BaseModel):
    """The parameters of a notebook run; the defaults are those of the notebooks."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    product: Slug = Field("first", description="a product of the snapshot, or first")
    quarter: str = Field("latest", description="as in 2026Q3, or latest: the last complete one")
    language: Literal["en", "ja"] = Field("en", description="en or ja")
    segment: str = Field(
        "all",
        pattern=rf"^(all|{_ONE}(;{_ONE})*)$",
        description="all, or segments that all hold, as in size:small or size:small;csm:csm-03",
    )
    snapshot: str = Field(
        "latest",
        pattern=r"^(latest|[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9a-f]{12})$",
        description="id of a snapshot, or latest: the newest",
    )
    options: str = Field(
        "none",
        description='none, or the options of analyses as JSON, as in {"journeys": {"window_days": 30}}',
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

    @field_validator("segment")
    @classmethod
    def _names_each_dimension_once(cls, value: str) -> str:
        if value != "all" and len(named := [d for d, _ in split_segment(value)]) > len(set(named)):
            raise ValueError("a dimension is named twice")
        return value

    @field_validator("options")
    @classmethod
    def _is_of_analyses(cls, value: str) -> str:
        read_options(value)
        return value

    @property
    def analysis_options(self) -> dict[str, dict[str, Any]]:
        """The options by analysis."""
        return read_options(self.options)

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
