"""The sentences of notes, and the fields of notes and findings formatted in the language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Note
from cs_helpers.tables.units import format_difference
from cs_helpers.text import Text


def sentence(note: Note, text: Text, analysis: str, currency: str) -> str:
    """The sentence of a note: `<analysis>.notes.<code>` if the catalogue has it, else the shared `notes.<code>`."""
    fields = format_fields(note.fields, text, currency)
    own_key = f"{analysis}.notes.{note.code}"
    return text(own_key if text.has(own_key) else f"notes.{note.code}", **fields)


def format_fields(fields: Mapping[str, Any], text: Text, currency: str) -> dict[str, Any]:
    """The fields of a sentence as texts.

    They are formatted by name: days (since, first, last, by), periods, quarters, a day, week or month (every), names of tables, kinds of cost, levels, steps, trainings, sizes, stations of the operations map, reasons,
    themes, requests, touch models, measures (with or without the number of customers they are known for) a segment or segments, texts of the product file
    (baseline or several, goal or several, awards, grades, when, do), headline numbers of revenue (headlines) or of any report (kpis), entries of the playbook (with or without a number of customers), conditions of levels, roles (who), those of the organisation (job_roles), fields of hand-overs, means, obstacles, the ten principles and the phase that asks for them, elements of competency, questions of interviews, amounts
    (mrr), shares and differences of shares (points); other numbers are formatted as numbers.
    """

    def measure(item: Any) -> str:
        if isinstance(item, str):
            return text.label("measure", item)
        return text("notes.known_of", measure=text.label("measure", item[0]), customers=text.number(item[1]))

    def segment(item: tuple[str, int]) -> str:
        return text(
            "notes.unknown_of", segment=text.label("segment", item[0]), customers=text.number(item[1])
        )

    def words(item: Any) -> str:
        return str(item.in_language(text.language))

    def entry(item: Any) -> str:
        if not isinstance(item, tuple):
            return words(item)
        return text("playbook.unknown_of", when=words(item[0]), customers=text.number(item[1]))

    def job_role(role: str, department: Any) -> str:
        return text("means.role", role=text.label("job_role", role), department=words(department))

    def points(value: float) -> str:
        return format_difference(value, "share", text, currency)

    formats: dict[str, Callable[[Any], str]] = {
        **dict.fromkeys(("points", "points_moved", "points_came", "points_left"), points),
        "since": text.day,
        "first": text.day,
        "last": text.day,
        "by": text.day,
        "period": lambda days: text.day(days[0]) if days[0] == days[1] else text.span(*days),
        "quarter": lambda quarter: text.quarter(Quarter.parse(quarter)),
        "tables": lambda names: text.join_list(list(names)),
        "names": lambda names: names if isinstance(names, str) else text.join_list(list(names)),
        "baseline": words,
        "goal": words,
        "goals": lambda names: text.join_list([words(name) for name in names]),
        "awards": lambda names: text.join_list([words(name) for name in names]),
        "grades": lambda names: text.join_list([text.label("grade", name) for name in names]),
        "headlines": lambda names: text.join_list([text(f"revenue.metrics.{name}") for name in names]),
        "baselines": lambda names: text.join_list([words(name) for name in names]),
        "when": words,
        "do": words,
        "entries": lambda entries: text("playbook.separator").join(map(entry, entries)),
        "every": lambda every: text(f"baselines.every.{every}"),
        "level": lambda level: text.label("level", level),
        "step": lambda step: text.label("step", step),
        "handover_fields": lambda fields: text.join_list([text.label("handover_field", f) for f in fields]),
        "training": lambda training: text.label("training", training),
        "steps": lambda steps: text.join_list([text.label("step", s) for s in steps]),
        "company_size": lambda size: text.label("size", size),
        "other_size": lambda size: text.label("size", size),
        "reason": lambda reason: text.label("reason", reason),
        "theme": text.theme,
        "request": lambda name: text.request(*name),
        "station": lambda name: station_name(name, text),
        "stations": lambda names: text.join_list([station_name(name, text) for name in names]),
        "touch_model": lambda model: text.label("touch_model", model),
        "segment": text.segment,
        "measure": measure,
        "measures": lambda measures: text.join_list([measure(m) for m in measures]),
        "segments": lambda segments: text.join_list([segment(s) for s in segments]),
        "dimensions": lambda names: text.join_list([text.label("segment", d) for d in names]),
        "kinds": lambda kinds: text.join_list([text(f"revenue.measures.{kind}") for kind in kinds]),
        "conditions": lambda keys: text.join_list(list(dict.fromkeys(map(text.condition, keys)))),
        "who": lambda role: text.label("role", role),
        "means": lambda means: text.join_list(
            [words(one) for one in (means if isinstance(means, tuple) else (means,))]
        ),
        "job_roles": lambda roles: text.join_list([job_role(*role) for role in roles]),
        "takes": text.amount,
        "element": lambda element: text.label("element", element),
        "elements": lambda elements: text.join_list([text.label("element", e) for e in elements]),
        "interview_question": lambda question: text.label("interview_question", question),
        "interview_questions": lambda questions: text.join_list(
            [text.label("interview_question", q) for q in questions]
        ),
        "obstacles": lambda codes: text.join_list([text(f"means.obstacles.{code}") for code in codes]),
        "kpis": lambda names: text.join_list([text.kpi(name) for name in names]),
        "principle": lambda one: text(f"ten_principles.numbered.{one}"),
        "principles": lambda ones: text.join_list([text(f"ten_principles.numbered.{one}") for one in ones]),
        "phase": lambda phase: text(f"ten_principles.phase.{phase}"),
        "share": text.share,
        "usual_share": text.share,
        "mrr": lambda amount: text.money(amount, currency),
    }
    return {
        name: formats[name](value)
        if name in formats
        else text.number(float(value))
        if isinstance(value, Real)
        else value
        for name, value in fields.items()
    }


def station_name(station: str, text: Text) -> str:
    """The name of a station of the operations map; of accounts nobody knows what they are worth."""
    without_value = "_only" if station == "levels" and text.accounts else ""
    return text(f"operations_picture.station.{station}{without_value}")
