"""`cs-workbook codings`: interviews and their codings leave for other tools and come back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cs_helpers import paths
from cs_helpers.errors import ExchangeError, ParameterError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from cs_helpers.exchange.material import Material

codings = typer.Typer(no_args_is_help=True, help="Code interviews in another tool or a spreadsheet.")
_KINDS = (".qdpx", ".xlsx")


@codings.command("export")
def export_codings(
    file: Annotated[Path, typer.Argument(help="to write: .qdpx for coding tools, .xlsx for one coder")],
    product: Annotated[str, typer.Option(help="whose interviews")],
    snapshot: Annotated[str, typer.Option(help="its id, or latest")] = "latest",
    coder: Annotated[str, typer.Option(help="whose readings; needed for .xlsx")] = "",
    role: Annotated[str, typer.Option(help="the coder's role")] = "",
    language: Annotated[str, typer.Option(help="en or ja")] = "en",
    force: Annotated[bool, typer.Option("--force", help="replace the file")] = False,
) -> None:
    """Write the notes of a product and their readings to a file."""
    from cs_helpers.contract.parameters import Parameters
    from cs_helpers.exchange.folder import publish_file
    from cs_helpers.exchange.qdpx import project_bytes
    from cs_helpers.exchange.sheet import SheetInfo, sheet_bytes
    from cs_helpers.text import Text

    Parameters.check({"language": language})
    kind, coder, role = _kind(file), coder.strip(), role.strip()
    if kind == ".xlsx" and not coder:
        raise ParameterError("coder", "a sheet is for one coder; say for whom with --coder")
    identity, material = _material(snapshot, product)
    known = None
    if coder:
        known = role or _role(material, coder)
        material = material if kind == ".xlsx" else material.of_coder(coder, known)
    if kind == ".xlsx":
        content = sheet_bytes(material, SheetInfo(coder, known, product, identity, language))
    else:
        content = project_bytes(material, file.stem, Text(language))
    publish_file(file, content, force=force)
    read = material.of_coder(coder, known).codings if coder else material.codings
    _say(f"{paths.display_path(file)}: {len(material.notes)} notes of {product}, {len(read)} readings")


@codings.command("import")
def import_codings(
    file: Annotated[Path, typer.Argument(help="a .qdpx or .xlsx file that came back")],
    product: Annotated[str, typer.Option(help="of interviews or a sheet that do not say it")] = "",
    viewpoint: Annotated[str, typer.Option(help="of themes that lie under none")] = "",
    into: Annotated[
        Path | None, typer.Option(help="folder; default: data/codings/<name of the file>")
    ] = None,
    snapshot: Annotated[str, typer.Option(help="with whose notes a sheet is compared")] = "latest",
    coder: Annotated[str, typer.Option(help="of a sheet that does not say it")] = "",
    role: Annotated[str, typer.Option(help="of a sheet that does not say it")] = "",
    force: Annotated[bool, typer.Option("--force", help="replace the folder")] = False,
) -> None:
    """Read a file of codings and write it as tables."""
    from cs_helpers.exchange.folder import publish_folder, sources_lines

    if _kind(file) == ".xlsx":
        tables, remarks = _from_sheet(file, product, snapshot, coder.strip(), role.strip())
    else:
        from cs_helpers.exchange.material import NAMES
        from cs_helpers.exchange.qdpx_read import read_project

        read = read_project(file, _viewpoint(viewpoint), product or None)
        tables, remarks = {name: getattr(read.material, name) for name in NAMES}, read.remarks
    folder = into or paths.codings() / file.stem
    publish_folder(folder, tables, force=force)
    for remark in remarks:
        _say(remark)
    _say(f"{paths.display_path(folder)}: {', '.join(f'{len(t)} {name}' for name, t in tables.items())}")
    sources = paths.home() / "data" / "sources.yml"
    _say(f"these lines of {paths.display_path(sources)} read them:\n")
    for line in sources_lines(folder, tables, sources):
        _say(line)


def _from_sheet(
    file: Path, product: str, snapshot: str, coder: str, role: str
) -> tuple[dict[str, pd.DataFrame], tuple[str, ...]]:
    from cs_helpers.exchange.sheet import SheetInfo
    from cs_helpers.exchange.sheet_read import CodingSheet

    sheet = CodingSheet(file)
    said = sheet.info or SheetInfo(coder, role or None, product, "", "en")
    for name, value in (("product", product or said.product), ("coder", said.coder)):
        if not value:
            raise ParameterError(name, f"the sheet no longer says its {name}; say it with --{name}")
    about = SheetInfo(
        coder or said.coder, role or said.role, product or said.product, said.snapshot, said.language
    )
    _, material = _material(snapshot, about.product)
    read = sheet.codings(material, about)
    left = len(material.notes) - read["note_id"].nunique()
    return {"codings": read}, ((f"{left} notes are not read",) if left else ())


def _kind(file: Path) -> str:
    if (kind := file.suffix.lower()) not in _KINDS:
        raise ParameterError(
            "file", "the end of its name says which kind it is", value=str(file), allowed=", ".join(_KINDS)
        )
    return kind


def _material(snapshot: str, product: str) -> tuple[str, Material]:
    """The id of the snapshot, and what it knows of a product's interviews."""
    from cs_helpers.exchange.material import Material
    from cs_helpers.snapshot import Snapshot

    opened = Snapshot.open(snapshot)
    material = Material.of(opened.read(product))
    if material.notes.empty:
        raise ExchangeError(
            f"snapshot {opened.id}", f"there are no notes of interviews about {product} in it"
        )
    return opened.id, material


def _role(material: Material, coder: str) -> str | None:
    """The role in which somebody has coded so far."""
    rows = material.codings[material.codings["coder"] == coder]
    roles = sorted(rows["coder_role"].dropna().unique())
    if len(roles) > 1:
        raise ParameterError(
            "role", f"{coder} has coded in several; say which with --role", allowed=", ".join(roles)
        )
    return roles[0] if roles else None


def _viewpoint(named: str) -> str | None:
    from cs_helpers.contract.vocabulary import VIEWPOINTS
    from cs_helpers.exchange.labels import fold, token_by_label

    if not named:
        return None
    if (found := token_by_label("viewpoint").get(fold(named))) is None:
        hint = did_you_mean(named, VIEWPOINTS)
        raise ParameterError(
            "viewpoint", f"there is no such viewpoint.{hint}", value=named, allowed=", ".join(VIEWPOINTS)
        )
    return found


def _say(line: str) -> None:
    """A line for whoever called the command, as it is."""
    sys.stdout.write(f"{line}\n")
