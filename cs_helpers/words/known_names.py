"""Names of customers and of our own people in a text: those that the tables know, however they are written there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import regex

from cs_helpers.words.names import is_team, is_word, listed
from cs_helpers.words.tokens import JAPANESE

#: the legal form of a company, before or after its name
_LEGAL = (
    r"株式会社|有限会社|合同会社|合資会社|合名会社|(?:一般|公益)(?:社団|財団)法人|医療法人(?:社団|財団)?|学校法人|社会福祉法人|宗教法人|"
    r"特定非営利活動法人|NPO法人|(?:農業|漁業|生活|事業)?協同組合|\(株\)|\(有\)|\(同\)|㈱|㈲|"
    r"\b(?:inc|incorporated|ltd|limited|llc|llp|lp|plc|corp|corporation|co|company|gmbh|ag|kg|k\.?k|s\.?a|s\.?r\.?l|s\.?p\.?a|b\.?v|"
    r"n\.?v|oy|ab|a/?s|aps|pty|pte|sdn|bhd|holdings?|group)\b\.?"
)
#: what a Japanese company does: its name is said without it (東和精機 of 東和精機工業)
_TRADE = re.compile(
    "(?:工業|産業|商事|商会|物産|製作所|製造|電機|電気|化学|建設|運輸|物流|倉庫|印刷|食品|サービス|システムズ?|ホールディングス|グループ|配送|銀行|保険|証券|病院|医院|クリニック|大学|学園|不動産|通信|電力|鉄道|航空|"
    "自動車|重工|製薬|薬品|水産|農園|商店|設計|工務店|製作|開発|技研|精機)$"
)
#: a name of fewer letters is one only where it is written just so and stands alone
_LEAST_LATIN, _LEAST_JAPANESE = 3, 2
_KANJI = re.compile("[\u3400-\u9fff々]")
#: what may be a key, as in T-00012 or 40417
_TOKEN = regex.compile(r"[\p{L}\p{N}](?:[\p{L}\p{N}_./-]*[\p{L}\p{N}])?")
#: a key of digits only is one from so many on: any number of a note may be as long
_LEAST_DIGITS, _LEAST_KEY = 4, 3


class Span(NamedTuple):
    """A place in a text that is masked: what stands there, and whom it means."""

    start: int
    end: int
    kind: str
    who: str


class KnownNames:
    """The names of companies (by account_id) and of staff, and keys that lead to a customer, ready to be found.

    A company's name is found in the forms in which people say it; where a form is a word besides (Harbor of Harbor
    Foods, 青葉 of 青葉製作所) the span is a doubt.
    """

    def __init__(
        self, companies: Mapping[str, str], staff: Iterable[str] = (), keys: Iterable[str] = ()
    ) -> None:
        self._names: dict[str, list[tuple[str, str, str, str]]] = {}
        self._keys = {key: ("key", "") for key in keys if _is_key(key)}
        self._keys |= {account: ("company", account) for account in companies if _is_key(account)}
        for account in sorted(companies):
            forms = _forms(companies[account])
            if account.isalpha() and len(account) > _LEAST_LATIN and not is_word(account):
                forms.append(account)  # a key that is a name in short
            for form in forms:
                self._know(form, "company", account)
            for form in _short_forms(companies[account]):
                if form not in forms:
                    self._know(form, "doubt", form, exactly=True)
        for name in staff:
            if not is_team(name):
                for part in dict.fromkeys((name, *name_parts(name))):
                    self._know(part, "staff", name)

    def _know(self, name: str, kind: str, who: str, *, exactly: bool = False) -> None:
        close = closed(name)[0]
        short = len(close) < (_LEAST_JAPANESE if JAPANESE.search(name) else _LEAST_LATIN)
        # `Target` is a word before it is a company: only where it is written just so, or in capitals
        word = name.isascii() and " " not in name and is_word(name)
        if close:
            self._names.setdefault(close[:2], []).append(
                (close, kind, who, name if exactly or short or word else "")
            )

    def spans(self, text: str) -> list[Span]:
        """Where names and keys stand, whatever their width, case, spaces and signs; in order, the longest first."""
        close, places = closed(text)
        found: list[Span] = []
        for at in range(len(close)):
            for name, kind, who, exact in (
                *self._names.get(close[at : at + 2], ()),
                *(self._names.get(close[at], ()) if at + 1 < len(close) else ()),
            ):
                if not close.startswith(name, at):
                    continue
                start, end = places[at], places[at + len(name) - 1] + 1
                while end < len(text) and (unicodedata.combining(text[end]) or text[end] in "ﾞﾟ"):
                    end += 1
                written = unicodedata.normalize("NFKC", text[start:end])
                if (not exact or written in (exact, exact.upper())) and stands_alone(text, start, end):
                    found.append(Span(start, end, kind, who))
        for match in _TOKEN.finditer(text) if self._keys else ():
            if match.group() in self._keys:
                found.append(Span(match.start(), match.end(), *self._keys[match.group()]))
        return sorted(found, key=lambda span: (span.start, -span.end, span.kind == "doubt"))


def _is_key(key: str) -> bool:
    return len(key) >= _LEAST_DIGITS if key.isdigit() else len(key) >= _LEAST_KEY and not key.isalpha()


def name_parts(name: str) -> list[str]:
    """The parts of a person's name that may stand alone."""
    return [part for part in re.split(r"[\s・]+", name) if len(part) > 1]


