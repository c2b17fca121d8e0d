"""What a revision does that its transaction doesn't undo, read from its file without running it.

Where the text doesn't tell, it counts as done: a snapshot too many costs a second.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..records import Record
from .sql_effects import COMMITS, CONCURRENTLY, ELSEWHERE, UNKNOWN, sql_effects

_UNREADABLE = "can't be read"
_LIBRARIES = {"alembic", "sqlalchemy", "loguru", "structlog", *sys.stdlib_module_names}
# Called on whatever: (words, whether it stays where the revision fails)
_CALLS = {
    "autocommit_block": ("uses autocommit_block", True),
    "commit": (COMMITS, True),
    "create_engine": ("has a connection of its own", True),
    "create_async_engine": ("has a connection of its own", True),
    "engine_from_config": ("has a connection of its own", True),
    "connect": ("has a connection of its own", True),
    "eval": (ELSEWHERE, True),
    "exec": (ELSEWHERE, True),
    "globals": (ELSEWHERE, True),
    "run_async": (ELSEWHERE, True),
    "drop_table": ("drops a table", False),
    "drop_column": ("drops a column", False),
    "drop_all": ("drops a table", False),
    "bulk_insert": ("changes rows (bulk_insert)", False),
    "Session": ("changes rows (a session)", False),
    "sessionmaker": ("changes rows (a session)", False),
}
_EXECUTES = {"execute", "executemany", "exec_driver_sql", "executescript", "scalar", "scalars"}
# What a call gives its texts on from: its first argument, or what it is called on
_WRAPS = {"text", "dedent", "cleandoc", "DDL", "str", "SQL"}
_CHAINS = {
    *("format", "strip", "lstrip", "rstrip", "replace", "lower", "upper", "bindparams", "columns"),
    *("execution_options", "items", "values", "split", "on_conflict_do_nothing", "where"),
    *("on_conflict_do_update", "returning", "from_select", "ordered_values", "params", "options"),
    *("splitlines", "as_string", "join", "limit", "order_by", "select_from"),
}
_STATEMENTS = {"insert": "INSERT", "update": "UPDATE", "delete": "DELETE", "select": "SELECT"}


@dataclass(frozen=True)
class Effects(Record):
    """What a revision does, in words after "it": what stays where it fails (`outside` of its
    transaction), and what nobody can take back once it is through (`lasting`)."""

    revision: str = ""
    outside: tuple[str, ...] = ()
    lasting: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """Both."""
        return self.outside + self.lasting

    def __str__(self) -> str:
        """`revision 5a02 drops a table and works CONCURRENTLY`."""
        return f"revision {self.revision} {' and '.join(self.reasons)}".replace("revision *", "it")


def effects_of(revision: str, file: str, down: bool = False) -> Effects:
    """Those of a revision's way up or down, from its file; one that can't be read is any."""
    try:
        text = Path(file).read_text(encoding="utf-8")
        found = list(dict.fromkeys(read_effects(text, "downgrade" if down else "upgrade")))
    except (OSError, ValueError, SyntaxError, RecursionError):
        found = [(_UNREADABLE, True)]
    outside = tuple(words for words, stays in found if stays)
    return Effects(revision, outside, tuple(words for words, stays in found if not stays))


def read_effects(text: str, function: str) -> Iterator[tuple[str, bool]]:
    """Each with whether it stays where the revision fails. Raises SyntaxError."""
    module = ast.parse(text)
    return _Reader(module).effects(function)


class _Reader:
    def __init__(self, module: ast.Module) -> None:
        self._functions: dict[str, ast.AST] = {}
        self._values: dict[str, list[ast.expr]] = {}
        self._aliases: dict[str, str] = {}
        self._foreign: set[str] = set()
        self._resolving: set[str] = set()
        for node in ast.walk(module):
            self._learn(node)
        for node in ast.walk(module):
            if isinstance(node, ast.Call):
                self._hand_over(node)

    def _learn(self, node: ast.AST) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self._functions[node.name] = node
        elif isinstance(node, ast.Import | ast.ImportFrom):
            top = getattr(node, "module", None) or ""
            relative = bool(getattr(node, "level", 0))
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                self._aliases[name] = alias.name
                if relative or (top or alias.name).partition(".")[0] not in _LIBRARIES:
                    self._foreign.add(name)
        for target, value in _bound(node):
            for each in ast.walk(target):
                if isinstance(each, ast.Name):
                    self._values.setdefault(each.id, []).append(value)

    def _hand_over(self, node: ast.Call) -> None:
        """What a function of this file gets for its parameters."""
        function = self._functions.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [each.arg for each in function.args.posonlyargs + function.args.args]
            given = [
                *zip(names, node.args, strict=False),
                *((each.arg, each.value) for each in node.keywords),
            ]
            for name, value in given:
                self._values.setdefault(name or "", []).append(value)

    def effects(self, function: str) -> Iterator[tuple[str, bool]]:
        """Those of a function, and of what it uses of this file."""
        if function not in self._functions:
            yield ELSEWHERE, True
            return
        for name in self._used(function):
            for node in ast.walk(self._functions[name]):
                yield from self._node(node)

    def _used(self, function: str) -> list[str]:
        found = [function]
        for name in found:  # grows while it is walked
            for node in ast.walk(self._functions[name]):
                used = node.id if isinstance(node, ast.Name) else ""
                if used in self._functions and used not in found:
                    found.append(used)
        return found

    def _node(self, node: ast.AST) -> Iterator[tuple[str, bool]]:
        if isinstance(node, ast.Constant) and str(node.value).upper() == "AUTOCOMMIT":
            yield "uses AUTOCOMMIT", True
        elif isinstance(node, ast.Expr | ast.With | ast.AsyncWith):
            yield from self._for_effect(node)
        elif isinstance(node, ast.keyword) and node.arg == "postgresql_using":
            yield from [("converts a column", False)] * _is_set(node.value)
        elif isinstance(node, ast.keyword) and node.arg == "postgresql_concurrently":
            yield from [(CONCURRENTLY, True)] * _is_set(node.value)
        elif isinstance(node, ast.Call):
            yield from self._call(node)

    def _for_effect(self, node: ast.Expr | ast.With | ast.AsyncWith) -> Iterator[tuple[str, bool]]:
        """A function of the app's that is called, and whose answer nobody takes."""
        if isinstance(node, ast.Expr):
            called = [node.value.value if isinstance(node.value, ast.Await) else node.value]
        else:
            called = [item.context_expr for item in node.items]
        for each in called:
            if isinstance(each, ast.Call) and _root(each.func) in self._foreign:
                yield f"calls {ast.unparse(each.func)} of another file", True

    def _call(self, node: ast.Call) -> Iterator[tuple[str, bool]]:
        name = self._name(node)
        if name in _CALLS:
            yield _CALLS[name]
        if _root(node.func) in self._foreign and any(map(_is_connection, node.args)):
            yield f"calls {ast.unparse(node.func)} of another file", True
        if name == "begin" and "engine" in ast.unparse(node.func):
            yield _CALLS["connect"]
        if name in _EXECUTES and isinstance(node.func, ast.Attribute):
            for text in self._texts(node.args[0]) if node.args else self._keyword(node):
                yield from sql_effects(text)

    def _keyword(self, node: ast.Call) -> list[str]:
        given = [each.value for each in node.keywords if each.arg in ("sqltext", "statement")]
        return self._texts(given[0]) if given else []

    def _name(self, node: ast.Call) -> str:
        if isinstance(node.func, ast.Attribute):
            return node.func.attr
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        return self._aliases.get(name, name)

    def _texts(self, node: ast.AST | None) -> list[str]:
        """What SQL an expression may be; UNKNOWN where its file doesn't tell."""
        if isinstance(node, ast.Constant):
            return [str(node.value)]
        if isinstance(node, ast.JoinedStr):
            return ["".join(self._part(each) for each in node.values)]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return [a + b for a in self._texts(node.left) for b in self._texts(node.right)]
        if isinstance(node, ast.Call):
            return self._of_call(node)
        if isinstance(node, ast.Name):
            return self._of_name(node.id)
        parts = _parts(node)
        return [text for each in parts for text in self._texts(each)] if parts else [UNKNOWN]

    def _part(self, node: ast.expr) -> str:
        """A piece of an f-string: a name with one plain value is that."""
        inner = node.value if isinstance(node, ast.FormattedValue) else node
        found = self._texts(inner)
        return found[0] if len(found) == 1 else UNKNOWN

    def _of_call(self, node: ast.Call) -> list[str]:
        name = self._name(node)
        if name in _STATEMENTS:
            return [_STATEMENTS[name]]
        if name.startswith(("Create", "Drop")):
            return ["CREATE" if name.startswith("Create") else "DROP TABLE"]
        if name in _WRAPS and node.args:
            return self._texts(node.args[0])
        if name == "join" and node.args:
            return self._texts(node.args[0])
        if name in _CHAINS and isinstance(node.func, ast.Attribute):
            return self._texts(node.func.value)
        function = self._functions.get(name)
        if function is None or name in self._resolving:
            return [UNKNOWN]
        self._resolving.add(name)
        given = [each.value for each in ast.walk(function) if isinstance(each, ast.Return)]
        found = [text for each in given for text in self._texts(each)]
        self._resolving.discard(name)
        return found or [UNKNOWN]

    def _of_name(self, name: str) -> list[str]:
        if name not in self._values or name in self._resolving:
            return [UNKNOWN]
        self._resolving.add(name)
        found = [text for each in self._values[name] for text in self._texts(each)]
        self._resolving.discard(name)
        return found


def _parts(node: ast.AST | None) -> Iterable[ast.expr]:
    """The expressions that another one is, or is made of."""
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return node.elts
    if isinstance(node, ast.Dict):
        return node.values
    if isinstance(node, ast.IfExp):
        return node.body, node.orelse
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return (node.left,)
    if isinstance(node, ast.Subscript | ast.Await | ast.Starred | ast.NamedExpr):
        return (node.value,)
    if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp):
        return (node.elt,)
    return ()


def _bound(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Each target with the expression that it gets, or gets an element of."""
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value:
        yield node.target, node.value
    elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        yield node.target, node.iter


def _root(node: ast.expr) -> str:
    """The name that a dotted one begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_connection(node: ast.expr) -> bool:
    text = ast.unparse(node)
    return "get_bind" in text or text in ("op", "bind", "conn", "connection", "session", "cursor")


def _is_set(node: ast.expr) -> bool:
    return not (isinstance(node, ast.Constant) and not node.value)
