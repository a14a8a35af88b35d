"""Names in texts under cover: companies, persons, addresses and numbers, each always under the same pseudonym."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import regex
import simplemma

from cs_helpers.words.doubts import Confirmed
from cs_helpers.words.names import listed
from cs_helpers.words.pseudonyms import Pseudonyms
from cs_helpers.words.tokens import JAPANESE, known_terms, tokens
from cs_helpers.words.unknown_names import possible_names

#: what stands in the place of a name: kind (company, staff, person, doubt, mail, link, phone) and number
Pseudonym = Callable[[str, int], str]
#: a pseudonym in a text, by its brackets: it is no word of whoever spoke
COVER = re.compile("〔[^〔〕\n]{1,40}〕")
#: the legal form of a company, before or after its name
_LEGAL = (
    r"株式会社|有限会社|合同会社|合資会社|合名会社|(?:一般|公益)(?:社団|財団)法人|医療法人(?:社団|財団)?|学校法人|社会福祉法人|宗教法人|"
    r"特定非営利活動法人|NPO法人|(?:農業|漁業|生活|事業)?協同組合|\(株\)|\(有\)|\(同\)|㈱|㈲|"
    r"\b(?:inc|incorporated|ltd|limited|llc|llp|lp|plc|corp|corporation|co|company|gmbh|ag|kg|k\.?k|s\.?a|s\.?r\.?l|s\.?p\.?a|b\.?v|"
    r"n\.?v|oy|ab|a/?s|aps|pty|pte|sdn|bhd|holdings?|group)\b\.?"
)
#: what a Japanese company does: its name is said without it (東和精機 of 東和精機工業)
_TRADE = re.compile(
    "(?:工業|産業|商事|商会|物産|製作所|製造|電機|電気|化学|建設|運輸|物流|倉庫|印刷|食品|サービス|システムズ?|ホールディングス|グループ)$"
)
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
_LEAST_LATIN, _LEAST_JAPANESE = 3, 2


class Span(NamedTuple):
    """A place in a text that is masked: what stands there, and whom it means."""

    start: int
    end: int
    kind: str
    who: str


def uncovered(text: str) -> str:
    """A text with spaces in place of its pseudonyms, letter for letter."""
    return COVER.sub(lambda found: " " * len(found.group()), text)


class Masker:
    """Masks texts of one product's notes.

    companies: name of each customer by account_id. staff: other names that may stand in the notes. numbers: those that
    were given before; whoever is new gets one, and `numbers` says so afterwards. A person belongs to a company: a part
    of a name alone is the person whose full name stands in notes of the same company. confirmed: what was said of
    words that may be names. Others that may be are hidden too; `doubts` has them afterwards, with where they stood.
    """

    def __init__(
        self,
        companies: Mapping[str, str],
        staff: Iterable[str] = (),
        *,
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
        self._names: dict[str, list[tuple[str, str, str]]] = {}
        for account in sorted(companies):
            for form in _forms(companies[account]):
                self._know(form, account, "company")
        for name in staff:
            if _is_person(name):
                for part in dict.fromkeys((name, *_parts(name))):
                    self._know(part, name, "staff")

    def _know(self, name: str, who: str, kind: str) -> None:
        close = _close(name)[0]
        if len(close) >= (_LEAST_JAPANESE if JAPANESE.search(name) else _LEAST_LATIN):
            # `Target` is a word before it is a company: only where it is written just so, or in capitals
            exact = name if name.isascii() and " " not in name and _is_word(name) else ""
            self._names.setdefault(close[:2], []).append((close, f"{kind}:{who}", exact))

    def masked(self, texts: Sequence[str], accounts: Sequence[str], pseudonym: Pseudonym) -> list[str]:
        """The texts with every name, address and number replaced by its pseudonym.

        accounts: whose notes they are.
        """
        spans = [self.spans(text) for text in texts]
        persons = {
            (account, span.who): ""
            for account, found in zip(accounts, spans, strict=True)
            for span in found
            if span.kind == "person"
        }
        self.numbers = self.numbers.with_persons(self.product, _spellings(list(persons)))
        found = []
        for text, account, each in zip(texts, accounts, spans, strict=True):
            parts, at = [], 0
            for span in each:
                parts += [text[at : span.start], pseudonym(span.kind, self._number(span, account))]
                at = span.end
                if span.kind == "doubt":
                    around = unicodedata.normalize("NFKC", text[max(span.start - 40, 0) : span.end + 40])
                    self.doubts.setdefault(span.who, " ".join(around.split()))
            found.append("".join([*parts, text[at:]]))
        return found

    def _number(self, span: Span, account: str) -> int:
        if span.kind == "company":
            return self.numbers.companies[span.who]
        if span.kind == "staff":
            return self.numbers.staff[span.who]
        if span.kind == "person":
            return self.numbers.persons[self.product][_key(account, span.who)]
        return 0

    def spans(self, text: str) -> list[Span]:
        """What is masked in a text, in order, none over another."""
        plain, places = _plain(text)
        found = [
            Span(places[m.start()], places[m.end() - 1] + 1, kind, m.group())
            for kind, pattern in (("mail", _MAIL), ("link", _LINK), ("phone", _PHONE))
            for m in pattern.finditer(plain)
            if kind != "phone" or _is_phone(m.group(), plain[max(m.start() - 12, 0) : m.start()])
        ]
        found += self._known(text)
        found += [
            Span(m.start(), m.end(), "person", name)
            for name in sorted(self.confirmed.names)
            for written in {name, unicodedata.normalize("NFD", name)}
            for m in re.finditer(re.escape(written), text)
            if _stands_alone(text, m.start(), m.end())
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

    def _known(self, text: str) -> list[Span]:
        """Names of customers and staff, whatever their width, case, spaces and signs."""
        close, places = _close(text)
        found: list[Span] = []
        for at in range(len(close) - 1):
            for name, who, exact in self._names.get(close[at : at + 2], ()):
                if not close.startswith(name, at):
                    continue
                start, end = places[at], places[at + len(name) - 1] + 1
                while end < len(text) and (unicodedata.combining(text[end]) or text[end] in "ﾞﾟ"):
                    end += 1
                if (not exact or text[start:end] in (exact, exact.upper())) and _stands_alone(
                    text, start, end
                ):
                    kind, _, whom = who.partition(":")
                    found.append(Span(start, end, kind, whom))
        return sorted(found, key=lambda span: (span.start, -span.end))


def _key(account: str, name: str) -> str:
    return f"{account}\n{name}"


def _spellings(persons: Sequence[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """The keys of each person (account, name) and of all spellings of that person in notes of the account."""
    whole = {person: person for person in persons}
    for account, name in reversed(persons):
        if len(parts := _parts(name)) > 1:
            whole |= {(account, part): (account, name) for part in (*parts, name)}
    together: dict[tuple[str, str], list[str]] = {}
    for (account, name), full in whole.items():
        together.setdefault(full, []).append(_key(account, name))
    return {_key(*person): tuple(sorted(together[whole[person]])) for person in persons}


def _is_person(name: str) -> bool:
    """Whether what stands in a column of people is a name; csm-03 and `sales` are none."""
    letters = sum(letter.isalpha() for letter in name)
    if letters < 2 or any(letter.isdigit() for letter in name):
        return False
    return not (name.isascii() and _is_word(name)) and name not in listed()["teams"]


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
            and not _is_word(known[first - 1])
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
        if word in _tools() or not (
            initial or particle or word in known_names or other or not _is_word(word)
        ):
            break
        last += 1
    if first == last and (words[first][1] in _tools() or known[first].endswith(".")):
        return []
    begin, end = start + words[first][0], start + words[last][0] + len(words[last][1].rstrip("."))
    return [Span(begin, end, "person", " ".join(word.rstrip(".") for _, word in words[first : last + 1]))]


def _near(text: str, end: int, start: int) -> bool:
    return text[end:start].strip(" \u3000・＝=") == "" and start - end <= 1


def _parts(name: str) -> list[str]:
    return [part for part in re.split(r"[\s・]+", name) if len(part) > 1]


def _forms(name: str) -> list[str]:
    """A company's name as it is written, without its legal form, and as it is said in short."""
    bare = re.sub(_LEGAL, "", unicodedata.normalize("NFKC", name), flags=re.IGNORECASE).strip(" ,.・&-\u3000")
    said = [name, bare]
    words = bare.split()
    if bare.isascii() and len(words) > 1:
        said += [" ".join(words[:2])] if len(words) > 2 else []
        said += [words[0]] if len(words[0]) > 3 and not _is_word(words[0]) else []
    elif JAPANESE.search(bare):
        short = _TRADE.sub("", bare)
        said += [short] if len(short) > 2 else []
    return [form for form in dict.fromkeys(said) if form]


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


