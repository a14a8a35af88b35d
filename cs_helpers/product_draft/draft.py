"""Write a first product file from the data, with the numbers behind each guess as comments.

The draft is valid, and a report on that data runs with it unchanged. `# guess:` gives the basis of a guess;
`# check:` marks what the data cannot provide, such as the names that people use.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from cs_helpers.contract.vocabulary import TOUCH_MODELS
from cs_helpers.product_draft.copied_product import ALERTS, CUSTOMERS, REVENUE
from cs_helpers.product_draft.data import DraftData
from cs_helpers.product_draft.steps import DraftStep, DraftSteps, find_steps, interval_between, make_slugs
from cs_helpers.product_draft.use import (
    DraftLevel,
    DraftMeasure,
    Window,
    draft_levels,
    draft_measures,
    usage_window,
)
from cs_helpers.product_draft.watched import draft_baselines, draft_country
from cs_helpers.sources.inspect.column_lines import yaml_scalar
from cs_helpers.sources.inspect.inspection import one_line
from cs_helpers.text import Text

#: a name in both languages
Pair = tuple[str, str]

_ENGLISH, _JAPANESE = Text("en"), Text("ja")
#: default window of a journey in days; days from the entry within which the value step must be reached; least days of a
#: play; number of plays; number of themes, subjects and left-out steps that are listed; longest text that counts as a
#: subject and not as a sentence
_DEFAULT_WINDOW, _VALUE_WITHIN_DAYS, _MIN_PLAY_DAYS, _MAX_PLAYS, _MAX_LISTED, _SHORT_SUBJECT = (
    365,
    180,
    7,
    3,
    12,
    40,
)
#: touch mix in percent where the data has no touch models
_USUAL_MIX = {"high": 15, "low": 35, "tech": 40, "community": 10}
_GUESS, _CHECK = " # guess: ", " # check: "
_CHECK_NAME = _CHECK + "named after the data; write what people call it"
_CHECK_MADE_UP_NAME = _CHECK + "a name made up for it"
#: basis of the bounds of a measure -> comment
_MEASURE_BASIS = {
    "use": "of {n} customers the 10th percentile is {low}, the median {usual}, the 75th percentile {high}",
    "tickets": "of {n} customers the median is {usual}, the 90th percentile {high}; fewer is taken for better",
    "assessed": "{n} judgements of {accounts} accounts, the median is {usual}; the bounds are the usual ones",
    "nps": "{n} answers, the median is {usual}; the bounds are the usual ones",
    "nothing": "nothing in the data tells of health; this waits for a usage table",
}


def draft(data: DraftData, source: str) -> str:
    """The text of a product file for the data. source: name of the data in the comments."""
    window = usage_window(data)
    steps = find_steps(data)
    names = _step_names(steps)
    keys = _yaml_keys([_step_key(step) for step in steps.steps])
    lines = [
        *_header(data, source, window),
        *_maturity(draft_levels(window), window),
        *_journey(data, steps, keys, names),
        *_health(draft_measures(data, window)),
        *_baselines(data),
        *_touch_mix(data),
        *_playbook(steps, keys, names),
        *_means(keys),
        *_listed_names("themes", {c: f"told in {n} notes" for c, n in data.code_counts.items()}),
        *_subjects(data),
        *_customers(data),
        "",
        *REVENUE.splitlines(),
    ]
    return "\n".join(lines) + "\n"


def _header(data: DraftData, source: str, window: Window | None) -> Iterator[str]:
    given_tables = sorted({*data.tables, *(("usage",) if data.usage is not None else ())} - {"accounts"})
    empty = [name for name in given_tables if name != "usage" and data.table(name) is None]
    with_rows = ", ".join(n for n in given_tables if n not in empty) or "no table"
    missing = [
        n
        for n in ("contracts", "usage", "milestones", "touches", "tickets")
        if n not in with_rows.split(", ")
    ]
    yield f"# Drafted from {one_line(source)}, with what it knows up to {data.as_of}, by 'cs-workbook new-product'."
    yield "# '# guess:' says what a line was guessed from, '# check:' what only a person knows: look at each of them."
    yield f"# Rows were found in: {with_rows}." + (
        f" Nothing was found in: {', '.join(missing)}." if missing else ""
    )
    if not data.is_named:
        products = ", ".join(one_line(name) for name in data.named_products) or "no product"
        yield f"# No row names the product '{data.product}': all numbers are of the rows that name {products}."
    if data.usage is not None and window is None:
        yield "# There is use, but none of a customer in the twelve months up to the last complete one."
    yield f"product: {yaml_scalar(data.product)}"
    yield f"name: {_yaml_words((data.product, data.product))}{_CHECK}what customers call it"
    day = (_ENGLISH.day(data.as_of), _JAPANESE.day(data.as_of))
    about = _bilingual("about", product=(data.product, data.product), day=day)
    yield f"about:{_CHECK}what it does, in one sentence"
    yield f"  en: {yaml_scalar(about[0])}"
    yield f"  ja: {yaml_scalar(about[1])}"
    yield ""


def _maturity(levels: tuple[DraftLevel, ...], window: Window | None) -> Iterator[str]:
    yield "maturity:"
    yield "  levels:"
    for number, level in enumerate(levels, 1):
        first, last = level.conditions[0], level.conditions[-1]
        fields = {"n": first["at_least"], "much": last["at_least"], "months": first["months"]}
        event = _display_name(level.event)
        yield f"    - level: {number}"
        yield f"      name: {_yaml_words(_bilingual(f'level.{level.name_key}', event=event, **fields))}{_CHECK_MADE_UP_NAME}"
        yield f"      meaning: {_yaml_words(_bilingual(f'meaning.{level.name_key}', event=event, **fields))}"
        if level.reached is None or window is None:
            basis = "nothing: no use in the data, so the bounds are examples"
        else:
            below = " and the levels below" if number > 1 else ""
            basis = (
                f"{level.reached} of {len(window.customers)} customers meet this{below}"
                f" in the {window.months} months up to {window.last_day}"
            )
        yield f"      conditions:{_GUESS}{basis}"
        for condition in level.conditions:
            yield f"        - {_yaml_mapping(condition)}"
    yield ""


def _journey(data: DraftData, steps: DraftSteps, keys: list[str], names: list[Pair]) -> Iterator[str]:
    yield "journey:"
    if steps.accounts < steps.all_accounts:
        yield f"  # Of {steps.all_accounts} accounts, the {steps.accounts} were looked at that began when the data told of steps already."
    for step_left_out in steps.left_out[:_MAX_LISTED]:
        basis = f", {step_left_out.why}" if step_left_out.why else ""
        yield f"  # Left out: '{one_line(step_left_out.name)}', reached by {step_left_out.accounts} of {steps.accounts} accounts{basis}."
    if len(steps.left_out) > _MAX_LISTED:
        yield f"  # Left out as well: {len(steps.left_out) - _MAX_LISTED} more."
    value_step, basis = _value_step(steps)
    yield f"  value_step: {keys[value_step]}{_GUESS}{basis}"
    days, basis = _window_days(steps)
    yield f"  window_days: {days}{_GUESS}{basis}"
    yield "  steps:"
    for number, step in enumerate(steps.steps):
        name = _CHECK_MADE_UP_NAME if step.name_key in ("use", "several", "often") else _CHECK_NAME
        yield f"    - step: {keys[number]}"
        yield f"      name: {_yaml_words(names[number])}{'' if step.name_key == 'contract' else name}"
        basis = _step_basis(steps, number, names)
        yield f"      rule: {_yaml_mapping(step.rule)}{_GUESS}{basis}"
    yield ""


def _step_basis(steps: DraftSteps, number: int, names: list[Pair]) -> str:
    step, before = steps.steps[number], steps.steps[number - 1]
    if not step.has_times:
        return step.basis
    basis = f"reached by {len(step.times)} of {steps.accounts} accounts"
    if number and before.has_times:
        interval, name = interval_between(step, before), one_line(names[number - 1][0])
        if not interval.reached_both:
            basis += f"; none of them reached {name}, too"
        elif interval.reached_in_order * 2 < interval.reached_both:
            basis += f"; before {name} in {interval.reached_both - interval.reached_in_order} of the {interval.reached_both} that reached both"
        else:
            basis += (
                f"; with or after {name} in {interval.reached_in_order} of the {interval.reached_both} that reached both,"
                f" by a median of {_duration(interval.median_days)}"
            )
    return basis + (f"; {step.basis}" if step.basis else "")


def _value_step(steps: DraftSteps) -> tuple[int, str]:
    entry = steps.steps[0].times
    best = (
        1,
        "no step is known to be reached by half of the accounts soon; this is the first after the entry",
    )
    for number, step in enumerate(steps.steps):
        if not number or not step.has_times:
            continue
        waits = (step.times - entry.reindex(step.times.index)).dropna()
        soon = int((waits <= pd.Timedelta(days=_VALUE_WITHIN_DAYS)).sum())
        if soon and soon * 2 >= steps.accounts:
            basis = f"the furthest step that half of the accounts reached within {_VALUE_WITHIN_DAYS} days of the entry"
            best = number, f"{basis} ({soon} of {steps.accounts})"
    return best


def _window_days(steps: DraftSteps) -> tuple[int, str]:
    steps_with_times = [s for s in steps.steps if s.has_times]
    interval = (
        interval_between(steps_with_times[-1], steps_with_times[0], quantile=0.9)
        if len(steps_with_times) > 1
        else None
    )
    if interval is None or not interval.reached_in_order:
        return _DEFAULT_WINDOW, "nothing: a year is usual"
    wide = (
        _DEFAULT_WINDOW
        if interval.upper <= _DEFAULT_WINDOW
        else min(36_500, math.ceil(interval.upper / 30) * 30)
    )
    return (
        wide,
        f"from the first step to the last it took {interval.reached_in_order} accounts {_duration(interval.upper)} (90th percentile)",
    )


def _health(measures: tuple[DraftMeasure, ...]) -> Iterator[str]:
    yield "health:"
    yield "  version: 1"
    yield "  measures:"
    for measure, key in zip(measures, _yaml_keys([m.id for m in measures]), strict=True):
        months = measure.measure["months"]
        name = _bilingual(
            f"measure.{measure.name_key}", months=months, name=_display_name(measure.id, "judged")
        )
        yield f"    - id: {key}"
        yield f"      name: {_yaml_words(name)}{_CHECK_NAME if measure.name_key == 'assessed' else ''}"
        yield f"      kind: {measure.kind}"
        yield f"      measure: {_yaml_mapping(measure.measure)}"
        yield f"      red: {measure.red}{_GUESS}{_MEASURE_BASIS[measure.basis].format(**measure.basis_fields)}"
        yield f"      green: {measure.green}"
        yield f"      weight: {measure.weight}{_CHECK}how much it matters beside the others"
        if measure.missing:
            yield "      missing: worst"
    yield ""


def _baselines(data: DraftData) -> Iterator[str]:
    yield "baselines: # what is watched: docs/bring-your-own-data.md"
    baselines = draft_baselines(data)
    ids = _yaml_keys([b.event if b.name_key == "event" else b.id for b in baselines])
    for baseline, key in zip(baselines, ids, strict=True):
        event = _display_name(baseline.event)
        yield f"  - id: {key}{_GUESS}{baseline.basis}"
        name = _bilingual(f"baseline.{baseline.name_key}", event=event)
        yield f"    name: {_yaml_words(name)}{_CHECK_NAME if baseline.name_key == 'event' else ''}"
        yield f"    unit: {_yaml_words(_bilingual(f'unit.{baseline.name_key}'))}"
        for said, value in baseline.said.items():
            yield f"    {said}: {value}"
        if baseline.event != "*":
            yield f"    event: {yaml_scalar(baseline.event)}"
    yield ""
    yield from ALERTS.splitlines()
    yield ""
    if country := draft_country(data):
        yield "calendar: # weekdays on which the customers' offices are closed"
        yield f"  country: {country}{_GUESS}all amounts are in yen"
        yield f"  closed: [{{first: 12-29, last: 01-03}}]{_CHECK}when else most customers are closed"
    else:
        yield f"# calendar: {{country: JP, closed: [{{first: 12-29, last: 01-03}}]}}{_CHECK}whose holidays count"
    yield ""


def _touch_mix(data: DraftData) -> Iterator[str]:
    counts: dict[str, int] = {}
    counted = ""
    for table, rows in (("touches", "touches"), ("accounts", "accounts")):
        table_rows = data.table(table)
        if table_rows is not None and not counts:
            models = table_rows["touch_model"].dropna()
            counts, counted = {str(m): int(n) for m, n in models.value_counts().items()}, rows
    total = sum(counts.values())
    if total:
        percent = {m: round(100 * counts.get(m, 0) / total) for m in TOUCH_MODELS}
        largest = max(percent, key=lambda m: percent[m])
        percent[largest] += 100 - sum(percent.values())
        basis = f"{_GUESS}the touch models of {total} {counted}; write how it is meant to be"
    else:
        percent, basis = _USUAL_MIX, f"{_GUESS}nothing: no row has a touch model; write how it is meant to be"
    shares = ", ".join(f"{m}: {percent[m] / 100:.2f}" for m in TOUCH_MODELS)
    yield f"touch_mix: {{{shares}}}{basis}"
    yield ""


def _playbook(steps: DraftSteps, keys: list[str], names: list[Pair]) -> Iterator[str]:
    yield f"playbook:{_CHECK}what your team does"
    for number in range(1, len(steps.steps))[:_MAX_PLAYS]:
        step, before = steps.steps[number], steps.steps[number - 1]
        interval = interval_between(step, before)
        days = max(_MIN_PLAY_DAYS, math.ceil(interval.upper)) if interval.reached_in_order else 60
        basis = (
            f"it took {interval.reached_in_order} accounts {_duration(interval.upper)} (75th percentile)"
            if interval.reached_in_order
            else "nothing: 60 days are an example"
        )
        when = _bilingual("play.when", step=names[number], before=names[number - 1], days=days)
        yield f"  - when: {_yaml_words(when)}{_GUESS}{basis}"
        yield f"    do: {_yaml_words(_bilingual('play.do'))}"
        yield f"    step: {keys[number]}"
        yield f"    id: {keys[number]}"  # names of steps may read alike
        yield f"    rule: {{waits_for: {keys[number]}, days: {days}}}"
    yield f"  - when: {_yaml_words(_bilingual('play.less_when'))}"
    yield f"    do: {_yaml_words(_bilingual('play.less_do'))}"
    yield ""


def _means(keys: list[str]) -> Iterator[str]:
    """The organisation and the means as comments, with the steps and entries of the draft: no data tells who does what."""
    first, entries = keys[1] if len(keys) > 1 else "", keys[1:][:_MAX_PLAYS]
    steps, plays = ", ".join(keys[1:]), ", ".join(entries)
    team = _yaml_words(_bilingual("means.department"))
    yield f"# organisation:{_CHECK}who does what; take the '# ' of these lines away, and write your own (docs/means.md)"
    yield "#   roles: # onboarding, implementation, adoption, renewal, expansion or support"
    yield "#     - role: onboarding"
    yield f"#       department: {team}"
    yield "#       people: 1 # full-time equivalents"
    yield f"#       steps: [{steps}] # that it answers for"
    yield "#       kpis: [journeys.days_to_value] # headline numbers that it is measured by"
    yield f"#       plays: [{plays}] # entries of the playbook that it carries out"
    yield f"# means:{_CHECK}what can be done, and what it takes (docs/means.md)"
    yield "#   - id: session"
    yield f"#     name: {_yaml_words(_bilingual('means.session'))}"
    yield "#     kind: measure # or resource"
    yield "#     horizon: short_term # or root_cause"
    yield f"#     department: {team}"
    yield "#     owned: own # or borrowed, from that department"
    yield "#     capacity: 10 # customers a quarter"
    yield f"#     steps: [{first}]"
    yield f"#     plays: [{plays}]"
    yield ""


def _subjects(data: DraftData) -> Iterator[str]:
    """The subjects of touches, if they are a few short texts; churn notices are in a customer's words and left out."""
    touches = data.table("touches")
    if touches is None or "content" not in touches:
        return
    contents = touches.loc[touches["kind"] != "churn_notice", "content"].dropna()
    counts = contents.value_counts()
    if 0 < len(counts) <= _MAX_LISTED and all(len(str(text)) <= _SHORT_SUBJECT for text in counts.index):
        by_count = sorted(((str(c), int(n)) for c, n in counts.items()), key=lambda x: (-x[1], x[0]))
        yield from _listed_names("subjects", {c: f"{n} touches" for c, n in by_count})


