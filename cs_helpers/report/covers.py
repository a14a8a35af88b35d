"""How names are covered in a batch for leadership: what its runs must know, and what they found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from cs_helpers import hashes, paths
from cs_helpers.contract.disclosure import STAFF
from cs_helpers.errors import SnapshotError
from cs_helpers.report.manifest import Problem
from cs_helpers.report.plan import Run
from cs_helpers.snapshot import Snapshot
from cs_helpers.words import doubts, pseudonyms
from cs_helpers.words.names import is_team

if TYPE_CHECKING:  # what runs notebooks is imported when one is due
    from cs_helpers.report.run import Outcome


#: counts up when leadership may read less than before: what was published by an older rule is withdrawn
RULE = 1


def covering(snapshot: Snapshot, products: Iterable[str]) -> dict[str, dict[str, str]]:
    """Of each product, what decides how names are covered, as parts of a fingerprint: product -> part -> hash.

    `names`: the rule, the key of the pseudonyms, confirmed names, and whether our own people are shown; a page
    that was made by another one may show a name that is hidden now. `words`: those confirmed to name nobody.
    Which numbers were given is no part of either: they never change, and who is new is in the data. Raises
    `SettingError` where a file is damaged.
    """
    key, confirmed = pseudonyms.assign_pseudonyms((), ()).key, doubts.read_confirmed()
    return {
        product: {
            "names": hashes.of_json(
                [RULE, key, sorted(confirmed.names), snapshot.product(product).leadership.show_staff]
            ),
            "words": hashes.of_json(sorted(confirmed.words)),
        }
        for product in products
    }


def files_for(snapshot: Snapshot, runs: Iterable[Run]) -> dict[str, dict[str, str]]:
    """The files of `data/names/` that a run of each product needs, after whoever is new was given a number.

    Where a file of the snapshot is damaged, the runs of that product will say so.
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
    """Our own people, as the tables of all products name them: CSMs, interviewers, coders; teams are none."""
    return frozenset(name for name in staff_values(snapshot) if not is_team(name))


@lru_cache(maxsize=2)
def staff_values(snapshot: Snapshot) -> frozenset[str]:
    """All that stands in the columns of our own people, teams too: each has a pseudonym."""
    return frozenset(
        name
        for table, columns in STAFF.items()
        if table in snapshot.manifest["tables"]
        for column in columns
        for name in snapshot.distinct_texts_of_all(table, column)
    )


def remembered(outcomes: Sequence[Outcome]) -> tuple[list[Outcome], list[str]]:
    """Keeps what runs found: the outcomes, and the words that leadership does not read until they are confirmed.

    A run whose numbers another batch gave to others meanwhile has failed.
    """
    kept: list[Outcome] = []
    unconfirmed: dict[str, None] = {}
    for outcome in outcomes:
        found: Mapping[str, Mapping[str, object]] = outcome.found
        product = outcome.run.parameters.product
        persons = {who: int(str(number)) for who, number in found.get("persons", {}).items()}
        if outcome.status != "failed" and persons and not pseudonyms.store_persons(product, persons):
            outcome = replace(
                outcome, status="failed", files={}, found={}, problems=(Problem("pseudonyms", product),)
            )
        words = {word: str(context) for word, context in outcome.found.get("doubts", {}).items()}
        if words:
            unconfirmed |= dict.fromkeys(doubts.add_doubts(product, words))
        kept.append(outcome)
    return kept, list(unconfirmed)
