"""The page that explains why a report was not published, without code or paths."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from cs_helpers.contract.quarters import Quarter
from cs_helpers.report.manifest import Problem
from cs_helpers.report.pages import page_template
from cs_helpers.report.plan import Run
from cs_helpers.text import Text, catalogue


def failed_page(
    run: Run, problems: Sequence[Problem], *, title: str, product_name: str, last_good: date | None
) -> str:
    """The page of a failed run, in its language; it lies beside the report.

    title: the report's heading. last_good: the day of the report that stays published, None where there is none.
    It links to `./<analysis>.<language>.html` and `../index.<language>.html`.
    """
    language = run.parameters.language
    text = Text(language)
    quarter = Quarter.parse(run.parameters.quarter)
    return page_template("failed", "failed.html.j2").render(
        text=text,
        language=language,
        edition=text("page.edition.team") if run.parameters.audience == "team" else "",
        title=title or text("failed.state"),
        product=product_name,
        quarter=text.quarter(quarter),
        period=text.span(quarter.start, quarter.end),
        report=f"./{run.file.rpartition('/')[2]}",
        last_good=text.day(last_good) if last_good else "",
        problems=explain_problems(problems, text),
    )


def explain_problems(problems: Sequence[Problem], text: Text) -> list[tuple[str, str]]:
    """Each kind of problem as a sentence, and the figures, tables and metrics that it concerns.

    Other details of a problem are left out, for they may be code.
    """
    names_by_sentence: dict[str, list[str]] = {}
    for problem in problems:
        key = f"report.problem.{problem.code}"
        sentence = text(key if text.has(key) else "report.problem.error")
        names_by_sentence.setdefault(sentence, []).extend(_catalogue_title(problem.detail, text))
    return [
        (sentence, text.join_list(list(dict.fromkeys(names))))
        for sentence, names in names_by_sentence.items()
    ]


def _catalogue_title(name: str, text: Text) -> list[str]:
    """The catalogue's title of a figure, table or metric, as a list of one; empty where it has none."""
    if not name.isidentifier():
        return []
    suffixes = (f".{name}.title", f".metrics.{name}")
    return [text(key) for key in catalogue(text.language) if key.endswith(suffixes)][:1]
