"""The locked packages: nothing of one machine in them, one version of each, all that runs."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
from pathlib import Path

import pytest
from project import ROOT

LOCKS = [
    *ROOT.glob("requirements*.txt"),
    *(
        path
        for top in ("images", "roles", "tools")
        for path in (ROOT / top).rglob("requirements*.txt")
    ),
]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_lock_file_names_no_address_and_no_directory_of_a_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert not re.search(r"(^|\s)/\w", text)


def locked(name: str) -> set[str]:
    """Each requirement of a locked file, with its version and condition."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return set(re.findall(r"^([\w.-]+==[^ ]+)", text, re.MULTILINE))


def test_the_two_sets_agree_on_versions() -> None:
    runs, tests = locked("requirements.txt"), locked("requirements-dev.txt")
    names = {entry.partition("==")[0] for entry in runs}
    assert {entry for entry in tests if entry.partition("==")[0] in names} <= runs


def test_what_runs_imports_only_what_is_installed_for_it() -> None:
    """The set that `make dev` installs is whole: nothing comes from the tests' set by accident."""
    files = [
        *(ROOT / "library").rglob("*.py"),
        *(ROOT / "alembic").rglob("*.py"),
        # Run by hand, with what tests it: kill_*.py, bench_data*.py and recording.py
        *(
            path
            for path in (ROOT / "tools").glob("*.py")
            if not path.name.startswith(("kill_", "rec", "bench_data"))
        ),
    ]
    own = {path.stem for path in files} | {"groundwork"} | set(sys.stdlib_module_names)
    imported = {
        name.partition(".")[0]
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    }
    wheels = importlib.metadata.packages_distributions()
    runs = {entry.partition("==")[0] for entry in locked("requirements.txt")}
    needs = {name: wheels.get(name, [name]) for name in imported - own - {"tomli"}}
    assert {"ansible", "psycopg", "sqlalchemy"} <= set(needs)
    assert not {
        name for name, packages in needs.items() if not {p.lower() for p in packages} & runs
    }
