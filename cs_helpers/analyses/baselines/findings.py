"""The findings of baselines: unusual weeks, losses unlike past years, and new customers who ask more or less."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cs_helpers.contract.products import Product
from cs_helpers.result import Direction, Finding, Verdict

#: a page begins with at most so many unusual episodes
EPISODES = 2


def baseline_findings(
    tables: Mapping[str, pd.DataFrame], verdicts: Mapping[str, Verdict], product: Product
) -> tuple[Finding, ...]:
    """`lost_more` or `lost_fewer`, `odd_more` or `odd_fewer` (the longest episodes), `asks_less` or `asks_more`.

    tables and verdicts: of the result. The interval of an episode's ratio is that of its mean over the mean of the
    prediction intervals of its days; that of losses is the share over the interval expected from past years.
    """
    return (*_losses(tables, verdicts), *_episodes(tables, product), *_new_customers(tables, verdicts))


def _losses(tables: Mapping[str, pd.DataFrame], verdicts: Mapping[str, Verdict]) -> list[Finding]:
    verdict = verdicts.get("same_quarter")
    if verdict is None or verdict.code not in ("more", "fewer"):
        return []
    latest = tables["same_quarter"].iloc[-1]
    share, low, high = (float(latest[c]) for c in ("share", "low", "high"))
    direction: Direction = "worse" if verdict.code == "more" else "better"
    return [
        Finding(
            f"lost_{verdict.code}",
            "same_quarter",
            direction,
            "clear",
            int(latest["customers"]),
            value=share,
            compared=float(latest["usual"]),
            compared_with="usual",
            size=float(verdict.fields["ratio"]),
            low=share / high if high else None,
            high=share / low if low else None,
            unit="share",
            size_unit="ratio",
            customers=int(latest["lost"]),
            fields={"years": int(verdict.fields["years"])},
        )
    ]


def _episodes(tables: Mapping[str, pd.DataFrame], product: Product) -> list[Finding]:
    """The longest episode of each daily number, at most `EPISODES`."""
    departures = tables.get("departures")
    if departures is None:
        return []
    names, found = {b.id: b.name for b in product.baselines}, []
    series = tables["series"]
    for row in departures.drop_duplicates("baseline").head(EPISODES).itertuples():
        days = series[
            (series["baseline"] == row.baseline) & series["day"].between(row.starts_on, row.ends_on)
        ]
        days = days[days["odd"]]
        low, high = float(days["low"].mean()), float(days["high"].mean())
        is_ratio = bool(np.isfinite(row.ratio))
        found.append(
            Finding(
                "odd_more" if row.value > row.usual else "odd_fewer",
                "series",
                "neither",
                "clear",
                int(row.days),
                value=float(row.value),
                compared=float(row.usual),
                compared_with="usual",
                size=float(row.ratio) if is_ratio else None,
                low=float(row.value) / high if is_ratio and high > 0 else None,
                high=float(row.value) / low if is_ratio and low > 0 else None,
                size_unit="ratio",
                fields={
                    "baseline": names[row.baseline],
                    "period": (row.starts_on.date(), row.ends_on.date()),
                },
            )
        )
    return found


def _new_customers(tables: Mapping[str, pd.DataFrame], verdicts: Mapping[str, Verdict]) -> list[Finding]:
    verdict = verdicts.get("cohorts")
    if verdict is None or verdict.code not in ("less", "more"):
        return []
    cohorts = tables["cohorts"]
    latest, earlier = cohorts.iloc[-1], cohorts.iloc[:-1]
    ratio, low, high = (float(verdict.fields[name]) for name in ("ratio", "low", "high"))
    return [
        Finding(
            f"asks_{verdict.code}",
            "cohorts",
            "neither",  # silence may be contentment or a bad start: the analysis cannot tell which
            "clear",
            int(cohorts["customers"].sum()),
            value=float(latest["each"]),
            compared=float(earlier["tickets"].sum() / earlier["customers"].sum()),
            compared_with="usual",
            size=ratio,
            low=low,
            high=high,
            unit="ratio",
            size_unit="ratio",
            customers=int(latest["customers"]),
        )
    ]
