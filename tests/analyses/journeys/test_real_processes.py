"""Funnels of real processes: what hand-written SQL counts in another engine, SQLite."""

from __future__ import annotations

import gzip
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
import yaml
from builders import product
from funnels_by_hand import by_hand

from cs_helpers.analyses import journeys
from cs_helpers.contract.quarters import Quarter
from cs_helpers.snapshot import ProductData
from cs_helpers.snapshot.take import take_snapshot
from cs_helpers.statistics.funnels import Funnel, count_units

DATA = Path(__file__).parents[4] / "shared" / "data"


def there(file: str) -> Path:
    if not (DATA / file).exists():
        pytest.skip(f"the data is not beside this checkout: {DATA / file}")
    return DATA / file


def receipt() -> pd.DataFrame:
    rows = pd.read_csv(there("journeys_receipt/receipt.csv"))
    return renamed(rows, "case:concept:name", "concept:name", "time:timestamp")


def ecom() -> pd.DataFrame:
    return renamed(pd.read_csv(there("journeys_ecom/ecom.csv.gz")), "user_id", "event", "timestamp")


@cache
def loans_as_written() -> pd.DataFrame:
    """case, event, at, resource of each event that was completed."""
    rows, kept = [], {"concept:name", "time:timestamp", "lifecycle:transition", "org:resource"}
    with gzip.open(there("journeys_bpic2012/bpic2012.xes.gz")) as file:
        for _, element in ElementTree.iterparse(file):
            if element.tag.endswith("}trace"):
                case = next(c.get("value") for c in element if c.get("key") == "concept:name")
                for event in element.iter("{http://www.xes-standard.org/}event"):
                    said = {c.get("key"): c.get("value") for c in event if c.get("key") in kept}
                    if said["lifecycle:transition"] == "COMPLETE":
                        row = case, said["concept:name"], said["time:timestamp"], said.get("org:resource")
                        rows.append(row)
                element.clear()
    return pd.DataFrame(rows, columns=["case", "event", "at", "resource"])


def loans() -> pd.DataFrame:
    return renamed(loans_as_written(), "case", "event", "at")


def renamed(rows: pd.DataFrame, unit: str, event: str, at: str) -> pd.DataFrame:
    times = pd.to_datetime(rows[at], utc=True, format="ISO8601").dt.tz_localize(None)
    return pd.DataFrame(
        {"unit": rows[unit], "event": rows[event], "occurred_at": times.astype("datetime64[us]")}
    )


@pytest.mark.parametrize("days", [1, 30])
@pytest.mark.parametrize(
    ("read", "steps"),
    [
        (receipt, ("Confirmation of receipt", "T02 Check confirmation of receipt",
                   "T04 Determine confirmation of receipt", "T05 Print and send confirmation of receipt",
                   "T10 Determine necessity to stop indication")),
        (ecom, ("catalog", "product_view", "add_to_cart", "cart", "purchase")),
        (loans, ("A_SUBMITTED", "A_PREACCEPTED", "O_SENT", "A_APPROVED")),
    ],
    ids=["receipt", "ecom", "loans"],
)  # fmt: skip
def test_a_real_process_gives_what_sql_counts(read, steps, days):
    events = read()
    funnel = Funnel(steps, timedelta(days=days))
    result = count_units(events, funnel)["units"].tolist()
    assert result == by_hand(events, funnel)
    assert result[0] > result[-1] > 0


def test_the_process_that_every_case_begins_has_every_case():
    result = count_units(receipt(), Funnel(("Confirmation of receipt",)))
    assert result["units"].tolist() == [1434]


RECEIPT = (
    "Confirmation of receipt", "T02 Check confirmation of receipt", "T04 Determine confirmation of receipt",
    "T05 Print and send confirmation of receipt", "T10 Determine necessity to stop indication",
)  # fmt: skip
LOANS = ("A_SUBMITTED", "A_PREACCEPTED", "O_SENT", "A_APPROVED")
SHOP = ("catalog", "product_view", "add_to_cart", "cart", "purchase")


def company(folder: Path, events: Path, said: dict[str, str], as_of: date) -> Path:
    """A sources file that makes a company of a process: each case an account, each event a milestone and a touch.

    said: SQL of case, event, at, resource.
    """
    one = "select {case} as account_id, min({at}) as began from events group by 1".format(**said)
    cases = f"select account_id, account_id as name, began from ({one})"
    sources = {
        "as_of": as_of,
        "files": {"events": str(events)},
        "tables": {
            "accounts": {"sql": cases, "columns": {"size": {"constant": "mid"}, "industry": {"constant": "any"}}},
            "contracts": {
                "sql": cases,
                "columns": {
                    "contract_id": "account_id", "product": {"constant": "desk"}, "mrr": {"constant": 1},
                    "started_on": {"sql": "cast(began as date)"}, "currency": {"constant": "EUR"},
                },
            },
            "milestones": {
                "from": "events",
                "columns": {
                    "account_id": {"sql": said["case"]}, "product": {"constant": "desk"},
                    "step": {"sql": said["event"]}, "reached_at": {"sql": said["at"]},
                },
            },
            "touches": {
                "from": "events",
                "columns": {
                    "account_id": {"sql": said["case"]}, "product": {"constant": "desk"},
                    "occurred_at": {"sql": said["at"]}, "kind": {"constant": "work"},
                    "content": {"sql": said["event"]}, "csm": {"sql": said["resource"]},
                },
            },
        },
    }  # fmt: skip
    file = folder / "sources.yml"
    file.write_text(yaml.safe_dump(sources), encoding="utf-8")
    return file


