"""A small company's tables, written as files and taken in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd
import pytest
import yaml

from cs_helpers.contract.findings import Finding
from cs_helpers.errors import ContractError
from cs_helpers.sources.engines import open_engines
from cs_helpers.sources.inspect.proposal import inspect, propose
from cs_helpers.sources.intake import take_in
from cs_helpers.sources.sources_file import load_sources

ACCOUNTS = """\
account_id,name,size,industry
A1,Kita,mid,retail
A2,Minami,small,logistics
"""
CONTRACTS = """\
contract_id,account_id,product,started_on,ended_on,mrr,currency
C1,A1,helpdesk,2026-01-01,,100,JPY
C2,A2,helpdesk,2026-02-01,2026-08-15,200,JPY
"""


def in_order(table):
    """The rows of a table by their numbers."""
    return table.order_by("source_row").execute()


def usage_of(intake):
    """The rows of the log that were kept, where there is one."""
    if intake.log is None:
        return {}
    rows = intake.log.numbered_rows
    known = rows.account_id.isin(intake.kept["accounts"].account_id)
    return {"usage": in_order(rows.filter(intake.log.is_accepted(rows) & known))}


@dataclass(frozen=True)
class Taken:
    """What `take_in` gave, as frames; `rejected` holds the tables of which rows were refused."""

    kept: dict[str, pd.DataFrame]
    rejected: dict[str, pd.DataFrame]
    rows_read: dict[str, int]
    rows_kept: dict[str, int]
    findings: tuple[Finding, ...]
    as_of: date

    def counts(self) -> dict[tuple[str, str, str], int]:
        """Table, column and rule of each finding, and how many rows break it."""
        return {(f.table, f.column, f.rule): f.count for f in self.findings}


@pytest.fixture
def take(tmp_path):
    """Writes files (name -> text, bytes or nothing) and a sources file, and takes the tables in.

    `tables` is what the sources file says beyond `from`: accounts and contracts, each from the file of its name
    (None: the table is left out).
    """

    def run(
        files=None, tables=None, *, as_of="2026-09-30", today=date(2026, 12, 31), products=None, combined=None,
        coded=None, policies=None, **names,
    ):  # fmt: skip
        contents = {"accounts.csv": ACCOUNTS, "contracts.csv": CONTRACTS, **(files or {})}
        for name, content in contents.items():
            if content is not None:
                data = content if isinstance(content, bytes) else content.encode()
                (tmp_path / name).write_bytes(data)
        names = {name.split(".")[0]: name for name in contents} | names
        entries = {"accounts": {}, "contracts": {}, **(tables or {})}
        entries = {n: t for n, t in entries.items() if t is not None}
        mapped = {n: t if "sql" in t or "from" in t else {"from": n, **t} for n, t in entries.items()}
        sources = {"files": names, "tables": mapped, **({"as_of": as_of} if as_of else {})}
        sources |= {"combined": combined} if combined else {}
        sources |= {"policies": policies} if policies else {}
        file = tmp_path / "sources.yml"
        file.write_text(yaml.safe_dump(sources, allow_unicode=True), encoding="utf-8")
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        entries = load_sources(file)
        with open_engines(entries, tmp_path, scratch) as engines:
            intake = take_in(
                engines,
                entries,
                today=today,
                reductions=tmp_path / "reduced",
                products=products or {},
                coded=coded,
            )
            if intake.stops:
                raise ContractError([s.sentence for s in intake.stops])
            return Taken(
                {n: in_order(t) for n, t in intake.kept.items()} | usage_of(intake),
                {
                    n: in_order(t)
                    for n, t in intake.rejected.items()
                    if intake.rows_kept[n] + intake.rows_filtered[n] < intake.rows_read[n]
                },
                dict(intake.rows_read),
                dict(intake.rows_kept),
                intake.findings,
                intake.as_of,
            )

    return run


@pytest.fixture
def accounts():
    """accounts.csv as `take` writes it where the test says nothing else."""
    return ACCOUNTS


@pytest.fixture
def contracts():
    """contracts.csv as `take` writes it where the test says nothing else."""
    return CONTRACTS


# --- what inspect is shown, and what it proposes ------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """Writes files into a folder: text as UTF-8, bytes as they are."""

    def write(files):
        for name, content in files.items():
            file = tmp_path / "exports" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(tmp_path / "exports")

    return write


@pytest.fixture
def proposed(tmp_path):
    """The proposal for a path: the text, and what YAML reads in it."""

    def run(path):
        text = propose(inspect(str(path)), tmp_path)
        return text, yaml.safe_load(text)

    return run


@pytest.fixture
def loaded(tmp_path):
    """What the workbook makes of the text of a sources file."""

    def load(text):
        (tmp_path / "sources.yml").write_text(text, encoding="utf-8")
        return load_sources(tmp_path / "sources.yml")

    return load
