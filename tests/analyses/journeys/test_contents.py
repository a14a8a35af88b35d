"""What moves customers on: planted nothing, planted something, and the partial likelihood of statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product, product_data, random, use
from funnel_cases import CORRELATION
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg

from cs_helpers.analyses.journeys.contents import adherence, effects_of_uses
from cs_helpers.customer_journey.uses import first_uses, planned_signs, unseen_signs, uses_known_from
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.hazards import hazard_ratio, odds_ratio
from cs_helpers.statistics.survival import CENSORED, REACHED

BEGAN = pd.Timestamp("2026-01-01 10:00")
WINDOW = 90.0


def simulated(draw: np.random.Generator, effect: float, n: int = 400) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Waits of small companies (slow) and larger ones, and one mail each at a time of its own.

    Small companies are written to sooner. From the day after the mail the pace is `effect` times as
    high; who went on before its mail would have come never gets it.
    """
    small = draw.random(n) < 0.5
    pace = np.where(small, 1 / 120, 1 / 40)
    mail = np.floor(draw.exponential(np.where(small, 20, 60))) + 1
    due = draw.exponential(size=n)  # reached when the pace adds up to this
    days = np.where(due < pace * mail, due / pace, mail + (due - pace * mail) / (pace * effect))
    watched = draw.uniform(60, 200, n)
    outcome = np.where(days <= watched, REACHED, CENSORED)
    days = np.minimum(days, watched)
    names = [f"A{k}" for k in range(n)]
    waits = pd.DataFrame(
        {"account_id": names, "step": "value", "size": np.where(small, "small", "mid"), "began": BEGAN,
         "days": days, "outcome": outcome}
    )  # fmt: skip
    sent = np.flatnonzero(mail < days)
    uses = pd.DataFrame({"wait": sent, "step": "value", "kind": "touch", "what": "mail", "since": mail[sent]})
    return waits, uses


def as_counted(waits: pd.DataFrame, uses: pd.DataFrame) -> float:
    """What a table of used and not used says, without a look at time."""
    reached = ((waits["outcome"] == REACHED) & (waits["days"] <= WINDOW)).groupby(
        waits.index.isin(uses["wait"])
    )
    counts = reached.agg(["sum", "size"])
    odds = (counts["sum"] + 0.5) / (counts["size"] - counts["sum"] + 0.5)
    return float(np.log(odds[True] / odds[False]))


def test_a_mail_that_does_nothing_is_said_to_do_nothing_where_plain_counting_says_much() -> None:
    inside, told, naive = 0, 0, []
    for seed in range(200):
        waits, uses = simulated(random(seed), effect=1.0)
        row = effects_of_uses(waits, uses, WINDOW).iloc[0]
        inside += row["low"] <= 1 <= row["high"]
        told += row["verdict"] != "alike"
        naive.append(as_counted(waits, uses))
    # 95 % of 200 are 190, give or take 3; each simulation has one question, so 5 % of them are told
    assert inside >= 180
    assert told == 200 - inside
    # counted without time, who got the mail seems to go on far less often: only who waits gets one
    assert np.exp(np.mean(naive)) < 0.5
    assert np.mean(np.array(naive) < 0) > 0.95


def test_a_mail_that_doubles_the_pace_is_found() -> None:
    result = [effects_of_uses(*simulated(random(seed), effect=2.0), WINDOW).iloc[0] for seed in range(60)]
    ratios = np.log([row["ratio"] for row in result])
    assert np.exp(np.mean(ratios)) == pytest.approx(2.0, rel=0.08)
    assert sum(row["low"] <= 2 <= row["high"] for row in result) >= 52
    assert sum(row["verdict"] == "faster" for row in result) >= 50


