"""A first product file, drafted from the data: each guess stands beside the number it was made from.

The draft loads, and a report on that data runs with it unchanged. `# guess:` says what a line was guessed from;
`# check:` marks what no data tells, such as the names that people use.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from cs_helpers.contract.new_product import CUSTOMERS
from cs_helpers.contract.vocabulary import TOUCH_MODELS
from cs_helpers.product_draft.data import Asked
from cs_helpers.product_draft.steps import FoundStep, Steps, slugs, steps_of, wait
from cs_helpers.product_draft.use import (
    FoundBaseline,
    FoundLevel,
    FoundMeasure,
    Window,
    baselines_of,
    levels_of,
    measures_of,
    window_of,
)
from cs_helpers.sources.inspect.column_lines import yaml_scalar
from cs_helpers.sources.inspect.inspection import one_line
from cs_helpers.text import Text

#: a name in both languages
Pair = tuple[str, str]

_ENGLISH, _JAPANESE = Text("en"), Text("ja")
#: the usual days of a journey; days in which value is looked for; the least days of a play; plays that a draft has; themes and subjects that are listed; how long
#: a subject is that is one and no sentence; the mix of touches where the data tells of none
_WINDOW, _SOON, _WEEK, _PLAYS, _LISTED, _SHORT = 365, 180, 7, 3, 12, 40
_USUAL_MIX = {"high": 15, "low": 35, "tech": 40, "community": 10}
_GUESS, _CHECK = " # guess: ", " # check: "
_NAME = _CHECK + "named after the data; write what people call it"
_OUR_NAME = _CHECK + "a name made up for it"
#: what is said of each measure
_SAID = {
    "use": "of {n} customers the 10th percentile is {low}, the median {usual}, the 75th percentile {high}",
    "tickets": "of {n} customers the median is {usual}, the 90th percentile {high}; fewer is taken for better",
    "assessed": "{n} judgements of {accounts} accounts, the median is {usual}; the bounds are the usual ones",
    "nps": "{n} answers, the median is {usual}; the bounds are the usual ones",
    "nothing": "nothing in the data tells of health; this waits for a usage table",
}


def draft(asked: Asked, source: str) -> str:
    """The text of a product file for what the data says. source: what the data is called in the file."""
    window = window_of(asked)
    steps = steps_of(asked)
    names = _step_names(steps)
    keys = _keys([_key(step) for step in steps.steps])
    lines = [
        *_head(asked, source, window),
        *_maturity(levels_of(window), window),
        *_journey(asked, steps, keys, names),
        *_health(measures_of(asked, window)),
        *_baselines(baselines_of(asked)),
        *_touch_mix(asked),
        *_playbook(steps, keys, names),
        *_listed_names("themes", {c: f"told in {n} notes" for c, n in asked.codes.items()}),
        *_subjects(asked),
        *_customers(asked),
    ]
    return "\n".join(lines) + "\n"


def _head(asked: Asked, source: str, window: Window | None) -> Iterator[str]:
    given = sorted({*asked.tables, *(("usage",) if asked.use is not None else ())} - {"accounts"})
    empty = [name for name in given if name != "usage" and asked.table(name) is None]
    there = ", ".join(n for n in given if n not in empty) or "no table"
    lacking = [
        n for n in ("contracts", "usage", "milestones", "touches", "tickets") if n not in there.split(", ")
    ]
    yield f"# Drafted from {one_line(source)}, with what it knows up to {asked.as_of}, by 'cs-workbook new-product'."
    yield "# '# guess:' says what a line was guessed from, '# check:' what only a person knows: look at each of them."
    yield f"# Rows were found in: {there}." + (
        f" Nothing was found in: {', '.join(lacking)}." if lacking else ""
    )
    if not asked.named:
        others = ", ".join(one_line(name) for name in asked.others) or "no product"
        yield f"# No row names the product '{asked.product}': all numbers are of the rows that name {others}."
    if asked.use is not None and window is None:
        yield "# There is use, but none of a customer in the twelve months up to the last complete one."
    yield f"product: {yaml_scalar(asked.product)}"
    yield f"name: {_words((asked.product, asked.product))}{_CHECK}what customers call it"
    day = (_ENGLISH.day(asked.as_of), _JAPANESE.day(asked.as_of))
    about = _both("about", product=(asked.product, asked.product), day=day)
    yield f"about:{_CHECK}what it does, in one sentence"
    yield f"  en: {yaml_scalar(about[0])}"
    yield f"  ja: {yaml_scalar(about[1])}"
    yield ""


def _maturity(levels: tuple[FoundLevel, ...], window: Window | None) -> Iterator[str]:
    yield "maturity:"
    yield "  levels:"
    for number, level in enumerate(levels, 1):
        first, last = level.conditions[0], level.conditions[-1]
        fields = {"n": first["at_least"], "much": last["at_least"], "months": first["months"]}
        event = _called(level.event)
        yield f"    - level: {number}"
        yield f"      name: {_words(_both(f'level.{level.known}', event=event, **fields))}{_OUR_NAME}"
        yield f"      meaning: {_words(_both(f'meaning.{level.known}', event=event, **fields))}"
        if level.reached is None or window is None:
            why = "nothing: no use in the data, so the bounds are examples"
        else:
            below = " and the levels below" if number > 1 else ""
            why = (
                f"{level.reached} of {len(window.customers)} customers meet this{below}"
                f" in the {window.months} months up to {window.last_day}"
            )
        yield f"      conditions:{_GUESS}{why}"
        for condition in level.conditions:
            yield f"        - {_mapping(condition)}"
    yield ""


def _journey(asked: Asked, steps: Steps, keys: list[str], names: list[Pair]) -> Iterator[str]:
    yield "journey:"
    if steps.accounts < steps.all_accounts:
        yield f"  # Of {steps.all_accounts} accounts, the {steps.accounts} were looked at that began when the data told of steps already."
    for left in steps.left_out[:_LISTED]:
        why = f", {left.why}" if left.why else ""
        yield f"  # Left out: '{one_line(left.name)}', reached by {left.accounts} of {steps.accounts} accounts{why}."
    if len(steps.left_out) > _LISTED:
        yield f"  # Left out as well: {len(steps.left_out) - _LISTED} more."
    place, why = _value_step(steps)
    yield f"  value_step: {keys[place]}{_GUESS}{why}"
    days, why = _window_days(steps)
    yield f"  window_days: {days}{_GUESS}{why}"
    yield "  steps:"
    for number, step in enumerate(steps.steps):
        name = _OUR_NAME if step.known in ("use", "several", "often") else _NAME
        yield f"    - step: {keys[number]}"
        yield f"      name: {_words(names[number])}{'' if step.known == 'contract' else name}"
        why = _why_there(steps, number, names)
        yield f"      rule: {_mapping(step.rule)}{_GUESS}{why}"
    yield ""


def _why_there(steps: Steps, number: int, names: list[Pair]) -> str:
    step, before = steps.steps[number], steps.steps[number - 1]
    if not step.counted:
        return step.basis
    said = f"reached by {len(step.times)} of {steps.accounts} accounts"
    if number and before.counted:
        waited, name = wait(step, before), one_line(names[number - 1][0])
        if not waited.both:
            said += f"; none of them reached {name}, too"
        elif waited.after * 2 < waited.both:
            said += f"; before {name} in {waited.both - waited.after} of the {waited.both} that reached both"
        else:
            said += (
                f"; with or after {name} in {waited.after} of the {waited.both} that reached both,"
                f" by a median of {_days(waited.median)}"
            )
    return said + (f"; {step.basis}" if step.basis else "")


def _value_step(steps: Steps) -> tuple[int, str]:
    entry = steps.steps[0].times
    found = (
        1,
        "no step is known to be reached by half of the accounts soon; this is the first after the entry",
    )
    for number, step in enumerate(steps.steps):
        if not number or not step.counted:
            continue
        waits = (step.times - entry.reindex(step.times.index)).dropna()
        soon = int((waits <= pd.Timedelta(days=_SOON)).sum())
        if soon and soon * 2 >= steps.accounts:
            why = f"the furthest step that half of the accounts reached within {_SOON} days of the entry"
            found = number, f"{why} ({soon} of {steps.accounts})"
    return found


def _window_days(steps: Steps) -> tuple[int, str]:
    counted = [s for s in steps.steps if s.counted]
    waited = wait(counted[-1], counted[0], late=0.9) if len(counted) > 1 else None
    if waited is None or not waited.after:
        return _WINDOW, "nothing: a year is usual"
    wide = _WINDOW if waited.late <= _WINDOW else min(36_500, math.ceil(waited.late / 30) * 30)
    return (
        wide,
        f"from the first step to the last it took {waited.after} accounts {_days(waited.late)} (90th percentile)",
    )


def _health(measures: tuple[FoundMeasure, ...]) -> Iterator[str]:
    yield "health:"
    yield "  version: 1"
    yield "  measures:"
    for measure, key in zip(measures, _keys([m.id for m in measures]), strict=True):
        months = measure.measure["months"]
        name = _both(f"measure.{measure.known}", months=months, name=_called(measure.id, "judged"))
        yield f"    - id: {key}"
        yield f"      name: {_words(name)}{_NAME if measure.known == 'assessed' else ''}"
        yield f"      kind: {measure.kind}"
        yield f"      measure: {_mapping(measure.measure)}"
        yield f"      red: {measure.red}{_GUESS}{_SAID[measure.of].format(**measure.said)}"
        yield f"      green: {measure.green}"
        yield f"      weight: {measure.weight}{_CHECK}how much it matters beside the others"
        if measure.missing:
            yield "      missing: worst"
    yield ""


def _baselines(baselines: tuple[FoundBaseline, ...]) -> Iterator[str]:
    yield "baselines:"
    ids = _keys([b.event if b.known == "event" else b.id for b in baselines])
    for baseline, key in zip(baselines, ids, strict=True):
        event = _called(baseline.event)
        why = (
            f"rows on {baseline.days} of {baseline.of_days} days, from {baseline.low} to {baseline.high} a day, the"
            f" median is {baseline.usual}"
            if baseline.of_days
            else "nothing: the data has no number of each day; this waits for a usage table"
        )
        yield f"  - id: {key}{_GUESS}{why}"
        name = _both(f"baseline.{baseline.known}", event=event)
        yield f"    name: {_words(name)}{_NAME if baseline.known == 'event' else ''}"
        yield f"    unit: {_words(_both(f'unit.{baseline.known}'))}"
        yield f"    source: {baseline.source}"
        yield f"    value: {baseline.value}"
        if baseline.event != "*":
            yield f"    event: {yaml_scalar(baseline.event)}"
    yield ""


def _touch_mix(asked: Asked) -> Iterator[str]:
    counts: dict[str, int] = {}
    what = ""
    for table, rows in (("touches", "touches"), ("accounts", "accounts")):
        found = asked.table(table)
        if found is not None and not counts:
            models = found["touch_model"].dropna()
            counts, what = {str(m): int(n) for m, n in models.value_counts().items()}, rows
    total = sum(counts.values())
    if total:
        percent = {m: round(100 * counts.get(m, 0) / total) for m in TOUCH_MODELS}
        largest = max(percent, key=lambda m: percent[m])
        percent[largest] += 100 - sum(percent.values())
        why = f"{_GUESS}the touch models of {total} {what}; write how it is meant to be"
    else:
        percent, why = _USUAL_MIX, f"{_GUESS}nothing: no row has a touch model; write how it is meant to be"
    shares = ", ".join(f"{m}: {percent[m] / 100:.2f}" for m in TOUCH_MODELS)
    yield f"touch_mix: {{{shares}}}{why}"
    yield ""


def _playbook(steps: Steps, keys: list[str], names: list[Pair]) -> Iterator[str]:
    yield f"playbook:{_CHECK}what your team does"
    for number in range(1, len(steps.steps))[:_PLAYS]:
        step, before = steps.steps[number], steps.steps[number - 1]
        waited = wait(step, before)
        days = max(_WEEK, math.ceil(waited.late)) if waited.after else 60
        why = (
            f"it took {waited.after} accounts {_days(waited.late)} (75th percentile)"
            if waited.after
            else "nothing: 60 days are an example"
        )
        when = _both("play.when", step=names[number], before=names[number - 1], days=days)
        yield f"  - when: {_words(when)}{_GUESS}{why}"
        yield f"    do: {_words(_both('play.do'))}"
        yield f"    step: {keys[number]}"
    yield f"  - when: {_words(_both('play.less_when'))}"
    yield f"    do: {_words(_both('play.less_do'))}"
    yield ""


def _subjects(asked: Asked) -> Iterator[str]:
    """What contacts were about, where those are a few subjects and no sentences, and no customer's own words."""
    touches = asked.table("touches")
    if touches is None or "content" not in touches:
        return
    ours = touches.loc[touches["kind"] != "churn_notice", "content"].dropna()
    counts = ours.value_counts()
    if 0 < len(counts) <= _LISTED and all(len(str(text)) <= _SHORT for text in counts.index):
        counted = sorted(((str(c), int(n)) for c, n in counts.items()), key=lambda x: (-x[1], x[0]))
        yield from _listed_names("subjects", {c: f"{n} touches" for c, n in counted})


