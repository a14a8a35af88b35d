"""notebooks/README.md: what each notebook asks, which report it makes, and the parameters that all of them take."""

from __future__ import annotations

import json
from pathlib import Path

from cs_helpers.contract.parameters import Parameters

_PAGE = """\
# Notebooks

{notebooks}

All take the same parameters, one a line in the second cell:

{parameters}

`make lab` opens them. Cells tagged `interactive` hold a filter bar and, in the interviews, a box to look for words; reports leave
them out. Narrative cells are tagged `lang-en` or `lang-ja`; a report keeps one language, and leadership's leaves out cells tagged
`team`. They are committed without outputs (`nbstripout`), with stable cell ids, and hold no function, class or loop: what
computes lies in `cs_helpers/`. This page is written by `make dictionary`.
"""


def notebooks_page(folder: Path) -> str:
    """The page for the notebooks of a folder, in Markdown."""
    notebooks = ["| notebook | about | analysis | report |", "|---|---|---|---|"]
    for file in sorted(folder.glob("[0-9]*.ipynb")):
        book = json.loads(file.read_text(encoding="utf-8"))
        title = next(
            "".join(cell["source"]).partition("\n")[0].removeprefix("# ")
            for cell in book["cells"]
            if "lang-en" in cell["metadata"].get("tags", [])
        )
        analysis = book["metadata"]["cs_workbook"]["analysis"]
        report = file.stem.partition("_")[2]
        notebooks.append(f"| `{file.stem}` | {title} | `{analysis}` | `{report}` |")
    parameters = ["| parameter | default | meaning |", "|---|---|---|"]
    parameters += [
        f"| `{name}` | `{field.default}` | {field.description} |"
        for name, field in Parameters.model_fields.items()
    ]
    return _PAGE.format(notebooks="\n".join(notebooks), parameters="\n".join(parameters))
