"""What has been displayed already."""

from __future__ import annotations


class Shown:
    """A widget that `show()` has displayed, and that a cell may return, so that it can be asked."""

    def _ipython_display_(self) -> None:
        """Displays nothing: as the last line of a cell, the object would stand below itself as `<... at 0x7f...>`."""
