"""Exports of tools that hold customers and contracts: Salesforce, HubSpot, Gainsight, kintone, Sansan, freee."""

from __future__ import annotations

from exports.shape import Export, euro, yen

SALESFORCE = [
    # The Data Loader: names of fields as the API has them. C3 ended on 08-31; C4 begins after the quarter.
    Export(
        "salesforce objects",
        {
            "Account.csv": "Id,Name,Type,Industry,NumberOfEmployees,OwnerId,CreatedDate\n"
            "001A,Kita Packaging,Customer,Manufacturing,1200,005X,2024-01-05T02:11:00.000Z\n"
            "001B,Minami Trading,Customer,Wholesale,80,005Y,2024-02-05T02:11:00.000Z\n"
            "001C,Higashi Foods,Customer,Retail,12,005X,2024-03-05T02:11:00.000Z\n",
            "Contract.csv": "Id,ContractNumber,AccountId,StartDate,EndDate,ContractTerm,Status,MRR__c,CurrencyIsoCode\n"
            "800A,00000101,001A,2025-10-01,2026-09-30,12,Activated,1200.00,USD\n"
            "800B,00000102,001B,2026-01-01,2026-12-31,12,Activated,300.00,USD\n"
            "800C,00000103,001C,2025-09-01,2026-08-31,12,Expired,150.50,USD\n"
            "800D,00000104,001C,2026-10-01,2027-09-30,12,Draft,150.50,USD\n",
        },
        {"contracts.ended_how": "{ constant: term }"},
        kept={"accounts": 3, "contracts": 3},
        customers=2,
        mrr=1_500.0,
        columns={"accounts.size": {"001A": "enterprise", "001B": "mid", "001C": "small"}},
    ),
    # A report in Japanese, with the lines that Salesforce writes below it. 株式会社南 ended with August.
    Export(
        "salesforce reports in Japanese",
        {
            "取引先.csv": "取引先 ID,取引先名,業種,従業員数,取引先 所有者\n"
            "A-1,株式会社北,製造業,350,佐藤\nA-2,株式会社南,小売,40,鈴木\nA-3,株式会社東,物流,8,佐藤\n",
            "契約レポート.csv": "契約番号,取引先 ID,取引先名,契約開始日,契約終了日,状況,月額\n"
            f"00000201,A-1,株式会社北,2026/04/01,2027/03/31,有効,{yen('120,000')}\n"
            f"00000202,A-2,株式会社南,2025/09/01,2026/08/31,終了,{yen('80,000')}\n"
            f"00000203,A-3,株式会社東,2026/07/01,2027/06/30,有効,{yen('9,800')}\n",
        },
        {
            "contracts.ended_how": "{ constant: term }",
        },
        kept={"accounts": 3, "contracts": 3},
        customers=2,
        mrr=129_800.0,
        columns={"accounts.size": {"A-1": "enterprise", "A-2": "small", "A-3": "small"}},
    ),
    # Who was lost as a deal is no customer: that is said by a person. Its amounts are for a year.
    Export(
        "salesforce opportunities",
        {
            "opportunities.csv": '"Opportunity Name","Account Name","Stage","Close Date","Amount","Opportunity ID"\n'
            '"Kita 2026","Kita Packaging","Closed Won","3/28/2026","USD 12,000.00","006A"\n'
            '"Minami 2026","Minami Trading","Closed Won","8/15/2026","USD 2,400.00","006B"\n'
            '"Higashi 2026","Higashi Foods","Closed Lost","8/20/2026","USD 9,600.00","006C"\n'
        },
        {
            "contracts.where": '"\\"Stage\\" = \'Closed Won\'"',
        },
        product={"amount_per": "year"},
        kept={"accounts": 3, "contracts": 2},
        customers=2,
        mrr=1_200.0,
        first={"contracts.started_on": "2026-03-28"},
    ),
    # Cases and tasks, and no contract at all.
    Export(
        "salesforce cases and tasks",
        {
            "Account.csv": "Id,Name,Industry\n001A,Kita,Retail\n001B,Minami,Retail\n",
            "Case.csv": "Id,CaseNumber,AccountId,Type,Status,Subject,CreatedDate,ClosedDate\n"
            "500A,00001001,001A,Question,Closed,How to fold,2026-07-01T09:00:00,2026-07-02T10:00:00\n"
            "500B,00001002,001A,Problem,New,It stops,2026-08-01T09:00:00,\n"
            "500C,00001003,001B,Question,New,Where is it,2026-09-01T09:00:00,\n",
            "Task.csv": "Id,AccountId,Type,Subject,ActivityDate,Status,OwnerId\n"
            "00TA,001A,Call,Kick-off,2026-07-10,Completed,005X\n00TB,001B,Email,Renewal,2026-08-11,Completed,005Y\n",
        },
        kept={"accounts": 2, "tickets": 3, "touches": 2},
        closed={"tickets": 1},
    ),
]

