"""The messages of errors that the code can make, read from its syntax: for the test of their Japanese.

A message is followed from where an error is made back to its words: through names, conditions, functions and what they
are called with. `Message.template` is what an entry of the catalogue looks like: `{name}` for data, `{name:part}` for
what is a message itself, `{name:more}` for one or nothing, `{name:maybe}` for what is sometimes one.
"""

from __future__ import annotations

import ast
import re
import string
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[2] / "cs_helpers"

#: where errors of pydantic and of our own readers are made of a ValueError
_VALIDATED = ("contract", "delivery", "sources", "words")
_TREE = "cs_helpers/errors.py"
#: calls that say a message, and as which argument
_ERRORS = {"SnapshotError": 0, "ReportError": 0, "Stop": 0, "Problem": 1, "PermissionError": 1}
#: functions that return a message
_SAYING = ("_due_reason", "start_product")
_NAMED = {"Problem": "detail", "Field": "description"}
#: what is read of an error that was made elsewhere, where its words are found
_MADE = ("problem", "sentence")
#: names of values that are data wherever they come from
_DATA = ("table", "column", "name", "file", "key", "id", "database", "path")
_DEEP = 14


@dataclass(frozen=True)
class Field:
    """A value in a message: its name, and whether it is data, a `part` (a message) or `maybe` one."""

    name: str
    kind: str = ""


Alternative = tuple["str | Field", ...]


@dataclass(frozen=True)
class Message:
    """A template, and where in the code it stands."""

    template: str
    place: str


@dataclass
class _Scope:
    module: str
    function: ast.AST | None = None
    owner: str = ""
    bound: dict[str, tuple[ast.AST, _Scope]] = field(default_factory=dict)


def skeleton(template: str) -> str:
    """A template without the names of its fields and its full stop: what an entry is known by."""
    pieces = string.Formatter().parse(template)
    return "".join(literal + ("" if name is None else "{}") for literal, name, *_ in pieces).rstrip(".")


