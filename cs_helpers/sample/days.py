"""Days as integers (days since 1970), for vectorised calculations."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt

from cs_helpers.sample import truths

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Times = npt.NDArray[np.datetime64]


def day(value: date) -> int:
    """The number of a day."""
    return int(np.datetime64(value, "D").astype(np.int64))


LOG_START = day(truths.LOG_START)
AS_OF = day(truths.AS_OF)
LOG_DAYS: Ints = np.arange(LOG_START, AS_OF + 1)
#: stands for a day that never comes; later than all others, so that comparisons hold
NEVER = day(date(2999, 1, 1))


def as_dates(days: Ints) -> Times:
    """Dates, with NaT for `NEVER`."""
    dates = days.astype("datetime64[D]")
    dates[days >= NEVER] = np.datetime64("NaT")
    return dates


def weekday(days: Ints) -> Ints:
    """0 Monday to 6 Sunday."""
    return np.asarray((days + 3) % 7)


def office_day(days: Ints) -> Ints:
    """The same day, or the Monday after a Saturday or Sunday."""
    return np.asarray(days + np.array([0, 0, 0, 0, 0, 2, 1])[weekday(days)])


def office_times(days: Ints, rng: np.random.Generator) -> Times:
    """A time within office hours on each of the days, in whole seconds."""
    seconds = np.clip(rng.normal(13.0, 2.4, len(days)), 7.5, 20.5) * 3600
    return (days * 86_400 + seconds.astype(np.int64)).astype("datetime64[s]")


def month_number(days: Ints) -> Ints:
    """Months since 1970."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def month_end(months: Ints) -> Ints:
    """The last day of each month."""
    first = (months + 1).astype("datetime64[M]").astype("datetime64[D]")
    return np.asarray(first.astype(np.int64) - 1)


def even_draw(rng: np.random.Generator, count: int) -> Floats:
    """Uniform random numbers from 0 to 1, one from each of `count` equal slices, in random order."""
    return np.asarray((rng.permutation(count) + rng.random(count)) / max(count, 1))
