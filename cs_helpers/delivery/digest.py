"""The digest of a quarter as a mail: how we are doing, what needs a decision, what changed, what failed.

Made of the summaries in run.json. The same content is the same digest: `Digest.key` identifies it, so that it is
never sent twice (`mail`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from cs_helpers import hashes
from cs_helpers.delivery.edition import Edition
from cs_helpers.report import overall
from cs_helpers.report.overall import Found, Number
from cs_helpers.report.pages import page_template
from cs_helpers.summary import CHANGES
from cs_helpers.tables.cards import change_sentence
from cs_helpers.tables.units import format_interval, format_value
from cs_helpers.text import Text

#: a mail names so many decisions; the others stand in the reports
DECISIONS = 5
#: lines of a mail must not be longer, and some servers pass seven bits only
_POLICY = SMTP.clone(cte_type="7bit", max_line_length=78)


@dataclass(frozen=True)
class Digest:
    """A digest in a language, as text and as HTML. made_at: when the quarter was published."""

    language: str
    subject: str
    text: str
    html: str
    made_at: datetime

    @property
    def key(self) -> str:
        """One hash of the content, which does not depend on when it is made or sent."""
        return hashes.of_json([self.subject, self.text, self.html])

    def draft(self) -> bytes:
        """The mail without sender and recipients, which mail programs open for editing."""
        return self.message().as_bytes()

    def message(self, sender: str = "", recipients: Sequence[str] = ()) -> EmailMessage:
        """The mail."""
        message = EmailMessage(policy=_POLICY)
        message["Subject"] = " ".join(self.subject.split())
        if sender:
            message["From"] = sender
            message["To"] = ", ".join(recipients)
            domain = Address(addr_spec=sender.rpartition("<")[2].rstrip("> ")).domain
            message["Message-ID"] = f"<{self.key[:32]}@{domain}>"
            message["Auto-Submitted"] = "auto-generated"
        else:
            message["X-Unsent"] = "1"
        message["Date"] = self.made_at
        message["Content-Language"] = self.language
        message.set_content(self.text)
        message.add_alternative(self.html, subtype="html")
        message.set_boundary(self.key[:32])  # not a random one: the same digest is the same file
        return message


def make_digest(edition: Edition, language: str, link: str = "") -> Digest:
    """The digest of an edition. link: the address at which its readers find the reports; '' for none.

    Raises `ReportError` where nothing is published in the language.
    """
    edition.check_language(language)
    text = Text(language)
    reports = edition.reports(language)
    summaries = overall.summaries(reports, language)
    products = list(dict.fromkeys(report.product for report in reports.values()))
    names = {product: edition.product_name(product, language) for product in products}
    decisions = overall.decisions(summaries)
    failed = [r for r in reports.values() if r.status == "failed"]
    content: dict[str, Any] = {
        "text": text,
        "language": language,
        "link": link,
        "edition": text("page.edition.team") if edition.manifest.audience == "team" else "",
        "title": text("landing.title", quarter=text.quarter(edition.quarter)),
        "totals": [_number(n, text) for n in overall.totals(list(summaries.values()), len(products))],
        "products": [
            (names[product], [_number(n, text) for n in overall.numbers(summaries[product])])
            for product in products
            if product in summaries
        ],
        "lacking": [
            text("deliver.lacking", product=names[p]) for p in products if p not in summaries
        ],
        "decisions": [_decision(found, names, text) for found in decisions[:DECISIONS]],
        "more": text("deliver.more", n=len(decisions) - DECISIONS) if len(decisions) > DECISIONS else "",
        "changed": [
            (names[f.product], f.content["sentence"], f.content["direction"])
            for f in overall.changed(summaries)[:CHANGES]
        ],
        "status": text("landing.reports_some_failed", n=len(reports), failed=len(failed))
        if failed
        else text("landing.reports_made", n=len(reports)),
        "failed": [f"{names[r.product]}{text('deliver.between')}{r.title or r.analysis}" for r in failed],
        "footer": text(
            "deliver.footer",
            as_of=text.day(date.fromisoformat(edition.manifest.as_of)),
            snapshot=edition.manifest.snapshot,
        ),
    }  # fmt: skip
    said = _decisions_said(len(decisions), text)
    first = decisions[0].content["sentence"] if decisions else content["status"]
    content["preview"] = text("deliver.preview", decisions=said, first=first)
    subject = text("deliver.subject", quarter=text.quarter(edition.quarter), decisions=said)
    if content["edition"]:
        subject = text("page.edition.title", title=subject)
    plain, page = (page_template("digest", f"digest.{kind}.j2").render(content) for kind in ("txt", "html"))
    made_at = datetime.fromisoformat(edition.manifest.published_at).astimezone(UTC)
    # a word joiner keeps a sign with its number, but not every mail program has a shape for it
    plain, page = plain.replace("\u2060", ""), page.replace("\u2060", "")
    return Digest(language, subject, plain, page, made_at)


def _decisions_said(count: int, text: Text) -> str:
    if count == 0:
        return text("deliver.no_decisions")
    return text("deliver.one_decision") if count == 1 else text("deliver.decisions", n=count)


def _number(number: Number, text: Text) -> dict[str, Any]:
    """A headline number in words: label, value, interval, and its changes with their directions."""
    metric = number.metric
    return {
        "label": number.label,
        "value": format_value(metric.value, metric.unit, text, number.currency),
        "interval": format_interval(metric.low, metric.high, metric.unit, text, number.currency),
        "changes": [(change_sentence(c, text, number.currency), c.direction) for c in number.changes],
    }


def _decision(found: Found, names: dict[str, str], text: Text) -> dict[str, str]:
    return {
        "product": names[found.product],
        "what": found.content["sentence"],
        "do": found.content.get("do", ""),
        "obstacle": found.content.get("obstacle", ""),
        "stake": stake(found, text),
    }


def stake(found: Found, text: Text) -> str:
    """What is at stake with a decision, who has to act and by when, as far as that is known."""
    content, parts = found.content, []
    if content.get("customers") is not None:
        parts.append(text("deliver.customers", n=text.number(content["customers"])))
    if content.get("mrr") is not None:
        parts.append(text("deliver.mrr", mrr=found.mrr(text)))
    if content.get("who"):
        parts.append(text("deliver.who", who=found.who(text)))
    if content.get("by"):
        parts.append(text("deliver.by", by=found.by(text)))
    return text("page.separator").join(parts)