HUBSPOT = [
    # 9004 was lost: that is said. 9002 ends on 08-15.
    Export(
        "hubspot companies and deals",
        {
            "hubspot-companies.csv": '"Record ID","Company name","Company owner","Create Date","Industry",'
            '"Number of Employees"\n'
            '"501","Kita","Ann Lee","2024-01-05 10:11","RETAIL","700"\n'
            '"502","Minami","Bo Ek","2024-02-05 10:11","LOGISTICS","75"\n'
            '"503","Higashi","Ann Lee","2024-03-05 10:11","RETAIL","5"\n',
            "hubspot-deals.csv": '"Record ID","Deal Name","Deal Stage","Close Date","Contract start date",'
            '"Contract end date","Monthly recurring revenue","Associated Company","Associated Company IDs","Currency"\n'
            '"9001","Kita","Closed won","2025-01-20 09:00","2025-02-01","","500","Kita","501","EUR"\n'
            '"9002","Minami","Closed won","2025-02-20 09:00","2025-03-01","2026-08-15","300","Minami","502","EUR"\n'
            '"9003","Higashi","Closed won","2026-07-01 09:00","2026-07-20","","700","Higashi","503","EUR"\n'
            '"9004","Minami 2","Closed lost","2026-07-01 09:00","2026-07-20","","900","Minami","502","EUR"\n',
        },
        {
            "contracts.where": '"\\"Deal Stage\\" = \'Closed won\'"',
            "contracts.ended_on": "{ column: Contract end date, means: last_day }",
            "contracts.ended_how": "{ constant: cancelled }",
        },
        kept={"accounts": 3, "contracts": 3},
        customers=2,
        mrr=1_200.0,
        columns={"accounts.size": {"501": "enterprise", "502": "mid", "503": "small"}},
    ),
    # The names that HubSpot has inside; companies are known by their numbers alone.
    Export(
        "hubspot tickets, names of properties",
        {
            "tickets.csv": "hs_object_id,subject,hs_pipeline_stage,hs_ticket_category,createdate,closed_date,"
            "associatedcompanyid\n"
            "7001,Login,4,PRODUCT_ISSUE,2026-07-01 09:00:00,2026-07-02 12:00:00,501\n"
            "7002,Invoice,1,BILLING_ISSUE,2026-08-05 09:00:00,,502\n"
            "7003,Export,1,PRODUCT_ISSUE,2026-09-09 09:00:00,,501\n"
        },
        kept={"accounts": 2, "tickets": 3},
        closed={"tickets": 1},
    ),
    # Two numbers of the same company: the deals write them as an Excel that thought they were numbers.
    Export(
        "hubspot in Japanese, with ids that differ",
        {
            "会社.csv": "レコードID,会社名,会社の担当者,業種,従業員数\n0501,北浜包装,佐藤,製造業,320\n0502,南堀江商事,鈴木,商社,30\n",
            "取引.csv": "レコードID,取引名,取引ステージ,クローズ日,契約開始日,月額,関連付けられた会社ID\n"
            f"8001,北浜 更新,成約,2025-12-20 10:00,2026-01-01,{yen('50,000')},501\n"
            f"8002,南 新規,成約,2026-08-20 10:00,2026-09-01,{yen('20,000')},502\n",
        },
        {
            "accounts.account_id": "{ column: レコードID, normalize: [zeros] }",
            "contracts.account_id": "{ column: 関連付けられた会社ID, normalize: [zeros] }",
        },
        kept={"accounts": 2, "contracts": 2},
        customers=2,
        mrr=70_000.0,
    ),
]

