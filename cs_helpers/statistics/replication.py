"""Replication: facts of earlier interviews tested on companies interviewed later."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from cs_helpers.contract.vocabulary import UNKNOWN
from cs_helpers.statistics.counts import count_distinct
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg, wilson
from cs_helpers.statistics.variation import exact_p, zero_count_bound

#: the companies of a segment that must mention something before it is a fact
MIN_COMPANIES = 3


def replicate_facts(mentions: pd.DataFrame, since: pd.Timestamp) -> pd.DataFrame:
    """Facts from companies interviewed before `since`, tested on those first interviewed from then on.

    mentions: account_id, held_on, size, code, reason, reason_status. A fact is a theme, or a reason that was not
    refuted, mentioned by `MIN_COMPANIES` of all companies (segment `all`) or of one size; or that a theme is
    mentioned by one size only (kind `only`). Columns: kind (theme, reason, only), what, segment, before and
    of_before (companies that mention it, companies interviewed), after, of_after, low, high (Wilson 95 % interval of
    the later share; for a count of 0, high is the one-sided 95 % bound), refuted (later companies whose notes refute
    the reason, or of another size that mention the theme), p (exact test of equal shares), verdict: `replicated`
    (mentioned again), `contradicted` (refuted by more companies than mention it, mentioned by another size, or
    significantly rarer: Benjamini-Hochberg), `not_observed` (never mentioned, but in too few interviews to
    contradict) or `untested` (no later company of the segment). Sorted by `before`, descending.
    """
    mentions = _with_latest_status(mentions)
    first_interview = mentions.groupby("account_id")["held_on"].min()
    new_accounts = set(first_interview.index[first_interview >= since])
    later = mentions[mentions["account_id"].isin(new_accounts)]
    earlier = mentions[~mentions["account_id"].isin(new_accounts) & (mentions["held_on"] < since)]
    rows = [*_facts(earlier, later), *_exclusive_themes(earlier, later)]
    columns = ["kind", "what", "segment", "before", "of_before", "after", "of_after", "refuted", "p"]
    facts = pd.DataFrame(rows, columns=columns)
    bounds = [
        wilson(r.after, r.of_after) if r.after else (0.0, zero_count_bound(r.of_after))
        for r in facts.itertuples()
    ]
    facts["low"], facts["high"] = zip(*bounds, strict=True) if bounds else ((), ())
    rarer = benjamini_hochberg(facts["p"].to_list(), q=FALSE_DISCOVERY) & (
        facts["after"] * facts["of_before"] < facts["before"] * facts["of_after"]
    )
    facts["verdict"] = [_verdict(r, is_rarer) for r, is_rarer in zip(facts.itertuples(), rarer, strict=True)]
    return facts.sort_values(
        ["before", "kind", "what", "segment"], ascending=[False, True, True, True], ignore_index=True
    )


def _with_latest_status(mentions: pd.DataFrame) -> pd.DataFrame:
    """The mentions with one status per company and reason: that of the latest note that supports or refutes it, else `open`."""
    with_reason = mentions.dropna(subset=["reason"]).sort_values("held_on", kind="stable")
    latest = with_reason[with_reason["reason_status"].isin(["supported", "refuted"])]
    latest = latest.drop_duplicates(["account_id", "reason"], keep="last")
    status = latest.set_index(["account_id", "reason"])["reason_status"].to_dict()
    keys = zip(mentions["account_id"], mentions["reason"], strict=True)
    return mentions.assign(reason_status=[status.get(key, "open") for key in keys])


def _verdict(row: object, rarer: bool) -> str:
    after, total, refuted = (int(getattr(row, name)) for name in ("after", "of_after", "refuted"))
    if getattr(row, "kind") == "only" and refuted:  # noqa: B009
        return "contradicted"
    if not total:
        return "untested"
    if rarer or refuted > after:
        return "contradicted"
    return "replicated" if after else "not_observed"


def _facts(earlier: pd.DataFrame, later: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    interviewed = [_count_companies(mentions.assign(any="any"), "any") for mentions in (earlier, later)]
    sizes = sorted({size for _, size in interviewed[0]} & {size for _, size in interviewed[1]} - {"all"})
    for kind, column in (("theme", "code"), ("reason", "reason")):
        refuted = [
            mentions["reason_status"].eq("refuted").to_numpy(bool) & (kind == "reason")
            for mentions in (earlier, later)
        ]
        mentioning = [
            _count_companies(mentions[~is_refuted], column)
            for mentions, is_refuted in zip((earlier, later), refuted, strict=True)
        ]
        refuting = _count_companies(later[refuted[1]], column)
        for (what, segment), companies in mentioning[0].items():
            if companies < MIN_COMPANIES or segment == UNKNOWN:
                continue
            # compare only sizes interviewed in both periods, or a change in the mix of sizes looks like a change
            comparable = sizes if segment == "all" else [segment]
            counts = [sum(part.get((what, size), 0) for size in comparable) for part in mentioning]
            totals = [sum(part.get(("any", size), 0) for size in comparable) for part in interviewed]
            later_total = interviewed[1].get(("any", segment), 0) if segment != "all" or sizes else 0
            yield (
                kind, what, segment, companies, interviewed[0].get(("any", segment), 0), mentioning[1].get((what, segment), 0),
                later_total, refuting.get((what, segment), 0), exact_p(counts, totals) if all(totals) else 1.0,
            )  # fmt: skip


def _count_companies(mentions: pd.DataFrame, column: str) -> dict[tuple[str, str], int]:
    """The number of companies per value of a column and segment (`all` or a size)."""
    all_companies = {
        (what, "all"): companies for (what,), companies in count_distinct(mentions, column).items()
    }
    return {**count_distinct(mentions, column, "size"), **all_companies}  # type: ignore[dict-item]


def _exclusive_themes(earlier: pd.DataFrame, later: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    """Themes mentioned by companies of one size only; a later mention by another size refutes that."""
    sizes_by_code = earlier.groupby("code")["size"].agg(lambda sizes: tuple(sorted(set(sizes))))
    companies = earlier.groupby("code")["account_id"].nunique()
    for code, sizes in sizes_by_code.items():
        known_sizes = earlier["size"].mask(earlier["size"] == UNKNOWN).nunique()
        if len(sizes) != 1 or companies[code] < MIN_COMPANIES or sizes[0] == UNKNOWN or known_sizes < 2:
            continue
        later_of_size = later[later["size"] == sizes[0]]
        before, after = (
            int(companies[code]),
            later_of_size[later_of_size["code"] == code]["account_id"].nunique(),
        )
        of_before = earlier[earlier["size"] == sizes[0]]["account_id"].nunique()
        of_after = later_of_size["account_id"].nunique()
        is_other_size = ~later["size"].isin([sizes[0], UNKNOWN])
        refuted = later[is_other_size & (later["code"] == code)]["account_id"].nunique()
        p = exact_p([before, after], [of_before, of_after]) if of_after else 1.0
        yield "only", code, sizes[0], before, of_before, after, of_after, refuted, p
