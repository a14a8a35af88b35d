"""Exports of tools that hold tickets, payments, events and what people said; and plain sheets of Excel."""

from __future__ import annotations

import json
from pathlib import Path

from openpyxl import Workbook

from exports.shape import Export

ZENDESK = [
    # Tickets know the organization by its name, the list of organizations knows the number.
    Export(
        "zendesk tickets and organizations",
        {
            "organizations.csv": "ID,Name,Domain names,Created at\n36001,Kita,kita.example,2024-01-05 10:00:00\n"
            "36002,Minami,minami.example,2024-02-05 10:00:00\n",
            "tickets.csv": '"Ticket ID","Subject","Requester","Organization","Ticket type","Status","Created at",'
            '"First reply time in minutes","Solved at","Satisfaction Score"\n'
            '"1","Login","a@kita.example","Kita","Question","Solved","2026-07-01 09:00","35","2026-07-02 10:00","Good"\n'
            '"2","Print","b@minami.example","Minami","Problem","Open","2026-08-01 09:00","","",""\n'
            '"3","Export","a@kita.example","Kita","Question","Solved","2026-09-01 09:00","90","2026-09-01 12:00",""\n',
        },
        kept={"accounts": 2, "tickets": 3},
        closed={"tickets": 2},
        answered={"tickets": 0},  # minutes are no time
        columns={"accounts.name": {"36001": "Kita", "36002": "Minami"}},
    ),
    Export(
        "zendesk in Japanese",
        {
            "チケット.csv": "チケットID,件名,リクエスタ,組織,チケットタイプ,ステータス,作成日時,初回返信日時,解決日時\n"
            "11,ログイン,田中,北浜包装,質問,解決済み,2026-07-01 09:00,2026-07-01 11:00,2026-07-02 10:00\n"
            "12,印刷,鈴木,南堀江商事,不具合,オープン,2026-08-01 09:00,2026-08-01 15:00,\n"
        },
        kept={"accounts": 2, "tickets": 2},
        closed={"tickets": 1},
        answered={"tickets": 2},
    ),
    # As the API has it, times with an offset.
    Export(
        "zendesk, names of the API",
        {
            "zendesk_tickets.csv": "url,id,created_at,updated_at,type,subject,status,requester_id,organization_id,solved_at\n"
            "x,101,2026-07-01T00:00:00Z,2026-07-02T00:00:00Z,question,a,solved,901,36001,2026-07-02T00:00:00Z\n"
            "x,102,2026-08-02T00:00:00Z,2026-08-02T00:00:00Z,problem,b,open,902,36001,\n"
            "x,103,2026-08-02T00:00:00Z,2026-08-02T00:00:00Z,problem,c,open,903,36002,\n"
        },
        {"timezone": "UTC"},
        kept={"accounts": 2, "tickets": 3},
        closed={"tickets": 1},
    ),
    # The export of the issue: no customer in it. Who asks is taken for one, by the person who fills it in.
    Export(
        "a ticket export without a customer",
        {
            "tickets.csv": "ticket_id,created_time,resolved_time,status,requester_email\n"
            "1,2026-07-01 09:00:00,2026-07-02 09:00:00,closed,a@x.example\n"
            "2,2026-07-03 09:00:00,,open,b@x.example\n3,2026-07-04 09:00:00,,open,a@x.example\n"
        },
        {
            "tickets.account_id": "requester_email",
            "accounts.sql": "select distinct requester_email as account_id from tickets",
        },
        kept={"accounts": 2, "tickets": 3},
        closed={"tickets": 1},
    ),
]

