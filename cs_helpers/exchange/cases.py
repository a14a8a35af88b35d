"""Read the cases and variables of a project: the company of each text, and its interview."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import ExchangeError
from cs_helpers.exchange.labels import ALLOWED, fold, token_by_label
from cs_helpers.exchange.qdpx import VARIABLES
from cs_helpers.exchange.refi import describe, guid, kind, name_of, tag, text_of

_DAY = re.compile(r"\d{4}-\d\d-\d\d(?=$|[T Zz+-])")


class ProjectCases:
    """The cases of a project and the values of its variables.

    case_by_code: GUID of a code (or of a case that is used as a code) -> the case that it assigns passages to.
    """

    def __init__(self, project: Any, file: str, product: str | None) -> None:
        self.project, self.file, self.product = project, file, product
        self.sources = project.findall(f"{tag('Sources')}/{tag('TextSource')}")
        self.cases = project.findall(f"{tag('Cases')}/{tag('Case')}")
        self.variables = {
            guid(v.get("guid")): fold(v.get("name") or "")
            for v in project.iter(tag("Variable"))  # at any depth, as `refi.check_project` accepts them there
        }
        self.case_by_code: dict[str, Any] = {}
        for case in self.cases:
            self.case_by_code |= {guid(case.get("guid")): case}
            self.case_by_code |= {guid(r.get("targetGUID")): case for r in case.iterfind(tag("CodeRef"))}
        self._cases_by_source = self._cases_of_sources()

    def accounts(self) -> list[dict[str, Any]]:
        """The companies as rows of accounts, one for each account_id."""
        return list(
            {a["account_id"]: a for a in reversed([self._account_row(c) for c in self.cases])}.values()
        )

    def _cases_of_sources(self) -> dict[str, list[Any]]:
        """GUID of a text source -> the cases that it belongs to."""
        source_of_selection = {
            guid(s.get("guid")): guid(source.get("guid"))
            for source in self.sources
            for s in source.iterfind(tag("PlainTextSelection"))
        }
        cases_by_source: dict[str, dict[str, Any]] = {}

        def assign(source: str | None, case: Any) -> None:
            if source is not None:
                cases_by_source.setdefault(source, {})[guid(case.get("guid"))] = case

        for case in self.cases:
            for ref in case.iterfind(tag("SourceRef")):
                assign(guid(ref.get("targetGUID")), case)
            for ref in case.iterfind(tag("SelectionRef")):
                assign(source_of_selection.get(guid(ref.get("targetGUID"))), case)
        for source in self.sources:
            for ref in source.iterfind(f".//{tag('CodeRef')}"):
                if (case := self.case_by_code.get(guid(ref.get("targetGUID")))) is not None:
                    assign(guid(source.get("guid")), case)
        return {source: list(cases.values()) for source, cases in cases_by_source.items()}

    def interview(self, source: Any, key: str) -> dict[str, Any]:
        """The interview of a text as a row. Raises `ExchangeError` where its company, date or product is unclear."""
        cases = self._cases_by_source.get(guid(source.get("guid")), [])
        if len(cases) > 1:  # persons may be cases too; a company has the variable account_id
            cases = [c for c in cases if "account_id" in self._variable_values(c)] or cases
        keys = {self._account_row(c)["account_id"] for c in cases}
        if len(keys) != 1:
            case_text = (
                f"belongs to several cases ({', '.join(sorted(keys))})" if keys else "belongs to no case"
            )
            raise ExchangeError(
                self.file,
                f"{describe(source)} {case_text}; make a case of its company in the tool and export it again",
            )
        variables = self._variable_values(source)
        row = {c: variables.get(c) for c in VARIABLES["interviews"]}
        held_on = row["held_on"] or source.get("creationDateTime") or self.project.get("creationDateTime")
        if not held_on:
            raise ExchangeError(
                self.file,
                f"{describe(source)} does not say when it was held; give it a variable held_on and export it again",
            )
        product = row["product"] or self.product
        if product is None:
            raise ExchangeError(
                self.file, f"{describe(source)} does not say which product it is about; say it with --product"
            )
        day = self._parse_day(held_on, source)
        return {**row, "interview_id": key, "account_id": keys.pop(), "held_on": day, "product": product}

    def _parse_day(self, text: str, element: Any) -> date:
        try:
            if match := _DAY.match(text.strip()):
                return date.fromisoformat(match[0])
        except ValueError:
            pass
        raise ExchangeError(
            self.file, f"{describe(element)}: {text!r} is not a date; write it as in 2026-09-30"
        )

    def _variable_values(self, element: Any) -> dict[str, str]:
        """Name of a variable -> its value, for a case or a source."""
        values: dict[str, str] = {}
        for value in element.iterfind(tag("VariableValue")):
            value_text = "".join(text_of(v) for v in value if kind(v).endswith("Value")).strip()
            if value_text:
                values[self.variables[guid(value.find(tag("VariableRef")).get("targetGUID"))]] = value_text
        return values

    def _account_row(self, case: Any) -> dict[str, Any]:
        variables, table = self._variable_values(case), TABLES["accounts"]
        name = name_of(case) or guid(case.get("guid"))
        row: dict[str, Any] = {"account_id": variables.get("account_id", name), "name": name}
        for column in VARIABLES["accounts"][1:]:
            if (value_text := variables.get(column)) is None:
                continue
            if table.kind(column) == "integer":
                if not re.fullmatch(r"[+-]?\d{1,9}(\.0+)?", value_text):
                    raise ExchangeError(
                        self.file,
                        f"{describe(case)}: {column} {value_text!r} is not a whole number; correct it in the tool",
                    )
                row[column] = int(float(value_text))
            elif table.kind(column) == "flag":
                row[column] = fold(value_text) in ("true", "1", "yes")
            else:
                row[column] = (
                    token_by_label(column).get(fold(value_text), value_text)
                    if column in ALLOWED
                    else value_text
                )
        return row
