"""Results of a project score, made by hand: small, large, with words that are long or hostile, with nothing measured."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result, Verdict

COLUMNS = (
    "id", "kind", "resource", "words_en", "words_ja", "metric", "unit", "value", "low", "high", "target", "better", "by",
    "state", "change",
)  # fmt: skip
RESOURCES = {
    "members": ("Two CSMs, one analyst half of the week", "CSM2名、分析担当0.5名"),
    "budget": ("3 million yen for training material", "研修教材に300万円"),
    "deadline": ("Before the renewals of March 2027", "2027年3月の更新まで"),
    "quality": ("No customer waits for an answer longer than a day", "お客様を1日以上お待たせしない"),
    "business_model": ("Monthly subscription by users; renewals once a year", "利用者数に応じた月額課金、年1回更新"),
    "environment": ("Municipalities move to digital letters by law", "自治体の通知電子化が法令で進む"),
    "rivals": ("Two products with lower prices and no service", "低価格・サポートなしの競合が2製品"),
    "outside": ("Budgets of the public sector are fixed in autumn", "官公庁の予算は秋に固まる"),
}  # fmt: skip
LONG = (
    "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz in all departments, "
    "for all documents that leave the house on paper, before the budgets of the next year are decided"
)
LONG_JA = "西日本カスタマーリレーション統括本部デジタル化推進部第二グループが紙で発送しているすべての帳票を翌年度予算の決定前に電子化する"
HOSTILE = 'end <script>alert("1")</script> & #quot; [x](javascript:y) {z} `a` "b" \n- c; %% d'
#: words of measures and what they are measured by, in turn
WORDS = (
    ("Kick-off with the head of each department", "全部署の責任者とのキックオフ"),
    ("Monthly clinic on recipient lists", "宛先リスト整備の月例相談会"),
    ("Success plan written with the customer in the first month", "初月にお客様と成功計画を作成"),
    ("Weekly review of accounts in red", "レッド企業の週次レビュー"),
    ("Case studies of three municipalities", "自治体3団体の導入事例"),
    ("Templates for the ten most common letters", "よく使う通知10種のひな形"),
)
PURPOSES = (
    ("Customers reach their first value within a month", "お客様が1か月以内に最初の価値に到達している"),
    ("Each customer has two departments that use it", "各社2部署以上で利用が定着している"),
    ("Sponsors know what it saves them", "責任者が削減効果を把握している"),
    ("Nobody sends on paper out of habit", "慣習による紙の発送がなくなっている"),
)
_STATES: dict[str, dict[str, Any]] = {
    "met": {"value": 0.62, "low": 0.51, "high": 0.72, "target": 0.6, "state": "met"},
    "on_the_way": {"value": 0.42, "low": 0.31, "high": 0.53, "target": 0.6, "state": "on_the_way"},
    "away": {"value": 0.2, "low": 0.12, "high": 0.31, "target": 0.6, "state": "away"},
}


def element(name: str, kind: str, words: tuple[str, str], state: str = "not_measured", **more: Any) -> dict[str, Any]:  # fmt: skip
    """A row of the table `picture`."""
    row = dict.fromkeys(COLUMNS)
    row |= {
        "id": name, "kind": kind, "words_en": words[0], "words_ja": words[1], "state": "not_measured", "change": "kept",
    }  # fmt: skip
    if state != "not_measured":
        row |= {"metric": "health.green", "unit": "share", "better": "higher", "by": date(2027, 3, 31), **_STATES[state]}  # fmt: skip
    return row | more


def project_score(
    measures: int = 5, purposes: int = 3, *, given: bool = True, words: tuple[str, str] | None = None, moves: int = 2,
    measured: bool = True, metric: str = "revenue.nrr_year",
) -> Result:  # fmt: skip
    """The result of an analysis `project_score`.

    words: of all measures and purposes, in both languages. measured: whether anything has a number. moves: how many there were.
    """
    states = ("met", "on_the_way", "away", "not_measured") if measured else ("not_measured",)
    ids = [f"purpose_{n}" for n in range(purposes)]
    rows = [
        element("goal", "goal", ("Letters leave our customers without paper", "お客様の発送業務から紙をなくす")),
        element("winning_condition", "winning_condition", ("Nine of ten customers renew in spring", "春の更新率9割"), states[1 % len(states)]),
        *(element(one, "purpose", words or PURPOSES[n % len(PURPOSES)], states[(n + 1) % len(states)], change="changed" if n == 1 else "kept") for n, one in enumerate(ids)),
        *(element(f"measure_{n}", "measure", words or WORDS[n % len(WORDS)], states[n % len(states)], change="added" if n == 2 else "kept") for n in range(measures)),
    ]  # fmt: skip
    if given:
        rows += [element(name, "given", both, resource=name) for name, both in RESOURCES.items()]
    picture = pd.DataFrame(rows, columns=list(COLUMNS)).astype(object)
    picture.loc[picture["metric"].notna(), "metric"] = metric
    links = [(one, "winning_condition") for one in ids] + [("winning_condition", "goal")]
    for n in range(measures):
        # each fifth measure serves all purposes
        served = ids if n % 5 == 4 else [ids[(n * 7 + n // 3) % purposes]]
        links += [(f"measure_{n}", one) for one in served]
    return of_tables(picture, links, moves=moves)


def of_tables(picture: pd.DataFrame, links: list[tuple[str, str]], *, moves: int = 2) -> Result:
    """The result with these boxes and links."""
    quarter = Quarter(2026, 3)
    return Result(
        "project_score", "letters", quarter, quarter.start, quarter.end, 132,
        {"picture": picture, "links": pd.DataFrame(links, columns=["from_id", "to_id"])}, {},
        settings={"moved_on": date(2026, 9, 15), "moves": moves},
        verdicts={"picture": Verdict("some_met", {"of": 9, "met": 3, "on_the_way": 4, "away": 2})},
    )  # fmt: skip