def _bare(name: str) -> str:
    bare = re.sub(_LEGAL, "", unicodedata.normalize("NFKC", name), flags=re.IGNORECASE).strip(" ,.・&-\u3000")
    return re.sub(r"^The\s+(?=\S)", "", bare)


def _forms(name: str) -> list[str]:
    """A company's name as it is written, without its legal form, and as it is said in short."""
    bare = _bare(name)
    said = [name, bare]
    words = bare.split()
    if bare.isascii() and len(words) > 1:
        said += [" ".join(words[:2])] if len(words) > 2 else []
        said += [words[0]] if len(words[0]) > 3 and not is_word(words[0]) else []
    elif JAPANESE.search(bare):
        short = _TRADE.sub("", bare)
        said += [short] if len(short) > 2 else []
    return [form for form in dict.fromkeys(said) if form]


def _short_forms(name: str) -> list[str]:
    """How a company may be said in short where the short form is a word, too."""
    bare = _bare(name)
    words = bare.split()
    said = []
    if bare.isascii() and len(words) > 1 and len(words[0]) > 3 and words[0] not in listed()["first_words"]:
        said.append(words[0])
    if match := re.fullmatch(r"([A-Za-z]{4,})\.(?:com|net|io|jp|co\.jp|org)", bare):
        said.append(match[1])
    if JAPANESE.search(bare):
        short = _TRADE.sub("", bare)
        said += [short] if len(short) == 2 and short != bare else []
    return said


def _is_plain(text: str) -> bool:
    """Whether each letter stands for itself: none has marks behind it or another width."""
    return unicodedata.is_normalized("NFKC", text) and not any(map(unicodedata.combining, text))


def _clusters(text: str) -> Iterable[tuple[int, str]]:
    """Each letter with the marks that follow it, as one in one width and form; and where it stands."""
    start = 0
    for end in range(1, len(text) + 1):
        if end < len(text) and (unicodedata.combining(text[end]) or text[end] in "ﾞﾟ"):
            continue
        yield start, unicodedata.normalize("NFKC", text[start:end])
        start = end


def plain_text(text: str) -> tuple[str, Sequence[int]]:
    """A text in one width, and where each of its letters stood."""
    if _is_plain(text):
        return text, range(len(text))
    letters = [(place, letter) for place, cluster in _clusters(text) for letter in cluster]
    return "".join(letter for _, letter in letters), [place for place, _ in letters]


def closed(text: str) -> tuple[str, list[int]]:
    """The letters and digits of a text in one width and case, and where each of them stood."""
    folded = text.casefold() if _is_plain(text) else ""
    each = (
        enumerate(folded)
        if folded and len(folded) == len(text)
        else ((place, letter) for place, cluster in _clusters(text) for letter in cluster.casefold())
    )
    letters = [(place, letter) for place, letter in each if letter.isalnum() or letter == "ー"]
    return "".join(letter for _, letter in letters), [place for place, _ in letters]


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no letter of the same script stands beside a name in Latin letters or katakana, or one of one kanji."""
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
