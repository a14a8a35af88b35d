"""The model of the organisation of a product file: which role of which department answers for what of the customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, model_validator

from cs_helpers.contract.product_parts import MetricName, SettingsModel, Slug, Words
from cs_helpers.errors import did_you_mean

#: what is to be done for customers from the contract to the renewal, in this order
JobRole = Literal["onboarding", "implementation", "adoption", "renewal", "expansion", "support"]
JOB_ROLES: tuple[JobRole, ...] = (
    "onboarding", "implementation", "adoption", "renewal", "expansion", "support",
)  # fmt: skip


class Responsibility(SettingsModel):
    """A role in a department: what it answers for, and with how many people.

    people: full-time equivalents; if missing, they are not stated (which is not none). steps: of the journey that it
    answers for. kpis: headline numbers that it is measured by. plays: ids of the entries of the playbook that it
    carries out.
    """

    role: JobRole
    department: Words
    people: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    steps: tuple[Slug, ...] = ()
    kpis: tuple[MetricName, ...] = ()
    plays: tuple[Slug, ...] = ()


class Organisation(SettingsModel):
    """Who does what for the customers of a product: roles, each in a department.

    A role may stand in several departments, once in each.
    """

    roles: tuple[Responsibility, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _roles_differ(self) -> Organisation:
        named = [(r.role, same_department(r.department)) for r in self.roles]
        for n, entry in enumerate(self.roles):
            if named[n] in named[:n]:
                raise ValueError(
                    f"the role '{entry.role}' is named twice in '{entry.department.en}', write it once with all that it does"
                )
        return self

    @property
    def kpis(self) -> tuple[str, ...]:
        """The headline numbers that any role is measured by, each once."""
        return tuple(dict.fromkeys(kpi for role in self.roles for kpi in role.kpis))

    def check(self, steps: Sequence[str], plays: Sequence[str]) -> None:
        """Raises `ValueError` where a role names a step or an entry of the playbook that the product does not have.

        steps: of the journey. plays: ids of the entries. Its `kpis` are checked where all analyses are known
        (`summary.check_metrics`).
        """
        for entry in self.roles:
            check_names("organisation", entry.steps, steps, entry.plays, plays)


def same_department(department: Words) -> str:
    """What two spellings of a department's English name have in common: `Sales ` and `sales` are the same."""
    return " ".join(department.en.casefold().split())


def check_names(
    section: str,
    named_steps: Sequence[str],
    steps: Sequence[str],
    named_plays: Sequence[str],
    plays: Sequence[str],
) -> None:
    """Raises `ValueError` for the first step or entry of the playbook that a section of the product file invents."""
    for step in named_steps:
        if step not in steps:
            hint = did_you_mean(step, steps)
            raise ValueError(
                f"{section} names the step '{step}', journey has no such step.{hint}".rstrip(".")
            )
    for play in named_plays:
        if play not in plays:
            hint = did_you_mean(play, plays)
            raise ValueError(
                f"{section} names the entry '{play}', playbook has no entry with this id.{hint}".rstrip(".")
            )