def _listed_names(section: str, said: Mapping[str, str]) -> Iterator[str]:
    if not said:
        return
    yield f"{section}:{_CHECK}what each is called on pages"
    for code, count in list(said.items())[:_LISTED]:
        yield f"  {yaml_scalar(code)}: {_words(_called(code))} # {count}"
    yield ""


def _customers(asked: Asked) -> Iterator[str]:
    contracts, free = asked.table("contracts"), asked.free_contracts
    for line in CUSTOMERS.splitlines():
        if "zero_mrr" in line and contracts is not None and free:
            why = f"{free} of {len(contracts)} contracts have an MRR of 0; say not_customer if those are none"
            yield f"  zero_mrr: customer{_GUESS}{why}"
        elif "amount_per" in line:
            yield line + "; check it"
        else:
            yield line


def _key(step: FoundStep) -> str:
    n = step.rule.get("at_least", 1)
    if step.known == "use":
        return "first_use"
    if step.known == "several":
        return f"{step.name.strip('*') or 'kinds'}_{n}"
    return f"uses_{n}" if step.known == "often" else step.name.removesuffix("*") or step.name


def _step_names(steps: Steps) -> list[Pair]:
    found = []
    for step in steps.steps:
        n = step.rule.get("at_least", 1)
        if step.known in ("contract", "use", "often"):
            found.append(_both(f"step.{step.known}", n=n))
        elif step.known == "several":
            key = "step.several_all" if step.name == "*" else "step.several"
            found.append(_both(key, n=n, event=_called(step.name)))
        else:
            found.append(_called(step.name))
    return found


