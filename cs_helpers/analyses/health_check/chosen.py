"""The health score with other weights than the declared ones, held against the same customers and losses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cs_helpers.analyses.health_check.headlines import gather
from cs_helpers.analyses.health_check.panel import NEEDED
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.health_score import health_bands, rules_in_force
from cs_helpers.customers.time import missing_contracts
from cs_helpers.result import Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.discrimination import Auc, auc, auc_difference


@dataclass(frozen=True, eq=False)
class _Rows:
    """Customers, each with the points of the measures (rows, measures), and the weights that a segment's rule sets (else NaN)."""

    points: np.ndarray
    of_segment: np.ndarray

    def scores(self, weights: np.ndarray) -> np.ndarray:
        """The score of each row, 0 to 100; NaN where no measure with a weight is known. weights: (measures,)."""
        weight = np.where(np.isnan(self.of_segment), weights, self.of_segment)
        # a measure that is left out is left out of the rules of segments too
        weight = np.where(np.isnan(self.points) | (weights == 0), 0.0, weight)
        total = weight.sum(axis=1)
        points = (np.nan_to_num(self.points) * weight).sum(axis=1)
        return np.asarray(np.divide(points, total, out=np.full(len(total), np.nan), where=total > 0))


@dataclass(frozen=True, eq=False)
class Weighed:
    """What other weights change.

    verdict: whether they tell better apart who leaves: `better`, `worse`, `cannot_tell` (fields declared, chosen, each with
    _low and _high, difference, low, high, lost, rows), `same` (all pairs in the same order), or why it is not said: `few_losses`,
    `few_others` (lost, others, needed). not_scored: customers at quarter ends that have no score with the weights. moves: the
    customers at the end of the quarter whose band changes, by MRR; columns account_id, name, mrr, score, band, chosen_score,
    chosen_band. of: how many customers have a score with both.
    """

    verdict: Verdict
    not_scored: int
    moves: pd.DataFrame
    of: int


class Weighing:
    """All that scores with other weights need, worked out once, so that each further set of weights takes milliseconds.

    Scores follow from the product file with other weights of the measures, and are those that it would give: a weight that a
    segment's rule sets stays, and a measure of weight 0 is left out everywhere.
    """

    def __init__(self, data: ProductData, quarter: Quarter) -> None:
        """Raises nothing; `why_not` says why there is nothing to compare."""
        self.health = data.product.health
        self.declared = np.array([measure.weight for measure in self.health.measures])
        self.why_not: Verdict | None = None
        evidence = gather(data, quarter)
        if evidence is None:
            missing = missing_contracts(data)
            self.why_not = Verdict("missing_table" if missing else "no_scores", {"tables": missing})
            return
        panel, history = evidence.panel, evidence.history
        by_account = _weights_of_segments(data)
        self._past = _Rows(panel.points, by_account.reindex(panel.account).to_numpy(float))
        # whole numbers compare faster than texts
        self._account = np.unique(panel.account.astype(str), return_inverse=True)[1]
        self._cut = np.unique(panel.cut, return_inverse=True)[1]
        self._lost = panel.lost
        present = history.present[:, -1] & ~np.isnan(history.scores[:, -1])
        accounts = history.spells["account_id"].to_numpy(object)[present]
        points = np.stack([of_measure[present, -1] for of_measure in history.points.values()], axis=1)
        self._now = _Rows(points, by_account.reindex(accounts).to_numpy(float))
        score = self._now.scores(self.declared)
        names = data["accounts"].set_index("account_id")["name"].reindex(accounts)
        self._customers = pd.DataFrame(
            {
                "account_id": accounts,
                "name": names.to_numpy(),
                "mrr": evidence.time.mrr(quarter.end).reindex(accounts).to_numpy("float64"),
                "score": score,
                "band": health_bands(pd.Series(score), self.health).to_numpy(object),
            }
        )
        if not len(panel.score) and not len(score):
            self.why_not = Verdict("no_scores", {"tables": ()})

    def weigh(self, weights: Mapping[str, float]) -> Weighed:
        """What other weights change. weights: of each measure, 0 or more, at least one above 0."""
        chosen = np.array([weights[measure.id] for measure in self.health.measures])
        past, declared = self._past.scores(chosen), self._past.scores(self.declared)
        known = ~np.isnan(past)
        verdict = self._verdict(past, declared, known)
        customers = self._customers.assign(chosen_score=self._now.scores(chosen))
        customers = customers[customers["chosen_score"].notna()]
        customers = customers.assign(
            chosen_band=health_bands(customers["chosen_score"], self.health).to_numpy(object)
        )
        moves = customers[customers["band"] != customers["chosen_band"]]
        moves = moves.sort_values(["mrr", "account_id"], ascending=[False, True], ignore_index=True)
        return Weighed(verdict, int((~known).sum()), moves, len(customers))

    def _verdict(self, past: np.ndarray, declared: np.ndarray, known: np.ndarray) -> Verdict:
        lost, account, cut = self._lost[known], self._account[known], self._cut[known]
        gone, others = len(np.unique(account[lost])), len(np.unique(account[~lost]))
        counts = {"lost": gone, "others": others, "needed": NEEDED}
        if gone < NEEDED or others < NEEDED:
            return Verdict("few_losses" if gone < NEEDED else "few_others", counts)
        new, old = (auc(lost, -score[known], account, cut) for score in (past, declared))
        difference, low, high = auc_difference(new, old)
        fields = {
            **_fields("chosen", new), **_fields("declared", old), "difference": difference, "low": low, "high": high,
            "rows": int(known.sum()), **counts,
        }  # fmt: skip
        if difference != difference:  # at no quarter end both were lost and stayed
            return Verdict("few_losses", counts)
        if difference == 0 and high - low < 1e-9:
            return Verdict("same", fields)
        return Verdict("better" if low > 0 else "worse" if high < 0 else "cannot_tell", fields)


def _fields(name: str, area: Auc) -> dict[str, float]:
    return {name: area.value, f"{name}_low": area.low, f"{name}_high": area.high}


def _weights_of_segments(data: ProductData) -> pd.DataFrame:
    """The weight that the rule of a customer's segment sets for each measure; NaN where it sets none. Index: account_id."""
    health = data.product.health
    in_force = rules_in_force(data)
    by_rule = np.full((len(health.segments) + 1, len(health.measures)), np.nan)
    for row, rule in zip(by_rule, health.segments, strict=False):
        for place, measure in enumerate(health.measures):
            change = rule.measures.get(measure.id)
            if change is not None and change.weight is not None:
                row[place] = change.weight
    # the last row stands for -1: no rule
    return pd.DataFrame(by_rule[in_force.to_numpy()], index=in_force.index)
