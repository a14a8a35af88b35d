"""A small company's tables, written as files and taken in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd
import pytest
import yaml

from cs_helpers.contract.findings import Finding
from cs_helpers.sources.connect import opened
from cs_helpers.sources.intake import take_in
from cs_helpers.sources.mapping import load_sources

ACCOUNTS = """\
account_id,name,size,industry
A1,Kita,mid,retail
A2,Minami,small,logistics
"""
CONTRACTS = """\
contract_id,account_id,product,started_on,ended_on,mrr,currency
C1,A1,helpdesk,2026-01-01,,100,JPY
C2,A2,helpdesk,2026-02-01,2026-08-31,200,JPY
"""


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

    `tables` is what the sources file says beyond `from`: the two required tables, each from the
    file of its name.
    """

    def run(files=None, tables=None, *, as_of="2026-09-30", today=date(2026, 12, 31), **names):
        contents = {"accounts.csv": ACCOUNTS, "contracts.csv": CONTRACTS, **(files or {})}
        for name, content in contents.items():
            if content is not None:
                data = content if isinstance(content, bytes) else content.encode()
                (tmp_path / name).write_bytes(data)
        names = {name.split(".")[0]: name for name in contents} | names
        said = {"accounts": {}, "contracts": {}, **(tables or {})}
        mapped = {n: t if "sql" in t or "from" in t else {"from": n, **t} for n, t in said.items()}
        sources = {"files": names, "tables": mapped, **({"as_of": as_of} if as_of else {})}
        file = tmp_path / "sources.yml"
        file.write_text(yaml.safe_dump(sources, allow_unicode=True), encoding="utf-8")
        with opened(load_sources(file), tmp_path) as connection:
            intake = take_in(connection, load_sources(file), today=today)
            return Taken(
                {
                    n: connection.con.table(t.get_name()).order("source_row").df()
                    for n, t in intake.kept.items()
                },
                {
                    n: t.order_by("source_row").execute()
                    for n, t in intake.rejected.items()
                    if intake.rows_kept[n] < intake.rows_read[n]
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
