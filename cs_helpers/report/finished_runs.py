"""Finished runs that are not published yet, on disk: a batch that was interrupted resumes from them."""

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


class FinishedRuns:
    """The folder `reports/.made`, with a file per finished run, named by the run's fingerprint."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or paths.reports() / ".made"

    def save(self, fingerprint: str, outcome: Outcome) -> None:
        """Saves a run's outcome; where it cannot be written, the next batch repeats the run."""
        content: dict[str, Any] = {**vars(outcome), "cells": [c.model_dump() for c in outcome.cells]}
        del content["run"], content["problems"]
        text = json.dumps(content, ensure_ascii=False)
        file = self._file(fingerprint)
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            temporary = file.with_suffix(f".{os.getpid()}")
            try:
                temporary.write_text(f"{hashes.of(text)}\n{text}", encoding="utf-8")
                temporary.replace(file)
            finally:
                temporary.unlink(missing_ok=True)

    def load(self, fingerprint: str, run: Run) -> Outcome | None:
        """The saved outcome of a run; None where there is none or its file is damaged."""
        try:
            digest, _, text = self._file(fingerprint).read_text(encoding="utf-8").partition("\n")
            if digest != hashes.of(text):
                raise ValueError("it is damaged")
            content = json.loads(text)
            content |= {name: tuple(content[name]) for name in ("segments", "findings", "anchors")}
            content["cells"] = tuple(CellTime(**c) for c in content["cells"])
            return Outcome(run, **content)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError):
            self.delete([fingerprint])
            return None

    def delete(self, fingerprints: list[str]) -> None:
        """Deletes outcomes that are published or no longer valid."""
        for fingerprint in fingerprints:
            with contextlib.suppress(OSError):
                self._file(fingerprint).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()  # only where it is empty

    def clear(self) -> None:
        """Deletes all outcomes; a batch that was interrupted then repeats its runs."""
        self.delete([file.stem for file in self.folder.glob("*.json")])

    def _file(self, fingerprint: str) -> Path:
        return self.folder / f"{fingerprint}.json"
