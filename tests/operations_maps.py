"""Results of an operations map, made by hand: with everything, with nothing, with names that are long or hostile."""

from __future__ import annotations

import itertools
from datetime import date

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result, Verdict

STATIONS = ("handover", "levels", "health", "touches", "organisation", "feedback")
LACKS = {
    "handover": "no_handovers", "levels": "no_levels", "health": "no_scores", "touches": "no_touches",
    "organisation": "no_organisation", "feedback": "no_requests",
}  # fmt: skip
ENTRIES = ("no_document", "one_department", "level_dropped", "health_red", "no_questions", "by_hand")
ROLES = ("onboarding", "implementation", "adoption", "renewal", "expansion", "support")
LONG = {
    "en": "Department for the digitalisation of administrative correspondence and long-term customer relations (West)",
    "ja": "西日本カスタマーリレーション統括本部デジタル化推進部第二グループ(官公庁・自治体担当)",
}
HOSTILE = '<script>alert("1")</script> & \'Sales\' <a href="javascript:x">'


def operations_map(
    levels: int = 4, *, missing: tuple[str, ...] = (), department: dict[str, str] | None = None, product: str = "letters",
    mrr: float = 3_400_000.0, is_known: bool = True, unknown_level: bool = False, accounts: bool = False,
) -> Result:  # fmt: skip
    """The result of an analysis `operations_map`.

    missing: stations of which nothing is known. department: of each role, by language. is_known: False for numbers that are all
    unknown except customers. accounts: whether they are counted, for want of contracts. unknown_level: whether some customers' level is not known.
    """
    nothing = float("nan")
    shown = [*range(levels + 1), *([-2] if unknown_level else [])]
    names = department or {"en": "Customer success", "ja": "カスタマーサクセス部"}
    tables = {
        "stations": pd.DataFrame(
            [
                (s, "missing" if s in missing else "known", LACKS[s] if s in missing else "", LACKS[s] if s in missing else "")
                for s in STATIONS
            ],
            columns=["station", "state", "reason", "lacks"],
        ),
        "links": pd.DataFrame(
            [
                (a, b, "missing", LACKS[a if a in missing else b]) if {a, b} & set(missing) else (a, b, "known", "")
                for a, b in itertools.pairwise(STATIONS)
            ],
            columns=["source", "target", "state", "reason"],
        ),
        "levels": pd.DataFrame(
            [
                {
                    "level": n, "customers": 10 + 3 * abs(n), "share": 0.2, "low": 0.1, "high": 0.3,
                    "mrr": mrr * (1 + n / 7) if is_known else nothing,
                    "ltv": mrr / 2 * (1 + n) if is_known and n >= 0 else nothing,
                    "ltv_low": mrr / 3 * (1 + n) if is_known and n >= 0 else nothing,
                    "ltv_high": mrr * (1 + n) if is_known and n >= 0 else nothing,
                }
                for n in shown
            ]
        ),
        "health": pd.DataFrame(
            [
                {
                    "level": n, "quantitative": min(100.0, 12.5 + 17 * n) if is_known else nothing,
                    "qualitative": 50.0 if n != 1 else nothing, "score": 40.0 + 9 * n if is_known else nothing, "low": 30.0,
                    "high": 60.0, "red": 1234, "yellow": 5, "green": 1100, "unscored": 23,
                }
                for n in shown
            ]
        ),
        "touches": pd.DataFrame(
            [
                {
                    "touch_model": model, "customers": 1200, "declared": 0.3 if is_known else nothing,
                    "actual": actual if is_known else nothing, "low": actual - 0.05, "high": actual + 0.1, "touches": 120, "verdict": "more" if model == "high" else "chance",
                    "hours": 154.5 if is_known else nothing, "actions": "usage review\nnew functions\nrecipient list",
                }
                for model, actual in (("high", 0.4), ("low", 0.3), ("tech", 0.2), ("community", 0.1))
            ]
        ),
        "level_touches": pd.DataFrame(
            [
                {"level": n, "touch_model": ("tech", "high")[n % 2], "share": 0.4, "low": 0.3, "high": 0.5, "of": 90}
                for n in reversed(range(levels + 1)) if is_known
            ],
            columns=["level", "touch_model", "share", "low", "high", "of"],
        ),
        "roles": pd.DataFrame(
            [
                {
                    "role": role, "department_en": names["en"], "department_ja": names["ja"], "people": 2.5 if n % 2 else nothing,
                    "plays": n, "entries": "\n".join(ENTRIES[:n]), "due": 14 * n if n else nothing, "mrr": mrr if n else nothing, "obstacles": "no_means\nno_people" if n == 3 else "",
                    "carried_out": n != 3,
                }
                for n, role in enumerate((*ROLES, "onboarding"))
            ]
        ),
    }  # fmt: skip
    tables["plays"] = pd.DataFrame(
        [
            {"at": at, "entry": entry, "customers": 12.0 if n != 1 and is_known else nothing, "of": 132}
            for at, role in enumerate(tables["roles"].to_dict("records"))
            for n, entry in enumerate(role["entries"].splitlines())
        ]
    )
    tables["measures"] = pd.DataFrame(
        [("active_days", "quantitative"), ("documents_in_use", "quantitative"), ("sponsor", "qualitative")],
        columns=["measure", "kind"],
    )
    tables["fields"] = pd.DataFrame(
        [
            (f, share if is_known else nothing, 0.2, 0.9, 35)
            for f, share in (("stakeholders", 0.4), ("problem", 0.8))
        ],
        columns=["field", "share", "low", "high", "of"],
    )
    tables["statuses"] = pd.DataFrame(
        [(status, n, 15) for n, status in enumerate(("open", "considering", "planned", "declined", "released", "exists"))],
        columns=["status", "requests", "of"],
    )  # fmt: skip
    for station, names in {
        "handover": ("fields",),
        "levels": ("levels",),
        "health": ("health", "measures"),
        "touches": ("touches", "level_touches"),
        "organisation": ("roles", "plays"),
        "feedback": ("statuses",),
    }.items():
        for table in names if station in missing else ():
            tables[table] = tables[table].iloc[:0]
    tables["numbers"] = _numbers(tables, set(STATIONS) - set(missing))
    if accounts:
        tables["numbers"] = tables["numbers"][~tables["numbers"]["key"].str.contains("mrr")]
    tables["operations"] = tables["stations"]
    quarter = Quarter(2026, 3)
    return Result(
        "operations_map", product, quarter, quarter.start, date(2026, 9, 30), 132, tables, {},
        settings={
            "currency": "" if accounts else "JPY", "by_contracts": not accounts, "months": 18, "is_margin": True,
            "told_apart": "unclear", "quarters": 4,
        },
        verdicts={
            "operations": Verdict("whole", {"known": 6, "of": 6, "level": 1, "share": 0.52, "unknown": 0.7 if unknown_level else 0.0})
        },
    )  # fmt: skip


