"""Templates of the pages: reports, landing page, data check, and the page of a failed report."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2

from cs_helpers import paths


def page_template(folder: str, name: str) -> jinja2.Template:
    """A template of `templates/<folder>/`, which can include the reports' style; it escapes its variables."""
    return _environment(paths.templates(), folder).get_template(name)


@cache
def _environment(templates: Path, folder: str) -> jinja2.Environment:
    """The environment, which caches compiled templates until their files change."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([templates / folder, templates / "executive"]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def report_template() -> dict[str, str]:
    """The files of the reports' template: path inside the templates' folder -> content."""
    folder = paths.templates()
    return {
        file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted((folder / "executive").iterdir())
    }