@pytest.mark.parametrize("seed", range(8))
def test_the_ratio_is_the_one_of_statsmodels(seed: int) -> None:
    draw = random(seed)
    n = 150
    days = draw.integers(1, 40, n).astype(float)
    # between the days: who begins at a time that a step is taken is at risk there for statsmodels, for us later
    exposed = np.where(draw.random(n) < 0.6, draw.integers(1, 40, n) + 0.5, np.inf)
    reached, stratum = draw.random(n) < 0.6, draw.choice(["a", "b", "c"], n)
    rows = []
    for d, e, r, s in zip(days, exposed, reached, stratum, strict=True):
        if e < d:
            rows += [(0.0, e, False, 0.0, s), (e, d, r, 1.0, s)]
        else:
            rows.append((0.0, d, r, 0.0, s))
    table = pd.DataFrame(rows, columns=["entry", "exit", "status", "with", "stratum"])
    model = PHReg(
        table["exit"], table[["with"]], status=table["status"].astype(int), entry=table["entry"],
        strata=table["stratum"], ties="breslow",
    )  # fmt: skip
    fit = model.fit()
    ratio, low, high, p = hazard_ratio(days, reached, exposed, stratum)
    assert np.log(ratio) == pytest.approx(fit.params[0], abs=1e-5)
    # the ends are where the likelihood has fallen by 1.92
    at_best = model.loglike(fit.params)
    for end in (low, high):
        assert at_best - model.loglike(np.log([end])) == pytest.approx(1.9207, abs=1e-3)
    chi = 2 * (at_best - model.loglike(np.zeros(1)))
    assert p == pytest.approx(float(stats.chi2.sf(chi, 1)), abs=1e-5)


def test_with_no_step_after_a_use_the_ratio_is_0_and_its_end_is_told() -> None:
    days = np.array([10.0, 20, 30, 90, 90, 90])
    ratio, low, high, p = hazard_ratio(
        days, days < 90, np.array([np.inf] * 3 + [5.0] * 3), np.array(["a"] * 6)
    )
    assert low == 0
    assert ratio < 0.01
    # by hand: of 6, 5 and 4 at risk three are with; what is left of the likelihood is (3/(3+3r))(2/(2+3r))(1/(1+3r))
    assert np.log(np.prod([3 / (3 + 3 * high), 2 / (2 + 3 * high), 1 / (1 + 3 * high)])) == pytest.approx(
        -1.9207, abs=1e-3
    )
    assert 0.01 < p < 0.1


def test_where_nobody_waited_without_nothing_can_be_said() -> None:
    assert all(np.isnan(hazard_ratio(np.array([5.0]), np.array([True]), np.array([np.inf]), np.array(["a"]))))


def test_odds_of_posthog() -> None:
    did = dict(CORRELATION.did)
    units = {unit for unit, _, _ in CORRELATION.events}
    for event, with_reached, with_not, odds in CORRELATION.results:
        who = {unit for unit, done in did.items() if done == event}
        counts = [
            len(who & CORRELATION.converted), len(who - CORRELATION.converted),
            len(CORRELATION.converted - who), len(units - CORRELATION.converted - who),
        ]  # fmt: skip
        assert counts[:2] == [with_reached, with_not]
        assert odds_ratio(*counts) == pytest.approx(odds)


SEEN = {
    "seen": {
        "kickoff": {"contents": "Why", "contents_seen": {"touch": "why*"}},
        "value": {"tools": "Import", "tools_seen": {"event": "import.*"}},
    }
}


def touch(day: str, content: str | None, kind: str = "mail", step: str | None = None) -> dict[str, object]:
    return {
        "account_id": "A",
        "occurred_at": f"2026-{day} 09:00",
        "content": content,
        "kind": kind,
        "step": step,
    }


def waits_of(**days: float) -> pd.DataFrame:
    """Waits of A for steps, all begun on 2026-01-01 10:00."""
    return pd.DataFrame({"account_id": "A", "step": list(days), "began": BEGAN, "days": list(days.values())})


def shown(data: ProductData, waits: pd.DataFrame) -> list[str]:
    result = first_uses(data, waits, data.product.journey.steps[1:], pd.Timestamp("2026-07-01"))
    assert (result["step"] == result["wait"].map(waits["step"])).all()
    return sorted(f"{r.step} {r.kind} {r.what} {r.since:.2f}" for r in result.itertuples())


