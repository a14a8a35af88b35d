"""What a notebook shows, read from its code."""

from __future__ import annotations

import ast
import json
from pathlib import Path


def asked_by(notebook: Path) -> set[tuple[str, str, str]]:
    """Kind (chart, table, headlines), analysis and name of all that a notebook shows."""
    result: set[tuple[str, str, str]] = set()
    results: dict[str, str] = {}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code" or "interactive" in cell["metadata"].get("tags", []):
            continue
        for node in ast.walk(ast.parse("".join(cell["source"]))):
            if not isinstance(node, ast.Call | ast.Assign):
                continue
            call = node.value if isinstance(node, ast.Assign) else node
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
                continue
            if isinstance(node, ast.Assign) and call.func.attr == "analyse":
                results[node.targets[0].id] = call.args[0].value  # type: ignore[attr-defined]
            elif call.func.attr in ("chart", "table", "headlines"):
                of = results[call.args[0].id]  # type: ignore[attr-defined]
                result |= {(call.func.attr, of, name.value) for name in call.args[1:]}  # type: ignore[attr-defined]
    return result
