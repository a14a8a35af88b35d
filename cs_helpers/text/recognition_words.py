"""The words for awards, criteria and promotions, for figures and tables alike."""

from __future__ import annotations

from cs_helpers.text import Text


def criterion_name(kind: str, what: str, at_least: float, text: Text) -> str:
    """A criterion in words. kind, what, at_least: as in the tables of `recognition`; kind may be `all`."""
    key = f"{kind}_{'step' if what else 'all'}" if kind in ("conversion", "retention") else kind
    label = "step" if kind == "conversion" else kind
    digits = next((n for n in (0, 1) if round(at_least, n) == at_least), 2)
    return text(
        f"recognition.criterion.{key}", what=text.label(label, what), at_least=text.number(at_least, digits)
    )


def promotion_name(promotion: str, grades: dict[str, tuple[str, str]], text: Text) -> str:
    """A promotion by its grades. grades: of each promotion, from and to."""
    before, after = (text.label("grade", grade) for grade in grades[promotion])
    return text("recognition.promotion", before=before, after=after)
