"""A page follows its filter bar: what is in view first, what is known at once, and work that can be stopped."""

from __future__ import annotations

import time

import pytest

from cs_helpers.charts.points import with_points
from cs_helpers.contract.parameters import Parameters
from cs_helpers.live import page as pages
from cs_helpers.live.calls import Behind, Call
from cs_helpers.live.page import LivePage
from cs_helpers.live.workers import Answer, Answers, Job, Worker
from cs_helpers.outputs import Output, display_html
from cs_helpers.text import Text
from cs_helpers.workbook import Workbook

HERE = Parameters.check({"product": "helpdesk", "quarter": "2026Q3"})
ONE, TWO, THREE = (Call("table", name) for name in ("one", "two", "three"))


class Opened:
    """A workbook that shows which parameters it is of."""

    def __init__(self, parameters):
        self.parameters, self.text = parameters, Text("en")

    def show(self, call):
        display_html(f"{call.analysis} of {self.parameters.product} {self.parameters.segment}")


class Asked:
    """A worker that answers when it is told to."""

    made: list = []  # noqa: RUF012

    def __init__(self, answered, results, *, low=False):
        self.answered, self.low, self.jobs, self.stopped = answered, low, [], 0
        Asked.made.append(self)

    def start(self):
        pass

    def ask(self, job):
        self.jobs.append(job)

    def stop(self):
        self.stopped += 1

    def answer(self, *calls, job=None, problem=""):
        job = job or self.jobs[-1]
        for call in calls:
            shown = [Output(f"{call.analysis} of {dict(job.parameters)['product']}")]
            self.answered(Answer(job, call, () if problem else shown, problem=problem))


@pytest.fixture
def shown(monkeypatch):
    """What stands where, by the id of the display."""
    stands = {}
    monkeypatch.setattr(pages, "replace_output", lambda where, html: stands.__setitem__(where, html))
    return stands


@pytest.fixture
def page(monkeypatch, shown):
    Asked.made = []
    monkeypatch.setattr(pages, "Worker", Asked)
    monkeypatch.setattr(pages, "cores", lambda: 2)
    told, made = [], []
    neighbours = []
    live = LivePage(
        Opened(HERE), HERE, lambda p: made.append(p) or Opened(p), progressed=told.append, neighbours=lambda: neighbours
    )  # fmt: skip
    live.told, live.opened, live.likely = told, made, neighbours
    live.front, live.ahead = Asked.made
    for call in (ONE, TWO, THREE):
        live.show(call)
    live.in_browser()
    yield live
    live.close()


def stands(page, shown, number):
    return shown[page.places[number].display_ids[0]]


def test_in_a_browser_each_output_can_be_clicked(page, shown):
    assert 'data-cs-call="1"' in stands(page, shown, 1)
    assert "two of helpdesk all" in stands(page, shown, 1)
    assert page.front.jobs == []


def test_what_is_in_view_is_drawn_first(page):
    page.in_view = [2]
    page.change(product="paper_to_web")
    assert page.front.jobs[-1].calls == (THREE, ONE, TWO)
    assert page.waiting == [2, 0, 1]


def test_each_output_is_drawn_when_it_is_there_and_then_the_workbook_is_the_new_one(page, shown):
    page.change(product="paper_to_web")
    page.front.answer(TWO)
    page.take_answers()
    assert "two of paper_to_web" in stands(page, shown, 1)
    assert "one of helpdesk" in stands(page, shown, 0)
    assert (page.told[-1].done, page.told[-1].total, page.told[-1].is_running) == (1, 3, True)
    page.front.answer(ONE, THREE)
    page.take_answers()
    assert (page.told[-1].done, page.told[-1].is_running, page.waiting) == (3, False, [])
    assert page.workbook.parameters.product == "paper_to_web"


def test_what_was_seen_is_there_at_once(page, shown):
    page.change(product="paper_to_web")
    page.front.answer(ONE, TWO, THREE)
    page.take_answers()
    asked = len(page.front.jobs)
    page.change(product="helpdesk")
    assert "two of helpdesk" in stands(page, shown, 1)
    assert len(page.front.jobs) == asked
    assert page.waiting == []


