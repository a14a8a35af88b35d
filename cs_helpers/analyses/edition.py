"""An analysis for leadership: names under cover, what was told apart from them, and what was found on the way."""

from __future__ import annotations

import json
from typing import Any

from cs_helpers import paths
from cs_helpers.analyses.anonymity import Cover, masked, with_staff_covered
from cs_helpers.analyses.disclosed import disclosed
from cs_helpers.analyses.result import Result
from cs_helpers.contract.quarters import Quarter
from cs_helpers.errors import DisclosureError
from cs_helpers.snapshot import ProductData
from cs_helpers.words.doubts import read_confirmed
from cs_helpers.words.masking import Masker, Pseudonym
from cs_helpers.words.pseudonyms import read_pseudonyms


def leadership_result(module: Any, data: ProductData, quarter: Quarter, pseudonym: Pseudonym) -> Result:
    """What a module of an analysis finds, as leadership may read it.

    module: has `analyse` and `DISCLOSES`, and `for_leadership` where it speaks of what customers told: it works
    on masked names then. Raises `DisclosureError` where it declares nothing.
    """
    name = str(module.__name__).rpartition(".")[2]
    if not hasattr(module, "DISCLOSES"):
        raise DisclosureError(name, "*", "*", "the analysis does not say what its columns tell of")
    show_staff = data.product.leadership.show_staff
    cover = Cover(pseudonym, read_pseudonyms(), read_confirmed())
    told = hasattr(module, "for_leadership")
    if told:
        data, masker = masked(data, cover)
        _say(masker)
    if not show_staff:
        data = with_staff_covered(data, cover)
    result = module.analyse(data, quarter)
    if told:
        result = module.for_leadership(result)
    return disclosed(result, module.DISCLOSES, show_staff=show_staff)


def _say(masker: Masker) -> None:
    """Leaves what a masker found for the batch, where one is waiting for it."""
    if (file := paths.found()) is not None:
        said = {
            "persons": dict(masker.numbers.persons.get(masker.product, {})),
            "doubts": masker.doubts,
        }
        file.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
