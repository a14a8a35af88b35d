"""Facts are frozen, then held against companies heard later: replicated, contradicted or not observed."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from cs_helpers.contract.vocabulary import UNKNOWN
from cs_helpers.statistics.counts import count_different
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg, wilson
from cs_helpers.statistics.variation import exact_p, never_heard

#: a fact is frozen when so many companies of a segment told it
LEAST_TOLD = 3


def frozen_facts(told: pd.DataFrame, since: pd.Timestamp) -> pd.DataFrame:
    """What companies heard before `since` told, tested on those heard for the first time from then on.

    told: account_id, held_on, size, code, reason, reason_status. A fact is a theme, or a reason that was not
    refuted, of all companies (segment `all`) or of one size, that `LEAST_TOLD` of them told; and that one size
    alone tells a theme (kind `only`). Columns: kind (theme, reason, only), what, segment, before and
    of_before (companies that told it, of those heard), after, of_after, low, high (share of the later ones, Wilson,
    95 %; where none told it, high is the share of which it may still be true, one-sided 95 %), refuted (later
    companies whose notes refute the reason, or that tell it though they are of another size), p (exact
    test of equal shares), verdict: `replicated` (told again), `contradicted` (refuted by more than
    told it, told by another size, or told by fewer than chance allows: Benjamini-Hochberg),
    `not_observed` (nobody told it, and so few were heard that it may still be true) or `untested` (nobody of the
    segment was heard since). What most companies told first.
    """
    told = _decided(told)
    first_heard = told.groupby("account_id")["held_on"].min()
    new = set(first_heard.index[first_heard >= since])
    later = told[told["account_id"].isin(new)]
    earlier = told[~told["account_id"].isin(new) & (told["held_on"] < since)]
    rows = [*_facts(earlier, later), *_only(earlier, later)]
    columns = ["kind", "what", "segment", "before", "of_before", "after", "of_after", "refuted", "p"]
    found = pd.DataFrame(rows, columns=columns)
    bounds = [
        wilson(r.after, r.of_after) if r.after else (0.0, never_heard(r.of_after)) for r in found.itertuples()
    ]
    found["low"], found["high"] = zip(*bounds, strict=True) if bounds else ((), ())
    fewer = benjamini_hochberg(found["p"].to_list(), q=FALSE_DISCOVERY) & (
        found["after"] * found["of_before"] < found["before"] * found["of_after"]
    )
    found["verdict"] = [_verdict(r, few) for r, few in zip(found.itertuples(), fewer, strict=True)]
    return found.sort_values(
        ["before", "kind", "what", "segment"], ascending=[False, True, True, True], ignore_index=True
    )


def _decided(told: pd.DataFrame) -> pd.DataFrame:
    """The same with one status for each reason of a company: that of its latest note that decides it."""
    notes = told.dropna(subset=["reason"]).sort_values("held_on", kind="stable")
    last = notes[notes["reason_status"].isin(["supported", "refuted"])]
    last = last.drop_duplicates(["account_id", "reason"], keep="last")
    status = last.set_index(["account_id", "reason"])["reason_status"].to_dict()
    keys = zip(told["account_id"], told["reason"], strict=True)
    return told.assign(reason_status=[status.get(key, "open") for key in keys])


def _verdict(row: object, fewer: bool) -> str:
    after, of, refuted = (int(getattr(row, name)) for name in ("after", "of_after", "refuted"))
    if getattr(row, "kind") == "only" and refuted:  # noqa: B009
        return "contradicted"
    if not of:
        return "untested"
    if fewer or refuted > after:
        return "contradicted"
    return "replicated" if after else "not_observed"


def _facts(earlier: pd.DataFrame, later: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    whole = [_companies(told.assign(any="any"), "any") for told in (earlier, later)]
    sizes = sorted({size for _, size in whole[0]} & {size for _, size in whole[1]} - {"all"})
    for kind, column in (("theme", "code"), ("reason", "reason")):
        refuted = [
            told["reason_status"].eq("refuted").to_numpy(bool) & (kind == "reason")
            for told in (earlier, later)
        ]
        tells = [_companies(told[~no], column) for told, no in zip((earlier, later), refuted, strict=True)]
        against = _companies(later[refuted[1]], column)
        for (what, segment), companies in tells[0].items():
            if companies < LEAST_TOLD or segment == UNKNOWN:
                continue
            # of all companies only sizes heard before and since can be compared: else it is their mix that changed
            alike = sizes if segment == "all" else [segment]
            counts = [sum(part.get((what, size), 0) for size in alike) for part in tells]
            asked = [sum(part.get(("any", size), 0) for size in alike) for part in whole]
            since = whole[1].get(("any", segment), 0) if segment != "all" or sizes else 0
            yield (
                kind, what, segment, companies, whole[0].get(("any", segment), 0), tells[1].get((what, segment), 0),
                since, against.get((what, segment), 0), exact_p(counts, asked) if all(asked) else 1.0,
            )  # fmt: skip


def _companies(told: pd.DataFrame, column: str) -> dict[tuple[str, str], int]:
    """How many companies told each thing, by thing and segment (`all` or a size)."""
    of_all = {(what, "all"): companies for (what,), companies in count_different(told, column).items()}
    return {**count_different(told, column, "size"), **of_all}  # type: ignore[dict-item]


def _only(earlier: pd.DataFrame, later: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    """Themes that companies of one size told and no other: another size that tells them contradicts."""
    tells = earlier.groupby("code")["size"].agg(lambda sizes: tuple(sorted(set(sizes))))
    companies = earlier.groupby("code")["account_id"].nunique()
    for code, sizes in tells.items():
        known = earlier["size"].mask(earlier["size"] == UNKNOWN).nunique()
        if len(sizes) != 1 or companies[code] < LEAST_TOLD or sizes[0] == UNKNOWN or known < 2:
            continue
        own = later[later["size"] == sizes[0]]
        of = (
            int(own["account_id"].nunique()),
            int(earlier[earlier["size"] == sizes[0]]["account_id"].nunique()),
        )
        others = ~later["size"].isin([sizes[0], UNKNOWN])
        other = later[others & (later["code"] == code)]["account_id"].nunique()
        after = own[own["code"] == code]["account_id"].nunique()
        p = exact_p([int(companies[code]), int(after)], [of[1], of[0]]) if of[0] else 1.0
        yield "only", code, sizes[0], int(companies[code]), of[1], int(after), of[0], int(other), p
