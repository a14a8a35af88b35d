"""Key words in context: every place where a word stands in the notes, as a whole word, as written, or by a pattern."""

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
from cs_helpers.words.tokens import JAPANESE, Token, tokens

#: letters of context on each side
CONTEXT = 40
#: no more places than this are looked for: a pattern that fits every letter is no question
MOST = 10_000
#: seconds that a regular expression may take
LONGEST = 5
_ENDS = str.maketrans("\r\n", "  ")

Indices = npt.NDArray[np.int32]
#: where a place begins and ends in all notes, one after the other
Span = tuple[int, int]


class Count(NamedTuple):
    """How many places there are; `more` where there are more than were counted."""

    places: int
    more: bool


@dataclass(frozen=True)
class Places:
    """Where a word stands: the first `lines`, of `found` places in `notes` notes; `cut` where there are more.

    lines: columns note (place in the texts given), start, end (code points of the note), left, hit, right; in the
    order of the texts. whole, written: how many places there are as a whole word and as written, whichever of the two
    the lines are of; None of a pattern.
    """

    lines: pd.DataFrame
    found: int
    notes: int
    cut: bool
    whole: Count | None = None
    written: Count | None = None


class Concordance:
    """An index over notes that answers at once: whole words in any form, any letters as they are written.

    A whole word begins and ends where tokens do (`tokens.py`): 夫 does not stand in 丈夫, nor cause in because. Building it reads every note once (some 10 s for 100,000); a question then takes milliseconds.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        # a note's own line ends would end it: one letter stands for one, so that no place moves
        self._lines = [text.translate(_ENDS) for text in texts]
        self._whole = "\n".join(self._lines)
        lengths = np.fromiter((len(line) + 1 for line in self._lines), np.int64, len(self._lines))
        self._starts = np.concatenate([[0], np.cumsum(lengths)])
        codes: dict[str, int] = {}
        spellings: dict[str, int] = {}
        forms: list[int] = []
        spelled: list[int] = []
        begins: list[int] = []
        ends: list[int] = []
        for line, offset in zip(self._lines, self._starts.tolist(), strict=False):
            for token in tokens(line):
                forms.append(codes.setdefault(token.form.lower(), len(codes)))
                word = line[token.start : token.end].lower()
                spelled.append(spellings.setdefault(word, len(spellings)))
                begins.append(offset + token.start)
                ends.append(offset + token.end)
        self._begins, self._ends = np.array(begins, np.int64), np.array(ends, np.int64)
        self._forms, self._spelled = _Words(codes, forms), _Words(spellings, spelled)

    def find(
        self,
        asked: str,
        *,
        as_written: bool = False,
        pattern: bool = False,
        lines: int = 50,
        context: int = CONTEXT,
    ) -> Places:
        """Every place of a word or phrase as whole words, in whatever form they are written (つまづく finds 躓いた).

        as_written: every place of these letters instead, also inside other words, in no other form. pattern: `asked`
        is a regular expression; it never reaches over the end of a note. Raises `ParameterError` for nothing asked and
        for a pattern that is none.
        """
        if not asked.strip():
            raise ParameterError("asked", "there is nothing to look for", value=asked)
        if pattern:
            return self._places(*_counted(self._by_pattern(asked)), lines, context)
        asked = asked.strip()
        written, of_written = _counted(self._as_written(asked))
        # of a word its form and its letters are found, at one place
        by_form, by_letters = self._by_form(asked), self._by_letters(asked)
        whole, of_whole = _counted(sorted({*by_form, *by_letters}), max(len(by_form), len(by_letters)) > MOST)
        shown = (written, of_written) if as_written else (whole, of_whole)
        return self._places(*shown, lines, context, of_whole, of_written)

    def _places(self, spans: list[Span], count: Count, lines: int, context: int, *both: Count) -> Places:
        notes = np.searchsorted(self._starts, [start for start, _ in spans], side="right") - 1
        rows = [
            self._line(int(note), span, context) for note, span in zip(notes[:lines], spans, strict=False)
        ]
        columns = ["note", "start", "end", "left", "hit", "right"]
        found = pd.DataFrame(rows, columns=columns)
        return Places(found, count.places, len(np.unique(notes)), count.more, *both)

    def _line(self, note: int, span: tuple[int, int], context: int) -> tuple[int, int, int, str, str, str]:
        line, offset = self._lines[note], int(self._starts[note])
        start, end = span[0] - offset, span[1] - offset
        return (
            note, start, end, line[max(start - context, 0) : start], line[start:end], line[end : end + context],
        )  # fmt: skip

    def _by_pattern(self, asked: str) -> list[Span]:
        try:
            compiled = regex.compile(asked, regex.IGNORECASE | regex.MULTILINE)
        except (regex.error, OverflowError, RecursionError) as error:
            raise ParameterError(
                "asked", f"this is not a regular expression ({error})", value=asked
            ) from None
        found = compiled.finditer(self._whole, timeout=LONGEST)
        within = (m.span() for m in found if m.start() < m.end() and "\n" not in m.group())
        try:
            return list(islice(within, MOST + 1))
        except TimeoutError:
            raise ParameterError(
                "asked", f"this expression takes more than {LONGEST} seconds; ask for less", value=asked
            ) from None

    def _as_written(self, asked: str) -> list[Span]:
        letters = r"\s+".join(regex.escape(word) for word in asked.split())
        found = regex.finditer(letters, self._whole, regex.IGNORECASE)
        return list(islice((m.span() for m in found if "\n" not in m.group()), MOST + 1))

    def _by_form(self, asked: str) -> list[Span]:
        """The first places of tokens that have the forms of those of the question, one after the other."""
        forms = [token.form.lower() for token in _bare(tokens(asked))]
        if not all(form in self._forms for form in forms):
            return []
        at = last = self._forms.places(forms[0])
        for form in forms[1:]:
            last = last + 1
            follows = self._forms.are(last, form)
            at, last = at[follows], last[follows]
        return self._spans(at, last)

    def _by_letters(self, asked: str) -> list[Span]:
        """The first places where the letters of the question begin and end with tokens, however many tokens they are there.

        In its note a word may be split otherwise than by itself, and its form may be another.
        """
        found = [
            self._spans(at, last)
            for word, rest in _beginnings(asked.lower())
            for at, last in self._followed(self._spelled.places(word), rest)
        ]
        return sorted(span for spans in found for span in spans)

    def _followed(self, at: Indices, rest: str) -> Iterable[tuple[Indices, Indices]]:
        """Of the tokens at some places those that the rest of the letters follows: the first and last token of each run."""
        waiting = [(at, at, rest)]
        while waiting:
            at, last, rest = waiting.pop()
            if not len(at):
                continue
            if not rest:
                yield at, last
                continue
            blank, rest = rest[0].isspace(), rest.lstrip()
            after = last + 1
            there = after < len(self._begins)
            at, last, after = at[there], last[there], after[there]
            apart = self._begins[after] > self._ends[last]
            at, after = at[apart == blank], after[apart == blank]
            for word, more in _beginnings(rest):
                if word in self._spelled:
                    follows = self._spelled.are(after, word)
                    waiting.append((at[follows], after[follows], more))

    def _spans(self, at: Indices, last: Indices) -> list[Span]:
        """The first of some runs of tokens, each from its first to its last, that lie in one note."""
        inside = np.searchsorted(self._starts, self._begins[at], side="right") == np.searchsorted(
            self._starts, self._begins[last], side="right"
        )
        first = np.flatnonzero(inside)[: MOST + 1]
        return list(zip(self._begins[at[first]].tolist(), self._ends[last[first]].tolist(), strict=True))


class _Words:
    """What stands at each token, in the order of the notes, and where each stands."""

    def __init__(self, codes: dict[str, int], of_token: list[int]) -> None:
        self._codes = codes
        self._of_token = np.array(of_token, np.int32)
        self._order = np.argsort(self._of_token, kind="stable").astype(np.int32)
        self._first = np.searchsorted(self._of_token[self._order], np.arange(len(codes) + 1))

    def __contains__(self, word: str) -> bool:
        return word in self._codes

    def places(self, word: str) -> Indices:
        """The tokens that are a word, in order."""
        code = self._codes.get(word)
        if code is None:
            return self._order[:0]
        return self._order[self._first[code] : self._first[code + 1]]

    def are(self, at: Indices, word: str) -> npt.NDArray[np.bool_]:
        """Whether each of some tokens is a word; one after the last is none."""
        code = self._codes.get(word, -1)
        found = self._of_token[np.minimum(at, len(self._of_token) - 1)] == code
        return np.asarray(found & (at < len(self._of_token)), bool)


def _beginnings(letters: str) -> Iterable[tuple[str, str]]:
    """Each word that letters may begin with, up to the first blank, and what is left of them."""
    word = letters.split(maxsplit=1)[0]
    return ((letters[:end], letters[end:]) for end in range(1, len(word) + 1))


def _counted(spans: list[Span], more: bool = False) -> tuple[list[Span], Count]:
    """The first `MOST` places of some in order, and how many there are."""
    apart = _apart(spans)
    return apart[:MOST], Count(min(len(apart), MOST), more or len(spans) > MOST)


def _bare(found: list[Token]) -> list[Token]:
    """The tokens of a question without the endings that follow its last word: つまずいた asks for 躓く."""
    kept = list(found)
    while len(kept) > 1 and kept[-1].kind == "other" and JAPANESE.match(kept[-1].form):
        del kept[-1]
    return kept


def _apart(spans: Sequence[Span]) -> list[Span]:
    """Places without those that another covers: the longer of two that begin alike, the first of two that overlap."""
    found: list[Span] = []
    for start, end in spans:
        if found and start < found[-1][1]:
            if start == found[-1][0]:
                found[-1] = (start, max(end, found[-1][1]))
            continue
        found.append((start, end))
    return found