def test_answers_for_what_was_chosen_before_are_kept_but_not_shown(page, shown):
    page.change(product="paper_to_web")
    before = page.front.jobs[-1]
    page.change(product="expense_desk")
    page.front.answer(ONE, job=before)
    page.take_answers()
    assert "one of helpdesk" in stands(page, shown, 0)
    page.front.answer(ONE, TWO, THREE)
    page.take_answers()
    assert "one of expense_desk" in stands(page, shown, 0)
    page.change(product="paper_to_web")
    assert "one of paper_to_web" in stands(page, shown, 0)


def test_a_stopped_redraw_leaves_what_is_drawn_and_says_how_far_it_came(page, shown):
    page.change(product="paper_to_web")
    page.front.answer(ONE)
    page.take_answers()
    stopped = page.front.jobs[-1]
    page.stop()
    assert page.front.stopped == 1
    assert (page.told[-1].done, page.told[-1].total, page.told[-1].is_running) == (1, 3, False)
    page.front.answer(TWO, job=stopped)
    page.take_answers()
    assert "two of helpdesk" in stands(page, shown, 1)
    page.change(product="paper_to_web")  # asked for once more: what has come since is there
    assert page.front.jobs[-1].calls == (THREE,)


def test_what_cannot_be_drawn_is_said_and_the_workbook_stays(page, shown):
    page.change(segment="size:small")
    page.front.answer(ONE, TWO, THREE, problem="no customer of this product belongs to it")
    page.front.answered(Answer(page.front.jobs[-1], None))
    page.take_answers()
    assert page.told[-1].problem == "no customer of this product belongs to it"
    assert page.waiting == [0, 1, 2]
    assert page.workbook.parameters == HERE
    page.change(segment="all")
    assert page.told[-1].problem == ""
    assert page.waiting == []


def test_neighbours_are_worked_out_ahead_for_what_is_in_view(page, shown):
    page.in_view = [1]
    likely = [HERE.model_copy(update={"product": name}) for name in ("paper_to_web", "expense_desk")]
    page.likely[:] = likely
    page.change(quarter="2026Q2")
    page.front.answer(ONE, TWO, THREE)
    page.take_answers()
    assert page.ahead.low
    assert [dict(j.parameters)["product"] for j in page.ahead.jobs] == ["paper_to_web"]
    assert page.ahead.jobs[-1].calls == (TWO,)
    page.ahead.answer(TWO)
    page.ahead.answered(Answer(page.ahead.jobs[-1], None))
    page.take_answers()
    assert dict(page.ahead.jobs[-1].parameters)["product"] == "expense_desk"
    page.change(product="paper_to_web", quarter="2026Q3")
    assert "two of paper_to_web" in stands(page, shown, 1)
    assert TWO not in page.front.jobs[-1].calls
    assert page.ahead.jobs[-1].calls == ()  # what is asked for goes first


def test_a_cell_that_runs_while_the_page_is_drawn_is_drawn_for_what_is_chosen(page, shown):
    page.change(product="paper_to_web")
    four = Call("table", "four")
    page.show(four)
    page.front.answer(ONE, TWO, THREE)
    page.take_answers()
    assert page.front.jobs[-1].calls == (four,)
    page.front.answer(four)
    page.take_answers()
    assert "four of paper_to_web" in stands(page, shown, 3)


def test_what_follows_is_told_of_the_new_workbook(page):
    seen = []
    page.follow(seen.append)
    page.change(product="paper_to_web")
    page.front.answer(ONE, TWO, THREE)
    page.take_answers()
    assert [workbook.parameters.product for workbook in seen] == ["paper_to_web"]


