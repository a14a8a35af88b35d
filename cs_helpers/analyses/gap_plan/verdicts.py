"""What the page says of all gaps together."""

from __future__ import annotations

import pandas as pd

from cs_helpers.result import Verdict


def gaps_verdict(gaps: pd.DataFrame) -> Verdict:
    """How many goals are short of their target, may be either, are reached, and are not known.

    gaps: a row a goal with state and certainty (`sizing`). Codes: `all_short`, `all_reached`, `none_known`, `reached_and_unknown` (no gap that is
    known is left), and `short` of a mixture. Fields short, unclear (the interval holds the target), reached, unknown and of (goals), which add up.
    """
    states = gaps["state"].mask((gaps["state"] != "unknown") & (gaps["certainty"] == "unclear"), "unclear")
    fields = {state: int((states == state).sum()) for state in ("short", "unclear", "reached", "unknown")}
    of = len(gaps)
    whole = {"short": "all_short", "reached": "all_reached", "unknown": "none_known"}
    for state, code in whole.items():
        if fields[state] == of:
            return Verdict(code, {**fields, "of": of})
    is_left = fields["short"] or fields["unclear"]
    return Verdict("short" if is_left else "reached_and_unknown", {**fields, "of": of})
