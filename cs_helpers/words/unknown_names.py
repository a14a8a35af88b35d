"""Find words that may be names although no list contains them.

`masking` finds the names that the tagger and the lists know. This module finds words that are written like
a name and are in no dictionary (Okonkwo, Wójcik, オコンクォ), and ordinary words that are also surnames and
are used like a person ("Baker told us"). Whether they are names, a person must confirm (`doubts`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator

import regex
import simplemma

from cs_helpers.words.names import name_lists
from cs_helpers.words.tokens import JAPANESE, tokenize

#: a word of Latin letters (with marks, apostrophes and hyphens) that begins with a capital
_CAPITAL = regex.compile(
    r"(?<![\p{Latin}\p{M}\p{N}_@.])(?=\p{Lu})[\p{Latin}\p{M}'’\-‐]*[\p{Latin}\p{M}](?![\p{Latin}\p{M}\p{N}_@])"
)
_LOWER = regex.compile(r"(?<![\p{L}\p{N}_@.])[a-z]{3,}(?![\p{L}\p{N}_@])")
_KANJI = regex.compile(r"[\u3400-\u9fff々]")
#: a katakana word counts only with a verb for what persons do, as the tagger lacks words like オンライン and スマホ too
_KATAKANA = regex.compile(r"[ァ-ヴー]{3,}")
_PERSON_PREDICATE = regex.compile(
    r"(?:は|が|も|に|と|から|へ)[^。、]{0,8}?(?:断|言|話|聞|訊|尋|頼|反対|賛成|返事|連絡|相談|説明|退職|異動|了承|承認|確認|会っ|会う|怒|納得|同意|担当)"
)
#: most capitals of an abbreviation, which is not a name
_MAX_ABBREVIATION = 3
_SPEECH_VERB = regex.compile(
    r"(?:['’]s)?(?:\s+(?:told|said|says|asked|refused|refuses|agreed|disagreed|wants|wanted|left|called|insists|insisted|decided"
    r"|resigned|promised|thinks|thought|believes|objected|complained|complains|joined|explained|mentioned|suggested|confirmed"
    r"|replied|from\s+(?:accounting|sales|finance|procurement|HR|IT|purchasing|legal)|also\s+said)\b|['’]s\s+(?:team|desk|people|boss))",
    regex.IGNORECASE,
)
_ADDRESSING_VERB = regex.compile(
    r"\b(?:asked|told|met|called|mailed|e-mailed|emailed|phoned|thanked|convinced|thanks|(?:talked|spoke|agreed|meeting|heard)"
    r"\s+(?:with|to|from)|mr|mrs|ms|sr|sra|dr),?\.?\s+$",
    regex.IGNORECASE,
)
#: a role or title before a bracket or comma: the CFO (Brown), our sponsor, Baker
_AFTER_ROLE = regex.compile(
    r"\b(?:CEO|CFO|CIO|COO|CTO|lead|head|manager|director|sponsor|owner|chief|president|clerk|buyer)\s*[(,]\s*$",
    regex.IGNORECASE,
)
#: a name before an honorific or a title: さん, 氏, 部長
_ADDRESSED = regex.compile(
    r"([\u3400-\u9fff々]{1,4}|[\u3041-\u3096]{2,4}(?=さん|氏))(?:さん|氏|部長|課長|社長|専務|常務|主任|係長|室長|本部長)"
)
_NOT_A_NAME = regex.compile(
    r"(?:^|.*)(?:[者員長客皆方屋係様部課室科店社側達手士師子主人社副新前元現次同本支両各某当弊貴御毎何誰娘父母兄姉弟妹奥婿孫嫁等職]"
    r"|営業|経理|総務|人事|開発|企画|情報|物流|購買|製造|品質|業務|財務|法務|広報|管理|担当|工場|事業|経営|生産|技術|販売|調達|研究|海外|国内"
    r"|たく|お客|みな|おく|むすめ|むすこ)$"
)


def possible_names(text: str, not_names: Collection[str]) -> Iterator[tuple[int, int]]:
    """The spans of words that may be names. not_names: words that are known not to be names."""
    for match in _CAPITAL.finditer(text):
        end = match.end() - len(_possessive(match.group()))
        if _may_be_latin_name(text[match.start() : end], text[: match.start()], text[end:], not_names):
            yield match.start(), end
    for match in _LOWER.finditer(text):
        if (
            match.group().title() in name_lists()["surnames"]
            and _SPEECH_VERB.match(text, match.end())
            and match.group() not in not_names
        ):
            yield match.start(), match.end()
    if JAPANESE.search(text):
        yield from _japanese_names(text, not_names)


def _japanese_names(text: str, not_names: Collection[str]) -> Iterator[tuple[int, int]]:
    starts, ends = set(), {}
    for token in tokenize(text):
        starts.add(token.start)
        ends[token.end] = token
        word = text[token.start : token.end]
        if (
            not token.in_dictionary
            and _KATAKANA.fullmatch(word)
            and word not in not_names
            and _PERSON_PREDICATE.match(text, token.end)
        ):
            yield token.start, token.end
    for match in _ADDRESSED.finditer(text, overlapped=True):
        start, end = match.span(1)
        last = ends.get(end)
        if last and last.start == start and last.in_dictionary and end - start > 1 and last.kind != "name":
            continue  # 派遣さん: an ordinary word of the dictionary
        is_whole = start in starts and end in ends and not _KANJI.match(text[start - 1 : start])
        if is_whole and match.group(1) not in not_names and not _NOT_A_NAME.match(match.group(1)):
            yield start, end


def _may_be_latin_name(word: str, before: str, after: str, not_names: Collection[str]) -> bool:
    plain = unicodedata.normalize("NFKC", word)
    if plain in not_names:
        return False
    if plain.title() in name_lists()["also_words"]:
        return bool(
            _SPEECH_VERB.match(after)
            or _ADDRESSING_VERB.search(before[-30:])
            or _AFTER_ROLE.search(before[-30:])
        )
    return any(
        _is_unknown(part)
        for part in regex.split(r"['’\-‐]", plain)
        if len(part) > 1 and part not in not_names
    )


def _is_unknown(part: str) -> bool:
    """Whether a part of a word is written like a name and is in no dictionary."""
    if not part[0].isupper():
        return False
    bare = part[:-1] if part.endswith("s") and part[:-1].isupper() else part
    if bare.isupper() and (len(bare) <= _MAX_ABBREVIATION or part.upper() in name_lists()["abbreviations"]):
        return False
    if len(part) == 2:  # the dictionary accepts any two letters
        return part not in name_lists()["short"]
    return not simplemma.is_known(part.lower(), lang="en")


def _possessive(word: str) -> str:
    return word[-2:] if word.endswith(("'s", "’s")) else ""
