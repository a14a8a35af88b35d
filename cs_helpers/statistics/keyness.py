"""Key words of one segment against the others, and co-occurrence of words."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, triu

#: the weight of the prior as a share of all words; with less, a word that one side never uses is never significant
PRIOR = 0.25
#: half the width of a 95 % interval in standard errors
Z_95 = 1.959964


def log_odds(inside: pd.Series, outside: pd.Series, prior: float | None = None) -> pd.DataFrame:
    """Words of one group of texts against another, by log-odds with an informative Dirichlet prior.

    inside, outside: word counts, by word. The prior is proportional to the pooled counts and sums to `prior` (default:
    `PRIOR` of all words), so that rare words need more evidence. Columns: inside, outside, log_odds, low, high (95 %),
    z; sorted by z, descending. Source: Monroe, Colaresi, Quinn 2008,
    "Fightin' Words", equations 15, 16, 20 and 22.
    """
    counts = pd.concat({"inside": inside, "outside": outside}, axis=1).fillna(0.0)
    counts = counts[counts.sum(axis=1) > 0]
    delta, error = log_odds_and_errors(counts["inside"].to_numpy(), counts["outside"].to_numpy(), prior)
    result = counts.astype("int64").assign(
        log_odds=delta, low=delta - Z_95 * error, high=delta + Z_95 * error, z=delta / error
    )
    return result.sort_values("z", ascending=False, kind="stable")


def log_odds_and_errors(
    inside: np.ndarray, outside: np.ndarray, prior: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds and their standard errors: one row per word, one column per group of texts."""
    pooled = inside + outside
    total = pooled.sum(axis=0)
    prior = PRIOR * total if prior is None else prior
    prior_counts = pooled * prior / np.maximum(total, 1)

    def odds(side: np.ndarray) -> np.ndarray:
        return np.asarray(np.log((side + prior_counts) / (side.sum(axis=0) + prior - side - prior_counts)))

    with np.errstate(divide="ignore", invalid="ignore"):  # undefined where there is only one word
        return odds(inside) - odds(outside), np.sqrt(
            1 / (inside + prior_counts) + 1 / (outside + prior_counts)
        )


def log_likelihood(inside: float, outside: float, words_inside: float, words_outside: float) -> float:
    """Log-likelihood ratio (G2) of a word's counts on two sides against equal frequency (Dunning 1993, Rayson 2000)."""
    share = (inside + outside) / (words_inside + words_outside)
    statistic = 0.0
    for count, words in ((inside, words_inside), (outside, words_outside)):
        if count:
            statistic += count * np.log(count / (words * share))
    return float(2 * statistic)


def co_occurrence(texts: pd.Series, words: pd.Series, company: pd.Series, least: int = 2) -> pd.DataFrame:
    """Pairs of words that occur in the same texts, by Jaccard index: texts with both divided by texts with either.

    texts, words: one row per distinct word of a text; company: the company of each text, by text. least: pairs in
    fewer texts are left out. Columns: first, second, both (texts), companies, jaccard; highest index first.
    """
    text_codes, text_names = pd.factorize(texts)
    word_codes, names = pd.factorize(words, sort=True)
    holds = csr_array(
        (np.ones(len(words), np.int64), (text_codes, word_codes)), (len(text_names), len(names))
    )
    texts_with_both = triu(holds.T @ holds, k=1).tocoo()
    # per company, words x words: whether any of its texts holds both
    owners, _ = pd.factorize(company.reindex(text_names))
    holds_by_company = [
        holds[np.flatnonzero(owners == owner)] for owner in range(owners.max() + 1 if len(owners) else 0)
    ]
    companies_with_both = (
        sum(((part.T @ part) > 0).astype(np.int64) for part in holds_by_company)
        if holds_by_company
        else texts_with_both
    )
    texts_per_word = np.asarray(holds.sum(axis=0)).ravel()
    keep = texts_with_both.data >= least
    first, second, n = texts_with_both.row[keep], texts_with_both.col[keep], texts_with_both.data[keep]
    pairs = pd.DataFrame({"first": names.to_numpy()[first], "second": names.to_numpy()[second], "both": n})
    pairs["companies"] = np.asarray(csr_array(companies_with_both)[first, second]).ravel() if len(n) else n
    pairs["jaccard"] = n / (texts_per_word[first] + texts_per_word[second] - n)
    return pairs.sort_values(
        ["jaccard", "both", "first", "second"], ascending=[False, False, True, True], ignore_index=True
    )
