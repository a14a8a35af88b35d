"""The templates of the pages that are no report: landing page and data check."""

from __future__ import annotations

import jinja2

from cs_helpers import paths


def page_template(folder: str, name: str) -> jinja2.Template:
    """A template of `templates/<folder>/`, with the reports' style at hand; what it is given is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([paths.templates() / folder, paths.templates() / "executive"]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
