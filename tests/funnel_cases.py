"""Events rebuilt from the description of PostHog's own tests of funnels, numbers as they publish them.

The tests are those of PostHog/posthog, posthog/hogql_queries/insights/funnels/test/; a comment at each case
names the file and the test. Where a test gives its events no times, they are one second apart in order of
creation, for each unit. An event of an action is "action:NAME", and "other" where it misses the filter of
the action. Where a test tells no window, it is PostHog's default of 14 days. Counts that a test does not
state but that follow from its events are called derived in the comment; a mean or median that it does not
state is None (or the tuple is empty).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

Event = tuple[str, str, datetime]


@dataclass(frozen=True)
class Case:
    """One funnel over a list of events (tz-naive UTC, in order of creation) and what comes of it."""

    name: str
    mode: str
    steps: tuple[str, ...]
    window: timedelta
    events: tuple[Event, ...]
    counts: tuple[int, ...]
    exclusions: tuple[tuple[str, int, int], ...] = ()
    mean: tuple[float | None, ...] = ()
    median: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Correlation:
    """Which other events go with converting; a result is (event, successes, failures, odds ratio)."""

    name: str
    steps: tuple[str, ...]
    window: timedelta
    events: tuple[Event, ...]
    converted: frozenset[str]
    did: tuple[tuple[str, str], ...]
    results: tuple[tuple[str, int, int, float], ...]


DAYS_14 = timedelta(days=14)
MAY_1 = datetime(2021, 5, 1)


def _ticks(journeys: Mapping[str, str]) -> tuple[Event, ...]:
    """The events of each unit, one second apart."""
    return tuple(
        (unit, event, MAY_1 + timedelta(seconds=second))
        for unit, journey in journeys.items()
        for second, event in enumerate(journey.split(", "))
    )


def _timed(day: datetime, journeys: Mapping[str, str]) -> tuple[Event, ...]:
    """The events of each unit, each told as "HH:MM[:SS] name" counted from the day (25:00 is the next)."""
    events = []
    for unit, journey in journeys.items():
        for entry in journey.split(", "):
            clock, event = entry.split(" ", 1)
            hours, minutes, seconds = (int(part) for part in f"{clock}:00".split(":")[:3])
            time = day + timedelta(hours=hours, minutes=minutes, seconds=seconds)
            events.append((unit, event, time))
    return tuple(events)


# --- strict -------------------------------------------------------------------------------------------------

STRICT = (
    # test_funnel_strict.py: test_basic_strict_funnel
    Case(
        name="strict basic",
        mode="strict",
        steps=("user signed up", "$pageview", "insight viewed"),
        window=DAYS_14,
        events=_ticks(
            {
                "stopped_after_signup1": "user signed up",
                "stopped_after_pageview1": "$pageview, user signed up",
                "stopped_after_insightview": "user signed up, $pageview, blaah blaa, insight viewed",
                "stopped_after_insightview2": "insight viewed, blaah blaa, $pageview, user signed up",
                "stopped_after_insightview3": (
                    "$pageview, user signed up, blaah blaa, $pageview, insight viewed"
                ),
                "person6": "blaah blaa, user signed up, blaah blaa, $pageview",
                "person7": "blaah blaa, user signed up, $pageview, insight viewed, blaah blaa",
                "stopped_after_insightview6": "insight viewed, $pageview",
            }
        ),
        counts=(7, 2, 1),
    ),
    # test_funnel_strict.py: test_advanced_strict_funnel
    Case(
        name="strict advanced",
        mode="strict",
        steps=("user signed up", "action:sign up", "$pageview", "action:pageview"),
        window=DAYS_14,
        events=_ticks(
            {
                "stopped_after_signup1": "user signed up",
                "stopped_after_pageview1": "user signed up, $pageview",
                "stopped_after_insightview": (
                    "user signed up, action:sign up, other, $pageview, blaah blaa, insight viewed"
                ),
                "person4": "blaah blaa, user signed up, action:sign up, $pageview, blaah blaa",
                "person5": "blaah blaa, user signed up, action:sign up, $pageview, blaah blaa",
                "person6": "blaah blaa, user signed up, action:sign up, $pageview, other",
                "person7": (
                    "blaah blaa, user signed up, action:sign up, $pageview, user signed up, action:pageview"
                ),
                "person8": (
                    "blaah blaa, user signed up, user signed up, action:sign up, $pageview, action:pageview"
                ),
            }
        ),
        counts=(8, 6, 5, 1),
    ),
    # test_funnel_strict.py: test_basic_strict_funnel_conversion_times
    Case(
        name="strict conversion times",
        mode="strict",
        steps=("user signed up", "$pageview", "insight viewed"),
        window=DAYS_14,
        events=_timed(
            datetime(2021, 5, 2),
            {
                "stopped_after_signup1": "00:00 user signed up",
                "stopped_after_pageview1": "00:00 user signed up, 01:00 $pageview",
                "stopped_after_insightview": "00:00 user signed up, 02:00 $pageview, 04:00 insight viewed",
            },
        ),
        counts=(3, 2, 1),
        mean=(5400, 7200),
    ),
)

# --- unordered ----------------------------------------------------------------------------------------------

#: the five journeys with x and y that the ordered (four of them) and the unordered test share
MULTIPLE = {
    "person1": (
        "01:00 user signed up, 02:00 x, 03:00 $pageview, 04:00 insight viewed, 04:30 y, "
        "05:00 invite teammate, 06:00 pageview2"
    ),
    "person2": (
        "01:00 user signed up, 01:30 y, 02:00 $pageview, 04:00 insight viewed, 04:30 y, "
        "05:00 invite teammate, 05:30 x, 06:00 pageview2"
    ),
    "person3": (
        "01:00 user signed up, 01:30 x, 02:00 $pageview, 04:00 insight viewed, "
        "05:00 invite teammate, 05:30 x, 06:00 pageview2"
    ),
    "person4": (
        "01:00 user signed up, 02:00 $pageview, 04:00 insight viewed, 05:00 invite teammate, 06:00 pageview2"
    ),
    "person5": (
        "01:00 user signed up, 01:30 x, 02:00 $pageview, 02:30 x, 04:00 insight viewed, 04:30 y, "
        "05:00 invite teammate, 05:30 x, 06:00 pageview2"
    ),
}
FIVE_STEPS = ("user signed up", "$pageview", "insight viewed", "invite teammate", "pageview2")

#: the three journeys that the ordered and the unordered test of a full window share, but for the event's name
FULL_WINDOW = {
    "person1": "01:00 user signed up, 02:00 paid",
    "person2": "03:00 user signed up, 03:30 {}, 04:00 paid",
    "person3": "05:00 user signed up, 06:00 paid",
}

UNORDERED = (
    # test_funnel_unordered.py: test_basic_unordered_funnel
    Case(
        name="unordered basic",
        mode="unordered",
        steps=("user signed up", "$pageview", "insight viewed"),
        window=DAYS_14,
        events=_ticks(
            {
                "stopped_after_signup1": "user signed up",
                "stopped_after_pageview1": "$pageview, user signed up",
                "stopped_after_insightview": "user signed up, $pageview, blaah blaa, insight viewed",
                "stopped_after_insightview2": "insight viewed, $pageview, user signed up",
                "stopped_after_insightview3": "$pageview, user signed up, blaah blaa, insight viewed",
                "stopped_after_insightview4": "blaah blaa, insight viewed",
                "stopped_after_insightview5": "$pageview, blaah blaa",
                "stopped_after_insightview6": "insight viewed, $pageview",
            }
        ),
        counts=(8, 5, 3),
    ),
    # test_funnel_unordered.py: test_big_multi_step_unordered_funnel
    Case(
        name="unordered big multi-step",
        mode="unordered",
        steps=("user signed up", "$pageview", "insight viewed", "crying"),
        window=DAYS_14,
        events=_ticks(
            {
                "stopped_after_signup1": "user signed up",
                "stopped_after_pageview1": "$pageview, crying",
                "stopped_after_insightview": "user signed up, $pageview, blaah blaa, insight viewed",
                "stopped_after_insightview2": "insight viewed, crying, user signed up",
                "stopped_after_insightview3": "$pageview, user signed up, crying, insight viewed",
                "stopped_after_insightview4": "blaah blaa, insight viewed",
                "stopped_after_insightview5": "$pageview, blaah blaa",
                "stopped_after_insightview6": "insight viewed, $pageview",
            }
        ),
        counts=(8, 5, 3, 1),
    ),
    # test_funnel_unordered.py: test_basic_unordered_funnel_conversion_times; the numbers of the newer engine
    # (a unit's first conversion), where the one before it took the mean of a unit's conversions (6300, 9000)
    Case(
        name="unordered conversion times",
        mode="unordered",
        steps=("user signed up", "$pageview", "insight viewed"),
        window=timedelta(days=1),
        events=_timed(
            datetime(2021, 5, 2),
            {
                "stopped_after_signup1": "00:00 user signed up",
                "stopped_after_pageview1": "00:00 $pageview, 01:00 user signed up",
                "stopped_after_insightview": (
                    "00:00 insight viewed, 02:00 user signed up, 04:00 $pageview, "
                    "24:00 $pageview, 27:00 insight viewed, 30:00 user signed up"
                ),
            },
        ),
        counts=(3, 2, 1),
        mean=(5400, 7200),
    ),
    # test_funnel_unordered.py: test_funnel_exclusions_full_window
    Case(
        name="unordered exclusion, full window",
        mode="unordered",
        steps=("user signed up", "paid"),
        window=DAYS_14,
        events=_timed(MAY_1, {unit: journey.format("x") for unit, journey in FULL_WINDOW.items()}),
        counts=(3, 2),
        exclusions=(("x", 0, 1),),
    ),
    # test_funnel_unordered.py: test_unordered_exclusion_after_completion
    Case(
        name="unordered exclusion after completion",
        mode="unordered",
        steps=("user signed up", "paid", "left"),
        window=DAYS_14,
        events=_timed(
            MAY_1, {"person1": "01:00 user signed up, 02:00 paid, 03:00 left, 04:00 x, 05:00 left"}
        ),
        counts=(1, 1, 1),
        exclusions=(("x", 0, 2),),
    ),
    # test_funnel_unordered.py: test_advanced_funnel_multiple_exclusions_between_steps
    Case(
        name="unordered multiple exclusions",
        mode="unordered",
        steps=FIVE_STEPS,
        window=DAYS_14,
        events=_timed(MAY_1, MULTIPLE),
        counts=(5, 2, 1, 1, 1),
        exclusions=(("x", 0, 4), ("y", 0, 4)),
    ),
    # test_funnel_unordered.py: test_unordered_trend_with_partial_steps_and_exclusion (its full funnel)
    Case(
        name="unordered exclusion before the last step",
        mode="unordered",
        steps=("step 1", "step 2", "step 3"),
        window=timedelta(hours=6),
        events=_timed(
            datetime(2024, 3, 1),
            {
                "user_1": "10:00 step 1, 11:00 step 2, 12:00 exclusion event, 13:00 step 3",
                "user_2": "10:00 step 1, 11:00 step 2, 12:00 step 3",
            },
        ),
        counts=(2, 1, 1),
        exclusions=(("exclusion event", 0, 2),),
    ),
)

# --- ordered, with exclusions: a unit whose furthest try is excluded leaves every count, step one too

#: test_funnel.py: test_advanced_funnel_exclusions_between_steps
BETWEEN = _timed(
    MAY_1,
    {
        "person1": (
            "01:00 user signed up, 02:00 $pageview, 03:00 x, 04:00 insight viewed, 04:30 x, "
            "05:00 invite teammate, 05:30 x, 06:00 pageview2"
        ),
        "person2": (
            "01:00 user signed up, 02:00 $pageview, 04:00 insight viewed, 04:30 x, "
            "05:00 invite teammate, 05:30 x, 06:00 pageview2"
        ),
        "person3": (
            "01:00 user signed up, 01:30 x, 02:00 $pageview, 04:00 insight viewed, "
            "05:00 invite teammate, 05:30 x, 06:00 pageview2"
        ),
    },
)

#: test_funnel.py: test_multiple_events_same_timestamp_exclusions
SAME_TIME = _timed(
    datetime(2024, 1, 10),
    {
        "test": "12:00 step zero, "
        + "12:01 step one, " * 30
        + "12:01 exclusion, 12:01 step two, 12:02 step three"
    },
)

EXCLUSIONS = (
    # test_funnel.py: test_funnel_exclusions_full_window
    Case(
        name="exclusion, full window",
        mode="ordered",
        steps=("user signed up", "paid"),
        window=DAYS_14,
        events=_timed(
            MAY_1, {unit: journey.format("x 1 name with numbers 2") for unit, journey in FULL_WINDOW.items()}
        ),
        counts=(2, 2),
        exclusions=(("x 1 name with numbers 2", 0, 1),),
    ),
    # test_funnel.py: test_funnel_exclusions_with_actions
    Case(
        name="exclusion of an action",
        mode="ordered",
        steps=("user signed up", "paid"),
        window=DAYS_14,
        events=_timed(
            MAY_1, {unit: journey.format("action:sign up") for unit, journey in FULL_WINDOW.items()}
        ),
        counts=(2, 2),
        exclusions=(("action:sign up", 0, 1),),
    ),
    # test_funnel.py: test_advanced_funnel_exclusions_between_steps, each of its five settings (the first and
    # the last count stated, those between derived)
    *(
        Case(
            name=f"exclusion between steps {first} and {last}",
            mode="ordered",
            steps=FIVE_STEPS,
            window=DAYS_14,
            events=BETWEEN,
            counts=(count,) * 5,
            exclusions=(("x", first, last),),
        )
        for first, last, count in ((0, 1, 2), (1, 2, 2), (2, 3, 1), (3, 4, 0), (1, 3, 1))
    ),
    # test_funnel.py: test_advanced_funnel_multiple_exclusions_between_steps, each of its three settings (one
    # is there twice; the first and the last count stated, those between derived)
    *(
        Case(
            name=f"multiple exclusions between steps: {', '.join(map(str, exclusions))}",
            mode="ordered",
            steps=FIVE_STEPS,
            window=DAYS_14,
            events=_timed(MAY_1, {unit: text for unit, text in MULTIPLE.items() if unit != "person5"}),
            counts=(1,) * 5,
            exclusions=exclusions,
        )
        for exclusions in (
            (("x", 0, 1), ("y", 2, 3)),
            (("x", 0, 1), ("y", 0, 1)),
            (("x", 0, 4), ("y", 0, 4)),
        )
    ),
    # test_funnel.py: test_funnel_exclusion_no_end_event
    Case(
        name="exclusion, no end event",
        mode="ordered",
        steps=("user signed up", "paid"),
        window=timedelta(days=1),
        events=_timed(
            MAY_1,
            {
                "person1": "01:00 user signed up, 02:00 paid",
                "person2": "03:00 user signed up, 03:30 x, 04:00 paid",
                "person3": "05:00 user signed up, 06:00 x",
                "person4": "07:00 user signed up, 32:00 x",
            },
        ),
        counts=(2, 1),
        exclusions=(("x", 0, 1),),
    ),
    # test_funnel.py: test_funnel_exclusion_multiple_possible_no_end_event1, ...2 and ...3,
    # test_excluded_completion
    *(
        Case(
            name=name,
            mode="ordered",
            steps=("step one", "step two"),
            window=timedelta(seconds=10),
            events=_timed(MAY_1, {"user_one": journey}),
            counts=counts,
            exclusions=(("exclusion", 0, 1),),
        )
        for name, journey, counts in (
            (
                "excluded, then a try that is not",
                "00:00:00 step one, 00:00:01 exclusion, 00:00:31 step one",
                (1, 0),
            ),
            (
                "a try that is not excluded, then one that is",
                "00:00:00 step one, 00:00:31 step one, 00:00:32 exclusion",
                (1, 0),
            ),
            (
                "two tries, both excluded",
                "00:00:00 step one, 00:00:01 step one, 00:00:02 exclusion",
                (0, 0),
            ),
            (
                "excluded completion",
                "00:00:00 step one, 00:00:11 exclusion, 00:00:12 step one, "
                "00:00:13 exclusion, 00:00:14 step two",
                (0, 0),
            ),
        )
    ),
    # test_funnel.py: test_short_exclusions (the first count derived)
    Case(
        name="short exclusions",
        mode="ordered",
        steps=("step one", "step two"),
        window=timedelta(seconds=30),
        events=_timed(
            MAY_1,
            {
                "user_one": "00:00:00 step one, 00:00:01 exclusion, 00:00:31 step two, "
                "01:00:00 step one, 01:00:29 step two"
            },
        ),
        counts=(1, 1),
        exclusions=(("exclusion", 0, 1),),
        mean=(29,),
    ),
    # test_funnel.py: test_exclusion_with_property_filter (the filter's value is in the event's name)
    Case(
        name="exclusion by property",
        mode="ordered",
        steps=("step one", "step two"),
        window=timedelta(seconds=10),
        events=_timed(
            MAY_1,
            {
                "user_excluded": "00:00:00 step one, 00:00:01 exclusion:true, 00:00:02 step two",
                "user_excluded_also": "00:00:00 step one, 00:00:01 exclusion:yes, 00:00:02 step two",
                "user_first_step": "00:00:00 step one",
                "user_included": "00:00:00 step one, 00:00:01 other, 00:00:02 step two",
            },
        ),
        counts=(2, 1),
        exclusions=(("exclusion:true", 0, 1), ("exclusion:yes", 0, 1)),
    ),
    # test_funnel.py: test_multiple_events_same_timestamp_exclusions, both settings (the last count stated,
    # the others derived)
    *(
        Case(
            name=f"exclusion at the time of a step, between {first} and {last}",
            mode="ordered",
            steps=("step zero", "step one", "step two", "step three"),
            window=DAYS_14,
            events=SAME_TIME,
            counts=(1, 1, 1, 1),
            exclusions=(("exclusion", first, last),),
        )
        for first, last in ((0, 1), (1, 2))
    ),
)

# --- conversion times; PostHog runs those of conversion_time_cases.py for both orders -----------------------

INCOMPLETE_TRIES = _timed(
    MAY_1,
    {
        "person1": "01:00 user signed up, 02:00 $pageview, 03:00 something else, "
        "52:00 user signed up, 53:00 $pageview, 79:00 user signed up, 82:00 $pageview"
    },
)
STEP_TIMES = _timed(
    datetime(2020, 1, 1),
    {
        "person1": "12:00 sign up, 13:00 play movie, 15:00 buy",
        "person2": "38:00 sign up, 40:00 play movie",
        "person3": "38:00 sign up, 40:00 play movie, 41:00 buy",
    },
)
WINDOWS = _timed(
    datetime(2020, 1, 2),
    {
        "stopped_after_signup1": "14:00 user signed up, 14:05 pageview",
        "stopped_after_signup2": "14:03 user signed up",
        "stopped_after_signup3": "12:00 user signed up, 12:15 pageview",
    },
)
SUMMER_TIME = (
    ("user_1", "$pageview", datetime(2024, 3, 1, 15, 10)),
    ("user_1", "user signed up", datetime(2024, 3, 15, 14, 27)),
)

TIMES = tuple(
    case
    for mode in ("ordered", "unordered")
    for case in (
        # conversion_time_cases.py: test_funnel_with_multiple_incomplete_tries (the first count stated, the
        # others derived; only the times of the second step stated)
        Case(
            name=f"{mode}, incomplete tries",
            mode=mode,
            steps=("user signed up", "$pageview", "something else"),
            window=timedelta(days=1),
            events=INCOMPLETE_TRIES,
            counts=(1, 1, 1),
            mean=(3600, None),
            median=(3600, None),
        ),
        # conversion_time_cases.py: test_funnel_step_conversion_times (counts derived)
        Case(
            name=f"{mode}, times of the steps",
            mode=mode,
            steps=("sign up", "play movie", "buy"),
            window=timedelta(days=7),
            events=STEP_TIMES,
            counts=(3, 3, 2),
            mean=(6000, 5400),
            median=(7200, 5400),
        ),
        # conversion_time_cases.py: test_funnel_times_with_different_conversion_windows, both windows
        Case(
            name=f"{mode}, window of 14 days",
            mode=mode,
            steps=("user signed up", "pageview"),
            window=DAYS_14,
            events=WINDOWS,
            counts=(3, 2),
            mean=(600,),
        ),
        Case(
            name=f"{mode}, window of 5 minutes",
            mode=mode,
            steps=("user signed up", "pageview"),
            window=timedelta(minutes=5),
            events=WINDOWS,
            counts=(3, 1),
            mean=(300,),
        ),
        # test_funnel.py, test_funnel_unordered.py: test_funnel_window_ignores_dst_transition (the same with
        # the project in UTC and in US/Pacific; the first count derived)
        Case(
            name=f"{mode}, window over the change to summer time",
            mode=mode,
            steps=("$pageview", "user signed up"),
            window=DAYS_14,
            events=SUMMER_TIME,
            counts=(1, 1),
            mean=(1_207_020,),
            median=(1_207_020,),
        ),
    )
)

# --- ordered basics -----------------------------------------------------------------------------------------

REPEATED = _ticks(
    {"stopped_after_signup1": "user signed up, user signed up", "stopped_after_signup2": "user signed up"}
)
ONE_AND_FOUR_PAGEVIEWS = ("user signed up", *("$pageview",) * 4)

ORDERED = (
    # test_funnel.py: test_funnel_events
    Case(
        name="basic",
        mode="ordered",
        steps=("user signed up", "action:paid", "action:watched movie"),
        window=DAYS_14,
        events=_ticks(
            {
                "stopped_after_signup": "user signed up",
                "stopped_after_pay": "user signed up, action:paid",
                "completed_movie": "user signed up, action:paid, action:watched movie",
                "just_did_movie": "action:watched movie",
                "wrong_order": "action:paid, user signed up, action:watched movie",
            }
        ),
        counts=(4, 2, 1),
    ),
    # test_funnel.py: test_funnel_with_messed_up_order
    Case(
        name="messed-up order",
        mode="ordered",
        steps=("user signed up", "action:watched movie"),
        window=DAYS_14,
        events=_ticks(
            {
                "stopped_after_signup": "user signed up",
                "stopped_after_pay": "user signed up",
                "completed_movie": "action:watched movie, user signed up, action:watched movie",
                "just_did_movie": "action:watched movie",
                "wrong_order": "action:watched movie, user signed up",
            }
        ),
        counts=(4, 1),
    ),
    # test_funnel.py: test_funnel_with_any_event (every step takes every event, so all have one name here)
    Case(
        name="any event",
        mode="ordered",
        steps=("any", "any", "any"),
        window=DAYS_14,
        events=_ticks(
            {
                "stopped_after_signup": "any",
                "stopped_after_pay": "any, any",
                "completed_movie": "any, any",
                "just_did_movie": "any",
                "wrong_order": "any, any, any",
            }
        ),
        counts=(5, 3, 1),
    ),
    # test_funnel.py: test_funnel_skipped_step (the first count derived)
    Case(
        name="skipped step",
        mode="ordered",
        steps=("user signed up", "action:paid", "action:watched movie"),
        window=DAYS_14,
        events=_ticks({"wrong_order": "user signed up, action:watched movie"}),
        counts=(1, 0, 0),
    ),
    # test_funnel.py: test_funnel_multiple_actions (the filter's value is in the action's name)
    Case(
        name="multiple actions",
        mode="ordered",
        steps=("event1", "action:event2 a", "action:event2 c"),
        window=DAYS_14,
        events=_ticks({"person1": "event1, action:event2 a"}),
        counts=(1, 1, 0),
    ),
    # test_funnel.py: test_basic_funnel_default_funnel_days
    Case(
        name="default window",
        mode="ordered",
        steps=("user signed up", "paid"),
        window=DAYS_14,
        events=(
            ("user_1", "user signed up", datetime(2020, 1, 2, 14)),
            ("user_1", "paid", datetime(2020, 1, 10, 14)),
        ),
        counts=(1, 1),
    ),
    # test_funnel.py: test_basic_funnel_with_repeat_steps, test_basic_funnel_with_repeat_step_updated_param
    *(
        Case(
            name=f"repeated step, window of {window}",
            mode="ordered",
            steps=("user signed up", "user signed up"),
            window=window,
            events=REPEATED,
            counts=(2, 1),
        )
        for window in (DAYS_14, timedelta(hours=1))
    ),
    # test_funnel.py: test_funnel_with_actions
    Case(
        name="repeated action",
        mode="ordered",
        steps=("action:sign up", "action:sign up"),
        window=DAYS_14,
        events=_ticks(
            {
                "stopped_after_signup1": "action:sign up, action:sign up",
                "stopped_after_signup2": "action:sign up",
            }
        ),
        counts=(2, 1),
    ),
    # test_funnel.py: test_advanced_funnel_with_repeat_steps
    Case(
        name="step repeated four times",
        mode="ordered",
        steps=ONE_AND_FOUR_PAGEVIEWS,
        window=DAYS_14,
        events=_ticks(
            {
                "stopped_after_signup1": "user signed up",
                "stopped_after_pageview1": "user signed up, $pageview",
                "stopped_after_pageview2": "user signed up, $pageview, blaah blaa, $pageview",
                "stopped_after_pageview3": (
                    "user signed up, $pageview, blaah blaa, $pageview, $pageview, blaah blaa"
                ),
                "stopped_after_pageview4": "user signed up, $pageview, $pageview, $pageview, $pageview",
            }
        ),
        counts=(5, 4, 3, 2, 1),
    ),
    # test_funnel.py: test_advanced_funnel_with_repeat_steps_out_of_order_events
    Case(
        name="step repeated four times, out of order",
        mode="ordered",
        steps=ONE_AND_FOUR_PAGEVIEWS,
        window=DAYS_14,
        events=_ticks(
            {
                "stopped_after_signup1": "$pageview, user signed up",
                "stopped_after_pageview1": "user signed up, $pageview",
                "stopped_after_pageview2": "$pageview, user signed up, blaah blaa, $pageview",
                "stopped_after_pageview3": (
                    "blaah blaa, $pageview, blaah blaa, $pageview, user signed up, $pageview"
                ),
                "stopped_after_pageview4": (
                    "user signed up, $pageview, blaah blaa, $pageview, $pageview, $pageview"
                ),
                "stopped_after_pageview5": "$pageview, blaah blaa, $pageview, $pageview, $pageview",
            }
        ),
        counts=(5, 4, 1, 1, 1),
    ),
    # test_funnel.py: test_funnel_conversion_window
    Case(
        name="window of 7 days",
        mode="ordered",
        steps=("step one", "step two", "step three"),
        window=timedelta(days=7),
        events=_timed(
            MAY_1,
            {f"user_{i}": f"00:00 step one, {'24' if i < 10 else '216'}:00 step two" for i in range(25)},
        ),
        counts=(25, 10, 0),
    ),
    # test_funnel.py: test_funnel_conversion_window_seconds
    Case(
        name="window of 15 seconds",
        mode="ordered",
        steps=("step one", "step two", "step three"),
        window=timedelta(seconds=15),
        events=_timed(
            MAY_1,
            {f"user_{i}": f"00:00 step one, 00:00:{10 if i < 10 else 20} step two" for i in range(25)},
        ),
        counts=(25, 10, 0),
    ),
    # test_funnel.py: test_funnel_with_different_actions_at_same_time_count_as_converted
    Case(
        name="different events at the same time",
        mode="ordered",
        steps=("action:sign up", "$pageview"),
        window=DAYS_14,
        events=_timed(
            datetime(2020, 1, 3),
            {
                "stopped_after_signup1": "00:00 action:sign up, 00:00 $pageview",
                "stopped_after_signup2": "00:00 action:sign up",
            },
        ),
        counts=(2, 1),
    ),
    # test_funnel.py: test_same_event_same_timestamp (the last count stated, the first derived)
    Case(
        name="the same event twenty times at the same time",
        mode="ordered",
        steps=("step one", "step two"),
        window=DAYS_14,
        events=_timed(datetime(2024, 1, 10), {"test": "12:01 step one, " * 20 + "36:01 step two"}),
        counts=(1, 1),
    ),
    # test_funnel_strict.py: test_multiple_events_same_timestamp_doesnt_blow_up (its funnel is an ordered one;
    # the last count stated, the others derived)
    Case(
        name="every step at the same time",
        mode="ordered",
        steps=("step one", "step two", "step three"),
        window=DAYS_14,
        events=_timed(
            datetime(2024, 1, 10), {"test": "12:01 step one, " * 30 + "12:01 step two, 12:01 step three"}
        ),
        counts=(1, 1, 1),
    ),
    # test_funnel.py: test_time_to_convert_funnel_ignores_breakdown (counts derived; the two that convert take
    # 60 and 360 seconds)
    Case(
        name="a second start converts",
        mode="ordered",
        steps=("a", "b"),
        window=timedelta(minutes=10),
        events=_timed(
            datetime(2024, 3, 22),
            {
                "user_1": "13:10 a, 13:11 b",
                "user_2": "13:01 a, 13:35 a, 13:41 b",
                "user_3": "13:01 a, 13:35 a, 13:41 a",
            },
        ),
        counts=(3, 2),
        mean=(210,),
    ),
    # test_funnel.py: test_hogql_aggregation, by person and by session
    Case(
        name="by person",
        mode="ordered",
        steps=("user signed up", "added to cart", "checked out"),
        window=DAYS_14,
        events=_ticks(
            {
                "user": "user signed up, added to cart, checked out, user signed up, added to cart",
                "second": "user signed up",
            }
        ),
        counts=(2, 1, 1),
    ),
    Case(
        name="by session",
        mode="ordered",
        steps=("user signed up", "added to cart", "checked out"),
        window=DAYS_14,
        events=_ticks(
            {
                "1": "user signed up, added to cart, checked out",
                "2": "user signed up, added to cart",
                "3": "user signed up",
            }
        ),
        counts=(3, 2, 1),
    ),
    # test_funnel.py: test_funnel_aggregation_with_groups (the unit is the organization, not the person)
    Case(
        name="by organization",
        mode="ordered",
        steps=("user signed up", "paid"),
        window=DAYS_14,
        events=(
            ("org:5", "user signed up", datetime(2020, 1, 2, 14)),
            ("org:6", "user signed up", datetime(2020, 1, 10, 14)),
            ("org:5", "paid", datetime(2020, 1, 3, 14)),
        ),
        counts=(2, 1),
        mean=(86_400,),
    ),
    # test_funnel.py: test_funnel_with_long_interval_no_first_step
    Case(
        name="long window, no first step",
        mode="ordered",
        steps=("user signed up", "added to cart"),
        window=timedelta(seconds=3_122_064_000),
        events=(("only_second_step", "added to cart", datetime(2021, 5, 2)),),
        counts=(0, 0),
    ),
)

CASES: tuple[Case, ...] = (*STRICT, *UNORDERED, *EXCLUSIONS, *TIMES, *ORDERED)

# test_funnel_correlation.py: test_basic_funnel_correlation_with_events; ten units convert and ten do not,
# every second one does the other event in between. One is added to each of the four numbers of the table
# (derived, not stated by the test):
# 11 is (5 + 1) / (0 + 1) over (10 - 5 + 1) / (10 - 0 + 1).
_DID = tuple((f"user_{i}", "positively_related" if i < 10 else "negatively_related") for i in range(0, 20, 2))
CORRELATION = Correlation(
    name="odds of 11 and 1/11",
    steps=("user signed up", "paid"),
    window=DAYS_14,
    events=tuple(
        (f"user_{i}", event, datetime(2020, 1, day, 14))
        for i in range(20)
        for event, day, done in (
            ("user signed up", 2, True),
            ("positively_related", 3, i < 10 and i % 2 == 0),
            ("negatively_related", 3, i >= 10 and i % 2 == 0),
            ("paid", 4, i < 10),
        )
        if done
    ),
    converted=frozenset(f"user_{i}" for i in range(10)),
    did=_DID,
    results=(("positively_related", 5, 0, 11.0), ("negatively_related", 0, 5, 1 / 11)),
)
