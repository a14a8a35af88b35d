"""Exports in the forms of real tools give the customers, MRR and churn of a hand count, or a clear question.

The counts beside each export are made by hand from its rows. What is counted is what users see: the customers of the
snapshot as known at the quarter's end, and the churn of the quarter in `analyses.baselines`.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from cs_helpers.analyses import baselines
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.errors import ContractError
from cs_helpers.snapshot.take import take_snapshot

PRODUCTS = Path(__file__).resolve().parents[3] / "data" / "products"

#: columns of an export that names them as the contract does
PLAIN = "contract_id,account_id,product,started_on,ended_on,mrr,currency\n"
LAST_DAY = {"ended_on": {"column": "ended_on", "means": "last_day"}}
DAY_AFTER = {"ended_on": {"column": "ended_on", "means": "day_after"}}
TERM, CANCELLED, NOTICE = ({"ended_how": {"constant": how}} for how in ("term", "cancelled", "notice"))


@dataclass(frozen=True)
class Count:
    """What a hand count of a quarter gives.

    lost: all that were lost in it; of_opening: those of them that were customers when it began (None: all of them).
    """

    customers: int
    mrr: float
    opening: int
    lost: int = 0
    new: int = 0
    back: int = 0
    not_recorded: int = 0
    of_opening: int | None = None


@dataclass(frozen=True)
class Export:
    """One export: its text as the tool writes it, what is said of it, and what must come out.

    table_entry: beside `from`, what the sources file says of the table. customers: that section of the product file.
    counts: product and quarter -> count. question: the words that must be in the sentence why no snapshot is
    taken. rules: findings that must be there, with their counts.
    """

    name: str
    text: str
    columns: dict[str, Any] = field(default_factory=dict)
    table_entry: dict[str, Any] = field(default_factory=dict)
    top: dict[str, Any] = field(default_factory=dict)
    file: dict[str, Any] = field(default_factory=dict)
    customers: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, Count] = field(default_factory=dict)
    question: tuple[str, ...] = ()
    rules: dict[str, int] = field(default_factory=dict)


SALESFORCE = """\
Contract Number,Account ID,Contract Start Date,Contract End Date,Status,ACV,CurrencyIsoCode
00000101,A1,10/1/2024,9/30/2025,Expired,120000,USD
00000102,A1,10/1/2025,9/30/2026,Activated,132000,USD
00000103,A2,7/1/2025,6/30/2026,Expired,60000,USD
00000104,A2,7/1/2026,6/30/2027,Activated,60000,USD
00000105,A3,7/1/2025,6/30/2026,Expired,24000,USD
"""
SALESFORCE_COLUMNS = {
    "contract_id": "Contract Number",
    "account_id": "Account ID",
    "product": {"constant": "helpdesk"},
    "started_on": {"column": "Contract Start Date", "format": "%m/%d/%Y"},
    "ended_on": {"column": "Contract End Date", "format": "%m/%d/%Y", "means": "last_day"},
    "ended_how": {"constant": "term"},
    "mrr": "ACV",
    "currency": "CurrencyIsoCode",
}
# no 'means' and nothing of how contracts end
SALESFORCE_UNSAID = {
    **{c: mapping for c, mapping in SALESFORCE_COLUMNS.items() if c != "ended_how"},
    "ended_on": {"column": "Contract End Date", "format": "%m/%d/%Y"},
}
STRIPE = """\
id,Customer ID,Status,Start Date (UTC),Ended At (UTC),Amount,Interval,Currency
sub_1,A1,active,2026-01-10 03:00,,9800,month,jpy
sub_2,A2,active,2025-12-31 15:00,,120000,year,jpy
sub_3,A3,canceled,2025-06-30 15:00,2026-06-30 15:00,5000,month,jpy
sub_4,A4,canceled,2025-06-30 15:00,2026-06-29 15:00,5000,month,jpy
sub_5,A5,active,2026-09-30 15:00,,7000,month,jpy
sub_6,A6,active,2026-06-30 15:30,,3000,month,jpy
"""
STRIPE_COLUMNS = {
    "contract_id": "id",
    "account_id": "Customer ID",
    "product": {"constant": "helpdesk"},
    "started_on": "Start Date (UTC)",
    "ended_on": {"column": "Ended At (UTC)", "means": "day_after"},
    "ended_how": {"constant": "cancelled"},
    "mrr": {"sql": """case when "Interval" = 'year' then "Amount" / 12.0 else "Amount" end"""},
    "currency": {"sql": 'upper("Currency")'},
}
CLOSING_TIMES = """\
subscriptions.id,customer.id,started_at,current_term_end,mrr,currency
1,A1,2026-04-01T00:00:00+09:00,2026-06-30T23:59:59+09:00,100,JPY
2,A1,2026-07-01T00:00:00+09:00,2026-09-30T23:59:59+09:00,100,JPY
3,A2,2026-04-01T00:00:00+09:00,2026-06-30T23:59:59+09:00,200,JPY
"""
CHARGEBEE_COLUMNS = {
    "contract_id": "subscriptions.id",
    "account_id": "customer.id",
    "product": {"constant": "helpdesk"},
    "started_on": "started_at",
    "ended_on": "current_term_end",
    "ended_how": {"constant": "term"},
}
KINTONE = """\
契約番号,顧客番号,サービス,契約開始日,契約終了日,月額,通貨
K-1,A1,ヘルプデスク,2025/04/01,2026/03/31,10000,JPY
K-2,A1,ヘルプデスク,2026/04/01,2027/03/31,12000,JPY
K-3,A2,ヘルプデスク,2025/10/01,2026/09/30,20000,JPY
K-4,A3,ヘルプデスク,2025/09/01,2026/08/31,30000,JPY
K-5,A4,ヘルプデスク,2025/08/01,2026/07/31,40000,JPY
"""
KINTONE_COLUMNS = {
    "contract_id": "契約番号",
    "account_id": "顧客番号",
    "product": {"column": "サービス", "values": {"ヘルプデスク": "helpdesk"}},
    "started_on": "契約開始日",
    "ended_on": {"column": "契約終了日", "means": "last_day"},
    "ended_how": {"constant": "term"},
    "mrr": "月額",
    "currency": "通貨",
}


def invoices(account: str, first: str, months: int, *, last_day: bool) -> str:
    """Rows of one month each, as an invoice states its period: to its last day or to the first of the next."""
    begins = pd.date_range(first, periods=months + 1, freq="MS")
    return "".join(
        f"{account}-{a:%Y%m},{account},helpdesk,{a:%F},{(b - pd.Timedelta(days=int(last_day))):%F},100,JPY\n"
        for a, b in pairwise(begins)
    )


EXPORTS = [
    # At 06-30: A1 (132,000 a year: 11,000), A2, A3. A3 was not renewed; A1 still runs on its last day.
    Export(
        "salesforce, a year each, inclusive ends, amounts a year", SALESFORCE, SALESFORCE_COLUMNS,
        customers={"amount_per": "year"}, counts={"2026Q3": Count(2, 16_000, opening=3, lost=1)},
    ),
    # On 09-30 A1's second contract ends: it runs that day, or it does not.
    Export(
        "salesforce, not said what its ends mean", SALESFORCE, SALESFORCE_UNSAID,
        customers={"amount_per": "year"},
        question=(
            "At 2026-09-30", "2 customers (MRR 16,000) if it is the last day",
            "1 customer (MRR 5,000) if it is the day after",
            "2 contracts are followed by one that begins the next day, 0 by one that begins on that day",
            "'ended_on: {column: Contract End Date, format: \"%m/%d/%Y\", means: last_day}'",
            "tables.contracts.columns of the sources file",
        ),
    ),
    # Deals that were lost are no contracts. A2 ends on 08-15: lost. A3 began on 07-20: new.
    Export(
        "hubspot, deals that were won, with a clock on every day",
        "Record ID,Associated Company ID,Deal Stage,Contract start,Contract end,Monthly recurring revenue,Currency\n"
        "9001,A1,Closed Won,2025-02-01 00:00,,500,EUR\n9002,A2,Closed Won,2025-03-01 00:00,2026-08-15 00:00,300,EUR\n"
        "9003,A3,Closed Won,2026-07-20 00:00,,700,EUR\n9004,A4,Closed Lost,2026-07-20 00:00,,900,EUR\n",
        {
            "contract_id": "Record ID", "account_id": "Associated Company ID", "product": {"constant": "helpdesk"},
            "started_on": "Contract start", "ended_on": {"column": "Contract end", "means": "last_day"},
            "ended_how": {"constant": "cancelled"}, "mrr": "Monthly recurring revenue", "currency": "Currency",
        },
        table_entry={"where": "\"Deal Stage\" = 'Closed Won'"},
        counts={"2026Q3": Count(2, 1_200, opening=2, lost=1, new=1)},
    ),
    # In Tokyo sub_3 ended with 06-30, sub_4 with 06-29, sub_5 begins on 10-01, sub_6 on 07-01.
    Export(
        "stripe, moments in UTC at a month's end, days in Tokyo", STRIPE, STRIPE_COLUMNS,
        top={"timezone": "Asia/Tokyo"}, table_entry={"timezone": "UTC"},
        counts={
            "2026Q3": Count(3, 9_800 + 10_000 + 3_000, opening=3, lost=1, new=1),
            "2026Q2": Count(3, 9_800 + 10_000 + 5_000, opening=4, lost=1),
        },
        rules={"after_as_of": 1},
    ),
    # As written, sub_3 ended with 06-29, sub_4 with 06-28; sub_5 began on 09-30, sub_6 on 06-30.
    Export(
        "stripe, moments in UTC, days in UTC", STRIPE, STRIPE_COLUMNS,
        counts={"2026Q3": Count(4, 9_800 + 10_000 + 7_000 + 3_000, opening=3, new=1)},
    ),
    # A1 paid for July 2025 to September 2026, A2 until June.
    Export(
        "stripe, a row for each month's invoice, to the first of the next",
        PLAIN + invoices("A1", "2025-07-01", 15, last_day=False) + invoices("A2", "2025-07-01", 12, last_day=False),
        DAY_AFTER | TERM, counts={"2026Q3": Count(1, 100, opening=2, lost=1), "2026Q2": Count(2, 200, opening=2)},
    ),
    # Without a word, too: no such end falls on a quarter's end.
    Export(
        "stripe, the same and nothing said but what ended",
        PLAIN + invoices("A1", "2025-07-01", 15, last_day=False) + invoices("A2", "2025-07-01", 12, last_day=False),
        TERM, counts={"2026Q3": Count(1, 100, opening=2, lost=1), "2026Q2": Count(2, 200, opening=2)},
    ),
    Export(
        "freee, a row for each month's invoice, to its last day",
        PLAIN + invoices("A1", "2025-07-01", 15, last_day=True) + invoices("A2", "2025-07-01", 12, last_day=True),
        LAST_DAY | TERM, counts={"2026Q3": Count(1, 100, opening=2, lost=1), "2026Q2": Count(2, 200, opening=2)},
    ),
    # A clock of 23:59:59 says that the day is the last one: nothing is asked.
    Export(
        "chargebee, ends at 23:59:59 with an offset", CLOSING_TIMES, CHARGEBEE_COLUMNS,
        top={"timezone": "Asia/Tokyo"}, counts={"2026Q3": Count(1, 100, opening=2, lost=1)},
    ),
    Export(
        "chargebee, the same moments in UTC",
        CLOSING_TIMES.replace("2026-04-01T00:00:00+09:00", "2026-03-31T15:00:00Z")
        .replace("2026-07-01T00:00:00+09:00", "2026-06-30T15:00:00Z").replace("23:59:59+09:00", "14:59:59Z"),
        CHARGEBEE_COLUMNS, top={"timezone": "Asia/Tokyo"},
        counts={"2026Q3": Count(1, 100, opening=2, lost=1)},
    ),
    # midnight may be the last day or the one without the contract
    Export(
        "chargebee, ends at 00:00:00", CLOSING_TIMES.replace("23:59:59", "00:00:00"), CHARGEBEE_COLUMNS,
        top={"timezone": "Asia/Tokyo"}, question=("At 2026-09-30", "1 customer (MRR 100)", "0 customers (MRR 0)"),
    ),
    # 100 until 07-14, 150 from 07-15; A2 was downgraded to half on 08-01.
    Export(
        "zuora, an upgrade in the middle of a month",
        "Subscription: Name,Account: ID,Effective Start Date,Effective End Date,MRR,Currency\n"
        "S-1,A1,2026-01-01,2026-07-15,100,USD\nS-1/2,A1,2026-07-15,2027-01-01,150,USD\n"
        "S-2,A2,2026-01-01,2026-08-01,80,USD\nS-2/2,A2,2026-08-01,2027-01-01,40,USD\n",
        {
            "contract_id": "Subscription: Name", "account_id": "Account: ID", "product": {"constant": "helpdesk"},
            "started_on": "Effective Start Date", "ended_on": {"column": "Effective End Date", "means": "day_after"},
            "ended_how": {"constant": "term"}, "mrr": "MRR", "currency": "Currency",
        },
        counts={"2026Q3": Count(2, 190, opening=2)},
    ),
    # A2 gave notice to 12-31 and is a customer until then; A3 is over since 07-31.
    Export(
        "recurly, a notice whose end lies ahead",
        "uuid,account_code,state,activated_at,expires_at,unit_amount,currency\n"
        "u1,A1,active,2025-01-01T00:00:00Z,,10,USD\nu2,A2,canceled,2025-01-01T00:00:00Z,2027-01-01T00:00:00Z,20,USD\n"
        "u3,A3,expired,2025-01-01T00:00:00Z,2026-08-01T00:00:00Z,40,USD\n",
        {
            "contract_id": "uuid", "account_id": "account_code", "product": {"constant": "helpdesk"},
            "started_on": "activated_at", "ended_on": {"column": "expires_at", "means": "day_after"},
            "ended_how": {"column": "state", "values": {"active": None, "canceled": "notice", "expired": "cancelled"}},
            "mrr": "unit_amount",
        },
        counts={"2026Q3": Count(2, 30, opening=3, lost=1)},
    ),
    # A3's term ended 30 days before 09-30: its renewal may still come. A4's is 61 days ago: lost.
    Export(
        "kintone, cp932, terms over within and beyond the grace", KINTONE, KINTONE_COLUMNS,
        file={"encoding": "cp932"}, counts={"2026Q3": Count(2, 32_000, opening=4, lost=1, not_recorded=1)},
    ),
    Export(
        "kintone, grace of 90 days", KINTONE, KINTONE_COLUMNS, file={"encoding": "cp932"},
        customers={"renewal_grace_days": 90}, counts={"2026Q3": Count(2, 32_000, opening=4, not_recorded=2)},
    ),
    Export(
        "kintone, called cancelled", KINTONE, KINTONE_COLUMNS | CANCELLED, file={"encoding": "cp932"},
        counts={"2026Q3": Count(2, 32_000, opening=4, lost=2)},
        rules={"ended_but_continued": 1},
    ),
    # No column says the end: it follows from the months. 360,000 for 12 months, 900,000 for 18, 90,000 for 3.
    Export(
        "SFDC in Japan, months of a term and its amount, Japanese dates",
        "契約番号,取引先ID,開始日,契約期間(月),契約金額\n1,A1,2025年10月1日,12,360000\n2,A2,2025年7月1日,18,900000\n"
        "3,A3,2026年4月1日,3,90000\n4,A3,2026年7月1日,3,90000\n",
        {
            "contract_id": "契約番号", "account_id": "取引先ID", "product": {"constant": "helpdesk"},
            "started_on": {"column": "開始日", "format": "%Y年%m月%d日"},
            "ended_on": {
                "sql": """strptime("開始日", '%Y年%m月%d日') + to_months("契約期間(月)"::int)""", "means": "day_after",
            },
            "ended_how": {"constant": "term"}, "mrr": "契約金額", "currency": {"constant": "JPY"},
        },
        customers={"amount_per": "term"}, counts={"2026Q3": Count(3, 30_000 + 50_000 + 30_000, opening=3)},
    ),
    # 09-01 to 10-15 is a month and 15 days, of which 30.436875 are a month in the mean; 07-16 to 10-15 is 3 months;
    # from 2024-01-31 to 2028-02-28, the day before the month's last, is 4 years and a month; 08-31 to 09-30 a month
    # (to 09-29) and a day.
    Export(
        "amounts for terms that are no whole months",
        PLAIN + "1,A1,helpdesk,2026-09-01,2026-10-15,146,JPY\n2,A2,helpdesk,2026-07-16,2026-10-15,300,JPY\n"
        "3,A3,helpdesk,2024-01-31,2028-02-28,4900,JPY\n4,A4,helpdesk,2026-08-31,2026-09-30,103,JPY\n",
        LAST_DAY | TERM, customers={"amount_per": "term"},
        counts={"2026Q3": Count(4, 146 / (1 + 15 / 30.436875) + 300 / 3 + 4_900 / 49 + 103 / (1 + 1 / 30.436875), opening=1, new=3)},
    ),
    # a term's months depend on what its end means: asked, though no end falls on a quarter's end
    Export(
        "amounts for terms, not said what their ends mean",
        PLAIN + "1,A1,helpdesk,2026-01-01,2027-01-01,1200,JPY\n2,A2,helpdesk,2026-05-01,2026-11-01,600,JPY\n",
        TERM, customers={"amount_per": "term"},
        # 1,200 / (12 + 1 / 30.436875) + 600 / (6 + 1 / 30.436875)
        question=("At 2026-09-30", "2 customers (MRR 199.18)", "2 customers (MRR 200)", "means: day_after"),
    ),
    Export(
        "an amount for a term without an end",
        PLAIN + "1,A1,helpdesk,2026-01-01,2027-01-01,1200,JPY\n2,A2,helpdesk,2026-01-01,9999-12-31,600,JPY\n",
        DAY_AFTER | TERM, customers={"amount_per": "term"}, counts={"2026Q3": Count(1, 100, opening=1)},
        rules={"term_without_end": 1},
    ),
    Export(
        "amounts for a quarter",
        PLAIN + "1,A1,helpdesk,2026-01-01,,300,JPY\n2,A2,helpdesk,2026-07-01,,600,JPY\n",
        customers={"amount_per": "quarter"}, counts={"2026Q3": Count(2, 300, opening=1, new=1)},
    ),
    # The base of A1 is lost in no sense while its add-on runs; A2 gave its add-on up.
    Export(
        "add-ons side by side",
        PLAIN + "1,A1,helpdesk,2025-01-01,2026-08-31,100,JPY\n2,A1,helpdesk,2026-01-01,,30,JPY\n"
        "3,A2,helpdesk,2025-01-01,,200,JPY\n4,A2,helpdesk,2025-06-01,2026-08-31,50,JPY\n",
        LAST_DAY | CANCELLED, counts={"2026Q3": Count(2, 230, opening=2)}, rules={"overlapping_contracts": 2},
    ),
    # 07-01 to 07-30 are 30 days without a contract; 07-01 to 07-31 are 31.
    Export(
        "a pause within the gap and one beyond it",
        PLAIN + "1,A1,helpdesk,2025-01-01,2026-06-30,100,JPY\n2,A1,helpdesk,2026-07-31,,100,JPY\n"
        "3,A2,helpdesk,2025-01-01,2026-06-30,100,JPY\n4,A2,helpdesk,2026-08-01,,100,JPY\n",
        LAST_DAY | CANCELLED, counts={"2026Q3": Count(2, 200, opening=2, lost=1, back=1)},
    ),
    Export(
        "any pause is a loss",
        PLAIN + "1,A1,helpdesk,2025-01-01,2026-07-10,100,JPY\n2,A1,helpdesk,2026-07-12,,100,JPY\n"
        "3,A2,helpdesk,2025-01-01,2026-07-10,100,JPY\n4,A2,helpdesk,2026-07-11,,100,JPY\n",
        LAST_DAY | CANCELLED, customers={"return_gap_days": 0},
        counts={"2026Q3": Count(2, 200, opening=2, lost=1, back=1)},
    ),
    Export(
        "a return after a year",
        PLAIN + "1,A1,helpdesk,2024-01-01,2025-08-15,100,JPY\n2,A1,helpdesk,2026-08-20,,120,JPY\n"
        "3,A2,helpdesk,2024-01-01,,100,JPY\n",
        LAST_DAY | CANCELLED,
        counts={"2026Q3": Count(2, 220, opening=1, back=1), "2025Q3": Count(1, 100, opening=2, lost=1)},
    ),
    # 2's renewal is written before it ends: no new customer. On 09-30 both of A2's run, and both are counted and named.
    Export(
        "renewals that overlap",
        PLAIN + "1,A1,helpdesk,2025-07-15,2026-07-14,100,JPY\n2,A1,helpdesk,2026-07-01,2027-06-30,110,JPY\n"
        "3,A2,helpdesk,2025-10-15,2026-10-14,100,JPY\n4,A2,helpdesk,2026-09-15,2027-09-14,110,JPY\n",
        LAST_DAY | TERM, counts={"2026Q3": Count(2, 320, opening=2)}, rules={"overlapping_contracts": 2},
    ),
    # A1 left before its first day; A2 began and left on one day, which is a day by this reading
    Export(
        "cancelled before it began, and a day of zero days, to the last day",
        PLAIN + "1,A1,helpdesk,2026-08-01,2026-07-20,100,JPY\n2,A2,helpdesk,2026-08-01,2026-08-01,100,JPY\n"
        "3,A3,helpdesk,2025-01-01,,100,JPY\n",
        LAST_DAY | CANCELLED, counts={"2026Q3": Count(1, 100, opening=1, new=1, lost=1, of_opening=0)},
        rules={"ends_before_start": 1},
    ),
    Export(
        "the same, to the day after",
        PLAIN + "1,A1,helpdesk,2026-08-01,2026-07-20,100,JPY\n2,A2,helpdesk,2026-08-01,2026-08-01,100,JPY\n"
        "3,A3,helpdesk,2025-01-01,,100,JPY\n",
        DAY_AFTER | CANCELLED, counts={"2026Q3": Count(1, 100, opening=1)}, rules={"ends_before_start": 1},
    ),
    # A1 went from free to paid on 08-01, A2 from paid to free, A3 has always been free.
    *(
        Export(
            f"free plans, {description}",
            PLAIN + "1,A1,helpdesk,2025-01-01,2026-07-31,0,JPY\n2,A1,helpdesk,2026-08-01,,100,JPY\n"
            "3,A2,helpdesk,2025-01-01,2026-07-31,200,JPY\n4,A2,helpdesk,2026-08-01,,0,JPY\n"
            "5,A3,helpdesk,2025-01-01,,0,JPY\n6,A4,helpdesk,2025-01-01,,400,JPY\n",
            LAST_DAY | TERM, **more,
        )
        for description, more in (
            ("customers", {
                "customers": {"zero_mrr": "customer"}, "counts": {"2026Q3": Count(4, 500, opening=4)},
                "rules": {"mrr_zero": 3},
            }),
            ("not customers", {
                "customers": {"zero_mrr": "not_customer"}, "rules": {"not_a_customer": 3},
                "counts": {"2026Q3": Count(2, 500, opening=2, lost=1, new=1)},
            }),
            ("not said", {
                "question": (
                    "does an MRR of 0 make a customer?", "At 2026-09-30", "4 customers if it does", "2 if it does not",
                    "'customers: {zero_mrr: customer}'", "helpdesk.yml",
                )
            }),
        )
    ),
    # Only A5 was lost. The others have no end: an end is no term's here, so nothing is asked of how contracts end.
    Export(
        "no end: empty, 9999-12-31 or 2099-12-31",
        PLAIN + "1,A1,helpdesk,2025-01-01,,100,JPY\n2,A2,helpdesk,2025-01-01,9999-12-31,100,JPY\n"
        "3,A3,helpdesk,2025-01-01,2099-12-31,100,JPY\n4,A4,helpdesk,2025-01-01,9999-12-31 23:59:59,100,JPY\n"
        "5,A5,helpdesk,2025-01-01,2026-09-15,100,JPY\n",
        LAST_DAY, counts={"2026Q3": Count(4, 400, opening=5, lost=1)},
    ),
    # read in Tokyo, the last second of 9999 in UTC lies in the year 10000
    Export(
        "no end: the last second of 9999 in UTC, days in Tokyo",
        PLAIN + "1,A1,helpdesk,2025-01-01T00:00:00Z,9999-12-31T23:59:59Z,100,JPY\n"
        "2,A2,helpdesk,2025-01-01T00:00:00Z,9999-12-31T15:00:00.000+0000,100,JPY\n",
        DAY_AFTER, top={"timezone": "Asia/Tokyo"}, counts={"2026Q3": Count(2, 200, opening=2)},
    ),
    # A1's renewal begins 9 days after 06-25: at 06-30 it is not recorded, later it is the same customer.
    Export(
        "a renewal that is recorded late",
        PLAIN + "1,A1,helpdesk,2025-06-26,2026-06-25,100,JPY\n2,A1,helpdesk,2026-07-05,2027-07-04,100,JPY\n"
        "3,A2,helpdesk,2025-01-01,2026-12-31,100,JPY\n",
        LAST_DAY | TERM,
        counts={
            "2026Q3": Count(2, 200, opening=2),
            "2026Q2": Count(1, 100, opening=2, not_recorded=1),
        },
    ),
    # A2's end lies in the days before 09-30 and others end ahead: a term or a cancelled contract
    Export(
        "a term that is over, not said how contracts end",
        PLAIN + "1,A1,helpdesk,2025-01-01,2026-12-31,100,JPY\n2,A2,helpdesk,2025-09-16,2026-09-15,100,JPY\n",
        LAST_DAY,
        question=(
            "how did contracts end?", "At 2026-09-30", "1 customer ", "1 more whose contract ended in the 30 days before",
            "'ended_how: {constant: term}'", "tables.contracts.columns of the sources file",
        ),
    ),
    # 08-31 is 30 days before 09-30, the day before is not
    Export(
        "an end whose grace ends with the quarter by one reading",
        PLAIN + "1,A1,helpdesk,2025-01-01,2026-12-31,100,JPY\n2,A2,helpdesk,2025-09-01,2026-08-31,100,JPY\n", TERM,
        question=(
            "At 2026-09-30", "1 customer (MRR 100), 0 lost, 1 whose renewal is not recorded if it is the last day",
            "1 customer (MRR 100), 1 lost, 0 whose renewal is not recorded if it is the day after",
        ),
    ),
    # the 30 days of June, or 31 days
    Export(
        "a pause that is as long as the gap by one reading",
        PLAIN + "1,A1,helpdesk,2025-01-01,2026-05-31,100,JPY\n2,A1,helpdesk,2026-07-01,,100,JPY\n", CANCELLED,
        question=(
            "At 2026-09-30", "1 customer (MRR 100), 1 at its start, 0 came back if it is the last day",
            "1 customer (MRR 100), 0 at its start, 1 came back if it is the day after",
        ),
    ),
    # two things to say at once: the end of A1 on 09-30, and how A2's contract ended
    Export(
        "two questions at once",
        PLAIN + "1,A1,helpdesk,2025-10-01,2026-09-30,100,JPY\n2,A2,helpdesk,2025-09-16,2026-09-15,100,JPY\n"
        "3,A3,helpdesk,2025-01-01,2026-12-31,0,JPY\n",
        question=("is it the last day of a contract or the day after?", "how did contracts end?", "MRR of 0"),
    ),
    Export(
        "contracts without a term, some given up",
        PLAIN + "1,A1,helpdesk,2025-01-01,,100,JPY\n2,A2,helpdesk,2025-01-01,2026-09-15,100,JPY\n"
        "3,A3,helpdesk,2025-01-01,2026-05-15,100,JPY\n",
        counts={"2026Q3": Count(1, 100, opening=2, lost=1), "2026Q2": Count(2, 200, opening=3, lost=1)},
    ),
    # A1 has both and keeps one; A2 has the other product alone. A term of the one says nothing of the other.
    Export(
        "two products",
        PLAIN + "1,A1,helpdesk,2025-01-01,2026-09-10,100,JPY\n2,A1,expense_desk,2025-01-01,2026-12-31,50,JPY\n"
        "3,A2,expense_desk,2026-08-01,2027-07-31,70,JPY\n4,A3,helpdesk,2025-01-01,,100,JPY\n",
        LAST_DAY,
        counts={
            "2026Q3": Count(1, 100, opening=2, lost=1),
            "expense_desk 2026Q3": Count(2, 120, opening=1, new=1),
        },
    ),
    Export(
        "two currencies in one product",
        PLAIN + "1,A1,helpdesk,2025-01-01,,100,JPY\n2,A2,helpdesk,2025-01-01,,100,USD\n",
        question=("column 'currency'", "product 'helpdesk' is paid in JPY, USD; convert mrr to one currency"),
    ),
    Export(
        "a currency for each product",
        PLAIN + "1,A1,helpdesk,2025-01-01,,100,JPY\n2,A2,expense_desk,2025-01-01,,7,USD\n",
        counts={"2026Q3": Count(1, 100, opening=1), "expense_desk 2026Q3": Count(1, 7, opening=1)},
    ),
    # A9 was merged into A1, whose contract follows: nobody was lost, nobody is new
    Export(
        "an account that was merged",
        PLAIN + "1,A9,helpdesk,2025-01-01,2026-07-31,100,JPY\n2,A1,helpdesk,2026-08-01,,100,JPY\n",
        LAST_DAY | TERM | {"account_id": {"column": "account_id", "values": {"A9": "A1"}}},
        counts={"2026Q3": Count(1, 100, opening=1)},
    ),
    Export(
        "the same contracts exported twice, in another order",
        PLAIN + "2,A1,helpdesk,2026-08-01,,100,JPY\n1,A1,helpdesk,2025-01-01,2026-07-31,90,JPY\n"
        "3,A2,helpdesk,2025-01-01,,200,JPY\n3,A2,helpdesk,2025-01-01,,200,JPY\n"
        "1,A1,helpdesk,2025-01-01,2026-07-31,90,JPY\n2,A1,helpdesk,2026-08-01,,100,JPY\n",
        LAST_DAY | TERM, counts={"2026Q3": Count(2, 300, opening=2)}, rules={"duplicate_key": 3},
    ),
    Export(
        "the first quarter",
        PLAIN + "1,A1,helpdesk,2026-07-01,,100,JPY\n2,A2,helpdesk,2026-09-30,,200,JPY\n",
        counts={"2026Q3": Count(2, 300, opening=0, new=2)},
    ),
    Export(
        "all are lost",
        PLAIN + "1,A1,helpdesk,2025-01-01,2026-07-31,100,JPY\n2,A2,helpdesk,2025-01-01,2026-06-30,200,JPY\n",
        LAST_DAY | CANCELLED, counts={"2026Q3": Count(0, 0, opening=2, lost=2)},
    ),
    Export(
        "none is lost",
        PLAIN + "1,A1,helpdesk,2025-01-01,2026-09-30,100,JPY\n2,A2,helpdesk,2025-01-01,2026-10-01,200,JPY\n",
        LAST_DAY | NOTICE, counts={"2026Q3": Count(2, 300, opening=2)},
    ),
    # the account runs on whatever the end of an add-on without an amount means
    Export(
        "an end that changes nothing is not asked",
        PLAIN + "1,A1,helpdesk,2025-01-01,,100,JPY\n2,A1,helpdesk,2025-01-01,2026-09-30,0,JPY\n",
        CANCELLED, counts={"2026Q3": Count(1, 100, opening=1)},
    ),
    # unlike a month, a moment since 1970 or a date in words is not guessed
    *(
        Export(
            f"starts written as {start}", PLAIN + f'1,A1,helpdesk,"{start}",,100,JPY\n',
            question=("column 'started_on', rule wrong_type", f"{cause}: row 1, key 1, value '{start}'"),
        )
        for start, cause in (
            ("1767225600", "say 'started_on: {column: started_on, format: epoch}' under tables.contracts.columns"
             " of the sources file)"),
            ("Jan 1, 2026", """say 'started_on: {column: started_on, format: "%b %d, %Y"}' under tables.contracts.columns"""
             " of the sources file)"),
            ("令和8年1月1日", "say 'started_on: {column: started_on, format: era}' under tables.contracts.columns"
             " of the sources file)"),
            ("01/02/2026", "(date; another way of writing is said by 'format' under tables.contracts.columns.started_on"
             " of the sources file)"),
        )
    ),
    *(
        Export(
            f"amounts written as {amount}", PLAIN + f'1,A1,helpdesk,2025-01-01,,"{amount}",JPY\n',
            question=(f"""say 'mrr: {{column: mrr, number: "{example}"}}' under""", f"value '{amount}'"),
        )
        for amount, example in (("¥12,000", "¥12,345"), ("12,000", "12,345"), ("12.000,00", "12.345,67"))
    ),
]  # fmt: skip


@pytest.fixture
def company(tmp_path):
    """Takes a snapshot of an export: `company(export)`, with another content of its file where that is given."""

    def take(export: Export, content: bytes | None = None, name: str = "contracts.csv"):
        rows = "".join(f"A{n},Company {n},mid,retail\n" for n in range(1, 10))
        (tmp_path / "accounts.csv").write_text("account_id,name,size,industry\n" + rows, encoding="utf-8")
        encoding = export.file.get("encoding", "utf-8")
        (tmp_path / name).write_bytes(content or export.text.encode(encoding))
        products = tmp_path / "products"
        products.mkdir()
        for file in PRODUCTS.glob("*.yml"):
            product = yaml.safe_load(file.read_text(encoding="utf-8")) | {"customers": export.customers}
            (products / file.name).write_text(yaml.safe_dump(product, allow_unicode=True), encoding="utf-8")
        sources = {
            "as_of": date(2026, 9, 30),
            **export.top,
            "files": {"accounts": "accounts.csv", "contracts": {"path": name, **export.file}},
            "tables": {
                "accounts": {"from": "accounts"},
                "contracts": {"from": "contracts", **export.table_entry, "columns": export.columns},
            },
        }
        text = yaml.safe_dump(sources, allow_unicode=True, sort_keys=False)
        (tmp_path / "sources.yml").write_text(text, encoding="utf-8")
        return taken(tmp_path / "sources.yml", tmp_path, products)

    return take


def taken(sources: Path, folder: Path, products: Path = PRODUCTS):
    """A snapshot of a sources file, or the sentences why none is taken."""
    (folder / "snapshots").mkdir()
    try:
        return take_snapshot(
            sources, folder=folder / "snapshots", products=products, today=date(2026, 12, 31)
        )
    except ContractError as error:
        return "\n".join(error.failures)


def counted(snapshot, when: str) -> Count:
    """What the workbook says of a quarter; `when`: the quarter, after the product where it is not helpdesk."""
    *product, text = when.split()
    quarter = Quarter.parse(text)
    data = snapshot.read(product[0] if product else "helpdesk")
    time, opening = customer_time_as_of(data, quarter.end), quarter.back(1).end
    moved = time.movement(opening, quarter.end)
    assert moved.pop("closing") == len(time.customers(quarter.end))
    table = baselines.analyse(data, quarter).tables.get("same_quarter")
    if table is None:
        assert moved["opening"] == 0
        of_opening = 0
    else:
        row = table[table["year"] == quarter.year].iloc[0]
        assert (row["customers"], row["not_recorded"]) == (moved["opening"], moved["not_recorded"])
        assert row["share"] == row["lost"] / row["customers"]
        of_opening = int(row["lost"])
    mrr = float(time.mrr(quarter.end).sum())
    return Count(len(time.customers(quarter.end)), mrr, of_opening=of_opening, **moved)


def agrees(snapshot, counts: dict[str, Count]) -> None:
    """That the workbook counts as a hand does."""
    assert not isinstance(snapshot, str), snapshot
    for when, hand in counts.items():
        of_opening = hand.lost if hand.of_opening is None else hand.of_opening
        expected = Count(**{**vars(hand), "mrr": pytest.approx(hand.mrr), "of_opening": of_opening})
        assert counted(snapshot, when) == expected, when


@pytest.mark.parametrize("export", [e for e in EXPORTS if e.counts], ids=lambda e: e.name)
def test_an_export_gives_the_customers_and_the_churn_of_a_hand_count(company, export):
    snapshot = company(export)
    agrees(snapshot, export.counts)
    counts = {f.rule: f.count for f in snapshot.findings}
    assert export.rules.items() <= counts.items()


@pytest.mark.parametrize("export", [e for e in EXPORTS if e.question], ids=lambda e: e.name)
def test_an_export_with_two_readings_is_asked_about(company, export):
    sentences = company(export)
    assert isinstance(sentences, str), [counted(sentences, "2026Q3"), sentences.findings]
    missing = [words for words in export.question if words not in sentences]
    assert not missing, sentences


SHEET = pd.DataFrame(
    {
        "No": [1, 2, 3, 4],
        "顧客ID": ["A1", "A2", "A3", "A4"],
        "利用開始日": pd.to_datetime(["2025-01-01", "2025-02-01", "2026-08-01", "2025-01-01"]),
        "解約日": pd.to_datetime([None, "2026-07-31", None, "2026-09-30"]),
        "月額": [10_000, 20_000, 30_000, 40_000.5],
    }
)
SHEET_COLUMNS = {
    "contract_id": "No", "account_id": "顧客ID", "product": {"constant": "helpdesk"}, "started_on": "利用開始日",
    "ended_on": {"column": "解約日", "means": "last_day"}, "ended_how": {"constant": "cancelled"}, "mrr": "月額",
    "currency": {"constant": "JPY"},
}  # fmt: skip
#: A2 left on 07-31; A4 on 09-30, which is its last day; A3 is new
SHEET_COUNT = Count(3, 80_000.5, opening=3, lost=1, new=1)


def test_a_spreadsheet_with_a_title_gives_the_counts_of_its_rows(company):
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer, engine="openpyxl") as book:
        pd.DataFrame({"memo": ["2026"]}).to_excel(book, sheet_name="メモ", index=False)
        SHEET.to_excel(book, sheet_name="契約一覧", index=False, startrow=2)
        book.sheets["契約一覧"]["A1"] = "契約一覧 (2026年9月)"
    export = Export("", "", SHEET_COLUMNS, file={"sheet": "契約一覧", "header_row": 3})
    agrees(company(export, buffer.getvalue(), "contracts.xlsx"), {"2026Q3": SHEET_COUNT})


@pytest.mark.parametrize("unit", ["ns", "us", "s"])
def test_a_parquet_file_gives_the_counts_of_its_rows(company, unit):
    days = {c: SHEET[c].astype(f"datetime64[{unit}]") for c in ("利用開始日", "解約日")}
    content = SHEET.assign(**days).to_parquet()
    agrees(company(Export("", "", SHEET_COLUMNS), content, "contracts.parquet"), {"2026Q3": SHEET_COUNT})


def test_moments_of_a_parquet_file_are_days_in_the_zone_that_is_read(company):
    tokyo = {c: SHEET[c].dt.tz_localize("Asia/Tokyo").dt.tz_convert("UTC") for c in ("利用開始日", "解約日")}
    export = Export("", "", SHEET_COLUMNS, top={"timezone": "Asia/Tokyo"})
    agrees(company(export, SHEET.assign(**tokyo).to_parquet(), "contracts.parquet"), {"2026Q3": SHEET_COUNT})


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_changes_nothing(company, seed):
    export = next(e for e in EXPORTS if e.name.startswith("freee"))
    head, *rows = export.text.splitlines()
    shuffled = pd.Series(rows).sample(frac=1, random_state=seed)
    agrees(company(export, "\n".join([head, *shuffled]).encode()), export.counts)


def shared(shared_data, tmp_path, name: str, **ended_on):
    """A snapshot of an export beside the checkout, or the sentences why none is taken, with more said of `ended_on`."""
    folder = shared_data / "exports" / name
    if not folder.is_dir():
        pytest.skip(f"../shared/data/exports/{name} does not lie beside this checkout")
    sources = yaml.safe_load((folder / "sources.yml").read_text(encoding="utf-8")) | {"folder": str(folder)}
    columns = {"ended_on": {"column": "ended_on", **ended_on}, "ended_how": {"constant": "cancelled"}}
    sources["tables"]["contracts"]["columns"] = columns if ended_on else {}
    (tmp_path / "sources.yml").write_text(yaml.safe_dump(sources), encoding="utf-8")
    return taken(tmp_path / "sources.yml", tmp_path)


def test_years_that_end_with_the_quarter_and_are_renewed_are_asked_about(shared_data, tmp_path):
    sentences = shared(shared_data, tmp_path, "01_annual_inclusive_end")
    assert isinstance(sentences, str)
    assert "At 2026-09-30 product 'helpdesk' has 12 customers (MRR 1,200) if it is the last day" in sentences
    assert "0 customers (MRR 0) if it is the day after" in sentences
    assert (
        "(12 contracts are followed by one that begins the next day, 0 by one that begins on that day)"
        in sentences
    )
    assert sentences.count("\n") == 0


def test_years_that_end_with_the_quarter_run_on_their_last_day(shared_data, tmp_path):
    snapshot = shared(shared_data, tmp_path, "01_annual_inclusive_end", means="last_day")
    agrees(snapshot, {"2026Q3": Count(12, 1_200, opening=12)})
    assert [(f.rule, f.count) for f in snapshot.findings if f.rule == "after_as_of"] == [("after_as_of", 12)]


def test_a_quarter_is_counted_as_it_was_known_whoever_returned_later(shared_data, tmp_path):
    snapshot = shared(shared_data, tmp_path, "04b_pause_rejoin_2026Q1")
    agrees(
        snapshot,
        {"2026Q1": Count(10, 1_000, opening=11, lost=1), "2026Q3": Count(12, 1_200, opening=10, back=2)},
    )


def test_an_unknown_size_or_industry_removes_no_customer(shared_data, tmp_path):
    snapshot = shared(shared_data, tmp_path, "45_segments")
    agrees(snapshot, {"2026Q3": Count(6, 600, opening=6)})
