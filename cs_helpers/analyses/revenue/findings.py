"""What the analysis of revenue found, most important first."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cs_helpers.customers.movements import Ledger
from cs_helpers.result import Certainty, Finding, Metric

#: a customer that makes so large a share of all movement of the quarter is worth a word
ONE_CUSTOMER = 0.5
_QUARTER = 3
_ORDER = {"worse": 0, "better": 1, "neither": 2}


def find(
    ledger: Ledger, tables: Mapping[str, pd.DataFrame], metrics: Mapping[str, Metric]
) -> tuple[Finding, ...]:
    """The findings: those that are certain before those that are not, bad ones before good ones, then by MRR at stake."""
    found = [
        *_growth(ledger), *_net_retention(tables), *_losses(ledger), *_segment(tables), *_smaller_movements(ledger),
        *_one_customer(ledger), *_costs(metrics),
    ]  # fmt: skip
    return tuple(
        sorted(found, key=lambda f: (f.certainty == "unclear", _ORDER[f.direction], -(f.mrr or 0.0), f.code))
    )


def _growth(ledger: Ledger) -> list[Finding]:
    """The MRR at the end of the quarter against its beginning."""
    opening, closing = float(ledger.mrr(_QUARTER).sum()), float(ledger.mrr().sum())
    if opening == closing or not opening:
        return []
    grew = closing > opening
    return [
        Finding(
            "mrr_grew" if grew else "mrr_shrank", "bridge", "better" if grew else "worse", "counted",
            n=int(ledger.customers(_QUARTER).sum()), value=closing, compared=opening, compared_with="previous_quarter",
            size=closing - opening, unit="currency", customers=int(ledger.customers().sum()),
            mrr=abs(closing - opening),
        )
    ]  # fmt: skip


def _net_retention(tables: Mapping[str, pd.DataFrame]) -> list[Finding]:
    """NRR of the longest period that is known, against 100 %."""
    if "retention" not in tables:
        return []
    row = tables["retention"].iloc[-1]
    nrr, low, high = (float(row[c]) for c in ("nrr", "nrr_low", "nrr_high"))
    if np.isnan(nrr) or nrr == 1:
        return []
    known = not np.isnan(low)
    certainty: Certainty = "clear" if known and (low > 1 or high < 1) else "unclear"
    return [
        Finding(
            "nrr_above" if nrr > 1 else "nrr_below", "retention", "better" if nrr > 1 else "worse", certainty,
            n=int(row["paying"]), value=nrr, compared=1.0, size=nrr - 1, low=low - 1 if known else None,
            high=high - 1 if known else None, unit="share", customers=int(row["paying"]),
            mrr=abs(nrr - 1) * float(row["mrr"]), fields={"months": int(row["months"])},
        )
    ]  # fmt: skip


def _losses(ledger: Ledger) -> list[Finding]:
    """The MRR of lost customers in the quarter, against the same quarter of the year before."""
    lost = int(ledger.lost[:, -_QUARTER:].any(axis=1).sum())
    if not lost:
        return []
    churn = ledger.movements["churn"]
    now, then = (
        abs(float(churn[:, at].sum())) for at in (slice(-_QUARTER, None), slice(-12 - _QUARTER, -12))
    )
    had_customers = bool(ledger.customers(12 + _QUARTER).any())
    return [
        Finding(
            "churned", "bridge", "worse" if now >= then or not had_customers else "better", "counted",
            n=int(ledger.customers(_QUARTER).sum()), value=now, compared=then if had_customers else None,
            compared_with="previous_year" if had_customers else "nothing", size=now - then if had_customers else None,
            unit="currency", customers=lost, mrr=now,
        )
    ]  # fmt: skip


def _segment(tables: Mapping[str, pd.DataFrame]) -> list[Finding]:
    """The segment that lost clearly more customers than the others, if there is one."""
    if "segments" not in tables:
        return []
    clear = tables["segments"][tables["segments"]["verdict"] == "more"]
    if clear.empty:
        return []
    row = clear.sort_values("difference").iloc[-1]
    return [
        Finding(
            "churn_in_segment", "segments", "worse", "clear", n=int(row["customers"]), value=float(row["logo_churn"]),
            compared=float(row["others"]), compared_with="other_customers", size=float(row["difference"]),
            low=float(row["difference_low"]), high=float(row["difference_high"]), unit="share",
            customers=int(row["lost"]), mrr=float(row["lost_mrr"]),
            fields={"segment": f"{row['dimension']}:{row['segment']}"},
        )
    ]  # fmt: skip


def _smaller_movements(ledger: Ledger) -> list[Finding]:
    """Contraction and reactivation of the quarter."""
    found = []
    for kind, direction in (("contraction", "worse"), ("reactivation", "better")):
        amounts = ledger.movements[kind][:, -_QUARTER:]
        if customers := int((amounts != 0).any(axis=1).sum()):
            total = abs(float(amounts.sum()))
            found.append(
                Finding(
                    kind, "bridge", "worse" if direction == "worse" else "better", "counted",
                    n=int(ledger.customers(_QUARTER).sum()), value=total, unit="currency", customers=customers, mrr=total,
                )
            )  # fmt: skip
    return found


def _one_customer(ledger: Ledger) -> list[Finding]:
    """Whether one of several customers that moved made half of the movement of the quarter or more."""
    moved = sum(np.abs(amounts[:, -_QUARTER:]).sum(axis=1) for amounts in ledger.movements.values())
    total, largest = float(np.sum(moved)), float(np.max(moved, initial=0.0))
    customers = int(np.count_nonzero(moved))
    if customers < 3 or largest < ONE_CUSTOMER * total:
        return []
    return [
        Finding(
            "one_customer", "bridge", "neither", "counted", n=customers, value=largest / total, unit="share", customers=1,
            mrr=largest,
        )
    ]  # fmt: skip


def _costs(metrics: Mapping[str, Metric]) -> list[Finding]:
    """Growth that cost more than it brought within a year."""
    index = metrics.get("growth_efficiency_net")
    if index is None or index.value is None or index.value <= 1:
        return []
    return [
        Finding(
            "growth_costs_more", "profitability", "worse", "counted", n=index.n, value=index.value, compared=1.0,
            size=index.value, unit="ratio", size_unit="ratio",
        )
    ]  # fmt: skip
