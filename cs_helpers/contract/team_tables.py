"""The tables of those who work with customers: who they are, how they are rated and trained, and who applies to join them."""

from __future__ import annotations

import pandera.pandas as pa

from cs_helpers.contract.schema import Table, column, one_of, product, score, table
from cs_helpers.contract.vocabulary import PRINCIPLE_LEVELS, RATER_RELATIONS


def _person(en: str = "who it is about, as accounts.csm names them") -> pa.Column:
    return column("text", en, "対象者(accounts.csm と同じ表記)", "csm-03")


TEAM_TABLES: tuple[Table, ...] = (
    table(
        "staff",
        "One row a member of the team of a product.",
        "製品を担当するメンバー1人につき1行。",
        {
            "product": product(),
            "person": column(
                "text", "who, as accounts.csm names them", "担当者(accounts.csm と同じ表記)", "csm-03"
            ),
            "role": column(
                "text",
                "role in the team: csm, lead, support ...",
                "チームでの役割(csm・lead・support など)",
                "csm",
                needed=False,
            ),
            "grade": column(
                "text",
                "grade, as team.promotion of the product file names it",
                "等級(製品ファイルの team.promotion と同じ表記)",
                "associate",
                needed=False,
            ),
            "joined_on": column("date", "first day in the team", "着任日", "2023-04-01", needed=False),
            "left_on": column(
                "date",
                "first day no longer in the team; empty: still in it",
                "離任日(在籍しなくなった最初の日。在籍中は空)",
                "2026-03-31",
                needed=False,
            ),
            "high_performer": column(
                "flag",
                "whether the company counts this person among its high performers; the product file says by what",
                "ハイパフォーマーかどうか(判断の根拠は製品ファイルに記載)",
                "true",
                needed=False,
            ),
        },
        key=("product", "person"),
        parent=None,
    ),
    table(
        "competency_ratings",
        "One row a rating of one member of the team on one element of competency by one rater.",
        "メンバー1人の能力要素1つに対する、評価者1人の評価につき1行。",
        {
            "product": product(),
            "person": _person(),
            "element": column(
                "text",
                "element of competency (team.elements of the product file)",
                "能力要素(製品ファイルの team.elements)",
                "hypothesis",
            ),
            "rated_by": column("text", "who rated", "評価者", "lead-01"),
            "relation": column(
                "text",
                "self, manager, peer or other",
                "評価者との関係(self 本人・manager 上司・peer 同僚・other その他)",
                "manager",
                one_of(RATER_RELATIONS),
                needed=False,
            ),
            "rated_on": column("date", "when", "評価日", "2026-06-30"),
            "score": column("integer", "score, 5 is best", "評点(5が最良)", "4", score(), unit="1-5"),
        },
        key=(),
        time="rated_on",
        parent=None,
    ),
    table(
        "training_records",
        "One row a training that a member of the team was to take.",
        "メンバーが受講する研修1件につき1行。",
        {
            "product": product(),
            "person": _person(),
            "training": column(
                "text",
                "training (team.trainings of the product file)",
                "研修(製品ファイルの team.trainings)",
                "kickoff_design",
            ),
            "assigned_on": column("date", "when it was assigned", "受講を割り当てた日", "2026-04-01"),
            "completed_on": column(
                "date",
                "when it was completed; empty: not yet",
                "修了日(未修了は空)",
                "2026-05-20",
                needed=False,
            ),
        },
        key=(),
        time="assigned_on",
        parent=None,
    ),
    table(
        "candidate_scores",
        "One row a score of an interviewer on an answer of a candidate. A row is refused after the day until which it may be kept.",
        "候補者の回答1つに対する面接官の採点1件につき1行。保存期限を過ぎた行は受け付けません。",
        {
            "product": product(),
            "candidate": column(
                "text",
                "the candidate; a key is enough, no name is needed",
                "候補者(氏名ではなく番号で可)",
                "C-012",
            ),
            "question": column(
                "text",
                "question (team.questions of the product file)",
                "質問(製品ファイルの team.questions)",
                "hardest_customer",
            ),
            "interviewer": column("text", "who asked and scored", "面接官", "csm-03"),
            "interviewed_on": column("date", "when", "面接日", "2026-08-20"),
            "score": column("integer", "score, 5 is best", "評点(5が最良)", "4", score(), unit="1-5"),
            "keep_until": column(
                "date", "last day on which this row may be kept", "この行を保存できる最終日", "2027-02-28"
            ),
        },
        key=("product", "candidate", "question", "interviewer"),
        time="interviewed_on",
        parent=None,
        keep_until="keep_until",
    ),
    table(
        "principle_assessments",
        "One row a judgement of the team's own on how mature it is in one of the ten principles of customer success.",
        "カスタマーサクセス10の原則の1つについて、自チームの成熟度を自己評価した結果1件につき1行。",
        {
            "product": product(),
            "principle": column(
                "integer", "number of the principle", "原則の番号", "4", pa.Check.in_range(1, 10), unit="1-10"
            ),
            "assessed_on": column("date", "when", "評価日", "2026-06-30"),
            "level": column(
                "text",
                "none, repeatable, defined, measured or optimised",
                "成熟度(none まだない・repeatable 繰り返せる・defined 定義済み・measured 測定済み・optimised 最適化)",
                "defined",
                one_of(PRINCIPLE_LEVELS),
            ),
            "why": column("text", "what it rests on, in words", "その根拠(言葉で)", "…", needed=False),
            "assessed_by": column("text", "who judged", "評価者", "lead-01", needed=False),
        },
        key=(),
        time="assessed_on",
        parent=None,
    ),
)