def taken(folder: Path, sources: Path, journey: dict[str, object]) -> ProductData:
    of = product(steps=["two"]).model_dump(mode="json") | {"journey": journey}
    of["name"], of["about"] = ({"en": "Desk", "ja": "Desk"} for _ in range(2))
    products = folder / "products"
    products.mkdir()
    (products / "desk.yml").write_text(yaml.safe_dump(of), encoding="utf-8")
    return take_snapshot(sources, folder=folder / "snapshots", products=products).read("desk")


def journey_of(names: tuple[str, ...], rule: str, **said: object) -> dict[str, object]:
    steps = [
        {"step": f"s{n}", "name": {"en": name, "ja": name}, "rule": {rule: name}}
        for n, name in enumerate(names, 1)
    ]
    return {"steps": steps, "value_step": steps[-1]["step"], "mode": "ordered", **said}


def seen_since(events: pd.DataFrame, names: tuple[str, ...]) -> pd.Timestamp:
    """The day of which steps but the first are known first: who began before is left out of the report."""
    return events.loc[events["event"].isin(names[1:]), "occurred_at"].min().normalize()


@pytest.mark.parametrize("days", [1, 30])
def test_permits_load_by_a_mapping_and_give_the_funnel_that_sql_counts(tmp_path: Path, days: int) -> None:
    said = {
        "case": '"case:concept:name"', "event": '"concept:name"', "resource": '"org:resource"',
        "at": "cast(\"time:timestamp\" as timestamptz) at time zone 'UTC'",
    }  # fmt: skip
    sources = company(tmp_path, there("journeys_receipt/receipt.csv"), said, date(2012, 3, 31))
    data = taken(tmp_path, sources, journey_of(RECEIPT, "milestone", window_days=days))
    result = journeys.analyse(data, Quarter(2012, 1))
    events = receipt()
    assert len(data["milestones"]) == len(events.drop_duplicates())
    expected = by_hand(events, Funnel(RECEIPT, timedelta(days=days)), seen_since(events, RECEIPT))
    assert result.tables["funnel"]["units"].tolist() == expected
    # some go round the steps: the picture of ways has what no funnel has
    assert (result.tables["ways"]["ahead"] < 0).any()


def test_loans_load_with_their_resources_as_csms(tmp_path: Path) -> None:
    written = loans_as_written()
    file = tmp_path / "loans.csv"
    written.to_csv(file, index=False)
    said = {
        "case": "cast(\"case\" as text)", "event": "event", "resource": "cast(resource as text)",
        "at": "cast(\"at\" as timestamptz) at time zone 'UTC'",
    }  # fmt: skip
    data = taken(
        tmp_path,
        company(tmp_path, file, said, date(2012, 6, 30)),
        journey_of(LOANS, "milestone", window_days=30),
    )
    result = journeys.analyse(data, Quarter(2012, 2))
    events = loans()
    expected = by_hand(events, Funnel(LOANS, timedelta(days=30)), seen_since(events, LOANS))
    assert result.tables["funnel"]["units"].tolist() == expected
    csms = result.tables["csms"]
    assert set(csms["csm"]) <= set(written["resource"].dropna())
    assert len(csms) > 40
    steps = result.tables["steps"].query("size == 'all'")
    # everybody's wait belongs to somebody, and as many steps are expected as were taken
    assert csms["waits"].sum() == steps["n"].sum()
    assert csms["expected"].sum() == pytest.approx(csms["reached"].sum())


@pytest.mark.parametrize("days", [1, 30])
def test_a_shop_loads_as_a_log_and_gives_the_funnel_of_its_users(tmp_path: Path, days: int) -> None:
    log = there("journeys_ecom/ecom.csv.gz")
    sources = {
        "as_of": date(2024, 6, 30),
        "files": {"events": str(log)},
        "tables": {
            "accounts": {
                "sql": "select 'shop' as account_id, 'Shop' as name",
                "columns": {"size": {"constant": "mid"}, "industry": {"constant": "retail"}},
            },
            "contracts": {
                "sql": "select 'C1' as contract_id, 'shop' as account_id, 'desk' as product, date '2024-01-01' as started_on, 1 as mrr, 'EUR' as currency"
            },
            "usage": {
                "from": "events",
                "columns": {
                    "account_id": {"constant": "shop"}, "product": {"constant": "desk"}, "occurred_at": "timestamp"
                },
            },
        },
    }  # fmt: skip
    (tmp_path / "sources.yml").write_text(yaml.safe_dump(sources), encoding="utf-8")
    data = taken(tmp_path, tmp_path / "sources.yml", journey_of(SHOP, "event", unit="user", window_days=days))
    result = journeys.analyse(data, Quarter(2024, 2))
    events = ecom()
    expected = by_hand(events, Funnel(SHOP, timedelta(days=days)), seen_since(events, SHOP))
    assert result.tables["funnel"]["units"].tolist() == expected
    assert expected[0] > expected[-1] > 0
