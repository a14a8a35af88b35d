"""Which words one segment uses more than the others, and which words come together."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, triu

#: the prior weighs this part of what all say together: with less a word that one side never says is sure of nobody
PRIOR = 0.25
#: standard errors of a 95 % interval
WITHIN = 1.959964


def log_odds(inside: pd.Series, outside: pd.Series, prior: float | None = None) -> pd.DataFrame:
    """Words of one group of texts against another, by log-odds with an informative Dirichlet prior.

    inside, outside: how often each word comes, by word. The prior has the words of both together, `prior` in all
    (left out: a quarter of them), so that what is rare has to come often before it counts. Columns: inside, outside,
    log_odds, low, high (95 %), z; most of the first group first. Source: Monroe, Colaresi, Quinn 2008,
    "Fightin' Words", equations 15, 16, 20 and 22.
    """
    counts = pd.concat({"inside": inside, "outside": outside}, axis=1).fillna(0.0)
    counts = counts[counts.sum(axis=1) > 0]
    delta, error = leanings(counts["inside"].to_numpy(), counts["outside"].to_numpy(), prior)
    found = counts.astype("int64").assign(
        log_odds=delta, low=delta - WITHIN * error, high=delta + WITHIN * error, z=delta / error
    )
    return found.sort_values("z", ascending=False, kind="stable")


def leanings(
    inside: np.ndarray, outside: np.ndarray, prior: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds of words against others, and their standard errors: a row a word, of any number of groups as columns."""
    pooled = inside + outside
    whole = pooled.sum(axis=0)
    prior = PRIOR * whole if prior is None else prior
    own = pooled * prior / np.maximum(whole, 1)

    def odds(side: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.log((side + own) / (side.sum(axis=0) + prior - side - own))
        return found

    with np.errstate(divide="ignore", invalid="ignore"):  # one word alone: nothing to hold it against
        return odds(inside) - odds(outside), np.sqrt(1 / (inside + own) + 1 / (outside + own))


def log_likelihood(inside: float, outside: float, words_inside: float, words_outside: float) -> float:
    """How surprising a word's two counts are, were it as frequent on both sides (Dunning 1993, Rayson 2000)."""
    share = (inside + outside) / (words_inside + words_outside)
    found = 0.0
    for count, words in ((inside, words_inside), (outside, words_outside)):
        if count:
            found += count * np.log(count / (words * share))
    return float(2 * found)


def together(texts: pd.Series, words: pd.Series, company: pd.Series, least: int = 2) -> pd.DataFrame:
    """Words that come together, by Jaccard's share: texts with both of the texts with either.

    texts, words: a row for each word of each text, once; company: of each text, by text. least: pairs of
    fewer texts are left out. Columns: first, second, both (texts), companies, jaccard; closest first.
    """
    text_codes, text_names = pd.factorize(texts)
    word_codes, names = pd.factorize(words, sort=True)
    holds = csr_array(
        (np.ones(len(words), np.int64), (text_codes, word_codes)), (len(text_names), len(names))
    )
    both = triu(holds.T @ holds, k=1).tocoo()
    # of each company: which words it says in one text; 1 where it has such a text
    owners, _ = pd.factorize(company.reindex(text_names))
    of_company = [
        holds[np.flatnonzero(owners == owner)] for owner in range(owners.max() + 1 if len(owners) else 0)
    ]
    shared = sum(((own.T @ own) > 0).astype(np.int64) for own in of_company) if of_company else both
    single = np.asarray(holds.sum(axis=0)).ravel()
    keep = both.data >= least
    first, second, n = both.row[keep], both.col[keep], both.data[keep]
    found = pd.DataFrame({"first": names.to_numpy()[first], "second": names.to_numpy()[second], "both": n})
    found["companies"] = np.asarray(csr_array(shared)[first, second]).ravel() if len(n) else n
    found["jaccard"] = n / (single[first] + single[second] - n)
    return found.sort_values(
        ["jaccard", "both", "first", "second"], ascending=[False, False, True, True], ignore_index=True
    )
