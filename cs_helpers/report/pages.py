"""Templates of the pages: reports, landing page, data check, and the page of a failed report."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from cs_helpers import paths


class _Template(jinja2.Template):
    """A template whose pages allow their own style only."""

    def render(self, *args: Any, **fields: Any) -> str:
        return allow_own_style(super().render(*args, **fields))


def allow_own_style(page: str) -> str:
    """The page with a policy that allows the style in its head, by its hash, and no other.

    Templates allow any inline style, since stock nbconvert cannot work out the hash.
    """
    head, start, rest = page.partition("<style>")
    style, end, _ = rest.partition("</style>")
    if not (start and end):
        return page
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return head.replace("style-src 'unsafe-inline'", f"style-src 'sha256-{digest}'", 1) + page[len(head) :]


def page_template(folder: str, name: str) -> jinja2.Template:
    """A template of `templates/<folder>/`, which can include the reports' style; it escapes its variables."""
    return _environment(paths.templates(), folder).get_template(name)


@cache
def _environment(templates: Path, folder: str) -> jinja2.Environment:
    """The environment, which caches compiled templates until their files change."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([templates / folder, templates / "executive"]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.template_class = _Template
    return environment


def report_template() -> dict[str, str]:
    """The files of the reports' template: path inside the templates' folder -> content."""
    folder = paths.templates()
    return {
        file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted((folder / "executive").iterdir())
    }
