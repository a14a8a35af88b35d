"""A real PostgreSQL server and a real local Spark, started for the tests and stopped after them."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock
from urllib.parse import quote

import pytest

TRIES = 5
SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
timezone = 'UTC'
lc_messages = 'C'
fsync = off
synchronous_commit = off
full_page_writes = off
"""
SPARKS_OWN = ("SPARK_HOME", "SPARK_CONF_DIR", "SPARK_REMOTE", "SPARK_API_MODE", "PYSPARK_SUBMIT_ARGS")


def missing(what: str, cure: str = ".ci/run installs it") -> NoReturn:
    """A machine may lack what a test needs, then the test is skipped; in CI nothing may be missing."""
    reason = f"there is no {what}; {cure}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


# --- PostgreSQL ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Postgres:
    """Where the started server is, and who may read there."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        """All of it in one address."""
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"postgres://{who}@{self.host}:{self.port}/{self.database}"

    def connect(self, **other: Any) -> Any:
        """A connection of Ibis; `other` replaces single parts, as in `password="wrong"`."""
        import ibis

        parts = {name: getattr(self, name) for name in ("host", "port", "database", "user", "password")}
        return ibis.postgres.connect(**(parts | other))

    @contextmanager
    def empty_database(self, name: str) -> Iterator[Postgres]:
        """Another database of the server, which no other test writes to; dropped in the end."""
        import psycopg

        place = {"host": self.host, "port": self.port, "dbname": self.database}
        who = {"user": self.user, "password": self.password}
        with psycopg.connect(**place, **who, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
            try:
                yield replace(self, database=name)
            finally:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def postgres_binaries() -> Path | None:
    """The folder of the server's programs: from PATH, of `pg_config`, or the newest one of Debian."""
    folders = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    if config := shutil.which("pg_config"):
        done = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(done.stdout.strip()))
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(debian, key=lambda f: [int(n) for n in re.findall(r"\d+", f.parent.name)], reverse=True)
    needed = ("initdb", "pg_ctl", "postgres")
    return next((f for f in folders if all(os.access(f / name, os.X_OK) for name in needed)), None)


def postgres_driver() -> Any:
    """The module that speaks to PostgreSQL; the test is skipped where it is not installed."""
    try:
        import psycopg
    except ImportError as error:  # the package, or the libpq that it loads
        missing(f"PostgreSQL driver ({error})", "`make engines` and Debian's postgresql install it")
    return psycopg


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def unprivileged() -> dict[str, Any]:
    """For `subprocess.run`: somebody else in place of root, as whom PostgreSQL refuses to run."""
    if os.name != "posix" or os.geteuid() != 0:
        return {}
    import pwd

    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    somebody = known.get("postgres") or known["nobody"]
    return {"user": somebody.pw_uid, "group": somebody.pw_gid, "extra_groups": []}


@contextmanager
def started_postgres() -> Iterator[Postgres]:
    """A new cluster on 127.0.0.1 that holds nothing and is removed in the end."""
    if not (binaries := postgres_binaries()):
        missing("PostgreSQL server (initdb, pg_ctl)", "install Debian's postgresql, as .ci/run does")
    psycopg = postgres_driver()
    with tempfile.TemporaryDirectory(prefix="cs-postgres-", ignore_cleanup_errors=True) as name:
        # not pytest's folders: only their owner may enter them, and the server may be somebody else
        folder = Path(name)
        data, log, passed = folder / "data", folder / "log", folder / "password"
        own = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
        options: dict[str, Any] = {
            "cwd": folder,
            "env": own | {"LC_ALL": "C", "HOME": name},
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
            "text": True,
            "timeout": 120,
            **unprivileged(),
        }

        def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run([binaries / program, "-D", data, *arguments], check=False, **options)

        admin = {"user": "postgres", "password": secrets.token_urlsafe(16)}
        passed.write_text(admin["password"], encoding="utf-8")
        if "user" in options:
            for path in (folder, passed):
                os.chown(path, options["user"], options["group"])
        made = run(
            "initdb",
            *("--username=postgres", f"--pwfile={passed}", "--auth=scram-sha-256"),
            *("--encoding=UTF8", "--locale=C", "--no-sync"),
        )
        assert made.returncode == 0, made.stdout
        with (data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(SETTINGS)
        try:
            for _ in range(TRIES):
                port = free_port()
                log.unlink(missing_ok=True)
                begun = run("pg_ctl", "start", "-w", f"--log={log}", f"--options=-p {port}")
                said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
                if begun.returncode == 0 or "could not bind" not in said:
                    break
            assert begun.returncode == 0, begun.stdout + said
            server = Postgres("127.0.0.1", port, "cs", "cs_reader", secrets.token_urlsafe(16))
            place = {"host": server.host, "port": port, "dbname": "postgres"}
            with psycopg.connect(**place, **admin, autocommit=True) as connection:
                connection.execute(f"CREATE ROLE {server.user} LOGIN CREATEDB PASSWORD '{server.password}'")
                connection.execute(f"CREATE DATABASE {server.database} OWNER {server.user}")
            yield server
        finally:
            if (data / "postmaster.pid").exists():
                run("pg_ctl", "stop", "-w", "--mode=immediate")


# --- Spark -----------------------------------------------------------------------------------


def java_version() -> int | None:
    """The Java that Spark would start; macOS has a `java` that only says where to buy one."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not found:
        return None
    done = subprocess.run([found, "-version"], capture_output=True, text=True, check=False)
    version = re.search(r'version "(?:1\.)?(\d+)', done.stderr + done.stdout)
    return int(version[1]) if done.returncode == 0 and version else None


@contextmanager
def started_spark() -> Iterator[Any]:
    """A SparkSession on this machine alone, which writes only into a temporary folder."""
    if (java_version() or 0) < 17:
        missing("Java 17 or newer for Spark", "install Debian's default-jre-headless, as .ci/run does")
    if not find_spec("pyspark"):
        missing("pyspark", "`make engines` installs it")
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    with tempfile.TemporaryDirectory(prefix="cs-spark-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        settings = {
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder} -Djava.io.tmpdir={folder}",
            "spark.driver.host": "127.0.0.1",
            "spark.local.dir": folder / "local",
            "spark.log.level": "ERROR",
            "spark.sql.catalogImplementation": "in-memory",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": 2,
            "spark.sql.warehouse.dir": folder / "warehouse",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
        }
        with mock.patch.dict(os.environ, {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}):
            for own in SPARKS_OWN:  # another Spark of this machine, or of its owner
                os.environ.pop(own, None)
            builder = SparkSession.builder.master("local[2]").appName("cs-workbook tests")
            for key, value in settings.items():
                builder = builder.config(key, str(value))
            session = builder.getOrCreate()
        gateway = SparkContext._gateway
        try:
            yield session
        finally:
            session.stop()
            # stop() leaves the Java process behind until Python ends; it ends when its input does
            gateway.shutdown()
            gateway.proc.stdin.close()
            gateway.proc.wait(timeout=60)
            SparkContext._gateway = SparkContext._jvm = None
