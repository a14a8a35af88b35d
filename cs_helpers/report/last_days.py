"""Published pages that may show rows whose last day is over: they are what was published, and only whoever has them can delete them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import get_args

from cs_helpers.contract.parameters import Audience
from cs_helpers.report.publish import report_store
from cs_helpers.snapshot import Snapshot, retention


@dataclass(frozen=True)
class ExpiredPage:
    """A published page: where it lies, the first last day of its rows, and the options that make it again."""

    location: str
    last_day: date
    options: str


def last_day_of_page(snapshot: Snapshot, product: str, shown: Collection[str]) -> str:
    """The first of the last days of the rows that a page may show; '' where it shows nothing that is made of such rows.

    shown: the names of the analyses on the page.
    """
    days = {
        name: of_table
        for name in retention.KEEP_UNTIL
        if (of_table := retention.kept_days(snapshot.manifest, product, name))
    }
    if not days or not shown:
        return ""
    from cs_helpers import analyses  # imported here, as it takes long and few products have such rows

    of_product, known = snapshot.product(product), frozenset(analyses.names())
    # the summary is no analysis of its own, and ranks the findings of all
    made_of = shown if known.issuperset(shown) else known
    read = {table for name in made_of for table in analyses.analysis(name).tables_read(of_product)}
    return min((min(of_table) for name, of_table in days.items() if name in read), default="")


def expired_pages() -> Iterator[ExpiredPage]:
    """The published pages of both editions that may show rows whose last day is over."""
    today = retention.today().isoformat()
    for audience in get_args(Audience):
        store = report_store(None, audience)
        for quarter in store.quarters():
            for file, report in store.manifest(quarter).reports.items():
                if report.good and report.good.keep_until and report.good.keep_until < today:
                    notebook = file.rpartition("/")[2].partition(".")[0]
                    which = (
                        f"--saved={report.saved}"
                        if report.saved
                        else f"--product={report.product} --notebook={notebook}"
                    )
                    yield ExpiredPage(
                        store.location(quarter, file),
                        date.fromisoformat(report.good.keep_until),
                        f"--quarter={quarter} --audience={audience} --language={report.language} {which}",
                    )
