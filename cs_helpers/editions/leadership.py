"""Runs an analysis for leadership: pseudonymizes its data, filters its columns and records the names it found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cs_helpers import paths
from cs_helpers.contract.quarters import Quarter
from cs_helpers.declaration import Analysis
from cs_helpers.editions.anonymity import Pseudonymization, create_masker, mask_tables, pseudonymize_staff
from cs_helpers.editions.disclosure import apply_disclosure
from cs_helpers.editions.people import guard_people, without_candidates
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData, Snapshot
from cs_helpers.words.doubts import read_confirmed
from cs_helpers.words.masking import Masker, Pseudonym
from cs_helpers.words.pseudonyms import read_pseudonyms


@dataclass(frozen=True)
class NameFindings:
    """What masking found in texts: persons with the numbers of their pseudonyms, and words that may be names with their contexts."""

    persons: Mapping[str, int]
    doubts: Mapping[str, str]


def leadership_result(
    analysis: Analysis,
    snapshot: Snapshot,
    data: ProductData,
    quarter: Quarter,
    pseudonym: Pseudonym,
    results: Mapping[str, Result],
) -> tuple[Result, NameFindings | None]:
    """The result of an analysis as leadership may read it, and the names that were masked for it; None where it has no texts.

    With `for_leadership` and columns of what was `told`, the analysis runs on masked tables; the columns that
    it declares as `free_text` are masked in the result. snapshot: the snapshot of `data`, because texts may name
    customers of its other products. results: of the analyses that it builds on, as leadership may read them; without those
    that have questions about people, which are run here on names that are masked already, since this result may hold
    totals of what must not be shown of each. Raises `DisclosureError` for a column that is not declared.
    """
    declares = analysis.declares
    show_staff = data.product.leadership.show_staff
    pseudonymization = Pseudonymization(
        pseudonym, read_pseudonyms(), read_confirmed(), complete=paths.handover_file() is not None
    )
    texts = declares.free_text
    has_statements = declares.for_leadership is not None and "told" in declares.discloses.values()
    masker = None
    if has_statements or texts:
        all_accounts = snapshot.table("accounts", data.product.product)
        companies = dict(zip(all_accounts["account_id"], all_accounts["name"], strict=True))
        masker = create_masker(data, pseudonymization, companies)
    if has_statements and masker:
        data = mask_tables(data, masker, pseudonym)
    if not show_staff:
        data = pseudonymize_staff(data, pseudonymization)
    data = without_candidates(data)
    shown = {
        name: r for name, r in results.items() if not analysis.analysis_of(name).declares.is_about_people
    }
    for name in results.keys() - shown.keys():
        # headline numbers are shown as they are, so they are those that leadership may read
        whole = analysis.analysis_of(name).analyse(data, quarter, shown)
        shown[name] = replace(whole, metrics=results[name].metrics)
    result = analysis.analyse(data, quarter, shown)
    if declares.for_leadership is not None:
        result = declares.for_leadership(result)
    if masker:
        result = _mask_free_texts(result, texts, masker, pseudonym)
    opened = data.product.leadership.opened(analysis.name)
    result = guard_people(result, declares, opened)
    for_team = {name for name, q in declares.questions.items() if q.for_team and name not in opened}
    result = replace(
        result,
        tables={name: table for name, table in result.tables.items() if name not in for_team},
        notes=tuple(note for note in result.notes if note.about not in for_team),
    )
    found = (
        NameFindings(dict(masker.numbers.persons.get(masker.product, {})), masker.doubts) if masker else None
    )
    return apply_disclosure(result, declares.discloses, show_staff=show_staff), found


def _mask_free_texts(
    result: Result, texts: Sequence[tuple[str, str]], masker: Masker, pseudonym: Pseudonym
) -> Result:
    """The result with names masked in the given columns (table, column) of free text."""
    tables = dict(result.tables)
    for name, column in texts:
        if name in tables and len(tables[name]):
            table = tables[name]
            originals = table[column].dropna().astype("str").unique().tolist()
            masked_texts = dict(
                zip(originals, masker.mask(originals, [None] * len(originals), pseudonym), strict=True)
            )
            tables[name] = table.assign(
                **{column: table[column].map(masked_texts).astype(table[column].dtype)}
            )
    return replace(result, tables=tables)


def record_name_findings(found: NameFindings | None) -> None:
    """Adds the persons and doubtful words that were found to the file of the batch, if there is one."""
    if found is not None and (file := paths.handover_file()) is not None:
        stored = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"doubts": {}}
        findings = {
            "persons": {**found.persons},
            "doubts": {**stored["doubts"], **found.doubts},
        }
        file.write_text(json.dumps(findings, ensure_ascii=False), encoding="utf-8")
