"""The contract: what each table must hold, declared once.

Each table is a pandera schema whose columns carry a meaning (en, ja), a unit and an example. The
data dictionary, the checks in the engine and the types of the snapshot all come from here. Only
`accounts` and `contracts` are required; without another table, the analyses that need it say on
their page what they cannot say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pandera.pandas as pa

from cs_helpers.contract.vocabulary import (
    DTYPES,
    EVIDENCE,
    POLARITIES,
    REASON_STATUSES,
    REASONS,
    SIZES,
    TOUCH_MODELS,
    VIEWPOINTS,
    WHY_LEVELS,
)


@dataclass(frozen=True)
class Table:
    """One table of the contract.

    `time` names the column by which a row is dated: rows dated after the snapshot's as-of date
    are refused. `parent` names the table (and its key column) that each row must belong to.
    """

    name: str
    meaning: Mapping[str, str]
    schema: pa.DataFrameSchema
    key: tuple[str, ...]
    required: bool = False
    time: str | None = None
    parent: tuple[str, str] | None = None

    @property
    def columns(self) -> Mapping[str, pa.Column]:
        """The columns, by name, in order."""
        return dict(self.schema.columns)

    def kind(self, column: str) -> str:
        """The contract's type of a column: text, integer, number, date, time or flag."""
        return str(self.columns[column].metadata["kind"])

    def required_columns(self) -> tuple[str, ...]:
        """The columns without which the table cannot be read."""
        return tuple(n for n, c in self.columns.items() if c.metadata["mapped"])


def _column(
    kind: str,
    en: str,
    ja: str,
    example: str,
    *checks: pa.Check,
    unit: str = "",
    needed: bool = True,
    empty: bool = False,
) -> pa.Column:
    """A column; `needed`: the source must have it; `empty`: single values may be missing."""
    metadata: dict[str, Any] = {
        "kind": kind,
        "en": en,
        "ja": ja,
        "unit": unit,
        "example": example,
        "mapped": needed,
    }
    return pa.Column(
        DTYPES[kind], list(checks), nullable=empty or not needed, metadata=metadata, description=en
    )


def _one_of(values: tuple[str, ...]) -> pa.Check:
    return pa.Check.isin(list(values))


def _score() -> pa.Check:
    return pa.Check.in_range(1, 5)


def _not_negative() -> pa.Check:
    return pa.Check.greater_than_or_equal_to(0)


def _table(
    name: str,
    en: str,
    ja: str,
    columns: dict[str, pa.Column],
    *,
    key: tuple[str, ...],
    required: bool = False,
    time: str | None = None,
    parent: tuple[str, str] | None = ("accounts", "account_id"),
) -> Table:
    schema = pa.DataFrameSchema(columns, name=name, strict=True, description=en)
    return Table(name, {"en": en, "ja": ja}, schema, key, required, time, parent)


def _account() -> pa.Column:
    return _column("text", "the customer", "顧客", "A-0001")


def _product() -> pa.Column:
    return _column("text", "the product", "製品", "paper_to_web")


