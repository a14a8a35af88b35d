"""A product with interviews, from a line per note."""

from __future__ import annotations

from typing import Any

from builders import account, contract, product_data

from cs_helpers.analyses import interviews
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result

Q2 = Quarter(2026, 2)


def note(company: str, **other: Any) -> dict[str, Any]:
    """A note of a company whose first letter is its size: small, mid or enterprise."""
    return {"company": company, **other}


def analyse_notes(
    *notes: dict[str, Any], silent: tuple[str, ...] = (), coders: tuple[str, ...] = ("a",)
) -> Result:
    """The analysis of notes; each is behaviour about a problem in June unless it says otherwise."""
    sizes = {"s": "small", "m": "mid", "e": "enterprise"}
    names = list(dict.fromkeys([n["company"] for n in notes] + list(silent)))
    dated = [{"held_on": "2026-06-10", **n} for n in notes]
    interview_ids = {(n["company"], n["held_on"]): f"I-{n['company']}-{n['held_on']}" for n in dated}
    return interviews.analyse(
        product_data(
            accounts=[account(name, sizes[name[0]], motivation=5, literacy=5) for name in names],
            contracts=[contract(name, "2025-01-01") for name in names],
            interviews=[
                {
                    "interview_id": key,
                    "account_id": company,
                    "held_on": day,
                    "interviewer": next(
                        n.get("by") for n in dated if (n["company"], n["held_on"]) == (company, day)
                    ),
                }
                for (company, day), key in interview_ids.items()
            ],
            notes=[
                {
                    "note_id": f"N-{i:03}",
                    "interview_id": interview_ids[n["company"], n["held_on"]],
                    "evidence": n.get("evidence", "behaviour"),
                    "text": n.get("text", f"note {i}"),
                }
                for i, n in enumerate(dated)
            ],
            codings=[
                {
                    "note_id": f"N-{i:03}",
                    "coder": coder,
                    "viewpoint": n.get("viewpoint", "problem"),
                    "code": n.get("code"),
                    "why_level": n.get("why"),
                    "reason": n.get("reason"),
                    "reason_status": n.get("status"),
                }
                for i, n in enumerate(dated)
                for coder in coders
            ],
        ),
        Q2,
    )


def covered_companies(result: Result, dimension: str, segment: str, viewpoint: str) -> int:
    """The number of companies in a cell of the coverage."""
    coverage = result.tables["coverage"].set_index(["dimension", "segment", "viewpoint"])
    return int(coverage.at[(dimension, segment, viewpoint), "companies"])
