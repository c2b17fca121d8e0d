"""Files and functions of a size that is read at once."""

from __future__ import annotations

import ast

from project import ROOT

TREES = (
    *("alembic", "images", "inventory", "library", "molecule", "playbooks", "roles"),
    *("tests", "tools"),
)


def test_no_file_is_longer_than_300_lines() -> None:
    long = [
        str(path.relative_to(ROOT))
        for top in TREES
        for path in (ROOT / top).rglob("*")
        if path.suffix in (".py", ".yml", ".j2", ".sh") and len(path.read_text().splitlines()) > 300
    ]
    assert not long


def test_no_function_is_longer_than_60_lines() -> None:
    directories = ("library", "tools", "alembic", "images/qdrant/gateway")
    long = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for directory in directories
        for path in (ROOT / directory).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        if (node.end_lineno or 0) - node.lineno >= 60
    ]
    assert not long
