"""The forecast of the next quarters: customers and MRR by level, with intervals, beside what was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cs_helpers.analyses.level_outlook.counted import Counted
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import UNKNOWN, LevelHistory
from cs_helpers.customers.mrr import mrr_by_day
from cs_helpers.statistics.chain_forecasts import Drawn, Simulated, draw_steps, simulate

#: the quarters that are forecast
AHEAD = 4
#: futures that are simulated; fewer where there are so many customers that chance hardly matters
DRAWS, FEWEST_DRAWS = 1_000, 200
_CELLS = 4_000_000
_SEED = 22

#: parts of the customers besides their levels
ALL, UPPER, LOST_IN, JOINED, NOT_KNOWN = "all", "upper", "lost", "joined", "unknown"


@dataclass(frozen=True, eq=False)
class Forecast:
    """Futures of the customers of a product. quarters: those ahead; upper_from: the first of the upper levels."""

    counted: Counted
    quarters: tuple[Quarter, ...]
    upper_from: int
    drawn: Drawn
    futures: Simulated

    def parts(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """The sums of values by state, (..., states), over `all`, `upper` and each level."""
        states = np.array(self.counted.states)
        named = {part_of(state): values[..., place] for place, state in enumerate(states)}
        upper = values[..., states >= self.upper_from].sum(axis=-1)
        return {ALL: values.sum(axis=-1), UPPER: upper, **named}


def part_of(state: int) -> str:
    """The name of a state as a part of all customers: `level_<n>`, or `unknown`."""
    return NOT_KNOWN if state == UNKNOWN else f"level_{state}"


def forecast(
    counted: Counted, upper_from: int, *, draws: int = DRAWS, ahead: int = AHEAD, losses: bool = True
) -> Forecast:
    """The next quarters, simulated from what was counted; the same data gives the same futures.

    losses: whether it is known who leaves; without, nobody does.
    """
    quarter = counted.quarters[-1]
    quarters = tuple(quarter.back(-n) for n in range(1, ahead + 1))
    draws = int(np.clip(_CELLS // max(len(counted.level), 1), FEWEST_DRAWS, draws))
    rng = np.random.default_rng([_SEED, quarter.year, quarter.number])
    drawn = draw_steps(counted.past, np.array([q.number for q in quarters]), draws, rng)
    if not losses:
        drawn = replace(drawn, loss=np.zeros_like(drawn.loss))
    pays = np.nan_to_num(counted.mrr)
    futures = simulate(drawn, counted.places, pays, counted.joined, counted.growth, rng)
    return Forecast(counted, quarters, upper_from, drawn, futures)


def customer_table(history: LevelHistory, made: Forecast, shown: int) -> pd.DataFrame:
    """Customers of each part: the last `shown` quarters as they were, and those ahead.

    Columns: quarter, part (`all`, `upper`, `level_<n>`, `unknown`; `lost` and `joined` in the quarter), customers (the mean
    of the futures), low, high (95 %), inner_low, inner_high (80 %; NaN in the past), ahead (quarters; 0: it was so).
    """
    states = history.by_quarter
    rows = []
    for quarter in history.quarters[-shown:]:
        level = states[quarter].dropna().to_numpy()
        held = np.array([(level == state).sum() for state in made.counted.states], float)
        rows += [(str(quarter), part, float(n), 0) for part, n in made.parts(held).items()]
    past = made.counted.past
    for place, quarter in enumerate(made.counted.quarters):
        gone = ((LOST_IN, past.lost[place].sum()),) if history.time.by_contracts else ()
        rows += [(str(quarter), part, float(n), 0) for part, n in (*gone, (JOINED, past.came[place]))]
    was = pd.DataFrame(rows, columns=["quarter", "part", "customers", "ahead"])
    futures = {**made.parts(made.futures.customers), JOINED: made.futures.joined}
    if history.time.by_contracts:
        futures[LOST_IN] = made.futures.lost
    return pd.concat([was, pd.DataFrame(list(_ahead(made, futures, "customers")))], ignore_index=True)


def mrr_table(history: LevelHistory, made: Forecast, shown: int) -> pd.DataFrame:
    """The MRR of each part; columns as of `customer_table`, with mrr in place of customers. `lost`: on leaving."""
    states = history.by_quarter
    rows = []
    for quarter, amounts in paid_by_quarter(history, shown).items():
        paid = amounts.fillna(0.0)
        level = states[quarter].reindex(paid.index).to_numpy()
        held = np.array([paid.to_numpy()[level == state].sum() for state in made.counted.states])
        rows += [(str(quarter), part, float(amount), 0) for part, amount in made.parts(held).items()]
    was = pd.DataFrame(rows, columns=["quarter", "part", "mrr", "ahead"])
    futures = {**made.parts(made.futures.mrr), LOST_IN: made.futures.lost_mrr}
    return pd.concat([was, pd.DataFrame(list(_ahead(made, futures, "mrr")))], ignore_index=True)


def paid_by_quarter(history: LevelHistory, shown: int) -> dict[Quarter, pd.Series]:
    """The MRR of each account at the end of each of the last quarters. Index: account_id; float64.

    Between two contracts of one spell it is what the page of revenue says (`customers.mrr`): a renewal that is recorded
    late is neither a fall nor a rise. NaN, in the last quarter, where no exchange rate is known.
    """
    quarters = history.quarters[-shown:]
    paid = mrr_by_day(history.time, [q.end for q in quarters])
    found = {q: pd.Series(paid.mrr[:, n], paid.accounts) for n, q in enumerate(quarters)}
    found[quarters[-1]] = history.time.mrr(quarters[-1].end)
    return found


def significant(amount: float) -> float:
    """An amount that is forecast, with three significant digits: more would look surer than it is."""
    return float(f"{amount:.3g}")


def _ahead(made: Forecast, futures: dict[str, np.ndarray], value: str) -> Iterator[dict[str, object]]:
    """A row for each part and quarter ahead, from futures of shape (draws, quarters)."""
    for part, drawn in futures.items():
        bounds = np.quantile(drawn, [0.025, 0.975, 0.1, 0.9], axis=0, method="inverted_cdf")
        for place, quarter in enumerate(made.quarters):
            shown = significant if value == "mrr" else float
            low, high, inner_low, inner_high = (shown(bound) for bound in bounds[:, place])
            yield {
                "quarter": str(quarter), "part": part, value: shown(drawn[:, place].mean()), "low": low, "high": high,
                "inner_low": inner_low, "inner_high": inner_high, "ahead": place + 1,
            }  # fmt: skip
