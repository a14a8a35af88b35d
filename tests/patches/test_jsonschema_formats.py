"""jsonschema without its parser of IRIs: in effect on the locked version, and left alone on any other."""

import json
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest

from cs_helpers.patches.jsonschema_formats import TESTED

SCRIPT = """
import json, sys
from cs_helpers.patches import jsonschema_formats
if sys.argv[1] == "another version":
    jsonschema_formats.TESTED = frozenset()
in_effect = jsonschema_formats.import_jsonschema()
parsers = sorted({"rfc3987_syntax", "lark"} & sys.modules.keys())
import nbformat
from jsonschema import FormatChecker
from nbformat.v4 import new_code_cell, new_notebook
said = []
broken = new_notebook(cells=[new_code_cell("1")])
broken.cells[0].source = 3
for notebook in (new_notebook(cells=[new_code_cell("1")]), broken):
    try:
        nbformat.validate(notebook)
        said.append("valid")
    except nbformat.ValidationError as error:
        said.append(str(error))
from rfc3987_syntax import is_valid_syntax
print(json.dumps([in_effect, parsers, "iri" in FormatChecker.checkers, said, is_valid_syntax("iri", "http://a/")]))
"""


def _imported(how):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, how], capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(done.stdout)


def test_the_locked_version_is_one_that_was_tested():
    assert version("jsonschema") in TESTED


@pytest.mark.skipif(
    not find_spec("rfc3987_syntax"), reason="rfc3987_syntax is not installed: nothing to leave out"
)
def test_notebooks_are_validated_the_same_with_and_without_the_parser_of_iris():
    in_effect, parsers, iris, said, there_again = _imported("the locked version")
    assert (in_effect, parsers, iris, there_again) == (True, [], False, True)
    other_in_effect, other_parsers, other_iris, other_said, _ = _imported("another version")
    assert (other_in_effect, other_parsers, other_iris) == (False, ["lark", "rfc3987_syntax"], True)
    assert said == other_said
    assert said[0] == "valid"
    assert "3 is not valid" in said[1]


def test_no_schema_of_notebooks_asks_for_an_iri():
    """Why pages cannot differ: nothing that is validated has the format."""
    schemas = list(Path(nbformat.__file__).parent.rglob("*.schema.json"))
    assert schemas
    assert not [file.name for file in schemas if '"iri' in file.read_text(encoding="utf-8")]
