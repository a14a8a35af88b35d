"""Each number of a map of the sample equals that of the report that it links to, read there in another way."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import ANALYSES
from notebook_questions import asked_by

from cs_helpers.analyses.operations_map.numbers import HEADLINES
from cs_helpers.analyses.operations_map.stations import STATIONS
from cs_helpers.contract.organisation import JOB_ROLES
from cs_helpers.contract.vocabulary import TOUCH_MODELS
from cs_helpers.result import Result

NOTEBOOKS = sorted((Path(__file__).resolve().parents[3] / "notebooks").glob("[0-9]*.ipynb"))
MAPS = [("paper_to_web", "2026Q3"), ("helpdesk", "2026Q3"), ("expense_desk", "2025Q4")]


@pytest.fixture(params=MAPS, ids=str)
def found(request, result_of):
    """A map, and the function that answers with any other report of the same product and quarter."""
    product, quarter = request.param
    return result_of("operations_map", product, quarter), lambda name: result_of(name, product, quarter)


def row_of(table: pd.DataFrame, **at: object) -> pd.Series:
    for column, value in at.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def there(key: str, metric: str, report) -> tuple[object, object, object]:
    """Value and interval of a number as the report has it that shows it."""
    nothing = (np.nan, np.nan)
    if metric:
        analysis, name = metric.split(".")
        m = report(analysis).metrics[name]
        return m.value, *(np.nan if end is None else end for end in (m.low, m.high))
    if key.startswith("organisation."):  # an entry of the playbook at a role
        return row_of(report("playbook").tables["entries"], entry=key.split(".")[-2])["customers"], *nothing
    station, at, column = key.split(".")
    if station == "handover":
        row = row_of(report("handover").tables["fields"], field=at)
        return row["share"], row["low"], row["high"]
    if station == "feedback":
        return row_of(report("product_feedback").tables["status"], status=at)["requests"], *nothing
    if station == "levels":
        if column == "ltv":
            row = row_of(report("level_worth").tables["lifetime"], level=int(at))
            return row["value"], row["value_low"], row["value_high"]
        row = row_of(report("maturity").tables["standing"], basis="current_state", level=int(at))
        return (row["share"], row["low"], row["high"]) if column == "share" else (row[column], *nothing)
    if station == "health":
        row = row_of(report("health").tables["levels"], level=int(at))
        return (
            (row["median"], row["median_low"], row["median_high"])
            if column == "score"
            else (row[column], *nothing)
        )
    tables = report("touch_mix").tables
    if column in ("declared", "actual"):
        row = row_of(tables["mix"], period="year", level="all", touch_model=at)
        return (row["share"], row["low"], row["high"]) if column == "actual" else (row["declared"], *nothing)
    if column == "share":  # of the most frequent touches of a level
        mix = tables["mix"].query("period == 'year' and level == @at")
        row = mix.loc[mix["share"].idxmax()]
        return row["share"], row["low"], row["high"]
    return row_of(tables["models"], touch_model=at)[column], *nothing


def test_each_number_is_that_of_the_report_that_it_links_to(found) -> None:
    result, report = found
    numbers = result.tables["numbers"]
    assert numbers["key"].is_unique
    elsewhere = numbers[
        ~numbers["place"].str.startswith("operations_map-") & ~numbers["key"].str.endswith(".plays")
    ]
    assert len(elsewhere) > 60
    for row in elsewhere.itertuples():
        expected = [float(value) for value in there(row.key, row.metric, report)]
        assert [row.value, row.low, row.high] == pytest.approx(expected, nan_ok=True), row.key


def test_each_number_leads_to_an_answer_that_a_notebook_shows(found) -> None:
    places = {(a, q) for _, a, q in set().union(*map(asked_by, NOTEBOOKS))}
    for place in found[0].tables["numbers"]["place"].unique():
        analysis, _, question = place.partition("-")
        assert analysis in ANALYSES
        assert question == "headlines" or (analysis, question) in places, place


def test_what_the_map_adds_up_is_what_the_reports_count_in_all(found) -> None:
    result, report = found
    tables = result.tables
    assert tables["levels"]["customers"].sum() == result.n == report("revenue").metrics["customers"].value
    assert tables["levels"]["mrr"].sum() == pytest.approx(report("revenue").metrics["mrr"].value)
    bands = report("health").tables["bands"].set_index("band")["customers"]
    for band in ("red", "yellow", "green"):
        assert tables["health"][band].sum() == bands[band]
    assert tables["touches"]["hours"].sum() == pytest.approx(report("touch_mix").metrics["hours"].value)
    assert tables["touches"]["actual"].sum() == pytest.approx(1)
    of_models = report("maturity").tables["by_segment"].query("dimension == 'touch_model'")
    counted = of_models.groupby("segment")["customers"].sum().reindex(list(TOUCH_MODELS), fill_value=0)
    assert tables["touches"].set_index("touch_model")["customers"].to_dict() == counted.to_dict()


def test_the_customers_of_a_role_are_those_on_the_lists_of_its_entries_each_once(
    result_of, of_product
) -> None:
    for product in ("paper_to_web", "helpdesk", "expense_desk"):
        roles = result_of("operations_map", product, "2026Q3").tables["roles"]
        matches = result_of("playbook", product, "2026Q3").tables["matches"]
        for role in of_product(product).product.organisation.roles:
            row = row_of(roles, role=role.role, department_en=role.department.en)
            assert row["plays"] == len(role.plays)
            if not np.isnan(row["due"]):
                listed = matches[matches["entry"].isin(role.plays)].drop_duplicates("account_id")
                assert (row["due"], row["mrr"]) == (len(listed), pytest.approx(listed["mrr"].sum()))


def test_the_map_holds_what_the_method_asks_of_it(result_of) -> None:
    """Point by point of the practice: hand-over -> LTV x maturity Lv.1-4 -> health, numbers and touch points -> touch model with its
    share and actions -> organisation and playbook -> feedback to the product; one map a product, each arrow known or missing."""
    for product in ("paper_to_web", "helpdesk", "expense_desk"):
        result: Result = result_of("operations_map", product, "2026Q3")
        tables = result.tables
        assert result.product == product
        assert tables["stations"]["station"].tolist() == list(STATIONS)
        assert list(zip(tables["links"]["source"], tables["links"]["target"], strict=True)) == list(
            itertools.pairwise(STATIONS)
        )
        levels = tables["levels"].set_index("level")
        assert {1, 2, 3, 4} <= set(levels.index)  # LTV along the curve of four levels: customers, MRR, LTV
        assert levels.loc[1:4, ["customers", "mrr"]].notna().all(axis=None)
        assert levels["ltv"].notna().any()
        assert (
            tables["health"][["quantitative", "qualitative"]].notna().any().all()
        )  # logs and touch points, apart
        assert tables["touches"]["touch_model"].tolist() == list(TOUCH_MODELS)  # high, low, tech, community
        assert tables["touches"][["declared", "actual", "hours"]].notna().all(axis=None)
        assert tables["touches"]["actions"].str.len().gt(0).any()
        assert set(JOB_ROLES) <= set(tables["roles"]["role"])  # who does what by the playbook, for how many
        assert tables["roles"]["plays"].sum() == len(tables["plays"]) > 0  # the entries themselves
        assert {"quantitative", "qualitative"} == set(tables["measures"]["kind"])
        assert len(tables["fields"]) > 3
        assert tables["statuses"]["requests"].sum() > 0
        assert set(HEADLINES) == set(STATIONS)