GAINSIGHT = [
    Export(
        "gainsight companies and survey",
        {
            "Company.csv": "GSID,Name,Industry,Employees,CSM,Segment,Lifecycle Stage\n"
            "1P01,Kita,Retail,900,Ann Lee,Enterprise,Adopt\n1P02,Minami,Banking,120,Bo Ek,Mid-Market,Onboard\n"
            "1P03,Higashi,Retail,9,Ann Lee,SMB,Adopt\n",
            "NPS responses.csv": "Company Name,Respondent Name,Responded Date,NPS Score,NPS Type,Comments\n"
            "Kita,A B,07/15/2026,9,Promoter,Good\nKita,C D,07/16/2026,4,Detractor,Slow\n"
            "Higashi,E F,08/01/2026,7,Passive,\nMinami,G H,08/02/2026,10,Promoter,\n",
        },
        kept={"accounts": 3, "surveys": 4},
        first={"surveys.answered_on": "2026-07-15"},
        columns={"accounts.size": {"1P01": "enterprise", "1P02": "mid", "1P03": "small"}},
    ),
    Export(
        "gainsight timeline and calls to action",
        {
            "timeline.csv": "Activity ID,Company ID,Company Name,Activity Type,Activity Date,Subject,Notes,Author\n"
            "T1,1P01,Kita,Meeting,2026-07-05 10:00,QBR,went well,Ann\nT2,1P02,Minami,Email,2026-07-06 11:00,Hi,sent,Bo\n"
            "T3,1P01,Kita,Call,2026-08-06 09:00,Risk,heard,Ann\n"
        },
        kept={"accounts": 2, "touches": 3},
    ),
]

KINTONE = [
    # cp932, as kintone writes for Excel; 契約終了日 of 北 lies ahead. 南 left on 07-31.
    Export(
        "kintone customers and contracts",
        {
            "顧客管理.csv": "レコード番号,会社名,顧客コード,規模,業種,対応区分,担当者,更新日時\n"
            "1,北浜包装㈱,K001,大手,製造業,ハイタッチ,佐藤,2026/09/01 10:00\n"
            "2,南堀江商事,K002,中堅,商社,ロータッチ,鈴木,2026/09/02 10:00\n"
            "3,東天満食品,K003,中小,食品,テックタッチ,佐藤,2026/09/03 10:00\n".encode("cp932", "replace"),
            "契約管理.csv": "レコード番号,契約番号,顧客コード,会社名,サービス名,契約開始日,契約終了日,月額費用\n"
            '11,C-1,K001,北浜包装,ヘルプデスク,2026年4月1日,2027年3月31日,"120,000"\n'
            '12,C-2,K002,南堀江商事,ヘルプデスク,2025年8月1日,2026年7月31日,"45,000"\n'
            '13,C-3,K003,東天満食品,ヘルプデスク,2026年7月15日,2027年7月14日,"9,800"\n'.encode("cp932"),
        },
        {
            "contracts.product": "{ constant: helpdesk }",
            "contracts.currency": "{ constant: JPY }",
            "contracts.ended_on": '{ column: 契約終了日, format: "%Y年%m月%d日", means: last_day }',
        },
        kept={"accounts": 3, "contracts": 3},
        customers=2,
        mrr=129_800.0,
        columns={
            "accounts.size": {"K001": "enterprise", "K002": "mid", "K003": "small"},
            "accounts.touch_model": {"K001": "high", "K002": "low", "K003": "tech"},
        },
    ),
    Export(
        "kintone support",
        {
            "サポート.csv": "レコード番号,受付日時,会社名,問い合わせ種別,対応状況,対応完了日時,詳細\n"
            "1,2026/07/01 09:30,北浜包装,操作方法,完了,2026/07/01 15:00,印刷\n"
            "2,2026/08/11 10:00,南堀江商事,不具合,対応中,,保存\n3,2026/09/12 11:00,北浜包装,操作方法,対応中,,検索\n"
        },
        kept={"accounts": 2, "tickets": 3},
        closed={"tickets": 1},
    ),
]

