"""`cs-workbook codings`: exports interviews and their codings to other tools and imports them again."""

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
_SUFFIXES = (".qdpx", ".xlsx")


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
    suffix, coder, role = _checked_suffix(file), coder.strip(), role.strip()
    if suffix == ".xlsx" and not coder:
        raise ParameterError("coder", "a sheet is for one coder; say for whom with --coder")
    snapshot_id, material = _material(snapshot, product)
    coder_role = None
    if coder:
        coder_role = role or _past_role(material, coder)
        material = material if suffix == ".xlsx" else material.of_coder(coder, coder_role)
    if suffix == ".xlsx":
        content = sheet_bytes(material, SheetInfo(coder, coder_role, product, snapshot_id, language))
    else:
        content = project_bytes(material, file.stem, Text(language))
    publish_file(file, content, force=force)
    readings = material.of_coder(coder, coder_role).codings if coder else material.codings
    _print_line(
        f"{paths.display_path(file)}: {len(material.notes)} notes of {product}, {len(readings)} readings"
    )


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

    if _checked_suffix(file) == ".xlsx":
        tables, remarks = _from_sheet(file, product, snapshot, coder.strip(), role.strip())
    else:
        from cs_helpers.exchange.material import NAMES
        from cs_helpers.exchange.qdpx_read import read_project

        project = read_project(file, _viewpoint_token(viewpoint), product or None)
        tables, remarks = {name: getattr(project.material, name) for name in NAMES}, project.remarks
    folder = into or paths.codings() / file.stem
    publish_folder(folder, tables, force=force)
    for remark in remarks:
        _print_line(remark)
    _print_line(
        f"{paths.display_path(folder)}: {', '.join(f'{len(t)} {name}' for name, t in tables.items())}"
    )
    sources = paths.home() / "data" / "sources.yml"
    _print_line(f"these lines of {paths.display_path(sources)} read them:\n")
    for line in sources_lines(folder, tables, sources):
        _print_line(line)


def _from_sheet(
    file: Path, product: str, snapshot: str, coder: str, role: str
) -> tuple[dict[str, pd.DataFrame], tuple[str, ...]]:
    from cs_helpers.exchange.sheet import SheetInfo
    from cs_helpers.exchange.sheet_read import CodingSheet

    sheet = CodingSheet(file)
    info = sheet.info or SheetInfo(coder, role or None, product, "", "en")
    for name, value in (("product", product or info.product), ("coder", info.coder)):
        if not value:
            raise ParameterError(name, f"the sheet no longer says its {name}; say it with --{name}")
    complete = SheetInfo(
        coder or info.coder, role or info.role, product or info.product, info.snapshot, info.language
    )
    _, material = _material(snapshot, complete.product)
    codings = sheet.codings(material, complete)
    unread = len(material.notes) - codings["note_id"].nunique()
    return {"codings": codings}, ((f"{unread} notes are not read",) if unread else ())


def _checked_suffix(file: Path) -> str:
    if (suffix := file.suffix.lower()) not in _SUFFIXES:
        raise ParameterError(
            "file", "the end of its name says which kind it is", value=str(file), allowed=", ".join(_SUFFIXES)
        )
    return suffix


def _material(snapshot: str, product: str) -> tuple[str, Material]:
    """The id of the snapshot, and the product's interviews in it."""
    from cs_helpers.exchange.material import Material
    from cs_helpers.snapshot import Snapshot

    opened = Snapshot.open(snapshot)
    material = Material.of(opened.read(product))
    if material.notes.empty:
        raise ExchangeError(
            f"snapshot {opened.id}", f"there are no notes of interviews about {product} in it"
        )
    return opened.id, material


def _past_role(material: Material, coder: str) -> str | None:
    """The role of a coder in the codings so far; None where there is none."""
    rows = material.codings[material.codings["coder"] == coder]
    roles = sorted(rows["coder_role"].dropna().unique())
    if len(roles) > 1:
        raise ParameterError(
            "role", f"{coder} has coded in several; say which with --role", allowed=", ".join(roles)
        )
    return roles[0] if roles else None


def _viewpoint_token(name: str) -> str | None:
    from cs_helpers.contract.vocabulary import VIEWPOINTS
    from cs_helpers.exchange.labels import fold, token_by_label

    if not name:
        return None
    if (token := token_by_label("viewpoint").get(fold(name))) is None:
        hint = did_you_mean(name, VIEWPOINTS)
        raise ParameterError(
            "viewpoint", f"there is no such viewpoint.{hint}", value=name, allowed=", ".join(VIEWPOINTS)
        )
    return token


def _print_line(line: str) -> None:
    """Prints a line without rich's markup."""
    sys.stdout.write(f"{line}\n")
