"""The parameters that papermill injected into a notebook: unknown ones are errors, although papermill only warns."""

from __future__ import annotations

import ast

from IPython import get_ipython

from cs_helpers.contract.parameters import Parameters
from cs_helpers.errors import ParameterError, did_you_mean


def check_injected_parameters() -> None:
    """Raises `ParameterError` for an unknown parameter that papermill injected: papermill itself only warns."""
    shell = get_ipython()
    cells = shell.user_ns.get("In", []) if shell else []
    injected = [c for c in cells if isinstance(c, str) and c.startswith("# Parameters\n")]
    if not injected:
        return
    for statement in ast.parse(injected[-1]).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            if name not in Parameters.model_fields:
                raise ParameterError(
                    name,
                    f"there is no such parameter.{did_you_mean(name, Parameters.model_fields)}".rstrip("."),
                    allowed=", ".join(Parameters.model_fields),
                )
