"""Replace names, addresses and telephone numbers in texts by pseudonyms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

import regex

from cs_helpers.words.doubts import Confirmed
from cs_helpers.words.known_names import KnownNames, Span, name_parts, normalize_width, stands_alone
from cs_helpers.words.names import PSEUDONYM, is_word, name_lists
from cs_helpers.words.pseudonyms import Pseudonyms
from cs_helpers.words.tokens import JAPANESE, known_terms, tokenize
from cs_helpers.words.unknown_names import possible_names

#: (kind, number) -> the text that replaces a name; kind: company, staff, person, somebody, doubt, key, mail, link
#: or phone
Pseudonym = Callable[[str, int], str]
_MAIL = re.compile(r"(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_LINK = re.compile(
    r"(?:https?://|www\.)[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+"
    r"|(?<![A-Za-z0-9@.-])(?:[A-Za-z0-9-]+\.)+(?:co\.jp|or\.jp|ne\.jp|ac\.jp|go\.jp|co\.uk|com|net|org|info|biz|jp|io|de|fr|eu|cn|kr|tw)"
    r"(?![A-Za-z0-9-])(?:/[A-Za-z0-9._~/?#&=%-]*)?",
    re.IGNORECASE,
)
#: a telephone number in groups (03-1234-5678, +81-(0)90-1234-5678, (03) 1234 5678) or without (09012345678, +14155552671)
_DASH = r"[-‐‑–—−ー－〜. ]"
_PHONE = re.compile(
    rf"(?<![0-9,./-])(?:\+\d{{1,3}}{_DASH}?(?:\(0\){_DASH}?)?)?(?:\(\d{{1,5}}\)|\d{{1,5}})(?:{_DASH}?\(\d{{1,4}}\){_DASH}?|{_DASH})"
    rf"\d{{2,4}}(?:{_DASH}\d{{2,4}}){{0,3}}(?!\d|[,.]\d|:\d)|(?<!\d)(?:0\d{{9,10}}|\+\d{{9,15}})(?!\d)"
)
_DAY = re.compile(
    rf"(?:19|20)\d\d{_DASH}(?:0?[1-9]|1[0-2]){_DASH}(?:0?[1-9]|[12]\d|3[01])(?!\d)|(?:(?:19|20)\d\d{_DASH}?){{2,}}$"
)
#: a number in groups without a leading 0 or + is a telephone number only after such a word
_LABEL = re.compile(
    r"(?:tel|phone|mobile|call|fax|dial|携帯|電話|連絡先|内線|直通)[\s.:：はが]{0,3}$", re.IGNORECASE
)
_HONORIFIC = re.compile(r"さん|様|氏|くん|君|ちゃん|殿")
_TITLES = ("Mr", "Mrs", "Ms", "Miss", "Mx", "Dr", "Prof")
_TITLE = re.compile(rf"(?<![A-Za-z])(?:{'|'.join(_TITLES)})(?:\.\s*|\s+)$")
_CAP, _LOW = r"\p{Lu}\p{M}*", r"(?:\p{Ll}\p{M}*)"
_NAME = rf"(?:Mc|Mac|O['’]|D['’])?{_CAP}(?:{_LOW}+|\.)(?:[-'’](?:{_CAP})?{_LOW}+)*"
_PARTICLES = r"(?:van|von|der|den|de|la|le|di|da|del|dos|bin|al|el|ten)"
_CAPITALS = regex.compile(
    rf"(?<![\w@])(?:{_PARTICLES}[ \u3000]+)*(?:{_NAME}|(?:{_CAP}){{2,}})"
    rf"(?:[ \u3000]+(?:{_NAME}|(?:{_CAP}){{2,}}|{_PARTICLES}(?=[ \u3000]+(?:{_PARTICLES}[ \u3000]+)?\p{{Lu}})))*"
)
_SAN = re.compile(r"(?<![A-Za-z])([A-Za-z]{2,20})(?=[-‐\s](?:san|sama)\b|さん|様|氏)")
_KATAKANA = re.compile(r"[ァ-ヴー・]{2,}(?=さん|氏|くん|ちゃん)")


def blank_pseudonyms(text: str) -> str:
    """A text with its pseudonyms replaced by as many spaces."""
    return PSEUDONYM.sub(lambda found: " " * len(found.group()), text)


class Masker:
    """Masks the texts of one product's notes.

    companies: account_id -> name. staff: names of staff. keys: keys of tickets, contracts and so on. numbers: the existing
    pseudonyms; the attribute `numbers` has those of new names too. confirmed: words that were confirmed as words or as
    names; other words that may be names are masked too, and are in `doubts` (word -> context) afterwards. Persons are
    identified within a company: a part of a name means the person whose full name is in notes of the same company.
    """

    def __init__(
        self,
        companies: Mapping[str, str],
        staff_names: Iterable[str] = (),
        *,
        keys: Iterable[str] = (),
        product: str = "",
        numbers: Pseudonyms | None = None,
        confirmed: Confirmed | None = None,
    ) -> None:
        staff_names = list(staff_names)
        self.product = product
        self.numbers = (numbers or Pseudonyms()).with_accounts(companies).with_staff(staff_names)
        self.confirmed = confirmed or Confirmed()
        self.doubts: dict[str, str] = {}
        self._not_names = self.confirmed.words | _dictionary_words()
        self._known_names = KnownNames(companies, staff_names, keys)

    def mask(self, texts: Sequence[str], accounts: Sequence[str | None], pseudonym: Pseudonym) -> list[str]:
        """The texts with every name, address and telephone number replaced by its pseudonym.

        accounts: the account_id of each text; persons in a text without one (None) get no number.
        """
        spans = [self.spans(text) for text in texts]
        persons = {
            (account, span.entity): ""
            for account, masked in zip(accounts, spans, strict=True)
            for span in masked
            if span.kind == "person" and account is not None
        }
        self.numbers = self.numbers.with_persons(self.product, _spellings(list(persons)))
        masked = []
        for text, account, text_spans in zip(texts, accounts, spans, strict=True):
            parts, end = [], 0
            for span in text_spans:
                is_unassigned = span.kind == "person" and account is None
                replacement = pseudonym(
                    "somebody" if is_unassigned else span.kind, self._number(span, account)
                )
                parts += [text[end : span.start], replacement]
                end = span.end
                if span.kind == "doubt":
                    context = unicodedata.normalize("NFKC", text[max(span.start - 40, 0) : span.end + 40])
                    self.doubts.setdefault(span.entity, " ".join(context.split()))
            masked.append("".join([*parts, text[end:]]))
        return masked

    def _number(self, span: Span, account: str | None) -> int:
        if span.kind == "company":
            return self.numbers.companies[span.entity]
        if span.kind == "staff":
            return self.numbers.staff[span.entity]
        if span.kind == "person" and account is not None:
            return self.numbers.persons[self.product][_person_key(account, span.entity)]
        return 0

    def spans(self, text: str) -> list[Span]:
        """The spans of a text to mask, sorted and without overlaps."""
        normalized, places = normalize_width(text)
        candidates = [
            Span(places[m.start()], places[m.end() - 1] + 1, kind, m.group())
            for kind, pattern in (("mail", _MAIL), ("link", _LINK), ("phone", _PHONE))
            for m in pattern.finditer(normalized)
            if kind != "phone" or _is_phone(m.group(), normalized[max(m.start() - 12, 0) : m.start()])
        ]
        known_spans = self._known_names.spans(text)
        candidates += [
            span for span in known_spans if span.kind != "doubt" or span.entity not in self._not_names
        ]
        candidates += [
            Span(m.start(), m.end(), "person", name)
            for name in sorted(self.confirmed.names)
            for written in {name, unicodedata.normalize("NFD", name)}
            for m in re.finditer(re.escape(written), text)
            if stands_alone(text, m.start(), m.end())
        ]
        candidates += [span for span in _find_persons(text) if span.entity not in self.confirmed.words]
        candidates += [
            Span(start, end, "doubt", unicodedata.normalize("NFKC", text[start:end]))
            for start, end in possible_names(text, self._not_names)
        ]
        separate, is_masked = [], bytearray(len(text))
        # of overlapping spans the first in this order is kept: addresses, known names, guesses
        for span in candidates:
            if not any(is_masked[span.start : span.end]):
                separate.append(span)
                is_masked[span.start : span.end] = b"\1" * (span.end - span.start)
        return sorted(separate)


def _person_key(account: str, name: str) -> str:
    return f"{account}\n{name}"


def _spellings(persons: Sequence[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Key of a person (account, name) -> the keys of all spellings of that person in notes of the account."""
    full_names = {person: person for person in persons}
    for account, name in reversed(persons):
        if len(parts := name_parts(name)) > 1:
            full_names |= {(account, part): (account, name) for part in (*parts, name)}
    keys_of: dict[tuple[str, str], list[str]] = {}
    for (account, name), full in full_names.items():
        keys_of.setdefault(full, []).append(_person_key(account, name))
    return {_person_key(*person): tuple(sorted(keys_of[full_names[person]])) for person in persons}


