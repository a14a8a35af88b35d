"""Split notes into tokens with normalised forms: Japanese by SudachiPy, other text by a pattern of words.

A token is the smallest unit that can be searched for (つまづく, つまずく and 躓く share one form; invoices becomes
invoice; スマートフォン is one token, whatever the tagger splits it into: `katakana.py`). A term is the unit that is counted:
a run of nouns (請求書, 管理者権限), a phrase of the shipped dictionary `terms.yml`, or a single verb, adjective or word.
Function words and numbers are not terms.
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
#: addresses, numbers, abbreviations with points, words with apostrophes and hyphens, signs
_WORD = re.compile(
    r"""(?P<address>https?://\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
    |(?P<number>\d+(?:[.,:/-]\d+)*\w*)
    |(?P<short>(?:[^\W\d_]\.){2,})
    |(?P<word>[^\W\d_]+(?:['’\-‐][^\W\d_]+)*\d*)
    |(?P<sign>[^\w\s]|_)""",
    re.VERBOSE,
)
#: a contraction after an apostrophe, which becomes a token of its own
_CLITIC = re.compile(r"(?:n['’]t|['’](?:s|re|ve|ll|d|m))$", re.IGNORECASE)
#: most letters in a call of SudachiPy, which accepts 49,149 bytes
_MAX_PIECE = 10_000
_PIECE_END = re.compile("[。．.!?！？\n]")


class Token(NamedTuple):
    """A token of a text.

    start, end: its place in code points. form: its normalised form. kind: noun, name (of a person), number, verb,
    adjective, prefix and suffix (parts of a noun run), ease (にくい, やすい), word (in text without part-of-speech tags), or
    other (particles, signs, function words). base: its dictionary form in the written spelling. in_dictionary: whether
    the tagger's dictionary has it (for a merged loan word: has its last part).
    """

    start: int
    end: int
    form: str
    kind: str
    base: str
    in_dictionary: bool = True


class Term(NamedTuple):
    """A term of a text: its form, its place in code points, and its spelling (verbs in the dictionary form)."""

    form: str
    start: int
    end: int
    written: str


def tokenize(text: str) -> list[Token]:
    """The tokens of a text in order, without spaces."""
    return list(_tokenize_japanese(text)) if JAPANESE.search(text) else _tokenize_latin(text)


def extract_terms(text: str) -> list[Term]:
    """The terms of a text in order.

    A run of nouns is one term; so is a phrase of the dictionary, whose form is its first spelling there. Numbers
    with their counters, names of persons and function words are left out.
    """
    tokens = tokenize(text)
    phrases, stop_words = _phrases(), _stop_words()
    terms: list[Term] = []
    position = 0
    while position < len(tokens):
        for forms, spelling in phrases.get(tokens[position].form.lower(), ()):
            run = tokens[position : position + len(forms)]
            if [token.form.lower() for token in run] == forms:
                start, end = run[0].start, run[-1].end
                terms.append(Term(spelling, start, end, text[start:end]))
                position += len(forms)
                break
        else:
            run = _noun_run(tokens, position)
            if run:
                form = "".join(token.form for token in run)
                if len(form) > 1 and form not in stop_words:
                    start, end = run[0].start, run[-1].end
                    terms.append(Term(form, start, end, text[start:end]))
                position = max(position + 1, tokens.index(run[-1], position) + 1)
                continue
            token = tokens[position]
            following = tokens[position + 1] if position + 1 < len(tokens) else None
            if following is not None and following.start == token.end and _changes_meaning(token, following):
                # 使いにくい, 分からない: difficulty and negation change what the verb means
                spelling_in_text = text[token.start : token.end] + following.base
                terms.append(Term(token.form + following.base, token.start, following.end, spelling_in_text))
                position += 2
                continue
            if token.kind in ("verb", "adjective", "word") and token.form not in stop_words:
                terms.append(Term(token.form, token.start, token.end, token.base))
            position += 1
    return terms


def _changes_meaning(token: Token, following: Token) -> bool:
    """Whether the token after a verb changes its meaning, so that both are one term."""
    if token.kind not in ("verb", "other") or not JAPANESE.match(token.form):
        return False
    return following.kind == "ease" or (
        token.kind == "verb" and following.base == "ない" and following.form == "ない"
    )


def _noun_run(tokens: Sequence[Token], position: int) -> list[Token]:
    """The run of nouns that begins at `position`; empty where none does.

    A counter (640 通) belongs to its number and a prefix (約) to the word after it; both are left out, and so is
    the honorific 御: 御希望 gives 希望.
    """
    end = position
    while end < len(tokens) and tokens[end].kind in ("noun", "prefix", "suffix"):
        if end > position and tokens[end].start != tokens[end - 1].end:
            break
        end += 1
    run = list(tokens[position:end])
    if (
        run
        and position
        and tokens[position - 1].kind == "number"
        and tokens[position - 1].end == run[0].start
    ):
        del run[0]
    drop_prefix = (
        run and run[0].form == "御" and not (len(run) > 1 and run[1].form == "客")
    )  # お客様 stays one
    while run and (run[0].kind == "suffix" or (run[0].form == "御" and drop_prefix)):
        del run[0]
    while run and run[-1].kind == "prefix":
        del run[-1]
    return run if any(token.kind == "noun" for token in run) else []


@lru_cache(maxsize=4096)  # a note is tokenised once for masking and once for counting
def _tokenize_japanese(text: str) -> tuple[Token, ...]:
    tagger = _tagger()
    tokens = [
        Token(
            offset + m.begin(),
            offset + m.end(),
            _normalized_form(m),
            _token_kind(m.part_of_speech()),
            m.dictionary_form(),
            not m.is_oov(),
        )
        for offset, piece in _split_text(text)
        for m in tagger.tokenize(piece)
        if not m.surface().isspace()
    ]
    return tuple(_merge_loan_words(tokens, text))


def _merge_loan_words(tokens: list[Token], text: str) -> Iterator[Token]:
    """The tokens, with the parts of each loan word merged."""
    may_join = [token.kind in ("noun", "adjective", "prefix", "suffix") for token in tokens]
    written = [text[token.start : token.end] for token in tokens]
    starts = [token.start for token in tokens]
    last = 0
    for first, end in loan_words(written, starts, may_join, _katakana_terms()):
        yield from tokens[last:first]
        parts = [
            token for token in tokens[first:end] if token.kind != "other"
        ]  # without dots and blanks between the parts
        form = "".join(token.form for token in parts)
        yield Token(parts[0].start, parts[-1].end, form, "noun", form, parts[-1].in_dictionary)
        last = end
    yield from tokens[last:]


def _normalized_form(morpheme: Any) -> str:
    """The normalised form of a morpheme; for an English word that the tagger does not know, its lemma."""
    written = str(morpheme.surface())
    if morpheme.is_oov() and written.isascii() and written.isalpha():
        return _lemma(written)
    return str(morpheme.normalized_form())


@lru_cache(maxsize=4096)
def _token_kind(part: tuple[str, ...]) -> str:
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


def _split_text(text: str) -> Iterator[tuple[int, str]]:
    """Split a text at ends of sentences into pieces that the tagger accepts, each with its offset."""
    start = 0
    text = text.encode("utf-8", "replace").decode("utf-8")  # lone surrogates are replaced
    while len(text) - start > _MAX_PIECE:
        ends = [m.end() for m in _PIECE_END.finditer(text, start, start + _MAX_PIECE)]
        end = ends[-1] if ends else start + _MAX_PIECE
        yield start, text[start:end]
        start = end
    yield start, text[start:]


@cache
def _tagger() -> Any:
    """The tagger of SudachiPy, with the small dictionary and the longest units; loading takes 0.1 s."""
    return Dictionary(dict="small").tokenizer(mode=SplitMode.C)


def _tokenize_latin(text: str) -> list[Token]:
    stop_words = _stop_words()
    tokens = []
    for match in _WORD.finditer(text):
        start, end = match.span()
        written = match.group()
        if match.lastgroup in ("word", "short"):
            bare = _CLITIC.sub("", written) or written
            form = bare if match.lastgroup == "short" else _lemma(bare)
            kind = "other" if len(bare) == 1 or {form.lower(), bare.lower()} & stop_words else "word"
            tokens.append(Token(start, start + len(bare), form, kind, form))
            if bare != written:
                clitic = written[len(bare) :].lower()
                tokens.append(Token(start + len(bare), end, clitic, "other", clitic))
        else:
            kinds = {"number": "number", "address": "other", "sign": "other"}
            tokens.append(Token(start, end, written.lower(), kinds[str(match.lastgroup)], written))
    return tokens


@lru_cache(maxsize=65_536)
def _lemma(word: str) -> str:
    """The dictionary form of an English word; a word in capitals (CSV, ID) is unchanged."""
    if len(word) > 1 and word.isupper():
        return word
    lemma = str(simplemma.lemmatize(word, lang="en")).lower()
    return lemma if lemma.isascii() or not word.isascii() else word.lower()


@cache
def _dictionary() -> dict[str, Any]:
    return dict(yaml.safe_load((_FILES / "terms.yml").read_text(encoding="utf-8")))


@cache
def _katakana_terms() -> frozenset[str]:
    """The terms of the dictionary that are written in katakana."""
    return frozenset(spelling for spelling in known_terms() if is_katakana(spelling))


@cache
def _stop_words() -> frozenset[str]:
    """The stop words of both languages."""
    return frozenset(word for words in _dictionary()["common"].values() for word in words.split())


@cache
def _phrases() -> dict[str, list[tuple[list[str], str]]]:
    """First form -> phrases of the dictionary as (forms, spelling that is counted), the longest first."""
    phrases: dict[str, list[tuple[list[str], str]]] = {}
    for spelling, spellings in _dictionary()["terms"].items():
        for written in (spelling, *(spellings or ())):
            forms = [token.form.lower() for token in tokenize(written)]
            phrases.setdefault(forms[0], []).append((forms, spelling))
    return {first: sorted(several, key=lambda phrase: -len(phrase[0])) for first, several in phrases.items()}


def known_terms() -> Iterator[str]:
    """All spellings in the shipped dictionary."""
    for spelling, spellings in _dictionary()["terms"].items():
        yield from (spelling, *(spellings or ()))
