"""The model of the means of a product file: measures and resources, what each serves, and how many customers it can take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, model_validator

from cs_helpers.contract.organisation import Organisation, check_names
from cs_helpers.contract.product_parts import SettingsModel, Slug, Words

Reason = Literal["benefit", "timing", "guidance", "bias"]

#: why nobody can carry out an entry of the playbook: no means is named for it, all of its means are spent (capacity 0),
#: no role is named for it, or the roles that are have no people
Obstacle = Literal["no_means", "no_capacity", "no_role", "no_people"]

#: what means serve and roles answer for, by the key that names it
Named = Literal["plays", "steps", "reasons"]


class Means(SettingsModel):
    """A measure (what can be done) or a resource (what it takes, as content, tools or people from elsewhere).

    horizon: whether a measure helps at once (`short_term`) or takes the cause away (`root_cause`); of measures only.
    department: whose it is; for borrowed means the department that lends it. owned: `own`, or `borrowed` from another
    department. capacity: the customers that it can serve in a quarter; if missing, it is not stated. steps, reasons,
    plays: the steps of the journey, the reasons for not acting, and the entries of the playbook that it serves.
    """

    id: Slug
    name: Words
    kind: Literal["measure", "resource"]
    horizon: Literal["short_term", "root_cause"] | None = None
    department: Words
    owned: Literal["own", "borrowed"] = "own"
    capacity: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    steps: tuple[Slug, ...] = ()
    reasons: tuple[Reason, ...] = ()
    plays: tuple[Slug, ...] = ()

    @model_validator(mode="after")
    def _horizon_is_of_measures(self) -> Means:
        if self.horizon and self.kind != "measure":
            raise ValueError("'horizon' is for a measure, a resource has none")
        return self


def check_means(means: Sequence[Means], steps: Sequence[str], plays: Sequence[str]) -> None:
    """Raises `ValueError` where means name what the product does not have, or share an id.

    steps: of the journey. plays: ids of the entries of the playbook.
    """
    ids = [one.id for one in means]
    if repeated := [key for n, key in enumerate(ids) if key in ids[:n]]:
        raise ValueError(f"two means have the id '{repeated[0]}', give each one of its own")
    for one in means:
        check_names(f"the means '{one.id}'", one.steps, steps, one.plays, plays)


def working_means(named: str, means: Sequence[Means], of: Named = "plays") -> list[Means]:
    """The means by which something is done: the measures that serve it, or its resources where no measure does.

    named: an entry of the playbook, a step or a reason, by `of`.
    """
    serving = [one for one in means if named in getattr(one, of)]
    return [one for one in serving if one.kind == "measure"] or serving


def obstacles(
    named: str,
    means: Sequence[Means],
    organisation: Organisation | None,
    of: Literal["plays", "steps"] = "plays",
) -> tuple[Obstacle, ...]:
    """Why nobody can do what an entry of the playbook, or a step, asks for; empty where somebody can or nothing is said.

    named: the id of the entry, or the step, by `of`. A section that is missing, or names no entry (no step) at all, says
    nothing about any of them. Means without a stated capacity, and roles without a stated number of people, are taken to
    have some.
    """
    found: list[Obstacle] = []
    if any(getattr(one, of) for one in means):
        working = working_means(named, means, of)
        if not working:
            found.append("no_means")
        elif all(one.capacity == 0 for one in working):
            found.append("no_capacity")
    if organisation and any(getattr(role, of) for role in organisation.roles):
        roles = [role for role in organisation.roles if named in getattr(role, of)]
        if not roles:
            found.append("no_role")
        elif all(role.people == 0 for role in roles):
            found.append("no_people")
    return tuple(found)


def capacity_of(named: str, means: Sequence[Means], of: Named = "plays") -> float | None:
    """The customers a quarter that the means by which something is done can take; None where that of any is not stated."""
    capacities = [one.capacity for one in working_means(named, means, of)]
    if not capacities or None in capacities:
        return None
    return sum(capacity for capacity in capacities if capacity is not None)


def is_said(means: Sequence[Means], organisation: Organisation | None, of: Literal["plays", "steps"]) -> bool:
    """Whether any means, or any role, names an entry of the playbook (a step): else nobody knows who can do it."""
    roles = organisation.roles if organisation else ()
    return any(getattr(one, of) for one in means) or any(getattr(role, of) for role in roles)
