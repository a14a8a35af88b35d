"""A page for leadership that shows a name where something was told, or a person, does not pass."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cs_helpers.contract.disclosure import CANDIDATES, COLUMNS, STAFF
from cs_helpers.contract.products import load_product
from cs_helpers.paths import products
from cs_helpers.report.disclosure_gate import check_disclosure, company_names
from cs_helpers.report.gate import PageReader
from cs_helpers.report.name_masking import staff_names
from cs_helpers.report.publication import _published_problems
from cs_helpers.text import Text


class FakeSnapshot:
    """A snapshot that holds these values in these columns and no others."""

    def __init__(self, show_staff: bool = False, **columns: list[str]) -> None:
        self.columns = {name.replace("__", "."): values for name, values in columns.items()}
        plain = load_product(products() / "helpdesk.yml").model_dump(mode="json")
        self.manifest = {
            "tables": [table for table in COLUMNS if table != "usage"],
            "products": {"helpdesk": {**plain, "leadership": {"show_staff": show_staff}}},
        }

    def distinct_texts(self, table: str, column: str, product: str) -> frozenset[str]:
        return frozenset(self.columns.get(f"{table}.{column}", ()))

    def distinct_texts_of_all(self, table: str, column: str) -> frozenset[str]:
        return self.distinct_texts(table, column, "helpdesk")

    def product(self, name: str):
        return load_product(products() / "helpdesk.yml").__class__.model_validate(
            self.manifest["products"][name]
        )


def html_output(html: str = "", *, shows=("told",), csv: str = "", **about):
    data = {"text/html": html, **({"text/csv": csv} if csv else {})}
    about |= {} if shows is None else {"shows": list(shows)}
    return new_output("display_data", data=data, metadata={"cs_workbook": about})


def problems(
    page: str, *outputs, snapshot: FakeSnapshot, prose: str = "", downloads=None
) -> list[tuple[str, str]]:
    """What is wrong with a page, as it is published: names are counted there."""
    cells = [new_markdown_cell(prose), new_code_cell("", outputs=list(outputs))]
    checked = check_disclosure(
        new_notebook(cells=cells), snapshot, "helpdesk", "".join(PageReader(page).text), downloads or {}
    )
    return [(p.code, p.detail) for p in _published_problems(checked, "leadership")]


def masked_names(page: str, *, companies=(), shows=("told",), downloads=None) -> list[str]:
    """Where names of customers are found on a page that tells of these kinds."""
    snapshot = FakeSnapshot(accounts__name=list(companies))
    found_problems = problems(page, html_output(shows=shows), snapshot=snapshot, downloads=downloads)
    assert {code for code, _ in found_problems} <= {"masked_name"}
    return [detail for _, detail in found_problems]


def test_of_an_svg_beside_a_page_the_words_are_searched_and_not_the_names_of_fonts():
    svg = '<svg font-family="Roboto, Meiryo"><text><tspan y="1">Umb</tspan><tspan y="2">rix</tspan></text></svg>'
    found = masked_names("<p>fine</p>", companies=["Umbrix", "Meiryo"], downloads={"a.svg": svg})
    assert found == ["a.svg: 1"]


def is_found(page: str, name: str) -> bool:
    return bool(masked_names(page, companies=[name]))


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("Acme", "<td>Acme</td>"),
        ("Acme", "<p>the ACME, again</p>"),
        ("Acme", "<p>Ａｃｍｅ社の例</p>"),
        ("Acme", "<p>A<b>cm</b>e</p>"),
        ("Acme", "<p>Ac&shy;me</p>"),
        ("Acme", '<img src="data:" alt="Bars of Acme.">'),
        ("Acme", "<title>Acme</title>"),
        ("Smith & Sons, Ltd.", "<p>Smith &amp; Sons,\nLtd.</p>"),
        ("Ünal", "<p>ÜNAL</p>"),
        ("日本商事", "<p>昨日本商事から</p>"),
        ("ﾔﾏﾀﾞ製作所", "<p>ヤマダ製作所</p>"),
        ("アクメ 商会", "<p>アクメ商会</p>"),
    ],
)
def test_a_name_is_found_in_what_a_page_shows(name, page):
    assert is_found(page, name)


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("Acme", "<p>Acmeist</p>"),
        ("Acme", "<td>ac</td><td>me</td>"),
        ("Acme", "<p class='acme'></p><style>.acme{color:red}</style>"),
        ("Acme", "<!-- Acme -->"),
        ("New Line", "<td>new</td><td>line</td>"),
        ("AB", "<p>AB1, cab</p>"),
        ("東", "<p>東京</p>"),
        ("日本商事", "<td>日本</td><td>商事</td>"),
    ],
)
def test_what_is_not_the_name_is_not_found(name, page):
    assert masked_names(page, companies=[name]) == []


def test_a_name_is_found_in_a_download_and_not_repeated():
    files = {"a.csv": '"Company"\r\n"Umbrix"\r\n', "b.csv": '"Company"\r\n"Other"\r\n'}
    assert masked_names("<p>fine</p>", companies=["Umbrix", "Lumora"], downloads=files) == ["a.csv: 1"]


@pytest.mark.parametrize("kind", ["picture", "text"])
def test_thousands_of_names_that_are_not_there_are_not_found(kind):
    names = [f"Company {n} Holdings" for n in range(4000)] + [f"株式会社第{n}商事" for n in range(4000)]
    words = "The company and its holdings. 株式会社と商事について。" * 600
    page = f"<p>{words}</p>" + f'<img alt="x" src="data:image/png;base64,{"A" * 1_300_000}">' * (
        kind == "picture"
    )
    assert masked_names(page, companies=names) == []


def test_a_company_may_stand_where_nothing_was_told():
    assert masked_names("<p>Umbrix</p>", companies=["Umbrix"], shows=("company", "public")) == []
    assert masked_names("<p>Umbrix</p>", companies=["Umbrix"], shows=("company", "told")) == ["page: 1"]


def test_who_mends_it_is_told_which_names_and_nobody_else():
    found_problems = check_disclosure(
        new_notebook(cells=[new_code_cell("", outputs=[html_output()])]), FakeSnapshot(accounts__name=["Umbrix", "Lumora"]), "helpdesk",
        "Umbrix and Lumora", {},
    )  # fmt: skip
    assert [p.detail for p in found_problems] == ["page: Lumora; Umbrix"]
    assert [p.detail for p in _published_problems(found_problems, "leadership")] == ["page: 2"]


def test_an_output_that_does_not_say_what_it_tells_of_does_not_pass():
    assert problems("", html_output("<p>x</p>", shows=None), snapshot=FakeSnapshot()) == [
        ("undeclared", "an output does not say what it tells of")
    ]
    assert problems("", html_output("<p>x</p>", shows=()), snapshot=FakeSnapshot()) == []


def test_an_output_that_no_page_draws_need_not_say_anything():
    silent = new_output("execute_result", data={"text/plain": "Workbook(...)"})
    assert problems("", silent, snapshot=FakeSnapshot()) == []


@pytest.mark.parametrize(
    "column",
    [f"{t}__{c}" for t, d in COLUMNS.items() for c, kind in d.items() if kind == "company" and t != "usage"],
)
def test_every_column_that_leads_to_a_company_is_looked_for(column):
    snapshot = FakeSnapshot(**{column: ["KX-0815"]})
    assert problems("<p>of KX-0815</p>", html_output(), snapshot=snapshot) == [("masked_name", "page: 1")]


def test_a_key_that_is_a_number_is_not_taken_for_one():
    assert (
        problems(
            "<p>1001 of 77</p>",
            html_output(),
            snapshot=FakeSnapshot(accounts__account_id=["1001", "77", "A1"]),
        )
        == []
    )


def test_a_name_in_what_the_landing_page_says_of_a_report_is_found():
    snapshot = FakeSnapshot(accounts__name=["Umbrix"])
    assert problems("", html_output(message="Umbrix waits"), snapshot=snapshot) == [
        ("masked_name", "messages: 1")
    ]


STAFF_COLUMNS = [f"{t}__{c}" for t, columns in STAFF.items() for c in columns]


def test_all_who_rate_interview_or_look_after_customers_are_staff_and_candidates_are_not():
    assert {
        "accounts__csm", "touches__csm", "interviews__interviewer", "codings__coder", "staff__person",
        "competency_ratings__person", "competency_ratings__rated_by", "training_records__person",
        "candidate_scores__interviewer", "principle_assessments__assessed_by", "assessments__assessed_by",
        "handovers__from_person",
    } == set(STAFF_COLUMNS)  # fmt: skip
    assert [f"{t}__{c}" for t, columns in CANDIDATES.items() for c in columns] == [
        "candidate_scores__candidate"
    ]


@pytest.mark.parametrize("column", STAFF_COLUMNS)
def test_a_person_stands_nowhere_unless_the_product_file_allows_it(column):
    for shows in (("public",), ("company",), ("told",)):
        told = {column: ["Ishibashi"]}
        page = "<td>Ishibashi</td>"
        assert problems(page, html_output(shows=shows), snapshot=FakeSnapshot(**told)) == [
            ("masked_name", "page: 1")
        ]
        assert problems(page, html_output(shows=shows), snapshot=FakeSnapshot(show_staff=True, **told)) == []


RATER, CANDIDATE = "Ishibashi", "C-012"
KNOWN = {
    "accounts__name": ["Umbrix"],
    "competency_ratings__rated_by": [RATER],
    "candidate_scores__candidate": [CANDIDATE, "Kirishima Hanako", "9", "霧島花子", "D-4"],
}


@pytest.mark.parametrize("name", [RATER, CANDIDATE, "c-012", "KIRISHIMA HANAKO", "霧島 花子", "D-4"])
@pytest.mark.parametrize(
    ("where", "page", "output", "downloads"),
    [
        ("page", "<p>scored by {}</p>", {}, {}),
        ("page", '<img src="data:" alt="A dot is {}.">', {}, {}),
        ("page", "<svg aria-label='dots'><g><text>{}</text></g></svg>", {}, {}),
        ("page", "<svg aria-label='{}'></svg>", {}, {}),
        ("page", "<svg aria-label='dots'><title>{}</title></svg>", {}, {}),
        ("messages", "", {"message": "{} agrees least"}, {}),
        ("messages", "", {"findings": [{"text": "{} agrees least", "size": 0.2}]}, {}),
        ("messages", "", {"metrics": {"agreement": {"label": "{}", "value": 0.2}}}, {}),
        ("messages", "", {"segments": [{"metric": "conversion", "segment": "person={}"}]}, {}),
        ("messages", "", {"drawn": {"nodes": [{"name": "{}"}]}}, {}),
        ("helpdesk/a.csv", "", {}, {"helpdesk/a.csv": '\ufeff"who","score"\r\n"{}","4"\r\n'}),
    ],
)
def test_neither_a_rater_nor_a_candidate_is_named_anywhere(name, where, page, output, downloads):
    """Not in the text, not in what is read aloud, not in a drawing, not in a file, not in `run.json`."""

    def filled(content):
        if isinstance(content, str):
            return content.replace("{}", name)
        if isinstance(content, dict):
            return {key: filled(value) for key, value in content.items()}
        return [filled(value) for value in content] if isinstance(content, list) else content

    place = "cells" if name == "D-4" else where  # a short key, found as it is written
    for shows in (("public",), ("told",)):
        leaking = html_output("<p>x</p>", shows=shows, **filled(output))
        assert problems(
            filled(page), leaking, snapshot=FakeSnapshot(**KNOWN), downloads=filled(downloads)
        ) == [("masked_name", f"{place}: 1")]
        shown = problems(
            filled(page),
            leaking,
            snapshot=FakeSnapshot(show_staff=True, **KNOWN),
            downloads=filled(downloads),
        )
        assert shown == ([] if name == RATER else [("masked_name", f"{place}: 1")])


def test_the_number_of_a_candidate_is_a_number():
    """Keys of digits only are in every page: an analysis for leadership does not get them (`editions.people`)."""
    assert problems("<p>9 of 12</p>", html_output(), snapshot=FakeSnapshot(**KNOWN)) == []


def test_a_candidate_who_has_joined_may_be_named_as_staff_where_staff_may():
    joined = {**KNOWN, "staff__person": ["Kirishima Hanako"]}
    page = "<p>Kirishima Hanako looks after Umbrix.</p>"
    allowed = FakeSnapshot(show_staff=True, **joined)
    assert problems(page, html_output(shows=("person",)), snapshot=allowed) == []
    assert problems(page, html_output(shows=("person",)), snapshot=FakeSnapshot(**joined))


@pytest.mark.parametrize(
    ("words", "name", "shown"),
    [
        ("Ishibashi leads the kick-off", "Ishibashi", True),
        ("石橋がキックオフを主導する", "石橋", True),
        ("石橋花子がキックオフを主導する", "石橋花子", True),
        ("Sales signs the contract", "Sales", False),
        ("Legal reads it", "Legal", True),
    ],
)
def test_a_member_named_in_the_free_words_of_the_product_file_is_found(words, name, shown):
    """A name is a name also where the product file holds it; only what it has for a department is one."""
    snapshot = FakeSnapshot(staff__person=[name])
    plain = snapshot.manifest["products"]["helpdesk"]
    sales = {"en": "Sales", "ja": "営業"}
    department = {"roles": [{**plain["organisation"]["roles"][0], "department": sales}]}
    snapshot.manifest["products"]["helpdesk"] = {
        **plain, "about": {"en": words, "ja": words}, "organisation": {**plain["organisation"], **department},
    }  # fmt: skip
    found = problems(f"<p>{words}</p>", html_output(shows=("public",)), snapshot=snapshot)
    assert bool(found) is shown


def test_a_company_called_as_a_person_is_no_person():
    snapshot = FakeSnapshot(accounts__name=["Mori Transport"], accounts__csm=["Mori"])
    assert problems("<p>Mori Transport</p>", html_output(shows=("company",)), snapshot=snapshot) == []
    assert problems(
        "<p>Mori Transport</p><p>Mori</p>", html_output(shows=("company",)), snapshot=snapshot
    ) == [("masked_name", "page: 1")]


@pytest.mark.parametrize(
    ("cell", "shows"),
    [
        ("<td>Target refused</td>", True),
        ("<td>TARGET</td>", True),
        ("<td>Our target is 60%</td>", False),
        ("<td>The target of the product</td>", False),
        ("<td>Target reached</td>", False),  # the report's own words, below
    ],
)
def test_a_customer_whose_name_is_a_word_of_the_report_is_told_from_it(cell, shows):
    snapshot = FakeSnapshot(accounts__name=["Target"])
    page = f"<h2>Target reached</h2><table><tr>{cell}</tr></table>"
    found_problems = problems(page, html_output(cell), snapshot=snapshot, prose="Target reached")
    assert found_problems == ([("masked_name", "cells: 1")] if shows else [])


@pytest.mark.parametrize(
    ("name", "page", "shows"),
    [
        ("Relay", "<p>They relay the forms.</p>", False),
        ("Relay", "<p>Relay asked.</p>", True),
        ("GE", "<td>GE prints</td>", True),
        ("GE", "<td>page, GEO, Ge</td>", False),
        ("光", "<td>光では紙のまま</td>", True),
        ("光", "<td>光学と日光</td>", False),
    ],
)
def test_a_customer_with_a_short_name_or_a_word_for_one_is_found_as_it_is_written(name, page, shows):
    assert is_found(page, name) is shows


@pytest.mark.parametrize(
    ("name", "page", "shows"),
    [
        ("May", "<td>agreed with May</td>", True),
        ("May", "<td>17 May 2026</td><td>they may</td>", False),
        ("Hope", "<p>they hope</p>", False),
        ("森", "<td>森に聞いた</td>", True),
        ("森", "<td>森林</td>", False),
        ("sales", "<td>sales</td>", False),
        ("営業", "<td>営業</td>", False),
    ],
)
def test_one_of_our_own_with_a_word_for_a_name_is_found_as_it_is_written(name, page, shows):
    found_problems = problems(
        page, html_output(shows=("public",)), snapshot=FakeSnapshot(accounts__csm=[name])
    )
    assert bool(found_problems) is shows


def test_in_a_download_such_a_name_is_found_too():
    snapshot = FakeSnapshot(accounts__name=["Target"])
    files = {"helpdesk/a.csv": '\ufeff"a","b"\r\n"x","Target, again"\r\n'}
    found_problems = problems("", html_output(), snapshot=snapshot, prose="Target", downloads=files)
    assert found_problems == [("masked_name", "cells: 1")]


def test_the_names_of_a_product_are_those_of_its_customers(sample_snapshot):
    data = sample_snapshot.read("helpdesk")
    names = company_names(sample_snapshot, "helpdesk")
    assert set(data["accounts"]["name"]) <= names
    everybody = set(sample_snapshot.table("accounts", "helpdesk")["name"])
    assert everybody - set(data["accounts"]["name"])
    assert everybody <= names  # a note may speak of any of them
    assert set(data["accounts"]["csm"]) | set(data["interviews"]["interviewer"]) <= staff_names(
        sample_snapshot
    )


@pytest.fixture
def leadership(published):
    """All reports of one product for leadership, in both languages: their folder."""
    return published / "reports" / "2026Q3"


def test_no_reason_that_was_told_stands_beside_a_company(leadership, sample_snapshot):
    names = sample_snapshot.distinct_texts("accounts", "name", "paper_to_web")
    for language in ("en", "ja"):
        reason = Text(language).label("reason", "guidance")
        rows = (leadership / f"paper_to_web/journey_waiting.{language}.waiting.csv").read_text(
            encoding="utf-8-sig"
        )
        assert any(name in rows for name in names)
        page = (leadership / f"paper_to_web/journey_waiting.{language}.html").read_text(encoding="utf-8")
        assert reason in (leadership / f"paper_to_web/as_is_interviews.{language}.html").read_text(
            encoding="utf-8"
        )
        assert reason not in rows + page


def test_no_name_of_our_own_stands_in_any_file(leadership, sample_snapshot):
    staff = staff_names(sample_snapshot)
    files = [f for f in leadership.rglob("*") if f.is_file()]
    assert len(files) > 10
    assert [
        f for f in files if any(name in f.read_text(encoding="utf-8", errors="replace") for name in staff)
    ] == []
