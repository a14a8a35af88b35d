"""The tables of what customers say, of what is noted of them, and of what becomes of what they asked for."""

from __future__ import annotations

import pandera.pandas as pa

from cs_helpers.contract.schema import Table, account, column, one_of, product, score, table
from cs_helpers.contract.vocabulary import (
    EVIDENCE,
    POLARITIES,
    REASON_STATUSES,
    REASONS,
    REQUEST_STATUSES,
    VIEWPOINTS,
    WHY_LEVELS,
)

STATEMENT_TABLES: tuple[Table, ...] = (
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
            "evidence": column(
                "text",
                "what this coder takes the note for: behaviour, words or inference; empty: as notes.evidence",
                "このコーダーが判断した根拠(behaviour 行動・words 発言・inference 推測)。空なら notes.evidence のとおり",
                "behaviour",
                one_of(EVIDENCE),
                needed=False,
            ),
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
)