# What its reports write: times of the first answer, hours of it, and the company.
FRESHDESK = [
    Export(
        "freshdesk tickets",
        {
            "tickets.csv": '"Ticket ID","Subject","Status","Priority","Type","Created time","Initial response time",'
            '"First response time (in hrs)","Resolved time","Closed time","Company Name"\n'
            '"501","Login","Closed","Low","Question","2026-07-01 09:00:00","2026-07-01 10:30:00","01:30:00",'
            '"2026-07-02 10:00:00","2026-07-02 10:00:00","Kita"\n'
            '"502","Print","Open","Low","Problem","2026-08-01 09:00:00","2026-08-01 09:10:00","00:10:00","","","Minami"\n'
            '"503","Export","Open","Low","Question","2026-09-01 09:00:00","","","","","Kita"\n'
        },
        kept={"accounts": 2, "tickets": 3},
        closed={"tickets": 1},
        answered={"tickets": 2},
    ),
]

INTERCOM = [
    Export(
        "intercom conversations",
        {
            "conversations.csv": "Conversation ID,Conversation started at (UTC),First admin reply at (UTC),"
            "Last closed at (UTC),Conversation state,User ID,User name,Company ID,Company name\n"
            "215001,2026-07-01 01:00:00,2026-07-01 02:00:00,2026-07-01 05:00:00,closed,u1,Aki,c1,Kita\n"
            "215002,2026-08-01 01:00:00,2026-08-01 01:30:00,,open,u2,Ben,c2,Minami\n"
            "215003,2026-08-05 01:00:00,,,open,u3,Cho,c1,Kita\n"
        },
        kept={"accounts": 2, "tickets": 3},
        closed={"tickets": 1},
        answered={"tickets": 2},
        columns={"accounts.name": {"c1": "Kita", "c2": "Minami"}},
    ),
    # Companies, and users with the day they signed up, in seconds since 1970 (2026-07-01 and later).
    Export(
        "intercom companies and users",
        {
            "companies.csv": "company_id,name,plan,monthly_spend,size,industry\nc1,Kita,Pro,500,320,retail\n"
            "c2,Minami,Free,0,12,retail\n",
            "users.csv": "user_id,email,company_id,signed_up_at\nu1,a@k,c1,1782871200\nu2,b@m,c2,1783871200\n"
            "u3,c@k,c1,1784871200\n",
        },
        kept={"accounts": 2, "milestones": 3},
        first={"milestones.reached_at": "2026-07-01"},
        columns={"accounts.size": {"c1": "enterprise", "c2": "small"}},
    ),
]

STRIPE = [
    # A year is paid at once: a twelfth a month. sub_3 ended on 06-30, sub_4 on 08-15.
    Export(
        "stripe subscriptions and customers",
        {
            "subscriptions.csv": "id,Customer ID,Customer Email,Plan,Quantity,Interval,Amount,Currency,Status,Created (UTC),"
            "Start Date (UTC),Current Period End (UTC),Canceled At (UTC),Ended At (UTC)\n"
            "sub_1,cus_1,a@x,pro,1,month,98.00,usd,active,2026-01-10 03:00,2026-01-10 03:00,2026-10-10 03:00,,\n"
            "sub_2,cus_2,b@x,pro,1,year,1200.00,usd,active,2026-01-11 15:00,2026-01-11 15:00,2027-01-11 15:00,,\n"
            "sub_3,cus_3,c@x,pro,1,month,50.00,usd,canceled,2025-06-30 15:00,2025-06-30 15:00,2026-06-30 15:00,"
            "2026-06-20 10:00,2026-06-30 15:00\n"
            "sub_4,cus_4,d@x,pro,1,month,50.00,usd,canceled,2025-06-15 15:00,2025-06-15 15:00,2026-08-15 15:00,"
            "2026-08-15 10:00,2026-08-15 15:00\n",
            "customers.csv": "id,Description,Email,Name,Created (UTC),Delinquent\n"
            "cus_1,,a@x,Kita,2026-01-10 03:00,false\ncus_2,,b@x,Minami,2026-01-11 15:00,false\n"
            "cus_3,,c@x,Nishi,2025-06-30 15:00,false\ncus_4,,d@x,Higashi,2025-06-15 15:00,false\n",
        },
        {
            "contracts.ended_on": '{ column: "Ended At (UTC)", means: day_after }',
        },
        kept={"accounts": 4, "contracts": 4},
        customers=2,
        mrr=198.0,
    ),
    # As the API has it: seconds since 1970, amounts in yen (which has no cents). sub_c ended on 2026-08-31.
    Export(
        "stripe, names of the API",
        {
            "stripe_subscriptions.csv": "id,customer,created,start_date,ended_at,status,plan.interval,plan.amount,currency\n"
            "sub_a,cus_a,1767225600,1767225600,,active,month,9800,jpy\n"
            "sub_b,cus_b,1772323200,1772323200,,active,year,120000,jpy\n"
            "sub_c,cus_c,1767225600,1767225600,1788134400,canceled,month,5000,jpy\n"
        },
        {
            "contracts.ended_on": "{ column: ended_at, format: epoch, means: day_after }",
        },
        kept={"accounts": 3, "contracts": 3},
        customers=2,
        mrr=19_800.0,
        first={"contracts.started_on": "2026-01-01"},
    ),
]


