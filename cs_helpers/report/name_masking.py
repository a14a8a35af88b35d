"""Names in a batch for leadership: the files that its runs need to mask them, and the names that runs found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from cs_helpers import hashes, paths
from cs_helpers.contract.disclosure import CANDIDATES, STAFF
from cs_helpers.errors import SnapshotError
from cs_helpers.report.manifest import Problem
from cs_helpers.report.plan import Run
from cs_helpers.snapshot import Snapshot
from cs_helpers.words import doubts, pseudonyms
from cs_helpers.words.names import is_team

if TYPE_CHECKING:  # what runs notebooks is imported only when a report is due
    from cs_helpers.report.run import Outcome


#: increased when leadership may read less than before, so that reports published by older rules are withdrawn
RULES_VERSION = 1


def name_inputs(snapshot: Snapshot, products: Iterable[str]) -> dict[str, dict[str, str]]:
    """What decides which names are masked, as parts of a fingerprint: product -> part -> hash.

    `names`: the version of the rules, the key of the pseudonyms, confirmed names, and what the product file
    lets leadership read of staff; a page with another hash may show what is hidden now. `words`: the words confirmed not to be names. The
    pseudonyms given so far are in neither: they never change, and whoever gets a new one is in the data. Raises
    `SettingError` where a file is damaged.
    """
    key, confirmed = pseudonyms.assign_pseudonyms((), ()).key, doubts.read_confirmed()
    return {
        product: {
            "names": hashes.of_json(
                [
                    RULES_VERSION,
                    key,
                    sorted(confirmed.names),
                    snapshot.product(product).leadership.model_dump(),
                ]
            ),
            "words": hashes.of_json(sorted(confirmed.words)),
        }
        for product in products
    }


def name_files(snapshot: Snapshot, runs: Iterable[Run]) -> dict[str, dict[str, str]]:
    """The files of `data/names/` that the runs need: product -> file -> content.

    Gives pseudonyms to companies and staff that have none yet. A damaged file of the snapshot is ignored here: the
    runs of its product fail on it.
    """
    products = list(dict.fromkeys(run.parameters.product for run in runs))
    if not products:
        return {}
    accounts: frozenset[str] = frozenset()
    staff: frozenset[str] = frozenset()
    with suppress(SnapshotError):
        accounts, staff = snapshot.distinct_texts_of_all("accounts", "account_id"), staff_values(snapshot)
    given = pseudonyms.assign_pseudonyms(accounts, staff)
    file = paths.names() / doubts.FILE
    confirmed = file.read_text(encoding="utf-8") if file.exists() else ""
    return {
        product: {"pseudonyms.json": given.for_product(product).text(), doubts.FILE: confirmed}
        for product in products
    }


def staff_names(snapshot: Snapshot) -> frozenset[str]:
    """The names of our staff in the tables of all products: CSMs, interviewers and coders, without teams."""
    return frozenset(name for name in staff_values(snapshot) if not is_team(name))


@lru_cache(maxsize=2)
def staff_values(snapshot: Snapshot) -> frozenset[str]:
    """All values of the columns that name staff, teams included; each gets a pseudonym."""
    return _values(snapshot, STAFF)


@lru_cache(maxsize=2)
def candidate_names(snapshot: Snapshot) -> frozenset[str]:
    """The names and keys of candidates in the tables of all products; none gets a pseudonym.

    A key of digits only cannot be told from the numbers of a page; analyses for leadership do not know it.
    """
    return frozenset(name for name in _values(snapshot, CANDIDATES) if any(map(str.isalpha, name)))


def _values(snapshot: Snapshot, columns_of: Mapping[str, Sequence[str]]) -> frozenset[str]:
    return frozenset(
        name
        for table, columns in columns_of.items()
        if table in snapshot.manifest["tables"]
        for column in columns
        for name in snapshot.distinct_texts_of_all(table, column)
    )


def save_name_findings(outcomes: Sequence[Outcome]) -> tuple[list[Outcome], list[str]]:
    """Saves the persons and the possible names that runs found in notes.

    Returns the outcomes, and the words that are masked until somebody confirms that they are no names. A run fails
    here where another batch gave its pseudonyms to other persons in the meantime.
    """
    checked: list[Outcome] = []
    unconfirmed: dict[str, None] = {}
    for outcome in outcomes:
        findings: Mapping[str, Mapping[str, object]] = outcome.name_findings
        product = outcome.run.parameters.product
        persons = {person: int(str(number)) for person, number in findings.get("persons", {}).items()}
        if outcome.status != "failed" and persons and not pseudonyms.store_persons(product, persons):
            outcome = replace(
                outcome,
                status="failed",
                files={},
                name_findings={},
                problems=(Problem("pseudonyms", product),),
            )
        words = {word: str(context) for word, context in outcome.name_findings.get("doubts", {}).items()}
        if words:
            unconfirmed |= dict.fromkeys(doubts.add_doubts(product, words))
        checked.append(outcome)
    return checked, list(unconfirmed)