def _listed_names(section: str, counts: Mapping[str, str]) -> Iterator[str]:
    if not counts:
        return
    yield f"{section}:{_CHECK}what each is called on pages"
    for code, count in list(counts.items())[:_MAX_LISTED]:
        yield f"  {yaml_scalar(code)}: {_yaml_words(_display_name(code))} # {count}"
    yield ""


def _customers(data: DraftData) -> Iterator[str]:
    contracts, free = data.table("contracts"), data.free_contracts
    for line in CUSTOMERS.splitlines():
        if "zero_mrr" in line and contracts is not None and free:
            basis = (
                f"{free} of {len(contracts)} contracts have an MRR of 0; say not_customer if those are none"
            )
            yield f"  zero_mrr: customer{_GUESS}{basis}"
        elif "amount_per" in line:
            yield line + "; check it"
        else:
            yield line


def _step_key(step: DraftStep) -> str:
    n = step.rule.get("at_least", 1)
    if step.name_key == "use":
        return "first_use"
    if step.name_key == "several":
        return f"{step.name.strip('*') or 'kinds'}_{n}"
    return f"uses_{n}" if step.name_key == "often" else step.name.removesuffix("*") or step.name


def _step_names(steps: DraftSteps) -> list[Pair]:
    names = []
    for step in steps.steps:
        n = step.rule.get("at_least", 1)
        if step.name_key in ("contract", "use", "often"):
            names.append(_bilingual(f"step.{step.name_key}", n=n))
        elif step.name_key == "several":
            key = "step.several_all" if step.name == "*" else "step.several"
            names.append(_bilingual(key, n=n, event=_display_name(step.name)))
        else:
            names.append(_display_name(step.name))
    return names


