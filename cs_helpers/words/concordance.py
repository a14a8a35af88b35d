"""Key words in context: every place where a word stands in the notes, found by its form or by a pattern."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
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


@dataclass(frozen=True)
class Places:
    """Where a word stands: the first `lines`, of `found` places in `notes` notes; `cut` where there are more.

    lines: columns note (place in the texts given), start, end (code points of the note), left, hit, right; in the
    order of the texts.
    """

    lines: pd.DataFrame
    found: int
    notes: int
    cut: bool


class Concordance:
    """An index over notes that answers at once: each word by its normalised form, any text as it is written.

    Building it reads every note once (some 10 s for 100,000); a question then takes milliseconds.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        # a note's own line ends would end it: one letter stands for one, so that no place moves
        self._lines = [text.translate(_ENDS) for text in texts]
        self._whole = "\n".join(self._lines)
        lengths = np.fromiter((len(line) + 1 for line in self._lines), np.int64, len(self._lines))
        self._starts = np.concatenate([[0], np.cumsum(lengths)])
        codes: dict[str, int] = {}
        forms: list[int] = []
        begins: list[int] = []
        ends: list[int] = []
        for line, offset in zip(self._lines, self._starts.tolist(), strict=False):
            for token in tokens(line):
                forms.append(codes.setdefault(token.form.lower(), len(codes)))
                begins.append(offset + token.start)
                ends.append(offset + token.end)
        self._codes = codes
        self._forms = np.array(forms, np.int32)
        self._begins, self._ends = np.array(begins, np.int64), np.array(ends, np.int64)
        self._order = np.argsort(self._forms, kind="stable")
        self._first = np.searchsorted(self._forms[self._order], np.arange(len(codes) + 1))

    def find(self, asked: str, *, pattern: bool = False, lines: int = 50, context: int = CONTEXT) -> Places:
        """Every place of a word or phrase, in whatever form it is written (つまづく finds 躓いた).

        pattern: `asked` is a regular expression; it never reaches over the end of a note. Raises
        `ParameterError` for nothing asked and for a pattern that is none.
        """
        if not asked.strip():
            raise ParameterError("asked", "there is nothing to look for", value=asked)
        if pattern:
            places = self._by_pattern(asked)
        else:
            places = self._by_form(asked)
            places |= dict.fromkeys(islice(self._as_written(asked.strip()), MOST + 1))
        spans = _apart(sorted(places))  # of a word its form and its letters are found, at one place
        cut = len(spans) > MOST
        spans = spans[:MOST]
        notes = np.searchsorted(self._starts, [start for start, _ in spans], side="right") - 1
        rows = [
            self._line(int(note), span, context) for note, span in zip(notes[:lines], spans, strict=False)
        ]
        columns = ["note", "start", "end", "left", "hit", "right"]
        return Places(pd.DataFrame(rows, columns=columns), len(spans), len(np.unique(notes)), cut)

    def _line(self, note: int, span: tuple[int, int], context: int) -> tuple[int, int, int, str, str, str]:
        line, offset = self._lines[note], int(self._starts[note])
        start, end = span[0] - offset, span[1] - offset
        return (
            note, start, end, line[max(start - context, 0) : start], line[start:end], line[end : end + context],
        )  # fmt: skip

    def _by_pattern(self, asked: str) -> dict[tuple[int, int], None]:
        try:
            compiled = regex.compile(asked, regex.IGNORECASE | regex.MULTILINE)
        except (regex.error, OverflowError, RecursionError) as error:
            raise ParameterError(
                "asked", f"this is not a regular expression ({error})", value=asked
            ) from None
        found = compiled.finditer(self._whole, timeout=LONGEST)
        within = (m.span() for m in found if m.start() < m.end() and "\n" not in m.group())
        try:
            return dict.fromkeys(islice(within, MOST + 1))
        except TimeoutError:
            raise ParameterError(
                "asked", f"this expression takes more than {LONGEST} seconds; ask for less", value=asked
            ) from None

    def _as_written(self, asked: str) -> Iterator[tuple[int, int]]:
        letters = "".join(r"\s+" if letter.isspace() else regex.escape(letter) for letter in asked)
        if asked[0].isascii() and asked[0].isalnum():  # `art` is not in `party`
            letters = rf"(?<![A-Za-z0-9]){letters}"
        return (
            m.span() for m in regex.finditer(letters, self._whole, regex.IGNORECASE) if "\n" not in m.group()
        )

    def _by_form(self, asked: str) -> dict[tuple[int, int], None]:
        forms = [self._codes.get(token.form.lower(), -1) for token in _bare(tokens(asked))]
        if not forms or -1 in forms:
            return {}
        at = self._order[self._first[forms[0]] : self._first[forms[0] + 1]]
        for step, form in enumerate(forms[1:], 1):
            at = at[at + step < len(self._forms)]
            at = at[self._forms[at + step] == form]
        last = at + len(forms) - 1
        inside = np.searchsorted(self._starts, self._begins[at], side="right") == np.searchsorted(
            self._starts, self._begins[last], side="right"
        )
        spans = zip(self._begins[at[inside]].tolist(), self._ends[last[inside]].tolist(), strict=True)
        return dict.fromkeys(spans)


def _bare(found: list[Token]) -> list[Token]:
    """The tokens of a question without the endings that follow its last word: つまずいた asks for 躓く."""
    kept = list(found)
    while len(kept) > 1 and kept[-1].kind == "other" and JAPANESE.match(kept[-1].form):
        del kept[-1]
    return kept


def _apart(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Places without those that another covers: the longer of two that begin alike, the first of two that overlap."""
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if found and start < found[-1][1]:
            if start == found[-1][0]:
                found[-1] = (start, max(end, found[-1][1]))
            continue
        found.append((start, end))
    return found
