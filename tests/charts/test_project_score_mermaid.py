"""A project score as Mermaid: the text keeps to the grammar, whatever the words are."""

from __future__ import annotations

import html
import re

import project_scores as scores
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_helpers.charts.project_score.content import content_of
from cs_helpers.charts.project_score.mermaid import as_mermaid, escaped
from cs_helpers.text import Text

LABEL = r'\["(?P<words>[^"\n]*)"\]'
LINES = [
    r"flowchart LR",
    r"  acc(?:Title|Descr): [^\n#;{}]+",
    rf"  subgraph [a-z_]+{LABEL}",
    rf"    n\d+{LABEL}",
    r"    direction LR",
    r"  end",
    r"  n\d+ --> n\d+",
    r"  given ~~~ measure",
    r"  classDef [a-z_]+ fill:#[0-9a-f]{6},stroke:#[0-9a-f]{6},color:#[0-9a-f]{6}(?:,stroke-dasharray:5 4)?",
    r"  class n\d+(?:,n\d+)* [a-z_]+",
]


def shown(label):
    """What Mermaid shows of a label: entities by number or name, and its own line breaks."""
    lines = label.split("<br/>")
    return [html.unescape(re.sub(r"#(\d+);", r"&#\1;", line)) for line in lines]


def check_grammar(mermaid):
    """Every line is one of the few kinds that the file has; nothing in a label means something to Mermaid, Markdown or HTML."""
    lines = mermaid.splitlines()
    assert mermaid.endswith("\n")
    assert lines[0] == "flowchart LR"
    depth = 0
    for line in lines:
        match = next((m for pattern in LINES if (m := re.fullmatch(pattern, line))), None)
        assert match, line
        depth += line.strip().startswith("subgraph ") - (line.strip() == "end")
        assert depth in (0, 1)
        label = match.groupdict().get("words", "")
        for part in label.split("<br/>"):
            bare = re.sub(r"#\d+;", "", part)
            assert not re.search(r'["#&;<>*_`~\\|\[\]{}]', bare)
            assert not re.match(r"\s*(?:[-+=]|\d+[.)]\s)", part)
    assert depth == 0
    named = re.findall(r"^    (n\d+)\[", mermaid, re.M)
    assert len(named) == len(set(named))
    assert set(re.findall(r"\bn\d+\b(?= -->| *$|,)", "\n".join(x for x in lines if "-->" in x))) <= set(named)
    return lines


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize(
    "said", [None, (scores.LONG, scores.LONG_JA), (scores.HOSTILE, scores.HOSTILE), ("1. end", "- end")]
)
def test_the_text_keeps_to_the_grammar(language, said):
    result = scores.project_score(7, 3, words=said)
    text = Text(language)
    content = content_of(result, text)
    lines = check_grammar(as_mermaid(content, text))
    assert sum("-->" in line for line in lines) == len(content.links)
    labels = [shown(m["words"]) for line in lines if (m := re.fullmatch(LINES[3], line))]
    assert [label for one in content.all for label in labels if one.words in label]
    assert len(labels) == len(list(content.all))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_words_are_shown_as_they_are_written(words):
    assert shown(escaped(words)) == [" ".join(words.split())]
    assert not re.search(r'["\n<>]', escaped(words))


def test_a_box_says_its_state_in_words_and_by_its_class():
    content = content_of(scores.project_score(4, 2), Text("en"))
    mermaid = as_mermaid(content, Text("en"))
    assert "Met: 62.0% (51.0%–72.0%)<br/>→ 60.0% or more by 31 Mar 2027" in mermaid
    name = re.search(r"(n\d+)\[.*Kick-off with the head", mermaid)[1]
    assert name in re.search(r"class (\S+) met", mermaid)[1].split(",")