def _is_phone(number: str, before: str) -> bool:
    digits = sum(letter.isdigit() for letter in number)
    if not 9 <= digits <= 15 or _DAY.match(number):
        return False
    labelled = bool(_LABEL.search(before))
    if before[-1:].isascii() and before[-1:].isalpha() and not labelled:
        return False  # part of a key, as in INV03-1234-5678
    return number.lstrip("(").startswith(("0", "+")) or labelled


def _find_persons(text: str) -> list[Span]:
    """The names of persons: found by the tagger in Japanese text, else by capitals, titles and known names."""
    spans = []
    for match in _CAPITALS.finditer(text):
        spans += _latin_person(text, match.start(), match.group())
    lowercase_names = _lowercase_names()
    for match in _SAN.finditer(text):
        if match[1][0].isupper() or match[1].lower() in lowercase_names:
            spans.append(Span(match.start(), match.end(), "person", match[1]))
    if JAPANESE.search(text):
        run: list[tuple[int, int]] = []
        for token in [*tokenize(text), None]:
            if (
                token is not None
                and token.kind == "name"
                and (not run or _is_adjacent(text, run[-1][1], token.start))
            ):
                run.append((token.start, token.end))
                continue
            if run:
                spans.append(Span(run[0][0], run[-1][1], "person", "\u3000".join(text[a:b] for a, b in run)))
            run = [(token.start, token.end)] if token is not None and token.kind == "name" else []
        spans += [
            Span(m.start(), m.end(), "person", m.group())
            for m in _KATAKANA.finditer(text)
            if m.group() not in name_lists()["roles"]
        ]
    return spans


