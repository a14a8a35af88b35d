"""What an operations map shows, as plain JSON: the tables of its result with their labels in words.

`run.json` holds it, so that the page over all products draws what was published and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from cs_helpers.result import Result
from cs_helpers.text import Text

#: the stations in the order of the map
STATIONS = ("handover", "levels", "health", "touches", "organisation", "feedback")
#: actions of a touch model that are named
ACTIONS = 3

Content = Mapping[str, Any]

_SETTINGS: Mapping[str, Any] = {"months": 0, "is_margin": False, "told_apart": "", "quarters": 0}

#: version of the content: `run.json` may hold one that another version of this package wrote
FORMAT = 3


def content_of(result: Result, text: Text) -> dict[str, Any]:
    """The content of a map.

    Keys: format, product (its key), accounts (whether accounts are counted, for want of contracts), currency, as_of (ISO date), n,
    message, alt and source of the figure; months and is_margin of the lifetime value, told_apart (the verdict on it), quarters (of the
    shares of touches); the tables `stations`, `levels`, `health`, `touches`,
    `level_touches`, `roles`, `fields`, `statuses` and `links` of the result as lists of rows, with these in words: `label` (of a level, touch
    model, role, field or status), `name` (of a level in the product file, '' for none), `department`, `actions` and `obstacles` (lists),
    `sentences` (what a station or link lacks); `entries` of a role (rows of the table `plays` with the label of each); `parts` (of the
    health score: kind -> names of its measures); `numbers`, key -> label (of a headline number,
    else ''), value, low, high, unit, n, place. Numbers that are not known are null.
    """
    tables, message = result.tables, message_of(result, text)
    accounts = not result.settings.get("by_contracts", True)
    return {
        "format": FORMAT,
        "product": result.product,
        "accounts": accounts,
        "message": message,
        "alt": text(f"operations_picture.{'alt_accounts' if accounts else 'alt'}", message=message),
        "currency": result.settings.get("currency", ""),
        "as_of": result.as_of.isoformat(),
        "n": result.n,
        "source": text(
            "charts.source",
            n=text("charts.n_customers", n=text.number(result.n)),
            period=text.span(result.since, result.quarter.end),
            as_of=text.day(result.as_of),
        ),
        **{name: result.settings.get(name, unset) for name, unset in _SETTINGS.items()},
        "stations": [{**row, "sentences": _sentences(row, text)} for row in _rows(tables, "stations")],
        "fields": [
            {**row, "key": row["field"], "label": text.label("handover_field", row["field"])}
            for row in _rows(tables, "fields")
        ],
        "levels": [
            {**row, "label": _level(row["level"], text), "name": text.level_name(row["level"])}
            for row in _rows(tables, "levels")
        ],
        "parts": _parts(_rows(tables, "measures"), text),
        "health": [{**row, "label": _level(row["level"], text)} for row in _rows(tables, "health")],
        "touches": [
            {
                **row,
                "label": text.label("touch_model", row["touch_model"]),
                "actions": [text.subject(code) for code in _codes(row, "actions")][:ACTIONS],
            }
            for row in _rows(tables, "touches")
        ],
        "level_touches": [
            {
                **row,
                "label": _level(row["level"], text),
                "model": text.label("touch_model", row["touch_model"]),
            }
            for row in _rows(tables, "level_touches")
        ],
        "roles": _roles(tables, text),
        "statuses": [
            {**row, "key": row["status"], "label": text(f"product_feedback.statuses.{row['status']}")}
            for row in _rows(tables, "statuses")
        ],
        "links": [{**row, "sentences": _sentences(row, text)} for row in _rows(tables, "links")],
        "numbers": {
            str(row.pop("key")): {**row, "label": _headline(row.get("metric") or "", text)}
            for row in _rows(tables, "numbers")
        },
    }  # fmt: skip


def message_of(result: Result, text: Text) -> str:
    """The sentence of the verdict on the map."""
    verdict = result.verdicts["operations"]
    found = verdict.fields
    fields = {name: text.number(found[name]) for name in ("known", "of")}
    for name in {"in_part", "stations"} & set(found):
        fields[name] = text.join_list([_station(station, text) for station in found[name]])
    if "level" in found:
        largest = "largest_of_known" if found["unknown"] else "largest"
        fields["largest"] = text(
            f"operations_map.standing.{largest}",
            level=text.label("level", found["level"]),
            **{name: text.share(found[name]) for name in ("share", "unknown")},
        )
    return text(f"operations_map.operations.{verdict.code}", **fields)


def _roles(tables: Mapping[str, pd.DataFrame], text: Text) -> list[dict[str, Any]]:
    """The roles, with the `key` of the numbers of each: a role that several departments have is numbered."""
    roles, seen, plays = [], dict[str, int](), _rows(tables, "plays")
    for at, row in enumerate(_rows(tables, "roles")):
        role = row["role"]
        seen[role] = seen.get(role, 0) + 1
        roles.append(
            {
                **{k: v for k, v in row.items() if not k.startswith("department_")},
                "key": f"organisation.{role}" + (f".{seen[role]}" if seen[role] > 1 else ""),
                "label": text("operations_map.roles.nobody")
                if role == "nobody"
                else text.label("job_role", role),
                "entries": [
                    {**play, "label": text.label("when", play["entry"])} for play in plays if play["at"] == at
                ],
                "obstacles": [text(f"operations_map.obstacles.{code}") for code in _codes(row, "obstacles")],
                "department": row.get(f"department_{text.language}") or row.get("department_en") or "",
            }
        )
    return roles


def _level(level: int, text: Text) -> str:
    return text("operations_picture.level_unknown") if level < 0 else text.label("level", level)


def _parts(measures: list[dict[str, Any]], text: Text) -> dict[str, list[str]]:
    """The names of the measures of the health score, by their kind."""
    kinds = ("quantitative", "qualitative")
    named = {
        kind: [text.label("measure", row["measure"]) for row in measures if row["kind"] == kind]
        for kind in kinds
    }
    return {kind: names for kind, names in named.items() if names}


def _headline(metric: str, text: Text) -> str:
    """The name of a headline number of a report: where another name tells it apart from others on the map, that one."""
    analysis, _, name = metric.partition(".")
    if not name:
        return ""
    own = f"operations_picture.headline.{analysis}.{name}"
    return text(own if text.has(own) else f"{analysis}.metrics.{name}")


def _station(station: str, text: Text) -> str:
    return text(
        f"operations_picture.station.{station}{'_only' if station == 'levels' and text.accounts else ''}"
    )


def _sentences(row: Mapping[str, Any], text: Text) -> list[str]:
    """The sentences on what a station or link lacks; none where it lacks nothing."""
    codes = _codes(row, "lacks") or _codes(row, "reason")
    return [text(f"operations_map.lacks.{code}") for code in codes]


def _codes(row: Mapping[str, Any], column: str) -> list[str]:
    """The codes in a cell, which are on a line each."""
    return [code for code in str(row.get(column) or "").split("\n") if code]


def _rows(tables: Mapping[str, pd.DataFrame], name: str) -> list[dict[str, Any]]:
    """The rows of a table as JSON has them; none where there is no such table."""
    if name not in tables:
        return []
    return [{str(k): _plain(v) for k, v in row.items()} for row in tables[name].to_dict("records")]


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or value != value:
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and abs(value) == float("inf"):
        return None
    return value
