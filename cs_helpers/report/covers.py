"""How names are covered in a batch for leadership: what its runs must know, and what they found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cs_helpers import hashes, paths
from cs_helpers.report.manifest import Problem
from cs_helpers.report.plan import Run
from cs_helpers.snapshot import Snapshot
from cs_helpers.words import doubts, pseudonyms

if TYPE_CHECKING:  # what runs notebooks is imported when one is due
    from cs_helpers.report.run import Outcome


def covering() -> str:
    """A hash of what decides how names are covered: the key of the pseudonyms, and what was confirmed.

    Which numbers were given is no part of it: they never change, and who is new is in the data. Raises
    `SettingError` where either file is damaged.
    """
    return hashes.of_json([pseudonyms.give((), ()).key, doubts.read_confirmed().as_lists()])


def files_for(snapshot: Snapshot, runs: Iterable[Run]) -> dict[str, dict[str, str]]:
    """The files of `data/names/` that a run of each product needs, after whoever is new was given a number."""
    from cs_helpers.report.disclosure_gate import staff_names

    who = {
        product: (snapshot.texts("accounts", "account_id", product), staff_names(snapshot, product))
        for product in dict.fromkeys(run.parameters.product for run in runs)
    }
    given = pseudonyms.give(
        [a for accounts, _ in who.values() for a in accounts], [s for _, staff in who.values() for s in staff]
    )
    file = paths.names() / doubts.FILE
    confirmed = file.read_text(encoding="utf-8") if file.exists() else ""
    return {
        product: {"pseudonyms.json": given.of(product, *people).text(), doubts.FILE: confirmed}
        for product, people in who.items()
    }


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
        if outcome.status != "failed" and persons and not pseudonyms.give_persons(product, persons):
            outcome = replace(
                outcome, status="failed", files={}, found={}, problems=(Problem("pseudonyms", product),)
            )
        words = {word: str(context) for word, context in outcome.found.get("doubts", {}).items()}
        if words:
            unconfirmed |= dict.fromkeys(doubts.add_doubts(product, words))
        kept.append(outcome)
    return kept, list(unconfirmed)
