"""Key words by the published numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from cs_helpers.statistics.keyness import co_occurrence, log_likelihood, log_odds
from cs_helpers.statistics.proportions import benjamini_hochberg

INSIDE = pd.Series({"benefit": 8, "timing": 2, "guide": 5, "price": 5})
OUTSIDE = pd.Series({"benefit": 2, "timing": 9, "guide": 4, "price": 5})


def test_log_odds_with_an_informative_prior_are_as_published() -> None:
    result = log_odds(INSIDE, OUTSIDE, prior=10)["z"]
    assert result["benefit"] == pytest.approx(1.979926, abs=1e-6)
    assert result["timing"] == pytest.approx(-2.262869, abs=1e-6)
    assert result["price"] == pytest.approx(0, abs=1e-12)
    assert result.index.tolist() == ["benefit", "guide", "price", "timing"]


def test_a_word_that_one_side_never_uses_is_told_with_an_interval() -> None:
    result = log_odds(pd.Series({"login": 30, "paper": 300}), pd.Series({"paper": 400}))
    assert result.at["login", "outside"] == 0
    assert result.at["login", "low"] > 0
    # told once it says little, however one-sided
    rare = log_odds(pd.Series({"login": 1, "paper": 300}), pd.Series({"paper": 400}))
    assert rare.at["login", "low"] < 0 < rare.at["login", "high"]


def test_no_words_are_no_key_words() -> None:
    assert log_odds(pd.Series(dtype="float64"), pd.Series(dtype="float64")).empty


def test_log_likelihood_is_as_published() -> None:
    assert log_likelihood(10, 2, 1000, 1000) == pytest.approx(5.8221, abs=5e-5)
    assert log_likelihood(5, 5, 1000, 1000) == 0


def test_words_that_come_together_are_counted_by_texts_and_companies() -> None:
    said = [("t1", "paper mail"), ("t2", "paper mail login"), ("t3", "paper"), ("t4", "login")]
    rows = pd.DataFrame(
        [(text, word) for text, words in said for word in words.split()], columns=["text", "word"]
    )
    company = pd.Series({"t1": "a", "t2": "b", "t3": "b", "t4": "b"})
    result = co_occurrence(rows["text"], rows["word"], company, least=1).set_index(["first", "second"])
    # n12 / (n1 + n2 - n12)
    assert result["jaccard"].to_dict() == {
        ("mail", "paper"): 2 / 3,
        ("login", "mail"): 1 / 3,
        ("login", "paper"): 1 / 4,
    }
    assert result["companies"].to_dict() == {
        ("mail", "paper"): 2,
        ("login", "mail"): 1,
        ("login", "paper"): 1,
    }
    assert len(co_occurrence(rows["text"], rows["word"], company)) == 1


def test_where_nothing_is_said_nothing_comes_together() -> None:
    nothing = pd.Series(dtype="str")
    assert co_occurrence(nothing, nothing, nothing).empty


def test_of_groups_that_speak_alike_no_word_is_sure() -> None:
    rng = np.random.default_rng(20260930)
    wrong = 0
    for _ in range(60):
        share = rng.dirichlet(np.full(300, 0.3))
        result = log_odds(pd.Series(rng.multinomial(1500, share)), pd.Series(rng.multinomial(2500, share)))
        wrong += bool(benjamini_hochberg(2 * norm.sf(result["z"].abs()), q=0.05).any())
    assert wrong <= 3
