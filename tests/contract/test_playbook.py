"""What an entry of a playbook may say, and the sentence where it may not."""

from __future__ import annotations

from typing import Any

import pytest
from builders import play, product, words
from pydantic import ValidationError

from cs_helpers.contract.playbook import Play

STEPS = ["kickoff", "live"]


def problem(*plays: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as caught:
        product(steps=STEPS, playbook=list(plays))
    return str(caught.value.errors()[0]["msg"])


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ({"waits_for": "live", "days": 90}, "waits_for"),
        ({"waits_for": "live", "after": "contract", "days": 0}, "waits_for"),
        ({"level_dropped": True, "months": 6}, "level_dropped"),
        ({"level_below": 2, "customer_days": {"at_least": 180}}, "level_below"),
        ({"band": "red"}, "band"),
        ({"silence": {"source": "usage", "event": "web.*", "days": 30}}, "silence"),
        ({"renewal_within": 90}, "renewal_within"),
        ({"measure": {"source": "tickets", "value": "count", "at_least": 5}}, "measure"),
        ({"fall": {"value": "days", "to": 0.5}, "reached": "live"}, "fall"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_rule_is_of_the_kind_that_it_names(rule: dict[str, Any], kind: str) -> None:
    made = product(steps=STEPS, playbook=[play("now", rule)]).playbook[0].rule
    assert made is not None
    assert made.kind == kind


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({}, "needs exactly one of 'waits_for'"),
        ({"band": "red", "level_below": 2}, "needs exactly one of 'waits_for'"),
        ({"waits_for": "live"}, "'waits_for' needs 'days'"),
        ({"band": "red", "days": 3}, "'days' belongs to 'waits_for', which is missing"),
        ({"waits_for": "live", "days": 3, "months": 2}, "'months' belongs to 'level_dropped', which is missing"),
        ({"waits_for": "gone", "days": 3}, "playbook names the step 'gone', journey has no such step"),
        ({"band": "red", "reached": "gone"}, "playbook names the step 'gone', journey has no such step"),
        ({"waits_for": "contract", "days": 3}, "'contract', which must come later than 'contract'"),
        ({"waits_for": "kickoff", "after": "live", "days": 3}, "'kickoff', which must come later than 'live'"),
        ({"silence": {"source": "tickets", "event": "x", "days": 3}}, "only source 'usage' has an 'event'"),
        ({"fall": {"source": "surveys", "value": "nps", "to": 0.5}}, "only what is counted can fall"),
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
def test_a_rule_that_cannot_be_is_refused_in_a_sentence(rule: dict[str, Any], said: str) -> None:
    assert said in problem(play("now", rule))


def test_what_was_done_needs_a_rule() -> None:
    assert "'done' needs 'rule'" in problem(play("now", None, done={"touch": "call"}))


def test_two_entries_have_two_ids() -> None:
    assert "two entries of the playbook have the id 'now'" in problem(play("now"), play("now"))


def test_an_id_made_from_the_words_stays_when_entries_move_and_changes_with_the_words() -> None:
    first, second = ({"when": words(w), "do": words("call")} for w in ("silent", "angry"))
    keys = [[p.key for p in product(playbook=order).playbook] for order in ([first, second], [second, first])]
    assert keys[0] == keys[1][::-1]
    assert keys[0][0] != keys[0][1]
    assert Play.model_validate({**first, "do": words("write")}).key == keys[0][0]
