"""How often the intervals of the outlook of maturity hold: simulated products, beside simpler forecasts.

    python benchmarks/level_outlook.py [--products 150]

Each product has three levels, customers who rise, fall, leave and join, and eight quarters of history; the customers of each
level and in all are forecast one, two and four quarters ahead. Printed is how many of the numbers lay within their 95 % interval, how wide these were
(customers, of the number in all), and the mean distance of the forecast from what came. Prints Markdown; the seeds are fixed.
Takes about a minute of one core.

Worlds: `even`: each quarter has the same probabilities; `uneven`: losses, new customers and moves vary from quarter to
quarter (coefficients of variation .5, .5, and a correlation of .05 within a level and quarter); `season`: one quarter of the year
takes eight times the losses of the others; `small`: as uneven, with 25 customers instead of 130.

Ways: `ours` as on the page; `pooled chain`: one table of transitions from all eight quarters with a Dirichlet posterior and
chance, losses as one more outcome, Poisson new customers; `point`: that chain without doubt about its table.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cs_helpers.statistics.chain_forecasts import Drawn, Joined, PastSteps, draw_steps, simulate
from cs_helpers.statistics.markov_chain import draw_probabilities

LEVELS, LEARNED, AHEAD, DRAWS = 3, 8, 4, 400
#: the quarters ahead that are printed; the second is that of the season
SHOWN = (1, 2, 4)
PLACES = [ahead - 1 for ahead in SHOWN]
Rng = np.random.Generator


@dataclass(frozen=True)
class World:
    """How the quarters of a product differ.

    varied: the coefficient of variation of losses and new customers. together: the correlation of the moves of a level in a
    quarter. season: losses of the second quarter of a year, times those of others.
    """

    customers: int = 130
    varied: float = 0.0
    together: float = 0.0
    season: float = 1.0


WORLDS = {
    "even": World(),
    "uneven": World(varied=0.5, together=0.05),
    "season": World(season=8.0),
    "season, uneven": World(varied=0.5, together=0.05, season=8.0),
    "small": World(customers=25, varied=0.5, together=0.05),
}


@dataclass(frozen=True)
class Product:
    """What was counted in the past, the customers now, and the numbers that came: (quarters, levels and all)."""

    past: PastSteps
    joined: Joined
    now: np.ndarray
    came: np.ndarray


def product(world: World, rng: Rng) -> Product:
    """A product of a world, with probabilities of its own."""
    stay = rng.dirichlet(np.ones(LEVELS), LEVELS) * 0.25 + np.eye(LEVELS) * 0.75
    usual = np.where(np.arange(4) == 1, world.season, 1.0)
    loss = rng.uniform(0.01, 0.05, LEVELS) / usual.mean() * 1.5
    entry = rng.dirichlet([3.0, 1.0, 0.5])
    joins = world.customers * loss.mean() * usual.mean()
    level = rng.integers(0, LEVELS, world.customers)

    def factor() -> float:
        return float(rng.gamma(1 / world.varied**2, world.varied**2)) if world.varied else 1.0

    moves, lost, came, counts = [], [], [], []
    now = level
    for quarter in range(LEARNED + AHEAD):
        own = stay
        if world.together:
            strength = (1 - world.together) / world.together
            own = np.array([rng.dirichlet(row * strength + 1e-6) for row in stay])
        risk = np.minimum(loss[level] * usual[quarter % 4] * factor(), 0.9)
        is_lost = rng.random(len(level)) < risk
        chance = own.cumsum(axis=1)[level[~is_lost]]
        later = np.minimum((rng.random((len(chance), 1)) > chance).sum(axis=1), LEVELS - 1)
        moves.append(
            np.bincount(level[~is_lost] * LEVELS + later, minlength=LEVELS**2).reshape(LEVELS, LEVELS)
        )
        lost.append(np.bincount(level[is_lost], minlength=LEVELS))
        new = rng.choice(LEVELS, rng.poisson(joins * factor()), p=entry)
        came.append(new)
        level = np.concatenate([later, new])
        counts.append([*np.bincount(level, minlength=LEVELS), len(level)])
        if quarter == LEARNED - 1:
            now = level
    state = np.concatenate(came[:LEARNED])
    past = PastSteps(
        np.array(moves[:LEARNED]), np.array(lost[:LEARNED]), np.array([len(c) for c in came[:LEARNED]]),
        np.arange(LEARNED) % 4,
    )  # fmt: skip
    return Product(past, Joined(state, np.ones(len(state))), now, np.array(counts[LEARNED:]))


def ours(made: Product, rng: Rng) -> Drawn:
    """As on the page."""
    return draw_steps(made.past, np.arange(AHEAD) % 4, DRAWS, rng)


def pooled_chain(made: Product, rng: Rng) -> Drawn:
    """One table of transitions, from a Dirichlet posterior, for all quarters ahead."""
    counts = np.column_stack([made.past.moves.sum(axis=0), made.past.lost.sum(axis=0)])
    return _same_for_all(draw_probabilities(counts, DRAWS, rng), made)


def point(made: Product, rng: Rng) -> Drawn:
    """The counted shares, as if they were certain."""
    counts = np.column_stack([made.past.moves.sum(axis=0), made.past.lost.sum(axis=0)]) + 1e-9
    return _same_for_all(np.repeat((counts / counts.sum(axis=1, keepdims=True))[None], DRAWS, axis=0), made)


def _same_for_all(table: np.ndarray, made: Product) -> Drawn:
    loss = np.minimum(table[:, :, -1], 0.999)
    stay = table[:, :, :-1] / (1 - table[:, :, -1:])
    joining = np.full((DRAWS, AHEAD), made.past.came.mean())
    return Drawn(np.repeat(stay[:, None], AHEAD, axis=1), np.repeat(loss[:, None], AHEAD, axis=1), joining)


WAYS: dict[str, Callable[[Product, Rng], Drawn]] = {
    "ours": ours,
    "pooled chain": pooled_chain,
    "point": point,
}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--products", type=int, default=150)
    products = parser.parse_args().products
    begun = time.perf_counter()
    columns = [f"{what}, {ahead} ahead" for what in ("within 95 %", "width", "error") for ahead in SHOWN]
    print(f"| world | way | {' | '.join(columns)} |\n|---|---|{'---:|' * len(columns)}")
    for number, (name, world) in enumerate(WORLDS.items()):
        made = [product(world, np.random.default_rng([number, n])) for n in range(products)]
        for way, draw in WAYS.items():
            held, width, error = [], [], []
            for n, one in enumerate(made):
                rng = np.random.default_rng([number, n, 1])
                seen = simulate(
                    draw(one, rng), one.now, np.ones(len(one.now)), one.joined, np.ones(1), rng
                ).customers
                seen = np.concatenate([seen, seen.sum(axis=2, keepdims=True)], axis=2)[:, PLACES]
                low, high = np.quantile(seen, [0.025, 0.975], axis=0, method="inverted_cdf")
                came = one.came[PLACES]
                held.append((low <= came) & (came <= high))
                width.append((high - low)[:, -1])
                error.append(np.abs(seen.mean(axis=0) - came).mean(axis=1))
            numbers = [*(f"{share:.1%}" for share in np.mean(held, axis=(0, 2))),
                       *(f"{value:.1f}" for value in (*np.mean(width, axis=0), *np.mean(error, axis=0)))]  # fmt: skip
            print(f"| {name} | {way} | {' | '.join(numbers)} |")
    print(f"\n{products} products a world, {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
