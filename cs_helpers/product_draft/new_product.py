"""Create a product file: drafted from the data if there is a sources file, else copied from another product's."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from cs_helpers import paths
from cs_helpers.contract.products import Slug, load_products
from cs_helpers.errors import ParameterError
from cs_helpers.product_draft.copied_product import new_product_text


def start_product(name: str, sources: Path | None = None) -> str:
    """Write `data/products/<name>.yml`, and return a sentence that describes it.

    sources: the sources file whose tables are read; default: data/sources.yml. Where there is none, another product's
    file is copied. Raises `ParameterError` where the name is invalid or taken, or there is nothing to start from;
    `SettingError`, `SourceError` or `SourcesError` where the tables cannot be read. Then nothing is written.
    """
    try:
        TypeAdapter(Slug).validate_python(name)
    except ValidationError:
        raise ParameterError(
            "name",
            "this is not a valid name for a product",
            value=name,
            allowed="a-z, 0-9, _ and -, at most 40, a letter or digit first",
        ) from None
    folder = paths.products()
    target = folder / f"{name}.yml"
    if target.exists():
        raise ParameterError("name", f"the file {paths.display_path(target)} is there already", value=name)
    default_sources = paths.home() / "data" / "sources.yml"
    if sources is None and default_sources.exists():
        sources = default_sources
    text, description = _copy_text(name, folder) if sources is None else _draft_text(name, sources, folder)
    folder.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return f"{paths.display_path(target)} {description}"


def _copy_text(name: str, folder: Path) -> tuple[str, str]:
    products = load_products(folder)
    if not products:
        raise ParameterError(
            "name",
            f"there is no product file in {paths.display_path(folder)} to start from; name a sources file with --data",
        )
    model = folder / f"{next(iter(products))}.yml"
    text = new_product_text(model.read_text(encoding="utf-8"), name)
    return text, f"is a copy of {model.name}: change its names, rules and steps"


def _draft_text(name: str, sources: Path, folder: Path) -> tuple[str, str]:
    from cs_helpers.product_draft.data import load_draft_data
    from cs_helpers.product_draft.draft import draft

    data = load_draft_data(sources, name, products=folder)
    text = draft(data, paths.display_path(sources))
    description = (
        f"was drafted from {paths.display_path(sources)}: {text.count('# guess: ')} guesses are marked '# guess:',"
        f" {text.count('# check: ')} lines that only a person knows '# check:'"
    )
    if not data.is_named:
        products = ", ".join(data.named_products) or "no product"
        description += (
            f"; no row names the product '{name}', so its numbers are of the rows that name {products}"
        )
    return text, description
