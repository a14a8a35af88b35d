"""Takes snapshots by the command line on a tiny disk of its own, with less and less room. Run in a namespace.

Arguments: the folder to mount on, a sources file, the same with more rows, room in kB for each take.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

WHOLE = 64 * 1024


def command(*arguments: str) -> tuple[int, str]:
    """The command in a child of this process; its exit code, and what it said."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        code, said = 99, io.StringIO()
        try:
            from cs_helpers import cli

            cli.console.file = cli.error_console.file = said
            sys.argv = ["cs-workbook", *arguments]
            with contextlib.redirect_stderr(said):
                cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        except BaseException as error:
            said.write(f"Traceback: {error!r}")
        finally:
            os.write(writing, said.getvalue().encode()[:60_000])
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as text:
        said_ = text.read()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said_


def main(disk: Path, sources: str, more: str, rooms: list[int]) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={WHOLE}k", "tmpfs", disk], check=True)
    os.environ["CS_WORKBOOK_HOME"] = str(disk)
    os.chdir(disk)
    (disk / "data").mkdir()
    (disk / "data" / "products").symlink_to(Path(sources).parent / "products")
    from cs_helpers.snapshot import Snapshot

    root, rounds = disk / "data" / "snapshots", []
    first = command("snapshot", "--data", sources)
    earlier = Snapshot.open(folder=root).id
    kept = Path(f"{disk}.kept")
    shutil.copytree(root, kept)
    for room in rooms:
        # each take begins with what the first one left
        shutil.rmtree(root)
        shutil.copytree(kept, root)
        left = shutil.disk_usage(disk).free
        with (disk / "filler").open("wb") as filler:
            filler.write(bytes(max(left - room * 1024, 0)))
        code, said = command("snapshot", "--data", more)
        (disk / "filler").unlink()
        names = [p.name for p in root.iterdir() if p.name[0] != "." or p.name.startswith((".tak", ".scr"))]
        rounds.append({
            "room": room, "code": code, "said": said, "names": sorted(names), "latest": (root / "LATEST").read_text().strip(),
            "intact": [Snapshot.open(n, folder=root).is_intact() for n in names if n != "LATEST"],
        })  # fmt: skip
        again = command("snapshot", "--data", more) if room == rooms[0] else (0, "")
        rounds[-1]["again"] = again
    sys.stdout.write(json.dumps({"first": first, "earlier": earlier, "rounds": rounds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], [int(a) for a in sys.argv[4:]])
