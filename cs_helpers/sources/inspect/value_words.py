"""Synonyms of the contract's values in English and Japanese, and words of total rows and status columns."""

from __future__ import annotations

#: column -> value of the contract -> its synonyms in exports; case, spaces and `-` are ignored
VALUE_SYNONYMS = {
    "size": {
        "enterprise": "enterprise, ent, large, large enterprise, large business, large company, strategic, corporate, "
        "大手, 大手企業, 大企業, 大規模, 大口, 大, エンタープライズ, エンプラ, L, LL, XL",
        "mid": "mid, mid market, midmarket, medium, mid size, midsize, mid sized, medium business, commercial, mm, "
        "中堅, 中堅企業, 中規模, 中, ミッド, ミッドマーケット, ミドル, M",
        "small": "small, smb, sme, small business, small company, small and medium business, startup, micro, "
        "individual, very small, 中小, 中小企業, 小規模, 小規模企業, 小規模事業者, 小口, 小, 零細, 零細企業, 個人, "
        "個人事業主, スタートアップ, スモール, S, XS",
    },
    "touch_model": {
        "high": "high touch, high, 1 to 1, one to one, dedicated, named, ハイタッチ, ハイ, 個別対応, 専任",
        "low": "low touch, low, pooled, 1 to many, one to many, ロータッチ, ロー, 集合",
        "tech": "tech touch, tech, digital, digital touch, digital led, scale, scaled, automated, self service, "
        "テックタッチ, テック, デジタル, デジタルタッチ, セルフ",
        "community": "community, community touch, community led, コミュニティ, コミュニティタッチ",
    },
    "evidence": {
        "behaviour": "behavior, observed, observation, 行動, 観察",
        "words": "word, said, quote, statement, 言葉, 発言",
        "inference": "inferred, guess, assumption, 推測, 推論",
    },
    "viewpoint": {
        "problem": "problems, issue, 課題, 問題",
        "solution": "solutions, 解決, 解決策",
        "proposal": "proposals, suggestion, 提案",
        "behaviour": "behavior, 行動",
        "request": "requests, wish, 要望, 要求",
    },
    "polarity": {
        "positive": "pos, plus, 肯定, 肯定的, ポジティブ, プラス",
        "negative": "neg, minus, 否定, 否定的, ネガティブ, マイナス",
        "neutral": "neu, mixed, 中立, 中立的, ニュートラル",
    },
    "churned": {
        "true": "true, t, yes, y, 1, churned, cancelled, canceled, 解約, 解約済, 解約済み, 退会, はい, 有, あり, ○, 済",
        "false": "false, f, no, n, 0, active, current, 契約中, 継続, 継続中, 利用中, 有効, いいえ, 無, なし, ×, 未",
    },
}  # fmt: skip
#: the least number of employees of each size
SIZE_BOUNDS = {"small": 1, "mid": 50, "enterprise": 300}
#: names of industries, to recognize a segment column that holds them
INDUSTRY_PATTERN = (
    r"業$|小売|卸|物流|製造|金融|銀行|保険|医療|病院|教育|学校|建設|不動産|食品|運輸|通信|商社|官公庁|自治体|IT|飲食"
    r"|retail|manufactur|bank|financ|insur|health|hospital|educat|logist|transport|software|tech|media|food|hotel"
    r"|travel|construct|real estate|energy|pharma|government|public|telecom|wholesale|e-?commerce|consult|legal"
)
#: size classes that are ordered by their names, largest first
RANK_PATTERN = r"(?:tier|rank|class|grade|ランク|クラス|ティア)?[ -]?([a-z]|\d{1,2})(?:ランク|クラス)?"
#: the first value of a row that is a total of others
TOTAL_WORDS = "total, totals, grand total, sub total, subtotal, sum, 合計, 総計, 小計, 計, 総合計, 累計"
#: names of columns that may decide which rows count; their values are shown in a comment, never used in a guess
STATE_NAMES = (
    "stage, stage name, deal stage, dealstage, opportunity stage, pipeline stage, status, contract status, state, "
    "subscription status, test, is test, deleted, is deleted, フェーズ, 取引ステージ, 商談フェーズ, 確度, 状況, 状態, "
    "ステータス, 契約状況, 契約ステータス, 収支区分, テスト, 削除フラグ"
)
