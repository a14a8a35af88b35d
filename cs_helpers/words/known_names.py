"""Find names of customers and staff from the tables in a text, in any of their usual spellings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import regex

from cs_helpers.words.names import is_team, is_word, name_lists
from cs_helpers.words.tokens import JAPANESE

#: the legal form of a company, before or after its name
_LEGAL_FORM = (
    r"株式会社|有限会社|合同会社|合資会社|合名会社|(?:一般|公益)(?:社団|財団)法人|医療法人(?:社団|財団)?|学校法人|社会福祉法人|宗教法人|"
    r"特定非営利活動法人|NPO法人|(?:農業|漁業|生活|事業)?協同組合|\(株\)|\(有\)|\(同\)|㈱|㈲|"
    r"\b(?:inc|incorporated|ltd|limited|llc|llp|lp|plc|corp|corporation|co|company|gmbh|ag|kg|k\.?k|s\.?a|s\.?r\.?l|s\.?p\.?a|b\.?v|"
    r"n\.?v|oy|ab|a/?s|aps|pty|pte|sdn|bhd|holdings?|group)\b\.?"
)
#: the line of business in the name of a Japanese company, which is often left out (東和精機 for 東和精機工業)
_TRADE = re.compile(
    "(?:工業|産業|商事|商会|物産|製作所|製造|電機|電気|化学|建設|運輸|物流|倉庫|印刷|食品|サービス|システムズ?|ホールディングス|グループ|配送|銀行|保険|証券|病院|医院|クリニック|大学|学園|不動産|通信|電力|鉄道|航空|"
    "自動車|重工|製薬|薬品|水産|農園|商店|設計|工務店|製作|開発|技研|精機)$"
)
#: a name with fewer letters must match exactly and stand alone
_MIN_LATIN, _MIN_JAPANESE = 3, 2
_KANJI = re.compile("[\u3400-\u9fff々]")
#: text that may be a key, as in T-00012 or 40417
_KEY_CANDIDATE = regex.compile(r"[\p{L}\p{N}](?:[\p{L}\p{N}_./-]*[\p{L}\p{N}])?")
#: least length of a key of digits only, as any number may be that short, and of other keys
_MIN_KEY_DIGITS, _MIN_KEY_LENGTH = 4, 3


class Span(NamedTuple):
    """A place in a text to mask: the kind of name, and the entity it means (account_id, name or key)."""

    start: int
    end: int
    kind: str
    entity: str


class KnownNames:
    """A search for the names of companies and staff, and for keys that identify a customer.

    companies: account_id -> name. A company's name is found in its usual short forms; a short form that is also an
    ordinary word (Harbor for Harbor Foods, 青葉 for 青葉製作所) gives a span of kind `doubt`.
    """

    def __init__(
        self, companies: Mapping[str, str], staff: Iterable[str] = (), keys: Iterable[str] = ()
    ) -> None:
        self._names: dict[str, list[tuple[str, str, str, str]]] = {}
        self._keys = {key: ("key", "") for key in keys if _is_key(key)}
        self._keys |= {account: ("company", account) for account in companies if _is_key(account)}
        for account in sorted(companies):
            forms = _full_forms(companies[account])
            if account.isalpha() and len(account) > _MIN_LATIN and not is_word(account):
                forms.append(account)  # the key is an abbreviated name
            for form in forms:
                self._add_name(form, "company", account)
            for form in _short_forms(companies[account]):
                if form not in forms:
                    self._add_name(form, "doubt", form, exactly=True)
        for name in staff:
            if not is_team(name):
                for part in dict.fromkeys((name, *name_parts(name))):
                    self._add_name(part, "staff", name)

    def _add_name(self, name: str, kind: str, entity: str, *, exactly: bool = False) -> None:
        letters = fold_letters(name)[0]
        short = len(letters) < (_MIN_JAPANESE if JAPANESE.search(name) else _MIN_LATIN)
        # `Target` is also an ordinary word, so it must match exactly, or in capitals
        word = name.isascii() and " " not in name and is_word(name)
        if letters:
            self._names.setdefault(letters[:2], []).append(
                (letters, kind, entity, name if exactly or short or word else "")
            )

    def spans(self, text: str) -> list[Span]:
        """The spans of names and keys, in any width, case, spacing and punctuation; by start, the longest first."""
        letters, places = fold_letters(text)
        spans: list[Span] = []
        for position in range(len(letters)):
            for name, kind, entity, exact in (
                *self._names.get(letters[position : position + 2], ()),
                *(self._names.get(letters[position], ()) if position + 1 < len(letters) else ()),
            ):
                if not letters.startswith(name, position):
                    continue
                start, end = places[position], places[position + len(name) - 1] + 1
                while end < len(text) and (unicodedata.combining(text[end]) or text[end] in "ﾞﾟ"):
                    end += 1
                text_in_place = unicodedata.normalize("NFKC", text[start:end])
                if (not exact or text_in_place in (exact, exact.upper())) and stands_alone(text, start, end):
                    spans.append(Span(start, end, kind, entity))
        for match in _KEY_CANDIDATE.finditer(text) if self._keys else ():
            if match.group() in self._keys:
                spans.append(Span(match.start(), match.end(), *self._keys[match.group()]))
        return sorted(spans, key=lambda span: (span.start, -span.end, span.kind == "doubt"))


def _is_key(key: str) -> bool:
    return len(key) >= _MIN_KEY_DIGITS if key.isdigit() else len(key) >= _MIN_KEY_LENGTH and not key.isalpha()


def name_parts(name: str) -> list[str]:
    """The parts of a person's name that may be used alone."""
    return [part for part in re.split(r"[\s・]+", name) if len(part) > 1]