def _called(name: str, kind: str = "known") -> Pair:
    """What a step or event is called (kind `judged`: what is assessed): as the catalogue has it, else as the data does."""
    key = f"draft.{kind}." + re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if _ENGLISH.has(key):
        return _ENGLISH(key), _JAPANESE(key)
    plain = one_line(name).removesuffix("*").rstrip(" ._:/-") or one_line(name) or "?"
    return _ENGLISH.theme(plain), _JAPANESE.theme(plain)


def _both(key: str, **fields: Any) -> Pair:
    """A sentence of the catalogue in both languages; a field may be a pair itself."""
    english, japanese = (
        text(f"draft.{key}", **{k: v[n] if isinstance(v, tuple) else v for k, v in fields.items()})
        for n, text in enumerate((_ENGLISH, _JAPANESE))
    )
    return english, japanese


def _keys(names: list[str]) -> list[str]:
    """A key for each name, as YAML writes it: `yes` and `1` would be something else."""
    return [yaml_scalar(slug) for slug in slugs(names)]


def _words(pair: Pair) -> str:
    return f"{{en: {yaml_scalar(pair[0])}, ja: {yaml_scalar(pair[1])}}}"


def _mapping(said: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{k}: {yaml_scalar(v)}" for k, v in said.items()) + "}"


def _days(days: float) -> str:
    """Days as a person says them; hours where it is less than one."""
    number, unit = (days, "day") if days >= 1 else (days * 24, "hour")
    if number < 1:
        return "less than an hour"
    said = f"{number:.1f}".removesuffix(".0")
    return f"{said} {unit}" if said == "1" else f"{said} {unit}s"
