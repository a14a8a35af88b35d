"""The templates of the pages: landing page, data check, the one that says why, and the reports' own."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2

from cs_helpers import paths


def page_template(folder: str, name: str) -> jinja2.Template:
    """A template of `templates/<folder>/`, with the reports' style at hand; what it is given is escaped."""
    return _environment(paths.templates(), folder).get_template(name)


@cache
def _environment(templates: Path, folder: str) -> jinja2.Environment:
    """Knows the templates it was asked for, as long as their files are as they were."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([templates / folder, templates / "executive"]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def report_template() -> dict[str, str]:
    """The files of the reports' template: name inside the templates' folder -> content."""
    folder = paths.templates()
    return {
        file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted((folder / "executive").iterdir())
    }
