"""The planted truths of the sample data: what an analysis must find in it, and nothing more.

How each is planted (everything else is random noise):

1. STALL: waits from `recipients_registered` to `second_department` are drawn (`rollouts`) with the
   shares below, spread evenly among small and among larger companies; all other steps have the same
   conversion for all sizes. The second department shows as a third event name
   `web.<department>.<document>`, because each department has exactly two documents.
2. ODD_WEEK: each user's probability of being active is multiplied in that week (`usage`).
   QUIET_WEEK: only this share of the tickets of helpdesk in that week is kept (`feedback`).
3. YEAR_END: the number of paper_to_web contracts that start and end is set so that the active base
   before each March 31 and the number that end on it are exact (`contracts`).
4. QUIET_COHORT: a fixed number of tickets, the mean below times the customers, is distributed over
   the first 30 days of each cohort (`feedback`).
5. REGRESSION: before two year ends a fixed number of accounts falls in maturity (paper is used again,
   or the second department stops); a fixed number of them is among those that end (`contracts`).
   Those that stay recover in April. No other account's level falls in these quarters.
6. LEAVING: what CSMs see, what customers answer and how much they use falls before a customer leaves (`feedback`, `usage`),
   so a health score made of these tells apart who leaves, as well as these numbers allow and no better.
7. SMALL_ONLY: only small companies make statements with these codes (`interviews`).
8. FIRST_GAP and EQUAL_GAPS: by LEAVING the CSM's scores `sponsor` and `plan` are low before a customer leaves, so customers in a
   gap of low scores are lost more often. Both scores of a customer are drawn alike, from the same mood with independent errors, so
   the two gaps of helpdesk are worth the same but for chance, and their goals state the same confidence and effort. The waits of
   STALL are drawn apart from who leaves (`rollouts`, `contracts`): that gap is large, and nothing says that closing it keeps customers.
9. HANDOVERS: whether a hand-over is complete is drawn by the days to value, so that customers of paper_to_web with a complete
   one reach value `ratio` times as fast (hazards) within each size; in the other two products, and for losses, it makes no
   difference. One role leaves fields empty in companies of every size; the others differ only by whom they sell to (`handovers`).
10. FEEDBACK: who asked for which request, how long requests waited, and how many customers were told are fixed numbers (`requests`).
11. TRAINING: after all other draws, and without a random number, waits for its step run at `pace` times their pace from the day on
    which the CSM completed it (`trainings`). All other TRAININGS change nothing.
12. PRINCIPLE_JUDGEMENTS: the lead says so of each principle; the other assessor the same, or at random one level less (`principles`).
13. COMPETENCY: on each element the true levels of high performers and of the others are spread alike around the same mean,
   but for one element of one product; ratings are these levels with errors of each rater (`competency`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

LOG_START = date(2024, 4, 1)
"""First day of usage, milestones, touches, tickets, surveys, assessments and costs."""

AS_OF = date(2026, 9, 30)
"""Last day of everything."""


@dataclass(frozen=True)
class Stall:
    """A step that companies of one size rarely take: the shares that take it within `days`."""

    product: str
    from_step: str
    to_step: str
    size: str
    share: float
    share_of_others: float
    days: int


@dataclass(frozen=True)
class OddWeek:
    """Seven days, first and last inclusive, with `ratio` times the usual daily number."""

    product: str
    number: str
    first_day: date
    last_day: date
    ratio: float


@dataclass(frozen=True)
class YearEnd:
    """Contracts active on the day before a year end, and how many of them end on it."""

    active: int
    ended: int


@dataclass(frozen=True)
class QuietCohort:
    """Customers who start in a range of days and open fewer tickets than earlier ones in their first days."""

    product: str
    first_start: date
    last_start: date
    customers: int
    first_days: int
    tickets_a_customer: float
    earlier_tickets_a_customer: float


@dataclass(frozen=True)
class Leaving:
    """How a customer that leaves differs from one that stays.

    A customer's mood is `mood_with_progress` or `mood_without`, and lower by `mood_drop` if it leaves within
    `assessed_days` (of assessments) or `surveyed_days` (of surveys). A CSM's score is `score_at_0` + `score_a_mood` x mood,
    plus a normal error of the customer (`account_spread`) and one of each score (`score_spread`), rounded, and 1 to 5. In the
    last `usage_days` of its contracts each user is active `usage_ratio` times as often.
    """

    mood_with_progress: float
    mood_without: float
    mood_drop: float
    assessed_days: int
    surveyed_days: int
    score_at_0: float
    score_a_mood: float
    account_spread: float
    score_spread: float
    usage_days: int
    usage_ratio: float


@dataclass(frozen=True)
class Handovers:
    """Complete hand-overs go with a ratio of the rates of reaching value; one role rarely completes a hand-over.

    ratio: of the hazards of reaching value, complete against incomplete, in `product`. careless: the role that completes only
    the share `careless_share` of its hand-overs.
    """

    product: str
    ratio: float
    careless: str
    careless_share: float


@dataclass(frozen=True)
class HelpingTraining:
    """A training that helps: customers of CSMs who completed it wait at `pace` times the pace, a third of the days with 3.

    first_day, last_day: between which trainings are completed; open_since: the first day on which those that are
    still open were assigned.
    """

    product: str
    training: str
    step: str
    pace: int
    first_day: date
    last_day: date
    open_since: date


@dataclass(frozen=True)
class Regression:
    """Accounts whose level fell in the two quarters before a year end, and how many ended on it."""

    fell: int
    ended: int


@dataclass(frozen=True)
class Feedback:
    """Requests to a product, by title: who asked, the median of the days to an answer, and the shares who were told it.

    most_asked: by far the most customers asked for it. most_mrr: half as many ask for it, but with more MRR, nearly all
    enterprises. small_only: only small companies ask for it. exists: the product does it already; exists_asked: who asks
    (small, mid, enterprise), of whom `told_exists` were told. asked_after: `later` customers asked after its release, of whom
    `told_later` were told. told: share of other answers that were told, `told_tickets` of those heard in tickets.
    not_handed: themes of interviews without a request.
    """

    product: str
    most_asked: str
    most_mrr: str
    small_only: str
    exists: str
    exists_asked: tuple[int, int, int]
    told_exists: float
    asked_after: str
    later: tuple[int, int, int]
    told_later: float
    told: float
    told_tickets: float
    days_to_answer: float
    not_handed: tuple[str, ...]


STALL = Stall(
    product="paper_to_web",
    from_step="recipients_registered",
    to_step="second_department",
    size="small",
    share=0.20,
    share_of_others=0.75,
    days=365,
)
"""Small companies of paper_to_web stall before the second department; no other step differs."""

ODD_WEEK = OddWeek("paper_to_web", "daily active users", date(2026, 8, 17), date(2026, 8, 23), 2.5)
"""A week with far more users than normal; nothing else of the product is odd in 2026Q3."""

QUIET_WEEK = OddWeek("helpdesk", "tickets opened", date(2026, 9, 7), date(2026, 9, 13), 0.25)
"""A week with far fewer tickets than normal, as low numbers must be found too."""

YEAR_END_PRODUCT = "paper_to_web"
"""The product that YEAR_ENDS and REGRESSIONS are about."""

YEAR_ENDS: Mapping[date, YearEnd] = MappingProxyType(
    {
        date(2022, 3, 31): YearEnd(active=20, ended=3),
        date(2023, 3, 31): YearEnd(active=100, ended=15),
        date(2024, 3, 31): YearEnd(active=120, ended=18),
        date(2025, 3, 31): YearEnd(active=140, ended=21),
        date(2026, 3, 31): YearEnd(active=138, ended=31),
    }
)
"""15 % of the active contracts end at each year end; in 2026 it is 1.5 times that share."""

YEAR_END_RATIO = 1.5
"""Share that ended on 2026-03-31 against the share of the year ends before."""

QUIET_COHORT = QuietCohort(
    product="paper_to_web",
    first_start=date(2026, 7, 1),
    last_start=date(2026, 8, 20),
    customers=18,
    first_days=30,
    tickets_a_customer=1.0,
    earlier_tickets_a_customer=3.0,
)
"""Customers starting in 2026Q3 ask a third of what those since LOG_START asked at the same age."""

REGRESSIONS: Mapping[date, Regression] = MappingProxyType(
    {
        date(2025, 3, 31): Regression(fell=10, ended=6),
        date(2026, 3, 31): Regression(fell=26, ended=16),
    }
)
"""About 60 % of the accounts whose level fell end at the year end, of the others 12-13 %."""

LEAVING = Leaving(
    mood_with_progress=0.6,
    mood_without=-0.5,
    mood_drop=1.0,
    assessed_days=200,
    surveyed_days=400,
    score_at_0=3.2,
    score_a_mood=0.8,
    account_spread=0.5,
    score_spread=0.7,
    usage_days=100,
    usage_ratio=0.65,
)
"""Customers of all products who leave are seen to be less content, answer so, and use less, before they do."""

SMALL_ONLY = "login_holder_left"
"""The code of paper_to_web that only small companies mention: the person with the login has left."""

SMALL_ONLY_COMPANIES = 8
"""The number of small companies, of 15 interviewed, that mention SMALL_ONLY."""

SECOND_DEPARTMENT_WAITS = "second_department_waits"
"""The code that explains STALL, in small companies only: why the second department does not start."""

FIRST_GAP = ("paper_to_web", "sponsor_support")
"""The product and the goal of its gap plan that comes first, because of LEAVING."""

NULL_GAP = ("paper_to_web", "second_department")
"""The gap of STALL, whose customers are lost no more often than others."""

EQUAL_GAPS = ("helpdesk", ("sponsor_support", "next_step_agreed"))
"""Two goals whose gaps are worth the same, at the same confidence and effort: their order must not be called decided."""

HANDOVERS_START = date(2023, 4, 1)
"""The first day of customers with hand-overs; earlier ones have none on record."""

HANDOVERS = Handovers("paper_to_web", ratio=2.5, careless="partner", careless_share=0.15)
"""Complete hand-overs reach value faster in paper_to_web only; partners leave fields empty."""

FEEDBACK = Feedback(
    product="paper_to_web",
    most_asked="Column layouts of the accounting system",
    most_mrr="One view over all group companies",
    small_only="Handing over a login",
    exists="Evidence for the security review",
    exists_asked=(4, 5, 3),
    told_exists=0.25,
    asked_after="Scanning of post that comes in",
    later=(3, 2, 1),
    told_later=0.0,
    told=0.8,
    told_tickets=0.4,
    days_to_answer=75.0,
    not_handed=("legal_retention", "reissue_lost_mail", "remote_office_presence"),
)
"""What customers of paper_to_web asked of it; of the other products nothing is planted."""

HIGH_PERFORMERS = ("csm-02", "csm-05", "csm-06", "csm-09")
"""The CSMs whom the company counts among its high performers."""

TRAININGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "paper_to_web": ("kickoff_design", "second_department_talk", "recipients"),
        "expense_desk": ("kickoff_design", "approval_design"),
        "helpdesk": ("kickoff_design", "first_templates"),
    }
)
"""The trainings of the product files, by product; all but TRAINING change nothing."""

TRAINING = HelpingTraining(
    product="expense_desk",
    training="kickoff_design",
    step="kickoff",
    pace=3,
    first_day=date(2024, 10, 1),
    last_day=date(2026, 2, 27),
    open_since=date(2026, 7, 1),
)
"""Customers of CSMs who completed it come to the kick-off in a third of the days. With 57 kick-offs less could not be told."""

PRINCIPLE_JUDGEMENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "paper_to_web": (
            "repeatable", "measured", "none", "measured", "defined", "none", "measured", "measured", "measured", "defined",
        ),
        "expense_desk": (
            "repeatable", "repeatable", "none", "defined", "none", "none", "none", "defined", "defined", "repeatable",
        ),
        "helpdesk": (
            "repeatable", "defined", "repeatable", "defined", "none", "measured", "measured", "defined", "defined", "repeatable",
        ),
    }
)  # fmt: skip
"""What the lead says in September 2026 of the ten principles, from the first to the tenth; of expense_desk nothing above what the data shows."""

PRINCIPLE_UNBACKED = ("helpdesk", 6)
"""The principle that both assessors call measured, while too few customers asked for an answered request to give its number an interval."""

PRINCIPLE_ROSE = ("helpdesk", 4)
"""The only principle that is judged higher than half a year before, by both assessors and by one level."""


@dataclass(frozen=True)
class Competency:
    """What ratings of the team and scores of candidates hold.

    distinguishes: the element of `product` on which high performers are truly `points` better; null: one on which observed
    means differ, and true ones do not. overrated: the element on which people of `product` rate themselves `overrated_by`
    higher than they are. unclear_question: its scores in `product` have nothing to do with the candidate. milder: the product and the
    interviewer who gives `milder_by` more than the others. not_asked: candidates and the question that they were not asked.
    """

    product: str
    distinguishes: str
    points: float
    null: str
    overrated: str
    overrated_by: float
    unclear_question: str
    milder: tuple[str, str]
    milder_by: float
    not_asked: tuple[tuple[str, str], ...]
    keep_until: date


COMPETENCY = Competency(
    product="paper_to_web",
    distinguishes="hypothesis",
    points=1.3,
    null="presenting",
    overrated="listening",
    overrated_by=0.9,
    unclear_question="three_minutes",
    milder=("expense_desk", "csm-09"),
    milder_by=0.8,
    not_asked=(("C-07", "late_project"),),
    keep_until=date(2027, 3, 31),
)
"""Forming a hypothesis sets the high performers of paper_to_web apart, and nothing else does, there or elsewhere."""
