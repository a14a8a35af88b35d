"""What the analysis of the project score declares: its questions, notes, and the disclosure of its columns."""

from __future__ import annotations

from collections.abc import Sequence

from cs_helpers.contract.disclosure import columns
from cs_helpers.contract.products import Product
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts


def _built_on(product: Product) -> Sequence[str]:
    """The analyses whose numbers the moves name."""
    return tuple(dict.fromkeys(name.partition(".")[0] for score in product.scores for name in score.metrics))


DECLARES = Declaration(
    questions={
        "picture": Question(figure=True, verdicts=verdicts("all_met none_met some_met none_known not_bound")),
    },
    metrics=metrics(),
    notes=notes(
        warns="no_score no_move_yet",
    ),
    reads=("accounts", "contracts"),
    builds_on=_built_on,
    discloses=columns(
        public=(
            "id kind resource words_en words_ja means change metric unit value low high n target better by state reason before "
            "before_on moved from_id to_id"
        )
    ),
)
