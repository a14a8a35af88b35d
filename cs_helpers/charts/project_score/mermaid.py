"""A project score as text for Mermaid, which wikis and code hosts draw."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cs_helpers.charts.project_score.box import COLOURS as OF_STATE
from cs_helpers.charts.project_score.box import measured
from cs_helpers.charts.project_score.content import GIVEN, LAYERS, STATES, Box, Content, heading_of
from cs_helpers.charts.sheet import COLOURS
from cs_helpers.text import Text

#: what has a meaning to Mermaid inside of quotes, or in the Markdown and HTML that it reads there
_MEANS_SOMETHING = re.compile(r"""["#&;<>*_`~\\|\[\]{}]|(?<=:)/|\A\s*[-+=]|(?<=\d)[.)](?=\s)""")
_BREAK = "<br/>"


def as_mermaid(content: Content, text: Text) -> str:
    """The flowchart: a box for each element with its state in words, in a frame for each kind; classes for its colours."""
    boxes = list(content.all)
    # ids of its own: those of a score may be words of Mermaid, as `end`
    names = {box.id: f"n{number}" for number, box in enumerate(boxes, 1)}
    lines = [
        "flowchart LR",
        f"  accTitle: {_one_line(content.message)}",
        f"  accDescr: {_one_line(content.alt)}",
    ]
    for kind in (GIVEN, *LAYERS):
        if content.boxes[kind]:
            lines += [f'  subgraph {kind}["{escaped(heading_of(kind, text))}"]']
            # what has no links stands in a column only if its frame says so
            lines += ["    direction LR"] if kind == GIVEN else []
            lines += [f'    {names[box.id]}["{_label(box, text)}"]' for box in content.boxes[kind]]
            lines.append("  end")
    if content.boxes[GIVEN] and content.boxes["measure"]:
        lines.append(
            f"  {GIVEN} ~~~ measure"
        )  # a link that is not seen, so that what is given stands at the left
    lines += [f"  {names[start]} --> {names[end]}" for start, end in content.links]
    for state in (*STATES, ""):
        of_state = [names[box.id] for box in boxes if box.state == state]
        if of_state:
            edge, area = (COLOURS[colour] for colour in OF_STATE[state])
            dashed = ",stroke-dasharray:5 4" if state == "not_measured" else ""
            name = state or "plain"
            lines.append(f"  classDef {name} fill:{area},stroke:{edge},color:{COLOURS['ink']}{dashed}")
            lines.append(f"  class {','.join(of_state)} {name}")
    return "\n".join(lines) + "\n"


def escaped(words: str) -> str:
    """Words as Mermaid shows them inside of quotes, whatever signs they hold."""
    one_line = " ".join(words.split())
    return _MEANS_SOMETHING.sub(lambda match: "".join(_code(sign) for sign in match[0]), one_line)


def _code(sign: str) -> str:
    return sign if sign.isspace() else f"#{ord(sign)};"


def _label(box: Box, text: Text) -> str:
    return _BREAK.join(escaped(words) for words in _said(box, text) if words)


def _said(box: Box, text: Text) -> Iterator[str]:
    """What a box says, line by line."""
    yield box.heading
    yield text(f"project_score_picture.change.{box.change}") if box.change else ""
    yield box.words
    yield box.metric
    yield from measured(box, text)


def _one_line(words: str) -> str:
    """Words for a description, which ends with its line and may hold no sign that begins something else."""
    return " ".join(re.sub(r"[#;{}]", " ", words).split())
