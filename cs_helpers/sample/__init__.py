"""Generate sample data with planted truths (`truths`); the same seed gives the same bytes."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import ParameterError
from cs_helpers.sample import truths
from cs_helpers.sample.accounts import Customers, draw_customers
from cs_helpers.sample.competency import candidates_table, ratings_table
from cs_helpers.sample.contracts import (
    Terms,
    contracts_table,
    costs_table,
    other_terms,
    paper_to_web_terms,
)
from cs_helpers.sample.days import Ints
from cs_helpers.sample.feedback import assessments_table, surveys_table, tickets_table
from cs_helpers.sample.handovers import handovers_table
from cs_helpers.sample.interviews import interview_tables
from cs_helpers.sample.journeys import milestones_table, touches_table
from cs_helpers.sample.principles import principle_table
from cs_helpers.sample.requests import request_tables
from cs_helpers.sample.rollouts import Rollouts, draw_rollouts
from cs_helpers.sample.staff import staff_table
from cs_helpers.sample.trainings import training_records_table, with_training
from cs_helpers.sample.uptake import draw_uptake
from cs_helpers.sample.usage import other_usage, paper_to_web_usage, usage_table

__all__ = ["write_sample"]

_SOURCES = "sources.yml"
#: the seed of the sample that a command writes
SEED = 20260930


@dataclass(frozen=True)
class Courses:
    """Who the customers are and how they fare.

    rollouts: of paper_to_web; expense_stages, helpdesk_stages: of the other two products. terms: of the three products;
    progress: the day on which each of their customers made good progress.
    """

    customers: Customers
    rollouts: Rollouts
    expense_stages: Ints
    helpdesk_stages: Ints
    terms: tuple[Terms, Terms, Terms]

    @property
    def progress(self) -> list[tuple[Terms, Ints]]:
        """The terms of each product, and the day on which each customer made good progress."""
        paper, expense, helpdesk = self.terms
        return [
            (paper, np.minimum(self.rollouts.second_department, paper.fell)),
            (expense, self.expense_stages[:, 3]),
            (helpdesk, self.helpdesk_stages[:, 3]),
        ]


def write_sample(folder: Path, *, seed: int = SEED) -> Path:
    """Write all tables and `sources.yml` into `folder`; returns the path of `sources.yml`.

    An existing sample is replaced atomically, so that a killed run leaves no incomplete one. Raises
    `ParameterError` where `folder` holds other files.
    """
    folder = Path(folder).resolve()
    files = {name: f"{name}.{'parquet' if name == 'usage' else 'csv'}" for name in TABLES}
    _refuse_other_content(folder, {*files.values(), _SOURCES})
    tables = draw_tables(seed)
    files = {name: file for name, file in files.items() if name in tables}
    folder.parent.mkdir(parents=True, exist_ok=True)
    new, old = (folder.parent / f".{folder.name}-{uuid.uuid4().hex}" for _ in range(2))
    new.mkdir()
    try:
        for name, file in files.items():
            if file.endswith(".parquet"):
                tables[name].to_parquet(new / file, index=False, compression="zstd")
            else:
                tables[name].to_csv(new / file, index=False, lineterminator="\n")
        (new / _SOURCES).write_text(_sources_text(files), encoding="utf-8")
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return folder / _SOURCES


def draw_tables(seed: int) -> dict[str, pd.DataFrame]:
    """All tables of the sample, by name, with the contract's columns.

    Each part draws from its own random stream, so that a change in one does not affect the others.
    """
    streams = random_streams(seed)
    courses = draw_courses(streams)
    customers, rollouts, progress = courses.customers, courses.rollouts, courses.progress
    expense_stages, helpdesk_stages = courses.expense_stages, courses.helpdesk_stages
    accounts = customers.accounts
    sizes = accounts["size"].to_numpy()
    terms = list(courses.terms)
    paper_terms, expense_terms, helpdesk_terms = terms
    contracts = contracts_table(terms, customers, next(streams))

    usage = usage_table(
        [
            paper_to_web_usage(paper_terms, rollouts, sizes[paper_terms.account], next(streams)),
            other_usage(expense_terms, expense_stages, sizes[expense_terms.account], next(streams)),
            other_usage(helpdesk_terms, helpdesk_stages, sizes[helpdesk_terms.account], next(streams)),
        ],
        accounts,
        contracts,
        next(streams),
    )
    reached: list[tuple[Terms, Rollouts | Ints]] = [
        (paper_terms, rollouts),
        (expense_terms, expense_stages),
        (helpdesk_terms, helpdesk_stages),
    ]
    language = customers.language
    interviews, notes, codings = interview_tables(
        terms, accounts, language, _read_yaml("statements.yml"), next(streams)
    )
    running = set(contracts.loc[contracts["ended_on"].isna(), "account_id"])
    tables = {
        "accounts": accounts.assign(churned=~accounts["account_id"].isin(running)),
        "contracts": contracts,
        "usage": usage,
        "milestones": milestones_table(reached, accounts, next(streams)),
        "touches": touches_table(reached, accounts, next(streams)),
        "tickets": tickets_table(terms, accounts, next(streams)),
        "surveys": surveys_table(progress, accounts, language, next(streams)),
        "assessments": assessments_table(progress, accounts, next(streams)),
        "interviews": interviews,
        "notes": notes,
        "codings": codings,
        "costs": costs_table(contracts, next(streams)),
    }
    tables["handovers"] = handovers_table(
        [
            (paper_terms, rollouts.recipients),
            (expense_terms, expense_stages[:, 3]),
            (helpdesk_terms, helpdesk_stages[:, 2]),
        ],
        accounts,
        language,
        _read_yaml("handovers.yml"),
        _expectations(interviews, notes, codings),
        named_stream(seed, "handovers"),
    )
    tables["requests"], tables["request_accounts"] = request_tables(terms, accounts, next(streams))
    tables["staff"] = staff_table()
    tables["competency_ratings"] = ratings_table(named_stream(seed, "competency_ratings"))
    tables["candidate_scores"] = candidates_table(named_stream(seed, "candidate_scores"))
    tables["principle_assessments"] = principle_table(named_stream(seed, "principle_assessments"))
    tables["training_records"] = training_records_table(named_stream(seed, "trainings"))
    return with_training(tables, expense_terms, accounts)


def _expectations(
    interviews: pd.DataFrame, notes: pd.DataFrame, codings: pd.DataFrame
) -> dict[tuple[str, str], tuple[str, ...]]:
    """(account_id, product) -> the themes of what the customer expects, as the first coder read its interviews."""
    read = codings[(codings["why_level"] == "expectation") & (codings["coder"] == "coder-a")]
    read = read.merge(notes[["note_id", "interview_id"]], on="note_id").merge(interviews, on="interview_id")
    return {key: tuple(sorted(set(codes))) for key, codes in read.groupby(["account_id", "product"])["code"]}


def random_streams(seed: int) -> Iterator[np.random.Generator]:
    """The random streams of the parts of the sample, in the order in which they are drawn."""
    return iter(np.random.default_rng([seed, part]) for part in range(100))


def named_stream(seed: int, name: str) -> np.random.Generator:
    """The random stream of a part that is drawn after all others: its own, whatever other parts there are."""
    return np.random.default_rng([seed, *name.encode()])


def draw_courses(streams: Iterator[np.random.Generator]) -> Courses:
    """The customers and how they fare, drawn from the first of the `random_streams`."""
    customers = draw_customers(_read_yaml("companies.yml"), next(streams))
    small = customers.accounts["size"].to_numpy()[: len(customers.starts)] == "small"
    rollouts = draw_rollouts(customers.starts, small, next(streams))
    paper_terms = paper_to_web_terms(customers.starts, rollouts, next(streams))
    expense_terms = other_terms("expense_desk", customers, next(streams))
    helpdesk_terms = other_terms("helpdesk", customers, next(streams))
    expense_stages = draw_uptake(expense_terms, next(streams))
    helpdesk_stages = draw_uptake(helpdesk_terms, next(streams))
    terms = paper_terms, expense_terms, helpdesk_terms
    return Courses(customers, rollouts, expense_stages, helpdesk_stages, terms)


def _read_yaml(name: str) -> Any:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return yaml.load(text, Loader=loader)


def _sources_text(files: dict[str, str]) -> str:
    tables: dict[str, dict[str, Any]] = {name: {"from": name} for name in files}
    # a contract that is followed by another ends on the day on which the next one starts
    tables["contracts"]["columns"] = {"ended_on": {"column": "ended_on", "means": "day_after"}}
    content = {"as_of": truths.AS_OF, "files": files, "tables": tables}
    return yaml.safe_dump(content, sort_keys=False)


def _refuse_other_content(folder: Path, own_files: set[str]) -> None:
    if folder.exists() and not folder.is_dir():
        raise ParameterError("folder", "this is a file", value=str(folder))
    if folder.exists():
        other_files = {p.name for p in folder.iterdir() if not p.name.startswith(".")} - own_files
        if other_files:
            raise ParameterError(
                "folder",
                f"it holds '{min(other_files)}', which is not of the sample; name an empty folder",
                value=str(folder),
            )
