"""Draw the tables `milestones` (recorded steps) and `touches` (contacts and churn notices)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.sample.contracts import Terms
from cs_helpers.sample.days import (
    AS_OF,
    LOG_START,
    NEVER,
    Ints,
    office_day,
    office_times,
)
from cs_helpers.sample.rollouts import Rollouts
from cs_helpers.sample.uptake import STAGES

#: touch model -> kind of touch and its mean number per account and quarter
_TOUCHES_A_QUARTER = {
    "high": (("meeting", 2.4), ("mail", 1.5)),
    "low": (("meeting", 0.7), ("mail", 1.5), ("webinar", 0.4)),
    "tech": (("mail", 2.5), ("webinar", 0.4)),
    "community": (("webinar", 0.8), ("community_event", 0.5), ("mail", 1.0)),
}
_CONTENT = {
    "paper_to_web": ("recipient list", "second department", "usage review", "new functions"),
    "expense_desk": ("approval flow", "monthly closing", "usage review", "new functions"),
    "helpdesk": ("reply templates", "self-service articles", "usage review", "new functions"),
}


def recorded_steps(terms: Terms, reached: Rollouts | Ints) -> dict[str, Ints]:
    """Step -> its days, for the steps that are recorded as milestones."""
    if isinstance(reached, Rollouts):
        return {
            "kickoff": reached.kickoff,
            "recipients_registered": reached.recipients,
            "all_outgoing": reached.no_outgoing,
        }
    stages = STAGES[terms.product]
    return {s.milestone: reached[:, n] for n, s in enumerate(stages) if s.milestone}


def milestones_table(
    parts: list[tuple[Terms, Rollouts | Ints]], accounts: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """The recorded steps of customers whose first contract starts within the log, up to the end of their contract."""
    frames = []
    for terms, reached in parts:
        for step, days in recorded_steps(terms, reached).items():
            until = np.minimum(terms.ended, AS_OF + 1)
            rows = np.flatnonzero((terms.started >= LOG_START) & (days < until))
            frames.append(
                pd.DataFrame(
                    {
                        "account_id": accounts["account_id"].to_numpy()[terms.account[rows]],
                        "product": terms.product,
                        "step": step,
                        "reached_at": _to_the_minute(days[rows], rng),
                    }
                )
            )
    milestones = pd.concat(frames, ignore_index=True)
    return milestones.sort_values(["reached_at", "account_id", "product"], ignore_index=True)


def _to_the_minute(days: Ints, rng: np.random.Generator) -> np.ndarray:
    """Times in office hours, to the minute."""
    return office_times(days, rng).astype("datetime64[m]").astype("datetime64[s]")


def touches_table(
    parts: list[tuple[Terms, Rollouts | Ints]], accounts: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Kick-offs, the contacts of each touch model, and a notice before the end of each contract."""
    frames = []
    for terms, reached in parts:
        kickoff = recorded_steps(terms, reached)["kickoff"]
        with_kickoff = np.flatnonzero((terms.started >= LOG_START) & (kickoff < terms.ended))
        frames.append(
            _touches(terms, with_kickoff, kickoff[with_kickoff], "kickoff", "kick-off meeting", accounts)
        )
        leaving = np.flatnonzero(terms.leaving)
        days = office_day(terms.ended[leaving] - rng.integers(33, 89, len(leaving)))
        notice = _touches(terms, leaving, days, "churn_notice", "does not renew", accounts)
        frames.append(notice.assign(touch_model=None))
        frames += _regular_touches(terms, accounts, rng)
    touches = pd.concat(frames, ignore_index=True)
    touches = touches[(touches["day"] >= LOG_START) & (touches["day"] <= AS_OF)]
    touches["step"] = touches["kind"].where(touches["kind"] == "kickoff")
    touches["occurred_at"] = _to_the_minute(touches["day"].to_numpy(), rng)
    columns = ["account_id", "product", "occurred_at", "touch_model", "kind", "content", "csm"]
    return touches[[*columns, "step"]].sort_values(
        ["occurred_at", "account_id", "product", "kind"], ignore_index=True
    )


def _regular_touches(terms: Terms, accounts: pd.DataFrame, rng: np.random.Generator) -> list[pd.DataFrame]:
    model = accounts["touch_model"].to_numpy()[terms.account]
    first = np.maximum(terms.started + 14, LOG_START)
    days_open = np.clip(np.minimum(terms.ended, AS_OF + 1) - first - 3, 0, NEVER)
    frames = []
    subjects = rng.spawn(1)[0]
    for kind in ("meeting", "mail", "webinar", "community_event"):
        rate = np.array([dict(_TOUCHES_A_QUARTER[m]).get(kind, 0.0) for m in model])
        rows = np.repeat(np.arange(len(model)), rng.poisson(rate * days_open / 91))
        days = office_day(first[rows] + (rng.random(len(rows)) * days_open[rows]).astype(np.int64))
        content = subjects.choice(_CONTENT[terms.product], len(rows))
        frames.append(_touches(terms, rows, days, kind, content, accounts))
    return frames


def _touches(
    terms: Terms,
    rows: Ints,
    days: Ints,
    kind: str,
    content: str | np.ndarray,
    accounts: pd.DataFrame,
) -> pd.DataFrame:
    accounts_of_rows = accounts.iloc[terms.account[rows]]
    return pd.DataFrame(
        {
            "account_id": accounts_of_rows["account_id"].to_numpy(),
            "product": terms.product,
            "day": days,
            "touch_model": accounts_of_rows["touch_model"].to_numpy(),
            "kind": kind,
            "content": content,
            "csm": accounts_of_rows["csm"].to_numpy(),
        }
    )
