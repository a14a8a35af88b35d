"""The health score of a product: its measures, what holds in which segment, and how it is checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from cs_helpers.contract.product_parts import Measure, SettingsModel, Slug, Words

Missing = Literal["skip", "worst"]


class HealthMeasure(SettingsModel):
    """A measure of health: `red` and worse score 0, `green` and better 100, linear in between.

    missing: what a value that is not known does. stale_after_days: an answer or assessment counts as not known when it is
    older than this at the end of the month.
    """

    id: Slug
    name: Words
    kind: Literal["quantitative", "qualitative"]
    measure: Measure
    red: float
    green: float
    weight: float = Field(gt=0)
    missing: Missing = "skip"
    stale_after_days: Annotated[int, Field(ge=1, le=3_660, strict=True)] | None = None

    @model_validator(mode="after")
    def _bands_differ(self) -> HealthMeasure:
        if self.red == self.green:
            raise ValueError("'red' and 'green' must differ (red above green: less is better)")
        if self.stale_after_days is not None and self.measure.source not in ("surveys", "assessments"):
            raise ValueError(
                "'stale_after_days' is for surveys and assessments; other measures have 'months'"
            )
        return self


class MeasureRule(SettingsModel):
    """What differs in a segment from the measure itself; a weight of 0 leaves the measure out there."""

    red: float | None = None
    green: float | None = None
    weight: Annotated[float, Field(ge=0)] | None = None
    missing: Missing | None = None


class SegmentRule(SettingsModel):
    """What differs in a segment, as `size:small` or `touch_model:tech`.

    For each customer the first rule in the file that names a segment of it holds, and no other.
    """

    segment: Annotated[str, Field(pattern=r"^(size|industry|quadrant|touch_model):.+$")]
    measures: Mapping[Slug, MeasureRule] = Field(min_length=1)


class HealthCheckRules(SettingsModel):
    """How the score is held against what happened.

    horizon_days: a customer counts as lost who leaves within so many days after the score. sustained_months: a customer
    who is red at so many month ends in a row is warned of.
    """

    horizon_days: int = Field(default=180, ge=30, le=730, strict=True)
    sustained_months: int = Field(default=2, ge=1, le=12, strict=True)


class Health(SettingsModel):
    """The health score, the weighted mean of its measures (0 to 100)."""

    version: int = Field(ge=1)
    yellow_from: float = Field(default=40, ge=0, le=100)
    green_from: float = Field(default=70, ge=0, le=100)
    measures: tuple[HealthMeasure, ...] = Field(min_length=1)
    segments: tuple[SegmentRule, ...] = ()
    check: HealthCheckRules = HealthCheckRules()

    @model_validator(mode="after")
    def _bands_in_order(self) -> Health:
        if self.yellow_from >= self.green_from:
            raise ValueError("yellow_from must be below green_from")
        if len({m.id for m in self.measures}) < len(self.measures):
            raise ValueError("a measure is named twice")
        return self

    @model_validator(mode="after")
    def _rules_name_measures(self) -> Health:
        by_id = {m.id: m for m in self.measures}
        for rule in self.segments:
            if {name for name, change in rule.measures.items() if change.weight == 0} >= by_id.keys():
                raise ValueError(f"the rule of '{rule.segment}' leaves out every measure")
            for name, change in rule.measures.items():
                if name not in by_id:
                    raise ValueError(
                        f"the rule of '{rule.segment}' names the measure '{name}', there are {', '.join(by_id)}"
                    )
                red = by_id[name].red if change.red is None else change.red
                green = by_id[name].green if change.green is None else change.green
                if red == green:
                    raise ValueError(
                        f"the rule of '{rule.segment}' gives '{name}' the same 'red' and 'green'"
                    )
        return self

    def weighed(self, weights: Mapping[str, float]) -> Health:
        """The score with other weights of its measures, as its next version; a measure of weight 0 is left out everywhere.

        Raises `pydantic.ValidationError` where nothing would be left, of all customers or of those of a segment.
        """
        kept = {m.id for m in self.measures if weights[m.id] > 0}
        rules = [
            {"segment": rule.segment, "measures": {k: v for k, v in rule.measures.items() if k in kept}}
            for rule in self.segments
        ]
        measures = [m.model_copy(update={"weight": weights[m.id]}) for m in self.measures if m.id in kept]
        return Health.model_validate(
            {name: getattr(self, name) for name in Health.model_fields}
            | {
                "version": self.version + 1,
                "measures": measures,
                "segments": [r for r in rules if r["measures"]],
            }
        )