def _display_name(name: str, kind: str = "known") -> Pair:
    """The name of a step or event (kind `judged`: of a measure): from the catalogue, else derived from the data's name."""
    key = f"draft.{kind}." + re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if _ENGLISH.has(key):
        return _ENGLISH(key), _JAPANESE(key)
    readable = one_line(name).removesuffix("*").rstrip(" ._:/-") or one_line(name) or "?"
    return _ENGLISH.theme(readable), _JAPANESE.theme(readable)


def _bilingual(key: str, **fields: Any) -> Pair:
    """A sentence of the catalogue in both languages; fields may be pairs themselves."""
    english, japanese = (
        text(f"draft.{key}", **{k: v[n] if isinstance(v, tuple) else v for k, v in fields.items()})
        for n, text in enumerate((_ENGLISH, _JAPANESE))
    )
    return english, japanese


def _yaml_keys(names: list[str]) -> list[str]:
    """A unique key for each name, quoted where YAML would read it as another type (`yes`, `1`)."""
    return [yaml_scalar(slug) for slug in make_slugs(names)]


def _yaml_words(pair: Pair) -> str:
    return f"{{en: {yaml_scalar(pair[0])}, ja: {yaml_scalar(pair[1])}}}"


def _yaml_mapping(mapping: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{k}: {yaml_scalar(v)}" for k, v in mapping.items()) + "}"


def _duration(days: float) -> str:
    """A duration in days as text; in hours where it is less than a day."""
    number, unit = (days, "day") if days >= 1 else (days * 24, "hour")
    if number < 1:
        return "less than an hour"
    number_text = f"{number:.1f}".removesuffix(".0")
    return f"{number_text} {unit}" if number_text == "1" else f"{number_text} {unit}s"
