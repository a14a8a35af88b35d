"""Key words in context: search notes for whole words in any form, for exact letters, or by a regular expression."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import regex

from cs_helpers.errors import ParameterError
from cs_helpers.words.tokens import JAPANESE, Token, tokenize

#: characters of context on each side
CONTEXT = 40
#: most places that are searched for, as a pattern may match every letter
MAX_PLACES = 10_000
#: time limit of a regular expression
TIMEOUT_SECONDS = 5
_LINE_ENDS_TO_SPACES = str.maketrans("\r\n", "  ")

Indices = npt.NDArray[np.int32]
#: start and end of a place in the concatenated notes
Span = tuple[int, int]


class Count(NamedTuple):
    """A number of places. is_capped: whether there are more than were counted."""

    places: int
    is_capped: bool


@dataclass(frozen=True)
class Places:
    """The places of a search.

    lines: the first places, in the order of the texts, with columns note (position of the text), start, end (code points
    in the note), left, hit, right. total, note_count: number of all places, and of notes with one. is_capped: whether
    there are more. as_word, as_letters: number of places as a whole word and as exact letters, whichever of them `lines`
    shows; None for a pattern.
    """

    lines: pd.DataFrame
    total: int
    note_count: int
    is_capped: bool
    as_word: Count | None = None
    as_letters: Count | None = None


class Concordance:
    """A search index over notes.

    Whole words begin and end where tokens do (`tokens.py`): 夫 is not found in 丈夫, nor cause in because. Building the
    index tokenises every note (about 10 s for 100,000); a search then takes milliseconds.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        # line ends separate the notes; those inside a note become spaces, one for one, so that places stay the same
        self._lines = [text.translate(_LINE_ENDS_TO_SPACES) for text in texts]
        self._all_text = "\n".join(self._lines)
        lengths = np.fromiter((len(line) + 1 for line in self._lines), np.int64, len(self._lines))
        self._starts = np.concatenate([[0], np.cumsum(lengths)])
        codes: dict[str, int] = {}
        spellings: dict[str, int] = {}
        forms: list[int] = []
        spelled: list[int] = []
        begins: list[int] = []
        ends: list[int] = []
        for line, offset in zip(self._lines, self._starts.tolist(), strict=False):
            for token in tokenize(line):
                forms.append(codes.setdefault(token.form.lower(), len(codes)))
                word = line[token.start : token.end].lower()
                spelled.append(spellings.setdefault(word, len(spellings)))
                begins.append(offset + token.start)
                ends.append(offset + token.end)
        self._begins, self._ends = np.array(begins, np.int64), np.array(ends, np.int64)
        self._forms, self._spelled = _TokenIndex(codes, forms), _TokenIndex(spellings, spelled)

    def find(
        self,
        query: str,
        *,
        as_written: bool = False,
        pattern: bool = False,
        lines: int = 50,
        context: int = CONTEXT,
    ) -> Places:
        """Search for whole words in any form (つまづく finds 躓いた).

        as_written: search for exactly these letters instead, also inside other words. pattern: `query` is a regular
        expression, whose matches never span two notes. lines: number of places to return as lines. context: characters
        on each side. Raises `ParameterError` for an empty query, and for a pattern that is invalid or takes too long.
        """
        if not query.strip():
            raise ParameterError("asked", "there is nothing to look for", value=query)
        if pattern:
            return self._places(*_count_spans(self._pattern_spans(query)), lines, context)
        query = query.strip()
        letter_spans, letter_count = _count_spans(self._letter_spans(query))
        # a place that is found by its form and by its letters counts once
        form_spans, spelling_spans = self._form_spans(query), self._spelling_spans(query)
        word_spans, word_count = _count_spans(
            sorted({*form_spans, *spelling_spans}), max(len(form_spans), len(spelling_spans)) > MAX_PLACES
        )
        selected = (letter_spans, letter_count) if as_written else (word_spans, word_count)
        return self._places(*selected, lines, context, word_count, letter_count)

    def _places(self, spans: list[Span], count: Count, lines: int, context: int, *counts: Count) -> Places:
        notes = np.searchsorted(self._starts, [start for start, _ in spans], side="right") - 1
        rows = [
            self._line(int(note), span, context) for note, span in zip(notes[:lines], spans, strict=False)
        ]
        columns = ["note", "start", "end", "left", "hit", "right"]
        lines_frame = pd.DataFrame(rows, columns=columns)
        return Places(lines_frame, count.places, len(np.unique(notes)), count.is_capped, *counts)

    def _line(self, note: int, span: tuple[int, int], context: int) -> tuple[int, int, int, str, str, str]:
        line, offset = self._lines[note], int(self._starts[note])
        start, end = span[0] - offset, span[1] - offset
        return (
            note, start, end, line[max(start - context, 0) : start], line[start:end], line[end : end + context],
        )  # fmt: skip

    def _pattern_spans(self, query: str) -> list[Span]:
        try:
            compiled = regex.compile(query, regex.IGNORECASE | regex.MULTILINE)
        except (regex.error, OverflowError, RecursionError) as error:
            raise ParameterError(
                "asked", f"this is not a regular expression ({error})", value=query
            ) from None
        matches = compiled.finditer(self._all_text, timeout=TIMEOUT_SECONDS)
        within = (m.span() for m in matches if m.start() < m.end() and "\n" not in m.group())
        try:
            return list(islice(within, MAX_PLACES + 1))
        except TimeoutError:
            raise ParameterError(
                "asked",
                f"this expression takes more than {TIMEOUT_SECONDS} seconds; ask for less",
                value=query,
            ) from None

    def _letter_spans(self, query: str) -> list[Span]:
        letters = r"\s+".join(regex.escape(word) for word in query.split())
        matches = regex.finditer(letters, self._all_text, regex.IGNORECASE)
        return list(islice((m.span() for m in matches if "\n" not in m.group()), MAX_PLACES + 1))

    def _form_spans(self, query: str) -> list[Span]:
        """The first places of consecutive tokens with the forms of the query's tokens."""
        forms = [token.form.lower() for token in _strip_endings(tokenize(query))]
        if not all(form in self._forms for form in forms):
            return []
        first = last = self._forms.positions(forms[0])
        for form in forms[1:]:
            last = last + 1
            follows = self._forms.equal(last, form)
            first, last = first[follows], last[follows]
        return self._spans(first, last)

    def _spelling_spans(self, query: str) -> list[Span]:
        """The first places of the query's letters that begin and end with tokens, whatever the number of tokens.

        A word may be split differently, and have another form, in the context of a note than by itself.
        """
        spans_by_prefix = [
            self._spans(at, last)
            for word, rest in _prefixes(query.lower())
            for at, last in self._match_rest(self._spelled.positions(word), rest)
        ]
        return sorted(span for spans in spans_by_prefix for span in spans)

    def _match_rest(self, at: Indices, rest: str) -> Iterable[tuple[Indices, Indices]]:
        """The runs of tokens, as first and last, that begin at `at` and continue with the letters `rest`."""
        pending = [(at, at, rest)]
        while pending:
            at, last, rest = pending.pop()
            if not len(at):
                continue
            if not rest:
                yield at, last
                continue
            blank, rest = rest[0].isspace(), rest.lstrip()
            following = last + 1
            exists = following < len(self._begins)
            at, last, following = at[exists], last[exists], following[exists]
            has_gap = self._begins[following] > self._ends[last]
            at, following = at[has_gap == blank], following[has_gap == blank]
            for word, remainder in _prefixes(rest):
                if word in self._spelled:
                    follows = self._spelled.equal(following, word)
                    pending.append((at[follows], following[follows], remainder))

    def _spans(self, at: Indices, last: Indices) -> list[Span]:
        """The spans of the first runs of tokens (from `at` to `last`) that lie inside one note."""
        inside = np.searchsorted(self._starts, self._begins[at], side="right") == np.searchsorted(
            self._starts, self._begins[last], side="right"
        )
        first = np.flatnonzero(inside)[: MAX_PLACES + 1]
        return list(zip(self._begins[at[first]].tolist(), self._ends[last[first]].tolist(), strict=True))


