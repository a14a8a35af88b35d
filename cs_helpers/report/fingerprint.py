"""What a report is made from, part by part, as hashes: nothing changed and an intact file need no new run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cs_helpers import hashes, paths
from cs_helpers.installation import installed_versions, package_code
from cs_helpers.report.plan import Run


def inputs(
    runs: Sequence[Run], manifest: Mapping[str, Any], covering: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, dict[str, str]]:
    """The hashes of all that each run's report depends on: its file -> part -> hash.

    manifest: the snapshot's. covering: for leadership, product -> `covers.covering`. Parts: notebook, parameters (which snapshot it is does not count, what it
    holds for the product does), code, templates, versions, data.calendar, data.product,
    data.refused (what was left out), data.known (from when to when its tables tell of it), data.<table> for each table of the snapshot,
    and those of `covering`.
    """
    calendar = {key: manifest[key] for key in ("as_of", "first_day", "given", "format", "sizes")}
    of_all = {
        "code": package_code(),
        "templates": hashes.of_files(sorted(f for f in paths.templates().rglob("*") if f.is_file())),
        "versions": installed_versions(),
        "data.calendar": hashes.of_json(calendar),
    }
    notebooks = {file: hashes.of_files([file]) for file in {run.notebook for run in runs}}
    held = _held(manifest, {run.parameters.product for run in runs})
    return {
        run.file: {
            "notebook": notebooks[run.notebook],
            "parameters": hashes.of_json(run.parameters.model_dump(mode="json", exclude={"snapshot"})),
            **of_all,
            **held[run.parameters.product],
            **(covering or {}).get(run.parameters.product, {}),
        }
        for run in runs
    }


def fingerprint(parts: Mapping[str, str]) -> str:
    """All parts as one hash."""
    return hashes.of_json(dict(parts))


def _held(manifest: Mapping[str, Any], products: Collection[str]) -> dict[str, dict[str, str]]:
    """What a snapshot holds for each product, as hashes by part."""
    read: dict[str, dict[str, list[tuple[str, str]]]] = {
        product: {table: [] for table in manifest["tables"]} for product in products
    }
    readers = {"all": list(products), **{f"product={product}": [product] for product in products}}
    for file, digest in sorted(manifest["files"].items()):
        table, _, rest = file.partition("/")
        for product in readers.get(rest.removesuffix(".parquet").partition("/")[0], []):
            if table in read[product]:
                read[product][table].append((file, digest))
    for table, parts in manifest.get("shared", {}).items():
        for product in products:  # of a table that all products share, its own part
            read[product][table] = [(table, parts[product])]
    return {
        product: {
            "data.product": hashes.of_json(manifest["products"][product]),
            "data.refused": hashes.of_json(manifest["refused"][product]),
            "data.known": hashes.of_json(manifest["known"][product]),
            **{f"data.{table}": hashes.of_json(files) for table, files in tables.items()},
        }
        for product, tables in read.items()
    }