def _plain(text: str) -> tuple[str, Sequence[int]]:
    """A text in one width, and where each of its letters stood."""
    if _is_plain(text):
        return text, range(len(text))
    letters = [(place, letter) for place, cluster in _clusters(text) for letter in cluster]
    return "".join(letter for _, letter in letters), [place for place, _ in letters]


def _close(text: str) -> tuple[str, list[int]]:
    """The letters and digits of a text in one width and case, and where each of them stood."""
    folded = text.casefold() if _is_plain(text) else ""
    each = (
        enumerate(folded)
        if folded and len(folded) == len(text)
        else ((place, letter) for place, cluster in _clusters(text) for letter in cluster.casefold())
    )
    letters = [(place, letter) for place, letter in each if letter.isalnum() or letter == "ー"]
    return "".join(letter for _, letter in letters), [place for place, _ in letters]


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no letter of the same script stands beside a name in Latin letters or katakana."""
    for first, second in ((text[start - 1 : start], text[start]), (text[end - 1], text[end : end + 1])):
        if first and second and _script(first) == _script(second) != "":
            return False
    return True


def _script(letter: str) -> str:
    plain = unicodedata.normalize("NFKC", letter)[:1]
    if plain.isascii():
        return "latin" if plain.isalnum() else ""
    return "katakana" if re.match("[ァ-ヴー]", plain) else ""


@cache
def _is_word(word: str) -> bool:
    return bool(simplemma.is_known(word.lower(), lang="en"))


@cache
def _lower() -> frozenset[str]:
    return frozenset(name.lower() for name in listed()["given"] | listed()["surnames"])


@cache
def _tools() -> frozenset[str]:
    return frozenset(word for term in known_terms() for word in term.split())
