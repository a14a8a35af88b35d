"""Loan words: which tokens of a Japanese text are one word in katakana, of whatever parts the tagger makes it.

The tagger knows スマート and フォン, not スマートフォン; サクセス by itself is another word than in カスタマーサクセス. The rule:

1. Katakana without a sign or a blank between is one word (ワークフロー, プロジェクトマネージャー).
2. What the shipped dictionary has as one is one, also inside a longer word (キックオフ|ミーティング) and where a middle dot or a blank
   divides it (カスタマー・サクセス).
3. Any other middle dot or blank divides words: トイレ・バス is a list.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

_KATAKANA = re.compile("[ァ-ヺー・ｦ-ﾟ･]+")
_DOTS = frozenset("・･")


def is_katakana(written: str) -> bool:
    """Whether a word is written in katakana only, of full or half width."""
    return bool(_KATAKANA.fullmatch(written)) and not _DOTS.issuperset(written)


def loan_words(
    written: Sequence[str], starts: Sequence[int], may_join: Sequence[bool], known: frozenset[str]
) -> Iterator[tuple[int, int]]:
    """Each loan word of two tokens or more, as the place of its first token and that after its last, in order.

    written: each token as it stands in the text; starts: where; may_join: whether it can be part of a loan word (names,
    numbers and function words cannot); known: loan words of the dictionary.
    """
    part = [join and is_katakana(word) for word, join in zip(written, may_join, strict=True)]
    place = 0
    while place < len(part):
        if not part[place]:
            place += 1
            continue
        end = _longest_known(written, part, place, known)
        if not end:
            end = place + 1
            while (
                end < len(part)
                and part[end]
                and starts[end] == starts[end - 1] + len(written[end - 1])
                and not _longest_known(written, part, end, known)
            ):
                end += 1
        if end > place + 1:
            yield place, end
        place = end


def _longest_known(written: Sequence[str], part: Sequence[bool], place: int, known: frozenset[str]) -> int:
    """The place after the longest loan word of the dictionary that begins here, or 0 where none does."""
    found, spelled = 0, ""
    for end in range(place, len(part)):
        if part[end]:
            spelled += unicodedata.normalize("NFKC", written[end])
            if spelled in known:
                found = end + 1
        elif written[end] not in _DOTS:
            break
        if not any(word.startswith(spelled) for word in known):
            break
    return found
