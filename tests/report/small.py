"""Small notebooks and a workbook's home that holds them, for tests of the engine."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from cs_helpers.contract.parameters import Parameters

ROOT = Path(__file__).resolve().parents[2]

#: a picture that the gate accepts, and what the page says
GOOD = """
import io
from IPython.display import display
from PIL import Image
_picture = Image.new("RGB", (40, 30), "white"); _picture.putpixel((3, 3), (0, 0, 0))
_buffer = io.BytesIO(); _picture.save(_buffer, "png")
display({"image/png": _buffer.getvalue(), "text/plain": "a dot"}, raw=True,
        metadata={"image/png": {"alt": "a dot", "width": 40}, "cs_workbook": {"answers": "dot", "message": "There is a dot.", "shows": ["public"]}})
"""


def notebook(*code: str, figures: tuple[str, ...] = (), title: str = "A small report"):
    """A notebook of these cells, with the parameters of all notebooks."""
    parameters_cell = "\n".join(f'{n}: str = "{f.default}"' for n, f in Parameters.model_fields.items())
    cells = [
        new_markdown_cell(f"# {title}", metadata={"tags": ["lang-en"]}),
        new_markdown_cell(f"# {title}（日本語）", metadata={"tags": ["lang-ja"]}),
        new_code_cell(parameters_cell, metadata={"tags": ["parameters"]}),
        *(new_code_cell(part) for part in code),
    ]
    return new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "cs_workbook": {"figures": list(figures)},
        },
    )


def workbook(folder: Path, home: Path, **notebooks) -> Path:
    """A home with these notebooks (`alpha` becomes 10_alpha.ipynb) and the snapshots of `home`."""
    (folder / "notebooks").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "templates").symlink_to(ROOT / "templates")
    (folder / "data" / "products").symlink_to(ROOT / "data" / "products")
    (folder / "data" / "snapshots").symlink_to((home / "data" / "snapshots").resolve())
    for place, (name, content) in enumerate(notebooks.items(), 1):
        write(folder, f"{place}0_{name}", content)
    return folder


def write(folder: Path, name: str, content) -> None:
    """Puts a notebook into a home."""
    nbformat.write(content, folder / "notebooks" / f"{name}.ipynb")
