"""What the analysis of the project score declares: its questions, notes, and the disclosure of its columns."""

from __future__ import annotations

from collections.abc import Sequence

from cs_helpers.analyses.project_score.moves import CHANGE_COLUMNS, between_moves
from cs_helpers.analyses.project_score.stakeholders import PAIR_COLUMNS
from cs_helpers.contract.disclosure import columns
from cs_helpers.contract.products import Product
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts


def _built_on(product: Product) -> Sequence[str]:
    """The analyses whose numbers the moves name."""
    return tuple(dict.fromkeys(name.partition(".")[0] for name in product.metrics_named["scores"]))


DECLARES = Declaration(
    questions={
        "picture": Question(figure=True, verdicts=verdicts("all_met none_met some_met none_known not_bound")),
        "states": Question(table=True),
        "changes": Question(table=True),
        "moves": Question(table=True),
        "stakeholders": Question(table=True),
        "stakeholder_pairs": Question(table=True),
    },
    metrics=metrics(),
    notes=notes(
        warns="no_score no_move_yet one_purpose number_unknown no_direction day_over",
        explains="first_move no_stakeholders one_stakeholder",
    ),
    reads=("accounts", "contracts"),
    builds_on=_built_on,
    with_options=between_moves,
    # all words are the product file's own: roles and no names (docs/project-score.md)
    discloses=columns(
        public=(
            "id kind resource words_en words_ja means change metric unit value low high n target better by state reason before "
            "before_on moved from_id to_id moved_on why_en why_ja elements added removed changed role_en role_ja purposes_en "
            f"purposes_ja {' '.join((*CHANGE_COLUMNS, *PAIR_COLUMNS))}"
        )
    ),
)
