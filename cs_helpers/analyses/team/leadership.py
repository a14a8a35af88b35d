"""What leadership reads of trainings: no count of one or two persons, and none that gives such a count away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from cs_helpers.editions.anonymity import MIN_PEOPLE, hide_small_groups
from cs_helpers.result import Note, Result


def for_leadership(result: Result) -> Result:
    """The result without counts of fewer than three persons: missing in `trainings` and `training_effects` (trained).

    Those who were assigned have completed it, have it open, or left without it, which `trainings` does not say and its
    total gives away. With the share over all trainings a count that is hidden could be derived, so it is left out too.
    """
    if "trainings" not in result.tables:
        return result
    tables, metrics, notes = dict(result.tables), dict(result.metrics), list(result.notes)
    rows = tables["trainings"]
    groups = rows[["completed", "open"]].to_numpy(np.int64)
    left = rows["assigned"].to_numpy(np.int64) - groups.sum(axis=1)
    found = [hide_small_groups(np.append(*one)) for one in zip(groups, left, strict=True)]
    hidden = pd.DataFrame([one for one, _ in found], rows.index, ["completed", "open", "left"])
    hidden["assigned"] = [whole for _, whole in found]
    counts = ["assigned", "completed", "open"]
    tables["trainings"] = rows.assign(
        **{name: rows[name].astype("Int64").mask(hidden[name]) for name in counts},
        days=rows["days"].mask(hidden["completed"]),
    )
    if "training_effects" in tables:
        effects = tables["training_effects"]
        untold = set(rows.loc[hidden["completed"], "training"])
        few = effects["trained"].between(1, MIN_PEOPLE - 1) | effects["training"].isin(untold)
        tables["training_effects"] = effects.assign(trained=effects["trained"].astype("Int64").mask(few))
    if hidden.any(axis=None):
        metrics.pop("training_completed", None)
        notes.append(Note("counts_hidden", "trainings", {"needed": MIN_PEOPLE}))
    return replace(result, tables=tables, metrics=metrics, notes=tuple(notes))
