"""The core's packages: imports go one way, through what a package exports; tests mirror them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "library" / "module_utils" / "groundwork"
# Each may import what comes before it. The core's root has the small files that all use.
ORDER = ["", "services", "locking", "config", "tls", "env", "docker", "images", "health"]
ORDER += ["migrations", "host", "data", "state", "display"]
FILES = sorted(path for path in CORE.rglob("*.py"))


def dotted(path: Path) -> tuple[str, ...]:
    parts = path.relative_to(CORE).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def package(path: Path) -> str:
    directory = path.relative_to(CORE).parts[:-1]
    return directory[0] if directory else ""


def imports(path: Path) -> Iterator[tuple[str, ...]]:
    """The modules of the core that a file imports, late ones too, dotted from the core's root."""
    here = path.relative_to(CORE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = (*here[: len(here) - node.level + 1], *(node.module or "").split("."))
            base = tuple(part for part in base if part)
            for alias in node.names:
                child = CORE.joinpath(*base, f"{alias.name}.py")
                directory = CORE.joinpath(*base, alias.name)
                yield (*base, alias.name) if child.exists() or directory.is_dir() else base


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CORE)))
def test_imports_point_upwards(path: Path) -> None:
    mine = package(path)
    for module in imports(path):
        theirs = module[0] if module and module[0] in ORDER else ""
        assert ORDER.index(theirs) <= ORDER.index(mine), f"{mine} is before {'.'.join(module)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CORE)))
def test_other_packages_are_entered_by_their_front_door(path: Path) -> None:
    exported: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or node.level != 2 or not node.module:
            continue
        name, _, inner = node.module.partition(".")
        assert not inner or name not in ORDER, f"{node.module}: import from {name}"
        if name in ORDER:
            exported.setdefault(name, set()).update(alias.name for alias in node.names)
    for name, names in exported.items():
        front = ast.parse((CORE / name / "__init__.py").read_text(encoding="utf-8"))
        listed = next(
            ast.literal_eval(node.value)
            for node in front.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        )
        assert names <= set(listed)


def test_no_circle() -> None:
    graph = {
        dotted(path): {module for module in imports(path) if module != dotted(path)}
        for path in FILES
        if path.name != "__init__.py"
    }
    done: set[tuple[str, ...]] = set()

    def visit(module: tuple[str, ...], way: tuple[tuple[str, ...], ...]) -> None:
        assert module not in way, " -> ".join(".".join(each) for each in (*way, module))
        if module not in done:
            for each in sorted(graph.get(module, ())):
                visit(each, (*way, module))
            done.add(module)

    for module in sorted(graph):
        visit(module, ())


def test_the_order_names_every_package() -> None:
    assert {
        "",
        *(path.name for path in CORE.iterdir() if path.is_dir() and path.name[0] != "_"),
    } == (set(ORDER))


def test_a_public_class_name_stands_once() -> None:
    places: dict[str, list[str]] = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(str(path.relative_to(CORE)))
    assert not {name: found for name, found in places.items() if len(found) > 1}


def test_the_gateway_is_a_program_of_its_own() -> None:
    gateway = ROOT / "images" / "qdrant"
    for directory, other in ((gateway, "groundwork"), (ROOT / "library", "gateway")):
        for path in directory.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    named = [node.module or ""]
                assert not any(other in name.split(".") for name in named), path


UNIT = ROOT / "tests" / "unit"
# Directories of tests/unit for what is no package of the core
BESIDE = {"alembic", "playbooks", "plugins", "tools"}
# Core files without a unit test of their name, and what tests them instead
TESTED_ELSEWHERE = {
    "display/screen.py": "a terminal: plugins/test_callback_on_a_terminal.py",
    "state/examples.py": "the committed files themselves: contracts/test_examples.py",
}


def unit_test(path: Path) -> Path:
    """The test of a core file; a package's own code, in its `__init__`, has the package's name."""
    directory = path.relative_to(CORE).parent
    name = directory.name if path.name == "__init__.py" else path.stem
    return UNIT / directory / f"test_{name}.py"


def holds_code(path: Path) -> bool:
    """Whether there is more in it than a package's list of what it exports."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return path.name != "__init__.py" or any(
        isinstance(node, (ast.FunctionDef, ast.ClassDef)) for node in body
    )


def test_every_core_file_has_a_unit_test_of_its_name() -> None:
    files = [path for path in FILES if holds_code(path)]
    without = {str(path.relative_to(CORE)) for path in files if not unit_test(path).exists()}
    assert without == set(TESTED_ELSEWHERE)


def test_every_unit_test_is_of_a_core_file() -> None:
    known = {unit_test(path) for path in FILES if holds_code(path)}
    strays = {str(path.relative_to(UNIT)) for path in set(UNIT.rglob("test_*.py")) - known}
    assert not {path for path in strays if Path(path).parts[0] not in BESIDE}
