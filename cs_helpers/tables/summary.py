"""The parts of a product's summary as HTML: headline numbers, changes, decisions, first gaps, and what is not known."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from cs_helpers.result import Finding, Note
from cs_helpers.summary import Headline, Ranked, Summary, Tally, asks_decision, finding_key
from cs_helpers.summary.gaps import GAP_PLAN, Gap
from cs_helpers.tables.cards import card
from cs_helpers.tables.findings import PLACE, anchor, certainty, published, sentence
from cs_helpers.tables.notes import format_fields
from cs_helpers.tables.notes import sentence as note_sentence
from cs_helpers.tables.theme import scrolling
from cs_helpers.tables.units import format_value
from cs_helpers.text import Text
from cs_helpers.text.gap_plan_verdict import gap_plan_verdict


def headlines(summary: Summary, text: Text, currency: str) -> str:
    """The cards of the headline numbers; a sentence where none is known."""
    cards = [
        card(
            h.metric,
            metric_label(h, text),
            h.changes,
            text,
            currency,
            link=f"{PLACE}{h.analysis}-headlines",
            trend=h.trend,
        )
        for h in summary.headlines
    ]
    if not cards:
        return _nothing(text("summary.no_headlines"))
    said = text.join_sentences([tally_sentence(key, tally, text) for key, tally in summary.tallies.items()])
    verdict = f'<p class="verdict">{html.escape(said)}</p>' if said else ""
    return f'{verdict}<div class="cards six">{"".join(cards)}</div>'


def tally_sentence(compared_with: str, tally: Tally, text: Text) -> str:
    """Which headline numbers are better and worse than in an earlier quarter, or meet and miss their target."""
    named = {
        direction: text.join_list([metric_label(h, text) for h in headlines])
        for direction, headlines in (("better", tally.better), ("worse", tally.worse))
        if headlines
    }
    if not named:
        return text(f"summary.tally.{compared_with}.neither")
    return text.join_sentences(
        [text(f"summary.tally.{compared_with}.{kind}", names=names) for kind, names in named.items()]
    )


def metric_label(headline: Headline, text: Text) -> str:
    """The label of a headline number."""
    return text(f"{headline.analysis}.metrics.{headline.metric.name}")


def changed(summary: Summary, text: Text, currency: str) -> str:
    """What changed most, as a list; a sentence where nothing changed beyond chance."""
    items = [
        f'<li class="{r.finding.direction}">{_link(r, sentence(r.finding, text, r.analysis, currency))}'
        f' <span class="certainty">{html.escape(certainty(r.finding, text))}{_since_before(r, summary, text)}</span></li>'
        for r in summary.changed
    ]
    return _list(items) or _nothing(text("summary.no_changes"))


def decisions(summary: Summary, text: Text, currency: str) -> str:
    """What needs a decision, as a table: what, customers and MRR concerned, who, by when."""
    if not summary.decisions:
        return _nothing(text("summary.no_decisions"))
    columns = ("what", "customers", "mrr", "who", "by")
    heads = "".join(
        f'<th scope="col"{_cell(column)}>{html.escape(text(f"summary.columns.{column}"))}</th>'
        for column in columns
    )
    rows = []
    for ranked in summary.decisions:
        finding = ranked.finding
        fields = format_fields(finding.fields, text, currency)
        cells = {
            "customers": text.number(finding.customers),
            "mrr": text("findings.not_known") if finding.mrr is None else text.money(finding.mrr, currency),
            "who": fields.get("who") or text("summary.nobody"),
            "by": fields.get("by") or text("summary.no_date"),
        }
        what = _link(ranked, decision_words(ranked, text, currency))
        to_do = fields.get("do") or text("summary.no_play")
        limit = obstacle(ranked, text, currency)
        limited = f'<br><strong class="obstacle">{html.escape(limit)}</strong>' if limit else ""
        do = (
            f'<br><span class="do">{html.escape(to_do)}{_since_before(ranked, summary, text)}</span>{limited}'
        )
        rest = "".join(
            f'<td{_cell(column)} data-label="{html.escape(text(f"summary.columns.{column}"), quote=True)}">'
            f"{html.escape(cells[column])}</td>"
            for column in columns[1:]
        )
        rows.append(f'<tr><td class="what">{what}{do}</td>{rest}</tr>')
    table = f'<table class="decisions"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return f'<div class="table">{scrolling(table, text("summary.columns.what"))}</div>'


def gaps(summary: Summary, text: Text, currency: str) -> str:
    """The first gaps as a list: their size, what closing them would do, and whether their order is decided."""
    found = summary.gaps
    if found.state is None:
        why = found.why_none
        return _nothing(
            text("summary.gaps.none") if why is None else note_sentence(why, text, GAP_PLAN, currency)
        )
    if not found.gaps:
        return _nothing(gap_plan_verdict(text, "gaps", found.state.code, found.state.fields, currency))
    said = [gap_plan_verdict(text, "gaps", found.state.code, found.state.fields, currency)]
    if found.order is not None:
        said.append(gap_plan_verdict(text, "priorities", found.order.code, found.order.fields, currency))
    sentences = text.join_sentences([text("summary.gaps.sentence", said=words) for words in said])
    items = [
        f'<li class="worse">{_place(anchor(GAP_PLAN, gap.finding.about), gap_size(gap, text, currency))}'
        f'<br><span class="do">{html.escape(closing(gap, text, currency))}'
        f"{_since_before(Ranked(GAP_PLAN, gap.finding), summary, text)}</span></li>"
        for gap in found.gaps
    ]
    order = _place(anchor(GAP_PLAN, "priorities"), sentences)
    return f'<p class="order">{order}</p><ol class="findings gaps">{"".join(items)}</ol>'


def gap_size(gap: Gap, text: Text, currency: str) -> str:
    """A gap in one line: the goal, how it is, how it is meant to be by when, and the customers to move."""
    finding, row = gap.finding, gap.size
    kind = (
        "customers"
        if row["kind"] == "customers"
        else "number_of_customers"
        if finding.customers
        else "number"
    )
    mrr = "" if finding.mrr is None else text.money(finding.mrr, currency)
    return text(
        f"summary.gaps.{kind}",
        goal=finding.fields["goal"].in_language(text.language),
        by=text.day(finding.fields["by"]),
        value=format_value(finding.value, finding.unit, text, currency),
        compared=format_value(finding.compared, finding.unit, text, currency),
        customers=text.number(finding.customers),
        stake=text("gap_plan.stake", mrr=mrr) if mrr else "",
        counted=_counted(finding, text),
    )


def _counted(finding: Finding, text: Text) -> str:
    """Of how many customers a gap of customers is counted, and of how many it is not known; '' of a number."""
    if "inside" not in finding.fields:
        return ""
    inside, unknown = finding.fields["inside"], finding.fields["unknown"]
    key = "partly_known" if unknown else "counted"
    counts = {"inside": inside, "n": finding.n, "unknown": unknown}
    return text(f"summary.gaps.{key}", **{name: text.number(count) for name, count in counts.items()})


def closing(gap: Gap, text: Text, currency: str) -> str:
    """What closing a gap would do, or why that is not known."""
    if not gap.effects:
        reason = gap.size["reason"]
        known = text(f"gap_plan.reasons.{reason}") if reason else text("summary.gaps.no_effect")
        return text("summary.gaps.not_told", reason=known)
    unclear = any(row["verdict"] == "unclear" for row in gap.effects)
    effects = []
    # of what may be chance one number is enough
    for row in gap.effects[:1] if unclear else gap.effects:
        before, after, *ends = (
            format_value(row[name], row["unit"], text, currency)
            for name in ("before", "after", "low", "high")
        )
        if row["low"] == row["low"]:
            after = text("charts.interval", value=after, low=ends[0], high=ends[1])
        measure = text(f"revenue.metrics.{row['measure']}")
        effects.append(text("summary.gaps.effect", measure=measure, before=before, after=after))
    key = "closed_unclear" if unclear else "closed"
    return text(f"summary.gaps.{key}", effects=text("summary.gaps.separator").join(effects))


def published_gap(gap: Gap, is_decided: bool, text: Text, currency: str) -> dict[str, Any]:
    """A gap as `run.json` holds it: its finding, with `part`, what closing it would do, and whether the order is decided."""
    return {
        **published(gap.finding, text, GAP_PLAN, currency),
        "sentence": gap_size(gap, text, currency),
        "part": "gaps",
        "goal": gap.goal,
        "decided": is_decided,
        "do": closing(gap, text, currency),
        "key": finding_key(Ranked(GAP_PLAN, gap.finding)),
    }


def _since_before(ranked: Ranked, summary: Summary, text: Text) -> str:
    """Whether the summary of the quarter before had the same finding, as HTML; '' where there was none."""
    if summary.before.findings is None:
        return ""
    known = finding_key(ranked) in summary.before.findings
    return html.escape(text("page.separator") + text(f"summary.since_before.{'again' if known else 'new'}"))


def decision_words(ranked: Ranked, text: Text, currency: str) -> str:
    """What a decision is about: when the entry of the playbook is due, else the sentence of the finding."""
    fields = format_fields(ranked.finding.fields, text, currency)
    return fields.get("when") or sentence(ranked.finding, text, ranked.analysis, currency)


def obstacle(ranked: Ranked, text: Text, currency: str) -> str:
    """Why a decision cannot be carried out as it stands, or for so many customers only; '' where nothing is known to be in the way."""
    if not asks_decision(ranked.finding):
        return ""
    fields = format_fields(ranked.finding.fields, text, currency)
    if "obstacles" in fields:
        return text("summary.nobody_can", obstacles=fields["obstacles"])
    return text("summary.beyond", takes=fields["takes"]) if "takes" in fields else ""


def unknown(summary: Summary, text: Text, currency: str) -> str:
    """What cannot be known yet, as a list; a sentence where everything is known."""
    items = [
        f"<li>{_place(f'{name}-{note.about}', note_sentence(note, text, name, currency))}</li>"
        for name, note in summary.unknown
    ]
    if summary.more_unknown:
        items.append(
            f"<li>{html.escape(text('summary.more_unknown', n=text.number(summary.more_unknown)))}</li>"
        )
    return f'<ul class="unknown">{"".join(items)}</ul>' if items else _nothing(text("summary.all_known"))


def trust(summary: Summary, text: Text, currency: str) -> str:
    """How far the numbers can be trusted: what is chance, and what was published of the quarter before and differs today."""
    before = summary.before
    quarter = text.quarter(before.quarter)
    sentences = [text("summary.trust.chance")]
    if before.state == "restated":
        causes = text.join_list([text(f"summary.cause.{cause}") for cause in before.causes])
        sentences.append(text("summary.trust.restated", quarter=quarter, causes=causes))
    else:
        sentences.append(
            text(f"summary.trust.{before.state}", quarter=quarter, n=text.number(before.compared))
        )
    items = [
        text(
            "summary.restated",
            label=text(f"{r.analysis}.metrics.{r.metric.name}"),
            published=format_value(r.published, r.metric.unit, text, currency),
            today=format_value(r.metric.value, r.metric.unit, text, currency),
        )
        for r in before.restated
    ]
    listed = "".join(f"<li>{html.escape(item)}</li>" for item in items)
    said = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in sentences)
    return f'<div class="trust">{said}{f"<ul>{listed}</ul>" if listed else ""}</div>'


def published_part(ranked: Ranked, part: str, text: Text, currency: str) -> dict[str, Any]:
    """A finding of the summary as `run.json` holds it: that of its report, with `part`, who and by when."""
    fields = format_fields(ranked.finding.fields, text, currency)
    content = published(ranked.finding, text, ranked.analysis, currency)
    if part == "decisions":
        content["sentence"] = decision_words(ranked, text, currency)
        by = ranked.finding.fields.get("by")
        content |= {
            "do": fields.get("do") or text("summary.no_play"),
            "obstacle": obstacle(ranked, text, currency),
            "who": fields.get("who", ""),
            "by": by.isoformat() if by else "",
        }
    return {
        **content,
        "part": part,
        "key": finding_key(ranked),
        "surprise": round(ranked.surprise, 3),
    }


def published_note(analysis: str, note: Note, text: Text, currency: str) -> dict[str, Any]:
    """What cannot be known, as `run.json` holds it."""
    return {
        "analysis": analysis,
        "code": note.code,
        "about": note.about,
        "anchor": anchor(analysis, note.about),
        "sentence": note_sentence(note, text, analysis, currency),
        "part": "unknown",
    }


def _link(ranked: Ranked, words: str) -> str:
    return _place(anchor(ranked.analysis, ranked.finding.about), words)


def _place(where: str, words: str) -> str:
    return f'<a href="{PLACE}{html.escape(where, quote=True)}">{html.escape(words)}</a>'


def _list(items: Sequence[str]) -> str:
    return f'<ul class="findings">{"".join(items)}</ul>' if items else ""


def _nothing(words: str) -> str:
    return f'<p class="nothing">{html.escape(words)}</p>'


def _cell(column: str) -> str:
    """The attribute of a cell: amounts stand on the right, and dates and roles on one line."""
    return f' class="{"right" if column in ("customers", "mrr") else "short" if column in ("who", "by") else "left"}"'
