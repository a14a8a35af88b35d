"""Reports that are made and not published yet: kept, so that a batch that was stopped goes on from there."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from cs_helpers import hashes, paths
from cs_helpers.report.manifest import CellTime
from cs_helpers.report.plan import Run
from cs_helpers.report.run import Outcome


class Made:
    """A folder, `reports/.made`, with a file for each finished run, named by its fingerprint."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or paths.reports() / ".made"

    def keep(self, fingerprint: str, outcome: Outcome) -> None:
        """Keeps a run's outcome; where that cannot be, the run is only made again."""
        content: dict[str, Any] = {**vars(outcome), "cells": [c.model_dump() for c in outcome.cells]}
        del content["run"], content["problems"]
        text = json.dumps(content, ensure_ascii=False)
        file = self._file(fingerprint)
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            new = file.with_suffix(f".{os.getpid()}")
            try:
                new.write_text(f"{hashes.of(text)}\n{text}", encoding="utf-8")
                new.replace(file)
            finally:
                new.unlink(missing_ok=True)

    def outcome(self, fingerprint: str, run: Run) -> Outcome | None:
        """What was kept of a run; None where there is nothing, or it is not as it was written."""
        try:
            digest, _, text = self._file(fingerprint).read_text(encoding="utf-8").partition("\n")
            if digest != hashes.of(text):
                raise ValueError("it is damaged")
            content = json.loads(text)
            content["cells"] = tuple(CellTime(**c) for c in content["cells"])
            return Outcome(run, **content)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError):
            self.forget([fingerprint])
            return None

    def forget(self, fingerprints: list[str]) -> None:
        """Deletes what was kept: it is published, or of no use."""
        for fingerprint in fingerprints:
            with contextlib.suppress(OSError):
                self._file(fingerprint).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()  # only when nothing is left in it

    def _file(self, fingerprint: str) -> Path:
        return self.folder / f"{fingerprint}.json"
