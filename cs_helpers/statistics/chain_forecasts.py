"""Forecasts of how many units a Markov chain has in each state, where units are lost and new ones join.

What a step does is uncertain thrice: its probabilities were estimated from few units, they are not the same in each step,
and which units move is chance. The first two are drawn (`draw_steps`), the third is simulated unit by unit (`simulate`), so
that amounts stay with those who pay them; or it is left out, for expected numbers (`expected`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from cs_helpers.statistics.season_factors import draw_factors

#: correlations of units within a step over which the forecast is averaged: 0 if probabilities are the same in each step
_CORRELATIONS = np.array([0.0, 0.005, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4])
#: a probability of loss is at most this
_CERTAIN = 0.999


@dataclass(frozen=True)
class PastSteps:
    """What was counted in past steps.

    moves: of those who stayed, from each state to each state; (steps, states, states). lost: of each state; (steps,
    states). came: new units; (steps,). season: of each step, any integers; (steps,).
    """

    moves: np.ndarray
    lost: np.ndarray
    came: np.ndarray
    season: np.ndarray


@dataclass(frozen=True)
class Drawn:
    """Future steps, drawn.

    stay: the probabilities of the next state of units that are not lost; (draws, steps, states, states). loss: the
    probability to be lost, by state; (draws, steps, states). joining: the mean number of new units; (draws, steps).
    """

    stay: np.ndarray
    loss: np.ndarray
    joining: np.ndarray


@dataclass(frozen=True)
class Joined:
    """The units that joined in the past: the state and the amount of each at the end of its first step; (units,)."""

    state: np.ndarray
    amount: np.ndarray


@dataclass(frozen=True)
class Simulated:
    """Simulated futures. customers, mrr: (draws, steps, states); lost, joined, lost_mrr: (draws, steps)."""

    customers: np.ndarray
    lost: np.ndarray
    joined: np.ndarray
    mrr: np.ndarray
    lost_mrr: np.ndarray


def draw_steps(past: PastSteps, season_ahead: np.ndarray, draws: int, rng: np.random.Generator) -> Drawn:
    """Future steps drawn from what past ones tell of their probabilities.

    season_ahead: the season of each future step. Losses: their share of all units (beta posterior, Jeffreys' prior), times how
    often units of each state are lost relative to all (gamma posterior), times a factor common to all states with a season
    and a spread from step to step (`season_factors`). New units: their mean a step, times such a
    factor. Moves of those who stay: a Dirichlet distribution in each step, whose spread between steps (the correlation of
    units of a state in a step) is averaged over a grid. A state that nobody was in is drawn from the prior.
    """
    steps, ahead = len(past.moves), len(season_ahead)
    stay = _drawn_moves(past.moves, ahead, draws, rng)
    lost, at_risk = past.lost.sum(axis=0), past.lost + past.moves.sum(axis=2)
    units = at_risk.sum(axis=0)
    overall = (lost.sum() + 0.5) / (units.sum() + 1)
    # how often units of each state are lost, relative to all; the prior counts as one expected loss, at the rate of all
    due = units * overall
    relative = rng.gamma(lost + 1.0, 1 / (due + 1), (draws, len(lost)))
    relative /= np.maximum((relative @ units) / max(units.sum(), 1), 1e-9)[:, None]
    rate = rng.beta(lost.sum() + 0.5, units.sum() - lost.sum() + 0.5, (draws, 1)) * relative
    expected_losses = at_risk @ (overall * (lost + 1) / (due + 1))
    factor = draw_factors(past.lost.sum(axis=1), expected_losses, past.season, season_ahead, draws, rng)
    loss = np.minimum(rate[:, None, :] * factor[:, :, None], _CERTAIN)
    came = past.came.sum()
    usually = np.full(steps, (came + 0.5) / steps)
    joining = rng.gamma(came + 0.5, 1 / steps, (draws, 1)) * draw_factors(
        past.came, usually, past.season, season_ahead, draws, rng
    )
    return Drawn(stay, loss, joining)


def simulate(
    drawn: Drawn,
    state: np.ndarray,
    amount: np.ndarray,
    joined: Joined,
    growth: np.ndarray,
    rng: np.random.Generator,
) -> Simulated:
    """Futures of units, one for each draw.

    state, amount: of each unit now (state: 0 to the number of states - 1). joined: those of the past, of whom new units
    are drawn, by weights drawn for each future (Bayesian bootstrap, Rubin 1981); nobody joins where nobody did. growth: by
    how much the amounts of units that stay changed in past steps, as factors, of which each step takes one.
    """
    draws, steps, states, _ = drawn.stay.shape
    new = rng.poisson(drawn.joining) if len(joined.state) else np.zeros((draws, steps), int)
    slots = len(state) + int(new.sum(axis=1).max(initial=0))
    # a unit that is not there yet, or not any more, is in the state after all others
    where = np.full((draws, slots), states, np.int8)
    pays = np.zeros((draws, slots), np.float32)
    where[:, : len(state)], pays[:, : len(state)] = state, amount
    taken = np.full(draws, len(state))
    row, slot = np.arange(draws)[:, None], np.arange(slots)
    stays = np.cumsum(drawn.stay * (1 - drawn.loss)[..., None], axis=3)
    stays = np.concatenate([stays, np.zeros((draws, steps, 1, states))], axis=2).astype(np.float32)
    chances = rng.dirichlet(np.ones(len(joined.state)), draws) if len(joined.state) else np.zeros((draws, 0))
    chances = chances.cumsum(axis=1)
    numbers, amounts = np.empty((draws, steps, states)), np.empty((draws, steps, states))
    lost, lost_amounts = np.empty((draws, steps)), np.empty((draws, steps))
    for step in range(steps):
        was_there = where < states
        chance = rng.random(where.shape, dtype=np.float32)
        after = np.zeros_like(where)
        for outcome in range(states):
            after += chance >= stays[row, step, where, outcome]
        is_lost = was_there & (after == states)
        lost[:, step], lost_amounts[:, step] = is_lost.sum(axis=1), (pays * is_lost).sum(axis=1)
        where = after
        pays *= rng.choice(growth, (draws, 1)).astype(np.float32)
        if new[:, step].any():
            joins = (slot >= taken[:, None]) & (slot < (taken + new[:, step])[:, None])
            of_draw = np.nonzero(joins)[0]
            # one search serves all draws: each has its own unit interval
            which = np.searchsorted(
                (chances / chances[:, -1:] + row).ravel(), of_draw + rng.random(len(of_draw)), side="right"
            ) - of_draw * len(joined.state)
            which = np.clip(which, 0, len(joined.state) - 1)
            where[joins], pays[joins] = joined.state[which], joined.amount[which]
            taken = taken + new[:, step]
        cell = (row * (states + 1) + where).ravel()
        shape = (draws, states + 1)
        numbers[:, step] = np.bincount(cell, minlength=draws * (states + 1)).reshape(shape)[:, :states]
        paid = np.bincount(cell, weights=pays.ravel(), minlength=draws * (states + 1))
        amounts[:, step] = paid.reshape(shape)[:, :states]
    return Simulated(numbers, lost, new.astype(float), amounts, lost_amounts)


def expected(
    drawn: Drawn,
    start: np.ndarray,
    entry: np.ndarray,
    rising: Mapping[int, float] | None = None,
    growth: float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """The expected number of units in each state, and of those lost from it, after each step of each draw.

    start: the units, or their amounts, in each state now; entry: in which states each new unit (or its amount) is added.
    rising: of those of a state who are not lost, the share that rises to the next state in each step and would have stayed
    in it otherwise; at most all who would. growth: by how much the amounts of those who stay change in a step, as a factor.
    Returns two arrays (draws, steps, states).
    """
    draws, steps, states, _ = drawn.stay.shape
    stay = drawn.stay
    for state, share in (rising or {}).items():
        stay = stay.copy() if stay is drawn.stay else stay
        more = np.minimum(share, stay[:, :, state, state])
        stay[:, :, state, state] -= more
        stay[:, :, state, state + 1] += more
    numbers, lost = np.empty((draws, steps, states)), np.empty((draws, steps, states))
    now = np.broadcast_to(np.asarray(start, float), (draws, states))
    for step in range(steps):
        lost[:, step] = now * drawn.loss[:, step]
        now = growth * np.einsum("ds,dst->dt", now - lost[:, step], stay[:, step])
        now = now + drawn.joining[:, step, None] * entry
        numbers[:, step] = now
    return numbers, lost


def _drawn_moves(moves: np.ndarray, ahead: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Probabilities of the next state of those who stay, for each future step; (draws, ahead, states, states)."""
    states = moves.shape[1]
    total = moves.sum(axis=0).astype(float)
    # the prior counts as one unit of each state, half of it staying where it is
    prior = np.full((states, states), 0.5 / max(states - 1, 1)) * (1 - np.eye(states)) + 0.5 * np.eye(states)
    usual = (total + prior) / (total + prior).sum(axis=1, keepdims=True)
    weight = np.exp(_log_likely_correlations(moves, usual))
    correlation = _CORRELATIONS[rng.choice(len(weight), draws, p=weight / weight.sum())]
    # units of one step tell less of the usual probabilities, the more they go together
    n = moves.sum(axis=2)
    told = moves[None] / (1 + np.maximum(n - 1, 0) * _CORRELATIONS[:, None, None])[..., None]
    known = told.sum(axis=1)[np.searchsorted(_CORRELATIONS, correlation)] + prior
    centre = _dirichlet(known, rng)
    strength = (1 - correlation) / np.maximum(correlation, 1e-9)
    own = _dirichlet(np.repeat((centre * strength[:, None, None])[:, None], ahead, axis=1), rng)
    return np.where((correlation > 0)[:, None, None, None], own, centre[:, None])


def _log_likely_correlations(moves: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """The logarithm of the Dirichlet-multinomial likelihood of each correlation, its largest value 0."""
    n = moves.sum(axis=2)
    strength = ((1 - _CORRELATIONS[1:]) / _CORRELATIONS[1:])[:, None, None]
    weights = strength[..., None] * usual
    mixed = gammaln(strength) - gammaln(strength + n)
    mixed = mixed + (gammaln(weights + moves) - gammaln(weights)).sum(axis=3)
    likely = np.concatenate([[(moves * np.log(usual)).sum()], mixed.sum(axis=(1, 2))])
    return np.asarray(likely - likely.max())


def _dirichlet(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One draw from the Dirichlet distribution of each row (the last axis) of weights."""
    drawn = np.maximum(rng.standard_gamma(np.maximum(weights, 1e-9)), 1e-300)
    return np.asarray(drawn / drawn.sum(axis=-1, keepdims=True))
