"""Names in texts under cover: companies, persons, addresses and numbers, each always under the same pseudonym."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import simplemma
import yaml

from cs_helpers.words.tokens import JAPANESE, known_terms, tokens

#: what a person, company, address or number is called in their place: kind (company, person, mail, link, phone) and number
Pseudonym = Callable[[str, int], str]
#: the legal form of a company, before or after its name
_LEGAL = (
    r"株式会社|有限会社|合同会社|合資会社|合名会社|一般社団法人|一般財団法人|公益社団法人|公益財団法人|医療法人(?:社団|財団)?|学校法人|"
    r"社会福祉法人|\(株\)|\(有\)|㈱|㈲|\b(?:inc|ltd|limited|llc|llp|plc|corp|corporation|co|company|gmbh|ag|k\.?k|s\.?a|b\.?v|"
    r"pty|holdings?)\b\.?"
)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>「」（）()、。]+")
#: a number of 9 to 15 digits in groups, as phones have: 03-1234-5678, +81 90 1234 5678, (03) 1234 5678
_PHONE = re.compile(
    r"(?<![\w.,-])\+?(?:\(\d{1,5}\)|\d{1,5})(?:[-\s.()‐‑–—]{1,2}\d{2,4}){1,4}(?!\d|,\d)|(?<!\d)0\d{9,10}(?!\d)"
)
_HONORIFIC = re.compile(r"さん|様|氏|くん|君|ちゃん|殿")
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof)\.?\s+$")
_CAPITAL = r"[A-ZÀ-Þ][a-zß-ÿ]+(?:[-'’][A-ZÀ-Þ]?[a-zß-ÿ]+)*"
_CAPITALS = re.compile(
    rf"(?<![\w@.]){_CAPITAL}(?:\s+{_CAPITAL})*(?:[-‐\s](?:san|sama)\b)?|(?:Mc|O['’])?{_CAPITAL}(?=さん|様|氏)"
)
_TITLES = frozenset({"Mr", "Mrs", "Ms", "Miss", "Mx", "Dr", "Prof"})
#: what is no part of a name in Latin letters: 's and -san
_BARE = re.compile(r"(?:[-‐](?:san|sama))?(?:['’]s)?$|^(?:san|sama)$")
_POLITE = re.compile(r"[-‐\s](?:san|sama)\b")
_KATAKANA = re.compile(r"[ァ-ヴー・]{2,}(?=さん|氏|くん|ちゃん)")
_LEAST_LATIN = 4


class Span(NamedTuple):
    """A place in a text that is masked: what stands there, and whom it means."""

    start: int
    end: int
    kind: str
    who: str


class Masker:
    """Masks texts of one product's notes.

    companies: name of each customer by account_id. staff: other names that may stand in the notes. The same company has
    the same number in every text, by the order of account_id; so has a person, by the order of the texts: a
    surname alone is the person whose full name stands in notes of the same company.
    """

    def __init__(self, companies: Mapping[str, str], staff: Iterable[str] = ()) -> None:
        self.company = {account: n for n, account in enumerate(sorted(companies), 1)}
        self._names: dict[str, list[tuple[str, str, str]]] = {}
        for account in sorted(companies):
            for form in _forms(companies[account]):
                self._know(form, account, "company")
        for name in staff:
            if sum(letter.isalpha() for letter in name) >= 2 and not any(letter.isdigit() for letter in name):
                self._know(name, name, "person")

    def _know(self, name: str, who: str, kind: str) -> None:
        close = _close(name)[0]
        japanese = bool(JAPANESE.search(name))
        if len(close) >= (2 if japanese else _LEAST_LATIN):
            # `Target` is a word before it is a company: only where it is written just so
            exact = name if not japanese and " " not in name and _is_word(name) else ""
            self._names.setdefault(close[:2], []).append((close, f"{kind}:{who}", exact))

    def masked(self, texts: Sequence[str], accounts: Sequence[str], pseudonym: Pseudonym) -> list[str]:
        """The texts with every name, address and number replaced by its pseudonym.

        accounts: whose notes they are. A text is the same wherever it stands in the same order of texts.
        """
        spans = [self.spans(text) for text in texts]
        persons = [
            (account, span.who)
            for account, found in zip(accounts, spans, strict=True)
            for span in found
            if span.kind == "person"
        ]
        whole = {
            (account, part): (account, name) for account, name in reversed(persons) for part in _parts(name)[::-1]
        } | {
            (account, part): (account, name)
            for account, name in reversed(persons) if len(_parts(name)) > 1 for part in (*_parts(name), name)
        }  # fmt: skip
        numbers: dict[tuple[str, str], int] = {}
        for person in persons:
            numbers.setdefault(whole[person], len(numbers) + 1)

        def filled(text: str, account: str, found: Sequence[Span]) -> str:
            parts, at = [], 0
            for span in found:
                number = {
                    "company": lambda who: self.company[who], "person": lambda who: numbers[whole[account, who]],
                }.get(span.kind, lambda _: 0)(span.who)  # fmt: skip
                parts += [text[at : span.start], pseudonym(span.kind, number)]
                at = span.end
            return "".join([*parts, text[at:]])

        return [
            filled(text, account, found) for text, account, found in zip(texts, accounts, spans, strict=True)
        ]

    def spans(self, text: str) -> list[Span]:
        """What is masked in a text, in order, none over another."""
        found = [
            Span(m.start(), m.end(), kind, m.group())
            for kind, pattern in (("mail", _MAIL), ("link", _LINK), ("phone", _PHONE))
            for m in pattern.finditer(unicodedata.normalize("NFKC", text) if _same_places(text) else text)
            if kind != "phone" or 9 <= sum(c.isdigit() for c in m.group()) <= 15
        ]
        found += self._known(text)
        found += _persons(text)
        apart: list[Span] = []
        # of two that overlap what was found first counts: addresses, then names that are known, then guesses
        for span in found:
            if not any(span.start < other.end and other.start < span.end for other in apart):
                apart.append(span)
        return sorted(apart)

    def _known(self, text: str) -> list[Span]:
        """Names of customers and staff, whatever their width, case and spaces."""
        close, places = _close(text)
        found: list[Span] = []
        for at in range(len(close) - 1):
            for name, who, exact in self._names.get(close[at : at + 2], ()):
                if not close.startswith(name, at):
                    continue
                start, end = places[at], places[at + len(name) - 1] + 1
                alone = JAPANESE.search(name) or _stands_alone(text, start, end)
                if alone and exact in ("", text[start:end]):
                    kind, _, whom = who.partition(":")
                    found.append(Span(start, end, kind, whom))
        return sorted(found, key=lambda span: (span.start, -span.end))


def _persons(text: str) -> list[Span]:
    """Names of persons: by the tagger where a text is Japanese, by capitals, titles and known names else."""
    found = []
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
            if m.group() not in _listed()["roles"]
        ]
    for match in _CAPITALS.finditer(text):
        found += _latin_person(text, match.start(), match.group())
    return found


def _latin_person(text: str, start: int, run: str) -> list[Span]:
    """The part of a run of capitalised words that is a person's name, if any is.

    It begins after a title, before an honorific, or with a name that is listed, and goes on as long as no
    English word or tool follows.
    """
    listed = _listed()["given"] | _listed()["surnames"]
    words = [(m.start(), m.end(), _BARE.sub("", m.group())) for m in re.finditer(r"\S+", run)]
    polite = _POLITE.search(run) or _HONORIFIC.match(text, start + len(run))
    if words[0][2] in _TITLES:
        first = 1 if len(words) > 1 else -1
    elif _TITLE.search(text[:start]) or polite:
        first = 0
    else:
        first = next((n for n, (_, _, word) in enumerate(words) if word in listed), -1)
    words = words[first:] if first >= 0 else []
    name: list[tuple[int, int, str]] = []
    for at, end, word in words:
        if not word or word in _tools() or (name and word not in listed and _is_word(word)):
            break
        name.append((at, end, word))
    if not name:
        return []
    last = name[-1][0] + len(name[-1][2])
    return [Span(start + name[0][0], start + last, "person", " ".join(word for *_, word in name))]


def _near(text: str, end: int, start: int) -> bool:
    return text[end:start].strip(" \u3000・") == "" and start - end <= 1


def _parts(name: str) -> list[str]:
    return re.split(r"[\s・]+", name)


def _forms(name: str) -> list[str]:
    """A company's name as it is written, and without its legal form."""
    bare = re.sub(_LEGAL, "", unicodedata.normalize("NFKC", name), flags=re.IGNORECASE).strip(" ,.・&-\u3000")
    alone = (
        bare.isascii() and len(bare.split()) == 1 and _is_word(bare)
    )  # `Target` is a word before it is a company
    return [name] if bare == name or alone else [name, bare]


def _close(text: str) -> tuple[str, list[int]]:
    """A text without spaces, in one width and case, and where each of its letters stood."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        for folded in unicodedata.normalize("NFKC", letter).casefold():
            if not folded.isspace() and unicodedata.category(folded) not in ("Cf", "Cc"):
                letters.append(folded)
                places.append(place)
    return "".join(letters), places


def _same_places(text: str) -> bool:
    """Whether one width keeps every letter in its place."""
    return all(len(unicodedata.normalize("NFKC", letter)) == 1 for letter in text) and len(
        unicodedata.normalize("NFKC", text)
    ) == len(text)


def _stands_alone(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (before.isalnum() and before.isascii()) and not (after.isalnum() and after.isascii())


@cache
def _is_word(word: str) -> bool:
    return bool(simplemma.is_known(word.lower(), lang="en"))


@cache
def _tools() -> frozenset[str]:
    return frozenset(word for term in known_terms() for word in term.split())


@cache
def _listed() -> dict[str, frozenset[str]]:
    file = Path(__file__).parent / "names.yml"
    return {
        kind: frozenset(names.split())
        for kind, names in yaml.safe_load(file.read_text(encoding="utf-8")).items()
    }
