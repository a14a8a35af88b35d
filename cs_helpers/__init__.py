"""CS Workbook: what customers say, do and pay, turned into a shared picture."""

from typing import Any

__all__ = ["Workbook", "show_snapshot"]


def __getattr__(name: str) -> Any:
    # imported on first use: the command line and the engine do not need it
    if name == "Workbook":
        from cs_helpers.workbook import Workbook

        return Workbook
    if name == "show_snapshot":
        from cs_helpers.snapshot_page import show_snapshot

        return show_snapshot
    raise AttributeError(f"module 'cs_helpers' has no attribute '{name}'")
