"""Names of the contract's columns and tables in exports of other systems, in English and Japanese.

Case, spaces, `_` and `-` are ignored; earlier names of a list are preferred.
"""

from __future__ import annotations

#: column of the contract, or table.column -> its names in exports
SYNONYMS = {
    "account_id": "customer id, account no, account number, account code, customer no, customer number, "
    "customer code, client id, client code, client no, company id, company code, organization id, organisation id, "
    "org id, tenant id, workspace id, group id, customer key, account key, sfdc account id, salesforce account id, "
    "crm id, associated company id, associated company ids, associated company record id, company record id, "
    "associatedcompanyid, hs primary company id, primary company id, customer record id, 顧客ID, 顧客コード, 顧客番号, "
    "顧客No, 取引先ID, 取引先コード, 取引先番号, 取引先No, 会社ID, 会社コード, 会社番号, 企業ID, 企業コード, お客様ID, "
    "お客様番号, お客様コード, 得意先コード, 得意先ID, アカウントID, テナントID, 契約者ID, 組織ID, 組織コード, "
    "関連付けられた会社ID, 関連会社ID, 顧客レコード番号, SOC, gsid, company gsid, ultimate parent id, visitor account id",
    "accounts.name": "account name, company name, customer name, client name, company, organization name, "
    "organisation name, organization, trading name, customer, account, client, legal name, 会社名, 顧客名, 企業名, "
    "取引先名, 取引先, お客様名, 得意先名, 名称, 法人名, アカウント名, 組織名, 組織, 正式名称, 顧客, 会社, 企業, 団体名, 社名",
    "size": "company size, customer size, account size, segment, customer segment, account segment, size segment, "
    "customer tier, account tier, tier, size tier, employee range, employees range, company size range, "
    "企業規模, 会社規模, 規模, 顧客規模, セグメント, 顧客セグメント, 顧客区分, 企業区分, 従業員規模, 従業員数規模, 規模区分",
    "industry": "industry name, sector, vertical, branch, line of business, industry type, industry group, 業種, 業界, "
    "業種名, 産業, 業態, 業種区分, 業種大分類, 業種分類",
    "motivation": "willingness, 意欲, 利用意欲, モチベーション",
    "literacy": "it literacy, digital literacy, リテラシー, ITリテラシー",
    "csm": "csm name, csm id, customer success manager, account owner, account manager, company owner, owner, owner id, "
    "assignee, assignee name, assigned, assigned to, hubspot owner id, owner name, ticket owner, deal owner, case owner, "
    "activity owner, contract owner, teammate, author, csm owner, 担当CSM, 担当者, 担当, CS担当, 担当者名, 自社担当者, "
    "営業担当, 営業担当者, 所有者, 取引先 所有者, 会社の担当者, 取引担当者, 任命先, 対応者, 対応者名, 名刺所有者, 参加者, 主担当",
    "touch_model": "touch, touch tier, touch level, touch type, engagement model, coverage model, service model, "
    "support model, タッチモデル, タッチ, タッチ区分, 対応区分, 対応モデル, 支援区分, フォロー区分",
    "churned": "churn, churn flag, is churned, has churned, cancelled, 解約, 解約フラグ, 解約済み, 解約済",
    "contract_id": "subscription id, subscriptions id, contract no, contract number, contract code, subscription no, "
    "subscription number, agreement id, agreement no, agreement number, membership id, 契約ID, 契約番号, 契約No, "
    "契約コード, サブスクリプションID, 契約管理番号, 契約書番号, 申込番号",
    "product": "product name, product code, product id, service, service name, plan product, product family, 製品, 製品名, "
    "製品コード, 商品, 商品名, 商品コード, サービス, サービス名, プロダクト, 契約サービス, 利用サービス, ご利用サービス",
    "started_on": "start date, contract start date, contract start, subscription start date, subscription start, "
    "started at, start, begin date, effective date, service start date, activated date, activation date, contract date, "
    "current contract start date, term start, term start date, original contract date, subscription started at, "
    "billing start date, recurring start date, 開始日, 契約開始日, 利用開始日, 課金開始日, 契約日, 利用開始, 契約開始, "
    "利用期間開始, 利用期間開始日, 対象期間開始, 期間開始, 契約期間開始, 契約期間開始日, 契約期間自, サービス開始日, "
    "利用開始年月日, 契約年月日, 契約開始年月日, 契約締結日, 請求開始日",
    "ended_on": "end date, contract end date, contract end, subscription end date, subscription end, ended at, end, "
    "cancellation date, cancelled at, churn date, expiry date, service end date, 終了日, 契約終了日, 解約日, 利用終了日, "
    "満了日, "
    "term end, term end date, contract term end, current term end, current period end, expiration date, "
    "expires on, expires at, valid until, cancelled on, canceled on, canceled at, cancel date, churned on, "
    "churned at, termination date, terminated on, notice date, date of notice, notice given on, 契約満了日, "
    "契約期間終了日, 満期日, 有効期限, 解約予定日, 解約予告日, 予告日, 退会日, renewal date, next renewal date, "
    "contract renewal date, renews on, 契約更新日, 次回更新日, 更新予定日, 更新日, 契約終了, 利用終了, 利用期間終了, "
    "利用期間終了日, 対象期間終了, 期間終了, 契約期間終了, 契約期間至, サービス終了日, 契約終了年月日, 解約年月日, "
    "recurring revenue inactive date, current contract end date",
    "mrr": "mrr amount, monthly amount, monthly recurring revenue, monthly charges, monthly charge, monthly "
    "fee, monthly revenue, monthly price, hs mrr, current mrr, total mrr, contract mrr, monthly cost, "
    "monthly subscription, amount per month, price per month, fee per month, 月額, 月額料金, 月額費用, 月額金額, "
    "月次経常収益, 月額利用料, 月額利用料金, 月額単価, 月額課金, 月額売上, 月次売上, 月間料金, 月間利用料, 月額合計, 利用料月額",
    "currency": "currency code, currency iso code, deal currency code, currencyisocode, 通貨, 通貨コード",
    "handed_over_on": "handover date, hand over date, handed over at, handover on, date of handover, sales handover date, "
    "引き継ぎ日, 引継ぎ日, 引継日, 営業引き継ぎ日, 営業引継日, 引き継ぎ日時",
    "from_role": "sales role, role of salesperson, handed over by role, 引き継ぎ元の役割, 営業区分, 引き継ぎ元",
    "from_person": "salesperson, sales rep, sales representative, handed over by, sold by, 営業担当, 営業担当者, 引き継ぎ元の担当者",
    "problem": "reason for buying, why they bought, pain, pain point, challenge, issue, 課題, 導入理由, 導入の理由, 導入背景, 顧客の課題",
    "promised": "promise, promises, commitments, what was promised, 約束, 約束したこと, 約束事項, 合意事項",
    "expected_outcome": "expected result, desired outcome, expectations, goal, success criteria, 期待, 期待する成果, 期待値, 期待成果, "
    "ゴール, 導入目的",
    "expectation": "expectation code, expectation theme, 期待のコード, 期待のテーマ",
    "deadline": "due date, due by, promised by, target date, 期限, 期日, 希望時期, 稼働希望日, 目標日",
    "decision_maker": "decision maker role, economic buyer, approver, 意思決定者, 決裁者, キーマン",
    "stakeholders": "contacts, known contacts, key people, people involved, 関係者, ステークホルダー, 顧客側の関係者",
    "user_id": "user, username, user name, login id, member id, contact id, distinct id, user email, visitor id, "
    "person id, requester id, requester, uid, ユーザーID, ユーザID, 利用者ID, 利用者, "
    "会員ID, ログインID, ユーザー, ユーザ名, ユーザー名, 利用者名",
    "usage.occurred_at": "timestamp, event time, event timestamp, event date, event at, usage date, usage "
    "time, used at, used on, logged at, datetime, time, date, created at, sent at, original timestamp, received at, "
    "client event time, event created at, log date, log time, access time, access date, 利用日時, 利用日, 発生日時, "
    "発生日, イベント日時, 操作日時, アクセス日時, ログ日時, 日時, 日付, 利用日付, 操作日, 記録日時, タイムスタンプ",
    "event": "event name, event type, feature name, feature, action, action name, activity, event action, "
    "event label, operation, function, イベント, イベント名, 操作, 操作名, 機能, 機能名, アクション, 操作内容, 利用機能, "
    "イベント種別, 操作種別",
    "quantity": "usage count, count, event count, qty, 数量, 利用回数, 回数, 件数, 利用数",
    "usage_id": "event id, log id, insert id, message id, イベントID, ログID, 利用ID",
    "step": "milestone, stage, step name, journey step, milestone name, onboarding step, ステップ, マイルストーン, 段階, "
    "フェーズ名",
    "reached_at": "reached on, completed at, achieved at, milestone date, completion date, completed on, date completed, "
    "到達日時, 到達日, 達成日, 完了日",
    "touches.occurred_at": "touch date, activity date, meeting date, contact date, date, datetime, time, "
    "timestamp, hs timestamp, due date, call date, visit date, "
    "interaction date, date received, churn date, cancellation date, churned at, cancelled at, 日時, 日付, "
    "対応日時, 対応日, 活動日, 活動日時, 面談日, 訪問日, 訪問日時, 接点日, コンタクト日, コンタクト日時, 商談日, 期日, 打合せ日, "
    "受付日, 受付日時, 発生日, 解約申出日, 解約申込日, 解約日, 名刺交換日",
    "touches.kind": "touch type, activity type, contact type, type, channel, interaction type, task subtype, "
    "hs activity type, hs engagement type, engagement type, meeting type, call type, cta type, 種類, 種別, 接点種別, "
    "活動種別, 対応種別, チャネル, コンタクト種別, 対応方法, 接触方法, 活動タイプ, タイプ, 訪問区分, 手段",
    "content": "subject, summary, description, feedback text, notes, memo, complaint, complaint text, complaint details, "
    "details, message, body, issue, title, topic, consumer complaint narrative, 内容, 件名, 概要, 備考, メモ, 苦情内容, "
    "クレーム内容, 対応内容, 詳細, 活動内容, コンタクト内容, 商談内容, 苦情, クレーム, 申出内容, ご要望",
    "ticket_id": "case id, case number, ticket number, ticket no, inquiry id, issue id, conversation id, complaint id, "
    "request id, incident id, incident number, ticket key, issue key, support id, hs ticket id, 問い合わせID, "
    "問合せID, お問い合わせID, 問い合わせ番号, 問合せ番号, お問い合わせ番号, チケットID, チケット番号, 案件番号, 受付番号, "
    "ケース番号, ケースID, 受付No, 苦情番号, 会話ID",
    "opened_at": "created at, submitted at, opened on, open date, created date, created on, date opened, "
    "requested at, created time, create date, createdate, created, opened, date created, date time opened, time opened, "
    "conversation started at, started at, conversation created at, ticket created at, ticket created date, "
    "ticket created, reported at, date received, received at, hs createdate, creation time, creation date, "
    "受付日時, 受付日, 問い合わせ日時, 問い合わせ日, 問合せ日, 問合せ日時, お問い合わせ日時, お問い合わせ日, 起票日, "
    "起票日時, 作成日時, 作成日, 発生日時, 発生日, 登録日時, 登録日, オープン日時, 開始日時, 受信日時",
    "answered_at": "first reply at, first replied at, first reply date, first response at, first responded at, "
    "first response date, first responded time, first answer at, first answered at, initial response time, initial response at, "
    "initial response date, initially responded at, responded at, replied at, answered on, stats first responded at, "
    "statistics first admin reply at, first admin reply at, first agent reply at, first agent reply date, "
    "first agent email response date, first public reply at, 初回返信日時, 初回返信日, 初回回答日時, 初回回答日, 初回応答日時, "
    "初回応答日, 初回対応日時, 初回対応日, 初回レスポンス日時, 一次回答日時, 一次回答日, 一次返信日時, 一次対応日時, 一次対応日, "
    "最初の返信日時, 返信日時, 返信日",
    "closed_at": "resolved at, solved at, closed on, close date, closed date, date closed, completed at, resolved time, "
    "closed time, closed at, closedate, resolved, solved, resolution time, resolution date, resolved date, solved date, "
    "date time closed, last closed at, first closed at, statistics last close at, last close at, conversation closed at, hs closed date, ticket solved date, "
    "completion date, closing time, 完了日時, 完了日, 解決日時, 解決日, 対応完了日, 対応完了日時, クローズ日時, クローズ日, "
    "終了日時, 回答完了日, 処理完了日",
    "tickets.kind": "ticket type, category, type, inquiry type, case type, issue type, hs ticket category, reason, "
    "case reason, contact reason, request type, conversation topic, issue, priority, ticket priority, 種類, 種別, "
    "問い合わせ種別, 問合せ種別, お問い合わせ種別, チケットタイプ, タイプ, 問い合わせ区分, 問い合わせ内容区分, カテゴリ, "
    "カテゴリー, 分類, 区分, 優先度",
    "answered_on": "answered at, response date, survey date, responded at, responded date, submitted at, date, "
    "survey response date, response time, completed at, hs submission timestamp, survey submitted, date submitted, "
    "feedback date, created at, timestamp, 回答日, 回答日時, アンケート日, 実施日, 日付, 回答日付, タイムスタンプ",
    "nps": "nps score, likelihood to recommend, recommendation score, nps rating, score nps, how likely are you to "
    "recommend us, 推奨度, NPSスコア, おすすめ度, NPS点数, お勧め度",
    "comment": "comments, feedback, free text, feedback text, verbatim, nps comment, survey comment, reason for score, "
    "follow up, open ended response, review, opinion, conversation rating remark, コメント, 自由記述, 自由回答, ご意見, "
    "意見, 感想, フィードバック, ご意見ご要望, お客様の声, 要望",
    "assessed_on": "assessment date, assessed at, rated on, scored on, score date, snapshot date, date, 評価日, 評価日時",
    "measure": "criterion, metric, dimension, item, measure name, scorecard measure, 評価項目, 項目, 指標",
    "score": "rating, points, value, measure score, 評点, スコア, 点数, 評価",
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
    "requests.request_id": "feature request id, feature id, idea id, request no, request number, request key, 要望ID, 要望番号, 要望No, 改善要望ID",
    "requests.title": "request title, idea, feature, feature name, feature request, summary, name, 要望, 要望名, 要望内容, 要望タイトル, 件名",
    "requests.kind": "request type, idea type, 要望種別, 要望区分",
    "requests.status": "request status, idea status, state, 要望状況, 要望ステータス, 対応状況, 対応ステータス, ステータス, 状況",
    "raised_on": "raised at, request date, date requested, submitted on, 要望日, 起票日, 要望受付日",
    "decided_on": "decided at, decision date, answered on, 判断日, 決定日, 回答決定日, 対応決定日",
    "released_on": "released at, release date, shipped on, shipped at, リリース日, 公開日, 提供開始日",
    "link": "url, tracker url, リンク",
    "request_accounts.request_id": "feature request id, feature id, idea id, request no, request number, request key, 要望ID, 要望番号, 要望No",
    "asked_on": "asked at, voted on, voted at, requested on, 要望を聞いた日, ヒアリング日",
    "told_on": "told at, notified on, notified at, customer notified on, 連絡日, 回答連絡日, 結果連絡日",
    "heard_in": "source, heard from, 聞いた場, 情報源",
    "month": "cost month, year month, 月, 年月, 対象月, 計上月",
    "category": "cost type, cost category, 費目, 勘定科目",
    "amount": "cost, cost amount, 金額, 費用, コスト",
    "person": "member, team member, staff, staff member, employee, employee name, employee id, csm, csm name, csm id, trainee, "
    "rated person, ratee, attendee, メンバー, メンバー名, 担当者, 担当者名, 社員, 社員名, 氏名, 社員番号, 対象者, 被評価者, 受講者, 受講者名",
    "staff.role": "job, job title, position, role in the team, team role, 役割, 役職, 職種, チームでの役割, 担当業務",
    "grade": "job grade, job level, rank, level, title, 等級, グレード, 職位, ランク, 社内等級",
    "joined_on": "hire date, hired on, joined at, join date, date joined, start date, employed since, 入社日, 着任日, 配属日, 参加日, 異動日",
    "left_on": "leave date, left at, date left, end date, last day, termination date, 退職日, 離任日, 離任日時, 転出日, 異動元離任日",
    "high_performer": "top performer, high performers, is high performer, key talent, ハイパフォーマー, ハイパフォーマ, 高業績者, 優秀者, HP区分",
    "element": "competency, competence, competency element, skill, skill name, competency name, 能力要素, 要素, コンピテンシー, コンピテンシー項目, "
    "スキル, スキル名, 能力, 能力項目, 評価要素",
    "rated_by": "rater, rated by name, reviewer, evaluator, appraiser, assessor, 評価者, 評価者名, 評価した人, 査定者, 考課者",
    "relation": "rater relation, relationship, rater type, reviewer type, 関係, 評価者との関係, 評価者区分, 評価区分",
    "rated_on": "rating date, rated at, review date, evaluation date, appraisal date, date, 評価日, 評定日, 査定日, 考課日, 評価日時",
    "competency_ratings.score": "rating, points, value, grade, skill level, competency score, 評点, スコア, 点数, 評価, 評価点, 評定",
    "training": "training name, course, course name, course title, course id, module, lesson, 研修, 研修名, 講座, 講座名, コース, コース名, 研修コース",
    "assigned_on": "assigned at, assignment date, enrolled on, enrolled at, enrollment date, enrolment date, date assigned, 割当日, 割り当て日, "
    "受講割当日, 申込日, 受講登録日, 受講指示日",
    "completed_on": "completed at, completion date, completed date, date completed, finished on, 修了日, 完了日, 受講完了日, 受講日, 修了日時",
    "candidate": "candidate id, candidate no, candidate number, applicant, applicant id, applicant number, 候補者, 候補者ID, 候補者番号, 候補者No, "
    "応募者, 応募者ID, 応募者番号, 受験者番号",
    "question": "question id, interview question, question key, question no, 質問, 質問ID, 質問項目, 面接質問, 設問, 設問番号",
    "candidate_scores.interviewer": "asked by, interviewer name, scored by, rater, assessor, 面接官, 面接官名, 面接担当, 面接担当者, 面接者, 採点者, 評価者",
    "interviewed_on": "interview date, interviewed at, date of interview, interview day, date, 面接日, 面接日時, 面接実施日, 実施日",
    "candidate_scores.score": "rating, points, value, interview score, 評点, 得点, スコア, 点数, 評価, 採点",
    "keep_until": "keep until date, retention date, retain until, delete on, delete by, delete after, deletion date, retention until, 保存期限, "
    "保管期限, 保持期限, 廃棄予定日, 削除予定日, 保存満了日, 個人情報保存期限",
    "principle": "principle no, principle number, law, law number, number of the principle, 原則, 原則番号, 原則No, 法則, 10原則",
    "level": "maturity, maturity level, stage, 成熟度, 成熟度レベル, レベル, 段階",
    "why": "reason, rationale, evidence, basis, comment, 根拠, 理由, 判断の根拠, コメント",
}
_NAME_AS_KEY = (
    "no number of the customer was found: its name stands for it, and two customers of one name would be one"
)
_DEAL_DATE = "this is a day of a deal or an invoice, and need not be the first day of the contract"
_UNKNOWN_PERIOD = "say what it is an amount for: where it is no month, write customers: { amount_per: year } (quarter, term) in the product file"
#: column -> names that may mean it, and what a person has to check
POSSIBLE_NAMES = {
    "account_id": (
        (
            "account name, company name, customer name, client name, organization name, organisation name, customer, "
            "account, client, company, organization, organisation, associated company, company account, ticket "
            "organization name, requester organization, 会社名, 顧客名, 企業名, 取引先名, お客様名, 得意先名, 法人名, "
            "アカウント名, 組織名, 組織, 取引先, 顧客, 会社, 企業, 得意先, お客様, 関連付けられた会社, 関連する会社, 社名, "
            "請求先, 請求先名, 契約者, 契約者名, 団体名",
            _NAME_AS_KEY,
        ),
    ),
    "size": (
        (
            "employees, number of employees, numberofemployees, no of employees, employee count, headcount, total "
            "employees, company employees, people, staff, 従業員数, 社員数, 従業員, 人数",
            "",
        ),
    ),
    "milestones.account_id": (
        (
            "case, case id, caseid, case concept name, trace, trace id, case key, process id, ケース, ケースID, "
            "申請番号, 申請ID, 案件ID, 案件番号, 受付番号, 注文番号, order id, application id",
            "each case is taken for a customer; where another column names the customer, write that one",
        ),
    ),
    "milestones.step": (
        (
            "activity, concept name, activity name, task, task name, event, status, アクティビティ, 作業, 工程, "
            "作業内容, 処理, イベント",
            "each activity is taken for a milestone; the steps of a journey name those that count",
        ),
    ),
    "milestones.reached_at": (
        (
            "timestamp, time timestamp, complete timestamp, completed timestamp, end timestamp, end time, time, date, "
            "datetime, start timestamp, start time, created at, 日時, 完了日時, 終了日時, 発生日時, 処理日時, 実施日時, "
            "開始日時, 日付, タイムスタンプ",
            "",
        ),
        (
            "signed up, signed up at, sign up date, signup date, signed up on, 登録日, 登録日時, 会員登録日",
            "each row is taken for a user who signed up, which is a milestone",
        ),
    ),
    "touches.occurred_at": (
        (
            "created at, created date, create date, createdate, created, start, start date, start time, activity created at, "
            "作成日時, 作成日, 登録日, 開始日時",
            "",
        ),
    ),
    "ticket_id": (("管理番号, number, reference, reference number, 整理番号", ""),),
    "contracts.contract_id": (
        (
            "opportunity id, deal id, 商談ID, 取引ID, 案件ID, 案件番号, 案件No",
            "each deal is taken for a contract",
        ),
        (
            "opportunity name, deal name, dealname, 商談名, 取引名, 案件名",
            "each deal is taken for a contract, and its name stands for its number",
        ),
        (
            "invoice id, invoice number, invoice no, 請求書番号, 請求番号, 管理番号, 請求ID, 売上番号, 伝票番号, 取引番号",
            "each invoice is taken for a contract over what it is for",
        ),
    ),
    "contracts.started_on": (
        (
            "close date, closedate, closed date, won date, booking date, order date, 受注日, 成約日, 完了予定日, クローズ日, "
            "申込日, 注文日",
            _DEAL_DATE,
        ),
        ("invoice date, billing date, 請求日, 発生日, 売上日, 取引日, 計上日, 請求年月", _DEAL_DATE),
        ("created, created at", "this may be when the row was written, not the first day of the contract"),
    ),
    "contracts.mrr": (
        (
            "amount, monthly spend, price, fee, charge, revenue, total, plan amount, amount in company currency, deal amount, "
            "contract value, unit price, 金額, 料金, 利用料, 利用料金, 契約金額, 請求金額, 受注金額, 単価, 売上, 売上金額, "
            "合計金額, 費用",
            _UNKNOWN_PERIOD,
        ),
    ),
}
#: column -> pattern of a part of a name that may mean it
NAME_ENDINGS = {
    "account_id": r"(customer|client|account|company|organi[sz]ation|tenant|顧客|取引先|会社|企業|得意先|お客様)"
    r".{0,8}(id|ids|no|number|code|key|番号|コード|no\.?)$",
    "nps": r"recommend|勧め|薦め|推奨",
}
#: prefixes and suffixes of column names in some tools, without a meaning
PREFIXES = (
    r"^(hs|cf)[_ ]+|^(properties|property|attributes|fields|data|custom|customfields?|context|traits|subscriptions?"
    r"|event|account|company|ticket|conversation)[.:]+ *|^[$@_]+"
)
SUFFIXES = r"__c$|__r$|_pc$| *\[\d+\]$"
#: names of the key of a row in any table
ROW_KEY_NAMES = "id, record id, object id, hs object id, レコード番号, レコードID, no, key, 番号, 管理ID"
#: table -> the alternatives of columns that identify it (`!`: by a certain name), words of its usual names, and a
#: pattern of column names that suggest it
IDENTIFYING = {
    "accounts": ("account_id name|account_id size|account_id industry|account_id churned",
                 "account customer client compan organization 顧客 取引先 企業 会社", r"industr|業種|employee|従業員"),
    "contracts": ("account_id mrr!|contract_id! started_on!|account_id started_on ended_on|account_id started_on mrr",
                  "contract subscription deal opportunit invoice 契約 請求 商談",
                  r"contract|subscription|deal|opportunit|invoice|契約|商談|取引ステージ|請求|勘定科目|収支"),
    "handovers": ("account_id handed_over_on!", "handover hand_over 引き継ぎ 引継", r"hand.?over|引き?継"),
    "usage": ("occurred_at event account_id|occurred_at event contract_id|occurred_at event user_id",
              "usage event log 利用 ログ 操作", r"event|feature|イベント|機能"),
    "milestones": ("account_id step! reached_at!|account_id step reached_at|account_id user_id reached_at",
                   "milestone journey onboarding process マイルストーン", r"milestone|case|マイルストーン|ケース"),
    "touches": ("account_id occurred_at! kind|account_id occurred_at! content",
                "touch activit meeting churn task timeline complaint 接点 活動 面談 解約 コンタクト 苦情 クレーム",
                r"activity|meeting|活動|面談|コンタクト|訪問"),
    "tickets": ("ticket_id! opened_at|ticket_id opened_at closed_at|account_id opened_at closed_at",
                "ticket support case inquir conversation 問い合わせ 問合せ サポート",
                r"ticket|case|request|priority|solved|resolved|inquir|問い?合わ?せ|チケット|ケース|受付|優先度"),
    "surveys": ("account_id nps|answered_on nps|account_id answered_on comment", "survey nps feedback アンケート",
                r"nps|survey|feedback|respon|推奨|回答|意見"),
    "assessments": ("account_id measure score", "assess rating scorecard 評価", r"score|評価"),
    "interviews": ("interview_id held_on|interview_id account_id", "interview インタビュー", "interview"),
    "notes": ("interview_id text", "note メモ", "interview"),
    "codings": ("note_id viewpoint", "coding コーディング", "note|cod"),
    "requests": ("request_id! raised_on|request_id! status", "featurerequest idea 要望 改善要望", r"feature|要望"),
    "request_accounts": ("request_id! account_id asked_on|request_id! account_id told_on", "vote 要望元 要望顧客", r"要望"),
    "costs": ("month amount", "cost 費用 コスト", "cost|費"),
    "staff": ("person! grade|person! joined_on|person! high_performer!", "staff member roster employee メンバー 社員 要員 名簿",
              r"hire|joined|grade|等級|入社|着任|パフォーマー"),
    "competency_ratings": ("person element! score", "competenc skill rating コンピテンシー 能力 スキル", r"competenc|skill|能力|コンピテンシー|スキル"),
    "training_records": ("person training! assigned_on|person training! completed_on", "training course learning 研修 受講",
                         r"training|course|研修|講座|受講|コース"),
    "candidate_scores": ("candidate! question score|candidate! interviewer score", "candidate interview hiring 候補者 面接 採用",
                         r"candidate|applicant|候補者|応募者|面接"),
    "principle_assessments": ("principle! level", "principle maturity 原則 成熟度", r"principle|maturity|原則|成熟"),
}  # fmt: skip
#: table.column without a source column -> words in the names of the table or its columns that imply one value for all
#: rows, and that value
IMPLIED_VALUES = {
    "touches.kind": (
        ("complaint, 苦情, クレーム", "complaint"),
        ("feedback, ご意見, 意見, 要望", "feedback"),
        ("名刺交換日, card exchange", "business_card"),
    ),
    "milestones.step": (("signed up, sign up, signup, 登録日, 会員登録", "signed_up"),),
}
#: the value of such a column where no word implies one
DEFAULT_VALUES = {"touches.kind": "contact"}
#: names of a column with the payment interval of an amount, and its values: months -> words
INTERVAL_NAMES = (
    "interval, billing interval, plan interval, plan.interval, billing period, billing cycle, billing frequency, "
    "payment frequency, price interval, 請求間隔, 請求サイクル, 課金周期, 支払サイクル, 支払い間隔, 支払区分, 請求周期"
)
INTERVAL_MONTHS = {
    1: "month, monthly, mo, months, 月, 月次, 毎月, 月払, 月払い, 月額, 月契約",
    3: "quarter, quarterly, 3 months, 四半期, 3か月, 3ヶ月, 3カ月",
    6: "half year, half yearly, semi annual, semiannual, 6 months, 半年, 半年払い, 6か月, 6ヶ月, 6カ月",
    12: "year, yearly, annual, annually, yr, 12 months, 年, 年次, 毎年, 年払, 年払い, 年額, 年契約, 12か月, 12ヶ月",
}
#: for a file that fits several tables: the proposed table -> a comment that names the alternatives
ALTERNATIVE_READINGS = {
    "touches": "a date, a customer and words: each row is taken for a contact. If these are answers to a survey,"
    " they belong in surveys (answered_on, comment); if each has a number and an end, in tickets",
    "surveys": "a date, a customer and what they said: each row is taken for an answer. If these are complaints or"
    " talks, they belong in touches (occurred_at, content)",
    "milestones": "a case, an activity and a time: each row is taken for a milestone. If it is use of the product, it"
    " belongs in usage (occurred_at, event)",
}
#: names of the date on which a customer gave notice
CHURN_NOTICE_DATES = "churn date, cancellation date, churned at, cancelled at, 解約申出日, 解約申込日, 解約日"
#: names of a column with the way in which a contract ended
STATUS_NAMES = (
    "status, contract status, subscription status, account status, customer status, contract state, "
    "subscription state, state, end type, end reason, ended reason, termination type, termination reason, "
    "cancellation type, 契約状態, 契約ステータス, 契約状況, ステータス, 状態, 状況, 契約区分, 終了区分, 終了種別, "
    "終了理由, 終了理由区分, 解約区分, 解約種別, 解約理由, 解約理由区分, 更新区分, 更新状況"
)
#: how a contract ended -> the values of such a column; `running` for one that has not ended
ENDED_VALUES = {
    "cancelled": "cancelled, canceled, cancel, churned, churn, terminated, early termination, closed lost, "
    "解約, 解約済, 解約済み, 中途解約, 途中解約, 期中解約, キャンセル, 退会, 退会済",
    "term": "term, expired, expiry, term end, end of term, lapsed, not renewed, non renewal, renewed, 満了, "
    "満了済, 期間満了, 契約満了, 契約期間満了, 満期, 更新, 更新済, 更新済み, 期限切れ",
    "notice": "notice, notice given, given notice, under notice, pending cancellation, cancellation pending, "
    "解約予告, 予告, 解約予定, 解約申出, 解約申込",
    "running": "active, activated, live, current, running, ongoing, open, in force, 継続, 継続中, 契約中, 有効, 利用中, "
    "稼働中, アクティブ",
}
#: how a contract ended -> pattern of the name of a date that implies it; the first that matches counts
ENDED_DATE_NAMES = {
    "notice": r"notice|予告",
    "cancelled": r"cancel|churn|terminat|解約|退会",
    "term": r"expir|renew|termend|periodend|validuntil|満了|満期|更新|期限|契約期間",
}
#: a period other than a month -> words (in Japanese, parts of words) in the name of an amount for it
PERIOD_WORDS = {
    "year": "annual, annually, annualized, annualised, yearly, arr, acv, 年額, 年間, 年契約, 年次",
    "quarter": "quarterly, 四半期",
    "term": "tcv, total, 総額, 合計",
}
