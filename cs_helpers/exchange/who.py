"""Of whom a text tells, and when: its company from the cases, its interview from the variables."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import ExchangeError
from cs_helpers.exchange.qdpx import VARIABLES
from cs_helpers.exchange.refi import called, content, guid, kind, shown, tag
from cs_helpers.exchange.words import ALLOWED, folded, tokens

_DAY = re.compile(r"\d{4}-\d\d-\d\d(?=$|[T Zz+-])")


class Companies:
    """The cases of a project, and what its variables say.

    codes: the case of each GUID that codes a passage as its own.
    """

    def __init__(self, project: Any, file: str, product: str | None) -> None:
        self.project, self.file, self.product = project, file, product
        self.sources = project.findall(f"{tag('Sources')}/{tag('TextSource')}")
        self.cases = project.findall(f"{tag('Cases')}/{tag('Case')}")
        self.variables = {
            guid(v.get("guid")): folded(v.get("name") or "")
            for v in project.iter(tag("Variable"))  # `refi.check` knows of each, wherever it stands
        }
        self.codes: dict[str, Any] = {}
        for case in self.cases:
            self.codes |= {guid(case.get("guid")): case}
            self.codes |= {guid(r.get("targetGUID")): case for r in case.iterfind(tag("CodeRef"))}
        self._of_source = self._companies()

    def accounts(self) -> list[dict[str, Any]]:
        """The companies as rows, one a key."""
        return list({a["account_id"]: a for a in reversed([self._account(c) for c in self.cases])}.values())

    def _companies(self) -> dict[str, list[Any]]:
        """The cases that each text source belongs to, by its GUID."""
        of_selection = {
            guid(s.get("guid")): guid(source.get("guid"))
            for source in self.sources
            for s in source.iterfind(tag("PlainTextSelection"))
        }
        found: dict[str, dict[str, Any]] = {}

        def belongs(source: str | None, case: Any) -> None:
            if source is not None:
                found.setdefault(source, {})[guid(case.get("guid"))] = case

        for case in self.cases:
            for ref in case.iterfind(tag("SourceRef")):
                belongs(guid(ref.get("targetGUID")), case)
            for ref in case.iterfind(tag("SelectionRef")):
                belongs(of_selection.get(guid(ref.get("targetGUID"))), case)
        for source in self.sources:
            for ref in source.iterfind(f".//{tag('CodeRef')}"):
                if (case := self.codes.get(guid(ref.get("targetGUID")))) is not None:
                    belongs(guid(source.get("guid")), case)
        return {source: list(cases.values()) for source, cases in found.items()}

    def interview(self, source: Any, key: str) -> dict[str, Any]:
        """The interview that a text is of, as a row; raises `ExchangeError`."""
        cases = self._of_source.get(guid(source.get("guid")), [])
        if len(cases) > 1:  # people may be cases, too; a company says its account_id
            cases = [c for c in cases if "account_id" in self._said(c)] or cases
        keys = {self._account(c)["account_id"] for c in cases}
        if len(keys) != 1:
            which = f"belongs to several cases ({', '.join(sorted(keys))})" if keys else "belongs to no case"
            raise ExchangeError(
                self.file,
                f"{shown(source)} {which}; make a case of its company in the tool and export it again",
            )
        said = self._said(source)
        row = {c: said.get(c) for c in VARIABLES["interviews"]}
        held = row["held_on"] or source.get("creationDateTime") or self.project.get("creationDateTime")
        if not held:
            raise ExchangeError(
                self.file,
                f"{shown(source)} does not say when it was held; give it a variable held_on and export it again",
            )
        product = row["product"] or self.product
        if product is None:
            raise ExchangeError(
                self.file, f"{shown(source)} does not say which product it is about; say it with --product"
            )
        day = self._day(held, source)
        return {**row, "interview_id": key, "account_id": keys.pop(), "held_on": day, "product": product}

    def _day(self, text: str, element: Any) -> date:
        try:
            if found := _DAY.match(text.strip()):
                return date.fromisoformat(found[0])
        except ValueError:
            pass
        raise ExchangeError(self.file, f"{shown(element)}: {text!r} is not a date; write it as in 2026-09-30")

    def _said(self, element: Any) -> dict[str, str]:
        """What the variables say of a case or a source, by their name."""
        found: dict[str, str] = {}
        for value in element.iterfind(tag("VariableValue")):
            words = "".join(content(v) for v in value if kind(v).endswith("Value")).strip()
            if words:
                found[self.variables[guid(value.find(tag("VariableRef")).get("targetGUID"))]] = words
        return found

    def _account(self, case: Any) -> dict[str, Any]:
        said, table = self._said(case), TABLES["accounts"]
        name = called(case) or guid(case.get("guid"))
        row: dict[str, Any] = {"account_id": said.get("account_id", name), "name": name}
        for column in VARIABLES["accounts"][1:]:
            if (words := said.get(column)) is None:
                continue
            if table.kind(column) == "integer":
                if not re.fullmatch(r"[+-]?\d{1,9}(\.0+)?", words):
                    raise ExchangeError(
                        self.file,
                        f"{shown(case)}: {column} {words!r} is not a whole number; mend it in the tool",
                    )
                row[column] = int(float(words))
            elif table.kind(column) == "flag":
                row[column] = folded(words) in ("true", "1", "yes")
            else:
                row[column] = tokens(column).get(folded(words), words) if column in ALLOWED else words
        return row