def _latin_person(text: str, start: int, run: str) -> list[Span]:
    """The part of a run of capitalised words that is a person's name, as a list of at most one span.

    It begins after a title, or with a listed name or the word before one, and ends before an English word or the name
    of a tool.
    """
    known_names = name_lists()["given"] | name_lists()["surnames"]
    words = [
        (m.start(), re.sub(r"['’]s$|[-‐](?:san|sama)$", "", m.group())) for m in re.finditer(r"\S+", run)
    ]
    title_cased = [word if not word.isupper() else word.title() for _, word in words]
    has_title = words[0][1].rstrip(".") in _TITLES
    if has_title and len(words) > 1:
        first = 1
    elif _TITLE.search(text[max(start - 8, 0) : start]):
        first = 0
    else:
        first = next((n for n, word in enumerate(title_cased) if word in known_names), -1)
        if (
            first > 0
            and not is_word(title_cased[first - 1])
            and title_cased[first - 1] not in _dictionary_words()
            and title_cased[first - 1].isalpha()
        ):
            first -= 1  # only the second of two names is listed
    if first < 0 or (has_title and len(words) == 1):
        return []
    last = first
    while last + 1 < len(words):
        word = title_cased[last + 1]
        initial = bool(re.fullmatch(r"[A-Z]\.", word))
        # a given name is followed by the surname, even if that is also an ordinary word
        follows_given_name = title_cased[last] in name_lists()["given"] or bool(
            re.fullmatch(rf"[A-Z]\.|{_PARTICLES}", title_cased[last])
        )
        particle = re.fullmatch(_PARTICLES, word) and last + 2 < len(words)
        if word in _dictionary_words() or not (
            initial or particle or word in known_names or follows_given_name or not is_word(word)
        ):
            break
        last += 1
    if first == last and (words[first][1] in _dictionary_words() or title_cased[first].endswith(".")):
        return []
    begin, end = start + words[first][0], start + words[last][0] + len(words[last][1].rstrip("."))
    return [Span(begin, end, "person", " ".join(word.rstrip(".") for _, word in words[first : last + 1]))]


def _is_adjacent(text: str, end: int, start: int) -> bool:
    return text[end:start].strip(" \u3000・＝=") == "" and start - end <= 1


@cache
def _lowercase_names() -> frozenset[str]:
    return frozenset(name.lower() for name in name_lists()["given"] | name_lists()["surnames"])


@cache
def _dictionary_words() -> frozenset[str]:
    return frozenset(word for term in known_terms() for word in term.split())
