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
_LOWER = regex.compile(r"(?<![\p{L}\p{N}_@.])[a-z]{3,}(?![\p{L}\p{N}_@])")
_WRITES_ON = regex.compile(r"[\u3400-\u9fff々]")
#: a word in katakana of which something is said that persons do: the tagger does not know オンライン or スマホ either
_KATAKANA = regex.compile(r"[ァ-ヴー]{3,}")
_ACTS = regex.compile(
    r"(?:は|が|も|に|と|から|へ)[^。、]{0,8}?(?:断|言|話|聞|訊|尋|頼|反対|賛成|返事|連絡|相談|説明|退職|異動|了承|承認|確認|会っ|会う|怒|納得|同意|担当)"
)
#: so many capitals are an abbreviation, and no name
_ABBREVIATION = 3
_SPEAKS = regex.compile(
    r"(?:['’]s)?(?:\s+(?:told|said|says|asked|refused|refuses|agreed|disagreed|wants|wanted|left|called|insists|insisted|decided"
    r"|resigned|promised|thinks|thought|believes|objected|complained|complains|joined|explained|mentioned|suggested|confirmed"
    r"|replied|from\s+(?:accounting|sales|finance|procurement|HR|IT|purchasing|legal)|also\s+said)\b|['’]s\s+(?:team|desk|people|boss))",
    regex.IGNORECASE,
)
_SPOKEN_TO = regex.compile(
    r"\b(?:asked|told|met|called|mailed|e-mailed|emailed|phoned|thanked|convinced|thanks|(?:talked|spoke|agreed|meeting|heard)"
    r"\s+(?:with|to|from)|mr|mrs|ms|sr|sra|dr),?\.?\s+$",
    regex.IGNORECASE,
)
#: a role or title and a bracket or comma: the CFO (Brown), our sponsor, Baker
_BESIDE_A_ROLE = regex.compile(
    r"\b(?:CEO|CFO|CIO|COO|CTO|lead|head|manager|director|sponsor|owner|chief|president|clerk|buyer)\s*[(,]\s*$",
    regex.IGNORECASE,
)
#: what is said of persons: さん, 氏, and titles behind the name
_ADDRESSED = regex.compile(
    r"([\u3400-\u9fff々]{1,4}|[\u3041-\u3096]{2,4}(?=さん|氏))(?:さん|氏|部長|課長|社長|専務|常務|主任|係長|室長|本部長)"
)
_NO_NAME_BEFORE = regex.compile(
    r"(?:^|.*)(?:[者員長客皆方屋係様部課室科店社側達手士師子主人社副新前元現次同本支両各某当弊貴御毎何誰娘父母兄姉弟妹奥婿孫嫁等職]"
    r"|営業|経理|総務|人事|開発|企画|情報|物流|購買|製造|品質|業務|財務|法務|広報|管理|担当|工場|事業|経営|生産|技術|販売|調達|研究|海外|国内"
    r"|たく|お客|みな|おく|むすめ|むすこ)$"
)


def possible_names(text: str, known: Collection[str]) -> Iterator[tuple[int, int]]:
    """Where words stand that may name somebody, in order; `known` are words that name nobody."""
    for match in _CAPITAL.finditer(text):
        end = match.end() - len(_possessive(match.group()))
        if _may_be_latin(text[match.start() : end], text[: match.start()], text[end:], known):
            yield match.start(), end
    for match in _LOWER.finditer(text):
        if (
            match.group().title() in listed()["surnames"]
            and _SPEAKS.match(text, match.end())
            and match.group() not in known
        ):
            yield match.start(), match.end()
    if JAPANESE.search(text):
        yield from _japanese(text, known)


def _japanese(text: str, known: Collection[str]) -> Iterator[tuple[int, int]]:
    starts, ends = set(), {}
    for token in tokens(text):
        starts.add(token.start)
        ends[token.end] = token
        word = text[token.start : token.end]
        if (
            not token.known
            and _KATAKANA.fullmatch(word)
            and word not in known
            and _ACTS.match(text, token.end)
        ):
            yield token.start, token.end
    for match in _ADDRESSED.finditer(text, overlapped=True):
        start, end = match.span(1)
        last = ends.get(end)
        if last and last.start == start and last.known and end - start > 1 and last.kind != "name":
            continue  # 派遣さん: a word that the dictionary has as one
        whole = start in starts and end in ends and not _WRITES_ON.match(text[start - 1 : start])
        if whole and match.group(1) not in known and not _NO_NAME_BEFORE.match(match.group(1)):
            yield start, end


def _may_be_latin(word: str, before: str, after: str, known: Collection[str]) -> bool:
    plain = unicodedata.normalize("NFKC", word)
    if plain in known:
        return False
    if plain.title() in listed()["also_words"]:
        return bool(
            _SPEAKS.match(after) or _SPOKEN_TO.search(before[-30:]) or _BESIDE_A_ROLE.search(before[-30:])
        )
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
