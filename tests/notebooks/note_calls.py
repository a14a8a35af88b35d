"""The notes that an analysis can emit, read from its code: each `Note(code, about, fields)` with all it may be given."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, get_args

from cs_helpers.contract.products import Entry, Mode

PACKAGE = Path(__file__).resolve().parents[2] / "cs_helpers"
#: what a setting that stands in a code may be; nothing is said of the usual way
SETTINGS = {"mode": tuple(mode for mode in get_args(Mode) if mode != "milestones"), "entry": get_args(Entry)}
_COMPREHENSIONS = ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp

Names = dict[str, ast.expr]


class UnresolvedError(Exception):
    """An expression that cannot be followed to what it may be."""


@dataclass(frozen=True)
class Emitted:
    """One note that may come: its code, its question (None: any, chosen while it runs), the names of its fields."""

    code: str
    about: str | None
    fields: frozenset[str]


def notes_of(file: Path) -> set[Emitted]:
    """All notes that a module of `cs_helpers` can emit."""
    return set(_Module(file).notes())


def files_of(analysis: str) -> list[Path]:
    """The files of an analysis: a module, or all of its package."""
    place = PACKAGE / "analyses" / analysis
    return sorted(place.glob("*.py")) if place.is_dir() else [place.with_suffix(".py")]


class _Module:
    def __init__(self, file: Path) -> None:
        inside = file.with_suffix("").relative_to(PACKAGE.parent).parts
        self.module = importlib.import_module(".".join(part for part in inside if part != "__init__"))
        self.tree = ast.parse(file.read_text(encoding="utf-8"))
        self.parent = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def notes(self) -> Iterator[Emitted]:
        for call in ast.walk(self.tree):
            if not (
                isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Note"
            ):
                continue
            given = dict(zip(("code", "about", "fields"), call.args, strict=False))
            given |= {word.arg: word.value for word in call.keywords if word.arg}
            for code, names in self.values(given["code"], {}):
                try:
                    questions = list(self.values(given["about"], names))
                except UnresolvedError:
                    questions = [(None, names)]
                for about, known in questions:
                    for fields, _ in self.values(given.get("fields", ast.Dict([], [])), known):
                        yield Emitted(code, about, frozenset(fields))

    def values(self, expr: ast.expr, names: Names) -> Iterator[tuple[Any, Names]]:
        """What an expression may be: a text, or of a dictionary its keys; with what names stand for then."""
        match expr:
            case ast.Constant(value=str()):
                yield expr.value, names
            case ast.Dict():
                keys = [list(self.values(key, names)) if key else [] for key in expr.keys]
                yield frozenset(each for found in keys for each, _ in found), names
            case ast.IfExp():
                for branch in (expr.body, expr.orelse):
                    yield from self.values(branch, names)
            case ast.JoinedStr():
                parts = [
                    [
                        value
                        for value, _ in self.values(
                            p.value if isinstance(p, ast.FormattedValue) else p, names
                        )
                    ]
                    for p in expr.values
                ]
                for chosen in product(*parts):
                    yield "".join(chosen), names
            case ast.Attribute() if expr.attr in SETTINGS:
                for value in SETTINGS[expr.attr]:
                    yield value, names
            case ast.Name() if expr.id in names:
                yield from self.values(names[expr.id], names)
            case ast.Name():
                for target, source, each in self.bound(expr):
                    for one in self.elements(source) if each else [source]:
                        for known in self.bind(target, one, names):
                            yield from self.values(known[expr.id], known)
            case _:
                raise UnresolvedError(ast.unparse(expr))

    def elements(self, expr: ast.expr) -> Iterator[ast.expr]:
        """The elements of a list or tuple, those that are appended to it too."""
        match expr:
            case ast.Tuple() | ast.List() | ast.Set():
                for element in expr.elts:
                    yield from self.elements(element.value) if isinstance(element, ast.Starred) else [element]
            case ast.IfExp():
                yield from self.elements(expr.body)
                yield from self.elements(expr.orelse)
            case ast.BinOp(op=ast.Add()):
                yield from self.elements(expr.left)
                yield from self.elements(expr.right)
            case ast.Dict():
                yield from (key for key in expr.keys if key)
            case ast.Call(func=ast.Attribute(attr="items", value=ast.Name() as held)):
                for _, source, each in self.bound(held):
                    if each or not isinstance(source, ast.Dict):
                        raise UnresolvedError(ast.unparse(expr))
                    for key, value in zip(source.keys, source.values, strict=True):
                        yield ast.Tuple([key, value])
            case ast.Name():
                for _, source, each in self.bound(expr):
                    if each:
                        raise UnresolvedError(ast.unparse(expr))
                    yield from self.elements(source)
                for call in ast.walk(self.scope(expr)):
                    if isinstance(call, ast.Call) and ast.unparse(call.func) == f"{expr.id}.append":
                        yield call.args[0]
            case _:
                raise UnresolvedError(ast.unparse(expr))

    def bind(self, target: ast.expr, source: ast.expr, names: Names) -> Iterator[Names]:
        """What the names of a target stand for when it is given a source."""
        match target, source:
            case ast.Name(), _:
                yield {**names, target.id: source}
            case ast.Tuple(), ast.Tuple():
                found = [names]
                for inner, one in zip(target.elts, source.elts, strict=True):
                    found = [more for known in found for more in self.bind(inner, one, known)]
                yield from found
            case ast.Tuple(), ast.IfExp():
                for branch in (source.body, source.orelse):
                    yield from self.bind(target, branch, names)
            case _:
                raise UnresolvedError(ast.unparse(source))

    def bound(self, name: ast.Name) -> list[tuple[ast.expr, ast.expr, bool]]:
        """Where a name gets its value: target, source, and whether it is each element of the source."""
        node: ast.AST = name
        while node in self.parent:
            below, node = node, self.parent[node]
            if isinstance(node, _COMPREHENSIONS):
                loops = [(g.target, g.iter, True) for g in node.generators if _names(g.target, name.id)]
                if loops:
                    return loops
            elif isinstance(node, ast.For) and below in node.body and _names(node.target, name.id):
                return [(node.target, node.iter, True)]
            elif isinstance(node, ast.FunctionDef | ast.Module):
                given = [
                    found for found in map(_given, ast.walk(node)) if found and _names(found[0], name.id)
                ]
                if given:
                    return [(target, source, False) for target, source in given]
        if (constant := getattr(self.module, name.id, None)) is not None:
            return [(name, ast.parse(repr(constant), mode="eval").body, False)]
        raise UnresolvedError(name.id)

    def scope(self, node: ast.AST) -> ast.AST:
        while node in self.parent and not isinstance(node, ast.FunctionDef):
            node = self.parent[node]
        return node


def _given(node: ast.AST) -> tuple[ast.expr, ast.expr] | None:
    match node:
        case ast.Assign():
            return node.targets[0], node.value
        case ast.AnnAssign(value=ast.expr()) | ast.NamedExpr():
            return node.target, node.value
    return None


def _names(target: ast.expr, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(target))
