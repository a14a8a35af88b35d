"""Notes as tokens: Japanese by SudachiPy, all else by a pattern of words, each with its normalised form.

One token is the smallest thing that can be found again (つまづく, つまずく and 躓く are one form; invoices
is invoice; スマートフォン is one, of whatever parts: `katakana.py`). A term is what is counted: a run of nouns (請求書, 管理者権限) or a phrase of the shipped
dictionary `terms.yml` as one, without function words and numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import simplemma
import yaml
from sudachipy import Dictionary, SplitMode

from cs_helpers.words.katakana import is_katakana, loan_words

_FILES = Path(__file__).parent
JAPANESE = re.compile("[\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uff66-\uff9f々]")
#: addresses whole, numbers, abbreviations with points, words with their apostrophes and hyphens, signs
_WORD = re.compile(
    r"""(?P<address>https?://\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
    |(?P<number>\d+(?:[.,:/-]\d+)*\w*)
    |(?P<short>(?:[^\W\d_]\.){2,})
    |(?P<word>[^\W\d_]+(?:['’\-‐][^\W\d_]+)*\d*)
    |(?P<sign>[^\w\s]|_)""",
    re.VERBOSE,
)
#: what an apostrophe adds to a word: not a word of its own, but not part of its form
_CLITIC = re.compile(r"(?:n['’]t|['’](?:s|re|ve|ll|d|m))$", re.IGNORECASE)
#: SudachiPy takes 49,149 bytes at a time; so many letters are always fewer
_PIECE = 10_000
_PIECE_END = re.compile("[。．.!?！？\n]")


class Token(NamedTuple):
    """A token of a text: where it stands (code points from 0), its normalised form, its kind, how people write it.

    kind: noun, name (of a person), number, verb, adjective, prefix and suffix (parts of a noun run), ease (にくい, やすい), word (of
    a language without parts of speech), or other (particles, signs, function words). known: whether the tagger's
    dictionary has it, of a word of several parts the last one.
    """

    start: int
    end: int
    form: str
    kind: str
    base: str
    known: bool = True


class Term(NamedTuple):
    """What is counted: its form, where it stands, and how people write it (verbs as a dictionary lists them)."""

    form: str
    start: int
    end: int
    written: str


def tokens(text: str) -> list[Token]:
    """The tokens of a text, in order; spaces are none."""
    return list(_japanese(text)) if JAPANESE.search(text) else _latin(text)


def terms(text: str) -> list[Term]:
    """What is counted of a text, in order.

    A run of nouns is one term, a phrase of the dictionary too, by its first spelling there. Numbers
    and what counts them, names of persons and function words are none.
    """
    found = tokens(text)
    phrases, common = _phrases(), _common()
    counted: list[Term] = []
    place = 0
    while place < len(found):
        for forms, spelling in phrases.get(found[place].form.lower(), ()):
            run = found[place : place + len(forms)]
            if [token.form.lower() for token in run] == forms:
                start, end = run[0].start, run[-1].end
                counted.append(Term(spelling, start, end, text[start:end]))
                place += len(forms)
                break
        else:
            run = _nouns(found, place)
            if run:
                form = "".join(token.form for token in run)
                if len(form) > 1 and form not in common:
                    start, end = run[0].start, run[-1].end
                    counted.append(Term(form, start, end, text[start:end]))
                place = max(place + 1, found.index(run[-1], place) + 1)
                continue
            token = found[place]
            after = found[place + 1] if place + 1 < len(found) else None
            if after is not None and after.start == token.end and _turns(token, after):
                # 使いにくい, 分からない: what hurts, whatever the verb
                spelled = text[token.start : token.end] + after.base
                counted.append(Term(token.form + after.base, token.start, after.end, spelled))
                place += 2
                continue
            if token.kind in ("verb", "adjective", "word") and token.form not in common:
                counted.append(Term(token.form, token.start, token.end, token.base))
            place += 1
    return counted


def _turns(token: Token, after: Token) -> bool:
    """Whether a verb and what follows it say together what the verb alone does not."""
    if token.kind not in ("verb", "other") or not JAPANESE.match(token.form):
        return False
    return after.kind == "ease" or (token.kind == "verb" and after.base == "ない" and after.form == "ない")


def _nouns(found: Sequence[Token], place: int) -> list[Token]:
    """The run of nouns that begins at a place; nothing where none does.

    What counts a number (640 通) belongs to it, a prefix of the next word (約) does not belong to the one
    before, and the polite 御 is left out: 御希望 is 希望.
    """
    end = place
    while end < len(found) and found[end].kind in ("noun", "prefix", "suffix"):
        if end > place and found[end].start != found[end - 1].end:
            break
        end += 1
    run = list(found[place:end])
    if run and place and found[place - 1].kind == "number" and found[place - 1].end == run[0].start:
        del run[0]
    polite = run and run[0].form == "御" and not (len(run) > 1 and run[1].form == "客")  # お客様 stays one
    while run and (run[0].kind == "suffix" or (run[0].form == "御" and polite)):
        del run[0]
    while run and run[-1].kind == "prefix":
        del run[-1]
    return run if any(token.kind == "noun" for token in run) else []


@lru_cache(maxsize=4096)  # a note is split to be masked and to be counted
def _japanese(text: str) -> tuple[Token, ...]:
    tagger = _tagger()
    found = [
        Token(
            offset + m.begin(),
            offset + m.end(),
            _form(m),
            _kind(m.part_of_speech()),
            m.dictionary_form(),
            not m.is_oov(),
        )
        for offset, piece in _pieces(text)
        for m in tagger.tokenize(piece)
        if not m.surface().isspace()
    ]
    return tuple(_joined(found, text))


def _joined(found: list[Token], text: str) -> Iterator[Token]:
    """The tokens with each loan word as one."""
    may_join = [token.kind in ("noun", "adjective", "prefix", "suffix") for token in found]
    written = [text[token.start : token.end] for token in found]
    starts = [token.start for token in found]
    last = 0
    for first, end in loan_words(written, starts, may_join, _katakana_terms()):
        yield from found[last:first]
        parts = [token for token in found[first:end] if token.kind != "other"]  # without what stands between
        form = "".join(token.form for token in parts)
        yield Token(parts[0].start, parts[-1].end, form, "noun", form, parts[-1].known)
        last = end
    yield from found[last:]


def _form(morpheme: Any) -> str:
    """The normalised form; of an English word that the tagger does not know that of `_latin`."""
    written = str(morpheme.surface())
    if morpheme.is_oov() and written.isascii() and written.isalpha():
        return _lemma(written)
    return str(morpheme.normalized_form())


@lru_cache(maxsize=4096)
def _kind(part: tuple[str, ...]) -> str:
    first, second, third = part[:3]
    if first == "名詞":
        if second == "数詞":
            return "number"
        if third == "人名":
            return "name"
        return "noun"
    if first == "接頭辞":
        return "prefix"
    if first == "接尾辞" and second == "形容詞的":
        return "ease"
    if first == "接尾辞" and second == "名詞的":
        return "suffix" if third != "助数詞" else "other"
    if first == "動詞":
        return "verb" if second == "一般" else "other"
    if first in ("形容詞", "形状詞"):
        return "adjective" if second == "一般" else "other"
    return "other"


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """A text in pieces that the tagger takes, cut where a sentence ends; each with its offset."""
    start = 0
    text = text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair is no letter
    while len(text) - start > _PIECE:
        ends = [m.end() for m in _PIECE_END.finditer(text, start, start + _PIECE)]
        end = ends[-1] if ends else start + _PIECE
        yield start, text[start:end]
        start = end
    yield start, text[start:]


@cache
def _tagger() -> Any:
    """SudachiPy with the small dictionary and the longest units: loaded once, 0.1 s."""
    return Dictionary(dict="small").tokenizer(mode=SplitMode.C)


def _latin(text: str) -> list[Token]:
    common = _common()
    found = []
    for match in _WORD.finditer(text):
        start, end = match.span()
        written = match.group()
        if match.lastgroup in ("word", "short"):
            bare = _CLITIC.sub("", written) or written
            form = bare if match.lastgroup == "short" else _lemma(bare)
            kind = "other" if len(bare) == 1 or {form.lower(), bare.lower()} & common else "word"
            found.append(Token(start, start + len(bare), form, kind, form))
            if bare != written:
                clitic = written[len(bare) :].lower()
                found.append(Token(start + len(bare), end, clitic, "other", clitic))
        else:
            kinds = {"number": "number", "address": "other", "sign": "other"}
            found.append(Token(start, end, written.lower(), kinds[str(match.lastgroup)], written))
    return found


@lru_cache(maxsize=65_536)
def _lemma(word: str) -> str:
    """The form that a dictionary lists; a word of capitals (CSV, ID) stays as it is written."""
    if len(word) > 1 and word.isupper():
        return word
    lemma = str(simplemma.lemmatize(word, lang="en")).lower()
    return lemma if lemma.isascii() or not word.isascii() else word.lower()


@cache
def _dictionary() -> dict[str, Any]:
    return dict(yaml.safe_load((_FILES / "terms.yml").read_text(encoding="utf-8")))


@cache
def _katakana_terms() -> frozenset[str]:
    """What the dictionary has as one word of katakana."""
    return frozenset(spelling for spelling in known_terms() if is_katakana(spelling))


@cache
def _common() -> frozenset[str]:
    """Words too common to say anything, in both languages."""
    return frozenset(word for words in _dictionary()["common"].values() for word in words.split())


@cache
def _phrases() -> dict[str, list[tuple[list[str], str]]]:
    """Phrases of customer success by their first token, the longest first: tokens and counted spelling."""
    found: dict[str, list[tuple[list[str], str]]] = {}
    for spelling, others in _dictionary()["terms"].items():
        for written in (spelling, *(others or ())):
            forms = [token.form.lower() for token in tokens(written)]
            found.setdefault(forms[0], []).append((forms, spelling))
    return {first: sorted(several, key=lambda each: -len(each[0])) for first, several in found.items()}


def known_terms() -> Iterator[str]:
    """All spellings of the shipped dictionary."""
    for spelling, others in _dictionary()["terms"].items():
        yield from (spelling, *(others or ()))
