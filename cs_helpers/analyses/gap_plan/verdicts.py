"""What the page says of all gaps together."""

from __future__ import annotations

import pandas as pd

from cs_helpers.result import Verdict


def gaps_verdict(gaps: pd.DataFrame) -> Verdict:
    """How many goals are short of their target, reached, and not known.

    gaps: a row a goal with state (`sizing`). Codes: `short`, `short_and_unknown`, `all_reached` (no gap that is known is left) and `none_known`;
    fields short, reached, unknown and of (goals).
    """
    states = gaps["state"]
    fields = {state: int((states == state).sum()) for state in ("short", "reached", "unknown")}
    short = "short_and_unknown" if fields["unknown"] else "short"
    code = short if fields["short"] else "all_reached" if fields["reached"] else "none_known"
    return Verdict(code, {**fields, "of": len(gaps)})
