"""How counts of steps, as losses of quarters, lie above or below what is expected: by season, and from step to step.

Losses and new customers come in seasons (the end of the year of contracts) and vary more than chance from quarter to
quarter. A forecast that ignores the first is wrong in its timing; one that ignores the second is too sure of itself.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, logsumexp, xlogy

#: spreads (standard deviations of factors with the mean 1) over which the forecast is averaged, of seasons and of steps
_SPREADS = np.array([0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0])
#: the prior of a spread s of this grid is proportional to exp(-s / 0.5): 72 % lie below 0.35, 1.4 % above 1.5
_USUAL_SPREAD = 0.5
#: logarithms of the factors of a season
_LOG_FACTORS = np.linspace(-5.0, 2.5, 151)


def draw_factors(
    observed: np.ndarray,
    expected: np.ndarray,
    season: np.ndarray,
    season_ahead: np.ndarray,
    draws: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Factors of future steps on what is expected, drawn from the posterior; shape (draws, future steps).

    observed, expected, season: of each past step, its count, what a rate that never changes expects, and its season (any
    integers). season_ahead: of each future step. A count is Poisson with the mean expected x factor of its season x factor
    of its step; both factors are Gamma with the mean 1 (Clayton, Kaldor 1987), their spreads averaged over a grid, because
    two years say little about them. A season that was not observed has a factor from the spread of seasons.
    """
    spreads, factors = _SPREADS, np.exp(_LOG_FACTORS)
    prior = _season_prior(spreads)  # (spread of seasons, factor)
    # likelihood of each season's counts, for each spread of steps and factor of the season
    likely: dict[int, np.ndarray] = {
        int(name): _log_likely(observed[season == name], expected[season == name], spreads, factors)
        for name in np.unique(season)
    }
    joint = -(spreads[:, None] + spreads[None, :]) / _USUAL_SPREAD
    for one in likely.values():
        joint = joint + logsumexp(prior[:, None, :] + one[None, :, :], axis=2)
    weight = np.exp(joint - joint.max()).ravel()
    drawn = rng.choice(len(weight), draws, p=weight / weight.sum())
    of_seasons, of_steps = np.divmod(drawn, len(spreads))
    drawn_factors = np.ones((draws, len(season_ahead)))
    for name in np.unique(season_ahead):
        log_weight = prior[of_seasons] + (likely[int(name)][of_steps] if int(name) in likely else 0.0)
        chances = np.exp(log_weight - log_weight.max(axis=1, keepdims=True)).cumsum(axis=1)
        place = (chances < rng.random((draws, 1)) * chances[:, -1:]).sum(axis=1)
        jitter = (rng.random(draws) - 0.5) * (_LOG_FACTORS[1] - _LOG_FACTORS[0])
        # without a spread the factor is 1 exactly
        drawn_factors[:, season_ahead == name] = np.where(
            of_seasons > 0, np.exp(_LOG_FACTORS[place] + jitter), 1.0
        )[:, None]
    spread = spreads[of_steps][:, None]
    shape = 1 / np.maximum(spread, 1e-6) ** 2
    own = rng.gamma(shape, 1 / shape, drawn_factors.shape)
    return np.asarray(drawn_factors * np.where(spread > 0, own, 1.0))


def _season_prior(spreads: np.ndarray) -> np.ndarray:
    """The logarithm of the prior of each factor of a season, normalised; a row for each spread."""
    shape = 1 / np.maximum(spreads, 1e-6)[:, None] ** 2
    density = shape * (_LOG_FACTORS - np.exp(_LOG_FACTORS))  # that of Gamma(shape, shape) over logarithms
    density[0] = np.where(np.abs(_LOG_FACTORS).argmin() == np.arange(len(_LOG_FACTORS)), 0.0, -np.inf)
    return np.asarray(density - logsumexp(density, axis=1, keepdims=True))


def _log_likely(
    observed: np.ndarray, expected: np.ndarray, spreads: np.ndarray, factors: np.ndarray
) -> np.ndarray:
    """The logarithm of the likelihood of counts, for each spread of steps and factor; shape (spreads, factors).

    Counts are negative binomial around expected x factor, and Poisson without a spread. Constants are left out.
    """
    mean = np.maximum(expected, 1e-9)[:, None] * factors  # (steps, factors)
    count = observed[:, None].astype(float)
    poisson = (xlogy(count, mean) - mean).sum(axis=0)
    shape = 1 / spreads[1:, None, None] ** 2
    mixed = gammaln(count + shape) - gammaln(shape) - shape * np.log1p(mean / shape)
    mixed = mixed + xlogy(count, mean / (shape + mean))
    return np.vstack([poisson[None], mixed.sum(axis=1)])
