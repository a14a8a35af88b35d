"""Words of a text that may name somebody: no dictionary and no list knows them as anything else.

The tagger and the lists of `masking` find names that they know. What is left is written like a name and
known to no dictionary (Okonkwo, Wójcik, オコンクォ), or is a word that is a surname too and stands where
a person would ("Baker told us"). Whether it is one only a person can say (`doubts`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator

import regex
import simplemma

from cs_helpers.words.names import listed
from cs_helpers.words.tokens import JAPANESE, tokens

#: a run of Latin letters (with their marks, apostrophes and hyphens) that begins with a capital
_CAPITAL = regex.compile(
    r"(?<![\p{Latin}\p{M}\p{N}_@.])(?=\p{Lu})[\p{Latin}\p{M}'’\-‐]*[\p{Latin}\p{M}](?![\p{Latin}\p{M}\p{N}_@])"
)
#: a word in katakana of which something is said that persons do: the tagger does not know オンライン or スマホ either
_KATAKANA = regex.compile(r"[ァ-ヴー]{3,}")
_ACTS = regex.compile(
    r"(?:は|が|も|に|と|から|へ)[^。、]{0,8}?(?:断|言|話|聞|訊|尋|頼|反対|賛成|返事|連絡|相談|説明|退職|異動|了承|承認|確認|会っ|会う|怒|納得|同意|担当)"
)
#: so many capitals are an abbreviation, and no name
_ABBREVIATION = 3
_SPEAKS = regex.compile(
    r"\s+(?:told|said|says|asked|refused|agreed|disagreed|wants|wanted|left|called|insists|insisted|decided|resigned|promised"
    r"|thinks|thought|believes|objected|complained|complains|joined|explained|mentioned|suggested|confirmed|replied)\b"
)
_SPOKEN_TO = regex.compile(
    r"\b(?:asked|told|met|called|mailed|e-mailed|emailed|phoned|thanked|convinced|thanks,?)\s+$"
)


def possible_names(text: str, known: Collection[str]) -> Iterator[tuple[int, int]]:
    """Where words stand that may name somebody, in order; `known` are words that name nobody."""
    for match in _CAPITAL.finditer(text):
        if _may_be_latin(match.group(), text[: match.start()], text[match.end() :], known):
            yield match.start(), match.end() - len(_possessive(match.group()))
    if JAPANESE.search(text):
        for token in tokens(text):
            word = text[token.start : token.end]
            if (
                not token.known
                and _KATAKANA.fullmatch(word)
                and word not in known
                and _ACTS.match(text, token.end)
            ):
                yield token.start, token.end


def _may_be_latin(word: str, before: str, after: str, known: Collection[str]) -> bool:
    plain = unicodedata.normalize("NFKC", word)
    plain = plain[: len(plain) - len(_possessive(plain))]
    if plain in known:
        return False
    if plain in listed()["also_words"]:
        return bool(_SPEAKS.match(after) or _SPOKEN_TO.search(before[-20:]))
    return any(
        _is_unknown(part) for part in regex.split(r"['’\-‐]", plain) if len(part) > 1 and part not in known
    )


def _is_unknown(part: str) -> bool:
    """Whether a part of a word is written like a name, and no dictionary has it."""
    if not part[0].isupper():
        return False
    bare = part[:-1] if part.endswith("s") and part[:-1].isupper() else part
    if bare.isupper() and (len(bare) <= _ABBREVIATION or part.upper() in listed()["abbreviations"]):
        return False
    if len(part) == 2:  # to the dictionary every two letters are a word
        return part not in listed()["short"]
    return not simplemma.is_known(part.lower(), lang="en")


def _possessive(word: str) -> str:
    return word[-2:] if word.endswith(("'s", "’s")) else ""
