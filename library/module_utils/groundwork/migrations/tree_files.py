"""An Alembic tree read from its files, without running them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .layout import Layout
from .tree import Revision, Tree, TreeProblem, misfits

NAMES = ("revision", "down_revision", "depends_on", "branch_labels")

_CODE = re.compile(r"^(?:def|async def|class|@)", re.MULTILINE)
_NAMED = re.compile(rf"^(?:{'|'.join(NAMES)})\b", re.MULTILINE)


def read_tree(layout: Layout) -> Tree:
    """The revisions of a layout's files; a file that can't be told is a problem of the tree."""
    revisions: list[Revision] = []
    problems = [TreeProblem(item, "no such package is found here") for item in layout.lost]
    for path in version_files(layout):
        try:
            revisions.append(read_revision(path))
        except (OSError, ValueError, SyntaxError, RecursionError) as error:
            problems.append(TreeProblem(str(path), _why(error)))
    if not problems:
        problems += misfits(revisions)
    return Tree(str(layout.schema_dir), tuple(revisions), tuple(problems))


def version_files(layout: Layout) -> list[Path]:
    """The files that Alembic takes for revisions, sorted by name within their directory."""
    return [
        path
        for directory in layout.versions
        for path in sorted(directory.rglob("*.py") if layout.recursive else directory.glob("*.py"))
        if not path.name.startswith((".#", "__init__")) and "__pycache__" not in path.parts
    ]


def read_revision(path: Path) -> Revision:
    """The revision of a file. Raises ValueError or SyntaxError where it can't be told for sure."""
    text = path.read_text(encoding="utf-8")
    values, document = _assignments(text)
    id_ = values.get("revision")
    if not isinstance(id_, str) or not id_:
        raise ValueError('it doesn\'t say `revision = "..."`')
    if "down_revision" not in values:
        raise ValueError("it doesn't say `down_revision = ...`")
    message = document.strip().splitlines()[0] if document.strip() else path.stem
    return Revision(
        id_,
        _names(values["down_revision"]),
        _names(values.get("depends_on")),
        _names(values.get("branch_labels")),
        str(path),
        message,
    )


def _assignments(text: str) -> tuple[dict[str, Any], str]:
    """The values that a revision's file gives to its names, and its docstring.

    What stands in front of the first function is enough, unless a name comes again below: of
    long migrations most of the time would go into their bodies.
    """
    code = _CODE.search(text)
    if code and not _NAMED.search(text, code.start()):
        try:
            return _literals(text[: code.start()])
        except SyntaxError:
            pass  # that `def` was inside of a text
    return _literals(text)


def _literals(text: str) -> tuple[dict[str, Any], str]:
    module = ast.parse(text)
    values: dict[str, Any] = {}
    for node in module.body:
        for name, value in _pairs(node):
            if name in NAMES:
                try:
                    values[name] = ast.literal_eval(value)
                except (ValueError, TypeError):
                    raise ValueError(f"its {name} is worked out when it runs") from None
    return values, ast.get_docstring(module) or ""


def _pairs(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Each name with what it gets; `revision, down_revision = "b", "a"` has two."""
    if isinstance(node, ast.Assign):
        targets, value = node.targets, node.value
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        targets, value = [node.target], node.value
    else:
        return
    for target in targets:
        if isinstance(target, ast.Name):
            yield target.id, value
        elif isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
            for each, worth in zip(target.elts, value.elts, strict=False):
                if isinstance(each, ast.Name):
                    yield each.id, worth


def _names(value: Any) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else (value or ())
    if not isinstance(names, tuple | list | set) or not all(isinstance(n, str) for n in names):
        raise ValueError(f"{value!r} is no revision")
    return tuple(names)


def _why(error: Exception) -> str:
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}"
    if isinstance(error, OSError):
        return error.strerror or "it can't be read"
    if isinstance(error, UnicodeDecodeError):
        return "it isn't UTF-8 text"
    return str(error)
