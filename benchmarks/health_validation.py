"""How well health scores tell who leaves: the sample beside its planted strength, RavenStack, and the telco data.

    python benchmarks/health_validation.py [--data data/sample/sources.yml] [--ravenstack FILE] [--telco FILE]

`--data` and `--ravenstack` are sources files, of which a snapshot is taken in a temporary folder; `--telco` is the CSV of
IBM's Telco Customer Churn. What does not exist is left out. Prints a table in Markdown, and the seconds of the analysis.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from cs_helpers.analyses import health_check
from cs_helpers.analyses.health_check.headlines import gather
from cs_helpers.analyses.health_check.learned import out_of_time
from cs_helpers.analyses.health_check.tables import quality_table
from cs_helpers.analyses.health_check.verdicts import weights_verdict
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData, Snapshot
from cs_helpers.snapshot.take import take_snapshot
from cs_helpers.statistics.discrimination import Auc, auc, lift
from cs_helpers.statistics.logistic import fit_logistic, log_loss, predicted
from cs_helpers.statistics.probabilities import brier, calibration

ROOT = Path(__file__).resolve().parents[1]
HEADINGS = ("data", "customers x dates", "lost", "AUC", "with learned weights", "Brier (base rate)", "calibration slope", "lift", "lead time, warned 30 days before", "what it cannot say")  # fmt: skip
FOLDS = 5


def main() -> None:
    """Measure what there is, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT / "data" / "sample" / "sources.yml")
    parser.add_argument("--ravenstack", type=Path, default=ROOT / "data" / "sources.example.yml")
    public = ROOT.parent / "shared" / "data"
    parser.add_argument("--telco", type=Path, default=public / "telco" / "Telco-Customer-Churn.csv")
    given = parser.parse_args()
    rows, seconds = [], []
    for name, sources in (("sample", given.data), ("", given.ravenstack)):
        try:
            with tempfile.TemporaryDirectory() as folder:
                take_snapshot(sources, folder=Path(folder), products=ROOT / "data" / "products")
                snapshot = Snapshot.open(folder=Path(folder))
                for product in snapshot.products:
                    data, quarter = snapshot.read(product), snapshot.quarters[-1]
                    rows.append(of_product(f"{name} {product}".strip(), data, quarter))
                    if product == "ravenstack":
                        rows.append(of_notices("ravenstack, its churn events as outcome", data, quarter))
                    seconds.append((product, timed(data, quarter)))
        except Exception as problem:  # a benchmark says what it could not measure, and goes on
            print(f"left out: {sources.name}: {problem}")
    if given.telco.exists():
        rows.append(of_telco(given.telco))
    print("| " + " | ".join(HEADINGS) + " |\n|" + "---|" * len(HEADINGS))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    for product, taken in seconds:
        print(f"{product}: {taken:.2f} s")


def timed(data: ProductData, quarter: Quarter) -> float:
    """The median of five runs of the analysis, after one to warm up."""
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        health_check.analyse(data, quarter)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def of_product(name: str, data: ProductData, quarter: Quarter) -> tuple[str, ...]:
    """The row of a product."""
    result = health_check.analyse(data, quarter)
    quality = result.tables["quality"].set_index("measure") if "quality" in result.tables else pd.DataFrame()
    bands, lead = result.tables.get("bands"), result.metrics.get("lead_days")
    lost = 0 if bands is None else int(bands["lost"].sum())
    rows = 0 if bands is None else int(bands["n"].sum())
    weights = result.verdicts.get("weights")
    tried = "–"
    if weights is not None and weights.code != "untried":
        f = weights.fields
        tried = f"{f['learned']:.3f}; declared, same rows: {f['declared']:.3f} ({f['low']:+.3f} to {f['high']:+.3f})"

    def number(measure: str) -> str:
        if measure not in quality.index:
            return "–"
        row = quality.loc[measure]
        if measure == "brier":
            return f"{row['value']:.4f} ({row['reference']:.4f})"
        interval = "" if row["low"] != row["low"] else f" ({row['low']:.2f} to {row['high']:.2f})"
        return f"{row['value']:.2f}{interval}"

    area = result.metrics.get("auc")
    warned = result.metrics.get("warned")
    return (
        name,
        f"{rows} ({result.n} customers, {result.settings.get('quarter_ends', 0)} quarter ends)",
        str(lost),
        "–" if area is None else f"{area.value:.3f} ({area.low:.3f} to {area.high:.3f})",
        tried,
        number("brier"),
        number("slope"),
        number("lift"),
        "–" if lead is None or warned is None else f"{lead.value:.0f} days, {warned.value:.0%}",
        unsaid(result),
    )


