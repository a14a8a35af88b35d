"""An analysis for leadership: names under cover, what was told apart from them, and what was found on the way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from cs_helpers import paths
from cs_helpers.contract.quarters import Quarter
from cs_helpers.declaration import Analysis
from cs_helpers.editions.anonymity import Cover, masked, masker_of, with_staff_covered
from cs_helpers.editions.disclosed import disclosed
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData, Snapshot
from cs_helpers.words.doubts import read_confirmed
from cs_helpers.words.masking import Masker, Pseudonym
from cs_helpers.words.pseudonyms import read_pseudonyms


def leadership_result(
    analysis: Analysis, snapshot: Snapshot, data: ProductData, quarter: Quarter, pseudonym: Pseudonym
) -> Result:
    """What an analysis finds, as leadership may read it.

    With `for_leadership` it speaks of what customers told, and works on masked names; texts that anybody wrote are
    masked in the columns that it declares as `free_text`. snapshot: the one that `data` is of; a text may name
    customers of its other products. Raises `DisclosureError` for a column that is not declared.
    """
    declares = analysis.declares
    show_staff = data.product.leadership.show_staff
    cover = Cover(pseudonym, read_pseudonyms(), read_confirmed(), complete=paths.handover_file() is not None)
    told, texts = declares.for_leadership is not None, declares.free_text
    masker = None
    if told or texts:
        everybody = snapshot.table("accounts", data.product.product)
        companies = dict(zip(everybody["account_id"], everybody["name"], strict=True))
        masker = masker_of(data, cover, companies)
    if told and masker:
        data = masked(data, masker, pseudonym)
    if not show_staff:
        data = with_staff_covered(data, cover)
    result = analysis.analyse(data, quarter)
    if declares.for_leadership is not None:
        result = declares.for_leadership(result)
    if masker:
        result = _without_names(result, texts, masker, pseudonym)
        _say(masker)
    return disclosed(result, declares.discloses, show_staff=show_staff)


def _without_names(
    result: Result, texts: Sequence[tuple[str, str]], masker: Masker, pseudonym: Pseudonym
) -> Result:
    """The result with names masked in the columns of its tables that hold free texts."""
    tables = dict(result.tables)
    for name, column in texts:
        if name in tables and len(tables[name]):
            table = tables[name]
            said = table[column].dropna().astype("str").unique().tolist()
            covered = dict(zip(said, masker.mask(said, [None] * len(said), pseudonym), strict=True))
            tables[name] = table.assign(**{column: table[column].map(covered).astype(table[column].dtype)})
    return replace(result, tables=tables)


def _say(masker: Masker) -> None:
    """Leaves what a masker found for the batch, where one is waiting for it."""
    if (file := paths.handover_file()) is not None:
        found = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"doubts": {}}
        said = {
            "persons": dict(masker.numbers.persons.get(masker.product, {})),
            "doubts": found["doubts"] | masker.doubts,
        }
        file.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
