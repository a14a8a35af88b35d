"""What the analysis of interviews declares: its questions, notes, and the disclosure of its columns."""

from __future__ import annotations

from cs_helpers.analyses.interviews.headlines import interview_metrics
from cs_helpers.analyses.interviews.leadership import for_leadership
from cs_helpers.contract.disclosure import columns
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts

DECLARES = Declaration(
    questions={
        "coverage": Question(figure=True, verdicts=verdicts("no_size empty hidden full")),
        "crossing": Question(figure=True, verdicts=verdicts("some_empty all_heard nobody empty full")),
        "next": Question(table=True),
        "saturation": Question(figure=True, verdicts=verdicts("none few reached open unsure as_held")),
        "evidence": Question(figure=True, verdicts=verdicts("unknown below above near unsure")),
        "meter": Question(table=True),
        "depth": Question(table=True),
        "framework": Question(table=True),
        "segment_facts": Question(table=True),
        "themes": Question(table=True),
        "sources": Question(table=True),
        "key_words": Question(figure=True, table=True, verdicts=verdicts("sure leaning")),
        "context": Question(table=True),
        "pairs": Question(table=True),
        "out_of_reach": Question(table=True),
        "varies": Question(table=True, verdicts=verdicts("nothing_apart")),
        "reasons": Question(figure=True, table=True, verdicts=verdicts("message tied none hidden")),
        "hypotheses": Question(table=True),
        "frozen": Question(table=True),
        "agreement": Question(
            table=True,
            verdicts=verdicts(
                "codes_reliable codes_tentative codes_unreliable codes_unknown viewpoints_reliable "
                "viewpoints_tentative viewpoints_unreliable viewpoints_unknown"
            ),
        ),
        "code_agreement": Question(table=True),
        "disputed": Question(table=True),
        "ledger": Question(table=True),
    },
    metrics=metrics(
        higher="companies notes covered_cells understood words_in_reach", neither="behaviour_share"
    ),
    notes=notes(
        warns=(
            "few_companies missing_table next_unknown no_crossing no_customers no_interviews "
            "no_key_words no_leaning_word no_segments nothing_coded one_coder"
        ),
        explains=(
            "accounts_only few_tell for_leadership no_reasons read_by_one segment_not_recorded "
            "segment_unknown team_only"
        ),
    ),
    findings=("reason", "varies"),
    reads=("accounts", "contracts", "interviews", "notes", "codings", "milestones", "usage", "touches"),
    discloses={
        **columns(
            public="dimension segment size quadrant industry first first_segment second second_segment customers of other_of cell"
            " state step days held_on script fills low high p v z",
            company="account_id name note_id note_ids notes_for notes_against",
            told="viewpoint viewpoints behaviour words inference share companies notes group guessed guessed_low guessed_high drifts"
            " evidence text readings term written others of_others log_odds sure left hit right both jaccard codes quotes code theme"
            " reason first_given_on mentioned records status measure same present given supported open refuted kind what before of_before after of_after verdict why core"
            " expectation known ask themes new saturated reached coders alpha kappa differ roles",
        ),
        "ledger.*": "told",  # a column for each role of coders
    },
    quick_metrics=interview_metrics,
    for_leadership=for_leadership,
)
