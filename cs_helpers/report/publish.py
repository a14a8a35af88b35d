"""Publishes a quarter's reports: all new files at once, the last good ones until then."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cs_helpers.report.run import Outcome

MANIFEST = "run.json"


def entries(folder: Path) -> dict[str, dict[str, Any]]:
    """What the quarter's manifest says of each file; nothing where there is none."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return dict(manifest["reports"])


def entry(outcome: Outcome, fingerprint: str, last_good: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the manifest says of a run; a failed one keeps what it knew of the last good file."""
    run = outcome.run
    said = {
        "status": outcome.status,
        "analysis": run.analysis,
        "notebook": run.notebook.stem,
        "parameters": run.parameters.model_dump(mode="json"),
        "fingerprint": fingerprint if outcome.status != "failed" else "",
        "sha256": outcome.sha256,
        "title": outcome.title,
        "message": outcome.message,
        "problems": [asdict(p) for p in outcome.problems],
        "seconds": round(outcome.seconds, 2),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if outcome.status == "failed" and last_good:
        good = last_good if last_good["status"] != "failed" else last_good.get("last_good")
        said["last_good"] = good
        said["title"] = said["title"] or last_good["title"]
    return said


def publish(
    folder: Path, pages: Mapping[str, str], reports: Mapping[str, Mapping[str, Any]], about: Mapping[str, Any]
) -> None:
    """Puts pages (path inside the quarter's folder -> text) and the manifest into `folder`.

    The folder is made anew beside its place, with the files that are not replaced, and renamed:
    readers see the old quarter or the new one. What an interrupted publication left is put right
    by `recover`.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".publishing-{folder.name}-", dir=folder.parent))
    try:
        staging.chmod(0o755)
        if folder.exists():
            shutil.copytree(folder, staging, dirs_exist_ok=True)
        for name, page in pages.items():
            target = staging / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(page, encoding="utf-8")
        manifest = {**about, "reports": reports}
        text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
        (staging / MANIFEST).write_text(text, encoding="utf-8")
        retired = folder.with_name(f".retired-{folder.name}")
        shutil.rmtree(retired, ignore_errors=True)
        if folder.exists():
            folder.replace(retired)
        staging.replace(folder)
        shutil.rmtree(retired, ignore_errors=True)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def recover(folder: Path) -> None:
    """Puts back the last good quarter where a publication was cut off between its two renames."""
    retired = folder.with_name(f".retired-{folder.name}")
    if retired.exists() and not folder.exists():
        retired.replace(folder)
    for left in folder.parent.glob(f".publishing-{folder.name}-*"):
        shutil.rmtree(left, ignore_errors=True)