_TABLES = (
    _table(
        "accounts",
        "One row a customer company.",
        "顧客企業ごとに1行。",
        {
            "account_id": _column("text", "key of the customer", "顧客のキー", "A-0001"),
            "name": _column("text", "name of the company", "会社名", "Kitahama Packaging"),
            "size": _column("text", "company size (segment)", "企業規模(セグメント)", "mid", _one_of(SIZES)),
            "industry": _column("text", "industry (segment)", "業種(セグメント)", "logistics"),
            "motivation": _column(
                "integer",
                "how much the customer wants to change (segment)",
                "意欲(セグメント)",
                "4",
                _score(),
                unit="1-5",
                needed=False,
            ),
            "literacy": _column(
                "integer",
                "how well the customer masters such tools (segment)",
                "リテラシー(セグメント)",
                "2",
                _score(),
                unit="1-5",
                needed=False,
            ),
            "csm": _column("text", "the CSM in charge", "担当CSM", "csm-03", needed=False),
            "touch_model": _column(
                "text",
                "how the customer is looked after",
                "タッチモデル",
                "low",
                _one_of(TOUCH_MODELS),
                needed=False,
            ),
            "churned": _column(
                "flag",
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
    _table(
        "contracts",
        "One row a contract. Active on a day: started_on <= day, and ended_on empty or after it.",
        "契約ごとに1行。ある日に有効とは、started_on がその日以前で、ended_on が空かその日より後。",
        {
            "contract_id": _column("text", "key of the contract", "契約のキー", "C-00001"),
            "account_id": _account(),
            "product": _product(),
            "started_on": _column("date", "first day", "開始日", "2024-04-01"),
            "ended_on": _column(
                "date",
                "day of the end; empty: running",
                "終了日(空は継続中)",
                "2026-03-31",
                needed=False,
            ),
            "mrr": _column(
                "number",
                "recurring revenue a month",
                "月次経常収益(MRR)",
                "120000",
                _not_negative(),
                unit="currency a month",
            ),
            "currency": _column("text", "currency of mrr", "通貨", "JPY"),
        },
        key=("contract_id",),
        required=True,
    ),
    _table(
        "usage",
        "One row an event of use. Reduced in the engine: the rows themselves are not kept.",
        "利用イベントごとに1行。集計してから保存し、明細は残しません。",
        {
            "account_id": _account(),
            "product": _product(),
            "user_id": _column("text", "who (pseudonymous)", "利用者(仮名)", "U-1", needed=False),
            "occurred_at": _column("time", "when", "発生日時", "2026-07-01 09:30:00"),
            "event": _column("text", "what was done", "イベント名", "web.accounting.invoice"),
            "quantity": _column(
                "number",
                "how much, in the event's own unit; empty: 1",
                "数量(空は1)",
                "40",
                pa.Check.in_range(0, 10**12),
                needed=False,
            ),
            "usage_id": _column(
                "text", "key of the row, where there is one", "行のキー(あれば)", "E-1", needed=False
            ),
            "contract_id": _column(
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
    _table(
        "milestones",
        "One row each time that a customer reached a step of the journey, or did anything else worth recording.",
        "顧客がジャーニーのステップに到達するたびに1行(ステップ以外の出来事も記録できます)。",
        {
            "account_id": _account(),
            "product": _product(),
            "step": _column("text", "the step (product file)", "ステップ(製品ファイル)", "kickoff"),
            "reached_at": _column("time", "when", "到達日時", "2026-05-12 10:00:00"),
            "user_id": _column(
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
    _table(
        "touches",
        "One row a contact with a customer, or a notice from one.",
        "顧客との接点(顧客からの通知を含む)ごとに1行。",
        {
            "account_id": _account(),
            "product": _product(),
            "occurred_at": _column("time", "when", "日時", "2026-05-12 10:00:00"),
            "touch_model": _column(
                "text",
                "high, low, tech or community",
                "タッチモデル",
                "high",
                _one_of(TOUCH_MODELS),
                needed=False,
            ),
            "kind": _column(
                "text",
                "meeting, mail, webinar ...; `churn_notice`: the customer gave notice",
                "種類(`churn_notice` は解約の申し出)",
                "meeting",
            ),
            "content": _column("text", "what it was about", "内容", "second department", needed=False),
            "csm": _column("text", "who", "担当", "csm-03", needed=False),
            "step": _column("text", "step of the journey", "ステップ", "kickoff", needed=False),
        },
        key=(),
        time="occurred_at",
    ),
    _table(
        "tickets",
        "One row a question or request to support.",
        "問い合わせごとに1行。",
        {
            "ticket_id": _column("text", "key of the ticket", "問い合わせのキー", "T-1"),
            "account_id": _account(),
            "product": _product(),
            "opened_at": _column("time", "when opened", "受付日時", "2026-05-12 10:00:00"),
            "closed_at": _column(
                "time",
                "when closed; empty: open",
                "完了日時(空は対応中)",
                "2026-05-13 09:00:00",
                needed=False,
            ),
            "kind": _column("text", "kind", "種類", "how_to", needed=False),
        },
        key=("ticket_id",),
        time="opened_at",
    ),
    _table(
        "surveys",
        "One row an answer to a survey.",
        "アンケート回答ごとに1行。",
        {
            "account_id": _account(),
            "product": _product(),
            "answered_on": _column("date", "when", "回答日", "2026-06-01"),
            "nps": _column(
                "integer",
                "likelihood to recommend",
                "推奨度(NPS)",
                "8",
                pa.Check.in_range(0, 10),
                unit="0-10",
                needed=False,
            ),
            "comment": _column("text", "in the customer's words", "自由記述", "…", needed=False),
        },
        key=(),
        time="answered_on",
    ),
    _table(
        "assessments",
        "One row a judgement of a CSM on one measure of one customer.",
        "CSM による評価(顧客・評価項目ごと)1件につき1行。",
        {
            "account_id": _account(),
            "product": _product(),
            "assessed_on": _column("date", "when", "評価日", "2026-06-30"),
            "measure": _column("text", "what (product file)", "評価項目(製品ファイル)", "sponsor"),
            "score": _column("integer", "score, 5 is best", "評点(5が最良)", "4", _score(), unit="1-5"),
            "assessed_by": _column("text", "who", "評価者", "csm-03", needed=False),
        },
        key=(),
        time="assessed_on",
    ),
    _table(
        "interviews",
        "One row a conversation with a customer.",
        "顧客インタビューごとに1行。",
        {
            "interview_id": _column("text", "key of the interview", "インタビューのキー", "I-1"),
            "account_id": _account(),
            "product": _product(),
            "held_on": _column("date", "when", "実施日", "2026-06-10"),
            "interviewer": _column("text", "who asked", "聞き手", "csm-03", needed=False),
            "interviewer_role": _column("text", "role of who asked", "聞き手の役割", "cs", needed=False),
        },
        key=("interview_id",),
        time="held_on",
    ),
    _table(
        "notes",
        "One row a note of an interview: one fact, in words that stay findable.",
        "インタビューのメモ1件につき1行(事実を1つ、言葉を残して)。",
        {
            "note_id": _column("text", "key of the note", "メモのキー", "N-1"),
            "interview_id": _column("text", "the interview", "インタビュー", "I-1"),
            "position": _column("integer", "place in the interview", "順番", "3", needed=False),
            "speaker": _column("text", "role of who spoke", "話し手の役割", "accounting lead", needed=False),
            "evidence": _column(
                "text",
                "what was seen (behaviour), said (words), or only guessed (inference)",
                "根拠(behaviour 行動・words 発言・inference 推測)",
                "behaviour",
                _one_of(EVIDENCE),
            ),
            "text": _column("text", "the note itself", "メモ本文", "…"),
        },
        key=("note_id",),
        parent=("interviews", "interview_id"),
    ),
    _table(
        "codings",
        "One row a coder's reading of a note.",
        "コーダーによるメモの分類1件につき1行。",
        {
            "note_id": _column("text", "the note", "メモ", "N-1"),
            "coder": _column("text", "who coded", "コーダー", "coder-a"),
            "coder_role": _column("text", "role of the coder", "コーダーの役割", "cs", needed=False),
            "viewpoint": _column(
                "text",
                "one of the five viewpoints: problem, solution, proposal, behaviour, request",
                "5つの視点(problem 課題・solution 解決・proposal 提案・behaviour 行動・request 要望)",
                "problem",
                _one_of(VIEWPOINTS),
            ),
            "polarity": _column(
                "text",
                "positive, negative or neutral",
                "肯定・否定・中立",
                "negative",
                _one_of(POLARITIES),
                needed=False,
            ),
            "code": _column("text", "the theme", "コード(テーマ)", "month_end_folding", needed=False),
            "why_level": _column(
                "text",
                "depth of viewpoint 1: what, why, core, expectation",
                "課題の深さ(what 何を・why なぜ・core 害・expectation 期待)",
                "core",
                _one_of(WHY_LEVELS),
                needed=False,
            ),
            "reason": _column(
                "text",
                "why the customer has not acted: benefit, timing, guidance, bias",
                "動かない理由(benefit 利点・timing 時期・guidance 案内・bias 思い込み)",
                "guidance",
                _one_of(REASONS),
                needed=False,
            ),
            "reason_status": _column(
                "text",
                "open, supported or refuted",
                "仮説の状態(open 未検証・supported 支持・refuted 反証)",
                "open",
                _one_of(REASON_STATUSES),
                needed=False,
            ),
        },
        key=("note_id", "coder", "viewpoint", "code"),
        parent=("notes", "note_id"),
    ),
    _table(
        "costs",
        "One row a month, product and category of cost.",
        "月・製品・費目ごとに1行。",
        {
            "month": _column("date", "first day of the month", "月初日", "2026-06-01"),
            "product": _product(),
            "category": _column("text", "what was paid for", "費目", "support"),
            "amount": _column("number", "how much", "金額", "1200000", unit="currency"),
            "currency": _column("text", "currency of amount", "通貨", "JPY"),
        },
        key=("month", "product", "category"),
        parent=None,
    ),
)

#: the contract: name -> table, in the order in which parents come before their children
TABLES: Mapping[str, Table] = MappingProxyType({t.name: t for t in _TABLES})
