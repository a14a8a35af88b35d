"""Creates the workbook's environment; `make` runs this before its first command, with any Python.

    python3 install.py FOLDER                       a new virtual environment with requirements.lock and this package
    python3 install.py FOLDER requirements-dev.lock  a further lock file on top of it

Packages are locked and hashed. uv installs them where it is available, else the pip of this Python (22.3 or later).
The installer's output goes to FOLDER.log; errors are printed as one sentence. The syntax is that of Python 3.6, so
that an old Python can run this file and report that it is too old.
"""

import os
import re
import shutil
import subprocess
import sys

MIN_PYTHON, FIRST_UNSUPPORTED_PYTHON = (3, 11), (3, 14)
LOCK = "requirements.lock"

#: pattern in the installer's output -> what happened and what to do; the first match counts
KNOWN_ERRORS = (
    (
        r"No space left on device|Errno 28|os error 28",
        "the disk is full; make room ({size}) and run make again",
    ),
    (
        r"Permission denied|Errno 13|os error 13",
        "a file may not be written; run make as the owner of this folder",
    ),
    (
        r"THESE PACKAGES DO NOT MATCH THE HASHES|[Hh]ash mismatch",
        "a package is not the one that was locked (a download was cut off, or a package index of your own changed"
        " it); run make again, and if it fails again ask who keeps the index",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|invalid peer certificate|SSLError",
        "the package index has a certificate that this machine does not trust; name your company's certificates in"
        " PIP_CERT (pip) or SSL_CERT_FILE (uv)",
    ),
    (
        r"NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|Failed to establish|[Nn]ame resolution|dns error"
        r"|getaddrinfo|tcp connect error|[Cc]onnection (?:refused|reset|timed out)|[Ff]ailed to fetch|error sending request",
        "the package index cannot be reached; see to the network, or name a proxy (HTTPS_PROXY) or an index of your"
        " own (PIP_INDEX_URL for pip, UV_DEFAULT_INDEX for uv), and run make again",
    ),
    (
        r"No matching distribution|Could not find a version|no wheels? with a matching|has no usable wheels|is not a supported wheel",
        "a package is not there for this machine or on your package index; Linux, macOS and Windows on x86-64 and"
        " ARM64 are served",
    ),
    (
        r"Failed building wheel|Failed to build|error: command .* failed|metadata-generation-failed",
        "a package has no ready-made file for this machine and cannot be built here",
    ),
)
SIZE = "1.5 GB"


class InstallError(Exception):
    """The sentence that is printed."""


def check_python(version):
    """Raises `InstallError` for a version of Python that the packages do not support."""
    if not MIN_PYTHON <= version[:2] < FIRST_UNSUPPORTED_PYTHON:
        raise InstallError(
            "Python 3.11, 3.12 or 3.13 is needed, this is {}; name another one, as in make PYTHON=python3.12".format(
                ".".join(map(str, version[:3]))
            )
        )


def commands(folder, lock, uv):
    """The commands that install a lock file into `folder`; those of the main one also create the environment."""
    python = os.path.join(folder, "Scripts" if os.name == "nt" else "bin", "python")
    if uv:
        create = [uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder]
        install = [uv, "pip", "install", "--quiet", "--python", python]
        packages = [*install, "--compile-bytecode", "--require-hashes", "-r", lock]
    else:
        create = [sys.executable, "-m", "venv", "--clear", folder]
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        packages = [*install, "--require-hashes", "-r", lock]
    if lock != LOCK:  # an environment created by uv has no pip
        return [packages] if uv else [[python, "-m", "ensurepip"], packages]
    return [create, packages, [*install, "--no-deps", "--no-build-isolation", "-e", "."]]


def explain_output(output):
    """A sentence on what happened and what to do, from the installer's output; its last error where none is known."""
    for pattern, sentence in KNOWN_ERRORS:
        if re.search(pattern, output):
            return sentence.format(size=SIZE)
    errors = re.findall(r"^\s*(?:ERROR|error|Error|\w+Error):\s*(.+)$", output, re.M)
    lines = errors or [line for line in output.splitlines() if line.strip()] or ["it said nothing"]
    return "the installer says: " + lines[-1].strip()


def run(command, log):
    """Runs a command and appends its output to the file `log`; raises `InstallError` where it fails."""
    with open(log, "a+", encoding="utf-8", errors="replace") as file:
        start = file.seek(0, os.SEEK_END)
        file.write("$ {}\n".format(" ".join(command)))
        file.flush()
        code = subprocess.call(command, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        if code == 0:
            return
        file.seek(start)
        output = file.read().partition("\n")[2]
    if "ensurepip" in output:
        raise InstallError(
            "this Python cannot make virtual environments (on Debian and Ubuntu: apt install python{}.{}-venv),"
            " or name another one, as in make PYTHON=python3.12".format(*sys.version_info[:2])
        )
    raise InstallError(f"{explain_output(output)} (the installer's own words: {log})")


def main(arguments):
    """Installs the lock file named in the arguments; returns the exit code, 0 where all is installed."""
    folder, lock = arguments[0], (arguments[1:] or [LOCK])[0]
    log = folder.rstrip("/") + ".log"
    try:
        check_python(sys.version_info)
        if lock == LOCK and os.path.exists(log):
            os.remove(log)
        for command in commands(folder, lock, shutil.which("uv")):
            run(command, log)
        os.remove(log)
    except InstallError as error:
        print(f"error: {lock} was not installed: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {lock} was not installed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the next make begins the installation anew", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
