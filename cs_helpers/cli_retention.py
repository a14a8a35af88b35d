"""What the command line says of snapshots and pages that still hold rows whose last day is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cs_helpers.cli_output import console, escape_markup

if TYPE_CHECKING:  # the command line starts without the catalogue
    from cs_helpers.text import Text


def print_expired(text: Text) -> None:
    """Print a line for each stored snapshot and published page with such rows, and how to get rid of them."""
    from cs_helpers.report.last_days import expired_pages
    from cs_helpers.snapshot.history import latest_id, snapshots
    from cs_helpers.snapshot.retention import expired

    commands = {"take": "cs-workbook snapshot", "prune": "cs-workbook snapshots prune --expired"}
    lines = []
    for stored in snapshots():
        for table, rows in expired(stored.manifest).items():
            said = "expired_latest" if stored.id == latest_id() else "expired_snapshot"
            lines.append(
                text(f"console.{said}", id=stored.id, table=table, rows=text.number(rows), **commands)
            )
    for page in expired_pages():
        command = f"cs-workbook report {page.options}"
        lines.append(
            text("console.expired_page", page=page.location, day=text.day(page.last_day), command=command)
        )
    for line in lines:
        console.print(f"[yellow]{escape_markup(line)}[/]")
