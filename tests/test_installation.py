"""What is installed: locked, with hashes and extras, by any pip from 22.3; and one sentence when it fails."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import install
from cs_helpers import installation

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS = PROJECT["dependency-groups"]
FOR = {
    "requirements.lock": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["pdf"],
        *PROJECT["project"]["optional-dependencies"]["slides"],
        *GROUPS["install"],
    ],
    "requirements-dev.lock": GROUPS["dev"],
    "requirements-engines.lock": GROUPS["engines"],
}


def entries(lock: str) -> list[str]:
    return re.split(r"\n(?=\S)", (ROOT / lock).read_text(encoding="utf-8").strip())


def locked(*locks: str) -> dict[tuple[str, frozenset[str]], set[str]]:
    """Name and extras of each locked package, and its versions (one a marker)."""
    found: dict[tuple[str, frozenset[str]], set[str]] = {}
    for lock in locks:
        for entry in entries(lock):
            wanted = Requirement(entry.split("\\")[0].strip())
            key = canonicalize_name(wanted.name), frozenset(wanted.extras)
            found.setdefault(key, set()).add(str(wanted.specifier))
    return found


@pytest.mark.parametrize("lock", FOR)
def test_every_dependency_is_locked_with_its_extras_and_hashes(lock):
    pins = locked(lock)
    for wanted in map(Requirement, FOR[lock]):
        assert (canonicalize_name(wanted.name), frozenset(wanted.extras)) in pins, wanted
    assert [entry for entry in entries(lock) if "--hash=sha256:" not in entry] == []
    assert "://" not in (ROOT / lock).read_text(encoding="utf-8")


def test_whatever_a_package_asks_for_with_extras_is_locked_with_extras():
    """Pip before 23.3 does not hold `coverage[toml]` to a lock that only says `coverage`."""
    pins = locked(*FOR)
    with_extras = {}
    for name, extras in pins:
        with_extras.setdefault(name, set()).update(extras)
    for name, extras in list(pins):
        try:
            asked = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # of another system, or of the engines, which are not installed here
        for wanted in map(Requirement, asked):
            active = [{"extra": extra} for extra in extras] or [{"extra": ""}]
            if wanted.extras and any(wanted.marker is None or wanted.marker.evaluate(e) for e in active):
                assert wanted.extras <= with_extras.get(canonicalize_name(wanted.name), set()), (name, wanted)


def test_the_locks_agree_on_every_version():
    versions: dict[str, dict[str, set[str]]] = {}
    for lock in FOR:
        for (name, _), pins in locked(lock).items():
            versions.setdefault(name, {})[lock] = pins
    differing = {n: v for n, v in versions.items() if len({frozenset(p) for p in v.values()}) > 1}
    # one lock may know a version more, for a Python that another dependency asks about
    assert {n: v for n, v in differing.items() if not set.intersection(*v.values())} == {}


def test_a_report_needs_no_tool_of_the_tests():
    ours = {name for name, _ in locked("requirements.lock")}
    tools = {canonicalize_name(Requirement(d).name) for d in GROUPS["dev"]}
    assert ours & tools == {"beautifulsoup4"}  # of nbconvert


def test_reports_stay_up_to_date_when_the_tests_tools_are_installed(monkeypatch):
    names = {name for name, _ in locked("requirements.lock")}
    assert installation.locked_names() == names
    for tool in ("pytest", "hypothesis", "mypy"):
        assert tool not in names


@pytest.mark.parametrize("version", [(3, 10, 13), (3, 14, 0), (2, 7, 18)])
def test_a_python_that_does_not_fit_is_named_with_those_that_do(version):
    with pytest.raises(
        install.InstallError, match=r"3\.11, 3\.12 or 3\.13 is needed, this is .*PYTHON=python3\.12"
    ):
        install.check_python(version)


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 1), (3, 13, 9)])
def test_a_python_that_fits_is_taken(version):
    install.check_python(version)


WARNINGS = "\n".join(
    f"WARNING: Retrying (Retry(total={n})) after connection broken: /simple/x/" for n in range(200)
)


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        (f"{WARNINGS}\nNewConnectionError('Failed to establish a new connection: [Errno 111]')", "cannot be reached"),
        ("error: Failed to fetch: `x`\n  cause: dns error\n", "cannot be reached"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "not the one that was locked"),
        ("error: Hash mismatch for `numpy==2.4.6`", "not the one that was locked"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'))", "certificate"),
        ("ERROR: No matching distribution found for duckdb==1.9.9", "not there for this machine"),
        ("error: Distribution `x` has no usable wheels", "not there for this machine"),
        ("x\nERROR: Failed building wheel for lxml\n", "cannot be built here"),
        ("blah\nERROR: something nobody knew before\n", "the installer says: something nobody knew before"),
        ("only this\n", "the installer says: only this"),
        ("", "it said nothing"),
    ],
)  # fmt: skip
def test_what_an_installer_fails_of_is_one_sentence(output, said):
    assert said in install.explain_output(output)
    assert "\n" not in install.explain_output(output)


def test_a_failed_command_leaves_its_own_words_in_a_file_and_prints_none(tmp_path, capfd):
    log = str(tmp_path / "environment.log")
    loud = (
        f"import sys; print({WARNINGS!r}); print('ERROR: No matching distribution found for x'); sys.exit(1)"
    )
    with pytest.raises(install.InstallError, match="not there for this machine"):
        install.run([sys.executable, "-c", loud], log)
    assert capfd.readouterr() == ("", "")
    assert Path(log).read_text(encoding="utf-8").count("Retrying") >= 200


def test_a_python_without_venv_is_told_what_to_install(tmp_path):
    said = "The virtual environment was not created successfully because ensurepip is not available."
    command = [sys.executable, "-c", f"print({said!r}); raise SystemExit(1)"]
    with pytest.raises(install.InstallError, match="apt install python3"):
        install.run(command, str(tmp_path / "log"))


def test_a_lock_that_cannot_be_installed_ends_in_one_line_and_a_code(tmp_path, monkeypatch):
    """The whole script, as make calls it, with the pip of this Python and no index to be reached."""
    lock = tmp_path / "requirements-dev.lock"
    lock.write_text(f"no-such-package==1.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "env")], check=True)
    done = subprocess.run(
        [sys.executable, str(ROOT / "install.py"), str(tmp_path / "env"), str(lock)], cwd=tmp_path,
        env={"PATH": str(tmp_path), "PIP_NO_INDEX": "1", "HOME": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "requirements-dev.lock was not installed" in done.stderr
