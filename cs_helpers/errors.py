"""The exception hierarchy.

WorkbookError
 ├── SettingError      a settings file (sources, product) is invalid: file, key, allowed
 ├── ParameterError    a parameter of a run is invalid: name, value, allowed
 ├── SourceError       a table cannot be read: table, column, where
 ├── SourcesError      several tables cannot be read: errors
 ├── ContractError     tables were read, but their content rules out a snapshot: failures
 ├── SnapshotError     a snapshot is missing, damaged or cannot be taken
 ├── DisclosureError   a result must not be shown to leadership: analysis, table, column
 ├── ExchangeError     a file of codings or scores cannot be written or read: file, problems
 └── ReportError       a report could not be made or published

Each message is one or two sentences: what is wrong, where, and what to do. The command line prints
it without a traceback and exits with 1.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path


def did_you_mean(wrong: str, allowed: Iterable[str]) -> str:
    """`" Did you mean 'product'?"` where one of `allowed` is close to `wrong`, else `""`."""
    close = difflib.get_close_matches(wrong, list(allowed), n=1)
    return f" Did you mean '{close[0]}'?" if close else ""


def _with_full_stop(sentence: str) -> str:
    """`sentence` with a full stop, unless it already ends with a punctuation mark."""
    return sentence if sentence.endswith((".", "?", "!")) else sentence + "."


class WorkbookError(Exception):
    """Base class of all errors that a user can fix."""


class SettingError(WorkbookError):
    """A settings file (sources, product) is invalid."""

    def __init__(self, file: Path | str, problem: str, *, key: str = "", allowed: str = "") -> None:
        self.file, self.key, self.problem, self.allowed = Path(file), key, problem, allowed
        where = f"{file}: key '{key}'" if key else str(file)
        hint = f" Allowed: {allowed}." if allowed else ""
        super().__init__(f"{where}: {_with_full_stop(problem)}{hint}")


class ParameterError(WorkbookError):
    """A parameter of a run has an invalid name or value."""

    def __init__(self, name: str, problem: str, *, value: object = None, allowed: str = "") -> None:
        self.name, self.value, self.problem, self.allowed = name, value, problem, allowed
        shown = f"={value!r}" if value is not None else ""
        hint = f" Allowed: {allowed}." if allowed else ""
        super().__init__(f"parameter {name}{shown}: {_with_full_stop(problem)}{hint}")


class SourceError(WorkbookError):
    """A table cannot be read from the place that the sources file names."""

    def __init__(self, table: str, problem: str, *, column: str = "", where: str = "") -> None:
        self.table, self.column, self.where, self.problem = table, column, where, problem
        what, _, database = table.partition("databases.")
        name = f"database '{database}'" if database and not what else f"table '{table}'"
        name += f", column '{column}'" if column else ""
        super().__init__(
            f"{name}: {problem} (in {where})." if where else f"{name}: {_with_full_stop(problem)}"
        )


class SourcesError(WorkbookError):
    """Several tables cannot be read; `errors` holds one error for each of them."""

    def __init__(self, errors: Sequence[SourceError]) -> None:
        self.errors = tuple(errors)
        lines = "\n".join(f"  - {error}" for error in errors)
        super().__init__(f"{len(errors)} tables cannot be read:\n{lines}")


def raise_together(errors: Sequence[SourceError]) -> None:
    """Raise the only error, or a `SourcesError` that lists several; do nothing if there is none."""
    if len(errors) > 1:
        raise SourcesError(errors)
    if errors:
        raise errors[0]


class ContractError(WorkbookError):
    """The content of the tables rules out a snapshot; `failures` holds one line for each reason."""

    def __init__(self, failures: Sequence[str]) -> None:
        self.failures = tuple(failures)
        lines = "\n".join(f"  - {line}" for line in failures)
        super().__init__(
            f"the tables break the contract, so no snapshot was taken:\n{lines}\n"
            "Fix the source or its mapping (data/README.md lists what each table must hold)."
        )


class SnapshotError(WorkbookError):
    """A snapshot does not exist, cannot be read or cannot be taken."""


class DisclosureError(WorkbookError):
    """A column of an analysis result must not be shown to leadership as it is."""

    def __init__(self, analysis: str, table: str, column: str, problem: str) -> None:
        self.analysis, self.table, self.column, self.problem = analysis, table, column, problem
        super().__init__(
            f"analysis '{analysis}', table '{table}', column '{column}': {_with_full_stop(problem)} Declare it in `discloses`"
            f" of the analysis (cs_helpers/contract/disclosure.py says what each means), or leave it out."
        )


class ExchangeError(WorkbookError):
    """A file of codings or scores cannot be written or read; `problems` lists every reason."""

    def __init__(self, file: Path | str, *problems: str) -> None:
        self.file, self.problems = str(file), problems
        super().__init__("\n".join(f"{file}: {_with_full_stop(problem)}" for problem in problems))

    @classmethod
    def together(cls, errors: Sequence[ExchangeError]) -> ExchangeError:
        """One error that says what several say, a line for each of their problems; its file is that of the first."""
        error = cls(errors[0].file, *(problem for each in errors for problem in each.problems))
        error.args = ("\n".join(str(each) for each in errors),)
        return error


class ReportError(WorkbookError):
    """A report cannot be planned, rendered or published."""
