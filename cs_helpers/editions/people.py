"""Guards what tells of single people: members of the team are shown to leadership as the product file says, candidates never."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pandas as pd

from cs_helpers.contract.disclosure import CANDIDATES, disclosure_of
from cs_helpers.declaration import Declaration
from cs_helpers.result import Note, Result
from cs_helpers.snapshot import ProductData


def without_candidates(data: ProductData) -> ProductData:
    """The tables with a number in place of each candidate; they are still read lazily.

    An analysis can count them and tell them apart, and has nothing of theirs that it could show. The numbers follow the
    rows of each table, so that they tell nothing of the names.
    """

    def number(name: str, table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(
            **{
                column: pd.Series(pd.factorize(table[column])[0] + 1, table.index, dtype="Int64")
                .astype("str")
                .where(table[column].notna())
                .astype(table[column].dtype)
                for column in CANDIDATES[name]
            }
        )

    return data.map_tables([name for name, columns in CANDIDATES.items() if columns], number)


def guard_people(result: Result, declares: Declaration, opened: Collection[str]) -> Result:
    """The result without what it says of single people, but for questions that the product file opened.

    Of a guarded question (`Declaration.guarded`) its table and those called `<question>.<part>`, its verdicts, findings and
    notes are removed, and a note says so. In an analysis with such questions any other table with a column of people is
    removed too, as one that was made on the way; and everywhere a table of candidates, and metrics of single people.
    """
    guarded = declares.guarded(opened)
    said = {finding.about for finding in result.findings} | {note.about for note in result.notes}
    answered = {key.partition(".")[0] for key in (*result.tables, *result.verdicts)} | said
    return replace(
        result,
        tables={
            name: table
            for name, table in result.tables.items()
            if name.partition(".")[0] not in guarded and not _is_guarded_table(name, table, declares, opened)
        },
        verdicts={
            key: verdict for key, verdict in result.verdicts.items() if key.partition(".")[0] not in guarded
        },
        findings=tuple(finding for finding in result.findings if finding.about not in guarded),
        notes=(
            *(note for note in result.notes if note.about not in guarded),
            *(
                Note("people_left_out", question)
                for question in declares.questions
                if question in guarded & answered
            ),
        ),
        by_segment=tuple(
            metric
            for metric in result.by_segment
            if declares.discloses.get(metric.segment.partition("=")[0]) not in ("person", "candidate")
        ),
    )


def _is_guarded_table(name: str, table: pd.DataFrame, declares: Declaration, opened: Collection[str]) -> bool:
    kinds = {disclosure_of(declares.discloses, name, column) for column in table}
    is_opened = name.partition(".")[0] in opened
    return "candidate" in kinds or ("person" in kinds and declares.is_about_people and not is_opened)
