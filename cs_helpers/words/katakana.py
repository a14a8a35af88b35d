"""Find loan words in katakana that the tagger splits into several tokens.

The tagger knows スマート and フォン, but not スマートフォン; サクセス by itself means something else than in カスタマーサクセス. The rules:

1. Katakana without a sign or a blank in between is one word (ワークフロー, プロジェクトマネージャー).
2. A term of the shipped dictionary is one word, also inside a longer word (キックオフ|ミーティング) and with a middle dot or a blank
   in between (カスタマー・サクセス).
3. Any other middle dot or blank separates words: トイレ・バス is a list.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

_KATAKANA = re.compile("[ァ-ヺー・ｦ-ﾟ･]+")
_DOTS = frozenset("・･")


def is_katakana(written: str) -> bool:
    """Whether a word is written in katakana only, full-width or half-width."""
    return bool(_KATAKANA.fullmatch(written)) and not _DOTS.issuperset(written)


def loan_words(
    written: Sequence[str], starts: Sequence[int], may_join: Sequence[bool], known: frozenset[str]
) -> Iterator[tuple[int, int]]:
    """The loan words of two or more tokens, as the positions of the first token and of the one after the last.

    written: the tokens as written in the text. starts: their places. may_join: whether a token can be part of a loan word
    (names, numbers and function words cannot). known: loan words of the dictionary.
    """
    is_part = [join and is_katakana(word) for word, join in zip(written, may_join, strict=True)]
    position = 0
    while position < len(is_part):
        if not is_part[position]:
            position += 1
            continue
        end = _longest_known(written, is_part, position, known)
        if not end:
            end = position + 1
            while (
                end < len(is_part)
                and is_part[end]
                and starts[end] == starts[end - 1] + len(written[end - 1])
                and not _longest_known(written, is_part, end, known)
            ):
                end += 1
        if end > position + 1:
            yield position, end
        position = end


def _longest_known(
    written: Sequence[str], is_part: Sequence[bool], position: int, known: frozenset[str]
) -> int:
    """The position after the longest loan word of the dictionary that begins at `position`; 0 where none does."""
    longest, spelled = 0, ""
    for end in range(position, len(is_part)):
        if is_part[end]:
            spelled += unicodedata.normalize("NFKC", written[end])
            if spelled in known:
                longest = end + 1
        elif written[end] not in _DOTS:
            break
        if not any(word.startswith(spelled) for word in known):
            break
    return longest