def test_uses_are_what_touches_and_the_log_say() -> None:
    data = product_data(
        product(steps=["kickoff", "value"], journey=SEEN),
        accounts=[account("A")],
        contracts=[contract("A", "2026-01-01")],
        touches=[
            touch("01-05", "why they bought"), touch("01-06", "news", step="value"), touch("01-07", None),
            touch("01-04", "why again"), touch("01-08", "we leave", kind="churn_notice"), touch("07-01", "too late"),
        ],
        usage=[use("A", "2026-02-01", "import.file"), use("A", "2026-01-31", "import.again"), use("A", "2026-01-02", "x")],
    )  # fmt: skip
    # from the day after: 10:00 on January 1 to midnight after January 4 are 3 days and 14 hours
    assert shown(data, waits_of(kickoff=200, value=200)) == [
        "kickoff contents  3.58", "value tools  30.58", "value touch news 5.58",
        "value touch why again 3.58", "value touch why they bought 4.58",
    ]  # fmt: skip


def test_what_is_used_on_the_day_of_the_step_or_before_the_wait_did_not_come_before_it() -> None:
    data = product_data(
        product(steps=["kickoff", "value"]),
        accounts=[account("A")],
        contracts=[contract("A", "2026-01-01")],
        touches=[touch("01-01", "before"), touch("01-11", "that day"), touch("01-10", "day before")],
    )
    assert shown(data, waits_of(value=10.2)) == ["value touch day before 9.58"]


def test_what_was_used_before_uses_were_recorded_is_not_known() -> None:
    data = product_data(
        product(steps=["kickoff", "value"], journey=SEEN),
        touches=[touch("02-01", "why")],
        usage=[use("A", "2026-03-01", "import.file")],
    )
    steps = data.product.journey.steps
    assert uses_known_from(data, steps) == pd.Timestamp("2026-03-01")
    assert uses_known_from(data, steps[:2]) == pd.Timestamp("2026-02-01")
    assert unseen_signs(data, steps) == []
    other = product(
        steps=["value"], journey={"seen": {"value": {"tools": "T", "tools_seen": {"event": "inport.*"}}}}
    )
    assert unseen_signs(product_data(other, usage=[use("A", "2026-03-01")]), other.journey.steps) == [
        "inport.*"
    ]


def test_what_the_data_cannot_show_is_not_planned() -> None:
    of = product(steps=["kickoff", "value"], journey=SEEN)
    steps = of.journey.steps
    assert planned_signs(product_data(of), steps) == []
    shown = planned_signs(product_data(of, touches=[]), steps)
    assert [(step, kind) for step, kind, _ in shown] == [("kickoff", "contents")]
    shown = planned_signs(product_data(of, usage=[use("A", "2026-02-01")]), steps)
    assert [(step, kind) for step, kind, _ in shown] == [("value", "tools")]


def test_a_play_is_due_where_the_customer_waited_and_used_when_it_came_in_time() -> None:
    waits = pd.DataFrame(
        {"account_id": list("ABCDEF"), "step": ["value"] * 5 + ["kickoff"], "size": "mid", "began": BEGAN,
         "days": [40.0, 40, 40, 20, 90, 90], "outcome": CENSORED, "csm": ["one", "one", "two", "two", "two", "two"]}
    )  # fmt: skip
    days = {"A": 3.5, "B": 31.5, "C": 30.5, "D": 1.5, "F": 1.5}
    uses = pd.DataFrame(
        [{"wait": "ABCDEF".index(a), "step": "value", "kind": "tools", "what": "", "since": d} for a, d in days.items()]
    )  # fmt: skip
    result = adherence(waits, uses, {"value"})
    assert [(r.csm, r.due, r.used) for r in result.itertuples()] == [("one", 2, 1), ("two", 2, 1)]
    # Wilson's interval of 1 in 2, as published
    assert result[["low", "high"]].iloc[0].tolist() == pytest.approx([0.0945, 0.9055], abs=1e-4)
