"""What a report is made from, part by part, as hashes: nothing changed and an intact file need no new run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cs_helpers import hashes, paths
from cs_helpers.installation import installed_versions, package_code
from cs_helpers.report.plan import Run


def inputs(run: Run, manifest: Mapping[str, Any]) -> dict[str, str]:
    """The hashes of all that a run's report depends on, by part.

    manifest: the snapshot's. Parts: notebook, parameters (which snapshot it is does not count, what it
    holds for the product does), code, templates, versions, data.calendar, data.product, and
    data.<table> for each table of the snapshot.
    """
    product = run.parameters.product
    calendar = {key: manifest[key] for key in ("as_of", "first_day", "given", "format")}
    return {
        "notebook": hashes.of_files([run.notebook]),
        "parameters": hashes.of_json(run.parameters.model_dump(mode="json", exclude={"snapshot"})),
        "code": package_code(),
        "templates": hashes.of_files(sorted(f for f in paths.templates().rglob("*") if f.is_file())),
        "versions": installed_versions(),
        "data.calendar": hashes.of_json(calendar),
        "data.product": hashes.of_json(manifest["products"][product]),
        **{f"data.{table}": hashes.of_json(files) for table, files in _partitions(manifest, product).items()},
    }


def fingerprint(parts: Mapping[str, str]) -> str:
    """All parts as one hash."""
    return hashes.of_json(dict(parts))


def _partitions(manifest: Mapping[str, Any], product: str) -> dict[str, list[tuple[str, str]]]:
    """The files that a product's tables are read from, with their hashes; of shared ones its own part."""
    found: dict[str, list[tuple[str, str]]] = {table: [] for table in manifest["tables"]}
    for file, digest in sorted(manifest["files"].items()):
        table, _, rest = file.partition("/")
        if table in found and rest.removesuffix(".parquet").partition("/")[0] in (
            f"product={product}",
            "all",
        ):
            found[table].append((file, digest))
    for table, parts in manifest.get("shared", {}).items():
        found[table] = [(table, parts[product])]
    return found
