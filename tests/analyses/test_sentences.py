"""What a page says of what is normal, of health and of maturity agrees with its numbers, whatever little is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from builders import ANALYSES, account, baseline, contract, health_measure, product, product_data, random

from cs_helpers.analyses import baselines, health, health_check, maturity
from cs_helpers.charts import baselines as baseline_charts
from cs_helpers.charts import health as health_charts
from cs_helpers.charts import health_check as check_charts
from cs_helpers.charts import maturity as maturity_charts
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customers.maturity_levels import LOST, UNKNOWN, level_bounds
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.result import Result, Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.tables import baselines as baseline_tables
from cs_helpers.tables import health as health_tables
from cs_helpers.tables import health_check as check_tables
from cs_helpers.tables import maturity as maturity_tables
from cs_helpers.tables.notes import sentence
from cs_helpers.text import Text

Q2 = Quarter(2026, 2)
END = Q2.end
CHARTS = {
    "baselines": (baseline_charts, ("series", "same_quarter", "cohorts")),
    "health": (health_charts, ("bands", "moved", "segments", "views")),
    "health_check": (check_charts, ("apart", "bands", "warning", "parts", "weights")),
    "maturity": (
        maturity_charts,
        (
            "by_quarter",
            "standing",
            "bridge",
            "by_segment",
            "flows",
            "transitions",
            "long_run",
            "sojourn",
            "falls",
            "lead_time",
        ),
    ),
}
TABLES = {
    "baselines": (baseline_tables, "normal", "departures"),
    "health": (health_tables, "scores"),
    "health_check": (check_tables, "losses"),
    "maturity": (maturity_tables, "stays", "stalled", "levels"),
}
SEEDS = 60
#: the verdict holds where rounding does not decide
WITHIN = 1e-9


def day(before_the_end: int) -> str:
    return str((pd.Timestamp(END) - pd.Timedelta(days=before_the_end)).date())


def history(seed: int) -> ProductData:
    """None to forty customers of up to three years: used or not, asked or not, lost, on terms, from late or until early."""
    draw = random(seed)
    sizes = ("small", "mid", "enterprise")[: draw.integers(1, 4)]
    longest = int(draw.choice([20, 300, 1200]))
    of_everybody = draw.choice(["lost", "kept", "lately", ""], p=[0.1, 0.2, 0.2, 0.5])
    renewals = draw.choice(["term", "cancelled"], p=[0.3, 0.7])
    # the log begins and ends long before, within, or at the end of the quarter; tickets, too
    begins, ends = (int(draw.choice(d)) for d in ([1200, 500, 60, 5], [0, 0, 3, 25, 120]))
    event_ends = int(draw.choice([0, 0, 40]))
    rate = float(draw.choice([0, 0.02, 0.2, 0.8]))
    accounts, contracts, usage, tickets, surveys, plans = [], [], [], [], [], []
    for n in range(draw.choice([0, 1, 3, 12, 40], p=[0.05, 0.1, 0.2, 0.25, 0.4])):
        name, age = f"c{n}", int(draw.integers(0, longest + 1))
        accounts.append(account(name, str(draw.choice(sizes))))
        lost = of_everybody == "lost" or (draw.random() < 0.4 and of_everybody != "kept")
        # the quarter has 91 days
        latest = min(age, 80) if of_everybody == "lately" else age
        ended = int(draw.integers(0, latest + 1)) if lost else None
        row = contract(name, day(age), None if ended is None else day(ended), float(draw.choice([0, 100])))
        contracts.append(row | ({"ended_how": renewals} if lost else {}))
        days = [d for d in range(min(age, begins), max(ended or 0, ends) - 1, -1) if draw.random() < rate]
        usage += [
            {"account_id": name, "day": day(d), "event": e, "user_id": "u", "quantity": 1.0}
            for d in days
            for e in ("a", "b")
            if e == "a" or (d >= event_ends and draw.random() < 0.5)
        ]
        tickets += [(name, d) for d in range(min(age, begins), ends - 1, -1) if draw.random() < rate / 4]
        if draw.random() < 0.4:
            surveys.append({"account_id": name, "answered_on": day(int(draw.integers(0, 150))), "nps": 7})
        if draw.random() < 0.6:
            plans.append(
                {"account_id": name, "assessed_on": day(int(draw.integers(0, 300))), "measure": "plan"}
                | {"score": int(draw.integers(1, 6))}
            )
    if draw.random() < 0.3:
        surveys = []
    given = {
        "usage": usage,
        "tickets": [
            {"ticket_id": str(n), "account_id": name, "opened_at": day(d)}
            for n, (name, d) in enumerate(tickets)
        ],
        "surveys": surveys,
        "assessments": plans,
    }
    return product_data(
        of_product(str(draw.choice(["skip", "worst"])), longer=seed % 4 == 0),
        as_of=END,
        accounts=accounts,
        contracts=contracts,
        **{name: rows for name, rows in given.items() if draw.random() < 0.9},
    )


WEEKS_AND_MONTHS = (
    baseline("users", source="usage", value="users") | {"every": "week", "by": "size"},
    baseline("nps", source="surveys", value="nps") | {"every": "month"},
    baseline("lost", source="contracts", value="lost") | {"every": "month"},
)


@cache
def of_product(missing: str, *, longer: bool) -> object:
    use, plan = {"value": "days", "months": 1}, {"source": "assessments", "value": "score", "name": "plan"}
    nps = {"source": "surveys", "value": "nps", "months": 6}
    return product(
        levels=[
            [{"value": "events", "at_least": 1, "months": 1}],
            [{"value": "distinct_events", "event": "*", "at_least": 2, "months": 1}],
            [{**nps, "at_least": 5}] if missing == "skip" else [{"value": "days", "at_least": 5, "months": 2}],
            [{"value": "events", "event": "b", "at_most": 20, "months": 1}],
        ],
        measures=[
            health_measure("days", red=0, green=15, measure=use, weight=2),
            health_measure("tickets", red=5, green=0, measure={"source": "tickets", "value": "count", "months": 3}),
            health_measure("nps", red=0, green=10, measure=nps, kind="qualitative"),
            health_measure("plan", red=1, green=5, measure=plan | {"months": 6}, kind="qualitative", missing=missing),
        ],
        baselines=[
            baseline("opened", source="tickets", value="count"),
            baseline("events", source="usage", value="events"),
            baseline("b", source="usage", value="quantity", event="b"),
            *(WEEKS_AND_MONTHS if longer else ()),
        ],
    )  # fmt: skip


@cache
def data_of(seed: int) -> ProductData:
    return history(seed)


@cache
def analysed(name: str, seed: int) -> Result:
    analysis = {"baselines": baselines, "health": health, "health_check": health_check, "maturity": maturity}[
        name
    ]
    result = analysis.analyse(data_of(seed), Q2)
    return replace(result, settings={**result.settings, "currency": "JPY"})


def every(name: str) -> Iterator[tuple[ProductData, Result]]:
    return ((data_of(seed), analysed(name, seed)) for seed in range(SEEDS))


def fields(result: Result, code: str) -> dict[str, float]:
    """What a note says; of one that is not there nothing."""
    return next((dict(n.fields) for n in result.notes if n.code == code), {})


@pytest.mark.parametrize("name", CHARTS)
def test_each_answer_that_is_drawn_has_a_verdict_and_no_other_has(name: str) -> None:
    for _, result in every(name):
        declared = ANALYSES[name].declares.questions
        judged = {q for q, asked in declared.items() if set(asked.verdicts) - {"nothing_apart"}}
        assert judged >= set(CHARTS[name][1])
        assert {q for q in result.verdicts if not q.endswith(".rows")} == judged & set(result.tables)


@pytest.mark.parametrize("name", CHARTS)
def test_what_is_not_drawn_is_explained(name: str) -> None:
    for _, result in every(name):
        for question in CHARTS[name][1]:
            assert question in result.tables or result.about(question)


# --- baselines ----------------------------------------------------------------------------------


def test_losses_are_more_or_fewer_only_outside_their_interval() -> None:
    for _, result in every("baselines"):
        said = result.verdicts.get("same_quarter")
        if said is None:
            continue
        now = result.tables["same_quarter"].iloc[-1]
        assert said.fields["share"] == now["share"] == now["lost"] / now["customers"]
        assert result.metrics["lost_share"].value == now["share"]
        assert (said.code == "first") == bool(np.isnan(now["low"])) == bool(result.about("same_quarter") and "too_few_years" in {n.code for n in result.notes})  # fmt: skip
        assert ("lost_ratio" in result.metrics) == (now["usual"] > 0)
        if said.code == "first":
            continue
        assert now["low"] <= now["usual"] + WITHIN
        assert now["usual"] <= now["high"] + WITHIN
        outside = now["share"] > now["high"] or now["share"] < now["low"]
        assert now["odd"] == outside == (said.code in ("more", "more_than_none", "fewer"))
        if said.code in ("more", "more_than_none"):
            assert now["share"] > now["high"]
            assert (said.code == "more_than_none") == (now["usual"] == 0)
        if said.code == "fewer":
            assert now["share"] < now["low"]
        assert (said.code == "none_as_usual") == (now["share"] == now["usual"] == 0)


def test_losses_of_the_quarter_are_those_that_customer_time_tells() -> None:
    for data, result in every("baselines"):
        time = customer_time_as_of(data, Q2.end)
        start = Q2.back(1).end
        if "same_quarter" in result.tables:
            now = result.tables["same_quarter"].iloc[-1]
            assert now["lost"] == len(time.lost_customers(start, Q2.end))
            assert now["customers"] == len(time.customers(start))
            assert fields(result, "not_recorded").get("customers", 0) == now["not_recorded"]
        else:
            assert time.customers(start).empty


def test_odd_days_lie_outside_what_is_usual_and_within_what_is_known() -> None:
    for data, result in every("baselines"):
        if "series" not in result.tables:
            continue
        table = result.tables["series"]
        odd = table[table["odd"]]
        assert ((odd["value"] > odd["high"]) | (odd["value"] < odd["low"])).all()
        assert result.metrics["odd_days"].value == odd["day"].nunique()
        assert result.tables["departures"]["periods"].sum() == len(odd)
        said = result.verdicts["series"]
        assert (said.code in ("usual", "not_judged")) == odd.empty
        assert said.code != "usual" or table["p"].notna().any()
        assert said.code != "not_judged" or table["p"].isna().all()
        if not odd.empty:
            assert (said.code == "odd_from_none") == bool(said.fields["usual"] == 0)
        for name, inside in table[table["every"] == "day"].groupby("baseline"):
            source = "tickets" if name == "opened" else "usage"
            assert data.coverage.tables[source].covers_days(pd.DatetimeIndex(inside["day"])).all()
            assert inside["value"].notna().all()


def test_the_end_and_the_beginning_of_a_log_within_the_quarter_are_told() -> None:
    for data, result in every("baselines"):
        told = [n.code for n in result.about("series")]
        for source, watching in (("tickets", 1), ("usage", 2)):
            period = data.coverage.tables.get(source)
            if period and period.silent_since and period.silent_since <= Q2.end:
                assert sum(code.startswith("silent_") for code in told) >= watching
            if period and period.first > Q2.start:
                assert told.count("begins_late") >= watching


def test_first_months_are_more_or_less_only_with_an_interval_beside_1() -> None:
    for _, result in every("baselines"):
        said = result.verdicts.get("cohorts")
        if said is None:
            continue
        table = result.tables["cohorts"]
        assert (table["customers"] > 0).all()
        now = table["cohort"] == str(Q2)
        sizes = table.loc[now, "customers"].sum(), table.loc[~now, "customers"].sum()
        assert (said.code == "unknown") == (min(sizes) < baselines.MIN_COHORT)
        if said.code == "unknown":
            assert fields(result, "small_cohort")["customers"] == sizes[0]
            continue
        asked, before = table.loc[now, "tickets"].sum(), table.loc[~now, "tickets"].sum()
        assert (said.code == "none_asked") == (asked == before == 0)
        assert (said.code in ("more_than_none", "hardly_any")) == (asked > before == 0)
        if said.code in ("more", "more_than_none"):
            assert said.fields["low"] > 1
        if said.code == "less":
            assert said.fields["high"] < 1
        if said.code in ("as_usual", "hardly_any"):
            assert said.fields["low"] <= 1 <= said.fields["high"]


# --- health -------------------------------------------------------------------------------------


def test_customers_with_a_score_and_those_without_are_all_customers() -> None:
    for data, result in every("health"):
        customers = len(customer_time_as_of(data, Q2.end).customers(Q2.end))
        without = sum(fields(result, code).get("customers", 0) for code in ("too_young", "not_scored"))
        if result.tables:
            segments = result.tables["segments"]
            assert result.tables["bands"]["customers"].sum() + without == customers
            assert segments.loc[segments["dimension"] == "size", "n"].sum() + without == customers
            assert len(result.tables["scores"]) == result.n == customers - without
        else:
            code = {n.code for n in result.notes} - {"missing_table"}
            assert code in ({"no_customers"}, {"no_health"}, {"all_too_young"})
            assert (code == {"no_customers"}) == (customers == 0)


def test_the_mrr_of_all_bands_and_of_those_without_a_score_is_that_of_the_product() -> None:
    for data, result in every("health"):
        if not result.tables:
            continue
        scores = result.tables["scores"]
        red = scores[scores["band"] == "red"]
        assert result.metrics["red_mrr"].value == red["mrr"].sum()
        assert result.metrics["red_share"].value == len(red) / len(scores)
        said = result.verdicts["bands"]
        assert (said.code == "none_red") == red.empty
        assert said.fields["share"] == result.metrics["red_share"].value
        assert said.fields["median"] == result.metrics["median_score"].value == scores["score"].median()
        without = sum(fields(result, code).get("mrr", 0) for code in ("too_young", "not_scored"))
        time = customer_time_as_of(data, Q2.end)
        assert scores["mrr"].sum() + without == time.mrr(Q2.end).sum()


def test_a_score_has_its_bands_bounds_and_a_driver_only_where_there_was_one_before() -> None:
    for _, result in every("health"):
        if not result.tables:
            continue
        scores = result.tables["scores"]
        assert scores["score"].between(0, 100).all()
        red, green = scores["score"] < 40, scores["score"] >= 70
        assert (scores["band"] == np.where(red, "red", np.where(green, "green", "yellow"))).all()
        driven = scores["driver"].notna()
        assert scores.loc[driven, "previous"].notna().all()
        assert scores.loc[driven, "driver_points"].abs().gt(0.5).all()
        still = ~driven & scores["previous"].notna()
        assert (scores["score"] - scores["previous"])[still].abs().le(0.5 * 4).all()
        for row in scores[driven].itertuples():
            assert (row.driver in row.unknown) == (row.driver_kind == "gone")


def test_measures_that_are_not_known_of_all_are_named() -> None:
    for data, result in every("health"):
        if not result.tables:
            continue
        known = result.tables["measures"].set_index("measure")["known"]
        some = dict(fields(result, "partly_known").get("measures", ()))
        none = set(fields(result, "measures_unknown").get("measures", ()))
        for name, count in known.items():
            source = "usage" if name == "days" else {"nps": "surveys", "plan": "assessments"}.get(name, name)
            if source not in data.given:
                assert count == 0
            elif count == 0:
                assert name in none
            else:
                assert some.get(name, result.n) == count


# --- the check of the health score ---------------------------------------------------------------


def test_a_score_is_called_good_or_misleading_only_outside_chance() -> None:
    for _, result in every("health_check"):
        area = result.metrics.get("auc")
        assert (area is None) == ("apart" not in result.tables)
        if area is None:
            continue
        code = result.verdicts["apart"].code
        assert (code == "better") == (area.low > 0.5)
        assert (code == "worse") == (area.high < 0.5)
        assert {"score_tells_apart": "better", "score_misleads": "worse", "score_cannot_tell": "cannot_tell"}[
            next(f.code for f in result.findings if f.about == "apart")
        ] == code


def test_losses_by_band_are_those_of_the_contracts() -> None:
    seen = set()
    for data, result in every("health_check"):
        bands = result.tables.get("bands")
        if bands is None:
            continue
        horizon = pd.Timedelta(days=data.product.health.check.horizon_days)
        lost = customers = 0
        for cut in pd.date_range("2020-03-31", END, freq="QE"):
            if (cut + horizon).date() > END:
                continue
            time, now = customer_time_as_of(data, cut.date()), customer_time_as_of(data, END)
            status = now.status_after(cut.date(), (cut + horizon).date())
            there = status[status.index.isin(time.customers(cut.date())) & (status != "renewal_not_recorded")]
            customers += len(there)
            lost += int((there != "running").sum())
        left_out = fields(result, "not_scored").get("customers", 0)
        # quarter ends before anybody had a score are no part of the check
        assert bands["n"].sum() + left_out <= customers
        assert bands["lost"].sum() + fields(result, "unscored_losses").get("lost", 0) <= lost
        assert (result.verdicts["bands"].code == "none_lost") == (bands["lost"].sum() == 0)
        seen.add(result.verdicts["bands"].code)
    assert {"none_lost", "few"} <= seen


# --- maturity -----------------------------------------------------------------------------------


def test_levels_of_each_quarter_add_up_to_its_customers() -> None:
    for data, result in every("maturity"):
        time = customer_time_as_of(data, Q2.end)
        if "by_quarter" not in result.tables:
            assert {n.code for n in result.about("by_quarter")} <= {"missing_table", "no_customers"}
            continue
        by = result.tables["by_quarter"].groupby("quarter", sort=False)
        for quarter, count in by["customers"].sum().items():
            assert count == len(time.customers(Quarter.parse(quarter).end))
        assert by["share"].sum().round(9).isin([0, 1]).all()
        sizes = result.tables["by_segment"].query("dimension == 'size'")
        assert sizes["customers"].sum() == result.n
        assert sizes.drop_duplicates("segment")["n"].sum() == result.n
        standing = result.tables["standing"].groupby("basis")["customers"].sum()
        assert standing.to_dict() == {"current_state": result.n, "ratchet": result.n}


def test_customers_of_unknown_level_are_counted_and_noted() -> None:
    for _, result in every("maturity"):
        if "levels" not in result.tables:
            continue
        levels = result.tables["levels"]
        unknown = levels["level"] == UNKNOWN
        assert fields(result, "levels_unknown").get("customers", 0) == unknown.sum()
        assert ((levels["at_least"] < levels["at_most"]) == unknown).all()
        assert (levels["at_least"] == levels["level"])[~unknown].all()
        known, high = levels[~unknown], (levels["level"] >= 3).sum()
        said = result.verdicts["by_quarter"]
        assert (said.code == "none") == known.empty
        if len(known):
            assert said.fields["share"] == high / len(known)
            assert result.metrics["upper_levels"].value == high / len(known)
        if unknown.any():
            assert fields(result, "levels_unknown")["conditions"]


def test_moves_are_told_of_those_whose_levels_are_both_known() -> None:
    for data, result in every("maturity"):
        if "levels" not in result.tables:
            continue
        levels = result.tables["levels"]
        both = levels[(levels["level"] >= 0) & (levels["previous"] >= 0)]
        there = levels["account_id"].isin(customer_time_as_of(data, Q2.end).customers(Q2.back(1).end))
        assert len(both) + fields(result, "moves_unknown").get("customers", 0) == there.sum()
        said = result.verdicts.get("transitions", Verdict("unknown"))
        if "transitions" in result.tables:
            quarters = result.tables["by_quarter"]["quarter"].nunique() - 1
            assert said.fields["quarters"] == min(quarters, 4)
            assert said.code.endswith("_one") == (quarters == 1)
        if said.code.startswith("message"):
            assert said.fields["n"] == len(both)
            assert said.fields["rose"] == (both["level"] > both["previous"]).mean()
            assert said.fields["fell"] == (both["level"] < both["previous"]).mean()
        elif "transitions" in result.tables:
            assert both.empty


def test_segments_are_compared_by_those_whose_levels_are_known() -> None:
    seen = set()
    for _, result in every("maturity"):
        if "by_segment" not in result.tables:
            continue
        known = result.tables["by_segment"].query("dimension == 'size' and level >= 0 and customers > 0")
        high = known["customers"].where(known["level"] >= 3, 0).groupby(known["segment"]).sum()
        n = known.groupby("segment")["customers"].sum()
        said = result.verdicts["by_segment"]
        seen.add(said.code)
        assert (said.code == "unknown") == (n.sum() == 0)
        assert (said.code == "none_upper") == (high.sum() == 0 < n.sum())
        assert (said.code == "all_upper") == (0 < high.sum() == n.sum())
        if said.code in ("lower", "higher"):
            assert (said.fields["share"] < said.fields["other_share"]) == (said.code == "lower")
            assert said.fields["low"] * said.fields["high"] > 0
        if said.code == "alone":
            assert len(n) == 1
    assert seen >= {"alike", "none_upper"}


def test_the_steps_of_each_quarter_lead_from_the_customers_before_to_those_after() -> None:
    seen = set()
    for data, result in every("maturity"):
        if "bridge" not in result.tables:
            continue
        bridge, time = result.tables["bridge"], customer_time_as_of(data, Q2.end)
        quarters = result.tables["by_quarter"].groupby("quarter", sort=False)
        upper = result.tables["by_quarter"].query("level >= 3").groupby("quarter")["customers"].sum()
        wide = bridge.pivot(index=["of", "quarter"], columns="step", values="customers")
        steps = wide.drop(columns=["opening", "closing"]).sum(axis=1)
        assert (wide["opening"] + steps == wide["closing"]).all()
        assert wide.loc["all", "closing"].to_dict() == quarters["customers"].sum().iloc[1:].to_dict()
        assert wide.loc["upper", "closing"].to_dict() == upper[wide.loc["upper"].index].to_dict()
        if time.by_contracts:
            for quarter, row in wide.loc["all"].iterrows():
                after = Quarter.parse(str(quarter))
                assert -row["lost"] == len(time.lost_customers(after.back(1).end, after.end))
            amounts = bridge.pivot(index=["of", "quarter"], columns="step", values="mrr")
            moved = amounts.drop(columns=["opening", "closing"]).sum(axis=1)
            assert (amounts["opening"] + moved).to_numpy() == pytest.approx(amounts["closing"].to_numpy())
        said = result.verdicts["bridge"]
        seen.add(said.code)
        now = wide.loc["all"].iloc[-1] if len(wide.loc["all"]) else None
        fell = now["opening"] - now["closing"] >= 0.1 * now["opening"] > 0
        assert said.code != "fell_much" or fell
        if said.code == "unchanged":
            assert now["new"] == now["back"] == now["lost"] == 0
    assert seen >= {"fell_much", "plain"}


def test_transitions_lose_those_that_customer_time_loses() -> None:
    for data, result in every("maturity"):
        if "transitions" not in result.tables:
            continue
        table, time = result.tables["transitions"], customer_time_as_of(data, Q2.end)
        known = table[table["share"].notna()]
        exposed = table[table["exposure"] > 0].groupby("before")["exposure"].first()
        assert (known.groupby("before")["customers"].sum() == exposed).all()
        quarters = [Quarter.parse(q) for q in dict.fromkeys(result.tables["by_quarter"]["quarter"])][-5:]
        lost = 0
        states = [level_bounds(data, [q.end], time) for q in quarters]
        for n, quarter in enumerate(quarters[:-1]):
            gone = time.lost_customers(quarter.end, quarters[n + 1].end)
            low, high = (side[quarter.end] for side in states[n])
            same = (low == high).reindex(gone).to_numpy(bool)
            lost += same.sum()
        assert table.loc[table["after"] == LOST, "customers"].sum() == lost
        assert known.groupby("before")["share"].sum().to_numpy() == pytest.approx(1)
        assert (known["low"] <= known["share"] + WITHIN).all()
        assert (known["share"] <= known["high"] + WITHIN).all()


def test_what_the_flows_say_is_the_change_of_customers_from_quarter_to_quarter() -> None:
    for data, result in every("maturity"):
        said = result.verdicts.get("flows")
        if said is None:
            assert "changes" not in result.tables
            continue
        changes = result.tables["changes"].set_index("quarter")
        last = changes.loc[[str(Q2.back(n)) for n in range(said.fields["quarters"])]]
        assert said.fields["rose"] == last["rose"].sum()
        assert said.fields["fell"] == last["fell"].sum()
        by_contracts = not data.missing("contracts")
        assert said.fields["came"] == last["new"].sum() + (last["back"].sum() if by_contracts else 0)
        assert said.fields.get("lost", 0) == (last["lost"].sum() if by_contracts else 0)


def test_who_stays_at_a_level_is_counted_once_and_who_left_did_so_in_one_way() -> None:
    for _, result in every("maturity"):
        if "sojourn" not in result.tables:
            continue
        stays, curves = result.tables["stays"], result.tables["sojourn"]
        levels = result.tables["levels"]
        assert stays["standing"].sum() == (levels["level"] >= 0).sum()
        assert (stays["late"] <= stays["standing"]).all()
        ended = stays[[c for c in ("rose", "fell", "lost", "open") if c in stays]].sum(axis=1)
        assert (ended == stays["spells"]).all()
        assert (curves[["rose", "fell", "lost"]].sum(axis=1) <= 1 + WITHIN).all()
        if "stalled" in result.tables:
            assert len(result.tables["stalled"]) == stays["late"].sum()
            assert (result.tables["stalled"]["months"] > result.tables["stalled"]["usual"]).all()


def test_every_loss_had_a_warning_or_none() -> None:
    for data, result in every("maturity"):
        said = result.verdicts.get("lead_time")
        if said is None:
            continue
        losses, spells = result.tables["lead_time"], customer_time_as_of(data, Q2.end).spells
        assert len(losses) <= spells["ended"].isin(ENDINGS).sum()
        warned = losses[losses["outcome"] == "warned"]
        assert (warned["days"] > 0).all()
        assert (warned["days"] <= 215).all()
        assert said.fields["warned"] == len(warned)
        assert (said.code == "none_warned") == warned.empty
        assert ("fall_lead_days" in result.metrics) == (not warned.empty)
        assert said.fields.get("followed", 0) <= said.fields.get("falls", 0)


def test_after_falls_no_more_are_lost_than_at_all_and_the_verdict_is_that_of_the_interval() -> None:
    for data, result in every("maturity"):
        said = result.verdicts.get("falls")
        if said is None:
            continue
        falls, time = result.tables["falls"].set_index("fell"), customer_time_as_of(data, Q2.end)
        quarters = [Quarter.parse(q) for q in dict.fromkeys(result.tables["by_quarter"]["quarter"])]
        lost = sum(len(time.lost_customers(a.end, b.end)) for a, b in pairwise(quarters))
        assert falls["lost"].sum() <= lost
        assert (falls["lost"] <= falls["customers"]).all()
        fell, held = falls.loc[True], falls.loc[False]
        assert (said.code == "nobody_fell") == (fell["customers"] == 0 < held["customers"])
        assert ("fall_ratio" in result.metrics) == (said.code in ("more", "fewer", "same"))
        if said.code == "none_lost":
            assert falls["lost"].sum() == 0
        if said.code in ("more", "fewer", "same"):
            assert said.fields["ratio"] == pytest.approx(fell["share"] / held["share"])
            assert (said.code == "more") == (said.fields["low"] > 1)
            assert (said.code == "fewer") == (said.fields["high"] < 1)
        if said.code.endswith("_shares"):
            assert (fell["lost"] == 0) != (held["lost"] == 0)
            assert said.code != "more_shares" or fell["share"] > held["share"]
            assert said.code != "fewer_shares" or fell["share"] < held["share"]


# --- the page -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("seed", range(8))
def test_whatever_was_found_is_drawn_and_set_in_both_languages(name: str, seed: int) -> None:
    _drawn(name, seed)


@pytest.mark.thorough
@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("seed", range(8, 14))
def test_whatever_else_was_found_is_drawn_and_set_in_both_languages(name: str, seed: int) -> None:
    _drawn(name, seed)


def _drawn(name: str, seed: int) -> None:
    data, result = data_of(seed), analysed(name, seed)
    charts, questions = CHARTS[name]
    setter, *listings = TABLES[name]
    for language in ("en", "ja"):
        text = Text(language, data.product)
        said = [sentence(n, text, name, "JPY") for n in result.notes]
        for question in set(questions) & set(result.tables):
            picture = getattr(charts, question)(result, text)
            assert picture.png
            said += [picture.message, picture.alt]
        for listing in set(listings) & set(result.tables):
            page = getattr(setter, listing)(result, text).as_html()
            assert "nan" not in page
            assert name != "maturity" or "-2" not in page  # a level that is not known is none
        for words in said:
            assert "nan" not in words
            assert "{" not in words
            assert "inf" not in words
            assert "–%" not in words


def test_the_histories_hold_most_cases_there_are() -> None:
    said = {
        (question, verdict.code)
        for name in CHARTS
        for _, result in every(name)
        for question, verdict in result.verdicts.items()
    }
    asked = {
        "series": {"usual"},
        "same_quarter": {"first", "as_usual", "none_as_usual", "more_than_none"},
        "cohorts": {"unknown", "as_usual"},
        "bands": {"message", "none_red"},
        "by_quarter": {"none", "now", "year"},
        "standing": {"none", "kept", "slipped"},
        "bridge": {"fell_much", "plain"},
        "by_segment": {"unknown", "none_upper", "alike"},
        "transitions": {"unknown", "message"},
        "flows": {"message"},
        "lead_time": {"warned", "none_warned"},
        "falls": {"none_lost", "nobody_fell", "same"},
    }
    wanted = {(question, code) for question, codes in asked.items() for code in codes}
    assert wanted - said == set()
    noted = {n.code for name in CHARTS for _, result in every(name) for n in result.notes}
    assert {
        "too_young", "not_scored", "levels_unknown", "moves_unknown", "silent_few", "begins_late", "partly_known",
        "not_recorded", "no_start_customers", "no_customers", "measures_unknown", "missing_table",
    } <= noted  # fmt: skip
