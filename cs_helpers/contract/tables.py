"""The data contract: the tables with their columns, declared once.

Each table is a pandera schema whose columns carry a meaning (en, ja), a unit and an example. The
data dictionary, the checks in the engine and the types of the snapshot are derived from it. Required
are only `accounts` and one table of what an account did with which product; an analysis that needs
another table reports on its page what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandera.pandas as pa

from cs_helpers.contract.schema import Table, account, column, not_negative, one_of, product, score, table
from cs_helpers.contract.vocabulary import (
    ENDINGS,
    EVIDENCE,
    POLARITIES,
    REASON_STATUSES,
    REASONS,
    REQUEST_STATUSES,
    SIZES,
    TOUCH_MODELS,
    VIEWPOINTS,
    WHY_LEVELS,
)

_TABLES = (
    table(
        "accounts",
        "One row a customer company.",
        "顧客企業ごとに1行。",
        {
            "account_id": column("text", "key of the customer", "顧客のキー", "A-0001"),
            "name": column(
                "text",
                "name of the company; empty: it is shown by its account_id",
                "会社名(空の場合は account_id で表示)",
                "Kitahama Packaging",
                needed=False,
            ),
            "size": column(
                "text",
                "company size (segment): small, mid, enterprise, or the classes that the sources file declares in sizes; "
                "empty or not known: unknown",
                "企業規模(セグメント): small・mid・enterprise、または sources ファイルの sizes で宣言した区分。空・不明は unknown",
                "mid",
                one_of(SIZES),
                needed=False,
            ),
            "industry": column(
                "text",
                "industry (segment); empty or not known: unknown",
                "業種(セグメント)。空・不明は unknown",
                "logistics",
                needed=False,
                label=True,
            ),
            "motivation": column(
                "integer",
                "how much the customer wants to change (segment)",
                "意欲(セグメント)",
                "4",
                score(),
                unit="1-5",
                needed=False,
                label=True,
            ),
            "literacy": column(
                "integer",
                "how well the customer masters such tools (segment)",
                "リテラシー(セグメント)",
                "2",
                score(),
                unit="1-5",
                needed=False,
                label=True,
            ),
            "csm": column("text", "the CSM in charge", "担当CSM", "csm-03", needed=False),
            "touch_model": column(
                "text",
                "how the customer is looked after",
                "タッチモデル",
                "low",
                one_of(TOUCH_MODELS),
                needed=False,
            ),
            "churned": column(
                "flag",
                "whether your own list calls the customer churned; only compared with the notices "
                "in touches and the running contracts",
                "自社リスト上の解約フラグ(touches の解約通知・継続中の契約との照合だけに使用)",
                "false",
                needed=False,
                label=True,
            ),
        },
        key=("account_id",),
        required=True,
        parent=None,
    ),
    table(
        "contracts",
        "One row a contract. It runs on a day: started_on <= day, and ended_on empty or not before it.",
        "契約ごとに1行。ある日に有効とは、started_on がその日以前で、ended_on が空かその日以降であること。",
        {
            "contract_id": column("text", "key of the contract", "契約のキー", "C-00001"),
            "account_id": account(),
            "product": product(),
            "started_on": column("date", "first day", "開始日", "2024-04-01"),
            "ended_on": column(
                "date",
                "last day; empty, or 2099 and later: running. Where the source writes the day after, say means: day_after",
                "最終日(空、または2099年以降は継続中)。翌日が書かれている場合は means: day_after と指定",
                "2026-03-31",
                needed=False,
            ),
            "ended_how": column(
                "text",
                "what ended_on is: the end of a paid term, which may be renewed, of a notice or of a "
                "cancelled contract",
                "ended_on の意味: 契約期間の満了(更新がありうる)、解約予告の期日、解約日のいずれか",
                "term",
                one_of(ENDINGS),
                needed=False,
            ),
            "mrr": column(
                "number",
                "recurring revenue a month; where amounts are for a quarter, a year or the term, say so in "
                "the product file",
                "月次経常収益(MRR)。四半期・年・契約期間の金額の場合は製品ファイルで指定",
                "120000",
                not_negative(),
                unit="currency a month",
            ),
            "currency": column("text", "currency of mrr", "通貨", "JPY"),
        },
        key=("contract_id",),
    ),
    table(
        "handovers",
        "One row a hand-over of a customer from sales, before the contract or at its start. Leave empty what was not handed over.",
        "契約前(または契約開始時)の営業からの引き継ぎ1件につき1行。引き継がれなかった項目は空のままにします。",
        {
            "account_id": account(),
            "product": product(),
            "handed_over_on": column("date", "when it was handed over", "引き継いだ日", "2026-03-20"),
            "from_role": column(
                "text",
                "role of who sold it: inside_sales, field_sales, partner ...",
                "引き継ぎ元の役割(inside_sales インサイドセールス・field_sales フィールドセールス・partner 代理店など)",
                "inside_sales",
                needed=False,
            ),
            "from_person": column(
                "text", "who handed it over", "引き継ぎ元の担当者", "sales-07", needed=False
            ),
            "problem": column(
                "text",
                "what the customer wants gone, and why it bought",
                "解消したい課題と導入の理由",
                "…",
                needed=False,
            ),
            "promised": column(
                "text", "what was promised to the customer", "顧客に約束したこと", "…", needed=False
            ),
            "expected_outcome": column(
                "text",
                "what the customer expects to have then, in words",
                "顧客が期待している成果(言葉で)",
                "…",
                needed=False,
            ),
            "expectation": column(
                "text",
                "the theme of that expectation, as codings.code has it",
                "期待のテーマ(codings.code と同じコード)",
                "month_end_folding",
                needed=False,
            ),
            "deadline": column(
                "date",
                "day by which it is promised or expected",
                "約束・期待されている期日",
                "2026-06-30",
                needed=False,
            ),
            "decision_maker": column(
                "text",
                "role of who decided to buy",
                "導入を決めた人の役職",
                "head of accounting",
                needed=False,
            ),
            "stakeholders": column(
                "text",
                "the people at the customer who are known, by role, or their number",
                "把握している顧客側の関係者(役割、または人数)",
                "accounting lead, IT",
                needed=False,
            ),
        },
        key=(),
        time="handed_over_on",
    ),
    table(
        "usage",
        "One row an event of use. Reduced in the engine: the rows themselves are not kept.",
        "利用イベントごとに1行。集計してから保存し、明細は残しません。",
        {
            "account_id": account(),
            "product": product(),
            "user_id": column("text", "who (pseudonymous)", "利用者(仮名)", "U-1", needed=False),
            "occurred_at": column("time", "when", "発生日時", "2026-07-01 09:30:00"),
            "event": column("text", "what was done", "イベント名", "web.accounting.invoice"),
            "quantity": column(
                "number",
                "how much, in the event's own unit; empty: 1",
                "数量(空は1)",
                "40",
                pa.Check.in_range(0, 10**12),
                needed=False,
            ),
            "usage_id": column(
                "text",
                "key of the row, where there is one",
                "行のキー(あれば)",
                "E-1",
                needed=False,
            ),
            "contract_id": column(
                "text",
                "the contract it was used under, where known",
                "利用した契約(わかる場合)",
                "C-00001",
                needed=False,
            ),
        },
        key=("usage_id",),
        time="occurred_at",
    ),
    table(
        "milestones",
        "One row each time that a customer reached a step of the journey, or did anything else worth recording.",
        "顧客がジャーニーのステップに到達するたびに1行(ステップ以外の出来事も記録できます)。",
        {
            "account_id": account(),
            "product": product(),
            "step": column("text", "the step (product file)", "ステップ(製品ファイル)", "kickoff"),
            "reached_at": column("time", "when", "到達日時", "2026-05-12 10:00:00"),
            "user_id": column(
                "text",
                "who reached it, where it is one's own",
                "到達した利用者(わかる場合)",
                "U-1",
                needed=False,
            ),
        },
        key=(),
        time="reached_at",
    ),
    table(
        "touches",
        "One row a contact with a customer, or a notice from one.",
        "顧客との接点(顧客からの通知を含む)ごとに1行。",
        {
            "account_id": account(),
            "product": product(),
            "occurred_at": column("time", "when", "日時", "2026-05-12 10:00:00"),
            "touch_model": column(
                "text",
                "high, low, tech or community",
                "タッチモデル",
                "high",
                one_of(TOUCH_MODELS),
                needed=False,
            ),
            "kind": column(
                "text",
                "meeting, mail, webinar ...; `churn_notice`: the customer gave notice",
                "種類(`churn_notice` は解約の申し出)",
                "meeting",
            ),
            "content": column("text", "what it was about", "内容", "second department", needed=False),
            "csm": column("text", "who", "担当", "csm-03", needed=False),
            "step": column("text", "step of the journey", "ステップ", "kickoff", needed=False),
        },
        key=(),
        time="occurred_at",
    ),
    table(
        "tickets",
        "One row a question or request to support.",
        "問い合わせごとに1行。",
        {
            "ticket_id": column("text", "key of the ticket", "問い合わせのキー", "T-1"),
            "account_id": account(),
            "product": product(),
            "opened_at": column("time", "when opened", "受付日時", "2026-05-12 10:00:00"),
            "answered_at": column(
                "time",
                "when first answered by a person; empty: not yet",
                "担当者が最初に回答した日時(空は未回答)",
                "2026-05-12 11:30:00",
                needed=False,
            ),
            "closed_at": column(
                "time",
                "when closed; empty: open",
                "完了日時(空は対応中)",
                "2026-05-13 09:00:00",
                needed=False,
            ),
            "kind": column("text", "kind", "種類", "how_to", needed=False),
        },
        key=("ticket_id",),
        time="opened_at",
    ),
    table(
        "surveys",
        "One row an answer to a survey.",
        "アンケート回答ごとに1行。",
        {
            "account_id": account(),
            "product": product(),
            "answered_on": column("date", "when", "回答日", "2026-06-01"),
            "nps": column(
                "integer",
                "likelihood to recommend",
                "推奨度(NPS)",
                "8",
                pa.Check.in_range(0, 10),
                unit="0-10",
                needed=False,
            ),
            "comment": column("text", "in the customer's words", "自由記述", "…", needed=False),
        },
        key=(),
        time="answered_on",
    ),
    table(
        "assessments",
        "One row a judgement of a CSM on one measure of one customer.",
        "CSM による評価(顧客・評価項目ごと)1件につき1行。",
        {
            "account_id": account(),
            "product": product(),
            "assessed_on": column("date", "when", "評価日", "2026-06-30"),
            "measure": column("text", "what (product file)", "評価項目(製品ファイル)", "sponsor"),
            "score": column("integer", "score, 5 is best", "評点(5が最良)", "4", score(), unit="1-5"),
            "assessed_by": column("text", "who", "評価者", "csm-03", needed=False),
        },
        key=(),
        time="assessed_on",
    ),
    table(
        "interviews",
        "One row a conversation with a customer.",
        "顧客インタビューごとに1行。",
        {
            "interview_id": column("text", "key of the interview", "インタビューのキー", "I-1"),
            "account_id": account(),
            "product": product(),
            "held_on": column("date", "when", "実施日", "2026-06-10"),
            "interviewer": column("text", "who asked", "聞き手", "csm-03", needed=False),
            "interviewer_role": column("text", "role of who asked", "聞き手の役割", "cs", needed=False),
        },
        key=("interview_id",),
        time="held_on",
    ),
    table(
        "notes",
        "One row a note of an interview: one fact, in words that stay findable.",
        "インタビューのメモ1件につき1行(事実を1つ、言葉を残して)。",
        {
            "note_id": column("text", "key of the note", "メモのキー", "N-1"),
            "interview_id": column("text", "the interview", "インタビュー", "I-1"),
            "position": column("integer", "place in the interview", "順番", "3", needed=False),
            "speaker": column("text", "role of who spoke", "話し手の役割", "accounting lead", needed=False),
            "evidence": column(
                "text",
                "what was seen (behaviour), said (words), or only guessed (inference)",
                "根拠(behaviour 行動・words 発言・inference 推測)",
                "behaviour",
                one_of(EVIDENCE),
            ),
            "text": column("text", "the note itself", "メモ本文", "…"),
        },
        key=("note_id",),
        parent=("interviews", "interview_id"),
    ),
    table(
        "codings",
        "One row a coder's reading of a note.",
        "コーダーによるメモの分類1件につき1行。",
        {
            "note_id": column("text", "the note", "メモ", "N-1"),
            "coder": column("text", "who coded", "コーダー", "coder-a"),
            "coder_role": column("text", "role of the coder", "コーダーの役割", "cs", needed=False),
            "viewpoint": column(
                "text",
                "one of the five viewpoints: problem, solution, proposal, behaviour, request",
                "5つの視点(problem 課題・solution 解決・proposal 提案・behaviour 行動・request 要望)",
                "problem",
                one_of(VIEWPOINTS),
            ),
            "polarity": column(
                "text",
                "positive, negative or neutral",
                "肯定・否定・中立",
                "negative",
                one_of(POLARITIES),
                needed=False,
            ),
            "code": column("text", "the theme", "コード(テーマ)", "month_end_folding", needed=False),
            "why_level": column(
                "text",
                "depth of viewpoint 1: what, why, core, expectation",
                "課題の深さ(what 何を・why なぜ・core 害・expectation 期待)",
                "core",
                one_of(WHY_LEVELS),
                needed=False,
            ),
            "reason": column(
                "text",
                "why the customer has not acted: benefit, timing, guidance, bias",
                "動かない理由(benefit 利点・timing 時期・guidance 案内・bias 思い込み)",
                "guidance",
                one_of(REASONS),
                needed=False,
            ),
            "reason_status": column(
                "text",
                "open, supported or refuted",
                "仮説の状態(open 未検証・supported 支持・refuted 反証)",
                "open",
                one_of(REASON_STATUSES),
                needed=False,
            ),
        },
        key=("note_id", "coder", "viewpoint", "code"),
        parent=("notes", "note_id"),
    ),
    table(
        "requests",
        "One row a request to the product, as it was handed to those who build it.",
        "製品への要望(開発側に渡したもの)ごとに1行。",
        {
            "request_id": column("text", "key of the request", "要望のキー", "R-01"),
            "product": product(),
            "title": column(
                "text", "what is asked for, in a line", "要望の内容(1行で)", "Read receipts", needed=False
            ),
            "code": column(
                "text",
                "the theme, as in codings: by it requests and interviews belong together",
                "テーマ(codings の code と同じ。要望とインタビューを結び付けます)",
                "read_receipt",
                needed=False,
            ),
            "kind": column(
                "text",
                "function, fix, documentation ...",
                "種類(機能・修正・資料など)",
                "function",
                needed=False,
            ),
            "status": column(
                "text",
                "open, considering, planned, declined, released, or exists: the product does it already",
                "状態(open 未回答・considering 検討中・planned 予定・declined 見送り・released リリース済み・exists 既に製品にある)",
                "planned",
                one_of(REQUEST_STATUSES),
            ),
            "raised_on": column(
                "date", "when it was handed to the product", "開発側に渡した日", "2026-03-02"
            ),
            "decided_on": column(
                "date",
                "when it was answered: planned, declined, or that it exists; empty: not yet, or not recorded",
                "回答が決まった日(予定・見送り・既にある。空は未回答または記録なし)",
                "2026-04-20",
                needed=False,
            ),
            "released_on": column(
                "date", "when it was released", "リリースした日", "2026-07-15", needed=False
            ),
            "link": column(
                "text",
                "where it is kept, as in the tracker",
                "記録の場所(チケット管理のURLなど)",
                "https://tracker.example/R-01",
                needed=False,
            ),
        },
        key=("request_id",),
        time="raised_on",
        parent=None,
    ),
    table(
        "request_accounts",
        "One row each time that a customer asked for a request, or was told of it again.",
        "顧客が要望を伝えるたびに1行(結果を改めて伝えたときも1行追加)。",
        {
            "account_id": account(),
            "product": product(),
            "request_id": column("text", "the request", "要望", "R-01"),
            "asked_on": column("date", "when the customer asked", "顧客が要望を伝えた日", "2026-02-24"),
            "told_on": column(
                "date",
                "when the customer was told what has become of it; empty: not told. Told again, as of the release: another row",
                "結果を顧客に伝えた日(空は未連絡)。リリースなどを改めて伝えたら行を追加",
                "2026-07-20",
                needed=False,
            ),
            "heard_in": column(
                "text",
                "interview, ticket, touch, survey ...",
                "要望を聞いた場(インタビュー・問い合わせ・接点など)",
                "interview",
                needed=False,
            ),
        },
        key=(),
        time="asked_on",
        refers_to=(("requests", "request_id"),),
    ),
    table(
        "costs",
        "One row a month, product and category of cost.",
        "月・製品・費目ごとに1行。",
        {
            "month": column("date", "first day of the month", "月初日", "2026-06-01"),
            "product": product(),
            "category": column("text", "what was paid for", "費目", "support"),
            "amount": column("number", "how much", "金額", "1200000", unit="currency"),
            "currency": column("text", "currency of amount", "通貨", "JPY"),
        },
        key=("month", "product", "category"),
        parent=None,
    ),
)

#: name -> table, parents before their children
TABLES: Mapping[str, Table] = MappingProxyType({t.name: t for t in _TABLES})

#: the tables whose rows have an account and a product: without contracts they define the accounts of a product
ACCOUNT_TABLES = tuple(name for name, t in TABLES.items() if {"account_id", "product"} <= set(t.columns))