SANSAN = [
    Export(
        "sansan companies and contacts",
        {
            "会社一覧.csv": "会社コード,会社名,業種,従業員数,売上高\nS1,北浜包装,製造,1500,100億円\nS2,南堀江商事,卸売,60,3億円\n",
            "コンタクト.csv": "会社コード,会社名,コンタクト日時,コンタクト種別,件名,参加者\n"
            "S1,北浜包装,2026/07/03 10:00,訪問,定例,佐藤\nS2,南堀江商事,2026/07/04 13:00,電話,確認,鈴木\n"
            "S1,北浜包装,2026/08/03 10:00,Web会議,定例,佐藤\n",
        },
        kept={"accounts": 2, "touches": 3},
        columns={"accounts.size": {"S1": "enterprise", "S2": "mid"}},
    ),
]

FREEE = [
    # One invoice a month each: 南 has none for September.
    Export(
        "freee partners and invoices",
        {
            "取引先.csv": "取引先コード,取引先名,正式名称,住所\nP1,北,北浜包装株式会社,大阪\nP2,南,南堀江商事株式会社,大阪\n",
            "請求書.csv": "請求書番号,取引先コード,取引先名,請求日,利用期間開始,利用期間終了,件名,請求金額\n"
            '1,P1,北,2026-07-01,2026-07-01,2026-07-31,月額,"10,000"\n2,P2,南,2026-07-01,2026-07-01,2026-07-31,月額,"5,000"\n'
            '3,P1,北,2026-08-01,2026-08-01,2026-08-31,月額,"10,000"\n4,P2,南,2026-08-01,2026-08-01,2026-08-31,月額,"5,000"\n'
            '5,P1,北,2026-09-01,2026-09-01,2026-09-30,月額,"12,000"\n',
        },
        {"contracts.currency": "{ constant: JPY }"},
        kept={"accounts": 2, "contracts": 5},
        customers=1,
        mrr=12_000.0,
    ),
    # A deal of freee tells the day and no end: a person says that it is for the month.
    Export(
        "freee deals, for a month each",
        {
            "取引.csv": "収支区分,管理番号,発生日,取引先,勘定科目,金額,品目\n"
            '収入,1,2026/08/01,北浜包装,売上高,"10,000",月額利用料\n収入,2,2026/09/01,北浜包装,売上高,"10,000",月額利用料\n'
            '収入,3,2026/09/01,南堀江商事,売上高,"8,000",月額利用料\n収入,4,2026/07/01,東,売上高,"7,000",月額利用料\n'
        },
        {
            "contracts.currency": "{ constant: JPY }",
            "contracts.ended_on": "{ sql: 'last_day(\"発生日\"::date)', means: last_day }",
        },
        kept={"accounts": 3, "contracts": 4},
        customers=2,
        mrr=18_000.0,
    ),
]

EUROPE = [
    # Points between thousands, a comma before the cents, days first (the 13th of a month tells), semicolons.
    Export(
        "an export of Excel in Germany",
        {
            "kunden.csv": "Customer No;Company name;Segment\nK1;Nord;Enterprise\nK2;Süd;SMB\n",
            "vertraege.csv": "Contract No;Customer No;Start date;End date;Monthly amount;Currency\n"
            f"V1;K1;13.01.2026;;{euro('1.200,50')};EUR\nV2;K2;01.02.2026;31.08.2026;{euro('80,00')};EUR\n"
            f"V3;K2;01.09.2026;;{euro('90,25')};EUR\n",
        },
        {
            "contracts.ended_on": '{ column: End date, format: "%d.%m.%Y", means: last_day }',
            "contracts.ended_how": "{ constant: term }",
        },
        kept={"accounts": 2, "contracts": 3},
        customers=2,
        mrr=1_290.75,
        first={"contracts.started_on": "2026-01-13"},
    ),
]

EXPORTS = [*SALESFORCE, *HUBSPOT, *GAINSIGHT, *KINTONE, *SANSAN, *FREEE, *EUROPE]