class _TokenIndex:
    """An index from a word, or form, to the positions of its tokens in the order of the notes."""

    def __init__(self, codes: dict[str, int], of_token: list[int]) -> None:
        self._codes = codes
        self._of_token = np.array(of_token, np.int32)
        self._order = np.argsort(self._of_token, kind="stable").astype(np.int32)
        self._first = np.searchsorted(self._of_token[self._order], np.arange(len(codes) + 1))

    def __contains__(self, word: str) -> bool:
        return word in self._codes

    def positions(self, word: str) -> Indices:
        """The positions of the tokens that are `word`, sorted."""
        code = self._codes.get(word)
        if code is None:
            return self._order[:0]
        return self._order[self._first[code] : self._first[code + 1]]

    def equal(self, positions: Indices, word: str) -> npt.NDArray[np.bool_]:
        """Whether each token at `positions` is `word`; False past the last token."""
        code = self._codes.get(word, -1)
        is_equal = self._of_token[np.minimum(positions, len(self._of_token) - 1)] == code
        return np.asarray(is_equal & (positions < len(self._of_token)), bool)


def _prefixes(letters: str) -> Iterable[tuple[str, str]]:
    """The splits of `letters` into a prefix that ends before the first blank, and the rest."""
    word = letters.split(maxsplit=1)[0]
    return ((letters[:end], letters[end:]) for end in range(1, len(word) + 1))


def _count_spans(spans: list[Span], is_capped: bool = False) -> tuple[list[Span], Count]:
    """The first `MAX_PLACES` spans without overlaps, and their number."""
    separate = _without_overlaps(spans)
    return separate[:MAX_PLACES], Count(min(len(separate), MAX_PLACES), is_capped or len(spans) > MAX_PLACES)


def _strip_endings(tokens: list[Token]) -> list[Token]:
    """The tokens of a query without the endings after its last word: つまずいた searches for 躓く."""
    kept = list(tokens)
    while len(kept) > 1 and kept[-1].kind == "other" and JAPANESE.match(kept[-1].form):
        del kept[-1]
    return kept


def _without_overlaps(spans: Sequence[Span]) -> list[Span]:
    """The spans without overlaps: of two with the same start the longer one is kept, else the first one."""
    separate: list[Span] = []
    for start, end in spans:
        if separate and start < separate[-1][1]:
            if start == separate[-1][0]:
                separate[-1] = (start, max(end, separate[-1][1]))
            continue
        separate.append((start, end))
    return separate
