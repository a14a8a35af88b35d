"""Facts frozen before a quarter, held against companies heard for the first time in it."""

from __future__ import annotations

import pandas as pd
import pytest

from cs_helpers.statistics.proportions import wilson
from cs_helpers.statistics.replication import replicate_facts

SINCE = pd.Timestamp("2026-07-01")
SIZES = {"s": "small", "m": "mid", "e": "enterprise"}


def replication_of(
    *mentions: tuple[str, str, str | None], status: dict[tuple[str, str], str] | None = None
) -> pd.DataFrame:
    """Facts of notes (company, day, code or reason); the first letter of a company is its size."""
    reasons = {"guidance", "timing", "benefit", "bias"}
    rows = [
        {
            "account_id": company, "held_on": pd.Timestamp(day), "size": SIZES[company[0]],
            "code": what if what not in reasons else None, "reason": what if what in reasons else None,
            "reason_status": (status or {}).get((company, str(what)), "open") if what in reasons else None,
        }
        for company, day, what in mentions
    ]  # fmt: skip
    return replicate_facts(pd.DataFrame(rows), SINCE)


def before(code: str | None, *companies: str) -> list[tuple[str, str, str | None]]:
    return [(company, "2026-05-10", code) for company in companies]


def since(code: str | None, *companies: str) -> list[tuple[str, str, str | None]]:
    return [(company, "2026-08-10", code) for company in companies]


def verdict(result: pd.DataFrame, kind: str, what: str, segment: str) -> str:
    return str(result.set_index(["kind", "what", "segment"]).at[(kind, what, segment), "verdict"])


def test_what_a_later_company_tells_too_is_replicated() -> None:
    result = replication_of(*before("paper", "s1", "s2", "s3"), *since("paper", "s4"), *since("other", "s5"))
    row = result.set_index(["kind", "segment"]).loc[("theme", "all")]
    assert row[["before", "of_before", "after", "of_after", "verdict"]].tolist() == [3, 3, 1, 2, "replicated"]
    assert (row["low"], row["high"]) == pytest.approx(wilson(1, 2))


def test_a_company_heard_before_and_again_is_no_new_company() -> None:
    result = replication_of(*before("paper", "s1", "s2", "s3"), *since("paper", "s1"), *since("other", "s4"))
    assert result.set_index(["kind", "segment"]).loc[("theme", "all"), ["after", "of_after"]].tolist() == [
        0,
        1,
    ]


def test_what_few_later_companies_do_not_tell_may_still_be_true() -> None:
    result = replication_of(
        *before("paper", "s1", "s2", "s3"), *before("other", "s4", "s5"), *since("other", "s6", "s7")
    )
    row = result.set_index(["what", "segment"]).loc[("paper", "all")]
    assert row["verdict"] == "not_observed"
    assert row["high"] == pytest.approx(1 - 0.05 ** (1 / 2))


def test_what_many_later_companies_do_not_tell_is_contradicted() -> None:
    early = [f"s{n}" for n in range(20)]
    result = replication_of(*before("paper", *early), *since("other", *(f"s{n}" for n in range(30, 50))))
    assert verdict(result, "theme", "paper", "all") == "contradicted"


def test_where_nobody_of_the_size_was_heard_since_nothing_is_tested() -> None:
    result = replication_of(*before("paper", "s1", "s2", "s3"), *since("paper", "m1"))
    assert verdict(result, "theme", "paper", "small") == "untested"


def test_two_companies_make_no_fact() -> None:
    assert replication_of(*before("paper", "s1", "s2"), *since("paper", "s3")).empty


def test_what_one_size_alone_told_is_contradicted_by_another_size() -> None:
    early = [*before("login", "s1", "s2", "s3"), *before("other", "m1", "e1")]
    assert verdict(replication_of(*early, *since("login", "m2")), "only", "login", "small") == "contradicted"
    assert verdict(replication_of(*early, *since("login", "s4")), "only", "login", "small") == "replicated"
    assert (
        verdict(replication_of(*early, *since("other", "s4", "m2")), "only", "login", "small")
        == "not_observed"
    )


def test_a_reason_that_more_later_companies_refute_than_give_is_contradicted() -> None:
    early = before("timing", "s1", "s2", "s3")
    refuted = {("s4", "timing"): "refuted", ("s5", "timing"): "refuted"}
    result = replication_of(*early, *since("timing", "s4", "s5", "s6"), status=refuted)
    assert verdict(result, "reason", "timing", "all") == "contradicted"
    assert (
        verdict(replication_of(*early, *since("timing", "s4", "s5", "s6")), "reason", "timing", "all")
        == "replicated"
    )


def test_a_reason_refuted_before_is_no_fact() -> None:
    refuted = {(company, "timing"): "refuted" for company in ("s1", "s2", "s3")}
    assert replication_of(*before("timing", "s1", "s2", "s3"), *since("timing", "s4"), status=refuted).empty


def test_the_latest_note_that_decides_is_what_a_company_tells() -> None:
    refuted = {("s4", "timing"): "refuted"}
    first = [*before("timing", "s1", "s2", "s3"), *since("timing", "s4"), ("s4", "2026-07-05", "timing")]
    result = replication_of(*first, status=refuted)
    row = result.set_index(["kind", "segment"]).loc[("reason", "all")]
    assert row[["after", "refuted", "verdict"]].tolist() == [0, 1, "contradicted"]


def test_another_mix_of_sizes_contradicts_nothing() -> None:
    result = replication_of(
        *before("slow", *(f"s{n}" for n in range(10))), *since("other", *(f"m{n}" for n in range(6)))
    )
    assert verdict(result, "theme", "slow", "all") == "untested"
