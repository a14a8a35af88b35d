"""What each report depends on, as hashes: a report whose hashes are unchanged need not run again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cs_helpers import hashes, paths
from cs_helpers.installation import installed_versions, package_code
from cs_helpers.report.plan import Run
from cs_helpers.snapshot.retention import KEEP_UNTIL, kept_days


def inputs(
    runs: Sequence[Run],
    manifest: Mapping[str, Any],
    name_inputs: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, dict[str, str]]:
    """Hashes of everything that each run's report depends on: file of the report -> part -> hash.

    manifest: the snapshot's. name_inputs: for leadership, product -> `name_masking.name_inputs`. Parts: notebook,
    parameters (without the snapshot's id), title (of a saved report), code, templates, versions, data.calendar, data.product, data.refused
    (what was left out), data.known (the days that each table covers), data.<table> for each table of the snapshot,
    and those of `name_inputs`.
    """
    calendar = {key: manifest[key] for key in ("as_of", "first_day", "given", "format", "sizes")}
    shared_parts = {
        "code": package_code(),
        "templates": hashes.of_files(
            sorted(f for f in paths.templates().rglob("*") if f.is_file() and f.parent.name != "digest")
        ),
        "versions": installed_versions(),
        "data.calendar": hashes.of_json(calendar),
    }
    notebooks = {file: hashes.of_files([file]) for file in {run.notebook for run in runs}}
    data_hashes = _data_hashes(manifest, {run.parameters.product for run in runs})
    return {
        run.file: {
            "notebook": notebooks[run.notebook],
            "parameters": hashes.of_json(run.parameters.model_dump(mode="json", exclude={"snapshot"})),
            **({"title": hashes.of(run.title)} if run.saved else {}),
            **shared_parts,
            **data_hashes[run.parameters.product],
            **(name_inputs or {}).get(run.parameters.product, {}),
        }
        for run in runs
    }


def fingerprint(parts: Mapping[str, str]) -> str:
    """One hash of all parts."""
    return hashes.of_json(dict(parts))


def _data_hashes(manifest: Mapping[str, Any], products: Collection[str]) -> dict[str, dict[str, str]]:
    """Hashes of what a snapshot holds for each product: product -> part -> hash."""
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
        for product in products:  # of a table that all products share, the hash of the product's rows
            read[product][table] = [(table, parts[product])]
    for table in KEEP_UNTIL:
        for (
            product
        ) in products:  # rows whose last day is over are in the files, and on no page that is made now
            days = kept_days(manifest, product, table)
            if table in read[product] and days:
                read[product][table].append((table, hashes.of_json(days)))
    return {
        product: {
            "data.product": hashes.of_json(manifest["products"][product]),
            "data.refused": hashes.of_json(manifest["refused"][product]),
            "data.known": hashes.of_json(manifest["known"][product]),
            **{f"data.{table}": hashes.of_json(files) for table, files in tables.items()},
        }
        for product, tables in read.items()
    }
