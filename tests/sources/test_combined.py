"""Files of different layouts as one: surveys of several years, lists from two systems, columns named by their place."""

from __future__ import annotations

import pytest

from cs_helpers.errors import SettingError, SourceError
from cs_helpers.sources.mapping import Sources

FIRST = (
    "Who,How many people work there?,,Programme?\n"
    "Who,Answer,Other,Response\n"
    "7,2-50,,Yes\n"
    "8,More\u00a0than 50,,No\n"
)
SECOND = "\ufeffAll answers of the second year\nPlanned,Who,Size\nPlanned,Who,Size\nplanning one,7,more than 50\n,9,2-50\n"

COMBINED = {
    "answers": [
        {
            "from": "first",
            "columns": {
                "who": {"sql": "'first-' || \"Who\""},
                "size": {"column": "column 2", "values": {"2-50": "small", "More than 50": "mid"}},
                "stage": {"column": "Programme? Response", "values": {"No": 1, "Yes": 3}},
                "day": {"constant": "2018-06-30"},
            },
        },
        {
            "from": "second",
            "columns": {
                "who": {"sql": "'second-' || \"Who\""},
                "stage": {"column": "Planned", "values": {"planning one": 2}},
                "day": {"constant": "2019-06-30"},
            },
        },
    ]
}
TABLES = {
    "accounts": {"from": "answers", "columns": {"account_id": "who", "name": "who"}},
    "assessments": {
        "from": "answers",
        "where": "stage is not null",
        "columns": {
            "account_id": "who", "assessed_on": "day", "score": "stage",
            "measure": {"constant": "stage"}, "product": {"constant": "survey"},
        },
    },
}  # fmt: skip


@pytest.fixture
def combine(take):
    """Takes in the two surveys, as one file; `change` is given the parts before."""

    def run(change=lambda parts: None, tables=TABLES):
        import copy

        combined = copy.deepcopy(COMBINED)
        change(combined["answers"])
        layouts = {
            "first": {"path": "first.csv", "header_rows": 2},
            "second": {"path": "second.csv", "header_row": 2, "header_rows": 2},
        }
        return take(
            {"first.csv": FIRST, "second.csv": SECOND},
            {**tables, "contracts": None}, combined=combined, **layouts,
        )  # fmt: skip

    return run


def test_surveys_of_two_layouts_are_read_as_one_file(combine):
    taken = combine()
    assert list(taken.kept["accounts"]["account_id"]) == ["first-7", "first-8", "second-7", "second-9"]
    assert list(taken.kept["accounts"]["size"]) == ["small", "mid", "unknown", "unknown"]
    scores = taken.kept["assessments"]
    assert list(zip(scores["account_id"], scores["score"], strict=True)) == [
        ("first-7", 3), ("first-8", 1), ("second-7", 2),
    ]  # fmt: skip
    assert [str(d.date()) for d in scores["assessed_on"]] == ["2018-06-30", "2018-06-30", "2019-06-30"]
    # the respondent who did not say is counted as left out, by the filter of the table
    assert taken.rows_read == {"accounts": 4, "assessments": 4}
    assert taken.rows_kept == {"accounts": 4, "assessments": 3}


def test_a_column_can_be_named_by_its_place(combine):
    taken = combine(
        lambda parts: parts[0]["columns"].update(stage={"column": "column 4", "values": {"No": 1, "Yes": 4}})
    )
    assert list(taken.kept["assessments"]["score"]) == [4, 1, 2]


def test_a_value_is_found_whatever_blank_it_is_written_with(combine):
    # the file has a no-break space, the sources file an ordinary one
    assert combine().kept["accounts"]["size"].iloc[1] == "mid"


def test_a_part_without_the_column_it_names_says_where(combine):
    with pytest.raises(SourceError) as caught:
        combine(lambda parts: parts[1]["columns"].update(stage="Plan"))
    text = str(caught.value)
    assert "combined.answers.1.columns.stage" in text
    assert "'Plan', which the source does not have. Did you mean" in text


def test_a_part_with_an_expression_that_cannot_run_says_where(combine):
    with pytest.raises(SourceError, match=r"combined\.answers\.0\b.*the mapping cannot run"):
        combine(lambda parts: parts[0]["columns"].update(stage={"sql": "no_such_function(1)"}))


def test_a_place_beyond_the_last_column_is_refused(combine):
    with pytest.raises(SourceError, match="'column 99'"):
        combine(lambda parts: parts[1]["columns"].update(stage="column 99"))


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"from": "third", "columns": {"who": "Who"}}, "'third' is not one of the files"),
        ({"from": "answers", "columns": {"who": "Who"}}, "'answers' is not one of the files"),
        ({"from": "first", "columns": {"who": {"column": "Who", "means": "last_day"}}}, "tables"),
        (
            {"from": "first", "columns": {"day": {"column": "Who", "format": "today"}}},
            "no way to write a date",
        ),
        ({"from": "first", "columns": {}}, "1 or more entries"),
        ({"from": "first", "columns": {"who": "Who"}, "where": "true"}, "no such key"),
    ],
)
def test_what_a_part_may_not_say_is_refused_with_its_place(combine, part, said):
    with pytest.raises(SettingError, match=said) as caught:
        combine(lambda parts: parts.append(part))
    assert "combined.answers" in str(caught.value)


def test_a_name_of_a_file_cannot_be_that_of_several(take):
    with pytest.raises(SettingError, match="a file has this name already"):
        take({}, {}, combined={"accounts": COMBINED["answers"]})


def test_a_column_written_in_two_cases_is_refused() -> None:
    parts = [{"from": "a", "columns": {"stage": "x"}}, {"from": "b", "columns": {"Stage": "x"}}]
    with pytest.raises(ValueError, match="'stage' and 'Stage' are one column"):
        Sources.model_validate({"combined": {"answers": parts}, "tables": {}})
