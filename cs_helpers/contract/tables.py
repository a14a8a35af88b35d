"""The contract: what each table must hold, declared once.

Each table is a pandera schema whose columns carry a meaning (en, ja), a unit, an example and what they tell
of (`disclosure`). The
data dictionary, the checks in the engine and the types of the snapshot all come from here. Only
`accounts` and `contracts` are required; without another table, the analyses that need it say on
their page what they cannot say.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandera.pandas as pa

from cs_helpers.contract.schema import Table, account, column, not_negative, one_of, product, score, table
from cs_helpers.contract.vocabulary import (
    EVIDENCE,
    POLARITIES,
    REASON_STATUSES,
    REASONS,
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
            "account_id": column("text", "company", "key of the customer", "顧客のキー", "A-0001"),
            "name": column("text", "company", "name of the company", "会社名", "Kitahama Packaging"),
            "size": column(
                "text", "public", "company size (segment)", "企業規模(セグメント)", "mid", one_of(SIZES)
            ),
            "industry": column("text", "public", "industry (segment)", "業種(セグメント)", "logistics"),
            "motivation": column(
                "integer",
                "public",
                "how much the customer wants to change (segment)",
                "意欲(セグメント)",
                "4",
                score(),
                unit="1-5",
                needed=False,
            ),
            "literacy": column(
                "integer",
                "public",
                "how well the customer masters such tools (segment)",
                "リテラシー(セグメント)",
                "2",
                score(),
                unit="1-5",
                needed=False,
            ),
            "csm": column("text", "person", "the CSM in charge", "担当CSM", "csm-03", needed=False),
            "touch_model": column(
                "text",
                "public",
                "how the customer is looked after",
                "タッチモデル",
                "low",
                one_of(TOUCH_MODELS),
                needed=False,
            ),
            "churned": column(
                "flag",
                "public",
                "whether your own list calls the customer churned; only compared with the notices "
                "in touches and the running contracts",
                "自社リスト上の解約フラグ(touches の解約通知・継続中の契約との照合だけに使用)",
                "false",
                needed=False,
            ),
        },
        key=("account_id",),
        required=True,
        parent=None,
    ),
    table(
        "contracts",
        "One row a contract. Active on a day: started_on <= day, and ended_on empty or after it.",
        "契約ごとに1行。ある日に有効とは、started_on がその日以前で、ended_on が空かその日より後。",
        {
            "contract_id": column("text", "company", "key of the contract", "契約のキー", "C-00001"),
            "account_id": account(),
            "product": product(),
            "started_on": column("date", "public", "first day", "開始日", "2024-04-01"),
            "ended_on": column(
                "date",
                "public",
                "day of the end; empty: running",
                "終了日(空は継続中)",
                "2026-03-31",
                needed=False,
            ),
            "mrr": column(
                "number",
                "public",
                "recurring revenue a month",
                "月次経常収益(MRR)",
                "120000",
                not_negative(),
                unit="currency a month",
            ),
            "currency": column("text", "public", "currency of mrr", "通貨", "JPY"),
        },
        key=("contract_id",),
        required=True,
    ),
    table(
        "usage",
        "One row an event of use. Reduced in the engine: the rows themselves are not kept.",
        "利用イベントごとに1行。集計してから保存し、明細は残しません。",
        {
            "account_id": account(),
            "product": product(),
            "user_id": column("text", "person", "who (pseudonymous)", "利用者(仮名)", "U-1", needed=False),
            "occurred_at": column("time", "public", "when", "発生日時", "2026-07-01 09:30:00"),
            "event": column("text", "public", "what was done", "イベント名", "web.accounting.invoice"),
            "quantity": column(
                "number",
                "public",
                "how much, in the event's own unit; empty: 1",
                "数量(空は1)",
                "40",
                pa.Check.in_range(0, 10**12),
                needed=False,
            ),
            "usage_id": column(
                "text",
                "company",
                "key of the row, where there is one",
                "行のキー(あれば)",
                "E-1",
                needed=False,
            ),
            "contract_id": column(
                "text",
                "company",
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
            "step": column("text", "public", "the step (product file)", "ステップ(製品ファイル)", "kickoff"),
            "reached_at": column("time", "public", "when", "到達日時", "2026-05-12 10:00:00"),
            "user_id": column(
                "text",
                "person",
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
            "occurred_at": column("time", "public", "when", "日時", "2026-05-12 10:00:00"),
            "touch_model": column(
                "text",
                "public",
                "high, low, tech or community",
                "タッチモデル",
                "high",
                one_of(TOUCH_MODELS),
                needed=False,
            ),
            "kind": column(
                "text",
                "public",
                "meeting, mail, webinar ...; `churn_notice`: the customer gave notice",
                "種類(`churn_notice` は解約の申し出)",
                "meeting",
            ),
            "content": column(
                "text", "public", "what it was about", "内容", "second department", needed=False
            ),
            "csm": column("text", "person", "who", "担当", "csm-03", needed=False),
            "step": column("text", "public", "step of the journey", "ステップ", "kickoff", needed=False),
        },
        key=(),
        time="occurred_at",
    ),
    table(
        "tickets",
        "One row a question or request to support.",
        "問い合わせごとに1行。",
        {
            "ticket_id": column("text", "company", "key of the ticket", "問い合わせのキー", "T-1"),
            "account_id": account(),
            "product": product(),
            "opened_at": column("time", "public", "when opened", "受付日時", "2026-05-12 10:00:00"),
            "closed_at": column(
                "time",
                "public",
                "when closed; empty: open",
                "完了日時(空は対応中)",
                "2026-05-13 09:00:00",
                needed=False,
            ),
            "kind": column("text", "public", "kind", "種類", "how_to", needed=False),
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
            "answered_on": column("date", "public", "when", "回答日", "2026-06-01"),
            "nps": column(
                "integer",
                "public",
                "likelihood to recommend",
                "推奨度(NPS)",
                "8",
                pa.Check.in_range(0, 10),
                unit="0-10",
                needed=False,
            ),
            "comment": column("text", "told", "in the customer's words", "自由記述", "…", needed=False),
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
            "assessed_on": column("date", "public", "when", "評価日", "2026-06-30"),
            "measure": column("text", "public", "what (product file)", "評価項目(製品ファイル)", "sponsor"),
            "score": column(
                "integer", "public", "score, 5 is best", "評点(5が最良)", "4", score(), unit="1-5"
            ),
            "assessed_by": column("text", "person", "who", "評価者", "csm-03", needed=False),
        },
        key=(),
        time="assessed_on",
    ),
    table(
        "interviews",
        "One row a conversation with a customer.",
        "顧客インタビューごとに1行。",
        {
            "interview_id": column("text", "company", "key of the interview", "インタビューのキー", "I-1"),
            "account_id": account(),
            "product": product(),
            "held_on": column("date", "public", "when", "実施日", "2026-06-10"),
            "interviewer": column("text", "person", "who asked", "聞き手", "csm-03", needed=False),
            "interviewer_role": column(
                "text", "public", "role of who asked", "聞き手の役割", "cs", needed=False
            ),
        },
        key=("interview_id",),
        time="held_on",
    ),
    table(
        "notes",
        "One row a note of an interview: one fact, in words that stay findable.",
        "インタビューのメモ1件につき1行(事実を1つ、言葉を残して)。",
        {
            "note_id": column("text", "company", "key of the note", "メモのキー", "N-1"),
            "interview_id": column("text", "company", "the interview", "インタビュー", "I-1"),
            "position": column("integer", "public", "place in the interview", "順番", "3", needed=False),
            "speaker": column(
                "text", "told", "role of who spoke", "話し手の役割", "accounting lead", needed=False
            ),
            "evidence": column(
                "text",
                "told",
                "what was seen (behaviour), said (words), or only guessed (inference)",
                "根拠(behaviour 行動・words 発言・inference 推測)",
                "behaviour",
                one_of(EVIDENCE),
            ),
            "text": column("text", "told", "the note itself", "メモ本文", "…"),
        },
        key=("note_id",),
        parent=("interviews", "interview_id"),
    ),
    table(
        "codings",
        "One row a coder's reading of a note.",
        "コーダーによるメモの分類1件につき1行。",
        {
            "note_id": column("text", "company", "the note", "メモ", "N-1"),
            "coder": column("text", "person", "who coded", "コーダー", "coder-a"),
            "coder_role": column("text", "public", "role of the coder", "コーダーの役割", "cs", needed=False),
            "viewpoint": column(
                "text",
                "told",
                "one of the five viewpoints: problem, solution, proposal, behaviour, request",
                "5つの視点(problem 課題・solution 解決・proposal 提案・behaviour 行動・request 要望)",
                "problem",
                one_of(VIEWPOINTS),
            ),
            "polarity": column(
                "text",
                "told",
                "positive, negative or neutral",
                "肯定・否定・中立",
                "negative",
                one_of(POLARITIES),
                needed=False,
            ),
            "code": column("text", "told", "the theme", "コード(テーマ)", "month_end_folding", needed=False),
            "why_level": column(
                "text",
                "told",
                "depth of viewpoint 1: what, why, core, expectation",
                "課題の深さ(what 何を・why なぜ・core 害・expectation 期待)",
                "core",
                one_of(WHY_LEVELS),
                needed=False,
            ),
            "reason": column(
                "text",
                "told",
                "why the customer has not acted: benefit, timing, guidance, bias",
                "動かない理由(benefit 利点・timing 時期・guidance 案内・bias 思い込み)",
                "guidance",
                one_of(REASONS),
                needed=False,
            ),
            "reason_status": column(
                "text",
                "told",
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
        "costs",
        "One row a month, product and category of cost.",
        "月・製品・費目ごとに1行。",
        {
            "month": column("date", "public", "first day of the month", "月初日", "2026-06-01"),
            "product": product(),
            "category": column("text", "public", "what was paid for", "費目", "support"),
            "amount": column("number", "public", "how much", "金額", "1200000", unit="currency"),
            "currency": column("text", "public", "currency of amount", "通貨", "JPY"),
        },
        key=("month", "product", "category"),
        parent=None,
    ),
)

#: the contract: name -> table, in the order in which parents come before their children
TABLES: Mapping[str, Table] = MappingProxyType({t.name: t for t in _TABLES})
