"""Who has been heard where segments cross, and whose interview would fill most."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.interviews.coverage import coverage_by_segment, crossed_coverage, next_companies

COLUMNS = ["account_id", "name", "size", "quadrant", "industry"]


def people(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [(name, name, size, quadrant, industry) for name, size, quadrant, industry in rows], columns=COLUMNS
    )


HEARD = people(
    ("a", "small", "high-high", "retail"),
    ("b", "small", "low-low", "retail"),
    ("c", "mid", "high-high", "finance"),
)
FREE = people(
    ("d", "mid", "low-low", "retail"),
    ("e", "small", "low-low", "finance"),
    ("f", "small", "high-high", "retail"),
)

EVERYBODY = pd.concat([HEARD, FREE])


def readings(*viewpoints: str) -> pd.DataFrame:
    return pd.concat([HEARD.assign(viewpoint=v) for v in viewpoints or ("problem",)], ignore_index=True)


def crossing_of(free: pd.DataFrame = FREE) -> pd.DataFrame:
    return crossed_coverage(readings("problem", "request"), pd.concat([HEARD, free]))


def test_where_segments_cross_companies_are_held_against_the_customers_there() -> None:
    cells = crossing_of().set_index(["first_segment", "second_segment"])
    assert cells.loc[("small", "high-high"), ["companies", "viewpoints", "customers"]].tolist() == [1, 2, 2]
    assert cells.loc[("mid", "low-low"), ["companies", "viewpoints", "customers"]].tolist() == [0, 0, 1]


def test_segments_that_only_customers_are_of_are_gaps_and_segments_of_nobody_are_none() -> None:
    spare = people(("g", "enterprise", "low-high", "mining"))
    result = coverage_by_segment(readings(), pd.concat([EVERYBODY, spare]))
    assert set(result["segment"]) >= {"enterprise", "low-high", "mining"}
    assert "enterprise" not in set(coverage_by_segment(readings(), EVERYBODY)["segment"])
    row = next_companies(
        spare, readings(), result, crossed_coverage(readings(), pd.concat([EVERYBODY, spare]))
    ).iloc[0]
    assert (row["name"], row["fills"]) == ("g", 3)


def test_a_company_counts_once_however_often_it_was_heard() -> None:
    repeated = pd.concat([readings("problem"), readings("problem", "request")])
    assert crossed_coverage(repeated, HEARD)["companies"].equals(
        crossed_coverage(readings("problem"), HEARD)["companies"]
    )


def test_the_next_company_is_who_fills_most_empty_crossings_then_most_of_what_is_left() -> None:
    result = next_companies(
        pd.concat([HEARD, FREE]), readings(), coverage_by_segment(readings(), EVERYBODY), crossing_of()
    )
    # d fills mid x low-low, mid x retail; e fills small x finance, low-low x finance; f fills none
    assert result["name"].tolist() == ["d", "e", "f"]
    assert result["fills"].tolist() == [2, 2, 0]
    assert result.at[0, "cell"] in [(("quadrant", "low-low"), ("industry", "retail")), (("size", "mid"), ("quadrant", "low-low")), (("size", "mid"), ("industry", "retail"))]  # fmt: skip


def test_who_fills_nothing_is_asked_for_the_thinnest_viewpoint() -> None:
    result = next_companies(FREE, readings(), coverage_by_segment(readings(), EVERYBODY), crossing_of()).iloc[
        -1
    ]
    assert (result["name"], result["companies"], result["viewpoint"] != "") == ("f", 0, True)
    assert len(result["cell"]) == 1


def test_nobody_is_named_twice_and_nobody_who_was_heard() -> None:
    result = next_companies(
        pd.concat([HEARD, FREE]), readings(), coverage_by_segment(readings(), EVERYBODY), crossing_of()
    )
    assert result["account_id"].is_unique
    assert not set(result["account_id"]) & set(HEARD["account_id"])


def test_where_all_were_heard_nobody_is_next() -> None:
    assert next_companies(
        HEARD, readings(), coverage_by_segment(readings(), EVERYBODY), crossing_of(FREE.iloc[:0])
    ).empty