def _numbers(tables: dict[str, pd.DataFrame], known: set[str]) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    headlines = {
        "handover": (("journeys.days_to_value", 76.4, 69.5, 81.4, "days"),),
        "levels": (("maturity.upper_levels", 0.23, 0.17, 0.31, "share"), ("revenue.mrr", 21_843_000.0, np.nan, np.nan, "currency")),
        "health": (("health.red_mrr", 2_645_000.0, np.nan, np.nan, "currency"),),
        "touches": (("touch_mix.touches_per_customer", 3.02, 2.74, 3.29, "amount"),),
        "organisation": (("playbook.done_share", 0.39, 0.26, 0.53, "share"),),
        "feedback": (("playbook.due", 52, np.nan, np.nan, "count"),),
    }  # fmt: skip
    for station in STATIONS:
        for metric, value, low, high, unit in headlines[station] if station in known else ():
            analysis, _, name = metric.partition(".")
            rows.append(
                (f"{station}.{name}", station, metric, value, low, high, unit, 132, f"{analysis}-headlines")
            )

    def add(table: str, station: str, key: str, columns: str, place: str) -> None:
        for row in tables[table].to_dict("records"):
            rows.extend(
                (
                    f"{station}.{row[key]}.{column}",
                    station,
                    "",
                    row[column],
                    np.nan,
                    np.nan,
                    "count",
                    132,
                    place,
                )
                for column in columns.split()
                if row[column] == row[column]
            )

    add("levels", "levels", "level", "customers share mrr", "maturity-standing")
    add("levels", "levels", "level", "ltv", "level_worth-lifetime")
    add(
        "health",
        "health",
        "level",
        "quantitative qualitative score red yellow green unscored",
        "health-levels",
    )
    add("fields", "handover", "field", "share", "handover-fields")
    add("statuses", "feedback", "status", "requests", "product_feedback-status")
    add("touches", "touches", "touch_model", "customers declared actual hours", "touch_mix-mix")
    rows.extend(
        (
            f"touches.{r['level']}.share",
            "touches",
            "",
            r["share"],
            r["low"],
            r["high"],
            "share",
            r["of"],
            "touch_mix-mix",
        )
        for r in tables["level_touches"].to_dict("records")
    )
    roles = tables["roles"].assign(role=[*ROLES, "onboarding.2"][: len(tables["roles"])])
    for row in roles.to_dict("records"):
        rows.extend(
            (
                f"organisation.{row['role']}.{c}",
                "organisation",
                "",
                row[c],
                np.nan,
                np.nan,
                "count",
                1,
                "operations_map-roles",
            )
            for c in ("people", "plays", "due", "mrr")
            if row[c] == row[c]
        )
    for play in tables["plays"].to_dict("records"):
        if play["customers"] == play["customers"]:
            key = f"organisation.{roles['role'].iloc[play['at']]}.{play['entry']}.customers"
            rows.append((key, "organisation", "", 12, np.nan, np.nan, "count", 132, "playbook-entries"))
    columns = ["key", "station", "metric", "value", "low", "high", "unit", "n", "place"]
    return pd.DataFrame(rows, columns=columns)
