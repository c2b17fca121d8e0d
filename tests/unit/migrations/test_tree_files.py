"""A tree's files as they are read, without running them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations.layout import find_layout
from ansible.module_utils.groundwork.migrations.tree import compare
from ansible.module_utils.groundwork.migrations.tree_files import read_tree

ROOT = Path(__file__).resolve().parents[3]


def write(directory: Path, **files: str) -> Path:
    versions = directory / "versions"
    versions.mkdir(parents=True)
    (directory / "env.py").touch()
    for name, text in files.items():
        (versions / f"{name}.py").write_text(text, encoding="utf-8")
    return directory


@pytest.mark.parametrize(
    ("text", "parents"),
    [
        ('revision = "a"\ndown_revision = None\n', ()),
        ("revision: str = 'a'\ndown_revision: str | None = 'b'\n", ("b",)),
        ('revision = "a"\ndown_revision = ("b", "c")\n', ("b", "c")),
        ('revision, down_revision = "a", "b"\n', ("b",)),
        ('(revision, x), down_revision = ("?", 1), ("b", "c")\nrevision = "a"\n', ("b", "c")),
        ('revision = "a"\ndown_revision = (\n    "b",\n    "c",\n)\n', ("b", "c")),
        ('x = """\ndef no(): pass\n"""\nrevision = "a"\ndown_revision = "b"\n', ("b",)),
        ('def upgrade():\n    pass\n\nrevision = "a"\ndown_revision = "b"\n', ("b",)),
        ('from alembic import op\nrevision = "a"\ndown_revision = "b"\n@x\ndef f(): 1/0', ("b",)),
    ],
)
def test_a_file_is_read(tmp_path: Path, text: str, parents: tuple[str, ...]) -> None:
    files = {"a": text, "b": 'revision = "b"\ndown_revision = None\n'}
    files["c"] = 'revision = "c"\ndown_revision = None\n'
    tree = read_tree(find_layout(write(tmp_path / "my tree", **files)))
    assert tree.problems == ()
    assert tree.by_id["a"].parents == parents


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("revision = make()\ndown_revision = None\n", "its revision is worked out when it runs"),
        ('down_revision = "b"\n', "doesn't say `revision"),
        ('revision = "a"\n', "doesn't say `down_revision"),
        ('revision = "a"\ndown_revision = 7\n', "7 is no revision"),
        ('revision = "a\n', "line 1: unterminated string"),
        ('revision = "a"\ndown_revision = None\n<<<<<<< HEAD\n', "line 3: invalid syntax"),
    ],
)
def test_a_file_that_cannot_be_told_is_named_and_never_guessed(
    tmp_path: Path, text: str, why: str
) -> None:
    tree = read_tree(find_layout(write(tmp_path / "tree", a=text)))
    assert [Path(problem.file).name for problem in tree.problems] == ["a.py"]
    assert why in tree.problems[0].why
    assert compare(tree, []).state == "unknown"


def test_the_message_is_the_first_line_of_the_docstring(tmp_path: Path) -> None:
    text = '"""Add users\n\nRevises: x\n"""\nrevision = "a"\ndown_revision = None\n'
    assert (
        read_tree(find_layout(write(tmp_path / "tree", a=text))).revisions[0].message == "Add users"
    )


@pytest.mark.parametrize("directory", ["", "tree"])
@pytest.mark.parametrize("separator", ["path_separator = os\n", "version_path_separator = :\n", ""])
def test_versions_elsewhere_are_found_through_alembic_ini(
    tmp_path: Path, directory: str, separator: str
) -> None:
    write(tmp_path / "tree", a='revision = "a"\ndown_revision = None\n')
    write(tmp_path / "more", b='revision = "b"\ndown_revision = "a"\n')
    join = os.pathsep if separator else " "
    here = "%(here)s" if not directory else "%(here)s/.."
    places = join.join([f"{here}/tree/versions", f"{here}/more/versions"])
    (tmp_path / directory / "alembic.ini").write_text(
        f"[alembic]\nscript_location = {here}/tree\n{separator}version_locations = {places}\n"
        "sqlalchemy.url = postgresql://a:50%@b/c\n"
    )
    assert read_tree(find_layout(tmp_path / "tree")).heads == ("b",)


def test_an_alembic_ini_of_another_tree_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "tree", a='revision = "a"\ndown_revision = None\n')
    (tmp_path / "alembic.ini").write_text(
        "[alembic]\nscript_location = %(here)s/other\nversion_locations = %(here)s/other/v\n"
    )
    assert read_tree(find_layout(tmp_path / "tree")).heads == ("a",)


def test_versions_elsewhere_are_found_through_pyproject(tmp_path: Path) -> None:
    write(tmp_path / "tree")
    write(tmp_path / "more", b='revision = "b"\ndown_revision = None\n')
    (tmp_path / "pyproject.toml").write_text(
        '[tool.alembic]\nscript_location = "%(here)s/tree"\n'
        'version_locations = ["%(here)s/more/versions"]\n'
    )
    assert read_tree(find_layout(tmp_path / "tree")).heads == ("b",)


def test_a_directory_without_env_py_is_no_tree(tmp_path: Path) -> None:
    with pytest.raises(GroundworkError, match=r"no env\.py"):
        read_tree(find_layout(tmp_path))


def test_the_projects_own_tree() -> None:
    tree = read_tree(find_layout(ROOT / "alembic"))
    assert tree.problems == ()
    assert tree.order[0] == "8c1d2f1f0a9b"
    assert len(tree.heads) == 1


def test_reading_imports_neither_alembic_nor_sqlalchemy() -> None:
    code = (
        "import sys\n"
        f"sys.path.insert(0, {str(ROOT / 'library' / 'module_utils')!r})\n"
        "from pathlib import Path\n"
        "from groundwork.migrations.layout import find_layout\n"
        "from groundwork.migrations.tree import compare\n"
        "from groundwork.migrations.tree_files import read_tree\n"
        f"compare(read_tree(find_layout(Path({str(ROOT / 'alembic')!r}))), [])\n"
        "assert not {'alembic', 'sqlalchemy', 'psycopg'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
