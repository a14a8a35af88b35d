"""CS Workbook: what customers say, do and pay, turned into a shared picture."""

from typing import Any

__all__ = ["Workbook"]


def __getattr__(name: str) -> Any:
    # Workbook is imported on first use: the command line and the engine do not need it
    if name == "Workbook":
        from cs_helpers.workbook import Workbook

        return Workbook
    raise AttributeError(f"module 'cs_helpers' has no attribute '{name}'")