def mixpanel(day: int, user: str, event: str, company: str) -> str:
    """A line of Mixpanel's raw export; days of July 2026."""
    moment = 1782864000 + 86_400 * (day - 1)
    properties = {
        "time": moment,
        "distinct_id": user,
        "$insert_id": f"{user}{day}{event}",
        "company_id": company,
    }
    return json.dumps({"event": event, "properties": properties}) + "\n"


MIXPANEL = [
    Export(
        "mixpanel, raw lines",
        {
            "events.jsonl": mixpanel(1, "u1", "ticket.created", "k")
            + mixpanel(2, "u1", "template.used", "k")
            + mixpanel(2, "u2", "ticket.created", "m")
            + mixpanel(9, "u3", "ticket.created", "k")
        },
        kept={"accounts": 2, "usage": 4},
    ),
    # Nobody says whose the users are: each is taken for a customer, and that is said.
    Export(
        "mixpanel, CSV without a company",
        {
            "mixpanel.csv": "event,time,distinct_id,$city,$os\nticket.created,1782864000,u1,Osaka,iOS\n"
            "template.used,1782950400,u1,Osaka,iOS\nticket.created,1783036800,u2,Kobe,Android\n"
        },
        kept={"accounts": 2, "usage": 3},
    ),
]


def register(path: Path) -> None:
    """A book whose first sheet is hidden and holds last year's, with two lines of names under a title."""
    book = Workbook()
    old = book.active
    assert old is not None
    old.title = "2025"
    old.sheet_state = "hidden"
    sheet = book.create_sheet("2026")
    for one, amount in ((old, "50千円"), (sheet, "120千円")):
        one.append(["契約一覧"])
        one.append(["顧客情報", None, "契約", None, None, "金額"])
        one.append(["顧客ID", "会社名", "契約番号", "契約開始日", "契約終了日", "月額"])
        one.append(["A1", "北浜包装", "C-1", "令和8年4月1日", "令和9年3月31日", amount])
        one.append(["A2", "南堀江商事", "C-2", "R7.10.1", "R8.6.30", "80千円"])
        one.append(["A3", "東天満食品", "C-3", "令和8年8月1日", "令和9年7月31日", "9.8千円"])
        one.append(["合計", None, None, None, None, "209.8千円"])
        one.merge_cells("A2:B2")
        one.merge_cells("C2:E2")
    book.save(path)


def plan(path: Path) -> None:
    """A sheet for each table, with a title, and dates as Excel's own."""
    from datetime import datetime

    book = Workbook()
    customers = book.active
    assert customers is not None
    customers.title = "Customers"
    customers.append(["Customers as of September 2026"])
    customers.append([])
    customers.append(["Customer ID", "Customer", "Tier", "Touch"])
    customers.append([101, "Kita", "Enterprise", "High-touch"])
    customers.append([102, "Minami", "SMB", "Digital"])
    contracts = book.create_sheet("Contracts")
    contracts.append(["No", "Customer ID", "Start", "End", "MRR"])
    contracts.append([1, 101, datetime(2026, 1, 1), None, 1500])
    contracts.append([2, 102, datetime(2026, 2, 1), datetime(2026, 8, 31), 200])
    contracts.append([3, 102, datetime(2026, 9, 1), None, 250.5])
    book.save(path)