def _without_legal_form(name: str) -> str:
    bare = re.sub(_LEGAL_FORM, "", unicodedata.normalize("NFKC", name), flags=re.IGNORECASE).strip(
        " ,.・&-\u3000"
    )
    return re.sub(r"^The\s+(?=\S)", "", bare)


def _full_forms(name: str) -> list[str]:
    """The forms of a company's name: as written, without its legal form, and unambiguous short forms."""
    bare = _without_legal_form(name)
    forms = [name, bare]
    words = bare.split()
    if bare.isascii() and len(words) > 1:
        forms += [" ".join(words[:2])] if len(words) > 2 else []
        forms += [words[0]] if len(words[0]) > 3 and not is_word(words[0]) else []
    elif JAPANESE.search(bare):
        short = _TRADE.sub("", bare)
        forms += [short] if len(short) > 2 else []
    return [form for form in dict.fromkeys(forms) if form]


def _short_forms(name: str) -> list[str]:
    """The short forms of a company's name that are also ordinary words."""
    bare = _without_legal_form(name)
    words = bare.split()
    forms = []
    if (
        bare.isascii()
        and len(words) > 1
        and len(words[0]) > 3
        and words[0] not in name_lists()["first_words"]
    ):
        forms.append(words[0])
    if match := re.fullmatch(r"([A-Za-z]{4,})\.(?:com|net|io|jp|co\.jp|org)", bare):
        forms.append(match[1])
    if JAPANESE.search(bare):
        short = _TRADE.sub("", bare)
        forms += [short] if len(short) == 2 and short != bare else []
    return forms


def _is_plain(text: str) -> bool:
    """Whether a text has no combining marks and no letters of another width."""
    return unicodedata.is_normalized("NFKC", text) and not any(map(unicodedata.combining, text))


def _clusters(text: str) -> Iterable[tuple[int, str]]:
    """Each letter with the marks that follow it, as its position and the NFKC form of both."""
    start = 0
    for end in range(1, len(text) + 1):
        if end < len(text) and (unicodedata.combining(text[end]) or text[end] in "ﾞﾟ"):
            continue
        yield start, unicodedata.normalize("NFKC", text[start:end])
        start = end


def normalize_width(text: str) -> tuple[str, Sequence[int]]:
    """A text in NFKC, and the original position of each of its letters."""
    if _is_plain(text):
        return text, range(len(text))
    letters = [(place, letter) for place, cluster in _clusters(text) for letter in cluster]
    return "".join(letter for _, letter in letters), [place for place, _ in letters]


def fold_letters(text: str) -> tuple[str, list[int]]:
    """The letters and digits of a text in NFKC and one case, and the original position of each."""
    casefolded = text.casefold() if _is_plain(text) else ""
    positioned = (
        enumerate(casefolded)
        if casefolded and len(casefolded) == len(text)
        else ((place, letter) for place, cluster in _clusters(text) for letter in cluster.casefold())
    )
    letters = [(place, letter) for place, letter in positioned if letter.isalnum() or letter == "ー"]
    return "".join(letter for _, letter in letters), [place for place, _ in letters]


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a name is not part of a longer word: no letter of its script (Latin, katakana) is next to it.

    A name of one kanji must have no kanji next to it.
    """
    if end - start == 1 and _KANJI.match(text[start]):
        return not (_KANJI.match(text[start - 1 : start]) or _KANJI.match(text[end : end + 1]))
    for first, second in ((text[start - 1 : start], text[start]), (text[end - 1], text[end : end + 1])):
        if first and second and _script(first) == _script(second) != "":
            return False
    return True


def _script(letter: str) -> str:
    plain = unicodedata.normalize("NFKC", letter)[:1]
    if plain.isascii():
        return "latin" if plain.isalnum() else ""
    return "katakana" if re.match("[ァ-ヴー]", plain) else ""
