"""What the exports of other systems call the contract's columns and tables, in English and Japanese.

Case, spaces, `_` and `-` do not count; the first words of a list are preferred.
"""

from __future__ import annotations

#: a column of the contract (of one table, where its name stands before it) -> what exports call it
SYNONYMS = {
    "account_id": "customer id, account no, account number, account code, customer no, customer number, "
    "customer code, client id, client code, company id, organization id, org id, tenant id, 顧客ID, 顧客コード, "
    "顧客番号, 取引先ID, 取引先コード, 取引先番号, 会社ID, 会社コード, 企業ID, 企業コード, お客様ID, お客様番号, "
    "アカウントID, テナントID",
    "accounts.name": "account name, company name, customer name, client name, company, organization name, "
    "会社名, 顧客名, 企業名, 取引先名, お客様名, 名称, 法人名, アカウント名",
    "size": "company size, customer size, account size, segment, customer segment, account segment, "
    "企業規模, 会社規模, 規模, 顧客規模, セグメント, 顧客セグメント",
    "industry": "industry name, sector, vertical, branch, line of business, 業種, 業界, 業種名, 産業",
    "motivation": "willingness, 意欲, 利用意欲, モチベーション",
    "literacy": "it literacy, digital literacy, リテラシー, ITリテラシー",
    "csm": "csm name, csm id, customer success manager, account owner, account manager, owner, assignee, "
    "担当CSM, 担当者, 担当, CS担当, 担当者名",
    "touch_model": "touch, touch tier, touch level, タッチモデル, タッチ, タッチ区分",
    "churned": "churn, churn flag, is churned, has churned, cancelled, 解約, 解約フラグ, 解約済み, 解約済",
    "contract_id": "subscription id, contract no, contract number, contract code, subscription no, "
    "agreement id, 契約ID, 契約番号, 契約No, 契約コード, サブスクリプションID",
    "product": "product name, product code, product id, service, service name, 製品, 製品名, 製品コード, 商品, "
    "商品名, 商品コード, サービス, サービス名, プロダクト",
    "started_on": "start date, contract start date, contract start, subscription start date, started at, "
    "start, begin date, effective date, 開始日, 契約開始日, 利用開始日, 課金開始日, 契約日",
    "ended_on": "end date, contract end date, contract end, subscription end date, ended at, end, "
    "cancellation date, cancelled at, churn date, expiry date, 終了日, 契約終了日, 解約日, 利用終了日, 満了日, "
    "term end, term end date, contract term end, current term end, current period end, expiration date, "
    "expires on, expires at, valid until, cancelled on, canceled on, canceled at, cancel date, churned on, "
    "churned at, termination date, terminated on, notice date, date of notice, notice given on, 契約満了日, "
    "契約期間終了日, 満期日, 有効期限, 解約予定日, 解約予告日, 予告日, 退会日, renewal date, next renewal date, "
    "contract renewal date, renews on, 契約更新日, 次回更新日, 更新予定日, 更新日",
    "mrr": "mrr amount, monthly amount, monthly recurring revenue, monthly charges, monthly charge, monthly "
    "fee, monthly revenue, monthly price, 月額, 月額料金, 月額費用, 月額金額, 月次経常収益, 月額利用料",
    "currency": "currency code, 通貨, 通貨コード",
    "user_id": "user, username, user name, login id, member id, contact id, distinct id, ユーザーID, ユーザID, "
    "利用者ID, 利用者, 会員ID, ログインID",
    "usage.occurred_at": "timestamp, event time, event timestamp, event date, event at, usage date, usage "
    "time, used at, used on, logged at, datetime, time, date, created at, 利用日時, 利用日, 発生日時, 発生日, "
    "イベント日時, 操作日時, アクセス日時, ログ日時, 日時, 日付",
    "event": "event name, event type, feature name, feature, action, action name, activity, イベント, "
    "イベント名, 操作, 操作名, 機能, 機能名, アクション",
    "quantity": "usage count, count, event count, qty, 数量, 利用回数, 回数, 件数",
    "usage_id": "event id, log id, イベントID, ログID, 利用ID",
    "step": "milestone, stage, step name, journey step, ステップ, マイルストーン, 段階",
    "reached_at": "reached on, completed at, achieved at, milestone date, 到達日時, 到達日, 達成日, 完了日",
    "touches.occurred_at": "touch date, activity date, meeting date, contact date, date, datetime, time, "
    "timestamp, created at, churn date, cancellation date, churned at, cancelled at, 日時, 日付, 対応日時, "
    "対応日, 活動日, 面談日, 訪問日, 接点日, 解約申出日, 解約申込日, 解約日",
    "touches.kind": "touch type, activity type, contact type, type, channel, 種類, 種別, 接点種別, 活動種別, "
    "対応種別, チャネル",
    "content": "subject, summary, description, feedback text, notes, memo, 内容, 件名, 概要, 備考, メモ",
    "ticket_id": "case id, case number, ticket number, ticket no, inquiry id, issue id, 問い合わせID, "
    "問合せID, お問い合わせID, 問い合わせ番号, 問合せ番号, チケットID, 案件番号, 受付番号",
    "opened_at": "created at, submitted at, opened on, open date, created date, created on, date opened, "
    "requested at, 受付日時, 受付日, 問い合わせ日時, 問い合わせ日, 問合せ日, 起票日, 作成日時, 発生日時",
    "closed_at": "resolved at, solved at, closed on, close date, closed date, date closed, completed at, "
    "完了日時, 完了日, 解決日時, 解決日, 対応完了日, クローズ日時",
    "tickets.kind": "ticket type, category, type, inquiry type, case type, priority, 種類, 種別, "
    "問い合わせ種別, 問合せ種別, カテゴリ, カテゴリー, 分類, 優先度",
    "answered_on": "answered at, response date, survey date, responded at, submitted at, date, 回答日, "
    "回答日時, アンケート日, 実施日",
    "nps": "nps score, likelihood to recommend, recommendation score, 推奨度, NPSスコア, おすすめ度",
    "comment": "comments, feedback, free text, feedback text, verbatim, コメント, 自由記述, 自由回答, ご意見",
    "assessed_on": "assessment date, assessed at, rated on, date, 評価日, 評価日時",
    "measure": "criterion, metric, dimension, item, 評価項目, 項目, 指標",
    "score": "rating, points, value, 評点, スコア, 点数, 評価",
    "assessed_by": "assessor, rater, csm, 評価者",
    "interview_id": "インタビューID, 面談ID",
    "held_on": "interview date, held at, date, 実施日, インタビュー日, 面談日",
    "interviewer": "asked by, 聞き手, インタビュアー",
    "interviewer_role": "role of interviewer, 聞き手の役割",
    "note_id": "memo id, メモID, 発言ID",
    "position": "sequence, order, line no, 順番, 順序, 連番",
    "speaker": "speaker role, said by, 話し手, 発言者, 話者",
    "evidence": "evidence type, 根拠, 根拠種別",
    "text": "note, note text, quote, utterance, メモ, メモ本文, 本文, 発言, 発言内容",
    "coder": "coded by, コーダー, 分類者",
    "viewpoint": "視点",
    "polarity": "sentiment, 極性, 感情",
    "code": "theme, tag, コード, テーマ",
    "month": "cost month, year month, 月, 年月, 対象月, 計上月",
    "category": "cost type, cost category, 費目, 勘定科目",
    "amount": "cost, cost amount, 金額, 費用, コスト",
}
#: a table -> the columns without which something is not it, and the words of its usual names
TELLING = {
    "accounts": ("account_id name|account_id size|account_id industry|account_id churned",
                 "account customer client compan 顧客 取引先 企業"),
    "contracts": ("account_id mrr|contract_id started_on|account_id started_on ended_on",
                  "contract subscription 契約"),
    "usage": ("occurred_at event account_id|occurred_at event contract_id|occurred_at event user_id",
              "usage event log 利用 ログ 操作"),
    "milestones": ("account_id step reached_at", "milestone journey onboarding マイルストーン"),
    "touches": ("account_id occurred_at kind", "touch activit meeting churn 接点 活動 面談 解約"),
    "tickets": ("ticket_id account_id|ticket_id opened_at|account_id opened_at closed_at",
                "ticket support case inquir 問い合わせ 問合せ"),
    "surveys": ("account_id nps|answered_on nps|account_id answered_on comment", "survey nps アンケート"),
    "assessments": ("account_id measure score", "assess rating 評価"),
    "interviews": ("interview_id held_on|interview_id account_id", "interview インタビュー"),
    "notes": ("interview_id text", "note メモ"),
    "codings": ("note_id viewpoint", "coding コーディング"),
    "costs": ("month amount", "cost 費用 コスト"),
}  # fmt: skip
#: what a date is called by which a customer gave notice
NOTICES = "churn date, cancellation date, churned at, cancelled at, 解約申出日, 解約申込日, 解約日"
#: what a column is called that tells how a contract ended
STATUS = (
    "status, contract status, subscription status, account status, customer status, contract state, "
    "subscription state, state, end type, end reason, ended reason, termination type, termination reason, "
    "cancellation type, 契約状態, 契約ステータス, 契約状況, ステータス, 状態, 状況, 契約区分, 終了区分, 終了種別, "
    "終了理由, 終了理由区分, 解約区分, 解約種別, 解約理由, 解約理由区分, 更新区分, 更新状況"
)
#: how a contract ended -> the values of such a column; those of one that runs stand under `running`
ENDED = {
    "cancelled": "cancelled, canceled, cancel, churned, churn, terminated, early termination, closed lost, "
    "解約, 解約済, 解約済み, 中途解約, 途中解約, 期中解約, キャンセル, 退会, 退会済",
    "term": "term, expired, expiry, term end, end of term, lapsed, not renewed, non renewal, renewed, 満了, "
    "満了済, 期間満了, 契約満了, 契約期間満了, 満期, 更新, 更新済, 更新済み, 期限切れ",
    "notice": "notice, notice given, given notice, under notice, pending cancellation, cancellation pending, "
    "解約予告, 予告, 解約予定, 解約申出, 解約申込",
    "running": "active, live, current, running, ongoing, open, in force, 継続, 継続中, 契約中, 有効, 利用中, "
    "稼働中, アクティブ",
}
#: how a contract ended -> what stands in the name of a date that says so, the first that fits
ENDED_BY_NAME = {
    "notice": r"notice|予告",
    "cancelled": r"cancel|churn|terminat|解約|退会",
    "term": r"expir|renew|termend|periodend|validuntil|満了|満期|更新|期限|契約期間",
}
#: a period other than a month -> what stands in the name of an amount for it: words, or in Japanese parts
PERIODS = {
    "year": "annual, annually, annualized, annualised, yearly, arr, acv, 年額, 年間, 年契約, 年次",
    "quarter": "quarterly, 四半期",
    "term": "tcv, total, 総額, 合計",
}