class Messages:
    """All messages of the package."""

    def __init__(self) -> None:
        self.functions: dict[str, list[tuple[str, str, ast.AST]]] = defaultdict(
            list
        )  # name -> module, class, node
        self.constants: dict[str, list[tuple[str, ast.AST]]] = defaultdict(list)
        self.calls: dict[str, list[tuple[_Scope, ast.Call]]] = defaultdict(list)
        self.scopes: list[tuple[_Scope, ast.AST]] = []
        self.found: dict[str, Message] = {}
        self._kept: list[ast.AST] = []  # so that no id is given twice
        self._open: set[tuple[int, str]] = set()
        for file in sorted(PACKAGE.rglob("*.py")):
            module = file.relative_to(PACKAGE.parent).as_posix()
            self._index(ast.parse(file.read_text(encoding="utf-8")), _Scope(module))
        for scope, node in self.scopes:
            for call in _own(node):
                if isinstance(call, ast.Call):
                    self.calls[_called(call)].append((scope, call))
        self._collect()
        _own.cache_clear()
        _all.cache_clear()

    def _index(self, node: ast.AST, scope: _Scope) -> None:
        self.scopes.append((scope, node))
        for inner in _own(node):
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                self.functions[inner.name].append((scope.module, scope.owner, inner))
                self._index(inner, _Scope(scope.module, inner, scope.owner))
            elif isinstance(inner, ast.ClassDef):
                self._index(inner, _Scope(scope.module, None, inner.name))
            elif scope.function is None and isinstance(inner, ast.Assign | ast.AnnAssign) and inner.value:
                for target in inner.targets if isinstance(inner, ast.Assign) else [inner.target]:
                    if isinstance(target, ast.Name):
                        self.constants[target.id].append((scope.module, inner.value))

    def _collect(self) -> None:
        for scope, node in self.scopes:
            for call in _own(node):
                if isinstance(call, ast.Return) and getattr(node, "name", "") in _SAYING and call.value:
                    self._add(self._resolve(call.value, scope), f"{scope.module}:{call.lineno}")
                if not isinstance(call, ast.Call):
                    continue
                name, place = _called(call), f"{scope.module}:{call.lineno}"
                ours = scope.module == _TREE and name == "__init__"
                said = [k.value for k in call.keywords if k.arg == _NAMED.get(name)]
                said += call.args[_ERRORS[name] :][:1] if name in _ERRORS else call.args[:1] if ours else []
                if said and not (name == "Field" and scope.owner != "Parameters"):
                    self._add(self._resolve(said[0], scope), place)
                elif name == "ValueError" and call.args and scope.module.split("/")[1] in _VALIDATED:
                    self._add(self._resolve(call.args[0], scope), place)

    def _made_here(self, value: ast.AST, scope: _Scope) -> bool:
        """Whether a name is given something in its function, rather than handed to it."""
        if not isinstance(value, ast.Name) or scope.function is None:
            return False
        return any(True for node in _all(scope.function) for _ in _given(node, value.id))

    def _leads(self, value: ast.AST, scope: _Scope) -> bool:
        """Whether it is what an error says first, made where the error is: each way is a template of its own."""
        made = isinstance(value, ast.Name) and value.id in ("where", "name", "shown")
        return made and scope.module == _TREE and value.id not in _parameters(scope.function)

    def _add(self, alternatives: Sequence[Alternative], place: str, *, alone: bool = False) -> None:
        for alternative in alternatives:
            for line in _lines(alternative):
                wraps = place.startswith(_TREE) and any(_is_part(p) for p in line) and len(line) > 1
                if wraps or _wordy(line, alone=alone):
                    template = _template(line)
                    self.found.setdefault(skeleton(template), Message(template, place))

    def _resolve(self, node: ast.AST, scope: _Scope, depth: int = 0) -> list[Alternative]:
        """What a text may be."""
        unknown: list[Alternative] = [(Field(_name(node)),)]
        key = (id(node), ",".join(sorted(scope.bound)))
        if depth > _DEEP or key in self._open:
            return unknown
        self._open.add(key)
        try:
            found = self._alternatives(node, scope, depth + 1)
        finally:
            self._open.discard(key)
        return list(dict.fromkeys(found or unknown))

    def _alternatives(self, node: ast.AST, scope: _Scope, depth: int) -> list[Alternative]:
        place = f"{scope.module}:{getattr(node, 'lineno', 0)}"
        match node:
            case ast.Constant(value=str(text)):
                return [(text,)]
            case ast.JoinedStr(values=values):
                found: list[Alternative] = [()]
                for value in values:
                    before = next((a[-1] for a in found if a and isinstance(a[-1], str)), "")
                    parts = self._parts(value, scope, depth, place, before)
                    found = [(*a, *part) for a in found for part in parts]
                return found
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return [
                    (*a, *b)
                    for a in self._resolve(left, scope, depth)
                    for b in self._resolve(right, scope, depth)
                ]
            case ast.IfExp(body=body, orelse=other):
                return [*self._resolve(body, scope, depth), *self._resolve(other, scope, depth)]
            case ast.BoolOp(values=values):
                return [a for v in values for a in self._resolve(v, scope, depth)]
            case ast.NamedExpr(value=value):
                return self._resolve(value, scope, depth)
            case ast.Attribute(attr=attr) if attr in _MADE:
                return [(Field(attr, "part"),)]
            case ast.Name():
                return [a for n, s in self._values(node.id, scope) for a in self._resolve(n, s, depth)]
            case ast.Subscript(value=value, slice=ast.Constant(value=int(place_))):
                return [
                    a for n, s in self._tuples(value, scope, depth) if len(n.elts) > place_
                    for a in self._resolve(n.elts[place_], s, depth)
                ]  # fmt: skip
            case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name)) if name.isupper():
                return [
                    a
                    for table, s in self._constant(name, scope.module)
                    for value in (table.values if isinstance(table, ast.Dict) else ())
                    for a in self._resolve(value, s, depth)
                ]
            case ast.Call():
                return self._called_text(node, scope, depth)
        return []

    def _called_text(self, node: ast.Call, scope: _Scope, depth: int) -> list[Alternative]:
        match node.func:
            case ast.Attribute(attr="join", value=ast.Constant(value="\n")) if node.args:
                return [
                    a for n, s in self._items(node.args[0], scope, depth) for a in self._resolve(n, s, depth)
                ]
            case ast.Attribute(attr="format", value=value):
                return [_fields(a) for a in self._resolve(value, scope, depth)]
            case ast.Attribute(attr="replace", value=value) if all(
                isinstance(a, ast.Constant) for a in node.args
            ):
                old, new = (str(a.value) for a in node.args)
                return [
                    tuple(p.replace(old, new) if isinstance(p, str) else p for p in a)
                    for a in self._resolve(value, scope, depth)
                ]
            case ast.Attribute(attr="rstrip" | "strip" | "removeprefix" | "removesuffix", value=value):
                return self._resolve(value, scope, depth)
        return [
            a
            for module, owner, function in self._functions(node, scope)
            for n, s in self._returned(function, module, owner, node, scope)
            for a in self._resolve(n, s, depth)
        ]

    def _parts(self, node: ast.AST, scope: _Scope, depth: int, place: str, before: Any) -> list[Alternative]:
        """What a piece of an f-string may be: its words, or the field."""
        if isinstance(node, ast.Constant):
            return [(str(node.value),)]
        assert isinstance(node, ast.FormattedValue)
        value, name = node.value, _name(node.value)
        field_: list[Alternative] = [(Field(name),)]
        as_it_is = node.conversion != -1 or node.format_spec is not None
        as_it_is = as_it_is or (name in _DATA and not self._made_here(value, scope))
        if as_it_is and not self._leads(value, scope):
            return field_
        if isinstance(value, ast.JoinedStr) or (
            isinstance(value, ast.IfExp)
            and all(isinstance(b, ast.Constant | ast.JoinedStr) for b in (value.body, value.orelse))
            and not (isinstance(before, str) and before.endswith("."))
        ):
            return self._resolve(value, scope, depth)
        found = self._resolve(value, scope, depth)
        texts = [a for a in found if all(isinstance(p, str) for p in a)]
        if isinstance(value, ast.Name) and value.id.isupper() and len(found) == len(texts) == 1:
            return found  # a constant
        if self._leads(value, scope):
            return found
        chosen = isinstance(value, ast.BoolOp) or name == "available"
        wordy = [a for a in found if _wordy(a, alone=chosen)]
        made = name == "problem" or any(p for a in found for p in a if len(a) == 1 and _is_part(p))
        if not wordy and not made:
            return field_
        if wordy:
            wordy += [a for a in texts if a not in wordy and _wordy(a, alone=True)]
        self._add(wordy, place, alone=True)
        nothing = any(not "".join(p for p in a if isinstance(p, str)) for a in texts)
        data = [a for a in found if a not in wordy and any(a) and not any(_is_part(p) for p in a)]
        return [
            (
                Field(
                    name,
                    "maybe"
                    if data and name != "problem"
                    else "more"
                    if nothing and name != "problem"
                    else "part",
                ),
            )
        ]

    def _values(self, name: str, scope: _Scope) -> list[tuple[ast.AST, _Scope]]:
        """What a name stands for: what it was given in the function, else by its callers, else in the module."""
        if name in scope.bound:
            return [scope.bound[name]]
        if scope.function is None:
            return self._constant(name, scope.module)
        found: list[tuple[ast.AST, _Scope]] = []
        added: list[ast.AST] = []
        for node in _all(scope.function):
            if isinstance(node, ast.AugAssign):
                added += _given(node, name)
            else:
                found += [(value, scope) for value in _given(node, name)]
            if isinstance(node, ast.comprehension | ast.For):
                found += self._iterated(node, name, scope)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
                places = [n for n, t in enumerate(node.targets[0].elts) if getattr(t, "id", "") == name]
                if places and isinstance(node.value, ast.Call):
                    made = self._tuples(node.value, scope, 0)
                    found += [(t.elts[places[0]], s) for t, s in made if len(t.elts) > places[0]]
        for more in added:  # what was added to each
            sums = [ast.BinOp(left=value, op=ast.Add(), right=more) for value, _ in found]
            self._kept += sums
            found += [(each, scope) for each in sums]
        if not found and name in _parameters(scope.function):
            return self._passed(scope, name)
        bound = {
            n.id for n in _all(scope.function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
        return found if found or name in bound else self._constant(name, scope.module)

    def _constant(self, name: str, module: str) -> list[tuple[ast.AST, _Scope]]:
        known = self.constants.get(name, []) if name.isupper() else []
        own = [c for c in known if c[0] == module]
        return [(node, _Scope(where)) for where, node in own or known]

    def _iterated(self, node: ast.AST, name: str, scope: _Scope) -> list[tuple[ast.AST, _Scope]]:
        target, over = node.target, node.iter
        if isinstance(target, ast.Name) and target.id == name:
            return list(self._items(over, scope, 0))
        if isinstance(target, ast.Tuple):
            places = [n for n, t in enumerate(target.elts) if isinstance(t, ast.Name) and t.id == name]
            return [
                (item.elts[places[0]], where)
                for item, where in (self._items(over, scope, 0) if places else ())
                if isinstance(item, ast.Tuple) and len(item.elts) > places[0]
            ]
        return []

    def _passed(self, scope: _Scope, name: str) -> list[tuple[ast.AST, _Scope]]:
        """What callers pass for a parameter."""
        function = scope.function
        assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        called = scope.owner if function.name == "__init__" else function.name
        names = _parameters(function)
        place = names.index(name) - (names[0] in ("self", "cls"))
        found: list[tuple[ast.AST, _Scope]] = []
        if (default := _default(function, name)) is not None:
            found.append((default, _Scope(scope.module)))
        for caller, call in self.calls.get(called, []):
            if function.name == "__init__" or any(f is function for _, _, f in self._functions(call, caller)):
                args = [a for a in call.args if not isinstance(a, ast.Starred)]
                if len(args) < len(call.args):  # after what is unpacked places are counted from the end
                    plain = [n for n in names if n not in ("self", "cls")]
                    found += [(a, caller) for a in call.args[place - len(plain) :][:1] if a in args]
                if len(args) > place:
                    found.append((args[place], caller))
                found += [(k.value, caller) for k in call.keywords if k.arg == name]
        return found

    def _functions(self, call: ast.Call, scope: _Scope) -> list[tuple[str, str, ast.AST]]:
        known = self.functions.get(_called(call), [])
        if isinstance(call.func, ast.Attribute) and not isinstance(call.func.value, ast.Name):
            return []
        near = [f for f in known if f[0] == scope.module]
        if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
            return [f for f in near if f[1]] if call.func.value.id in ("self", "cls") else []
        return near or [f for f in known if not f[1]]

    def _returned(
        self, function: ast.AST, module: str, owner: str, call: ast.Call, scope: _Scope
    ) -> Iterator[tuple[ast.AST, _Scope]]:
        names = _parameters(function)
        names = names[1:] if names[:1] in (["self"], ["cls"]) else names
        bound = {n: (a, scope) for n, a in zip(names, call.args, strict=False)}
        bound |= {k.arg: (k.value, scope) for k in call.keywords if k.arg}
        inner = _Scope(module, function, owner, bound)
        for node in _own(function):
            if isinstance(node, ast.Return) and node.value is not None:
                yield node.value, inner

    def _tuples(self, node: ast.AST, scope: _Scope, depth: int) -> Iterator[tuple[ast.Tuple, _Scope]]:
        if depth > _DEEP:
            return
        if isinstance(node, ast.Tuple):
            yield node, scope
        elif isinstance(node, ast.Name):
            for value, where in self._values(node.id, scope):
                yield from self._tuples(value, where, depth + 1)
        elif isinstance(node, ast.Call):
            for module, owner, function in self._functions(node, scope):
                for value, where in self._returned(function, module, owner, node, scope):
                    yield from self._tuples(value, where, depth + 1)

    def _items(self, node: ast.AST, scope: _Scope, depth: int) -> Iterator[tuple[ast.AST, _Scope]]:
        """What a list holds."""
        if depth > _DEEP:
            return
        match node:
            case ast.List(elts=elts) | ast.Tuple(elts=elts):
                for each in elts:
                    if isinstance(each, ast.Starred):
                        yield from self._items(each.value, scope, depth + 1)
                    else:
                        yield each, scope
            case ast.ListComp(elt=elt) | ast.GeneratorExp(elt=elt):
                yield elt, scope
            case ast.Starred(value=value):
                yield from self._items(value, scope, depth + 1)
            case ast.Name() if _rest(scope.function) == node.id and node.id not in scope.bound:
                place = len(_parameters(scope.function)) - 1 - len(scope.function.args.kwonlyargs) - 1
                for caller, call in self.calls.get(scope.owner, []):
                    for each in call.args[place:]:
                        if isinstance(each, ast.Starred):
                            yield from self._items(each.value, caller, depth + 1)
                        else:
                            yield each, caller
            case ast.Name():
                for value, where in self._values(node.id, scope):
                    yield from self._items(value, where, depth + 1)
                for inner in _all(scope.function) if scope.function is not None else ():
                    if (
                        isinstance(inner, ast.Call) and _called(inner) == "append"
                        and isinstance(inner.func, ast.Attribute) and isinstance(inner.func.value, ast.Name)
                        and inner.func.value.id == node.id
                    ):  # fmt: skip
                        yield inner.args[0], scope
            case ast.Call():
                if _called(node) in ("list", "tuple", "sorted") and node.args:
                    yield from self._items(node.args[0], scope, depth + 1)
                    return
                for module, owner, function in self._functions(node, scope):
                    for value, where in self._returned(function, module, owner, node, scope):
                        yield from self._items(value, where, depth + 1)
                    inner = _Scope(module, function, owner)
                    yield from (
                        (n.value, inner) for n in _own(function) if isinstance(n, ast.Yield) and n.value
                    )
            case ast.BinOp(left=body, right=other) | ast.IfExp(body=body, orelse=other):
                yield from self._items(body, scope, depth + 1)
                yield from self._items(other, scope, depth + 1)


@cache
def _own(node: ast.AST) -> tuple[ast.AST, ...]:
    """What lies in a node, but not in the functions and classes in it."""
    found: list[ast.AST] = []
    for inner in ast.iter_child_nodes(node):
        found.append(inner)
        if not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found += _own(inner)
    return tuple(found)


@cache
def _all(node: ast.AST) -> tuple[ast.AST, ...]:
    """What lies in a node."""
    return tuple(ast.walk(node))


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", "") or getattr(call.func, "id", "")


def _given(node: ast.AST, name: str) -> Iterator[ast.AST]:
    """What a statement gives a name."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Name) and target.id == name:
                    yield value
                elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                    for one, each in zip(target.elts, value.elts, strict=False):
                        if isinstance(one, ast.Name) and one.id == name:
                            yield each
        case (
            ast.AnnAssign(target=ast.Name(id=found), value=value)
            | ast.AugAssign(target=ast.Name(id=found), value=value)
            | ast.NamedExpr(target=ast.Name(id=found), value=value)
        ) if found == name and value is not None:
            yield value


def _parameters(function: ast.AST) -> list[str]:
    arguments = function.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    names += [arguments.vararg.arg] if arguments.vararg else []
    return names + [a.arg for a in arguments.kwonlyargs]


def _rest(function: ast.AST | None) -> str:
    """The name of a function's last parameter, which takes all others."""
    rest = getattr(getattr(function, "args", None), "vararg", None)
    return rest.arg if rest else ""


def _is_part(piece: str | Field) -> bool:
    return isinstance(piece, Field) and piece.kind in ("part", "more")


def _default(function: ast.AST, name: str) -> ast.AST | None:
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip(plain[::-1], arguments.defaults[::-1], strict=False)]
    pairs += zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return next((d for a, d in pairs if a.arg == name and d is not None), None)


def _name(node: ast.AST) -> str:
    """What a field is called after its expression."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_")
        case ast.Call(func=ast.Attribute(attr="join"), args=[first, *_]):
            return _name(first)
        case ast.Call(func=ast.Name(id="did_you_mean")):
            return "hint"
        case ast.Call(func=ast.Name(id="len")):
            return "count"
        case ast.Call(func=ast.Name(id="str" | "repr" | "sorted" | "int" | "list"), args=[first, *_]):
            return _name(first)
        case ast.Call(func=ast.Name(id=name)):
            return "problem" if name == "_with_full_stop" else name.strip("_")
        case ast.Call(func=ast.Attribute(value=value)) if not isinstance(value, ast.Constant):
            return _name(value)
        case ast.Call(args=[first, *_]):
            return _name(first)
        case ast.Call(func=func):
            return _name(func)
        case ast.GeneratorExp(elt=elt) | ast.ListComp(elt=elt):
            return _name(elt)
        case ast.Subscript(slice=ast.Constant(value=str(name))) if name.isidentifier():
            return name
        case ast.Subscript(value=value) | ast.BinOp(left=value):
            return _name(value)
        case ast.BoolOp(values=[first, *_]):
            return _name(first)
        case ast.IfExp(body=body):
            return _name(body)
    return "value"


def _lines(alternative: Alternative) -> Iterator[Alternative]:
    """An alternative line by line, as messages are translated."""
    line: list[str | Field] = []
    for piece in alternative:
        if isinstance(piece, Field):
            line.append(piece)
            continue
        first, *more = piece.split("\n")
        line.append(first)
        for text in more:
            yield tuple(line)
            line = [text]
    yield tuple(line)


def _fields(alternative: Alternative) -> Alternative:
    """A text that is formatted: its fields are data."""
    pieces: list[str | Field] = []
    for piece in alternative:
        for literal, name, *_ in string.Formatter().parse(piece) if isinstance(piece, str) else ():
            pieces += [literal] if name is None else [literal, Field(name)]
    return tuple(pieces)


def _wordy(alternative: Alternative, *, alone: bool = False) -> bool:
    """Whether it has words of its own; `alone`: one word is enough."""
    words = "\0".join(p for p in alternative if isinstance(p, str))
    return bool(re.search("[A-Za-z]{2,}", words)) and (alone or " " in words)


def _template(alternative: Alternative) -> str:
    seen: dict[str, int] = defaultdict(int)
    parts = []
    for piece in alternative:
        if isinstance(piece, str):
            parts.append(piece.replace("{", "{{").replace("}", "}}"))
            continue
        seen[piece.name] += 1
        name = piece.name + (str(seen[piece.name]) if seen[piece.name] > 1 else "")
        parts.append(f"{{{name}:{piece.kind}}}" if piece.kind else f"{{{name}}}")
    return "".join(parts)
