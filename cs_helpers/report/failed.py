"""The page that says why a report was not published: plain words, no code and no path."""

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
    """The page of a run that failed, in the run's language, to lie beside the report.

    title: the report's heading. last_good: when the report was made that stays published, None
    where there is none. It links to `./<analysis>.<language>.html` and `../index.<language>.html`.
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
        report=f"./{run.analysis}.{language}.html",
        last_good=text.day(last_good) if last_good else "",
        problems=explained(problems, text),
    )


def explained(problems: Sequence[Problem], text: Text) -> list[tuple[str, str]]:
    """Each kind of problem as a sentence, and what it is about, in the catalogue's words.

    Of a problem's detail only the name of a figure, table or headline number is told: anything
    else may be code.
    """
    about: dict[str, list[str]] = {}
    for problem in problems:
        key = f"report.problem.{problem.code}"
        sentence = text(key if text.has(key) else "report.problem.error")
        about.setdefault(sentence, []).extend(_called(problem.detail, text))
    return [(sentence, text.join_list(list(dict.fromkeys(names)))) for sentence, names in about.items()]


def _called(name: str, text: Text) -> list[str]:
    """What the catalogue calls a figure, table or headline number; nothing where it has no words."""
    if not name.isidentifier():
        return []
    ends = (f".{name}.title", f".metrics.{name}")
    return [text(key) for key in catalogue(text.language) if key.endswith(ends)][:1]