def test_what_was_not_looked_at_for_longest_is_dropped_first(page, monkeypatch):
    monkeypatch.setattr(pages, "KEPT", 120)
    for product in ("paper_to_web", "expense_desk", "helpdesk"):
        page.change(product=product)
        if page.waiting:
            page.front.answer(ONE, TWO, THREE)
            page.take_answers()
    assert sum(len(o.html) for outputs in page._kept.values() for o in outputs) <= 120


@pytest.fixture
def worker(home, monkeypatch, tmp_path):
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(home))
    answers = Answers()
    started = Worker(answers.put, tmp_path)
    yield started, answers
    started.stop()


def values(**changed):
    return tuple(sorted({**HERE.model_dump(), **changed}.items()))


def taken(answers):
    """The answers of one job, up to its end."""
    found = []
    while not found or found[-1].call is not None:
        answer = answers.take(60)
        assert answer, "the worker does not answer"
        found.append(answer)
    return found


def test_a_worker_draws_what_the_workbook_shows_and_says_what_it_cannot(worker, home):
    started, answers = worker
    bridge = Call("chart", "revenue", (), ("bridge",))
    started.ask(Job(1, values(segment="size:small"), (bridge, Call("table", "revenue", (), ("movements",)))))
    chart, table, end = taken(answers)
    opened = Workbook.open(product="helpdesk", quarter="2026Q3", segment="size:small")
    with with_points():
        expected = opened.answer_html(opened.analyse("revenue"), "bridge")
    assert chart.outputs[-1].html in expected
    assert "<table" in table.outputs[0].html
    assert end.problem == ""
    started.ask(Job(2, values(segment="size:unheard-of"), (bridge,)))
    assert "no customer of this product belongs to it" in taken(answers)[0].problem
    started.ask(Job(3, values(), (Call("chart", "revenue", (), ("no_such",)), bridge)))
    _unknown, chart, _ = taken(answers)
    assert chart.outputs[-1].kind == "figure"


def test_a_worker_that_dies_says_so(worker):
    started, answers = worker
    job = Job(1, values(), (Call("summary.headline_numbers"),))
    started.ask(job)
    started._process.kill()
    answer = answers.take(30)
    assert (answer.job, answer.call) == (job, None)
    assert "has ended" in answer.problem


def test_a_worker_can_be_stopped_while_it_works_and_answers_again(worker):
    started, answers = worker
    started.ask(Job(1, values(), (Call("summary.headline_numbers"),)))
    time.sleep(0.5)
    begun = time.monotonic()
    started.stop()
    assert time.monotonic() - begun < 5
    started.ask(Job(2, values(), (Call("header", names=("revenue",)),)))
    header, _ = taken(answers)
    assert header.job.number == 2
    assert header.outputs


def test_the_customers_behind_a_point_stand_below_its_figure_until_it_is_clicked_again(page, shown):
    page.follow_point(1, '{"step": "a"}')
    job = page.front.jobs[-1]
    assert (job.calls, job.point) == ((TWO,), '{"step": "a"}')
    page.front.answered(Answer(job, TWO, behind=Behind(job.point, "<table>A-1</table>")))
    page.front.answered(Answer(job, None))
    page.take_answers()
    assert "A-1" in stands(page, shown, 1)
    page.follow_point(1, '{"step": "a"}')
    assert "A-1" not in stands(page, shown, 1)
    assert page.front.jobs[-1] is job


def test_a_file_that_is_wanted_while_the_page_is_drawn_delays_the_drawing_and_does_not_end_it(page, shown):
    page.change(product="paper_to_web")
    before = page.front.jobs[-1]
    page.front.answer(ONE)
    page.ask_for_file(0, "csv")
    wanted, rest = page.front.jobs[-2:]
    assert (wanted.file, rest.calls) == ("csv", (ONE, TWO, THREE))
    page.front.answered(Answer(before, None))  # the worker dropped what was left of it
    page.front.answered(Answer(wanted, None))
    page.take_answers()
    assert page.waiting
    page.front.answer(ONE, TWO, THREE)
    page.take_answers()
    assert page.waiting == []
    assert "three of paper_to_web" in stands(page, shown, 2)
