"""Names in texts under cover: companies, persons, addresses and numbers, each always under the same pseudonym."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

import regex

from cs_helpers.words.doubts import Confirmed
from cs_helpers.words.known_names import KnownNames, Span, name_parts, plain_text, stands_alone
from cs_helpers.words.names import COVER, is_word, listed
from cs_helpers.words.pseudonyms import Pseudonyms
from cs_helpers.words.tokens import JAPANESE, known_terms, tokens
from cs_helpers.words.unknown_names import possible_names

#: what stands in the place of a name: kind (company, staff, person, somebody, doubt, key, mail, link,
#: phone) and number
Pseudonym = Callable[[str, int], str]
_MAIL = re.compile(r"(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_LINK = re.compile(
    r"(?:https?://|www\.)[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+"
    r"|(?<![A-Za-z0-9@.-])(?:[A-Za-z0-9-]+\.)+(?:co\.jp|or\.jp|ne\.jp|ac\.jp|go\.jp|co\.uk|com|net|org|info|biz|jp|io|de|fr|eu|cn|kr|tw)"
    r"(?![A-Za-z0-9-])(?:/[A-Za-z0-9._~/?#&=%-]*)?",
    re.IGNORECASE,
)
#: a telephone number in groups: 03-1234-5678, +81-(0)90-1234-5678, (03) 1234 5678; or whole: 09012345678, +14155552671
_DASH = r"[-‐‑–—−ー－〜. ]"
_PHONE = re.compile(
    rf"(?<![0-9,./-])(?:\+\d{{1,3}}{_DASH}?(?:\(0\){_DASH}?)?)?(?:\(\d{{1,5}}\)|\d{{1,5}})(?:{_DASH}?\(\d{{1,4}}\){_DASH}?|{_DASH})"
    rf"\d{{2,4}}(?:{_DASH}\d{{2,4}}){{0,3}}(?!\d|[,.]\d|:\d)|(?<!\d)(?:0\d{{9,10}}|\+\d{{9,15}})(?!\d)"
)
_DAY = re.compile(
    rf"(?:19|20)\d\d{_DASH}(?:0?[1-9]|1[0-2]){_DASH}(?:0?[1-9]|[12]\d|3[01])(?!\d)|(?:(?:19|20)\d\d{_DASH}?){{2,}}$"
)
#: who has a number is near: a number in groups without a leading 0 or + is a telephone's only after such a word
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


def uncovered(text: str) -> str:
    """A text with spaces in place of its pseudonyms, letter for letter."""
    return COVER.sub(lambda found: " " * len(found.group()), text)


class Masker:
    """Masks texts of one product's notes.

    companies: name of each customer by account_id. staff: other names that may stand in the notes. numbers: those that
    were given before; whoever is new gets one, and `numbers` says so afterwards. A person belongs to a company: a part
    of a name alone is the person whose full name stands in notes of the same company. keys: of tickets, contracts and
    the like. confirmed: what was said of words that may be names. Others that may be are hidden too; `doubts` has them afterwards, with where they stood.
    """

    def __init__(
        self,
        companies: Mapping[str, str],
        staff: Iterable[str] = (),
        *,
        keys: Iterable[str] = (),
        product: str = "",
        numbers: Pseudonyms | None = None,
        confirmed: Confirmed | None = None,
    ) -> None:
        staff = list(staff)
        self.product = product
        self.numbers = (numbers or Pseudonyms()).with_accounts(companies).with_staff(staff)
        self.confirmed = confirmed or Confirmed()
        self.doubts: dict[str, str] = {}
        self._no_names = self.confirmed.words | _tools()
        self._known = KnownNames(companies, staff, keys)

    def masked(self, texts: Sequence[str], accounts: Sequence[str | None], pseudonym: Pseudonym) -> list[str]:
        """The texts with every name, address and number replaced by its pseudonym.

        accounts: whose notes they are; persons in a text of nobody's (None) have no number.
        """
        spans = [self.spans(text) for text in texts]
        persons = {
            (account, span.who): ""
            for account, found in zip(accounts, spans, strict=True)
            for span in found
            if span.kind == "person" and account is not None
        }
        self.numbers = self.numbers.with_persons(self.product, _spellings(list(persons)))
        found = []
        for text, account, each in zip(texts, accounts, spans, strict=True):
            parts, at = [], 0
            for span in each:
                nobody = span.kind == "person" and account is None
                cover = pseudonym("somebody" if nobody else span.kind, self._number(span, account))
                parts += [text[at : span.start], cover]
                at = span.end
                if span.kind == "doubt":
                    around = unicodedata.normalize("NFKC", text[max(span.start - 40, 0) : span.end + 40])
                    self.doubts.setdefault(span.who, " ".join(around.split()))
            found.append("".join([*parts, text[at:]]))
        return found

    def _number(self, span: Span, account: str | None) -> int:
        if span.kind == "company":
            return self.numbers.companies[span.who]
        if span.kind == "staff":
            return self.numbers.staff[span.who]
        if span.kind == "person" and account is not None:
            return self.numbers.persons[self.product][_key(account, span.who)]
        return 0

    def spans(self, text: str) -> list[Span]:
        """What is masked in a text, in order, none over another."""
        plain, places = plain_text(text)
        found = [
            Span(places[m.start()], places[m.end() - 1] + 1, kind, m.group())
            for kind, pattern in (("mail", _MAIL), ("link", _LINK), ("phone", _PHONE))
            for m in pattern.finditer(plain)
            if kind != "phone" or _is_phone(m.group(), plain[max(m.start() - 12, 0) : m.start()])
        ]
        known = self._known.spans(text)
        found += [span for span in known if span.kind != "doubt" or span.who not in self._no_names]
        found += [
            Span(m.start(), m.end(), "person", name)
            for name in sorted(self.confirmed.names)
            for written in {name, unicodedata.normalize("NFD", name)}
            for m in re.finditer(re.escape(written), text)
            if stands_alone(text, m.start(), m.end())
        ]
        found += [span for span in _persons(text) if span.who not in self.confirmed.words]
        found += [
            Span(start, end, "doubt", unicodedata.normalize("NFKC", text[start:end]))
            for start, end in possible_names(text, self._no_names)
        ]
        apart, taken = [], bytearray(len(text))
        # of two that overlap what was found first counts: addresses, then names that are known, then guesses
        for span in found:
            if not any(taken[span.start : span.end]):
                apart.append(span)
                taken[span.start : span.end] = b"\1" * (span.end - span.start)
        return sorted(apart)


def _key(account: str, name: str) -> str:
    return f"{account}\n{name}"


def _spellings(persons: Sequence[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """The keys of each person (account, name) and of all spellings of that person in notes of the account."""
    whole = {person: person for person in persons}
    for account, name in reversed(persons):
        if len(parts := name_parts(name)) > 1:
            whole |= {(account, part): (account, name) for part in (*parts, name)}
    together: dict[tuple[str, str], list[str]] = {}
    for (account, name), full in whole.items():
        together.setdefault(full, []).append(_key(account, name))
    return {_key(*person): tuple(sorted(together[whole[person]])) for person in persons}


def _is_phone(number: str, before: str) -> bool:
    digits = sum(letter.isdigit() for letter in number)
    if not 9 <= digits <= 15 or _DAY.match(number):
        return False
    labelled = bool(_LABEL.search(before))
    if before[-1:].isascii() and before[-1:].isalpha() and not labelled:
        return False  # a key, as in INV03-1234-5678
    return number.lstrip("(").startswith(("0", "+")) or labelled


def _persons(text: str) -> list[Span]:
    """Names of persons: by the tagger where a text is Japanese, by capitals, titles and known names else."""
    found = []
    for match in _CAPITALS.finditer(text):
        found += _latin_person(text, match.start(), match.group())
    known = _lower()
    for match in _SAN.finditer(text):
        if match[1][0].isupper() or match[1].lower() in known:
            found.append(Span(match.start(), match.end(), "person", match[1]))
    if JAPANESE.search(text):
        run: list[tuple[int, int]] = []
        for token in [*tokens(text), None]:
            if (
                token is not None
                and token.kind == "name"
                and (not run or _near(text, run[-1][1], token.start))
            ):
                run.append((token.start, token.end))
                continue
            if run:
                found.append(Span(run[0][0], run[-1][1], "person", "\u3000".join(text[a:b] for a, b in run)))
            run = [(token.start, token.end)] if token is not None and token.kind == "name" else []
        found += [
            Span(m.start(), m.end(), "person", m.group())
            for m in _KATAKANA.finditer(text)
            if m.group() not in listed()["roles"]
        ]
    return found


def _latin_person(text: str, start: int, run: str) -> list[Span]:
    """The part of a run of capitalised words that is a person's name, if any is.

    It begins after a title, before an honorific, or with a name that is listed, and goes on as long as no
    English word or tool follows.
    """
    known_names = listed()["given"] | listed()["surnames"]
    words = [
        (m.start(), re.sub(r"['’]s$|[-‐](?:san|sama)$", "", m.group())) for m in re.finditer(r"\S+", run)
    ]
    known = [word if not word.isupper() else word.title() for _, word in words]
    titled = words[0][1].rstrip(".") in _TITLES
    if titled and len(words) > 1:
        first = 1
    elif _TITLE.search(text[max(start - 8, 0) : start]):
        first = 0
    else:
        first = next((n for n, word in enumerate(known) if word in known_names), -1)
        if (
            first > 0
            and not is_word(known[first - 1])
            and known[first - 1] not in _tools()
            and known[first - 1].isalpha()
        ):
            first -= 1  # of two names only the second is listed
    if first < 0 or (titled and len(words) == 1):
        return []
    last = first
    while last + 1 < len(words):
        word = known[last + 1]
        initial = bool(re.fullmatch(r"[A-Z]\.", word))
        # after a given name comes the other name, even one that is a word, too
        other = known[last] in listed()["given"] or bool(re.fullmatch(rf"[A-Z]\.|{_PARTICLES}", known[last]))
        particle = re.fullmatch(_PARTICLES, word) and last + 2 < len(words)
        if word in _tools() or not (initial or particle or word in known_names or other or not is_word(word)):
            break
        last += 1
    if first == last and (words[first][1] in _tools() or known[first].endswith(".")):
        return []
    begin, end = start + words[first][0], start + words[last][0] + len(words[last][1].rstrip("."))
    return [Span(begin, end, "person", " ".join(word.rstrip(".") for _, word in words[first : last + 1]))]


def _near(text: str, end: int, start: int) -> bool:
    return text[end:start].strip(" \u3000・＝=") == "" and start - end <= 1


@cache
def _lower() -> frozenset[str]:
    return frozenset(name.lower() for name in listed()["given"] | listed()["surnames"])


@cache
def _tools() -> frozenset[str]:
    return frozenset(word for term in known_terms() for word in term.split())