EXCEL = [
    Export(
        "a register in Excel, with eras and thousands of yen",
        {"顧客台帳.xlsx": register},
        kept={"accounts": 3, "contracts": 3},
        customers=2,
        mrr=129_800.0,
        first={"contracts.started_on": "2025-10-01"},
    ),
    Export(
        "a plan in Excel",
        {"plan.xlsx": plan},
        {
            "contracts.currency": "{ constant: USD }",
            "contracts.ended_on": "{ column: End, means: last_day }",
            "contracts.ended_how": "{ constant: cancelled }",
        },
        kept={"accounts": 2, "contracts": 3},
        customers=2,
        mrr=1_750.5,
        columns={
            "accounts.size": {"101": "enterprise", "102": "small"},
            "accounts.touch_model": {"101": "high", "102": "tech"},
        },
    ),
    # UTF-16 with tabs, full-width digits, as "Unicode text" of Excel.
    Export(
        "unicode text of Excel",
        {
            "契約.txt": "顧客番号\t顧客名\t契約番号\t開始日\t月額料金\r\n１\t北\tC1\t2026/1/5\t１２０，０００\r\n"
            "２\t南\tC2\t2026/2/5\t８０，０００\r\n".encode("utf-16")
        },
        {"contracts.currency": "{ constant: JPY }"},
        kept={"accounts": 2, "contracts": 2},
        customers=2,
        mrr=200_000.0,
    ),
]

LOGS = [
    # The 13th comes late: whether days or months stand first is told by the whole column.
    Export(
        "an event log, days first",
        {
            "eventlog.csv": "customer_id,user,event,timestamp\n"
            + "".join(
                f"K{i % 3},u{i % 5},ticket.created,0{i % 6 + 1}/07/2026 09:{i % 60:02}\n"
                for i in range(5_500)
            )
            + "K1,u1,template.used,13/07/2026 10:00\n"
        },
        kept={"accounts": 3, "usage": 5_501},
        first={"usage.day": "2026-07-01"},
    ),
    Export(
        "a process log",
        {
            "process.csv": "case,activity,time,resource\nc1,register,2026-07-01 09:00:00,Ann\n"
            "c1,check,2026-07-02 09:00:00,Bo\nc1,pay,2026-07-05 09:00:00,Ann\nc2,register,2026-07-03 09:00:00,Ann\n"
            "c2,check,2026-07-09 09:00:00,Bo\n"
        },
        kept={"accounts": 2, "milestones": 5},
    ),
    Export(
        "a process log with the names of XES",
        {
            "log.csv": "case:concept:name,concept:name,time:timestamp,org:resource\n"
            "c1,A_SUBMITTED,2026-07-01T09:00:00,112\nc1,A_ACCEPTED,2026-07-02T09:00:00,113\n"
            "c2,A_SUBMITTED,2026-07-01T09:30:00,112\n"
        },
        kept={"accounts": 2, "milestones": 3},
    ),
    Export(
        "complaints in Japanese",
        {
            "苦情.csv": "日付,顧客,内容\n2026/07/01,北浜包装,印刷がずれる\n2026/08/02,南堀江商事,返事が遅い\n"
            "2026/08/09,北浜包装,請求が二重\n"
        },
        kept={"accounts": 2, "touches": 3},
    ),
    Export(
        "feedback",
        {"feedback.csv": "Date,Customer,Feedback\n2026-07-01,Kita,Too slow\n2026-07-02,Minami,Very good\n"},
        kept={"accounts": 2, "surveys": 2},
    ),
]

EXPORTS = [*ZENDESK, *FRESHDESK, *INTERCOM, *STRIPE, *MIXPANEL, *EXCEL, *LOGS]