def of_notices(name: str, data: ProductData, quarter: Quarter) -> tuple[str, ...]:
    """The row of a product with notices as outcomes: of RavenStack, where churn events and contracts contradict each other."""
    evidence = gather(data, quarter)
    assert evidence is not None
    horizon = np.timedelta64(data.product.health.check.horizon_days, "D")
    touches = data["touches"]
    given = touches[touches["kind"] == "churn_notice"].groupby("account_id")["occurred_at"]
    days = given.apply(lambda times: times.to_numpy("datetime64[D]")).to_dict()
    lost = np.array(
        [
            bool(((days.get(a, none) > cut) & (days.get(a, none) <= cut + horizon)).any())
            for none in [np.zeros(0, "datetime64[D]")]
            for a, cut in zip(evidence.panel.account, evidence.panel.cut, strict=True)
        ]
    )
    panel = replace(evidence.panel, lost=lost)
    area = auc(panel.lost, -panel.score, panel.account, panel.cut)
    tried = out_of_time(panel, data.product.health.check.horizon_days)
    quality = quality_table(panel, area, tried).set_index("measure")
    verdict = weights_verdict(panel, tried)
    f, k = verdict.fields, quality.loc
    learned = (
        "–"
        if verdict.code == "untried"
        else (
            f"{f['learned']:.3f}; declared, same rows: {f['declared']:.3f} ({f['low']:+.3f} to {f['high']:+.3f})"
        )
    )
    slope = "–"
    if "slope" in quality.index:
        slope = f"{k['slope', 'value']:.2f} ({k['slope', 'low']:.2f} to {k['slope', 'high']:.2f})"
    return (
        name,
        f"{len(panel.score)} ({len(set(panel.account))} customers, {len(panel.cuts)} quarter ends)",
        str(int(lost.sum())),
        f"{area.value:.3f} ({area.low:.3f} to {area.high:.3f})",
        learned,
        f"{k['brier', 'value']:.4f} ({k['brier', 'reference']:.4f})" if "brier" in quality.index else "–",
        slope,
        f"{k['lift', 'value']:.2f} ({k['lift', 'low']:.2f} to {k['lift', 'high']:.2f})",
        "–",
        "lead time: most customers with an event go on",
    )


def unsaid(result: Result) -> str:
    """The codes of the notes that say what is not known, and of verdicts that could not be reached."""
    codes = [n.code for n in result.notes if health_check.DECLARES.warns(n.code) or n.code == "not_yet"]
    codes += [
        f"{question}: {v.code}"
        for question, v in result.verdicts.items()
        if v.code in ("few", "untried", "cannot_tell")
    ]
    return ", ".join(dict.fromkeys(codes)) or "–"


def of_telco(file: Path) -> tuple[str, ...]:
    """The row of the telco data: weights learned on four fifths of the customers and tried on the other, five times.

    Every column but the customer's id and the total of charges: numbers from 0 to 1, words as one column each. The ridge
    penalty is chosen within the four fifths.
    """
    table = pd.read_csv(file)
    lost = (table["Churn"] == "Yes").to_numpy()
    numbers = table[["tenure", "MonthlyCharges"]].assign(old=table["SeniorCitizen"]).astype(float)
    numbers = (numbers - numbers.min()) / (numbers.max() - numbers.min())
    words = table.drop(
        columns=["customerID", "Churn", "TotalCharges", "tenure", "MonthlyCharges", "SeniorCitizen"]
    )
    x = np.column_stack([numbers, pd.get_dummies(words, drop_first=True).astype(float)])
    fold = np.random.default_rng(1).integers(0, FOLDS, len(x))
    p, base = np.zeros(len(x)), np.zeros(len(x))
    for part in range(FOLDS):
        learn = np.flatnonzero(fold != part)
        ridge = np.eye(x.shape[1]) * best_ridge(x[learn], lost[learn], fold[learn])
        p[fold == part] = predicted(x[fold == part], fit_logistic(x[learn], lost[learn], ridge))
        base[fold == part] = lost[learn].mean()
    customer = np.arange(len(x))
    area: Auc = auc(lost, p)
    error, fit = brier(lost, p, base, customer), calibration(lost, p, customer)
    top = lift(lost, p, customer, np.zeros(len(x)))
    assert fit is not None
    return (
        "telco",
        f"{len(x)} (one date)",
        str(int(lost.sum())),
        "– (no score is declared)",
        f"{area.value:.3f} ({area.low:.3f} to {area.high:.3f})",
        f"{error.score:.4f} ({error.reference:.4f})",
        f"{fit.slope:.2f} ({fit.slope_low:.2f} to {fit.slope_high:.2f})",
        "{:.2f} ({:.2f} to {:.2f})".format(*top),
        "–",
        "out of time, lead time, qualitative part: one date, no CSM",
    )


def best_ridge(x: np.ndarray, lost: np.ndarray, fold: np.ndarray) -> float:
    """The ridge penalty whose weights predict best the parts that they were not learned from."""
    losses = {
        ridge: sum(
            log_loss(
                x[fold == f],
                lost[fold == f],
                fit_logistic(x[fold != f], lost[fold != f], np.eye(x.shape[1]) * ridge),
            )
            for f in np.unique(fold)
        )
        for ridge in (0.01, 0.1, 1.0, 10.0)
    }
    return min(losses, key=losses.__getitem__)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
